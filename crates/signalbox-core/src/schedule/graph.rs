//! What depends on what (settled 9): `from` depends on `to`, so what suffers with X are the nodes that lead to X.
//!
//! Things are numbered and neighbours kept in compressed rows, because a hub has tens of thousands of dependants and
//! is asked about while somebody waits. A walk writes into [`Marks`], which its caller keeps for the next one. The
//! walk to dependants and the walk to needs have marks of their own; sharing them loses ancestors (architecture 5).

use crate::ids::{ItemId, ServiceId};
use crate::words::vocabulary;
use std::collections::{BTreeMap, BTreeSet};

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
    /// A way from the start to it, both included: a shortest firm one, or else one with a loose step.
    pub path: Vec<Node>,
    /// It suffers by a loose dependency only.
    pub is_loose: bool,
}

/// A node by its number.
pub(super) type Number = u32;

/// How a node was reached, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// By firm dependencies from what the work touches.
    Strict = 1,
    /// By firm dependencies from a service that is only named beside it.
    Broad = 2,
    /// With one loose step.
    Loose = 3,
}

/// Neighbours of every node, row after row.
#[derive(Clone, Debug, Default)]
struct Rows {
    starts: Vec<u32>,
    ends: Vec<Number>,
}

impl Rows {
    /// Neighbours stand in the order of their nodes, so that answers do not hang on the order of numbering.
    fn new(nodes: &[Node], edges: impl Iterator<Item = (Number, Number)>) -> Rows {
        let mut edges: Vec<(Number, Number)> = edges.collect();
        edges.sort_unstable_by_key(|(from, to)| (*from, nodes[*to as usize]));
        edges.dedup();
        let mut starts = vec![0u32; nodes.len() + 1];
        for (from, _) in &edges {
            starts[*from as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Rows { starts, ends: edges.into_iter().map(|(_, to)| to).collect() }
    }

    /// None for a node that came after the dependencies.
    fn of(&self, node: Number) -> &[Number] {
        let node = node as usize;
        match (self.starts.get(node), self.starts.get(node + 1)) {
            (Some(from), Some(until)) => &self.ends[*from as usize..*until as usize],
            _ => &[],
        }
    }
}

/// The dependencies, to be walked both ways. A redundant pair is no way at all: its other half carries on.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    numbers: BTreeMap<Node, Number>,
    nodes: Vec<Node>,
    firm_down: Rows,
    loose_down: Rows,
    firm_up: Rows,
    loose_up: Rows,
    pairs: Rows,
    fallbacks: Rows,
    carried: Rows,
}

impl Graph {
    /// Takes in the dependencies; one of a thing on itself says nothing.
    pub fn new(dependencies: &[Dependency]) -> Graph {
        let mut graph = Graph::default();
        graph.replace(dependencies);
        graph
    }

    /// Takes other dependencies in the place of those known. Numbers stay.
    pub fn replace(&mut self, dependencies: &[Dependency]) {
        let edges: Vec<(Number, Number, DependencyKind)> =
            dependencies.iter().filter(|one| one.from != one.to).map(|one| (self.number(one.from), self.number(one.to), one.kind)).collect();
        let nodes = &self.nodes;
        let up = |fits: fn(DependencyKind) -> bool| Rows::new(nodes, edges.iter().filter(|edge| fits(edge.2)).map(|edge| (edge.0, edge.1)));
        let down = |fits: fn(DependencyKind) -> bool| Rows::new(nodes, edges.iter().filter(|edge| fits(edge.2)).map(|edge| (edge.1, edge.0)));
        let is_pair = |kind| kind == DependencyKind::RedundantPair;
        let pairs = edges.iter().filter(|edge| is_pair(edge.2)).flat_map(|edge| [(edge.0, edge.1), (edge.1, edge.0)]);
        let carries = |edge: &&(Number, Number, DependencyKind)| {
            edge.2 == DependencyKind::Hard && matches!((nodes[edge.0 as usize], nodes[edge.1 as usize]), (Node::Service(_), Node::Item(_)))
        };
        let (firm_up, loose_up, fallbacks) = (up(DependencyKind::is_firm), up(DependencyKind::is_loose), up(|kind| kind == DependencyKind::ClinicalFallback));
        let (firm_down, loose_down, pairs) = (down(DependencyKind::is_firm), down(DependencyKind::is_loose), Rows::new(nodes, pairs));
        let carried = Rows::new(nodes, edges.iter().filter(carries).map(|edge| (edge.0, edge.1)));
        (self.firm_up, self.loose_up, self.fallbacks) = (firm_up, loose_up, fallbacks);
        (self.firm_down, self.loose_down, self.pairs, self.carried) = (firm_down, loose_down, pairs, carried);
    }

    /// The number of a node; a new one for a node that is met for the first time.
    pub(super) fn number(&mut self, node: Node) -> Number {
        let next = self.nodes.len() as Number;
        let number = *self.numbers.entry(node).or_insert(next);
        if number == next {
            self.nodes.push(node);
        }
        number
    }

    /// The number of a node that is known.
    pub(super) fn known(&self, node: Node) -> Option<Number> {
        self.numbers.get(&node).copied()
    }

    pub(super) fn node(&self, number: Number) -> Node {
        self.nodes[number as usize]
    }

    /// The other halves of redundant pairs.
    pub(super) fn pairs(&self, node: Number) -> &[Number] {
        self.pairs.of(node)
    }

    /// The ways of working while it is away.
    pub(super) fn fallbacks(&self, node: Number) -> &[Number] {
        self.fallbacks.of(node)
    }

    /// The items that a service runs on.
    pub(super) fn carried(&self, service: Number) -> &[Number] {
        self.carried.of(service)
    }

    /// Walks only to what these need firmly, however far.
    pub(super) fn climb(&self, from: &[Number], marks: &mut Marks) {
        marks.begin(self.nodes.len());
        marks.up.spread_from((from, &[]), &self.firm_up);
    }

    /// Walks both ways from what is touched, and from what is only named beside it.
    pub(super) fn walk(&self, touched: &[Number], beside: &[Number], marks: &mut Marks) {
        marks.begin(self.nodes.len());
        let starts = (touched, beside);
        let (down, up) = (&mut marks.down, &mut marks.up);
        let firm = down.spread_from(starts, &self.firm_down);
        for at in 0..firm {
            let from = down.reached[at];
            for dependant in self.loose_down.of(from) {
                down.mark(*dependant, Tie::Loose, from);
            }
        }
        // From the other end the loose step comes first.
        let firm = up.spread_from(starts, &self.firm_up);
        for from in touched.iter().chain(beside) {
            for need in self.loose_up.of(*from) {
                up.mark(*need, Tie::Loose, *from);
            }
        }
        up.spread(firm, Tie::Loose, &self.firm_up);
    }

    /// What goes down with these by firm dependencies, however far, and what suffers by one loose step from there.
    pub fn affected(&self, start: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        self.reached(start, |marks| &marks.down, |side, number| side.way_back(number).into_iter().rev().collect())
    }

    /// What these go down or suffer with: the same ways, walked from the other end.
    pub fn needed(&self, start: &BTreeSet<Node>) -> BTreeMap<Node, Affected> {
        self.reached(start, |marks| &marks.up, |side, number| side.way_back(number).into_iter().rev().collect())
    }

    fn reached(&self, start: &BTreeSet<Node>, side: fn(&Marks) -> &Side, path: fn(&Side, Number) -> Vec<Number>) -> BTreeMap<Node, Affected> {
        let mut marks = Marks::default();
        let known: Vec<Number> = start.iter().filter_map(|node| self.known(*node)).collect();
        self.walk(&known, &[], &mut marks);
        let side = side(&marks);
        let affected = |number: &Number| Affected {
            path: path(side, *number).into_iter().map(|number| self.node(number)).collect(),
            is_loose: side.tie(*number) == Some(Tie::Loose),
        };
        let mut all: BTreeMap<Node, Affected> = side.reached.iter().map(|number| (self.node(*number), affected(number))).collect();
        // A thing that nobody has said anything about is affected by what is done to it.
        for node in start {
            all.entry(*node).or_insert_with(|| Affected { path: vec![*node], is_loose: false });
        }
        all
    }
}

/// What a walk reached, and how. Made once and handed to every walk, so that none has to clear a place for each node.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub(super) down: Side,
    pub(super) up: Side,
}

impl Marks {
    fn begin(&mut self, nodes: usize) {
        self.down.begin(nodes);
        self.up.begin(nodes);
    }
}

/// One direction of a walk.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// The turn in which a node was reached, and in the lowest two bits its [`Tie`].
    codes: Vec<u32>,
    parents: Vec<Number>,
    pub(super) reached: Vec<Number>,
    turn: u32,
}

impl Side {
    fn begin(&mut self, nodes: usize) {
        self.reached.clear();
        self.turn += 1;
        if self.codes.len() < nodes || self.turn >= 1 << 30 {
            (self.codes, self.parents, self.turn) = (vec![0; nodes], vec![0; nodes], 1);
        }
    }

    /// How a node was reached, if it was.
    pub(super) fn tie(&self, node: Number) -> Option<Tie> {
        let code = self.codes.get(node as usize).copied().filter(|code| code >> 2 == self.turn)?;
        Some(match code & 3 {
            1 => Tie::Strict,
            2 => Tie::Broad,
            _ => Tie::Loose,
        })
    }

    fn mark(&mut self, node: Number, tie: Tie, parent: Number) {
        let code = &mut self.codes[node as usize];
        if *code >> 2 != self.turn {
            *code = self.turn << 2 | tie as u32;
            self.parents[node as usize] = parent;
            self.reached.push(node);
        }
    }

    /// Breadth first, so that the first way found to a node is a shortest one. Gives how many were reached.
    fn spread_from(&mut self, (touched, beside): (&[Number], &[Number]), rows: &Rows) -> usize {
        touched.iter().for_each(|node| self.mark(*node, Tie::Strict, *node));
        let strict = self.spread(0, Tie::Strict, rows);
        for node in beside {
            self.mark(*node, Tie::Broad, *node);
            // Ways begin at it, even where it was reached already.
            self.parents[*node as usize] = *node;
        }
        self.spread(strict, Tie::Broad, rows)
    }

    fn spread(&mut self, mut at: usize, tie: Tie, rows: &Rows) -> usize {
        while let Some(&from) = self.reached.get(at) {
            rows.of(from).iter().for_each(|next| self.mark(*next, tie, from));
            at += 1;
        }
        at
    }

    /// From a node back to where the walk began.
    pub(super) fn way_back(&self, node: Number) -> Vec<Number> {
        let mut way = vec![node];
        let mut at = node;
        while self.parents[at as usize] != at {
            at = self.parents[at as usize];
            way.push(at);
        }
        way
    }
}
