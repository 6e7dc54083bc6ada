//! Deciding whether there is something to pay, the assessment and its fee, and what is spent and delivered.

use super::{BillOf, Chargeable, Confidence, Cost, Decision, Ground, Letter, LineKind, Money, MoneyEvent, Report, bills, money, quotes};
use crate::act::Act;
use crate::actor::OrgKind;
use crate::change::Stage;
use crate::decide::Taking;
use crate::event::Event;
use crate::form::{Answer, LINE_MAX_CHARS};
use crate::process::AnswerKind;
use crate::refusal::Violation;
use crate::text::Text;
use jiff::civil::Date;

/// What an act of the track leads to.
pub(crate) fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    let events = match act {
        Act::SetCharge => set_charge(t),
        Act::ContestCharge => Some(vec![MoneyEvent::ChargeContested { reason: t.form.text("reason", true)? }]),
        Act::SettleCharge => settle_charge(t),
        Act::OfferFee => offer_fee(t),
        Act::AnswerFee => answer_fee(t),
        Act::BeginImpact => Some(vec![MoneyEvent::ImpactBegun { due_at: t.ctx.calendar.due_at(t.ctx.now, 10, t.ctx.zone) }]),
        Act::ReportImpact => report(t),
        Act::ProceedAtRisk => proceed_at_risk(t),
        Act::BookCost => book(t),
        Act::Deliver => deliver(t),
        Act::AcceptDelivery => Some(vec![MoneyEvent::DeliveryAccepted { words: t.form.text("words", false) }]),
        Act::DisputeDelivery => Some(vec![MoneyEvent::DeliveryDisputed { snags: list(t, "snags")? }]),
        Act::Quote | Act::ExtendQuote | Act::AcceptQuote | Act::DeclineQuote | Act::GiveOrder | Act::WithdrawOrder => quotes::take(t, act),
        _ => bills::take(t, act),
    };
    events.map(|events| events.into_iter().map(|event| Event::Money(Box::new(event))).collect())
}

/// An amount in pounds and pence.
pub(super) fn amount(t: &mut Taking, field: &str, required: bool) -> Option<i64> {
    match t.form.typed(field) {
        None => {
            if required {
                t.form.faults.push(Violation::of(field, "amount-missing"));
            }
            None
        }
        Some(typed) => {
            let pence = money::parse(typed);
            if pence.is_none() {
                t.form.faults.push(Violation::of(field, "not-an-amount"));
            }
            pence
        }
    }
}

/// An amount above nothing.
pub(super) fn price(t: &mut Taking, field: &str, required: bool) -> Option<i64> {
    let pence = amount(t, field, required)?;
    if pence == 0 {
        t.form.faults.push(Violation::of(field, "amount-zero"));
        return None;
    }
    Some(pence)
}

/// A rate of value added tax, in hundredths of a per cent.
pub(super) fn vat_rate(t: &mut Taking, field: &str, required: bool) -> Option<i64> {
    let typed = t.form.choice(field, super::fields::VAT, required)?;
    typed.parse::<i64>().ok().map(|rate| rate * 100)
}

/// One line of words.
pub(super) fn line(t: &mut Taking, field: &str, required: bool) -> Option<Text> {
    match t.form.answer(field, &AnswerKind::Line { max_chars: LINE_MAX_CHARS }, required)? {
        Answer::Text(text) => Some(text),
        _ => None,
    }
}

pub(super) fn list(t: &mut Taking, field: &str) -> Option<Vec<Text>> {
    match t.form.answer(field, &AnswerKind::List, true)? {
        Answer::List(texts) => Some(texts),
        _ => None,
    }
}

/// Today in the zone of the change.
pub(super) fn today(t: &Taking) -> Date {
    t.ctx.zone.to_datetime(t.ctx.now).date()
}

/// A day that has not come yet is none on which something happened.
pub(super) fn past_day(t: &mut Taking, field: &str, required: bool) -> Option<Date> {
    let (day, today) = (t.form.date(field, required)?, today(t));
    if day > today {
        t.form.faults.push(Violation::of(field, "date-in-future").with(today));
        return None;
    }
    Some(day)
}

/// A day from today on, and not beyond so many days.
pub(super) fn coming_day(t: &mut Taking, field: &str, most_days: i64, required: bool) -> Option<Date> {
    let day = t.form.date(field, required)?;
    let today = crate::calendar::london().to_datetime(t.ctx.now).date();
    let latest = today.saturating_add(jiff::Span::new().days(most_days));
    if day < today || day > latest {
        t.form.faults.push(Violation::of(field, "date-out-of-range").with(today).with(latest));
        return None;
    }
    Some(day)
}

/// BR-25: the table proposes, the change manager sets. What differs from the table needs words.
fn set_charge(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let codes: Vec<&str> = Ground::ALL.iter().map(|g| g.code()).collect();
    let ground = t.form.choice("ground", &codes, false).and_then(|code| Ground::from_code(&code));
    let yes = t.form.yes_no("chargeable", true);
    let proposed = super::follow::propose(t.ctx, t.change, ground);
    let chargeable = chargeable(t, yes?)?;
    let agrees = proposed.as_ref().is_none_or(|p| p.chargeable == chargeable || p.chargeable == Chargeable::Unknown);
    if !agrees && t.form.typed("reason").is_none() {
        t.form.faults.push(Violation::of("reason", "differs-from-table").with(proposed.map_or(String::new(), |p| p.because)));
        return None;
    }
    let reason = t.form.text("reason", false);
    let because = proposed.as_ref().filter(|p| p.chargeable == chargeable).map_or("decided".to_owned(), |p| p.because.clone());
    let ruling = proposed.and_then(|p| p.ruling);
    Some(vec![MoneyEvent::ChargeDecided { decision: Decision { chargeable, because, ground, ruling, reason } }])
}

/// BR-25: only what a trust raised is charged for.
fn chargeable(t: &mut Taking, yes: bool) -> Option<Chargeable> {
    if yes && t.ctx.facts.kind_of(t.change.org) != Some(OrgKind::Trust) {
        t.form.faults.push(Violation::of("chargeable", "charge-trust-only"));
        return None;
    }
    Some(if yes { Chargeable::Yes } else { Chargeable::No })
}

/// The authority settles what was contested, or a fee for cancelling late that was refused.
fn settle_charge(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let yes = t.form.yes_no("chargeable", true);
    let reason = t.form.text("reason", true);
    let (yes, reason) = (yes?, reason?);
    if t.change.stage == Stage::Cancelled {
        return Some(vec![MoneyEvent::FeeAnswered { of: BillOf::AbortFee, accepted: yes, words: Some(reason) }]);
    }
    let chargeable = chargeable(t, yes)?;
    Some(vec![MoneyEvent::ChargeSettled { chargeable, reason }])
}

fn offer_fee(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let what = line(t, "fee_for", true);
    let net = price(t, "net", true);
    let rate = vat_rate(t, "vat", true);
    let valid_to = coming_day(t, "valid_to", 90, true);
    Some(vec![MoneyEvent::FeeOffered { amount: super::Amount::at(net?, rate?), what: what?, valid_to: valid_to? }])
}

fn answer_fee(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let accepted = t.form.yes_no("accepted", true);
    let words = t.form.text("words", false);
    let of = if t.change.stage == Stage::Cancelled { BillOf::AbortFee } else { BillOf::ImpactFee };
    Some(vec![MoneyEvent::FeeAnswered { of, accepted: accepted?, words }])
}

fn report(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let mut prose = |id: &str, required| t.form.text(id, required);
    let (scope, effect, effort) = (prose("report_scope", true), prose("report_effect", true), prose("report_effort", true));
    let (other_services, contract, risk) = (prose("report_other_services", false), prose("report_contract", false), prose("report_risk", false));
    let (plan, dependencies) = (prose("report_plan", false), prose("report_dependencies", false));
    let once_pence = amount(t, "report_once", true);
    let yearly_pence = amount(t, "report_yearly", true);
    let codes: Vec<&str> = Confidence::ALL.iter().map(|c| c.code()).collect();
    let confidence = t.form.choice("report_confidence", &codes, true).and_then(|c| Confidence::from_code(&c));
    let valid_to = coming_day(t, "report_valid_to", 365, true);
    let approver = line(t, "report_approver", true);
    let report = Report {
        scope: scope?,
        effect: effect?,
        other_services,
        contract,
        risk,
        effort: effort?,
        plan,
        dependencies,
        once_pence: once_pence?,
        yearly_pence: yearly_pence?,
        confidence: confidence?,
        valid_to: valid_to?,
        approver: approver?,
    };
    Some(vec![MoneyEvent::ImpactReported { report: Box::new(report) }])
}

/// A letter with a cap; the quote follows within 5 working days (spec 9).
fn proceed_at_risk(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let cap = price(t, "cap", true);
    let words = t.form.text("letter", true);
    let quote_due = t.ctx.calendar.add_working_days(today(t), 5);
    let cap_pence = cap?;
    if let Some(limit) = t.ctx.facts.spending_limit(t.stamp.person).filter(|limit| t.stamp.role == Some(crate::actor::Role::Finance) && cap_pence > *limit) {
        t.form.faults.push(Violation::of("cap", "above-limit").with(money::pounds(limit)));
        return None;
    }
    Some(vec![MoneyEvent::RiskAccepted { letter: Letter { cap_pence, words: words?, quote_due } }])
}

/// BR-29: nothing above the limit is booked; a new version is accepted first.
fn book(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let codes: Vec<&str> = LineKind::ALL.iter().map(|k| k.code()).collect();
    let kind = t.form.choice("cost_kind", &codes, true).and_then(|c| LineKind::from_code(&c));
    let what = line(t, "cost_for", true);
    let net = price(t, "net", true);
    let on = past_day(t, "spent_on", true);
    let money = &t.change.money;
    let left = left_pence(money);
    let net_pence = net?;
    if net_pence > left {
        t.form.faults.push(Violation::of("net", "above-accepted").with(money::pounds(left)).with(money::pounds(money.limit_pence())));
        return None;
    }
    let number = money.costs.iter().map(|c: &Cost| c.number).max().unwrap_or(0) + 1;
    Some(vec![MoneyEvent::CostBooked { number, kind: kind?, net_pence, what: what?, on: on? }])
}

fn left_pence(money: &Money) -> i64 {
    (money.limit_pence() - money.booked_pence()).max(0)
}

fn deliver(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let criteria = list(t, "criteria");
    let words = t.form.text("words", false);
    Some(vec![MoneyEvent::Delivered { criteria: criteria?, words }])
}
