//! The process documents that changes run under: those in force, and those that open changes are pinned to.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use signalbox_core::change::Kind;
use signalbox_core::process::load::revive;
use signalbox_core::process::{Process, Processes};
use signalbox_store::documents::proposals;
use signalbox_store::{StoreError, Tx, documents};

/// The documents in force and those that open changes are pinned to.
///
/// What the program came with (or was given with `--processes`) counts until the authority adopts another text; an
/// adopted text counts from its date on, whatever comes with the program later. Documents that are based on it follow.
#[derive(Debug)]
pub struct Documents {
    /// Those that the program was started with.
    start: Processes,
    held: RwLock<Held>,
}

#[derive(Debug)]
struct Held {
    processes: Processes,
    adopted: Vec<Adopted>,
    /// Adopted texts that this program could not read together with the others.
    unreadable: Vec<Adopted>,
}

/// An adopted version that counts now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The id of the document.
    pub document: String,
    pub proposal: i64,
    pub from: Timestamp,
}

impl Documents {
    /// The documents that new changes begin under.
    pub fn new(processes: Processes) -> Documents {
        let held = Held { processes: processes.clone(), adopted: vec![], unreadable: vec![] };
        Documents { start: processes, held: RwLock::new(held) }
    }

    /// Sees to it that what was adopted by now, on this node or another, is in force. Reads one small index; the texts
    /// only when something new counts.
    ///
    /// # Errors
    /// The store's.
    pub fn renew(&self, tx: &mut dyn Tx, now: Timestamp) -> Result<(), StoreError> {
        let wanted: Vec<Adopted> = proposals::in_force(tx, now)?.into_iter().map(|(document, proposal, from)| Adopted { document, proposal, from }).collect();
        let is_new = {
            let held = self.held();
            !held.adopted.iter().chain(&held.unreadable).all(|one| wanted.contains(one)) || wanted.len() != held.adopted.len() + held.unreadable.len()
        };
        if !is_new {
            return Ok(());
        }
        let (mut processes, adopted, unreadable) = self.compose(tx, wanted)?;
        for one in &unreadable {
            tracing::error!(document = one.document, proposal = one.proposal, "an adopted process document has faults for this program and is not in force");
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        processes.remember_all(&held.processes);
        *held = Held { processes, adopted, unreadable };
        Ok(())
    }

    /// The documents as they are at another moment, such as the day from which a new version is to count.
    ///
    /// # Errors
    /// The store's.
    pub fn at(&self, tx: &mut dyn Tx, at: Timestamp) -> Result<Processes, StoreError> {
        let wanted = proposals::in_force(tx, at)?.into_iter().map(|(document, proposal, from)| Adopted { document, proposal, from }).collect();
        Ok(self.compose(tx, wanted)?.0)
    }

    /// The start's documents with the adopted ones over them. A text that does not go with the others any more, because
    /// checks have grown stricter since, is left out, the latest first.
    fn compose(&self, tx: &mut dyn Tx, mut wanted: Vec<Adopted>) -> Result<(Processes, Vec<Adopted>, Vec<Adopted>), StoreError> {
        let mut unreadable = vec![];
        wanted.sort_by_key(|one| (one.from, one.proposal));
        loop {
            let mut texts = vec![];
            for one in &wanted {
                let found = proposals::proposal(tx, one.proposal)?.ok_or_else(|| StoreError::Corrupt(format!("no proposal {}", one.proposal)))?;
                texts.push((format!("{}.md", one.document), found.source));
            }
            let texts: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
            match self.start.with(&texts) {
                Ok(processes) => return Ok((processes, wanted, unreadable)),
                Err(_) => match wanted.pop() {
                    Some(last) => unreadable.push(last),
                    None => return Ok((self.start.clone(), wanted, unreadable)),
                },
            }
        }
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document in force for a kind of change.
    pub fn of_kind(&self, kind: Kind) -> Option<Arc<Process>> {
        self.held().processes.by_kind(kind).cloned()
    }

    /// The documents in force, by id.
    pub fn all(&self) -> Vec<Arc<Process>> {
        self.held().processes.iter().cloned().collect()
    }

    /// All of them, to be read together.
    pub fn in_force(&self) -> Processes {
        self.held().processes.clone()
    }

    /// The adopted version that is in force for a document; `None`: the one that the program came with.
    pub fn adopted(&self, id: &str) -> Option<Adopted> {
        self.held().adopted.iter().find(|one| one.document == id).cloned()
    }

    /// An adopted version that should be in force and has faults for this program.
    pub fn unreadable(&self, id: &str) -> Option<Adopted> {
        self.held().unreadable.iter().find(|one| one.document == id).cloned()
    }

    /// The document that the program came with.
    pub fn of_start(&self, id: &str) -> Option<Arc<Process>> {
        self.start.by_id(id).cloned()
    }

    /// Says in the log which documents are in force that did not come with the program, and why.
    pub fn tell(&self) {
        for process in self.all() {
            let (Some(adopted), came) = (self.adopted(&process.id), self.of_start(&process.id).map(|process| process.version)) else { continue };
            let (document, version, from) = (&process.id, process.version, adopted.from.to_string());
            match came {
                Some(came) if came > process.version => {
                    tracing::warn!(document, version, from, came, "the adopted version is in force; a newer one came with the program and can be proposed")
                }
                came => tracing::info!(document, version, from, ?came, "the adopted version is in force in place of the one that came with the program"),
            }
        }
    }

    fn known(&self, hash: &str) -> Option<Arc<Process>> {
        self.held().processes.by_hash(hash).cloned()
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
        self.held.write().unwrap_or_else(PoisonError::into_inner).processes.remember(process);
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
