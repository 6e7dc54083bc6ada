//! `/requests/new`: the catalogue of what was agreed beforehand, and asking for one of its entries (spec 4.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::calendar::{self, local};
use signalbox_core::catalogue;
use signalbox_core::change::Kind;
use signalbox_core::decide::fields::{Field as Asked, of_document};
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, OrgId};
use signalbox_core::process::{AnswerKind, CatalogueEntry, Process};
use signalbox_store::directory::Organisation;
use signalbox_store::queries::entries::{self, Suspension};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;

use super::change::{expect, stopped};
use super::draft::{self, Writing, base};
use super::raise;
use crate::app::{App, Shared};
use crate::run::{Done, Expect, Key, NewDraft, Stop};
use crate::web::form::Form;
use crate::web::parts::{self, Fact, FormPage, ListPage, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::typed::{self, Options};
use crate::web::ui::{self, Link};
use crate::web::visitor::{Visitor, moment};

/// What the form carries beside answers.
const BESIDES: [&str; 4] = ["org", "on_behalf_of", "draft", "carry"];
/// The faults that mean: this is not the request that was agreed.
const UNFIT: [&str; 6] = ["not-eligible", "request-expired", "request-suspended", "request-used-up", "request-not-yours", "unknown-request"];

/// The document of service requests, and the organisations that this person asks for.
struct Asking {
    actor: Actor,
    process: Arc<Process>,
    orgs: Vec<Organisation>,
    /// Entries that cannot be asked for until somebody has looked at them again.
    suspended: BTreeMap<String, Suspension>,
}

impl Asking {
    fn of(app: &App, visitor: &Visitor) -> Result<Asking, Failure> {
        let actor = visitor.actor()?;
        let process = app.documents.of_kind(Kind::ServiceRequest).ok_or(Failure::NotFound)?;
        let orgs = raise::organisations(app, &actor, &process)?;
        if orgs.is_empty() {
            return Err(raise::may_not(Kind::ServiceRequest));
        }
        let suspended = app.read::<_, Failure>(|tx| entries::suspensions(tx))?;
        Ok(Asking { actor, process, orgs, suspended })
    }

    /// What these people may ask for today; the rest is not shown.
    fn entries(&self, today: Date) -> Vec<&CatalogueEntry> {
        let is_own = |org: OrgId| self.orgs.iter().any(|own| own.id == org.0);
        let is_theirs = |entry: &CatalogueEntry| self.actor.memberships().iter().any(|m| is_own(m.org) && entry.is_for(m));
        let is_in_force = |entry: &CatalogueEntry| entry.expires.parse::<Date>().is_ok_and(|last| today <= last);
        self.process.catalogue.iter().filter(|entry| is_theirs(entry) && is_in_force(entry)).collect()
    }

    fn entry(&self, app: &App, id: &str) -> Result<&CatalogueEntry, Failure> {
        self.entries(today(app)).into_iter().find(|entry| entry.id == id).ok_or(Failure::NotFound)
    }

    /// The questions of the form: all but the entry itself, which is chosen already, and files.
    fn questions(&self, is_asked: impl Fn(&Asked) -> bool) -> Vec<Asked> {
        let of_form = |field: &Asked| field.id != "model" && field.kind != AnswerKind::Files && is_asked(field);
        of_document(&self.process).into_iter().filter(of_form).collect()
    }
}

fn today(app: &App) -> Date {
    local::wall(app.clock.now(), &calendar::london()).date()
}

/// The catalogue.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let asking = Asking::of(&app, &visitor)?;
    let entries = asking.entries(today(&app));
    let lede = match entries.len() {
        0 => "Nothing in the catalogue is for your organisation. Raise a change instead.".to_owned(),
        1 => "1 request was agreed beforehand. If it is exactly what you need, nobody approves it again.".to_owned(),
        n => format!("{n} requests were agreed beforehand. If one is exactly what you need, nobody approves it again."),
    };
    let card = |entry: &&CatalogueEntry| {
        let section = Section::new(&entry.id, &entry.title).words(&entry.description);
        if let Some(suspension) = asking.suspended.get(&entry.id) {
            return section.words(&suspended_words(suspension)).link("Raise a normal change", "/changes/new");
        }
        let section = section.facts(facts(entry));
        section.link(&format!("Ask for this: {}", entry.title), &format!("/requests/new/{}", entry.id))
    };
    Ok(page(&ListPage {
        shell: raise::shell(&app, &visitor, "Service requests"),
        lede,
        actions: vec![Link::new("No agreed request fits: raise a change", "/changes/new")],
        sections: entries.iter().map(card).collect(),
        ..ListPage::default()
    }))
}

fn suspended_words(suspension: &Suspension) -> String {
    format!("Suspended since {}, because {}. Until the authority has looked at it again, raise a normal change.", moment(suspension.since), suspension.because)
}

fn facts(entry: &CatalogueEntry) -> Vec<Fact> {
    let steps: Vec<String> = entry.procedure.iter().enumerate().map(|(n, step)| format!("{}. {step}", n + 1)).collect();
    let mut facts = vec![Fact::new("Notice asked for", &entry.lead.to_string())];
    facts.extend(entry.done_within.map(|within| Fact::new("Usually done within", &format!("{within} of being sent"))));
    facts.extend(entry.cap.map(|cap| Fact::new("At most", &format!("{cap}, by everybody together"))));
    facts.extend([
        Fact::new("What will be done", &steps.join("\n")),
        Fact::new("Agreed by", &entry.authorised_by),
        Fact::new("Agreed until", &entry.expires.parse::<Date>().map_or_else(|_| entry.expires.clone(), local::date_words)),
    ]);
    facts
}

/// The questions of one entry.
pub async fn show_entry(State(app): State<Shared>, visitor: Visitor, Path(entry): Path<String>) -> Result<Response, Failure> {
    let asking = Asking::of(&app, &visitor)?;
    let entry = asking.entry(&app, &entry)?;
    let raw = catalogue::beforehand(&asking.process, entry);
    let questions = asking.questions(|field| field.question.as_ref().is_some_and(|q| q.asked_when.is_none()));
    let options = app.read::<_, Failure>(|tx| Options::read(tx, &asking.actor, calendar::london()))?;
    let fields = typed::fields(&questions, &raw, &[], &options, typed::in_words);
    Ok(page(&form_page(&app, &visitor, &asking, entry, &questions, fields, &Form::default())))
}

fn form_page(app: &App, visitor: &Visitor, asking: &Asking, entry: &CatalogueEntry, asked: &[Asked], mut fields: Vec<ui::Field>, form: &Form) -> FormPage {
    draft::mark_needed(&mut fields, asked);
    let mut all = super::filled(raise::who_for(&asking.orgs, "request"), form, &[]);
    all.extend(fields);
    let mut shell = raise::shell(app, visitor, &entry.title);
    shell.crumbs.push(("Service requests".into(), "/requests/new".into()));
    FormPage {
        shell,
        lede: entry.description.clone(),
        facts: facts(entry),
        warning: asking.suspended.get(&entry.id).map(suspended_words).into_iter().collect(),
        form: parts::Form::new(&format!("/requests/new/{}", entry.id), "Send the request", all).key(&app.ids.token().to_hex()),
        ..FormPage::default()
    }
}

/// Keeps the request as a draft, and sends it if it is the one that was agreed.
pub async fn ask(State(app): State<Shared>, visitor: Visitor, Path(entry): Path<String>, form: Form) -> Result<Response, Failure> {
    let asking = Asking::of(&app, &visitor)?;
    let entry = asking.entry(&app, &entry)?;
    let mut raw = typed::raw_besides(&form, &BESIDES);
    only_questions(&asking, &raw)?;
    raw.insert("model".into(), vec![entry.id.clone()]);
    let path = format!("/requests/new/{}", entry.id);
    let kept = keep(&app, &asking, &form, &path, raw)?;
    // Sent already, if this form came twice: then the same answer is given again.
    if let Ok(writing) = Writing::open(&app, &visitor, &kept.reference) {
        if form.has("carry") {
            return carry_over(&app, &asking, &writing, &form, &path);
        }
        let faults: Vec<Fault> = writing.faults(None);
        if !faults.is_empty() {
            return draw_again(&app, &visitor, &asking, entry, &writing, &form, &faults);
        }
    }
    let key = expect(&form, &path, &Raw::new()).key.map(|key| Key { key: format!("{}-send", key.key), ..key });
    let sent = app.take(&asking.actor, kept.id, Act::Submit, Raw::new(), Expect { key, ..Expect::default() }).map_err(stopped)?;
    Ok(done(&app, &format!("/changes/{}", sent.reference), &draft::said(&sent.stage)))
}

/// Nobody sets what the page does not ask (S31).
fn only_questions(asking: &Asking, raw: &Raw) -> Result<(), Failure> {
    let is_known = |name: &str| asking.questions(|_| true).iter().any(|field| field.id == base(name));
    let unknown = raw.keys().filter(|name| !is_known(name));
    let faults: Vec<Fault> = unknown.map(|name| Fault::of(name, "unknown-field", format!("This page has no field “{name}”."))).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Invalid(faults)) }
}

/// The draft that holds what was typed: the one of the page before, or a new one.
fn keep(app: &App, asking: &Asking, form: &Form, path: &str, raw: Raw) -> Result<Done, Failure> {
    let known = form.text("draft");
    if known.is_empty() {
        let org = raise::chosen(&asking.orgs, form).map_err(Failure::invalid)?;
        let on_behalf_of = raise::on_behalf_of(form).map_err(Failure::invalid)?;
        let expect = Expect { version: None, ..expect(form, path, &raw) };
        let draft = NewDraft { kind: Kind::ServiceRequest, org, on_behalf_of, copied_from: None, raw };
        return app.raise(&asking.actor, draft, expect).map_err(stopped);
    }
    let scope = Scope::of(&asking.actor);
    let id = app.read::<_, Failure>(|tx| {
        let Some(id) = sight::by_reference(tx, &scope, known)? else { return Ok(None) };
        Ok(app.look(tx, &asking.actor, id)?.filter(|s| s.loaded.change.kind == Kind::ServiceRequest).map(|_| id))
    })?;
    app.save_draft(&asking.actor, id.ok_or(Failure::NotFound)?, raw, Expect::default()).map_err(stopped)
}

/// The form again: what is missing, or which answer makes it another thing, with the way on.
fn draw_again(
    app: &App,
    visitor: &Visitor,
    asking: &Asking,
    entry: &CatalogueEntry,
    writing: &Writing,
    form: &Form,
    faults: &[Fault],
) -> Result<Response, Failure> {
    let questions = asking.questions(|field| writing.preview.asked.contains(&field.id));
    let fields = typed::fields(&questions, &typed::raw_besides(form, &BESIDES), faults, &writing.options(app)?, typed::in_words);
    let mut view = form_page(app, visitor, asking, entry, &questions, fields, form);
    view.faults = [ui::faults_of(&view.form.fields), typed::loose_faults(&view.form.fields, faults)].concat();
    view.form = view.form.hide("draft", &writing.change().reference);
    let unfit: Vec<&Fault> = faults.iter().filter(|fault| UNFIT.contains(&fault.code)).collect();
    if !unfit.is_empty() {
        view.warning.push(format!("With these answers it is not the request that was agreed. It can be raised as a normal change instead: {}", entry.title));
        view.form = view.form.more("carry", "Carry my answers over to a normal change");
    }
    let kept = format!("What you typed is kept as the draft {}.", writing.change().reference);
    view.side = vec![Section::new("kept", "Kept as a draft").words(&kept)];
    Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
}

/// The answers go into a normal change, and the request is withdrawn with a link to it (settled 7).
fn carry_over(app: &App, asking: &Asking, writing: &Writing, form: &Form, path: &str) -> Result<Response, Failure> {
    let process = app.documents.of_kind(Kind::Normal).ok_or_else(|| raise::may_not(Kind::Normal))?;
    let request = writing.change();
    let orgs = raise::organisations(app, &asking.actor, &process)?;
    if !orgs.iter().any(|org| org.id == request.org.0) {
        return Err(raise::may_not(Kind::Normal));
    }
    let mut raw = typed::raw_besides(form, &BESIDES);
    // What the supplier was to know is what is to be done.
    if let Some(words) = raw.remove("fulfilment") {
        raw.insert("what".into(), words);
    }
    raw.retain(|name, _| process.question(base(name)).is_some());
    let on_behalf_of = raise::on_behalf_of(form).map_err(Failure::invalid)?;
    let draft = NewDraft { kind: Kind::Normal, org: OrgId(request.org.0), on_behalf_of, copied_from: Some(ChangeId(request.id.0)), raw: raw.clone() };
    let expect = Expect { version: None, ..expect(form, path, &raw) };
    let raised = app.raise(&asking.actor, draft, expect).map_err(stopped)?;
    let reason = Raw::from([("reason".to_owned(), vec![format!("Raised as {} instead.", raised.reference)])]);
    match app.take(&asking.actor, request.id.0, Act::Withdraw, reason, Expect::default()) {
        // Withdrawn already, if this form came twice.
        Ok(_) | Err(Stop::Refused(_)) => {}
        Err(stop) => return Err(stopped(stop)),
    }
    Ok(done(app, &format!("/changes/{}/edit/what", raised.reference), &format!("Your answers came with you. {} is withdrawn.", request.reference)))
}
