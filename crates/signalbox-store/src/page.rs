//! One page of a list, by keyset: the same shape for every list of the store.

use crate::{Row, StoreError};
use jiff::Timestamp;

/// Where a page ended, so that the next one can begin there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The sorted text of the last row.
    pub sort: String,
    /// Its id, which breaks ties.
    pub id: i64,
}

/// What part of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Rows after this one; from the top when absent.
    pub after: Option<Cursor>,
    /// Only rows that contain this text, whatever its capitals. Empty: all.
    pub filter: String,
    /// At most this many rows; 0 means the default of 50, and 500 is the most.
    pub limit: u16,
}

/// One page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where to go on, if there is more.
    pub next: Option<Cursor>,
}

impl Page {
    pub(crate) fn limit(&self) -> i64 {
        match self.limit {
            0 => 50,
            n => i64::from(n.min(500)),
        }
    }

    /// The first text and id to come after. Ids may be any number, so the top is the least.
    pub(crate) fn start(&self) -> (String, i64) {
        match &self.after {
            Some(c) => (c.sort.clone(), c.id),
            None => (String::new(), i64::MIN),
        }
    }

    /// The filter as a LIKE pattern with `\` as its escape, so that `%` and `_` mean themselves.
    pub(crate) fn pattern(&self) -> String {
        let mut out = String::from("%");
        // PostgreSQL takes no NUL in text, and no list holds a control sign.
        for c in self.filter.trim().to_lowercase().chars().filter(|c| !c.is_control()) {
            if matches!(c, '%' | '_' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        if out.len() > 1 {
            out.push('%');
        }
        out
    }

    /// Turns limit + 1 rows read with their sorted text into a page.
    pub(crate) fn listed<T>(&self, mut rows: Vec<(Cursor, T)>) -> Listed<T> {
        let limit = self.limit() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|(c, _)| c.clone()) } else { None };
        Listed { items: rows.into_iter().map(|(_, t)| t).collect(), next }
    }
}

/// The text by which rows are sorted and found. Folded here and not in SQL, because the
/// engines differ on capitals outside ASCII.
pub(crate) fn found_by(parts: &[&str]) -> String {
    parts.join("\n").to_lowercase()
}

/// A point in time, as stored.
pub(crate) fn time(row: &dyn Row, column: usize) -> Result<Timestamp, StoreError> {
    instant(row.int(column)?)
}

/// A point in time that may be absent.
pub(crate) fn opt_time(row: &dyn Row, column: usize) -> Result<Option<Timestamp>, StoreError> {
    row.opt_int(column)?.map(instant).transpose()
}

fn instant(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| StoreError::Corrupt(format!("{micros} is no time: {e}")))
}
