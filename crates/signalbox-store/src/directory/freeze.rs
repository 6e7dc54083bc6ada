//! Times in which nothing may change, or only with leave (BR-32, BR-19f).

use super::{Act, Answer, Refused, item, record_directory_event, service, site, takes_new};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;

/// What a freeze holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FreezeScope {
    /// Everybody and everything.
    All,
    /// An organisation, by id.
    Organisation(i64),
    /// A service, by id.
    Service(i64),
    /// A site, by id.
    Site(i64),
    /// An item, by id.
    Item(i64),
}

impl FreezeScope {
    fn columns(self) -> (&'static str, Option<i64>) {
        match self {
            Self::All => ("all", None),
            Self::Organisation(id) => ("organisation", Some(id)),
            Self::Service(id) => ("service", Some(id)),
            Self::Site(id) => ("site", Some(id)),
            Self::Item(id) => ("item", Some(id)),
        }
    }
}

/// A freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Id.
    pub id: i64,
    /// What it holds for.
    pub scope: FreezeScope,
    /// What it is called.
    pub title: String,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Whether it bars work, or warns of it.
    pub is_hard: bool,
    /// Why.
    pub reason: String,
    /// Who declared it.
    pub declared_by: Option<i64>,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it was lifted before its time.
    pub lifted_at: Option<Timestamp>,
}

statements! {
    BY_ID = "select id, scope, scope_id, title, starts_at, ends_at, hard, reason, declared_by, created_at, lifted_at from freezes where id = $1";
    BETWEEN = "select id, scope, scope_id, title, starts_at, ends_at, hard, reason, declared_by, created_at, lifted_at from freezes
        where ends_at > $1 and starts_at < $2 and lifted_at is null order by ends_at, id";
    LISTED = "select id, scope, scope_id, title, starts_at, ends_at, hard, reason, declared_by, created_at, lifted_at from freezes
        where ends_at > $1 order by ends_at, id limit $2";
    INSERT = "insert into freezes (id, scope, scope_id, title, starts_at, ends_at, hard, reason, declared_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIFT = "update freezes set lifted_at = $2 where id = $1 and lifted_at is null";
}

fn read(row: &dyn Row) -> Result<Freeze, StoreError> {
    let word = row.text(1)?;
    let scope = match (word.as_str(), row.opt_int(2)?) {
        ("all", None) => FreezeScope::All,
        ("organisation", Some(id)) => FreezeScope::Organisation(id),
        ("service", Some(id)) => FreezeScope::Service(id),
        ("site", Some(id)) => FreezeScope::Site(id),
        ("item", Some(id)) => FreezeScope::Item(id),
        _ => {
            return Err(StoreError::Corrupt(format!("{word} is no scope of a freeze")));
        }
    };
    Ok(Freeze {
        id: row.int(0)?,
        scope,
        title: row.text(3)?,
        starts_at: time(row, 4)?,
        ends_at: time(row, 5)?,
        is_hard: row.boolean(6)?,
        reason: row.text(7)?,
        declared_by: row.opt_int(8)?,
        created_at: time(row, 9)?,
        lifted_at: opt_time(row, 10)?,
    })
}

/// The freeze with this id.
pub fn freeze(tx: &mut dyn Tx, id: i64) -> Result<Option<Freeze>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// The freezes in force at some time in [from, to).
pub fn freezes_between(tx: &mut dyn Tx, from: Timestamp, to: Timestamp) -> Result<Vec<Freeze>, StoreError> {
    tx.all(BETWEEN, values![from.as_microsecond(), to.as_microsecond()], read)
}

/// The freezes that end after `after`, lifted ones too, for the set-up page.
pub fn freezes(tx: &mut dyn Tx, after: Timestamp, limit: u16) -> Result<Vec<Freeze>, StoreError> {
    tx.all(LISTED, values![after.as_microsecond(), i64::from(limit)], read)
}

/// Declares a freeze; who and when come from `act`. False if it was declared already, under this id.
pub fn declare_freeze(tx: &mut dyn Tx, act: &Act, row: &Freeze) -> Answer<bool> {
    if row.title.trim().is_empty() {
        return Ok(Err(Refused::Invalid("title")));
    }
    if row.ends_at <= row.starts_at {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    let is_known = match row.scope {
        FreezeScope::All => true,
        FreezeScope::Organisation(id) => takes_new(tx, id)?,
        FreezeScope::Service(id) => service(tx, id)?.is_some(),
        FreezeScope::Site(id) => site(tx, id)?.is_some(),
        FreezeScope::Item(id) => item(tx, id)?.is_some(),
    };
    if !is_known {
        return Ok(Err(Refused::Unknown("scope")));
    }
    if freeze(tx, row.id)?.is_some() {
        return Ok(Ok(false));
    }
    let (scope, scope_id) = row.scope.columns();
    let (starts, ends) = (row.starts_at.as_microsecond(), row.ends_at.as_microsecond());
    tx.exec(INSERT, values![row.id, scope, scope_id, &row.title, starts, ends, row.is_hard, &row.reason, act.by, act.at.as_microsecond()])?;
    // Title and reason are free text and stay out of the event (settled 20).
    let payload = json!({"scope": scope, "of": scope_id.map(|id| id.to_string()),
        "starts_at": starts.to_string(), "ends_at": ends.to_string(), "hard": row.is_hard});
    record_directory_event(tx, act, "FreezeDeclared", row.id, &payload)?;
    Ok(Ok(true))
}

/// Lifts a freeze before its time. False if it was lifted already.
pub fn lift_freeze(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if freeze(tx, id)?.is_none() {
        return Ok(Err(Refused::Unknown("freeze")));
    }
    if tx.exec(LIFT, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "FreezeLifted", id, &json!({}))?;
    Ok(Ok(true))
}
