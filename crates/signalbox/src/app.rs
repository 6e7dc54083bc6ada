//! What every request, the worker and the command line share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use signalbox_core::actor::Actor;
use signalbox_core::change::Change;
use signalbox_core::facts::{Facts, FactsQuery};
use signalbox_core::ids::PersonId;
use signalbox_store::directory::{Act, Answer, Refused};
use signalbox_store::queries::names::KeptNames;
use signalbox_store::schedule::Schedule;
use signalbox_store::{Db, StoreError, Tx, gather};

use crate::accounts::Passwords;
use crate::clock::{Clock, IdSource};
use crate::config::Config;
use crate::deliver::Mailbox;
use crate::run::Documents;
use crate::web::problem::Failure;
use signalbox_core::process::Processes;

/// The running program: store, clock, ids and settings. Made once in main, or by a test with a clock of its own.
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub ids: IdSource,
    pub config: Config,
    pub passwords: Passwords,
    /// The process documents that new changes begin under, and those that open ones are pinned to.
    pub documents: Arc<Documents>,
    /// What stands in the way of what, in memory.
    pub schedule: Arc<Schedule>,
    /// What the filters of lists offer to each reader.
    pub names: KeptNames,
    /// Wakes the worker after a write.
    pub stirred: tokio::sync::Notify,
    /// The program was told to stop: nothing more is begun.
    stopping: AtomicBool,
    /// The letters that the demo shows instead of sending them.
    pub mailbox: Mailbox,
}

/// How the program is handed about.
pub type Shared = Arc<App>;

impl App {
    /// The program over an open database.
    pub fn new(db: Db, clock: Clock, ids: IdSource, config: Config) -> Shared {
        // The shipped documents are part of the program and a test loads them; a fault cannot get here.
        App::under(db, clock, ids, config, Processes::shipped().unwrap_or_default())
    }

    /// The program over an open database, with documents of its own.
    pub fn under(db: Db, clock: Clock, ids: IdSource, config: Config, processes: Processes) -> Shared {
        Arc::new(App {
            db,
            clock,
            ids,
            config,
            passwords: Passwords::default(),
            documents: Arc::new(Documents::new(processes)),
            schedule: Arc::default(),
            names: KeptNames::default(),
            stirred: tokio::sync::Notify::new(),
            stopping: AtomicBool::new(false),
            mailbox: Mailbox::default(),
        })
    }

    /// Stores the documents in force, so that the database can be read without this program's folder.
    ///
    /// # Errors
    /// The store's.
    pub fn keep_documents(&self) -> Result<(), StoreError> {
        let (documents, now) = (Arc::clone(&self.documents), self.clock.now());
        self.write(move |tx| {
            documents.renew(tx, now)?;
            documents.keep(tx, now)
        })
    }

    /// Makes the schedule in memory, so that nobody who asks first waits for it.
    ///
    /// # Errors
    /// The store's.
    pub fn make_schedule(&self) -> Result<(), StoreError> {
        self.read(|tx| self.schedule.ask(tx, self.clock.now(), |_, _| ()))
    }

    /// Begins nothing more: the program ends.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Reads one snapshot. The call blocks, a few microseconds on SQLite; the other tasks of this thread are moved
    /// away meanwhile (stack.md measured this cheaper than a hop to another thread).
    pub fn read<T: Send, E: From<StoreError>>(&self, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send) -> Result<T, E> {
        Ok(tokio::task::block_in_place(|| self.db.read(f))?)
    }

    /// Writes in one transaction and answers once it is durable. The closure may be run again, so it takes its
    /// instant and its ids from outside.
    pub fn write<T: Send + 'static, E: From<StoreError>>(&self, f: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static) -> Result<T, E> {
        let written = self.write_quietly(f);
        self.stirred.notify_one();
        written
    }

    /// The same without waking the worker: for what leaves it nothing to do and comes by the thousand, as alarms do.
    pub fn write_quietly<T: Send + 'static, E: From<StoreError>>(&self, f: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static) -> Result<T, E> {
        let written = tokio::task::block_in_place(|| self.db.write(f));
        if written.is_err() {
            self.schedule.doubt();
        }
        Ok(written?)
    }

    /// Writes something that may be refused. A refusal undoes the whole transaction, also what the closure had
    /// written before it.
    pub fn attempt<T: Send + 'static>(&self, mut f: impl FnMut(&mut dyn Tx) -> Answer<T> + Send + 'static) -> Result<T, Failure> {
        let refused: Arc<Mutex<Option<Refused>>> = Arc::default();
        let slot = Arc::clone(&refused);
        let written = self.write::<T, StoreError>(move |tx| {
            let answer = f(tx)?;
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = None;
            answer.map_err(|why| {
                *slot = Some(why);
                StoreError::Constraint("refused, so undone".into())
            })
        });
        match refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(why) => Err(Failure::from(why)),
            None => Ok(written?),
        }
    }

    /// What rules have to know beyond a change, as this actor may see it now.
    ///
    /// # Errors
    /// The store's.
    pub fn facts(&self, tx: &mut dyn Tx, actor: &Actor, change: Option<&Change>, query: &FactsQuery) -> Result<Facts, StoreError> {
        gather::facts(tx, &self.schedule, self.clock.now(), actor, change, query)
    }

    /// The next free times for work on what these facts name.
    ///
    /// # Errors
    /// The store's.
    pub fn free_times(&self, tx: &mut dyn Tx, actor: &Actor, facts: &Facts, whose: gather::Whose, ask: &gather::Ask) -> Result<gather::FreeTimes, StoreError> {
        gather::free_times(tx, &self.schedule, self.clock.now(), actor, facts, whose, ask)
    }

    /// Who writes to the directory, and when.
    pub fn act(&self, by: Option<PersonId>, at: Timestamp) -> Act {
        Act { event_id: self.ids.mint(at), by: by.map(|by| by.0), at }
    }
}
