//! The schedule in the process: checks, free times, and one change moved.
//!
//! The index of a site holds what is still to be done. To see what the number of changes costs, a second one holds
//! every change there is, as if all of ten years were still to be done.

use std::hint::black_box;
use std::time::Instant;

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::calendar::london;
use signalbox_core::clinical::hours::ClinicHours;
use signalbox_core::schedule::slots::{Limit, LimitKind, Wish};
use signalbox_core::schedule::{Marks, Node, PlannedWork, ScheduleIndex, Span};
use signalbox_store::schedule::{self as memory, Schedule};

use crate::bulk::{Chance, World};
use crate::figures::{Figures, Times};
use crate::{Site, writes};

const CHECKS: usize = 20_000;
const SLOTS: usize = 2_000;
const HUBS: usize = 1_000;

pub fn measure(site: &Site, figures: &mut Figures) {
    let (world, engine, changes) = (site.world, site.engine, site.world.estate.scale.changes);
    let (db, now) = (site.open(), world.estate.now);
    let schedule = Schedule::default();
    let began = Instant::now();
    let open = db.read(|tx| schedule.ask(tx, now, |index, _| index.clone())).expect("an index");
    figures.put("made", "Index made from rows, seconds", began.elapsed().as_secs_f64()).on(engine, changes);
    figures.put("held", "Pieces of work in it", open.len() as f64).on(engine, changes);
    let horizon = Span { from: hours(now, -62 * 24), until: hours(now, 400 * 24) };
    let calendars = db.read(|tx| memory::calendars(tx, horizon)).expect("the calendars");
    let all = ScheduleIndex::build((0..changes).map(|n| world.work(n)), &world.estate.dependencies, calendars);
    for (code, name, index) in [("", "of the site", &open), ("-all", "of every change", &all)] {
        checks(world, index, code, name, figures, engine);
        hub(world, index, code, name, figures, engine);
        slots(world, index, code, name, figures, engine);
    }
    moved(world, all, figures, engine);
    writes::moved(site, &db, &schedule, figures);
}

fn hours(at: Timestamp, n: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(n)).unwrap_or(at)
}

/// Some change's work, at some time in the next half year.
fn proposal(world: &World, chance: &mut Chance) -> PlannedWork {
    let mut work = world.work(chance.below(world.estate.scale.changes));
    let start = hours(world.estate.now, chance.below(180 * 24) as i64);
    work.span = Span { from: start, until: hours(start, 1 + chance.below(6) as i64) };
    work.change = signalbox_core::ids::ChangeId(0);
    work
}

fn checks(world: &World, index: &ScheduleIndex, code: &str, name: &str, figures: &mut Figures, engine: &'static str) {
    let changes = world.estate.scale.changes;
    let (mut chance, mut marks, mut times) = (Chance::of(5, 1), Marks::default(), Times::default());
    for n in 0..CHECKS {
        let work = proposal(world, &mut chance);
        let began = Instant::now();
        black_box(index.check_with(&mut marks, &work));
        // The first of all makes the marks.
        if n > 0 {
            times.add(began.elapsed());
        }
    }
    figures
        .put(&format!("check50{code}"), &format!("Conflict check in the index {name}, p50 µs"), times.percentile(50) * 1_000.0)
        .on(engine, changes)
        .at_most(60.0);
    figures
        .put(&format!("check99{code}"), &format!("Conflict check in the index {name}, p99 µs"), times.percentile(99) * 1_000.0)
        .on(engine, changes)
        .at_most(400.0);
}

fn hub(world: &World, index: &ScheduleIndex, code: &str, name: &str, figures: &mut Figures, engine: &'static str) {
    let (mut chance, mut marks, mut times) = (Chance::of(5, 2), Marks::default(), Times::default());
    for n in 0..HUBS {
        let mut work = proposal(world, &mut chance);
        work.nodes = [Node::Item(world.estate.hub())].into();
        let began = Instant::now();
        black_box(index.check_with(&mut marks, &work));
        if n > 0 {
            times.add(began.elapsed());
        }
    }
    let words = "The same for the hub (closure of half of all items), p99 ms";
    let changes = world.estate.scale.changes;
    figures.put(&format!("hub{code}"), &format!("{words}, index {name}"), times.percentile(99)).on(engine, changes).at_most(4.0);
}

fn slots(world: &World, index: &ScheduleIndex, code: &str, name: &str, figures: &mut Figures, engine: &'static str) {
    let changes = world.estate.scale.changes;
    let zone = london();
    let clinics = [ClinicHours::parse("Mon-Fri 08:00-18:00; Sat 09:00-13:00").expect("hours")];
    let handovers = [time(7, 30, 0, 0), time(19, 30, 0, 0)];
    let mut marks = Marks::default();
    for (what, hub, count) in [("slots", false, SLOTS), ("slots-hub", true, HUBS / 4)] {
        let (mut chance, mut times) = (Chance::of(5, 3), Times::default());
        for _ in 0..count {
            let mut work = proposal(world, &mut chance);
            if hub {
                work.nodes = [Node::Item(world.estate.hub())].into();
            }
            let from = hours(world.estate.now, chance.below(80 * 24) as i64);
            let limits = [
                Limit { kind: LimitKind::Past, from, is_hard: true },
                Limit { kind: LimitKind::Notice, from: hours(from, 10 * 24), is_hard: false },
                Limit { kind: LimitKind::Board, from: hours(from, 5 * 24), is_hard: false },
            ];
            let within = Span { from, until: hours(from, 90 * 24) };
            let wish = Wish { work: &work, within, zone: &zone, limits: &limits, clinics: &clinics, handovers: &handovers, most: 10 };
            let began = Instant::now();
            black_box(index.slots(&mut marks, &wish));
            times.add(began.elapsed());
        }
        let about = if hub { ", for the hub" } else { "" };
        let figure = figures.put(&format!("{what}{code}"), &format!("Ten free times in 90 days{about}, index {name}, p99 ms"), times.percentile(99));
        figure.on(engine, changes);
        if !hub {
            figure.at_most(5.0);
        }
    }
}

/// One change moved, and it and what is near it asked about again, with no database between.
fn moved(world: &World, mut index: ScheduleIndex, figures: &mut Figures, engine: &'static str) {
    let changes = world.estate.scale.changes;
    let (mut chance, mut marks, mut times) = (Chance::of(5, 4), Marks::default(), Times::default());
    for _ in 0..5_000 {
        let mut work = world.work(chance.below(changes));
        work.span = proposal(world, &mut chance).span;
        let span = work.span;
        let again = work.clone();
        let began = Instant::now();
        index.insert(work);
        black_box(index.check_with(&mut marks, &again));
        times.add(began.elapsed());
        assert_eq!(index.work(again.change).map(|work| work.span), Some(span), "the next read is right");
    }
    figures.put("moved-all", "One change moved and checked again, index of every change, p50 µs", times.percentile(50) * 1_000.0).on(engine, changes);
}
