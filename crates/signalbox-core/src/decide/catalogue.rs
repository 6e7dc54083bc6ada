//! Service requests: pre-authorised, strictly defined; one mismatch and it is a normal change (spec 4.5).

use super::Context;
use crate::change::Change;
use crate::form::{Answer, Answers};
use crate::permit::answer_code;
use crate::process::{CatalogueEntry, Process};
use crate::refusal::{Bar, Violation};

/// The catalogue entry that the answers name.
pub fn entry<'p>(process: &'p Process, answers: Option<&Answers>) -> Option<&'p CatalogueEntry> {
    let Some(Answer::Choice(model)) = answers?.get("model") else { return None };
    process.catalogue.iter().find(|e| &e.id == model)
}

/// Whether the pre-authorisation still holds.
fn in_force(ctx: &Context, entry: &CatalogueEntry) -> bool {
    let today = ctx.zone.to_datetime(ctx.now).date();
    entry.expires.parse::<jiff::civil::Date>().is_ok_and(|last| today <= last)
}

fn mismatches<'e>(entry: &'e CatalogueEntry, answers: &Answers) -> Vec<&'e str> {
    let subject = |name: &str| answers.get(name).and_then(answer_code);
    entry.eligible_when.iter().filter(|test| !test.holds(&subject)).map(|test| test.subject.as_str()).collect()
}

/// Every reason, field by field, why the request is not the agreed one.
pub fn faults(ctx: &Context, answers: &Answers) -> Vec<Violation> {
    let Some(entry) = entry(ctx.process, Some(answers)) else { return vec![Violation::of("model", "unknown-request")] };
    let mut faults: Vec<Violation> = mismatches(entry, answers).into_iter().map(|id| Violation::of(id, "not-eligible").with(&entry.title)).collect();
    if !in_force(ctx, entry) {
        faults.push(Violation::of("model", "request-expired").with(&entry.expires));
    }
    let kind = ctx.actor.memberships().iter().any(|m| entry.for_kinds.is_empty() || entry.for_kinds.contains(&m.org_kind));
    if !kind {
        faults.push(Violation::of("model", "request-not-yours"));
    }
    faults
}

/// The same question, as a gate on a request already sent.
pub fn ineligible(ctx: &Context, change: &Change) -> Option<Bar> {
    let answers = change.content.as_ref().map(|c| &c.answers)?;
    let Some(entry) = entry(ctx.process, Some(answers)) else { return Some(Bar::new("request-unknown")) };
    if !in_force(ctx, entry) {
        return Some(Bar::new("request-expired").with(&entry.expires));
    }
    let wrong = mismatches(entry, answers);
    (!wrong.is_empty()).then(|| Bar::new("request-not-eligible").with(wrong.join(", ")))
}
