//! Votes, decisions taken back, and small moves re-affirmed (BR-20c, SD-11, X10).

use super::Taking;
use super::fields::Field;
use crate::act::Act;
use crate::board::{Choice, Voted};
use crate::event::Event;
use crate::process::AnswerKind;
use crate::refusal::Violation;

/// One of the acts of this file.
pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    match act {
        Act::Vote => vote(t),
        Act::TakeBack => Some(vec![Event::TakenBack { reason: Some(t.form.text("reason", true)?) }]),
        _ => {
            let words = t.form.text("words", false);
            Some(vec![Event::Reaffirmed { words }])
        }
    }
}

/// Their fields.
pub(super) fn fields(act: Act) -> Vec<Field> {
    let field = |id: &str, kind: AnswerKind, required: bool| Field { id: id.to_owned(), kind, required, question: None };
    let words = field("words", AnswerKind::Prose, false);
    match act {
        Act::Vote => {
            let choices = AnswerKind::Choice(Choice::ALL.iter().map(|choice| choice.code().to_owned()).collect());
            let seen = field("seen", AnswerKind::Line { max_chars: crate::form::LINE_MAX_CHARS }, false);
            vec![field("vote", choices, true), seen, words]
        }
        Act::TakeBack => vec![field("reason", AnswerKind::Prose, true)],
        _ => vec![words],
    }
}

/// Advice from a board member, on the content that they saw.
fn vote(t: &mut Taking) -> Option<Vec<Event>> {
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
