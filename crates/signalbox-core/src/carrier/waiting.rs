//! When those who confirm carriers' notices are written to about what waits: at once where nothing waited before, and from
//! then on once on the morning of each working day while anything does.

use crate::calendar::{Calendar, local_date};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// When the service hours begin (spec 7.1).
const MORNING: Time = Time::constant(9, 0, 0, 0);

/// When to write about a notice that begins to wait; `others_wait`: something did before it.
pub fn letter_due(others_wait: bool, now: Timestamp, calendar: &Calendar, zone: &TimeZone) -> Timestamp {
    if others_wait { next_morning(now, calendar, zone).1 } else { now }
}

/// The next working day, never today, and the moment of its morning. There is one letter for a day.
pub fn next_morning(now: Timestamp, calendar: &Calendar, zone: &TimeZone) -> (Date, Timestamp) {
    let day = calendar.add_working_days(local_date(now, zone), 1);
    // Only a date at the very end of time has no instant; that letter is never due.
    (day, zone.to_timestamp(day.to_datetime(MORNING)).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Division, london};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_is_written_of_at_once_and_the_others_on_the_next_working_morning() {
        let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), london());
        let due = |others_wait, now: &str| letter_due(others_wait, at(now), &calendar, &zone);
        assert_eq!(due(false, "2026-11-21T03:00:00Z"), at("2026-11-21T03:00:00Z"), "a Saturday night is no reason to wait");
        for (now, morning) in [
            ("2026-11-17T12:00:00Z", "2026-11-18T09:00:00Z"),
            ("2026-11-17T03:00:00Z", "2026-11-18T09:00:00Z"),
            ("2026-11-20T18:00:00Z", "2026-11-23T09:00:00Z"),
            ("2026-11-21T03:00:00Z", "2026-11-23T09:00:00Z"),
            // Christmas, the substitute for Boxing Day, and a weekend between.
            ("2026-12-24T12:00:00Z", "2026-12-29T09:00:00Z"),
            // In summer the morning is an hour earlier, and a day begins before midnight in UTC.
            ("2026-06-16T23:30:00Z", "2026-06-18T08:00:00Z"),
        ] {
            assert_eq!(due(true, now), at(morning), "{now}");
        }
    }
}
