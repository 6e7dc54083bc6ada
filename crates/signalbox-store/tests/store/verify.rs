//! Each way to tamper with the log is found (R9), on a log that was clean before.

use signalbox_store::log::{self, Finding, NewEvent, Stream};
use signalbox_store::{Db, StoreError};

use crate::harness::for_each_engine;
use crate::log::{append_one, assert_clean, event};

/// Twelve events of three changes, with some of the directory between.
fn fill(db: &Db) {
    for n in 0..4 {
        for change in 0..3 {
            append_one(db, n * 3 + change + 1, change, n).expect("an event");
        }
        db.write(move |tx| {
            let mut head = log::lock_head(tx)?;
            log::append(tx, &mut head, 0, &[NewEvent { stream: Stream::Directory, ..event(100 + n, 1, 0) }])
        })
        .expect("an event of the directory");
    }
    assert_clean(db);
}

fn run(db: &Db, sql: &'static str) {
    db.write(move |tx| tx.batch(sql)).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn findings(db: &Db, anchor: Option<&str>) -> Vec<Finding> {
    db.read(|tx| log::verify(tx, anchor, &mut |_, _| ())).expect("the log can be read")
}

/// Tampers with a fresh log, and compares what verify says.
fn after(tampering: &'static str, expected: &[Finding]) {
    for_each_engine(|db| {
        fill(&db);
        run(&db, tampering);
        assert_eq!(findings(&db, None), expected, "{tampering}");
    });
}

#[test]
fn no_column_can_be_altered() {
    for_each_engine(|db| {
        fill(&db);
        for (set, back) in [
            ("payload = '{}'", "payload = '{\"actor\":\"7\",\"note\":\"of 7\"}'"),
            ("payload = payload || ' '", "payload = '{\"actor\":\"7\",\"note\":\"of 7\"}'"),
            ("at = at + 1", "at = at - 1"),
            ("id = 555", "id = 7"),
            ("type = 'Approved'", "type = 'Noted'"),
            ("schema = 2", "schema = 1"),
            ("stream = 'directory', version = version", "stream = 'change'"),
            ("change_id = 9", "change_id = 0"),
            ("version = 8", "version = 3"),
        ] {
            let update = |set: &str| format!("update events set {set} where seq = 9");
            let (tamper, restore) = (update(set), update(back));
            db.write(move |tx| tx.exec(&tamper, &[])).expect("an update");
            assert!(findings(&db, None).contains(&Finding::Altered { seq: 9 }), "{set}");
            db.write(move |tx| tx.exec(&restore, &[])).expect("an update");
            assert_clean(&db);
        }
    });
}

#[test]
fn an_altered_hash_is_found() {
    // Both the event and the one that follows from it.
    after("update events set hash = 'f00d' where seq = 5", &[Finding::Altered { seq: 5 }, Finding::Altered { seq: 6 }]);
}

#[test]
fn a_deleted_event_is_found() {
    after(
        "delete from events where seq in (6, 7)",
        &[
            Finding::Missing { from: 6, to: 7 },
            Finding::Version { seq: 10, change_id: 1, expected: 2, found: 3 },
            Finding::Version { seq: 11, change_id: 2, expected: 2, found: 3 },
            Finding::HeadCount { head: 16, found: 14 },
        ],
    );
}

#[test]
fn a_deleted_beginning_is_found() {
    after(
        "delete from events where seq = 1",
        &[Finding::Missing { from: 1, to: 1 }, Finding::Version { seq: 5, change_id: 0, expected: 1, found: 2 }, Finding::HeadCount { head: 16, found: 15 }],
    );
}

#[test]
fn swapped_events_are_found() {
    after(
        "update events set seq = 99 where seq = 5; update events set seq = 5 where seq = 6;
         update events set seq = 6 where seq = 99",
        &[Finding::Altered { seq: 5 }, Finding::Altered { seq: 6 }, Finding::Altered { seq: 7 }],
    );
}

#[test]
fn an_inserted_event_is_found() {
    after(
        "insert into events select 17, 999, stream, change_id, version + 1, type, schema, at, payload, hash
         from events where seq = 15",
        &[Finding::Altered { seq: 17 }, Finding::HeadCount { head: 16, found: 17 }, Finding::HeadHash],
    );
    after(
        "insert into events select 0, 999, stream, 77, 1, type, schema, at, payload, hash
         from events where seq = 1",
        &[Finding::OutOfPlace { seq: 0 }],
    );
}

#[test]
fn an_inserted_event_with_a_right_hash_breaks_the_next() {
    for_each_engine(|db| {
        fill(&db);
        db.write(|tx| {
            tx.exec("update events set seq = seq + 1000 where seq > 8", &[])?;
            tx.exec("update events set seq = seq - 999 where seq > 8", &[])?;
            let before = log::read_after(tx, 7, 1)?.remove(0);
            let forged = event(999, 77, 1);
            let hash = log::chain_hash(&before.hash, 9, &forged);
            tx.exec(
                "insert into events(seq, id, stream, change_id, version, type, schema, at, payload, hash)
                 values (9, 999, 'change', 77, 1, $1, 1, $2, $3, $4)",
                signalbox_store::values![&forged.kind, forged.at, &forged.payload, hash],
            )
        })
        .expect("a forgery");
        let found = findings(&db, None);
        assert!(!found.contains(&Finding::Altered { seq: 9 }), "the forged one by itself is consistent");
        assert!(found.contains(&Finding::Altered { seq: 10 }), "{found:?}");
        assert!(found.contains(&Finding::HeadCount { head: 16, found: 17 }), "{found:?}");
    });
}

#[test]
fn a_cut_tail_is_found_by_the_head() {
    after("delete from events where seq > 12", &[Finding::HeadCount { head: 16, found: 12 }, Finding::HeadHash]);
}

#[test]
fn a_clean_cut_is_found_by_the_anchor() {
    for_each_engine(|db| {
        fill(&db);
        let anchor = db.read(|tx| Ok(log::read_head(tx)?.hash().to_owned())).expect("a read");
        append_one(&db, 500, 0, 4).expect("one more event");
        assert_eq!(findings(&db, Some(&anchor)), [], "an older anchor still holds");
        run(
            &db,
            "delete from events where seq > 12;
             update log_head set count = 12, hash = (select hash from events where seq = 12)",
        );
        assert_eq!(findings(&db, None), [], "head and events agree");
        assert_eq!(findings(&db, Some(&anchor)), [Finding::NoAnchor { anchor }]);
    });
}

#[test]
fn a_log_written_anew_is_found_by_the_anchor() {
    for_each_engine(|db| {
        fill(&db);
        let anchor = db.read(|tx| Ok(log::read_head(tx)?.hash().to_owned())).expect("a read");
        db.write(|tx| {
            let events = log::read_after(tx, 0, 100)?;
            tx.batch("delete from events; update log_head set count = 0, hash = ''")?;
            let mut head = log::lock_head(tx)?;
            for stored in events {
                let forged = NewEvent { payload: "{}".into(), ..stored.event };
                log::append(tx, &mut head, forged.version - 1, std::slice::from_ref(&forged))?;
            }
            Ok(())
        })
        .expect("a forgery");
        assert_eq!(findings(&db, None), []);
        assert_eq!(findings(&db, Some(&anchor)), [Finding::NoAnchor { anchor }]);
    });
}

#[test]
fn an_unreadable_payload_is_found_even_if_its_hash_is_right() {
    for_each_engine(|db| {
        db.write(|tx| {
            let mut head = log::lock_head(tx)?;
            log::append(tx, &mut head, 0, &[NewEvent { payload: "[1".into(), ..event(1, 1, 1) }])
        })
        .expect("an event");
        assert_eq!(findings(&db, None), [Finding::Unreadable { seq: 1 }]);
    });
}

#[test]
fn progress_ends_at_the_whole() {
    for_each_engine(|db| {
        fill(&db);
        let mut seen = Vec::new();
        let found: Result<_, StoreError> = db.read(|tx| log::verify(tx, None, &mut |done, of| seen.push((done, of))));
        assert_eq!(found, Ok(Vec::new()));
        assert_eq!(seen.last(), Some(&(16, 16)));
    });
}
