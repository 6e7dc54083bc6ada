//! One suite, run on both engines.

mod engine;
mod harness;
mod pg;
