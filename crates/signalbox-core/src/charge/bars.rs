//! What stands in the way of money, whatever is typed.

use super::{BillOf, Fate, InvoiceState, Money, SECOND_PERSON_PENCE, State, asked_for_it};
use crate::act::Act;
use crate::actor::{Role, Stamp};
use crate::change::{Change, Kind, Stage};
use crate::decide::Context;
use crate::refusal::Bar;
use jiff::Timestamp;

/// What bars an act of the charge track.
pub(crate) fn of_act(ctx: &Context, change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    let money = &change.money;
    match act {
        Act::SetCharge => decide_on(money, stamp),
        Act::ContestCharge => contest(ctx, change),
        Act::SettleCharge => settle(change),
        Act::OfferFee if !matches!(money.state(), State::Chargeable | State::FeeDeclined | State::FeeOffered) => Some(wrong(money)),
        Act::AnswerFee => answer_fee(ctx, change),
        Act::BeginImpact if !matches!(money.state(), State::Chargeable | State::FeeAccepted) => Some(wrong(money)),
        Act::ReportImpact if money.state() != State::Assessing => Some(wrong(money)),
        Act::Quote => quote(money),
        Act::ExtendQuote => extend(money, ctx.now),
        Act::AcceptQuote => accept_quote(ctx, change, stamp),
        Act::DeclineQuote => open(money, ctx.now),
        Act::GiveOrder => give_order(money, ctx.now),
        Act::WithdrawOrder => withdraw_order(money),
        Act::ProceedAtRisk => at_risk(ctx, change, stamp),
        Act::BookCost => book(money),
        Act::Deliver if !matches!(money.state(), State::Authorised | State::Disputed) => Some(wrong(money)),
        Act::AcceptDelivery | Act::DisputeDelivery if money.state() != State::Delivered => Some(wrong(money)),
        Act::Invoice if bills(money, change).is_empty() => Some(Bar::new("nothing-to-invoice")),
        Act::DisputeInvoice | Act::PayInvoice if !has(money, &[InvoiceState::Issued]) => Some(Bar::new("no-open-invoice")),
        Act::SettleInvoice if !has(money, &[InvoiceState::Disputed]) => Some(Bar::new("no-disputed-invoice")),
        Act::CreditInvoice if !has(money, &[InvoiceState::Issued, InvoiceState::Disputed, InvoiceState::Paid]) => Some(Bar::new("no-open-invoice")),
        _ => None,
    }
}

/// T10, T14, T18: nothing to pay, or agreed and ordered. An assessment may be completed and an approval given while
/// the quote is out: it is then subject to an order.
pub(crate) fn agreed(ctx: &Context, change: &Change, act: Act) -> Option<Bar> {
    let money = &change.money;
    // What began under a document that does not speak of money has none.
    let is_asked = ctx.process.steps.iter().any(|s| s.act == Act::SetCharge);
    if money.is_agreed() || money.letter.is_some() || (!money.is_begun() && !is_asked) {
        return None;
    }
    // How it stands is for those who see money; for others it is open.
    let subject = matches!(act, Act::Complete | Act::Approve) && may_be_subject(ctx, money);
    if ctx.actor.person().is_some() && !super::sight::sees(ctx.actor, change) && !subject {
        return Some(Bar::new("charge-open"));
    }
    match money.state() {
        State::Quoted | State::Accepted if !may_be_subject(ctx, money) => Some(Bar::new("quote-lapsed")),
        State::Quoted | State::Accepted if matches!(act, Act::Complete | Act::Approve) => None,
        State::Accepted => Some(Bar::new("order-short")),
        State::Quoted => Some(Bar::new("quote-not-accepted")),
        State::Undetermined if money.contest.is_some() => Some(Bar::new("charge-contested")),
        State::Undetermined => Some(Bar::new("charge-undecided")),
        State::Declined => Some(Bar::new("quote-declined")),
        State::Expired => Some(Bar::new("quote-lapsed")),
        State::Superseded => Some(Bar::new("quote-superseded")),
        _ => Some(Bar::new("not-quoted")),
    }
}

/// Whether an approval could be given subject to an order.
fn may_be_subject(ctx: &Context, money: &Money) -> bool {
    matches!(money.state(), State::Quoted | State::Accepted) && money.quotes.last().is_some_and(|quote| ctx.now < quote.lapses_at())
}

fn wrong(money: &Money) -> Bar {
    Bar::new("money-state").with(money.state().words())
}

/// What the authority has settled only the authority decides anew, as where it finds that nobody can give a price; and
/// so while a price is being worked out: after an amendment there may be no supplier left to work it out.
fn decide_on(money: &Money, stamp: &Stamp) -> Option<Bar> {
    if money.contest.is_some() {
        return Some(Bar::new("charge-contested"));
    }
    if money.settled && stamp.role != Some(Role::AuthorityManager) {
        return Some(Bar::new("charge-settled"));
    }
    let open = match money.state() {
        State::Undetermined | State::NotChargeable | State::Chargeable | State::FeeDeclined | State::Declined | State::Expired | State::Superseded => true,
        State::FeeOffered | State::FeeAccepted | State::Assessing => stamp.role == Some(Role::AuthorityManager),
        _ => false,
    };
    (!open).then(|| wrong(money))
}

/// Contested by the supplier until it is approved, appealed by the trust to the authority (C131); and the way out where
/// the parties do not agree within 30 working days (BR-30).
fn contest(ctx: &Context, change: &Change) -> Option<Bar> {
    let money = &change.money;
    match money.state() {
        State::Undetermined => Some(wrong(money)),
        _ if money.settled => Some(Bar::new("charge-settled")),
        State::NotChargeable | State::Chargeable | State::FeeOffered => None,
        State::FeeDeclined | State::Quoted | State::Declined | State::Expired | State::Superseded => {
            let since = [money.assessing_since, money.fee.as_ref().map(|f| f.asked_at), money.quotes.first().map(|q| q.issued_at)];
            let since = since.into_iter().flatten().min()?;
            let from = ctx.calendar.due_at(since, 30, ctx.zone);
            (ctx.now < from).then(|| Bar::new("not-in-dispute-yet").with(from))
        }
        _ => Some(wrong(money)),
    }
}

fn settle(change: &Change) -> Option<Bar> {
    if change.stage == Stage::Cancelled {
        let refused = change.money.abort.as_ref().is_some_and(|f| matches!(f.answer, Some((false, ..))));
        return (!refused).then(|| Bar::new("nothing-to-settle"));
    }
    change.money.contest.is_none().then(|| Bar::new("nothing-to-settle"))
}

fn answer_fee(ctx: &Context, change: &Change) -> Option<Bar> {
    let money = &change.money;
    if change.stage == Stage::Cancelled {
        return money.abort.as_ref().is_none_or(|f| f.answer.is_some()).then(|| Bar::new("no-fee"));
    }
    let Some(fee) = money.fee.as_ref().filter(|_| money.state() == State::FeeOffered) else { return Some(Bar::new("no-fee")) };
    let lapsed = fee.valid_to.is_some_and(|day| ctx.now >= super::end_of_day(day));
    if lapsed {
        return Some(Bar::new("fee-lapsed"));
    }
    above_limit(ctx, fee.amount.net_pence)
}

/// A price, from the catalogue or after an assessment; again where the last one came to nothing; and a new version
/// beside the agreed one before more is spent (BR-29).
fn quote(money: &Money) -> Option<Bar> {
    let priced = [State::Chargeable, State::Assessing, State::Quoted, State::Accepted, State::Declined, State::Expired, State::Superseded, State::Authorised];
    if !priced.contains(&money.state()) {
        return Some(wrong(money));
    }
    (money.state() == State::Assessing && money.report.is_none()).then(|| Bar::new("impact-not-reported"))
}

fn open(money: &Money, now: Timestamp) -> Option<Bar> {
    match money.unanswered() {
        None => Some(Bar::new("no-open-quote")),
        Some(quote) if !quote.is_open(now) => Some(Bar::new("quote-lapsed")),
        Some(_) => None,
    }
}

fn extend(money: &Money, now: Timestamp) -> Option<Bar> {
    open(money, now).or_else(|| money.open_quote(now).is_some_and(|q| q.extended.is_some()).then(|| Bar::new("extended-already")))
}

fn above_limit(ctx: &Context, net_pence: i64) -> Option<Bar> {
    match ctx.facts.spending_limit(ctx.actor.person()) {
        None => Some(Bar::new("no-spending-limit")),
        Some(limit) if net_pence > limit => Some(Bar::new("above-spending-limit").with(super::money::pounds(net_pence)).with(super::money::pounds(limit))),
        Some(_) => None,
    }
}

fn accept_quote(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let money = &change.money;
    if let Some(bar) = open(money, ctx.now) {
        return Some(bar);
    }
    let quote = money.open_quote(ctx.now)?;
    let net = quote.terms.net_pence();
    if quote.terms.revision != change.revision {
        return Some(Bar::new("quote-superseded"));
    }
    // SD-7.
    if net > SECOND_PERSON_PENCE && asked_for_it(change, stamp) {
        return Some(Bar::new("second-person").with(super::money::pounds(SECOND_PERSON_PENCE)));
    }
    above_limit(ctx, net)
}

fn give_order(money: &Money, now: Timestamp) -> Option<Bar> {
    let Some(quote) = money.accepted().filter(|_| money.state() == State::Accepted) else { return Some(wrong(money)) };
    if !quote.is_short() {
        return Some(Bar::new("order-enough"));
    }
    (now >= quote.lapses_at()).then(|| Bar::new("quote-lapsed"))
}

fn withdraw_order(money: &Money) -> Option<Bar> {
    match money.state() {
        State::Accepted if money.accepted().is_some_and(|q| q.order.is_some()) => None,
        State::Accepted => Some(Bar::new("no-order")),
        State::Authorised => Some(Bar::new("work-authorised")),
        _ => Some(wrong(money)),
    }
}

/// Only what cannot wait goes ahead before its price is known.
fn at_risk(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let money = &change.money;
    if !matches!(change.kind, Kind::Emergency | Kind::Retrospective) {
        return Some(Bar::new("not-an-emergency"));
    }
    if money.is_agreed() || money.letter.is_some() {
        return Some(wrong(money));
    }
    (stamp.role == Some(Role::Finance) && ctx.facts.spending_limit(stamp.person).is_none()).then(|| Bar::new("no-spending-limit"))
}

fn book(money: &Money) -> Option<Bar> {
    let spends = matches!(money.state(), State::Authorised | State::Delivered | State::Disputed) || money.letter.is_some();
    if !spends {
        return Some(Bar::new("work-not-authorised"));
    }
    (money.booked_pence() >= money.limit_pence()).then(|| Bar::new("nothing-left").with(super::money::pounds(money.limit_pence())))
}

fn has(money: &Money, states: &[InvoiceState]) -> bool {
    money.invoices.iter().any(|i| states.contains(&i.state))
}

/// What may be invoiced now.
pub(crate) fn bills(money: &Money, change: &Change) -> Vec<BillOf> {
    let ended = change.stage.is_final();
    let of = |of: &BillOf| money.billable(*of).is_some() && (*of != BillOf::Work || money.state() != State::Authorised || ended);
    BillOf::ALL.iter().copied().filter(of).collect()
}

/// Invoices in one of these states, by number.
pub(crate) fn invoices(money: &Money, states: &[InvoiceState]) -> Vec<u32> {
    money.invoices.iter().filter(|i| states.contains(&i.state)).map(|i| i.number).collect()
}

/// Whether a live quote exists that a change of scope would make void.
pub(crate) fn has_live_quote(money: &Money) -> bool {
    let agreed = matches!(money.state(), State::Quoted | State::Accepted | State::Authorised);
    agreed && money.quotes.iter().any(|q| q.fate == Fate::Open || q.is_accepted())
}
