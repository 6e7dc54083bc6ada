//! Many stretches of time, to be asked which of them share time with another.

use super::{External, Freeze, Maintenance, Span};
use jiff::Timestamp;

/// Something that lasts.
pub(super) trait Lasts {
    fn span(&self) -> Span;
}

impl Lasts for Freeze {
    fn span(&self) -> Span {
        self.span
    }
}

impl Lasts for Maintenance {
    fn span(&self) -> Span {
        self.span
    }
}

impl Lasts for External {
    fn span(&self) -> Span {
        self.span
    }
}

/// By their starts, each with the latest end up to there, so that a search backwards knows where to stop.
#[derive(Clone, Debug)]
pub(super) struct Timeline<T> {
    rows: Vec<T>,
    latest: Vec<Timestamp>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Timeline<T> {
        Timeline { rows: vec![], latest: vec![] }
    }
}

impl<T: Lasts> Timeline<T> {
    pub fn new(mut rows: Vec<T>) -> Timeline<T> {
        rows.sort_by_key(|row| (row.span().from, row.span().until));
        let mut latest = Vec::with_capacity(rows.len());
        for row in &rows {
            let before = latest.last().copied().unwrap_or(Timestamp::MIN);
            latest.push(row.span().until.max(before));
        }
        Timeline { rows, latest }
    }

    /// The first to start.
    pub fn first(&self) -> Option<&T> {
        self.rows.first()
    }

    /// What shares time with a span, the last to start first.
    pub fn within(&self, span: Span) -> impl Iterator<Item = &T> {
        let end = self.rows.partition_point(|row| row.span().from < span.until);
        let reaches = move |(_, latest): &(&T, &Timestamp)| **latest > span.from;
        let back = self.rows[..end].iter().zip(&self.latest[..end]).rev().take_while(reaches);
        back.map(|(row, _)| row).filter(move |row| row.span().until > span.from)
    }
}
