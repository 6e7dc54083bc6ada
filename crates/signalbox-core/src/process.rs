//! A process document, parsed: what a change of this kind asks, who may do what when, and what follows.
//! [`load`] reads Markdown, [`check`] finds what cannot work, [`table`] evaluates decision tables over [`facts`],
//! [`dictionary`] is the one table from the words of documents to names.

use crate::act::Act;
use crate::actor::{OrgKind, Role};
use crate::calendar::Notice;
use crate::change::{AssessmentKind, Kind, Stage};
use crate::form::format::Format;
use crate::rule::Rule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A document that runs. A change is pinned to the `hash` it began under.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// SHA-256 of the source, with that of the document it is based on.
    pub hash: String,
    /// The id in the front matter, such as `planned-outage`.
    pub id: String,
    pub title: String,
    pub version: u32,
    pub kind: Kind,
    pub based_on: Option<String>,
    pub owner: String,
    /// The date, as printed, by which the document is to be looked at again.
    pub review_by: String,
    /// What references begin with: `RFC`, `SR`, `ON`.
    pub prefix: String,
    /// The file's name, for faults.
    pub file: String,
    /// The Markdown as it was written.
    pub source: String,
    /// The source that it is based on, then that one's base, and so on: with `source`, all that is needed to read
    /// the document again as a change was pinned to it.
    pub base_sources: Vec<String>,
    pub steps: Vec<Step>,
    pub questions: Vec<Question>,
    pub assessments: Vec<AssessmentRow>,
    pub timers: Vec<Timer>,
    /// The columns of the tables that questions ask for, by name.
    pub rows: BTreeMap<String, Vec<Column>>,
    /// Pre-authorised requests; empty but for service requests.
    pub catalogue: Vec<CatalogueEntry>,
    /// The questions about risk, in order; what `risk score` is worked out from (spec 6.3).
    pub risk_questions: Vec<RiskRow>,
    /// Sets of steps that work can be planned from.
    pub tasks: Vec<TaskRow>,
    /// Decision tables by name, such as `notice asked for`.
    pub tables: BTreeMap<String, table::Table>,
    /// Where each row stands, by keys such as `step submit DRAFT`; inherited rows stand in the base's file.
    pub places: BTreeMap<String, Place>,
}

impl Process {
    /// The step for an act from a stage.
    pub fn step(&self, act: Act, from: Stage) -> Option<&Step> {
        self.steps.iter().find(|step| step.act == act && step.from == from)
    }

    /// The question of this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// Where the row of this key stands; the top of the file if it has none.
    pub fn place(&self, key: &str) -> Place {
        self.places.get(key).cloned().unwrap_or_else(|| Place { file: self.file.clone(), line: 1, column: 1 })
    }
}

/// A place in a document; line and column count from 1, columns in characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// What is wrong in a document. The message is a sentence for the author: documents are an interface for people,
/// and `signalbox check` is where they read this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// A stable code, such as `rule-unknown`.
    pub code: &'static str,
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub fn at(place: &Place, code: &'static str, message: String) -> Fault {
        Fault { file: place.file.clone(), line: place.line, column: place.column, code, message }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {} [{}]", self.file, self.line, self.column, self.message, self.code)
    }
}

/// One row of Steps. The key is act and from.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub act: Act,
    pub from: Stage,
    /// `None`: the stage stays (written `-`, or the same stage).
    pub to: Option<Stage>,
    pub who: Vec<Who>,
    pub needs: Vec<Rule>,
    pub tells: Vec<Audience>,
}

/// Who may take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Who {
    /// A role, in the organisation that the role's side of the change means (`permit` says which).
    Role(Role),
    /// The same role, in an organisation that the change affects.
    Affected(Role),
    /// Any safety officer: supplier, affected trust or authority (`safety officer`).
    SafetyOfficer,
    /// Whoever may see the change (`anyone who sees it`).
    Anyone,
    /// The program itself (`system`).
    System,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Audience {
    /// Holders of the role on that side of the change.
    Role(Role),
    /// The person who raised it, and whom it was raised for (`requester`).
    Raiser,
    /// The coordinators of every affected organisation (`affected trusts`).
    AffectedTrusts,
    /// Everyone who watches the change, its site or its service (`subscribers`).
    Subscribers,
    /// The network provider's desk or mailbox (`network provider`).
    NetworkProvider,
    /// Any safety officer concerned.
    SafetyOfficers,
    /// Whoever owes an assessment (`assessors`).
    Assessors,
    /// The contact on site on the night (`on-site contact`).
    OnSite,
    /// Whoever decides go or no-go (`go decider`).
    Decider,
}

/// One row of Questions. The key is the id; the program gives meaning to the ids in `form::KNOWN`.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub id: String,
    pub text: String,
    pub answer: AnswerKind,
    pub required: Required,
    /// `None`: always asked.
    pub asked_when: Option<Condition>,
    pub guidance: String,
    /// Which step of raising asks it.
    pub page: Page,
    /// The heading under which it stands there; empty where it needs none.
    pub group: String,
}

/// A column of a table of answers (`## Rows: NAME`).
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub id: String,
    pub text: String,
    /// A single value: a line, a format, one of a list, yes or no, a number or a date.
    pub answer: AnswerKind,
    /// Whether a row that says anything has to say this.
    pub required: bool,
    pub guidance: String,
}

/// When an answer has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Required {
    /// Never (`optional`).
    Optional,
    /// To submit (`submit`); `needed for notice` too: leaving it out voids the receipt (X4).
    Submit { for_notice: bool },
    /// Before approval (`approve`).
    Approve,
    /// Before the start (`start`).
    Start,
    /// Before closing (`close`).
    Close,
}

/// The pages of raising a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Page {
    What,
    Where,
    Details,
    When,
    Risk,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerKind {
    /// One line (`text`), at most 120 characters where `title`.
    Line {
        max_chars: usize,
    },
    /// Several lines (`long text`).
    Prose,
    YesNo,
    /// `one of: a, b` - the words are the codes with spaces for underscores.
    Choice(Vec<String>),
    /// `any of: a, b`.
    Choices(Vec<String>),
    /// `number`, or `number 0 to 3`.
    Number {
        min: i64,
        max: i64,
    },
    /// `window`: start and end, as local wall time.
    Window,
    /// `date and time`, or `date and time, after window end`; `after` is then the id of the question, `window`.
    Moment {
        after: Option<String>,
    },
    /// `date`.
    Date,
    /// `items of the site`.
    Items,
    Services,
    Sites,
    /// `organisation`: one of the register, by its code.
    Organisation,
    /// `person and phone`.
    PersonAndPhone,
    /// `list`, or `list of circuit references`: one a line.
    List,
    /// `reason`: one of the codes below, with words.
    Reason(Vec<String>),
    /// `files`.
    Files,
    /// A technical value such as `AE title` or `IP address`.
    Format(Format),
    /// `yes when done`: nothing is answered until it is done.
    Done,
    /// `rows of NAME`: a table of answers, whose columns the document lists.
    Rows {
        name: String,
        columns: Vec<Column>,
    },
}

/// `network_affected is yes`, `notice is short and raised_by is trust`: any of (all of) tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Alternatives; each is a list of tests that all hold.
    pub any: Vec<Vec<Test>>,
    /// As written.
    pub words: String,
}

/// One test: the fact or answer, whether the test is turned round, and the values that pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub subject: String,
    pub negated: bool,
    pub values: Vec<String>,
}

/// One row of Assessments (spec 6.4).
#[derive(Clone, Debug, PartialEq)]
pub struct AssessmentRow {
    pub kind: AssessmentKind,
    pub who: Vec<Who>,
    /// `None`: always asked.
    pub when: Option<Condition>,
    pub due: Notice,
    /// Whether silence past the due time counts as no objection (X9 narrows it further).
    pub silence_counts: bool,
}

/// One row of Risk questions. The key is the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskRow {
    pub id: String,
    pub text: String,
    /// How much its answer counts; 0 leaves it out of the score.
    pub weight: i64,
    /// What the answers 0 to 3 mean.
    pub answers: [String; 4],
}

/// One row of Tasks: a step of a set. The key is set, plan and step.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    pub set: String,
    pub plan: crate::carry::Plan,
    pub step: String,
    /// Whose side of the change owns it.
    pub owner: Role,
    /// Minutes from the start of the window; without it the step follows the one before.
    pub offset: Option<i64>,
    pub minutes: i64,
    /// How it is seen to have worked; may be empty.
    pub verify: String,
}

/// One row of Timers.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    pub when: TimerWhen,
    pub then: TimerAct,
    pub tells: Vec<Audience>,
}

/// When a timer is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerWhen {
    /// `5 working days before start`.
    WorkingDaysBeforeStart(i64),
    /// `60 minutes before start`.
    MinutesBeforeStart(i64),
    /// `30 minutes after start, not started`.
    NotStarted { minutes: i64 },
    /// `contingency end, not finished`.
    NotFinished,
    /// `last safe back-out, not finished`, or `30 minutes before last safe back-out, not finished`.
    LastSafe { minutes_before: i64 },
    /// `go or no-go, not decided`.
    GoDue,
    /// `30 working days idle before approval`.
    Idle { working_days: i64 },
    /// `20 working days in RETURNED`.
    WorkingDaysIn { stage: Stage, days: i64 },
    /// `60 days in CLIN_REJECTED`.
    DaysIn { stage: Stage, days: i64 },
    /// `ratification due`: not given by its time.
    PaperDue(crate::urgent::Paper),
}

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerAct {
    Remind,
    Overrun,
    AskOutcome,
    Expire,
    /// Marks that going back would not end in time any more.
    LastSafe,
    /// Asks whoever decides for the go or no-go.
    AskGo,
    /// Proposes to end what nobody has touched (BR-35).
    ProposeExpiry,
    /// These three are set by the charge track and never written in a document.
    RemindQuote,
    LapseQuote,
    LapseApproval,
    /// The clinical question is still open: it goes up, and is never answered by silence (scenario 31).
    EscalateClinical,
    /// The network provider was told and says nothing (X6); set by the network track and never written in a document.
    ChaseNetwork,
    /// Nobody has decided what late notice leads to (BR-13b to BR-13d); set with the notice and never written in a document.
    ProtectNotice,
}

/// A pre-authorised request (spec 4.5).
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogueEntry {
    pub id: String,
    pub title: String,
    pub description: String,
    /// Notice asked for.
    pub lead: Notice,
    /// Whose people may ask for it; empty: any.
    pub for_kinds: Vec<OrgKind>,
    /// Questions of this document that must be answered so; one mismatch and it is a normal change.
    pub eligible_when: Vec<Test>,
    /// What will be done, in order.
    pub procedure: Vec<String>,
    pub authorised_by: String,
    pub expires: String,
    /// Which roles may ask for it; empty: any. A person needs the kind of organisation and, if roles are named, a role.
    pub for_roles: Vec<Role>,
    /// How often it may be asked for by everybody together.
    pub cap: Option<crate::catalogue::Cap>,
    /// Within what time after it was sent it is usually done.
    pub done_within: Option<Notice>,
    /// Who answers for the entry and looks at it again when it is suspended.
    pub owner: String,
    /// The safety officer's statement that it adds no clinical risk, and where it is written down.
    pub screened_by: String,
}

impl CatalogueEntry {
    /// Whether somebody with this membership may ask for it (C112).
    pub fn is_for(&self, membership: &crate::actor::Membership) -> bool {
        let has = |list_is_empty: bool, is_listed: bool| list_is_empty || is_listed;
        has(self.for_kinds.is_empty(), self.for_kinds.contains(&membership.org_kind))
            && has(self.for_roles.is_empty(), self.for_roles.contains(&membership.role))
    }
}

mod cells;
pub mod check;
pub mod compare;
pub mod decisions;
pub mod diagram;
pub mod dictionary;
pub mod edit;
pub mod facts;
pub mod graph;
pub mod load;
pub mod markdown;
mod parse;
pub mod render;
pub mod table;

pub use load::{Processes, load};

impl Condition {
    /// Whether it holds, given what is known of each subject; an unknown subject passes no test, turned round or not.
    pub fn holds(&self, subject: &dyn Fn(&str) -> Option<String>) -> bool {
        self.any.iter().any(|all| all.iter().all(|test| test.holds(subject)))
    }
}

impl Test {
    /// Whether the test passes.
    pub fn holds(&self, subject: &dyn Fn(&str) -> Option<String>) -> bool {
        let Some(found) = subject(&self.subject) else { return false };
        let hit = found.split(';').any(|part| self.values.iter().any(|v| v.replace(' ', "_").eq_ignore_ascii_case(&part.trim().replace(' ', "_"))));
        hit != self.negated
    }
}
