//! The schedule in memory: the core's index, made from the rows once and then fed by what was committed.
//!
//! It is never the truth. Each question first reads where the log ends and takes in what came since, change by change,
//! so that what it answers equals the rows at that number. Who decides holds the lock of the log's head while asking
//! (settled 20), so two nodes cannot both approve into a clash. A transaction that fed it and was then undone is found
//! by the hash of the log, and the changes that it touched are read again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use signalbox_core::change::{Kind, Stage};
use signalbox_core::ids::{ChangeId, ItemId, OrgId, PersonId, ServiceId, SiteId};
use signalbox_core::schedule::{self, Calendars, Level, Marks, Node, PlannedWork, ScheduleIndex, Span};

use crate::log::{self, Head};
use crate::sql::statements;
use crate::{StoreError, Tx, gather, values};

statements! {
    WORK = "select id, reference, stage, kind, window_start, contingency_end from changes where holds_window = 1 order by id";
    WORK_OF = "select id, reference, stage, kind, window_start, contingency_end from changes where id = $1 and holds_window = 1";
    ITEMS = "select x.change_id, x.item_id from changes c join change_items x on x.change_id = c.id where c.holds_window = 1 order by c.id";
    ITEMS_OF = "select change_id, item_id from change_items where change_id = $1";
    SERVICES = "select x.change_id, x.service_id from changes c join change_services x on x.change_id = c.id where c.holds_window = 1 and x.derived = 0 order by c.id";
    SERVICES_OF = "select change_id, service_id from change_services where change_id = $1 and derived = 0";
    SITES = "select x.change_id, x.site_id from changes c join change_sites x on x.change_id = c.id where c.holds_window = 1 order by c.id";
    SITES_OF = "select change_id, site_id from change_sites where change_id = $1";
    ORGS = "select x.change_id, x.org_id from changes c join change_orgs x on x.change_id = c.id where c.holds_window = 1 order by c.id";
    ORGS_OF = "select change_id, org_id from change_orgs where change_id = $1";
    PEOPLE = "select x.change_id, x.person_id from changes c join change_people x on x.change_id = c.id where c.holds_window = 1 order by c.id";
    PEOPLE_OF = "select change_id, person_id from change_people where change_id = $1";
    AFTER = "select x.change_id, x.after_id from changes c join change_after x on x.change_id = c.id where c.holds_window = 1 order by c.id";
    AFTER_OF = "select change_id, after_id from change_after where change_id = $1";
    SINCE = "select change_id, stream, type from events where seq > $1 order by seq";
    HASH_AT = "select hash from events where seq = $1";
}

/// How far back and ahead what recurs is spread out.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 62);
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);
/// It is spread out again once less than this is left ahead.
const LEFT: SignedDuration = SignedDuration::from_hours(24 * 370);
/// How many feedings are remembered, should the log have been cut back behind them.
const REMEMBERED: usize = 256;

/// The handle that everybody shares.
#[derive(Debug, Default)]
pub struct Schedule {
    state: RwLock<State>,
    /// A transaction was undone that may have fed it.
    is_doubted: AtomicBool,
    marks: Mutex<Vec<Marks>>,
}

#[derive(Debug, Default)]
struct State {
    index: ScheduleIndex,
    /// Where the log ended when it was last fed; `None`: it was never made.
    end: Option<(i64, String)>,
    /// What each feeding took in, the latest last.
    fed: VecDeque<Fed>,
    horizon: Option<Span>,
}

/// The changes that were taken in to get from one end of the log to another.
#[derive(Debug)]
struct Fed {
    /// The end before.
    from: (i64, String),
    changes: Vec<ChangeId>,
}

impl Schedule {
    /// Asks the index as it is at the end of the log that this transaction sees, or at a later one.
    ///
    /// # Errors
    /// The store's.
    pub fn ask<T>(&self, tx: &mut dyn Tx, now: Timestamp, question: impl FnOnce(&ScheduleIndex, &mut Marks) -> T) -> Result<T, StoreError> {
        let head = log::read_head(tx)?;
        if self.is_doubted.swap(false, Ordering::AcqRel) {
            self.agree(tx, &head)?;
        }
        if !self.read(|state| state.is_at(&head, now)) {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            state.feed(tx, &head, now)?;
        }
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let answer = self.read(|state| question(&state.index, &mut marks));
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push(marks);
        Ok(answer)
    }

    /// Takes back what came from a transaction that was undone. Ask once the lock of the log's head is held: nobody
    /// else can be ahead then.
    ///
    /// # Errors
    /// The store's.
    pub fn agree(&self, tx: &mut dyn Tx, head: &Head) -> Result<(), StoreError> {
        if self.read(|state| state.end.as_ref().is_none_or(|(count, hash)| (*count, hash.as_str()) == (head.count(), head.hash()))) {
            return Ok(());
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.go_back(tx, head)
    }

    /// To be said after a write that failed: what it had fed is looked at again before the next answer.
    pub fn doubt(&self) {
        self.is_doubted.store(true, Ordering::Release);
    }

    fn read<T>(&self, f: impl FnOnce(&State) -> T) -> T {
        f(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Nothing is left to take in. A reader whose snapshot is older is told of what came after it, too.
    fn is_at(&self, head: &Head, now: Timestamp) -> bool {
        self.end.as_ref().is_some_and(|(count, _)| *count >= head.count()) && self.knows(now)
    }

    fn knows(&self, now: Timestamp) -> bool {
        self.horizon.is_some_and(|horizon| horizon.until.duration_since(now) >= LEFT && horizon.from <= now)
    }

    fn feed(&mut self, tx: &mut dyn Tx, head: &Head, now: Timestamp) -> Result<(), StoreError> {
        let Some(end) = self.end.clone() else {
            self.index = made(tx)?;
            self.end = Some((head.count(), head.hash().to_owned()));
            return self.spread(tx, now);
        };
        // Read by its number alone: asked for distinct changes, both databases walk the index of all that ever happened.
        let (mut kinds, mut changes) = (BTreeSet::new(), BTreeSet::new());
        tx.query(SINCE, values![end.0], &mut |row| {
            match row.text(1)?.as_str() {
                "change" => changes.insert(ChangeId(row.int(0)?)),
                _ => kinds.insert(row.text(2)?),
            };
            Ok(())
        })?;
        if kinds.iter().any(|kind| changes_estate(kind)) {
            self.index.set_dependencies(&gather::dependencies(tx)?);
        }
        if kinds.iter().any(|kind| changes_calendars(kind)) || !self.knows(now) {
            self.spread(tx, now)?;
        }
        if head.count() > end.0 {
            let changes: Vec<ChangeId> = changes.into_iter().collect();
            self.take_in(tx, &changes)?;
            self.fed.push_back(Fed { from: end, changes });
            if self.fed.len() > REMEMBERED {
                self.fed.pop_front();
            }
            self.end = Some((head.count(), head.hash().to_owned()));
        }
        Ok(())
    }

    fn take_in(&mut self, tx: &mut dyn Tx, changes: &[ChangeId]) -> Result<(), StoreError> {
        for change in changes {
            match work_of(tx, *change)? {
                Some(work) => self.index.insert(work),
                None => {
                    self.index.remove(*change);
                }
            }
        }
        Ok(())
    }

    /// Back to the last end that is still in the log, and forth from there.
    fn go_back(&mut self, tx: &mut dyn Tx, head: &Head) -> Result<(), StoreError> {
        let mut undone = BTreeSet::new();
        while let Some(end) = self.end.clone() {
            let is_there = end.0 == 0 || end.0 <= head.count() && tx.maybe_one(HASH_AT, values![end.0], |row| row.text(0))?.as_deref() == Some(&end.1);
            if is_there {
                break;
            }
            match self.fed.pop_back() {
                Some(fed) => {
                    undone.extend(fed.changes);
                    self.end = Some(fed.from);
                }
                None => *self = State::default(),
            }
        }
        // Directory events may have been undone too; what they change is read anew.
        if !undone.is_empty() || self.end.is_none() {
            self.horizon = None;
            self.index.set_dependencies(&gather::dependencies(tx)?);
        }
        self.take_in(tx, &undone.into_iter().collect::<Vec<_>>())
    }

    fn spread(&mut self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        let horizon = Span { from: now.saturating_add(-BACK).unwrap_or(now), until: now.saturating_add(AHEAD).unwrap_or(now) };
        self.index.set_calendars(calendars(tx, horizon)?);
        self.horizon = Some(horizon);
        Ok(())
    }
}

/// Everything that holds for stretches of time within a span.
///
/// # Errors
/// The store's.
pub fn calendars(tx: &mut dyn Tx, horizon: Span) -> Result<Calendars, StoreError> {
    Ok(Calendars {
        freezes: gather::freezes(tx, horizon)?,
        maintenance: gather::maintenance(tx, horizon)?,
        externals: gather::externals(tx, horizon)?,
        horizon: Some(horizon),
    })
}

fn changes_estate(kind: &str) -> bool {
    ["Item", "Service", "Dependency", "Merg"].iter().any(|start| kind.starts_with(start))
}

fn changes_calendars(kind: &str) -> bool {
    ["Freeze", "Maintenance", "External", "Merg"].iter().any(|start| kind.starts_with(start))
}

type WorkRow = (i64, String, String, String, i64, i64);

fn work_row(row: &dyn crate::Row) -> Result<WorkRow, StoreError> {
    Ok((row.int(0)?, row.text(1)?, row.text(2)?, row.text(3)?, row.int(4)?, row.int(5)?))
}

/// A row of the schedule, with nothing beside it yet.
fn bare((id, reference, stage, kind, from, until): WorkRow) -> Result<PlannedWork, StoreError> {
    let at = |micros| Timestamp::from_microsecond(micros).map_err(|fault| StoreError::Corrupt(fault.to_string()));
    let kind = Kind::from_code(&kind);
    Ok(PlannedWork {
        change: ChangeId(id),
        reference,
        nodes: BTreeSet::new(),
        sites: BTreeSet::new(),
        organisations: BTreeSet::new(),
        people: BTreeSet::new(),
        after: BTreeSet::new(),
        span: Span { from: at(from)?, until: at(until)? },
        stage_rank: Stage::from_code(&stage).map_or(0, schedule::rank),
        level: kind.map_or(Level::NoImpact, schedule::level),
        passes_freezes: kind == Some(Kind::Emergency),
        excepted: BTreeSet::new(),
    })
}

/// What stands in the tables beside a change: where it is read, and what it adds to the work.
type Beside = (&'static str, &'static str, fn(&mut PlannedWork, i64));

const BESIDE: [Beside; 6] = [
    (ITEMS, ITEMS_OF, |work, id| _ = work.nodes.insert(Node::Item(ItemId(id)))),
    (SERVICES, SERVICES_OF, |work, id| _ = work.nodes.insert(Node::Service(ServiceId(id)))),
    (SITES, SITES_OF, |work, id| _ = work.sites.insert(SiteId(id))),
    (ORGS, ORGS_OF, |work, id| _ = work.organisations.insert(OrgId(id))),
    (AFTER, AFTER_OF, |work, id| _ = work.after.insert(ChangeId(id))),
    (PEOPLE, PEOPLE_OF, |work, id| _ = work.people.insert(PersonId(id))),
];

/// The work of one change as its rows say; `None` while it holds no window.
///
/// # Errors
/// The store's.
pub fn work_of(tx: &mut dyn Tx, change: ChangeId) -> Result<Option<PlannedWork>, StoreError> {
    let Some(row) = tx.maybe_one(WORK_OF, values![change.0], work_row)? else { return Ok(None) };
    let mut work = bare(row)?;
    for (_, of, add) in BESIDE {
        tx.query(of, values![change.0], &mut |row| {
            add(&mut work, row.int(1)?);
            Ok(())
        })?;
    }
    Ok(Some(work))
}

/// The items and services that a change touches, as its rows say, whether or not it holds a window.
///
/// # Errors
/// The store's.
pub fn nodes_of(tx: &mut dyn Tx, change: ChangeId) -> Result<BTreeSet<Node>, StoreError> {
    let mut nodes: BTreeSet<Node> = tx.all(ITEMS_OF, values![change.0], |row| row.int(1).map(|id| Node::Item(ItemId(id))))?.into_iter().collect();
    nodes.extend(tx.all(SERVICES_OF, values![change.0], |row| row.int(1).map(|id| Node::Service(ServiceId(id))))?);
    Ok(nodes)
}

/// The whole index from the rows.
fn made(tx: &mut dyn Tx) -> Result<ScheduleIndex, StoreError> {
    let mut all: Vec<PlannedWork> = vec![];
    tx.query(WORK, &[], &mut |row| {
        all.push(bare(work_row(row)?)?);
        Ok(())
    })?;
    for (whole, _, add) in BESIDE {
        // Both sides stand in the order of the changes.
        let mut at = 0;
        tx.query(whole, &[], &mut |row| {
            let change = ChangeId(row.int(0)?);
            while all.get(at).is_some_and(|work| work.change < change) {
                at += 1;
            }
            if let Some(work) = all.get_mut(at).filter(|work| work.change == change) {
                add(work, row.int(1)?);
            }
            Ok(())
        })?;
    }
    Ok(ScheduleIndex::build(all, &gather::dependencies(tx)?, Calendars::default()))
}

/// Whether the index holds exactly what the rows say, for tests: every change that differs.
///
/// # Errors
/// The store's.
pub fn differences(tx: &mut dyn Tx, index: &ScheduleIndex) -> Result<Vec<ChangeId>, StoreError> {
    let mut rows: BTreeMap<ChangeId, WorkRow> = BTreeMap::new();
    tx.query(WORK, &[], &mut |row| {
        let work = work_row(row)?;
        rows.insert(ChangeId(work.0), work);
        Ok(())
    })?;
    let mut wrong = vec![];
    for change in rows.keys() {
        if work_of(tx, *change)? != index.work(*change) {
            wrong.push(*change);
        }
    }
    if index.len() != rows.len() {
        wrong.extend(index.changes_within(Span { from: Timestamp::MIN, until: Timestamp::MAX }).into_iter().filter(|change| !rows.contains_key(change)));
    }
    Ok(wrong)
}
