//! What the log keeps of clinical safety. Names, numbers of registrations and free text stay in texts (settled 20).

use super::hazard::{HazardWords, Rated};
use super::matrix::Rating;
use crate::actor::{Role, Stamp};
use crate::event::Ruling;
use crate::ids::{FileId, OrgId};
use crate::text::Text;
use crate::words::vocabulary;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// Why a form says no.
    Ground {
        Hazard = "hazard", "a hazard that cannot be accepted";
        InsufficientEvidence = "insufficient_evidence", "insufficient evidence";
    }
}

vocabulary! {
    /// What officer and implementer choose once the work is held (X8).
    AfterStop {
        Hold = "hold", "hold";
        Finish = "finish", "finish";
        BackOut = "back_out", "back out";
    }
}

/// Whose signature is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// A safety officer of this organisation.
    Officer { org: OrgId },
    /// A safety officer of the authority.
    Authority,
    /// Any other safety officer.
    Anyone,
}

impl Seat {
    /// Whether a signature under this membership fills it.
    pub fn is_of(self, stamp: &Stamp) -> bool {
        match self {
            Seat::Officer { org } => stamp.org == Some(org) && matches!(stamp.role, Some(Role::TrustSafety | Role::SupplierSafety)),
            Seat::Authority => stamp.role == Some(Role::AuthoritySafety),
            Seat::Anyone => stamp.role.is_some_and(Role::is_safety_officer),
        }
    }
}

/// The registration that somebody signed under, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// GMC, NMC and so on.
    pub body: String,
    /// The number; pages show its last three.
    pub number: Text,
    pub expires_on: Date,
}

/// What an acceptance rests on (CR-1 to CR-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub ruling: Option<Ruling>,
    /// `accept`, `accept_with_conditions`, `accept_by_exception`.
    pub decision: String,
    pub initial: Option<u8>,
    pub residual: Option<u8>,
    /// "Further reduction is impractical because …" (CR-3).
    pub impractical: Option<Text>,
    /// The last day on which the risk is accepted.
    pub until: Option<Date>,
    pub signature: Option<Signature>,
    /// All that have to sign; the signer's own among them.
    pub seats: Vec<Seat>,
    pub exception: Option<Exception>,
    /// The signer read the form of the earlier rejection, which somebody else signed (spec 8.6).
    pub read_form: bool,
}

/// A residual rating of 4, accepted in an emergency because not doing it is rated higher (CR-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub benefit: Text,
    pub medical_director: Text,
    pub not_changing: Rating,
}

/// A further signature under an acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersigned {
    pub signature: Option<Signature>,
    pub words: Option<Text>,
}

/// A hazard was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardRecorded {
    pub number: u32,
    pub words: HazardWords,
}

/// A hazard was rated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardRated {
    pub number: u32,
    pub rated: Rated,
}

/// A hazard as a form holds it; its words are those under which it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormHazard {
    pub number: u32,
    pub words: HazardWords,
    pub rated: Option<Rated>,
}

/// What would change the officer's mind: what, shown by what, judged by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resubmit {
    pub what: Text,
    pub evidence: Text,
    pub judge: Text,
}

/// The clinical risk rejection form (spec 8.5); immutable, because it is an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionForm {
    /// From 1 within its change.
    pub number: u32,
    pub revision: u32,
    /// Of the answers that were looked at.
    pub content: String,
    /// A stop: the shorter form.
    pub is_stop: bool,
    pub ground: Ground,
    pub scope: Option<Text>,
    pub documents: Vec<Text>,
    /// Files of the change among them, with their hashes.
    pub files: Vec<(FileId, String)>,
    pub hazards: Vec<FormHazard>,
    pub not_changing: Option<(Rating, Text)>,
    pub alternatives: Option<Text>,
    /// Empty: it will not be accepted in any form.
    pub resubmit: Vec<Resubmit>,
    pub immediate: Option<Text>,
    pub consulted: Option<Text>,
    pub signature: Option<Signature>,
    /// Who was rung, for a stop.
    pub rung: Option<Text>,
}

/// How a held work goes on, with the harm of each way written (X8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopSettled {
    pub choice: AfterStop,
    pub harm_of_hold: Text,
    pub harm_of_finish: Text,
    pub harm_of_back_out: Text,
    /// The other of the two who chose.
    pub agreed_with: Text,
}

/// The authority's safety officer overruled a rejection, with an assessment of their own (spec 8.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overruled {
    pub assessment: Rating,
    pub words: Text,
    pub basis: Basis,
}
