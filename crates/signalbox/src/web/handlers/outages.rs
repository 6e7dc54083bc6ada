//! `/outages`: planned outages with the verdict on their notice.

pub mod tell;

use axum::extract::State;
use axum::response::Response;
use signalbox_core::calendar::{self, Notice as Days, Verdict, local};
use signalbox_core::change::{Kind, Stage};
use signalbox_store::directory;
use signalbox_store::page::Page;
use signalbox_store::queries::list::{self, Count, ListFilter, ListRow};
use signalbox_store::scope::Scope;

use crate::app::Shared;
use crate::web::form::Query;
use crate::web::layout::Place;
use crate::web::parts::{Cell, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field, Link, Paging};
use crate::web::visitor::Visitor;
use crate::words;

/// Outages on one page.
const SHOWN: i64 = 50;

/// The list.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    let orgs = app.read::<_, Failure>(|tx| directory::organisations(tx, None, &Page { limit: 500, ..Page::default() }))?.items;
    let mut filter = ListFilter { kinds: vec![Kind::PlannedOutage], ..ListFilter::default() };
    let (mut cursor, mut dropped) = (None, vec![]);
    for (name, value) in query.fields().iter().filter(|(_, value)| !value.trim().is_empty()) {
        let value = value.trim();
        let is_read = match name.as_str() {
            "notice" => read(Verdict::from_code(value), &mut filter.verdict),
            "stage" => Stage::from_code(value).map(|stage| filter.stages = vec![stage]).is_some(),
            "organisation" => read(orgs.iter().find(|org| org.code.eq_ignore_ascii_case(value)).map(|org| org.id), &mut filter.organisation),
            "after" => read(value.parse::<i64>().ok(), &mut cursor),
            _ => false,
        };
        if !is_read {
            dropped.push(format!("“{name}={value}” is no filter of this list and was left out."));
        }
    }
    let (found, count) = app.read::<_, Failure>(|tx| list::list_counted(tx, &scope, &filter, cursor, SHOWN))?;
    let lede = match count {
        Count::Exactly(0) => "No planned outage.".to_owned(),
        Count::Exactly(1) => "1 planned outage.".to_owned(),
        Count::Exactly(n) => format!("{n} planned outages."),
        Count::MoreThan(n) => format!("More than {n} planned outages."),
    };
    let org_choices: Vec<Choice> = orgs.iter().map(|org| Choice::new(&org.code, &org.name)).collect();
    let verdicts = Verdict::ALL.iter().map(|verdict| Choice::new(verdict.code(), &words::sentence_case(verdict.words()))).collect();
    let stages = Stage::ALL.iter().map(|stage| Choice::new(stage.code(), stage.words())).collect();
    let select = |name: &str, label: &str, all: &str, choices: Vec<Choice>| {
        let choices = std::iter::once(Choice::new("", all)).chain(choices).collect();
        Field::select(name, label, Choice::choose(choices, &[query.text(name)]))
    };
    let filters = Filters {
        action: "/outages".into(),
        fields: vec![
            select("notice", "Notice", "Any", verdicts),
            select("stage", "Stage", "Any", stages),
            select("organisation", "Organisation", "All", org_choices),
        ],
        clear: if query.is_empty() { String::new() } else { "/outages".into() },
        dropped,
    };
    let table = Table::new("Planned outages", &["Outage", "Organisation", "When", "Stage", "Notice"], found.rows.iter().map(row).collect());
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "Outages and notices", Place::Outages),
        lede,
        actions: vec![Link::new("Raise a planned outage", "/outages/new"), Link::new("Work that comes again", "/series")],
        filters: Some(filters),
        sections: tell::waiting(&app, &visitor)?
            .into_iter()
            .chain([Section::new("outages", "Planned outages")
                .table(table, "None is known that you may see. Whoever switches something off raises it ten days ahead.")])
            .collect(),
        paging: Some(paging(&query, found.rows.len(), found.next, cursor.is_some())),
        ..ListPage::default()
    }))
}

fn read<T>(value: Option<T>, into: &mut Option<T>) -> bool {
    *into = value;
    into.is_some()
}

fn row(row: &ListRow) -> Row {
    let zone = calendar::london();
    let title = if row.title.is_empty() { "No title yet" } else { &row.title };
    let when = row.window.map_or_else(|| "Not said yet".to_owned(), |window| local::describe_window(window.start, window.end, &zone).sentence());
    let notice = row.notice.as_ref().map_or_else(
        || Cell::text("Not received yet"),
        |notice| {
            let colour = if notice.verdict == Verdict::OnTime { "green" } else { "yellow" };
            let asked = Days { amount: notice.asked, basis: notice.basis };
            Cell::tag(&words::sentence_case(notice.verdict.words()), colour).and(&format!("{} of {asked}", notice.days))
        },
    );
    Row::new(
        Cell::link(&row.reference, &format!("/changes/{}", row.reference)).small(title),
        vec![Cell::text(&row.org.name), Cell::text(&when), Cell::tag(row.stage.words(), "blue"), notice],
    )
}

/// Where the list goes on, with the same filters.
fn paging(query: &crate::web::form::Form, shown: usize, next: Option<i64>, is_further: bool) -> Paging {
    let address = |after: Option<i64>| {
        let kept = query.fields().iter().filter(|(name, value)| name != "after" && !value.is_empty());
        let mut pairs: Vec<(String, String)> = kept.cloned().collect();
        pairs.extend(after.map(|id| ("after".to_owned(), id.to_string())));
        format!("/outages?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
    };
    Paging {
        showing: format!("Showing {}.", words::counted(shown as i64, "outage")),
        first: if is_further { address(None) } else { String::new() },
        next: next.map(|id| address(Some(id))).unwrap_or_default(),
    }
}
