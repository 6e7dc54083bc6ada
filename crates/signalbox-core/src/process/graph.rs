//! The stages of a document as a graph: what leads where.

use super::{Process, Step};
use crate::act::Act;
use crate::change::{Kind, Stage};
use crate::rule::Rule;
use std::collections::BTreeSet;

/// Stages that nothing has to leave.
pub const ENDS: &[Stage] = &[Stage::Closed, Stage::Cancelled, Stage::Withdrawn, Stage::Expired];

/// Stages in which work is, or was, on its way; no change comes here without an approval.
pub const AFTER_APPROVAL: &[Stage] = &[Stage::Approved, Stage::Scheduled, Stage::Implementing, Stage::BackingOut, Stage::Implemented];

/// Where an act leads by its meaning in the program; `None`: the stage stays. A document chooses whether an act
/// occurs from a stage; it cannot choose what the act does.
pub fn leads_to(kind: Kind, act: Act, from: Stage) -> Option<Stage> {
    let is_approved = matches!(from, Stage::Approved | Stage::Scheduled);
    let to = match act {
        Act::Propose => Stage::LocalAuth,
        Act::SendBack => Stage::Draft,
        Act::Submit => Stage::Submitted,
        Act::Return => Stage::Returned,
        Act::Accept if kind == Kind::ServiceRequest => Stage::Scheduled,
        Act::Accept | Act::AskMore | Act::Overrule => Stage::Assessing,
        Act::RejectClinically => Stage::ClinRejected,
        Act::Complete => Stage::AwaitingApproval,
        Act::Approve | Act::Reaffirm => Stage::Approved,
        Act::TakeBack => Stage::AwaitingApproval,
        Act::Reject => Stage::Rejected,
        Act::RecordVerbal => Stage::Approved,
        Act::Hold => Stage::OnHold,
        Act::Schedule => Stage::Scheduled,
        // A move outside tolerance, or a material change, voids the approval (T19, BR-31); a smaller one stays.
        Act::Reschedule | Act::Amend | Act::Plan if is_approved && kind == Kind::Emergency => Stage::Submitted,
        Act::Reschedule | Act::Amend | Act::Plan if is_approved && kind != Kind::ServiceRequest => Stage::AwaitingApproval,
        // Work that has begun is held at the next safe point (X8).
        Act::Stop if !matches!(from, Stage::Implementing | Stage::BackingOut) => Stage::ClinRejected,
        // BR-17: back to whoever schedules it.
        Act::RefuseNotice if from == Stage::Scheduled => Stage::Approved,
        Act::Cancel => Stage::Cancelled,
        Act::Withdraw => Stage::Withdrawn,
        Act::Start => Stage::Implementing,
        Act::Finish => Stage::Implemented,
        Act::BackOut => Stage::BackingOut,
        Act::Review => Stage::Review,
        Act::Close => Stage::Closed,
        Act::Expire => Stage::Expired,
        _ => return None,
    };
    (to != from).then_some(to)
}

/// The stages that can follow a step. What was held goes back to where it was held.
pub fn follows(process: &Process, step: &Step) -> Vec<Stage> {
    match (step.act, step.to) {
        (Act::Resume, _) => process.steps.iter().filter(|s| s.act == Act::Hold && s.to == Some(step.from)).map(|s| s.from).collect(),
        // There is an approval to re-affirm only where somebody approves.
        (Act::Reaffirm, _) if !process.steps.iter().any(|s| s.act == Act::Approve) => vec![],
        (_, Some(to)) => vec![to],
        (_, None) => vec![],
    }
}

/// Every stage that can be come to from a stage, itself included, by the steps that pass.
pub fn reachable(process: &Process, from: Stage, passes: impl Fn(&Step) -> bool) -> BTreeSet<Stage> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(stage) = open.pop() {
        for step in process.steps.iter().filter(|step| step.from == stage && passes(step)) {
            open.extend(follows(process, step).into_iter().filter(|next| seen.insert(*next)));
        }
    }
    seen
}

/// Whether a step stands for an approval: the act itself, or the catalogue's authorisation given beforehand.
pub fn is_approval(step: &Step) -> bool {
    // A small move is re-affirmed only while an approval stands (X10).
    matches!(step.act, Act::Approve | Act::RecordVerbal | Act::Reaffirm) || step.needs.contains(&Rule::RequestEligible)
}
