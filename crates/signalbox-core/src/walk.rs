//! Random walks: people of every kind do whatever they may, and much that they may not, to one change after another.
//! At each step the rules that must always hold are looked at (`walk/watch.rs`), and what is offered is compared with
//! what is decided. A seed repeats a walk exactly.

mod cast;
mod chance;
mod fill;
mod money;
mod safety;
mod urgent;
mod values;
mod veto;
mod watch;

use crate::act::Act;
use crate::change::{Change, Kind, Outcome, Stage};
use crate::event::Recorded;
use crate::facts::{ClashFact, OtherFact, UseFact};
use crate::form::Raw;
use crate::ids::ChangeId;
use crate::modality;
use crate::process::{Process, Step, TimerAct, Who, graph};
use crate::react::{Task, act_of};
use crate::refusal::Refusal;
use crate::samples::{Case, Player, World};
use chance::Chance;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// A step of a document: its id, the act, and the stage it is taken from.
pub type StepKey = (String, Act, Stage);

/// What the walks found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub seed: u64,
    pub walks: usize,
    /// Acts that were accepted.
    pub steps: usize,
    /// Acts that were refused.
    pub refused: usize,
    /// How often each step of each document was taken; every step is in it. A step of the charge track that several
    /// documents have is counted for all of them together.
    pub taken: BTreeMap<StepKey, usize>,
    /// At which stage the walks ended.
    pub ended: BTreeMap<Stage, usize>,
    /// What should never be: at most a few, each with its story.
    pub faults: Vec<Fault>,
}

/// Something that should never be.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The walk, counted from 0.
    pub walk: usize,
    pub what: String,
    /// Who did what, from the raising on.
    pub story: Vec<String>,
}

impl Report {
    /// Steps taken fewer times than this, rarest first.
    pub fn rarer_than(&self, times: usize) -> Vec<(&StepKey, usize)> {
        let mut rare: Vec<_> = self.taken.iter().filter(|(_, n)| **n < times).map(|(key, n)| (key, *n)).collect();
        rare.sort_by_key(|(_, n)| *n);
        rare
    }

    /// The fault with the shortest story, which is the easiest to understand.
    pub fn shortest_fault(&self) -> Option<&Fault> {
        self.faults.iter().min_by_key(|fault| fault.story.len())
    }
}

/// Enough faults to see what is wrong.
const FAULTS_MAX: usize = 20;
/// A step taken so often is not sought out any more.
const ENOUGH: usize = 24;
/// Acts of one walk at most.
const STEPS_MAX: i64 = 70;

/// Takes this many walks over the documents, in turn. Rare steps are sought out as the run goes on.
pub fn run(processes: &[&Process], seed: u64, walks: usize) -> Report {
    let world = World::new();
    let mut report = Report { seed, walks, ..Report::default() };
    for process in processes {
        report.taken.extend(process.steps.iter().map(|s| ((process.id.clone(), s.act, s.from), 0)));
    }
    for number in 0..walks {
        if report.faults.len() >= FAULTS_MAX || processes.is_empty() {
            break;
        }
        let chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let process = if number % 2 == 0 { processes[number / 2 % processes.len()] } else { neediest(processes, &report) };
        if let Some(mut walk) = Walk::begin(&world, process, number, chance) {
            walk.go(&mut report);
        }
    }
    report
}

/// The changes that such walks leave behind, for whoever wants a past to look at.
pub fn stories<'w>(world: &'w World, processes: &[&'w Process], seed: u64, walks: usize) -> Vec<Case<'w>> {
    let mut report = Report { seed, walks, ..Report::default() };
    let begin = |number: usize| {
        let chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        Walk::begin(world, processes.get(number % processes.len().max(1))?, number, chance)
    };
    let walks = (0..walks).filter_map(begin);
    walks
        .map(|mut walk| {
            walk.go(&mut report);
            walk.case
        })
        .collect()
}

/// The first act of a shortest way between stages.
fn route(process: &Process, from: Stage, to: Stage) -> Option<Act> {
    let mut seen = vec![from];
    let mut open: VecDeque<(Stage, Option<Act>)> = VecDeque::from([(from, None)]);
    while let Some((stage, first)) = open.pop_front() {
        if stage == to {
            return first;
        }
        // Work that starts unapproved is no way to anywhere else: no approval and no condition is met there again.
        let leads_on = |s: &&Step| s.from == stage && (s.act != Act::Start || !stage.is_before_approval());
        for step in process.steps.iter().filter(leads_on) {
            for next in graph::follows(process, step) {
                if !seen.contains(&next) {
                    seen.push(next);
                    open.push_back((next, first.or(Some(step.act))));
                }
            }
        }
    }
    None
}

fn is_by_people(process: &Process, act: Act, from: Stage) -> bool {
    process.step(act, from).is_some_and(|s| s.who.iter().any(|w| *w != Who::System))
}

/// The document with most steps still rarely taken.
fn neediest<'p>(processes: &[&'p Process], report: &Report) -> &'p Process {
    let rare = |process: &&&Process| report.taken.iter().filter(|((id, ..), _)| *id == process.id).map(|(_, n)| ENOUGH.saturating_sub(*n)).sum::<usize>();
    // `run` has looked that there is one.
    processes.iter().max_by_key(rare).map_or(processes[0], |process| process)
}

/// One walk under way.
struct Walk<'w> {
    case: Case<'w>,
    number: usize,
    chance: Chance,
    story: Vec<String>,
    /// The step that this walk makes for.
    goal: Option<(Act, Stage)>,
}

impl<'w> Walk<'w> {
    fn begin(world: &'w World, process: &'w Process, number: usize, mut chance: Chance) -> Option<Walk<'w>> {
        // 2 November 2026, 09:00; the catalogue's entries run out from March 2027 on.
        let now = Timestamp::from_second(1_793_610_000 + chance.between(0, 60 * 86_400)).ok()?;
        let case = chance.shuffled(&world.people).into_iter().find_map(|player| {
            let org = player.actor.memberships().first()?.org;
            Case::raise(world, process, player, org, number as u32, now).ok()
        })?;
        let story = vec![format!("{} raised for {}", process.id, world.org_code(case.change.org))];
        Some(Walk { case, number, chance, story, goal: None })
    }

    fn go(&mut self, report: &mut Report) {
        let steps = self.chance.between(40, STEPS_MAX);
        for _ in 0..steps {
            self.pass_time(report);
            self.stir();
            if self.chance.percent(35) {
                self.compare(report);
            }
            if self.chance.percent(15) {
                self.try_anything(report);
            }
            if !self.step(report) {
                break;
            }
            if self.chance.percent(6) {
                self.conclude(report);
            }
            // After the end there is little left to do, but for money on its way.
            if self.case.change.stage.is_final() && !self.is_being_paid() && self.chance.percent(30) {
                break;
            }
            if report.faults.len() >= FAULTS_MAX {
                return;
            }
        }
        self.conclude(report);
        *report.ended.entry(self.case.change.stage).or_default() += 1;
    }

    /// Whether a step of the charge track is made for, and can be come nearer to from here.
    fn is_being_paid(&self) -> bool {
        self.goal.is_some_and(|(act, from)| from == self.case.change.stage && money::towards(&self.case, act, from).is_some())
    }

    /// Minutes, days, or up to the start; now and then so long that something expires.
    fn pass_time(&mut self, report: &mut Report) {
        let works = matches!(self.case.change.stage, Stage::Implementing | Stage::BackingOut);
        let minutes = match self.chance.below(20) {
            0 if !works => self.chance.between(2, 9) * 1_440,
            1..=3 if !works => self.chance.between(60, 1_440),
            _ => self.chance.between(1, 40),
        };
        let mut now = self.case.now.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(self.case.now);
        if let Some(window) = self.case.change.window().filter(|w| w.start > now && self.case.change.stage == Stage::Scheduled && self.chance.percent(70)) {
            now = window.start;
        }
        self.case.now = now;
        let waits = matches!(self.case.change.stage, Stage::Returned | Stage::ClinRejected) && self.wants(report, Act::Expire);
        if waits && self.chance.percent(40) {
            self.case.now = now.checked_add(SignedDuration::from_hours(24 * 60)).unwrap_or(now);
            self.timer(TimerAct::Expire, report);
        }
        if self.chance.percent(5) {
            self.timer(TimerAct::Overrun, report);
        }
        if !self.case.change.money.quotes.is_empty() {
            self.timer(TimerAct::LapseQuote, report);
            self.timer(TimerAct::LapseApproval, report);
        }
        self.timer(TimerAct::ProtectNotice, report);
        for then in [TimerAct::LastSafe, TimerAct::ProposeExpiry] {
            if self.chance.percent(3) {
                self.timer(then, report);
            }
        }
    }

    fn timer(&mut self, then: TimerAct, report: &mut Report) {
        let before = self.case.change.clone();
        if let Ok(followed) = self.case.time_out(then) {
            self.settle(&before, followed, format!("timer {then:?}"), report);
        }
    }

    /// Other work and freezes come and go.
    fn stir(&mut self) {
        self.stir_names();
        self.stir_uses();
        self.convene();
        for clash in &mut self.case.clashes {
            let ruled = self.case.change.settled.iter().find(|one| clash.other.as_ref().is_some_and(|other| other.change == one.settled.other));
            clash.settled = ruled.map(|one| one.settled.way);
        }
        // A request is accepted as it is sent, unless something is in its way.
        let early = self.case.change.kind == Kind::ServiceRequest && matches!(self.case.change.stage, Stage::Draft | Stage::Submitted);
        if !self.case.clashes.is_empty() && self.chance.percent(if early { 5 } else { 60 }) {
            self.case.clashes.clear();
        } else if self.chance.percent(if early { 40 } else { 6 }) {
            let rule = if self.chance.percent(50) { "BR-19a" } else { "BR-19f" };
            let (from, until, freeze) = (self.case.now, self.case.now, (rule == "BR-19f").then_some(9));
            let other = (rule == "BR-19a").then_some(OtherFact { change: ChangeId(999), stays: true, from, until });
            let (hard, with, shared) = (self.chance.percent(80), "RFC-2026-000999".into(), "GW-1".into());
            self.case.clashes.push(ClashFact { rule: rule.to_owned(), hard, with, shared, from, until, freeze, other, settled: None, caught: vec![] });
        }
    }

    /// Somebody else takes the AE title that the change means to have, and lets go of it again.
    fn stir_names(&mut self) {
        let change = &self.case.change;
        let Some(content) = &change.content else { return };
        let own = modality::claims(change.kind, content);
        if !self.case.modalities.is_empty() {
            if self.chance.percent(60) {
                self.case.modalities.clear();
            }
        } else if let Some(claim) = own.into_iter().find(|c| c.turn == modality::Turn::On)
            && self.chance.percent(8)
        {
            let claim = modality::Claim { at: self.case.now, ..claim };
            self.case.modalities.push(modality::ModalityFact { claim, services: vec![], site: "MAIN".to_owned() });
        }
    }

    /// Other people's uses of the entry fail, and somebody looks at it again.
    fn stir_uses(&mut self) {
        if self.case.change.kind != Kind::ServiceRequest {
            return;
        }
        let (now, entry) = (self.case.now, &mut self.case.entry);
        // Which entry a draft will name is not known beforehand, so that sending it is offered whatever became of it.
        if matches!(self.case.change.stage, Stage::Draft | Stage::Returned) {
            (entry.suspended, entry.looked_at) = (None, Some(now));
            return;
        }
        if entry.suspended.is_some() || !self.case.change.learnt.suspended.is_empty() {
            if self.chance.percent(60) {
                (entry.suspended, entry.looked_at) = (None, Some(now));
            }
        } else if self.chance.percent(4) {
            entry.suspended = Some(now);
        }
        if self.chance.percent(10) {
            entry.uses.push(UseFact {
                change: ChangeId(900_000 + entry.uses.len() as i64),
                // Long enough ago to use up no limit.
                sent_at: now - SignedDuration::from_hours(24 * 40),
                called_off: self.chance.percent(10),
                ended: Some((if self.chance.percent(40) { Outcome::Failed } else { Outcome::Successful }, now)),
                harm_at: self.chance.percent(5).then_some(now),
            });
            entry.earlier += 1;
        }
    }

    /// The board meets, or does not; members stay away.
    fn convene(&mut self) {
        if self.chance.percent(85) {
            self.case.board = Some(self.case.world.board(self.case.now));
            return;
        }
        let Some(board) = &mut self.case.board else { return };
        match self.chance.below(4) {
            0 => self.case.board = None,
            1 => board.meetings.iter_mut().for_each(|m| m.state = crate::board::Hearing::Planned),
            2 => board.meetings.truncate(1),
            _ => board.meetings.iter_mut().for_each(|m| m.present.retain(|p| p.0 % 3 != 0)),
        }
    }

    fn wants(&self, report: &Report, act: Act) -> bool {
        report.taken.get(&(self.case.process.id.clone(), act, self.case.change.stage)).is_some_and(|n| *n < ENOUGH)
    }

    /// One act by somebody who may; `false` when nobody may do anything.
    fn step(&mut self, report: &mut Report) -> bool {
        let facts = self.case.shared_facts(None, &Raw::new());
        for act in self.most_wanted_first(report) {
            let able = self.case.who_may_by(&facts, act);
            let Some((player, stamp)) = self.chance.pick(&able) else { continue };
            // An answer owed is given more often than not; else people amend whatever they like.
            let owed = act == Act::Amend && fill::owed(self.case.process, &self.case.change) && self.chance.percent(70);
            let raw =
                if owed { fill::everything_owed(&self.case, &mut self.chance) } else { fill::valid(&self.case, &player.actor, stamp, act, &mut self.chance) };
            self.act(player, act, &raw, !owed, report);
            return true;
        }
        false
    }

    /// The acts of this stage by chance, with more for what was seldom taken, for the way to the goal, and for the way
    /// forward.
    fn most_wanted_first(&mut self, report: &Report) -> Vec<Act> {
        let (process, stage) = (self.case.process, self.case.change.stage);
        let taken = |act: Act, from: Stage| report.taken.get(&(process.id.clone(), act, from)).copied().unwrap_or_default();
        if self.goal.is_none_or(|(act, from)| taken(act, from) >= ENOUGH) {
            self.goal = self.rarest(report);
        }
        let way = self.goal.and_then(|(act, from)| match (act, stage) {
            // X10: there has to be something to re-affirm.
            (Act::Reaffirm, Stage::Approved | Stage::Scheduled) => Some(Act::Reschedule),
            (Act::Reaffirm, _) if self.case.change.board.moved.is_none() => route(process, stage, Stage::Approved),
            _ if from == stage => Some(self.opener(act).unwrap_or(act)),
            _ => route(process, stage, from),
        });
        let paying = self.goal.and_then(|(act, from)| money::towards(&self.case, act, from));
        let by_people = process.steps.iter().filter(|s| s.from == stage && s.who.iter().any(|w| *w != Who::System));
        let mut weighed: Vec<(u64, Act)> = by_people
            .map(|s| {
                let worth = match s.to {
                    _ if Some(s.act) == paying => 6_000,
                    _ if Some(s.act) == way => 2_000,
                    // What is to be cleared has to be screened first.
                    None if s.act == Act::Screen && way == Some(Act::Clear) => 1_900,
                    None if taken(s.act, stage) < ENOUGH => 500,
                    // What a rare step elsewhere waits for.
                    None if cast::prepares(s.act).iter().any(|act| self.is_rare(report, *act)) => 400,
                    // The system takes the next step as soon as people have done theirs.
                    _ if cast::next_acts(stage).contains(&s.act) && !cast::is_idle(&self.case.change, s.act) => {
                        if way.is_none_or(|act| !is_by_people(process, act, stage)) { 1_500 } else { 400 }
                    }
                    _ => 5,
                };
                (self.chance.next() % (worth * 1_000), s.act)
            })
            .collect();
        weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        weighed.into_iter().map(|(_, act)| act).collect()
    }

    /// What this act waits for, where it cannot be taken before that: nobody answers a dispute that there is not.
    fn opener(&self, act: Act) -> Option<Act> {
        let (process, stage) = (self.case.process, self.case.change.stage);
        let mut acts = process.steps.iter().filter(|s| s.from == stage).map(|s| s.act);
        let opener = acts.find(|opener| cast::prepares(*opener).contains(&act))?;
        self.case.who_may(act).is_empty().then_some(opener)
    }

    /// Whether an act is still seldom taken from some stage.
    fn is_rare(&self, report: &Report, act: Act) -> bool {
        let id = &self.case.process.id;
        report.taken.iter().any(|((document, taken, _), n)| document == id && *taken == act && *n < ENOUGH)
    }

    /// One of the steps that were taken least, if its stage can still be come to.
    fn rarest(&mut self, report: &Report) -> Option<(Act, Stage)> {
        let (process, stage) = (self.case.process, self.case.change.stage);
        let mut rare: Vec<(usize, Act, Stage)> = report
            .taken
            .iter()
            .filter(|((id, _, from), n)| *id == process.id && **n < ENOUGH && (*from == stage || route(process, stage, *from).is_some()))
            .map(|((_, act, from), n)| (*n, *act, *from))
            .collect();
        rare.sort_unstable();
        rare.truncate(6);
        self.chance.pick(&rare).map(|(_, act, from)| (*act, *from))
    }

    /// Anybody tries anything, with fields that are mostly wrong.
    fn try_anything(&mut self, report: &mut Report) {
        let world = self.case.world;
        let (Some(player), Some(act)) = (self.chance.pick(&world.people), self.chance.pick(Act::ALL)) else { return };
        let stamp = self.case.may(&player.actor, *act).unwrap_or(crate::actor::Stamp::SYSTEM);
        let mut raw = fill::valid(&self.case, &player.actor, &stamp, *act, &mut self.chance);
        fill::spoil(&mut raw, &mut self.chance);
        self.act(player, *act, &raw, false, report);
    }

    fn act(&mut self, player: &Player, act: Act, raw: &Raw, must_pass: bool, report: &mut Report) {
        let before = self.case.change.clone();
        match self.case.act(&player.actor, act, raw) {
            Ok(followed) => self.settle(&before, followed, format!("{} {}", player.name, act.code()), report),
            Err(refusal) => {
                report.refused += 1;
                if must_pass {
                    self.fault(report, format!("offered to {} but refused: {} {refusal:?} of {raw:?}", player.name, act.code()));
                }
            }
        }
    }

    /// Looks at what happened.
    fn settle(&mut self, before: &Change, followed: Vec<(Recorded, Vec<Task>)>, what: String, report: &mut Report) {
        report.steps += 1;
        let events: Vec<Recorded> = followed.iter().map(|(recorded, _)| recorded.clone()).collect();
        let mut at = before.clone();
        for recorded in &events {
            // Steps of the charge track are the same rows wherever they are inherited: taken in one document, taken in all.
            if let Some(act) = act_of(&recorded.event).filter(|act| act.is_money()) {
                report.taken.iter_mut().filter(|((_, a, from), _)| *a == act && *from == at.stage).for_each(|(_, n)| *n += 1);
            } else if let Some(taken) = act_of(&recorded.event).and_then(|act| report.taken.get_mut(&(self.case.process.id.clone(), act, at.stage))) {
                *taken += 1;
            }
            at = crate::apply::apply(Some(at), recorded);
        }
        self.story.push(format!("{} {what} -> {}", self.case.now, at.stage.code()));
        for fault in watch::faults(&self.case, before, &events) {
            self.fault(report, fault);
        }
        let late = |task: &Task| matches!(task, Task::Timer { due_at, .. } if *due_at <= self.case.now);
        if followed.iter().flat_map(|(_, tasks)| tasks).any(late) {
            self.fault(report, "a timer is set in the past".to_owned());
        }
    }

    /// Offers and decisions of one person are the same, act by act (settled 6).
    fn compare(&mut self, report: &mut Report) {
        let world = self.case.world;
        let Some(player) = self.chance.pick(&world.people) else { return };
        let offers = self.case.offers(&player.actor);
        for act in Act::ALL {
            let offer = offers.iter().find(|o| o.act == *act).map(|o| &o.verdict);
            let raw = match offer {
                Some(Ok(stamp)) => fill::valid(&self.case, &player.actor, stamp, *act, &mut self.chance),
                // What is not offered is refused before a field is read.
                _ => Raw::new(),
            };
            let decided = self.case.try_act(&player.actor, *act, &raw);
            let agree = match (&offer, &decided) {
                (Some(Ok(_)), Ok(_)) => true,
                (Some(Err(why)), Err(refusal)) => *why == *refusal,
                (None, Err(Refusal::WrongStage(_) | Refusal::Denied(_))) => true,
                _ => false,
            };
            if !agree {
                self.fault(report, format!("{} {}: offered {offer:?}, decided {:?} of {raw:?}", player.name, act.code(), decided.err()));
            }
        }
    }

    fn conclude(&mut self, report: &mut Report) {
        if watch::replays_otherwise(&self.case) {
            self.fault(report, "replay differs from the live change".to_owned());
        }
        let mut chance = Chance::new(self.chance.next());
        if let Err(stuck) = cast::conclude(self.case.clone(), &mut chance) {
            self.fault(report, format!("dead end: {stuck}"));
        }
    }

    fn fault(&self, report: &mut Report, what: String) {
        report.faults.push(Fault { walk: self.number, what, story: self.story.clone() });
    }
}
