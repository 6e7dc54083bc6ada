//! `/ops`: the board for the desk at night. It answers one question, "Is this alarm expected?", and never guesses yes.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Form, Section};
use crate::web::ui::{Choice, Fault, Field, Link, Paging, Tag};

#[derive(Template)]
#[template(path = "ops.html")]
pub struct OpsPage {
    pub shell: Shell,
    /// "1 piece of work is running. 2 alarms are quiet until 02:15."
    pub sentence: String,
    pub question: Question,
    pub answer: Option<Answer>,
    pub faults: Vec<Fault>,
    pub running: Vec<OpsRow>,
    pub next: Vec<OpsRow>,
    /// What rang lately.
    pub rang: Section,
}

pub struct Question {
    pub device: String,
    pub kinds: Vec<Choice>,
    pub date: String,
    pub time: String,
}

/// An answer says what the record holds and whom to ring. It never tells anyone to stay at home.
pub struct Answer {
    pub matches: bool,
    /// "Matches ON-2026-000277 until 08:00"; "No match. Treat as real."
    pub heading: String,
    pub text: String,
    pub work: Option<Link>,
    /// "Ring Meridian NOC, 020 7946 0190."
    pub ring: String,
}

pub struct OpsRow {
    /// Makes the ids of this row's form its own.
    pub id: String,
    pub when: String,
    pub link: Link,
    pub text: String,
    pub ring: String,
    pub tag: Tag,
    pub report: Option<OpsForm>,
}

/// What the desk heard by telephone, recorded for somebody else.
pub struct OpsForm {
    pub action: String,
    pub version: i64,
    pub idempotency_key: String,
    /// Act and words: ("start", "Started"), ("overrun", "Running late"), ("restore", "Back").
    pub acts: Vec<(String, String)>,
    /// on_behalf_of, by_phone, at, and until for work that runs late
    pub fields: Vec<Field>,
    /// Open when it comes back with faults.
    pub is_open: bool,
}

/// `/handover`: what one shift tells the next, on one side of paper.
#[derive(Template)]
#[template(path = "handover.html")]
pub struct HandoverPage {
    pub shell: Shell,
    /// Whose desk, and how much of what.
    pub lede: String,
    pub faults: Vec<Fault>,
    /// The latest handover: its note, who left it, who took it.
    pub latest: Option<Section>,
    /// Takes it over; only for another than who left it.
    pub take: Option<Form>,
    pub sections: Vec<Section>,
    /// Leaves a note for the next shift; not for who only reads.
    pub leave: Option<Form>,
    pub earlier: Section,
    pub paging: Option<Paging>,
    /// The desks to choose among, each with whether it is shown; empty for who has one.
    pub desks: Vec<(Link, bool)>,
}
