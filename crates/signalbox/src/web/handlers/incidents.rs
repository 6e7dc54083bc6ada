//! `/incidents`: what other systems told, as far as the reader may see it, with the changes that it may have come from
//! (X12), and a change begun from one (C007).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use signalbox_core::actor::Actor;
use signalbox_core::calendar;
use signalbox_core::change::Kind;
use signalbox_core::facts::FactsQuery;
use signalbox_core::form::Raw;
use signalbox_core::process::{AnswerKind, Process};
use signalbox_store::queries::incidents::{self, IncidentFilter, IncidentLine, Suspect};
use signalbox_store::scope::Scope;

use super::change::{expect, stopped};
use super::raise;
use crate::app::{App, Shared};
use crate::run::NewDraft;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::pages::raise::{KindPage, StarterGroup};
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::visitor::Visitor;
use crate::words;

/// How far back the page looks.
const BEHIND: SignedDuration = SignedDuration::from_hours(90 * 24);
/// More than anybody reads on one page.
const LIMIT: i64 = 100;

/// What is begun from an incident: the mending of it, tonight or later.
const KINDS: [Kind; 2] = [Kind::Normal, Kind::Emergency];

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let (scope, now) = (Scope::of(&visitor.actor()?), app.clock.now());
    let found = app.read::<_, Failure>(|tx| {
        let filter = IncidentFilter { from: Some(now - BEHIND), ..IncidentFilter::default() };
        let mut all = vec![];
        for line in incidents::list(tx, &scope, &filter, LIMIT)? {
            let suspects = incidents::suspects(tx, &scope, line.id)?;
            all.push((line, suspects));
        }
        Ok(all)
    })?;
    let zone = calendar::london();
    let (linked, rest): (Vec<_>, Vec<_>) = found.iter().partition(|(_, suspects)| suspects.iter().any(|suspect| suspect.linked));
    let (offered, other): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, suspects)| !suspects.is_empty());
    let row = |(line, suspects): &&(IncidentLine, Vec<Suspect>)| {
        let moment = words::moment_phrase(line.opened_at, now, &zone);
        let priority = if line.clinical { Cell::tag("Clinical", "red") } else { Cell::text(&format!("Priority {}", line.priority)) };
        let first = suspects.iter().find(|suspect| suspect.linked).or(suspects.first());
        let change = match first {
            Some(suspect) if suspect.linked => Cell::link(&suspect.reference, &format!("/changes/{}", suspect.reference)).small(&suspect.title),
            Some(suspect) => {
                Cell::link(&format!("Link it to {}", suspect.reference), &format!("/changes/{}/acts/link_incident", suspect.reference)).small(&suspect.title)
            }
            None => Cell::text("No change near it"),
        };
        Row::new(
            Cell::link(&line.reference, &format!("/incidents/{}/raise", line.id)).small(&line.title),
            vec![Cell::text(&moment).small(&line.source), priority, Cell::text(&line.hits.replace(';', ", ")), change],
        )
    };
    let heads = ["Incident", "Opened", "How bad", "What it hit", "Change"];
    let table = |caption: &str, lines: &[&(IncidentLine, Vec<Suspect>)]| Table::new(caption, &heads, lines.iter().map(&row).collect());
    let view = ListPage {
        shell: visitor.shell(&app, "Incidents", Place::Elsewhere),
        lede: format!(
            "{} in the last 90 days; {} hit what was changed shortly before and {} not linked.",
            words::counted(found.len() as i64, "incident"),
            offered.len(),
            if offered.len() == 1 { "is" } else { "are" }
        ),
        sections: vec![
            Section::new("offered", "Look at these").table(table("Incidents that may come from a change", &offered), "No incident waits to be looked at."),
            Section::new("linked", "Linked to a change").table(table("Incidents linked to a change", &linked), "None is linked."),
            Section::new("other", "Others").table(table("Other incidents", &other), "No others."),
        ],
        ..ListPage::default()
    };
    Ok(page(&view))
}

/// The incident with this number, where the visitor sees it.
fn seen(app: &App, actor: &Actor, id: &str) -> Result<IncidentLine, Failure> {
    let id = super::id(id)?;
    app.read::<_, Failure>(|tx| incidents::by_id(tx, &Scope::of(actor), id))?.ok_or(Failure::NotFound)
}

/// The incident, and what may be begun from it.
pub async fn choose(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let line = seen(&app, &visitor.actor()?, &id)?;
    Ok(page(&starters(&app, &visitor, &line)?))
}

fn starters(app: &App, visitor: &Visitor, line: &IncidentLine) -> Result<KindPage, Failure> {
    let (actor, now, zone) = (visitor.actor()?, app.clock.now(), calendar::london());
    let mut starters = vec![];
    for kind in KINDS {
        let Some(process) = app.documents.of_kind(kind) else { continue };
        let orgs = raise::organisations(app, &actor, &process)?;
        if !orgs.is_empty() {
            let mut starter = raise::starter(app, kind, &orgs);
            starter.form.action = format!("/incidents/{}/raise", line.id);
            starters.push(starter);
        }
    }
    let lede = if starters.is_empty() { words::learning::NOTHING_TO_RAISE } else { words::learning::RAISE_FROM_INCIDENT };
    let mut facts = vec![
        Fact::new("Incident", &format!("{} ({})", line.reference, line.source)),
        Fact::new("What happened", &line.title),
        Fact::new("Opened", &words::moment_phrase(line.opened_at, now, &zone)),
        Fact::new("How bad", &if line.clinical { "Clinical".to_owned() } else { format!("Priority {}", line.priority) }),
    ];
    facts.extend(line.org.as_ref().map(|org| Fact::new("Whose", &org.name)));
    if !line.hits.is_empty() {
        facts.push(Fact::new("What it hit", &line.hits.replace(';', ", ")));
    }
    let mut incident = Section::new("incident", "What is known").facts(facts);
    for suspect in app.read::<_, Failure>(|tx| incidents::suspects(tx, &Scope::of(&actor), line.id))? {
        let before = if suspect.linked { "Linked to" } else { "May have come from" };
        incident = incident.link(&format!("{before} {}, {}", suspect.reference, suspect.title), &format!("/changes/{}", suspect.reference));
    }
    let mut shell = visitor.shell(app, "A change from this incident", Place::Elsewhere);
    shell.crumbs = vec![("Incidents".into(), "/incidents".into())];
    let group = StarterGroup { id: "kinds".into(), heading: "What you may raise".into(), starters };
    Ok(KindPage { shell, lede: lede.into(), groups: Some(group).filter(|group| !group.starters.is_empty()).into_iter().collect(), drafts: incident })
}

/// Begins a draft with what is known of the incident.
pub async fn begin(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["kind", "org", "on_behalf_of"])?;
    let actor = visitor.actor()?;
    let line = seen(&app, &actor, &id)?;
    let unknown = || Failure::invalid(Fault::of("kind", "unknown-choice", "Choose what you want to raise."));
    let kind = Kind::from_code(form.text("kind")).filter(|kind| KINDS.contains(kind)).ok_or_else(unknown)?;
    let process = app.documents.of_kind(kind).ok_or_else(unknown)?;
    let orgs = raise::organisations(&app, &actor, &process)?;
    if orgs.is_empty() {
        return Err(raise::may_not(kind));
    }
    let (org, name) = match (raise::chosen(&orgs, &form), raise::on_behalf_of(&form)) {
        (Ok(org), Ok(name)) => (org, name),
        (org, name) => {
            let faults: Vec<Fault> = [org.err(), name.err()].into_iter().flatten().collect();
            let mut view = starters(&app, &visitor, &line)?;
            raise::fill_starters(&mut view, kind, &form, &faults);
            return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &view));
        }
    };
    let raw = known(&app, &actor, &process, &line)?;
    let typed = crate::web::typed::raw(&form);
    let draft = NewDraft { kind, org, on_behalf_of: name, copied_from: None, raw };
    let done = app.raise(&actor, draft, expect(&form, &format!("/incidents/{id}/raise"), &typed)).map_err(stopped)?;
    Ok(Redirect::to(&format!("/changes/{}/edit/what", done.reference)).into_response())
}

/// The answers that an incident gives: its title, what it hit as far as the writer may name it, and that it is the reason.
fn known(app: &App, actor: &Actor, process: &Process, line: &IncidentLine) -> Result<Raw, Failure> {
    let hits: Vec<String> = line.hits.split(';').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    let mut query = FactsQuery::default();
    query.item_codes.extend(hits.clone());
    query.service_codes.extend(hits.clone());
    let facts = app.read::<_, Failure>(|tx| app.facts(tx, actor, None, &query))?;
    let of = |codes: &mut dyn Iterator<Item = &String>| codes.filter(|code| hits.contains(code)).cloned().collect::<Vec<_>>();
    let longest = match process.question("title").map(|question| &question.answer) {
        Some(AnswerKind::Line { max_chars }) => *max_chars,
        _ => usize::MAX,
    };
    let mut raw = super::urgent::begun(process.kind, app.clock.now());
    let answers = [
        ("title", vec![line.title.chars().take(longest).collect()]),
        ("why", vec!["incident".to_owned()]),
        ("emergency_reason", vec!["live_incident".to_owned()]),
        ("incident_ref", vec![line.reference.clone()]),
        ("items", of(&mut facts.items.iter().map(|item| &item.code))),
        ("services", of(&mut facts.services.iter().map(|service| &service.code))),
    ];
    raw.extend(answers.into_iter().filter(|(id, codes)| process.question(id).is_some() && !codes.is_empty()).map(|(id, codes)| (id.to_owned(), codes)));
    Ok(raw)
}
