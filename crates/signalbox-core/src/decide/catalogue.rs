//! Service requests: pre-authorised, strictly defined; one mismatch and it is a normal change (spec 4.5).

use super::Context;
use crate::catalogue::Cap;
use crate::change::Change;
use crate::event::{Event, Recorded, Ruling};
use crate::facts::EntryFact;
use crate::form::{Answer, Answers};
use crate::ids::ChangeId;
use crate::permit::answer_code;
use crate::process::facts::code_of;
use crate::process::{CatalogueEntry, Process};
use crate::refusal::{Bar, Violation};
use jiff::civil::Date;

/// The catalogue entry that the answers name.
pub fn entry<'p>(process: &'p Process, answers: Option<&Answers>) -> Option<&'p CatalogueEntry> {
    let model = named(answers?)?;
    process.catalogue.iter().find(|e| e.id == model)
}

fn named(answers: &Answers) -> Option<&str> {
    match answers.get("model") {
        Some(Answer::Choice(model)) => Some(model),
        _ => None,
    }
}

/// The id of the entry that a change asks for, in force or not.
pub fn asked_for(change: &Change) -> Option<&str> {
    change.model.as_deref().or_else(|| named(&change.content.as_ref()?.answers))
}

/// What is known of this entry's uses; nothing where nobody looked.
fn known<'c>(ctx: &'c Context, entry: &CatalogueEntry) -> Option<&'c EntryFact> {
    ctx.facts.entry.as_ref().filter(|fact| fact.entry == entry.id)
}

/// Suspended, and not looked at again since (X13).
fn is_suspended(ctx: &Context, entry: &CatalogueEntry) -> bool {
    known(ctx, entry).is_some_and(|fact| fact.suspended.is_some())
}

/// The limit that is used up, and the day from which it may be asked for again (C115).
fn used_up(ctx: &Context, entry: &CatalogueEntry, own: ChangeId) -> Option<(Cap, Date)> {
    let (cap, fact) = (entry.cap?, known(ctx, entry)?);
    let others = fact.uses.iter().filter(|one| one.change != own);
    (cap.used(others, ctx.now, ctx.zone) >= cap.uses as usize).then(|| (cap, cap.next(ctx.now, ctx.zone)))
}

/// X13: whether what has just been recorded of the change suspends its entry, with the row that says so.
pub(super) fn suspends(ctx: &Context, log: &[Recorded], change: &Change) -> Option<(Event, Ruling)> {
    let tells = |one: &Recorded| matches!(one.event, Event::Finished { .. } | Event::Closed { .. } | Event::Restated { .. } | Event::IncidentLinked(_));
    let entry = asked_for(change).filter(|_| log.iter().any(tells))?;
    if ctx.facts.entry.as_ref().is_none_or(|fact| fact.entry != entry || fact.suspended.is_some()) {
        return None;
    }
    let (ruling, said) = super::ruling::rule_on(ctx, change, crate::catalogue::TABLE)?;
    let is_so = said.get("suspended").is_some_and(|word| code_of(word) == "yes");
    let because = said.get("because").cloned().unwrap_or_default();
    is_so.then(|| (Event::EntrySuspended { entry: entry.to_owned(), because }, ruling))
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
/// `own`: the change itself, which uses up nothing of its own limit.
pub fn faults(ctx: &Context, answers: &Answers, own: ChangeId) -> Vec<Violation> {
    let Some(entry) = entry(ctx.process, Some(answers)) else { return vec![Violation::of("model", "unknown-request")] };
    let mut faults: Vec<Violation> = mismatches(entry, answers).into_iter().map(|id| Violation::of(id, "not-eligible").with(&entry.title)).collect();
    if !in_force(ctx, entry) {
        faults.push(Violation::of("model", "request-expired").with(&entry.expires));
    }
    if !ctx.actor.memberships().iter().any(|membership| entry.is_for(membership)) {
        faults.push(Violation::of("model", "request-not-yours"));
    }
    if is_suspended(ctx, entry) {
        faults.push(Violation::of("model", "request-suspended").with(&entry.title));
    }
    if let Some((cap, next)) = used_up(ctx, entry, own) {
        faults.push(Violation::of("model", "request-used-up").with(cap.to_string()).with(next.to_string()));
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
    if is_suspended(ctx, entry) {
        return Some(Bar::new("request-suspended").with(&entry.title));
    }
    let wrong = mismatches(entry, answers);
    (!wrong.is_empty()).then(|| Bar::new("request-not-eligible").with(wrong.join(", ")))
}
