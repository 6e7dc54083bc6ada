//! What is declared for a stretch of time, once or again and again: freezes (BR-32), maintenance windows that were
//! agreed (BR-19e), and what happens elsewhere (BR-19h, C036). The three differ in a few columns of their own and are
//! otherwise one thing: for what, when, by whom, and until somebody ends it. What was declared stays as it is.

use super::{Act, Answer, Refused, item, record_directory_event, service, site, takes_new};
use crate::page::{opt_time, time};
use crate::queries::Named;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, Value, values};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use signalbox_core::ids::{ItemId, OrgId, ServiceId, SiteId};
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{self, Extent, Level, Node, Span};

/// Something declared, with what is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared<D> {
    /// Id.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// What it holds for.
    pub extent: Extent,
    /// When.
    pub when: Recurrence,
    /// Who declared it.
    pub declared_by: Option<i64>,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When somebody ended it: lifted, ended or cancelled.
    pub ended_at: Option<Timestamp>,
    /// The rest.
    pub own: D,
}

/// What a freeze says beside its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeTerms {
    /// Whether it bars work, or warns of it.
    pub is_hard: bool,
    /// Work that takes away less than this is free of it.
    pub from_level: Level,
    /// Why.
    pub reason: String,
}

/// What a maintenance window says beside its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceTerms {
    /// Work inside may take away this much and no more.
    pub up_to: Level,
    /// Who agreed to it, in words: a board, a ward, a contract.
    pub agreed_by: String,
    /// Why then.
    pub reason: String,
}

/// What is known of something that happens elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalTerms {
    /// A service that others run is away; otherwise it only stands beside the work.
    pub is_outage: bool,
    /// Who says so.
    pub source: String,
    /// Where more of it can be read.
    pub url: Option<String>,
}

/// A time in which nothing is to change.
pub type Freeze = Declared<FreezeTerms>;
/// A time agreed for work.
pub type MaintenanceWindow = Declared<MaintenanceTerms>;
/// What happens elsewhere.
pub type ExternalEntry = Declared<ExternalTerms>;

/// What one of the three tables calls its things. Every statement of one gives the same columns: those of
/// [`Declared`], then its own three.
pub trait Terms: Sized + Clone + Send + 'static {
    /// One occurrence, as the rules of the schedule read it.
    type Occurrence;
    /// By id; of those that are not ended, what may touch a span; what ends after a moment, ended ones too.
    const SELECTS: [&'static str; 3];
    const INSERT: &'static str;
    const END: &'static str;
    /// The events in which it is declared and ended.
    const EVENTS: [&'static str; 2];

    /// The three columns that follow those of [`Declared`].
    fn read(row: &dyn Row, at: usize) -> Result<Self, StoreError>;
    /// The same, to be written.
    fn values(&self) -> [Value; 3];
    /// What of them the event may tell: no free text (settled 20).
    fn told(&self) -> Json;
    /// One occurrence of it.
    fn occurrence(declared: &Declared<Self>, span: Span) -> Self::Occurrence;
}

statements! {
    FREEZE = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, lifted_at,
        hard, from_level, reason from freezes where id = $1";
    FREEZES_WITHIN = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, lifted_at,
        hard, from_level, reason from freezes where ends_at > $1 and starts_at < $2 and lifted_at is null order by ends_at, id";
    FREEZES = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, lifted_at,
        hard, from_level, reason from freezes where ends_at > $1 or (ends_at = $1 and id > $2) order by ends_at, id limit $3";
    PUT_FREEZE = "insert into freezes (id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at,
        hard, from_level, reason) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    LIFT_FREEZE = "update freezes set lifted_at = $2 where id = $1 and lifted_at is null";
    WINDOW = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, ended_at,
        up_to, agreed_by, reason from maintenance_windows where id = $1";
    WINDOWS_WITHIN = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, ended_at,
        up_to, agreed_by, reason from maintenance_windows where ends_at > $1 and starts_at < $2 and ended_at is null order by ends_at, id";
    WINDOWS = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, ended_at,
        up_to, agreed_by, reason from maintenance_windows where ends_at > $1 or (ends_at = $1 and id > $2) order by ends_at, id limit $3";
    PUT_WINDOW = "insert into maintenance_windows (id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by,
        created_at, up_to, agreed_by, reason) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    END_WINDOW = "update maintenance_windows set ended_at = $2 where id = $1 and ended_at is null";
    ENTRY = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, cancelled_at,
        outage, source, url from external_entries where id = $1";
    ENTRIES_WITHIN = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, cancelled_at,
        outage, source, url from external_entries where ends_at > $1 and starts_at < $2 and cancelled_at is null order by ends_at, id";
    ENTRIES = "select id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by, created_at, cancelled_at,
        outage, source, url from external_entries where ends_at > $1 or (ends_at = $1 and id > $2) order by ends_at, id limit $3";
    PUT_ENTRY = "insert into external_entries (id, scope, scope_id, title, zone, local_start, local_end, starts_at, ends_at, rrule, exdates, declared_by,
        created_at, outage, source, url) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    THINGS_OF_ORG = "select (select count(*) from sites where org_id = $1) + (select count(*) from services where owner_org = $1)
        + (select count(*) from service_orgs where org_id = $1) + (select count(*) from items where org_id = $1)";
    THINGS_AT_SITE = "select (select count(*) from items where site_id = $1) + (select count(*) from change_sites where site_id = $1)";
    SITES_BY_CODE = "select id from sites where code = $1 order by id";
    CANCEL_ENTRY = "update external_entries set cancelled_at = $2 where id = $1 and cancelled_at is null";
}

impl Terms for FreezeTerms {
    type Occurrence = schedule::Freeze;
    const SELECTS: [&'static str; 3] = [FREEZE, FREEZES_WITHIN, FREEZES];
    const INSERT: &'static str = PUT_FREEZE;
    const END: &'static str = LIFT_FREEZE;
    const EVENTS: [&'static str; 2] = ["FreezeDeclared", "FreezeLifted"];

    fn read(row: &dyn Row, at: usize) -> Result<Self, StoreError> {
        Ok(Self { is_hard: row.boolean(at)?, from_level: level(row, at + 1)?, reason: row.text(at + 2)? })
    }

    fn values(&self) -> [Value; 3] {
        [self.is_hard.into(), self.from_level.code().into(), self.reason.as_str().into()]
    }

    fn told(&self) -> Json {
        json!({"hard": self.is_hard, "from_level": self.from_level.code()})
    }

    fn occurrence(declared: &Freeze, span: Span) -> schedule::Freeze {
        let own = &declared.own;
        let (id, title, extent) = (declared.id, declared.title.clone(), declared.extent);
        schedule::Freeze { id, title, extent, span, is_hard: own.is_hard, from_level: own.from_level }
    }
}

impl Terms for MaintenanceTerms {
    type Occurrence = schedule::Maintenance;
    const SELECTS: [&'static str; 3] = [WINDOW, WINDOWS_WITHIN, WINDOWS];
    const INSERT: &'static str = PUT_WINDOW;
    const END: &'static str = END_WINDOW;
    const EVENTS: [&'static str; 2] = ["MaintenanceWindowAgreed", "MaintenanceWindowEnded"];

    fn read(row: &dyn Row, at: usize) -> Result<Self, StoreError> {
        Ok(Self { up_to: level(row, at)?, agreed_by: row.text(at + 1)?, reason: row.text(at + 2)? })
    }

    fn values(&self) -> [Value; 3] {
        [self.up_to.code().into(), self.agreed_by.as_str().into(), self.reason.as_str().into()]
    }

    fn told(&self) -> Json {
        json!({"up_to": self.up_to.code()})
    }

    fn occurrence(declared: &MaintenanceWindow, span: Span) -> schedule::Maintenance {
        schedule::Maintenance { id: declared.id, title: declared.title.clone(), extent: declared.extent, span, up_to: declared.own.up_to }
    }
}

impl Terms for ExternalTerms {
    type Occurrence = schedule::External;
    const SELECTS: [&'static str; 3] = [ENTRY, ENTRIES_WITHIN, ENTRIES];
    const INSERT: &'static str = PUT_ENTRY;
    const END: &'static str = CANCEL_ENTRY;
    const EVENTS: [&'static str; 2] = ["ExternalEntryAdded", "ExternalEntryCancelled"];

    fn read(row: &dyn Row, at: usize) -> Result<Self, StoreError> {
        Ok(Self { is_outage: row.boolean(at)?, source: row.text(at + 1)?, url: row.opt_text(at + 2)? })
    }

    fn values(&self) -> [Value; 3] {
        [self.is_outage.into(), self.source.as_str().into(), self.url.clone().into()]
    }

    fn told(&self) -> Json {
        json!({"outage": self.is_outage})
    }

    fn occurrence(declared: &ExternalEntry, span: Span) -> schedule::External {
        schedule::External { id: declared.id, title: declared.title.clone(), extent: declared.extent, span, is_outage: declared.own.is_outage }
    }
}

fn level(row: &dyn Row, at: usize) -> Result<Level, StoreError> {
    crate::queries::code(row, at, Level::from_code)
}

/// The words of an extent: in rows, in events and in the API.
pub fn extent_columns(extent: Extent) -> (&'static str, Option<i64>) {
    match extent {
        Extent::Everything => ("all", None),
        Extent::Organisation(id) => ("organisation", Some(id.0)),
        Extent::Site(id) => ("site", Some(id.0)),
        Extent::Node(Node::Service(id)) => ("service", Some(id.0)),
        Extent::Node(Node::Item(id)) => ("item", Some(id.0)),
    }
}

/// The extent of these words.
pub fn extent_of(scope: &str, of: Option<i64>) -> Option<Extent> {
    Some(match (scope, of) {
        ("all", None) => Extent::Everything,
        ("organisation", Some(id)) => Extent::Organisation(OrgId(id)),
        ("site", Some(id)) => Extent::Site(SiteId(id)),
        ("service", Some(id)) => Extent::Node(Node::Service(ServiceId(id))),
        ("item", Some(id)) => Extent::Node(Node::Item(ItemId(id))),
        _ => return None,
    })
}

/// When it is, from the seven columns that begin with the zone's.
fn when(row: &dyn Row, at: usize) -> Result<Recurrence, StoreError> {
    let zone = row.text(at)?;
    let (Some(starts), Some(ends), Some(rule)) = (row.opt_text(at + 1)?, row.opt_text(at + 2)?, row.opt_text(at + 5)?) else {
        return Ok(Recurrence::once(Span { from: time(row, at + 3)?, until: time(row, at + 4)? }, &zone));
    };
    let typed = Typed { zone: &zone, starts: &starts, ends: &ends, rule: &rule, except: &row.text(at + 6)? };
    Recurrence::read(&typed).map_err(|faults| StoreError::Corrupt(format!("a recurrence that was declared has faults: {faults:?}")))
}

fn read<D: Terms>(row: &dyn Row) -> Result<Declared<D>, StoreError> {
    let extent = extent_of(&row.text(1)?, row.opt_int(2)?).ok_or_else(|| StoreError::Corrupt("no extent that we know".into()))?;
    Ok(Declared {
        id: row.int(0)?,
        extent,
        title: row.text(3)?,
        when: when(row, 4)?,
        declared_by: row.opt_int(11)?,
        created_at: time(row, 12)?,
        ended_at: opt_time(row, 13)?,
        own: D::read(row, 14)?,
    })
}

/// What was declared under this id.
pub fn declared<D: Terms>(tx: &mut dyn Tx, id: i64) -> Result<Option<Declared<D>>, StoreError> {
    tx.maybe_one(D::SELECTS[0], values![id], read)
}

/// What may have an occurrence in the span and is not ended.
pub fn declared_within<D: Terms>(tx: &mut dyn Tx, within: Span) -> Result<Vec<Declared<D>>, StoreError> {
    tx.all(D::SELECTS[1], values![within.from.as_microsecond(), within.until.as_microsecond()], read)
}

/// What ends later than the time and id given, by both, what was ended before its time too: for set-up and the API.
pub fn all_declared<D: Terms>(tx: &mut dyn Tx, after: (Timestamp, i64), limit: u16) -> Result<Vec<Declared<D>>, StoreError> {
    tx.all(D::SELECTS[2], values![after.0.as_microsecond(), after.1, i64::from(limit)], read)
}

/// Whose the thing is that something holds for; nobody's where it holds for everything.
pub fn owner_of(tx: &mut dyn Tx, extent: Extent) -> Result<Option<OrgId>, StoreError> {
    Ok(match extent {
        Extent::Everything => None,
        Extent::Organisation(id) => Some(id),
        Extent::Site(id) => site(tx, id.0)?.map(|site| OrgId(site.org_id)),
        Extent::Node(Node::Service(id)) => service(tx, id.0)?.map(|service| OrgId(service.owner_org)),
        Extent::Node(Node::Item(id)) => item(tx, id.0)?.map(|item| OrgId(item.org_id)),
    })
}

/// What it holds for by code and name; none for everything.
pub fn extent_named(tx: &mut dyn Tx, extent: Extent) -> Result<Option<Named>, StoreError> {
    let named = |(id, code, name)| Named { id, code, name };
    Ok(match extent {
        Extent::Everything => None,
        Extent::Organisation(id) => super::organisation(tx, id.0)?.map(|org| named((org.id, org.code, org.name))),
        Extent::Site(id) => site(tx, id.0)?.map(|site| named((site.id, site.code, site.name))),
        Extent::Node(Node::Service(id)) => service(tx, id.0)?.map(|service| named((service.id, service.code, service.name))),
        Extent::Node(Node::Item(id)) => item(tx, id.0)?.map(|item| named((item.id, item.code, item.name))),
    })
}

/// How many sites, services and items it reaches, so that somebody is told where it is none.
pub fn things_within(tx: &mut dyn Tx, extent: Extent) -> Result<i64, StoreError> {
    match extent {
        Extent::Everything | Extent::Node(_) => Ok(1),
        Extent::Organisation(id) => tx.one(THINGS_OF_ORG, values![id.0], |row| row.int(0)),
        Extent::Site(id) => tx.one(THINGS_AT_SITE, values![id.0], |row| row.int(0)),
    }
}

/// The sites with this code, whichever organisation's.
pub fn sites_by_code(tx: &mut dyn Tx, code: &str) -> Result<Vec<SiteId>, StoreError> {
    tx.all(SITES_BY_CODE, values![code], |row| row.int(0).map(SiteId))
}

/// Declares; who and when come from `act`. False if it was declared already, under this id.
pub fn declare<D: Terms>(tx: &mut dyn Tx, act: &Act, new: &Declared<D>) -> Answer<bool> {
    if new.title.trim().is_empty() {
        return Ok(Err(Refused::Invalid("title")));
    }
    let envelope = new.when.envelope();
    if envelope.until <= envelope.from {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    let is_known = match new.extent {
        Extent::Everything => true,
        Extent::Organisation(id) => takes_new(tx, id.0)?,
        Extent::Site(id) => site(tx, id.0)?.is_some(),
        Extent::Node(Node::Service(id)) => service(tx, id.0)?.is_some(),
        Extent::Node(Node::Item(id)) => item(tx, id.0)?.is_some(),
    };
    if !is_known {
        return Ok(Err(Refused::Unknown("scope")));
    }
    if declared::<D>(tx, new.id)?.is_some() {
        return Ok(Ok(false));
    }
    let (scope, scope_id) = extent_columns(new.extent);
    let (from, until) = (envelope.from.as_microsecond(), envelope.until.as_microsecond());
    let (starts, ends) = new.when.on_the_clock();
    let rule = new.when.rule().map(|rule| rule.text().to_owned());
    let except = new.when.except().map(|day| day.to_string()).collect::<Vec<_>>().join(" ");
    let wall = |moment: jiff::civil::DateTime| moment.strftime("%Y-%m-%dT%H:%M").to_string();
    let (title, zone) = (new.title.as_str(), new.when.zone_name());
    let mut row =
        values![new.id, scope, scope_id, title, zone, wall(starts), wall(ends), from, until, rule.clone(), except, act.by, act.at.as_microsecond()].to_vec();
    row.extend(new.own.values());
    tx.exec(D::INSERT, &row)?;
    // Titles, reasons and names are free text and stay out of the event (settled 20).
    let mut payload = new.own.told();
    payload["scope"] = scope.into();
    payload["of"] = scope_id.map(|id| id.to_string()).into();
    payload["starts_at"] = from.to_string().into();
    payload["ends_at"] = until.to_string().into();
    if let Some(rule) = rule {
        payload["zone"] = new.when.zone_name().into();
        payload["rule"] = rule.into();
    }
    record_directory_event(tx, act, D::EVENTS[0], new.id, &payload)?;
    Ok(Ok(true))
}

/// Ends it before its time, from now on. False if it was ended already.
pub fn end_declared<D: Terms>(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if declared::<D>(tx, id)?.is_none() {
        return Ok(Err(Refused::Unknown("id")));
    }
    if tx.exec(D::END, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, D::EVENTS[1], id, &json!({}))?;
    Ok(Ok(true))
}
