//! Signalbox decides here. Nothing in this crate does I/O, reads a clock or rolls a die.
//!
//! A command goes in, events come out: `decide` reads permission, then every fault at once, then events;
//! `apply` folds an event into a change and never refuses; `react` says who is told and what is timed;
//! `offers` says what this actor may do now, and why not the rest - by the same `permit` that refuses the command.

pub mod act;
pub mod actor;
pub mod alarm;
pub mod apply;
pub mod board;
pub mod calendar;
pub mod carrier;
pub mod carry;
pub mod catalogue;
pub mod change;
pub mod charge;
pub mod clinical;
pub mod consequence;
pub mod cover;
pub mod decide;
pub mod departments;
pub mod event;
pub mod facts;
pub mod firewall;
pub mod form;
pub mod gate;
pub mod govern;
pub mod ids;
pub mod learn;
pub mod ledger;
pub mod maintnote;
pub mod modality;
pub mod offers;
pub mod permit;
pub mod process;
pub mod public;
pub mod react;
pub mod refusal;
pub mod rehearse;
pub mod report;
pub mod risk;
pub mod rule;
#[doc(hidden)]
pub mod samples;
pub mod schedule;
pub mod silence;
pub mod succession;
pub mod text;
pub mod urgent;
pub mod walk;
mod words;
