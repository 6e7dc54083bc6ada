//! The charge track in walks: the way to a step of it, valid fields for its acts, and what must always hold of money.

use super::chance::Chance;
use crate::act::Act;
use crate::actor::Role;
use crate::change::{Change, Kind, Stage};
use crate::charge::{Fate, InvoiceState, MoneyEvent, State, bars, fields, money, sight};
use crate::event::{Event, Recorded};
use crate::form::Raw;
use crate::samples::{Case, World};

/// What the willing do about money, so that a change can be approved, scheduled and closed.
pub fn way_on(change: &Change) -> &'static [Act] {
    let waits = matches!(change.stage, Stage::Assessing | Stage::AwaitingApproval | Stage::Approved);
    if !waits || change.money.is_agreed() || !change.money.is_begun() {
        return &[];
    }
    match change.money.state() {
        State::Undetermined => &[Act::SettleCharge, Act::SetCharge],
        State::FeeOffered => &[Act::AnswerFee, Act::OfferFee],
        State::FeeDeclined => &[Act::OfferFee, Act::SetCharge],
        State::Assessing => &[Act::Quote, Act::ReportImpact, Act::SetCharge],
        State::Quoted => &[Act::AcceptQuote, Act::Quote],
        State::Accepted => &[Act::GiveOrder, Act::Quote],
        _ => &[Act::Quote, Act::BeginImpact, Act::SetCharge],
    }
}

/// Acts on the way to each, the nearest first.
fn before(act: Act, from: Stage) -> Vec<Act> {
    use Act::*;
    let priced = [Quote, ReportImpact, BeginImpact, AnswerFee, SettleCharge, SetCharge];
    let fee = [BeginImpact, AnswerFee, OfferFee, SettleCharge, SetCharge];
    let agreed = [GiveOrder, AcceptQuote];
    let done = [AcceptDelivery, Deliver, BookCost];
    let way = |parts: &[&[Act]]| parts.iter().flat_map(|p| p.iter().copied()).collect::<Vec<_>>();
    match (act, from) {
        (SetCharge | ContestCharge | OfferFee, _) => vec![SettleCharge, SetCharge],
        (SettleCharge | AnswerFee | Invoice, Stage::Cancelled) => way(&[&[AnswerFee, AcceptQuote, GiveOrder], &priced]),
        (PayInvoice | DisputeInvoice | SettleInvoice | CreditInvoice, Stage::Cancelled) => {
            way(&[&[DisputeInvoice, Invoice, AnswerFee, AcceptQuote, GiveOrder], &priced])
        }
        (SettleCharge, _) => vec![ContestCharge, SetCharge],
        (AnswerFee, _) => vec![OfferFee, SetCharge, SettleCharge],
        (BeginImpact | ReportImpact, _) => fee.to_vec(),
        (Invoice | PayInvoice | DisputeInvoice | SettleInvoice | CreditInvoice, Stage::Withdrawn) => way(&[&[DisputeInvoice, Invoice], &fee]),
        (Quote | ExtendQuote | AcceptQuote | DeclineQuote, _) => priced.to_vec(),
        (GiveOrder | WithdrawOrder, _) => way(&[&[AcceptQuote], &priced]),
        (BookCost | Deliver, _) => way(&[&agreed, &priced]),
        (AcceptDelivery | DisputeDelivery, _) => way(&[&[Deliver], &agreed, &priced]),
        (PayInvoice | DisputeInvoice | CreditInvoice | SettleInvoice, _) => way(&[&[DisputeInvoice, Invoice], &done, &agreed, &priced]),
        (Invoice, _) => way(&[&done, &agreed, &priced]),
        _ => vec![],
    }
}

/// The act of the track that leads on to a step of it; `None` where the main way has to be taken first.
pub fn towards(case: &Case, act: Act, from: Stage) -> Option<Act> {
    if !act.is_money() {
        return None;
    }
    let here = case.change.stage;
    let facts = case.shared_facts(None, &Raw::new());
    let may = |act: Act| case.world.people.iter().any(|player| case.may_by(&facts, &player.actor, act).is_ok());
    let open = |act: &Act| case.process.step(*act, here).is_some() && may(*act);
    if here == from && open(&act) {
        return Some(act);
    }
    let money = &case.change.money;
    let is_wanted = |next: &Act| match (next, money.state()) {
        // Decided already as it should be.
        (Act::SetCharge, State::Chargeable) => act == Act::SetCharge,
        (Act::Quote, State::Quoted) => money.open_quote(case.now).is_none(),
        (Act::Quote, State::Accepted | State::Authorised) => {
            matches!(act, Act::AcceptQuote | Act::DeclineQuote | Act::ExtendQuote) && money.open_quote(case.now).is_none()
        }
        // An order too small is what two of the steps are about.
        (Act::GiveOrder, _) => act != Act::GiveOrder,
        (Act::BookCost, _) => money.costs.is_empty(),
        (Act::DisputeInvoice, _) => act == Act::SettleInvoice,
        (Act::AcceptQuote, State::Authorised) => false,
        _ => true,
    };
    before(act, from).into_iter().filter(is_wanted).find(open)
}

/// Fills what the kinds of the fields do not say.
pub fn settle(case: &Case, act: Act, chance: &mut Chance, raw: &mut Raw) {
    let money = &case.change.money;
    let day = |chance: &mut Chance, from, to| super::fill::day(case, chance.between(from, to));
    let mut put = |id: &str, value: String| super::fill::set(raw, id, &value);
    match act {
        Act::SetCharge | Act::SettleCharge => {
            let is_trusts = case.world.directory().kind_of(case.change.org) == Some(crate::actor::OrgKind::Trust);
            put("chargeable", if is_trusts && chance.percent(70) { "yes" } else { "no" }.to_owned());
            put("reason", super::fill::words(chance));
        }
        Act::OfferFee => {
            put("net", amount(chance, 50_000));
            put("valid_to", day(chance, 1, 60));
        }
        Act::AnswerFee => put("accepted", if chance.percent(70) { "yes" } else { "no" }.to_owned()),
        Act::ReportImpact => {
            put("report_once", amount(chance, 900_000));
            put("report_yearly", "0".to_owned());
            put("report_valid_to", day(chance, 1, 90));
        }
        Act::Quote => quote(case, chance, raw),
        Act::ExtendQuote => {
            let left = money.open_quote(case.now).map(|q| q.valid_to());
            let next = left.and_then(|d| d.tomorrow().ok()).map_or_else(String::new, |d| d.to_string());
            put("valid_to", next);
        }
        Act::AcceptQuote | Act::GiveOrder => order(case, act, chance, raw),
        Act::ProceedAtRisk => put("cap", amount(chance, 900_000)),
        Act::BookCost => {
            let left = (money.limit_pence() - money.booked_pence()).max(1);
            put("net", money::plain(chance.between(1, left)));
            put("spent_on", super::fill::day(case, 0));
        }
        Act::Invoice => {
            let bills = bars::bills(money, &case.change);
            put("invoice_for", chance.pick(&bills).map_or("", |b| b.code()).to_owned());
            put("invoice_date", super::fill::day(case, 0));
        }
        Act::DisputeInvoice | Act::SettleInvoice | Act::CreditInvoice | Act::PayInvoice => {
            let numbers = bars::invoices(money, fields::invoice_states(act));
            put("invoice", chance.pick(&numbers).map_or("1".to_owned(), u32::to_string));
            if act == Act::PayInvoice {
                put("paid_on", super::fill::day(case, 0));
            }
        }
        _ => {}
    }
}

fn amount(chance: &mut Chance, most: i64) -> String {
    money::plain(chance.between(1, most))
}

fn quote(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let booked = case.change.money.booked_pence();
    for n in 1..=chance.between(1, 3) {
        let mut put = |part: &str, value: String| super::fill::set(raw, &format!("line_{n}_{part}"), &value);
        if chance.percent(25) {
            put("rate", chance.between(1, 2).to_string());
            put("quantity", "1.5".to_owned());
            continue;
        }
        put("kind", "labour".to_owned());
        put("what", super::fill::words(chance));
        put("unit", super::fill::words(chance));
        put("price", money::plain(chance.between(100, 400_000)));
        put("vat", (*chance.pick(fields::VAT).unwrap_or(&"20")).to_owned());
    }
    if booked > 0 {
        super::fill::set(raw, "line_4_kind", "labour");
        super::fill::set(raw, "line_4_what", "More of it");
        super::fill::set(raw, "line_4_unit", "all");
        super::fill::set(raw, "line_4_vat", "20");
        super::fill::set(raw, "line_4_price", &money::plain(booked + 1));
    }
    if chance.percent(60) {
        super::fill::set(raw, "abort_fee", &amount(chance, 30_000));
    }
}

fn order(case: &Case, act: Act, chance: &mut Chance, raw: &mut Raw) {
    let money = &case.change.money;
    let quote = if act == Act::GiveOrder { money.accepted() } else { money.open_quote(case.now) };
    let net = quote.map_or(1, |q| q.terms.net_pence());
    let must = act == Act::GiveOrder || money.state() == State::Authorised;
    if !must && chance.percent(25) {
        return;
    }
    let short = money.state() != State::Authorised && chance.percent(25);
    super::fill::set(raw, "order_number", &super::fill::words(chance));
    super::fill::set(raw, "order_value", &money::plain(if short { (net - 1).max(1) } else { net }));
    super::fill::set(raw, "order_date", &super::fill::day(case, 0));
}

/// What must hold of money, whatever anybody tries.
pub fn faults(world: &World, before: &Change, after: &Change, recorded: &Recorded) -> Vec<String> {
    let mut found = vec![];
    let money = &after.money;
    let Event::Money(event) = &recorded.event else {
        // What cannot wait does not wait for a price.
        let waits = !matches!(before.kind, Kind::Emergency | Kind::Retrospective | Kind::ServiceRequest);
        if waits && matches!(recorded.event, Event::Scheduled { .. }) && before.revision > 0 && !money.is_agreed() && money.letter.is_none() && money.is_begun()
        {
            found.push("scheduled though the charge is not agreed".to_owned());
        }
        return found;
    };
    let accepted = money.quotes.iter().filter(|q| matches!(q.fate, Fate::Accepted { .. } | Fate::Superseded { .. })).map(|q| q.terms.net_pence()).max();
    let most = accepted.map_or(0, |net| net + (net / 10).min(50_000));
    let booked: i64 = money.costs.iter().map(|c| c.net_pence).sum();
    match &**event {
        MoneyEvent::CostBooked { .. } if money.letter.is_none() && (booked > most || booked > money.limit_pence()) => {
            found.push("BR-29: cost booked above what was accepted".to_owned());
        }
        MoneyEvent::QuoteAccepted { version, .. } => found.extend(accepted_rightly(world, before, recorded, *version)),
        MoneyEvent::WorkAuthorised { .. } if after.live_approvals().next().is_none() || money.accepted().is_none_or(|q| q.is_short()) => {
            found.push("work is authorised without an approval and an order that is enough".to_owned());
        }
        MoneyEvent::OrderWithdrawn { .. } if before.money.state() == State::Authorised => {
            found.push("an order is withdrawn though work is authorised".to_owned())
        }
        MoneyEvent::DeliveryAccepted { .. } if recorded.by.person.is_none() => found.push("X9: a delivery is accepted by silence".to_owned()),
        _ => {}
    }
    if let Some(person) = recorded.by.person {
        let actor = world.people.iter().find(|p| p.actor.person() == Some(person)).map(|p| &p.actor);
        if actor.is_none_or(|actor| !sight::sees(actor, before)) {
            found.push(format!("{} by somebody who sees no money", event.kind()));
        }
    }
    found.extend(billed(after));
    found
}

/// No more is billed than was agreed, and nothing is owed below nothing.
fn billed(after: &Change) -> Option<String> {
    let money = &after.money;
    let most = money.quotes.iter().map(|q| q.terms.net_pence()).max().unwrap_or(0);
    let work = money.invoices.iter().filter(|i| i.bill.of == crate::charge::BillOf::Work);
    let net: i64 = work.map(|i| i.bill.amount.net_pence - i.credited.net_pence).sum();
    let below = money.invoices.iter().any(|i| i.due_pence() < 0 || (i.state == InvoiceState::Credited) != (i.due_pence() == 0));
    (net > most || below).then(|| "more is billed than was agreed, or credited than was billed".to_owned())
}

/// In time, for this revision, by a finance approver of the raising organisation within the limit, and by a second
/// person above 1,000 pounds (SD-7).
fn accepted_rightly(world: &World, before: &Change, recorded: &Recorded, version: u32) -> Vec<String> {
    let mut found = vec![];
    let Some(quote) = before.money.quote(version) else { return vec!["a quote is accepted that does not exist".to_owned()] };
    let net = quote.terms.net_pence();
    if recorded.at >= quote.lapses_at() || quote.fate != Fate::Open || quote.terms.revision != before.revision {
        found.push("a quote is accepted that is not open".to_owned());
    }
    if recorded.by.role != Some(Role::Finance) || recorded.by.org != Some(before.org) {
        found.push("3.2: a quote is accepted by somebody else than the raiser's finance approver".to_owned());
    }
    if world.directory().spending_limit(recorded.by.person).is_none_or(|limit| net > limit) {
        found.push("a quote is accepted above the accepter's limit".to_owned());
    }
    let own = recorded.by.person.is_some_and(|p| before.raised_by.person == Some(p));
    if own && net > 100_000 {
        found.push("SD-7: a quote is accepted by who asked for the change".to_owned());
    }
    found
}
