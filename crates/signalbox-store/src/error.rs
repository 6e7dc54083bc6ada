//! The ways in which the store can say no.

use std::fmt;

/// What went wrong. The edge turns each into a status: `Conflict` 409, `Busy`, `Unavailable`, `Full` and
/// `Uncertain` 503, the rest 500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The queue of writes is full, or no connection came free in time. Trying again later will do.
    Busy,
    /// The database can't be reached now.
    Unavailable(String),
    /// Another process holds the lock of the data directory.
    Locked,
    /// The disk is full.
    Full,
    /// The connection broke while COMMIT was under way: the write may or may not stand. A caller with an
    /// idempotency key finds out by sending the same write again.
    Uncertain(String),
    /// The change is at another version than the writer believed.
    Conflict { expected: i64, found: i64 },
    /// A row with this key is there already.
    Duplicate(String),
    /// Another rule of the schema was broken.
    Constraint(String),
    /// A row that must be there is not.
    Missing,
    /// Stored data can't be what this program wrote.
    Corrupt(String),
    /// The schema can't be brought up to date.
    Migration(String),
    /// The closure panicked; its work was rolled back.
    Panicked(String),
    /// Lost to another transaction. `Db::write` runs the closure again; only after the last try does a
    /// caller see this.
    Serialisation(String),
    /// Anything else that the database said.
    Database(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => write!(f, "the database is busy"),
            Self::Unavailable(why) => write!(f, "the database can't be reached: {why}"),
            Self::Locked => write!(f, "another process holds the data directory"),
            Self::Full => write!(f, "the disk is full"),
            Self::Uncertain(why) => write!(f, "the connection broke during commit: {why}"),
            Self::Conflict { expected, found } => {
                write!(f, "expected version {expected}, found {found}")
            }
            Self::Duplicate(what) => write!(f, "already there: {what}"),
            Self::Constraint(what) => write!(f, "not allowed by the schema: {what}"),
            Self::Missing => write!(f, "no such row"),
            Self::Corrupt(what) => write!(f, "stored data is damaged: {what}"),
            Self::Migration(what) => write!(f, "the schema can't be brought up to date: {what}"),
            Self::Panicked(what) => write!(f, "a transaction panicked: {what}"),
            Self::Serialisation(what) => write!(f, "lost to another transaction: {what}"),
            Self::Database(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for StoreError {}
