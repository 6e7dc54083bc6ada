//! What may be done to a change, doing it, and what was done.

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use signalbox_core::act::Act;
use signalbox_core::decide::fields::{self, Field};
use signalbox_core::process::{AnswerKind, Column};
use signalbox_core::refusal::Refusal;
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::changes::{Receipt, id_of, seen};
use super::shapes::{ActCode, Listing, RoleCode};
use super::told;
use super::whole::{AnswerValue, By, Telling};
use crate::app::Shared;
use crate::run::Situation;
use crate::web::form::Query;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;
use crate::words;

/// Acts that bind to what was read: without saying which version that was, they are not taken (S36).
const BINDING: [Act; 4] = [Act::Approve, Act::Reject, Act::Reschedule, Act::Amend];

/// An act, offered or barred.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub act: ActCode,
    /// What it is, in words.
    pub words: String,
    pub is_open: bool,
    /// The role it would be taken under.
    #[schema(required)]
    pub role: Option<RoleCode>,
    /// Everything that stands in the way.
    pub why_not: Vec<Reason>,
    /// Whether `If-Match` is needed.
    pub needs_version: bool,
}

/// A rule that stands in the way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "four-eyes", "rule": "Nobody approves what they raised, sent or will carry out.", "detail": "You wrote or sent this change, so somebody else decides.", "who_can_change": "Another change manager."}))]
pub struct Reason {
    pub code: String,
    /// The rule that stands in the way.
    pub rule: String,
    /// The fact that it looks at.
    pub detail: String,
    /// Who can change that.
    pub who_can_change: String,
}

/// The acts of a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offers {
    pub items: Vec<Offer>,
}

/// A field of an act.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldShape {
    pub name: String,
    /// What it asks for, in words.
    pub words: String,
    /// One of line, prose, yes_no, done, choice, choices, number, window, moment, date, items, services, sites, person,
    /// list, files, value and rows.
    pub kind: String,
    /// Whether it is needed whatever else is answered.
    pub is_required: bool,
    /// The codes that it takes, where it takes no others.
    pub codes: Vec<String>,
    #[schema(required)]
    pub min: Option<i64>,
    #[schema(required)]
    pub max: Option<i64>,
    #[schema(required)]
    pub max_chars: Option<usize>,
    /// How a value is written, such as ae_title, ip, cidr, port or asid.
    #[schema(required)]
    pub format: Option<String>,
    /// The columns of rows; empty for everything else.
    pub columns: Vec<ColumnShape>,
}

/// A column of a table of answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Column)]
pub struct ColumnShape {
    pub name: String,
    pub words: String,
    /// One of line, yes_no, choice, number, date and value.
    pub kind: String,
    /// Whether a row that says anything has to say this.
    pub is_required: bool,
    pub codes: Vec<String>,
    #[schema(required)]
    pub format: Option<String>,
}

/// An act with its fields.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActFields {
    pub act: ActCode,
    pub words: String,
    pub fields: Vec<FieldShape>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryLine {
    pub version: i64,
    #[schema(format = DateTime)]
    pub at: String,
    /// The type of the event, such as submitted.
    pub event: String,
    pub by: By,
    /// The words that were written with it.
    pub words: Vec<String>,
}

/// What you may do now, and why not the rest.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/offers", tag = "acts", operation_id = "listOffers",
    params(("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40)),
    responses((status = 200, description = "Every act that the process knows for this change.", body = Offers)))]
pub async fn offers(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, query: Query) -> Result<Json<Offers>, Failure> {
    Asked::of(query, &[])?;
    let actor = visitor.actor()?;
    let situation = app.read::<_, Failure>(|tx| match id_of(tx, &actor, &reference)? {
        Some(id) => app.look(tx, &actor, id),
        None => Ok(None),
    })?;
    let situation = situation.ok_or(Failure::NotFound)?;
    let items = situation.offers(&actor, app.clock.now()).into_iter().map(|offer| {
        let role = offer.verdict.as_ref().ok().and_then(|stamp| stamp.role).map(RoleCode::of);
        let why_not = offer.verdict.err().map(|refusal| reasons(&refusal, offer.act, &situation)).unwrap_or_default();
        let needs_version = BINDING.contains(&offer.act);
        Offer { act: ActCode::of(offer.act), words: offer.act.words().into(), is_open: why_not.is_empty(), role, why_not, needs_version }
    });
    Ok(Json(Offers { items: items.collect() }))
}

fn reasons(refusal: &Refusal, act: Act, situation: &Situation) -> Vec<Reason> {
    let codes: Vec<&str> = match refusal {
        Refusal::Denied(bars) => bars.iter().map(|bar| bar.code).collect(),
        Refusal::WrongStage(_) => vec!["wrong-stage"],
        Refusal::Invalid(faults) => faults.iter().map(|fault| fault.code).collect(),
    };
    let whys = words::act_why_not(refusal, act, &situation.process, &situation.loaded.change);
    let reason = |(code, why): (&str, words::Why)| Reason { code: code.into(), rule: why.rule, detail: why.sentence, who_can_change: why.who_can_change };
    codes.into_iter().zip(whys).map(reason).collect()
}

/// The fields that an act takes.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/acts/{act}", tag = "acts", operation_id = "readAct",
    params(
        ("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40),
        ("act" = ActCode, Path, description = "The code of the act, such as submit or approve."),
    ),
    responses((status = 200, description = "The act and its fields.", body = ActFields)))]
pub async fn show(Held(app): Held<Shared>, visitor: Visitor, Path((reference, act)): Path<(String, String)>, query: Query) -> Result<Json<ActFields>, Failure> {
    Asked::of(query, &[])?;
    let actor = visitor.actor()?;
    let act = Act::from_code(&act).ok_or(Failure::NotFound)?;
    let situation = app.read::<_, Failure>(|tx| match id_of(tx, &actor, &reference)? {
        Some(id) => app.look(tx, &actor, id),
        None => Ok(None),
    })?;
    let situation = situation.ok_or(Failure::NotFound)?;
    let ctx = situation.context(&actor, app.clock.now());
    let fields = fields::of_act(&ctx, &situation.loaded.change, act).iter().map(|field| shape(field, act)).collect();
    Ok(Json(ActFields { act: ActCode::of(act), words: act.words().into(), fields }))
}

fn shape(field: &Field, act: Act) -> FieldShape {
    let (mut codes, mut min, mut max, mut max_chars) = (vec![], None, None, None);
    let (mut format, mut columns) = (None, vec![]);
    let kind = match &field.kind {
        AnswerKind::Line { max_chars: most } => {
            max_chars = Some(*most);
            "line"
        }
        AnswerKind::Prose => {
            max_chars = Some(signalbox_core::form::PROSE_MAX_CHARS);
            "prose"
        }
        AnswerKind::YesNo => "yes_no",
        AnswerKind::Choice(all) | AnswerKind::Reason(all) => {
            codes = all.clone();
            "choice"
        }
        AnswerKind::Choices(all) => {
            codes = all.clone();
            "choices"
        }
        AnswerKind::Number { min: least, max: most } => {
            (min, max) = (Some(*least), Some(*most));
            "number"
        }
        AnswerKind::Window => "window",
        AnswerKind::Moment { .. } => "moment",
        AnswerKind::Date => "date",
        AnswerKind::Items => "items",
        AnswerKind::Services => "services",
        AnswerKind::Sites => "sites",
        AnswerKind::Organisation => "organisation",
        AnswerKind::PersonAndPhone => "person",
        AnswerKind::List => "list",
        AnswerKind::Files => "files",
        AnswerKind::Done => "done",
        AnswerKind::Format(found) => {
            format = Some(found.code().to_owned());
            "value"
        }
        AnswerKind::Rows { columns: all, .. } => {
            columns = all.iter().map(column).collect();
            "rows"
        }
    };
    let words = field.question.as_ref().map_or_else(|| words::act_field_label(act, &field.id), |question| question.text.clone());
    FieldShape { name: field.id.clone(), words, kind: kind.into(), is_required: field.required, codes, min, max, max_chars, format, columns }
}

fn column(column: &Column) -> ColumnShape {
    let (mut codes, mut format) = (vec![], None);
    let kind = match &column.answer {
        AnswerKind::YesNo => "yes_no",
        AnswerKind::Choice(all) => {
            codes = all.clone();
            "choice"
        }
        AnswerKind::Number { .. } => "number",
        AnswerKind::Date => "date",
        AnswerKind::Organisation => "organisation",
        AnswerKind::Format(found) => {
            format = Some(found.code().to_owned());
            "value"
        }
        _ => "line",
    };
    ColumnShape { name: column.id.clone(), words: column.text.clone(), kind: kind.into(), is_required: column.required, codes, format }
}

/// Takes an act. For sending, the draft as saved lies under what is sent now.
#[utoipa::path(post, path = "/api/v1/changes/{ref}/acts/{act}", tag = "acts", operation_id = "takeAct",
    params(
        ("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40),
        ("act" = ActCode, Path, description = "The code of the act, such as submit or approve."),
        ("If-Match" = Option<String>, Header, description = "The ETag of what you have read. Needed to approve, reject, reschedule and amend.", pattern = "^(\\*|\"[0-9]{1,9}(\\.[0-9]{1,9})?\")$"),
        ("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$"),
    ),
    request_body(content = inline(std::collections::BTreeMap<String, AnswerValue>), description = "The fields of the act by name; an empty object where it has none.",
        example = json!({"outcome": "successful", "words": "All back by 08:10."})),
    responses((status = 200, description = "Done.", body = Receipt, headers(("ETag" = String, description = "The new version.")))))]
pub async fn take(Held(app): Held<Shared>, visitor: Visitor, Path((reference, act)): Path<(String, String)>, sent: Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let act = Act::from_code(&act).ok_or(Failure::NotFound)?;
    let id = app.read::<_, Failure>(|tx| id_of(tx, &actor, &reference))?.ok_or(Failure::NotFound)?;
    if BINDING.contains(&act) {
        sent.headers.needs_version()?;
    }
    let raw = ask::raw(&sent.fields, "").map_err(Failure::Invalid)?;
    let done = app.take(&actor, id, act, raw, sent.expect()).map_err(|stop| told(stop, sent.headers.is_matched))?;
    Ok(Receipt::of(done, StatusCode::OK))
}

/// What has happened, first things first. The cursor is a version.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/history", tag = "changes", operation_id = "listHistory",
    params(("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40), ask::Paging),
    responses((status = 200, description = "A page of events.", body = Listing<HistoryLine>)))]
pub async fn history(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, query: Query) -> Result<Json<Listing<HistoryLine>>, Failure> {
    let paging = Asked::of(query, &["limit", "cursor"])?.paging()?;
    let after = paging.after(ask::number)?.unwrap_or(0);
    let (page, process) = seen(&app, &visitor, &reference)?;
    let telling = Telling { page: &page, process: &process };
    let mut wanted = page.loaded.events.iter().filter(|recorded| recorded.version > after);
    let items: Vec<HistoryLine> = wanted.by_ref().take(usize::from(paging.limit)).map(|recorded| line(&telling, recorded)).collect();
    let next_cursor = wanted.next().and(items.last()).map(|line| line.version.to_string());
    Ok(Json(Listing { items, next_cursor }))
}

fn line(telling: &Telling, recorded: &signalbox_core::event::Recorded) -> HistoryLine {
    let mut words = vec![];
    // An event always serialises: it was read from its own JSON.
    gather(telling, &serde_json::to_value(&recorded.event).unwrap_or_default(), &mut words);
    HistoryLine { version: recorded.version, at: recorded.at.to_string(), event: recorded.event.kind(), by: telling.by(&recorded.by), words }
}

/// The words that an event mentions; those of whole contents stand in the answers.
fn gather(telling: &Telling, value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Object(fields) => match fields.get("text").and_then(Value::as_i64) {
            Some(id) => words.extend(telling.page.loaded.prose.get(&id).cloned()),
            None => fields.iter().filter(|(name, _)| *name != "content").for_each(|(_, value)| gather(telling, value, words)),
        },
        Value::Array(all) => all.iter().for_each(|one| gather(telling, one, words)),
        _ => {}
    }
}
