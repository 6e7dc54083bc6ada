//! The 5×5 matrix of spec 8.1: a look-up and not a product, as data with a version, which every rating keeps. Severity
//! is derived from the harm and from whether it could come to one patient or to more, because by hand it goes wrong.

use crate::words::vocabulary;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// How likely the harm is.
    Likelihood {
        VeryLow = "very_low", "very low";
        Low = "low", "low";
        Medium = "medium", "medium";
        High = "high", "high";
        VeryHigh = "very_high", "very high";
    }
}

vocabulary! {
    /// What harm could come to a patient.
    Harm {
        Death = "death", "death";
        Permanent = "permanent", "permanent life-changing incapacity";
        SevereForLong = "severe_for_long", "severe injury, no recovery expected in the short term";
        Severe = "severe", "severe injury, recovery expected in the short term";
        SevereTrauma = "severe_trauma", "severe psychological trauma";
        MinorForLong = "minor_for_long", "minor injury, no recovery expected in the short term";
        Trauma = "trauma", "significant psychological trauma";
        Minor = "minor", "minor injury, recovery expected in the short term";
        Upset = "upset", "minor upset";
        Inconvenience = "inconvenience", "inconvenience";
        Negligible = "negligible", "negligible";
    }
}

vocabulary! {
    /// To how many patients it could come.
    Patients {
        One = "one", "one patient";
        Many = "many", "more than one patient";
    }
}

vocabulary! {
    /// How grave the harm is; derived, never chosen.
    Severity {
        Minor = "minor", "minor";
        Significant = "significant", "significant";
        Considerable = "considerable", "considerable";
        Major = "major", "major";
        Catastrophic = "catastrophic", "catastrophic";
    }
}

impl Harm {
    /// The severity of this harm to so many patients.
    pub fn severity(self, patients: Patients) -> Severity {
        let (one, many) = match self {
            Harm::Death | Harm::Permanent | Harm::SevereForLong => (Severity::Major, Severity::Catastrophic),
            Harm::Severe | Harm::SevereTrauma => (Severity::Considerable, Severity::Major),
            Harm::MinorForLong | Harm::Trauma => (Severity::Significant, Severity::Considerable),
            Harm::Minor | Harm::Upset | Harm::Inconvenience => (Severity::Minor, Severity::Significant),
            Harm::Negligible => (Severity::Minor, Severity::Minor),
        };
        match patients {
            Patients::One => one,
            Patients::Many => many,
        }
    }
}

/// A matrix: ratings by likelihood, lowest first, and by severity, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    pub version: &'static str,
    pub cells: [[u8; 5]; 5],
}

/// The matrix of the guidance to DCB0129 and DCB0160, on which two independent copies agree cell by cell (spec 8.1).
pub const MATRIX: Matrix = Matrix { version: "dcb-1", cells: [[1, 1, 2, 2, 3], [1, 2, 2, 3, 4], [2, 2, 3, 3, 4], [2, 3, 3, 4, 5], [3, 4, 4, 5, 5]] };

impl Matrix {
    /// The rating in a cell.
    pub fn rating(&self, likelihood: Likelihood, severity: Severity) -> u8 {
        self.cells[likelihood as usize][severity as usize]
    }

    /// Rates a harm.
    pub fn rate(&self, harm: Harm, patients: Patients, likelihood: Likelihood) -> Rating {
        let severity = harm.severity(patients);
        Rating { harm, patients, likelihood, severity, rating: self.rating(likelihood, severity), matrix: self.version.to_owned() }
    }
}

/// A harm, how likely it is, and the rating that follows, with the matrix it was looked up in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub harm: Harm,
    pub patients: Patients,
    pub likelihood: Likelihood,
    pub severity: Severity,
    /// 1 to 5.
    pub rating: u8,
    /// The version of the matrix.
    pub matrix: String,
}

/// What a rating means for accepting it (spec 8.1).
pub fn acceptability(rating: u8) -> &'static str {
    match rating {
        0 | 1 => "acceptable, nothing more is asked for",
        2 => "acceptable where reducing it further costs more than it brings, or is impractical",
        3 => "undesirable: acceptable only where reducing it further is impractical",
        _ => "unacceptable: it has to be eliminated or controlled",
    }
}

/// What each likelihood means, in words.
pub fn likelihood_meaning(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::VeryHigh => "certain, or almost certain",
        Likelihood::High => "not certain but very possible; expected in most cases",
        Likelihood::Medium => "possible",
        Likelihood::Low => "it could happen, but mostly will not",
        Likelihood::VeryLow => "negligible, or nearly so",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_look_up_of_the_specification() {
        let mut counts = [0; 6];
        MATRIX.cells.iter().flatten().for_each(|rating| counts[usize::from(*rating)] += 1);
        assert_eq!(counts, [0, 3, 7, 7, 5, 3]);
        // Neither a product nor a sum: these two cells say so.
        assert_eq!(MATRIX.rating(Likelihood::Low, Severity::Catastrophic), 4);
        assert_eq!(MATRIX.rating(Likelihood::VeryHigh, Severity::Significant), 4);
        let rows: Vec<String> = MATRIX.cells.iter().rev().map(|row| row.map(|cell| cell.to_string()).join(" ")).collect();
        assert_eq!(rows, ["3 4 4 5 5", "2 3 3 4 5", "2 2 3 3 4", "1 2 2 3 4", "1 1 2 2 3"]);
    }

    #[test]
    fn severity_follows_from_harm_and_the_number_of_patients() {
        let of = |harm: Harm| [Patients::One, Patients::Many].map(|patients| harm.severity(patients).code());
        assert_eq!(of(Harm::Death), ["major", "catastrophic"]);
        assert_eq!(of(Harm::Severe), ["considerable", "major"]);
        assert_eq!(of(Harm::Trauma), ["significant", "considerable"]);
        assert_eq!(of(Harm::Inconvenience), ["minor", "significant"]);
        // More patients never make it less grave.
        for harm in Harm::ALL {
            assert!(harm.severity(Patients::One) <= harm.severity(Patients::Many));
        }
    }
}
