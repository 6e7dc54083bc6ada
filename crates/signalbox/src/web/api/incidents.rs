//! Incidents: other systems tell of them here, as they do by file, and read what may have caused them (X12).

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use signalbox_core::facts::FactsQuery;
use signalbox_core::form;
use signalbox_core::learn;
use signalbox_core::refusal::Violation;
use signalbox_store::directory::{self, Incident, OnDifference, Upserted};
use signalbox_store::queries::incidents::{self, IncidentFilter, IncidentLine, Suspect};
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::changes::{self, text};
use super::shapes::{Listing, Named, State, at};
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;
use crate::words;

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Incident)]
pub struct IncidentShape {
    pub id: String,
    /// The system that it comes from.
    pub source: String,
    /// Its number there.
    pub reference: String,
    /// Whose it is.
    #[schema(required)]
    pub organisation: Option<Named>,
    pub title: String,
    /// 1 to 5; 1 is the gravest.
    pub priority: i64,
    /// A patient was harmed, or could have been.
    pub clinical: bool,
    #[schema(format = DateTime)]
    pub opened_at: String,
    #[schema(required, format = DateTime)]
    pub closed_at: Option<String>,
    /// The codes of the items and services that it hit.
    pub hits: Vec<String>,
}

/// An incident, and the changes that you see and that it is linked to or may have come from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentWithChanges {
    pub incident: IncidentShape,
    pub changes: Vec<SuspectShape>,
}

/// A change that touched what an incident hit, shortly before it. To link the two is the act `link_incident`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Suspect)]
pub struct SuspectShape {
    pub reference: String,
    pub title: String,
    pub state: State,
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    pub is_linked: bool,
}

/// An incident as another system tells of it. `source` and `reference` name one, so that telling it twice changes nothing.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"source": "ServiceDesk", "reference": "INC0041207", "organisation": "NORTHBROOK", "title": "Imaging is slow",
    "priority": 2, "clinical": false, "opened_at": "2026-11-17T22:04:00Z", "items": ["NB-PACS-N2"], "services": ["PACS"]}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewIncident {
    /// The system that it comes from.
    #[schema(min_length = 1, max_length = 500)]
    source: String,
    /// Its number there.
    #[schema(min_length = 1, max_length = 500)]
    reference: String,
    /// The code of the organisation whose it is: one whose desk or changes you answer for.
    organisation: String,
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    /// 1 is the gravest.
    #[schema(minimum = 1, maximum = 5)]
    priority: i64,
    /// A patient was harmed, or could have been; no where nobody says.
    clinical: Option<bool>,
    #[schema(format = DateTime)]
    opened_at: String,
    #[schema(format = DateTime)]
    closed_at: Option<String>,
    /// Codes of the items that it hit.
    #[schema(max_items = 500)]
    items: Option<Vec<String>>,
    /// Codes of the services that it hit.
    #[schema(max_items = 500)]
    services: Option<Vec<String>>,
    /// Write the new values of one that was told before; otherwise a difference is a conflict.
    update: Option<bool>,
}

/// What stands in the body.
const FIELDS: [&str; 11] = ["source", "reference", "organisation", "title", "priority", "clinical", "opened_at", "closed_at", "items", "services", "update"];
/// More than any one incident hits.
const CODES_MAX: usize = 500;

/// A body, read field by field.
struct Body<'a> {
    fields: &'a Map<String, Value>,
    faults: Vec<Fault>,
}

impl Body<'_> {
    fn wrong(&mut self, name: &str, code: &'static str, detail: &str) {
        self.faults.push(Fault::of(name, code, detail));
    }

    fn text(&mut self, name: &str) -> String {
        text(self.fields, name, true, &mut self.faults).map(|text| text.trim().to_owned()).unwrap_or_default()
    }

    fn moment(&mut self, name: &str, is_required: bool) -> Option<Timestamp> {
        let text = text(self.fields, name, is_required, &mut self.faults)?;
        let read = text.trim().parse().ok().map(form::micros);
        if read.is_none() {
            self.wrong(name, "not-a-moment", "This is a time in RFC 3339, such as 2026-11-17T22:04:00Z.");
        }
        read
    }

    fn yes(&mut self, name: &str) -> bool {
        match self.fields.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(yes)) => *yes,
            Some(_) => {
                self.wrong(name, "not-a-value", "This is true or false.");
                false
            }
        }
    }

    fn priority(&mut self) -> i64 {
        match self.fields.get("priority").map(|value| (value, value.as_i64())) {
            None => self.faults.push(super::fault(&Violation::of("priority", "answer-missing"))),
            Some((_, Some(priority))) if (1..=5).contains(&priority) => return priority,
            Some(_) => self.faults.push(super::fault(&Violation::of("priority", "number-out-of-range").with(1).with(5))),
        }
        0
    }

    fn codes(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.fields.get(name).filter(|value| !value.is_null()) else { return vec![] };
        let codes: Option<Vec<String>> = value.as_array().and_then(|all| all.iter().map(|one| one.as_str().map(str::to_owned)).collect());
        match codes {
            Some(codes) if codes.len() > CODES_MAX => self.faults.push(super::fault(&Violation::of(name, "too-many").with(CODES_MAX))),
            // PostgreSQL takes no NUL in text.
            Some(codes) if codes.iter().any(|code| code.contains('\0')) => self.wrong(name, "control-characters", "A code has no such character."),
            Some(codes) => return codes,
            None => self.wrong(name, "not-a-value", "This is a list of codes."),
        }
        vec![]
    }

    /// The ids behind the codes that are known, in order. What is another's reads like what does not exist (S02).
    fn known(&mut self, name: &str, codes: &[String], find: impl Fn(&str) -> Option<i64>) -> Vec<i64> {
        let mut ids = vec![];
        for code in codes {
            match find(code) {
                Some(id) => ids.push(id),
                None => self.faults.push(super::fault(&Violation::of(name, "unknown-value").with(code.as_str()))),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Tells of an incident. The same again does nothing; another one under the same number needs `update`.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", operation_id = "reportIncident",
    request_body = NewIncident,
    responses(
        (status = 201, description = "It is new.", body = IncidentWithChanges, headers(("Location" = String, description = "Where it is."))),
        (status = 200, description = "It was told before: word for word, or its new values are written.", body = IncidentWithChanges)))]
pub async fn report(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    if !learn::reports_incidents(&actor) {
        return Err(Failure::denied("incident-role", words::learning::MAY_NOT_REPORT_INCIDENTS));
    }
    let mut body = Body { fields: &sent.fields, faults: sent.strange(&FIELDS) };
    let (source, reference, organisation, title) = (body.text("source"), body.text("reference"), body.text("organisation"), body.text("title"));
    let (priority, clinical, update) = (body.priority(), body.yes("clinical"), body.yes("update"));
    let (opened_at, closed_at) = (body.moment("opened_at", true), body.moment("closed_at", false));
    let (items, services) = (body.codes("items"), body.codes("services"));
    let mut query = FactsQuery::default();
    query.item_codes.extend(items.clone());
    query.service_codes.extend(services.clone());
    let facts = app.read::<_, Failure>(|tx| app.facts(tx, &actor, None, &query))?;
    let org = facts.org_by_code(&organisation).map(|org| org.id).filter(|org| learn::may_report_incident(&actor, *org));
    if org.is_none() && !organisation.is_empty() {
        body.faults.push(super::fault(&Violation::of("organisation", "unknown-value").with(organisation.as_str())));
    }
    let items = body.known("items", &items, |code| facts.items.iter().find(|item| item.code == code).map(|item| item.id.0));
    let services = body.known("services", &services, |code| facts.services.iter().find(|service| service.code == code).map(|service| service.id.0));
    let incident = Incident {
        id: app.ids.mint(now),
        org_id: org.map_or(0, |org| org.0),
        source,
        reference,
        title,
        priority,
        clinical,
        opened_at: opened_at.or(closed_at).unwrap_or(now),
        closed_at,
        items,
        services,
    };
    for field in incident.faults() {
        if !body.faults.iter().any(|fault| fault.field.as_deref() == Some(field)) {
            body.wrong(field, "invalid", if field == "closed_at" { "This comes after opened_at." } else { "This is one line of 1 to 500 characters." });
        }
    }
    if !body.faults.is_empty() {
        return Err(Failure::Invalid(body.faults));
    }
    let (act, manner) = (app.act(actor.person(), now), if update { OnDifference::Update } else { OnDifference::Report });
    let told = app.attempt(move |tx| directory::report_incident(tx, &act, &incident, manner))?;
    let id = match told {
        Upserted::Differs(_) => return Err(Failure::conflict("incident-differs", words::learning::INCIDENT_DIFFERS)),
        Upserted::Added(id) | Upserted::Unchanged(id) | Upserted::Updated(id) => id,
    };
    let whole = whole(&app, &Scope::of(&actor), id)?.ok_or(Failure::NotFound)?;
    Ok(match told {
        Upserted::Added(_) => (StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/incidents/{id}"))], Json(whole)).into_response(),
        _ => Json(whole).into_response(),
    })
}

/// Incidents that you may see, latest first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", operation_id = "listIncidents",
    params(
        ask::Paging,
        ("source" = Option<String>, Query, description = "The system that they come from.", max_length = 500),
        ("reference" = Option<String>, Query, description = "The number there.", max_length = 500),
        ("organisation" = Option<String>, Query, description = "The code of the organisation whose they are.", max_length = 500),
        ("service" = Option<String>, Query, description = "The code of a service that was hit.", max_length = 500),
        ("item" = Option<String>, Query, description = "The code of an item that was hit.", max_length = 500),
        ("opened_from" = Option<String>, Query, format = DateTime, description = "Opened then or later."),
        ("opened_to" = Option<String>, Query, format = DateTime, description = "Opened before this."),
    ),
    responses((status = 200, description = "A page of incidents.", body = Listing<IncidentShape>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<IncidentShape>>, Failure> {
    let names = ["limit", "cursor", "source", "reference", "organisation", "service", "item", "opened_from", "opened_to"];
    let asked = Asked::of(query, &names)?;
    let paging = asked.paging()?;
    let after = paging.after(|cursor| {
        let (opened, id) = cursor.split_once('.')?;
        Some((ask::number(opened)?, ask::number(id)?))
    })?;
    let mut filter = IncidentFilter {
        from: asked.moment("opened_from")?,
        until: asked.moment("opened_to")?,
        source: asked.one("source")?.map(str::to_owned),
        reference: asked.one("reference")?.map(str::to_owned),
        after,
        ..IncidentFilter::default()
    };
    let named = changes::Named::read(&asked)?;
    let (actor, limit) = (visitor.actor()?, usize::from(paging.limit));
    let mut lines = app.read::<_, Failure>(|tx| {
        (filter.organisation, filter.service, _, filter.item) = named.find(&app, tx, &actor)?;
        incidents::list(tx, &Scope::of(&actor), &filter, i64::from(paging.limit) + 1)
    })?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let next_cursor = lines.last().filter(|_| has_more).map(|line| format!("{}.{}", line.opened_at.as_microsecond(), line.id));
    Ok(Json(Listing { items: lines.into_iter().map(shape).collect(), next_cursor }))
}

/// An incident, with the changes that it may have come from.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", operation_id = "readIncident",
    params(("id" = String, Path, description = "The id of the incident.", max_length = 20)),
    responses((status = 200, description = "The incident.", body = IncidentWithChanges)))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, query: Query) -> Result<Json<IncidentWithChanges>, Failure> {
    Asked::of(query, &[])?;
    let id = ask::number(&id).ok_or(Failure::NotFound)?;
    whole(&app, &Scope::of(&visitor.actor()?), id)?.map(Json).ok_or(Failure::NotFound)
}

fn whole(app: &App, scope: &Scope, id: i64) -> Result<Option<IncidentWithChanges>, Failure> {
    app.read(|tx| {
        let Some(line) = incidents::by_id(tx, scope, id)? else { return Ok(None) };
        let changes = incidents::suspects(tx, scope, id)?.into_iter().map(suspect).collect();
        Ok(Some(IncidentWithChanges { incident: shape(line), changes }))
    })
}

fn shape(line: IncidentLine) -> IncidentShape {
    IncidentShape {
        id: line.id.to_string(),
        source: line.source,
        reference: line.reference,
        organisation: line.org.as_ref().map(Named::from),
        title: line.title,
        priority: line.priority,
        clinical: line.clinical,
        opened_at: line.opened_at.to_string(),
        closed_at: at(line.closed_at),
        hits: line.hits.split(';').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
    }
}

fn suspect(found: Suspect) -> SuspectShape {
    SuspectShape {
        reference: found.reference,
        title: found.title,
        state: State::of(found.stage),
        started_at: at(found.started_at),
        finished_at: at(found.finished_at),
        is_linked: found.linked,
    }
}
