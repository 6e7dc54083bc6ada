//! The core from outside: one binary, a module for each subject.

mod boards;
mod carriers;
mod charging;
mod clinical;
mod compare;
mod consequence;
mod documents;
mod expected;
mod freezes;
mod harness;
mod kinds;
mod matrix;
mod mergers;
mod models;
mod oracle;
mod public;
mod rehearse;
mod rules;
mod scenarios;
mod schedule;
mod tables;
mod urgent;
mod walks;
mod work;
