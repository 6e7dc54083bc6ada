//! Votes, decisions taken back, and small moves re-affirmed (BR-20c, SD-11, X10).

use super::Taking;
use crate::board::{Choice, Voted};
use crate::event::Event;
use crate::refusal::Violation;

/// Advice from a board member, on the content that they saw.
pub(super) fn vote(t: &mut Taking) -> Option<Vec<Event>> {
    let codes: Vec<&str> = Choice::ALL.iter().map(|c| c.code()).collect();
    let choice = t.form.choice("vote", &codes, true).and_then(|code| Choice::from_code(&code));
    let words = t.form.text("words", false);
    seen(t);
    let content = t.change.content.as_ref()?.hash.clone();
    let board = t.ctx.facts.board.as_ref()?;
    let seat = board.seat_of(&t.stamp)?.seat;
    let meeting = board.hearing().map(|m| m.meeting);
    Some(vec![Event::Voted(Box::new(Voted { board: board.id, meeting, choice: choice?, seat, content, words }))])
}

/// A content seen before an edit is refused (S36, R5).
pub(super) fn seen(t: &mut Taking) {
    let hash = t.change.content.as_ref().map_or("", |c| c.hash.as_str());
    if t.form.typed("seen").is_some_and(|seen| seen != hash) {
        t.form.faults.push(Violation::of("seen", "content-changed"));
    }
}

pub(super) fn take_back(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::TakenBack { reason: t.form.text("reason", true) }])
}

pub(super) fn reaffirm(t: &mut Taking) -> Option<Vec<Event>> {
    let words = t.form.text("words", false);
    Some(vec![Event::Reaffirmed { words }])
}
