//! The words of risk: band, category, closeness to patients; the timing of a start; the clinical screening (spec 6.3,
//! 8.3, X11). What follows from what is in the tables of the documents.

use crate::calendar::Calendar;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

vocabulary! {
    /// How near to the patient a service is. A fact of the service, not an opinion of the change (X8).
    Care {
        /// Not at all.
        None = "none", "none";
        /// Care depends on it by a detour.
        Indirect = "indirect", "indirect";
        /// Used in direct care.
        Direct = "direct", "direct";
        /// Used in direct care in an emergency department, theatre, intensive care, maternity or imaging.
        DirectCritical = "direct_critical", "direct: emergency department, theatres, intensive care, maternity or imaging";
    }
}

vocabulary! {
    /// How risky it is.
    RiskBand {
        Low = "low", "low";
        Medium = "medium", "medium";
        High = "high", "high";
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
