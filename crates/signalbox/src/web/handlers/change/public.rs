//! `/changes/{ref}/public-notice`: the authority opens a notice for everybody, in words that it reads before they go out.
//! Nothing of the change travels by itself but its times: no equipment, no people, no title of ours.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::actor::Role;
use signalbox_core::form::Answer;
use signalbox_core::public::{self as core, Kind, State as Stands, Update};
use signalbox_store::public::{self as store, Notice, Wording};
use signalbox_store::queries::Named;

use super::Seen;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::handlers::{filled, summary};
use crate::web::parts::{self, Fact, FormPage, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words::public as words;
use crate::worker::public as telling;

const TITLE_MAX: usize = 120;
const WORDS_MAX: usize = 2_000;
const NONE_OPEN: &str = "None of its services is open to public notices. An administrator or the authority opens them in set-up.";
const FIELDS: [&str; 5] = ["title", "words", "services", "sites", "withdraw"];

/// Whether these eyes may open a notice of it, or change one.
fn may_publish(seen: &Seen) -> bool {
    seen.actor.holds(Role::AuthorityManager)
}

/// The panel of the record: a link for who may publish, and to what everybody reads.
pub(super) fn section(seen: &Seen, notice: Option<&Notice>) -> Option<Section> {
    let section = Section::new("public", "Public notice");
    let edit = format!("{}/public-notice", seen.address());
    let is_out = notice.is_some_and(|notice| notice.standing.state != Stands::Withdrawn);
    match notice.filter(|_| is_out) {
        Some(notice) => {
            let section = section.words("Everybody may read of it.").link(&notice.title, &format!("/status/{}", notice.id));
            Some(if may_publish(seen) { section.link("Change or withdraw the notice", &edit) } else { section })
        }
        None if may_publish(seen) && core::may_open(seen.change()) => {
            Some(section.words("The public is not told of it.").link("Publish a public notice", &edit))
        }
        None => None,
    }
}

struct Draft {
    seen: Seen,
    notice: Option<Notice>,
    /// The services of the change of which the public may be told.
    services: Vec<Named>,
    sites: Vec<Named>,
}

fn read(app: &App, visitor: &Visitor, reference: &str) -> Result<Draft, Failure> {
    let seen = Seen::read(app, visitor, reference)?;
    if !may_publish(&seen) {
        return Err(Failure::denied("public-role", "Public notices are opened by the authority’s change manager."));
    }
    let id = seen.change().id.0;
    let (notice, open) = app.read::<_, Failure>(|tx| Ok((store::of_change(tx, id)?, store::open_services(tx)?)))?;
    let services = open.into_iter().filter(|service| seen.page.services.contains_key(&service.id)).collect();
    let sites = seen.page.sites.values().cloned().collect();
    Ok(Draft { seen, notice, services, sites })
}

/// What stands in the form before anybody typed: made of the names of services and sites alone.
fn proposed(draft: &Draft) -> Wording {
    if let Some(notice) = &draft.notice {
        let ids = |named: &[Named]| named.iter().map(|one| one.id).collect();
        return Wording { title: notice.title.clone(), words: notice.words.clone(), services: ids(&notice.services), sites: ids(&notice.sites) };
    }
    let names = |named: &[Named]| named.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    let services = if draft.services.is_empty() { "A service".to_owned() } else { names(&draft.services) };
    let place = if draft.sites.is_empty() { String::new() } else { format!(" at {}", names(&draft.sites)) };
    let noticed = draft.seen.change().content.as_ref().and_then(|content| content.answers.get("people_notice"));
    let words = match noticed {
        Some(Answer::Text(text)) if !draft.seen.said(text).is_empty() => draft.seen.said(text),
        _ => format!("{services} may not be there{place} while the work is done."),
    };
    Wording {
        title: format!("Planned work: {services}{place}").chars().take(TITLE_MAX).collect(),
        words,
        services: draft.services.iter().map(|one| one.id).collect(),
        sites: draft.sites.iter().map(|one| one.id).collect(),
    }
}

/// What must not stand in words for everybody: equipment, and whoever has a part in the work.
fn confidential(seen: &Seen) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in seen.page.items.values() {
        found.extend([line.item.code.clone(), line.item.name.clone()]);
    }
    found.extend(seen.page.people.values().cloned());
    for answer in seen.change().content.iter().flat_map(|content| content.answers.values()) {
        if let Answer::Person { name, phone } = answer {
            found.extend([seen.said(name), seen.said(phone)]);
        }
    }
    for promise in seen.change().promise.iter() {
        found.extend([&promise.take_down_by, &promise.restore_by, &promise.phone].map(|text| seen.said(text)));
    }
    // A word of three letters is in half of all words.
    found.into_iter().filter(|word| word.trim().chars().count() > 3).collect()
}

fn check(draft: &Draft, form: &Form) -> Result<Wording, Vec<Fault>> {
    let mut faults = vec![];
    let secret = confidential(&draft.seen);
    let mut said = |field: &'static str, most: usize, missing: &str| {
        let typed = form.text(field).trim().to_owned();
        if typed.is_empty() || typed.chars().count() > most {
            faults.push(Fault::of(field, "answer-missing", format!("{missing}, in {most} characters at most.")));
        }
        let lower = typed.to_lowercase();
        if let Some(word) = secret.iter().find(|word| lower.contains(&word.trim().to_lowercase())) {
            faults.push(Fault::of(field, "confidential", format!("Leave out “{}”: a public notice names no equipment and no people.", word.trim())));
        } else if typed.contains('@') {
            faults.push(Fault::of(field, "confidential", "Leave out addresses of mail: how to reach the change team stands on the page."));
        }
        typed
    };
    let title = said("title", TITLE_MAX, "Say in a line what it is about");
    let words = said("words", WORDS_MAX, "Say what people will notice, and what to do meanwhile");
    let chosen =
        |field: &str, named: &[Named]| -> Vec<i64> { named.iter().filter(|one| form.all(field).any(|code| code == one.code)).map(|one| one.id).collect() };
    let services = chosen("services", &draft.services);
    if draft.services.is_empty() {
        faults.push(Fault::whole("none-open", NONE_OPEN));
    } else if services.is_empty() {
        faults.push(Fault::of("services", "choose-one", "Choose a service that is open to public notices."));
    }
    let wording = Wording { title, words, services, sites: chosen("sites", &draft.sites) };
    if faults.is_empty() { Ok(wording) } else { Err(faults) }
}

/// The form, with the words as they would go out.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let draft = read(&app, &visitor, &reference)?;
    draw(&app, &visitor, &draft, &Form::default(), &[])
}

fn is_out(draft: &Draft) -> bool {
    draft.notice.as_ref().is_some_and(|notice| notice.standing.state != Stands::Withdrawn)
}

fn draw(app: &App, visitor: &Visitor, draft: &Draft, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let seen = &draft.seen;
    let wording = proposed(draft);
    let choices = |named: &[Named], ids: &[i64]| named.iter().map(|one| Choice::new(&one.code, &one.name).chosen(ids.contains(&one.id))).collect::<Vec<_>>();
    let mut fields = vec![
        Field::text("title", "Title", &wording.title),
        Field::textarea("words", "What people will notice, and what to do meanwhile", &wording.words)
            .hint("Anybody may read this. No equipment, no people, nothing about patients.")
            .rows(6),
    ];
    if !draft.services.is_empty() {
        fields.push(Field::checks("services", "Services that it names", choices(&draft.services, &wording.services)));
    }
    if !draft.sites.is_empty() {
        fields.push(Field::checks("sites", "Sites that it names", choices(&draft.sites, &wording.sites)));
    }
    let fields = filled(fields, form, faults);
    let stands = core::standing(seen.change());
    let mut warning = vec![];
    if draft.services.is_empty() {
        warning.push(NONE_OPEN.to_owned());
    }
    if !is_out(draft) && !core::may_open(seen.change()) {
        warning.push("A notice is opened once the time is agreed, for a change that is open to everybody, and before it is over.".to_owned());
    }
    let mut facts = vec![Fact::new("Change", &format!("{}, {}", seen.change().reference, seen.title()))];
    facts.extend(stands.map(|stands| Fact::new("When", &words::when(&stands, &seen.situation.zone))));
    if let Some(notice) = draft.notice.as_ref().filter(|_| is_out(draft)) {
        facts.push(Fact::new("Published", &seen.moment(notice.published_at)).link("Read it", &format!("/status/{}", notice.id)));
    }
    let button = if is_out(draft) { "Save the words" } else { "Publish it" };
    let mut posted = parts::Form::new(&format!("{}/public-notice", seen.address()), button, fields);
    if is_out(draft) {
        posted = posted.more("withdraw", "Withdraw the notice");
    }
    let faults = summary(&posted.fields, faults);
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = FormPage {
        shell: seen.shell(app, visitor, &format!("{}: public notice", seen.change().reference)),
        lede: "What is written here, the times and the updates are read by everybody, and mailed to whoever asked for it.".into(),
        faults,
        facts,
        warning,
        form: posted,
        ..FormPage::default()
    };
    Ok(page_with(status, &view))
}

/// Publishes the notice, changes its words or withdraws it.
pub async fn save(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let draft = read(&app, &visitor, &reference)?;
    form.only(&FIELDS)?;
    let (change, now) = (draft.seen.change(), app.clock.now());
    let (by, address) = (draft.seen.actor.person(), draft.seen.address());
    let known = draft.notice.as_ref().map(|notice| (notice.id, notice.standing));
    if let (true, Some((id, standing))) = (form.has("withdraw") && is_out(&draft), known) {
        let withdrawn = Update { kind: Kind::Withdrawn, at: now, standing: core::Standing { state: Stands::Withdrawn, ..standing } };
        let (ids, act) = (app.ids.clone(), app.act(by, now));
        app.write::<_, Failure>(move |tx| {
            store::note_withdrawn(tx, &act, id)?;
            telling::add(tx, &ids, now, id, withdrawn)
        })?;
        return Ok(done(&app, &address, "The notice is withdrawn. Whoever got it by mail is told."));
    }
    let mut found = check(&draft, &form);
    if !is_out(&draft) && !core::may_open(change) {
        let fault = Fault::whole("wrong-stage", "A notice is opened once the time is agreed, for a change that is open to everybody, and before it is over.");
        found = Err(found.err().into_iter().flatten().chain([fault]).collect());
    }
    let wording = match found {
        Ok(wording) => wording,
        Err(faults) => return draw(&app, &visitor, &draft, &form, &faults),
    };
    let Some(stands) = core::standing(change) else { return Err(Failure::NotFound) };
    telling::publish(&app, by, change, stands, known.map(|(id, _)| id), wording)?;
    let said = if is_out(&draft) { "The words of the notice are saved." } else { "The notice is published. Its updates follow the change by themselves." };
    Ok(done(&app, &address, said))
}

/// Where the notice of a change is read, for its record.
pub(super) fn of(app: &App, seen: &Seen) -> Result<Option<Notice>, Failure> {
    app.read(|tx| store::of_change(tx, seen.change().id.0))
}
