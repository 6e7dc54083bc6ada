//! Boards: what they decide on, who sits on them, and when they meet (spec 6.8).

pub(crate) mod agenda;
pub(crate) mod link;
pub(crate) mod meeting;

pub use agenda::*;
pub use link::*;
pub use meeting::*;

use crate::accounts;
use crate::directory::{Act, Answer, Refused, organisation, record_directory_event};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, Value, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::actor::OrgKind;
use signalbox_core::board::{BoardFact, Hearing, MeetingFact, Seat, SeatFact};
use signalbox_core::change::Change;
use signalbox_core::ids::{OrgId, PersonId};

/// Which changes a board decides on. An empty part means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardScope {
    pub kinds: Vec<String>,
    pub categories: Vec<String>,
    pub services: Vec<i64>,
    pub orgs: Vec<i64>,
}

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardRow {
    pub id: i64,
    /// Who chairs it.
    pub org_id: i64,
    pub name: String,
    /// `cab`, `tab` or `ecab`.
    pub kind: String,
    pub scope: BoardScope,
    /// 1 is Monday; `None`: no weekly meeting.
    pub weekday: Option<i64>,
    pub at_minute: i64,
    pub minutes: i64,
    /// The agenda closes so many working days before, at this local minute (BR-20a).
    pub cutoff_days: i64,
    pub cutoff_minute: i64,
    pub place: String,
}

/// Somebody's seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRow {
    pub id: i64,
    pub board_id: i64,
    pub person_id: i64,
    pub org_id: i64,
    pub org_kind: OrgKind,
    pub seat: Seat,
}

statements! {
    ALL = "select id, org_id, name, kind, scope_kinds, scope_categories, scope_services, scope_orgs, weekday, at_minute, minutes,
        cutoff_days, cutoff_minute, place from boards where ended_at is null order by name, id";
    ONE = "select id, org_id, name, kind, scope_kinds, scope_categories, scope_services, scope_orgs, weekday, at_minute, minutes,
        cutoff_days, cutoff_minute, place from boards where id = $1 and ended_at is null";
    ADD = "insert into boards (id, org_id, name, kind, scope_kinds, scope_categories, scope_services, scope_orgs, weekday, at_minute, minutes,
        cutoff_days, cutoff_minute, place, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    CHANGE = "update boards set name = $2, kind = $3, scope_kinds = $4, scope_categories = $5, scope_services = $6, scope_orgs = $7,
        weekday = $8, at_minute = $9, minutes = $10, cutoff_days = $11, cutoff_minute = $12, place = $13 where id = $1 and ended_at is null";
    END = "update boards set ended_at = $2 where id = $1 and ended_at is null";
    SEATS = "select s.id, s.board_id, s.person_id, s.org_id, o.kind, s.seat from board_seats s join organisations o on o.id = s.org_id
        join people p on p.id = s.person_id where s.board_id = $1 and s.ended_at is null and p.state = 'active' order by s.id";
    SEATS_OF = "select s.id, s.board_id, s.person_id, s.org_id, o.kind, s.seat from board_seats s join organisations o on o.id = s.org_id
        where s.person_id = $1 and s.ended_at is null order by s.board_id, s.id";
    ADD_SEAT = "insert into board_seats (id, board_id, person_id, org_id, seat, created_at) values ($1, $2, $3, $4, $5, $6)";
    END_SEAT = "update board_seats set ended_at = $3 where id = $1 and board_id = $2 and ended_at is null";
    OF_CHANGE = "select m.id, m.starts_at, m.state, m.until_at from agenda a join meetings m on m.id = a.meeting_id
        where a.change_id = $1 and m.board_id = $2 and (m.state = 'planned' or (m.state in ('live', 'held')
        and (a.heard_at is not null or m.until_at is not null))) order by m.starts_at, m.id";
    PRESENT = "select person_id from attendance where meeting_id = $1 and present = 1 order by person_id";
}

fn list(words: &str) -> Vec<String> {
    words.split(';').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn ids(words: &str) -> Vec<i64> {
    list(words).iter().filter_map(|w| w.parse().ok()).collect()
}

fn joined<T: ToString>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(";")
}

fn read(row: &dyn Row) -> Result<BoardRow, StoreError> {
    Ok(BoardRow {
        id: row.int(0)?,
        org_id: row.int(1)?,
        name: row.text(2)?,
        kind: row.text(3)?,
        scope: BoardScope { kinds: list(&row.text(4)?), categories: list(&row.text(5)?), services: ids(&row.text(6)?), orgs: ids(&row.text(7)?) },
        weekday: row.opt_int(8)?,
        at_minute: row.int(9)?,
        minutes: row.int(10)?,
        cutoff_days: row.int(11)?,
        cutoff_minute: row.int(12)?,
        place: row.text(13)?,
    })
}

fn read_seat(row: &dyn Row) -> Result<SeatRow, StoreError> {
    let code = row.text(5)?;
    Ok(SeatRow {
        id: row.int(0)?,
        board_id: row.int(1)?,
        person_id: row.int(2)?,
        org_id: row.int(3)?,
        org_kind: crate::directory::read_kind(row, 4)?,
        seat: Seat::from_code(&code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no seat")))?,
    })
}

/// Every board there is; there are never many.
pub fn boards(tx: &mut dyn Tx) -> Result<Vec<BoardRow>, StoreError> {
    tx.all(ALL, &[], read)
}

/// One board.
pub fn board(tx: &mut dyn Tx, id: i64) -> Result<Option<BoardRow>, StoreError> {
    tx.maybe_one(ONE, values![id], read)
}

fn parts(board: &BoardRow) -> [Value; 12] {
    let scope = &board.scope;
    [
        board.name.as_str().into(),
        board.kind.as_str().into(),
        joined(&scope.kinds).into(),
        joined(&scope.categories).into(),
        joined(&scope.services).into(),
        joined(&scope.orgs).into(),
        board.weekday.into(),
        board.at_minute.into(),
        board.minutes.into(),
        board.cutoff_days.into(),
        board.cutoff_minute.into(),
        board.place.as_str().into(),
    ]
}

fn flaw(board: &BoardRow) -> Option<Refused> {
    let is_day = board.weekday.is_none_or(|d| (1..=7).contains(&d));
    let is_minute = |m: i64| (0..1_440).contains(&m);
    match () {
        () if board.name.trim().is_empty() => Some(Refused::Invalid("name")),
        () if !is_day => Some(Refused::Invalid("weekday")),
        () if !is_minute(board.at_minute) => Some(Refused::Invalid("at")),
        () if !(5..=600).contains(&board.minutes) => Some(Refused::Invalid("minutes")),
        () if !(0..=20).contains(&board.cutoff_days) || !is_minute(board.cutoff_minute) => Some(Refused::Invalid("cutoff_days")),
        () => None,
    }
}

/// Sets a board up, or changes it. The authority chairs (X17).
pub fn save_board(tx: &mut dyn Tx, act: &Act, row: &BoardRow) -> Answer<i64> {
    if organisation(tx, row.org_id)?.is_none_or(|org| org.kind != OrgKind::Authority) {
        return Ok(Err(Refused::Invalid("organisation")));
    }
    if let Some(refused) = flaw(row) {
        return Ok(Err(refused));
    }
    let is_new = board(tx, row.id)?.is_none();
    let mut all: Vec<Value> = vec![row.id.into()];
    if is_new {
        all.push(row.org_id.into());
    }
    all.extend(parts(row));
    if is_new {
        all.push(act.at.as_microsecond().into());
    }
    tx.exec(if is_new { ADD } else { CHANGE }, &all)?;
    // The name is free text and stays out of the event (settled 20).
    let payload = json!({"organisation": row.org_id.to_string(), "kind": row.kind, "weekday": row.weekday, "at": row.at_minute,
        "kinds": row.scope.kinds, "categories": row.scope.categories});
    record_directory_event(tx, act, if is_new { "BoardSetUp" } else { "BoardChanged" }, row.id, &payload)?;
    Ok(Ok(row.id))
}

/// Dissolves a board. False if it was.
pub fn end_board(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if tx.exec(END, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "BoardDissolved", id, &json!({}))?;
    Ok(Ok(true))
}

/// Who sits on a board.
pub fn seats(tx: &mut dyn Tx, board: i64) -> Result<Vec<SeatRow>, StoreError> {
    tx.all(SEATS, values![board], read_seat)
}

/// Where a person sits.
pub fn seats_of(tx: &mut dyn Tx, person: i64) -> Result<Vec<SeatRow>, StoreError> {
    tx.all(SEATS_OF, values![person], read_seat)
}

/// Gives somebody a seat for an organisation of theirs. A safety officer's seat is for a safety officer.
pub fn add_seat(tx: &mut dyn Tx, act: &Act, new: &SeatRow) -> Answer<i64> {
    if board(tx, new.board_id)?.is_none() {
        return Ok(Err(Refused::Unknown("board")));
    }
    let Some(row) = accounts::actor(tx, new.person_id)? else { return Ok(Err(Refused::Unknown("person"))) };
    let fits = |m: &accounts::Membership| m.org_id == new.org_id && (new.seat != Seat::Safety || m.role.is_safety_officer());
    if !row.memberships.iter().any(fits) {
        return Ok(Err(Refused::Invalid("person")));
    }
    tx.exec(ADD_SEAT, values![new.id, new.board_id, new.person_id, new.org_id, new.seat.code(), act.at.as_microsecond()])?;
    let payload = json!({"board": new.board_id.to_string(), "person": new.person_id.to_string(), "organisation": new.org_id.to_string(),
        "seat": new.seat.code()});
    record_directory_event(tx, act, "SeatGiven", new.id, &payload)?;
    Ok(Ok(new.id))
}

/// Ends a seat. False if it had ended.
pub fn end_seat(tx: &mut dyn Tx, act: &Act, board: i64, id: i64) -> Answer<bool> {
    if tx.exec(END_SEAT, values![id, board, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "SeatEnded", id, &json!({"board": board.to_string()}))?;
    Ok(Ok(true))
}

/// What a board's scope is compared with.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub kind: String,
    pub category: String,
    pub services: Vec<i64>,
    pub orgs: Vec<i64>,
}

impl BoardScope {
    /// How closely it fits: a part for each thing that it names. `None`: not in scope.
    pub fn fit(&self, subject: &Subject) -> Option<usize> {
        let touches = |named: &[i64], are: &[i64]| named.is_empty() || named.iter().any(|id| are.contains(id));
        let is_one = |named: &[String], is: &str| named.is_empty() || named.iter().any(|code| code == is);
        let fits = is_one(&self.kinds, &subject.kind)
            && is_one(&self.categories, &subject.category)
            && touches(&self.services, &subject.services)
            && touches(&self.orgs, &subject.orgs);
        let parts = [!self.kinds.is_empty(), !self.categories.is_empty(), !self.services.is_empty(), !self.orgs.is_empty()];
        fits.then(|| parts.into_iter().filter(|named| *named).count())
    }
}

/// The board for a change: the closest scope, the older board among equals. An emergency board takes emergencies only.
pub fn board_for<'b>(boards: &'b [BoardRow], subject: &Subject) -> Option<&'b BoardRow> {
    let meant = |b: &&BoardRow| (b.kind == "ecab") == (subject.kind == "emergency");
    let fitting = boards.iter().filter(meant).filter_map(|b| Some((b.scope.fit(subject)?, b)));
    fitting.max_by_key(|(fit, b)| (*fit, std::cmp::Reverse(b.id))).map(|(_, b)| b)
}

/// What of a change a scope looks at.
pub fn subject_of(change: &Change) -> Subject {
    let services = change.content.as_ref().map(|c| c.header.services.iter().map(|s| s.0).collect()).unwrap_or_default();
    Subject {
        kind: change.kind.code().to_owned(),
        category: change.classification.as_ref().map(|c| c.category.clone()).unwrap_or_default(),
        services,
        orgs: change.orgs().iter().map(|o| o.0).collect(),
    }
}

/// The board of a change with its seats and meetings, as deciding needs it.
pub fn fact(tx: &mut dyn Tx, change: &Change) -> Result<Option<BoardFact>, StoreError> {
    let all = boards(tx)?;
    let Some(found) = board_for(&all, &subject_of(change)) else { return Ok(None) };
    let seats = seats(tx, found.id)?;
    let seats = seats.into_iter().map(|s| SeatFact { person: PersonId(s.person_id), org: OrgId(s.org_id), org_kind: s.org_kind, seat: s.seat }).collect();
    let rows = tx.all(OF_CHANGE, values![change.id.0, found.id], |row| {
        Ok((row.int(0)?, crate::page::time(row, 1)?, hearing(&row.text(2)?)?, crate::page::opt_time(row, 3)?))
    })?;
    let mut meetings = vec![];
    for (meeting, starts_at, state, until) in rows {
        let present = tx.all(PRESENT, values![meeting], |row| row.int(0).map(PersonId))?.into_iter().collect();
        meetings.push(MeetingFact { meeting, starts_at, state, until, present });
    }
    Ok(Some(BoardFact { id: found.id, name: found.name.clone(), seats, meetings }))
}

/// How many meetings ahead one with an open agenda is looked for.
const MEETINGS_AHEAD: i64 = 20;

/// When the board whose scope covers the change will have met next, of those meetings whose agenda is still open.
pub fn meets_next(tx: &mut dyn Tx, change: &Change, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let all = boards(tx)?;
    let Some(found) = board_for(&all, &subject_of(change)) else { return Ok(None) };
    let meetings = meeting::meetings_after(tx, found.id, now, MEETINGS_AHEAD)?;
    let next = meetings.into_iter().find(|meeting| meeting.state == Hearing::Planned && meeting.cutoff_at > now);
    Ok(next.map(|meeting| meeting.until.unwrap_or(meeting.ends_at)))
}

fn hearing(code: &str) -> Result<Hearing, StoreError> {
    Hearing::from_code(code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no state of a meeting")))
}

/// Boards whose chair and deputy are both away on some day, or that have neither (X2).
pub fn unchaired(tx: &mut dyn Tx, board: i64, at: Timestamp) -> Result<bool, StoreError> {
    for seat in seats(tx, board)?.into_iter().filter(|s| matches!(s.seat, Seat::Chair | Seat::Deputy)) {
        if !crate::rota::is_away(tx, seat.person_id, at)? {
            return Ok(false);
        }
    }
    Ok(true)
}
