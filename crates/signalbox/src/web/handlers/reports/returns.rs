//! what came back to whoever raised it, why, and what became of it?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{self, local_date};
use signalbox_core::learn::CameBack;
use signalbox_core::report::{self, Ratio};
use signalbox_store::queries::returns::{self as store, ReturnRow};

use super::{Wanted, paged};
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::entries::wall_cell;
use crate::web::handlers::schedule::reader;
use crate::web::layout::Place;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::visitor::{Visitor, moment};
use crate::words::{self, counted, sentence_case};

/// How many came back, and how many of them again, in a sentence.
pub fn sentence(rows: &[ReturnRow]) -> String {
    let again = rows.iter().filter(|row| row.again_at.is_some()).count();
    words::learning::came_back(rows.len(), again)
}

/// Days from when it came back until it came again, by the calendar.
fn rework_days(row: &ReturnRow, zone: &TimeZone) -> Option<i64> {
    let (from, until) = (local_date(row.at, zone), local_date(row.again_at?, zone));
    from.until(until).ok().map(|span| i64::from(span.get_days()))
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, zone, (query, number)) = (reader(&visitor)?, calendar::london(), paged(&query));
    let (wanted, names, rows) = Wanted::with_rows(&app, &scope, &query, |tx, filter, rows| {
        store::each(tx, &scope, filter, |row| {
            rows.push(row);
            Ok(())
        })
    })?;
    let (shown, paging) = wanted.page_of("/reports/returns", &rows, number, "time");
    let (shell, sections) = (visitor.shell(&app, "Rejections and returns", Place::Reports), vec![figures(&rows, &zone), reasons(&rows), table(shown, &zone)]);
    let list = wanted.list_page(shell, "/reports/returns", &names, &sentence(&rows), sections);
    Ok(page(&ListPage { paging, ..list }))
}

/// How often in each way, and how long the raiser took.
fn figures(rows: &[ReturnRow], zone: &TimeZone) -> Section {
    let times = |how: CameBack| rows.iter().filter(|row| row.how == how).count();
    let mut facts: Vec<Fact> = CameBack::ALL.iter().map(|how| Fact::new(&sentence_case(how.words()), &times(*how).to_string())).collect();
    let again = Ratio { part: rows.iter().filter(|row| row.again_at.is_some()).count() as u64, whole: rows.len() as u64 };
    facts.push(Fact::new("Came again", &again.words()));
    let days: Vec<f64> = rows.iter().filter_map(|row| rework_days(row, zone)).map(|days| days as f64).collect();
    let middle = report::median(&days).map_or("none".to_owned(), |days| if days == 1.0 { "1 day".to_owned() } else { format!("{days} days") });
    facts.push(Fact::new("Days until it came again, half of them fewer", &middle));
    Section::new("figures", "In figures").facts(facts)
}

/// Why, most often first.
fn reasons(rows: &[ReturnRow]) -> Section {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(words::learning::return_reason(row.how, &row.reason)).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let lines = counts.into_iter().map(|(reason, count)| Row::new(Cell::text(&reason), vec![Cell::text(&count.to_string())]));
    Section::new("reasons", "Why").table(Table::new("Why changes came back", &["Reason", "Times"], lines.collect()), "No reasons in this time.")
}

fn table(rows: &[ReturnRow], zone: &TimeZone) -> Section {
    let lines = rows.iter().map(|row| {
        let colour = if row.how == CameBack::Returned { "yellow" } else { "red" };
        let head = if row.party { Cell::link(&row.reference, &format!("/changes/{}", row.reference)) } else { Cell::text(&row.reference) };
        let again = match (row.again_revision, rework_days(row, zone)) {
            (Some(revision), Some(days)) => Cell::text(&format!("As revision {revision}")).small(&format!("after {}", counted(days, "day"))),
            _ => Cell::text("not yet"),
        };
        Row::new(
            head.small(&row.title),
            vec![
                Cell::text(&row.org.name),
                Cell::tag(&sentence_case(row.how.words()), colour).small(&words::learning::return_reason(row.how, &row.reason)),
                Cell::text(row.by.as_ref().map_or("", |org| &org.name)),
                Cell::text(&moment(row.at)).small(&format!("revision {}", row.revision)),
                again,
                Cell::text(&standing(row)),
            ],
        )
    });
    let heads = ["Change", "Raised by", "How", "By", "When", "Came again", "Now"];
    Section::new("register", "Each of them").table(Table::new("Rejections and returns, latest first", &heads, lines.collect()), "None in this time.")
}

/// What it came to, or where it stands.
fn standing(row: &ReturnRow) -> String {
    row.outcome.map_or_else(|| row.stage.words().to_owned(), |outcome| words::option_label("outcome", outcome.code()))
}

const HEADS: &[&str] = &["rfc_ref", "revision", "type", "reason_code", "by_org", "at", "rework_days", "resubmitted_as", "final_state"];

/// The same rows as a file. A change keeps its reference when it comes again, so `resubmitted_as` is its revision.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let filter = Wanted::read(&query, &names, now, &zone).filter;
    Ok(csv::download(&app, "rejections-and-returns.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        store::each(tx, &scope, &filter, |row| {
            rows.row(&[
                row.reference.clone(),
                row.revision.to_string(),
                row.how.code().to_owned(),
                row.reason.clone(),
                row.by.as_ref().map(|org| org.code.clone()).unwrap_or_default(),
                wall_cell(row.at, &zone),
                number(rework_days(&row, &zone)),
                number(row.again_revision),
                row.outcome.map_or_else(|| row.stage.code().to_lowercase(), |outcome| outcome.code().to_owned()),
            ])
        })
    }))
}
