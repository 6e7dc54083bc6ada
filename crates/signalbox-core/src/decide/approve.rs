//! The decision: T14 to T16, and the promises attached to it.

use super::{Taking, fields, ruling};
use crate::event::{Event, NewCondition};
use crate::refusal::Violation;

/// T14. Binds to the content and window in force; a content seen before an edit is refused (S36).
pub(super) fn approve(t: &mut Taking) -> Option<Vec<Event>> {
    let content = t.change.content.as_ref()?;
    if let Some(seen) = t.form.typed("seen")
        && seen != content.hash
    {
        t.form.faults.push(Violation::of("seen", "content-changed"));
    }
    let words = t.form.text("words", false);
    let conditions = conditions(t)?;
    let ruling = ruling::rule_on(t.ctx, t.change, "approver").map(|(ruling, _)| ruling);
    Some(vec![Event::Approved { content: content.hash.clone(), window: content.header.window, words, conditions, ruling }])
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
        let owner = match t.form.typed(&owner_id) {
            None => {
                t.form.faults.push(Violation::of(&owner_id, "owner-missing"));
                None
            }
            Some(code) => {
                let known = t.ctx.facts.org_by_code(code).filter(|o| t.change.orgs().contains(&o.id) || Some(o.id) == t.stamp.org).map(|o| o.id);
                if known.is_none() {
                    t.form.faults.push(Violation::of(&owner_id, "unknown-value").with(code));
                }
                known
            }
        };
        match (what, owner, due) {
            (Some(what), Some(owner), Some(due)) => conditions.push(NewCondition { what, owner, due }),
            _ => whole = false,
        }
    }
    whole.then_some(conditions)
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
