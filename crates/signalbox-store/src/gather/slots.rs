//! The next free times for a piece of work, with the reason for each that was refused (C072, C073), as far as whoever
//! asks may know of it.

use super::{clash_fact, codes, proposal};
use crate::schedule::Schedule;
use crate::{StoreError, Tx, directory};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Actor;
use signalbox_core::change::{Change, Kind, Window};
use signalbox_core::clinical::hours::ClinicHours;
use signalbox_core::facts::{ClashFact, Facts};
use signalbox_core::schedule::slots::{Limit, LimitKind, Slot, Why, Wish};
use signalbox_core::schedule::{Span, level};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Of the work, contingency included.
    pub length: SignedDuration,
    /// It begins and ends in here.
    pub within: Span,
    pub zone: &'a TimeZone,
    pub limits: &'a [Limit],
    /// How many times are wanted at most.
    pub most: usize,
}

/// Whose work it is.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    Change(&'a Change),
    /// Nobody's yet: what such a change would take away from people.
    Kind(Kind),
}

/// Why starts were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// What stands in the way, without a name where the actor may not see it (S16).
    Clash(ClashFact),
    Limit(LimitKind),
}

/// A stretch of starts that were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedStarts {
    pub first: Timestamp,
    pub last: Timestamp,
    pub why: WhyNot,
}

/// What was found: the best time first, and everything refused before the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreeTimes {
    pub slots: Vec<Slot>,
    pub refused: Vec<RefusedStarts>,
}

/// The next free times for work on what these facts name, over everybody's windows, freezes, people, limits and hours
/// at once.
///
/// # Errors
/// The store's.
pub fn free_times(
    tx: &mut dyn Tx,
    schedule: &Schedule,
    now: Timestamp,
    actor: &Actor,
    facts: &Facts,
    whose: Whose,
    ask: &Ask,
) -> Result<FreeTimes, StoreError> {
    let change = if let Whose::Change(change) = whose { Some(change) } else { None };
    let until = ask.within.from.saturating_add(ask.length).unwrap_or(ask.within.from);
    let window = Window { start: ask.within.from, end: until, contingency_end: until };
    let mut work = proposal(tx, facts, change, window, now)?;
    if let Whose::Kind(kind) = whose {
        (work.level, work.passes_freezes) = (level(kind), kind == Kind::Emergency);
    }
    let mut clinics = vec![];
    for service in &facts.services {
        clinics.extend(ClinicHours::parse(&directory::clinic_hours(tx, service.id.0)?).ok());
    }
    let mut handovers: Vec<Time> = vec![];
    for site in &facts.sites {
        handovers.extend(directory::handovers(tx, site.id.0)?);
    }
    let wish = Wish { work: &work, within: ask.within, zone: ask.zone, limits: ask.limits, clinics: &clinics, handovers: &handovers, most: ask.most };
    let found = schedule.ask(tx, now, |index, marks| index.slots(marks, &wish))?;
    let (mut refused, codes) = (vec![], codes(facts));
    for starts in found.refused {
        let why = match starts.why {
            Why::Limit(kind) => WhyNot::Limit(kind),
            Why::Clash(clash) => WhyNot::Clash(clash_fact(tx, actor, clash, None, &codes)?),
        };
        refused.push(RefusedStarts { first: starts.first, last: starts.last, why });
    }
    Ok(FreeTimes { slots: found.slots, refused })
}
