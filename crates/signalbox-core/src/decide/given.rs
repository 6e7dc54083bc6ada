//! The facts that documents may name (process/facts.rs), computed for a change.

use super::Context;
use crate::actor::OrgKind;
use crate::change::{Change, Kind, Outcome};
use crate::firewall;
use crate::form::Answer;
use crate::permit::answer_code;
use crate::process::facts::Value;
use crate::risk::{Care, TimingFacts, timing_score};
use jiff::civil::Date;

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
    let parties = change.parties_known();
    let notice = change.notice();
    let class = change.classification.as_ref();
    match name {
        "kind" => Some(Value::from(change.kind.code())),
        "raised_by" => ctx.facts.kind_of(change.org).map(|k| Value::from(k.code())),
        "direct_care" => Some(Value::from(parties.is_some_and(|p| p.direct_care))),
        "patient_facing" => Some(Value::from(care(change).code())),
        "user_impact" => Some(Value::from(number(change, "users_affected").unwrap_or(0) > 0 || takes_service_away(change))),
        "affected_trusts" => Some(Value::from(affected_trusts(ctx, change) as i64)),
        "category" => class.map(|c| Value::from(c.category.as_str())),
        "impact" => class.map_or_else(|| impact_of(ctx, change), |c| Some(c.impact)).map(|level| Value::from(i64::from(level))),
        "risk" => class.map(|c| Value::from(c.band.as_str())),
        "risk_score" => class.map(|c| Value::from(i64::from(c.risk))),
        "touches_network" => Some(Value::from(touches_network(ctx, change))),
        "touches_security" => Some(Value::from(choice(change, "security_flag").as_deref() == Some("yes") || change.kind == Kind::FirewallNetwork)),
        "any_any" => change.content.as_ref().map(|c| Value::from(firewall::is_any_any(&c.answers))),
        "first_of_kind" => choice(change, "first_of_kind").map(|yes| Value::from(yes.as_str())),
        "tls" => choice(change, "tls").map(|yes| Value::from(yes.as_str())),
        "needs_supplier" => Some(Value::from(needs_supplier(change))),
        "takes_service_away" => Some(Value::from(takes_service_away(change))),
        "notice" => notice.map(|n| Value::from(if n.verdict.is_late() { "short" } else { "enough" })),
        "days" => notice.map(|n| Value::from(n.days)),
        "share_of_notice" => notice.map(|n| Value::from(crate::calendar::notice::share_of_notice(n.days, n.asked))),
        "started" => change.window().map(|w| Value::from(notice.is_some_and(|n| n.received_at >= w.start))),
        "outcome" => change.outcome.or(change.work.proposed).map(|o| Value::from(o.code())),
        "minutes_over" => Some(Value::from(minutes_over(change))),
        "incident" => Some(Value::from(change.learnt.worst().map_or("none", |grade| grade.code()))),
        "initial_rating" => change.safety.worst_initial().map(|rating| Value::from(i64::from(rating))),
        "residual_rating" => change.safety.worst_residual().map(|rating| Value::from(i64::from(rating))),
        "controls_set" => change.safety.worst_residual().map(|_| Value::from(controls_set(ctx, change))),
        "unapproved" => Some(Value::from(change.work.deviations.contains("unapproved"))),
        "self_reported" => Some(Value::from(super::urgent::self_reported(ctx, change))),
        "sampled" => Some(Value::from(super::is_sampled(&change.reference))),
        "start_date" => start_date(ctx, change).map(Value::Date),
        "month" | "day_of_month" | "weekday" => start_date(ctx, change).and_then(|day| of_day(day, name)),
        _ => of_effect(ctx, change, name).or_else(|| of_side(ctx, change, name)),
    }
}

/// What the work does to people and services (spec 6.2).
fn of_effect(ctx: &Context, change: &Change, name: &str) -> Option<Value> {
    let users = number(change, "users_affected").unwrap_or(0);
    let minutes = number(change, "outage_minutes").unwrap_or(0);
    let always_on = change.parties_known().is_some_and(|p| p.always_on);
    let in_hours = always_on || change.window().is_some_and(|w| is_service_hours(ctx, w.start));
    match name {
        "users_affected" => Some(Value::from(users)),
        "loses_service" => Some(Value::from(users > 0 || minutes > 0)),
        "outage_in_service_hours" => Some(Value::from(if in_hours { minutes } else { 0 })),
        "outage_at_other_hours" => Some(Value::from(if in_hours { 0 } else { minutes })),
        "always_on" => Some(Value::from(always_on)),
        "reversible" => Some(Value::from(choice(change, "reversible").as_deref() != Some("no"))),
        "minutes_to_go_back" => Some(Value::from(number(change, "backout_minutes").unwrap_or(0))),
        "national_service" => Some(Value::from(change.kind == crate::change::Kind::NationalService)),
        "out_of_hours" => change.window().map(|w| Value::from(!is_service_hours(ctx, w.start))),
        "timing" => change.window().map(|w| Value::from(i64::from(timing_score(w.start, TimingFacts::default(), ctx.zone, ctx.calendar)))),
        "like_changes" => ctx.facts.like.map(|like| Value::from(like.changes)),
        "like_failures" => ctx.facts.like.filter(|like| like.changes > 0).map(|like| Value::from(like.failures * 100 / like.changes)),
        _ => None,
    }
}

/// Network, notice, charge, and how far the work has come.
fn of_side(ctx: &Context, change: &Change, name: &str) -> Option<Value> {
    let line = choice(change, "network_affected");
    let circuit = super::answer(change, "circuits").is_some();
    let header = change.content.as_ref().map(|c| &c.header);
    match name {
        "line_affected" => line.as_deref().map(Value::from),
        "circuit_listed" => Some(Value::from(circuit)),
        "network_part" => Some(Value::from(change.parties_known().is_some_and(|p| p.network))),
        "circuits_at_the_site" => Some(Value::from(ctx.facts.site_circuits)),
        "network_question" => network_question(ctx, change).as_deref().map(Value::from),
        "late_reason" => Some(Value::from(change.late_reason.as_deref().unwrap_or("none"))),
        "evidence" => Some(Value::from(change.attached > 0 || matches!(super::answer(change, "attachments"), Some(Answer::Files(files)) if !files.is_empty()))),
        "objects_named" => header.map(|h| Value::from(!h.items.is_empty() && (line.as_deref() != Some("yes") || circuit))),
        "charge_hint" => choice(change, "charge_hint").as_deref().map(Value::from),
        "supplier_work" => Some(Value::from(super::answer(change, "supplier_actions").is_some())),
        "charge_ground" => Some(Value::from(choice(change, "charge_ground").as_deref().unwrap_or("none"))),
        "chargeable" if change.money.is_begun() => crate::charge::follow::chargeable(change),
        "chargeable" => {
            let outputs = super::ruling::said(ctx, change, "chargeable", |_| None)?;
            outputs.get("chargeable").map(|word| Value::from(word.as_str()))
        }
        "approved" => Some(Value::from(change.live_approvals().next().is_some())),
        "began" => Some(Value::from(change.work.started.is_some())),
        "backed_out" => Some(Value::from(change.work.backing_out.is_some())),
        _ => of_entry(ctx, change, name),
    }
}

/// How the entry of the catalogue has gone that the change asks for (spec 4.5).
fn of_entry(ctx: &Context, change: &Change, name: &str) -> Option<Value> {
    let entry = ctx.facts.entry.as_ref()?;
    let tally = || crate::catalogue::tally_with(entry, change, ctx.now);
    Some(Value::from(match name {
        "use_of_entry" => entry.earlier + 1,
        "entry_uses" => tally().uses,
        "entry_failures" => tally().failures,
        "entry_failures_in_1000" => tally().failures_in_a_thousand().unwrap_or(0),
        "entry_harm" => tally().harm,
        _ => return None,
    }))
}

fn start_date(ctx: &Context, change: &Change) -> Option<Date> {
    change.window().map(|w| ctx.zone.to_datetime(w.start).date())
}

/// What the freeze table asks of a day.
pub fn of_day(day: Date, name: &str) -> Option<Value> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    match name {
        "month" => Some(Value::from(i64::from(day.month()))),
        "day_of_month" => Some(Value::from(i64::from(day.day()))),
        "weekday" => DAYS.get(usize::try_from(day.weekday().to_monday_zero_offset()).ok()?).map(|word| Value::from(*word)),
        _ => None,
    }
}

pub(crate) fn choice(change: &Change, id: &str) -> Option<String> {
    super::answer(change, id).and_then(answer_code)
}

fn number(change: &Change, id: &str) -> Option<i64> {
    match super::answer(change, id) {
        Some(Answer::Number(n)) => Some(*n),
        _ => None,
    }
}

/// What the document's network question says: tell, confirm or nothing (BR-16 to BR-16c).
fn network_question(ctx: &Context, change: &Change) -> Option<String> {
    let outputs = super::ruling::said(ctx, change, "network question", |_| None)?;
    outputs.get("result").map(|word| crate::process::facts::code_of(word))
}

/// Whether the provider has to be told.
pub fn touches_network(ctx: &Context, change: &Change) -> bool {
    network_question(ctx, change).as_deref() == Some("tell")
}

fn needs_supplier(change: &Change) -> bool {
    super::answer(change, "supplier_actions").is_some() || change.parties_known().is_some_and(|p| !p.runs.is_empty())
}

/// Whether what lowers each rating is verified, or scheduled before the start.
fn controls_set(ctx: &Context, change: &Change) -> bool {
    let start = change.window().map(|w| ctx.zone.to_datetime(w.start).date());
    change.safety.hazards.iter().all(|hazard| hazard.rated.as_ref().is_some_and(|rated| rated.has_its_controls(start)))
}

/// Whether staff use what is touched while they care for patients, directly or not.
pub(crate) fn is_near_patients(change: &Change) -> bool {
    care(change) != Care::None
}

pub(crate) fn takes_service_away(change: &Change) -> bool {
    change.kind == Kind::PlannedOutage || number(change, "outage_minutes").unwrap_or(0) > 0 || number(change, "degraded_minutes").unwrap_or(0) > 0
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
    let affected = change.parties_known().into_iter().flat_map(|p| &p.affected);
    affected.filter(|org| ctx.facts.kind_of(**org).is_none_or(|k| k == OrgKind::Trust)).count()
}

fn care(change: &Change) -> Care {
    let typed = choice(change, "patient_facing").and_then(|code| Care::from_code(&code));
    let known = if change.parties_known().is_some_and(|p| p.direct_care) { Care::Direct } else { Care::None };
    typed.map_or(known, |typed| typed.max(known))
}

/// The impact level that the document's table gives now (spec 6.2, X11).
pub fn impact_of(ctx: &Context, change: &Change) -> Option<u8> {
    super::ruling::said(ctx, change, "impact level", |_| None).and_then(|outputs| outputs.get("level")?.parse().ok())
}

/// Between 09:00 and 17:00 on a working day (spec 7.1).
fn is_service_hours(ctx: &Context, at: jiff::Timestamp) -> bool {
    let wall = ctx.zone.to_datetime(at);
    ctx.calendar.is_working_day(wall.date()) && (9..17).contains(&wall.hour())
}
