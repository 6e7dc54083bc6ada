//! The ledger of false call-outs as its parties see it: who entered a case, and to whom it is proposed; the authority and
//! auditors see all. Change and alarm are named to who may see them.

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{OWN_ORGS, Scope, VISIBLE};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::calendar::Verdict;
use signalbox_core::ledger::{Finding, Known, Standing, Visit};

/// A case with what it comes to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    pub id: i64,
    /// The number of its first row.
    pub number: i64,
    /// Who entered it, by the name that it had then; under the id of its successor, whose people act for it.
    pub org: Option<Named>,
    /// To whom it is proposed, in the same way.
    pub liable: Option<Named>,
    pub alarm: Option<i64>,
    /// The change, where the reader may see it.
    pub change: Option<String>,
    pub site: Option<Named>,
    pub engineer: String,
    pub visit: Visit,
    pub known: Option<Known>,
    pub rule: String,
    pub is_desks_own: bool,
    pub standing: Standing,
    pub entered_at: Timestamp,
    pub due_at: Option<Timestamp>,
    /// The sum of its rows, in pence.
    pub net: i64,
    pub vat: i64,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: i64,
    pub case: i64,
    pub standing: Standing,
    pub net: i64,
    pub vat: i64,
    pub words: String,
    pub at: Timestamp,
    pub by: Option<String>,
    /// Whom its case was proposed to.
    pub liable: Named,
}

/// Which cases a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub liable: Option<i64>,
    pub standing: Option<Standing>,
    /// The last of the page before: when it was entered, and its id.
    pub after: Option<(i64, i64)>,
}

/// Which cases a person may see. `v` is the row of `visits`.
fn visible() -> String {
    format!("($2 >= 1 or v.org_id in {OWN_ORGS} or v.liable_org in {OWN_ORGS}) and $3 >= 0 and $4 >= 0")
}

fn begin(scope: &Scope) -> Composed {
    let sql = format!(
        "select v.id, (select min(l.entry_no) from ledger l where l.visit_id = v.id), coalesce(g.merged_into, g.id), g.code, g.name, coalesce(h.merged_into, h.id), h.code, h.name, v.alarm_id,
            (select c.reference from changes c where c.id = v.change_id and {VISIBLE}),
            w.id, w.code, w.name, v.engineer, v.finding, v.desk_minutes, v.dispatched_at, v.stood_down_at, v.arrived_at, v.left_at, v.checks_failed,
            v.outside_appointment, v.notice_verdict, v.notice_received, v.is_listed, v.rule, v.is_desks_own, v.standing, v.entered_at, v.due_at,
            (select cast(coalesce(sum(l.net_pence), 0) as bigint) from ledger l where l.visit_id = v.id), (select cast(coalesce(sum(l.vat_pence), 0) as bigint) from ledger l where l.visit_id = v.id)
        from visits v join organisations g on g.id = v.org_id join organisations h on h.id = v.liable_org left join sites w on w.id = v.site_id
        where {}",
        visible()
    );
    Composed::new(scope, sql)
}

fn list_statement(scope: &Scope, filter: &CaseFilter, limit: i64) -> Composed {
    let mut statement = begin(scope);
    statement.maybe(" and v.entered_at >= {}", filter.from.map(Timestamp::as_microsecond));
    statement.maybe(" and v.entered_at < {}", filter.until.map(Timestamp::as_microsecond));
    statement.maybe(" and v.liable_org = {}", filter.liable);
    statement.maybe(" and v.standing = {}", filter.standing.map(Standing::code));
    if let Some((entered, id)) = filter.after {
        statement.add(" and v.entered_at <= {} and (v.entered_at < {} or v.id < {})", [entered.into(), entered.into(), id.into()]);
    }
    statement.add(" order by v.entered_at desc, v.id desc limit {}", [limit.into()]);
    statement
}

fn by_id_statement(scope: &Scope, id: i64) -> Composed {
    let mut statement = begin(scope);
    statement.add(" and v.id = {}", [id.into()]);
    statement
}

/// Rows of a stretch of time, or of one case.
fn entries_statement(scope: &Scope, case: Option<i64>, span: Option<(Timestamp, Timestamp)>, limit: i64) -> Composed {
    let mut statement = Composed::new(
        scope,
        format!(
            "select l.entry_no, l.visit_id, l.kind, l.net_pence, l.vat_pence, l.words, l.at, p.name, h.id, h.code, h.name
            from ledger l join visits v on v.id = l.visit_id join organisations h on h.id = v.liable_org left join people p on p.id = l.by_person where {}",
            visible()
        ),
    );
    statement.maybe(" and l.visit_id = {}", case);
    if let Some((from, until)) = span {
        statement.add(" and l.at >= {} and l.at < {}", [from.as_microsecond().into(), until.as_microsecond().into()]);
    }
    statement.add(" order by l.entry_no limit {}", [limit.into()]);
    statement
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let all = CaseFilter {
        from: Some(Timestamp::UNIX_EPOCH),
        until: Some(Timestamp::UNIX_EPOCH),
        liable: Some(1),
        standing: Some(Standing::Proposed),
        after: Some((1, 1)),
    };
    let span = Some((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
    vec![
        ("LIST", list_statement(&scope, &CaseFilter::default(), 10).sql),
        ("LIST_BY_ALL", list_statement(&scope, &all, 10).sql),
        ("BY_ID", by_id_statement(&scope, 1).sql),
        ("ENTRIES_OF", entries_statement(&scope, Some(1), None, 10).sql),
        ("ENTRIES_WITHIN", entries_statement(&scope, None, span, 10).sql),
    ]
}

fn read(row: &dyn Row) -> Result<CaseLine, StoreError> {
    let known = match (opt_code(row, 22, Verdict::from_code)?, opt_time(row, 23)?) {
        (Some(verdict), Some(received_at)) => Some(Known { verdict, received_at, is_listed: row.opt_int(24)? == Some(1) }),
        _ => None,
    };
    Ok(CaseLine {
        id: row.int(0)?,
        number: row.int(1)?,
        org: named(row, 2)?,
        liable: named(row, 5)?,
        alarm: row.opt_int(8)?,
        change: row.opt_text(9)?,
        site: named(row, 10)?,
        engineer: row.text(13)?,
        visit: Visit {
            finding: code(row, 14, Finding::from_code)?,
            desk_minutes: row.int(15)?,
            dispatched_at: opt_time(row, 16)?,
            stood_down_at: opt_time(row, 17)?,
            arrived_at: opt_time(row, 18)?,
            left_at: opt_time(row, 19)?,
            checks_failed: row.boolean(20)?,
            outside_appointment: row.boolean(21)?,
        },
        known,
        rule: row.text(25)?,
        is_desks_own: row.boolean(26)?,
        standing: code(row, 27, Standing::from_code)?,
        entered_at: time(row, 28)?,
        due_at: opt_time(row, 29)?,
        net: row.int(30)?,
        vat: row.int(31)?,
    })
}

/// Latest first.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &CaseFilter, limit: i64) -> Result<Vec<CaseLine>, StoreError> {
    let statement = list_statement(scope, filter, limit);
    tx.all(&statement.sql, &statement.params, read)
}

/// The case with this id, if the person may see it.
pub fn by_id(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<CaseLine>, StoreError> {
    let statement = by_id_statement(scope, id);
    tx.maybe_one(&statement.sql, &statement.params, read)
}

/// The rows of one case, or of a stretch of time, in order.
pub fn entries(tx: &mut dyn Tx, scope: &Scope, case: Option<i64>, span: Option<(Timestamp, Timestamp)>, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let statement = entries_statement(scope, case, span, limit);
    tx.all(&statement.sql, &statement.params, |row| {
        Ok(Entry {
            number: row.int(0)?,
            case: row.int(1)?,
            standing: code(row, 2, Standing::from_code)?,
            net: row.int(3)?,
            vat: row.int(4)?,
            words: row.text(5)?,
            at: time(row, 6)?,
            by: row.opt_text(7)?,
            liable: Named { id: row.int(8)?, code: row.text(9)?, name: row.text(10)? },
        })
    })
}
