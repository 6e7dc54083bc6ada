//! Organisations become one (scenario 42). What is open moves to the successor; what was said stays as it was said, by
//! whom and for which organisation. So nothing that was given is void, and nothing that is owed is lost.

use crate::actor::{OrgKind, Stamp};
use crate::change::{Change, Clinical, Stage};
use crate::clinical::{Seat, open_seats};
use crate::decide::{Context, Decision, record};
use crate::event::{Event, Recorded};
use crate::ids::{Mint, OrgId};
use crate::refusal::Violation;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// For as long after its closing a change moves too: so long may its outcome be restated (T29) and disputed.
pub const LIVES_ON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Who ends, and who stands for them from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    pub predecessors: BTreeSet<OrgId>,
    pub successor: OrgId,
}

impl Succession {
    /// The organisation that stands for this one now.
    fn heir(&self, org: OrgId) -> OrgId {
        if self.predecessors.contains(&org) { self.successor } else { org }
    }

    fn hand_over(&self, org: &mut OrgId) {
        *org = self.heir(*org);
    }
}

/// An organisation that is to merge, or to stand for those that do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub org: OrgId,
    pub name: String,
    pub kind: OrgKind,
    /// Another stands for it already.
    pub has_merged: bool,
    /// The day on which it ends by another plan.
    pub ends_on: Option<Date>,
    /// The day on which others merge into it by another plan.
    pub receives_on: Option<Date>,
}

/// A merger may be recorded so many days late, and planned so many ahead.
const DAYS_LATE: i32 = 31;
const DAYS_AHEAD: i32 = 731;

/// Everything that stands in the way of a plan. A successor that is yet to be set up is of its predecessors' kind.
pub fn faults(predecessors: &[Party], successor: Option<&Party>, day: Option<Date>, today: Date) -> Vec<Violation> {
    let mut faults = vec![];
    if predecessors.is_empty() {
        faults.push(Violation::of("predecessors", "nobody-merges"));
    }
    for party in predecessors {
        if party.has_merged {
            faults.push(Violation::of("predecessors", "merged-before").with(&party.name));
        }
        faults.extend(party.ends_on.map(|day| Violation::of("predecessors", "merges-already").with(&party.name).with(day)));
        faults.extend(party.receives_on.map(|day| Violation::of("predecessors", "receives-others").with(&party.name).with(day)));
    }
    if let Some((first, other)) = predecessors.split_first().and_then(|(first, rest)| Some((first, rest.iter().find(|other| other.kind != first.kind)?))) {
        faults.push(Violation::of("predecessors", "unlike-kinds").with(&first.name).with(first.kind).with(&other.name).with(other.kind));
    }
    if let Some(party) = successor {
        if predecessors.iter().any(|other| other.org == party.org) {
            faults.push(Violation::of("successor", "merges-into-itself").with(&party.name));
        } else if let Some(other) = predecessors.iter().find(|other| other.kind != party.kind) {
            faults.push(Violation::of("successor", "unlike-kinds").with(&party.name).with(party.kind).with(&other.name).with(other.kind));
        }
        if party.has_merged {
            faults.push(Violation::of("successor", "merged-before").with(&party.name));
        }
        faults.extend(party.ends_on.map(|day| Violation::of("successor", "merges-already").with(&party.name).with(day)));
    }
    let (earliest, latest) = (today.saturating_sub(DAYS_LATE.days()), today.saturating_add(DAYS_AHEAD.days()));
    if day.is_some_and(|day| day < earliest) {
        faults.push(Violation::of("day", "merger-too-early").with(earliest));
    }
    if day.is_some_and(|day| day > latest) {
        faults.push(Violation::of("day", "merger-too-late").with(latest));
    }
    faults
}

/// The change moves to the successor; `None` where nothing of it is the predecessors' any more, or it is long over.
pub fn succeed(ctx: &Context, change: &Change, succession: &Succession, mut mint: Mint) -> Option<Decision> {
    let mut moved = change.clone();
    hand_over(&mut moved, succession);
    if moved == *change || is_over(ctx, change) {
        return None;
    }
    let (mut events, mut after) = (vec![], change.clone());
    record(&mut events, &mut after, &mut mint, ctx.now, Stamp::SYSTEM, Event::OrganisationSucceeded(Box::new(succession.clone())));
    Some(Decision { events, texts: vec![] })
}

/// Nobody can do anything more about it, and nobody owes anything.
fn is_over(ctx: &Context, change: &Change) -> bool {
    let lives_on = change.stage == Stage::Closed && change.closed_at.is_some_and(|at| ctx.now.duration_since(at) <= LIVES_ON);
    let is_owed = change.learnt.actions.iter().any(|action| action.done.is_none())
        || change.learnt.open_disputes().next().is_some()
        || change.conditions.iter().any(|condition| condition.met.is_none())
        || crate::charge::owed::owed(change, ctx.calendar, ctx.zone).is_some();
    change.stage.is_final() && !lives_on && !is_owed
}

/// Folds a succession in.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded) {
    let Event::OrganisationSucceeded(succession) = &recorded.event else { return };
    if succession.predecessors.contains(&change.org) {
        change.raised_as.get_or_insert(change.org);
    }
    for heir in change.heirs.values_mut() {
        succession.hand_over(heir);
    }
    change.heirs.extend(succession.predecessors.iter().map(|org| (*org, succession.successor)));
    hand_over(change, succession);
}

/// Everything that somebody holds or owes.
fn hand_over(change: &mut Change, succession: &Succession) {
    succession.hand_over(&mut change.org);
    if let Some(content) = &mut change.content {
        for orgs in [&mut content.parties.runs, &mut content.parties.affected] {
            *orgs = orgs.iter().map(|org| succession.heir(*org)).collect();
        }
    }
    if let Some((_, org)) = &mut change.implementer {
        succession.hand_over(org);
    }
    let open_conditions = change.conditions.iter_mut().filter(|c| c.met.is_none()).map(|c| &mut c.condition.owner);
    let open_actions = change.learnt.actions.iter_mut().filter(|a| a.done.is_none()).map(|a| &mut a.action.owner);
    let open_steps = change.carry.steps.iter_mut().filter(|s| !s.progress.is_over()).map(|s| &mut s.planned.owner);
    let checkpoint = change.carry.checkpoint.iter_mut().filter(|c| c.decided.is_none()).map(|c| &mut c.planned.org);
    open_conditions.chain(open_actions).chain(open_steps).chain(checkpoint).for_each(|owner| succession.hand_over(owner));
    assessments(change, succession);
    confirmations(change, succession);
    if let Clinical::AwaitingSignature(awaiting) = &mut change.clinical {
        let mut open = open_seats(&awaiting.basis.seats, &awaiting.signed);
        for seat in &mut awaiting.basis.seats {
            if let Some(at) = open.iter().position(|left| left == seat) {
                open.remove(at);
                if let Seat::Officer { org } = seat {
                    succession.hand_over(org);
                }
            }
        }
    }
}

/// A view that is owed is owed by the successor, once; the earlier of two dues counts. One that was given stays with
/// who gave it.
fn assessments(change: &mut Change, succession: &Succession) {
    let is_theirs = |org: &Option<OrgId>| org.is_some_and(|org| succession.predecessors.contains(&org));
    let owed: Vec<_> = change.assessments.iter().filter(|((_, org), a)| is_theirs(org) && a.given.is_none()).map(|(key, _)| *key).collect();
    for (kind, org) in owed {
        let Some(mut moved) = change.assessments.remove(&(kind, org)) else { continue };
        moved.asked.org = Some(succession.successor);
        let key = (kind, Some(succession.successor));
        if let Some(own) = change.assessments.get(&key).filter(|own| own.given.is_none()) {
            moved.asked.due_at = moved.asked.due_at.min(own.asked.due_at);
            moved.asked.silence_counts &= own.asked.silence_counts;
        }
        change.assessments.insert(key, moved);
    }
}

/// Whether it worked: what one of them said, the successor has said; of several answers the worst. It may say so anew.
fn confirmations(change: &mut Change, succession: &Succession) {
    let said = &mut change.learnt.confirmations;
    for org in &succession.predecessors {
        let Some(theirs) = said.remove(org) else { continue };
        match said.get(&succession.successor) {
            Some(own) if own.0.worked >= theirs.0.worked => {}
            _ => drop(said.insert(succession.successor, theirs)),
        }
    }
}
