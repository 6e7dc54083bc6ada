//! Who owes the next word about money, and by when.

use super::{InvoiceState, State, Track};
use crate::actor::Role;
use crate::calendar::Calendar;
use crate::change::{Change, Stage};
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::tz::TimeZone;

vocabulary! {
    /// What is owed.
    Owes {
        Decide = "decide", "say whether it is chargeable";
        Settle = "settle", "settle the contested charge";
        AnswerFee = "answer_fee", "answer the fee";
        Report = "report", "report the impact assessment";
        Quote = "quote", "issue a quote";
        Answer = "answer", "accept or decline the quote";
        Order = "order", "give the purchase order";
        AcceptDelivery = "accept_delivery", "accept or dispute the delivery";
        Mend = "mend", "mend what is wrong with the delivery";
        Pay = "pay", "pay the invoice";
        SettleInvoice = "settle_invoice", "settle the disputed invoice";
    }
}

/// The next thing owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub what: Owes,
    pub by: Role,
    pub due_at: Option<Timestamp>,
}

/// What the track as it stands asks of somebody; `None`: nothing.
pub fn owed(change: &Change, calendar: &Calendar, zone: &TimeZone) -> Option<Owed> {
    let money = &change.money;
    let owe = |what, by, due_at| Some(Owed { what, by, due_at });
    let in_days = |from: Timestamp, days| Some(calendar.due_at(from, days, zone));
    if let Some(fee) = money.abort.as_ref() {
        match fee.answer {
            None => return owe(Owes::AnswerFee, Role::Finance, in_days(fee.asked_at, 10)),
            Some((false, ..)) => return owe(Owes::Settle, Role::AuthorityManager, None),
            Some(_) => {}
        }
    }
    if let Some(invoice) = money.invoices.iter().find(|i| matches!(i.state, InvoiceState::Issued | InvoiceState::Disputed)) {
        return match &invoice.dispute {
            Some((_, at, _)) if invoice.state == InvoiceState::Disputed => owe(Owes::SettleInvoice, Role::AuthorityManager, in_days(*at, 10)),
            _ => owe(Owes::Pay, Role::Finance, Some(super::end_of_day(invoice.bill.due))),
        };
    }
    if change.stage.is_final() && change.stage != Stage::Closed {
        return None;
    }
    if let (Some((letter, ..)), true) = (&money.letter, money.quotes.is_empty()) {
        return owe(Owes::Quote, Role::Commercial, Some(super::end_of_day(letter.quote_due)));
    }
    if let Some(quote) = money.unanswered() {
        return owe(Owes::Answer, Role::Finance, Some(quote.lapses_at()));
    }
    let decided_at = money.decided.as_ref().map(|d| d.at);
    match (&money.track, &money.contest) {
        (Track::Undetermined, Some((_, at, _))) => owe(Owes::Settle, Role::AuthorityManager, in_days(*at, 5)),
        (Track::Undetermined, None) if money.is_begun() => owe(Owes::Decide, Role::SupplierManager, decided_at.and_then(|at| in_days(at, 2))),
        (Track::Chargeable, _) => owe(Owes::Quote, Role::Commercial, decided_at.and_then(|at| in_days(at, 5))),
        (Track::FeeOffered, _) => owe(Owes::AnswerFee, Role::Finance, money.fee.as_ref().and_then(|f| f.valid_to).map(super::end_of_day)),
        (Track::FeeAccepted { at }, _) => owe(Owes::Report, Role::Commercial, in_days(*at, 10)),
        (Track::Assessing { .. }, _) if money.report.is_some() => owe(Owes::Quote, Role::Commercial, None),
        (Track::Assessing { due_at }, _) => owe(Owes::Report, Role::Commercial, Some(*due_at)),
        (Track::FeeDeclined { .. } | Track::Declined { .. } | Track::Expired { .. } | Track::Superseded { .. }, _) => owe(Owes::Quote, Role::Commercial, None),
        (Track::Accepted { .. }, _) if !money.is_agreed() => owe(Owes::Order, Role::Finance, money.accepted().map(|q| q.lapses_at())),
        (Track::Delivered { at, .. }, _) => owe(Owes::AcceptDelivery, Role::Coordinator, in_days(*at, 10)),
        (Track::Disputed { .. }, _) => owe(Owes::Mend, Role::SupplierManager, None),
        _ => None,
    }
}

/// Whether it is for the monthly review: nobody has agreed it, and nobody's silence does (X9).
pub fn is_open(state: State) -> bool {
    !matches!(state, State::NotChargeable | State::Accepted | State::Authorised | State::CustomerAccepted | State::Invoiced | State::Paid | State::Credited)
}
