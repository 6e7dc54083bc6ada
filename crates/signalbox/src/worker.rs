//! The worker: takes what waits in the outbox, tells people, lets timers re-enter the core, and tries again what
//! failed. Every task may be carried out twice without harm: a letter keeps its id, a timer is asked of the core,
//! and what fans out is keyed by event and person.

pub mod audience;
pub mod boards;
pub mod clashes;
pub mod monitors;
pub mod network;
pub mod notices;
pub mod public;
pub mod series;

use std::time::Duration;

use jiff::SignedDuration;
use signalbox_core::actor::Role;
use signalbox_core::charge::MoneyEvent;
use signalbox_core::event::{Event, Recorded};
use signalbox_core::process::{Audience, TimerAct};
use signalbox_core::react::Task as Reaction;
use signalbox_store::outbox::{self, Backoff, NewTask, Retried, Task};
use signalbox_store::project::Loaded;
use signalbox_store::{StoreError, accounts, append, directory, log, project};

use crate::accounts::letters::{self, Letter, Mail};
use crate::app::{App, Shared};
use crate::deliver::{Envelope, Hope, Post, Trouble};
use crate::{run, static_copy};
use notices::{News, Notice};

/// The kind of task that is one letter to one person about a change.
pub const MAIL: &str = "mail";

/// How many tasks are taken up at once. With a server that hangs for its whole patience, all of them still end
/// within the lease.
const BATCH: u16 = 8;
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How often we look even if nothing stirred: for timers, and for what another node wrote.
const POLL: Duration = Duration::from_secs(3);
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How long things are kept after their end. Longer than anybody repeats a request or asks what became of a letter.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl From<StoreError> for Trouble {
    fn from(fault: StoreError) -> Trouble {
        Trouble::later(format!("{fault:?}"))
    }
}

/// Works until the program ends.
pub fn spawn(app: Shared, post: Box<dyn Post>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let (mut swept, mut tended, mut made, mut copied, mut known) = (None, None, None, None, None);
        loop {
            let now = app.clock.now();
            // A server that takes its time must not hold up those who ask for pages.
            if let Err(fault) = tokio::task::block_in_place(|| work_off(&app, post.as_ref())) {
                tracing::error!(?fault, "the worker could not read its tasks");
            }
            if swept.is_none_or(|at| now.duration_since(at) >= SWEEP_EVERY) {
                swept = Some(now);
                match tokio::task::block_in_place(|| sweep(&app)) {
                    Ok(gone) => tracing::debug!(gone, "what has served its purpose is forgotten"),
                    Err(fault) => tracing::error!(?fault, "the worker could not sweep"),
                }
            }
            if tended.is_none_or(|at| now.duration_since(at) >= boards::EVERY) {
                tended = Some(now);
                if let Err(fault) = tokio::task::block_in_place(|| boards::tend(&app)) {
                    tracing::error!(?fault, "boards and rotas could not be looked after");
                }
            }
            if made.is_none_or(|at| now.duration_since(at) >= series::EVERY) {
                made = Some(now);
                if let Err(fault) = tokio::task::block_in_place(|| series::tend(&app)) {
                    tracing::error!(?fault, "work that comes again could not be looked after");
                }
            }
            if app.config.static_copy.is_some() && copied.is_none_or(|at| now.duration_since(at) >= static_copy::EVERY) {
                copied = Some(now);
                if let Err(fault) = tokio::task::block_in_place(|| static_copy::refresh(&app)) {
                    tracing::error!(?fault, "the copy of the schedule could not be written");
                }
            }
            if let Err(fault) = tokio::task::block_in_place(|| public::tend(&app)) {
                tracing::error!(?fault, "public notices could not be brought in line");
            }
            if let Err(fault) = tokio::task::block_in_place(|| clashes::tend(&app, &mut known)) {
                tracing::error!(?fault, "clashes could not be looked for");
            }
            let stirred = app.stirred.notified();
            // Whichever comes first; both mean the same.
            let _ = tokio::time::timeout(POLL, stirred).await;
        }
    })
}

/// Forgets what has served its purpose: sessions and links that ran out, requests to join that were never confirmed
/// or were declined, finished tasks, and answers kept for a caller who may ask again. How many rows went.
///
/// # Errors
/// The store's.
pub fn sweep(app: &App) -> Result<u64, StoreError> {
    let before = app.clock.now() - KEPT;
    app.write(move |tx| {
        let accounts = accounts::sweep(tx, before)? + accounts::sweep_registrations(tx, before)?;
        let accounts = accounts + signalbox_store::boards::sweep_decision_links(tx, before)?;
        let accounts = accounts + signalbox_store::network::sweep_network_links(tx, before)?;
        let accounts = accounts + signalbox_store::public::forget_unconfirmed(tx, before)?;
        let accounts = accounts + signalbox_store::told::forget(tx, before)?;
        Ok(accounts
            + outbox::sweep(tx, before)?
            + signalbox_store::clashes::forget(tx, before - KEPT * 12)?
            + log::forget_answers(tx, before.as_microsecond())?)
    })
}

/// Carries out everything that is due. Looks before it takes, so that its own writes do not keep it awake.
fn work_off(app: &App, post: &dyn Post) -> Result<(), StoreError> {
    loop {
        let now = app.clock.now();
        let due = app.read::<_, StoreError>(|tx| outbox::next_due(tx, now))?;
        // Ten thousand letters may wait; whoever stops the program does not.
        if app.is_stopping() || due.is_none_or(|due| due > now) || step(app, post)? == 0 {
            return Ok(());
        }
    }
}

/// Carries out one batch of what is due now; how many tasks were taken up.
///
/// # Errors
/// The store's. What goes wrong with a task is written beside it.
pub fn step(app: &App, post: &dyn Post) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let tasks = app.write::<_, StoreError>(move |tx| outbox::lease(tx, now, BATCH, LEASE))?;
    let taken = tasks.len();
    for task in tasks {
        let outcome = carry_out(app, post, &task);
        settle(app, task, outcome)?;
    }
    Ok(taken)
}

fn settle(app: &App, task: Task, outcome: Result<(), Trouble>) -> Result<(), StoreError> {
    let now = app.clock.now();
    let Err(trouble) = outcome else {
        return app.write(move |tx| outbox::finish(tx, task.id, now).map(drop));
    };
    let backoff = match trouble.hope {
        Hope::Later => Backoff::default(),
        Hope::Patience => Backoff { attempts: i64::MAX, ..Backoff::default() },
        Hope::None => Backoff { attempts: 0, ..Backoff::default() },
    };
    let (id, kind, words) = (task.id, task.kind.clone(), trouble.words.clone());
    let retried = app.write::<_, StoreError>(move |tx| outbox::retry(tx, &task, now, &backoff, &trouble.words))?;
    match (retried, trouble.hope) {
        (Retried::Dead, _) => tracing::error!(id, kind, words, "a task was given up"),
        (_, Hope::Patience) => tracing::debug!(id, kind, words, "a task waits"),
        _ => tracing::warn!(id, kind, words, "a task failed and is tried again"),
    }
    Ok(())
}

fn carry_out(app: &App, post: &dyn Post, task: &Task) -> Result<(), Trouble> {
    match task.kind.as_str() {
        letters::TASK => {
            let letter = Letter::read(&task.payload).map_err(|fault| Trouble::never(format!("{fault:?}")))?;
            let mails = letter.write(app).map_err(|fault| Trouble::later(format!("{fault:?}")))?;
            mails.into_iter().enumerate().try_for_each(|(n, mail)| send(app, post, format!("{}.{n}", task.id), mail))
        }
        run::TELL => match reaction(task)? {
            Reaction::Tell { to, version, .. } => {
                clashes::tell_other_side(app, task, version)?;
                tell(app, task, &[to], News::Event { version })
            }
            _ => Err(Trouble::never("not something to tell")),
        },
        append::TIMER => match reaction(task)? {
            Reaction::Timer { then, tells, .. } => ring(app, task, then, &tells),
            _ => Err(Trouble::never("not a timer")),
        },
        MAIL => {
            let notice: Notice = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
            let written = app.read::<_, StoreError>(|tx| notices::write(app, tx, change_of(task), &notice))?;
            if let Some((_, Some(link))) = written.clone() {
                app.write::<_, StoreError>(move |tx| signalbox_store::boards::add_decision_link(tx, &link))?;
            }
            let id = format!("{}.{}", task.event_id.unwrap_or(task.id), notice.person);
            // A reminder is no second copy of what its event said.
            let id = if matches!(notice.news, News::Event { .. }) { id } else { format!("{}.{}", task.id, notice.person) };
            written.map_or(Ok(()), |(mail, _)| send(app, post, id, mail))
        }
        run::MERGER => {
            let due: run::Due = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
            app.carry_out_merger(due.merger).map_err(|stop| Trouble::later(format!("{stop:?}")))
        }
        clashes::TASK => {
            let found = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
            tell(app, task, &clashes::OWNERS, News::Clash { found })
        }
        signalbox_store::network::TASK => network::address(app, task),
        network::LETTER => network::send(app, post, task),
        public::TASK => public::send(app, post, task),
        network::POST => network::post(app, task),
        monitors::TASK => tell(app, task, &[Audience::Role(Role::Desk)], News::Unsilenced),
        clashes::ENLARGED => tell(app, task, &clashes::OWNERS, News::Enlarged),
        boards::TASK => boards::write(app, task)?.map_or(Ok(()), |mail| send(app, post, task.id.to_string(), mail)),
        other => Err(Trouble::never(format!("nobody knows how to do “{other}”"))),
    }
}

fn reaction(task: &Task) -> Result<Reaction, Trouble> {
    serde_json::from_str(&task.payload).map_err(Trouble::never)
}

fn change_of(task: &Task) -> i64 {
    task.change_id.unwrap_or_default()
}

fn send(app: &App, post: &dyn Post, id: String, mail: Mail) -> Result<(), Trouble> {
    post.deliver(&Envelope { id, to: mail.to, subject: mail.subject, text: mail.text, calendar: None, unsubscribe: None, at: app.clock.now() })
}

/// A timer is due. What it means now is the core's to say; then its people are told.
fn ring(app: &App, task: &Task, then: TimerAct, tells: &[Audience]) -> Result<(), Trouble> {
    let change_id = change_of(task);
    let is_asked = |event: &Event| match then {
        TimerAct::Overrun => matches!(event, Event::Overran),
        TimerAct::Expire => matches!(event, Event::ExpiredUnanswered),
        TimerAct::LastSafe => matches!(event, Event::LastSafePassed),
        TimerAct::ProposeExpiry => matches!(event, Event::ExpiryProposed),
        TimerAct::ProtectNotice => matches!(event, Event::NoticeProtected),
        TimerAct::LapseQuote => matches!(event, Event::Money(money) if matches!(**money, MoneyEvent::QuoteLapsed { .. })),
        TimerAct::LapseApproval => matches!(event, Event::Money(money) if **money == MoneyEvent::ApprovalLapsed),
        TimerAct::Remind | TimerAct::RemindQuote | TimerAct::AskOutcome | TimerAct::AskGo | TimerAct::EscalateClinical | TimerAct::ChaseNetwork => false,
    };
    let asks = [
        TimerAct::Overrun,
        TimerAct::Expire,
        TimerAct::LastSafe,
        TimerAct::ProposeExpiry,
        TimerAct::LapseQuote,
        TimerAct::LapseApproval,
        TimerAct::ProtectNotice,
    ];
    if asks.contains(&then) {
        app.time_out(change_id, then).map_err(|stop| Trouble::later(format!("{stop:?}")))?;
    }
    let Some(loaded) = load(app, change_id)? else { return Ok(()) };
    match then {
        TimerAct::Remind => tell(app, task, tells, News::Reminder { stage: loaded.change.stage, start: loaded.change.window().map(|window| window.start) }),
        TimerAct::AskOutcome if loaded.change.work.started.is_none() => tell(app, task, tells, News::Outcome { stage: loaded.change.stage }),
        TimerAct::AskOutcome => Ok(()),
        TimerAct::AskGo => tell(app, task, tells, News::Go { stage: loaded.change.stage }),
        TimerAct::RemindQuote => tell(app, task, tells, News::Quote),
        // The clinical question goes up; it is never answered by silence (scenario 31).
        TimerAct::EscalateClinical if signalbox_core::clinical::is_open(&loaded.change) => {
            tell(app, task, tells, News::Clinical { stage: loaded.change.stage })
        }
        TimerAct::EscalateClinical => Ok(()),
        TimerAct::ChaseNetwork => network::chase(app, task, &loaded.change, tells),
        // Found again after a crash between the two transactions; told before, it is not told twice.
        _ => match loaded.events.iter().rev().find(|e| is_asked(&e.event)) {
            Some(recorded) => tell_keyed(app, task, recorded.id.0, tells, News::Event { version: recorded.version }),
            None => Ok(()),
        },
    }
}

fn load(app: &App, change_id: i64) -> Result<Option<Loaded>, StoreError> {
    app.read(|tx| project::load(tx, change_id))
}

/// Writes a task for each person of these audiences: about an event once per person, whatever the number of
/// audiences they belong to; about a timer once per person and timer.
fn tell(app: &App, task: &Task, to: &[Audience], news: News) -> Result<(), Trouble> {
    let key = if news.version().is_some() { task.event_id.unwrap_or(task.id) } else { task.id };
    tell_keyed(app, task, key, to, news)
}

fn tell_keyed(app: &App, task: &Task, key: i64, to: &[Audience], news: News) -> Result<(), Trouble> {
    let (change_id, now) = (change_of(task), app.clock.now());
    let Some(loaded) = load(app, change_id)? else { return Ok(()) };
    let recorded = news.version().and_then(|version| loaded.events.iter().find(|event| event.version == version));
    // Who did it knows it; but a receipt is a receipt.
    let doer = recorded.filter(|r| !matches!(r.event, Event::Submitted { .. })).and_then(|r| r.by.person).map(|p| p.0);
    let (found, first) = app.read::<_, StoreError>(|tx| {
        let process = app.documents.pinned(tx, &loaded.change.process)?;
        let mut found = vec![];
        let together = match recorded {
            Some(recorded) if matches!(recorded.event, Event::Submitted { .. }) => directory::sent_with(tx, change_id, recorded.at)?,
            _ => vec![],
        };
        // A notice with its file has gone to the provider's desk: the letter to everybody would say less.
        let has_notice = match recorded {
            Some(Recorded { event: Event::NetworkTold { .. }, .. }) => signalbox_store::network::has_notice(tx, change_id)?,
            Some(recorded) => signalbox_store::network::was_written(tx, change_id, recorded.at)?,
            None => false,
        };
        for to in to.iter().filter(|to| **to != Audience::NetworkProvider || !has_notice) {
            let people = audience::people(tx, *to, &loaded.change, &process)?;
            found.extend(people.into_iter().filter(|person| Some(*person) != doer).map(|person| (person, *to)));
        }
        Ok((found, together.first().filter(|_| together.len() > 1).and_then(|date| date.change_id)))
    })?;
    // One notice of many dates is one letter, from whichever date it is written (X13).
    let key = first.map_or_else(|| key.to_string(), |first| format!("dates-{first}"));
    let event_id = recorded.map_or(task.event_id.unwrap_or(task.id), |r| r.id.0);
    let mut tasks = vec![];
    for (person, told_as) in found {
        let payload = serde_json::to_string(&Notice { person, told_as, news }).map_err(Trouble::never)?;
        tasks.push(NewTask {
            id: app.ids.mint(now),
            kind: MAIL.into(),
            change_id: Some(change_id),
            event_id: Some(event_id),
            dedupe_key: format!("{MAIL}-{key}-{person}"),
            payload,
            due_at: now,
        });
    }
    app.write::<_, StoreError>(move |tx| tasks.iter().try_for_each(|task| outbox::put(tx, task).map(drop)))?;
    Ok(())
}
