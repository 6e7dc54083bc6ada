//! How people and programs get in: sessions, tokens, links that work once, and counters against guessing.
//!
//! Whatever lets somebody in is stored as the SHA-256 of 32 random bytes and looked up whole: there is nothing
//! to guess part of, and a copy of the database opens no door (S10, S17, S53).

use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

/// SHA-256 of a secret that only its holder has.
pub type TokenHash = [u8; 32];

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Hash of the cookie's secret.
    pub token_hash: TokenHash,
    /// Who.
    pub person_id: i64,
    /// What the session's form tokens are made from.
    pub csrf_secret: Vec<u8>,
    /// The membership that the person chose to act under.
    pub acting_membership: Option<i64>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// What the browser calls itself, cut at 200 characters.
    pub user_agent: String,
}

/// A token for programs. Its hash stays in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Id.
    pub id: i64,
    /// On whose behalf.
    pub person_id: i64,
    /// What its holder calls it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What a link that works once is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To prove that an address is the registrant's own.
    ConfirmEmail,
    /// To set a password.
    SetPassword,
    /// To open the page on which a change waits for this person's decision.
    Decide,
}

impl LinkPurpose {
    fn code(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::SetPassword => "set_password",
            Self::Decide => "decide",
        }
    }
}

/// A link that works once, for one purpose and one person or registration (S10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    /// Hash of the link's secret.
    pub token_hash: TokenHash,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// For whom.
    pub person_id: Option<i64>,
    /// For which registration.
    pub registration_id: Option<i64>,
    /// For which change.
    pub change_id: Option<i64>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

statements! {
    SESSION = "select s.person_id, s.csrf_secret, s.acting_membership, s.created_at, s.last_used_at, s.expires_at, s.user_agent
        from sessions s join people p on p.id = s.person_id
        where s.token_hash = $1 and s.expires_at > $2 and s.last_used_at > $3 and p.state = 'active'";
    SESSION_ADD = "insert into sessions (token_hash, person_id, csrf_secret, acting_membership, created_at, last_used_at, expires_at, user_agent)
        values ($1, $2, $3, $4, $5, $5, $6, $7)";
    SESSION_USED = "update sessions set last_used_at = $2 where token_hash = $1 and last_used_at < $2";
    SESSION_ACT_AS = "update sessions set acting_membership = $2 where token_hash = $1 and exists
        (select 1 from memberships m where m.id = $2 and m.person_id = sessions.person_id and m.ended_at is null)";
    SESSION_END = "delete from sessions where token_hash = $1";
    SESSIONS_END = "delete from sessions where person_id = $1";
    SESSIONS_OF = "select count(*) from sessions where person_id = $1 and expires_at > $2";
    SESSIONS_SWEEP = "delete from sessions where expires_at < $1";
    TOKEN = "select t.id, t.person_id, t.name, t.created_at, t.last_used_at, t.expires_at, t.revoked_at from api_tokens t
        join people p on p.id = t.person_id where t.token_hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2) and p.state = 'active'";
    TOKENS_OF = "select id, person_id, name, created_at, last_used_at, expires_at, revoked_at from api_tokens where person_id = $1 order by id";
    TOKEN_ADD = "insert into api_tokens (id, token_hash, person_id, name, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    TOKEN_USED = "update api_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)";
    TOKEN_REVOKE = "update api_tokens set revoked_at = $3 where id = $1 and person_id = $2 and revoked_at is null";
    TOKEN_OWNED = "select id from api_tokens where id = $1 and person_id = $2";
    TOKENS_REVOKE = "update api_tokens set revoked_at = $2 where person_id = $1 and revoked_at is null";
    TOKENS_BLANK = "update api_tokens set name = '' where person_id = $1";
    LINK = "select person_id, registration_id, change_id, created_at, expires_at from one_time_links
        where token_hash = $1 and purpose = $2 and expires_at > $3 and used_at is null";
    LINK_ADD = "insert into one_time_links (token_hash, purpose, person_id, registration_id, change_id, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    LINK_USE = "update one_time_links set used_at = $2 where token_hash = $1 and used_at is null";
    LINKS_VOID = "delete from one_time_links where person_id = $1 and used_at is null";
    LINKS_SWEEP = "delete from one_time_links where expires_at < $1";
    RATE_HIT = "insert into rates (key_hash, window_start, hits) values ($1, $2, 1)
        on conflict (key_hash, window_start) do update set hits = rates.hits + 1 returning hits";
    RATE_TRIES = "select hits from rates where key_hash = $1 and window_start = $2";
    RATES_SWEEP = "delete from rates where window_start < $1";
}

/// Opens a session. The one that the browser came with ends in the same transaction, so that no id
/// survives a sign-in or a change of role (S55).
pub fn begin_session(tx: &mut dyn Tx, session: &Session, replaces: Option<&TokenHash>) -> Result<(), StoreError> {
    if let Some(old) = replaces {
        end_session(tx, old)?;
    }
    let user_agent: String = session.user_agent.chars().take(200).collect();
    tx.exec(
        SESSION_ADD,
        values![
            &session.token_hash[..],
            session.person_id,
            session.csrf_secret.clone(),
            session.acting_membership,
            session.created_at.as_microsecond(),
            session.expires_at.as_microsecond(),
            user_agent
        ],
    )?;
    Ok(())
}

/// The session with this secret, if it has not run out, was used after `used_since`, and its person is active.
pub fn session(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp, used_since: Timestamp) -> Result<Option<Session>, StoreError> {
    tx.maybe_one(SESSION, values![&token_hash[..], now.as_microsecond(), used_since.as_microsecond()], |row| {
        Ok(Session {
            token_hash: *token_hash,
            person_id: row.int(0)?,
            csrf_secret: row.bytes(1)?,
            acting_membership: row.opt_int(2)?,
            created_at: time(row, 3)?,
            last_used_at: time(row, 4)?,
            expires_at: time(row, 5)?,
            user_agent: row.text(6)?,
        })
    })
}

/// Notes that a session was used. Once a minute will do: the caller looks at `last_used_at` first.
pub fn note_session_used(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<(), StoreError> {
    tx.exec(SESSION_USED, values![&token_hash[..], now.as_microsecond()])?;
    Ok(())
}

/// Chooses the membership to act under: one of the person's own that is live.
pub fn act_as(tx: &mut dyn Tx, token_hash: &TokenHash, membership_id: i64) -> Answer<()> {
    let changed = tx.exec(SESSION_ACT_AS, values![&token_hash[..], membership_id])?;
    Ok(if changed == 1 { Ok(()) } else { Err(Refused::Unknown("membership")) })
}

/// Ends one session.
pub fn end_session(tx: &mut dyn Tx, token_hash: &TokenHash) -> Result<(), StoreError> {
    tx.exec(SESSION_END, values![&token_hash[..]])?;
    Ok(())
}

/// How many sessions of a person are open.
pub fn count_sessions(tx: &mut dyn Tx, person_id: i64, now: Timestamp) -> Result<i64, StoreError> {
    tx.one(SESSIONS_OF, values![person_id, now.as_microsecond()], |row| row.int(0))
}

/// Ends every session of a person, the one that asks too. Tokens for programs stay. How many ended.
pub fn sign_out_everywhere(tx: &mut dyn Tx, act: &Act, person_id: i64) -> Result<u64, StoreError> {
    let ended = tx.exec(SESSIONS_END, values![person_id])?;
    if ended > 0 {
        record_directory_event(tx, act, "SignedOutEverywhere", person_id, &json!({}))?;
    }
    Ok(ended)
}

pub(super) fn end_sessions(tx: &mut dyn Tx, person_id: i64) -> Result<(), StoreError> {
    tx.exec(SESSIONS_END, values![person_id])?;
    Ok(())
}

pub(super) fn void_links(tx: &mut dyn Tx, person_id: i64) -> Result<(), StoreError> {
    tx.exec(LINKS_VOID, values![person_id])?;
    Ok(())
}

pub(super) fn end_all(tx: &mut dyn Tx, person_id: i64, at: Timestamp) -> Result<(), StoreError> {
    end_sessions(tx, person_id)?;
    tx.exec(TOKENS_REVOKE, values![person_id, at.as_microsecond()])?;
    super::feed::end_feeds(tx, person_id, at)?;
    void_links(tx, person_id)
}

pub(super) fn blank_tokens(tx: &mut dyn Tx, person_id: i64) -> Result<(), StoreError> {
    tx.exec(TOKENS_BLANK, values![person_id])?;
    super::feed::blank_feeds(tx, person_id)
}

fn read_token(row: &dyn Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.int(0)?,
        person_id: row.int(1)?,
        name: row.text(2)?,
        created_at: time(row, 3)?,
        last_used_at: opt_time(row, 4)?,
        expires_at: opt_time(row, 5)?,
        revoked_at: opt_time(row, 6)?,
    })
}

/// Stores a new token for programs.
pub fn issue_token(tx: &mut dyn Tx, act: &Act, token: &ApiToken, token_hash: &TokenHash) -> Answer<()> {
    if token.name.trim().is_empty() {
        return Ok(Err(Refused::Invalid("name")));
    }
    if super::actor(tx, token.person_id)?.is_none() {
        return Ok(Err(Refused::Unknown("person")));
    }
    tx.exec(
        TOKEN_ADD,
        values![token.id, &token_hash[..], token.person_id, &token.name, act.at.as_microsecond(), token.expires_at.map(Timestamp::as_microsecond)],
    )?;
    record_directory_event(tx, act, "TokenIssued", token.id, &json!({"person": token.person_id.to_string()}))?;
    Ok(Ok(()))
}

/// The token with this secret, if it still opens anything.
pub fn token(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
    tx.maybe_one(TOKEN, values![&token_hash[..], now.as_microsecond()], read_token)
}

/// A person's tokens, without anything that opens a door (S17).
pub fn tokens(tx: &mut dyn Tx, person_id: i64) -> Result<Vec<ApiToken>, StoreError> {
    tx.all(TOKENS_OF, values![person_id], read_token)
}

/// Notes that a token was used.
pub fn note_token_used(tx: &mut dyn Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    tx.exec(TOKEN_USED, values![id, now.as_microsecond()])?;
    Ok(())
}

/// Takes back a token of this person. False if it was taken back already.
pub fn revoke_token(tx: &mut dyn Tx, act: &Act, person_id: i64, id: i64) -> Answer<bool> {
    if tx.maybe_one(TOKEN_OWNED, values![id, person_id], |_| Ok(()))?.is_none() {
        return Ok(Err(Refused::Unknown("token")));
    }
    if tx.exec(TOKEN_REVOKE, values![id, person_id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "TokenRevoked", id, &json!({"person": person_id.to_string()}))?;
    Ok(Ok(true))
}

/// Stores a link. How often one may be asked for is the caller's to limit with [`hit`].
pub fn add_link(tx: &mut dyn Tx, link: &OneTimeLink) -> Result<(), StoreError> {
    tx.exec(
        LINK_ADD,
        values![
            &link.token_hash[..],
            link.purpose.code(),
            link.person_id,
            link.registration_id,
            link.change_id,
            link.created_at.as_microsecond(),
            link.expires_at.as_microsecond()
        ],
    )?;
    Ok(())
}

/// The link with this secret and purpose, if it still works. Reading does not use it up: mail scanners follow
/// links, so only the form behind one does (see [`use_link`]).
pub fn link(tx: &mut dyn Tx, token_hash: &TokenHash, purpose: LinkPurpose, now: Timestamp) -> Result<Option<OneTimeLink>, StoreError> {
    tx.maybe_one(LINK, values![&token_hash[..], purpose.code(), now.as_microsecond()], |row| {
        Ok(OneTimeLink {
            token_hash: *token_hash,
            purpose,
            person_id: row.opt_int(0)?,
            registration_id: row.opt_int(1)?,
            change_id: row.opt_int(2)?,
            created_at: time(row, 3)?,
            expires_at: time(row, 4)?,
        })
    })
}

/// Uses the link up and answers with it. A second time it is dead.
pub fn use_link(tx: &mut dyn Tx, token_hash: &TokenHash, purpose: LinkPurpose, now: Timestamp) -> Answer<OneTimeLink> {
    let Some(found) = link(tx, token_hash, purpose, now)? else {
        return Ok(Err(Refused::DeadLink));
    };
    // Of two at the same moment the update lets one through.
    let used = tx.exec(LINK_USE, values![&token_hash[..], now.as_microsecond()])?;
    Ok(if used == 1 { Ok(found) } else { Err(Refused::DeadLink) })
}

/// Counts one try under `key` in the window that began at `window_start`. True while no more than `limit`
/// have been made in it. The key is hashed, so that the counters are no list of addresses.
pub fn hit(tx: &mut dyn Tx, key: &str, window_start: Timestamp, limit: u32) -> Result<bool, StoreError> {
    let key_hash = Sha256::digest(key.as_bytes()).to_vec();
    let hits = tx.one(RATE_HIT, values![key_hash, window_start.as_microsecond()], |row| row.int(0))?;
    Ok(hits <= i64::from(limit))
}

/// How many tries were counted under `key` in the window that began at `window_start`.
pub fn tries(tx: &mut dyn Tx, key: &str, window_start: Timestamp) -> Result<i64, StoreError> {
    let key_hash = Sha256::digest(key.as_bytes()).to_vec();
    let hits = tx.maybe_one(RATE_TRIES, values![key_hash, window_start.as_microsecond()], |row| row.int(0))?;
    Ok(hits.unwrap_or(0))
}

/// Forgets sessions and links that ran out, and counters whose window began, before this time.
pub fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    let mut gone = 0;
    for sql in [SESSIONS_SWEEP, LINKS_SWEEP, RATES_SWEEP] {
        gone += tx.exec(sql, values![before.as_microsecond()])?;
    }
    Ok(gone)
}
