//! Quotes: lines in pence, versions, validity, acceptance with limit and order.

use super::acts::{amount, coming_day, line, price};
use super::{Amount, Line, LineKind, MoneyEvent, Order, Recurs, Terms, fields, money};
use crate::act::Act;
use crate::decide::Taking;
use crate::refusal::Violation;
use jiff::ToSpan;

/// BR-26: how many days a quote is valid, its last day included, where no other day is named.
const VALID_DAYS: i64 = 30;
/// The longest that a quote, or its extension, may be valid.
const VALID_DAYS_MOST: i64 = 90;

pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<MoneyEvent>> {
    match act {
        Act::Quote => quote(t),
        Act::ExtendQuote => extend(t),
        Act::AcceptQuote => accept(t),
        Act::DeclineQuote => {
            let version = t.change.money.unanswered()?.terms.version;
            Some(vec![MoneyEvent::QuoteDeclined { version, reason: t.form.text("reason", true)? }])
        }
        Act::GiveOrder => {
            let order = order(t, true)?;
            Some(vec![MoneyEvent::OrderGiven { version: t.change.money.accepted()?.terms.version, order: order? }])
        }
        Act::WithdrawOrder => {
            let reason = t.form.text("reason", true)?;
            Some(vec![MoneyEvent::OrderWithdrawn { version: t.change.money.accepted()?.terms.version, reason }])
        }
        _ => None,
    }
}

fn quote(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let lines = lines(t);
    let valid_from = crate::calendar::london().to_datetime(t.ctx.now).date();
    let valid_to = match t.form.typed("valid_to") {
        None => Some(valid_from.saturating_add(VALID_DAYS.days())),
        Some(_) => coming_day(t, "valid_to", VALID_DAYS_MOST, true),
    };
    let abort_fee = match t.form.typed("abort_fee") {
        None => Some(None),
        // Taxed as work is.
        Some(_) => price(t, "abort_fee", true).map(|net| Some(Amount::at(net, money::VAT_RATES[0]))),
    };
    let assumptions = t.form.text("assumptions", false);
    let (lines, valid_to, abort_fee) = (lines?, valid_to?, abort_fee?);
    let last = t.change.money.quotes.last().map(|q| q.terms.version);
    let terms = Terms {
        version: last.unwrap_or(0) + 1,
        revision: t.change.revision,
        lines,
        valid_from,
        valid_to,
        assumptions,
        abort_fee,
        order_covers_vat: t.ctx.facts.order_covers_vat,
        supersedes: last,
    };
    let net = terms.net_pence();
    if net == 0 || terms.gross_pence() > money::MOST_PENCE {
        t.form.faults.push(Violation::of("line_1_price", if net == 0 { "amount-zero" } else { "not-an-amount" }));
        return None;
    }
    let booked = t.change.money.booked_pence();
    if net + super::absorbed_pence(net) < booked {
        t.form.faults.push(Violation::of("line_1_price", "below-booked").with(money::pounds(booked)));
        return None;
    }
    Some(vec![MoneyEvent::Quoted { terms: Box::new(terms) }])
}

/// The lines in which anything is typed; at least one.
fn lines(t: &mut Taking) -> Option<Vec<Line>> {
    let mut lines = vec![];
    let (mut whole, mut any) = (true, false);
    for n in 1..=fields::LINES {
        let own = |part: &str| format!("line_{n}_{part}");
        // A kind, a rate of tax or how often is chosen in an empty row too.
        if !["what", "quantity", "unit", "price", "rate"].iter().any(|part| t.form.typed(&own(part)).is_some()) {
            continue;
        }
        any = true;
        match one_line(t, n) {
            Some(line) => lines.push(line),
            None => whole = false,
        }
    }
    if !any {
        t.form.faults.push(Violation::of("line_1_what", "lines-missing"));
        return None;
    }
    whole.then_some(lines)
}

fn one_line(t: &mut Taking, n: usize) -> Option<Line> {
    let own = |part: &str| format!("line_{n}_{part}");
    // A row of the rate card gives what is not typed.
    let rate = match t.form.typed(&own("rate")) {
        None => None,
        Some(typed) => {
            let today = crate::calendar::london().to_datetime(t.ctx.now).date();
            let found = typed.parse().ok().and_then(|id: i64| t.ctx.facts.rates.iter().find(|r| r.id == id && r.span.holds(today))).cloned();
            if found.is_none() {
                t.form.faults.push(Violation::of(&own("rate"), "rate-unknown"));
                return None;
            }
            found
        }
    };
    let from_rate = |field: &str| rate.clone().filter(|_| t.form.typed(&own(field)).is_none());
    let (kind_rate, what_rate, unit_rate) = (from_rate("kind"), from_rate("what"), from_rate("unit"));
    let (price_rate, vat_from) = (from_rate("price"), from_rate("vat"));
    let kind = match kind_rate {
        Some(rate) => Some(rate.kind.line_kind()),
        None => {
            let codes: Vec<&str> = LineKind::ALL.iter().map(|k| k.code()).collect();
            t.form.choice(&own("kind"), &codes, true).and_then(|c| LineKind::from_code(&c))
        }
    };
    let what = what_rate.map(|rate| t.form.keep(&rate.label)).or_else(|| line(t, &own("what"), true));
    let unit = unit_rate.map(|rate| t.form.keep(&rate.unit)).or_else(|| line(t, &own("unit"), true));
    let quantity = quantity(t, &own("quantity"));
    let unit_pence = price_rate.map_or_else(|| amount(t, &own("price"), true), |rate| Some(rate.unit_pence));
    let vat_rate = vat_from.map_or_else(|| super::acts::vat_rate(t, &own("vat"), true), |rate| Some(rate.vat_rate));
    let codes: Vec<&str> = Recurs::ALL.iter().map(|r| r.code()).collect();
    let recurs = t.form.choice(&own("recurs"), &codes, false).and_then(|c| Recurs::from_code(&c)).unwrap_or(Recurs::Once);
    let (quantity, unit_pence, vat_rate) = (quantity?, unit_pence?, vat_rate?);
    let net_pence = money::line_net(quantity, unit_pence);
    if net_pence > money::MOST_PENCE {
        t.form.faults.push(Violation::of(&own("price"), "not-an-amount"));
        return None;
    }
    let vat_pence = money::vat(net_pence, vat_rate);
    Some(Line { kind: kind?, what: what?, quantity, unit: unit?, unit_pence, vat_rate, recurs, net_pence, vat_pence, rate: rate.map(|r| r.id) })
}

fn quantity(t: &mut Taking, field: &str) -> Option<i64> {
    // One, where nothing is said.
    let Some(typed) = t.form.typed(field) else { return Some(100) };
    let quantity = money::parse_quantity(typed).filter(|q| *q > 0);
    if quantity.is_none() {
        t.form.faults.push(Violation::of(field, "not-a-quantity"));
    }
    quantity
}

/// BR-26: once, to a later day, before it lapses.
fn extend(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let valid_to = coming_day(t, "valid_to", VALID_DAYS_MOST, true)?;
    let quote = t.change.money.open_quote(t.ctx.now)?;
    if valid_to <= quote.valid_to() {
        t.form.faults.push(Violation::of("valid_to", "not-later").with(quote.valid_to()));
        return None;
    }
    Some(vec![MoneyEvent::QuoteExtended { version: quote.terms.version, valid_to }])
}

/// The order typed, all of it or none of it.
fn order(t: &mut Taking, required: bool) -> Option<Option<Order>> {
    let typed = ["order_number", "order_value", "order_date"].iter().any(|id| t.form.typed(id).is_some());
    if !typed && !required {
        return Some(None);
    }
    let number = line(t, "order_number", true);
    let value = price(t, "order_value", true);
    let date = super::acts::past_day(t, "order_date", true);
    Some(Some(Order { number: number?, value_pence: value?, date: date? }))
}

fn accept(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let money = &t.change.money;
    let quote = money.open_quote(t.ctx.now)?;
    // Nobody accepts a version that they have not seen.
    let seen = t.form.number("quote_version", 1, 999, false);
    if seen.is_some_and(|seen| seen != i64::from(quote.terms.version)) {
        t.form.faults.push(Violation::of("quote_version", "quote-changed").with(quote.terms.version));
    }
    let order = order(t, false);
    let conditions = t.form.text("conditions", false);
    let order = order?;
    // Work under way goes on under an order that covers it (BR-29).
    let mut after = quote.clone();
    after.order = order.clone();
    if money.state() == super::State::Authorised && after.is_short() {
        let asked = if quote.terms.order_covers_vat { quote.terms.gross_pence() } else { quote.terms.net_pence() };
        t.form.faults.push(Violation::of("order_value", "order-too-small").with(money::pounds(asked)));
        return None;
    }
    let limit_pence = t.ctx.facts.spending_limit(t.stamp.person).unwrap_or(0);
    Some(vec![MoneyEvent::QuoteAccepted { version: quote.terms.version, order, limit_pence, conditions }])
}
