//! Asking a decision table of the document, and keeping what it said.

use super::{Context, given};
use crate::change::Change;
use crate::event::Ruling;
use crate::process::facts::Value;
use crate::process::table::{Policy, Table};
use std::collections::BTreeMap;

/// What a table said: the ruling to be kept, and the answers by name.
pub type Ruled = (Ruling, BTreeMap<String, String>);

/// The answer of the table, with the row that gave it. `None`: the document has no such table, or no row answers.
pub fn rule_on(ctx: &Context, change: &Change, table: &str) -> Option<Ruled> {
    rule_with(ctx, change, table, |_| None)
}

/// The same, with facts that the change does not hold yet.
pub fn rule_with(ctx: &Context, change: &Change, table: &str, known: impl Fn(&str) -> Option<Value>) -> Option<Ruled> {
    rule_all(ctx, change, table, known).into_iter().next()
}

/// Every row that counts, where a table collects.
pub fn rule_all(ctx: &Context, change: &Change, table: &str, known: impl Fn(&str) -> Option<Value>) -> Vec<Ruled> {
    let Some(found) = ctx.process.tables.get(table) else { return vec![] };
    let fact = |name: &str| known(name).or_else(|| given::fact(ctx, change, name));
    // Each fact is worked out once, for the tests and for the record.
    let facts: Vec<Option<Value>> = found.inputs.iter().map(|input| fact(input.code)).collect();
    let at = |name: &str| found.inputs.iter().position(|input| input.code == name).and_then(|at| facts[at].clone());
    let point = found.point(at);
    found.counting(&point).into_iter().map(|row| ruling(found, row, &point, &facts)).collect()
}

/// The answers alone, where nothing is kept of them.
pub fn said(ctx: &Context, change: &Change, table: &str, known: impl Fn(&str) -> Option<Value>) -> Option<BTreeMap<String, String>> {
    let found = ctx.process.tables.get(table)?;
    found.decide(|name| known(name).or_else(|| given::fact(ctx, change, name))).map(|hit| hit.outputs)
}

fn ruling(table: &Table, row: usize, point: &[Option<i64>], facts: &[Option<Value>]) -> Ruled {
    let hit = table.hit(row);
    let inputs = table.inputs.iter().zip(facts).map(|(input, value)| (input.words.to_owned(), value.clone().map_or_else(String::new, words)));
    let answers = table.outputs.iter().filter_map(|name| Some((name.clone(), hit.get(name)?.to_owned())));
    // Rows below the topmost of a first table were never asked; of a worst one they were outdone, and that is worth saying.
    let outdone = table.answering(point).filter(|other| table.policy == Policy::Worst && *other != row);
    let also = outdone.map(|other| (other + 1, table.rows[other].outputs.first().cloned().unwrap_or_default()));
    let ruling = Ruling { table: table.name.clone(), row: row + 1, inputs: inputs.collect(), answers: answers.collect(), also: also.collect() };
    (ruling, hit.outputs)
}

fn words(value: Value) -> String {
    match value {
        Value::Word(word) => word,
        Value::Number(n) => n.to_string(),
        Value::Date(date) => date.to_string(),
    }
}
