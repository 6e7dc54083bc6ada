//! Drafts as they were typed, files, and who watches what. None of it is in the log: a draft answer becomes part of
//! the record when the change is sent (settled 20).

use crate::sql::statements;
use crate::{StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::form::Raw;

statements! {
    GET_DRAFT = "select rev, raw, saved_at, saved_by from drafts where change_id = $1";
    PUT_DRAFT = "insert into drafts(change_id, rev, raw, saved_at, saved_by) values ($1, 1, $2, $3, $4)
        on conflict (change_id) do update set rev = drafts.rev + 1, raw = excluded.raw, saved_at = excluded.saved_at, saved_by = excluded.saved_by
        returning rev";
    WATCH = "insert into watchers(change_id, person_id, since) values ($1, $2, $3) on conflict (change_id, person_id) do nothing";
    UNWATCH = "delete from watchers where change_id = $1 and person_id = $2";
    WATCHERS = "select person_id from watchers where change_id = $1 order by person_id";
    PUT_FILE = "insert into files(id, change_id, name, bytes, sha256, content, stored_at, stored_by) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    FILE_META = "select id, name, bytes, sha256 from files where change_id = $1 order by id";
    FILE_CONTENT = "select name, sha256, content from files where change_id = $1 and id = $2";
    LOOK = "insert into looked(person_id, at, before) values ($1, $2, $2)
        on conflict (person_id) do update set before = looked.at, at = excluded.at where looked.at < $3";
}

/// A draft as it was last saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Counts the saves; part of the ETag.
    pub rev: i64,
    pub raw: Raw,
    /// Microseconds since 1970, UTC.
    pub saved_at: i64,
    pub saved_by: i64,
}

/// The draft of a change, if anything was ever typed.
pub fn draft(tx: &mut dyn Tx, change_id: i64) -> Result<Option<Draft>, StoreError> {
    let row = tx.maybe_one(GET_DRAFT, values![change_id], |row| Ok((row.int(0)?, row.text(1)?, row.int(2)?, row.int(3)?)))?;
    row.map(|(rev, raw, saved_at, saved_by)| {
        let raw = serde_json::from_str(&raw).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
        Ok(Draft { rev, raw, saved_at, saved_by })
    })
    .transpose()
}

/// Saves what was typed, exactly; answers the new revision.
pub fn save_draft(tx: &mut dyn Tx, change_id: i64, raw: &Raw, at: Timestamp, by: i64) -> Result<i64, StoreError> {
    let json = serde_json::to_string(raw).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    tx.one(PUT_DRAFT, values![change_id, json, at.as_microsecond(), by], |row| row.int(0))
}

/// Watches a change; doing it twice is the same.
pub fn watch(tx: &mut dyn Tx, change_id: i64, person_id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(WATCH, values![change_id, person_id, at.as_microsecond()]).map(drop)
}

/// Stops watching.
pub fn unwatch(tx: &mut dyn Tx, change_id: i64, person_id: i64) -> Result<(), StoreError> {
    tx.exec(UNWATCH, values![change_id, person_id]).map(drop)
}

/// Who watches. Whether each may still see the change is asked when they are told (S20).
pub fn watchers(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(WATCHERS, values![change_id], |row| row.int(0))
}

/// A stored file without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    pub id: i64,
    pub name: String,
    pub bytes: i64,
    pub sha256: String,
}

/// A file to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub meta: FileMeta,
    pub change_id: i64,
    pub content: Vec<u8>,
    pub stored_by: i64,
}

/// Stores the bytes; the event `Attached` binds name, size and hash.
pub fn put_file(tx: &mut dyn Tx, file: &NewFile, at: Timestamp) -> Result<(), StoreError> {
    let FileMeta { id, name, bytes, sha256 } = &file.meta;
    tx.exec(PUT_FILE, values![*id, file.change_id, name, *bytes, sha256, file.content.as_slice(), at.as_microsecond(), file.stored_by]).map(drop)
}

/// The files of a change.
pub fn files(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<FileMeta>, StoreError> {
    tx.all(FILE_META, values![change_id], |row| Ok(FileMeta { id: row.int(0)?, name: row.text(1)?, bytes: row.int(2)?, sha256: row.text(3)? }))
}

/// Name, hash and bytes of a file of this change: both ids have to fit (S07, S48).
pub fn file(tx: &mut dyn Tx, change_id: i64, id: i64) -> Result<Option<(String, String, Vec<u8>)>, StoreError> {
    tx.maybe_one(FILE_CONTENT, values![change_id, id], |row| Ok((row.text(0)?, row.text(1)?, row.bytes(2)?)))
}

/// Notes that somebody opened Today. Looks within an hour are one.
pub fn look(tx: &mut dyn Tx, person_id: i64, at: Timestamp) -> Result<(), StoreError> {
    let hour = 3_600_000_000;
    tx.exec(LOOK, values![person_id, at.as_microsecond(), at.as_microsecond() - hour]).map(drop)
}
