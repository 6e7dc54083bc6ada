//! What has happened to a change, in the past tense, stored for ever. No event says "status changed".
//!
//! An event holds ids, codes, times and digests: no name and no free text (settled 20). A stored event is never
//! reused as a view; when a field has to change its meaning, a new `SCHEMA` and an upcaster in `upcast` say so.

use crate::actor::Stamp;
use crate::calendar::{Basis, Verdict};
use crate::change::{AssessmentKind, Consequence, Content, Kind, Outcome, Window};
use crate::ids::{ChangeId, EventId, FileId, OrgId, PersonId, ServiceId};
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
    /// Answers to Q1 to Q6, 0 to 3 each.
    pub risk_answers: [u8; 6],
    /// Out of 18.
    pub risk: u8,
    pub band: String,
    pub category: String,
    /// Set when the supplier's change manager lowered the computed category, with a reason.
    pub lowered_from: Option<String>,
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
    },
    /// T5.
    Returned {
        defects: Vec<Text>,
        supplier_side_only: bool,
        voids_receipt: bool,
    },
    /// T8, T9.
    Accepted {
        classification: Option<Classification>,
        promise: Option<Promise>,
        asked: Vec<Asked>,
        model: Option<String>,
        /// The notice judged again, where what is asked for depends on the category that is known only now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<NoticeGiven>,
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
    },
    ClinicallyAccepted {
        words: Option<Text>,
        conditions: Vec<NewCondition>,
    },
    ClinicallyRejected {
        hazard: Text,
        harm: Text,
        resubmit_when: Text,
    },
    Stopped {
        reason: Text,
    },
    /// T10.
    AssessmentCompleted,
    /// T14. Binds to the content and the window that were seen.
    Approved {
        content: String,
        window: Option<Window>,
        words: Option<Text>,
        conditions: Vec<NewCondition>,
        ruling: Option<Ruling>,
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
    },
    /// T35 keeps the stage; T19 voids approvals.
    Rescheduled {
        content: Box<Content>,
        reason: Text,
        within_tolerance: bool,
        notice: Option<NoticeGiven>,
    },
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
    },
    ReviewOpened {
        because: Vec<String>,
        due_at: Timestamp,
    },
    Reviewed {
        words: Text,
    },
    Closed {
        outcome: Outcome,
        words: Option<Text>,
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
    NetworkToldUnacknowledged {
        proof: Text,
    },
    NoticeSettled {
        consequence: Consequence,
        reason: Text,
    },
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
    },
    Overran,
    ExpiredUnanswered,
}

impl Event {
    /// The stored name of the event's type, such as `submitted`.
    pub fn kind(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(map)) => map.get("type").and_then(|t| t.as_str()).unwrap_or_default().to_owned(),
            _ => String::new(),
        }
    }
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
