//! Work that was done often and always well, and its way into the catalogue: evidence, then a row in a proposed
//! document, of which people write the rest (C107).

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::catalogue::{self, Candidate};
use signalbox_core::change::Kind;
use signalbox_core::govern;
use signalbox_core::process::edit::{self, Edit};
use signalbox_store::queries::entries as store;
use signalbox_store::scope::Scope;

use super::{PATH, YEAR, bound, change_cell, shell};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::handlers::proposals;
use crate::web::handlers::schedule::reader;
use crate::web::parts::{self, Cell, FormPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::{done, page};
use crate::web::visitor::Visitor;

fn candidates(app: &App, scope: &Scope) -> Result<Vec<Candidate>, Failure> {
    let since = app.clock.now().saturating_sub(YEAR).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(catalogue::candidates(&app.read::<_, Failure>(|tx| store::done(tx, scope, since))?))
}

/// What was done often and always well, on the report.
pub(super) fn section(app: &App, visitor: &Visitor, scope: &Scope) -> Result<Section, Failure> {
    let may_write = govern::may_write(&visitor.actor()?);
    let all = candidates(app, scope)?;
    let rows = all.iter().map(|one| {
        let (latest, open) = one.changes.first().map_or(("", false), |(reference, open)| (reference.as_str(), *open));
        let head = if may_write { Cell::link(&one.title, &format!("{PATH}/propose/{latest}")) } else { Cell::text(&one.title) };
        let n = one.changes.len();
        Row::new(
            head,
            vec![Cell::text(&one.services.replace(';', ", ")), Cell::text(&format!("{n} of {n}")), Cell::text(&bound(0, n as i64)), change_cell(latest, open)],
        )
    });
    let words = format!(
        "Normal changes of the last year with the same services and the same title but for numbers, done {} times or more: each at once, without an incident or a dispute, and none of impact 1 or 2. The last figure is how high the true rate of failure could be with 95 % confidence; that there was no failure does not make it nothing.",
        catalogue::OFTEN
    );
    let heads = ["Work", "Services", "Went well", "Failure rate", "Latest"];
    let table = Table::new("Work that might be agreed beforehand", &heads, rows.collect());
    Ok(Section::new("often", "Done often, and always well").words(&words).table(table, "Nothing was done so often and so well yet."))
}

/// Work that might become an entry, and who may propose it.
fn candidate(app: &App, visitor: &Visitor, reference: &str) -> Result<Candidate, Failure> {
    if !govern::may_write(&visitor.actor()?) {
        return Err(Failure::NotFound);
    }
    let all = candidates(app, &reader(visitor)?)?;
    all.into_iter().find(|one| one.changes.first().is_some_and(|(latest, _)| latest == reference)).ok_or(Failure::NotFound)
}

/// What a proposal would begin with.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let one = candidate(&app, &visitor, &reference)?;
    let n = one.changes.len();
    let rows = one.changes.iter().map(|(change, party)| Row::new(change_cell(change, *party), vec![])).collect();
    Ok(page(&FormPage {
        shell: shell(&app, &visitor, "Propose an entry", true),
        lede: format!("{}: {n} of {n} went well in the last year. The true rate of failure is {}, with 95 % confidence.", one.title, bound(0, n as i64)),
        warning: vec!["A copy of the document is made with a row for it in the catalogue. You write its steps and when it fits; a safety officer’s statement and the authorisation are for those who give them. It counts only once it was checked, consulted on and adopted.".into()],
        form: parts::Form::new(&format!("{PATH}/propose/{reference}"), "Begin the proposal", vec![]),
        below: vec![Section::new("changes", "The evidence").table(Table::new("Each time that it was done, latest first", &["Change"], rows), "")],
        ..FormPage::default()
    }))
}

/// Begins a proposal with a row for it, of which people write the rest.
pub async fn begin(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let one = candidate(&app, &visitor, &reference)?;
    let process = app.documents.of_kind(Kind::ServiceRequest).ok_or(Failure::NotFound)?;
    let actor = visitor.actor()?;
    let id = app.propose(&actor, &process.id).map_err(proposals::halted)?;
    let Some(begun) = app.read::<_, Failure>(|tx| signalbox_store::documents::proposals::proposal(tx, id))? else { return Err(Failure::NotFound) };
    if let Some(source) = with_entry(&begun.source, &one) {
        let n = one.changes.len();
        let why = format!(
            "“{}” was done {n} times in the last year and went well each time: the true rate of failure is {}, with 95 % confidence. {}",
            one.title,
            bound(0, n as i64),
            one.changes.iter().map(|(change, _)| change.as_str()).collect::<Vec<_>>().join(", ")
        );
        app.write_proposal(&actor, id, begun.rev, source, why).map_err(proposals::halted)?;
    }
    Ok(done(&app, &format!("/proposals/{id}"), "A copy of the text has a row for it. Write its steps, and when it fits."))
}

/// The text with a row in its catalogue; what nobody can know yet is left for people, and the check asks for it.
fn with_entry(source: &str, one: &Candidate) -> Option<String> {
    let (at, grid) = edit::grids(source).into_iter().enumerate().find(|(_, grid)| grid.heading.eq_ignore_ascii_case("catalogue"))?;
    let id: String = one.title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let id = id.split('_').filter(|word| !word.is_empty() && !word.chars().any(|c| c.is_ascii_digit())).take(4).collect::<Vec<_>>().join("_");
    let cell = |column: &String| match column.to_ascii_lowercase().as_str() {
        "id" => id.clone(),
        "title" => one.title.clone(),
        "description" => format!("As in {}.", one.changes.first().map_or("", |(change, _)| change)),
        "lead" => "1 working day".to_owned(),
        _ => String::new(),
    };
    let row = grid.columns.iter().map(cell).collect();
    edit::edit(source, at, &Edit { add: vec![row], ..Edit::default() })
}
