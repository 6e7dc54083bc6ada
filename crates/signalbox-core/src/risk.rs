//! Impact, risk and the category that follows from them; the clinical screening (spec 6.2, 6.3, 8.3, X11).

mod impact;

pub use impact::{Care, Impact, ImpactFacts, ImpactRow, RowHit, impact};

use crate::calendar::Calendar;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

vocabulary! {
    /// The six questions of spec 6.3, each answered 0 to 3.
    RiskQuestion {
        /// Done the same way before: 0 three times or more, 1 once or twice, 2 only something similar, 3 never.
        Novelty = "novelty", "Have you done this before, the same way?";
        /// Teams and steps.
        Complexity = "complexity", "How many teams and steps does it take?";
        /// 0 full and like for like, 3 untested.
        Testing = "testing", "How well is it tested?";
        /// 0 tested and under 30 minutes, 3 none.
        BackOut = "back_out", "How can you go back?";
        /// Shared components.
        BlastRadius = "blast_radius", "How much else shares what you touch?";
        /// 0 agreed window, 1 evening, 2 service hours, 3 near a freeze or peak.
        Timing = "timing", "When will it happen?";
    }
}

/// The answers to the six questions, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "[u8; 6]", into = "[u8; 6]")]
pub struct RiskAnswers([u8; 6]);

impl RiskAnswers {
    /// Takes six answers of 0 to 3.
    pub fn new(answers: [u8; 6]) -> Option<RiskAnswers> {
        answers.iter().all(|answer| *answer <= 3).then_some(RiskAnswers(answers))
    }

    /// The answer to one question.
    pub fn answer(self, question: RiskQuestion) -> u8 {
        RiskQuestion::ALL.iter().zip(self.0).find(|(asked, _)| **asked == question).map_or(0, |(_, answer)| answer)
    }

    /// The sum, out of 18 (X16).
    pub fn sum(self) -> u8 {
        self.0.iter().sum()
    }
}

impl TryFrom<[u8; 6]> for RiskAnswers {
    type Error = &'static str;
    fn try_from(answers: [u8; 6]) -> Result<RiskAnswers, &'static str> {
        RiskAnswers::new(answers).ok_or("risk-answer-out-of-range")
    }
}

impl From<RiskAnswers> for [u8; 6] {
    fn from(answers: RiskAnswers) -> [u8; 6] {
        answers.0
    }
}

vocabulary! {
    /// How risky the sum is.
    RiskBand {
        /// 0 to 4.
        Low = "low", "low";
        /// 5 to 9.
        Medium = "medium", "medium";
        /// 10 to 13.
        High = "high", "high";
        /// 14 to 18.
        VeryHigh = "very_high", "very high";
    }
}

vocabulary! {
    /// What a change is treated as.
    Category {
        /// Small and safe.
        Minor = "minor", "minor";
        /// Worth a wider look.
        Significant = "significant", "significant";
        /// Two boards and twenty days.
        Major = "major", "major";
    }
}

/// The band of a sum (spec 6.3).
pub fn risk_band(sum: u8) -> RiskBand {
    match sum {
        0..=4 => RiskBand::Low,
        5..=9 => RiskBand::Medium,
        10..=13 => RiskBand::High,
        _ => RiskBand::VeryHigh,
    }
}

/// The category matrix of spec 6.3.
pub fn category(sum: u8, impact: Impact) -> Category {
    use Category::{Major, Minor, Significant};
    let row = match risk_band(sum) {
        RiskBand::Low => [Major, Significant, Minor, Minor],
        RiskBand::Medium => [Major, Significant, Significant, Minor],
        RiskBand::High => [Major, Major, Significant, Significant],
        RiskBand::VeryHigh => [Major; 4],
    };
    row[usize::from(impact.level() - 1)]
}

/// What a person knows about the timing and the calendar does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimingFacts {
    /// The start lies in an agreed maintenance window.
    pub in_agreed_window: bool,
    /// A freeze, winter pressure or another known peak is near.
    pub near_freeze_or_peak: bool,
}

/// The answer to the timing question for a start. Monday 07:00 to 11:00, Friday afternoon, the eve of a holiday
/// and the last working day of a month are peaks (spec 6.3, X11).
pub fn timing_score(start: Timestamp, facts: TimingFacts, zone: &TimeZone, calendar: &Calendar) -> u8 {
    const SEVEN: Time = Time::constant(7, 0, 0, 0);
    const NINE: Time = Time::constant(9, 0, 0, 0);
    const ELEVEN: Time = Time::constant(11, 0, 0, 0);
    const NOON: Time = Time::constant(12, 0, 0, 0);
    let wall = zone.to_datetime(start);
    let (day, time) = (wall.date(), wall.time());
    let is_working = calendar.is_working_day(day);
    let is_afternoon = (NOON..crate::calendar::CUT_OFF).contains(&time);
    let monday_morning = is_working && day.weekday() == Weekday::Monday && (SEVEN..ELEVEN).contains(&time);
    let before_rest = is_working && is_afternoon && (day.weekday() == Weekday::Friday || is_holiday_eve(day, calendar));
    let in_service_hours = is_working && (NINE..crate::calendar::CUT_OFF).contains(&time);
    if facts.near_freeze_or_peak || monday_morning || before_rest || (in_service_hours && is_month_end(day, calendar)) {
        3
    } else if facts.in_agreed_window {
        0
    } else if in_service_hours {
        2
    } else {
        1
    }
}

fn is_holiday_eve(day: Date, calendar: &Calendar) -> bool {
    day.tomorrow().is_ok_and(|next| calendar.holiday(next).is_some())
}

fn is_month_end(day: Date, calendar: &Calendar) -> bool {
    calendar.working_days_between(day, day.last_of_month()) == 0
}

vocabulary! {
    /// The eight questions of spec 8.3. Any yes asks for a full clinical review.
    ScreeningQuestion {
        /// Any system used in direct care.
        DirectCare = "direct_care", "Does it touch a system used in direct care?";
        /// What is shown, merged or coded, or its timing.
        DataShown = "data_shown", "Does it change what data is shown, merged or coded, or when?";
        /// Identity or worklists.
        PatientIdentity = "patient_identity", "Does it change patient identity matching or worklists?";
        /// Longer than the plan allows.
        BeyondContinuity = "beyond_continuity", "Does it take such a system away for longer than its continuity plan allows?";
        /// Alerts, doses, results, orders.
        AlertsAndOrders = "alerts_and_orders", "Does it change alerts, doses, results or order flows?";
        /// Both of a pair.
        RedundantPair = "redundant_pair", "Does it affect both halves of a redundant pair?";
        /// Between clinical systems.
        ClinicalInterface = "clinical_interface", "Does it change an interface or firewall between clinical systems?";
        /// Doubt counts as yes.
        Unsure = "unsure", "Are you unsure about any of these?";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Division, london};

    #[test]
    fn bands_turn_at_their_bounds() {
        let bands: Vec<_> = [0, 4, 5, 9, 10, 13, 14, 18].into_iter().map(|sum| risk_band(sum).code()).collect();
        assert_eq!(bands, ["low", "low", "medium", "medium", "high", "high", "very_high", "very_high"]);
    }

    #[test]
    fn the_category_matrix_is_that_of_the_specification() {
        let printed: Vec<String> =
            [0, 5, 10, 14].into_iter().map(|sum| [4, 3, 2, 1].map(|level| category(sum, Impact::new(level).unwrap()).code()).join(" ")).collect();
        assert_eq!(
            printed,
            ["minor minor significant major", "minor significant significant major", "significant significant major major", "major major major major"]
        );
    }

    #[test]
    fn answers_are_held_to_their_range_and_summed_out_of_eighteen() {
        assert_eq!(RiskAnswers::new([0, 0, 4, 0, 0, 0]), None);
        assert_eq!(RiskAnswers::new([3; 6]).unwrap().sum(), 18);
        let answers = RiskAnswers::new([0, 1, 2, 3, 0, 1]).unwrap();
        assert_eq!((answers.sum(), answers.answer(RiskQuestion::BackOut), answers.answer(RiskQuestion::Timing)), (7, 3, 1));
        assert!(serde_json::from_str::<RiskAnswers>("[0,0,0,0,0,4]").is_err());
        assert_eq!(serde_json::from_str::<RiskAnswers>("[0,1,2,3,0,1]").unwrap(), answers);
    }

    #[test]
    fn timing_counts_friday_afternoons_and_holiday_eves() {
        let calendar = Calendar::shipped(Division::EnglandAndWales);
        let score = |start: &str, facts| {
            let start = start.parse::<jiff::civil::DateTime>().unwrap().to_zoned(london()).unwrap().timestamp();
            timing_score(start, facts, &london(), &calendar)
        };
        let none = TimingFacts::default();
        let agreed = TimingFacts { in_agreed_window: true, ..none };
        for (start, expected) in [
            ("2026-11-17T22:00", 1), // Tuesday night
            ("2026-11-17T10:00", 2),
            ("2026-11-16T07:00", 3), // Monday morning
            ("2026-11-16T11:00", 2),
            ("2026-11-20T11:59", 2), // Friday
            ("2026-11-20T12:00", 3),
            ("2026-11-20T17:00", 1),
            ("2026-11-21T12:00", 1), // Saturday
            ("2026-12-24T13:00", 3), // the eve of Christmas Day, a Thursday
            ("2026-12-25T10:00", 1), // a holiday has no service hours
            ("2026-06-30T10:00", 3), // month end, a Tuesday
            ("2026-10-30T10:00", 3), // Friday, the last working day of October
        ] {
            assert_eq!(score(start, none), expected, "{start}");
        }
        assert_eq!(score("2026-11-17T10:00", agreed), 0);
        assert_eq!(score("2026-11-20T13:00", agreed), 3);
        assert_eq!(score("2026-11-17T22:00", TimingFacts { near_freeze_or_peak: true, ..agreed }), 3);
    }

    #[test]
    fn there_are_eight_screening_questions_with_codes_of_their_own() {
        assert_eq!(ScreeningQuestion::ALL.len(), 8);
        for question in ScreeningQuestion::ALL {
            assert_eq!(ScreeningQuestion::from_code(question.code()), Some(*question));
        }
    }
}
