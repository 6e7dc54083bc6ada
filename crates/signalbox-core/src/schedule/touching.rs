//! Which work touches a thing, and whom it needs: the other way into the schedule than by time.
//!
//! A quarter of a year holds tens of thousands of pieces of work, of which a few hang together with what is asked about.
//! A hub, in turn, hangs together with half of everything, and is better looked for by time.

use super::graph::Number;
use crate::ids::PersonId;
use std::collections::{BTreeMap, BTreeSet};

/// Places of work by what it touches.
#[derive(Clone, Debug, Default)]
pub(super) struct Touching {
    by_node: Vec<Vec<u32>>,
    by_person: BTreeMap<PersonId, Vec<u32>>,
    /// Work that names no item touches whatever its services run on, which may become something else.
    broad: BTreeSet<u32>,
}

impl Touching {
    pub fn add(&mut self, place: u32, nodes: &[Number], names_items: bool, people: &[PersonId]) {
        for node in nodes {
            let node = *node as usize;
            if self.by_node.len() <= node {
                self.by_node.resize_with(node + 1, Vec::new);
            }
            self.by_node[node].push(place);
        }
        if !names_items {
            self.broad.insert(place);
        }
        people.iter().for_each(|person| self.by_person.entry(*person).or_default().push(place));
    }

    pub fn remove(&mut self, place: u32, nodes: &[Number], people: &[PersonId]) {
        for node in nodes {
            if let Some(places) = self.by_node.get_mut(*node as usize) {
                places.retain(|one| *one != place);
            }
        }
        self.broad.remove(&place);
        for person in people {
            if let Some(places) = self.by_person.get_mut(person) {
                places.retain(|one| *one != place);
                if places.is_empty() {
                    self.by_person.remove(person);
                }
            }
        }
    }

    /// Everything that touches one of these or needs one of these people, once each; `None` where that is more than so
    /// many to look through.
    pub fn of(&self, nodes: impl Iterator<Item = Number>, people: &BTreeSet<PersonId>, most: usize) -> Option<Vec<u32>> {
        let mut found: Vec<u32> = vec![];
        // Looking a node up costs about as much as looking at a piece of work.
        let mut cost = self.broad.len();
        let of_people = people.iter().filter_map(|person| self.by_person.get(person));
        let of_nodes = nodes.map(|node| self.by_node.get(node as usize).map_or(&[][..], Vec::as_slice));
        for places in of_people.map(Vec::as_slice).chain(of_nodes) {
            cost += 1 + places.len();
            if cost > most {
                return None;
            }
            found.extend_from_slice(places);
        }
        found.extend(&self.broad);
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}
