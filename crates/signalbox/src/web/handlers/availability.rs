//! `/schedule/availability`: how available each service is going to be in the coming weeks (C038), as a table and as a
//! file.

use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::calendar::{self, local};
use signalbox_core::schedule::availability::{self as core, Minutes, Outlook, Week};
use signalbox_core::schedule::grid::monday_of;
use signalbox_store::queries::Named;
use signalbox_store::queries::availability::{Availability, availability};

use super::entries::days_on;
use super::schedule::{Names, choices, reader};
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::parts::{Cell, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Field, Link};
use crate::web::visitor::Visitor;
use crate::words::counted;

/// This week and the seven after it.
const WEEKS: i64 = 8;
const PATH: &str = "/schedule/availability";

/// What an address asks for. What is not understood is dropped and said (settled 18).
#[derive(Default)]
struct Wanted {
    service: Option<Named>,
    organisation: Option<Named>,
    dropped: Vec<String>,
}

impl Wanted {
    fn read(query: &Form, names: &Names) -> Wanted {
        let mut wanted = Wanted::default();
        for (name, value) in query.fields().iter().filter(|(_, value)| !value.trim().is_empty()) {
            let (all, what) = match name.as_str() {
                "service" => (&names.services, &mut wanted.service),
                "organisation" => (&names.organisations, &mut wanted.organisation),
                _ => {
                    wanted.dropped.push(format!("This page has no filter “{name}”; it was dropped."));
                    continue;
                }
            };
            *what = Names::find(all, value.trim()).cloned();
            if what.is_none() {
                wanted.dropped.push(format!("No {name} is called “{value}”; that filter was dropped."));
            }
        }
        wanted
    }

    /// The services that are told of.
    fn services<'n>(&'n self, names: &'n Names) -> &'n [Named] {
        self.service.as_ref().map_or(&names.services, std::slice::from_ref)
    }

    fn organisation(&self) -> Option<i64> {
        self.organisation.as_ref().map(|one| one.id)
    }

    fn address(&self, path: &str, names: &Names) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, all, chosen) in [("service", &names.services, &self.service), ("organisation", &names.organisations, &self.organisation)] {
            query.extend_pairs(chosen.iter().map(|one| (name, Names::value(all, one))));
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn filters(&self, names: &Names) -> Filters {
        let id = |chosen: &Option<Named>| chosen.as_ref().map(|one| one.id);
        let organisations = choices(&names.organisations, "All organisations", id(&self.organisation));
        Filters {
            action: PATH.into(),
            fields: vec![
                Field::select("service", "Service", choices(&names.services, "All services", id(&self.service))),
                Field::select("organisation", "Work that concerns", organisations),
            ],
            dropped: self.dropped.clone(),
            clear: if id(&self.service).or(id(&self.organisation)).is_some() { PATH.into() } else { String::new() },
        }
    }
}

/// The weeks that are told of.
fn weeks(now: Timestamp, zone: &TimeZone) -> Vec<Week> {
    core::weeks(monday_of(local::wall(now, zone).date()), WEEKS, zone)
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now) = (reader(&visitor)?, app.clock.now());
    let weeks = weeks(now, &calendar::london());
    let (names, wanted, all) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let wanted = Wanted::read(&query, &names);
        let all = availability(tx, &app.schedule, &scope, (&weeks, now), wanted.services(&names), wanted.organisation())?;
        Ok((names, wanted, all))
    })?;
    let mut shell = visitor.shell(&app, "Availability of services", Place::Schedule);
    shell.crumbs = vec![("Schedule".into(), "/schedule".into())];
    Ok(page(&ListPage {
        shell,
        lede: lede(&weeks, &all, &wanted),
        actions: vec![Link::new("CSV", &wanted.address(&format!("{PATH}.csv"), &names))],
        filters: Some(wanted.filters(&names)),
        sections: vec![table(&weeks, all, wanted.service.is_some()), what_counts()],
        ..ListPage::default()
    }))
}

fn lede(weeks: &[Week], all: &[Availability], wanted: &Wanted) -> String {
    let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else { return String::new() };
    let last = days_on(last.monday, 6);
    let touched = all.iter().filter(|one| !one.is_whole()).count();
    let concern = wanted.organisation.as_ref().map(|org| format!(" Only work that concerns {} is counted.", org.name)).unwrap_or_default();
    format!(
        "{} to {}. Of {}, {touched} {} work planned on {}. It counts approved work and national outages, as far as you may read of them.{concern}",
        first.monday.strftime("%-d %B %Y"),
        last.strftime("%-d %B %Y"),
        counted(all.len() as i64, "service"),
        if touched == 1 { "has" } else { "have" },
        if touched == 1 { "it" } else { "them" },
    )
}

/// A row for each service on which something is planned, or for the one that was asked for.
fn table(weeks: &[Week], all: Vec<Availability>, is_asked_for: bool) -> Section {
    let count = all.len();
    let shown: Vec<Availability> = all.into_iter().filter(|one| is_asked_for || !one.is_whole()).collect();
    let rest = (count - shown.len()) as i64;
    let heads: Vec<String> = std::iter::once("Service".to_owned()).chain(weeks.iter().map(|week| week.monday.strftime("From %-d %b").to_string())).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let rows = shown.iter().map(|one| Row::new(Cell::text(&one.service.name), one.weeks.iter().map(cell).collect())).collect();
    let caption = "Availability of services, week by week; each week begins on the Monday that is named";
    let section = Section::new("services", "Week by week")
        .table(Table::new(caption, &heads, rows), "Nothing is planned in these weeks that takes from a service, as far as you may read of it.");
    match rest {
        rest if rest > 0 && !shown.is_empty() => section.words(&format!(
            "{} with nothing planned {} not in the table: 100% in each week.",
            counted(rest, "service"),
            if rest == 1 { "is" } else { "are" }
        )),
        _ => section,
    }
}

fn cell(week: &Outlook) -> Cell {
    let mut small = lesser(&week.firm);
    if week.if_approved != week.firm {
        let then = &week.if_approved;
        let more = lesser(then);
        let more = if more.is_empty() { more } else { format!(", {more}") };
        small = [small, format!("if all is approved: {}{more}", figure(week.available_if_approved(), then.away))]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
    }
    let small = if small.is_empty() { small } else { format!("({small})") };
    Cell::text(&figure(week.available(), week.firm.away)).small(&small)
}

/// `100%`, or `99.40%, 1 hour away`.
fn figure(hundredths: i64, away: i64) -> String {
    if away == 0 { "100%".into() } else { format!("{}%, {} away", percent(hundredths), length(away)) }
}

/// `2 hours degraded, 30 minutes with less to fall back on`; empty where there is neither.
fn lesser(minutes: &Minutes) -> String {
    let parts = [(minutes.degraded, "degraded"), (minutes.reduced, "with less to fall back on")];
    parts.iter().filter(|(minutes, _)| *minutes > 0).map(|(minutes, what)| format!("{} {what}", length(*minutes))).collect::<Vec<_>>().join(", ")
}

fn length(minutes: i64) -> String {
    local::duration_words(SignedDuration::from_mins(minutes))
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn what_counts() -> Section {
    Section::new("counted", "What is counted, and what is not")
        .words(
            "Counted is work that is approved, under way or done, from the start of its window to its planned end without the time to go back, or as long \
             as it really took. A planned outage takes away the services that it touches and all that cannot work without them; other work degrades them. \
             What only works worse without them is degraded. National outages count where they are declared for an item or a service. Times that overlap \
             count once, by the worst of them, and the share available is rounded down. Work at one site counts for the whole service.",
        )
        .words(
            "Work that waits for approval stands beside it as “if all is approved”. Not counted are drafts, service requests, cancelled work, work that you \
             may not read, and faults that nobody plans.",
        )
}

const HEADS: &[&str] = &[
    "service",
    "service_name",
    "week_from",
    "week_minutes",
    "away_minutes",
    "degraded_minutes",
    "reduced_minutes",
    "available_percent",
    "away_minutes_if_approved",
    "degraded_minutes_if_approved",
    "reduced_minutes_if_approved",
    "available_percent_if_approved",
];

/// A row for each service and week, of those with nothing planned too.
pub async fn file(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now) = (reader(&visitor)?, app.clock.now());
    let weeks = weeks(now, &calendar::london());
    let own = Shared::clone(&app);
    Ok(csv::download(&app, "availability.csv", HEADS, move |tx, rows| {
        let names = own.names.of(tx, &scope)?;
        let wanted = Wanted::read(&query, &names);
        for one in availability(tx, &own.schedule, &scope, (&weeks, now), wanted.services(&names), wanted.organisation())? {
            one.weeks.iter().zip(&weeks).try_for_each(|(outlook, week)| rows.row(&cells(&one.service, week, outlook)))?;
        }
        Ok(())
    }))
}

/// A row under [`HEADS`].
fn cells(service: &Named, week: &Week, outlook: &Outlook) -> Vec<String> {
    let minutes = |minutes: &Minutes| [minutes.away, minutes.degraded, minutes.reduced].map(|minutes| minutes.to_string());
    let mut cells = vec![service.code.clone(), service.name.clone(), week.monday.to_string(), outlook.length.to_string()];
    cells.extend(minutes(&outlook.firm));
    cells.push(percent(outlook.available()));
    cells.extend(minutes(&outlook.if_approved));
    cells.push(percent(outlook.available_if_approved()));
    cells
}
