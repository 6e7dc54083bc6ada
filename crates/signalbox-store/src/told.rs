//! Outages told by people without an account: what they told, whose it is to answer, and what became of it. The rows hold
//! names and telephone numbers, so they go once they have served.

use jiff::Timestamp;

use crate::accounts::{TokenHash, normal_email};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    ADD = "insert into told_outages (id, org_id, name, email, telephone, place, outage_type, what, lost, starts_at, ends_at, told_at, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '')";
    SET_TOKEN = "update told_outages set token_hash = $2 where id = $1 and confirmed_at is null";
    BY_TOKEN = "select id, org_id, name, email, telephone, place, outage_type, what, lost, starts_at, ends_at, told_at, confirmed_at, settled_at, change_id, reason
        from told_outages where token_hash = $1 and told_at > $2";
    CONFIRM = "update told_outages set confirmed_at = $2, token_hash = null where id = $1";
    GET = "select id, org_id, name, email, telephone, place, outage_type, what, lost, starts_at, ends_at, told_at, confirmed_at, settled_at, change_id, reason
        from told_outages where id = $1";
    WAITING = "select id, org_id, name, email, telephone, place, outage_type, what, lost, starts_at, ends_at, told_at, confirmed_at, settled_at, change_id, reason
        from told_outages where confirmed_at is not null and settled_at is null order by starts_at, id limit 500";
    SETTLE = "update told_outages set settled_at = $2, settled_by = $3, change_id = $4, reason = $5 where id = $1 and settled_at is null";
    FORGET = "delete from told_outages where (confirmed_at is null and told_at < $1) or settled_at < $1";
}

/// What somebody tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub name: String,
    pub email: String,
    pub telephone: String,
    /// The site, in their words.
    pub place: String,
    /// A code of the question `outage_type`.
    pub outage_type: String,
    pub what: String,
    /// What people will lose meanwhile; may be empty.
    pub lost: String,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// An outage that was told, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: i64,
    /// `None` where no organisation has the domain of the address.
    pub org_id: Option<i64>,
    pub words: Words,
    pub told_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub change_id: Option<i64>,
    /// Why no notice was made of it.
    pub reason: String,
}

impl Told {
    /// Its address is proved, and nobody has answered it.
    pub fn is_waiting(&self) -> bool {
        self.confirmed_at.is_some() && self.settled_at.is_none()
    }
}

fn read(row: &dyn Row) -> Result<Told, StoreError> {
    let words = Words {
        name: row.text(2)?,
        email: row.text(3)?,
        telephone: row.text(4)?,
        place: row.text(5)?,
        outage_type: row.text(6)?,
        what: row.text(7)?,
        lost: row.text(8)?,
        start: time(row, 9)?,
        end: time(row, 10)?,
    };
    Ok(Told {
        id: row.int(0)?,
        org_id: row.opt_int(1)?,
        words,
        told_at: time(row, 11)?,
        confirmed_at: opt_time(row, 12)?,
        settled_at: opt_time(row, 13)?,
        change_id: row.opt_int(14)?,
        reason: row.text(15)?,
    })
}

/// Keeps what somebody told; nobody sees it before its address is proved.
///
/// # Errors
/// The store's.
pub fn add(tx: &mut dyn Tx, id: i64, words: &Words, now: Timestamp) -> Result<(), StoreError> {
    let email = normal_email(&words.email);
    let org = crate::directory::organisation_by_domain(tx, email.rsplit('@').next().unwrap_or_default())?.map(|org| org.id);
    let (start, end) = (words.start.as_microsecond(), words.end.as_microsecond());
    tx.exec(
        ADD,
        values![
            id,
            org,
            words.name.as_str(),
            email,
            words.telephone.as_str(),
            words.place.as_str(),
            words.outage_type.as_str(),
            words.what.as_str(),
            words.lost.as_str(),
            start,
            end,
            now.as_microsecond()
        ],
    )
    .map(drop)
}

/// Keeps the hash of the link that proves the address.
///
/// # Errors
/// The store's.
pub fn set_token(tx: &mut dyn Tx, id: i64, hash: &TokenHash) -> Result<(), StoreError> {
    tx.exec(SET_TOKEN, values![id, hash.to_vec()]).map(drop)
}

/// What was told by whoever holds this link, if it was told after `since`.
///
/// # Errors
/// The store's.
pub fn by_token(tx: &mut dyn Tx, hash: &TokenHash, since: Timestamp) -> Result<Option<Told>, StoreError> {
    tx.maybe_one(BY_TOKEN, values![hash.to_vec(), since.as_microsecond()], read)
}

/// The address is proved, and the link used up.
///
/// # Errors
/// The store's.
pub fn confirm(tx: &mut dyn Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    tx.exec(CONFIRM, values![id, now.as_microsecond()]).map(drop)
}

/// The one with this id, whoever asks: who may see it is decided by the caller.
///
/// # Errors
/// The store's.
pub fn get(tx: &mut dyn Tx, id: i64) -> Result<Option<Told>, StoreError> {
    tx.maybe_one(GET, values![id], read)
}

/// Those that wait for an answer, the next ones first.
///
/// # Errors
/// The store's.
pub fn waiting(tx: &mut dyn Tx) -> Result<Vec<Told>, StoreError> {
    tx.all(WAITING, &[], read)
}

/// Says what became of it; whether it was still waiting.
///
/// # Errors
/// The store's.
pub fn settle(tx: &mut dyn Tx, id: i64, by: Option<i64>, change: Option<i64>, reason: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(SETTLE, values![id, now.as_microsecond(), by, change, reason])? == 1)
}

/// Forgets what nobody confirmed and what is settled; how many rows went.
///
/// # Errors
/// The store's.
pub fn forget(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(FORGET, values![before.as_microsecond()])
}
