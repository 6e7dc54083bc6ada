//! What the changes of the last months would have become under a proposal.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan};
use signalbox_core::calendar;
use signalbox_core::process::Processes;
use signalbox_core::rehearse::turns::Row as Course;

use super::Seen;
use crate::app::{App, Shared};
use crate::run::govern::Rehearsed;
use crate::web::form::{Form, Query};
use crate::web::pages::process::ProposalPage;
use crate::web::parts::{Cell, Filters, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field, Link, Stat};
use crate::web::visitor::Visitor;
use crate::words::{counted, date_words, turn_words};

/// The most rows on a page; the file holds all.
const ROWS_MAX: usize = 100;
/// The stretches that can be chosen, in months.
const MONTHS: [i64; 4] = [1, 3, 6, 12];

fn months(query: &Form) -> i64 {
    query.text("months").parse().ok().filter(|months| MONTHS.contains(months)).unwrap_or(3)
}

fn since(now: Timestamp, months: i64) -> Timestamp {
    now.to_zoned(calendar::london()).checked_sub(months.months()).map_or(now, |at| at.timestamp())
}

fn run(app: &App, seen: &Seen, months: i64) -> Result<Option<(Rehearsed, Processes)>, Failure> {
    let Ok(with) = &seen.with else { return Ok(None) };
    let rehearsed = app.rehearse(&seen.actor, with, since(app.clock.now(), months)).map_err(Failure::from)?;
    Ok(Some((rehearsed, with.clone())))
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &id)?;
    let months = months(&query);
    let shell = seen.shell(&app, &visitor, "Rehearsal");
    let path = format!("{}/rehearse", seen.path());
    let choices = MONTHS.iter().map(|n| Choice::new(&n.to_string(), &counted(*n, "month")).chosen(*n == months)).collect();
    let filters = Some(Filters { action: path.clone(), fields: vec![Field::select("months", "The last", choices)], ..Filters::default() });
    let Some((rehearsed, with)) = run(&app, &seen, months)? else {
        let lede = "The text has faults; it can be rehearsed once they are put right.".into();
        let actions = vec![Link::new("Change the text", &format!("{}/text", seen.path()))];
        return Ok(page(&ProposalPage { shell, lede, filters, actions, ..ProposalPage::default() }));
    };
    let sums = rehearsed.sums;
    let unopened = match (sums.rehearsed - rehearsed.rows.len(), rehearsed.rows.len()) {
        (0, _) => "changes that you may open".to_owned(),
        (_, 0) => "changes, none of them open to you".to_owned(),
        (unseen, _) => format!("changes, {unseen} of them not open to you"),
    };
    let otherwise: Vec<&Course> = rehearsed.rows.iter().filter(|row| !row.turns.is_empty()).collect();
    let unseen_otherwise = sums.otherwise - otherwise.len();
    let rows = otherwise.iter().take(ROWS_MAX).map(|row| drawn(row, &rehearsed, &with));
    let words = "Each change was decided again, act by act, on the answers of then and the register of today: once under the version it ran under, once under this one. Rows say where the two part.";
    let table = Table::new("Changes that would have gone another way, and why", &["Change", "Kind", "What would have been otherwise"], rows.collect());
    // Nothing rehearsed is no result.
    let empty = match (sums.rehearsed, unseen_otherwise) {
        (0, _) => "No change of this time is open to you, so none was rehearsed.",
        (_, 0) => "Every change would have gone the same way.",
        _ => "You may open none of them; the figures above count them.",
    };
    let mut section = Section::new("rows", "Changes that would have gone another way").words(words).table(table, empty);
    if unseen_otherwise > 0 && !otherwise.is_empty() {
        section = section.words(&format!("The figures count {unseen_otherwise} more that you may not open."));
    }
    if otherwise.len() > ROWS_MAX {
        section = section.words(&format!("The first {ROWS_MAX} of {}; the file holds all.", otherwise.len()));
    }
    let stat = |label: &str, n: usize, note: &str| Stat { label: label.into(), figure: n.to_string(), note: note.into(), href: String::new() };
    Ok(page(&ProposalPage {
        shell,
        lede: format!(
            "Of {} of the last {}, {} would have gone another way.",
            counted(sums.rehearsed as i64, "change"),
            counted(months, "month"),
            sums.otherwise
        ),
        actions: vec![Link::new("As a file (CSV)", &format!("{path}.csv?months={months}"))],
        filters,
        stats: vec![
            stat("Rehearsed", sums.rehearsed, &unopened),
            stat("Another way", sums.otherwise, "under the new text"),
            stat("Notice", sums.notice, "called otherwise"),
            stat("Category", sums.category, "other than it was"),
            stat("Decided by others", sums.approver, "than those of then"),
            stat("Assessments", sums.assessments, "more or fewer"),
            stat("Stopped", sums.refused, "at a step that was taken"),
            stat("Questions", sums.missed, "that nobody was asked"),
        ],
        before: vec![ways(&rehearsed), section],
        ..ProposalPage::default()
    }))
}

/// What would have been otherwise, the commonest first.
fn ways(rehearsed: &Rehearsed) -> Section {
    let mut ways: Vec<(&String, &usize)> = rehearsed.ways.iter().collect();
    ways.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let lines = ways.into_iter().map(|(way, n)| Row::new(Cell::text(way), vec![Cell::text(&n.to_string())]));
    Section::new("ways", "In which ways").table(Table::new("In which ways changes would have gone otherwise", &["Way", "Changes"], lines.collect()), "In none.")
}

fn drawn(row: &Course, rehearsed: &Rehearsed, with: &Processes) -> Row {
    let title = rehearsed.titles.get(&row.was.change.0).map(String::as_str).unwrap_or_default();
    let head = Cell::link(&row.was.reference, &format!("/changes/{}", row.was.reference)).small(title);
    let process = with.by_kind(row.was.kind);
    let words: Vec<String> = row.turns.iter().map(|turn| turn_words(turn, process.map(|p| &**p))).collect();
    let day = date_words(calendar::local_date(row.was.dated, &calendar::london()));
    Row::new(head, vec![Cell::text(row.was.kind.words()).small(&day), Cell::text(&words.join(" "))])
}

/// Every row as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &id)?;
    let heads = [
        "reference",
        "title",
        "kind",
        "dated",
        "otherwise",
        "why",
        "verdict_was",
        "verdict_is",
        "category_was",
        "category_is",
        "approver_was",
        "approver_is",
        "stage_was",
        "stage_is",
    ];
    let mut out = crate::web::csv::line(&heads);
    if let Some((rehearsed, with)) = run(&app, &seen, months(&query))? {
        for row in &rehearsed.rows {
            out.push_str(&crate::web::csv::line(&cells(row, &rehearsed, &with)));
        }
    }
    let name = format!("attachment; filename=\"rehearsal-{}-{}.csv\"", signalbox_core::process::render::slug(&seen.proposal.document), seen.proposal.version);
    let disposition = HeaderValue::from_str(&name).map_err(|fault| Failure::bug(&fault))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")), (header::CONTENT_DISPOSITION, disposition)], out).into_response())
}

/// A rehearsed change as cells of a file.
pub fn cells(row: &Course, rehearsed: &Rehearsed, with: &Processes) -> Vec<String> {
    let process = with.by_kind(row.was.kind);
    let why: Vec<String> = row.turns.iter().map(|turn| turn_words(turn, process.map(|p| &**p))).collect();
    let verdict = |course: &signalbox_core::rehearse::Course| course.notice.as_ref().map_or(String::new(), |n| n.verdict.code().to_owned());
    let stage = |course: &signalbox_core::rehearse::Course| course.stage.map_or(String::new(), |s| s.code().to_ascii_lowercase());
    let text = |one: &Option<String>| one.clone().unwrap_or_default();
    vec![
        row.was.reference.clone(),
        rehearsed.titles.get(&row.was.change.0).cloned().unwrap_or_default(),
        row.was.kind.code().to_owned(),
        row.was.dated.to_string(),
        if row.turns.is_empty() { "no" } else { "yes" }.to_owned(),
        why.join(" "),
        verdict(&row.was),
        verdict(&row.is),
        text(&row.was.category),
        text(&row.is.category),
        text(&row.was.approver),
        text(&row.is.approver),
        stage(&row.was),
        stage(&row.is),
    ]
}
