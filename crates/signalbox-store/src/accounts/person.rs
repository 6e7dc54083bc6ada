//! People, and taking their access or their data away.

use super::{access, registration, role};
use crate::directory::{Act, Answer, OnDifference, Refused, Upserted, Viewer, record_directory_event, settle};
use crate::page::{Cursor, Listed, Page, found_by, opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashMap;

/// Whether a person may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonState {
    /// May sign in.
    Active,
    /// Waits for somebody's yes and may do nothing (S49).
    Pending,
    /// Has left, or was shut out.
    Disabled,
    /// Nothing is left but the id.
    Erased,
}

impl PersonState {
    /// The word in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Disabled => "disabled",
            Self::Erased => "erased",
        }
    }

    pub(super) fn read(row: &dyn Row, column: usize) -> Result<Self, StoreError> {
        match row.text(column)?.as_str() {
            "active" => Ok(Self::Active),
            "pending" => Ok(Self::Pending),
            "disabled" => Ok(Self::Disabled),
            "erased" => Ok(Self::Erased),
            other => Err(StoreError::Corrupt(format!("{other} is no state of a person"))),
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Id.
    pub id: i64,
    /// Work e-mail, lower case; empty once erased.
    pub email: String,
    /// Name; empty once erased.
    pub name: String,
    /// Telephone, may be empty.
    pub phone: String,
    /// What they do, may be empty.
    pub job: String,
    /// Whether they may act.
    pub state: PersonState,
    /// Whether a password has been set.
    pub has_password: bool,
    /// Since when they are known here.
    pub created_at: Timestamp,
    /// When they last did something.
    pub last_seen_at: Option<Timestamp>,
}

impl Person {
    /// A person who may sign in once a password is set.
    pub fn new(id: i64, email: &str, name: &str) -> Self {
        Self {
            id,
            email: email.into(),
            name: name.into(),
            phone: String::new(),
            job: String::new(),
            state: PersonState::Active,
            has_password: false,
            created_at: Timestamp::UNIX_EPOCH,
            last_seen_at: None,
        }
    }
}

/// What signing in needs to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose.
    pub person_id: i64,
    /// The hash, if a password has been set.
    pub password_hash: Option<String>,
    /// Only an active person may come in.
    pub state: PersonState,
}

/// As many places as a list page needs; unused ones repeat the last id.
const NAMES_PLACES: usize = 16;

statements! {
    BY_ID = "select id, email, name, phone, job, state, password_hash is not null, created_at, last_seen_at from people where id = $1";
    BY_EMAIL = "select id, email, name, phone, job, state, password_hash is not null, created_at, last_seen_at from people where email = $1";
    /// The viewer sees themselves and whoever shares an organisation with them; 0 sees all.
    PAGE = "select id, email, name, phone, job, state, password_hash is not null, created_at, last_seen_at, found_by from people
        where (found_by, id) > ($1, $2) and found_by like $3 escape '\\' and state <> 'erased'
        and (cast($4 as BIGINT) = 0 or exists (select 1 from memberships m where m.person_id = people.id and m.org_id = $4 and m.ended_at is null))
        and (cast($5 as BIGINT) = 0 or people.id = $5 or exists (select 1 from memberships mine join memberships theirs on theirs.org_id = mine.org_id
          where mine.person_id = $5 and mine.ended_at is null and theirs.person_id = people.id and theirs.ended_at is null))
        order by found_by, id limit $6";
    NAMES = "select id, name from people where id in
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    CREDENTIALS = "select id, password_hash, state from people where email = $1";
    INSERT = "insert into people (id, email, name, phone, job, state, created_at, found_by) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "update people set email = $2, name = $3, phone = $4, job = $5, found_by = $6 where id = $1";
    SET_PASSWORD = "update people set password_hash = $2 where id = $1 and state = 'active'";
    SET_STATE = "update people set state = $2 where id = $1 and state <> 'erased' and state <> $2";
    SEEN = "update people set last_seen_at = $2 where id = $1 and (last_seen_at is null or last_seen_at < $2)";
    ERASE = "update people set email = null, name = '', phone = '', job = '', found_by = '', password_hash = null,
        last_seen_at = null, state = 'erased' where id = $1 and state <> 'erased'";
}

fn read(row: &dyn Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.int(0)?,
        email: row.opt_text(1)?.unwrap_or_default(),
        name: row.text(2)?,
        phone: row.text(3)?,
        job: row.text(4)?,
        state: PersonState::read(row, 5)?,
        has_password: row.boolean(6)?,
        created_at: time(row, 7)?,
        last_seen_at: opt_time(row, 8)?,
    })
}

/// An address as it is stored and compared.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether it can be an address. Only the link that is sent there proves that it is one.
pub fn is_email(email: &str) -> bool {
    let is_plain = email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    match email.split_once('@') {
        Some((local, domain)) => is_plain && !local.is_empty() && !domain.is_empty() && !domain.contains('@'),
        None => false,
    }
}

/// The person with this id.
pub fn person(tx: &mut dyn Tx, id: i64) -> Result<Option<Person>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// The person with this address, whatever its capitals.
pub fn person_by_email(tx: &mut dyn Tx, email: &str) -> Result<Option<Person>, StoreError> {
    let email = normal_email(email);
    // PostgreSQL answers a NUL in text with an error, and an address that can't be one is nobody's.
    if !is_email(&email) {
        return Ok(None);
    }
    tx.maybe_one(BY_EMAIL, values![email], read)
}

/// The people whom this viewer may see (settled 8), by name; of one organisation if `org` is given.
pub fn people(tx: &mut dyn Tx, viewer: Viewer, org: Option<i64>, page: &Page) -> Result<Listed<Person>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(PAGE, values![sort, id, page.pattern(), org.unwrap_or(0), viewer.id(), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(9)?, id: row.int(0)? }, read(row)?))
    })?;
    Ok(page.listed(rows))
}

/// The names of these people, for something that the caller has shown the viewer may see. An erased person's
/// is empty; an unknown id is left out.
pub fn names(tx: &mut dyn Tx, ids: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    let mut found = HashMap::new();
    for some in ids.chunks(NAMES_PLACES) {
        let places: Vec<_> = (0..NAMES_PLACES).map(|n| crate::Value::from(some[n.min(some.len() - 1)])).collect();
        for (id, name) in tx.all(NAMES, &places, |row| Ok((row.int(0)?, row.text(1)?)))? {
            found.insert(id, name);
        }
    }
    Ok(found)
}

/// What there is to check a password against. When nobody has this address the caller hashes all the
/// same, so that the time tells nothing (S57).
pub fn credentials(tx: &mut dyn Tx, email: &str) -> Result<Option<Credentials>, StoreError> {
    let email = normal_email(email);
    if !is_email(&email) {
        return Ok(None);
    }
    tx.maybe_one(CREDENTIALS, values![email], |row| {
        Ok(Credentials { person_id: row.int(0)?, password_hash: row.opt_text(1)?, state: PersonState::read(row, 2)? })
    })
}

/// Adds the person, or finds them by their address and compares name, telephone and job. State, password and
/// times are not compared and not changed.
pub fn upsert_person(tx: &mut dyn Tx, act: &Act, row: &Person, on_difference: OnDifference) -> Answer<Upserted> {
    let existing = person_by_email(tx, &row.email)?;
    put(tx, act, row, existing, on_difference)
}

/// Writes the person's address, name, telephone and job under their id.
pub fn save_person(tx: &mut dyn Tx, act: &Act, row: &Person) -> Answer<Upserted> {
    if person_by_email(tx, &row.email)?.is_some_and(|p| p.id != row.id) {
        return Ok(Err(Refused::Taken("email")));
    }
    let existing = person(tx, row.id)?;
    if existing.as_ref().is_some_and(|p| p.state == PersonState::Erased) {
        return Ok(Err(Refused::Unknown("person")));
    }
    put(tx, act, row, existing, OnDifference::Update)
}

fn put(tx: &mut dyn Tx, act: &Act, row: &Person, existing: Option<Person>, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = row.clone();
    wanted.email = normal_email(&wanted.email);
    if !is_email(&wanted.email) {
        return Ok(Err(Refused::Invalid("email")));
    }
    if wanted.name.trim().is_empty() {
        return Ok(Err(Refused::Invalid("name")));
    }
    if existing.is_none() && !matches!(wanted.state, PersonState::Active | PersonState::Pending) {
        return Ok(Err(Refused::Invalid("state")));
    }
    if let Some(e) = &existing {
        wanted.id = e.id;
    }
    let facts = |p: &Person| [&p.email, &p.name, &p.phone, &p.job].map(Clone::clone);
    let outcome = settle(existing.map(|e| (e.id, facts(&e))), (wanted.id, &facts(&wanted)), on_difference);
    match outcome {
        Upserted::Added(_) => insert(tx, &wanted, act.at)?,
        Upserted::Updated(_) => {
            let found = found_by(&[&wanted.name, &wanted.email, &wanted.job]);
            tx.exec(UPDATE, values![wanted.id, &wanted.email, &wanted.name, &wanted.phone, &wanted.job, found])?;
        }
        Upserted::Unchanged(_) | Upserted::Differs(_) => return Ok(Ok(outcome)),
    }
    let kind = if matches!(outcome, Upserted::Added(_)) { "PersonAdded" } else { "PersonSaved" };
    record_directory_event(tx, act, kind, wanted.id, &json!({}))?;
    Ok(Ok(outcome))
}

pub(super) fn insert(tx: &mut dyn Tx, person: &Person, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(
        INSERT,
        values![
            person.id,
            &person.email,
            &person.name,
            &person.phone,
            &person.job,
            person.state.code(),
            at.as_microsecond(),
            found_by(&[&person.name, &person.email, &person.job])
        ],
    )?;
    Ok(())
}

pub(super) fn activate(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec(SET_STATE, values![id, PersonState::Active.code()])?;
    Ok(())
}

/// Sets the hash of a new password. Every session ends, and so does every link to set one (S53, S56).
pub fn set_password(tx: &mut dyn Tx, act: &Act, id: i64, password_hash: &str) -> Answer<()> {
    if tx.exec(SET_PASSWORD, values![id, password_hash])? == 0 {
        return Ok(Err(Refused::Unknown("person")));
    }
    access::end_sessions(tx, id)?;
    access::void_links(tx, id)?;
    record_directory_event(tx, act, "PasswordSet", id, &json!({}))?;
    Ok(Ok(()))
}

/// Notes that the person did something just now.
pub fn note_seen(tx: &mut dyn Tx, id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(SEEN, values![id, at.as_microsecond()])?;
    Ok(())
}

/// Shuts the person out: sessions, tokens and links end in the same transaction (S56). Their roles stay on
/// record, and count for nothing. False if they were out already.
pub fn disable_person(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    set_state(tx, act, id, PersonState::Disabled)
}

/// Lets a disabled or pending person act. False if they could already.
pub fn enable_person(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    set_state(tx, act, id, PersonState::Active)
}

fn set_state(tx: &mut dyn Tx, act: &Act, id: i64, state: PersonState) -> Answer<bool> {
    if !person(tx, id)?.is_some_and(|p| p.state != PersonState::Erased) {
        return Ok(Err(Refused::Unknown("person")));
    }
    if tx.exec(SET_STATE, values![id, state.code()])? == 0 {
        return Ok(Ok(false));
    }
    if state != PersonState::Active {
        access::end_all(tx, id, act.at)?;
    }
    let kind = if state == PersonState::Active { "PersonEnabled" } else { "PersonDisabled" };
    record_directory_event(tx, act, kind, id, &json!({}))?;
    Ok(Ok(true))
}

/// Blanks all that is known of a person, ends their access and their roles, and keeps the id to which the log
/// points (issue 2 point 3). False if that was done already.
pub fn erase_person(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    let Some(known) = person(tx, id)? else {
        return Ok(Err(Refused::Unknown("person")));
    };
    if known.state == PersonState::Erased {
        return Ok(Ok(false));
    }
    access::end_all(tx, id, act.at)?;
    access::blank_tokens(tx, id)?;
    role::end_all(tx, id, act.at)?;
    registration::blank(tx, id, &known.email)?;
    tx.exec(ERASE, values![id])?;
    record_directory_event(tx, act, "PersonErased", id, &json!({}))?;
    Ok(Ok(true))
}
