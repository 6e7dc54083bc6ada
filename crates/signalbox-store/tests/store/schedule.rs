//! The schedule: what overlaps a span, in what standing, and how much of it is told (settled 8, 15).

use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Confidentiality, Kind, Parties, Stage, Window};
use signalbox_core::ids::{ItemId, OrgId, ServiceId, SiteId};
use signalbox_store::queries::schedule::{self, Asked, Entry, ScheduleFilter, Standing};
use signalbox_store::schedule::{self as memory, Schedule};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, values};

use std::sync::Arc;

use crate::harness::for_each_engine;
use crate::world::*;

fn span(from: i64, until: i64) -> Asked {
    Asked { from: hours(from), until: hours(until), now: hours(0) }
}

fn entries(world: &World, actor: &Actor, asked: Asked, filter: &ScheduleFilter) -> Vec<Entry> {
    world.read(|tx| schedule::schedule(tx, &Scope::of(actor), asked, filter, None, 500)).entries
}

fn ids(entries: &[Entry]) -> Vec<i64> {
    entries.iter().map(|e| e.id).collect()
}

fn at(world: &World, window: Window) -> i64 {
    let is_long = window.end.as_second() - window.start.as_second() > 14 * 86_400;
    world.tell(Told { window: Some(window), is_long, ..told(NORTH, Stage::Scheduled) })
}

#[test]
fn a_window_is_shown_where_it_overlaps_and_nowhere_else() {
    for_each_engine(|db| {
        let world = World::on(db);
        let me = world.person(&[(NORTH, Role::GroupMember)]);
        // Each is until an hour after its end, if it goes wrong.
        let windows = [
            window(10, 4),
            window(15, 1),
            window(20, 1),
            window(-13 * 24, 14 * 24 - 1),
            window(-400, 500),
            window(-400, 300),
            window(30, 400),
            window(-14 * 24, 14 * 24),
        ];
        let all: Vec<(i64, Window)> = windows.into_iter().map(|w| (at(&world, w), w)).collect();
        world.tell(Told { window: None, ..told(NORTH, Stage::Scheduled) });
        for from in [-500, -200, -1, 0, 1, 9, 10, 14, 15, 16, 17, 20, 21, 22, 23, 100, 300] {
            for length in [1, 5, 24, 700] {
                let asked = span(from, from + length);
                let mut wanted: Vec<_> =
                    all.iter().filter(|(_, w)| w.start < asked.until && w.contingency_end > asked.from).map(|(id, w)| (w.start, *id)).collect();
                wanted.sort();
                let found = entries(&world, &me, asked, &ScheduleFilter::default());
                assert_eq!(ids(&found), wanted.iter().map(|(_, id)| *id).collect::<Vec<_>>(), "{from} and {length} hours");
            }
        }
    });
}

#[test]
fn only_the_times_of_restricted_work_are_told_and_no_filter_tells_more() {
    for_each_engine(|db| {
        let world = World::on(db);
        let tell = |confidentiality| {
            world.tell(Told {
                confidentiality,
                kind: Kind::PlannedOutage,
                sites: vec![SiteId(NORTH_SITE)],
                services: vec![ServiceId(IMAGING)],
                parties: Parties {
                    runs: [OrgId(SUPPLIER)].into(),
                    affected: [OrgId(SOUTH)].into(),
                    derived_services: [ServiceId(PHONES)].into(),
                    ..Parties::default()
                },
                ..told(NORTH, Stage::Scheduled)
            })
        };
        let (open, parties_only, restricted) = (tell(Confidentiality::Open), tell(Confidentiality::PartiesOnly), tell(Confidentiality::SecurityRestricted));
        let stranger = world.person(&[(OTHER_SUPPLIER, Role::Requester)]);
        let found = entries(&world, &stranger, span(0, 100), &ScheduleFilter::default());
        assert_eq!(ids(&found), [open, parties_only]);
        assert_eq!(found[1].detail, None);
        assert_eq!((found[1].window, found[1].standing, found[1].outage_minutes()), (window(36, 2), Standing::Firm, None));
        let detail = found[0].detail.clone().expect("it is open");
        let codes = |named: &[signalbox_store::queries::Named]| named.iter().map(|n| n.code.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(
            (codes(&detail.services), codes(&detail.dependants), codes(&detail.sites), codes(&detail.affected)),
            ("IMAGING".into(), "PHONES".into(), "NGH".into(), "SOUTH".into())
        );
        assert_eq!((detail.party, detail.org.name.as_str(), found[0].outage_minutes()), (false, "NORTH organisation", Some(120)));
        for filter in [
            ScheduleFilter { site: Some(NORTH_SITE), ..ScheduleFilter::default() },
            ScheduleFilter { service: Some(IMAGING), ..ScheduleFilter::default() },
            ScheduleFilter { service: Some(PHONES), ..ScheduleFilter::default() },
            ScheduleFilter { organisation: Some(SOUTH), ..ScheduleFilter::default() },
            ScheduleFilter { kinds: vec![Kind::PlannedOutage], ..ScheduleFilter::default() },
        ] {
            assert_eq!(ids(&entries(&world, &stranger, span(0, 100), &filter)), [open], "{filter:?}");
        }
        let mine = ScheduleFilter { mine_only: true, ..ScheduleFilter::default() };
        assert_eq!(entries(&world, &stranger, span(0, 100), &mine), []);
        let manager = world.person(&[(SUPPLIER, Role::SupplierManager)]);
        let found = entries(&world, &manager, span(0, 100), &mine);
        assert_eq!(ids(&found), [open, parties_only, restricted]);
        assert!(found.iter().all(|e| e.detail.as_ref().is_some_and(|d| d.party)));
        assert_eq!(entries(&world, &manager, span(0, 100), &ScheduleFilter { site: Some(SOUTH_SITE), ..ScheduleFilter::default() }), []);
    });
}

#[test]
fn a_standing_is_a_set_of_stages_and_what_was_cancelled_goes_after_a_fortnight() {
    for_each_engine(|db| {
        let world = World::on(db);
        let me = world.person(&[(NORTH, Role::GroupMember)]);
        let by_stage: Vec<(i64, Stage)> = Stage::ALL.iter().map(|stage| (world.tell(told(NORTH, *stage)), *stage)).collect();
        let count = |standing: Option<Standing>, now: i64| {
            let asked = Asked { now: hours(now), ..span(0, 100) };
            let found = entries(&world, &me, asked, &ScheduleFilter { standing, ..ScheduleFilter::default() });
            for entry in &found {
                let stage = by_stage.iter().find(|(id, _)| *id == entry.id).expect("one of them").1;
                assert_eq!(Some(entry.standing), Standing::of(stage));
                assert!(standing.is_none_or(|s| s == entry.standing));
            }
            found.len()
        };
        let each: Vec<usize> = Standing::ALL.iter().map(|s| count(Some(*s), 1)).collect();
        assert_eq!(each, [5, 2, 2, 3, 1]);
        assert_eq!(count(None, 1), 13);
        assert_eq!(count(Some(Standing::Cancelled), 14 * 24 - 1), 1);
        assert_eq!(count(Some(Standing::Cancelled), 14 * 24 + 1), 0);
        for standing in Standing::ALL {
            assert_eq!(Standing::from_code(standing.code()), Some(*standing));
        }
    });
}

#[test]
fn pages_of_the_schedule_join_without_a_gap() {
    for_each_engine(|db| {
        let world = World::on(db);
        let me = world.person(&[(NORTH, Role::GroupMember)]);
        // Many start together, so that the id has to part them.
        let made: Vec<i64> = (0..17).map(|n| at(&world, window(10 + n / 5, 2))).collect();
        for limit in [1, 4, 5, 16, 17] {
            let (mut after, mut seen) = (None, vec![]);
            loop {
                let page = world.read(|tx| schedule::schedule(tx, &Scope::of(&me), span(0, 100), &ScheduleFilter::default(), after, limit));
                seen.extend(ids(&page.entries));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, made, "{limit} a page");
        }
        let mut all = vec![];
        world.read(|tx| {
            schedule::each(tx, &Scope::of(&me), span(0, 100), &ScheduleFilter::default(), |entry| {
                all.push(entry.id);
                Ok(())
            })
        });
        assert_eq!(all, made);
    });
}

#[test]
fn tonight_is_open_to_visitors_only_where_its_organisation_says_so() {
    for_each_engine(|db| {
        let world = World::on(db);
        let tell = |confidentiality, stage, site| world.tell(Told { confidentiality, sites: vec![SiteId(site)], ..told(NORTH, stage) });
        let open = tell(Confidentiality::Open, Stage::Scheduled, NORTH_SITE);
        let parties_only = tell(Confidentiality::PartiesOnly, Stage::Scheduled, NORTH_SITE);
        tell(Confidentiality::Open, Stage::Assessing, NORTH_SITE);
        tell(Confidentiality::Open, Stage::Scheduled, SOUTH_SITE);
        let tonight = |scope: &Scope| ids(&world.read(|tx| schedule::tonight(tx, scope, NORTH_SITE, span(0, 100))));
        let staff = Scope::of(&world.person(&[(NORTH, Role::Requester)]));
        assert_eq!(tonight(&staff), [open, parties_only]);
        assert_eq!(tonight(&Scope::visitor()), Vec::<i64>::new());
        world.write(|tx| tx.exec("update organisations set open_tonight = 1 where id = $1", values![NORTH]));
        assert_eq!(tonight(&Scope::visitor()), [open]);
        let schedule = world.read(|tx| schedule::schedule(tx, &Scope::visitor(), span(0, 100), &ScheduleFilter::default(), None, 50));
        assert_eq!(schedule.entries, [], "the schedule itself stays shut");
    });
}

/// What the index and the rows say differently.
fn differs(world: &World, index: &Schedule) -> usize {
    world.read(|tx| {
        let mine = index.ask(tx, now(), |index, _| index.clone())?;
        Ok(memory::differences(tx, &mine)?.len())
    })
}

#[test]
fn the_index_equals_the_rows_at_every_end_of_the_log() {
    for_each_engine(|db| {
        let world = World::on(db);
        let (early, mut seed) = (Schedule::default(), 7_u64);
        let mut chance = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        let random = |chance: &mut dyn FnMut(u64) -> u64| Told {
            window: (chance(8) > 0).then(|| window(chance(400) as i64, 1 + chance(500) as i64)),
            items: [SERVER, EXCHANGE].into_iter().filter(|_| chance(2) == 0).map(ItemId).collect(),
            services: [IMAGING, PHONES].into_iter().filter(|_| chance(2) == 0).map(ServiceId).collect(),
            sites: [NORTH_SITE].into_iter().filter(|_| chance(2) == 0).map(SiteId).collect(),
            ..told(NORTH, if chance(5) == 0 { Stage::Closed } else { Stage::Scheduled })
        };
        for _ in 0..30 {
            for _ in 0..chance(3) {
                world.tell(random(&mut chance));
            }
            assert_eq!(differs(&world, &early), 0, "fed as it came");
        }
        assert_eq!(differs(&world, &Schedule::default()), 0, "made at once");
        let known = |index: &Schedule| world.read(|tx| index.ask(tx, now(), |index, _| index.len()));
        assert!(known(&early) > 10);

        // A write that fed it and was undone leaves nothing in it.
        let cut = Arc::new(Schedule::default());
        let inside = Arc::clone(&cut);
        let failed = world.db.write(move |tx| -> Result<(), StoreError> {
            signalbox_store::log::lock_head(tx)?;
            inside.ask(tx, now(), |_, _| ())?;
            tx.exec("update changes set holds_window = 0 where holds_window = 1", &[])?;
            let mut head = signalbox_store::log::lock_head(tx)?;
            let any =
                tx.maybe_one("select change_id, max(version) from events where stream = 'change' group by change_id order by change_id limit 1", &[], |row| {
                    Ok((row.int(0)?, row.int(1)?))
                })?;
            let (change, version) = any.expect("a change");
            let event = signalbox_store::log::NewEvent {
                id: 999_999,
                stream: signalbox_store::log::Stream::Change,
                change_id: change,
                version: version + 1,
                kind: "Noted".into(),
                schema: 1,
                at: 0,
                payload: "{}".into(),
            };
            signalbox_store::log::append(tx, &mut head, version, &[event])?;
            inside.ask(tx, now(), |_, _| ())?;
            Err(StoreError::Busy)
        });
        assert!(failed.is_err());
        cut.doubt();
        assert_eq!(differs(&world, &cut), 0, "what was undone is not in it");
    });
}
