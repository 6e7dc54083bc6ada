//! Freezes, maintenance windows and what happens elsewhere: once and again and again, on both engines.

use jiff::Timestamp;
use signalbox_core::ids::{ItemId, OrgId, SiteId};
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{Extent, Level, Node, Span};
use signalbox_store::directory::*;
use signalbox_store::{Db, gather, values};

use crate::directory::{NORTH, act, add_organisations, at, directory_events, read, refusal, write};
use crate::harness::for_each_engine;

fn span(from: i64, until: i64) -> Span {
    Span { from: at(from), until: at(until) }
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn between(from: &str, until: &str) -> Span {
    Span { from: moment(from), until: moment(until) }
}

fn by_rule(starts: &str, ends: &str, rule: &str, except: &str) -> Recurrence {
    Recurrence::read(&Typed { zone: "Europe/London", starts, ends, rule, except }).expect("a rule")
}

fn entry<D>(id: i64, when: Recurrence, own: D) -> Declared<D> {
    let extent = Extent::Organisation(OrgId(NORTH));
    Declared { id, title: "Secret move of ward 7".into(), extent, when, declared_by: None, created_at: at(1), ended_at: None, own }
}

fn freeze(id: i64, when: Recurrence) -> Freeze {
    entry(id, when, FreezeTerms { is_hard: true, from_level: Level::Degraded, reason: "Asked for by Dr Penhaligon".into() })
}

fn put<D: Terms>(db: &Db, number: i64, row: &Declared<D>) -> bool {
    let row = row.clone();
    write(db, move |tx| declare(tx, &act(number), &row))
}

#[test]
fn a_freeze_is_found_by_the_time_it_touches_until_it_is_lifted() {
    for_each_engine(|db| {
        add_organisations(&db);
        let row = freeze(41, Recurrence::once(span(1_000, 2_000), "Europe/London"));
        let same = row.clone();
        let by = Act { event_id: 1, by: Some(51), at: at(1) };
        assert!(write(&db, move |tx| declare(tx, &by, &same)));
        assert!(!put(&db, 2, &row));
        let within = |from, to| read(&db, |tx| gather::freezes(tx, span(from, to))).len();
        assert_eq!(within(0, 1_000), 0, "the end of a window touches nothing");
        assert_eq!(within(0, 1_001), 1);
        assert_eq!(within(1_999, 9_000), 1);
        assert_eq!(within(2_000, 9_000), 0);
        let stored = read(&db, |tx| declared::<FreezeTerms>(tx, 41)).expect("the freeze");
        assert_eq!(stored, Freeze { declared_by: Some(51), ..row.clone() });
        for (_, _, payload) in directory_events(&db) {
            assert!(!payload.contains("ward") && !payload.contains("Penhaligon"), "{payload}");
        }
        assert!(write(&db, |tx| end_declared::<FreezeTerms>(tx, &act(3), 41)));
        assert!(!write(&db, |tx| end_declared::<FreezeTerms>(tx, &act(4), 41)));
        assert_eq!(within(0, 9_000), 0);
        assert_eq!(read(&db, |tx| all_declared::<FreezeTerms>(tx, (at(0), 0), 10)).len(), 1);
        let late = Freeze { id: 42, when: Recurrence::once(span(1_000, 1_000), "Europe/London"), ..row.clone() };
        assert_eq!(refusal(&db, move |tx| declare(tx, &act(5), &late)), Refused::Invalid("ends_at"));
        let nowhere = Freeze { id: 42, extent: Extent::Site(SiteId(5)), ..row };
        assert_eq!(refusal(&db, move |tx| declare(tx, &act(6), &nowhere)), Refused::Unknown("scope"));
    });
}

#[test]
fn c071_what_recurs_is_kept_as_declared_and_spread_out_over_the_span_that_is_asked_for() {
    for_each_engine(|db| {
        add_organisations(&db);
        let monthly = by_rule("2026-12-06T01:00", "2026-12-06T05:00", "FREQ=MONTHLY;BYDAY=1SU", "2027-02-07");
        let terms = MaintenanceTerms { up_to: Level::Outage, agreed_by: "The board of imaging".into(), reason: "Nobody is in".into() };
        let window = entry(51, monthly.clone(), terms);
        assert!(put(&db, 1, &window));
        assert_eq!(read(&db, |tx| stored(tx, 51)), Some(window));
        let found = read(&db, |tx| gather::maintenance(tx, between("2027-01-01T00:00:00Z", "2027-05-01T00:00:00Z")));
        let starts: Vec<String> = found.iter().map(|one| one.span.from.to_string()).collect();
        assert_eq!(starts, ["2027-01-03T01:00:00Z", "2027-03-07T01:00:00Z", "2027-04-04T00:00:00Z"], "one is left out, and April has summer time");
        assert!(found.iter().all(|one| one.id == 51 && one.up_to == Level::Outage && one.extent == Extent::Organisation(OrgId(NORTH))));
        assert!(read(&db, |tx| gather::maintenance(tx, between("2027-01-03T05:00:00Z", "2027-03-07T01:00:00Z"))).is_empty());
        // The row is found as long as the rule goes on, and not after it is ended.
        assert_eq!(read(&db, |tx| gather::maintenance(tx, between("2040-01-01T00:00:00Z", "2040-02-01T00:00:00Z"))).len(), 1);
        let kinds: Vec<String> = directory_events(&db).into_iter().filter(|(id, ..)| *id == 51).map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, ["MaintenanceWindowAgreed"]);
        assert!(write(&db, |tx| end_declared::<MaintenanceTerms>(tx, &act(2), 51)));
        assert!(read(&db, |tx| gather::maintenance(tx, between("2040-01-01T00:00:00Z", "2040-02-01T00:00:00Z"))).is_empty());
    });
}

/// The window of this id.
fn stored(tx: &mut dyn signalbox_store::Tx, id: i64) -> Result<Option<MaintenanceWindow>, signalbox_store::StoreError> {
    declared(tx, id)
}

#[test]
fn c036_what_happens_elsewhere_stands_in_the_same_calendar() {
    for_each_engine(|db| {
        add_organisations(&db);
        let terms = |is_outage| ExternalTerms { is_outage, source: "NHS England".into(), url: Some("https://status.example/spine".into()) };
        let spine = Declared { extent: Extent::Everything, ..entry(61, Recurrence::once(span(1_000, 2_000), "Europe/London"), terms(true)) };
        let strike = entry(62, by_rule("2026-12-14T00:00", "2026-12-15T00:00", "FREQ=DAILY;COUNT=3", ""), terms(false));
        assert!(put(&db, 1, &spine) && put(&db, 2, &strike));
        let found = read(&db, |tx| gather::externals(tx, between("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")));
        assert_eq!(found.iter().filter(|one| one.id == 62 && !one.is_outage).count(), 3, "a strike of three days");
        assert!(found.iter().any(|one| one.id == 61 && one.is_outage && one.extent == Extent::Everything));
        assert!(write(&db, |tx| end_declared::<ExternalTerms>(tx, &act(3), 61)));
        assert_eq!(read(&db, |tx| gather::externals(tx, between("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"))).len(), 3);
        assert_eq!(read(&db, |tx| declared::<ExternalTerms>(tx, 61)).expect("it is kept").ended_at, Some(at(3)));
        let nothing = Declared { id: 63, extent: Extent::Node(Node::Item(ItemId(9))), ..strike };
        assert_eq!(refusal(&db, move |tx| declare(tx, &act(4), &nothing)), Refused::Unknown("scope"));
    });
}

#[test]
fn a_freeze_from_before_zones_were_kept_holds_for_the_instants_it_was_declared_for() {
    for_each_engine(|db| {
        add_organisations(&db);
        // The second 01:30 of the night on which the clocks go back, which no clock can tell from the first.
        let (from, until) = (moment("2026-10-25T01:30:00Z"), moment("2026-10-25T02:00:00Z"));
        db.write(move |tx| {
            let row = values![41, "all", "Old freeze", from.as_microsecond(), until.as_microsecond(), true, "", at(1).as_microsecond()];
            tx.exec("insert into freezes (id, scope, title, starts_at, ends_at, hard, reason, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)", row)
        })
        .expect("an old row");
        let all = read(&db, |tx| gather::freezes(tx, Span { from: Timestamp::MIN, until: Timestamp::MAX }));
        assert_eq!(
            all.iter().map(|one| (one.span, one.from_level, one.extent)).collect::<Vec<_>>(),
            [(Span { from, until }, Level::NoImpact, Extent::Everything)]
        );
    });
}

#[test]
fn c070_an_exception_holds_for_one_change_and_until_its_time() {
    for_each_engine(|db| {
        add_organisations(&db);
        db.write(|tx| {
            for (change, freeze, until) in [(7, 41, 1_000), (7, 42, 2_000), (7, 0, 9_000), (8, 43, 9_000)] {
                let row = values![change, freeze, 1, at(1).as_microsecond(), at(until).as_microsecond()];
                tx.exec("insert into freeze_exceptions (change_id, freeze_id, text_id, granted_at, expires_at) values ($1, $2, $3, $4, $5)", row)?;
            }
            Ok(())
        })
        .expect("rows");
        let of = |change, now| read(&db, move |tx| gather::exceptions(tx, change, at(now))).into_iter().collect::<Vec<_>>();
        assert_eq!(of(7, 0), [41, 42], "the one that the document declares is no row of the calendar");
        assert_eq!(of(7, 999), [41, 42]);
        assert_eq!(of(7, 1_000), [42], "its time is over");
        assert_eq!((of(8, 0), of(9, 0)), (vec![43], vec![]));
    });
}

#[test]
fn c069_everything_that_a_freeze_catches_is_listed_as_far_as_it_may_be_seen() {
    use crate::world::{self, IMAGING, NORTH_SITE, SERVER, SOUTH, Told, World, hours, told};
    use signalbox_core::actor::Role;
    use signalbox_core::change::{Confidentiality, Kind, Stage};
    use signalbox_core::ids::ServiceId;
    use signalbox_store::queries::calendar;
    use signalbox_store::scope::Scope;

    for_each_engine(|db| {
        let world = World::on(db);
        let tell = |items: Vec<i64>, services: Vec<i64>, confidentiality| {
            let (items, services) = (items.into_iter().map(ItemId).collect(), services.into_iter().map(ServiceId).collect());
            world.tell(Told { items, services, confidentiality, sites: vec![SiteId(NORTH_SITE)], ..told(world::NORTH, Stage::Scheduled) })
        };
        let open = tell(vec![SERVER, world::BENCH], vec![], Confidentiality::Open);
        let restricted = tell(vec![SERVER], vec![], Confidentiality::PartiesOnly);
        let urgent = world.tell(Told { kind: Kind::Emergency, services: vec![ServiceId(IMAGING)], ..told(world::NORTH, Stage::Scheduled) });
        world.tell(Told { items: vec![ItemId(world::EXCHANGE)], ..told(SOUTH, Stage::Scheduled) });
        let night = [Span { from: hours(30), until: hours(40) }];
        let caught = |actor: &signalbox_core::actor::Actor, extent, spans: &[Span]| {
            let found = world.read(|tx| calendar::caught(tx, &Default::default(), crate::world::now(), &Scope::of(actor), extent, spans));
            found.into_iter().map(|one| (one.id, one.things.join(" "))).collect::<Vec<_>>()
        };
        let authority = world.person(&[(world::AUTHORITY, Role::AuthorityManager)]);
        let of_imaging = Extent::Node(Node::Service(ServiceId(IMAGING)));
        let all = caught(&authority, of_imaging, &night);
        // The server carries imaging; the bench of the same change does not. An emergency passes and is caught.
        assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [open, restricted, urgent]);
        assert_eq!(all[0].1, "SRV-1");
        assert_eq!(caught(&authority, Extent::Site(SiteId(NORTH_SITE)), &night)[0].1, "BENCH-1 SRV-1", "every item, not just one");
        assert_eq!(caught(&authority, Extent::Everything, &night).len(), 4);
        assert!(caught(&authority, Extent::Everything, &[Span { from: hours(0), until: hours(36) }]).is_empty(), "half-open");
        assert_eq!(caught(&authority, Extent::Everything, &[night[0], night[0]]).len(), 4, "each once, however often it is caught");
        let stranger = world.person(&[(SOUTH, Role::GroupMember)]);
        assert_eq!(caught(&stranger, of_imaging, &night).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [open, urgent], "restricted work is not told");
    });
}
