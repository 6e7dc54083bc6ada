//! The shapes that several answers share, each with its schema. Codes are those of files (settled 12), ids are
//! strings, times are RFC 3339 in UTC.

use jiff::Timestamp;
use serde::Serialize;
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::alarm::{Class, Means};
use signalbox_core::calendar::{Basis, Verdict};
use signalbox_core::change::{Confidentiality, Consequence, Kind, Outcome, Stage, Window};
use signalbox_core::consequence::DisputeState;
use signalbox_core::ledger::{Deed, Finding, Standing as CaseStanding};
use signalbox_core::schedule::Level;
use signalbox_core::silence::State as SilenceStanding;
use signalbox_store::queries;
use signalbox_store::queries::list::{ListRow, NoticeLine, Owed};
use signalbox_store::queries::schedule::Standing;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::whole::By;

/// A closed vocabulary of the core as a schema of its codes.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident of $core:ident as $write:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The code as the API writes it.
            pub fn of(it: $core) -> $name {
                let write: fn(&str) -> String = $write;
                $name(write(it.code()))
            }

            /// What the code means, if anything.
            pub fn read(code: &str) -> Option<$core> {
                $core::ALL.iter().copied().find(|it| $name::of(*it).0 == code)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let codes = $core::ALL.iter().map(|it| $name::of(*it).0);
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

codes! {
    /// Something that may be done to a change.
    ActCode of Act as str::to_lowercase;
    /// A kind of change.
    KindCode of Kind as str::to_lowercase;
    /// The stage that a change is at.
    State of Stage as str::to_lowercase;
    /// What became of a change.
    OutcomeCode of Outcome as str::to_lowercase;
    /// What an alarm was read as, or found to be.
    ClassCode of Class as str::to_lowercase;
    /// What an alarm of a listed item means.
    MeansCode of Means as str::to_lowercase;
    /// How firm an entry of the schedule is.
    StandingCode of Standing as str::to_lowercase;
    /// Who may read a change.
    ConfidentialityCode of Confidentiality as str::to_lowercase;
    /// What late notice leads to.
    ConsequenceCode of Consequence as str::to_lowercase;
    /// How a dispute of it stands.
    DisputeCode of DisputeState as str::to_lowercase;
    /// Whether notice was given in time.
    VerdictCode of Verdict as str::to_lowercase;
    /// What days are counted.
    BasisCode of Basis as str::to_lowercase;
    /// How much work takes away, the least first.
    LevelCode of Level as str::to_lowercase;
    /// What was found at the site, or by asking.
    FindingCode of Finding as str::to_lowercase;
    /// How a silence stands at its monitor.
    SilenceState of SilenceStanding as str::to_lowercase;
    /// How a call-out stands.
    CallOutState of CaseStanding as str::to_lowercase;
    /// What is done to a call-out after it was entered.
    DeedCode of Deed as str::to_lowercase;
    /// A kind of organisation.
    OrgKindCode of OrgKind as str::to_lowercase;
    /// A role, such as SCM, the supplier's change manager.
    RoleCode of Role as str::to_owned;
}

/// A page of a list. `next_cursor` goes back as `cursor`; null at the end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing<T> {
    pub items: Vec<T>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A thing with a code and a name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "7", "code": "NORTHBROOK", "name": "Northbrook Hospitals"}))]
pub struct Named {
    pub id: String,
    pub code: String,
    pub name: String,
}

impl From<&queries::Named> for Named {
    fn from(named: &queries::Named) -> Named {
        Named { id: named.id.to_string(), code: named.code.clone(), name: named.name.clone() }
    }
}

/// Start, end, and the latest end if it goes wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Window)]
pub struct WindowShape {
    #[schema(format = DateTime)]
    pub start: String,
    #[schema(format = DateTime)]
    pub end: String,
    #[schema(format = DateTime)]
    pub contingency_end: String,
}

impl From<Window> for WindowShape {
    fn from(window: Window) -> WindowShape {
        WindowShape { start: window.start.to_string(), end: window.end.to_string(), contingency_end: window.contingency_end.to_string() }
    }
}

/// The notice given, in the basis of the process document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verdict": "late", "days": 7, "asked": 10, "basis": "days", "consequence": "at_risk", "defective": false,
    "received_at": "2026-11-17T12:00:00Z", "last_in_time": "2026-11-14"}))]
pub struct Notice {
    pub verdict: VerdictCode,
    /// Days given.
    pub days: i64,
    /// Days asked for.
    pub asked: i64,
    pub basis: BasisCode,
    #[schema(required)]
    pub consequence: Option<ConsequenceCode>,
    /// In time, but what goes off was wrong or missing.
    pub defective: bool,
    #[schema(required, format = DateTime)]
    pub received_at: Option<String>,
    /// The last day on which it would have been in time. Only the change itself says it, not a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub last_in_time: Option<String>,
    /// How much is asked for depends on the category, which is not known before the change is accepted; it is judged
    /// again then. Only the change itself says it, not a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisional: Option<bool>,
    /// The calendar by which the days were counted; a later one changes nothing here. Only the change itself says it, like
    /// what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar_version: Option<String>,
    /// What a change manager made of the consequence that was proposed, before any dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledShape>,
    /// Somebody says that what follows is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<NoticeDisputeShape>,
}

/// What late notice leads to, as a person decided it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettledConsequence)]
pub struct SettledShape {
    pub consequence: ConsequenceCode,
    pub by: By,
    #[schema(format = DateTime)]
    pub at: String,
}

/// A dispute of what late notice leads to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoticeDispute)]
pub struct NoticeDisputeShape {
    pub state: DisputeCode,
    pub reason: String,
    pub by: By,
    #[schema(format = DateTime)]
    pub at: String,
    /// What the authority decided.
    #[schema(required)]
    pub decided: Option<SettledShape>,
}

/// An instant, if there is one.
pub fn at(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// The notice of a row.
pub fn notice(line: &NoticeLine, received_at: Option<Timestamp>) -> Notice {
    Notice {
        verdict: VerdictCode::of(line.verdict),
        days: line.days,
        asked: line.asked,
        basis: BasisCode::of(line.basis),
        consequence: line.consequence.map(ConsequenceCode::of),
        defective: line.defective,
        received_at: at(received_at),
        last_in_time: None,
        provisional: None,
        calendar_version: None,
        settled: None,
        dispute: None,
    }
}

/// What is owed next on a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// Such as assessment, condition or review.
    pub kind: String,
    pub about: String,
    #[schema(required, format = DateTime)]
    pub due_at: Option<String>,
    #[schema(required)]
    pub organisation: Option<Named>,
    #[schema(required)]
    pub role: Option<RoleCode>,
}

impl From<&Owed> for Next {
    fn from(owed: &Owed) -> Next {
        Next {
            kind: owed.kind.clone(),
            about: owed.about.clone(),
            due_at: at(owed.due_at),
            organisation: owed.org.as_ref().map(Named::from),
            role: owed.role.map(RoleCode::of),
        }
    }
}

/// A change in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRow {
    pub id: String,
    pub reference: String,
    /// The reference that another system gave.
    #[schema(required)]
    pub source_ref: Option<String>,
    pub kind: KindCode,
    pub state: State,
    #[schema(format = DateTime)]
    pub state_since: String,
    pub version: i64,
    pub title: String,
    /// The organisation that raised it.
    pub organisation: Named,
    /// Empty for history from elsewhere.
    pub raised_by: String,
    #[schema(format = DateTime)]
    pub raised_at: String,
    #[schema(required)]
    pub window: Option<WindowShape>,
    #[schema(required)]
    pub notice: Option<Notice>,
    /// 1 to 4; 1 is the gravest.
    #[schema(required)]
    pub impact: Option<i64>,
    #[schema(required)]
    pub category: Option<String>,
    #[schema(required)]
    pub outcome: Option<OutcomeCode>,
    pub confidentiality: ConfidentialityCode,
    pub imported: bool,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(required)]
    pub next: Option<Next>,
}

impl From<ListRow> for ChangeRow {
    fn from(row: ListRow) -> ChangeRow {
        ChangeRow {
            id: row.id.to_string(),
            notice: row.notice.as_ref().map(|line| notice(line, row.received_at)),
            reference: row.reference,
            source_ref: row.source_ref,
            kind: KindCode::of(row.kind),
            state: State::of(row.stage),
            state_since: row.stage_since.to_string(),
            version: row.version,
            title: row.title,
            organisation: Named::from(&row.org),
            raised_by: row.raised_by,
            raised_at: row.raised_at.to_string(),
            window: row.window.map(WindowShape::from),
            impact: row.impact,
            category: row.category,
            outcome: row.outcome.map(OutcomeCode::of),
            confidentiality: ConfidentialityCode::of(row.confidentiality),
            imported: row.imported,
            updated_at: row.updated_at.to_string(),
            next: row.next.as_ref().map(Next::from),
        }
    }
}
