//! Notice: how much was given, what it is called, what follows, and who of the network was told (spec 6.5, 6.6).

use super::{Context, Taking, ruling};
use crate::act::Act;
use crate::calendar::{Notice, Verdict, notice};
use crate::change::{Change, Consequence};
use crate::event::{Event, NoticeGiven};
use crate::process::Process;
use crate::process::facts::Value;
use jiff::Timestamp;

/// The notice that the document asks of this change: its table `notice asked for`, or a `notice` rule of submit.
fn asked_for(ctx: &Context, change: &Change) -> Option<Notice> {
    let by_model = super::catalogue::entry(ctx.process, change.content.as_ref().map(|c| &c.answers)).map(|e| e.lead);
    let by_table = || {
        let outputs = ruling::said(ctx, change, "notice asked for", |_| None)?;
        Notice::parse(&format!("{} {}", outputs.get("notice")?, outputs.get("count")?))
    };
    let by_rule = || {
        let needs = ctx.process.steps.iter().filter(|s| s.act == crate::act::Act::Submit).flat_map(|s| &s.needs);
        needs.into_iter().find_map(|rule| if let crate::rule::Rule::Notice(asked) = rule { Some(*asked) } else { None })
    };
    by_model.or_else(by_table).or_else(by_rule)
}

/// Whether the document asks for notice by the category, which is known once the change is accepted.
pub fn waits_for_category(process: &Process) -> bool {
    process.tables.get("notice asked for").is_some_and(|table| table.inputs.iter().any(|input| input.code == "category"))
}

/// Whether the notice is judged for the time being only.
pub fn is_provisional(process: &Process, change: &Change) -> bool {
    change.classification.is_none() && change.stage.is_before_approval() && waits_for_category(process)
}

/// The notice given by a receipt at that moment; `None` where no window or no notice is asked for.
pub fn judge(ctx: &Context, change: &Change, received_at: Timestamp) -> Option<NoticeGiven> {
    let window = change.window()?;
    // An emergency owes no notice (BR-7): a document that asks for none has no verdict on it.
    let asked = asked_for(ctx, change).filter(|asked| asked.amount > 0)?;
    let judged = notice::judge(asked, received_at, window.start, ctx.zone, ctx.calendar);
    let known = |name: &str| match name {
        "share_of_notice" => Some(Value::from(judged.share_percent)),
        "days" => Some(Value::from(judged.days)),
        "started" => Some(Value::from(received_at >= window.start)),
        _ => None,
    };
    let ruled = ruling::rule_with(ctx, change, "notice verdict", known);
    let said = |output: &str| ruled.as_ref().and_then(|(_, outputs)| outputs.get(output)).map(|w| w.trim().replace(' ', "_"));
    let verdict = said("verdict").and_then(|code| Verdict::from_code(&code)).unwrap_or(judged.verdict);
    let consequence = said("consequence").and_then(|code| Consequence::from_code(&code)).unwrap_or(default_consequence(verdict));
    Some(NoticeGiven {
        received_at,
        days: judged.days,
        asked: asked.amount,
        basis: asked.basis,
        verdict,
        defective: said("defective").as_deref() == Some("yes"),
        consequence,
        last_in_time: judged.latest_receipt,
        first_in_time: judged.first_in_time,
        calendar_version: judged.calendar_version,
        ruling: ruled.map(|(ruling, _)| ruling),
    })
}

/// The tables that a notice rests on: how much was asked for, and what it is called.
pub fn rulings(ctx: &Context, change: &Change, given: &NoticeGiven) -> Vec<crate::event::Ruling> {
    let asked = ruling::rule_on(ctx, change, "notice asked for").map(|(ruling, _)| ruling);
    asked.into_iter().chain(given.ruling.clone()).collect()
}

fn default_consequence(verdict: Verdict) -> Consequence {
    match verdict {
        Verdict::OnTime => Consequence::Protected,
        Verdict::Late | Verdict::VeryLate | Verdict::Short => Consequence::AtRisk,
        Verdict::AfterTheFact => Consequence::ExclusionProposed,
    }
}

/// The provider is told, by one of the ways of X6.
pub(super) fn tell_network(t: &mut Taking) -> Option<Vec<Event>> {
    let way = t.form.choice("way", super::fields::TOLD_WAYS, true);
    let reference = t.form.text("their_reference", false);
    Some(vec![Event::NetworkTold { way: way?, reference }])
}

/// The provider acknowledges.
pub(super) fn acknowledge(t: &mut Taking) -> Option<Vec<Event>> {
    let reference = t.form.text("their_reference", false);
    Some(vec![Event::NetworkAcknowledged { reference }])
}

/// BR-17: the provider says no, and why.
pub(super) fn refuse(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::NetworkRefused { reason: t.form.text("reason", true)? }])
}

/// X6: told, not acknowledged, with the proof; work may go on.
pub(super) fn record_told(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::NetworkToldUnacknowledged { proof: t.form.text("proof", true)? }])
}

/// What late notice leads to is settled, or disputed.
pub(super) fn consequence(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    if act == Act::DisputeNotice { dispute(t) } else { settle(t) }
}

/// BR-13b to BR-14: a person decides what late notice leads to, with a reason.
fn settle(t: &mut Taking) -> Option<Vec<Event>> {
    let consequence = t.form.choice("consequence", super::fields::CONSEQUENCES, true).and_then(|code| Consequence::from_code(&code));
    let reason = t.form.text("reason", true);
    let authority = t.stamp.role == Some(crate::actor::Role::AuthorityManager);
    if consequence == Some(Consequence::Excluded) && !authority {
        t.form.faults.push(crate::refusal::Violation::of("consequence", "authority-decides"));
    }
    Some(vec![Event::NoticeSettled { consequence: consequence?, reason: reason? }])
}

/// Spec 5.5: whoever late notice falls on says that what follows from it is wrong.
fn dispute(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::NoticeDisputed { reason: t.form.text("reason", true)? }])
}
