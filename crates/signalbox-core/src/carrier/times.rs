//! Times as people write them in notices. What can't be one moment only stays open: a time without a zone, a date whose
//! day and month may be either, a zone that two places on earth share.

use super::labels::Line;
use super::{Doubt, Found};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// Which of day and month stands first in `06/12/2021`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Known(Date),
    /// Two numbers and a year, and the order is not known.
    Either(i16, i8, i8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Utc,
    Fixed(Offset),
    /// A clock that changes: the zone, and what the words said it is ahead by, if they did.
    Clock(&'static str, Option<i8>),
    Unclear,
    Local,
}

/// A date with a time, as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    day: Day,
    time: Time,
    pub(super) zone: Option<Zone>,
    pub(super) words: String,
    /// Where it begins and ends, in bytes.
    pub(super) at: (usize, usize),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What one place on earth means by it; hours ahead where the word says which half of the year.
const ZONES: [(&str, &str, Option<i8>); 20] = [
    ("eastern", "America/New_York", None),
    ("et", "America/New_York", None),
    ("est", "America/New_York", Some(-5)),
    ("edt", "America/New_York", Some(-4)),
    ("central", "America/Chicago", None),
    ("ct", "America/Chicago", None),
    ("cdt", "America/Chicago", Some(-5)),
    ("mountain", "America/Denver", None),
    ("mdt", "America/Denver", Some(-6)),
    ("pacific", "America/Los_Angeles", None),
    ("pt", "America/Los_Angeles", None),
    ("pst", "America/Los_Angeles", Some(-8)),
    ("pdt", "America/Los_Angeles", Some(-7)),
    ("bst", "Europe/London", Some(1)),
    ("uk", "Europe/London", None),
    ("london", "Europe/London", None),
    ("cet", "Europe/Paris", Some(1)),
    ("cest", "Europe/Paris", Some(2)),
    ("hkt", "Asia/Hong_Kong", Some(8)),
    ("jst", "Asia/Tokyo", Some(9)),
];

/// Shared by several places, or by several offsets.
const UNCLEAR: [&str; 7] = ["cst", "ist", "mst", "ast", "sst", "brt", "local"];

#[derive(Clone, Copy, Debug)]
struct Token<'t> {
    text: &'t str,
    at: usize,
}

impl Token<'_> {
    fn number(&self) -> Option<i16> {
        self.text.parse().ok().filter(|_| self.text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn is(&self, text: &str) -> bool {
        self.text.eq_ignore_ascii_case(text)
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let class = |c: char| match c {
        c if c.is_ascii_digit() => 0,
        c if c.is_alphabetic() => 1,
        c if c.is_whitespace() => 2,
        _ => 3,
    };
    let mut found: Vec<(Token, u8)> = vec![];
    for (at, c) in text.char_indices() {
        let (kind, end) = (class(c), at + c.len_utf8());
        match found.last_mut() {
            Some((last, before)) if *before == kind && kind < 3 => last.text = &text[last.at..end],
            _ => found.push((Token { text: &text[at..end], at }, kind)),
        }
    }
    found.into_iter().filter(|(_, kind)| *kind != 2).map(|(token, _)| token).collect()
}

/// Every date with a time in a text, in order.
pub(super) fn stated(text: &str) -> Vec<Stated> {
    let tokens = tokens(text);
    let (mut found, mut at) = (vec![], 0);
    while at < tokens.len() {
        match Scan(&tokens).moment(at) {
            Some((day, time, zone, end)) => {
                let span = (tokens[at].at, tokens[end - 1].end());
                found.push(Stated { day, time, zone, words: text[span.0..span.1].to_owned(), at: span });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// What each reader gives: the value, and the number of the token behind it.
struct Scan<'s, 't>(&'s [Token<'t>]);

impl<'t> Scan<'_, 't> {
    fn get(&self, at: usize) -> Option<&Token<'t>> {
        self.0.get(at)
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.get(at).is_some_and(|token| token.is(text))
    }

    fn skip(&self, mut at: usize, of: &[&str]) -> usize {
        while of.iter().any(|text| self.is(at, text)) {
            at += 1;
        }
        at
    }

    fn moment(&self, at: usize) -> Option<(Day, Time, Option<Zone>, usize)> {
        if at > 0 && self.0[at - 1].end() == self.0[at].at && self.0[at - 1].text.chars().all(char::is_alphanumeric) {
            return None;
        }
        if let Some((day, next)) = self.day(at) {
            let (time, next) = self.time(self.skip(next, &[",", "at", "t", "|"]))?;
            let zone = self.zone(next);
            return Some((day, time, zone.clone().map(|(zone, _)| zone), zone.map_or(next, |(_, next)| next)));
        }
        let (time, next) = self.time(at)?;
        let before = self.zone(next);
        let next = before.as_ref().map_or(next, |(_, next)| *next);
        let (day, next) = self.day(self.skip(next, &[",", "on"]))?;
        let after = if before.is_none() { self.zone(next) } else { None };
        let end = after.as_ref().map_or(next, |(_, next)| *next);
        Some((day, time, before.or(after).map(|(zone, _)| zone), end))
    }

    fn day(&self, at: usize) -> Option<(Day, usize)> {
        let first = self.get(at)?;
        if let Some(month) = month(first.text) {
            let (day, next) = (self.get(at + 1)?.number()?, self.skip(at + 2, &["st", "nd", "rd", "th", ","]));
            let year = self.year(next)?;
            return Some((Day::Known(date(year, month, day)?), next + 1));
        }
        let number = first.number()?;
        let separator = self.get(at + 1)?.text;
        if let (true, "-" | "/" | ".") = (first.text.len() == 4, separator) {
            let (month, day) = (self.get(at + 2)?.number()?, self.get(at + 4)?.number()?);
            return (self.is(at + 3, separator)).then_some((Day::Known(date(number, month, day)?), at + 5));
        }
        if first.text.len() > 2 {
            return None;
        }
        let named = self.skip(at + 1, &["-", "st", "nd", "rd", "th", "of"]);
        if let Some(month) = self.get(named).and_then(|token| month(token.text)) {
            let next = self.skip(named + 1, &["-", ",", "."]);
            return Some((Day::Known(date(self.year(next)?, month, number)?), next + 1));
        }
        if !["/", ".", "-"].contains(&separator) || !self.is(at + 3, separator) {
            return None;
        }
        let second = self.get(at + 2).filter(|token| token.text.len() <= 2)?.number()?;
        Some((either(self.year(at + 4)?, number, second)?, at + 5))
    }

    fn year(&self, at: usize) -> Option<i16> {
        self.get(at).filter(|token| token.text.len() == 4)?.number().filter(|year| (1990..2100).contains(year))
    }

    fn time(&self, at: usize) -> Option<(Time, usize)> {
        let hour = i8::try_from(self.get(at).filter(|token| token.text.len() <= 2)?.number()?).ok()?;
        let part = |at: usize| self.get(at).filter(|token| token.text.len() == 2)?.number().and_then(|number| i8::try_from(number).ok());
        let (mut minute, mut second, mut next) = (0, 0, at + 1);
        if self.is(next, ":") {
            (minute, next) = (part(next + 1)?, next + 2);
            if let (true, Some(seconds)) = (self.is(next, ":"), part(next + 1)) {
                (second, next) = (seconds, next + 2);
            }
        } else if !self.is(next, "am") && !self.is(next, "pm") {
            return None;
        }
        let hour = match (self.is(next, "am"), self.is(next, "pm"), hour) {
            (true, _, 12) => 0,
            (_, true, 1..=11) => hour + 12,
            _ => hour,
        };
        next = self.skip(next, &["am", "pm"]);
        Some((Time::new(hour, minute, second, 0).ok()?, next))
    }

    fn zone(&self, at: usize) -> Option<(Zone, usize)> {
        let inner = self.skip(at, &["(", "[", ","]);
        let first = self.get(inner)?;
        let lower = first.text.to_lowercase();
        let (zone, mut next) = match lower.as_str() {
            "+" | "-" => {
                let (offset, next) = self.offset(inner)?;
                (Zone::Fixed(offset), next)
            }
            "utc" | "gmt" | "z" => match self.hours(inner + 1) {
                // East or west of Greenwich: both are written, and POSIX means the other one.
                Some(_) if lower == "gmt" => (Zone::Unclear, inner + 3),
                Some(offset) => (Zone::Fixed(offset), inner + 3),
                None => (Zone::Utc, inner + 1),
            },
            "local" => (Zone::Local, inner + 1),
            "europe" if self.is(inner + 1, "/") && self.is(inner + 2, "london") => (Zone::Clock("Europe/London", None), inner + 3),
            word if UNCLEAR.contains(&word) => (Zone::Unclear, inner + 1),
            word => {
                let (_, zone, hours) = ZONES.iter().find(|(name, _, _)| *name == word)?;
                (Zone::Clock(zone, *hours), inner + 1)
            }
        };
        next = self.skip(next, &["time", "standard", "daylight", "prevailing", ")", "]"]);
        Some((zone, next))
    }

    /// `+0300` or `+03:00`, close behind the sign.
    fn offset(&self, at: usize) -> Option<(Offset, usize)> {
        let (sign, digits) = (self.get(at)?, self.get(at + 1)?);
        let is_close = digits.at == sign.end();
        let (hours, minutes, next) = match digits.text.len() {
            4 => (digits.number()? / 100, digits.number()? % 100, at + 2),
            2 if self.is(at + 2, ":") => (digits.number()?, self.get(at + 3)?.number()?, at + 4),
            _ => return None,
        };
        let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
        let is_possible = is_close && hours <= 14 && minutes < 60;
        is_possible.then_some((Offset::from_seconds(if sign.is("-") { -seconds } else { seconds }).ok()?, next))
    }

    /// `+3` behind GMT or UTC.
    fn hours(&self, at: usize) -> Option<Offset> {
        let (sign, digits) = (self.get(at)?, self.get(at + 1)?);
        let hours = i8::try_from(digits.number()?).ok().filter(|hours| *hours <= 14)?;
        let is_close = digits.at == sign.end() && self.0[at - 1].end() == sign.at && !self.is(at + 2, ":") && !self.is(at + 2, "/");
        match sign.text {
            "+" if is_close => Offset::from_hours(hours).ok(),
            "-" if is_close => Offset::from_hours(-hours).ok(),
            _ => None,
        }
    }
}

fn month(word: &str) -> Option<i16> {
    let lower = word.to_lowercase();
    let full = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let position = MONTHS.iter().position(|month| *month == lower).or_else(|| full.iter().position(|month| *month == lower));
    position.or_else(|| (lower == "sept").then_some(8)).and_then(|at| i16::try_from(at + 1).ok())
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn either(year: i16, first: i16, second: i16) -> Option<Day> {
    match (date(year, second, first), date(year, first, second)) {
        (Some(a), Some(b)) if a == b => Some(Day::Known(a)),
        (Some(_), Some(_)) => Some(Day::Either(year, i8::try_from(first).ok()?, i8::try_from(second).ok()?)),
        (a, b) => a.or(b).map(Day::Known),
    }
}

/// The order of day and month in a notice, where it says so itself or has a date that can be read in one way only.
pub(super) fn order(subjects: &[String], lines: &[Line]) -> Option<Order> {
    let (mut day_first, mut month_first) = (false, false);
    for text in subjects.iter().cloned().chain(lines.iter().map(Line::text)) {
        let lower = text.to_lowercase();
        day_first |= lower.contains("dd/mm/yyyy");
        month_first |= lower.contains("mm/dd/yyyy");
        for window in tokens(&text).windows(5) {
            let [first, a, second, b, year] = window else { continue };
            let is_date = ["/", "."].contains(&a.text) && a.text == b.text && year.text.len() == 4 && first.text.len() <= 2 && second.text.len() <= 2;
            if let (true, Some(first), Some(second), Some(_)) = (is_date, first.number(), second.number(), year.number()) {
                day_first |= first > 12 && first <= 31 && (1..=12).contains(&second);
                month_first |= second > 12 && second <= 31 && (1..=12).contains(&first);
            }
        }
    }
    match (day_first, month_first) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    }
}

impl Stated {
    /// The moment that it is, if it can be only one.
    fn moment(&self, order: Option<Order>) -> Result<Timestamp, Doubt> {
        let day = match (self.day, order) {
            (Day::Known(day), _) => day,
            (Day::Either(year, day, month), Some(Order::DayFirst)) | (Day::Either(year, month, day), Some(Order::MonthFirst)) => {
                Date::new(year, month, day).map_err(|_| Doubt::DateOrder)?
            }
            (Day::Either(..), None) => return Err(Doubt::DateOrder),
        };
        moment(day.to_datetime(self.time), self.zone.as_ref())
    }
}

fn moment(wall: DateTime, zone: Option<&Zone>) -> Result<Timestamp, Doubt> {
    let fixed = |offset: Offset| offset.to_timestamp(wall).map_err(|_| Doubt::Unclear);
    match zone {
        None | Some(Zone::Local) => Err(Doubt::NoZone),
        Some(Zone::Unclear) => Err(Doubt::ZoneUnclear),
        Some(Zone::Utc) => fixed(Offset::UTC),
        Some(Zone::Fixed(offset)) => fixed(*offset),
        Some(Zone::Clock(name, hours)) => on_the_clock(wall, name, *hours),
    }
}

/// On the clock of a place. A word that says which half of the year has to fit the date.
pub(super) fn on_the_clock(wall: DateTime, name: &str, hours: Option<i8>) -> Result<Timestamp, Doubt> {
    let zone = TimeZone::get(name).map_err(|_| Doubt::ZoneUnclear)?;
    let Some(hours) = hours else {
        let found = zone.to_ambiguous_timestamp(wall);
        return found.unambiguous().map_err(|_| Doubt::ClockChange);
    };
    let offset = Offset::from_hours(hours).map_err(|_| Doubt::ZoneUnclear)?;
    let at = offset.to_timestamp(wall).map_err(|_| Doubt::Unclear)?;
    if zone.to_offset(at) == offset { Ok(at) } else { Err(Doubt::ZoneUnclear) }
}

/// The one moment that all places agree on.
pub(super) fn settled(stated: &[Stated], order: Option<Order>, calendars: impl Iterator<Item = (Timestamp, String)>) -> Found<Timestamp> {
    let mut known: Vec<(Timestamp, String)> = calendars.collect();
    let mut doubts = vec![];
    for one in stated {
        match one.moment(order) {
            Ok(at) => known.push((at, one.words.clone())),
            Err(doubt) => doubts.push((doubt, &one.words)),
        }
    }
    let words = |all: &[(Timestamp, String)]| all.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(" · ");
    known.sort_by_key(|(at, _)| *at);
    known.dedup_by_key(|(at, _)| *at);
    match (known.as_slice(), doubts.first()) {
        ([(at, _)], _) => Found::plain(*at, &words(&known)),
        ([], Some((doubt, words))) => Found::open(*doubt, words),
        ([], None) => Found::not_said(),
        _ => Found::open(Doubt::Differs, &words(&known)),
    }
}

/// The zone that a label names, such as `Start Date (GMT)`.
pub(super) fn zone_in(label: &str) -> Option<Zone> {
    let tokens = tokens(label);
    (0..tokens.len()).find_map(|at| Scan(&tokens).zone(at)).map(|(zone, _)| zone).filter(|zone| matches!(zone, Zone::Utc | Zone::Clock(..)))
}
