//! One suite, run on both engines.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests of the store wait for other processes and kill them at random moments"
)]

mod documents;
mod engine;
mod faults;
mod harness;
mod kill;
mod log;
mod pg;
mod statements;
mod verify;
