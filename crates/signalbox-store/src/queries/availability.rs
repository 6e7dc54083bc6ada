//! How available each service is going to be (C038), from the work that the person may read on the schedule and from
//! national outages. Work of which they see only the times, or nothing, is not counted: a figure would tell what it
//! touches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::ids::{ChangeId, ServiceId};
use signalbox_core::schedule::availability::{Outlook, Piece, Week, outlook};
use signalbox_core::schedule::{Extent, Level, Span, level};

use crate::page::opt_time;
use crate::queries::list::window;
use crate::queries::schedule::{Asked, ScheduleFilter, Standing, externals, listed};
use crate::queries::{Composed, Named, code, opt_code};
use crate::schedule::{Schedule, nodes_of};
use crate::scope::{IS_READABLE, Scope};
use crate::{Row, StoreError, Tx};

/// What is planned of one service, an outlook for each week that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    pub service: Named,
    pub weeks: Vec<Outlook>,
}

impl Availability {
    /// Nothing is taken from it in any of the weeks, even if all is approved.
    pub fn is_whole(&self) -> bool {
        self.weeks.iter().all(|week| week.if_approved.is_none())
    }
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let asked = Asked { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, now: Timestamp::UNIX_EPOCH };
    vec![("WORK", statement(&scope, asked, None).sql), ("WORK_OF_ORGANISATION", statement(&scope, asked, Some(1)).sql)]
}

const COLUMNS: &str = "select c.id, c.stage, c.kind, c.window_start, c.window_end, c.contingency_end, c.started_at, c.expected_end, c.finished_at,
    coalesce(c.outcome, c.proposed) from changes c where ";

fn statement(scope: &Scope, asked: Asked, organisation: Option<i64>) -> Composed {
    let mut statement = listed(COLUMNS, scope, asked, &ScheduleFilter { organisation, ..ScheduleFilter::default() });
    statement.sql.push_str(&format!(" and {IS_READABLE} = 1"));
    statement
}

/// What each of these services loses in each of these weeks, which follow one another. With an organisation, only by
/// work that concerns it, and by what happens elsewhere.
///
/// # Errors
/// The store's.
pub fn availability(
    tx: &mut dyn Tx,
    schedule: &Schedule,
    scope: &Scope,
    (weeks, now): (&[Week], Timestamp),
    services: &[Named],
    organisation: Option<i64>,
) -> Result<Vec<Availability>, StoreError> {
    let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else { return Ok(vec![]) };
    let asked = Asked { from: first.span.from, until: last.span.until, now };
    let mut pieces = work(tx, schedule, scope, asked, organisation)?;
    let outages = externals(tx, scope, asked)?.into_iter().filter(|one| one.is_outage);
    pieces.extend(outages.filter_map(|one| match one.extent {
        Extent::Node(node) => Some(Piece { nodes: [node].into(), span: one.span, level: Level::Outage, is_firm: true }),
        // It says of no service that it is away.
        Extent::Everything | Extent::Organisation(_) | Extent::Site(_) => None,
    }));
    let taken = schedule.ask(tx, now, |index, marks| index.taken(marks, &pieces))?;
    let of = |service: &Named| {
        let taken = taken.get(&ServiceId(service.id)).map_or(&[][..], Vec::as_slice);
        Availability { service: service.clone(), weeks: weeks.iter().map(|week| outlook(taken, week.span)).collect() }
    };
    Ok(services.iter().map(of).collect())
}

/// The work that the person may read. What it touches is asked of the index; what holds no window any more, or does
/// not yet, is not in it and is read from its rows.
fn work(tx: &mut dyn Tx, schedule: &Schedule, scope: &Scope, asked: Asked, organisation: Option<i64>) -> Result<Vec<Piece>, StoreError> {
    let statement = statement(scope, asked, organisation);
    let mut found: BTreeMap<ChangeId, Piece> = BTreeMap::new();
    tx.query(&statement.sql, &statement.params, &mut |row| {
        if let Some(piece) = piece(row, asked.now)? {
            found.insert(ChangeId(row.int(0)?), piece);
        }
        Ok(())
    })?;
    let unknown = schedule.ask(tx, asked.now, |index, _| {
        let mut unknown = vec![];
        for (change, piece) in &mut found {
            match index.work(*change) {
                Some(work) => piece.nodes = work.nodes,
                None => unknown.push(*change),
            }
        }
        unknown
    })?;
    for change in unknown {
        let nodes = nodes_of(tx, change)?;
        if let Some(piece) = found.get_mut(&change) {
            piece.nodes = nodes;
        }
    }
    Ok(found.into_values().collect())
}

/// What one change takes, before it is known of what; nothing from cancelled work, from work that was not done and
/// from requests, which are agreed to take nothing.
fn piece(row: &dyn Row, now: Timestamp) -> Result<Option<Piece>, StoreError> {
    let (stage, kind) = (code(row, 1, Stage::from_code)?, code(row, 2, Kind::from_code)?);
    let outcome = opt_code(row, 9, Outcome::from_code)?;
    let (Some(standing), Some(window), level) = (Standing::of(stage), window(row, 3)?, level(kind)) else { return Ok(None) };
    if standing == Standing::Cancelled || outcome == Some(Outcome::NotImplemented) || level == Level::NoImpact {
        return Ok(None);
    }
    let span = span(standing, window, [opt_time(row, 6)?, opt_time(row, 7)?, opt_time(row, 8)?], now);
    Ok(Some(Piece { nodes: Default::default(), span, level, is_firm: standing != Standing::Tentative }))
}

/// From when it began to when it ended, as far as that is known; else its window without the time to go back. Work that
/// runs on takes until its new end, or until now where nobody has named one.
fn span(standing: Standing, window: Window, [started, expected, finished]: [Option<Timestamp>; 3], now: Timestamp) -> Span {
    let late = if standing == Standing::Live { expected.into_iter().chain([now]).max() } else { None };
    Span { from: started.unwrap_or(window.start), until: finished.unwrap_or_else(|| window.end.max(late.unwrap_or(window.end))) }
}
