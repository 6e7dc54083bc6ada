//! The schedule, what is promised, and whether an alarm is expected.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State as Held;
use jiff::SignedDuration;
use serde::Serialize;
use signalbox_core::alarm::{BEFORE, Cover, Means};
use signalbox_store::queries::change as pages;
use signalbox_store::queries::clashes::{self, Opposite, ScheduleClash};
use signalbox_store::queries::duties::{self, Whose};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::schedule::{self, After, Entry, ScheduleFilter};
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::{self, Asked};
use super::changes;
use super::shapes::{KindCode, Listing, MeansCode, Named, Notice, OutcomeCode, RoleCode, StandingCode, State, WindowShape, at, notice};
use crate::app::Shared;
use crate::web::form::Query;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// The longest span that one question may cover.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(400 * 24);

/// An entry of the schedule. Of restricted work only the times are shown: `detail` is null.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleEntry {
    pub id: String,
    pub standing: StandingCode,
    pub window: WindowShape,
    #[schema(required)]
    pub detail: Option<ScheduleDetail>,
}

/// What an entry is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDetail {
    pub reference: String,
    pub kind: KindCode,
    pub state: State,
    pub title: String,
    /// Whether you may open the change itself.
    pub is_open_to_you: bool,
    pub organisation: Named,
    pub services: Vec<Named>,
    pub dependants: Vec<Named>,
    pub sites: Vec<Named>,
    pub affected: Vec<Named>,
    #[schema(required)]
    pub impact: Option<i64>,
    #[schema(required)]
    pub category: Option<String>,
    pub direct_care: bool,
    #[schema(required)]
    pub notice: Option<Notice>,
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub expected_end: Option<String>,
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    pub overran: bool,
    #[schema(required)]
    pub outcome: Option<OutcomeCode>,
    /// What stands in its way.
    pub clashes: Vec<ClashShape>,
}

/// Something that stands in the way of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClashShape {
    /// The rule: BR-19a the same item at the same time, BR-19d dependent work close together, BR-19f inside a freeze.
    pub rule: String,
    /// It stands in the way; otherwise it is worth knowing.
    pub is_hard: bool,
    /// The other change, where you may read it.
    #[schema(required)]
    pub reference: Option<String>,
    /// Its title, the title of the freeze, or “Restricted work”.
    pub with: String,
}

/// What stands in a span of time, by its start.
#[utoipa::path(get, path = "/api/v1/schedule", tag = "schedule", operation_id = "readSchedule",
    params(
        ("from" = String, Query, format = DateTime, description = "The beginning of the span."),
        ("to" = String, Query, format = DateTime, description = "Its end, at most 400 days later."),
        ("kind" = Option<Vec<KindCode>>, Query, description = "Only these kinds."),
        ("standing" = Option<StandingCode>, Query, description = "Only entries that stand like this."),
        ("clash" = Option<bool>, Query, description = "Only entries in whose way something stands; false asks for all."),
        ("organisation" = Option<String>, Query, description = "The code of an organisation with a stake.", max_length = 500),
        ("service" = Option<String>, Query, description = "The code of a service.", max_length = 500),
        ("site" = Option<String>, Query, description = "The code of a site.", max_length = 500),
        ask::Paging,
    ),
    responses((status = 200, description = "A page of the schedule.", body = Listing<ScheduleEntry>)))]
pub async fn schedule(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<ScheduleEntry>>, Failure> {
    let asked = Asked::of(query, &["from", "to", "kind", "standing", "clash", "organisation", "service", "site", "limit", "cursor"])?;
    let needed = |name: &'static str| {
        asked.moment(name)?.ok_or_else(|| Failure::bad_request("missing-filter", format!("“{name}” is needed, such as {name}=2026-11-17T00:00:00Z.")))
    };
    let (from, until) = (needed("from")?, needed("to")?);
    if until <= from || until.duration_since(from) > SPAN_MAX {
        return Err(Failure::bad_request("bad-filter", "“to” comes after “from”, and at most 400 days later."));
    }
    let paging = asked.paging()?;
    let after = paging.after(|cursor| {
        let (start, id) = cursor.split_once('.')?;
        Some(After { start_micros: ask::number(start)?, id: ask::number(id)? })
    })?;
    let mut filter =
        ScheduleFilter { kinds: asked.codes("kind", KindCode::read)?, standing: asked.code("standing", StandingCode::read)?, ..ScheduleFilter::default() };
    let named = changes::Named::read(&asked)?;
    let actor = visitor.actor()?;
    let scope = Scope::of(&actor);
    let span = schedule::Asked { from, until, now: app.clock.now() };
    let clashing = asked.code("clash", |code| code.parse::<bool>().ok())?.unwrap_or(false);
    let (page, clashes) = app.read::<_, Failure>(|tx| {
        let clashes = clashes::on_schedule(tx, &app.schedule, app.clock.now(), &scope, from, until)?;
        if clashing {
            filter.only = Some(clashes.iter().map(|clash| clash.change).collect::<BTreeSet<i64>>().into_iter().collect());
        }
        (filter.organisation, filter.service, filter.site, _) = named.find(&app, tx, &actor)?;
        Ok((schedule::schedule(tx, &scope, span, &filter, after, i64::from(paging.limit))?, clashes))
    })?;
    let next_cursor = page.next.map(|after| format!("{}.{}", after.start_micros, after.id));
    Ok(Json(Listing { items: page.entries.iter().map(|one| entry(one, &clashes)).collect(), next_cursor }))
}

fn clash(clash: &ScheduleClash) -> ClashShape {
    let (reference, with) = match &clash.with {
        Opposite::Work { reference, title, .. } => (Some(reference.clone()), title.clone()),
        Opposite::Restricted => (None, RESTRICTED.to_owned()),
        Opposite::Freeze { title } | Opposite::Elsewhere { title } => (None, title.clone()),
    };
    ClashShape { rule: clash.rule.to_owned(), is_hard: clash.is_hard, reference, with }
}

/// What is said of work that the reader may not read, as on the pages (settled 8).
const RESTRICTED: &str = "Restricted work";

fn entry(entry: &Entry, clashes: &[ScheduleClash]) -> ScheduleEntry {
    let all = |named: &[signalbox_store::queries::Named]| named.iter().map(Named::from).collect();
    let detail = entry.detail.as_ref().map(|d| ScheduleDetail {
        reference: d.reference.clone(),
        kind: KindCode::of(d.kind),
        state: State::of(entry.stage),
        title: d.title.clone(),
        is_open_to_you: d.party,
        organisation: Named::from(&d.org),
        services: all(&d.services),
        dependants: all(&d.dependants),
        sites: all(&d.sites),
        affected: all(&d.affected),
        impact: d.impact,
        category: d.category.clone(),
        direct_care: d.direct_care,
        notice: d.notice.as_ref().map(|line| notice(line, None)),
        started_at: at(d.started_at),
        expected_end: at(d.expected_end),
        finished_at: at(d.finished_at),
        overran: d.overran,
        outcome: d.outcome.map(OutcomeCode::of),
        clashes: clashes.iter().filter(|one| one.change == entry.id).map(clash).collect(),
    });
    ScheduleEntry { id: entry.id.to_string(), standing: StandingCode::of(entry.standing), window: WindowShape::from(entry.window), detail }
}

/// Something owed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    pub reference: String,
    pub title: String,
    pub change_kind: KindCode,
    pub state: State,
    /// Such as assessment, condition, review, hold or answer.
    pub kind: String,
    pub about: String,
    #[schema(required)]
    pub words: Option<String>,
    #[schema(required)]
    pub organisation: Option<Named>,
    #[schema(required)]
    pub role: Option<RoleCode>,
    #[schema(format = DateTime)]
    pub asked_at: String,
    #[schema(required, format = DateTime)]
    pub due_at: Option<String>,
    pub is_late: bool,
}

/// What you or an organisation owe, due first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duties {
    pub items: Vec<Duty>,
}

/// What is owed, due first: yours, or those of an organisation on the changes that you see.
#[utoipa::path(get, path = "/api/v1/duties", tag = "schedule", operation_id = "listDuties",
    params(
        ("organisation" = Option<String>, Query, description = "The code of an organisation; yours where nobody says.", max_length = 500),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "At most so many rows; 50 where nobody says."),
    ),
    responses((status = 200, description = "What is owed.", body = Duties)))]
pub async fn duties(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Duties>, Failure> {
    let asked = Asked::of(query, &["organisation", "limit"])?;
    let limit = asked.paging()?.limit;
    let named = changes::Named::read(&asked)?;
    let actor = visitor.actor()?;
    let (scope, now) = (Scope::of(&actor), app.clock.now());
    let lines = app.read::<_, Failure>(|tx| {
        let whose = named.find(&app, tx, &actor)?.0.map_or(Whose::Mine, Whose::Organisation);
        duties::open(tx, &scope, whose, i64::from(limit))
    })?;
    let items = lines.into_iter().map(|line| Duty {
        is_late: line.is_late(now),
        reference: line.reference,
        title: line.title,
        change_kind: KindCode::of(line.change_kind),
        state: State::of(line.stage),
        kind: line.kind,
        about: line.about,
        words: line.words,
        organisation: line.org.as_ref().map(Named::from),
        role: line.role.map(RoleCode::of),
        asked_at: line.asked_at.to_string(),
        due_at: at(line.due_at),
    });
    Ok(Json(Duties { items: items.collect() }))
}

/// Whether an alarm of an item is expected at a moment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub item: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// A notice covers the item at this moment. It never means that nobody needs to go.
    pub is_expected: bool,
    pub matches: Vec<ExpectedMatch>,
    /// The same in words.
    pub words: String,
}

/// A notice that covers an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMatch {
    pub reference: String,
    pub title: String,
    pub state: State,
    pub organisation: Named,
    /// The cover begins 15 minutes before the work.
    #[schema(format = DateTime)]
    pub from: String,
    #[schema(format = DateTime)]
    pub until: String,
    /// Received and not yet decided: ring the site first.
    pub is_tentative: bool,
    /// What an alarm at this moment means: it matches; ring the site first; or ring it now, then dispatch, since the
    /// work is not known to have started, or is down longer than it said.
    pub means: MeansCode,
}

/// Is this alarm expected? The notices that cover an item at a moment.
#[utoipa::path(get, path = "/api/v1/expected", tag = "schedule", operation_id = "isExpected",
    params(
        ("item" = String, Query, description = "The code of the item that rings.", max_length = 500),
        ("at" = Option<String>, Query, format = DateTime, description = "The moment; now where nobody says."),
    ),
    responses((status = 200, description = "What covers it.", body = Expected)))]
pub async fn expected(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Expected>, Failure> {
    let asked = Asked::of(query, &["item", "at"])?;
    let item = asked.one("item")?.ok_or_else(|| Failure::bad_request("missing-filter", "“item” is needed: the code of what rings."))?.to_owned();
    let moment = asked.moment("at")?.unwrap_or(app.clock.now());
    let named = changes::Named::read(&asked_item(&item))?;
    let actor = visitor.actor()?;
    let scope = Scope::of(&actor);
    let mut covered = app.read::<_, Failure>(|tx| {
        let (_, _, _, id) = named.find(&app, tx, &actor)?;
        // Wide enough for the cover on both sides; the exact times are compared below.
        let filter = ListFilter {
            item: id,
            window_from: moment.checked_sub(SignedDuration::from_hours(24 * 30)).ok(),
            window_to: moment.checked_add(BEFORE + SignedDuration::from_secs(1)).ok(),
            ..ListFilter::default()
        };
        let mut found = vec![];
        for row in list::list(tx, &scope, &filter, None, list::LIMIT_MAX)?.rows {
            let Some(page) = pages::page_by_id(tx, &scope, row.id)? else { continue };
            if let Some(cover) = Cover::of(&page.loaded.change).filter(|cover| cover.holds_at(moment)) {
                found.push((row, cover));
            }
        }
        Ok(found)
    })?;
    // What asks for most care comes first.
    covered.sort_by_key(|(_, cover)| std::cmp::Reverse(cover.means(moment)));
    let matches: Vec<ExpectedMatch> = covered
        .into_iter()
        .map(|(row, cover)| ExpectedMatch {
            state: State::of(row.stage),
            organisation: Named::from(&row.org),
            reference: row.reference,
            title: row.title,
            from: cover.from.to_string(),
            until: cover.until.to_string(),
            is_tentative: row.stage.is_before_approval(),
            means: MeansCode::of(cover.means(moment)),
        })
        .collect();
    Ok(Json(Expected { words: words(&item, &matches), item, at: moment.to_string(), is_expected: !matches.is_empty(), matches }))
}

fn asked_item(item: &str) -> Asked {
    Asked::just("item", item)
}

/// X5: it never says "do not send anyone".
fn words(item: &str, matches: &[ExpectedMatch]) -> String {
    match matches.first() {
        None => format!("No notice that you can see covers {item} at this moment."),
        Some(one) if one.means == MeansCode::of(Means::NotStarted) => {
            format!("{} is not known to have started. Ring {} now, then dispatch.", one.reference, one.organisation.name)
        }
        Some(one) if one.means == MeansCode::of(Means::TooLong) => {
            format!("{} takes longer than it said. Ring {} now, then dispatch.", one.reference, one.organisation.name)
        }
        Some(one) if one.is_tentative => {
            format!("Matches {}, received and not yet decided, until {}. Ring {} first.", one.reference, one.until, one.organisation.name)
        }
        Some(one) => format!("Matches {} until {}. Ring {} if it is worse or longer.", one.reference, one.until, one.organisation.name),
    }
}
