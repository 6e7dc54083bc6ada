//! the forward schedule of change, week by week.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{self, local};
use signalbox_core::schedule::grid::monday_of;
use signalbox_store::queries::schedule::{self as store, Asked, Entry, ScheduleFilter, Standing};

use super::Wanted;
use crate::app::Shared;
use crate::web::form::{Form, Query};
use crate::web::handlers::entries::{self, begins, days_on, typed_date};
use crate::web::handlers::schedule::{Names, forward_csv, reader};
use crate::web::layout::Place;
use crate::web::pages::reports::{ForwardPage, ForwardRow, ForwardWeek};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Paging, Stat};
use crate::web::visitor::Visitor;
use crate::words::sentence_case;

/// By default the past 7 days and 8 weeks ahead.
const BACK_DAYS: i64 = 7;
const AHEAD_DAYS: i64 = 56;

/// The span of the report on a day; today unless one is named.
pub fn span(on: Option<Date>, now: Timestamp, zone: &TimeZone) -> Asked {
    let on = on.unwrap_or_else(|| local::wall(now, zone).date());
    Asked { from: begins(days_on(on, -BACK_DAYS), zone), until: begins(days_on(on, AHEAD_DAYS + 1), zone), now }
}

/// The address without what only this report has.
fn read(query: &Form, names: &Names, now: Timestamp, zone: &TimeZone) -> (Wanted, ScheduleFilter, Asked) {
    let on = typed_date(query.text("from"));
    let rest = Form::of(query.fields().iter().filter(|(name, _)| name != "from").cloned());
    let wanted = Wanted::read(&rest, names, now, zone);
    let filter = ScheduleFilter {
        service: wanted.filter.service,
        organisation: wanted.filter.organisation,
        kinds: wanted.filter.kinds.clone(),
        ..ScheduleFilter::default()
    };
    (wanted, filter, span(on, now, zone))
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let (wanted, names, asked, found) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let (wanted, filter, asked) = read(&query, &names, now, &zone);
        let found = store::schedule(tx, &scope, asked, &filter, None, 1_000)?;
        Ok((wanted, names, asked, found))
    })?;
    let mut shell = visitor.shell(&app, "Forward schedule of change", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    let mut filters = wanted.filters("/reports/schedule", &names, false);
    filters.selects.retain(|select| select.name != "period");
    let count = |is: &dyn Fn(&Entry) -> bool| found.entries.iter().filter(|entry| is(entry)).count();
    let stat = |label: &str, number: usize, note: &str| Stat { label: label.into(), figure: number.to_string(), note: note.into(), href: String::new() };
    let (first, last) = (local::wall(asked.from, &zone).date(), days_on(local::wall(asked.until, &zone).date(), -1));
    let all = found.entries.len();
    let view = ForwardPage {
        shell,
        span: format!("{} to {}.", first.strftime("%-d %B %Y"), last.strftime("%-d %B %Y")),
        sentence: match all {
            1 => "1 piece of work.".into(),
            n => format!("{n} pieces of work."),
        },
        filters,
        stats: vec![
            stat("Pieces of work", all, ""),
            stat("Approved or beyond", count(&|e| matches!(e.standing, Standing::Firm | Standing::Live | Standing::Done)), ""),
            stat("Not decided yet", count(&|e| e.standing == Standing::Tentative), ""),
            stat("Restricted", count(&|e| e.detail.is_none()), "times only"),
        ],
        weeks: weeks(&found.entries, local::wall(now, &zone).date().year(), &zone),
        paging: Paging {
            showing: if found.next.is_some() { format!("Showing the first {all}; the CSV holds all.") } else { format!("Showing {all}.") },
            ..Paging::default()
        },
    };
    Ok(page(&view))
}

fn weeks(entries: &[Entry], this_year: i16, zone: &TimeZone) -> Vec<ForwardWeek> {
    let mut weeks: Vec<(Date, Vec<ForwardRow>)> = vec![];
    for entry in entries {
        let monday = monday_of(local::wall(entry.window.start, zone).date());
        if weeks.last().is_none_or(|(last, _)| *last != monday) {
            weeks.push((monday, vec![]));
        }
        if let Some((_, rows)) = weeks.last_mut() {
            rows.push(row(entry, this_year, zone));
        }
    }
    weeks
        .into_iter()
        .map(|(monday, rows)| ForwardWeek {
            heading: format!(
                "Week of {}: {}",
                monday.strftime("%-d %B"),
                if rows.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", rows.len()) }
            ),
            rows,
        })
        .collect()
}

fn row(entry: &Entry, this_year: i16, zone: &TimeZone) -> ForwardRow {
    let detail = entry.detail.as_ref();
    let reference = entries::reference(entry);
    let touches =
        detail.map(|d| [entries::names(&d.services), entries::names(&d.sites)].into_iter().filter(|names| !names.is_empty()).collect::<Vec<_>>().join("; "));
    ForwardRow {
        reference: if reference.is_empty() { "Restricted".into() } else { reference },
        href: entries::href(entry),
        starts: entries::short_moment(entry.window.start, this_year, zone),
        ends: entries::short_moment(entry.ends(), this_year, zone),
        title: entries::title(entry),
        touches: touches.unwrap_or_default(),
        organisation: detail.map(|d| d.org.name.clone()).unwrap_or_default(),
        tag: entries::tag(entry),
        notice: detail.and_then(|d| d.notice.as_ref()).map(|notice| sentence_case(notice.verdict.words())).unwrap_or_default(),
    }
}

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let (_, filter, asked) = read(&query, &names, now, &zone);
    Ok(forward_csv(&app, scope, asked, filter))
}
