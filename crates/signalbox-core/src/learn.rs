//! Learning from work: did it work for those it touched, was it disputed, what went wrong and what is done about it
//! (spec 6.12, X1, X12, X15).

use crate::actor::{Actor, Role, Stamp};
use crate::calendar::{self, Calendar, Division};
use crate::change::{Change, Outcome};
use crate::ids::OrgId;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

vocabulary! {
    /// Whether it worked, by the word of an organisation that it touched (X12).
    Worked {
        Yes = "yes", "it worked";
        WithIssues = "with_issues", "it worked, with issues";
        No = "no", "it did not work";
    }
}

vocabulary! {
    /// Why it went as it went, for the trend.
    RootCause {
        NothingWrong = "nothing_wrong", "nothing went wrong";
        Plan = "plan", "the plan or its steps";
        Testing = "testing", "too little testing";
        Estimate = "estimate", "it took longer than thought";
        Dependency = "dependency", "a dependency nobody knew";
        Product = "product", "a fault in the product";
        Equipment = "equipment", "equipment failed";
        People = "people", "somebody was not there or not told";
        Clash = "clash", "other work at the same time";
        Other = "other", "something else";
    }
}

vocabulary! {
    /// Whether the benefit named at the beginning came (X15).
    Benefit {
        Came = "came", "it came";
        Partly = "partly", "it came in part";
        NotCome = "not_come", "it did not come";
        TooEarly = "too_early", "too early to say";
    }
}

vocabulary! {
    /// How bad an incident was, for the review (fact `incident`).
    Grade {
        Lesser = "lesser", "priority 3 or lower";
        Serious = "serious", "priority 1 or 2";
        Clinical = "clinical", "clinical";
    }
}

/// What an affected organisation said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub org: OrgId,
    pub worked: Worked,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Text>,
}

/// An action out of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAction {
    pub number: u32,
    pub what: Text,
    pub owner: OrgId,
    pub due: Date,
}

/// A review in its parts (BR-33, X15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    pub cause: RootCause,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differently: Option<Text>,
    pub benefit: Benefit,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benefit_words: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<NewAction>,
}

/// An action of a review was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionTold {
    pub number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Text>,
}

/// The outcome on record is not what somebody lived through (C102).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDispute {
    pub org: OrgId,
    pub reason: Text,
}

/// What a change manager says to a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeAnswer {
    pub upheld: bool,
    pub words: Text,
}

/// The two questions to whoever raised it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Kept informed, 1 to 5.
    pub informed: u8,
    /// Went as promised, 1 to 5.
    pub promised: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Text>,
}

/// An incident that the change is thought to have caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentLink {
    /// Its id in the table of incidents.
    pub incident: i64,
    pub grade: Grade,
}

/// An incident is not of this change after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentUnlink {
    pub incident: i64,
    pub reason: Text,
}

/// A near miss: what almost went wrong, without a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    pub words: Text,
}

/// An action and whether it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub action: NewAction,
    pub set_at: Timestamp,
    pub done: Option<(Stamp, Timestamp, Option<Text>)>,
}

/// A dispute and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    pub dispute: NewDispute,
    pub by: Stamp,
    pub at: Timestamp,
    /// The outcome that is disputed.
    pub of: Option<Outcome>,
    pub answer: Option<(Stamp, Timestamp, DisputeAnswer)>,
}

vocabulary! {
    /// How a change came back to whoever raised it.
    CameBack {
        Returned = "returned", "more was needed";
        Rejected = "rejected", "refused";
        Clinical = "clinical", "refused for clinical reasons";
        SupplierRefused = "supplier_refused", "refused by the supplier";
    }
}

/// A change came back to whoever raised it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedBack {
    /// The event's version, which is its place in the change's history.
    pub version: i64,
    pub revision: u32,
    /// `returned`, `rejected`, `clinical`.
    pub kind: &'static str,
    pub code: String,
    pub by: Option<OrgId>,
    pub at: Timestamp,
    /// The revision and time with which it came again.
    pub again: Option<(u32, Timestamp)>,
}

/// Everything that is known of how it went beyond the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    pub confirmations: BTreeMap<OrgId, (Confirmation, Stamp, Timestamp)>,
    pub disputes: Vec<Dispute>,
    pub findings: Option<Findings>,
    pub actions: Vec<Action>,
    pub near_misses: Vec<(NearMiss, Timestamp)>,
    pub survey: Option<(Survey, Timestamp)>,
    pub incidents: BTreeMap<i64, (Grade, Stamp, Timestamp)>,
    /// Whether somebody looked for incidents: `None` is "nobody looked", never "none" (X12).
    pub looked: Option<bool>,
    pub turned_back: Vec<TurnedBack>,
    /// The outcome as it was first confirmed.
    pub first_outcome: Option<Outcome>,
    /// Entries of the catalogue that were suspended with this use.
    pub suspended: Vec<Suspended>,
}

/// An entry of the catalogue that may no longer be asked for (X13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    pub entry: String,
    pub because: String,
    pub at: Timestamp,
}

impl Learnt {
    /// The worst incident linked.
    pub fn worst(&self) -> Option<Grade> {
        self.incidents.values().map(|(grade, ..)| *grade).max()
    }

    /// Disputes without an answer.
    pub fn open_disputes(&self) -> impl Iterator<Item = &Dispute> {
        self.disputes.iter().filter(|dispute| dispute.answer.is_none())
    }
}

/// Who answers for a desk or for changes: they link incidents to changes, so they may tell of them too (X12).
const INCIDENT_REPORTERS: [Role; 5] = [Role::Desk, Role::Coordinator, Role::SupplierManager, Role::NetworkDesk, Role::AuthorityManager];

/// Whether somebody may tell of incidents at all.
pub fn reports_incidents(actor: &Actor) -> bool {
    actor.memberships().iter().any(|m| INCIDENT_REPORTERS.contains(&m.role))
}

/// Whether somebody may tell of an incident of this organisation: their own, or any for the authority's change manager.
pub fn may_report_incident(actor: &Actor, org: OrgId) -> bool {
    actor.holds(Role::AuthorityManager) || actor.memberships().iter().any(|m| m.org == org && INCIDENT_REPORTERS.contains(&m.role))
}

/// For how many working days after the work an incident may have come from it (X12).
const SUSPECT_DAYS: i64 = 5;

/// Whether an incident was opened soon enough after the work to have come from it: within five working days, by the
/// dates of London and the holidays of England and Wales, which is where incidents of several organisations meet.
pub fn may_have_caused(ended: Timestamp, opened: Timestamp) -> bool {
    let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), calendar::london());
    calendar.working_days_between(calendar::local_date(ended, &zone), calendar::local_date(opened, &zone)) <= SUSPECT_DAYS
}

/// The organisations that are asked whether it worked: those that the work touched, without whoever carried it out.
pub fn asked_whether_it_worked(change: &Change) -> Vec<OrgId> {
    let took_place = change.work.finished.is_some() && change.work.proposed != Some(Outcome::NotImplemented);
    if !took_place || change.source_ref.is_some() {
        return vec![];
    }
    let implementer = change.implementer.map(|(_, org)| org);
    change.parties().affected.into_iter().filter(|org| Some(*org) != implementer).collect()
}

/// Whether only those who did the work have spoken for it (X12).
pub fn is_suppliers_word_only(change: &Change) -> bool {
    !asked_whether_it_worked(change).is_empty() && change.learnt.confirmations.is_empty()
}

/// What an outcome is worth (C101). The report prints these tables, so what it publishes is what is reckoned with.
pub const POINTS: [(Outcome, i64); 5] =
    [(Outcome::Successful, 100), (Outcome::SuccessfulWithIssues, 70), (Outcome::Partial, 40), (Outcome::BackedOut, 25), (Outcome::Failed, 0)];

/// What the worst incident costs.
pub const INCIDENT_COSTS: [(Grade, i64); 3] = [(Grade::Lesser, 10), (Grade::Serious, 30), (Grade::Clinical, 50)];

/// More minutes than these past the window cost so much.
pub const OVERRUN_COSTS: (i64, i64) = (30, 10);

/// What a success costs that somebody disputed, and was right.
pub const UPHELD_COSTS: i64 = 20;

/// The score of one piece of work, 0 to 100 (C101). `None`: nothing was attempted.
pub fn score(outcome: Outcome, worst: Option<Grade>, minutes_over: i64, upheld_dispute: bool) -> Option<u8> {
    let (_, points) = POINTS.into_iter().find(|(known, _)| *known == outcome)?;
    let incident = worst.and_then(|worst| INCIDENT_COSTS.into_iter().find(|(grade, _)| *grade == worst)).map_or(0, |(_, costs)| costs);
    let over = if minutes_over > OVERRUN_COSTS.0 { OVERRUN_COSTS.1 } else { 0 };
    let dispute = if upheld_dispute { UPHELD_COSTS } else { 0 };
    Some((points - incident - over - dispute).clamp(0, 100) as u8)
}

mod fold;
pub(crate) use fold::fold;
