//! Who and what there is: organisations, their sites, services, items, what depends on what,
//! and the times in which nothing may change (issue 2 point 4, settled 9 and 15).
//!
//! Everything takes its ids and times from the caller. A write that changes something also
//! appends one event to the log's `directory` stream; the same row again changes nothing
//! and appends nothing, so an import may be run twice.

pub(crate) mod calendar;
pub(crate) mod clinician;
pub(crate) mod entry;
pub(crate) mod estate;
pub(crate) mod incident;
pub(crate) mod merger;
pub(crate) mod money;
pub(crate) mod network;
pub(crate) mod organisation;
pub(crate) mod series;
pub(crate) mod service;

pub use calendar::*;
pub use clinician::*;
pub use entry::*;
pub use estate::*;
pub use incident::*;
pub use merger::*;
pub use money::*;
pub use network::*;
pub use organisation::*;
pub use series::*;
pub use service::*;

use crate::log::{self, NewEvent, Stream};
use crate::{StoreError, Tx};
use jiff::Timestamp;
use serde_json::Value as Json;

/// Who writes, when, and under which id the event of it will stand.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// The id of the event, minted by the caller. Not used when nothing changes.
    pub event_id: i64,
    /// The person who writes; none on the command line and for an import.
    pub by: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// Why a write was refused. Nothing has been written when one comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such row: the field that names it.
    Unknown(&'static str),
    /// Another row has this value already.
    Taken(&'static str),
    /// Not one of the words that this field knows, or empty.
    Invalid(&'static str),
    /// The code names both an item and a service.
    Ambiguous(&'static str),
    /// A person may not grant a role to themselves (SD-9).
    SelfGrant,
    /// The step before this one has not been taken, or a later one has.
    WrongOrder,
    /// The one who decides does not hold the role for it (spec 3.2, note 4).
    NotYours,
    /// The link or token is unknown, used or out of date: one answer for all three (S57).
    DeadLink,
}

/// The answer to a write: a failure of the store outside, a refusal inside.
pub type Answer<T> = Result<Result<T, Refused>, StoreError>;

/// What to do with a row that exists and differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDifference {
    /// Leave it and say so.
    Report,
    /// Write the new values.
    Update,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// It is new.
    Added(i64),
    /// It was there, word for word.
    Unchanged(i64),
    /// It was there and was changed.
    Updated(i64),
    /// It was there with other values, and was left as it is.
    Differs(i64),
}

impl Upserted {
    /// The row's id, whatever became of it.
    pub fn id(self) -> i64 {
        match self {
            Self::Added(id) | Self::Unchanged(id) | Self::Updated(id) | Self::Differs(id) => id,
        }
    }
}

/// Who looks at a list (settled 8). A list that shows something of one organisation only
/// takes this; there is no such list without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// The authority, an administrator or an auditor.
    All,
    /// This person: their own organisations, and what those share.
    Person(i64),
}

impl Viewer {
    /// For SQL: 0 sees all. No row has the id 0.
    pub(crate) fn id(self) -> i64 {
        match self {
            Self::All => 0,
            Self::Person(id) => id,
        }
    }
}

/// Appends what an administrator did to the log's `directory` stream. Ids and facts of
/// organisations only: no name, address or free text of a person goes in (settled 20).
pub(crate) fn record_directory_event(tx: &mut dyn Tx, act: &Act, kind: &'static str, subject: i64, payload: &Json) -> Result<(), StoreError> {
    // Locked last, not first: nothing in the directory is decided from the log (settled 20 is about changes).
    let mut head = log::lock_head(tx)?;
    let mut payload = payload.clone();
    payload["by"] = act.by.map(|by| by.to_string()).into();
    let event = NewEvent {
        id: act.event_id,
        stream: Stream::Directory,
        change_id: subject,
        version: 0,
        kind: kind.into(),
        schema: 1,
        at: act.at.as_microsecond(),
        payload: payload.to_string(),
    };
    log::append(tx, &mut head, 0, &[event])?;
    Ok(())
}

/// The decision every upsert shares: compare, then add, leave, report or update.
pub(crate) fn settle<T: PartialEq>(existing: Option<(i64, T)>, wanted: (i64, &T), on_difference: OnDifference) -> Upserted {
    match existing {
        None => Upserted::Added(wanted.0),
        Some((id, row)) if row == *wanted.1 => Upserted::Unchanged(id),
        Some((id, _)) if on_difference == OnDifference::Update => Upserted::Updated(id),
        Some((id, _)) => Upserted::Differs(id),
    }
}
