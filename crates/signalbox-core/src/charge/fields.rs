//! The fields that acts of the charge track take.

use super::{BillOf, Confidence, Ground, InvoiceState, LineKind, Recurs, State, bars, money};
use crate::act::Act;
use crate::change::{Change, Stage};
use crate::decide::fields::{Field, codes, field, line};
use crate::process::AnswerKind;

/// How many lines a quote has at most.
pub const LINES: usize = 20;

/// The rates of value added tax as they are typed.
pub const VAT: &[&str] = &["20", "5", "0"];

/// The fields of an act; `None` where it is none of the track.
pub(crate) fn of_act(change: &Change, act: Act) -> Option<Vec<Field>> {
    let prose = |id: &str, required| field(id, AnswerKind::Prose, required);
    let text = |id: &str, required| field(id, line(), required);
    let date = |id: &str, required| field(id, AnswerKind::Date, required);
    let money = &change.money;
    let all = |all: &[&'static str]| codes(all);
    Some(match act {
        Act::SetCharge => {
            let grounds = codes(&Ground::ALL.iter().map(|g| g.code()).collect::<Vec<_>>());
            vec![field("ground", grounds, false), field("chargeable", AnswerKind::YesNo, true), prose("reason", false)]
        }
        Act::ContestCharge => vec![prose("reason", true)],
        Act::SettleCharge => vec![field("chargeable", AnswerKind::YesNo, true), prose("reason", true)],
        Act::OfferFee => vec![text("fee_for", true), text("net", true), field("vat", all(VAT), true), date("valid_to", true)],
        Act::AnswerFee => vec![field("accepted", AnswerKind::YesNo, true), prose("words", false)],
        Act::BeginImpact => vec![],
        Act::ReportImpact => report(),
        Act::Quote => quote(),
        Act::ExtendQuote => vec![date("valid_to", true)],
        Act::AcceptQuote => vec![
            field("quote_version", AnswerKind::Number { min: 1, max: 999 }, false),
            text("order_number", false),
            text("order_value", false),
            date("order_date", false),
            prose("conditions", false),
        ],
        Act::DeclineQuote | Act::WithdrawOrder => vec![prose("reason", true)],
        Act::GiveOrder => vec![text("order_number", true), text("order_value", true), date("order_date", true)],
        Act::ProceedAtRisk => vec![text("cap", true), prose("letter", true)],
        Act::BookCost => vec![field("cost_kind", all(&kinds()), true), text("cost_for", true), text("net", true), date("spent_on", true)],
        Act::Deliver => vec![field("criteria", AnswerKind::List, true), prose("words", false)],
        Act::AcceptDelivery => vec![prose("words", false)],
        Act::DisputeDelivery => vec![field("snags", AnswerKind::List, true)],
        Act::Invoice => {
            let open: Vec<&str> = bars::bills(money, change).into_iter().map(BillOf::code).collect();
            let amounts = [text("net", false), field("vat", all(VAT), false)];
            [vec![field("invoice_for", codes(&open), true), text("invoice_number", true), date("invoice_date", true), date("due", false)], amounts.into()]
                .concat()
        }
        Act::DisputeInvoice => vec![number(), prose("reason", true)],
        Act::SettleInvoice => vec![number(), field("upheld", AnswerKind::YesNo, true), prose("reason", true)],
        Act::CreditInvoice => vec![number(), text("net", false), prose("reason", true)],
        Act::PayInvoice => vec![number(), date("paid_on", true), text("paid_reference", false)],
        _ => return None,
    })
}

fn number() -> Field {
    field("invoice", AnswerKind::Number { min: 1, max: 999 }, true)
}

fn kinds() -> Vec<&'static str> {
    LineKind::ALL.iter().map(|k| k.code()).collect()
}

fn report() -> Vec<Field> {
    let prose = |id: &str, required| field(id, AnswerKind::Prose, required);
    let text = |id: &str, required| field(id, line(), required);
    vec![
        prose("report_scope", true),
        prose("report_effect", true),
        prose("report_other_services", false),
        prose("report_contract", false),
        prose("report_risk", false),
        prose("report_effort", true),
        prose("report_plan", false),
        prose("report_dependencies", false),
        text("report_once", true),
        text("report_yearly", true),
        field("report_confidence", codes(&Confidence::ALL.iter().map(|c| c.code()).collect::<Vec<_>>()), true),
        field("report_valid_to", AnswerKind::Date, true),
        text("report_approver", true),
    ]
}

/// The parts of one line of a quote, in the order in which they are asked.
pub const LINE_PARTS: &[&str] = &["kind", "what", "quantity", "unit", "price", "vat", "recurs", "rate"];

fn quote() -> Vec<Field> {
    let mut fields = vec![];
    for n in 1..=LINES {
        for part in LINE_PARTS {
            let kind = match *part {
                "kind" => codes(&kinds()),
                "vat" => codes(VAT),
                "recurs" => codes(&Recurs::ALL.iter().map(|r| r.code()).collect::<Vec<_>>()),
                _ => line(),
            };
            fields.push(field(&format!("line_{n}_{part}"), kind, false));
        }
    }
    fields.push(field("valid_to", AnswerKind::Date, false));
    fields.push(field("abort_fee", line(), false));
    fields.push(field("assumptions", AnswerKind::Prose, false));
    fields
}

/// Whether the act is about an invoice in one of these states.
pub(crate) fn invoice_states(act: Act) -> &'static [InvoiceState] {
    match act {
        Act::DisputeInvoice | Act::PayInvoice => &[InvoiceState::Issued],
        Act::SettleInvoice => &[InvoiceState::Disputed],
        Act::CreditInvoice => &[InvoiceState::Issued, InvoiceState::Disputed, InvoiceState::Paid],
        _ => &[],
    }
}

/// What stands in a field before anybody types, by the change: the amounts that are usual.
pub fn usual(change: &Change, act: Act, id: &str) -> Option<String> {
    let money = &change.money;
    match (act, id) {
        (Act::AcceptQuote | Act::GiveOrder, "order_value") => {
            let quote = if act == Act::GiveOrder { money.accepted() } else { money.quotes.last() }?;
            let asked = if quote.terms.order_covers_vat { quote.terms.gross_pence() } else { quote.terms.net_pence() };
            Some(money::plain(asked))
        }
        (Act::AcceptQuote, "quote_version") => money.quotes.last().map(|q| q.terms.version.to_string()),
        (Act::DisputeInvoice | Act::SettleInvoice | Act::CreditInvoice | Act::PayInvoice, "invoice") => {
            bars::invoices(money, invoice_states(act)).last().map(u32::to_string)
        }
        (Act::Invoice, "invoice_for") => match bars::bills(money, change).as_slice() {
            [only] => Some(only.code().to_owned()),
            _ => None,
        },
        (Act::SetCharge, "chargeable") if money.state() == State::NotChargeable => Some("no".to_owned()),
        (Act::Deliver, "criteria") if change.stage != Stage::Draft => None,
        _ => None,
    }
}
