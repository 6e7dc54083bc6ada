//! Learning and ending: review, closing, restating, cancelling, withdrawing (T21, T27 to T30).

use super::Taking;
use crate::change::{Outcome, Stage};
use crate::event::Event;
use crate::permit::review_reasons;
use crate::process::facts::{Value, code_of};
use crate::refusal::Violation;

/// Opens the review, or, in the review, writes it (BR-33, BR-34).
pub(super) fn review(t: &mut Taking) -> Option<Vec<Event>> {
    if t.change.stage == Stage::Review {
        let words = t.form.text("words", true);
        let findings = super::learn::findings(t);
        return Some(vec![Event::Reviewed { words: words?, findings: Some(Box::new(findings?)) }]);
    }
    let ruled = super::ruling::rule_all(t.ctx, t.change, "review needed", |_| None);
    t.rulings.extend(ruled.into_iter().map(|(ruling, _)| ruling));
    let mut because = review_reasons(t.ctx, t.change);
    if because.is_empty() {
        because.push("asked-for".to_owned());
    }
    let ended = t.change.work.finished.as_ref().map_or(t.ctx.now, |told| told.happened_at);
    let due_at = t.ctx.calendar.due_at(ended.max(t.ctx.now), 5, t.ctx.zone);
    Some(vec![Event::ReviewOpened { because, due_at }])
}

fn outcome(t: &mut Taking) -> Option<Outcome> {
    let codes = super::urgent::outcomes(t.change);
    t.form.choice("outcome", &codes, true).and_then(|c| Outcome::from_code(&c))
}

/// What the record says rules some outcomes out (spec 6.12), by the document's table `closure`.
fn fits(t: &mut Taking, outcome: Outcome) {
    let stated = |name: &str| (name == "outcome").then(|| Value::from(outcome.code()));
    let ruled = super::ruling::rule_with(t.ctx, t.change, "closure", stated);
    let Some(said) = t.keep(ruled) else { return };
    if said.get("allowed").is_some_and(|word| code_of(word) == "no") {
        let because = said.get("because").cloned().unwrap_or_default();
        t.form.faults.push(Violation::of("outcome", "outcome-not-allowed").with(outcome.words()).with(because));
    }
}

/// The outcomes that the document lets this change be closed with.
pub fn allowed(ctx: &super::Context, change: &crate::change::Change) -> Vec<Outcome> {
    let fits = |outcome: &Outcome| {
        let stated = |name: &str| (name == "outcome").then(|| Value::from(outcome.code()));
        let ruled = super::ruling::said(ctx, change, "closure", stated);
        ruled.is_none_or(|said| said.get("allowed").is_none_or(|word| code_of(word) != "no"))
    };
    super::urgent::outcomes(change).into_iter().filter_map(Outcome::from_code).filter(fits).collect()
}

/// T28: the outcome is confirmed by another person than did the work; a different one than was proposed needs words.
pub(super) fn close(t: &mut Taking) -> Option<Vec<Event>> {
    let outcome = outcome(t);
    let differs = outcome.is_some() && t.change.work.proposed.is_some() && outcome != t.change.work.proposed;
    let words = t.form.text("words", differs);
    let looked = t.form.yes_no("looked", false);
    let outcome = outcome?;
    fits(t, outcome);
    if differs && words.is_none() {
        return None;
    }
    Some(vec![Event::Closed { outcome, words, looked }])
}

/// T29.
pub(super) fn restate(t: &mut Taking) -> Option<Vec<Event>> {
    let outcome = outcome(t);
    let reason = t.form.text("reason", true);
    let (outcome, was) = (outcome?, t.change.outcome?);
    fits(t, outcome);
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
