//! Organisations, services, items with their sites, and dependencies.

use jiff::Timestamp;
use signalbox_core::actor::OrgKind;
use signalbox_store::directory::{self, Dependency, Item, Organisation, Service, Site, Upserted};
use signalbox_store::{StoreError, Tx};

use super::{Bad, Cells, Manner, act, answered, good, on_difference};

type Taken = Result<Result<Upserted, Bad>, StoreError>;

pub(super) fn organisation(tx: &mut dyn Tx, row: &Cells, mint: &mut dyn FnMut() -> i64, now: Timestamp, manner: Manner) -> Taken {
    let (code, name) = (good!(row.needed("code")), good!(row.needed("name")));
    let kind = good!(OrgKind::from_code(&row.get("kind").to_ascii_lowercase()).ok_or_else(|| row.bad("kind", "must be trust, supplier, authority or network")));
    let mut org = match directory::organisation_by_code(tx, code)? {
        Some(known) => known,
        None => Organisation::new(mint(), code, name, kind),
    };
    let optional = |column| Some(row.get(column).to_owned()).filter(|cell| !cell.is_empty());
    (org.name, org.kind) = (name.to_owned(), kind);
    (org.ods_code, org.email_domain) = (optional("ods_code"), optional("email_domain").map(|d| d.to_ascii_lowercase()));
    answered(row, directory::upsert_organisation(tx, &act(mint, now), &org, on_difference(manner)))
}

fn owner(tx: &mut dyn Tx, row: &Cells, column: &'static str) -> Result<Result<i64, Bad>, StoreError> {
    let code = good!(row.needed(column));
    let found = directory::organisation_by_code(tx, code)?;
    Ok(found.map(|org| org.id).ok_or_else(|| row.bad(column, format!("no organisation has the code {code}"))))
}

pub(super) fn service(tx: &mut dyn Tx, row: &Cells, mint: &mut dyn FnMut() -> i64, now: Timestamp, manner: Manner) -> Taken {
    let (code, name) = (good!(row.needed("code")), good!(row.needed("name")));
    let owner = good!(owner(tx, row, "owner")?);
    let mut service = match directory::service_by_code(tx, code)? {
        Some(known) => known,
        None => Service::new(mint(), code, name, owner),
    };
    (service.name, service.owner_org) = (name.to_owned(), owner);
    answered(row, directory::upsert_service(tx, &act(mint, now), &service, on_difference(manner)))
}

pub(super) fn item(tx: &mut dyn Tx, row: &Cells, mint: &mut dyn FnMut() -> i64, now: Timestamp, manner: Manner) -> Taken {
    let (code, name) = (good!(row.needed("code")), good!(row.needed("name")));
    let org_id = good!(owner(tx, row, "organisation")?);
    let mut services = vec![];
    for code in row.list("service") {
        let found = directory::service_by_code(tx, code)?;
        services.push(good!(found.map(|s| s.id).ok_or_else(|| row.bad("service", format!("no service has the code {code}")))));
    }
    services.sort_unstable();
    services.dedup();
    let site_id = match row.get("site") {
        "" => None,
        name => Some(good!(site(tx, row, org_id, name, mint, now)?)),
    };
    let known = directory::item_by_code(tx, code)?;
    let mut item = known.unwrap_or_else(|| Item {
        id: mint(),
        code: code.to_owned(),
        name: String::new(),
        item_type: String::new(),
        org_id,
        site_id,
        watched_by: None,
        services: vec![],
    });
    (item.name, item.item_type) = (name.to_owned(), row.get("type").to_owned());
    (item.org_id, item.site_id, item.services) = (org_id, site_id, services);
    answered(row, directory::upsert_item(tx, &act(mint, now), &item, on_difference(manner)))
}

/// The site of this name; a new name makes the site.
fn site(tx: &mut dyn Tx, row: &Cells, org_id: i64, name: &str, mint: &mut dyn FnMut() -> i64, now: Timestamp) -> Result<Result<i64, Bad>, StoreError> {
    let code = site_code(name);
    if let Some(known) = directory::site_by_code(tx, org_id, &code)? {
        return Ok(Ok(known.id));
    }
    let site = Site { id: mint(), org_id, code, name: name.to_owned(), ods_code: None };
    let made = answered(row, directory::upsert_site(tx, &act(mint, now), &site, directory::OnDifference::Report))?;
    Ok(made.map(Upserted::id))
}

/// Letters and digits of the name, in capitals, with dashes between words.
fn site_code(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_uppercase).collect::<Vec<_>>().join("-")
}

pub(super) fn dependency(tx: &mut dyn Tx, row: &Cells, mint: &mut dyn FnMut() -> i64, now: Timestamp, _manner: Manner) -> Taken {
    let mut ends = vec![];
    for column in ["from", "to"] {
        let code = good!(row.needed(column));
        let found = directory::node_by_code(tx, code)?;
        ends.push(good!(found.map_err(|refused| match refused {
            directory::Refused::Unknown(_) => row.bad(column, format!("no item or service has the code {code}")),
            directory::Refused::Ambiguous(_) => row.bad(column, format!("{code} is the code of an item and of a service")),
            other => row.refused(other),
        })));
    }
    let edge = Dependency { from: ends[0], to: ends[1], kind: row.get("kind").to_ascii_lowercase() };
    let is_new = good!(answered(row, directory::add_dependency(tx, &act(mint, now), &edge))?);
    // An edge is its own key: it is there or it is not.
    Ok(Ok(if is_new { Upserted::Added(0) } else { Upserted::Unchanged(0) }))
}
