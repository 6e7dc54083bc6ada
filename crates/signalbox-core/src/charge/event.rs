//! What has happened to the money of a change. Stored under `type` money, each with its own name.

use super::{Amount, Bill, BillOf, Chargeable, Decision, Letter, LineKind, Order, Report, Terms};
use crate::act::Act;
use crate::text::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "money", rename_all = "snake_case")]
pub enum MoneyEvent {
    /// By the document's table.
    ChargeProposed {
        decision: Decision,
    },
    /// By a change manager.
    ChargeDecided {
        decision: Decision,
    },
    /// The supplier contests, or the trust appeals to the authority.
    ChargeContested {
        reason: Text,
    },
    ChargeSettled {
        chargeable: Chargeable,
        reason: Text,
    },
    /// BR-27: stated beforehand.
    FeeOffered {
        amount: Amount,
        what: Text,
        valid_to: Date,
    },
    FeeAnswered {
        of: BillOf,
        accepted: bool,
        words: Option<Text>,
    },
    ImpactBegun {
        due_at: Timestamp,
    },
    ImpactReported {
        report: Box<Report>,
    },
    Quoted {
        terms: Box<Terms>,
    },
    QuoteExtended {
        version: u32,
        valid_to: Date,
    },
    QuoteAccepted {
        version: u32,
        order: Option<Order>,
        /// What the accepter may agree to.
        limit_pence: i64,
        conditions: Option<Text>,
    },
    QuoteDeclined {
        version: u32,
        reason: Text,
    },
    QuoteLapsed {
        version: u32,
    },
    /// What it was for has changed.
    QuoteSuperseded {
        version: u32,
    },
    OrderGiven {
        version: u32,
        order: Order,
    },
    OrderWithdrawn {
        version: u32,
        reason: Text,
    },
    /// Approved subject to an order.
    OrderAwaited,
    WorkAuthorised {
        version: u32,
    },
    /// Nobody ordered within 20 working days of the quote's lapse.
    ApprovalLapsed,
    RiskAccepted {
        letter: Letter,
    },
    CostBooked {
        number: u32,
        kind: LineKind,
        net_pence: i64,
        what: Text,
        on: Date,
    },
    Delivered {
        criteria: Vec<Text>,
        words: Option<Text>,
    },
    DeliveryAccepted {
        words: Option<Text>,
    },
    DeliveryDisputed {
        snags: Vec<Text>,
    },
    /// BR-28: cancelled late, with the supplier's staff booked and the fee stated.
    AbortFeeProposed {
        amount: Amount,
    },
    Invoiced {
        number: u32,
        bill: Box<Bill>,
    },
    InvoiceDisputed {
        number: u32,
        reason: Text,
    },
    /// The authority upholds it; what it does not uphold is credited.
    InvoiceUpheld {
        number: u32,
        reason: Text,
    },
    InvoiceCredited {
        number: u32,
        amount: Amount,
        reason: Text,
    },
    InvoicePaid {
        number: u32,
        on: Date,
        reference: Option<Text>,
    },
}

impl MoneyEvent {
    /// The stored name, such as `quoted`.
    pub fn kind(&self) -> String {
        crate::event::tag_of(self)
    }
}

/// The act whose step an event takes; `None` where it follows of itself.
pub fn act_of(event: &MoneyEvent) -> Option<Act> {
    Some(match event {
        MoneyEvent::ChargeDecided { .. } => Act::SetCharge,
        MoneyEvent::ChargeContested { .. } => Act::ContestCharge,
        MoneyEvent::ChargeSettled { .. } => Act::SettleCharge,
        MoneyEvent::FeeOffered { .. } => Act::OfferFee,
        MoneyEvent::FeeAnswered { .. } => Act::AnswerFee,
        MoneyEvent::ImpactBegun { .. } => Act::BeginImpact,
        MoneyEvent::ImpactReported { .. } => Act::ReportImpact,
        MoneyEvent::Quoted { .. } => Act::Quote,
        MoneyEvent::QuoteExtended { .. } => Act::ExtendQuote,
        MoneyEvent::QuoteAccepted { .. } => Act::AcceptQuote,
        MoneyEvent::QuoteDeclined { .. } => Act::DeclineQuote,
        MoneyEvent::OrderGiven { .. } => Act::GiveOrder,
        MoneyEvent::OrderWithdrawn { .. } => Act::WithdrawOrder,
        MoneyEvent::RiskAccepted { .. } => Act::ProceedAtRisk,
        MoneyEvent::CostBooked { .. } => Act::BookCost,
        MoneyEvent::Delivered { .. } => Act::Deliver,
        MoneyEvent::DeliveryAccepted { .. } => Act::AcceptDelivery,
        MoneyEvent::DeliveryDisputed { .. } => Act::DisputeDelivery,
        MoneyEvent::Invoiced { .. } => Act::Invoice,
        MoneyEvent::InvoiceDisputed { .. } => Act::DisputeInvoice,
        MoneyEvent::InvoiceUpheld { .. } => Act::SettleInvoice,
        MoneyEvent::InvoiceCredited { .. } => Act::CreditInvoice,
        MoneyEvent::InvoicePaid { .. } => Act::PayInvoice,
        MoneyEvent::ChargeProposed { .. }
        | MoneyEvent::QuoteLapsed { .. }
        | MoneyEvent::QuoteSuperseded { .. }
        | MoneyEvent::OrderAwaited
        | MoneyEvent::WorkAuthorised { .. }
        | MoneyEvent::ApprovalLapsed
        | MoneyEvent::AbortFeeProposed { .. } => return None,
    })
}
