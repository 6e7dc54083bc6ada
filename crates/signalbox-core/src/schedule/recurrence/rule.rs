//! The part of RFC 5545 recurrence rules that people use: a day is one of the rule's or it is not.

use crate::refusal::Violation;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

/// The largest COUNT and INTERVAL.
const NUMBER_MOST: u32 = 1_000;

vocabulary! {
    /// How often a rule looks: nothing comes more than once a day.
    Freq {
        Daily = "DAILY", "day";
        Weekly = "WEEKLY", "week";
        Monthly = "MONTHLY", "month";
        Yearly = "YEARLY", "year";
    }
}

/// The end of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// On the clock of the place, included.
    Clock(DateTime),
    /// An instant, included.
    Instant(Timestamp),
}

/// A recurrence rule: FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY and WKST.
///
/// As in RFC 5545, days that fall out of a month are not moved into it, and COUNT counts before days are taken out.
/// The first occurrence is the first day of the rule, which need not be the day from which it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    freq: Freq,
    interval: u32,
    count: Option<u32>,
    until: Option<Until>,
    by_month: Vec<i8>,
    by_month_day: Vec<i8>,
    /// With a number, the first, second or last of them in the month or year.
    by_day: Vec<(Option<i16>, Weekday)>,
    week_start: Weekday,
}

impl Rule {
    /// Reads a rule such as `FREQ=MONTHLY;BYDAY=1SU`, with or without `RRULE:` before it.
    ///
    /// # Errors
    /// One fault of the field `rule`: `rule-unknown-part` with the part, `rule-sub-daily` with the frequency,
    /// `rule-bad-value` with the part as it was typed, `rule-no-frequency`, `rule-count-and-until`.
    pub fn read(text: &str) -> Result<Rule, Violation> {
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text).trim_end_matches(';');
        let mut rule = Rule {
            text: text.to_owned(),
            freq: Freq::Daily,
            interval: 1,
            count: None,
            until: None,
            by_month: vec![],
            by_month_day: vec![],
            by_day: vec![],
            week_start: Weekday::Monday,
        };
        let mut seen = vec![];
        for part in text.split(';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if seen.contains(&name) {
                return Err(bad_value(part));
            }
            seen.push(name);
            rule.put(name, value, part)?;
        }
        if !seen.contains(&"FREQ") {
            return Err(Violation::of("rule", "rule-no-frequency"));
        }
        if rule.count.is_some() && rule.until.is_some() {
            return Err(Violation::of("rule", "rule-count-and-until"));
        }
        rule.hangs_together()?;
        Ok(rule)
    }

    fn put(&mut self, name: &str, value: &str, part: &str) -> Result<(), Violation> {
        let bad = || bad_value(part);
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=NUMBER_MOST).contains(number)).ok_or_else(bad);
        match name {
            "FREQ" if matches!(value, "HOURLY" | "MINUTELY" | "SECONDLY") => return Err(Violation::of("rule", "rule-sub-daily").with(value)),
            "FREQ" => self.freq = Freq::from_code(value).ok_or_else(bad)?,
            "INTERVAL" => self.interval = number(value)?,
            "COUNT" => self.count = Some(number(value)?),
            "UNTIL" => self.until = Some(until(value).ok_or_else(bad)?),
            "BYMONTH" => self.by_month = list(value, |text| between(text, 1, 12)).ok_or_else(bad)?,
            "BYMONTHDAY" => self.by_month_day = list(value, |text| between(text, -31, 31)).ok_or_else(bad)?,
            "BYDAY" => self.by_day = list(value, numbered_day).ok_or_else(bad)?,
            "WKST" => self.week_start = weekday(value).ok_or_else(bad)?,
            _ => return Err(Violation::of("rule", "rule-unknown-part").with(name)),
        }
        Ok(())
    }

    /// What RFC 5545 says of parts that do not go together.
    fn hangs_together(&self) -> Result<(), Violation> {
        let most = match self.freq {
            Freq::Daily | Freq::Weekly => 0,
            Freq::Yearly if self.by_month.is_empty() => 53,
            Freq::Monthly | Freq::Yearly => 5,
        };
        if self.by_day.iter().any(|(number, _)| number.is_some_and(|number| number.abs() > most)) {
            return Err(bad_value("BYDAY"));
        }
        if self.freq == Freq::Weekly && !self.by_month_day.is_empty() { Err(bad_value("BYMONTHDAY")) } else { Ok(()) }
    }

    /// The rule as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How often it looks.
    pub fn freq(&self) -> Freq {
        self.freq
    }

    /// Every how many days, weeks, months or years.
    pub fn interval(&self) -> u32 {
        self.interval
    }

    /// How many times it comes, if that is its end.
    pub fn count(&self) -> Option<u32> {
        self.count
    }

    /// The last day on which it may begin, if that is its end.
    pub fn until(&self, zone: &TimeZone) -> Option<Date> {
        self.until.map(|until| match until {
            Until::Clock(wall) => wall.date(),
            Until::Instant(at) => zone.to_datetime(at).date(),
        })
    }

    /// The months in which it comes; none named means all.
    pub fn months(&self) -> &[i8] {
        &self.by_month
    }

    /// The days of the month; negative ones count from its end.
    pub fn month_days(&self) -> &[i8] {
        &self.by_month_day
    }

    /// The days of the week, with which of them in the month or year where that is said.
    pub fn week_days(&self) -> &[(Option<i16>, Weekday)] {
        &self.by_day
    }

    /// Whether it goes on for ever.
    pub(super) fn is_endless(&self) -> bool {
        self.count.is_none() && self.until.is_none()
    }

    /// Whether it is over before the first day on which it could come.
    pub(super) fn ends_before(&self, starts: DateTime, first: Timestamp) -> bool {
        self.until.is_some_and(|until| !until.allows(starts, Some(first)))
    }

    /// The days of the rule among days that ascend from its start. Days before `asked` are counted and not given.
    /// `instant` is when the occurrence of a day begins.
    pub(super) fn select<'s>(
        &'s self,
        starts: DateTime,
        days: impl Iterator<Item = Date> + 's,
        asked: Date,
        instant: impl Fn(Date) -> Option<Timestamp> + 's,
    ) -> impl Iterator<Item = Date> + 's {
        let first = starts.date();
        // Only COUNT has to look at the days between.
        let skips = self.count.is_none();
        days.filter(move |day| !(skips && *day < asked) && self.has(first, *day))
            .take(self.count.map_or(usize::MAX, |count| count as usize))
            .take_while(move |day| self.until.is_none_or(|until| until.allows(day.to_datetime(starts.time()), instant(*day))))
            .filter(move |day| *day >= asked)
    }

    /// Whether a day is one of the rule's, were it without end.
    fn has(&self, first: Date, day: Date) -> bool {
        self.is_in_step(first, day) && (self.by_month.is_empty() || self.by_month.contains(&day.month())) && self.is_day(first, day)
    }

    /// Whether the day lies in a period in which the rule comes.
    fn is_in_step(&self, first: Date, day: Date) -> bool {
        let periods = match self.freq {
            Freq::Daily => days_between(first, day),
            Freq::Weekly => days_between(self.week_of(first), self.week_of(day)) / 7,
            Freq::Monthly => i32::from(day.year() - first.year()) * 12 + i32::from(day.month() - first.month()),
            Freq::Yearly => i32::from(day.year() - first.year()),
        };
        periods % self.interval as i32 == 0
    }

    fn week_of(&self, day: Date) -> Date {
        let into = day.weekday().since(self.week_start);
        day.checked_sub(jiff::Span::new().days(into)).unwrap_or(day)
    }

    /// Whether it is one of the days within its period. What the rule does not say is taken from its first day.
    fn is_day(&self, first: Date, day: Date) -> bool {
        if self.by_day.is_empty() && self.by_month_day.is_empty() {
            return match self.freq {
                Freq::Daily => true,
                Freq::Weekly => day.weekday() == first.weekday(),
                Freq::Monthly => day.day() == first.day(),
                Freq::Yearly => day.day() == first.day() && (!self.by_month.is_empty() || day.month() == first.month()),
            };
        }
        let from_end = day.day() - day.days_in_month() - 1;
        let by_date = self.by_month_day.is_empty() || self.by_month_day.iter().any(|number| *number == day.day() || *number == from_end);
        let by_weekday = self.by_day.is_empty() || self.by_day.iter().any(|(number, weekday)| *weekday == day.weekday() && self.is_nth(*number, day));
        by_date && by_weekday
    }

    /// Whether it is the so manieth of its weekday: in the month, or in the year where a yearly rule names no month.
    fn is_nth(&self, number: Option<i16>, day: Date) -> bool {
        let Some(number) = number else { return true };
        let (at, of) = if self.freq == Freq::Yearly && self.by_month.is_empty() {
            (day.day_of_year(), day.days_in_year())
        } else {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        };
        if number > 0 { (at - 1) / 7 + 1 == number } else { (of - at) / 7 + 1 == -number }
    }
}

impl Until {
    fn allows(self, wall: DateTime, instant: Option<Timestamp>) -> bool {
        match self {
            Until::Clock(last) => wall <= last,
            Until::Instant(last) => instant.is_some_and(|at| at <= last),
        }
    }
}

fn bad_value(part: &str) -> Violation {
    Violation::of("rule", "rule-bad-value").with(part)
}

fn days_between(from: Date, until: Date) -> i32 {
    (from.duration_until(until).as_hours() / 24) as i32
}

/// `20261224`, `20261224T220000` or `20261224T220000Z`. A day alone is included whole.
fn until(text: &str) -> Option<Until> {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = Some(day).filter(|day| digits(day, 8)).and_then(|day| Date::strptime("%Y%m%d", day).ok())?;
    let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let wall = match time {
        "" if text.len() == 8 => day.to_datetime(Time::constant(23, 59, 59, 0)),
        time => day.to_datetime(Some(time).filter(|time| digits(time, 6)).and_then(|time| Time::strptime("%H%M%S", time).ok())?),
    };
    if is_utc { TimeZone::UTC.to_timestamp(wall).ok().map(Until::Instant) } else { Some(Until::Clock(wall)) }
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(read).collect()
}

fn between(text: &str, least: i8, most: i8) -> Option<i8> {
    text.parse::<i8>().ok().filter(|number| *number != 0 && (least..=most).contains(number))
}

/// `SU`, `1SU` or `-1FR`.
fn numbered_day(text: &str) -> Option<(Option<i16>, Weekday)> {
    let at = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at))?;
    let (number, day) = text.split_at(at);
    let number = if number.is_empty() { None } else { Some(number.parse::<i16>().ok().filter(|number| *number != 0 && number.abs() <= 53)?) };
    Some((number, weekday(day)?))
}

fn weekday(text: &str) -> Option<Weekday> {
    const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let at = CODES.iter().position(|code| *code == text)?;
    Weekday::from_monday_zero_offset(at as i8).ok()
}
