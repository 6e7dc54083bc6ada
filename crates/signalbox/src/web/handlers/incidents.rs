//! `/incidents`: what other systems told, as far as the reader may see it, with the changes that it may have come from (X12).

use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use signalbox_core::calendar;
use signalbox_store::queries::incidents::{self, IncidentFilter, IncidentLine, Suspect};
use signalbox_store::scope::Scope;

use crate::app::Shared;
use crate::web::form::Query;
use crate::web::layout::Place;
use crate::web::parts::{Cell, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::visitor::Visitor;
use crate::words;

/// How far back the page looks.
const BEHIND: SignedDuration = SignedDuration::from_hours(90 * 24);
/// More than anybody reads on one page.
const LIMIT: i64 = 100;

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let (scope, now) = (Scope::of(&visitor.actor()?), app.clock.now());
    let found = app.read::<_, Failure>(|tx| {
        let filter = IncidentFilter { from: Some(now - BEHIND), ..IncidentFilter::default() };
        let mut all = vec![];
        for line in incidents::list(tx, &scope, &filter, LIMIT)? {
            let suspects = incidents::suspects(tx, &scope, line.id)?;
            all.push((line, suspects));
        }
        Ok(all)
    })?;
    let zone = calendar::london();
    let (linked, rest): (Vec<_>, Vec<_>) = found.iter().partition(|(_, suspects)| suspects.iter().any(|suspect| suspect.linked));
    let (offered, other): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, suspects)| !suspects.is_empty());
    let row = |(line, suspects): &&(IncidentLine, Vec<Suspect>)| {
        let moment = words::moment_phrase(line.opened_at, now, &zone);
        let priority = if line.clinical { Cell::tag("Clinical", "red") } else { Cell::text(&format!("Priority {}", line.priority)) };
        let first = suspects.iter().find(|suspect| suspect.linked).or(suspects.first());
        let change = match first {
            Some(suspect) if suspect.linked => Cell::link(&suspect.reference, &format!("/changes/{}", suspect.reference)).small(&suspect.title),
            Some(suspect) => {
                Cell::link(&format!("Link it to {}", suspect.reference), &format!("/changes/{}/acts/link_incident", suspect.reference)).small(&suspect.title)
            }
            None => Cell::text("No change near it"),
        };
        Row::new(
            Cell::text(&line.reference).small(&line.title),
            vec![Cell::text(&moment).small(&line.source), priority, Cell::text(&line.hits.replace(';', ", ")), change],
        )
    };
    let heads = ["Incident", "Opened", "How bad", "What it hit", "Change"];
    let table = |caption: &str, lines: &[&(IncidentLine, Vec<Suspect>)]| Table::new(caption, &heads, lines.iter().map(&row).collect());
    let view = ListPage {
        shell: visitor.shell(&app, "Incidents", Place::Elsewhere),
        lede: format!(
            "{} in the last 90 days; {} hit what was changed shortly before and {} not linked.",
            words::counted(found.len() as i64, "incident"),
            offered.len(),
            if offered.len() == 1 { "is" } else { "are" }
        ),
        sections: vec![
            Section::new("offered", "Look at these").table(table("Incidents that may come from a change", &offered), "No incident waits to be looked at."),
            Section::new("linked", "Linked to a change").table(table("Incidents linked to a change", &linked), "None is linked."),
            Section::new("other", "Others").table(table("Other incidents", &other), "No others."),
        ],
        ..ListPage::default()
    };
    Ok(page(&view))
}
