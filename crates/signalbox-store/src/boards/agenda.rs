//! The papers of a meeting: filled from the board's scope until the cut-off, then fixed.

use super::{BoardRow, MeetingRow, Subject, board_for, boards, meeting};
use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::board::Hearing;

/// An item of the agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgendaRow {
    pub change_id: i64,
    pub position: i64,
    /// Listed and not discussed.
    pub is_consent: bool,
    pub heard_at: Option<Timestamp>,
    /// For how long it was the current item, all in all.
    pub seconds: i64,
    pub minutes: String,
}

statements! {
    WAITING = "select c.id, c.kind, c.category, c.risk, c.window_start, c.stage_since from changes c where c.stage = 'AWAITING_APPROVAL'
        order by c.id limit 1000";
    REQUESTS = "select c.id, c.kind, c.category, c.risk, c.window_start, c.stage_since from changes c where c.stage = 'SCHEDULED'
        and c.kind = 'service_request' and c.window_start > $1 order by c.id limit 200";
    SERVICES_OF = "select service_id from change_services where change_id = $1 and derived = 0 order by service_id";
    ORGS_OF = "select distinct org_id from change_orgs where change_id = $1 order by org_id";
    ITEMS = "select change_id, position, consent, heard_at, seconds, minutes from agenda where meeting_id = $1 order by consent, position, change_id";
    CLEAR = "delete from agenda where meeting_id = $1 and heard_at is null";
    ADD = "insert into agenda (meeting_id, change_id, position, consent, seconds, minutes) values ($1, $2, $3, $4, 0, '')
        on conflict (meeting_id, change_id) do update set position = excluded.position, consent = excluded.consent";
    HEARD = "update agenda set heard_at = coalesce(heard_at, $3) where meeting_id = $1 and change_id = $2";
    SPENT = "update agenda set seconds = seconds + $3 where meeting_id = $1 and change_id = $2";
    MINUTE = "update agenda set minutes = $3 where meeting_id = $1 and change_id = $2";
    IS_ON = "select change_id from agenda where meeting_id = $1 and change_id = $2";
}

struct Candidate {
    id: i64,
    subject: Subject,
    risk: i64,
    start: Option<Timestamp>,
    since: Timestamp,
}

fn candidate(row: &dyn Row) -> Result<Candidate, StoreError> {
    let subject = Subject { kind: row.text(1)?, category: row.opt_text(2)?.unwrap_or_default(), ..Subject::default() };
    Ok(Candidate { id: row.int(0)?, subject, risk: row.opt_int(3)?.unwrap_or(0), start: opt_time(row, 4)?, since: time(row, 5)? })
}

fn gather(tx: &mut dyn Tx, sql: &str, params: &[crate::Value]) -> Result<Vec<Candidate>, StoreError> {
    let mut found = tx.all(sql, params, candidate)?;
    for one in &mut found {
        one.subject.services = tx.all(SERVICES_OF, values![one.id], |row| row.int(0))?;
        one.subject.orgs = tx.all(ORGS_OF, values![one.id], |row| row.int(0))?;
    }
    Ok(found)
}

/// The items of a meeting, those to be discussed first.
pub fn agenda(tx: &mut dyn Tx, meeting: i64) -> Result<Vec<AgendaRow>, StoreError> {
    tx.all(ITEMS, values![meeting], |row| {
        Ok(AgendaRow {
            change_id: row.int(0)?,
            position: row.int(1)?,
            is_consent: row.boolean(2)?,
            heard_at: opt_time(row, 3)?,
            seconds: row.int(4)?,
            minutes: row.text(5)?,
        })
    })
}

/// Fills the papers of a planned meeting anew: what waits for this board's decision since before the cut-off, the
/// riskiest first, then by window; minor changes and service requests are listed only.
pub fn fill(tx: &mut dyn Tx, board: &BoardRow, of: &MeetingRow) -> Result<usize, StoreError> {
    if of.locked_at.is_some() || of.state != Hearing::Planned {
        return Ok(0);
    }
    let all = boards(tx)?;
    let is_ours = |c: &Candidate| board_for(&all, &c.subject).is_some_and(|b| b.id == board.id);
    let mut items: Vec<Candidate> = gather(tx, WAITING, &[])?.into_iter().filter(|c| c.since <= of.cutoff_at && is_ours(c)).collect();
    // Service requests are authorised by their entry: the board hears of them, whatever its categories.
    let in_reach = |c: &Candidate| super::BoardScope { kinds: vec![], categories: vec![], ..board.scope.clone() }.fit(&c.subject).is_some();
    let lists_requests = board.kind == "cab";
    if lists_requests {
        items.extend(gather(tx, REQUESTS, values![of.starts_at.as_microsecond()])?.into_iter().filter(in_reach));
    }
    let is_consent = |c: &Candidate| c.subject.category == "minor" || c.subject.kind == "service_request";
    items.sort_by_key(|c| (is_consent(c), std::cmp::Reverse(c.risk), c.start, c.id));
    tx.exec(CLEAR, values![of.id])?;
    for (n, item) in items.iter().enumerate() {
        tx.exec(ADD, values![of.id, item.id, n as i64 + 1, is_consent(item)])?;
    }
    Ok(items.len())
}

/// Puts a change on locked or open papers by hand, at the end. Only what waits for a decision.
pub fn add_item(tx: &mut dyn Tx, act: &Act, meeting_id: i64, change: i64) -> Answer<()> {
    let Some(found) = meeting(tx, meeting_id)?.filter(|m| matches!(m.state, Hearing::Planned | Hearing::Live)) else {
        return Ok(Err(Refused::WrongOrder));
    };
    if !tx.all(WAITING, &[], |row| row.int(0))?.contains(&change) {
        return Ok(Err(Refused::Invalid("reference")));
    }
    let last = agenda(tx, found.id)?.iter().map(|i| i.position).max().unwrap_or(0);
    tx.exec(ADD, values![found.id, change, last + 1, false])?;
    record_directory_event(tx, act, "ItemAdded", found.id, &json!({"change": change.to_string()}))?;
    Ok(Ok(()))
}

/// Whether a change is on the papers of a meeting.
pub fn is_on_agenda(tx: &mut dyn Tx, meeting: i64, change: i64) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(IS_ON, values![meeting, change], |_| Ok(()))?.is_some())
}

/// What was said about an item.
pub fn minute_item(tx: &mut dyn Tx, act: &Act, meeting: i64, change: i64, words: &str) -> Answer<()> {
    if tx.exec(MINUTE, values![meeting, change, words])? == 0 {
        return Ok(Err(Refused::Unknown("item")));
    }
    record_directory_event(tx, act, "ItemMinuted", meeting, &json!({"change": change.to_string()}))?;
    Ok(Ok(()))
}

pub(super) fn note_heard(tx: &mut dyn Tx, meeting: i64, change: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(HEARD, values![meeting, change, at.as_microsecond()])?;
    Ok(())
}

/// Adds the time spent on the current item to it.
pub(super) fn leave_item(tx: &mut dyn Tx, id: i64, at: Timestamp) -> Result<(), StoreError> {
    let Some(found) = meeting(tx, id)? else { return Ok(()) };
    if let (Some(change), Some(since)) = (found.current_item, found.item_since) {
        tx.exec(SPENT, values![id, change, at.duration_since(since).as_secs().max(0)])?;
    }
    Ok(())
}
