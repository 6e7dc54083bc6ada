//! `/members`: who waits to join, and who is in the group.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::actor::Role;
use signalbox_store::Tx;
use signalbox_store::accounts::{self as store, Grant, Registration};
use signalbox_store::directory::{self, Answer, Viewer};
use signalbox_store::page::Page;

use super::{filled, summary};
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::{Visitor, moment};
use crate::words::sentence_case;

/// The most that one list shows; an organisation's coordinator never has so many.
const MOST: u16 = 200;

/// A coordinator sees their own organisations', the authority's change manager all.
fn viewer(visitor: &Visitor) -> Result<Viewer, Failure> {
    if visitor.holds(Role::AuthorityManager) {
        Ok(Viewer::All)
    } else if visitor.holds(Role::Coordinator) {
        Ok(Viewer::Person(visitor.person()?.0))
    } else {
        let detail = "Only a coordinator, for their own organisation, and the authority’s change manager decide who joins.";
        Err(Failure::denied("spec 3.2 note 4", detail))
    }
}

/// Who waits, and who is in.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let viewer = viewer(&visitor)?;
    let orgs = visitor.orgs_with(Role::Coordinator);
    let (waiting, unconfirmed, members) = app.read::<_, Failure>(|tx| {
        let mut waiting = Vec::new();
        for found in store::registrations_waiting(tx, viewer, MOST)? {
            let org = found.org_id.map(|org| directory::organisation(tx, org)).transpose()?.flatten();
            waiting.push((found, org.map_or("Not known".to_owned(), |org| org.name)));
        }
        let mut unconfirmed = Vec::new();
        for id in directory::to_confirm(tx, viewer, i64::from(MOST))? {
            if let Some(held) = store::membership(tx, id)? {
                unconfirmed.extend(store::person(tx, held.person_id)?.map(|person| (person, held)));
            }
        }
        let mut members = Vec::new();
        for person in store::people(tx, viewer, None, &Page { limit: MOST, ..Page::default() })?.items {
            for held in store::memberships(tx, person.id)? {
                let is_seen = viewer == Viewer::All || orgs.iter().any(|org| org.0 == held.org_id);
                if held.role == Role::GroupMember && held.ended_at.is_none() && is_seen {
                    members.push((person.clone(), held));
                }
            }
        }
        Ok((waiting, unconfirmed, members))
    })?;
    let lede = match waiting.len() {
        0 => "Nobody waits to join.".to_owned(),
        1 => "1 person waits to join.".to_owned(),
        n => format!("{n} people wait to join."),
    };
    let rows = waiting.iter().map(|(found, org)| {
        let step = if found.approved_at.is_some() { "Agreed by the coordinator" } else { "Address confirmed" };
        Row::new(
            Cell::link(&found.name, &format!("/members/requests/{}", found.id)).small(&found.email),
            vec![Cell::text(org), Cell::text(&moment(found.asked_at)), Cell::text(step)],
        )
    });
    let waiting = Table::new("People who wait to join", &["Name", "Organisation", "Asked", "Step"], rows.collect());
    let rows = members.iter().map(|(person, held)| {
        Row::new(
            Cell::link(&person.name, &format!("/members/{}", held.id)).small(&person.email),
            vec![Cell::text(&held.org_code), Cell::text(&moment(held.granted_at))],
        )
    });
    let again = unconfirmed.iter().map(|(person, held)| {
        Row::new(
            Cell::link(&person.name, &format!("/members/{}", held.id)).small(&person.email),
            vec![Cell::text(&sentence_case(held.role.words())), Cell::text(&held.org_code), Cell::text(&moment(held.granted_at))],
        )
    });
    let again = Table::new("To confirm again after a merger", &["Name", "Role", "Organisation", "Since"], again.collect());
    let members = Table::new("Members of the group", &["Name", "Organisation", "Since"], rows.collect());
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "Members", Place::Elsewhere),
        lede,
        sections: vec![
            Section::new("waiting", "Waiting").table(waiting, "Nobody waits."),
            Section::new("again", "To confirm again").table(again, "Nobody waits to be confirmed."),
            Section::new("members", "In the group").table(members, "Nobody has joined yet."),
        ],
        ..ListPage::default()
    }))
}

/// The request, if this visitor decides on it; else it is not there.
fn request(app: &App, visitor: &Visitor, id: &str) -> Result<Registration, Failure> {
    let (viewer, id) = (viewer(visitor)?, super::id(id)?);
    let waiting = app.read::<_, Failure>(|tx| store::registrations_waiting(tx, viewer, u16::MAX))?;
    waiting.into_iter().find(|found| found.id == id).ok_or(Failure::NotFound)
}

/// One request.
pub async fn show_request(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = request(&app, &visitor, &id)?;
    draw_request(&app, &visitor, &found, &Form::default(), &[])
}

fn draw_request(app: &App, visitor: &Visitor, found: &Registration, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let org = app.read::<_, Failure>(|tx| Ok(found.org_id.map(|org| directory::organisation(tx, org)).transpose()?.flatten()))?;
    let org_name = org.as_ref().map_or("Not known from the address", |org| &org.name);
    let yes = if visitor.holds(Role::AuthorityManager) { "Let them join" } else { "Yes, they work with us" };
    let mut fields = vec![Field::radios("answer", "Your answer", vec![Choice::new("yes", yes), Choice::new("no", "Decline")])];
    if org.is_none() {
        let choices = organisations(app)?;
        fields.push(Field::select("organisation", "Their organisation", choices).optional());
    }
    fields.push(Field::textarea("reason", "Why not", "").hint("If you decline. They are told this.").optional().rows(2));
    let fields = filled(fields, form, faults);
    let view = FormPage {
        shell: visitor.shell(app, &format!("{} asks to join", found.name), Place::Elsewhere),
        faults: summary(&fields, faults),
        facts: vec![
            Fact::new("Name", &found.name),
            Fact::new("Work e-mail", &found.email),
            Fact::new("Job", &found.job),
            Fact::new("Organisation", org_name),
            Fact::new("Reason", &found.reason),
            Fact::new("Asked", &moment(found.asked_at)),
        ],
        form: parts::Form::new(&format!("/members/requests/{}", found.id), "Answer", fields),
        ..FormPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

fn organisations(app: &App) -> Result<Vec<Choice>, Failure> {
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, None, &Page { limit: 500, ..Page::default() }))?;
    let lasting = all.items.iter().filter(|org| org.merged_into.is_none());
    let choices = lasting.map(|org| Choice::new(&org.id.to_string(), &org.name));
    Ok(std::iter::once(Choice::new("", "Choose")).chain(choices).collect())
}

/// Yes or no. A coordinator's yes passes it to the authority; the authority's makes a member.
pub async fn answer(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let found = request(&app, &visitor, &id)?;
    // Their organisation is asked only where their address does not tell it: nobody moves them to another (S27).
    let names: &[&str] = if found.org_id.is_some() { &["answer", "reason"] } else { &["answer", "organisation", "reason"] };
    form.only(names)?;
    let mut faults = Vec::new();
    match form.raw("answer") {
        "yes" => {}
        "no" if form.text("reason").is_empty() => {
            faults.push(Fault::of("reason", "missing", "Say why not, so that they know."));
        }
        "no" => {}
        _ => faults.push(Fault::of("answer", "missing", "Choose yes or no.")),
    }
    if form.text("reason").chars().count() > 500 {
        faults.push(Fault::of("reason", "too-long", "Use 500 characters at most."));
    }
    if !faults.is_empty() {
        return draw_request(&app, &visitor, &found, &form, &faults);
    }
    let said = if form.raw("answer") == "no" {
        decline(&app, &visitor, found.id, form.text("reason"))
    } else if visitor.holds(Role::AuthorityManager) {
        grant(&app, &visitor, found.id, form.raw("organisation").parse().ok())
    } else {
        approve(&app, &visitor, found.id)
    };
    match said {
        Ok(()) if form.raw("answer") == "no" => Ok(done(&app, "/members", "Declined. They get a letter with your reason.")),
        Ok(()) if visitor.holds(Role::AuthorityManager) => Ok(done(&app, "/members", &format!("{} is a member now and gets a letter.", found.name))),
        Ok(()) => Ok(done(&app, "/members", "Agreed. The authority decides next.")),
        Err(Failure::Invalid(faults)) => draw_request(&app, &visitor, &found, &form, &faults),
        Err(failure) => Err(failure),
    }
}

fn approve(app: &App, visitor: &Visitor, id: i64) -> Result<(), Failure> {
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let letter = |found: &Registration| Some(Letter::RegistrationWaits { registration: found.id });
    decide(app, id, letter, move |tx| store::approve_registration(tx, &act, id))
}

fn decline(app: &App, visitor: &Visitor, id: i64, reason: &str) -> Result<(), Failure> {
    let (act, reason) = (app.act(Some(visitor.person()?), app.clock.now()), reason.to_owned());
    let letter = |found: &Registration| Some(Letter::Declined { registration: found.id });
    decide(app, id, letter, move |tx| store::decline_registration(tx, &act, id, &reason))
}

fn grant(app: &App, visitor: &Visitor, id: i64, org_id: Option<i64>) -> Result<(), Failure> {
    let now = app.clock.now();
    let act = app.act(Some(visitor.person()?), now);
    let grant = Grant { person_id: app.ids.mint(now), membership_id: app.ids.mint(now), org_id };
    let letter = |found: &Registration| found.person_id.map(|person| Letter::Welcome { person });
    decide(app, id, letter, move |tx| store::grant_registration(tx, &act, id, &grant))
}

/// Takes the step and, in the same transaction, asks for the letter that tells of it: once, however often the
/// button is pressed.
fn decide(
    app: &App,
    id: i64,
    letter: impl Fn(&Registration) -> Option<Letter> + Send + 'static,
    mut step: impl FnMut(&mut dyn Tx) -> Answer<Registration> + Send + 'static,
) -> Result<(), Failure> {
    let (ids, now) = (app.ids.clone(), app.clock.now());
    app.attempt(move |tx| {
        let before = store::registration(tx, id)?.map(|found| found.state);
        let after = match step(tx)? {
            Ok(after) => after,
            Err(refused) => return Ok(Err(refused)),
        };
        let is_news = before != Some(after.state);
        if let Some(letter) = letter(&after).filter(|_| is_news) {
            letter.ask(tx, &ids, now)?;
        }
        Ok(Ok(()))
    })
}

/// A membership that this visitor answers for: of the group, or one that came with a merger and is not confirmed yet.
struct Held {
    row: store::Membership,
    name: String,
    awaits: bool,
}

fn membership(app: &App, visitor: &Visitor, id: &str) -> Result<Held, Failure> {
    let (viewer, id) = (viewer(visitor)?, super::id(id)?);
    let orgs = visitor.orgs_with(Role::Coordinator);
    let found = app.read::<_, Failure>(|tx| {
        let Some(held) = store::membership(tx, id)? else { return Ok(None) };
        let name = store::person(tx, held.person_id)?.map(|person| person.name).unwrap_or_default();
        let awaits = directory::to_confirm(tx, Viewer::All, i64::MAX)?.contains(&id);
        Ok(Some(Held { row: held, name, awaits }))
    })?;
    let is_ours = |held: &store::Membership| viewer == Viewer::All || orgs.iter().any(|org| org.0 == held.org_id);
    let is_answered_for = |held: &Held| held.row.role == Role::GroupMember || held.awaits;
    found.filter(|held| is_answered_for(held) && held.row.ended_at.is_none() && is_ours(&held.row)).ok_or(Failure::NotFound)
}

/// One member, and the button that ends the membership.
pub async fn show_member(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let Held { row: held, name, awaits } = membership(&app, &visitor, &id)?;
    if awaits {
        return draw_again(&app, &visitor, &held, &name);
    }
    Ok(page(&FormPage {
        shell: visitor.shell(&app, &name, Place::Elsewhere),
        lede: format!("Member of the Service Management group since {}.", moment(held.granted_at)),
        facts: vec![Fact::new("Organisation", &held.org_code)],
        warning: vec!["When it ends, they no longer see the forward schedule and the reports. Other roles stay.".into()],
        form: parts::Form::new(&format!("/members/{}/end", held.id), "End the membership", vec![]),
        ..FormPage::default()
    }))
}

/// One that came with a merger: confirm it, or end it.
fn draw_again(app: &App, visitor: &Visitor, held: &store::Membership, name: &str) -> Result<Response, Failure> {
    let choices = vec![Choice::new("yes", "Yes, in this role"), Choice::new("no", "No: end this role")];
    Ok(page(&FormPage {
        shell: visitor.shell(app, name, Place::Elsewhere),
        lede: "The role came with a merger. It counts, and is to be confirmed again.".into(),
        facts: vec![
            Fact::new("Role", &sentence_case(held.role.words())),
            Fact::new("Organisation", &held.org_code),
            Fact::new("Service", held.service_code.as_deref().unwrap_or("All")),
            Fact::new("Since", &moment(held.granted_at)),
        ],
        form: parts::Form::new(&format!("/members/{}/confirm", held.id), "Answer", vec![Field::radios("answer", "Do they work with you?", choices)]),
        ..FormPage::default()
    }))
}

/// The answer: whoever works there stays, a leaver is out at once. Nobody answers for themselves.
pub async fn confirm(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let Held { row: held, name, awaits } = membership(&app, &visitor, &id)?;
    if !awaits {
        return Err(Failure::NotFound);
    }
    form.only(&["answer"])?;
    let by = visitor.person()?;
    if by.0 == held.person_id {
        return Err(Failure::denied("SD-9", "Nobody confirms a role of their own. Another coordinator or the authority does."));
    }
    let act = app.act(Some(by), app.clock.now());
    match form.raw("answer") {
        "yes" => {
            app.write::<_, Failure>(move |tx| directory::confirm_again(tx, &act, held.id))?;
            Ok(done(&app, "/members", &format!("{name} is confirmed.")))
        }
        "no" => {
            app.attempt(move |tx| store::end_role(tx, &act, held.id))?;
            Ok(done(&app, "/members", &format!("This role of {name} has ended.")))
        }
        _ => Err(Failure::invalid(Fault::of("answer", "missing", "Choose yes or no."))),
    }
}

/// Ends it: a leaver is out at once (spec 13).
pub async fn end(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let Held { row: held, name, .. } = membership(&app, &visitor, &id)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    app.attempt(move |tx| store::end_role(tx, &act, held.id))?;
    Ok(done(&app, "/members", &format!("{name} is no longer a member of the group.")))
}
