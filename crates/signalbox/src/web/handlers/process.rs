//! How it works: the process documents as they run, and how programs use the API. Open to everybody.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use signalbox_core::process::render::{document_html, mermaid, moves, stage_id};
use signalbox_core::process::{Process, diagram};
use signalbox_core::rule::CATALOGUE;

use crate::app::Shared;
use crate::web::layout::Place;
use crate::web::pages::process::{ApiPage, DocumentPage, OwnHtml};
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::{counted, sentence_case};

/// Every document in force.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Response {
    let documents = app.documents.all();
    let rows = documents.iter().map(|process| {
        let kind = sentence_case(process.kind.words());
        Row::new(
            Cell::link(&process.title, &format!("/process/{}", process.id)),
            vec![Cell::text(&kind), Cell::text(&process.prefix), Cell::text(&process.version.to_string())],
        )
    });
    let table = Table::new("Process documents", &["Document", "Kind of change", "Reference", "Version"], rows.collect());
    page(&ListPage {
        shell: visitor.shell(&app, "How it works", Place::Process),
        lede: format!(
            "{} in force. Each is the text that people agreed on and, word for word, what the program does.",
            counted(documents.len() as i64, "document")
        ),
        actions: vec![Link::new("API", "/api")],
        sections: vec![Section::new("documents", "Process documents").table(table, "No document is in force.")],
        ..ListPage::default()
    })
}

/// One document, or its stages for other tools where the address ends in `.mmd`.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let (id, is_mermaid) = id.strip_suffix(".mmd").map_or((id.as_str(), false), |id| (id, true));
    let process = app.documents.all().into_iter().find(|process| process.id == id).ok_or(Failure::NotFound)?;
    if is_mermaid {
        return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mermaid(&process)).into_response());
    }
    let mut shell = visitor.shell(&app, &process.title, Place::Process);
    shell.crumbs = vec![("How it works".into(), "/process".into())];
    Ok(page(&DocumentPage {
        shell,
        lede: format!("Version {}. The picture, the moves and the rules are made from the document that the program runs.", process.version),
        facts: facts(&process),
        contents: vec![
            Link::new("Stages and moves", "#diagram"),
            Link::new("Moves in words", "#moves"),
            Link::new("Rules", "#rules"),
            Link::new("The document", "#document"),
        ],
        diagram: OwnHtml(diagram::svg(&process)),
        text: OwnHtml(document_html(&process)),
        sections: vec![in_words(&process), rules(&process)],
    }))
}

fn facts(process: &Process) -> Vec<Fact> {
    vec![
        Fact::new("Kind of change", &sentence_case(process.kind.words())),
        Fact::new("Reference", &process.prefix),
        Fact::new("Fingerprint", &process.hash).link("As a Mermaid diagram", &format!("/process/{}.mmd", process.id)),
    ]
}

/// The moves; the first of each stage has the id that the picture leads to.
fn in_words(process: &Process) -> Section {
    let mut last = None;
    let rows = moves(process).into_iter().map(|step| {
        let is_first = last != Some(step.from);
        last = Some(step.from);
        let to = step.to.map_or("stays", |stage| stage.words());
        let mut row = Row::new(
            Cell::text(step.from.words()),
            vec![
                Cell::text(&sentence_case(step.act.words())),
                Cell::text(&step.who.join(", ")),
                Cell::text(&step.only_if.join(" ")),
                Cell::text(to),
                Cell::text(&step.tells.join(", ")),
            ],
        );
        if is_first {
            row.id = stage_id(step.from);
        }
        row
    });
    let table =
        Table::new("Each move, who may make it, on what conditions, and who is told", &["From", "Move", "Who", "Only if", "To", "Tells"], rows.collect());
    Section::new("moves", "Moves in words").table(table, "No move.")
}

/// The rules that its steps name, each with its sentence.
fn rules(process: &Process) -> Section {
    let is_named = |rule: &signalbox_core::rule::Rule| process.steps.iter().any(|step| step.needs.contains(rule));
    let rows = CATALOGUE.iter().filter(|row| is_named(&row.0)).map(|row| Row::new(Cell::text(&row.0.words()), vec![Cell::text(row.3)]));
    let table = Table::new("Rules that this document names", &["Rule", "In words"], rows.collect());
    Section::new("rules", "Rules").table(table, "This document names no rule.")
}

/// How programs do the same.
pub async fn api(State(app): State<Shared>, visitor: Visitor) -> Response {
    let rows = [
        ("GET /api/v1/changes", "Changes that you may see, newest first; filters as on the page."),
        ("POST /api/v1/changes", "Begins a draft and takes its reference."),
        ("GET /api/v1/changes/{ref}", "One change with its notice, stage and tracks."),
        ("PATCH /api/v1/changes/{ref}", "Saves answers of a draft."),
        ("GET /api/v1/changes/{ref}/offers", "What you may do now, and why not the rest."),
        ("POST /api/v1/changes/{ref}/acts/{act}", "Does it, by the same rules as the page."),
        ("GET /api/v1/schedule?from=&to=", "The forward schedule."),
    ];
    let rows = rows.iter().map(|(path, what)| Row::new(Cell::text(path), vec![Cell::text(what)]));
    let resources = Section::new("resources", "What there is").table(Table::new("Resources of the API", &["Request", "What it does"], rows.collect()), "");
    page(&ApiPage { shell: visitor.shell(&app, "API", Place::Elsewhere), origin: app.config.base.to_string(), resources })
}
