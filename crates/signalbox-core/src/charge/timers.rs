//! What is timed: reminders before a quote lapses, the lapse itself, and the approval that waits for an order.

use super::{Fate, MoneyEvent, Quote, State, Track};
use crate::actor::Role;
use crate::calendar::Calendar;
use crate::change::{Change, Stage};
use crate::process::{Audience, TimerAct};
use crate::react::Task;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long an approval waits for an order once the quote has lapsed, in working days (scenario 39).
const WAIT_WORKING_DAYS: i64 = 20;

/// The quote whose lapse matters: not answered, or accepted with too small an order.
pub(crate) fn pending(change: &Change) -> Option<&Quote> {
    let money = &change.money;
    let short = || money.accepted().filter(|q| money.state() == State::Accepted && q.is_short());
    money.unanswered().or_else(short)
}

/// The timers of the track as it stands.
pub(crate) fn of(change: &Change, calendar: &Calendar, zone: &TimeZone, now: Timestamp) -> Vec<Task> {
    let mut tasks = vec![];
    let payers = vec![Audience::Role(Role::Finance), Audience::Role(Role::Coordinator), Audience::Role(Role::Commercial)];
    let deciders = vec![Audience::Role(Role::AuthorityManager), Audience::Role(Role::SupplierManager), Audience::Raiser, Audience::Role(Role::Finance)];
    let mut add = |then, due_at: Timestamp, because: String| {
        if due_at > now {
            let tells = if then == TimerAct::LapseApproval { deciders.clone() } else { payers.clone() };
            tasks.push(Task::Timer { then, tells, due_at, because });
        }
    };
    if let Some(quote) = pending(change) {
        let (version, lapse) = (quote.terms.version, quote.lapses_at());
        for days in [7, 1] {
            let due_at = lapse.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(lapse);
            add(TimerAct::RemindQuote, due_at, format!("quote {version} until {}", quote.valid_to()));
        }
        add(TimerAct::LapseQuote, lapse, format!("quote {version}"));
    }
    if let (Some(at), Stage::Approved) = (lapsed_at(change), change.stage) {
        add(TimerAct::LapseApproval, calendar.due_at(at, WAIT_WORKING_DAYS, zone), "no order".to_owned());
    }
    tasks
}

fn lapsed_at(change: &Change) -> Option<Timestamp> {
    match &change.money.track {
        Track::Expired { at, .. } if change.money.awaits_order => Some(*at),
        _ => None,
    }
}

/// What a due timer means now; `None`: nothing any more.
pub(crate) fn ring(change: &Change, calendar: &Calendar, zone: &TimeZone, then: TimerAct, now: Timestamp) -> Option<MoneyEvent> {
    match then {
        TimerAct::LapseQuote => {
            let quote = pending(change).filter(|q| now >= q.lapses_at())?;
            Some(MoneyEvent::QuoteLapsed { version: quote.terms.version })
        }
        TimerAct::LapseApproval => {
            let at = lapsed_at(change).filter(|_| change.stage == Stage::Approved)?;
            (now >= calendar.due_at(at, WAIT_WORKING_DAYS, zone)).then_some(MoneyEvent::ApprovalLapsed)
        }
        _ => None,
    }
}

/// Whether a reminder about a quote still means something: it is pending, and lapses in these days.
pub fn is_near_lapse(change: &Change, now: Timestamp) -> bool {
    let near = |quote: &Quote| {
        let left = quote.lapses_at().duration_since(now);
        left > SignedDuration::ZERO && left <= SignedDuration::from_hours(8 * 24) && quote.fate != Fate::Lapsed { at: now }
    };
    pending(change).is_some_and(near)
}

/// Whom an event tells that follows of itself, so that no step names them.
pub(crate) fn tells(event: &MoneyEvent) -> Vec<Audience> {
    let role = Audience::Role;
    match event {
        MoneyEvent::QuoteSuperseded { .. } | MoneyEvent::AbortFeeProposed { .. } => vec![role(Role::Finance), role(Role::Coordinator), role(Role::Commercial)],
        MoneyEvent::OrderAwaited => vec![role(Role::Finance)],
        MoneyEvent::WorkAuthorised { .. } => vec![role(Role::Commercial), role(Role::SupplierManager)],
        _ => vec![],
    }
}
