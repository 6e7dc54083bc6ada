//! A merger of organisations is carried out: what the directory holds, and every open change by an event of its own, in
//! one transaction. Who asks afterwards finds all of it moved or none.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use signalbox_core::actor::{Actor, Role};
use signalbox_core::calendar;
use signalbox_core::decide::Decision;
use signalbox_core::facts::Facts;
use signalbox_core::ids::{Mint, PersonId};
use signalbox_core::refusal::{Refusal, Violation};
use signalbox_core::succession;
use signalbox_store::directory::{self, Merger, Moved, Organisation, Upserted};
use signalbox_store::outbox::{self, NewTask};
use signalbox_store::project::{self, Loaded};
use signalbox_store::{StoreError, Tx, accounts, log};

use super::{Place, Seat, Stop, commit, mint};
use crate::accounts::letters::Letter;
use crate::app::App;

/// So long a coordinator has to say who works for the successor.
const WORKING_DAYS_TO_CONFIRM: i64 = 5;

/// The kind of task that waits for the day of a merger.
pub const TASK: &str = "merger";

/// What the task is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub merger: i64,
}

/// Who stands for them.
#[derive(Clone, Debug)]
pub enum Successor {
    Known(i64),
    /// Set up with the plan; it takes part from the day of the merger.
    New(Box<Organisation>),
}

/// Organisations that are to become one, as somebody typed it.
#[derive(Clone, Debug)]
pub struct NewMerger {
    pub predecessors: Vec<i64>,
    pub successor: Successor,
    pub day: Date,
    pub reason: String,
}

/// What a plan would do, as things stand.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub moved: Moved,
    /// When it takes effect: the beginning of its day where the successor is.
    pub at: Timestamp,
}

impl App {
    /// What would move on its day if nothing happened until then.
    ///
    /// # Errors
    /// [`Stop`] with every fault at once.
    pub fn foresee_merger(&self, new: &NewMerger) -> Result<Outlook, Stop> {
        let (seat, now) = (self.seat(), self.clock.now());
        self.read::<Result<Outlook, Stop>, StoreError>(|tx| {
            let successor = match check(tx, new, now)? {
                Ok(successor) => successor,
                Err(stop) => return Ok(Err(stop)),
            };
            let (merger, at) = (plan(new, 0, successor.id, None, now), begins(&successor, new.day)?);
            let mut moved = directory::count_merger(tx, &merger)?;
            // What is over by then stays.
            for id in directory::changes_of_merger(tx, &merger, at.max(now))? {
                moved.changes += i64::from(succeed(tx, &seat, &merger, id, mint(&self.ids, now), at.max(now))?.is_some());
            }
            Ok(Ok(Outlook { moved, at }))
        })?
    }

    /// Plans a merger. One whose day has come is carried out at once; any other waits for the worker.
    ///
    /// # Errors
    /// [`Stop`] with every fault at once.
    pub fn plan_merger(&self, by: PersonId, new: NewMerger) -> Result<Merger, Stop> {
        let now = self.clock.now();
        let (id, task_id) = (self.ids.mint(now), self.ids.mint(now));
        let (of_organisation, of_plan) = (self.act(Some(by), now), self.act(Some(by), now));
        let (merger, at) = self.run(move |tx| {
            log::lock_head(tx)?;
            let successor = match check(tx, &new, now)? {
                Ok(successor) => successor,
                Err(stop) => return Ok(Err(stop)),
            };
            if matches!(new.successor, Successor::New(_)) {
                match directory::upsert_organisation(tx, &of_organisation, &successor, directory::OnDifference::Report)? {
                    Ok(Upserted::Added(_)) => {}
                    _ => return Ok(Err(Stop::Store(StoreError::Constraint("an organisation that cannot be set up".into())))),
                }
            }
            let merger = plan(&new, id, successor.id, Some(by), now);
            directory::plan_merger(tx, &of_plan, &merger)?;
            let at = begins(&successor, new.day)?;
            let payload = serde_json::to_string(&Due { merger: id }).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
            outbox::put(
                tx,
                &NewTask { id: task_id, kind: TASK.into(), change_id: None, event_id: None, dedupe_key: format!("{TASK}-{id}"), payload, due_at: at },
            )?;
            Ok(Ok((merger, at)))
        })?;
        if at > now {
            return Ok(merger);
        }
        self.carry_out_merger(id)?;
        let done = self.read::<_, StoreError>(|tx| directory::merger(tx, id))?;
        Ok(done.unwrap_or(merger))
    }

    /// Takes a plan back. False once it was carried out, or taken back before.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn take_merger_back(&self, by: PersonId, id: i64) -> Result<bool, Stop> {
        let act = self.act(Some(by), self.clock.now());
        self.run(move |tx| Ok(Ok(directory::take_merger_back(tx, &act, id)?)))
    }

    /// Carries out a merger whose day has come. Done before, taken back, or not yet due: nothing.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn carry_out_merger(&self, id: i64) -> Result<(), Stop> {
        let (seat, now, ids) = (self.seat(), self.clock.now(), self.ids.clone());
        self.run(move |tx| {
            seat.lock(tx)?;
            let Some(merger) = directory::merger(tx, id)?.filter(Merger::is_planned) else { return Ok(Ok(())) };
            let Some(successor) = directory::organisation(tx, merger.successor)? else { return Ok(Ok(())) };
            if begins(&successor, merger.day)? > now {
                return Ok(Ok(()));
            }
            let mut changes = 0;
            for change in directory::changes_of_merger(tx, &merger, now)? {
                let Some((loaded, decision)) = succeed(tx, &seat, &merger, change, mint(&ids, now), now)? else { continue };
                let process = seat.documents.pinned(tx, &loaded.change.process)?;
                let place = Place::of(tx, loaded.change.org.0)?;
                let mut head = log::lock_head(tx)?;
                commit(tx, &mut head, &process, &place, Some(&loaded.change), &loaded.prose, &decision)?;
                changes += 1;
            }
            let act = directory::Act { event_id: ids.mint(now), by: merger.planned_by, at: now };
            directory::carry_out_merger(tx, &act, &merger, changes, &mut || ids.mint(now))?;
            for person in who_confirm(tx, &merger)? {
                Letter::ConfirmMembers { person, merger: id }.ask(tx, &ids, now)?;
            }
            // Spec 13: what waits longer than this is the authority's to settle.
            let place = Place::of(tx, merger.successor)?;
            let late = calendar::at_cut_off(place.calendar.add_working_days(calendar::local_date(now, &place.zone), WORKING_DAYS_TO_CONFIRM), &place.zone);
            for person in accounts::eligible_holders(tx, Role::AuthorityManager, None, None)? {
                Letter::ConfirmMembers { person, merger: id }.ask_for(tx, &ids, now, late)?;
            }
            Ok(Ok(()))
        })
    }
}

/// The change as it is, and its move; `None` where it stays.
fn succeed(tx: &mut dyn Tx, seat: &Seat, merger: &Merger, id: i64, mint: Mint, now: Timestamp) -> Result<Option<(Loaded, Decision)>, StoreError> {
    let Some(loaded) = project::load(tx, id)? else { return Ok(None) };
    let (process, place, facts) = (seat.documents.pinned(tx, &loaded.change.process)?, Place::of(tx, loaded.change.org.0)?, Facts::default());
    let ctx = place.context(&Actor::System, &process, &facts, now);
    let decision = succession::succeed(&ctx, &loaded.change, &merger.succession(), mint);
    Ok(decision.map(|decision| (loaded, decision)))
}

/// The successor, or everything that stands in the way.
fn check(tx: &mut dyn Tx, new: &NewMerger, now: Timestamp) -> Result<Result<Organisation, Stop>, StoreError> {
    let mut predecessors = vec![];
    for id in &new.predecessors {
        predecessors.extend(directory::merger_party(tx, *id)?);
    }
    let (successor, party) = match &new.successor {
        Successor::Known(id) => (directory::organisation(tx, *id)?, directory::merger_party(tx, *id)?),
        Successor::New(organisation) => {
            let mut organisation = (**organisation).clone();
            // It is what they were, where they were.
            if let Some(first) = predecessors.first()
                && let Some(like) = directory::organisation(tx, first.org.0)?
            {
                (organisation.kind, organisation.zone, organisation.calendar) = (like.kind, like.zone, like.calendar);
            }
            (Some(organisation), None)
        }
    };
    let zone = successor.as_ref().and_then(|org| calendar::zone(&org.zone)).unwrap_or_else(calendar::london);
    let mut faults = succession::faults(&predecessors, party.as_ref(), Some(new.day), calendar::local_date(now, &zone));
    if let Successor::New(organisation) = &new.successor
        && directory::organisation_by_code(tx, &organisation.code)?.is_some()
    {
        faults.push(Violation::of("code", "taken"));
    }
    Ok(match successor {
        Some(organisation) if faults.is_empty() => Ok(organisation),
        _ => Err(Stop::Refused(Refusal::Invalid(faults))),
    })
}

fn plan(new: &NewMerger, id: i64, successor: i64, by: Option<PersonId>, now: Timestamp) -> Merger {
    Merger {
        id,
        predecessors: new.predecessors.iter().copied().collect(),
        successor,
        day: new.day,
        reason: new.reason.clone(),
        planned_by: by.map(|by| by.0),
        planned_at: now,
        taken_back_at: None,
        done_at: None,
        moved: None,
    }
}

/// The beginning of the day where the successor is.
fn begins(successor: &Organisation, day: Date) -> Result<Timestamp, StoreError> {
    let zone = calendar::zone(&successor.zone).unwrap_or_else(calendar::london);
    day.to_zoned(zone).map(|at| at.timestamp()).map_err(|fault| StoreError::Corrupt(fault.to_string()))
}

/// Those who know who works there: its coordinators, or the authority's managers where there are none.
fn who_confirm(tx: &mut dyn Tx, merger: &Merger) -> Result<Vec<i64>, StoreError> {
    let coordinators = accounts::eligible_holders(tx, Role::Coordinator, Some(merger.successor), None)?;
    if coordinators.is_empty() { accounts::eligible_holders(tx, Role::AuthorityManager, None, None) } else { Ok(coordinators) }
}
