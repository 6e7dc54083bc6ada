//! Subscriptions to the forward schedule (C078): an address that opens one view of it, without signing in.
//!
//! Like a token for programs it is kept as a hash, belongs to one person and dies with their access. It carries no right
//! of its own: whoever reads it sees what its owner may see at that moment.

use super::TokenHash;
use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::queries::schedule::{ScheduleFilter, Standing};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::change::Kind;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Id.
    pub id: i64,
    /// Whose.
    pub person_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What was asked for: site, service, organisation, one kind, standing.
    pub filter: ScheduleFilter,
    /// Since when.
    pub created_at: Timestamp,
    /// When a program last read it.
    pub last_read_at: Option<Timestamp>,
}

/// As many as anybody keeps apart; each is read every few minutes by some program.
pub const FEEDS_MAX: i64 = 20;

/// The longest name of a feed, in characters.
pub const FEED_NAME_MAX: usize = 100;

statements! {
    FEED = "select f.id, f.person_id, f.name, f.site_id, f.service_id, f.org_id, f.kind, f.standing, f.created_at, f.last_read_at from feeds f
        join people p on p.id = f.person_id where f.token_hash = $1 and f.revoked_at is null and p.state = 'active'";
    FEEDS_OF = "select id, person_id, name, site_id, service_id, org_id, kind, standing, created_at, last_read_at from feeds
        where person_id = $1 and revoked_at is null order by id";
    FEEDS_COUNT = "select count(*) from feeds where person_id = $1 and revoked_at is null";
    FEED_ADD = "insert into feeds (id, token_hash, person_id, name, site_id, service_id, org_id, kind, standing, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FEED_READ = "update feeds set last_read_at = $2 where id = $1 and (last_read_at is null or last_read_at < $2)";
    FEED_OWNED = "select id from feeds where id = $1 and person_id = $2";
    FEED_REVOKE = "update feeds set revoked_at = $3 where id = $1 and person_id = $2 and revoked_at is null";
    FEEDS_REVOKE = "update feeds set revoked_at = $2 where person_id = $1 and revoked_at is null";
    FEEDS_BLANK = "update feeds set name = '' where person_id = $1";
}

fn read(row: &dyn Row) -> Result<Feed, StoreError> {
    let corrupt = |word: &str| StoreError::Corrupt(format!("{word} is no filter of a feed"));
    let kind = row.opt_text(6)?.map(|word| Kind::from_code(&word).ok_or_else(|| corrupt(&word))).transpose()?;
    let standing = row.opt_text(7)?.map(|word| Standing::from_code(&word).ok_or_else(|| corrupt(&word))).transpose()?;
    Ok(Feed {
        id: row.int(0)?,
        person_id: row.int(1)?,
        name: row.text(2)?,
        filter: ScheduleFilter {
            site: row.opt_int(3)?,
            service: row.opt_int(4)?,
            organisation: row.opt_int(5)?,
            kinds: kind.into_iter().collect(),
            standing,
            ..ScheduleFilter::default()
        },
        created_at: time(row, 8)?,
        last_read_at: opt_time(row, 9)?,
    })
}

/// The feed with this secret, if it was not taken back and its owner is still here.
pub fn feed(tx: &mut dyn Tx, token_hash: &TokenHash) -> Result<Option<Feed>, StoreError> {
    tx.maybe_one(FEED, values![&token_hash[..]], read)
}

/// A person's feeds, the oldest first, without anything that opens one (S17).
pub fn feeds(tx: &mut dyn Tx, person_id: i64) -> Result<Vec<Feed>, StoreError> {
    tx.all(FEEDS_OF, values![person_id], read)
}

/// Stores a new feed. Of its filter it keeps what a feed can ask for, and one kind at most.
///
/// # Errors
/// The store's; refused are a name that says nothing and one feed more than [`FEEDS_MAX`].
pub fn make_feed(tx: &mut dyn Tx, act: &Act, feed: &Feed, token_hash: &TokenHash) -> Answer<()> {
    if feed.name.trim().is_empty() || feed.name.chars().count() > FEED_NAME_MAX {
        return Ok(Err(Refused::Invalid("name")));
    }
    if super::actor(tx, feed.person_id)?.is_none() {
        return Ok(Err(Refused::Unknown("person")));
    }
    if tx.one(FEEDS_COUNT, values![feed.person_id], |row| row.int(0))? >= FEEDS_MAX {
        return Ok(Err(Refused::Taken("feeds")));
    }
    let filter = &feed.filter;
    tx.exec(
        FEED_ADD,
        values![
            feed.id,
            &token_hash[..],
            feed.person_id,
            &feed.name,
            filter.site,
            filter.service,
            filter.organisation,
            filter.kinds.first().map(|kind| kind.code()),
            filter.standing.map(Standing::code),
            act.at.as_microsecond()
        ],
    )?;
    record_directory_event(tx, act, "FeedMade", feed.id, &json!({"person": feed.person_id.to_string()}))?;
    Ok(Ok(()))
}

/// Notes that a feed was read. Once a minute will do: the caller looks at `last_read_at` first.
pub fn note_feed_read(tx: &mut dyn Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    tx.exec(FEED_READ, values![id, now.as_microsecond()])?;
    Ok(())
}

/// Takes back a feed of this person. False if it was taken back already.
pub fn revoke_feed(tx: &mut dyn Tx, act: &Act, person_id: i64, id: i64) -> Answer<bool> {
    if tx.maybe_one(FEED_OWNED, values![id, person_id], |_| Ok(()))?.is_none() {
        return Ok(Err(Refused::Unknown("feed")));
    }
    if tx.exec(FEED_REVOKE, values![id, person_id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "FeedRevoked", id, &json!({"person": person_id.to_string()}))?;
    Ok(Ok(true))
}

pub(super) fn end_feeds(tx: &mut dyn Tx, person_id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(FEEDS_REVOKE, values![person_id, at.as_microsecond()])?;
    Ok(())
}

pub(super) fn blank_feeds(tx: &mut dyn Tx, person_id: i64) -> Result<(), StoreError> {
    tx.exec(FEEDS_BLANK, values![person_id])?;
    Ok(())
}
