//! Whether an alarm is expected (X5, settled 10). Everything here follows from the record and the moment asked about:
//! cover begins, turns and ends by the clock, whether or not anybody does anything.

use crate::change::{Change, Stage, Window};
use crate::words::vocabulary;
use jiff::{SignedDuration, Timestamp};

/// Alarms are covered from this long before the start.
pub const BEFORE: SignedDuration = SignedDuration::from_mins(15);
/// And until this long after all is back.
pub const AFTER_BACK: SignedDuration = SignedDuration::from_mins(15);
/// Work that nobody has said to have started after this long may not be what the alarm is about.
pub const NOT_STARTED: SignedDuration = SignedDuration::from_mins(30);

vocabulary! {
    /// What an alarm of a listed object means.
    Means {
        /// The site is rung if it is worse or longer.
        Matches = "matches", "matches";
        /// The notice was received and nobody has decided on it: the site is rung first.
        RingFirst = "ring_first", "not decided yet: ring the site first";
        /// The work has not started 30 minutes after its time: ring the site now, then dispatch.
        NotStarted = "not_started", "not known to have started";
        /// Down longer than 1.5 times what was stated: ring the site now, then dispatch.
        TooLong = "too_long", "down longer than stated";
    }
}

impl Means {
    /// Whether somebody has to ring now.
    pub fn is_escalation(self) -> bool {
        matches!(self, Means::NotStarted | Means::TooLong)
    }
}

/// The time in which alarms of what a notice lists are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Included.
    pub from: Timestamp,
    /// Included.
    pub until: Timestamp,
    /// The window that was stated.
    pub window: Window,
    started: Option<Timestamp>,
    is_back: bool,
    is_decided: bool,
}

impl Cover {
    /// The cover of a change, whatever its verdict: a notice in force covers what it lists.
    pub fn of(change: &Change) -> Option<Cover> {
        let mut window = change.window()?;
        // More time agreed with the site and the manager on call is what was stated.
        if let Some((_, extension)) = change.carry.extensions.last() {
            window.contingency_end = window.contingency_end.max(extension.until);
            window.end = window.end.max(extension.until);
        }
        let is_back_or_over = matches!(change.stage, Stage::Implemented | Stage::Review | Stage::Closed);
        if !change.stage.holds_window() && !is_back_or_over {
            return None;
        }
        let services = change.content.as_ref().map(|content| content.header.services.len()).unwrap_or_default();
        let all_back = !change.work.restored.is_empty() && change.work.restored.len() >= services;
        let back = if all_back { change.work.restored.iter().map(|(_, at)| *at).max() } else { None };
        // Work that ended without a word on services is back when it ended.
        let back = back.or_else(|| change.work.finished.as_ref().map(|told| told.happened_at));
        let started = change.work.started.as_ref().map(|told| told.happened_at);
        Some(Cover::new(window, started, back, !change.stage.is_before_approval()))
    }

    fn new(window: Window, started: Option<Timestamp>, back: Option<Timestamp>, is_decided: bool) -> Cover {
        let until = back.map_or(window.contingency_end, |back| window.contingency_end.min(later(back, AFTER_BACK)));
        Cover { from: later(window.start, -BEFORE), until, window, started, is_back: back.is_some(), is_decided }
    }

    /// Whether somebody decided on it: the alarms of an undecided notice are answered by ringing the site (X5).
    pub fn is_decided(&self) -> bool {
        self.is_decided
    }

    /// Whether all is back, or the work has ended.
    pub fn is_back(&self) -> bool {
        self.is_back
    }

    /// Whether an alarm at that moment is covered.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }

    /// What an alarm at that moment means.
    pub fn means(&self, at: Timestamp) -> Means {
        let stated = self.window.end.duration_since(self.window.start);
        let began = self.started.unwrap_or(self.window.start);
        if !self.is_back && self.started.is_none() && at >= later(self.window.start, NOT_STARTED) {
            Means::NotStarted
        } else if !self.is_back && at.duration_since(began).as_millis() * 2 > stated.as_millis() * 3 {
            Means::TooLong
        } else if self.is_decided {
            Means::Matches
        } else {
            Means::RingFirst
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-12-01T{time}Z").parse().unwrap()
    }

    /// Two hours stated, an hour of contingency.
    fn cover(started: Option<&str>, back: Option<&str>, is_decided: bool) -> Cover {
        let window = Window { start: at("20:00:00"), end: at("22:00:00"), contingency_end: at("23:00:00") };
        Cover::new(window, started.map(at), back.map(at), is_decided)
    }

    #[test]
    fn it_begins_a_quarter_before_and_ends_with_the_contingency() {
        let cover = cover(Some("20:00:00"), None, true);
        let holds = ["19:44:59.999999", "19:45:00", "23:00:00", "23:00:00.000001"].map(|time| cover.holds_at(at(time)));
        assert_eq!(holds, [false, true, true, false]);
    }

    #[test]
    fn a_service_that_is_back_cuts_it_a_quarter_later_and_never_makes_it_longer() {
        let early = cover(Some("20:00:00"), Some("21:00:00"), true);
        assert_eq!(["21:15:00", "21:15:00.000001"].map(|time| early.holds_at(at(time))), [true, false]);
        assert_eq!(cover(Some("20:00:00"), Some("22:50:00"), true).until, at("23:00:00"));
        assert_eq!(early.means(at("21:10:00")), Means::Matches);
    }

    #[test]
    fn half_an_hour_without_a_start_means_ring_now() {
        for (is_decided, before) in [(true, Means::Matches), (false, Means::RingFirst)] {
            let silent = cover(None, None, is_decided);
            assert_eq!(silent.means(at("20:29:59.999999")), before);
            assert_eq!(silent.means(at("20:30:00")), Means::NotStarted);
        }
        let told = cover(Some("20:10:00"), None, true);
        assert_eq!(told.means(at("20:30:00")), Means::Matches);
        // Back without ever having been said to start: it is over, not missing.
        assert_eq!(cover(None, Some("20:20:00"), true).means(at("20:30:00")), Means::Matches);
    }

    #[test]
    fn more_than_one_and_a_half_times_what_was_stated_means_ring_now() {
        let early = cover(Some("19:45:00"), None, true);
        assert_eq!(early.means(at("22:45:00")), Means::Matches, "three hours on the dot");
        assert_eq!(early.means(at("22:45:00.001")), Means::TooLong);
        // It goes on after the cover has ended, until somebody says that it is back.
        let late = cover(Some("20:30:00"), None, true);
        assert_eq!([at("23:30:00"), at("23:31:00")].map(|at| late.means(at)), [Means::Matches, Means::TooLong]);
        assert!(Means::TooLong.is_escalation() && !Means::RingFirst.is_escalation());
    }
}
