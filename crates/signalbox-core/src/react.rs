//! What follows from an event: who is told, and what is timed. Runs after `apply`, event by event; the tasks are
//! stored in the event's own transaction.

use crate::act::Act;
use crate::calendar::Calendar;
use crate::change::{Change, Stage};
use crate::event::{Event, Recorded};
use crate::process::{Audience, Process, TimerAct, TimerWhen};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Something to be done outside the transaction, once or more, idempotently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Tell people about the event of this version.
    Tell { to: Audience, about: String, version: i64 },
    /// When it is due, `time_out` is asked of the core, and these people are told.
    Timer { then: TimerAct, tells: Vec<Audience>, due_at: Timestamp, because: String },
    /// Timers set before this version mean nothing any more.
    DropTimers,
}

/// The act whose step an event takes.
pub fn act_of(event: &Event) -> Option<Act> {
    Some(match event {
        Event::Raised { .. } | Event::Imported { .. } | Event::Overran => return None,
        Event::Proposed { .. } => Act::Propose,
        Event::SentBack { .. } => Act::SendBack,
        Event::Submitted { .. } => Act::Submit,
        Event::Returned { .. } => Act::Return,
        Event::Accepted { .. } => Act::Accept,
        Event::Assessed { .. } => Act::Assess,
        Event::Screened { .. } => Act::Screen,
        Event::ClinicallyAccepted { .. } => Act::Clear,
        Event::ClinicallyRejected { .. } => Act::RejectClinically,
        Event::Stopped { .. } => Act::Stop,
        Event::AssessmentCompleted => Act::Complete,
        Event::Approved { .. } => Act::Approve,
        Event::Rejected { .. } => Act::Reject,
        Event::MoreAsked { .. } => Act::AskMore,
        Event::Held { .. } => Act::Hold,
        Event::Resumed => Act::Resume,
        Event::Scheduled { .. } => Act::Schedule,
        Event::Rescheduled { .. } => Act::Reschedule,
        Event::Amended { .. } => Act::Amend,
        Event::Cancelled { .. } => Act::Cancel,
        Event::Withdrawn { .. } => Act::Withdraw,
        Event::Started { .. } => Act::Start,
        Event::RanLate { .. } => Act::RunningLate,
        Event::Restored { .. } => Act::Restore,
        Event::BackOutBegun { .. } => Act::BackOut,
        Event::Finished { .. } => Act::Finish,
        Event::ReviewOpened { .. } | Event::Reviewed { .. } => Act::Review,
        Event::Closed { .. } => Act::Close,
        Event::Restated { .. } => Act::Restate,
        Event::NetworkTold { .. } => Act::TellNetwork,
        Event::NetworkAcknowledged { .. } => Act::Acknowledge,
        Event::NetworkToldUnacknowledged { .. } => Act::RecordTold,
        Event::NoticeSettled { .. } => Act::SettleNotice,
        Event::ConditionMet { .. } => Act::MeetCondition,
        Event::Said { .. } => Act::Say,
        Event::Attached { .. } => Act::Attach,
        Event::ExpiredUnanswered => Act::Expire,
    })
}

/// The tasks that follow from an event; `before` and `after` are the change around it.
pub fn react(process: &Process, calendar: &Calendar, zone: &TimeZone, before: Option<&Change>, after: &Change, recorded: &Recorded) -> Vec<Task> {
    if matches!(recorded.event, Event::Imported { .. }) {
        return vec![];
    }
    let about = recorded.event.kind();
    let mut tasks: Vec<Task> = vec![];
    if let (Some(before), Some(act)) = (before, act_of(&recorded.event)) {
        let step = process.steps.iter().find(|s| s.act == act && s.from == before.stage);
        let tells = step.into_iter().flat_map(|s| &s.tells);
        tasks.extend(tells.map(|to| Task::Tell { to: *to, about: about.clone(), version: recorded.version }));
    }
    let moved = before.is_none_or(|b| b.stage != after.stage || b.window() != after.window());
    if moved {
        tasks.push(Task::DropTimers);
        if !after.stage.is_final() {
            tasks.extend(process.timers.iter().filter_map(|timer| {
                let due_at = due(&timer.when, calendar, zone, after, recorded.at)?;
                Some(Task::Timer { then: timer.then, tells: timer.tells.clone(), due_at, because: format!("{:?}", timer.when) })
            }));
        }
    }
    tasks
}

/// When a timer is due for the change as it stands; `None` where it does not apply or has passed.
fn due(when: &TimerWhen, calendar: &Calendar, zone: &TimeZone, change: &Change, now: Timestamp) -> Option<Timestamp> {
    let window = change.window();
    let firm = matches!(change.stage, Stage::Approved | Stage::Scheduled);
    let running = matches!(change.stage, Stage::Implementing | Stage::BackingOut);
    let at = match when {
        TimerWhen::WorkingDaysBeforeStart(days) if firm => {
            let start = zone.to_datetime(window?.start).date();
            crate::calendar::at_cut_off(calendar.add_working_days(start, -days), zone)
        }
        TimerWhen::MinutesBeforeStart(minutes) if firm => window?.start.checked_sub(SignedDuration::from_mins(*minutes)).ok()?,
        TimerWhen::NotStarted { minutes } if firm => window?.start.checked_add(SignedDuration::from_mins(*minutes)).ok()?,
        TimerWhen::NotFinished if firm || running => window?.contingency_end,
        TimerWhen::WorkingDaysIn { stage, days } if change.stage == *stage => calendar.due_at(now, *days, zone),
        TimerWhen::DaysIn { stage, days } if change.stage == *stage => now.checked_add(SignedDuration::from_hours(24 * days)).ok()?,
        _ => return None,
    };
    (at > now).then_some(at)
}
