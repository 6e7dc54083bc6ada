//! What monitors keep quiet about (spec 10.1), to be read only: it follows from what changes declare. Where a monitor is and
//! what opens it is told to nobody here.

use axum::Json;
use axum::extract::{Path, State as Held};
use serde::Serialize;
use signalbox_core::silence;
use signalbox_store::queries::silences::{self as queries, SilenceFilter, SilenceLine};
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::{self, Asked, Paging};
use super::changes::{self, id_of};
use super::shapes::{Listing, Named, SilenceState, at};
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// What a list shows where nobody asks for a state: what somebody has to look at.
const WRONG: [silence::State; 2] = [silence::State::NotInForce, silence::State::Leftover];

/// What kind of monitor it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Monitor)]
pub struct MonitorShape {
    pub name: String,
    /// alertmanager, icinga or webhook.
    pub kind: String,
}

/// What one monitor is to keep quiet about for one change, and what it has by its own word.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Silence)]
pub struct SilenceShape {
    pub monitor: MonitorShape,
    /// The reference of the change, as it is named at the monitor.
    pub change: String,
    /// The thing, as it is named at the monitor.
    pub name: String,
    /// Not known of what is left over.
    #[schema(required)]
    pub item: Option<Named>,
    pub state: SilenceState,
    /// From when to when it should be quiet; null once nothing wants it.
    #[schema(required, format = DateTime)]
    pub wanted_from: Option<String>,
    #[schema(required, format = DateTime)]
    pub wanted_until: Option<String>,
    /// From when to when it is quiet, as the monitor said when it was last read; null where it has none.
    #[schema(required, format = DateTime)]
    pub held_from: Option<String>,
    #[schema(required, format = DateTime)]
    pub held_until: Option<String>,
    /// Since when it should be in force and is not, once the desk was told.
    #[schema(required, format = DateTime)]
    pub missing_since: Option<String>,
    /// When the monitor was last read.
    #[schema(required, format = DateTime)]
    pub read_at: Option<String>,
    /// What stands in the way, in the words of the monitor or of the connection to it.
    #[schema(required)]
    pub problem: Option<String>,
}

/// What monitors keep quiet about for a change, by monitor and name.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/silences", tag = "silences", operation_id = "listSilencesOfChange",
    params(("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40), ask::Paging),
    responses((status = 200, description = "A page of silences.", body = Listing<SilenceShape>)))]
pub async fn of_change(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, query: Query) -> Result<Json<Listing<SilenceShape>>, Failure> {
    let paging = Asked::of(query, &["limit", "cursor"])?.paging()?;
    let actor = visitor.actor()?;
    let id = app.read::<_, Failure>(|tx| id_of(tx, &actor, &reference))?.ok_or(Failure::NotFound)?;
    page(&app, &Scope::of(&actor), SilenceFilter { change: Some(id), ..SilenceFilter::default() }, &paging)
}

/// Silences of the changes that you see: those that are not in force or left over, where you name no state.
#[utoipa::path(get, path = "/api/v1/silences", tag = "silences", operation_id = "listSilences",
    params(
        ("organisation" = Option<String>, Query, description = "The code of an organisation that has a stake in the change.", max_length = 500),
        ("state" = Option<SilenceState>, Query, description = "Only those that stand so now."),
        ask::Paging,
    ),
    responses((status = 200, description = "A page of silences.", body = Listing<SilenceShape>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<SilenceShape>>, Failure> {
    let asked = Asked::of(query, &["organisation", "state", "limit", "cursor"])?;
    let paging = asked.paging()?;
    let state = asked.code("state", SilenceState::read)?;
    let named = changes::Named::read(&asked)?;
    let actor = visitor.actor()?;
    let (organisation, ..) = app.read::<_, Failure>(|tx| named.find(&app, tx, &actor))?;
    let states = state.map_or(WRONG.to_vec(), |state| vec![state]);
    page(&app, &Scope::of(&actor), SilenceFilter { states, organisation, ..SilenceFilter::default() }, &paging)
}

fn page(app: &App, scope: &Scope, mut filter: SilenceFilter, paging: &Paging) -> Result<Json<Listing<SilenceShape>>, Failure> {
    filter.after = paging.after(|cursor| {
        let mut parts = cursor.split('.');
        let after = (ask::number(parts.next()?)?, ask::unhexed(parts.next()?)?, ask::unhexed(parts.next()?)?);
        parts.next().is_none().then_some(after)
    })?;
    let limit = usize::from(paging.limit);
    let mut lines = app.read::<_, Failure>(|tx| queries::list(tx, scope, &filter, i64::from(paging.limit) + 1))?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let cursor = |line: &SilenceLine| {
        let hex = |text: &str| signalbox_core::text::hex(text.as_bytes());
        format!("{}.{}.{}", line.silence.monitor_id, hex(&line.silence.reference), hex(&line.silence.name))
    };
    let next_cursor = lines.last().filter(|_| has_more).map(cursor);
    Ok(Json(Listing { items: lines.into_iter().map(shape).collect(), next_cursor }))
}

fn shape(line: SilenceLine) -> SilenceShape {
    let SilenceLine { silence, monitor: (name, kind), item } = line;
    let (wanted_from, wanted_until) = silence.wanted.unzip();
    let (held_from, held_until) = silence.has.unzip();
    SilenceShape {
        monitor: MonitorShape { name, kind },
        change: silence.reference,
        name: silence.name,
        item: item.as_ref().map(Named::from),
        state: SilenceState::of(silence.state),
        wanted_from: at(wanted_from),
        wanted_until: at(wanted_until),
        held_from: at(held_from),
        held_until: at(held_until),
        missing_since: at(silence.told_at),
        read_at: at(silence.seen_at),
        problem: Some(silence.words).filter(|words| !words.is_empty()),
    }
}
