//! Work that comes again: which of its occurrences are to be made into changes now, and what the answers are that
//! belong to one night (C079).

use super::Span;
use super::recurrence::Recurrence;
use crate::change::Change;
use crate::form::Raw;
use crate::process::{AnswerKind, Process};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How long before its start an occurrence is made where nobody says: four weeks hold more than the ten working days of
/// an outage's notice even over Christmas and New Year, with a week in which its owner looks at it.
pub const LEAD_DAYS_USUAL: i64 = 28;

/// The least and the most that may be asked for.
pub const LEAD_DAYS: std::ops::RangeInclusive<i64> = 1..=366;

/// An occurrence, by the day on which it begins: no rule comes twice a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub day: Date,
    pub span: Span,
}

/// What is to be done of a series at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// To be made into changes.
    pub make: Vec<Occurrence>,
    /// Their start has passed, so that they can only be told of.
    pub missed: Vec<Occurrence>,
}

/// What is due of the occurrences that begin after a moment, those left out whose days are settled already.
pub fn due(when: &Recurrence, counts_from: Timestamp, lead_days: i64, settled: &BTreeSet<Date>, now: Timestamp) -> Due {
    let until = now.saturating_add(lead(lead_days)).unwrap_or(now);
    let mut due = Due::default();
    // A span of no length holds nothing, and what starts at its very end is to be made too.
    let until = until.saturating_add(SignedDuration::from_micros(1)).unwrap_or(until);
    for span in when.spans(Span { from: counts_from, until }).into_iter().filter(|span| span.from > counts_from) {
        let one = Occurrence { day: day(when, span), span };
        if !settled.contains(&one.day) {
            if span.from > now { due.make.push(one) } else { due.missed.push(one) }
        }
    }
    due
}

/// The next occurrences that begin after a moment.
pub fn ahead(when: &Recurrence, after: Timestamp, most: usize) -> Vec<Occurrence> {
    // The running ones come first: no more of them than one for each day that an occurrence lasts, and one at each end.
    let (starts, ends) = when.on_the_clock();
    let running = usize::try_from(starts.duration_until(ends).as_hours() / 24).unwrap_or(0) + 2;
    let coming = when.next(after, most + running).into_iter().filter(|span| span.from > after);
    coming.take(most).map(|span| Occurrence { day: day(when, span), span }).collect()
}

/// When an occurrence is made.
pub fn made_at(span: Span, lead_days: i64) -> Timestamp {
    span.from.saturating_add(-lead(lead_days)).unwrap_or(span.from)
}

fn lead(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn day(when: &Recurrence, span: Span) -> Date {
    when.zone().to_datetime(span.from).date()
}

/// The answers of one night as far as the document asks for them: its window, the latest end as long after the end as the
/// template's, and the day that is wished.
pub fn night(process: &Process, template: &Change, span: Span, zone: &TimeZone) -> Raw {
    let mut raw = Raw::new();
    let mut put = |name: &str, value: String| {
        let id = name.split('.').next().unwrap_or(name);
        if process.question(id).is_some() {
            raw.insert(name.to_owned(), vec![value]);
        }
    };
    put("window.start", span.from.to_string());
    put("window.end", span.until.to_string());
    if let Some(window) = template.window().filter(|window| window.contingency_end > window.end) {
        let longer = window.contingency_end.duration_since(window.end);
        put("contingency_end", span.until.saturating_add(longer).unwrap_or(span.until).to_string());
    }
    if process.question("wanted").is_some_and(|question| question.answer == AnswerKind::Date) {
        put("wanted", zone.to_datetime(span.from).date().to_string());
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::recurrence::Typed;

    fn first_tuesdays() -> Recurrence {
        let typed = Typed { zone: "Europe/London", starts: "2026-12-01T06:00", ends: "2026-12-01T08:00", rule: "FREQ=MONTHLY;BYDAY=1TU", except: "" };
        Recurrence::read(&typed).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn days(all: &[Occurrence]) -> Vec<String> {
        all.iter().map(|one| one.day.to_string()).collect()
    }

    #[test]
    fn an_occurrence_is_due_from_its_lead_to_its_start_and_missed_afterwards() {
        let (when, counts_from) = (first_tuesdays(), at("2026-11-17T12:00:00Z"));
        let due_at = |now: &str, settled: &[&str]| due(&when, counts_from, 28, &settled.iter().map(|day| day.parse().unwrap()).collect(), at(now));
        assert_eq!(days(&due_at("2026-11-17T12:00:00Z", &[]).make), ["2026-12-01"]);
        assert_eq!(days(&due_at("2026-12-08T05:59:59Z", &["2026-12-01"]).make), Vec::<String>::new());
        assert_eq!(days(&due_at("2026-12-08T06:00:00Z", &["2026-12-01"]).make), ["2027-01-05"], "four weeks ahead to the minute");
        let late = due_at("2027-01-05T06:00:00Z", &["2026-12-01"]);
        assert_eq!((days(&late.missed), days(&late.make)), (vec!["2027-01-05".to_owned()], vec!["2027-02-02".to_owned()]));
        assert_eq!(due(&when, at("2027-01-05T06:00:00Z"), 28, &BTreeSet::new(), at("2027-01-05T06:00:00Z")).missed, [], "none from before it counts");
    }

    #[test]
    fn the_clock_is_kept_in_summer_and_what_runs_is_not_ahead() {
        let when = first_tuesdays();
        let coming = ahead(&when, at("2027-03-02T06:30:00Z"), 2);
        assert_eq!(days(&coming), ["2027-04-06", "2027-05-04"]);
        assert_eq!(coming[0].span.from, at("2027-04-06T05:00:00Z"));
        assert_eq!(made_at(coming[0].span, 7), at("2027-03-30T05:00:00Z"));
    }
}
