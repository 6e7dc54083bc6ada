//! were the emergencies real, and did the paper follow?

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::calendar;
use signalbox_core::change::Kind;
use signalbox_core::urgent::Judgement;
use signalbox_store::queries::urgent::{self as store, UrgentRow};

use super::Wanted;
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::entries::wall_cell;
use crate::web::handlers::schedule::reader;
use crate::web::layout::Place;
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::visitor::{Visitor, moment};
use crate::words::{counted, option_label, sentence_case};

/// Unratified so long is listed apart (T32).
const UNRATIFIED_WORKING_DAYS: i64 = 5;

/// How many, and what is wrong with them, in a sentence.
pub fn sentence(rows: &[UrgentRow], now: Timestamp) -> String {
    let emergencies = rows.iter().filter(|row| was_emergency(row)).count() as i64;
    let late = rows.iter().filter(|row| row.ratified_on_time(now) == Some(false)).count() as i64;
    let unauthorised = rows.iter().filter(|row| row.verdict == Some(Judgement::Unauthorised)).count() as i64;
    let found = rows.len() as i64 - emergencies;
    format!(
        "{} and {}; {late} ratified late or not yet though due, {unauthorised} unauthorised.",
        if emergencies == 1 { "1 emergency".to_owned() } else { format!("{emergencies} emergencies") },
        counted(found, "late record"),
    )
}

fn was_emergency(row: &UrgentRow) -> bool {
    row.kind == Kind::Emergency || row.converted_from == Some(Kind::Emergency)
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now) = (reader(&visitor)?, app.clock.now());
    let (wanted, names, rows) = Wanted::with_rows(&app, &scope, &query, |tx, filter, rows| {
        store::each(tx, &scope, filter, |row| {
            rows.push(row);
            Ok(())
        })
    })?;
    let (shell, sections) =
        (visitor.shell(&app, "Emergencies and late records", Place::Reports), vec![figures(&rows), unratified(&rows, now), table(&rows, now)]);
    Ok(page(&wanted.list_page(shell, "/reports/urgent", &names, &sentence(&rows, now), sections)))
}

/// K3, K4 and K6 as counts.
fn figures(rows: &[UrgentRow]) -> Section {
    let emergencies: Vec<&UrgentRow> = rows.iter().filter(|row| was_emergency(row)).collect();
    let count = |f: &dyn Fn(&&&UrgentRow) -> bool| emergencies.iter().filter(f).count().to_string();
    let verdicts = |verdict: Judgement| rows.iter().filter(|row| row.verdict == Some(verdict)).count().to_string();
    Section::new("figures", "In figures").facts(vec![
        Fact::new("Emergencies", &emergencies.len().to_string()),
        Fact::new("Said yes to by phone", &count(&|row| row.verbal)),
        Fact::new("Ratified", &count(&|row| row.ratified == Some(true))),
        Fact::new("Could have been normal changes", &count(&|row| row.ratified == Some(false))),
        Fact::new("Began before anybody had said yes", &count(&|row| row.converted_from.is_some())),
        Fact::new("Regularised", &verdicts(Judgement::Regularised)),
        Fact::new("Regularised with action", &verdicts(Judgement::WithAction)),
        Fact::new("Unauthorised", &verdicts(Judgement::Unauthorised)),
    ])
}

/// T32: due more than five working days ago and nobody has ratified.
fn is_long_unratified(row: &UrgentRow, now: Timestamp) -> bool {
    let (calendar, zone) = (calendar::Calendar::shipped(calendar::Division::EnglandAndWales), calendar::london());
    let Some(due) = row.ratify_due.filter(|_| row.ratified_at.is_none()) else { return false };
    calendar.working_days_between(calendar::local_date(due, &zone), calendar::local_date(now, &zone)) >= UNRATIFIED_WORKING_DAYS
}

fn unratified(rows: &[UrgentRow], now: Timestamp) -> Section {
    let long: Vec<&UrgentRow> = rows.iter().filter(|row| is_long_unratified(row, now)).collect();
    let lines = long.iter().map(|row| {
        Row::new(
            Cell::link(&row.reference, &format!("/changes/{}", row.reference)).small(&row.title),
            vec![Cell::text(&row.org.name), Cell::text(&row.ratify_due.map(moment).unwrap_or_default())],
        )
    });
    Section::new("unratified", "Unratified for five working days and more").table(
        Table::new("Unratified emergencies", &["Emergency", "Raised by", "Was due"], lines.collect()),
        "None: every emergency was looked at by a second person, or is not due.",
    )
}

fn table(rows: &[UrgentRow], now: Timestamp) -> Section {
    let lines = rows.iter().map(|row| {
        let kind = match row.converted_from {
            Some(from) => format!("{}, was raised as {}", sentence_case(row.kind.words()), from.words()),
            None => sentence_case(row.kind.words()),
        };
        let yes = match (row.first_approver.as_str(), row.verbal) {
            ("", _) => "Nobody".to_owned(),
            (name, true) => format!("{name}, by phone{}", if row.confirmed == Some(false) { " (denied)" } else { "" }),
            (name, false) => name.to_owned(),
        };
        let second = match (row.ratified, row.ratified_on_time(now)) {
            (Some(true), on_time) => {
                Cell::tag(if on_time == Some(true) { "Ratified" } else { "Ratified late" }, if on_time == Some(true) { "green" } else { "yellow" })
                    .small(&row.ratified_by)
            }
            (Some(false), _) => Cell::tag("Not ratified", "red").small(&row.ratified_by),
            (None, Some(_)) => Cell::tag("Overdue", "red"),
            (None, None) if row.ratify_due.is_some() => Cell::tag("Due", "yellow").small(&row.ratify_due.map(moment).unwrap_or_default()),
            _ => Cell::text("not due"),
        };
        let verdict = row.verdict.map_or_else(
            || Cell::text(if row.verdict_due.is_some() { "due" } else { "" }),
            |verdict| Cell::tag(&sentence_case(verdict.words()), if verdict == Judgement::Unauthorised { "red" } else { "green" }),
        );
        Row::new(
            Cell::link(&row.reference, &format!("/changes/{}", row.reference)).small(&row.title),
            vec![
                Cell::text(&kind).small(&row.reason.as_deref().map(|code| option_label("emergency_reason", code)).unwrap_or_default()),
                Cell::text(&row.org.name),
                Cell::text(&row.work_start.map(moment).unwrap_or_default()),
                Cell::text(&yes),
                second,
                verdict,
                Cell::tag(row.stage.words(), if row.stage.is_final() { "green" } else { "blue" }),
            ],
        )
    });
    let heads = ["Change", "Kind", "Raised by", "Work began", "Said yes", "Second look", "Verdict", "Stage"];
    Section::new("register", "Each of them").table(Table::new("Emergencies and late records, latest first", &heads, lines.collect()), "None in this time.")
}

const HEADS: &[&str] = &[
    "rfc_ref",
    "kind",
    "converted_from",
    "raised_by",
    "reason",
    "raised_at",
    "work_start",
    "first_approver",
    "verbal",
    "verbal_confirmed",
    "ratified_by",
    "ratified_at",
    "ratified",
    "ratify_on_time",
    "record_due",
    "record_complete_at",
    "cso_contact",
    "verdict",
    "pir",
    "state",
    "outcome",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let filter = Wanted::read(&query, &names, now, &zone).filter;
    Ok(csv::download(&app, "emergencies-and-late-records.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        let at = |at: Option<Timestamp>| at.map(|at| wall_cell(at, &zone)).unwrap_or_default();
        let yes = |holds: Option<bool>| holds.map_or("", |holds| if holds { "yes" } else { "no" }).to_owned();
        store::each(tx, &scope, &filter, |row| {
            rows.row(&[
                row.reference.clone(),
                row.kind.code().to_owned(),
                row.converted_from.map_or(String::new(), |kind| kind.code().to_owned()),
                row.org.code.clone(),
                row.reason.clone().unwrap_or_default(),
                at(Some(row.raised_at)),
                at(row.work_start),
                row.first_approver.clone(),
                yes(Some(row.verbal)),
                yes(row.confirmed),
                row.ratified_by.clone(),
                at(row.ratified_at),
                yes(row.ratified),
                yes(row.ratified_on_time(now)),
                at(row.record_due),
                at(row.record_at),
                row.contact.clone().unwrap_or_default(),
                row.verdict.map_or(String::new(), |verdict| verdict.code().to_owned()),
                at(row.reviewed_at),
                row.stage.code().to_lowercase(),
                row.outcome.map_or(String::new(), |outcome| outcome.code().to_owned()),
            ])
        })
    }))
}
