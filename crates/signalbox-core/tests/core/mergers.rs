//! Organisations become one (scenario 42): what is open moves, what was said stays.

use crate::harness::*;
use jiff::{SignedDuration, ToSpan};
use signalbox_core::act::Act;
use signalbox_core::actor::OrgKind;
use signalbox_core::apply::{apply, replay};
use signalbox_core::change::{AssessmentKind, Stage};
use signalbox_core::form::Raw;
use signalbox_core::ids::{Mint, OrgId};
use signalbox_core::refusal::Violation;
use signalbox_core::samples::*;
use signalbox_core::succession::{Party, Succession, faults, succeed};
use std::collections::BTreeSet;

/// The trust is taken over by its neighbour. Whether the change moved.
fn merge(case: &mut Case) -> bool {
    merge_into(case, OTHER_TRUST)
}

fn merge_into(case: &mut Case, successor: OrgId) -> bool {
    let succession = Succession { predecessors: BTreeSet::from([TRUST]), successor };
    let facts = case.facts_for(None, &Raw::new());
    let decision = succeed(&case.context(&case.world.person("authority").actor, &facts), &case.change, &succession, Mint::new(5_000_000, [7; 16]));
    let Some(decision) = decision else { return false };
    case.log.extend(decision.events.iter().cloned());
    case.change = decision.events.iter().fold(case.change.clone(), |change, event| apply(Some(change), event));
    assert_eq!(replay(&case.log).as_ref(), Some(&case.change), "the log tells the same");
    true
}

#[test]
fn scenario_42_what_is_owed_moves_and_what_was_given_stays() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &late(asked(&process, normal("PACS", "GW-1", "2027-02-08T09:00", "2027-02-08T12:00"))));
    case.does("manager", Act::Accept, LOW_RISK);
    let affected = (AssessmentKind::Affected, Some(OTHER_TRUST));
    assert!(case.change.assessments.contains_key(&affected) && case.change.parties().affected.contains(&TRUST));
    case.does("neighbour", Act::Assess, &[("assessment", "affected"), ("objects", "no"), ("finding", "Nothing against it")]);
    let before = case.change.clone();
    assert!(merge(&mut case));
    let change = &case.change;
    assert_eq!((change.org, change.raised_as), (OTHER_TRUST, Some(TRUST)));
    assert_eq!(change.parties().affected, BTreeSet::from([OTHER_TRUST]));
    assert_eq!(change.assessments, before.assessments, "what was given is as it was given");
    let same =
        |change: &signalbox_core::change::Change| (change.stage, change.content.clone().map(|c| c.hash), change.raised_by.clone(), change.submitted_by.clone());
    assert_eq!(same(change), same(&before));
    // Once is enough, and a merger after the merger keeps who raised it.
    assert!(!merge(&mut case));
    let further = Succession { predecessors: BTreeSet::from([OTHER_TRUST]), successor: NETWORK };
    let facts = case.facts_for(None, &Raw::new());
    let again = succeed(&case.context(&world.person("authority").actor, &facts), &case.change, &further, Mint::new(6_000_000, [7; 16])).unwrap();
    let change = apply(Some(case.change.clone()), &again.events[0]);
    assert_eq!((change.org, change.raised_as, change.heir_of(TRUST), change.heir_of(SUPPLIER)), (NETWORK, Some(TRUST), NETWORK, SUPPLIER));
}

#[test]
fn scenario_42_a_view_that_is_owed_is_owed_by_the_successor() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "manager-deputy", SUPPLIER, "2026-11-02T09:00");
    case.sends("manager-deputy", Act::Submit, &late(asked(&process, normal("PACS", "GW-1", "2027-02-08T09:00", "2027-02-08T12:00"))));
    case.does("manager", Act::Accept, LOW_RISK);
    let owed = |case: &Case| {
        case.change
            .assessments
            .iter()
            .filter(|((kind, _), a)| *kind == AssessmentKind::Affected && a.given.is_none())
            .map(|((_, org), _)| *org)
            .collect::<Vec<_>>()
    };
    assert_eq!(owed(&case), [Some(TRUST), Some(OTHER_TRUST)]);
    assert!(merge(&mut case));
    assert_eq!((owed(&case), case.change.raised_as), (vec![Some(OTHER_TRUST)], None));
    case.does("neighbour", Act::Assess, &[("assessment", "affected"), ("objects", "no"), ("finding", "Nothing against it")]);
    assert_eq!(owed(&case), []);
}

#[test]
fn scenario_42_an_approval_stands_and_independence_is_of_the_organisations_as_they_are_now() {
    let (world, process) = (World::new(), document("end-to-end"));
    let approved = || {
        let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
        let fields = late(asked(&process, normal("ROTA", "SRV-2", "2027-02-08T09:00", "2027-02-08T12:00")));
        case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK).assessed();
        case
    };
    let mut case = approved();
    assert!(case.may(&world.person("manager").actor, Act::Approve).is_ok());
    case.does("manager", Act::Approve, &[]);
    let before = case.change.approvals.clone();
    assert!(merge(&mut case));
    assert_eq!((case.change.stage, &case.change.approvals), (Stage::Approved, &before));
    assert_eq!(case.change.live_approvals().count(), 1);
    // Whoever approves is of the organisation that holds it now, though not of the one that raised it.
    let mut case = approved();
    assert!(merge_into(&mut case, SUPPLIER));
    let refused = codes(&case.may(&world.person("manager").actor, Act::Approve).unwrap_err());
    assert!(refused.contains(&"own-organisation".to_owned()), "{refused:?}");
}

#[test]
fn scenario_42_what_is_long_over_stays_where_it_was() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    case.does("requester", Act::Withdraw, &[]);
    assert!(!merge(&mut case), "a draft that was withdrawn");
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    let fields = late(asked(&process, normal("ROTA", "SRV-2", "2027-02-08T09:00", "2027-02-08T12:00")));
    case.sends("coordinator", Act::Submit, &fields);
    case.change.stage = Stage::Closed;
    case.change.closed_at = Some(case.now);
    let open = (case.change.clone(), case.log.len(), case.now);
    for (days, moves) in [(0, true), (30, true), (31, false)] {
        (case.change, case.now) = (open.0.clone(), open.2 + SignedDuration::from_hours(24 * days));
        case.log.truncate(open.1);
        let facts = case.facts_for(None, &Raw::new());
        let succession = Succession { predecessors: BTreeSet::from([TRUST]), successor: OTHER_TRUST };
        let moved = succeed(&case.context(&world.person("authority").actor, &facts), &case.change, &succession, Mint::new(5_000_000, [7; 16]));
        assert_eq!(moved.is_some(), moves, "{days} days after its closing it may be disputed, or not");
    }
}

#[test]
fn a_plan_is_told_all_its_faults() {
    let party = |id: i64, name: &str, kind: OrgKind| Party { org: OrgId(id), name: name.into(), kind, has_merged: false, ends_on: None, receives_on: None };
    let (a, b, c) = (party(1, "A", OrgKind::Trust), party(2, "B", OrgKind::Trust), party(3, "C", OrgKind::Trust));
    let today: jiff::civil::Date = "2027-03-01".parse().unwrap();
    let codes = |found: Vec<Violation>| found.into_iter().map(|v| format!("{} {}", v.field.unwrap_or_default(), v.code)).collect::<Vec<_>>();
    let day = |days: i64| Some(today.saturating_add(days.days()));
    assert_eq!(faults(&[a.clone(), b.clone()], Some(&c), day(31), today), []);
    assert_eq!(faults(std::slice::from_ref(&a), None, day(0), today), [], "one is taken over by another that is set up with it");
    for (days, wrong) in [(-31, false), (-32, true), (731, false), (732, true)] {
        assert_eq!(!faults(std::slice::from_ref(&a), Some(&c), day(days), today).is_empty(), wrong, "{days}");
    }
    let worst = faults(
        &[Party { has_merged: true, ..a.clone() }, Party { ends_on: day(3), ..party(4, "S", OrgKind::Supplier) }, Party { receives_on: day(5), ..b }],
        Some(&Party { has_merged: true, ends_on: day(1), ..a }),
        day(-400),
        today,
    );
    let all = [
        "predecessors merged-before",
        "predecessors merges-already",
        "predecessors receives-others",
        "predecessors unlike-kinds",
        "successor merges-into-itself",
        "successor merged-before",
        "successor merges-already",
        "day merger-too-early",
    ];
    assert_eq!(codes(worst), all);
    assert_eq!(codes(faults(&[], None, None, today)), ["predecessors nobody-merges"]);
}
