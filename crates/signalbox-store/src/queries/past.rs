//! What a rehearsal reads: the register once, and the events of a stretch of time in the order in which they happened.

use crate::scope::{Scope, VISIBLE};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, Value, directory, gather, values};
use jiff::Timestamp;
use signalbox_core::actor::{Membership, OrgKind, Role};
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::event::{Recorded, upcast};
use signalbox_core::facts::{ItemFact, OrgFact, ServiceFact, SiteFact};
use signalbox_core::ids::{OrgId, PersonId, ServiceId, SiteId, TextId};
use signalbox_core::rehearse::estate::{Estate, Held, Known, Place, Rows};
use std::collections::BTreeMap;

statements! {
    ORGS = "select id, code, kind, zone, calendar from organisations order by id";
    ITEMS = "select id, code, org_id, site_id, type from items order by id";
    ITEM_SERVICES = "select item_id, service_id from item_services order by item_id, service_id";
    SERVICES = "select id, code, owner_org, direct_care, always_on from services order by id";
    SERVICE_ORGS = "select service_id, org_id from service_orgs order by service_id, org_id";
    CIRCUIT_SITES = "select distinct site_id from items where lower(type) like '%circuit%' and site_id is not null order by site_id";
    SITES = "select id, code, org_id from sites order by id";
    PEOPLE = "select id, coalesce(email, '') from people order by id";
    ROLES = "select m.person_id, m.org_id, a.kind, m.role, m.service_id, m.granted_at, m.ended_at from memberships m join organisations a on a.id = m.org_id order by m.id";
    EVENTS = "select seq, schema, at, payload from events where stream = 'change' and at >= $1 and (at > $1 or seq > $2) and at <= $3 order by at, seq limit $4";
    PINS = "select distinct process from changes where raised_at >= $1 order by process";
    TEXTS = "select t.id, t.body from texts t where t.body is not null and t.change_id in
        (select e.change_id from events e where e.stream = 'change' and e.at >= $1 and e.at <= $2)";
}

/// How many events are read at once.
const BATCH: i64 = 2_000;

/// The register as it stands.
///
/// # Errors
/// The store's.
pub fn estate(tx: &mut dyn Tx) -> Result<Estate, StoreError> {
    let orgs = tx.all(ORGS, &[], |row| {
        let kind = OrgKind::from_code(&row.text(2)?).ok_or_else(|| StoreError::Corrupt("organisation kind".into()))?;
        Ok((OrgFact { id: OrgId(row.int(0)?), code: row.text(1)?, kind }, place(&row.text(3)?, &row.text(4)?)))
    })?;
    let kinds: BTreeMap<OrgId, OrgKind> = orgs.iter().map(|(org, _)| (org.id, org.kind)).collect();
    Ok(Estate::new(Rows {
        items: items(tx)?,
        services: services(tx, &kinds)?,
        sites: tx.all(SITES, &[], |row| Ok(SiteFact { id: SiteId(row.int(0)?), code: row.text(1)?, org: OrgId(row.int(2)?) }))?,
        people: people(tx)?,
        dependencies: gather::dependencies(tx)?,
        calendars: crate::schedule::calendars(tx, gather::calendar::EVER)?,
        circuit_sites: tx.all(CIRCUIT_SITES, &[], |row| row.int(0).map(SiteId))?.into_iter().collect(),
        looked_at: directory::looks(tx)?.into_iter().map(|look| (look.entry, look.at)).collect(),
        default_place: place(calendar::DEFAULT_ZONE, ""),
        orgs,
    }))
}

fn place(zone_name: &str, division: &str) -> Place {
    let zone = calendar::zone(zone_name).unwrap_or_else(calendar::london);
    let division = Division::from_code(division).unwrap_or(Division::EnglandAndWales);
    Place { calendar: Calendar::shipped(division), zone_name: zone_name.to_owned(), zone }
}

fn items(tx: &mut dyn Tx) -> Result<Vec<ItemFact>, StoreError> {
    let mut services: BTreeMap<i64, Vec<ServiceId>> = BTreeMap::new();
    for (item, service) in tx.all(ITEM_SERVICES, &[], |row| Ok((row.int(0)?, ServiceId(row.int(1)?))))? {
        services.entry(item).or_default().push(service);
    }
    tx.all(ITEMS, &[], |row| {
        let mut item = gather::item_row(row)?;
        item.services = services.get(&item.id.0).cloned().unwrap_or_default();
        Ok(item)
    })
}

fn services(tx: &mut dyn Tx, kinds: &BTreeMap<OrgId, OrgKind>) -> Result<Vec<ServiceFact>, StoreError> {
    let mut users: BTreeMap<i64, Vec<OrgId>> = BTreeMap::new();
    for (service, org) in tx.all(SERVICE_ORGS, &[], |row| Ok((row.int(0)?, OrgId(row.int(1)?))))? {
        users.entry(service).or_default().push(org);
    }
    tx.all(SERVICES, &[], |row| {
        let mut service = gather::service_row(row)?;
        service.users = users.get(&service.id.0).cloned().unwrap_or_default();
        service.is_network = kinds.get(&service.owner) == Some(&OrgKind::Network);
        Ok(service)
    })
}

fn people(tx: &mut dyn Tx) -> Result<BTreeMap<PersonId, Known>, StoreError> {
    let mut people: BTreeMap<PersonId, Known> =
        tx.all(PEOPLE, &[], |row| Ok((PersonId(row.int(0)?), Known { email: row.text(1)?, ..Known::default() })))?.into_iter().collect();
    let held = tx.all(ROLES, &[], |row| {
        let (Some(org_kind), Some(role)) = (OrgKind::from_code(&row.text(2)?), Role::from_code(&row.text(3)?)) else { return Ok(None) };
        let membership = Membership { org: OrgId(row.int(1)?), org_kind, role, service: row.opt_int(4)?.map(ServiceId), cover: None };
        Ok(Some((PersonId(row.int(0)?), Held { membership, from: crate::page::time(row, 5)?, until: crate::page::opt_time(row, 6)? })))
    })?;
    for (person, held) in held.into_iter().flatten() {
        let known = people.entry(person).or_default();
        if held.membership.role == Role::Implementer {
            known.works_for.push(held.membership.org);
        }
        known.held.push(held);
    }
    Ok(people)
}

/// Reads the events of changes between two moments in the order of time, and hands them over in batches, each with the
/// free texts of the changes in it. Events before `from` of a change are not read.
///
/// # Errors
/// The store's, or that of an event that cannot be read.
pub fn events(tx: &mut dyn Tx, from: Timestamp, until: Timestamp, mut take: impl FnMut(&[Recorded], &BTreeMap<TextId, String>)) -> Result<usize, StoreError> {
    let (mut at, mut seq, mut count) = (from.as_microsecond(), 0, 0);
    loop {
        let read = |row: &dyn Row| Ok((row.int(0)?, row.int(1)?, row.int(2)?, row.text(3)?));
        let rows = tx.all(EVENTS, values![at, seq, until.as_microsecond(), BATCH], read)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(count) };
        let words: BTreeMap<TextId, String> = tx.all(TEXTS, values![first.2, last.2], |row| Ok((TextId(row.int(0)?), row.text(1)?)))?.into_iter().collect();
        (at, seq) = (last.2, last.0);
        let one = |(seq, schema, _, payload): &(i64, i64, i64, String)| {
            upcast(*schema, payload).map_err(|fault| StoreError::Corrupt(format!("event {seq}: {fault}")))
        };
        take(&rows.iter().map(one).collect::<Result<Vec<Recorded>, StoreError>>()?, &words);
        count += rows.len();
        if (rows.len() as i64) < BATCH {
            return Ok(count);
        }
    }
}

/// The hashes of the documents that the changes of a stretch of time are pinned to.
///
/// # Errors
/// The store's.
pub fn pins(tx: &mut dyn Tx, since: Timestamp) -> Result<Vec<String>, StoreError> {
    tx.all(PINS, values![since.as_microsecond()], |row| row.text(0))
}

/// The changes of a stretch of time that somebody may see, with their titles. History that was brought in counts by
/// the day of its receipt.
///
/// # Errors
/// The store's.
pub fn titles(tx: &mut dyn Tx, scope: &Scope, since: Timestamp) -> Result<BTreeMap<i64, String>, StoreError> {
    let mut params: Vec<Value> = scope.params();
    params.push(since.as_microsecond().into());
    Ok(tx.all(&seen(), &params, |row| Ok((row.int(0)?, row.text(1)?)))?.into_iter().collect())
}

fn seen() -> String {
    format!("select c.id, c.title from changes c where c.raised_at >= $5 and {VISIBLE}")
}

/// Statements with a scope in them.
pub(crate) fn composed() -> Vec<(&'static str, String)> {
    vec![("seen", seen())]
}
