//! What must hold of every change, whatever anybody tries. Written from the specification and not from the document,
//! so that a document which gives a rule away is caught.

use super::fill::CANARY;
use crate::actor::{Actor, Role};
use crate::apply::replay;
use crate::change::{Change, Clinical, Kind, Stage};
use crate::event::{Event, Recorded, SCHEMA, upcast};
use crate::ids::{OrgId, PersonId};
use crate::samples::{Case, World};

/// Everything that is wrong after these events; `before` is the change as it was.
pub fn faults(case: &Case, before: &Change, events: &[Recorded]) -> Vec<String> {
    let mut found = vec![];
    if replay(&case.log).as_ref() != Some(&case.change) {
        found.push("replay differs from the live change".to_owned());
    }
    let mut at = before.clone();
    for recorded in events {
        let after = crate::apply::apply(Some(at.clone()), recorded);
        found.extend(stored(recorded));
        found.extend(decided(case.world, &at, &after, recorded));
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
    if json.contains(CANARY) {
        found.push(format!("{} holds free text", recorded.event.kind()));
    }
    found
}

/// Separation of duty (SD-1, SD-2, SD-4, SD-5, SD-6) and the approval that comes before work.
fn decided(world: &World, before: &Change, after: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let person = recorded.by.person;
    let own = is_own(before, person);
    match &recorded.event {
        Event::Approved { content, .. } => {
            if own {
                found.push("SD-1: approved by who raised, sent or will carry it out".to_owned());
            }
            if belongs(world, person, before.org) {
                found.push("X2: approved by the organisation that raised it".to_owned());
            }
            if before.content.as_ref().is_none_or(|c| &c.hash != content) {
                found.push("the approval binds to another content".to_owned());
            }
        }
        Event::Scheduled { implementer, .. } if before.live_approvals().any(|a| a.by.person == Some(*implementer)) => {
            found.push("SD-2: an approver will carry it out".to_owned());
        }
        Event::ClinicallyAccepted { .. } | Event::ClinicallyRejected { .. } | Event::Stopped { .. }
            if !recorded.by.role.is_some_and(Role::is_safety_officer) =>
        {
            found.push("SD-4: a clinical decision without a safety officer".to_owned());
        }
        Event::Closed { .. } | Event::Restated { .. } if did_the_work(before, person) => {
            found.push("SD-6: the outcome is confirmed by who did the work".to_owned())
        }
        _ => {}
    }
    if matches!(recorded.event, Event::ClinicallyAccepted { .. } | Event::ClinicallyRejected { .. } | Event::Screened { .. }) && own {
        found.push("SD-5: a clinical decision on one's own change".to_owned());
    }
    if let Event::Screened { .. } = recorded.event
        && before.parties().direct_care
        && !recorded.by.role.is_some_and(Role::is_safety_officer)
    {
        found.push("X8: direct care is screened without a safety officer".to_owned());
    }
    let raisers = matches!(recorded.event, Event::Submitted { .. } | Event::Proposed { .. } | Event::SentBack { .. } | Event::Withdrawn { .. });
    if raisers && recorded.by.org != Some(before.org) {
        found.push(format!("3.2: {} by another organisation", recorded.event.kind()));
    }
    if before.stage != after.stage && matches!(after.stage, Stage::Scheduled | Stage::Implementing) && !is_marked(recorded) {
        found.extend(unauthorised(world, after));
    }
    found
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
    let independent = |by: Option<PersonId>| !is_own_but_for_work(change, by) && !belongs(world, by, change.org);
    if !change.live_approvals().any(|a| a.content == hash && a.window == change.window() && independent(a.by.person)) {
        found.push(format!("{} without an independent approval of this content and window", change.stage.code()));
    }
    if !matches!(change.clinical, Clinical::NotRequired { .. } | Clinical::Accepted { .. }) {
        found.push(format!("{} without the clinical question answered", change.stage.code()));
    }
    if let Clinical::NotRequired { by, .. } = &change.clinical
        && change.parties().direct_care
        && !by.role.is_some_and(Role::is_safety_officer)
    {
        found.push("X8: direct care without a safety officer".to_owned());
    }
    found
}

fn is_own(change: &Change, person: Option<PersonId>) -> bool {
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
