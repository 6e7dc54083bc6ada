//! People and what they may do. An administrator sets up anybody, a coordinator their own organisation's people.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::actor::Role;
use signalbox_store::accounts::{self as store, Membership, NewMembership, Person, PersonState};
use signalbox_store::directory::{self, Viewer};
use signalbox_store::page::{Cursor, Page};

use super::{Register, check, names, organisation_choices};
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::handlers::{filled, id, summary};
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};

/// The roles that a coordinator gives and takes: those of a trust's daily work. The group has its own way in.
const OF_A_TRUST: [Role; 6] = [Role::Requester, Role::Coordinator, Role::ServiceOwner, Role::TrustSafety, Role::Finance, Role::Implementer];

/// `/setup/people`.
pub struct People;

fn is_administrator(visitor: &Visitor) -> bool {
    visitor.holds(Role::Administrator)
}

/// Whether this visitor may give and end this role there.
fn may_grant(visitor: &Visitor, role: Role, org_id: i64) -> bool {
    let own = visitor.orgs_with(Role::Coordinator);
    is_administrator(visitor) || (OF_A_TRUST.contains(&role) && own.iter().any(|org| org.0 == org_id))
}

impl Register for People {
    const PATH: &'static str = "/setup/people";
    const MANY: &'static str = "People and roles";
    const ONE: &'static str = "person";
    const WHY: &'static str = "Who may do what, for which organisation";

    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        if is_administrator(visitor) || visitor.holds(Role::Coordinator) {
            return Ok(());
        }
        Err(Failure::denied("spec 3.1 ADM", "Only an administrator, or a coordinator for their own organisation, sets up people."))
    }

    fn list(app: &App, visitor: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let org = if is_administrator(visitor) { None } else { visitor.orgs_with(Role::Coordinator).first().map(|org| org.0) };
        let (people, next) = app.read::<_, Failure>(|tx| {
            let found = store::people(tx, Viewer::All, org, page)?;
            let mut people = Vec::new();
            for person in found.items {
                let held = store::memberships(tx, person.id)?;
                people.push((person, held.into_iter().filter(|m| m.ended_at.is_none()).collect::<Vec<_>>()));
            }
            Ok((people, found.next))
        })?;
        let rows = people.iter().map(|(person, held)| {
            let roles: Vec<_> = held.iter().map(|m| format!("{} at {}", m.role.words(), m.org_code)).collect();
            Row::new(
                Cell::link(&person.name, &format!("{}/{}", Self::PATH, person.id)).small(&person.email),
                vec![Cell::text(&roles.join(", ")), Cell::text(state_words(person))],
            )
        });
        Ok((Table::new(Self::MANY, &["Name", "Roles", "State"], rows.collect()), next))
    }

    fn fields(app: &App, visitor: &Visitor, is_new: bool) -> Result<Vec<Field>, Failure> {
        let mut fields = vec![Field::text("name", "Name", "")];
        if is_new || is_administrator(visitor) {
            fields.push(Field::input("email", "email", "Work e-mail", ""));
        }
        fields.push(Field::input("tel", "phone", "Telephone", "").optional().width("w20"));
        fields.push(Field::text("job", "Job", "").optional());
        if is_new {
            fields.extend(role_fields(app, visitor)?);
        }
        Ok(fields)
    }

    fn load(app: &App, visitor: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let (person, _) = find(app, visitor, id)?;
        let mut fields = vec![("name", person.name.clone()), ("phone", person.phone), ("job", person.job)];
        if is_administrator(visitor) {
            fields.push(("email", person.email));
        }
        Ok((person.name, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let Some(id) = id else { return add(app, visitor, form) };
        let (mut person, _) = find(app, visitor, id)?;
        person.name = form.text("name").into();
        person.phone = form.text("phone").into();
        person.job = form.text("job").into();
        if form.has("email") {
            person.email = form.text("email").into();
        }
        let act = app.act(Some(visitor.person()?), app.clock.now());
        app.attempt(move |tx| store::save_person(tx, &act, &person)).map(|_| ())
    }
}

fn state_words(person: &Person) -> &'static str {
    match person.state {
        PersonState::Active if person.has_password => "",
        PersonState::Active => "has set no password yet",
        PersonState::Pending => "waits",
        PersonState::Disabled => "shut out",
        PersonState::Erased => "erased",
    }
}

/// Role, organisation and service, as far as this visitor gives them.
fn role_fields(app: &App, visitor: &Visitor) -> Result<Vec<Field>, Failure> {
    let own = visitor.orgs_with(Role::Coordinator);
    let mut orgs = organisation_choices(app)?;
    if !is_administrator(visitor) {
        orgs.retain(|choice| own.iter().any(|org| org.to_string() == choice.value));
    }
    let roles: &[Role] = if is_administrator(visitor) { Role::ALL } else { &OF_A_TRUST };
    let roles = roles.iter().filter(|role| !role.is_by_rota()).map(|role| Choice::new(role.code(), role.words()));
    let roles = std::iter::once(Choice::new("", "Choose")).chain(roles).collect();
    Ok(vec![
        Field::select("organisation", "Organisation", orgs),
        Field::select("role", "Role", roles),
        Field::text("service", "For one service only", "").hint("Code of the service.").optional().width("w10"),
    ])
}

/// The role that a form names, if this visitor may give it.
fn wanted_role(app: &App, visitor: &Visitor, form: &Form) -> Result<(i64, Role, Option<i64>), Failure> {
    let org_id = id(form.text("organisation"))?;
    let role = Role::from_code(form.text("role")).ok_or(Failure::NotFound)?;
    if !may_grant(visitor, role, org_id) {
        return Err(Failure::denied("spec 3.1 TCC", "A coordinator gives the roles of a trust, in their own organisation only."));
    }
    let code = form.text("service").to_owned();
    if code.is_empty() {
        return Ok((org_id, role, None));
    }
    let service = app.read::<_, Failure>(|tx| directory::service_by_code(tx, &code))?;
    let service = service.ok_or_else(|| Failure::invalid(Fault::of("service", "unknown-value", "We don’t know this code.")))?;
    Ok((org_id, role, Some(service.id)))
}

/// A new person with their first role, and the letter that lets them in.
fn add(app: &App, visitor: &Visitor, form: &Form) -> Result<(), Failure> {
    let (org_id, role, service_id) = wanted_role(app, visitor, form)?;
    let (by, now, ids) = (visitor.person()?, app.clock.now(), app.ids.clone());
    let (first, second) = (app.act(Some(by), now), app.act(Some(by), now));
    let mut person = Person::new(ids.mint(now), form.text("email"), form.text("name"));
    person.phone = form.text("phone").into();
    person.job = form.text("job").into();
    let role = NewMembership { id: ids.mint(now), person_id: person.id, org_id, role, service_id };
    app.attempt(move |tx| {
        if let Err(refused) = store::save_person(tx, &first, &person)? {
            return Ok(Err(refused));
        }
        if let Err(refused) = store::grant_role(tx, &second, &role)? {
            return Ok(Err(refused));
        }
        Letter::Welcome { person: person.id }.ask(tx, &ids, now)?;
        Ok(Ok(()))
    })
}

/// A person whom this visitor sets up, with what they hold. A coordinator's people are those whose every role is one
/// that the coordinator gives: nobody reaches into another organisation, or up to an administrator.
fn find(app: &App, visitor: &Visitor, id: i64) -> Result<(Person, Vec<Membership>), Failure> {
    People::admit(visitor)?;
    let found = app.read::<_, Failure>(|tx| {
        let Some(person) = store::person(tx, id)? else { return Ok(None) };
        let mut held = store::memberships(tx, id)?;
        held.retain(|m| m.ended_at.is_none());
        Ok(Some((person, held)))
    })?;
    let (person, held) = found.ok_or(Failure::NotFound)?;
    let is_theirs = |m: &Membership| {
        may_grant(visitor, m.role, m.org_id) || (m.role == Role::GroupMember && visitor.orgs_with(Role::Coordinator).iter().any(|org| org.0 == m.org_id))
    };
    if is_administrator(visitor) || (!held.is_empty() && held.iter().all(is_theirs)) { Ok((person, held)) } else { Err(Failure::NotFound) }
}

/// One person: details, roles, and what can be done.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(person): Path<String>) -> Result<Response, Failure> {
    let (person, held) = find(&app, &visitor, id(&person)?)?;
    let here = format!("{}/{}", People::PATH, person.id);
    let rows = held.iter().map(|m| {
        Row::new(
            Cell::link(m.role.words(), &format!("/setup/roles/{}", m.id)),
            vec![Cell::text(&m.org_code), Cell::text(m.service_code.as_deref().unwrap_or("All")), Cell::text(&moment(m.granted_at))],
        )
    });
    let roles = Table::new("Roles", &["Role", "Organisation", "Service", "Since"], rows.collect());
    let mut shell = visitor.shell(&app, &person.name, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (People::MANY.into(), People::PATH.into())];
    Ok(page(&ListPage {
        shell,
        lede: match state_words(&person) {
            "" => "May sign in.".into(),
            words => format!("State: {words}."),
        },
        actions: vec![
            Link::new("Change details", &format!("{here}/details")),
            Link::new("Give a role", &format!("{here}/roles")),
            Link::new("Let in or shut out", &format!("{here}/state")),
        ],
        sections: vec![
            Section::new("details", "Details").facts(vec![
                Fact::new("Work e-mail", &person.email),
                Fact::new("Telephone", &person.phone),
                Fact::new("Job", &person.job),
            ]),
            Section::new("roles", "Roles").table(roles, "No role."),
        ],
        ..ListPage::default()
    }))
}

fn form_page(app: &App, visitor: &Visitor, person: &Person, title: &str, action: &str, fields: Vec<Field>, faults: &[Fault]) -> Response {
    let here = format!("{}/{}", People::PATH, person.id);
    let mut shell = visitor.shell(app, title, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (People::MANY.into(), People::PATH.into()), (person.name.clone(), here.clone())];
    let view = FormPage { shell, faults: summary(&fields, faults), form: parts::Form::new(&format!("{here}/{action}"), "Save", fields), ..FormPage::default() };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &view)
}

/// The form that gives a role.
pub async fn show_roles(State(app): State<Shared>, visitor: Visitor, Path(person): Path<String>) -> Result<Response, Failure> {
    let (person, _) = find(&app, &visitor, id(&person)?)?;
    let fields = role_fields(&app, &visitor)?;
    Ok(form_page(&app, &visitor, &person, &format!("Give {} a role", person.name), "roles", fields, &[]))
}

/// Gives it. Nobody gives one to themselves (SD-9).
pub async fn grant(State(app): State<Shared>, visitor: Visitor, Path(person): Path<String>, form: Form) -> Result<Response, Failure> {
    let (person, _) = find(&app, &visitor, id(&person)?)?;
    let fields = role_fields(&app, &visitor)?;
    form.only(&names(&fields).iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut faults = check(&fields, &form);
    if faults.is_empty() {
        match give(&app, &visitor, person.id, &form) {
            Ok(()) => return Ok(done(&app, &format!("{}/{}", People::PATH, person.id), "The role is given.")),
            Err(Failure::Invalid(found)) => faults = found,
            Err(failure) => return Err(failure),
        }
    }
    let fields = filled(fields, &form, &faults);
    Ok(form_page(&app, &visitor, &person, &format!("Give {} a role", person.name), "roles", fields, &faults))
}

fn give(app: &App, visitor: &Visitor, person_id: i64, form: &Form) -> Result<(), Failure> {
    let (org_id, role, service_id) = wanted_role(app, visitor, form)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let role = NewMembership { id: app.ids.mint(act.at), person_id, org_id, role, service_id };
    app.attempt(move |tx| store::grant_role(tx, &act, &role)).map(|_| ())
}

fn find_role(app: &App, visitor: &Visitor, role: &str) -> Result<(Membership, Person), Failure> {
    People::admit(visitor)?;
    let role = id(role)?;
    let held = app.read::<_, Failure>(|tx| store::membership(tx, role))?;
    let held = held.filter(|held| held.ended_at.is_none() && may_grant(visitor, held.role, held.org_id));
    let held = held.ok_or(Failure::NotFound)?;
    let (person, _) = find(app, visitor, held.person_id)?;
    Ok((held, person))
}

/// One role, and the button that ends it.
pub async fn show_role(State(app): State<Shared>, visitor: Visitor, Path(role): Path<String>) -> Result<Response, Failure> {
    let (held, person) = find_role(&app, &visitor, &role)?;
    let mut shell = visitor.shell(&app, &format!("{}: {}", person.name, held.role.words()), Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (People::MANY.into(), People::PATH.into())];
    Ok(page(&FormPage {
        shell,
        facts: vec![Fact::new("Organisation", &held.org_code), Fact::new("Since", &moment(held.granted_at))],
        warning: vec!["It counts for nothing from the moment it ends.".into()],
        form: parts::Form::new(&format!("/setup/roles/{}/end", held.id), "End this role", vec![]),
        ..FormPage::default()
    }))
}

/// Ends it.
pub async fn end_role(State(app): State<Shared>, visitor: Visitor, Path(role): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let (held, person) = find_role(&app, &visitor, &role)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    app.attempt(move |tx| store::end_role(tx, &act, held.id))?;
    Ok(done(&app, &format!("{}/{}", People::PATH, person.id), "The role has ended."))
}

fn state_fields(visitor: &Visitor) -> Vec<Field> {
    let mut choices = vec![
        Choice::new("welcome", "Let them in, and send a link to set a password"),
        Choice::new("disable", "Shut them out").hint("Sessions, tokens and links end at once. Roles stay on record."),
    ];
    if is_administrator(visitor) {
        let hint = "Name, address and number are blanked for ever; the record keeps a number in their place.";
        choices.push(Choice::new("erase", "Erase them").hint(hint));
    }
    vec![Field::radios("state", "What shall happen?", choices)]
}

/// The form that lets in, shuts out or erases.
pub async fn show_state(State(app): State<Shared>, visitor: Visitor, Path(person): Path<String>) -> Result<Response, Failure> {
    let (person, _) = find(&app, &visitor, id(&person)?)?;
    let fields = state_fields(&visitor);
    Ok(form_page(&app, &visitor, &person, &format!("Let {} in or shut out", person.name), "state", fields, &[]))
}

/// Does it.
pub async fn set_state(State(app): State<Shared>, visitor: Visitor, Path(person): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["state"])?;
    let (person, _) = find(&app, &visitor, id(&person)?)?;
    let fields = state_fields(&visitor);
    let faults = check(&fields, &form);
    if !faults.is_empty() {
        let fields = filled(fields, &form, &faults);
        return Ok(form_page(&app, &visitor, &person, &format!("Let {} in or shut out", person.name), "state", fields, &faults));
    }
    let by = visitor.person()?;
    if by.0 == person.id {
        return Err(Failure::denied("SD-9", "Nobody shuts out or erases themselves. Ask another administrator."));
    }
    let (now, ids, id) = (app.clock.now(), app.ids.clone(), person.id);
    let act = app.act(Some(by), now);
    let words = match form.text("state") {
        "disable" => {
            app.attempt(move |tx| store::disable_person(tx, &act, id))?;
            "They are shut out."
        }
        "erase" => {
            app.attempt(move |tx| store::erase_person(tx, &act, id))?;
            "They are erased."
        }
        _ => {
            app.attempt(move |tx| {
                let enabled = store::enable_person(tx, &act, id)?;
                if enabled.is_ok() {
                    Letter::Welcome { person: id }.ask(tx, &ids, now)?;
                }
                Ok(enabled)
            })?;
            "They may come in. A link is on its way to them."
        }
    };
    Ok(done(&app, People::PATH, words))
}
