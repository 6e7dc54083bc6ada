//! The clinic hours of a service: when it is busiest with patients, so that whoever picks a time sees it.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Stretches of the week, such as `Mon-Fri 08:00-18:00; Sat 09:00-13:00`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClinicHours {
    spans: Vec<(Vec<Weekday>, Time, Time)>,
    words: String,
}

impl ClinicHours {
    /// Reads hours as somebody types them. `Err` is a sentence.
    ///
    /// # Errors
    /// When a part is not days and times.
    pub fn parse(words: &str) -> Result<ClinicHours, String> {
        let mut spans = vec![];
        for part in words.split([';', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            spans.push(span(part).ok_or_else(|| format!("Write days and times such as Mon-Fri 08:00-18:00; “{part}” is not that."))?);
        }
        Ok(ClinicHours { spans, words: words.trim().to_owned() })
    }

    /// As typed.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Nothing is known of them.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The stretches of a day, by the clocks of the zone.
    pub fn on(&self, day: Date, zone: &TimeZone) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let at = move |time: Time| zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok().map(|zoned| zoned.timestamp());
        self.spans.iter().filter(move |(days, ..)| days.contains(&day.weekday())).filter_map(move |(_, from, until)| at(*from).zip(at(*until)))
    }

    /// Minutes of a window that lie in these hours, by the clocks of the zone.
    pub fn minutes_within(&self, start: Timestamp, end: Timestamp, zone: &TimeZone) -> i64 {
        let mut day = zone.to_datetime(start).date();
        let last = zone.to_datetime(end).date();
        let mut minutes = 0;
        while day <= last {
            for (from, until) in self.on(day, zone) {
                minutes += (until.min(end).as_second() - from.max(start).as_second()).max(0) / 60;
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        minutes
    }
}

fn span(part: &str) -> Option<(Vec<Weekday>, Time, Time)> {
    let (days, times) = part.split_once(char::is_whitespace)?;
    let day = |name: &str| DAYS.iter().position(|(short, _)| name.to_ascii_lowercase().starts_with(short));
    let (first, last) = days.split_once(['-', '–']).map_or((days, days), |(first, last)| (first, last));
    let (first, last) = (day(first)?, day(last)?);
    let days = (0..7).map(|n| (first + n) % 7).take((last + 7 - first) % 7 + 1).map(|n| DAYS[n].1).collect();
    let (from, until) = times.split_once(['-', '–'])?;
    let time = |words: &str| {
        let words = words.trim();
        crate::calendar::local::parse_time(words).or_else(|| crate::calendar::local::parse_time(&format!("{words}:00")))
    };
    let (from, until) = (time(from)?, time(until)?);
    (from < until).then_some((days, from, until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::london;

    #[test]
    fn hours_are_read_as_people_write_them() {
        let hours = ClinicHours::parse("Mon-Fri 08:00-18:00; Sat 9-13").unwrap();
        let within = |from: &str, to: &str| {
            let at = |wall: &str| wall.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/London").unwrap().timestamp();
            hours.minutes_within(at(from), at(to), &london())
        };
        assert_eq!(within("2026-12-07T06:00", "2026-12-07T09:30"), 90, "Monday morning");
        assert_eq!(within("2026-12-07T18:00", "2026-12-08T08:00"), 0, "a night, half-open on both ends");
        assert_eq!(within("2026-12-11T17:00", "2026-12-12T10:00"), 120, "Friday into Saturday");
        assert_eq!(within("2026-12-13T09:00", "2026-12-13T12:00"), 0, "Sunday");
        assert_eq!(ClinicHours::parse("Sat-Sun 10:00-12:00").unwrap().spans[0].0.len(), 2);
        for wrong in ["always", "Mon 18:00-08:00", "Mon-Fri", "Someday 08:00-09:00"] {
            assert!(ClinicHours::parse(wrong).is_err(), "{wrong}");
        }
        assert!(ClinicHours::parse("").unwrap().is_empty());
    }
}
