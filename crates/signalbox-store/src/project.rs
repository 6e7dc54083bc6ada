//! Rows that answer questions, made from a change as its log tells it. Written in the transaction of the events;
//! the same function makes them again for `rebuild` and compares them for `verify`.

pub mod money;
pub(crate) mod notice;
pub(crate) mod work;

use crate::clinical::{self, ClinicalRows};
use crate::sql::statements;
use crate::{Dialect, Row, StoreError, Tx, Value, log};
use jiff::Timestamp;
use signalbox_core::change::{Change, Clinical, Network};
use signalbox_core::event::{Recorded, upcast};
use signalbox_core::form::Answer;
use signalbox_core::form::format::ae_key;
use signalbox_core::modality::Claim;
use std::collections::{BTreeMap, BTreeSet};

macro_rules! columns {
    () => {
        "id, reference, source_ref, kind, process, org_id, raised_by, raised_at, title, stage, stage_since,
        version, revision, private, confidentiality, window_start, window_end, contingency_end, holds_window, received_at,
        notice_verdict, notice_days, notice_asked, notice_basis, notice_defective, consequence, late_reason, impact, risk, category,
        direct_care, clinical, network, approved_at, implementer, implementer_org, started_at, expected_end, finished_at, overran,
        deviations, proposed, outcome, closed_at, review_due, long, imported, updated_at, raised_as, back_at"
    };
}

/// The columns of `changes`, in the order of its values.
const COLUMNS: &str = columns!();

statements! {
    PUT_CHANGE = concat!("insert into changes(", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
        $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50)");
    GET_CHANGE = concat!("select ", columns!(), " from changes where id = $1");
    DROP_CHANGE = "delete from changes where id = $1";
    PUT_ORG = "insert into change_orgs(change_id, org_id, part, window_start) values ($1, $2, $3, $4)";
    GET_ORGS = "select change_id, org_id, part, window_start from change_orgs where change_id = $1 order by org_id, part";
    DROP_ORGS = "delete from change_orgs where change_id = $1";
    PUT_SITE = "insert into change_sites(change_id, site_id, window_start) values ($1, $2, $3)";
    GET_SITES = "select change_id, site_id, window_start from change_sites where change_id = $1 order by site_id";
    DROP_SITES = "delete from change_sites where change_id = $1";
    PUT_PERSON = "insert into change_people(change_id, person_id) values ($1, $2)";
    GET_PEOPLE = "select change_id, person_id from change_people where change_id = $1 order by person_id";
    DROP_PEOPLE = "delete from change_people where change_id = $1";
    PUT_SERVICE = "insert into change_services(change_id, service_id, derived, window_start) values ($1, $2, $3, $4)";
    GET_SERVICES = "select change_id, service_id, derived, window_start from change_services where change_id = $1 order by service_id";
    DROP_SERVICES = "delete from change_services where change_id = $1";
    PUT_ITEM = "insert into change_items(change_id, item_id) values ($1, $2)";
    GET_ITEMS = "select change_id, item_id from change_items where change_id = $1 order by item_id";
    DROP_ITEMS = "delete from change_items where change_id = $1";
    PUT_DUTY = "insert into duties(change_id, key, kind, org_id, role, person_id, about, text_id, asked_at, due_at, done_at, done_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    GET_DUTIES = "select change_id, key, kind, org_id, role, person_id, about, text_id, asked_at, due_at, done_at, done_by
        from duties where change_id = $1 order by key";
    DROP_DUTIES = "delete from duties where change_id = $1";
    PUT_MODALITY = "insert into change_modalities(change_id, place, ae_key, ae_title, turn, at, ip, org_id, site_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET_MODALITIES = "select change_id, place, ae_key, ae_title, turn, at, ip, org_id, site_id
        from change_modalities where change_id = $1 order by place";
    DROP_MODALITIES = "delete from change_modalities where change_id = $1";
    CHANGE_IDS = "select distinct change_id from events where stream = 'change' order by change_id";
    ROW_IDS = "select id from changes order by id";
}

const PUT_WORDS_SQLITE: &str = "insert into change_words(rowid, words) values ($1, $2)";
const PUT_WORDS_POSTGRES: &str = "insert into change_words(rowid, words) values ($1, to_tsvector('simple', $2))";
const DROP_WORDS: &str = "delete from change_words where rowid = $1";

/// The words behind free texts, by id.
pub type Prose = BTreeMap<i64, String>;

/// Every projected row of one change: the values of each table, in the order of its statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub change: Vec<Value>,
    pub orgs: Vec<Vec<Value>>,
    pub sites: Vec<Vec<Value>>,
    pub people: Vec<Vec<Value>>,
    pub services: Vec<Vec<Value>>,
    pub items: Vec<Vec<Value>>,
    pub duties: Vec<Vec<Value>>,
    pub modalities: Vec<Vec<Value>>,
    pub urgent: Vec<Vec<Value>>,
    pub notices: Vec<Vec<Value>>,
    pub carried: work::Carried,
    pub money: money::MoneyRows,
    pub clinical: ClinicalRows,
}

/// The rows that a change makes.
pub fn rows(change: &Change, prose: &Prose, updated_at: Timestamp) -> Rows {
    let id = change.id.0;
    let start = Value::from(change.window().map(|w| w.start.as_microsecond()));
    let header = change.content.as_ref().map(|c| &c.header);
    let parties = change.parties();
    let mut orgs = BTreeSet::from([(change.org.0, "raiser")]);
    orgs.extend(parties.runs.iter().map(|o| (o.0, "runs")));
    orgs.extend(parties.affected.iter().map(|o| (o.0, "affected")));
    orgs.extend(change.implementer.iter().map(|(_, o)| (o.0, "implementer")));
    let sites: BTreeSet<i64> = header.iter().flat_map(|h| &h.sites).map(|s| s.0).collect();
    let items: BTreeSet<i64> = header.iter().flat_map(|h| &h.items).map(|i| i.0).collect();
    let mut services: BTreeMap<i64, bool> = parties.derived_services.iter().map(|s| (s.0, true)).collect();
    services.extend(header.iter().flat_map(|h| &h.services).map(|s| (s.0, false)));
    Rows {
        change: change_row(change, prose, updated_at),
        orgs: orgs.into_iter().map(|(org, part)| vec![id.into(), org.into(), part.into(), start.clone()]).collect(),
        sites: sites.into_iter().map(|site| vec![id.into(), site.into(), start.clone()]).collect(),
        people: signalbox_core::schedule::people(change).into_iter().map(|person| vec![id.into(), person.0.into()]).collect(),
        services: services.into_iter().map(|(service, derived)| vec![id.into(), service.into(), derived.into(), start.clone()]).collect(),
        items: items.into_iter().map(|item| vec![id.into(), item.into()]).collect(),
        duties: crate::duties::of(change),
        modalities: modalities(change),
        urgent: crate::urgent::rows(change),
        notices: notice::rows(change),
        carried: work::rows(change),
        money: money::rows(change, prose, updated_at),
        clinical: clinical::rows(change),
    }
}

/// What a change that counts says of AE titles (spec 4.8), with the site at which its device stands.
fn modalities(change: &Change) -> Vec<Vec<Value>> {
    let site = change.content.as_ref().and_then(|c| c.header.sites.first()).map(|site| site.0);
    let row = |(place, claim): (usize, Claim)| {
        vec![
            change.id.0.into(),
            (place as i64).into(),
            ae_key(&claim.ae_title).into(),
            claim.ae_title.into(),
            claim.turn.code().into(),
            claim.at.as_microsecond().into(),
            Value::from(claim.ip),
            change.org.0.into(),
            site.into(),
        ]
    };
    signalbox_core::modality::standing(change).into_iter().enumerate().map(row).collect()
}

/// Whether only its own organisation may see it: never sent, or drawn back before it was (settled 8).
fn is_private(change: &Change) -> bool {
    change.stage.is_draft() || (change.revision == 0 && change.source_ref.is_none())
}

fn change_row(change: &Change, prose: &Prose, updated_at: Timestamp) -> Vec<Value> {
    let micros = |at: Option<Timestamp>| Value::from(at.map(Timestamp::as_microsecond));
    let window = change.window();
    let notice = change.notice();
    let class = change.classification.as_ref();
    let content = change.content.as_ref();
    let title = content.and_then(|c| prose.get(&c.header.title.text.0)).cloned().unwrap_or_default();
    let text = |t: Option<&str>| Value::from(t.map(str::to_owned));
    let deviations: Vec<&str> = change.work.deviations.iter().map(String::as_str).collect();
    vec![
        change.id.0.into(),
        change.reference.as_str().into(),
        text(change.source_ref.as_deref()),
        change.kind.code().into(),
        change.process.as_str().into(),
        change.org.0.into(),
        change.raised_by.person.map(|p| p.0).into(),
        change.raised_at.as_microsecond().into(),
        title.into(),
        change.stage.code().into(),
        change.stage_since.as_microsecond().into(),
        change.version.into(),
        i64::from(change.revision).into(),
        is_private(change).into(),
        content.map_or("open", |c| c.header.confidentiality.code()).into(),
        micros(window.map(|w| w.start)),
        micros(window.map(|w| w.end)),
        micros(signalbox_core::carry::latest_end(change)),
        (change.stage.holds_window() && window.is_some()).into(),
        micros(notice.map(|n| n.received_at).or(change.receipt().map(|r| r.at))),
        text(notice.map(|n| n.verdict.code())),
        notice.map(|n| n.days).into(),
        notice.map(|n| n.asked).into(),
        text(notice.map(|n| n.basis.code())),
        notice.map(|n| i64::from(n.defective)).into(),
        text(change.consequence.map(|c| c.code())),
        text(change.late_reason.as_deref()),
        class.map(|c| i64::from(c.impact)).into(),
        class.map(|c| i64::from(c.risk)).into(),
        text(class.map(|c| c.category.as_str())),
        change.parties().direct_care.into(),
        clinical_code(&change.clinical).into(),
        network_code(&change.network).into(),
        micros(change.live_approvals().map(|a| a.at).last()),
        change.implementer.map(|(p, _)| p.0).into(),
        change.implementer.map(|(_, o)| o.0).into(),
        micros(change.work.started.as_ref().map(|t| t.happened_at)),
        micros(change.work.expected_end),
        micros(change.work.finished.as_ref().map(|t| t.happened_at)),
        change.work.overran.into(),
        deviations.join(";").into(),
        text(change.work.proposed.map(|o| o.code())),
        text(change.outcome.map(|o| o.code())),
        micros(change.closed_at),
        micros(change.review_due.as_ref().map(|(due, _)| *due)),
        change.long.into(),
        change.source_ref.is_some().into(),
        updated_at.as_microsecond().into(),
        change.raised_as.map(|org| org.0).into(),
        micros(signalbox_core::alarm::back_at(change)),
    ]
}

/// The clinical track as a code (spec 5.3).
pub fn clinical_code(track: &Clinical) -> &'static str {
    match track {
        Clinical::NotAssessed => "NOT_ASSESSED",
        Clinical::UnderReview { .. } | Clinical::AwaitingSignature(_) => "UNDER_REVIEW",
        Clinical::Query { .. } => "QUERY",
        Clinical::NotRequired { .. } => "NOT_REQUIRED",
        Clinical::Accepted { basis: Some(basis), .. } if basis.decision != "accept" => "ACCEPTED_WITH_CONDITIONS",
        Clinical::Accepted { conditions: 0, .. } => "ACCEPTED",
        Clinical::Accepted { .. } => "ACCEPTED_WITH_CONDITIONS",
        Clinical::Rejected { .. } => "REJECTED",
        Clinical::Stopped { .. } => "STOPPED",
    }
}

/// The network track as a code (spec 5.6).
pub fn network_code(track: &Network) -> &'static str {
    match track {
        Network::NotNeeded => "NOT_NEEDED",
        Network::Needed => "NEEDED",
        Network::Sent { .. } => "SENT",
        Network::Acknowledged { .. } => "ACKED",
        Network::Refused { .. } => "REFUSED",
        Network::Told { .. } => "TOLD",
    }
}

/// What full-text search looks through: references, title and every free answer.
fn search_words(change: &Change, prose: &Prose) -> String {
    let mut words = vec![change.reference.clone()];
    // RFC-2026-000123 is found as RFC-123 too (settled 7).
    if let Some((prefix, number)) = change.reference.split_once('-').and_then(|(p, rest)| rest.rsplit_once('-').map(|(_, n)| (p, n))) {
        let short = number.trim_start_matches('0');
        words.extend([short.to_owned(), format!("{prefix}{short}")]);
    }
    words.extend(change.source_ref.clone());
    let answers = change.content.iter().flat_map(|c| c.answers.values());
    words.extend(answers.flat_map(Answer::texts).filter_map(|t| prose.get(&t.text.0).cloned()));
    crate::queries::search::fold(&words.join("\n"))
}

/// One table of what a change fills: what takes a change's rows away, what puts one there, and the rows.
pub(crate) type Table<'r> = (&'static str, &'static str, &'r Vec<Vec<Value>>);

impl Rows {
    /// Every table but `changes` itself, always in the same order.
    fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        let own = [
            (DROP_ORGS, PUT_ORG, &self.orgs),
            (DROP_SITES, PUT_SITE, &self.sites),
            (DROP_PEOPLE, PUT_PERSON, &self.people),
            (DROP_SERVICES, PUT_SERVICE, &self.services),
            (DROP_ITEMS, PUT_ITEM, &self.items),
            (DROP_DUTIES, PUT_DUTY, &self.duties),
            (DROP_MODALITIES, PUT_MODALITY, &self.modalities),
            (crate::urgent::FORGET, crate::urgent::WRITE, &self.urgent),
            (notice::FORGET, notice::WRITE, &self.notices),
        ];
        own.into_iter().chain(self.carried.tables()).chain(self.money.tables()).chain(self.clinical.tables())
    }

    /// The rows of each table, with the statement that puts one of them there.
    pub fn inserts(&self) -> impl Iterator<Item = (&'static str, &Vec<Value>)> {
        std::iter::once((PUT_CHANGE, &self.change)).chain(self.tables().flat_map(|(_, put, rows)| rows.iter().map(move |row| (put, row))))
    }
}

/// The row of full text, with the statement that puts it there.
pub fn words(dialect: Dialect, change: &Change, prose: &Prose) -> (&'static str, Vec<Value>) {
    let put = match dialect {
        Dialect::Sqlite => PUT_WORDS_SQLITE,
        Dialect::Postgres => PUT_WORDS_POSTGRES,
    };
    (put, vec![change.id.0.into(), search_words(change, prose).into()])
}

/// Writes the rows of a change, in place of whatever it had.
fn write(tx: &mut dyn Tx, change: &Change, prose: &Prose, updated_at: Timestamp) -> Result<(), StoreError> {
    drop_rows(tx, change.id.0)?;
    put_rows(tx, change, prose, updated_at)
}

/// Writes the rows of a change that went on from `before`, or that is new: only what is not what it was. Most acts
/// touch few of some thirty tables, and few of the columns by which a change is found.
pub(crate) fn carry_on(tx: &mut dyn Tx, before: Option<&Change>, change: &Change, prose: &Prose, updated_at: Timestamp) -> Result<(), StoreError> {
    let Some(before) = before else { return put_rows(tx, change, prose, updated_at) };
    // No change was last touched then, so that a row which tells the moment is always written.
    let (was, is) = (rows(before, prose, Timestamp::MIN), rows(change, prose, updated_at));
    let (sql, params) = update(&was.change, &is.change);
    tx.exec(&sql, &params)?;
    for ((drop, put, is), (_, _, was)) in is.tables().zip(was.tables()) {
        if is == was {
            continue;
        }
        if !was.is_empty() {
            tx.exec(drop, &[change.id.0.into()])?;
        }
        is.iter().try_for_each(|row| tx.exec(put, row).map(drop_count))?;
    }
    let (put, row) = words(tx.dialect(), change, prose);
    if row != words(tx.dialect(), before, prose).1 {
        tx.exec(DROP_WORDS, &[change.id.0.into()])?;
        tx.exec(put, &row)?;
    }
    Ok(())
}

fn put_rows(tx: &mut dyn Tx, change: &Change, prose: &Prose, updated_at: Timestamp) -> Result<(), StoreError> {
    let rows = rows(change, prose, updated_at);
    rows.inserts().try_for_each(|(put, row)| tx.exec(put, row).map(drop_count))?;
    let (put, row) = words(tx.dialect(), change, prose);
    tx.exec(put, &row).map(drop_count)
}

fn drop_count(_: u64) {}

/// The statement that makes one row of `changes` of another, naming only the columns that differ.
fn update(was: &[Value], is: &[Value]) -> (String, Vec<Value>) {
    let mut params = vec![is[0].clone()];
    let mut sets = String::new();
    for (column, (_, is)) in COLUMNS.split(',').map(str::trim).zip(was.iter().zip(is)).filter(|(_, (was, is))| was != is) {
        params.push(is.clone());
        let comma = if sets.is_empty() { "" } else { ", " };
        sets.push_str(&format!("{comma}{column} = ${}", params.len()));
    }
    (format!("update changes set {sets} where id = $1"), params)
}

/// The statements of this file that are put together, as a test prepares them on both databases: every column at once.
pub fn composed() -> Vec<(&'static str, String)> {
    let count = COLUMNS.split(',').count();
    vec![("UPDATE", update(&vec![Value::Null; count], &vec![Value::Int(1); count]).0)]
}

fn drop_rows(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    // What it has is not known here, so every table is emptied of it.
    let none = Rows::default();
    [DROP_CHANGE, DROP_WORDS].into_iter().chain(none.tables().map(|(drop, ..)| drop)).try_for_each(|drop| tx.exec(drop, &[id.into()]).map(drop_count))
}

fn read(tx: &mut dyn Tx, id: i64) -> Result<Option<Rows>, StoreError> {
    let key = [Value::from(id)];
    let Some(change) = tx.maybe_one(GET_CHANGE, &key, |row| all_values(row, 50, &[1, 2, 3, 4, 8, 9, 14, 20, 23, 25, 26, 29, 31, 32, 40, 41, 42]))? else {
        return Ok(None);
    };
    Ok(Some(Rows {
        change,
        orgs: tx.all(GET_ORGS, &key, |row| all_values(row, 4, &[2]))?,
        sites: tx.all(GET_SITES, &key, |row| all_values(row, 3, &[]))?,
        people: tx.all(GET_PEOPLE, &key, |row| all_values(row, 2, &[]))?,
        services: tx.all(GET_SERVICES, &key, |row| all_values(row, 4, &[]))?,
        items: tx.all(GET_ITEMS, &key, |row| all_values(row, 2, &[]))?,
        duties: tx.all(GET_DUTIES, &key, |row| all_values(row, 12, &[1, 2, 4, 6]))?,
        modalities: tx.all(GET_MODALITIES, &key, |row| all_values(row, 9, &[2, 3, 4, 6]))?,
        urgent: tx.all(crate::urgent::READ, &key, |row| all_values(row, crate::urgent::COLUMNS, crate::urgent::TEXTS))?,
        notices: tx.all(notice::READ, &key, |row| all_values(row, notice::COLUMNS, notice::TEXTS))?,
        carried: work::read(tx, &key)?,
        money: money::read(tx, id)?,
        clinical: clinical::read(tx, id)?,
    }))
}

/// A row as values; the named columns are text.
pub(crate) fn all_values(row: &dyn Row, columns: usize, texts: &[usize]) -> Result<Vec<Value>, StoreError> {
    (0..columns).map(|at| if texts.contains(&at) { row.opt_text(at).map(Value::from) } else { row.opt_int(at).map(Value::from) }).collect()
}

/// A change with the time of its last event.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub change: Change,
    pub events: Vec<Recorded>,
    pub prose: Prose,
}

/// The change that the log tells, with its words; `None` when there is no such change.
pub fn load(tx: &mut dyn Tx, id: i64) -> Result<Option<Loaded>, StoreError> {
    let mut events = vec![];
    for stored in log::read_change(tx, id)? {
        events.push(upcast(stored.event.schema, &stored.event.payload).map_err(StoreError::Corrupt)?);
    }
    let Some(change) = signalbox_core::apply::replay(&events) else { return Ok(None) };
    let prose = log::load_texts(tx, id)?.into_iter().filter_map(|t| t.body.map(|body| (t.id, body))).collect();
    Ok(Some(Loaded { change, events, prose }))
}

/// Makes the rows of every change again from its events. Answers how many changes there are.
pub fn rebuild(tx: &mut dyn Tx, mut progress: impl FnMut(u64)) -> Result<u64, StoreError> {
    let ids = tx.all(CHANGE_IDS, &[], |row| row.int(0))?;
    for stray in tx.all(ROW_IDS, &[], |row| row.int(0))?.into_iter().filter(|id| ids.binary_search(id).is_err()) {
        drop_rows(tx, stray)?;
    }
    for (done, id) in ids.iter().enumerate() {
        if let Some(loaded) = load(tx, *id)? {
            let updated_at = loaded.events.last().map_or(loaded.change.raised_at, |e| e.at);
            write(tx, &loaded.change, &loaded.prose, updated_at)?;
        }
        progress(done as u64 + 1);
    }
    Ok(ids.len() as u64)
}

/// The changes whose rows are not those that their events make, with what differs (settled 19).
pub fn differences(tx: &mut dyn Tx, mut progress: impl FnMut(u64)) -> Result<Vec<String>, StoreError> {
    let ids = tx.all(CHANGE_IDS, &[], |row| row.int(0))?;
    let mut found = vec![];
    for stray in tx.all(ROW_IDS, &[], |row| row.int(0))?.into_iter().filter(|id| ids.binary_search(id).is_err()) {
        found.push(format!("change {stray} has rows and no events"));
    }
    for (done, id) in ids.iter().enumerate() {
        let Some(loaded) = load(tx, *id)? else { continue };
        let updated_at = loaded.events.last().map_or(loaded.change.raised_at, |e| e.at);
        let (wanted, stored) = (rows(&loaded.change, &loaded.prose, updated_at), read(tx, *id)?);
        match stored {
            None => found.push(format!("{} has events and no rows", loaded.change.reference)),
            Some(stored) if stored != wanted => {
                found.push(format!("{}: the rows of {} differ from its events", loaded.change.reference, tables_that_differ(&stored, &wanted)))
            }
            Some(_) => {}
        }
        progress(done as u64 + 1);
    }
    Ok(found)
}

fn tables_that_differ(a: &Rows, b: &Rows) -> String {
    let tables = [
        ("changes", a.change == b.change),
        ("change_orgs", a.orgs == b.orgs),
        ("change_sites", a.sites == b.sites),
        ("change_people", a.people == b.people),
        ("change_services", a.services == b.services),
        ("change_items", a.items == b.items),
        ("duties", a.duties == b.duties),
        ("change_modalities", a.modalities == b.modalities),
        ("urgent_changes", a.urgent == b.urgent),
        ("change_notices", a.notices == b.notices),
    ];
    let own = tables.iter().filter(|(_, same)| !same).map(|(name, _)| *name);
    let carried = work::tables_that_differ(&a.carried, &b.carried);
    own.chain(carried).chain(a.clinical.differing(&b.clinical)).collect::<Vec<_>>().join(", ")
}
