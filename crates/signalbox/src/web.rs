//! The web: pages, their parts and their assets.

pub mod assets;
pub mod layout;
pub mod ui;
pub mod pages;
