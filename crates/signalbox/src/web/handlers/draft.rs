//! `/changes/{ref}/edit/{step}`: a draft, step by step, and its sending. The questions are those of the change's
//! process document; what was typed is saved as it is, and read only to say what is missing.

mod when;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::calendar::local;
use signalbox_core::change::{Change, Kind};
use signalbox_core::clinical::fields::answers;
use signalbox_core::decide::fields::{Field as Asked, of_document};
use signalbox_core::decide::notice::is_provisional;
use signalbox_core::decide::preview::{Preview, preview};
use signalbox_core::form::{Answer, Raw};
use signalbox_core::process::{AnswerKind, Page, Question, Required};
use signalbox_core::refusal::{Refusal, Violation};
use signalbox_store::drafts::{self, FileMeta};
use signalbox_store::queries::lessons::Likeness;
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;

use super::change::{expect, stopped};
use super::{lessons, raise};
use crate::app::{App, Shared};
use crate::run::{Expect, Situation, Stop};
use crate::web::form::{Form, Query};
use crate::web::free_times;
use crate::web::pages::errors::{ConflictPage, Difference, Resend};
use crate::web::pages::raise::{RaisePage, Step};
use crate::web::panels;
use crate::web::parts::{self, Fact, Notice, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::typed::{self, Options};
use crate::web::ui::{self, Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words;

/// The steps that ask questions, with the end of their address and their label.
const PAGES: [(Page, &str, &str); 5] = [
    (Page::What, "what", "What"),
    (Page::Where, "where", "Where"),
    (Page::Details, "details", "Details"),
    (Page::When, "when", "When"),
    (Page::Risk, "risk", "Risk"),
];
/// What a step's form carries beside answers: which questions it drew, and its buttons.
const BESIDES: [&str; 4] = ["asked", "later", "check", SLOT];
/// The free time chosen instead of the window typed.
const SLOT: &str = "slot";

/// A draft that this person may write on, with what sending it would mean.
pub(super) struct Writing {
    actor: Actor,
    pub(super) situation: Situation,
    /// What it is sent with: the first of these that is offered.
    act: Act,
    /// Everything typed so far.
    raw: Raw,
    rev: i64,
    pub(super) preview: Preview,
    files: Vec<FileMeta>,
}

impl Writing {
    pub(super) fn open(app: &App, visitor: &Visitor, reference: &str) -> Result<Writing, Failure> {
        Writing::open_with(app, visitor, reference, &Raw::new())
    }

    /// The same with something typed over what was saved.
    fn open_with(app: &App, visitor: &Visitor, reference: &str, over: &Raw) -> Result<Writing, Failure> {
        let (actor, now) = (visitor.actor()?, app.clock.now());
        let situation = app.read::<_, Failure>(|tx| {
            let Some(id) = sight::by_reference(tx, &Scope::of(&actor), reference)? else { return Ok(None) };
            let Some(situation) = app.look_at_typed(tx, &actor, id, Act::Submit, over)? else { return Ok(None) };
            Ok(Some((situation, drafts::files(tx, id)?)))
        })?;
        let (situation, files) = situation.ok_or(Failure::NotFound)?;
        let offers = situation.offers(&actor, now);
        let is_open = |act: &Act| offers.iter().any(|offer| offer.act == *act && offer.is_open());
        let Some(act) = [Act::Submit, Act::Propose].into_iter().find(is_open) else {
            let barred = offers.into_iter().filter(|offer| offer.act == Act::Submit).find_map(|offer| offer.verdict.err());
            return Err(stopped(Stop::Refused(barred.unwrap_or(Refusal::WrongStage(situation.loaded.change.stage)))));
        };
        let (mut raw, rev) = situation.draft.as_ref().map_or((Raw::new(), 0), |draft| (draft.raw.clone(), draft.rev));
        lay_over(&mut raw, over.clone());
        let preview = preview(&situation.context(&actor, now), &situation.loaded.change, act, &raw).ok_or(Failure::NotFound)?;
        Ok(Writing { actor, situation, act, raw, rev, preview, files })
    }

    pub(super) fn change(&self) -> &Change {
        &self.situation.loaded.change
    }

    fn address(&self, step: &str) -> String {
        format!("/changes/{}/edit/{step}", self.change().reference)
    }

    fn title(&self) -> &str {
        self.raw.get("title").and_then(|typed| typed.first()).map_or("", |typed| typed.trim())
    }

    fn lede(&self) -> String {
        let reference = &self.change().reference;
        if self.title().is_empty() { format!("{reference}, draft.") } else { format!("{reference}, {}.", self.title()) }
    }

    fn saved(&self) -> String {
        let at = self.situation.draft.as_ref().and_then(|draft| Timestamp::from_microsecond(draft.saved_at).ok());
        at.map_or_else(String::new, |at| format!("Saved on {}.", moment(at)))
    }

    /// The questions of a step that are asked now. Files are attached on the change's page and chosen here.
    fn asked(&self, step: Page) -> Vec<Asked> {
        let is_asked = |field: &Asked| {
            let question = field.question.as_ref();
            let now = |q: &Question| q.page == step && !super::urgent::can_wait(self.change().kind, q);
            question.is_some_and(now) && self.preview.asked.contains(&field.id) && (!self.files.is_empty() || field.kind != AnswerKind::Files)
        };
        let mut asked: Vec<Asked> = of_document(&self.situation.process).into_iter().filter(is_asked).collect();
        // What a document adds to another stands after all that it inherits; what has to be answered stands first.
        // Under each heading, that is: headings stand in the order of the document, and what has none stands first.
        let groups: Vec<&str> = self.situation.process.questions.iter().map(|q| q.group.as_str()).collect();
        let place = |group: &str| if group.is_empty() { 0 } else { groups.iter().position(|g| *g == group).map_or(0, |at| at + 1) };
        asked.sort_by_key(|field| field.question.as_ref().map(|q| (place(&q.group), !matches!(q.required, Required::Submit { .. }))));
        // Every hazard of a clinical rejection is answered first of all (BR-21).
        let hazards = if step == Page::Risk { answers(self.change()) } else { vec![] };
        [hazards, asked].concat()
    }

    /// What a field is called that no question of the document asks.
    fn label(&self, id: &str) -> String {
        let hazard = id.strip_prefix("answer_h").and_then(|n| n.parse().ok()).and_then(|n| self.change().safety.hazard(n));
        match hazard {
            Some(hazard) => format!("{}: {}", words::field_label(id), words::said(&self.situation.loaded.prose, &hazard.words.name)),
            None => typed::in_words(id),
        }
    }

    /// The step that asks for a field.
    fn step_asking(&self, field: &str) -> Option<Page> {
        let is_hazard = answers(self.change()).iter().any(|asked| asked.id == base(field));
        if is_hazard { Some(Page::Risk) } else { self.situation.process.question(base(field)).map(|q| q.page) }
    }

    /// Whether the step asks anything at all in this document.
    fn has(&self, step: Page) -> bool {
        let kind = self.change().kind;
        self.situation.process.questions.iter().any(|q| q.page == step && q.answer != AnswerKind::Files && !super::urgent::can_wait(kind, q))
    }

    /// The slugs of the steps that there are, the last being the check.
    fn slugs(&self) -> Vec<(&'static str, &'static str)> {
        let pages = PAGES.into_iter().filter(|(page, ..)| self.has(*page)).map(|(_, slug, label)| (slug, label));
        pages.chain([("check", "Check and send")]).collect()
    }

    fn steps(&self, current: &str) -> Vec<Step> {
        let step = |(slug, label): (&str, &str)| {
            let is_current = slug == current;
            Step { label: label.into(), href: if is_current { String::new() } else { self.address(slug) }, is_current }
        };
        self.slugs().into_iter().map(step).collect()
    }

    fn after(&self, current: &str) -> &'static str {
        let slugs = self.slugs();
        let at = slugs.iter().position(|(slug, _)| *slug == current).unwrap_or(0);
        slugs.get(at + 1).map_or("check", |(slug, _)| slug)
    }

    /// What may be named here, and the catalogue's titles for a request.
    pub(super) fn options(&self, app: &App) -> Result<Options, Failure> {
        let zone = self.situation.zone.clone();
        let options = app.read::<_, Failure>(|tx| Options::read(tx, &self.actor, zone))?.with_files(&self.files);
        let entries: Vec<Choice> = self.situation.process.catalogue.iter().map(|entry| Choice::new(&entry.id, &entry.title)).collect();
        let options = if entries.is_empty() { options } else { options.with("model", entries) };
        if self.change().kind != Kind::Emergency {
            return Ok(options);
        }
        let callable = super::urgent::callable(app, &self.actor)?;
        let own = self.actor.person().map(|person| person.0);
        Ok(options.with("verbal_approver", super::urgent::approvers(&callable, own)))
    }

    /// The faults of one step, or of all.
    pub(super) fn faults(&self, step: Option<Page>) -> Vec<Fault> {
        let is_here = |violation: &&Violation| match (step, violation.field.as_deref()) {
            (None, _) => true,
            (Some(step), Some(field)) => self.step_asking(field) == Some(step),
            (Some(_), None) => false,
        };
        self.preview.faults.iter().filter(is_here).map(|violation| self.fault(violation)).collect()
    }

    pub(super) fn fault(&self, violation: &Violation) -> Fault {
        let question = violation.field.as_deref().and_then(|field| self.situation.process.question(base(field)));
        let label = question.map_or("", |q| q.text.as_str());
        Fault::from_violation(violation, words::fault_in(violation, label))
    }

    fn window(&self) -> Option<(Timestamp, Timestamp)> {
        match self.preview.answers.get("window") {
            Some(Answer::Window { start, end, .. }) => Some((*start, *end)),
            _ => None,
        }
    }

    fn notice(&self) -> Option<Notice> {
        let (start, _) = self.window()?;
        let given = self.preview.notice.as_ref()?;
        let is_provisional = is_provisional(&self.situation.process, self.change());
        Some(panels::notice_if_sent(given, is_provisional, self.change().kind, start, &self.situation.calendar, &self.situation.zone))
    }

    fn warnings(&self) -> Vec<String> {
        self.preview.warnings.iter().map(words::warning).collect()
    }

    fn clashes(&self) -> Vec<parts::Clash> {
        let found = self.situation.facts.clashes.iter().filter(|_| self.window().is_some());
        found.map(|clash| panels::clash(clash, &self.situation.zone, vec![])).collect()
    }

    fn no_clash(&self) -> String {
        self.window_words().map_or_else(String::new, |span| format!("No clash found: {span}."))
    }

    /// The window with its length, which on a night when clocks change is not the difference of the two times.
    fn window_words(&self) -> Option<String> {
        let (start, end) = self.window()?;
        let words = local::describe_window(start, end, &self.situation.zone);
        Some(format!("{} ({})", words.sentence(), words.length))
    }

    /// What this change is like others by: what it names, and the services of the equipment that it names.
    fn likeness(&self) -> Likeness {
        let change = self.change();
        let mut like = Likeness { change: change.id.0, kind: change.kind, items: vec![], services: vec![] };
        for answer in self.preview.answers.values() {
            match answer {
                Answer::Items(ids) => like.items.extend(ids.iter().map(|id| id.0)),
                Answer::Services(ids) => like.services.extend(ids.iter().map(|id| id.0)),
                _ => {}
            }
        }
        let of_items = self.situation.facts.items.iter().filter(|item| like.items.contains(&item.id.0));
        let of_items: Vec<i64> = of_items.flat_map(|item| &item.services).map(|service| service.0).collect();
        like.services.extend(of_items);
        like
    }

    /// Whether the step comes right after the last one that asks what the change touches.
    fn knows_what_is_touched(&self, slug: &str) -> bool {
        let names_things = |page: Page| {
            let questions = self.situation.process.questions.iter().filter(|q| q.page == page);
            questions.into_iter().any(|q| matches!(q.answer, AnswerKind::Items | AnswerKind::Services))
        };
        let last = PAGES.into_iter().rfind(|(page, ..)| self.has(*page) && names_things(*page));
        last.is_some_and(|(_, last, _)| self.after(last) == slug)
    }

    fn page(&self, app: &App, visitor: &Visitor, title: &str, step: &str) -> RaisePage {
        let shell = raise::shell(app, visitor, title);
        RaisePage { shell, lede: self.lede(), saved: self.saved(), steps: self.steps(step), ..RaisePage::default() }
    }
}

/// What is typed takes the place of everything typed before for the same questions.
fn lay_over(raw: &mut Raw, typed: Raw) {
    raw.retain(|name, _| !typed.keys().any(|typed| base(typed) == base(name)));
    raw.extend(typed);
}

/// The id of the question that a field is part of: `window` of `window.start.time`.
pub(super) fn base(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

fn step_of(slug: &str) -> Option<Page> {
    PAGES.into_iter().find(|(_, s, _)| *s == slug).map(|(page, ..)| page)
}

fn heading(kind: Kind, step: Page) -> &'static str {
    match (kind, step) {
        (Kind::PlannedOutage, Page::What) => "What will be switched off?",
        (Kind::PlannedOutage, Page::Where) => "Where, and what goes off?",
        (Kind::PlannedOutage, Page::When) => "When does it go off?",
        (Kind::PlannedOutage, Page::Risk) => "How does work go on meanwhile?",
        (Kind::ServiceRequest, Page::What) => "What do you need?",
        (Kind::Emergency, Page::What) => "What has to be changed now?",
        (Kind::Emergency, Page::When) => "Who was asked, and from when?",
        (Kind::Retrospective, Page::What) => "What was done?",
        (Kind::Retrospective, Page::When) => "When was it done, and how did it come to light?",
        (Kind::FirewallNetwork, Page::Details) => "Which rules and settings?",
        (Kind::PacsModality, Page::Where) => "Where does it stand, and what does it touch?",
        (Kind::PacsModality, Page::Details) => "The machine and its connection",
        (Kind::NationalService, Page::Details) => "Endpoints, services and slots",
        (Kind::NationalService, Page::Risk) => "How do patients come in meanwhile?",
        (_, Page::Details) => "What exactly?",
        (_, Page::What) => "What is to change?",
        (_, Page::Where) => "Where is it, and what does it touch?",
        (_, Page::When) => "When should the work happen?",
        (_, Page::Risk) => "What could go wrong?",
    }
}

/// A step as it stands.
pub async fn show(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((reference, slug)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let mut writing = Writing::open(&app, &visitor, &reference)?;
    // A free time that was chosen on its own page stands here filled in, and nothing is saved by that.
    if let Some(start) = query.text("start").parse().ok().filter(|_| slug == "when") {
        let moved = match (writing.preview.change.window(), query.text("minutes").parse()) {
            (None, Ok(minutes)) => free_times::window_typed(start, minutes, &writing.situation.zone),
            (None, Err(_)) => Raw::new(),
            (Some(window), minutes) => free_times::moved_typed(window, minutes.ok(), start, &writing.situation.zone),
        };
        writing = Writing::open_with(&app, &visitor, &reference, &moved)?;
    }
    if slug == "check" {
        return check(&app, &visitor, &writing, StatusCode::OK, &[]);
    }
    let step = step_of(&slug).filter(|step| writing.has(*step)).ok_or(Failure::NotFound)?;
    draw(&app, &visitor, &writing, step, &slug, &[])
}

fn draw(app: &App, visitor: &Visitor, writing: &Writing, step: Page, slug: &str, faults: &[Fault]) -> Result<Response, Failure> {
    let asked = writing.asked(step);
    let mut fields = typed::fields(&asked, &writing.raw, faults, &writing.options(app)?, |id| writing.label(id));
    mark_needed(&mut fields, &asked);
    let drawn: Vec<&str> = asked.iter().map(|field| field.id.as_str()).collect();
    let mut form = parts::Form::new(&writing.address(slug), "Save and continue", fields)
        .key(&app.ids.token().to_hex())
        .hide("version", &writing.rev.to_string())
        .hide("asked", &drawn.join(" "))
        .autosave();
    let mut view = writing.page(app, visitor, heading(writing.change().kind, step), slug);
    view.faults = [ui::faults_of(&form.fields), typed::loose_faults(&form.fields, faults)].concat();
    if step == Page::When {
        form.fields.extend(when::slots(app, writing, faults)?);
        form = form.more("check", "Check this window");
        view.warnings = writing.warnings();
        view.clashes = writing.clashes();
        view.no_clash = writing.no_clash();
        view.notice = writing.notice();
    }
    if typed::has_rows(&form.fields) {
        form = form.more(typed::MORE_ROWS, "Save and show more rows");
    }
    view.form = form.more("later", "Save and finish later");
    view.side = match writing.change().kind {
        Kind::Emergency => vec![super::urgent::whom_to_ring(app, &writing.actor)?, so_far(writing, slug)],
        _ => vec![so_far(writing, slug)],
    };
    if step == Page::When {
        view.side.extend(when::clinic_hours(app, writing)?);
        view.side.push(Section::new("free", "Another time").link("Look for a free time", &format!("/changes/{}/free-times", writing.change().reference)));
    }
    if writing.knows_what_is_touched(slug) {
        view.side.extend(lessons::panel(app, &Scope::of(&writing.actor), &writing.likeness())?);
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

/// A question that is only sometimes asked, and then has to be answered, is not optional once it is asked.
pub(super) fn mark_needed(fields: &mut [Field], asked: &[Asked]) {
    for field in fields {
        let name = typed::core_name(&field.name);
        let of = asked.iter().find(|asked| asked.id == base(&name));
        let is_needed = |asked: &Asked| asked.question.as_ref().map_or(asked.required, |q| matches!(q.required, Required::Submit { .. }));
        field.optional = !of.is_some_and(is_needed);
    }
}

fn so_far(writing: &Writing, slug: &str) -> Section {
    let mut section = Section::new("so-far", "So far");
    section.facts.push(Fact::new("Kind", &words::sentence_case(writing.change().kind.words())));
    if !writing.title().is_empty() && slug != "what" {
        section.facts.push(Fact::new("What", writing.title()).link("Change", &writing.address("what")));
    }
    if let Some(when) = writing.window_words().filter(|_| slug != "when") {
        section.facts.push(Fact::new("When", &when).link("Change", &writing.address("when")));
    }
    section.link("Your drafts", "/changes/new").link("Attach a file, or leave a message", &format!("/changes/{}", writing.change().reference))
}

/// Saves a step, then goes where the button says.
pub async fn save(State(app): State<Shared>, visitor: Visitor, Path((reference, slug)): Path<(String, String)>, form: Form) -> Result<Response, Failure> {
    let writing = Writing::open(&app, &visitor, &reference)?;
    let step = step_of(&slug).filter(|step| writing.has(*step)).ok_or(Failure::NotFound)?;
    let typed = typed::raw_besides(&form, &BESIDES);
    only_this_step(&writing, step, &typed)?;
    let Ok(seen) = form.text("version").parse::<i64>() else {
        return Err(Failure::invalid(Fault::of("version", "version-missing", "Open the page again: it does not say which version you saw.")));
    };
    let mut merged = merge(&writing, step, form.text("asked"), typed);
    if step == Page::When && !["", free_times::KEEP].contains(&form.text(SLOT)) {
        let wrong = || Failure::invalid(Fault::of(SLOT, "unknown-choice", "Choose one of the times that are shown."));
        let start = form.text(SLOT).parse().map_err(|_| wrong())?;
        let window = writing.preview.change.window().ok_or_else(wrong)?;
        lay_over(&mut merged, free_times::moved_typed(window, None, start, &writing.situation.zone));
    }
    let expect = Expect { rev: Some(seen), ..Expect::default() };
    let saved = match app.save_draft(&writing.actor, writing.change().id.0, merged.clone(), expect) {
        // The same words twice are no conflict.
        Err(Stop::Stale { .. }) if merged == writing.raw => writing.rev,
        Err(Stop::Stale { found, .. }) => return conflict(&app, &visitor, &writing, step, &slug, &form, merged, found),
        other => other.map_err(stopped)?.rev,
    };
    if form.has("autosave") {
        return Ok((StatusCode::NO_CONTENT, [("signalbox-version", saved.to_string())]).into_response());
    }
    if form.has(typed::MORE_ROWS) {
        return Ok(Redirect::to(&writing.address(&slug)).into_response());
    }
    if form.has("later") {
        return Ok(done(&app, "/changes/new", &format!("{} is kept as a draft.", writing.change().reference)));
    }
    let writing = Writing::open(&app, &visitor, &reference)?;
    let mut faults = writing.faults(Some(step));
    // A clash is never passed over unread: the first time it is met, somebody chooses.
    if step == Page::When && form.text(SLOT).is_empty() && !form.has("check") && when::slots(&app, &writing, &[])?.is_some() {
        faults.push(Fault::of(SLOT, "choose-one", "Choose a free time, or keep the one that clashes."));
    }
    if form.has("check") || !faults.is_empty() {
        return draw(&app, &visitor, &writing, step, &slug, &faults);
    }
    Ok(Redirect::to(&writing.address(writing.after(&slug))).into_response())
}

/// Nobody sets what the page does not ask (S31).
fn only_this_step(writing: &Writing, step: Page, typed: &Raw) -> Result<(), Failure> {
    let is_known = |name: &str| writing.step_asking(name) == Some(step);
    let unknown = typed.keys().filter(|name| !is_known(name));
    let faults: Vec<Fault> = unknown.map(|name| Fault::of(name, "unknown-field", format!("This page has no field “{name}”."))).collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Invalid(faults)) }
}

/// The draft with this step typed anew. A question that was drawn and came without an answer was cleared; one that
/// was not drawn keeps what was typed before.
fn merge(writing: &Writing, step: Page, drawn: &str, typed: Raw) -> Raw {
    let is_of_step = |id: &str| writing.step_asking(id) == Some(step);
    let drawn: Vec<&str> = drawn.split_whitespace().filter(|id| is_of_step(id)).collect();
    let mut raw = writing.raw.clone();
    raw.retain(|name, _| !drawn.contains(&base(name)));
    lay_over(&mut raw, typed);
    raw
}

/// Somebody saved meanwhile: both versions, field by field.
#[allow(clippy::too_many_arguments, reason = "one request taken apart")]
fn conflict(app: &App, visitor: &Visitor, writing: &Writing, step: Page, slug: &str, form: &Form, mine: Raw, found: i64) -> Result<Response, Failure> {
    let (asked, options) = (writing.asked(step), writing.options(app)?);
    let draw = |raw: &Raw| typed::fields(&asked, raw, &[], &options, |id| writing.label(id));
    let (theirs, yours) = (draw(&writing.raw), draw(&mine));
    let value = |fields: &[Field], name: &str| fields.iter().find(|field| field.name == name).map(typed::shown).unwrap_or_default();
    let mut differences = vec![];
    for field in theirs.iter().chain(yours.iter().filter(|field| !theirs.iter().any(|other| other.name == field.name))) {
        let (theirs, yours) = (value(&theirs, &field.name), value(&yours, &field.name));
        if theirs != yours {
            differences.push(Difference { field: field.label.clone(), theirs, yours });
        }
    }
    let shell = raise::shell(app, visitor, "Somebody changed this while you did");
    let is_kept = |name: &str| ![crate::web::csrf::FIELD, "version", "autosave"].contains(&name);
    let mut fields: Vec<(String, String)> = form.fields().iter().filter(|(name, _)| is_kept(name)).cloned().collect();
    fields.extend([("version".into(), found.to_string()), (crate::web::csrf::FIELD.into(), shell.csrf.clone())]);
    let draft = writing.situation.draft.as_ref();
    let view = ConflictPage {
        shell,
        what: Link::new(&writing.change().reference, &writing.address(slug)),
        changed_by: draft.map(|draft| raise::saved_by(app, draft)).transpose()?.unwrap_or_default(),
        differences,
        keep_mine: Resend { action: writing.address(slug), fields, words: "Save mine over theirs".into() },
    };
    Ok(page_with(StatusCode::CONFLICT, &view))
}

/// All answers, what is still missing, and the button that sends.
fn check(app: &App, visitor: &Visitor, writing: &Writing, status: StatusCode, said: &[Fault]) -> Result<Response, Failure> {
    let options = writing.options(app)?;
    let mut view = writing.page(app, visitor, "Check and send", "check");
    for (step, slug, label) in PAGES.into_iter().filter(|(step, ..)| writing.has(*step)) {
        let fields = typed::fields(&writing.asked(step), &writing.raw, &[], &options, |id| writing.label(id));
        let fact = |field: &Field| {
            let value = typed::shown(field);
            let value = if value.is_empty() { "Not answered".to_owned() } else { value };
            Fact::new(&field.label, &value).link("Change", &writing.address(slug))
        };
        view.answers.push(Section::new(&format!("answers-{slug}"), label).facts(fields.iter().map(fact).collect()));
    }
    let target = |fault: &Fault| {
        let page = fault.field.as_deref().and_then(|field| writing.step_asking(field));
        let slug = page.and_then(|page| PAGES.into_iter().find(|(other, ..)| *other == page)).map(|(_, slug, _)| slug);
        slug.map_or(String::new(), |slug| format!("answers-{slug}"))
    };
    let faults = said.iter().cloned().chain(writing.faults(None));
    view.faults = faults.map(|fault| ui::Fault { target: target(&fault), message: fault.detail }).collect();
    view.warnings = writing.warnings();
    view.clashes = writing.clashes();
    view.no_clash = writing.no_clash();
    view.notice = writing.notice();
    let change = writing.change();
    view.form = parts::Form::new(&format!("/changes/{}/send", change.reference), words::act_button(writing.act, change.stage), vec![])
        .key(&app.ids.token().to_hex())
        .hide("version", &change.version.to_string())
        .hide("rev", &writing.rev.to_string())
        .hide("act", writing.act.code());
    view.side = vec![what_next(writing)];
    view.side.extend(lessons::panel(app, &Scope::of(&writing.actor), &writing.likeness())?);
    Ok(page_with(status, &view))
}

fn what_next(writing: &Writing) -> Section {
    let section = Section::new("next", "What happens next");
    match (writing.act, writing.change().kind) {
        (_, Kind::Emergency) => section.words(super::urgent::NEXT_EMERGENCY),
        (_, Kind::Retrospective) => section.words(super::urgent::NEXT_RETROSPECTIVE),
        (Act::Propose, _) => section.words("Your coordinator is told at once and sends it on. The notice clock starts when they do."),
        (_, Kind::ServiceRequest) => {
            section.words("If every answer fits the entry of the catalogue, it is scheduled at once. Otherwise somebody reads it first.")
        }
        _ => section.words("The supplier’s change manager is told at once. The notice clock starts when you send it."),
    }
}

/// Sends the draft as it was seen.
pub async fn send(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let (actor, path) = (visitor.actor()?, format!("/changes/{reference}/send"));
    let id = app.read::<_, Failure>(|tx| sight::by_reference(tx, &Scope::of(&actor), &reference))?.ok_or(Failure::NotFound)?;
    form.only(&["version", "rev", "act"])?;
    let act = match form.text("act") {
        "submit" => Act::Submit,
        "propose" => Act::Propose,
        _ => return Err(Failure::invalid(Fault::of("act", "unknown-choice", "Open the page again and send it from there."))),
    };
    // Whoever sends has seen which words they send.
    let (Ok(version), Ok(rev)) = (form.text("version").parse(), form.text("rev").parse()) else {
        return Err(Failure::invalid(Fault::of("version", "version-missing", "Open the page again: it does not say which version you saw.")));
    };
    let expect = Expect { version: Some(version), rev: Some(rev), ..expect(&form, &path, &Raw::new()) };
    match app.take(&actor, id, act, Raw::new(), expect) {
        Ok(sent) => Ok(done(&app, &format!("/changes/{}", sent.reference), &said(&sent.stage))),
        Err(Stop::Refused(Refusal::Invalid(_))) => check(&app, &visitor, &Writing::open(&app, &visitor, &reference)?, StatusCode::UNPROCESSABLE_ENTITY, &[]),
        Err(Stop::Stale { .. }) => {
            let writing = Writing::open(&app, &visitor, &reference)?;
            let by = writing.situation.draft.as_ref().map(|draft| raise::saved_by(&app, draft)).transpose()?.unwrap_or_default();
            let fault =
                Fault::whole("stale", format!("It was changed after you opened this page: {by}. Nothing was sent. Read it as it stands now, then send it."));
            check(&app, &visitor, &writing, StatusCode::CONFLICT, &[fault])
        }
        Err(stop) => Err(stopped(stop)),
    }
}

/// What was just done, by the stage that it led to.
pub(super) fn said(stage: &str) -> String {
    match stage {
        "LOCAL_AUTH" => "It is with your coordinator now.".into(),
        "APPROVED" => "It was received, with the yes by phone. The work may begin.".into(),
        "SCHEDULED" => "It is agreed and in the schedule.".into(),
        _ => "It was received. The notice clock has started.".into(),
    }
}
