//! Public notices by mail: an address asks, a letter proves that it is theirs, and each letter after that has the way out.
//! No answer tells whether an address is known (S57).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;
use signalbox_store::accounts as people;
use signalbox_store::public::{self as store, Subscriber};
use signalbox_store::queries::{Named, names};

use crate::accounts;
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::web::form::Form;
use crate::web::handlers::{filled, summary};
use crate::web::layout::Place;
use crate::web::parts::{self, FormPage, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::Visitor;
use crate::worker::public::who_leaves;

/// How long a link that confirms lasts.
pub const CONFIRM_LIFE: SignedDuration = SignedDuration::from_hours(48);

struct Known {
    services: Vec<Named>,
    /// A stranger reads the names of those sites only whose night is open to everybody.
    sites: Vec<Named>,
}

fn known(app: &App) -> Result<Known, Failure> {
    app.read(|tx| Ok(Known { services: store::open_services(tx)?, sites: names::open_sites(tx)? }))
}

/// The form.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw(&app, &visitor, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let known = known(app)?;
    let choices = |all: &str, named: &[Named]| -> Vec<Choice> {
        [vec![Choice::new("", all)], named.iter().map(|one| Choice::new(&one.code, &one.name)).collect()].concat()
    };
    let fields = vec![
        Field::input("email", "email", "Your e-mail", "")
            .hint("A letter with a link goes there first, so that nobody signs you up in your name.")
            .autocomplete("email"),
        Field::select("service", "Which service?", choices("Every service", &known.services)),
        Field::select("site", "Where?", choices("Everywhere", &known.sites)),
    ];
    let fields = filled(fields, form, faults);
    let mut shell = visitor.shell(app, "Public notices by mail", Place::Elsewhere);
    shell.crumbs = vec![("Status of services".into(), "/status".into())];
    let view = FormPage {
        shell,
        lede: "You get each notice, its updates, and a reminder a day and an hour before the work starts.".into(),
        faults: summary(&fields, faults),
        form: parts::Form::new("/status/subscribe", "Send me the link", fields),
        ..FormPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// Takes the wish and mails the link. The answer is the same whoever asks.
pub async fn ask(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["email", "service", "site"])?;
    let known = known(&app)?;
    let email = form.text("email").trim().to_owned();
    let mut faults = vec![];
    if email.len() > 254 || !people::is_email(&people::normal_email(&email)) {
        faults.push(Fault::of("email", "invalid", "Enter an address such as name@example.org."));
    }
    let mut chosen = |field: &'static str, all: &[Named]| match form.text(field) {
        "" => None,
        code => {
            let found = all.iter().find(|one| one.code == code).map(|one| one.id);
            if found.is_none() {
                faults.push(Fault::of(field, "unknown-choice", "Choose one of the list."));
            }
            found
        }
    };
    let (service, site) = (chosen("service", &known.services), chosen("site", &known.sites));
    if !faults.is_empty() {
        return draw(&app, &visitor, &form, &faults);
    }
    accounts::may_mail(&app, "public-notices", &email, visitor.address())?;
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let id = ids.mint(now);
    app.write::<_, Failure>(move |tx| {
        let subscriber = store::ask(tx, id, &email, service, site, now)?;
        Letter::ConfirmFollower { subscriber }.ask(tx, &ids, now)
    })?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "Look at your mail", Place::Elsewhere),
        lede: "We have sent a link to the address that you gave. Open it within 2 days.".into(),
        words: vec!["No notice goes there before that.".into()],
        links: vec![Link::new("Status of services", "/status")],
    }))
}

fn find(app: &App, token: &str, confirms: bool) -> Result<Option<Subscriber>, Failure> {
    let Some(hash) = Token::from_hex(token).map(Token::hash) else { return Ok(None) };
    let now = app.clock.now();
    let since = now - CONFIRM_LIFE;
    match confirms {
        true => app.write(move |tx| store::confirm(tx, &hash, since, Some(now))),
        false => app.read(|tx| store::confirm(tx, &hash, since, None)),
    }
}

/// The page behind the link: a button, since mail scanners open links (S42).
pub async fn show_confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    if find(&app, &token, false)?.is_none() {
        return Ok(dead(&app, &visitor));
    }
    Ok(page(&FormPage {
        shell: visitor.shell(&app, "Get public notices by mail", Place::Elsewhere),
        lede: "You asked for public notices to this address.".into(),
        form: parts::Form::new(&format!("/status/confirm/{token}"), "Yes, send them", vec![]),
        ..FormPage::default()
    }))
}

/// The address is proved.
pub async fn confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    if find(&app, &token, true)?.is_none() {
        return Ok(dead(&app, &visitor));
    }
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "You get public notices by mail", Place::Elsewhere),
        lede: "Your address is confirmed. Each letter says how to get no more of them.".into(),
        words: vec![],
        links: vec![Link::new("Status of services", "/status")],
    }))
}

fn dead(app: &App, visitor: &Visitor) -> Response {
    let view = ToldPage {
        shell: visitor.shell(app, "This link no longer works", Place::Elsewhere),
        lede: "It has been used, or its time is over.".into(),
        words: vec![],
        links: vec![Link::new("Public notices by mail", "/status/subscribe")],
    };
    page_with(StatusCode::NOT_FOUND, &view)
}

/// The page behind the way out of a letter. It changes nothing: mail scanners open links.
pub async fn show_leave(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    if who_leaves(&app, &token)?.is_none() {
        return Ok(dead(&app, &visitor));
    }
    Ok(page(&FormPage {
        shell: visitor.shell(&app, "Get no more public notices", Place::Elsewhere),
        lede: "No more of these letters go to this address.".into(),
        form: parts::Form::new(&format!("/status/leave/{token}"), "Stop the letters", vec![]),
        ..FormPage::default()
    }))
}

/// Forgets the address. A mail program may ask for it with one press and no form of ours (RFC 8058): only a letter of ours
/// holds this address, and it does nothing else.
pub async fn leave(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["List-Unsubscribe"])?;
    let Some(id) = who_leaves(&app, &token)? else { return Ok(dead(&app, &visitor)) };
    app.write::<_, Failure>(move |tx| store::leave(tx, id))?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "No more letters", Place::Elsewhere),
        lede: "We have forgotten this address. No more public notices go there.".into(),
        words: vec![],
        links: vec![Link::new("Status of services", "/status")],
    }))
}
