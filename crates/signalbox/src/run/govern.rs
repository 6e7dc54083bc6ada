//! The one way to change the process: proposals, consultation and adoption, each decided by the core's `govern`, and
//! the rehearsal of a proposal on what has happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::event::Recorded;
use signalbox_core::govern::{self, Answer, Deed};
use signalbox_core::ids::{OrgId, TextId};
use signalbox_core::process::{Fault, Process, Processes};
use signalbox_core::refusal::Bar;
use signalbox_core::rehearse::turns::{self, Row, Sums};
use signalbox_core::rehearse::{Choose, Rehearsal};
use signalbox_store::directory::{self, Act};
use signalbox_store::documents::proposals::{self, Proposal, Written};
use signalbox_store::queries::past;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};

use super::documents::keep;
use crate::accounts::letters::Letter;
use crate::app::App;
use crate::words::way_words;

/// Why nothing was done about a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// Not there, or not for these eyes.
    Unseen,
    /// The rules say no.
    Barred(Vec<Bar>),
    /// Its text has faults.
    Faulty(Vec<Fault>),
    /// Somebody saved it meanwhile.
    Stale(Box<Proposal>),
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(fault: StoreError) -> Halt {
        Halt::Store(fault)
    }
}

/// A rehearsal: every change of the stretch that the reader may see, and the titles of them.
pub struct Rehearsed {
    pub rows: Vec<Row>,
    pub titles: BTreeMap<i64, String>,
    /// Sums over these rows; for whoever writes the process, over every change that the authority sees.
    pub sums: Sums,
    /// In which ways changes would have gone otherwise, and how many of those in the sums: no names in it.
    pub ways: BTreeMap<String, usize>,
    /// How many events were decided again, under both documents.
    pub events: usize,
}

/// How far before the stretch clashes, and how like work went, are still seen: the year that the core asks for.
const BEFORE: SignedDuration = SignedDuration::from_hours(24 * 366);

impl App {
    /// The set of documents as it would be with this text in it.
    ///
    /// # Errors
    /// Every fault.
    pub fn with_text(&self, document: &str, source: &str) -> Result<Processes, Vec<Fault>> {
        let file = format!("{document}.md");
        let with = self.documents.in_force().with(&[(&file, source)])?;
        match with.by_id(document) {
            Some(_) => Ok(with),
            None => Err(vec![Fault { file, line: 1, column: 1, code: "id-changed", message: format!("The document {document} has to keep its id.") }]),
        }
    }

    /// Begins a proposal from the text in force, with the next version.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn propose(&self, actor: &Actor, document: &str) -> Result<i64, Halt> {
        let now = self.clock.now();
        barred(govern::bars(actor, None, Deed::Write, now))?;
        let process = self.documents.in_force().by_id(document).cloned().ok_or(Halt::Unseen)?;
        let source = signalbox_core::process::edit::with_version(&process.source, process.version + 1);
        let written = Written { title: process.title.clone(), version: i64::from(process.version) + 1, source, why: String::new() };
        let (act, id, document, hash) = (self.act(actor.person(), now), self.ids.mint(now), document.to_owned(), process.hash.clone());
        self.do_it(move |tx| {
            keep(tx, &process, now)?;
            Ok(proposals::begin(tx, &act, id, &document, &hash, &written)?.map(|()| id).map_err(|_| Halt::Unseen))
        })
    }

    /// Saves the text of a proposal that has this revision.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn write_proposal(&self, actor: &Actor, id: i64, rev: i64, source: String, why: String) -> Result<(), Halt> {
        let actor = actor.clone();
        self.deed(&actor.clone(), id, Deed::Write, move |tx, act, found, _| {
            if found.rev != rev {
                return Ok(Err(Halt::Stale(Box::new(found.clone()))));
            }
            let (title, version) = outline(&source, found);
            let written = Written { title, version, source: source.clone(), why: why.clone() };
            Ok(proposals::save(tx, act, id, rev, &written)?.map_err(|_| Halt::Unseen))
        })
    }

    /// Checks a proposal; without a fault it may be published.
    ///
    /// # Errors
    /// [`Halt::Faulty`] with every fault.
    pub fn check_proposal(&self, actor: &Actor, id: i64) -> Result<(), Halt> {
        let found = self.read::<_, Halt>(|tx| proposals::proposal(tx, id))?.ok_or(Halt::Unseen)?;
        let with = self.with_text(&found.document, &found.source).map_err(Halt::Faulty)?;
        let Some(process) = with.by_id(&found.document).cloned() else { return Err(Halt::Unseen) };
        let rev = found.rev;
        self.deed(actor, id, Deed::Write, move |tx, act, found, now| {
            if found.rev != rev {
                return Ok(Err(Halt::Stale(Box::new(found.clone()))));
            }
            keep(tx, &process, now)?;
            Ok(proposals::checked(tx, act, id, rev, &process.hash)?.map_err(|_| Halt::Unseen))
        })
    }

    /// Asks every trust and supplier; `due` shortens their days, with a reason.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn publish_proposal(&self, actor: &Actor, id: i64, due: Option<Timestamp>, shortened: String) -> Result<(), Halt> {
        let ids = self.ids.clone();
        self.deed(actor, id, Deed::Publish, move |tx, act, _, now| {
            let due_at = match due {
                Some(due) => due,
                None => days_to_object(tx, now)?,
            };
            let orgs = proposals::organisations_to_ask(tx)?;
            let done = proposals::publish(tx, act, id, due_at, &shortened, &orgs)?;
            for org in &orgs {
                Letter::ProcessAsked { proposal: id, org: org.0 }.ask(tx, &ids, now)?;
            }
            Ok(done.map_err(|_| Halt::Unseen))
        })
    }

    /// What an organisation says to it.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn answer_proposal(&self, actor: &Actor, id: i64, org: OrgId, answer: Answer, words: String) -> Result<(), Halt> {
        let ids = self.ids.clone();
        self.deed(actor, id, Deed::Answer(org), move |tx, act, _, now| {
            if answer == Answer::Objected {
                Letter::ProcessObjected { proposal: id, org: org.0 }.ask(tx, &ids, now)?;
            }
            Ok(proposals::answer(tx, act, id, org, answer, &words)?.map_err(|_| Halt::Unseen))
        })
    }

    /// Answers an objection.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn reply_to_objection(&self, actor: &Actor, id: i64, org: OrgId, words: String) -> Result<(), Halt> {
        let ids = self.ids.clone();
        self.deed(actor, id, Deed::Reply, move |tx, act, _, now| {
            Letter::ProcessReplied { proposal: id, org: org.0 }.ask(tx, &ids, now)?;
            Ok(proposals::reply(tx, act, id, org, &words)?.map_err(|_| Halt::Unseen))
        })
    }

    /// Adopts it from the beginning of a local day; today means now.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn adopt_proposal(&self, actor: &Actor, id: i64, from: Date) -> Result<(), Halt> {
        let (ids, documents) = (self.ids.clone(), Arc::clone(&self.documents));
        self.deed(actor, id, Deed::Adopt, move |tx, act, found, now| {
            let zone = authority_zone(tx)?;
            let begins = from.to_zoned(zone).map_or(now, |begins| begins.timestamp());
            let from_at = begins.max(now);
            // Together with whatever else counts by then; a base that changes takes its heirs along.
            let then = documents.at(tx, from_at)?;
            let file = format!("{}.md", found.document);
            let with = match then.with(&[(&file, &found.source)]) {
                Ok(with) => with,
                Err(faults) => return Ok(Err(Halt::Faulty(faults))),
            };
            for process in with.iter() {
                keep(tx, process, now)?;
            }
            let hash = with.by_id(&found.document).map(|process| process.hash.clone()).unwrap_or_default();
            for asked in &found.answers {
                Letter::ProcessAdopted { proposal: id, org: asked.org.0 }.ask(tx, &ids, now)?;
            }
            Ok(proposals::adopt(tx, act, id, from_at, &hash)?.map_err(|_| Halt::Unseen))
        })?;
        let now = self.clock.now();
        Ok(self.read::<_, StoreError>(|tx| self.documents.renew(tx, now))?)
    }

    /// It goes no further.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn withdraw_proposal(&self, actor: &Actor, id: i64) -> Result<(), Halt> {
        self.deed(actor, id, Deed::Withdraw, move |tx, act, _, _| Ok(proposals::withdraw(tx, act, id)?.map_err(|_| Halt::Unseen)))
    }

    /// Replays what has happened since a moment, once under the documents that the changes ran under and once under
    /// the candidate, and sets the two side by side.
    ///
    /// # Errors
    /// The store's.
    pub fn rehearse(&self, actor: &Actor, candidate: &Processes, since: Timestamp) -> Result<Rehearsed, StoreError> {
        let (now, scope, documents) = (self.clock.now(), Scope::of(actor), &self.documents);
        let in_force = documents.in_force();
        self.read(|tx| {
            let from = since.checked_sub(BEFORE).unwrap_or(since);
            let pins = pinned(tx, documents, from)?;
            let before = |_: signalbox_core::change::Kind, hash: &str| pins.get(hash).cloned();
            let after = |kind, hash: &str| match (candidate.by_kind(kind), in_force.by_kind(kind)) {
                (Some(new), Some(old)) if new.hash == old.hash => pins.get(hash).cloned(),
                (Some(new), _) => Some(Arc::clone(new)),
                (None, _) => None,
            };
            let estate = past::estate(tx)?;
            let (mut was, mut is) = (Rehearsal::new(&estate, boxed(&before)), Rehearsal::new(&estate, boxed(&after)));
            let events = past::events(tx, from, now, |batch, words| side_by_side(&mut was, &mut is, batch, words))?;
            let titles = past::titles(tx, &scope, since)?;
            // An administrator opens no changes, and still has to know what a text would do to them.
            let counted = match may_write(actor, now) {
                true => past::titles(tx, &Scope::of_the_authority(), since)?.into_keys().chain(titles.keys().copied()).collect(),
                false => titles.keys().copied().collect::<BTreeSet<i64>>(),
            };
            let mut rows = turns::rows(was.courses(), is.courses());
            rows.retain(|row| row.was.dated >= since && counted.contains(&row.was.change.0));
            let (sums, ways) = (turns::sums(&rows), ways(&rows, candidate));
            rows.retain(|row| titles.contains_key(&row.was.change.0));
            hide_unseen(&mut rows);
            Ok(Rehearsed { rows, titles, sums, ways, events })
        })
    }

    /// A deed on a proposal, decided on it as it stands in the transaction that writes.
    fn deed(
        &self,
        actor: &Actor,
        id: i64,
        deed: Deed,
        mut f: impl FnMut(&mut dyn Tx, &Act, &Proposal, Timestamp) -> Result<Result<(), Halt>, StoreError> + Send + 'static,
    ) -> Result<(), Halt> {
        let now = self.clock.now();
        let (act, actor) = (self.act(actor.person(), now), actor.clone());
        self.do_it(move |tx| {
            signalbox_store::log::lock_head(tx)?;
            let Some(found) = proposals::proposal(tx, id)? else { return Ok(Err(Halt::Unseen)) };
            let core = found.to_core();
            if !govern::may_read(&actor, &core) {
                return Ok(Err(Halt::Unseen));
            }
            let bars = govern::bars(&actor, Some(&core), deed, now);
            if !bars.is_empty() {
                return Ok(Err(Halt::Barred(bars)));
            }
            f(tx, &act, &found, now)
        })
    }

    /// Writes, or nothing at all.
    fn do_it<T: Send + 'static>(&self, mut f: impl FnMut(&mut dyn Tx) -> Result<Result<T, Halt>, StoreError> + Send + 'static) -> Result<T, Halt> {
        let halted: Arc<std::sync::Mutex<Option<Halt>>> = Arc::default();
        let slot = Arc::clone(&halted);
        let written = self.write::<T, StoreError>(move |tx| {
            let answer = f(tx)?;
            answer.map_err(|halt| {
                *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(halt);
                StoreError::Constraint("halted, so undone".into())
            })
        });
        match (written, halted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()) {
            (Ok(done), _) => Ok(done),
            (Err(_), Some(halt)) => Err(halt),
            (Err(fault), None) => Err(fault.into()),
        }
    }
}

/// Takes some events, in the order of time, into two rehearsals at once: neither looks at the other.
fn side_by_side(was: &mut Rehearsal, is: &mut Rehearsal, events: &[Recorded], words: &BTreeMap<TextId, String>) {
    std::thread::scope(|threads| {
        threads.spawn(|| events.iter().for_each(|recorded| was.take(recorded, words)));
        events.iter().for_each(|recorded| is.take(recorded, words));
    });
}

fn may_write(actor: &Actor, now: Timestamp) -> bool {
    govern::bars(actor, None, Deed::Write, now).is_empty()
}

/// How many changes part in each way; one that parts twice in the same way counts once.
fn ways(rows: &[Row], candidate: &Processes) -> BTreeMap<String, usize> {
    let mut ways = BTreeMap::new();
    for row in rows {
        let process = candidate.by_kind(row.was.kind);
        let own: BTreeSet<String> = row.turns.iter().map(|turn| way_words(turn, process.map(|p| &**p))).collect();
        own.into_iter().for_each(|way| *ways.entry(way).or_default() += 1);
    }
    ways
}

/// A change out of sight is a clash without a name (S16).
fn hide_unseen(rows: &mut [Row]) {
    let seen: BTreeSet<String> = rows.iter().map(|row| row.was.reference.clone()).collect();
    for turn in rows.iter_mut().flat_map(|row| &mut row.turns) {
        let turns::Turn::Refused(signalbox_core::rehearse::Refused { why: signalbox_core::refusal::Refusal::Denied(bars), .. }) = turn else { continue };
        for bar in bars.iter_mut().filter(|bar| bar.code == "hard-clash") {
            if let Some(with) = bar.params.first_mut().filter(|with| !seen.contains(*with)) {
                with.clear();
            }
        }
    }
}

fn boxed<'a>(choose: &'a (dyn Fn(signalbox_core::change::Kind, &str) -> Option<Arc<Process>> + Send + Sync + 'a)) -> Box<Choose<'a>> {
    Box::new(move |kind, hash| choose(kind, hash))
}

/// Every document that a change of the stretch is pinned to, read once.
fn pinned(tx: &mut dyn Tx, documents: &super::Documents, from: Timestamp) -> Result<BTreeMap<String, Arc<Process>>, StoreError> {
    let mut all = BTreeMap::new();
    for hash in past::pins(tx, from)? {
        all.insert(hash.clone(), documents.pinned(tx, &hash)?);
    }
    Ok(all)
}

fn barred(bars: Vec<Bar>) -> Result<(), Halt> {
    if bars.is_empty() { Ok(()) } else { Err(Halt::Barred(bars)) }
}

/// Title and version as the text says them; as they were where it does not.
fn outline(source: &str, found: &Proposal) -> (String, i64) {
    let sheet = signalbox_core::process::markdown::read("", source);
    let get = |name: &str| sheet.front.iter().find(|(key, _)| key.text == name).map(|(_, value)| value.text.clone()).filter(|text| !text.is_empty());
    let title: String = get("title").unwrap_or_else(|| found.title.clone()).chars().filter(|c| !c.is_control()).take(200).collect();
    (title, get("version").and_then(|text| text.parse::<u32>().ok()).map_or(found.version, i64::from))
}

/// The zone in which the authority keeps its dates.
///
/// # Errors
/// The store's.
pub fn authority_zone(tx: &mut dyn Tx) -> Result<jiff::tz::TimeZone, StoreError> {
    let page = signalbox_store::page::Page { limit: 500, ..Default::default() };
    let orgs = directory::organisations(tx, None, &page)?.items;
    let zone = orgs.iter().find(|org| org.kind == OrgKind::Authority).and_then(|org| calendar::zone(&org.zone));
    Ok(zone.unwrap_or_else(calendar::london))
}

/// The end of the tenth working day from now on, by the authority's calendar (X18).
///
/// # Errors
/// The store's.
pub fn days_to_object(tx: &mut dyn Tx, now: Timestamp) -> Result<Timestamp, StoreError> {
    let zone = authority_zone(tx)?;
    let calendar = Calendar::shipped(Division::EnglandAndWales);
    let last = calendar.add_working_days(zone.to_datetime(now).date(), govern::WORKING_DAYS);
    Ok(end_of(last, &zone).unwrap_or(now))
}

/// The last moment of a local day.
pub fn end_of(day: Date, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp();
    next.checked_sub(SignedDuration::from_micros(1)).ok()
}

/// Whom an organisation answers through.
pub fn speakers(tx: &mut dyn Tx, org: i64) -> Result<Vec<i64>, StoreError> {
    let kind = directory::organisation(tx, org)?.map(|org| org.kind);
    let role: Option<Role> = kind.and_then(govern::speaker);
    role.map_or(Ok(vec![]), |role| signalbox_store::accounts::eligible_holders(tx, role, Some(org), None))
}
