//! `/tonight/{site}`: for staff on a ward. Strangers come in only where the authority opened it (settled 8).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use signalbox_core::calendar::{self, local};
use signalbox_store::queries::schedule::{self as store, Asked, Entry};
use signalbox_store::queries::{Named, names};
use signalbox_store::scope::Scope;

use super::entries::{self, days_on, typed_date};
use super::schedule::Names;
use super::today::{night, night_span, tonight};
use crate::app::Shared;
use crate::web::form::Query;
use crate::web::layout::Place;
use crate::web::pages::tonight::{Noticed, TonightPage, UnknownSitePage};
use crate::web::problem::Failure;
use crate::web::tell::{page, page_with};
use crate::web::ui::{Choice, Link};
use crate::web::visitor::Visitor;

/// Nights ahead in which the next work is looked for when tonight is quiet.
const LOOKS_AHEAD_DAYS: i64 = 28;

/// The form that chooses a site and a night leads to its address, which can be kept.
pub async fn choose(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let sites = sites(&app, &visitor)?;
    let Some(site) = Names::find(&sites, query.text("site")).or(sites.first()) else { return Err(Failure::NotFound) };
    let date = typed_date(query.text("date")).map(|date| format!("?date={date}")).unwrap_or_default();
    Ok(Redirect::to(&format!("/tonight/{}{date}", Names::value(&sites, site))).into_response())
}

/// The page of one site.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(asked): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    let (sites, now, zone) = (sites(&app, &visitor)?, app.clock.now(), calendar::london());
    let Some(site) = by_code_or_name(&sites, &asked) else {
        // To a stranger, a site that is not open and one that does not exist are the same.
        return if visitor.is_known() { Ok(unknown(&app, &visitor, &asked, &sites)) } else { Err(Failure::NotFound) };
    };
    let scope = if visitor.is_known() { Scope::of(&visitor.actor()?) } else { Scope::visitor() };
    let evening = typed_date(query.text("date")).unwrap_or_else(|| tonight(now, &zone));
    let span = night_span(evening, now, &zone);
    let (work, later) = app.read::<_, Failure>(|tx| {
        let work = store::tonight(tx, &scope, site.id, span)?;
        let ahead = Asked { from: span.until, until: span.until + SignedDuration::from_hours(24 * LOOKS_AHEAD_DAYS), now };
        let later = if work.is_empty() { store::tonight(tx, &scope, site.id, ahead)? } else { vec![] };
        Ok((work, later))
    })?;
    let team = &app.config.team;
    let value = Names::value(&sites, site);
    let view = TonightPage {
        shell: visitor.shell(&app, &format!("Tonight at {}", site.name), Place::Elsewhere),
        site: site.name.clone(),
        site_href: value.clone(),
        span: format!("{}, 18:00, to {}, 08:00.", local::day_words(evening), days_on(evening, 1).strftime("%A")),
        sentence: sentence(&work, &later, &zone),
        sites: sites.iter().map(|one| Choice::new(&Names::value(&sites, one), &one.name).chosen(one.id == site.id)).collect(),
        date: evening.to_string(),
        night: night(&work, &[], span, &zone),
        notices: work.iter().map(|entry| noticed(entry, site, &zone)).collect(),
        ring: if visitor.is_known() {
            format!("Ring {} on {} and say “{}, tonight”.", team.name, team.telephone, site.name)
        } else {
            "Tell the person in charge where you are; they know whom to ring.".into()
        },
        unsettled: None,
    };
    Ok(page(&view))
}

/// The sites that may be chosen: those a member may name, and for strangers the opened ones.
fn sites(app: &Shared, visitor: &Visitor) -> Result<Vec<Named>, Failure> {
    let scope = if visitor.is_known() { Some(Scope::of(&visitor.actor()?)) } else { None };
    app.read(|tx| match &scope {
        Some(scope) => Ok(app.names.of(tx, scope)?.sites.clone()),
        None => names::open_sites(tx),
    })
}

/// A site by what stands in addresses, or by its name with hyphens for spaces, as people write on a poster.
fn by_code_or_name<'s>(sites: &'s [Named], asked: &str) -> Option<&'s Named> {
    let plain = |text: &str| signalbox_core::process::render::slug(text);
    Names::find(sites, asked).or_else(|| sites.iter().find(|site| plain(&site.name) == plain(asked)))
}

fn unknown(app: &Shared, visitor: &Visitor, asked: &str, sites: &[Named]) -> Response {
    let start: String = asked.to_lowercase().chars().take(3).collect();
    let is_near = |site: &&Named| !start.is_empty() && (site.name.to_lowercase().contains(&start) || site.code.to_lowercase().starts_with(&start));
    let near = sites.iter().filter(is_near).take(8).map(|site| Link::new(&site.name, &format!("/tonight/{}", Names::value(sites, site))));
    let view = UnknownSitePage { shell: visitor.shell(app, "No such site", Place::Elsewhere), asked: asked.to_owned(), near: near.collect() };
    page_with(StatusCode::NOT_FOUND, &view)
}

/// "Nothing tonight. Next: Thursday 21:00."
fn sentence(work: &[Entry], later: &[Entry], zone: &jiff::tz::TimeZone) -> String {
    match (work.len(), later.first()) {
        (0, None) => "Nothing tonight.".into(),
        (0, Some(next)) => format!("Nothing tonight. Next: {}.", local::moment_words(next.window.start, zone)),
        (1, _) => "1 piece of work.".into(),
        (n, _) => format!("{n} pieces of work."),
    }
}

fn noticed(entry: &Entry, site: &Named, zone: &jiff::tz::TimeZone) -> Noticed {
    let window = local::describe_window(entry.window.start, entry.window.end, zone);
    let services = entry.detail.as_ref().map(|detail| entries::names(&detail.services)).unwrap_or_default();
    let mut text = if services.is_empty() { format!("{}.", entries::title(entry)) } else { format!("{services}: {}.", entries::title(entry)) };
    if let Some(until) = late_until(entry) {
        text.push_str(&format!(" It runs late, and is now expected to end at {}.", local::moment_words(until, zone)));
    }
    // Only who may open the change prints its notice.
    let own = entry.detail.as_ref().filter(|detail| detail.party && detail.sites.iter().any(|one| one.id == site.id));
    let poster = own.map(|detail| Link::new("Ward notice", &format!("/changes/{}/poster/{}", detail.reference, site.code.to_lowercase())));
    Noticed { when: format!("{} to {}", window.from, window.to), text, poster }
}

/// When work under way is now expected to end, where somebody said that it runs late (X1).
fn late_until(entry: &Entry) -> Option<jiff::Timestamp> {
    let until = entry.detail.as_ref().filter(|_| entry.standing == store::Standing::Live)?.expected_end?;
    (until > entry.window.end).then_some(until)
}
