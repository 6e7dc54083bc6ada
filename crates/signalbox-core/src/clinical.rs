//! Clinical safety (spec 8, 5.3, X8): the matrix, hazards with their ratings, what may be decided on them and by whom,
//! the rejection form and the way back from it. Everything that a change keeps about it stands in [`Safety`].

pub mod bars;
pub mod decision;
pub mod fields;
pub mod fold;
pub mod hazard;
pub mod hours;
pub mod matrix;
pub mod record;

pub use decision::{Allowed, Decides, Signing};
pub use hazard::{Control, ControlState, Hazard, HazardWords, Rated};
pub use matrix::{Harm, Likelihood, MATRIX, Matrix, Patients, Rating, Severity};
pub use record::*;

use crate::actor::{OrgKind, Role, Stamp};
use crate::change::{Change, Clinical, Kind, Stage};
use crate::decide::Context;
use crate::facts::Registration;
use crate::ids::{FileId, OrgId};
use crate::text::Text;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Working days in which the clinical question is decided after acceptance; silence past them is never a yes [D].
pub const DUE_WORKING_DAYS: i64 = 5;
/// Working days in which a rejection may be taken to the authority's safety officer (spec 8.5).
pub const APPEAL_WORKING_DAYS: i64 = 10;
/// Rounds of questions before a lack of evidence is a rejection (CR-5).
pub const QUERY_ROUNDS: usize = 2;
/// More affected trusts than this are signed for by the authority's safety officer (CR-3).
pub const TRUSTS_THAT_SIGN: usize = 3;

/// The eight answers, with who gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    pub answers: [bool; 8],
    pub by: Stamp,
    pub at: Timestamp,
    pub revision: u32,
    /// The agreed statement by which somebody else than an officer screened direct care (X8).
    pub pattern: Option<String>,
}

/// A round of questions by an officer, and what was answered (CR-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub by: Stamp,
    pub at: Timestamp,
    pub questions: Text,
    pub answer: Option<(Stamp, Timestamp, Text)>,
}

/// A rejection as signed; it stays attached for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub by: Stamp,
    pub at: Timestamp,
    /// `None` for one that was recorded before the form was asked for.
    pub form: Option<RejectionForm>,
}

/// An appeal, and how it was ruled on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeal {
    pub by: Stamp,
    pub at: Timestamp,
    pub grounds: Text,
    pub ruled: Option<(Stamp, Timestamp, bool)>,
}

/// An officer looked again at eight times no (spec 8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    pub by: Stamp,
    pub at: Timestamp,
    pub agrees: bool,
    pub words: Option<Text>,
}

/// The downtime procedure: a file marked as such, or an officer's reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downtime {
    pub files: Vec<FileId>,
    pub waived: Option<(Stamp, Timestamp, Text)>,
}

/// All that a change keeps about clinical safety beside the state of its track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    pub screening: Option<Screening>,
    pub hazards: Vec<Hazard>,
    /// Questions on this revision.
    pub rounds: Vec<Round>,
    pub escalated: Option<(Stamp, Timestamp, Text)>,
    pub rejections: Vec<Rejected>,
    pub appeal: Option<Appeal>,
    pub reviewed: Option<Reviewed>,
    pub downtime: Downtime,
    /// The last signature: what changed since is named to its officer.
    pub signed: Option<(Stamp, Timestamp)>,
    /// Events since, by their version.
    pub changed_since: Vec<i64>,
    /// Files marked as administrative.
    pub papers: BTreeSet<FileId>,
}

impl Safety {
    /// The worst initial rating, once every hazard is rated.
    pub fn worst_initial(&self) -> Option<u8> {
        self.worst(|rated| rated.initial.rating)
    }

    /// The worst rating after controls, once every hazard is rated.
    pub fn worst_residual(&self) -> Option<u8> {
        self.worst(|rated| rated.residual.rating)
    }

    fn worst(&self, of: impl Fn(&Rated) -> u8) -> Option<u8> {
        let rated: Option<Vec<u8>> = self.hazards.iter().map(|hazard| hazard.rated.as_ref().map(&of)).collect();
        rated?.into_iter().max()
    }

    /// Hazards that nobody has rated on this revision.
    pub fn unrated(&self) -> impl Iterator<Item = &Hazard> {
        self.hazards.iter().filter(|hazard| hazard.rated.is_none())
    }

    /// The hazard with this number.
    pub fn hazard(&self, number: u32) -> Option<&Hazard> {
        self.hazards.iter().find(|hazard| hazard.number == number)
    }

    /// The rejection that came last, if it was not overruled.
    pub fn last_rejection(&self) -> Option<&Rejected> {
        let overruled = self.appeal.as_ref().and_then(|appeal| appeal.ruled.as_ref()).is_some_and(|(_, _, upheld)| !upheld);
        self.rejections.last().filter(|_| !overruled)
    }

    /// How often forms were signed; the next has this number and one more.
    pub fn forms(&self) -> u32 {
        self.rejections.len() as u32
    }
}

impl Change {
    /// The hazards that sending it again has to answer, by number (BR-21).
    pub fn to_be_answered(&self) -> Vec<u32> {
        let form = self.safety.last_rejection().filter(|_| self.stage == Stage::ClinRejected).and_then(|rejected| rejected.form.as_ref());
        form.map_or(vec![], |form| form.hazards.iter().map(|hazard| hazard.number).collect())
    }
}

/// Whether the question is still to be decided: never by silence (scenario 31).
pub fn is_open(change: &Change) -> bool {
    matches!(change.clinical, Clinical::NotAssessed | Clinical::UnderReview { .. } | Clinical::Query { .. } | Clinical::AwaitingSignature(_))
}

/// The reference of a form: that of its change, and its number.
pub fn form_ref(reference: &str, number: u32) -> String {
    format!("{reference}-CR{number}")
}

/// The one in ten of screenings without a yes that an officer looks at again (spec 8.3): a hash of the reference,
/// with a word of its own so that it is not the sample of the reviews.
pub fn is_sampled(reference: &str) -> bool {
    let digest = Sha256::digest(format!("clinical {reference}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first).is_multiple_of(10)
}

/// What is urgent is looked at by a safety officer in any case, so it is in no sample.
pub fn is_in_sample(change: &Change) -> bool {
    !matches!(change.kind, Kind::Emergency | Kind::Retrospective) && is_sampled(&change.reference)
}

/// The registration under which this membership signs, if it is in force today (spec 8.2, SD-4).
pub fn registration<'a>(ctx: &'a Context, stamp: &Stamp) -> Option<&'a Registration> {
    let today = ctx.zone.to_datetime(ctx.now).date();
    mine(ctx, stamp).find(|registration| registration.expires_on >= today)
}

fn mine<'a>(ctx: &'a Context, stamp: &Stamp) -> impl Iterator<Item = &'a Registration> {
    let (person, org) = (stamp.person, stamp.org);
    ctx.facts.registrations.iter().filter(move |r| Some(r.person) == person && Some(r.org) == org)
}

/// Whether a downtime procedure belongs to the change: care is touched directly, or a system that care uses is away.
pub fn needs_downtime(change: &Change) -> bool {
    change.parties().direct_care || (crate::decide::given::takes_service_away(change) && crate::decide::given::is_near_patients(change))
}

/// Whether one is there, or an officer has said why not.
pub fn has_downtime(change: &Change) -> bool {
    !change.safety.downtime.files.is_empty() || change.safety.downtime.waived.is_some()
}

/// Whose signature an acceptance of residual risk 3 needs: the supplier's officer and each affected trust's, or the
/// authority's for more than three trusts (CR-3). Never fewer than two people.
pub fn seats(ctx: &Context, change: &Change) -> Vec<Seat> {
    let parties = change.parties();
    let kind = |org: &OrgId| ctx.facts.kind_of(*org);
    let mut seats: BTreeSet<Seat> = parties.runs.iter().filter(|org| kind(org) == Some(OrgKind::Supplier)).map(|org| Seat::Officer { org: *org }).collect();
    let trusts: Vec<OrgId> = parties.affected.iter().filter(|org| kind(org).is_none_or(|k| k == OrgKind::Trust)).copied().collect();
    if trusts.len() > TRUSTS_THAT_SIGN {
        seats.insert(Seat::Authority);
    } else {
        seats.extend(trusts.into_iter().map(|org| Seat::Officer { org }));
    }
    if seats.len() < 2 {
        seats.insert(Seat::Authority);
    }
    if seats.len() < 2 {
        seats.insert(Seat::Anyone);
    }
    seats.into_iter().collect()
}

/// The seats that no signature fills yet. Each person fills one (SD-3), and a named seat before an open one.
pub fn open_seats(seats: &[Seat], signed: &[Stamp]) -> Vec<Seat> {
    let mut open = seats.to_vec();
    open.sort();
    for stamp in signed {
        if let Some(at) = open.iter().position(|seat| seat.is_of(stamp)) {
            open.remove(at);
        }
    }
    open
}

/// The side on which an officer stands (spec 8.2): the supplier's, the trust's, the authority's.
pub fn side(stamp: &Stamp) -> Option<Role> {
    stamp.role.filter(|role| role.is_safety_officer())
}
