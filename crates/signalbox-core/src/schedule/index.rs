//! Everything planned, in memory, ready to be asked.
//!
//! Work is found by the quarters of days that it covers, or by the things that it touches, whichever are fewer, and then
//! asked whether a walk from what is proposed has reached it. So the cost of a question grows with what is near it in time
//! or with its own closure, and not with how much is planned.

use super::graph::{Graph, Marks, Node, Number, Tie};
use super::timeline::Timeline;
use super::touching::Touching;
use super::{
    BACK_TO_BACK, Calendars, Clash, ClashRule, ClashWith, Dependency, Extent, External, Freeze, LONG, Level, Maintenance, PlannedWork, Severity, Span, rank,
};
use crate::change::Stage;
use crate::ids::{ChangeId, OrgId, PersonId, SiteId};
use crate::schedule::Affected;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The quarters into which days are cut, in seconds.
const QUARTER: i64 = 6 * 3600;

/// Work as it is kept: numbers instead of nodes, and no more room than it needs.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub change: ChangeId,
    reference: Box<str>,
    pub span: Span,
    /// Items before services.
    pub nodes: Box<[Number]>,
    items: u16,
    stage_rank: u8,
    level: Level,
    passes_freezes: bool,
    pub sites: Box<[SiteId]>,
    organisations: Box<[OrgId]>,
    people: Box<[PersonId]>,
    after: Box<[ChangeId]>,
    excepted: Box<[i64]>,
}

/// Everything planned, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct ScheduleIndex {
    pub(super) graph: Graph,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_change: BTreeMap<ChangeId, u32>,
    quarters: BTreeMap<i64, Vec<u32>>,
    long: BTreeSet<u32>,
    /// Work under way, which may have outlasted its window.
    running: BTreeSet<u32>,
    touching: Touching,
    /// Which changes wait for one to be over.
    followers: BTreeMap<ChangeId, BTreeSet<ChangeId>>,
    pub(super) calendars: Kept,
}

/// The calendars, sorted for asking.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub freezes: Timeline<Freeze>,
    pub maintenance: BTreeMap<Extent, Timeline<Maintenance>>,
    pub horizon: Option<Span>,
    externals: Timeline<External>,
}

/// How two pieces of work hang together, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Same,
    Pair,
    Firm,
    Loose,
}

/// Something that may stand in the way within a horizon, with all the time that it holds as the clash's span.
pub(super) struct Reason {
    pub clash: Clash,
    pub starts: Starts,
}

/// Which starts it forbids or makes dearer.
pub(super) enum Starts {
    /// Those whose work shares time with the clash's span.
    Over,
    /// Those before a moment.
    Before(Timestamp),
    /// Those whose work is not over at a moment.
    After(Timestamp),
}

/// Work that is asked about, with what it touches by number.
pub(super) struct Asked<'a> {
    pub work: &'a PlannedWork,
    /// What it touches, or is taken to touch.
    touched: Vec<Number>,
}

fn quarter(at: Timestamp) -> i64 {
    at.as_second().div_euclid(QUARTER)
}

/// A half-open span ends before its end.
fn quarters(span: Span) -> std::ops::RangeInclusive<i64> {
    let last =
        if span.until > span.from { (span.until.as_second() - i64::from(span.until.subsec_nanosecond() == 0)).div_euclid(QUARTER) } else { quarter(span.from) };
    quarter(span.from)..=last
}

impl ScheduleIndex {
    /// Builds the index. That a service runs on an item is a hard dependency of the service on the item; the
    /// caller adds those to the declared ones.
    pub fn build(work: impl IntoIterator<Item = PlannedWork>, dependencies: &[Dependency], calendars: Calendars) -> ScheduleIndex {
        let mut index = ScheduleIndex { graph: Graph::new(dependencies), ..ScheduleIndex::default() };
        index.set_calendars(calendars);
        for work in work {
            index.insert(work);
        }
        index
    }

    /// Takes other dependencies in the place of those known.
    pub fn set_dependencies(&mut self, dependencies: &[Dependency]) {
        self.graph.replace(dependencies);
    }

    /// Takes other freezes, maintenance windows and external entries in the place of those known.
    pub fn set_calendars(&mut self, calendars: Calendars) {
        let mut maintenance: BTreeMap<Extent, Vec<Maintenance>> = BTreeMap::new();
        for one in calendars.maintenance {
            maintenance.entry(one.extent).or_default().push(one);
        }
        self.calendars = Kept {
            freezes: Timeline::new(calendars.freezes),
            maintenance: maintenance.into_iter().map(|(extent, rows)| (extent, Timeline::new(rows))).collect(),
            externals: Timeline::new(calendars.externals.into_iter().filter(|one| one.is_outage).collect()),
            horizon: calendars.horizon,
        };
    }

    /// Adds work, or moves it if it is known.
    pub fn insert(&mut self, work: PlannedWork) {
        self.remove(work.change);
        let mut nodes: Vec<Number> = work.nodes.iter().map(|node| self.graph.number(*node)).collect();
        let items = work.nodes.iter().filter(|node| matches!(node, Node::Item(_))).count();
        nodes.shrink_to_fit();
        for change in &work.after {
            self.followers.entry(*change).or_default().insert(work.change);
        }
        let entry = Entry {
            change: work.change,
            reference: work.reference.into_boxed_str(),
            span: work.span,
            nodes: nodes.into_boxed_slice(),
            items: items as u16,
            stage_rank: work.stage_rank,
            level: work.level,
            passes_freezes: work.passes_freezes,
            sites: work.sites.into_iter().collect(),
            organisations: work.organisations.into_iter().collect(),
            people: work.people.into_iter().collect(),
            after: work.after.into_iter().collect(),
            excepted: work.excepted.into_iter().collect(),
        };
        let (change, span) = (entry.change, entry.span);
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            (self.entries.len() - 1) as u32
        });
        self.touching.add(place, &entry.nodes, entry.items > 0, &entry.people);
        if entry.stage_rank == rank(Stage::Implementing) || entry.stage_rank == rank(Stage::BackingOut) {
            self.running.insert(place);
        }
        self.entries[place as usize] = Some(entry);
        self.by_change.insert(change, place);
        if span.length() > LONG {
            self.long.insert(place);
        } else {
            quarters(span).for_each(|quarter| self.quarters.entry(quarter).or_default().push(place));
        }
    }

    /// Takes work out: finished, cancelled, withdrawn. Whether it was known.
    pub fn remove(&mut self, change: ChangeId) -> bool {
        let Some(place) = self.by_change.remove(&change) else { return false };
        let Some(entry) = self.entries[place as usize].take() else { return false };
        self.free.push(place);
        self.touching.remove(place, &entry.nodes, &entry.people);
        self.running.remove(&place);
        if !self.long.remove(&place) {
            for quarter in quarters(entry.span) {
                if let Some(places) = self.quarters.get_mut(&quarter) {
                    places.retain(|one| *one != place);
                    if places.is_empty() {
                        self.quarters.remove(&quarter);
                    }
                }
            }
        }
        for before in &entry.after {
            if let Some(followers) = self.followers.get_mut(before) {
                followers.remove(&change);
                if followers.is_empty() {
                    self.followers.remove(before);
                }
            }
        }
        true
    }

    /// The work of a change.
    pub fn work(&self, change: ChangeId) -> Option<PlannedWork> {
        let entry = self.entry(change)?;
        Some(PlannedWork {
            change,
            reference: entry.reference.to_string(),
            nodes: entry.nodes.iter().map(|number| self.graph.node(*number)).collect(),
            sites: entry.sites.iter().copied().collect(),
            organisations: entry.organisations.iter().copied().collect(),
            people: entry.people.iter().copied().collect(),
            after: entry.after.iter().copied().collect(),
            span: entry.span,
            stage_rank: entry.stage_rank,
            level: entry.level,
            passes_freezes: entry.passes_freezes,
            excepted: entry.excepted.iter().copied().collect(),
        })
    }

    /// How many pieces of work are known.
    pub fn len(&self) -> usize {
        self.by_change.len()
    }

    /// Whether nothing is planned.
    pub fn is_empty(&self) -> bool {
        self.by_change.is_empty()
    }

    /// The changes whose work shares time with a span, by start.
    pub fn changes_within(&self, span: Span) -> Vec<ChangeId> {
        let mut found: Vec<(Timestamp, ChangeId)> =
            self.near(span).filter(|entry| entry.span.overlap(span).is_some()).map(|entry| (entry.span.from, entry.change)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, change)| change).collect()
    }

    /// Everything that goes down or suffers with these, themselves included, each with the way to it.
    pub fn affected(&self, nodes: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        self.graph.affected(nodes)
    }

    /// What these go down or suffer with (spec 10.2).
    pub fn needed(&self, start: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        self.graph.needed(start)
    }

    /// Everything that stands in the way of this work, the worst first. The change's own window does not.
    pub fn check(&self, proposal: &PlannedWork) -> Vec<Clash> {
        self.check_with(&mut Marks::default(), proposal)
    }

    /// The same, with marks that are used again.
    pub fn check_with(&self, marks: &mut Marks, proposal: &PlannedWork) -> Vec<Clash> {
        let asked = self.ask(proposal, marks);
        let mut clashes = vec![];
        for other in self.candidates(&asked, marks, widened(proposal.span)) {
            clashes.extend(self.clash_between(&asked, other, marks));
            clashes.extend(proposal.span.overlap(other.span).and_then(|span| clash_of_people(&asked, other, span)));
        }
        clashes.extend(self.clashes_of_order(&asked));
        clashes.extend(
            self.calendars
                .freezes
                .within(proposal.span)
                .filter_map(|freeze| self.clash_with_freeze(&asked, freeze, marks, freeze.span.overlap(proposal.span)?)),
        );
        clashes.extend(self.clashes_with_maintenance(&asked, marks));
        clashes.extend(
            self.calendars
                .externals
                .within(proposal.span)
                .filter_map(|external| self.clash_with_external(&asked, external, marks, external.span.overlap(proposal.span)?)),
        );
        clashes.sort();
        clashes
    }

    /// Walks from what is proposed.
    pub(super) fn ask<'a>(&self, work: &'a PlannedWork, marks: &mut Marks) -> Asked<'a> {
        let known = |wanted: fn(&Node) -> bool| work.nodes.iter().filter(move |node| wanted(node)).filter_map(|node| self.graph.known(*node));
        let mut touched: Vec<Number> = known(|node| matches!(node, Node::Item(_))).collect();
        let mut beside: Vec<Number> = known(|node| matches!(node, Node::Service(_))).collect();
        if !work.nodes.iter().any(|node| matches!(node, Node::Item(_))) {
            touched = beside.iter().flat_map(|service| self.graph.carried(*service)).copied().collect();
            touched.append(&mut beside);
        }
        touched.sort_unstable();
        touched.dedup();
        self.graph.walk(&touched, &beside, marks);
        Asked { work, touched }
    }

    /// Everything whose window may share time with a span, once each.
    pub(super) fn near(&self, span: Span) -> impl Iterator<Item = &Entry> {
        let asked = quarters(span);
        let first = *asked.start();
        let short = self.quarters.range(asked).flat_map(move |(quarter, places)| {
            let entries = places.iter().filter_map(|place| self.entries[*place as usize].as_ref());
            // Work over several quarters counts in the first of them that is asked about.
            entries.filter(move |entry| self::quarter(entry.span.from).max(first) == *quarter)
        });
        short.chain(self.long.iter().filter_map(|place| self.entries[*place as usize].as_ref()))
    }

    /// Work under way that should have been over before a moment.
    pub(super) fn overdue(&self, at: Timestamp) -> impl Iterator<Item = &Entry> {
        let running = self.running.iter().filter_map(|place| self.entries[*place as usize].as_ref());
        running.filter(move |entry| entry.span.until <= at)
    }

    /// All other work that shares time with a span and may hang together with what is asked about, and more: by time, or
    /// by what the walk has reached, whichever is less to look through.
    fn candidates(&self, asked: &Asked, marks: &Marks, span: Span) -> Vec<&Entry> {
        let is_other = |entry: &&Entry| entry.change != asked.work.change && entry.span.overlap(span).is_some();
        let by_time = self.long.len() + self.quarters.range(quarters(span)).map(|(_, places)| places.len()).sum::<usize>();
        let halves = asked.touched.iter().flat_map(|number| self.graph.pairs(*number));
        let reached = marks.down.reached.iter().chain(&marks.up.reached).chain(halves).copied();
        match self.touching.of(reached, &asked.work.people, by_time) {
            Some(places) => places.into_iter().filter_map(|place| self.entries[place as usize].as_ref()).filter(is_other).collect(),
            None => self.near(span).filter(is_other).collect(),
        }
    }

    fn entry(&self, change: ChangeId) -> Option<&Entry> {
        self.by_change.get(&change).and_then(|place| self.entries[*place as usize].as_ref())
    }

    /// What a piece of work touches or is taken to touch.
    fn touched<'e>(&'e self, entry: &'e Entry) -> impl Iterator<Item = Number> + 'e {
        let own = if entry.items > 0 { &entry.nodes[..entry.items as usize] } else { &entry.nodes[..] };
        let services = if entry.items > 0 { &[][..] } else { own };
        own.iter().chain(services.iter().flat_map(|service| self.graph.carried(*service))).copied()
    }

    /// How close two pieces of work are, and everything of the other that is.
    fn bond(&self, asked: &Asked, other: &Entry, marks: &Marks) -> Option<(Bond, Vec<Number>)> {
        let mut best: Option<(Bond, Vec<Number>)> = None;
        let mut take = |bond: Bond, number: Number| match &mut best {
            Some((known, all)) if *known == bond => all.push(number),
            Some((known, _)) if *known < bond => {}
            _ => best = Some((bond, vec![number])),
        };
        for number in self.touched(other) {
            if asked.touched.binary_search(&number).is_ok() {
                take(Bond::Same, number);
            }
            if self.graph.pairs(number).iter().any(|half| asked.touched.binary_search(half).is_ok()) {
                take(Bond::Pair, number);
            }
            match marks.down.tie(number).into_iter().chain(marks.up.tie(number)).min() {
                Some(Tie::Strict) => take(Bond::Firm, number),
                Some(_) => take(Bond::Loose, number),
                None => {}
            }
        }
        // A service that is only named beside the items hangs together loosely: two sites of one service are not
        // each other's parts.
        for number in &other.nodes {
            if marks.down.tie(*number).or(marks.up.tie(*number)).is_some() {
                take(Bond::Loose, *number);
            }
        }
        best.map(|(bond, mut all)| {
            all.sort_by_key(|number| self.graph.node(*number));
            all.dedup();
            (bond, all)
        })
    }

    fn clash_between(&self, asked: &Asked, other: &Entry, marks: &Marks) -> Option<Clash> {
        let overlap = asked.work.span.overlap(other.span);
        let close = overlap.or_else(|| asked.work.span.gap(other.span).filter(|gap| gap.length() <= BACK_TO_BACK))?;
        self.clash_over(asked, other, marks, close, overlap.is_some())
    }

    /// The clash of two pieces of work that hang together, as it is while they share a span or the span between them.
    fn clash_over(&self, asked: &Asked, other: &Entry, marks: &Marks, span: Span, overlaps: bool) -> Option<Clash> {
        let (bond, caught) = self.bond(asked, other, marks)?;
        let (rule, severity) = rule_of(bond, overlaps, asked.work.level.max(other.level));
        let path = match bond {
            Bond::Same => caught[..1].to_vec(),
            Bond::Pair => {
                let half = self.graph.pairs(caught[0]).iter().find(|half| asked.touched.binary_search(half).is_ok());
                half.copied().into_iter().chain([caught[0]]).collect()
            }
            Bond::Firm | Bond::Loose => self.shortest_path(&caught, marks),
        };
        Some(Clash { severity, rule, with: with_work(asked.work, other), path: self.nodes(&path), caught: self.nodes(&caught), span, overlaps })
    }

    /// Everything that may stand in the way of work somewhere within a horizon.
    pub(super) fn reasons(&self, asked: &Asked, marks: &Marks, within: Span) -> Vec<Reason> {
        let own = asked.work;
        let over = |clash: Clash| Reason { clash, starts: Starts::Over };
        let mut reasons = vec![];
        for other in self.candidates(asked, marks, widened(within)) {
            reasons.extend(self.clash_over(asked, other, marks, other.span, true).map(over));
            reasons.extend(clash_of_people(asked, other, other.span).map(over));
        }
        let others =
            |changes: Vec<&ChangeId>| changes.into_iter().filter(|change| **change != own.change).filter_map(|change| self.entry(*change)).collect::<Vec<_>>();
        let order = |other: &Entry| Clash { span: other.span, ..clash_of_order(own, other) };
        let before = others(own.after.iter().collect());
        reasons.extend(before.into_iter().map(|other| Reason { clash: order(other), starts: Starts::Before(other.span.until) }));
        let behind = others(self.followers.get(&own.change).into_iter().flatten().collect());
        reasons.extend(behind.into_iter().map(|other| Reason { clash: order(other), starts: Starts::After(other.span.from) }));
        let freezes = self.calendars.freezes.within(within);
        reasons.extend(freezes.filter_map(|freeze| self.clash_with_freeze(asked, freeze, marks, freeze.span)).map(over));
        let externals = self.calendars.externals.within(within);
        reasons.extend(externals.filter_map(|external| self.clash_with_external(asked, external, marks, external.span)).map(over));
        reasons
    }

    /// The shortest way between two pieces of work, from what goes down to what depends on it.
    fn shortest_path(&self, caught: &[Number], marks: &Marks) -> Vec<Number> {
        let down = caught.iter().filter(|number| marks.down.tie(**number).is_some()).map(|number| marks.down.way_back(*number).into_iter().rev().collect());
        let up = caught.iter().filter(|number| marks.up.tie(**number).is_some()).map(|number| marks.up.way_back(*number));
        let ways = down.chain(up).map(|way: Vec<Number>| (way.len(), self.nodes(&way), way));
        ways.min_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))).map(|(_, _, way)| way).unwrap_or_default()
    }

    fn nodes(&self, numbers: &[Number]) -> Vec<Node> {
        numbers.iter().map(|number| self.graph.node(*number)).collect()
    }

    /// What has to be over before this begins, and what this has to be over for, whenever they are.
    fn clashes_of_order(&self, asked: &Asked) -> Vec<Clash> {
        let own = asked.work;
        let before = own.after.iter().filter_map(|change| self.entry(*change)).filter(|other| other.span.until > own.span.from);
        let behind =
            self.followers.get(&own.change).into_iter().flatten().filter_map(|change| self.entry(*change)).filter(|other| own.span.until > other.span.from);
        before.chain(behind).filter(|other| other.change != own.change).map(|other| clash_of_order(own, other)).collect()
    }

    /// Whether a calendar's extent holds for the work; where it holds for a thing, the way to it.
    fn reaches(&self, asked: &Asked, extent: Extent, marks: &Marks, firmly: bool) -> Option<Vec<Node>> {
        match extent {
            Extent::Everything => Some(vec![]),
            Extent::Organisation(organisation) => asked.work.organisations.contains(&organisation).then(Vec::new),
            Extent::Site(site) => asked.work.sites.contains(&site).then(Vec::new),
            Extent::Node(node) => {
                let number = self.graph.known(node);
                match number.and_then(|number| marks.down.tie(number)).filter(|tie| !firmly || *tie != Tie::Loose).zip(number) {
                    Some((_, number)) => Some(self.nodes(&marks.down.way_back(number).into_iter().rev().collect::<Vec<_>>())),
                    None => asked.work.nodes.contains(&node).then(|| vec![node]),
                }
            }
        }
    }

    fn clash_with_freeze(&self, asked: &Asked, freeze: &Freeze, marks: &Marks, span: Span) -> Option<Clash> {
        let work = asked.work;
        if work.passes_freezes || work.level < freeze.from_level || work.excepted.contains(&freeze.id) {
            return None;
        }
        let path = self.reaches(asked, freeze.extent, marks, false)?;
        let severity = if freeze.is_hard { Severity::Hard } else { Severity::Soft };
        Some(calendar_clash(severity, ClashRule::Freeze, (freeze.id, &freeze.title), path, span))
    }

    /// The agreements that hold for the work, each with the way to what it was agreed for. What was agreed for
    /// everything holds where nothing narrower does.
    pub(super) fn agreed(&self, asked: &Asked, marks: &Marks) -> Vec<(Vec<Node>, &Timeline<Maintenance>)> {
        if asked.work.level == Level::NoImpact {
            return vec![];
        }
        let all = self.calendars.maintenance.iter().filter_map(|(extent, windows)| Some((*extent, self.reaches(asked, *extent, marks, true)?, windows)));
        let (wide, narrow): (Vec<_>, Vec<_>) = all.partition(|(extent, ..)| *extent == Extent::Everything);
        let chosen = if narrow.is_empty() { wide } else { narrow };
        chosen.into_iter().map(|(_, path, windows)| (path, windows)).collect()
    }

    fn clashes_with_maintenance(&self, asked: &Asked, marks: &Marks) -> Vec<Clash> {
        let (work, mut clashes) = (asked.work, vec![]);
        let is_known = self.calendars.horizon.is_some_and(|horizon| horizon.from <= work.span.from && work.span.until <= horizon.until);
        if !is_known {
            return clashes;
        }
        for (path, windows) in self.agreed(asked, marks) {
            let fits = |window: &Maintenance| window.span.from <= work.span.from && work.span.until <= window.span.until && work.level <= window.up_to;
            if !windows.within(work.span).any(fits)
                && let Some((id, title)) = windows.first().map(|window| (window.id, &window.title))
            {
                clashes.push(calendar_clash(Severity::Soft, ClashRule::Maintenance, (id, title), path, work.span));
            }
        }
        clashes
    }

    fn clash_with_external(&self, asked: &Asked, external: &External, marks: &Marks, span: Span) -> Option<Clash> {
        let (path, severity) = match self.fallback_through(external.extent, marks) {
            Some(path) => (path, Severity::Hard),
            None => (self.reaches(asked, external.extent, marks, false).or_else(|| self.needs(external.extent, marks))?, Severity::Soft),
        };
        Some(calendar_clash(severity, ClashRule::National, (external.id, &external.title), path, span))
    }

    fn needs(&self, extent: Extent, marks: &Marks) -> Option<Vec<Node>> {
        let Extent::Node(node) = extent else { return None };
        let number = self.graph.known(node).filter(|number| marks.up.tie(*number).is_some())?;
        Some(self.nodes(&marks.up.way_back(number)))
    }

    /// Where the way of working without what goes down depends on what is away: from what goes down to that way.
    fn fallback_through(&self, extent: Extent, marks: &Marks) -> Option<Vec<Node>> {
        let Extent::Node(away) = extent else { return None };
        let lost = self.graph.affected(&BTreeSet::from([away]));
        let down = marks.down.reached.iter().filter(|number| marks.down.tie(**number).is_some_and(|tie| tie != Tie::Loose));
        let ways = down.flat_map(|number| self.graph.fallbacks(*number).iter().map(move |fallback| (*number, *fallback)));
        let broken = ways.map(|(from, fallback)| vec![self.graph.node(from), self.graph.node(fallback)]);
        broken.filter(|way| lost.get(&way[1]).is_some_and(|lost| !lost.is_loose)).min()
    }
}

/// A window exactly an hour away is still within the hour, and spans are half-open.
fn widened(span: Span) -> Span {
    let reach = BACK_TO_BACK + jiff::SignedDuration::from_nanos(1);
    Span { from: span.from.saturating_add(-reach).unwrap_or(Timestamp::MIN), until: span.until.saturating_add(reach).unwrap_or(Timestamp::MAX) }
}

fn rule_of(bond: Bond, overlaps: bool, worst: Level) -> (ClashRule, Severity) {
    match bond {
        _ if !overlaps => (ClashRule::BackToBack, Severity::Soft),
        Bond::Same => (ClashRule::SameItem, Severity::Hard),
        Bond::Pair => (ClashRule::Pair, Severity::Hard),
        Bond::Firm if worst == Level::Outage => (ClashRule::Related, Severity::Hard),
        Bond::Firm | Bond::Loose => (ClashRule::Related, Severity::Soft),
    }
}

fn with_work(own: &PlannedWork, other: &Entry) -> ClashWith {
    let other_stays = (other.stage_rank, own.change) > (own.stage_rank, other.change);
    ClashWith::Work { change: other.change, reference: other.reference.to_string(), other_stays }
}

fn clash_of_order(own: &PlannedWork, other: &Entry) -> Clash {
    let both = own.span.overlap(other.span);
    let span = both.or_else(|| own.span.gap(other.span)).unwrap_or(other.span);
    let with = with_work(own, other);
    Clash { severity: Severity::Hard, rule: ClashRule::Order, with, path: vec![], caught: vec![], span, overlaps: both.is_some() }
}

fn clash_of_people(asked: &Asked, other: &Entry, span: Span) -> Option<Clash> {
    other.people.iter().find(|person| asked.work.people.contains(person))?;
    let with = with_work(asked.work, other);
    Some(Clash { severity: Severity::Soft, rule: ClashRule::Person, with, path: vec![], caught: vec![], span, overlaps: true })
}

fn calendar_clash(severity: Severity, rule: ClashRule, (id, title): (i64, &str), path: Vec<Node>, span: Span) -> Clash {
    let caught = path.last().copied().into_iter().collect();
    Clash { severity, rule, with: ClashWith::Calendar { id, title: title.to_owned() }, path, caught, span, overlaps: true }
}
