//! What follows from an event: who is told, and what is timed. Runs after `apply`, event by event; the tasks are
//! stored in the event's own transaction.

use crate::act::Act;
use crate::actor::Role;
use crate::calendar::Calendar;
use crate::carry;
use crate::change::{Change, Stage};
use crate::consequence;
use crate::event::{Event, Recorded};
use crate::maintnote::{self, Chase};
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
        Event::Raised { .. } | Event::Imported { .. } | Event::Overran | Event::LastSafePassed | Event::ExpiryProposed | Event::NoticeProtected => return None,
        Event::PaperworkAsked { .. } | Event::RecordCompleted | Event::Converted { .. } => return None,
        Event::EntrySuspended { .. } | Event::OrganisationSucceeded(_) => return None,
        Event::VerballyApproved(_) => Act::RecordVerbal,
        Event::VerbalConfirmed { .. } | Event::VerbalDenied { .. } => Act::ConfirmVerbal,
        Event::Ratified { .. } | Event::RatificationRefused(_) => Act::Ratify,
        Event::VerdictGiven(_) => Act::GiveVerdict,
        Event::Proposed { .. } => Act::Propose,
        Event::SentBack { .. } => Act::SendBack,
        Event::Submitted { .. } => Act::Submit,
        Event::Returned { .. } => Act::Return,
        Event::Accepted { .. } => Act::Accept,
        Event::Assessed { .. } => Act::Assess,
        Event::Screened { .. } => Act::Screen,
        Event::HazardRecorded(_) => Act::Hazard,
        Event::HazardRated(_) => Act::Rate,
        Event::ClinicallyQueried { .. } => Act::Query,
        Event::ClinicalQueryAnswered { .. } => Act::AnswerQuery,
        Event::ClinicallyEscalated { .. } => Act::Escalate,
        Event::ClinicallyAccepted { .. } => Act::Clear,
        Event::ClinicallyCountersigned(_) => Act::Countersign,
        Event::ScreeningReviewed { .. } => Act::ReviewScreening,
        Event::DowntimeWaived { .. } => Act::WaiveDowntime,
        Event::ClinicallyAppealed { .. } => Act::Appeal,
        Event::ClinicalRejectionUpheld { .. } => Act::Uphold,
        Event::ClinicalRejectionOverruled(_) => Act::Overrule,
        Event::StopSettled(_) => Act::SettleStop,
        Event::ClinicallyRejected { .. } => Act::RejectClinically,
        Event::Stopped { .. } => Act::Stop,
        Event::AssessmentCompleted => Act::Complete,
        Event::Approved { .. } => Act::Approve,
        Event::Rejected { .. } => Act::Reject,
        Event::MoreAsked { .. } => Act::AskMore,
        Event::Voted(_) => Act::Vote,
        Event::TakenBack { .. } => Act::TakeBack,
        Event::Reaffirmed { .. } => Act::Reaffirm,
        Event::Held { .. } => Act::Hold,
        Event::Resumed => Act::Resume,
        Event::FreezeExcepted(_) => Act::ExceptFreeze,
        Event::ClashSettled(_) => Act::SettleClash,
        Event::Ordered { .. } => Act::Follow,
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
        Event::NetworkRefused { .. } => Act::RefuseNotice,
        Event::NetworkToldUnacknowledged { .. } => Act::RecordTold,
        Event::NoticeSettled { .. } => Act::SettleNotice,
        Event::NoticeDisputed { .. } => Act::DisputeNotice,
        Event::ConditionMet { .. } => Act::MeetCondition,
        Event::Said { .. } => Act::Say,
        Event::Attached { .. } => Act::Attach,
        Event::ExpiredUnanswered => Act::Expire,
        event => return act_of_learning(event),
    })
}

/// The same for what belongs to carrying out, learning and money.
fn act_of_learning(event: &Event) -> Option<Act> {
    Some(match event {
        Event::Planned(_) => Act::Plan,
        Event::StepStarted(_) | Event::StepDone(_) | Event::StepSkipped(_) | Event::StepFailed(_) => Act::RecordStep,
        Event::GoDecided(_) => Act::DecideGo,
        Event::Extended(_) => Act::Extend,
        Event::WorkConfirmed(_) => Act::ConfirmWorked,
        Event::OutcomeDisputed(_) => Act::Dispute,
        Event::DisputeAnswered(_) => Act::AnswerDispute,
        Event::ActionDone(_) => Act::FinishAction,
        Event::DepartmentTold(_) => Act::TellDepartment,
        Event::NearMissRecorded(_) => Act::RecordNearMiss,
        Event::Surveyed(_) => Act::Survey,
        Event::IncidentLinked(_) => Act::LinkIncident,
        Event::IncidentUnlinked(_) => Act::UnlinkIncident,
        Event::Money(event) => return crate::charge::event::act_of(event),
        _ => return None,
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
    if let Event::Money(event) = &recorded.event {
        let tells = crate::charge::timers::tells(event).into_iter();
        tasks.extend(tells.map(|to| Task::Tell { to, about: about.clone(), version: recorded.version }));
    }
    // Whoever decides about the catalogue and whoever does the work hear of it at once (spec 4.5).
    if matches!(recorded.event, Event::EntrySuspended { .. }) {
        let tells = [Role::AuthorityManager, Role::SupplierManager].map(Audience::Role);
        tasks.extend(tells.map(|to| Task::Tell { to, about: about.clone(), version: recorded.version }));
    }
    // Of steps only what failed is told (C089); the page of the work shows the rest.
    if matches!(recorded.event, Event::StepStarted(_) | Event::StepDone(_) | Event::StepSkipped(_)) {
        tasks.clear();
    }
    let timed =
        |c: &Change| (carry::latest_end(c), carry::last_safe(c), carry::checkpoint_at(c), go_decided(c), can_idle(c.stage).then_some(c.carry.touched_at));
    let moved = before.is_none_or(|b| b.stage != after.stage || b.window() != after.window() || b.urgent != after.urgent || timed(b) != timed(after));
    if moved {
        tasks.push(Task::DropTimers);
        if !after.stage.is_final() {
            tasks.extend(process.timers.iter().filter_map(|timer| {
                let due_at = due(&timer.when, calendar, zone, after, recorded.at)?;
                Some(Task::Timer { then: timer.then, tells: timer.tells.clone(), due_at, because: format!("{:?}", timer.when) })
            }));
        }
    }
    if (moved || matches!(recorded.event, Event::Money(_))) && !after.stage.is_final() {
        tasks.extend(crate::charge::timers::of(after, calendar, zone, recorded.at));
    }
    if moved || matches!(recorded.event, Event::NetworkTold { .. }) {
        tasks.extend(chases(after, calendar, zone, recorded.at));
    }
    if moved && let Some(due_at) = consequence::protected_at(after, calendar, zone) {
        let step = process.steps.iter().find(|step| step.act == Act::SettleNotice && step.from == after.stage);
        let tells = step.map(|step| step.tells.clone()).unwrap_or_default();
        // What was due before it was written, as with a past that is entered now, is due next: no timer is set in the past.
        tasks.push(Task::Timer {
            then: TimerAct::ProtectNotice,
            tells,
            due_at: due_at.max(recorded.at + SignedDuration::from_secs(1)),
            because: "late notice".to_owned(),
        });
    }
    tasks
}

/// X6: who is asked, and when, while the network provider says nothing.
fn chases(change: &Change, calendar: &Calendar, zone: &TimeZone, now: Timestamp) -> Vec<Task> {
    let Some((told_at, window)) = maintnote::unanswered_since(change).zip(change.window()) else { return vec![] };
    let tells = |chase| match chase {
        Chase::Mail => Audience::NetworkProvider,
        Chase::Ring => Audience::Role(Role::SupplierManager),
        Chase::Supervisor => Audience::Role(Role::AuthorityManager),
    };
    let step = |(chase, _): &(Chase, i64)| {
        let due_at = maintnote::chased_at(*chase, told_at, window.start, calendar, zone);
        (due_at > now).then(|| Task::Timer { then: TimerAct::ChaseNetwork, tells: vec![tells(*chase)], due_at, because: told_at.to_string() })
    };
    maintnote::CHASES.iter().filter_map(step).collect()
}

fn go_decided(change: &Change) -> bool {
    change.carry.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.decided.is_some())
}

/// Stages in which a change can be forgotten before its approval (BR-35). What waits for its raiser has a time of its own.
pub(crate) fn can_idle(stage: Stage) -> bool {
    matches!(stage, Stage::Draft | Stage::LocalAuth | Stage::Submitted | Stage::Assessing | Stage::AwaitingApproval | Stage::OnHold)
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
        TimerWhen::NotFinished if firm || running => carry::latest_end(change)?,
        TimerWhen::LastSafe { minutes_before } if running && change.work.backing_out.is_none() => {
            carry::last_safe(change)?.checked_sub(SignedDuration::from_mins(*minutes_before)).ok()?
        }
        TimerWhen::GoDue if firm && !go_decided(change) => carry::checkpoint_at(change)?,
        TimerWhen::Idle { working_days } if can_idle(change.stage) => calendar.due_at(change.carry.touched_at.unwrap_or(now), *working_days, zone),
        TimerWhen::WorkingDaysIn { stage, days } if change.stage == *stage => calendar.due_at(change.stage_since, *days, zone),
        TimerWhen::DaysIn { stage, days } if change.stage == *stage => change.stage_since.checked_add(SignedDuration::from_hours(24 * days)).ok()?,
        TimerWhen::PaperDue(paper) => crate::urgent::papers(change).into_iter().find(|p| p.paper == *paper && p.done.is_none())?.due_at,
        _ => return None,
    };
    (at > now).then_some(at)
}
