//! All documents together: each after the one it is based on, every fault at once.

use super::parse::{Front, front, parse};
use super::{Fault, Place, Process, check};
use crate::change::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The documents that ship with the program.
pub const SHIPPED: &[(&str, &str)] = &[
    ("end-to-end.md", include_str!("../../../../processes/end-to-end.md")),
    ("firewall-network.md", include_str!("../../../../processes/firewall-network.md")),
    ("national-service.md", include_str!("../../../../processes/national-service.md")),
    ("pacs-modality.md", include_str!("../../../../processes/pacs-modality.md")),
    ("emergency.md", include_str!("../../../../processes/emergency.md")),
    ("retrospective.md", include_str!("../../../../processes/retrospective.md")),
    ("planned-outage.md", include_str!("../../../../processes/planned-outage.md")),
    ("service-request.md", include_str!("../../../../processes/service-request.md")),
];

/// Every document, found by id, by kind, and by the hash that a change was pinned to.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    by_id: BTreeMap<String, Arc<Process>>,
    by_hash: BTreeMap<String, Arc<Process>>,
}

impl Processes {
    /// The shipped documents. They are part of the program: a test loads them, so a fault here cannot reach anyone.
    pub fn shipped() -> Result<Processes, Vec<Fault>> {
        load(SHIPPED)
    }

    /// The shipped documents with a folder's over them: a document whose id is shipped too replaces that one.
    pub fn shipped_with(folder: &[(&str, &str)]) -> Result<Processes, Vec<Fault>> {
        let id = |file: &str, text: &str| front(file, text).id.map(|cell| cell.text);
        let theirs: Vec<_> = folder.iter().map(|(file, text)| id(file, text)).collect();
        let kept = SHIPPED.iter().filter(|(file, text)| !theirs.contains(&id(file, text)));
        load(&kept.chain(folder).copied().collect::<Vec<_>>())
    }

    /// These documents with others over them: one whose id is here already takes the old one's place, and whatever is
    /// based on it is read anew. Texts are given as file name and text.
    ///
    /// # Errors
    /// Every fault, also those of documents that are based on what changed.
    pub fn with(&self, others: &[(&str, &str)]) -> Result<Processes, Vec<Fault>> {
        let id = |file: &str, text: &str| front(file, text).id.map(|cell| cell.text);
        let theirs: Vec<_> = others.iter().map(|(file, text)| id(file, text)).collect();
        let kept = self.iter().filter(|process| !theirs.contains(&Some(process.id.clone()))).map(|process| (process.file.as_str(), process.source.as_str()));
        load(&kept.chain(others.iter().copied()).collect::<Vec<_>>())
    }

    /// Takes over what another set remembers of former days.
    pub fn remember_all(&mut self, other: &Processes) {
        for (hash, process) in &other.by_hash {
            self.by_hash.entry(hash.clone()).or_insert_with(|| Arc::clone(process));
        }
    }

    /// The document of this id, now in force.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Process>> {
        self.by_id.get(id)
    }

    /// The document for this kind of change, now in force.
    pub fn by_kind(&self, kind: Kind) -> Option<&Arc<Process>> {
        self.by_id.values().find(|process| process.kind == kind)
    }

    /// The document with this hash, in force or remembered.
    pub fn by_hash(&self, hash: &str) -> Option<&Arc<Process>> {
        self.by_hash.get(hash)
    }

    /// The documents now in force, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Process>> {
        self.by_id.values()
    }

    /// Keeps a document of former days for the changes that are pinned to it.
    pub fn remember(&mut self, process: Process) {
        self.by_hash.entry(process.hash.clone()).or_insert_with(|| Arc::new(process));
    }
}

/// Reads a stored document again: its source, and those it is based on, nearest first. It was checked when it was
/// stored, and checks may have grown stricter since, so only its own reading can fail.
pub fn revive(source: &str, base_sources: &[String]) -> Result<Process, Vec<Fault>> {
    let mut faults = vec![];
    let mut base: Option<Process> = None;
    for text in base_sources.iter().rev().map(String::as_str).chain([source]) {
        base = Some(parse("stored document", text, &front("stored document", text), base.as_ref(), &mut faults));
    }
    match base {
        Some(process) if faults.is_empty() => Ok(with_former_rules(process)),
        _ => Err(faults),
    }
}

/// A document from before a decision stood in documents has no table for it. What the program decided then is what the
/// shipped tables were made from, so they stand in.
fn with_former_rules(mut process: Process) -> Process {
    let is_whole = super::decisions::DECISIONS.iter().all(|d| !(d.needed)(&process) || process.tables.contains_key(d.name));
    if is_whole {
        return process;
    }
    if let Some(shipped) = Processes::shipped().ok().and_then(|shipped| shipped.by_id("end-to-end").cloned()) {
        for (name, table) in &shipped.tables {
            process.tables.entry(name.clone()).or_insert_with(|| table.clone());
        }
        if process.risk_questions.is_empty() {
            process.risk_questions = shipped.risk_questions.clone();
        }
    }
    process
}

/// Reads and checks documents, given as file name and text.
pub fn load(sources: &[(&str, &str)]) -> Result<Processes, Vec<Fault>> {
    let mut faults = vec![];
    let fronts: Vec<Front> = sources.iter().map(|(file, text)| front(file, text)).collect();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (at, front) in fronts.iter().enumerate() {
        if let Some(cell) = &front.id
            && ids.insert(cell.text.clone(), at).is_some()
        {
            faults.push(Fault::at(&cell.place, "id-twice", format!("Two documents have the id {}.", cell.text)));
        }
    }
    let mut done: Vec<Option<(Process, bool)>> = sources.iter().map(|_| None).collect();
    for at in 0..sources.len() {
        read_after_base(at, sources, &fronts, &ids, &mut done, &mut faults, 0);
    }
    let read: Vec<(Process, bool)> = done.into_iter().flatten().collect();
    for (process, is_sound) in &read {
        if *is_sound {
            faults.extend(check::check(process));
        }
    }
    faults.extend(kinds_twice(&read));
    // A fault of an inherited row is found again in every heir; one report is enough.
    faults.sort();
    faults.dedup();
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut processes = Processes::default();
    for (process, _) in read {
        let process = Arc::new(process);
        processes.by_hash.insert(process.hash.clone(), process.clone());
        processes.by_id.insert(process.id.clone(), process);
    }
    Ok(processes)
}

fn kinds_twice(read: &[(Process, bool)]) -> Vec<Fault> {
    let mut seen: BTreeMap<&str, &Process> = BTreeMap::new();
    let mut faults = vec![];
    for (process, _) in read {
        if let Some(other) = seen.insert(process.kind.code(), process) {
            let message = format!("{} and {} are both for the kind {}; a kind has one document.", other.id, process.id, process.kind.words());
            faults.push(Fault::at(&process.place(""), "kind-twice", message));
        }
    }
    faults
}

/// Reads one document, its base before it. The flag says whether it and its base were read without fault.
fn read_after_base(
    at: usize,
    sources: &[(&str, &str)],
    fronts: &[Front],
    ids: &BTreeMap<String, usize>,
    done: &mut Vec<Option<(Process, bool)>>,
    faults: &mut Vec<Fault>,
    depth: usize,
) {
    if done[at].is_some() {
        return;
    }
    let (file, text) = sources[at];
    let count = faults.len();
    let mut base = None;
    let mut base_is_sound = true;
    if let Some(cell) = &fronts[at].based_on {
        match ids.get(&cell.text) {
            _ if depth > sources.len() => {
                faults.push(Fault::at(&cell.place, "base-circle", format!("{} is based on itself, by way of others.", cell.text)));
            }
            None => faults.push(Fault::at(&cell.place, "base-unknown", format!("There is no document with the id {}.", cell.text))),
            Some(&under) => {
                read_after_base(under, sources, fronts, ids, done, faults, depth + 1);
                if let Some((process, is_sound)) = &done[under] {
                    base = Some(process.clone());
                    base_is_sound = *is_sound;
                }
            }
        }
    }
    if done[at].is_some() {
        // Read below, in a circle that is a fault already.
        return;
    }
    let own = faults.len();
    let base_is_known = base.is_some() || (fronts[at].based_on.is_none() && own == count);
    let process = parse(file, text, &fronts[at], base.as_ref(), faults);
    // Rows that only a base explains are no faults while the base is missing.
    if !base_is_known {
        faults.retain(|fault| fault.file != file || !matches!(fault.code, "removed-nothing"));
    }
    let is_sound = base_is_sound && base_is_known && faults.len() == own;
    done[at] = Some((process, is_sound));
}

impl Process {
    /// Where the front matter stands.
    pub fn top(&self) -> Place {
        self.place("")
    }
}
