//! Asking a decision table of the document, and keeping what it said.

use super::{Context, given};
use crate::change::Change;
use crate::event::Ruling;
use crate::process::facts::Value;
use crate::process::table::{Hit, Table};
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
    let facts: BTreeMap<&str, Option<Value>> = found.inputs.iter().map(|input| (input.code, fact(input.code))).collect();
    let look = |name: &str| facts.get(name).cloned().flatten();
    let answering = found.answering(look);
    found.evaluate(look).into_iter().map(|hit| (ruling(found, &hit, &answering, &facts), hit.outputs)).collect()
}

fn ruling(table: &Table, hit: &Hit, answering: &[Hit], facts: &BTreeMap<&str, Option<Value>>) -> Ruling {
    let inputs = table.inputs.iter().map(|input| (input.words.to_owned(), facts.get(input.code).cloned().flatten().map_or_else(String::new, words)));
    let answers = table.outputs.iter().filter_map(|name| Some((name.clone(), hit.get(name)?.to_owned())));
    // Rows below the topmost of a first table were never asked; of a worst one they were outdone, and that is worth saying.
    let outdone = answering.iter().filter(|other| table.policy == crate::process::table::Policy::Worst && other.row != hit.row);
    let also = outdone.map(|other| (other.row + 1, table.outputs.first().and_then(|name| other.get(name)).unwrap_or_default().to_owned()));
    Ruling { table: table.name.clone(), row: hit.row + 1, inputs: inputs.collect(), answers: answers.collect(), also: also.collect() }
}

fn words(value: Value) -> String {
    match value {
        Value::Word(word) => word,
        Value::Number(n) => n.to_string(),
        Value::Date(date) => date.to_string(),
    }
}
