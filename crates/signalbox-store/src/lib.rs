//! What Signalbox remembers.
//!
//! Every write is a closure over one small trait, [`engine::Tx`]: `db.write(|tx| ..)` answers only after
//! COMMIT, `db.read(|tx| ..)` sees one snapshot. The same SQL text runs on SQLite (inside the binary) and on
//! PostgreSQL (by URL); [`dialect`] holds the few differences and `engine` alone names a driver.
//!
//! The event log ([`log`]) is the truth. Everything else is a projection that is written in the same
//! transaction as the events it comes from.

pub mod accounts;
pub mod alarms;
pub mod append;
pub mod boards;
pub mod carriers;
pub mod clashes;
pub mod clinical;
pub mod deployments;
pub mod dialect;
pub mod directory;
pub mod documents;
pub mod drafts;
pub mod duties;
pub mod engine;
pub mod error;
pub mod gather;
pub mod handovers;
pub mod keys;
pub mod ledger;
pub mod log;
pub mod migrate;
pub mod monitors;
pub mod network;
pub mod outbox;
pub mod page;
pub mod project;
pub mod public;
pub mod queries;
pub mod rota;
pub mod schedule;
pub mod scope;
pub mod sql;
pub mod subscriptions;
pub mod told;
pub mod urgent;

pub use dialect::Dialect;
pub use engine::{DataLock, Db, Limits, Row, Target, Tx, Value};
pub use error::StoreError;
