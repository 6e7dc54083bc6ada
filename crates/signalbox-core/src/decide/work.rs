//! On the night. What has happened may always be recorded, by the desk or the site, on behalf of someone, by phone,
//! with the time it happened; departures from the rules are marked, never a reason to refuse (X1).

use super::Taking;
use crate::change::{Clinical, Outcome, Stage};
use crate::clinical::{AfterStop, StopSettled};
use crate::departments::DepartmentTold;
use crate::event::{Event, Told};
use crate::form::{Answer, LINE_MAX_CHARS};
use crate::ids::ServiceId;
use crate::process::AnswerKind;
use crate::refusal::Violation;
use crate::rule::Rule;

/// How early work may start without being marked (T20).
const EARLY_SECONDS: i64 = 15 * 60;

pub(super) fn told(t: &mut Taking, deviations: Vec<&str>) -> Option<Told> {
    let faults_before = t.form.faults.len();
    let happened_at = t.form.moment("happened_at", false).unwrap_or(t.ctx.now);
    if happened_at > t.ctx.now {
        t.form.faults.push(Violation::of("happened_at", "in-the-future"));
    }
    let on_behalf_of = match t.form.answer("on_behalf_of", &AnswerKind::Line { max_chars: LINE_MAX_CHARS }, false) {
        Some(Answer::Text(name)) => Some(name),
        _ => None,
    };
    let by_phone = t.form.yes_no("by_phone", false).unwrap_or(false);
    let deviations = deviations.into_iter().map(str::to_owned).collect();
    (t.form.faults.len() == faults_before).then_some(Told { happened_at, on_behalf_of, by_phone, deviations })
}

pub(super) fn start(t: &mut Taking) -> Option<Vec<Event>> {
    let mut told = told(t, vec![])?;
    told.deviations = start_deviations(t, told.happened_at.as_second());
    let unapproved = told.deviations.iter().any(|d| d == "unapproved");
    let mut events = vec![Event::Started { told }];
    events.extend(super::urgent::converted(t.change, unapproved));
    Some(events)
}

/// Everything about this start that departs from the rules.
fn start_deviations(t: &Taking, at_second: i64) -> Vec<String> {
    let change = t.change;
    let mut found = vec![];
    let approved = matches!(change.stage, Stage::Approved | Stage::Scheduled | Stage::Implementing | Stage::BackingOut);
    if !approved || super::urgent::began_first(change, at_second) {
        found.push("unapproved");
    }
    if change.stage == Stage::Approved {
        found.push("not-scheduled");
    }
    if let Some(window) = change.window() {
        if at_second < window.start.as_second() - EARLY_SECONDS {
            found.push("early");
        }
        if at_second > window.end.as_second() {
            found.push("after-window");
        }
    }
    let obeys = t.ctx.process.steps.iter().any(|step| step.needs.contains(&Rule::NotInFreeze));
    if super::freeze::in_the_way(t.ctx, change).iter().any(|freeze| freeze.id.is_some() || obeys) {
        found.push("in-freeze");
    }
    if t.ctx.facts.clashes.iter().any(|c| c.refuses()) {
        found.push("clash");
    }
    match change.network {
        crate::change::Network::Needed | crate::change::Network::Sent { .. } => found.push("provider-not-acknowledged"),
        crate::change::Network::Refused { .. } => found.push("provider-refused"),
        _ => {}
    }
    if change.conditions.iter().any(|c| c.met.is_none()) {
        found.push("conditions-open");
    }
    match &change.carry.checkpoint {
        Some(crate::carry::Checkpoint { decided: None, .. }) => found.push("no-go-decision"),
        Some(crate::carry::Checkpoint { decided: Some((_, told)), .. }) if !told.go => found.push("against-no-go"),
        _ => {}
    }
    if t.stamp.person.is_some() && change.live_approvals().any(|a| a.by.shares_a_person_with(&t.stamp)) && t.stamp.role == Some(crate::actor::Role::Implementer)
    {
        found.push("approver-implements");
    }
    found.into_iter().map(str::to_owned).collect()
}

pub(super) fn running_late(t: &mut Taking) -> Option<Vec<Event>> {
    let expected_end = t.form.moment("expected_end", true);
    let words = t.form.text("words", false);
    let told = told(t, vec![]);
    Some(vec![Event::RanLate { told: told?, expected_end: expected_end?, words }])
}

pub(super) fn restore(t: &mut Taking) -> Option<Vec<Event>> {
    let services = services_back(t)?;
    let told = told(t, vec![])?;
    Some(vec![Event::Restored { told, services }])
}

/// Spec 4.6: who in which department was told, and whether they know and are covered.
pub(super) fn tell_department(t: &mut Taking) -> Option<Vec<Event>> {
    let areas = crate::departments::areas(t.ctx.process);
    let area = t.form.choice("area", &areas.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let line = AnswerKind::Line { max_chars: LINE_MAX_CHARS };
    let name = t.form.answer("department_name", &line, false);
    let who = t.form.answer("who_there", &line, true);
    let confirmed = t.form.yes_no("knows", false).unwrap_or(false);
    let told = told(t, vec![]);
    let text = |answer: Option<Answer>| if let Some(Answer::Text(text)) = answer { Some(text) } else { None };
    let one = DepartmentTold { told: told?, area: area?, name: text(name), who: text(who)?, confirmed };
    Some(vec![Event::DepartmentTold(Box::new(one))])
}

/// The services named as back; none named means all of them.
fn services_back(t: &mut Taking) -> Option<Vec<ServiceId>> {
    let all: Vec<ServiceId> = t.change.content.as_ref().map(|c| c.header.services.clone()).unwrap_or_default();
    let faults_before = t.form.faults.len();
    match t.form.answer("back", &AnswerKind::Services, false) {
        Some(Answer::Services(named)) if named.iter().all(|s| all.contains(s)) => Some(named),
        Some(_) => {
            t.form.faults.push(Violation::of("back", "not-of-this-change"));
            None
        }
        None if t.form.faults.len() > faults_before => None,
        None => Some(all),
    }
}

pub(super) fn back_out(t: &mut Taking) -> Option<Vec<Event>> {
    let reason = t.form.text("reason", true);
    let told = told(t, vec![]);
    Some(vec![Event::BackOutBegun { told: told?, reason: reason? }])
}

/// T23, T25: every service is answered for, and an outcome is proposed.
pub(super) fn finish(t: &mut Taking) -> Option<Vec<Event>> {
    let codes: Vec<&str> = Outcome::OF_WORK.iter().map(|o| o.code()).collect();
    let outcome = t.form.choice("outcome", &codes, true).and_then(|c| Outcome::from_code(&c));
    let not_back = t.form.text("not_back", false);
    let words = t.form.text("words", false);
    // T25: whoever says that all is as it was says how they know.
    let went_back = t.needs(&Rule::StateVerified) && outcome.is_none_or(|o| o != Outcome::NotImplemented);
    let state_verified = if t.change.stage == Stage::BackingOut { t.form.text("state_verified", went_back) } else { None };
    let named = t.form.answer("back", &AnswerKind::Services, false);
    let told = told(t, vec![]);
    let named = if let Some(Answer::Services(named)) = named { named } else { vec![] };
    let all: Vec<ServiceId> = t.change.content.as_ref().map(|c| c.header.services.clone()).unwrap_or_default();
    if named.iter().any(|s| !all.contains(s)) {
        t.form.faults.push(Violation::of("back", "not-of-this-change"));
    }
    let known = |s: &ServiceId| named.contains(s) || t.change.work.restored.iter().any(|(back, _)| back == s);
    let unanswered = all.iter().filter(|s| !known(s)).count();
    // Work that never began took nothing away.
    let began = t.change.work.started.is_some() || outcome != Some(Outcome::NotImplemented);
    if t.needs(&Rule::ServicesAnsweredFor) && began && unanswered > 0 && not_back.is_none() {
        t.form.faults.push(Violation::of("back", "services-unanswered").with(unanswered));
    }
    let (mut told, outcome) = (told?, outcome?);
    if t.change.work.started.is_none() && outcome != Outcome::NotImplemented {
        told.deviations.push("start-not-recorded".to_owned());
    }
    // X1, X8: what was stopped and never settled is recorded as done all the same, and marked.
    let held = |settled: &Option<Box<StopSettled>>| settled.as_ref().is_none_or(|s| s.choice == AfterStop::Hold);
    if matches!(&t.change.clinical, Clinical::Stopped { settled, .. } if held(settled)) {
        told.deviations.push("clinical-stop-open".to_owned());
    }
    let mut events = vec![];
    if !named.is_empty() {
        events.push(Event::Restored { told: told.clone(), services: named });
    }
    events.push(Event::Finished { told, outcome, not_back, words, state_verified });
    Some(events)
}
