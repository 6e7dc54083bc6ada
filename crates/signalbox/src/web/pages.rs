//! Page views: what each template needs, as plain words. Everything is decided before the template sees it.

pub mod blocks;
pub mod change;
pub mod clashes;
pub mod decide;
pub mod errors;
pub mod feeds;
pub mod impact;
pub mod me;
pub mod meeting;
pub mod ops;
pub mod paper;
pub mod poster;
pub mod process;
pub mod quote;
pub mod raise;
pub mod record;
pub mod reports;
pub mod run;
pub mod run_sheet;
pub mod schedule;
pub mod session;
pub mod status;
pub mod today;
pub mod tonight;
