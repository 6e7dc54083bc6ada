//! The world that the benchmark measures in is a valid one: nothing in it was not, or could not have been, written by
//! the program itself.

use std::time::Instant;

use signalbox_core::change::Stage;
use signalbox_core::schedule::Node;
use signalbox_store::queries::list::{self, Count, ListFilter};
use signalbox_store::schedule::{self as memory, Schedule};
use signalbox_store::scope::Scope;
use signalbox_store::{Db, Dialect, log, project};

use crate::bulk::{self, Scale};
use crate::harness::for_each_engine;
use crate::world::now;

/// What the database says of its own shape.
fn indices(db: &Db) -> Vec<String> {
    let listed = match db.dialect() {
        Dialect::Sqlite => "select coalesce(sql, name) from sqlite_master where type = 'index' order by 1",
        Dialect::Postgres => "select indexdef from pg_indexes where schemaname = current_schema() order by 1",
    };
    db.read(|tx| tx.all(listed, &[], |row| row.text(0))).expect("its indices")
}

fn count(db: &Db, filter: &ListFilter) -> Count {
    db.read(|tx| list::count(tx, &Scope::of(&signalbox_core::actor::Actor::System), filter)).expect("a count")
}

fn found_by_word(db: &Db, word: &str) -> Count {
    count(db, &ListFilter { q: Some(word.to_owned()), ..ListFilter::default() })
}

#[test]
fn a_loaded_world_is_what_its_events_say() {
    let changes = if std::env::var_os("SIGNALBOX_FULL").is_some() { 10_000 } else { 300 };
    for_each_engine(|db| {
        let shape = indices(&db);
        let began = Instant::now();
        let world = bulk::load(&db, Scale::of(changes), now(), |_| {}).expect("a world");
        eprintln!("{changes} changes in {:?}", began.elapsed());
        assert_eq!(indices(&db), shape, "every index is back");
        assert_eq!(db.read(|tx| log::verify(tx, None, &mut |_, _| {})), Ok(vec![]));
        assert_eq!(db.read(|tx| project::differences(tx, |_| {})), Ok(vec![]));
        assert_eq!(count(&db, &ListFilter::default()), Count::Exactly(changes as i64));

        let words = ["upgrade", "certificate power", "ci0000", "on", "quinquennial"];
        let before = words.map(|word| found_by_word(&db, word));
        assert!(matches!(before[0], Count::Exactly(n) if n > changes as i64 / 10), "{before:?}");
        let rebuilt = db.write(|tx| project::rebuild(tx, |_| {})).expect("rebuilt");
        assert_eq!(rebuilt, changes as u64);
        assert_eq!(words.map(|word| found_by_word(&db, word)), before);

        let (schedule, estate) = (Schedule::default(), &world.estate);
        db.read(|tx| {
            let index = schedule.ask(tx, now(), |index, _| index.clone())?;
            assert_eq!(memory::differences(tx, &index)?, []);
            let open: Vec<usize> = (0..changes).filter(|n| world.planned(*n).stage.holds_window()).collect();
            assert_eq!(index.len(), open.len());
            for wanted in open.into_iter().map(|n| world.work(n)) {
                let work = index.work(wanted.change).expect("it is planned");
                assert_eq!((work.nodes, work.sites, work.span, work.level), (wanted.nodes, wanted.sites, wanted.span, wanted.level));
            }
            let closure = index.affected(&[Node::Item(estate.hub())].into());
            let items = closure.iter().filter(|(node, affected)| matches!(node, Node::Item(_)) && !affected.is_loose).count();
            assert_eq!(items, estate.items.len() / 2, "half of the estate hangs on the hub");
            Ok(())
        })
        .expect("an index");

        let scheduled = (0..changes).filter(|n| world.planned(*n).stage == Stage::Scheduled).count();
        assert_eq!(count(&db, &ListFilter { stages: vec![Stage::Scheduled], ..ListFilter::default() }), Count::Exactly(scheduled as i64));
    });
}
