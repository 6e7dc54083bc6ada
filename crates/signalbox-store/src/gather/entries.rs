//! How an entry of the catalogue has gone, whoever used it: an entry is suspended for all, and its limit is for all.
//! Only numbers and times come out of it, so nothing unseen is told.

use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::catalogue;
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::facts::{EntryFact, FactsQuery, UseFact};
use signalbox_core::ids::ChangeId;

statements! {
    USES = "select e.change_id, e.sent_at, c.stage, coalesce(c.outcome, c.proposed), coalesce(c.finished_at, c.closed_at),
        (select max(i.linked_at) from change_incidents i where i.change_id = e.change_id and i.grade in ('serious', 'clinical'))
        from change_entries e join changes c on c.id = e.change_id where e.entry = $1 and e.sent_at >= $2 and e.change_id <> $3";
    // The first three are what is asked about (BR-33); ten are enough to count.
    EARLIER = "select count(*) from (select 1 from change_entries where entry = $1 and sent_at < $2 and change_id <> $3 limit 10) as earlier";
    SENT = "select sent_at from change_entries where change_id = $1";
    SUSPENDED = "select max(suspended_at) from change_entries where entry = $1 and suspended_at is not null";
    LOOKED = "select max(at) from entry_looks where entry = $1";
}

/// What is known of the entry that the query names.
pub(super) fn of(tx: &mut dyn Tx, query: &FactsQuery, own: i64) -> Result<Option<EntryFact>, StoreError> {
    let Some((entry, since)) = &query.entry else { return Ok(None) };
    let sent = tx.maybe_one(SENT, values![own], |row| row.int(0))?.unwrap_or(i64::MAX);
    let newest = |row: &dyn Row| opt_time(row, 0);
    let suspended = tx.maybe_one(SUSPENDED, values![entry], newest)?.flatten();
    let looked_at = tx.maybe_one(LOOKED, values![entry], newest)?.flatten();
    Ok(Some(EntryFact {
        entry: entry.clone(),
        uses: tx.all(USES, values![entry, since.as_microsecond(), own], read)?,
        earlier: tx.maybe_one(EARLIER, values![entry, sent, own], |row| row.int(0))?.unwrap_or(0),
        suspended: still_suspended(suspended, looked_at),
        looked_at,
    }))
}

/// A suspension counts until somebody has looked at the entry again.
pub(crate) fn still_suspended(suspended: Option<Timestamp>, looked_at: Option<Timestamp>) -> Option<Timestamp> {
    suspended.filter(|at| looked_at.is_none_or(|looked| looked < *at))
}

fn read(row: &dyn Row) -> Result<UseFact, StoreError> {
    let outcome = row.opt_text(3)?.and_then(|code| Outcome::from_code(&code));
    Ok(UseFact {
        change: ChangeId(row.int(0)?),
        sent_at: time(row, 1)?,
        called_off: Stage::from_code(&row.text(2)?).is_some_and(catalogue::is_called_off),
        ended: outcome.zip(opt_time(row, 4)?),
        harm_at: opt_time(row, 5)?,
    })
}
