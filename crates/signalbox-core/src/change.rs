//! One change as the log tells it: a main stage and side tracks (spec 5).

use crate::actor::Stamp;
use crate::clinical::{Basis, Safety, StopSettled};
use crate::event::{Asked, Classification, NewCondition, NoticeGiven, Promise, Ruling, Told};
use crate::form::{Answer, Answers};
use crate::ids::{ChangeId, ItemId, OrgId, PersonId, ServiceId, SiteId};
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

vocabulary! {
    /// Kinds of change (spec 4, settled 12).
    Kind {
        Normal = "normal", "normal change";
        ServiceRequest = "service_request", "service request";
        PlannedOutage = "planned_outage", "planned outage";
        Emergency = "emergency", "emergency change";
        Retrospective = "retrospective", "retrospective change";
        FirewallNetwork = "firewall_network", "firewall or network change";
        PacsModality = "pacs_modality", "PACS modality change";
        NationalService = "national_service", "national service change";
    }
}

impl Kind {
    /// Work comes first and the full record follows (spec 4.3, 4.4).
    pub fn is_recorded_late(self) -> bool {
        matches!(self, Kind::Emergency | Kind::Retrospective)
    }
}

vocabulary! {
    /// The main stage (spec 5.1); the words are the labels of settled 11.
    Stage {
        Draft = "DRAFT", "Draft";
        LocalAuth = "LOCAL_AUTH", "Waiting for your trust";
        Submitted = "SUBMITTED", "Checking";
        Returned = "RETURNED", "More needed";
        Assessing = "ASSESSING", "Assessing";
        AwaitingApproval = "AWAITING_APPROVAL", "Deciding";
        OnHold = "ON_HOLD", "On hold";
        ClinRejected = "CLIN_REJECTED", "Rejected on clinical risk";
        Rejected = "REJECTED", "Refused";
        Approved = "APPROVED", "Approved";
        Scheduled = "SCHEDULED", "Scheduled";
        Implementing = "IMPLEMENTING", "In progress";
        BackingOut = "BACKING_OUT", "Backing out";
        Implemented = "IMPLEMENTED", "Carried out";
        Review = "REVIEW", "Review";
        Closed = "CLOSED", "Closed";
        Cancelled = "CANCELLED", "Cancelled";
        Withdrawn = "WITHDRAWN", "Withdrawn";
        Expired = "EXPIRED", "Expired";
    }
}

vocabulary! {
    /// Assessments of spec 6.4.
    AssessmentKind {
        Technical = "technical", "technical";
        Resources = "resources", "resources";
        Continuity = "continuity", "business continuity";
        Security = "security", "security";
        Affected = "affected", "affected trust";
        Network = "network", "network provider";
        Commercial = "commercial", "commercial";
    }
}

vocabulary! {
    /// What became of a change (spec 6.12); present if and only if it is closed (settled 12).
    Outcome {
        Successful = "successful", "successful";
        SuccessfulWithIssues = "successful_with_issues", "successful with issues";
        Partial = "partial", "partly done";
        BackedOut = "backed_out", "backed out";
        Failed = "failed", "failed";
        NotImplemented = "not_implemented", "not carried out";
        Cancelled = "cancelled", "cancelled";
        Withdrawn = "withdrawn", "withdrawn";
        Rejected = "rejected", "refused";
        ClinRejected = "clin_rejected", "rejected on clinical risk";
        Expired = "expired", "expired";
        Duplicate = "duplicate", "duplicate";
        Unauthorised = "unauthorised", "unauthorised";
    }
}

impl Outcome {
    /// Whether work was attempted, so that the success rate counts it (spec 6.12, K1).
    pub fn is_attempted(self) -> bool {
        matches!(self, Outcome::Successful | Outcome::SuccessfulWithIssues | Outcome::Partial | Outcome::BackedOut | Outcome::Failed)
    }

    /// The outcomes that an implementer may propose for work that took place or did not.
    pub const OF_WORK: &'static [Outcome] =
        &[Outcome::Successful, Outcome::SuccessfulWithIssues, Outcome::Partial, Outcome::BackedOut, Outcome::Failed, Outcome::NotImplemented];
}

vocabulary! {
    /// Who may read it beside the parties (settled 8).
    Confidentiality {
        Open = "open", "open to the Service Management group";
        PartiesOnly = "parties_only", "parties only";
        SecurityRestricted = "security_restricted", "security restricted";
    }
}

vocabulary! {
    /// What a notice verdict leads to (spec 6.5); waived is a consequence, never a verdict (settled 2).
    Consequence {
        Protected = "protected", "protected";
        AtRisk = "at_risk", "at risk";
        ExclusionProposed = "exclusion_proposed", "exclusion proposed";
        WaiverProposed = "waiver_proposed", "waiver proposed";
        Excluded = "excluded", "service level excluded";
        Waived = "waived", "waived";
    }
}

impl Stage {
    /// Nothing further happens but a correction note.
    pub fn is_final(self) -> bool {
        matches!(self, Stage::Closed | Stage::Cancelled | Stage::Withdrawn | Stage::Expired)
    }

    /// Work has begun, or is over, and the change is not closed yet.
    pub fn is_after_start(self) -> bool {
        matches!(self, Stage::Implementing | Stage::BackingOut | Stage::Implemented | Stage::Review)
    }

    /// Written by the raiser's organisation and seen by it alone.
    pub fn is_draft(self) -> bool {
        matches!(self, Stage::Draft | Stage::LocalAuth)
    }

    /// Authorised, and so firm on the schedule.
    pub fn is_firm(self) -> bool {
        matches!(self, Stage::Approved | Stage::Scheduled | Stage::Implementing | Stage::BackingOut)
    }

    /// Work stopped or never began; the window holds nothing any more.
    pub fn holds_window(self) -> bool {
        !matches!(
            self,
            Stage::Draft
                | Stage::LocalAuth
                | Stage::Returned
                | Stage::ClinRejected
                | Stage::Rejected
                | Stage::Implemented
                | Stage::Review
                | Stage::Closed
                | Stage::Cancelled
                | Stage::Withdrawn
                | Stage::Expired
        )
    }

    /// Stages that come before the decision (T30).
    pub fn is_before_approval(self) -> bool {
        matches!(
            self,
            Stage::Draft
                | Stage::LocalAuth
                | Stage::Submitted
                | Stage::Returned
                | Stage::Assessing
                | Stage::AwaitingApproval
                | Stage::OnHold
                | Stage::ClinRejected
                | Stage::Rejected
        )
    }
}

/// When the work is to be done: half-open, with the latest end if it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    pub start: Timestamp,
    pub end: Timestamp,
    /// Never before `end`; equal to it where nothing was said.
    pub contingency_end: Timestamp,
}

/// The answers that the program itself understands, taken out of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub title: Text,
    pub window: Option<Window>,
    pub items: Vec<ItemId>,
    pub services: Vec<ServiceId>,
    pub sites: Vec<SiteId>,
    pub confidentiality: Confidentiality,
}

/// The organisations that a change concerns, as they were worked out when it was sent (spec 10.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// They run the services.
    pub runs: BTreeSet<OrgId>,
    /// They use the services or own the sites and items, derived dependants included.
    pub affected: BTreeSet<OrgId>,
    /// Services that depend on what is touched.
    pub derived_services: BTreeSet<ServiceId>,
    /// A service of direct care is touched (X8).
    pub direct_care: bool,
    /// One is an emergency department, intensive care, theatre or maternity unit (X11).
    pub always_on: bool,
    /// A circuit or network service is touched.
    pub network: bool,
}

/// What was sent: the answers, what the program reads in them, and a hash to which approvals bind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub answers: Answers,
    pub header: Header,
    pub parties: Parties,
    /// SHA-256 over the canonical JSON of the answers.
    pub hash: String,
}

impl Content {
    /// What the organisation with this code is told that it will notice itself, where that was said: the rows of the
    /// question `own_notice` (C034).
    pub fn own_notice(&self, code: &str) -> Vec<&Text> {
        let Some(Answer::Rows(rows)) = self.answers.get("own_notice") else { return vec![] };
        let is_theirs = |cells: &&Answers| matches!(cells.get("who"), Some(Answer::Value(who)) if who.eq_ignore_ascii_case(code));
        rows.iter().filter(is_theirs).filter_map(|cells| if let Some(Answer::Text(text)) = cells.get("what") { Some(text) } else { None }).collect()
    }
}

/// One receipt of the change; a void one stays visible (scenario 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub revision: u32,
    pub at: Timestamp,
    pub notice: Option<NoticeGiven>,
    pub void: bool,
    /// The window and items of that receipt: the same window with no more items keeps it (X4).
    pub window: Option<Window>,
    pub items: Vec<ItemId>,
}

/// An assessment that is owed or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    pub asked: Asked,
    pub given: Option<Given>,
}

/// An assessment as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub by: Stamp,
    pub at: Timestamp,
    pub objects: bool,
    pub finding: Text,
}

/// The clinical track (spec 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Clinical {
    #[default]
    NotAssessed,
    /// Any of the eight answers was yes, a hazard is known, or it was rejected before: a safety officer has to decide.
    UnderReview {
        answers: [bool; 8],
        by: Stamp,
        at: Timestamp,
    },
    /// A safety officer asked and waits for an answer.
    Query {
        answers: [bool; 8],
        by: Stamp,
        at: Timestamp,
    },
    /// All eight were no, signed.
    NotRequired {
        by: Stamp,
        at: Timestamp,
    },
    /// Accepted by one, and not yet by all who have to sign.
    AwaitingSignature(Box<Awaiting>),
    Accepted {
        by: Stamp,
        at: Timestamp,
        words: Option<Text>,
        conditions: usize,
        basis: Option<Box<Basis>>,
    },
    /// The form is the last of the change's rejections.
    Rejected {
        by: Stamp,
        at: Timestamp,
    },
    Stopped {
        by: Stamp,
        at: Timestamp,
        reason: Text,
        settled: Option<Box<StopSettled>>,
    },
}

/// An acceptance that waits for further signatures (CR-3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaiting {
    /// In the order of signing.
    pub signed: Vec<Stamp>,
    pub at: Timestamp,
    pub words: Option<Text>,
    pub conditions: Vec<NewCondition>,
    pub basis: Box<Basis>,
}

/// The network-notification track (spec 5.6, settled 1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    #[default]
    NotNeeded,
    Needed,
    Sent {
        at: Timestamp,
        way: String,
        reference: Option<Text>,
    },
    Acknowledged {
        at: Timestamp,
        by: Stamp,
        reference: Option<Text>,
    },
    /// BR-17: the provider said no. Until it is asked anew about another time, takes it back, or the authority decides, the
    /// work is not scheduled.
    Refused {
        at: Timestamp,
        by: Stamp,
        reason: Text,
    },
    /// X6: mail, phone and a named person tried; told, with the proof. After a refusal: the authority's word.
    Told {
        at: Timestamp,
        by: Stamp,
        proof: Text,
    },
}

/// One approval; void once the content or the window has changed materially (SD-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub by: Stamp,
    pub at: Timestamp,
    pub content: String,
    pub window: Option<Window>,
    pub words: Option<Text>,
    pub void: Option<Timestamp>,
    /// What depended on its things then (spec 10.2).
    pub closure: Option<Box<crate::schedule::closure::Closure>>,
}

/// A promise attached to an approval or a clinical acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// From 1, in the order in which they were set.
    pub number: u32,
    pub condition: NewCondition,
    pub set_by: Stamp,
    pub met: Option<(Stamp, Timestamp, Option<Text>)>,
}

/// Work on the night.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pub started: Option<Told>,
    pub started_by: Option<Stamp>,
    pub expected_end: Option<Timestamp>,
    pub restored: Vec<(ServiceId, Timestamp)>,
    pub backing_out: Option<Told>,
    pub finished: Option<Told>,
    pub finished_by: Option<Stamp>,
    pub proposed: Option<Outcome>,
    pub overran: bool,
    pub deviations: BTreeSet<String>,
}

/// Refusal by the approver, kept for T34.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub at: Timestamp,
    pub by: Option<Stamp>,
    pub code: String,
    pub reason: Text,
}

/// A change: the fold of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: ChangeId,
    /// How many events have been folded in.
    pub version: i64,
    pub reference: String,
    pub kind: Kind,
    /// The hash of the process document it began under.
    pub process: String,
    /// Who holds it now.
    pub org: OrgId,
    /// Who raised it, where that organisation has merged into another since.
    pub raised_as: Option<OrgId>,
    /// Organisations that ended while it was open, each with the one that stands for it now.
    pub heirs: BTreeMap<OrgId, OrgId>,
    pub raised_by: Stamp,
    pub raised_at: Timestamp,
    pub on_behalf_of: Option<Text>,
    pub stage: Stage,
    pub stage_since: Timestamp,
    /// Where it was held from.
    pub held_from: Option<Stage>,
    pub hold_review_on: Option<Date>,
    pub revision: u32,
    pub content: Option<Content>,
    /// Who submitted, for SD-1.
    pub submitted_by: BTreeSet<PersonId>,
    pub receipts: Vec<Receipt>,
    pub consequence: Option<Consequence>,
    /// Who settled it, who disputed it, and what came of that.
    pub notice_course: crate::consequence::Course,
    pub late_reason: Option<String>,
    pub late_words: Option<Text>,
    pub defects: Vec<Text>,
    pub classification: Option<Classification>,
    pub promise: Option<Promise>,
    pub model: Option<String>,
    pub assessments: BTreeMap<(AssessmentKind, Option<OrgId>), Assessment>,
    pub clinical: Clinical,
    pub safety: Safety,
    pub network: Network,
    pub approvals: Vec<Approval>,
    pub board: crate::board::Board,
    pub conditions: Vec<Condition>,
    /// Freezes that do not hold for it, each with its end (C070).
    pub excepted: Vec<crate::decide::freeze::Exception>,
    /// What has to be over before it begins (C035).
    pub after: Vec<crate::decide::order::Earlier>,
    /// What was ruled on its clashes, the latest of each pair and rule.
    pub settled: Vec<crate::decide::clash::Ruled>,
    pub implementer: Option<(PersonId, OrgId)>,
    pub work: Work,
    /// Steps, go or no-go, more time, the way back.
    pub carry: crate::carry::Carry,
    /// Departments that were told since it was written, in the order of recording, each with who recorded it.
    pub departments_told: Vec<(crate::departments::DepartmentTold, Stamp)>,
    /// How it went, by everybody's word.
    pub learnt: crate::learn::Learnt,
    pub refusals: Vec<Refused>,
    /// The approver's questions, until something is assessed or amended (T15).
    pub asked_more: Option<Text>,
    pub review_due: Option<(Timestamp, Vec<String>)>,
    pub review: Option<(Stamp, Timestamp, Text)>,
    pub outcome: Option<Outcome>,
    pub outcome_by: Option<Stamp>,
    pub closed_at: Option<Timestamp>,
    /// The outcome was restated; that may happen once (T29).
    pub restated: bool,
    pub source_ref: Option<String>,
    /// Emergencies and work found out afterwards.
    pub urgent: crate::urgent::Urgent,
    /// A window longer than the schedule's bound of 14 days (settled 15).
    pub long: bool,
    /// How many files were attached.
    pub attached: usize,
    /// Every decision that a table took, in order.
    pub rulings: Vec<std::sync::Arc<Ruled>>,
    /// The charge track (spec 5.4).
    pub money: crate::charge::Money,
}

/// A decision that a table took, with the event that rests on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    pub version: i64,
    pub at: Timestamp,
    pub by: Stamp,
    pub ruling: Ruling,
}

impl Change {
    /// The receipt that counts: the latest that is not void.
    pub fn receipt(&self) -> Option<&Receipt> {
        self.receipts.iter().rev().find(|r| !r.void)
    }

    /// The notice that counts.
    pub fn notice(&self) -> Option<&NoticeGiven> {
        self.receipt().and_then(|r| r.notice.as_ref())
    }

    /// The window of the latest content.
    pub fn window(&self) -> Option<Window> {
        self.content.as_ref().and_then(|c| c.header.window)
    }

    /// The same without a copy, for facts.
    pub fn parties_known(&self) -> Option<&Parties> {
        self.content.as_ref().map(|c| &c.parties)
    }

    /// The parties of the latest content; none before it was sent.
    pub fn parties(&self) -> Parties {
        self.content.as_ref().map(|c| c.parties.clone()).unwrap_or_default()
    }

    /// Approvals in force.
    pub fn live_approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(|a| a.void.is_none())
    }

    /// The organisation that stands for this one now: an act of before a merger is one of the successor's.
    pub fn heir_of(&self, org: OrgId) -> OrgId {
        self.heirs.get(&org).copied().unwrap_or(org)
    }

    /// Every organisation with a stake: raiser, runners, affected, implementer.
    pub fn orgs(&self) -> BTreeSet<OrgId> {
        let parties = self.parties();
        let mut orgs: BTreeSet<OrgId> = parties.runs.union(&parties.affected).copied().collect();
        orgs.insert(self.org);
        orgs.extend(self.implementer.map(|(_, org)| org));
        orgs
    }
}
