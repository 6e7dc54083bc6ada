//! Page views: what each template needs, as plain words. Everything is decided before the template sees it.

pub mod errors;
pub mod ops;
pub mod reports;
pub mod schedule;
pub mod status;
pub mod today;
pub mod tonight;
