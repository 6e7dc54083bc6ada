//! How available each service is going to be (C038): what planned work and national outages take from it, week by
//! week.
//!
//! Lengths are whole minutes of elapsed time; a minute of which a part is taken counts whole, so that no figure
//! flatters. Weeks are local: those in which the clocks change have 167 or 169 hours. What overlaps counts once, by
//! the worst that happens in it.

use super::graph::{Marks, Node, Number, Tie};
use super::{Level, ScheduleIndex, Span};
use crate::calendar::shift_days;
use crate::ids::ServiceId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// A week from Monday to Sunday, as the clocks of a place show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its first day.
    pub monday: Date,
    /// From midnight to midnight.
    pub span: Span,
}

/// So many weeks on end, from a Monday on. A week that the calendar cannot hold is left out.
pub fn weeks(monday: Date, count: i64, zone: &TimeZone) -> Vec<Week> {
    let begins = |date: Date| date.to_zoned(zone.clone()).ok().map(|midnight| midnight.timestamp());
    let week = |n| {
        let monday = shift_days(monday, 7 * n);
        Some(Week { monday, span: Span { from: begins(monday)?, until: begins(shift_days(monday, 7))? } })
    };
    (0..count).filter_map(week).collect()
}

/// Something planned that takes from what it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The items and services that it touches.
    pub nodes: BTreeSet<Node>,
    /// When.
    pub span: Span,
    /// What it takes away meanwhile.
    pub level: Level,
    /// It is agreed; otherwise it happens only if it is approved.
    pub is_firm: bool,
}

/// What a piece takes from one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When.
    pub span: Span,
    /// How much of it.
    pub level: Level,
    /// It is agreed.
    pub is_firm: bool,
}

/// Minutes of a week, each counted once by the worst level that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minutes {
    /// The service is away.
    pub away: i64,
    /// It is there and works worse.
    pub degraded: i64,
    /// It works as ever, with less to fall back on.
    pub reduced: i64,
}

impl Minutes {
    /// Nothing is taken.
    pub fn is_none(&self) -> bool {
        *self == Minutes::default()
    }
}

/// What is planned of a service in one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// How many minutes the week has.
    pub length: i64,
    /// What is agreed takes so much.
    pub firm: Minutes,
    /// So much is taken if all that waits for approval is approved as well.
    pub if_approved: Minutes,
}

impl Outlook {
    /// The share of the week in which the service is not away, in hundredths of a per cent, rounded down: 9,940 are
    /// 99.40%. A service that is degraded is available.
    pub fn available(&self) -> i64 {
        share(self.length - self.firm.away, self.length)
    }

    /// The same if all that waits for approval is approved.
    pub fn available_if_approved(&self) -> i64 {
        share(self.length - self.if_approved.away, self.length)
    }
}

fn share(minutes: i64, of: i64) -> i64 {
    if of > 0 { minutes * 10_000 / of } else { 10_000 }
}

impl ScheduleIndex {
    /// What each service loses by these pieces: those that they touch, and all that depend on what they touch. What
    /// depends loosely works worse at most, however much is taken from what it leans on (settled 9).
    pub fn taken(&self, marks: &mut Marks, pieces: &[Piece]) -> BTreeMap<ServiceId, Vec<Taken>> {
        let mut all: BTreeMap<ServiceId, Vec<Taken>> = BTreeMap::new();
        for piece in pieces.iter().filter(|piece| piece.level > Level::NoImpact) {
            let mut take = |service, level| all.entry(service).or_default().push(Taken { span: piece.span, level, is_firm: piece.is_firm });
            let known: Vec<Number> = piece.nodes.iter().filter_map(|node| self.graph.known(*node)).collect();
            self.graph.walk(&known, &[], marks);
            for number in &marks.down.reached {
                let Node::Service(service) = self.graph.node(*number) else { continue };
                let is_loose = marks.down.tie(*number) == Some(Tie::Loose);
                take(service, if is_loose { piece.level.min(Level::Degraded) } else { piece.level });
            }
            // A service of which nobody has said what it depends on loses what is done to it.
            for node in piece.nodes.iter().filter(|node| self.graph.known(**node).is_none()) {
                if let Node::Service(service) = node {
                    take(*service, piece.level);
                }
            }
        }
        all
    }
}

/// What a week leaves of a service from which these are taken.
pub fn outlook(taken: &[Taken], week: Span) -> Outlook {
    let here: Vec<Taken> = taken.iter().filter_map(|one| Some(Taken { span: one.span.overlap(week)?, ..*one })).collect();
    let (from, until) = in_minutes(week);
    Outlook { length: until - from, firm: minutes(&here, |one| one.is_firm), if_approved: minutes(&here, |_| true) }
}

/// The worst first: what a worse level has counted, a lesser one does not count again.
fn minutes(taken: &[Taken], counts: fn(&Taken) -> bool) -> Minutes {
    let at_least = |level: Level| union(taken.iter().filter(|one| counts(one) && one.level >= level).map(|one| in_minutes(one.span)).collect());
    let (away, degraded, reduced) = (at_least(Level::Outage), at_least(Level::Degraded), at_least(Level::Reduced));
    Minutes { away, degraded: degraded - away, reduced: reduced - degraded }
}

/// From the minute in which a span begins to the minute before which it ends.
fn in_minutes(span: Span) -> (i64, i64) {
    let micros = |at: Timestamp| at.as_microsecond();
    (micros(span.from).div_euclid(MINUTE), -(-micros(span.until)).div_euclid(MINUTE))
}

/// How long stretches are together, where they overlap once.
fn union(mut stretches: Vec<(i64, i64)>) -> i64 {
    stretches.sort_unstable();
    let (mut length, mut reached) = (0, i64::MIN);
    for (from, until) in stretches {
        length += (until - from.max(reached)).max(0);
        reached = reached.max(until);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::london;
    use crate::ids::ItemId;
    use crate::schedule::{Calendars, Dependency, DependencyKind};
    use jiff::SignedDuration;
    use jiff::civil::date;

    fn item(id: i64) -> Node {
        Node::Item(ItemId(id))
    }
    fn service(id: i64) -> Node {
        Node::Service(ServiceId(id))
    }
    fn span(from: &str, until: &str) -> Span {
        Span { from: from.parse().unwrap(), until: until.parse().unwrap() }
    }
    fn taken(from: &str, until: &str, level: Level) -> Taken {
        Taken { span: span(from, until), level, is_firm: true }
    }

    #[test]
    fn weeks_follow_the_clock_of_the_place() {
        let hours = |monday| weeks(monday, 2, &london()).iter().map(|week| week.span.length().as_hours()).collect::<Vec<_>>();
        assert_eq!(hours(date(2026, 10, 5)), [168, 168]);
        assert_eq!(hours(date(2026, 10, 19)), [169, 168], "the clocks go back on Sunday 25 October");
        assert_eq!(hours(date(2027, 3, 22)), [167, 168], "and forward on Sunday 28 March");
        assert_eq!(weeks(date(2026, 10, 19), 2, &london())[1].monday, date(2026, 10, 26));
        assert_eq!(weeks(Date::MAX, 1, &london()), []);
    }

    #[test]
    fn a_week_of_a_hundred_and_sixty_eight_hours_less_one_is_rounded_down() {
        let week = weeks(date(2026, 11, 16), 1, &london())[0].span;
        let hour = outlook(&[taken("2026-11-17T20:00:00Z", "2026-11-17T21:00:00Z", Level::Outage)], week);
        assert_eq!((hour.length, hour.firm, hour.available()), (10_080, Minutes { away: 60, ..Minutes::default() }, 9_940), "99.404…");
        let minute = outlook(&[taken("2026-11-17T20:00:30Z", "2026-11-17T20:00:31Z", Level::Outage)], week);
        assert_eq!((minute.firm.away, minute.available()), (1, 9_999), "a minute begun counts, and is never rounded away");
        let none = outlook(&[], week);
        assert_eq!((none.firm.is_none(), none.available(), none.available_if_approved()), (true, 10_000, 10_000));
        let all = outlook(&[taken("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", Level::Outage)], week);
        assert_eq!((all.firm.away, all.available()), (10_080, 0), "cut at both ends of the week");
    }

    #[test]
    fn what_overlaps_counts_once_and_the_worst_wins() {
        let week = weeks(date(2026, 11, 16), 1, &london())[0].span;
        let mut all = vec![
            taken("2026-11-17T20:00:00Z", "2026-11-17T22:00:00Z", Level::Outage),
            taken("2026-11-17T21:00:00Z", "2026-11-17T23:00:00Z", Level::Outage),
            taken("2026-11-17T19:00:00Z", "2026-11-17T20:30:00Z", Level::Degraded),
            taken("2026-11-17T18:00:00Z", "2026-11-18T00:00:00Z", Level::Reduced),
        ];
        assert_eq!(outlook(&all, week).firm, Minutes { away: 180, degraded: 60, reduced: 120 });
        all[1].is_firm = false;
        let unsure = outlook(&all, week);
        assert_eq!(unsure.firm, Minutes { away: 120, degraded: 60, reduced: 180 });
        assert_eq!(unsure.if_approved, Minutes { away: 180, degraded: 60, reduced: 120 });
        assert_eq!((unsure.available(), unsure.available_if_approved()), (9_880, 9_821));
    }

    #[test]
    fn what_depends_goes_away_and_what_only_leans_on_it_works_worse() {
        let depends = |from, to, kind| Dependency { from, to, kind };
        let edges = [
            depends(service(1), item(1), DependencyKind::Hard),
            depends(service(2), service(1), DependencyKind::Soft),
            depends(service(3), service(2), DependencyKind::Hard),
            depends(item(2), item(1), DependencyKind::RedundantPair),
            depends(service(4), item(2), DependencyKind::Hard),
        ];
        let index = ScheduleIndex::build([], &edges, Calendars::default());
        let piece = |node, level| Piece { nodes: BTreeSet::from([node]), span: span("2026-11-17T20:00:00Z", "2026-11-17T22:00:00Z"), level, is_firm: true };
        let levels = |piece: Piece| {
            let taken = index.taken(&mut Marks::default(), &[piece]);
            taken.into_iter().map(|(service, all)| (service.0, all.iter().map(|one| one.level).collect::<Vec<_>>())).collect::<Vec<_>>()
        };
        assert_eq!(levels(piece(item(1), Level::Outage)), [(1, vec![Level::Outage]), (2, vec![Level::Degraded])]);
        assert_eq!(levels(piece(item(1), Level::Reduced)), [(1, vec![Level::Reduced]), (2, vec![Level::Reduced])]);
        assert_eq!(levels(piece(item(1), Level::NoImpact)), []);
        assert_eq!(levels(piece(service(9), Level::Outage)), [(9, vec![Level::Outage])], "of which nothing is known");
        assert_eq!(levels(piece(item(9), Level::Outage)), []);
    }

    /// Every minute of a week looked at by itself.
    fn naive(taken: &[Taken], week: Span, counts: fn(&Taken) -> bool) -> Minutes {
        let mut minutes = Minutes::default();
        let mut at = week.from;
        while at < week.until {
            let minute = Span { from: at, until: at + SignedDuration::from_mins(1) };
            let worst = taken.iter().filter(|one| counts(one) && one.span.overlap(minute).is_some()).map(|one| one.level).max();
            match worst {
                Some(Level::Outage) => minutes.away += 1,
                Some(Level::Degraded) => minutes.degraded += 1,
                Some(Level::Reduced) => minutes.reduced += 1,
                Some(Level::NoImpact) | None => {}
            }
            at = minute.until;
        }
        minutes
    }

    #[test]
    fn availability_equals_that_of_an_oracle_in_random_weeks() {
        let mut seed = 38_u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((seed >> 33) % bound).unwrap()
        };
        // An ordinary week and both in which the clocks change, each with work about the change.
        let all: Vec<Week> = [date(2026, 11, 16), date(2026, 10, 19), date(2027, 3, 22)].iter().flat_map(|monday| weeks(*monday, 1, &london())).collect();
        for round in 0..60 {
            let week = all[round % all.len()].span;
            let mut taken: Vec<Taken> = (0..below(14))
                .map(|_| {
                    // Seconds too, and now and then work that begins before the week or ends after it.
                    let from = week.from + SignedDuration::from_secs(below(8 * 86_400) - 43_200);
                    let until = from + SignedDuration::from_secs(below(30 * 3_600));
                    Taken { span: Span { from, until }, level: Level::ALL[below(4) as usize], is_firm: below(3) > 0 }
                })
                .collect();
            let change = week.until - SignedDuration::from_hours(24);
            taken.push(Taken { span: Span { from: change, until: change + SignedDuration::from_hours(3) }, level: Level::Outage, is_firm: below(2) > 0 });
            let found = outlook(&taken, week);
            assert_eq!(found.length, week.length().as_mins());
            assert_eq!(found.firm, naive(&taken, week, |one| one.is_firm), "round {round}");
            assert_eq!(found.if_approved, naive(&taken, week, |_| true), "round {round}");
        }
    }
}
