//! What must hold of every change, whatever anybody tries. Written from the specification and not from the document,
//! so that a document which gives a rule away is caught.

use super::fill::CANARY;
use crate::actor::{Actor, Role};
use crate::apply::replay;
use crate::change::{Change, Clinical, Kind, Stage};
use crate::event::{Event, Recorded, SCHEMA, upcast};
use crate::ids::{OrgId, PersonId};
use crate::samples::{Case, World};

/// Whether the log tells the same as the change: what is folded otherwise stays otherwise, so a look at times is enough.
pub fn replays_otherwise(case: &Case) -> bool {
    replay(&case.log).as_ref() != Some(&case.change)
}

/// Everything that is wrong after these events; `before` is the change as it was.
pub fn faults(case: &Case, before: &Change, events: &[Recorded]) -> Vec<String> {
    let mut found = vec![];
    let mut at = before.clone();
    for recorded in events {
        let after = crate::apply::apply(Some(at.clone()), recorded);
        found.extend(stored(recorded));
        found.extend(decided(case.world, &at, &after, recorded));
        found.extend(counted_twice(&after));
        found.extend(super::money::faults(case.world, &at, &after, recorded));
        if matches!(recorded.event, Event::Accepted { .. }) && case.entry.suspended.is_some() {
            found.push("X13: a request is accepted while its entry is suspended".to_owned());
        }
        if after.version != at.version + 1 {
            found.push(format!("version {} after {}", after.version, at.version));
        }
        at = after;
    }
    found
}

/// An event is read back as it was written, and holds no free text (settled 20).
fn stored(recorded: &Recorded) -> Vec<String> {
    let Ok(json) = serde_json::to_string(recorded) else { return vec!["an event cannot be written".to_owned()] };
    let mut found = vec![];
    if upcast(SCHEMA, &json).as_ref() != Ok(recorded) {
        found.push(format!("{} is read back otherwise", recorded.event.kind()));
    }
    let kind = recorded.event.kind();
    if !["type", "money"].iter().any(|tag| json.contains(&format!(r#""{tag}":"{kind}""#))) {
        found.push(format!("an event is named {kind}, which is not what is stored"));
    }
    if json.contains(CANARY) {
        found.push(format!("{} holds free text", recorded.event.kind()));
    }
    found
}

/// Separation of duty (SD-1, SD-2, SD-4, SD-5, SD-6) and the approval that comes before work.
fn decided(world: &World, before: &Change, after: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let own = recorded.by.people().any(|person| is_own(before, Some(person)));
    match &recorded.event {
        Event::Voted(_) if own => found.push("SD-1: a vote on one's own change".to_owned()),
        Event::Reaffirmed { .. } if own => found.push("SD-1: a move re-affirmed by who raised, sent or will carry it out".to_owned()),
        Event::Approved { content, .. } => {
            found.extend(against_the_board(before));
            if own {
                found.push("SD-1: approved by who raised, sent or will carry it out".to_owned());
            }
            // X7: whoever is on call for the service may say yes at once; another looks at it afterwards.
            if before.kind != Kind::Emergency && recorded.by.people().any(|person| belongs(world, Some(person), before.org)) {
                found.push("X2: approved by the organisation that raised it".to_owned());
            }
            if before.content.as_ref().is_none_or(|c| &c.hash != content) {
                found.push("the approval binds to another content".to_owned());
            }
        }
        Event::Scheduled { implementer, .. } if before.live_approvals().any(|a| a.by.concerns(*implementer)) => {
            found.push("SD-2: an approver will carry it out".to_owned());
        }
        Event::Closed { .. } if owes_steps(before) => found.push("C096: closed while steps are open".to_owned()),
        Event::DisputeAnswered(_) if recorded.by.people().any(|person| did_the_work(before, Some(person))) => {
            found.push("SD-6: a dispute is answered by who did the work".to_owned())
        }
        Event::Reviewed { .. } if recorded.by.people().any(|person| did_the_work(before, Some(person))) => {
            found.push("BR-34: reviewed by who did the work".to_owned())
        }
        Event::WorkConfirmed(said) if !before.parties().affected.contains(&said.org) => {
            found.push("X12: whether it worked is said by somebody whom it did not touch".to_owned())
        }
        Event::GoDecided(_) if !may_decide_go(before, recorded) => found.push("C091: go or no-go by somebody who was not named".to_owned()),
        Event::Closed { .. } | Event::Restated { .. } if recorded.by.people().any(|person| did_the_work(before, Some(person))) => {
            found.push("SD-6: the outcome is confirmed by who did the work".to_owned())
        }
        _ => {}
    }
    found.extend(urgent(before, recorded));
    found.extend(super::veto::faults(before, after, recorded));
    let raisers = matches!(recorded.event, Event::Submitted { .. } | Event::Proposed { .. } | Event::SentBack { .. } | Event::Withdrawn { .. });
    if raisers && recorded.by.org != Some(before.org) {
        found.push(format!("3.2: {} by another organisation", recorded.event.kind()));
    }
    if before.stage != after.stage && matches!(after.stage, Stage::Scheduled | Stage::Implementing) && !is_marked(recorded) {
        found.extend(unauthorised(world, after));
    }
    found
}

/// SD-8, BR-24, T32: what is done first is looked at afterwards, and by another.
fn urgent(before: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let person = recorded.by.person;
    match &recorded.event {
        Event::VerballyApproved(yes) if is_own(before, Some(yes.approver)) => found.push("SD-1: a yes by phone from who raised or sent it".to_owned()),
        Event::VerbalConfirmed { .. } | Event::VerbalDenied { .. } if before.urgent.verbal.as_ref().map(|(yes, _)| yes.approver) != person => {
            found.push("a yes by phone is confirmed by another than gave it".to_owned());
        }
        Event::Ratified { .. } | Event::RatificationRefused(_)
            if before.live_approvals().any(|a| a.by.person == person) || is_own(before, person) || did_the_work(before, person) =>
        {
            found.push("SD-8: ratified by who approved, raised or did it".to_owned());
        }
        Event::VerdictGiven(_) if is_own(before, person) => found.push("SD-1: a verdict on one's own work".to_owned()),
        Event::Closed { outcome, .. } if matches!(before.kind, Kind::Emergency | Kind::Retrospective) => {
            let seen = before.urgent.ratified.is_some() && (before.urgent.verbal.is_none() || before.urgent.answered.is_some());
            // A yes that was never given, to work that never began, needs no second look.
            let nothing_to_see = before.live_approvals().next().is_none() && before.work.started.is_none();
            if before.kind == Kind::Emergency && !seen && !nothing_to_see {
                found.push("T32: an emergency is closed that nobody ratified".to_owned());
            }
            if before.kind == Kind::Retrospective && before.urgent.verdict.is_none() {
                found.push("BR-24: closed without a verdict".to_owned());
            }
            if matches!(before.clinical, Clinical::NotAssessed | Clinical::UnderReview { .. }) {
                found.push("CR-6: closed though nobody looked at the clinical risk".to_owned());
            }
            if before.review.is_none() {
                found.push("BR-33: closed without its review".to_owned());
            }
            let unauthorised = before.urgent.verdict.as_ref().is_some_and(|(judged, ..)| judged.verdict == crate::urgent::Judgement::Unauthorised);
            if unauthorised != (*outcome == crate::change::Outcome::Unauthorised) {
                found.push("BR-24: the outcome and the verdict differ".to_owned());
            }
        }
        _ => {}
    }
    found
}

/// BR-20c: a safety officer's no on this content is binding, whatever the chair thinks.
fn against_the_board(before: &Change) -> Option<String> {
    use crate::board::{Choice, Seat};
    let hash = before.content.as_ref().map(|c| c.hash.as_str()).unwrap_or_default();
    let no = before.board.on(hash).any(|v| v.vote.seat == Seat::Safety && v.vote.choice == Choice::Against);
    let is_boards = before.classification.as_ref().is_some_and(|c| c.category != "minor") && before.kind == Kind::Normal;
    (no && is_boards && before.org != crate::samples::AUTHORITY).then(|| "BR-20c: approved against a safety officer's vote".to_owned())
}

/// SD-3: nobody has two votes, whatever seats they hold and for whomever they stand in.
fn counted_twice(change: &Change) -> Option<String> {
    let mut people: Vec<PersonId> = change.board.votes.iter().flat_map(|v| v.by.people()).collect();
    let all = people.len();
    people.sort_unstable();
    people.dedup();
    (people.len() < all).then(|| "SD-3: somebody's vote counts twice".to_owned())
}

/// X1: work without approval is recorded and marked.
fn is_marked(recorded: &Recorded) -> bool {
    matches!(&recorded.event, Event::Started { told } if told.deviations.iter().any(|d| d == "unapproved"))
}

fn unauthorised(world: &World, change: &Change) -> Vec<String> {
    let mut found = vec![];
    if change.kind == Kind::ServiceRequest {
        if change.model.is_none() {
            found.push("a request is scheduled that no entry of the catalogue authorised".to_owned());
        }
        return found;
    }
    let hash = change.content.as_ref().map(|c| c.hash.as_str()).unwrap_or_default();
    let urgent = change.kind == Kind::Emergency;
    let independent = |by: Option<PersonId>| !is_own_but_for_work(change, by) && (urgent || !belongs(world, by, change.org));
    if !change.live_approvals().any(|a| a.content == hash && a.window == change.window() && a.by.people().all(|person| independent(Some(person)))) {
        found.push(format!("{} without an independent approval of this content and window", change.stage.code()));
    }
    if urgent {
        // CR-6: the look follows the work.
        return found;
    }
    if !matches!(change.clinical, Clinical::NotRequired { .. } | Clinical::Accepted { .. }) {
        found.push(format!("{} without the clinical question answered", change.stage.code()));
    }
    if let Clinical::NotRequired { by, .. } = &change.clinical
        && change.parties().direct_care
        && !by.role.is_some_and(Role::is_safety_officer)
        && change.safety.screening.as_ref().is_none_or(|screening| screening.pattern.is_none())
    {
        found.push("X8: direct care without a safety officer".to_owned());
    }
    found
}

/// Steps of work that was begun, not done and not said to be left out; those of the way back only where it was taken.
fn owes_steps(change: &Change) -> bool {
    use crate::carry::{Plan, Progress};
    let counts = |plan: Plan| plan != Plan::BackOut || change.work.backing_out.is_some();
    let open = |progress: Progress| matches!(progress, Progress::Open | Progress::Started);
    let took_place = change.work.proposed != Some(crate::change::Outcome::NotImplemented);
    took_place && change.carry.steps.iter().any(|step| open(step.progress) && counts(step.planned.plan))
}

fn may_decide_go(change: &Change, recorded: &Recorded) -> bool {
    let manager = matches!(recorded.by.role, Some(Role::SupplierManager | Role::AuthorityManager));
    manager || change.carry.checkpoint.as_ref().is_some_and(|c| Some(c.planned.decider) == recorded.by.person)
}

pub(super) fn is_own(change: &Change, person: Option<PersonId>) -> bool {
    is_own_but_for_work(change, person) || (person.is_some() && change.implementer.is_some_and(|(who, _)| Some(who) == person))
}

fn is_own_but_for_work(change: &Change, person: Option<PersonId>) -> bool {
    person.is_some_and(|p| change.raised_by.person == Some(p) || change.submitted_by.contains(&p))
}

fn did_the_work(change: &Change, person: Option<PersonId>) -> bool {
    let stamps = [&change.work.started_by, &change.work.finished_by];
    person.is_some() && (change.implementer.is_some_and(|(who, _)| Some(who) == person) || stamps.into_iter().flatten().any(|s| s.person == person))
}

fn belongs(world: &World, person: Option<PersonId>, org: OrgId) -> bool {
    person.is_some() && world.people.iter().any(|p| p.actor.person() == person && Actor::belongs_to(&p.actor, org))
}
