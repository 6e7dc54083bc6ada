//! Signalbox talks: pages, the JSON API, the worker and the command line.
//!
//! A request passes seven stops: `web` (which route), `web::guard` (who asks, and is the form ours), a page that
//! turns a form into a command, `run` (the one write path), the core that decides, the store that remembers,
//! and the worker that tells people. This crate holds no rule of the process and no SQL.

pub mod accounts;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod demo;
pub mod feed;
pub mod ical;
pub mod import;
pub mod network_notice;
pub mod received;
pub mod run;
pub mod seal;
pub mod sign;
pub mod static_copy;
pub mod web;
pub mod words;
pub mod worker;
