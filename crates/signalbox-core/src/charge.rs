//! The charge track (spec 5.4, 6.11 and 9): whether there is something to pay, what was offered and agreed, what was
//! spent, delivered, invoiced and paid. Pence only, and no name or free text: those lie beside the log.

pub mod bars;
pub mod event;
pub mod fields;
pub mod fold;
pub mod follow;
pub mod money;
pub mod owed;
pub mod rates;
pub mod sight;
pub mod terms;
pub mod timers;

mod acts;
mod bills;
mod quotes;

pub(crate) use acts::take;
pub use event::MoneyEvent;
pub use terms::*;

use crate::actor::Stamp;
use crate::change::Change;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;

vocabulary! {
    /// Where the money of a change stands (spec 5.4).
    State {
        Undetermined = "UNDETERMINED", "Not decided yet";
        NotChargeable = "NOT_CHARGEABLE", "Nothing to pay";
        Chargeable = "CHARGEABLE", "To be quoted";
        FeeOffered = "IA_FEE_OFFERED", "Assessment fee offered";
        FeeAccepted = "IA_FEE_ACCEPTED", "Assessment fee accepted";
        FeeDeclined = "IA_FEE_DECLINED", "Assessment fee declined";
        Assessing = "IA_IN_PROGRESS", "Costs being worked out";
        Quoted = "QUOTED", "Quoted";
        Accepted = "ACCEPTED", "Quote accepted";
        Declined = "DECLINED", "Quote declined";
        Expired = "EXPIRED", "Quote lapsed";
        Superseded = "SUPERSEDED", "New quote needed";
        Authorised = "WORK_AUTHORISED", "Work authorised";
        Delivered = "DELIVERED", "Delivered";
        CustomerAccepted = "CUSTOMER_ACCEPTED", "Delivery accepted";
        Disputed = "ACCEPTANCE_DISPUTED", "Delivery disputed";
        Invoiced = "INVOICED", "Invoiced";
        Paid = "PAID", "Paid";
        InvoiceDisputed = "INVOICE_DISPUTED", "Invoice disputed";
        Credited = "CREDITED", "Credited";
    }
}

/// The track, with what exists in each state only. Versions are those of quotes, numbers those of invoices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Track {
    #[default]
    Undetermined,
    NotChargeable {
        because: String,
    },
    Chargeable,
    FeeOffered,
    FeeAccepted {
        at: Timestamp,
    },
    FeeDeclined {
        at: Timestamp,
    },
    Assessing {
        due_at: Timestamp,
    },
    Quoted {
        version: u32,
    },
    Accepted {
        version: u32,
    },
    Declined {
        version: u32,
        at: Timestamp,
    },
    Expired {
        version: u32,
        at: Timestamp,
    },
    Superseded {
        version: u32,
    },
    Authorised {
        version: u32,
        at: Timestamp,
    },
    Delivered {
        version: u32,
        at: Timestamp,
    },
    CustomerAccepted {
        version: u32,
        at: Timestamp,
    },
    Disputed {
        version: u32,
        at: Timestamp,
    },
    Invoiced {
        number: u32,
    },
    Paid {
        number: u32,
    },
    InvoiceDisputed {
        number: u32,
    },
    Credited {
        number: u32,
    },
}

impl Track {
    /// The state without its data.
    pub fn state(&self) -> State {
        match self {
            Track::Undetermined => State::Undetermined,
            Track::NotChargeable { .. } => State::NotChargeable,
            Track::Chargeable => State::Chargeable,
            Track::FeeOffered => State::FeeOffered,
            Track::FeeAccepted { .. } => State::FeeAccepted,
            Track::FeeDeclined { .. } => State::FeeDeclined,
            Track::Assessing { .. } => State::Assessing,
            Track::Quoted { .. } => State::Quoted,
            Track::Accepted { .. } => State::Accepted,
            Track::Declined { .. } => State::Declined,
            Track::Expired { .. } => State::Expired,
            Track::Superseded { .. } => State::Superseded,
            Track::Authorised { .. } => State::Authorised,
            Track::Delivered { .. } => State::Delivered,
            Track::CustomerAccepted { .. } => State::CustomerAccepted,
            Track::Disputed { .. } => State::Disputed,
            Track::Invoiced { .. } => State::Invoiced,
            Track::Paid { .. } => State::Paid,
            Track::InvoiceDisputed { .. } => State::InvoiceDisputed,
            Track::Credited { .. } => State::Credited,
        }
    }
}

/// What became of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Open,
    Accepted { by: Stamp, at: Timestamp, limit_pence: i64, conditions: Option<Text> },
    Declined { by: Stamp, at: Timestamp, reason: Text },
    Lapsed { at: Timestamp },
    Superseded { at: Timestamp },
}

/// One version of the quote, as it was issued and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub terms: Terms,
    pub issued_by: Stamp,
    pub issued_at: Timestamp,
    /// BR-26: once, before it lapses.
    pub extended: Option<Date>,
    pub fate: Fate,
    /// The purchase order given for it.
    pub order: Option<Order>,
}

impl Quote {
    /// The last day on which it may be accepted.
    pub fn valid_to(&self) -> Date {
        self.extended.unwrap_or(self.terms.valid_to)
    }

    /// The moment at which it has lapsed: midnight of London after its last day, whatever the clocks do on it (BR-26).
    pub fn lapses_at(&self) -> Timestamp {
        end_of_day(self.valid_to())
    }

    /// Whether it may still be accepted.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.fate == Fate::Open && now < self.lapses_at()
    }

    /// Whether it was accepted, and no later version took its place.
    pub fn is_accepted(&self) -> bool {
        matches!(self.fate, Fate::Accepted { .. })
    }

    /// Whether its order falls short of what has to be ordered; no order falls short.
    pub fn is_short(&self) -> bool {
        let asked = if self.terms.order_covers_vat { self.terms.gross_pence() } else { self.terms.net_pence() };
        self.order.as_ref().is_none_or(|order| order.value_pence < asked)
    }
}

/// The first moment of London after a local day.
pub fn end_of_day(day: Date) -> Timestamp {
    let next = day.tomorrow().unwrap_or(day);
    crate::calendar::london().to_ambiguous_timestamp(next.at(0, 0, 0, 0)).compatible().unwrap_or(Timestamp::MAX)
}

/// The assessment fee or the abort fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    pub amount: Amount,
    pub asked_at: Timestamp,
    pub valid_to: Option<Date>,
    pub answer: Option<(bool, Stamp, Timestamp)>,
}

impl Fee {
    /// Agreed to, and so due.
    pub fn is_agreed(&self) -> bool {
        matches!(self.answer, Some((true, ..)))
    }
}

/// Something spent on the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub number: u32,
    pub kind: LineKind,
    pub net_pence: i64,
    pub what: Text,
    pub on: Date,
    pub by: Stamp,
    pub at: Timestamp,
}

vocabulary! {
    /// Where an invoice stands.
    InvoiceState {
        Issued = "issued", "to be paid";
        Disputed = "disputed", "disputed";
        Paid = "paid", "paid";
        Credited = "credited", "credited";
    }
}

/// One invoice with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    pub number: u32,
    pub bill: Bill,
    pub state: InvoiceState,
    pub issued_at: Timestamp,
    /// Taken back by credit notes.
    pub credited: Amount,
    pub paid_on: Option<Date>,
    pub dispute: Option<(Stamp, Timestamp, Text)>,
}

impl Invoice {
    /// What is left to pay, with tax.
    pub fn due_pence(&self) -> i64 {
        self.bill.amount.gross_pence() - self.credited.gross_pence()
    }
}

/// Whether there is something to pay, as it was decided last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub ruling: Decision,
    pub by: Stamp,
    pub at: Timestamp,
}

/// The money of a change: the track, and everything that happened on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money {
    pub track: Track,
    pub decided: Option<Decided>,
    /// Contested and not settled yet.
    pub contest: Option<(Stamp, Timestamp, Text)>,
    /// The authority has settled whether it is chargeable; nobody contests that again.
    pub settled: bool,
    pub fee: Option<Fee>,
    pub assessing_since: Option<Timestamp>,
    pub report: Option<(Report, Stamp, Timestamp)>,
    pub quotes: Vec<Quote>,
    pub letter: Option<(Letter, Stamp, Timestamp)>,
    /// The approval is subject to an order.
    pub awaits_order: bool,
    pub costs: Vec<Cost>,
    pub criteria: Vec<Text>,
    pub snags: Vec<Text>,
    pub authorised_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub abort: Option<Fee>,
    pub invoices: Vec<Invoice>,
}

impl Money {
    /// Where the track stands.
    pub fn state(&self) -> State {
        self.track.state()
    }

    /// Whether anything was ever said about it.
    pub fn is_begun(&self) -> bool {
        *self != Money::default()
    }

    /// The quote of this version.
    pub fn quote(&self, version: u32) -> Option<&Quote> {
        self.quotes.iter().find(|q| q.terms.version == version)
    }

    /// The latest quote, if it may still be accepted.
    pub fn open_quote(&self, now: Timestamp) -> Option<&Quote> {
        self.quotes.last().filter(|q| q.is_open(now))
    }

    /// The latest quote, if nothing has become of it, lapsed or not.
    pub fn unanswered(&self) -> Option<&Quote> {
        self.quotes.last().filter(|q| q.fate == Fate::Open)
    }

    /// The quote that is accepted.
    pub fn accepted(&self) -> Option<&Quote> {
        self.quotes.iter().rev().find(|q| q.is_accepted())
    }

    /// What was spent so far, without tax.
    pub fn booked_pence(&self) -> i64 {
        self.costs.iter().map(|c| c.net_pence).sum()
    }

    /// What may be spent in all: what was accepted, with the lesser of a tenth and 500 pounds that the supplier bears
    /// (BR-29); or, until something is accepted, the cap of a letter.
    pub fn limit_pence(&self) -> i64 {
        let accepted = self.accepted().filter(|q| !q.is_short()).map(|q| q.terms.net_pence() + absorbed_pence(q.terms.net_pence()));
        accepted.or(self.letter.as_ref().map(|(letter, ..)| letter.cap_pence)).unwrap_or(0)
    }

    /// An invoice by its number.
    pub fn invoice(&self, number: u32) -> Option<&Invoice> {
        self.invoices.iter().find(|i| i.number == number)
    }

    /// What an invoice may still ask for, without tax.
    pub fn billable(&self, of: BillOf) -> Option<Amount> {
        let whole = self.whole(of)?;
        let taken = self.invoices.iter().filter(|i| i.bill.of == of);
        let (net, vat) =
            taken.fold((0, 0), |(net, vat), i| (net + i.bill.amount.net_pence - i.credited.net_pence, vat + i.bill.amount.vat_pence - i.credited.vat_pence));
        let left = Amount { net_pence: whole.net_pence - net, vat_pence: (whole.vat_pence - vat).max(0) };
        (left.net_pence > 0).then_some(left)
    }

    fn whole(&self, of: BillOf) -> Option<Amount> {
        match of {
            BillOf::Work => {
                let quote = self.accepted()?;
                let done = matches!(self.state(), State::CustomerAccepted | State::Invoiced | State::Paid | State::InvoiceDisputed | State::Credited);
                let whole = quote.terms.once();
                match (done, self.state()) {
                    (true, _) => Some(whole),
                    // Cancelled on the way: what was spent, and never more than was accepted.
                    (false, State::Authorised) if self.booked_pence() > 0 => {
                        let net_pence = self.booked_pence().min(whole.net_pence);
                        Some(Amount { net_pence, vat_pence: money::part(whole.vat_pence, net_pence, whole.net_pence.max(1)) })
                    }
                    _ => None,
                }
            }
            // BR-27: due once it is stated and accepted beforehand and the assessment has begun.
            BillOf::ImpactFee => self.fee.as_ref().filter(|f| f.is_agreed() && self.assessing_since.is_some()).map(|f| f.amount),
            BillOf::AbortFee => self.abort.as_ref().filter(|f| f.is_agreed()).map(|f| f.amount),
        }
    }

    /// Yes, no or not known, in the words of documents.
    pub fn chargeable(&self) -> Chargeable {
        match &self.track {
            Track::Undetermined => Chargeable::Unknown,
            Track::NotChargeable { .. } => Chargeable::No,
            _ => Chargeable::Yes,
        }
    }

    /// Whether nothing is to be paid, or enough is ordered for what was accepted.
    pub fn is_agreed(&self) -> bool {
        match self.state() {
            State::NotChargeable => true,
            State::Accepted => self.accepted().is_some_and(|q| !q.is_short()),
            State::Authorised | State::Delivered | State::CustomerAccepted | State::Disputed => true,
            State::Invoiced | State::Paid | State::InvoiceDisputed | State::Credited => true,
            _ => false,
        }
    }
}

/// BR-29: the lesser of ten per cent and 500 pounds.
pub fn absorbed_pence(net_pence: i64) -> i64 {
    (net_pence / 10).min(50_000)
}

/// SD-7: above this, without tax, whoever asked for the change does not accept its quote.
pub const SECOND_PERSON_PENCE: i64 = 100_000;

/// SD-7: asked for the change, or sent it.
pub(crate) fn asked_for_it(change: &Change, stamp: &Stamp) -> bool {
    stamp.people().any(|person| change.raised_by.concerns(person) || change.submitted_by.contains(&person))
}
