//! The binary's library: everything but `main`, so that tests can reach it.

pub mod web;
