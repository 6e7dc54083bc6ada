//! Items, and what depends on what (settled 9).

use super::{Act, Answer, OnDifference, Refused, Upserted, Viewer, organisation, record_directory_event, service, service_by_code, settle, site, takes_new};
use crate::page::{Cursor, Listed, Page, found_by};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use serde_json::json;

/// The kinds of dependency.
pub const DEPENDENCY_KINDS: &[&str] = &["hard", "soft", "power", "network", "clinical_fallback", "redundant_pair"];

/// A thing that can be changed or can fail: a server, a circuit, a room's power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Id.
    pub id: i64,
    /// Short code, unique.
    pub code: String,
    /// Name.
    pub name: String,
    /// What sort of thing it is, in the words of whoever lists it.
    pub item_type: String,
    /// Whose it is.
    pub org_id: i64,
    /// Where it stands.
    pub site_id: Option<i64>,
    /// The organisation whose monitoring watches it.
    pub watched_by: Option<i64>,
    /// The services that it carries, by id, in order.
    pub services: Vec<i64>,
}

impl Item {
    /// Whether it is a circuit or another part of the network.
    pub fn is_of_network(&self) -> bool {
        crate::gather::is_of_network(&self.item_type)
    }
}

/// An end of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// An item's id.
    Item(i64),
    /// A service's id.
    Service(i64),
}

impl Node {
    fn kind(self) -> &'static str {
        match self {
            Self::Item(_) => "item",
            Self::Service(_) => "service",
        }
    }

    fn id(self) -> i64 {
        match self {
            Self::Item(id) | Self::Service(id) => id,
        }
    }

    fn read(row: &dyn Row, column: usize) -> Result<Self, StoreError> {
        let id = row.int(column + 1)?;
        match row.text(column)?.as_str() {
            "item" => Ok(Self::Item(id)),
            "service" => Ok(Self::Service(id)),
            other => Err(StoreError::Corrupt(format!("{other} is no end of a dependency"))),
        }
    }
}

/// `from` depends on `to`; a redundant pair has no direction and stands once, the lesser end first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What suffers.
    pub from: Node,
    /// What it needs.
    pub to: Node,
    /// One of [`DEPENDENCY_KINDS`].
    pub kind: String,
}

statements! {
    ITEM_BY_ID = "select id, code, name, type, org_id, site_id, watched_by from items where id = $1";
    ITEM_BY_CODE = "select id, code, name, type, org_id, site_id, watched_by from items where code = $1";
    /// Sight of an item: one's own organisations', what the shared organisations (all but trusts) hold, and what
    /// carries a service that one's own organisation uses or runs.
    ITEMS_PAGE = "select id, code, name, type, org_id, site_id, watched_by, found_by from items
        where (found_by, id) > ($1, $2) and found_by like $3 escape '\\' and (cast($4 as BIGINT) = 0 or org_id = $4)
        and (cast($5 as BIGINT) = 0
          or exists (select 1 from organisations o where o.id = items.org_id and o.kind <> 'trust')
          or exists (select 1 from memberships m where m.person_id = $5 and m.ended_at is null and m.org_id = items.org_id)
          or exists (select 1 from item_services i join service_orgs so on so.service_id = i.service_id
            join memberships m on m.org_id = so.org_id
            where i.item_id = items.id and m.person_id = $5 and m.ended_at is null)
          or exists (select 1 from item_services i join services s on s.id = i.service_id
            join memberships m on m.org_id = s.owner_org
            where i.item_id = items.id and m.person_id = $5 and m.ended_at is null))
        order by found_by, id limit $6";
    ITEM_INSERT = "insert into items (id, code, name, type, org_id, site_id, watched_by, found_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    ITEM_UPDATE = "update items set code = $2, name = $3, type = $4, org_id = $5, site_id = $6, watched_by = $7,
        found_by = $8 where id = $1";
    ITEM_SERVICES = "select service_id from item_services where item_id = $1 order by service_id";
    ITEM_SERVICE_ADD = "insert into item_services (item_id, service_id) values ($1, $2)";
    ITEM_SERVICE_DROP = "delete from item_services where item_id = $1 and service_id = $2";
    EDGE = "select 1 from dependencies where from_kind = $1 and from_id = $2 and to_kind = $3 and to_id = $4 and kind = $5";
    EDGE_ADD = "insert into dependencies (from_kind, from_id, to_kind, to_id, kind) values ($1, $2, $3, $4, $5)";
    EDGE_DROP = "delete from dependencies where from_kind = $1 and from_id = $2 and to_kind = $3 and to_id = $4 and kind = $5";
    EDGES = "select from_kind, from_id, to_kind, to_id, kind from dependencies order by from_kind, from_id, to_kind, to_id, kind";
    EDGES_FROM = "select from_kind, from_id, to_kind, to_id, kind from dependencies where from_kind = $1 and from_id = $2 order by to_kind, to_id, kind";
    EDGES_TO = "select from_kind, from_id, to_kind, to_id, kind from dependencies where to_kind = $1 and to_id = $2 order by from_kind, from_id, kind";
}

fn read_item(row: &dyn Row) -> Result<Item, StoreError> {
    Ok(Item {
        id: row.int(0)?,
        code: row.text(1)?,
        name: row.text(2)?,
        item_type: row.text(3)?,
        org_id: row.int(4)?,
        site_id: row.opt_int(5)?,
        watched_by: row.opt_int(6)?,
        services: Vec::new(),
    })
}

fn read_dependency(row: &dyn Row) -> Result<Dependency, StoreError> {
    Ok(Dependency { from: Node::read(row, 0)?, to: Node::read(row, 2)?, kind: row.text(4)? })
}

fn with_services(tx: &mut dyn Tx, item: Option<Item>) -> Result<Option<Item>, StoreError> {
    let Some(mut item) = item else {
        return Ok(None);
    };
    item.services = tx.all(ITEM_SERVICES, values![item.id], |row| row.int(0))?;
    Ok(Some(item))
}

/// The item with this id.
pub fn item(tx: &mut dyn Tx, id: i64) -> Result<Option<Item>, StoreError> {
    let found = tx.maybe_one(ITEM_BY_ID, values![id], read_item)?;
    with_services(tx, found)
}

/// The item with this code.
pub fn item_by_code(tx: &mut dyn Tx, code: &str) -> Result<Option<Item>, StoreError> {
    let found = tx.maybe_one(ITEM_BY_CODE, values![code], read_item)?;
    with_services(tx, found)
}

/// The items that this viewer may see, by name; of one organisation if `org` is given.
pub fn items(tx: &mut dyn Tx, viewer: Viewer, org: Option<i64>, page: &Page) -> Result<Listed<Item>, StoreError> {
    let (sort, id) = page.start();
    let rows = tx.all(ITEMS_PAGE, values![sort, id, page.pattern(), org.unwrap_or(0), viewer.id(), page.limit() + 1], |row| {
        Ok((Cursor { sort: row.text(7)?, id: row.int(0)? }, read_item(row)?))
    })?;
    let mut listed = page.listed(rows);
    for item in &mut listed.items {
        item.services = tx.all(ITEM_SERVICES, values![item.id], |row| row.int(0))?;
    }
    Ok(listed)
}

/// Adds the item, or finds it by its code and compares.
pub fn upsert_item(tx: &mut dyn Tx, act: &Act, row: &Item, on_difference: OnDifference) -> Answer<Upserted> {
    let existing = item_by_code(tx, &row.code)?;
    put_item(tx, act, row, existing, on_difference)
}

/// Writes the item under its id.
pub fn save_item(tx: &mut dyn Tx, act: &Act, row: &Item) -> Answer<Upserted> {
    if item_by_code(tx, &row.code)?.is_some_and(|i| i.id != row.id) {
        return Ok(Err(Refused::Taken("code")));
    }
    let existing = item(tx, row.id)?;
    put_item(tx, act, row, existing, OnDifference::Update)
}

fn put_item(tx: &mut dyn Tx, act: &Act, row: &Item, existing: Option<Item>, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = row.clone();
    wanted.services.sort_unstable();
    wanted.services.dedup();
    if let Some(e) = &existing {
        wanted.id = e.id;
    }
    if let Some(refused) = item_fault(tx, &wanted)? {
        return Ok(Err(refused));
    }
    let before = existing.as_ref().map(|e| e.services.clone()).unwrap_or_default();
    let outcome = settle(existing.map(|e| (e.id, e)), (wanted.id, &wanted), on_difference);
    let sql = match outcome {
        Upserted::Added(_) => ITEM_INSERT,
        Upserted::Updated(_) => ITEM_UPDATE,
        Upserted::Unchanged(_) | Upserted::Differs(_) => return Ok(Ok(outcome)),
    };
    tx.exec(
        sql,
        values![
            wanted.id,
            &wanted.code,
            &wanted.name,
            &wanted.item_type,
            wanted.org_id,
            wanted.site_id,
            wanted.watched_by,
            found_by(&[&wanted.name, &wanted.code, &wanted.item_type])
        ],
    )?;
    for service in before.iter().filter(|s| !wanted.services.contains(s)) {
        tx.exec(ITEM_SERVICE_DROP, values![wanted.id, *service])?;
    }
    for service in wanted.services.iter().filter(|s| !before.contains(s)) {
        tx.exec(ITEM_SERVICE_ADD, values![wanted.id, *service])?;
    }
    let services: Vec<String> = wanted.services.iter().map(i64::to_string).collect();
    record_directory_event(
        tx,
        act,
        "ItemSaved",
        wanted.id,
        &json!({"code": wanted.code, "name": wanted.name, "type": wanted.item_type,
            "organisation": wanted.org_id.to_string(), "site": wanted.site_id.map(|s| s.to_string()),
            "watched_by": wanted.watched_by.map(|w| w.to_string()), "services": services}),
    )?;
    Ok(Ok(outcome))
}

fn item_fault(tx: &mut dyn Tx, item: &Item) -> Result<Option<Refused>, StoreError> {
    if item.code.trim().is_empty() {
        return Ok(Some(Refused::Invalid("code")));
    }
    if item.name.trim().is_empty() {
        return Ok(Some(Refused::Invalid("name")));
    }
    if !takes_new(tx, item.org_id)? {
        return Ok(Some(Refused::Unknown("organisation")));
    }
    if let Some(id) = item.site_id {
        // An item may stand in another organisation's building: a carrier's router in a trust.
        if site(tx, id)?.is_none() {
            return Ok(Some(Refused::Unknown("site")));
        }
    }
    if let Some(id) = item.watched_by
        && organisation(tx, id)?.is_none()
    {
        return Ok(Some(Refused::Unknown("watched_by")));
    }
    for id in &item.services {
        if service(tx, *id)?.is_none() {
            return Ok(Some(Refused::Unknown("service")));
        }
    }
    Ok(None)
}

/// What a code in a file of dependencies means: an item or a service, but never either of two.
pub fn node_by_code(tx: &mut dyn Tx, code: &str) -> Result<Result<Node, Refused>, StoreError> {
    let as_item = tx.maybe_one(ITEM_BY_CODE, values![code], |row| row.int(0))?;
    let as_service = service_by_code(tx, code)?;
    Ok(match (as_item, as_service) {
        (Some(id), None) => Ok(Node::Item(id)),
        (None, Some(found)) => Ok(Node::Service(found.id)),
        (Some(_), Some(_)) => Err(Refused::Ambiguous("code")),
        (None, None) => Err(Refused::Unknown("code")),
    })
}

fn node_exists(tx: &mut dyn Tx, node: Node) -> Result<bool, StoreError> {
    Ok(match node {
        Node::Item(id) => tx.maybe_one(ITEM_BY_ID, values![id], |_| Ok(()))?.is_some(),
        Node::Service(id) => service(tx, id)?.is_some(),
    })
}

/// A redundant pair is the same pair either way round.
fn in_order(mut edge: Dependency) -> Dependency {
    if edge.kind == "redundant_pair" && edge.to < edge.from {
        std::mem::swap(&mut edge.from, &mut edge.to);
    }
    edge
}

fn edge_values(edge: &Dependency) -> Vec<crate::Value> {
    values![edge.from.kind(), edge.from.id(), edge.to.kind(), edge.to.id(), &edge.kind].to_vec()
}

/// Adds a dependency. False if it was there.
pub fn add_dependency(tx: &mut dyn Tx, act: &Act, edge: &Dependency) -> Answer<bool> {
    let edge = in_order(edge.clone());
    if !DEPENDENCY_KINDS.contains(&edge.kind.as_str()) {
        return Ok(Err(Refused::Invalid("kind")));
    }
    if edge.from == edge.to {
        return Ok(Err(Refused::Invalid("to")));
    }
    if !node_exists(tx, edge.from)? {
        return Ok(Err(Refused::Unknown("from")));
    }
    if !node_exists(tx, edge.to)? {
        return Ok(Err(Refused::Unknown("to")));
    }
    if tx.maybe_one(EDGE, &edge_values(&edge), |_| Ok(()))?.is_some() {
        return Ok(Ok(false));
    }
    tx.exec(EDGE_ADD, &edge_values(&edge))?;
    record_edge(tx, act, "DependencyAdded", &edge)?;
    Ok(Ok(true))
}

/// Takes a dependency away. False if it was not there.
pub fn remove_dependency(tx: &mut dyn Tx, act: &Act, edge: &Dependency) -> Result<bool, StoreError> {
    let edge = in_order(edge.clone());
    if tx.exec(EDGE_DROP, &edge_values(&edge))? == 0 {
        return Ok(false);
    }
    record_edge(tx, act, "DependencyRemoved", &edge)?;
    Ok(true)
}

fn record_edge(tx: &mut dyn Tx, act: &Act, kind: &'static str, edge: &Dependency) -> Result<(), StoreError> {
    let payload = json!({"from_kind": edge.from.kind(), "from": edge.from.id().to_string(),
        "to_kind": edge.to.kind(), "to": edge.to.id().to_string(), "kind": edge.kind});
    record_directory_event(tx, act, kind, edge.from.id(), &payload)
}

/// Every dependency, for the schedule's index.
pub fn dependencies(tx: &mut dyn Tx) -> Result<Vec<Dependency>, StoreError> {
    tx.all(EDGES, &[], read_dependency)
}

/// What this depends on, directly.
pub fn dependencies_of(tx: &mut dyn Tx, node: Node) -> Result<Vec<Dependency>, StoreError> {
    tx.all(EDGES_FROM, values![node.kind(), node.id()], read_dependency)
}

/// What depends on this, directly.
pub fn dependents_of(tx: &mut dyn Tx, node: Node) -> Result<Vec<Dependency>, StoreError> {
    tx.all(EDGES_TO, values![node.kind(), node.id()], read_dependency)
}
