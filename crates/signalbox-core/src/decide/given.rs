//! The facts that documents may name (process/facts.rs), computed for a change.

use super::Context;
use crate::actor::OrgKind;
use crate::change::{Change, Outcome};
use crate::form::Answer;
use crate::permit::answer_code;
use crate::process::facts::Value;
use crate::risk::{self, Care, ImpactFacts};

/// What a condition may test: an answer of this change by its id, or a fact by its name.
pub fn subject(ctx: &Context, change: &Change, name: &str) -> Option<String> {
    if let Some(answer) = super::answer(change, name) {
        return answer_code(answer);
    }
    fact(ctx, change, name).map(|value| match value {
        Value::Word(word) => word,
        Value::Number(n) => n.to_string(),
        Value::Date(date) => date.to_string(),
    })
}

/// A fact by its code. `None`: not known for this change yet.
pub fn fact(ctx: &Context, change: &Change, name: &str) -> Option<Value> {
    let parties = change.parties();
    let notice = change.notice();
    let class = change.classification.as_ref();
    match name {
        "kind" => Some(Value::from(change.kind.code())),
        "raised_by" => ctx.facts.kind_of(change.org).map(|k| Value::from(k.code())),
        "direct_care" => Some(Value::from(parties.direct_care)),
        "patient_facing" => Some(Value::from(care(change).code())),
        "user_impact" => Some(Value::from(number(change, "users_affected").unwrap_or(0) > 0 || takes_service_away(change))),
        "affected_trusts" => Some(Value::from(affected_trusts(ctx, change) as i64)),
        "category" => class.map(|c| Value::from(c.category.as_str())),
        "impact" => Some(Value::from(i64::from(class.map_or_else(|| impact_of(ctx, change).0.level(), |c| c.impact)))),
        "risk" => class.map(|c| Value::from(c.band.as_str())),
        "risk_score" => class.map(|c| Value::from(i64::from(c.risk))),
        "touches_network" => Some(Value::from(touches_network(change))),
        "touches_security" => Some(Value::from(choice(change, "security_flag").as_deref() == Some("yes"))),
        "needs_supplier" => Some(Value::from(needs_supplier(change))),
        "takes_service_away" => Some(Value::from(takes_service_away(change))),
        "notice" => notice.map(|n| Value::from(if n.verdict.is_late() { "short" } else { "enough" })),
        "days" => notice.map(|n| Value::from(n.days)),
        "share_of_notice" => notice.map(|n| Value::from(crate::calendar::notice::share_of_notice(n.days, n.asked))),
        "started" => change.window().map(|w| Value::from(notice.is_some_and(|n| n.received_at >= w.start))),
        "outcome" => change.outcome.or(change.work.proposed).map(|o| Value::from(o.code())),
        "minutes_over" => Some(Value::from(minutes_over(change))),
        "incident" => Some(Value::from("none")),
        "unapproved" => Some(Value::from(change.work.deviations.contains("unapproved"))),
        "sampled" => Some(Value::from(super::is_sampled(&change.reference))),
        "start_date" => change.window().map(|w| Value::Date(ctx.zone.to_datetime(w.start).date())),
        _ => None,
    }
}

fn choice(change: &Change, id: &str) -> Option<String> {
    super::answer(change, id).and_then(answer_code)
}

fn number(change: &Change, id: &str) -> Option<i64> {
    match super::answer(change, id) {
        Some(Answer::Number(n)) => Some(*n),
        _ => None,
    }
}

/// Whether the provider has to be told: yes and do not know both count (BR-16).
pub fn touches_network(change: &Change) -> bool {
    matches!(choice(change, "network_affected").as_deref(), Some("yes" | "unsure")) || super::answer(change, "circuits").is_some() || change.parties().network
}

fn needs_supplier(change: &Change) -> bool {
    super::answer(change, "supplier_actions").is_some() || !change.parties().runs.is_empty()
}

fn takes_service_away(change: &Change) -> bool {
    change.kind == crate::change::Kind::PlannedOutage
        || number(change, "outage_minutes").unwrap_or(0) > 0
        || number(change, "degraded_minutes").unwrap_or(0) > 0
}

fn minutes_over(change: &Change) -> i64 {
    // What was not begun did not run over, however late it is said.
    let finished = change.work.finished.as_ref().filter(|_| change.work.proposed != Some(Outcome::NotImplemented));
    match (change.window(), finished) {
        (Some(window), Some(told)) => ((told.happened_at.as_second() - window.end.as_second()) / 60).max(0),
        _ => 0,
    }
}

fn affected_trusts(ctx: &Context, change: &Change) -> usize {
    change.parties().affected.iter().filter(|org| ctx.facts.kind_of(**org).is_none_or(|k| k == OrgKind::Trust)).count()
}

fn care(change: &Change) -> Care {
    let typed = choice(change, "patient_facing").and_then(|code| Care::from_code(&code));
    let known = if change.parties().direct_care { Care::Direct } else { Care::None };
    typed.map_or(known, |typed| typed.max(known))
}

/// The impact level with the rows that were hit (spec 6.2, X11).
pub fn impact_of(ctx: &Context, change: &Change) -> (risk::Impact, Vec<risk::RowHit>) {
    let minutes = number(change, "outage_minutes").unwrap_or(0).clamp(0, i64::from(u32::MAX)) as u32;
    let in_service_hours = change.window().is_some_and(|w| is_service_hours(ctx, w.start));
    let always_on = change.parties().always_on;
    let reversible = match choice(change, "reversible").as_deref() {
        Some("no") => None,
        _ => Some(number(change, "backout_minutes").unwrap_or(0).clamp(0, i64::from(u32::MAX)) as u32),
    };
    risk::impact(&ImpactFacts {
        organisations: change.parties().affected.len() as u32,
        is_national_service: false,
        users_without_service: number(change, "users_affected").unwrap_or(0).clamp(0, i64::from(u32::MAX)) as u32,
        care: care(change),
        outage_service_minutes: if in_service_hours || always_on { minutes } else { 0 },
        outage_other_minutes: if in_service_hours || always_on { 0 } else { minutes },
        is_always_on: always_on,
        reversible_minutes: reversible,
    })
}

/// Between 09:00 and 17:00 on a working day (spec 7.1).
fn is_service_hours(ctx: &Context, at: jiff::Timestamp) -> bool {
    let wall = ctx.zone.to_datetime(at);
    ctx.calendar.is_working_day(wall.date()) && (9..17).contains(&wall.hour())
}
