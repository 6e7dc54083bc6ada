//! Incidents as a person may see them (X12): those of their organisations, those that hit what their organisations run or
//! own, and all of them for the authority. Linking shows which changes they are thought to come from.

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::{Composed, Named, code};
use crate::scope::{OWN_ORGS, Scope, VISIBLE};
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::change::Stage;
use signalbox_core::learn::{self, Grade};

/// An incident on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentLine {
    pub id: i64,
    pub source: String,
    pub reference: String,
    pub title: String,
    pub priority: i64,
    pub clinical: bool,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub org: Option<Named>,
    /// Codes of the items and services that it hit, `;` between.
    pub hits: String,
}

impl IncidentLine {
    /// How bad it is, for the review.
    pub fn grade(&self) -> Grade {
        crate::directory::grade(self.priority, self.clinical)
    }
}

/// A change that an incident is linked to, or may have come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub reference: String,
    pub title: String,
    pub stage: Stage,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub linked: bool,
}

/// What a list of incidents is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub source: Option<String>,
    pub reference: Option<String>,
    /// Whose it is.
    pub organisation: Option<i64>,
    /// It hit these.
    pub service: Option<i64>,
    pub item: Option<i64>,
    /// The last of the page before: when it was opened, and its id.
    pub after: Option<(i64, i64)>,
}

/// An incident is offered for a change that touched the same thing and began before it, up to five working days back
/// (X12). Statements look back so far that those are always among what they find, over Christmas too.
const SUSPECT_MICROS: i64 = 14 * 86_400_000_000;
/// What is offered at once.
const SUSPECTS: usize = 20;

const HITS: &str = "coalesce((select string_agg(x.code, ';' order by x.code) from (select v.code from incident_services s join services v on v.id = s.service_id where s.incident_id = i.id
    union select e.code from incident_items t join items e on e.id = t.item_id where t.incident_id = i.id) x), '')";

/// Which incidents a person may see. `i` is the row of `incidents`.
fn visible() -> String {
    format!(
        "($2 >= 1 or i.org_id in {OWN_ORGS}
        or exists (select 1 from incident_services s join services v on v.id = s.service_id where s.incident_id = i.id and v.owner_org in {OWN_ORGS})
        or exists (select 1 from incident_items t join items e on e.id = t.item_id where t.incident_id = i.id and e.org_id in {OWN_ORGS}))
        and $3 >= 0 and $4 >= 0"
    )
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let spanned = IncidentFilter { from: Some(Timestamp::UNIX_EPOCH), until: Some(Timestamp::UNIX_EPOCH), ..IncidentFilter::default() };
    let all = IncidentFilter {
        source: Some(String::new()),
        reference: Some(String::new()),
        organisation: Some(1),
        service: Some(1),
        item: Some(1),
        after: Some((1, 1)),
        ..spanned.clone()
    };
    vec![
        ("LIST", list_statement(&scope, &spanned, 10).sql),
        ("LIST_BY_ALL", list_statement(&scope, &all, 10).sql),
        ("BY_ID", by_id_statement(&scope, 1).sql),
        ("SUSPECTS", suspects_statement(&scope, 1, &[1, 2]).sql),
        ("NEAR_IDS", NEAR_IDS.to_owned()),
        ("NEAR_CHANGE", near_statement(&scope, 1).sql),
        ("LINKED", linked_statement(&scope, 1).sql),
    ]
}

fn columns() -> String {
    format!("select i.id, i.source, i.reference, i.title, i.priority, i.clinical, i.opened_at, i.closed_at, g.id, g.code, g.name, {HITS}")
}

fn begin(scope: &Scope, from: &str) -> Composed {
    Composed::new(scope, format!("{} from {from} join organisations g on g.id = i.org_id where {}", columns(), visible()))
}

fn list_statement(scope: &Scope, filter: &IncidentFilter, limit: i64) -> Composed {
    let mut statement = begin(scope, "incidents i");
    statement.maybe(" and i.opened_at >= {}", filter.from.map(Timestamp::as_microsecond));
    statement.maybe(" and i.opened_at < {}", filter.until.map(Timestamp::as_microsecond));
    statement.maybe(" and i.source = {}", filter.source.clone());
    statement.maybe(" and i.reference = {}", filter.reference.clone());
    statement.maybe(" and i.org_id = {}", filter.organisation);
    statement.maybe(" and i.id in (select f.incident_id from incident_services f where f.service_id = {})", filter.service);
    statement.maybe(" and i.id in (select f.incident_id from incident_items f where f.item_id = {})", filter.item);
    if let Some((opened, id)) = filter.after {
        statement.add(" and i.opened_at <= {} and (i.opened_at < {} or i.id < {})", [opened.into(), opened.into(), id.into()]);
    }
    statement.add(" order by i.opened_at desc, i.id desc limit {}", [limit.into()]);
    statement
}

fn by_id_statement(scope: &Scope, id: i64) -> Composed {
    let mut statement = begin(scope, "incidents i");
    statement.add(" and i.id = {}", [id.into()]);
    statement
}

/// The incidents of a change's things since its work began.
fn near_statement(scope: &Scope, change: i64) -> Composed {
    let mut statement = begin(scope, "changes c join incidents i on i.opened_at >= c.started_at");
    statement.add(
        " and c.id = {} and i.opened_at <= coalesce(c.finished_at, c.updated_at) + {}
        and i.id in (select t.incident_id from change_items l join incident_items t on t.item_id = l.item_id where l.change_id = {}
            union select s.incident_id from change_services l join incident_services s on s.service_id = l.service_id where l.change_id = {})
        and not exists (select 1 from change_incidents k where k.change_id = c.id and k.incident_id = i.id)
        order by i.opened_at, i.id limit 200",
        [change.into(), SUSPECT_MICROS.into(), change.into(), change.into()],
    );
    statement
}

fn linked_statement(scope: &Scope, change: i64) -> Composed {
    let mut statement = begin(scope, "change_incidents k join incidents i on i.id = k.incident_id");
    statement.add(" and k.change_id = {} order by i.opened_at, i.id", [change.into()]);
    statement
}

/// The latest changes of an incident's things, and those that it is linked to; how near in time they are, and whether
/// the person sees them, is asked next.
const NEAR_IDS: &str = "select l.change_id from incident_items t join change_items l on l.item_id = t.item_id where t.incident_id = $1
    union select l.change_id from incident_services s join change_services l on l.service_id = s.service_id where s.incident_id = $1
    union select k.change_id from change_incidents k where k.incident_id = $1
    order by 1 desc limit 5000";

/// The changes that the person sees and that an incident is linked to, or may have come from.
fn suspects_statement(scope: &Scope, incident: i64, near: &[i64]) -> Composed {
    let mut statement = Composed::new(
        scope,
        format!(
            "select c.reference, c.title, c.stage, c.started_at, c.finished_at,
            case when exists (select 1 from change_incidents k where k.change_id = c.id and k.incident_id = i.id) then 1 else 0 end, i.opened_at
            from incidents i cross join changes c where {VISIBLE}"
        ),
    );
    statement.add(
        " and i.id = {} and (exists (select 1 from change_incidents k where k.change_id = c.id and k.incident_id = i.id)
            or (c.started_at <= i.opened_at and coalesce(c.finished_at, c.updated_at) + {} >= i.opened_at))",
        [incident.into(), SUSPECT_MICROS.into()],
    );
    statement.ids("c.id", near);
    statement.sql.push_str(" order by c.started_at desc, c.id limit 200");
    statement
}

fn read(row: &dyn Row) -> Result<IncidentLine, StoreError> {
    Ok(IncidentLine {
        id: row.int(0)?,
        source: row.text(1)?,
        reference: row.text(2)?,
        title: row.text(3)?,
        priority: row.int(4)?,
        clinical: row.boolean(5)?,
        opened_at: time(row, 6)?,
        closed_at: opt_time(row, 7)?,
        org: named(row, 8)?,
        hits: row.text(11)?,
    })
}

/// Latest first.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &IncidentFilter, limit: i64) -> Result<Vec<IncidentLine>, StoreError> {
    let statement = list_statement(scope, filter, limit);
    tx.all(&statement.sql, &statement.params, read)
}

/// The incident with this id, if the person may see it.
pub fn by_id(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<IncidentLine>, StoreError> {
    let statement = by_id_statement(scope, id);
    tx.maybe_one(&statement.sql, &statement.params, read)
}

/// Those that hit what a change touched, from its start until five working days after it, and are not linked to it.
/// `ended` is when the work ended, if it has.
pub fn near(tx: &mut dyn Tx, scope: &Scope, change: i64, ended: Option<Timestamp>) -> Result<Vec<IncidentLine>, StoreError> {
    let statement = near_statement(scope, change);
    let mut lines = tx.all(&statement.sql, &statement.params, read)?;
    lines.retain(|line| ended.is_none_or(|ended| learn::may_have_caused(ended, line.opened_at)));
    lines.truncate(SUSPECTS);
    Ok(lines)
}

/// Those that are linked to a change.
pub fn linked(tx: &mut dyn Tx, scope: &Scope, change: i64) -> Result<Vec<IncidentLine>, StoreError> {
    let statement = linked_statement(scope, change);
    tx.all(&statement.sql, &statement.params, read)
}

/// The changes that an incident is linked to, or may have come from.
pub fn suspects(tx: &mut dyn Tx, scope: &Scope, incident: i64) -> Result<Vec<Suspect>, StoreError> {
    let near = tx.all(NEAR_IDS, values![incident], |row| row.int(0))?;
    let statement = suspects_statement(scope, incident, &near);
    let found = tx.all(&statement.sql, &statement.params, |row| {
        let suspect = Suspect {
            reference: row.text(0)?,
            title: row.text(1)?,
            stage: code(row, 2, Stage::from_code)?,
            started_at: opt_time(row, 3)?,
            finished_at: opt_time(row, 4)?,
            linked: row.boolean(5)?,
        };
        Ok((suspect, time(row, 6)?))
    })?;
    let is_near = |suspect: &Suspect, opened| suspect.linked || suspect.finished_at.is_none_or(|ended| learn::may_have_caused(ended, opened));
    Ok(found.into_iter().filter(|(suspect, opened)| is_near(suspect, *opened)).map(|(suspect, _)| suspect).take(SUSPECTS).collect())
}
