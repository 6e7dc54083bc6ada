//! The rate card (C133): what the supplier charges, from a date to a date. Rows lie in the store; a quote's line keeps
//! the row that its price came from.

use super::LineKind;
use crate::words::vocabulary;
use jiff::civil::Date;

vocabulary! {
    /// What a row of the card prices.
    RateKind {
        Labour = "labour", "labour";
        OnCall = "on_call", "on call or out of hours";
        Travel = "travel", "travel";
        Equipment = "equipment", "plant or equipment";
        Licence = "licence", "licence";
        Lifecycle = "lifecycle", "life cycle";
        Running = "running", "running cost";
        ThirdParty = "third_party", "third party";
        Catalogue = "catalogue", "entry of the catalogue";
    }
}

impl RateKind {
    /// The kind of quote line that it prices.
    pub fn line_kind(self) -> LineKind {
        LineKind::from_code(self.code()).unwrap_or(LineKind::Labour)
    }
}

/// A row of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateFact {
    pub id: i64,
    pub kind: RateKind,
    /// The grade, the thing, or the entry of the catalogue.
    pub label: String,
    pub unit: String,
    pub unit_pence: i64,
    pub vat_rate: i64,
    pub span: Span,
}

/// A row's days: from a date, to a date or without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Date,
    pub to: Option<Date>,
}

impl Span {
    /// Whether the price holds on this day.
    pub fn holds(&self, on: Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// Whether some day lies in both.
    pub fn overlaps(&self, other: &Span) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span { from: from.parse().unwrap(), to: to.parse().ok() }
    }

    #[test]
    fn a_price_holds_on_its_last_day_and_no_two_hold_on_one() {
        let old = span("2026-04-01", "2027-03-31");
        assert!(old.holds("2026-04-01".parse().unwrap()) && old.holds("2027-03-31".parse().unwrap()));
        assert!(!old.holds("2027-04-01".parse().unwrap()) && !old.holds("2026-03-31".parse().unwrap()));
        assert!(old.overlaps(&span("2027-03-31", "")) && span("2027-03-31", "").overlaps(&old));
        assert!(!old.overlaps(&span("2027-04-01", "")) && !span("2027-04-01", "").overlaps(&old));
        assert!(span("2020-01-01", "").overlaps(&span("2030-01-01", "")));
    }
}
