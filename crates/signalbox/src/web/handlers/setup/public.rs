//! `/setup/public-notices`: the services of which the authority lets the public be told.

use axum::extract::State;
use axum::response::Response;
use signalbox_core::actor::Role;
use signalbox_store::public as store;
use signalbox_store::queries::Named;
use signalbox_store::queries::names;
use signalbox_store::scope::Scope;

use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, FormPage};
use crate::web::problem::Failure;
use crate::web::tell::{done, page};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// `/setup/public-notices`.
pub const PATH: &str = "/setup/public-notices";
/// What it is called on the page of all lists, and what it is for.
pub const LINE: (&str, &str) = ("Public notices", "The services of which the public may be told");

/// Whether this visitor decides of what the public may be told.
///
/// # Errors
/// Who does, for anybody else.
pub fn admit(visitor: &Visitor) -> Result<(), Failure> {
    if visitor.holds(Role::AuthorityManager) || visitor.holds(Role::Administrator) {
        return Ok(());
    }
    Err(Failure::denied("public-role", "The authority’s change manager and administrators decide of which services the public is told."))
}

fn read(app: &App, visitor: &Visitor) -> Result<(Vec<Named>, Vec<Named>), Failure> {
    admit(visitor)?;
    let scope = Scope::of(&visitor.actor()?);
    app.read(|tx| Ok((names::services(tx, &scope)?, store::open_services(tx)?)))
}

/// Every service, with those that are open.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let (all, open) = read(&app, &visitor)?;
    let is_open = |one: &Named| open.iter().any(|known| known.id == one.id);
    let choices = all.iter().map(|one| Choice::new(&one.code, &one.name).chosen(is_open(one))).collect();
    let mut shell = visitor.shell(&app, LINE.0, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into())];
    Ok(page(&FormPage {
        shell,
        lede: "Of these services the public may be told, once the authority publishes a notice of a change. Nothing is published by itself.".into(),
        warning: vec!["A notice whose services are all closed again is no longer shown.".into()],
        form: parts::Form::new(PATH, "Save", vec![Field::checks("services", "Services open to public notices", choices)]),
        ..FormPage::default()
    }))
}

/// Opens those that were chosen and closes the others.
pub async fn save(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let (all, open) = read(&app, &visitor)?;
    form.only(&["services"])?;
    let is_wanted = |one: &Named| form.all("services").any(|code| code == one.code);
    let is_open = |one: &Named| open.iter().any(|known| known.id == one.id);
    let changed: Vec<(i64, bool)> = all.iter().filter(|one| is_wanted(one) != is_open(one)).map(|one| (one.id, is_wanted(one))).collect();
    let (now, by) = (app.clock.now(), Some(visitor.person()?));
    let acts: Vec<_> = changed.iter().map(|_| app.act(by, now)).collect();
    app.write::<_, Failure>(move |tx| {
        let each = changed.iter().zip(&acts);
        each.into_iter().try_for_each(|((service, is_open), act)| store::set_open(tx, act, *service, *is_open))
    })?;
    Ok(done(&app, PATH, "Saved."))
}
