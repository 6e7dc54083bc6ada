//! `/changes/{ref}`: the record of a change, what may be done to it, and what is said about it.

pub(super) mod boards;
pub(super) mod decisions;
mod departments;
mod files;
mod forms;
mod history;
pub mod money;
pub mod network;
pub mod poster;
pub mod public;
mod quote;
mod record;
pub mod run;
pub mod run_sheet;
mod safety;
mod sections;
mod series;
mod silences;
mod work;

pub use files::{download, upload};
pub(super) use safety::{colour as rating_colour, sections as safety_sections};
pub(super) use sections::who;
pub(super) use sections::{answer_to, table_of};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::apply::replay;
use signalbox_core::calendar::local;
use signalbox_core::change::Change;
use signalbox_core::form::Raw;
use signalbox_core::ids::PersonId;
use signalbox_core::offers::Offer;
use signalbox_core::refusal::{Bar, Refusal, Violation};
use signalbox_core::text::{Text, hex};
use signalbox_store::queries::change::{self as query, ChangePage as Page};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, directory, drafts};

use super::clinical::keep;
use crate::app::{App, Shared};
use crate::run::{Expect, Key, Situation, Stop};
use crate::web::form::{Form, Query};
use crate::web::free_times;
use crate::web::layout::{Place, Shell};
use crate::web::pages::errors::{ConflictPage, Difference, Resend};
use crate::web::parts::{Fact, FormPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::web::{typed, ui};
use crate::words::{self, Names};

/// One change as these eyes see it: what its page prints, and what deciding looks at, from one snapshot.
pub(super) struct Seen {
    pub page: Page,
    pub situation: Situation,
    pub actor: Actor,
    pub now: Timestamp,
    pub names: Names,
}

impl Seen {
    /// Reads it; what is not there for this visitor is not found (S28).
    pub fn read(app: &App, visitor: &Visitor, reference: &str) -> Result<Seen, Failure> {
        let (actor, now) = (visitor.actor()?, app.clock.now());
        let scope = Scope::of(&actor);
        let found = app.read::<_, Failure>(|tx| {
            let Some(id) = sight::by_reference(tx, &scope, reference)? else { return Ok(None) };
            let Some((page, situation)) = query::page_by_id(tx, &scope, id)?.zip(app.look(tx, &actor, id)?) else { return Ok(None) };
            let mut names = Names::of(&page, situation.zone.clone());
            // Whoever reads may be of an organisation that the change does not mention yet.
            for org in actor.memberships().iter().map(|membership| membership.org.0) {
                if let (false, Some(own)) = (names.orgs.contains_key(&org), directory::organisation(tx, org)?) {
                    names.orgs.insert(org, own.name);
                }
            }
            Ok(Some((page, situation, names)))
        })?;
        let (page, situation, names) = found.ok_or(Failure::NotFound)?;
        Ok(Seen { page, situation, actor, now, names })
    }

    pub fn change(&self) -> &Change {
        &self.situation.loaded.change
    }

    pub fn offers(&self) -> Vec<Offer> {
        self.situation.offers(&self.actor, self.now)
    }

    pub fn address(&self) -> String {
        format!("/changes/{}", self.change().reference)
    }

    /// The words behind a text, or a line instead of them once they were removed.
    pub fn said(&self, text: &Text) -> String {
        words::said(&self.page.loaded.prose, text)
    }

    /// The title as sent; of a draft as typed so far.
    pub fn title(&self) -> String {
        if let Some(content) = &self.change().content {
            return self.said(&content.header.title);
        }
        let typed = self.page.draft.as_ref().and_then(|draft| draft.raw.get("title")).and_then(|typed| typed.first());
        typed.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty()).unwrap_or_else(|| "without a title yet".into())
    }

    /// A moment as it is said now.
    pub fn moment(&self, at: Timestamp) -> String {
        words::moment_phrase(at, self.now, &self.situation.zone)
    }

    /// A moment in full, for files that are read long afterwards.
    pub fn exact(&self, at: Timestamp) -> String {
        local::moment_words(at, &self.situation.zone)
    }

    /// A page about this change.
    pub fn shell(&self, app: &App, visitor: &Visitor, title: &str) -> Shell {
        let mut shell = visitor.shell(app, title, Place::Changes);
        shell.crumbs = vec![("Changes".into(), "/changes".into()), (self.change().reference.clone(), self.address())];
        shell
    }

    /// What a field is called: by the document, or by the program.
    pub fn label(&self, field: &str) -> String {
        let process = &self.situation.process;
        let risk = |id: &str| signalbox_core::decide::classify::questions(process).into_iter().find(|question| question.id == id).map(|q| q.text);
        let known = |id: &str| process.question(id).map(|question| question.text.clone()).or_else(|| risk(id));
        let stem = field.split('.').next().unwrap_or(field);
        known(field).or_else(|| known(stem)).unwrap_or_else(|| {
            let label = words::field_label(field);
            if label.is_empty() { words::field_label(stem) } else { label }
        })
    }

    /// The sentences for what is wrong with what was typed.
    pub fn faults(&self, violations: &[Violation]) -> Vec<Fault> {
        let sentence = |v: &Violation| words::fault_in(v, &v.field.as_deref().map(|f| self.label(f)).unwrap_or_default());
        violations.iter().map(|v| Fault::from_violation(v, sentence(v))).collect()
    }

    /// What somebody about to decide has to know first.
    pub fn key_facts(&self) -> Vec<Fact> {
        sections::key_facts(self)
    }
}

/// Everything answered, for a page that stands alone.
pub(super) fn answers(seen: &Seen) -> Option<crate::web::parts::Section> {
    seen.change().content.is_some().then(|| sections::glance(seen))
}

/// The record, as a link.
pub(super) fn record_link(seen: &Seen) -> Link {
    Link::new("Read the whole record", &seen.address())
}

/// What a form says it was shown, and the key under which its answer is kept.
pub(super) fn expect(form: &Form, path: &str, raw: &Raw) -> Expect {
    let version = form.text("version").parse().ok();
    let key = form.text("idempotency_key");
    let is_sound = !key.is_empty() && key.len() <= 200;
    let key = is_sound.then(|| Key { key: key.to_owned(), request_hash: request_hash(path, raw) });
    Expect { version, rev: None, key }
}

fn request_hash(path: &str, raw: &Raw) -> String {
    // Strings in a map always serialise.
    let typed = serde_json::to_vec(raw).unwrap_or_default();
    hex(&Sha256::new().chain_update(path.as_bytes()).chain_update([0]).chain_update(typed).finalize())
}

/// A stop as a failure, where no page of its own tells it better.
pub(super) fn stopped(stop: Stop) -> Failure {
    match stop {
        Stop::Unseen => Failure::NotFound,
        Stop::Refused(Refusal::Denied(bars)) => denied(&bars),
        Stop::Refused(Refusal::WrongStage(stage)) => {
            Failure::conflict("wrong-stage", format!("This is not done at the stage “{}”. Read the record again.", stage.words()))
        }
        Stop::Refused(Refusal::Invalid(violations)) => Failure::Invalid(violations.iter().map(|v| Fault::from_violation(v, words::fault(v))).collect()),
        Stop::Stale { expected, found } => {
            Failure::conflict("stale", format!("You saw version {expected}; it is at version {found} now. Read it again, then decide."))
        }
        Stop::KeyReused => {
            Failure::invalid(Fault::whole("key-reused", "This form was sent before with other words. Open the page again and send it from there."))
        }
        Stop::Store(fault) => fault.into(),
    }
}

fn denied(bars: &[Bar]) -> Failure {
    let whys: Vec<String> = bars.iter().map(words::bar).map(|why| format!("{} {}", why.sentence, why.who_can_change).trim().to_owned()).collect();
    Failure::denied(bars.first().map_or("denied", |bar| bar.code), whys.join(" "))
}

/// The record.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    Ok(page(&record::draw(&app, &visitor, &seen, &query)?))
}

/// An act that people take; those of the program alone are not there.
fn known_act(code: &str) -> Result<Act, Failure> {
    Act::from_code(code).filter(|act| !matches!(act, Act::Complete | Act::Expire)).ok_or(Failure::NotFound)
}

/// The page of an act, with its fields. Looking at it does nothing.
pub async fn show_act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((reference, act)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let act = known_act(&act)?;
    let offer = seen.offers().into_iter().find(|offer| offer.act == act).ok_or(Failure::NotFound)?;
    if let Err(refusal) = offer.verdict {
        return Err(stopped(Stop::Refused(refusal)));
    }
    if act == Act::Quote {
        return quote::draw(&app, &visitor, &seen, None, false);
    }
    // A free time that was chosen stands filled in (C072).
    if let (Act::Reschedule, Some(window), Ok(start)) = (act, seen.change().window(), query.text("start").parse()) {
        let raw = free_times::moved_typed(window, query.text("minutes").parse().ok(), start, &seen.situation.zone);
        return draw_act(&app, &visitor, &seen, act, Some((&raw, &[])));
    }
    let kept = if keep::is_kept(act) { keep::kept(&app, visitor.person()?, seen.change().id.0, act)? } else { None };
    match kept {
        Some((raw, at)) => draw_kept(&app, &visitor, &seen, act, &raw, &format!("As you left it, {}.", seen.moment(at))),
        None => draw_act(&app, &visitor, &seen, act, None),
    }
}

/// The page of an act with what was typed before, which is no fault yet.
fn draw_kept(app: &App, visitor: &Visitor, seen: &Seen, act: Act, raw: &Raw, note: &str) -> Result<Response, Failure> {
    let mut view = act_page(app, visitor, seen, act, Some((raw, &[])))?;
    view.lede = format!("{} {note}", view.lede).trim().to_owned();
    Ok(page(&view))
}

/// The page of an act: fresh, or with what was typed and what is wrong with it.
pub(super) fn draw_act(app: &App, visitor: &Visitor, seen: &Seen, act: Act, typed: Option<(&Raw, &[Fault])>) -> Result<Response, Failure> {
    if act == Act::Quote {
        return quote::draw(app, visitor, seen, typed, false);
    }
    let status = if typed.is_some_and(|(_, faults)| !faults.is_empty()) { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page_with(status, &act_page(app, visitor, seen, act, typed)?))
}

fn act_page(app: &App, visitor: &Visitor, seen: &Seen, act: Act, typed: Option<(&Raw, &[Fault])>) -> Result<FormPage, Failure> {
    let reference = &seen.change().reference;
    let (mut form, faults) = if act == Act::Attach { files::form(app, seen, typed) } else { forms::of_act(app, seen, act, typed)? };
    let empty = Raw::new();
    let below = match act {
        Act::Rate | Act::Uphold | Act::Overrule | Act::RejectClinically => keep::matrix_sections(typed.map_or(&empty, |(raw, _)| raw)),
        _ => vec![],
    };
    if !below.is_empty() {
        form = form.more("preview", "Show the rating");
    }
    if keep::is_kept(act) {
        form = form.autosave().more("later", "Keep it for later");
    }
    Ok(FormPage {
        shell: seen.shell(app, visitor, &format!("{}: {reference}", words::act_title(act))),
        lede: seen.title(),
        faults,
        facts: if matches!(act, Act::Say | Act::Attach) { vec![] } else { seen.key_facts() },
        form,
        below,
        ..FormPage::default()
    })
}

/// Takes an act.
pub async fn take(State(app): State<Shared>, visitor: Visitor, Path((reference, act)): Path<(String, String)>, form: Form) -> Result<Response, Failure> {
    let act = known_act(&act)?;
    let path = format!("/changes/{}/acts/{}", reference.to_ascii_uppercase(), act.code());
    if act == Act::Quote {
        return quote_or_again(&app, &visitor, &reference, &form, &path);
    }
    if form.has(typed::MORE_ROWS) {
        let seen = Seen::read(&app, &visitor, &reference)?;
        return draw_act(&app, &visitor, &seen, act, Some((&typed::raw(&form), &[])));
    }
    let raw = if keep::is_kept(act) { typed::raw_besides(&form, &keep::BESIDES) } else { typed::raw(&form) };
    if keep::is_kept(act) && keep::BESIDES.iter().any(|button| form.has(button)) {
        return put_aside(&app, &visitor, &reference, act, &form, &raw);
    }
    take_as(&app, &visitor, &reference, act, &form, raw, &path, false)
}

/// Not yet: what was typed is kept, and shown again with its rating where that was asked for.
fn put_aside(app: &App, visitor: &Visitor, reference: &str, act: Act, form: &Form, raw: &Raw) -> Result<Response, Failure> {
    let (person, id) = (visitor.person()?, find(app, visitor, reference)?);
    keep::keep(app, person, id, act, raw)?;
    if form.has("autosave") {
        return Ok(keep::saved(form.text("version")));
    }
    if form.has("preview") {
        let seen = Seen::read(app, visitor, reference)?;
        return draw_kept(app, visitor, &seen, act, raw, "Nothing is signed yet.");
    }
    Ok(done(app, &format!("/changes/{}", reference.to_ascii_uppercase()), "What you typed is kept, for you alone."))
}

/// Issues a quote; or draws its form again, with a row more or its sums, and issues nothing.
fn quote_or_again(app: &App, visitor: &Visitor, reference: &str, form: &Form, path: &str) -> Result<Response, Failure> {
    let asked = [quote::AGAIN, &["rows"]].concat();
    if !quote::AGAIN.iter().any(|button| form.has(button)) {
        return take_as(app, visitor, reference, Act::Quote, form, typed::raw_besides(form, &asked), path, false);
    }
    let seen = Seen::read(app, visitor, reference)?;
    let offer = seen.offers().into_iter().find(|offer| offer.act == Act::Quote).ok_or(Failure::NotFound)?;
    if let Err(refusal) = offer.verdict {
        return Err(stopped(Stop::Refused(refusal)));
    }
    quote::draw(app, visitor, &seen, Some((&typed::raw(form), &[])), form.has("add_row"))
}

/// Adds to the conversation.
pub async fn say(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let path = format!("/changes/{}/messages", reference.to_ascii_uppercase());
    take_as(&app, &visitor, &reference, Act::Say, &form, typed::raw(&form), &path, true)
}

#[allow(clippy::too_many_arguments, reason = "one request taken apart")]
fn take_as(app: &App, visitor: &Visitor, reference: &str, act: Act, form: &Form, raw: Raw, path: &str, is_talk: bool) -> Result<Response, Failure> {
    let (actor, id) = (visitor.actor()?, find(app, visitor, reference)?);
    let mut expect = expect(form, path, &raw);
    if is_talk {
        expect.version = None;
    } else if expect.version.is_none() && !act.is_fact() {
        // S36: nobody decides on what they did not see.
        return Err(Failure::NeedsVersion);
    }
    match app.take(&actor, id, act, raw.clone(), expect) {
        Ok(taken) => {
            if keep::is_kept(act) {
                keep::forget(app, visitor.person()?, id, act)?;
            }
            Ok(done(app, &format!("/changes/{}", taken.reference), &told(act)))
        }
        Err(Stop::Refused(Refusal::Denied(bars))) => {
            // Scenario 27: whoever may not sign any more loses no word of theirs.
            let Some(faults) = keep::refused(app, visitor.person()?, id, act, &raw, &bars)? else { return Err(denied(&bars)) };
            let seen = Seen::read(app, visitor, reference)?;
            Ok(page_with(StatusCode::FORBIDDEN, &act_page(app, visitor, &seen, act, Some((&raw, &faults)))?))
        }
        Err(stop) => tell(app, visitor, reference, act, form, &raw, path, stop),
    }
}

fn told(act: Act) -> String {
    match act {
        Act::Say => "Your message is in the conversation.".into(),
        Act::Attach => "The document is added.".into(),
        act => format!("{}: done, and in the record.", words::act_title(act)),
    }
}

/// The id behind a reference, if it is there for this visitor.
pub(super) fn find(app: &App, visitor: &Visitor, reference: &str) -> Result<i64, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    app.read::<_, Failure>(|tx| sight::by_reference(tx, &scope, reference))?.ok_or(Failure::NotFound)
}

/// A stop, told with everything typed kept.
#[allow(clippy::too_many_arguments, reason = "one request taken apart")]
pub(super) fn tell(app: &App, visitor: &Visitor, reference: &str, act: Act, form: &Form, raw: &Raw, path: &str, stop: Stop) -> Result<Response, Failure> {
    match stop {
        Stop::Refused(Refusal::Invalid(violations)) => {
            let seen = Seen::read(app, visitor, reference)?;
            let faults = seen.faults(&violations);
            draw_act(app, visitor, &seen, act, Some((raw, &faults)))
        }
        Stop::Stale { expected, found } => conflict(app, visitor, reference, form, raw, path, (expected, found)),
        stop => Err(stopped(stop)),
    }
}

/// Somebody was faster: what they changed and what is typed here, side by side (ux 2.3; 409).
pub(super) fn conflict(
    app: &App,
    visitor: &Visitor,
    reference: &str,
    form: &Form,
    raw: &Raw,
    path: &str,
    (expected, found): (i64, i64),
) -> Result<Response, Failure> {
    let seen = Seen::read(app, visitor, reference)?;
    let since: Vec<_> = seen.page.loaded.events.iter().filter(|event| event.version > expected).collect();
    let line = |event: &&signalbox_core::event::Recorded| words::event_line(event, &seen.names, &seen.page.loaded.prose).what;
    let mut differences = vec![Difference {
        field: "What happened meanwhile".into(),
        theirs: since.iter().map(line).collect::<Vec<_>>().join("; "),
        yours: format!("You saw version {expected}."),
    }];
    let before = replay(seen.page.loaded.events.iter().filter(|event| event.version <= expected));
    if let Some(before) = &before {
        let (theirs, yours) = (seen.change().stage.words(), before.stage.words());
        differences.extend((theirs != yours).then(|| Difference { field: "Stage".into(), theirs: theirs.into(), yours: yours.into() }));
        differences.extend(changed_answers(&seen, before));
    }
    let yours = raw.iter().filter(|(name, values)| name.as_str() != "seen" && values.iter().any(|value| !value.trim().is_empty()));
    differences.extend(yours.map(|(name, values)| {
        let label = seen.label(name);
        Difference { field: if label.is_empty() { typed::in_words(name) } else { label }, theirs: String::new(), yours: values.join(", ") }
    }));
    let shell = seen.shell(app, visitor, "Somebody changed this while you did");
    let is_kept = |name: &str| !["version", "csrf"].contains(&name);
    let mut fields: Vec<(String, String)> = form.fields().iter().filter(|(name, _)| is_kept(name)).cloned().collect();
    fields.extend([("version".into(), found.to_string()), ("csrf".into(), shell.csrf.clone())]);
    // Where somebody set off what the program then did, it is they who are named.
    let last = since.iter().rev().find(|event| event.by.person.is_some()).or(since.last());
    let changed_by = last.map_or_else(String::new, |event| {
        let org = event.by.org.map_or_else(String::new, |org| format!(", {}", seen.names.org(org)));
        format!("{}{org}, {}", seen.names.person(event.by.person), seen.moment(event.at))
    });
    let view = ConflictPage {
        shell,
        what: Link::new(&seen.change().reference, &seen.address()),
        changed_by,
        differences,
        keep_mine: Resend { action: path.to_owned(), fields, words: "Send mine all the same".into() },
    };
    Ok(page_with(StatusCode::CONFLICT, &view))
}

/// The answers that differ from those that were seen.
fn changed_answers(seen: &Seen, before: &Change) -> Vec<Difference> {
    let (then, now) = (before.content.as_ref(), seen.change().content.as_ref());
    let (Some(then), Some(now)) = (then, now) else { return vec![] };
    let told = |answer| sections::answer_words(seen, answer).unwrap_or_default();
    let ids = now.answers.keys().filter(|id| then.answers.get(*id) != now.answers.get(*id));
    ids.map(|id| Difference {
        field: seen.label(id),
        theirs: now.answers.get(id).map(told).unwrap_or_default(),
        yours: then.answers.get(id).map(told).unwrap_or_default(),
    })
    .collect()
}

/// Watches.
pub async fn watch(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    set_watch(&app, &visitor, &reference, &form, true)
}

/// Stops watching.
pub async fn unwatch(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    set_watch(&app, &visitor, &reference, &form, false)
}

fn set_watch(app: &App, visitor: &Visitor, reference: &str, form: &Form, watches: bool) -> Result<Response, Failure> {
    let (id, PersonId(person), now) = (find(app, visitor, reference)?, visitor.person()?, app.clock.now());
    form.only(&[])?;
    app.write::<_, StoreError>(move |tx| if watches { drafts::watch(tx, id, person, now) } else { drafts::unwatch(tx, id, person) })?;
    let words = if watches { "You watch this change now." } else { "You no longer watch this change." };
    Ok(done(app, &format!("/changes/{}", reference.to_ascii_uppercase()), words))
}

/// The line of the error summary for the whole form.
fn summary(drawn: &[ui::Field], faults: &[Fault]) -> Vec<ui::Fault> {
    ui::faults_of(drawn).into_iter().chain(typed::loose_faults(drawn, faults)).collect()
}
