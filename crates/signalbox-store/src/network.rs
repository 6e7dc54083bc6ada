//! The notices to network providers, version by version, as they were written down; links that acknowledge them, and who
//! was asked while nobody answered. They tell what was sent, so no rebuild makes them again.

use crate::accounts::TokenHash;
use crate::directory;
use crate::outbox::{self, NewTask};
use crate::page::{opt_time, time};
use crate::project::Prose;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signalbox_core::change::{Change, Network};
use signalbox_core::form::Answer;
use signalbox_core::ids::TextId;
use signalbox_core::maintnote::{self, Chase, Circuit, Impact, Status, Version};
use signalbox_core::text::Text;
use std::collections::BTreeSet;

/// The kind under which a version waits in the outbox to be sent.
pub const TASK: &str = "network_notice";

/// So many accounts one change touches at most; what is beyond them goes in the notice without an account.
const ACCOUNTS_MAX: usize = 24;

macro_rules! columns {
    () => {
        "part, account_id, sequence, status, impact, starts_at, ends_at, title_text, title_digest, restricted, objects,
        written_at, mailed_at, acknowledged_at, acknowledged_by, their_reference, refused_at, refused_by,
        posted_at, post_trouble"
    };
}

statements! {
    OF_CHANGE = concat!("select ", columns!(), " from network_notices where change_id = $1 order by part, sequence");
    WRITTEN = "select 1 from network_notices where change_id = $1 and written_at = $2";
    ANY = "select 1 from network_notices where change_id = $1";
    PUT = "insert into network_notices (change_id, part, account_id, sequence, status, impact, starts_at, ends_at, title_text, title_digest,
        restricted, objects, written_at, their_reference) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '')";
    MAILED = "update network_notices set mailed_at = $4 where change_id = $1 and part = $2 and sequence = $3 and mailed_at is null";
    ACKNOWLEDGED = "update network_notices set acknowledged_at = $4, acknowledged_by = $5, their_reference = $6
        where change_id = $1 and part = $2 and sequence = $3";
    REFUSED = "update network_notices set refused_at = $4, refused_by = $5 where change_id = $1 and part = $2 and sequence = $3";
    POSTED = "update network_notices set posted_at = $4, post_trouble = '' where change_id = $1 and part = $2 and sequence = $3 and posted_at is null";
    NOT_POSTED = "update network_notices set post_trouble = $4 where change_id = $1 and part = $2 and sequence = $3 and posted_at is null";
    LINK_PUT = "insert into network_links (token_hash, person_id, change_id, part, sequence, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    LINK = "select person_id, change_id, part, sequence, created_at, expires_at, used_at from network_links where token_hash = $1";
    LINK_USE = "update network_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2";
    LINK_SWEEP = "delete from network_links where expires_at < $1";
    CHASE_PUT = "insert into network_chases (change_id, told_at, step, chased_at) values ($1, $2, $3, $4) on conflict (change_id, told_at, step) do nothing";
    CHASES = "select told_at, step, chased_at from network_chases where change_id = $1 order by chased_at, step";
}

/// What waits in the outbox: this version is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub part: u32,
    pub sequence: u32,
}

/// A version with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub version: Version,
    pub written_at: Timestamp,
    /// When a letter with it first left.
    pub mailed_at: Option<Timestamp>,
    pub acknowledged: Option<(Timestamp, i64)>,
    /// The provider's own; empty where none was given.
    pub their_reference: String,
    /// By the link in its letter; why stands in the record of the change.
    pub refused: Option<(Timestamp, i64)>,
    /// When the provider's webhook took it.
    pub posted_at: Option<Timestamp>,
    /// Why its webhook did not take it at the last attempt; empty where nothing is wrong.
    pub post_trouble: String,
}

/// A link in a letter by which one person answers to one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkLink {
    pub token_hash: TokenHash,
    pub person_id: i64,
    pub change_id: i64,
    pub part: u32,
    pub sequence: u32,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

fn number(row: &dyn Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt(format!("column {column} is no count")))
}

fn read(row: &dyn Row) -> Result<Sent, StoreError> {
    let (status, impact) = (row.text(3)?, row.text(4)?);
    let unknown = |word: &str| StoreError::Corrupt(format!("{word} is no word of a notice"));
    let version = Version {
        part: number(row, 0)?,
        account: row.opt_int(1)?,
        sequence: number(row, 2)?,
        status: Status::from_code(&status).ok_or_else(|| unknown(&status))?,
        impact: Impact::from_code(&impact).ok_or_else(|| unknown(&impact))?,
        start: time(row, 5)?,
        end: time(row, 6)?,
        title: Text { text: TextId(row.int(7)?), digest: row.text(8)? },
        is_restricted: row.boolean(9)?,
        objects: row.text(10)?.lines().map(str::to_owned).collect(),
    };
    Ok(Sent {
        version,
        written_at: time(row, 11)?,
        mailed_at: opt_time(row, 12)?,
        acknowledged: opt_time(row, 13)?.zip(row.opt_int(14)?),
        their_reference: row.text(15)?,
        refused: opt_time(row, 16)?.zip(row.opt_int(17)?),
        posted_at: opt_time(row, 18)?,
        post_trouble: row.text(19)?,
    })
}

/// Every version of every part, in order.
pub fn notices(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<Sent>, StoreError> {
    tx.all(OF_CHANGE, values![change_id], read)
}

/// The latest version of each part.
pub fn latest(mut all: Vec<Sent>) -> Vec<Sent> {
    all.reverse();
    all.dedup_by_key(|sent| sent.version.part);
    all.reverse();
    all
}

/// Whether a version was written down by what happened at that moment.
pub fn was_written(tx: &mut dyn Tx, change_id: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(WRITTEN, values![change_id, at.as_microsecond()], |row| row.int(0))?.is_some())
}

/// Whether anything was ever told to a provider in this way.
pub fn has_notice(tx: &mut dyn Tx, change_id: i64) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(ANY, values![change_id], |row| row.int(0))?.is_some())
}

/// The circuits of a change with their accounts: those that were typed, and those among its items. Where none is known, the
/// line may be touched all the same, so the sites stand for their circuits.
fn circuits(tx: &mut dyn Tx, change: &Change, prose: &Prose) -> Result<Vec<Circuit>, StoreError> {
    let Some(content) = &change.content else { return Ok(vec![]) };
    let mut references: Vec<String> = match content.answers.get("circuits") {
        Some(Answer::List(typed)) => typed.iter().filter_map(|text| prose.get(&text.text.0).cloned()).collect(),
        _ => vec![],
    };
    let mut sites: BTreeSet<i64> = content.header.sites.iter().map(|site| site.0).collect();
    for id in &content.header.items {
        let Some(item) = directory::item(tx, id.0)? else { continue };
        sites.extend(item.site_id);
        references.extend(item.is_of_network().then_some(item.code));
    }
    if references.is_empty() {
        for id in sites {
            references.extend(directory::site(tx, id)?.map(|site| site.code));
        }
    }
    // A line of a notice is one line, however it was typed.
    let lines = references.iter().map(|reference| reference.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut known: Vec<Circuit> = vec![];
    for reference in lines.filter(|reference| !reference.is_empty()) {
        if known.iter().any(|one| directory::circuit_key(&one.reference) == directory::circuit_key(&reference)) {
            continue;
        }
        let account = directory::account_of_circuit(tx, &reference)?;
        let accounts: BTreeSet<i64> = known.iter().filter_map(|one| one.account).collect();
        let account = account.filter(|account| accounts.contains(account) || accounts.len() < ACCOUNTS_MAX);
        known.push(Circuit { reference, account });
    }
    Ok(known)
}

/// Writes down the versions that the provider is owed now, and that each has to be sent. In the transaction of the
/// event whose id this is, so that nothing happens without being told.
pub fn write_owed(tx: &mut dyn Tx, before: Option<&Change>, change: &Change, prose: &Prose, event_id: i64, at: Timestamp) -> Result<(), StoreError> {
    let is_no_concern = |change: &Change| change.network == Network::NotNeeded;
    if maintnote::status(change).is_none() || (is_no_concern(change) && before.is_none_or(is_no_concern)) {
        return Ok(());
    }
    let sent: Vec<Version> = latest(notices(tx, change.id.0)?).into_iter().map(|sent| sent.version).collect();
    if sent.is_empty() && maintnote::status(change).is_some_and(|status| !status.is_open()) {
        return Ok(());
    }
    let circuits = circuits(tx, change, prose)?;
    for (n, version) in maintnote::owed(change, &circuits, &sent).into_iter().enumerate() {
        put(tx, change.id.0, &version, at)?;
        let due = Due { part: version.part, sequence: version.sequence };
        let task = NewTask {
            // Beside the ids that the same event gives to what is told and timed.
            id: event_id.wrapping_mul(64).wrapping_add(63 - n as i64) & i64::MAX,
            kind: TASK.into(),
            change_id: Some(change.id.0),
            event_id: Some(event_id),
            dedupe_key: format!("{TASK}-{}-{}-{}", change.id.0, due.part, due.sequence),
            payload: serde_json::to_string(&due).map_err(|fault| StoreError::Corrupt(fault.to_string()))?,
            due_at: at,
        };
        outbox::put(tx, &task)?;
    }
    Ok(())
}

fn put(tx: &mut dyn Tx, change_id: i64, version: &Version, at: Timestamp) -> Result<(), StoreError> {
    let row = values![
        change_id,
        version.part,
        version.account,
        version.sequence,
        version.status.code(),
        version.impact.code(),
        version.start.as_microsecond(),
        version.end.as_microsecond(),
        version.title.text.0,
        &version.title.digest,
        version.is_restricted,
        version.objects.join("\n"),
        at.as_microsecond()
    ];
    tx.exec(PUT, row)?;
    Ok(())
}

/// A letter with this version left.
pub fn note_mailed(tx: &mut dyn Tx, change_id: i64, due: Due, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(MAILED, values![change_id, due.part, due.sequence, at.as_microsecond()])?;
    Ok(())
}

/// The provider's webhook took this version.
pub fn note_posted(tx: &mut dyn Tx, change_id: i64, due: Due, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(POSTED, values![change_id, due.part, due.sequence, at.as_microsecond()])?;
    Ok(())
}

/// It did not, and why.
pub fn note_not_posted(tx: &mut dyn Tx, change_id: i64, due: Due, words: &str) -> Result<(), StoreError> {
    tx.exec(NOT_POSTED, values![change_id, due.part, due.sequence, words])?;
    Ok(())
}

/// The provider acknowledged this version, with its own reference.
pub fn note_acknowledged(tx: &mut dyn Tx, link: &NetworkLink, reference: &str, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(ACKNOWLEDGED, values![link.change_id, link.part, link.sequence, at.as_microsecond(), link.person_id, reference])?;
    Ok(())
}

/// The provider refused this version.
pub fn note_refused(tx: &mut dyn Tx, link: &NetworkLink, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(REFUSED, values![link.change_id, link.part, link.sequence, at.as_microsecond(), link.person_id])?;
    Ok(())
}

/// Keeps a link, before its letter is sent.
pub fn add_network_link(tx: &mut dyn Tx, link: &NetworkLink) -> Result<(), StoreError> {
    let (created, expires) = (link.created_at.as_microsecond(), link.expires_at.as_microsecond());
    tx.exec(LINK_PUT, values![&link.token_hash[..], link.person_id, link.change_id, link.part, link.sequence, created, expires])?;
    Ok(())
}

/// The link of this secret, used or not, unless it is out of date.
pub fn network_link(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<Option<NetworkLink>, StoreError> {
    let found = tx.maybe_one(LINK, values![&token_hash[..]], |row| {
        Ok(NetworkLink {
            token_hash: *token_hash,
            person_id: row.int(0)?,
            change_id: row.int(1)?,
            part: number(row, 2)?,
            sequence: number(row, 3)?,
            created_at: time(row, 4)?,
            expires_at: time(row, 5)?,
            used_at: opt_time(row, 6)?,
        })
    })?;
    Ok(found.filter(|link| link.expires_at > now))
}

/// Uses it up; `false` if somebody was first.
pub fn use_network_link(tx: &mut dyn Tx, token_hash: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.exec(LINK_USE, values![&token_hash[..], now.as_microsecond()])? == 1)
}

/// Forgets links that ran out before a moment.
pub fn sweep_network_links(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(LINK_SWEEP, values![before.as_microsecond()])
}

/// Somebody was asked because the provider says nothing. Once for each step and telling.
pub fn note_chase(tx: &mut dyn Tx, change_id: i64, told_at: Timestamp, step: Chase, at: Timestamp) -> Result<(), StoreError> {
    tx.exec(CHASE_PUT, values![change_id, told_at.as_microsecond(), step as i64, at.as_microsecond()])?;
    Ok(())
}

/// Who was asked, in order: since when the provider had been told, which step, and when.
pub fn chases(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<(Timestamp, Chase, Timestamp)>, StoreError> {
    tx.all(CHASES, values![change_id], |row| {
        let step = row.int(1)?;
        let step = maintnote::CHASES.iter().map(|(chase, _)| *chase).find(|chase| *chase as i64 == step);
        Ok((time(row, 0)?, step.ok_or_else(|| StoreError::Corrupt("no step of X6".into()))?, time(row, 2)?))
    })
}
