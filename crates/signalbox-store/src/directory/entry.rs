//! Entries of the catalogue that somebody looked at again after they were suspended (spec 4.5, X13).

use super::{Act, Answer, Refused, record_directory_event};
use crate::page::time;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;

/// One look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub id: i64,
    /// The entry's id in the document.
    pub entry: String,
    pub at: Timestamp,
    pub by: Option<i64>,
    /// What was found and put right.
    pub words: String,
}

statements! {
    ALL = "select id, entry, at, by, words from entry_looks order by at, id";
    INSERT = "insert into entry_looks (id, entry, at, by, words) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
}

/// Every look there was, in the order of time.
pub fn looks(tx: &mut dyn Tx) -> Result<Vec<Look>, StoreError> {
    tx.all(ALL, &[], |row: &dyn Row| Ok(Look { id: row.int(0)?, entry: row.text(1)?, at: time(row, 2)?, by: row.opt_int(3)?, words: row.text(4)? }))
}

/// Lets a suspended entry be asked for again; who and when come from `act`. False if that was done already, under this id.
pub fn look_again(tx: &mut dyn Tx, act: &Act, id: i64, entry: &str, words: &str) -> Answer<bool> {
    if words.trim().is_empty() {
        return Ok(Err(Refused::Invalid("words")));
    }
    if tx.exec(INSERT, values![id, entry, act.at.as_microsecond(), act.by, words.trim()])? == 0 {
        return Ok(Ok(false));
    }
    // The words are free text and stay out of the event (settled 20).
    record_directory_event(tx, act, "EntryLookedAt", id, &json!({"entry": entry}))?;
    Ok(Ok(true))
}
