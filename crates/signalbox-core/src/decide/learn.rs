//! Learning from what happened: whether it worked, disputes, reviews with actions, near misses, incidents (X12, BR-33).

use super::Taking;
use crate::event::Event;
use crate::learn::{
    ActionTold, Benefit, Confirmation, DisputeAnswer, Findings, IncidentLink, IncidentUnlink, NearMiss, NewAction, NewDispute, RootCause, Survey, Worked,
};
use crate::refusal::Violation;

/// How many actions a review can set at once.
pub const ACTIONS_AT_ONCE: usize = 3;

/// The codes of whether it worked.
pub fn worked() -> Vec<&'static str> {
    Worked::ALL.iter().map(|w| w.code()).collect()
}

/// The codes of root causes.
pub fn causes() -> Vec<&'static str> {
    RootCause::ALL.iter().map(|c| c.code()).collect()
}

/// The codes of what became of the benefit.
pub fn benefits() -> Vec<&'static str> {
    Benefit::ALL.iter().map(|b| b.code()).collect()
}

/// X12: the word of an organisation that was touched.
pub(super) fn confirm_worked(t: &mut Taking) -> Option<Vec<Event>> {
    let worked = t.form.choice("worked", &worked(), true).and_then(|code| Worked::from_code(&code));
    let words = t.form.text("words", worked.is_some_and(|w| w != Worked::Yes));
    let (worked, org) = (worked?, t.stamp.org?);
    Some(vec![Event::WorkConfirmed(Box::new(Confirmation { org, worked, words }))])
}

pub(super) fn dispute(t: &mut Taking) -> Option<Vec<Event>> {
    let reason = t.form.text("reason", true)?;
    Some(vec![Event::OutcomeDisputed(Box::new(NewDispute { org: t.stamp.org?, reason }))])
}

/// What is upheld is restated next.
pub(super) fn answer_dispute(t: &mut Taking) -> Option<Vec<Event>> {
    let upheld = t.form.yes_no("upheld", true);
    let words = t.form.text("words", true);
    Some(vec![Event::DisputeAnswered(Box::new(DisputeAnswer { upheld: upheld?, words: words? }))])
}

/// What a review found; `None` when a part is at fault.
pub(super) fn findings(t: &mut Taking) -> Option<Findings> {
    let cause = t.form.choice("cause", &causes(), true).and_then(|code| RootCause::from_code(&code));
    let why = t.form.text("why", false);
    let differently = t.form.text("differently", false);
    let benefit = t.form.choice("benefit", &benefits(), true).and_then(|code| Benefit::from_code(&code));
    let benefit_words = t.form.text("benefit_words", false);
    let actions = actions(t);
    Some(Findings { cause: cause?, why, differently, benefit: benefit?, benefit_words, actions: actions? })
}

/// The actions typed; every one has an owner and a due date.
fn actions(t: &mut Taking) -> Option<Vec<NewAction>> {
    let first = t.change.learnt.actions.iter().map(|a| a.action.number).max().unwrap_or_default() + 1;
    let (mut actions, mut whole) = (vec![], true);
    for n in 1..=ACTIONS_AT_ONCE {
        let (what_id, owner_id, due_id) = (format!("action_{n}"), format!("action_{n}_owner"), format!("action_{n}_due"));
        if ![&what_id, &owner_id, &due_id].iter().any(|id| t.form.typed(id).is_some()) {
            continue;
        }
        let what = t.form.text(&what_id, true);
        let due = t.form.date(&due_id, true);
        let typed = t.form.typed(&owner_id);
        let known = typed.and_then(|code| t.ctx.facts.org_by_code(code)).filter(|o| t.change.orgs().contains(&o.id) || Some(o.id) == t.stamp.org);
        let owner = known.map(|o| o.id);
        match (typed, owner) {
            (None, _) => t.form.faults.push(Violation::of(&owner_id, "owner-missing")),
            (Some(code), None) => t.form.faults.push(Violation::of(&owner_id, "unknown-value").with(code)),
            _ => {}
        }
        match (what, owner, due) {
            (Some(what), Some(owner), Some(due)) => actions.push(NewAction { number: first + actions.len() as u32, what, owner, due }),
            _ => whole = false,
        }
    }
    whole.then_some(actions)
}

pub(super) fn finish_action(t: &mut Taking) -> Option<Vec<Event>> {
    let number = t.form.number("number", 1, 999, true);
    let words = t.form.text("words", false);
    let number = number? as u32;
    let Some(action) = t.change.learnt.actions.iter().find(|a| a.action.number == number && a.done.is_none()) else {
        t.form.faults.push(Violation::of("number", "no-such-action"));
        return None;
    };
    if !crate::permit::may_finish(t.ctx, &t.stamp, action) {
        t.form.faults.push(Violation::of("number", "not-your-action"));
        return None;
    }
    Some(vec![Event::ActionDone(Box::new(ActionTold { number, words }))])
}

/// C104: what almost went wrong. Pages name nobody.
pub(super) fn record_near_miss(t: &mut Taking) -> Option<Vec<Event>> {
    let words = t.form.text("words", true)?;
    Some(vec![Event::NearMissRecorded(Box::new(NearMiss { words }))])
}

pub(super) fn survey(t: &mut Taking) -> Option<Vec<Event>> {
    let informed = t.form.number("informed", 1, 5, true);
    let promised = t.form.number("promised", 1, 5, true);
    let words = t.form.text("words", false);
    Some(vec![Event::Surveyed(Box::new(Survey { informed: informed? as u8, promised: promised? as u8, words }))])
}

/// Links an incident that the actor may see.
pub(super) fn link_incident(t: &mut Taking) -> Option<Vec<Event>> {
    let Some(typed) = t.form.typed("incident") else {
        t.form.faults.push(Violation::of("incident", "answer-missing"));
        return None;
    };
    let Some(found) = t.ctx.facts.incidents.iter().find(|i| i.reference.eq_ignore_ascii_case(typed)) else {
        t.form.faults.push(Violation::of("incident", "unknown-value").with(typed));
        return None;
    };
    if t.change.learnt.incidents.contains_key(&found.id) {
        t.form.faults.push(Violation::of("incident", "linked-already"));
        return None;
    }
    Some(vec![Event::IncidentLinked(Box::new(IncidentLink { incident: found.id, grade: found.grade }))])
}

pub(super) fn unlink_incident(t: &mut Taking) -> Option<Vec<Event>> {
    let typed = t.form.typed("incident");
    let reason = t.form.text("reason", true);
    let known = typed.and_then(|typed| t.ctx.facts.incidents.iter().find(|i| i.reference.eq_ignore_ascii_case(typed)));
    let Some(found) = known.filter(|i| t.change.learnt.incidents.contains_key(&i.id)) else {
        t.form.faults.push(Violation::of("incident", "not-linked"));
        return None;
    };
    Some(vec![Event::IncidentUnlinked(Box::new(IncidentUnlink { incident: found.id, reason: reason? }))])
}
