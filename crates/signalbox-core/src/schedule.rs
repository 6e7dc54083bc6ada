//! What stands in the way of what: planned work, freezes and dependencies in, explained clashes out (spec 6.7,
//! settled 9).
//!
//! Spans are half-open: work that ends at 23:00, contingency included, leaves 23:00 free. The index answers from
//! memory and knows nothing of rows; whoever feeds it sees to it that it is caught up. Its inside may change, its
//! answers are held by a naive oracle in the tests.
//!
//! `graph` walks dependencies, `index` holds the work and finds clashes, `touching` finds work by what it touches,
//! `alarmed` what an alarm may have to do with,
//! `slots` looks for times without any, `availability` adds up what it takes from services, `calendar` and `timeline`
//! are what holds for stretches of time.

mod alarmed;
pub mod availability;
mod calendar;
pub mod closure;
mod graph;
pub mod grid;
mod index;
pub mod recurrence;
pub mod series;
pub mod slots;
mod timeline;
mod touching;

pub use alarmed::Ringing;
pub use calendar::{Extent, External, Freeze, Level, Maintenance};
pub use graph::{Affected, Dependency, DependencyKind, Graph, Marks, Node};
pub use index::ScheduleIndex;

use crate::change::{Change, Kind, Stage};
use crate::ids::{ChangeId, OrgId, PersonId, SiteId};
use crate::words::vocabulary;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

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
    /// The items and services it touches. Work that names no item is taken to touch everything that its services run on.
    pub nodes: BTreeSet<Node>,
    /// The sites at which it is done.
    pub sites: BTreeSet<SiteId>,
    /// The organisations it concerns.
    pub organisations: BTreeSet<OrgId>,
    /// Everybody who is named to do it.
    pub people: BTreeSet<PersonId>,
    /// Changes that have to be over before it begins (C035).
    pub after: BTreeSet<ChangeId>,
    /// From its start to the end of its contingency.
    pub span: Span,
    /// How far it has come; of two that clash, the one further on stays (spec 6.7).
    pub stage_rank: u8,
    /// What it takes away from its users.
    pub level: Level,
    /// Emergencies pass a freeze, access requests are exempt (BR-19f, X14).
    pub passes_freezes: bool,
    /// Freezes from which it is excepted (C070).
    pub excepted: BTreeSet<i64>,
}

impl PlannedWork {
    /// The work of a change; `None` while it holds no window.
    pub fn of(change: &Change) -> Option<PlannedWork> {
        let header = &change.content.as_ref().filter(|_| change.stage.holds_window())?.header;
        let window = header.window?;
        let items = header.items.iter().map(|id| Node::Item(*id));
        Some(PlannedWork {
            change: change.id,
            reference: change.reference.clone(),
            nodes: items.chain(header.services.iter().map(|id| Node::Service(*id))).collect(),
            sites: header.sites.iter().copied().collect(),
            organisations: change.orgs(),
            people: people(change),
            after: change.after.iter().map(|one| one.change).collect(),
            span: Span { from: window.start, until: window.contingency_end },
            stage_rank: rank(change.stage),
            level: level(change.kind),
            passes_freezes: change.kind == Kind::Emergency,
            excepted: BTreeSet::new(),
        })
    }
}

/// Everybody who is named to do the work: the implementer, and who owns a step by name.
pub fn people(change: &Change) -> BTreeSet<PersonId> {
    let steps = change.carry.steps.iter().filter(|step| !step.progress.is_over()).filter_map(|step| step.planned.person);
    change.implementer.iter().map(|(person, _)| *person).chain(steps).collect()
}

/// The further on, the more it stays (spec 6.7).
pub fn rank(stage: Stage) -> u8 {
    Stage::ALL.iter().position(|one| *one == stage).map_or(0, |at| at as u8)
}

/// What work of a kind takes away from its users while it lasts. Requests are agreed to take nothing (spec 4.5).
pub fn level(kind: Kind) -> Level {
    match kind {
        Kind::PlannedOutage => Level::Outage,
        Kind::ServiceRequest => Level::NoImpact,
        _ => Level::Degraded,
    }
}

/// Everything that holds for stretches of time, spread out over a horizon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendars {
    pub freezes: Vec<Freeze>,
    pub maintenance: Vec<Maintenance>,
    pub externals: Vec<External>,
    /// The time for which what recurs was spread out. Outside of it nothing is said of maintenance windows.
    pub horizon: Option<Span>,
}

vocabulary! {
    /// The rules of spec 6.7, and the order of changes that follow each other.
    ClashRule {
        /// The same item, spans overlap.
        SameItem = "BR-19a", "the same item at the same time";
        /// One depends on the other, spans overlap.
        Related = "BR-19b", "one depends on the other at the same time";
        /// Both halves of a redundant pair.
        Pair = "BR-19c", "both halves of a redundant pair at the same time";
        /// The same or dependent things, within an hour of each other.
        BackToBack = "BR-19d", "dependent work close together";
        /// Outside of the windows agreed for what it touches.
        Maintenance = "BR-19e", "outside the agreed maintenance window";
        /// Inside a freeze.
        Freeze = "BR-19f", "inside a freeze";
        /// The same person is named in both.
        Person = "BR-19g", "the same person at the same time";
        /// A national service is away meanwhile.
        National = "BR-19h", "a national outage at the same time";
        /// One has to be over before the other begins.
        Order = "order", "in the wrong order";
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
    /// A freeze, the windows agreed for something, or what others do.
    Calendar {
        /// Which.
        id: i64,
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
    /// it. Empty where a place, a person or an order is shared.
    pub path: Vec<Node>,
    /// Everything of the other side that is caught, not only the nearest (C069).
    pub caught: Vec<Node>,
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

#[cfg(test)]
mod tests;
