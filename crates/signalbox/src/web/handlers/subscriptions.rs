//! `/me/subscriptions`: the services and sites that a member follows. Of a change that names one of them they are told as its
//! subscribers, reminders among it, as far as they may see the change (S20).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_store::queries::Named;
use signalbox_store::scope::Scope;
use signalbox_store::subscriptions::{self as store, Followed};

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// What a choice posts for a service and for a site.
const SERVICE: &str = "service-";
const SITE: &str = "site-";

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw(&app, &visitor, &Form::default(), &[])
}

/// What a person may follow, and what they follow already by name.
struct Known {
    services: Vec<Named>,
    sites: Vec<Named>,
    own: Vec<(i64, Followed)>,
}

impl Known {
    fn of(app: &App, visitor: &Visitor) -> Result<Known, Failure> {
        let (scope, person) = (Scope::of(&visitor.actor()?), visitor.person()?.0);
        app.read(|tx| {
            let names = app.names.of(tx, &scope)?;
            Ok(Known { services: names.services.clone(), sites: names.sites.clone(), own: store::of_person(tx, person)? })
        })
    }

    fn name(&self, what: Followed) -> (&'static str, String) {
        let of = |all: &[Named], id: i64| all.iter().find(|one| one.id == id).map_or("One that you no longer see".to_owned(), |one| one.name.clone());
        match what {
            Followed::Service(id) => ("Service", of(&self.services, id)),
            Followed::Site(id) => ("Site", of(&self.sites, id)),
        }
    }

    fn choices(&self) -> Vec<Choice> {
        let begin = |kind: &str, what: &str, all: &[Named]| -> Vec<Choice> {
            all.iter().map(|one| Choice::new(&format!("{kind}{}", one.id), &format!("{what}: {}", one.name))).collect()
        };
        [vec![Choice::new("", "Choose one")], begin(SERVICE, "Service", &self.services), begin(SITE, "Site", &self.sites)].concat()
    }

    fn chosen(&self, value: &str) -> Option<Followed> {
        let id = |all: &[Named], text: &str| text.parse().ok().filter(|id| all.iter().any(|one| one.id == *id));
        if let Some(text) = value.strip_prefix(SERVICE) {
            return id(&self.services, text).map(Followed::Service);
        }
        id(&self.sites, value.strip_prefix(SITE)?).map(Followed::Site)
    }
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let known = Known::of(app, visitor)?;
    let rows = known.own.iter().map(|(_, what)| {
        let (kind, name) = known.name(*what);
        Row::new(Cell::text(&name), vec![Cell::text(kind)])
    });
    let table = Table::new("What you follow", &["Name", "What it is"], rows.collect());
    let fields = filled(vec![Field::select("follow", "Service or site", known.choices())], form, faults);
    let faults = summary(&fields, faults);
    let mut block = Block::new(
        Section::new("followed", "Services and sites that you follow")
            .words("You get a letter when a change that names one of them is scheduled, moved, cancelled or finished, and reminders before it starts. Only changes that you may see are told of.")
            .table(table, "You follow none yet."),
    )
    .form("Follow another", parts::Form::new("/me/subscriptions", "Follow it", fields));
    if !known.own.is_empty() {
        let own = known.own.iter().map(|(id, what)| Choice::new(&id.to_string(), &known.name(*what).1)).collect();
        block = block.form("Stop following one", parts::Form::new("/me/subscriptions", "Stop following it", vec![Field::select("stop", "Which", own)]).quiet());
    }
    let mut shell = visitor.shell(app, "What you follow", Place::Elsewhere);
    shell.crumbs = vec![("My details".into(), "/me".into())];
    let lede = "A single change is watched from its own page.".into();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &BlocksPage { shell, lede, faults, blocks: vec![block], ..BlocksPage::default() }))
}

/// Follows one, or stops.
pub async fn change(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["follow", "stop"])?;
    let (known, person, now) = (Known::of(&app, &visitor)?, visitor.person()?.0, app.clock.now());
    if form.has("stop") {
        // Another's is not there (S28).
        let id = super::id(form.text("stop"))?;
        let was_own = app.write::<_, Failure>(move |tx| store::stop(tx, id, person))?;
        return if was_own { Ok(done(&app, "/me/subscriptions", "You no longer follow it.")) } else { Err(Failure::NotFound) };
    }
    let Some(what) = known.chosen(form.text("follow")) else {
        return draw(&app, &visitor, &form, &[Fault::of("follow", "unknown-choice", "Choose a service or a site.")]);
    };
    if known.own.len() >= store::MOST {
        let fault = Fault::of("follow", "too-many", format!("You follow {} already. Stop following one that you no longer need.", store::MOST));
        return draw(&app, &visitor, &form, &[fault]);
    }
    let id = app.ids.mint(now);
    app.write::<_, Failure>(move |tx| store::follow(tx, id, person, what, now))?;
    Ok(done(&app, "/me/subscriptions", &format!("You follow {}.", known.name(what).1)))
}
