//! What must hold of clinical safety, whatever anybody tries (spec 8, 5.3, X8).

use super::watch::is_own;
use crate::actor::{Role, Stamp};
use crate::change::{Change, Clinical, Kind, Stage};
use crate::clinical::{Basis, RejectionForm, open_seats};
use crate::event::{Event, Recorded};
use std::collections::BTreeSet;

/// Everything that is wrong after this event.
pub(super) fn faults(before: &Change, after: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = signed(before, recorded);
    let was_refused = matches!(before.clinical, Clinical::Rejected { .. } | Clinical::Stopped { .. });
    let is_answered = matches!(after.clinical, Clinical::Accepted { .. } | Clinical::NotRequired { .. });
    match &recorded.event {
        Event::Started { told } if is_vetoed(before) && !told.deviations.iter().any(|d| d == "unapproved") => {
            found.push("a veto was open and the work started unmarked".to_owned());
        }
        Event::AssessmentCompleted if !is_answered => found.push("silence was taken for a clinical yes".to_owned()),
        Event::Submitted { answers_to_hazards, .. } => {
            let answered: BTreeSet<u32> = answers_to_hazards.iter().map(|(number, _)| *number).collect();
            if before.to_be_answered().iter().any(|number| !answered.contains(number)) {
                found.push("BR-21: sent again without an answer to every hazard".to_owned());
            }
            if was_refused && is_answered {
                found.push("8.6: a rejection was lifted by sending again".to_owned());
            }
        }
        _ => {}
    }
    let lifts = was_refused && is_answered;
    let by_authority = recorded.by.role == Some(Role::AuthoritySafety) && matches!(recorded.event, Event::ClinicalRejectionOverruled(_));
    if lifts && !by_authority {
        found.push(format!("8.6: a rejection was lifted by {}", recorded.event.kind()));
    }
    if after.safety.rejections.len() < before.safety.rejections.len() || !after.safety.rejections.starts_with(&before.safety.rejections) {
        found.push("8.5: a signed form changed".to_owned());
    }
    if !matches!(before.clinical, Clinical::Accepted { .. })
        && let Clinical::Accepted { basis: Some(basis), .. } = &after.clinical
    {
        found.extend(accepted(after, before, basis, recorded));
    }
    found
}

/// A safety officer said no, or has not said yes to what somebody saw. The look at an emergency follows the work (CR-6,
/// X7): there only a no is one.
fn is_vetoed(change: &Change) -> bool {
    let refused = matches!(change.clinical, Clinical::Rejected { .. } | Clinical::Stopped { .. });
    let open = matches!(change.clinical, Clinical::UnderReview { .. } | Clinical::Query { .. } | Clinical::AwaitingSignature(_));
    (refused || (open && change.kind != Kind::Emergency)) && !matches!(change.stage, Stage::Implementing | Stage::BackingOut)
}

/// SD-4, SD-5 and X8: who signed, and under which registration.
fn signed(before: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let is_officer = recorded.by.role.is_some_and(Role::is_safety_officer);
    let signature = match &recorded.event {
        Event::ClinicallyAccepted { basis, .. } => basis.as_ref().and_then(|b| b.signature.as_ref()),
        Event::ClinicallyCountersigned(signed) => signed.signature.as_ref(),
        Event::ClinicallyRejected { form, .. } => signature_of(form.as_deref()),
        Event::Stopped { form, .. } => signature_of(form.as_deref()),
        Event::ClinicalRejectionOverruled(overruled) => overruled.basis.signature.as_ref(),
        Event::Screened { pattern, .. } => {
            if before.parties().direct_care && !is_officer && pattern.is_none() {
                found.push("X8: direct care is screened without a safety officer".to_owned());
            }
            if is_own(before, recorded.by.person) {
                found.push("SD-5: a screening of one's own change".to_owned());
            }
            return found;
        }
        _ => return found,
    };
    if !is_officer || signature.is_none() {
        found.push("SD-4: a clinical decision without a registered safety officer".to_owned());
    }
    if is_own(before, recorded.by.person) && !matches!(recorded.event, Event::Stopped { .. }) {
        found.push("SD-5: a clinical decision on one's own change".to_owned());
    }
    found
}

fn signature_of(form: Option<&RejectionForm>) -> Option<&crate::clinical::Signature> {
    form.and_then(|form| form.signature.as_ref())
}

/// CR-1 to CR-4: what was accepted may be accepted, and all have signed who have to.
fn accepted(change: &Change, before: &Change, basis: &Basis, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let signers: Vec<Stamp> = match &before.clinical {
        Clinical::AwaitingSignature(awaiting) => awaiting.signed.iter().cloned().chain([recorded.by.clone()]).collect(),
        _ => vec![recorded.by.clone()],
    };
    let residual = basis.residual.unwrap_or_default();
    // An emergency is decided on by phone or afterwards, without ratings (spec 10.4, CR-6).
    if basis.residual.is_none() && !matches!(change.kind, Kind::Emergency | Kind::Retrospective) {
        found.push("CR-5: accepted with nothing rated".to_owned());
    }
    if residual == 5 || (residual == 4 && (change.kind != Kind::Emergency || basis.exception.is_none() || recorded.by.role != Some(Role::AuthoritySafety))) {
        found.push(format!("CR-4: a residual rating of {residual} was accepted"));
    }
    if residual == 3 {
        let people: BTreeSet<_> = signers.iter().map(|stamp| stamp.person).collect();
        if people.len() < 2 || people.len() != signers.len() || !open_seats(&basis.seats, &signers).is_empty() {
            found.push("CR-3: a residual rating of 3 was accepted without both signatures".to_owned());
        }
        if basis.impractical.is_none() || basis.until.is_none() {
            found.push("CR-3: nobody said why reducing it further is impractical, or until when it is accepted".to_owned());
        }
    }
    found
}
