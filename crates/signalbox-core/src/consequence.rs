//! What late or defective notice leads to, from the proposal to the end of a dispute (spec 5.5, 6.5). The document's table
//! proposes; a change manager settles it, or silence does; whoever it falls on may dispute what was proposed or settled,
//! once; then the authority decides, and that stands until the notice itself is another.

use crate::act::Act;
use crate::actor::{Role, Stamp};
use crate::calendar::Calendar;
use crate::change::{Change, Consequence, Stage};
use crate::event::{Event, Recorded};
use crate::refusal::Bar;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::tz::TimeZone;

vocabulary! {
    /// How a dispute stands.
    DisputeState {
        Open = "open", "not decided yet";
        /// The authority left it as it was.
        Upheld = "upheld", "upheld";
        Overturned = "overturned", "overturned";
    }
}

/// What people made of the proposal, for the notice that counts now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// The latest word of a change manager before any dispute.
    pub settled: Option<Settled>,
    pub dispute: Option<Dispute>,
}

/// A consequence that a person gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub consequence: Consequence,
    pub by: Stamp,
    pub at: Timestamp,
}

/// Somebody's word that a consequence is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    pub by: Stamp,
    pub at: Timestamp,
    pub reason: Text,
    /// What it is about: as it was proposed or settled by then.
    pub about: Consequence,
    /// What the authority decided.
    pub end: Option<Settled>,
}

impl Dispute {
    /// Where it stands. A proposal that is carried out as it was proposed is upheld.
    pub fn state(&self) -> DisputeState {
        let carried_out = match self.about {
            Consequence::ExclusionProposed => Consequence::Excluded,
            Consequence::WaiverProposed => Consequence::Waived,
            other => other,
        };
        match &self.end {
            None => DisputeState::Open,
            Some(end) if end.consequence == self.about || end.consequence == carried_out => DisputeState::Upheld,
            Some(_) => DisputeState::Overturned,
        }
    }
}

/// What stands in the way of settling it, or of disputing it.
pub(crate) fn bar(change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    if change.notice().is_none_or(|notice| !notice.is_wanting()) {
        return Some(Bar::new("notice-on-time"));
    }
    let course = &change.notice_course;
    let own = |by: &Stamp| by.shares_a_person_with(stamp);
    match (act, &course.dispute) {
        (_, Some(dispute)) if dispute.end.is_some() => Some(Bar::new("notice-dispute-decided")),
        (Act::DisputeNotice, Some(_)) => Some(Bar::new("notice-disputed-already")),
        (Act::DisputeNotice, None) => course.settled.as_ref().filter(|settled| own(&settled.by)).map(|_| Bar::new("own-settlement")),
        (_, Some(dispute)) if own(&dispute.by) => Some(Bar::new("own-dispute")),
        (_, Some(_)) if stamp.role != Some(Role::AuthorityManager) => Some(Bar::new("notice-disputed")),
        _ => None,
    }
}

/// What people say of it.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match &recorded.event {
        Event::NoticeSettled { consequence, .. } => {
            let settled = Some(Settled { consequence: *consequence, by, at });
            change.consequence = Some(*consequence);
            match &mut change.notice_course.dispute {
                Some(dispute) => dispute.end = settled,
                None => change.notice_course.settled = settled,
            }
        }
        Event::NoticeProtected => {
            change.consequence = Some(Consequence::Protected);
            change.notice_course.settled = Some(Settled { consequence: Consequence::Protected, by, at });
        }
        Event::NoticeDisputed { reason } => {
            let about = change.consequence;
            change.notice_course.dispute = about.map(|about| Dispute { by, at, reason: reason.clone(), about, end: None });
        }
        _ => {}
    }
}

/// So many working days the change managers have to decide what late notice leads to (BR-13b).
const WORKING_DAYS_TO_SETTLE: i64 = 2;

/// When silence has decided that nothing follows from late notice: it was put at risk, and nobody has settled or disputed it
/// within two working days of its receipt (BR-13b to BR-13d). `None` where it is not silence that decides.
pub(crate) fn protected_at(change: &Change, calendar: &Calendar, zone: &TimeZone) -> Option<Timestamp> {
    let stands = change.stage == Stage::Closed || !(change.stage.is_final() || change.stage == Stage::Returned);
    let is_silent = change.consequence == Some(Consequence::AtRisk) && change.notice_course == Course::default();
    let notice = change.notice().filter(|_| stands && is_silent)?;
    Some(calendar.due_at(notice.received_at, WORKING_DAYS_TO_SETTLE, zone))
}

/// Another notice, or another judgement of it, has a consequence of its own that nobody has spoken of yet.
pub(crate) fn begin(change: &mut Change, proposed: Option<Consequence>) {
    change.consequence = proposed;
    change.notice_course = Course::default();
}
