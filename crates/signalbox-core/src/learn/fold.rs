//! What was said of the work afterwards; see `apply`.

use super::{Action, Dispute, Learnt, Suspended, TurnedBack};
use crate::change::Change;
use crate::event::{Event, Recorded};

/// Folds an event of this track in, and whatever other events mean for it.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded) {
    let (by, at, outcome) = (recorded.by.clone(), recorded.at, change.outcome);
    let revision = change.revision;
    let learnt = &mut change.learnt;
    match &recorded.event {
        Event::WorkConfirmed(said) => drop(learnt.confirmations.insert(said.org, ((**said).clone(), by, at))),
        Event::OutcomeDisputed(dispute) => learnt.disputes.push(Dispute { dispute: (**dispute).clone(), by, at, of: outcome, answer: None }),
        Event::DisputeAnswered(answer) => {
            for dispute in learnt.disputes.iter_mut().filter(|dispute| dispute.answer.is_none()) {
                dispute.answer = Some((by.clone(), at, (**answer).clone()));
            }
        }
        Event::ActionDone(told) => {
            if let Some(action) = learnt.actions.iter_mut().find(|a| a.action.number == told.number) {
                action.done = Some((by, at, told.words.clone()));
            }
        }
        Event::NearMissRecorded(near) => learnt.near_misses.push(((**near).clone(), at)),
        Event::Surveyed(survey) => learnt.survey = Some(((**survey).clone(), at)),
        Event::IncidentLinked(link) => drop(learnt.incidents.insert(link.incident, (link.grade, by, at))),
        Event::IncidentUnlinked(link) => drop(learnt.incidents.remove(&link.incident)),
        Event::EntrySuspended { entry, because } => learnt.suspended.push(Suspended { entry: entry.clone(), because: because.clone(), at }),
        Event::Reviewed { findings: Some(findings), .. } => {
            learnt.actions.extend(findings.actions.iter().map(|action| Action { action: action.clone(), set_at: at, done: None }));
            learnt.findings = Some((**findings).clone());
        }
        Event::Closed { outcome, looked, .. } => {
            learnt.looked = *looked;
            learnt.first_outcome = Some(*outcome);
        }
        Event::Returned { supplier_side_only, .. } => {
            turn_back(learnt, recorded, revision, "returned", if *supplier_side_only { "supplier_side" } else { "incomplete" })
        }
        Event::Rejected { reason_code, .. } => turn_back(learnt, recorded, revision, "rejected", reason_code),
        Event::ClinicallyRejected { .. } => turn_back(learnt, recorded, revision, "clinical", "clinical_risk"),
        Event::Submitted { revision, .. } => {
            for turned in learnt.turned_back.iter_mut().filter(|turned| turned.again.is_none()) {
                turned.again = Some((*revision, at));
            }
        }
        _ => {}
    }
}

fn turn_back(learnt: &mut Learnt, recorded: &Recorded, revision: u32, kind: &'static str, code: &str) {
    let (version, by, at) = (recorded.version, recorded.by.org, recorded.at);
    learnt.turned_back.push(TurnedBack { version, revision, kind, code: code.to_owned(), by, at, again: None });
}
