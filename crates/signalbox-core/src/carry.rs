//! Carrying work out: its steps in order, the go or no-go before it, more time under control, and the last moment at
//! which going back still ends in time (spec 4.2, T20 to T26).

use crate::actor::Stamp;
use crate::change::{Change, Outcome, Stage};
use crate::event::Told;
use crate::form::Answer;
use crate::ids::{OrgId, PersonId};
use crate::text::Text;
use crate::words::vocabulary;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// Which of the four plans a step belongs to.
    Plan {
        Implement = "implement", "do the work";
        Test = "test", "test that it worked";
        BackOut = "back_out", "go back";
        Communicate = "communicate", "tell people";
    }
}

vocabulary! {
    /// How a step stands.
    Progress {
        Open = "open", "to do";
        Started = "started", "under way";
        Done = "done", "done";
        Skipped = "skipped", "left out";
        Failed = "failed", "failed";
        /// The back-out began before it was done.
        Overtaken = "overtaken", "not needed any more";
    }
}

impl Progress {
    /// Nothing is left to do in it.
    pub fn is_over(self) -> bool {
        !matches!(self, Progress::Open | Progress::Started)
    }
}

/// A step as it is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewStep {
    /// From 1, never used twice in a change.
    pub number: u32,
    pub plan: Plan,
    pub what: Text,
    pub owner: OrgId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Minutes from the start of the window; without it the step follows the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// How long it is meant to take.
    pub minutes: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Text>,
    /// The steps that have to be over first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
}

/// A go or no-go before the work, with the person who decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCheckpoint {
    pub decider: PersonId,
    pub org: OrgId,
    /// Minutes before the start of the window.
    pub minutes_before: i64,
}

/// What a planning added and took out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub added: Vec<NewStep>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_out: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<NewCheckpoint>,
    /// The method or the way back is another than was approved (BR-31).
    #[serde(default)]
    pub material: bool,
}

/// A step was begun, done, left out or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTold {
    pub number: u32,
    pub told: Told,
    /// Minutes of work it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Text>,
}

/// The go or the no-go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoTold {
    pub told: Told,
    pub go: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Text>,
}

/// More time, agreed with the site and the manager on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    pub told: Told,
    /// The new latest end.
    pub until: Timestamp,
    pub was: Timestamp,
    pub site_agreed: Text,
    pub on_call_agreed: Text,
    pub reason: Text,
}

/// A step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkStep {
    pub planned: NewStep,
    pub progress: Progress,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub by: Option<Stamp>,
    /// Minutes of work it took, as told.
    pub minutes: Option<i64>,
    pub words: Option<Text>,
}

/// The go or no-go, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub planned: NewCheckpoint,
    pub decided: Option<(Stamp, GoTold)>,
}

/// Everything about carrying out that the change knows beyond [`crate::change::Work`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// In the order of planning.
    pub steps: Vec<WorkStep>,
    pub checkpoint: Option<Checkpoint>,
    pub extensions: Vec<(Stamp, Extension)>,
    /// When it was noticed that going back would not end in time any more.
    pub last_safe_passed: Option<Timestamp>,
    /// The former state was found to be back after a back-out (T25).
    pub state_verified: Option<Text>,
    /// Nobody has touched it for so long that it is proposed to end it (BR-35).
    pub expiry_proposed: Option<Timestamp>,
    /// The highest number that a step ever had.
    pub numbers_used: u32,
    /// When a person last did something.
    pub touched_at: Option<Timestamp>,
}

impl Carry {
    /// The step of this number.
    pub fn step(&self, number: u32) -> Option<&WorkStep> {
        self.steps.iter().find(|step| step.planned.number == number)
    }

    /// The steps of a plan, in order.
    pub fn of(&self, plan: Plan) -> impl Iterator<Item = &WorkStep> {
        self.steps.iter().filter(move |step| step.planned.plan == plan)
    }

    /// Minutes planned and minutes told, over all steps that came to anything.
    pub fn effort(&self) -> (i64, i64) {
        let planned = self.steps.iter().filter(|s| s.planned.plan != Plan::BackOut).map(|s| s.planned.minutes).sum();
        (planned, self.steps.iter().filter_map(|s| s.minutes).sum())
    }
}

/// The steps that keep a change from being closed: those of the work and its tests and messages, and of the way back
/// once that was taken. What was not begun at all owes nothing.
pub fn open_steps(change: &Change) -> Vec<&WorkStep> {
    if change.work.proposed == Some(Outcome::NotImplemented) {
        return vec![];
    }
    let counts = |step: &&WorkStep| !step.progress.is_over() && (step.planned.plan != Plan::BackOut || change.work.backing_out.is_some());
    change.carry.steps.iter().filter(counts).collect()
}

/// The steps that may be recorded now: those that are not over and whose plan is being followed.
pub fn recordable(change: &Change) -> Vec<&WorkStep> {
    let backs_out = change.work.backing_out.is_some();
    change.carry.steps.iter().filter(|step| !step.progress.is_over() && (backs_out || step.planned.plan != Plan::BackOut)).collect()
}

/// The step to do now: the first that is under way, else the first whose forerunners are over.
pub fn current(change: &Change) -> Option<&WorkStep> {
    let open = recordable(change);
    let is_over = |number: &u32| change.carry.step(*number).is_none_or(|step| step.progress.is_over());
    let mine = |plan: &WorkStep| (plan.planned.plan == Plan::BackOut) == (change.stage == Stage::BackingOut) || plan.planned.plan == Plan::Communicate;
    let fitting: Vec<&&WorkStep> = open.iter().filter(|step| mine(step)).collect();
    let all: Vec<&&WorkStep> = if fitting.is_empty() { open.iter().collect() } else { fitting };
    all.iter().find(|s| s.progress == Progress::Started).or_else(|| all.iter().find(|s| s.planned.after.iter().all(is_over))).map(|s| **s)
}

/// When everything has to be back, with the time that was added under control.
pub fn latest_end(change: &Change) -> Option<Timestamp> {
    let window = change.window()?;
    Some(change.carry.extensions.last().map_or(window.contingency_end, |(_, extension)| extension.until.max(window.contingency_end)))
}

/// How long going back takes: the longer of what was answered and what its steps add up to.
pub fn back_out_minutes(change: &Change) -> Option<i64> {
    let answered = match change.content.as_ref().and_then(|c| c.answers.get("backout_minutes")) {
        Some(Answer::Number(minutes)) => Some(*minutes),
        _ => None,
    };
    let planned: i64 = change.carry.of(Plan::BackOut).map(|step| step.planned.minutes).sum();
    answered.max((planned > 0).then_some(planned))
}

/// The last moment at which a back-out that begins then still ends in time (C092): the latest end less its length.
pub fn last_safe(change: &Change) -> Option<Timestamp> {
    latest_end(change)?.checked_sub(SignedDuration::from_mins(back_out_minutes(change)?)).ok()
}

/// When a step is meant to begin: at its offset, else when its forerunners are meant to end, else when the step
/// before it in the same plan ends. A back-out counts from when it began.
pub fn planned_start(change: &Change, number: u32) -> Option<Timestamp> {
    let window = change.window()?;
    let mut ends: Vec<(u32, Plan, Timestamp)> = vec![];
    for step in &change.carry.steps {
        let plan = step.planned.plan;
        let base = if plan == Plan::BackOut { change.work.backing_out.as_ref().map_or(window.end, |told| told.happened_at) } else { window.start };
        let at = match step.planned.offset {
            Some(minutes) => base.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(base),
            None => {
                let forerunners = ends.iter().filter(|(n, ..)| step.planned.after.contains(n)).map(|(.., end)| *end).max();
                let before = ends.iter().rev().find(|(_, p, _)| *p == plan).map(|(.., end)| *end);
                // Tests come after the work, where nothing else is said.
                let work = (plan == Plan::Test).then(|| ends.iter().filter(|(_, p, _)| *p == Plan::Implement).map(|(.., end)| *end).max()).flatten();
                forerunners.or(before).or(work).unwrap_or(base)
            }
        };
        if step.planned.number == number {
            return Some(at);
        }
        ends.push((step.planned.number, plan, at.checked_add(SignedDuration::from_mins(step.planned.minutes)).unwrap_or(at)));
    }
    None
}

/// When the go or no-go is due.
pub fn checkpoint_at(change: &Change) -> Option<Timestamp> {
    let checkpoint = change.carry.checkpoint.as_ref()?;
    change.window()?.start.checked_sub(SignedDuration::from_mins(checkpoint.planned.minutes_before)).ok()
}

/// Whether the plan may still be changed without a word to anybody: before an approval.
pub fn is_planning_free(stage: Stage) -> bool {
    !matches!(stage, Stage::Approved | Stage::Scheduled | Stage::Implementing | Stage::BackingOut)
}

mod fold;
pub(crate) use fold::fold;
