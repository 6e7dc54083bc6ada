//! Telling the owners of both sides that two changes clash, as soon as anything that was planned, moved or declared
//! made them (C083, C085), and once more when somebody settled it. Each is told once of one pair of windows.

use serde::{Deserialize, Serialize};
use signalbox_core::actor::Role;
use signalbox_core::event::Event;
use signalbox_core::process::Audience;
use signalbox_core::schedule::ClashRule;
use signalbox_store::outbox::{self, NewTask, Task};
use signalbox_store::{StoreError, clashes};

use super::{Trouble, change_of, load};
use crate::app::App;

/// The kind of task that tells one side of one clash.
pub const TASK: &str = "clash";
/// The kind of task that tells the owners of approved work that more depends on it now.
pub const ENLARGED: &str = "enlarged";
/// So many clashes are written down in one transaction.
const TOGETHER: usize = 200;
/// Who owns a side: whoever raised it, whoever runs it, and those who asked to hear of it.
pub const OWNERS: [Audience; 4] = [Audience::Raiser, Audience::Role(Role::Coordinator), Audience::Role(Role::SupplierManager), Audience::Subscribers];

/// A clash as one of its sides hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub rule: ClashRule,
    /// The other change; 0 where it is none.
    pub other: i64,
    /// Somebody ruled on it.
    pub is_settled: bool,
}

/// Looks for clashes that came about since it last did, and has both sides told; how many were new.
///
/// # Errors
/// The store's.
pub fn tend(app: &App, known: &mut Option<i64>) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let (end, found) = app.read::<_, StoreError>(|tx| clashes::since(tx, &app.schedule, now, *known))?;
    let mut new = 0;
    // At the first start on a large record there are thousands, and somebody else may want to write meanwhile.
    for found in found.chunks(TOGETHER) {
        let mut sides = vec![];
        for one in found {
            let (change, other) = (one.change.0, one.other.map_or(0, |other| other.0));
            let pair = [(change, other), (other, change)];
            let pair = pair.into_iter().filter(|(change, _)| *change != 0);
            let tasks =
                pair.map(|(change, other)| task(app, change, Found { rule: one.rule, other, is_settled: false }, &format!("{TASK}-{}", app.ids.mint(now))));
            sides.push((one.clone(), tasks.collect::<Result<Vec<_>, _>>()?));
        }
        new += app.write::<_, StoreError>(move |tx| {
            let mut new = 0;
            for (one, tasks) in &sides {
                if clashes::take_up(tx, one, now)? {
                    new += 1;
                    tasks.iter().try_for_each(|task| outbox::put(tx, task).map(drop))?;
                }
            }
            Ok(new)
        })?;
    }
    if known.is_none_or(|known| known != end) {
        new += tell_enlarged(app)?;
    }
    *known = Some(end);
    Ok(new)
}

/// More depends on approved work than did when it was approved (spec 10.2): its owners hear of it once.
fn tell_enlarged(app: &App) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let found = app.read::<_, StoreError>(|tx| clashes::enlarged(tx, &app.schedule, now))?;
    if found.is_empty() {
        return Ok(0);
    }
    let ids: Vec<i64> = found.iter().map(|_| app.ids.mint(now)).collect();
    app.write::<_, StoreError>(move |tx| {
        let mut new = 0;
        for ((change, digest), id) in found.iter().zip(&ids) {
            if clashes::take_up_enlarged(tx, *change, digest, now)? {
                new += 1;
                let (kind, dedupe_key) = (ENLARGED.to_owned(), format!("{ENLARGED}-{id}"));
                outbox::put(tx, &NewTask { id: *id, kind, change_id: Some(change.0), event_id: None, dedupe_key, payload: "{}".into(), due_at: now })?;
            }
        }
        Ok(new)
    })
}

/// The other side of a clash that this event settled is told too; what its own document tells is told already.
pub(super) fn tell_other_side(app: &App, of: &Task, version: i64) -> Result<(), Trouble> {
    let Some(loaded) = load(app, change_of(of))? else { return Ok(()) };
    let recorded = loaded.events.iter().find(|event| event.version == version);
    let Some((recorded, Event::ClashSettled(settled))) = recorded.map(|recorded| (recorded, &recorded.event)) else { return Ok(()) };
    let Some(rule) = ClashRule::from_code(&settled.rule) else { return Ok(()) };
    let found = Found { rule, other: loaded.change.id.0, is_settled: true };
    let task = task(app, settled.other.0, found, &format!("{TASK}-settled-{}", recorded.id.0))?;
    app.write::<_, StoreError>(move |tx| outbox::put(tx, &task).map(drop))?;
    Ok(())
}

fn task(app: &App, change: i64, found: Found, dedupe_key: &str) -> Result<NewTask, StoreError> {
    let now = app.clock.now();
    let payload = serde_json::to_string(&found).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    Ok(NewTask { id: app.ids.mint(now), kind: TASK.into(), change_id: Some(change), event_id: None, dedupe_key: dedupe_key.into(), payload, due_at: now })
}
