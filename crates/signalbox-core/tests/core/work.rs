//! Carrying out and learning (spec 4.2, 5.2 T20 to T29, 6.12, X1, X12, X15).

use super::harness::*;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::carry::{self, Plan, Progress};
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::event::Event;
use signalbox_core::learn::{self, Grade};
use signalbox_core::process::TimerAct;
use signalbox_core::react::Task;
use signalbox_core::samples::{Case, SUPPLIER, TRUST, World, raw};

const START: &str = "2027-03-02T22:00";
const NIGHT: &str = "2027-03-02T22:05";

fn submitted<'w>(world: &'w World, process: &'w signalbox_core::process::Process) -> Case<'w> {
    let mut case = draft(world, process, "coordinator", TRUST, "2026-12-01T10:00");
    let mut fields = asked(process, normal("ROTA", "SRV-2", START, "2027-03-03T00:00"));
    fields.extend(raw(&[("contingency_end.date", "2027-03-03"), ("contingency_end.time", "01:00"), ("backout_minutes", "30")]));
    case.sends("coordinator", Act::Submit, &fields);
    case
}

/// Approved and scheduled, with whatever was planned before.
fn scheduled(case: &mut Case) {
    case.does("manager", Act::Accept, LOW_RISK).assessed();
    case.does("manager", Act::Approve, &[]);
    case.does("manager-deputy", Act::Schedule, &[("implementer", "implementer@example.org")]);
}

fn planned(case: &mut Case) {
    case.does("manager", Act::Plan, &[("plan", "implement"), ("steps", "Save the data\nMove the rota"), ("minutes", "20"), ("offset", "0")]);
    case.does("manager", Act::Plan, &[("plan", "back_out"), ("steps", "Start the old server"), ("minutes", "45")]);
}

#[test]
fn c086_steps_stand_in_order_with_owners_and_planned_times() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    planned(&mut case);
    let carry = &case.change.carry;
    assert_eq!(
        carry.steps.iter().map(|s| (s.planned.number, s.planned.plan, s.planned.owner)).collect::<Vec<_>>(),
        [(1, Plan::Implement, SUPPLIER), (2, Plan::Implement, SUPPLIER), (3, Plan::BackOut, SUPPLIER)]
    );
    assert_eq!(carry.steps[1].planned.after, [1], "each waits for the one before");
    assert_eq!(carry::planned_start(&case.change, 2), Some(at("2027-03-02T22:20")));
    assert_eq!(carry.effort(), (40, 0));
    // Number 1 is taken out; its number is never given again.
    case.does("manager", Act::Plan, &[("take_out", "1")]);
    case.does("manager", Act::Plan, &[("plan", "test"), ("steps", "Open the rota"), ("minutes", "5")]);
    assert_eq!(case.change.carry.steps.last().unwrap().planned.number, 4);
    assert_eq!(case.refuses("manager", Act::Plan, &raw(&[])), ["steps: nothing-planned"]);
    assert_eq!(
        case.refuses("manager", Act::Plan, &raw(&[("steps", "One"), ("owner", "NOBODY")])),
        ["plan: choose-one", "minutes: answer-missing", "owner: unknown-value"]
    );
}

#[test]
fn c087_a_plan_begins_from_a_set_of_the_document() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    case.does("manager", Act::Plan, &[("template", "replace a server")]);
    let carry = &case.change.carry;
    let count = |plan| carry.of(plan).count();
    assert_eq!([count(Plan::Communicate), count(Plan::Implement), count(Plan::Test), count(Plan::BackOut)], [2, 2, 1, 2]);
    assert_eq!(carry.steps[0].planned.offset, Some(-15));
    assert_eq!(carry::planned_start(&case.change, 1), Some(at("2027-03-02T21:45")));
    // The test begins when the work is meant to end.
    let test = carry.of(Plan::Test).next().unwrap().planned.number;
    assert_eq!(carry::planned_start(&case.change, test), Some(at("2027-03-02T23:00")));
}

/// When everything that is planned about the work stands: each step, the go or no-go, the last safe moment, the latest end.
fn planned_times(change: &signalbox_core::change::Change) -> Vec<Timestamp> {
    let steps = change.carry.steps.iter().map(|step| carry::planned_start(change, step.planned.number).unwrap());
    steps.chain(carry::checkpoint_at(change)).chain(carry::last_safe(change)).chain(carry::latest_end(change)).collect()
}

#[test]
fn c080_a_move_takes_every_step_along_by_the_same_offset() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    // Steps with an offset, before the start and after it; steps that follow others; tests, messages and the way back.
    case.does("manager", Act::Plan, &[("template", "replace a server")]);
    planned(&mut case);
    case.does("manager", Act::Plan, &[("decider", "assessor@example.org"), ("minutes_before", "90")]);
    let before = planned_times(&case.change);
    assert_eq!(before.len(), case.change.carry.steps.len() + 3);
    // Half an hour, a week, back again; and into the night of 28 March, in which the clocks go forward from 01:00 to 02:00:
    // steps keep what lies between them by the minute, not what the clock on the wall shows.
    for (start, end) in [
        ("2027-03-02T22:30", "2027-03-03T00:30"),
        ("2027-03-09T22:30", "2027-03-10T00:30"),
        ("2027-03-02T22:00", "2027-03-03T00:00"),
        ("2027-03-28T00:30", "2027-03-28T03:30"),
    ] {
        let (start, end) = (at(start), at(end));
        let (from, until) = (start.to_string(), end.to_string());
        case.does("coordinator", Act::Reschedule, &[("window.start", &from), ("window.end", &until), ("reason", "Staff")]);
        let moved = planned_times(&case.change);
        let offsets: Vec<SignedDuration> = moved.iter().zip(&before).map(|(moved, before)| moved.duration_since(*before)).collect();
        assert_eq!(offsets, vec![start.duration_since(at(START)); before.len()], "from {from} to {until}");
    }
}

#[test]
fn br31_another_method_after_approval_is_decided_again_and_other_messages_are_not() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    planned(&mut case);
    scheduled(&mut case);
    case.does("manager", Act::Plan, &[("plan", "communicate"), ("steps", "Ring the wards"), ("minutes", "5")]);
    assert_eq!(case.change.stage, Stage::Scheduled);
    assert_eq!(case.change.live_approvals().count(), 1);
    case.does("manager", Act::Plan, &[("plan", "implement"), ("steps", "And the printer"), ("minutes", "5")]);
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
    assert_eq!(case.change.live_approvals().count(), 0);
}

#[test]
fn c092_the_last_safe_moment_is_the_latest_end_less_the_way_back() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    assert_eq!(carry::last_safe(&case.change), Some(at("2027-03-03T00:30")), "30 minutes were answered");
    planned(&mut case);
    assert_eq!(carry::last_safe(&case.change), Some(at("2027-03-03T00:15")), "the steps take 45");
    scheduled(&mut case);
    case.by_then(NIGHT);
    let followed = {
        let actor = world.person("implementer").actor.clone();
        case.act(&actor, Act::Start, &raw(&[])).unwrap()
    };
    let alarms: Vec<_> = followed
        .iter()
        .flat_map(|(_, tasks)| tasks)
        .filter_map(|task| match task {
            Task::Timer { then: TimerAct::LastSafe, due_at, tells, .. } => Some((*due_at, tells.len())),
            _ => None,
        })
        .collect();
    assert_eq!(alarms, [(at("2027-03-03T00:15"), 4)]);
    // A moment too early it means nothing, and on the dot it is marked, once.
    assert!(case.by_then("2027-03-03T00:14").time_out(TimerAct::LastSafe).is_err());
    case.by_then("2027-03-03T00:15").time_out(TimerAct::LastSafe).unwrap();
    assert_eq!(case.change.carry.last_safe_passed, Some(at("2027-03-03T00:15")));
    assert!(case.time_out(TimerAct::LastSafe).is_err());
    // More time moves it, and the mark goes.
    let more = [("until", "2027-03-03T03:00:00Z"), ("reason", "The copy is slow"), ("site_agreed", "Sister Quill"), ("on_call_agreed", "Mr Vane")];
    case.does("implementer", Act::Extend, &more);
    assert_eq!(carry::last_safe(&case.change), Some(at("2027-03-03T02:15")));
    assert_eq!(case.change.carry.last_safe_passed, None);
    assert_eq!(signalbox_core::alarm::Cover::of(&case.change).unwrap().until, at("2027-03-03T03:00"), "alarms are expected until the new end");
    assert_eq!(
        case.refuses("implementer", Act::Extend, &raw(&[("until", "2027-03-03T02:00:00Z"), ("reason", "x"), ("site_agreed", "a"), ("on_call_agreed", "b")])),
        ["until: not-later"]
    );
    // What has begun to go back is not warned of it.
    case.does("implementer", Act::BackOut, &[("reason", "It does not start")]);
    assert!(case.by_then("2027-03-03T02:20").time_out(TimerAct::LastSafe).is_err());
}

#[test]
fn c091_go_or_no_go_is_said_by_the_person_named_and_a_start_without_it_is_marked() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    case.does("manager", Act::Plan, &[("decider", "assessor@example.org"), ("minutes_before", "90")]);
    scheduled(&mut case);
    assert_eq!(carry::checkpoint_at(&case.change), Some(at("2027-03-02T20:30")));
    assert_eq!(case.refuses("implementer", Act::DecideGo, &raw(&[("go", "yes")])), ["not-the-decider"]);
    case.by_then("2027-03-02T20:20");
    assert_eq!(case.refuses("manager", Act::DecideGo, &raw(&[("go", "no")])), ["words: answer-missing"], "a no has a reason");
    let mut without = case.clone();
    without.by_then(NIGHT).does("implementer", Act::Start, &[]);
    assert!(without.change.work.deviations.contains("no-go-decision"));
    let mut against = case.clone();
    against.does("manager", Act::DecideGo, &[("go", "no"), ("words", "The spare is not here")]);
    against.by_then(NIGHT).does("implementer", Act::Start, &[]);
    assert!(against.change.work.deviations.contains("against-no-go"));
    case.does("manager", Act::DecideGo, &[("go", "yes")]).by_then(NIGHT).does("implementer", Act::Start, &[]);
    assert!(case.change.work.deviations.is_empty(), "{:?}", case.change.work.deviations);
}

#[test]
fn c089_a_step_that_fails_is_told_and_the_way_back_takes_over() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    planned(&mut case);
    scheduled(&mut case);
    case.by_then(NIGHT).does("implementer", Act::Start, &[]);
    let implementer = world.person("implementer").actor.clone();
    let done = case.act(&implementer, Act::RecordStep, &raw(&[("number", "1"), ("result", "done"), ("minutes", "12")])).unwrap();
    assert!(!done.iter().flat_map(|(_, tasks)| tasks).any(|t| matches!(t, Task::Tell { .. })), "what is done is on the page; nobody is mailed");
    assert_eq!(case.refuses("implementer", Act::RecordStep, &raw(&[("number", "2"), ("result", "failed")])), ["words: answer-missing"]);
    assert_eq!(case.refuses("implementer", Act::RecordStep, &raw(&[("number", "3"), ("result", "done")])), ["number: no-such-step"]);
    let failed = case.act(&implementer, Act::RecordStep, &raw(&[("number", "2"), ("result", "failed"), ("words", "It does not boot")])).unwrap();
    assert!(failed.iter().flat_map(|(_, tasks)| tasks).filter(|t| matches!(t, Task::Tell { .. })).count() >= 4);
    case.does("implementer", Act::BackOut, &[("reason", "Step 2 failed")]);
    assert_eq!(carry::current(&case.change).unwrap().planned.plan, Plan::BackOut);
    assert_eq!(case.change.carry.effort(), (40, 12));
}

#[test]
fn c096_nothing_is_closed_while_steps_are_open_and_facts_are_never_refused() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    planned(&mut case);
    scheduled(&mut case);
    case.by_then(NIGHT).does("implementer", Act::Start, &[]);
    // T23: the end of the work is a fact, whatever is open.
    case.by_then("2027-03-02T23:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["steps-open"]);
    case.does("desk", Act::RecordStep, &[("number", "1"), ("result", "done")]);
    case.does("desk", Act::RecordStep, &[("number", "2"), ("result", "skipped"), ("words", "Not needed after all")]);
    case.does("manager", Act::Close, &[("outcome", "successful")]);
    assert_eq!(case.change.stage, Stage::Closed);
    assert_eq!(case.change.carry.step(3).unwrap().progress, Progress::Open, "the way back was not taken and owes nothing");
}

#[test]
fn c096_what_was_overtaken_by_the_way_back_is_not_owed_but_the_way_back_is() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    planned(&mut case);
    scheduled(&mut case);
    case.by_then(NIGHT).does("implementer", Act::Start, &[]).does("implementer", Act::BackOut, &[("reason", "It does not start")]);
    assert_eq!(carry::open_steps(&case.change).iter().map(|s| s.planned.number).collect::<Vec<_>>(), [3]);
    assert_eq!(case.refuses("implementer", Act::Finish, &raw(&[("outcome", "backed_out"), ("back", "ROTA")])), ["state_verified: answer-missing"], "T25");
    case.does("implementer", Act::RecordStep, &[("number", "3"), ("result", "done")]);
    case.does("implementer", Act::Finish, &[("outcome", "backed_out"), ("back", "ROTA"), ("state_verified", "The old rota is shown")]);
    assert!(carry::open_steps(&case.change).is_empty());
}

fn closed<'w>(world: &'w World, process: &'w signalbox_core::process::Process) -> Case<'w> {
    let mut case = submitted(world, process);
    scheduled(&mut case);
    case.by_then(NIGHT).does("implementer", Act::Start, &[]);
    case.by_then("2027-03-02T23:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    case.does("manager", Act::Close, &[("outcome", "successful")]);
    case
}

#[test]
fn x12_the_trusts_that_were_touched_are_asked_and_silence_is_the_suppliers_word_only() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = closed(&world, &process);
    assert_eq!(learn::asked_whether_it_worked(&case.change), [TRUST]);
    assert!(learn::is_suppliers_word_only(&case.change));
    assert_eq!(case.change.learnt.looked, None, "nobody looked for incidents");
    assert_eq!(case.refuses("neighbour", Act::ConfirmWorked, &raw(&[("worked", "yes")])), ["role"]);
    assert_eq!(case.refuses("owner", Act::ConfirmWorked, &raw(&[("worked", "no")])), ["words: answer-missing"]);
    case.does("owner", Act::ConfirmWorked, &[("worked", "with_issues"), ("words", "Slow until nine")]);
    assert!(!learn::is_suppliers_word_only(&case.change));
    // A later word of the same trust replaces it.
    case.does("owner", Act::ConfirmWorked, &[("worked", "yes")]);
    assert_eq!(case.change.learnt.confirmations.len(), 1);
}

#[test]
fn c102_a_success_is_disputed_answered_by_another_and_restated_beside_what_it_was() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = closed(&world, &process);
    assert_eq!(case.refuses("manager", Act::AnswerDispute, &raw(&[])), ["no-open-dispute"]);
    case.does("owner", Act::Dispute, &[("reason", "Two wards could not print")]);
    assert_eq!(case.refuses("coordinator", Act::Dispute, &raw(&[])), ["disputed-already"]);
    case.does("manager", Act::AnswerDispute, &[("upheld", "yes"), ("words", "So it was")]);
    case.does("manager", Act::Restate, &[("outcome", "partial"), ("reason", "The dispute was upheld")]);
    assert_eq!((case.change.learnt.first_outcome, case.change.outcome), (Some(Outcome::Successful), Some(Outcome::Partial)));
    assert_eq!(case.refuses("owner", Act::Dispute, &raw(&[])), ["nothing-to-dispute"]);
}

#[test]
fn br33_a_serious_incident_makes_a_review_due_and_its_actions_are_kept_until_done() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    scheduled(&mut case);
    case.by_then(NIGHT).does("implementer", Act::Start, &[]);
    case.by_then("2027-03-02T23:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    case.does("desk", Act::LinkIncident, &[("incident", "inc-2")]);
    assert_eq!(case.change.learnt.worst(), Some(Grade::Serious));
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["review-due"]);
    assert_eq!(case.refuses("desk", Act::LinkIncident, &raw(&[("incident", "INC-2")])), ["incident: linked-already"]);
    assert_eq!(case.refuses("desk", Act::LinkIncident, &raw(&[("incident", "INC-9999")])), ["incident: unknown-value"]);
    case.does("manager", Act::Review, &[]);
    let mut review = raw(&[("words", "The printer queue was lost"), ("cause", "dependency"), ("benefit", "came"), ("action_1", "Add the queue to the list")]);
    assert_eq!(case.refuses("manager", Act::Review, &review), ["action_1_due: date-missing", "action_1_owner: owner-missing"]);
    review.extend(raw(&[("action_1_owner", "SUP"), ("action_1_due", "2027-04-01")]));
    assert_eq!(case.refuses("implementer", Act::Review, &review), ["role"]);
    case.sends("manager", Act::Review, &review);
    case.does("manager", Act::Close, &[("outcome", "partial"), ("looked", "yes"), ("words", "An incident was linked")]);
    assert_eq!(case.change.learnt.actions.iter().filter(|a| a.done.is_none()).count(), 1, "an open action outlives the change");
    case.does("implementer", Act::FinishAction, &[("number", "1"), ("words", "Added")]);
    assert_eq!(case.refuses("implementer", Act::FinishAction, &raw(&[])), ["no-open-action"]);
    // It was not of this change after all: the worst is gone with it.
    case.does("manager", Act::UnlinkIncident, &[("incident", "INC-2"), ("reason", "The queue was deleted by hand")]);
    assert_eq!(case.change.learnt.worst(), None);
}

#[test]
fn br35_what_nobody_touches_is_reminded_of_and_proposed_to_end() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    let coordinator = world.person("coordinator").actor.clone();
    case.by_then("2026-12-07T10:00");
    let said = case.act(&coordinator, Act::Say, &raw(&[("words", "Any news?")])).unwrap();
    let due = said.iter().flat_map(|(_, tasks)| tasks).filter_map(|t| match t {
        Task::Timer { then: TimerAct::ProposeExpiry, due_at, .. } => Some(*due_at),
        _ => None,
    });
    let due: Vec<_> = due.collect();
    assert_eq!(due.len(), 1, "a word begins the time anew");
    case.now = due[0];
    let followed = case.time_out(TimerAct::ProposeExpiry).unwrap();
    assert!(matches!(followed[0].0.event, Event::ExpiryProposed));
    assert!(case.time_out(TimerAct::ProposeExpiry).is_err(), "once");
    case.does("coordinator", Act::Say, &[("words", "We still want it")]);
    assert_eq!(case.change.carry.expiry_proposed, None);
}

#[test]
fn c094_what_is_owed_waits_while_the_change_is_held() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    case.does("manager", Act::Accept, LOW_RISK);
    let due = |case: &Case| case.change.assessments.values().map(|a| a.asked.due_at).min().unwrap();
    let before = due(&case);
    case.does("manager", Act::Hold, &[("reason", "The vendor is late"), ("review_on", "2026-12-10")]);
    case.by_then("2026-12-04T10:00").does("manager", Act::Resume, &[]);
    assert_eq!(due(&case).duration_since(before).as_hours(), 72);
}

#[test]
fn x12_an_incident_is_offered_for_five_working_days_over_christmas_too() {
    let offered = |ended: &str, opened: &str| learn::may_have_caused(at(ended), at(opened));
    // Tuesday to the Tuesday after is five working days, to Wednesday six.
    assert!(offered("2027-03-02T23:00", "2027-03-09T18:00") && !offered("2027-03-02T23:00", "2027-03-10T00:00"));
    // Wednesday before Christmas 2026: 24, 29, 30, 31 December and 4 January are the five.
    assert!(offered("2026-12-23T23:00", "2027-01-04T09:00") && !offered("2026-12-23T23:00", "2027-01-05T09:00"));
    assert!(offered("2027-03-02T23:00", "2027-03-02T22:30"), "while the work was on");
}

#[test]
fn c101_the_score_follows_its_formula() {
    let score = |outcome, worst, over, upheld| learn::score(outcome, worst, over, upheld);
    assert_eq!(score(Outcome::Successful, None, 30, false), Some(100));
    assert_eq!(score(Outcome::Successful, None, 31, false), Some(90));
    assert_eq!(score(Outcome::SuccessfulWithIssues, Some(Grade::Lesser), 0, false), Some(60));
    assert_eq!(score(Outcome::Successful, Some(Grade::Clinical), 45, true), Some(20));
    assert_eq!(score(Outcome::Failed, Some(Grade::Serious), 0, false), Some(0), "never below");
    assert_eq!(score(Outcome::Cancelled, None, 0, false), None);
}

#[test]
fn c104_c105_a_near_miss_and_two_questions_to_whoever_raised_it() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = closed(&world, &process);
    case.does("assessor", Act::RecordNearMiss, &[("words", "The wrong rack was almost switched off")]);
    assert_eq!(case.change.learnt.near_misses.len(), 1);
    assert_eq!(case.refuses("requester", Act::Survey, &raw(&[])), ["not-the-requester"]);
    case.does("coordinator", Act::Survey, &[("informed", "4"), ("promised", "5")]);
    assert_eq!(case.refuses("coordinator", Act::Survey, &raw(&[])), ["survey-given"]);
}

#[test]
fn r6_what_came_back_is_counted_with_when_it_came_again() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = submitted(&world, &process);
    case.does("manager", Act::Return, &[("defects", "Which rack?")]);
    let fields = asked(&process, normal("ROTA", "SRV-2", START, "2027-03-03T00:00"));
    case.by_then("2026-12-03T10:00").sends("coordinator", Act::Submit, &fields);
    let turned = &case.change.learnt.turned_back[0];
    assert_eq!((turned.kind, turned.code.as_str(), turned.revision, turned.again), ("returned", "incomplete", 1, Some((2, at("2026-12-03T10:00")))));
}

#[test]
fn c117_a_telling_belongs_to_its_department_and_a_new_one_stands_by_itself() {
    use signalbox_core::departments::{Standing, of};
    let (world, process) = (World::new(), strict_outage());
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut answers = asked(&process, outage("2026-12-01T20:00", "2026-12-01T22:00"));
    answers.extend(raw(&[("contingency_end.date", "2026-12-01"), ("contingency_end.time", "23:00")]));
    answers.extend(raw(&[("departments.2.area", "wards"), ("departments.2.name", "Ward 7"), ("departments.2.cover", "On paper")]));
    answers.extend(raw(&[("departments.3.area", "wards"), ("departments.3.name", "Ward 8"), ("departments.3.cover", "On paper")]));
    case.sends("coordinator", Act::Submit, &answers);
    for (area, name, knows) in [("imaging", "", "yes"), ("wards", " ward 8", "no"), ("wards", "", "no"), ("theatres", "Theatre 2", "yes")] {
        case.does("coordinator", Act::TellDepartment, &[("area", area), ("department_name", name), ("who_there", "Somebody"), ("knows", knows)]);
    }
    let prose = case.prose.clone();
    let found: Vec<(String, String, Standing, usize)> = of(&case.change, |text| prose.get(&text.text).map(String::as_str))
        .iter()
        .map(|one| (one.area.to_owned(), one.name.map_or("", |text| prose[&text.text].as_str()).to_owned(), one.standing(), one.since.len()))
        .collect();
    let expect = |area: &str, name: &str, standing, since| (area.to_owned(), name.to_owned(), standing, since);
    assert_eq!(
        found,
        [
            expect("imaging", "", Standing::Confirmed, 1),
            expect("wards", "Ward 7", Standing::NotTold, 0),
            expect("wards", "Ward 8", Standing::Told, 1),
            // Of two wards nobody knows which was meant, so neither counts as told.
            expect("wards", "", Standing::Told, 1),
            expect("theatres", "Theatre 2", Standing::Confirmed, 1),
        ]
    );
}
