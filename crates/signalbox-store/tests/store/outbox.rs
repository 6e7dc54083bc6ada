//! Waiting tasks: taken by one worker at a time, tried again, given up, taken back.

use std::collections::HashSet;

use jiff::SignedDuration;
use signalbox_store::outbox::*;
use signalbox_store::{Db, StoreError};

use crate::directory::{at, read};
use crate::harness::for_each_engine;

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn task(id: i64, due: i64) -> NewTask {
    NewTask { id, kind: "mail".into(), change_id: Some(5), event_id: None, dedupe_key: format!("key {id}"), payload: "{}".into(), due_at: at(due) }
}

fn put_all(db: &Db, tasks: Vec<NewTask>) -> Vec<bool> {
    db.write(move |tx| tasks.iter().map(|t| put(tx, t)).collect::<Result<_, _>>()).expect("put")
}

fn lease_at(db: &Db, seconds: i64, limit: u16) -> Vec<Task> {
    db.write(move |tx| lease(tx, at(seconds), limit, LEASE)).expect("lease")
}

fn ids(tasks: &[Task]) -> Vec<i64> {
    tasks.iter().map(|t| t.id).collect()
}

#[test]
fn a_task_is_put_once_whatever_its_id() {
    for_each_engine(|db| {
        let twin = NewTask { id: 2, ..task(1, 0) };
        assert_eq!(put_all(&db, vec![task(1, 0), twin.clone()]), [true, false]);
        assert_eq!(ids(&lease_at(&db, 0, 10)), [1]);
        assert!(db.write(|tx| finish(tx, 1, at(1))).expect("finish"));
        // Not even after it is done.
        assert_eq!(put_all(&db, vec![twin]), [false]);
    });
}

#[test]
fn due_tasks_come_in_order_and_are_hidden_while_leased() {
    for_each_engine(|db| {
        put_all(&db, vec![task(1, 30), task(2, 10), task(3, 20), task(4, 99)]);
        assert!(lease_at(&db, 9, 10).is_empty());
        let first = lease_at(&db, 40, 2);
        assert_eq!(ids(&first), [2, 3]);
        assert_eq!((first[0].attempts, first[0].leased_until), (1, Some(at(100))));
        assert_eq!(ids(&lease_at(&db, 40, 10)), [1]);
        assert!(lease_at(&db, 40, 10).is_empty());
        // The worker died: after a minute another one has them.
        let again = lease_at(&db, 100, 10);
        assert_eq!(ids(&again), [2, 3, 1, 4]);
        assert_eq!(again[0].attempts, 2);
    });
}

#[test]
fn the_worker_is_told_when_to_wake() {
    for_each_engine(|db| {
        assert_eq!(read(&db, |tx| next_due(tx, at(0))), None);
        put_all(&db, vec![task(1, 70), task(2, 50)]);
        assert_eq!(read(&db, |tx| next_due(tx, at(0))), Some(at(50)));
        lease_at(&db, 50, 1);
        assert_eq!(read(&db, |tx| next_due(tx, at(50))), Some(at(70)));
    });
}

#[test]
fn a_failed_task_waits_longer_each_time_and_is_buried_at_last() {
    for_each_engine(|db| {
        let backoff = Backoff { first: SignedDuration::from_secs(10), most: SignedDuration::from_secs(30), attempts: 4 };
        put_all(&db, vec![task(1, 0)]);
        let mut now = 0;
        for wait in [10, 20, 30] {
            let leased = lease_at(&db, now, 1);
            let outcome = db.write(move |tx| retry(tx, &leased[0], at(now), &backoff, "no answer")).expect("retry");
            assert_eq!(outcome, Retried::At(at(now + wait)));
            assert!(lease_at(&db, now + wait - 1, 1).is_empty());
            now += wait;
        }
        let leased = lease_at(&db, now, 1);
        let long = "x".repeat(9_000);
        let outcome = db.write(move |tx| retry(tx, &leased[0], at(now), &backoff, &long)).expect("retry");
        assert_eq!(outcome, Retried::Dead);
        assert!(lease_at(&db, now + 100_000, 1).is_empty());
        let dead = read(&db, |tx| dead_letters(tx, 10));
        assert_eq!((ids(&dead), dead[0].attempts), (vec![1], 4));
        assert_eq!((dead[0].failed_at, dead[0].last_error.len()), (Some(at(now)), 500));
        assert!(db.write(move |tx| revive(tx, 1, at(500))).expect("revive"));
        assert!(!db.write(move |tx| revive(tx, 1, at(500))).expect("revive"));
        assert_eq!(lease_at(&db, 500, 1)[0].attempts, 1);
    });
}

#[test]
fn a_worker_whose_lease_ran_out_can_not_put_the_task_back() {
    for_each_engine(|db| {
        put_all(&db, vec![task(1, 0)]);
        let slow = lease_at(&db, 0, 1);
        let fast = lease_at(&db, 60, 1);
        let outcome = db.write(move |tx| retry(tx, &slow[0], at(61), &Backoff::default(), "late")).expect("retry");
        assert_eq!(outcome, Retried::Lost);
        assert!(lease_at(&db, 62, 1).is_empty(), "it is still the other worker's");
        db.write(move |tx| finish(tx, fast[0].id, at(63))).expect("finish");
        assert!(lease_at(&db, 500, 1).is_empty());
        assert!(!db.write(|tx| finish(tx, 1, at(64))).expect("finish"));
    });
}

#[test]
fn what_waits_for_a_change_is_taken_back_by_kind() {
    for_each_engine(|db| {
        let timer = NewTask { kind: "timer".into(), ..task(2, 0) };
        let other = NewTask { kind: "timer".into(), change_id: Some(6), ..task(3, 0) };
        let done = NewTask { kind: "timer".into(), ..task(4, 0) };
        put_all(&db, vec![task(1, 0), timer, other, done]);
        db.write(|tx| finish(tx, 4, at(0))).expect("finish");
        let taken = db.write(|tx| cancel_for_change(tx, 5, "timer", at(1))).expect("cancel");
        assert_eq!(taken, 1);
        assert_eq!(ids(&lease_at(&db, 10, 10)), [1, 3]);
    });
}

#[test]
fn workers_that_lease_at_once_never_share_a_task() {
    for_each_engine(|db| {
        put_all(&db, (1..=200).map(|n| task(n, 0)).collect());
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let db = db.clone();
                std::thread::spawn(move || {
                    let mut mine = Vec::new();
                    loop {
                        match db.write(|tx| lease(tx, at(1), 7, LEASE)) {
                            Ok(some) if some.is_empty() => return mine,
                            Ok(some) => mine.extend(ids(&some)),
                            Err(StoreError::Serialisation(_)) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        let all: Vec<i64> = workers.into_iter().flat_map(|w| w.join().expect("no panic")).collect();
        let different: HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "a task went to two workers");
        // A worker that lost every row of its choice to others sees none and goes; what is left is still there.
        let rest = lease_at(&db, 1, 500);
        assert_eq!(all.len() + rest.len(), 200);
    });
}

#[test]
fn old_finished_tasks_are_forgotten_and_others_are_not() {
    for_each_engine(|db| {
        put_all(&db, vec![task(1, 0), task(2, 0), task(3, 0)]);
        db.write(|tx| finish(tx, 1, at(10))).expect("finish");
        db.write(|tx| finish(tx, 2, at(20))).expect("finish");
        assert_eq!(db.write(|tx| sweep(tx, at(20))).expect("sweep"), 1);
        assert_eq!(put_all(&db, vec![task(1, 0), task(2, 0)]), [true, false]);
    });
}
