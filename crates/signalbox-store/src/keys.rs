//! The key with which this site signs what it gives out. It is made on first use and never leaves the store.

use crate::sql::statements;
use crate::{StoreError, Tx, values};
use jiff::Timestamp;

statements! {
    GET = "select seed, public from site_keys where id = 1";
    PUT = "insert into site_keys(id, seed, public, made_at) values (1, $1, $2, $3) on conflict (id) do nothing";
}

/// The seed and the public half, in hexadecimal.
pub fn site_key(tx: &mut dyn Tx) -> Result<Option<(String, String)>, StoreError> {
    tx.maybe_one(GET, &[], |row| Ok((row.text(0)?, row.text(1)?)))
}

/// Keeps a key, unless there is one; answers the one that stands.
pub fn keep_site_key(tx: &mut dyn Tx, seed: &str, public: &str, at: Timestamp) -> Result<(String, String), StoreError> {
    tx.exec(PUT, values![seed, public, at.as_microsecond()])?;
    Ok(site_key(tx)?.unwrap_or_else(|| (seed.to_owned(), public.to_owned())))
}
