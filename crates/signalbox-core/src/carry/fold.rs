//! What happened to the steps; see `apply`.

use super::{Carry, Checkpoint, NewStep, Plan, Planned, Progress, StepTold, WorkStep};
use crate::actor::Stamp;
use crate::change::Change;
use crate::event::{Event, Recorded};

/// Folds an event of this track in, and whatever other events mean for it.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded) {
    if recorded.by.person.is_some() {
        change.carry.touched_at = Some(recorded.at);
        change.carry.expiry_proposed = None;
    }
    let carry = &mut change.carry;
    match &recorded.event {
        Event::Planned(planned) => plan(carry, planned),
        Event::StepStarted(told) => note(carry, told, Progress::Started, &recorded.by),
        Event::StepDone(told) => note(carry, told, Progress::Done, &recorded.by),
        Event::StepSkipped(told) => note(carry, told, Progress::Skipped, &recorded.by),
        Event::StepFailed(told) => note(carry, told, Progress::Failed, &recorded.by),
        Event::GoDecided(told) => {
            if let Some(checkpoint) = &mut carry.checkpoint {
                checkpoint.decided = Some((recorded.by.clone(), (**told).clone()));
            }
        }
        Event::Extended(extension) => {
            carry.extensions.push((recorded.by.clone(), (**extension).clone()));
            carry.last_safe_passed = None;
            // The new end may be overrun anew.
            change.work.overran = false;
            change.work.expected_end = Some(change.work.expected_end.map_or(extension.until, |end| end.max(extension.until)));
            change.work.deviations.extend(extension.told.deviations.iter().cloned());
        }
        Event::LastSafePassed => carry.last_safe_passed = Some(recorded.at),
        Event::ExpiryProposed => carry.expiry_proposed = Some(recorded.at),
        Event::BackOutBegun { told, .. } => {
            // What was left of the work is not done any more; people are still told.
            let left = carry.steps.iter_mut().filter(|s| !s.progress.is_over() && matches!(s.planned.plan, Plan::Implement | Plan::Test));
            for step in left {
                step.progress = Progress::Overtaken;
                step.ended_at = Some(told.happened_at);
            }
        }
        Event::Finished { state_verified, .. } => carry.state_verified = state_verified.clone(),
        // A new window means a new decision on it.
        Event::Rescheduled { .. } | Event::Submitted { .. } => {
            if let Some(checkpoint) = &mut carry.checkpoint {
                checkpoint.decided = None;
            }
        }
        _ => {}
    }
}

fn plan(carry: &mut Carry, planned: &Planned) {
    carry.steps.retain(|step| !planned.taken_out.contains(&step.planned.number));
    for step in &mut carry.steps {
        step.planned.after.retain(|number| !planned.taken_out.contains(number));
    }
    carry.numbers_used = planned.added.iter().map(|step| step.number).max().unwrap_or_default().max(carry.numbers_used);
    carry.steps.extend(planned.added.iter().cloned().map(open));
    if let Some(checkpoint) = &planned.checkpoint {
        carry.checkpoint = Some(Checkpoint { planned: checkpoint.clone(), decided: None });
    }
}

fn open(planned: NewStep) -> WorkStep {
    WorkStep { planned, progress: Progress::Open, started_at: None, ended_at: None, by: None, minutes: None, words: None }
}

fn note(carry: &mut Carry, told: &StepTold, progress: Progress, by: &Stamp) {
    let Some(step) = carry.steps.iter_mut().find(|s| s.planned.number == told.number) else { return };
    step.progress = progress;
    step.by = Some(by.clone());
    if progress == Progress::Started {
        step.started_at = Some(told.told.happened_at);
    } else {
        step.ended_at = Some(told.told.happened_at);
    }
    step.minutes = told.minutes.or(step.minutes);
    step.words = told.words.clone().or(step.words.take());
}
