//! What stands before every page and the API: is it our host, who asks, is the form ours; and behind them: the
//! answer's headers, its cookies, and how a failure is told.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use signalbox_store::accounts::{self, ActorRow, TokenHash};
use signalbox_store::{StoreError, Tx, directory, rota};

use super::cookies::{self, Cookie};
use super::form::Form;
use super::problem::{Failure, Fault};
use super::visitor::{Door, Visitor};
use super::{csrf, headers, tell};
use crate::app::{App, Shared};
use crate::clock::Token;

/// The most that a form or a JSON body may hold (S93).
pub const BODY_BYTES: usize = 1 << 20;

/// The most that a form with a file may hold, from somebody who has signed in.
pub const UPLOAD_BYTES: usize = (10 << 20) + (64 << 10);

/// A body that takes longer is given up (S93).
const BODY_TIME: Duration = Duration::from_secs(30);

/// A session that nobody used for this long has ended.
pub const SESSION_IDLE: SignedDuration = SignedDuration::from_hours(12);

/// The mark of our bearer tokens, by which a scanner finds one that was left in a file.
pub const BEARER_MARK: &str = "sb_";

/// What a failure's page needs to know of the request that failed.
pub(super) struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub form: Option<Form>,
    pub visitor: Visitor,
}

impl Asked {
    /// Whether a program asks, which reads JSON.
    pub fn is_api(&self) -> bool {
        self.uri.path().starts_with("/api/")
    }
}

/// Lets a request through, or tells why not.
pub async fn stand(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let visitor = Visitor::stranger(address(&request, &app), secret(request.headers(), &app), app.ids.clone());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut asked = Asked { method, uri, form: None, visitor };
    let mut response = match admit(&app, request, &mut asked).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    response = tell::failure(&app, &asked, response);
    bake(&app, &asked.visitor, response.headers_mut());
    headers::secure(response.headers_mut(), app.config.base.is_secure());
    response
}

async fn admit(app: &App, request: Request, asked: &mut Asked) -> Result<Request, Failure> {
    check_host(&request, app)?;
    check_address(&asked.uri)?;
    let flash = Cookie::Flash.read(request.headers(), &app.config).and_then(|text| cookies::decode(&text));
    asked.visitor = match recognise(app, request.headers(), asked.visitor.clone()) {
        Ok(visitor) => visitor.with_flash(flash),
        Err(failure) => {
            if matches!(failure, Failure::Unavailable { .. }) {
                asked.form = form_to_keep(app, request, asked).await;
            }
            return Err(failure);
        }
    };
    // What was adopted meanwhile, here or on another node, is in force for this request.
    if !is_apart_from_the_process(request.uri().path()) {
        app.read::<_, Failure>(|tx| app.documents.renew(tx, app.clock.now()))?;
    }
    let (mut parts, body) = request.into_parts();
    let mut body = body;
    if !parts.method.is_safe() {
        let bytes = read_body(&parts.headers, body, asked.visitor.is_known()).await?;
        let form = read_form(&parts.headers, &bytes).await;
        if asked.visitor.door() != Door::Bearer {
            // The API takes no cookie, so there is nothing there to forge.
            if asked.is_api() {
                return Err(Failure::SignIn);
            }
            // A token travels only where a program puts it; a cookie travels by itself.
            let given = form.as_ref().map_or("", |form| form.raw(csrf::FIELD));
            let given = parts.headers.get(csrf::HEADER).and_then(|value| value.to_str().ok()).unwrap_or(given);
            let is_form_of_ours = csrf::is_same_origin(&parts.headers, &app.config) && asked.visitor.is_token_ours(given);
            if !is_form_of_ours && !is_its_own_proof(parts.uri.path()) {
                return Err(Failure::Forged);
            }
        }
        asked.form = form.as_ref().ok().cloned();
        if let Some(form) = asked.form.clone() {
            parts.extensions.insert(form);
        } else if !asked.is_api() {
            form?;
        }
        body = Body::from(bytes);
    }
    parts.extensions.insert(asked.visitor.clone());
    Ok(Request::from_parts(parts, body))
}

/// What was typed into a page of ours, where not even who typed it can be looked up: the page that says so keeps it.
/// Its token is checked when it is sent again.
async fn form_to_keep(app: &App, request: Request, asked: &Asked) -> Option<Form> {
    if asked.method.is_safe() || asked.is_api() || !csrf::is_same_origin(request.headers(), &app.config) {
        return None;
    }
    let (parts, body) = request.into_parts();
    let bytes = read_body(&parts.headers, body, false).await.ok()?;
    read_form(&parts.headers, &bytes).await.ok()
}

/// Only the host that we were named, and one of it (S54). Links never come from it in any case.
fn check_host(request: &Request, app: &App) -> Result<(), Failure> {
    let mut named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or("?"));
    let (host, second) = (named.next(), named.next());
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if second.is_some() {
        return Err(Failure::bad_request("host", "The request names two hosts."));
    }
    // A load balancer asks by number.
    let is_checked = app.config.is_base_named && request.uri().path() != "/healthz";
    let mut hosts = host.iter().copied().chain(authority).peekable();
    if is_checked && (hosts.peek().is_none() || !hosts.all(|host| app.config.base.is_host(host))) {
        return Err(Failure::Misdirected);
    }
    Ok(())
}

/// A null character can't be part of a name of ours, and PostgreSQL would choke on it.
fn check_address(uri: &Uri) -> Result<(), Failure> {
    if uri.path().contains("%00") { Err(Failure::NotFound) } else { Ok(()) }
}

/// Files and signs of life are answered whatever becomes of the database.
fn is_apart_from_the_process(path: &str) -> bool {
    path.starts_with("/assets/") || matches!(path, "/healthz" | "/status" | "/status/site")
}

/// The way out of a letter: a mail program presses it without a page of ours (RFC 8058). The address holds a secret that only
/// the letter's reader has, no cookie counts there, and all that it does is to send them no more.
fn is_its_own_proof(path: &str) -> bool {
    path.starts_with("/status/leave/")
}

/// Who asks, read anew each time, so that whoever was shut out is out at once (S56).
fn recognise(app: &App, headers: &HeaderMap, stranger: Visitor) -> Result<Visitor, Failure> {
    let now = app.clock.now();
    if let Some(line) = headers.get(header::AUTHORIZATION) {
        let hash = bearer(line.to_str().unwrap_or("")).ok_or(Failure::SignIn)?;
        let known = app.read::<_, Failure>(|tx| {
            let Some(token) = accounts::token(tx, &hash, now)? else { return Ok(None) };
            Ok(who(tx, token.person_id, now)?.map(|who| (token, who)))
        })?;
        let (token, (who, org_name)) = known.ok_or(Failure::SignIn)?;
        if is_worth_noting(token.last_used_at, now) {
            note(app.write(move |tx| accounts::note_token_used(tx, token.id, now)));
        }
        return Ok(stranger.known(Door::Bearer, who, &org_name, None));
    }
    let Some(hash) = Cookie::Session.read_token(headers, &app.config).map(Token::hash) else { return Ok(stranger) };
    let known = app.read::<_, Failure>(|tx| {
        let Some(session) = accounts::session(tx, &hash, now, now - SESSION_IDLE)? else { return Ok(None) };
        Ok(who(tx, session.person_id, now)?.map(|who| (session, who)))
    })?;
    let Some((session, (who, org_name))) = known else { return Ok(stranger) };
    if is_worth_noting(Some(session.last_used_at), now) {
        note(app.write(move |tx| accounts::note_session_used(tx, &hash, now)));
    }
    let secret = session.csrf_secret.try_into().ok().map(Token);
    Ok(stranger.known(Door::Session(hash), who, &org_name, secret))
}

type Known = (ActorRow, String);

/// The person with their memberships, and the name of the organisation that stands beside theirs.
fn who(tx: &mut dyn Tx, person_id: i64, now: Timestamp) -> Result<Option<Known>, StoreError> {
    let Some(who) = rota::actor_at(tx, person_id, now)? else { return Ok(None) };
    let org = who.memberships.first().map(|m| m.org_id);
    let org = org.map(|id| directory::organisation(tx, id)).transpose()?.flatten();
    Ok(Some((who, org.map(|org| org.name).unwrap_or_default())))
}

fn bearer(line: &str) -> Option<TokenHash> {
    let token = line.strip_prefix("Bearer ")?.trim();
    Token::from_hex(token.strip_prefix(BEARER_MARK)?).map(Token::hash)
}

fn is_worth_noting(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last) >= SignedDuration::from_mins(1))
}

/// A page may be read while the store can't be written; then the note is lost, and nothing else.
fn note(noted: Result<(), Failure>) {
    if let Err(failure) = noted {
        tracing::debug!(code = failure.code(), "the use of a session was not noted");
    }
}

async fn read_body(headers: &HeaderMap, body: Body, is_known: bool) -> Result<Bytes, Failure> {
    let limit = if is_known && media(headers) == "multipart/form-data" { UPLOAD_BYTES } else { BODY_BYTES };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()).and_then(|n| n.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > limit as u64) {
        return Err(Failure::TooLarge);
    }
    match tokio::time::timeout(BODY_TIME, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_over_limit(&error) => Err(Failure::TooLarge),
        Ok(Err(_)) => Err(Failure::bad_request("body", "The body broke off.")),
        Err(_) => Err(Failure::TooSlow),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    use std::error::Error;
    error.source().is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>())
}

fn media(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    text.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The fields of a form. Of one with files only its plain fields; the page reads the files itself.
async fn read_form(headers: &HeaderMap, bytes: &Bytes) -> Result<Form, Failure> {
    match media(headers).as_str() {
        "application/x-www-form-urlencoded" => Form::parse(bytes),
        "multipart/form-data" => read_multipart(headers, bytes.clone()).await,
        "" if bytes.is_empty() => Ok(Form::default()),
        _ => Err(Failure::WrongMedia),
    }
}

async fn read_multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Form, Failure> {
    let broken = || Failure::bad_request("body", "The form can’t be read.");
    let mut request = Request::new(Body::from(bytes));
    *request.headers_mut() = headers.clone();
    // The body was measured when it was read; axum's own limit of 2 MB would cut a document short.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or("").to_owned();
        if part.file_name().is_none() {
            fields.push((name, part.text().await.map_err(|_| broken())?));
        }
        if fields.len() > 500 {
            return Err(Failure::TooLarge);
        }
    }
    if let Some((name, _)) = fields.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        let detail = "This contains a character that can’t be stored.";
        return Err(Failure::invalid(Fault::of(name, "null-character", detail)));
    }
    Ok(Form::of(fields))
}

/// Where the request came from: the connection, or what our own proxy says.
fn address(request: &Request, app: &App) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())?;
    if app.config.proxy != Some(peer) {
        return Some(peer);
    }
    // The last entry is the one that our proxy wrote; those before it came with the request.
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let last = request.headers().get_all(forwarded).iter().next_back().and_then(|line| line.to_str().ok());
    last.and_then(|line| line.rsplit(',').next()?.trim().parse().ok()).or(Some(peer))
}

fn secret(headers: &HeaderMap, app: &App) -> Token {
    Cookie::Guest.read_token(headers, &app.config).unwrap_or_else(|| app.ids.token())
}

/// The cookies that go back: a stranger's form secret with the first form, and the shown sentence away.
fn bake(app: &App, visitor: &Visitor, headers: &mut HeaderMap) {
    if let Some(secret) = visitor.secret_to_keep() {
        headers.append(header::SET_COOKIE, Cookie::Guest.set(&secret.to_hex(), &app.config));
    }
    if visitor.is_flash_shown() {
        headers.append(header::SET_COOKIE, Cookie::Flash.clear(&app.config));
    }
}
