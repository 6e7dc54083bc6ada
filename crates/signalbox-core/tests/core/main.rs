//! The core from outside: one binary, a module for each subject.

mod documents;
mod expected;
mod harness;
mod matrix;
mod rules;
mod scenarios;
mod walks;
