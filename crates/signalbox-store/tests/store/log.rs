//! The event log: order, versions, references, answers, texts.

use std::collections::BTreeSet;
use std::thread;

use signalbox_store::log::{self, NewEvent, SavedAnswer, Stream};
use signalbox_store::{Db, StoreError};

use crate::harness::for_each_engine;

pub fn event(id: i64, change_id: i64, version: i64) -> NewEvent {
    NewEvent {
        id,
        stream: Stream::Change,
        change_id,
        version,
        kind: "Noted".into(),
        schema: 1,
        at: 1_790_000_000_000_000 + id,
        payload: format!("{{\"actor\":\"7\",\"note\":\"of {id}\"}}"),
    }
}

/// Appends one event after `version` in a transaction of its own.
pub fn append_one(db: &Db, id: i64, change_id: i64, version: i64) -> Result<i64, StoreError> {
    db.write(move |tx| {
        let mut head = log::lock_head(tx)?;
        Ok(log::append(tx, &mut head, version, &[event(id, change_id, version + 1)])?[0])
    })
}

pub fn assert_clean(db: &Db) {
    assert_eq!(db.read(|tx| log::verify(tx, None, &mut |_, _| ())), Ok(Vec::new()));
}

#[test]
fn events_come_back_as_they_went_in() {
    for_each_engine(|db| {
        let seqs = db.write(|tx| {
            let mut head = log::lock_head(tx)?;
            let mut seqs = log::append(tx, &mut head, 0, &[event(1, 10, 1), event(2, 10, 2)])?;
            seqs.extend(log::append(tx, &mut head, 0, &[event(3, 11, 1)])?);
            let person = NewEvent { stream: Stream::Directory, ..event(4, 10, 0) };
            seqs.extend(log::append(tx, &mut head, 0, &[person])?);
            seqs.extend(log::append(tx, &mut head, 2, &[event(5, 10, 3)])?);
            Ok(seqs)
        });
        assert_eq!(seqs, Ok(vec![1, 2, 3, 4, 5]));
        let (change, after, head) = db.read(|tx| Ok((log::read_change(tx, 10)?, log::read_after(tx, 2, 2)?, log::read_head(tx)?))).expect("a read");
        assert_eq!(change.iter().map(|it| it.seq).collect::<Vec<_>>(), [1, 2, 5]);
        assert_eq!(change[0].event, event(1, 10, 1));
        assert_eq!(after.iter().map(|it| it.seq).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(after[1].event.stream, Stream::Directory);
        assert_eq!((head.count(), head.hash()), (5, change[2].hash.as_str()));
        assert_clean(&db);
    });
}

#[test]
fn an_append_to_another_version_is_a_conflict_and_leaves_nothing() {
    for_each_engine(|db| {
        append_one(&db, 1, 10, 0).expect("the first event");
        for (id, version) in [(2, 0), (3, 2), (4, -1)] {
            let expected = Err(StoreError::Conflict { expected: version, found: 1 });
            assert_eq!(append_one(&db, id, 10, version), expected);
        }
        append_one(&db, 5, 10, 1).expect("the second event");
        assert_clean(&db);
        assert_eq!(db.read(|tx| Ok(log::read_head(tx)?.count())), Ok(2));
    });
}

#[test]
fn an_append_of_wrong_shape_is_refused() {
    for_each_engine(|db| {
        let wrong = [
            vec![event(1, 10, 2)],
            vec![event(1, 10, 1), event(2, 10, 1)],
            vec![event(1, 10, 1), event(2, 11, 2)],
            vec![event(1, 10, 1), NewEvent { stream: Stream::Directory, ..event(2, 10, 2) }],
        ];
        for events in wrong {
            let outcome = db.write(move |tx| {
                let mut head = log::lock_head(tx)?;
                log::append(tx, &mut head, 0, &events)
            });
            assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
        }
        append_one(&db, 1, 10, 0).expect("an event");
        assert!(matches!(append_one(&db, 1, 11, 0), Err(StoreError::Duplicate(_))), "an id is used once");
        assert_clean(&db);
    });
}

#[test]
fn a_race_for_one_version_has_one_winner() {
    for_each_engine(|db| {
        for round in 0..3 {
            let outcomes = in_parallel(64, |n| {
                let db = db.clone();
                move || append_one(&db, round * 64 + n + 1, 10, round)
            });
            assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
            let lost = Err(StoreError::Conflict { expected: round, found: round + 1 });
            assert_eq!(outcomes.iter().filter(|it| **it == lost).count(), 63, "{outcomes:?}");
        }
        assert_clean(&db);
    });
}

#[test]
fn concurrent_appends_leave_no_gap_and_lose_no_update() {
    const THREADS: i64 = 32;
    const EACH: i64 = 10;
    for_each_engine(|db| {
        let seqs = in_parallel(THREADS, |n| {
            let db = db.clone();
            move || {
                (0..EACH)
                    .map(|round| {
                        let id = n * EACH + round + 1;
                        // Eight changes: each is fought over by four threads.
                        loop {
                            let version = db.read(|tx| Ok(log::read_change(tx, n % 8)?.len() as i64)).expect("a read");
                            match append_one(&db, id, n % 8, version) {
                                Ok(seq) => break seq,
                                Err(StoreError::Conflict { .. }) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                    })
                    .collect::<Vec<_>>()
            }
        });
        let seqs: BTreeSet<_> = seqs.into_iter().flatten().collect();
        assert_eq!(seqs, (1..=THREADS * EACH).collect());
        for change in 0..8 {
            let events = db.read(|tx| log::read_change(tx, change)).expect("a read");
            assert_eq!(events.len() as i64, THREADS * EACH / 8, "change {change}");
        }
        assert_clean(&db);
    });
}

#[test]
fn references_have_no_gap_whatever_fails() {
    for_each_engine(|db| {
        let taken = in_parallel(32, |n| {
            let db = db.clone();
            move || {
                db.write(move |tx| {
                    let number = log::take_reference(tx, "RFC", 2026)?;
                    if n % 4 == 0 { Err(StoreError::Missing) } else { Ok(number) }
                })
            }
        });
        let kept: BTreeSet<_> = taken.into_iter().filter_map(Result::ok).collect();
        assert_eq!(kept, (1..=24).collect());
        let others = db.write(|tx| Ok((log::take_reference(tx, "SR", 2026)?, log::take_reference(tx, "RFC", 2027)?)));
        assert_eq!(others, Ok((1, 1)), "each prefix and year counts by itself");
    });
}

fn answer(body: &str) -> SavedAnswer {
    SavedAnswer { request_hash: "h".into(), status: 201, headers: "[]".into(), body: body.into() }
}

#[test]
fn an_answer_is_kept_with_its_effect_or_not_at_all() {
    for_each_engine(|db| {
        let failed: Result<(), _> = db.write(|tx| {
            log::save_answer(tx, 7, "k", &answer("lost"), 1)?;
            Err(StoreError::Missing)
        });
        assert_eq!(failed, Err(StoreError::Missing));
        assert_eq!(db.read(|tx| log::find_answer(tx, 7, "k")), Ok(None));
        db.write(|tx| log::save_answer(tx, 7, "k", &answer("kept"), 5)).expect("a write");
        assert_eq!(db.read(|tx| log::find_answer(tx, 7, "k")), Ok(Some(answer("kept"))));
        assert_eq!(db.read(|tx| log::find_answer(tx, 8, "k")), Ok(None), "a key is its actor's own");
        assert_eq!(db.write(|tx| log::forget_answers(tx, 5)), Ok(0));
        assert_eq!(db.write(|tx| log::forget_answers(tx, 6)), Ok(1));
    });
}

/// R4: sixteen times the same command at once has one effect and one answer.
#[test]
fn a_command_sent_many_times_at_once_takes_effect_once() {
    for_each_engine(|db| {
        let outcomes = in_parallel(16, |n| {
            let db = db.clone();
            move || {
                db.write(move |tx| {
                    let mut head = log::lock_head(tx)?;
                    if let Some(found) = log::find_answer(tx, 7, "key")? {
                        return Ok(found.body);
                    }
                    log::append(tx, &mut head, 0, &[event(n + 1, n, 1)])?;
                    let body = format!("made by {n}");
                    log::save_answer(tx, 7, "key", &answer(&body), 1)?;
                    Ok(body)
                })
            }
        });
        let bodies: BTreeSet<_> = outcomes.into_iter().map(|it| it.expect("an answer")).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(db.read(|tx| Ok(log::read_head(tx)?.count())), Ok(1));
    });
}

#[test]
fn an_erased_text_is_gone_and_the_chain_holds() {
    for_each_engine(|db| {
        let digest = db
            .write(|tx| {
                let mut head = log::lock_head(tx)?;
                let digest = log::put_text(tx, 1, 10, b"0123456789abcdef", "Call Jo on 555")?;
                log::put_text(tx, 2, 10, b"fedcba9876543210", "Call Jo on 555")?;
                let payload = format!("{{\"text\":\"{digest}\"}}");
                log::append(tx, &mut head, 0, &[NewEvent { payload, ..event(1, 10, 1) }])?;
                Ok(digest)
            })
            .expect("a write");
        let texts = db.read(|tx| log::load_texts(tx, 10)).expect("a read");
        assert_eq!(texts[0].body.as_deref(), Some("Call Jo on 555"));
        assert_eq!(texts[0].digest.as_ref(), Some(&digest));
        assert_ne!(texts[1].digest.as_ref(), Some(&digest), "the salt makes equal texts differ");
        assert_eq!(db.write(|tx| log::erase_text(tx, 1, 99)), Ok(true));
        assert_eq!(db.write(|tx| log::erase_text(tx, 1, 100)), Ok(false));
        let texts = db.read(|tx| log::load_texts(tx, 10)).expect("a read");
        assert_eq!((texts[0].body.as_ref(), texts[0].digest.as_ref()), (None, None));
        assert_eq!((texts[0].erased_at, texts[1].erased_at), (Some(99), None));
        let salt = db.read(|tx| tx.one("select salt from texts where id = 1", &[], |row| row.opt_bytes(0)));
        assert_eq!(salt, Ok(None));
        assert_clean(&db);
    });
}

/// Runs the closures at once and collects their answers.
pub fn in_parallel<T, F>(count: i64, make: impl Fn(i64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let threads: Vec<_> = (0..count).map(|n| thread::spawn(make(n))).collect();
    threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
}
