//! Meetings: made ahead from the weekly rule, moved or cancelled one by one, opened, and closed with minutes.

use super::{BoardRow, board, boards, hearing};
use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::rota::zone_of;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use signalbox_core::board::Hearing;
use signalbox_core::calendar::{Calendar, Division};

/// A meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingRow {
    pub id: i64,
    pub board_id: i64,
    /// The day that the weekly rule gave it, so that a moved or cancelled one is not made again.
    pub rule_date: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Members answer in writing until then instead of meeting.
    pub until: Option<Timestamp>,
    pub cutoff_at: Timestamp,
    pub place: String,
    pub state: Hearing,
    /// The papers are fixed.
    pub locked_at: Option<Timestamp>,
    pub opened_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub current_item: Option<i64>,
    pub item_since: Option<Timestamp>,
    pub minutes: String,
}

/// Somebody's answer to the invitation, and whether they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    pub person_id: i64,
    /// `yes`, `no` or empty.
    pub reply: String,
    pub is_present: bool,
    pub invited_at: Option<Timestamp>,
}

statements! {
    ONE = "select id, board_id, rule_date, starts_at, ends_at, until_at, cutoff_at, place, state, locked_at, opened_at, closed_at, current_item,
        item_since, minutes from meetings where id = $1";
    OF_BOARD = "select id, board_id, rule_date, starts_at, ends_at, until_at, cutoff_at, place, state, locked_at, opened_at, closed_at, current_item,
        item_since, minutes from meetings where board_id = $1 and starts_at > $2 order by starts_at, id limit $3";
    BEFORE = "select id, board_id, rule_date, starts_at, ends_at, until_at, cutoff_at, place, state, locked_at, opened_at, closed_at, current_item,
        item_since, minutes from meetings where board_id = $1 and starts_at <= $2 order by starts_at desc, id desc limit $3";
    BY_RULE = "select id from meetings where board_id = $1 and rule_date = $2";
    ADD = "insert into meetings (id, board_id, rule_date, starts_at, ends_at, until_at, cutoff_at, place, state, minutes)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'planned', '')";
    MOVE = "update meetings set starts_at = $2, ends_at = $3, cutoff_at = $4, place = $5 where id = $1 and state = 'planned'";
    CANCEL = "update meetings set state = 'cancelled' where id = $1 and state = 'planned'";
    LOCK = "update meetings set locked_at = $2 where id = $1 and locked_at is null and state in ('planned', 'live')";
    OPEN = "update meetings set state = 'live', opened_at = $2, locked_at = coalesce(locked_at, $2) where id = $1 and state = 'planned'";
    CLOSE = "update meetings set state = 'held', closed_at = $2, current_item = null, item_since = null where id = $1 and state = 'live'";
    ITEM = "update meetings set current_item = $2, item_since = $3 where id = $1 and state = 'live'";
    MINUTES = "update meetings set minutes = $2 where id = $1";
    ATTENDANCE = "select person_id, reply, present, invited_at from attendance where meeting_id = $1 order by person_id";
    REPLY = "insert into attendance (meeting_id, person_id, reply, present) values ($1, $2, $3, 0)
        on conflict (meeting_id, person_id) do update set reply = excluded.reply";
    CAME = "insert into attendance (meeting_id, person_id, reply, present) values ($1, $2, '', $3)
        on conflict (meeting_id, person_id) do update set present = excluded.present";
    INVITED = "insert into attendance (meeting_id, person_id, reply, present, invited_at) values ($1, $2, '', 0, $3)
        on conflict (meeting_id, person_id) do update set invited_at = excluded.invited_at";
}

fn read(row: &dyn Row) -> Result<MeetingRow, StoreError> {
    Ok(MeetingRow {
        id: row.int(0)?,
        board_id: row.int(1)?,
        rule_date: row.opt_text(2)?,
        starts_at: time(row, 3)?,
        ends_at: time(row, 4)?,
        until: opt_time(row, 5)?,
        cutoff_at: time(row, 6)?,
        place: row.text(7)?,
        state: hearing(&row.text(8)?)?,
        locked_at: opt_time(row, 9)?,
        opened_at: opt_time(row, 10)?,
        closed_at: opt_time(row, 11)?,
        current_item: row.opt_int(12)?,
        item_since: opt_time(row, 13)?,
        minutes: row.text(14)?,
    })
}

/// One meeting.
pub fn meeting(tx: &mut dyn Tx, id: i64) -> Result<Option<MeetingRow>, StoreError> {
    tx.maybe_one(ONE, values![id], read)
}

/// The meetings of a board that start after a moment, soonest first.
pub fn meetings_after(tx: &mut dyn Tx, board: i64, after: Timestamp, most: i64) -> Result<Vec<MeetingRow>, StoreError> {
    tx.all(OF_BOARD, values![board, after.as_microsecond(), most], read)
}

/// The meetings of a board that started up to a moment, latest first.
pub fn meetings_before(tx: &mut dyn Tx, board: i64, until: Timestamp, most: i64) -> Result<Vec<MeetingRow>, StoreError> {
    tx.all(BEFORE, values![board, until.as_microsecond(), most], read)
}

/// A wall time on a day as an instant. In the hour that is skipped it is the next that exists; of two it is the first.
fn at(day: Date, minute: i64, zone: &TimeZone) -> Result<Timestamp, StoreError> {
    let wall = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    zone.to_ambiguous_timestamp(wall).compatible().map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// When the agenda of a meeting closes: two working days before at noon, unless the board says otherwise (BR-20a).
fn cutoff(tx: &mut dyn Tx, board: &BoardRow, starts_at: Timestamp) -> Result<Timestamp, StoreError> {
    let zone = zone_of(tx, board.org_id)?;
    let division = crate::directory::organisation(tx, board.org_id)?.and_then(|o| Division::from_code(&o.calendar));
    let calendar = Calendar::shipped(division.unwrap_or(Division::EnglandAndWales));
    at(calendar.add_working_days(zone.to_datetime(starts_at).date(), -board.cutoff_days), board.cutoff_minute, &zone)
}

/// The meetings that the weekly rules give for the coming weeks and that are not there yet; how many were made. The
/// local time stays the same over a change of clocks.
pub fn plan_ahead(tx: &mut dyn Tx, now: Timestamp, weeks: i64, mut mint: impl FnMut() -> i64) -> Result<usize, StoreError> {
    let mut made = 0;
    for board in boards(tx)? {
        let Some(weekday) = board.weekday.and_then(|d| Weekday::from_monday_one_offset(d as i8).ok()) else { continue };
        let zone = zone_of(tx, board.org_id)?;
        let today = zone.to_datetime(now).date();
        for n in 0..weeks * 7 {
            let day = today.checked_add(n.days()).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            if day.weekday() != weekday || tx.maybe_one(BY_RULE, values![board.id, day.to_string()], |row| row.int(0))?.is_some() {
                continue;
            }
            let starts_at = at(day, board.at_minute, &zone)?;
            if starts_at <= now {
                continue;
            }
            let ends_at = starts_at + SignedDuration::from_mins(board.minutes);
            let cutoff_at = cutoff(tx, &board, starts_at)?;
            insert(tx, mint(), &board, Some(day.to_string()), (starts_at, ends_at), None, cutoff_at)?;
            made += 1;
        }
    }
    Ok(made)
}

fn insert(
    tx: &mut dyn Tx,
    id: i64,
    board: &BoardRow,
    rule_date: Option<String>,
    (starts_at, ends_at): (Timestamp, Timestamp),
    until: Option<Timestamp>,
    cutoff_at: Timestamp,
) -> Result<(), StoreError> {
    let until = until.map(Timestamp::as_microsecond);
    let place = board.place.as_str();
    tx.exec(ADD, values![id, board.id, rule_date, starts_at.as_microsecond(), ends_at.as_microsecond(), until, cutoff_at.as_microsecond(), place])?;
    Ok(())
}

/// A meeting beside the weekly rule, or one that answers in writing until a deadline.
pub fn call_meeting(tx: &mut dyn Tx, act: &Act, id: i64, board_id: i64, starts_at: Timestamp, until: Option<Timestamp>) -> Answer<i64> {
    let Some(board) = board(tx, board_id)? else { return Ok(Err(Refused::Unknown("board"))) };
    if starts_at < act.at - SignedDuration::from_mins(5) {
        return Ok(Err(Refused::Invalid("starts_at")));
    }
    if until.is_some_and(|until| until <= starts_at) {
        return Ok(Err(Refused::Invalid("until")));
    }
    let ends_at = until.unwrap_or(starts_at + SignedDuration::from_mins(board.minutes));
    let cutoff_at = if until.is_some() { starts_at } else { cutoff(tx, &board, starts_at)?.max(act.at) };
    insert(tx, id, &board, None, (starts_at, ends_at), until, cutoff_at)?;
    let payload = json!({"board": board_id.to_string(), "starts_at": starts_at.as_microsecond().to_string(), "in_writing": until.is_some()});
    record_directory_event(tx, act, "MeetingCalled", id, &payload)?;
    Ok(Ok(id))
}

/// Moves a planned meeting: an exception to the weekly rule.
pub fn move_meeting(tx: &mut dyn Tx, act: &Act, id: i64, starts_at: Timestamp, place: &str) -> Answer<bool> {
    let Some(found) = meeting(tx, id)? else { return Ok(Err(Refused::Unknown("meeting"))) };
    let Some(board) = board(tx, found.board_id)? else { return Ok(Err(Refused::Unknown("board"))) };
    if starts_at <= act.at {
        return Ok(Err(Refused::Invalid("starts_at")));
    }
    let ends_at = starts_at + found.ends_at.duration_since(found.starts_at);
    let cutoff_at = cutoff(tx, &board, starts_at)?;
    if tx.exec(MOVE, values![id, starts_at.as_microsecond(), ends_at.as_microsecond(), cutoff_at.as_microsecond(), place])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    record_directory_event(tx, act, "MeetingMoved", id, &json!({"starts_at": starts_at.as_microsecond().to_string()}))?;
    Ok(Ok(true))
}

/// A step in a meeting's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Cancel,
    /// The papers stay as they are.
    Lock,
    Open,
    Close,
}

/// Takes a step, or says that it is not its time.
pub fn step_meeting(tx: &mut dyn Tx, act: &Act, id: i64, step: Step) -> Answer<()> {
    let at = act.at.as_microsecond();
    let (changed, kind) = match step {
        Step::Cancel => (tx.exec(CANCEL, values![id])?, "MeetingCancelled"),
        Step::Lock => (tx.exec(LOCK, values![id, at])?, "PapersLocked"),
        Step::Open => (tx.exec(OPEN, values![id, at])?, "MeetingOpened"),
        Step::Close => {
            super::leave_item(tx, id, act.at)?;
            (tx.exec(CLOSE, values![id, at])?, "MeetingClosed")
        }
    };
    if changed == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    record_directory_event(tx, act, kind, id, &json!({}))?;
    Ok(Ok(()))
}

/// Turns to an item of the agenda.
pub fn turn_to(tx: &mut dyn Tx, act: &Act, id: i64, change: i64) -> Answer<()> {
    super::leave_item(tx, id, act.at)?;
    if tx.exec(ITEM, values![id, change, act.at.as_microsecond()])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    super::note_heard(tx, id, change, act.at)?;
    record_directory_event(tx, act, "ItemCalled", id, &json!({"change": change.to_string()}))?;
    Ok(Ok(()))
}

/// The minutes of the meeting as a whole. They are free text, so the event says only that they were written.
pub fn write_minutes(tx: &mut dyn Tx, act: &Act, id: i64, words: &str) -> Result<(), StoreError> {
    tx.exec(MINUTES, values![id, words])?;
    record_directory_event(tx, act, "MinutesWritten", id, &json!({}))
}

/// Replies and who came.
pub fn attendance(tx: &mut dyn Tx, id: i64) -> Result<Vec<Attendance>, StoreError> {
    tx.all(ATTENDANCE, values![id], |row| {
        Ok(Attendance { person_id: row.int(0)?, reply: row.text(1)?, is_present: row.boolean(2)?, invited_at: opt_time(row, 3)? })
    })
}

/// A member's answer to the invitation.
pub fn reply(tx: &mut dyn Tx, act: &Act, id: i64, person: i64, is_coming: bool) -> Result<(), StoreError> {
    tx.exec(REPLY, values![id, person, if is_coming { "yes" } else { "no" }])?;
    record_directory_event(tx, act, "InvitationAnswered", id, &json!({"person": person.to_string(), "comes": is_coming}))
}

/// Who is there, out of those who sit on the board.
pub fn note_present(tx: &mut dyn Tx, act: &Act, id: i64, all: &[i64], present: &[i64]) -> Result<(), StoreError> {
    for person in all {
        tx.exec(CAME, values![id, *person, present.contains(person)])?;
    }
    let present: Vec<String> = present.iter().map(i64::to_string).collect();
    record_directory_event(tx, act, "AttendanceNoted", id, &json!({"present": present}))
}

/// Somebody was invited.
pub fn note_invited(tx: &mut dyn Tx, id: i64, person: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(INVITED, values![id, person, at.as_microsecond()])?;
    Ok(())
}
