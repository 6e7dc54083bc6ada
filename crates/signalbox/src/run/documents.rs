//! The process documents that changes run under: those in force, and those that open changes are pinned to.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use signalbox_core::change::Kind;
use signalbox_core::process::load::revive;
use signalbox_core::process::{Process, Processes};
use signalbox_store::{StoreError, Tx, documents};

/// The documents in force and those that open changes are pinned to.
#[derive(Debug)]
pub struct Documents(RwLock<Processes>);

impl Documents {
    /// The documents that new changes begin under.
    pub fn new(processes: Processes) -> Documents {
        Documents(RwLock::new(processes))
    }

    /// The document in force for a kind of change.
    pub fn of_kind(&self, kind: Kind) -> Option<Arc<Process>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_kind(kind).cloned()
    }

    /// The documents in force, by id.
    pub fn all(&self) -> Vec<Arc<Process>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn known(&self, hash: &str) -> Option<Arc<Process>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_hash(hash).cloned()
    }

    /// The document that a change is pinned to: in memory, or read again from the database.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the database holds no readable document of that hash.
    pub fn pinned(&self, tx: &mut dyn Tx, hash: &str) -> Result<Arc<Process>, StoreError> {
        if let Some(process) = self.known(hash) {
            return Ok(process);
        }
        let lost = || StoreError::Corrupt(format!("the process document {hash} is not in the database"));
        let stored = documents::load_document(tx, hash)?.ok_or_else(lost)?;
        let sources: Vec<String> = serde_json::from_str(&stored.source).map_err(|_| lost())?;
        let (source, bases) = sources.split_first().ok_or_else(lost)?;
        let process = revive(source, bases).map_err(|_| lost())?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).remember(process);
        self.known(hash).ok_or_else(lost)
    }

    /// Stores the documents in force by their hash, so that a change can be pinned to them.
    ///
    /// # Errors
    /// The store's.
    pub fn keep(&self, tx: &mut dyn Tx, at: Timestamp) -> Result<(), StoreError> {
        self.all().iter().try_for_each(|process| keep(tx, process, at))
    }
}

/// Stores a document by its hash, with those that it is based on.
pub(super) fn keep(tx: &mut dyn Tx, process: &Process, at: Timestamp) -> Result<(), StoreError> {
    let sources: Vec<&str> = std::iter::once(process.source.as_str()).chain(process.base_sources.iter().map(String::as_str)).collect();
    let source = serde_json::to_string(&sources).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    documents::put_document(tx, &process.hash, &process.id, i64::from(process.version), &process.title, &source, at.as_microsecond())
}
