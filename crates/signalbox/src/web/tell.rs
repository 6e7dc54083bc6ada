//! How a failure is told to whoever asked.

use askama::Template;
use axum::http::{Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::csrf;
use super::form::{Form, KEY};
use super::guard::Asked;
use super::layout::{Place, Shell};
use super::next;
use super::pages::errors::{ErrorPage, InvalidPage, Resend, Rule, UnavailablePage};
use super::problem::Failure;
use super::ui;
use crate::app::App;

/// A page, or the fault that its template had.
pub fn page(view: &impl Template) -> Response {
    page_with(StatusCode::OK, view)
}

/// A page with another status than 200.
pub fn page_with(status: StatusCode, view: &impl Template) -> Response {
    match view.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => Failure::bug(&error).into_response(),
    }
}

/// On to another page, which says this once.
pub fn done(app: &App, to: &str, sentence: &str) -> Response {
    let cookie = super::cookies::Cookie::Flash.set(&super::cookies::encode(sentence), &app.config);
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// Gives a bare failure its body. Anything else passes.
pub(super) fn failure(app: &App, asked: &Asked, response: Response) -> Response {
    let Some(failure) = failure_of(&response) else { return response };
    if asked.is_api() {
        return with_allow(failure.to_json(), &response);
    }
    if failure == Failure::SignIn && asked.method == Method::GET {
        return to_sign_in(asked);
    }
    // 412 answers If-Match, which no page sends (settled 18).
    let failure = match failure {
        Failure::Stale { .. } => Failure::conflict("lost-race", "Somebody else saved this at the same moment. Nothing of yours was saved yet."),
        failure => failure,
    };
    let mut told = match show(app, asked, &failure) {
        Ok(html) => (failure.status(), Html(html)).into_response(),
        // The failure is what matters, not that its page could not be drawn.
        Err(_) => (failure.status(), format!("{}. {}\n", failure.title(), failure.detail())).into_response(),
    };
    failure.add_headers(&mut told);
    with_allow(told, &response)
}

/// The failure in an answer; also where the framework itself refused.
fn failure_of(response: &Response) -> Option<Failure> {
    if let Some(failure) = response.extensions().get::<Failure>() {
        return Some(failure.clone());
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_bare = kind.is_empty() || kind.starts_with("text/plain");
    match response.status() {
        status if !is_bare || !(status.is_client_error() || status.is_server_error()) => None,
        StatusCode::NOT_FOUND => Some(Failure::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(Failure::WrongMethod),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Failure::TooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Failure::WrongMedia),
        status if status.is_client_error() => Some(Failure::bad_request("bad-request", "The address can’t be read.")),
        status => Some(Failure::bug(&status)),
    }
}

/// A 405 names what is allowed, whoever wrote its body (RFC 9110, 15.5.6).
fn with_allow(mut told: Response, first: &Response) -> Response {
    if let Some(allow) = first.headers().get(header::ALLOW) {
        told.headers_mut().insert(header::ALLOW, allow.clone());
    }
    told
}

fn to_sign_in(asked: &Asked) -> Response {
    let wanted = asked.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let next: String = form_urlencoded::byte_serialize(next::safe(wanted).as_bytes()).collect();
    Redirect::to(&format!("/sign-in?next={next}")).into_response()
}

fn show(app: &App, asked: &Asked, failure: &Failure) -> Result<String, askama::Error> {
    let shell = asked.visitor.shell(app, failure.title(), Place::Elsewhere);
    match failure {
        Failure::Invalid(faults) => {
            let faults = faults.iter().map(|f| ui::Fault { message: f.detail.clone(), target: String::new() });
            let is_key_used = failure.faults().iter().any(|fault| fault.code == "key-reused");
            let resend = resend(app, asked, is_key_used).unwrap_or(Resend { action: "/".into(), fields: vec![], words: String::new() });
            InvalidPage { shell, heading: failure.title().into(), faults: faults.collect(), resend }.render()
        }
        Failure::Conflict { .. } if asked.form.as_ref().is_some_and(has_words) => {
            let faults = vec![ui::Fault { message: failure.detail(), target: String::new() }];
            let resend = resend(app, asked, true).unwrap_or(Resend { action: "/".into(), fields: vec![], words: String::new() });
            InvalidPage { shell, heading: failure.title().into(), faults, resend }.render()
        }
        Failure::Unavailable { retry_after_seconds } => {
            let retry_after_seconds = u32::try_from(*retry_after_seconds).unwrap_or(u32::MAX);
            UnavailablePage { shell, retry_after_seconds, resend: resend(app, asked, false) }.render()
        }
        _ => error_page(shell, failure).render(),
    }
}

fn error_page(shell: Shell, failure: &Failure) -> ErrorPage {
    let rule = match failure {
        Failure::Denied { rule, detail } => Some(Rule { name: rule.clone(), sentence: detail.clone() }),
        _ => None,
    };
    let sentences = if rule.is_some() { vec![] } else { vec![failure.detail()] };
    let request_id = match failure {
        Failure::Bug { correlation } => correlation.clone(),
        _ => String::new(),
    };
    let onward = match failure {
        Failure::SignIn => vec![ui::Link::new("Sign in", "/sign-in")],
        _ => vec![ui::Link::new("Front page", "/")],
    };
    ErrorPage { heading: failure.title().into(), sentences, rule, onward, request_id, shell }
}

/// Whether somebody typed anything: a form may be a button alone.
fn has_words(form: &Form) -> bool {
    super::typed::raw(form).values().flatten().any(|typed| !typed.trim().is_empty())
}

/// The form as it came, to be sent again. A password is typed again.
///
/// The key stays the same unless it is used up: where a write may have been done before the connection broke, it is
/// what keeps the second one from doing it twice.
fn resend(app: &App, asked: &Asked, is_key_used: bool) -> Option<Resend> {
    let form = asked.form.as_ref().filter(|form| !form.is_empty())?;
    let is_kept = |name: &str| ![csrf::FIELD, KEY].contains(&name) && !name.contains("password");
    let mut fields: Vec<(String, String)> = form.fields().iter().filter(|(name, _)| is_kept(name)).cloned().collect();
    let (token, key) = (form.raw(csrf::FIELD), form.raw(KEY));
    // Without the store a session's secret is out of reach: then the token that came goes back as it was.
    let is_ours = asked.visitor.is_known() || asked.visitor.is_token_ours(token);
    fields.push((csrf::FIELD.into(), if is_ours { asked.visitor.form_token() } else { token.to_owned() }));
    fields.push((KEY.into(), if key.is_empty() || is_key_used { app.ids.token().to_hex() } else { key.to_owned() }));
    Some(Resend { action: asked.uri.path().to_owned(), fields, words: "Send it again".into() })
}
