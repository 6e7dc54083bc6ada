//! Process documents, kept by the hash of their text. A change names the hash it began under, so a
//! document that was ever used is never altered and never goes.

pub mod proposals;

use crate::engine::{Row, Tx};
use crate::sql::statements;
use crate::{StoreError, values};

statements! {
    PUT = "insert into documents(hash, id, version, title, source, stored_at)
        values ($1, $2, $3, $4, $5, $6) on conflict (hash) do nothing";
    BY_HASH = "select hash, id, version, title, source, stored_at from documents where hash = $1";
}

/// A process document as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// The hash that changes are pinned to: of the text, and of what it is based on.
    pub hash: String,
    pub id: String,
    pub version: i64,
    pub title: String,
    /// A JSON list: the Markdown, whole, then that of each document it is based on, nearest first.
    pub source: String,
    /// Microseconds since 1970, UTC.
    pub stored_at: i64,
}

/// Keeps a document under its hash. One that is there already stays as it is.
pub fn put_document(tx: &mut dyn Tx, hash: &str, id: &str, version: i64, title: &str, source: &str, at: i64) -> Result<(), StoreError> {
    tx.exec(PUT, values![hash, id, version, title, source, at]).map(drop)
}

/// The document with this hash.
pub fn load_document(tx: &mut dyn Tx, hash: &str) -> Result<Option<StoredDocument>, StoreError> {
    tx.maybe_one(BY_HASH, values![hash], read_document)
}

fn read_document(row: &dyn Row) -> Result<StoredDocument, StoreError> {
    Ok(StoredDocument { hash: row.text(0)?, id: row.text(1)?, version: row.int(2)?, title: row.text(3)?, source: row.text(4)?, stored_at: row.int(5)? })
}
