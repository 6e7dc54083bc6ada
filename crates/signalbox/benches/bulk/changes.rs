//! What each change is, by its number alone: when, on what, how far it has come. Nothing is kept, so that a million of
//! them take no room.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use signalbox_core::actor::OrgKind;
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::ids::{ChangeId, ItemId, OrgId, PersonId};
use signalbox_core::schedule::{self, Node, PlannedWork, Span};

use super::estate::STACK;
use super::{Chance, Estate};

const DAY: i64 = 86_400;
/// Windows lie in ten years, the last half year of which is to come.
const YEARS: i64 = 3_652;
const AHEAD_DAYS: i64 = 183;
/// Changes that were planned longer ago came in from another system, as one event each.
const OWN_SINCE_DAYS: i64 = 365;
/// Ids of one change: its own, those of its events and of its texts.
pub const IDS_EACH: i64 = 1 << 10;

const WORDS: [&str; 24] = [
    "upgrade",
    "replace",
    "firmware",
    "server",
    "switch",
    "patch",
    "monthly",
    "security",
    "certificate",
    "storage",
    "database",
    "migration",
    "cabling",
    "interface",
    "archive",
    "backup",
    "cluster",
    "licence",
    "printer",
    "router",
    "power",
    "cooling",
    "viewer",
    "gateway",
];

/// The world: the estate, and changes by their numbers.
pub struct World {
    pub estate: Arc<Estate>,
}

/// One change, before anything was written.
#[derive(Clone, Debug)]
pub struct Planned {
    pub n: usize,
    pub id: ChangeId,
    pub kind: Kind,
    pub org: OrgId,
    /// By their places in the estate.
    pub items: Vec<usize>,
    pub window: Window,
    pub raised_at: Timestamp,
    /// How far it has come.
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    /// It came in from another system.
    pub is_history: bool,
    /// Who does it: a person of a supplier.
    pub implementer: (PersonId, OrgId),
    pub title: String,
}

impl World {
    pub fn new(estate: Arc<Estate>) -> World {
        World { estate }
    }

    /// The change with this number; they come in the order of their windows.
    pub fn planned(&self, n: usize) -> Planned {
        let (estate, scale) = (&*self.estate, self.estate.scale);
        let mut chance = Chance::of(scale.seed, 3 << 40 | n as u64);
        let now = estate.now.as_second();
        let first = now - (YEARS - AHEAD_DAYS) * DAY;
        let day = first + (n as i64 * YEARS / scale.changes as i64) * DAY;
        // Most work is done between eight in the evening and four.
        let hour = if chance.in_hundred(60) { 20 + chance.below(8) } else { chance.below(24) } as i64;
        let start = day - day.rem_euclid(DAY) + hour * 3_600 + chance.below(4) as i64 * 900;
        let hours = if chance.below(500) == 0 { 24 + chance.below(200) } else { 1 + chance.below(6) } as i64;
        let at = |second: i64| Timestamp::from_second(second).unwrap_or(estate.now);
        let is_history = start < now - OWN_SINCE_DAYS * DAY;
        let contingency = if is_history { 0 } else { 3_600 };
        let window = Window { start: at(start), end: at(start + hours * 3_600), contingency_end: at(start + hours * 3_600 + contingency) };
        let raised_at = at((start - (5 + chance.below(40) as i64) * DAY).min(now - 60));
        let kind =
            *chance.pick(&[Kind::Normal, Kind::Normal, Kind::Normal, Kind::PlannedOutage, Kind::PlannedOutage, Kind::FirewallNetwork, Kind::NationalService]);
        let items = self.items(n, &mut chance);
        let supplier = self.supplier(&items);
        let org = if chance.in_hundred(60) { estate.items[items[0]].org } else { supplier };
        let (stage, outcome) = stage(&mut chance, window, estate.now);
        let id = ChangeId(((first * 1_000) << 20) | ((n as i64 + 1) * IDS_EACH));
        let implementer = (PersonId(estate.implementer(supplier, chance.below(1_000))), supplier);
        let title = title(&mut chance, n, &estate.items[items[0]].code);
        Planned { n, id, kind, org, items, window, raised_at, stage, outcome, is_history, implementer, title }
    }

    /// Two items of one stack, or rarely of two; once in ten thousand the hub.
    fn items(&self, n: usize, chance: &mut Chance) -> Vec<usize> {
        let count = self.estate.items.len();
        let first = if n % 10_000 == 77 { 0 } else { chance.below(count) };
        let second = if chance.in_hundred(80) { first / STACK * STACK + chance.below(STACK) } else { chance.below(count) };
        let mut items = vec![first, if second == first { (first + 1) % count } else { second }];
        items.sort_unstable();
        items
    }

    /// Who runs what the items carry, or else any supplier.
    fn supplier(&self, items: &[usize]) -> OrgId {
        let services = items.iter().flat_map(|item| &self.estate.items[*item].services);
        let owner = services.map(|service| self.estate.service(*service).owner).next();
        let any = || self.estate.orgs.iter().find(|org| org.kind == OrgKind::Supplier).map_or(OrgId(1), |org| org.id);
        owner.unwrap_or_else(any)
    }

    /// The work of a change as the schedule knows it, were it still to be done.
    pub fn work(&self, n: usize) -> PlannedWork {
        let planned = self.planned(n);
        let estate = &*self.estate;
        let items: Vec<_> = planned.items.iter().map(|item| &estate.items[*item]).collect();
        let services: BTreeSet<_> = items.iter().flat_map(|item| item.services.iter().copied()).collect();
        let users = services.iter().flat_map(|service| estate.service(*service).users.iter().copied());
        PlannedWork {
            change: planned.id,
            reference: format!("RFC-2026-{n:06}"),
            nodes: items.iter().map(|item| Node::Item(item.id)).chain(services.iter().map(|service| Node::Service(*service))).collect(),
            sites: items.iter().filter_map(|item| item.site).collect(),
            organisations: items.iter().map(|item| item.org).chain(users).chain([planned.org]).collect(),
            people: [planned.implementer.0].into(),
            after: BTreeSet::new(),
            span: Span { from: planned.window.start, until: planned.window.contingency_end },
            stage_rank: schedule::rank(Stage::Scheduled),
            level: schedule::level(planned.kind),
            passes_freezes: false,
            excepted: BTreeSet::new(),
        }
    }

    /// Ids of the items with these places.
    pub fn ids(&self, items: &[usize]) -> Vec<ItemId> {
        items.iter().map(|item| self.estate.items[*item].id).collect()
    }
}

/// How far a change has come by now, and how it ended.
fn stage(chance: &mut Chance, window: Window, now: Timestamp) -> (Stage, Option<Outcome>) {
    let luck = chance.below(100);
    if window.start <= now && now < window.end {
        return (Stage::Implementing, None);
    }
    if now < window.start {
        let stage = match luck {
            0..60 => Stage::Scheduled,
            60..80 => Stage::Approved,
            80..90 => Stage::AwaitingApproval,
            90..98 => Stage::Assessing,
            _ => Stage::Cancelled,
        };
        return (stage, None);
    }
    match luck {
        0..80 => (Stage::Closed, Some(Outcome::Successful)),
        80..88 => (Stage::Closed, Some(Outcome::SuccessfulWithIssues)),
        88..92 => (Stage::Closed, Some(Outcome::BackedOut)),
        92..95 => (Stage::Closed, Some(Outcome::Failed)),
        _ => (Stage::Cancelled, None),
    }
}

/// A few words that many share, one that some share, and what it is about, which hardly any other names.
fn title(chance: &mut Chance, n: usize, item: &str) -> String {
    let mut words: Vec<String> = (0..4 + chance.below(4)).map(|_| WORDS[chance.below(WORDS.len()).min(chance.below(WORDS.len()))].to_owned()).collect();
    words.push(format!("ward{}", chance.below(2_000)));
    words.push(item.to_lowercase());
    if n % 5_000 == 13 {
        words.push("quinquennial".to_owned());
    }
    let text = words.join(" ");
    text.get(..1).map(|first| first.to_uppercase() + &text[1..]).unwrap_or(text)
}
