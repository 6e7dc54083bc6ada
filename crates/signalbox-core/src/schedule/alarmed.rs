//! Which planned work an alarm may have to do with (spec 10.4): what lists the thing that rings, or something that this goes
//! down with, and what else is done at its site.

use super::graph::Tie;
use super::index::Entry;
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
    /// the same site, with a no. Work that should be over and is not said to be is among the first. By change.
    pub fn alarmed(&self, marks: &mut Marks, ringing: Ringing, span: Span) -> Vec<(ChangeId, bool)> {
        self.ring(marks, ringing.item);
        let is_listed = |entry: &Entry| entry.nodes.iter().any(|number| marks.up.tie(*number) == Some(Tie::Strict));
        let mut found: Vec<(ChangeId, bool)> = vec![];
        for entry in self.near(span).filter(|entry| entry.span.overlap(span).is_some()) {
            let is_listed = is_listed(entry);
            if is_listed || ringing.site.is_some_and(|site| entry.sites.contains(&site)) {
                found.push((entry.change, is_listed));
            }
        }
        found.extend(self.overdue(span.from).filter(|entry| is_listed(entry)).map(|entry| (entry.change, true)));
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
