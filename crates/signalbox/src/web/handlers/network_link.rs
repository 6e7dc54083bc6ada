//! `/n/{token}`: a network provider acknowledges a notice from a letter, without signing in. The address names one person
//! and one version of one notice; it shows what the letter said, and works once. Opening it acknowledges nothing.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_store::network::{self, NetworkLink};
use signalbox_store::rota;

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::network_notice::Told;
use crate::run::Stop;
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, Fact, FormPage, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::Field;
use crate::web::visitor::Visitor;

const FIELD: &str = "their_reference";
const REFERENCE_CHARACTERS: usize = 120;

struct Asked {
    link: NetworkLink,
    told: Told,
}

/// Unknown, out of date, or for somebody who is no more: the same answer to all (S57).
fn read(app: &App, token: &str) -> Result<Asked, Failure> {
    let hash = Token::from_hex(token).ok_or(Failure::NotFound)?.hash();
    let now = app.clock.now();
    let found = app.read::<_, Failure>(|tx| {
        let Some(link) = network::network_link(tx, &hash, now)? else { return Ok(None) };
        let is_there = rota::actor_at(tx, link.person_id, now)?.is_some();
        let told = Told::one(tx, link.change_id, link.part, link.sequence)?;
        Ok(told.filter(|_| is_there).map(|(told, _)| Asked { link, told }))
    })?;
    found.ok_or(Failure::NotFound)
}

/// The page. It changes nothing, whoever or whatever opens it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let asked = read(&app, &token)?;
    Ok(draw(&app, &visitor, &token, &asked, &Form::default(), &[]))
}

fn draw(app: &App, visitor: &Visitor, token: &str, asked: &Asked, form: &Form, faults: &[Fault]) -> Response {
    let reference = &asked.told.reference;
    let say = |title: &str, lede: &str, words: &str| {
        let shell = visitor.shell(app, title, Place::Elsewhere);
        page(&ToldPage { shell, lede: lede.into(), words: vec![words.into()], links: vec![] })
    };
    if asked.link.used_at.is_some() {
        return say(
            &format!("{reference} is acknowledged"),
            "It is acknowledged. You have nothing more to do.",
            "This address is used up. Later news of this work comes by another letter.",
        );
    }
    if asked.told.is_overtaken() {
        return say(
            &format!("{reference} has changed since the letter"),
            "Nothing was acknowledged: what the letter told is not what is planned any more.",
            "A later letter says what is planned now, and has an address of its own.",
        );
    }
    let fields = vec![Field::text(FIELD, "Your own reference", "").hint("So that you are found when somebody rings you about it.").optional()];
    let fields = filled(fields, form, faults);
    let view = FormPage {
        shell: visitor.shell(app, &format!("Acknowledge {reference}"), Place::Elsewhere),
        lede: asked.told.sentence().into(),
        faults: summary(&fields, faults),
        facts: asked.told.facts().into_iter().map(|(label, value)| Fact::new(label, &value)).collect(),
        warning: vec!["Nothing has been acknowledged yet. To acknowledge says that you have received it, and agrees to nothing.".into()],
        form: parts::Form::new(&format!("/n/{token}"), "Acknowledge", fields),
        ..FormPage::default()
    };
    page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view)
}

/// Acknowledges.
pub async fn acknowledge(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[FIELD])?;
    let asked = read(&app, &token)?;
    let typed = form.text(FIELD);
    if asked.link.used_at.is_some() || asked.told.is_overtaken() {
        return Ok(draw(&app, &visitor, &token, &asked, &form, &[]));
    }
    if typed.chars().count() > REFERENCE_CHARACTERS || typed.chars().any(char::is_control) {
        let fault = Fault::of(FIELD, "too-long", format!("Enter one line of {REFERENCE_CHARACTERS} characters at most."));
        return Ok(draw(&app, &visitor, &token, &asked, &form, &[fault]));
    }
    match app.acknowledge_by_link(asked.link.token_hash, typed) {
        Ok(()) => Ok(draw(&app, &visitor, &token, &read(&app, &token)?, &Form::default(), &[])),
        Err(Stop::Stale { .. }) => Err(Failure::conflict("lost-race", "Something happened to it at the same moment. Open the address of the letter again.")),
        Err(stop) => Err(super::change::stopped(stop)),
    }
}
