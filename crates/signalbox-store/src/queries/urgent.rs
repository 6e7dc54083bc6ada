//! The register of emergencies and of work found out afterwards (spec 12, R-9), and whom to ring.

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::reports::{ReportFilter, narrow, readable, with_stake};
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::Scope;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_core::urgent::Judgement;

statements! {
    CALLABLE = "select p.id, p.email, p.name, p.phone, m.role, g.id, g.code, g.name from memberships m join people p on p.id = m.person_id
        join organisations g on g.id = m.org_id
        where m.role = $1 and m.ended_at is null and p.state = 'active' order by g.name, p.name, p.id limit 100";
    BY_ORIGINAL = "select c.id from urgent_changes u join changes c on c.id = u.change_id where u.retrospective_of = $1 order by c.id";
}

/// A line of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrgentRow {
    pub id: i64,
    pub reference: String,
    pub title: String,
    pub kind: Kind,
    pub org: Named,
    pub stage: Stage,
    pub reason: Option<String>,
    pub raised_at: Timestamp,
    pub work_start: Option<Timestamp>,
    pub first_approver: String,
    pub verbal: bool,
    /// What the person said to it, once asked.
    pub confirmed: Option<bool>,
    pub ratify_due: Option<Timestamp>,
    pub ratified_by: String,
    pub ratified_at: Option<Timestamp>,
    pub ratified: Option<bool>,
    pub record_due: Option<Timestamp>,
    pub record_at: Option<Timestamp>,
    pub contact: Option<String>,
    pub verdict: Option<Judgement>,
    pub verdict_due: Option<Timestamp>,
    pub reviewed_at: Option<Timestamp>,
    pub converted_from: Option<Kind>,
    pub outcome: Option<Outcome>,
}

impl UrgentRow {
    /// Ratified by its time; nothing while it is neither late nor done.
    pub fn ratified_on_time(&self, now: Timestamp) -> Option<bool> {
        let due = self.ratify_due?;
        match self.ratified_at {
            Some(at) => Some(at <= due),
            None => (due < now).then_some(false),
        }
    }
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let some = ReportFilter { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, organisation: None, service: None, kinds: vec![] };
    let all = ReportFilter { organisation: Some(1), service: Some(1), kinds: vec![Kind::Emergency], ..some.clone() };
    vec![("REGISTER", statement(&Scope::visitor(), &some).sql), ("REGISTER_BY_ALL", statement(&Scope::visitor(), &all).sql)]
}

fn statement(scope: &Scope, filter: &ReportFilter) -> Composed {
    let columns = "select c.id, c.reference, c.title, c.kind, g.id, g.code, g.name, c.stage, u.reason, u.raised_at, u.work_start,
        coalesce(a.name, ''), u.verbal, u.confirmed, u.ratify_due, coalesce(r.name, ''), u.ratified_at, u.ratified, u.record_due, u.record_at,
        u.contact, u.verdict, u.verdict_due, u.reviewed_at, u.converted_from, c.outcome
        from urgent_changes u join changes c on c.id = u.change_id join organisations g on g.id = c.org_id
        left join people a on a.id = u.first_approver left join people r on r.id = u.ratified_by";
    let mut statement = readable(scope, columns);
    narrow(&mut statement, filter, "u.raised_at");
    with_stake(&mut statement, filter);
    statement.sql.push_str(" order by u.raised_at desc, c.id desc");
    statement
}

/// Each line of the register that the reader may see, latest first.
///
/// # Errors
/// The store's, and what `each` says.
pub fn each(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, mut f: impl FnMut(UrgentRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let statement = statement(scope, filter);
    for row in tx.all(&statement.sql, &statement.params, read)? {
        f(row)?;
    }
    Ok(())
}

fn read(row: &dyn Row) -> Result<UrgentRow, StoreError> {
    let org = named(row, 4)?.ok_or_else(|| StoreError::Corrupt("a change without an organisation".into()))?;
    let yes = |at: usize| row.opt_int(at).map(|found| found.map(|n| n == 1));
    Ok(UrgentRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        kind: code(row, 3, Kind::from_code)?,
        org,
        stage: code(row, 7, Stage::from_code)?,
        reason: row.opt_text(8)?,
        raised_at: time(row, 9)?,
        work_start: opt_time(row, 10)?,
        first_approver: row.text(11)?,
        verbal: row.boolean(12)?,
        confirmed: yes(13)?,
        ratify_due: opt_time(row, 14)?,
        ratified_by: row.text(15)?,
        ratified_at: opt_time(row, 16)?,
        ratified: yes(17)?,
        record_due: opt_time(row, 18)?,
        record_at: opt_time(row, 19)?,
        contact: row.opt_text(20)?,
        verdict: opt_code(row, 21, Judgement::from_code)?,
        verdict_due: opt_time(row, 22)?,
        reviewed_at: opt_time(row, 23)?,
        converted_from: opt_code(row, 24, Kind::from_code)?,
        outcome: opt_code(row, 25, Outcome::from_code)?,
    })
}

/// Somebody who may say yes at night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    pub person: i64,
    pub email: String,
    pub name: String,
    pub phone: String,
    pub role: Role,
    pub org: Named,
}

/// Who holds one of these roles, each role in turn. Whom to ring is for everybody who may raise an emergency.
///
/// # Errors
/// The store's.
pub fn callable(tx: &mut dyn Tx, _scope: &Scope, roles: &[Role]) -> Result<Vec<Callable>, StoreError> {
    let mut found: Vec<Callable> = vec![];
    for role in roles {
        let read = |row: &dyn Row| {
            let org = named(row, 5)?.ok_or_else(|| StoreError::Corrupt("a role without an organisation".into()))?;
            Ok(Callable { person: row.int(0)?, email: row.text(1)?, name: row.text(2)?, phone: row.text(3)?, role: code(row, 4, Role::from_code)?, org })
        };
        for one in tx.all(CALLABLE, values![role.code()], read)? {
            if !found.iter().any(|known| known.person == one.person) {
                found.push(one);
            }
        }
    }
    Ok(found)
}

/// The records of work found to be done already under this change, by id: the reader's sight is asked of each.
///
/// # Errors
/// The store's.
pub fn retrospectives_of(tx: &mut dyn Tx, scope: &Scope, change: i64) -> Result<Vec<i64>, StoreError> {
    let mut found = tx.all(BY_ORIGINAL, values![change], |row| row.int(0))?;
    let mut seen = vec![];
    for id in found.drain(..) {
        if crate::queries::sight::is_visible(tx, scope, id)? {
            seen.push(id);
        }
    }
    Ok(seen)
}
