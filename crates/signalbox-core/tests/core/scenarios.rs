//! The acceptance scenarios of the process specification under their numbers.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::calendar::{Basis, Verdict};
use signalbox_core::change::{Consequence, Stage};
use signalbox_core::decide::clash::Way;
use signalbox_core::facts::{ClashFact, OtherFact};
use signalbox_core::form::Raw;
use signalbox_core::ids::ChangeId;
use signalbox_core::samples::*;

#[test]
fn scenario_01_exact_limit() {
    let (world, process) = (World::new(), strict_outage());
    let case = notice(&world, &process, "2026-05-14T16:59", "2026-05-30T06:00", "2026-05-30T08:00");
    let given = case.change.notice().unwrap();
    assert_eq!((given.days, given.basis, given.verdict, given.consequence), (10, Basis::ClearWorkingDays, Verdict::OnTime, Consequence::Protected));
}

#[test]
fn scenario_02_bank_holiday_inside() {
    let (world, process) = (World::new(), strict_outage());
    let case = notice(&world, &process, "2026-05-15T09:00", "2026-05-30T06:00", "2026-05-30T08:00");
    let given = case.change.notice().unwrap();
    assert_eq!((given.days, given.verdict, given.consequence), (9, Verdict::Late, Consequence::AtRisk));
    assert_eq!(given.last_in_time.to_string(), "2026-05-14");
}

#[test]
fn scenario_04_easter_and_clock_change_together() {
    let (world, process) = (World::new(), strict_outage());
    let case = notice(&world, &process, "2026-03-26T12:00", "2026-04-14T06:00", "2026-04-14T08:00");
    let given = case.change.notice().unwrap();
    assert_eq!((given.days, given.verdict), (10, Verdict::OnTime));
}

#[test]
fn scenario_05_a_holiday_announced_later_leaves_the_verdict() {
    let (mut world, process) = (World::new(), strict_outage());
    let before = world.calendar.version.clone();
    let first = notice(&world, &process, "2026-05-14T16:59", "2026-05-30T06:00", "2026-05-30T08:00");
    let (log, judged) = (first.log.clone(), first.change.notice().unwrap().clone());
    drop(first);
    world.calendar = world.calendar.with_holiday("2026-05-20".parse().unwrap(), "Jubilee");
    // What was judged is kept with the calendar it was judged by; what comes now is judged by the new one.
    assert_eq!(signalbox_core::apply::replay(&log).unwrap().notice(), Some(&judged));
    assert_eq!((judged.verdict, judged.calendar_version), (Verdict::OnTime, before.clone()));
    let later = notice(&world, &process, "2026-05-14T16:59", "2026-05-30T06:00", "2026-05-30T08:00");
    assert_eq!(later.change.notice().unwrap().verdict, Verdict::Late);
    assert_ne!(later.change.notice().unwrap().calendar_version, before);
}

#[test]
fn scenario_06_a_window_over_the_clock_going_back() {
    let (world, process) = (World::new(), document("planned-outage"));
    let case = notice(&world, &process, "2026-10-01T09:00", "2026-10-25T00:30", "2026-10-25T02:30");
    let window = case.change.window().unwrap();
    assert_eq!(window.start.to_string(), "2026-10-24T23:30:00Z");
    assert_eq!(window.end.to_string(), "2026-10-25T02:30:00Z");
}

#[test]
fn scenario_07_an_ambiguous_time_is_asked_about() {
    let (world, process) = (World::new(), document("planned-outage"));
    let case = draft(&world, &process, "coordinator", TRUST, "2026-10-01T09:00");
    let mut fields = asked(&process, outage("2026-10-25T01:30", "2026-10-25T04:00"));
    let refusal = case.try_act(&world.person("coordinator").actor, Act::Submit, &fields).unwrap_err();
    let signalbox_core::refusal::Refusal::Invalid(faults) = refusal else { panic!("{refusal:?}") };
    let fault = faults.iter().find(|f| f.code == "time-twice").unwrap();
    assert!(fault.field.as_deref() == Some("window.start") && fault.params.len() == 2, "{fault:?}");
    fields.insert("window.start.fold".into(), vec!["second".into()]);
    let mut case = case;
    case.sends("coordinator", Act::Submit, &fields);
    assert_eq!(case.change.window().unwrap().start.to_string(), "2026-10-25T01:30:00Z");
}

#[test]
fn scenario_09_returned_resets_the_clock() {
    let (world, process) = (World::new(), strict_outage());
    let mut fields = late(asked(&process, outage("2026-05-30T06:00", "2026-05-30T08:00")));
    fields.insert("network_affected".into(), vec!["yes".into()]);
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-05-14T09:00");
    // Circuits that are missing are a fault of the form; here they are there and wrong, which only a person sees.
    assert_eq!(case.refuses("coordinator", Act::Submit, &fields), ["circuits: answer-missing"]);
    fields.insert("circuits".into(), vec!["C-1".into()]);
    case.sends("coordinator", Act::Submit, &fields);
    assert_eq!(case.change.notice().unwrap().verdict, Verdict::OnTime);
    case.by_then("2026-05-14T15:00").does("manager", Act::Return, &[("defects", "That circuit is not of this site"), ("fields", "circuits")]);
    fields.insert("circuits".into(), vec!["C-2".into()]);
    case.by_then("2026-05-19T09:00").sends("coordinator", Act::Submit, &fields);
    let given = case.change.notice().unwrap();
    assert_eq!((given.received_at, given.verdict), (at("2026-05-19T09:00"), Verdict::Late));
    assert_eq!(case.change.receipts.len(), 2);
    assert!(case.change.receipts[0].void && case.change.receipts[0].notice.as_ref().unwrap().verdict == Verdict::OnTime);
}

#[test]
fn scenario_10_the_utility_imposed_it() {
    let (world, process) = (World::new(), strict_outage());
    let mut case = notice(&world, &process, "2026-06-03T09:00", "2026-06-10T06:00", "2026-06-10T08:00");
    let given = case.change.notice().unwrap();
    assert_eq!((given.days, given.verdict, case.change.consequence), (4, Verdict::VeryLate, Some(Consequence::AtRisk)));
    assert_eq!(case.change.late_reason.as_deref(), Some("utility_imposed"));
    let settle = |consequence| raw(&[("consequence", consequence), ("reason", "The letter is attached")]);
    assert_eq!(case.refuses("manager", Act::SettleNotice, &settle("excluded")), ["consequence: authority-decides"]);
    case.sends("manager", Act::SettleNotice, &settle("waived"));
    assert_eq!((case.change.notice().unwrap().verdict, case.change.consequence), (Verdict::VeryLate, Some(Consequence::Waived)));
}

#[test]
fn scenario_15_touching_windows_do_not_clash_hard() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = approved(&world, &process);
    let (from, until) = (at("2026-12-08T12:00"), at("2026-12-08T13:00"));
    let clash = |rule: &str, hard| ClashFact {
        rule: rule.to_owned(),
        hard,
        with: "RFC-2026-000009".into(),
        shared: "SRV-2".into(),
        from,
        until,
        freeze: (rule == "BR-19f").then_some(41),
        other: None,
        settled: None,
        caught: vec![],
    };
    let schedule = raw(&[("implementer", "implementer@example.org")]);
    case.clashes = vec![clash("BR-19a", true)];
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["hard-clash"]);
    case.clashes = vec![clash("BR-19f", true)];
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["freeze"]);
    case.clashes = vec![clash("BR-19d", false)];
    case.sends("manager", Act::Schedule, &schedule);
}

#[test]
fn scenario_35_work_before_approval() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed();
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
    assert_eq!(case.refuses("implementer", Act::Start, &Raw::new()), ["role"]);
    // X1: what has happened is recorded all the same, by the desk, on somebody's word, and marked.
    case.does("desk", Act::Start, &[("on_behalf_of", "B. Okafor"), ("by_phone", "yes"), ("happened_at", "2026-11-02T08:30:00Z")]);
    assert_eq!(case.change.stage, Stage::Implementing);
    for mark in ["unapproved", "early"] {
        assert!(case.change.work.deviations.contains(mark), "{:?}", case.change.work.deviations);
    }
    assert_eq!(case.change.work.started.as_ref().unwrap().happened_at.to_string(), "2026-11-02T08:30:00Z");
    case.does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["review-due"]);
    case.does("manager", Act::Review, &[]).does("manager", Act::Review, &[("words", "The door was open"), ("cause", "people"), ("benefit", "came")]).does(
        "manager",
        Act::Close,
        &[("outcome", "successful")],
    );
}

fn clash_with(other: i64, window: (&str, &str)) -> ClashFact {
    let (from, until) = (at(window.0), at(window.1));
    ClashFact {
        rule: "BR-19b".into(),
        hard: true,
        with: format!("RFC-2026-{other:06}"),
        shared: "SW-1 › GW-1".into(),
        from,
        until,
        caught: vec!["SW-1".into()],
        freeze: None,
        other: Some(OtherFact { change: ChangeId(other), stays: true, from, until }),
        settled: None,
    }
}

/// The second half of scenario 13: the authority merges both into one window, or orders one to move.
#[test]
fn scenario_13_the_authority_rules_on_a_clash() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = approved(&world, &process);
    let ruling = |clash: &str, way: &str| raw(&[("clash", clash), ("way", way), ("reason", "One engineer does both at once")]);
    assert_eq!(case.refuses("authority", Act::SettleClash, &ruling("BR-19b RFC-2026-000009", "both")), ["no-clash-to-settle"]);
    case.clashes = vec![clash_with(9, ("2026-12-08T12:00", "2026-12-08T13:00"))];
    let schedule = raw(&[("implementer", "implementer@example.org")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["hard-clash"]);
    // Only the authority's change manager, only a clash that is there, only with a reason and a way.
    assert_eq!(case.refuses("manager", Act::SettleClash, &ruling("BR-19b RFC-2026-000009", "both")), ["role"]);
    assert_eq!(case.refuses("authority", Act::SettleClash, &ruling("BR-19a RFC-2026-000009", "both")), ["clash: unknown-choice"]);
    let faults = case.refuses("authority", Act::SettleClash, &raw(&[("clash", "BR-19b RFC-2026-000009"), ("way", "perhaps")]));
    assert_eq!(faults, ["way: unknown-choice", "reason: answer-missing"]);
    case.sends("authority", Act::SettleClash, &ruling("BR-19b RFC-2026-000009", "together"));
    let settled = &case.change.settled[0].settled;
    assert_eq!((settled.other, settled.way, settled.own.0), (ChangeId(9), Way::Together, case.change.window().unwrap().start));
    // Whoever gathers the facts says what was ruled, as long as it holds: then nothing stands in the way.
    for (way, lets) in [(Way::Together, true), (Way::Both, true), (Way::ThisMoves, false), (Way::OtherMoves, false)] {
        let mut case = case.clone();
        case.clashes[0].settled = Some(way);
        if lets {
            case.sends("manager", Act::Schedule, &schedule);
        } else {
            assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["hard-clash"], "{way}");
        }
    }
    // A later ruling takes the place of the earlier; a clash whose other side is out of sight is nobody's to rule on.
    case.sends("authority", Act::SettleClash, &ruling("BR-19b RFC-2026-000009", "this_moves"));
    assert_eq!(case.change.settled.iter().map(|one| one.settled.way).collect::<Vec<_>>(), [Way::ThisMoves]);
    case.clashes[0].other = None;
    assert_eq!(case.refuses("authority", Act::SettleClash, &ruling("BR-19b RFC-2026-000009", "both")), ["no-clash-to-settle"]);
}
