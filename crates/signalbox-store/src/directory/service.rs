//! Services, and which organisations use them.

use super::{Act, Answer, OnDifference, Refused, Upserted, record_directory_event, settle, takes_new};
use crate::page::{Cursor, Listed, Page, found_by};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use serde_json::json;

/// How near a service is to patients (spec 6.2).
pub const PATIENT_FACING: &[&str] = &["none", "indirect", "direct"];

/// A service that people use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Id.
    pub id: i64,
    /// Short code, unique.
    pub code: String,
    /// Name.
    pub name: String,
    /// The organisation that runs it.
    pub owner_org: i64,
    /// Whether it is used in direct care: a fact of the service (X8).
    pub is_direct_care: bool,
    /// How many people use it.
    pub users_count: i64,
    /// One of [`PATIENT_FACING`].
    pub patient_facing: String,
    /// Emergency department, intensive care, theatres, maternity: every hour is a service hour (X11).
    pub is_always_on: bool,
}

impl Service {
    /// A service of which only what an import file knows is known.
    pub fn new(id: i64, code: &str, name: &str, owner_org: i64) -> Self {
        Self { id, code: code.into(), name: name.into(), owner_org, is_direct_care: false, users_count: 0, patient_facing: "none".into(), is_always_on: false }
    }
}

statements! {
    BY_ID = "select id, code, name, owner_org, direct_care, users_count, patient_facing, always_on from services where id = $1";
    BY_CODE = "select id, code, name, owner_org, direct_care, users_count, patient_facing, always_on from services where code = $1";
    PAGE = "select id, code, name, owner_org, direct_care, users_count, patient_facing, always_on, found_by from services
        where (found_by, id) > ($1, $2) and found_by like $3 escape '\\'
        and (cast($4 as BIGINT) = 0 or owner_org = $4 or exists (select 1 from service_orgs so where so.service_id = services.id and so.org_id = $4))
        order by found_by, id limit $5";
    INSERT = "insert into services (id, code, name, owner_org, direct_care, users_count, patient_facing, always_on, found_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "update services set code = $2, name = $3, owner_org = $4, direct_care = $5, users_count = $6, patient_facing = $7,
        always_on = $8, found_by = $9 where id = $1";
    USERS = "select org_id from service_orgs where service_id = $1 order by org_id";
    USER_ADD = "insert into service_orgs (service_id, org_id) values ($1, $2)";
    USER_DROP = "delete from service_orgs where service_id = $1 and org_id = $2";
}

fn read(row: &dyn Row) -> Result<Service, StoreError> {
    Ok(Service {
        id: row.int(0)?,
        code: row.text(1)?,
        name: row.text(2)?,
        owner_org: row.int(3)?,
        is_direct_care: row.boolean(4)?,
        users_count: row.int(5)?,
        patient_facing: row.text(6)?,
        is_always_on: row.boolean(7)?,
    })
}

/// The service with this id.
pub fn service(tx: &mut dyn Tx, id: i64) -> Result<Option<Service>, StoreError> {
    tx.maybe_one(BY_ID, values![id], read)
}

/// The service with this code.
pub fn service_by_code(tx: &mut dyn Tx, code: &str) -> Result<Option<Service>, StoreError> {
    tx.maybe_one(BY_CODE, values![code], read)
}

/// Services by name; only those that this organisation runs or uses if one is given.
pub fn services(tx: &mut dyn Tx, org: Option<i64>, page: &Page) -> Result<Listed<Service>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(PAGE, values![sort, id, page.pattern(), org.unwrap_or(0), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(8)?, id: row.int(0)? }, read(row)?))
    })?;
    Ok(page.listed(rows))
}

/// Adds the service, or finds it by its code and compares.
pub fn upsert_service(tx: &mut dyn Tx, act: &Act, row: &Service, on_difference: OnDifference) -> Answer<Upserted> {
    let existing = service_by_code(tx, &row.code)?;
    put(tx, act, row, existing, on_difference)
}

/// Writes the service under its id.
pub fn save_service(tx: &mut dyn Tx, act: &Act, row: &Service) -> Answer<Upserted> {
    if service_by_code(tx, &row.code)?.is_some_and(|s| s.id != row.id) {
        return Ok(Err(Refused::Taken("code")));
    }
    let existing = service(tx, row.id)?;
    put(tx, act, row, existing, OnDifference::Update)
}

fn put(tx: &mut dyn Tx, act: &Act, row: &Service, existing: Option<Service>, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = row.clone();
    if let Some(e) = &existing {
        wanted.id = e.id;
    }
    let fault = if wanted.code.trim().is_empty() {
        Some("code")
    } else if wanted.name.trim().is_empty() {
        Some("name")
    } else if wanted.users_count < 0 {
        Some("users_count")
    } else if !PATIENT_FACING.contains(&wanted.patient_facing.as_str()) {
        Some("patient_facing")
    } else {
        None
    };
    if let Some(field) = fault {
        return Ok(Err(Refused::Invalid(field)));
    }
    if !takes_new(tx, wanted.owner_org)? {
        return Ok(Err(Refused::Unknown("owner")));
    }
    let outcome = settle(existing.map(|e| (e.id, e)), (wanted.id, &wanted), on_difference);
    let sql = match outcome {
        Upserted::Added(_) => INSERT,
        Upserted::Updated(_) => UPDATE,
        Upserted::Unchanged(_) | Upserted::Differs(_) => return Ok(Ok(outcome)),
    };
    tx.exec(
        sql,
        values![
            wanted.id,
            &wanted.code,
            &wanted.name,
            wanted.owner_org,
            wanted.is_direct_care,
            wanted.users_count,
            &wanted.patient_facing,
            wanted.is_always_on,
            found_by(&[&wanted.name, &wanted.code]),
        ],
    )?;
    record_directory_event(
        tx,
        act,
        "ServiceSaved",
        wanted.id,
        &json!({"code": wanted.code, "name": wanted.name,
            "owner": wanted.owner_org.to_string(), "direct_care": wanted.is_direct_care, "users": wanted.users_count,
            "patient_facing": wanted.patient_facing, "always_on": wanted.is_always_on}),
    )?;
    Ok(Ok(outcome))
}

/// The organisations that use a service, by id.
pub fn service_orgs(tx: &mut dyn Tx, service_id: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(USERS, values![service_id], |row| row.int(0))
}

/// Makes these, and no others, the organisations that use a service. True if that changed anything.
pub fn set_service_orgs(tx: &mut dyn Tx, act: &Act, service_id: i64, orgs: &[i64]) -> Answer<bool> {
    if service(tx, service_id)?.is_none() {
        return Ok(Err(Refused::Unknown("service")));
    }
    let mut wanted = orgs.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    for org in &wanted {
        if !takes_new(tx, *org)? {
            return Ok(Err(Refused::Unknown("organisation")));
        }
    }
    let before = service_orgs(tx, service_id)?;
    if before == wanted {
        return Ok(Ok(false));
    }
    for org in before.iter().filter(|o| !wanted.contains(o)) {
        tx.exec(USER_DROP, values![service_id, *org])?;
    }
    for org in wanted.iter().filter(|o| !before.contains(o)) {
        tx.exec(USER_ADD, values![service_id, *org])?;
    }
    let ids: Vec<String> = wanted.iter().map(i64::to_string).collect();
    record_directory_event(tx, act, "ServiceUsersSet", service_id, &json!({"organisations": ids}))?;
    Ok(Ok(true))
}
