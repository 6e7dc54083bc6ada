//! What depended on the things of a change when it was approved (spec 10.2): kept with the approval, so that a later
//! edit of the estate that enlarges it is seen.

use super::Node;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// More things than this are kept by their number and digest only.
pub const KEPT_MOST: usize = 500;

/// Everything that goes down or suffers with the things of a change, without these themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The number of the log at which the dependencies were read: their version.
    pub graph: i64,
    pub count: usize,
    /// SHA-256 over all of them in their order.
    pub digest: String,
    /// All of them, unless they are more than [`KEPT_MOST`].
    pub nodes: Vec<Node>,
}

/// By how much it grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enlarged {
    pub count: usize,
    /// Which came in; nothing where they were too many to be kept.
    pub nodes: Vec<Node>,
}

impl Closure {
    /// The closure as it is at that number of the log.
    pub fn of(nodes: &BTreeSet<Node>, graph: i64) -> Closure {
        let kept = if nodes.len() <= KEPT_MOST { nodes.iter().copied().collect() } else { vec![] };
        Closure { graph, count: nodes.len(), digest: digest(nodes), nodes: kept }
    }

    /// What has come in since. `None`: nothing has, though things may have gone.
    pub fn enlarged(&self, now: &BTreeSet<Node>) -> Option<Enlarged> {
        if self.nodes.len() == self.count {
            let new: Vec<Node> = now.iter().filter(|node| !self.nodes.contains(node)).copied().collect();
            return (!new.is_empty()).then_some(Enlarged { count: new.len(), nodes: new });
        }
        let grown = now.len().saturating_sub(self.count);
        (grown > 0 && digest(now) != self.digest).then_some(Enlarged { count: grown, nodes: vec![] })
    }
}

/// The same for the same things, and for no others.
pub fn digest(nodes: &BTreeSet<Node>) -> String {
    let mut hasher = Sha256::new();
    for node in nodes {
        let (kind, id) = match node {
            Node::Item(id) => (0u8, id.0),
            Node::Service(id) => (1, id.0),
        };
        hasher.update([kind]);
        hasher.update(id.to_le_bytes());
    }
    crate::text::hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ItemId, ServiceId};

    fn nodes(ids: std::ops::Range<i64>) -> BTreeSet<Node> {
        ids.map(|id| Node::Item(ItemId(id))).collect()
    }

    #[test]
    fn what_came_in_is_named_and_what_went_is_no_matter() {
        let kept = Closure::of(&nodes(1..4), 7);
        assert_eq!((kept.count, kept.graph, kept.enlarged(&nodes(1..4)), kept.enlarged(&nodes(2..4))), (3, 7, None, None));
        let mut more = nodes(2..4);
        more.insert(Node::Service(ServiceId(1)));
        assert_eq!(kept.enlarged(&more), Some(Enlarged { count: 1, nodes: vec![Node::Service(ServiceId(1))] }), "an item and a service of one id are two");
    }

    #[test]
    fn of_very_many_the_number_is_kept() {
        let kept = Closure::of(&nodes(0..600), 7);
        assert!(kept.nodes.is_empty() && kept.enlarged(&nodes(0..600)).is_none() && kept.enlarged(&nodes(0..599)).is_none());
        assert_eq!(kept.enlarged(&nodes(0..602)), Some(Enlarged { count: 2, nodes: vec![] }));
    }
}
