//! One suite, run on both engines.

mod engine;
mod faults;
mod harness;
mod kill;
mod log;
mod pg;
mod statements;
mod verify;
