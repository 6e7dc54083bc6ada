//! `/changes`: the list, with filters that are part of its address, and the same rows as CSV.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::calendar::{self, Verdict};
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_store::queries::list::{self, Count, ListFilter, ListRow};
use signalbox_store::queries::names::Names;
use signalbox_store::queries::{Named, sight};
use signalbox_store::scope::Scope;

use crate::app::Shared;
use crate::web::csv;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::parts::{Cell, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::stage::stage_tag;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field, Link, Paging};
use crate::web::visitor::Visitor;
use crate::words;

/// Rows of one page.
const LIMIT: i64 = 50;
/// The filters, as they stand in addresses.
const NAMES: [&str; 11] = ["q", "kind", "stage", "organisation", "service", "site", "from", "to", "mine", "outcome", "notice"];

const HEADS: [&str; 6] = ["Reference", "Title", "Kind", "Stage", "Window", "Raised by"];

/// What was asked, as the store takes it, and what was not understood.
struct Asked {
    filter: ListFilter,
    dropped: Vec<String>,
    names: Arc<Names>,
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    let mut asked = read(&app, &scope, &query)?;
    let cursor = cursor(&query, &mut asked.dropped);
    if let Some(reference) = named_by(&app, &scope, &asked.filter)? {
        return Ok(Redirect::to(&format!("/changes/{reference}")).into_response());
    }
    let (found, count) = app.read::<_, Failure>(|tx| list::list_counted(tx, &scope, &asked.filter, cursor, LIMIT))?;
    let kept = kept(&query, &asked);
    let now = app.clock.now();
    let is_filtered = asked.filter != ListFilter::default();
    let empty = if is_filtered {
        "Nothing found. You search what you may see: your organisation’s changes, and those that touch it."
    } else {
        "No change that you may see yet."
    };
    let table = Table::new("Changes", &HEADS, found.rows.iter().map(|row| line(row, now)).collect());
    let next = found.next.map(|next| address("/changes", &kept, Some(next))).unwrap_or_default();
    let view = ListPage {
        shell: visitor.shell(&app, "Changes", Place::Changes),
        lede: lede(count, &asked.filter),
        actions: actions(&kept),
        filters: Some(Filters {
            action: "/changes".into(),
            fields: fields(&query, &asked),
            dropped: asked.dropped,
            clear: if is_filtered { "/changes".into() } else { String::new() },
        }),
        sections: vec![Section::new("list", "Changes found").table(table, empty)],
        paging: (cursor.is_some() || found.next.is_some()).then(|| Paging {
            showing: format!("Showing {} of {}.", words::counted(found.rows.len() as i64, "change"), count_words(count)),
            first: if cursor.is_some() { address("/changes", &kept, None) } else { String::new() },
            next,
        }),
        ..ListPage::default()
    };
    Ok(page(&view))
}

fn actions(kept: &[(String, String)]) -> Vec<Link> {
    let has = |path: &str| crate::web::ROUTES.iter().any(|route| route.path == path);
    let raise = has("/changes/new").then(|| Link::new("Raise a change", "/changes/new"));
    let recurring = Link::new("Work that comes again", "/series");
    raise.into_iter().chain([recurring, Link::new("Download as CSV", &address("/changes.csv", kept, None))]).collect()
}

fn count_words(count: Count) -> String {
    match count {
        Count::Exactly(n) => n.to_string(),
        Count::MoreThan(n) => format!("more than {n}"),
    }
}

fn lede(count: Count, filter: &ListFilter) -> String {
    let about = filter.q.as_ref().map(|q| format!(" with “{q}” in it")).unwrap_or_default();
    match count {
        Count::Exactly(0) => format!("No change{about}."),
        Count::Exactly(1) => format!("1 change{about}."),
        Count::Exactly(n) => format!("{n} changes{}. The newest first.", about.replace(" in it", " in them")),
        Count::MoreThan(n) => format!("More than {n} changes{}. The newest first.", about.replace(" in it", " in them")),
    }
}

/// The change that is meant, where only its reference was typed, in full or in short (settled 7).
fn named_by(app: &Shared, scope: &Scope, filter: &ListFilter) -> Result<Option<String>, Failure> {
    let Some(q) = filter.q.as_deref().filter(|_| *filter == ListFilter { q: filter.q.clone(), ..ListFilter::default() }) else { return Ok(None) };
    let parts: Vec<&str> = q.split('-').collect();
    let is_reference = matches!(parts.len(), 2 | 3)
        && parts[0].chars().all(|c| c.is_ascii_alphabetic())
        && parts[1..].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !is_reference {
        return Ok(None);
    }
    app.read(|tx| {
        if sight::by_reference(tx, scope, q)?.is_some() {
            return Ok(Some(q.to_ascii_uppercase()));
        }
        let found = list::list(tx, scope, filter, None, 2)?.rows;
        Ok(if let [only] = found.as_slice() { Some(only.reference.clone()) } else { None })
    })
}

/// Reads the filters. What is unknown is left out, and said (settled 18).
fn read(app: &Shared, scope: &Scope, query: &Form) -> Result<Asked, Failure> {
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, scope))?;
    let mut dropped = vec![];
    for (name, _) in query.fields() {
        if !NAMES.contains(&name.as_str()) && name != "cursor" {
            dropped.push(format!("“{name}” is not a filter of this list, so it was left out."));
        }
    }
    let mut filter = ListFilter { q: Some(query.text("q").to_owned()).filter(|q| !q.is_empty()), ..ListFilter::default() };
    let mut one = |name: &str, known: &mut dyn FnMut(&str) -> bool| {
        let typed = query.text(name);
        if !typed.is_empty() && !known(typed) {
            dropped.push(format!("“{typed}” is no {name} that we know, so it was left out."));
        }
    };
    let by_code = |all: &[Named], code: &str| all.iter().find(|named| named.code.eq_ignore_ascii_case(code)).map(|named| named.id);
    one("kind", &mut |code| keep(&mut filter.kinds, Kind::from_code(code)));
    one("stage", &mut |code| keep(&mut filter.stages, Stage::from_code(&code.to_ascii_uppercase())));
    one("organisation", &mut |code| set(&mut filter.organisation, by_code(&names.organisations, code)));
    one("service", &mut |code| set(&mut filter.service, by_code(&names.services, code)));
    one("site", &mut |code| set(&mut filter.site, by_code(&names.sites, code)));
    one("outcome", &mut |code| set(&mut filter.outcome, Outcome::from_code(code)));
    one("notice", &mut |code| set(&mut filter.verdict, Verdict::from_code(code)));
    one("from", &mut |date| set(&mut filter.window_from, midnight(date, 0)));
    one("to", &mut |date| set(&mut filter.window_to, midnight(date, 1)));
    one("mine", &mut |typed| {
        filter.raised_by_me = typed == "yes";
        typed == "yes"
    });
    Ok(Asked { filter, dropped, names })
}

fn keep<T>(all: &mut Vec<T>, found: Option<T>) -> bool {
    let is_known = found.is_some();
    all.extend(found);
    is_known
}

fn set<T>(slot: &mut Option<T>, found: Option<T>) -> bool {
    *slot = found;
    slot.is_some()
}

/// The first instant of a day, so many days on.
fn midnight(date: &str, days_on: i64) -> Option<Timestamp> {
    let date = date.parse::<Date>().ok()?.checked_add(jiff::Span::new().days(days_on)).ok()?;
    Some(date.to_zoned(calendar::london()).ok()?.timestamp())
}

fn cursor(query: &Form, dropped: &mut Vec<String>) -> Option<i64> {
    let typed = query.text("cursor");
    let cursor = typed.parse().ok();
    if cursor.is_none() && !typed.is_empty() {
        dropped.push("The page asked for is not one of this list, so this is the first.".into());
    }
    cursor
}

/// The filters that were understood, for the addresses of other pages of the list.
fn kept(query: &Form, asked: &Asked) -> Vec<(String, String)> {
    let f = &asked.filter;
    let is_kept = |name: &str| match name {
        "q" => f.q.is_some(),
        "kind" => !f.kinds.is_empty(),
        "stage" => !f.stages.is_empty(),
        "organisation" => f.organisation.is_some(),
        "service" => f.service.is_some(),
        "site" => f.site.is_some(),
        "from" => f.window_from.is_some(),
        "to" => f.window_to.is_some(),
        "mine" => f.raised_by_me,
        "outcome" => f.outcome.is_some(),
        "notice" => f.verdict.is_some(),
        _ => false,
    };
    NAMES.iter().filter(|name| is_kept(name)).map(|name| ((*name).to_owned(), query.text(name).to_owned())).collect()
}

fn address(path: &str, kept: &[(String, String)], cursor: Option<i64>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(kept);
    if let Some(cursor) = cursor {
        pairs.append_pair("cursor", &cursor.to_string());
    }
    match pairs.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

fn fields(query: &Form, asked: &Asked) -> Vec<Field> {
    let select = |name: &str, label: &str, any: &str, choices: Vec<Choice>| {
        let choices = std::iter::once(Choice::new("", any)).chain(choices).collect();
        Field::select(name, label, Choice::choose(choices, &[query.text(name)]))
    };
    let named = |all: &[Named]| all.iter().map(|named| Choice::new(&named.code, &named.name)).collect::<Vec<_>>();
    let kinds = Kind::ALL.iter().map(|kind| Choice::new(kind.code(), &words::kind_title(*kind))).collect();
    let stages = Stage::ALL.iter().map(|stage| Choice::new(stage.code(), stage.words())).collect();
    let outcomes = Outcome::ALL.iter().map(|outcome| Choice::new(outcome.code(), &words::sentence_case(outcome.words()))).collect();
    let verdicts = Verdict::ALL.iter().map(|verdict| Choice::new(verdict.code(), &words::sentence_case(verdict.words()))).collect();
    vec![
        Field::input("search", "q", "Words or reference", query.text("q")),
        select("kind", "Kind", "Any kind", kinds),
        select("stage", "Stage", "Any stage", stages),
        select("organisation", "Organisation", "Any", named(&asked.names.organisations)),
        select("service", "Service", "Any", named(&asked.names.services)),
        select("site", "Site", "Any", named(&asked.names.sites)),
        Field::input("date", "from", "Work from", query.text("from")),
        Field::input("date", "to", "Work until", query.text("to")),
        select("outcome", "Outcome", "Any", outcomes),
        select("notice", "Notice", "Any", verdicts),
        select("mine", "Whose", "Everyone’s", vec![Choice::new("yes", "Raised by me")]),
    ]
}

fn line(row: &ListRow, now: Timestamp) -> Row {
    let zone = calendar::london();
    let window = row.window.map(|w| words::window_phrase(w.start, w.end, now, &zone)).unwrap_or_default();
    let stage = stage_tag(row.stage);
    let mut state = Cell::tag(&stage.label, stage.colour);
    if let Some(outcome) = row.outcome {
        state = state.small(outcome.words());
    } else if let Some(notice) = row.notice.as_ref().filter(|notice| notice.verdict.is_late()) {
        state = state.small(&format!("notice {}", notice.verdict.words()));
    }
    let title = if row.title.is_empty() { "without a title yet" } else { row.title.as_str() };
    Row::new(
        Cell::link(&row.reference, &format!("/changes/{}", row.reference)),
        vec![Cell::text(title), Cell::tag(&words::kind_title(row.kind), "grey"), state, Cell::text(&window), Cell::text(&row.org.name).small(&row.raised_by)],
    )
}

const CSV_HEADS: &[&str] = &[
    "reference",
    "source_ref",
    "kind",
    "stage",
    "title",
    "organisation",
    "raised_by",
    "raised_at",
    "window_start",
    "window_end",
    "contingency_end",
    "received_at",
    "notice",
    "notice_days",
    "notice_asked",
    "notice_basis",
    "impact",
    "category",
    "outcome",
    "confidentiality",
    "updated_at",
];

/// The same list, all of it, as CSV: codes and UTC, for programs. A cell that a spreadsheet would take for a formula
/// has an apostrophe before it (S77).
pub async fn download(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    let asked = read(&app, &scope, &query)?;
    // A file has no place for a remark, so what is not understood is refused here.
    if let Some(first) = asked.dropped.first() {
        return Err(Failure::bad_request("unknown-filter", first.replace(", so it was left out", "")));
    }
    let filter = asked.filter;
    Ok(csv::download(&app, "changes.csv", CSV_HEADS, move |tx, rows| list::each(tx, &scope, &filter, |row| rows.row(&cells(&row)))))
}

fn cells(row: &ListRow) -> Vec<String> {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let notice = row.notice.as_ref();
    vec![
        row.reference.clone(),
        row.source_ref.clone().unwrap_or_default(),
        row.kind.code().into(),
        row.stage.code().into(),
        row.title.clone(),
        row.org.code.clone(),
        row.raised_by.clone(),
        row.raised_at.to_string(),
        at(row.window.map(|w| w.start)),
        at(row.window.map(|w| w.end)),
        at(row.window.map(|w| w.contingency_end)),
        at(row.received_at),
        notice.map(|n| n.verdict.code().to_owned()).unwrap_or_default(),
        notice.map(|n| n.days.to_string()).unwrap_or_default(),
        notice.map(|n| n.asked.to_string()).unwrap_or_default(),
        notice.map(|n| n.basis.code().to_owned()).unwrap_or_default(),
        row.impact.map(|n| n.to_string()).unwrap_or_default(),
        row.category.clone().unwrap_or_default(),
        row.outcome.map(|o| o.code().to_owned()).unwrap_or_default(),
        row.confidentiality.code().into(),
        row.updated_at.to_string(),
    ]
}
