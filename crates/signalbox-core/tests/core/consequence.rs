//! What late notice leads to (spec 5.5, 6.5): proposed by the table, settled, disputed by whoever it falls on, and decided by
//! the authority, which stands.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::change::Consequence;
use signalbox_core::consequence::DisputeState;
use signalbox_core::event::Event;
use signalbox_core::process::TimerAct;
use signalbox_core::react::Task;
use signalbox_core::samples::*;

/// A notice of four days where ten are asked for.
fn sent<'w>(world: &'w World, process: &'w signalbox_core::process::Process) -> Case<'w> {
    notice(world, process, "2026-06-03T09:00", "2026-06-10T06:00", "2026-06-10T08:00")
}

const WHY: &[(&str, &str)] = &[("reason", "The distributor told us on Tuesday")];

fn settling(consequence: &'static str) -> [(&'static str, &'static str); 2] {
    [("consequence", consequence), ("reason", "The letter is attached")]
}

#[test]
fn spec_5_5_a_consequence_is_proposed_settled_disputed_and_upheld_or_overturned() {
    let (world, process) = (World::new(), strict_outage());
    for (decision, state) in [("at_risk", DisputeState::Upheld), ("waived", DisputeState::Overturned), ("excluded", DisputeState::Overturned)] {
        let mut case = sent(&world, &process);
        assert_eq!((case.change.consequence, &case.change.notice_course), (Some(Consequence::AtRisk), &Default::default()));
        case.does("manager", Act::SettleNotice, &settling("at_risk"));
        let settled = case.change.notice_course.settled.clone().unwrap();
        assert_eq!((settled.consequence, settled.by.person), (Consequence::AtRisk, world.person("manager").actor.person()));
        case.does("coordinator", Act::DisputeNotice, WHY);
        assert_eq!(case.change.notice_course.dispute.as_ref().unwrap().state(), DisputeState::Open);
        assert_eq!(case.change.consequence, Some(Consequence::AtRisk), "a dispute alone changes nothing");
        case.does("authority", Act::SettleNotice, &settling(decision));
        let course = &case.change.notice_course;
        assert_eq!(course.settled.as_ref(), Some(&settled), "who settled it first stands beside the decision");
        let dispute = course.dispute.as_ref().unwrap();
        assert_eq!((dispute.state(), dispute.end.as_ref().unwrap().by.person), (state, world.person("authority").actor.person()), "{decision}");
        assert_eq!(case.change.consequence.unwrap().code(), decision);
        // It stands: neither is done again.
        assert_eq!(case.refuses("authority", Act::SettleNotice, &raw(&settling("protected"))), ["notice-dispute-decided"]);
        assert_eq!(case.refuses("coordinator", Act::DisputeNotice, &raw(WHY)), ["notice-dispute-decided"]);
    }
}

#[test]
fn a_dispute_goes_to_the_authority_and_nobody_decides_their_own() {
    let (world, process) = (World::new(), strict_outage());
    let mut case = sent(&world, &process);
    assert_eq!(case.refuses("coordinator", Act::DisputeNotice, &raw(&[])), ["reason: answer-missing"]);
    case.does("manager", Act::SettleNotice, &settling("protected"));
    assert_eq!(case.refuses("manager", Act::DisputeNotice, &raw(WHY)), ["own-settlement"]);
    case.does("coordinator", Act::DisputeNotice, WHY);
    assert_eq!(case.refuses("coordinator", Act::DisputeNotice, &raw(WHY)), ["notice-disputed-already"]);
    assert_eq!(case.refuses("manager", Act::SettleNotice, &raw(&settling("waived"))), ["notice-disputed"]);
    case.does("authority", Act::SettleNotice, &settling("waived"));
}

#[test]
fn a_proposal_is_disputed_before_anybody_settled_it_and_upheld_when_it_is_carried_out() {
    let (world, process) = (World::new(), strict_outage());
    for (decision, state) in [("excluded", DisputeState::Upheld), ("protected", DisputeState::Overturned)] {
        let mut case = notice(&world, &process, "2026-06-10T06:30", "2026-06-10T06:00", "2026-06-10T08:00");
        assert_eq!(case.change.consequence, Some(Consequence::ExclusionProposed));
        case.does("coordinator", Act::DisputeNotice, WHY);
        case.does("authority", Act::SettleNotice, &settling(decision));
        assert_eq!(case.change.notice_course.dispute.as_ref().unwrap().state(), state, "{decision}");
        assert_eq!(case.change.notice_course.settled, None);
    }
}

#[test]
fn notice_in_time_has_nothing_to_dispute_and_another_notice_begins_anew() {
    let (world, process) = (World::new(), strict_outage());
    let case = notice(&world, &process, "2026-05-14T09:00", "2026-06-10T06:00", "2026-06-10T08:00");
    assert_eq!(case.refuses("coordinator", Act::DisputeNotice, &raw(WHY)), ["notice-on-time"]);
    let mut case = sent(&world, &process);
    case.does("manager", Act::SettleNotice, &settling("protected")).does("coordinator", Act::DisputeNotice, WHY);
    case.by_then("2026-06-03T15:00").does("manager", Act::Return, &[("defects", "Wrong gateway"), ("fields", "items")]);
    let again = late(asked(&process, outage("2026-06-10T06:00", "2026-06-10T08:00")));
    case.by_then("2026-06-04T09:00").sends("coordinator", Act::Submit, &again);
    assert_eq!((case.change.consequence, &case.change.notice_course), (Some(Consequence::AtRisk), &Default::default()));
}

/// In time, where the document lets a notice say nothing of what goes off: alarms are expected from nothing, and the
/// supplier's manager may decide what follows.
#[test]
fn br_15_what_defective_notice_leads_to_is_settled_too_and_may_be_disputed() {
    let shipped = signalbox_core::process::load::SHIPPED.iter().find(|(file, _)| *file == "planned-outage.md").unwrap().1;
    let (asked_for, may) = ("| items of the site | submit; needed for notice |", "| items of the site | optional |");
    assert!(shipped.contains(asked_for));
    let processes = signalbox_core::process::Processes::shipped_with(&[("planned-outage.md", &shipped.replace(asked_for, may))]).unwrap();
    let (world, process) = (World::new(), processes.by_id("planned-outage").unwrap().clone());
    let sent_with = |items: bool| {
        let mut fields = outage("2026-06-10T06:00", "2026-06-10T08:00");
        if !items {
            fields.remove("items");
            fields.extend(raw(&[("services", "ROTA")]));
        }
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-05-14T09:00");
        case.sends("coordinator", Act::Submit, &asked(&process, fields));
        case
    };
    let whole = sent_with(true);
    assert_eq!(whole.refuses("manager", Act::SettleNotice, &raw(&settling("at_risk"))), ["notice-on-time"]);
    let mut case = sent_with(false);
    assert_eq!((case.change.notice().unwrap().defective, case.change.consequence), (true, Some(Consequence::Protected)));
    case.does("manager", Act::SettleNotice, &settling("at_risk"));
    assert_eq!(case.change.consequence, Some(Consequence::AtRisk));
    assert!(case.time_out(TimerAct::ProtectNotice).is_err(), "a person decided");
    case.does("coordinator", Act::DisputeNotice, WHY).does("authority", Act::SettleNotice, &settling("protected"));
    assert_eq!(case.change.notice_course.dispute.as_ref().unwrap().state(), DisputeState::Overturned);
}

#[test]
fn br_13b_silence_of_two_working_days_means_that_nothing_follows() {
    let (world, process) = (World::new(), strict_outage());
    // Received on a Wednesday morning: due on Friday at 17:00.
    let mut case = sent(&world, &process);
    for early in ["2026-06-03T09:01", "2026-06-05T16:59"] {
        assert!(case.by_then(early).time_out(TimerAct::ProtectNotice).is_err(), "{early}");
    }
    let followed = case.by_then("2026-06-05T17:00").time_out(TimerAct::ProtectNotice).unwrap();
    assert!(matches!(followed[0].0.event, Event::NoticeProtected));
    let settled = case.change.notice_course.settled.clone().unwrap();
    assert_eq!((case.change.consequence, settled.by), (Some(Consequence::Protected), signalbox_core::actor::Stamp::SYSTEM));
    assert!(case.time_out(TimerAct::ProtectNotice).is_err(), "once");
    // Whoever decides may still do it, and is heard.
    case.does("manager", Act::SettleNotice, &settling("at_risk"));
    assert!(case.time_out(TimerAct::ProtectNotice).is_err(), "what a person decided is not silence");
    assert_eq!(case.change.consequence, Some(Consequence::AtRisk));
}

#[test]
fn silence_decides_nothing_of_a_dispute_or_of_what_waits_for_an_answer() {
    let (world, process) = (World::new(), strict_outage());
    let mut disputed = sent(&world, &process);
    disputed.does("coordinator", Act::DisputeNotice, WHY);
    assert!(disputed.by_then("2026-06-08T09:00").time_out(TimerAct::ProtectNotice).is_err());
    // After the fact the trust has ten working days, and the authority decides.
    let mut after = notice(&world, &process, "2026-06-10T06:30", "2026-06-10T06:00", "2026-06-10T08:00");
    assert!(after.by_then("2026-07-10T09:00").time_out(TimerAct::ProtectNotice).is_err());
    assert_eq!(after.change.consequence, Some(Consequence::ExclusionProposed));
}

#[test]
fn the_time_for_it_is_set_with_the_notice_and_kept_when_the_work_moves_on() {
    let (world, process) = (World::new(), strict_outage());
    let mut case = sent(&world, &process);
    let due = |tasks: &[(signalbox_core::event::Recorded, Vec<Task>)]| -> Vec<jiff::Timestamp> {
        let all = tasks.iter().flat_map(|(_, tasks)| tasks);
        all.filter_map(|task| if let Task::Timer { then: TimerAct::ProtectNotice, due_at, .. } = task { Some(*due_at) } else { None }).collect()
    };
    let authority = world.person("manager").actor.clone();
    let accepted = case.act(&authority, Act::Accept, &raw(&[("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")])).unwrap();
    let friday: jiff::Timestamp = "2026-06-05T16:00:00Z".parse().unwrap();
    assert!(due(&accepted).contains(&friday), "{accepted:?}");
}
