//! `/schedule`: one schedule for everybody, as month, timeline and table. The address is the view.

mod draw;
mod wanted;

pub use draw::lanes_by_service;
pub use wanted::{Names, Wanted, choices, standing_words};

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{self, local};
use signalbox_core::ids::ChangeId;
use signalbox_store::queries::clashes;
use signalbox_store::queries::schedule::{self as store, Asked, Beside, Entry, ScheduleFilter, Since};
use signalbox_store::scope::Scope;

use super::entries;
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::layout::Place;
use crate::web::pages::schedule::{Body, Empty, SchedulePage, ViewLink};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use wanted::View;

/// The hour at which a day's schedule stands.
const PUBLISHED_HOUR: i8 = 7;
/// Entries of one page of the table.
const TABLE_ROWS: i64 = 100;

/// The scope of somebody who may read the schedule and the reports; else the rule that says who may (settled 8).
pub fn reader(visitor: &Visitor) -> Result<Scope, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    if scope.reads_schedule() {
        return Ok(scope);
    }
    let detail = "The schedule and the reports are open to members of the Service Management group and to those who \
                  work on changes. To become a member, fill in the page “Ask to join” (/join) with your work e-mail.";
    Err(Failure::denied("members-only", detail))
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let (wanted, names, found, freezes, elsewhere, clashes) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let mut wanted = Wanted::read(&query, &names, now, &zone);
        let asked = wanted.asked(now, &zone);
        if wanted.clashing {
            wanted.narrow(&clashes::on_schedule(tx, &app.schedule, app.clock.now(), &scope, asked.from, asked.until)?);
        }
        let limit = if wanted.view == View::Table { TABLE_ROWS } else { store::LIMIT_MAX };
        let found = store::schedule(tx, &scope, asked, &wanted.filter, wanted.after, limit)?;
        let shown = found.entries.iter().map(|entry| ChangeId(entry.id));
        let clashes = clashes::of_changes(tx, &app.schedule, app.clock.now(), &scope, shown)?;
        let (freezes, elsewhere) = (store::freezes(tx, &scope, asked)?, store::externals(tx, &scope, asked)?);
        Ok((wanted, names, found, freezes, elsewhere, clashes))
    })?;
    let today = local::wall(now, &zone).date();
    let drawn = draw::Drawing { wanted: &wanted, found: &found, clashes, freezes: &freezes, names: &names, today, now, zone: &zone };
    let body = match wanted.view {
        View::Month => Body::Month(drawn.month()),
        View::Timeline => Body::Timeline(drawn.timeline()),
        View::Table => Body::Table(drawn.table()),
    };
    let view = SchedulePage {
        shell: visitor.shell(&app, "Schedule", Place::Schedule),
        heading: wanted.heading(),
        views: View::ALL.iter().map(|view| ViewLink { link: Link::new(view.label(), &wanted.href_of(*view)), current: *view == wanted.view }).collect(),
        earlier: Link::new("Earlier", &wanted.href_from(wanted.step(-1))),
        later: Link::new("Later", &wanted.href_from(wanted.step(1))),
        today: Link::new("Today", &wanted.href_from(today)),
        csv_href: wanted.csv_href(),
        feeds_href: wanted.feeds_href(),
        filters: wanted.filters(&names),
        kept: wanted.kept(),
        clear_href: wanted.is_filtered().then(|| wanted.href_unfiltered()),
        status: drawn.status(),
        dropped: wanted.dropped.clone(),
        empty: found
            .entries
            .is_empty()
            .then(|| Empty { sentence: drawn.nothing(), widen: wanted.is_filtered().then(|| Link::new("Show everything", &wanted.href_unfiltered())) }),
        body,
        clashes: drawn.clash_notes(),
        elsewhere: draw::elsewhere(&elsewhere, &zone),
    };
    Ok(page(&view))
}

/// The same entries as a file: the columns of R-1 that the record holds.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let wanted = app.read::<_, Failure>(|tx| {
        let mut wanted = Wanted::read(&query, &*app.names.of(tx, &scope)?, now, &zone);
        if wanted.clashing {
            let asked = wanted.asked(now, &zone);
            wanted.narrow(&clashes::on_schedule(tx, &app.schedule, app.clock.now(), &scope, asked.from, asked.until)?);
        }
        Ok(wanted)
    })?;
    Ok(forward_csv(&app, scope, wanted.asked(now, &zone), wanted.filter.clone()))
}

/// The columns of R-1 (spec 12). Its version is the moment at which it was read; what is new, moved or removed is so since
/// seven in the morning, when the day's schedule stands.
pub const HEADS: &[&str] = &[
    "fsc_version",
    "rfc_ref",
    "status",
    "kind",
    "category",
    "title",
    "raised_by_org",
    "services",
    "sites",
    "trusts_affected",
    "window_start_local",
    "window_end_local",
    "contingency_end_local",
    "utc_start",
    "utc_end",
    "zone_label",
    "outage_minutes",
    "degraded_minutes",
    "impact_level",
    "risk",
    "network_notice",
    "conflict_flag",
    "supplier_contact",
    "last_changed_at",
    "change_since_last_version",
];

/// R-1 as a file, of what the reader may see and no more (S23).
pub fn forward_csv(app: &Shared, scope: Scope, asked: Asked, filter: ScheduleFilter) -> Response {
    let (schedule, now) = (std::sync::Arc::clone(&app.schedule), app.clock.now());
    csv::download(app, "schedule.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        let clashing: BTreeSet<i64> = clashes::on_schedule(tx, &schedule, now, &scope, asked.from, asked.until)?.iter().map(|clash| clash.change).collect();
        let published = last_published(asked.now, &zone);
        let mut after = None;
        loop {
            let page = store::schedule(tx, &scope, asked, &filter, after, store::LIMIT_MAX)?;
            for entry in &page.entries {
                let beside = store::beside(tx, entry, published)?;
                rows.row(&cells(entry, clashing.contains(&entry.id), beside.as_ref(), asked.now, &zone))?;
            }
            match page.next {
                None => return Ok(()),
                next => after = next,
            }
        }
    })
}

/// The last seven in the morning (R-1: published daily 07:00).
pub fn last_published(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = local::wall(now, zone).date();
    let at = entries::at_hour(today, PUBLISHED_HOUR, zone);
    if at <= now { at } else { entries::at_hour(entries::days_on(today, -1), PUBLISHED_HOUR, zone) }
}

/// A row under [`HEADS`].
pub fn cells(entry: &Entry, clashes: bool, beside: Option<&Beside>, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let (window, detail) = (entry.window, entry.detail.as_ref());
    let number = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
    let codes = |of: fn(&store::Detail) -> &Vec<signalbox_store::queries::Named>| {
        detail.map(|d| of(d).iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(";")).unwrap_or_default()
    };
    let since = |since: Since| match since {
        Since::New => "new",
        Since::Moved => "moved",
        Since::Same => "same",
        Since::Removed => "removed",
    };
    vec![
        entries::wall_cell(now, zone),
        entries::reference(entry),
        entry.standing.code().to_owned(),
        detail.map(|d| d.kind.code().to_owned()).unwrap_or_default(),
        detail.and_then(|d| d.category.clone()).unwrap_or_default(),
        detail.map_or(entries::RESTRICTED.to_owned(), |d| d.title.clone()),
        detail.map(|d| d.org.code.clone()).unwrap_or_default(),
        codes(|d| &d.services),
        codes(|d| &d.sites),
        codes(|d| &d.affected),
        entries::wall_cell(window.start, zone),
        entries::wall_cell(window.end, zone),
        entries::wall_cell(window.contingency_end, zone),
        window.start.to_string(),
        window.end.to_string(),
        local::zone_label(window.start, zone),
        number(entry.outage_minutes()),
        number(beside.and_then(|b| b.degraded_minutes)),
        number(detail.and_then(|d| d.impact)),
        number(detail.and_then(|d| d.risk)),
        detail.map(|d| d.network.to_lowercase()).unwrap_or_default(),
        detail.map(|_| if clashes { "yes" } else { "no" }.to_owned()).unwrap_or_default(),
        beside.and_then(|b| b.contact.as_ref()).map(|(name, phone)| format!("{name}, {phone}")).unwrap_or_default(),
        detail.map(|d| d.updated_at.to_string()).unwrap_or_default(),
        beside.map(|b| since(b.since).to_owned()).unwrap_or_default(),
    ]
}
