//! The event log: the only truth, kept as one chain per database (settled 19).
//!
//! # The chain
//!
//! Events are numbered 1, 2, 3… without a gap (`seq`). The hash of an event is the SHA-256, in lower-case hex, of ten
//! fields one after the other:
//!
//! hash of the event before (empty for the first) · seq · id · stream · change_id · version · type · schema ·
//! at · payload
//!
//! Each field is a netstring: its length in bytes as a decimal, a colon, its bytes in UTF-8, a comma. Numbers are decimals
//! without leading zeros. So no field can run into the next, and a verifier is a few lines in any language:
//!
//! ```python
//! fields = [before, seq, id, stream, change_id, version, type, schema, at, payload]
//! parts = [str(field).encode() for field in fields]
//! hash = sha256(b"".join(b"%d:%s," % (len(part), part) for part in parts)).hexdigest()
//! ```
//!
//! The columns are hashed with the payload, so neither can be changed alone. The head (count and last
//! hash) stands in a row of its own. Who can rewrite events and head together is found out only by an anchor: a hash
//! that was printed or mailed before.

mod verify;

use sha2::{Digest, Sha256};

use crate::engine::{Row, Tx};
use crate::sql::statements;
use crate::{StoreError, values};

pub use verify::{Finding, verify};

statements! {
    /// One text for both databases: an update takes the row lock, where SQLite has no `for update`.
    LOCK_HEAD = "update log_head set count = count where one = 1 returning count, hash";
    READ_HEAD = "select count, hash from log_head where one = 1";
    MOVE_HEAD = "update log_head set count = $1, hash = $2 where one = 1";
    VERSION = "select coalesce(max(version), 0) from events where stream = 'change' and change_id = $1";
    INSERT_EVENT = "insert into events(seq, id, stream, change_id, version, type, schema, at, payload, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    OF_CHANGE = "select seq, id, stream, change_id, version, type, schema, at, payload, hash
        from events where stream = 'change' and change_id = $1 order by version";
    AFTER = "select seq, id, stream, change_id, version, type, schema, at, payload, hash
        from events where seq > $1 order by seq limit $2";
    TAKE_REFERENCE = "insert into counters(prefix, year, next) values ($1, $2, 2)
        on conflict (prefix, year) do update set next = counters.next + 1 returning next - 1";
    FIND_ANSWER = "select request_hash, status, headers, body from idempotency where actor = $1 and key = $2";
    SAVE_ANSWER = "insert into idempotency(actor, key, request_hash, status, headers, body, at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    FORGET_ANSWERS = "delete from idempotency where at < $1";
    PUT_TEXT = "insert into texts(id, change_id, salt, body) values ($1, $2, $3, $4)";
    ERASE_TEXT = "update texts set salt = null, body = null, erased_at = $2 where id = $1 and erased_at is null";
    LOAD_TEXTS = "select id, salt, body, erased_at from texts where change_id = $1 order by id";
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// One change; its versions run 1, 2, 3…
    Change,
    /// People, organisations and what else the directory holds. `change_id` is the subject's id, and
    /// nothing counts versions.
    Directory,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Directory => "directory",
        }
    }
}

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub id: i64,
    pub stream: Stream,
    pub change_id: i64,
    pub version: i64,
    /// The type, in the past tense.
    pub kind: String,
    /// The version of the payload's shape.
    pub schema: i64,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    /// JSON: the actor, the time and all else.
    pub payload: String,
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub seq: i64,
    pub hash: String,
    pub event: NewEvent,
}

/// The end of the log. Who got it from [`lock_head`] is alone in appending until the transaction ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    count: i64,
    hash: String,
}

impl Head {
    /// How many events there are, which is the last one's number too.
    pub fn count(&self) -> i64 {
        self.count
    }

    /// The hash of the last event; an anchor.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Takes the lock of the log's head. A writing transaction does this first and reads its facts after, so
/// that it has seen every event before its own (settled 20).
pub fn lock_head(tx: &mut dyn Tx) -> Result<Head, StoreError> {
    tx.one(LOCK_HEAD, &[], read_head_row)
}

/// Where the log ends now, without a lock: to follow it, or to print an anchor.
pub fn read_head(tx: &mut dyn Tx) -> Result<Head, StoreError> {
    tx.one(READ_HEAD, &[], read_head_row)
}

fn read_head_row(row: &dyn Row) -> Result<Head, StoreError> {
    Ok(Head { count: row.int(0)?, hash: row.text(1)? })
}

/// Appends events of one subject and answers their numbers. For a change, `expected_version` is the version that
/// the writer decided upon; if the change has moved on, this is a [`StoreError::Conflict`].
pub fn append(tx: &mut dyn Tx, head: &mut Head, expected_version: i64, events: &[NewEvent]) -> Result<Vec<i64>, StoreError> {
    let Some(first) = events.first() else {
        return Ok(Vec::new());
    };
    if first.stream == Stream::Change {
        let found = tx.one(VERSION, values![first.change_id], |row| row.int(0))?;
        if found != expected_version {
            return Err(StoreError::Conflict { expected: expected_version, found });
        }
    }
    let mut seqs = Vec::with_capacity(events.len());
    for (event, version) in events.iter().zip(expected_version + 1..) {
        if (event.stream, event.change_id) != (first.stream, first.change_id) {
            return Err(StoreError::Constraint("one append is about one subject".into()));
        }
        if event.stream == Stream::Change && event.version != version {
            return Err(StoreError::Constraint(format!("version {} comes after {}", event.version, version - 1)));
        }
        head.count += 1;
        head.hash = chain_hash(&head.hash, head.count, event);
        tx.exec(
            INSERT_EVENT,
            values![head.count, event.id, event.stream.name(), event.change_id, event.version, &event.kind, event.schema, event.at, &event.payload, &head.hash],
        )?;
        seqs.push(head.count);
    }
    tx.exec(MOVE_HEAD, values![head.count, &head.hash])?;
    Ok(seqs)
}

/// The hash of an event, given the one before; the module's text says how it is made.
pub fn chain_hash(before: &str, seq: i64, event: &NewEvent) -> String {
    let number = |it: i64| it.to_string();
    let fields = [
        before,
        &number(seq),
        &number(event.id),
        event.stream.name(),
        &number(event.change_id),
        &number(event.version),
        &event.kind,
        &number(event.schema),
        &number(event.at),
        &event.payload,
    ];
    let mut sha = Sha256::new();
    for field in fields {
        sha.update(format!("{}:", field.len()));
        sha.update(field);
        sha.update(",");
    }
    format!("{:x}", sha.finalize())
}

/// The events of one change, in order.
pub fn read_change(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<StoredEvent>, StoreError> {
    tx.all(OF_CHANGE, values![change_id], read_event)
}

/// The next events after a number, of both streams: to follow the log, and to rebuild from it.
pub fn read_after(tx: &mut dyn Tx, seq: i64, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
    tx.all(AFTER, values![seq, limit], read_event)
}

fn read_event(row: &dyn Row) -> Result<StoredEvent, StoreError> {
    let stream = match row.text(2)?.as_str() {
        "change" => Stream::Change,
        "directory" => Stream::Directory,
        other => {
            return Err(StoreError::Corrupt(format!("an event of the stream {other:?}")));
        }
    };
    Ok(StoredEvent {
        seq: row.int(0)?,
        hash: row.text(9)?,
        event: NewEvent {
            id: row.int(1)?,
            stream,
            change_id: row.int(3)?,
            version: row.int(4)?,
            kind: row.text(5)?,
            schema: row.int(6)?,
            at: row.int(7)?,
            payload: row.text(8)?,
        },
    })
}

/// The next number of this prefix and year. Its row stays locked until the transaction ends, and an undone
/// transaction gives the number back, so there is no gap (settled 7).
pub fn take_reference(tx: &mut dyn Tx, prefix: &str, year: i64) -> Result<i64, StoreError> {
    tx.one(TAKE_REFERENCE, values![prefix, year], |row| row.int(0))
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAnswer {
    /// Of the request; another request under the same key is refused (reliability.md, R4).
    pub request_hash: String,
    pub status: i64,
    pub headers: String,
    pub body: String,
}

/// The answer that this actor got under this key. Ask after [`lock_head`]: of two requests that arrive at
/// once, the second then finds the first one's answer.
pub fn find_answer(tx: &mut dyn Tx, actor: i64, key: &str) -> Result<Option<SavedAnswer>, StoreError> {
    tx.maybe_one(FIND_ANSWER, values![actor, key], |row| {
        Ok(SavedAnswer { request_hash: row.text(0)?, status: row.int(1)?, headers: row.text(2)?, body: row.text(3)? })
    })
}

/// Keeps an answer, in the transaction of its effect.
pub fn save_answer(tx: &mut dyn Tx, actor: i64, key: &str, answer: &SavedAnswer, at: i64) -> Result<(), StoreError> {
    let SavedAnswer { request_hash, status, headers, body } = answer;
    tx.exec(SAVE_ANSWER, values![actor, key, request_hash, *status, headers, body, at])?;
    Ok(())
}

/// Drops the answers given before this time, and says how many.
pub fn forget_answers(tx: &mut dyn Tx, before: i64) -> Result<u64, StoreError> {
    tx.exec(FORGET_ANSWERS, values![before])
}

/// Free text of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredText {
    pub id: i64,
    /// None once erased.
    pub body: Option<String>,
    /// As the event holds it; none once erased, since the salt is gone too.
    pub digest: Option<String>,
    pub erased_at: Option<i64>,
}

/// Keeps a text and answers the digest for the event. The salt is 16 random bytes, minted by the shell.
pub fn put_text(tx: &mut dyn Tx, id: i64, change_id: i64, salt: &[u8], body: &str) -> Result<String, StoreError> {
    tx.exec(PUT_TEXT, values![id, change_id, salt, body])?;
    Ok(text_digest(salt, body))
}

/// Blanks a text for good, with its salt: from the digest alone a short text can't be guessed. Says whether there was
/// something to erase. Rows that hold its words are made again by `project::rebuild`: an act writes only what it alters.
pub fn erase_text(tx: &mut dyn Tx, id: i64, at: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(ERASE_TEXT, values![id, at])? == 1)
}

/// The texts of a change.
pub fn load_texts(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<StoredText>, StoreError> {
    tx.all(LOAD_TEXTS, values![change_id], |row| {
        let (salt, body) = (row.opt_bytes(1)?, row.opt_text(2)?);
        let digest = salt.zip(body.as_deref()).map(|(salt, body)| text_digest(&salt, body));
        Ok(StoredText { id: row.int(0)?, body, digest, erased_at: row.opt_int(3)? })
    })
}

/// SHA-256 of salt and text, in hex.
fn text_digest(salt: &[u8], body: &str) -> String {
    format!("{:x}", Sha256::new().chain_update(salt).chain_update(body).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected hash was made by the Python lines in the module's text.
    #[test]
    fn the_hash_is_what_another_program_makes_of_it() {
        let event = NewEvent {
            id: 77,
            stream: Stream::Change,
            change_id: -5,
            version: 1,
            kind: "Submitted".into(),
            schema: 1,
            at: 1_795_000_000_000_000,
            payload: "{\"title\":\"Générateur, 5:x,\"}".into(),
        };
        assert_eq!(chain_hash("", 1, &event), "7046c02210cfa93f7c5d78b2f3abc91be107638dfe05abf117211c6b85136038");
        assert_eq!(
            chain_hash("7046c02210cfa93f7c5d78b2f3abc91be107638dfe05abf117211c6b85136038", 2, &event),
            "902cb17bc262f0ca9b8d4c10c02c932440bd35c232cc3330edb09b02898a9d17"
        );
    }
}
