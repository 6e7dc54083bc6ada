//! What was sent, typed again.

use super::{Answer, Answers, Raw, rows};
use crate::calendar::local::{self, Fold, LocalTimeFault};
use crate::ids::{ItemId, ServiceId, SiteId, TextId};
use crate::text::Text;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Codes by id, for answers that name things. What is not in it (any more) is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    pub items: BTreeMap<ItemId, String>,
    pub services: BTreeMap<ServiceId, String>,
    pub sites: BTreeMap<SiteId, String>,
}

/// The answers as somebody would type them, so that sending again starts from what was sent (T6). Reading the result
/// gives the same answers.
pub fn typed_again(answers: &Answers, prose: &BTreeMap<TextId, String>, codes: &Codes) -> Raw {
    let mut raw = Raw::new();
    for (id, answer) in answers {
        type_again(&mut raw, id, answer, prose, codes);
    }
    raw
}

fn type_again(raw: &mut Raw, id: &str, answer: &Answer, prose: &BTreeMap<TextId, String>, codes: &Codes) {
    let words = |text: &Text| prose.get(&text.text).cloned();
    let mut put = |field: String, values: Vec<String>| {
        if !values.is_empty() {
            raw.insert(field, values);
        }
    };
    match answer {
        Answer::Text(text) => put(id.to_owned(), words(text).into_iter().collect()),
        Answer::Choice(code) => put(id.to_owned(), vec![code.clone()]),
        Answer::Choices(chosen) => put(id.to_owned(), chosen.clone()),
        Answer::Yes(yes) => put(id.to_owned(), vec![if *yes { "yes" } else { "no" }.to_owned()]),
        Answer::Number(n) => put(id.to_owned(), vec![n.to_string()]),
        Answer::Date(date) => put(id.to_owned(), vec![date.to_string()]),
        Answer::Moment { at, zone } => type_moment(raw, id, *at, zone),
        Answer::Window { start, end, zone } => {
            type_moment(raw, &format!("{id}.start"), *start, zone);
            type_moment(raw, &format!("{id}.end"), *end, zone);
        }
        Answer::Items(ids) => put(id.to_owned(), ids.iter().filter_map(|i| codes.items.get(i).cloned()).collect()),
        Answer::Services(ids) => put(id.to_owned(), ids.iter().filter_map(|s| codes.services.get(s).cloned()).collect()),
        Answer::Sites(ids) => put(id.to_owned(), ids.iter().filter_map(|s| codes.sites.get(s).cloned()).collect()),
        Answer::Person { name, phone } => {
            put(format!("{id}.name"), words(name).into_iter().collect());
            put(format!("{id}.phone"), words(phone).into_iter().collect());
        }
        // One entry a line, which is how the box shows them.
        Answer::List(texts) => {
            put(id.to_owned(), (!texts.is_empty()).then(|| texts.iter().filter_map(words).collect::<Vec<_>>().join("\n")).into_iter().collect())
        }
        Answer::Files(files) => put(id.to_owned(), files.iter().map(ToString::to_string).collect()),
        Answer::Value(value) => put(id.to_owned(), vec![value.clone()]),
        Answer::Rows(rows) => {
            for (at, cells) in rows.iter().enumerate() {
                for (column, cell) in cells {
                    type_again(raw, &rows::cell_name(id, at + 1, column), cell, prose, codes);
                }
            }
        }
    }
}

/// An instant as wall time in its zone, with the fold where the time comes twice. What has seconds, or a zone that is
/// not known here, is written as the instant that it is.
fn type_moment(raw: &mut Raw, field: &str, at: Timestamp, zone: &str) {
    let zone = crate::calendar::zone(zone).filter(|_| at.as_microsecond() % 60_000_000 == 0);
    let Some(zone) = zone else {
        raw.insert(field.to_owned(), vec![at.to_string()]);
        return;
    };
    let wall = local::wall(at, &zone);
    raw.insert(format!("{field}.date"), vec![wall.date().to_string()]);
    raw.insert(format!("{field}.time"), vec![local::clock(wall.time())]);
    if let Err(LocalTimeFault::Fold { first, .. }) = local::resolve(wall.date(), wall.time(), &zone, None) {
        let fold = if first.at == at { Fold::First } else { Fold::Second };
        raw.insert(format!("{field}.fold"), vec![fold.code().to_owned()]);
    }
}
