//! `/changes/new`: what may be raised, a draft begun, a copy begun.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use signalbox_core::actor::Actor;
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::change::{Kind, Stage};
use signalbox_core::decide::{self, Context};
use signalbox_core::facts::Facts;
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, OrgId};
use signalbox_core::process::Process;
use signalbox_store::directory::{self, Organisation};
use signalbox_store::drafts;
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;

use super::change::{expect, stopped};
use crate::app::{App, Shared};
use crate::run::{self, NewDraft};
use crate::web::form::Form;
use crate::web::layout::{Place, Shell};
use crate::web::pages::raise::{KindPage, Starter, StarterGroup};
use crate::web::parts::{self, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// The kinds that people raise here, in the order in which they are shown.
pub(super) const KINDS: [Kind; 8] = [
    Kind::Normal,
    Kind::PlannedOutage,
    Kind::ServiceRequest,
    Kind::FirewallNetwork,
    Kind::PacsModality,
    Kind::NationalService,
    Kind::Emergency,
    Kind::Retrospective,
];
/// More drafts than this are found in the list of changes.
const DRAFTS_SHOWN: i64 = 20;

/// The organisations for which the actor may draft a change under this document, by name.
pub(super) fn organisations(app: &App, actor: &Actor, process: &Process) -> Result<Vec<Organisation>, Failure> {
    let (calendar, zone, facts) = (Calendar::shipped(Division::EnglandAndWales), calendar::london(), Facts::default());
    let ctx = Context { now: app.clock.now(), actor, process, calendar: &calendar, zone_name: calendar::DEFAULT_ZONE, zone: &zone, facts: &facts };
    let mut ids: Vec<OrgId> = actor.memberships().iter().map(|m| m.org).filter(|org| decide::drafting_stamp(&ctx, *org).is_some()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = app.read::<_, Failure>(|tx| ids.iter().map(|org| directory::organisation(tx, org.0)).collect::<Result<Vec<_>, _>>())?;
    found.retain(|org| org.as_ref().is_some_and(|org| org.is_active));
    let mut found: Vec<Organisation> = found.into_iter().flatten().collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Which of them, where there are several, and for whom. Names are made apart by `apart`, as a page may ask twice.
pub(super) fn who_for(orgs: &[Organisation], apart: &str) -> Vec<Field> {
    let mut fields = vec![];
    if orgs.len() > 1 {
        let choices = orgs.iter().map(|org| Choice::new(&org.code, &org.name));
        let choices = std::iter::once(Choice::new("", "Choose")).chain(choices).collect();
        fields.push(Field::select("org", "For which of your organisations?", choices).id(&format!("org-{apart}")));
    }
    let hint = "The name of the person who asked for it, if it was not you. You stay its author.";
    fields.push(Field::text("on_behalf_of", "On behalf of", "").hint(hint).optional().width("w20").id(&format!("for-{apart}")));
    fields
}

/// The organisation chosen. One that is not the actor's own is as unknown as one that does not exist (S02, S46).
pub(super) fn chosen(orgs: &[Organisation], form: &Form) -> Result<OrgId, Fault> {
    let typed = form.text("org");
    match orgs {
        [only] if typed.is_empty() => Ok(OrgId(only.id)),
        _ if typed.is_empty() => Err(Fault::of("org", "choose-one", "Choose the organisation that it is for.")),
        orgs => {
            let found = orgs.iter().find(|org| org.code.eq_ignore_ascii_case(typed));
            found.map(|org| OrgId(org.id)).ok_or_else(|| Fault::of("org", "unknown-value", "Choose one of your organisations."))
        }
    }
}

/// Whom it is for, if anybody was named.
pub(super) fn on_behalf_of(form: &Form) -> Result<Option<String>, Fault> {
    let name = form.text("on_behalf_of");
    if name.chars().count() > 200 {
        return Err(Fault::of("on_behalf_of", "too-long", "Shorten the name to 200 characters."));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

pub(super) fn shell(app: &App, visitor: &Visitor, title: &str) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("Raise a change".into(), "/changes/new".into())];
    shell
}

/// What this person may raise.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    Ok(page(&kinds(&app, &visitor, &KINDS)?))
}

/// The same for planned outages alone.
pub async fn show_outage(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    Ok(page(&kinds(&app, &visitor, &[Kind::PlannedOutage])?))
}

fn kinds(app: &App, visitor: &Visitor, wanted: &[Kind]) -> Result<KindPage, Failure> {
    let actor = visitor.actor()?;
    let mut starters = vec![];
    for kind in wanted {
        let Some(process) = app.documents.of_kind(*kind) else { continue };
        let orgs = organisations(app, &actor, &process)?;
        if !orgs.is_empty() {
            starters.push(starter(app, *kind, &orgs));
        }
    }
    let lede = match starters.len() {
        0 => "None of your roles may raise a change. Your organisation’s coordinator gives roles.",
        _ => "Choose the nearest. Nothing is sent until the last step, and what you type is kept.",
    };
    let group = StarterGroup { id: "kinds".into(), heading: "What you may raise".into(), starters };
    Ok(KindPage {
        shell: shell(app, visitor, "What do you want to raise?"),
        lede: lede.into(),
        groups: Some(group).filter(|group| !group.starters.is_empty()).into_iter().collect(),
        drafts: my_drafts(app, &actor)?,
    })
}

pub(super) fn starter(app: &App, kind: Kind, orgs: &[Organisation]) -> Starter {
    let (name, words, button) = match kind {
        Kind::Normal => ("A change to a service", "Software, hardware or settings, for one site or many, where nothing below fits better.", "Start a change"),
        Kind::PlannedOutage => ("A planned outage", "You switch something off that others use: power, cooling, a server, a line.", "Start a planned outage"),
        Kind::ServiceRequest => ("A service request", "Small, agreed beforehand, with fixed steps: no risk questions.", "Open the catalogue"),
        Kind::FirewallNetwork => (
            "A firewall or network change",
            "Who may talk to whom: a firewall rule, an address, a route, a VPN, a name, a switch.",
            "Start a firewall or network change",
        ),
        Kind::PacsModality => (
            "A PACS modality",
            "A scanner or anything else that sends images is connected, replaced, upgraded, moved or taken away.",
            "Start a modality change",
        ),
        Kind::NationalService => (
            "A national service",
            "e-RS (Choose and Book), the Spine, smartcards or prescriptions: endpoints, a new PAS, services in bulk, slots.",
            "Start a national service change",
        ),
        Kind::Emergency => {
            ("An emergency", "Something has to be changed now. Ring first: one yes is enough. Then write it down, in three short pages.", "Start an emergency")
        }
        Kind::Retrospective => (
            "Work that was done already",
            "Nobody had approved it beforehand. Say so within a working day, and it is judged more mildly.",
            "Record what was done",
        ),
    };
    // A request begins with its entry in the catalogue, where it is asked for whom.
    let fields = if kind == Kind::ServiceRequest { vec![] } else { who_for(orgs, kind.code()) };
    let form = parts::Form::new("/changes/new", button, fields).key(&app.ids.token().to_hex()).hide("kind", kind.code()).quiet();
    Starter { name: name.into(), words: words.into(), form }
}

/// What this person began and nobody has received yet.
fn my_drafts(app: &App, actor: &Actor) -> Result<Section, Failure> {
    let filter = ListFilter { stages: vec![Stage::Draft], raised_by_me: true, ..ListFilter::default() };
    let found = app.read::<_, Failure>(|tx| list::list(tx, &Scope::of(actor), &filter, None, DRAFTS_SHOWN))?;
    let mut section = Section::new("drafts", "Your drafts");
    section = match found.rows.len() {
        0 => section.words("You have no drafts."),
        1 => section.words("1 draft."),
        n => section.words(&format!("{n}{} drafts.", if found.next.is_some() { " or more" } else { "" })),
    };
    for row in found.rows {
        let title = if row.title.is_empty() { "no title yet" } else { &row.title };
        section = section.link(&format!("{} {title}", row.reference), &format!("/changes/{}/edit/what", row.reference));
    }
    Ok(section)
}

/// Begins a draft.
pub async fn begin(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["kind", "org", "on_behalf_of"])?;
    let actor = visitor.actor()?;
    let unknown = || Failure::invalid(Fault::of("kind", "unknown-choice", "Choose what you want to raise."));
    let kind = Kind::from_code(form.text("kind")).filter(|kind| KINDS.contains(kind)).ok_or_else(unknown)?;
    let process = app.documents.of_kind(kind).ok_or_else(unknown)?;
    if kind == Kind::ServiceRequest {
        return Ok(Redirect::to("/requests/new").into_response());
    }
    let orgs = organisations(&app, &actor, &process)?;
    if orgs.is_empty() {
        return Err(may_not(kind));
    }
    let (org, name) = (chosen(&orgs, &form), on_behalf_of(&form));
    let (Ok(org), Ok(name)) = (org.clone(), name.clone()) else {
        let faults: Vec<Fault> = [org.err(), name.err()].into_iter().flatten().collect();
        return again(&app, &visitor, kind, &form, &faults);
    };
    let typed = crate::web::typed::raw(&form);
    let draft = NewDraft { kind, org, on_behalf_of: name, copied_from: None, raw: super::urgent::begun(kind, app.clock.now()) };
    let done = app.raise(&actor, draft, expect(&form, "/changes/new", &typed)).map_err(stopped)?;
    Ok(Redirect::to(&format!("/changes/{}/edit/what", done.reference)).into_response())
}

pub(super) fn may_not(kind: Kind) -> Failure {
    Failure::denied("may-not-raise", format!("None of your roles may raise a {}. Your organisation’s coordinator gives roles.", kind.words()))
}

/// The page again, with what was typed and what is wrong with it.
fn again(app: &App, visitor: &Visitor, kind: Kind, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let mut view = kinds(app, visitor, &KINDS)?;
    fill_starters(&mut view, kind, form, faults);
    Ok(page_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &view))
}

/// Puts what was typed, and what is wrong with it, into the starter that was pressed.
pub(super) fn fill_starters(view: &mut KindPage, kind: Kind, form: &Form, faults: &[Fault]) {
    for starter in view.groups.iter_mut().flat_map(|group| &mut group.starters) {
        if starter.form.hidden.iter().any(|(name, value)| name == "kind" && value == kind.code()) {
            starter.form.fields = super::filled(std::mem::take(&mut starter.form.fields), form, faults);
        }
    }
}

/// Begins a draft with the answers of another change, all but its night.
pub async fn copy(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let actor = visitor.actor()?;
    let (loaded, saved) = app
        .read::<_, Failure>(|tx| {
            let Some(id) = sight::by_reference(tx, &Scope::of(&actor), &reference)? else { return Ok(None) };
            let Some(situation) = app.look(tx, &actor, id)? else { return Ok(None) };
            Ok(Some((situation.loaded, situation.draft)))
        })?
        .ok_or(Failure::NotFound)?;
    let (kind, raiser) = (loaded.change.kind, loaded.change.org);
    let process = app.documents.of_kind(kind).filter(|_| KINDS.contains(&kind)).ok_or_else(|| may_not(kind))?;
    let orgs = organisations(&app, &actor, &process)?;
    let org = orgs.iter().find(|org| org.id == raiser.0).or(orgs.first()).ok_or_else(|| may_not(kind))?;
    let raw = app.read::<_, Failure>(|tx| run::copy(tx, &loaded, saved.as_ref(), &process))?;
    let path = format!("/changes/{reference}/copy");
    let draft = NewDraft { kind, org: OrgId(org.id), on_behalf_of: None, copied_from: Some(ChangeId(loaded.change.id.0)), raw };
    let done = app.raise(&actor, draft, expect(&form, &path, &Raw::new())).map_err(stopped)?;
    Ok(super::super::tell::done(
        &app,
        &format!("/changes/{}/edit/what", done.reference),
        &format!("This is a copy of {}. Give it a window of its own.", loaded.change.reference),
    ))
}

/// When a draft was saved and by whom, for the page on which two versions stand side by side.
pub(super) fn saved_by(app: &App, draft: &drafts::Draft) -> Result<String, Failure> {
    let names = app.read::<_, Failure>(|tx| signalbox_store::accounts::names(tx, &[draft.saved_by]))?;
    let name = names.get(&draft.saved_by).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "somebody".into());
    let at = jiff::Timestamp::from_microsecond(draft.saved_at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Ok(format!("{name}, {}", crate::web::visitor::moment(at)))
}
