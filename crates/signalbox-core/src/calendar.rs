//! Working days, notice and local time (spec 7, settled 3, X4). Dates and instants are arguments; nothing here
//! reads a clock.

pub mod holidays;
pub mod local;
pub mod notice;

pub use holidays::{CALENDAR_VERSION, Division};
pub use notice::{Basis, Notice, Verdict};

use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The zone of every organisation that names no other (settled 3).
pub const DEFAULT_ZONE: &str = "Europe/London";

/// The end of the working day: what arrives later counts as the next one, and what is due is due by then
/// (spec 7.1).
pub const CUT_OFF: Time = Time::constant(17, 0, 0, 0);

/// The zone of this IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// Europe/London.
pub fn london() -> TimeZone {
    // The zone data are bundled with the program, so the name is always known; UTC only satisfies the type.
    zone(DEFAULT_ZONE).unwrap_or(TimeZone::UTC)
}

/// Which days are free, under a version that a verdict can keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Whose holidays these are.
    pub division: Division,
    /// The version of the shipped facts, followed by every later change in the order it was made.
    pub version: String,
    holidays: Arc<BTreeMap<Date, String>>,
}

impl Calendar {
    /// The calendar of a division as shipped.
    pub fn shipped(division: Division) -> Calendar {
        Calendar { division, version: CALENDAR_VERSION.to_owned(), holidays: shipped(division) }
    }

    /// The same calendar with one more holiday, under a new version (scenario 5).
    #[must_use]
    pub fn with_holiday(&self, date: Date, name: &str) -> Calendar {
        let mut calendar = self.clone();
        Arc::make_mut(&mut calendar.holidays).insert(date, name.to_owned());
        calendar.version = format!("{}+{date}", self.version);
        calendar
    }

    /// The name of the holiday on this date, if it is one.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        self.holidays.get(&date).map(String::as_str)
    }

    /// Monday to Friday and no bank holiday (spec 7.1).
    pub fn is_working_day(&self, date: Date) -> bool {
        is_weekday(date) && !self.holidays.contains_key(&date)
    }

    /// How many working days d there are with `after < d <= until`. None where `until` is not after.
    pub fn working_days_between(&self, after: Date, until: Date) -> i64 {
        if until <= after {
            return 0;
        }
        let free = self.holidays.range(after..=until).filter(|(date, _)| **date > after && is_weekday(**date)).count();
        weekdays_until(until) - weekdays_until(after) - i64::try_from(free).unwrap_or(i64::MAX)
    }

    /// The nth working day after `from` (before it, for a negative number); `from` itself for 0.
    pub fn add_working_days(&self, from: Date, working_days: i64) -> Date {
        let step = working_days.signum();
        let (mut date, mut left) = (from, working_days.abs());
        while left > 0 {
            let next = shift_days(date, step);
            if next == date {
                break; // the end of the calendar
            }
            date = next;
            if self.is_working_day(date) {
                left -= 1;
            }
        }
        date
    }

    /// The date itself if it is a working day, else the next one.
    fn working_day_from(&self, from: Date) -> Date {
        if self.is_working_day(from) { from } else { self.add_working_days(from, 1) }
    }

    /// When something is due that is asked for at `from` and may take n working days: at 17:00 local time. What
    /// is asked after 17:00 or on a free day counts as asked on the next working day.
    pub fn due_at(&self, from: Timestamp, working_days: i64, zone: &TimeZone) -> Timestamp {
        let asked = self.rolled_date(from, zone);
        at_cut_off(self.add_working_days(asked, working_days), zone)
    }

    /// A due time that leaves room before the start: never later than 17:00 two working days before it (X4), and
    /// never before it was asked for, so that what comes too late for the cap is due at once.
    pub fn due_before_start(&self, from: Timestamp, working_days: i64, start: Timestamp, zone: &TimeZone) -> Timestamp {
        let cap = at_cut_off(self.add_working_days(local_date(start, zone), -2), zone);
        self.due_at(from, working_days, zone).min(cap).max(from)
    }

    /// The working day on which something counts as received: the next one after 17:00 or on a free day
    /// (spec 7.1).
    pub fn rolled_date(&self, received: Timestamp, zone: &TimeZone) -> Date {
        let wall = zone.to_datetime(received);
        if wall.time() > CUT_OFF { self.add_working_days(wall.date(), 1) } else { self.working_day_from(wall.date()) }
    }
}

/// The holidays of a division, worked out once: every command asks for them.
fn shipped(division: Division) -> Arc<BTreeMap<Date, String>> {
    static KNOWN: [OnceLock<Arc<BTreeMap<Date, String>>>; 3] = [const { OnceLock::new() }; 3];
    let slot = Division::ALL.iter().position(|known| *known == division).and_then(|at| KNOWN.get(at));
    slot.map_or_else(|| Arc::new(holidays::shipped(division)), |slot| Arc::clone(slot.get_or_init(|| Arc::new(holidays::shipped(division)))))
}

/// The local date of an instant.
pub fn local_date(instant: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(instant).date()
}

/// The instant at which a working day ends.
pub fn at_cut_off(date: Date, zone: &TimeZone) -> Timestamp {
    // Only a date at the very end of time has no instant; it is due never.
    zone.to_timestamp(date.to_datetime(CUT_OFF)).unwrap_or(Timestamp::MAX)
}

/// A date so many days later (or earlier), held at the ends of the calendar.
pub(crate) fn shift_days(from: Date, days: i64) -> Date {
    from.saturating_add(SignedDuration::from_hours(days.saturating_mul(24).clamp(-200_000_000, 200_000_000)))
}

/// Whole days from one date to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

pub(crate) fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Weekdays up to and including this date, counted from a Monday, so that a difference of two counts needs no
/// walk through the days between.
fn weekdays_until(until: Date) -> i64 {
    let days = days_between(date(1970, 1, 5), until);
    5 * days.div_euclid(7) + (days.rem_euclid(7) + 1).min(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn england() -> Calendar {
        Calendar::shipped(Division::EnglandAndWales)
    }
    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(london()).unwrap().timestamp()
    }

    #[test]
    fn working_days_are_weekdays_without_holidays() {
        let england = england();
        assert!(england.is_working_day(date(2026, 5, 22)));
        assert!(!england.is_working_day(date(2026, 5, 23)));
        assert!(!england.is_working_day(date(2026, 5, 25)));
        assert_eq!(england.holiday(date(2026, 5, 25)), Some("Spring bank holiday"));
        assert!(Calendar::shipped(Division::Scotland).is_working_day(date(2026, 8, 31)));
    }

    #[test]
    fn counting_by_formula_equals_counting_one_by_one() {
        let england = england().with_holiday(date(2027, 2, 6), "a Saturday given as a holiday counts once");
        let mut seed = 11_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((seed >> 33) % below).unwrap()
        };
        for _ in 0..500 {
            let after = shift_days(date(2012, 1, 1), next(7_000) - 2_000);
            let until = shift_days(after, next(120) - 10);
            let mut day = after;
            let mut counted = 0;
            while day < until {
                day = day.tomorrow().unwrap();
                counted += i64::from(england.is_working_day(day));
            }
            assert_eq!(england.working_days_between(after, until), counted, "{after} {until}");
        }
    }

    #[test]
    fn adding_working_days_skips_weekends_and_holidays_both_ways() {
        let england = england();
        assert_eq!(england.add_working_days(date(2026, 4, 2), 1), date(2026, 4, 7));
        assert_eq!(england.add_working_days(date(2026, 4, 7), -1), date(2026, 4, 2));
        assert_eq!(england.add_working_days(date(2026, 4, 4), 0), date(2026, 4, 4));
        assert_eq!(england.add_working_days(Date::MAX, 3), Date::MAX);
        assert_eq!(england.add_working_days(Date::MIN, -3), Date::MIN);
    }

    #[test]
    fn due_times_are_at_five_local_and_roll_after_five() {
        let england = england();
        let london = london();
        assert_eq!(england.due_at(at("2026-11-17T16:59"), 3, &london), at("2026-11-20T17:00"));
        assert_eq!(england.due_at(at("2026-11-17T17:00"), 3, &london), at("2026-11-20T17:00"));
        assert_eq!(england.due_at(at("2026-11-17T17:01"), 3, &london), at("2026-11-23T17:00"));
        // Over the clock change the hour on the wall stays 17:00.
        assert_eq!(england.due_at(at("2026-10-23T10:00"), 1, &london).to_string(), "2026-10-26T17:00:00Z");
        assert_eq!(england.due_at(at("2026-10-22T10:00"), 1, &london).to_string(), "2026-10-23T16:00:00Z");
    }

    #[test]
    fn assessments_are_due_two_working_days_before_the_start() {
        let england = england();
        let london = london();
        let start = at("2026-12-01T06:00");
        assert_eq!(england.due_before_start(at("2026-11-17T09:00"), 5, start, &london), at("2026-11-24T17:00"));
        assert_eq!(england.due_before_start(at("2026-11-24T09:00"), 5, start, &london), at("2026-11-27T17:00"));
        let late = at("2026-11-30T09:00");
        assert_eq!(england.due_before_start(late, 5, start, &london), late);
    }

    #[test]
    fn each_change_of_the_calendar_has_a_version_of_its_own() {
        let shipped = england();
        let more = shipped.with_holiday(date(2026, 6, 15), "given late");
        assert_eq!(more.version, "gb-2026.1+2026-06-15");
        assert!(!more.is_working_day(date(2026, 6, 15)));
        assert!(shipped.is_working_day(date(2026, 6, 15)), "the old version stays as it was");
    }

    #[test]
    fn scenario_05_a_holiday_announced_later_moves_open_due_dates() {
        let before = england();
        let after = before.with_holiday(date(2026, 11, 19), "given late");
        let asked = at("2026-11-17T09:00");
        assert_eq!(before.due_at(asked, 3, &london()), at("2026-11-20T17:00"));
        assert_eq!(after.due_at(asked, 3, &london()), at("2026-11-23T17:00"));
    }
}
