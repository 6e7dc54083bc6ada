//! When something could take place: free times over everybody's windows, freezes, people and limits (C072, C073).

use axum::Json;
use axum::extract::State as Held;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use signalbox_core::actor::Actor;
use signalbox_core::calendar;
use signalbox_core::change::Kind;
use signalbox_core::facts::{ClashFact, FactsQuery};
use signalbox_core::schedule::Span;
use signalbox_core::schedule::slots::{Cost, Limit, LimitKind, Slot};
use signalbox_store::gather::{Ask, FreeTimes, RefusedStarts, Whose, WhyNot};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::Asked;
use super::shapes::KindCode;
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::free_times::{self, DAYS_MOST, DAYS_USUAL, MINUTES_MOST, Reach};
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;

/// So many times where nobody says, and at most.
const TIMES_USUAL: i64 = 10;
const TIMES_MOST: i64 = 50;

/// What a time costs. The cheapest is the best.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotCost {
    /// `waiting`: a point a day. `warning`: 30 each. `maintenance`: 60 for each agreement that does not hold it.
    /// `clinic`: a point for five minutes. `handover`: 15 each. `limit`: 40 for notice, board or gap not kept.
    pub kind: String,
    pub points: u32,
}

/// A free time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeSlot {
    #[schema(format = DateTime)]
    pub from: String,
    /// The end of the contingency.
    #[schema(format = DateTime)]
    pub until: String,
    pub cost: u32,
    pub parts: Vec<SlotCost>,
}

/// Starts that were refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusedSlots {
    #[schema(format = DateTime)]
    pub first_start: String,
    #[schema(format = DateTime)]
    pub last_start: String,
    /// The rule of a clash, such as BR-19f, or the code of a limit.
    pub rule: String,
    /// The other change, or the title of the freeze; null where you may not know it.
    #[schema(required)]
    pub with: Option<String>,
    /// How the two hang together, as a path of codes; null where nothing is shared.
    #[schema(required)]
    pub shared: Option<String>,
}

/// What was found, the best time first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    #[schema(format = DateTime)]
    pub looked_from: String,
    #[schema(format = DateTime)]
    pub looked_until: String,
    pub minutes: i64,
    pub slots: Vec<FreeSlot>,
    /// Everything refused before the last of them, by time; at most 60 stretches.
    pub refused: Vec<RefusedSlots>,
}

/// When could a change, or work on something, take place? Nothing is booked by asking.
#[utoipa::path(get, path = "/api/v1/slots", tag = "schedule", operation_id = "findSlots",
    params(
        ("change" = Option<String>, Query, description = "The reference of a change with a window. This, `service` or `item` is needed.", max_length = 500),
        ("service" = Option<Vec<String>>, Query, description = "Codes of services.", explode = true),
        ("item" = Option<Vec<String>>, Query, description = "Codes of items.", explode = true),
        ("kind" = Option<KindCode>, Query, description = "What such a change takes away from people; `normal` where nobody says. Only without `change`."),
        ("minutes" = Option<i64>, Query, description = "How long it takes, contingency included. Needed without `change`.", minimum = 1, maximum = 44640),
        ("from" = Option<String>, Query, format = DateTime, description = "Not before; now where nobody says."),
        ("days" = Option<i64>, Query, description = "How far ahead; 90 where nobody says.", minimum = 1, maximum = 366),
        ("most" = Option<i64>, Query, description = "How many at most; 10 where nobody says.", minimum = 1, maximum = 50),
    ),
    responses((status = 200, description = "Free times, and why the earlier ones were refused.", body = Slots)))]
pub async fn find(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Slots>, Failure> {
    let asked = Asked::of(query, &["change", "service", "item", "kind", "minutes", "from", "days", "most"])?;
    let actor = visitor.actor()?;
    let scope = Scope::of(&actor);
    if !scope.reads_schedule() {
        return Err(Failure::denied("members-only", "The schedule is open to members of the Service Management group and to those who work on changes."));
    }
    let now = app.clock.now();
    let from = asked.moment("from")?.unwrap_or(now).max(now);
    let days = asked.number("days", DAYS_MOST)?.unwrap_or(DAYS_USUAL);
    let most = asked.number("most", TIMES_MOST)?.unwrap_or(TIMES_USUAL) as usize;
    let reach = Reach { from, days, most };
    let minutes = asked.number("minutes", MINUTES_MOST)?;
    let (within, minutes, found) = match asked.one("change")?.map(str::to_owned) {
        Some(reference) => of_change(&app, &actor, &asked, &reference, minutes, reach)?,
        None => of_things(&app, &actor, &asked, minutes, reach)?,
    };
    Ok(Json(Slots {
        looked_from: within.from.to_string(),
        looked_until: within.until.to_string(),
        minutes,
        slots: found.slots.iter().map(slot).collect(),
        refused: found.refused.iter().map(refused).collect(),
    }))
}

fn of_change(app: &App, actor: &Actor, asked: &Asked, reference: &str, minutes: Option<i64>, reach: Reach) -> Result<(Span, i64, FreeTimes), Failure> {
    if let Some(name) = ["service", "item", "kind"].into_iter().find(|name| asked.has(name)) {
        return Err(Failure::bad_request("bad-filter", format!("“{name}” does not go with “change”, which says all of that itself.")));
    }
    let scope = Scope::of(actor);
    let search = app.read::<_, Failure>(|tx| {
        let Some(id) = sight::by_reference(tx, &scope, reference)? else { return Ok(None) };
        let Some(situation) = app.look(tx, actor, id)? else { return Ok(None) };
        let mut change = situation.loaded.change.clone();
        if let (Some(minutes), Some(window)) = (minutes, change.content.as_mut().and_then(|content| content.header.window.as_mut())) {
            window.end = window.start.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(window.end);
            window.contingency_end = window.end;
        }
        Ok(Some(free_times::look(app, tx, actor, &situation, &change, reach)?))
    })?;
    let none = || Failure::invalid(Fault::of("change", "no-window", "It was not sent with a window yet. Ask by “item” and “service” instead."));
    let search = search.ok_or(Failure::NotFound)?.ok_or_else(none)?;
    let minutes = search.window.contingency_end.duration_since(search.window.start).as_mins();
    Ok((search.within, minutes, search.found))
}

fn of_things(app: &App, actor: &Actor, asked: &Asked, minutes: Option<i64>, reach: Reach) -> Result<(Span, i64, FreeTimes), Failure> {
    let query = FactsQuery { service_codes: asked.all("service").collect(), item_codes: asked.all("item").collect(), ..FactsQuery::default() };
    if query.service_codes.is_empty() && query.item_codes.is_empty() {
        return Err(Failure::bad_request("missing-filter", "“change”, “service” or “item” is needed: what is to be done, or to what."));
    }
    let Some(minutes) = minutes else {
        return Err(Failure::bad_request("missing-filter", "“minutes” is needed: how long the work takes, with the time to back out."));
    };
    let kind = asked.code("kind", KindCode::read)?.unwrap_or(Kind::Normal);
    let limits = [Limit { kind: LimitKind::Past, from: app.clock.now(), is_hard: true }];
    let (within, zone) = (reach.span(), calendar::london());
    let length = SignedDuration::from_mins(minutes);
    let found = app.read::<_, Failure>(|tx| {
        let facts = app.facts(tx, actor, None, &query)?;
        // What is unknown, or not for these eyes, would look free.
        let is_known = facts.services.iter().filter(|s| query.service_codes.contains(&s.code)).count() == query.service_codes.len()
            && facts.items.iter().filter(|i| query.item_codes.contains(&i.code)).count() == query.item_codes.len();
        if !is_known {
            return Ok(None);
        }
        let ask = Ask { length, within, zone: &zone, limits: &limits, most: reach.most };
        Ok(Some(app.free_times(tx, actor, &facts, Whose::Kind(kind), &ask)?))
    })?;
    Ok((within, minutes, found.ok_or(Failure::NotFound)?))
}

fn slot(slot: &Slot) -> FreeSlot {
    let part = |(kind, points): &(Cost, u32)| SlotCost { kind: kind.code().to_owned(), points: *points };
    FreeSlot { from: slot.span.from.to_string(), until: slot.span.until.to_string(), cost: slot.cost, parts: slot.parts.iter().map(part).collect() }
}

fn refused(refused: &RefusedStarts) -> RefusedSlots {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (rule, with, shared) = match &refused.why {
        WhyNot::Limit(kind) => (kind.code().to_owned(), None, None),
        WhyNot::Clash(ClashFact { rule, with, shared, .. }) => (rule.clone(), said(with), said(shared)),
    };
    let at = |moment: Timestamp| moment.to_string();
    RefusedSlots { first_start: at(refused.first), last_start: at(refused.last), rule, with, shared }
}
