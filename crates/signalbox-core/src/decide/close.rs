//! Learning and ending: review, closing, restating, cancelling, withdrawing (T21, T27 to T30).

use super::Taking;
use crate::change::{Outcome, Stage};
use crate::event::Event;
use crate::permit::review_reasons;
use crate::refusal::Violation;

/// Opens the review, or, in the review, writes it (BR-33, BR-34).
pub(super) fn review(t: &mut Taking) -> Option<Vec<Event>> {
    if t.change.stage == Stage::Review {
        return Some(vec![Event::Reviewed { words: t.form.text("words", true)? }]);
    }
    let mut because = review_reasons(t.ctx, t.change);
    if because.is_empty() {
        because.push("asked-for".to_owned());
    }
    let ended = t.change.work.finished.as_ref().map_or(t.ctx.now, |told| told.happened_at);
    let due_at = t.ctx.calendar.due_at(ended.max(t.ctx.now), 5, t.ctx.zone);
    Some(vec![Event::ReviewOpened { because, due_at }])
}

fn outcome(t: &mut Taking) -> Option<Outcome> {
    let codes: Vec<&str> = Outcome::OF_WORK.iter().map(|o| o.code()).collect();
    t.form.choice("outcome", &codes, true).and_then(|c| Outcome::from_code(&c))
}

/// T28: the outcome is confirmed by another person than did the work; a different one than was proposed needs words.
pub(super) fn close(t: &mut Taking) -> Option<Vec<Event>> {
    let outcome = outcome(t);
    let differs = outcome.is_some() && t.change.work.proposed.is_some() && outcome != t.change.work.proposed;
    let words = t.form.text("words", differs);
    let outcome = outcome?;
    if differs && words.is_none() {
        return None;
    }
    Some(vec![Event::Closed { outcome, words }])
}

/// T29.
pub(super) fn restate(t: &mut Taking) -> Option<Vec<Event>> {
    let outcome = outcome(t);
    let reason = t.form.text("reason", true);
    let (outcome, was) = (outcome?, t.change.outcome?);
    if outcome == was {
        t.form.faults.push(Violation::of("outcome", "outcome-unchanged"));
    }
    Some(vec![Event::Restated { outcome, was, reason: reason? }])
}

/// T21.
pub(super) fn cancel(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::Cancelled { reason: t.form.text("reason", true)? }])
}

/// T30.
pub(super) fn withdraw(t: &mut Taking) -> Option<Vec<Event>> {
    let reason = t.form.text("reason", false);
    Some(vec![Event::Withdrawn { reason }])
}
