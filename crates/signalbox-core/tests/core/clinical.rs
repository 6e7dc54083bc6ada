//! Clinical safety (spec 8, 5.3, BR-21, SD-4, SD-5, X8): the scenarios under their numbers, and each rule with its yes,
//! its no and its boundary.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::change::{Clinical, Stage};
use signalbox_core::clinical::{self, Seat, Severity};
use signalbox_core::event::Event;
use signalbox_core::form::Raw;
use signalbox_core::process::{Process, TimerAct};
use signalbox_core::react::Task;
use signalbox_core::samples::*;
use signalbox_core::walk;

/// A change of the imaging service, screened with a yes and accepted for assessment.
fn under_review<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = draft(world, process, "coordinator", TRUST, "2026-11-02T09:00");
    let fields = asked(process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00"));
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK).sends("supplier-officer", Act::Screen, &answers("yes"));
    case
}

fn answers(first: &str) -> Raw {
    (1..=8).map(|n| (format!("q{n}"), vec![if n == 1 { first } else { "no" }.to_owned()])).collect()
}

fn rating(which: &str, harm: &str, patients: &str, likelihood: &str) -> Raw {
    raw(&[("which", which), ("harm", harm), ("patients", patients), ("likelihood", likelihood), ("why", "Looked at with the lead radiographer")])
}

fn with(mut fields: Raw, more: &[(&str, &str)]) -> Raw {
    fields.extend(raw(more));
    fields
}

const CONTROL: &[(&str, &str)] =
    &[("control_1", "A second viewer in the ward"), ("control_1_state", "verified"), ("residual_harm", "inconvenience"), ("residual_likelihood", "low")];

#[test]
fn scenario_25_every_hazard_of_a_rejection_is_answered() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("supplier-officer", Act::Hazard, HAZARD).does("coordinator", Act::Hazard, &[("hazard", "The wrong patient"), ("effect", "Treated for another")]);
    // The form is complete or it is not signed.
    assert_eq!(case.refuses("supplier-officer", Act::RejectClinically, &rejection(&case)), ["hazards-unrated"]);
    case.sends("supplier-officer", Act::Rate, &rating("H1", "death", "many", "low")).sends("supplier-officer", Act::Rate, &rating("H2", "death", "one", "low"));
    let ratings: Vec<u8> = case.change.safety.hazards.iter().map(|h| h.rated.as_ref().unwrap().residual.rating).collect();
    assert_eq!(ratings, [4, 3]);
    let form = rejection(&case);
    case.sends("supplier-officer", Act::RejectClinically, &form);
    assert_eq!(case.change.stage, Stage::ClinRejected);
    let first = case.change.safety.rejections.clone();
    // Revision 2 answers H1 only.
    let fields = asked(&process, normal("PACS", "GW-1", "2026-12-15T09:00", "2026-12-15T12:00"));
    let one = with(fields.clone(), &[("answer_h1", "There is a second viewer")]);
    case.by_then("2026-11-09T09:00");
    assert_eq!(case.refuses("coordinator", Act::Submit, &one), ["answer_h2: hazard-unanswered"]);
    case.sends("coordinator", Act::Submit, &with(one, &[("answer_h2", "The name is read back")]));
    assert_eq!((case.change.stage, case.change.revision), (Stage::Submitted, 2));
    assert!(matches!(case.change.clinical, Clinical::UnderReview { .. }));
    // Another window: the clock runs from the second receipt (X4 would keep the first for the same window).
    assert_eq!(case.change.notice().unwrap().received_at, at("2026-11-09T09:00"));
    assert_eq!(case.change.safety.rejections, first, "the form of revision 1 stays attached");
    // The ratings were of the first revision; the officer of the same side decides anew.
    assert!(case.change.safety.unrated().count() == 2 && case.change.safety.hazards[0].before.is_some());
    assert!(case.change.safety.hazards.iter().all(|h| h.answers.len() == 1));
}

#[test]
fn spec_8_6_the_same_side_decides_anew_and_who_did_not_sign_the_form_has_read_it() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    let form = rejection(&case);
    case.sends("trust-officer", Act::RejectClinically, &form);
    let again = answered(&case, asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.sends("coordinator", Act::Submit, &again).does("manager", Act::Accept, LOW_RISK);
    // Eight times no is no way round it.
    assert_eq!(case.refuses("manager", Act::Screen, &answers("no")), ["clinical-under-review"]);
    case.does("supplier-officer", Act::Rate, LOW_RATING);
    assert_eq!(case.refuses("supplier-officer", Act::Clear, &Raw::new()), ["clinical-other-side"]);
    assert_eq!(case.refuses("authority-officer", Act::Clear, &Raw::new()), ["clinical-other-side"]);
    assert_eq!(case.refuses("neighbour-officer", Act::Clear, &Raw::new()), ["read_form: yes-or-no"]);
    assert_eq!(case.refuses("neighbour-officer", Act::Clear, &raw(&[("read_form", "no")])), ["read_form: form-not-read"]);
    case.does("neighbour-officer", Act::Clear, &[("read_form", "yes")]);
    assert!(matches!(case.change.clinical, Clinical::Accepted { .. }));
}

#[test]
fn what_one_side_rejected_is_that_sides_to_hand_on_to_the_authority() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    let form = rejection(&case);
    case.sends("trust-officer", Act::RejectClinically, &form);
    let again = answered(&case, asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.sends("coordinator", Act::Submit, &again).does("manager", Act::Accept, LOW_RISK);
    case.sends("supplier-officer", Act::Rate, &rating("H1", "death", "many", "low"));
    assert_eq!(case.refuses("supplier-officer", Act::Escalate, &raw(&[("benefit", "x")])), ["clinical-other-side"]);
    case.does("trust-officer", Act::Escalate, &[("benefit", "Two hospitals get films at night")]);
    assert_eq!(case.refuses("trust-officer", Act::Clear, &Raw::new()), ["clinical-escalated"]);
    // Nobody else is left, so the authority's officer accepts what was made less dangerous.
    case.does("authority-officer", Act::Rate, LOW_RATING);
    case.does("authority-officer", Act::Clear, &[("read_form", "yes")]);
    assert!(matches!(case.change.clinical, Clinical::Accepted { .. }));
}

#[test]
fn scenario_27_a_lapsed_registration_takes_the_power_to_sign() {
    let (mut world, process) = (World::new(), document("end-to-end"));
    // It ends on the day of the signature, and ended the day before.
    world.registered_until("trust-officer", "2026-11-02".parse().unwrap());
    world.registered_until("supplier-officer", "2026-11-01".parse().unwrap());
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let fields = asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00"));
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK);
    assert_eq!(case.refuses("supplier-officer", Act::Screen, &answers("yes")), ["registration-lapsed"]);
    case.sends("trust-officer", Act::Screen, &answers("yes")).does("coordinator", Act::Hazard, HAZARD);
    for (act, fields) in [(Act::Rate, raw(LOW_RATING)), (Act::RejectClinically, Raw::new()), (Act::Query, raw(&[("questions", "How?")]))] {
        let refused = case.refuses("supplier-officer", act, &fields);
        assert!(refused == ["registration-lapsed"] || refused == ["hazards-unrated"], "{act:?}: {refused:?}");
    }
    case.does("trust-officer", Act::Rate, LOW_RATING);
    assert_eq!(case.refuses("supplier-officer", Act::RejectClinically, &rejection(&case)), ["registration-lapsed"]);
    case.by_then("2026-11-03T00:00");
    assert_eq!(case.refuses("trust-officer", Act::Clear, &Raw::new()), ["registration-lapsed"]);
    assert_eq!(case.refuses("trust-officer", Act::Stop, &Raw::new()), ["wrong-stage"]);
}

#[test]
fn scenario_28_the_rating_is_looked_up_and_limits_the_decision() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("coordinator", Act::Hazard, HAZARD).sends("supplier-officer", Act::Rate, &rating("H1", "death", "many", "low"));
    let rated = case.change.safety.hazards[0].rated.clone().unwrap();
    assert_eq!((rated.residual.severity, rated.residual.rating, rated.residual.matrix.as_str()), (Severity::Catastrophic, 4, "dcb-1"));
    // CR-4: reject, or escalate.
    for officer in ["supplier-officer", "trust-officer", "authority-officer"] {
        assert_eq!(case.refuses(officer, Act::Clear, &Raw::new()), ["rating-too-high"]);
    }
    assert!(case.may(&world.person("supplier-officer").actor, Act::RejectClinically).is_ok());
    case.does("supplier-officer", Act::Escalate, &[("benefit", "Two hospitals get films at night")]);
    assert_eq!(case.refuses("supplier-officer", Act::Escalate, &raw(&[("benefit", "x")])), ["nothing-to-escalate"]);
    assert_eq!(case.refuses("authority-officer", Act::Clear, &Raw::new()), ["rating-too-high"]);
}

#[test]
fn scenario_29_residual_three_waits_for_both_sides_and_says_why() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("coordinator", Act::Hazard, HAZARD).sends("supplier-officer", Act::Rate, &rating("H1", "death", "one", "low"));
    let limits = [("impractical", "Further reduction is impractical because there is one scanner"), ("until", "2026-12-31")];
    assert_eq!(case.refuses("supplier-officer", Act::Clear, &Raw::new()), ["impractical: answer-missing", "until: date-missing"]);
    assert_eq!(case.refuses("supplier-officer", Act::Clear, &raw(&[limits[0], ("until", "2026-12-07")])), ["until: before-the-end"]);
    case.does("supplier-officer", Act::Clear, &limits);
    let Clinical::AwaitingSignature(awaiting) = &case.change.clinical else { panic!("{:?}", case.change.clinical) };
    assert_eq!(awaiting.basis.seats, [Seat::Officer { org: TRUST }, Seat::Officer { org: OTHER_TRUST }, Seat::Officer { org: SUPPLIER }]);
    // One officer is not two: the change waits, whatever else is done.
    case.assessments();
    assert_eq!(case.change.stage, Stage::Assessing);
    assert_eq!(case.refuses("supplier-officer", Act::Countersign, &Raw::new()), ["signed-already"]);
    assert_eq!(case.refuses("authority-officer", Act::Countersign, &Raw::new()), ["not-your-signature"]);
    case.does("trust-officer", Act::Countersign, &[]);
    assert!(matches!(case.change.clinical, Clinical::AwaitingSignature(_)));
    case.does("neighbour-officer", Act::Countersign, &[]);
    assert!(matches!(case.change.clinical, Clinical::Accepted { .. }));
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
    // A rating after the signatures voids them.
    case.sends("trust-officer", Act::Rate, &rating("H1", "death", "many", "low"));
    assert!(matches!(case.change.clinical, Clinical::UnderReview { .. }));
}

#[test]
fn cr_3_an_acceptance_ends_on_its_day() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("coordinator", Act::Hazard, HAZARD).sends("supplier-officer", Act::Rate, &rating("H1", "death", "one", "low"));
    case.does("supplier-officer", Act::Clear, &[("impractical", "There is one scanner"), ("until", "2026-12-08")]);
    case.does("trust-officer", Act::Countersign, &[]).does("neighbour-officer", Act::Countersign, &[]).assessments();
    case.with_downtime_procedure().does("coordinator", Act::Amend, &[("continuity", "On paper")]);
    case.by_then("2026-12-08T08:00");
    assert!(case.may(&world.person("authority").actor, Act::Approve).is_ok());
    case.by_then("2026-12-09T08:00");
    assert_eq!(case.refuses("authority", Act::Approve, &Raw::new()), ["clinical-acceptance-ended"]);
    assert!(case.may(&world.person("supplier-officer").actor, Act::Clear).is_ok());
}

#[test]
fn cr_1_and_cr_2_controls_are_verified_or_scheduled_with_an_owner() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("coordinator", Act::Hazard, HAZARD);
    let grave = rating("H1", "death", "many", "low");
    let low = with(grave.clone(), &[("residual_harm", "inconvenience")]);
    assert_eq!(case.refuses("supplier-officer", Act::Rate, &low), ["control_1: controls-missing"]);
    let unowned = with(low.clone(), &[("control_1", "A viewer"), ("control_1_state", "scheduled")]);
    assert_eq!(case.refuses("supplier-officer", Act::Rate, &unowned), ["control_1_owner: owner-missing", "control_1_due: date-missing"]);
    let too_late = with(unowned.clone(), &[("control_1_owner", "SUP"), ("control_1_due", "2026-12-09")]);
    assert_eq!(case.refuses("supplier-officer", Act::Rate, &too_late), ["control_1_due: after-the-start"]);
    case.sends("supplier-officer", Act::Rate, &with(unowned, &[("control_1_owner", "SUP"), ("control_1_due", "2026-12-08")]));
    case.does("trust-officer", Act::Clear, &[]);
    // What is scheduled is a condition, with its owner and its day.
    let Clinical::Accepted { conditions, basis, .. } = &case.change.clinical else { panic!("{:?}", case.change.clinical) };
    assert_eq!((*conditions, basis.as_ref().unwrap().decision.as_str()), (1, "accept_with_conditions"));
    assert_eq!(case.change.conditions[0].condition.owner, SUPPLIER);
    // CR-1: nothing grave to begin with.
    case.sends("trust-officer", Act::Rate, &raw(LOW_RATING)).does("trust-officer", Act::Clear, &[]);
    let Clinical::Accepted { basis, .. } = &case.change.clinical else { panic!("{:?}", case.change.clinical) };
    let basis = basis.as_ref().unwrap();
    assert_eq!((basis.decision.as_str(), basis.ruling.as_ref().unwrap().row), ("accept", 5));
    // CR-2 with a control that is verified: no condition is left.
    case.sends("trust-officer", Act::Rate, &with(grave, CONTROL)).does("trust-officer", Act::Clear, &[]);
    let Clinical::Accepted { conditions, basis, .. } = &case.change.clinical else { panic!("{:?}", case.change.clinical) };
    assert_eq!((*conditions, basis.as_ref().unwrap().ruling.as_ref().unwrap().row), (0, 6));
}

#[test]
fn cr_5_questions_come_before_a_lack_of_evidence_is_a_rejection() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    let vague = |case: &Case| with(rejection(case), &[("ground", "insufficient_evidence")]);
    assert_eq!(case.refuses("trust-officer", Act::Clear, &Raw::new()), ["no-hazard"]);
    assert_eq!(case.refuses("trust-officer", Act::RejectClinically, &vague(&case)), ["ground: ask-first"]);
    for _ in 0..2 {
        case.does("trust-officer", Act::Query, &[("questions", "How long?")]);
        assert_eq!(case.refuses("trust-officer", Act::Clear, &Raw::new()), ["clinical-queried"]);
        case.does("coordinator", Act::AnswerQuery, &[("answer", "Not known")]);
    }
    assert_eq!(case.refuses("trust-officer", Act::Query, &raw(&[("questions", "How?")])), ["asked-twice"]);
    case.does("coordinator", Act::Hazard, HAZARD);
    assert_eq!(case.refuses("trust-officer", Act::RejectClinically, &rejection(&case)), ["hazard: hazards-unrated"]);
    let form = vague(&case);
    case.sends("trust-officer", Act::RejectClinically, &form);
    assert_eq!(case.change.stage, Stage::ClinRejected);
}

#[test]
fn scenario_31_silence_is_not_consent() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let fields = asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00"));
    case.sends("coordinator", Act::Submit, &fields);
    let accepted = case.act(&world.person("manager").actor, Act::Accept, &raw(LOW_RISK)).unwrap();
    let escalation = accepted.iter().flat_map(|(_, tasks)| tasks).find(|t| matches!(t, Task::Timer { then: TimerAct::EscalateClinical, .. })).unwrap();
    let Task::Timer { due_at, tells, .. } = escalation else { panic!() };
    assert!(*due_at < at("2026-11-10T09:00") && !tells.is_empty(), "{due_at}");
    case.assessments();
    // Every other assessment is in or deemed; weeks pass.
    case.by_then("2026-12-07T09:00");
    assert_eq!(case.change.stage, Stage::Assessing);
    assert!(clinical::is_open(&case.change));
    case.sends("manager", Act::Screen, &answers("no"));
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
}

#[test]
fn spec_8_5_the_form_names_every_fault_at_once() {
    let (world, process) = (World::new(), document("end-to-end"));
    let case = under_review(&world, &process);
    assert_eq!(
        case.refuses("trust-officer", Act::RejectClinically, &Raw::new()),
        [
            "ground: choose-one",
            "scope: answer-missing",
            "documents: answer-missing",
            "hazard: answer-missing",
            "effect: answer-missing",
            "harm: choose-one",
            "patients: choose-one",
            "likelihood: choose-one",
            "unacceptable: answer-missing",
            "not_changing_harm: choose-one",
            "not_changing_patients: choose-one",
            "not_changing_likelihood: choose-one",
            "not_changing: answer-missing",
            "alternatives: answer-missing",
            "resubmit_1: resubmit-missing",
            "no_conflict: yes-or-no",
        ]
    );
    assert_eq!(case.refuses("trust-officer", Act::RejectClinically, &with(rejection(&case), &[("no_conflict", "no")])), ["no_conflict: conflict-of-interest"]);
    assert_eq!(case.refuses("trust-officer", Act::RejectClinically, &with(rejection(&case), &[("never", "yes")])), ["resubmit_1: never-or-when"]);
    // SD-5: not on one's own change; and a change manager never lifts or signs one.
    assert_eq!(case.refuses("authority", Act::RejectClinically, &rejection(&case)), ["role"]);
}

#[test]
fn spec_8_6_an_appeal_goes_to_the_authoritys_officer_within_ten_working_days() {
    let (world, process) = (World::new(), document("end-to-end"));
    let rejected = || {
        let mut case = under_review(&world, &process);
        let form = rejection(&case);
        case.sends("trust-officer", Act::RejectClinically, &form);
        case
    };
    let grounds = [("grounds", "There is a second viewer already")];
    let mut late = rejected();
    late.by_then("2026-11-16T17:01");
    assert_eq!(late.refuses("coordinator", Act::Appeal, &raw(&grounds)), ["too-late-to-appeal"]);
    let mut case = rejected();
    assert_eq!(case.refuses("authority-officer", Act::Overrule, &Raw::new()), ["no-appeal-open"]);
    // It is the raiser's to appeal, and the authority's officer's to rule.
    assert_eq!(case.refuses("manager", Act::Appeal, &raw(&grounds)), ["role"]);
    case.by_then("2026-11-16T16:59").does("coordinator", Act::Appeal, &grounds);
    assert_eq!(case.refuses("coordinator", Act::Appeal, &raw(&grounds)), ["appealed-already"]);
    for person in ["authority", "supplier-officer"] {
        assert_eq!(case.refuses(person, Act::Overrule, &Raw::new()), ["role"]);
    }
    let own = |likelihood: &str| raw(&[("harm", "death"), ("patients", "many"), ("likelihood", likelihood), ("words", "Seen on the ward")]);
    assert_eq!(case.refuses("authority-officer", Act::Overrule, &own("low")), ["likelihood: rating-not-acceptable"]);
    assert_eq!(case.refuses("authority-officer", Act::Overrule, &own("very_low")), ["impractical: answer-missing", "until: date-missing"]);
    let mild = raw(&[("harm", "upset"), ("patients", "many"), ("likelihood", "low"), ("words", "Seen on the ward")]);
    case.sends("authority-officer", Act::Overrule, &mild);
    assert_eq!(case.change.stage, Stage::Assessing);
    assert!(matches!(case.change.clinical, Clinical::Accepted { .. }));
    assert_eq!(case.refuses("trust-officer", Act::RejectClinically, &rejection(&case)), ["clinical-overruled"]);
    assert_eq!(case.change.safety.rejections.len(), 1, "the form stays");
    let mut upheld = rejected();
    upheld.does("coordinator", Act::Appeal, &grounds).sends("authority-officer", Act::Uphold, &own("high"));
    assert_eq!(upheld.change.stage, Stage::ClinRejected);
    assert_eq!(upheld.refuses("authority-officer", Act::Overrule, &mild), ["no-appeal-open"]);
}

#[test]
fn x8_a_stop_holds_the_work_and_the_two_choose_with_the_harm_of_each_way_written() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]);
    assert_eq!(case.refuses("trust-officer", Act::Stop, &raw(&[("reason", "A trauma call")])), ["rung: answer-missing"]);
    case.does("trust-officer", Act::Stop, &[("reason", "A trauma call"), ("rung", "B. Okafor, 020 7946 0200")]);
    assert_eq!(
        case.refuses("implementer", Act::SettleStop, &raw(&[("after_stop", "finish")])),
        ["harm_of_hold: answer-missing", "harm_of_finish: answer-missing", "harm_of_back_out: answer-missing", "agreed_with: answer-missing"]
    );
    // X1: what happened meanwhile is recorded all the same, and marked.
    let mut unsettled = case.clone();
    unsettled.does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert!(unsettled.change.work.deviations.contains("clinical-stop-open"));
    let harms = [("harm_of_hold", "The list waits"), ("harm_of_finish", "None more"), ("harm_of_back_out", "An hour more"), ("agreed_with", "T. Officer")];
    case.sends("implementer", Act::SettleStop, &with(raw(&harms), &[("after_stop", "finish")]));
    assert_eq!(case.refuses("trust-officer", Act::SettleStop, &raw(&harms)), ["no-stop-open"]);
    case.does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert!(!case.change.work.deviations.contains("clinical-stop-open"));
}

#[test]
fn x8_a_stop_before_the_start_is_answered_like_a_rejection() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.does("trust-officer", Act::Stop, &[("reason", "The backup scanner broke"), ("rung", "B. Okafor")]);
    let fields = asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00"));
    assert_eq!(case.refuses("coordinator", Act::Submit, &fields), ["answer_h1: hazard-unanswered"]);
    assert!(case.change.safety.rejections[0].form.as_ref().unwrap().is_stop);
}

#[test]
fn x8_an_agreed_statement_screens_a_routine_pattern_of_direct_care() {
    let (mut world, process) = (World::new(), document("end-to-end"));
    world.agree("REBOOT", &[1]);
    let sent = |world: &World| {
        let mut case = draft(world, &process, "coordinator", TRUST, "2026-11-02T09:00");
        let fields = asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00"));
        case.sends("coordinator", Act::Submit, &fields);
        case.refuses_or_screens()
    };
    // The emergency board depends on PACS and is not in the statement.
    assert_eq!(sent(&world), Err(vec!["direct-care-needs-officer".to_owned()]));
    world.agree("REBOOT-ALL", &[1, 5]);
    assert_eq!(sent(&world), Ok(Some("REBOOT-ALL".to_owned())));
}

#[test]
fn c140_care_is_touched_so_a_downtime_procedure_is_attached_before_approval() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = under_review(&world, &process);
    case.does("coordinator", Act::Hazard, HAZARD).does("trust-officer", Act::Rate, LOW_RATING).does("trust-officer", Act::Clear, &[]).assessments();
    case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
    assert_eq!(case.refuses("authority", Act::Approve, &Raw::new()), ["downtime-procedure-missing"]);
    // Some file is not that file.
    case.does("coordinator", Act::Attach, &[("file", "1"), ("purpose", "plan")]);
    assert_eq!(case.refuses("authority", Act::Approve, &Raw::new()), ["downtime-procedure-missing"]);
    let mut waived = case.clone();
    waived.does("trust-officer", Act::WaiveDowntime, &[("reason", "Nothing goes off")]);
    assert!(waived.may(&world.person("authority").actor, Act::Approve).is_ok());
    assert_eq!(waived.refuses("trust-officer", Act::WaiveDowntime, &raw(&[("reason", "x")])), ["downtime-not-needed"]);
    case.with_downtime_procedure();
    assert!(case.may(&world.person("authority").actor, Act::Approve).is_ok());
    // Where no care is touched and nothing goes off, nobody is asked.
    assert!(!clinical::needs_downtime(&approved(&world, &process).change));
}

#[test]
fn spec_8_3_one_screening_in_ten_is_looked_at_again() {
    let sampled = (0..2_000).filter(|n| clinical::is_sampled(&format!("RFC-2026-{n:06}"))).count();
    assert!((150..250).contains(&sampled), "{sampled}");
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = approved(&world, &process);
    assert_eq!(case.refuses("authority-officer", Act::ReviewScreening, &raw(&[("agrees", "yes")])), ["screened-by-you"]);
    assert_eq!(case.refuses("trust-officer", Act::ReviewScreening, &raw(&[("agrees", "no"), ("words", "It feeds the wards")])), ["agrees: stop-instead"]);
    case.does("trust-officer", Act::ReviewScreening, &[("agrees", "yes")]);
    assert_eq!(case.refuses("supplier-officer", Act::ReviewScreening, &raw(&[("agrees", "yes")])), ["no-screening-to-review"]);
}

#[test]
fn spec_5_3_neutral_edits_keep_the_track_and_others_begin_it_again() {
    let (world, process) = (World::new(), document("end-to-end"));
    let accepted = || {
        let mut case = under_review(&world, &process);
        case.does("coordinator", Act::Hazard, HAZARD).does("trust-officer", Act::Rate, LOW_RATING).does("trust-officer", Act::Clear, &[]);
        case
    };
    let is_accepted = |case: &Case| matches!(case.change.clinical, Clinical::Accepted { .. });
    let mut case = accepted();
    case.does("coordinator", Act::Amend, &[("contact_on_site.name", "C. Evans"), ("contact_on_site.phone", "020 7946 0300")]);
    assert!(is_accepted(&case));
    case.does("coordinator", Act::Attach, &[("file", "1"), ("purpose", "administrative")]).does("coordinator", Act::Amend, &[("attachments", "1")]);
    assert!(is_accepted(&case));
    // An answer that was owed is evidence beside what was signed; it is named to the officer.
    case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
    assert!(is_accepted(&case) && case.change.safety.changed_since.len() == 3);
    case.does("coordinator", Act::Amend, &[("test_evidence", "Not tested at all")]);
    assert_eq!(case.change.clinical, Clinical::NotAssessed);
    assert!(case.change.safety.hazards[0].rated.is_none() && case.change.safety.hazards[0].before.is_some());
}

#[test]
fn a_rejection_from_before_the_form_is_still_read() {
    let text = r#"{"text":5,"digest":"d"}"#;
    let old = format!(r#"{{"type":"clinically_rejected","hazard":{text},"harm":{text},"resubmit_when":{text}}}"#);
    let read: Event = serde_json::from_str(&old).unwrap();
    assert!(matches!(&read, Event::ClinicallyRejected { hazard: Some(_), form: None, .. }));
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
    let old = format!(r#"{{"type":"clinically_accepted","words":{text},"conditions":[]}}"#);
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Event>(&old).unwrap()).unwrap(), old);
}

#[test]
fn a_walk_fails_where_a_document_lets_any_rating_be_accepted() {
    let shipped = signalbox_core::process::load::SHIPPED.iter().find(|(file, _)| *file == "end-to-end.md").unwrap().1;
    let lax = shipped
        .replace("| - | - | 5 | - | reject | one officer |", "| - | - | 5 | - | accept | one officer |")
        .replace("| - | - | 4 | - | reject | one officer |", "| - | - | 4 | - | accept | one officer |");
    let processes = signalbox_core::process::Processes::shipped_with(&[("end-to-end.md", &lax)]).unwrap();
    let report = walk::run(&[processes.by_id("end-to-end").unwrap()], 7, 500);
    assert!(report.faults.iter().any(|f| f.what.contains("CR-4")), "{:?}", report.shortest_fault());
}

/// What these tests do more often than others.
trait Screens {
    fn refuses_or_screens(self) -> Result<Option<String>, Vec<String>>;
    fn assessments(&mut self) -> &mut Self;
}

impl Screens for Case<'_> {
    fn refuses_or_screens(mut self) -> Result<Option<String>, Vec<String>> {
        let actor = self.world.person("manager").actor.clone();
        match self.act(&actor, Act::Screen, &answers("no")) {
            Ok(_) => Ok(self.change.safety.screening.as_ref().unwrap().pattern.clone()),
            Err(refusal) => Err(codes(&refusal)),
        }
    }

    fn assessments(&mut self) -> &mut Self {
        while let Some(kind) = self.change.assessments.iter().find(|(_, a)| a.given.is_none()).map(|((kind, _), _)| kind.code()) {
            let (player, _) = *self.who_may(Act::Assess).first().expect("an assessment is owed by nobody");
            let facts = self.facts_for(None, &Raw::new());
            let fields = signalbox_core::decide::fields::of_act(&self.context(&player.actor, &facts), &self.change, Act::Assess);
            let signalbox_core::process::AnswerKind::Choice(codes) = &fields[0].kind else { panic!("{kind}") };
            let code = codes[0].clone();
            self.does(player.name, Act::Assess, &[("assessment", &code), ("objects", "no"), ("finding", "Nothing against it")]);
        }
        self
    }
}
