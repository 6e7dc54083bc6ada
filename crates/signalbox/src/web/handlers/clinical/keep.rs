//! Clinical forms that are begun and not yet signed: what was typed is kept, saved by itself or on leaving, and found
//! again. Who may not sign loses nothing: the words are kept, and those who can help are told (scenario 27).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::clinical::{Harm, Likelihood, MATRIX, Patients, matrix};
use signalbox_core::form::Raw;
use signalbox_core::ids::PersonId;
use signalbox_core::refusal::Bar;
use signalbox_store::clinical as store;

use crate::accounts::letters::Letter;
use crate::app::App;
use crate::web::parts::{Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::words;

/// The acts whose forms are kept while they are typed.
pub fn is_kept(act: Act) -> bool {
    matches!(
        act,
        Act::RejectClinically
            | Act::Clear
            | Act::Rate
            | Act::Hazard
            | Act::Query
            | Act::Escalate
            | Act::Overrule
            | Act::Uphold
            | Act::Appeal
            | Act::AnswerQuery
    )
}

/// Buttons and marks that travel with such a form.
pub const BESIDES: [&str; 3] = ["later", "preview", "autosave"];

/// Keeps what was typed.
pub fn keep(app: &App, person: PersonId, change_id: i64, act: Act, raw: &Raw) -> Result<(), Failure> {
    let (raw, now) = (raw.clone(), app.clock.now());
    app.write(move |tx| store::save_act_draft(tx, change_id, person.0, act.code(), &raw, now))
}

/// What this person typed before, with when.
pub fn kept(app: &App, person: PersonId, change_id: i64, act: Act) -> Result<Option<(Raw, Timestamp)>, Failure> {
    app.read(|tx| store::act_draft(tx, change_id, person.0, act.code()))
}

/// It was signed.
pub fn forget(app: &App, person: PersonId, change_id: i64, act: Act) -> Result<(), Failure> {
    app.write(move |tx| store::drop_act_draft(tx, change_id, person.0, act.code()))
}

/// The answer to a form that saved itself.
pub fn saved(version: &str) -> Response {
    (StatusCode::NO_CONTENT, [("signalbox-version", version.to_owned())]).into_response()
}

/// A signature was refused because the registration has lapsed: the words are kept, and the authority's officers and
/// the officer's own organisation are told. The fault to show, if that is what happened.
pub fn refused(app: &App, person: PersonId, change_id: i64, act: Act, raw: &Raw, bars: &[Bar]) -> Result<Option<Vec<Fault>>, Failure> {
    let Some(bar) = bars.iter().find(|bar| matches!(bar.code, "registration-lapsed" | "not-registered")) else { return Ok(None) };
    let (raw, now, ids) = (raw.clone(), app.clock.now(), app.ids.clone());
    app.write::<_, Failure>(move |tx| {
        store::save_act_draft(tx, change_id, person.0, act.code(), &raw, now)?;
        Letter::SignatureRefused { person: person.0, change: change_id }.ask(tx, &ids, now)
    })?;
    let why = words::bar(bar);
    Ok(Some(vec![Fault::whole(bar.code, format!("{} {}", why.sentence, why.who_can_change).trim().to_owned())]))
}

/// The matrix as a table, with the cell of what was typed said in words.
pub fn matrix_sections(raw: &Raw) -> Vec<Section> {
    let typed = |id: &str| raw.get(id).and_then(|values| values.first()).map(String::as_str);
    let chosen = |prefix: &str| {
        let of = |part: &str| typed(&format!("{prefix}{part}")).or_else(|| typed(part));
        Some(MATRIX.rate(
            of("harm").and_then(Harm::from_code)?,
            of("patients").and_then(Patients::from_code)?,
            of("likelihood").and_then(Likelihood::from_code)?,
        ))
    };
    let (before, after) = (chosen(""), chosen("residual_"));
    let mut sections = vec![];
    if let Some(before) = &before {
        let mut section = Section::new("rated", &format!("This is rated {}", before.rating));
        let say = |rating: &signalbox_core::clinical::Rating| format!("{}: {}.", words::rating_words(rating), matrix::acceptability(rating.rating));
        section = section.words(&words::sentence_case(&say(before)));
        if let Some(after) = after.filter(|after| after != before) {
            section = section.words(&format!("After the controls {}", say(&after)));
        }
        sections.push(section);
    }
    let severities = signalbox_core::clinical::Severity::ALL;
    let heads: Vec<String> = std::iter::once("Likelihood".to_owned()).chain(severities.iter().map(|s| words::sentence_case(s.words()))).collect();
    let rows = Likelihood::ALL.iter().rev().map(|likelihood| {
        let cell = |severity: &signalbox_core::clinical::Severity| {
            let rating = MATRIX.rating(*likelihood, *severity);
            let is_here = before.as_ref().is_some_and(|b| b.likelihood == *likelihood && b.severity == *severity);
            Cell::tag(&rating.to_string(), super::super::change::rating_colour(rating)).small(if is_here { "your rating" } else { "" })
        };
        Row::new(Cell::text(&words::sentence_case(likelihood.words())), severities.iter().map(cell).collect())
    });
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let table = Table::new("Ratings by likelihood and severity", &heads, rows.collect());
    sections.push(
        Section::new("matrix", "The matrix")
            .words("The severity follows from the harm and from how many patients it could come to. It is looked up, not chosen.")
            .table(table, ""),
    );
    sections
}
