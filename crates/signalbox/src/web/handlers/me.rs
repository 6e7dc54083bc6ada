//! `/me`: my details, my sessions, my tokens for programs.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use signalbox_store::accounts::{self as store, ApiToken};

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::guard::BEARER_MARK;
use crate::web::layout::Place;
use crate::web::pages::me::{MePage, TokenRow};
use crate::web::parts::{self, Cell, Fact, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::{Visitor, moment};

/// How long a token may live, in days.
const LIVES: [(&str, i64, &str); 3] = [("30", 30, "30 days"), ("90", 90, "90 days"), ("365", 365, "A year")];

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw(&app, &visitor, &Form::default(), &[], None)
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault], new_token: Option<String>) -> Result<Response, Failure> {
    let (me, now) = (visitor.row()?, app.clock.now());
    let (tokens, sessions) = app.read::<_, Failure>(|tx| Ok((store::tokens(tx, me.person.id)?, store::count_sessions(tx, me.person.id, now)?)))?;
    let memberships = me.memberships.iter().map(|m| {
        let service = m.service_code.clone().unwrap_or_else(|| "All".into());
        Row::new(Cell::text(m.role.words()), vec![Cell::text(&m.org_code), Cell::text(&service)])
    });
    let choices = LIVES.iter().map(|(value, days, label)| Choice::new(value, label).chosen(*days == 90)).collect();
    let fields =
        vec![Field::text("name", "What is it for?", "").hint("Such as: monitoring, or the nightly report."), Field::radios("days", "It works for", choices)];
    let fields = filled(fields, form, faults);
    let view = MePage {
        shell: visitor.shell(app, "My details", Place::Elsewhere),
        lede: format!("You are signed in as {}.", me.person.name),
        faults: summary(&fields, faults),
        details: vec![
            Fact::new("Name", &me.person.name),
            Fact::new("Work e-mail", &me.person.email),
            Fact::new("Telephone", &me.person.phone),
            Fact::new("Job", &me.person.job),
        ],
        memberships: Table::new("Memberships and roles", &["Role", "Organisation", "Service"], memberships.collect()),
        new_token,
        tokens: tokens.iter().filter(|token| token.revoked_at.is_none()).map(|token| token_row(token, now)).collect(),
        make_token: parts::Form::new("/me/tokens", "Make a token", fields),
        sign_out: parts::Form::new("/sign-out", "Sign out", vec![]),
        sign_out_everywhere: parts::Form::new("/sign-out-everywhere", "Sign out everywhere", vec![]).quiet(),
        sessions: match sessions {
            1 => "In this browser only.".into(),
            n => format!("In {n} browsers."),
        },
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

fn token_row(token: &ApiToken, now: Timestamp) -> TokenRow {
    let used = token.last_used_at.map_or("not used yet".to_owned(), |at| format!("last used {}", moment(at)));
    let until = match token.expires_at {
        Some(at) if at <= now => format!("ended {}", moment(at)),
        Some(at) => format!("until {}", moment(at)),
        None => "without an end".into(),
    };
    TokenRow {
        name: token.name.clone(),
        words: format!("Made {}, {used}, {until}.", moment(token.created_at)),
        revoke: parts::Form::new(&format!("/me/tokens/{}/revoke", token.id), &format!("Revoke {}", token.name), vec![]).quiet(),
    }
}

/// Makes a token and shows it, once.
pub async fn make_token(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["name", "days"])?;
    let person = visitor.person()?;
    let life = LIVES.iter().find(|(value, ..)| *value == form.raw("days")).map(|(_, days, _)| *days);
    let mut faults = Vec::new();
    if form.text("name").is_empty() || form.text("name").chars().count() > 100 {
        faults.push(Fault::of("name", "missing", "Say what the token is for, in 100 characters at most."));
    }
    let Some(days) = life.filter(|_| faults.is_empty()) else {
        if life.is_none() {
            faults.push(Fault::of("days", "invalid", "Choose how long it works."));
        }
        return draw(&app, &visitor, &form, &faults, None);
    };
    let secret = issue(&app, person.0, form.text("name"), Some(SignedDuration::from_hours(24 * days)))?;
    draw(&app, &visitor, &Form::default(), &[], Some(secret))
}

/// A fresh bearer token of a person, as they will send it. Only its hash stays here.
pub fn issue(app: &App, person: i64, name: &str, life: Option<SignedDuration>) -> Result<String, Failure> {
    let (now, secret) = (app.clock.now(), app.ids.token());
    let act = app.act(Some(signalbox_core::ids::PersonId(person)), now);
    let token = ApiToken {
        id: app.ids.mint(now),
        person_id: person,
        name: name.to_owned(),
        created_at: now,
        last_used_at: None,
        expires_at: life.map(|life| now + life),
        revoked_at: None,
    };
    app.attempt(move |tx| store::issue_token(tx, &act, &token, &secret.hash()))?;
    Ok(format!("{BEARER_MARK}{}", secret.to_hex()))
}

/// Takes one back.
pub async fn revoke_token(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let (person, token) = (visitor.person()?, super::id(&token)?);
    let act = app.act(Some(person), app.clock.now());
    // Another's token is not there (S28).
    app.attempt(move |tx| store::revoke_token(tx, &act, person.0, token)).map_err(|_| Failure::NotFound)?;
    Ok(done(&app, "/me", "The token is revoked. Whatever used it is shut out now."))
}
