//! What the public is told of a change whose notice the authority opened: its updates follow from the change's own facts,
//! so that nobody has to remember to write them (C128). Words, names and addresses are the notice's; here are the times.

use crate::alarm::back_at;
use crate::change::{Change, Confidentiality};
use crate::words::vocabulary;
use jiff::Timestamp;

vocabulary! {
    /// What an update says.
    Kind {
        Planned = "planned", "planned";
        Moved = "moved", "moved";
        /// The time is no longer agreed, and is being decided again.
        Undecided = "undecided", "being decided again";
        Started = "started", "in progress";
        Extended = "extended", "taking longer";
        Restored = "restored", "over";
        Cancelled = "cancelled", "cancelled";
        /// Somebody changed the words of the notice.
        Reworded = "reworded", "words changed";
        /// The notice was taken back, or the change became confidential.
        Withdrawn = "withdrawn", "withdrawn";
    }
}

vocabulary! {
    /// How the work of a notice stands.
    State {
        Planned = "planned", "planned";
        Undecided = "undecided", "being decided again";
        Running = "running", "in progress";
        Restored = "restored", "over";
        Cancelled = "cancelled", "cancelled";
        Withdrawn = "withdrawn", "withdrawn";
    }
}

impl State {
    /// Nothing follows after it.
    pub fn is_final(self) -> bool {
        matches!(self, State::Restored | State::Cancelled | State::Withdrawn)
    }

    fn is_ahead(self) -> bool {
        matches!(self, State::Planned | State::Undecided)
    }
}

/// How the work stands, and from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub start: Timestamp,
    /// The planned end; once it runs, the expected one; once it is over, when it was.
    pub end: Timestamp,
}

/// An update: what it says, when that happened, and how the work stands with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    pub kind: Kind,
    pub at: Timestamp,
    pub standing: Standing,
}

/// How the work of a change stands; `None` where the public may not be told of it: it has no window, or is not open to
/// everybody.
pub fn standing(change: &Change) -> Option<Standing> {
    let window = change.window()?;
    let is_open = change.content.as_ref().is_some_and(|content| content.header.confidentiality == Confidentiality::Open);
    if !is_open {
        return None;
    }
    let started = change.work.started.as_ref().map(|told| told.happened_at);
    let start = started.unwrap_or(window.start);
    let (state, end) = match (back_at(change), started) {
        (Some(back), _) => (State::Restored, back),
        (None, Some(_)) => (State::Running, change.work.expected_end.map_or(window.end, |end| end.max(window.end))),
        (None, None) if change.stage.is_final() => (State::Cancelled, window.end),
        (None, None) if change.stage.is_firm() => (State::Planned, window.end),
        (None, None) => (State::Undecided, window.end),
    };
    Some(Standing { state, start, end })
}

/// Whether a notice may be opened for it: its time is agreed, or it runs.
pub fn may_open(change: &Change) -> bool {
    standing(change).is_some_and(|standing| matches!(standing.state, State::Planned | State::Running))
}

/// What has to be told since the public was told how it stood, in order. `now` is the time of what has none of its own.
pub fn updates(told: Standing, change: &Change, now: Timestamp) -> Vec<Update> {
    if told.state.is_final() {
        return vec![];
    }
    let Some(stands) = standing(change) else {
        return vec![Update { kind: Kind::Withdrawn, at: now, standing: Standing { state: State::Withdrawn, ..told } }];
    };
    let mut found = vec![];
    if told.state.is_ahead() {
        found.extend(ahead(told, stands, change, now));
    }
    let last = found.last().map_or(told, |update| update.standing);
    let expected = Standing { state: State::Running, ..stands };
    if stands.state == State::Running && last.state == State::Running && stands.end > last.end {
        found.push(Update { kind: Kind::Extended, at: now, standing: expected });
    }
    if stands.state == State::Restored {
        found.push(Update { kind: Kind::Restored, at: stands.end, standing: stands });
    }
    found
}

/// Before the start: another time, another standing, and the start itself.
fn ahead(told: Standing, stands: Standing, change: &Change, now: Timestamp) -> Vec<Update> {
    let update = |kind: Kind, at: Timestamp, standing: Standing| Update { kind, at, standing };
    let Some(window) = change.window() else { return vec![] };
    let planned = Standing { state: State::Planned, start: window.start, end: window.end };
    let is_moved = (window.start, window.end) != (told.start, told.end);
    let mut found = vec![];
    match (told.state, stands.state) {
        (_, State::Cancelled) => return vec![update(Kind::Cancelled, now, stands)],
        (_, State::Undecided) if is_moved => found.push(update(Kind::Moved, now, stands)),
        (State::Planned, State::Undecided) => found.push(update(Kind::Undecided, now, stands)),
        (State::Undecided, State::Planned | State::Running | State::Restored) => found.push(update(Kind::Planned, now, planned)),
        (_, State::Planned | State::Running | State::Restored) if is_moved => found.push(update(Kind::Moved, now, planned)),
        _ => {}
    }
    if let Some(started) = change.work.started.as_ref() {
        let running = Standing { state: State::Running, start: started.happened_at, end: window.end };
        found.push(update(Kind::Started, started.happened_at, running));
    }
    found
}
