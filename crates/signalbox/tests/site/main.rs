//! The site as a whole: its pages, its API and the rules of its sources.
#![allow(
    clippy::disallowed_methods,
    reason = "tests read the surroundings and the real clock"
)]

mod browser;
mod tidy;
