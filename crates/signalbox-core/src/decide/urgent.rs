//! Emergencies and late records: the yes by phone, its confirmation, the second look, the verdict (T31 to T33, BR-24).

use super::fields::{Field, codes, field, line};
use super::{Context, Taking, ruling};
use crate::act::Act;
use crate::actor::{Actor, Stamp};
use crate::calendar::{at_cut_off, local_date};
use crate::change::{Change, Clinical, Kind, Stage};
use crate::event::Event;
use crate::form::{Answer, Answers};
use crate::permit::permit;
use crate::process::facts::Value;
use crate::process::{AnswerKind, Required};
use crate::refusal::{Refusal, Violation};
use crate::urgent::{Judged, Judgement, Paper, VerbalYes};
use jiff::{SignedDuration, Timestamp};

/// How somebody may say yes without the program.
pub const CHANNELS: &[&str] = &["phone", "in_person", "radio", "message"];

/// Answers about who said yes by phone and whom they were told of: read when the emergency is sent, and never again.
const OF_SENDING: &[&str] = &["said_yes", "verbal_approver", "verbal_channel", "verbal_at", "verbal_witness"];

/// Whether the question is answered by sending only.
pub fn is_of_sending(id: &str) -> bool {
    OF_SENDING.contains(&id)
}

/// The fields of the acts of this side.
pub(super) fn fields(act: Act) -> Vec<Field> {
    let prose = |id, required| field(id, AnswerKind::Prose, required);
    match act {
        Act::RecordVerbal => vec![
            field("verbal_approver", line(), true),
            field("verbal_channel", codes(CHANNELS), true),
            field("verbal_at", AnswerKind::Moment { after: None }, true),
            field("verbal_witness", line(), true),
        ],
        Act::ConfirmVerbal => vec![field("agreed", AnswerKind::YesNo, true), prose("words", false)],
        Act::Ratify => vec![field("agreed", AnswerKind::YesNo, true), prose("reason", false), prose("action", false)],
        _ => vec![
            field("was_emergency", AnswerKind::YesNo, true),
            field("authority_agreed", AnswerKind::YesNo, true),
            field("verdict", codes(&Judgement::ALL.iter().map(|j| j.code()).collect::<Vec<_>>()), false),
            prose("reason", false),
            prose("action", false),
        ],
    }
}

/// The outcomes that a closing may state.
pub(super) fn outcomes(change: &Change) -> Vec<&'static str> {
    crate::urgent::closing_outcomes(change)
}

/// A yes that came after it was sent.
pub(super) fn record_verbal(t: &mut Taking) -> Option<Vec<Event>> {
    let change = t.change.clone();
    let yes = verbal(t, &change)?;
    Some(vec![Event::VerballyApproved(Box::new(yes))])
}

/// A yes that came before it was written down (scenario 32).
pub(super) fn said_before(t: &mut Taking, after: &Change) -> Option<Event> {
    let said = matches!(super::answer(after, "said_yes"), Some(Answer::Yes(true)));
    if !said || after.kind != Kind::Emergency {
        return None;
    }
    let mut sent = after.clone();
    sent.stage = Stage::Submitted;
    sent.submitted_by.extend(t.stamp.person);
    let yes = verbal(t, &sent)?;
    Some(Event::VerballyApproved(Box::new(yes)))
}

/// Who said yes, how, when and who heard it. Whoever is named must be somebody who may.
fn verbal(t: &mut Taking, change: &Change) -> Option<VerbalYes> {
    let email = t.form.typed("verbal_approver");
    if email.is_none() {
        t.form.faults.push(Violation::of("verbal_approver", "answer-missing"));
    }
    let channel = t.form.choice("verbal_channel", CHANNELS, true);
    let said_at = t.form.moment("verbal_at", true);
    let witness = t.form.text("verbal_witness", true);
    if said_at.is_some_and(|at| at > t.ctx.now) {
        t.form.faults.push(Violation::of("verbal_at", "in-the-future"));
    }
    let stamp = approver(t, change, email?)?;
    Some(VerbalYes { approver: stamp.person?, org: stamp.org?, role: stamp.role?, channel: channel?, said_at: said_at?, witness: witness? })
}

/// The person named, as one who may approve this emergency.
fn approver(t: &mut Taking, change: &Change, email: &str) -> Option<Stamp> {
    let Some(person) = t.ctx.facts.people.iter().find(|p| p.email.eq_ignore_ascii_case(email)) else {
        t.form.faults.push(Violation::of("verbal_approver", "not-an-approver").with(email));
        return None;
    };
    let actor = Actor::Person { id: person.id, memberships: person.hats.clone() };
    match permit(&Context { actor: &actor, ..*t.ctx }, change, Act::Approve) {
        Ok((_, stamp)) => Some(stamp),
        Err(Refusal::Denied(bars)) if bars.iter().all(|b| b.code.starts_with("officer-")) => {
            t.form.faults.push(Violation::of("clinical_contact", "officer-first"));
            None
        }
        Err(_) => {
            t.form.faults.push(Violation::of("verbal_approver", "not-an-approver").with(email));
            None
        }
    }
}

/// Whoever is said to have said yes answers for it.
pub(super) fn confirm_verbal(t: &mut Taking) -> Option<Vec<Event>> {
    let agreed = t.form.yes_no("agreed", true);
    let words = t.form.text("words", agreed == Some(false));
    if agreed? {
        return Some(vec![Event::VerbalConfirmed { words }]);
    }
    let mut events = vec![Event::VerbalDenied { words: words? }];
    let mut after = t.change.clone();
    for approval in after.approvals.iter_mut().filter(|a| a.by.person == t.stamp.person) {
        approval.void = Some(t.ctx.now);
    }
    let began = t.change.work.started.as_ref().map(|told| told.happened_at.as_second());
    let unapproved = began.is_some_and(|at| !crate::urgent::is_approved_by(&after, at));
    events.extend(converted(t.change, unapproved));
    Some(events)
}

/// Spec 5.7: an emergency that began before any approval is judged as work found out afterwards.
pub(super) fn converted(change: &Change, unapproved: bool) -> Option<Event> {
    (unapproved && change.kind == Kind::Emergency).then_some(Event::Converted { from: Kind::Emergency, to: Kind::Retrospective })
}

/// Whether the work of an emergency began before anybody had said yes to it.
pub(super) fn began_first(change: &Change, at_second: i64) -> bool {
    change.kind == Kind::Emergency && !crate::urgent::is_approved_by(change, at_second)
}

/// SD-8: a second, different person looks at it.
pub(super) fn ratify(t: &mut Taking) -> Option<Vec<Event>> {
    let agreed = t.form.yes_no("agreed", true);
    let reason = t.form.text("reason", agreed == Some(false));
    let action = t.form.text("action", false);
    if agreed? {
        return Some(vec![Event::Ratified { words: reason }]);
    }
    // An approval stands, so somebody with authority had agreed; what is refused is that it was an emergency.
    let (ruling, proposed) = rule(t, false, true)?;
    let judged = Judged { verdict: proposed, proposed, ruling, emergency_true: false, authority_agreed: true, reason: Some(reason?), action };
    Some(vec![Event::RatificationRefused(Box::new(judged))])
}

/// BR-24: the table proposes; another verdict needs a reason, and an action is named where one follows.
pub(super) fn give_verdict(t: &mut Taking) -> Option<Vec<Event>> {
    let emergency_true = t.form.yes_no("was_emergency", true);
    let authority_agreed = t.form.yes_no("authority_agreed", true);
    let codes: Vec<&str> = Judgement::ALL.iter().map(|j| j.code()).collect();
    let chosen = t.form.choice("verdict", &codes, false).and_then(|code| Judgement::from_code(&code));
    let ruled = emergency_true.zip(authority_agreed).map(|(e, a)| rule(t, e, a));
    let proposed = ruled.as_ref().and_then(|r| r.as_ref()).map(|(_, proposed)| *proposed);
    let verdict = chosen.or(proposed);
    let reason = t.form.text("reason", verdict != proposed);
    let action = t.form.text("action", verdict == Some(Judgement::WithAction));
    let (ruling, proposed) = ruled??;
    let verdict = verdict?;
    if (verdict != proposed && reason.is_none()) || (verdict == Judgement::WithAction && action.is_none()) {
        return None;
    }
    let (emergency_true, authority_agreed) = (emergency_true?, authority_agreed?);
    Some(vec![Event::VerdictGiven(Box::new(Judged { verdict, proposed, ruling, emergency_true, authority_agreed, reason, action }))])
}

/// The row of `retrospective verdict` that answers.
fn rule(t: &mut Taking, emergency_true: bool, authority_agreed: bool) -> Option<(crate::event::Ruling, Judgement)> {
    let known = |name: &str| match name {
        "emergency_true" => Some(Value::from(emergency_true)),
        "authority_agreed" => Some(Value::from(authority_agreed)),
        _ => None,
    };
    let (ruling, outputs) = ruling::rule_with(t.ctx, t.change, "retrospective verdict", known)?;
    let code = outputs.get("verdict")?.trim().replace(' ', "_");
    Some((ruling, Judgement::from_code(&code)?))
}

/// Said by those who did it, within one working day of the end of the work (spec 4.4, 6.10).
pub fn self_reported(ctx: &Context, change: &Change) -> bool {
    let itself = match super::answer(change, "how_found") {
        Some(Answer::Choice(how)) => how == "self_report",
        _ => change.kind == Kind::Emergency || change.urgent.converted_from == Some(Kind::Emergency),
    };
    let began = change.work.started.as_ref().map(|told| told.happened_at);
    let ended = if change.urgent.converted_from.is_none() { change.window().map(|w| w.end) } else { began };
    let Some(from) = ended.or(began) else { return itself };
    let sent = change.receipts.first().map_or(ctx.now, |receipt| receipt.at);
    itself && sent <= ctx.calendar.due_at(from, 1, ctx.zone)
}

/// Spec 4.4: a late record is of work that has ended.
pub(super) fn must_be_past(t: &mut Taking, answers: &Answers) {
    if let Some(Answer::Window { end, .. }) = answers.get("window")
        && *end > t.ctx.now
    {
        t.form.faults.push(Violation::of("window", "not-in-the-past"));
    }
    if let Some(Answer::Moment { at, .. }) = answers.get("discovered_at")
        && *at > t.ctx.now
    {
        t.form.faults.push(Violation::of("discovered_at", "in-the-future"));
    }
}

/// What the program asks for of itself once an emergency is approved, work has begun, or a late record has come in.
pub(super) fn follow(ctx: &Context, change: &Change) -> Vec<Event> {
    let mut events = vec![];
    if !change.kind.is_recorded_late() || change.stage.is_final() || change.stage == Stage::Draft {
        return events;
    }
    for paper in Paper::ALL {
        if !change.urgent.asked.contains_key(paper)
            && let Some(due_at) = due(ctx, change, *paper)
        {
            events.push(Event::PaperworkAsked { paper: *paper, due_at });
        }
    }
    if change.work.finished.is_some() && change.urgent.record.is_none() && is_complete(ctx, change) {
        events.push(Event::RecordCompleted);
    }
    events
}

/// By when the paper is owed; `None` while it is not.
fn due(ctx: &Context, change: &Change, paper: Paper) -> Option<Timestamp> {
    let approved_at = change.live_approvals().map(|a| a.at).min();
    let began = change.work.started.as_ref().map(|told| told.happened_at);
    let next_working_day = |from: Timestamp| at_cut_off(ctx.calendar.add_working_days(local_date(from, ctx.zone), 1), ctx.zone);
    match paper {
        Paper::Confirmation => {
            let (yes, _) = change.urgent.verbal.as_ref()?;
            yes.said_at.checked_add(SignedDuration::from_hours(24)).ok()
        }
        Paper::Ratification if change.kind == Kind::Emergency => approved_at.map(next_working_day),
        // X7: a day by the clock where direct care is touched; CR-6: else the next working day.
        Paper::ClinicalReview => {
            let answered = matches!(change.clinical, Clinical::NotRequired { .. } | Clinical::Accepted { .. });
            let from = approved_at.or(began).filter(|_| !answered)?;
            if change.parties().direct_care { from.checked_add(SignedDuration::from_hours(24)).ok() } else { Some(next_working_day(from)) }
        }
        Paper::Record => {
            let ended = change.work.finished.as_ref()?.happened_at;
            let owed = change.kind == Kind::Emergency || change.urgent.converted_from.is_some();
            (owed && !is_complete(ctx, change)).then(|| ctx.calendar.due_at(ended, 2, ctx.zone))
        }
        Paper::Verdict if change.kind == Kind::Retrospective => Some(ctx.calendar.due_at(ctx.now, 5, ctx.zone)),
        _ => None,
    }
}

/// Every answer that the closing needs is there.
fn is_complete(ctx: &Context, change: &Change) -> bool {
    let Some(content) = &change.content else { return false };
    let subject = |name: &str| super::subject(ctx, change, name);
    let due = |required: Required| !matches!(required, Required::Optional | Required::Submit { .. });
    let mut owed = ctx.process.questions.iter().filter(|q| due(q.required) && q.asked_when.as_ref().is_none_or(|c| c.holds(&subject)));
    owed.all(|q| content.answers.contains_key(&q.id))
}
