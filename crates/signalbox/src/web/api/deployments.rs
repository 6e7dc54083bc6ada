//! A deployment records itself in one call, or in two where it is told of as it begins (C182).

use std::collections::BTreeMap;

use axum::extract::State as Held;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Map, Value};
use signalbox_core::form::{self, LINE_MAX_CHARS, Raw};
use signalbox_core::ids::OrgId;
use signalbox_core::refusal::Violation;
use signalbox_store::deployments;
use utoipa::ToSchema;

use super::ask::{self, Sent};
use super::changes::{Receipt, answers, text};
use super::shapes::OutcomeCode;
use super::told;
use super::whole::AnswerValue;
use crate::app::Shared;
use crate::run::{Deployment, End};
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;

/// A deployment as its pipeline tells of it. `organisation` and `id` name one: told again it is not recorded twice.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"id": "imaging-gateway-8841", "organisation": "HALDEN", "entry": "gateway_restart", "version": "2.4.1",
    "link": "https://ci.example/runs/8841", "started_at": "2026-11-17T11:40:00Z", "ended_at": "2026-11-17T11:52:00Z", "outcome": "successful",
    "answers": {"services": ["PACS"], "agreed_pattern": "yes", "contact_on_site": {"name": "Len Brook", "phone": "020 7946 0158"}}}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewDeployment {
    /// Your own name for it, such as the number of the run.
    #[schema(min_length = 1, max_length = 500)]
    id: String,
    /// The code of an organisation that you belong to.
    organisation: String,
    /// The entry of the catalogue that it is; needed when it is told of first.
    #[schema(max_length = 500)]
    entry: Option<String>,
    /// Answers to the questions of the entry, when it is told of first. What the deployment says itself need not be answered.
    answers: Option<BTreeMap<String, AnswerValue>>,
    /// What is deployed.
    #[schema(max_length = 500)]
    version: Option<String>,
    /// Where more of it can be read: an address that begins with https://.
    #[schema(max_length = 500)]
    link: Option<String>,
    /// When it began; now, where nobody says.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// By when it should be over; needed where it is not.
    #[schema(format = DateTime)]
    expected_end: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How it ended; needed with `ended_at`.
    outcome: Option<OutcomeCode>,
    /// What is to be said of it.
    #[schema(max_length = 4000)]
    words: Option<String>,
    /// The codes of the services that are back; all of them where it was successful and nobody says.
    #[schema(max_items = 500)]
    back: Option<Vec<String>>,
    /// Why a service is not back.
    #[schema(max_length = 4000)]
    not_back: Option<String>,
}

const FIELDS: [&str; 13] =
    ["id", "organisation", "entry", "answers", "version", "link", "started_at", "expected_end", "ended_at", "outcome", "words", "back", "not_back"];
/// Those of the act `finish`.
const OF_END: [&str; 4] = ["outcome", "words", "back", "not_back"];

/// Records a deployment: the acts `submit`, `start` and, where it is over, `finish` on a request of the catalogue. All of
/// them are recorded or none. Told again with its end, it is ended; told again as before, nothing is done.
#[utoipa::path(post, path = "/api/v1/deployments", tag = "acts", operation_id = "recordDeployment", request_body = NewDeployment,
    responses(
        (status = 201, description = "It is recorded.", body = Receipt, headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Where it is."))),
        (status = 200, description = "It was told of before: its end is recorded now, or nothing is new.", body = Receipt, headers(("ETag" = String, description = "Its version.")))))]
pub async fn record(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    let mut faults = sent.strange(&FIELDS);
    let id = line(&sent.fields, "id", true, &mut faults);
    let org = text(&sent.fields, "organisation", true, &mut faults).and_then(|code| {
        // An organisation that is not theirs reads like one that does not exist (S02).
        let own = visitor.row().ok()?.memberships.iter().find(|m| m.org_code.eq_ignore_ascii_case(&code)).map(|m| OrgId(m.org_id));
        if own.is_none() {
            faults.push(super::fault(&Violation::of("organisation", "unknown-value").with(code)));
        }
        own
    });
    let is_known = match (&id, org) {
        (Some(id), Some(org)) => app.read::<_, Failure>(|tx| deployments::find(tx, org.0, id))?.is_some(),
        _ => false,
    };
    let entry = line(&sent.fields, "entry", !is_known, &mut faults);
    let answers = answers(&sent, false, &mut faults);
    let (version, link) = (line(&sent.fields, "version", false, &mut faults), line(&sent.fields, "link", false, &mut faults));
    if link.as_ref().is_some_and(|link| !link.starts_with("https://")) {
        faults.push(Fault::of("link", "not-an-address", "Enter an address that begins with https://."));
    }
    let started_at = moment(&sent.fields, "started_at", &mut faults);
    let expected_end = moment(&sent.fields, "expected_end", &mut faults);
    let end = end(&sent.fields, &mut faults);
    if !is_known && end.is_none() && is_absent(&sent.fields, "expected_end") && is_absent(&sent.fields, "ended_at") {
        faults.push(super::fault(&Violation::of("expected_end", "answer-missing")));
    }
    let (Some(id), Some(org), true) = (id, org, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    let deployment = Deployment { org, id, entry: entry.unwrap_or_default(), answers, version, link, started_at, expected_end, end };
    let recorded = app.deploy(&visitor.actor()?, deployment).map_err(|stop| told(stop, false))?;
    Ok(Receipt::of(recorded.done, if recorded.is_new { StatusCode::CREATED } else { StatusCode::OK }))
}

fn is_absent(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(Value::is_null)
}

/// A line that says something.
fn line(fields: &Map<String, Value>, name: &str, is_required: bool, faults: &mut Vec<Fault>) -> Option<String> {
    let line = text(fields, name, is_required, faults)?.trim().to_owned();
    let found = match line.chars().count() {
        0 if is_required => Violation::of(name, "answer-missing"),
        0 => return None,
        n if n > LINE_MAX_CHARS => Violation::of(name, "too-long").with(LINE_MAX_CHARS).with(n),
        _ if line.chars().any(char::is_control) => Violation::of(name, "control-characters"),
        _ => return Some(line),
    };
    faults.push(super::fault(&found));
    None
}

fn moment(fields: &Map<String, Value>, name: &str, faults: &mut Vec<Fault>) -> Option<Timestamp> {
    let typed = text(fields, name, false, faults)?;
    let read = typed.trim().parse().ok().map(form::micros);
    if read.is_none() {
        faults.push(Fault::of(name, "not-a-moment", "This is a time in RFC 3339, such as 2026-11-17T22:04:00Z."));
    }
    read
}

/// How it ended, where it has. What says how without saying when would be lost, so it is asked about.
fn end(fields: &Map<String, Value>, faults: &mut Vec<Fault>) -> Option<End> {
    let of_end: Map<String, Value> = OF_END.iter().filter(|name| !is_absent(fields, name)).map(|name| ((*name).to_owned(), fields[*name].clone())).collect();
    let read = ask::raw(&of_end, "").unwrap_or_else(|more| {
        faults.extend(more);
        Raw::new()
    });
    let at = moment(fields, "ended_at", faults);
    if is_absent(fields, "ended_at") && !of_end.is_empty() {
        faults.push(super::fault(&Violation::of("ended_at", "answer-missing")));
    }
    if !is_absent(fields, "ended_at") && is_absent(fields, "outcome") {
        faults.push(super::fault(&Violation::of("outcome", "answer-missing")));
    }
    Some(End { at: at?, fields: read })
}
