//! What stands in the way of a clinical act whatever is typed: the state of the track, who signs (SD-4), on what they
//! may not (SD-5), and what the ratings allow.

use super::decision::{Decides, allowed};
use super::{APPEAL_WORKING_DAYS, QUERY_ROUNDS, has_downtime, mine, needs_downtime, open_seats, registration, side};
use crate::act::Act;
use crate::actor::{OrgKind, Role, Stamp};
use crate::change::{Change, Clinical};
use crate::decide::Context;
use crate::permit::is_own_work;
use crate::refusal::Bar;

/// The bar of a clinical act; `None` for every other act too.
pub fn of_act(ctx: &Context, change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    let officers = matches!(
        act,
        Act::Rate
            | Act::Clear
            | Act::Countersign
            | Act::RejectClinically
            | Act::Stop
            | Act::Query
            | Act::Escalate
            | Act::ReviewScreening
            | Act::Uphold
            | Act::Overrule
            | Act::WaiveDowntime
    );
    if officers && !stamp.role.is_some_and(Role::is_safety_officer) {
        return Some(Bar::new("role").with("safety officer"));
    }
    // SD-5; a screen that answers no to all is a decision too. Danger may be stopped by whoever sees it.
    if (officers && act != Act::Stop) && is_own_work(change, stamp) {
        return Some(Bar::new("clinical-own-work"));
    }
    of_state(ctx, change, act, stamp).or_else(|| if officers { unregistered(ctx, stamp) } else { None })
}

/// SD-4, spec 8.2: a lapsed registration takes the power to sign at once.
fn unregistered(ctx: &Context, stamp: &Stamp) -> Option<Bar> {
    if registration(ctx, stamp).is_some() {
        return None;
    }
    let latest = mine(ctx, stamp).map(|registration| registration.expires_on).max();
    Some(latest.map_or_else(|| Bar::new("not-registered"), |on| Bar::new("registration-lapsed").with(on)))
}

fn of_state(ctx: &Context, change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    let safety = &change.safety;
    match act {
        Act::Screen => screen(ctx, change, stamp),
        Act::Rate if safety.hazards.is_empty() => Some(Bar::new("no-hazard")),
        Act::Clear => clear(ctx, change, stamp),
        Act::Countersign => countersign(change, stamp),
        Act::RejectClinically if matches!(change.clinical, Clinical::Accepted { .. }) && is_overruled(change) => Some(Bar::new("clinical-overruled")),
        // CR-5: what is not rated is asked about before it is refused for lack of evidence.
        Act::RejectClinically if safety.rounds.len() < QUERY_ROUNDS && safety.unrated().next().is_some() => Some(hazards_unrated(change)),
        Act::Query => match &change.clinical {
            Clinical::UnderReview { .. } if safety.rounds.len() >= QUERY_ROUNDS => Some(Bar::new("asked-twice")),
            Clinical::UnderReview { .. } => None,
            Clinical::Query { .. } => Some(Bar::new("clinical-queried")),
            _ => Some(Bar::new("nothing-under-review")),
        },
        Act::AnswerQuery if !matches!(change.clinical, Clinical::Query { .. }) => Some(Bar::new("nothing-asked")),
        Act::Escalate if safety.escalated.is_some() || !matches!(change.clinical, Clinical::UnderReview { .. }) => Some(Bar::new("nothing-to-escalate")),
        Act::Escalate if allowed(ctx, change).decides != Decides::Reject => Some(Bar::new("nothing-to-escalate")),
        // What one side rejected is that side's to hand on, too.
        Act::Escalate => other_side(ctx, change, stamp),
        Act::ReviewScreening => review_screening(change, stamp),
        Act::SettleStop if !matches!(change.clinical, Clinical::Stopped { settled: None, .. }) => Some(Bar::new("no-stop-open")),
        Act::Appeal => appeal(ctx, change),
        Act::Uphold | Act::Overrule => rule_on_appeal(change, stamp),
        Act::WaiveDowntime if !needs_downtime(change) || has_downtime(change) => Some(Bar::new("downtime-not-needed")),
        _ => None,
    }
}

fn is_overruled(change: &Change) -> bool {
    let ruled = change.safety.appeal.as_ref().and_then(|appeal| appeal.ruled.as_ref());
    ruled.is_some_and(|(_, _, upheld)| !upheld)
}

fn screen(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let is_officer = stamp.role.is_some_and(Role::is_safety_officer);
    match &change.clinical {
        Clinical::Rejected { .. } | Clinical::Stopped { .. } => return Some(Bar::new("clinical-rejected")),
        Clinical::Accepted { .. } | Clinical::NotRequired { .. } => return Some(Bar::new("already-screened")),
        // Who answered yes cannot think better of it: a safety officer accepts or rejects.
        Clinical::UnderReview { .. } | Clinical::Query { .. } | Clinical::AwaitingSignature(_) => return Some(Bar::new("clinical-under-review")),
        Clinical::NotAssessed => {}
    }
    // X8: direct care is screened by a safety officer, or by an agreed statement for this routine pattern.
    if change.parties().direct_care && !is_officer && ctx.facts.patterns_for(change, ctx.today()).is_empty() {
        return Some(Bar::new("direct-care-needs-officer"));
    }
    if is_own_work(change, stamp) {
        return Some(Bar::new("clinical-own-work"));
    }
    if is_officer { unregistered(ctx, stamp) } else { None }
}

fn clear(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let today = ctx.zone.to_datetime(ctx.now).date();
    match &change.clinical {
        Clinical::UnderReview { .. } => {}
        Clinical::Accepted { basis: Some(basis), .. } if basis.until.is_some_and(|until| until < today) => {}
        Clinical::Query { .. } => return Some(Bar::new("clinical-queried")),
        Clinical::AwaitingSignature(_) => return Some(Bar::new("signature-open")),
        _ => return Some(Bar::new("nothing-under-review")),
    }
    let is_authority = stamp.role == Some(Role::AuthoritySafety);
    match &change.safety.escalated {
        // Whoever had to decide has left it to the authority's.
        Some(_) if is_authority => {}
        Some(_) => return Some(Bar::new("clinical-escalated")),
        None => {
            if let Some(bar) = other_side(ctx, change, stamp) {
                return Some(bar);
            }
        }
    }
    match allowed(ctx, change).decides {
        Decides::Accept | Decides::WithConditions => None,
        Decides::ByException => (!is_authority).then(|| Bar::new("exception-by-authority")),
        Decides::Reject => Some(Bar::new("rating-too-high").with(change.safety.worst_residual().unwrap_or_default())),
        Decides::Query if change.safety.hazards.is_empty() => Some(Bar::new("no-hazard")),
        Decides::Query => match change.safety.unrated().next() {
            Some(_) => Some(hazards_unrated(change)),
            None => Some(Bar::new("controls-not-set")),
        },
    }
}

fn hazards_unrated(change: &Change) -> Bar {
    Bar::new("hazards-unrated").with(change.safety.unrated().map(super::Hazard::name).collect::<Vec<_>>().join(", "))
}

/// Spec 8.6: what one side rejected, that side accepts again, or the authority's where that side has no part any more.
fn other_side(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let rejected = side(&change.safety.last_rejection()?.by)?;
    let parties = change.parties();
    let has_part = match rejected {
        Role::TrustSafety => !parties.affected.is_empty() || ctx.facts.kind_of(change.org) == Some(OrgKind::Trust),
        _ => true,
    };
    let fits = if has_part { Some(rejected) } else { Some(Role::AuthoritySafety) };
    (side(stamp) != fits).then(|| Bar::new("clinical-other-side").with(rejected.words()))
}

fn countersign(change: &Change, stamp: &Stamp) -> Option<Bar> {
    let Clinical::AwaitingSignature(awaiting) = &change.clinical else { return Some(Bar::new("no-signature-open")) };
    if awaiting.signed.iter().any(|signed| signed.person == stamp.person) {
        return Some(Bar::new("signed-already"));
    }
    let open = open_seats(&awaiting.basis.seats, &awaiting.signed);
    (!open.iter().any(|seat| seat.is_of(stamp))).then(|| Bar::new("not-your-signature"))
}

fn review_screening(change: &Change, stamp: &Stamp) -> Option<Bar> {
    match &change.clinical {
        Clinical::NotRequired { by, .. } if by.person == stamp.person => Some(Bar::new("screened-by-you")),
        Clinical::NotRequired { .. } if change.safety.reviewed.is_none() => None,
        _ => Some(Bar::new("no-screening-to-review")),
    }
}

fn appeal(ctx: &Context, change: &Change) -> Option<Bar> {
    let Some(rejected) = change.safety.last_rejection() else { return Some(Bar::new("nothing-to-appeal")) };
    if change.safety.appeal.is_some() {
        return Some(Bar::new("appealed-already"));
    }
    let until = ctx.calendar.due_at(rejected.at, APPEAL_WORKING_DAYS, ctx.zone);
    (ctx.now > until).then(|| Bar::new("too-late-to-appeal"))
}

fn rule_on_appeal(change: &Change, stamp: &Stamp) -> Option<Bar> {
    if stamp.role != Some(Role::AuthoritySafety) {
        return Some(Bar::new("role").with("authority safety officer"));
    }
    let is_open = change.safety.appeal.as_ref().is_some_and(|appeal| appeal.ruled.is_none());
    let rejected = change.safety.rejections.last();
    match rejected {
        Some(rejected) if is_open && rejected.by.person == stamp.person => Some(Bar::new("own-rejection")),
        Some(_) if is_open => None,
        _ => Some(Bar::new("no-appeal-open")),
    }
}
