//! Invoices, disputes, credit notes and payments.

use super::acts::{line, past_day, price, vat_rate};
use super::{Amount, Bill, BillOf, Invoice, InvoiceState, MoneyEvent, bars, fields, money};
use crate::act::Act;
use crate::decide::Taking;
use crate::refusal::Violation;
use jiff::ToSpan;

/// An invoice is due so many days after its date.
const DUE_DAYS: i64 = 30;

pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<MoneyEvent>> {
    match act {
        Act::Invoice => invoice(t),
        Act::DisputeInvoice => {
            let (invoice, reason) = (chosen(t, act), t.form.text("reason", true));
            Some(vec![MoneyEvent::InvoiceDisputed { number: invoice?.number, reason: reason? }])
        }
        Act::SettleInvoice => settle(t),
        Act::CreditInvoice => credit(t),
        Act::PayInvoice => {
            let invoice = chosen(t, act);
            let on = past_day(t, "paid_on", true);
            let reference = line(t, "paid_reference", false);
            Some(vec![MoneyEvent::InvoicePaid { number: invoice?.number, on: on?, reference }])
        }
        _ => None,
    }
}

/// The invoice of the number typed, in a state that the act is about.
fn chosen(t: &mut Taking, act: Act) -> Option<Invoice> {
    let number = t.form.number("invoice", 1, 999, true)?;
    let states: &[InvoiceState] = fields::invoice_states(act);
    let found = t.change.money.invoices.iter().find(|i| i64::from(i.number) == number && states.contains(&i.state)).cloned();
    if found.is_none() {
        t.form.faults.push(Violation::of("invoice", "no-such-invoice").with(number));
    }
    found
}

fn invoice(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let open = bars::bills(&t.change.money, t.change);
    let codes: Vec<&str> = open.iter().map(|of| of.code()).collect();
    let of = t.form.choice("invoice_for", &codes, true).and_then(|c| BillOf::from_code(&c));
    let reference = line(t, "invoice_number", true);
    let date = past_day(t, "invoice_date", true);
    let due = t.form.date("due", false);
    if let (Some(due), Some(date)) = (due, date)
        && due < date
    {
        t.form.faults.push(Violation::of("due", "due-before-date"));
        return None;
    }
    let of = of?;
    let left = t.change.money.billable(of)?;
    let amount = match t.form.typed("net") {
        None => Some(left),
        Some(_) => {
            let (net, rate) = (price(t, "net", true), vat_rate(t, "vat", true));
            let amount = Amount::at(net?, rate?);
            if amount.net_pence > left.net_pence {
                t.form.faults.push(Violation::of("net", "above-billable").with(money::pounds(left.net_pence)));
                return None;
            }
            Some(amount)
        }
    };
    let date = date?;
    let due = due.unwrap_or_else(|| date.saturating_add(DUE_DAYS.days()));
    let number = t.change.money.invoices.iter().map(|i| i.number).max().unwrap_or(0) + 1;
    let version = t.change.money.accepted().filter(|_| of == BillOf::Work).map(|q| q.terms.version);
    let bill = Bill { of, version, amount: amount?, reference: reference?, date, due };
    Some(vec![MoneyEvent::Invoiced { number, bill: Box::new(bill) }])
}

/// The authority upholds an invoice, or it is taken back.
fn settle(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let invoice = chosen(t, Act::SettleInvoice);
    let upheld = t.form.yes_no("upheld", true);
    let reason = t.form.text("reason", true);
    let (invoice, reason) = (invoice?, reason?);
    let number = invoice.number;
    if upheld? {
        return Some(vec![MoneyEvent::InvoiceUpheld { number, reason }]);
    }
    Some(vec![MoneyEvent::InvoiceCredited { number, amount: left(&invoice), reason }])
}

fn left(invoice: &Invoice) -> Amount {
    let (of, taken) = (invoice.bill.amount, invoice.credited);
    Amount { net_pence: of.net_pence - taken.net_pence, vat_pence: of.vat_pence - taken.vat_pence }
}

/// A credit note over all that is left, or over a part with its share of the tax.
fn credit(t: &mut Taking) -> Option<Vec<MoneyEvent>> {
    let invoice = chosen(t, Act::CreditInvoice);
    let net = match t.form.typed("net") {
        None => Some(None),
        Some(_) => price(t, "net", true).map(Some),
    };
    let reason = t.form.text("reason", true);
    let (invoice, net) = (invoice?, net?);
    let left = left(&invoice);
    let amount = match net {
        None => left,
        Some(net) if net > left.net_pence => {
            t.form.faults.push(Violation::of("net", "above-invoice").with(money::pounds(left.net_pence)));
            return None;
        }
        Some(net) if net == left.net_pence => left,
        Some(net_pence) => Amount { net_pence, vat_pence: money::part(left.vat_pence, net_pence, left.net_pence.max(1)) },
    };
    Some(vec![MoneyEvent::InvoiceCredited { number: invoice.number, amount, reason: reason? }])
}
