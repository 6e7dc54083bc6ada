//! What carriers tell of their own works: every notice as it came, what was understood, what became of it, and the
//! entries of the schedule that stand for the work meanwhile. An entry that changes is ended and declared anew, in one
//! transaction, as everything is that was declared for a stretch of time.

use crate::directory::{self, Act, Answer, Declared, ExternalEntry, ExternalTerms, Refused};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::calendar::DEFAULT_ZONE;
use signalbox_core::carrier::proof::domain_of;
use signalbox_core::carrier::{self, Doubt, Fault, Standing, Understood};
use signalbox_core::ids::{ItemId, SiteId};
use signalbox_core::maintnote::Impact;
use signalbox_core::schedule::recurrence::Recurrence;
use signalbox_core::schedule::{Extent, Node, Span};

/// So many places one work concerns at most.
pub const PLACES_MAX: usize = 40;
/// So many ids a write may need: the notice, the work, each entry that ends or begins, and the events of all.
pub const IDS: usize = 3 + 3 * PLACES_MAX;
/// How many notices a page of the queue shows.
const LISTED: i64 = 200;

macro_rules! columns {
    () => {
        "id, message_id, sender, subject, received_at, received_by, understood, state, work_id, decided_at, decided_by, decided_words"
    };
}

statements! {
    KNOWN = "select id from carrier_notices where content_hash = $1";
    PUT = "insert into carrier_notices (id, content_hash, message_id, sender, subject, raw, received_at, received_by, understood, state, work_id, decided_words)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')";
    BY_ID = concat!("select ", columns!(), " from carrier_notices where id = $1");
    RAW = "select raw from carrier_notices where id = $1";
    IN_STATE = concat!("select ", columns!(), " from carrier_notices where state = $1 order by received_at desc, id desc limit $2");
    OF_WORK = concat!("select ", columns!(), " from carrier_notices where work_id = $1 order by received_at desc limit $2");
    DECIDE = "update carrier_notices set state = $2, work_id = $3, decided_at = $4, decided_by = $5, decided_words = $6 where id = $1 and state = 'waiting'";
    READ_AGAIN = "update carrier_notices set understood = $2, state = $3, work_id = $4 where id = $1 and state = 'waiting'";
    OTHERS_WAIT = "select id from carrier_notices where state = 'waiting' and id <> $1 limit 1";
    WORK = "select id, provider, number, sequence, sender_domain, status, impact, title, starts_at, ends_at from carrier_works
        where provider_key = $1 and number_key = $2";
    WORK_BY_ID = "select id, provider, number, sequence, sender_domain, status, impact, title, starts_at, ends_at from carrier_works where id = $1";
    WORK_PUT = "insert into carrier_works (id, provider_key, number_key, provider, number, sequence, sender_domain, status, impact, title, starts_at, ends_at,
        changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (id) do update set sequence = excluded.sequence, status = excluded.status, impact = excluded.impact, title = excluded.title,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, changed_at = excluded.changed_at";
    STANDING = "select e.id from carrier_entries c join external_entries e on e.id = c.entry_id where c.work_id = $1 and e.cancelled_at is null order by e.id";
    ENTRIES = "select entry_id from carrier_entries where work_id = $1 order by entry_id";
    ENTRY_PUT = "insert into carrier_entries (entry_id, work_id) values ($1, $2)";
    ACCOUNTS = "select id from network_accounts where number = $1 order by id limit 2";
}

/// A notice to be kept.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub content_hash: String,
    pub message_id: String,
    pub sender: String,
    pub subject: String,
    pub raw: Vec<u8>,
    pub understood: Understood,
    /// Whether the mail server found that it comes from the domain of its sender; `None` where nobody asks it.
    pub is_vouched: Option<bool>,
}

/// A notice that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub id: i64,
    pub message_id: String,
    pub sender: String,
    pub subject: String,
    pub received_at: Timestamp,
    pub received_by: Option<i64>,
    pub understood: Understood,
    pub state: Standing,
    pub work_id: Option<i64>,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<i64>,
    pub decided_words: String,
}

/// A piece of work of a carrier, as the schedule has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub id: i64,
    pub provider: String,
    /// The carrier's number of it.
    pub number: String,
    pub sequence: Option<u32>,
    pub sender_domain: String,
    pub status: carrier::State,
    pub impact: Impact,
    pub title: String,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// What is to stand on the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub provider: String,
    pub number: String,
    pub status: carrier::State,
    pub impact: Impact,
    pub title: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub extents: Vec<Extent>,
}

/// Ids from outside, one after the other: [`IDS`] of them are enough for any write here.
struct Ids<'i>(std::slice::Iter<'i, i64>);

impl Ids<'_> {
    fn next(&mut self) -> Result<i64, StoreError> {
        self.0.next().copied().ok_or_else(|| StoreError::Corrupt("more ids are needed than were given".into()))
    }

    fn act(&mut self, act: &Act) -> Result<Act, StoreError> {
        Ok(Act { event_id: self.next()?, ..*act })
    }
}

fn unknown(word: &str) -> StoreError {
    StoreError::Corrupt(format!("{word} is no word of a carrier's notice"))
}

fn read(row: &dyn Row) -> Result<Kept, StoreError> {
    let state = row.text(7)?;
    Ok(Kept {
        id: row.int(0)?,
        message_id: row.text(1)?,
        sender: row.text(2)?,
        subject: row.text(3)?,
        received_at: time(row, 4)?,
        received_by: row.opt_int(5)?,
        understood: serde_json::from_str(&row.text(6)?).map_err(|fault| StoreError::Corrupt(fault.to_string()))?,
        state: Standing::from_code(&state).ok_or_else(|| unknown(&state))?,
        work_id: row.opt_int(8)?,
        decided_at: opt_time(row, 9)?,
        decided_by: row.opt_int(10)?,
        decided_words: row.text(11)?,
    })
}

fn read_work(row: &dyn Row) -> Result<Work, StoreError> {
    let (status, impact) = (row.text(5)?, row.text(6)?);
    Ok(Work {
        id: row.int(0)?,
        provider: row.text(1)?,
        number: row.text(2)?,
        sequence: row.opt_int(3)?.and_then(|number| u32::try_from(number).ok()),
        sender_domain: row.text(4)?,
        status: carrier::State::from_code(&status).ok_or_else(|| unknown(&status))?,
        impact: Impact::from_code(&impact).ok_or_else(|| unknown(&impact))?,
        title: row.text(7)?,
        start: time(row, 8)?,
        end: time(row, 9)?,
    })
}

/// The notice with this id.
pub fn notice(tx: &mut dyn Tx, id: i64) -> Result<Option<Kept>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// The notice as it came, byte for byte.
pub fn raw(tx: &mut dyn Tx, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    tx.maybe_one(RAW, values![id], |row| row.bytes(0))
}

/// The latest notices in this state, the newest first.
pub fn notices(tx: &mut dyn Tx, state: Standing) -> Result<Vec<Kept>, StoreError> {
    tx.all(IN_STATE, values![state.code(), LISTED], read)
}

/// Every notice about a piece of work, the newest first.
pub fn notices_of(tx: &mut dyn Tx, work_id: i64) -> Result<Vec<Kept>, StoreError> {
    tx.all(OF_WORK, values![work_id, LISTED], read)
}

/// The work with this id.
pub fn work(tx: &mut dyn Tx, id: i64) -> Result<Option<Work>, StoreError> {
    tx.maybe_one(WORK_BY_ID, values![id], read_work)
}

/// The work of this number with this provider, however either was typed.
pub fn work_of(tx: &mut dyn Tx, provider: &str, number: &str) -> Result<Option<Work>, StoreError> {
    tx.maybe_one(WORK, values![carrier::provider_key(provider), key(number)], read_work)
}

/// The entries that stood or stand for it.
pub fn entries(tx: &mut dyn Tx, work_id: i64) -> Result<Vec<ExternalEntry>, StoreError> {
    let ids = tx.all(ENTRIES, values![work_id], |row| row.int(0))?;
    let mut found = vec![];
    for id in ids {
        found.extend(directory::declared::<ExternalTerms>(tx, id)?);
    }
    Ok(found)
}

fn key(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The places that circuits of these names are at: the site of the item, or the item where it stands at none. `None` for
/// a name that nobody knows here, or that belongs to another account.
pub fn place_of(tx: &mut dyn Tx, circuit: &str, account: Option<i64>) -> Result<Option<Extent>, StoreError> {
    let owner = directory::account_of_circuit(tx, circuit)?;
    if account.is_some() && owner.is_some() && owner != account {
        return Ok(None);
    }
    let item = directory::item_by_code(tx, circuit)?.filter(|item| owner.is_some() || item.is_of_network());
    Ok(item.map(|item| match item.site_id {
        Some(site) => Extent::Site(SiteId(site)),
        None => Extent::Node(Node::Item(ItemId(item.id))),
    }))
}

/// The places of every circuit that is known here; whether all were.
pub fn places(tx: &mut dyn Tx, understood: &Understood, account: Option<i64>) -> Result<(Vec<Extent>, bool), StoreError> {
    let (mut found, mut are_all_known) = (vec![], true);
    for object in &understood.objects {
        match place_of(tx, &object.reference, account)? {
            Some(extent) if found.contains(&extent) => {}
            Some(extent) if found.len() < PLACES_MAX => found.push(extent),
            _ => are_all_known = false,
        }
    }
    Ok((found, are_all_known))
}

/// The one account with this number.
fn account_of(tx: &mut dyn Tx, number: Option<&String>) -> Result<Option<i64>, StoreError> {
    let Some(number) = number else { return Ok(None) };
    let found = tx.all(ACCOUNTS, values![number.trim()], |row| row.int(0))?;
    Ok(if let [one] = found.as_slice() { Some(*one) } else { None })
}

/// Keeps a notice. One that speaks for itself changes the schedule at once: a MaintNote without a fault, of an account
/// that is known, from a domain of that account, about circuits that all are known. Everything else waits for a person,
/// with the reason. The same notice again does nothing.
///
/// # Errors
/// The store's.
pub fn receive(tx: &mut dyn Tx, act: &Act, ids: &[i64], arrival: &Arrival) -> Answer<(Kept, bool)> {
    if let Some(id) = tx.maybe_one(KNOWN, values![&arrival.content_hash], |row| row.int(0))? {
        let kept = notice(tx, id)?.ok_or_else(|| StoreError::Corrupt("a notice went while it was looked at".into()))?;
        return Ok(Ok((kept, false)));
    }
    let mut ids = Ids(ids.iter());
    let id = ids.next()?;
    let mut understood = arrival.understood.clone();
    let (state, work_id) = match speaks(tx, &arrival.understood, &arrival.sender, arrival.is_vouched)? {
        Speaks::Not(why) => {
            understood.faults.extend(why);
            (Standing::Waiting, None)
        }
        Speaks::Older(work) => (Standing::Older, Some(work)),
        Speaks::For(told) => match apply(tx, act, &mut ids, &told, understood.sequence, &domain_of(&arrival.sender))? {
            Ok(work) => (Standing::Entry, Some(work)),
            Err(refused) => return Ok(Err(refused)),
        },
    };
    let understood = serde_json::to_string(&understood).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    let row = values![
        id,
        &arrival.content_hash,
        &arrival.message_id,
        &arrival.sender,
        &arrival.subject,
        arrival.raw.clone(),
        act.at.as_microsecond(),
        act.by,
        understood,
        state.code(),
        work_id
    ];
    tx.exec(PUT, row)?;
    directory::record_directory_event(tx, act, "CarrierNoticeReceived", id, &json!({"hash": arrival.content_hash, "state": state.code()}))?;
    let kept = notice(tx, id)?.ok_or_else(|| StoreError::Corrupt("a notice was not kept".into()))?;
    Ok(Ok((kept, true)))
}

/// Whether any other notice waits for a person.
///
/// # Errors
/// The store's.
pub fn others_wait(tx: &mut dyn Tx, id: i64) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(OTHERS_WAIT, values![id], |row| row.int(0))?.is_some())
}

/// Reads a notice that waits once more, by what is set up now: an account, its domains or a circuit may have been missing. What
/// it says stays as it was understood. Answers how it stands.
///
/// # Errors
/// The store's.
pub fn read_again(tx: &mut dyn Tx, act: &Act, ids: &[i64], id: i64) -> Answer<Standing> {
    let Some(kept) = notice(tx, id)? else { return Ok(Err(Refused::Unknown("id"))) };
    if kept.state != Standing::Waiting {
        return Ok(Err(Refused::WrongOrder));
    }
    let mut understood = kept.understood;
    // What the mail server found stays as it was found.
    let is_unproved = |fault: &Fault| fault.doubt == Doubt::SenderUnproved;
    let is_vouched = understood.faults.iter().any(is_unproved).then_some(false);
    understood.faults.retain(|fault| !fault.doubt.is_of_set_up() && !is_unproved(fault));
    let (state, work_id, why) = match speaks(tx, &understood, &kept.sender, is_vouched)? {
        Speaks::Not(why) => (Standing::Waiting, None, why),
        Speaks::Older(work) => (Standing::Older, Some(work), vec![]),
        Speaks::For(told) => match apply(tx, act, &mut Ids(ids.iter()), &told, understood.sequence, &domain_of(&kept.sender))? {
            Ok(work) => (Standing::Entry, Some(work), vec![]),
            Err(refused) => return Ok(Err(refused)),
        },
    };
    understood.faults.extend(why);
    let understood = serde_json::to_string(&understood).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    tx.exec(READ_AGAIN, values![id, understood, state.code(), work_id])?;
    directory::record_directory_event(tx, act, "CarrierNoticeReadAgain", id, &json!({"state": state.code()}))?;
    Ok(Ok(state))
}

enum Speaks {
    /// A person is asked, for these reasons beside what could not be read.
    Not(Vec<Fault>),
    Older(i64),
    For(Told),
}

fn because(property: &str, doubt: Doubt) -> Fault {
    Fault { property: property.into(), doubt }
}

/// Why a notice of this account is not believed to come from its provider (spec 10.3). Whoever knows an account and a
/// circuit could write one; the domain is set by an administrator, and kept with the account.
fn sender_faults(tx: &mut dyn Tx, sender: &str, is_vouched: Option<bool>, account: i64) -> Result<Vec<Fault>, StoreError> {
    let senders = directory::network_account(tx, account)?.map(|account| account.senders).unwrap_or_default();
    let mut faults = vec![];
    if senders.is_empty() {
        faults.push(because("From", Doubt::SenderUnset));
    } else if !senders.contains(&domain_of(sender)) {
        faults.push(because("From", Doubt::SenderElsewhere));
    }
    if is_vouched == Some(false) {
        faults.push(because("From", Doubt::SenderUnproved));
    }
    Ok(faults)
}

fn speaks(tx: &mut dyn Tx, understood: &Understood, sender: &str, is_vouched: Option<bool>) -> Result<Speaks, StoreError> {
    let account = account_of(tx, understood.account.value.as_ref())?;
    let mut why = match account {
        Some(account) => sender_faults(tx, sender, is_vouched, account)?,
        None if understood.is_maintnote && understood.account.value.is_some() => vec![because("X-MAINTNOTE-ACCOUNT", Doubt::AccountUnknown)],
        None => vec![],
    };
    let (Some(provider), Some(number), Some(status), Some(start), Some(end), Some(sequence)) = (
        understood.provider.value.clone(),
        understood.maintenance_id.value.clone(),
        understood.status.value,
        understood.start.value,
        understood.end.value,
        understood.sequence,
    ) else {
        return Ok(Speaks::Not(why));
    };
    let (extents, are_all_known) = places(tx, understood, account)?;
    if understood.is_maintnote && !are_all_known {
        why.push(because("X-MAINTNOTE-OBJECT-ID", Doubt::CircuitUnknown));
    }
    let work = work_of(tx, &provider, &number)?;
    let is_older = work.as_ref().is_some_and(|work| work.sequence.is_some_and(|known| known > sequence));
    match &work {
        // Whoever takes a number that another sender began is asked about, and so is a version that came in two wordings.
        Some(work) if !is_of_account(tx, account, &work.sender_domain)? && work.sender_domain != domain_of(sender) => {
            why.push(because("From", Doubt::SenderChanged));
        }
        Some(work) if work.sequence == Some(sequence) => why.push(because("SEQUENCE", Doubt::Reworded)),
        // The end of something that nobody heard of.
        None if !status.is_open() => why.push(because("X-MAINTNOTE-STATUS", Doubt::Unannounced)),
        _ => {}
    }
    match work.filter(|_| is_older) {
        _ if !why.is_empty() || !understood.is_plain() || extents.is_empty() => Ok(Speaks::Not(why)),
        Some(work) => Ok(Speaks::Older(work.id)),
        None => {
            let title = understood.summary.value.clone().unwrap_or_default();
            Ok(Speaks::For(Told { provider, number, status, impact: understood.worst(), title, start, end, extents }))
        }
    }
}

/// Whether notices of the account come from this domain, among others.
fn is_of_account(tx: &mut dyn Tx, account: Option<i64>, domain: &str) -> Result<bool, StoreError> {
    let Some(account) = account else { return Ok(false) };
    Ok(directory::network_account(tx, account)?.is_some_and(|account| account.senders.iter().any(|sender| sender == domain)))
}

/// Brings the schedule in line with what is told. Entries that say it already stay.
fn apply(tx: &mut dyn Tx, act: &Act, ids: &mut Ids, told: &Told, sequence: Option<u32>, domain: &str) -> Answer<i64> {
    let before = work_of(tx, &told.provider, &told.number)?;
    let work_id = match &before {
        Some(work) => work.id,
        None => ids.next()?,
    };
    let sequence = sequence.max(before.as_ref().and_then(|work| work.sequence));
    let row = values![
        work_id,
        carrier::provider_key(&told.provider),
        key(&told.number),
        &told.provider,
        &told.number,
        sequence,
        before.as_ref().map_or(domain, |work| work.sender_domain.as_str()),
        told.status.code(),
        told.impact.code(),
        &told.title,
        told.start.as_microsecond(),
        told.end.as_microsecond(),
        act.at.as_microsecond()
    ];
    tx.exec(WORK_PUT, row)?;
    let wanted: Vec<ExternalEntry> = if told.status.is_open() { told.extents.iter().map(|extent| entry(act, told, *extent)).collect() } else { vec![] };
    let standing = tx.all(STANDING, values![work_id], |row| row.int(0))?;
    let mut kept = vec![];
    for id in standing {
        let now = directory::declared::<ExternalTerms>(tx, id)?;
        let says_the_same = |one: &&ExternalEntry| {
            now.as_ref().is_some_and(|now| (&now.title, now.extent, &now.when, &now.own) == (&one.title, one.extent, &one.when, &one.own))
        };
        match wanted.iter().find(says_the_same) {
            Some(same) => kept.push(same.extent),
            // What is over by itself need not be ended.
            None if now.is_some_and(|now| now.when.envelope().until <= act.at) && told.status == carrier::State::Completed => {}
            None => {
                if let Err(refused) = directory::end_declared::<ExternalTerms>(tx, &ids.act(act)?, id)? {
                    return Ok(Err(refused));
                }
            }
        }
    }
    for mut entry in wanted.into_iter().filter(|entry| !kept.contains(&entry.extent)) {
        entry.id = ids.next()?;
        if let Err(refused) = directory::declare(tx, &ids.act(act)?, &entry)? {
            return Ok(Err(refused));
        }
        tx.exec(ENTRY_PUT, values![entry.id, work_id])?;
    }
    Ok(Ok(work_id))
}

fn entry(act: &Act, told: &Told, extent: Extent) -> ExternalEntry {
    let title = if told.title.is_empty() { told.number.clone() } else { told.title.clone() };
    Declared {
        id: 0,
        title,
        extent,
        when: Recurrence::once(Span { from: told.start, until: told.end }, DEFAULT_ZONE),
        declared_by: act.by,
        created_at: act.at,
        ended_at: None,
        own: ExternalTerms { is_outage: told.impact == Impact::Outage, source: format!("{}, {}", told.provider, told.number), url: None },
    }
}

/// A person confirms what a notice says, as they read it.
///
/// # Errors
/// The store's.
pub fn confirm(tx: &mut dyn Tx, act: &Act, ids: &[i64], id: i64, told: &Told) -> Answer<i64> {
    let Some(kept) = notice(tx, id)? else { return Ok(Err(Refused::Unknown("id"))) };
    if kept.state != Standing::Waiting {
        return Ok(Err(Refused::WrongOrder));
    }
    if told.end <= told.start {
        return Ok(Err(Refused::Invalid("ends_at")));
    }
    let mut ids = Ids(ids.iter());
    let work = match apply(tx, act, &mut ids, told, kept.understood.sequence, &domain_of(&kept.sender))? {
        Ok(work) => work,
        Err(refused) => return Ok(Err(refused)),
    };
    decide(tx, act, id, Standing::Confirmed, Some(work), "")?;
    Ok(Ok(work))
}

/// A person puts a notice aside, and says why.
///
/// # Errors
/// The store's.
pub fn refuse(tx: &mut dyn Tx, act: &Act, id: i64, words: &str) -> Answer<()> {
    let Some(kept) = notice(tx, id)? else { return Ok(Err(Refused::Unknown("id"))) };
    if kept.state != Standing::Waiting {
        return Ok(Err(Refused::WrongOrder));
    }
    if words.trim().is_empty() {
        return Ok(Err(Refused::Invalid("why")));
    }
    decide(tx, act, id, Standing::Refused, None, words.trim())?;
    Ok(Ok(()))
}

fn decide(tx: &mut dyn Tx, act: &Act, id: i64, state: Standing, work: Option<i64>, words: &str) -> Result<(), StoreError> {
    if tx.exec(DECIDE, values![id, state.code(), work, act.at.as_microsecond(), act.by, words])? == 0 {
        return Err(StoreError::Corrupt("a notice was decided twice".into()));
    }
    directory::record_directory_event(tx, act, "CarrierNoticeDecided", id, &json!({"state": state.code()}))
}
