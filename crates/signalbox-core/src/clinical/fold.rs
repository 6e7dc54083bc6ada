//! Folding clinical events in. It never refuses.

use super::*;
use crate::apply::{add_conditions, void_approvals};
use crate::change::{Awaiting, Content};
use crate::event::{Event, NewCondition, Recorded};
use crate::form::Answer;

/// Answers that leave the track as it is: what it is called, whom to ring, other people's numbers, and papers (spec 5.3).
const NEUTRAL: &[&str] = &["title", "contact_on_site", "contact_primary", "contact_ooh", "external_refs", "source_ref", "charge_hint", "confidentiality"];

/// A clinical event.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match &recorded.event {
        Event::Screened { answers, pattern, .. } => {
            let revision = change.revision;
            change.safety.screening = Some(Screening { answers: *answers, by: by.clone(), at, revision, pattern: pattern.clone() });
            let asks = answers.contains(&true) || !change.safety.hazards.is_empty();
            change.clinical = if asks { Clinical::UnderReview { answers: *answers, by, at } } else { Clinical::NotRequired { by, at } };
        }
        Event::HazardRecorded(hazard) => {
            let HazardRecorded { number, words } = (**hazard).clone();
            change.safety.hazards.push(Hazard { number, words, by, at, rated: None, rated_by: None, before: None, answers: vec![] });
            look_again(change, recorded);
        }
        Event::HazardRated(rated) => {
            if let Some(hazard) = change.safety.hazards.iter_mut().find(|h| h.number == rated.number) {
                hazard.rated = Some(rated.rated.clone());
                hazard.rated_by = Some((by, at));
            }
            look_again(change, recorded);
        }
        Event::ClinicallyAccepted { words, conditions, basis } => accept(change, recorded, words.clone(), conditions, basis.clone()),
        Event::ClinicallyCountersigned(_) => countersign(change, recorded),
        Event::ClinicallyQueried { questions } => {
            change.safety.rounds.push(Round { by: by.clone(), at, questions: questions.clone(), answer: None });
            change.clinical = Clinical::Query { answers: answers_of(change), by, at };
        }
        Event::ClinicalQueryAnswered { answer } => {
            if let Some(round) = change.safety.rounds.last_mut() {
                round.answer = Some((by.clone(), at, answer.clone()));
            }
            change.clinical = Clinical::UnderReview { answers: answers_of(change), by, at };
        }
        Event::ClinicallyEscalated { benefit } => change.safety.escalated = Some((by, at, benefit.clone())),
        Event::ScreeningReviewed { agrees, words } => {
            change.safety.reviewed = Some(Reviewed { by: by.clone(), at, agrees: *agrees, words: words.clone() });
            if !agrees && matches!(change.stage, Stage::Assessing | Stage::AwaitingApproval) {
                change.clinical = Clinical::UnderReview { answers: answers_of(change), by, at };
            }
        }
        Event::DowntimeWaived { reason } => change.safety.downtime.waived = Some((by, at, reason.clone())),
        _ => fold_refusal(change, recorded),
    }
}

fn fold_refusal(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match &recorded.event {
        Event::ClinicallyRejected { form, .. } => {
            change.clinical = Clinical::Rejected { by: by.clone(), at };
            refuse(change, Rejected { by, at, form: form.as_deref().cloned() });
        }
        Event::Stopped { reason, form } => {
            change.clinical = Clinical::Stopped { by: by.clone(), at, reason: reason.clone(), settled: None };
            // Before the start a stop is a rejection (settled 4); afterwards it holds the work at the next safe point (X8).
            if !matches!(change.stage, Stage::Implementing | Stage::BackingOut) {
                refuse(change, Rejected { by, at, form: form.as_deref().cloned() });
            }
        }
        Event::StopSettled(choice) => {
            if let Clinical::Stopped { settled, .. } = &mut change.clinical {
                *settled = Some(choice.clone());
            }
        }
        Event::ClinicallyAppealed { grounds } => change.safety.appeal = Some(Appeal { by, at, grounds: grounds.clone(), ruled: None }),
        Event::ClinicalRejectionUpheld { .. } => ruled(change, by, at, true),
        Event::ClinicalRejectionOverruled(overruled) => {
            ruled(change, by, at, false);
            change.stage = Stage::Assessing;
            accept(change, recorded, Some(overruled.words.clone()), &[], Some(Box::new(overruled.basis.clone())));
        }
        _ => {}
    }
}

fn ruled(change: &mut Change, by: Stamp, at: Timestamp, upheld: bool) {
    if let Some(appeal) = &mut change.safety.appeal {
        appeal.ruled = Some((by, at, upheld));
    }
}

fn refuse(change: &mut Change, rejected: Rejected) {
    void_approvals(change, rejected.at);
    change.safety.rejections.push(rejected);
    change.safety.appeal = None;
    change.stage = Stage::ClinRejected;
}

fn answers_of(change: &Change) -> [bool; 8] {
    change.safety.screening.as_ref().map_or([true; 8], |screening| screening.answers)
}

/// What was signed was signed without this: it is looked at again.
fn look_again(change: &mut Change, recorded: &Recorded) {
    if matches!(change.clinical, Clinical::NotRequired { .. } | Clinical::Accepted { .. } | Clinical::AwaitingSignature(_)) {
        change.clinical = Clinical::UnderReview { answers: answers_of(change), by: recorded.by.clone(), at: recorded.at };
    }
}

fn accept(change: &mut Change, recorded: &Recorded, words: Option<Text>, conditions: &[NewCondition], basis: Option<Box<Basis>>) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    let open = basis.as_ref().map_or(vec![], |basis| open_seats(&basis.seats, std::slice::from_ref(&by)));
    match basis {
        Some(basis) if !open.is_empty() => {
            let awaiting = Awaiting { signed: vec![by], at, words, conditions: conditions.to_vec(), basis };
            change.clinical = Clinical::AwaitingSignature(Box::new(awaiting));
        }
        basis => {
            add_conditions(change, recorded, conditions);
            change.clinical = Clinical::Accepted { by, at, words, conditions: conditions.len(), basis };
        }
    }
}

fn countersign(change: &mut Change, recorded: &Recorded) {
    let Clinical::AwaitingSignature(awaiting) = &mut change.clinical else { return };
    awaiting.signed.push(recorded.by.clone());
    if !open_seats(&awaiting.basis.seats, &awaiting.signed).is_empty() {
        return;
    }
    let Awaiting { conditions, words, basis, .. } = (**awaiting).clone();
    add_conditions(change, recorded, &conditions);
    change.clinical = Clinical::Accepted { by: recorded.by.clone(), at: recorded.at, words, conditions: conditions.len(), basis: Some(basis) };
}

/// The track begins again, for other answers than those that were signed (spec 5.3). What was rejected is under review
/// at once: eight times no does not lift a rejection (spec 8.6).
pub(crate) fn restart(change: &mut Change, by: &Stamp, at: Timestamp) {
    let answers = answers_of(change);
    let safety = &mut change.safety;
    safety.rounds.clear();
    safety.escalated = None;
    safety.reviewed = None;
    for hazard in &mut safety.hazards {
        hazard.before = hazard.rated.take().or(hazard.before.take());
        hazard.rated_by = None;
    }
    let rejected = safety.last_rejection().is_some();
    change.clinical = if rejected { Clinical::UnderReview { answers, by: by.clone(), at } } else { Clinical::NotAssessed };
}

/// A new revision: the raiser's answers to the hazards are kept with them, and the track begins again unless only
/// neutral answers differ (spec 5.3, BR-21).
pub(crate) fn new_revision(change: &mut Change, before: Option<&Content>, answers: &[(u32, Text)], by: &Stamp, at: Timestamp) {
    let revision = change.revision;
    for (number, text) in answers {
        if let Some(hazard) = change.safety.hazards.iter_mut().find(|h| h.number == *number) {
            hazard.answers.push((revision, text.clone()));
        }
    }
    let neutral = before.zip(change.content.as_ref()).is_some_and(|(before, after)| is_neutral(change, before, after, false));
    let refused = matches!(change.clinical, Clinical::Rejected { .. } | Clinical::Stopped { .. });
    if refused || !neutral {
        restart(change, by, at);
    }
    if refused {
        change.safety.appeal = None;
    }
}

/// Whether two contents differ in neutral answers only; an answer that was owed and is given for the first time is
/// evidence beside what was signed, if `owed` says so.
pub(crate) fn is_neutral(change: &Change, before: &Content, after: &Content, owed: bool) -> bool {
    let ids: BTreeSet<&String> = before.answers.keys().chain(after.answers.keys()).collect();
    ids.into_iter().all(|id| match (before.answers.get(id), after.answers.get(id)) {
        (before, after) if before == after => true,
        _ if NEUTRAL.contains(&id.as_str()) => true,
        (None, Some(_)) if owed => true,
        (_, Some(Answer::Files(files))) => files.iter().all(|file| change.safety.papers.contains(file)),
        _ => false,
    })
}

/// Notes what happened after the last signature, for the officer who gave it.
pub(crate) fn note(change: &mut Change, recorded: &Recorded) {
    let by = || Some((recorded.by.clone(), recorded.at));
    match &recorded.event {
        Event::ClinicallyAccepted { .. } | Event::ClinicallyCountersigned(_) | Event::ClinicallyRejected { .. } | Event::ClinicalRejectionOverruled(_) => {
            change.safety.signed = by();
            change.safety.changed_since.clear();
        }
        Event::Screened { by_officer: true, .. } => {
            change.safety.signed = by();
            change.safety.changed_since.clear();
        }
        Event::Amended { .. }
        | Event::Rescheduled { .. }
        | Event::Submitted { .. }
        | Event::HazardRecorded(_)
        | Event::HazardRated(_)
        | Event::Started { .. }
            if change.safety.signed.is_some() =>
        {
            change.safety.changed_since.push(recorded.version);
        }
        Event::Attached { file, purpose, .. } => {
            match purpose.as_deref() {
                Some("administrative") => {
                    change.safety.papers.insert(*file);
                    return;
                }
                Some("downtime_procedure") => change.safety.downtime.files.push(*file),
                _ => {}
            }
            if change.safety.signed.is_some() {
                change.safety.changed_since.push(recorded.version);
            }
        }
        _ => {}
    }
}
