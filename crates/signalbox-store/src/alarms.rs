//! Alarms as monitors and desks tell them, each read against the record as it comes in (spec 10.4, X5). How it was read
//! is kept with what was known then, so that a question about money months later is answered from evidence.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signalbox_core::alarm::{self, BEFORE, Class, Cover, FLAPPING, FLAPPING_WITHIN, Heard, Work};
use signalbox_core::change::Network;
use signalbox_core::ids::{ChangeId, ItemId, SiteId};
use signalbox_core::schedule::{Node, Ringing, Span};

use crate::directory::{Act, record_directory_event};
use crate::schedule::{self, Schedule};
use crate::sql::statements;
use crate::{StoreError, Tx, log, project, values};

/// More work at one moment at one place than anybody announces.
const WORKS_MAX: usize = 40;
const MICRO: SignedDuration = SignedDuration::from_micros(1);

statements! {
    // Should be over and is not said to be.
    OVERDUE = "select id from changes where stage in ('IMPLEMENTING', 'BACKING_OUT') and contingency_end <= $1 order by id desc limit 500";
    OVER = "select id from changes where finished_at >= $1 and window_start <= $2 and holds_window = 0 order by finished_at limit 500";
    KNOWN = "select id, cleared_at from alarms where org_id = $1 and source = $2 and source_alarm = $3";
    CLEAR = "update alarms set cleared_at = $2 where id = $1 and cleared_at is null";
    LATELY = "select id, folded_into from alarms where item_id = $1 and org_id = $2 and class = 'expected' and raised_at > $3 and raised_at <= $4
        order by raised_at, id limit 50";
    FOLD = "update alarms set folded = folded + 1 where id = $1";
    INSERT = "insert into alarms (id, org_id, source, source_alarm, object, item_id, site_id, kind, is_safety, raised_at, cleared_at, received_at,
            class, change_id, cover_until, log_seq, stage, verdict, received_notice, folded_into, folded)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0)";
    FIND = "update alarms set found = $2, found_by = $3, found_at = $4, found_why = $5 where id = $1";
    ITEM_SITE = "select site_id from items where id = $1";
}

/// An alarm as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: i64,
    /// Whose desk or monitor tells it.
    pub org_id: i64,
    pub source: String,
    /// Its number there: told twice under one number, it is one alarm.
    pub source_alarm: String,
    /// What rings, as the source names it.
    pub object: String,
    pub item: Option<i64>,
    /// Where; that of the item where nobody says.
    pub site: Option<i64>,
    pub kind: String,
    pub is_safety: bool,
    pub raised_at: Timestamp,
    pub cleared_at: Option<Timestamp>,
}

/// How an alarm is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub class: Class,
    /// What answers for it.
    pub change: Option<i64>,
    pub until: Option<Timestamp>,
    stage: Option<&'static str>,
    verdict: Option<&'static str>,
    received: Option<Timestamp>,
}

/// What came of telling one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub id: i64,
    /// It was told before; a time at which it cleared may be new.
    pub was_known: bool,
}

/// Reads an alarm against the record as it stands. Who asks does not matter: what may be shown of the change is asked when
/// it is shown.
///
/// # Errors
/// The store's.
pub fn read(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, told: &Told, by_network: bool) -> Result<Reading, StoreError> {
    let at = told.raised_at;
    let soon = at.saturating_add(BEFORE).unwrap_or(at);
    let ringing = Ringing { item: told.item.map(ItemId), site: told.site.map(SiteId) };
    // A microsecond more, since cover holds at both its ends and spans are half-open.
    let span = Span { from: at.saturating_sub(MICRO).unwrap_or(at), until: soon.saturating_add(MICRO).unwrap_or(soon) };
    let mut works: BTreeMap<ChangeId, bool> = schedule.ask(tx, now, |index, marks| index.alarmed(marks, ringing, span))?.into_iter().collect();
    if let Some(item) = ringing.item {
        let mut besides = tx.all(OVERDUE, values![at.as_microsecond()], |row| row.int(0))?;
        let over_since = at.saturating_sub(alarm::AFTER_BACK).unwrap_or(at);
        besides.extend(tx.all(OVER, values![over_since.as_microsecond(), soon.as_microsecond()], |row| row.int(0))?);
        for change in besides.into_iter().map(ChangeId).filter(|change| !works.contains_key(change)).collect::<Vec<_>>() {
            let nodes = schedule::nodes_of(tx, change)?;
            let is_listed = nodes.contains(&Node::Item(item)) || schedule.ask(tx, now, |index, marks| index.takes_down(marks, item, &nodes))?;
            if is_listed {
                works.insert(change, true);
            }
        }
    }
    // What lists it comes first.
    let mut works: Vec<(ChangeId, bool)> = works.into_iter().collect();
    works.sort_by_key(|(change, is_listed)| (!is_listed, *change));
    let mut found = vec![];
    for (id, is_listed) in works.into_iter().take(WORKS_MAX) {
        let Some(loaded) = project::load(tx, id.0)? else { continue };
        if let Some(cover) = Cover::of(&loaded.change) {
            found.push((Work { cover, is_listed, network_untold: loaded.change.network == Network::Needed }, loaded.change));
        }
    }
    let only: Vec<Work> = found.iter().map(|(work, _)| *work).collect();
    let (class, by) = alarm::classify(&Heard { at, is_safety: told.is_safety, by_network }, &only);
    let by = by.map(|n| &found[n]);
    let notice = by.and_then(|(_, change)| change.notice());
    Ok(Reading {
        class,
        change: by.map(|(_, change)| change.id.0),
        until: by.map(|(work, _)| work.cover.until),
        stage: by.map(|(_, change)| change.stage.code()),
        verdict: notice.map(|notice| notice.verdict.code()),
        received: notice.map(|notice| notice.received_at),
    })
}

/// Writes down an alarm with how it is read. The same one again does nothing but say when it cleared.
///
/// # Errors
/// The store's.
pub fn hear(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, told: &Told, by_network: bool) -> Result<Outcome, StoreError> {
    let known = tx.maybe_one(KNOWN, values![told.org_id, &told.source, &told.source_alarm], |row| row.int(0))?;
    if let Some(id) = known {
        if let Some(cleared) = told.cleared_at {
            tx.exec(CLEAR, values![id, cleared.as_microsecond()])?;
        }
        return Ok(Outcome { id, was_known: true });
    }
    let mut told = told.clone();
    if let (None, Some(item)) = (told.site, told.item) {
        told.site = tx.maybe_one(ITEM_SITE, values![item], |row| row.opt_int(0))?.flatten();
    }
    let reading = read(tx, schedule, now, &told, by_network)?;
    let folded_into = if reading.class == Class::Expected { flapping(tx, &told)? } else { None };
    if let Some(first) = folded_into {
        tx.exec(FOLD, values![first])?;
    }
    let seq = log::read_head(tx)?.count();
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    tx.exec(
        INSERT,
        values![
            told.id,
            told.org_id,
            &told.source,
            &told.source_alarm,
            &told.object,
            told.item,
            told.site,
            &told.kind,
            told.is_safety,
            told.raised_at.as_microsecond(),
            micros(told.cleared_at),
            now.as_microsecond(),
            reading.class.code(),
            reading.change,
            micros(reading.until),
            seq,
            reading.stage,
            reading.verdict,
            micros(reading.received),
            folded_into
        ],
    )?;
    Ok(Outcome { id: told.id, was_known: false })
}

/// AL-9: the row that this one is folded into, where the thing rang often within ten minutes.
fn flapping(tx: &mut dyn Tx, told: &Told) -> Result<Option<i64>, StoreError> {
    let Some(item) = told.item else { return Ok(None) };
    let since = told.raised_at.saturating_sub(FLAPPING_WITHIN).unwrap_or(told.raised_at);
    let lately =
        tx.all(LATELY, values![item, told.org_id, since.as_microsecond(), told.raised_at.as_microsecond()], |row| Ok((row.int(0)?, row.opt_int(1)?)))?;
    let first = lately.first().map(|(id, folded)| folded.unwrap_or(*id));
    Ok(first.filter(|_| lately.len() >= FLAPPING))
}

/// Records what a person found an alarm to be. How it was read stays beside it; the reason is free text and stays out of
/// the log (settled 20).
///
/// # Errors
/// The store's.
pub fn find(tx: &mut dyn Tx, act: &Act, id: i64, class: Class, why: &str) -> Result<(), StoreError> {
    tx.exec(FIND, values![id, class.code(), act.by, act.at.as_microsecond(), why])?;
    record_directory_event(tx, act, "AlarmFound", id, &json!({ "class": class.code() }))
}
