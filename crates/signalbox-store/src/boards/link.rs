//! Links in letters that open one decision: for one person, one change, one content, once, for a time (S42, C044).

use crate::accounts::TokenHash;
use crate::directory::{Act, record_directory_event};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;

/// A link. Its secret is in the letter only; here is its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionLink {
    pub token_hash: TokenHash,
    pub person_id: i64,
    pub change_id: i64,
    /// The content that it decides on.
    pub content: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

statements! {
    ADD = "insert into decision_links (token_hash, person_id, change_id, content, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    ONE = "select person_id, change_id, content, created_at, expires_at, used_at from decision_links where token_hash = $1";
    USE = "update decision_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2";
    GIVE_BACK = "update decision_links set used_at = null where token_hash = $1";
    SWEEP = "delete from decision_links where expires_at < $1";
    CHECKED = "select person_id from decision_checks where person_id = $1";
    CHECK = "insert into decision_checks (person_id) values ($1) on conflict (person_id) do nothing";
    UNCHECK = "delete from decision_checks where person_id = $1";
}

/// Keeps a link, before its letter is sent.
pub fn add_decision_link(tx: &mut dyn Tx, link: &DecisionLink) -> Result<(), StoreError> {
    let (created, expires) = (link.created_at.as_microsecond(), link.expires_at.as_microsecond());
    tx.exec(ADD, values![&link.token_hash[..], link.person_id, link.change_id, &link.content, created, expires])?;
    Ok(())
}

/// The link of this secret, used or not, unless it is out of date.
pub fn decision_link(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<Option<DecisionLink>, StoreError> {
    let found = tx.maybe_one(ONE, values![&token_hash[..]], |row| {
        Ok(DecisionLink {
            token_hash: *token_hash,
            person_id: row.int(0)?,
            change_id: row.int(1)?,
            content: row.text(2)?,
            created_at: time(row, 3)?,
            expires_at: time(row, 4)?,
            used_at: opt_time(row, 5)?,
        })
    })?;
    Ok(found.filter(|link| link.expires_at > now))
}

/// Uses it up; `false` if somebody was first.
pub fn use_decision_link(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(USE, values![&token_hash[..], now.as_microsecond()])? == 1)
}

/// What it was used for was refused: it may be used again.
pub fn give_back_decision_link(tx: &mut dyn Tx, token_hash: &TokenHash) -> Result<(), StoreError> {
    tx.exec(GIVE_BACK, values![&token_hash[..]])?;
    Ok(())
}

/// Forgets links that ran out before a moment.
pub fn sweep_decision_links(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(SWEEP, values![before.as_microsecond()])
}

/// Whether the person wants their password asked for at every decision by mail (C051).
pub fn is_rechecked(tx: &mut dyn Tx, person: i64) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(CHECKED, values![person], |_| Ok(()))?.is_some())
}

/// Sets that.
pub fn set_recheck(tx: &mut dyn Tx, act: &Act, person: i64, is_asked: bool) -> Result<(), StoreError> {
    tx.exec(if is_asked { CHECK } else { UNCHECK }, values![person])?;
    record_directory_event(tx, act, "DecisionCheckSet", person, &json!({"asked": is_asked}))
}
