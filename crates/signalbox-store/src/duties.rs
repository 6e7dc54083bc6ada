//! What somebody owes on a change, read from its state: one row for each duty, kept or open. The page "What I
//! promised" and the chases read these.

mod clinical;

use crate::Value;
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::actor::{Role, Stamp};
use signalbox_core::calendar::{Calendar, Division, at_cut_off, london};
use signalbox_core::change::{AssessmentKind, Change, Kind, Stage};
use signalbox_core::urgent::{Owed, Paper};

struct Duty<'a> {
    key: String,
    kind: &'a str,
    org: Option<i64>,
    role: Option<Role>,
    person: Option<i64>,
    about: String,
    text: Option<i64>,
    asked_at: Timestamp,
    due_at: Option<Timestamp>,
    done: Option<(&'a Stamp, Timestamp)>,
}

/// The rows of `duties` for a change, in the order of their keys.
pub fn of(change: &Change) -> Vec<Vec<Value>> {
    let mut duties = vec![];
    let papers = signalbox_core::urgent::papers(change);
    for ((kind, org), assessment) in &change.assessments {
        // What nobody gave falls away once the decision is taken.
        if assessment.given.is_none() && change.stage != Stage::Assessing {
            continue;
        }
        duties.push(Duty {
            key: format!("assessment-{}-{}", kind.code(), org.map_or(0, |o| o.0)),
            kind: "assessment",
            org: org.map(|o| o.0),
            role: org.is_none().then(|| giver(*kind)),
            person: None,
            about: kind.code().to_owned(),
            text: None,
            asked_at: change.stage_since.min(assessment.asked.due_at),
            due_at: Some(assessment.asked.due_at),
            done: assessment.given.as_ref().map(|g| (&g.by, g.at)),
        });
    }
    for condition in &change.conditions {
        duties.push(Duty {
            key: format!("condition-{:03}", condition.number),
            kind: "condition",
            org: Some(condition.condition.owner.0),
            role: None,
            person: None,
            about: condition.number.to_string(),
            text: Some(condition.condition.what.text.0),
            asked_at: change.raised_at,
            due_at: Some(end_of(condition.condition.due)),
            done: condition.met.as_ref().map(|(by, at, _)| (by, *at)),
        });
    }
    duties.extend(learning(change));
    duties.extend(notice_dispute(change));
    duties.extend(of_stage(change));
    duties.extend(papers.iter().map(|owed| of_paper(change, owed)));
    duties.extend(clinical::of(change));
    duties.sort_by(|a, b| a.key.cmp(&b.key));
    duties.into_iter().map(|duty| row(change, duty)).collect()
}

/// What an emergency or a late record still owes (spec 5.7): the person who said yes by phone, whoever raised it, or a role.
fn of_paper<'a>(change: &Change, owed: &'a Owed) -> Duty<'a> {
    let by_authority = change.approvals.iter().any(|a| a.by.role == Some(Role::AuthorityManager));
    let (org, role, person) = match owed.paper {
        Paper::Confirmation => (None, None, change.urgent.verbal.as_ref().map(|(yes, _)| yes.approver.0)),
        Paper::Ratification if by_authority => (None, Some(Role::SupplierManager), None),
        Paper::Ratification => (None, Some(Role::AuthorityManager), None),
        Paper::ClinicalReview if change.parties().runs.is_empty() => (None, Some(Role::AuthoritySafety), None),
        Paper::ClinicalReview => (None, Some(Role::SupplierSafety), None),
        Paper::Record => (Some(change.org.0), None, None),
        Paper::Verdict => (None, Some(Role::AuthorityManager), None),
    };
    Duty {
        key: format!("paper-{}", owed.paper.code()),
        kind: owed.paper.code(),
        org,
        role,
        person,
        about: owed.paper.code().to_owned(),
        text: None,
        asked_at: owed.asked_at,
        due_at: Some(owed.due_at),
        done: owed.done.as_ref().map(|(by, at)| (by, *at)),
    }
}

/// Actions of the review, whether it worked, and disputes (C106, X12, C102).
fn learning(change: &Change) -> Vec<Duty<'_>> {
    let learnt = &change.learnt;
    let plain = |key: String, kind: &'static str, about: String, asked_at: Timestamp| Duty {
        key,
        kind,
        org: None,
        role: None,
        person: None,
        about,
        text: None,
        asked_at,
        due_at: None,
        done: None,
    };
    let actions = learnt.actions.iter().map(|action| Duty {
        org: Some(action.action.owner.0),
        text: Some(action.action.what.text.0),
        due_at: Some(end_of(action.action.due)),
        done: action.done.as_ref().map(|(by, at, _)| (by, *at)),
        ..plain(format!("action-{:03}", action.action.number), "action", action.action.number.to_string(), action.set_at)
    });
    let ended = change.work.finished.as_ref().map_or(change.stage_since, |told| told.happened_at);
    let due = Calendar::shipped(Division::EnglandAndWales).due_at(ended, 5, &london());
    let worked = signalbox_core::learn::asked_whether_it_worked(change).into_iter().map(|org| Duty {
        org: Some(org.0),
        due_at: Some(due),
        done: learnt.confirmations.get(&org).map(|(_, by, at)| (by, *at)),
        ..plain(format!("worked-{}", org.0), "worked", "worked".to_owned(), ended)
    });
    let disputes = learnt.disputes.iter().enumerate().map(|(n, dispute)| Duty {
        role: Some(Role::SupplierManager),
        text: Some(dispute.dispute.reason.text.0),
        due_at: Some(Calendar::shipped(Division::EnglandAndWales).due_at(dispute.at, 5, &london())),
        done: dispute.answer.as_ref().map(|(by, at, _)| (by, *at)),
        ..plain(format!("dispute-{:03}", n + 1), "dispute", "dispute".to_owned(), dispute.at)
    });
    actions.chain(worked).chain(disputes).collect()
}

/// A dispute of what late notice leads to, while there is somebody to decide it (spec 5.5).
fn notice_dispute(change: &Change) -> Option<Duty<'_>> {
    let dispute = change.notice_course.dispute.as_ref()?;
    let is_over = matches!(change.stage, Stage::Cancelled | Stage::Withdrawn | Stage::Expired | Stage::Rejected | Stage::ClinRejected | Stage::Returned);
    let done = dispute.end.as_ref().map(|end| (&end.by, end.at));
    (done.is_some() || !is_over).then(|| Duty {
        key: "notice-dispute".to_owned(),
        kind: "notice_dispute",
        org: None,
        role: Some(Role::AuthorityManager),
        person: None,
        about: "notice_dispute".to_owned(),
        text: Some(dispute.reason.text.0),
        asked_at: dispute.at,
        due_at: Some(Calendar::shipped(Division::EnglandAndWales).due_at(dispute.at, 5, &london())),
        done,
    })
}

/// The duty that the stage itself means.
fn of_stage(change: &Change) -> Option<Duty<'static>> {
    let duty = |kind: &'static str, org: Option<i64>, role: Option<Role>, due_at: Option<Timestamp>| Duty {
        key: kind.to_owned(),
        kind,
        org,
        role,
        person: None,
        about: kind.to_owned(),
        text: None,
        asked_at: change.stage_since,
        due_at,
        done: None,
    };
    let working_days = |n| Some(Calendar::shipped(Division::EnglandAndWales).due_at(change.stage_since, n, &london()));
    match change.stage {
        Stage::LocalAuth => Some(duty("local", Some(change.org.0), None, None)),
        // Half an hour, after which anybody else on call is rung (spec 3.2).
        Stage::Submitted if change.kind == Kind::Emergency => {
            let due_at = change.stage_since.checked_add(jiff::SignedDuration::from_mins(30)).ok();
            Some(duty("acceptance", None, Some(Role::AuthorityManager), due_at))
        }
        // X3: an outage is accepted, with names, within 3 working days; anything else is checked within one (T5).
        Stage::Submitted if change.kind == Kind::PlannedOutage => Some(duty("acceptance", None, Some(Role::SupplierManager), working_days(3))),
        Stage::Submitted => Some(duty("acceptance", None, Some(Role::SupplierManager), working_days(1))),
        Stage::Returned => Some(duty("answer", Some(change.org.0), None, working_days(20))),
        Stage::OnHold => Some(duty("hold", None, Some(Role::SupplierManager), change.hold_review_on.map(end_of))),
        Stage::Review if change.review.is_none() => Some(duty("review", None, Some(Role::SupplierManager), change.review_due.as_ref().map(|(due, _)| *due))),
        _ => None,
    }
}

fn giver(kind: AssessmentKind) -> Role {
    match kind {
        AssessmentKind::Technical | AssessmentKind::Resources | AssessmentKind::Security => Role::Assessor,
        AssessmentKind::Continuity | AssessmentKind::Affected => Role::Coordinator,
        AssessmentKind::Network => Role::NetworkDesk,
        AssessmentKind::Commercial => Role::Commercial,
    }
}

/// 17:00 on that day, in London.
fn end_of(day: Date) -> Timestamp {
    at_cut_off(day, &london())
}

fn row(change: &Change, duty: Duty) -> Vec<Value> {
    vec![
        change.id.0.into(),
        duty.key.into(),
        duty.kind.into(),
        duty.org.into(),
        duty.role.map(Role::code).map(str::to_owned).into(),
        duty.person.into(),
        duty.about.into(),
        duty.text.into(),
        duty.asked_at.as_microsecond().into(),
        duty.due_at.map(Timestamp::as_microsecond).into(),
        duty.done.map(|(_, at)| at.as_microsecond()).into(),
        duty.done.and_then(|(by, _)| by.person).map(|p| p.0).into(),
    ]
}
