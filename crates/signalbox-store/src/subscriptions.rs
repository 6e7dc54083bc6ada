//! What members follow: services and sites. Who follows one is told of each change that names it, as if they watched that.

use jiff::Timestamp;

use crate::sql::statements;
use crate::{StoreError, Tx, values};

statements! {
    FOLLOW = "insert into subscriptions (id, person_id, service_id, site_id, since) values ($1, $2, $3, $4, $5) on conflict do nothing";
    STOP = "delete from subscriptions where id = $1 and person_id = $2";
    OF_PERSON = "select id, service_id, site_id from subscriptions where person_id = $1 order by id";
    FOLLOWERS = "select s.person_id from change_services c join subscriptions s on s.service_id = c.service_id where c.change_id = $1
        union select s.person_id from change_sites c join subscriptions s on s.site_id = c.site_id where c.change_id = $1";
}

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    Service(i64),
    Site(i64),
}

/// The most that one person follows.
pub const MOST: usize = 100;

/// Follows it; twice is the same.
///
/// # Errors
/// The store's.
pub fn follow(tx: &mut dyn Tx, id: i64, person: i64, what: Followed, at: Timestamp) -> Result<(), StoreError> {
    let (service, site) = match what {
        Followed::Service(id) => (Some(id), None),
        Followed::Site(id) => (None, Some(id)),
    };
    tx.exec(FOLLOW, values![id, person, service, site, at.as_microsecond()]).map(drop)
}

/// Stops following; whether it was one of this person's.
///
/// # Errors
/// The store's.
pub fn stop(tx: &mut dyn Tx, id: i64, person: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(STOP, values![id, person])? == 1)
}

/// What a person follows, in the order in which they began to.
///
/// # Errors
/// The store's.
pub fn of_person(tx: &mut dyn Tx, person: i64) -> Result<Vec<(i64, Followed)>, StoreError> {
    tx.all(OF_PERSON, values![person], |row| {
        let what = match (row.opt_int(1)?, row.opt_int(2)?) {
            (Some(service), _) => Followed::Service(service),
            (None, Some(site)) => Followed::Site(site),
            (None, None) => return Err(StoreError::Corrupt("a subscription to nothing".into())),
        };
        Ok((row.int(0)?, what))
    })
}

/// Who follows a service or a site of this change. Whether each may see it is asked when they are told (S20).
///
/// # Errors
/// The store's.
pub fn followers(tx: &mut dyn Tx, change: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(FOLLOWERS, values![change], |row| row.int(0))
}
