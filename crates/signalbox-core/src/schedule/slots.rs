//! The next free times for a piece of work (C072, C073): where nothing stands in its way, the best first, and why each
//! earlier time was refused.
//!
//! One walk finds everything that could ever stand in the way within the horizon. Each such thing then forbids, or
//! makes dearer, a range of starts on a grid of quarter hours. So all windows, freezes, people, limits and clinic hours
//! are asked at once, and asking costs as much as one check and the length of the horizon.

use super::graph::Marks;
use super::index::{Asked, Reason, Starts};
use super::{BACK_TO_BACK, Clash, ClashRule, PlannedWork, ScheduleIndex, Span};
use crate::calendar::local;
use crate::clinical::hours::ClinicHours;
use crate::words::vocabulary;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::ops::Range;

/// Starts are looked for on this grid.
pub const STEP: SignedDuration = SignedDuration::from_mins(15);
/// A shift hands over for so long before and after its time.
pub const HANDOVER: SignedDuration = SignedDuration::from_mins(15);
/// Two times that are offered lie at least so far apart.
const APART: SignedDuration = SignedDuration::from_hours(1);
/// The most starts that are looked at: about a year.
const STARTS_MOST: usize = 4 * 24 * 366;
/// The most refused stretches that are told.
const REFUSED_MOST: usize = 60;

/// More handovers than this no site has.
const HANDOVERS_MOST: usize = 12;

/// The local times at which shifts hand over, as somebody types them: `07:30; 20:30`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_handovers(words: &str) -> Result<Vec<Time>, String> {
    let parts: Vec<&str> = words.split([';', ',']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > HANDOVERS_MOST {
        return Err(format!("Name at most {HANDOVERS_MOST} times."));
    }
    parts.into_iter().map(|part| local::parse_time(part).ok_or_else(|| format!("Write times such as 07:30; 20:30; “{part}” is not one."))).collect()
}

vocabulary! {
    /// What makes a time dearer, in points. The cheapest is offered first.
    Cost {
        /// A point for every whole day from the beginning of the horizon.
        Waiting = "waiting", "days to wait";
        /// Thirty points for each warning.
        Warning = "warning", "warnings";
        /// Sixty points for each agreement whose windows do not hold it.
        Maintenance = "maintenance", "outside an agreed maintenance window";
        /// A point for every five minutes.
        Clinic = "clinic", "in clinic hours";
        /// Fifteen points for each.
        Handover = "handover", "over a shift’s handover";
        /// Forty points for each limit that is not kept.
        Limit = "limit", "earlier than it should be";
    }
}

impl Cost {
    /// Points for one of its kind; for waiting a day, for clinic hours five minutes.
    pub fn points(self) -> u32 {
        match self {
            Cost::Waiting | Cost::Clinic => 1,
            Cost::Warning => 30,
            Cost::Maintenance => 60,
            Cost::Handover => 15,
            Cost::Limit => 40,
        }
    }
}

vocabulary! {
    /// Why work should not begin before a moment.
    LimitKind {
        Past = "past", "it is over";
        Notice = "notice", "the notice asked for would be short";
        Board = "board", "the board has not met by then";
        Gap = "gap", "too soon after the approval";
    }
}

/// A moment before which work should not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub kind: LimitKind,
    /// From then on it is kept.
    pub from: Timestamp,
    /// It refuses; otherwise it costs.
    pub is_hard: bool,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The work; of its span only the length counts, contingency included.
    pub work: &'a PlannedWork,
    /// It begins and ends in here.
    pub within: Span,
    pub zone: &'a TimeZone,
    pub limits: &'a [Limit],
    /// When the services that it affects are busiest with patients.
    pub clinics: &'a [ClinicHours],
    /// Local times at which the shifts of its sites hand over.
    pub handovers: &'a [Time],
    /// How many times are offered at most.
    pub most: usize,
}

/// A time in which nothing stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub span: Span,
    pub cost: u32,
    /// What it is made of, without what costs nothing.
    pub parts: Vec<(Cost, u32)>,
}

/// Starts that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The first and the last start.
    pub first: Timestamp,
    pub last: Timestamp,
    pub why: Why,
}

/// Why a start was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Something stands in the way; `span` is all the time that it holds.
    Clash(Clash),
    Limit(LimitKind),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The cheapest first; of equal ones the earlier.
    pub slots: Vec<Slot>,
    /// Everything refused before the last of them, by time.
    pub refused: Vec<Refused>,
}

/// The starts, and what is known of each.
struct Grid {
    first: i64,
    count: usize,
    length: i64,
    /// A reason for each start, from 1; 0: it is free.
    barred: Vec<u32>,
    reasons: Vec<Why>,
    /// Points for each start, by kind.
    costs: Vec<Vec<u32>>,
}

fn micros(length: SignedDuration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 4)
}

impl Grid {
    fn new(wish: &Wish) -> Grid {
        let step = micros(STEP);
        let length = micros(wish.work.span.length()).max(1);
        let (from, until) = (wish.within.from.as_microsecond(), wish.within.until.as_microsecond());
        let first = from.div_euclid(step) * step + if from.rem_euclid(step) == 0 { 0 } else { step };
        let count = if until - length >= first { ((until - length - first) / step + 1) as usize } else { 0 }.min(STARTS_MOST);
        Grid { first, count, length, barred: vec![0; count], reasons: vec![], costs: vec![vec![0; count]; Cost::ALL.len()] }
    }

    fn start(&self, at: usize) -> i64 {
        self.first + at as i64 * micros(STEP)
    }

    fn clamp(&self, from: i64, until: i64) -> Range<usize> {
        let place = |at: i64| at.clamp(0, self.count as i64) as usize;
        place(from)..place(until.max(from))
    }

    /// Starts strictly between two moments.
    fn between(&self, after: i64, before: i64) -> Range<usize> {
        let step = micros(STEP);
        self.clamp((after - self.first).div_euclid(step) + 1, -(-(before - self.first)).div_euclid(step))
    }

    /// Starts from one moment to another, both included.
    fn starts(&self, from: i64, to: i64) -> Range<usize> {
        self.between(from - 1, to + 1)
    }

    /// Starts whose work would share time with a span.
    fn over(&self, span: Span) -> Range<usize> {
        self.between(span.from.as_microsecond().saturating_sub(self.length), span.until.as_microsecond())
    }

    fn add(&mut self, cost: Cost, starts: Range<usize>, points: u32) {
        self.costs[cost as usize][starts].iter_mut().for_each(|sum| *sum += points);
    }

    /// The first reason given to a start stays.
    fn bar(&mut self, starts: Range<usize>, why: Why) {
        self.reasons.push(why);
        let number = self.reasons.len() as u32;
        self.barred[starts].iter_mut().filter(|reason| **reason == 0).for_each(|reason| *reason = number);
    }

    fn cost(&self, at: usize) -> u32 {
        self.costs.iter().map(|kind| kind[at]).sum()
    }
}

impl ScheduleIndex {
    /// The next free times for a piece of work.
    pub fn slots(&self, marks: &mut Marks, wish: &Wish) -> Found {
        let mut grid = Grid::new(wish);
        if grid.count == 0 {
            return Found::default();
        }
        let asked = self.ask(wish.work, marks);
        self.lay_limits(&mut grid, wish);
        let mut bars: Vec<(Range<usize>, Why)> = vec![];
        for Reason { clash, starts } in self.reasons(&asked, marks, wish.within) {
            let over = match starts {
                Starts::Over => grid.over(clash.span),
                Starts::Before(moment) => grid.between(i64::MIN / 4, moment.as_microsecond()),
                Starts::After(moment) => grid.between(moment.as_microsecond().saturating_sub(grid.length), i64::MAX / 4),
            };
            if matches!(clash.rule, ClashRule::SameItem | ClashRule::Related | ClashRule::Pair) {
                // Near it, and over it where it only warns.
                let near = micros(BACK_TO_BACK);
                let (from, until) = (clash.span.from.as_microsecond(), clash.span.until.as_microsecond());
                grid.add(Cost::Warning, grid.starts(from - grid.length - near, until + near), Cost::Warning.points());
            } else if !clash.is_hard() {
                grid.add(Cost::Warning, over.clone(), Cost::Warning.points());
            }
            if clash.is_hard() {
                bars.push((over, Why::Clash(clash)));
            }
        }
        bars.sort_by(|a, b| a.1.cmp(&b.1));
        bars.into_iter().for_each(|(starts, why)| grid.bar(starts, why));
        self.lay_maintenance(&mut grid, &asked, marks);
        lay_hours(&mut grid, wish);
        choose(&grid, wish)
    }

    fn lay_limits(&self, grid: &mut Grid, wish: &Wish) {
        for limit in wish.limits {
            let early = grid.between(i64::MIN / 4, limit.from.as_microsecond());
            if limit.is_hard {
                grid.bar(early, Why::Limit(limit.kind));
            } else {
                grid.add(Cost::Limit, early, Cost::Limit.points());
            }
        }
        let day = micros(SignedDuration::from_hours(24));
        for at in 0..grid.count {
            let days = (grid.start(at) - wish.within.from.as_microsecond()) / day;
            grid.costs[Cost::Waiting as usize][at] = days as u32 * Cost::Waiting.points();
        }
    }

    fn lay_maintenance(&self, grid: &mut Grid, asked: &Asked, marks: &Marks) {
        let Some(horizon) = self.calendars.horizon else { return };
        let known = grid.starts(horizon.from.as_microsecond(), horizon.until.as_microsecond() - grid.length);
        for (_, windows) in self.agreed(asked, marks) {
            let mut outside = vec![false; grid.count];
            outside[known.clone()].iter_mut().for_each(|one| *one = true);
            for window in windows.within(horizon).filter(|window| asked.work.level <= window.up_to) {
                let inside = grid.starts(window.span.from.as_microsecond(), window.span.until.as_microsecond() - grid.length);
                outside[inside].iter_mut().for_each(|one| *one = false);
            }
            let costs = &mut grid.costs[Cost::Maintenance as usize];
            costs.iter_mut().zip(outside).filter(|(_, outside)| *outside).for_each(|(sum, _)| *sum += Cost::Maintenance.points());
        }
    }
}

/// Clinic hours and handovers, by the clocks of the place.
fn lay_hours(grid: &mut Grid, wish: &Wish) {
    let mut busy: Vec<(i64, i64)> = vec![];
    let mut handovers: BTreeSet<i64> = BTreeSet::new();
    let mut day = wish.zone.to_datetime(wish.within.from).date();
    let last = wish.zone.to_datetime(wish.within.until).date();
    while day <= last {
        let hours = wish.clinics.iter().flat_map(|clinic| clinic.on(day, wish.zone));
        busy.extend(hours.map(|(from, until)| (from.as_microsecond(), until.as_microsecond())));
        let at = |time: &Time| wish.zone.to_ambiguous_zoned(day.to_datetime(*time)).compatible().ok();
        handovers.extend(wish.handovers.iter().filter_map(at).map(|zoned| zoned.timestamp().as_microsecond()));
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    for handover in handovers {
        let around = grid.between(handover - micros(HANDOVER) - grid.length, handover + micros(HANDOVER));
        grid.add(Cost::Handover, around, Cost::Handover.points());
    }
    let busy = merged(busy);
    if busy.is_empty() {
        return;
    }
    let (mut opens, mut ends) = (Cursor::default(), Cursor::default());
    for at in 0..grid.count {
        let start = grid.start(at);
        let minutes = (ends.until(&busy, start + grid.length) - opens.until(&busy, start)) / 60_000_000;
        grid.costs[Cost::Clinic as usize][at] = (minutes / 5) as u32 * Cost::Clinic.points();
    }
}

/// Stretches without overlap, by time.
fn merged(mut all: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    all.sort_unstable();
    let mut merged: Vec<(i64, i64)> = vec![];
    for (from, until) in all {
        match merged.last_mut().filter(|last| last.1 >= from) {
            Some(last) => last.1 = last.1.max(until),
            None => merged.push((from, until)),
        }
    }
    merged
}

/// Sums stretches up to moments that only rise.
#[derive(Default)]
struct Cursor {
    next: usize,
    sum: i64,
}

impl Cursor {
    fn until(&mut self, stretches: &[(i64, i64)], moment: i64) -> i64 {
        while let Some((from, until)) = stretches.get(self.next).filter(|stretch| stretch.1 <= moment) {
            self.sum += until - from;
            self.next += 1;
        }
        self.sum + stretches.get(self.next).map_or(0, |(from, _)| (moment - from).max(0))
    }
}

/// The cheapest starts that lie apart, and what was refused before the last of them.
fn choose(grid: &Grid, wish: &Wish) -> Found {
    let mut free: Vec<(u32, usize)> = (0..grid.count).filter(|at| grid.barred[*at] == 0).map(|at| (grid.cost(at), at)).collect();
    free.sort_unstable();
    let apart = (grid.length.max(micros(APART)) as u64).div_ceil(micros(STEP) as u64) as usize;
    let mut chosen: Vec<(u32, usize)> = vec![];
    for (cost, at) in free {
        if chosen.len() == wish.most {
            break;
        }
        if chosen.iter().all(|(_, other)| other.abs_diff(at) >= apart) {
            chosen.push((cost, at));
        }
    }
    let moment = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(wish.within.until);
    let slot = |(cost, at): &(u32, usize)| Slot {
        span: Span { from: moment(grid.start(*at)), until: moment(grid.start(*at) + grid.length) },
        cost: *cost,
        parts: Cost::ALL.iter().map(|kind| (*kind, grid.costs[*kind as usize][*at])).filter(|(_, points)| *points > 0).collect(),
    };
    let last = chosen.iter().map(|(_, at)| *at).max().unwrap_or(grid.count);
    let mut refused: Vec<(usize, usize, u32)> = vec![];
    for at in (0..last).filter(|at| grid.barred[*at] > 0) {
        if let Some(run) = refused.last_mut().filter(|run| run.1 + 1 == at && run.2 == grid.barred[at]) {
            run.1 = at;
        } else if refused.len() == REFUSED_MOST {
            break;
        } else {
            refused.push((at, at, grid.barred[at]));
        }
    }
    let tell = |(first, last, number): (usize, usize, u32)| Refused {
        first: moment(grid.start(first)),
        last: moment(grid.start(last)),
        why: grid.reasons[number as usize - 1].clone(),
    };
    Found { slots: chosen.iter().map(slot).collect(), refused: refused.into_iter().map(tell).collect() }
}
