//! What happened, happened: folding an event in never refuses, holds no rule and reads no clock.

use crate::change::*;
use crate::clinical::fold as clinical;
use crate::consequence;
use crate::event::{Event, NewCondition, Recorded, Told};
use crate::ids::ChangeId;
use jiff::Timestamp;

/// The change that its log tells; `None` before the first event.
pub fn replay<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Option<Change> {
    events.into_iter().fold(None, |change, event| Some(apply(change, event)))
}

/// The change after one more event.
pub fn apply(change: Option<Change>, recorded: &Recorded) -> Change {
    let mut change = change.unwrap_or_else(|| unborn(recorded));
    apply_to(&mut change, recorded);
    change
}

/// The same, where the change is at hand: nothing of it is copied.
pub(crate) fn apply_to(change: &mut Change, recorded: &Recorded) {
    change.version = recorded.version;
    let before = change.stage;
    fold(change, recorded);
    let ruled = |ruling: &crate::event::Ruling| Ruled { version: recorded.version, at: recorded.at, by: recorded.by.clone(), ruling: ruling.clone() };
    // Shared, for a change is copied often and what was ruled once never changes.
    change.rulings.extend(recorded.rulings.iter().map(ruled).map(std::sync::Arc::new));
    crate::carry::fold(change, recorded);
    crate::learn::fold(change, recorded);
    clinical::note(change, recorded);
    if change.stage != before {
        change.stage_since = recorded.at;
    }
}

fn unborn(recorded: &Recorded) -> Change {
    Change {
        id: ChangeId(recorded.change.0),
        version: 0,
        reference: String::new(),
        kind: Kind::Normal,
        process: String::new(),
        org: crate::ids::OrgId(0),
        raised_as: None,
        heirs: Default::default(),
        raised_by: recorded.by.clone(),
        raised_at: recorded.at,
        on_behalf_of: None,
        stage: Stage::Draft,
        stage_since: recorded.at,
        held_from: None,
        hold_review_on: None,
        revision: 0,
        content: None,
        submitted_by: Default::default(),
        receipts: vec![],
        consequence: None,
        notice_course: Default::default(),
        late_reason: None,
        late_words: None,
        defects: vec![],
        classification: None,
        promise: None,
        model: None,
        assessments: Default::default(),
        clinical: Clinical::NotAssessed,
        safety: Default::default(),
        network: Network::NotNeeded,
        approvals: vec![],
        board: Default::default(),
        conditions: vec![],
        excepted: vec![],
        settled: vec![],
        after: vec![],
        implementer: None,
        work: Work::default(),
        carry: Default::default(),
        departments_told: Default::default(),
        learnt: Default::default(),
        refusals: vec![],
        asked_more: None,
        review_due: None,
        review: None,
        outcome: None,
        outcome_by: None,
        closed_at: None,
        restated: false,
        source_ref: None,
        urgent: Default::default(),
        long: false,
        attached: 0,
        rulings: vec![],
        money: Default::default(),
    }
}

fn fold(change: &mut Change, recorded: &Recorded) {
    match &recorded.event {
        Event::Raised { .. } | Event::Imported { .. } | Event::Proposed { .. } | Event::SentBack { .. } | Event::Submitted { .. } | Event::Returned { .. } => {
            fold_raising(change, recorded)
        }
        Event::Accepted { .. } | Event::Assessed { .. } | Event::AssessmentCompleted => fold_assessment(change, recorded),
        Event::Screened { .. }
        | Event::HazardRecorded(_)
        | Event::HazardRated(_)
        | Event::ClinicallyQueried { .. }
        | Event::ClinicalQueryAnswered { .. }
        | Event::ClinicallyEscalated { .. }
        | Event::ClinicallyAccepted { .. }
        | Event::ClinicallyCountersigned(_)
        | Event::ScreeningReviewed { .. }
        | Event::DowntimeWaived { .. }
        | Event::ClinicallyRejected { .. }
        | Event::ClinicallyAppealed { .. }
        | Event::ClinicalRejectionUpheld { .. }
        | Event::ClinicalRejectionOverruled(_)
        | Event::Stopped { .. }
        | Event::StopSettled(_) => clinical::fold(change, recorded),
        Event::Started { .. }
        | Event::RanLate { .. }
        | Event::Restored { .. }
        | Event::BackOutBegun { .. }
        | Event::Finished { .. }
        | Event::Overran
        | Event::DepartmentTold(_) => fold_work(change, recorded),
        Event::ReviewOpened { .. }
        | Event::Reviewed { .. }
        | Event::Closed { .. }
        | Event::Restated { .. }
        | Event::Cancelled { .. }
        | Event::Withdrawn { .. }
        | Event::ExpiredUnanswered => fold_ending(change, recorded),
        Event::NetworkTold { .. } | Event::NetworkAcknowledged { .. } | Event::NetworkRefused { .. } | Event::NetworkToldUnacknowledged { .. } => {
            fold_network(change, recorded)
        }
        Event::NoticeSettled { .. } | Event::NoticeDisputed { .. } | Event::NoticeProtected => consequence::fold(change, recorded),
        Event::VerballyApproved(_)
        | Event::VerbalConfirmed { .. }
        | Event::VerbalDenied { .. }
        | Event::Ratified { .. }
        | Event::RatificationRefused(_)
        | Event::VerdictGiven(_)
        | Event::PaperworkAsked { .. }
        | Event::RecordCompleted
        | Event::Converted { .. } => crate::urgent::fold(change, recorded),
        Event::OrganisationSucceeded(_) => crate::succession::fold(change, recorded),
        Event::Money(event) => crate::charge::fold::fold(change, recorded, event),
        _ => fold_decision(change, recorded),
    }
}

fn fold_raising(change: &mut Change, recorded: &Recorded) {
    match &recorded.event {
        Event::Raised { reference, kind, process, org, on_behalf_of, retrospective_of, .. } => {
            change.urgent.retrospective_of = *retrospective_of;
            change.reference = reference.clone();
            change.kind = *kind;
            change.process = process.clone();
            change.org = *org;
            change.on_behalf_of = on_behalf_of.clone();
        }
        Event::Imported { reference, kind, process, org, source_ref, content, stage, outcome, notice, long, .. } => {
            change.reference = reference.clone();
            change.kind = *kind;
            change.process = process.clone();
            // A row that is brought in again still names who raised it.
            change.org = change.heir_of(*org);
            change.source_ref = Some(source_ref.clone());
            change.stage = *stage;
            change.outcome = *outcome;
            change.closed_at = outcome.and(content.header.window.map(|w| w.end));
            change.long = *long;
            change.revision = 1;
            change.consequence = notice.as_ref().map(|n| n.consequence);
            change.receipts = notice.iter().map(|n| receipt(1, n.received_at, content, Some(n.clone()))).collect();
            change.content = Some((**content).clone());
        }
        Event::Proposed { content } => {
            change.content = Some((**content).clone());
            change.stage = Stage::LocalAuth;
        }
        Event::SentBack { .. } => change.stage = Stage::Draft,
        Event::Submitted { content, revision, notice, late_reason, late_words, network_needed, answers_to_hazards } => {
            change.submitted_by.extend(recorded.by.people());
            change.revision = *revision;
            change.receipts.push(receipt(*revision, recorded.at, content, notice.clone()));
            consequence::begin(change, notice.as_ref().map(|n| n.consequence));
            change.late_reason = late_reason.clone();
            change.late_words = late_words.clone();
            let before = change.content.replace((**content).clone());
            change.defects.clear();
            begin_again(change, recorded.at);
            clinical::new_revision(change, before.as_ref(), answers_to_hazards, &recorded.by, recorded.at);
            need_network(change, *network_needed);
            change.stage = Stage::Submitted;
            if change.kind == Kind::Retrospective {
                done_already(change);
            }
        }
        Event::Returned { defects, voids_receipt, defective, .. } => {
            change.defects = defects.clone();
            // What was missing now was missing before: an earlier receipt of the same window does not stand either (X4).
            if *voids_receipt {
                change.receipts.iter_mut().for_each(|receipt| receipt.void = true);
            }
            if *defective && let Some(notice) = change.receipts.iter_mut().rev().find(|r| !r.void).and_then(|r| r.notice.as_mut()) {
                notice.defective = true;
            }
            change.stage = Stage::Returned;
        }
        _ => {}
    }
}

/// A late record tells when the work began and ended (spec 4.4).
fn done_already(change: &mut Change) {
    let Some(window) = change.window() else { return };
    let told = |at| Told { happened_at: at, on_behalf_of: None, by_phone: false, deviations: vec![] };
    change.work.started = Some(told(window.start));
    change.work.finished = Some(told(window.end));
}

/// A new revision is assessed, decided and staffed anew; what was promised for the old one and not yet done is off.
fn begin_again(change: &mut Change, at: Timestamp) {
    change.assessments.clear();
    change.classification = None;
    change.promise = None;
    change.implementer = None;
    change.asked_more = None;
    change.conditions.retain(|c| c.met.is_some());
    crate::urgent::begin_again(change);
    void_approvals(change, at);
}

/// The provider has to be told, or no longer; a notice already given stands.
fn need_network(change: &mut Change, needed: bool) {
    match (&change.network, needed) {
        (Network::NotNeeded, true) => change.network = Network::Needed,
        (_, false) => change.network = Network::NotNeeded,
        _ => {}
    }
}

fn receipt(revision: u32, at: Timestamp, content: &Content, notice: Option<crate::event::NoticeGiven>) -> Receipt {
    Receipt { revision, at, notice, void: false, window: content.header.window, items: content.header.items.clone() }
}

fn fold_assessment(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match &recorded.event {
        Event::Accepted { classification, promise, asked, model, notice } => {
            change.classification = classification.clone();
            change.promise = promise.clone();
            change.model = model.clone();
            if let (Some(notice), Some(receipt)) = (notice, change.receipts.iter_mut().rev().find(|receipt| !receipt.void)) {
                let before = receipt.notice.replace((**notice).clone()).map(|before| before.consequence);
                // What somebody has settled already stays settled.
                if change.notice_course.settled.is_none() && before != Some(notice.consequence) {
                    consequence::begin(change, Some(notice.consequence));
                }
            }
            change.assessments = asked.iter().map(|a| ((a.kind, a.org), Assessment { asked: a.clone(), given: None })).collect();
            change.stage = if change.kind == Kind::ServiceRequest { Stage::Scheduled } else { Stage::Assessing };
        }
        Event::Assessed { kind, org, objects, finding } => {
            change.asked_more = None;
            if let Some(assessment) = change.assessments.get_mut(&(*kind, *org)) {
                assessment.given = Some(Given { by, at, objects: *objects, finding: finding.clone() });
            }
        }
        Event::AssessmentCompleted => change.stage = Stage::AwaitingApproval,
        _ => {}
    }
}

pub(crate) fn add_conditions(change: &mut Change, recorded: &Recorded, conditions: &[NewCondition]) {
    for condition in conditions {
        let number = change.conditions.iter().map(|c| c.number).max().unwrap_or_default() + 1;
        change.conditions.push(Condition { number, condition: condition.clone(), set_by: recorded.by.clone(), met: None });
    }
}

pub(crate) fn void_approvals(change: &mut Change, at: Timestamp) {
    change.board.moved = None;
    for approval in change.approvals.iter_mut().filter(|a| a.void.is_none()) {
        approval.void = Some(at);
    }
}

fn fold_decision(change: &mut Change, recorded: &Recorded) {
    let at = recorded.at;
    match &recorded.event {
        Event::Approved { content, window, words, conditions, closure, .. } => {
            // What was approved before a small move is decided anew instead of re-affirmed.
            if change.board.moved.is_some() {
                void_approvals(change, at);
            }
            let (by, content, words) = (recorded.by.clone(), content.clone(), words.clone());
            change.approvals.push(Approval { by, at, content, window: *window, words, void: None, closure: closure.clone() });
            add_conditions(change, recorded, conditions);
            change.stage = Stage::Approved;
        }
        Event::Rejected { reason_code, reason } => {
            change.refusals.push(Refused { at, by: Some(recorded.by.clone()), code: reason_code.clone(), reason: reason.clone() });
            change.stage = Stage::Rejected;
        }
        Event::MoreAsked { questions } => {
            change.asked_more = Some(questions.clone());
            change.stage = Stage::Assessing;
        }
        Event::Held { review_on, .. } => {
            change.held_from = Some(change.stage);
            change.hold_review_on = Some(*review_on);
            change.stage = Stage::OnHold;
        }
        Event::Resumed => {
            // What was owed waited too (C094).
            let held = at.duration_since(change.stage_since);
            for owed in change.assessments.values_mut().filter(|a| a.given.is_none()) {
                owed.asked.due_at = owed.asked.due_at.saturating_add(held).unwrap_or(owed.asked.due_at);
            }
            change.stage = change.held_from.take().unwrap_or(Stage::Assessing);
            change.hold_review_on = None;
        }
        Event::Scheduled { implementer, org, .. } => {
            change.implementer = Some((*implementer, *org));
            change.stage = Stage::Scheduled;
        }
        Event::FreezeExcepted(excepted) => crate::decide::freeze::fold(change, recorded, excepted),
        Event::Ordered { after } => change.after.clone_from(after),
        Event::ClashSettled(settled) => crate::decide::clash::fold(change, recorded, settled),
        Event::Voted(vote) => change.board.put(&recorded.by, at, vote),
        Event::TakenBack { .. } => {
            if change.stage == Stage::Rejected {
                change.refusals.pop();
            }
            void_approvals(change, at);
            change.stage = Stage::AwaitingApproval;
        }
        Event::Reaffirmed { .. } => reaffirm(change, recorded),
        Event::Rescheduled { .. } => reschedule(change, recorded),
        Event::Amended { content, material, network_needed } => {
            need_network(change, *network_needed);
            amend(change, content, !material.is_empty(), recorded);
        }
        Event::Attached { .. } => change.attached += 1,
        Event::Planned(planned) if planned.material && matches!(change.stage, Stage::Approved | Stage::Scheduled) => reopen(change, recorded),
        Event::ConditionMet { number, words } => {
            if let Some(condition) = change.conditions.iter_mut().find(|c| c.number == *number) {
                condition.met = Some((recorded.by.clone(), at, words.clone()));
            }
        }
        _ => {}
    }
}

/// T19, T35 and X10: the window moves.
fn reschedule(change: &mut Change, recorded: &Recorded) {
    let Event::Rescheduled { content, within_tolerance, small, notice, .. } = &recorded.event else { return };
    let at = recorded.at;
    let before = change.window();
    change.board.moved = None;
    change.content = Some((**content).clone());
    if let Some(notice) = notice {
        consequence::begin(change, Some(notice.consequence));
        change.receipts.push(receipt(change.revision, at, content, Some(notice.clone())));
    }
    if *within_tolerance {
        let (hash, window) = (content.hash.clone(), content.header.window);
        for approval in change.approvals.iter_mut().filter(|a| a.void.is_none()) {
            (approval.content, approval.window) = (hash.clone(), window);
        }
    } else {
        if let (true, Some(window)) = (*small, before) {
            change.board.moved = Some(crate::board::Moved { at, window, safety: None });
            change.stage = Stage::AwaitingApproval;
        } else {
            reopen(change, recorded);
        }
        // The provider was told of another time.
        if change.network != Network::NotNeeded {
            change.network = Network::Needed;
        }
    }
    // Whatever it refused, it was not this.
    if matches!(change.network, Network::Refused { .. }) {
        change.network = Network::Needed;
    }
}

/// X10: by a safety officer the way is open to the chair; by the chair the approvals stand for the new window.
fn reaffirm(change: &mut Change, recorded: &Recorded) {
    if recorded.by.role.is_some_and(crate::actor::Role::is_safety_officer) {
        if let Some(moved) = &mut change.board.moved {
            moved.safety = Some(recorded.by.clone());
        }
        return;
    }
    change.board.moved = None;
    let (hash, window) = (change.content.as_ref().map(|c| c.hash.clone()).unwrap_or_default(), change.window());
    for approval in change.approvals.iter_mut().filter(|a| a.void.is_none()) {
        (approval.content, approval.window) = (hash.clone(), window);
    }
    change.stage = Stage::Approved;
}

/// Other answers: a material one is decided again, any other keeps its approvals (BR-31).
fn amend(change: &mut Change, content: &Content, is_material: bool, recorded: &Recorded) {
    let before = change.content.replace(content.clone());
    change.asked_more = None;
    if is_material {
        return reopen(change, recorded);
    }
    // What is firm was decided; before that, another answer is another question to the officer (spec 5.3).
    if !change.stage.is_firm() && before.is_some_and(|before| !clinical::is_neutral(change, &before, content, true)) {
        clinical::restart(change, &recorded.by, recorded.at);
    }
    for approval in change.approvals.iter_mut().filter(|a| a.void.is_none()) {
        approval.content = content.hash.clone();
    }
}

/// T19: approvals are void, and so is a clinical answer, which was given for what was asked then (spec 5.3); an
/// approved or scheduled change goes back to be decided.
fn reopen(change: &mut Change, recorded: &Recorded) {
    void_approvals(change, recorded.at);
    crate::urgent::begin_again(change);
    if !matches!(change.clinical, Clinical::Rejected { .. } | Clinical::Stopped { .. }) {
        clinical::restart(change, &recorded.by, recorded.at);
    }
    if matches!(change.stage, Stage::Approved | Stage::Scheduled) && change.kind != Kind::ServiceRequest {
        // What is urgent goes back to whoever may say yes at once.
        change.stage = if change.kind == Kind::Emergency { Stage::Submitted } else { Stage::AwaitingApproval };
    }
}

fn fold_work(change: &mut Change, recorded: &Recorded) {
    let work = &mut change.work;
    let mark = |work: &mut Work, told: &Told| work.deviations.extend(told.deviations.iter().cloned());
    match &recorded.event {
        Event::Started { told } => {
            mark(work, told);
            work.started.get_or_insert_with(|| told.clone());
            work.started_by.get_or_insert_with(|| recorded.by.clone());
            // X1: work that has begun has begun, approved or not; the event is marked where it was not.
            if !matches!(change.stage, Stage::BackingOut | Stage::Implemented | Stage::Review) && !change.stage.is_final() {
                change.stage = Stage::Implementing;
                change.held_from = None;
            }
        }
        Event::RanLate { told, expected_end, .. } => {
            mark(work, told);
            work.expected_end = Some(*expected_end);
        }
        Event::Restored { told, services } => {
            mark(work, told);
            for service in services {
                work.restored.retain(|(s, _)| s != service);
                work.restored.push((*service, told.happened_at));
            }
        }
        Event::BackOutBegun { told, .. } => {
            mark(work, told);
            work.backing_out = Some(told.clone());
            change.stage = Stage::BackingOut;
        }
        Event::Finished { told, outcome, .. } => {
            mark(work, told);
            work.finished = Some(told.clone());
            work.finished_by = Some(recorded.by.clone());
            work.proposed = Some(*outcome);
            if matches!(change.stage, Stage::Approved | Stage::Scheduled | Stage::Implementing | Stage::BackingOut) {
                change.stage = Stage::Implemented;
            }
        }
        Event::Overran => work.overran = true,
        Event::DepartmentTold(one) => change.departments_told.push(((**one).clone(), recorded.by.clone())),
        _ => {}
    }
}

fn fold_ending(change: &mut Change, recorded: &Recorded) {
    let mut end = |stage: Stage, outcome: Option<Outcome>| {
        change.stage = stage;
        change.outcome = outcome;
        change.outcome_by = Some(recorded.by.clone());
        change.closed_at = Some(recorded.at);
    };
    match &recorded.event {
        Event::Closed { outcome, .. } => end(Stage::Closed, Some(*outcome)),
        Event::Cancelled { .. } => end(Stage::Cancelled, None),
        Event::Withdrawn { .. } => end(Stage::Withdrawn, None),
        Event::ExpiredUnanswered => end(Stage::Expired, None),
        Event::Restated { outcome, .. } => {
            change.outcome = Some(*outcome);
            change.outcome_by = Some(recorded.by.clone());
            change.restated = true;
        }
        Event::ReviewOpened { because, due_at } => {
            change.review_due = Some((*due_at, because.clone()));
            change.stage = Stage::Review;
        }
        Event::Reviewed { words, .. } => change.review = Some((recorded.by.clone(), recorded.at, words.clone())),
        _ => {}
    }
}

fn fold_network(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    match &recorded.event {
        Event::NetworkTold { way, reference } => change.network = Network::Sent { at, way: way.clone(), reference: reference.clone() },
        Event::NetworkAcknowledged { reference } => change.network = Network::Acknowledged { at, by, reference: reference.clone() },
        Event::NetworkRefused { reason } => {
            change.network = Network::Refused { at, by, reason: reason.clone() };
            if change.stage == Stage::Scheduled {
                change.stage = Stage::Approved;
            }
        }
        Event::NetworkToldUnacknowledged { proof } => change.network = Network::Told { at, by, proof: proof.clone() },
        _ => {}
    }
}
