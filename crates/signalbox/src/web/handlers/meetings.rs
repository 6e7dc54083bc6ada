//! `/meetings/{id}`: the papers before a meeting, the meeting while it lasts, its minutes afterwards (C053 to C057).

mod deeds;
mod draw;
mod minutes;

pub use deeds::change;
pub use minutes::{calendar_file, minutes_file, minutes_page};

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::board::{Hearing, MeetingFact, Seat};
use signalbox_core::ids::{OrgId, PersonId};
use signalbox_store::boards::{self, Attendance, BoardRow, MeetingRow, SeatRow};
use signalbox_store::queries::agenda::{self, Paper, PaperLine};
use signalbox_store::scope::Scope;
use signalbox_store::{accounts, directory};
use std::collections::{BTreeMap, HashMap};

use super::boards as board_pages;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// A meeting as one person sees it.
pub(super) struct Seen {
    pub board: BoardRow,
    pub meeting: MeetingRow,
    pub seats: Vec<SeatRow>,
    pub attendance: Vec<Attendance>,
    pub papers: Vec<Paper>,
    pub names: HashMap<i64, String>,
    pub orgs: BTreeMap<i64, String>,
    /// Whether this person runs it: chairs, or keeps the boards.
    pub is_chair: bool,
    /// This person's seat, their own or the one they stand in for.
    pub seat: Option<SeatRow>,
}

impl Seen {
    pub fn read(app: &App, visitor: &Visitor, id: i64) -> Result<Seen, Failure> {
        let meeting = app.read::<_, Failure>(|tx| boards::meeting(tx, id))?.ok_or(Failure::NotFound)?;
        let (board, seats) = board_pages::find(app, visitor, meeting.board_id)?;
        let scope = Scope::of(&visitor.actor()?);
        app.read::<_, Failure>(|tx| {
            let mine = board_pages::my_seats(tx, visitor)?;
            let seat = mine.into_iter().find(|s| s.board_id == board.id);
            let chairs = seat.as_ref().is_some_and(|s| matches!(s.seat, Seat::Chair | Seat::Deputy));
            let papers = agenda::papers(tx, &scope, id)?;
            let voters = papers.iter().filter_map(|p| p.shown.as_ref()).flat_map(|s| &s.change.board.votes).flat_map(|v| v.by.people()).map(|p| p.0);
            let mut ids: Vec<i64> = seats.iter().map(|s| s.person_id).chain(voters).collect();
            ids.sort_unstable();
            ids.dedup();
            let names = if ids.is_empty() { HashMap::new() } else { accounts::names(tx, &ids)? };
            let mut orgs = BTreeMap::new();
            for seat in &seats {
                if let Some(org) = directory::organisation(tx, seat.org_id)? {
                    orgs.insert(org.id, org.name);
                }
            }
            let attendance = boards::attendance(tx, id)?;
            Ok(Seen {
                is_chair: chairs || board_pages::keeps(visitor),
                board: board.clone(),
                meeting: meeting.clone(),
                seats: seats.clone(),
                attendance,
                papers,
                names,
                orgs,
                seat,
            })
        })
    }

    pub fn name(&self, person: i64) -> String {
        self.names.get(&person).cloned().unwrap_or_else(|| "Somebody erased".into())
    }

    pub fn is_present(&self, person: i64) -> bool {
        self.attendance.iter().any(|a| a.person_id == person && a.is_present)
    }

    pub fn reply(&self, person: i64) -> &str {
        self.attendance.iter().find(|a| a.person_id == person).map_or("", |a| a.reply.as_str())
    }

    pub fn current(&self) -> Option<&Paper> {
        let id = self.meeting.current_item?;
        self.papers.iter().find(|p| p.item.change_id == id)
    }

    pub fn to_discuss(&self) -> impl Iterator<Item = &Paper> {
        self.papers.iter().filter(|p| !p.item.is_consent)
    }

    /// Whether members may still answer or the meeting goes on.
    pub fn is_open(&self) -> bool {
        matches!(self.meeting.state, Hearing::Planned | Hearing::Live)
    }

    /// The meeting and its board as the core's rules know them.
    pub fn facts(&self) -> (signalbox_core::board::BoardFact, MeetingFact) {
        let meeting = MeetingFact {
            meeting: self.meeting.id,
            starts_at: self.meeting.starts_at,
            state: self.meeting.state,
            until: self.meeting.until,
            present: self.attendance.iter().filter(|a| a.is_present).map(|a| PersonId(a.person_id)).collect(),
        };
        let seat = |s: &SeatRow| signalbox_core::board::SeatFact { person: PersonId(s.person_id), org: OrgId(s.org_id), org_kind: s.org_kind, seat: s.seat };
        let board = signalbox_core::board::BoardFact {
            id: self.board.id,
            name: self.board.name.clone(),
            seats: self.seats.iter().map(seat).collect(),
            meetings: vec![meeting.clone()],
        };
        (board, meeting)
    }

    /// What is missing for a quorum on a change; empty when it is met (BR-20b).
    pub fn lacking(&self, line: &PaperLine) -> Vec<&'static str> {
        let (board, meeting) = self.facts();
        signalbox_core::board::lacking(&line.change, &board, &meeting)
    }
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, super::id(&id)?)?;
    draw::draw(&app, &visitor, &seen, &Form::default(), &[])
}
