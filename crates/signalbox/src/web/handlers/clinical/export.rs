//! A change's safety record as one signed file (C143): what was asked, every hazard with its ratings, every decision
//! with its signatures, every form, and the hashes of the chain that hold it. And the key by which it is checked.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use signalbox_core::clinical::{Hazard, MATRIX};
use signalbox_store::log;
use signalbox_store::project::clinical_code;

use super::super::change::{Seen, safety_sections};
use super::form::{as_json, download, rating_json, sections};
use crate::app::Shared;
use crate::sign;
use crate::web::pages::record::FilePage;
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;
use crate::words;

/// The record as a file.
pub async fn record(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let change = seen.change();
    if change.revision == 0 {
        return Err(Failure::NotFound);
    }
    let id = change.id.0;
    let chain: Vec<(i64, String, String)> =
        app.read::<_, Failure>(|tx| Ok(log::read_change(tx, id)?.into_iter().map(|stored| (stored.seq, stored.event.kind.clone(), stored.hash)).collect()))?;
    let data = serde_json::to_string_pretty(&bundle(&seen, &chain)).map_err(|fault| Failure::bug(&fault))?;
    let mut all = vec![Section::new("change", "The change").facts(vec![
        Fact::new("Change", &format!("{}, revision {}", change.reference, change.revision)),
        Fact::new("Title", &seen.title()),
        Fact::new("Stage", change.stage.words()),
        Fact::new("Given out", &seen.exact(seen.now)),
        Fact::new("Process document, by its hash", &change.process),
        Fact::new("Matrix", MATRIX.version),
    ])];
    all.extend(safety_sections(&seen).into_iter().map(|section| Section { links: vec![], ..section }));
    for (n, rejected) in change.safety.rejections.iter().enumerate() {
        let number = n as u32 + 1;
        for mut section in sections(&seen, number, rejected) {
            section.id = format!("f{number}-{}", section.id);
            section.heading = format!("Form {number}: {}", section.heading);
            all.push(section);
        }
    }
    let line = |recorded: &signalbox_core::event::Recorded| {
        let line = words::event_line(recorded, &seen.names, &seen.page.loaded.prose);
        let hash = chain.get(usize::try_from(recorded.version - 1).unwrap_or(usize::MAX)).map_or("", |(_, _, hash)| hash.as_str());
        Row::new(Cell::text(&recorded.version.to_string()), vec![Cell::text(&line.sentence()), Cell::text(&seen.exact(recorded.at)), Cell::text(hash)])
    };
    let rows = seen.page.loaded.events.iter().map(line).collect();
    all.push(
        Section::new("chain", "The log").table(Table::new("Every event, with its hash in the chain", &["Event", "What happened", "When", "Hash"], rows), ""),
    );
    let view = FilePage { title: format!("Safety record of {}", change.reference), lede: seen.title(), sections: all, data };
    let html = askama::Template::render(&view).map_err(|fault| Failure::bug(&fault))?;
    download(&format!("{}-safety-record.html", change.reference), "text/html; charset=utf-8", sign::sign(&app, &html)?)
}

fn bundle(seen: &Seen, chain: &[(i64, String, String)]) -> Value {
    let change = seen.change();
    let hazard = |hazard: &Hazard| {
        json!({"id": hazard.name(), "name": seen.said(&hazard.words.name),
            "initial": hazard.rated.as_ref().map(|r| rating_json(&r.initial)), "residual": hazard.rated.as_ref().map(|r| rating_json(&r.residual)),
            "answers": hazard.answers.iter().map(|(revision, text)| json!({"revision": revision, "words": seen.said(text)})).collect::<Vec<_>>()})
    };
    json!({
        "change": change.reference,
        "revision": change.revision,
        "stage": change.stage.code(),
        "clinical": clinical_code(&change.clinical).to_lowercase(),
        "content_hash": change.content.as_ref().map(|content| content.hash.clone()),
        "process_hash": change.process,
        "matrix": {"version": MATRIX.version, "ratings_by_likelihood_then_severity": MATRIX.cells},
        "screening": change.safety.screening.as_ref().map(|s| json!({"answers": s.answers, "revision": s.revision, "at": s.at.to_string(), "pattern": s.pattern})),
        "hazards": change.safety.hazards.iter().map(hazard).collect::<Vec<_>>(),
        "conditions": change.conditions.iter()
            .map(|c| json!({"number": c.number, "what": seen.said(&c.condition.what), "due": c.condition.due.to_string(), "met": c.met.is_some()})).collect::<Vec<_>>(),
        "forms": change.safety.rejections.iter().enumerate().map(|(n, rejected)| as_json(seen, n as u32 + 1, rejected)).collect::<Vec<_>>(),
        "events": chain.iter().map(|(seq, kind, hash)| json!({"seq": seq.to_string(), "type": kind, "hash": hash})).collect::<Vec<_>>(),
    })
}

/// The public key of this site, for whoever checks a record.
pub async fn key(State(app): State<Shared>) -> Result<Response, Failure> {
    let text = format!("{}\n", sign::public_key(&app)?);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
