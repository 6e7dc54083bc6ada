//! Holding, scheduling and moving: T17 to T19 and T35.

use super::material::Changed;
use super::{Context, Taking, content, notice};
use crate::act::Act;
use crate::calendar::Notice;
use crate::calendar::notice::judge;
use crate::change::{Change, Kind, Window};
use crate::event::{Event, Ruling};
use crate::form::Answer;
use crate::refusal::Violation;
use crate::rule::Rule;
use crate::text::Text;

/// What moves, holds or lets through a change that was sent.
pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    match act {
        Act::Hold => hold(t),
        Act::Schedule => schedule(t),
        Act::ExceptFreeze => super::freeze::except(t),
        Act::SettleClash => super::clash::settle(t),
        _ => reschedule(t),
    }
}

/// T17: with a reason, and a date on which it is looked at again, within 20 working days.
fn hold(t: &mut Taking) -> Option<Vec<Event>> {
    let reason = t.form.text("reason", true);
    let review_on = t.form.date("review_on", true);
    let today = t.ctx.zone.to_datetime(t.ctx.now).date();
    if let Some(date) = review_on {
        let latest = t.ctx.calendar.add_working_days(today, 20);
        if date < today || date > latest {
            t.form.faults.push(Violation::of("review_on", "date-out-of-range").with(today).with(latest));
        }
    }
    Some(vec![Event::Held { reason: reason?, review_on: review_on? }])
}

/// T18: who does the work is named. Nobody who approved it may be (SD-2).
fn schedule(t: &mut Taking) -> Option<Vec<Event>> {
    let typed = t.form.typed("implementer");
    let phone = t.form.phone("phone", false);
    let short_gap = explained_gap(t);
    let Some(email) = typed else {
        t.form.faults.push(Violation::of("implementer", "implementer-missing"));
        return None;
    };
    let orgs = t.change.orgs();
    let found = t.ctx.facts.people.iter().find(|p| p.email.eq_ignore_ascii_case(email));
    let Some((person, org)) = found.and_then(|p| p.orgs.iter().find(|o| orgs.contains(o)).map(|o| (p.id, *o))) else {
        t.form.faults.push(Violation::of("implementer", "not-an-implementer").with(email));
        return None;
    };
    let approved_it = t.change.live_approvals().any(|a| a.by.concerns(person));
    if approved_it {
        t.form.faults.push(Violation::of("implementer", "implementer-approved"));
        return None;
    }
    Some(vec![Event::Scheduled { implementer: person, org, phone, short_gap: short_gap? }])
}

/// Why the start follows so soon on the approval, where that has to be said. `None`: it has, and was not.
fn explained_gap(t: &mut Taking) -> Option<Option<Text>> {
    let Some(found) = gap(t.ctx, t.change) else { return Some(None) };
    let asks = found.is_short() && t.needs(&Rule::GapExplained);
    t.rulings.push(found.ruling);
    if !asks {
        return Some(None);
    }
    t.form.text("gap_reason", true).map(Some)
}

/// How much time lies between the approval and the start, and how much is asked for (spec 6.1, X11).
pub struct Gap {
    pub days: i64,
    pub asked: Notice,
    pub ruling: Ruling,
}

impl Gap {
    /// Less than is asked for: explained, never refused.
    pub fn is_short(&self) -> bool {
        self.days < self.asked.amount
    }
}

/// The gap of the latest approval. `None`: the document asks for none, or the change may not wait for one (BR-7).
pub fn gap(ctx: &Context, change: &Change) -> Option<Gap> {
    if matches!(change.kind, Kind::Emergency | Kind::Retrospective) {
        return None;
    }
    let (ruling, outputs) = super::ruling::rule_on(ctx, change, "gap before start")?;
    let asked = Notice::parse(&format!("{} {}", outputs.get("gap")?, outputs.get("count")?))?;
    let approved = change.live_approvals().map(|a| a.at).max()?;
    let days = judge(asked, approved, change.window()?.start, ctx.zone, ctx.calendar).days;
    Some(Gap { days, asked, ruling })
}

/// T19 and T35: within tolerance the approvals stay; otherwise they are void and the change is decided again.
fn reschedule(t: &mut Taking) -> Option<Vec<Event>> {
    let before = t.change.window();
    let typed = t.form.window("window", true);
    let contingency = t.form.moment("contingency_end", false);
    let reason = t.form.text("reason", true);
    let (start, end) = typed?;
    let length = before.map_or(0, |w| w.contingency_end.as_microsecond() - w.end.as_microsecond());
    let contingency_end = contingency.unwrap_or_else(|| end.checked_add(jiff::SignedDuration::from_micros(length)).unwrap_or(end));
    if contingency_end < end {
        t.form.faults.push(Violation::of("contingency_end", "before-window-end"));
        return None;
    }
    let window = Window { start, end, contingency_end };
    if before == Some(window) {
        t.form.faults.push(Violation::of("window", "window-not-moved"));
        return None;
    }
    let reason = reason?;
    let judged = before.map(|b| Changed::window(t.ctx, b, window).judge(t.ctx, t.change));
    let within_tolerance = judged.as_ref().is_some_and(|(material, _)| !material);
    t.rulings.extend(judged.and_then(|(_, ruling)| ruling));
    let is_kept = !within_tolerance && t.step.to.is_some() && t.change.live_approvals().next().is_some();
    // A document that knows no re-affirming decides such a move again.
    let known = t.ctx.process.steps.iter().any(|s| s.act == crate::act::Act::Reaffirm);
    let small = known && is_kept && before.is_some_and(|b| crate::board::is_small_move(b, window, t.ctx.zone));
    let mut after: Change = t.change.clone();
    let content = after.content.as_mut()?;
    let zone = t.ctx.zone_name.to_owned();
    content.answers.insert("window".into(), Answer::Window { start, end, zone: zone.clone() });
    content.answers.insert("contingency_end".into(), Answer::Moment { at: contingency_end, zone });
    content.header.window = Some(window);
    content.hash = content::hash(&content.answers);
    let judged = if within_tolerance || small { None } else { notice::judge(t.ctx, &after, t.ctx.now) };
    t.rulings.extend(judged.iter().flat_map(|given| notice::rulings(t.ctx, &after, given)));
    let content = after.content.clone()?;
    Some(vec![Event::Rescheduled { content: Box::new(content), reason, within_tolerance, small, notice: judged }])
}
