//! the clinical register. Every clinical decision, without a word about any patient.

use axum::extract::State;
use axum::response::Response;
use signalbox_core::calendar::{self, local};
use signalbox_store::queries::clinical::{self as store, RegisterLine};
use signalbox_store::scope::Scope;

use super::{Names, Wanted};
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::entries::wall_cell;
use crate::web::handlers::schedule::reader;
use crate::web::layout::Place;
use crate::web::parts::{Cell, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::{counted, sentence_case};

const NONE: Names = Names { sites: vec![], services: vec![], organisations: vec![] };

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    reader(&visitor)?;
    let (scope, now, zone) = (Scope::of(&visitor.actor()?), app.clock.now(), calendar::london());
    let wanted = Wanted::read(&query, &NONE, now, &zone);
    let mut lines = app.read::<_, Failure>(|tx| store::register(tx, &scope, wanted.filter.from, wanted.filter.until))?;
    lines.reverse();
    let rejected = lines.iter().filter(|line| matches!(line.decision.as_str(), "reject" | "stop")).count();
    let mut shell = visitor.shell(&app, "Clinical register", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    let row = |line: &RegisterLine| {
        let colour = match line.decision.as_str() {
            "reject" | "stop" => "red",
            _ => "green",
        };
        let rating = |rating: Option<i64>| rating.map_or_else(String::new, |rating| rating.to_string());
        let head = match line.form_ref.rsplit_once("-CR") {
            Some((_, number)) => Cell::link(&line.form_ref, &format!("/changes/{}/clinical-form/{number}", line.reference)),
            None => Cell::link(&line.form_ref, &format!("/changes/{}#clinical", line.reference)),
        };
        Row::new(
            head,
            vec![
                Cell::tag(&sentence_case(&line.decision.replace('_', " ")), colour),
                Cell::text(&line.hazards.to_string()),
                Cell::text(&rating(line.initial)),
                Cell::text(&rating(line.residual)),
                Cell::text(&line.conditions_open.to_string()),
                Cell::text(&line.org),
                Cell::text(&local::date_words(calendar::local_date(line.decided_at, &zone))),
            ],
        )
    };
    let heads = ["Form or change", "Decision", "Hazards", "Worst before", "Worst after", "Conditions open", "Officer of", "Day"];
    let table = Table::new("Clinical decisions, latest first", &heads, lines.iter().map(row).collect());
    Ok(page(&ListPage {
        shell,
        lede: format!(
            "{}: {}, {rejected} of them rejections or stops. It holds nothing about any patient.",
            wanted.span_words(),
            counted(lines.len() as i64, "decision")
        ),
        actions: vec![Link::new("Download as CSV", &format!("/reports/clinical.csv{}", wanted.query()))],
        sections: vec![Section::new("register", "Decisions").table(table, "No clinical decision in this time.")],
        ..ListPage::default()
    }))
}

const HEADS: &[&str] =
    &["form_ref", "rfc_ref", "revision", "hazard_count", "worst_initial", "worst_residual", "decision", "cso_org", "conditions_open", "date"];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    reader(&visitor)?;
    let (scope, now, zone) = (Scope::of(&visitor.actor()?), app.clock.now(), calendar::london());
    let wanted = Wanted::read(&query, &NONE, now, &zone);
    Ok(csv::download(&app, "clinical-register.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        let number = |rating: Option<i64>| rating.map_or_else(String::new, |rating| rating.to_string());
        for line in store::register(tx, &scope, wanted.filter.from, wanted.filter.until)? {
            rows.row(&[
                line.form_ref,
                line.reference,
                line.revision.to_string(),
                line.hazards.to_string(),
                number(line.initial),
                number(line.residual),
                line.decision,
                line.org,
                line.conditions_open.to_string(),
                wall_cell(line.decided_at, &zone),
            ])?;
        }
        Ok(())
    }))
}
