//! Notices for everybody, and who gets them by mail (C128). What is read here for pages without sign-in comes from the
//! notices alone: of a change that was not published there is nothing in these tables. A notice of which no service is open
//! to public notices any more is not shown.

mod subscribers;

pub(crate) use subscribers::STATEMENTS as SUBSCRIBERS;
pub use subscribers::{Subscriber, ask, confirm, forget_unconfirmed, leave, matching, set_token, subscriber};

use jiff::Timestamp;
use serde_json::json;
use signalbox_core::public::{Kind, Standing, State, Update};

use crate::directory::{Act, record_directory_event};
use crate::page::time;
use crate::queries::{Named, code};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    OPEN = "select s.id, s.code, s.name from public_services p join services s on s.id = p.service_id order by s.name, s.id";
    OPENED = "insert into public_services (service_id, opened_at, opened_by) values ($1, $2, $3) on conflict (service_id) do nothing";
    CLOSED = "delete from public_services where service_id = $1";
    PUBLISH = "insert into public_notices (id, change_id, title, words, state, starts_at, ends_at, seen_version, published_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    REWORD = "update public_notices set title = $2, words = $3 where id = $1";
    NO_SERVICES = "delete from public_notice_services where notice_id = $1";
    NO_SITES = "delete from public_notice_sites where notice_id = $1";
    NAME_SERVICE = "insert into public_notice_services (notice_id, service_id) values ($1, $2)";
    NAME_SITE = "insert into public_notice_sites (notice_id, site_id) values ($1, $2)";
    SERVICES = "select s.id, s.code, s.name from public_notice_services n join public_services p on p.service_id = n.service_id
        join services s on s.id = n.service_id where n.notice_id = $1 order by s.name, s.id";
    SITES = "select s.id, s.code, s.name from public_notice_sites n join sites s on s.id = n.site_id where n.notice_id = $1 order by s.name, s.id";
    OF_CHANGE = "select id, change_id, title, words, state, starts_at, ends_at, published_at from public_notices where change_id = $1";
    BY_ID = "select id, change_id, title, words, state, starts_at, ends_at, published_at from public_notices where id = $1";
    AHEAD = "select id, change_id, title, words, state, starts_at, ends_at, published_at from public_notices
        where ended_at is null and starts_at < $1 order by starts_at, id limit 200";
    LATELY = "select id, change_id, title, words, state, starts_at, ends_at, published_at from public_notices
        where ended_at is not null and ended_at >= $1 and state <> 'withdrawn' order by ended_at desc, id limit 200";
    UPDATES = "select kind, at, starts_at, ends_at, state from public_updates where notice_id = $1 order by id";
    ADD_UPDATE = "insert into public_updates (id, notice_id, kind, at, starts_at, ends_at, state) values ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE_BY_ID = "select kind, at, starts_at, ends_at, state from public_updates where id = $1 and notice_id = $2";
    STANDS = "update public_notices set state = $2, starts_at = $3, ends_at = $4, ended_at = $5 where id = $1";
    SEEN = "update public_notices set seen_version = $2 where id = $1";
    BEHIND = "select n.id, n.change_id from public_notices n where n.ended_at is null
        and n.seen_version <> (select c.version from changes c where c.id = n.change_id) order by n.starts_at, n.id limit 500";
    /// The last time at which its start was told, so that nobody is reminded a minute after they were told.
    NEAR = "select n.id, n.starts_at, (select max(u.at) from public_updates u where u.notice_id = n.id and u.kind in ('planned', 'moved'))
        from public_notices n where n.ended_at is null and n.state = 'planned' and n.starts_at > $1 and n.starts_at <= $2 order by n.starts_at, n.id limit 500";
    REMINDED = "select 1 from public_reminders where notice_id = $1 and starts_at = $2 and ahead = $3";
    REMIND = "insert into public_reminders (notice_id, starts_at, ahead) values ($1, $2, $3) on conflict (notice_id, starts_at, ahead) do nothing";
}

/// A notice with what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: i64,
    pub change_id: i64,
    pub title: String,
    pub words: String,
    pub standing: Standing,
    pub published_at: Timestamp,
    /// Those that are open to public notices.
    pub services: Vec<Named>,
    pub sites: Vec<Named>,
}

/// The words of a notice, and what they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub title: String,
    pub words: String,
    pub services: Vec<i64>,
    pub sites: Vec<i64>,
}

fn named(row: &dyn Row) -> Result<Named, StoreError> {
    Ok(Named { id: row.int(0)?, code: row.text(1)?, name: row.text(2)? })
}

/// The services of which the public may be told, by name.
///
/// # Errors
/// The store's.
pub fn open_services(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(OPEN, &[], named)
}

/// Opens one to public notices, or closes it.
///
/// # Errors
/// The store's.
pub fn set_open(tx: &mut dyn Tx, act: &Act, service: i64, is_open: bool) -> Result<(), StoreError> {
    let changed = match is_open {
        true => tx.exec(OPENED, values![service, act.at.as_microsecond(), act.by])?,
        false => tx.exec(CLOSED, values![service])?,
    };
    if changed == 1 {
        let kind = if is_open { "PublicNoticesOpened" } else { "PublicNoticesClosed" };
        record_directory_event(tx, act, kind, service, &json!({}))?;
    }
    Ok(())
}

fn read(row: &dyn Row) -> Result<Notice, StoreError> {
    let standing = Standing { state: code(row, 4, State::from_code)?, start: time(row, 5)?, end: time(row, 6)? };
    Ok(Notice {
        id: row.int(0)?,
        change_id: row.int(1)?,
        title: row.text(2)?,
        words: row.text(3)?,
        standing,
        published_at: time(row, 7)?,
        services: vec![],
        sites: vec![],
    })
}

fn with_names(tx: &mut dyn Tx, notices: Vec<Notice>) -> Result<Vec<Notice>, StoreError> {
    let mut found = vec![];
    for notice in notices {
        let services = tx.all(SERVICES, values![notice.id], named)?;
        let sites = tx.all(SITES, values![notice.id], named)?;
        found.push(Notice { services, sites, ..notice });
    }
    Ok(found)
}

/// The notice of a change, whatever became of it: for who may publish it, and for who sees the change.
///
/// # Errors
/// The store's.
pub fn of_change(tx: &mut dyn Tx, change: i64) -> Result<Option<Notice>, StoreError> {
    let found = tx.all(OF_CHANGE, values![change], read)?;
    Ok(with_names(tx, found)?.pop())
}

fn is_shown(notice: &Notice) -> bool {
    !notice.services.is_empty() && notice.standing.state != State::Withdrawn
}

/// What stands on the public page: what runs or starts before `until`, and what ended after `since`, in this order.
///
/// # Errors
/// The store's.
pub fn shown(tx: &mut dyn Tx, since: Timestamp, until: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let mut found = tx.all(AHEAD, values![until.as_microsecond()], read)?;
    found.extend(tx.all(LATELY, values![since.as_microsecond()], read)?);
    Ok(with_names(tx, found)?.into_iter().filter(is_shown).collect())
}

/// A notice whether it is shown or not, as its letters need it.
///
/// # Errors
/// The store's.
pub fn any(tx: &mut dyn Tx, id: i64) -> Result<Option<Notice>, StoreError> {
    let found = tx.all(BY_ID, values![id], read)?;
    Ok(with_names(tx, found)?.pop())
}

/// A notice that is shown to everybody.
///
/// # Errors
/// The store's.
pub fn by_id(tx: &mut dyn Tx, id: i64) -> Result<Option<Notice>, StoreError> {
    Ok(any(tx, id)?.filter(is_shown))
}

fn read_update(row: &dyn Row) -> Result<Update, StoreError> {
    let kind = code(row, 0, Kind::from_code)?;
    let (at, start, end) = (time(row, 1)?, time(row, 2)?, time(row, 3)?);
    Ok(Update { kind, at, standing: Standing { state: code(row, 4, State::from_code)?, start, end } })
}

/// The updates of a notice, the first one first.
///
/// # Errors
/// The store's.
pub fn updates(tx: &mut dyn Tx, notice: i64) -> Result<Vec<Update>, StoreError> {
    tx.all(UPDATES, values![notice], read_update)
}

/// One update of a notice.
///
/// # Errors
/// The store's.
pub fn update(tx: &mut dyn Tx, notice: i64, id: i64) -> Result<Option<Update>, StoreError> {
    tx.maybe_one(UPDATE_BY_ID, values![id, notice], read_update)
}

fn name(tx: &mut dyn Tx, notice: i64, wording: &Wording) -> Result<(), StoreError> {
    tx.exec(NO_SERVICES, values![notice])?;
    tx.exec(NO_SITES, values![notice])?;
    for service in &wording.services {
        tx.exec(NAME_SERVICE, values![notice, *service])?;
    }
    for site in &wording.sites {
        tx.exec(NAME_SITE, values![notice, *site])?;
    }
    Ok(())
}

/// Opens the notice of a change, which stands as given at this version. Its first update is for the caller to add.
///
/// # Errors
/// The store's, also where the change has a notice already.
pub fn publish(tx: &mut dyn Tx, act: &Act, id: i64, change: (i64, i64), wording: &Wording, stands: Standing) -> Result<(), StoreError> {
    let (start, end) = (stands.start.as_microsecond(), stands.end.as_microsecond());
    let state = stands.state.code();
    tx.exec(PUBLISH, values![id, change.0, &wording.title, &wording.words, state, start, end, change.1, act.at.as_microsecond()])?;
    name(tx, id, wording)?;
    record_directory_event(tx, act, "PublicNoticePublished", id, &json!({ "change": change.0.to_string() }))
}

/// Changes the words of a notice. Its update is for the caller to add.
///
/// # Errors
/// The store's.
pub fn reword(tx: &mut dyn Tx, act: &Act, id: i64, wording: &Wording) -> Result<(), StoreError> {
    tx.exec(REWORD, values![id, &wording.title, &wording.words])?;
    name(tx, id, wording)?;
    record_directory_event(tx, act, "PublicNoticeReworded", id, &json!({}))
}

/// Writes down that a notice was taken back by somebody. Its update is for the caller to add.
///
/// # Errors
/// The store's.
pub fn note_withdrawn(tx: &mut dyn Tx, act: &Act, id: i64) -> Result<(), StoreError> {
    record_directory_event(tx, act, "PublicNoticeWithdrawn", id, &json!({}))
}

/// Adds an update, with which the notice stands as it says.
///
/// # Errors
/// The store's.
pub fn add_update(tx: &mut dyn Tx, notice: i64, id: i64, update: Update, now: Timestamp) -> Result<(), StoreError> {
    let Standing { state, start, end } = update.standing;
    let (start, end) = (start.as_microsecond(), end.as_microsecond());
    tx.exec(ADD_UPDATE, values![id, notice, update.kind.code(), update.at.as_microsecond(), start, end, state.code()])?;
    let ended = state.is_final().then_some(if state == State::Restored { end } else { now.as_microsecond() });
    tx.exec(STANDS, values![notice, state.code(), start, end, ended]).map(drop)
}

/// The notices whose changes have gone on since they were looked at: notice and change.
///
/// # Errors
/// The store's.
pub fn behind(tx: &mut dyn Tx) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.all(BEHIND, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Notes up to which version of its change a notice is true.
///
/// # Errors
/// The store's.
pub fn seen(tx: &mut dyn Tx, notice: i64, version: i64) -> Result<(), StoreError> {
    tx.exec(SEEN, values![notice, version]).map(drop)
}

/// A notice whose work starts soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    pub notice: i64,
    pub start: Timestamp,
    /// When this start was told last.
    pub told_at: Timestamp,
}

/// The notices whose work is agreed and starts after `now`, by `until`.
///
/// # Errors
/// The store's.
pub fn near(tx: &mut dyn Tx, now: Timestamp, until: Timestamp) -> Result<Vec<Near>, StoreError> {
    tx.all(NEAR, values![now.as_microsecond(), until.as_microsecond()], |row| {
        Ok(Near { notice: row.int(0)?, start: time(row, 1)?, told_at: crate::page::opt_time(row, 2)?.unwrap_or(Timestamp::UNIX_EPOCH) })
    })
}

/// Whether this reminder of this start has gone out.
///
/// # Errors
/// The store's.
pub fn is_reminded(tx: &mut dyn Tx, near: &Near, ahead: &str) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(REMINDED, values![near.notice, near.start.as_microsecond(), ahead], |row| row.int(0))?.is_some())
}

/// Whether this reminder of this start is still to go out; it counts as gone from now on.
///
/// # Errors
/// The store's.
pub fn reminds(tx: &mut dyn Tx, near: &Near, ahead: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(REMIND, values![near.notice, near.start.as_microsecond(), ahead])? == 1)
}
