//! Holding, scheduling and moving: T17 to T19 and T35.

use super::{Taking, content, notice};
use crate::change::{Change, Window};
use crate::event::Event;
use crate::form::Answer;
use crate::refusal::Violation;
use jiff::tz::TimeZone;

/// T17: with a reason, and a date on which it is looked at again, within 20 working days.
pub(super) fn hold(t: &mut Taking) -> Option<Vec<Event>> {
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
pub(super) fn schedule(t: &mut Taking) -> Option<Vec<Event>> {
    let typed = t.form.typed("implementer");
    let phone = t.form.text("phone", false);
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
    let approved_it = t.change.live_approvals().any(|a| a.by.person == Some(person));
    if approved_it {
        t.form.faults.push(Violation::of("implementer", "implementer-approved"));
        return None;
    }
    Some(vec![Event::Scheduled { implementer: person, org, phone }])
}

/// T19 and T35: within tolerance the approvals stay; otherwise they are void and the change is decided again.
pub(super) fn reschedule(t: &mut Taking) -> Option<Vec<Event>> {
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
    let within_tolerance = before.is_some_and(|b| is_within_tolerance(b, window, t.ctx.zone));
    let mut after: Change = t.change.clone();
    let content = after.content.as_mut()?;
    let zone = t.ctx.zone_name.to_owned();
    content.answers.insert("window".into(), Answer::Window { start, end, zone: zone.clone() });
    content.answers.insert("contingency_end".into(), Answer::Moment { at: contingency_end, zone });
    content.header.window = Some(window);
    content.hash = content::hash(&content.answers);
    let judged = if within_tolerance { None } else { notice::judge(t.ctx, &after, t.ctx.now) };
    let content = after.content.clone()?;
    Some(vec![Event::Rescheduled { content: Box::new(content), reason, within_tolerance, notice: judged }])
}

/// BR-31: not more than 60 minutes, not to another day, and no later end.
fn is_within_tolerance(before: Window, after: Window, zone: &TimeZone) -> bool {
    let moved_minutes = (after.start.as_second() - before.start.as_second()).abs() / 60;
    let same_day = zone.to_datetime(before.start).date() == zone.to_datetime(after.start).date();
    moved_minutes <= 60 && same_day && after.end <= before.end && after.contingency_end <= before.contingency_end
}
