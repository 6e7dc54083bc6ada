//! Monitors that are told what to keep quiet about, and what each said that it has. Who watches what is set up by an
//! administrator and recorded in the log, without the credential; what monitors say is kept beside it and can be asked
//! of them again.

use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::opt_time;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signalbox_core::silence::State;
use std::collections::BTreeSet;

/// A monitor as an administrator set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// `alertmanager`, `icinga` or `webhook`.
    pub kind: String,
    /// Where it answers.
    pub address: String,
    /// The label by which its alarms name their item.
    pub label: String,
    /// How an item is named there.
    pub template: String,
    /// A certificate of an authority that vouches for it (PEM), or empty.
    pub authority: String,
    /// Whose items it watches; everybody's where this and `items` are empty.
    pub orgs: BTreeSet<i64>,
    /// Single items that it watches.
    pub items: BTreeSet<i64>,
    /// Since when it is not told of anything new.
    pub ended_at: Option<Timestamp>,
}

/// How a monitor has fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// When its credential was set.
    pub sealed_at: Option<Timestamp>,
    /// How often in a row it could not be brought in line.
    pub failures: i64,
    /// Since when that has been so.
    pub failing_since: Option<Timestamp>,
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
    /// What went wrong last; empty while all is well.
    pub words: String,
}

/// What should be silenced at a monitor, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    pub monitor_id: i64,
    /// The change by its reference, as it is named there.
    pub reference: String,
    /// The thing as it is named there.
    pub name: String,
    /// Not known of what is left over.
    pub change_id: Option<i64>,
    pub item_id: Option<i64>,
    /// From when to when it should be silenced; `None` once nothing wants it.
    pub wanted: Option<(Timestamp, Timestamp)>,
    /// The monitor's own name for what it has.
    pub peer_id: Option<String>,
    /// From when to when it said that it silences it.
    pub has: Option<(Timestamp, Timestamp)>,
    pub state: State,
    /// What it said, where that matters.
    pub words: String,
    /// When the monitor was last read.
    pub seen_at: Option<Timestamp>,
    /// When the desk was told that it is not in force.
    pub told_at: Option<Timestamp>,
}

statements! {
    ONE = "select id, name, kind, address, label, template, authority, ended_at from monitors where id = $1";
    ALL = "select id, name, kind, address, label, template, authority, ended_at from monitors order by name, id";
    ORGS = "select org_id from monitor_orgs where monitor_id = $1 order by org_id";
    ITEMS = "select item_id from monitor_items where monitor_id = $1 order by item_id";
    HEALTH = "select sealed_at, failures, failing_since, answered_at, words from monitors where id = $1";
    PUT = "insert into monitors (id, name, kind, address, label, template, authority, ended_at, due_at, failures, words)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')";
    /// An address that was changed must not be shown what opened the one before it.
    SAVE = "update monitors set name = $2, kind = $3, address = $4, label = $5, template = $6, authority = $7, ended_at = $8, due_at = $9,
        sealed = case when address = $4 and kind = $3 then sealed end, sealed_at = case when address = $4 and kind = $3 then sealed_at end where id = $1";
    NAMED = "select id from monitors where name = $1 and id <> $2";
    DROP_ORGS = "delete from monitor_orgs where monitor_id = $1";
    DROP_ITEMS = "delete from monitor_items where monitor_id = $1";
    PUT_ORG = "insert into monitor_orgs (monitor_id, org_id) values ($1, $2)";
    PUT_ITEM = "insert into monitor_items (monitor_id, item_id) values ($1, $2)";
    SEAL = "update monitors set sealed = $2, sealed_at = $3, due_at = $4 where id = $1";
    SEALED = "select sealed from monitors where id = $1";
    DUE = "select id from monitors where due_at <= $1 and (leased_until is null or leased_until <= $1) order by due_at, id";
    LEASE = "update monitors set leased_until = $3 where id = $1 and (leased_until is null or leased_until <= $2)";
    /// Whoever holds another lease by now has seen something newer.
    WELL = "update monitors set leased_until = null, due_at = $3, failures = 0, failing_since = null, answered_at = $4, words = ''
        where id = $1 and leased_until = $2";
    UNWELL = "update monitors set leased_until = null, due_at = $3, failures = failures + 1, failing_since = coalesce(failing_since, $4), words = $5
        where id = $1 and leased_until = $2";
    HURRY = "update monitors set due_at = $1 where due_at > $1 and failures = 0";
    /// Work that is agreed, runs or has just ended, by its window.
    NEAR = "select c.id, c.version from changes c where c.window_start >= $1 and c.window_start <= $2 and c.contingency_end >= $3
        and c.stage in ('APPROVED', 'SCHEDULED', 'IMPLEMENTING', 'BACKING_OUT', 'IMPLEMENTED', 'REVIEW', 'CLOSED')
        and exists (select 1 from change_items i where i.change_id = c.id)";
    RUNNING = "select id, version from changes where stage in ('IMPLEMENTING', 'BACKING_OUT')";
    SILENCED = "select distinct change_id from silences where state <> 'over' and change_id is not null";
    VERSION = "select id, version from changes where id = $1";
    SILENCES = "select monitor_id, reference, name, change_id, item_id, wanted_from, wanted_until, peer_id, has_from, has_until, state, words, seen_at, told_at
        from silences where monitor_id = $1 order by reference, name";
    OF_CHANGE = "select monitor_id, reference, name, change_id, item_id, wanted_from, wanted_until, peer_id, has_from, has_until, state, words, seen_at, told_at
        from silences where change_id = $1 order by name, monitor_id";
    KEEP = "insert into silences (monitor_id, reference, name, change_id, item_id, wanted_from, wanted_until, peer_id, has_from, has_until, state, words,
        seen_at, told_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (monitor_id, reference, name) do update set change_id = excluded.change_id, item_id = excluded.item_id,
        wanted_from = excluded.wanted_from, wanted_until = excluded.wanted_until, peer_id = excluded.peer_id, has_from = excluded.has_from,
        has_until = excluded.has_until, state = excluded.state, words = excluded.words, seen_at = excluded.seen_at, told_at = excluded.told_at";
    FORGET = "delete from silences where state = 'over' and seen_at < $1";
}

fn read_bare(row: &dyn Row) -> Result<Monitor, StoreError> {
    Ok(Monitor {
        id: row.int(0)?,
        name: row.text(1)?,
        kind: row.text(2)?,
        address: row.text(3)?,
        label: row.text(4)?,
        template: row.text(5)?,
        authority: row.text(6)?,
        orgs: BTreeSet::new(),
        items: BTreeSet::new(),
        ended_at: opt_time(row, 7)?,
    })
}

fn with_watched(tx: &mut dyn Tx, mut monitor: Monitor) -> Result<Monitor, StoreError> {
    monitor.orgs = tx.all(ORGS, values![monitor.id], |row| row.int(0))?.into_iter().collect();
    monitor.items = tx.all(ITEMS, values![monitor.id], |row| row.int(0))?.into_iter().collect();
    Ok(monitor)
}

/// The monitor of this id.
pub fn monitor(tx: &mut dyn Tx, id: i64) -> Result<Option<Monitor>, StoreError> {
    let found = tx.maybe_one(ONE, values![id], read_bare)?;
    found.map(|monitor| with_watched(tx, monitor)).transpose()
}

/// Every monitor, by name; also those that are told nothing new any more.
pub fn monitors(tx: &mut dyn Tx) -> Result<Vec<Monitor>, StoreError> {
    tx.all(ALL, &[], read_bare)?.into_iter().map(|monitor| with_watched(tx, monitor)).collect()
}

/// How it has fared.
pub fn health(tx: &mut dyn Tx, id: i64) -> Result<Option<Health>, StoreError> {
    tx.maybe_one(HEALTH, values![id], |row| {
        Ok(Health {
            sealed_at: opt_time(row, 0)?,
            failures: row.int(1)?,
            failing_since: opt_time(row, 2)?,
            answered_at: opt_time(row, 3)?,
            words: row.text(4)?,
        })
    })
}

/// Writes a monitor, a new one or an old one; who and when come from `act`. With another address or kind its credential
/// is forgotten.
pub fn save(tx: &mut dyn Tx, act: &Act, monitor: &Monitor) -> Answer<()> {
    if tx.maybe_one(NAMED, values![&monitor.name, monitor.id], |row| row.int(0))?.is_some() {
        return Ok(Err(Refused::Taken("name")));
    }
    let is_new = tx.maybe_one(ONE, values![monitor.id], read_bare)?.is_none();
    let (ended, due) = (monitor.ended_at.map(Timestamp::as_microsecond), act.at.as_microsecond());
    let Monitor { id, name, kind, address, label, template, authority, .. } = monitor;
    tx.exec(if is_new { PUT } else { SAVE }, values![*id, name, kind, address, label, template, authority, ended, due])?;
    tx.exec(DROP_ORGS, values![*id])?;
    tx.exec(DROP_ITEMS, values![*id])?;
    for org in &monitor.orgs {
        tx.exec(PUT_ORG, values![*id, *org])?;
    }
    for item in &monitor.items {
        tx.exec(PUT_ITEM, values![*id, *item])?;
    }
    let texts = |ids: &BTreeSet<i64>| ids.iter().map(i64::to_string).collect::<Vec<_>>();
    // Its name and address are free text and stay out of the event (settled 20).
    let payload = json!({"kind": kind, "orgs": texts(&monitor.orgs), "items": texts(&monitor.items), "ended": ended.is_some()});
    record_directory_event(tx, act, if is_new { "MonitorAdded" } else { "MonitorChanged" }, *id, &payload)?;
    Ok(Ok(()))
}

/// Keeps what opens a monitor, sealed by the caller; `None` forgets it. The log says that it was set, never to what.
pub fn seal(tx: &mut dyn Tx, act: &Act, id: i64, sealed: Option<&[u8]>) -> Answer<()> {
    let (at, due) = (sealed.map(|_| act.at.as_microsecond()), act.at.as_microsecond());
    if tx.exec(SEAL, values![id, sealed.map(<[u8]>::to_vec), at, due])? == 0 {
        return Ok(Err(Refused::Unknown("monitor")));
    }
    record_directory_event(tx, act, if sealed.is_some() { "MonitorCredentialSet" } else { "MonitorCredentialRemoved" }, id, &json!({}))?;
    Ok(Ok(()))
}

/// What opens it, as it was sealed.
pub fn sealed(tx: &mut dyn Tx, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(tx.maybe_one(SEALED, values![id], |row| row.opt_bytes(0))?.flatten())
}

/// The monitors that are due to be looked at and that nobody looks at.
pub fn due(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    tx.all(DUE, values![now.as_microsecond()], |row| row.int(0))
}

/// Takes a monitor for so long; `None` if somebody else has it. Whoever dies with it leaves it to others after that time.
pub fn lease(tx: &mut dyn Tx, id: i64, now: Timestamp, lease_for: SignedDuration) -> Result<Option<Timestamp>, StoreError> {
    let until = now.saturating_add(lease_for).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let taken = tx.exec(LEASE, values![id, now.as_microsecond(), until.as_microsecond()])?;
    Ok((taken == 1).then_some(until))
}

/// It was brought in line; looked at again then.
pub fn is_well(tx: &mut dyn Tx, id: i64, lease: Timestamp, due: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(WELL, values![id, lease.as_microsecond(), due.as_microsecond(), now.as_microsecond()])? == 1)
}

/// It could not be brought in line: why, and when to try again.
pub fn is_unwell(tx: &mut dyn Tx, id: i64, lease: Timestamp, due: Timestamp, now: Timestamp, words: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(UNWELL, values![id, lease.as_microsecond(), due.as_microsecond(), now.as_microsecond(), words])? == 1)
}

/// Something may have changed: monitors that are well are looked at now. Those that fail keep their distance.
pub fn hurry(tx: &mut dyn Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.exec(HURRY, values![now.as_microsecond()])
}

/// The changes that may silence something between now and so long ahead, or did so a moment ago: id and version.
pub fn candidates(tx: &mut dyn Tx, now: Timestamp, ahead: SignedDuration, behind: SignedDuration) -> Result<BTreeSet<(i64, i64)>, StoreError> {
    let after = |by: SignedDuration| now.saturating_add(by).map(Timestamp::as_microsecond).map_err(|e| StoreError::Corrupt(e.to_string()));
    let pair = |row: &dyn Row| Ok((row.int(0)?, row.int(1)?));
    let mut found = tx.all(NEAR, values![after(-behind)?, after(ahead)?, now.as_microsecond()], pair)?;
    found.extend(tx.all(RUNNING, &[], pair)?);
    for id in tx.all(SILENCED, &[], |row| row.int(0))? {
        found.extend(tx.maybe_one(VERSION, values![id], pair)?);
    }
    Ok(found.into_iter().collect())
}

pub(crate) fn read_silence(row: &dyn Row) -> Result<Silence, StoreError> {
    let state = row.text(10)?;
    let state = State::from_code(&state).ok_or_else(|| StoreError::Corrupt(format!("“{state}” is no state of a silence")))?;
    Ok(Silence {
        monitor_id: row.int(0)?,
        reference: row.text(1)?,
        name: row.text(2)?,
        change_id: row.opt_int(3)?,
        item_id: row.opt_int(4)?,
        wanted: opt_time(row, 5)?.zip(opt_time(row, 6)?),
        peer_id: row.opt_text(7)?,
        has: opt_time(row, 8)?.zip(opt_time(row, 9)?),
        state,
        words: row.text(11)?,
        seen_at: opt_time(row, 12)?,
        told_at: opt_time(row, 13)?,
    })
}

/// What is known of a monitor's silences.
pub fn silences(tx: &mut dyn Tx, monitor_id: i64) -> Result<Vec<Silence>, StoreError> {
    tx.all(SILENCES, values![monitor_id], read_silence)
}

/// The silences of a change, at every monitor. Whether somebody may see the change is asked before.
pub fn silences_of(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<Silence>, StoreError> {
    tx.all(OF_CHANGE, values![change_id], read_silence)
}

/// Writes down how a silence stands.
pub fn keep(tx: &mut dyn Tx, one: &Silence) -> Result<(), StoreError> {
    let micros = |span: Option<(Timestamp, Timestamp)>| (span.map(|s| s.0.as_microsecond()), span.map(|s| s.1.as_microsecond()));
    let ((from, until), (has_from, has_until)) = (micros(one.wanted), micros(one.has));
    let (seen, told) = (one.seen_at.map(Timestamp::as_microsecond), one.told_at.map(Timestamp::as_microsecond));
    tx.exec(
        KEEP,
        values![
            one.monitor_id,
            &one.reference,
            &one.name,
            one.change_id,
            one.item_id,
            from,
            until,
            one.peer_id.clone(),
            has_from,
            has_until,
            one.state.code(),
            &one.words,
            seen,
            told
        ],
    )
    .map(drop)
}

/// Forgets what was over and last read before this time.
pub fn forget(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(FORGET, values![before.as_microsecond()])
}
