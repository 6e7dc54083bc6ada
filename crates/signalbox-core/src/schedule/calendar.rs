//! What holds for a stretch of time whoever plans work in it: freezes, agreed maintenance windows, and what happens
//! elsewhere. Each value is one occurrence; what recurs was spread out before (`recurrence`).

use super::{Node, Span};
use crate::ids::{OrgId, SiteId};
use crate::words::vocabulary;

vocabulary! {
    /// How much work takes away from those who use what it touches, the least first (the levels of a maintenance
    /// notice, spec 10.3).
    Level {
        NoImpact = "no_impact", "no impact";
        Reduced = "reduced_resilience", "reduced resilience";
        Degraded = "degraded", "degraded";
        Outage = "outage", "outage";
    }
}

/// What a freeze, a maintenance window or an external entry holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All work.
    Everything,
    /// Work that concerns one organisation.
    Organisation(OrgId),
    /// Work at one site.
    Site(SiteId),
    /// Work that touches or affects one item or service.
    Node(Node),
}

/// A time in which nothing is to change (BR-19f, BR-32).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Which freeze; all occurrences of one that recurs share it.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// What it covers.
    pub extent: Extent,
    /// When.
    pub span: Span,
    /// Hard freezes refuse, soft ones warn.
    pub is_hard: bool,
    /// Work that takes away less than this is free.
    pub from_level: Level,
}

/// A time agreed for work on something. Where one is agreed, work outside of it is worth a word (BR-19e).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Which agreement; all occurrences of it share it.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// What it was agreed for.
    pub extent: Extent,
    /// When.
    pub span: Span,
    /// Work inside may take away this much and no more.
    pub up_to: Level,
}

/// Something that others do and that the programme knows of: a national outage (BR-19h), a business event (C036).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// Which entry.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// What is away or busy meanwhile.
    pub extent: Extent,
    /// When.
    pub span: Span,
    /// A national service is away; otherwise it only stands beside the work.
    pub is_outage: bool,
}
