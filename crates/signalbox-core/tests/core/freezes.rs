//! C070: one change is let through one freeze, by name, for a reason and until a time.

use signalbox_core::act::Act;
use signalbox_core::event::Event;
use signalbox_core::facts::ClashFact;
use signalbox_core::form::Raw;
use signalbox_core::samples::{Case, TRUST, World, raw};

use crate::harness::*;

fn freeze(id: i64) -> ClashFact {
    let (from, until) = (at("2026-12-08T12:00"), at("2026-12-08T13:00"));
    ClashFact {
        rule: "BR-19f".into(),
        hard: true,
        with: format!("Freeze {id}"),
        shared: String::new(),
        from,
        until,
        freeze: Some(id),
        other: None,
        settled: None,
        caught: vec![],
    }
}

fn asked_for(which: &str, until: &str) -> Raw {
    raw(&[("freeze", which), ("until", &at(until).to_string()), ("reason", "The scanner has to be back before the clinic")])
}

fn schedule() -> Raw {
    raw(&[("implementer", "implementer@example.org")])
}

#[test]
fn c070_an_exception_from_a_freeze_has_a_name_a_reason_and_an_end() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = approved(&world, &process);
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("41", "2026-12-09T00:00")), ["no-freeze-in-the-way"]);
    case.clashes = vec![freeze(41), freeze(42)];
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule()), ["freeze"]);
    // Only the authority's change manager, only a freeze that is in the way, only with a reason, only for a time to come.
    assert_eq!(case.refuses("manager", Act::ExceptFreeze, &asked_for("41", "2026-12-09T00:00")), ["role"]);
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("43", "2026-12-09T00:00")), ["freeze: unknown-choice"]);
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("document", "2026-12-09T00:00")), ["freeze: unknown-choice"]);
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("41", "2026-11-01T00:00")), ["until: over-already"]);
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &raw(&[("freeze", "41")])), ["until: time-missing", "reason: answer-missing"]);

    case.sends("authority", Act::ExceptFreeze, &asked_for("41", "2026-12-08T18:00"));
    let Event::FreezeExcepted(excepted) = &case.log.last().unwrap().event else { panic!("an act in the log") };
    assert_eq!((excepted.freeze, excepted.until), (Some(41), at("2026-12-08T18:00")));
    let by = case.change.excepted[0].by.person;
    assert_eq!(by, world.person("authority").actor.person(), "it has a name");
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule()), ["freeze"], "the other still holds");
    case.clashes = vec![freeze(41)];
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("41", "2026-12-09T00:00")), ["no-freeze-in-the-way"]);
    case.sends("manager", Act::Schedule, &schedule());

    // It holds for the start too, and no longer than it was granted.
    let started = |case: &Case, wall: &str| {
        let mut case = case.clone();
        case.by_then(wall).does("implementer", Act::Start, &[]);
        case.change.work.deviations.iter().any(|mark| mark == "in-freeze")
    };
    assert!(!started(&case, "2026-12-08T09:00"));
    assert!(started(&case, "2026-12-08T18:00"), "from then on the freeze holds again");
}

#[test]
fn c070_nobody_excepts_a_change_of_their_own() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "authority", signalbox_core::samples::AUTHORITY, "2026-11-02T09:00");
    case.sends("authority", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.clashes = vec![freeze(41)];
    assert_eq!(case.refuses("authority", Act::ExceptFreeze, &asked_for("41", "2026-12-09T00:00")), ["four-eyes"]);
    case.sends("authority-deputy", Act::ExceptFreeze, &asked_for("41", "2026-12-09T00:00"));
}

#[test]
fn c070_the_freeze_of_the_document_is_excepted_the_same_way() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-10-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-20T09:00", "2026-12-20T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed();
    assert_eq!(case.refuses("manager", Act::Approve, &Raw::new()), ["freeze"]);
    case.sends("authority", Act::ExceptFreeze, &asked_for("document", "2026-12-21T00:00"));
    assert_eq!(case.change.excepted[0].excepted.freeze, None);
    case.does("manager", Act::Approve, &[]);
    // A later one takes the place of the earlier.
    case.by_then("2026-12-21T00:00");
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule()), ["freeze"]);
    case.sends("authority", Act::ExceptFreeze, &asked_for("document", "2026-12-22T00:00"));
    assert_eq!(case.change.excepted.len(), 1);
}

#[test]
fn c068_a_freeze_of_everything_holds_before_anything_is_named() {
    use signalbox_core::ids::ChangeId;
    use signalbox_core::schedule::{Calendars, Extent, Freeze, Level, PlannedWork, ScheduleIndex, Span};
    let span = Span { from: at("2026-12-08T09:00"), until: at("2026-12-08T12:00") };
    let winter = Freeze { id: 41, title: "Winter".into(), extent: Extent::Everything, span, is_hard: true, from_level: Level::NoImpact };
    let nothing_yet = PlannedWork {
        change: ChangeId(1),
        reference: String::new(),
        nodes: Default::default(),
        sites: Default::default(),
        organisations: Default::default(),
        people: Default::default(),
        after: Default::default(),
        span,
        stage_rank: 0,
        level: Level::NoImpact,
        passes_freezes: false,
        excepted: Default::default(),
    };
    assert_eq!(ScheduleIndex::build([], &[], Calendars { freezes: vec![winter], ..Calendars::default() }).check(&nothing_yet).len(), 1);
}
