//! Organisations and their sites.

use super::{Act, Answer, OnDifference, Refused, Upserted, record_directory_event, settle};
use crate::page::{Cursor, Listed, Page, found_by};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use serde_json::json;
use signalbox_core::actor::OrgKind;
use signalbox_core::schedule::slots;

/// The bank-holiday calendars that ship (spec 7.1).
pub const CALENDARS: &[&str] = &["england-and-wales", "scotland", "northern-ireland"];

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Id.
    pub id: i64,
    /// Short code, unique.
    pub code: String,
    /// Name.
    pub name: String,
    /// Which of the four kinds it is.
    pub kind: OrgKind,
    /// Code in the national Organisation Data Service.
    pub ods_code: Option<String>,
    /// The domain of its work e-mail, lower case.
    pub email_domain: Option<String>,
    /// Name of its time zone.
    pub zone: String,
    /// One of [`CALENDARS`].
    pub calendar: String,
    /// False once it is closed or merged.
    pub is_active: bool,
    /// The organisation that stands for it since a merger. Only a merger writes it.
    pub merged_into: Option<i64>,
    /// Whether strangers may see its work of tonight (settled 8).
    pub is_open_tonight: bool,
}

impl Organisation {
    /// An organisation with the defaults of settled 3: London's time, England's holidays.
    pub fn new(id: i64, code: &str, name: &str, kind: OrgKind) -> Self {
        Self {
            id,
            code: code.into(),
            name: name.into(),
            kind,
            ods_code: None,
            email_domain: None,
            zone: "Europe/London".into(),
            calendar: "england-and-wales".into(),
            is_active: true,
            merged_into: None,
            is_open_tonight: false,
        }
    }
}

/// A site of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Id.
    pub id: i64,
    /// Whose it is.
    pub org_id: i64,
    /// Short code, unique within the organisation.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code in the national Organisation Data Service.
    pub ods_code: Option<String>,
}

statements! {
    ORG_BY_ID = "select id, code, name, kind, ods_code, email_domain, zone, calendar, active, open_tonight, merged_into from organisations where id = $1";
    ORG_BY_CODE = "select id, code, name, kind, ods_code, email_domain, zone, calendar, active, open_tonight, merged_into from organisations where code = $1";
    ORGS_BY_DOMAIN = "select distinct h.id, h.code, h.name, h.kind, h.ods_code, h.email_domain, h.zone, h.calendar, h.active, h.open_tonight, h.merged_into
        from organisations o join organisations h on h.id = coalesce(o.merged_into, o.id) where o.email_domain = $1 and h.active = 1 order by h.id limit 2";
    ORGS_PAGE = "select id, code, name, kind, ods_code, email_domain, zone, calendar, active, open_tonight, merged_into, found_by from organisations
        where (found_by, id) > ($1, $2) and found_by like $3 escape '\\' and ($4 = '' or kind = $4) order by found_by, id limit $5";
    ORG_INSERT = "insert into organisations (id, code, name, kind, ods_code, email_domain, zone, calendar, active, open_tonight, found_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    ORG_UPDATE = "update organisations set code = $2, name = $3, kind = $4, ods_code = $5, email_domain = $6, zone = $7, calendar = $8,
        active = $9, open_tonight = $10, found_by = $11 where id = $1";
    HANDOVERS = "select times from site_handovers where site_id = $1";
    HANDOVERS_PUT = "insert into site_handovers(site_id, times) values ($1, $2) on conflict (site_id) do update set times = excluded.times";
    SITE_BY_ID = "select id, org_id, code, name, ods_code from sites where id = $1";
    SITE_BY_CODE = "select id, org_id, code, name, ods_code from sites where org_id = $1 and code = $2";
    SITES_PAGE = "select id, org_id, code, name, ods_code, found_by from sites
        where org_id = $1 and (found_by, id) > ($2, $3) and found_by like $4 escape '\\' order by found_by, id limit $5";
    SITE_INSERT = "insert into sites (id, org_id, code, name, ods_code, found_by) values ($1, $2, $3, $4, $5, $6)";
    SITE_UPDATE = "update sites set org_id = $2, code = $3, name = $4, ods_code = $5, found_by = $6 where id = $1";
}

/// A kind of organisation, as stored.
pub(crate) fn read_kind(row: &dyn Row, column: usize) -> Result<OrgKind, StoreError> {
    let code = row.text(column)?;
    OrgKind::from_code(&code).ok_or_else(|| StoreError::Corrupt(format!("{code} is no kind of organisation")))
}

fn read_organisation(row: &dyn Row) -> Result<Organisation, StoreError> {
    Ok(Organisation {
        id: row.int(0)?,
        code: row.text(1)?,
        name: row.text(2)?,
        kind: read_kind(row, 3)?,
        ods_code: row.opt_text(4)?,
        email_domain: row.opt_text(5)?,
        zone: row.text(6)?,
        calendar: row.text(7)?,
        is_active: row.boolean(8)?,
        is_open_tonight: row.boolean(9)?,
        merged_into: row.opt_int(10)?,
    })
}

fn read_site(row: &dyn Row) -> Result<Site, StoreError> {
    Ok(Site { id: row.int(0)?, org_id: row.int(1)?, code: row.text(2)?, name: row.text(3)?, ods_code: row.opt_text(4)? })
}

/// The organisation with this id.
pub fn organisation(tx: &mut dyn Tx, id: i64) -> Result<Option<Organisation>, StoreError> {
    tx.maybe_one(ORG_BY_ID, values![id], read_organisation)
}

/// Whether something new may belong to it: it is known, and no other stands for it.
pub(crate) fn takes_new(tx: &mut dyn Tx, id: i64) -> Result<bool, StoreError> {
    Ok(organisation(tx, id)?.is_some_and(|org| org.merged_into.is_none()))
}

/// The organisation with this code.
pub fn organisation_by_code(tx: &mut dyn Tx, code: &str) -> Result<Option<Organisation>, StoreError> {
    tx.maybe_one(ORG_BY_CODE, values![code], read_organisation)
}

/// The one active organisation whose mail comes from this domain; for one that has merged, its successor. None also when two share
/// it: then nobody but the authority can say which is meant (S49).
pub fn organisation_by_domain(tx: &mut dyn Tx, domain: &str) -> Result<Option<Organisation>, StoreError> {
    let mut found = tx.all(ORGS_BY_DOMAIN, values![domain.trim().to_lowercase()], read_organisation)?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Organisations by name; of one kind if `kind` is given.
pub fn organisations(tx: &mut dyn Tx, kind: Option<OrgKind>, page: &Page) -> Result<Listed<Organisation>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(ORGS_PAGE, values![sort, id, page.pattern(), kind.map_or("", OrgKind::code), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(11)?, id: row.int(0)? }, read_organisation(row)?))
    })?;
    Ok(page.listed(rows))
}

/// Adds the organisation, or finds it by its code and compares.
pub fn upsert_organisation(tx: &mut dyn Tx, act: &Act, org: &Organisation, on_difference: OnDifference) -> Answer<Upserted> {
    let existing = organisation_by_code(tx, &org.code)?;
    put_organisation(tx, act, org, existing, on_difference)
}

/// Writes the organisation under its id, its code included: the set-up page's save.
pub fn save_organisation(tx: &mut dyn Tx, act: &Act, org: &Organisation) -> Answer<Upserted> {
    if organisation_by_code(tx, &org.code)?.is_some_and(|o| o.id != org.id) {
        return Ok(Err(Refused::Taken("code")));
    }
    let existing = organisation(tx, org.id)?;
    put_organisation(tx, act, org, existing, OnDifference::Update)
}

fn put_organisation(tx: &mut dyn Tx, act: &Act, org: &Organisation, existing: Option<Organisation>, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = org.clone();
    wanted.email_domain = wanted.email_domain.map(|d| d.trim().to_lowercase()).filter(|d| !d.is_empty());
    if let Some(e) = &existing {
        wanted.id = e.id;
    }
    wanted.merged_into = existing.as_ref().and_then(|e| e.merged_into);
    if wanted.merged_into.is_some() && wanted.is_active {
        return Ok(Err(Refused::Invalid("flags")));
    }
    if let Some(field) = organisation_fault(&wanted) {
        return Ok(Err(Refused::Invalid(field)));
    }
    let outcome = settle(existing.map(|e| (e.id, e)), (wanted.id, &wanted), on_difference);
    let sql = match outcome {
        Upserted::Added(_) => ORG_INSERT,
        Upserted::Updated(_) => ORG_UPDATE,
        Upserted::Unchanged(_) | Upserted::Differs(_) => return Ok(Ok(outcome)),
    };
    tx.exec(
        sql,
        values![
            wanted.id,
            &wanted.code,
            &wanted.name,
            wanted.kind.code(),
            wanted.ods_code.as_deref(),
            wanted.email_domain.as_deref(),
            &wanted.zone,
            &wanted.calendar,
            wanted.is_active,
            wanted.is_open_tonight,
            found_by(&[&wanted.name, &wanted.code]),
        ],
    )?;
    record_directory_event(
        tx,
        act,
        "OrganisationSaved",
        wanted.id,
        &json!({"code": wanted.code, "name": wanted.name, "kind": wanted.kind.code(),
            "ods_code": wanted.ods_code, "email_domain": wanted.email_domain, "zone": wanted.zone,
            "calendar": wanted.calendar, "active": wanted.is_active, "open_tonight": wanted.is_open_tonight}),
    )?;
    Ok(Ok(outcome))
}

fn organisation_fault(org: &Organisation) -> Option<&'static str> {
    if org.code.trim().is_empty() {
        Some("code")
    } else if org.name.trim().is_empty() {
        Some("name")
    } else if !CALENDARS.contains(&org.calendar.as_str()) {
        Some("calendar")
    } else if jiff::tz::TimeZone::get(&org.zone).is_err() {
        Some("zone")
    } else {
        None
    }
}

/// The site with this id.
pub fn site(tx: &mut dyn Tx, id: i64) -> Result<Option<Site>, StoreError> {
    tx.maybe_one(SITE_BY_ID, values![id], read_site)
}

/// The organisation's site with this code.
pub fn site_by_code(tx: &mut dyn Tx, org_id: i64, code: &str) -> Result<Option<Site>, StoreError> {
    tx.maybe_one(SITE_BY_CODE, values![org_id, code], read_site)
}

/// The sites of one organisation, by name.
pub fn sites(tx: &mut dyn Tx, org_id: i64, page: &Page) -> Result<Listed<Site>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(SITES_PAGE, values![org_id, sort, id, page.pattern(), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(5)?, id: row.int(0)? }, read_site(row)?))
    })?;
    Ok(page.listed(rows))
}

/// Adds the site, or finds it by its organisation and code and compares.
pub fn upsert_site(tx: &mut dyn Tx, act: &Act, site: &Site, on_difference: OnDifference) -> Answer<Upserted> {
    let existing = site_by_code(tx, site.org_id, &site.code)?;
    put_site(tx, act, site, existing, on_difference)
}

/// Writes the site under its id.
pub fn save_site(tx: &mut dyn Tx, act: &Act, row: &Site) -> Answer<Upserted> {
    if site_by_code(tx, row.org_id, &row.code)?.is_some_and(|s| s.id != row.id) {
        return Ok(Err(Refused::Taken("code")));
    }
    let existing = site(tx, row.id)?;
    put_site(tx, act, row, existing, OnDifference::Update)
}

fn put_site(tx: &mut dyn Tx, act: &Act, site: &Site, existing: Option<Site>, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = site.clone();
    if let Some(e) = &existing {
        wanted.id = e.id;
    }
    if wanted.code.trim().is_empty() {
        return Ok(Err(Refused::Invalid("code")));
    }
    if wanted.name.trim().is_empty() {
        return Ok(Err(Refused::Invalid("name")));
    }
    if !takes_new(tx, wanted.org_id)? {
        return Ok(Err(Refused::Unknown("organisation")));
    }
    let outcome = settle(existing.map(|e| (e.id, e)), (wanted.id, &wanted), on_difference);
    let sql = match outcome {
        Upserted::Added(_) => SITE_INSERT,
        Upserted::Updated(_) => SITE_UPDATE,
        Upserted::Unchanged(_) | Upserted::Differs(_) => return Ok(Ok(outcome)),
    };
    tx.exec(sql, values![wanted.id, wanted.org_id, &wanted.code, &wanted.name, wanted.ods_code.as_deref(), found_by(&[&wanted.name, &wanted.code]),])?;
    record_directory_event(
        tx,
        act,
        "SiteSaved",
        wanted.id,
        &json!({"organisation": wanted.org_id.to_string(), "code": wanted.code,
            "name": wanted.name, "ods_code": wanted.ods_code}),
    )?;
    Ok(Ok(outcome))
}

/// The local times at which the shifts of a site hand over, as typed; empty where nobody said.
pub fn handovers_typed(tx: &mut dyn Tx, site_id: i64) -> Result<String, StoreError> {
    Ok(tx.maybe_one(HANDOVERS, values![site_id], |row| row.text(0))?.unwrap_or_default())
}

/// The same as times.
pub fn handovers(tx: &mut dyn Tx, site_id: i64) -> Result<Vec<jiff::civil::Time>, StoreError> {
    slots::parse_handovers(&handovers_typed(tx, site_id)?).map_err(StoreError::Corrupt)
}

/// Sets them.
pub fn set_handovers(tx: &mut dyn Tx, act: &Act, site_id: i64, times: &str) -> Answer<bool> {
    if slots::parse_handovers(times).is_err() {
        return Ok(Err(Refused::Invalid("handovers")));
    }
    if handovers_typed(tx, site_id)? == times {
        return Ok(Ok(false));
    }
    tx.exec(HANDOVERS_PUT, values![site_id, times])?;
    record_directory_event(tx, act, "HandoversSet", site_id, &json!({"times": times}))?;
    Ok(Ok(true))
}
