//! Which change is the record of which deployment, by the name that the pipeline gave it. Kept for itself: the log says
//! what happened to the change, this only by what name it is found again.

use crate::sql::statements;
use crate::{StoreError, Tx, values};

statements! {
    FIND = "select change_id from deployments where org_id = $1 and external_id = $2";
    PUT = "insert into deployments (org_id, external_id, change_id) values ($1, $2, $3)";
}

/// The change of a deployment, if it was told of.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut dyn Tx, org_id: i64, external_id: &str) -> Result<Option<i64>, StoreError> {
    tx.maybe_one(FIND, values![org_id, external_id], |row| row.int(0))
}

/// Remembers it.
///
/// # Errors
/// [`StoreError::Duplicate`] for one that is known already, and the store's.
pub fn put(tx: &mut dyn Tx, org_id: i64, external_id: &str, change_id: i64) -> Result<(), StoreError> {
    tx.exec(PUT, values![org_id, external_id, change_id]).map(drop)
}
