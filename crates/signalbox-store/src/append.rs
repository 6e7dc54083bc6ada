//! One transaction holds everything that a command means: events with their chain, words, rows and tasks. The
//! caller has taken the log-head lock and decided on facts read after it (settled 20).

use crate::log::{self, Head, NewEvent, Stream};
use crate::network;
use crate::outbox::{self, NewTask};
use crate::project::{self, Prose};
use crate::{StoreError, Tx};
use signalbox_core::change::Change;
use signalbox_core::decide::Decision;
use signalbox_core::event::{Recorded, SCHEMA};

/// What is to be committed.
pub struct Commit<'a> {
    /// The change that was decided upon; `None` for a new one.
    pub before: Option<&'a Change>,
    pub decision: &'a Decision,
    /// The change after the events.
    pub after: &'a Change,
    /// The words known before; those of the decision are added.
    pub prose: &'a Prose,
    /// Whether timers that wait for this change mean nothing any more.
    pub drops_timers: bool,
    pub tasks: &'a [NewTask],
}

/// The kind under which timers wait in the outbox.
pub const TIMER: &str = "timer";

/// Appends, projects and enqueues.
///
/// # Errors
/// [`StoreError::Conflict`] when the change moved on; the caller loads and decides again.
pub fn commit(tx: &mut dyn Tx, head: &mut Head, commit: Commit) -> Result<(), StoreError> {
    let Commit { before, decision, after, prose, drops_timers, tasks } = commit;
    let events = decision.events.iter().map(new_event).collect::<Result<Vec<_>, _>>()?;
    log::append(tx, head, before.map_or(0, |change| change.version), &events)?;
    let mut words = prose.clone();
    for text in &decision.texts {
        log::put_text(tx, text.id.0, after.id.0, &text.salt, &text.body)?;
        words.insert(text.id.0, text.body.clone());
    }
    let updated_at = decision.events.last().map_or(after.raised_at, |e| e.at);
    project::carry_on(tx, before, after, &words, updated_at)?;
    if let Some(last) = decision.events.last() {
        network::write_owed(tx, before, after, &words, last.id.0, updated_at)?;
    }
    if drops_timers {
        outbox::cancel_for_change(tx, after.id.0, TIMER, updated_at)?;
    }
    for task in tasks {
        outbox::put(tx, task)?;
    }
    Ok(())
}

/// The event as the log takes it.
///
/// # Errors
/// [`StoreError::Corrupt`] for one that has no JSON, which no event of ours is.
pub fn new_event(recorded: &Recorded) -> Result<NewEvent, StoreError> {
    Ok(NewEvent {
        id: recorded.id.0,
        stream: Stream::Change,
        change_id: recorded.change.0,
        version: recorded.version,
        kind: recorded.event.kind(),
        schema: SCHEMA,
        at: recorded.at.as_microsecond(),
        payload: serde_json::to_string(recorded).map_err(|fault| StoreError::Corrupt(fault.to_string()))?,
    })
}
