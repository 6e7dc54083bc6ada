//! What has to be done after a commit: mails, notices, timers. Written in the transaction of the event that asks
//! for it, leased by a worker, tried again until it is done or dead.
//!
//! A task is done at least once, never exactly once: whoever carries it out must stand being asked twice.

use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::{SignedDuration, Timestamp};

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// Id.
    pub id: i64,
    /// What sort of thing.
    pub kind: String,
    /// For which change.
    pub change_id: Option<i64>,
    /// Because of which event.
    pub event_id: Option<i64>,
    /// Two tasks with the same key are one.
    pub dedupe_key: String,
    /// The rest, as JSON. Person ids, never names or addresses: those are looked up when it is carried out.
    pub payload: String,
    /// Not before this time.
    pub due_at: Timestamp,
}

/// A task, as the worker and the page of dead letters see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Id.
    pub id: i64,
    /// What sort of thing.
    pub kind: String,
    /// For which change.
    pub change_id: Option<i64>,
    /// Because of which event.
    pub event_id: Option<i64>,
    /// Two tasks with the same key are one.
    pub dedupe_key: String,
    /// The rest, as JSON.
    pub payload: String,
    /// Not before this time.
    pub due_at: Timestamp,
    /// How often it was taken up, this time included.
    pub attempts: i64,
    /// Until when it is this worker's.
    pub leased_until: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: String,
}

/// How long to wait after a failure, and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure; doubled after each.
    pub first: SignedDuration,
    /// Never longer than this.
    pub most: SignedDuration,
    /// After so many attempts it is given up.
    pub attempts: i64,
}

impl Default for Backoff {
    /// A minute, two, four, up to an hour, fifteen times: about half a day, one mail server's bad night.
    fn default() -> Self {
        Self { first: SignedDuration::from_mins(1), most: SignedDuration::from_hours(1), attempts: 15 }
    }
}

impl Backoff {
    fn after(&self, attempts: i64) -> SignedDuration {
        let mut wait = self.first;
        for _ in 1..attempts {
            if wait >= self.most {
                break;
            }
            wait = wait.saturating_mul(2);
        }
        wait.min(self.most)
    }
}

/// What became of a task that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// It will be tried again then.
    At(Timestamp),
    /// It is given up, a dead letter.
    Dead,
    /// The lease had run out and another worker has it: nothing was changed.
    Lost,
}

statements! {
    FORGET = "update tasks set cancelled_at = $2 where due_at < $1 and done_at is null and failed_at is null and cancelled_at is null";
    PUT = "insert into tasks (id, kind, change_id, event_id, dedupe_key, payload, due_at, attempts, last_error)
        values ($1, $2, $3, $4, $5, $6, $7, 0, '') on conflict (dedupe_key) do nothing";
    /// The outer condition on the lease is read again after waiting for another worker's row lock, so PostgreSQL gives a task
    /// to one of two workers that chose it at the same moment. Spelt with coalesce, so that the planner goes by id there
    /// and not by a partial index of all that waits.
    LEASE = "update tasks set leased_until = $2, attempts = attempts + 1
        where id in (select t.id from tasks t where t.done_at is null and t.failed_at is null and t.cancelled_at is null
          and t.due_at <= $1 and (t.leased_until is null or t.leased_until <= $1) order by t.due_at, t.id limit $3)
        and (leased_until is null or leased_until <= $1) and coalesce(done_at, failed_at, cancelled_at) is null
        returning id, kind, change_id, event_id, dedupe_key, payload, due_at, attempts, leased_until, failed_at, last_error";
    FINISH = "update tasks set done_at = $2, leased_until = null, failed_at = null where id = $1 and done_at is null";
    RETRY = "update tasks set due_at = $3, leased_until = null, last_error = $4 where id = $1 and leased_until = $2 and done_at is null";
    BURY = "update tasks set failed_at = $3, leased_until = null, last_error = $4 where id = $1 and leased_until = $2 and done_at is null";
    DEAD = "select id, kind, change_id, event_id, dedupe_key, payload, due_at, attempts, leased_until, failed_at, last_error from tasks
        where failed_at is not null order by failed_at, id limit $1";
    REVIVE = "update tasks set failed_at = null, attempts = 0, due_at = $2 where id = $1 and failed_at is not null";
    CANCEL = "update tasks set cancelled_at = $3, leased_until = null where change_id = $1 and kind = $2
        and done_at is null and failed_at is null and cancelled_at is null";
    NEXT_DUE = "select due_at from tasks where done_at is null and failed_at is null and cancelled_at is null
        and (leased_until is null or leased_until <= $1) order by due_at, id limit 1";
    SWEEP = "delete from tasks where done_at < $1";
}

fn read(row: &dyn Row) -> Result<Task, StoreError> {
    Ok(Task {
        id: row.int(0)?,
        kind: row.text(1)?,
        change_id: row.opt_int(2)?,
        event_id: row.opt_int(3)?,
        dedupe_key: row.text(4)?,
        payload: row.text(5)?,
        due_at: time(row, 6)?,
        attempts: row.int(7)?,
        leased_until: opt_time(row, 8)?,
        failed_at: opt_time(row, 9)?,
        last_error: row.text(10)?,
    })
}

/// Puts a task in. False if one with its key is there already, done or not.
pub fn put(tx: &mut dyn Tx, task: &NewTask) -> Result<bool, StoreError> {
    let added = tx.exec(PUT, values![task.id, &task.kind, task.change_id, task.event_id, &task.dedupe_key, &task.payload, task.due_at.as_microsecond()])?;
    Ok(added == 1)
}

/// Takes up to `limit` due tasks for `lease_for`, the longest due first. A worker that dies leaves them to the
/// next one after that time.
pub fn lease(tx: &mut dyn Tx, now: Timestamp, limit: u16, lease_for: SignedDuration) -> Result<Vec<Task>, StoreError> {
    let until = now.saturating_add(lease_for).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let mut tasks = tx.all(LEASE, values![now.as_microsecond(), until.as_microsecond(), i64::from(limit)], read)?;
    // RETURNING promises no order.
    tasks.sort_by_key(|t| (t.due_at, t.id));
    Ok(tasks)
}

/// The task is done, whoever's lease it was: what was done can't be undone. False if that was known.
pub fn finish(tx: &mut dyn Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(FINISH, values![id, now.as_microsecond()])? == 1)
}

/// The leased task failed: later again, or never.
pub fn retry(tx: &mut dyn Tx, task: &Task, now: Timestamp, backoff: &Backoff, error: &str) -> Result<Retried, StoreError> {
    let leased_until = task.leased_until.map(Timestamp::as_microsecond);
    let error: String = error.chars().take(500).collect();
    let is_last = task.attempts >= backoff.attempts;
    let at = if is_last { now } else { now.saturating_add(backoff.after(task.attempts)).map_err(|e| StoreError::Corrupt(e.to_string()))? };
    let sql = if is_last { BURY } else { RETRY };
    let changed = tx.exec(sql, values![task.id, leased_until, at.as_microsecond(), error])?;
    Ok(match (changed, is_last) {
        (0, _) => Retried::Lost,
        (_, true) => Retried::Dead,
        (_, false) => Retried::At(at),
    })
}

/// The tasks that were given up, oldest first.
pub fn dead_letters(tx: &mut dyn Tx, limit: u16) -> Result<Vec<Task>, StoreError> {
    tx.all(DEAD, values![i64::from(limit)], read)
}

/// Tries a dead letter anew. False if it is none.
pub fn revive(tx: &mut dyn Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(REVIVE, values![id, now.as_microsecond()])? == 1)
}

/// Takes back what waits for a change, of one kind: its timers when the window moves. How many.
pub fn cancel_for_change(tx: &mut dyn Tx, change_id: i64, kind: &str, now: Timestamp) -> Result<u64, StoreError> {
    tx.exec(CANCEL, values![change_id, kind, now.as_microsecond()])
}

/// When the next task falls due, so that the worker can sleep until then.
pub fn next_due(tx: &mut dyn Tx, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    tx.maybe_one(NEXT_DUE, values![now.as_microsecond()], |row| time(row, 0))
}

/// Forgets tasks that were done before this time. Their keys go too, so keep them longer than anything repeats.
pub fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(SWEEP, values![before.as_microsecond()])
}

/// Sets aside everything that was due before a time and never done: for a world whose past was made in a moment.
pub fn forget_before(tx: &mut dyn Tx, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    tx.exec(FORGET, values![before.as_microsecond(), now.as_microsecond()])
}
