//! Every statement of the registry is prepared on both engines, and none reads a big table from end to end.

use signalbox_store::{Dialect, StoreError, Tx, Value, sql};

use crate::harness::for_each_engine;

/// Tables that grow with use. A statement reaches them through an index.
const BIG: &[&str] = &[
    "events",
    "texts",
    "idempotency",
    "items",
    "item_services",
    "dependencies",
    "people",
    "memberships",
    "sessions",
    "api_tokens",
    "one_time_links",
    "registrations",
    "rates",
    "tasks",
];

/// `file.NAME` of each statement that may read a whole table, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    (
        "estate.EDGES",
        "the schedule's index is built from all dependencies, once",
    ),
    (
        "outbox.DEAD",
        "reads the index of dead letters only, and no more of them than a page holds",
    ),
    (
        "outbox.NEXT_DUE",
        "walks the index of waiting tasks only and stops at the first that is free",
    ),
];

#[test]
fn every_statement_prepares_and_none_scans_a_big_table() {
    for_each_engine(|db| {
        let mut faults = Vec::new();
        for (file, statements) in sql::ALL {
            for (name, text) in *statements {
                let name = format!("{file}.{name}");
                let plan = db.write(move |tx| {
                    // The plan is all that is wanted: nothing is run, and nothing kept.
                    explain(tx, text)
                });
                match plan {
                    Err(error) => faults.push(format!("{name}: {error}")),
                    Ok(plan) => {
                        let scanned = BIG
                            .iter()
                            .filter(|table| reads_all_of(db.dialect(), &plan, table));
                        let is_allowed = ALLOWED.iter().any(|(allowed, _)| *allowed == name);
                        faults.extend(scanned.filter(|_| !is_allowed).map(|table| {
                            format!("{name} reads all of {table}:\n{}", plan.join("\n"))
                        }));
                    }
                }
            }
        }
        assert!(
            faults.is_empty(),
            "{:?}\n{}",
            db.dialect(),
            faults.join("\n")
        );
    });
}

#[test]
fn a_full_scan_would_be_seen() {
    for_each_engine(|db| {
        for (text, is_full) in [
            ("select payload from events where payload = $1", true),
            ("select payload from events", true),
            ("delete from texts where body = $1", true),
            ("select payload from events where seq = $1", false),
            (
                "select payload from events where seq > $1 order by seq limit 10",
                false,
            ),
        ] {
            let plan = db.write(move |tx| explain(tx, text)).expect("a plan");
            let seen = BIG
                .iter()
                .any(|table| reads_all_of(db.dialect(), &plan, table));
            assert_eq!(
                seen,
                is_full,
                "{:?} {text}:\n{}",
                db.dialect(),
                plan.join("\n")
            );
        }
    });
}

/// The plan that the database would follow, a line a step.
fn explain(tx: &mut dyn Tx, text: &str) -> Result<Vec<String>, StoreError> {
    let explain = tx.dialect().explain();
    match tx.dialect() {
        Dialect::Sqlite => {
            let nulls = vec![Value::Null; count_params(text)];
            tx.all(&format!("{explain}{text}"), &nulls, |row| row.text(3))
        }
        Dialect::Postgres => {
            let nulls = vec!["null"; count_params(text)].join(", ");
            let nulls = if nulls.is_empty() {
                nulls
            } else {
                format!("({nulls})")
            };
            // Empty tables are always read whole, unless that is made to look dear.
            tx.batch(
                "set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan",
            )?;
            tx.batch(&format!("prepare probe as {text}"))?;
            let kinds = tx.one(
                "select parameter_types::text from pg_prepared_statements where name = 'probe'",
                &[],
                |row| row.text(0),
            )?;
            for kind in kinds.trim_matches(['{', '}']).split(',') {
                if !["", "bigint", "integer", "boolean", "text", "bytea"].contains(&kind) {
                    return Err(StoreError::Database(format!(
                        "a parameter of the type {kind}"
                    )));
                }
            }
            let mut plan = Vec::new();
            tx.query(
                &format!("{explain} execute probe{nulls}"),
                &[],
                &mut |row| {
                    plan.push(row.text(0)?);
                    Ok(())
                },
            )?;
            tx.batch("deallocate probe")?;
            Ok(plan)
        }
    }
}

fn count_params(text: &str) -> usize {
    (1..)
        .take_while(|n| text.contains(&format!("${n}")))
        .count()
}

fn reads_all_of(dialect: Dialect, plan: &[String], table: &str) -> bool {
    match dialect {
        Dialect::Sqlite => plan
            .iter()
            .any(|step| step.split(" USING").next() == Some(&format!("SCAN {table}"))),
        Dialect::Postgres => plan.iter().enumerate().any(|(at, step)| {
            let is_of_table = step.contains(&format!(" on {table} ")) && step.contains("Scan");
            // An index that is read from end to end has no condition below its step.
            let is_bounded = plan[at + 1..]
                .iter()
                .take_while(|next| !next.contains("->"))
                .any(|next| next.contains("Index Cond") || next.contains("Recheck Cond"));
            is_of_table && (step.contains("Seq Scan") || !is_bounded)
        }),
    }
}
