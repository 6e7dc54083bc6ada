//! What every request, the worker and the command line share.

use std::sync::Arc;

use signalbox_store::{Db, StoreError, Tx};

use crate::clock::{Clock, IdSource};
use crate::config::Config;

/// The running program: store, clock, ids and settings. Made once in main, or by a test with a clock of its own.
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub ids: IdSource,
    pub config: Config,
}

/// How the program is handed about.
pub type Shared = Arc<App>;

impl App {
    /// The program over an open database.
    pub fn new(db: Db, clock: Clock, ids: IdSource, config: Config) -> Shared {
        Arc::new(App { db, clock, ids, config })
    }

    /// Reads one snapshot. The call blocks, a few microseconds on SQLite; the other tasks of this thread are moved
    /// away meanwhile (stack.md measured this cheaper than a hop to another thread).
    pub fn read<T: Send, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send,
    ) -> Result<T, E> {
        Ok(tokio::task::block_in_place(|| self.db.read(f))?)
    }

    /// Writes in one transaction and answers once it is durable. The closure may be run again, so it takes its
    /// instant and its ids from outside.
    pub fn write<T: Send + 'static, E: From<StoreError>>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, E> {
        Ok(tokio::task::block_in_place(|| self.db.write(f))?)
    }
}
