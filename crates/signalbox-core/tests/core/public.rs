//! What the public is told of a change (C128): how it stands, whether a notice may be opened, and which updates follow.

use super::harness::*;
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::change::{Change, Confidentiality};
use signalbox_core::public::{Kind, Standing, State, may_open, standing, updates};
use signalbox_core::samples::{Case, TRUST, World, raw};

const LOOKED: &str = "2027-03-03T09:00";

fn submitted<'w>(world: &'w World, process: &'w signalbox_core::process::Process) -> Case<'w> {
    let mut case = draft(world, process, "coordinator", TRUST, "2026-12-01T10:00");
    let mut fields = asked(process, normal("ROTA", "SRV-2", "2027-03-02T22:00", "2027-03-03T00:00"));
    fields.extend(raw(&[("contingency_end.date", "2027-03-03"), ("contingency_end.time", "03:00")]));
    case.sends("coordinator", Act::Submit, &fields);
    case
}

fn scheduled<'w>(world: &'w World, process: &'w signalbox_core::process::Process) -> Case<'w> {
    let mut case = submitted(world, process);
    case.does("manager", Act::Accept, LOW_RISK).assessed().does("manager", Act::Approve, &[]);
    case.does("manager-deputy", Act::Schedule, &[("implementer", "implementer@example.org")]);
    case
}

fn stands(state: State, start: &str, end: &str) -> Standing {
    Standing { state, start: at(start), end: at(end) }
}

fn planned() -> Standing {
    stands(State::Planned, "2027-03-02T22:00", "2027-03-03T00:00")
}

/// What is told, as kind, time and standing.
fn told(known: Standing, change: &Change) -> Vec<(Kind, Timestamp, Standing)> {
    updates(known, change, at(LOOKED)).into_iter().map(|update| (update.kind, update.at, update.standing)).collect()
}

#[test]
fn c128_a_notice_may_be_opened_from_the_agreed_time_until_all_is_over() {
    let (world, process) = (World::new(), document("end-to-end"));
    let undecided = submitted(&world, &process);
    assert_eq!(standing(&undecided.change).unwrap().state, State::Undecided);
    assert!(!may_open(&undecided.change));
    let mut case = scheduled(&world, &process);
    assert_eq!(standing(&case.change), Some(planned()));
    assert!(may_open(&case.change));
    case.by_then("2027-03-02T22:05").does("implementer", Act::Start, &[]);
    assert_eq!(standing(&case.change), Some(stands(State::Running, "2027-03-02T22:05", "2027-03-03T00:00")));
    assert!(may_open(&case.change));
    case.by_then("2027-03-02T23:40").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(standing(&case.change), Some(stands(State::Restored, "2027-03-02T22:05", "2027-03-02T23:40")));
    assert!(!may_open(&case.change));
}

#[test]
fn c128_what_is_not_open_to_everybody_is_not_the_publics() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut change = scheduled(&world, &process).change;
    for confidentiality in [Confidentiality::PartiesOnly, Confidentiality::SecurityRestricted] {
        change.content.as_mut().unwrap().header.confidentiality = confidentiality;
        assert_eq!(standing(&change), None);
        assert!(!may_open(&change));
        // What was published is taken back; its times stay those that were told.
        let withdrawn = Standing { state: State::Withdrawn, ..planned() };
        assert_eq!(told(planned(), &change), [(Kind::Withdrawn, at(LOOKED), withdrawn)]);
    }
    change.content.as_mut().unwrap().header.confidentiality = Confidentiality::Open;
    change.content.as_mut().unwrap().header.window = None;
    assert_eq!(standing(&change), None, "without a time there is nothing to tell");
}

#[test]
fn c128_a_night_is_told_step_by_step_and_once() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    assert_eq!(told(planned(), &case.change), []);
    case.by_then("2027-03-02T22:05").does("implementer", Act::Start, &[]);
    let running = stands(State::Running, "2027-03-02T22:05", "2027-03-03T00:00");
    assert_eq!(told(planned(), &case.change), [(Kind::Started, at("2027-03-02T22:05"), running)]);
    assert_eq!(told(running, &case.change), []);
    let late = |end: &str| [("expected_end", at(end).to_string()), ("words", "The copy is slow".to_owned())];
    let late = late("2027-03-03T01:30").map(|(name, value)| (name.to_owned(), vec![value])).into_iter().collect();
    case.by_then("2027-03-02T23:30").sends("implementer", Act::RunningLate, &late);
    let longer = Standing { end: at("2027-03-03T01:30"), ..running };
    assert_eq!(told(running, &case.change), [(Kind::Extended, at(LOOKED), longer)]);
    assert_eq!(told(longer, &case.change), []);
    case.by_then("2027-03-03T01:10").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    let over = stands(State::Restored, "2027-03-02T22:05", "2027-03-03T01:10");
    assert_eq!(told(longer, &case.change), [(Kind::Restored, at("2027-03-03T01:10"), over)]);
    assert_eq!(told(over, &case.change), [], "nothing follows the end");
    // Who looked at none of it meanwhile tells what people would have missed, in order and with its own times.
    assert_eq!(told(planned(), &case.change), [(Kind::Started, at("2027-03-02T22:05"), running), (Kind::Restored, at("2027-03-03T01:10"), over)]);
}

#[test]
fn c128_a_move_asks_again_and_the_agreed_time_is_told_again() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.does(
        "coordinator",
        Act::Reschedule,
        &[
            ("window.start.date", "2027-03-09"),
            ("window.start.time", "22:00"),
            ("window.end.date", "2027-03-10"),
            ("window.end.time", "00:00"),
            ("contingency_end.date", "2027-03-10"),
            ("contingency_end.time", "03:00"),
            ("reason", "The engineer is ill"),
        ],
    );
    let asked = stands(State::Undecided, "2027-03-09T22:00", "2027-03-10T00:00");
    assert_eq!(told(planned(), &case.change), [(Kind::Moved, at(LOOKED), asked)]);
    assert_eq!(told(asked, &case.change), []);
    // The same time asked about again is no move.
    assert_eq!(told(Standing { state: State::Planned, ..asked }, &case.change), [(Kind::Undecided, at(LOOKED), asked)]);
    case.assessed().does("manager", Act::Approve, &[]);
    case.does("manager-deputy", Act::Schedule, &[("implementer", "implementer@example.org")]);
    let agreed = Standing { state: State::Planned, ..asked };
    assert_eq!(told(asked, &case.change), [(Kind::Planned, at(LOOKED), agreed)]);
    assert_eq!(told(planned(), &case.change), [(Kind::Moved, at(LOOKED), agreed)]);
}

#[test]
fn c128_what_is_cancelled_is_told_as_that_and_nothing_else() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.does("coordinator", Act::Cancel, &[("reason", "Not needed any more")]);
    let cancelled = Standing { state: State::Cancelled, ..planned() };
    for known in [planned(), stands(State::Planned, "2027-03-01T22:00", "2027-03-02T00:00"), Standing { state: State::Undecided, ..planned() }] {
        assert_eq!(told(known, &case.change), [(Kind::Cancelled, at(LOOKED), cancelled)]);
    }
    assert_eq!(told(cancelled, &case.change), []);
    assert!(!may_open(&case.change));
}
