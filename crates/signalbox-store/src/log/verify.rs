//! Checks the log against itself: the chain, the numbers, the versions, the head, and an anchor.

use std::collections::HashMap;
use std::fmt;

use super::{Head, StoredEvent, Stream, chain_hash, read_after, read_head};
use crate::StoreError;
use crate::engine::Tx;

/// What a check of the log found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// This event isn't what was written, or does not follow from the one before.
    Altered { seq: i64 },
    /// These events are gone.
    Missing { from: i64, to: i64 },
    /// A number outside 1, 2, 3…
    OutOfPlace { seq: i64 },
    /// A change's versions don't run 1, 2, 3…
    Version { seq: i64, change_id: i64, expected: i64, found: i64 },
    /// The payload isn't a JSON object.
    Unreadable { seq: i64 },
    /// The head counts another number of events.
    HeadCount { head: i64, found: i64 },
    /// The head's hash isn't the last event's.
    HeadHash,
    /// The anchor is no event's hash: the log was cut before it, or written anew.
    NoAnchor { anchor: String },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { seq } => write!(f, "event {seq} was altered, moved or inserted"),
            Self::Missing { from, to } if from == to => write!(f, "event {from} is missing"),
            Self::Missing { from, to } => write!(f, "events {from} to {to} are missing"),
            Self::OutOfPlace { seq } => write!(f, "event {seq} is out of place"),
            Self::Version { seq, change_id, expected, found } => {
                write!(f, "event {seq} has version {found} of change {change_id}, where {expected} is next")
            }
            Self::Unreadable { seq } => {
                write!(f, "the payload of event {seq} is not a JSON object")
            }
            Self::HeadCount { head, found } => {
                write!(f, "the head counts {head} events, the log has {found}")
            }
            Self::HeadHash => write!(f, "the head's hash is not that of the last event"),
            Self::NoAnchor { anchor } => write!(f, "no event has the anchor {anchor}"),
        }
    }
}

/// Checks the whole log and lists all that is wrong. `progress` is told how many events are done, of how many.
pub fn verify(tx: &mut dyn Tx, anchor: Option<&str>, progress: &mut dyn FnMut(i64, i64)) -> Result<Vec<Finding>, StoreError> {
    const PAGE: i64 = 1000;
    let head = read_head(tx)?;
    let mut check = Check { anchor, ..Check::default() };
    let mut after = i64::MIN;
    loop {
        let page = read_after(tx, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        page.iter().for_each(|stored| check.take(stored));
        progress(check.count, head.count);
    }
    Ok(check.finish(&head))
}

#[derive(Default)]
struct Check<'a> {
    anchor: Option<&'a str>,
    anchor_found: bool,
    findings: Vec<Finding>,
    count: i64,
    last_seq: i64,
    last_hash: String,
    versions: HashMap<i64, i64>,
}

impl Check<'_> {
    fn take(&mut self, stored: &StoredEvent) {
        let StoredEvent { seq, hash, event } = stored;
        let expected = self.last_seq + 1;
        if *seq < 1 {
            self.findings.push(Finding::OutOfPlace { seq: *seq });
            return;
        }
        if *seq > expected {
            // The hash of this one can't be checked: it follows from one that is gone.
            self.findings.push(Finding::Missing { from: expected, to: seq - 1 });
        } else if *hash != chain_hash(&self.last_hash, *seq, event) {
            self.findings.push(Finding::Altered { seq: *seq });
        }
        if event.stream == Stream::Change {
            let version = self.versions.entry(event.change_id).or_default();
            if event.version != *version + 1 {
                self.findings.push(Finding::Version { seq: *seq, change_id: event.change_id, expected: *version + 1, found: event.version });
            }
            *version = event.version;
        }
        if !serde_json::from_str::<serde_json::Value>(&event.payload).is_ok_and(|it| it.is_object()) {
            self.findings.push(Finding::Unreadable { seq: *seq });
        }
        self.anchor_found |= self.anchor == Some(hash);
        self.count += 1;
        self.last_seq = *seq;
        self.last_hash.clone_from(hash);
    }

    fn finish(mut self, head: &Head) -> Vec<Finding> {
        if head.count != self.count {
            self.findings.push(Finding::HeadCount { head: head.count, found: self.count });
        }
        if head.hash != self.last_hash {
            self.findings.push(Finding::HeadHash);
        }
        if let Some(anchor) = self.anchor
            && !self.anchor_found
        {
            self.findings.push(Finding::NoAnchor { anchor: anchor.to_owned() });
        }
        self.findings
    }
}
