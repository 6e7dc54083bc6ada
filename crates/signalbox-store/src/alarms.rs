//! Alarms as monitors and desks tell them, each read against the record as it comes in (spec 10.4, X5). How it was read
//! is kept with what was known then, so that a question about money months later is answered from evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signalbox_core::alarm::{self, BEFORE, Class, Cover, FLAPPING, FLAPPING_WITHIN, Heard, Work};
use signalbox_core::calendar::Verdict;
use signalbox_core::change::{Network, Stage, Window};
use signalbox_core::ids::{ChangeId, ItemId, SiteId};
use signalbox_core::schedule::{LONG, Node, Ringing, Span};

use crate::directory::{Act, record_directory_event};
use crate::page::opt_time;
use crate::queries::{code, opt_code};
use crate::schedule::{self, Schedule};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, log, project, values};

/// More work at one moment at one place than anybody announces.
const WORKS_MAX: usize = 40;
const MICRO: SignedDuration = SignedDuration::from_micros(1);

statements! {
    /// Work that has ended holds no window: it is covered for a while longer. Nobody plans more than the schedule's bound
    /// ahead, so that an alarm told late does not ask through all that came after it.
    OVER = "select id from changes where back_at >= $1 and back_at <= $2 and window_start <= $3 and contingency_end >= $1 and holds_window = 0
        order by back_at, id limit 500";
    RECORD = "select c.stage, c.window_start, c.window_end, c.contingency_end, w.extended_until, c.started_at, c.back_at, c.network, c.notice_verdict, c.received_at
        from changes c left join change_work w on w.change_id = c.id where c.id = $1";
    /// Whoever tells for an organisation waits for the one before: what is told twice at once is one alarm, what rings often
    /// is counted together, and nobody holds a row that the other wants. One text for both databases, as with the log.
    LOCK = "update organisations set name = name where id = $1";
    KNOWN = "select id, cleared_at from alarms where org_id = $1 and source = $2 and source_alarm = $3";
    CLEAR = "update alarms set cleared_at = $2 where id = $1 and cleared_at is null";
    LATELY = "select id, folded_into from alarms where item_id = $1 and org_id = $2 and class = 'expected' and raised_at > $3 and raised_at <= $4
        order by raised_at, id limit 50";
    FOLD = "update alarms set folded = folded + 1 where id = $1";
    INSERT = "insert into alarms (id, org_id, source, source_alarm, object, item_id, site_id, kind, is_safety, raised_at, cleared_at, received_at,
            class, change_id, cover_until, log_seq, stage, verdict, received_notice, folded_into, folded)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0)";
    FIND = "update alarms set found = $2, found_by = $3, found_at = $4, found_why = $5 where id = $1";
    RECORDED = "update alarms set record_id = $2 where id = $1 and record_id is null";
    OWNER = "select coalesce(i.org_id, w.org_id) from alarms a left join items i on i.id = a.item_id left join sites w on w.id = a.site_id where a.id = $1";
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
        let since = at.saturating_sub(alarm::AFTER_BACK).unwrap_or(at);
        let bound = at.saturating_add(LONG).unwrap_or(at);
        let over = tx.all(OVER, values![since.as_microsecond(), bound.as_microsecond(), soon.as_microsecond()], |row| row.int(0))?;
        for change in over.into_iter().map(ChangeId) {
            let nodes = schedule::nodes_of(tx, change)?;
            if nodes.contains(&Node::Item(item)) || schedule.ask(tx, now, |index, marks| index.takes_down(marks, item, &nodes))? {
                works.insert(change, true);
            }
        }
    }
    // What lists it comes first.
    let mut works: Vec<(ChangeId, bool)> = works.into_iter().collect();
    works.sort_by_key(|(change, is_listed)| (!is_listed, *change));
    let mut found = vec![];
    for (id, is_listed) in works.into_iter().take(WORKS_MAX) {
        let Some(record) = tx.maybe_one(RECORD, values![id.0], read_record)? else { continue };
        if let Some(cover) = record.cover {
            found.push((Work { cover, is_listed, network_untold: record.network_untold }, id, record));
        }
    }
    let only: Vec<Work> = found.iter().map(|(work, ..)| *work).collect();
    let (class, by) = alarm::classify(&Heard { at, is_safety: told.is_safety, by_network }, &only);
    let by = by.map(|n| &found[n]);
    Ok(Reading {
        class,
        change: by.map(|(_, id, _)| id.0),
        until: by.map(|(work, ..)| work.cover.until),
        stage: by.map(|(.., record)| record.stage.code()),
        verdict: by.and_then(|(.., record)| record.notice).map(|(verdict, _)| verdict.code()),
        received: by.and_then(|(.., record)| record.notice).map(|(_, received)| received),
    })
}

/// What an alarm's reading needs of a change.
struct Record {
    stage: Stage,
    cover: Option<Cover>,
    network_untold: bool,
    notice: Option<(Verdict, Timestamp)>,
}

fn read_record(row: &dyn Row) -> Result<Record, StoreError> {
    let stage = code(row, 0, Stage::from_code)?;
    let window = match (opt_time(row, 1)?, opt_time(row, 2)?, opt_time(row, 3)?) {
        (Some(start), Some(end), Some(contingency_end)) => Some(Window { start, end, contingency_end }),
        _ => None,
    };
    let (extended, started, back) = (opt_time(row, 4)?, opt_time(row, 5)?, opt_time(row, 6)?);
    Ok(Record {
        stage,
        cover: window.and_then(|window| Cover::read(stage, window, extended, started, back)),
        network_untold: row.text(7)? == project::network_code(&Network::Needed),
        notice: opt_code(row, 8, Verdict::from_code)?.zip(opt_time(row, 9)?),
    })
}

/// Writes down alarms, each with how it is read; what came of them, in their order. The same one again does nothing but
/// say when it cleared.
///
/// # Errors
/// The store's.
pub fn hear(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, told: &[Told], by_network: bool) -> Result<Vec<Outcome>, StoreError> {
    let tellers: BTreeSet<i64> = told.iter().map(|one| one.org_id).collect();
    for org in tellers {
        tx.exec(LOCK, values![org])?;
    }
    told.iter().map(|one| hear_one(tx, schedule, now, one, by_network)).collect()
}

fn hear_one(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, told: &Told, by_network: bool) -> Result<Outcome, StoreError> {
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

/// Notes that a record of the work behind an alarm was begun. Whether this is the one: nobody else began it before.
///
/// # Errors
/// The store's.
pub fn record(tx: &mut dyn Tx, act: &Act, id: i64, change: i64) -> Result<bool, StoreError> {
    let is_first = tx.exec(RECORDED, values![id, change])? == 1;
    if is_first {
        record_directory_event(tx, act, "AlarmRecorded", id, &json!({ "change": change }))?;
    }
    Ok(is_first)
}

/// The organisation whose equipment or site rang, where it is known.
///
/// # Errors
/// The store's.
pub fn owner(tx: &mut dyn Tx, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(tx.maybe_one(OWNER, values![id], |row| row.opt_int(0))?.flatten())
}
