//! Brings monitors in line with what changes declare (spec 10.1 step 5 and 9): each is asked what it has of ours, told
//! what it lacks, freed of what nobody wants, and asked again; what it then says is written down. Everything follows
//! from the changes as they stand and from what the monitor says, so this may be killed anywhere and done again. Each
//! monitor has a task of its own: one that hangs holds up no other, and no change waits for any.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use signalbox_core::ids::ItemId;
use signalbox_core::silence::{self, Held, Key, State, Wanted};
use signalbox_store::monitors::{self as store, Monitor, Silence};
use signalbox_store::outbox::{self, NewTask};
use signalbox_store::{StoreError, Tx, directory, project};
use tokio::task::JoinSet;

use crate::app::{App, Shared};
use crate::deliver::monitor::{Fault, Ours, Peer, Secret};
use crate::seal;

/// The kind of task that tells the desk of a silence that should be in force and is not.
pub const TASK: &str = "silence";
/// How often we look whether a monitor is due, and whether changes have moved on.
const POLL: Duration = Duration::from_secs(3);
/// How often a monitor that is well is read, though nothing moved: somebody may have removed a silence there.
const EVERY: SignedDuration = SignedDuration::from_secs(30);
/// After a failure; doubled after each, up to the second.
const WAIT: [SignedDuration; 2] = [SignedDuration::from_secs(15), SignedDuration::from_mins(2)];
/// One round with one monitor takes no longer; the rest is done in the next.
const ROUND: Duration = Duration::from_secs(60);
/// Beyond the longest round.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// Windows are no longer than this, but for a few which are found while they run.
const BEHIND: SignedDuration = SignedDuration::from_hours(15 * 24);
/// How long what is over is still shown.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What opens a monitor, as it is sealed.
pub fn sealed_for(monitor: i64) -> String {
    format!("monitor {monitor}")
}

/// Opens what opens a monitor.
///
/// # Errors
/// The store's.
pub fn secret(app: &App, monitor: i64) -> Result<Option<Secret>, crate::web::problem::Failure> {
    let sealed = app.read::<_, crate::web::problem::Failure>(|tx| store::sealed(tx, monitor))?;
    let opened = sealed.map(|sealed| seal::open(app, &sealed, &sealed_for(monitor))).transpose()?.flatten();
    Ok(opened.map(|text| Secret::new(&text)))
}

/// How this site signs its silences.
pub fn ours(app: &App) -> Ours {
    let base = app.config.base.to_string();
    Ours { host: base.split_once("://").map_or(base.clone(), |(_, host)| host.to_owned()), base }
}

/// Looks after monitors until the program ends.
pub fn spawn(app: Shared) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let (mut rounds, mut known) = (JoinSet::new(), BTreeSet::new());
        while !app.is_stopping() {
            if let Err(fault) = begin(&app, &mut rounds, &mut known) {
                tracing::error!(?fault, "monitors could not be looked after");
            }
            while let Some(ended) = rounds.try_join_next() {
                told(ended);
            }
            tokio::time::sleep(POLL).await;
        }
    })
}

/// One round with every monitor that is due, to its end: for tests, and for who wants to wait.
///
/// # Errors
/// The store's.
pub async fn tend(app: &Shared) -> Result<(), StoreError> {
    let (mut rounds, mut known) = (JoinSet::new(), BTreeSet::new());
    begin(app, &mut rounds, &mut known)?;
    while let Some(ended) = rounds.join_next().await {
        told(ended);
    }
    Ok(())
}

fn told(ended: Result<Result<(), StoreError>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::error!(?fault, "a monitor could not be looked after"),
        Err(fault) => tracing::error!(%fault, "a round with a monitor broke off"),
    }
}

/// Begins a round with each monitor that is due. `known` are the changes of the last look: once they differ, nobody waits
/// for the next turn.
fn begin(app: &Shared, rounds: &mut JoinSet<Result<(), StoreError>>, known: &mut BTreeSet<(i64, i64)>) -> Result<(), StoreError> {
    let (now, lead) = (app.clock.now(), app.config.silences.lead);
    let found = app.read::<_, StoreError>(|tx| {
        if store::monitors(tx)?.is_empty() {
            return Ok(None);
        }
        Ok(Some(store::candidates(tx, now, lead + silence_before(), BEHIND)?))
    })?;
    let Some(found) = found else { return Ok(()) };
    if found != *known {
        *known = found;
        app.write::<_, StoreError>(move |tx| store::hurry(tx, now).map(drop))?;
    }
    for id in app.read::<_, StoreError>(|tx| store::due(tx, now))? {
        if let Some(lease) = app.write::<_, StoreError>(move |tx| store::lease(tx, id, now, LEASE))? {
            let app = app.clone();
            rounds.spawn(async move { round(&app, id, lease).await });
        }
    }
    Ok(())
}

fn silence_before() -> SignedDuration {
    signalbox_core::alarm::BEFORE
}

/// What one monitor should have.
#[derive(Default)]
struct Job {
    wanted: Vec<Wanted>,
    /// The change and the item of each.
    about: BTreeMap<Key, (i64, i64)>,
    known: Vec<Silence>,
}

/// The name of an item at a monitor.
fn name_of(monitor: &Monitor, item: &directory::Item) -> String {
    monitor.template.replace("{item}", &item.code).replace("{name}", &item.name)
}

/// Whether a monitor watches an item: it is named, or its organisation is, or that whose monitoring watches it.
fn watches(monitor: &Monitor, item: &directory::Item) -> bool {
    let is_anybodys = monitor.orgs.is_empty() && monitor.items.is_empty();
    is_anybodys || monitor.items.contains(&item.id) || monitor.orgs.contains(&item.watched_by.unwrap_or(item.org_id))
}

fn job(tx: &mut dyn Tx, monitor: &Monitor, now: Timestamp, lead: SignedDuration) -> Result<Job, StoreError> {
    let mut job = Job { known: store::silences(tx, monitor.id)?, ..Job::default() };
    if monitor.ended_at.is_some() {
        return Ok(job);
    }
    for (id, _) in store::candidates(tx, now, lead + silence_before(), BEHIND)? {
        let Some(change) = project::load(tx, id)?.map(|loaded| loaded.change) else { continue };
        let Some(declared) = silence::declared(&change).filter(|declared| declared.until > now) else { continue };
        for ItemId(item) in declared.items {
            let Some(item) = directory::item(tx, item)?.filter(|item| watches(monitor, item)) else { continue };
            let key = Key { reference: change.reference.clone(), name: name_of(monitor, &item) };
            // Two items may be one thing to a monitor.
            if job.about.insert(key.clone(), (id, item.id)).is_none() {
                job.wanted.push(Wanted { key, from: declared.from, until: declared.until });
            }
        }
    }
    Ok(job)
}

/// What came of a round.
#[derive(Default)]
struct Came {
    /// What the monitor has now, by its own word; `None` if it did not say.
    held: Option<Vec<Held>>,
    /// What was made in this round.
    made: Vec<Held>,
    removed: Vec<Held>,
    /// What it said to what it did not do, by the name of the thing.
    said: BTreeMap<Key, String>,
    /// Why it could not be brought in line.
    trouble: Option<String>,
}

async fn round(app: &Shared, id: i64, lease: Timestamp) -> Result<(), StoreError> {
    let (now, lead) = (app.clock.now(), app.config.silences.lead);
    let found = app.read::<_, StoreError>(|tx| {
        let Some(monitor) = store::monitor(tx, id)? else { return Ok(None) };
        let job = job(tx, &monitor, now, lead)?;
        Ok(Some((monitor, job)))
    })?;
    let Some((monitor, job)) = found else { return Ok(()) };
    let peer = match secret(app, id) {
        Ok(secret) => Peer::of(&monitor, secret.as_ref(), ours(app), app.config.silences.patience),
        Err(failure) => Err(failure.detail()),
    };
    let mut came = Came::default();
    match &peer {
        Err(words) => came.trouble = Some(words.clone()),
        // What was done before time ran out is found by the next round.
        Ok(peer) => match tokio::time::timeout(ROUND, converse(peer, &job, now, lead, &mut came)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => came.trouble = Some(fault.words),
            Err(_) => came.trouble = Some(format!("It needs more than {} seconds for what it is told.", ROUND.as_secs())),
        },
    }
    let only_listens = peer.as_ref().is_ok_and(|peer| !peer.can_be_asked());
    write_down(app, &monitor, job, came, only_listens, lease, now)
}

/// Reads, makes, removes, and reads again where something was done.
async fn converse(peer: &Peer, job: &Job, now: Timestamp, lead: SignedDuration, came: &mut Came) -> Result<(), Fault> {
    let held = peer.held(&job.known).await?;
    let plan = silence::plan(&job.wanted, &held, now, lead);
    came.held = Some(held);
    if plan.is_empty() {
        return Ok(());
    }
    for wanted in plan.make {
        match peer.make(&wanted, now).await {
            Ok(id) => came.made.push(Held { id, key: wanted.key, from: wanted.from, until: wanted.until }),
            Err(fault) if fault.is_answer => {
                came.said.insert(wanted.key, fault.words);
            }
            Err(fault) => return Err(fault),
        }
    }
    for held in plan.remove {
        // What it replaces stays until the new one is there: better the old hours than none.
        if came.said.contains_key(&held.key) && job.about.contains_key(&held.key) {
            continue;
        }
        match peer.remove(&held, now).await {
            Ok(()) => came.removed.push(held),
            Err(fault) if fault.is_answer => {
                came.said.insert(held.key, fault.words);
            }
            Err(fault) => return Err(fault),
        }
    }
    // It is believed once it says so itself.
    let read = if peer.can_be_asked() { peer.held(&job.known).await? } else { listened(came) };
    came.held = Some(read);
    Ok(())
}

/// What a monitor has that was told something and cannot be asked.
fn listened(came: &Came) -> Vec<Held> {
    let before = came.held.iter().flatten().filter(|held| !came.removed.contains(held));
    before.chain(&came.made).cloned().collect()
}

/// How each silence stands after a round: what is wanted, what is left over, and what is over.
fn rows(monitor: &Monitor, job: &Job, came: &Came, only_listens: bool, lead: SignedDuration, now: Timestamp) -> Vec<Silence> {
    let known: BTreeMap<Key, &Silence> = job.known.iter().map(|row| (key_of(row), row)).collect();
    // Where it said nothing, what it said last counts.
    let last =
        || job.known.iter().filter_map(|row| row.has.map(|(from, until)| Held { id: row.peer_id.clone().unwrap_or_default(), key: key_of(row), from, until }));
    let held: Vec<Held> = match &came.held {
        // Broken off in the middle, it has at least what it said yes to.
        Some(held) if came.trouble.is_some() => held.iter().filter(|held| !came.removed.contains(held)).chain(&came.made).cloned().collect(),
        Some(held) => held.clone(),
        None => last().collect(),
    };
    let is_read = came.held.is_some();
    let mut rows = vec![];
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for wanted in &job.wanted {
        let there = held.iter().filter(|held| held.key == wanted.key && held.until > now);
        let best = there.max_by_key(|held| (silence::fits(wanted, held, now), held.until));
        if best.is_none() && wanted.from.saturating_sub(lead).is_ok_and(|at| at > now) {
            continue;
        }
        keys.insert(wanted.key.clone());
        let (before, state) = (known.get(&wanted.key), silence::state(wanted, &held, now));
        let words = came.said.get(&wanted.key).or(came.trouble.as_ref().filter(|_| state == State::NotInForce || !is_read)).cloned();
        let is_told = !only_listens || came.made.iter().any(|made| made.key == wanted.key);
        rows.push(Silence {
            monitor_id: monitor.id,
            reference: wanted.key.reference.clone(),
            name: wanted.key.name.clone(),
            change_id: job.about.get(&wanted.key).map(|about| about.0),
            item_id: job.about.get(&wanted.key).map(|about| about.1),
            wanted: Some((wanted.from, wanted.until)),
            peer_id: best.map(|held| held.id.clone()),
            has: best.map(|held| (held.from, held.until)),
            state,
            words: words.unwrap_or_else(|| if state == State::NotInForce { "It was told, and does not have it.".into() } else { String::new() }),
            seen_at: if is_read && is_told { Some(now) } else { before.and_then(|row| row.seen_at) },
            told_at: before.and_then(|row| row.told_at),
        });
    }
    let left = held.iter().filter(|held| held.until > now && !job.about.contains_key(&held.key));
    for held in left {
        if keys.insert(held.key.clone()) {
            rows.push(leftover(monitor, held, &known, came, is_read, now));
        }
    }
    let over = job.known.iter().filter(|row| !keys.contains(&key_of(row)) && (row.state != State::Over || row.wanted.is_some()));
    rows.extend(over.map(|row| Silence {
        wanted: None,
        has: None,
        peer_id: None,
        state: State::Over,
        words: String::new(),
        seen_at: Some(now),
        told_at: None,
        ..row.clone()
    }));
    // What nobody remembered is told of, though it is gone.
    for gone in came.removed.iter().filter(|gone| !known.contains_key(&gone.key) && !job.about.contains_key(&gone.key)) {
        if keys.insert(gone.key.clone()) {
            let words = "It was left over and has been removed.".to_owned();
            rows.push(Silence { state: State::Over, words, has: None, peer_id: None, ..leftover(monitor, gone, &known, came, true, now) });
        }
    }
    rows
}

fn leftover(monitor: &Monitor, held: &Held, known: &BTreeMap<Key, &Silence>, came: &Came, is_read: bool, now: Timestamp) -> Silence {
    let before = known.get(&held.key);
    Silence {
        monitor_id: monitor.id,
        reference: held.key.reference.clone(),
        name: held.key.name.clone(),
        change_id: before.and_then(|row| row.change_id),
        item_id: before.and_then(|row| row.item_id),
        wanted: None,
        peer_id: Some(held.id.clone()),
        has: Some((held.from, held.until)),
        state: State::Leftover,
        words: came.said.get(&held.key).or(came.trouble.as_ref()).cloned().unwrap_or_default(),
        seen_at: if is_read { Some(now) } else { before.and_then(|row| row.seen_at) },
        told_at: None,
    }
}

fn key_of(row: &Silence) -> Key {
    Key { reference: row.reference.clone(), name: row.name.clone() }
}

/// Keeps what was seen, and tells the desk once of each change for which something should be in force and is not.
fn write_down(app: &App, monitor: &Monitor, job: Job, came: Came, only_listens: bool, lease: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let lead = app.config.silences.lead;
    let mut rows = rows(monitor, &job, &came, only_listens, lead, now);
    let is_lacking = |row: &Silence| row.state == State::NotInForce && row.wanted.is_some_and(|(from, _)| from <= now);
    let told: BTreeSet<i64> = rows.iter().filter(|row| is_lacking(row) && row.told_at.is_some()).filter_map(|row| row.change_id).collect();
    let mut news = BTreeSet::new();
    for row in &mut rows {
        if !is_lacking(row) {
            row.told_at = None;
        } else if row.told_at.is_none() {
            row.told_at = Some(now);
            news.extend(row.change_id.filter(|change| !told.contains(change)));
        }
    }
    for gone in came.removed.iter().filter(|gone| !job.about.contains_key(&gone.key)) {
        tracing::info!(monitor = monitor.id, reference = gone.key.reference, "a silence that no change wants was removed");
    }
    let tasks: Vec<NewTask> = news.into_iter().map(|change| task(app, monitor.id, change, now)).collect();
    // Nothing that did not change is written again, but for when it was read.
    let (id, trouble) = (monitor.id, came.trouble.clone());
    if let Some(words) = &trouble {
        tracing::warn!(monitor = id, words, "a monitor could not be brought in line");
    }
    app.write::<_, StoreError>(move |tx| {
        rows.iter().try_for_each(|row| store::keep(tx, row))?;
        for task in &tasks {
            outbox::put(tx, task)?;
        }
        store::forget(tx, now - KEPT)?;
        match &trouble {
            None => store::is_well(tx, id, lease, now + EVERY, now)?,
            Some(words) => {
                let failures = store::health(tx, id)?.map_or(0, |health| health.failures);
                store::is_unwell(tx, id, lease, now + backoff(failures), now, words)?
            }
        };
        Ok(())
    })
}

fn backoff(failures: i64) -> SignedDuration {
    let doubled = (0..failures.clamp(0, 8)).fold(WAIT[0], |wait, _| wait.saturating_mul(2));
    doubled.min(WAIT[1])
}

fn task(app: &App, monitor: i64, change: i64, now: Timestamp) -> NewTask {
    NewTask {
        id: app.ids.mint(now),
        kind: TASK.into(),
        change_id: Some(change),
        event_id: None,
        dedupe_key: format!("{TASK}-{monitor}-{change}-{}", now.as_microsecond()),
        payload: "{}".into(),
        due_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_that_fails_is_left_alone_longer_and_never_for_long() {
        let waits: Vec<i64> = (0..6).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 120, 120]);
    }
}
