//! What a program sent: query, body and headers, read strictly. A name that the API does not have is refused, so that
//! a typing error can't look like an empty list (settled 18), and nothing is set by the way (S31).

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::http::{HeaderMap, Method, header};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use signalbox_core::form::Raw;
use signalbox_core::form::rows::{ROWS_MAX, cell_name};
use utoipa::IntoParams;

use crate::run::{Expect, Key};
use crate::web::form::{Form, Query};
use crate::web::problem::{Failure, Fault};

/// How many rows a page of a list has where nobody says.
const LIMIT_USUAL: u16 = 50;
/// The most rows of a page.
const LIMIT_MAX: u16 = 200;
/// The longest value of a filter, in characters, and of a cursor.
const TEXT_MAX: usize = 500;
const CURSOR_MAX: usize = 2_000;
/// How deep an answer may be nested: `window.start.date`.
const DEPTH_MAX: usize = 3;
/// More values than any form of ours has.
const VALUES_MAX: usize = 5_000;

/// Which part of a list is wanted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most so many rows; 50 where nobody says.
    #[param(minimum = 1, maximum = 200, required = false)]
    pub limit: u16,
    /// `next_cursor` of the page before.
    #[param(max_length = 2000, pattern = "^[0-9a-f.-]+$")]
    pub cursor: Option<String>,
}

/// The query of an address.
#[derive(Debug)]
pub struct Asked(Form);

impl Asked {
    /// Refuses any name that is not one of these.
    pub fn of(query: Query, names: &[&str]) -> Result<Asked, Failure> {
        let strange = query.0.fields().iter().find(|(name, _)| !names.contains(&name.as_str()));
        if let Some((name, _)) = strange {
            return Err(Failure::bad_request("unknown-field", format!("There is no filter “{name}” here.")));
        }
        let most = |name: &str| if name == "cursor" { CURSOR_MAX } else { TEXT_MAX };
        match query.0.fields().iter().find(|(name, value)| value.chars().count() > most(name)) {
            Some((name, _)) => Err(wrong(name, "is too long")),
            None => Ok(Asked(query.0)),
        }
    }

    /// A query with one filter.
    pub fn just(name: &str, value: &str) -> Asked {
        Asked(Form::of([(name, value)]))
    }

    /// A filter that stands at most once.
    pub fn one<'a>(&'a self, name: &str) -> Result<Option<&'a str>, Failure> {
        let mut values = self.0.fields().iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(wrong(name, "can be given only once")),
            (Some(""), None) => Err(wrong(name, "is empty")),
            (one, None) => Ok(one),
        }
    }

    /// The same, of text that people typed: nothing typed asks for nothing.
    pub fn words<'a>(&'a self, name: &str) -> Result<Option<&'a str>, Failure> {
        if self.0.raw(name).is_empty() && self.0.all(name).count() == 1 { Ok(None) } else { self.one(name) }
    }

    /// Every value of a filter that may be repeated, each a code of a vocabulary.
    pub fn codes<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Failure> {
        self.0.all(name).map(|code| read(code).ok_or_else(|| wrong(name, "is none of the codes that it knows"))).collect()
    }

    /// A code of a vocabulary.
    pub fn code<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let read = |code: &str| read(code).ok_or_else(|| wrong(name, "is none of the codes that it knows"));
        self.one(name)?.map(read).transpose()
    }

    /// A whole number from 1 up.
    pub fn number(&self, name: &str, most: i64) -> Result<Option<i64>, Failure> {
        let read = |text: &str| {
            let is_plain = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = is_plain.then(|| text.parse().ok()).flatten();
            number.filter(|n| (1..=most).contains(n)).ok_or_else(|| wrong(name, &format!("is a whole number from 1 to {most}")))
        };
        self.one(name)?.map(read).transpose()
    }

    /// Every value of a filter that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.0.all(name).map(str::to_owned)
    }

    /// Whether it stands there at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.has(name)
    }

    /// An instant.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let read = |text: &str| text.parse::<Timestamp>().map_err(|_| wrong(name, "is no RFC 3339 time, such as 2026-11-17T12:00:00Z"));
        self.one(name)?.map(read).transpose()
    }

    /// Limit and cursor.
    pub fn paging(&self) -> Result<Paging, Failure> {
        let limit = match self.one("limit")? {
            None => LIMIT_USUAL,
            Some(text) => {
                let is_plain = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
                let limit = is_plain.then(|| text.parse().ok()).flatten();
                limit.filter(|n| (1..=LIMIT_MAX).contains(n)).ok_or_else(|| wrong("limit", "is a number from 1 to 200"))?
            }
        };
        Ok(Paging { limit, cursor: self.one("cursor")?.map(str::to_owned) })
    }
}

impl Paging {
    /// The cursor, as the list itself reads it.
    pub fn after<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let read = |cursor: &str| read(cursor).ok_or_else(|| wrong("cursor", "is not one that this list gave"));
        self.cursor.as_deref().map(read).transpose()
    }
}

fn wrong(name: &str, what: &str) -> Failure {
    Failure::bad_request("bad-filter", format!("“{name}” {what}."))
}

/// A whole number as this program writes it; two spellings of one number would be two cursors.
pub fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|n| n.to_string() == text)
}

/// Text that travels in hexadecimal, as the cursor of a list that is ordered by text.
pub fn unhexed(hex: &str) -> Option<String> {
    let pairs: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(|n| u8::from_str_radix(hex.get(n..n + 2)?, 16).ok()).collect();
    String::from_utf8(pairs?).ok().filter(|text| !text.contains('\0'))
}

/// A JSON object with the request's hash.
pub struct Sent {
    /// What was sent.
    pub fields: Map<String, Value>,
    hash: String,
    /// `If-Match` and `Idempotency-Key`.
    pub headers: Conditions,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Failure;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Sent, Failure> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let headers = Conditions::read(request.headers())?;
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if !media.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json") {
            return Err(Failure::WrongMedia);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Failure::bad_request("body", "The body broke off."))?;
        let read = serde_json::from_slice(&bytes);
        let value: Value = read.map_err(|_| Failure::bad_request("json", "The body is not JSON."))?;
        let Value::Object(fields) = value else {
            return Err(Failure::invalid(Fault::whole("not-an-object", "The body is a JSON object.")));
        };
        Ok(Sent { fields, hash: request_hash(&method, &path, &bytes), headers })
    }
}

/// The hash of everything that makes a request what it is.
pub fn request_hash(method: &Method, path: &str, body: &[u8]) -> String {
    let hash = Sha256::new().chain_update(method.as_str()).chain_update([0]).chain_update(path).chain_update([0]);
    signalbox_core::text::hex(&hash.chain_update(body).finalize())
}

impl Sent {
    /// Faults for every name that is not one of these.
    pub fn strange(&self, names: &[&str]) -> Vec<Fault> {
        let strange = self.fields.keys().filter(|name| !names.contains(&name.as_str()));
        strange.map(|name| Fault::of(name, "unknown-field", format!("There is no field “{name}” here."))).collect()
    }

    /// What the command is asked on.
    pub fn expect(&self) -> Expect {
        self.headers.expect(&self.hash)
    }
}

/// The headers by which a program says what it has seen, and that it means one deed.
#[derive(Debug, Default)]
pub struct Conditions {
    key: Option<String>,
    version: Option<(i64, Option<i64>)>,
    /// Whether `If-Match` was there at all.
    pub is_matched: bool,
}

impl Conditions {
    /// Reads `If-Match` (RFC 9110, 13.1.1) and `Idempotency-Key`.
    pub fn read(headers: &HeaderMap) -> Result<Conditions, Failure> {
        let line = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("\u{0}").to_owned());
        let key = line("idempotency-key");
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200 || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            let detail = "Idempotency-Key is 1 to 200 signs of ASCII without blanks.";
            return Err(Failure::bad_request("idempotency-key", detail));
        }
        let matched = line("if-match");
        let version = match matched.as_deref().map(str::trim) {
            None | Some("*") => None,
            Some(tag) => Some(read_tag(tag).ok_or_else(|| Failure::bad_request("if-match", "If-Match holds one ETag as it was given, such as \"4\", or *."))?),
        };
        Ok(Conditions { key, version, is_matched: matched.is_some() })
    }

    /// Refuses a deed that binds to what was read without saying what that was (S36).
    pub fn needs_version(&self) -> Result<(), Failure> {
        if self.is_matched { Ok(()) } else { Err(Failure::NeedsVersion) }
    }

    /// What the command is asked on; `hash` is the request's.
    pub fn expect(&self, hash: &str) -> Expect {
        let key = self.key.clone().map(|key| Key { key, request_hash: hash.to_owned() });
        Expect { version: self.version.map(|(version, _)| version), rev: self.version.and_then(|(_, rev)| rev), key }
    }
}

/// `"4"`, or `"1.3"` of a draft: version and revision.
fn read_tag(tag: &str) -> Option<(i64, Option<i64>)> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    match inner.split_once('.') {
        None => Some((number(inner)?, None)),
        Some((version, rev)) => Some((number(version)?, Some(number(rev)?))),
    }
}

/// The ETag of a version, and of a draft's revision where there is one.
pub fn tag(version: i64, rev: Option<i64>) -> String {
    match rev {
        Some(rev) => format!("\"{version}.{rev}\""),
        None => format!("\"{version}\""),
    }
}

/// Answers in JSON as the core reads them: `{"window": {"start": "…"}}` is `window.start`; a list repeats its name;
/// yes and no are words; null says nothing, and takes back what was said. `at` is where they stand in the body.
pub fn raw(fields: &Map<String, Value>, at: &str) -> Result<Raw, Vec<Fault>> {
    let mut reading = Reading { raw: Raw::new(), faults: vec![], at, values: 0 };
    for (name, value) in fields {
        reading.take(name, value, 1);
    }
    if reading.values > VALUES_MAX {
        reading.faults = vec![Fault::whole("too-many", "There are more values here than any form has.")];
    }
    if reading.faults.is_empty() { Ok(reading.raw) } else { Err(reading.faults) }
}

/// The names at the top of the answers.
pub fn names(raw: &Raw) -> BTreeSet<&str> {
    raw.keys().map(|name| name.split('.').next().unwrap_or(name)).collect()
}

struct Reading<'a> {
    raw: Raw,
    faults: Vec<Fault>,
    at: &'a str,
    values: usize,
}

impl Reading<'_> {
    fn fault(&mut self, name: &str, code: &'static str, detail: &str) {
        self.faults.push(Fault::of(&format!("{}{name}", self.at), code, detail));
    }

    fn take(&mut self, name: &str, value: &Value, depth: usize) {
        let own = name.rsplit('.').next().unwrap_or(name);
        if depth == 1 && name.contains('.') || own.is_empty() || name.contains('\0') {
            return self.fault(&name.replace('\0', ""), "unknown-field", "There is no field of this name here.");
        }
        match value {
            Value::Object(parts) if depth < DEPTH_MAX && !parts.is_empty() => {
                for (part, value) in parts {
                    if part.contains('.') || part.is_empty() {
                        self.fault(name, "unknown-field", "A part of this has a name that it doesn’t know.");
                    } else {
                        self.take(&format!("{name}.{part}"), value, depth + 1);
                    }
                }
            }
            Value::Object(_) => self.fault(name, "not-a-value", "This can’t be an object of that shape."),
            Value::Array(all) if !all.is_empty() && all.iter().all(Value::is_object) => self.rows(name, all, depth),
            Value::Array(all) => {
                let mut values = vec![];
                for one in all {
                    match plain(one) {
                        Some(text) if !text.contains('\0') && !matches!(one, Value::Null) => values.push(text),
                        _ => return self.fault(name, "not-a-value", "A list holds plain values only."),
                    }
                }
                self.put(name, values);
            }
            value => match plain(value) {
                Some(text) if text.contains('\0') => self.fault(name, "null-character", "This contains a character that can’t be stored."),
                Some(text) => self.put(name, vec![text]),
                None => self.put(name, vec![]),
            },
        }
    }

    /// A table of answers: an object for each row, its columns as names.
    fn rows(&mut self, name: &str, all: &[Value], depth: usize) {
        if depth > 1 || all.len() > ROWS_MAX {
            return self.fault(name, "too-many", "There are more rows here than the table takes.");
        }
        for (at, row) in all.iter().enumerate() {
            for (column, value) in row.as_object().into_iter().flatten() {
                if column.contains('.') || column.is_empty() || value.is_object() || value.is_array() {
                    self.fault(name, "unknown-field", "A row has columns with plain values.");
                } else {
                    self.take(&cell_name(name, at + 1, column), value, DEPTH_MAX);
                }
            }
        }
    }

    fn put(&mut self, name: &str, values: Vec<String>) {
        self.values += values.len() + 1;
        self.raw.insert(name.to_owned(), values);
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("yes".into()),
        Value::Bool(false) => Some("no".into()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Raw, Vec<Fault>> {
        raw(value.as_object().unwrap(), "answers.")
    }

    #[test]
    fn json_becomes_what_a_form_would_have_sent() {
        let sent =
            json!({"window": {"start": {"date": "2026-12-01", "time": "06:00"}}, "items": ["A", "B"], "generator": true, "ups_minutes": 30, "why": null});
        let found = read(sent).unwrap();
        assert_eq!(found["window.start.date"], ["2026-12-01"]);
        assert_eq!(found["items"], ["A", "B"]);
        assert_eq!(found["generator"], ["yes"]);
        assert_eq!(found["ups_minutes"], ["30"]);
        assert!(found["why"].is_empty());
    }

    #[test]
    fn rows_are_objects_in_a_list() {
        let found = read(json!({"rules": [{"source": "10.0.0.1", "logging": true}, {"source": "10.0.0.2", "ports": null}]})).unwrap();
        assert_eq!((found["rules.1.source"].as_slice(), found["rules.2.source"].as_slice()), (&["10.0.0.1".to_owned()][..], &["10.0.0.2".to_owned()][..]));
        assert_eq!(found["rules.1.logging"], ["yes"]);
        assert!(found["rules.2.ports"].is_empty());
        for strange in [json!({"rules": [{"source": {"a": "b"}}]}), json!({"rules": [{"source": "x"}, "y"]}), json!({"a": {"rules": [{"b": "c"}]}})] {
            assert!(read(strange.clone()).is_err(), "{strange}");
        }
    }

    #[test]
    fn what_no_form_can_send_is_refused_where_it_stands() {
        let faults = read(json!({"window.start": "x", "items": [["A"]], "title": "a\u{0}b"})).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|f| (f.field.as_deref().unwrap(), f.code)).collect();
        assert!(fields.contains(&("answers.window.start", "unknown-field")), "{fields:?}");
        assert!(fields.contains(&("answers.items", "not-a-value")), "{fields:?}");
        assert!(fields.contains(&("answers.title", "null-character")), "{fields:?}");
    }

    #[test]
    fn tags_are_read_as_they_were_written() {
        assert_eq!(read_tag(&tag(4, None)), Some((4, None)));
        assert_eq!(read_tag(&tag(1, Some(3))), Some((1, Some(3))));
        for strange in ["4", "W/\"4\"", "\"04\"", "\"4\", \"5\"", "\"\"", "\"a\""] {
            assert_eq!(read_tag(strange), None, "{strange}");
        }
    }
}
