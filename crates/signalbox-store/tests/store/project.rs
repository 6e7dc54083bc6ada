//! The projection: rows are what the events make of them, and can be made again (settled 19).

use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::change::{Change, Kind, Outcome, Stage};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::scope::Scope;
use signalbox_store::{Db, log, project, values};

use crate::harness::for_each_engine;
use crate::world::*;

const ANSWERS: &[(&str, &str)] = &[
    ("title", "Move the imaging gateway"),
    ("why", "improvement"),
    ("people_notice", "Nobody will notice"),
    ("services", "IMAGING"),
    ("items", "SRV-1"),
    ("window.start", "2026-12-15T20:00:00Z"),
    ("window.end", "2026-12-15T22:00:00Z"),
    ("backout", "Put the old one back"),
    ("proof", "A picture arrives"),
    ("contact_on_site.name", "Kim"),
    ("contact_on_site.phone", "01632 960001"),
];

const OUTAGE: &[(&str, &str)] = &[
    ("title", "Generator test"),
    ("outage_type", "generator test"),
    ("items", "SRV-1"),
    ("window.start", "2026-12-01T20:00:00Z"),
    ("window.end", "2026-12-01T22:00:00Z"),
    ("contingency_end", "2026-12-01T23:00:00Z"),
    ("network_affected", "unsure"),
];

const MODALITY: &[(&str, &str)] = &[
    ("title", "Connect CT scanner 1"),
    ("pacs_action", "connect"),
    ("modality_type", "ct"),
    ("first_of_kind", "no"),
    ("tls", "no"),
    ("sites", "NGH"),
    ("department", "Radiology"),
    ("room", "CT 1"),
    ("manufacturer", "Invented Imaging"),
    ("model_name", "Ring 64"),
    ("serial", "RX-1"),
    ("software_version", "7.1"),
    ("conformance_statement", "ring64-7.1.pdf"),
    ("ae_title", "CT_MAIN_1"),
    ("port", "11112"),
    ("ip", "10.20.30.41"),
    ("dicom_services", "c-store"),
];

/// What a normal change says of itself, and of the scanner; such work asks no proof of its own.
fn modality() -> Vec<(&'static str, &'static str)> {
    let of_all = ANSWERS.iter().filter(|(name, _)| !["proof", "title"].contains(name));
    of_all.chain(MODALITY).copied().collect()
}

/// A normal change that was returned and sent again, an outage that was accepted, a draft a scanner to connect,
/// and a row of history.
fn live_through(world: &World) -> Vec<i64> {
    let coordinator = world.person(&[(NORTH, Role::Coordinator)]);
    let manager = world.person(&[(SUPPLIER, Role::SupplierManager)]);
    let normal = world.raise(&coordinator, Kind::Normal, NORTH);
    world.take(hours(1), &coordinator, normal, Act::Submit, ANSWERS);
    world.take(hours(2), &manager, normal, Act::Return, &[("defects", "Which rack?")]);
    let again = [ANSWERS, &[("why_words", "It would break")]].concat();
    let after = world.take(hours(3), &coordinator, normal, Act::Submit, &again);
    assert_eq!((after.stage, after.revision), (Stage::Submitted, 2));
    let outage = world.raise(&coordinator, Kind::PlannedOutage, NORTH);
    world.take(hours(1), &coordinator, outage, Act::Submit, OUTAGE);
    let promise = [("take_down_by", "Ada"), ("restore_by", "Bob"), ("promise_phone", "01632 960002")];
    let after = world.take(hours(4), &manager, outage, Act::Accept, &promise);
    assert_eq!(after.stage, Stage::Assessing);
    let scanner = world.raise(&coordinator, Kind::PacsModality, NORTH);
    world.take(hours(1), &coordinator, scanner, Act::Submit, &modality());
    let draft = world.raise(&coordinator, Kind::Normal, NORTH);
    let history = world.import("OSG-1", SOUTH, EXCHANGE, window(-900, 3), hours(-2000), Outcome::Successful);
    vec![normal, outage, scanner, draft, history]
}

fn differences(db: &Db) -> Vec<String> {
    db.read(|tx| project::differences(tx, |_| {})).expect("the store works")
}

fn rebuild(world: &World) -> u64 {
    world.write(|tx| project::rebuild(tx, |_| {}))
}

#[test]
fn rows_are_what_the_events_make_and_can_be_made_again() {
    for_each_engine(|db| {
        let world = World::on(db.clone());
        let ids = live_through(&world);
        assert_eq!(differences(&db), Vec::<String>::new());
        let list = |world: &World| world.read(|tx| list::list(tx, &Scope::of(&signalbox_core::actor::Actor::System), &ListFilter::default(), None, 500));
        let before = list(&world);
        assert_eq!(before.rows.len(), ids.len());
        for (table, damage) in [
            ("changes", "update changes set title = 'Another title', stage = 'CLOSED'"),
            ("change_orgs", "delete from change_orgs where part = 'runs'"),
            ("change_sites", "delete from change_sites"),
            ("change_services", "update change_services set derived = 1 - derived"),
            ("change_items", "update change_items set item_id = item_id + 1"),
            ("duties", "update duties set done_at = 1"),
            ("change_modalities", "update change_modalities set ae_key = 'OTHER'"),
            ("change_notices", "update change_notices set calendar_version = 'another'"),
        ] {
            world.write(move |tx| tx.exec(damage, &[]));
            let found = differences(&db);
            assert!(!found.is_empty() && found.iter().any(|f| f.contains(table)), "{table}: {found:?}");
            assert_eq!(rebuild(&world), ids.len() as u64);
            assert_eq!(differences(&db), Vec::<String>::new(), "{table}");
            assert_eq!(list(&world), before, "{table}");
        }
    });
}

#[test]
fn what_a_migration_could_not_work_out_is_made_again_once_after_it() {
    for_each_engine(|db| {
        let world = World::on(db.clone());
        live_through(&world);
        let count = |db: &Db| db.read(|tx| tx.one("select count(*) from change_notices", &[], |row| row.int(0))).expect("a count");
        let before = count(&db);
        assert!(before >= 2, "an outage and a row of history have a notice");
        // As a database is in which the table has just been made.
        world.write(|tx| tx.exec("delete from change_notices", &[]));
        world.write(|tx| tx.exec("insert into remakes(migration) values (36)", &[]));
        assert_ne!(differences(&db), Vec::<String>::new());
        signalbox_store::migrate::run(&db).expect("nothing is pending but the rows");
        assert_eq!((count(&db), differences(&db)), (before, vec![]));
        // It is done once: what goes wrong later is found, not mended behind anybody's back.
        world.write(|tx| tx.exec("delete from change_notices", &[]));
        signalbox_store::migrate::run(&db).expect("nothing is pending");
        assert_eq!(count(&db), 0);
    });
}

#[test]
fn a_row_too_many_and_a_row_too_few_are_found() {
    for_each_engine(|db| {
        let world = World::on(db.clone());
        let ids = live_through(&world);
        let lost = ids[0];
        world.write(move |tx| tx.exec("update changes set id = 77, reference = 'RFC-2026-000077' where id = $1", values![lost]));
        let found = differences(&db);
        assert!(found.iter().any(|f| f.contains("change 77 has rows and no events")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("has events and no rows")), "{found:?}");
        rebuild(&world);
        assert_eq!(differences(&db), Vec::<String>::new());
    });
}

#[test]
fn erased_words_are_gone_from_rows_and_search_after_a_rebuild() {
    for_each_engine(|db| {
        let world = World::on(db.clone());
        let ids = live_through(&world);
        let id = ids[0];
        let change: Change = world.read(|tx| project::load(tx, id)).expect("a change").change;
        let title = change.content.expect("it was sent").header.title.text.0;
        let scope = Scope::of(&signalbox_core::actor::Actor::System);
        let found = |q: &str| {
            let filter = ListFilter { q: Some(q.into()), ..ListFilter::default() };
            world.read(|tx| list::list(tx, &scope, &filter, None, 50)).rows.iter().map(|r| (r.id, r.title.clone())).collect::<Vec<_>>()
        };
        assert_eq!(found("gateway"), [(id, "Move the imaging gateway".to_owned())]);
        assert!(world.write(move |tx| log::erase_text(tx, title, 5)));
        rebuild(&world);
        assert_eq!(found("gateway"), []);
        assert_eq!(found("rack break"), [], "words of another text are not a match for both");
        assert_eq!(found("break"), [(id, String::new())], "the other answers stay");
        assert_eq!(differences(&db), Vec::<String>::new());
    });
}

#[test]
fn the_version_that_was_decided_upon_counts() {
    for_each_engine(|db| {
        let world = World::on(db.clone());
        let id = live_through(&world)[0];
        let loaded = world.read(|tx| project::load(tx, id)).expect("a change");
        let (change, events) = (loaded.change, loaded.events);
        let result = db.write(move |tx| {
            let mut head = log::lock_head(tx)?;
            let decision = signalbox_core::decide::Decision { events: vec![events[0].clone()], texts: vec![] };
            let older = signalbox_core::apply::replay(&events[..1]).expect("as it was at first");
            let commit = signalbox_store::append::Commit {
                before: Some(&older),
                decision: &decision,
                after: &change,
                prose: &Default::default(),
                drops_timers: false,
                tasks: &[],
            };
            signalbox_store::append::commit(tx, &mut head, commit)
        });
        assert!(matches!(result, Err(signalbox_store::StoreError::Conflict { .. })), "{result:?}");
        assert_eq!(differences(&db), Vec::<String>::new());
    });
}
