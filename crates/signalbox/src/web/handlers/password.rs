//! `/password`: ask for a link. `/password/{token}`: set a password with it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use signalbox_core::ids::PersonId;
use signalbox_store::accounts::{self as store, LinkPurpose};
use signalbox_store::directory::Refused;

use super::session::{let_in, user_agent};
use super::{filled, summary};
use crate::accounts::letters::Letter;
use crate::accounts::{self, PASSWORD_CHARACTERS_MIN};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, FormPage, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Field, Link};
use crate::web::visitor::Visitor;

/// Who has forgotten theirs?
pub async fn ask(State(app): State<Shared>, visitor: Visitor) -> Response {
    ask_page(&app, &visitor, &Form::default(), &[])
}

fn ask_page(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Response {
    let email = Field::input("email", "email", "Work e-mail", "").autocomplete("username");
    let fields = filled(vec![email], form, faults);
    let view = FormPage {
        shell: visitor.shell(app, "Set a new password", Place::Elsewhere),
        lede: "We send a link to your address.".into(),
        faults: summary(&fields, faults),
        form: parts::Form::new("/password", "Send the link", fields),
        ..FormPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &view)
}

/// Sends the link if the address is known, and says the same if it is not (S57).
pub async fn send(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["email"])?;
    let email = form.text("email").to_owned();
    if !store::is_email(&store::normal_email(&email)) {
        let fault = Fault::of("email", "invalid", "Enter an address such as name@example.org.");
        return Ok(ask_page(&app, &visitor, &form, &[fault]));
    }
    accounts::may_mail(&app, "password", &email, visitor.address())?;
    let (ids, now) = (app.ids.clone(), app.clock.now());
    app.write::<_, Failure>(move |tx| {
        let Some(known) = store::credentials(tx, &email)? else { return Ok(()) };
        Letter::ResetPassword { person: known.person_id }.ask(tx, &ids, now)
    })?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "Look at your mail", Place::Elsewhere),
        lede: "If we know this address, a link is on its way. It works once, for an hour.".into(),
        words: vec!["Nothing came? Look among the unwanted mail, then ring the change team.".into()],
        links: vec![Link::new("Sign in", "/sign-in")],
    }))
}

/// The form behind the link. Opening it uses nothing up: mail scanners open links (S42).
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let hash = live(&app, &token)?;
    match hash {
        Some(_) => Ok(set_page(&app, &visitor, &token, &[])),
        None => Ok(dead_page(&app, &visitor)),
    }
}

fn live(app: &App, token: &str) -> Result<Option<[u8; 32]>, Failure> {
    let Some(hash) = Token::from_hex(token).map(Token::hash) else { return Ok(None) };
    let now = app.clock.now();
    let link = app.read::<_, Failure>(|tx| store::link(tx, &hash, LinkPurpose::SetPassword, now))?;
    Ok(link.map(|_| hash))
}

fn set_page(app: &App, visitor: &Visitor, token: &str, faults: &[Fault]) -> Response {
    let hint = format!("At least {PASSWORD_CHARACTERS_MIN} characters. Three or four words that don’t belong together will do.");
    let fields = vec![
        Field::input("password", "password", "New password", "").hint(&hint).autocomplete("new-password"),
        Field::input("password", "password-again", "The same again", "").autocomplete("new-password"),
    ];
    let fields = filled(fields, &Form::default(), faults);
    let view = FormPage {
        shell: visitor.shell(app, "Set your password", Place::Elsewhere),
        lede: "Every other session of yours ends.".into(),
        faults: summary(&fields, faults),
        form: parts::Form::new(&format!("/password/{token}"), "Set password and sign in", fields),
        ..FormPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &view)
}

fn dead_page(app: &App, visitor: &Visitor) -> Response {
    let view = ToldPage {
        shell: visitor.shell(app, "This link no longer works", Place::Elsewhere),
        lede: "It has been used, or its time is over.".into(),
        words: vec![],
        links: vec![Link::new("Get a new one", "/password")],
    };
    page_with(StatusCode::NOT_FOUND, &view)
}

/// Uses the link, sets the password, signs in.
pub async fn set(State(app): State<Shared>, visitor: Visitor, headers: HeaderMap, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["password", "password-again"])?;
    let Some(link) = live(&app, &token)? else { return Ok(dead_page(&app, &visitor)) };
    if form.raw("password") != form.raw("password-again") {
        let fault = Fault::of("password-again", "differs", "The two are not the same.");
        return Ok(set_page(&app, &visitor, &token, &[fault]));
    }
    let hash = {
        let _turn = app.passwords.turn().await;
        app.passwords.hash(form.raw("password"), app.ids.token())
    };
    let hash = match hash {
        Ok(hash) => hash,
        Err(Failure::Invalid(faults)) => return Ok(set_page(&app, &visitor, &token, &faults)),
        Err(failure) => return Err(failure),
    };
    let now = app.clock.now();
    let act = app.act(None, now);
    let person = app.attempt(move |tx| {
        let link = match store::use_link(tx, &link, LinkPurpose::SetPassword, now)? {
            Ok(link) => link,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(person) = link.person_id else { return Ok(Err(Refused::DeadLink)) };
        let act = signalbox_store::directory::Act { by: Some(person), ..act };
        Ok(store::set_password(tx, &act, person, &hash)?.map(|()| person))
    });
    match person {
        Ok(person) => {
            let session = accounts::open_session(&app, PersonId(person), user_agent(&headers), None)?;
            Ok(let_in(&app, session, "/"))
        }
        // Two tabs with the same link: the other one was faster.
        Err(Failure::NotFound) => Ok(dead_page(&app, &visitor)),
        Err(failure) => Err(failure),
    }
}
