//! May a service or an item change now (C180, C181)? For pipelines: plain HTTP, one word where that is all that is wanted.

use axum::extract::State as Held;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use signalbox_core::gate::{self, Shut};
use signalbox_store::queries::gate::{self as store, Closing, Closure, Thing};
use signalbox_store::queries::schedule::Asked as Span;
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::Asked;
use super::changes;
use super::shapes::at;
use crate::app::Shared;
use crate::web::form::Query;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// How far ahead the next change of state is looked for.
const AHEAD: SignedDuration = SignedDuration::from_hours(62 * 24);

/// Whether something may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    Open,
    Closed,
}

impl GateState {
    fn word(self) -> &'static str {
        match self {
            GateState::Open => "open",
            GateState::Closed => "closed",
        }
    }
}

/// What kind of thing closes a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateReasonKind {
    /// A time in which nothing may change.
    Freeze,
    /// Work that was approved or is under way.
    Work,
}

/// Something that closes it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateReason {
    pub kind: GateReasonKind,
    /// The reference of the work.
    #[schema(required)]
    pub reference: Option<String>,
    /// The title of the freeze or of the work.
    pub title: String,
    /// The work was started and has not ended.
    pub is_running: bool,
    #[schema(format = DateTime)]
    pub from: String,
    /// Null where the work runs late and nobody said until when.
    #[schema(required, format = DateTime)]
    pub until: Option<String>,
}

/// The next change of the state, as far as it is known now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateNext {
    #[schema(format = DateTime)]
    pub at: String,
    pub state: GateState,
    /// What closes it then; empty where it opens.
    pub reasons: Vec<GateReason>,
}

/// May it change?
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    #[schema(required)]
    pub service: Option<String>,
    #[schema(required)]
    pub item: Option<String>,
    #[schema(format = DateTime)]
    pub at: String,
    pub state: GateState,
    /// Until when it stays like that; null where nothing that is known changes it within `looked_until`.
    #[schema(required, format = DateTime)]
    pub until: Option<String>,
    /// Everything that closes it at that moment, as far as you may know it.
    pub reasons: Vec<GateReason>,
    #[schema(required)]
    pub next: Option<GateNext>,
    #[schema(format = DateTime)]
    pub looked_until: String,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum GateFormat {
    Json,
    Text,
}

/// May a service or an item change now? Always 200 where it is known: the answer is in the body.
#[utoipa::path(get, path = "/api/v1/gate", tag = "schedule", operation_id = "askGate",
    params(
        ("service" = Option<String>, Query, description = "The code of a service. This or `item` is needed.", max_length = 500),
        ("item" = Option<String>, Query, description = "The code of an item.", max_length = 500),
        ("at" = Option<String>, Query, format = DateTime, description = "The moment; now where nobody says."),
        ("format" = Option<GateFormat>, Query, description = "`text` answers with one word, open or closed."),
    ),
    responses((status = 200, description = "Whether it may change.",
        content((Gate = "application/json"), (String = "text/plain; charset=utf-8", example = json!("open\n"))))))]
pub async fn ask(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Response, Failure> {
    let asked = Asked::of(query, &["service", "item", "at", "format"])?;
    let named = changes::Named::read(&asked)?;
    let (service, item) = (asked.one("service")?.map(str::to_owned), asked.one("item")?.map(str::to_owned));
    if service.is_none() && item.is_none() {
        return Err(Failure::bad_request("missing-filter", "“service” or “item” is needed: the code of what is to change."));
    }
    let is_text = asked.code("format", |code| ["json", "text"].contains(&code).then_some(code == "text"))?.unwrap_or(false);
    let (actor, now) = (visitor.actor()?, app.clock.now());
    let moment = asked.moment("at")?.unwrap_or(now);
    let until = moment.checked_add(AHEAD).map_err(|_| Failure::bad_request("bad-filter", "“at” is beyond any calendar."))?;
    let scope = Scope::of(&actor);
    if !scope.reads_schedule() {
        // Whoever sees no freeze would be told that it is open.
        return Err(Failure::denied("members-only", "The schedule is open to members of the Service Management group and to those who work on changes."));
    }
    let closures = app.read::<_, Failure>(|tx| {
        let (_, service, _, item) = named.find(&app, tx, &actor)?;
        // No row has an id below 1: that is what an unknown code, and one of others, stands for.
        if [service, item].into_iter().flatten().any(|id| id < 1) {
            return Ok(None);
        }
        Ok(Some(store::closures(tx, &scope, Thing { service, item }, Span { from: moment, until, now })?))
    })?;
    // A typing error must not look like an open gate.
    let closures = closures.ok_or(Failure::NotFound)?;
    let found = look(&closures, moment, until);
    if is_text {
        return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", found.state.word())).into_response());
    }
    Ok(axum::Json(Gate { service, item, ..found }).into_response())
}

fn look(closures: &[Closure], moment: Timestamp, looked_until: Timestamp) -> Gate {
    let shut: Vec<Shut> = closures.iter().map(|one| Shut { from: one.from, until: one.until }).collect();
    let gate = gate::look(&shut, moment);
    let reasons = |places: &[usize]| places.iter().filter_map(|n| closures.get(*n)).map(reason).collect::<Vec<_>>();
    let state = |is_open: bool| if is_open { GateState::Open } else { GateState::Closed };
    Gate {
        service: None,
        item: None,
        at: moment.to_string(),
        state: state(gate.is_open()),
        until: at(gate.changes_at),
        reasons: reasons(&gate.shut_by),
        next: gate.changes_at.map(|at| GateNext { at: at.to_string(), state: state(!gate.is_open()), reasons: reasons(&gate.then_shut_by) }),
        looked_until: looked_until.to_string(),
    }
}

fn reason(closure: &Closure) -> GateReason {
    let (kind, reference, title, is_running) = match &closure.what {
        Closing::Freeze { title } => (GateReasonKind::Freeze, None, title, false),
        Closing::Work { reference, title, is_running } => (GateReasonKind::Work, Some(reference.clone()), title, *is_running),
    };
    GateReason { kind, reference, title: title.clone(), is_running, from: closure.from.to_string(), until: at(closure.until) }
}
