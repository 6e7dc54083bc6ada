//! Which planned work an alarm may have to do with (spec 10.4): what lists the thing that rings, or something that this goes
//! down with, and what else is done at its site.

use super::graph::Tie;
use super::{Node, ScheduleIndex, Span};
use crate::ids::{ChangeId, ItemId, SiteId};
use crate::schedule::Marks;
use std::collections::BTreeSet;

/// What rings.
#[derive(Clone, Copy, Debug)]
pub struct Ringing {
    pub item: Option<ItemId>,
    pub site: Option<SiteId>,
}

impl ScheduleIndex {
    /// Work that shares time with a span and lists what rings, or something that it needs firmly, with a yes; and work at
    /// the same site, with a no. By change.
    pub fn alarmed(&self, marks: &mut Marks, ringing: Ringing, span: Span) -> Vec<(ChangeId, bool)> {
        self.ring(marks, ringing.item);
        let mut found: Vec<(ChangeId, bool)> = vec![];
        for entry in self.near(span).filter(|entry| entry.span.overlap(span).is_some()) {
            let is_listed = entry.nodes.iter().any(|number| marks.up.tie(*number) == Some(Tie::Strict));
            if is_listed || ringing.site.is_some_and(|site| entry.sites.contains(&site)) {
                found.push((entry.change, is_listed));
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether work on these takes the thing down that rings.
    pub fn takes_down(&self, marks: &mut Marks, item: ItemId, nodes: &BTreeSet<Node>) -> bool {
        self.ring(marks, Some(item));
        nodes.contains(&Node::Item(item)) || nodes.iter().filter_map(|node| self.graph.known(*node)).any(|number| marks.up.tie(number) == Some(Tie::Strict))
    }

    fn ring(&self, marks: &mut Marks, item: Option<ItemId>) {
        let known: Vec<_> = item.and_then(|item| self.graph.known(Node::Item(item))).into_iter().collect();
        self.graph.climb(&known, marks);
    }
}
