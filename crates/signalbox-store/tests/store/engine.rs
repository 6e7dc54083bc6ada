//! Transactions: what commits, what is undone, what is refused.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use signalbox_store::{Db, Limits, StoreError, Tx, values};

use crate::harness::{for_each_engine, for_each_engine_with, for_each_target};

const PUT: &str = "insert into counters(prefix, year, next) values ($1, $2, 1)";
const COUNT: &str = "select count(*) from counters";

fn put(tx: &mut dyn Tx, prefix: &str, year: i64) -> Result<u64, StoreError> {
    tx.exec(PUT, values![prefix, year])
}

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.one(COUNT, &[], |row| row.int(0))).expect("a count")
}

/// A write that runs and waits, so that others stand in line behind it, and what lets it go on.
fn hold(db: &Db) -> (Sender<()>, JoinHandle<Result<u64, StoreError>>) {
    let (started, has_started) = channel();
    let (release, released) = channel::<()>();
    let holder = db.clone();
    let holding = std::thread::spawn(move || {
        holder.write(move |tx| {
            let _ = started.send(());
            let _ = released.recv();
            put(tx, "RFC", 0)
        })
    });
    has_started.recv().expect("the first write runs");
    (release, holding)
}

#[test]
fn a_read_sees_what_was_committed() {
    for_each_engine(|db| {
        let written = db.write(|tx| put(tx, "RFC", 2026)).expect("a write");
        assert_eq!((written, count(&db)), (1, 1));
    });
}

#[test]
fn every_kind_of_value_comes_back_as_it_went_in() {
    const IN: &str = "insert into texts(id, change_id, salt, body, erased_at) values ($1, $2, $3, $4, $5)";
    const OUT: &str = "select id, salt, body, erased_at, erased_at is null from texts where id = $1";
    for_each_engine(|db| {
        db.write(|tx| {
            tx.exec(IN, values![i64::MAX, -1i64, vec![0u8, 255], "ß 'quoted' ?1 \u{1F6A6}", None::<i64>])?;
            tx.exec(IN, values![2i64, 0i64, None::<Vec<u8>>, None::<&str>, i64::MIN])
        })
        .expect("a write");
        db.read(|tx| {
            tx.one(OUT, values![i64::MAX], |row| {
                assert_eq!(row.int(0)?, i64::MAX);
                assert_eq!(row.bytes(1)?, vec![0, 255]);
                assert_eq!(row.text(2)?, "ß 'quoted' ?1 \u{1F6A6}");
                assert_eq!(row.opt_int(3)?, None);
                assert!(row.boolean(4)?);
                assert!(matches!(row.int(3), Err(StoreError::Corrupt(_))));
                Ok(())
            })?;
            tx.one(OUT, values![2i64], |row| {
                assert_eq!((row.opt_bytes(1)?, row.opt_text(2)?), (None, None));
                assert_eq!(row.int(3)?, i64::MIN);
                Ok(())
            })
        })
        .expect("a read");
    });
}

#[test]
fn an_error_undoes_its_own_closure_and_no_other() {
    for_each_engine(|db| {
        let threads: Vec<_> = (0..40)
            .map(|n| {
                let db = db.clone();
                std::thread::spawn(move || {
                    db.write(move |tx| {
                        put(tx, "RFC", n)?;
                        if n % 2 == 0 { Err(StoreError::Missing) } else { Ok(n) }
                    })
                })
            })
            .collect();
        for (n, thread) in threads.into_iter().enumerate() {
            let outcome = thread.join().expect("no panic");
            assert_eq!(outcome.is_err(), n % 2 == 0, "{n}: {outcome:?}");
        }
        assert_eq!(count(&db), 20);
    });
}

#[test]
fn a_row_that_cannot_be_read_stops_its_closure_and_not_the_writer() {
    for_each_engine(|db| {
        let outcome: Result<(), _> = db.write(|tx| {
            put(tx, "RFC", 1)?;
            Err(StoreError::Corrupt("a row".into()))
        });
        assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
        db.write(|tx| put(tx, "RFC", 2)).expect("the next write");
        assert_eq!(count(&db), 1);
    });
}

/// More pages than SQLite keeps in memory to go back to, so that they go to a file and come back from it.
#[test]
fn a_large_write_that_is_undone_leaves_those_that_share_its_commit() {
    const BODY: usize = 4_000;
    const TEXTS: i64 = 400;
    for_each_engine(|db| {
        let fill = |letter: &'static str| {
            move |tx: &mut dyn Tx| -> Result<(), StoreError> {
                tx.exec("delete from texts", &[])?;
                let body = letter.repeat(BODY);
                (0..TEXTS).try_for_each(|id| tx.exec("insert into texts(id, change_id, body) values ($1, 1, $2)", values![id, body.as_str()]).map(|_| ()))
            }
        };
        db.write(fill("a")).expect("the texts");
        let (release, holding) = hold(&db);
        let large = db.clone();
        let large = std::thread::spawn(move || large.write(move |tx| fill("b")(tx).and(Err::<(), _>(StoreError::Missing))));
        let small = db.clone();
        let small = std::thread::spawn(move || small.write(|tx| put(tx, "RFC", 1)));
        // Both wait in line by then; if not, they do not share a commit, and all of it holds the same.
        std::thread::sleep(Duration::from_millis(200));
        release.send(()).expect("the first write waits");
        holding.join().expect("no panic").expect("the first write");
        assert_eq!(large.join().expect("no panic"), Err(StoreError::Missing));
        small.join().expect("no panic").expect("the small write");
        assert_eq!(count(&db), 2);
        let bodies = db.read(|tx| tx.all("select body from texts", &[], |row| row.text(0))).expect("the texts");
        assert!(bodies.len() as i64 == TEXTS && bodies.iter().all(|body| *body == "a".repeat(BODY)), "as they were");
    });
}

#[test]
fn a_panic_undoes_its_closure_and_the_next_write_works() {
    for_each_engine(|db| {
        let outcome: Result<(), _> = db.write(|tx| {
            put(tx, "RFC", 1)?;
            panic!("a bug of number {}", 7)
        });
        assert_eq!(outcome, Err(StoreError::Panicked("a bug of number 7".into())));
        let outcome: Result<(), _> = db.read(|_| panic!("in a read"));
        assert_eq!(outcome, Err(StoreError::Panicked("in a read".into())));
        db.write(|tx| put(tx, "RFC", 2)).expect("the writer lives");
        assert_eq!(count(&db), 1);
    });
}

#[test]
fn a_swallowed_error_fails_all_the_same() {
    for_each_engine(|db| {
        db.write(|tx| put(tx, "RFC", 1)).expect("a write");
        let outcome = db.write(|tx| {
            put(tx, "RFC", 2)?;
            let _ = put(tx, "RFC", 1);
            Ok(())
        });
        assert!(matches!(outcome, Err(StoreError::Duplicate(_))), "{outcome:?}");
        assert_eq!(count(&db), 1);
    });
}

#[test]
fn faults_of_the_schema_have_names() {
    for_each_engine(|db| {
        let twice = db.write(|tx| {
            put(tx, "RFC", 1)?;
            put(tx, "RFC", 1)
        });
        assert!(matches!(twice, Err(StoreError::Duplicate(_))), "{twice:?}");
        let null = db.write(|tx| tx.exec(PUT, values![None::<&str>, 1i64]));
        assert!(matches!(null, Err(StoreError::Constraint(_))), "{null:?}");
        let missing = db.read(|tx| tx.one("select next from counters", &[], |row| row.int(0)));
        assert_eq!(missing, Err(StoreError::Missing));
        let wrong = db.read(|tx| tx.one("select nothing from counters", &[], |row| row.int(0)));
        assert!(matches!(wrong, Err(StoreError::Database(_))), "{wrong:?}");
    });
}

#[test]
fn a_read_can_not_write() {
    for_each_engine(|db| {
        assert!(db.read(|tx| put(tx, "RFC", 1)).is_err());
        assert_eq!(count(&db), 0);
    });
}

#[test]
fn a_read_stands_on_one_snapshot() {
    for_each_engine(|db| {
        let writer = db.clone();
        db.read(move |tx| {
            assert_eq!(tx.one(COUNT, &[], |row| row.int(0))?, 0);
            std::thread::spawn(move || writer.write(|tx| put(tx, "RFC", 1))).join().expect("no panic")?;
            assert_eq!(tx.one(COUNT, &[], |row| row.int(0))?, 0);
            Ok(())
        })
        .expect("a read");
        assert_eq!(count(&db), 1);
    });
}

#[test]
fn a_write_inside_a_transaction_is_refused() {
    for_each_engine(|db| {
        let inner = db.clone();
        let outcome = db.write(move |_| inner.write(|tx| put(tx, "RFC", 1)));
        assert!(matches!(outcome, Err(StoreError::Database(_))), "{outcome:?}");
    });
}

#[test]
fn a_full_queue_says_busy_at_once() {
    for_each_engine_with(Limits { queue: 1, connections: 1 }, |db| {
        let (release, holding) = hold(&db);
        // One of these finds the only place in the queue; the others are told at once.
        let (answer, answers) = channel();
        for n in 1..=4 {
            let (db, answer) = (db.clone(), answer.clone());
            std::thread::spawn(move || answer.send(db.write(move |tx| put(tx, "RFC", n))));
        }
        for _ in 0..3 {
            let early = answers.recv_timeout(Duration::from_secs(30));
            assert_eq!(early, Ok(Err(StoreError::Busy)));
        }
        release.send(()).expect("the first write waits");
        holding.join().expect("no panic").expect("the first write");
        assert_eq!(answers.recv_timeout(Duration::from_secs(30)), Ok(Ok(1)));
        assert_eq!(count(&db), 2);
    });
}

#[test]
fn the_schema_is_made_once_and_kept() {
    for_each_target(|target| {
        let db = Db::open(target).expect("it opens");
        db.write(|tx| put(tx, "RFC", 1)).expect("a write");
        drop(db);
        let db = Db::open(target).expect("it opens again");
        assert_eq!(count(&db), 1);
        db.write(|tx| tx.exec("update schema_migrations set checksum = 'x' where number = 1", &[])).expect("a write");
        let outcome = Db::open(target).map(|_| ());
        assert!(matches!(outcome, Err(StoreError::Migration(_))), "{outcome:?}");
    });
}

#[test]
fn nodes_that_start_together_migrate_once() {
    for_each_target(|target| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let target = target.clone();
                std::thread::spawn(move || Db::open(&target).map(|_| ()))
            })
            .collect();
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        // On SQLite only one may migrate; whoever comes meanwhile is told so.
        assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
        assert!(outcomes.iter().all(|it| matches!(it, Ok(()) | Err(StoreError::Locked | StoreError::Busy))), "{outcomes:?}");
        Db::open(target).expect("it opens");
    });
}

#[test]
fn one_process_holds_a_data_directory() {
    for_each_target(|target| {
        let (one, two) = (Db::open(target).expect("it opens"), Db::open(target).expect("it opens"));
        let held = one.lock().expect("the lock is free");
        let refused = two.lock().map(|_| ());
        match target {
            signalbox_store::Target::Sqlite(_) => assert_eq!(refused, Err(StoreError::Locked)),
            signalbox_store::Target::Postgres(_) => assert_eq!(refused, Ok(())),
        }
        drop(held);
        two.lock().expect("the lock is free again");
    });
}
