//! Emergencies and work found out afterwards: scenarios 32 to 35, and the rules about them.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_core::form::Raw;
use signalbox_core::process::Process;
use signalbox_core::samples::*;
use signalbox_core::urgent::{Judgement, Paper, papers};

pub const NO: &[(&str, &str)] = &[("q1", "no"), ("q2", "no"), ("q3", "no"), ("q4", "no"), ("q5", "no"), ("q6", "no"), ("q7", "no"), ("q8", "no")];

/// What is asked on the night, of a service without direct care.
pub fn night(process: &Process, service: &str) -> Raw {
    let mut fields = normal(service, "SRV-2", "2026-11-28T02:10", "2026-11-28T06:00");
    fields.extend(raw(&[
        ("emergency_reason", "live_incident"),
        ("incident_ref", "INC-4711"),
        ("consequence_of_delay", "Nobody sees tomorrow's rota"),
        ("clinical_contact", "agrees"),
        ("clinical_officer", "C. Ndlovu"),
        ("said_yes", "no"),
    ]));
    let mut fields = asked(process, fields);
    // The rest can wait until the morning after.
    let later = process.questions.iter().filter(|q| q.required == signalbox_core::process::Required::Close);
    for question in later {
        fields.remove(&question.id);
    }
    fields
}

fn with(mut fields: Raw, more: &[(&str, &str)]) -> Raw {
    fields.extend(raw(more));
    fields
}

/// A yes by phone, two hours after midnight.
const SAID: &[(&str, &str)] = &[
    ("said_yes", "yes"),
    ("verbal_approver", "manager@example.org"),
    ("verbal_channel", "phone"),
    ("verbal_at", "2026-11-28T02:00:00Z"),
    ("verbal_witness", "T. Achebe"),
];

pub fn rest_of_the_record() -> Raw {
    raw(&[
        ("why", "incident"),
        ("people_notice", "The rota was off"),
        ("proof", "The matron opened it"),
        ("test_evidence", "Tried with one ward"),
        ("outage_minutes", "0"),
        ("degraded_minutes", "0"),
        ("users_affected", "0"),
        ("patient_facing", "none"),
        ("reversible", "yes"),
        ("backout_minutes", "5"),
        ("security_flag", "no"),
        ("network_affected", "no"),
        ("root_cause_of_urgency", "The disk was not watched"),
    ])
}

fn due(case: &Case, paper: Paper) -> String {
    let owed = papers(&case.change).into_iter().find(|owed| owed.paper == paper);
    owed.map_or("not owed".into(), |owed| owed.due_at.to_zoned(case.world.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string())
}

/// Saturday, 08:30: what happened at two is written down.
fn told_in_the_morning<'w>(world: &'w World, process: &'w Process, service: &str) -> Case<'w> {
    let mut case = draft(world, process, "desk", SUPPLIER, "2026-11-28T08:30");
    case.sends("desk", Act::Submit, &with(night(process, service), SAID));
    case
}

#[test]
fn scenario_32_a_yes_by_phone_is_written_down_in_the_morning() {
    let (world, process) = (World::new(), document("emergency"));
    let mut case = told_in_the_morning(&world, &process, "ROTA");
    assert_eq!(case.change.stage, Stage::Approved);
    let approval = case.change.live_approvals().next().unwrap();
    assert_eq!((approval.by.person, approval.at), (world.person("manager").actor.person(), at("2026-11-28T02:00")));
    case.does("desk", Act::Start, &[("happened_at", "2026-11-28T02:10:00Z")]);
    assert_eq!((case.change.kind, case.change.stage), (Kind::Emergency, Stage::Implementing));
    assert!(!case.change.work.deviations.contains("unapproved"), "{:?}", case.change.work.deviations);
    // A Saturday: the next working day is Monday.
    assert_eq!(due(&case, Paper::Ratification), "2026-11-30T17:00");
    assert_eq!(due(&case, Paper::Confirmation), "2026-11-29T02:00");
    assert_eq!(due(&case, Paper::ClinicalReview), "2026-11-30T17:00");
    case.does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    // Saturday counts as Monday.
    assert_eq!(due(&case, Paper::Record), "2026-12-02T17:00");
    case.does("authority", Act::Review, &[]);
    let bars = case.refuses("authority", Act::Close, &raw(&[("outcome", "successful")]));
    for bar in ["answers-due", "review-due", "clinical-not-screened", "verbal-unconfirmed"] {
        assert!(bars.iter().any(|b| b == bar), "{bar} of {bars:?}");
    }
    assert_eq!(case.refuses("authority", Act::ConfirmVerbal, &raw(&[("agreed", "yes")])), ["not-your-word"]);
    case.does("manager", Act::ConfirmVerbal, &[("agreed", "yes")]);
    case.does("authority-officer", Act::Screen, NO).does(
        "authority",
        Act::Review,
        &[("words", "The disk is watched now"), ("cause", "people"), ("benefit", "came")],
    );
    case.sends("desk", Act::Amend, &rest_of_the_record());
    assert!(case.change.urgent.record.is_some());
    assert_eq!(case.refuses("authority", Act::Close, &raw(&[("outcome", "successful")])), ["unratified"]);
    case.by_then("2026-11-30T10:00").does("authority", Act::Ratify, &[("agreed", "yes")]);
    // It took longer than was planned, which the record knows.
    case.does("authority", Act::Close, &[("outcome", "successful_with_issues"), ("words", "It took until the morning")]);
    assert!(papers(&case.change).iter().all(|owed| owed.done.is_some()), "{:?}", papers(&case.change));
}

#[test]
fn scenario_33_nobody_ratifies_what_they_approved() {
    let (world, process) = (World::new(), document("emergency"));
    let case = told_in_the_morning(&world, &process, "ROTA");
    assert_eq!(case.refuses("manager", Act::Ratify, &raw(&[("agreed", "yes")])), ["ratify-by-another"]);
    assert_eq!(case.refuses("desk", Act::Ratify, &Raw::new()), ["role"]);
    // X17: the supplier raised it and one of its managers approved it; another of its managers would be the same house again.
    assert_eq!(case.refuses("manager-deputy", Act::Ratify, &raw(&[("agreed", "yes")])), ["own-organisation"]);
}

#[test]
fn scenario_34_a_refused_ratification_is_a_verdict() {
    let (world, process) = (World::new(), document("emergency"));
    let mut case = told_in_the_morning(&world, &process, "ROTA");
    case.does("desk", Act::Start, &[("happened_at", "2026-11-28T02:10:00Z")]).does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(case.refuses("authority", Act::Ratify, &raw(&[("agreed", "no")])), ["reason: answer-missing"]);
    case.does("authority", Act::Ratify, &[("agreed", "no"), ("reason", "It could have waited until Monday")]);
    assert_eq!(case.change.kind, Kind::Emergency);
    let (judged, ..) = case.change.urgent.verdict.clone().unwrap();
    // BR-24d: no emergency, said at once, somebody had agreed.
    assert_eq!((judged.verdict, judged.ruling.row), (Judgement::WithAction, 4));
    assert_eq!(
        judged.ruling.inputs,
        [("emergency true", "no"), ("self reported", "yes"), ("authority agreed", "yes")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    case.does("manager", Act::ConfirmVerbal, &[("agreed", "yes")]).does("authority", Act::Review, &[]);
    case.does("authority-officer", Act::Screen, NO).does(
        "authority",
        Act::Review,
        &[("words", "It was planned badly"), ("cause", "people"), ("benefit", "came")],
    );
    case.sends("desk", Act::Amend, &rest_of_the_record());
    case.does("authority", Act::Close, &[("outcome", "successful_with_issues"), ("words", "It took until the morning")]);
}

#[test]
fn an_emergency_that_began_before_any_yes_is_judged_as_found_out() {
    let (world, process) = (World::new(), document("emergency"));
    let mut case = told_in_the_morning(&world, &process, "ROTA");
    // Ten minutes before the yes.
    case.does("desk", Act::Start, &[("happened_at", "2026-11-28T01:50:00Z")]);
    assert_eq!((case.change.kind, case.change.urgent.converted_from), (Kind::Retrospective, Some(Kind::Emergency)));
    assert!(case.change.work.deviations.contains("unapproved"));
    assert_eq!((due(&case, Paper::Verdict), due(&case, Paper::Ratification)), ("2026-12-07T17:00".into(), "not owed".into()));
    assert_eq!(case.refuses("authority", Act::Ratify, &raw(&[("agreed", "yes")])), ["nothing-to-ratify"]);
    case.does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    // It can still be regularised.
    case.does("authority", Act::GiveVerdict, &[("was_emergency", "yes"), ("authority_agreed", "yes")]);
    assert_eq!(case.change.urgent.verdict.as_ref().unwrap().0.verdict, Judgement::Regularised);
}

#[test]
fn a_yes_that_was_never_given_is_void() {
    let (world, process) = (World::new(), document("emergency"));
    let mut case = told_in_the_morning(&world, &process, "ROTA");
    assert_eq!(case.refuses("manager", Act::ConfirmVerbal, &raw(&[("agreed", "no")])), ["words: answer-missing"]);
    let mut begun = case.clone();
    case.does("manager", Act::ConfirmVerbal, &[("agreed", "no"), ("words", "I said that I would ring back")]);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::Submitted, 0));
    begun.does("desk", Act::Start, &[("happened_at", "2026-11-28T02:10:00Z")]);
    begun.does("manager", Act::ConfirmVerbal, &[("agreed", "no"), ("words", "I was asleep")]);
    assert_eq!((begun.change.stage, begun.change.kind), (Stage::Implementing, Kind::Retrospective));
}

#[test]
fn nobody_says_yes_before_a_safety_officer_was_asked() {
    let (world, process) = (World::new(), document("emergency"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-28T02:10");
    let tries =
        |second: &str| with(night(&process, "PACS"), &[("clinical_contact", "unreachable"), ("first_try", "2026-11-28T01:40:00Z"), ("second_try", second)]);
    // One with a yes by phone is not taken before the officer was asked.
    let early = with(with(night(&process, "PACS"), SAID), &[("clinical_contact", "not_yet_asked")]);
    assert_eq!(case.refuses("requester", Act::Submit, &early), ["clinical_contact: officer-first"]);
    case.sends("requester", Act::Submit, &tries("2026-11-28T01:54:00Z"));
    assert_eq!(case.refuses("manager", Act::Approve, &Raw::new()), ["officer-tried-once"]);
    case.does("requester", Act::Amend, &[("second_try", "2026-11-28T01:55:00Z")]);
    case.does("manager", Act::Approve, &[]);
    // X7: direct care is looked at within a day by the clock.
    assert_eq!(due(&case, Paper::ClinicalReview), "2026-11-29T02:10");
    let mut without = draft(&world, &process, "requester", TRUST, "2026-11-28T02:10");
    let mut missing = night(&process, "ROTA");
    missing.remove("incident_ref");
    assert_eq!(without.refuses("requester", Act::Submit, &missing), ["incident_ref: answer-missing"]);
    missing.extend(raw(&[("emergency_reason", "security")]));
    without.sends("requester", Act::Submit, &missing);
}

/// Who may be named as having said yes.
#[test]
fn a_yes_by_phone_is_of_somebody_who_may() {
    let (world, process) = (World::new(), document("emergency"));
    let case = draft(&world, &process, "manager-deputy", SUPPLIER, "2026-11-28T08:30");
    let named = |email: &str| with(with(night(&process, "ROTA"), SAID), &[("verbal_approver", email)]);
    for email in ["implementer@example.org", "nobody@example.org", "manager-deputy@example.org"] {
        assert_eq!(case.refuses("manager-deputy", Act::Submit, &named(email)), ["verbal_approver: not-an-approver"], "{email}");
    }
    case.try_act(&world.person("manager-deputy").actor, Act::Submit, &named("on-call@example.org")).unwrap();
    let future = with(named("manager@example.org"), &[("verbal_at", "2026-11-28T09:00:00Z")]);
    assert_eq!(case.refuses("manager-deputy", Act::Submit, &future), ["verbal_at: in-the-future"]);
}

pub fn found(process: &Process, how: &str) -> Raw {
    let mut fields = normal("ROTA", "SRV-2", "2026-11-25T22:00", "2026-11-25T23:00");
    fields.extend(raw(&[
        ("state_now", "left_in_place"),
        ("incidents_caused", "no"),
        ("how_found", how),
        ("discovered_by", "The night shift"),
        ("discovered_at", "2026-11-26T09:00:00Z"),
        ("why_no_approval", "did_not_know"),
        ("who_authorised", "nobody"),
    ]));
    asked(process, fields)
}

fn sent<'w>(world: &'w World, process: &'w Process, how: &str, wall: &str) -> Case<'w> {
    let mut case = draft(world, process, "implementer", SUPPLIER, wall);
    case.sends("implementer", Act::Submit, &found(process, how));
    case
}

#[test]
fn a_late_record_goes_to_review_and_gets_its_verdict() {
    let (world, process) = (World::new(), document("retrospective"));
    let mut case = sent(&world, &process, "audit", "2026-11-27T10:00");
    assert_eq!(due(&case, Paper::Verdict), "2026-12-04T17:00");
    case.does("manager", Act::Review, &[]);
    assert_eq!(case.change.stage, Stage::Review);
    // No supplier judges its own work.
    assert_eq!(case.refuses("manager", Act::GiveVerdict, &raw(&[("was_emergency", "no"), ("authority_agreed", "no")])), ["own-organisation"]);
    case.does("authority", Act::Review, &[("words", "Nobody had told them"), ("cause", "people"), ("benefit", "came")]);
    let open = case.refuses("authority", Act::Close, &raw(&[("outcome", "successful")]));
    assert_eq!(open, ["clinical-not-screened", "verdict-due"]);
    // Another verdict than the table's needs a reason, and what is to be done.
    let milder = raw(&[("was_emergency", "no"), ("authority_agreed", "no"), ("verdict", "regularised_with_action")]);
    assert_eq!(case.refuses("authority", Act::GiveVerdict, &milder), ["reason: answer-missing", "action: answer-missing"]);
    case.does("authority", Act::GiveVerdict, &[("was_emergency", "no"), ("authority_agreed", "no")]);
    let (judged, ..) = case.change.urgent.verdict.clone().unwrap();
    assert_eq!((judged.verdict, judged.proposed, judged.ruling.row), (Judgement::Unauthorised, Judgement::Unauthorised, 5));
    case.does("authority-officer", Act::Screen, NO);
    // What was unauthorised is closed so and stays so.
    assert_eq!(case.refuses("authority", Act::Close, &raw(&[("outcome", "successful")])), ["outcome: unknown-choice"]);
    case.does("authority", Act::Close, &[("outcome", "unauthorised")]);
    assert_eq!(case.change.outcome, Some(Outcome::Unauthorised));
    assert_eq!(case.refuses("authority", Act::Restate, &raw(&[("outcome", "successful"), ("reason", "x")])), ["verdict-stands"]);
}

/// BR-24a to f, each by its row; the facts of the judge and the one that is worked out.
#[test]
fn br24_every_row_of_the_verdict() {
    let (world, process) = (World::new(), document("retrospective"));
    for (how, wall, emergency, agreed, verdict, row) in [
        // Work that ended at night counts from the next day, and one working day later at 17:00 is the last moment.
        ("self_report", "2026-11-27T16:59", "yes", "yes", Judgement::Regularised, 1),
        ("self_report", "2026-11-27T17:00", "yes", "no", Judgement::WithAction, 2),
        ("self_report", "2026-11-27T17:01", "yes", "yes", Judgement::WithAction, 3),
        ("audit", "2026-11-26T09:30", "yes", "no", Judgement::WithAction, 3),
        ("self_report", "2026-11-26T09:30", "no", "yes", Judgement::WithAction, 4),
        ("self_report", "2026-11-26T09:30", "no", "no", Judgement::Unauthorised, 5),
        ("audit", "2026-11-26T09:30", "no", "no", Judgement::Unauthorised, 5),
        ("audit", "2026-11-26T09:30", "no", "yes", Judgement::Unauthorised, 6),
    ] {
        let mut case = sent(&world, &process, how, wall);
        case.does("manager", Act::Review, &[]);
        case.does("authority", Act::GiveVerdict, &[("was_emergency", emergency), ("authority_agreed", agreed), ("action", "Tell the team")]);
        let (judged, ..) = case.change.urgent.verdict.clone().unwrap();
        assert_eq!((judged.verdict, judged.ruling.row), (verdict, row), "{how} {wall} {emergency} {agreed}");
    }
}

#[test]
fn a_late_record_is_of_what_has_been_done() {
    let (world, process) = (World::new(), document("retrospective"));
    let case = draft(&world, &process, "implementer", SUPPLIER, "2026-11-25T22:59");
    assert_eq!(case.refuses("implementer", Act::Submit, &found(&process, "self_report")), ["window: not-in-the-past", "discovered_at: in-the-future"]);
    let sent = sent(&world, &process, "self_report", "2026-11-26T10:00");
    assert_eq!(sent.change.work.started.as_ref().unwrap().happened_at, at("2026-11-25T22:00"));
    assert_eq!(sent.refuses("implementer", Act::Withdraw, &Raw::new()), ["wrong-stage"]);
}
