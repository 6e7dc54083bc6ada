//! The sums behind the reports (spec 12). Numbers go in, numbers go out; which changes are counted is decided by
//! the query, how it looks by the page.

pub mod figures;
pub mod xmr;

/// Below this many a percentage is not printed (spec 12, R-4).
pub const SMALL: u64 = 10;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ratio {
    /// Those that count.
    pub part: u64,
    /// All.
    pub whole: u64,
}

/// What may be said of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// There was nothing to count: neither 0 % nor 100 %.
    None,
    /// Too few for a percentage; a hollow marker on a chart, and out of the traffic light.
    TooSmall,
    /// In tenths of a per cent, rounded half up.
    PerMille(u64),
}

impl Ratio {
    /// What may be said of it.
    pub fn reading(self) -> Reading {
        match self.whole {
            0 => Reading::None,
            whole if whole < SMALL => Reading::TooSmall,
            whole => Reading::PerMille((self.part.saturating_mul(2000).saturating_add(whole)) / whole.saturating_mul(2)),
        }
    }

    /// The words that page, CSV and voice share: `none`, `3 of 4, n too small for a percentage`, `96.4%`.
    pub fn words(self) -> String {
        match self.reading() {
            Reading::None => "none".to_owned(),
            Reading::TooSmall => format!("{} of {}, n too small for a percentage", self.part, self.whole),
            Reading::PerMille(tenths) => format!("{}.{}%", tenths / 10, tenths % 10),
        }
    }

    /// The share in per cent for a chart, hollow or not; none where there was nothing to count.
    pub fn percent(self) -> Option<f64> {
        // Counts of changes are far below the 52 bits that a float holds exactly.
        (self.whole > 0).then(|| self.part as f64 * 100.0 / self.whole as f64)
    }
}

/// How the changes of a period came out: those that were attempted (spec 6.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Outcomes {
    /// As planned.
    pub successful: u64,
    /// Goal met, with trouble.
    pub with_issues: u64,
    /// Some of it.
    pub partial: u64,
    /// Returned to the former state.
    pub backed_out: u64,
    /// Neither met nor returned.
    pub failed: u64,
}

impl Outcomes {
    /// Counts one more, by the code of its outcome. What was never attempted is not counted; the answer says
    /// whether it was.
    pub fn count(&mut self, outcome_code: &str) -> bool {
        let counter = match outcome_code {
            "successful" => &mut self.successful,
            "successful_with_issues" => &mut self.with_issues,
            "partial" => &mut self.partial,
            "backed_out" => &mut self.backed_out,
            "failed" => &mut self.failed,
            _ => return false,
        };
        *counter += 1;
        true
    }

    /// All that were attempted.
    pub fn attempted(&self) -> u64 {
        self.successful + self.with_issues + self.partial + self.backed_out + self.failed
    }

    /// K1: the change success rate.
    pub fn success(&self) -> Ratio {
        Ratio { part: self.successful, whole: self.attempted() }
    }

    /// K2: the share that was backed out.
    pub fn backed_out(&self) -> Ratio {
        Ratio { part: self.backed_out, whole: self.attempted() }
    }
}

/// The middle of the values; of two middle ones the mean.
pub fn median(values: &[f64]) -> Option<f64> {
    percentile(values, 50.0)
}

/// The value below which so many per cent lie, read between neighbours in proportion, as spreadsheets do
/// (PERCENTILE.INC). Values that are no numbers are left out.
fn percentile(values: &[f64], per_cent: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let position = last as f64 * (per_cent / 100.0).clamp(0.0, 1.0);
    // Held between 0 and the last index above, so the cast is exact.
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenario_49_small_numbers() {
        let mut outcomes = Outcomes::default();
        for code in ["successful", "successful", "successful", "failed", "cancelled", "not_implemented"] {
            outcomes.count(code);
        }
        assert_eq!(outcomes.success().words(), "3 of 4, n too small for a percentage");
        assert_eq!(outcomes.success().reading(), Reading::TooSmall);
    }

    #[test]
    fn nothing_to_count_is_none_and_ten_are_enough() {
        assert_eq!(Ratio { part: 0, whole: 0 }.words(), "none");
        assert_eq!(Ratio { part: 0, whole: 0 }.percent(), None);
        assert_eq!(Ratio { part: 9, whole: 9 }.words(), "9 of 9, n too small for a percentage");
        assert_eq!(Ratio { part: 10, whole: 10 }.words(), "100.0%");
        assert_eq!(Ratio { part: 80, whole: 83 }.words(), "96.4%");
        assert_eq!(Ratio { part: 1, whole: 2000 }.words(), "0.1%", "half a tenth is rounded up");
        assert_eq!(Ratio { part: 0, whole: 12 }.words(), "0.0%");
    }

    #[test]
    fn success_is_counted_over_what_was_attempted() {
        let outcomes = Outcomes { successful: 80, with_issues: 10, partial: 4, backed_out: 5, failed: 1 };
        assert_eq!(outcomes.attempted(), 100);
        assert_eq!(outcomes.success().words(), "80.0%");
        assert_eq!(outcomes.backed_out().words(), "5.0%");
        let mut more = outcomes;
        for code in ["cancelled", "withdrawn", "rejected", "clin_rejected", "expired", "duplicate", "unauthorised", "not_implemented", "?"] {
            assert!(!more.count(code), "{code}");
        }
        assert_eq!(more, outcomes);
        for code in ["successful", "successful_with_issues", "partial", "backed_out", "failed"] {
            assert!(more.count(code));
        }
        assert_eq!(more.attempted(), 105);
    }

    #[test]
    fn median_and_percentile_read_between_neighbours() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[f64::NAN]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(percentile(&[1.0, 2.0, 3.0, 4.0, 5.0], 85.0), Some(4.4));
        assert_eq!(percentile(&[7.0], 85.0), Some(7.0));
        assert_eq!(percentile(&[1.0, 9.0], 100.0), Some(9.0));
    }
}
