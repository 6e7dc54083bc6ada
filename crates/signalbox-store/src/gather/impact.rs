//! What a change touches, what depends on that and what it needs (C030 to C032, spec 10.2), as far as whoever looks may
//! know of it: things out of their sight are neither listed nor counted.

use super::{ITEM_BY_ID, SERVICE_BY_ID, Sight, item_row, named, service_row};
use crate::schedule::Schedule;
use crate::scope::Scope;
use crate::sql::statements;
use crate::{StoreError, Tx, Value, values};
use jiff::Timestamp;
use signalbox_core::actor::Actor;
use signalbox_core::facts::Facts;
use signalbox_core::schedule::{Affected, DependencyKind, Node};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    ITEM_NAME = "select name from items where id = $1";
    SERVICE_NAME = "select name from services where id = $1";
    KINDS_BETWEEN = "select kind from dependencies where from_kind = $1 and from_id = $2 and to_kind = $3 and to_id = $4 order by kind";
}

/// At most so many are listed each way; the nearest come first.
pub const LISTED_MOST: usize = 200;

/// An item or a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    pub node: Node,
    pub code: String,
    pub name: String,
    /// Whose it is.
    pub org: i64,
}

/// Something that hangs together with what is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub thing: Thing,
    /// The codes on the way to it, from what is touched on, both included; empty where one of them is out of sight.
    pub way: Vec<String>,
    /// The thing before it on the way, where that is in sight.
    pub before: Option<Node>,
    /// How the two depend on each other; none where a service simply runs on the item.
    pub kind: Option<DependencyKind>,
    /// It suffers, and does not go down.
    pub is_loose: bool,
    /// Steps from what is touched.
    pub steps: usize,
}

/// One way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub listed: Vec<Reached>,
    /// How many more there are in sight.
    pub more: usize,
    /// There are others, out of sight.
    pub is_cut: bool,
}

/// Both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    pub touched: Vec<Thing>,
    pub needed_by: Side,
    pub needs: Side,
    /// The same as the core reads it, whoever looks: for what was frozen with the approval.
    pub closure: BTreeSet<Node>,
}

/// What hangs together with the things that these facts name.
///
/// # Errors
/// The store's.
pub fn impact(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, actor: &Actor, facts: &Facts) -> Result<Impact, StoreError> {
    let start = named(facts);
    let (down, up) = schedule.ask(tx, now, |index, _| (index.affected(&start), index.needed(&start)))?;
    let mut eyes = Eyes { sight: Sight::of(actor, &Scope::of(actor)), seen: BTreeMap::new() };
    let mut touched = vec![];
    for node in &start {
        touched.extend(eyes.look(tx, *node)?);
    }
    let closure = down.keys().filter(|node| !start.contains(node)).copied().collect();
    let needed_by = side(tx, &mut eyes, down, &start, true)?;
    let needs = side(tx, &mut eyes, up, &start, false)?;
    Ok(Impact { touched, needed_by, needs, closure })
}

/// Things by their nodes, as far as they are in sight.
///
/// # Errors
/// The store's.
pub fn things(tx: &mut dyn Tx, actor: &Actor, nodes: &[Node]) -> Result<Vec<Thing>, StoreError> {
    let mut eyes = Eyes { sight: Sight::of(actor, &Scope::of(actor)), seen: BTreeMap::new() };
    let mut found = vec![];
    for node in nodes {
        found.extend(eyes.look(tx, *node)?);
    }
    Ok(found)
}

fn side(tx: &mut dyn Tx, eyes: &mut Eyes, all: BTreeMap<Node, Affected>, start: &BTreeSet<Node>, is_down: bool) -> Result<Side, StoreError> {
    let mut reached: Vec<(Node, Affected)> = all.into_iter().filter(|(node, _)| !start.contains(node)).collect();
    reached.sort_by_key(|(node, one)| (one.path.len(), one.is_loose, *node));
    let mut side = Side::default();
    for (node, one) in reached {
        let Some(thing) = eyes.look(tx, node)? else {
            side.is_cut = true;
            continue;
        };
        if side.listed.len() == LISTED_MOST {
            side.more += 1;
            continue;
        }
        let mut way = vec![];
        for step in &one.path {
            way.push(eyes.look(tx, *step)?.map(|thing| thing.code));
        }
        let last = one.path.len().checked_sub(2).and_then(|at| one.path.get(at)).copied();
        let before = match last {
            Some(before) => eyes.look(tx, before)?.map(|thing| thing.node),
            None => None,
        };
        let kind = match last {
            Some(before) if is_down => between(tx, node, before)?,
            Some(before) => between(tx, before, node)?,
            None => None,
        };
        let way = way.into_iter().collect::<Option<Vec<String>>>().unwrap_or_default();
        side.listed.push(Reached { thing, way, before, kind, is_loose: one.is_loose, steps: one.path.len().saturating_sub(1) });
    }
    Ok(side)
}

/// How one thing depends on another, the firmest where there are several ways.
fn between(tx: &mut dyn Tx, from: Node, to: Node) -> Result<Option<DependencyKind>, StoreError> {
    let key = |node: Node| -> (Value, Value) {
        match node {
            Node::Item(id) => ("item".into(), id.0.into()),
            Node::Service(id) => ("service".into(), id.0.into()),
        }
    };
    let ((from_kind, from_id), (to_kind, to_id)) = (key(from), key(to));
    let mut kinds = tx.all(KINDS_BETWEEN, &[from_kind, from_id, to_kind, to_id], |row| crate::queries::code(row, 0, DependencyKind::from_code))?;
    kinds.sort_by_key(|kind| (!kind.is_firm(), *kind));
    Ok(kinds.first().copied())
}

/// What was looked at already.
struct Eyes {
    sight: Sight,
    seen: BTreeMap<Node, Option<Thing>>,
}

impl Eyes {
    fn look(&mut self, tx: &mut dyn Tx, node: Node) -> Result<Option<Thing>, StoreError> {
        if let Some(seen) = self.seen.get(&node) {
            return Ok(seen.clone());
        }
        let found = match node {
            Node::Item(id) => {
                let item = tx.maybe_one(ITEM_BY_ID, values![id.0], item_row)?.filter(|item| self.sight.sees(item.org, &[]));
                let name = tx.maybe_one(ITEM_NAME, values![id.0], |row| row.text(0))?.unwrap_or_default();
                item.map(|item| Thing { node, code: item.code, name, org: item.org.0 })
            }
            Node::Service(id) => {
                let service = match tx.maybe_one(SERVICE_BY_ID, values![id.0], service_row)? {
                    Some(mut service) => {
                        service.users = tx.all(super::SERVICE_USERS, values![id.0], |row| row.int(0).map(signalbox_core::ids::OrgId))?;
                        Some(service).filter(|service| self.sight.sees_service(service))
                    }
                    None => None,
                };
                let name = tx.maybe_one(SERVICE_NAME, values![id.0], |row| row.text(0))?.unwrap_or_default();
                service.map(|service| Thing { node, code: service.code, name, org: service.owner.0 })
            }
        };
        self.seen.insert(node, found.clone());
        Ok(found)
    }
}
