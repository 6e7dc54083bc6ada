//! Reads, one file for each family of pages. Every function takes a [`crate::scope::Scope`]: there is no other way
//! to read a change for somebody.

pub mod sight;
