//! What depends on what (settled 9): `from` depends on `to`, so what suffers with X are the nodes that lead to X.

use crate::ids::{ItemId, ServiceId};
use crate::words::vocabulary;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A thing that other things may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A configuration item.
    Item(ItemId),
    /// A service.
    Service(ServiceId),
}

vocabulary! {
    /// How one thing depends on another (settled 9).
    DependencyKind {
        /// Does not work without it.
        Hard = "hard", "hard";
        /// Works worse without it.
        Soft = "soft", "soft";
        /// Takes its power from it.
        Power = "power", "power";
        /// Is reached over it.
        Network = "network", "network";
        /// Is the way of working while it is away.
        ClinicalFallback = "clinical_fallback", "clinical fallback";
        /// Either of the two is enough; no direction.
        RedundantPair = "redundant_pair", "redundant pair";
    }
}

impl DependencyKind {
    /// It goes down with what it depends on, and takes its own dependants along.
    pub fn is_firm(self) -> bool {
        matches!(self, DependencyKind::Hard | DependencyKind::Power | DependencyKind::Network)
    }

    /// It suffers, and nothing further does.
    pub fn is_loose(self) -> bool {
        matches!(self, DependencyKind::Soft | DependencyKind::ClinicalFallback)
    }
}

/// One dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Dependency {
    /// What depends.
    pub from: Node,
    /// What it depends on.
    pub to: Node,
    /// How.
    pub kind: DependencyKind,
}

/// Something reached from where one started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// A way from the start to it, both included: the shortest firm one, or else the shortest with a loose step.
    pub path: Vec<Node>,
    /// It suffers by a loose dependency only.
    pub is_loose: bool,
}

#[derive(Clone, Debug, Default)]
struct Edges {
    firm: BTreeMap<Node, BTreeSet<Node>>,
    loose: BTreeMap<Node, BTreeSet<Node>>,
}

impl Edges {
    fn of(edges: &BTreeMap<Node, BTreeSet<Node>>, node: Node) -> impl Iterator<Item = Node> {
        edges.get(&node).into_iter().flatten().copied()
    }
}

/// The dependencies, to be walked both ways. A redundant pair is no way at all: its other half carries on.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    to_dependants: Edges,
    to_needs: Edges,
}

impl Graph {
    /// Takes in the dependencies; one of a thing on itself says nothing.
    pub fn new(dependencies: &[Dependency]) -> Graph {
        let mut graph = Graph::default();
        for Dependency { from, to, kind } in dependencies.iter().filter(|dependency| dependency.from != dependency.to) {
            if kind.is_firm() {
                graph.to_dependants.firm.entry(*to).or_default().insert(*from);
                graph.to_needs.firm.entry(*from).or_default().insert(*to);
            } else if kind.is_loose() {
                graph.to_dependants.loose.entry(*to).or_default().insert(*from);
                graph.to_needs.loose.entry(*from).or_default().insert(*to);
            }
        }
        graph
    }

    /// What goes down with these by firm dependencies, however far, and what suffers by one loose step from there.
    pub fn affected(&self, start: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        let mut reached = walk(start.iter().map(|node| vec![*node]), &self.to_dependants.firm);
        let down: Vec<Vec<Node>> = reached.values().map(|affected| affected.path.clone()).collect();
        for path in down {
            let Some(last) = path.last() else { continue };
            for dependant in Edges::of(&self.to_dependants.loose, *last) {
                offer(&mut reached, extended(&path, dependant), true);
            }
        }
        reached
    }

    /// What these go down or suffer with: the same ways, walked from the other end, where the loose step comes
    /// first.
    pub fn needed(&self, start: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        let firm = walk(start.iter().map(|node| vec![*node]), &self.to_needs.firm);
        let loose_starts = start.iter().flat_map(|node| Edges::of(&self.to_needs.loose, *node).map(|need| vec![*node, need]));
        let loose = walk(loose_starts, &self.to_needs.firm);
        let mut reached = firm;
        for affected in loose.into_values() {
            offer(&mut reached, affected.path, true);
        }
        reached
    }
}

/// Breadth first from several starts, so that the first way found to a node is a shortest one.
fn walk(starts: impl Iterator<Item = Vec<Node>>, edges: &BTreeMap<Node, BTreeSet<Node>>) -> BTreeMap<Node, Affected> {
    let mut reached = BTreeMap::new();
    let mut waiting: VecDeque<Vec<Node>> = starts.collect();
    while let Some(path) = waiting.pop_front() {
        let Some(&last) = path.last() else { continue };
        if reached.contains_key(&last) {
            continue;
        }
        waiting.extend(Edges::of(edges, last).filter(|next| !reached.contains_key(next)).map(|next| extended(&path, next)));
        reached.insert(last, Affected { path, is_loose: false });
    }
    reached
}

/// Keeps a new way if the node was not reached, or only loosely by a longer way.
fn offer(reached: &mut BTreeMap<Node, Affected>, path: Vec<Node>, is_loose: bool) {
    let Some(&node) = path.last() else { return };
    let is_better = reached.get(&node).is_none_or(|known| known.is_loose && (path.len(), &path) < (known.path.len(), &known.path));
    if is_better {
        reached.insert(node, Affected { path, is_loose });
    }
}

fn extended(path: &[Node], next: Node) -> Vec<Node> {
    path.iter().copied().chain([next]).collect()
}
