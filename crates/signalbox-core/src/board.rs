//! Boards advise and the chair decides (spec 6.8, BR-20). Votes are events of the change; who sits on a board, when it
//! meets and who came are the directory's, and reach the core as facts.

use crate::actor::{OrgKind, Role, Stamp};
use crate::change::{Change, Clinical, Stage, Window};
use crate::decide::Context;
use crate::form::Answer;
use crate::ids::{OrgId, PersonId};
use crate::permit::is_own_work;
use crate::refusal::Bar;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the approver table says where a board is asked.
pub const BOARD_WORDS: &str = "change advisory board";

vocabulary! {
    /// A vote. It is advice, but for a safety officer's no (BR-20c).
    Choice {
        For = "for", "for";
        Against = "against", "against";
        Abstain = "abstain", "no view";
    }
}

vocabulary! {
    /// What somebody is on a board.
    Seat {
        Chair = "chair", "chair";
        Deputy = "deputy", "deputy chair";
        Member = "member", "member";
        Safety = "safety", "safety officer";
        Observer = "observer", "observer";
    }
}

vocabulary! {
    /// How far a meeting has come.
    Hearing {
        Planned = "planned", "planned";
        Live = "live", "in session";
        Held = "held", "held";
        Cancelled = "cancelled", "cancelled";
    }
}

/// A vote as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voted {
    pub board: i64,
    pub meeting: Option<i64>,
    pub choice: Choice,
    pub seat: Seat,
    /// What was voted on: a vote on another content is not counted (R5).
    pub content: String,
    pub words: Option<Text>,
}

/// How a board stood when its chair decided, kept with the approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub board: i64,
    pub meeting: i64,
    pub votes_for: usize,
    pub votes_against: usize,
    /// Affected trusts that said nothing where silence counts (BR-20d).
    pub deemed: Vec<OrgId>,
}

/// A vote in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub by: Stamp,
    pub at: Timestamp,
    pub vote: Voted,
}

/// A move small enough to keep its approvals once it is re-affirmed (X10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub at: Timestamp,
    pub window: Window,
    /// A safety officer has agreed, where direct care is touched.
    pub safety: Option<Stamp>,
}

/// What boards add to a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    pub votes: Vec<Vote>,
    pub moved: Option<Moved>,
}

impl Board {
    /// The votes on this content.
    pub fn on<'a>(&'a self, content: &'a str) -> impl Iterator<Item = &'a Vote> {
        self.votes.iter().filter(move |v| v.vote.content == content)
    }

    /// SD-3: a person counts once, whatever seats they hold and for whomever they vote; what they say last counts.
    pub fn put(&mut self, by: &Stamp, at: Timestamp, vote: &Voted) {
        self.votes.retain(|v| !v.by.shares_a_person_with(by));
        self.votes.push(Vote { by: by.clone(), at, vote: vote.clone() });
    }
}

/// Somebody's place on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatFact {
    pub person: PersonId,
    pub org: OrgId,
    pub org_kind: OrgKind,
    pub seat: Seat,
}

/// A meeting at which the change is on the agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingFact {
    pub meeting: i64,
    pub starts_at: Timestamp,
    pub state: Hearing,
    /// Members answer in writing until the deadline instead of meeting.
    pub until: Option<Timestamp>,
    pub present: BTreeSet<PersonId>,
}

/// The board whose scope covers the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardFact {
    pub id: i64,
    pub name: String,
    pub seats: Vec<SeatFact>,
    /// First meeting first; the cancelled ones are not among them.
    pub meetings: Vec<MeetingFact>,
}

impl BoardFact {
    /// The place under which this stamp votes: the person's own, or that of whom they stand in for.
    pub fn seat_of(&self, stamp: &Stamp) -> Option<&SeatFact> {
        let of = |person: PersonId| self.seats.iter().find(|s| s.person == person && s.seat != Seat::Observer);
        stamp.for_person.and_then(of).or_else(|| stamp.person.and_then(of))
    }

    /// The meeting at which the change is heard: in session, else the last held, else the next.
    pub fn hearing(&self) -> Option<&MeetingFact> {
        let with = |state: Hearing| self.meetings.iter().filter(move |m| m.state == state);
        with(Hearing::Live).next_back().or_else(|| with(Hearing::Held).next_back()).or_else(|| with(Hearing::Planned).next())
    }
}

/// Whether the document's approver for this change is a board.
pub fn is_asked(ctx: &Context, change: &Change) -> bool {
    let found = crate::decide::ruling::rule_on(ctx, change, "approver");
    found.is_some_and(|(_, outputs)| outputs.get("approver").is_some_and(|words| is_board(words)))
}

/// Whether these words name a board.
pub fn is_board(words: &str) -> bool {
    words.split([';', ',']).any(|w| w.trim().eq_ignore_ascii_case(BOARD_WORDS))
}

/// Who decides by these words: a board's decision is recorded by the authority's change manager, who chairs (X17).
pub fn role_of(words: &str) -> Option<Role> {
    let words = words.trim();
    if words.eq_ignore_ascii_case(BOARD_WORDS) { Some(Role::AuthorityManager) } else { Role::from_words(words) }
}

/// The gate `board decided`: heard at a meeting with a quorum, twice where the change is major, and no safety officer
/// said no. Where no board is set up for the change, the authority's manager records the decision as before.
pub(crate) fn undecided(ctx: &Context, change: &Change) -> Option<Bar> {
    if !is_asked(ctx, change) {
        return None;
    }
    let content = change.content.as_ref().map_or("", |c| c.hash.as_str());
    let says_no = |v: &&Vote| v.vote.seat == Seat::Safety && v.vote.choice == Choice::Against;
    if change.board.on(content).any(|v| says_no(&v)) {
        return Some(Bar::new("board-safety-no"));
    }
    let board = ctx.facts.board.as_ref()?;
    let heard: Vec<&MeetingFact> = board.meetings.iter().filter(|m| matches!(m.state, Hearing::Live | Hearing::Held)).collect();
    let Some(last) = heard.last() else {
        let next = board.meetings.iter().find(|m| m.state == Hearing::Planned).map(|m| m.starts_at.to_string()).unwrap_or_default();
        return Some(Bar::new("board-not-met").with(&board.name).with(next));
    };
    let lacking = lacking(change, board, last);
    if !lacking.is_empty() {
        return Some(Bar::new("quorum-short").with(lacking.join(", ")));
    }
    // BR-5: two meetings for a major change.
    let is_major = change.classification.as_ref().is_some_and(|c| c.category == "major");
    (is_major && heard.len() < 2).then(|| Bar::new("board-second-meeting").with(&board.name))
}

/// BR-20b: the chair, the supplier, a trust, and for what faces patients a safety officer or one's written view. What
/// lacks, in words.
pub fn lacking(change: &Change, board: &BoardFact, meeting: &MeetingFact) -> Vec<&'static str> {
    let there: Vec<&SeatFact> = board.seats.iter().filter(|s| s.seat != Seat::Observer && is_there(change, meeting, s.person)).collect();
    let mut found = vec![];
    if !there.iter().any(|s| matches!(s.seat, Seat::Chair | Seat::Deputy)) {
        found.push("the chair");
    }
    for (kind, words) in [(OrgKind::Supplier, "a supplier"), (OrgKind::Trust, "a trust")] {
        if !there.iter().any(|s| s.org_kind == kind) {
            found.push(words);
        }
    }
    let faces_patients = change.parties().direct_care || matches!(crate::decide::answer(change, "patient_facing"), Some(Answer::Choice(c)) if c == "direct");
    if faces_patients && !there.iter().any(|s| s.seat == Seat::Safety) && !has_written_view(change) {
        found.push("a safety officer, or one's written view");
    }
    found
}

/// Present, or heard in writing where the board answers in writing.
fn is_there(change: &Change, meeting: &MeetingFact, person: PersonId) -> bool {
    let wrote = meeting.until.is_some() && change.board.votes.iter().any(|v| v.by.concerns(person));
    wrote || meeting.present.contains(&person)
}

fn has_written_view(change: &Change) -> bool {
    match &change.clinical {
        Clinical::Accepted { .. } => true,
        Clinical::NotRequired { by, .. } => by.role.is_some_and(Role::is_safety_officer),
        _ => false,
    }
}

/// BR-20d and X9: affected trusts on the board that said nothing, where silence counts. Nobody is deemed to agree where
/// direct care or impact 1 or 2 is touched.
pub fn deemed(change: &Change, board: &BoardFact, meeting: &MeetingFact) -> Vec<OrgId> {
    let impact = change.classification.as_ref().map_or(1, |c| c.impact);
    if change.parties().direct_care || impact <= 2 {
        return vec![];
    }
    let spoke = |org: OrgId| {
        board.seats.iter().any(|s| {
            s.org == org && s.seat != Seat::Observer && (meeting.present.contains(&s.person) || change.board.votes.iter().any(|v| v.by.concerns(s.person)))
        })
    };
    let seated = |org: &OrgId| board.seats.iter().any(|s| s.org == *org && s.seat != Seat::Observer);
    change.parties().affected.into_iter().filter(|org| *org != change.org && seated(org) && !spoke(*org)).collect()
}

/// How the board stands now, for the approval that its chair records.
pub(crate) fn heard(ctx: &Context, change: &Change) -> Option<Heard> {
    let board = ctx.facts.board.as_ref().filter(|_| is_asked(ctx, change))?;
    let meeting = board.hearing()?;
    let content = change.content.as_ref().map_or("", |c| c.hash.as_str());
    let count = |choice: Choice| change.board.on(content).filter(|v| v.vote.choice == choice).count();
    Some(Heard {
        board: board.id,
        meeting: meeting.meeting,
        votes_for: count(Choice::For),
        votes_against: count(Choice::Against),
        deemed: deemed(change, board, meeting),
    })
}

/// What bars a vote: no board, no seat, one's own work (SD-1), or the meeting has begun without this member (BR-20d).
pub(crate) fn vote_bar(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let Some(board) = ctx.facts.board.as_ref() else { return Some(Bar::new("no-board")) };
    let Some(seat) = board.seat_of(stamp) else { return Some(Bar::new("not-on-the-board").with(&board.name)) };
    if is_own_work(change, stamp) {
        return Some(crate::cover::own_work_bar(stamp));
    }
    let meeting = board.hearing()?;
    let is_over = match (meeting.state, meeting.until) {
        (Hearing::Held, _) => true,
        (_, Some(until)) => ctx.now >= until,
        (Hearing::Live, None) => !stamp.people().chain([seat.person]).any(|p| meeting.present.contains(&p)),
        _ => false,
    };
    is_over.then(|| Bar::new("vote-too-late"))
}

/// An approval may be taken back until the start, by who gave it or stands where they stood; a refusal within ten
/// minutes, by who gave it.
pub(crate) fn take_back_bar(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    if change.stage == Stage::Rejected {
        let last = change.refusals.last()?;
        let is_theirs = last.by.as_ref().is_some_and(|by| by.shares_a_person_with(stamp));
        let until = last.at.checked_add(UNDO).unwrap_or(last.at);
        return (!is_theirs || ctx.now > until).then(|| Bar::new("take-back-late"));
    }
    if change.window().is_some_and(|w| ctx.now >= w.start) {
        return Some(Bar::new("take-back-started"));
    }
    let is_theirs = |by: &Stamp| by.shares_a_person_with(stamp) || (by.org.map(|org| change.heir_of(org)) == stamp.org && by.role == stamp.role);
    (!change.live_approvals().any(|a| is_theirs(&a.by))).then(|| Bar::new("not-your-approval"))
}

/// For how long a decision may be undone as a slip.
pub const UNDO: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// X10: who may re-affirm a small move, and when.
pub(crate) fn reaffirm_bar(_: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let Some(moved) = &change.board.moved else { return Some(Bar::new("no-small-move")) };
    let needs_officer = change.parties().direct_care && moved.safety.is_none();
    let is_officer = stamp.role.is_some_and(Role::is_safety_officer);
    match (needs_officer, is_officer) {
        (true, false) => Some(Bar::new("move-needs-officer")),
        (false, true) => Some(Bar::new("role").with(Role::AuthorityManager.words())),
        _ => None,
    }
}

/// X10: the same night, no longer, the same things; beyond BR-31's tolerance.
pub(crate) fn is_small_move(before: Window, after: Window, zone: &jiff::tz::TimeZone) -> bool {
    // A night runs from noon to noon.
    let night = |at: Timestamp| at.checked_sub(jiff::SignedDuration::from_hours(12)).ok().map(|at| zone.to_datetime(at).date());
    let length = |w: Window| w.contingency_end.as_microsecond() - w.start.as_microsecond();
    night(before.start) == night(after.start) && length(after) <= length(before)
}
