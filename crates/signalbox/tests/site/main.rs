//! The site as a whole: its pages, its API and the rules of its sources.

mod browser;
mod pages;
mod tidy;
