//! Asking a decision table of the document, and keeping what it said.

use super::{Context, given};
use crate::change::Change;
use crate::event::Ruling;
use crate::process::facts::Value;
use std::collections::BTreeMap;

/// The answer of the table, with the row that gave it. `None`: the document has no such table, or no row answers.
pub fn rule_on(ctx: &Context, change: &Change, table: &str) -> Option<(Ruling, BTreeMap<String, String>)> {
    rule_with(ctx, change, table, |_| None)
}

/// The same, with facts that the change does not hold yet.
pub fn rule_with(ctx: &Context, change: &Change, table: &str, known: impl Fn(&str) -> Option<Value>) -> Option<(Ruling, BTreeMap<String, String>)> {
    let found = ctx.process.tables.get(table)?;
    let fact = |name: &str| known(name).or_else(|| given::fact(ctx, change, name));
    let hit = found.decide(fact)?;
    let inputs = found.inputs.iter().map(|input| (input.words.to_owned(), fact(input.code).map_or_else(String::new, words)));
    Some((Ruling { table: table.to_owned(), row: hit.row + 1, inputs: inputs.collect() }, hit.outputs))
}

fn words(value: Value) -> String {
    match value {
        Value::Word(word) => word,
        Value::Number(n) => n.to_string(),
        Value::Date(date) => date.to_string(),
    }
}
