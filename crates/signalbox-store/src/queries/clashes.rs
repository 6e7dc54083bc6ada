//! The clashes that stand on the schedule (BR-19a, 19d, 19f), as far as whoever looks may know of them.
//!
//! A clash is told on the side that the person may read. What is on the other side has a name only if they may read
//! that too (S16); work that is not even listed for them is told of to the parties of the one that they see, as the
//! change's own page does, and to nobody else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use signalbox_core::ids::ChangeId;
use signalbox_core::schedule::{Clash, ClashRule, ClashWith, Span};

use crate::schedule::Schedule;
use crate::scope::{IS_PARTY, IS_READABLE, LISTED, Scope};
use crate::{StoreError, Tx, gather};

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opposite {
    /// Work that the person may read; `is_open` where its page is open to them too.
    Work { id: i64, reference: String, title: String, is_open: bool },
    /// Work that they may not.
    Restricted,
    /// A freeze, by its title.
    Freeze { title: String },
    /// Something that happens elsewhere and concerns the same services (BR-19h), by its title.
    Elsewhere { title: String },
}

/// One entry of the schedule, and one thing that stands in its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScheduleClash {
    pub change: i64,
    /// The code of the rule in spec 6.7.
    pub rule: &'static str,
    /// It stands in the way; otherwise it is worth knowing.
    pub is_hard: bool,
    pub with: Opposite,
    /// The code of what both touch; empty where that would say what restricted work is about.
    pub shared: String,
}

impl ScheduleClash {
    /// The same for both sides of a pair, so that each pair can be counted once.
    pub fn pair(&self) -> (i64, i64, Opposite) {
        match self.with {
            Opposite::Work { id, .. } => (self.change.min(id), self.change.max(id), Opposite::Restricted),
            _ => (self.change, 0, self.with.clone()),
        }
    }
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    vec![("LOOK", look_sql())]
}

fn look_sql() -> String {
    format!("select {IS_READABLE}, {IS_PARTY}, c.reference, c.title from changes c where c.id = $5 and {LISTED} and c.private = 0")
}

/// What the person may know of a piece of work.
#[derive(Clone)]
struct Known {
    is_readable: bool,
    is_party: bool,
    reference: String,
    title: String,
}

/// The eyes that look, and what they have seen already.
struct Eyes<'s> {
    scope: &'s Scope,
    sql: String,
    seen: BTreeMap<i64, Option<Known>>,
}

impl Eyes<'_> {
    fn look(&mut self, tx: &mut dyn Tx, id: ChangeId) -> Result<Option<Known>, StoreError> {
        if let Some(seen) = self.seen.get(&id.0) {
            return Ok(seen.clone());
        }
        let mut params = self.scope.params();
        params.push(id.0.into());
        let known = tx.maybe_one(&self.sql, &params, |row| {
            Ok(Known { is_readable: row.boolean(0)?, is_party: row.boolean(1)?, reference: row.text(2)?, title: row.text(3)? })
        })?;
        self.seen.insert(id.0, known.clone());
        Ok(known)
    }

    fn opposite(&mut self, tx: &mut dyn Tx, own: &Known, clash: &Clash) -> Result<Option<Opposite>, StoreError> {
        match &clash.with {
            ClashWith::Calendar { title, .. } => Ok(self.scope.reads_schedule().then(|| match clash.rule {
                ClashRule::National => Opposite::Elsewhere { title: title.clone() },
                _ => Opposite::Freeze { title: title.clone() },
            })),
            ClashWith::Work { change, .. } => Ok(match self.look(tx, *change)? {
                Some(other) if other.is_readable => {
                    Some(Opposite::Work { id: change.0, reference: other.reference, title: other.title, is_open: other.is_party })
                }
                None if !own.is_party => None,
                _ => Some(Opposite::Restricted),
            }),
        }
    }
}

/// Every clash of what holds a window in the span.
pub fn on_schedule(
    tx: &mut dyn Tx,
    schedule: &Schedule,
    now: Timestamp,
    scope: &Scope,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<ScheduleClash>, StoreError> {
    let asked = Span { from, until };
    let all = schedule.ask(tx, now, |index, _| index.changes_within(asked))?;
    of_changes(tx, schedule, now, scope, all)
}

/// The clashes of these changes, as far as they hold a window: a page that shows a few of many asks about those alone.
pub fn of_changes(
    tx: &mut dyn Tx,
    schedule: &Schedule,
    now: Timestamp,
    scope: &Scope,
    changes: impl IntoIterator<Item = ChangeId>,
) -> Result<Vec<ScheduleClash>, StoreError> {
    let clashes = schedule.ask(tx, now, |index, marks| {
        let work = changes.into_iter().filter_map(|change| index.work(change));
        work.map(|work| (work.change, index.check_with(marks, &work))).filter(|(_, clashes)| !clashes.is_empty()).collect::<Vec<_>>()
    })?;
    let mut eyes = Eyes { scope, sql: look_sql(), seen: BTreeMap::new() };
    let mut found = vec![];
    for (change, clashes) in clashes {
        found.extend(of_work(tx, &mut eyes, now, change, clashes)?);
    }
    found.sort();
    Ok(found)
}

fn of_work(tx: &mut dyn Tx, eyes: &mut Eyes, now: Timestamp, change: ChangeId, mut clashes: Vec<Clash>) -> Result<Vec<ScheduleClash>, StoreError> {
    let Some(own) = eyes.look(tx, change)?.filter(|own| own.is_readable) else { return Ok(vec![]) };
    if clashes.iter().any(|clash| clash.rule == ClashRule::Freeze) {
        // An exception ends by itself, so that it is asked for at the moment.
        let excepted = gather::exceptions(tx, change.0, now)?;
        clashes.retain(|clash| !matches!(&clash.with, ClashWith::Calendar { id, .. } if clash.rule == ClashRule::Freeze && excepted.contains(id)));
    }
    // That another time was agreed on is advice to who plans, and stands on the change's own page; it would mark half a month.
    clashes.retain(|clash| clash.rule != ClashRule::Maintenance);
    let mut found = vec![];
    for clash in clashes {
        let Some(with) = eyes.opposite(tx, &own, &clash)? else { continue };
        let shared = match (&with, clash.path.last()) {
            (Opposite::Work { .. }, Some(node)) => gather::code_of(tx, *node)?,
            _ => String::new(),
        };
        found.push(ScheduleClash { change: change.0, rule: clash.rule.code(), is_hard: clash.is_hard(), with, shared });
    }
    Ok(found)
}
