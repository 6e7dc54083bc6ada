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

vocabulary! {
    /// What an alarm was read as when it came in (spec 10.4 under X5), or what a person found it to be.
    Class {
        /// AL-1: a notice in force lists it. It stays visible, and the site is rung if it is worse or longer.
        Expected = "expected", "expected";
        /// AL-5 under X5: the notice was received and nobody has decided on it. The site is rung first; nothing is charged.
        RingFirst = "ring_first", "ring the site first";
        /// X5: the work has not started 30 minutes after its time.
        NotStarted = "not_started", "work not known to have started";
        /// AL-2 and X5: past the latest end, or longer than was stated.
        Overrun = "overrun", "longer than stated";
        /// AL-3: not on the list of work at the same site.
        Near = "near", "near announced work";
        /// AL-6: the supplier was told of the work and the network provider was not.
        NetworkNotTold = "network_not_told", "network provider not told";
        /// AL-7: fire, cooling, a critical supply of power: never quiet.
        Safety = "safety", "safety alarm";
        /// AL-8: none of these.
        Real = "real", "real";
        /// AL-4: found afterwards to have come from planned work that nobody had announced.
        Unannounced = "unannounced", "planned, not announced";
    }
}

impl Class {
    /// The rule of spec 10.4 that names it.
    pub fn rule(self) -> &'static str {
        match self {
            Class::Expected => "AL-1",
            Class::Overrun | Class::NotStarted => "AL-2",
            Class::Near => "AL-3",
            Class::Unannounced => "AL-4",
            Class::RingFirst => "AL-5",
            Class::NetworkNotTold => "AL-6",
            Class::Safety => "AL-7",
            Class::Real => "AL-8",
        }
    }

    /// Whether a notice that covers it answers for it.
    pub fn is_covered(self) -> bool {
        matches!(self, Class::Expected | Class::RingFirst | Class::NetworkNotTold)
    }
}

/// An alarm, as far as its reading depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// When it was raised.
    pub at: Timestamp,
    /// Fire, cooling, a critical supply of power: whoever sent it says so.
    pub is_safety: bool,
    /// It is the network provider's who hears it.
    pub by_network: bool,
}

/// Work that may have to do with an alarm.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub cover: Cover,
    /// It lists what rings, or something that this goes down with; otherwise it is at the same site only.
    pub is_listed: bool,
    /// It touches a line, and the provider has not been told of it.
    pub network_untold: bool,
}

/// How an alarm is read, and by which of the works. Of several that list it the one that asks for most care answers; work
/// that lists it comes before work nearby, and nothing quiets a safety alarm.
pub fn classify(heard: &Heard, works: &[Work]) -> (Class, Option<usize>) {
    let listed = works.iter().enumerate().filter(|(_, work)| work.is_listed).filter_map(|(n, work)| Some((of_listed(heard, work)?, n)));
    let by = listed.max_by_key(|(class, n)| (care(*class), std::cmp::Reverse(*n)));
    let near = || works.iter().position(|work| !work.is_listed && work.cover.holds_at(heard.at)).map(|n| (Class::Near, n));
    match by.or_else(near) {
        found if heard.is_safety => (Class::Safety, found.map(|(_, n)| n)),
        Some((class, n)) => (class, Some(n)),
        None => (Class::Real, None),
    }
}

fn of_listed(heard: &Heard, work: &Work) -> Option<Class> {
    let cover = &work.cover;
    if !cover.holds_at(heard.at) {
        return cover.is_overdue_at(heard.at).then_some(Class::Overrun);
    }
    Some(match cover.means(heard.at) {
        Means::TooLong => Class::Overrun,
        Means::NotStarted => Class::NotStarted,
        Means::RingFirst => Class::RingFirst,
        Means::Matches if heard.by_network && work.network_untold => Class::NetworkNotTold,
        Means::Matches => Class::Expected,
    })
}

/// How much care a reading asks for.
fn care(class: Class) -> u8 {
    match class {
        Class::Expected => 0,
        Class::NetworkNotTold => 1,
        Class::RingFirst => 2,
        Class::NotStarted => 3,
        _ => 4,
    }
}

/// AL-9: an expected alarm of one thing that came more often than this within ten minutes is folded into one row.
pub const FLAPPING: usize = 5;
/// The stretch of AL-9.
pub const FLAPPING_WITHIN: SignedDuration = SignedDuration::from_mins(10);

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
        let extended = change.carry.extensions.last().map(|(_, extension)| extension.until);
        let started = change.work.started.as_ref().map(|told| told.happened_at);
        Cover::read(change.stage, change.window()?, extended, started, back_at(change))
    }

    /// The same from what is known of a change: how far it has come, the window of its notice, until when it was extended,
    /// when it began, and when all was back.
    pub fn read(stage: Stage, mut window: Window, extended: Option<Timestamp>, started: Option<Timestamp>, back: Option<Timestamp>) -> Option<Cover> {
        // More time agreed with the site and the manager on call is what was stated.
        if let Some(until) = extended {
            window.contingency_end = window.contingency_end.max(until);
            window.end = window.end.max(until);
        }
        let is_back_or_over = matches!(stage, Stage::Implemented | Stage::Review | Stage::Closed);
        (stage.holds_window() || is_back_or_over).then(|| Cover::new(window, started, back, !stage.is_before_approval()))
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

    /// Whether it began and should have been over, and nobody has said that it is (AL-2).
    pub fn is_overdue_at(&self, at: Timestamp) -> bool {
        at > self.until && self.started.is_some() && !self.is_back
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

/// When all was back: the last of the services, or the end of work that ended without a word on them.
pub fn back_at(change: &Change) -> Option<Timestamp> {
    let services = change.content.as_ref().map(|content| content.header.services.len()).unwrap_or_default();
    let all_back = !change.work.restored.is_empty() && change.work.restored.len() >= services;
    let last = if all_back { change.work.restored.iter().map(|(_, at)| *at).max() } else { None };
    last.or_else(|| change.work.finished.as_ref().map(|told| told.happened_at))
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

    fn read(time: &str, works: &[Work]) -> (Class, Option<usize>) {
        classify(&Heard { at: at(time), is_safety: false, by_network: false }, works)
    }

    fn listed(cover: Cover) -> Work {
        Work { cover, is_listed: true, network_untold: false }
    }

    #[test]
    fn al_1_to_al_3_by_the_clock() {
        let running = listed(cover(Some("20:00:00"), None, true));
        let at_times = ["19:44:59", "19:45:00", "22:59:00"].map(|time| read(time, &[running]).0);
        assert_eq!(at_times, [Class::Real, Class::Expected, Class::Expected]);
        // Past the latest end and nobody said that it is back.
        assert_eq!(read("23:00:01", &[running]), (Class::Overrun, Some(0)));
        let back = listed(cover(Some("20:00:00"), Some("22:50:00"), true));
        assert_eq!(read("23:00:01", &[back]), (Class::Real, None));
        // A window in which nothing is known to have begun is no reason to be quiet.
        assert_eq!(read("20:30:00", &[listed(cover(None, None, true))]).0, Class::NotStarted);
        let near = Work { is_listed: false, ..running };
        assert_eq!(read("21:00:00", &[near]), (Class::Near, Some(0)));
        assert_eq!(read("23:30:00", &[near]), (Class::Real, None));
    }

    #[test]
    fn al_5_al_6_and_al_7_and_the_most_careful_of_several() {
        let running = listed(cover(Some("20:00:00"), None, true));
        let undecided = listed(cover(Some("20:00:00"), None, false));
        assert_eq!(read("21:00:00", &[running, undecided]), (Class::RingFirst, Some(1)));
        let untold = Work { network_untold: true, ..running };
        assert_eq!(read("21:00:00", &[untold]).0, Class::Expected, "the supplier was told");
        let network = Heard { at: at("21:00:00"), is_safety: false, by_network: true };
        assert_eq!(classify(&network, &[untold]).0, Class::NetworkNotTold);
        let fire = Heard { is_safety: true, ..network };
        assert_eq!(classify(&fire, &[running]), (Class::Safety, Some(0)));
        assert_eq!(classify(&fire, &[]), (Class::Safety, None));
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
