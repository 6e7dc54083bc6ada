//! Who gets public notices by mail: an address, confirmed by a link, with one service or all and one site or all.

use jiff::Timestamp;

use crate::accounts::{TokenHash, normal_email};
use crate::page::opt_time;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    ASK = "insert into public_subscribers (id, email, service_id, site_id, asked_at) values ($1, $2, $3, $4, $5)
        on conflict (email, service_id, site_id) do update set asked_at = excluded.asked_at returning id";
    GET = "select id, email, service_id, site_id, confirmed_at from public_subscribers where id = $1";
    BY_TOKEN = "select id, email, service_id, site_id, confirmed_at from public_subscribers where token_hash = $1 and asked_at > $2";
    SET_TOKEN = "update public_subscribers set token_hash = $2 where id = $1";
    CONFIRM = "update public_subscribers set confirmed_at = coalesce(confirmed_at, $2), token_hash = null where id = $1";
    /// Whoever wants no more letters wants none for another of their wishes either.
    LEAVE = "delete from public_subscribers where email = (select s.email from public_subscribers s where s.id = $1)";
    FORGET = "delete from public_subscribers where confirmed_at is null and asked_at < $1";
    /// One row for each address, however many of its wishes a notice meets.
    MATCHING = "select min(s.id) from public_subscribers s where s.confirmed_at is not null
        and (s.service_id = 0 or exists (select 1 from public_notice_services n where n.notice_id = $1 and n.service_id = s.service_id))
        and (s.site_id = 0 or exists (select 1 from public_notice_sites n where n.notice_id = $1 and n.site_id = s.site_id))
        group by s.email order by min(s.id)";
}

/// An address and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    pub id: i64,
    pub email: String,
    /// `None`: every one.
    pub service: Option<i64>,
    pub site: Option<i64>,
    pub confirmed_at: Option<Timestamp>,
}

fn read(row: &dyn Row) -> Result<Subscriber, StoreError> {
    let some = |id: i64| (id != 0).then_some(id);
    Ok(Subscriber { id: row.int(0)?, email: row.text(1)?, service: some(row.int(2)?), site: some(row.int(3)?), confirmed_at: opt_time(row, 4)? })
}

/// Writes down that an address asked; the same wish again is the same row. Its id.
///
/// # Errors
/// The store's.
pub fn ask(tx: &mut dyn Tx, id: i64, email: &str, service: Option<i64>, site: Option<i64>, at: Timestamp) -> Result<i64, StoreError> {
    tx.one(ASK, values![id, normal_email(email), service.unwrap_or(0), site.unwrap_or(0), at.as_microsecond()], |row| row.int(0))
}

/// The subscriber with this id.
///
/// # Errors
/// The store's.
pub fn subscriber(tx: &mut dyn Tx, id: i64) -> Result<Option<Subscriber>, StoreError> {
    tx.maybe_one(GET, values![id], read)
}

/// Keeps the hash of the link that confirms; the one before opens nothing any more.
///
/// # Errors
/// The store's.
pub fn set_token(tx: &mut dyn Tx, id: i64, hash: &TokenHash) -> Result<(), StoreError> {
    tx.exec(SET_TOKEN, values![id, hash.to_vec()]).map(drop)
}

/// Whose link this is, if it was asked for after `since`; with `at` it is confirmed, and the link used up.
///
/// # Errors
/// The store's.
pub fn confirm(tx: &mut dyn Tx, hash: &TokenHash, since: Timestamp, at: Option<Timestamp>) -> Result<Option<Subscriber>, StoreError> {
    let found = tx.maybe_one(BY_TOKEN, values![hash.to_vec(), since.as_microsecond()], read)?;
    if let (Some(found), Some(at)) = (&found, at) {
        tx.exec(CONFIRM, values![found.id, at.as_microsecond()])?;
    }
    Ok(found)
}

/// Forgets the address of a subscriber, with all that it asked for.
///
/// # Errors
/// The store's.
pub fn leave(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec(LEAVE, values![id]).map(drop)
}

/// Forgets who never confirmed; how many.
///
/// # Errors
/// The store's.
pub fn forget_unconfirmed(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(FORGET, values![before.as_microsecond()])
}

/// Who is told of a notice: one row for each address.
///
/// # Errors
/// The store's.
pub fn matching(tx: &mut dyn Tx, notice: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(MATCHING, values![notice], |row| row.int(0))
}
