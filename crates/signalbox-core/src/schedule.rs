//! What stands in the way of what: planned work, freezes and dependencies in, explained clashes out (spec 6.7,
//! settled 9).
//!
//! Spans are half-open: work that ends at 23:00, contingency included, leaves 23:00 free. The index answers from
//! memory and knows nothing of rows; whoever feeds it sees to it that it is caught up. Its inside may change, its
//! answers are held by a naive oracle in the tests.

mod calendar;
mod graph;
pub mod grid;

pub use calendar::{Extent, External, Freeze, Level, Maintenance};
pub use graph::{Affected, Dependency, DependencyKind, Graph, Node};

use crate::ids::{ChangeId, OrgId, SiteId};
use crate::words::vocabulary;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Work on dependent things this close together is worth a word (BR-19d).
pub const BACK_TO_BACK: SignedDuration = SignedDuration::from_mins(60);

/// Windows up to this length are found by their start; longer ones, which only imports hold, by a list
/// (settled 15).
pub const LONG: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A stretch of time, half-open. For work it runs from the start to the end of the contingency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Included.
    pub from: Timestamp,
    /// Not included.
    pub until: Timestamp,
}

impl Span {
    /// The time in both, if there is any.
    pub fn overlap(self, other: Span) -> Option<Span> {
        let both = Span { from: self.from.max(other.from), until: self.until.min(other.until) };
        (both.from < both.until).then_some(both)
    }

    /// The time between two spans that do not overlap; empty where they touch.
    pub fn gap(self, other: Span) -> Option<Span> {
        let (first, second) = if self.from <= other.from { (self, other) } else { (other, self) };
        (first.until <= second.from).then_some(Span { from: first.until, until: second.from })
    }

    /// How long it is.
    pub fn length(self) -> SignedDuration {
        self.until.duration_since(self.from)
    }
}

/// Work that holds a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWork {
    /// Whose it is.
    pub change: ChangeId,
    /// As people name it.
    pub reference: String,
    /// The items and services it touches.
    pub nodes: BTreeSet<Node>,
    /// The sites at which it is done.
    pub sites: BTreeSet<SiteId>,
    /// The organisations it concerns.
    pub organisations: BTreeSet<OrgId>,
    /// From its start to the end of its contingency.
    pub span: Span,
    /// How far it has come; of two that clash, the one further on stays (spec 6.7).
    pub stage_rank: u8,
    /// It takes something away from its users.
    pub is_outage: bool,
    /// Emergencies pass a freeze, access requests are exempt (BR-19f, X14).
    pub passes_freezes: bool,
}

vocabulary! {
    /// The rules of spec 6.7 that are built.
    ClashRule {
        /// The same item, spans overlap.
        SameItem = "BR-19a", "the same item at the same time";
        /// The same service or dependent things, at the same time or within an hour of each other.
        BackToBack = "BR-19d", "dependent work close together";
        /// Inside a freeze.
        Freeze = "BR-19f", "inside a freeze";
    }
}

vocabulary! {
    /// Whether a clash refuses or warns.
    Severity {
        /// Stands in the way.
        Hard = "hard", "hard";
        /// Worth knowing.
        Soft = "soft", "soft";
    }
}

/// What it clashes with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClashWith {
    /// Other work.
    Work {
        /// Whose.
        change: ChangeId,
        /// As people name it.
        reference: String,
        /// The other is further on, so this one has to move (spec 6.7).
        other_stays: bool,
    },
    /// A freeze, by its title.
    Freeze {
        /// What it is called.
        title: String,
    },
}

/// One reason why a window is not free, with all that it takes to explain it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    /// Hard ones first.
    pub severity: Severity,
    /// Which rule.
    pub rule: ClashRule,
    /// With what.
    pub with: ClashWith,
    /// How the two hang together: one node that both touch, or the way from what goes down to what depends on
    /// it. Empty for a freeze that covers a place or everything.
    pub path: Vec<Node>,
    /// The time that both want, or the time between them.
    pub span: Span,
    /// Whether `span` is time that both want.
    pub overlaps: bool,
}

impl Clash {
    /// Whether it stands in the way.
    pub fn is_hard(&self) -> bool {
        self.severity == Severity::Hard
    }
}

/// Everything planned, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct ScheduleIndex {
    work: BTreeMap<ChangeId, PlannedWork>,
    by_start: BTreeSet<(Timestamp, ChangeId)>,
    long: BTreeSet<ChangeId>,
    freezes: Vec<Freeze>,
    graph: Graph,
}

impl ScheduleIndex {
    /// Builds the index. That a service runs on an item is a hard dependency of the service on the item; the
    /// caller adds those to the declared ones.
    pub fn build(work: impl IntoIterator<Item = PlannedWork>, dependencies: &[Dependency], freezes: Vec<Freeze>) -> ScheduleIndex {
        let mut index = ScheduleIndex { freezes, graph: Graph::new(dependencies), ..ScheduleIndex::default() };
        for work in work {
            index.insert(work);
        }
        index
    }

    /// Adds work, or moves it if it is known.
    pub fn insert(&mut self, work: PlannedWork) {
        self.remove(work.change);
        if work.span.length() > LONG {
            self.long.insert(work.change);
        } else {
            self.by_start.insert((work.span.from, work.change));
        }
        self.work.insert(work.change, work);
    }

    /// Takes work out: finished, cancelled, withdrawn.
    pub fn remove(&mut self, change: ChangeId) -> Option<PlannedWork> {
        let work = self.work.remove(&change)?;
        self.long.remove(&change);
        self.by_start.remove(&(work.span.from, change));
        Some(work)
    }

    /// The work of a change.
    pub fn work(&self, change: ChangeId) -> Option<&PlannedWork> {
        self.work.get(&change)
    }

    /// How many pieces of work are known.
    pub fn len(&self) -> usize {
        self.work.len()
    }

    /// Whether nothing is planned.
    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// The work that shares time with a span, by start.
    fn work_in(&self, span: Span) -> Vec<&PlannedWork> {
        let earliest = span.from.saturating_add(-LONG).unwrap_or(Timestamp::MIN);
        let first = (earliest, ChangeId(i64::MIN));
        let short = self.by_start.range(first..).take_while(|(start, _)| *start < span.until).map(|(_, change)| change);
        let mut found: Vec<&PlannedWork> =
            short.chain(&self.long).filter_map(|change| self.work.get(change)).filter(|work| work.span.overlap(span).is_some()).collect();
        found.sort_by_key(|work| (work.span.from, work.change));
        found
    }

    /// Everything that goes down or suffers with these, themselves included, each with the way to it.
    pub fn affected(&self, nodes: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        self.graph.affected(nodes)
    }

    /// Everything that stands in the way of this work, the worst first. The change's own window does not.
    pub fn check(&self, proposal: &PlannedWork) -> Vec<Clash> {
        let dependants = self.graph.affected(&proposal.nodes);
        let needs = self.graph.needed(&proposal.nodes);
        // A window exactly an hour away is still within the hour, and spans are half-open.
        let reach = BACK_TO_BACK + SignedDuration::from_nanos(1);
        let around = Span {
            from: proposal.span.from.saturating_add(-reach).unwrap_or(Timestamp::MIN),
            until: proposal.span.until.saturating_add(reach).unwrap_or(Timestamp::MAX),
        };
        let mut clashes: Vec<Clash> = self
            .work_in(around)
            .into_iter()
            .filter(|other| other.change != proposal.change)
            .filter_map(|other| clash_between(proposal, other, &dependants, &needs))
            .collect();
        clashes.extend(self.freezes.iter().filter_map(|freeze| clash_with_freeze(proposal, freeze, &dependants)));
        clashes.sort();
        clashes
    }
}

fn clash_between(proposal: &PlannedWork, other: &PlannedWork, dependants: &BTreeMap<Node, Affected>, needs: &BTreeMap<Node, Affected>) -> Option<Clash> {
    let overlap = proposal.span.overlap(other.span);
    let close = overlap.or_else(|| proposal.span.gap(other.span).filter(|gap| gap.length() <= BACK_TO_BACK))?;
    let same_item = proposal.nodes.intersection(&other.nodes).find(|node| matches!(node, Node::Item(_)));
    let (rule, severity, path) = match same_item {
        Some(item) if overlap.is_some() => (ClashRule::SameItem, Severity::Hard, vec![*item]),
        // Overlap on dependent things is a warning here until BR-19b is built; a closer rule may harden it.
        _ => (ClashRule::BackToBack, Severity::Soft, shortest_path(&other.nodes, dependants, needs)?),
    };
    let other_stays = (other.stage_rank, proposal.change) > (proposal.stage_rank, other.change);
    let with = ClashWith::Work { change: other.change, reference: other.reference.clone(), other_stays };
    Some(Clash { severity, rule, with, path, span: close, overlaps: overlap.is_some() })
}

/// The shortest way between two pieces of work: what depends on the one, or what it needs. Both directions were
/// walked with marks of their own; sharing them loses ancestors (architecture 5).
fn shortest_path(others: &BTreeSet<Node>, dependants: &BTreeMap<Node, Affected>, needs: &BTreeMap<Node, Affected>) -> Option<Vec<Node>> {
    let down = others.iter().filter_map(|node| dependants.get(node)).map(|affected| affected.path.clone());
    let up = others.iter().filter_map(|node| needs.get(node)).map(|affected| affected.path.iter().rev().copied().collect());
    down.chain(up).min_by(|a: &Vec<Node>, b: &Vec<Node>| (a.len(), a).cmp(&(b.len(), b)))
}

fn clash_with_freeze(proposal: &PlannedWork, freeze: &Freeze, dependants: &BTreeMap<Node, Affected>) -> Option<Clash> {
    let span = proposal.span.overlap(freeze.span)?;
    let path = match freeze.extent {
        _ if proposal.passes_freezes => None,
        Extent::Everything => Some(vec![]),
        Extent::Organisation(organisation) => proposal.organisations.contains(&organisation).then(Vec::new),
        Extent::Site(site) => proposal.sites.contains(&site).then(Vec::new),
        Extent::Node(node) => dependants.get(&node).map(|affected| affected.path.clone()),
    }?;
    let severity = if freeze.is_hard { Severity::Hard } else { Severity::Soft };
    Some(Clash { severity, rule: ClashRule::Freeze, with: ClashWith::Freeze { title: freeze.title.clone() }, path, span, overlaps: true })
}

#[cfg(test)]
mod tests;
