//! Page views: what each template needs, as plain words. Everything is decided before the template sees it.

pub mod change;
pub mod decide;
pub mod errors;
pub mod me;
pub mod ops;
pub mod process;
pub mod raise;
pub mod reports;
pub mod schedule;
pub mod session;
pub mod status;
pub mod today;
pub mod tonight;
