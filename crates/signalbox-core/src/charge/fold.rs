//! What happened to the money, happened: folding never refuses and holds no rule.

use super::{BillOf, Chargeable, Cost, Decided, Fate, Fee, Invoice, InvoiceState, Money, MoneyEvent, Quote, State, Track};
use crate::change::{Change, Stage};
use crate::event::Recorded;

/// Folds one event into the change.
pub fn fold(change: &mut Change, recorded: &Recorded, event: &MoneyEvent) {
    if let MoneyEvent::ApprovalLapsed = event {
        for approval in change.approvals.iter_mut().filter(|a| a.void.is_none()) {
            approval.void = Some(recorded.at);
        }
        change.stage = Stage::AwaitingApproval;
        change.money.awaits_order = false;
        return;
    }
    let money = &mut change.money;
    let at = recorded.at;
    match event {
        MoneyEvent::ChargeProposed { .. } | MoneyEvent::ChargeDecided { .. } | MoneyEvent::ChargeContested { .. } | MoneyEvent::ChargeSettled { .. } => {
            decided(money, recorded, event)
        }
        MoneyEvent::FeeOffered { .. } | MoneyEvent::FeeAnswered { .. } | MoneyEvent::AbortFeeProposed { .. } => fees(money, recorded, event),
        MoneyEvent::ImpactBegun { due_at } => {
            money.assessing_since = Some(at);
            money.track = Track::Assessing { due_at: *due_at };
        }
        MoneyEvent::ImpactReported { report } => money.report = Some(((**report).clone(), recorded.by.clone(), at)),
        MoneyEvent::RiskAccepted { letter } => money.letter = Some((letter.clone(), recorded.by.clone(), at)),
        MoneyEvent::OrderAwaited => money.awaits_order = true,
        MoneyEvent::WorkAuthorised { version } => {
            money.awaits_order = false;
            money.authorised_at = Some(at);
            money.track = Track::Authorised { version: *version, at };
        }
        MoneyEvent::CostBooked { number, kind, net_pence, what, on } => {
            let cost = Cost { number: *number, kind: *kind, net_pence: *net_pence, what: what.clone(), on: *on, by: recorded.by.clone(), at };
            money.costs.push(cost);
        }
        MoneyEvent::Delivered { .. } | MoneyEvent::DeliveryAccepted { .. } | MoneyEvent::DeliveryDisputed { .. } => delivery(money, recorded, event),
        MoneyEvent::Invoiced { .. }
        | MoneyEvent::InvoiceDisputed { .. }
        | MoneyEvent::InvoiceUpheld { .. }
        | MoneyEvent::InvoiceCredited { .. }
        | MoneyEvent::InvoicePaid { .. } => bills(money, recorded, event),
        _ => quotes(money, recorded, event),
    }
}

fn decided(money: &mut Money, recorded: &Recorded, event: &MoneyEvent) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match event {
        MoneyEvent::ChargeProposed { decision } | MoneyEvent::ChargeDecided { decision } => {
            money.track = of(decision.chargeable, &decision.because);
            money.decided = Some(Decided { ruling: decision.clone(), by, at });
        }
        MoneyEvent::ChargeContested { reason } => {
            money.contest = Some((by, at, reason.clone()));
            money.track = Track::Undetermined;
        }
        MoneyEvent::ChargeSettled { chargeable, .. } => {
            money.contest = None;
            money.settled = true;
            money.track = of(*chargeable, "settled");
        }
        _ => {}
    }
}

fn of(chargeable: Chargeable, because: &str) -> Track {
    match chargeable {
        Chargeable::Yes => Track::Chargeable,
        Chargeable::No => Track::NotChargeable { because: because.to_owned() },
        Chargeable::Unknown => Track::Undetermined,
    }
}

fn fees(money: &mut Money, recorded: &Recorded, event: &MoneyEvent) {
    let at = recorded.at;
    match event {
        MoneyEvent::FeeOffered { amount, valid_to, .. } => {
            money.fee = Some(Fee { amount: *amount, asked_at: at, valid_to: Some(*valid_to), answer: None });
            money.track = Track::FeeOffered;
        }
        MoneyEvent::FeeAnswered { of, accepted, .. } => {
            let answer = Some((*accepted, recorded.by.clone(), at));
            let fee = if *of == BillOf::AbortFee { &mut money.abort } else { &mut money.fee };
            if let Some(fee) = fee {
                fee.answer = answer;
            }
            if *of == BillOf::ImpactFee {
                money.track = if *accepted { Track::FeeAccepted { at } } else { Track::FeeDeclined { at } };
            }
        }
        MoneyEvent::AbortFeeProposed { amount } => money.abort = Some(Fee { amount: *amount, asked_at: at, valid_to: None, answer: None }),
        _ => {}
    }
}

fn quotes(money: &mut Money, recorded: &Recorded, event: &MoneyEvent) {
    let at = recorded.at;
    // While a version is agreed, what is offered beside it changes nothing until it is accepted too.
    let agreed = money.accepted().map(|q| q.terms.version).filter(|_| matches!(money.state(), State::Accepted | State::Authorised));
    let stands_beside = |version: u32| agreed.is_some_and(|agreed| agreed != version);
    match event {
        MoneyEvent::Quoted { terms } => {
            for quote in money.quotes.iter_mut().filter(|q| q.fate == Fate::Open) {
                quote.fate = Fate::Superseded { at };
            }
            if !stands_beside(terms.version) {
                money.track = Track::Quoted { version: terms.version };
            }
            money.quotes.push(Quote { terms: (**terms).clone(), issued_by: recorded.by.clone(), issued_at: at, extended: None, fate: Fate::Open, order: None });
        }
        MoneyEvent::QuoteAccepted { version, order, limit_pence, conditions } => {
            for quote in money.quotes.iter_mut().filter(|q| q.is_accepted()) {
                quote.fate = Fate::Superseded { at };
            }
            with(money, *version, |quote| {
                quote.fate = Fate::Accepted { by: recorded.by.clone(), at, limit_pence: *limit_pence, conditions: conditions.clone() };
                quote.order = order.clone();
            });
            money.track = match money.track {
                Track::Authorised { at, .. } => Track::Authorised { version: *version, at },
                _ => Track::Accepted { version: *version },
            };
        }
        MoneyEvent::QuoteDeclined { version, reason } => {
            with(money, *version, |quote| quote.fate = Fate::Declined { by: recorded.by.clone(), at, reason: reason.clone() });
            if !stands_beside(*version) {
                money.track = Track::Declined { version: *version, at };
            }
        }
        MoneyEvent::QuoteLapsed { version } => {
            with(money, *version, |quote| quote.fate = Fate::Lapsed { at });
            if !stands_beside(*version) {
                money.track = Track::Expired { version: *version, at };
            }
        }
        MoneyEvent::QuoteSuperseded { version } => {
            for quote in money.quotes.iter_mut().filter(|q| q.fate == Fate::Open || q.is_accepted()) {
                quote.fate = Fate::Superseded { at };
            }
            money.track = Track::Superseded { version: *version };
        }
        MoneyEvent::QuoteExtended { version, valid_to } => with(money, *version, |quote| quote.extended = Some(*valid_to)),
        MoneyEvent::OrderGiven { version, order } => with(money, *version, |quote| quote.order = Some(order.clone())),
        MoneyEvent::OrderWithdrawn { version, .. } => with(money, *version, |quote| quote.order = None),
        _ => {}
    }
}

fn with(money: &mut Money, version: u32, change: impl FnOnce(&mut Quote)) {
    if let Some(quote) = money.quotes.iter_mut().find(|q| q.terms.version == version) {
        change(quote);
    }
}

fn delivery(money: &mut Money, recorded: &Recorded, event: &MoneyEvent) {
    let at = recorded.at;
    let version = money.accepted().map_or(0, |q| q.terms.version);
    match event {
        MoneyEvent::Delivered { criteria, .. } => {
            money.criteria = criteria.clone();
            money.delivered_at = Some(at);
            money.track = Track::Delivered { version, at };
        }
        MoneyEvent::DeliveryAccepted { .. } => {
            money.snags.clear();
            money.accepted_at = Some(at);
            money.track = Track::CustomerAccepted { version, at };
        }
        MoneyEvent::DeliveryDisputed { snags } => {
            money.snags = snags.clone();
            money.track = Track::Disputed { version, at };
        }
        _ => {}
    }
}

fn bills(money: &mut Money, recorded: &Recorded, event: &MoneyEvent) {
    let at = recorded.at;
    let number = match event {
        MoneyEvent::Invoiced { number, bill } => {
            money.invoices.push(Invoice {
                number: *number,
                bill: (**bill).clone(),
                state: InvoiceState::Issued,
                issued_at: at,
                credited: Default::default(),
                paid_on: None,
                dispute: None,
            });
            *number
        }
        MoneyEvent::InvoiceDisputed { number, .. }
        | MoneyEvent::InvoiceUpheld { number, .. }
        | MoneyEvent::InvoiceCredited { number, .. }
        | MoneyEvent::InvoicePaid { number, .. } => *number,
        _ => return,
    };
    let Some(invoice) = money.invoices.iter_mut().find(|i| i.number == number) else { return };
    match event {
        MoneyEvent::InvoiceDisputed { reason, .. } => {
            invoice.dispute = Some((recorded.by.clone(), at, reason.clone()));
            invoice.state = InvoiceState::Disputed;
        }
        MoneyEvent::InvoiceUpheld { .. } => invoice.state = InvoiceState::Issued,
        MoneyEvent::InvoiceCredited { amount, .. } => {
            invoice.credited.net_pence += amount.net_pence;
            invoice.credited.vat_pence += amount.vat_pence;
            invoice.state = match (invoice.due_pence() > 0, invoice.state) {
                (false, _) => InvoiceState::Credited,
                (true, InvoiceState::Paid) => InvoiceState::Paid,
                (true, _) => InvoiceState::Issued,
            };
        }
        MoneyEvent::InvoicePaid { on, .. } => {
            invoice.paid_on = Some(*on);
            invoice.state = InvoiceState::Paid;
        }
        _ => {}
    }
    // Fees have invoices of their own; the track follows the work's.
    if invoice.bill.of == BillOf::Work {
        money.track = match invoice.state {
            InvoiceState::Issued => Track::Invoiced { number },
            InvoiceState::Disputed => Track::InvoiceDisputed { number },
            InvoiceState::Paid => Track::Paid { number },
            InvoiceState::Credited => Track::Credited { number },
        };
    }
}
