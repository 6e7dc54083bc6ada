//! Wall time: as a person types it, and as page, mail and read-aloud print it (spec 7.4, scenarios 6 and 7).
//!
//! The words of dates, times and lengths are built here and nowhere else, because page, mail and voice share
//! them.

use super::DEFAULT_ZONE;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Which of two equal wall times is meant on the night when the clocks go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// The one before the change.
    First,
    /// The one after it.
    Second,
}

impl Fold {
    /// The value of the radio button.
    pub fn code(self) -> &'static str {
        match self {
            Fold::First => "first",
            Fold::Second => "second",
        }
    }

    /// The choice of this value.
    pub fn from_code(code: &str) -> Option<Fold> {
        [Fold::First, Fold::Second].into_iter().find(|fold| fold.code() == code)
    }
}

/// One of two instants with the same wall time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldChoice {
    /// The instant.
    pub at: Timestamp,
    /// What stands beside the radio button: `first 01:30 (BST)`.
    pub label: String,
}

/// Why a typed wall time names no single instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalTimeFault {
    /// The clocks go forward over it.
    Gap {
        /// The first wall time after the change.
        next_valid: DateTime,
    },
    /// The clocks go back over it; the person has to choose.
    Fold {
        /// The earlier one.
        first: FoldChoice,
        /// The later one.
        second: FoldChoice,
    },
    /// Outside any time that can be stored.
    NotATime,
}

/// Reads `22:00`, `9:05`, `22.00` or `2200`.
pub fn parse_time(typed: &str) -> Option<Time> {
    let typed = typed.trim();
    let (hour, minute) = match typed.split_once([':', '.']) {
        Some(parts) => parts,
        None if typed.len() == 4 && typed.is_ascii() => typed.split_at(2),
        None => return None,
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(hour.len(), 1 | 2) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// The instant of a wall time. A time in a gap is refused; one in a fold needs a choice (spec 7.4).
pub fn resolve(date: Date, time: Time, zone: &TimeZone, choice: Option<Fold>) -> Result<Timestamp, LocalTimeFault> {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let or_not = |instant: Result<Timestamp, jiff::Error>| instant.map_err(|_| LocalTimeFault::NotATime);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => or_not(ambiguous.compatible()),
        AmbiguousOffset::Gap { .. } => {
            // The change lies before the instant that the old offset would give, by less than the gap's length.
            let after = shift(or_not(ambiguous.later())?, 1);
            let change = zone.preceding(after).next().ok_or(LocalTimeFault::NotATime)?;
            Err(LocalTimeFault::Gap { next_valid: zone.to_datetime(change.timestamp()) })
        }
        AmbiguousOffset::Fold { .. } => {
            let (first, second) = (or_not(ambiguous.earlier())?, or_not(ambiguous.later())?);
            match choice {
                Some(Fold::First) => Ok(first),
                Some(Fold::Second) => Ok(second),
                None => {
                    let label = |fold: Fold, at| format!("{} {} ({})", fold.code(), clock(time), zone_label(at, zone));
                    Err(LocalTimeFault::Fold {
                        first: FoldChoice { at: first, label: label(Fold::First, first) },
                        second: FoldChoice { at: second, label: label(Fold::Second, second) },
                    })
                }
            }
        }
    }
}

/// The wall time of an instant.
pub fn wall(instant: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(instant)
}

/// The zone's short name at this instant: BST or GMT.
pub fn zone_label(instant: Timestamp, zone: &TimeZone) -> String {
    zone.to_offset_info(instant).abbreviation().to_owned()
}

/// Whether the clocks change within 24 hours of this instant, so that the hour alone may mislead (spec 7.4).
fn needs_zone_label(instant: Timestamp, zone: &TimeZone) -> bool {
    const DAY: i64 = 24 * 60 * 60;
    zone.to_offset(shift(instant, -DAY)) != zone.to_offset(shift(instant, DAY))
}

/// `22:00`.
pub fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `22:00`, or `01:30 BST` where the zone must be told: near a change, or outside the United Kingdom.
pub fn time_words(instant: Timestamp, zone: &TimeZone) -> String {
    let time = clock(wall(instant, zone).time());
    if is_label_asked(instant, zone) { format!("{time} {}", zone_label(instant, zone)) } else { time }
}

/// `Tuesday 17 November 2026`.
pub fn date_words(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

/// `Tuesday 17 November`, where the year is plain.
pub fn day_words(date: Date) -> String {
    date.strftime("%A %-d %B").to_string()
}

/// `Tuesday 17 November 2026, 22:00`.
pub fn moment_words(instant: Timestamp, zone: &TimeZone) -> String {
    format!("{}, {}", date_words(wall(instant, zone).date()), time_words(instant, zone))
}

/// `3 hours`, `1 hour 30 minutes`, `2 days 4 hours`; elapsed time, rounded down to the minute.
pub fn duration_words(length: SignedDuration) -> String {
    let minutes = length.as_mins().max(0);
    // A night's work is told in hours, even when it is a day long.
    let (days, rest) = if minutes >= 48 * 60 { (minutes / (24 * 60), minutes % (24 * 60)) } else { (0, minutes) };
    let parts = [(days, "day"), (rest / 60, "hour"), (rest % 60, "minute")];
    let words: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}{}", if *number == 1 { "" } else { "s" })).collect();
    if words.is_empty() { "0 minutes".to_owned() } else { words.join(" ") }
}

/// A window in the words that page, mail and voice share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowWords {
    /// `Tuesday 17 November`; the year stands in it where the window crosses into another.
    pub day: String,
    /// `22:00`, with BST or GMT near a change.
    pub from: String,
    /// `23:00`, or `Wednesday 02:00` when it ends on another day.
    pub to: String,
    /// `4 hours`.
    pub length: String,
    ends_same_day: bool,
}

impl WindowWords {
    /// `Tuesday 17 November, 22:00 to Wednesday 02:00`.
    pub fn sentence(&self) -> String {
        format!("{}, {} to {}", self.day, self.from, self.to)
    }

    /// `00:30 BST - 02:30 GMT (3 hours)` on one day, `22:00 to Wednesday 02:00 (4 hours)` over midnight: a dash
    /// would hide the night between.
    pub fn line(&self) -> String {
        let between = if self.ends_same_day { "-" } else { "to" };
        format!("{} {between} {} ({})", self.from, self.to, self.length)
    }
}

/// Puts a window into words.
pub fn describe_window(start: Timestamp, end: Timestamp, zone: &TimeZone) -> WindowWords {
    let (from, to) = (wall(start, zone), wall(end, zone));
    let labelled = is_label_asked(start, zone) || is_label_asked(end, zone);
    let time = |at: Timestamp, wall: DateTime| {
        let time = clock(wall.time());
        if labelled { format!("{time} {}", zone_label(at, zone)) } else { time }
    };
    let other_year = from.year() != to.year();
    let day = if other_year { date_words(from.date()) } else { day_words(from.date()) };
    let end_time = time(end, to);
    // A weekday alone names a day only within the week.
    let to_words = match super::days_between(from.date(), to.date()) {
        0 => end_time,
        1..=6 if !other_year => format!("{} {end_time}", to.date().strftime("%A")),
        _ if other_year => format!("{}, {end_time}", date_words(to.date())),
        _ => format!("{}, {end_time}", day_words(to.date())),
    };
    WindowWords { day, from: time(start, from), to: to_words, length: duration_words(end.duration_since(start)), ends_same_day: from.date() == to.date() }
}

fn is_label_asked(instant: Timestamp, zone: &TimeZone) -> bool {
    zone.iana_name() != Some(DEFAULT_ZONE) || needs_zone_label(instant, zone)
}

fn shift(instant: Timestamp, seconds: i64) -> Timestamp {
    // Saturating by seconds cannot fail: only calendar units are refused.
    instant.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::super::london;
    use super::*;
    use jiff::civil::{date, time};

    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime>().unwrap().to_zoned(london()).unwrap().timestamp()
    }

    #[test]
    fn scenario_06_window_over_clock_back() {
        let london = london();
        let start = resolve(date(2026, 10, 25), time(0, 30, 0, 0), &london, None).unwrap();
        let end = resolve(date(2026, 10, 25), time(2, 30, 0, 0), &london, None).unwrap();
        assert_eq!((start, end), (utc("2026-10-24T23:30:00Z"), utc("2026-10-25T02:30:00Z")));
        assert_eq!(end.duration_since(start).as_mins(), 180);
        assert_eq!(describe_window(start, end, &london).line(), "00:30 BST - 02:30 GMT (3 hours)");
    }

    #[test]
    fn scenario_07_ambiguous_time() {
        let london = london();
        let fault = resolve(date(2026, 10, 25), time(1, 30, 0, 0), &london, None).unwrap_err();
        let LocalTimeFault::Fold { first, second } = fault else { panic!("{fault:?}") };
        assert_eq!((first.label.as_str(), first.at), ("first 01:30 (BST)", utc("2026-10-25T00:30:00Z")));
        assert_eq!((second.label.as_str(), second.at), ("second 01:30 (GMT)", utc("2026-10-25T01:30:00Z")));
        assert_eq!(resolve(date(2026, 10, 25), time(1, 30, 0, 0), &london, Some(Fold::First)), Ok(first.at));
        assert_eq!(resolve(date(2026, 10, 25), time(1, 30, 0, 0), &london, Some(Fold::Second)), Ok(second.at));
        // 01:00 happens twice, 02:00 once.
        assert!(resolve(date(2026, 10, 25), time(1, 0, 0, 0), &london, None).is_err());
        assert_eq!(resolve(date(2026, 10, 25), time(2, 0, 0, 0), &london, None), Ok(utc("2026-10-25T02:00:00Z")));
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_refused_with_the_next_one() {
        let london = london();
        for minute in [0, 30, 59] {
            assert_eq!(
                resolve(date(2026, 3, 29), time(1, minute, 0, 0), &london, Some(Fold::Second)),
                Err(LocalTimeFault::Gap { next_valid: date(2026, 3, 29).at(2, 0, 0, 0) })
            );
        }
        assert_eq!(resolve(date(2026, 3, 29), time(2, 0, 0, 0), &london, None), Ok(utc("2026-03-29T01:00:00Z")));
        let window = describe_window(at("2026-03-29T00:30"), at("2026-03-29T02:30"), &london);
        assert_eq!(window.line(), "00:30 GMT - 02:30 BST (1 hour)");
    }

    #[test]
    fn a_choice_means_nothing_on_an_ordinary_day_and_the_ends_of_time_are_no_times() {
        let london = london();
        assert_eq!(resolve(date(2026, 11, 17), time(22, 0, 0, 0), &london, Some(Fold::Second)), Ok(utc("2026-11-17T22:00:00Z")));
        assert_eq!(resolve(Date::MAX, time(23, 59, 59, 0), &london, None), Err(LocalTimeFault::NotATime));
    }

    #[test]
    fn the_zone_is_told_within_a_day_of_a_change_only() {
        let london = london();
        assert!(!needs_zone_label(utc("2026-10-24T00:59:59Z"), &london));
        assert!(needs_zone_label(utc("2026-10-24T01:00:00Z"), &london));
        assert!(needs_zone_label(utc("2026-10-26T00:59:59Z"), &london));
        assert!(!needs_zone_label(utc("2026-10-26T01:00:00Z"), &london));
        assert_eq!(time_words(at("2026-11-17T22:00"), &london), "22:00");
        assert_eq!(time_words(at("2026-10-25T12:00"), &london), "12:00 GMT");
        assert_eq!(time_words(utc("2026-11-17T21:00:00Z"), &super::super::zone("Europe/Paris").unwrap()), "22:00 CET");
    }

    #[test]
    fn windows_are_told_with_the_day_they_end() {
        let london = london();
        let words = |start, end| describe_window(at(start), at(end), &london);
        assert_eq!(words("2026-11-17T22:00", "2026-11-18T02:00").sentence(), "Tuesday 17 November, 22:00 to Wednesday 02:00");
        assert_eq!(words("2026-11-17T22:00", "2026-11-18T02:00").line(), "22:00 to Wednesday 02:00 (4 hours)");
        assert_eq!(words("2026-11-17T22:00", "2026-11-17T23:15").sentence(), "Tuesday 17 November, 22:00 to 23:15");
        assert_eq!(words("2026-11-17T22:00", "2026-11-24T02:00").sentence(), "Tuesday 17 November, 22:00 to Tuesday 24 November, 02:00");
        assert_eq!(words("2026-12-31T22:00", "2027-01-01T02:00").sentence(), "Thursday 31 December 2026, 22:00 to Friday 1 January 2027, 02:00");
        assert_eq!(moment_words(at("2026-11-17T22:00"), &london), "Tuesday 17 November 2026, 22:00");
    }

    #[test]
    fn lengths_are_told_in_words() {
        for (minutes, words) in [
            (0, "0 minutes"),
            (-5, "0 minutes"),
            (1, "1 minute"),
            (45, "45 minutes"),
            (60, "1 hour"),
            (90, "1 hour 30 minutes"),
            (121, "2 hours 1 minute"),
            (26 * 60, "26 hours"),
            (48 * 60, "2 days"),
            (52 * 60 + 1, "2 days 4 hours 1 minute"),
        ] {
            assert_eq!(duration_words(SignedDuration::from_mins(minutes)), words);
        }
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        for typed in ["22:05", "22.05", "2205", " 22:05 "] {
            assert_eq!(parse_time(typed), Some(time(22, 5, 0, 0)), "{typed}");
        }
        assert_eq!(parse_time("9:05"), Some(time(9, 5, 0, 0)));
        for typed in ["", "22", "24:00", "22:60", "22:5", "-1:00", "+1:00", "225", "a2:00", "22:00:00", "é22", "１２:00"] {
            assert_eq!(parse_time(typed), None, "{typed}");
        }
    }
}
