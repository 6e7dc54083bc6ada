//! What safety officers owe, and what is owed to them. Each is owed by a role, so that a colleague or a deputy who
//! holds it has it at once where somebody may not sign any more (spec 8.2).

use super::Duty;
use crate::clinical::due;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{Calendar, Division, london};
use signalbox_core::change::{Change, Clinical, Stage};
use signalbox_core::clinical::{self, Seat};

/// The duties of a change.
pub(super) fn of(change: &Change) -> Vec<Duty<'_>> {
    if change.revision == 0 || change.source_ref.is_some() {
        return vec![];
    }
    let mut duties = vec![];
    let duty = |key: String, kind: &'static str, org: Option<i64>, role: Option<Role>| Duty {
        key,
        kind,
        org,
        role,
        person: None,
        about: kind.to_owned(),
        text: None,
        asked_at: change.stage_since,
        due_at: due(change),
        done: None,
    };
    if due(change).is_some() {
        match &change.clinical {
            Clinical::NotAssessed if !change.parties().direct_care => {
                duties.push(duty("clinical-screen".into(), "clinical_screen", None, Some(Role::SupplierManager)));
            }
            Clinical::NotAssessed => duties.push(duty("clinical-screen".into(), "clinical_screen", None, Some(officer(change)))),
            Clinical::UnderReview { .. } => duties.push(duty("clinical-decision".into(), "clinical_decision", None, Some(officer(change)))),
            Clinical::Query { .. } => duties.push(duty("clinical-answer".into(), "clinical_answer", Some(change.org.0), None)),
            Clinical::AwaitingSignature(awaiting) => {
                for seat in clinical::open_seats(&awaiting.basis.seats, &awaiting.signed) {
                    // A seat of an organisation is owed by it; one of the authority by its officers.
                    let (org, role) = if let Seat::Officer { org } = seat { (Some(org.0), None) } else { (None, Some(Role::AuthoritySafety)) };
                    duties.push(duty(format!("clinical-signature-{}", org.unwrap_or(0)), "clinical_signature", org, role));
                }
            }
            Clinical::Stopped { .. } if matches!(change.stage, Stage::Implementing | Stage::BackingOut) => {
                duties.push(duty("clinical-stop".into(), "clinical_stop", None, Some(officer(change))));
            }
            _ => duties.push(duty("clinical-appeal".into(), "clinical_appeal", None, Some(Role::AuthoritySafety))),
        }
    }
    duties.extend(sample(change));
    duties
}

/// The side that decides: the authority's where it was escalated, that of an earlier rejection, else the supplier's, and
/// the trust's where no supplier has a part.
fn officer(change: &Change) -> Role {
    let rejected = change.safety.last_rejection().and_then(|rejected| clinical::side(&rejected.by));
    match rejected {
        _ if change.safety.escalated.is_some() => Role::AuthoritySafety,
        Some(side) => side,
        None if change.parties().runs.is_empty() => Role::TrustSafety,
        None => Role::SupplierSafety,
    }
}

/// One in ten screenings without a yes is looked at again, within ten working days (spec 8.3).
fn sample(change: &Change) -> Option<Duty<'_>> {
    let screening = change.safety.screening.as_ref()?;
    let reviewed = change.safety.reviewed.as_ref();
    let stands = matches!(change.clinical, Clinical::NotRequired { .. }) || reviewed.is_some();
    (stands && clinical::is_in_sample(change)).then(|| Duty {
        key: "clinical-sample".into(),
        kind: "clinical_sample",
        org: None,
        role: Some(if screening.by.role == Some(Role::SupplierSafety) { Role::AuthoritySafety } else { Role::SupplierSafety }),
        person: None,
        about: "clinical_sample".into(),
        text: None,
        asked_at: screening.at,
        due_at: Some(Calendar::shipped(Division::EnglandAndWales).due_at(screening.at, 10, &london())),
        done: reviewed.map(|reviewed| (&reviewed.by, reviewed.at)),
    })
}
