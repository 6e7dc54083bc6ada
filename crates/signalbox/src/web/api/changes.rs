//! Changes: lists, one change, drafts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::decide::{self, fields};
use signalbox_core::form::{self, Raw};
use signalbox_core::ids::{Mint, OrgId};
use signalbox_core::process::Process;
use signalbox_core::refusal::Violation;
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::{change, sight};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::shapes::{ChangeRow, KindCode, Listing, OutcomeCode, State, VerdictCode};
use super::told;
use super::whole::{AnswerValue, Telling, Whole, is_written};
use crate::app::{App, Shared};
use crate::run::{Done, Expect, NewDraft, Stop};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;

/// How often a draft is merged again when somebody else saves at the same time.
const TRIES: usize = 3;

/// What a command did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "1872340985630720001", "reference": "ON-2026-000123", "version": 1, "rev": 1, "state": "draft", "events": ["raised"]}))]
pub struct Receipt {
    pub id: String,
    pub reference: String,
    pub version: i64,
    /// The draft's revision; null where none is written any more.
    #[schema(required)]
    pub rev: Option<i64>,
    pub state: State,
    /// The events that were recorded, by type.
    pub events: Vec<String>,
}

impl Receipt {
    /// The answer to a command, with its ETag.
    pub fn of(done: Done, status: StatusCode) -> Response {
        let stage = signalbox_core::change::Stage::from_code(&done.stage).unwrap_or(signalbox_core::change::Stage::Draft);
        let rev = Some(done.rev).filter(|rev| *rev > 0 && is_written(stage));
        let tag = ask::tag(done.version, rev);
        let place = format!("/api/v1/changes/{}", done.reference);
        let receipt = Receipt { id: done.id.to_string(), reference: done.reference, version: done.version, rev, state: State::of(stage), events: done.events };
        let mut response = (status, [(header::ETAG, tag)], Json(receipt)).into_response();
        if status == StatusCode::CREATED
            && let Ok(place) = place.parse()
        {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}

/// A new draft.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"kind": "planned_outage", "organisation": "NORTHBROOK", "answers": {"title": "Switchgear maintenance"}}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewChange {
    kind: KindCode,
    /// The code of an organisation that you belong to.
    organisation: String,
    /// The name of the person for whom you write.
    #[schema(max_length = 500)]
    on_behalf_of: Option<String>,
    /// Answers by question, as far as they are known. The questions stand in the process document.
    answers: Option<BTreeMap<String, AnswerValue>>,
}

/// Answers to be saved.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"answers": {"window": {"start": "2026-12-01T06:00:00Z", "end": "2026-12-01T09:00:00Z"}}}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct SomeAnswers {
    /// Those that are not named stay; null takes one back.
    answers: BTreeMap<String, AnswerValue>,
}

const FILTERS: [&str; 13] =
    ["limit", "cursor", "kind", "state", "organisation", "service", "site", "item", "q", "source_ref", "window_from", "window_to", "outcome"];

/// Changes that you may see, newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", operation_id = "listChanges",
    params(
        ask::Paging,
        ("kind" = Option<Vec<KindCode>>, Query, description = "Only these kinds."),
        ("state" = Option<Vec<State>>, Query, description = "Only these states."),
        ("organisation" = Option<String>, Query, description = "It has a stake in the change: the code of an organisation.", max_length = 500),
        ("service" = Option<String>, Query, description = "The code of a service that is touched.", max_length = 500),
        ("site" = Option<String>, Query, description = "The code of a site, as `ORGANISATION/SITE` or alone where that is clear.", max_length = 500),
        ("item" = Option<String>, Query, description = "The code of an item that is touched.", max_length = 500),
        ("q" = Option<String>, Query, description = "A reference, in full or in short, or words.", max_length = 500),
        ("source_ref" = Option<String>, Query, description = "The reference that another system gave.", max_length = 500),
        ("window_from" = Option<String>, Query, format = DateTime, description = "The window ends after this."),
        ("window_to" = Option<String>, Query, format = DateTime, description = "The window starts before this."),
        ("outcome" = Option<OutcomeCode>, Query, description = "What became of it."),
        ("verdict" = Option<VerdictCode>, Query, description = "Whether notice was given in time."),
    ),
    responses((status = 200, description = "A page of changes.", body = Listing<ChangeRow>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<ChangeRow>>, Failure> {
    let names = FILTERS.iter().copied().chain(["verdict"]).collect::<Vec<_>>();
    let asked = Asked::of(query, &names)?;
    let paging = asked.paging()?;
    let after = paging.after(ask::number)?;
    let mut filter = ListFilter {
        q: asked.words("q")?.map(str::to_owned),
        kinds: asked.codes("kind", KindCode::read)?,
        stages: asked.codes("state", State::read)?,
        window_from: asked.moment("window_from")?,
        window_to: asked.moment("window_to")?,
        source_ref: asked.one("source_ref")?.map(str::to_owned),
        outcome: asked.code("outcome", OutcomeCode::read)?,
        verdict: asked.code("verdict", VerdictCode::read)?,
        ..ListFilter::default()
    };
    let named = Named::read(&asked)?;
    let actor = visitor.actor()?;
    let scope = Scope::of(&actor);
    let page = app.read::<_, Failure>(|tx| {
        (filter.organisation, filter.service, filter.site, filter.item) = named.find(&app, tx, &actor)?;
        list::list(tx, &scope, &filter, after, i64::from(paging.limit))
    })?;
    Ok(Json(Listing { items: page.rows.into_iter().map(ChangeRow::from).collect(), next_cursor: page.next.map(|id| id.to_string()) }))
}

/// The things that a filter names by code.
pub struct Named {
    organisation: Option<String>,
    service: Option<String>,
    site: Option<String>,
    item: Option<String>,
}

/// No row has this id: what is not known, or not for these eyes, finds nothing, the one like the other (S28).
const NOTHING: i64 = 0;

impl Named {
    /// Reads the four filters.
    pub fn read(asked: &Asked) -> Result<Named, Failure> {
        let one = |name| asked.one(name).map(|value| value.map(str::to_owned));
        Ok(Named { organisation: one("organisation")?, service: one("service")?, site: one("site")?, item: one("item")? })
    }

    /// A site alone, as it is named in a body.
    pub fn of_site(site: &str) -> Named {
        Named { organisation: None, service: None, site: Some(site.to_owned()), item: None }
    }

    /// The ids behind the codes: organisation, service, site and item.
    #[expect(clippy::type_complexity, reason = "four filters side by side, taken apart where they are asked for")]
    pub fn find(&self, app: &App, tx: &mut dyn Tx, actor: &Actor) -> Result<(Option<i64>, Option<i64>, Option<i64>, Option<i64>), StoreError> {
        let mut query = signalbox_core::facts::FactsQuery::default();
        query.service_codes.extend(self.service.clone());
        query.item_codes.extend(self.item.clone());
        let (org_code, site_code) = match self.site.as_deref().map(|site| site.split_once('/').map_or((None, site), |(org, site)| (Some(org), site))) {
            Some((org, site)) => (org, Some(site.to_owned())),
            None => (None, None),
        };
        query.site_codes.extend(site_code.clone());
        let facts = app.facts(tx, actor, None, &query)?;
        let organisation = self.organisation.as_ref().map(|code| facts.org_by_code(code).map_or(NOTHING, |org| org.id.0));
        let service = self.service.as_ref().map(|code| facts.services.iter().find(|s| s.code == *code).map_or(NOTHING, |s| s.id.0));
        let item = self.item.as_ref().map(|code| facts.items.iter().find(|i| i.code == *code).map_or(NOTHING, |i| i.id.0));
        let of_org = |s: &&signalbox_core::facts::SiteFact| org_code.is_none_or(|code| facts.org_by_code(code).is_some_and(|org| org.id == s.org));
        let site = site_code.map(|code| facts.sites.iter().filter(|s| s.code == code).find(of_org).map_or(NOTHING, |s| s.id.0));
        Ok((organisation, service, site, item))
    }
}

/// Begins a draft. It takes its reference at once.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", operation_id = "raiseChange",
    params(("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    request_body = NewChange,
    responses((status = 201, description = "The draft.", body = Receipt,
        headers(("ETag" = String, description = "Version and revision."), ("Location" = String, description = "Where it is.")))))]
pub async fn create(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    let mut faults = sent.strange(&["kind", "organisation", "on_behalf_of", "answers"]);
    let kind = text(&sent.fields, "kind", true, &mut faults).and_then(|code| {
        let kind = KindCode::read(&code);
        if kind.is_none() {
            faults.push(super::fault(&Violation::of("kind", "unknown-choice")));
        }
        kind
    });
    let org = text(&sent.fields, "organisation", true, &mut faults).and_then(|code| {
        // An organisation that is not theirs reads like one that does not exist (S02).
        let own = visitor.row().ok()?.memberships.iter().find(|m| m.org_code.eq_ignore_ascii_case(&code)).map(|m| OrgId(m.org_id));
        if own.is_none() {
            faults.push(super::fault(&Violation::of("organisation", "unknown-value").with(code)));
        }
        own
    });
    let on_behalf_of = text(&sent.fields, "on_behalf_of", false, &mut faults);
    if on_behalf_of.as_ref().is_some_and(|name| name.chars().count() > form::LINE_MAX_CHARS) {
        faults.push(super::fault(&Violation::of("on_behalf_of", "too-long").with(form::LINE_MAX_CHARS).with("")));
    }
    let raw = answers(&sent, false, &mut faults);
    let actor = visitor.actor()?;
    if let Some(process) = kind.and_then(|kind| app.documents.of_kind(kind)) {
        faults.extend(check(&app, &actor, None, &process, &raw)?);
    }
    let (Some(kind), Some(org), true) = (kind, org, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    let draft = NewDraft { kind, org, on_behalf_of, copied_from: None, raw };
    let done = app.raise(&actor, draft, sent.expect()).map_err(|stop| told(stop, sent.headers.is_matched))?;
    Ok(Receipt::of(done, StatusCode::CREATED))
}

/// Saves answers of a draft; after it was sent, the act `amend`.
#[utoipa::path(patch, path = "/api/v1/changes/{ref}", tag = "changes", operation_id = "saveAnswers",
    params(
        ("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40),
        ("If-Match" = Option<String>, Header, description = "The ETag of what you have read. Needed once the change was sent.", pattern = "^(\\*|\"[0-9]{1,9}(\\.[0-9]{1,9})?\")$"),
        ("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$"),
    ),
    request_body = SomeAnswers,
    responses((status = 200, description = "Saved.", body = Receipt, headers(("ETag" = String, description = "Version, and revision of a draft.")))))]
pub async fn save(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, sent: Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let mut faults = sent.strange(&["answers"]);
    let raw = answers(&sent, true, &mut faults);
    for _ in 0..TRIES {
        let situation = app.read::<_, Failure>(|tx| match id_of(tx, &actor, &reference)? {
            Some(id) => app.look(tx, &actor, id),
            None => Ok(None),
        })?;
        let situation = situation.ok_or(Failure::NotFound)?;
        let change = &situation.loaded.change;
        let mut faults = faults.clone();
        faults.extend(check(&app, &actor, Some(change), &situation.process, &raw)?);
        if !faults.is_empty() {
            return Err(Failure::Invalid(faults));
        }
        let open = |act: Act| situation.offers(&actor, app.clock.now()).iter().any(|o| o.act == act && o.is_open());
        if !is_written(change.stage) || !(open(Act::Submit) || open(Act::Propose)) {
            sent.headers.needs_version()?;
            let amended = app.take(&actor, change.id.0, Act::Amend, raw, sent.expect());
            return Ok(Receipt::of(amended.map_err(|stop| under(stop, sent.headers.is_matched))?, StatusCode::OK));
        }
        let found = situation.draft.as_ref().map_or(0, |d| d.rev);
        let mut merged = situation.draft.as_ref().map(|d| d.raw.clone()).unwrap_or_default();
        for name in ask::names(&raw) {
            merged.retain(|known, _| known != name && !known.starts_with(&format!("{name}.")));
        }
        merged.extend(raw.iter().filter(|(_, values)| !values.is_empty()).map(|(name, values)| (name.clone(), values.clone())));
        let asked = sent.expect();
        let expect = Expect { rev: asked.rev.or(Some(found)), ..asked.clone() };
        match app.save_draft(&actor, change.id.0, merged, expect) {
            Ok(done) => return Ok(Receipt::of(done, StatusCode::OK)),
            // Somebody else saved between reading and writing: their answers are merged too.
            Err(Stop::Stale { .. }) if asked.rev.is_none() && asked.version.is_none() => {}
            Err(stop) => return Err(told(stop, sent.headers.is_matched)),
        }
    }
    Err(Failure::conflict("busy", "Others are saving this draft at the same moment. Try again."))
}

/// The change of this reference with the document that it is pinned to, where the visitor may see it.
pub(super) fn seen(app: &App, visitor: &Visitor, reference: &str) -> Result<(change::ChangePage, Arc<Process>), Failure> {
    let scope = Scope::of(&visitor.actor()?);
    let found = app.read::<_, Failure>(|tx| {
        let Some(page) = change::page(tx, &scope, reference)? else { return Ok(None) };
        let process = app.documents.pinned(tx, &page.loaded.change.process)?;
        Ok(Some((page, process)))
    })?;
    found.ok_or(Failure::NotFound)
}

/// A change, with everything that its page prints.
#[utoipa::path(get, path = "/api/v1/changes/{ref}", tag = "changes", operation_id = "readChange",
    params(("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40)),
    responses((status = 200, description = "The change.", body = Whole, headers(("ETag" = String, description = "Version, and revision of a draft.")))))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, query: Query) -> Result<Response, Failure> {
    Asked::of(query, &[])?;
    let (page, process) = seen(&app, &visitor, &reference)?;
    let telling = Telling { page: &page, process: &process };
    let whole = telling.whole();
    Ok(([(header::ETAG, ask::tag(whole.version, telling.rev()))], Json(whole)).into_response())
}

/// The id behind a reference, in the sight of the actor.
pub fn id_of(tx: &mut dyn Tx, actor: &Actor, reference: &str) -> Result<Option<i64>, StoreError> {
    sight::by_reference(tx, &Scope::of(actor), reference)
}

/// A line of text in the body.
pub(super) fn text(fields: &Map<String, Value>, name: &str, is_required: bool, faults: &mut Vec<Fault>) -> Option<String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.contains('\0') => Some(text.clone()),
        None | Some(Value::Null) if !is_required => None,
        None => {
            faults.push(super::fault(&Violation::of(name, "answer-missing")));
            None
        }
        Some(_) => {
            faults.push(Fault::of(name, "not-a-value", "This is a line of text."));
            None
        }
    }
}

/// The answers in the body.
pub(super) fn answers(sent: &Sent, is_required: bool, faults: &mut Vec<Fault>) -> Raw {
    match sent.fields.get("answers") {
        Some(Value::Object(fields)) => ask::raw(fields, "answers.").unwrap_or_else(|more| {
            faults.extend(more);
            Raw::new()
        }),
        None | Some(Value::Null) if !is_required => Raw::new(),
        None => {
            faults.push(super::fault(&Violation::of("answers", "answer-missing")));
            Raw::new()
        }
        Some(_) => {
            faults.push(Fault::of("answers", "not-an-object", "Answers are an object with the questions as names."));
            Raw::new()
        }
    }
}

/// Every fault of what is answered; what is not answered yet may come later. A form keeps whatever was typed, but a
/// program has nobody in front of it who would see that a code is wrong (S02, S31).
fn check(app: &App, actor: &Actor, change: Option<&signalbox_core::change::Change>, process: &Process, raw: &Raw) -> Result<Vec<Fault>, Failure> {
    let zone = signalbox_core::calendar::london();
    let query = decide::facts_needed(process, None, None, raw, &zone);
    let facts = app.read::<_, Failure>(|tx| app.facts(tx, actor, change, &query))?;
    let mut mint = Mint::new(0, [0; 16]);
    let mut form = form::Form::new(raw, &facts, signalbox_core::calendar::DEFAULT_ZONE, zone, &mut mint, None);
    let known = fields::of_document(process);
    for name in ask::names(raw) {
        match known.iter().find(|field| field.id == name) {
            Some(field) => drop(form.answer(&field.id, &field.kind, false)),
            None => form.faults.push(Violation::of(name, "unknown-field")),
        }
    }
    let parts = raw.keys().filter(|name| !fields::is_known(&known, name) && known.iter().any(|f| Some(f.id.as_str()) == name.split('.').next()));
    let parts: Vec<Violation> = parts.map(|name| Violation::of(name, "unknown-field")).collect();
    let all = form.faults.iter().chain(&parts);
    Ok(all.map(|violation| under_answers(super::fault(violation))).collect())
}

fn under_answers(mut fault: Fault) -> Fault {
    fault.field = fault.field.map(|field| format!("answers.{field}"));
    fault
}

/// The same refusal, with its faults where they stand in this body.
fn under(stop: Stop, is_matched: bool) -> Failure {
    match told(stop, is_matched) {
        Failure::Invalid(faults) => Failure::Invalid(faults.into_iter().map(under_answers).collect()),
        other => other,
    }
}
