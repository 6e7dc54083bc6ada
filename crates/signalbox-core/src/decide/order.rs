//! The order between changes (C035): what has to be over before a change begins. The schedule finds whoever is planned
//! the wrong way round, and nothing is scheduled that way.

use super::Taking;
use crate::event::Event;
use crate::ids::ChangeId;
use crate::refusal::Violation;
use serde::{Deserialize, Serialize};

/// A change that has to be over first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub change: ChangeId,
    /// As people name it.
    pub reference: String,
}

/// All that it has to follow from now on; nothing typed: nothing any more.
pub(super) fn follow(t: &mut Taking) -> Option<Vec<Event>> {
    let typed: Vec<String> = t.form.entries("after").into_iter().map(str::to_ascii_uppercase).collect();
    let mut after: Vec<Earlier> = vec![];
    for reference in typed {
        let known = t.ctx.facts.changes.iter().find(|known| known.reference == reference);
        match known {
            None => t.form.faults.push(Violation::of("after", "unknown-value").with(&reference)),
            Some(known) if known.id == t.change.id => t.form.faults.push(Violation::of("after", "follows-itself")),
            Some(known) if known.after.contains(&t.change.id) => t.form.faults.push(Violation::of("after", "follows-each-other").with(&reference)),
            Some(known) if after.iter().any(|one| one.change == known.id) => {}
            Some(known) => after.push(Earlier { change: known.id, reference }),
        }
    }
    if t.form.faults.is_empty() && after == t.change.after {
        t.form.faults.push(Violation::of("after", "order-as-before"));
        return None;
    }
    Some(vec![Event::Ordered { after }])
}
