//! What goes wrong below: lost races and connections, a COMMIT that fails, a full disk; and how writes share one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use signalbox_store::{Db, Dialect, StoreError, Target, values};

use crate::harness::{TempDir, for_each_engine};
use crate::log::{append_one, assert_clean, in_parallel};
use crate::pg;

const PUT: &str = "insert into counters(prefix, year, next) values ('RFC', $1, 1)";
const COUNT: &str = "select count(*) from counters";

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.one(COUNT, &[], |row| row.int(0))).expect("a count")
}

/// Holds SQLite's writer until all others stand in its queue, so that they share one COMMIT.
fn together<T: Send + 'static>(db: &Db, jobs: Vec<Box<dyn FnOnce(Db) -> T + Send>>) -> Vec<T> {
    let (release, released) = channel::<()>();
    let (started, has_started) = channel();
    let holder = db.clone();
    let holding = thread::spawn(move || {
        holder.write(move |_| {
            let _ = started.send(());
            let _ = released.recv();
            Ok(())
        })
    });
    has_started.recv().expect("the holder runs");
    let threads: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let db = db.clone();
            thread::spawn(move || job(db))
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    release.send(()).expect("the holder waits");
    holding.join().expect("no panic").expect("the holder");
    threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
}

#[test]
fn writes_that_wait_share_one_commit() {
    let directory = TempDir::new();
    let db = Db::open(&Target::Sqlite(directory.path().into())).expect("it opens");
    let wal = || std::fs::metadata(directory.path().join("signalbox.sqlite-wal")).expect("a WAL").len();
    let put = |n: i64| db.write(move |tx| tx.exec(PUT, values![n]));
    let before = wal();
    for n in 0..64 {
        put(n).expect("a write");
    }
    let one_by_one = wal() - before;
    let before = wal();
    let jobs = (64..128).map(|n| Box::new(move |db: Db| db.write(move |tx| tx.exec(PUT, values![n]))) as Box<dyn FnOnce(Db) -> Result<u64, StoreError> + Send>);
    assert!(together(&db, jobs.collect()).iter().all(Result::is_ok));
    let in_a_group = wal() - before;
    assert_eq!(count(&db), 128);
    assert!(in_a_group * 8 < one_by_one, "{in_a_group} bytes in a group, {one_by_one} one by one");
}

/// A deferred key is checked at COMMIT: the guilty closure gets the error, its neighbours stand.
#[test]
fn a_commit_that_fails_for_one_is_repeated_for_the_others() {
    for_each_engine(|db| {
        db.write(|tx| {
            tx.batch(
                "create table parent(id bigint primary key);
                 create table child(id bigint primary key,
                     parent bigint references parent(id) deferrable initially deferred);
                 insert into parent(id) values (1)",
            )
        })
        .expect("two tables");
        let jobs = (0..8i64).map(|n| {
            Box::new(move |db: Db| {
                let parent = if n == 3 { 99i64 } else { 1 };
                db.write(move |tx| tx.exec("insert into child(id, parent) values ($1, $2)", values![n, parent]))
            }) as Box<dyn FnOnce(Db) -> Result<u64, StoreError> + Send>
        });
        let outcomes = if db.dialect() == Dialect::Sqlite { together(&db, jobs.collect()) } else { jobs.map(|job| job(db.clone())).collect() };
        for (n, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Ok(1) => assert_ne!(n, 3),
                Err(StoreError::Constraint(_)) => assert_eq!(n, 3),
                other => panic!("{n}: {other:?}"),
            }
        }
        let stored = db.read(|tx| tx.one("select count(*) from child", &[], |row| row.int(0)));
        assert_eq!(stored, Ok(7));
    });
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let directory = TempDir::new();
    let db = Db::open(&Target::Sqlite(directory.path().into())).expect("it opens");
    append_one(&db, 1, 10, 0).expect("an event");
    // The limit is the writing connection's own and outlives the transaction.
    let limit = |pages: u32| db.write(move |tx| tx.query(&format!("pragma max_page_count = {pages}"), &[], &mut |_| Ok(())));
    limit(1).expect("a limit");
    let big = "x".repeat(1 << 20);
    let fill = move |n: i64| {
        let big = big.clone();
        move |db: Db| db.write(move |tx| tx.exec("insert into texts(id, change_id, body) values ($1, 10, $2)", values![n, &big]))
    };
    let outcomes = in_parallel(8, |n| {
        let (fill, db) = (fill(n), db.clone());
        move || fill(db)
    });
    assert!(outcomes.iter().all(|it| *it == Err(StoreError::Full)), "{outcomes:?}");
    limit(1_000_000).expect("a limit");
    fill(1)(db.clone()).expect("there is space again");
    append_one(&db, 2, 10, 1).expect("an event");
    assert_clean(&db);
}

/// Two closures that lock two rows in opposite order: PostgreSQL ends one, which is then run again.
#[test]
fn a_deadlock_is_run_again() {
    const TAKE: &str = "update counters set next = next + 1 where year = $1";
    for_each_engine(|db| {
        db.write(|tx| {
            tx.exec(PUT, values![0i64])?;
            tx.exec(PUT, values![1i64])
        })
        .expect("two rows");
        let runs = Arc::new(AtomicUsize::new(0));
        let outcomes = in_parallel(2, |n| {
            let (db, runs) = (db.clone(), Arc::clone(&runs));
            move || {
                db.write(move |tx| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    tx.exec(TAKE, values![n])?;
                    thread::sleep(Duration::from_millis(200));
                    tx.exec(TAKE, values![1 - n])
                })
            }
        });
        assert_eq!(outcomes, [Ok(1), Ok(1)]);
        let expected = if db.dialect() == Dialect::Postgres { 3 } else { 2 };
        assert_eq!(runs.load(Ordering::Relaxed), expected);
        let sum = db.read(|tx| tx.one("select cast(sum(next) as bigint) from counters", &[], |row| row.int(0)));
        assert_eq!(sum, Ok(6));
    });
}

#[test]
fn a_connection_lost_before_commit_is_made_anew() {
    let Some(server) = pg::shared() else { return };
    let database = server.create_database();
    let db = Db::open(&Target::Postgres(database.url.clone())).expect("it opens");
    let other = db.clone();
    let runs = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&runs);
    db.write(move |tx| {
        tx.exec(PUT, values![1i64])?;
        if seen.fetch_add(1, Ordering::Relaxed) == 0 {
            let pid = tx.one("select pg_backend_pid()", &[], |row| row.int(0))?;
            let other = other.clone();
            thread::spawn(move || other.read(|tx| tx.one("select pg_terminate_backend($1)", values![pid], |row| row.boolean(0)))).join().expect("no panic")?;
        }
        tx.exec(PUT, values![2i64])
    })
    .expect("the second run goes through");
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(count(&db), 2);
    // Connections that died while they lay idle are replaced without a word, also for reads.
    db.read(|tx| {
        tx.query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
            &[],
            &mut |_| Ok(()),
        )
    })
    .expect("a read");
    for _ in 0..3 {
        assert_eq!(count(&db), 2);
    }
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let url = "host=/nonexistent user=postgres dbname=postgres".to_owned();
    let outcome = Db::open(&Target::Postgres(url)).map(|_| ());
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    let outcome = Db::open(&Target::Sqlite("/proc/nothing/here".into())).map(|_| ());
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}

/// The drivers' own executor must not meet the caller's.
#[test]
fn it_can_be_called_inside_an_async_runtime() {
    for_each_engine(|db| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let written = runtime.block_on(async {
            let inner = db.clone();
            tokio::spawn(async move {
                inner.write(|tx| tx.exec(PUT, values![1i64]))?;
                inner.read(|tx| tx.one(COUNT, &[], |row| row.int(0)))
            })
            .await
        });
        assert_eq!(written.expect("no panic"), Ok(1));
        runtime.block_on(async move { drop(db) });
    });
}
