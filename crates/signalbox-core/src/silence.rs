//! What a change silences at monitors (spec 10.1 step 5 and 9, 10.4 "Silence payload", settled 10): the items that it
//! declares, for the time of its alarm cover, and nothing else. All of it follows from the change as it stands, so
//! whoever brings monitors in line may stop anywhere and begin again.
//!
//! A notice that nobody has decided on silences nothing: X5 asks for the site to be rung first, and nobody rings about
//! an alarm that they were never shown.

use crate::alarm::Cover;
use crate::change::Change;
use crate::ids::ItemId;
use crate::words::vocabulary;
use jiff::{SignedDuration, Timestamp};

vocabulary! {
    /// How a silence stands at its monitor, by what the monitor itself said.
    State {
        /// It has it, and the time has not come.
        Pending = "pending", "agreed, not begun";
        InForce = "in_force", "in force";
        /// It should have it and has not.
        NotInForce = "not_in_force", "not in force";
        /// It has one of ours that no change wants, which is being removed.
        Leftover = "leftover", "left over";
        /// It was taken away, or its time is over.
        Over = "over", "over";
    }
}

/// What a change silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub items: Vec<ItemId>,
    /// The first second that is silenced.
    pub from: Timestamp,
    /// The second at which alarms come through again.
    pub until: Timestamp,
}

/// What the change silences as it stands; nothing before it is decided, once it is called off, or once it is over.
pub fn declared(change: &Change) -> Option<Declared> {
    let cover = Cover::of(change)?;
    // Work that was closed without a word on its end holds nothing any more.
    let is_running_on = change.stage.holds_window() || cover.is_back();
    let (from, until) = (whole_second(cover.from), next_second(cover.until));
    let content = change.content.as_ref().filter(|_| cover.is_decided() && is_running_on && from < until)?;
    let items = content.header.items.clone();
    (!items.is_empty()).then_some(Declared { items, from, until })
}

/// Monitors count in seconds: the second in which a moment lies.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_millisecond().div_euclid(1000)).unwrap_or(at)
}

/// The first whole second that is not before a moment.
fn next_second(at: Timestamp) -> Timestamp {
    let whole = whole_second(at);
    if whole < at { whole.saturating_add(SignedDuration::from_secs(1)).unwrap_or(at) } else { whole }
}

/// By what a silence is known at a monitor: for which change, of which thing, by the name that it has there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub reference: String,
    pub name: String,
}

/// A silence that a monitor should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub key: Key,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// A silence of ours that a monitor has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The monitor's own name for it.
    pub id: String,
    pub key: Key,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What brings a monitor in line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be made, and only then what it replaces is removed: there is no moment without either.
    pub make: Vec<Wanted>,
    /// To be removed: moved, extended, called off, doubled, or left over from what nobody remembers.
    pub remove: Vec<Held>,
}

impl Plan {
    /// Whether the monitor has exactly what it should have.
    pub fn is_empty(&self) -> bool {
        self.make.is_empty() && self.remove.is_empty()
    }
}

/// Whether a monitor's silence is the one that is wanted. A beginning that has passed is the same as any other: monitors
/// date a late silence from when they learnt of it.
pub fn fits(wanted: &Wanted, held: &Held, now: Timestamp) -> bool {
    let begins = held.from == wanted.from || held.from <= now && wanted.from <= now;
    held.key == wanted.key && held.until == wanted.until && begins
}

/// What has to be done so that a monitor has what is wanted and nothing else of ours. What begins later than `lead` from
/// now is not made yet; what has ended is left to the monitor to forget.
pub fn plan(wanted: &[Wanted], held: &[Held], now: Timestamp, lead: SignedDuration) -> Plan {
    let mut rest: Vec<&Held> = held.iter().filter(|held| held.until > now).collect();
    let mut make = vec![];
    for one in wanted.iter().filter(|one| one.until > now) {
        match rest.iter().position(|held| fits(one, held, now)) {
            Some(at) => {
                rest.remove(at);
            }
            None if one.from.saturating_sub(lead).is_ok_and(|at| at > now) => {}
            None => make.push(one.clone()),
        }
    }
    Plan { make, remove: rest.into_iter().cloned().collect() }
}

/// How a wanted silence stands, by what the monitor has.
pub fn state(wanted: &Wanted, held: &[Held], now: Timestamp) -> State {
    let covers = |held: &&Held| held.key == wanted.key && held.from <= now && now < held.until;
    match held.iter().any(|held| fits(wanted, held, now)) {
        _ if wanted.until <= now => State::Over,
        _ if held.iter().any(|held| covers(&held)) && wanted.from <= now => State::InForce,
        true => State::Pending,
        false => State::NotInForce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-12-01T{time}Z").parse().unwrap()
    }

    fn key(name: &str) -> Key {
        Key { reference: "ON-2026-000001".into(), name: name.into() }
    }

    fn wanted(name: &str, from: &str, until: &str) -> Wanted {
        Wanted { key: key(name), from: at(from), until: at(until) }
    }

    fn held(id: &str, name: &str, from: &str, until: &str) -> Held {
        Held { id: id.into(), key: key(name), from: at(from), until: at(until) }
    }

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn what_fits_is_left_and_what_lacks_is_made() {
        let all = [wanted("A", "20:00:00", "22:00:00"), wanted("B", "20:00:00", "22:00:00")];
        let there = [held("1", "A", "20:00:00", "22:00:00")];
        let plan = plan(&all, &there, at("12:00:00"), DAY);
        assert_eq!(plan, Plan { make: vec![all[1].clone()], remove: vec![] });
        assert_eq!(state(&all[0], &there, at("12:00:00")), State::Pending);
        assert_eq!(state(&all[0], &there, at("20:00:00")), State::InForce);
        assert_eq!(state(&all[0], &there, at("21:59:59")), State::InForce);
        assert_eq!(state(&all[0], &there, at("22:00:00")), State::Over);
        assert_eq!(state(&all[1], &there, at("12:00:00")), State::NotInForce);
    }

    #[test]
    fn what_moved_by_a_second_is_made_anew_and_the_old_one_goes() {
        let now = at("19:00:00");
        for (from, until) in [("20:00:01", "22:00:00"), ("20:00:00", "22:00:01"), ("20:00:00", "21:59:59")] {
            let all = [wanted("A", from, until)];
            let there = [held("1", "A", "20:00:00", "22:00:00")];
            assert_eq!(plan(&all, &there, now, DAY), Plan { make: all.to_vec(), remove: there.to_vec() }, "{from} {until}");
        }
    }

    #[test]
    fn a_beginning_that_has_passed_is_no_difference() {
        let all = [wanted("A", "20:00:00", "22:00:00")];
        let late = [held("1", "A", "20:07:00", "22:00:00")];
        assert!(plan(&all, &late, at("20:07:00"), DAY).is_empty());
        // Seen from before, it is one: the alarms of seven minutes would come through.
        assert!(!plan(&all, &late, at("19:59:59"), DAY).is_empty());
    }

    #[test]
    fn nothing_is_made_before_its_time_nor_removed_after_its_end() {
        let all = [wanted("A", "20:00:00", "22:00:00")];
        let hour = SignedDuration::from_hours(1);
        assert!(plan(&all, &[], at("18:59:59"), hour).is_empty());
        assert_eq!(plan(&all, &[], at("19:00:00"), hour).make, all);
        assert!(plan(&all, &[], at("22:00:00"), hour).is_empty());
        assert!(plan(&[], &[held("1", "A", "20:00:00", "22:00:00")], at("22:00:00"), hour).is_empty());
    }

    #[test]
    fn doubles_and_what_nobody_wants_are_removed() {
        let all = [wanted("A", "20:00:00", "22:00:00")];
        let there = [held("1", "A", "20:00:00", "22:00:00"), held("2", "A", "20:00:00", "22:00:00"), held("3", "C", "20:00:00", "23:00:00")];
        assert_eq!(plan(&all, &there, at("12:00:00"), DAY), Plan { make: vec![], remove: there[1..].to_vec() });
    }

    #[test]
    fn while_a_longer_one_is_not_made_the_shorter_one_is_in_force() {
        let longer = wanted("A", "20:00:00", "23:00:00");
        let there = [held("1", "A", "20:00:00", "22:00:00")];
        assert_eq!(state(&longer, &there, at("21:00:00")), State::InForce);
        assert_eq!(state(&longer, &there, at("22:00:00")), State::NotInForce);
    }

    #[test]
    fn monitors_count_in_whole_seconds() {
        assert_eq!([whole_second(at("20:00:00.999999")), next_second(at("20:00:00.000001"))], [at("20:00:00"), at("20:00:01")]);
        assert_eq!([whole_second(at("20:00:00")), next_second(at("20:00:00"))], [at("20:00:00"); 2]);
    }
}
