//! Work that comes again (C079). The rules are those of the pages.

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use signalbox_core::actor::Actor;
use signalbox_core::calendar::DEFAULT_ZONE;
use signalbox_core::ids::OrgId;
use signalbox_core::schedule::recurrence::Typed;
use signalbox_core::schedule::series::LEAD_DAYS_USUAL;
use signalbox_store::directory::{self, Series};
use signalbox_store::queries;
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts, project};
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::calendars::{Body, NEXT_MOST, Occurrence, WhenShape, wall};
use super::shapes::{Listing, Named, OutcomeCode, State, at};
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::series::{self, Deed, New};
use crate::web::visitor::Visitor;

/// How many of the times so far are told.
const TOLD: i64 = 24;

/// Whether changes are made by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeriesState {
    Going,
    Paused,
    Ended,
}

/// A rule by which changes are made from a template.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Series)]
pub struct SeriesShape {
    pub id: String,
    pub title: String,
    /// For whom its changes are raised.
    #[schema(required)]
    pub organisation: Option<Named>,
    /// The change whose answers are copied.
    pub template: String,
    pub when: WhenShape,
    /// How many days before its start an occurrence is made.
    pub lead_days: i64,
    /// The name of whoever owns it; empty for somebody who was erased.
    pub owner: String,
    pub state: SeriesState,
    #[schema(format = DateTime)]
    pub stated_at: String,
    #[schema(required, format = DateTime)]
    pub ended_at: Option<String>,
    /// Whether you may change it.
    pub is_yours: bool,
    /// The times so far, the latest first, 24 at most.
    pub so_far: Vec<OccurrenceShape>,
}

/// What became of one time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettledOccurrence)]
pub struct OccurrenceShape {
    pub time: Occurrence,
    /// Its start had passed before a change could be made.
    pub is_missed: bool,
    /// The change; null where none was made, or you may not see it.
    #[schema(required)]
    pub reference: Option<String>,
    #[schema(required)]
    pub state: Option<State>,
    #[schema(required)]
    pub outcome: Option<OutcomeCode>,
}

/// A rule to be stated.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"template": "ON-2026-000123", "title": "Generator test", "starts": "2027-01-05T06:00", "ends": "2027-01-05T08:00",
    "rule": "FREQ=MONTHLY;BYDAY=1TU", "lead_days": 28}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewSeries {
    /// The reference of the change whose answers are copied.
    #[schema(max_length = 40)]
    template: String,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// Europe/London where nobody says.
    #[schema(max_length = 100)]
    zone: Option<String>,
    /// The first start on the clock of the zone.
    #[schema(max_length = 20)]
    starts: String,
    #[schema(max_length = 20)]
    ends: String,
    /// RFC 5545: FREQ from DAILY to YEARLY, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, WKST.
    #[schema(max_length = 500)]
    rule: String,
    #[schema(max_items = 500)]
    except: Option<Vec<String>>,
    /// 28 where nobody says.
    #[schema(minimum = 1, maximum = 366)]
    lead_days: Option<i64>,
    /// The e-mail address of whoever owns it; yours where nobody says.
    #[schema(max_length = 200)]
    owner: Option<String>,
}

/// What is to be changed: of the rule, or its state.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"except": ["2027-02-02"]}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct SomeOfSeries {
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    #[schema(max_length = 100)]
    zone: Option<String>,
    #[schema(max_length = 20)]
    starts: Option<String>,
    #[schema(max_length = 20)]
    ends: Option<String>,
    #[schema(max_length = 500)]
    rule: Option<String>,
    /// All days that are left out, those from before among them.
    #[schema(max_items = 500)]
    except: Option<Vec<String>>,
    #[schema(minimum = 1, maximum = 366)]
    lead_days: Option<i64>,
    #[schema(max_length = 200)]
    owner: Option<String>,
    /// Alone: pauses it, goes on, or ends it for good.
    state: Option<SeriesState>,
}

/// What a rule says.
const OF_RULE: [&str; 8] = ["title", "zone", "starts", "ends", "rule", "except", "lead_days", "owner"];

/// The texts of a body, over what was known before.
#[derive(Default)]
struct Texts {
    title: String,
    zone: String,
    starts: String,
    ends: String,
    rule: String,
    except: String,
    lead_days: String,
    owner: String,
}

impl Texts {
    fn read(self, body: &mut Body) -> Texts {
        let has = |body: &Body, name: &str| body.fields.get(name).is_some_and(|value| !value.is_null());
        let mut line = |name: &str, known: String, most: usize| if has(body, name) { body.line(name, true, most) } else { known };
        let title = line("title", self.title, 200);
        let (zone, rule, owner) = (line("zone", self.zone, 100), line("rule", self.rule, 500), line("owner", self.owner, 200));
        let (starts, ends) = (line("starts", self.starts, 20), line("ends", self.ends, 20));
        let except = if has(body, "except") { body.days("except") } else { self.except };
        let lead_days = match body.fields.get("lead_days") {
            None | Some(Value::Null) => self.lead_days,
            // Anything but a whole number reads as none, and is told with its bounds.
            Some(value) => value.as_i64().map(|days| days.to_string()).unwrap_or_default(),
        };
        Texts { title, zone, starts, ends, rule, except, lead_days, owner }
    }

    fn typed(&self) -> New<'_> {
        let when = Typed { zone: &self.zone, starts: &self.starts, ends: &self.ends, rule: &self.rule, except: &self.except };
        New { title: &self.title, owner: &self.owner, lead_days: &self.lead_days, when }
    }
}

/// States a rule on a change that you see and could copy.
#[utoipa::path(post, path = "/api/v1/series", tag = "schedule", operation_id = "stateSeries", request_body = NewSeries,
    responses((status = 201, description = "It is stated.", body = SeriesShape,
        headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is.")))))]
pub async fn create(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let names: Vec<&str> = OF_RULE.into_iter().chain(["template"]).collect();
    let mut body = Body { fields: &sent.fields, faults: sent.strange(&names) };
    let template = body.line("template", true, 40);
    if template.is_empty() {
        return Err(Failure::Invalid(body.faults));
    }
    let own = visitor.row()?.person.email.clone();
    let known = Texts { zone: DEFAULT_ZONE.into(), lead_days: LEAD_DAYS_USUAL.to_string(), owner: own, ..Texts::default() };
    let texts = known.read(&mut body);
    let id = series::state(&app, &actor, &template, &texts.typed(), body.faults)?;
    let mut response = answer(&app, &actor, id, StatusCode::CREATED)?;
    if let Ok(place) = format!("/api/v1/series/{id}").parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The rules that you may see, the latest first.
#[utoipa::path(get, path = "/api/v1/series", tag = "schedule", operation_id = "listSeries", params(ask::Paging),
    responses((status = 200, description = "A page of rules.", body = Listing<SeriesShape>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<SeriesShape>>, Failure> {
    let paging = Asked::of(query, &["limit", "cursor"])?.paging()?;
    let after = paging.after(ask::number)?.unwrap_or(i64::MAX);
    let (actor, limit) = (visitor.actor()?, usize::from(paging.limit));
    let (items, next_cursor) = app.read::<_, Failure>(|tx| {
        let mut found = directory::series_listed(tx, &Scope::of(&actor), after, limit + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|last| last.id.to_string());
        let items = found.into_iter().map(|one| shape(&app, tx, &actor, one)).collect::<Result<Vec<_>, _>>()?;
        Ok((items, next))
    })?;
    Ok(Json(Listing { items, next_cursor }))
}

/// One rule, with what came of it.
#[utoipa::path(get, path = "/api/v1/series/{id}", tag = "schedule", operation_id = "readSeries",
    params(("id" = String, Path, description = "The id of the rule.", max_length = 20)),
    responses((status = 200, description = "The rule.", body = SeriesShape, headers(("ETag" = String, description = "Its version.")))))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, query: Query) -> Result<Response, Failure> {
    Asked::of(query, &[])?;
    answer(&app, &visitor.actor()?, ask::number(&id).ok_or(Failure::NotFound)?, StatusCode::OK)
}

/// Changes a rule, pauses it, goes on or ends it. What is made already stays.
#[utoipa::path(patch, path = "/api/v1/series/{id}", tag = "schedule", operation_id = "changeSeries",
    params(
        ("id" = String, Path, description = "The id of the rule.", max_length = 20),
        ("If-Match" = Option<String>, Header, description = "The ETag of what you have read.", pattern = "^(\\*|\"[0-9]{1,9}(\\.[0-9]{1,9})?\")$"),
    ),
    request_body = SomeOfSeries,
    responses((status = 200, description = "Changed.", body = SeriesShape, headers(("ETag" = String, description = "Its version.")))))]
pub async fn change(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, sent: Sent) -> Result<Response, Failure> {
    let (actor, id) = (visitor.actor()?, ask::number(&id).ok_or(Failure::NotFound)?);
    let (found, _) = series::changeable(&app, &actor, id)?;
    let version = sent.expect().version;
    if let Some(expected) = version.filter(|version| *version != found.version) {
        return Err(Failure::Stale { expected, found: found.version });
    }
    let names: Vec<&str> = OF_RULE.into_iter().chain(["state"]).collect();
    let mut body = Body { fields: &sent.fields, faults: sent.strange(&names) };
    let state = body.line("state", false, 40);
    let deed = match state.as_str() {
        "" => None,
        "paused" => Some(Deed::Pause),
        "going" => Some(Deed::Resume),
        "ended" => Some(Deed::End),
        _ => {
            body.faults.push(super::fault(&signalbox_core::refusal::Violation::of("state", "unknown-choice")));
            None
        }
    };
    if !state.is_empty() && sent.fields.keys().any(|name| OF_RULE.contains(&name.as_str())) {
        body.faults.push(Fault::of("state", "not-alone", "Change the rule or its state, one after the other."));
    }
    match deed {
        Some(deed) if body.faults.is_empty() => series::take(&app, &actor, id, version, deed)?,
        Some(_) => return Err(Failure::Invalid(body.faults)),
        None => {
            let texts = known(&app, &found)?.read(&mut body);
            series::change(&app, &actor, id, Some(found.version), &texts.typed(), body.faults)?;
        }
    }
    answer(&app, &actor, id, StatusCode::OK)
}

/// What a rule says now, as it would be typed.
fn known(app: &App, series: &Series) -> Result<Texts, Failure> {
    let owner = app.read::<_, Failure>(|tx| accounts::person(tx, series.owner_id))?.map(|person| person.email).unwrap_or_default();
    let (starts, ends) = series.when.on_the_clock();
    Ok(Texts {
        title: series.title.clone(),
        zone: series.when.zone_name().to_owned(),
        starts: wall(starts),
        ends: wall(ends),
        rule: series.when.rule().map(|rule| rule.text().to_owned()).unwrap_or_default(),
        except: series.when.except().map(|day| day.to_string()).collect::<Vec<_>>().join(" "),
        lead_days: series.lead_days.to_string(),
        owner,
    })
}

fn answer(app: &App, actor: &Actor, id: i64, status: StatusCode) -> Result<Response, Failure> {
    let (series, ..) = series::find(app, actor, id)?;
    let tag = ask::tag(series.version, None);
    let shape = app.read::<_, Failure>(|tx| shape(app, tx, actor, series))?;
    Ok((status, [(header::ETAG, tag)], Json(shape)).into_response())
}

fn shape(app: &App, tx: &mut dyn Tx, actor: &Actor, series: Series) -> Result<SeriesShape, StoreError> {
    let scope = Scope::of(actor);
    let template = project::load(tx, series.template)?.map(|loaded| loaded.change);
    let is_yours = match &template {
        Some(change) => app.drafts(tx, actor, change.kind, OrgId(series.org_id))?,
        None => false,
    };
    let organisation = directory::organisation(tx, series.org_id)?.map(|org| Named::from(&queries::Named { id: org.id, code: org.code, name: org.name }));
    let owner = accounts::names(tx, &[series.owner_id])?.remove(&series.owner_id).unwrap_or_default();
    let mut so_far = vec![];
    for one in directory::occurrences_settled(tx, series.id, TOLD)? {
        let change = match one.change_id {
            Some(id) if sight::is_visible(tx, &scope, id)? => project::load(tx, id)?.map(|loaded| loaded.change),
            _ => None,
        };
        let span = one.occurrence.span;
        so_far.push(OccurrenceShape {
            time: Occurrence { start: span.from.to_string(), end: span.until.to_string() },
            is_missed: one.change_id.is_none(),
            state: change.as_ref().map(|change| State::of(change.stage)),
            outcome: change.as_ref().and_then(|change| change.outcome).map(OutcomeCode::of),
            reference: change.map(|change| change.reference),
        });
    }
    let state = match (series.ended_at, series.paused_at) {
        (Some(_), _) => SeriesState::Ended,
        (None, Some(_)) => SeriesState::Paused,
        (None, None) => SeriesState::Going,
    };
    let next = if series.is_going() { series.when.next(app.clock.now(), NEXT_MOST) } else { vec![] };
    Ok(SeriesShape {
        id: series.id.to_string(),
        title: series.title,
        organisation,
        template: template.map(|change| change.reference).unwrap_or_default(),
        when: WhenShape::of(&series.when, next),
        lead_days: series.lead_days,
        owner,
        state,
        stated_at: series.created_at.to_string(),
        ended_at: at(series.ended_at),
        is_yours,
        so_far,
    })
}
