//! What follows of itself: the table's proposal, a quote made void by a change of scope, work authorised with the
//! approval, and the fee for cancelling late.

use super::{Chargeable, Decision, Ground, MoneyEvent, State, Track, bars};
use crate::act::Act;
use crate::actor::OrgKind;
use crate::change::{Change, Stage};
use crate::decide::{Context, ruling};
use crate::event::{Event, Recorded};
use crate::process::facts::Value;

/// What the document's table says of a change, on this ground if one is named (BR-25). `None`: it has no such table.
pub fn propose(ctx: &Context, change: &Change, ground: Option<Ground>) -> Option<Decision> {
    let known = |name: &str| ground.filter(|_| name == "charge_ground").map(|ground| Value::from(ground.code()));
    let (ruling, outputs) = ruling::rule_with(ctx, change, "chargeable", known)?;
    let chargeable = outputs.get("chargeable").and_then(|code| Chargeable::from_code(code.trim()))?;
    let because = outputs.get("because").cloned().unwrap_or_default();
    Some(Decision { chargeable, because, ground, ruling: Some(ruling), reason: None })
}

/// The next event that follows from how things stand now; asked again until there is none.
pub(crate) fn next(ctx: &Context, before: &Change, log: &[Recorded], change: &Change) -> Option<MoneyEvent> {
    let money = &change.money;
    if let Some(version) = outdated(before, log, change) {
        return Some(MoneyEvent::QuoteSuperseded { version });
    }
    if let Some(decision) = proposal(ctx, change) {
        return Some(MoneyEvent::ChargeProposed { decision });
    }
    let is_approved = change.live_approvals().next().is_some();
    if let (Track::Accepted { version }, true) = (&money.track, is_approved)
        && money.is_agreed()
    {
        return Some(MoneyEvent::WorkAuthorised { version: *version });
    }
    let just_approved = log.iter().any(|r| matches!(r.event, Event::Approved { .. }));
    if just_approved && !money.awaits_order && matches!(money.state(), State::Quoted | State::Accepted) {
        return Some(MoneyEvent::OrderAwaited);
    }
    late_cancel(ctx, before, change)
}

/// The decision as the table gives it, as long as no person has set it and nothing was offered.
fn proposal(ctx: &Context, change: &Change) -> Option<Decision> {
    let money = &change.money;
    let open = matches!(change.stage, Stage::Assessing | Stage::AwaitingApproval);
    let by_person = money.decided.as_ref().is_some_and(|d| d.by.person.is_some());
    let undecided = matches!(money.state(), State::Undetermined | State::NotChargeable | State::Chargeable);
    if !open || by_person || !undecided || money.contest.is_some() || money.settled || !ctx.process.steps.iter().any(|s| s.act == Act::SetCharge) {
        return None;
    }
    let proposed = propose(ctx, change, None)?;
    let same = |d: &super::Decided| (d.ruling.chargeable, &d.ruling.because) == (proposed.chargeable, &proposed.because);
    (!money.decided.as_ref().is_some_and(same)).then_some(proposed)
}

/// The version of a live quote that was for something else: another revision, or a scope that has changed since.
fn outdated(before: &Change, log: &[Recorded], change: &Change) -> Option<u32> {
    let money = &change.money;
    let live = bars::has_live_quote(money).then(|| money.quotes.last()).flatten()?;
    let changed = log.iter().any(|r| matches!(&r.event, Event::Amended { material, .. } if !material.is_empty()));
    let quoted_before = before.money.quotes.len() == money.quotes.len();
    ((changed && quoted_before) || live.terms.revision != change.revision).then_some(live.terms.version)
}

/// BR-28: cancelled less than two working days before the start, the supplier's staff booked, the fee stated.
fn late_cancel(ctx: &Context, before: &Change, change: &Change) -> Option<MoneyEvent> {
    if change.stage != Stage::Cancelled || before.stage == Stage::Cancelled || change.money.abort.is_some() {
        return None;
    }
    let amount = change.money.accepted().and_then(|q| q.terms.abort_fee)?;
    let booked = before.implementer.is_some_and(|(_, org)| ctx.facts.kind_of(org) == Some(OrgKind::Supplier));
    let by_trust = change.outcome_by.as_ref().and_then(|by| by.org).and_then(|org| ctx.facts.kind_of(org)) == Some(OrgKind::Trust);
    let start = change.window()?.start;
    let in_time = ctx.calendar.due_at(ctx.now, 2, ctx.zone) <= start;
    (booked && by_trust && !in_time).then_some(MoneyEvent::AbortFeeProposed { amount })
}

/// Whether there is something to pay, as it was settled; `None`: nobody has said anything yet.
pub(crate) fn chargeable(change: &Change) -> Option<Value> {
    change.money.is_begun().then(|| Value::from(change.money.chargeable().code()))
}
