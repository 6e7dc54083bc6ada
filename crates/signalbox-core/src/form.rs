//! What was typed, and what it means. Everything typed is kept as it was; reading it finds every fault at once.
//!
//! A field arrives as one or more raw strings under its id. Times arrive either as one RFC 3339 instant under the id,
//! or as local wall time under `id.date`, `id.time` and, on a clock-change night, `id.fold` (`first`, `second`). A
//! window is `id.start` and `id.end`; a person is `id.name` and `id.phone`; lists repeat the id or stand one a line.

use self::format::Format;
use crate::calendar::local::{self, Fold, LocalTimeFault};
use crate::facts::Facts;
use crate::ids::{FileId, ItemId, Mint, ServiceId, SiteId};
use crate::process::AnswerKind;
use crate::refusal::Violation;
use crate::text::{NewText, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod again;
pub mod format;
pub mod rows;

pub use again::{Codes, typed_again};

/// What was typed, by field.
pub type Raw = BTreeMap<String, Vec<String>>;

/// Answers by question id.
pub type Answers = BTreeMap<String, Answer>;

/// One answer, understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Text(Text),
    Choice(String),
    Choices(Vec<String>),
    Yes(bool),
    Number(i64),
    Window {
        start: Timestamp,
        end: Timestamp,
        zone: String,
    },
    Moment {
        at: Timestamp,
        zone: String,
    },
    Date(Date),
    Items(Vec<ItemId>),
    Services(Vec<ServiceId>),
    Sites(Vec<SiteId>),
    Person {
        name: Text,
        phone: Text,
    },
    List(Vec<Text>),
    Files(Vec<FileId>),
    /// A technical value in its one spelling: an identifier, not words, so it is kept in the log itself.
    Value(String),
    /// A table, row by row; the cells of a row by column.
    Rows(Vec<Answers>),
}

impl Answer {
    /// The free texts in it.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Answer::Text(text) => vec![text],
            Answer::Person { name, phone } => vec![name, phone],
            Answer::List(texts) => texts.iter().collect(),
            Answer::Rows(rows) => rows.iter().flat_map(BTreeMap::values).flat_map(Answer::texts).collect(),
            _ => vec![],
        }
    }
}

/// The longest free text that a field takes, in characters.
pub const PROSE_MAX_CHARS: usize = 20_000;
/// The longest single line.
pub const LINE_MAX_CHARS: usize = 500;
/// The most entries of a list.
pub const LIST_MAX_ENTRIES: usize = 500;
/// The longest window, in days; longer work is split (architecture 4).
pub const WINDOW_MAX_DAYS: i64 = 14;

/// Reads raw fields one by one, gathering faults and free texts.
pub struct Form<'a> {
    raw: &'a Raw,
    facts: &'a Facts,
    zone: TimeZone,
    zone_name: String,
    mint: &'a mut Mint,
    /// The answers before this command: words that did not change keep their reference, and so their digest.
    previous: Option<&'a Answers>,
    pub faults: Vec<Violation>,
    pub texts: Vec<NewText>,
}

impl<'a> Form<'a> {
    /// A reader over what was typed; wall times are read in the zone.
    pub fn new(raw: &'a Raw, facts: &'a Facts, zone_name: &str, zone: TimeZone, mint: &'a mut Mint, previous: Option<&'a Answers>) -> Form<'a> {
        Form { raw, facts, zone, zone_name: zone_name.to_owned(), mint, previous, faults: vec![], texts: vec![] }
    }

    /// Everything typed.
    pub fn raw(&self) -> &'a Raw {
        self.raw
    }

    /// What was typed in a single field, without spaces around it; `None` when nothing was.
    pub fn typed(&self, field: &str) -> Option<&'a str> {
        self.raw.get(field).and_then(|values| values.first()).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    fn fault(&mut self, violation: Violation) {
        self.faults.push(violation);
    }

    /// Words typed, as free text; a fault when required and missing.
    pub fn text(&mut self, field: &str, required: bool) -> Option<Text> {
        self.words(field, required, PROSE_MAX_CHARS)
    }

    fn words(&mut self, field: &str, required: bool, max_chars: usize) -> Option<Text> {
        let Some(typed) = self.typed(field) else {
            if required {
                self.fault(Violation::of(field, "answer-missing"));
            }
            return None;
        };
        let chars = typed.chars().count();
        if chars > max_chars {
            self.fault(Violation::of(field, "too-long").with(max_chars).with(chars));
            return None;
        }
        if typed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fault(Violation::of(field, "control-characters"));
            return None;
        }
        if holds_nhs_number(typed) {
            self.fault(Violation::of(field, "patient-data"));
            return None;
        }
        Some(self.keep(typed))
    }

    /// Keeps words as free text, under the reference that they already have in the previous answers.
    pub fn keep(&mut self, words: &str) -> Text {
        let same = |text: &&Text| self.facts.prose.get(&text.text).is_some_and(|body| body == words);
        if let Some(known) = self.previous.into_iter().flat_map(BTreeMap::values).flat_map(Answer::texts).find(same) {
            return known.clone();
        }
        let text = NewText::mint(self.mint, words);
        let reference = text.reference();
        self.texts.push(text);
        reference
    }

    /// One of the codes; words with spaces for underscores are taken too.
    pub fn choice(&mut self, field: &str, codes: &[&str], required: bool) -> Option<String> {
        match self.typed(field) {
            None => {
                if required {
                    self.fault(Violation::of(field, "choose-one"));
                }
                None
            }
            Some(typed) => {
                let found = codes.iter().find(|c| c.eq_ignore_ascii_case(typed) || c.replace('_', " ").eq_ignore_ascii_case(typed));
                if found.is_none() {
                    self.fault(Violation::of(field, "unknown-choice"));
                }
                found.map(|c| (*c).to_owned())
            }
        }
    }

    /// Yes or no.
    pub fn yes_no(&mut self, field: &str, required: bool) -> Option<bool> {
        match self.typed(field) {
            Some("yes" | "true" | "on") => Some(true),
            Some("no" | "false") => Some(false),
            Some(_) => {
                self.fault(Violation::of(field, "yes-or-no"));
                None
            }
            None => {
                if required {
                    self.fault(Violation::of(field, "yes-or-no"));
                }
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn number(&mut self, field: &str, min: i64, max: i64, required: bool) -> Option<i64> {
        match self.typed(field) {
            None => {
                if required {
                    self.fault(Violation::of(field, "answer-missing"));
                }
                None
            }
            Some(typed) => match typed.parse::<i64>() {
                Ok(n) if (min..=max).contains(&n) => Some(n),
                _ => {
                    self.fault(Violation::of(field, "number-out-of-range").with(min).with(max));
                    None
                }
            },
        }
    }

    /// A day, as `YYYY-MM-DD`.
    pub fn date(&mut self, field: &str, required: bool) -> Option<Date> {
        match self.typed(field) {
            None => {
                if required {
                    self.fault(Violation::of(field, "date-missing"));
                }
                None
            }
            Some(typed) => match typed.parse::<Date>() {
                Ok(date) => Some(date),
                Err(_) => {
                    self.fault(Violation::of(field, "not-a-date"));
                    None
                }
            },
        }
    }

    /// An instant: RFC 3339 under the id, or local wall time in parts. Nights on which clocks change are asked about,
    /// never guessed (spec 7.4, scenarios 6 and 7).
    pub fn moment(&mut self, field: &str, required: bool) -> Option<Timestamp> {
        if let Some(typed) = self.typed(field) {
            return match typed.parse::<Timestamp>() {
                Ok(at) => Some(micros(at)),
                Err(_) => {
                    self.fault(Violation::of(field, "not-a-time"));
                    None
                }
            };
        }
        let (date, time) = (self.typed(&format!("{field}.date")), self.typed(&format!("{field}.time")));
        let (date, time) = match (date, time) {
            (None, None) => {
                if required {
                    self.fault(Violation::of(field, "time-missing"));
                }
                return None;
            }
            (Some(_), None) => {
                self.fault(Violation::of(&format!("{field}.time"), "time-missing"));
                return None;
            }
            (None, Some(_)) => {
                self.fault(Violation::of(&format!("{field}.date"), "date-missing"));
                return None;
            }
            (Some(date), Some(time)) => (date, time),
        };
        let (date, time) = match (date.parse::<Date>(), local::parse_time(time)) {
            (Ok(date), Some(time)) => (date, time),
            (Err(_), _) => {
                self.fault(Violation::of(&format!("{field}.date"), "not-a-date"));
                return None;
            }
            (_, None) => {
                self.fault(Violation::of(&format!("{field}.time"), "not-a-time"));
                return None;
            }
        };
        let fold = match self.typed(&format!("{field}.fold")) {
            Some("first") => Some(Fold::First),
            Some("second") => Some(Fold::Second),
            _ => None,
        };
        match local::resolve(date, time, &self.zone, fold) {
            Ok(at) => Some(micros(at)),
            Err(LocalTimeFault::Gap { next_valid }) => {
                self.fault(Violation::of(field, "time-skipped").with(local::clock(time)).with(local::clock(next_valid.time())));
                None
            }
            Err(LocalTimeFault::Fold { first, second }) => {
                self.fault(Violation::of(field, "time-twice").with(first.label).with(second.label));
                None
            }
            Err(LocalTimeFault::NotATime) => {
                self.fault(Violation::of(field, "not-a-time"));
                None
            }
        }
    }

    /// A window: start before end, bounded.
    pub fn window(&mut self, field: &str, required: bool) -> Option<(Timestamp, Timestamp)> {
        let start = self.moment(&format!("{field}.start"), required);
        let end = self.moment(&format!("{field}.end"), required);
        let (start, end) = (start?, end?);
        if end <= start {
            self.fault(Violation::of(&format!("{field}.end"), "end-before-start"));
            return None;
        }
        if end.as_microsecond() - start.as_microsecond() > WINDOW_MAX_DAYS * 86_400_000_000 {
            self.fault(Violation::of(&format!("{field}.end"), "window-too-long").with(WINDOW_MAX_DAYS));
            return None;
        }
        Some((start, end))
    }

    /// The entries of a list field: repeated values, or one a line, or parted by semicolons.
    pub fn entries(&self, field: &str) -> Vec<&'a str> {
        let values = self.raw.get(field).map(Vec::as_slice).unwrap_or_default();
        values.iter().flat_map(|v| v.split(['\n', ';'])).map(str::trim).filter(|v| !v.is_empty()).collect()
    }

    /// The codes typed, looked up. An unseen thing reads exactly as one that does not exist (S02).
    fn codes<T: Copy + PartialEq>(&mut self, field: &str, required: bool, find: impl Fn(&Facts, &str) -> Option<T>) -> Option<Vec<T>> {
        let entries = self.entries(field);
        if entries.is_empty() {
            if required {
                self.fault(Violation::of(field, "choose-at-least-one"));
            }
            return None;
        }
        if entries.len() > LIST_MAX_ENTRIES {
            self.fault(Violation::of(field, "too-many").with(LIST_MAX_ENTRIES));
            return None;
        }
        let mut found = vec![];
        let mut whole = true;
        for entry in entries {
            match find(self.facts, entry) {
                Some(id) if !found.contains(&id) => found.push(id),
                Some(_) => {}
                None => {
                    whole = false;
                    self.fault(Violation::of(field, "unknown-value").with(entry));
                }
            }
        }
        whole.then_some(found)
    }

    /// Reads a field of any kind.
    pub fn answer(&mut self, field: &str, kind: &AnswerKind, required: bool) -> Option<Answer> {
        let zone = self.zone_name.clone();
        match kind {
            AnswerKind::Line { max_chars } => self.words(field, required, *max_chars).map(Answer::Text),
            AnswerKind::Prose => self.text(field, required).map(Answer::Text),
            AnswerKind::YesNo => self.yes_no(field, required).map(Answer::Yes),
            AnswerKind::Choice(codes) | AnswerKind::Reason(codes) => {
                let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
                self.choice(field, &codes, required).map(Answer::Choice)
            }
            AnswerKind::Choices(codes) => self.choices(field, codes, required),
            AnswerKind::Number { min, max } => self.number(field, *min, *max, required).map(Answer::Number),
            AnswerKind::Window => self.window(field, required).map(|(start, end)| Answer::Window { start, end, zone }),
            AnswerKind::Moment { .. } => self.moment(field, required).map(|at| Answer::Moment { at, zone }),
            AnswerKind::Date => self.date(field, required).map(Answer::Date),
            AnswerKind::Items => {
                self.codes(field, required, |f, code| f.items.iter().find(|i| i.code.eq_ignore_ascii_case(code)).map(|i| i.id)).map(Answer::Items)
            }
            AnswerKind::Services => {
                self.codes(field, required, |f, code| f.services.iter().find(|s| s.code.eq_ignore_ascii_case(code)).map(|s| s.id)).map(Answer::Services)
            }
            AnswerKind::Sites => {
                self.codes(field, required, |f, code| f.sites.iter().find(|s| s.code.eq_ignore_ascii_case(code)).map(|s| s.id)).map(Answer::Sites)
            }
            AnswerKind::Organisation => self.organisation(field, required).map(Answer::Value),
            AnswerKind::PersonAndPhone => self.person(field, required),
            AnswerKind::List => self.list(field, required),
            AnswerKind::Files => {
                let files = self.codes(field, required, |f, code| code.parse().ok().filter(|id| f.files.contains_key(id)).map(FileId));
                files.map(Answer::Files)
            }
            AnswerKind::Format(format) => self.format(field, *format, required),
            AnswerKind::Done => self.done(field, required),
            AnswerKind::Rows { columns, .. } => self.rows(field, columns, required),
        }
    }

    /// An organisation by its code, as the register spells it.
    fn organisation(&mut self, field: &str, required: bool) -> Option<String> {
        let Some(typed) = self.typed(field) else {
            if required {
                self.fault(Violation::of(field, "answer-missing"));
            }
            return None;
        };
        let known = self.facts.org_by_code(typed).map(|org| org.code.clone());
        if known.is_none() {
            self.fault(Violation::of(field, "unknown-value").with(typed));
        }
        known
    }

    fn choices(&mut self, field: &str, codes: &[String], required: bool) -> Option<Answer> {
        let known = |entry: &str| codes.iter().find(|c| c.eq_ignore_ascii_case(entry) || c.replace('_', " ").eq_ignore_ascii_case(entry)).cloned();
        let entries = self.entries(field);
        if entries.is_empty() {
            if required {
                self.fault(Violation::of(field, "choose-at-least-one"));
            }
            return None;
        }
        let mut chosen = vec![];
        for entry in entries {
            match known(entry) {
                Some(code) => chosen.push(code),
                None => self.fault(Violation::of(field, "unknown-choice")),
            }
        }
        Some(Answer::Choices(chosen))
    }

    /// A technical value. A telephone number is somebody's, so it is kept as words are.
    fn format(&mut self, field: &str, format: Format, required: bool) -> Option<Answer> {
        // Spaces alone are a fault of an AE title; of anything else they say nothing.
        let typed = if format == Format::AeTitle { self.typed_raw(field) } else { self.typed(field) };
        let Some(typed) = typed else {
            if required {
                self.fault(Violation::of(field, "answer-missing"));
            }
            return None;
        };
        if holds_nhs_number(typed) {
            self.fault(Violation::of(field, "patient-data"));
            return None;
        }
        match format.read(typed) {
            Ok(value) if format == Format::Phone => Some(Answer::Text(self.keep(&value))),
            Ok(value) => Some(Answer::Value(value)),
            Err(fault) => {
                self.fault(Violation { field: Some(field.to_owned()), ..fault });
                None
            }
        }
    }

    /// A telephone number that stands in a field of its own.
    pub fn phone(&mut self, field: &str, required: bool) -> Option<Text> {
        match self.format(field, Format::Phone, required) {
            Some(Answer::Text(phone)) => Some(phone),
            _ => None,
        }
    }

    /// The words that a text stands for, typed now or before.
    pub fn words_behind(&self, text: &Text) -> Option<&str> {
        let new = self.texts.iter().find(|t| t.id == text.text).map(|t| t.body.as_str());
        new.or_else(|| self.facts.prose.get(&text.text).map(String::as_str))
    }

    /// What was typed, spaces and all: for values of which spaces alone are a fault of their own.
    fn typed_raw(&self, field: &str) -> Option<&'_ str> {
        self.raw.get(field).and_then(|values| values.first()).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Yes once it is done; no is no answer yet.
    fn done(&mut self, field: &str, required: bool) -> Option<Answer> {
        match self.yes_no(field, false) {
            Some(true) => Some(Answer::Yes(true)),
            _ => {
                if required {
                    self.fault(Violation::of(field, "not-done-yet"));
                }
                None
            }
        }
    }

    fn person(&mut self, field: &str, required: bool) -> Option<Answer> {
        let (name_field, phone_field) = (format!("{field}.name"), format!("{field}.phone"));
        if !required && self.typed(&name_field).is_none() && self.typed(&phone_field).is_none() {
            return None;
        }
        let phone_typed = self.typed(&phone_field).map(str::to_owned);
        let name = self.words(&name_field, true, LINE_MAX_CHARS);
        let phone = self.words(&phone_field, true, 40);
        if let Some(Err(fault)) = phone_typed.filter(|_| phone.is_some()).map(|typed| Format::Phone.read(&typed)) {
            self.fault(Violation { field: Some(phone_field), ..fault });
            return None;
        }
        Some(Answer::Person { name: name?, phone: phone? })
    }

    fn list(&mut self, field: &str, required: bool) -> Option<Answer> {
        let entries = self.entries(field);
        if entries.is_empty() {
            if required {
                self.fault(Violation::of(field, "answer-missing"));
            }
            return None;
        }
        if entries.len() > LIST_MAX_ENTRIES {
            self.fault(Violation::of(field, "too-many").with(LIST_MAX_ENTRIES));
            return None;
        }
        if let Some(long) = entries.iter().find(|e| e.chars().count() > LINE_MAX_CHARS) {
            self.fault(Violation::of(field, "too-long").with(LINE_MAX_CHARS).with(long.chars().count()));
            return None;
        }
        Some(Answer::List(entries.iter().map(|entry| self.keep(entry)).collect()))
    }
}

/// An instant cut to the microsecond, as the store keeps it (settled 20).
pub fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Whether ten digits in a row, spaces and dashes aside, pass the NHS number's modulus 11 check (spec 4.1): no patient
/// data is taken. A telephone number begins with 0 and is let through.
fn holds_nhs_number(words: &str) -> bool {
    let bytes: Vec<char> = words.chars().collect();
    let mut i = 0;
    while i < bytes.len() {
        if !bytes[i].is_ascii_digit() || (i > 0 && (bytes[i - 1].is_alphanumeric() || "-+.".contains(bytes[i - 1]))) {
            i += 1;
            continue;
        }
        let mut digits = vec![];
        let mut j = i;
        while j < bytes.len() && (bytes[j].is_ascii_digit() || (" -".contains(bytes[j]) && bytes.get(j + 1).is_some_and(char::is_ascii_digit))) {
            digits.extend(bytes[j].to_digit(10));
            j += 1;
        }
        let ends_clean = bytes.get(j).is_none_or(|c| !c.is_alphanumeric());
        let grouped = j - i == 10 || j - i == 12;
        if ends_clean && grouped && digits.len() == 10 && digits[0] != 0 && passes_modulus_11(&digits) {
            return true;
        }
        i = j.max(i + 1);
    }
    false
}

fn passes_modulus_11(digits: &[u32]) -> bool {
    let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(d, weight)| d * weight).sum();
    match 11 - sum % 11 {
        11 => digits[9] == 0,
        10 => false,
        check => digits[9] == check,
    }
}

#[cfg(test)]
mod tests;
