//! How it works: the process documents as they run, and how programs use the API. Open to everybody.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use signalbox_core::govern;
use signalbox_core::process::compare::compare;
use signalbox_core::process::render::{document_html, mermaid, moves, stage_id};
use signalbox_core::process::{Process, diagram};
use signalbox_core::rule::CATALOGUE;
use signalbox_store::accounts;
use signalbox_store::documents::proposals;

use crate::app::{App, Shared};
use crate::web::layout::Place;
use crate::web::pages::process::{ApiPage, DocumentPage, OwnHtml};
use crate::web::parts::{Cell, Fact, Form, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::{Visitor, moment};
use crate::words::{counted, sentence_case};

/// Every document in force, and the versions that are proposed, for those who may read them.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let documents = app.documents.all();
    let rows = documents.iter().map(|process| {
        let kind = sentence_case(process.kind.words());
        Row::new(
            Cell::link(&process.title, &format!("/process/{}", process.id)),
            vec![Cell::text(&kind), Cell::text(&process.prefix), Cell::text(&process.version.to_string()).small(&since(&app, &process.id))],
        )
    });
    let table = Table::new("Process documents", &["Document", "Kind of change", "Reference", "Version"], rows.collect());
    let mut sections = vec![Section::new("documents", "Process documents").table(table, "No document is in force.")];
    sections.extend(proposed(&app, &visitor)?);
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "How it works", Place::Process),
        lede: format!(
            "{} in force. Each is the text that people agreed on and, word for word, what the program does.",
            counted(documents.len() as i64, "document")
        ),
        actions: vec![Link::new("API", "/api")],
        sections,
        ..ListPage::default()
    }))
}

/// "adopted, since Tuesday 1 December 2026 at 00:00"; empty for what the program came with.
fn since(app: &App, id: &str) -> String {
    app.documents.adopted(id).map(|adopted| format!("since {}", moment(adopted.from))).unwrap_or_default()
}

/// What is proposed, as far as the visitor may read it.
fn proposed(app: &App, visitor: &Visitor) -> Result<Option<Section>, Failure> {
    let Ok(actor) = visitor.actor() else { return Ok(None) };
    let open = app.read::<_, Failure>(|tx| proposals::open(tx))?;
    let seen = open.iter().filter(|proposal| govern::may_read(&actor, &proposal.to_core()));
    let rows: Vec<Row> = seen
        .map(|proposal| {
            let until = proposal.due_at.map(|due| format!("until {}", moment(due))).unwrap_or_default();
            let name = format!("{}, version {}", proposal.title, proposal.version);
            Row::new(Cell::link(&name, &format!("/proposals/{}", proposal.id)), vec![Cell::text(&sentence_case(proposal.state.words())).small(&until)])
        })
        .collect();
    let is_shown = !rows.is_empty() || govern::may_write(&actor);
    let table = Table::new("Proposed versions", &["Version", "How far it is"], rows);
    Ok(is_shown.then(|| Section::new("proposed", "Proposed versions").table(table, "Nothing is proposed. Open a document to propose a change of it.")))
}

/// One document; its text where the address ends in `.md`, or its stages for other tools where it ends in `.mmd`.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let (name, kind) = match (id.strip_suffix(".mmd"), id.strip_suffix(".md")) {
        (Some(name), _) => (name, "mmd"),
        (None, Some(name)) => (name, "md"),
        (None, None) => (id.as_str(), ""),
    };
    let process = app.documents.all().into_iter().find(|process| process.id == name).ok_or(Failure::NotFound)?;
    match kind {
        "mmd" => return Ok(plain(mermaid(&process))),
        "md" => return Ok(plain(process.source.clone())),
        _ => {}
    }
    let mut shell = visitor.shell(&app, &process.title, Place::Process);
    shell.crumbs = vec![("How it works".into(), "/process".into())];
    let may_write = visitor.actor().is_ok_and(|actor| govern::may_write(&actor));
    Ok(page(&DocumentPage {
        shell,
        lede: format!("Version {}. The picture, the moves and the rules are made from the document that the program runs.", process.version),
        facts: facts(&process),
        contents: vec![
            Link::new("Stages and moves", "#diagram"),
            Link::new("Moves in words", "#moves"),
            Link::new("Rules", "#rules"),
            Link::new("The document", "#document"),
            Link::new("Versions", "#versions"),
        ],
        diagram: OwnHtml(diagram::svg(&process)),
        text: OwnHtml(document_html(&process)),
        sections: vec![in_words(&process), rules(&process)],
        propose: may_write.then(|| Form::new(&format!("/process/{}/proposals", process.id), "Propose a change", vec![]).quiet()),
        history: vec![history(&app, &visitor, &process)?],
    }))
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Every version there was and is: who, when, from when, and what the consultation said.
fn history(app: &App, visitor: &Visitor, process: &Process) -> Result<Section, Failure> {
    let id = &process.id;
    let actor = visitor.actor().ok();
    let (versions, people) = app.read::<_, Failure>(|tx| {
        let mut versions = vec![];
        for one in proposals::of_document(tx, id)? {
            versions.extend(proposals::proposal(tx, one.id)?);
        }
        let ids: Vec<i64> = versions.iter().flat_map(|one| [Some(one.author), one.adopted.map(|(by, _)| by)]).flatten().collect();
        Ok((versions, if ids.is_empty() { Default::default() } else { accounts::names(tx, &ids)? }))
    })?;
    // Names are for those who have signed in.
    let name = |id: i64| actor.as_ref().and_then(|_| people.get(&id).cloned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "the authority".into());
    let counts = app.documents.adopted(id);
    let mut rows = vec![];
    for one in &versions {
        let is_read = one.adopted.is_some() || actor.as_ref().is_some_and(|actor| govern::may_read(actor, &one.to_core()));
        if !is_read {
            continue;
        }
        let is_current = counts.as_ref().is_some_and(|adopted| adopted.proposal == one.id);
        let state = if is_current { Cell::tag("In force", "green") } else { Cell::text(&sentence_case(one.state.words())) };
        let from = one.from_at.map(moment).unwrap_or_default();
        let count = |answer| one.answers.iter().filter(|asked| asked.answer == Some(answer)).count();
        let said = format!("{} acknowledged, {}", count(govern::Answer::Acknowledged), counted(count(govern::Answer::Objected) as i64, "objection"));
        let said = if one.published.is_some() { said } else { String::new() };
        let adopted = one.adopted.map(|(by, at)| format!("adopted by {}, {}", name(by), moment(at))).unwrap_or_default();
        let head = match (&one.hash, actor.is_some()) {
            (_, true) => Cell::link(&format!("Version {}", one.version), &format!("/proposals/{}", one.id)),
            (Some(hash), false) => Cell::link(&format!("Version {}", one.version), &format!("/process/{id}/versions/{hash}")),
            (None, false) => Cell::text(&format!("Version {}", one.version)),
        };
        rows.push(Row::new(head, vec![state, Cell::text(&from), Cell::text(&name(one.author)).small(&adopted), Cell::text(&said)]));
    }
    if let Some(start) = app.documents.of_start(id) {
        let state = if counts.is_none() { Cell::tag("In force", "green") } else { Cell::text("Replaced") };
        let head = Cell::link(&format!("Version {}", start.version), &format!("/process/{id}/versions/{}", start.hash));
        rows.push(Row::new(head, vec![state, Cell::text("from the start"), Cell::text("came with the program"), Cell::text("")]));
    }
    let mut section = Section::new("versions", "Versions").words("A change that is under way keeps the version it began under.");
    if let (Some(adopted), Some(start)) = (&counts, app.documents.of_start(id).filter(|start| start.version > process.version)) {
        let words = format!(
            "Version {} came with the program; the adopted one, in force since {}, counts until another is adopted.",
            start.version,
            moment(adopted.from)
        );
        section = section.words(&words);
    }
    if app.documents.unreadable(id).is_some() {
        section = section.words("An adopted version has faults for this release of the program and is not in force. Propose it again, and check it.");
    }
    Ok(section.table(Table::new("Versions of this document", &["Version", "State", "Counts from", "Who", "Consultation"], rows), ""))
}

/// The exact text of a version, such as the one that a change is pinned to.
pub async fn version(State(app): State<Shared>, visitor: Visitor, Path((id, hash)): Path<(String, String)>) -> Result<Response, Failure> {
    let (hash, is_plain) = hash.strip_suffix(".md").map_or((hash.as_str(), false), |hash| (hash, true));
    let actor = visitor.actor().ok();
    let found = app.read::<_, Failure>(|tx| {
        if signalbox_store::documents::load_document(tx, hash)?.is_none() {
            return Ok(None);
        }
        // A text that is only proposed is read where the proposal is.
        let of_proposal = proposals::of_document(tx, &id)?.into_iter().find(|one| one.hash.as_deref() == Some(hash));
        let is_open = of_proposal.is_none_or(|one| one.adopted.is_some() || actor.as_ref().is_some_and(|actor| govern::may_read(actor, &one.to_core())));
        if is_open { app.documents.pinned(tx, hash).map(Some) } else { Ok(None) }
    })?;
    let process = found.filter(|process| process.id == id).ok_or(Failure::NotFound)?;
    if is_plain {
        return Ok(plain(process.source.clone()));
    }
    let in_force = app.documents.in_force().by_id(&id).cloned();
    let mut shell = visitor.shell(&app, &format!("{}, version {}", process.title, process.version), Place::Process);
    shell.crumbs = vec![("How it works".into(), "/process".into()), (process.title.clone(), format!("/process/{id}"))];
    let is_in_force = in_force.as_ref().is_some_and(|now| now.hash == process.hash);
    let since = in_force.filter(|_| !is_in_force).map(|now| {
        let rows = compare(&process, &now).iter().map(|one| Row::new(Cell::text(one.part.words()), vec![Cell::text(&one.words)])).collect();
        let table = Table::new("What changed since", &["Where", "What is different now"], rows);
        Section::new("since", "What changed since").table(table, "Nothing that the program runs.")
    });
    Ok(page(&DocumentPage {
        shell,
        lede: if is_in_force {
            "This version is in force.".into()
        } else {
            "Another version is in force now. Changes that began under this one keep it.".into()
        },
        facts: vec![Fact::new("Fingerprint", &process.hash).link("As text", &format!("/process/{id}/versions/{}.md", process.hash))],
        contents: vec![Link::new("Stages and moves", "#diagram"), Link::new("Moves in words", "#moves"), Link::new("The document", "#document")],
        diagram: OwnHtml(diagram::svg(&process)),
        text: OwnHtml(document_html(&process)),
        sections: since.into_iter().chain([in_words(&process), rules(&process)]).collect(),
        ..DocumentPage::default()
    }))
}

fn facts(process: &Process) -> Vec<Fact> {
    vec![
        Fact::new("Kind of change", &sentence_case(process.kind.words())).link("Its form on paper", &format!("/process/{}/form", process.id)),
        Fact::new("Reference", &process.prefix),
        Fact::new("Fingerprint", &process.hash).link("As a Mermaid diagram", &format!("/process/{}.mmd", process.id)),
        Fact::new("The text", &format!("{} lines of Markdown", process.source.lines().count())).link("As it is", &format!("/process/{}.md", process.id)),
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
