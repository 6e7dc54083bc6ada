//! The charge track: scenarios of the specification under their numbers, each rule with yes, no and the boundary, who
//! sees money, and sums against an oracle of their own.

use crate::harness::*;
use proptest::prelude::*;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Membership, OrgKind, Role};
use signalbox_core::change::Stage;
use signalbox_core::charge::sight::{self, MoneySight};
use signalbox_core::charge::{BillOf, Chargeable, InvoiceState, State, money};
use signalbox_core::event::Event;
use signalbox_core::form::Raw;
use signalbox_core::ids::{OrgId, PersonId};
use signalbox_core::process::{Process, TimerAct};
use signalbox_core::react::Task;
use signalbox_core::samples::*;
use std::sync::Arc;

fn normal_change() -> Arc<Process> {
    document("end-to-end")
}

/// A change that a trust raised and expects to pay for, accepted on this day.
fn assessing<'w>(world: &'w World, process: &'w Process, wall: &str, start: &str, end: &str) -> Case<'w> {
    let mut case = draft(world, process, "requester", TRUST, wall);
    let mut fields = asked(process, normal("ROTA", "SRV-2", start, end));
    fields.extend(raw(&[("charge_hint", "yes")]));
    fields.extend(raw(&[("late_reason", "safety")]));
    case.sends("requester", Act::Propose, &fields).sends("coordinator", Act::Submit, &fields);
    case.does("manager", Act::Accept, LOW_RISK);
    case
}

fn line(price: &str) -> Raw {
    raw(&[("line_1_kind", "labour"), ("line_1_what", "Engineer"), ("line_1_unit", "job"), ("line_1_price", price), ("line_1_vat", "20")])
}

fn order(value: &str, day: &str) -> Vec<(String, String)> {
    [("order_number", "PO-7"), ("order_value", value), ("order_date", day)].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
}

fn fields(pairs: &[(String, String)]) -> Raw {
    pairs.iter().map(|(k, v)| (k.clone(), vec![v.clone()])).collect()
}

/// Found chargeable and quoted.
fn quoted<'w>(world: &'w World, process: &'w Process, price: &str) -> Case<'w> {
    let mut case = assessing(world, process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    case.sends("commercial", Act::Quote, &line(price));
    case
}

/// Quoted, accepted and ordered in full, approved: work is authorised.
fn authorised<'w>(world: &'w World, process: &'w Process, price: &str) -> Case<'w> {
    let mut case = quoted(world, process, price);
    case.sends("finance", Act::AcceptQuote, &fields(&order(price, "2026-11-02")));
    case.assessed().does("manager", Act::Approve, &[]);
    case
}

fn state(case: &Case) -> State {
    case.change.money.state()
}

#[test]
fn scenario_37_a_quote_expires_on_the_clock_change_day() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-02-27T09:00", "2026-04-28T09:00", "2026-04-28T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    case.sends("commercial", Act::Quote, &line("800.00"));
    assert_eq!(case.change.money.quotes[0].valid_to().to_string(), "2026-03-29");
    let mut last = case.clone();
    last.now = "2026-03-29T22:59:59Z".parse().unwrap();
    last.does("finance", Act::AcceptQuote, &[]);
    assert_eq!(state(&last), State::Accepted);
    // 00:00 BST on the 30th.
    case.now = "2026-03-29T23:00:00Z".parse().unwrap();
    assert_eq!(case.refuses("finance", Act::AcceptQuote, &Raw::new()), ["quote-lapsed"]);
    assert_eq!(case.refuses("commercial", Act::ExtendQuote, &raw(&[("valid_to", "2026-04-10")])), ["quote-lapsed"]);
    case.time_out(TimerAct::LapseQuote).unwrap();
    assert_eq!(state(&case), State::Expired);
    case.sends("commercial", Act::Quote, &line("800.00"));
    assert_eq!((state(&case), case.change.money.quotes[1].terms.version), (State::Quoted, 2));
}

#[test]
fn scenario_39_an_approval_before_the_order() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "800.00");
    case.assessed().does("manager", Act::Approve, &[]);
    assert_eq!(case.change.stage, Stage::Approved);
    assert!(case.change.money.awaits_order, "subject to the order");
    let schedule = raw(&[("implementer", "implementer@example.org")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["quote-not-accepted"]);
    let mut ordered = case.clone();
    ordered.sends("finance", Act::AcceptQuote, &fields(&order("799.99", "2026-11-02")));
    assert_eq!(ordered.refuses("manager", Act::Schedule, &schedule), ["order-short"], "PO short");
    ordered.sends("finance", Act::GiveOrder, &fields(&order("800.00", "2026-11-02")));
    assert_eq!(state(&ordered), State::Authorised, "work is authorised, for it is approved");
    ordered.sends("manager", Act::Schedule, &schedule);
    // Nobody ordered: the quote lapses on 2 December, the approval 20 working days later.
    case.now = case.change.money.quotes[0].lapses_at();
    assert_eq!(local(&case), "2026-12-03 00:00");
    let followed = case.time_out(TimerAct::LapseQuote).unwrap();
    let timers: Vec<_> = followed[0].1.iter().filter_map(|t| if let Task::Timer { then, due_at, .. } = t { Some((*then, *due_at)) } else { None }).collect();
    assert_eq!((timers.len(), timers[0].0), (1, TimerAct::LapseApproval), "{timers:?}");
    assert_eq!(case.change.stage, Stage::Approved, "the approval stands for now");
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["quote-lapsed"]);
    let mut early = case.clone();
    early.now = timers[0].1 - jiff::SignedDuration::from_secs(1);
    assert!(early.time_out(TimerAct::LapseApproval).is_err());
    case.now = timers[0].1;
    case.time_out(TimerAct::LapseApproval).unwrap();
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
    assert_eq!(case.change.live_approvals().count(), 0);
}

fn local(case: &Case) -> String {
    case.world.zone.to_datetime(case.now).strftime("%Y-%m-%d %H:%M").to_string()
}

fn cost(net: &str) -> Raw {
    raw(&[("cost_kind", "labour"), ("cost_for", "Two days"), ("net", net), ("spent_on", "2026-11-02")])
}

#[test]
fn scenario_40_an_overrun_of_cost() {
    let (world, process) = (World::new(), normal_change());
    let mut case = authorised(&world, &process, "8000.00");
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    // 10 % would be 800, but the cap of 500 bites first.
    assert_eq!(case.change.money.limit_pence(), 850_000);
    case.sends("manager", Act::BookCost, &cost("8,450.00"));
    assert_eq!(case.change.money.booked_pence(), 845_000, "absorbed");
    assert_eq!(case.refuses("manager", Act::BookCost, &cost("150.00")), ["net: above-accepted"], "8,600.00");
    assert_eq!(case.refuses("manager", Act::BookCost, &cost("50.01")), ["net: above-accepted"]);
    // A new version below what is spent is none.
    assert_eq!(case.refuses("commercial", Act::Quote, &line("7,000.00")), ["line_1_price: below-booked"]);
    case.sends("commercial", Act::Quote, &line("9,000.00"));
    assert_eq!(case.refuses("manager", Act::BookCost, &cost("150.00")), ["net: above-accepted"], "offered is not accepted");
    assert_eq!(state(&case), State::Authorised);
    assert_eq!(case.refuses("finance", Act::AcceptQuote, &fields(&order("8,000.00", "2026-11-02"))), ["order_value: order-too-small"]);
    case.sends("finance", Act::AcceptQuote, &fields(&order("9,000.00", "2026-11-02")));
    case.sends("manager", Act::BookCost, &cost("150.00"));
    assert_eq!((case.change.money.booked_pence(), case.change.money.limit_pence()), (860_000, 950_000));
    case.sends("manager", Act::BookCost, &cost("900.00"));
    assert_eq!(case.refuses("manager", Act::BookCost, &cost("0.01")), ["nothing-left"]);
}

#[test]
fn br_29_the_lesser_of_ten_per_cent_and_500_pounds() {
    use signalbox_core::charge::absorbed_pence;
    assert_eq!(
        (absorbed_pence(0), absorbed_pence(99), absorbed_pence(499_999), absorbed_pence(500_000), absorbed_pence(500_010)),
        (0, 9, 49_999, 50_000, 50_000)
    );
}

#[test]
fn sd_7_a_second_person_above_1000_pounds() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "1000.00");
    // The requester is given the finance role too.
    let who = PersonId(case.change.raised_by.person.unwrap().0);
    let both =
        Actor::Person { id: who, memberships: vec![Membership { org: TRUST, org_kind: OrgKind::Trust, role: Role::Finance, service: None, cover: None }] };
    let may = |case: &Case| {
        let mut facts = case.facts_for(Some(Act::AcceptQuote), &Raw::new());
        facts.spending_limits.insert(who, 10_000_000);
        case.may_by(&facts, &both, Act::AcceptQuote).err().map(|refusal| codes(&refusal))
    };
    assert_eq!(may(&case), None, "1,000 is not above it");
    case.sends("commercial", Act::Quote, &line("1000.01"));
    assert_eq!(may(&case), Some(vec!["second-person".to_owned()]));
    case.does("finance", Act::AcceptQuote, &[]);
}

#[test]
fn a_finance_approver_has_a_limit() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "10000.01");
    assert_eq!(case.refuses("finance", Act::AcceptQuote, &Raw::new()), ["above-spending-limit"]);
    case.does("finance-head", Act::AcceptQuote, &[]);
    // A neighbour's finance approver is nobody here.
    let other = quoted(&world, &process, "10.00");
    assert_eq!(other.refuses("neighbour-finance", Act::AcceptQuote, &Raw::new()), ["role"]);
}

#[test]
fn an_order_is_withdrawn_only_before_work_is_authorised() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "500.00");
    case.sends("finance", Act::AcceptQuote, &fields(&order("500.00", "2026-11-02")));
    let why = raw(&[("reason", "The budget is gone")]);
    let mut back = case.clone();
    back.sends("finance", Act::WithdrawOrder, &why);
    assert!(back.change.money.accepted().unwrap().is_short());
    case.assessed().does("manager", Act::Approve, &[]);
    assert_eq!(state(&case), State::Authorised);
    assert_eq!(case.refuses("finance", Act::WithdrawOrder, &why), ["work-authorised"]);
}

#[test]
fn br_26_a_quote_is_extended_once() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "500.00");
    assert_eq!(case.refuses("commercial", Act::ExtendQuote, &raw(&[("valid_to", "2026-12-02")])), ["valid_to: not-later"]);
    case.does("commercial", Act::ExtendQuote, &[("valid_to", "2026-12-20")]);
    assert_eq!(case.refuses("commercial", Act::ExtendQuote, &raw(&[("valid_to", "2026-12-24")])), ["extended-already"]);
    case.by_then("2026-12-20T23:59").does("finance", Act::AcceptQuote, &[]);
}

#[test]
fn a_change_of_scope_makes_a_quote_void_and_a_correction_does_not() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "500.00");
    case.does("manager", Act::Amend, &[("contact_on_site.name", "B. Okafor"), ("contact_on_site.phone", "020 7946 0118")]);
    assert_eq!(state(&case), State::Quoted);
    case.does("manager", Act::Amend, &[("what", "Copy, switch, test, and move the archive too")]);
    assert_eq!(state(&case), State::Superseded);
    assert_eq!(case.refuses("finance", Act::AcceptQuote, &Raw::new()), ["no-open-quote"]);
}

#[test]
fn br_25_the_table_proposes_and_its_row_is_kept() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    let decided = case.change.money.decided.clone().unwrap();
    assert_eq!((decided.ruling.chargeable, decided.by.person), (Chargeable::Unknown, None));
    assert_eq!(decided.ruling.ruling.unwrap().row, 9);
    // What differs from the table needs words; what agrees does not.
    let no = raw(&[("chargeable", "no"), ("ground", "rework")]);
    assert_eq!(case.refuses("manager", Act::SetCharge, &no), ["reason: differs-from-table"]);
    case.does("manager", Act::SetCharge, &[("chargeable", "no"), ("ground", "supplier_fault")]);
    assert_eq!(state(&case), State::NotChargeable);
    assert_eq!(case.change.money.decided.as_ref().unwrap().ruling.because, "it mends the supplier's own fault");
    // The supplier's commercial people contest it, and the authority settles it for good.
    case.does("commercial", Act::ContestCharge, &[("reason", "It was the trust's")]);
    assert_eq!(case.refuses("manager", Act::SetCharge, &raw(&[("chargeable", "no")])), ["charge-contested"]);
    case.does("authority", Act::SettleCharge, &[("chargeable", "yes"), ("reason", "The log says so")]);
    assert_eq!(state(&case), State::Chargeable);
    assert_eq!(case.refuses("coordinator", Act::ContestCharge, &raw(&[("reason", "No")])), ["charge-settled"]);
}

#[test]
fn nothing_to_pay_is_found_without_anybody_where_no_charge_is_expected() {
    let (world, process) = (World::new(), normal_change());
    let case = approved(&world, &process);
    assert_eq!(state(&case), State::NotChargeable);
    assert!(case.log.iter().all(|r| !matches!(r.event, Event::Money(_)) || r.by.person.is_none()));
}

#[test]
fn t10_an_assessment_is_complete_only_once_a_price_is_out() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    let no: Vec<(String, String)> = (1..=8).map(|n| (format!("q{n}"), "no".to_owned())).collect();
    case.sends("authority-officer", Act::Screen, &fields(&no));
    while let Some((player, _)) = case.who_may(Act::Assess).first() {
        let facts = case.facts_for(None, &Raw::new());
        let kinds = signalbox_core::decide::fields::of_act(&case.context(&player.actor, &facts), &case.change, Act::Assess);
        let signalbox_core::process::AnswerKind::Choice(codes) = &kinds[0].kind else { panic!() };
        let (name, code) = (player.name, codes[0].clone());
        case.does(name, Act::Assess, &[("assessment", &code), ("objects", "no"), ("finding", "Nothing")]);
    }
    assert_eq!(case.change.stage, Stage::Assessing, "it waits for a quote");
    case.sends("commercial", Act::Quote, &line("500.00"));
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
}

#[test]
fn the_authority_decides_anew_while_a_price_is_worked_out() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    let no = raw(&[("chargeable", "no"), ("ground", "price_zero"), ("reason", "No supplier runs it any more")]);
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]).does("commercial", Act::BeginImpact, &[]);
    assert_eq!(case.refuses("manager", Act::SetCharge, &no), ["money-state"]);
    case.sends("authority", Act::SetCharge, &no);
    assert_eq!(state(&case), State::NotChargeable);
}

#[test]
fn br_27_a_fee_is_due_once_the_assessment_has_begun() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    case.does("commercial", Act::OfferFee, &[("fee_for", "Five days of looking"), ("net", "450"), ("vat", "20"), ("valid_to", "2026-11-20")]);
    case.does("finance", Act::AnswerFee, &[("accepted", "yes")]);
    let mut early = case.clone();
    early.does("coordinator", Act::Withdraw, &[]);
    assert_eq!(early.change.money.billable(BillOf::ImpactFee), None, "not begun: not due");
    case.does("commercial", Act::BeginImpact, &[]).does("coordinator", Act::Withdraw, &[]);
    case.does("commercial", Act::Invoice, &[("invoice_for", "impact_fee"), ("invoice_number", "INV-1"), ("invoice_date", "2026-11-02")]);
    let invoice = &case.change.money.invoices[0];
    assert_eq!((invoice.bill.amount.net_pence, invoice.bill.amount.vat_pence, invoice.bill.due.to_string().as_str()), (45_000, 9_000, "2026-12-02"));
}

/// Scheduled for 8 December under a quote that states a fee for cancelling late.
fn with_abort_fee<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = assessing(world, process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    let mut quote = line("500.00");
    quote.extend(raw(&[("abort_fee", "120.00")]));
    case.sends("commercial", Act::Quote, &quote);
    case.sends("finance", Act::AcceptQuote, &fields(&order("500.00", "2026-11-02")));
    case.assessed().does("manager", Act::Approve, &[]).does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    case
}

#[test]
fn br_28_a_late_cancel_asks_for_the_stated_fee_and_silence_agrees_to_nothing() {
    let (world, process) = (World::new(), normal_change());
    let case = with_abort_fee(&world, &process);
    let mut early = case.clone();
    early.by_then("2026-12-03T10:00").does("coordinator", Act::Cancel, &[("reason", "No longer needed")]);
    assert_eq!(early.change.money.abort, None);
    let mut suppliers = case.clone();
    suppliers.by_then("2026-12-07T10:00").does("manager", Act::Cancel, &[("reason", "Nobody is free")]);
    assert_eq!(suppliers.change.money.abort, None, "the supplier cancelled");
    let mut late = case.clone();
    late.by_then("2026-12-07T10:00").does("coordinator", Act::Cancel, &[("reason", "No longer needed")]);
    let invoice = raw(&[("invoice_for", "abort_fee"), ("invoice_number", "INV-1"), ("invoice_date", "2026-12-07")]);
    assert_eq!(late.refuses("commercial", Act::Invoice, &invoice), ["nothing-to-invoice"], "X9: nobody has agreed");
    late.does("finance", Act::AnswerFee, &[("accepted", "no"), ("words", "The ward flooded")]);
    late.does("authority", Act::SettleCharge, &[("chargeable", "yes"), ("reason", "It was stated")]);
    late.sends("commercial", Act::Invoice, &invoice);
    assert_eq!(late.change.money.invoices[0].bill.amount.gross_pence(), 14_400);
}

#[test]
fn br_30_either_may_ask_the_authority_after_30_working_days() {
    let (world, process) = (World::new(), normal_change());
    let mut case = quoted(&world, &process, "500.00");
    let why = raw(&[("reason", "Too dear")]);
    case.sends("finance", Act::DeclineQuote, &why);
    case.by_then("2026-12-11T10:00");
    assert_eq!(case.refuses("coordinator", Act::ContestCharge, &why), ["not-in-dispute-yet"]);
    case.by_then("2026-12-15T10:00").sends("coordinator", Act::ContestCharge, &why);
    case.does("authority", Act::SettleCharge, &[("chargeable", "no"), ("reason", "It is in the contract")]);
    assert_eq!(state(&case), State::NotChargeable);
}

#[test]
fn delivery_invoice_dispute_credit_and_payment() {
    let (world, process) = (World::new(), normal_change());
    let mut case = authorised(&world, &process, "8000.00");
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]);
    case.by_then("2026-12-08T11:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    case.does("commercial", Act::Deliver, &[("criteria", "The rota opens\nThe archive is there")]);
    case.does("coordinator", Act::DisputeDelivery, &[("snags", "The archive is not there")]);
    case.does("manager", Act::Close, &[("outcome", "successful")]);
    let invoice = raw(&[("invoice_for", "work"), ("invoice_number", "INV-9"), ("invoice_date", "2026-12-08")]);
    assert_eq!(case.refuses("commercial", Act::Invoice, &invoice), ["nothing-to-invoice"]);
    // X9: ten working days later nothing is accepted by itself.
    case.by_then("2027-01-20T09:00").does("commercial", Act::Deliver, &[("criteria", "The archive is there")]);
    case.by_then("2027-02-20T09:00");
    assert_eq!(state(&case), State::Delivered);
    case.does("coordinator", Act::AcceptDelivery, &[]);
    let mut part = invoice.clone();
    part.extend(raw(&[("net", "8000.01"), ("vat", "20")]));
    assert_eq!(case.refuses("commercial", Act::Invoice, &part), ["net: above-billable"]);
    case.sends("commercial", Act::Invoice, &invoice);
    case.does("finance", Act::DisputeInvoice, &[("invoice", "1"), ("reason", "The archive again")]);
    assert_eq!(state(&case), State::InvoiceDisputed);
    let mut credited = case.clone();
    credited.does("commercial", Act::CreditInvoice, &[("invoice", "1"), ("net", "1,000.00"), ("reason", "For the archive")]);
    assert_eq!(credited.change.money.invoices[0].due_pence(), 840_000);
    credited.does("commercial", Act::PayInvoice, &[("invoice", "1"), ("paid_on", "2027-02-20")]);
    assert_eq!(state(&credited), State::Paid);
    case.does("authority", Act::SettleInvoice, &[("invoice", "1"), ("upheld", "no"), ("reason", "It is not there")]);
    assert_eq!((state(&case), case.change.money.invoices[0].state, case.change.money.invoices[0].due_pence()), (State::Credited, InvoiceState::Credited, 0));
}

#[test]
fn a_price_of_the_rate_card_fills_what_is_not_typed() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    case.does("commercial", Act::Quote, &[("line_1_rate", "2"), ("line_1_quantity", "1.5")]);
    let line = &case.change.money.quotes[0].terms.lines[0];
    assert_eq!((line.rate, line.unit_pence, line.net_pence, line.vat_pence), (Some(2), 82_550, 123_825, 24_765));
    assert_eq!(case.refuses("commercial", Act::Quote, &raw(&[("line_1_rate", "77")])), ["line_1_rate: rate-unknown"]);
}

#[test]
fn every_fault_of_a_quote_is_found_at_once() {
    let (world, process) = (World::new(), normal_change());
    let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
    case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
    let wrong = raw(&[
        ("line_1_what", "Engineer"),
        ("line_1_price", "ten"),
        ("line_2_price", "5"),
        ("line_2_quantity", "0"),
        ("valid_to", "2026-01-01"),
        ("abort_fee", "-1"),
    ]);
    let found = case.refuses("commercial", Act::Quote, &wrong);
    for fault in [
        "line_1_kind: choose-one",
        "line_1_unit: answer-missing",
        "line_1_price: not-an-amount",
        "line_1_vat: choose-one",
        "line_2_what: answer-missing",
        "line_2_quantity: not-a-quantity",
        "valid_to: date-out-of-range",
        "abort_fee: not-an-amount",
    ] {
        assert!(found.iter().any(|f| f == fault), "{fault} is not in {found:?}");
    }
    assert_eq!(case.refuses("commercial", Act::Quote, &Raw::new()), ["line_1_what: lines-missing"]);
}

/// Spec 9: raising organisation TCC and TFIN, SCM, SCOM, ACM, AUD; nobody else, whoever they are to the change.
#[test]
fn who_sees_money_is_decided_role_by_role() {
    let kinds = [
        (TRUST, OrgKind::Trust),
        (OTHER_TRUST, OrgKind::Trust),
        (SUPPLIER, OrgKind::Supplier),
        (OTHER_SUPPLIER, OrgKind::Supplier),
        (AUTHORITY, OrgKind::Authority),
        (NETWORK, OrgKind::Network),
    ];
    let mut seen = vec![];
    for (org, org_kind) in kinds {
        for role in Role::ALL {
            let actor = Actor::Person { id: PersonId(9), memberships: vec![Membership { org, org_kind, role: *role, service: None, cover: None }] };
            if MoneySight::of(&actor).sees(TRUST, [SUPPLIER]) {
                seen.push((org, role.code()));
            }
        }
    }
    let everywhere = |code: &'static str| kinds.iter().map(move |(org, _)| (*org, code));
    let mut wanted: Vec<(OrgId, &str)> = everywhere("ACM").chain(everywhere("AUD")).collect();
    wanted.extend([(TRUST, "TCC"), (TRUST, "TFIN"), (TRUST, "SCM"), (TRUST, "SCOM"), (SUPPLIER, "SCM"), (SUPPLIER, "SCOM")]);
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
    // No money act is offered to anybody who would not see it.
    let (world, process) = (World::new(), normal_change());
    let case = quoted(&world, &process, "500.00");
    for player in &world.people {
        let open = case.offers(&player.actor).into_iter().any(|o| o.act.is_money() && o.is_open());
        assert!(!open || sight::sees(&player.actor, &case.change), "{}", player.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Net and tax of each line, and the sums, by long arithmetic in hundredths of pence, from what was typed on.
    #[test]
    fn sums_and_tax_agree_with_an_oracle(lines in prop::collection::vec((1u64..100_000, 0u64..10_000_000, 0usize..3), 1..8)) {
        let (world, process) = (World::new(), normal_change());
        let mut case = assessing(&world, &process, "2026-11-02T09:00", "2026-12-08T09:00", "2026-12-08T12:00");
        case.does("manager", Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")]);
        let mut typed = Raw::new();
        let (mut net_sum, mut vat_sum) = (0u64, 0u64);
        let half_up = |numerator: u64, denominator: u64| {
            let (whole, rest) = (numerator / denominator, numerator % denominator);
            if rest >= denominator - rest { whole + 1 } else { whole }
        };
        for (n, (quantity, unit, rate)) in lines.iter().enumerate() {
            let rate = [20u64, 5, 0][*rate];
            let own = |part: &str| format!("line_{}_{part}", n + 1);
            let decimal = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
            for (part, value) in [("kind", "labour".to_owned()), ("what", "Work".to_owned()), ("unit", "day".to_owned()), ("quantity", decimal(*quantity)), ("price", decimal(*unit)), ("vat", rate.to_string())] {
                typed.insert(own(part), vec![value]);
            }
            let net = half_up(quantity * unit, 100);
            net_sum += net;
            vat_sum += half_up(net * rate, 100);
        }
        prop_assume!(net_sum > 0);
        case.sends("commercial", Act::Quote, &typed);
        let terms = &case.change.money.quotes[0].terms;
        prop_assert_eq!((terms.net_pence(), terms.vat_pence(), terms.gross_pence()), (net_sum as i64, vat_sum as i64, (net_sum + vat_sum) as i64));
    }

    /// An amount is read back as it is written, in both ways of writing.
    #[test]
    fn amounts_go_there_and_back(pence in 0i64..money::MOST_PENCE) {
        prop_assert_eq!(money::parse(&money::pounds(pence)), Some(pence));
        prop_assert_eq!(money::parse(&money::plain(pence)), Some(pence));
    }

    /// A part of an amount, and the rest of it, are never more than a penny apart from the whole.
    #[test]
    fn a_credited_share_of_tax_never_exceeds_the_tax(vat in 0i64..1_000_000, net in 1i64..10_000_000, of in 1i64..10_000_000) {
        let net = net.min(of);
        let share = money::part(vat, net, of);
        prop_assert!((0..=vat).contains(&share));
        prop_assert!((share + money::part(vat, of - net, of) - vat).abs() <= 1);
    }
}
