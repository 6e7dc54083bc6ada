//! `/sign-in`, `/sign-out`, `/sign-out-everywhere`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use signalbox_store::accounts as store;

use super::{filled, summary};
use crate::accounts::{self, Entry};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::web::cookies::Cookie;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::next;
use crate::web::parts::{self, FormPage, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::Field;
use crate::web::visitor::{Door, Visitor};

/// The form.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Response {
    if visitor.is_known() {
        return Redirect::to(next::safe(query.raw("next"))).into_response();
    }
    sign_in_page(&app, &visitor, &query, &[])
}

fn sign_in_page(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Response {
    let fields = vec![
        Field::input("email", "email", "Work e-mail", "").autocomplete("username"),
        Field::input("password", "password", "Password", "").autocomplete("current-password"),
    ];
    let fields = filled(fields, form, faults);
    let summary = summary(&fields, faults);
    let entry = parts::Form::new("/sign-in", "Sign in", fields).hide("next", next::safe(form.raw("next")));
    let side = Section::new("new", "No account yet?")
        .words("Members of the Service Management group see the forward schedule and the reports.")
        .link("Ask to join", "/join")
        .link("Tell us of a planned outage without an account", "/outages/tell")
        .link("Set a new password", "/password");
    let side = if app.config.is_demo { side.link("Be somebody of the demonstration", "/demo") } else { side };
    let shell = visitor.shell(app, "Sign in", Place::Elsewhere);
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &FormPage { shell, faults: summary, form: entry, side: vec![side], ..FormPage::default() })
}

/// Checks, and opens a session.
pub async fn enter(State(app): State<Shared>, visitor: Visitor, headers: HeaderMap, form: Form) -> Result<Response, Failure> {
    form.only(&["email", "password"])?;
    let mut faults = Vec::new();
    if form.text("email").is_empty() {
        faults.push(Fault::of("email", "missing", "Enter your work e-mail."));
    }
    if form.raw("password").is_empty() {
        faults.push(Fault::of("password", "missing", "Enter your password."));
    }
    if !faults.is_empty() {
        return Ok(sign_in_page(&app, &visitor, &form, &faults));
    }
    let entry = Entry {
        email: form.text("email"),
        password: form.raw("password"),
        address: visitor.address(),
        user_agent: user_agent(&headers),
        replaces: Cookie::Session.read_token(&headers, &app.config).map(Token::hash),
    };
    match accounts::sign_in(&app, entry).await {
        Ok(token) => Ok(let_in(&app, token, next::safe(form.raw("next")))),
        Err(Failure::Invalid(faults)) => Ok(sign_in_page(&app, &visitor, &form, &faults)),
        Err(failure) => Err(failure),
    }
}

/// What the browser calls itself.
pub(super) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("")
}

/// On to a page with a new session. The stranger's form secret is of no more use.
pub(super) fn let_in(app: &App, token: Token, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, Cookie::Session.set(&token.to_hex(), &app.config));
    headers.append(header::SET_COOKIE, Cookie::Guest.clear(&app.config));
    response
}

/// Ends this session.
pub async fn leave(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    if let Door::Session(hash) = visitor.door() {
        app.write::<_, Failure>(move |tx| store::end_session(tx, &hash))?;
    }
    Ok(let_out(&app, "You have signed out."))
}

/// Ends every session of this person.
pub async fn leave_everywhere(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let person = visitor.person()?;
    let act = app.act(Some(person), app.clock.now());
    let ended = app.write::<_, Failure>(move |tx| store::sign_out_everywhere(tx, &act, person.0))?;
    let words = match ended {
        1 => "You have signed out. This was the only session.".to_owned(),
        n => format!("You have signed out of {n} sessions."),
    };
    Ok(let_out(&app, &words))
}

/// To the sign-in page, with nothing of this person left in the browser (S29).
fn let_out(app: &App, words: &str) -> Response {
    let mut response = done(app, "/sign-in", words);
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, Cookie::Session.clear(&app.config));
    // Not "cookies": that would take the sentence with it.
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    response
}
