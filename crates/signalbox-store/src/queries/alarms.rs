//! Alarms as a person may see them: those that their organisations told, that are of their equipment, or that a change of
//! theirs answers for; all of them for the authority. The change itself is named only to who may see it.

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{OWN_ORGS, Scope, VISIBLE};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::alarm::Class;

/// An alarm with how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmLine {
    pub id: i64,
    /// Who told it.
    pub org: Option<Named>,
    pub source: String,
    pub source_alarm: String,
    /// What rings, as it was told.
    pub object: String,
    pub item: Option<Named>,
    pub site: Option<Named>,
    pub kind: String,
    pub is_safety: bool,
    pub raised_at: Timestamp,
    pub cleared_at: Option<Timestamp>,
    pub received_at: Timestamp,
    /// How it was read as it came in.
    pub class: Class,
    /// The change that answers for it, where the reader may see it: reference and title.
    pub change: Option<(String, String)>,
    /// A change answers for it, seen or not.
    pub is_answered: bool,
    pub until: Option<Timestamp>,
    pub evidence: Evidence,
    /// The record that was begun of the work behind it, whoever may read that.
    pub record: Option<i64>,
    /// Its reference, where the reader may see it.
    pub record_reference: Option<String>,
    /// How many of the same are folded into it (AL-9).
    pub folded: i64,
    pub is_folded: bool,
    pub found: Option<Found>,
}

/// What was known when an alarm was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How many events the log held.
    pub log_seq: i64,
    pub stage: Option<String>,
    pub verdict: Option<String>,
    pub notice_received: Option<Timestamp>,
}

/// What a person found it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub class: Class,
    pub by: Option<String>,
    pub at: Timestamp,
    pub why: String,
}

impl AlarmLine {
    /// What it counts as now.
    pub fn standing(&self) -> Class {
        self.found.as_ref().map_or(self.class, |found| found.class)
    }
}

/// Which alarms a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub class: Option<Class>,
    pub item: Option<i64>,
    pub site: Option<i64>,
    pub organisation: Option<i64>,
    /// With those that are folded into others.
    pub with_folded: bool,
    /// The last of the page before: when it was raised, and its id.
    pub after: Option<(i64, i64)>,
}

/// Which alarms a person may see. `a` is the row of `alarms`.
fn visible() -> String {
    format!(
        "($2 >= 1 or a.org_id in {OWN_ORGS}
        or exists (select 1 from items q where q.id = a.item_id and q.org_id in {OWN_ORGS})
        or exists (select 1 from sites q where q.id = a.site_id and q.org_id in {OWN_ORGS})
        or exists (select 1 from change_orgs q where q.change_id = a.change_id and q.part in ('raiser', 'runs') and q.org_id in {OWN_ORGS}))
        and $3 >= 0 and $4 >= 0"
    )
}

fn begin(scope: &Scope) -> Composed {
    let sql = format!(
        "select a.id, g.id, g.code, g.name, a.source, a.source_alarm, a.object, e.id, e.code, e.name, w.id, w.code, w.name, a.kind, a.is_safety,
            a.raised_at, a.cleared_at, a.received_at, a.class, c.reference, c.title, case when a.change_id is null then 0 else 1 end, a.cover_until,
            a.log_seq, a.stage, a.verdict, a.received_notice, a.folded, case when a.folded_into is null then 0 else 1 end,
            a.found, p.name, a.found_at, a.found_why, a.record_id, (select c.reference from changes c where c.id = a.record_id and {VISIBLE})
        from alarms a join organisations g on g.id = a.org_id left join items e on e.id = a.item_id left join sites w on w.id = a.site_id
        left join people p on p.id = a.found_by left join changes c on c.id = a.change_id and {VISIBLE}
        where {}",
        visible()
    );
    Composed::new(scope, sql)
}

fn list_statement(scope: &Scope, filter: &AlarmFilter, limit: i64) -> Composed {
    let mut statement = begin(scope);
    statement.maybe(" and a.raised_at >= {}", filter.from.map(Timestamp::as_microsecond));
    statement.maybe(" and a.raised_at < {}", filter.until.map(Timestamp::as_microsecond));
    statement.maybe(" and coalesce(a.found, a.class) = {}", filter.class.map(Class::code));
    statement.maybe(" and a.item_id = {}", filter.item);
    statement.maybe(" and a.site_id = {}", filter.site);
    statement.maybe(" and a.org_id = {}", filter.organisation);
    if !filter.with_folded {
        statement.sql.push_str(" and a.folded_into is null");
    }
    if let Some((raised, id)) = filter.after {
        statement.add(" and a.raised_at <= {} and (a.raised_at < {} or a.id < {})", [raised.into(), raised.into(), id.into()]);
    }
    statement.add(" order by a.raised_at desc, a.id desc limit {}", [limit.into()]);
    statement
}

fn by_id_statement(scope: &Scope, id: i64) -> Composed {
    let mut statement = begin(scope);
    statement.add(" and a.id = {}", [id.into()]);
    statement
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let spanned = AlarmFilter { from: Some(Timestamp::UNIX_EPOCH), ..AlarmFilter::default() };
    let all = AlarmFilter {
        until: Some(Timestamp::UNIX_EPOCH),
        class: Some(Class::Real),
        item: Some(1),
        site: Some(1),
        organisation: Some(1),
        after: Some((1, 1)),
        ..spanned.clone()
    };
    vec![("LIST", list_statement(&scope, &spanned, 10).sql), ("LIST_BY_ALL", list_statement(&scope, &all, 10).sql), ("BY_ID", by_id_statement(&scope, 1).sql)]
}

fn read(row: &dyn Row) -> Result<AlarmLine, StoreError> {
    let change = row.opt_text(19)?.zip(row.opt_text(20)?);
    let found = match (opt_code(row, 29, Class::from_code)?, opt_time(row, 31)?) {
        (Some(class), Some(at)) => Some(Found { class, by: row.opt_text(30)?, at, why: row.opt_text(32)?.unwrap_or_default() }),
        _ => None,
    };
    Ok(AlarmLine {
        id: row.int(0)?,
        org: named(row, 1)?,
        source: row.text(4)?,
        source_alarm: row.text(5)?,
        object: row.text(6)?,
        item: named(row, 7)?,
        site: named(row, 10)?,
        kind: row.text(13)?,
        is_safety: row.boolean(14)?,
        raised_at: time(row, 15)?,
        cleared_at: opt_time(row, 16)?,
        received_at: time(row, 17)?,
        class: code(row, 18, Class::from_code)?,
        change,
        is_answered: row.boolean(21)?,
        until: opt_time(row, 22)?,
        evidence: Evidence { log_seq: row.int(23)?, stage: row.opt_text(24)?, verdict: row.opt_text(25)?, notice_received: opt_time(row, 26)? },
        record: row.opt_int(33)?,
        record_reference: row.opt_text(34)?,
        folded: row.int(27)?,
        is_folded: row.boolean(28)?,
        found,
    })
}

/// Latest first.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &AlarmFilter, limit: i64) -> Result<Vec<AlarmLine>, StoreError> {
    let statement = list_statement(scope, filter, limit);
    tx.all(&statement.sql, &statement.params, read)
}

/// The alarm with this id, if the person may see it.
pub fn by_id(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<AlarmLine>, StoreError> {
    let statement = by_id_statement(scope, id);
    tx.maybe_one(&statement.sql, &statement.params, read)
}
