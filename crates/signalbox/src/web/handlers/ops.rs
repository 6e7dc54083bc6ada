//! `/ops`: the board of the operations desk. "Is this alarm expected?" is answered from the record and never guessed;
//! what was heard by telephone is recorded for whoever told it (X1).

mod alarm;
pub mod handover;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::alarm::Cover;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::{Change, Stage};
use signalbox_core::silence;
use signalbox_store::monitors::{self, Silence};
use signalbox_store::queries::alarms::{self, AlarmFilter};
use signalbox_store::queries::change::{self as pages, ChangePage};
use signalbox_store::queries::schedule::{self as store, Asked, Entry, ScheduleFilter, Standing};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};

use crate::app::{App, Shared};
use crate::run::{Expect, Key, Stop};
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::pages::ops::{OpsForm, OpsPage, OpsRow};
use crate::web::parts::Section;
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::typed;
use crate::web::ui::{self, Choice, Field, Link};
use crate::web::visitor::Visitor;
use crate::words::{fault, moment_phrase, refusal};

/// How far ahead the board looks.
const AHEAD: SignedDuration = SignedDuration::from_hours(12);
/// How long agreed work of which nothing is known stays on the board past its end.
const SILENT: SignedDuration = SignedDuration::from_hours(12);
/// How long ago work may have been planned that nobody has said anything about yet, or that still runs.
const BEHIND: SignedDuration = SignedDuration::from_hours(15 * 24);
/// How long an alarm stays on the board: a shift.
const LATELY: SignedDuration = SignedDuration::from_hours(12);
/// The latest alarms that the board shows; the rest stand in their list.
const RANG_MAX: i64 = 10;
/// More than fits any board.
const ROWS_MAX: usize = 60;

/// The acts of the board with the words on their buttons.
const ACTS: [(Act, &str); 3] = [(Act::Start, "Started"), (Act::RunningLate, "Running late"), (Act::Restore, "Back")];

/// A form that came back with faults.
struct Returned<'r> {
    reference: &'r str,
    form: &'r Form,
    faults: Vec<Fault>,
}

/// The board, with an answer where a device was named.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    draw(&app, &visitor, &query, None)
}

fn draw(app: &App, visitor: &Visitor, query: &Form, returned: Option<&Returned>) -> Result<Response, Failure> {
    let (actor, now, zone) = (visitor.actor()?, app.clock.now(), calendar::london());
    let scope = Scope::of(&actor);
    let (question, found, rows, rang) = app.read::<_, Failure>(|tx| {
        let (question, found) = alarm::ask(tx, &scope, query, now, &zone)?;
        let asked = Asked { from: now - BEHIND, until: now + AHEAD, now };
        let filter = ScheduleFilter { mine_only: true, ..ScheduleFilter::default() };
        let mut works = vec![];
        for entry in store::schedule(tx, &scope, asked, &filter, None, store::LIMIT_MAX)?.entries {
            if is_on_the_board(&entry, now) && works.len() < ROWS_MAX {
                works.extend(read_work(app, tx, &actor, &scope, entry, now)?);
            }
        }
        let lately = AlarmFilter { from: Some(now - LATELY), ..AlarmFilter::default() };
        Ok((question, found, works, alarms::list(tx, &scope, &lately, RANG_MAX)?))
    })?;
    let drawing = Drawing { app, now, zone: &zone, returned };
    let (running, next): (Vec<&Work>, Vec<&Work>) = rows.iter().partition(|work| work.is_running(now));
    let running: Vec<OpsRow> = running.into_iter().map(|work| drawing.row(work)).collect();
    let next: Vec<OpsRow> = next.into_iter().map(|work| drawing.row(work)).collect();
    let drawn = running.iter().chain(&next).filter_map(|row| row.report.as_ref()).flat_map(|form| &form.fields);
    let mut faults = ui::faults_of(drawn);
    if let Some(returned) = returned {
        // Work that has left the board meanwhile has no form there; its faults are told all the same.
        let is_told = |fault: &Fault| faults.iter().any(|told| told.message == fault.detail);
        let rest: Vec<ui::Fault> =
            returned.faults.iter().filter(|fault| !is_told(fault)).map(|fault| ui::Fault { message: fault.detail.clone(), target: String::new() }).collect();
        faults.extend(rest);
    }
    faults.extend(found.faults);
    let covered = rows.iter().filter(|work| Cover::of(&work.page.loaded.change).is_some_and(|cover| cover.holds_at(now))).count();
    let view = OpsPage {
        shell: visitor.shell(app, "Operations board", Place::Operations),
        sentence: sentence(running.len(), covered, rows.iter().filter(|work| alarm::escalation(&work.page, now).is_some()).count()),
        question,
        answer: found.answer,
        faults,
        running,
        next,
        rang: Section::new("rang", "What rang lately")
            .table(super::alarms::table(&rang, now), "Nothing rang in the last 12 hours that you may see.")
            .link("All alarms", "/alarms")
            .link("Call-outs and what they cost", "/ledger"),
    };
    let status = if view.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

fn sentence(running: usize, covered: usize, escalated: usize) -> String {
    let pieces = |n: usize| if n == 1 { "1 piece of work".to_owned() } else { format!("{n} pieces of work") };
    let runs = match running {
        0 => "Nothing is running.".to_owned(),
        1 => "1 piece of work is running.".to_owned(),
        n => format!("{} are running.", pieces(n)),
    };
    let alarms = match covered {
        0 => "No alarm is expected now.".to_owned(),
        n => format!("Alarms are expected now from {}.", pieces(n)),
    };
    let ring = match escalated {
        0 => String::new(),
        n => format!(" Ring the site now about {}.", pieces(n)),
    };
    format!("{runs} {alarms}{ring}")
}

/// What runs, what was to start and nobody has said anything of, and what starts soon.
fn is_on_the_board(entry: &Entry, now: Timestamp) -> bool {
    match entry.standing {
        Standing::Live => true,
        // Nobody said that it began: that is asked about for a while after it was to be over.
        Standing::Firm => entry.window.contingency_end + SILENT > now,
        Standing::Tentative => entry.window.contingency_end > now,
        Standing::Done | Standing::Cancelled => false,
    }
}

/// A piece of work with what the desk may record of it.
struct Work {
    page: ChangePage,
    /// Those of [`ACTS`] that are offered to this person (settled 6).
    acts: Vec<(Act, &'static str)>,
    /// What monitors should keep quiet about now and do not.
    unsilenced: Vec<String>,
}

impl Work {
    fn is_running(&self, now: Timestamp) -> bool {
        let change = &self.page.loaded.change;
        let has_begun = change.window().is_some_and(|window| window.start <= now);
        matches!(change.stage, Stage::Implementing | Stage::BackingOut) || (has_begun && change.stage.is_firm())
    }
}

fn read_work(app: &App, tx: &mut dyn Tx, actor: &Actor, scope: &Scope, entry: Entry, now: Timestamp) -> Result<Option<Work>, StoreError> {
    let Some(page) = pages::page_by_id(tx, scope, entry.id)? else { return Ok(None) };
    let Some(situation) = app.look(tx, actor, entry.id)? else { return Ok(None) };
    let offers = situation.offers(actor, now);
    let is_open = |act: Act| offers.iter().any(|offer| offer.act == act && offer.is_open());
    let acts = ACTS.into_iter().filter(|(act, _)| is_open(*act)).collect();
    let is_lacking = |one: &Silence| one.state == silence::State::NotInForce && one.wanted.is_some_and(|(from, _)| from <= now);
    let unsilenced = monitors::silences_of(tx, entry.id)?.into_iter().filter(is_lacking).map(|one| one.name).collect();
    Ok(Some(Work { page, acts, unsilenced }))
}

struct Drawing<'d> {
    app: &'d App,
    now: Timestamp,
    zone: &'d TimeZone,
    returned: Option<&'d Returned<'d>>,
}

impl Drawing<'_> {
    fn row(&self, work: &Work) -> OpsRow {
        let change = &work.page.loaded.change;
        let id = format!("w-{}", change.reference.to_lowercase());
        let returned = self.returned.filter(|returned| returned.reference.eq_ignore_ascii_case(&change.reference));
        let title = alarm::title(&work.page);
        let report = (!work.acts.is_empty()).then(|| OpsForm {
            action: format!("/ops/{}", change.reference),
            version: change.version,
            idempotency_key: self.app.ids.token().to_hex(),
            acts: work.acts.iter().map(|(act, words)| (act.code().to_owned(), (*words).to_owned())).collect(),
            fields: {
                let is_late_offered = work.acts.iter().any(|(act, _)| *act == Act::RunningLate);
                let form = returned.map(|returned| (returned.form, returned.faults.as_slice()));
                fields(&id, is_late_offered, form, self.now, self.zone)
            },
            is_open: returned.is_some(),
        });
        OpsRow {
            when: change.window().map(|w| local::describe_window(w.start, w.end, self.zone)).map(|w| format!("{} to {}", w.from, w.to)).unwrap_or_default(),
            link: Link::new(&format!("{} {title}", change.reference), &format!("/changes/{}", change.reference)),
            text: format!("{} {}", alarm::expected(&work.page, self.now, self.zone), unsilenced_words(&work.unsilenced)).trim().to_owned(),
            ring: alarm::ring(&work.page, &self.app.config.team),
            tag: match alarm::escalation(&work.page, self.now) {
                Some(_) => ui::Tag::new("Ring the site now", "red"),
                None => ui::Tag::new(change.stage.words(), if change.stage == Stage::Implementing { "orange" } else { "blue" }),
            },
            report,
            id,
        }
    }
}

fn unsilenced_words(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("Not silenced at its monitor: {}.", names.join(", ")) }
}

/// Who told it, how, and when it happened; for work that runs late the new end.
fn fields(id: &str, is_late_offered: bool, returned: Option<(&Form, &[Fault])>, now: Timestamp, zone: &TimeZone) -> Vec<Field> {
    let wall = local::wall(now, zone);
    let (date, time) = (wall.date().to_string(), wall.strftime("%H:%M").to_string());
    let mut fields = vec![
        Field::text("on_behalf_of", "On behalf of", "").hint("Who told you, and where they are.").optional(),
        Field::checks("by_phone", "How", vec![Choice::new("yes", "By phone").chosen(true)]),
        Field::date_time("happened_at", "When it happened", &date, &time),
    ];
    if is_late_offered {
        fields.push(Field::date_time("expected_end", "Expected end", "", "").hint("Only for “Running late”.").optional());
    }
    let fields = match returned {
        Some((form, faults)) => super::filled(with_folds(fields, form, faults), form, faults),
        None => fields,
    };
    fields
        .into_iter()
        .map(|field| {
            let own = format!("{id}-{}", field.name);
            field.id(&own)
        })
        .collect()
}

/// On the night when clocks go back an hour stands twice; then the form asks which is meant.
fn with_folds(fields: Vec<Field>, form: &Form, faults: &[Fault]) -> Vec<Field> {
    let asks = |name: &str| form.has(&format!("{name}-fold")) || faults.iter().any(|fault| fault.code == "time-twice" && fault.field.as_deref() == Some(name));
    let ask = |name: &str| {
        Field::radios(
            &format!("{name}-fold"),
            "This time occurs twice that night: which one is meant?",
            vec![Choice::new("first", "The first"), Choice::new("second", "The second")],
        )
    };
    fields
        .into_iter()
        .flat_map(|field| {
            let fold = asks(&field.name).then(|| ask(&field.name));
            [Some(field), fold]
        })
        .flatten()
        .collect()
}

/// The fields of the board's form.
const FIELDS: [&str; 10] = [
    "act",
    "version",
    "on_behalf_of",
    "by_phone",
    "happened_at-date",
    "happened_at-time",
    "happened_at-fold",
    "expected_end-date",
    "expected_end-time",
    "expected_end-fold",
];

/// Records what was told. It is a fact: nothing refuses it but that the person may not record it, or that it can't
/// have happened (X1). For the same reason it asks for no version: two facts do not overwrite each other.
pub async fn record(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let scope = Scope::of(&actor);
    let id = app.read::<_, Failure>(|tx| sight::by_reference(tx, &scope, &reference))?.ok_or(Failure::NotFound)?;
    form.only(&FIELDS)?;
    let Some((act, _)) = ACTS.into_iter().find(|(act, _)| act.code() == form.raw("act")) else {
        let faults = vec![Fault::whole("act-unknown", "Choose what happened: Started, Running late or Back.")];
        return draw(&app, &visitor, &Form::default(), Some(&Returned { reference: &reference, form: &form, faults }));
    };
    let mut raw = typed::raw_besides(&form, &["act"]);
    if act != Act::RunningLate {
        raw.retain(|name, _| !name.starts_with("expected_end"));
    }
    let expect = Expect { key: key(&form, &reference), ..Expect::default() };
    match app.take(&actor, id, act, raw, expect) {
        Ok(taken) => Ok(done(&app, "/ops", &said(act, &taken.reference, form.text("on_behalf_of")))),
        Err(stop) => stopped(&app, &visitor, &actor, id, &reference, &form, stop),
    }
}

fn said(act: Act, reference: &str, on_behalf_of: &str) -> String {
    let what = match act {
        Act::Start => "has started",
        Act::RunningLate => "runs late",
        _ => "is back",
    };
    let who = if on_behalf_of.is_empty() { String::new() } else { format!(" on behalf of {on_behalf_of}") };
    format!("Recorded{who}: {reference} {what}.")
}

fn key(form: &Form, reference: &str) -> Option<Key> {
    let key = form.text("idempotency_key");
    let is_kept = |name: &str| name != crate::web::csrf::FIELD;
    let sent = form.fields().iter().filter(|(name, _)| is_kept(name));
    let sent: Vec<String> = std::iter::once(format!("/ops/{reference}")).chain(sent.map(|(name, value)| format!("{name}={value}"))).collect();
    (!key.is_empty()).then(|| Key { key: key.to_owned(), request_hash: hash(&sent.join("\n")) })
}

fn hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    signalbox_core::text::hex(&Sha256::digest(text.as_bytes()))
}

/// Date, time and fold of a moment are one field on the board.
fn of_control(fault: Fault) -> Fault {
    let stem = |field: &str| [".date", ".time", ".fold"].iter().find_map(|part| field.strip_suffix(part)).unwrap_or(field).to_owned();
    Fault { field: fault.field.as_deref().map(stem), ..fault }
}

fn stopped(app: &App, visitor: &Visitor, actor: &Actor, id: i64, reference: &str, form: &Form, stop: Stop) -> Result<Response, Failure> {
    use signalbox_core::refusal::Refusal;
    match stop {
        Stop::Unseen => Err(Failure::NotFound),
        Stop::Refused(Refusal::Invalid(violations)) => {
            let faults = violations.iter().map(|violation| of_control(Fault::from_violation(violation, fault(violation)))).collect();
            draw(app, visitor, &Form::default(), Some(&Returned { reference, form, faults }))
        }
        Stop::Refused(why) => {
            let change: Option<Change> = app.read::<_, Failure>(|tx| Ok(app.look(tx, actor, id)?.map(|s| s.loaded.change)))?;
            let change = change.ok_or(Failure::NotFound)?;
            let sentences: Vec<String> = refusal(&why, &change).into_iter().map(|why| why.sentence).collect();
            match why {
                Refusal::Denied(bars) => Err(Failure::denied(bars.first().map_or("denied", |bar| bar.code), sentences.join(" "))),
                _ => Err(Failure::conflict(
                    "wrong-stage",
                    format!("{} Since {}.", sentences.join(" "), moment_phrase(change.stage_since, app.clock.now(), &calendar::london())),
                )),
            }
        }
        Stop::Stale { expected, found } => Err(Failure::Stale { expected, found }),
        Stop::KeyReused => Err(Failure::conflict("key-reused", "This form was sent before with other words in it. Look at the board, then record it again.")),
        Stop::Store(fault) => Err(fault.into()),
    }
}
