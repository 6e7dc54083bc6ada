//! The site as a whole: its pages, its API and the rules of its sources.
#![allow(clippy::disallowed_methods, reason = "tests read the surroundings and the real clock")]

mod absence;
mod alarms;
mod api;
mod availability;
mod boards;
mod browser;
mod calendars;
mod canary;
mod carriers;
mod changes;
mod charging;
mod clashes;
mod clinical;
mod command_line;
mod demonstration;
mod feeds;
mod free_times;
mod handover;
// The store's own way to a fresh database of each engine; not all of it is used here.
#[allow(dead_code)]
#[path = "../../../signalbox-store/tests/store/harness.rs"]
mod harness;
mod impact;
mod import;
mod joining;
mod journeys;
mod kept;
mod kill;
mod kinds;
mod learning;
mod ledger;
mod live;
mod lost_rights;
mod mail;
mod mergers;
mod models;
mod monitors;
mod names;
mod network;
mod night;
mod ops;
mod pages;
#[allow(dead_code)]
#[path = "../../../signalbox-store/tests/store/pg.rs"]
mod pg;
mod planned;
mod poster;
mod processes;
mod proposals;
mod public;
mod raising;
mod rehearsal;
mod reminders;
mod reports;
mod run;
mod run_sheet;
mod schedule;
mod scripts;
mod security;
mod sentences;
mod series;
mod session;
mod setup;
mod static_copy;
mod tidy;
mod told;
mod urgent;
mod world;
