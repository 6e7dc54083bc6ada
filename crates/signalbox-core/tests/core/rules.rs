//! The rules that go before the tables of the process specification (X1 to X17, settled 1 to 6), one by one.

use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::calendar::Verdict;
use signalbox_core::change::{Clinical, Network, Outcome, Stage};
use signalbox_core::event::Event;
use signalbox_core::form::Raw;
use signalbox_core::samples::*;

#[test]
fn x4_the_same_window_with_no_more_items_keeps_its_first_receipt() {
    let (world, process) = (World::new(), strict_outage());
    let fields = late(asked(&process, outage("2026-05-30T06:00", "2026-05-30T08:00")));
    let received = |return_at: &str, defects: &str, again: &Raw| {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-05-14T09:00");
        case.sends("coordinator", Act::Submit, &fields);
        case.by_then(return_at).does("manager", Act::Return, &[("defects", "See below"), ("fields", defects)]);
        case.by_then("2026-05-19T09:00").sends("coordinator", Act::Submit, again);
        case.change.notice().unwrap().received_at
    };
    let (first, second) = (at("2026-05-14T09:00"), at("2026-05-19T09:00"));
    assert_eq!(received("2026-05-14T15:00", "title", &fields), first, "a defect that the notice did not need");
    assert_eq!(received("2026-05-18T15:00", "items", &fields), first, "not returned within a working day is complete");
    assert_eq!(received("2026-05-14T15:00", "items", &fields), second, "a defect that the notice needed");
    let mut more = fields.clone();
    more.insert("items".into(), vec!["GW-1\nSW-1".into()]);
    assert_eq!(received("2026-05-14T15:00", "title", &more), second, "more items");
    let other = late(asked(&process, outage("2026-05-31T06:00", "2026-05-31T08:00")));
    assert_eq!(received("2026-05-14T15:00", "title", &other), second, "another window");
}

#[test]
fn x4_a_void_receipt_does_not_come_back_by_an_older_one() {
    let (world, process) = (World::new(), strict_outage());
    let fields = late(asked(&process, outage("2026-05-30T06:00", "2026-05-30T08:00")));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-05-14T09:00");
    case.sends("coordinator", Act::Submit, &fields);
    case.by_then("2026-05-14T10:00").does("manager", Act::Return, &[("defects", "Spelling"), ("fields", "title")]);
    case.by_then("2026-05-14T11:00").sends("coordinator", Act::Submit, &fields);
    case.by_then("2026-05-14T12:00").does("manager", Act::Return, &[("defects", "Wrong gateway"), ("fields", "items")]);
    case.by_then("2026-05-20T11:00").sends("coordinator", Act::Submit, &fields);
    assert_eq!(case.change.notice().unwrap().received_at, at("2026-05-20T11:00"));
}

#[test]
fn late_notice_is_never_refused_only_explained() {
    let (world, process) = (World::new(), strict_outage());
    let mut fields = asked(&process, outage("2026-06-10T06:00", "2026-06-10T08:00"));
    for (received, verdict) in [("2026-06-09T16:00", Verdict::Short), ("2026-06-10T06:30", Verdict::AfterTheFact)] {
        let mut case = draft(&world, &process, "coordinator", TRUST, received);
        fields.remove("late_reason");
        assert_eq!(case.refuses("coordinator", Act::Submit, &fields), ["late_reason: late-reason-missing"]);
        fields.insert("late_reason".into(), vec!["safety".into()]);
        case.sends("coordinator", Act::Submit, &fields);
        assert_eq!((case.change.stage, case.change.notice().unwrap().verdict), (Stage::Submitted, verdict));
    }
}

#[test]
fn settled_3_three_ways_of_counting() {
    for (words, days) in [("days", 18), ("working days", 11), ("clear working days", 10)] {
        let text = signalbox_core::process::load::SHIPPED
            .iter()
            .find(|(file, _)| *file == "planned-outage.md")
            .unwrap()
            .1
            .replace("| 10 | days |", &format!("| 10 | {words} |"));
        let processes = signalbox_core::process::Processes::shipped_with(&[("planned-outage.md", &text)]).unwrap();
        let (world, process) = (World::new(), processes.by_id("planned-outage").unwrap());
        let case = notice(&world, process, "2026-05-15T09:00", "2026-06-02T06:00", "2026-06-02T08:00");
        assert_eq!(case.change.notice().unwrap().days, days, "{words}");
    }
}

#[test]
fn x2_a_trust_with_one_coordinator_raises_and_sends_and_another_organisation_approves() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = notice(&world, &process, "2026-11-02T09:00", "2026-12-08T06:00", "2026-12-08T08:00");
    case.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure();
    // `hats` coordinates the trust that raised it; no other hat makes them independent of it.
    assert_eq!(case.refuses("hats", Act::Approve, &Raw::new()), ["own-organisation"]);
    case.does("manager", Act::Approve, &[]);
}

#[test]
fn nobody_sends_or_withdraws_what_another_organisation_wrote() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    let fields = asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00"));
    for stranger in ["manager", "authority", "neighbour"] {
        for act in [Act::Submit, Act::Withdraw, Act::Say] {
            assert_eq!(case.refuses(stranger, act, &fields), ["role"], "{stranger} {act}");
        }
    }
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Return, &[("defects", "Which rota")]);
    for act in [Act::Submit, Act::Withdraw] {
        assert_eq!(case.refuses("manager", act, &fields), ["role"]);
    }
    case.does("coordinator", Act::Withdraw, &[("reason", "Not needed")]);
    assert_eq!(case.change.stage, Stage::Withdrawn);
}

#[test]
fn x3_the_supplier_promises_on_accepting_an_outage() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = notice(&world, &process, "2026-11-02T09:00", "2026-12-08T06:00", "2026-12-08T08:00");
    assert_eq!(
        case.refuses("manager", Act::Accept, &Raw::new()),
        ["take_down_by: answer-missing", "restore_by: answer-missing", "promise_phone: answer-missing"]
    );
    case.does("manager", Act::Accept, PROMISE);
    assert!(case.change.promise.is_some());
}

#[test]
fn x6_a_silent_provider_never_blocks() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, outage("2026-12-08T06:00", "2026-12-08T08:00"));
    fields.insert("network_affected".into(), vec!["unsure".into()]);
    case.sends("coordinator", Act::Submit, &fields);
    assert_eq!(case.change.network, Network::Needed);
    case.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure().does("manager", Act::Approve, &[]);
    let schedule = raw(&[("implementer", "implementer@example.org")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["provider-not-told"]);
    case.does("coordinator", Act::TellNetwork, &[("way", "email")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["provider-not-acknowledged"]);
    case.does("desk", Act::RecordTold, &[("proof", "Rang at 14:05, spoke to the duty supervisor")]);
    case.sends("manager", Act::Schedule, &schedule);
    // Another time is news to the provider.
    case.does("manager", Act::Reschedule, &[("window.start", "2026-12-09T06:00:00Z"), ("window.end", "2026-12-09T08:00:00Z"), ("reason", "Staff")]);
    assert_eq!(case.change.network, Network::Needed);
}

#[test]
fn br_17_a_provider_that_says_no_holds_the_schedule_until_it_is_settled() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, outage("2026-12-08T06:00", "2026-12-08T08:00"));
    fields.insert("network_affected".into(), vec!["unsure".into()]);
    case.sends("coordinator", Act::Submit, &fields);
    case.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure().does("manager", Act::Approve, &[]);
    case.does("coordinator", Act::TellNetwork, &[("way", "email")]);
    assert_eq!(case.refuses("carrier", Act::RefuseNotice, &Raw::new()), ["reason: answer-missing"]);
    let no = [("reason", "Another customer works on that ring")];
    case.does("carrier", Act::RefuseNotice, &no);
    assert!(matches!(case.change.network, Network::Refused { .. }) && case.change.stage == Stage::Approved);
    let schedule = raw(&[("implementer", "implementer@example.org")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["provider-refused"]);
    // To say it once more, or to have rung, is no answer to a no; and nobody refuses twice.
    assert_eq!(case.refuses("coordinator", Act::TellNetwork, &raw(&[("way", "email")])), ["provider-refused"]);
    assert_eq!(case.refuses("desk", Act::RecordTold, &raw(&[("proof", "Rang at 14:05")])), ["provider-refused"]);
    assert_eq!(case.refuses("carrier", Act::RefuseNotice, &raw(&no)), ["provider-refused"]);
    // The authority decides, with a reason.
    case.does("authority", Act::RecordTold, &[("proof", "The law asks for the test; the other work gives way")]);
    case.sends("manager", Act::Schedule, &schedule);
    // What is scheduled goes back to whoever schedules it.
    case.does("carrier", Act::RefuseNotice, &no);
    assert_eq!(case.change.stage, Stage::Approved);
    // Another time is another question.
    let moved = [("window.start", "2026-12-09T06:00:00Z"), ("window.end", "2026-12-09T08:00:00Z"), ("reason", "The provider's work")];
    case.does("manager", Act::Reschedule, &moved);
    assert_eq!(case.change.network, Network::Needed);
    case.assessed().with_downtime_procedure().does("manager", Act::Approve, &[]);
    assert_eq!(case.refuses("manager", Act::Schedule, &schedule), ["provider-not-told"]);
    case.does("coordinator", Act::TellNetwork, &[("way", "email")]).does("carrier", Act::Acknowledge, &[]);
    case.sends("manager", Act::Schedule, &schedule);
    // A provider may take its no back by itself.
    case.does("carrier", Act::RefuseNotice, &no).does("carrier", Act::Acknowledge, &[]);
    case.sends("manager", Act::Schedule, &schedule);
}

#[test]
fn x1_work_that_has_begun_is_a_fact_and_cannot_be_refused() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, outage("2026-12-08T06:00", "2026-12-08T08:00"));
    fields.insert("network_affected".into(), vec!["unsure".into()]);
    case.sends("coordinator", Act::Submit, &fields);
    case.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure().does("manager", Act::Approve, &[]);
    case.does("coordinator", Act::TellNetwork, &[("way", "email")]).does("carrier", Act::RefuseNotice, &[("reason", "No")]);
    // It was done all the same: that is recorded, with what it departs from.
    case.by_then("2026-12-08T06:02").does("coordinator", Act::Start, &[]);
    let started = case.change.work.started.clone().expect("begun");
    assert!(started.deviations.iter().any(|deviation| deviation == "provider-refused"), "{started:?}");
    assert_eq!(case.refuses("carrier", Act::RefuseNotice, &raw(&[("reason", "No")])), ["wrong-stage"]);
}

#[test]
fn the_network_question_answered_after_sending_makes_the_provider_be_told() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00"));
    fields.remove("network_affected");
    case.sends("coordinator", Act::Submit, &fields);
    assert_eq!(case.change.network, Network::NotNeeded);
    case.does("coordinator", Act::Amend, &[("network_affected", "unsure")]);
    assert_eq!(case.change.network, Network::Needed);
}

#[test]
fn x9_silence_never_counts_with_direct_care() {
    let (world, process) = (World::new(), document("end-to-end"));
    let silent = |service: &str, item: &str| {
        let mut case = draft(&world, &process, "manager", SUPPLIER, "2026-11-02T09:00");
        case.sends("manager", Act::Submit, &asked(&process, normal(service, item, "2026-12-08T09:00", "2026-12-08T12:00")));
        case.does("manager", Act::Accept, LOW_RISK);
        let affected = case.change.assessments.values().find(|a| a.asked.org == Some(TRUST)).unwrap().clone();
        affected.asked.silence_counts
    };
    assert!(!silent("PACS", "GW-1"));
    assert!(silent("ROTA", "SRV-2"));
}

#[test]
fn x8_direct_care_is_screened_by_a_safety_officer_and_a_yes_needs_one() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00")));
    let answers = |first: &str| (1..=8).map(|n| (format!("q{n}"), vec![if n == 1 { first } else { "no" }.to_owned()])).collect::<Raw>();
    assert_eq!(case.refuses("manager", Act::Screen, &answers("no")), ["direct-care-needs-officer"]);
    case.sends("trust-officer", Act::Screen, &answers("yes"));
    // Nobody thinks better of a yes.
    assert_eq!(case.refuses("trust-officer", Act::Screen, &answers("no")), ["clinical-under-review"]);
    case.does("manager", Act::Accept, LOW_RISK).does("coordinator", Act::Hazard, HAZARD);
    assert_eq!(case.refuses("supplier-officer", Act::Clear, &Raw::new()), ["hazards-unrated"]);
    case.does("supplier-officer", Act::Rate, LOW_RATING).does("supplier-officer", Act::Clear, &[("words", "Films can wait an hour")]);
    assert!(matches!(case.change.clinical, Clinical::Accepted { .. }));
    // More equipment is another question.
    case.does("manager", Act::Amend, &[("items", "GW-1\nSW-1")]);
    assert_eq!(case.change.clinical, Clinical::NotAssessed);
}

#[test]
fn t11_and_t12_a_clinical_rejection_comes_back_as_a_new_revision() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let fields = asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00"));
    case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK);
    case.sends("trust-officer", Act::RejectClinically, &rejection(&case));
    let again = answered(&case, fields.clone());
    case.by_then("2026-11-09T09:00").sends("coordinator", Act::Submit, &again);
    assert_eq!((case.change.stage, case.change.revision), (Stage::Submitted, 2));
    // What was rejected is under review at once: eight times no does not lift it.
    assert!(matches!(case.change.clinical, Clinical::UnderReview { .. }));
    assert!(case.change.assessments.is_empty());
    // The same window: the receipt of revision 1 counts (X4).
    assert_eq!(case.change.notice().unwrap().received_at, at("2026-11-02T09:00"));
}

#[test]
fn x11_impact_one_needs_a_loss_of_service() {
    let (world, process) = (World::new(), document("end-to-end"));
    let impact = |minutes: &str, reversible: &str| {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
        let mut fields = asked(&process, normal("PACS", "GW-1", "2026-12-08T09:00", "2026-12-08T12:00"));
        fields.insert("outage_minutes".into(), vec![minutes.into()]);
        fields.insert("reversible".into(), vec![reversible.into()]);
        fields.insert("users_affected".into(), vec!["0".into()]);
        case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK);
        case.change.classification.as_ref().unwrap().impact
    };
    assert_eq!(impact("90", "yes"), 1);
    assert!(impact("0", "no") > 1);
}

#[test]
fn sd_11_a_material_change_voids_the_approval_and_a_telephone_number_does_not() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.does("coordinator", Act::Amend, &[("contact_on_site.name", "C. Evans"), ("contact_on_site.phone", "020 7946 0300")]);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::Scheduled, 1));
    assert_eq!(case.change.live_approvals().next().unwrap().content, case.change.content.as_ref().unwrap().hash);
    assert_eq!(case.refuses("coordinator", Act::Amend, &raw(&[("title", "Move the rota to new hardware")])), ["nothing-changed"]);
    // A service that was not among the answers is other work too.
    case.does("coordinator", Act::Amend, &[("services", "ROTA\nCANTEEN")]);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::AwaitingApproval, 0));
    assert_eq!(case.refuses("manager", Act::Approve, &Raw::new()), ["clinical-not-screened"]);
}

#[test]
fn t35_a_small_move_keeps_the_approval_and_a_larger_one_does_not() {
    let (world, process) = (World::new(), document("end-to-end"));
    let moved = |start: &str, end: &str| {
        let mut case = scheduled(&world, &process);
        let (start, end) = (at(start).to_string(), at(end).to_string());
        case.does("coordinator", Act::Reschedule, &[("window.start", &start), ("window.end", &end), ("reason", "Staff")]);
        (case.change.stage, case.change.live_approvals().count())
    };
    let (kept, voided) = ((Stage::Scheduled, 1), (Stage::AwaitingApproval, 0));
    assert_eq!(moved("2026-12-08T10:00", "2026-12-08T12:00"), kept, "an hour later, the same end");
    let to_affirm = (Stage::AwaitingApproval, 1);
    assert_eq!(moved("2026-12-08T10:01", "2026-12-08T12:00"), to_affirm, "more than an hour, the same night and no longer (X10)");
    assert_eq!(moved("2026-12-08T09:00", "2026-12-08T12:01"), voided, "a later end");
    assert_eq!(moved("2026-12-09T09:00", "2026-12-09T12:00"), voided, "another day");
    let case = scheduled(&world, &process);
    let same = raw(&[("window.start", "2026-12-08T09:00:00Z"), ("window.end", "2026-12-08T12:00:00Z"), ("reason", "Staff")]);
    assert_eq!(case.refuses("coordinator", Act::Reschedule, &same), ["window: window-not-moved"]);
}

#[test]
fn t34_a_refused_change_comes_again_once_within_thirty_days() {
    let (world, process) = (World::new(), document("end-to-end"));
    let fields = late(asked(&process, normal("ROTA", "SRV-2", "2027-02-08T09:00", "2027-02-08T12:00")));
    let refused = || {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
        case.sends("coordinator", Act::Submit, &fields).does("manager", Act::Accept, LOW_RISK).assessed();
        case.does("manager", Act::Reject, &[("reason_code", "not_needed"), ("reason", "Not now")]);
        case
    };
    let mut late = refused();
    late.by_then("2026-12-03T09:00");
    assert_eq!(late.refuses("coordinator", Act::Submit, &fields), ["too-late-to-send-again"]);
    let mut again = refused();
    again.by_then("2026-12-02T08:00").sends("coordinator", Act::Submit, &fields);
    again.does("manager", Act::Accept, LOW_RISK).assessed();
    again.does("manager", Act::Reject, &[("reason_code", "not_needed"), ("reason", "Still not")]);
    assert_eq!(again.refuses("coordinator", Act::Submit, &fields), ["refused-twice"]);
    again.does("coordinator", Act::Withdraw, &[]);
}

#[test]
fn settled_4_a_stop_before_the_start_is_a_rejection_and_afterwards_holds_the_work() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    let reason = [("reason", "A trauma call"), ("rung", "B. Okafor, 020 7946 0200")];
    assert_eq!(case.refuses("manager", Act::Stop, &raw(&reason)), ["role"]);
    case.does("trust-officer", Act::Stop, &reason);
    assert_eq!((case.change.stage, case.change.live_approvals().count()), (Stage::ClinRejected, 0));
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]).does("trust-officer", Act::Stop, &reason);
    assert_eq!(case.change.stage, Stage::Implementing);
    assert!(matches!(case.change.clinical, Clinical::Stopped { .. }));
    case.does("implementer", Act::BackOut, &reason[..1]).does(
        "implementer",
        Act::Finish,
        &[("outcome", "backed_out"), ("back", "ROTA"), ("state_verified", "The rota of last week is shown")],
    );
    assert_eq!(case.change.stage, Stage::Implemented);
}

#[test]
fn t17_what_was_held_goes_on_from_where_it_was() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    let hold = [("reason", "Parts"), ("review_on", "2026-11-09")];
    assert_eq!(case.refuses("manager", Act::Hold, &raw(&[("reason", "Parts"), ("review_on", "2026-12-01")])), ["review_on: date-out-of-range"]);
    case.does("manager", Act::Hold, &hold).does("manager", Act::Resume, &[]);
    assert_eq!(case.change.stage, Stage::Submitted);
    case.does("manager", Act::Accept, LOW_RISK).does("manager", Act::Hold, &hold).does("manager", Act::Resume, &[]);
    assert_eq!(case.change.stage, Stage::Assessing);
    case.assessed().does("manager", Act::Hold, &hold);
    assert_eq!((case.change.stage, case.change.held_from), (Stage::OnHold, Some(Stage::AwaitingApproval)));
    case.does("authority", Act::Resume, &[]);
    assert_eq!((case.change.stage, case.change.held_from), (Stage::AwaitingApproval, None));
}

#[test]
fn t15_a_question_stays_open_until_it_is_answered() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed().does("manager", Act::AskMore, &[("questions", "Who tests it?")]);
    assert_eq!(case.change.stage, Stage::Assessing);
    case.does("coordinator", Act::Say, &[("words", "We shall ask")]);
    assert_eq!(case.change.stage, Stage::Assessing, "a message is no answer");
    case.does("assessor", Act::Assess, &[("assessment", "technical"), ("objects", "no"), ("finding", "The matron does")]);
    assert_eq!(case.change.stage, Stage::AwaitingApproval);
}

#[test]
fn cancelling_and_withdrawing() {
    let (world, process) = (World::new(), document("end-to-end"));
    for mut case in [approved(&world, &process), scheduled(&world, &process)] {
        assert_eq!(case.refuses("coordinator", Act::Withdraw, &Raw::new()), ["wrong-stage"]);
        assert_eq!(case.refuses("coordinator", Act::Cancel, &Raw::new()), ["reason: answer-missing"]);
        case.does("coordinator", Act::Cancel, &[("reason", "Staff")]);
        assert_eq!((case.change.stage, case.change.outcome), (Stage::Cancelled, None));
    }
}

#[test]
fn sd_6_and_t29_another_confirms_and_restates_once_within_thirty_days() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-08T09:00").does("manager", Act::Start, &[]);
    case.by_then("2026-12-08T11:00").does("manager", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["outcome-by-another"]);
    assert_eq!(case.refuses("manager-deputy", Act::Close, &raw(&[("outcome", "partial")])), ["words: answer-missing"]);
    case.does("manager-deputy", Act::Close, &[("outcome", "successful")]);
    let restated = raw(&[("outcome", "successful_with_issues"), ("reason", "An incident was linked")]);
    assert_eq!(case.refuses("manager-deputy", Act::Restate, &raw(&[("outcome", "successful"), ("reason", "R")])), ["outcome: outcome-unchanged"]);
    let mut late = closed(&world, &process);
    late.by_then("2027-01-08T09:00");
    assert_eq!(late.refuses("manager", Act::Restate, &restated), ["too-late-to-restate"]);
    case.sends("manager-deputy", Act::Restate, &restated);
    assert_eq!(case.change.outcome, Some(Outcome::SuccessfulWithIssues));
    assert_eq!(case.refuses("manager-deputy", Act::Restate, &restated), ["restated-already"]);
}

#[test]
fn settled_5_one_in_twenty_is_reviewed() {
    let (world, process) = (World::new(), document("end-to-end"));
    let sampled: Vec<u32> = (0..1_000).filter(|n| signalbox_core::decide::is_sampled(&format!("RFC-2026-{n:06}"))).collect();
    assert!((30..=70).contains(&sampled.len()), "{}", sampled.len());
    let mut case = Case::raise(&world, &process, world.person("coordinator"), TRUST, sampled[0], at("2026-11-02T09:00")).unwrap();
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed().does("manager", Act::Approve, &[]).does(
        "manager",
        Act::Schedule,
        &[("implementer", "implementer@example.org")],
    );
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]).does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["review-due"]);
}

#[test]
fn conditions_have_an_owner_and_a_date_and_are_met_before_closing() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed();
    let condition = [("condition_1", "Tell the wards")];
    assert_eq!(case.refuses("manager", Act::Approve, &raw(&condition)), ["condition_1_due: date-missing", "condition_1_owner: owner-missing"]);
    case.does("manager", Act::Approve, &[("condition_1", "Tell the wards"), ("condition_1_owner", "RXA"), ("condition_1_due", "2026-12-07")]);
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]).by_then("2026-12-08T09:00");
    case.does("implementer", Act::Start, &[]).does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    assert!(case.change.work.deviations.contains("conditions-open"));
    assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["conditions-open"]);
    assert_eq!(case.refuses("implementer", Act::MeetCondition, &raw(&[("number", "1")])), ["no-open-condition"]);
    case.does("coordinator", Act::MeetCondition, &[("number", "1")]).does("manager", Act::Close, &[("outcome", "successful")]);
}

#[test]
fn what_is_not_a_field_is_refused() {
    let (world, process) = (World::new(), document("end-to-end"));
    let case = approved(&world, &process);
    let fields = raw(&[("implementer", "implementer@example.org"), ("stage", "CLOSED"), ("org", "1")]);
    assert_eq!(case.refuses("manager", Act::Schedule, &fields), ["org: unknown-field", "stage: unknown-field"]);
}

#[test]
fn s36_an_approval_of_what_was_seen_before_an_edit_is_refused() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed();
    let seen = case.change.content.as_ref().unwrap().hash.clone();
    case.does("coordinator", Act::Amend, &[("title", "Move the rota")]);
    assert_eq!(case.refuses("manager", Act::Approve, &raw(&[("seen", &seen)])), ["seen: content-changed"]);
    let now = case.change.content.as_ref().unwrap().hash.clone();
    case.does("manager", Act::Approve, &[("seen", &now)]);
}

#[test]
fn sd_2_an_approver_does_not_carry_it_out() {
    let (world, process) = (World::new(), document("end-to-end"));
    let case = approved(&world, &process);
    assert_eq!(case.refuses("manager", Act::Schedule, &raw(&[("implementer", "manager@example.org")])), ["implementer: implementer-approved"]);
    assert_eq!(case.refuses("manager", Act::Schedule, &raw(&[("implementer", "reader@example.org")])), ["implementer: not-an-implementer"]);
}

#[test]
fn a_service_request_is_accepted_at_once_or_says_which_answer_does_not_fit() {
    let (world, process) = (World::new(), document("service-request"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, request("2026-11-09T09:00", "2026-11-09T10:00"));
    fields.extend(raw(&[("model", "modality_swap"), ("like_for_like", "no"), ("old_one_off", "yes")]));
    assert_eq!(case.refuses("requester", Act::Submit, &fields), ["like_for_like: not-eligible"]);
    fields.extend(raw(&[("like_for_like", "no"), ("old_one_off", "no")]));
    assert_eq!(case.refuses("requester", Act::Submit, &fields), ["like_for_like: not-eligible", "old_one_off: not-eligible"]);
    fields.extend(raw(&[("like_for_like", "yes"), ("old_one_off", "yes")]));
    case.sends("requester", Act::Submit, &fields);
    assert_eq!((case.change.stage, case.change.model.as_deref()), (Stage::Scheduled, Some("modality_swap")));
    assert_eq!(case.log.last().unwrap().by, signalbox_core::actor::Stamp::SYSTEM);
    let mut expired = draft(&world, &process, "requester", TRUST, "2028-01-03T09:00");
    expired.by_then("2028-01-03T09:00");
    let fields = asked(&process, request("2028-01-10T09:00", "2028-01-10T10:00"));
    assert_eq!(expired.refuses("requester", Act::Submit, &fields), ["model: request-expired"]);
}

#[test]
fn x1_a_window_may_pass_without_a_word_and_is_answered_for() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-09T09:00").does("desk", Act::Finish, &[("outcome", "not_implemented"), ("words", "The engineer was ill")]);
    case.does("manager", Act::Close, &[("outcome", "not_implemented")]);
    assert_eq!(case.change.outcome, Some(Outcome::NotImplemented));
    // Work that nobody said had begun is marked, not refused.
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-09T09:00").does("desk", Act::Finish, &[("outcome", "successful")]);
    assert!(case.change.work.deviations.contains("start-not-recorded"));
}

#[test]
fn what_happened_is_not_in_the_future_and_every_service_is_answered_for() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = scheduled(&world, &process);
    case.by_then("2026-12-08T09:00");
    assert_eq!(case.refuses("implementer", Act::Start, &raw(&[("happened_at", "2026-12-08T09:00:01Z")])), ["happened_at: in-the-future"]);
    case.does("implementer", Act::Start, &[]);
    assert_eq!(case.refuses("implementer", Act::Finish, &raw(&[("outcome", "successful")])), ["back: services-unanswered"]);
    assert_eq!(
        case.refuses("implementer", Act::Finish, &raw(&[("outcome", "successful"), ("back", "PACS")])),
        ["back: not-of-this-change", "back: services-unanswered"]
    );
    case.does("desk", Act::Restore, &[]);
    case.does("implementer", Act::Finish, &[("outcome", "successful")]);
    assert!(case.log.iter().any(|r| matches!(r.event, Event::Restored { .. })));
}

#[test]
fn notice_that_depends_on_the_category_is_provisional_until_acceptance_and_judged_again_then() {
    let (world, process) = (World::new(), document("end-to-end"));
    // Eight clear working days lie between, nine with the day of the start.
    let fields = late(asked(&process, normal("ROTA", "SRV-2", "2026-11-13T12:00", "2026-11-13T13:00")));
    let sent = || {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
        case.sends("coordinator", Act::Submit, &fields);
        case
    };
    let is_provisional = |case: &Case| signalbox_core::decide::notice::is_provisional(&process, &case.change);
    let mut case = sent();
    let before = case.change.notice().unwrap().clone();
    assert_eq!((before.days, before.asked, before.verdict, is_provisional(&case)), (8, 10, Verdict::Late, true));
    case.by_then("2026-11-04T09:00").does("manager", Act::Accept, LOW_RISK);
    let after = case.change.notice().unwrap();
    assert_eq!(case.change.classification.as_ref().unwrap().category, "minor");
    assert_eq!((after.days, after.asked, after.verdict, is_provisional(&case)), (8, 3, Verdict::OnTime, false));
    assert_eq!(after.received_at, before.received_at, "by the same day of receipt");
    assert_eq!(case.change.consequence, Some(after.consequence));
    // What was settled before the category was known stays settled.
    let mut case = sent();
    case.does("manager", Act::SettleNotice, &[("consequence", "waived"), ("reason", "The letter is attached")]);
    case.does("manager", Act::Accept, LOW_RISK);
    assert_eq!(case.change.consequence, Some(signalbox_core::change::Consequence::Waived));
    // An outage is asked for the same days whatever its category.
    let outage = document("planned-outage");
    let told = notice(&world, &outage, "2026-05-14T16:59", "2026-05-30T06:00", "2026-05-30T08:00");
    assert!(!signalbox_core::decide::notice::is_provisional(&outage, &told.change));
}
