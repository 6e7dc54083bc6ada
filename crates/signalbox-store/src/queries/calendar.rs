//! What something that was declared for a stretch of time catches (C069): every change in it, with everything of the
//! change that it touches there, as far as whoever looks may know of them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use signalbox_core::schedule::{Calendars, Extent, Freeze, Level, PlannedWork, ScheduleIndex, Span};

use crate::schedule::Schedule;
use crate::scope::{IS_PARTY, IS_READABLE, LISTED, Scope};
use crate::{StoreError, Tx, gather};

/// A change that is caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    pub id: i64,
    pub reference: String,
    pub title: String,
    /// From its start to its latest end.
    pub span: Span,
    /// The codes of everything of it that is caught; empty where a whole place is, and the change names none.
    pub things: Vec<String>,
    /// Its page is open to the person.
    pub is_open: bool,
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    vec![("CAUGHT", look_sql())]
}

fn look_sql() -> String {
    format!("select c.reference, c.title, {IS_PARTY}, {IS_READABLE} from changes c where c.id = $5 and {LISTED} and c.private = 0")
}

/// Every change that holds a window in one of the spans and that the extent covers, by its start.
pub fn caught(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, scope: &Scope, extent: Extent, spans: &[Span]) -> Result<Vec<Caught>, StoreError> {
    let Some(index) = covering(tx, extent, spans)? else { return Ok(vec![]) };
    let sql = look_sql();
    let (mut seen, mut found) = (BTreeSet::new(), vec![]);
    for span in spans {
        let near = schedule.ask(tx, now, |index, _| index.changes_within(*span).into_iter().filter_map(|change| index.work(change)).collect::<Vec<_>>())?;
        for work in near {
            if is_covered(&index, &work) && seen.insert(work.change) {
                found.extend(look(tx, scope, &sql, &index, extent, &work)?);
            }
        }
    }
    found.sort_by_key(|one| (one.span.from, one.id));
    Ok(found)
}

/// An index in which nothing is but the extent, at the times asked about: whatever clashes there is covered.
fn covering(tx: &mut dyn Tx, extent: Extent, spans: &[Span]) -> Result<Option<ScheduleIndex>, StoreError> {
    if spans.is_empty() {
        return Ok(None);
    }
    let freeze = |span: &Span| Freeze { id: 0, title: String::new(), extent, span: *span, is_hard: false, from_level: Level::NoImpact };
    let calendars = Calendars { freezes: spans.iter().map(freeze).collect(), ..Calendars::default() };
    Ok(Some(ScheduleIndex::build([], &gather::dependencies(tx)?, calendars)))
}

fn is_covered(index: &ScheduleIndex, work: &PlannedWork) -> bool {
    // That an emergency passes a freeze does not take it out of the night.
    !index.check(&PlannedWork { passes_freezes: false, ..work.clone() }).is_empty()
}

fn look(tx: &mut dyn Tx, scope: &Scope, sql: &str, index: &ScheduleIndex, extent: Extent, work: &PlannedWork) -> Result<Option<Caught>, StoreError> {
    let mut params = scope.params();
    params.push(work.change.0.into());
    let read = |row: &dyn crate::Row| Ok((row.text(0)?, row.text(1)?, row.boolean(2)?, row.boolean(3)?));
    let Some((reference, title, is_open, true)) = tx.maybe_one(sql, &params, read)? else { return Ok(None) };
    let mut things = vec![];
    for node in &work.nodes {
        let alone = PlannedWork { nodes: BTreeSet::from([*node]), ..work.clone() };
        if !matches!(extent, Extent::Node(_)) || is_covered(index, &alone) {
            things.push(gather::code_of(tx, *node)?);
        }
    }
    things.sort();
    Ok(Some(Caught { id: work.change.0, reference, title, span: work.span, things, is_open }))
}

/// How far ahead the changes that something catches are looked for.
pub fn ahead(now: Timestamp) -> Span {
    const DAYS: i64 = 366;
    Span { from: now, until: now.saturating_add(jiff::SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX) }
}
