//! was notice given in time, and which planned minutes stay out of the availability figures because it was?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{self, Verdict, notice};
use signalbox_core::consequence::DisputeState;
use signalbox_core::report::Ratio;
use signalbox_store::queries::reports::{self as store, NoticeCourse, NoticeRow, Said};

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
use crate::words::{counted, grouped, sentence_case};

/// Minutes that stay out of the figures, and minutes that count.
fn minutes(row: &NoticeRow) -> (i64, i64) {
    let taken = row.minutes();
    if notice::is_left_out(row.notice.verdict, row.notice.defective, row.notice.consequence) { (taken, 0) } else { (0, taken) }
}

fn in_time(rows: &[NoticeRow]) -> Ratio {
    let part = rows.iter().filter(|row| row.notice.verdict == Verdict::OnTime).count() as u64;
    Ratio { part, whole: rows.len() as u64 }
}

/// How many were in time, in a sentence.
pub fn sentence(rows: &[NoticeRow]) -> String {
    let counts: i64 = rows.iter().map(|row| minutes(row).1).sum();
    format!(
        "{}, in time: {}. {} of planned work count against availability.",
        counted(rows.len() as i64, "notice"),
        in_time(rows).words(),
        counted(counts, "minute")
    )
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, (query, number)) = (reader(&visitor)?, paged(&query));
    let (wanted, names, rows) = Wanted::with_rows(&app, &scope, &query, |tx, filter, rows| {
        store::each_notice(tx, &scope, filter, |row| {
            rows.push(row);
            Ok(())
        })
    })?;
    let (shown, paging) = wanted.page_of("/reports/notice", &rows, number, "notice");
    let (shell, sections) = (visitor.shell(&app, "Notice and availability", Place::Reports), vec![figures(&rows), sums(&rows), table(shown)]);
    let list = wanted.list_page(shell, "/reports/notice", &names, &sentence(&rows), sections);
    Ok(page(&ListPage { paging, ..list }))
}

fn figures(rows: &[NoticeRow]) -> Section {
    let verdicts = Verdict::ALL.iter().map(|verdict| {
        let count = rows.iter().filter(|row| row.notice.verdict == *verdict).count();
        Fact::new(&sentence_case(verdict.words()), &grouped(count as i64))
    });
    let mut facts: Vec<Fact> = verdicts.collect();
    let count = |is: &dyn Fn(&NoticeRow) -> bool| grouped(rows.iter().filter(|row| is(row)).count() as i64);
    facts.push(Fact::new("With something missing", &count(&|row| row.notice.defective)));
    facts.push(Fact::new("Disputed", &count(&|row| row.course.dispute.is_some())));
    let ended = |state: DisputeState| count(&|row| row.course.dispute.as_ref().is_some_and(|(is, _)| *is == state));
    facts.push(Fact::new("Upheld by the authority", &ended(DisputeState::Upheld)));
    facts.push(Fact::new("Overturned by the authority", &ended(DisputeState::Overturned)));
    Section::new("figures", "In figures").facts(facts)
}

/// What each organisation announced in time, and what that does to the figures of its services.
fn sums(rows: &[NoticeRow]) -> Section {
    let mut sums: BTreeMap<&str, (u64, u64, i64, i64)> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(&row.org.name).or_default();
        let (out, counts) = minutes(row);
        sum.0 += 1;
        sum.1 += u64::from(row.notice.verdict == Verdict::OnTime);
        sum.2 += out;
        sum.3 += counts;
    }
    let lines = sums.into_iter().map(|(org, (whole, part, out, counts))| {
        Row::new(Cell::text(org), vec![Cell::text(&Ratio { part, whole }.words()), Cell::text(&counted(out, "minute")), Cell::text(&counted(counts, "minute"))])
    });
    let heads = ["Raised by", "In time", "Left out", "Count"];
    let words = "Minutes that are left out of the availability figures, and those that count as time down.";
    let table = Table::new("Notice and minutes by organisation", &heads, lines.collect());
    Section::new("sums", "For each organisation").words(words).table(table, "None in this time.")
}

fn table(rows: &[NoticeRow]) -> Section {
    let heads = ["Change", "Raised by", "Begins", "Notice", "Consequence", "Dispute", "Availability"];
    let table = Table::new("Notices, by the start of the work", &heads, rows.iter().map(line).collect());
    Section::new("register", "Each of them").table(table, "None in this time.")
}

fn line(row: &NoticeRow) -> Row {
    let colour = if row.notice.verdict == Verdict::OnTime { "green" } else { "yellow" };
    let (out, counts) = minutes(row);
    let minutes = if counts > 0 { format!("{} count", counted(counts, "minute")) } else { format!("{} left out", counted(out, "minute")) };
    let given = format!("{} of {} {}", row.notice.days, row.notice.asked, row.notice.basis.counted(row.notice.asked));
    let calendar = row.course.calendar_version.as_ref().map_or(String::new(), |version| format!(", by calendar {version}"));
    let consequence = row.notice.consequence.map_or(String::new(), |consequence| sentence_case(consequence.words()));
    let head = if row.party { Cell::link(&row.reference, &format!("/changes/{}", row.reference)) } else { Cell::text(&row.reference) };
    Row::new(
        head.small(&row.title),
        vec![
            Cell::text(&row.org.name).small(&row.sites.replace(';', ", ")),
            Cell::text(&row.window.map_or(String::new(), |window| moment(window.start))),
            Cell::tag(&sentence_case(row.notice.verdict.words()), colour).small(&format!("{given}{calendar}")),
            Cell::text(&consequence).small(&settled(&row.course)),
            dispute(&row.course),
            Cell::text(&minutes),
        ],
    )
}

/// What was proposed, and who made of it what; nothing where nobody has said a word about the proposal.
fn settled(course: &NoticeCourse) -> String {
    let Some((given, said)) = &course.settled else { return String::new() };
    let proposed = course.proposed.map_or(String::new(), |proposed| format!("Proposed: {}. ", proposed.words()));
    format!("{proposed}Settled: {}, by {}.", given.words(), by(said))
}

fn dispute(course: &NoticeCourse) -> Cell {
    let Some((state, said)) = &course.dispute else { return Cell::text("None") };
    let colour = match state {
        DisputeState::Open => "orange",
        DisputeState::Upheld | DisputeState::Overturned => "blue",
    };
    let end = course.decided.as_ref().map_or(String::new(), |decided| format!(" Decided by {}.", by(decided)));
    Cell::tag(&sentence_case(state.words()), colour).small(&format!("Disputed by {}.{end}", by(said)))
}

/// Whose word it is, and since when; the person is named to parties.
fn by(said: &Said) -> String {
    if said.org.is_none() {
        return format!("silence, {}", moment(said.at));
    }
    let org = said.org.as_ref().map(|org| org.name.clone());
    let who: Vec<String> = said.person.iter().cloned().chain(org).collect();
    format!("{}, {}", who.join(", "), moment(said.at))
}

const HEADS: &[&str] = &[
    "rfc_ref",
    "trust",
    "site",
    "kind",
    "complete_at",
    "window_start",
    "days",
    "days_asked",
    "basis",
    "calendar_version",
    "verdict",
    "defective",
    "late_reason",
    "proposed",
    "consequence",
    "decided_by_org",
    "decided_by",
    "decided_at",
    "dispute",
    "disputed_by_org",
    "disputed_by",
    "disputed_at",
    "dispute_decided_by_org",
    "dispute_decided_by",
    "dispute_decided_at",
    "minutes_excluded",
    "minutes_counted",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let filter = Wanted::read(&query, &names, now, &zone).filter;
    Ok(csv::download(&app, "notice.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        store::each_notice(tx, &scope, &filter, |row| rows.row(&cells(&row, &zone)))
    }))
}

fn cells(row: &NoticeRow, zone: &TimeZone) -> Vec<String> {
    let (out, counts) = minutes(row);
    let course = &row.course;
    let mut cells = vec![
        row.reference.clone(),
        row.org.code.clone(),
        row.sites.clone(),
        row.kind.code().to_owned(),
        wall_cell(row.received_at, zone),
        row.window.map(|window| wall_cell(window.start, zone)).unwrap_or_default(),
        row.notice.days.to_string(),
        row.notice.asked.to_string(),
        row.notice.basis.code().to_owned(),
        course.calendar_version.clone().unwrap_or_default(),
        row.notice.verdict.code().to_owned(),
        if row.notice.defective { "yes" } else { "no" }.to_owned(),
        row.late_reason.clone().unwrap_or_default(),
        course.proposed.map_or(String::new(), |proposed| proposed.code().to_owned()),
        row.notice.consequence.map_or(String::new(), |consequence| consequence.code().to_owned()),
    ];
    cells.extend(said_cells(course.settled.as_ref().map(|(_, said)| said), zone));
    cells.push(course.dispute.as_ref().map_or(String::new(), |(state, _)| state.code().to_owned()));
    cells.extend(said_cells(course.dispute.as_ref().map(|(_, said)| said), zone));
    cells.extend(said_cells(course.decided.as_ref(), zone));
    cells.extend([out.to_string(), counts.to_string()]);
    cells
}

fn said_cells(said: Option<&Said>, zone: &TimeZone) -> [String; 3] {
    let Some(said) = said else { return Default::default() };
    let org = said.org.as_ref().map_or(String::new(), |org| org.code.clone());
    [org, said.person.clone().unwrap_or_default(), wall_cell(said.at, zone)]
}
