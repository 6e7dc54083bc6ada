//! The events of each change and the rows that follow from them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{Actor, Role, Stamp};
use signalbox_core::apply::replay;
use signalbox_core::calendar::{Calendar, DEFAULT_ZONE, Division, london};
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::decide::{self, Context, Decision, Import};
use signalbox_core::event::{Classification, Event, Recorded, Told};
use signalbox_core::facts::{Facts, Reach};
use signalbox_core::ids::{EventId, Mint, OrgId, PersonId};
use signalbox_core::process::Processes;
use signalbox_core::schedule::{Graph, Node};
use signalbox_store::project::{self, Prose};
use signalbox_store::{Db, Dialect, StoreError, append, log};

use super::sheets::{Sheets, statement};
use super::{Planned, World};

/// Writes the events of changes and their rows, one change after the other, as one chain.
pub struct Author<'w> {
    world: &'w World,
    dialect: Dialect,
    processes: Processes,
    calendar: Calendar,
    zone: TimeZone,
    graph: Graph,
    /// Whom each item reaches, worked out once.
    reach: HashMap<usize, Reach>,
    facts: Facts,
    count: i64,
    hash: String,
    counters: BTreeMap<(String, i64), i64>,
}

impl<'w> Author<'w> {
    /// Goes on where the log ends now.
    pub fn new(world: &'w World, db: &Db) -> Result<Author<'w>, StoreError> {
        let head = db.read(|tx| log::read_head(tx))?;
        let processes = Processes::shipped().map_err(|faults| StoreError::Constraint(format!("{faults:?}")))?;
        Ok(Author {
            world,
            dialect: db.dialect(),
            processes,
            calendar: Calendar::shipped(Division::EnglandAndWales),
            zone: london(),
            graph: Graph::new(&world.estate.dependencies),
            reach: HashMap::new(),
            facts: Facts { orgs: world.estate.orgs.clone(), ..Facts::default() },
            count: head.count(),
            hash: head.hash().to_owned(),
            counters: BTreeMap::new(),
        })
    }

    /// The next number of each prefix and year.
    pub fn counters(&self) -> Vec<(String, i64, i64)> {
        self.counters.iter().map(|((prefix, year), next)| (prefix.clone(), *year, *next)).collect()
    }

    /// The rows of these changes.
    pub fn write(&mut self, numbers: Range<usize>) -> Result<Sheets, StoreError> {
        let mut sheets = Sheets::new(self.count);
        for n in numbers {
            let planned = self.world.planned(n);
            let decision = self.decide(&planned)?;
            self.put(&mut sheets, &decision)?;
        }
        sheets.end_at(self.count, &self.hash);
        Ok(sheets)
    }

    fn put(&mut self, sheets: &mut Sheets, decision: &Decision) -> Result<(), StoreError> {
        let lost = || StoreError::Constraint("a change without events".into());
        let after = replay(&decision.events).ok_or_else(lost)?;
        let updated_at = decision.events.last().map(|event| event.at).ok_or_else(lost)?;
        for recorded in &decision.events {
            let event = append::new_event(recorded)?;
            self.count += 1;
            self.hash = log::chain_hash(&self.hash, self.count, &event);
            let row = [
                self.count.into(),
                event.id.into(),
                "change".into(),
                event.change_id.into(),
                event.version.into(),
                event.kind.into(),
                event.schema.into(),
                event.at.into(),
                event.payload.into(),
                self.hash.as_str().into(),
            ];
            sheets.put(statement("log", "INSERT_EVENT"), row.into());
        }
        let mut prose = Prose::new();
        for text in &decision.texts {
            let row = [text.id.0.into(), after.id.0.into(), text.salt.as_slice().into(), text.body.as_str().into()];
            sheets.put(statement("log", "PUT_TEXT"), row.into());
            prose.insert(text.id.0, text.body.clone());
        }
        for (insert, row) in project::rows(&after, &prose, updated_at).inserts() {
            sheets.put(insert, row.clone());
        }
        let (insert, row) = project::words(self.dialect, &after, &prose);
        sheets.put(insert, row);
        Ok(())
    }

    /// History is decided by the core; a change of our own takes its content from the same decision and goes its way
    /// from there.
    fn decide(&mut self, planned: &Planned) -> Result<Decision, StoreError> {
        self.world.estate.facts_of(&planned.items, &mut self.facts);
        self.facts.reach = self.reach_of(planned);
        let kind = planned.kind;
        let process = self.processes.by_kind(kind).ok_or_else(|| StoreError::Constraint(format!("no document for {kind:?}")))?.clone();
        let year = i64::from(self.zone.to_datetime(planned.raised_at).year());
        let next = self.counters.entry((process.prefix.clone(), year)).or_insert(1);
        let reference = format!("{}-{year}-{:06}", process.prefix, *next);
        *next += 1;
        let ctx = Context {
            now: planned.raised_at,
            actor: &Actor::System,
            process: &process,
            calendar: &self.calendar,
            zone_name: DEFAULT_ZONE,
            zone: &self.zone,
            facts: &self.facts,
        };
        let decision = decide::import(
            &ctx,
            Import {
                id: planned.id,
                version: 1,
                reference,
                kind,
                org: planned.org,
                source_ref: format!("OLD-{}", planned.n),
                title: planned.title.clone(),
                items: self.world.ids(&planned.items),
                sites: self.facts.sites.iter().map(|site| site.id).collect(),
                window: planned.window,
                received_at: planned.raised_at,
                stage: planned.stage,
                outcome: planned.outcome,
                reason: None,
                mint: Mint::new(planned.id.0 + 1, [4; 16]),
            },
        );
        if planned.is_history { Ok(decision) } else { Ok(self.own_course(planned, decision)) }
    }

    /// What depends on the items, without the services and items that are named.
    fn reach_of(&mut self, planned: &Planned) -> Reach {
        let mut all = Reach::default();
        for item in &planned.items {
            if !self.reach.contains_key(item) {
                let reach = self.walk(*item);
                self.reach.insert(*item, reach);
            }
            let reach = &self.reach[item];
            all.services.extend(&reach.services);
            all.orgs.extend(&reach.orgs);
            all.runs.extend(&reach.runs);
            all.direct_care |= reach.direct_care;
            all.always_on |= reach.always_on;
            all.network |= reach.network;
        }
        all
    }

    fn walk(&self, item: usize) -> Reach {
        let estate = &self.world.estate;
        let mut reach = Reach::default();
        let start = Node::Item(estate.items[item].id);
        for node in self.graph.affected(&[start].into()).into_keys().filter(|node| *node != start) {
            match node {
                Node::Service(id) => {
                    let service = estate.service(id);
                    reach.services.insert(id);
                    reach.orgs.extend(service.users.iter().copied());
                    reach.runs.insert(service.owner);
                    reach.direct_care |= service.direct_care;
                    reach.always_on |= service.always_on;
                }
                Node::Item(id) => {
                    reach.orgs.insert(estate.item(id).org);
                    reach.network |= estate.item(id).is_network;
                }
            }
        }
        reach
    }

    /// The events of a change that was raised here.
    fn own_course(&self, planned: &Planned, history: Decision) -> Decision {
        let (estate, texts) = (&self.world.estate, history.texts);
        let Some(Event::Imported { reference, process, content, notice, .. }) = history.events.into_iter().next().map(|recorded| recorded.event) else {
            return Decision { events: vec![], texts };
        };
        let by = |org: OrgId, n: usize, role: Role| Stamp { person: Some(PersonId(estate.person(org, n))), org: Some(org), role: Some(role), for_person: None };
        let raiser = by(planned.org, 1, Role::Requester);
        let manager = by(planned.implementer.1, 0, Role::SupplierManager);
        let authority = by(OrgId(1), 0, Role::AuthorityManager);
        let worker = Stamp { person: Some(planned.implementer.0), org: Some(planned.implementer.1), role: Some(Role::Implementer), for_person: None };
        let told = |at: Timestamp| Told { happened_at: at, on_behalf_of: None, by_phone: false, deviations: vec![] };
        let (hash, window, network_needed) = (content.hash.clone(), Some(planned.window), content.parties.network);
        let raised = Event::Raised { reference, kind: planned.kind, process, org: planned.org, on_behalf_of: None, copied_from: None, retrospective_of: None };
        let submitted = Event::Submitted { content, revision: 1, notice, late_reason: None, late_words: None, network_needed, answers_to_hazards: vec![] };
        let accepted = Event::Accepted { classification: Some(classification(planned.n)), promise: None, asked: vec![], model: None, notice: None };
        let approved = Event::Approved { content: hash, window, words: None, conditions: vec![], ruling: None, board: None, closure: None };
        let scheduled = Event::Scheduled { implementer: planned.implementer.0, org: planned.implementer.1, phone: None, short_gap: None };
        // So many twelfths of the time from the raising to the start.
        let lead = planned.window.start.duration_since(planned.raised_at).max(SignedDuration::from_mins(1));
        let before = |twelfths: i32| planned.raised_at.saturating_add(lead * twelfths / 12).unwrap_or(planned.raised_at);
        let (start, end) = (planned.window.start, planned.window.end);
        let outcome = planned.outcome.unwrap_or(Outcome::Successful);
        let finished = Event::Finished { told: told(end), outcome, not_back: None, words: None, state_verified: None };
        let closed = Event::Closed { outcome, words: None, looked: Some(false) };
        let course = [
            (before(0), raiser.clone(), raised),
            (before(1), raiser.clone(), submitted),
            (before(2), manager.clone(), accepted),
            (before(4), Stamp::SYSTEM, Event::AssessmentCompleted),
            (before(6), authority, approved),
            (before(8), manager.clone(), scheduled),
            (start, worker.clone(), Event::Started { told: told(start) }),
            (end, worker, finished),
            (end.saturating_add(SignedDuration::from_hours(20)).unwrap_or(end), manager, closed),
        ];
        let mut course: Vec<(Timestamp, Stamp, Event)> = course.into_iter().take(steps_to(planned.stage)).collect();
        if planned.stage == Stage::Cancelled {
            course.push((before(7), raiser, Event::Withdrawn { reason: None }));
        }
        let first_id = planned.id.0 + 600;
        let recorded = |(n, (at, by, event)): (usize, (Timestamp, Stamp, Event))| Recorded {
            id: EventId(first_id + n as i64),
            change: planned.id,
            version: n as i64 + 1,
            at: at.min(estate.now),
            by,
            event,
            rulings: vec![],
        };
        Decision { events: course.into_iter().enumerate().map(recorded).collect(), texts }
    }
}

/// How many steps of the course lead to a stage.
fn steps_to(stage: Stage) -> usize {
    match stage {
        Stage::Assessing | Stage::Cancelled => 3,
        Stage::AwaitingApproval => 4,
        Stage::Approved => 5,
        Stage::Scheduled => 6,
        Stage::Implementing => 7,
        _ => 9,
    }
}

fn classification(n: usize) -> Classification {
    let impact = 1 + (n % 4) as u8;
    let (risk, band, category) = [(14, "high", "major"), (9, "medium", "significant"), (5, "low", "minor"), (3, "low", "minor")][usize::from(impact) - 1];
    Classification {
        impact,
        impact_because: vec![],
        risk_answers: vec![1; 6],
        risk,
        band: band.to_owned(),
        category: category.to_owned(),
        lowered_from: None,
        raised_from: None,
        rulings: vec![],
    }
}
