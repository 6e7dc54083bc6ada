//! The decision: T14 to T16, and the promises attached to it.

use super::{Taking, fields, ruling};
use crate::event::{Event, NewCondition};
use crate::refusal::Violation;
use crate::schedule::closure::Closure;

/// T14. Binds to the content and window in force; a content seen before an edit is refused (S36).
pub(super) fn approve(t: &mut Taking) -> Option<Vec<Event>> {
    let content = t.change.content.as_ref()?;
    super::board::seen(t);
    let words = t.form.text("words", false);
    let conditions = conditions(t)?;
    no_way_back(t);
    let ruling = ruling::rule_on(t.ctx, t.change, "approver").map(|(ruling, _)| ruling);
    t.rulings.extend(ruling.clone());
    let board = crate::board::heard(t.ctx, t.change).map(Box::new);
    let reach = &t.ctx.facts.reach;
    let closure = Some(Box::new(Closure::of(&reach.nodes, reach.graph)));
    Some(vec![Event::Approved { content: content.hash.clone(), window: content.header.window, words, conditions, ruling, board, closure }])
}

/// Spec 6.3: where there is no way back and the impact is high, the approver says in so many words that it is accepted.
fn no_way_back(t: &mut Taking) {
    let accepted = t.form.yes_no("no_way_back_accepted", false);
    if lacks_way_back(t.ctx, t.change) && accepted != Some(true) {
        t.form.faults.push(Violation::of("no_way_back_accepted", "no-way-back-not-accepted"));
    }
}

/// Whether the risk question about going back was answered with the worst, at impact level 1 or 2.
pub fn lacks_way_back(ctx: &super::Context, change: &crate::change::Change) -> bool {
    let Some(class) = change.classification.as_ref().filter(|class| class.impact <= 2) else { return false };
    let at = ctx.process.risk_questions.iter().position(|row| row.id == "back_out");
    at.and_then(|at| class.risk_answers.get(at)).is_some_and(|answer| i64::from(*answer) == super::classify::ANSWER_MAX)
}

/// The conditions typed; every one has an owner and a due date (T14).
pub(super) fn conditions(t: &mut Taking) -> Option<Vec<NewCondition>> {
    let mut conditions = vec![];
    let mut whole = true;
    for n in 1..=fields::CONDITIONS_AT_ONCE {
        let (what_id, owner_id, due_id) = (format!("condition_{n}"), format!("condition_{n}_owner"), format!("condition_{n}_due"));
        let typed = [&what_id, &owner_id, &due_id].iter().any(|id| t.form.typed(id).is_some());
        if !typed {
            continue;
        }
        let what = t.form.text(&what_id, true);
        let due = t.form.date(&due_id, true);
        let owner = owner(t, &owner_id, true);
        match (what, owner, due) {
            (Some(what), Some(owner), Some(due)) => conditions.push(NewCondition { what, owner, due }),
            _ => whole = false,
        }
    }
    whole.then_some(conditions)
}

/// The organisation that keeps a promise: a party to the change, or one's own.
pub(super) fn owner(t: &mut Taking, field: &str, required: bool) -> Option<crate::ids::OrgId> {
    let Some(code) = t.form.typed(field) else {
        if required {
            t.form.faults.push(Violation::of(field, "owner-missing"));
        }
        return None;
    };
    let known = t.ctx.facts.org_by_code(code).filter(|o| t.change.orgs().contains(&o.id) || Some(o.id) == t.stamp.org).map(|o| o.id);
    if known.is_none() {
        t.form.faults.push(Violation::of(field, "unknown-value").with(code));
    }
    known
}

/// T16.
pub(super) fn reject(t: &mut Taking) -> Option<Vec<Event>> {
    let reason_code = t.form.choice("reason_code", fields::REJECT_REASONS, true);
    let reason = t.form.text("reason", true);
    Some(vec![Event::Rejected { reason_code: reason_code?, reason: reason? }])
}

/// T15.
pub(super) fn ask_more(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::MoreAsked { questions: t.form.text("questions", true)? }])
}

/// A promise is kept, by its owner or by a change manager.
pub(super) fn meet_condition(t: &mut Taking) -> Option<Vec<Event>> {
    let number = t.form.number("number", 1, 999, true);
    let words = t.form.text("words", false);
    let number = number? as u32;
    let Some(condition) = t.change.conditions.iter().find(|c| c.number == number && c.met.is_none()) else {
        t.form.faults.push(Violation::of("number", "no-such-condition"));
        return None;
    };
    if !crate::permit::may_meet(t.ctx, &t.stamp, condition) {
        t.form.faults.push(Violation::of("number", "not-your-condition"));
        return None;
    }
    Some(vec![Event::ConditionMet { number, words }])
}
