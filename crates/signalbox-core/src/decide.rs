//! A command goes in, events come out. Each act has a function of its own under `decide/`; all of them read
//! permission first, then every fault at once, then say what happened.

pub mod assess;
pub mod carry;
pub mod catalogue;
pub mod fields;
pub mod given;
pub mod learn;
pub mod limits;
pub mod notice;
pub mod preview;
pub mod ruling;
pub mod urgent;
pub mod warnings;

pub mod clash;
pub mod classify;
pub mod freeze;
pub mod material;
pub mod order;

mod accept;
pub mod approve;
mod board;
mod clinical;
pub mod close;
mod consistent;
mod content;
mod raise;
pub mod schedule;
mod submit;
mod talk;
mod work;

pub use given::subject;
pub use raise::{Import, Raise, drafting_stamp, drafts, import, raise};

use crate::act::Act;
use crate::actor::{Actor, Stamp};
use crate::apply::apply_to;
use crate::calendar::Calendar;
use crate::change::{Change, Window};
use crate::consequence;
use crate::event::{Event, Recorded};
use crate::facts::{Facts, FactsQuery};
use crate::form::format::{Format, ae_key};
use crate::form::{Answer, Form, Raw};
use crate::ids::{EventId, Mint};
use crate::permit::permit;
use crate::process::{AnswerKind, Process, Step};
use crate::refusal::{Refusal, Violation};
use crate::text::NewText;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Everything beside the change that deciding looks at: values, never a way to fetch more.
pub struct Context<'a> {
    /// Stamped once per command by the shell, cut to the microsecond.
    pub now: Timestamp,
    pub actor: &'a Actor,
    /// The document that the change is pinned to.
    pub process: &'a Process,
    /// The calendar of the recipient of the notice (spec 7.1).
    pub calendar: &'a Calendar,
    /// The zone in which wall times are read and days are counted.
    pub zone_name: &'a str,
    pub zone: &'a TimeZone,
    pub facts: &'a Facts,
}

impl Context<'_> {
    /// The local date.
    pub fn today(&self) -> jiff::civil::Date {
        self.zone.to_datetime(self.now).date()
    }
}

/// An act, with everything typed and the ids it may use.
#[derive(Clone, Debug)]
pub struct Command {
    pub act: Act,
    pub raw: Raw,
    pub mint: Mint,
}

/// What was decided: events to append in this order, and the words they mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub events: Vec<Recorded>,
    pub texts: Vec<NewText>,
}

/// A command being decided.
pub(crate) struct Taking<'a, 'f> {
    pub ctx: &'a Context<'a>,
    pub change: &'a Change,
    pub step: &'a Step,
    pub stamp: Stamp,
    pub form: Form<'f>,
    /// What the tables said on the way, kept with the first event.
    pub rulings: Vec<crate::event::Ruling>,
}

impl Taking<'_, '_> {
    /// Acts under another of the actor's memberships.
    pub fn by(&mut self, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.stamp = stamp;
        }
    }

    /// Keeps what a table said, and gives its answers.
    pub fn keep(&mut self, ruled: Option<ruling::Ruled>) -> Option<std::collections::BTreeMap<String, String>> {
        let (ruling, outputs) = ruled?;
        self.rulings.push(ruling);
        Some(outputs)
    }

    /// Whether the step needs the rule.
    pub fn needs(&self, rule: &crate::rule::Rule) -> bool {
        self.step.needs.contains(rule)
    }
}

/// Decides a command on an existing change.
///
/// # Errors
/// [`Refusal`]: wrong stage, every bar, or every fault of what was typed.
pub fn decide(ctx: &Context, change: &Change, command: Command) -> Result<Decision, Refusal> {
    let (step, stamp) = permit(ctx, change, command.act)?;
    let Command { act, raw, mut mint } = command;
    let previous = change.content.as_ref().map(|c| &c.answers);
    let form = Form::new(&raw, ctx.facts, ctx.zone_name, ctx.zone.clone(), &mut mint, previous);
    let mut taking = Taking { ctx, change, step, stamp, form, rulings: vec![] };
    let unknown = fields::unknown(ctx, change, act, &raw);
    taking.form.faults.extend(unknown);
    let events = take(&mut taking, act);
    let (faults, mut texts) = (std::mem::take(&mut taking.form.faults), std::mem::take(&mut taking.form.texts));
    let (stamp, rulings) = (taking.stamp, taking.rulings);
    let events = match (events, faults.is_empty()) {
        (Some(events), true) => events,
        (_, false) => return Err(Refusal::Invalid(faults)),
        (None, true) => return Err(Refusal::Invalid(vec![Violation::whole("nothing-to-do")])),
    };
    let mut recorded = vec![];
    let mut after = change.clone();
    for event in events {
        record(&mut recorded, &mut after, &mut mint, ctx.now, stamp.clone(), event);
    }
    if let Some(first) = recorded.first_mut() {
        first.rulings = rulings;
    }
    follow_on(ctx, change, &mut recorded, &mut after, &mut mint);
    if !texts.is_empty() {
        let written: Vec<String> = recorded.iter().filter_map(|r| serde_json::to_string(&r.event).ok()).collect();
        texts.retain(|text| written.iter().any(|event| mentions(event, text)));
    }
    Ok(Decision { events: recorded, texts })
}

fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    match act {
        Act::Propose => submit::propose(t),
        Act::SendBack => submit::send_back(t),
        Act::Submit => submit::submit(t),
        Act::Return => submit::send_for_more(t),
        Act::Amend => content::amend(t),
        Act::Accept => accept::accept(t),
        Act::Assess => assess::assess(t),
        Act::Complete => Some(vec![Event::AssessmentCompleted]),
        Act::Screen
        | Act::Hazard
        | Act::Rate
        | Act::Query
        | Act::AnswerQuery
        | Act::Escalate
        | Act::Clear
        | Act::Countersign
        | Act::ReviewScreening
        | Act::WaiveDowntime
        | Act::RejectClinically
        | Act::Appeal
        | Act::Uphold
        | Act::Overrule
        | Act::Stop
        | Act::SettleStop => clinical::take(t, act),
        Act::Approve => approve::approve(t),
        Act::Reject => approve::reject(t),
        Act::AskMore => approve::ask_more(t),
        Act::MeetCondition => approve::meet_condition(t),
        Act::Vote | Act::TakeBack | Act::Reaffirm => board::take(t, act),
        Act::Hold | Act::Schedule | Act::Reschedule | Act::ExceptFreeze | Act::SettleClash | Act::Follow => schedule::take(t, act),
        Act::Resume => Some(vec![Event::Resumed]),
        Act::Start => work::start(t),
        Act::RunningLate => work::running_late(t),
        Act::Restore => work::restore(t),
        Act::BackOut => work::back_out(t),
        Act::Finish => work::finish(t),
        Act::Review => close::review(t),
        Act::Close => close::close(t),
        Act::Restate => close::restate(t),
        Act::Cancel => close::cancel(t),
        Act::Withdraw => close::withdraw(t),
        Act::Expire => Some(vec![Event::ExpiredUnanswered]),
        Act::TellNetwork => notice::tell_network(t),
        Act::Acknowledge => notice::acknowledge(t),
        Act::RefuseNotice => notice::refuse(t),
        Act::RecordTold => notice::record_told(t),
        Act::SettleNotice | Act::DisputeNotice => notice::consequence(t, act),
        Act::RecordVerbal => urgent::record_verbal(t),
        Act::ConfirmVerbal => urgent::confirm_verbal(t),
        Act::Ratify => urgent::ratify(t),
        Act::GiveVerdict => urgent::give_verdict(t),
        Act::Plan => carry::plan(t),
        Act::RecordStep => carry::record_step(t),
        Act::DecideGo => carry::decide_go(t),
        Act::Extend => carry::extend(t),
        Act::ConfirmWorked => learn::confirm_worked(t),
        Act::Dispute => learn::dispute(t),
        Act::AnswerDispute => learn::answer_dispute(t),
        Act::FinishAction => learn::finish_action(t),
        Act::TellDepartment => work::tell_department(t),
        Act::RecordNearMiss => learn::record_near_miss(t),
        Act::Survey => learn::survey(t),
        Act::LinkIncident => learn::link_incident(t),
        Act::UnlinkIncident => learn::unlink_incident(t),
        Act::Say | Act::Attach => talk::take(t, act),
        money => crate::charge::take(t, money),
    }
}

/// Appends an event and folds it in.
pub(crate) fn record(log: &mut Vec<Recorded>, change: &mut Change, mint: &mut Mint, now: Timestamp, by: Stamp, event: Event) {
    let recorded = Recorded { id: EventId(mint.id()), change: change.id, version: change.version + 1, at: now, by, event, rulings: vec![] };
    apply_to(change, &recorded);
    log.push(recorded);
}

/// Steps that the document gives to the system, taken as soon as nothing bars them: the end of the assessment (T10)
/// and a pre-authorised request (T9); and what follows for the money.
fn follow_on(ctx: &Context, before: &Change, log: &mut Vec<Recorded>, change: &mut Change, mint: &mut Mint) {
    let system = Context { actor: &Actor::System, facts: ctx.facts, ..*ctx };
    for act in [Act::Accept, Act::Complete] {
        follow_money(&system, before, log, change, mint);
        if permit(&system, change, act).is_ok() {
            let event = match act {
                Act::Accept => accept::of_itself(&system, change),
                _ => Event::AssessmentCompleted,
            };
            record(log, change, mint, ctx.now, Stamp::SYSTEM, event);
        }
    }
    follow_money(&system, before, log, change, mint);
    for event in urgent::follow(&system, change) {
        record(log, change, mint, ctx.now, Stamp::SYSTEM, event);
    }
    if let Some((event, ruling)) = catalogue::suspends(&system, log, change) {
        record(log, change, mint, ctx.now, Stamp::SYSTEM, event);
        if let Some(last) = log.last_mut() {
            last.rulings.push(ruling);
        }
    }
}

fn follow_money(ctx: &Context, before: &Change, log: &mut Vec<Recorded>, change: &mut Change, mint: &mut Mint) {
    // Each is followed by what it no longer bars; four is more than ever come together.
    for _ in 0..4 {
        let Some(event) = crate::charge::follow::next(ctx, before, log, change) else { return };
        record(log, change, mint, ctx.now, Stamp::SYSTEM, Event::Money(Box::new(event)));
    }
}

/// A timer that is due re-enters as an event of the system.
///
/// # Errors
/// [`Refusal`] when the stage has moved on, so that the timer means nothing any more.
pub fn time_out(ctx: &Context, change: &Change, then: crate::process::TimerAct, mut mint: Mint) -> Result<Decision, Refusal> {
    use crate::process::TimerAct;
    let event = match then {
        TimerAct::Expire => {
            permit(ctx, change, Act::Expire)?;
            Event::ExpiredUnanswered
        }
        TimerAct::LastSafe if carry::is_past_safe(change, ctx.now) => Event::LastSafePassed,
        TimerAct::ProposeExpiry if carry::is_idle(change) => Event::ExpiryProposed,
        TimerAct::ProtectNotice if consequence::protected_at(change, ctx.calendar, ctx.zone).is_some_and(|due| due <= ctx.now) => Event::NoticeProtected,
        TimerAct::LapseQuote | TimerAct::LapseApproval => match crate::charge::timers::ring(change, ctx.calendar, ctx.zone, then, ctx.now) {
            Some(event) => Event::Money(Box::new(event)),
            None => return Err(Refusal::WrongStage(change.stage)),
        },
        TimerAct::Overrun if change.work.started.is_some() && change.work.finished.is_none() && !change.work.overran => Event::Overran,
        _ => return Err(Refusal::WrongStage(change.stage)),
    };
    let (mut events, mut after) = (vec![], change.clone());
    record(&mut events, &mut after, &mut mint, ctx.now, Stamp::SYSTEM, event);
    Ok(Decision { events, texts: vec![] })
}

/// Whether an event mentions a text; an unchanged answer may not.
fn mentions(event: &str, text: &NewText) -> bool {
    event.contains(&format!("\"text\":{},", text.id.0)) || event.contains(&text.reference().digest)
}

/// The random five per cent that is reviewed all the same (BR-33, settled 5): hash of the reference, modulo 20.
pub fn is_sampled(reference: &str) -> bool {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(reference.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first).is_multiple_of(20)
}

/// What to fetch before deciding: everything that the typed codes and the change itself name.
pub fn facts_needed(process: &Process, change: Option<&Change>, act: Option<Act>, raw: &Raw, zone: &TimeZone) -> FactsQuery {
    let mut query = FactsQuery::default();
    let entries = |id: &str| -> Vec<String> {
        let values = raw.get(id).map(Vec::as_slice).unwrap_or_default();
        values.iter().flat_map(|v| v.split(['\n', ';'])).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect()
    };
    for question in &process.questions {
        match question.answer {
            AnswerKind::Items => query.item_codes.extend(entries(&question.id)),
            AnswerKind::Services => query.service_codes.extend(entries(&question.id)),
            AnswerKind::Sites => query.site_codes.extend(entries(&question.id)),
            AnswerKind::Files => query.file_ids.extend(entries(&question.id).iter().filter_map(|e| e.parse::<i64>().ok())),
            _ => {}
        }
    }
    if act == Some(Act::Follow) {
        query.changes.extend(entries("after"));
    }
    if act == Some(Act::Quote) {
        query.rates = true;
    }
    query.service_codes.extend(entries("back"));
    query.person_emails.extend(entries("implementer"));
    query.person_emails.extend(entries("verbal_approver"));
    query.named_emails.extend(entries("person").into_iter().chain(entries("decider")));
    query.incidents.extend(entries("incident"));
    query.file_ids.extend(entries("reviewed_files").iter().filter_map(|e| e.parse::<i64>().ok()));
    query.file_ids.extend(entries("file").iter().filter_map(|e| e.parse::<i64>().ok()));
    modalities(process, change, raw, &mut query);
    if !process.catalogue.is_empty() {
        let entry = raw.get("model").and_then(|typed| typed.first().cloned()).or_else(|| catalogue::asked_for(change?).map(str::to_owned));
        // A year before the request is more than any limit or suspension looks back from its end.
        let since = change.and_then(|c| c.raised_at.checked_sub((365 * 24).hours()).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        query.entry = entry.map(|entry| (entry, since));
    }
    if let Some(content) = change.and_then(|c| c.content.as_ref()) {
        query.items.extend(&content.header.items);
        query.services.extend(&content.header.services);
        // Time that was added under control is the window's too: what it runs into is a clash.
        let latest_end = change.and_then(crate::carry::latest_end);
        query.window = content.header.window.map(|window| Window { contingency_end: latest_end.unwrap_or(window.contingency_end), ..window });
    }
    // Only classifying asks how like work went, in the year before the change was last received.
    if act == Some(Act::Accept) {
        query.like_since = change.map(|c| c.receipts.last().map_or(c.raised_at, |r| r.at)).and_then(|at| at.checked_sub((365 * 24).hours()).ok());
    }
    let typed = content::typed_window(raw, zone);
    if typed.is_some() && act.is_none_or(|a| matches!(a, Act::Submit | Act::Propose | Act::Reschedule)) {
        query.window = typed;
    }
    // More time may run into what comes next.
    if let (Some(Act::Extend), Some(window)) = (act, query.window) {
        query.window = content::typed_moment(raw, "until", zone)
            .filter(|until| *until > window.end)
            .map(|until| Window { contingency_end: until, ..window })
            .or(query.window);
    }
    query
}

/// The window that is typed, if it can be read.
pub(crate) fn window_typed(raw: &Raw, zone: &TimeZone) -> Option<crate::change::Window> {
    content::typed_window(raw, zone)
}

/// The AE titles and addresses of which other changes may speak: those typed, and those of the change.
fn modalities(process: &Process, change: Option<&Change>, raw: &Raw, query: &mut FactsQuery) {
    if process.kind != crate::change::Kind::PacsModality {
        return;
    }
    let typed = |id: &str| raw.get(id).and_then(|v| v.first()).map(|v| v.trim()).filter(|v| !v.is_empty());
    query.ae_keys.extend(["ae_title", "replaces_ae"].into_iter().filter_map(typed).map(ae_key));
    query.ips.extend(typed("ip").and_then(|ip| Format::Ip.read(ip).ok()));
    if let Some((kind, content)) = change.and_then(|c| Some((c.kind, c.content.as_ref()?))) {
        let (keys, ips) = crate::modality::asked_about(&crate::modality::claims(kind, content));
        query.ae_keys.extend(keys);
        query.ips.extend(ips);
    }
}

/// The answer to a question, if the latest content has one.
pub(crate) fn answer<'c>(change: &'c Change, id: &str) -> Option<&'c Answer> {
    change.content.as_ref().and_then(|c| c.answers.get(id))
}
