//! Request models and their health, and work that is done so often and so well that it might become one (C107).

use crate::gather::entries::still_suspended;
use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::reports::{ENDED, readable};
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{IS_PARTY, Scope};
use crate::sql::statements;
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::catalogue::Done;
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::learn::Grade;
use std::collections::BTreeMap;

statements! {
    SENT = "select change_id from change_entries where sent_at >= $1 order by sent_at desc limit 5000";
    SUSPENSIONS = "select entry, suspended_at, suspended_because from change_entries where suspended_at is not null order by suspended_at";
}

/// A use of an entry that the reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub id: i64,
    pub reference: String,
    pub title: String,
    pub entry: String,
    pub org: Named,
    pub stage: Stage,
    pub sent_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Confirmed, or proposed by those who did the work.
    pub outcome: Option<Outcome>,
    /// The worst incident linked.
    pub worst: Option<Grade>,
    /// When this use suspended the entry.
    pub suspended_at: Option<Timestamp>,
    /// Whether the reader may open its page.
    pub party: bool,
}

/// A suspension in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: Timestamp,
    /// The words of the document's row.
    pub because: String,
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    vec![("USES", uses_statement(&scope, &[1, 2]).sql), ("DONE", done_statement(&scope, Timestamp::UNIX_EPOCH).sql)]
}

fn uses_statement(scope: &Scope, changes: &[i64]) -> Composed {
    let columns = format!(
        "select c.id, c.reference, c.title, e.entry, g.id, g.code, g.name, c.stage, e.sent_at, coalesce(c.finished_at, c.closed_at),
        coalesce(c.outcome, c.proposed), l.worst, e.suspended_at, {IS_PARTY}
        from change_entries e join changes c on c.id = e.change_id join organisations g on g.id = c.org_id left join change_learnt l on l.change_id = c.id"
    );
    let mut statement = readable(scope, &columns);
    statement.ids("c.id", changes);
    statement.sql.push_str(" order by e.sent_at desc, c.id desc");
    statement
}

/// The uses of every entry that the reader may see, sent since a moment, latest first; of more than 5,000 the latest.
/// Which they are is asked first, so that their changes are found by id.
///
/// # Errors
/// The store's.
pub fn uses(tx: &mut dyn Tx, scope: &Scope, since: Timestamp) -> Result<Vec<Use>, StoreError> {
    let changes = tx.all(SENT, crate::values![since.as_microsecond()], |row| row.int(0))?;
    let statement = uses_statement(scope, &changes);
    tx.all(&statement.sql, &statement.params, |row| {
        Ok(Use {
            id: row.int(0)?,
            reference: row.text(1)?,
            title: row.text(2)?,
            entry: row.text(3)?,
            org: named(row, 4)?.ok_or_else(|| StoreError::Corrupt("a change without an organisation".into()))?,
            stage: code(row, 7, Stage::from_code)?,
            sent_at: time(row, 8)?,
            ended_at: opt_time(row, 9)?,
            outcome: opt_code(row, 10, Outcome::from_code)?,
            worst: opt_code(row, 11, Grade::from_code)?,
            suspended_at: opt_time(row, 12)?,
            party: row.boolean(13)?,
        })
    })
}

/// Which entries are suspended, and why. Whoever may ask for an entry may know that it cannot be asked for.
///
/// # Errors
/// The store's.
pub fn suspensions(tx: &mut dyn Tx) -> Result<BTreeMap<String, Suspension>, StoreError> {
    let mut looked: BTreeMap<String, Timestamp> = BTreeMap::new();
    for look in crate::directory::looks(tx)? {
        looked.insert(look.entry, look.at);
    }
    let mut all = BTreeMap::new();
    for (entry, at, because) in tx.all(SUSPENSIONS, &[], |row| Ok((row.text(0)?, opt_time(row, 1)?, row.opt_text(2)?)))? {
        if let Some(since) = still_suspended(at, looked.get(&entry).copied()) {
            // The first since the last look is why; later ones only say it again.
            all.entry(entry).or_insert(Suspension { since, because: because.unwrap_or_default() });
        }
    }
    Ok(all)
}

fn done_statement(scope: &Scope, since: Timestamp) -> Composed {
    let columns = format!(
        "select c.id, c.reference, c.title, c.outcome,
        coalesce((select string_agg(x.code, ';' order by x.code) from change_services s join services x on x.id = s.service_id
            where s.change_id = c.id and s.derived = 0), ''),
        coalesce(c.impact, 4), coalesce(l.incidents, 0), coalesce(l.disputes, 0), {IS_PARTY}
        from changes c left join change_learnt l on l.change_id = c.id"
    );
    let mut statement = readable(scope, &columns);
    let since = [since.as_microsecond().into()];
    statement.add(&format!(" and c.kind = 'normal' and c.outcome is not null and {ENDED} >= {{}} order by {ENDED} desc, c.id desc"), since);
    statement
}

/// Normal changes that ended since a moment and that the reader may see, latest first.
///
/// # Errors
/// The store's.
pub fn done(tx: &mut dyn Tx, scope: &Scope, since: Timestamp) -> Result<Vec<Done>, StoreError> {
    let statement = done_statement(scope, since);
    tx.all(&statement.sql, &statement.params, |row: &dyn Row| {
        Ok(Done {
            reference: row.text(1)?,
            title: row.text(2)?,
            outcome: code(row, 3, Outcome::from_code)?,
            services: row.text(4)?,
            impact: row.int(5)?,
            incidents: row.int(6)?,
            disputes: row.int(7)?,
            party: row.boolean(8)?,
        })
    })
}
