//! Lists: filters, pages, counts, and what a row says.

use signalbox_core::actor::{Actor, Role, Stamp};
use signalbox_core::calendar::Verdict;
use signalbox_core::change::{Kind, Outcome, Parties, Stage};
use signalbox_core::event::Event;
use signalbox_core::ids::{ItemId, OrgId, ServiceId, SiteId};
use signalbox_store::queries::list::{self, Count, ListFilter, ListRow};
use signalbox_store::queries::{change, duties, today};
use signalbox_store::scope::Scope;
use signalbox_store::{drafts, values};

use crate::harness::for_each_engine;
use crate::world::*;

fn rows(world: &World, scope: &Scope, filter: &ListFilter) -> Vec<ListRow> {
    world.read(|tx| list::list(tx, scope, filter, None, 500)).rows
}

#[test]
fn each_filter_finds_its_own_and_all_of_them_narrow_together() {
    for_each_engine(|db| {
        let world = World::on(db);
        let me = world.person(&[(NORTH, Role::Requester)]);
        let by = Stamp { person: me.person(), org: Some(OrgId(NORTH)), role: Some(Role::Requester), for_person: None };
        let plain = world.tell(told(NORTH, Stage::Submitted));
        let outage = world.tell(Told { kind: Kind::PlannedOutage, window: Some(window(500, 4)), ..told(NORTH, Stage::Scheduled) });
        let mine = world.tell(Told {
            by,
            services: vec![ServiceId(IMAGING)],
            items: vec![ItemId(SERVER)],
            sites: vec![SiteId(NORTH_SITE)],
            ..told(NORTH, Stage::Assessing)
        });
        let south = world.tell(Told { parties: Parties { affected: [OrgId(SOUTH)].into(), ..Parties::default() }, ..told(NORTH, Stage::Approved) });
        let failed = world.tell(Told { beginning: Beginning::Stands(Stage::Closed, Some(Outcome::Failed)), window: None, ..told(NORTH, Stage::Closed) });
        let late = world.import("OSG-7", NORTH, BENCH, window(-48, 2), hours(-60), Outcome::Successful);
        let scope = Scope::of(&me);
        let find = |change: &dyn Fn(&mut ListFilter)| {
            let mut filter = ListFilter::default();
            change(&mut filter);
            let found: Vec<i64> = rows(&world, &scope, &filter).iter().map(|r| r.id).collect();
            let count = world.read(|tx| list::count(tx, &scope, &filter));
            assert_eq!(count, Count::Exactly(found.len() as i64), "{filter:?}");
            found
        };
        assert_eq!(find(&|_| {}), [late, failed, south, mine, outage, plain], "newest first");
        assert_eq!(find(&|f| f.kinds = vec![Kind::PlannedOutage]), [late, outage]);
        assert_eq!(find(&|f| f.stages = vec![Stage::Approved, Stage::Submitted]), [south, plain]);
        assert_eq!(find(&|f| f.organisation = Some(SOUTH)), [south]);
        assert_eq!(find(&|f| f.service = Some(IMAGING)), [mine]);
        assert_eq!(find(&|f| f.site = Some(NORTH_SITE)), [late, mine]);
        assert_eq!(find(&|f| f.item = Some(SERVER)), [mine]);
        assert_eq!(find(&|f| f.window_from = Some(hours(400))), [outage]);
        assert_eq!(find(&|f| f.window_to = Some(hours(0))), [late]);
        assert_eq!(find(&|f| f.raised_by_me = true), [mine]);
        assert_eq!(find(&|f| f.source_ref = Some("OSG-7".into())), [late]);
        assert_eq!(find(&|f| f.outcome = Some(Outcome::Failed)), [failed]);
        assert_eq!(find(&|f| f.verdict = Some(Verdict::OnTime)), Vec::<i64>::new());
        assert_eq!(find(&|f| (f.kinds, f.outcome) = (vec![Kind::PlannedOutage], Some(Outcome::Successful))), [late]);
        let row = rows(&world, &scope, &ListFilter { source_ref: Some("OSG-7".into()), ..ListFilter::default() }).remove(0);
        let notice = row.notice.expect("it was judged");
        assert_eq!((notice.days, notice.asked, notice.basis.code()), (1, 10, "days"), "received on 6 November, starts on the 7th");
        assert_eq!((row.imported, row.org.code.as_str(), row.raised_by.as_str(), row.outcome), (true, "NORTH", "", Some(Outcome::Successful)));
    });
}

/// Found by place or party and window at once, they are those that both filters find by themselves, the long ones and
/// those of an organisation that has merged too.
#[test]
fn a_window_beside_a_place_or_a_party_finds_what_both_find() {
    for_each_engine(|db| {
        let world = World::on(db);
        world.write(|tx| tx.exec("update organisations set merged_into = $1 where id = $2", values![SOUTH, GONE]).map(|_| ()));
        for n in 0..60 {
            let (start, length) = (n * 17 - 400, if n % 7 == 0 { 24 * 20 } else { 1 + n % 5 });
            world.tell(Told {
                window: Some(window(start, length)),
                is_long: length > 24 * 14,
                services: if n % 2 == 0 { vec![ServiceId(IMAGING)] } else { vec![] },
                sites: if n % 3 == 0 { vec![SiteId(NORTH_SITE)] } else { vec![SiteId(SOUTH_SITE)] },
                parties: Parties {
                    affected: [OrgId(if n % 4 == 0 { GONE } else { SOUTH })].into_iter().filter(|_| n % 5 != 0).collect(),
                    ..Parties::default()
                },
                ..told(NORTH, Stage::Scheduled)
            });
        }
        let eyes = [world.person(&[(AUTHORITY, Role::AuthorityManager)]), world.person(&[(SOUTH, Role::Requester)])];
        let about: [ListFilter; 5] = [
            ListFilter { site: Some(NORTH_SITE), ..ListFilter::default() },
            ListFilter { service: Some(IMAGING), ..ListFilter::default() },
            ListFilter { organisation: Some(SOUTH), ..ListFilter::default() },
            ListFilter { organisation: Some(NORTH), ..ListFilter::default() },
            ListFilter { organisation: Some(SOUTH), service: Some(IMAGING), site: Some(SOUTH_SITE), ..ListFilter::default() },
        ];
        let mut compared = 0;
        for scope in eyes.iter().map(Scope::of) {
            for filter in &about {
                for (from, to) in [(-2_000, 2_000), (0, 24), (100, 101), (-100, 0), (300, 340)] {
                    let overlaps = |row: &ListRow| row.window.is_some_and(|w| w.start < hours(to) && w.end > hours(from));
                    let expected: Vec<i64> = rows(&world, &scope, filter).iter().filter(|row| overlaps(row)).map(|row| row.id).collect();
                    let both = ListFilter { window_from: Some(hours(from)), window_to: Some(hours(to)), ..filter.clone() };
                    let found: Vec<i64> = rows(&world, &scope, &both).iter().map(|row| row.id).collect();
                    assert_eq!(found, expected, "{filter:?} from {from} to {to}");
                    assert_eq!(world.read(|tx| list::count(tx, &scope, &both)), Count::Exactly(found.len() as i64));
                    compared += found.len();
                }
            }
        }
        assert!(compared > 100, "there was something to compare: {compared}");
    });
}

/// Several filters at once find what each of them finds by itself, for one own organisation, for two, and after a merger.
#[test]
fn several_filters_find_what_each_of_them_finds() {
    for_each_engine(|db| {
        let world = World::on(db);
        world.write(|tx| tx.exec("update organisations set merged_into = $1 where id = $2", values![SOUTH, GONE]).map(|_| ()));
        for n in 0..70 {
            world.tell(Told {
                title: format!("Switch {}", ["north", "south", "east"][n % 3]),
                kind: if n % 4 == 0 { Kind::PlannedOutage } else { Kind::Normal },
                window: Some(window(n as i64 * 13 - 300, 3)),
                services: if n % 2 == 0 { vec![ServiceId(IMAGING)] } else { vec![] },
                sites: vec![SiteId(if n % 3 == 0 { NORTH_SITE } else { SOUTH_SITE })],
                parties: Parties {
                    affected: [OrgId(if n % 5 == 0 { GONE } else { SOUTH })].into_iter().filter(|_| n % 7 != 0).collect(),
                    ..Parties::default()
                },
                ..told(NORTH, [Stage::Scheduled, Stage::Submitted, Stage::Approved][n % 3])
            });
        }
        let filters: [fn(&mut ListFilter); 7] = [
            |f| f.organisation = Some(SOUTH),
            |f| f.site = Some(SOUTH_SITE),
            |f| f.service = Some(IMAGING),
            |f| f.stages = vec![Stage::Scheduled, Stage::Approved],
            |f| f.kinds = vec![Kind::Normal],
            |f| f.q = Some("switch so".into()),
            |f| (f.window_from, f.window_to) = (Some(hours(-100)), Some(hours(500))),
        ];
        let eyes = [vec![(AUTHORITY, Role::AuthorityManager)], vec![(SOUTH, Role::Requester)], vec![(NORTH, Role::Requester), (SOUTH, Role::Requester)]];
        let mut found_any = 0;
        for eyes in &eyes {
            let scope = Scope::of(&world.person(eyes));
            let ids = |wanted: usize| {
                let mut filter = ListFilter::default();
                filters.iter().enumerate().filter(|(n, _)| wanted & (1 << n) != 0).for_each(|(_, set)| set(&mut filter));
                rows(&world, &scope, &filter).iter().map(|row| row.id).collect::<Vec<_>>()
            };
            let each: Vec<Vec<i64>> = (0..filters.len()).map(|n| ids(1 << n)).collect();
            let all = ids(0);
            for wanted in 1..1 << filters.len() {
                let fits = |id: &i64| each.iter().enumerate().all(|(n, found)| wanted & (1 << n) == 0 || found.contains(id));
                let expected: Vec<i64> = all.iter().copied().filter(fits).collect();
                assert_eq!(ids(wanted), expected, "{wanted:b} seen by {eyes:?}");
                found_any += expected.len();
            }
        }
        assert!(found_any > 500, "there was something to compare: {found_any}");
    });
}

/// More matches than a search tries first.
#[test]
fn a_word_that_many_share_is_found_page_by_page() {
    for_each_engine(|db| {
        let world = World::on(db);
        let mut ids: Vec<i64> = (0..130).map(|n| world.tell(Told { title: format!("Switch {}", n % 3), ..told(NORTH, Stage::Submitted) })).collect();
        ids.reverse();
        let scope = Scope::of(&world.person(&[(NORTH, Role::Requester)]));
        let filter = ListFilter { q: Some("switch".into()), ..ListFilter::default() };
        for (limit, filter) in [(10, filter.clone()), (129, filter.clone()), (10, ListFilter { stages: vec![Stage::Submitted], ..filter })] {
            let (mut cursor, mut seen) = (None, vec![]);
            loop {
                let page = world.read(|tx| list::list(tx, &scope, &filter, cursor, limit));
                seen.extend(page.rows.iter().map(|row| row.id));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ids);
            assert_eq!(world.read(|tx| list::count(tx, &scope, &filter)), Count::Exactly(130));
        }
    });
}

#[test]
fn pages_join_without_a_gap_or_a_repeat() {
    for_each_engine(|db| {
        let world = World::on(db);
        let mut ids: Vec<i64> = (0..23).map(|_| world.tell(told(NORTH, Stage::Submitted))).collect();
        ids.reverse();
        let scope = Scope::of(&world.person(&[(NORTH, Role::Requester)]));
        for limit in [1, 5, 22, 23, 24] {
            let (mut cursor, mut seen) = (None, vec![]);
            loop {
                let page = world.read(|tx| list::list(tx, &scope, &ListFilter::default(), cursor, limit));
                assert!(page.rows.len() as i64 <= limit);
                seen.extend(page.rows.iter().map(|r| r.id));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ids, "{limit} a page");
        }
        let mut all = vec![];
        world.read(|tx| {
            list::each(tx, &scope, &ListFilter::default(), |row| {
                all.push(row.id);
                Ok(())
            })
        });
        assert_eq!(all, ids);
    });
}

#[test]
fn a_draft_shows_what_was_typed_to_its_own_people() {
    for_each_engine(|db| {
        let world = World::on(db);
        let coordinator = world.person(&[(NORTH, Role::Coordinator)]);
        let id = world.raise(&coordinator, Kind::Normal, NORTH);
        let person = coordinator.person().expect("a person").0;
        let raw = [("title".to_owned(), vec![" Half a title ".to_owned()])].into();
        world.write(move |tx| drafts::save_draft(tx, id, &raw, now(), person));
        let scope = Scope::of(&coordinator);
        let row = rows(&world, &scope, &ListFilter::default()).remove(0);
        assert_eq!((row.id, row.title.as_str(), row.raised_by.as_str()), (id, "Half a title", format!("Person {person}").as_str()));
        let page = world.read(|tx| change::page(tx, &scope, &row.reference.to_lowercase())).expect("a page");
        assert_eq!(page.draft.expect("a draft").rev, 1);
        assert_eq!(page.people.get(&person).map(String::as_str), Some(format!("Person {person}").as_str()));
        assert_eq!(page.orgs.get(&NORTH).map(|o| o.code.as_str()), Some("NORTH"));
        assert_eq!((page.watchers, page.am_watching), (0, false));
        let waiting = world.read(|tx| today::waiting(tx, &scope));
        assert_eq!(waiting.iter().map(|w| (w.because.clone(), w.title.as_str())).collect::<Vec<_>>(), [(today::Because::Draft, "Half a title")]);
        for other in [(SOUTH, Role::Coordinator), (AUTHORITY, Role::AuthorityManager), (SUPPLIER, Role::SupplierManager)] {
            let scope = Scope::of(&world.person(&[other]));
            assert_eq!(rows(&world, &scope, &ListFilter::default()), []);
            assert!(world.read(|tx| change::page(tx, &scope, &row.reference)).is_none());
        }
    });
}

#[test]
fn what_waits_and_what_was_promised() {
    for_each_engine(|db| {
        let world = World::on(db);
        let manager = world.person(&[(SUPPLIER, Role::SupplierManager)]);
        let requester = world.person(&[(NORTH, Role::Requester)]);
        let coordinator = world.person(&[(NORTH, Role::Coordinator)]);
        let desk = world.person(&[(PROVIDER, Role::NetworkDesk)]);
        let runs = || Parties { runs: [OrgId(SUPPLIER)].into(), ..Parties::default() };
        let decide = world.tell(Told { parties: runs(), ..told(NORTH, Stage::AwaitingApproval) });
        let own = world.tell(Told { parties: runs(), ..told(SUPPLIER, Stage::AwaitingApproval) });
        let returned = world.tell(Told { parties: runs(), ..told(NORTH, Stage::Returned) });
        let check = world.tell(Told { parties: runs(), ..told(NORTH, Stage::Submitted) });
        let notified = world.tell(Told {
            beginning: Beginning::Raised,
            parties: runs(),
            then: Box::new(|content| {
                vec![
                    Event::Submitted {
                        content: Box::new(content),
                        revision: 1,
                        notice: None,
                        late_reason: None,
                        late_words: None,
                        network_needed: true,
                        answers_to_hazards: vec![],
                    },
                    Event::NetworkTold { way: "email".into(), reference: None },
                ]
            }),
            ..told(NORTH, Stage::Draft)
        });
        let waits = |actor: &Actor| {
            let mut all: Vec<(i64, String)> =
                world.read(|tx| today::waiting(tx, &Scope::of(actor))).into_iter().map(|w| (w.change_id, because(&w.because))).collect();
            all.sort();
            all
        };
        let line = |id: i64, what: &str| (id, what.to_owned());
        let mut wanted =
            vec![line(decide, "decide"), line(check, "owed acceptance"), line(notified, "owed acceptance"), line(notified, "owed clinical_screen")];
        wanted.sort();
        assert_eq!(waits(&manager), wanted, "their own change {own} is for another organisation to decide");
        assert_eq!(waits(&coordinator), [line(returned, "owed answer")]);
        assert_eq!(waits(&requester), [line(returned, "owed answer")]);
        assert_eq!(waits(&desk), [line(notified, "acknowledge")]);
        assert_eq!(waits(&world.person(&[(SOUTH, Role::Coordinator)])), []);

        let promises = |actor: &Actor, whose| world.read(|tx| duties::promises(tx, &Scope::of(actor), whose, hours(24 * 60)));
        let open: Vec<i64> = promises(&coordinator, duties::Whose::Mine).open.iter().map(|d| d.change_id).collect();
        assert_eq!(open, [returned]);
        let of_north: Vec<i64> = promises(&manager, duties::Whose::Organisation(NORTH)).open.iter().map(|d| d.change_id).collect();
        assert_eq!(of_north, [returned], "another organisation's, on a change that the manager sees");
        let south = world.person(&[(SOUTH, Role::Coordinator)]);
        assert_eq!(promises(&south, duties::Whose::Organisation(NORTH)).open, []);
        let duty = promises(&coordinator, duties::Whose::Mine).open.remove(0);
        assert!(duty.is_late(hours(24 * 60)) && !duty.is_late(hours(1)));
        world.write(move |tx| tx.exec("update duties set done_at = $1 where change_id = $2", values![hours(24).as_microsecond(), returned]));
        let after = promises(&coordinator, duties::Whose::Mine);
        assert_eq!((after.open.len(), after.kept.iter().map(|d| d.change_id).collect::<Vec<_>>()), (0, vec![returned]));

        let news = world.read(|tx| today::happened(tx, &Scope::of(&manager), hours(-1), 50));
        assert_eq!(news.iter().map(|h| h.change_id).collect::<Vec<_>>(), [notified; 3], "latest first; history is no news");
        assert_eq!(world.read(|tx| today::happened(tx, &Scope::of(&south), hours(-1), 50)), []);
    });
}

fn because(because: &today::Because) -> String {
    match because {
        today::Because::Owed(duty) => format!("owed {}", duty.kind),
        other => format!("{other:?}").to_lowercase(),
    }
}
