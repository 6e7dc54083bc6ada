//! What is offered, decided, reported and billed: the parts of the track's events that its state keeps.

use super::money;
use crate::event::Ruling;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// Whether there is something to pay.
    Chargeable {
        Yes = "yes", "yes";
        No = "no", "no";
        Unknown = "unsure", "not known yet";
    }
}

vocabulary! {
    /// What speaks for a charge, or against it (BR-25).
    Ground {
        OutsideScope = "outside_scope", "neither the contract nor the catalogue covers it";
        Rework = "rework", "it mends what the trust itself caused";
        SupplierFault = "supplier_fault", "it mends the supplier's own fault";
        AuthorityFunded = "authority_funded", "the authority pays for it";
        PriceZero = "price_zero", "its price in the catalogue is nothing";
        LegalDuty = "legal_duty", "the law asks for it";
    }
}

vocabulary! {
    /// Kinds of quote line (spec 9).
    LineKind {
        Labour = "labour", "labour";
        OnCall = "on_call", "on call or out of hours";
        Travel = "travel", "travel";
        Equipment = "equipment", "plant or equipment";
        Licence = "licence", "licence";
        Lifecycle = "lifecycle", "life cycle";
        Running = "running", "running cost";
        ThirdParty = "third_party", "third party";
    }
}

vocabulary! {
    /// Whether a line is paid once or again and again.
    Recurs {
        Once = "once", "once";
        Monthly = "monthly", "each month";
        Yearly = "yearly", "each year";
    }
}

vocabulary! {
    /// How sure the cost of an impact assessment is.
    Confidence {
        Fixed = "fixed", "fixed price";
        Estimate = "estimate", "estimate";
        Range = "range", "within 10 % either way";
    }
}

vocabulary! {
    /// What an invoice is for.
    BillOf {
        Work = "work", "the work";
        ImpactFee = "impact_fee", "the assessment fee";
        AbortFee = "abort_fee", "the fee for cancelling late";
    }
}

/// An amount without tax, and its tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub net_pence: i64,
    pub vat_pence: i64,
}

impl Amount {
    /// Of a net amount at a rate in hundredths of a per cent.
    pub fn at(net_pence: i64, vat_rate: i64) -> Amount {
        Amount { net_pence, vat_pence: money::vat(net_pence, vat_rate) }
    }

    /// With tax.
    pub fn gross_pence(self) -> i64 {
        self.net_pence + self.vat_pence
    }
}

/// One line of a quote. Tax is worked out and rounded on the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    pub what: Text,
    /// In hundredths.
    pub quantity: i64,
    /// What one is, such as a day.
    pub unit: Text,
    pub unit_pence: i64,
    /// In hundredths of a per cent.
    pub vat_rate: i64,
    pub recurs: Recurs,
    pub net_pence: i64,
    pub vat_pence: i64,
    /// The row of the rate card that the price was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<i64>,
}

/// A quote as it is issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// From 1.
    pub version: u32,
    /// The revision of the change that it is for.
    pub revision: u32,
    pub lines: Vec<Line>,
    pub valid_from: Date,
    /// The last day on which it may be accepted.
    pub valid_to: Date,
    pub assumptions: Option<Text>,
    /// What cancelling late costs, if anything (BR-28).
    pub abort_fee: Option<Amount>,
    /// The trust asks that orders cover the tax too.
    pub order_covers_vat: bool,
    pub supersedes: Option<u32>,
}

impl Terms {
    /// Everything, without tax. What recurs counts once.
    pub fn net_pence(&self) -> i64 {
        self.lines.iter().map(|line| line.net_pence).sum()
    }

    /// The tax of all lines.
    pub fn vat_pence(&self) -> i64 {
        self.lines.iter().map(|line| line.vat_pence).sum()
    }

    /// With tax.
    pub fn gross_pence(&self) -> i64 {
        self.net_pence() + self.vat_pence()
    }

    /// What an invoice for the work asks for: everything once. Further terms of what recurs are reminded of.
    pub fn once(&self) -> Amount {
        Amount { net_pence: self.net_pence(), vat_pence: self.vat_pence() }
    }

    /// What comes again and again.
    pub fn recurring(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.recurs != Recurs::Once)
    }
}

/// A purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub number: Text,
    pub value_pence: i64,
    pub date: Date,
}

/// How it was decided whether there is something to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub chargeable: Chargeable,
    /// In the words of the document's table, or `decided`.
    pub because: String,
    pub ground: Option<Ground>,
    pub ruling: Option<Ruling>,
    pub reason: Option<Text>,
}

/// The impact assessment (spec 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub scope: Text,
    pub effect: Text,
    pub other_services: Option<Text>,
    pub contract: Option<Text>,
    pub risk: Option<Text>,
    /// Effort by grade, in days.
    pub effort: Text,
    pub plan: Option<Text>,
    pub dependencies: Option<Text>,
    pub once_pence: i64,
    pub yearly_pence: i64,
    pub confidence: Confidence,
    pub valid_to: Date,
    pub approver: Text,
}

/// A letter to proceed at risk, with its cap (spec 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub cap_pence: i64,
    pub words: Text,
    pub quote_due: Date,
}

/// An invoice as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    pub of: BillOf,
    pub version: Option<u32>,
    pub amount: Amount,
    /// The supplier's own number.
    pub reference: Text,
    pub date: Date,
    pub due: Date,
}
