//! Planning the work and carrying it out, step by step; go or no-go; more time under control (spec 4.2, T20, T26).

use super::Taking;
use super::work::told;
use crate::carry::{self, Extension, GoTold, NewCheckpoint, NewStep, Plan, Planned, StepTold};
use crate::change::{Kind, Stage};
use crate::event::Event;
use crate::ids::{OrgId, PersonId};
use crate::process::AnswerKind;
use crate::refusal::Violation;
use crate::text::Text;

/// The most steps of one change.
const STEPS_MAX: usize = 200;
/// What may be said of a step.
pub const RESULTS: &[&str] = &["started", "done", "skipped", "failed"];
/// The template that is the procedure of the catalogue's entry.
pub const PROCEDURE: &str = "procedure";

/// Adds steps, by hand or from a template of the document, takes some out, and names who decides go or no-go.
pub(super) fn plan(t: &mut Taking) -> Option<Vec<Event>> {
    let mut added = typed_steps(t);
    let next = next_number(t) + added.len() as u32;
    added.extend(from_template(t, next));
    let taken_out = taken_out(t);
    let checkpoint = checkpoint(t);
    if t.change.carry.steps.len() + added.len() > STEPS_MAX {
        t.form.faults.push(Violation::of("steps", "too-many").with(STEPS_MAX));
    }
    let faultless = t.form.faults.is_empty();
    if added.is_empty() && taken_out.is_empty() && checkpoint.is_none() && faultless {
        t.form.faults.push(Violation::of("steps", "nothing-planned"));
        return None;
    }
    // Whom we tell is not what was approved; the work, its tests and the way back are (BR-31).
    let is_work = |plan: Plan| plan != Plan::Communicate;
    let touches = added.iter().any(|s| is_work(s.plan)) || taken_out.iter().filter_map(|n| t.change.carry.step(*n)).any(|s| is_work(s.planned.plan));
    let is_approved = matches!(t.change.stage, Stage::Approved | Stage::Scheduled) && t.change.kind != Kind::ServiceRequest;
    let planned = Planned { added, taken_out, checkpoint, material: touches && is_approved };
    Some(vec![Event::Planned(Box::new(planned))])
}

fn next_number(t: &Taking) -> u32 {
    t.change.carry.steps.iter().map(|s| s.planned.number).max().unwrap_or_default().max(t.change.carry.numbers_used) + 1
}

/// The steps typed one a line, all with the same owner and length.
fn typed_steps(t: &mut Taking) -> Vec<NewStep> {
    let Some(crate::form::Answer::List(steps)) = t.form.answer("steps", &AnswerKind::List, false) else { return vec![] };
    let plan = t.form.choice("plan", &codes(), true).and_then(|code| Plan::from_code(&code));
    let minutes = t.form.number("minutes", 0, 100_000, true);
    let offset = t.form.number("offset", -100_000, 100_000, false);
    let verify = t.form.text("verify", false);
    let in_order = t.form.yes_no("in_order", false).unwrap_or(true);
    let owner = owner(t);
    let person = named(t, "person");
    let after = after(t);
    let (Some(plan), Some(minutes), Some(owner)) = (plan, minutes, owner) else { return vec![] };
    let first = next_number(t);
    let step = |(n, what): (usize, Text)| {
        let number = first + n as u32;
        let is_first = n == 0;
        let before = if in_order && !is_first { vec![number - 1] } else { after.clone() };
        let person = person.map(|(person, _)| person);
        NewStep { number, plan, what, owner, person, offset: offset.filter(|_| is_first || !in_order), minutes, verify: verify.clone(), after: before }
    };
    steps.into_iter().enumerate().map(step).collect()
}

fn codes() -> Vec<&'static str> {
    Plan::ALL.iter().map(|plan| plan.code()).collect()
}

/// The organisation that owns the steps; the actor's own where none is named.
fn owner(t: &mut Taking) -> Option<OrgId> {
    let Some(code) = t.form.typed("owner") else { return t.stamp.org };
    let known = t.ctx.facts.org_by_code(code).filter(|o| t.change.orgs().contains(&o.id) || Some(o.id) == t.stamp.org).map(|o| o.id);
    if known.is_none() {
        t.form.faults.push(Violation::of("owner", "unknown-value").with(code));
    }
    known
}

/// Somebody who works for a party, by their address.
fn named(t: &mut Taking, field: &str) -> Option<(PersonId, OrgId)> {
    let email = t.form.typed(field)?;
    let mut orgs = t.change.orgs();
    orgs.extend(t.stamp.org);
    // Whoever decides may be the authority, which is a party to everything.
    let is_authority = |org: &OrgId| t.ctx.facts.kind_of(*org) == Some(crate::actor::OrgKind::Authority);
    let found = t.ctx.facts.named.iter().find(|p| p.email.eq_ignore_ascii_case(email));
    let found = found.and_then(|p| p.orgs.iter().find(|o| orgs.contains(o) || is_authority(o)).map(|o| (p.id, *o)));
    if found.is_none() {
        t.form.faults.push(Violation::of(field, "not-of-a-party").with(email));
    }
    found
}

/// The steps that come first, by their numbers.
fn after(t: &mut Taking) -> Vec<u32> {
    let mut numbers = vec![];
    for entry in t.form.entries("after") {
        match entry.parse::<u32>().ok().filter(|n| t.change.carry.step(*n).is_some()) {
            Some(number) => numbers.push(number),
            None => t.form.faults.push(Violation::of("after", "no-such-step").with(entry)),
        }
    }
    numbers
}

/// The steps of a set of the document, or of the catalogue's procedure.
fn from_template(t: &mut Taking, first: u32) -> Vec<NewStep> {
    let sets = template_names(t.ctx, t.change);
    let Some(name) = t.form.choice("template", &sets.iter().map(String::as_str).collect::<Vec<_>>(), false) else { return vec![] };
    let own = t.stamp.org.unwrap_or(t.change.org);
    if name == PROCEDURE {
        let process = t.ctx.process;
        let Some(entry) = t.change.model.as_ref().and_then(|id| process.catalogue.iter().find(|e| &e.id == id)) else { return vec![] };
        let lines: Vec<(usize, String)> = entry.procedure.iter().cloned().enumerate().collect();
        return lines
            .into_iter()
            .map(|(n, what)| {
                let number = first + n as u32;
                let after = if n == 0 { vec![] } else { vec![number - 1] };
                let what = t.form.keep(&what);
                NewStep { number, plan: Plan::Implement, what, owner: own, person: None, offset: None, minutes: 10, verify: None, after }
            })
            .collect();
    }
    let rows: Vec<crate::process::TaskRow> = t.ctx.process.tasks.iter().filter(|row| row.set == name).cloned().collect();
    let mut steps: Vec<NewStep> = vec![];
    for (n, row) in rows.into_iter().enumerate() {
        let number = first + n as u32;
        let before = steps.iter().rev().find(|s| s.plan == row.plan).map(|s| s.number);
        let verify = (!row.verify.is_empty()).then(|| t.form.keep(&row.verify));
        let what = t.form.keep(&row.step);
        let owner = side(t, row.owner).unwrap_or(own);
        steps.push(NewStep {
            number,
            plan: row.plan,
            what,
            owner,
            person: None,
            offset: row.offset,
            minutes: row.minutes,
            verify,
            after: before.into_iter().collect(),
        });
    }
    steps
}

/// The organisation of a role's side of this change.
fn side(t: &Taking, role: crate::actor::Role) -> Option<OrgId> {
    let kind = role.org_kind()?;
    let parties = t.change.parties();
    let mut orgs = std::iter::once(t.change.org).chain(parties.runs.iter().copied()).chain(parties.affected.iter().copied());
    orgs.find(|org| t.ctx.facts.kind_of(*org) == Some(kind))
}

/// The sets that this change may take its steps from.
pub fn template_names(ctx: &super::Context, change: &crate::change::Change) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for row in &ctx.process.tasks {
        if !names.contains(&row.set) {
            names.push(row.set.clone());
        }
    }
    if change.model.is_some() {
        names.push(PROCEDURE.to_owned());
    }
    names
}

fn taken_out(t: &mut Taking) -> Vec<u32> {
    let mut numbers = vec![];
    for entry in t.form.entries("take_out") {
        match entry.parse::<u32>().ok().and_then(|n| t.change.carry.step(n)).filter(|s| s.progress == carry::Progress::Open) {
            Some(_) if t.change.work.started.is_some() => t.form.faults.push(Violation::of("take_out", "leave-out-instead")),
            Some(step) => numbers.push(step.planned.number),
            None => t.form.faults.push(Violation::of("take_out", "no-such-step").with(entry)),
        }
    }
    numbers
}

fn checkpoint(t: &mut Taking) -> Option<NewCheckpoint> {
    let minutes = t.form.number("minutes_before", 0, 10_080, false);
    let (decider, org) = named(t, "decider")?;
    Some(NewCheckpoint { decider, org, minutes_before: minutes.unwrap_or(60) })
}

/// A step was begun, done, left out or failed.
pub(super) fn record_step(t: &mut Taking) -> Option<Vec<Event>> {
    let number = t.form.number("number", 1, 9_999, true);
    let result = t.form.choice("result", RESULTS, true);
    let minutes = t.form.number("minutes", 0, 100_000, false);
    let needs_words = matches!(result.as_deref(), Some("skipped" | "failed"));
    let words = t.form.text("words", needs_words);
    let told = told(t, vec![]);
    let (number, result) = (number? as u32, result?);
    let open = carry::recordable(t.change);
    let Some(step) = open.iter().find(|s| s.planned.number == number) else {
        t.form.faults.push(Violation::of("number", "no-such-step").with(number));
        return None;
    };
    let waits = step.planned.after.iter().any(|n| t.change.carry.step(*n).is_some_and(|s| !s.progress.is_over()));
    let mut told = told?;
    if waits && result != "skipped" {
        told.deviations.push("out-of-order".to_owned());
    }
    let step = Box::new(StepTold { number, told, minutes, words });
    Some(vec![match result.as_str() {
        "started" => Event::StepStarted(step),
        "done" => Event::StepDone(step),
        "skipped" => Event::StepSkipped(step),
        _ => Event::StepFailed(step),
    }])
}

/// The go or the no-go (C091).
pub(super) fn decide_go(t: &mut Taking) -> Option<Vec<Event>> {
    let go = t.form.yes_no("go", true);
    let words = t.form.text("words", go == Some(false));
    let mut told = told(t, vec![])?;
    let go = go?;
    if carry::checkpoint_at(t.change).is_some_and(|at| told.happened_at > at) {
        told.deviations.push("decided-late".to_owned());
    }
    Some(vec![Event::GoDecided(Box::new(GoTold { told, go, words }))])
}

/// T26: more time, agreed with the site and the manager on call. Following work that it runs into is marked.
pub(super) fn extend(t: &mut Taking) -> Option<Vec<Event>> {
    let until = t.form.moment("until", true);
    let line = AnswerKind::Line { max_chars: crate::form::LINE_MAX_CHARS };
    let mut who = |field: &str| match t.form.answer(field, &line, true) {
        Some(crate::form::Answer::Text(name)) => Some(name),
        _ => None,
    };
    let (site_agreed, on_call_agreed) = (who("site_agreed"), who("on_call_agreed"));
    let reason = t.form.text("reason", true);
    let told = told(t, vec![]);
    let was = carry::latest_end(t.change)?;
    let until = until?;
    let most = crate::form::WINDOW_MAX_DAYS * 86_400;
    if until <= was || until <= t.ctx.now || until.as_second() - was.max(t.ctx.now).as_second() > most {
        t.form.faults.push(Violation::of("until", "not-later").with(was));
        return None;
    }
    let mut told = told?;
    told.deviations.push("extended".to_owned());
    if t.ctx.facts.clashes.iter().any(|c| c.hard && !c.is_allowed()) {
        told.deviations.push("runs-into-other-work".to_owned());
    }
    let extension = Extension { told, until, was, site_agreed: site_agreed?, on_call_agreed: on_call_agreed?, reason: reason? };
    Some(vec![Event::Extended(Box::new(extension))])
}

/// Going back would not end in time any more, and the work goes on.
pub(super) fn is_past_safe(change: &crate::change::Change, now: jiff::Timestamp) -> bool {
    let goes_on = change.stage == Stage::Implementing && change.work.finished.is_none();
    goes_on && change.carry.last_safe_passed.is_none() && carry::last_safe(change).is_some_and(|at| at <= now)
}

/// It waits for an approval, and its end has not been proposed yet (BR-35).
pub(super) fn is_idle(change: &crate::change::Change) -> bool {
    crate::react::can_idle(change.stage) && change.carry.expiry_proposed.is_none()
}
