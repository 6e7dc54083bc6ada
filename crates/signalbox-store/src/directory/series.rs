//! Work that comes again (C079): by which rule changes are made from which change, who owns them, and what became of each
//! occurrence. What somebody states or changes is an event of the directory; that a change was made stands in its own log.

use super::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::queries::sight;
use crate::scope::Scope;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use signalbox_core::schedule::Span;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::series::Occurrence;
use std::collections::BTreeSet;

/// A rule by which changes are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Id.
    pub id: i64,
    /// For whom its changes are raised.
    pub org_id: i64,
    /// The change whose answers are copied. Who may see it sees the series.
    pub template: i64,
    /// What it is called.
    pub title: String,
    /// When.
    pub when: Recurrence,
    /// How many days before its start an occurrence is made.
    pub lead_days: i64,
    /// In whose name changes are made.
    pub owner_id: i64,
    /// Who stated it.
    pub created_by: Option<i64>,
    /// When it was stated.
    pub created_at: Timestamp,
    /// Occurrences that begin after this are looked at.
    pub counts_from: Timestamp,
    /// Since when it pauses.
    pub paused_at: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Counts what people changed.
    pub version: i64,
}

impl Series {
    /// Whether changes are made by it.
    pub fn is_going(&self) -> bool {
        self.paused_at.is_none() && self.ended_at.is_none()
    }
}

/// What became of an occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Of which series.
    pub series_id: i64,
    /// Its day and its time, as they were when it was settled.
    pub occurrence: Occurrence,
    /// The change that was made; none where its start had passed before it could be.
    pub change_id: Option<i64>,
    /// When.
    pub recorded_at: Timestamp,
}

statements! {
    ONE = "select id, org_id, template, title, zone, local_start, local_end, rrule, exdates, lead_days, owner_id, created_by, created_at, counts_from,
        paused_at, ended_at, version from series where id = $1";
    GOING = "select id, org_id, template, title, zone, local_start, local_end, rrule, exdates, lead_days, owner_id, created_by, created_at, counts_from,
        paused_at, ended_at, version from series where ended_at is null and paused_at is null order by id";
    OLDER = "select id, org_id, template, title, zone, local_start, local_end, rrule, exdates, lead_days, owner_id, created_by, created_at, counts_from,
        paused_at, ended_at, version from series where id < $1 order by id desc limit $2";
    OF_TEMPLATE = "select id, org_id, template, title, zone, local_start, local_end, rrule, exdates, lead_days, owner_id, created_by, created_at, counts_from,
        paused_at, ended_at, version from series where template = $1 and ended_at is null order by id";
    PUT = "insert into series (id, org_id, template, title, zone, local_start, local_end, rrule, exdates, lead_days, owner_id, created_by, created_at,
        counts_from, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)";
    SAVE = "update series set title = $3, zone = $4, local_start = $5, local_end = $6, rrule = $7, exdates = $8, lead_days = $9, owner_id = $10,
        counts_from = $11, paused_at = $12, ended_at = $13, version = version + 1 where id = $1 and version = $2";
    COUNTED = "update series set counts_from = $2 where id = $1 and counts_from < $2";
    SETTLE = "insert into series_occurrences (series_id, day, starts_at, ends_at, change_id, recorded_at) values ($1, $2, $3, $4, $5, $6)";
    DAYS = "select day from series_occurrences where series_id = $1 and day >= $2";
    LATEST = "select series_id, day, starts_at, ends_at, change_id, recorded_at from series_occurrences where series_id = $1 order by day desc limit $2";
    /// Those of this rule, of ended ones with the same template, and of the one that made the template.
    BEFORE = "select series_id, day, starts_at, ends_at, change_id, recorded_at from series_occurrences where day < $2 and series_id in (
            select a.id from series s join series a on a.template = s.template and (a.id = s.id or a.ended_at is not null) where s.id = $1
            union select b.series_id from series s join series_occurrences b on b.change_id = s.template where s.id = $1)
        order by day desc, recorded_at desc limit $3";
    SENT_WITH = "select b.series_id, b.day, b.starts_at, b.ends_at, b.change_id, b.recorded_at from series_occurrences a
        join series_occurrences b on b.series_id = a.series_id and b.recorded_at = a.recorded_at
        where a.change_id = $1 and a.recorded_at = $2 and b.change_id is not null order by b.day";
    OF_CHANGE = "select series_id, day, starts_at, ends_at, change_id, recorded_at from series_occurrences where change_id = $1";
}

fn read(row: &dyn Row) -> Result<Series, StoreError> {
    let (zone, starts, ends, rule, except) = (row.text(4)?, row.text(5)?, row.text(6)?, row.text(7)?, row.text(8)?);
    let typed = Typed { zone: &zone, starts: &starts, ends: &ends, rule: &rule, except: &except };
    let when = Recurrence::read(&typed).map_err(|faults| StoreError::Corrupt(format!("a series that was stated has faults: {faults:?}")))?;
    Ok(Series {
        id: row.int(0)?,
        org_id: row.int(1)?,
        template: row.int(2)?,
        title: row.text(3)?,
        when,
        lead_days: row.int(9)?,
        owner_id: row.int(10)?,
        created_by: row.opt_int(11)?,
        created_at: time(row, 12)?,
        counts_from: time(row, 13)?,
        paused_at: opt_time(row, 14)?,
        ended_at: opt_time(row, 15)?,
        version: row.int(16)?,
    })
}

fn read_settled(row: &dyn Row) -> Result<Settled, StoreError> {
    let day = row.text(1)?.parse().map_err(|_| StoreError::Corrupt("a day of a series is none".into()))?;
    let span = Span { from: time(row, 2)?, until: time(row, 3)? };
    Ok(Settled { series_id: row.int(0)?, occurrence: Occurrence { day, span }, change_id: row.opt_int(4)?, recorded_at: time(row, 5)? })
}

/// The series of this id, whoever looks: for the worker.
pub fn series(tx: &mut dyn Tx, id: i64) -> Result<Option<Series>, StoreError> {
    tx.maybe_one(ONE, values![id], read)
}

/// The series of this id, where these eyes may see it: who may see the change that it copies, and nobody else.
pub fn series_seen(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<Series>, StoreError> {
    let Some(found) = series(tx, id)? else { return Ok(None) };
    Ok(sight::is_visible(tx, scope, found.template)?.then_some(found))
}

/// The series that these eyes may see, the latest first, older than an id.
pub fn series_listed(tx: &mut dyn Tx, scope: &Scope, older_than: i64, limit: usize) -> Result<Vec<Series>, StoreError> {
    const BATCH: i64 = 100;
    let (mut found, mut from) = (vec![], older_than);
    loop {
        let batch = tx.all(OLDER, values![from, BATCH], read)?;
        let Some(last) = batch.last() else { return Ok(found) };
        from = last.id;
        for one in batch {
            if sight::is_visible(tx, scope, one.template)? {
                found.push(one);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
}

/// Every series by which changes are made.
pub fn series_going(tx: &mut dyn Tx) -> Result<Vec<Series>, StoreError> {
    tx.all(GOING, &[], read)
}

/// The series that copy a change and are not ended.
pub fn series_of_template(tx: &mut dyn Tx, change_id: i64) -> Result<Vec<Series>, StoreError> {
    tx.all(OF_TEMPLATE, values![change_id], read)
}

/// States a rule; who and when come from `act`.
pub fn state_series(tx: &mut dyn Tx, act: &Act, new: &Series) -> Answer<()> {
    if new.title.trim().is_empty() {
        return Ok(Err(Refused::Invalid("title")));
    }
    let Some(when) = columns(new) else { return Ok(Err(Refused::Invalid("rule"))) };
    let [zone, starts, ends, rule, except] = when;
    let (created, counts_from) = (act.at.as_microsecond(), new.counts_from.as_microsecond());
    tx.exec(
        PUT,
        values![
            new.id,
            new.org_id,
            new.template,
            new.title.as_str(),
            zone,
            starts,
            ends,
            rule,
            except,
            new.lead_days,
            new.owner_id,
            act.by,
            created,
            counts_from
        ],
    )?;
    record(tx, act, "SeriesStated", new)?;
    Ok(Ok(()))
}

/// Writes a series as it is now, under the event that says what was done to it. False if somebody changed it since it was
/// read.
pub fn save_series(tx: &mut dyn Tx, act: &Act, event: &'static str, new: &Series) -> Answer<bool> {
    if new.title.trim().is_empty() {
        return Ok(Err(Refused::Invalid("title")));
    }
    let Some(when) = columns(new) else { return Ok(Err(Refused::Invalid("rule"))) };
    let [zone, starts, ends, rule, except] = when;
    let (paused, ended) = (new.paused_at.map(Timestamp::as_microsecond), new.ended_at.map(Timestamp::as_microsecond));
    let counts_from = new.counts_from.as_microsecond();
    let row = values![new.id, new.version, new.title.as_str(), zone, starts, ends, rule, except, new.lead_days, new.owner_id, counts_from, paused, ended];
    if tx.exec(SAVE, row)? == 0 {
        return Ok(Ok(false));
    }
    record(tx, act, event, new)?;
    Ok(Ok(true))
}

/// When it is, as its columns hold it; `None` for what happens only once.
fn columns(series: &Series) -> Option<[String; 5]> {
    let (starts, ends) = series.when.on_the_clock();
    let wall = |moment: jiff::civil::DateTime| moment.strftime("%Y-%m-%dT%H:%M").to_string();
    let except = series.when.except().map(|day| day.to_string()).collect::<Vec<_>>().join(" ");
    Some([series.when.zone_name().to_owned(), wall(starts), wall(ends), series.when.rule()?.text().to_owned(), except])
}

/// Titles are free text and stay out of the event (settled 20).
fn record(tx: &mut dyn Tx, act: &Act, event: &'static str, series: &Series) -> Result<(), StoreError> {
    let [zone, starts, ends, rule, except] = columns(series).unwrap_or_default();
    let payload = json!({"org": series.org_id.to_string(), "template": series.template.to_string(), "owner": series.owner_id.to_string(),
        "zone": zone, "starts": starts, "ends": ends, "rule": rule, "except": except, "lead_days": series.lead_days});
    record_directory_event(tx, act, event, series.id, &payload)
}

/// The days from this one on of which it is known what became of them.
pub fn days_settled(tx: &mut dyn Tx, series_id: i64, from: Date) -> Result<BTreeSet<Date>, StoreError> {
    let days = tx.all(DAYS, values![series_id, from.to_string()], |row| row.text(0))?;
    Ok(days.iter().filter_map(|day| day.parse().ok()).collect())
}

/// Writes down what became of an occurrence, once and for all.
///
/// # Errors
/// [`StoreError::Duplicate`] where that is known already, and the store's.
pub fn settle_occurrence(tx: &mut dyn Tx, series_id: i64, one: Occurrence, change_id: Option<i64>, now: Timestamp) -> Result<(), StoreError> {
    let (from, until) = (one.span.from.as_microsecond(), one.span.until.as_microsecond());
    tx.exec(SETTLE, values![series_id, one.day.to_string(), from, until, change_id, now.as_microsecond()]).map(drop)
}

/// Nothing before this is looked at again.
pub fn count_from(tx: &mut dyn Tx, series_id: i64, from: Timestamp) -> Result<(), StoreError> {
    tx.exec(COUNTED, values![series_id, from.as_microsecond()]).map(drop)
}

/// What became of the latest occurrences, the latest first.
pub fn occurrences_settled(tx: &mut dyn Tx, series_id: i64, limit: i64) -> Result<Vec<Settled>, StoreError> {
    tx.all(LATEST, values![series_id, limit], read_settled)
}

/// The occurrence that a change was made for.
pub fn occurrence_of(tx: &mut dyn Tx, change_id: i64) -> Result<Option<Settled>, StoreError> {
    tx.maybe_one(OF_CHANGE, values![change_id], read_settled)
}

/// All dates that were sent as one notice with this change, itself among them, where it was sent so at that moment.
pub fn sent_with(tx: &mut dyn Tx, change_id: i64, at: Timestamp) -> Result<Vec<Settled>, StoreError> {
    tx.all(SENT_WITH, values![change_id, at.as_microsecond()], read_settled)
}

/// What came before a day, the latest first: by the same rule, or by one that it was stated anew from.
pub fn occurrences_before(tx: &mut dyn Tx, series_id: i64, day: Date, limit: i64) -> Result<Vec<Settled>, StoreError> {
    tx.all(BEFORE, values![series_id, day.to_string(), limit], read_settled)
}
