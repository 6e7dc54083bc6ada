//! Proposed versions of process documents: what was written, who was asked, what they said, and from when it counts.
//! Every step is an event of the directory stream too; words stay in the rows (settled 20).

use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::govern::{self, State};
use signalbox_core::ids::{OrgId, PersonId};
use std::collections::BTreeSet;

statements! {
    BY_ID = "select id, document, title, version, state, rev, source, why, base_hash, hash, author, created_at, saved_by, saved_at,
        published_by, published_at, due_at, shortened, adopted_by, adopted_at, from_at, withdrawn_by, withdrawn_at from proposals where id = $1";
    OF_DOCUMENT = "select id, document, title, version, state, rev, source, why, base_hash, hash, author, created_at, saved_by, saved_at,
        published_by, published_at, due_at, shortened, adopted_by, adopted_at, from_at, withdrawn_by, withdrawn_at from proposals where document = $1 order by id desc limit 200";
    OPEN = "select id, document, title, version, state, rev, source, why, base_hash, hash, author, created_at, saved_by, saved_at,
        published_by, published_at, due_at, shortened, adopted_by, adopted_at, from_at, withdrawn_by, withdrawn_at from proposals
        where state in ('draft', 'checked', 'consultation') order by id desc limit 200";
    IN_FORCE = "select id, document, from_at from proposals where state = 'adopted' and from_at <= $1 order by from_at, adopted_at, id";
    INSERT = "insert into proposals (id, document, title, version, state, rev, source, why, base_hash, author, created_at, saved_by, saved_at, shortened)
        values ($1, $2, $3, $4, 'draft', 1, $5, $6, $7, $8, $9, $8, $9, '')";
    SAVE = "update proposals set title = $3, version = $4, source = $5, why = $6, saved_by = $7, saved_at = $8, rev = rev + 1, state = 'draft', hash = null
        where id = $1 and rev = $2 and state in ('draft', 'checked')";
    CHECK = "update proposals set state = 'checked', hash = $3 where id = $1 and rev = $2 and state in ('draft', 'checked')";
    PUBLISH = "update proposals set state = 'consultation', published_by = $2, published_at = $3, due_at = $4, shortened = $5 where id = $1 and state = 'checked'";
    ADOPT = "update proposals set state = 'adopted', adopted_by = $2, adopted_at = $3, from_at = $4, hash = $5 where id = $1 and state = 'consultation'";
    WITHDRAW = "update proposals set state = 'withdrawn', withdrawn_by = $2, withdrawn_at = $3 where id = $1 and state in ('draft', 'checked', 'consultation')";
    HANDS = "select person_id from proposal_hands where proposal_id = $1 order by person_id";
    HAND = "insert into proposal_hands (proposal_id, person_id) values ($1, $2) on conflict (proposal_id, person_id) do nothing";
    ASK = "insert into proposal_answers (proposal_id, org_id, asked_at, words, reply) values ($1, $2, $3, '', '') on conflict (proposal_id, org_id) do nothing";
    ANSWERS = "select org_id, answer, words, answered_by, answered_at, reply, replied_by, replied_at from proposal_answers where proposal_id = $1 order by org_id";
    ANSWER = "update proposal_answers set answer = $3, words = $4, answered_by = $5, answered_at = $6, reply = '', replied_by = null, replied_at = null
        where proposal_id = $1 and org_id = $2";
    REPLY = "update proposal_answers set reply = $3, replied_by = $4, replied_at = $5 where proposal_id = $1 and org_id = $2 and answer = 'objected'";
    ORGS_TO_ASK = "select id from organisations where kind in ('trust', 'supplier') and active = 1 order by id";
}

/// A proposed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub id: i64,
    /// The id of the document.
    pub document: String,
    pub title: String,
    pub version: i64,
    pub state: State,
    /// Counts the saves.
    pub rev: i64,
    /// The Markdown.
    pub source: String,
    /// What it is for, in its author's words.
    pub why: String,
    /// The hash of the version in force when it was begun.
    pub base_hash: String,
    /// The hash of the whole document, once it was checked.
    pub hash: Option<String>,
    pub author: i64,
    pub created_at: Timestamp,
    pub saved_by: i64,
    pub saved_at: Timestamp,
    pub published: Option<(i64, Timestamp)>,
    /// Until when organisations may object.
    pub due_at: Option<Timestamp>,
    /// Why they have less than their days; empty: they have them all.
    pub shortened: String,
    pub adopted: Option<(i64, Timestamp)>,
    pub from_at: Option<Timestamp>,
    pub withdrawn: Option<(i64, Timestamp)>,
    pub hands: BTreeSet<PersonId>,
    pub answers: Vec<Asked>,
}

/// What one organisation was asked, and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub org: OrgId,
    /// `None`: nothing yet.
    pub answer: Option<govern::Answer>,
    pub words: String,
    pub by: Option<(i64, Timestamp)>,
    pub reply: String,
    pub replied: Option<(i64, Timestamp)>,
}

impl Asked {
    /// An objection that nobody has answered.
    pub fn is_open(&self) -> bool {
        self.answer == Some(govern::Answer::Objected) && self.replied.is_none()
    }
}

impl Proposal {
    /// The same, as the core decides upon it.
    pub fn to_core(&self) -> govern::Proposal {
        govern::Proposal {
            state: self.state,
            hands: self.hands.clone(),
            due_at: self.due_at,
            asked: self.answers.iter().map(|asked| asked.org).collect(),
            open_objections: self.answers.iter().filter(|asked| asked.is_open()).count(),
        }
    }
}

/// What is written of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub title: String,
    pub version: i64,
    pub source: String,
    pub why: String,
}

fn read(row: &dyn Row) -> Result<Proposal, StoreError> {
    let state = row.text(4)?;
    let state = State::from_code(&state).ok_or_else(|| StoreError::Corrupt(format!("{state} is no state of a proposal")))?;
    let pair = |who: Option<i64>, at: Option<Timestamp>| who.zip(at);
    Ok(Proposal {
        id: row.int(0)?,
        document: row.text(1)?,
        title: row.text(2)?,
        version: row.int(3)?,
        state,
        rev: row.int(5)?,
        source: row.text(6)?,
        why: row.text(7)?,
        base_hash: row.text(8)?,
        hash: row.opt_text(9)?,
        author: row.int(10)?,
        created_at: time(row, 11)?,
        saved_by: row.int(12)?,
        saved_at: time(row, 13)?,
        published: pair(row.opt_int(14)?, opt_time(row, 15)?),
        due_at: opt_time(row, 16)?,
        shortened: row.text(17)?,
        adopted: pair(row.opt_int(18)?, opt_time(row, 19)?),
        from_at: opt_time(row, 20)?,
        withdrawn: pair(row.opt_int(21)?, opt_time(row, 22)?),
        hands: BTreeSet::new(),
        answers: vec![],
    })
}

fn read_asked(row: &dyn Row) -> Result<Asked, StoreError> {
    Ok(Asked {
        org: OrgId(row.int(0)?),
        answer: row.opt_text(1)?.and_then(|code| govern::Answer::from_code(&code)),
        words: row.text(2)?,
        by: row.opt_int(3)?.zip(opt_time(row, 4)?),
        reply: row.text(5)?,
        replied: row.opt_int(6)?.zip(opt_time(row, 7)?),
    })
}

/// The proposal with this id, with all that was said to it.
pub fn proposal(tx: &mut dyn Tx, id: i64) -> Result<Option<Proposal>, StoreError> {
    let Some(mut found) = tx.maybe_one(BY_ID, values![id], read)? else { return Ok(None) };
    found.hands = tx.all(HANDS, values![id], |row| row.int(0).map(PersonId))?.into_iter().collect();
    found.answers = tx.all(ANSWERS, values![id], read_asked)?;
    Ok(Some(found))
}

/// The proposals of a document, the latest first, without what was said to them.
pub fn of_document(tx: &mut dyn Tx, document: &str) -> Result<Vec<Proposal>, StoreError> {
    tx.all(OF_DOCUMENT, values![document], read)
}

/// The proposals that are neither adopted nor withdrawn, the latest first, without what was said to them.
pub fn open(tx: &mut dyn Tx) -> Result<Vec<Proposal>, StoreError> {
    tx.all(OPEN, &[], read)
}

/// The adopted versions that count at a moment: for each document the latest, with its id and from when.
pub fn in_force(tx: &mut dyn Tx, at: Timestamp) -> Result<Vec<(String, i64, Timestamp)>, StoreError> {
    let mut found: std::collections::BTreeMap<String, (i64, Timestamp)> = Default::default();
    for (id, document, from) in tx.all(IN_FORCE, values![at.as_microsecond()], |row| Ok((row.int(0)?, row.text(1)?, time(row, 2)?)))? {
        found.insert(document, (id, from));
    }
    Ok(found.into_iter().map(|(document, (id, from))| (document, id, from)).collect())
}

/// The organisations that are asked about a new version: every trust and supplier.
pub fn organisations_to_ask(tx: &mut dyn Tx) -> Result<Vec<OrgId>, StoreError> {
    tx.all(ORGS_TO_ASK, &[], |row| row.int(0).map(OrgId))
}

fn by(act: &Act) -> i64 {
    act.by.unwrap_or(0)
}

fn happened(tx: &mut dyn Tx, act: &Act, kind: &'static str, id: i64, more: serde_json::Value) -> Answer<()> {
    record_directory_event(tx, act, kind, id, &more)?;
    Ok(Ok(()))
}

/// Begins a proposal.
pub fn begin(tx: &mut dyn Tx, act: &Act, id: i64, document: &str, base_hash: &str, written: &Written) -> Answer<()> {
    let Written { title, version, source, why } = written;
    tx.exec(INSERT, values![id, document, title, *version, source, why, base_hash, by(act), act.at.as_microsecond()])?;
    tx.exec(HAND, values![id, by(act)])?;
    happened(tx, act, "ProcessProposed", id, json!({"document": document, "base": base_hash}))
}

/// Saves its text; whoever saves has a hand in it.
pub fn save(tx: &mut dyn Tx, act: &Act, id: i64, rev: i64, written: &Written) -> Answer<()> {
    let Written { title, version, source, why } = written;
    if tx.exec(SAVE, values![id, rev, title, *version, source, why, by(act), act.at.as_microsecond()])? == 0 {
        return lost(tx, id, rev);
    }
    tx.exec(HAND, values![id, by(act)])?;
    happened(tx, act, "ProcessWritten", id, json!({"rev": rev + 1}))
}

fn lost(tx: &mut dyn Tx, id: i64, rev: i64) -> Answer<()> {
    match proposal(tx, id)? {
        Some(found) if found.rev != rev => Err(StoreError::Conflict { expected: rev, found: found.rev }),
        _ => Ok(Err(Refused::WrongOrder)),
    }
}

/// Notes that its text has no fault.
pub fn checked(tx: &mut dyn Tx, act: &Act, id: i64, rev: i64, hash: &str) -> Answer<()> {
    if tx.exec(CHECK, values![id, rev, hash])? == 0 {
        return lost(tx, id, rev);
    }
    happened(tx, act, "ProcessChecked", id, json!({"rev": rev, "hash": hash}))
}

/// Asks the organisations.
pub fn publish(tx: &mut dyn Tx, act: &Act, id: i64, due_at: Timestamp, shortened: &str, orgs: &[OrgId]) -> Answer<()> {
    if tx.exec(PUBLISH, values![id, by(act), act.at.as_microsecond(), due_at.as_microsecond(), shortened])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    tx.exec(HAND, values![id, by(act)])?;
    for org in orgs {
        tx.exec(ASK, values![id, org.0, act.at.as_microsecond()])?;
    }
    let asked: Vec<String> = orgs.iter().map(ToString::to_string).collect();
    happened(tx, act, "ProcessPublished", id, json!({"due_at": due_at.as_microsecond().to_string(), "shortened": !shortened.is_empty(), "asked": asked}))
}

/// An organisation's answer; a later one takes the place of an earlier.
pub fn answer(tx: &mut dyn Tx, act: &Act, id: i64, org: OrgId, answer: govern::Answer, words: &str) -> Answer<()> {
    if tx.exec(ANSWER, values![id, org.0, answer.code(), words, by(act), act.at.as_microsecond()])? == 0 {
        return Ok(Err(Refused::NotYours));
    }
    happened(tx, act, "ProcessAnswered", id, json!({"org": org.to_string(), "answer": answer.code()}))
}

/// The authority's answer to an objection.
pub fn reply(tx: &mut dyn Tx, act: &Act, id: i64, org: OrgId, words: &str) -> Answer<()> {
    if tx.exec(REPLY, values![id, org.0, words, by(act), act.at.as_microsecond()])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    happened(tx, act, "ProcessObjectionAnswered", id, json!({"org": org.to_string()}))
}

/// It counts from this moment on.
pub fn adopt(tx: &mut dyn Tx, act: &Act, id: i64, from_at: Timestamp, hash: &str) -> Answer<()> {
    if tx.exec(ADOPT, values![id, by(act), act.at.as_microsecond(), from_at.as_microsecond(), hash])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    happened(tx, act, "ProcessAdopted", id, json!({"from_at": from_at.as_microsecond().to_string(), "hash": hash}))
}

/// It goes no further.
pub fn withdraw(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<()> {
    if tx.exec(WITHDRAW, values![id, by(act), act.at.as_microsecond()])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    happened(tx, act, "ProcessWithdrawn", id, json!({}))
}
