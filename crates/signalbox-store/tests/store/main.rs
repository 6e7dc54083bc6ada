//! One suite, run on both engines.
#![expect(clippy::disallowed_methods, reason = "the tests of the store wait for other processes and kill them at random moments")]

mod accounts;
// The loader of the benchmark, which lives beside it; not all of it is used here.
#[allow(dead_code)]
#[path = "../../../signalbox/benches/bulk/mod.rs"]
mod bulk;
mod bulk_loading;
mod calendars;
mod clinical;
mod directory;
mod documents;
mod engine;
mod faults;
mod harness;
mod joining;
mod kill;
mod list;
mod log;
mod mergers;
mod outbox;
mod pg;
mod project;
mod reports;
mod roles;
mod schedule;
mod search;
mod sight;
mod statements;
mod verify;
mod world;
