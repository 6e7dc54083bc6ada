//! Decision tables row by row: a row is known by its tests, or else by its answers.

use super::{Found, Mark, Part, all, listed, sentence};
use crate::actor::OrgKind;
use crate::process::Process;
use crate::process::facts::{Fact, Type, Value};
use crate::process::table::{Row, Table, UnaryTest};
use std::collections::BTreeSet;

pub(super) fn compare(found: &mut Found, before: &Process, after: &Process) {
    for (name, was) in before.tables.iter().filter(|(name, _)| !after.tables.contains_key(*name)) {
        found.add(Part::Tables, Mark::Removed, all(), format!("The table “{name}” is gone; it had {} rows.", was.rows.len()));
    }
    for (name, is) in &after.tables {
        match before.tables.get(name) {
            None => found.add(Part::Tables, Mark::Added, all(), format!("The table “{name}” is new, with {} rows.", is.rows.len())),
            Some(was) if was == is => {}
            Some(was) => table(found, after, was, is),
        }
    }
}

fn table(found: &mut Found, process: &Process, was: &Table, is: &Table) {
    let codes = |table: &Table| table.inputs.iter().map(|fact| fact.code).collect::<Vec<_>>();
    if codes(was) != codes(is) || was.outputs != is.outputs {
        let heads = |table: &Table| listed(&table.inputs.iter().map(|fact| fact.words.to_owned()).collect::<Vec<_>>());
        let words = format!("The table “{}” asks after {} instead of {}; it has {} rows.", is.name, heads(is), heads(was), is.rows.len());
        return found.add(Part::Tables, Mark::Changed, all(), words);
    }
    if was.policy != is.policy {
        let words = format!("In the table “{}”, {} rows count instead of {}.", is.name, is.policy.words(), was.policy.words());
        found.add(Part::Tables, Mark::Changed, all(), words);
    }
    let mut pairs: Vec<(usize, usize)> = vec![];
    pair(&mut pairs, was, is, |a, b| same_tests(a, b) && a.outputs == b.outputs);
    pair(&mut pairs, was, is, same_tests);
    pair(&mut pairs, was, is, |a, b| a.outputs == b.outputs);
    for (at, row) in was.rows.iter().enumerate().filter(|(at, _)| !pairs.iter().any(|(a, _)| a == at)) {
        let words = format!("In the table “{}”, row {} is gone: {}: {}.", was.name, at + 1, cases(was, row), answers(was, row));
        found.add(Part::Tables, Mark::Removed, concerned(was, row), words);
    }
    for (at, row) in is.rows.iter().enumerate() {
        match pairs.iter().find(|(_, b)| *b == at).map(|(a, _)| &was.rows[*a]) {
            None => {
                let words = format!("In the table “{}”, row {} is new: {}: {}.", is.name, at + 1, cases(is, row), answers(is, row));
                found.add(Part::Tables, Mark::Added, concerned(is, row), words);
            }
            Some(old) => changed_row(found, process, is, at, old, row),
        }
    }
    let order: Vec<usize> = is.rows.iter().enumerate().filter_map(|(at, _)| pairs.iter().find(|(_, b)| *b == at).map(|(a, _)| *a)).collect();
    if order.windows(2).any(|pair| pair[0] > pair[1]) {
        found.add(Part::Tables, Mark::Changed, all(), format!("The rows of the table “{}” stand in another order; the topmost that fits counts.", is.name));
    }
}

fn pair(pairs: &mut Vec<(usize, usize)>, was: &Table, is: &Table, fits: impl Fn(&Row, &Row) -> bool) {
    for (b, row) in is.rows.iter().enumerate() {
        if pairs.iter().any(|(_, taken)| *taken == b) {
            continue;
        }
        let a = was.rows.iter().enumerate().position(|(a, old)| !pairs.iter().any(|(taken, _)| *taken == a) && fits(old, row));
        pairs.extend(a.map(|a| (a, b)));
    }
}

fn same_tests(a: &Row, b: &Row) -> bool {
    a.tests.iter().map(|test| &test.words).eq(b.tests.iter().map(|test| &test.words))
}

fn changed_row(found: &mut Found, process: &Process, table: &Table, at: usize, was: &Row, is: &Row) {
    let concerns: BTreeSet<OrgKind> = concerned(table, was).union(&concerned(table, is)).copied().collect();
    if !same_tests(was, is) {
        let words =
            format!("In the table “{}”, row {} ({}) now holds {} instead of {}.", table.name, at + 1, answers(table, is), cases(table, is), cases(table, was));
        return found.add(Part::Tables, Mark::Changed, concerns, words);
    }
    if was.outputs == is.outputs {
        return;
    }
    let words = match notice_words(process, table, was, is) {
        Some(words) => words,
        None => {
            let changes = table.outputs.iter().zip(was.outputs.iter().zip(&is.outputs)).filter(|(_, (a, b))| a != b);
            let changes: Vec<String> = changes.map(|(name, (a, b))| format!("{} is {b} instead of {a}", name.replace('_', " "))).collect();
            format!("In the table “{}”, row {}, {}: {}.", table.name, at + 1, cases(table, is), listed(&changes))
        }
    };
    found.add(Part::Tables, Mark::Changed, concerns, words);
}

/// "A planned outage raised by a trust asks for 12 days instead of 10 days."
fn notice_words(process: &Process, table: &Table, was: &Row, is: &Row) -> Option<String> {
    if table.name != "notice asked for" {
        return None;
    }
    let asked = |row: &Row| {
        let get = |name: &str| table.outputs.iter().position(|output| output == name).and_then(|at| row.outputs.get(at));
        Some(format!("{} {}", get("notice")?, get("count")?))
    };
    let by: Vec<String> = raisers(table, is).into_iter().flatten().map(|kind| kind.words().to_owned()).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by a {}", by.join(" or ")) };
    Some(format!("{}{by} asks for {} instead of {}{}.", sentence(&a_change(process)), asked(is)?, asked(was)?, where_words(table, is)))
}

/// Whom a row names as raiser, if it tells them apart.
fn raisers(table: &Table, row: &Row) -> Option<Vec<OrgKind>> {
    let at = table.inputs.iter().position(|fact| fact.code == "raised_by")?;
    let (fact, test) = (table.inputs[at], row.tests.get(at)?);
    let kinds: Vec<OrgKind> = OrgKind::ALL.iter().copied().filter(|kind| test.holds(fact.kind, &Value::from(kind.code()))).collect();
    (kinds.len() < OrgKind::ALL.len()).then_some(kinds)
}

fn a_change(process: &Process) -> String {
    let words = process.kind.words();
    let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {words}")
}

fn where_words(table: &Table, row: &Row) -> String {
    match cases_but(table, row, "raised_by").as_str() {
        "in any case" => String::new(),
        cases => format!(", {cases}"),
    }
}

/// "where raised by is trust, and category is major".
fn cases(table: &Table, row: &Row) -> String {
    cases_but(table, row, "")
}

fn cases_but(table: &Table, row: &Row, left_out: &str) -> String {
    // A test that every value passes says nothing.
    let says = |fact: &Fact, test: &UnaryTest| match fact.kind {
        Type::Words(words) => !words.iter().all(|word| test.holds(fact.kind, &Value::from(*word))),
        _ => !test.is_any,
    };
    let tests = table.inputs.iter().zip(&row.tests).filter(|(fact, test)| fact.code != left_out && says(fact, test));
    let tests: Vec<String> = tests.map(|(fact, test)| format!("{} is {}", fact.words, test.words.replace('_', " "))).collect();
    if tests.is_empty() { "in any case".to_owned() } else { format!("where {}", tests.join(" and ")) }
}

fn answers(table: &Table, row: &Row) -> String {
    let all = table.outputs.iter().zip(&row.outputs).map(|(name, value)| format!("{} is {value}", name.replace('_', " ")));
    listed(&all.collect::<Vec<_>>())
}

/// A row that asks who raised the change concerns those; any other concerns all.
fn concerned(table: &Table, row: &Row) -> BTreeSet<OrgKind> {
    raisers(table, row).map_or_else(all, |kinds| kinds.into_iter().collect())
}
