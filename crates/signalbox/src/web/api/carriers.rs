//! Notices of carriers about their own works, as a mail server or a program hands them in (spec 10.3, inbound).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Held;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use signalbox_core::carrier::{Doubt, Found, Standing};
use signalbox_store::carriers;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::web::carriers as rules;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// What became of a notice.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarrierNoticeState {
    /// It spoke for itself: the schedule says what it says.
    Entry,
    /// A person is asked.
    Waiting,
    Confirmed,
    Refused,
    /// A later version was here before it.
    Older,
}

impl CarrierNoticeState {
    fn of(state: Standing) -> CarrierNoticeState {
        match state {
            Standing::Entry => CarrierNoticeState::Entry,
            Standing::Waiting => CarrierNoticeState::Waiting,
            Standing::Confirmed => CarrierNoticeState::Confirmed,
            Standing::Refused => CarrierNoticeState::Refused,
            Standing::Older => CarrierNoticeState::Older,
        }
    }
}

/// Something that a person is asked about a notice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierQuestion {
    /// A field of the answer, or a property of the MaintNote.
    pub field: String,
    /// Such as no_zone, date_order, differs.
    pub code: String,
    /// Why, in words.
    pub words: String,
}

/// A circuit, with what is said of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierObject {
    pub reference: String,
    /// NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED or OUTAGE, which holds where nobody says.
    pub impact: String,
}

/// A notice of a carrier, as it was understood. What could not be read in one way only is null, and a question says why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierNotice {
    pub id: String,
    pub state: CarrierNoticeState,
    pub is_maintnote: bool,
    #[schema(required)]
    pub provider: Option<String>,
    #[schema(required)]
    pub account: Option<String>,
    /// The carrier's number of the work.
    #[schema(required)]
    pub maintenance_id: Option<String>,
    #[schema(required)]
    pub sequence: Option<u32>,
    /// In the words of MaintNote, or RE-SCHEDULED.
    #[schema(required)]
    pub status: Option<String>,
    #[schema(required, format = DateTime)]
    pub start: Option<String>,
    #[schema(required, format = DateTime)]
    pub end: Option<String>,
    pub objects: Vec<CarrierObject>,
    #[schema(required)]
    pub summary: Option<String>,
    pub questions: Vec<CarrierQuestion>,
    /// The entries of the schedule that stand for the work now.
    pub entries: Vec<String>,
    /// Attachments that nobody has read.
    pub unread: Vec<String>,
}

fn question(field: &str, doubt: Doubt) -> CarrierQuestion {
    CarrierQuestion { field: field.into(), code: doubt.code().into(), words: format!("{}.", crate::words::sentence_case(doubt.words())) }
}

fn told(kept: carriers::Kept, entries: Vec<String>) -> CarrierNotice {
    let understood = kept.understood;
    fn doubt<T>(name: &str, found: &Found<T>) -> Option<CarrierQuestion> {
        found.doubt.map(|doubt| question(name, doubt))
    }
    let mut questions: Vec<CarrierQuestion> = understood.faults.iter().map(|fault| question(&fault.property, fault.doubt)).collect();
    questions.extend(doubt("provider", &understood.provider));
    questions.extend(doubt("maintenance_id", &understood.maintenance_id));
    questions.extend(doubt("status", &understood.status));
    questions.extend(doubt("start", &understood.start));
    questions.extend(doubt("end", &understood.end));
    questions.extend(understood.objects.is_empty().then(|| question("objects", Doubt::NotSaid)));
    CarrierNotice {
        id: kept.id.to_string(),
        state: CarrierNoticeState::of(kept.state),
        is_maintnote: understood.is_maintnote,
        provider: understood.provider.value,
        account: understood.account.value,
        maintenance_id: understood.maintenance_id.value,
        sequence: understood.sequence,
        status: understood.status.value.map(|state| state.code().into()),
        start: understood.start.value.map(|at| at.to_string()),
        end: understood.end.value.map(|at| at.to_string()),
        objects: understood.objects.into_iter().map(|object| CarrierObject { reference: object.reference, impact: object.impact.code().into() }).collect(),
        summary: understood.summary.value,
        questions,
        entries,
        unread: understood.unread,
    }
}

/// Takes in what a carrier tells of its own works: a mail, byte for byte, or a calendar. The same notice again does nothing.
#[utoipa::path(post, path = "/api/v1/network/notices/received", tag = "schedule", operation_id = "receiveCarrierNotice",
    request_body(content((String = "message/rfc822"), (String = "text/calendar")), description = "1 MiB at most."),
    responses((status = 201, description = "It is kept.", body = CarrierNotice), (status = 200, description = "It was here before.", body = CarrierNotice)))]
pub async fn receive(Held(app): Held<Shared>, visitor: Visitor, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    rules::admit(&actor)?;
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_calendar = match media.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "message/rfc822" => false,
        "text/calendar" => true,
        _ => return Err(Failure::WrongMedia),
    };
    let (kept, is_new) = rules::receive(&app, &actor, &body, is_calendar)?;
    let entries = app.read::<_, Failure>(|tx| {
        let all = kept.work_id.map(|work| carriers::entries(tx, work)).transpose()?.unwrap_or_default();
        Ok(all.into_iter().filter(|entry| entry.ended_at.is_none()).map(|entry| entry.id.to_string()).collect())
    })?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(told(kept, entries))).into_response())
}
