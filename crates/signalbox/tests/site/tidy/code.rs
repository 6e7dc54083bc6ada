//! What code may name, and how long it may be.

use super::{BINARY, CORE, STORE, Text, check, has_word, strings};

#[test]
fn files_are_short() {
    check(
        "A Rust file has 600 lines at most: split it by what changes together.",
        |all| {
            let long = all.iter().filter(|t| t.is_rust() && t.lines().count() > 600);
            long.map(|t| format!("{}: {} lines", t.path, t.lines().count())).collect()
        },
        &[Text::new("a.rs", &"\n".repeat(601))],
    );
}

#[test]
fn core_functions_are_short() {
    check(
        "A function of the core has 70 lines at most: a rule must fit on a screen.",
        |all| all.iter().filter(|t| t.is_rust() && t.is_under(CORE)).flat_map(long_functions).collect(),
        &[Text::new(&format!("{CORE}a.rs"), &format!("fn f() {{\n{}}}\n", "  g();\n".repeat(80)))],
    );
}

/// Functions of more than 70 lines, found by their indentation: rustfmt puts the
/// closing brace under the `fn`.
fn long_functions(text: &Text) -> Vec<String> {
    let lines: Vec<_> = text.code().collect();
    let mut long = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let head = line.trim_start();
        let is_function = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "].iter().any(|start| head.starts_with(start));
        if !is_function || line.trim_end().ends_with([';', '}']) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - head.len()]);
        let length = lines[at..].iter().position(|(_, l)| l.trim_end() == end).unwrap_or(0) + 1;
        if length > 70 {
            long.push(format!("{}:{number}: {length} lines: {head}", text.path));
        }
    }
    long
}

#[test]
fn only_the_engine_names_a_driver() {
    check(
        "Only crates/signalbox-store/src/engine* names a database driver: everything else speaks to Tx.",
        |all| {
            let sources = all.iter().filter(|t| t.is_rust() && t.path.contains("/src/") && !t.is_under(&format!("{STORE}src/engine")));
            sources.flat_map(|t| t.places_in_code(|l| has_word(l, "rusqlite") || l.contains("postgres::") || l.contains("use postgres"))).collect()
        },
        &[Text::new("crates/signalbox/src/run.rs", "use rusqlite::Connection;")],
    );
}

#[test]
fn only_run_appends() {
    check(
        "Only crates/signalbox/src/run.rs appends to the log: there is one write path.",
        |all| {
            let sources = all.iter().filter(|t| t.is_rust() && t.is_under(BINARY) && !t.is_under(&format!("{BINARY}run")));
            sources.flat_map(|t| t.places_in_code(calls_append)).collect()
        },
        &[Text::new("crates/signalbox/src/web/pages/today.rs", "signalbox_store::log::append(tx, e)?;")],
    );
}

/// A call of the function `append`, or its import; `headers.append(…)` is another thing.
fn calls_append(line: &str) -> bool {
    line.contains("log::append") || line.match_indices("append(").any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

#[test]
fn sql_stands_in_the_store() {
    check(
        "No SQL outside the store: ask for a query there, with a scope.",
        |all| {
            let sources = all.iter().filter(|t| t.is_rust() && t.path.contains("/src/") && !t.is_under(STORE));
            sources.flat_map(|t| t.places_in_code(|l| strings(l).any(is_sql))).collect()
        },
        &[Text::new("crates/signalbox/src/web.rs", r#"let sql = "select ref from change where id = ?1";"#)],
    );
}

fn is_sql(text: &str) -> bool {
    let starts = |word: &str| {
        let head = text.trim_start();
        head.starts_with(word) || head.starts_with(&word.to_uppercase())
    };
    let holds = |word: &str| text.contains(word) || text.contains(&word.to_uppercase());
    (starts("select ") && holds(" from "))
        || (starts("update ") && holds(" set "))
        || starts("insert into ")
        || starts("delete from ")
        || starts("create table ")
}

#[test]
fn the_core_is_pure() {
    check(
        "The core does no I/O and reads no clock: time, ids and chance are arguments.",
        |all| {
            const OUTSIDE: [&str; 13] = [
                "std::fs",
                "std::net",
                "std::env",
                "std::process",
                "std::io",
                "std::thread",
                "SystemTime",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
                "rand::",
                "println!",
                "async fn",
            ];
            let core = all.iter().filter(|t| t.is_rust() && t.is_under(CORE));
            core.flat_map(|t| t.places_in_code(|l| OUTSIDE.iter().any(|o| l.contains(o)))).collect()
        },
        &[Text::new(&format!("{CORE}decide.rs"), "    let now = jiff::Timestamp::now();")],
    );
}

#[test]
fn pages_and_api_are_strangers() {
    check(
        "Pages and API never import each other: what both need stands in run.rs or beside them.",
        |all| {
            let between = |from: &str, to: &str| {
                let folder = format!("{BINARY}web/{from}");
                let named = [format!("web::{to}"), format!("super::{to}::"), format!("super::{to};")];
                all.iter()
                    .filter(|t| t.is_rust() && t.is_under(&folder))
                    .flat_map(|t| t.places_in_code(|l| named.iter().any(|n| l.contains(n))))
                    .collect::<Vec<_>>()
            };
            [between("pages", "api"), between("api", "pages")].concat()
        },
        &[Text::new("crates/signalbox/src/web/api/changes.rs", "use crate::web::pages::changes::row;")],
    );
}
