//! `/demo`: one click to be somebody, in the demonstration and nowhere else (settled 26).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use signalbox_core::ids::PersonId;
use signalbox_store::accounts as store;

use super::session::{let_in, user_agent};
use crate::accounts;
use crate::app::Shared;
use crate::clock::Token;
use crate::demo;
use crate::web::cookies::Cookie;
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::pages::session::{DemoOrganisation, DemoPage, DemoPerson};
use crate::web::parts::{self, Fact, Section};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::visitor::Visitor;

/// Everybody of the demonstration, by organisation.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    if !app.config.is_demo {
        return Err(Failure::NotFound);
    }
    let mut organisations: Vec<DemoOrganisation> = vec![];
    for person in demo::people() {
        if organisations.last().is_none_or(|org| org.name != person.organisation) {
            let id = format!("org-{}", organisations.len() + 1);
            organisations.push(DemoOrganisation { id, name: person.organisation.to_owned(), people: vec![] });
        }
        let form = parts::Form::new("/demo", &format!("Be {}", person.name), vec![]).hide("person", person.email).quiet();
        let entry = DemoPerson { name: person.name.to_owned(), words: capital(person.does) + ".", form };
        if let Some(organisation) = organisations.last_mut() {
            organisation.people.push(entry);
        }
    }
    let lede = "Choose somebody, and see the same work through their eyes. Everything here is invented, and goes when the program ends.".to_owned();
    let shell = visitor.shell(&app, "Who do you want to be?", Place::Elsewhere);
    let tour = demo::TOUR.iter().map(|(who, what)| Fact::new(&format!("As {who}"), what)).collect();
    let tour = Section::new("tour", "Where to look first").facts(tour);
    Ok(page(&DemoPage { shell, lede, tour, organisations }))
}

/// Signs in as one of them.
pub async fn enter(State(app): State<Shared>, headers: HeaderMap, form: Form) -> Result<Response, Failure> {
    if !app.config.is_demo {
        return Err(Failure::NotFound);
    }
    form.only(&["person"])?;
    if !demo::people().iter().any(|person| person.email == form.raw("person")) {
        return Err(Failure::NotFound);
    }
    let email = form.raw("person").to_owned();
    let found = app.read::<_, Failure>(|tx| store::person_by_email(tx, &email))?.ok_or(Failure::NotFound)?;
    let replaces = Cookie::Session.read_token(&headers, &app.config).map(Token::hash);
    let token = accounts::open_session(&app, PersonId(found.id), user_agent(&headers), replaces)?;
    Ok(let_in(&app, token, "/").into_response())
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
