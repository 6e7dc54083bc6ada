//! What is declared for stretches of time: freezes, maintenance windows, what happens elsewhere (C183). The rules are
//! those of the pages.

use axum::Json;
use axum::extract::State as Held;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use signalbox_core::actor::Actor;
use signalbox_core::refusal::Violation;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{Level, Span};
use signalbox_store::directory::{self, Declared, ExternalTerms, FreezeTerms, MaintenanceTerms};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::changes::text;
use super::shapes::{LevelCode, Listing, Named, at};
use crate::app::{App, Shared};
use crate::web::calendars::{self, Kind, New};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;

/// How many dates ahead are told of each.
pub(super) const NEXT_MOST: usize = 5;

/// What something holds for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeCode {
    All,
    Organisation,
    Site,
    Service,
    Item,
}

/// One time, as instants.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Occurrence {
    #[schema(format = DateTime)]
    pub start: String,
    #[schema(format = DateTime)]
    pub end: String,
}

/// When it is: on the clock of a zone, once or by a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Recurrence)]
pub struct WhenShape {
    /// The zone, such as Europe/London.
    pub zone: String,
    /// The first start on its clock, such as 2026-12-06T01:00.
    pub starts: String,
    pub ends: String,
    /// The rule of RFC 5545 by which it comes again; null where it does not.
    #[schema(required)]
    pub rule: Option<String>,
    /// Days on which it does not, although the rule says so.
    pub except: Vec<String>,
    /// The next times, five at most, a running one first.
    pub next: Vec<Occurrence>,
}

impl WhenShape {
    /// A recurrence, with the next times of it that are told.
    pub fn of(when: &Recurrence, next: Vec<Span>) -> WhenShape {
        let (starts, ends) = when.on_the_clock();
        WhenShape {
            zone: when.zone_name().to_owned(),
            starts: wall(starts),
            ends: wall(ends),
            rule: when.rule().map(|rule| rule.text().to_owned()),
            except: when.except().map(|day| day.to_string()).collect(),
            next: next.into_iter().map(|span| Occurrence { start: span.from.to_string(), end: span.until.to_string() }).collect(),
        }
    }
}

/// A time on the clock of a place, as it is typed.
pub fn wall(moment: jiff::civil::DateTime) -> String {
    moment.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// What every entry says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    pub title: String,
    pub scope: ScopeCode,
    /// What it holds for; null where that is everything.
    #[schema(required)]
    pub of: Option<Named>,
    pub when: WhenShape,
    #[schema(format = DateTime)]
    pub declared_at: String,
    /// When somebody ended it before its time.
    #[schema(required, format = DateTime)]
    pub ended_at: Option<String>,
}

/// A time in which nothing is to change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Freeze)]
pub struct FreezeShape {
    pub entry: Entry,
    /// It bars work; otherwise it warns of it.
    pub is_hard: bool,
    /// Work that takes away less is free of it.
    pub from_level: LevelCode,
    /// Why, where it is yours to lift.
    #[schema(required)]
    pub reason: Option<String>,
}

/// A time agreed for work on something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MaintenanceWindow)]
pub struct MaintenanceShape {
    pub entry: Entry,
    /// Work in it may take away this much and no more.
    pub up_to: LevelCode,
    /// Who agreed to it, where it is yours to end.
    #[schema(required)]
    pub agreed_by: Option<String>,
    /// Why then, where it is yours to end.
    #[schema(required)]
    pub reason: Option<String>,
}

/// Something that happens elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExternalEntry)]
pub struct ExternalShape {
    pub entry: Entry,
    /// A service that others run is away; otherwise it only stands beside the work.
    pub is_outage: bool,
    /// Who says so.
    pub source: String,
    /// Where more of it can be read.
    #[schema(required)]
    pub url: Option<String>,
}

/// A freeze to be declared.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"title": "Winter freeze", "scope": "all", "starts": "2026-12-18T00:00", "ends": "2027-01-03T00:00", "is_hard": true,
    "reason": "Turn of the year"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewFreeze {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    scope: ScopeCode,
    /// The code of the organisation, site, service or item; left out where it holds for everything.
    #[schema(max_length = 500)]
    of: Option<String>,
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
    rule: Option<String>,
    #[schema(max_items = 500)]
    except: Option<Vec<String>>,
    /// It bars work, which it does where nobody says.
    is_hard: Option<bool>,
    from_level: Option<LevelCode>,
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// A maintenance window to be agreed.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"title": "Imaging, first Sunday", "scope": "service", "of": "PACS", "starts": "2026-12-06T01:00", "ends": "2026-12-06T05:00",
    "rule": "FREQ=MONTHLY;BYDAY=1SU", "up_to": "outage", "agreed_by": "Imaging board"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewMaintenanceWindow {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    scope: ScopeCode,
    #[schema(max_length = 500)]
    of: Option<String>,
    #[schema(max_length = 100)]
    zone: Option<String>,
    #[schema(max_length = 20)]
    starts: String,
    #[schema(max_length = 20)]
    ends: String,
    #[schema(max_length = 500)]
    rule: Option<String>,
    #[schema(max_items = 500)]
    except: Option<Vec<String>>,
    /// An outage where nobody says.
    up_to: Option<LevelCode>,
    #[schema(min_length = 1, max_length = 200)]
    agreed_by: String,
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// Something that happens elsewhere, to be put into the calendar.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"title": "Spine maintenance", "scope": "all", "starts": "2026-12-08T21:00", "ends": "2026-12-09T03:00", "is_outage": true,
    "source": "National service desk", "url": "https://status.example/2217"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewExternalEntry {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    scope: ScopeCode,
    #[schema(max_length = 500)]
    of: Option<String>,
    #[schema(max_length = 100)]
    zone: Option<String>,
    #[schema(max_length = 20)]
    starts: String,
    #[schema(max_length = 20)]
    ends: String,
    #[schema(max_length = 500)]
    rule: Option<String>,
    #[schema(max_items = 500)]
    except: Option<Vec<String>>,
    /// A service that others run is away; no where nobody says.
    is_outage: Option<bool>,
    #[schema(min_length = 1, max_length = 200)]
    source: String,
    /// An address that begins with https://.
    #[schema(max_length = 200)]
    url: Option<String>,
}

/// How one kind is read from a body, and told.
trait Told: Kind {
    type Shape: Serialize + Send;
    /// The fields of its own.
    const FIELDS: [&'static str; 3];

    fn from_body(body: &mut Body) -> Self;
    /// `is_theirs`: the reader may end it, so that they may read why it is.
    fn shape(self, entry: Entry, is_theirs: bool) -> Self::Shape;
}

impl Told for FreezeTerms {
    type Shape = FreezeShape;
    const FIELDS: [&'static str; 3] = ["is_hard", "from_level", "reason"];

    fn from_body(body: &mut Body) -> FreezeTerms {
        FreezeTerms { is_hard: body.yes("is_hard", true), from_level: body.level("from_level", Level::NoImpact), reason: body.line("reason", true, 2_000) }
    }

    fn shape(self, entry: Entry, is_theirs: bool) -> FreezeShape {
        FreezeShape { entry, is_hard: self.is_hard, from_level: LevelCode::of(self.from_level), reason: is_theirs.then_some(self.reason) }
    }
}

impl Told for MaintenanceTerms {
    type Shape = MaintenanceShape;
    const FIELDS: [&'static str; 3] = ["up_to", "agreed_by", "reason"];

    fn from_body(body: &mut Body) -> MaintenanceTerms {
        MaintenanceTerms { up_to: body.level("up_to", Level::Outage), agreed_by: body.line("agreed_by", true, 200), reason: body.line("reason", false, 2_000) }
    }

    fn shape(self, entry: Entry, is_theirs: bool) -> MaintenanceShape {
        let (agreed_by, reason) = (is_theirs.then_some(self.agreed_by), is_theirs.then_some(self.reason));
        MaintenanceShape { entry, up_to: LevelCode::of(self.up_to), agreed_by, reason }
    }
}

impl Told for ExternalTerms {
    type Shape = ExternalShape;
    const FIELDS: [&'static str; 3] = ["is_outage", "source", "url"];

    fn from_body(body: &mut Body) -> ExternalTerms {
        let url = Some(body.line("url", false, 200)).filter(|url| !url.is_empty());
        if url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            body.faults.push(Fault::of("url", "not-an-address", "Enter an address that begins with https://."));
        }
        ExternalTerms { is_outage: body.yes("is_outage", false), source: body.line("source", true, 200), url }
    }

    fn shape(self, entry: Entry, _: bool) -> ExternalShape {
        ExternalShape { entry, is_outage: self.is_outage, source: self.source, url: self.url }
    }
}

/// The fields that all kinds share.
const SHARED: [&str; 8] = ["title", "scope", "of", "zone", "starts", "ends", "rule", "except"];

/// A body, read field by field.
pub(super) struct Body<'b> {
    pub(super) fields: &'b Map<String, Value>,
    pub(super) faults: Vec<Fault>,
}

impl Body<'_> {
    pub(super) fn line(&mut self, name: &str, is_required: bool, most: usize) -> String {
        let found = text(self.fields, name, is_required, &mut self.faults).map(|text| text.trim().to_owned());
        match found {
            Some(text) if text.is_empty() && is_required => self.faults.push(super::fault(&Violation::of(name, "answer-missing"))),
            Some(text) if text.chars().count() > most => {
                self.faults.push(super::fault(&Violation::of(name, "too-long").with(most).with(text.chars().count())));
            }
            Some(text) if text.chars().any(|c| c.is_control() && c != '\n') => self.faults.push(super::fault(&Violation::of(name, "control-characters"))),
            Some(text) => return text,
            None => {}
        }
        String::new()
    }

    pub(super) fn yes(&mut self, name: &str, otherwise: bool) -> bool {
        match self.fields.get(name) {
            None | Some(Value::Null) => otherwise,
            Some(Value::Bool(yes)) => *yes,
            Some(_) => {
                self.faults.push(Fault::of(name, "not-a-value", "This is true or false."));
                otherwise
            }
        }
    }

    fn level(&mut self, name: &str, otherwise: Level) -> Level {
        match self.line(name, false, 40).as_str() {
            "" => otherwise,
            code => LevelCode::read(code).unwrap_or_else(|| {
                self.faults.push(super::fault(&Violation::of(name, "unknown-choice")));
                otherwise
            }),
        }
    }

    pub(super) fn days(&mut self, name: &str) -> String {
        let Some(value) = self.fields.get(name).filter(|value| !value.is_null()) else { return String::new() };
        let days: Option<Vec<&str>> = value.as_array().filter(|all| all.len() <= 500).and_then(|all| all.iter().map(Value::as_str).collect());
        match days {
            Some(days) if days.iter().all(|day| day.len() <= 10 && day.is_ascii()) => days.join(" "),
            _ => {
                self.faults.push(Fault::of(name, "not-a-value", "This is a list of days, such as 2026-12-25."));
                String::new()
            }
        }
    }
}

fn declare<D: Told>(app: &App, visitor: &Visitor, sent: &Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    calendars::admit::<D>(&actor)?;
    let names: Vec<&str> = SHARED.iter().chain(&D::FIELDS).copied().collect();
    let mut body = Body { fields: &sent.fields, faults: sent.strange(&names) };
    let title = body.line("title", true, 200);
    let (scope, of) = (body.line("scope", true, 40), body.line("of", false, 500));
    let (zone, rule) = (body.line("zone", false, 100), body.line("rule", false, 500));
    let (starts, ends) = (body.line("starts", true, 20), body.line("ends", true, 20));
    let except = body.days("except");
    let own = D::from_body(&mut body);
    let zone = if zone.is_empty() { signalbox_core::calendar::DEFAULT_ZONE } else { &zone };
    let when = Typed { zone, starts: &starts, ends: &ends, rule: &rule, except: &except };
    let id = calendars::declare(app, &actor, &New { title: &title, scope: &scope, of: &of, when }, Some(own), body.faults)?;
    let now = app.clock.now();
    let shape = app.read::<_, Failure>(|tx| match directory::declared::<D>(tx, id)? {
        Some(one) => told(tx, &actor, one, now).map(Some),
        None => Ok(None),
    })?;
    Ok((StatusCode::CREATED, Json(shape.ok_or(Failure::NotFound)?)).into_response())
}

/// For those who read the schedule, on which all of these stand.
fn list<D: Told>(app: &App, visitor: &Visitor, query: Query) -> Result<Json<Listing<D::Shape>>, Failure> {
    let asked = Asked::of(query, &["from", "limit", "cursor"])?;
    let (paging, now) = (asked.paging()?, app.clock.now());
    let from = asked.moment("from")?.unwrap_or(now);
    let after = paging.after(|cursor| {
        let (ends, id) = cursor.split_once('.')?;
        Some((Timestamp::from_microsecond(ask::number(ends)?).ok()?, ask::number(id)?))
    })?;
    let (actor, limit) = (visitor.actor()?, usize::from(paging.limit));
    if !Scope::of(&actor).reads_schedule() {
        return Ok(Json(Listing { items: vec![], next_cursor: None }));
    }
    let (items, next_cursor) = app.read::<_, Failure>(|tx| {
        let mut found = directory::all_declared::<D>(tx, after.unwrap_or((from, i64::MAX)), paging.limit + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|one| format!("{}.{}", one.when.envelope().until.as_microsecond(), one.id));
        let items = found.into_iter().map(|one| told(tx, &actor, one, now)).collect::<Result<Vec<_>, _>>()?;
        Ok((items, next))
    })?;
    Ok(Json(Listing { items, next_cursor }))
}

fn told<D: Told>(tx: &mut dyn Tx, actor: &Actor, one: Declared<D>, now: Timestamp) -> Result<D::Shape, StoreError> {
    let scope = match directory::extent_columns(one.extent).0 {
        "organisation" => ScopeCode::Organisation,
        "site" => ScopeCode::Site,
        "service" => ScopeCode::Service,
        "item" => ScopeCode::Item,
        _ => ScopeCode::All,
    };
    let when = WhenShape::of(&one.when, if one.ended_at.is_some() { vec![] } else { one.when.next(now, NEXT_MOST) });
    let of = directory::extent_named(tx, one.extent)?.as_ref().map(Named::from);
    let is_theirs = calendars::is_theirs::<D>(tx, actor, one.extent)?;
    let (declared_at, ended_at) = (one.created_at.to_string(), at(one.ended_at));
    let entry = Entry { id: one.id.to_string(), title: one.title, scope, of, when, declared_at, ended_at };
    Ok(one.own.shape(entry, is_theirs))
}

/// Freezes that are not over, the first to end first.
#[utoipa::path(get, path = "/api/v1/freezes", tag = "schedule", operation_id = "listFreezes",
    params(("from" = Option<String>, Query, format = DateTime, description = "Those that end after this; now where nobody says."), ask::Paging),
    responses((status = 200, description = "A page of freezes.", body = Listing<FreezeShape>)))]
pub async fn freezes(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<FreezeShape>>, Failure> {
    list::<FreezeTerms>(&app, &visitor, query)
}

/// Declares a freeze.
#[utoipa::path(post, path = "/api/v1/freezes", tag = "schedule", operation_id = "declareFreeze", request_body = NewFreeze,
    responses((status = 201, description = "It is declared.", body = FreezeShape)))]
pub async fn declare_freeze(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    declare::<FreezeTerms>(&app, &visitor, &sent)
}

/// Maintenance windows that are not over, the first to end first.
#[utoipa::path(get, path = "/api/v1/maintenance-windows", tag = "schedule", operation_id = "listMaintenanceWindows",
    params(("from" = Option<String>, Query, format = DateTime, description = "Those that end after this; now where nobody says."), ask::Paging),
    responses((status = 200, description = "A page of maintenance windows.", body = Listing<MaintenanceShape>)))]
pub async fn maintenance(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<MaintenanceShape>>, Failure> {
    list::<MaintenanceTerms>(&app, &visitor, query)
}

/// Writes down a maintenance window that was agreed.
#[utoipa::path(post, path = "/api/v1/maintenance-windows", tag = "schedule", operation_id = "agreeMaintenanceWindow", request_body = NewMaintenanceWindow,
    responses((status = 201, description = "It is agreed.", body = MaintenanceShape)))]
pub async fn agree_maintenance(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    declare::<MaintenanceTerms>(&app, &visitor, &sent)
}

/// What happens elsewhere and is not over, the first to end first.
#[utoipa::path(get, path = "/api/v1/external-entries", tag = "schedule", operation_id = "listExternalEntries",
    params(("from" = Option<String>, Query, format = DateTime, description = "Those that end after this; now where nobody says."), ask::Paging),
    responses((status = 200, description = "A page of entries.", body = Listing<ExternalShape>)))]
pub async fn externals(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<ExternalShape>>, Failure> {
    list::<ExternalTerms>(&app, &visitor, query)
}

/// Puts into the calendar what happens elsewhere.
#[utoipa::path(post, path = "/api/v1/external-entries", tag = "schedule", operation_id = "addExternalEntry", request_body = NewExternalEntry,
    responses((status = 201, description = "It stands in the calendar.", body = ExternalShape)))]
pub async fn add_external(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    declare::<ExternalTerms>(&app, &visitor, &sent)
}
