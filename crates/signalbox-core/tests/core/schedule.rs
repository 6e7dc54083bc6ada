//! The schedule's index against an oracle that knows no index: closures by relaxation, every pair of works, every
//! start of a grid. 200 random worlds, 2,000 with `SIGNALBOX_FULL=1`, around the night on which clocks go back, with
//! several items for each proposal, which is where an index with shared marks goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::clinical::hours::ClinicHours;
use signalbox_core::ids::{ChangeId, ItemId, OrgId, PersonId, ServiceId, SiteId};
use signalbox_core::schedule::slots::{Cost, Limit, LimitKind, Why, Wish};
use signalbox_core::schedule::{
    Calendars, Clash, ClashWith, Dependency, DependencyKind, Extent, External, Freeze, Level, Maintenance, Marks, Node, PlannedWork, ScheduleIndex, Span,
};

const NODES: i64 = 16;
/// Clocks go back at 01:00 UTC of the second day.
const BASE: &str = "2026-10-24T00:00:00Z";
const DAYS: i64 = 4;

struct Chance(u64);
impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % bound
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

fn node(number: i64) -> Node {
    if number % 3 == 0 { Node::Service(ServiceId(number)) } else { Node::Item(ItemId(number)) }
}

fn minute(minute: i64) -> Timestamp {
    BASE.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn span(from: i64, length: i64) -> Span {
    Span { from: minute(from), until: minute(from + length) }
}

struct World {
    dependencies: Vec<Dependency>,
    works: Vec<PlannedWork>,
    calendars: Calendars,
    /// `firm[a]`: what goes down with a. `loose[a]`: what suffers with a by one last loose step.
    firm: BTreeMap<Node, BTreeSet<Node>>,
    loose: BTreeMap<Node, BTreeSet<Node>>,
}

fn extent(chance: &mut Chance) -> Extent {
    match chance.below(5) {
        0 => Extent::Everything,
        1 => Extent::Organisation(OrgId(chance.below(4))),
        2 => Extent::Site(SiteId(chance.below(4))),
        _ => Extent::Node(node(chance.below(NODES))),
    }
}

fn work(chance: &mut Chance, change: i64) -> PlannedWork {
    let nodes = (0..chance.below(4)).map(|_| node(chance.below(NODES))).collect();
    let few = |chance: &mut Chance, most: i64| (0..chance.below(most)).map(|_| chance.below(4)).collect::<BTreeSet<i64>>();
    let span = span(chance.below(DAYS * 96) * 15 + chance.below(2), 1 + chance.below(16) * 15);
    PlannedWork {
        change: ChangeId(change),
        reference: format!("RFC-2026-{change:06}"),
        nodes,
        sites: few(chance, 3).into_iter().map(SiteId).collect(),
        organisations: few(chance, 3).into_iter().map(OrgId).collect(),
        people: few(chance, 2).into_iter().map(PersonId).collect(),
        after: if chance.one_in(6) { BTreeSet::from([ChangeId(chance.below(20))]) } else { BTreeSet::new() },
        span,
        stage_rank: chance.below(3) as u8,
        level: Level::ALL[chance.below(4) as usize],
        passes_freezes: chance.one_in(8),
        excepted: if chance.one_in(4) { BTreeSet::from([100 + chance.below(4)]) } else { BTreeSet::new() },
    }
}

impl World {
    fn new(chance: &mut Chance) -> World {
        let dependencies: Vec<Dependency> = (0..chance.below(26))
            .map(|_| Dependency { from: node(chance.below(NODES)), to: node(chance.below(NODES)), kind: DependencyKind::ALL[chance.below(6) as usize] })
            .collect();
        let level = |chance: &mut Chance| Level::ALL[chance.below(4) as usize];
        let calendars = Calendars {
            freezes: (100..100 + chance.below(5))
                .map(|id| Freeze {
                    id,
                    title: format!("freeze {id}"),
                    extent: extent(chance),
                    span: span(chance.below(DAYS * 24) * 60, 60 + chance.below(30) * 60),
                    is_hard: chance.one_in(2),
                    from_level: level(chance),
                })
                .collect(),
            maintenance: (200..200 + chance.below(8))
                .map(|id| Maintenance {
                    id,
                    title: format!("window {id}"),
                    extent: extent(chance),
                    span: span(chance.below(DAYS * 24) * 60, 120 + chance.below(12) * 60),
                    up_to: level(chance),
                })
                .collect(),
            externals: (300..300 + chance.below(4))
                .map(|id| External {
                    id,
                    title: format!("outage {id}"),
                    extent: extent(chance),
                    span: span(chance.below(DAYS * 24) * 60, 30 + chance.below(8) * 60),
                    is_outage: !chance.one_in(4),
                })
                .collect(),
            horizon: Some(span(-1440, (DAYS + 2) * 1440)),
        };
        let works = (0..14).map(|change| work(chance, change)).collect();
        let (firm, loose) = closures(&dependencies);
        World { dependencies, works, calendars, firm, loose }
    }

    fn carried(&self, service: Node) -> impl Iterator<Item = Node> {
        let edges = self.dependencies.iter();
        let fits = move |d: &&Dependency| d.from == service && d.kind == DependencyKind::Hard && matches!((d.from, d.to), (Node::Service(_), Node::Item(_)));
        edges.filter(fits).map(|d| d.to)
    }

    fn objects(&self, work: &PlannedWork) -> BTreeSet<Node> {
        let items: BTreeSet<Node> = work.nodes.iter().copied().filter(|node| matches!(node, Node::Item(_))).collect();
        if items.is_empty() { work.nodes.iter().flat_map(|node| self.carried(*node).chain([*node])).collect() } else { items }
    }

    fn tied(&self, a: Node, b: Node) -> bool {
        self.firm[&a].contains(&b) || self.firm[&b].contains(&a)
    }

    /// The rule of two works at the same time, and what of the other is caught.
    fn bond(&self, own: &PlannedWork, other: &PlannedWork) -> Option<(&'static str, BTreeSet<Node>)> {
        let (mine, theirs) = (self.objects(own), self.objects(other));
        let (all, beside): (BTreeSet<Node>, BTreeSet<Node>) = (mine.union(&own.nodes).copied().collect(), theirs.union(&other.nodes).copied().collect());
        let is_pair = |a: Node, b: Node| {
            self.dependencies
                .iter()
                .any(|d| d.kind == DependencyKind::RedundantPair && d.from != d.to && ((d.from, d.to) == (a, b) || (d.to, d.from) == (a, b)))
        };
        let catch = |of: &BTreeSet<Node>, by: &BTreeSet<Node>, fits: &dyn Fn(Node, Node) -> bool| -> BTreeSet<Node> {
            of.iter().copied().filter(|theirs| by.iter().any(|mine| fits(*mine, *theirs))).collect()
        };
        let loosely = |a: Node, b: Node| self.tied(a, b) || self.loose[&a].contains(&b) || self.loose[&b].contains(&a);
        let found = [
            ("same", catch(&theirs, &mine, &|a, b| a == b)),
            ("pair", catch(&theirs, &mine, &is_pair)),
            ("firm", catch(&theirs, &mine, &|a, b| self.tied(a, b))),
            ("loose", catch(&beside, &all, &loosely)),
        ];
        found.into_iter().find(|(_, caught)| !caught.is_empty())
    }

    fn holds(&self, own: &PlannedWork, extent: Extent, firmly: bool) -> bool {
        let all: BTreeSet<Node> = self.objects(own).union(&own.nodes).copied().collect();
        match extent {
            Extent::Everything => true,
            Extent::Organisation(org) => own.organisations.contains(&org),
            Extent::Site(site) => own.sites.contains(&site),
            Extent::Node(node) => all.iter().any(|a| self.firm[a].contains(&node) || (!firmly && self.loose[a].contains(&node))),
        }
    }

    /// Every clash as (rule, hard, with what).
    fn clashes(&self, own: &PlannedWork) -> BTreeSet<(String, bool, i64)> {
        let mut found = BTreeSet::new();
        let mut add = |rule: &str, hard: bool, with: i64| found.insert((rule.to_owned(), hard, with));
        let overlaps = |a: Span, b: Span| a.from < b.until && b.from < a.until;
        for other in self.works.iter().filter(|other| other.change != own.change) {
            let both = overlaps(own.span, other.span);
            let gap =
                if own.span.from <= other.span.from { other.span.from.duration_since(own.span.until) } else { own.span.from.duration_since(other.span.until) };
            let outage = own.level == Level::Outage || other.level == Level::Outage;
            match self.bond(own, other) {
                Some(_) if !both && gap <= SignedDuration::from_mins(60) => add("BR-19d", false, other.change.0),
                Some(("same", _)) if both => add("BR-19a", true, other.change.0),
                Some(("pair", _)) if both => add("BR-19c", true, other.change.0),
                Some(("firm", _)) if both => add("BR-19b", outage, other.change.0),
                Some(("loose", _)) if both => add("BR-19b", false, other.change.0),
                _ => false,
            };
            if both && own.people.intersection(&other.people).next().is_some() {
                add("BR-19g", false, other.change.0);
            }
            if own.after.contains(&other.change) && other.span.until > own.span.from || other.after.contains(&own.change) && own.span.until > other.span.from {
                add("order", true, other.change.0);
            }
        }
        for freeze in self.calendars.freezes.iter().filter(|freeze| overlaps(freeze.span, own.span)) {
            let free = own.passes_freezes || own.excepted.contains(&freeze.id) || own.level < freeze.from_level;
            if !free && self.holds(own, freeze.extent, false) {
                add("BR-19f", freeze.is_hard, freeze.id);
            }
        }
        let agreed: BTreeSet<Extent> = self.calendars.maintenance.iter().map(|one| one.extent).filter(|extent| self.holds(own, *extent, true)).collect();
        let has_narrow = agreed.iter().any(|extent| *extent != Extent::Everything);
        for extent in agreed.into_iter().filter(|extent| !has_narrow || *extent != Extent::Everything).filter(|_| own.level != Level::NoImpact) {
            let mut windows: Vec<&Maintenance> = self.calendars.maintenance.iter().filter(|one| one.extent == extent).collect();
            windows.sort_by_key(|window| (window.span.from, window.span.until));
            if !windows.iter().any(|one| one.span.from <= own.span.from && own.span.until <= one.span.until && own.level <= one.up_to) {
                add("BR-19e", false, windows[0].id);
            }
        }
        for external in self.calendars.externals.iter().filter(|one| one.is_outage && overlaps(one.span, own.span)) {
            let all: BTreeSet<Node> = self.objects(own).union(&own.nodes).copied().collect();
            let down: BTreeSet<Node> = all.iter().flat_map(|a| self.firm[a].iter().copied()).collect();
            let mut fallbacks = self.dependencies.iter().filter(|d| d.kind == DependencyKind::ClinicalFallback && d.from != d.to && down.contains(&d.from));
            let is_needed = |away: Node| all.iter().any(|a| self.firm[&away].contains(a) || self.loose[&away].contains(a));
            match external.extent {
                Extent::Node(away) if fallbacks.any(|d| self.firm[&away].contains(&d.to)) => add("BR-19h", true, external.id),
                Extent::Node(away) => (self.holds(own, external.extent, false) || is_needed(away)) && add("BR-19h", false, external.id),
                extent => self.holds(own, extent, false) && add("BR-19h", false, external.id),
            };
        }
        found
    }
}

fn closures(dependencies: &[Dependency]) -> (BTreeMap<Node, BTreeSet<Node>>, BTreeMap<Node, BTreeSet<Node>>) {
    let mut firm: BTreeMap<Node, BTreeSet<Node>> = (0..NODES).map(|n| (node(n), BTreeSet::from([node(n)]))).collect();
    for _ in 0..NODES {
        for down in firm.values_mut() {
            let more: Vec<Node> = dependencies.iter().filter(|d| d.kind.is_firm() && down.contains(&d.to)).map(|d| d.from).collect();
            down.extend(more);
        }
    }
    let one_step =
        |down: &BTreeSet<Node>| dependencies.iter().filter(|d| d.from != d.to && d.kind.is_loose() && down.contains(&d.to)).map(|d| d.from).collect();
    let loose = firm.iter().map(|(node, down)| (*node, one_step(down))).collect();
    (firm, loose)
}

#[expect(clippy::disallowed_methods, reason = "whoever runs it says how many worlds")]
fn worlds() -> std::ops::Range<u64> {
    0..if std::env::var_os("SIGNALBOX_FULL").is_some() { 2_000 } else { 200 }
}

fn told(clash: &Clash) -> (String, bool, i64) {
    let with = match &clash.with {
        ClashWith::Work { change, .. } => change.0,
        ClashWith::Calendar { id, .. } => *id,
    };
    (clash.rule.code().to_owned(), clash.is_hard(), with)
}

/// Whether each step of a way follows a dependency, from what goes down to what depends on it; the last may be loose.
fn is_a_way(path: &[Node], dependencies: &[Dependency]) -> bool {
    let joined = |a: Node, b: Node, fits: fn(DependencyKind) -> bool| dependencies.iter().any(|d| d.to == a && d.from == b && fits(d.kind));
    let steps = path.len().saturating_sub(1);
    path.windows(2)
        .enumerate()
        .all(|(step, pair)| joined(pair[0], pair[1], DependencyKind::is_firm) || (step + 1 == steps && joined(pair[0], pair[1], DependencyKind::is_loose)))
}

/// Fills every other world with work that touches nothing else, so that work is found by what it touches there, and by
/// its time in the rest.
fn crowd(seed: u64, index: &mut ScheduleIndex) {
    for n in 0..if seed.is_multiple_of(2) { 300 } else { 0 } {
        let nodes = [Node::Item(ItemId(9_000 + n))].into();
        index.insert(PlannedWork {
            change: ChangeId(9_000 + n),
            nodes,
            span: span(0, DAYS * 1440),
            people: BTreeSet::new(),
            after: BTreeSet::new(),
            ..work(&mut Chance(seed), 9_000 + n)
        });
    }
}

#[test]
fn conflicts_equal_those_of_an_oracle_in_random_worlds() {
    let mut met: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for seed in worlds() {
        let mut chance = Chance(seed);
        let mut world = World::new(&mut chance);
        let mut index = ScheduleIndex::build(world.works.clone(), &world.dependencies, world.calendars.clone());
        crowd(seed, &mut index);
        let mut marks = Marks::default();
        for turn in 0..25 {
            // Something moves before each question: work, an edge, a freeze.
            match turn % 5 {
                1 => {
                    let at = chance.below(world.works.len() as i64) as usize;
                    world.works[at] = work(&mut chance, world.works[at].change.0);
                    index.insert(world.works[at].clone());
                }
                2 => {
                    let gone = world.works.remove(chance.below(world.works.len() as i64) as usize);
                    assert!(index.remove(gone.change));
                    let added = work(&mut chance, gone.change.0 + 20);
                    index.insert(added.clone());
                    world.works.push(added);
                }
                3 => {
                    world.dependencies.pop();
                    world.dependencies.push(Dependency { from: node(chance.below(NODES)), to: node(chance.below(NODES)), kind: DependencyKind::Hard });
                    (world.firm, world.loose) = closures(&world.dependencies);
                    index.set_dependencies(&world.dependencies);
                }
                4 => {
                    world.calendars.freezes.pop();
                    index.set_calendars(world.calendars.clone());
                }
                _ => {}
            }
            let proposal = if chance.one_in(3) {
                world.works[0].clone()
            } else {
                let change = 5 + chance.below(20);
                work(&mut chance, change)
            };
            let clashes = index.check_with(&mut marks, &proposal);
            let answer: BTreeSet<(String, bool, i64)> = clashes.iter().map(told).collect();
            assert_eq!(answer, world.clashes(&proposal), "seed {seed}, turn {turn}: {proposal:#?}");
            assert_eq!(answer.len(), clashes.len(), "seed {seed}: one clash is told twice");
            for clash in &clashes {
                if let (ClashWith::Work { change, .. }, "BR-19a" | "BR-19b" | "BR-19d") = (&clash.with, clash.rule.code()) {
                    let other = world.works.iter().find(|work| work.change == *change).unwrap();
                    let (bond, caught) = world.bond(&proposal, other).unwrap();
                    assert_eq!(clash.caught.iter().copied().collect::<BTreeSet<_>>(), caught, "seed {seed}");
                    assert!(bond == "pair" || is_a_way(&clash.path, &world.dependencies), "seed {seed}: {clash:?}");
                }
                *met.entry((clash.rule.code().to_owned(), clash.is_hard())).or_default() += 1;
            }
        }
        for known in &world.works {
            assert_eq!(index.work(known.change).as_ref(), Some(known), "seed {seed}");
        }
    }
    let all = ["BR-19a", "BR-19b", "BR-19c", "BR-19d", "BR-19e", "BR-19f", "BR-19g", "BR-19h", "order"];
    assert!(all.iter().all(|rule| met.iter().filter(|((met, _), _)| met == rule).map(|(_, n)| n).sum::<usize>() > 30), "{met:?}");
    assert!(met[&("BR-19h".to_owned(), true)] > 2 && met[&("BR-19b".to_owned(), true)] > 30, "{met:?}");
}

/// Clinic hours as the oracle counts them: by the weekday and local time of every minute.
const CLINIC: &str = "Mon-Fri 08:00-18:00; Sat 09:00-13:30";
const HANDOVERS: [(i8, i8); 2] = [(7, 30), (19, 45)];

fn clinic_minutes(work: Span, zone: &TimeZone) -> u32 {
    let mut at = work.from;
    let mut minutes = 0;
    while at < work.until {
        let local = zone.to_datetime(at);
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        minutes += match local.weekday() {
            Weekday::Sunday => 0,
            Weekday::Saturday => u32::from((9 * 60..13 * 60 + 30).contains(&minute)),
            _ => u32::from((8 * 60..18 * 60).contains(&minute)),
        };
        at += SignedDuration::from_mins(1);
    }
    minutes
}

fn handovers_met(work: Span, zone: &TimeZone) -> u32 {
    let mut met = 0;
    let mut day = zone.to_datetime(work.from).date().yesterday().unwrap();
    for _ in 0..5 {
        for (hour, minute) in HANDOVERS {
            let at = zone.to_ambiguous_zoned(day.at(hour, minute, 0, 0)).compatible().unwrap().timestamp();
            let (from, until) = (at - SignedDuration::from_mins(15), at + SignedDuration::from_mins(15));
            met += u32::from(from < work.until && work.from < until);
        }
        day = day.tomorrow().unwrap();
    }
    met
}

#[test]
fn slots_equal_those_of_an_oracle_in_random_worlds() {
    let zone = TimeZone::get("Europe/London").unwrap();
    let clinics = [ClinicHours::parse(CLINIC).unwrap()];
    let handovers = HANDOVERS.map(|(hour, minute)| jiff::civil::time(hour, minute, 0, 0));
    let (mut offered, mut barred) = (0, 0);
    for seed in worlds() {
        let mut chance = Chance(seed ^ 0x5107);
        let mut world = World::new(&mut chance);
        // Without its own window, so that the work is free to move.
        let own = work(&mut chance, 3);
        world.works.retain(|other| other.change != own.change);
        let mut index = ScheduleIndex::build(world.works.clone(), &world.dependencies, world.calendars.clone());
        crowd(seed, &mut index);
        let limits = [
            Limit { kind: LimitKind::Past, from: minute(chance.below(600)), is_hard: true },
            Limit { kind: LimitKind::Notice, from: minute(chance.below(DAYS * 1440)), is_hard: chance.one_in(5) },
        ];
        let within = span(chance.below(120), DAYS * 1440 - 200);
        let wish = Wish { work: &own, within, zone: &zone, limits: &limits, clinics: &clinics, handovers: &handovers, most: 10 };
        let found = index.slots(&mut Marks::default(), &wish);

        let length = own.span.length();
        let mut priced: Vec<(u32, Timestamp)> = vec![];
        let mut refused: BTreeMap<Timestamp, BTreeSet<(String, i64)>> = BTreeMap::new();
        let mut at = minute(0);
        while at + length <= within.until {
            let moved = PlannedWork { span: Span { from: at, until: at + length }, ..own.clone() };
            if at >= within.from {
                let clashes = world.clashes(&moved);
                let why = refused_for(&clashes, &limits, at);
                if why.is_empty() {
                    priced.push((price(&clashes, &moved, &limits, within, &zone), at));
                } else {
                    refused.insert(at, why);
                }
            }
            at += SignedDuration::from_mins(15);
        }
        priced.sort();
        let mut best: Vec<(u32, Timestamp)> = vec![];
        for (cost, at) in priced {
            if best.len() < 10 && best.iter().all(|(_, other)| at.duration_since(*other).abs() >= length.max(SignedDuration::from_hours(1))) {
                best.push((cost, at));
            }
        }
        let answer: Vec<(u32, Timestamp)> = found.slots.iter().map(|slot| (slot.cost, slot.span.from)).collect();
        assert_eq!(answer, best, "seed {seed}: {own:#?}");
        assert!(found.slots.iter().all(|slot| slot.parts.iter().map(|(_, points)| points).sum::<u32>() == slot.cost), "seed {seed}");
        let last = best.iter().map(|(_, at)| *at).max();
        for run in &found.refused {
            let mut at = run.first;
            while at <= run.last {
                let with = match &run.why {
                    Why::Clash(clash) => (told(clash).0, told(clash).2),
                    Why::Limit(kind) => (kind.code().to_owned(), 0),
                };
                let naive = refused.remove(&at).unwrap_or_else(|| panic!("seed {seed}: {at} is free"));
                assert!(naive.contains(&with), "seed {seed}: {with:?} is no reason among {naive:?}");
                at += SignedDuration::from_mins(15);
                barred += 1;
            }
        }
        if found.refused.len() < 60 {
            assert!(refused.keys().all(|at| last.is_some_and(|last| *at > last)), "seed {seed}: a refused start has no reason");
        }
        offered += best.len();
    }
    assert!(offered > 500 && barred > 500, "{offered} offered, {barred} refused");
}

fn refused_for(clashes: &BTreeSet<(String, bool, i64)>, limits: &[Limit], at: Timestamp) -> BTreeSet<(String, i64)> {
    let hard = clashes.iter().filter(|(_, hard, _)| *hard).map(|(rule, _, with)| (rule.clone(), *with));
    hard.chain(limits.iter().filter(|limit| limit.is_hard && at < limit.from).map(|limit| (limit.kind.code().to_owned(), 0))).collect()
}

fn price(clashes: &BTreeSet<(String, bool, i64)>, work: &PlannedWork, limits: &[Limit], within: Span, zone: &TimeZone) -> u32 {
    let outside = clashes.iter().filter(|(rule, ..)| rule == "BR-19e").count() as u32;
    let warnings = clashes.len() as u32 - outside;
    let days = (work.span.from.duration_since(within.from).as_hours() / 24) as u32;
    let early = limits.iter().filter(|limit| !limit.is_hard && work.span.from < limit.from).count() as u32;
    days + warnings * 30 + outside * 60 + clinic_minutes(work.span, zone) / 5 + handovers_met(work.span, zone) * 15 + early * Cost::Limit.points()
}
