//! Times that come again: what a person declares on the clock of a place, spread out into instants (RFC 5545, C081).
//!
//! The clock on the wall is what was agreed, so it is kept when the clocks change: an occurrence that begins at 22:00
//! begins at 22:00 in summer and in winter. On the two nights of a change
//!
//! * a time that the clocks skip moves forward by as much as they do, so that 01:30 is 02:30;
//! * a time that comes twice is the first of the two;
//! * where that would leave nothing between start and end, the end stands as long after the start as on any other
//!   night.
//!
//! Both ends follow the same three rules, so no occurrence is ever empty or runs backwards.

mod rule;

pub use rule::{Freq, Rule};

use super::Span;
use crate::refusal::Violation;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeSet;

/// More occurrences than this are not spread out at once.
pub const OCCURRENCES_MOST: usize = 4_000;

/// A rule is followed for this many days, a hundred years; what lies beyond is nobody's plan.
const DAYS_FOLLOWED: i32 = 36_525;

/// The longest that one occurrence may last.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What a person types to say when something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed<'t> {
    /// The IANA name of the zone whose clock is meant.
    pub zone: &'t str,
    /// `2026-12-18T00:00`.
    pub starts: &'t str,
    /// The end of the first occurrence.
    pub ends: &'t str,
    /// An RFC 5545 recurrence rule; empty for what happens once.
    pub rule: &'t str,
    /// Days on which no occurrence begins, although the rule says so: `2026-12-25`, with commas or blanks between.
    pub except: &'t str,
}

/// When something is: once, or by a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    zone_name: String,
    zone: TimeZone,
    starts: DateTime,
    ends: DateTime,
    repeats: Repeats,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repeats {
    /// The instants themselves: one that was stored before zones were may lie in a doubled hour.
    Once(Span),
    ByRule {
        rule: Rule,
        except: BTreeSet<Date>,
    },
}

impl Recurrence {
    /// What happens once, between two instants.
    pub fn once(span: Span, zone_name: &str) -> Recurrence {
        let known = crate::calendar::zone(zone_name);
        let (zone_name, zone) = known.map_or_else(|| (crate::calendar::DEFAULT_ZONE, crate::calendar::london()), |zone| (zone_name, zone));
        let (starts, ends) = (zone.to_datetime(span.from), zone.to_datetime(span.until));
        Recurrence { zone_name: zone_name.to_owned(), zone, starts, ends, repeats: Repeats::Once(span) }
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// Every fault at once, by field (`zone`, `starts`, `ends`, `rule`, `except`): `zone-unknown`, `not-a-time`,
    /// `end-before-start`, `occurrence-too-long`, `not-a-date`, those of [`Rule::read`], and `rule-no-date` where the
    /// rule and its exceptions leave no occurrence at all.
    pub fn read(typed: &Typed) -> Result<Recurrence, Vec<Violation>> {
        let mut faults = vec![];
        let zone = crate::calendar::zone(typed.zone);
        if zone.is_none() {
            faults.push(Violation::of("zone", "zone-unknown").with(typed.zone));
        }
        let starts = moment("starts", typed.starts, &mut faults);
        let ends = moment("ends", typed.ends, &mut faults);
        let except = days(typed.except, &mut faults);
        let rule = match typed.rule.trim() {
            "" => None,
            text => Rule::read(text).map_err(|fault| faults.push(fault)).ok(),
        };
        let (Some(zone), Some(starts), Some(ends), true) = (zone, starts, ends, faults.is_empty()) else { return Err(faults) };
        if ends <= starts {
            return Err(vec![Violation::of("ends", "end-before-start")]);
        }
        if starts.duration_until(ends) > LONGEST {
            return Err(vec![Violation::of("ends", "occurrence-too-long").with(LONGEST.as_hours() / 24)]);
        }
        let mut read = Recurrence {
            zone_name: typed.zone.to_owned(),
            zone,
            starts,
            ends,
            repeats: Repeats::Once(Span { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH }),
        };
        let first = read.occurrence(starts.date()).ok_or_else(|| vec![Violation::of("starts", "not-a-time")])?;
        match rule {
            None => read.repeats = Repeats::Once(first),
            Some(rule) if rule.ends_before(starts, first.from) => return Err(vec![Violation::of("rule", "rule-ends-before-start")]),
            Some(rule) => read.repeats = Repeats::ByRule { rule, except },
        }
        if read.first().is_none() {
            return Err(vec![Violation::of("rule", "rule-no-date")]);
        }
        Ok(read)
    }

    /// The zone whose clock is kept.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Its IANA name.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// Start and end of the first occurrence on the clock, as they were typed.
    pub fn on_the_clock(&self) -> (DateTime, DateTime) {
        (self.starts, self.ends)
    }

    /// The rule, where it comes again.
    pub fn rule(&self) -> Option<&Rule> {
        match &self.repeats {
            Repeats::Once(_) => None,
            Repeats::ByRule { rule, .. } => Some(rule),
        }
    }

    /// Days on which it does not begin although the rule says so.
    pub fn except(&self) -> impl Iterator<Item = Date> + '_ {
        let except = match &self.repeats {
            Repeats::Once(_) => None,
            Repeats::ByRule { except, .. } => Some(except),
        };
        except.into_iter().flatten().copied()
    }

    /// The occurrences that share time with a span, each whole, by start; no more than [`OCCURRENCES_MOST`].
    pub fn spans(&self, within: Span) -> Vec<Span> {
        self.occurrences_after(within.from)
            .take_while(|span| span.from < within.until)
            .filter(|span| span.overlap(within).is_some())
            .take(OCCURRENCES_MOST)
            .collect()
    }

    /// The next occurrences that have not ended, the running one first.
    pub fn next(&self, now: Timestamp, most: usize) -> Vec<Span> {
        self.occurrences_after(now).filter(|span| span.until > now).take(most).collect()
    }

    /// The first occurrence.
    pub fn first(&self) -> Option<Span> {
        self.occurrences_after(Timestamp::MIN).next()
    }

    /// From the first start to the last end. Where the rule has no end of its own the latter is the end of time.
    pub fn envelope(&self) -> Span {
        let first = self.first();
        let from = first.map_or(Timestamp::UNIX_EPOCH, |span| span.from);
        let until = match &self.repeats {
            Repeats::Once(span) => span.until,
            Repeats::ByRule { rule, .. } if rule.is_endless() => Timestamp::MAX,
            Repeats::ByRule { .. } => self.occurrences_after(Timestamp::MIN).take(OCCURRENCES_MOST).map(|span| span.until).max().unwrap_or(from),
        };
        Span { from, until }
    }

    /// Every occurrence that may end after an instant, by start.
    fn occurrences_after(&self, after: Timestamp) -> Box<dyn Iterator<Item = Span> + '_> {
        let (rule, except) = match &self.repeats {
            Repeats::Once(span) => return Box::new(std::iter::once(*span)),
            Repeats::ByRule { rule, except } => (rule, except),
        };
        let start = self.starts.date();
        // An occurrence, whatever the clocks do to it, has ended a day after its length is over.
        let reach = self.starts.duration_until(self.ends) + SignedDuration::from_hours(24);
        let early = after.saturating_add(-reach).unwrap_or(Timestamp::MIN);
        let asked = self.zone.to_datetime(early).date();
        let days = start.series(1.day()).take(DAYS_FOLLOWED as usize).take_while(|day| *day < Date::constant(9990, 1, 1));
        let days = rule.select(self.starts, days, asked, |day| self.occurrence(day).map(|span| span.from));
        Box::new(days.filter(|day| !except.contains(day)).filter_map(|day| self.occurrence(day)))
    }

    /// The occurrence that begins on a day, by the rules at the head of this file.
    fn occurrence(&self, day: Date) -> Option<Span> {
        let starts = day.to_datetime(self.starts.time());
        let on_the_clock = self.starts.duration_until(self.ends);
        let ends = starts.checked_add(on_the_clock).ok()?;
        // "Compatible" is jiff's word for the first two rules.
        let instant = |wall: DateTime| self.zone.to_ambiguous_timestamp(wall).compatible().ok();
        let (from, until) = (instant(starts)?, instant(ends)?);
        let until = if until > from { until } else { from.checked_add(on_the_clock).ok()? };
        Some(Span { from, until })
    }
}

/// `2026-12-18T00:00`; a blank may stand between day and time.
fn moment(field: &str, typed: &str, faults: &mut Vec<Violation>) -> Option<DateTime> {
    let (day, time) = typed.trim().split_once(['T', ' ']).unwrap_or((typed.trim(), ""));
    let found = day.parse::<Date>().ok().zip(crate::calendar::local::parse_time(time)).map(|(day, time)| day.to_datetime(time));
    let found = found.filter(|moment| (1970..=9000).contains(&moment.year()));
    if found.is_none() {
        faults.push(Violation::of(field, "not-a-time"));
    }
    found
}

/// Days, with commas, semicolons or blanks between.
fn days(typed: &str, faults: &mut Vec<Violation>) -> BTreeSet<Date> {
    let mut found = BTreeSet::new();
    for word in typed.split([',', ';', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        match word.parse::<Date>() {
            Ok(day) => {
                found.insert(day);
            }
            Err(_) => faults.push(Violation::of("except", "not-a-date").with(word)),
        }
    }
    found
}

#[cfg(test)]
mod tests;
