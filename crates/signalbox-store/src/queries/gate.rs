//! What shuts a service or an item against change (C181): hard freezes, and work that was approved or is under way.
//!
//! Only work that the reader may read counts. The answer names the thing that was asked about, so that work of which only
//! the times may be known would tell by it what it touches (S04, S16).

use jiff::Timestamp;
use signalbox_core::change::{Kind, Stage};
use signalbox_core::schedule::{Extent, Node};

use crate::directory;
use crate::page::{opt_time, time};
use crate::queries::schedule::{self, Asked};
use crate::queries::{Composed, code};
use crate::scope::{IS_READABLE, LISTED, Scope};
use crate::{Row, StoreError, Tx};

/// What is asked about, by id: a service, an item, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thing {
    pub service: Option<i64>,
    pub item: Option<i64>,
}

/// Something that shuts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    pub what: Closing,
    /// Included.
    pub from: Timestamp,
    /// Not included; `None`: the work runs on beyond the end of its contingency, and nobody said until when.
    pub until: Option<Timestamp>,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A freeze, by its title.
    Freeze { title: String },
    /// Work; `is_running` once somebody started it.
    Work { reference: String, title: String, is_running: bool },
}

/// The stages of work that is sure to come, or under way. What is not decided yet shuts nothing.
const SURE: [Stage; 4] = [Stage::Approved, Stage::Scheduled, Stage::Implementing, Stage::BackingOut];
/// More than one thing ever has before it.
const WORK_MAX: i64 = 1_000;

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let asked = Asked { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, now: Timestamp::UNIX_EPOCH };
    let sql = |thing: Thing| statement(&Scope::visitor(), thing, asked).sql;
    vec![
        ("OF_SERVICE", sql(Thing { service: Some(1), item: None })),
        ("OF_ITEM", sql(Thing { service: None, item: Some(1) })),
        ("OF_BOTH", sql(Thing { service: Some(1), item: Some(1) })),
    ]
}

/// Work on the same thing shuts it (BR-19a). Work on what it runs on, or on what runs on it, does where that is an outage
/// (BR-19b).
fn statement(scope: &Scope, thing: Thing, asked: Asked) -> Composed {
    let mut statement = Composed::new(
        scope,
        format!(
            "select c.reference, c.title, c.stage, c.window_start, c.contingency_end, c.started_at, c.expected_end from changes c
            where {LISTED} and {IS_READABLE} = 1 and c.private = 0 and c.window_start is not null"
        ),
    );
    statement.one_of("c.stage", SURE.iter().map(|stage| stage.code()));
    // Work under way is looked at whenever it was planned: it may have begun early or run late.
    statement.add(
        " and (c.stage in ('IMPLEMENTING', 'BACKING_OUT') or (c.window_start < {} and c.contingency_end > {}))",
        [asked.until.as_microsecond().into(), asked.from.as_microsecond().into()],
    );
    statement.sql.push_str(" and (1 = 0");
    if let Some(item) = thing.item {
        statement.add(" or c.id in (select i.change_id from change_items i where i.item_id = {})", [item.into()]);
        statement.add(
            " or (c.kind = {} and c.id in (select s.change_id from item_services x join change_services s on s.service_id = x.service_id
              where x.item_id = {} and s.derived = 0))",
            [Kind::PlannedOutage.code().into(), item.into()],
        );
    }
    if let Some(service) = thing.service {
        statement.add(
            " or c.id in (select s.change_id from change_services s where s.service_id = {} and (s.derived = 0 or c.kind = {}))",
            [service.into(), Kind::PlannedOutage.code().into()],
        );
        statement.add(
            " or (c.kind = {} and c.id in (select i.change_id from item_services x join change_items i on i.item_id = x.item_id where x.service_id = {}))",
            [Kind::PlannedOutage.code().into(), service.into()],
        );
    }
    statement.add(") order by c.window_start, c.id limit {}", [WORK_MAX.into()]);
    statement
}

/// Everything that shuts it at some time in the span, by its beginning.
pub fn closures(tx: &mut dyn Tx, scope: &Scope, thing: Thing, asked: Asked) -> Result<Vec<Closure>, StoreError> {
    let statement = statement(scope, thing, asked);
    let mut found = tx.all(&statement.sql, &statement.params, |row| work(row, asked.now))?;
    let about = About::read(tx, thing)?;
    for freeze in schedule::freezes(tx, scope, asked)? {
        if freeze.is_hard && about.is_under(freeze.extent) {
            found.push(Closure { what: Closing::Freeze { title: freeze.title }, from: freeze.span.from, until: Some(freeze.span.until) });
        }
    }
    found.sort_by_key(|one| one.from);
    Ok(found)
}

fn work(row: &dyn Row, now: Timestamp) -> Result<Closure, StoreError> {
    let is_running = matches!(code(row, 2, Stage::from_code)?, Stage::Implementing | Stage::BackingOut);
    let (start, contingency_end) = (time(row, 3)?, time(row, 4)?);
    let (started, expected) = (opt_time(row, 5)?.filter(|_| is_running), opt_time(row, 6)?.filter(|_| is_running));
    let until = expected.map_or(contingency_end, |expected| expected.max(contingency_end));
    Ok(Closure {
        what: Closing::Work { reference: row.text(0)?, title: row.text(1)?, is_running },
        from: started.map_or(start, |started| started.min(start)),
        until: Some(until).filter(|until| !is_running || *until > now),
    })
}

/// What a freeze of the thing may be declared for.
struct About {
    thing: Thing,
    sites: Vec<i64>,
    services: Vec<i64>,
    organisations: Vec<i64>,
}

impl About {
    fn read(tx: &mut dyn Tx, thing: Thing) -> Result<About, StoreError> {
        let mut about = About { thing, sites: vec![], services: vec![], organisations: vec![] };
        if let Some(item) = thing.item.map(|id| directory::item(tx, id)).transpose()?.flatten() {
            about.sites.extend(item.site_id);
            about.organisations.push(item.org_id);
            about.services.extend(item.services);
        }
        if let Some(service) = thing.service.map(|id| directory::service(tx, id)).transpose()?.flatten() {
            about.services.push(service.id);
            about.organisations.push(service.owner_org);
            about.organisations.extend(directory::service_orgs(tx, service.id)?);
        }
        Ok(about)
    }

    /// As a change on it would be: everywhere, at its site, for those whose it is or who use it, and for what it serves.
    fn is_under(&self, extent: Extent) -> bool {
        match extent {
            Extent::Everything => true,
            Extent::Organisation(org) => self.organisations.contains(&org.0),
            Extent::Site(site) => self.sites.contains(&site.0),
            Extent::Node(Node::Service(service)) => self.services.contains(&service.0),
            Extent::Node(Node::Item(item)) => self.thing.item == Some(item.0),
        }
    }
}
