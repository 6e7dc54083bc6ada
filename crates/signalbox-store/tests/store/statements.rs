//! Every statement of the registry is prepared on both engines, and none reads a big table from end to end.

use signalbox_store::{Db, Dialect, StoreError, Tx, Value, queries, sql};

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
    "feeds",
    "one_time_links",
    "registrations",
    "rate_card",
    "tasks",
    "changes",
    "change_orgs",
    "change_items",
    "change_services",
    "change_sites",
    "change_words",
    "duties",
    "files",
    "clinical",
    "clinical_seats",
    "clinical_decisions",
    "hazards",
    "clinicians",
    "act_drafts",
];

/// `file.NAME` of each statement that may read a whole table, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    ("estate.EDGES", "the schedule's index is built from all dependencies, once"),
    ("gather.DEPENDENCIES", "what depends on what is worked out over the whole graph, which is far smaller than the estate"),
    ("gather.RUNS_ON", "the same graph: services on their items"),
    ("past.ITEMS", "a rehearsal decides upon the whole register, which it reads once"),
    ("past.CIRCUIT_SITES", "the same"),
    ("past.ITEM_SERVICES", "the same"),
    ("past.PEOPLE", "the same"),
    ("past.ROLES", "the same"),
    ("found.SAMPLE", "a five-hundredth of the words, to know how common one is"),
    ("project.ROW_IDS", "rebuild and verify go through every change there is"),
    ("list.COUNT_ALL", "a count without a filter stops at the most that it counts"),
    ("list.COUNT", "the same, with every filter at once"),
    ("charges.LINES", "a report of everything that was raised reads the money of it in one go"),
    ("charges.LINES_OF_ALL", "the same"),
    ("clinical.OPEN", "walks the index of open questions only"),
    ("clinical.SAMPLED", "walks the index of chosen screenings only, which are one in ten"),
    ("merger.MOVE_OFFICERS", "a merger happens once; PostgreSQL may take any index of registrations in force"),
    ("merger.END_OFFICERS", "the same"),
    ("schedule.WORK", "the index in memory is made from all that stands on the schedule, once at the first question"),
    ("schedule.ITEMS", "the same"),
    ("schedule.SERVICES", "the same"),
    ("schedule.SITES", "the same"),
    ("schedule.ORGS", "the same"),
    ("schedule.PEOPLE", "the same"),
    ("schedule.AFTER", "the same"),
    ("clashes.FROZEN", "walks the index of what holds a window only, and only once something of the estate was declared"),
    ("today.ACKNOWLEDGE", "walks the index of what holds a window only, where PostgreSQL has no figures yet; otherwise that of the network's state"),
    ("today.RING_PROVIDER", "the same"),
    ("outbox.DEAD", "reads the index of dead letters only, and no more of them than a page holds"),
    ("outbox.FORGET", "the demo drops what waited before it began, once; PostgreSQL may take any index of waiting tasks"),
    ("outbox.NEXT_DUE", "walks the index of waiting tasks only and stops at the first that is free"),
];

#[test]
fn every_statement_prepares_and_none_scans_a_big_table() {
    for_each_engine(|db| {
        let mut faults = Vec::new();
        for (file, statements) in sql::ALL {
            for (name, text) in *statements {
                faults.extend(faults_of(&db, &format!("{file}.{name}"), text));
            }
        }
        for (name, text) in queries::composed(db.dialect()) {
            faults.extend(faults_of(&db, &name, &text));
        }
        assert!(faults.is_empty(), "{:?}\n{}", db.dialect(), faults.join("\n"));
    });
}

/// What is wrong with one statement: it cannot be prepared, or reads a big table from end to end.
fn faults_of(db: &Db, name: &str, text: &str) -> Vec<String> {
    let statement = text.to_owned();
    // The plan is all that is wanted: nothing is run, and nothing kept.
    let plan = match db.write(move |tx| explain(tx, &statement)) {
        Err(error) => return vec![format!("{name}: {error}")],
        Ok(plan) => plan,
    };
    if ALLOWED.iter().any(|(allowed, _)| *allowed == name) {
        return vec![];
    }
    let scanned = BIG.iter().filter(|table| reads_all_of(db.dialect(), text, &plan, table));
    scanned.map(|table| format!("{name} reads all of {table}:\n{}", plan.join("\n"))).collect()
}

#[test]
fn a_full_scan_would_be_seen() {
    for_each_engine(|db| {
        for (text, is_full) in [
            ("select payload from events where payload = $1", true),
            ("select payload from events", true),
            ("select e.payload from events e where e.payload = $1", true),
            ("delete from texts where body = $1", true),
            ("select payload from events where seq = $1", false),
            ("select payload from events where seq > $1 order by seq limit 10", false),
        ] {
            let plan = db.write(move |tx| explain(tx, text)).expect("a plan");
            let seen = BIG.iter().any(|table| reads_all_of(db.dialect(), text, &plan, table));
            assert_eq!(seen, is_full, "{:?} {text}:\n{}", db.dialect(), plan.join("\n"));
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
            let nulls = if nulls.is_empty() { nulls } else { format!("({nulls})") };
            // Empty tables are always read whole, or hashed whole, unless that is made to look dear.
            tx.batch("set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local plan_cache_mode = force_generic_plan")?;
            tx.batch(&format!("prepare probe as {text}"))?;
            let kinds = tx.one("select parameter_types::text from pg_prepared_statements where name = 'probe'", &[], |row| row.text(0))?;
            for kind in kinds.trim_matches(['{', '}']).split(',') {
                if !["", "bigint", "integer", "boolean", "text", "bytea"].contains(&kind) {
                    return Err(StoreError::Database(format!("a parameter of the type {kind}")));
                }
            }
            let mut plan = Vec::new();
            tx.query(&format!("{explain} execute probe{nulls}"), &[], &mut |row| {
                plan.push(row.text(0)?);
                Ok(())
            })?;
            tx.batch("deallocate probe")?;
            Ok(plan)
        }
    }
}

fn count_params(text: &str) -> usize {
    (1..).take_while(|n| text.contains(&format!("${n}"))).count()
}

fn reads_all_of(dialect: Dialect, text: &str, plan: &[String], table: &str) -> bool {
    match dialect {
        // SQLite names a table by the alias that it has in the statement.
        Dialect::Sqlite => plan.iter().any(|step| {
            let scanned = step.strip_prefix("SCAN ").map(|rest| rest.split(' ').next().unwrap_or_default());
            // An index that FTS5 was asked is none of the table's rows; the number tells in which order they come.
            let is_match = step.split_once("VIRTUAL TABLE INDEX ").and_then(|(_, rest)| rest.split_once(':')).is_some_and(|(_, how)| how.starts_with('M'));
            scanned.is_some_and(|name| !is_match && (name == table || is_alias(text, name, table)))
        }),
        Dialect::Postgres => plan.iter().enumerate().any(|(at, step)| {
            let is_of_table = step.contains("Scan") && (step.contains(&format!(" on {table} ")));
            // An index that is read from end to end has no condition below its step.
            let is_bounded =
                plan[at + 1..].iter().take_while(|next| !next.contains("->")).any(|next| next.contains("Index Cond") || next.contains("Recheck Cond"));
            is_of_table && (step.contains("Seq Scan") || !is_bounded)
        }),
    }
}

fn is_alias(text: &str, name: &str, table: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    words.windows(3).any(|w| matches!(w[0], "from" | "join") && w[1] == table && w[2] == name)
}
