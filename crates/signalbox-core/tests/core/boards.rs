//! Standing in, boards and decisions that are taken back: SD-3, SD-10, SD-11, BR-20, X10 and scenario 44.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Cover, Membership, OrgKind, Role};
use signalbox_core::board::{Hearing, Seat};
use signalbox_core::change::Stage;
use signalbox_core::process::Process;
use signalbox_core::samples::*;
use std::collections::BTreeSet;

/// A change of two trusts' imaging that waits for its decision; significant, so a board is asked.
fn deciding<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let fields = late(asked(process, normal("PACS", "GW-1", "2027-02-08T09:00", "2027-02-08T12:00")));
    let mut case = draft(world, process, "requester", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, HIGH_RISK).assessed();
    case.does("coordinator", Act::Amend, &[("continuity", "On paper")]).assessed().with_downtime_procedure();
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
    case
}

const HIGH_RISK: &[(&str, &str)] = &[("risk_1", "2"), ("risk_2", "1"), ("risk_3", "1"), ("risk_4", "1"), ("risk_5", "1"), ("risk_6", "1")];

fn who<'w>(world: &'w World, name: &str) -> &'w Actor {
    &world.person(name).actor
}

/// The trust's requester, standing in for the supplier's manager, who is away.
fn delegate(world: &World, of: &str, role: Role, org: signalbox_core::ids::OrgId, kind: OrgKind, to: &str) -> Actor {
    let (delegator, delegate) = (who(world, of), who(world, to));
    let cover = Cover { person: delegator.person().unwrap(), orgs: delegator.memberships().iter().map(|m| m.org).collect() };
    let mut memberships = delegate.memberships().to_vec();
    memberships.push(Membership { org, org_kind: kind, role, service: None, cover: Some(Box::new(cover)) });
    Actor::Person { id: delegate.person().unwrap(), memberships }
}

#[test]
fn scenario_44_the_requester_is_the_delegate_of_the_only_approver() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    let fields = late(asked(&process, normal("ROTA", "SRV-2", "2027-02-08T09:00", "2027-02-08T12:00")));
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK).assessed();
    let requester = delegate(&world, "manager", Role::SupplierManager, SUPPLIER, OrgKind::Supplier, "requester");
    // The manager is the only one of the supplier, is away, and has handed over to who raised it.
    let mut facts = case.facts_for(None, &Default::default());
    facts.holders.retain(|h| h.person == who(&world, "manager").person().unwrap());
    facts.holders[0].is_out = true;
    facts.holders[0].delegates = vec![(requester.person().unwrap(), BTreeSet::from([TRUST]))];

    let refused = codes(&case.may_by(&facts, &requester, Act::Approve).unwrap_err());
    assert!(refused.contains(&"cover-own-work".to_owned()), "{refused:?}");
    let next = case.may_by(&facts, who(&world, "authority"), Act::Approve).unwrap();
    assert_eq!(next.role, Some(Role::AuthorityManager), "the next in the chain is asked");

    // While the manager is there, nobody is passed by.
    facts.holders[0].is_out = false;
    assert_eq!(codes(&case.may_by(&facts, who(&world, "authority"), Act::Approve).unwrap_err()), ["approver"]);
}

#[test]
fn sd_10_a_delegate_is_named_with_whom_they_stand_in_for_and_inherits_the_bars_of_both() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    let cover = who(&world, "authority-cover").clone();
    case.act(&cover, Act::Approve, &raw(&[])).unwrap();
    let by = &case.change.approvals[0].by;
    assert_eq!((by.person, by.for_person), (cover.person(), who(&world, "authority").person()));
    // What the one approved the other does not carry out (SD-2).
    let named = raw(&[("implementer", "authority@example.org")]);
    assert!(case.try_act(who(&world, "manager"), Act::Schedule, &named).is_err());
    // What the delegator raised the delegate does not decide.
    let theirs = delegate(&world, "coordinator", Role::AuthorityManager, AUTHORITY, OrgKind::Authority, "auditor");
    let case = deciding(&world, &process);
    let refused = codes(&case.may(&theirs, Act::Approve).unwrap_err());
    assert!(refused.contains(&"cover-own-work".to_owned()) && refused.contains(&"own-organisation".to_owned()), "{refused:?}");
}

#[test]
fn sd_3_a_person_counts_once_whatever_seats_they_hold() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    // The authority's manager has a second seat for another organisation.
    let board = case.board.as_mut().unwrap();
    let mut second = board.seats[0].clone();
    second.org = SUPPLIER;
    board.seats.push(second);
    case.does("authority", Act::Vote, &[("vote", "against")]);
    case.does("authority", Act::Vote, &[("vote", "for")]);
    case.does("manager", Act::Vote, &[("vote", "for")]);
    assert_eq!(case.change.board.votes.len(), 2);
    // Nor does who stands in for them add a vote.
    let cover = who(&world, "authority-cover").clone();
    case.act(&cover, Act::Vote, &raw(&[("vote", "abstain")])).unwrap();
    assert_eq!(case.change.board.votes.len(), 2);
    assert_eq!(case.refuses("requester", Act::Vote, &raw(&[("vote", "for")])), ["role"]);
    assert_eq!(case.refuses("coordinator", Act::Vote, &raw(&[("vote", "for")])), ["four-eyes"]);
}

#[test]
fn br_20_the_chair_decides_at_a_meeting_with_a_quorum() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    let refused = |case: &Case| codes(&case.may(who(&world, "authority"), Act::Approve).unwrap_err());
    case.board.as_mut().unwrap().meetings.iter_mut().for_each(|m| m.state = Hearing::Planned);
    assert_eq!(refused(&case), ["board-not-met"]);
    case.board = Some(world.board(case.now));
    let supplier: BTreeSet<_> = ["manager", "manager-deputy"].iter().map(|n| who(&world, n).person().unwrap()).collect();
    case.board.as_mut().unwrap().meetings.iter_mut().for_each(|m| m.present.retain(|p| !supplier.contains(p)));
    assert_eq!(refused(&case), ["quorum-short"]);
    // In writing, a vote is as good as a presence.
    case.board.as_mut().unwrap().meetings.iter_mut().for_each(|m| m.until = Some(at("2026-12-24T17:00")));
    case.does("manager", Act::Vote, &[("vote", "for"), ("words", "We have the people.")]);
    assert!(case.may(who(&world, "authority"), Act::Approve).is_ok());
    case.does("authority", Act::Approve, &[]);
    // Where no board is set up, the authority's manager records the decision as before.
    let mut case = deciding(&world, &process);
    case.board = None;
    case.does("authority", Act::Approve, &[]);
}

#[test]
fn br_20c_a_safety_officers_no_is_binding() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    case.does("neighbour", Act::Vote, &[("vote", "against")]);
    assert!(case.may(who(&world, "authority"), Act::Approve).is_ok(), "other votes are advice");
    case.does("authority-officer", Act::Vote, &[("vote", "against")]);
    assert_eq!(case.refuses("authority", Act::Approve, &raw(&[])), ["board-safety-no"]);
    case.does("authority-officer", Act::Vote, &[("vote", "for")]);
    case.does("authority", Act::Approve, &[]);
}

#[test]
fn br_5_a_major_change_is_heard_twice() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    case.change.classification.as_mut().unwrap().category = "major".into();
    case.board.as_mut().unwrap().meetings.remove(0);
    assert_eq!(codes(&case.may(who(&world, "authority"), Act::Approve).unwrap_err()), ["board-second-meeting"]);
}

#[test]
fn br_20d_an_absent_member_votes_until_the_meeting_begins_and_silence_is_never_clinical() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    let neighbour = who(&world, "neighbour").person().unwrap();
    let vote = raw(&[("vote", "for")]);
    case.board.as_mut().unwrap().meetings.iter_mut().for_each(|m| {
        m.present.remove(&neighbour);
    });
    assert_eq!(case.refuses("neighbour", Act::Vote, &vote), ["vote-too-late"]);
    // Imaging is direct care: nobody is deemed to agree (X9).
    let board = case.board.clone().unwrap();
    assert!(signalbox_core::board::deemed(&case.change, &board, &board.meetings[1]).is_empty());
    case.change.content.as_mut().unwrap().parties.direct_care = false;
    case.change.classification.as_mut().unwrap().impact = 3;
    assert_eq!(signalbox_core::board::deemed(&case.change, &board, &board.meetings[1]), [OTHER_TRUST]);
    case.board.as_mut().unwrap().meetings.iter_mut().for_each(|m| m.state = Hearing::Planned);
    case.does("neighbour", Act::Vote, &[("vote", "for")]);
    assert!(case.board.as_ref().unwrap().seats.iter().any(|s| s.seat == Seat::Observer));
}

#[test]
fn an_approval_is_taken_back_until_the_start_and_a_refusal_for_ten_minutes() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    case.does("authority", Act::Approve, &[]);
    assert_eq!(case.refuses("manager", Act::TakeBack, &raw(&[("reason", "No")])), ["not-your-approval"]);
    assert_eq!(case.refuses("authority", Act::TakeBack, &raw(&[])), ["reason: answer-missing"]);
    case.does("authority", Act::TakeBack, &[("reason", "The trust has asked for time")]);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::AwaitingApproval, 0));
    case.does("authority", Act::Approve, &[]);
    case.by_then("2027-02-08T09:00");
    assert_eq!(case.refuses("authority", Act::TakeBack, &raw(&[("reason", "No")])), ["take-back-started"]);

    let mut case = deciding(&world, &process);
    let no = [("reason_code", "not_needed"), ("reason", "A slip")];
    case.does("authority", Act::Reject, &no).does("authority", Act::TakeBack, &[("reason", "A slip")]);
    assert_eq!((case.change.stage, case.change.refusals.len()), (Stage::AwaitingApproval, 0));
    case.does("authority", Act::Reject, &no);
    let later = case.now + jiff::SignedDuration::from_mins(11);
    case.now = later;
    assert_eq!(case.refuses("authority", Act::TakeBack, &raw(&[("reason", "A slip")])), ["take-back-late"]);
}

#[test]
fn x10_a_small_move_is_re_affirmed_by_an_officer_and_the_chair() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = deciding(&world, &process);
    case.does("authority", Act::Approve, &[]);
    let (start, end) = (at("2027-02-08T07:30").to_string(), at("2027-02-08T10:30").to_string());
    case.does("coordinator", Act::Reschedule, &[("window.start", &start), ("window.end", &end), ("reason", "Staff")]);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::AwaitingApproval, 1));
    assert_eq!(case.refuses("authority", Act::Reaffirm, &raw(&[])), ["move-needs-officer"]);
    case.does("supplier-officer", Act::Reaffirm, &[]);
    assert_eq!(case.change.stage, Stage::AwaitingApproval, "the officer opens the way, the chair goes it");
    case.does("authority", Act::Reaffirm, &[]);
    let approval = case.change.live_approvals().next().unwrap();
    assert_eq!((case.change.stage, approval.window), (Stage::Approved, case.change.window()));
}
