//! Alarms: monitors and desks tell them, and are told at once how each reads against what was announced (spec 10.4).

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use signalbox_core::actor::{Actor, OrgKind};
use signalbox_core::alarm::Class;
use signalbox_core::facts::Facts;
use signalbox_core::ids::OrgId;
use signalbox_core::refusal::Violation;
use signalbox_core::{calendar, form, learn};
use signalbox_store::alarms::{self, Told};
use signalbox_store::gather;
use signalbox_store::queries::alarms::{self as queries, AlarmFilter, AlarmLine};
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::changes::{self, text};
use super::shapes::{ClassCode, Listing, Named, at};
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;
use crate::words;

/// The most alarms of one call.
const ALARMS_MAX: usize = 1_000;
/// The longest code or number, in characters.
const TEXT_MAX: usize = 500;

/// An alarm, and how it reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Alarm)]
pub struct AlarmShape {
    pub id: String,
    /// Whose desk or monitor told it.
    #[schema(required)]
    pub organisation: Option<Named>,
    pub source: String,
    /// Its number there.
    pub source_alarm_id: String,
    /// What rings, as it was told.
    pub object: String,
    #[schema(required)]
    pub item: Option<Named>,
    #[schema(required)]
    pub site: Option<Named>,
    pub kind: String,
    pub is_safety: bool,
    #[schema(format = DateTime)]
    pub raised_at: String,
    #[schema(required, format = DateTime)]
    pub cleared_at: Option<String>,
    #[schema(format = DateTime)]
    pub received_at: String,
    /// How it was read as it came in.
    pub class: ClassCode,
    /// The rule that read it so, such as AL-1.
    pub rule: String,
    /// What a person found it to be.
    #[schema(required)]
    pub found: Option<ClassCode>,
    /// Announced work answers for it. It never means that nobody needs to go.
    pub is_expected: bool,
    /// Until when that holds.
    #[schema(required, format = DateTime)]
    pub until: Option<String>,
    /// The work, where you may see it.
    #[schema(required)]
    pub reference: Option<String>,
    #[schema(required)]
    pub title: Option<String>,
    /// How many more of the same are folded into this one.
    pub folded: i64,
    /// It is folded into another one.
    pub is_folded: bool,
    /// The same in words.
    pub words: String,
}

/// Alarms as a monitor or a desk tells them.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"organisation": "HALDEN", "source": "zabbix", "alarms": [
    {"id": "55101", "item": "NB-PACS-N2", "kind": "unreachable", "severity": "critical", "raised_at": "2026-11-17T22:04:00Z"}]}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewAlarms {
    /// The code of the organisation whose monitor it is: one whose desk or changes you answer for.
    organisation: String,
    /// The monitor, or the desk.
    #[schema(min_length = 1, max_length = 500)]
    source: String,
    #[schema(min_items = 1, max_items = 1000)]
    alarms: Vec<NewAlarm>,
}

/// One alarm. Under one `id` of a source it is one alarm, however often it is told.
#[derive(Debug, ToSchema)]
#[schema(as = NewAlarm)]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewAlarm {
    /// Its number in the source.
    #[schema(min_length = 1, max_length = 500)]
    id: String,
    /// The code of the item that rings. One that nobody knows here is kept as it is, and is real.
    #[schema(max_length = 500)]
    item: Option<String>,
    /// The code of the site, where no item is known.
    #[schema(max_length = 500)]
    site: Option<String>,
    /// What it says, such as unreachable.
    #[schema(max_length = 500)]
    kind: Option<String>,
    /// `safety` for fire, cooling, a critical supply of power: never quiet. Anything else changes nothing.
    #[schema(max_length = 500)]
    severity: Option<String>,
    /// Now, where nobody says.
    #[schema(format = DateTime)]
    raised_at: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    cleared_at: Option<String>,
}

/// What came of them, in the order in which they were told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    pub items: Vec<AlarmShape>,
}

/// An alarm as it was sent, before its codes are looked up.
struct Typed {
    id: String,
    item: Option<String>,
    site: Option<String>,
    kind: String,
    is_safety: bool,
    raised_at: Timestamp,
    cleared_at: Option<Timestamp>,
}

/// Tells of alarms and is told how each reads. The same ones again change nothing but when they cleared.
#[utoipa::path(post, path = "/api/v1/alarms", tag = "alarms", operation_id = "tellAlarms",
    request_body = NewAlarms,
    responses((status = 200, description = "How they read.", body = Alarms)))]
pub async fn tell(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Json<Alarms>, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    may_tell(&actor)?;
    let mut faults = sent.strange(&["organisation", "source", "alarms"]);
    let organisation = line(&sent.fields, "organisation", "organisation", true, &mut faults).unwrap_or_default();
    let source = line(&sent.fields, "source", "source", true, &mut faults).unwrap_or_default();
    let all = sent.fields.get("alarms").and_then(Value::as_array);
    if all.is_none_or(|all| all.is_empty() || all.len() > ALARMS_MAX) {
        faults.push(Fault::of("alarms", "alarms-missing", format!("This is a list of 1 to {ALARMS_MAX} alarms.")));
    }
    let mut typed = vec![];
    for (n, value) in all.into_iter().flatten().take(ALARMS_MAX).enumerate() {
        let place = format!("alarms.{}", n + 1);
        match value.as_object() {
            Some(fields) => typed.extend(read_one(fields, &place, now, &mut faults)),
            None => faults.push(Fault::of(&place, "not-an-object", "An alarm is an object.")),
        }
    }
    take(&app, &actor, &organisation, &source, typed, faults).await
}

/// The form in which Alertmanager calls a webhook; which labels name item and site is said in the address.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"version": "4", "receiver": "signalbox", "alerts": [{"status": "firing", "fingerprint": "9c1d7f2b", "startsAt": "2026-11-17T22:04:00Z",
    "endsAt": "0001-01-01T00:00:00Z", "labels": {"alertname": "HostDown", "item": "NB-PACS-N2"}}]}))]
#[expect(dead_code, reason = "the shape of a body, of which only what is needed is read")]
pub struct AlertmanagerCall {
    #[schema(max_items = 1000)]
    alerts: Vec<Value>,
}

/// Alarms as Alertmanager tells them. What its messages hold beside the alerts is not read.
#[utoipa::path(post, path = "/api/v1/alarms/alertmanager", tag = "alarms", operation_id = "tellAlertmanagerAlarms",
    params(
        ("organisation" = String, Query, description = "The code of the organisation whose monitor it is.", max_length = 500),
        ("source" = Option<String>, Query, description = "Your name for this monitor; `alertmanager` where nobody says.", max_length = 500),
        ("item_label" = Option<String>, Query, description = "The label that holds the code of the item; `item` where nobody says.", max_length = 500),
        ("site_label" = Option<String>, Query, description = "The label that holds the code of the site; `site` where nobody says.", max_length = 500),
    ),
    request_body = AlertmanagerCall,
    responses((status = 200, description = "How they read.", body = Alarms)))]
pub async fn tell_alertmanager(Held(app): Held<Shared>, visitor: Visitor, query: Query, sent: Sent) -> Result<Json<Alarms>, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    may_tell(&actor)?;
    let asked = Asked::of(query, &["organisation", "source", "item_label", "site_label"])?;
    let organisation = asked.one("organisation")?.ok_or_else(|| Failure::bad_request("missing-filter", "“organisation” is needed."))?.to_owned();
    let (source, item_label, site_label) = (asked.one("source")?, asked.one("item_label")?, asked.one("site_label")?);
    let (item_label, site_label) = (item_label.unwrap_or("item"), site_label.unwrap_or("site"));
    let mut faults = vec![];
    let alerts = sent.fields.get("alerts").and_then(Value::as_array).filter(|all| !all.is_empty() && all.len() <= ALARMS_MAX);
    if alerts.is_none() {
        faults.push(Fault::of("alerts", "alarms-missing", format!("This is a list of 1 to {ALARMS_MAX} alerts.")));
    }
    let mut typed = vec![];
    for (n, alert) in alerts.into_iter().flatten().enumerate() {
        let place = format!("alerts.{}", n + 1);
        let label = |name: &str| alert.get("labels").and_then(|labels| labels.get(name)).and_then(Value::as_str).map(str::to_owned);
        let mut plain = Map::new();
        let mut put = |name: &str, value: Option<String>| _ = value.map(|value| plain.insert(name.to_owned(), Value::String(value)));
        let of = |name: &str| alert.get(name).and_then(Value::as_str).map(str::to_owned);
        // A fingerprint stands for the labels; with the time at which it began it is one alarm.
        put("id", of("fingerprint").zip(of("startsAt")).map(|(print, began)| format!("{print}/{began}")));
        // What names neither is what its own word for it says.
        put("item", label(item_label).or_else(|| label("instance").filter(|_| label(site_label).is_none())));
        put("site", label(site_label));
        put("kind", label("alertname"));
        put("severity", label("severity"));
        put("raised_at", of("startsAt"));
        if alert.get("status").and_then(Value::as_str) == Some("resolved") {
            put("cleared_at", of("endsAt"));
        }
        typed.extend(read_one(&plain, &place, now, &mut faults));
    }
    take(&app, &actor, &organisation, source.unwrap_or("alertmanager"), typed, faults).await
}

fn may_tell(actor: &Actor) -> Result<(), Failure> {
    if learn::reports_incidents(actor) { Ok(()) } else { Err(Failure::denied("alarm-role", words::alarms::MAY_NOT_TELL)) }
}

/// One line of text that can be stored.
fn line(fields: &Map<String, Value>, name: &str, place: &str, is_required: bool, faults: &mut Vec<Fault>) -> Option<String> {
    let mut own = vec![];
    let found = text(fields, name, is_required, &mut own).map(|text| text.trim().to_owned());
    faults.extend(own.into_iter().map(|fault| Fault { field: Some(place.to_owned()), ..fault }));
    match found {
        Some(text) if text.is_empty() && is_required => {
            faults.push(Fault { field: Some(place.to_owned()), ..super::fault(&Violation::of(name, "answer-missing")) })
        }
        Some(text) if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) => {
            faults.push(Fault::of(place, "invalid", "This is one line of at most 500 characters."));
        }
        found => return found.filter(|text| !text.is_empty()),
    }
    None
}

fn read_one(fields: &Map<String, Value>, place: &str, now: Timestamp, faults: &mut Vec<Fault>) -> Option<Typed> {
    let before = faults.len();
    let names = ["id", "item", "site", "kind", "severity", "raised_at", "cleared_at"];
    for strange in fields.keys().filter(|name| !names.contains(&name.as_str())) {
        faults.push(Fault::of(&format!("{place}.{strange}"), "unknown-field", "An alarm has no field of this name."));
    }
    let mut of = |name: &str, is_required: bool| line(fields, name, &format!("{place}.{name}"), is_required, faults);
    let (id, item, site, kind, severity) = (of("id", true), of("item", false), of("site", false), of("kind", false), of("severity", false));
    let (raised, cleared) = (of("raised_at", false), of("cleared_at", false));
    let mut moment = |name: &str, typed: Option<String>| {
        let read = typed.as_ref().map(|text| text.parse::<Timestamp>().map(form::micros));
        match read {
            Some(Ok(at)) => Some(at),
            Some(Err(_)) => {
                faults.push(Fault::of(&format!("{place}.{name}"), "not-a-moment", "This is a time in RFC 3339, such as 2026-11-17T22:04:00Z."));
                None
            }
            None => None,
        }
    };
    let (raised_at, cleared_at) = (moment("raised_at", raised).unwrap_or(now), moment("cleared_at", cleared));
    if item.is_none() && site.is_none() {
        faults.push(Fault::of(&format!("{place}.item"), "answer-missing", "Say what rings: the code of an item, or that of a site."));
    }
    if cleared_at.is_some_and(|cleared| cleared < raised_at) {
        faults.push(Fault::of(&format!("{place}.cleared_at"), "invalid", "This comes after raised_at."));
    }
    let is_safety = severity.is_some_and(|severity| severity.eq_ignore_ascii_case("safety"));
    let id = id.filter(|_| faults.len() == before)?;
    Some(Typed { id, item, site, kind: kind.unwrap_or_else(|| "alarm".to_owned()), is_safety, raised_at, cleared_at })
}

/// Looks the codes up as the sender sees them, writes all down in one transaction, and answers.
async fn take(app: &App, actor: &Actor, organisation: &str, source: &str, typed: Vec<Typed>, mut faults: Vec<Fault>) -> Result<Json<Alarms>, Failure> {
    let now = app.clock.now();
    let items = typed.iter().filter_map(|alarm| alarm.item.as_deref()).collect();
    let sites = typed.iter().filter_map(|alarm| alarm.site.as_deref()).collect();
    let facts = app.read::<_, Failure>(|tx| gather::called(tx, actor, organisation, &items, &sites))?;
    let org = facts.org_by_code(organisation).map(|org| org.id).filter(|org| learn::may_report_incident(actor, *org));
    if org.is_none() && !organisation.is_empty() {
        faults.push(super::fault(&Violation::of("organisation", "unknown-value").with(organisation)));
    }
    let (Some(org), true) = (org, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    let by_network = facts.kind_of(org) == Some(OrgKind::Network);
    let told: Vec<Told> = typed.into_iter().map(|alarm| of(app, &facts, org, source, now, alarm)).collect();
    let schedule = app.schedule.clone();
    let heard = app.write_quietly::<_, Failure>(move |tx| alarms::hear(tx, &schedule, now, &told, by_network))?;
    let scope = Scope::of(actor);
    let lines = app.read::<_, Failure>(|tx| heard.iter().map(|one| queries::by_id(tx, &scope, one.id)).collect::<Result<Vec<_>, _>>())?;
    Ok(Json(Alarms { items: lines.into_iter().flatten().map(shape).collect() }))
}

fn of(app: &App, facts: &Facts, org: OrgId, source: &str, now: Timestamp, alarm: Typed) -> Told {
    let item = alarm.item.as_ref().and_then(|code| facts.items.iter().find(|item| item.code == *code));
    let site = alarm.site.as_ref().and_then(|code| facts.sites.iter().find(|site| site.code == *code));
    Told {
        id: app.ids.mint(now),
        org_id: org.0,
        source: source.to_owned(),
        source_alarm: alarm.id,
        object: alarm.item.or(alarm.site).unwrap_or_default(),
        item: item.map(|item| item.id.0),
        site: site.map(|site| site.id.0),
        kind: alarm.kind,
        is_safety: alarm.is_safety,
        raised_at: alarm.raised_at,
        cleared_at: alarm.cleared_at,
    }
}

/// Alarms that you may see, latest first.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", operation_id = "listAlarms",
    params(
        ask::Paging,
        ("class" = Option<ClassCode>, Query, description = "Only those that count as this now."),
        ("organisation" = Option<String>, Query, description = "The code of the organisation that told them.", max_length = 500),
        ("site" = Option<String>, Query, description = "The code of a site.", max_length = 500),
        ("item" = Option<String>, Query, description = "The code of an item.", max_length = 500),
        ("raised_from" = Option<String>, Query, format = DateTime, description = "Raised then or later."),
        ("raised_to" = Option<String>, Query, format = DateTime, description = "Raised before this."),
        ("folded" = Option<bool>, Query, description = "With those that are folded into others."),
    ),
    responses((status = 200, description = "A page of alarms.", body = Listing<AlarmShape>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<AlarmShape>>, Failure> {
    let names = ["limit", "cursor", "class", "organisation", "site", "item", "raised_from", "raised_to", "folded"];
    let asked = Asked::of(query, &names)?;
    let paging = asked.paging()?;
    let after = paging.after(|cursor| {
        let (raised, id) = cursor.split_once('.')?;
        Some((ask::number(raised)?, ask::number(id)?))
    })?;
    let mut filter = AlarmFilter {
        from: asked.moment("raised_from")?,
        until: asked.moment("raised_to")?,
        class: asked.code("class", ClassCode::read)?,
        with_folded: asked.code("folded", |code| code.parse::<bool>().ok())?.unwrap_or(false),
        after,
        ..AlarmFilter::default()
    };
    let named = changes::Named::read(&asked)?;
    let (actor, limit) = (visitor.actor()?, usize::from(paging.limit));
    let mut lines = app.read::<_, Failure>(|tx| {
        (filter.organisation, _, filter.site, filter.item) = named.find(&app, tx, &actor)?;
        queries::list(tx, &Scope::of(&actor), &filter, i64::from(paging.limit) + 1)
    })?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let next_cursor = lines.last().filter(|_| has_more).map(|line| format!("{}.{}", line.raised_at.as_microsecond(), line.id));
    Ok(Json(Listing { items: lines.into_iter().map(shape).collect(), next_cursor }))
}

/// An alarm with how it reads.
#[utoipa::path(get, path = "/api/v1/alarms/{id}", tag = "alarms", operation_id = "readAlarm",
    params(("id" = String, Path, description = "The id of the alarm.", max_length = 20)),
    responses((status = 200, description = "The alarm.", body = AlarmShape)))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, query: Query) -> Result<Json<AlarmShape>, Failure> {
    Asked::of(query, &[])?;
    let id = ask::number(&id).ok_or(Failure::NotFound)?;
    let scope = Scope::of(&visitor.actor()?);
    let line = app.read::<_, Failure>(|tx| queries::by_id(tx, &scope, id))?;
    line.map(|line| Json(shape(line))).ok_or(Failure::NotFound)
}

/// What a person found an alarm to be.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"class": "unannounced", "reason": "The engineer found planned electrical work"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct Finding {
    class: ClassCode,
    /// What was found, for whoever asks months later.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Records what an alarm was found to be. How it was read stays beside it.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/finding", tag = "alarms", operation_id = "findAlarm",
    params(("id" = String, Path, description = "The id of the alarm.", max_length = 20)),
    request_body = Finding,
    responses((status = 200, description = "The alarm.", body = AlarmShape)))]
pub async fn find(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, sent: Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let id = ask::number(&id).ok_or(Failure::NotFound)?;
    let scope = Scope::of(&actor);
    app.read::<_, Failure>(|tx| queries::by_id(tx, &scope, id))?.ok_or(Failure::NotFound)?;
    may_tell(&actor)?;
    let mut faults = sent.strange(&["class", "reason"]);
    let class = line(&sent.fields, "class", "class", true, &mut faults);
    let reason = line(&sent.fields, "reason", "reason", true, &mut faults);
    let class: Option<Class> = class.and_then(|code| {
        let known = ClassCode::read(&code);
        if known.is_none() {
            faults.push(super::fault(&Violation::of("class", "unknown-value").with(code)));
        }
        known
    });
    let (Some(class), Some(reason), true) = (class, reason, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    app.find_alarm(actor.person(), id, class, reason)?;
    let line = app.read::<_, Failure>(|tx| queries::by_id(tx, &scope, id))?.ok_or(Failure::NotFound)?;
    Ok((StatusCode::OK, Json(shape(line))).into_response())
}

fn shape(line: AlarmLine) -> AlarmShape {
    let words = words::alarms::reading(&line, &calendar::london());
    let (reference, title) = line.change.clone().unzip();
    AlarmShape {
        id: line.id.to_string(),
        organisation: line.org.as_ref().map(Named::from),
        source: line.source,
        source_alarm_id: line.source_alarm,
        object: line.object,
        item: line.item.as_ref().map(Named::from),
        site: line.site.as_ref().map(Named::from),
        kind: line.kind,
        is_safety: line.is_safety,
        raised_at: line.raised_at.to_string(),
        cleared_at: at(line.cleared_at),
        received_at: line.received_at.to_string(),
        class: ClassCode::of(line.class),
        rule: line.class.rule().to_owned(),
        found: line.found.as_ref().map(|found| ClassCode::of(found.class)),
        is_expected: line.class.is_covered(),
        until: at(line.until),
        reference,
        title,
        folded: line.folded,
        is_folded: line.is_folded,
        words,
    }
}
