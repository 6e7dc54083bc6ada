//! A rehearsal: what changes of the past would have become under another document. Each stored event is turned back
//! into the command that it came from, and that command is decided again, in the order in which things happened. No
//! stored verdict, category or ruling is read: only who did what when, and what was typed.
//!
//! The register of organisations, services, items and people is today's; times, answers and roles are those of then.
//! Timers that the old document did not have are not rung, and meetings of boards are not held again: whoever chairs
//! records the decision, as where no board is set up.

pub mod commands;
pub mod estate;
mod safety;
pub mod turns;

use crate::act::Act;
use crate::actor::{Actor, Stamp};
use crate::apply::apply;
use crate::calendar::{Basis, Verdict};
use crate::catalogue;
use crate::change::{AssessmentKind, Change, Consequence, Kind, Outcome, Stage};
use crate::decide::{self, Command, Decision, fields, ruling};
use crate::event::{Event, Recorded};
use crate::facts::{EntryFact, Facts, FactsQuery, LikeWork, UseFact};
use crate::form::Raw;
use crate::form::format::ae_key;
use crate::ids::{ChangeId, Mint, OrgId, ServiceId, TextId};
use crate::modality::{self, Claim, ModalityFact};
use crate::process::{AnswerKind, Process, TimerAct};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::schedule::{Node, PlannedWork, ScheduleIndex};
use commands::What;
use estate::Estate;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The notice that counts, as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub verdict: Verdict,
    pub consequence: Consequence,
    pub days: i64,
    pub asked: i64,
    pub basis: Basis,
}

/// An act that was not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub at: Timestamp,
    pub act: Act,
    pub why: Refusal,
}

/// A field that nobody filled in, because nobody asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    pub act: Act,
    pub field: String,
    /// The code of the fault.
    pub code: &'static str,
}

/// How one change goes under one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub change: ChangeId,
    pub reference: String,
    pub kind: Kind,
    pub org: OrgId,
    pub raised_at: Timestamp,
    /// When the notice that counts was received, or else when it was raised.
    pub dated: Timestamp,
    /// The hash of the document.
    pub process: String,
    /// `None`: it could not be raised.
    pub stage: Option<Stage>,
    pub notice: Option<Judged>,
    pub category: Option<String>,
    pub impact: Option<u8>,
    pub assessments: BTreeSet<AssessmentKind>,
    /// The roles that the table `approver` gave when the decision was due.
    pub approver: Option<String>,
    /// Who approved it in the end.
    pub approved_by: Option<Stamp>,
    pub outcome: Option<Outcome>,
    pub refused: Vec<Refused>,
    pub missed: BTreeSet<Missed>,
    /// The register names other parties today than it did when the change was sent.
    pub register_moved: bool,
}

/// Which document a change is rehearsed under, by its kind and the hash that it was pinned to.
pub type Choose<'a> = dyn Fn(Kind, &str) -> Option<Arc<Process>> + Send + Sync + 'a;

/// Changes of the past, carried on event by event.
pub struct Rehearsal<'a> {
    estate: &'a Estate,
    choose: Box<Choose<'a>>,
    under: BTreeMap<ChangeId, Under>,
    index: ScheduleIndex,
    /// Work that has ended, by what it touched: when, and how.
    ended: BTreeMap<Node, Vec<(ChangeId, Timestamp, Outcome)>>,
    /// What each change says of AE titles while it counts, and the services that it names.
    claims: BTreeMap<ChangeId, (Vec<Claim>, Vec<ServiceId>)>,
    /// Uses of each entry of the catalogue, and when one of them suspended it.
    uses: BTreeMap<String, (BTreeMap<ChangeId, UseFact>, Option<Timestamp>)>,
}

/// One change as it stands in the rehearsal.
struct Under {
    process: Arc<Process>,
    /// `None`: it could not be raised.
    change: Option<Change>,
    truth: commands::Truth,
    course: Course,
    mints: i64,
}

/// How often what is missing is filled in before the act counts as refused.
const TRIES: usize = 4;

impl<'a> Rehearsal<'a> {
    /// Begins; `choose` says which document counts.
    pub fn new(estate: &'a Estate, choose: Box<Choose<'a>>) -> Rehearsal<'a> {
        Rehearsal { estate, choose, under: BTreeMap::new(), index: estate.index(), ended: BTreeMap::new(), claims: BTreeMap::new(), uses: BTreeMap::new() }
    }

    /// Takes the next event, in the order of time. `words` are the free texts that it mentions; words that were erased
    /// are missing there.
    pub fn take(&mut self, recorded: &Recorded, words: &BTreeMap<TextId, String>) {
        match &recorded.event {
            Event::Raised { .. } => self.raise(recorded),
            Event::Imported { .. } => self.import(recorded, words),
            _ => {
                let Some(mut under) = self.under.remove(&recorded.change) else { return };
                if under.change.is_some() {
                    self.go_on(&mut under, recorded, words);
                    self.file(&under);
                }
                self.under.insert(recorded.change, under);
            }
        }
    }

    /// How each of them ended.
    pub fn courses(self) -> Vec<Course> {
        self.under.into_values().map(|under| finished(under.course, under.change)).collect()
    }

    /// Keeps what the change says of its entry of the catalogue.
    fn note_use(&mut self, change: &Change) {
        let (Some(entry), Some(own)) = (decide::catalogue::asked_for(change), catalogue::own_use(change)) else { return };
        let (uses, suspended) = self.uses.entry(entry.to_owned()).or_default();
        uses.insert(change.id, own);
        *suspended = change.learnt.suspended.iter().map(|one| Some(one.at)).chain([*suspended]).max().flatten();
    }

    /// How an entry has gone up to now in the rehearsal. When somebody looked at it again is taken from the register.
    fn entry(&self, query: &FactsQuery, own: ChangeId, now: Timestamp) -> Option<EntryFact> {
        let (entry, _) = query.entry.clone()?;
        let (uses, suspended) = self.uses.get(&entry).cloned().unwrap_or_default();
        let looked_at = self.estate.looked_at(&entry, now);
        let uses: Vec<UseFact> = uses.into_values().filter(|one| one.change != own).collect();
        let earlier = uses.len() as i64;
        Some(EntryFact { entry, uses, earlier, suspended: suspended.filter(|at| looked_at.is_none_or(|looked| looked < *at)), looked_at })
    }

    /// Puts the window on the schedule that the others are checked against, or takes it off.
    fn file(&mut self, under: &Under) {
        let Some(change) = &under.change else { return };
        self.note_use(change);
        match PlannedWork::of(change) {
            Some(work) => self.index.insert(work),
            None => {
                self.index.remove(change.id);
            }
        }
        match (modality::standing(change), &change.content) {
            (claims, Some(content)) if !claims.is_empty() => drop(self.claims.insert(change.id, (claims, content.header.services.clone()))),
            _ => drop(self.claims.remove(&change.id)),
        }
        let (Some(outcome), Some(at), Some(content)) = (change.outcome, change.closed_at, &change.content) else { return };
        let services = content.header.services.iter().map(|id| Node::Service(*id));
        for node in content.header.items.iter().map(|id| Node::Item(*id)).chain(services) {
            let ended = self.ended.entry(node).or_default();
            ended.retain(|(id, ..)| *id != change.id);
            ended.push((change.id, at, outcome));
        }
    }

    /// How work that touched the same things went (C022), as far as it is in the stretch.
    fn like(&self, query: &FactsQuery, own: ChangeId) -> Option<LikeWork> {
        let since = query.like_since?;
        let items = query.items.iter().map(|id| Node::Item(*id));
        let nodes = items.chain(query.services.iter().map(|id| Node::Service(*id)));
        let found = nodes.filter_map(|node| self.ended.get(&node)).flatten().filter(|(id, at, _)| *id != own && *at > since);
        let all: BTreeMap<ChangeId, Outcome> = found.map(|(id, _, outcome)| (*id, *outcome)).collect();
        let failures = all.values().filter(|outcome| matches!(outcome, Outcome::BackedOut | Outcome::Failed)).count();
        Some(LikeWork { changes: all.values().filter(|outcome| outcome.is_attempted()).count() as i64, failures: failures as i64 })
    }

    /// What the others say of the AE titles and addresses that are asked about, as of now in the rehearsal.
    fn modalities(&self, query: &FactsQuery, own: ChangeId) -> Vec<ModalityFact> {
        let others = || self.claims.iter().filter(|(id, _)| **id != own).flat_map(|(_, (claims, services))| claims.iter().map(move |claim| (claim, services)));
        let has_ip = |claim: &Claim| claim.ip.as_ref().is_some_and(|ip| query.ips.contains(ip));
        let mut keys = query.ae_keys.clone();
        keys.extend(others().filter(|(claim, _)| has_ip(claim)).map(|(claim, _)| ae_key(&claim.ae_title)));
        let asked = others().filter(|(claim, _)| keys.contains(&ae_key(&claim.ae_title)));
        // At which site is for the words of a refusal alone.
        asked.map(|(claim, services)| ModalityFact { claim: claim.clone(), services: services.clone(), site: String::new() }).collect()
    }

    fn raise(&mut self, recorded: &Recorded) {
        let Event::Raised { reference, kind, process, org, copied_from, retrospective_of, .. } = &recorded.event else { return };
        let Some(process) = (self.choose)(*kind, process) else { return };
        let mut course = begun(recorded, reference, *kind, *org, &process);
        let actor = self.estate.actor(&recorded.by, recorded.at);
        let (place, facts) = (self.estate.place(*org), self.estate.nothing());
        let raise = decide::Raise {
            id: recorded.change,
            reference: reference.clone(),
            org: *org,
            on_behalf_of: None,
            copied_from: *copied_from,
            retrospective_of: *retrospective_of,
            mint: mint(recorded.change, 0),
        };
        let change = match decide::raise(&place.context(&actor, &process, &facts, recorded.at), raise) {
            Ok(decision) => decision.events.iter().fold(None, |change, event| Some(apply(change, event))),
            Err(why) => {
                course.refused.push(Refused { at: recorded.at, act: Act::Submit, why });
                None
            }
        };
        self.under.insert(recorded.change, Under { process, change, truth: commands::Truth::default(), course, mints: 1 });
    }

    fn import(&mut self, recorded: &Recorded, words: &BTreeMap<TextId, String>) {
        let Event::Imported { reference, kind, process, org, source_ref, content, stage, outcome, notice, .. } = &recorded.event else { return };
        let Some(process) = (self.choose)(*kind, process) else { return };
        let Some(window) = content.header.window else { return };
        let course = begun(recorded, reference, *kind, *org, &process);
        let received_at = notice.as_ref().map_or(recorded.at, |notice| notice.received_at);
        let facts = self.estate.facts_of(&content.header);
        let row = decide::Import {
            id: recorded.change,
            version: recorded.version,
            reference: reference.clone(),
            kind: *kind,
            org: *org,
            source_ref: source_ref.clone(),
            title: words.get(&content.header.title.text).cloned().unwrap_or_default(),
            items: content.header.items.clone(),
            sites: content.header.sites.clone(),
            window,
            received_at,
            stage: *stage,
            outcome: *outcome,
            reason: None,
            mint: mint(recorded.change, 0),
        };
        let place = self.estate.place(*org);
        let decision = decide::import(&place.context(&Actor::System, &process, &facts, recorded.at), row);
        let change = decision.events.iter().fold(None, |change, event| Some(apply(change, event)));
        let under = Under { process, change, truth: commands::Truth::default(), course, mints: 1 };
        self.file(&under);
        self.under.insert(recorded.change, under);
    }

    fn go_on(&self, under: &mut Under, recorded: &Recorded, words: &BTreeMap<TextId, String>) {
        let what = commands::of(recorded, &under.truth, words, self.estate);
        under.truth.note(&recorded.event);
        match what {
            What::Do(act, raw) => self.act(under, recorded, act, raw),
            What::Ring(then) => self.ring(under, recorded, then),
            What::Keep => keep(under, recorded),
            What::Nothing => {}
        }
    }

    fn ring(&self, under: &mut Under, recorded: &Recorded, then: TimerAct) {
        let Some(change) = &under.change else { return };
        let facts = self.estate.nothing();
        let place = self.estate.place(self.estate.recipient(change));
        let ctx = place.context(&Actor::System, &under.process, &facts, recorded.at);
        if let Ok(decision) = decide::time_out(&ctx, change, then, mint(change.id, under.mints)) {
            under.mints += 1;
            under.change = fold(under.change.take(), &decision);
        }
    }

    /// Decides an act again. What is missing because nobody was asked is filled in and noted.
    fn act(&self, under: &mut Under, recorded: &Recorded, act: Act, mut raw: Raw) {
        let Some(change) = under.change.take() else { return };
        let actor = self.estate.actor(&recorded.by, recorded.at);
        let process = Arc::clone(&under.process);
        let place = self.estate.place(self.estate.recipient(&change));
        let mut facts = Facts::default();
        let mut result = Err(Refusal::WrongStage(change.stage));
        for _ in 0..TRIES {
            facts = self.facts(&process, &change, act, &raw, &place.zone, recorded.at);
            safety::signing(&mut facts, recorded, &change);
            let ctx = place.context(&actor, &process, &facts, recorded.at);
            let known = fields::of_act(&ctx, &change, act);
            raw.retain(|name, _| fields::is_known(&known, name));
            let command = Command { act, raw: raw.clone(), mint: mint(change.id, under.mints) };
            result = decide::decide(&ctx, &change, command);
            under.mints += 1;
            let Err(Refusal::Invalid(faults)) = &result else { break };
            let mut is_mended = false;
            for fault in faults {
                let field = fault.field.as_deref().and_then(|name| known.iter().find(|f| fields::is_known(std::slice::from_ref(f), name)));
                let Some(field) = field else { continue };
                let filled = stand_in(&field.id, &field.kind, end_of(&change, &raw, place), recorded.at);
                if filled.iter().all(|(name, value)| raw.get(name) == Some(value)) {
                    continue;
                }
                is_mended = true;
                under.course.missed.insert(Missed { act, field: field.id.clone(), code: fault.code });
                raw.retain(|name, _| name != &field.id && !name.starts_with(&format!("{}.", field.id)));
                raw.extend(filled);
            }
            if !is_mended {
                break;
            }
        }
        match result {
            Ok(decision) => {
                note(&mut under.course, &decision);
                let sent = commands::content(&recorded.event).map(|content| &content.parties);
                let made = decision.events.iter().find_map(|one| commands::content(&one.event)).map(|content| &content.parties);
                under.course.register_moved |= sent != made;
                let after = fold(Some(change), &decision);
                let ctx = place.context(&actor, &process, &facts, recorded.at);
                if let Some(change) = after.as_ref().filter(|change| change.stage == Stage::AwaitingApproval) {
                    under.course.approver = ruling::rule_on(&ctx, change, "approver").and_then(|(_, outputs)| outputs.get("approver").cloned());
                }
                under.change = after;
            }
            Err(why) => {
                // That a service is back may be said again when the work is finished; the program itself does not insist.
                if !matches!(act, Act::Restore) && recorded.by.person.is_some() {
                    under.course.refused.push(Refused { at: recorded.at, act, why });
                }
                under.change = Some(change);
            }
        }
    }

    /// What deciding has to know. Clashes cost the most and are looked for only where something asks.
    fn facts(&self, process: &Process, change: &Change, act: Act, raw: &Raw, zone: &jiff::tz::TimeZone, now: Timestamp) -> Facts {
        let query = decide::facts_needed(process, Some(change), Some(act), raw, zone);
        let mut facts = self.estate.facts(&query);
        facts.like = self.like(&query, change.id);
        facts.modalities = self.modalities(&query, change.id);
        facts.entry = self.entry(&query, change.id, now);
        let needs = process.step(act, change.stage).is_some_and(|step| step.needs.iter().any(|rule| matches!(rule, Rule::NoHardClash | Rule::NotInFreeze)));
        if let Some(window) = query.window.filter(|_| needs || act == Act::Start) {
            facts.clashes = self.estate.clashes(&self.index, &facts, change, window);
        }
        facts
    }
}

fn begun(recorded: &Recorded, reference: &str, kind: Kind, org: OrgId, process: &Process) -> Course {
    Course {
        change: recorded.change,
        reference: reference.to_owned(),
        kind,
        org,
        raised_at: recorded.at,
        dated: recorded.at,
        process: process.hash.clone(),
        stage: None,
        notice: None,
        category: None,
        impact: None,
        assessments: BTreeSet::new(),
        approver: None,
        approved_by: None,
        outcome: None,
        refused: vec![],
        missed: BTreeSet::new(),
        register_moved: false,
    }
}

fn finished(mut course: Course, change: Option<Change>) -> Course {
    let Some(change) = change else { return course };
    course.stage = Some(change.stage);
    course.notice = change.notice().map(|notice| Judged {
        verdict: notice.verdict,
        consequence: change.consequence.unwrap_or(notice.consequence),
        days: notice.days,
        asked: notice.asked,
        basis: notice.basis,
    });
    course.dated = change.notice().map_or(course.raised_at, |notice| notice.received_at);
    course.category = change.classification.as_ref().map(|class| class.category.clone());
    course.impact = change.classification.as_ref().map(|class| class.impact);
    course.approved_by = change.live_approvals().last().map(|approval| approval.by.clone());
    course.outcome = change.outcome;
    course
}

fn note(course: &mut Course, decision: &Decision) {
    for recorded in &decision.events {
        if let Event::Accepted { asked, .. } = &recorded.event {
            course.assessments = asked.iter().map(|one| one.kind).collect();
        }
    }
}

fn fold(change: Option<Change>, decision: &Decision) -> Option<Change> {
    decision.events.iter().fold(change, |change, event| Some(apply(change, event)))
}

/// An event that no document decides about is folded in as it stands.
fn keep(under: &mut Under, recorded: &Recorded) {
    if let Some(change) = under.change.take() {
        let recorded = Recorded { version: change.version + 1, ..recorded.clone() };
        under.change = Some(apply(Some(change), &recorded));
    }
}

/// Nothing that a rehearsal mints is ever stored; ids only have to differ within one change.
fn mint(change: ChangeId, n: i64) -> Mint {
    Mint::new((change.0 & 0xffff_ffff).wrapping_mul(1 << 20).wrapping_add(n * Mint::BLOCK), [0; 16])
}

/// The end of the window that is typed, or of the change's own.
fn end_of(change: &Change, raw: &Raw, place: &estate::Place) -> Option<Timestamp> {
    decide::window_typed(raw, &place.zone).or_else(|| change.window()).map(|window| window.end)
}

/// An answer that could stand where nobody was asked: the least, the first, or the word for it. Nothing for what only
/// the register or a file could answer.
pub fn stand_in(field: &str, kind: &AnswerKind, end: Option<Timestamp>, now: Timestamp) -> Raw {
    let one = |value: String| Raw::from([(field.to_owned(), vec![value])]);
    match kind {
        AnswerKind::Line { .. } | AnswerKind::Prose | AnswerKind::List => one("not asked at the time".to_owned()),
        AnswerKind::YesNo => one("no".to_owned()),
        AnswerKind::Choice(codes) | AnswerKind::Reason(codes) | AnswerKind::Choices(codes) => codes.first().cloned().map_or_else(Raw::new, one),
        AnswerKind::Number { min, .. } => one(min.to_string()),
        AnswerKind::Moment { .. } => one(end.unwrap_or(now).to_string()),
        AnswerKind::Date => one(now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()),
        AnswerKind::PersonAndPhone => {
            Raw::from([(format!("{field}.name"), vec!["not asked at the time".to_owned()]), (format!("{field}.phone"), vec!["000 000 000".to_owned()])])
        }
        _ => Raw::new(),
    }
}
