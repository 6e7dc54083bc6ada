//! Who may sign for patients (spec 8.2): registrations with the day on which they end, statements for routine work (X8),
//! and the hours in which a service is busiest with patients.

use super::{Act, Answer, Refused, record_directory_event, service, takes_new};
use crate::page::{Cursor, Listed, Page, found_by, opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, accounts, values};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

/// The professional bodies whose registration counts.
pub const BODIES: &[&str] = &["GMC", "NMC", "GPhC", "HCPC", "GDC"];

/// A safety officer's registration, and who appointed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinician {
    pub id: i64,
    pub person_id: i64,
    /// Who appointed them.
    pub org_id: i64,
    /// One of [`BODIES`].
    pub body: String,
    pub number: String,
    pub checked_on: Date,
    pub expires_on: Date,
    /// When they were last trained in clinical risk.
    pub trained_on: Option<Date>,
    /// Where the letter of appointment is.
    pub letter: String,
    /// Who takes their duties while they may not sign.
    pub deputy_id: Option<i64>,
    pub ended_at: Option<Timestamp>,
}

/// A statement that was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub id: i64,
    pub code: String,
    pub words: String,
    pub services: Vec<i64>,
    pub agreed_by: i64,
    pub agreed_at: Timestamp,
    pub expires_on: Date,
    pub ended_at: Option<Timestamp>,
}

statements! {
    BY_ID = "select id, person_id, org_id, body, number, checked_on, expires_on, trained_on, letter, deputy_id, ended_at from clinicians where id = $1";
    OF_PERSON = "select id, person_id, org_id, body, number, checked_on, expires_on, trained_on, letter, deputy_id, ended_at from clinicians
        where person_id = $1 and ended_at is null order by org_id";
    PAGE = "select id, person_id, org_id, body, number, checked_on, expires_on, trained_on, letter, deputy_id, ended_at, found_by from clinicians
        where (found_by, id) > ($1, $2) and found_by like $3 escape '\\' and (cast($4 as BIGINT) = 0 or org_id = $4) order by found_by, id limit $5";
    ENDING = "select id, person_id, org_id, body, number, checked_on, expires_on, trained_on, letter, deputy_id, ended_at from clinicians
        where ended_at is null and expires_on < $1 order by expires_on, id";
    INSERT = "insert into clinicians(id, person_id, org_id, body, number, checked_on, expires_on, trained_on, letter, deputy_id, ended_at, found_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "update clinicians set person_id = $2, org_id = $3, body = $4, number = $5, checked_on = $6, expires_on = $7, trained_on = $8, letter = $9,
        deputy_id = $10, ended_at = $11, found_by = $12 where id = $1";
    STATEMENTS_ALL = "select id, code, words, agreed_by, agreed_at, expires_on, ended_at from statements order by code";
    STATEMENT_BY_ID = "select id, code, words, agreed_by, agreed_at, expires_on, ended_at from statements where id = $1";
    STATEMENT_BY_CODE = "select id, code, words, agreed_by, agreed_at, expires_on, ended_at from statements where code = $1";
    STATEMENT_SERVICES = "select service_id from statement_services where statement_id = $1 order by service_id";
    STATEMENT_PUT = "insert into statements(id, code, words, agreed_by, agreed_at, expires_on) values ($1, $2, $3, $4, $5, $6)";
    STATEMENT_SERVICE_PUT = "insert into statement_services(statement_id, service_id) values ($1, $2)";
    STATEMENT_END = "update statements set ended_at = $2 where id = $1 and ended_at is null";
    HOURS = "select hours from service_hours where service_id = $1";
    HOURS_PUT = "insert into service_hours(service_id, hours) values ($1, $2) on conflict (service_id) do update set hours = excluded.hours";
}

fn day(words: &str) -> Result<Date, StoreError> {
    words.parse().map_err(|_| StoreError::Corrupt(format!("{words} is no day")))
}

fn read(row: &dyn Row) -> Result<Clinician, StoreError> {
    Ok(Clinician {
        id: row.int(0)?,
        person_id: row.int(1)?,
        org_id: row.int(2)?,
        body: row.text(3)?,
        number: row.text(4)?,
        checked_on: day(&row.text(5)?)?,
        expires_on: day(&row.text(6)?)?,
        trained_on: row.opt_text(7)?.map(|words| day(&words)).transpose()?,
        letter: row.text(8)?,
        deputy_id: row.opt_int(9)?,
        ended_at: opt_time(row, 10)?,
    })
}

/// The registration with this id.
pub fn clinician(tx: &mut dyn Tx, id: i64) -> Result<Option<Clinician>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// The registrations of a person that nobody has ended; lapsed ones too.
pub fn clinicians_of(tx: &mut dyn Tx, person_id: i64) -> Result<Vec<Clinician>, StoreError> {
    tx.all(OF_PERSON, values![person_id], read)
}

/// Registrations by name; those of one organisation if one is given.
pub fn clinicians(tx: &mut dyn Tx, org: Option<i64>, page: &Page) -> Result<Listed<Clinician>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(PAGE, values![sort, id, page.pattern(), org.unwrap_or(0), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(11)?, id: row.int(0)? }, read(row)?))
    })?;
    Ok(page.listed(rows))
}

/// Registrations that end before this day, soonest first; lapsed ones first of all.
pub fn clinicians_ending(tx: &mut dyn Tx, before: Date) -> Result<Vec<Clinician>, StoreError> {
    tx.all(ENDING, values![before.to_string()], read)
}

/// Writes a registration under its id. Its number stays out of the event (settled 20).
pub fn save_clinician(tx: &mut dyn Tx, act: &Act, row: &Clinician) -> Answer<bool> {
    let Some(person) = accounts::person(tx, row.person_id)? else { return Ok(Err(Refused::Unknown("person"))) };
    if !takes_new(tx, row.org_id)? {
        return Ok(Err(Refused::Unknown("organisation")));
    }
    if !BODIES.contains(&row.body.as_str()) {
        return Ok(Err(Refused::Invalid("body")));
    }
    if row.number.trim().is_empty() {
        return Ok(Err(Refused::Invalid("number")));
    }
    if row.expires_on < row.checked_on {
        return Ok(Err(Refused::Invalid("expires_on")));
    }
    // Whoever signs does not vouch for themselves, as nobody gives themselves a role (SD-9).
    if act.by == Some(row.person_id) {
        return Ok(Err(Refused::SelfGrant));
    }
    if row.deputy_id == Some(row.person_id) {
        return Ok(Err(Refused::Invalid("deputy")));
    }
    let taken = clinicians_of(tx, row.person_id)?.into_iter().any(|other| other.org_id == row.org_id && other.id != row.id);
    if taken && row.ended_at.is_none() {
        return Ok(Err(Refused::Taken("person")));
    }
    let before = clinician(tx, row.id)?;
    if before.as_ref() == Some(row) {
        return Ok(Ok(false));
    }
    let sql = if before.is_some() { UPDATE } else { INSERT };
    tx.exec(
        sql,
        values![
            row.id,
            row.person_id,
            row.org_id,
            &row.body,
            &row.number,
            row.checked_on.to_string(),
            row.expires_on.to_string(),
            row.trained_on.map(|day| day.to_string()),
            &row.letter,
            row.deputy_id,
            row.ended_at.map(Timestamp::as_microsecond),
            found_by(&[&person.name, &row.body]),
        ],
    )?;
    let payload = json!({"person": row.person_id.to_string(), "organisation": row.org_id.to_string(), "body": row.body,
        "checked_on": row.checked_on.to_string(), "expires_on": row.expires_on.to_string(), "ended": row.ended_at.is_some()});
    record_directory_event(tx, act, "ClinicianSaved", row.id, &payload)?;
    Ok(Ok(true))
}

fn read_statement(row: &dyn Row) -> Result<Statement, StoreError> {
    Ok(Statement {
        id: row.int(0)?,
        code: row.text(1)?,
        words: row.text(2)?,
        services: vec![],
        agreed_by: row.int(3)?,
        agreed_at: time(row, 4)?,
        expires_on: day(&row.text(5)?)?,
        ended_at: opt_time(row, 6)?,
    })
}

/// Every statement, those that ended too.
pub fn agreed_statements(tx: &mut dyn Tx) -> Result<Vec<Statement>, StoreError> {
    let mut all = tx.all(STATEMENTS_ALL, &[], read_statement)?;
    for statement in &mut all {
        statement.services = tx.all(STATEMENT_SERVICES, values![statement.id], |row| row.int(0))?;
    }
    Ok(all)
}

/// Agrees a statement. The officer's right to is asked by the caller.
pub fn agree_statement(tx: &mut dyn Tx, act: &Act, row: &Statement) -> Answer<bool> {
    if row.code.trim().is_empty() || row.code.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-') {
        return Ok(Err(Refused::Invalid("code")));
    }
    if tx.maybe_one(STATEMENT_BY_CODE, values![&row.code], read_statement)?.is_some() {
        return Ok(Err(Refused::Taken("code")));
    }
    for id in &row.services {
        if service(tx, *id)?.is_none() {
            return Ok(Err(Refused::Unknown("services")));
        }
    }
    tx.exec(STATEMENT_PUT, values![row.id, &row.code, &row.words, row.agreed_by, row.agreed_at.as_microsecond(), row.expires_on.to_string()])?;
    for id in &row.services {
        tx.exec(STATEMENT_SERVICE_PUT, values![row.id, *id])?;
    }
    let services: Vec<String> = row.services.iter().map(i64::to_string).collect();
    record_directory_event(tx, act, "StatementAgreed", row.id, &json!({"code": row.code, "services": services, "expires_on": row.expires_on.to_string()}))?;
    Ok(Ok(true))
}

/// Ends a statement: from now on an officer screens again.
pub fn end_statement(tx: &mut dyn Tx, act: &Act, id: i64) -> Answer<bool> {
    if tx.maybe_one(STATEMENT_BY_ID, values![id], read_statement)?.is_none() {
        return Ok(Err(Refused::Unknown("statement")));
    }
    if tx.exec(STATEMENT_END, values![id, act.at.as_microsecond()])? == 0 {
        return Ok(Ok(false));
    }
    record_directory_event(tx, act, "StatementEnded", id, &json!({}))?;
    Ok(Ok(true))
}

/// The clinic hours of a service, as typed; empty where nobody said.
pub fn clinic_hours(tx: &mut dyn Tx, service_id: i64) -> Result<String, StoreError> {
    Ok(tx.maybe_one(HOURS, values![service_id], |row| row.text(0))?.unwrap_or_default())
}

/// Sets them.
pub fn set_clinic_hours(tx: &mut dyn Tx, act: &Act, service_id: i64, hours: &str) -> Answer<bool> {
    if signalbox_core::clinical::hours::ClinicHours::parse(hours).is_err() {
        return Ok(Err(Refused::Invalid("hours")));
    }
    if clinic_hours(tx, service_id)? == hours {
        return Ok(Ok(false));
    }
    tx.exec(HOURS_PUT, values![service_id, hours])?;
    record_directory_event(tx, act, "ClinicHoursSet", service_id, &json!({"hours": hours}))?;
    Ok(Ok(true))
}
