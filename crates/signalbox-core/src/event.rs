//! What has happened to a change, in the past tense, stored for ever. No event says "status changed".
//!
//! An event holds ids, codes, times and digests: no name and no free text (settled 20). A stored event is never
//! reused as a view; when a field has to change its meaning, a new `SCHEMA` and an upcaster in `upcast` say so.

use crate::actor::Stamp;
use crate::calendar::{Basis, Verdict};
use crate::carry;
use crate::change::{AssessmentKind, Consequence, Content, Kind, Outcome, Window};
use crate::clinical;
use crate::ids::{ChangeId, EventId, FileId, OrgId, PersonId, ServiceId};
use crate::learn;
use crate::text::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The version of the stored form that this program writes.
pub const SCHEMA: i64 = 1;

/// An event with who, when and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub id: EventId,
    pub change: ChangeId,
    /// 1 for the first event of a change, without gaps.
    pub version: i64,
    /// When the program accepted it.
    pub at: Timestamp,
    pub by: Stamp,
    pub event: Event,
    /// The decision tables that were asked on the way, each with the row that answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rulings: Vec<Ruling>,
}

/// For whom and when something that already happened was recorded (X1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it happened, which may be before it was recorded.
    pub happened_at: Timestamp,
    /// The name of the person who said so, where somebody else records it.
    pub on_behalf_of: Option<Text>,
    pub by_phone: bool,
    /// Departures from the rules: marked, never a reason to refuse.
    pub deviations: Vec<String>,
}

/// A decision table's answer, kept so that it can be challenged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub table: String,
    /// 1 is the first row.
    pub row: usize,
    /// What went in, in the words of the document.
    pub inputs: Vec<(String, String)>,
    /// What it said, by the names of its columns of answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<(String, String)>,
    /// Rows that answered too and were outdone, each with its first answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<(usize, String)>,
}

/// The notice that a receipt gives (spec 6.5; settled 2 and 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeGiven {
    pub received_at: Timestamp,
    /// In the basis of the document.
    pub days: i64,
    pub asked: i64,
    pub basis: Basis,
    pub verdict: Verdict,
    /// On time, but objects or circuits were wrong or missing (BR-15).
    pub defective: bool,
    pub consequence: Consequence,
    /// The last day of receipt that would have been in time.
    pub last_in_time: Date,
    /// The first start that would be in time for this receipt.
    pub first_in_time: Date,
    pub calendar_version: String,
    pub ruling: Option<Ruling>,
}

impl NoticeGiven {
    /// Whether something may follow from it, which a person settles: it was late (BR-13b to BR-14), or something was wrong
    /// with it or missing (BR-15).
    pub fn is_wanting(&self) -> bool {
        self.verdict.is_late() || self.defective
    }
}

/// What the supplier promises when it accepts an outage (X3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub take_down_by: Text,
    pub restore_by: Text,
    pub phone: Text,
    pub times: Option<Text>,
}

/// Impact, risk and category, with the way they were found (spec 6.2, 6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// 1 to 4; 1 is the gravest.
    pub impact: u8,
    pub impact_because: Vec<String>,
    /// Answers to the risk questions of the document, 0 to 3 each.
    pub risk_answers: Vec<u8>,
    /// Out of 18, whatever the number and the weights of the questions (X16).
    pub risk: u8,
    pub band: String,
    pub category: String,
    /// Set when the supplier's change manager lowered the computed category, with a reason.
    pub lowered_from: Option<String>,
    /// Set when it was raised above the computed category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_from: Option<String>,
    /// The rows that said impact level, risk band and category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rulings: Vec<Ruling>,
}

/// Somebody owes an assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub kind: AssessmentKind,
    /// The organisation asked; `None` where the role alone says who.
    pub org: Option<OrgId>,
    pub due_at: Timestamp,
    /// Whether silence past the due time counts as no objection (BR-12, X9).
    pub silence_counts: bool,
    /// The row of the document that asked for it, with the facts of its condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
}

/// A condition of an approval: every one has an owner and a due date (T14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCondition {
    pub what: Text,
    pub owner: OrgId,
    pub due: Date,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A draft was begun and took its reference.
    Raised {
        reference: String,
        kind: Kind,
        process: String,
        org: OrgId,
        on_behalf_of: Option<Text>,
        copied_from: Option<ChangeId>,
        /// The change whose work was found to be done already (scenario 35).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retrospective_of: Option<ChangeId>,
    },
    /// History from elsewhere (settled 15).
    Imported {
        reference: String,
        kind: Kind,
        process: String,
        org: OrgId,
        source_ref: String,
        content: Box<Content>,
        stage: crate::change::Stage,
        outcome: Option<Outcome>,
        notice: Option<NoticeGiven>,
        reason: Option<Text>,
        long: bool,
    },
    /// T1.
    Proposed {
        content: Box<Content>,
    },
    /// T4.
    SentBack {
        reason: Text,
    },
    /// T2, T3, T6, T12, T34: received.
    Submitted {
        content: Box<Content>,
        revision: u32,
        notice: Option<NoticeGiven>,
        late_reason: Option<String>,
        late_words: Option<Text>,
        network_needed: bool,
        /// An answer to each hazard of a clinical rejection, by number (BR-21).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        answers_to_hazards: Vec<(u32, Text)>,
    },
    /// T5.
    Returned {
        defects: Vec<Text>,
        supplier_side_only: bool,
        voids_receipt: bool,
        /// The receipt stands, but what alarms are matched against was wrong or missing (BR-15).
        #[serde(default)]
        defective: bool,
    },
    /// T8, T9.
    Accepted {
        classification: Option<Classification>,
        promise: Option<Promise>,
        asked: Vec<Asked>,
        model: Option<String>,
        /// The notice judged again, where what is asked for depends on the category that is known only now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<Box<NoticeGiven>>,
    },
    Assessed {
        kind: AssessmentKind,
        org: Option<OrgId>,
        objects: bool,
        finding: Text,
    },
    /// The eight answers of spec 8.3, in order; all no: not required, signed (X8).
    Screened {
        answers: [bool; 8],
        by_officer: bool,
        /// The agreed statement under which somebody else than an officer screened direct care (X8).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pattern: Option<String>,
    },
    HazardRecorded(Box<clinical::HazardRecorded>),
    HazardRated(Box<clinical::HazardRated>),
    ClinicallyQueried {
        questions: Text,
    },
    ClinicalQueryAnswered {
        answer: Text,
    },
    ClinicallyEscalated {
        benefit: Text,
    },
    ClinicallyAccepted {
        words: Option<Text>,
        conditions: Vec<NewCondition>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<Box<clinical::Basis>>,
    },
    ClinicallyCountersigned(Box<clinical::Countersigned>),
    ScreeningReviewed {
        agrees: bool,
        words: Option<Text>,
    },
    DowntimeWaived {
        reason: Text,
    },
    /// With the form of spec 8.5; the first three stand in events from before the form.
    ClinicallyRejected {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hazard: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        harm: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resubmit_when: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<Box<clinical::RejectionForm>>,
    },
    ClinicallyAppealed {
        grounds: Text,
    },
    ClinicalRejectionUpheld {
        assessment: clinical::Rating,
        words: Text,
    },
    ClinicalRejectionOverruled(Box<clinical::Overruled>),
    Stopped {
        reason: Text,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<Box<clinical::RejectionForm>>,
    },
    StopSettled(Box<clinical::StopSettled>),
    /// T10.
    AssessmentCompleted,
    /// T14. Binds to the content and the window that were seen.
    Approved {
        content: String,
        window: Option<Window>,
        words: Option<Text>,
        conditions: Vec<NewCondition>,
        ruling: Option<Ruling>,
        /// How the board stood, where one was asked (BR-20).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        board: Option<Box<crate::board::Heard>>,
        /// What depended on its things then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closure: Option<Box<crate::schedule::closure::Closure>>,
    },
    Voted(Box<crate::board::Voted>),
    /// The decision is taken back; the change is decided again.
    TakenBack {
        reason: Option<Text>,
    },
    /// X10: the move is agreed. By the chair the approvals stand for the new window; by a safety officer the chair may.
    Reaffirmed {
        words: Option<Text>,
    },
    Rejected {
        reason_code: String,
        reason: Text,
    },
    MoreAsked {
        questions: Text,
    },
    Held {
        reason: Text,
        review_on: Date,
    },
    Resumed,
    Scheduled {
        implementer: PersonId,
        org: OrgId,
        phone: Option<Text>,
        /// Why it starts sooner after the approval than asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short_gap: Option<Text>,
    },
    /// T35 keeps the stage; T19 voids approvals.
    Rescheduled {
        content: Box<Content>,
        reason: Text,
        within_tolerance: bool,
        /// X10: the same night and no longer, so that the approvals stand once it is re-affirmed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        small: bool,
        notice: Option<NoticeGiven>,
    },
    /// C070: a freeze does not hold for this change until then.
    FreezeExcepted(Box<crate::decide::freeze::Excepted>),
    /// C035: these have to be over before it begins; nothing is left of what was said before.
    Ordered {
        after: Vec<crate::decide::order::Earlier>,
    },
    /// Spec 6.7: what becomes of a clash, for as long as neither of the two is moved.
    ClashSettled(Box<crate::decide::clash::Settled>),
    /// Answers added or changed after submission; a material one voids approvals (SD-11, BR-31).
    Amended {
        content: Box<Content>,
        material: Vec<String>,
        network_needed: bool,
    },
    Cancelled {
        reason: Text,
    },
    Withdrawn {
        reason: Option<Text>,
    },
    Started {
        told: Told,
    },
    RanLate {
        told: Told,
        expected_end: Timestamp,
        words: Option<Text>,
    },
    Restored {
        told: Told,
        services: Vec<ServiceId>,
    },
    BackOutBegun {
        told: Told,
        reason: Text,
    },
    Finished {
        told: Told,
        outcome: Outcome,
        not_back: Option<Text>,
        words: Option<Text>,
        /// After a back-out: how the former state was found to be back (T25).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state_verified: Option<Text>,
    },
    ReviewOpened {
        because: Vec<String>,
        due_at: Timestamp,
    },
    Reviewed {
        words: Text,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        findings: Option<Box<learn::Findings>>,
    },
    Closed {
        outcome: Outcome,
        words: Option<Text>,
        /// Whether somebody looked for incidents (X12).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked: Option<bool>,
    },
    Restated {
        outcome: Outcome,
        was: Outcome,
        reason: Text,
    },
    NetworkTold {
        way: String,
        reference: Option<Text>,
    },
    NetworkAcknowledged {
        reference: Option<Text>,
    },
    NetworkRefused {
        reason: Text,
    },
    NetworkToldUnacknowledged {
        proof: Text,
    },
    NoticeSettled {
        consequence: Consequence,
        reason: Text,
    },
    NoticeDisputed {
        reason: Text,
    },
    /// BR-13b to BR-13d: nobody has decided in time what late notice leads to, so nothing follows from it.
    NoticeProtected,
    ConditionMet {
        number: u32,
        words: Option<Text>,
    },
    Said {
        words: Text,
    },
    Attached {
        file: FileId,
        name: Text,
        bytes: i64,
        sha256: String,
        /// What it is for, where somebody said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<String>,
    },
    Overran,
    ExpiredUnanswered,
    /// X7: somebody with authority said yes by phone.
    VerballyApproved(Box<crate::urgent::VerbalYes>),
    /// The person who is said to have said yes confirms it.
    VerbalConfirmed {
        words: Option<Text>,
    },
    /// The person who is said to have said yes did not; the approval is void.
    VerbalDenied {
        words: Text,
    },
    /// SD-8.
    Ratified {
        words: Option<Text>,
    },
    /// It was no emergency: the verdict is that of BR-24.
    RatificationRefused(Box<crate::urgent::Judged>),
    /// BR-24.
    VerdictGiven(Box<crate::urgent::Judged>),
    /// Something about an emergency or late record is owed, by a time.
    PaperworkAsked {
        paper: crate::urgent::Paper,
        due_at: Timestamp,
    },
    /// Every answer that the closing needs is there.
    RecordCompleted,
    /// Spec 5.7: work began before anybody had approved it, so it is judged as found out afterwards.
    Converted {
        from: Kind,
        to: Kind,
    },
    // Carrying out (carry.rs) and learning (learn.rs).
    Planned(Box<carry::Planned>),
    StepStarted(Box<carry::StepTold>),
    StepDone(Box<carry::StepTold>),
    StepSkipped(Box<carry::StepTold>),
    StepFailed(Box<carry::StepTold>),
    GoDecided(Box<carry::GoTold>),
    Extended(Box<carry::Extension>),
    LastSafePassed,
    ExpiryProposed,
    /// X13: with this use the entry of the catalogue may no longer be asked for, until somebody has looked at it again.
    EntrySuspended {
        entry: String,
        /// The words of the row that says so.
        because: String,
    },
    WorkConfirmed(Box<learn::Confirmation>),
    OutcomeDisputed(Box<learn::NewDispute>),
    DisputeAnswered(Box<learn::DisputeAnswer>),
    ActionDone(Box<learn::ActionTold>),
    DepartmentTold(Box<crate::departments::DepartmentTold>),
    NearMissRecorded(Box<learn::NearMiss>),
    Surveyed(Box<learn::Survey>),
    IncidentLinked(Box<learn::IncidentLink>),
    IncidentUnlinked(Box<learn::IncidentUnlink>),
    /// Organisations became one, and what is open moved (scenario 42).
    OrganisationSucceeded(Box<crate::succession::Succession>),
    /// The charge track; each of its events has a name of its own.
    Money(Box<crate::charge::MoneyEvent>),
}

impl Event {
    /// The stored name of the event's type, such as `submitted`.
    pub fn kind(&self) -> String {
        if let Event::Money(event) = self {
            return event.kind();
        }
        tag_of(self)
    }
}

/// The tag of an event as it is stored, which is its first field: `{"type":"submitted"`.
pub(crate) fn tag_of(event: &impl Serialize) -> String {
    let json = serde_json::to_string(event).unwrap_or_default();
    json.split('"').nth(3).unwrap_or_default().to_owned()
}

/// Reads a stored payload, whatever schema wrote it.
///
/// # Errors
/// When the payload is not an event of a schema that this program knows.
pub fn upcast(schema: i64, payload: &str) -> Result<Recorded, String> {
    match schema {
        1 => serde_json::from_str(payload).map_err(|fault| format!("event of schema 1: {fault}")),
        other => Err(format!("no upcaster for schema {other}: this program writes schema {SCHEMA}")),
    }
}
