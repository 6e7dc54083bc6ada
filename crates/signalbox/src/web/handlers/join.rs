//! `/join`: ask to join the Service Management group, and prove the address (spec 13).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_store::accounts::{self as store, LinkPurpose, NewRegistration, RegistrationState};

use super::{filled, summary};
use crate::accounts;
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, FormPage, Section, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Field, Link};
use crate::web::visitor::Visitor;

/// The form.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Response {
    draw(&app, &visitor, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Response {
    let fields = vec![
        Field::text("name", "Your name", "").autocomplete("name"),
        Field::input("email", "email", "Work e-mail", "").hint("We tell your organisation from it, and send you a link to confirm it.").autocomplete("email"),
        Field::text("job", "What you do", "").optional().autocomplete("organization-title"),
        Field::textarea("reason", "Why do you need access?", "").hint("One line will do.").rows(2),
    ];
    let fields = filled(fields, form, faults);
    let steps = Section::new("next", "What happens next")
        .words("You confirm your address. The link lasts 2 hours.")
        .words("The coordinator of your organisation agrees, then the authority.")
        .words("You set a password, and you are in.");
    let view = FormPage {
        shell: visitor.shell(app, "Join the Service Management group", Place::Elsewhere),
        lede: "Members see the forward schedule of change, the success and failure report and the report on changes \
               raised by trusts."
            .into(),
        faults: summary(&fields, faults),
        form: parts::Form::new("/join", "Ask to join", fields),
        side: vec![steps],
        ..FormPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &view)
}

fn check(form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut want = |field: &str, most: usize, missing: &str| {
        let length = form.text(field).chars().count();
        if length == 0 && !missing.is_empty() {
            faults.push(Fault::of(field, "missing", missing));
        } else if length > most {
            faults.push(Fault::of(field, "too-long", format!("Use {most} characters at most.")));
        }
    };
    want("name", 100, "Enter your name.");
    want("email", 254, "Enter your work e-mail.");
    want("job", 100, "");
    want("reason", 500, "Say in a line why you need access.");
    let email = form.text("email");
    if !email.is_empty() && email.len() <= 254 && !store::is_email(&store::normal_email(email)) {
        faults.push(Fault::of("email", "invalid", "Enter an address such as name@example.org."));
    }
    faults
}

/// Takes the request and mails the link. The answer is the same whoever asks (S57).
pub async fn ask(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["name", "email", "job", "reason"])?;
    let faults = check(&form);
    if !faults.is_empty() {
        return Ok(draw(&app, &visitor, &form, &faults));
    }
    accounts::may_mail(&app, "join", form.text("email"), visitor.address())?;
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let new = NewRegistration {
        id: ids.mint(now),
        email: form.text("email").into(),
        name: form.text("name").into(),
        job: form.text("job").into(),
        reason: form.text("reason").into(),
    };
    app.attempt(move |tx| {
        let found = match store::ask_to_join(tx, &new, now)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        if found.state == RegistrationState::Asked {
            Letter::ConfirmAddress { registration: found.id }.ask(tx, &ids, now)?;
        }
        Ok(Ok(()))
    })?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "Look at your mail", Place::Elsewhere),
        lede: "We have sent a link to the address that you gave. Open it within 2 hours.".into(),
        words: vec!["Nobody sees your request before that.".into()],
        links: vec![],
    }))
}

/// The page behind the link: a button, since mail scanners open links (S42).
pub async fn show_confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let hash = Token::from_hex(&token).map(Token::hash);
    let now = app.clock.now();
    let link = match hash {
        Some(hash) => app.read::<_, Failure>(|tx| store::link(tx, &hash, LinkPurpose::ConfirmEmail, now))?,
        None => None,
    };
    if link.is_none() {
        return Ok(dead_page(&app, &visitor));
    }
    Ok(page(&FormPage {
        shell: visitor.shell(&app, "Confirm your address", Place::Elsewhere),
        lede: "You asked to join the Service Management group with this address.".into(),
        form: parts::Form::new(&format!("/join/confirm/{token}"), "Yes, it is mine", vec![]),
        ..FormPage::default()
    }))
}

fn dead_page(app: &App, visitor: &Visitor) -> Response {
    let view = ToldPage {
        shell: visitor.shell(app, "This link no longer works", Place::Elsewhere),
        lede: "It has been used, or its 2 hours are over.".into(),
        words: vec![],
        links: vec![Link::new("Ask to join", "/join")],
    };
    page_with(StatusCode::NOT_FOUND, &view)
}

/// The address is proved: whoever decides is told.
pub async fn confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let Some(hash) = Token::from_hex(&token).map(Token::hash) else { return Ok(dead_page(&app, &visitor)) };
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let confirmed = app.attempt(move |tx| {
        // A second click finds the link used, and tells nobody again.
        let is_first = store::link(tx, &hash, LinkPurpose::ConfirmEmail, now)?.is_some();
        let found = match store::confirm_address(tx, &hash, now)? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        if is_first {
            Letter::RegistrationWaits { registration: found.id }.ask(tx, &ids, now)?;
        }
        Ok(Ok(()))
    });
    match confirmed {
        Ok(()) => Ok(page(&ToldPage {
            shell: visitor.shell(&app, "Your registration is waiting", Place::Elsewhere),
            lede: "Your address is confirmed. Your organisation’s coordinator decides next, then the authority.".into(),
            words: vec!["You get a letter when they have. Usually that takes a working day.".into()],
            links: vec![Link::new("How it works", "/process")],
        })),
        Err(Failure::NotFound) => Ok(dead_page(&app, &visitor)),
        Err(failure) => Err(failure),
    }
}
