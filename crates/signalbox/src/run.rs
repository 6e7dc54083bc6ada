//! The one write path. Every command on a change, from page, API, worker, import or demo, comes through here:
//! load in scope, gather facts, decide, append, all in one transaction under the log-head lock. Nothing else appends.

mod attach;

pub use attach::{NAME_MAX_CHARS, NewAttachment, clean_name};

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind};
use signalbox_core::apply::apply;
use signalbox_core::calendar::Calendar;
use signalbox_core::change::{Change, Kind, Stage};
use signalbox_core::decide::{self, Context, Decision};
use signalbox_core::event::Recorded;
use signalbox_core::facts::Facts;
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, Mint, OrgId};
use signalbox_core::offers::{Offer, offers};
use signalbox_core::process::{Process, TimerAct};
use signalbox_core::react::{Task, react};
use signalbox_core::refusal::{Bar, Refusal};
use signalbox_store::append::{self, Commit};
use signalbox_store::outbox::NewTask;
use signalbox_store::project::{self, Loaded, Prose};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, directory, drafts, gather, log};

use crate::app::App;
use crate::clock::IdSource;

mod again;
mod call_outs;
mod deployment;
mod documents;
pub mod govern;
mod hand;
mod merge;
pub mod network;
pub mod night;
mod seat;
mod series;
mod told;

pub use again::copy;
pub use deployment::{Deployment, End};
pub use documents::{Adopted, Documents};
use hand::Hand;
pub use merge::{Due, NewMerger, Outlook, Successor, TASK as MERGER};
use seat::{Place, Seat};
pub use series::{Made, PLANNED, dates_of};

/// What a command did; all that an answer needs, so that the same key can be given the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub id: i64,
    pub reference: String,
    pub version: i64,
    /// The draft's revision; 0 once the change was sent.
    pub rev: i64,
    pub stage: String,
    /// The types of the events appended.
    pub events: Vec<String>,
}

/// Why a command did nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Not there, or not for these eyes: 404.
    Unseen,
    /// The core said no.
    Refused(Refusal),
    /// The caller decided upon another version: 412 with If-Match, 409 from a page.
    Stale { expected: i64, found: i64 },
    /// The key was used for another request: 422.
    KeyReused,
    /// The store could not.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(fault: StoreError) -> Stop {
        match fault {
            StoreError::Conflict { expected, found } => Stop::Stale { expected, found },
            fault => Stop::Store(fault),
        }
    }
}

/// The caller's key, under which the answer is kept (R4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub key: String,
    /// Of everything that makes the request what it is.
    pub request_hash: String,
}

/// What a command is asked on.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The version that the caller saw.
    pub version: Option<i64>,
    /// The draft revision that the caller saw.
    pub rev: Option<i64>,
    pub key: Option<Key>,
}

/// A new draft.
#[derive(Clone, Debug)]
pub struct NewDraft {
    pub kind: Kind,
    pub org: OrgId,
    pub on_behalf_of: Option<String>,
    pub copied_from: Option<ChangeId>,
    pub raw: Raw,
}

/// Everything about one change that deciding looks at, fetched together.
pub struct Situation {
    pub loaded: Loaded,
    pub process: Arc<Process>,
    pub facts: Facts,
    pub calendar: Calendar,
    pub zone_name: String,
    pub zone: jiff::tz::TimeZone,
    pub draft: Option<drafts::Draft>,
}

impl Situation {
    /// The core's context for an actor at a moment.
    pub fn context<'a>(&'a self, actor: &'a Actor, now: Timestamp) -> Context<'a> {
        Context { now, actor, process: &self.process, calendar: &self.calendar, zone_name: &self.zone_name, zone: &self.zone, facts: &self.facts }
    }

    /// Whose calendar and clock count for it.
    fn place(&self) -> Place {
        Place { calendar: self.calendar.clone(), zone_name: self.zone_name.clone(), zone: self.zone.clone() }
    }

    /// What the actor may do now, and why not the rest.
    pub fn offers(&self, actor: &Actor, now: Timestamp) -> Vec<Offer> {
        offers(&self.context(actor, now), &self.loaded.change)
    }
}

/// How often a lost race is decided again before the caller hears of it.
const TRIES: usize = 3;
/// The kind under which people are told, in the outbox.
pub const TELL: &str = "tell";

impl App {
    /// Begins a draft and takes its reference in the same transaction (settled 7).
    ///
    /// # Errors
    /// [`Stop`].
    pub fn raise(&self, actor: &Actor, draft: NewDraft, expect: Expect) -> Result<Done, Stop> {
        self.begin(actor, draft, None, expect)
    }

    /// Begins the record of work that was found to be done already, though its change is still undecided: that one is
    /// put on hold in the same transaction, where it can be (scenario 35).
    ///
    /// # Errors
    /// [`Stop`].
    pub fn raise_retrospective(&self, actor: &Actor, draft: NewDraft, original: i64, hold: Raw, expect: Expect) -> Result<Done, Stop> {
        self.begin(actor, draft, Some((original, hold)), expect)
    }

    fn begin(&self, actor: &Actor, draft: NewDraft, of: Option<(i64, Raw)>, expect: Expect) -> Result<Done, Stop> {
        let (seat, now, id, mint) = (self.seat(), self.clock.now(), self.ids.mint(self.clock.now()), self.mint());
        let (actor, hold_mint) = (actor.clone(), self.mint());
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            if let Some(done) = replayed(hand.tx, &actor, expect.key.as_ref())? {
                return Ok(done);
            }
            let original = of.as_ref().map(|(original, raw)| (*original, raw, hold_mint.clone()));
            match hand.raise(&draft, original, id, mint.clone())? {
                Ok(done) => finish(hand.tx, &actor, expect.key.as_ref(), done, now),
                Err(stop) => Ok(Err(stop)),
            }
        })
    }

    /// Saves what was typed in a draft, exactly as it is. Allowed to whoever may send it on.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn save_draft(&self, actor: &Actor, id: i64, raw: Raw, expect: Expect) -> Result<Done, Stop> {
        let (actor, seat, now) = (actor.clone(), self.seat(), self.clock.now());
        self.run(move |tx| {
            seat.lock(tx)?;
            if let Some(done) = replayed(tx, &actor, expect.key.as_ref())? {
                return Ok(done);
            }
            let Some(situation) = situation(tx, &seat, &actor, id, None, &Raw::new(), now)? else { return Ok(Err(Stop::Unseen)) };
            let change = &situation.loaded.change;
            if let Some(expected) = expect.version.filter(|v| *v != change.version) {
                return Ok(Err(Stop::Stale { expected, found: change.version }));
            }
            let open = |act| situation.offers(&actor, now).iter().any(|o| o.act == act && o.is_open());
            if !(open(Act::Submit) || open(Act::Propose)) {
                return Ok(Err(Stop::Refused(Refusal::WrongStage(change.stage))));
            }
            let found = situation.draft.as_ref().map_or(0, |d| d.rev);
            if expect.rev.is_some_and(|rev| rev != found) {
                return Ok(Err(Stop::Stale { expected: expect.rev.unwrap_or(0), found }));
            }
            let rev = drafts::save_draft(tx, id, &raw, now, person(&actor))?;
            let done = Done { id, reference: change.reference.clone(), version: change.version, rev, stage: change.stage.code().to_owned(), events: vec![] };
            finish(tx, &actor, expect.key.as_ref(), done, now)
        })
    }

    /// Takes an act. For sending, the draft as saved lies under what is typed now.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn take(&self, actor: &Actor, id: i64, act: Act, raw: Raw, expect: Expect) -> Result<Done, Stop> {
        let (actor, seat, now, mint) = (actor.clone(), self.seat(), self.clock.now(), self.mint());
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            if let Some(done) = replayed(hand.tx, &actor, expect.key.as_ref())? {
                return Ok(done);
            }
            match hand.take(id, act, &raw, &expect, mint.clone())? {
                Ok(done) => finish(hand.tx, &actor, expect.key.as_ref(), done, now),
                Err(stop) => Ok(Err(stop)),
            }
        })
    }

    /// A timer is due: the core says what it means now. `None`: nothing any more.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn time_out(&self, id: i64, then: TimerAct) -> Result<Option<Done>, Stop> {
        let (seat, now, mint) = (self.seat(), self.clock.now(), self.mint());
        self.run(move |tx| {
            let mut head = seat.lock(tx)?;
            let Some(situation) = situation(tx, &seat, &Actor::System, id, None, &Raw::new(), now)? else { return Ok(Ok(None)) };
            let ctx = situation.context(&Actor::System, now);
            let Ok(decision) = decide::time_out(&ctx, &situation.loaded.change, then, mint.clone()) else { return Ok(Ok(None)) };
            let after = commit(tx, &mut head, &situation.process, &situation.place(), Some(&situation.loaded.change), &situation.loaded.prose, &decision)?;
            Ok(Ok(Some(done(&after, &decision, 0))))
        })
    }

    /// Brings history in, all of it or none (settled 15). The rows are already checked and resolved.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn import(&self, rows: Vec<ImportRow>, progress: impl Fn(u64) + Send + 'static) -> Result<u64, Stop> {
        let (seat, now) = (self.seat(), self.clock.now());
        let mints: Vec<(i64, Mint)> = rows.iter().map(|_| (self.ids.mint(now), self.mint())).collect();
        self.run(move |tx| {
            let mut head = seat.lock(tx)?;
            seat.documents.renew(tx, now)?;
            seat.documents.keep(tx, now)?;
            let graph = gather::Graph::load(tx)?;
            for (n, (row, (id, mint))) in rows.iter().zip(&mints).enumerate() {
                let Some(process) = seat.documents.of_kind(row.kind) else {
                    return Ok(Err(Stop::Refused(Refusal::Denied(vec![Bar::new("kind-not-in-force")]))));
                };
                let place = Place::of(tx, row.org.0)?;
                let facts = gather::for_import(tx, &graph, &row.items)?;
                let ctx = place.context(&Actor::System, &process, &facts, now);
                let before = match row.existing {
                    Some(id) => project::load(tx, id)?,
                    None => None,
                };
                let (before, prose) = before.map_or((None, Prose::new()), |loaded| (Some(loaded.change), loaded.prose));
                let reference = match &before {
                    Some(change) => change.reference.clone(),
                    None => take_reference(tx, &process.prefix, row.received_at, &place.zone)?,
                };
                let import = decide::Import {
                    id: before.as_ref().map_or(ChangeId(*id), |change| change.id),
                    version: before.as_ref().map_or(0, |change| change.version) + 1,
                    reference,
                    kind: row.kind,
                    org: row.org,
                    source_ref: row.source_ref.clone(),
                    title: row.title.clone(),
                    items: row.items.clone(),
                    sites: facts.sites.iter().map(|s| s.id).collect(),
                    window: row.window,
                    received_at: row.received_at,
                    stage: row.stage,
                    outcome: row.outcome,
                    reason: row.reason.clone(),
                    mint: mint.clone(),
                };
                let decision = decide::import(&ctx, import);
                commit(tx, &mut head, &process, &place, before.as_ref(), &prose, &decision)?;
                progress(n as u64 + 1);
            }
            Ok(Ok(rows.len() as u64))
        })
    }

    /// The change as these eyes see it, with what deciding needs. `None`: not there for them.
    ///
    /// # Errors
    /// The store's.
    pub fn look(&self, tx: &mut dyn Tx, actor: &Actor, id: i64) -> Result<Option<Situation>, StoreError> {
        situation(tx, &self.seat(), actor, id, None, &Raw::new(), self.clock.now())
    }

    /// The same, with the facts about what is being typed: clashes of the window, notice, services reached.
    ///
    /// # Errors
    /// The store's.
    pub fn look_at_typed(&self, tx: &mut dyn Tx, actor: &Actor, id: i64, act: Act, raw: &Raw) -> Result<Option<Situation>, StoreError> {
        situation(tx, &self.seat(), actor, id, Some(act), raw, self.clock.now())
    }

    fn mint(&self) -> Mint {
        mint(&self.ids, self.clock.now())
    }

    fn seat(&self) -> Seat {
        Seat { documents: Arc::clone(&self.documents), schedule: Arc::clone(&self.schedule) }
    }

    /// Runs a write that may stop. A stop undoes whatever was written before it; a lost race is tried again.
    fn run<T: Send + 'static>(&self, f: impl FnMut(&mut dyn Tx) -> Result<Result<T, Stop>, StoreError> + Send + 'static) -> Result<T, Stop> {
        let (f, stopped) = (Arc::new(Mutex::new(f)), Arc::<Mutex<Option<Stop>>>::default());
        let mut last = Stop::Store(StoreError::Busy);
        for _ in 0..TRIES {
            let (f, slot) = (Arc::clone(&f), Arc::clone(&stopped));
            let written = self.write::<_, StoreError>(move |tx| {
                let mut f = f.lock().unwrap_or_else(PoisonError::into_inner);
                let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                *slot = None;
                f(tx)?.map_err(|stop| {
                    *slot = Some(stop);
                    StoreError::Constraint("stopped, so undone".into())
                })
            });
            if let Some(stop) = stopped.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(stop);
            }
            match written {
                Ok(done) => return Ok(done),
                Err(StoreError::Conflict { expected, found }) => last = Stop::Stale { expected, found },
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(last)
    }
}

/// Ids for one decision.
fn mint(ids: &IdSource, now: Timestamp) -> Mint {
    let token = ids.token();
    let mut seed = [0; 16];
    seed.copy_from_slice(&token.0[..16]);
    Mint::new(ids.mint_block(now, Mint::BLOCK), seed)
}

/// One row of history, resolved to ids.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// The change that this row writes again, with `--update`.
    pub existing: Option<i64>,
    pub kind: Kind,
    pub org: OrgId,
    pub source_ref: String,
    pub title: String,
    pub items: Vec<signalbox_core::ids::ItemId>,
    pub window: signalbox_core::change::Window,
    pub received_at: Timestamp,
    pub stage: signalbox_core::change::Stage,
    pub outcome: Option<signalbox_core::change::Outcome>,
    pub reason: Option<String>,
}

/// The next reference of the prefix in the local year.
fn take_reference(tx: &mut dyn Tx, prefix: &str, at: Timestamp, zone: &jiff::tz::TimeZone) -> Result<String, StoreError> {
    let year = i64::from(zone.to_datetime(at).year());
    let number = log::take_reference(tx, prefix, year)?;
    Ok(format!("{prefix}-{year}-{number:06}"))
}

fn person(actor: &Actor) -> i64 {
    actor.person().map_or(0, |p| p.0)
}

/// Loads a change in scope with all that deciding needs.
fn situation(tx: &mut dyn Tx, seat: &Seat, actor: &Actor, id: i64, act: Option<Act>, raw: &Raw, now: Timestamp) -> Result<Option<Situation>, StoreError> {
    if !sight::is_visible(tx, &Scope::of(actor), id)? {
        return Ok(None);
    }
    let Some(loaded) = project::load(tx, id)? else { return Ok(None) };
    let process = seat.documents.pinned(tx, &loaded.change.process)?;
    let saved = drafts::draft(tx, id)?;
    let draft = again::draft(tx, &loaded, saved)?;
    let recipient = recipient(tx, &loaded.change)?;
    let place = Place::of(tx, recipient)?;
    // What was typed before lies under what is typed now, so that its codes are looked up too.
    let mut typed = draft.as_ref().filter(|_| act.is_some_and(takes_draft)).map(|d| d.raw.clone()).unwrap_or_default();
    typed.extend(raw.clone());
    let mut query = decide::facts_needed(&process, Some(&loaded.change), act, &typed, &place.zone);
    query.decides_at = (loaded.change.stage == Stage::AwaitingApproval).then_some(now);
    let facts = gather::facts(tx, &seat.schedule, now, actor, Some(&loaded.change), &query)?;
    let Place { calendar, zone_name, zone } = place;
    Ok(Some(Situation { loaded, process, facts, calendar, zone_name, zone, draft }))
}

/// Whose calendar counts the days: the supplier that receives the notice, else the raiser (spec 7.1).
fn recipient(tx: &mut dyn Tx, change: &Change) -> Result<i64, StoreError> {
    for org in &change.parties().runs {
        if directory::organisation(tx, org.0)?.is_some_and(|o| o.kind == OrgKind::Supplier) {
            return Ok(org.0);
        }
    }
    Ok(change.org.0)
}

fn takes_draft(act: Act) -> bool {
    matches!(act, Act::Propose | Act::Submit)
}

/// For sending: everything saved, with what is typed now over it.
fn with_draft(act: Act, situation: &Situation, raw: &Raw) -> Raw {
    let mut typed = match &situation.draft {
        Some(draft) if takes_draft(act) => draft.raw.clone(),
        _ => Raw::new(),
    };
    typed.extend(raw.clone());
    typed
}

/// The answer that was given under this key before.
fn replayed(tx: &mut dyn Tx, actor: &Actor, key: Option<&Key>) -> Result<Option<Result<Done, Stop>>, StoreError> {
    let Some(key) = key else { return Ok(None) };
    let Some(saved) = log::find_answer(tx, person(actor), &key.key)? else { return Ok(None) };
    if saved.request_hash != key.request_hash {
        return Ok(Some(Err(Stop::KeyReused)));
    }
    let done = serde_json::from_str(&saved.body).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    Ok(Some(Ok(done)))
}

/// Keeps the answer under the caller's key, in the transaction of its effect.
fn finish(tx: &mut dyn Tx, actor: &Actor, key: Option<&Key>, done: Done, now: Timestamp) -> Result<Result<Done, Stop>, StoreError> {
    if let Some(key) = key {
        let body = serde_json::to_string(&done).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
        let answer = log::SavedAnswer { request_hash: key.request_hash.clone(), status: 200, headers: String::new(), body };
        log::save_answer(tx, person(actor), &key.key, &answer, now.as_microsecond())?;
    }
    Ok(Ok(done))
}

fn done(after: &Change, decision: &Decision, rev: i64) -> Done {
    Done {
        id: after.id.0,
        reference: after.reference.clone(),
        version: after.version,
        rev,
        stage: after.stage.code().to_owned(),
        events: decision.events.iter().map(|e| e.event.kind()).collect(),
    }
}

/// Folds the events in, asks what follows from each, and commits all of it.
fn commit(
    tx: &mut dyn Tx,
    head: &mut log::Head,
    process: &Process,
    place: &Place,
    before: Option<&Change>,
    prose: &Prose,
    decision: &Decision,
) -> Result<Change, StoreError> {
    let mut change = before.cloned();
    let (mut tasks, mut drops_timers) = (vec![], false);
    for recorded in &decision.events {
        let after = apply(change.clone(), recorded);
        for (n, task) in react(process, &place.calendar, &place.zone, change.as_ref(), &after, recorded).into_iter().enumerate() {
            match outbox_task(&task, recorded, n) {
                Some(task) => tasks.push(task),
                None => {
                    // Timers of an earlier event of this very decision mean nothing either.
                    drops_timers = true;
                    tasks.retain(|t: &NewTask| t.kind != append::TIMER);
                }
            }
        }
        change = Some(after);
    }
    let after = change.ok_or_else(|| StoreError::Constraint("a decision without events".into()))?;
    append::commit(tx, head, Commit { before, decision, after: &after, prose, drops_timers, tasks: &tasks })?;
    Ok(after)
}

/// A task as the outbox holds it; `None` for "drop the timers".
fn outbox_task(task: &Task, recorded: &Recorded, n: usize) -> Option<NewTask> {
    let (kind, due_at) = match task {
        Task::Tell { .. } => (TELL, recorded.at),
        Task::Timer { due_at, .. } => (append::TIMER, *due_at),
        Task::DropTimers => return None,
    };
    Some(NewTask {
        // Derived from the event's id, so that the same event never makes two.
        id: recorded.id.0.wrapping_mul(64).wrapping_add(n as i64) & i64::MAX,
        kind: kind.to_owned(),
        change_id: Some(recorded.change.0),
        event_id: Some(recorded.id.0),
        dedupe_key: format!("{kind}-{}-{n}", recorded.id.0),
        payload: serde_json::to_string(task).ok()?,
        due_at,
    })
}
