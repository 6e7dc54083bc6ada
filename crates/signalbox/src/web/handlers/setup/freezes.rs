//! Dates on which no change happens.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Role;
use signalbox_core::calendar::DEFAULT_ZONE;
use signalbox_core::ids::{ItemId, OrgId, ServiceId};
use signalbox_core::schedule::recurrence::Recurrence;
use signalbox_core::schedule::{Extent, Level, Node, Span};
use signalbox_store::directory::{self, Freeze, FreezeTerms};
use signalbox_store::page::{Cursor, Page};

use super::Register;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::parts::{self, Cell, Fact, FormPage, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::{Visitor, moment};

/// A trust may declare its own for a day at most (X14).
const OWN_LENGTH: SignedDuration = SignedDuration::from_hours(24);

/// `/setup/freezes`. A freeze that was declared stays as it is; it can be lifted.
pub struct Freezes;

impl Register for Freezes {
    const PATH: &'static str = "/setup/freezes";
    const MANY: &'static str = "Freezes";
    const ONE: &'static str = "freeze";
    const WHY: &'static str = "Dates on which no change happens";

    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        if declares_all(visitor) || visitor.holds(Role::Coordinator) {
            return Ok(());
        }
        let detail = "Administrators and the authority’s change manager declare freezes; a trust’s coordinator its own, for a day.";
        Err(Failure::denied("X14", detail))
    }

    fn list(app: &App, visitor: &Visitor, _: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let now = app.clock.now();
        let mut found = app.read::<_, Failure>(|tx| directory::all_declared::<FreezeTerms>(tx, now - SignedDuration::from_hours(24 * 31), 500))?;
        found.retain(|freeze| is_theirs(visitor, freeze));
        let rows = found.iter().map(|freeze| {
            let state = match freeze.ended_at {
                Some(at) => format!("Lifted {}", moment(at)),
                None if freeze.when.envelope().until <= now => "Over".into(),
                None if freeze.own.is_hard => "Bars work".into(),
                None => "Warns".into(),
            };
            Row::new(
                Cell::link(&freeze.title, &format!("{}/{}", Self::PATH, freeze.id)).small(&freeze.own.reason),
                vec![Cell::text(&moment(freeze.when.envelope().from)), Cell::text(&moment(freeze.when.envelope().until)), Cell::text(&state)],
            )
        });
        Ok((Table::new(Self::MANY, &["Freeze", "From", "Until", "State"], rows.collect()), None))
    }

    fn fields(_: &App, visitor: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let mut fields = vec![
            Field::text("title", "What is it called?", ""),
            Field::date_time("starts_at", "From", "", ""),
            Field::date_time("ends_at", "Until", "", ""),
            Field::textarea("reason", "Why", "").rows(2),
        ];
        let scopes = [("all", "Everybody and everything"), ("organisation", "One organisation"), ("service", "One service"), ("item", "One item")];
        let is_all = declares_all(visitor);
        let scopes = scopes.iter().filter(|(code, _)| is_all || *code == "organisation");
        fields.push(Field::radios("scope", "What it holds for", scopes.map(|(code, words)| Choice::new(code, words)).collect()));
        fields.push(Field::text("of", "Its code", "").hint("Of the organisation, service or item.").optional().width("w20"));
        fields.push(Field::radios("hardness", "How strict", vec![Choice::new("hard", "It bars work"), Choice::new("soft", "It warns of it")]));
        Ok(fields)
    }

    fn load(_: &App, _: &Visitor, _: i64) -> Result<(String, Form), Failure> {
        Err(Failure::NotFound)
    }

    fn save(app: &App, visitor: &Visitor, _: Option<i64>, form: &Form) -> Result<(), Failure> {
        let mut faults = Vec::new();
        let (starts_at, ends_at) = (instant(form, "starts_at", &mut faults), instant(form, "ends_at", &mut faults));
        let scope = scope(app, visitor, form, &mut faults)?;
        if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at) {
            if ends_at <= starts_at {
                faults.push(Fault::of("ends_at", "before-start", "It ends after it starts."));
            } else if !declares_all(visitor) && ends_at.duration_since(starts_at) > OWN_LENGTH {
                let detail = "A trust’s own freeze lasts 24 hours at most (X14). Ask the authority for a longer one.";
                faults.push(Fault::of("ends_at", "too-long", detail));
            }
        }
        let (Some(starts_at), Some(ends_at), Some(scope), true) = (starts_at, ends_at, scope, faults.is_empty()) else {
            return Err(Failure::Invalid(faults));
        };
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let freeze = Freeze {
            id: app.ids.mint(act.at),
            extent: scope,
            title: form.text("title").into(),
            when: Recurrence::once(Span { from: starts_at, until: ends_at }, DEFAULT_ZONE),
            declared_by: act.by,
            created_at: act.at,
            ended_at: None,
            own: FreezeTerms { is_hard: form.text("hardness") == "hard", from_level: Level::NoImpact, reason: form.text("reason").into() },
        };
        app.attempt(move |tx| directory::declare(tx, &act, &freeze)).map(|_| ())
    }
}

fn declares_all(visitor: &Visitor) -> bool {
    visitor.holds(Role::Administrator) || visitor.holds(Role::AuthorityManager)
}

fn is_theirs(visitor: &Visitor, freeze: &Freeze) -> bool {
    let own = visitor.orgs_with(Role::Coordinator);
    declares_all(visitor) || matches!(freeze.extent, Extent::Organisation(id) if own.contains(&id))
}

/// What a person typed as UK time.
fn instant(form: &Form, field: &str, faults: &mut Vec<Fault>) -> Option<Timestamp> {
    let date = form.text(&format!("{field}-date")).parse::<Date>().ok();
    let time = form.text(&format!("{field}-time")).parse::<Time>().ok();
    let zone = TimeZone::get("Europe/London").ok();
    let found = match (date, time, zone) {
        (Some(date), Some(time), Some(zone)) => zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok(),
        _ => None,
    };
    if found.is_none() {
        faults.push(Fault::of(field, "not-a-time", "Enter a date and a time, such as 24 December 2026, 18:00."));
    }
    found
}

fn scope(app: &App, visitor: &Visitor, form: &Form, faults: &mut Vec<Fault>) -> Result<Option<Extent>, Failure> {
    let code = form.text("of").to_owned();
    let found = app.read::<_, Failure>(|tx| {
        Ok(match form.text("scope") {
            "all" => Some(Extent::Everything),
            "organisation" => directory::organisation_by_code(tx, &code)?.map(|org| Extent::Organisation(OrgId(org.id))),
            "service" => directory::service_by_code(tx, &code)?.map(|service| Extent::Node(Node::Service(ServiceId(service.id)))),
            "item" => directory::item_by_code(tx, &code)?.map(|item| Extent::Node(Node::Item(ItemId(item.id)))),
            _ => None,
        })
    })?;
    let own = visitor.orgs_with(Role::Coordinator);
    let is_allowed = |scope: &Extent| declares_all(visitor) || matches!(scope, Extent::Organisation(id) if own.contains(id));
    let found = found.filter(is_allowed);
    if found.is_none() {
        faults.push(Fault::of("of", "unknown-value", "We don’t know this code."));
    }
    Ok(found)
}

fn find(app: &App, visitor: &Visitor, id: &str) -> Result<Freeze, Failure> {
    Freezes::admit(visitor)?;
    let id = super::super::id(id)?;
    let found = app.read::<_, Failure>(|tx| directory::declared::<FreezeTerms>(tx, id))?;
    found.filter(|freeze| is_theirs(visitor, freeze)).ok_or(Failure::NotFound)
}

/// One freeze, with the button that lifts it.
pub async fn show_lift(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let freeze = find(&app, &visitor, &id)?;
    let mut shell = visitor.shell(&app, &freeze.title, crate::web::layout::Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), ("Freezes".into(), Freezes::PATH.into())];
    Ok(page(&FormPage {
        shell,
        facts: vec![
            Fact::new("From", &moment(freeze.when.envelope().from)),
            Fact::new("Until", &moment(freeze.when.envelope().until)),
            Fact::new("Why", &freeze.own.reason),
        ],
        warning: freeze.ended_at.iter().map(|at| format!("It was lifted {}.", moment(*at))).collect(),
        form: parts::Form::new(&format!("{}/{}/lift", Freezes::PATH, freeze.id), "Lift this freeze", vec![]),
        ..FormPage::default()
    }))
}

/// Lifts it.
pub async fn lift(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let freeze = find(&app, &visitor, &id)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    app.attempt(move |tx| directory::end_declared::<FreezeTerms>(tx, &act, freeze.id))?;
    Ok(done(&app, Freezes::PATH, "The freeze is lifted."))
}
