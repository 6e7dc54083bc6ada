//! Answers in JSON: what a value may be, and what was typed in the shape in which it can be sent again.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use signalbox_core::form::Raw;
use signalbox_core::form::rows::cell_of;
use signalbox_core::process::{AnswerKind, Process};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A value of an answer. Whether the question takes it is said by its kind; null takes back what was said.
#[derive(Debug)]
pub enum AnswerValue {}

impl PartialSchema for AnswerValue {
    fn schema() -> RefOr<Schema> {
        let plain = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let text = || plain(Type::String);
        let parts = plain(Type::Object).additional_properties(Some(text())).min_properties(Some(1));
        let part = AnyOfBuilder::new().item(text()).item(parts);
        let all = plain(Type::Object).additional_properties(Some(Schema::AnyOf(part.build()))).min_properties(Some(1));
        let words = "Text, a number, yes or no as true or false, a list of codes or lines, rows of a table as objects with its columns, or parts such as the start and end of a window, \
                     each one instant or a date and time at the site.";
        let any = AnyOfBuilder::new().item(text()).item(plain(Type::Integer)).item(plain(Type::Boolean)).item(plain(Type::Null));
        let cell = AnyOfBuilder::new().item(text()).item(plain(Type::Integer)).item(plain(Type::Boolean)).item(plain(Type::Null));
        let row = plain(Type::Object).additional_properties(Some(Schema::AnyOf(cell.build()))).min_properties(Some(1));
        let rows = ArrayBuilder::new().items(row).min_items(Some(1)).max_items(Some(200));
        any.item(ArrayBuilder::new().items(text()).max_items(Some(500))).item(rows).item(all).description(Some(words)).into()
    }
}

impl ToSchema for AnswerValue {}

/// What was typed, in the shape in which it can be sent again.
pub(super) fn typed(process: &Process, raw: &Raw) -> Map<String, Value> {
    let mut fields = Map::new();
    let is_table = |name: &str| process.question(name.split('.').next().unwrap_or(name)).is_some_and(|q| matches!(q.answer, AnswerKind::Rows { .. }));
    for (name, values) in raw.iter().filter(|(name, values)| !values.is_empty() && !is_table(name)) {
        let mut parts = name.split('.');
        let id = parts.next().unwrap_or(name);
        let is_list = process.question(id).is_some_and(|q| {
            matches!(q.answer, AnswerKind::Items | AnswerKind::Services | AnswerKind::Sites | AnswerKind::List | AnswerKind::Files | AnswerKind::Choices(_))
        });
        let value = if is_list { values.clone().into() } else { values[0].as_str().into() };
        let mut place = fields.entry(id).or_insert_with(|| json!({}));
        for part in parts {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[part];
            if place.is_null() {
                *place = json!({});
            }
        }
        *place = value;
    }
    for question in process.questions.iter().filter(|q| matches!(q.answer, AnswerKind::Rows { .. })) {
        let mut rows: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
        for (name, values) in raw {
            if let (Some((row, column)), Some(value)) = (cell_of(&question.id, name), values.first().filter(|v| !v.is_empty())) {
                rows.entry(row).or_default().insert(column.to_owned(), value.as_str().into());
            }
        }
        if !rows.is_empty() {
            fields.insert(question.id.clone(), rows.into_values().map(Value::Object).collect::<Vec<_>>().into());
        }
    }
    fields
}

pub(super) fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('_', " "),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Array(all) => all.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => parts.values().map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
