//! `signalbox demo`: a small world to walk about in. Every change in it was made by commands through the one write
//! path, with the clock moved, so that nothing on its pages is painted on (settled 26). People and places are
//! invented; telephone numbers are from the range kept for drama.

mod beside;
mod boards;
mod cast;
mod deeds;
mod governing;
mod money;
mod outages;
mod safety;
mod special;
mod stories;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Actor;
use signalbox_core::calendar::london;
use signalbox_store::{Db, StoreError, Tx, log};

use crate::app::{App, Shared};
use crate::clock::{Clock, IdSource};
use crate::config::Config;
use crate::run::Stop;
use crate::web::problem::Failure;

/// How many pieces of work are planned around today. Those furthest ahead are not raised yet, so some two hundred
/// changes stand in the world.
const PLANNED: usize = 260;

/// A person of the demonstration, as the one-click sign-in shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPerson {
    pub email: &'static str,
    pub name: &'static str,
    pub organisation: &'static str,
    /// What they do, in words.
    pub does: &'static str,
}

/// Everybody who can be signed in as.
pub fn people() -> Vec<DemoPerson> {
    cast::PEOPLE.iter().map(|p| DemoPerson { email: p.email, name: p.name, organisation: cast::org_name(p.org), does: p.does }).collect()
}

/// Where to look first: as whom, and at what.
pub const TOUR: &[(&str, &str)] = &[
    ("Carl Dunne", "The operations board: a cooler is being changed, and its alarm is expected. Then this morning’s shift handover."),
    ("Sam Okoro", "Tonight’s power-down of the comms room: its departments, its run sheet to print, and a call-out that he disputes."),
    ("Joy Adeyemi", "Outages and notices: somebody of estates, who has no account, told of an outage."),
    ("Owen Pritchard", "Work that comes again: one notice of a generator test every four weeks, with what came of it."),
    ("Rob Tate", "What Meridian was told: one notice acknowledged, one refused with a reason, two without an answer."),
    ("Margaret Osei", "A call-out to decide, a carrier’s mail to confirm under Set-up, and what the public reads under Status."),
];

/// Why a world could not be made.
#[derive(Debug)]
pub enum Unmade {
    Store(StoreError),
    Stopped(String),
}

impl From<StoreError> for Unmade {
    fn from(fault: StoreError) -> Unmade {
        Unmade::Store(fault)
    }
}

impl From<Failure> for Unmade {
    fn from(failure: Failure) -> Unmade {
        Unmade::Stopped(format!("{failure:?}"))
    }
}

impl From<Stop> for Unmade {
    fn from(stop: Stop) -> Unmade {
        Unmade::Stopped(format!("{stop:?}"))
    }
}

/// Who acts: everybody of the cast by e-mail.
pub(crate) type Cast = BTreeMap<&'static str, Actor>;

/// Whose turn it is on the agenda.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// A deed of a story.
    Deed(usize, usize),
    /// Something that is no act on a change.
    Beside(usize),
}

/// Makes the world as it stands at `now`, in an empty database. The same seed gives the same world.
///
/// # Errors
/// [`Unmade`].
pub fn make(db: &Db, config: &Config, now: Timestamp, seed: u64) -> Result<(), Unmade> {
    make_of(db, config, now, seed, PLANNED)
}

/// The same world with this many changes in it.
///
/// # Errors
/// [`Unmade`].
pub fn make_of(db: &Db, config: &Config, now: Timestamp, seed: u64, changes: usize) -> Result<(), Unmade> {
    let begin = now - SignedDuration::from_hours(24 * 75);
    let clock = Clock::held_at(begin);
    let app = App::new(db.clone(), clock.clone(), IdSource::seeded(seed), config.clone());
    app.keep_documents()?;
    let cast = cast::furnish(&app)?;
    let mut chance = Chance(seed);
    let stories = stories::plan(&mut chance, now, changes);
    // Deeds of all stories in the order of their times, as they would have happened, and what happens beside them.
    let mut agenda: Vec<(Timestamp, Turn)> = vec![];
    for (n, story) in stories.iter().enumerate() {
        agenda.extend(story.deeds.iter().enumerate().map(|(d, (at, _))| (*at, Turn::Deed(n, d))));
    }
    let beside = beside::happenings(now);
    agenda.extend(beside.iter().enumerate().map(|(n, (at, _))| (*at, Turn::Beside(n))));
    agenda.retain(|(at, _)| *at <= now);
    agenda.sort_unstable();
    let mut stage = deeds::Stage::new(&app, &cast, stories.len(), now);
    let mut desk = beside::Desk::new(&app, &cast);
    for (at, turn) in agenda {
        clock.set(at.max(begin));
        match turn {
            Turn::Deed(n, d) => stage.play(&stories[n], n, &stories[n].deeds[d].1)?,
            Turn::Beside(n) => desk.play(&beside[n].1)?,
        }
    }
    cast::agree(&app, now)?;
    cast::freeze(&app, now)?;
    governing::play(&app, &clock, &cast, now)?;
    clock.set(now);
    boards::convene(&app, now)?;
    crate::worker::public::tend(&app)?;
    stage.forget_letters(now)
}

/// The app that serves the world, on the machine's clock.
pub fn serve(db: Db, config: Config) -> Shared {
    App::new(db, Clock::system(), IdSource::new(), config)
}

/// Whether nothing has been made here yet.
///
/// # Errors
/// The store's.
pub fn is_empty(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    Ok(log::read_head(tx)?.count() == 0)
}

/// The team of the demonstration, unless the operator named one.
pub fn call_the_team(config: &mut Config) {
    if config.team.telephone.is_empty() {
        config.team.email = "change@authority.example".to_owned();
        config.team.telephone = "020 7946 0100".to_owned();
        config.team.hours = "Monday to Friday, 08:00 to 18:00".to_owned();
    }
}

/// Numbers that look like chance and are the same for the same seed (SplitMix64).
pub(crate) struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}

/// The instant of a wall time in London, that many days from the day of `now`.
pub(crate) fn local(now: Timestamp, days: i64, hour: i8, minute: i8) -> Timestamp {
    let date = london().to_datetime(now).date().saturating_add(SignedDuration::from_hours(24 * days));
    let wall = date.at(hour, minute, 0, 0);
    // On a clock-change night the usual reading will do: this is a stage, not a record.
    london().to_ambiguous_zoned(wall).compatible().map_or(now, |zoned| zoned.timestamp())
}
