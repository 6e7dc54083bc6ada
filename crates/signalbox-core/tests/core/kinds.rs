//! Firewall rules, modalities and national services: what their forms need, and scenarios 46 and 47.

use crate::harness::*;
use jiff::civil::date;
use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Stage};
use signalbox_core::form::{Answer, Raw};
use signalbox_core::modality::{Claim, ModalityFact, Turn};
use signalbox_core::process::{Process, Required};
use signalbox_core::samples::*;

/// What a change of one of these kinds needs to be sent and decided; `None` for other kinds.
pub fn fields(id: &str, start: &str, end: &str) -> Option<Raw> {
    let mut fields = normal("PACS", "GW-1", start, end);
    fields.extend(moment("contingency_end", &format!("{}T23:00", &end[..10])));
    fields.extend(match id {
        "firewall-network" => raw(&[
            ("rule_action", "add_a_rule"),
            ("rules.1.action", "add"),
            ("rules.1.source", "10.20.30.0/24"),
            ("rules.1.destination", "archive.example.org"),
            ("rules.1.protocol", "tcp"),
            ("rules.1.ports", "104, 11112"),
            ("rules.1.direction", "outbound"),
            ("rules.1.purpose", "Images of the new scanner"),
            ("rule_expiry", "twelve_months"),
            ("ports_confirmed_by.name", "N. Olsen"),
            ("ports_confirmed_by.phone", "020 7946 0150"),
            ("personal_data", "no"),
            ("touches_spine", "no"),
            ("pre_test", "Echo from the scanner to the archive"),
            ("config_backup", "yes"),
        ]),
        "pacs-modality" => raw(&[
            ("pacs_action", "connect"),
            ("modality_type", "ct"),
            ("first_of_kind", "no"),
            ("tls", "no"),
            ("sites", "MAIN"),
            ("department", "Radiology"),
            ("room", "CT 1"),
            ("manufacturer", "Invented Imaging"),
            ("model_name", "Ring 64"),
            ("serial", "RX-1"),
            ("software_version", "7.1"),
            ("conformance_statement", "ring64-7.1.pdf"),
            ("ae_title", "CT_MAIN_1"),
            ("port", "11112"),
            ("addressing", "fixed"),
            ("ip", "10.20.30.41"),
            ("subnet", "10.20.30.0/24"),
            ("gateway", "10.20.30.1"),
            ("vlan", "30"),
            ("mac", "00-1b-44-11-3a-b7"),
            ("hostname", "ct-main-1.example.org"),
            ("dicom_services", "c-store"),
            ("sop_classes", "1.2.840.10008.5.1.4.1.1.2"),
            ("transfer_syntaxes", "1.2.840.10008.1.2.1"),
            ("character_set", "iso_ir_192"),
            ("called_aes.1.role", "archive"),
            ("called_aes.1.ae_title", "PACS_ARCHIVE"),
            ("called_aes.1.ip", "10.20.40.10"),
            ("called_aes.1.port", "104"),
            ("studies_per_day", "60"),
            ("mb_per_study", "400"),
            ("patient_id_scheme", "worklist"),
            ("accession_source", "worklist"),
            ("pacs_manager.name", "P. Lund"),
            ("pacs_manager.phone", "020 7946 0160"),
            ("test_plan", "echo_both_ways; seen_in_the_viewer"),
            ("medical_physics", "yes"),
            ("vendor_on_site", "2026-12-08T08:00:00Z"),
        ]),
        "national-service" => raw(&[
            ("national_service", "e-rs"),
            ("national_change", "services_in_bulk"),
            ("ods_code", "rxa"),
            ("directory_services", "42"),
            ("bookable_services", "Cardiology\nDermatology"),
            ("slots_plan", "Taken out at 18:00 by M. Kay, back at 21:00 by M. Kay"),
            ("continuity", "By telephone to the booking office"),
            ("referrers_notice", "Practices told on Monday"),
            ("national_outages_checked_at", "2026-11-02T08:00:00Z"),
            ("national_approval_ref", "NAT-4711"),
            ("test_booking", "yes"),
            ("test_booking_ref", "TB-9"),
        ]),
        _ => return None,
    });
    Some(fields)
}

/// What is answered before such a change can be closed.
pub fn closing(id: &str) -> Raw {
    match id {
        "firewall-network" => raw(&[("post_test", "Answered in 3 ms")]),
        "pacs-modality" => raw(&[
            ("tests_passed", "echo_both_ways; seen_in_the_viewer"),
            ("accepted_by_radiographer.name", "R. Adu"),
            ("accepted_by_radiographer.phone", "020 7946 0161"),
            ("accepted_by_pacs_manager.name", "P. Lund"),
            ("accepted_by_pacs_manager.phone", "020 7946 0160"),
        ]),
        "national-service" => raw(&[("post_checks", "bookings_flow; worklists_clean")]),
        _ => Raw::new(),
    }
}

fn moment(id: &str, wall: &str) -> Raw {
    raw(&[(&format!("{id}.date"), &wall[..10]), (&format!("{id}.time"), &wall[11..])])
}

const START: &str = "2026-12-08T19:00";
const END: &str = "2026-12-08T21:00";

fn asked_of(process: &Process) -> Raw {
    asked(process, fields(&process.id, START, END).unwrap())
}

/// The fields with some of them typed otherwise.
fn but(fields: &Raw, other: &[(&str, &str)]) -> Raw {
    let mut fields = fields.clone();
    fields.extend(raw(other));
    fields
}

fn sent<'w>(world: &'w World, process: &'w Process, fields: &Raw) -> Case<'w> {
    let mut case = draft(world, process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, fields);
    case
}

fn faults(case: &Case, fields: &Raw) -> Vec<String> {
    case.refuses("coordinator", Act::Submit, fields)
}

fn claim(at_wall: &str, turn: Turn, ae_title: &str, ip: &str) -> ModalityFact {
    let claim = Claim { at: at(at_wall), turn, ae_title: ae_title.to_owned(), ip: Some(ip.to_owned()).filter(|ip| !ip.is_empty()) };
    ModalityFact { claim, services: vec![], site: "Northbrook".to_owned() }
}

#[test]
fn scenario_46_an_ae_title_that_is_live_is_refused_with_its_site() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let fields = asked_of(&process);
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.modalities = vec![claim("2026-01-01T09:00", Turn::On, "CT_MAIN_1", "10.1.1.1")];
    let again = but(&fields, &[("ae_title", "ct_main_1 ")]);
    assert_eq!(faults(&case, &again), ["ae_title: ae-title-taken"], "case and spaces make no difference");
    let Err(signalbox_core::refusal::Refusal::Invalid(found)) = case.try_act(&world.person("coordinator").actor, Act::Submit, &again) else { panic!() };
    assert_eq!(found[0].params, ["CT_MAIN_1", "Northbrook"]);
    // Another title is free, and so is the same one at another PACS, or after it was switched off.
    assert!(case.try_act(&world.person("coordinator").actor, Act::Submit, &but(&fields, &[("ae_title", "CT_MAIN_2")])).is_ok());
    case.modalities[0].services = vec![signalbox_core::ids::ServiceId(6)];
    assert!(case.try_act(&world.person("coordinator").actor, Act::Submit, &again).is_ok());
    case.modalities[0].services.clear();
    case.modalities.push(claim(START, Turn::Off, "CT_MAIN_1", ""));
    assert!(case.try_act(&world.person("coordinator").actor, Act::Submit, &again).is_ok());
    // It is planned that another takes it later: then two would answer to it.
    case.modalities = vec![claim("2027-02-01T09:00", Turn::On, "CT_MAIN_1", "10.1.1.1")];
    assert_eq!(faults(&case, &again), ["ae_title: ae-title-taken"]);
}

#[test]
fn scenario_46_a_replacement_may_follow_at_one_moment_and_may_not_overlap() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let mut replacing = but(&asked_of(&process), &[("pacs_action", "replace"), ("replaces_ae", "CT_MAIN_1")]);
    replacing.extend(moment("replaces_off_at", "2026-12-08T20:00"));
    let swap = |live_from: &str| {
        let mut fields = replacing.clone();
        fields.extend(moment("live_from", live_from));
        fields
    };
    for known in [vec![], vec![claim("2026-01-01T09:00", Turn::On, "ct_main_1", "10.20.30.41")]] {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
        case.modalities = known;
        assert_eq!(faults(&case, &swap("2026-12-08T19:59")), ["replaces_off_at: modality-both-live"]);
        // The same title and the same address, at a point in time.
        case.sends("coordinator", Act::Submit, &swap("2026-12-08T20:00"));
        assert_eq!(case.change.stage, Stage::Submitted);
    }
}

#[test]
fn an_address_belongs_to_one_live_modality() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let fields = asked_of(&process);
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.modalities = vec![claim("2026-01-01T09:00", Turn::On, "MR_1", "10.20.30.41")];
    assert_eq!(faults(&case, &fields), ["ip: ip-taken"]);
    case.modalities.push(claim("2026-12-01T09:00", Turn::Keep, "MR_1", "10.20.30.42"));
    case.sends("coordinator", Act::Submit, &fields);
}

#[test]
fn a_title_that_is_taken_meanwhile_bars_the_approval() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let mut case = sent(&world, &process, &asked_of(&process));
    case.does("manager", Act::Accept, LOW_RISK).assessed().with_downtime_procedure();
    case.does("coordinator", Act::Amend, &[("continuity", "The other scanner")]);
    case.modalities = vec![claim("2026-11-20T09:00", Turn::On, "CT_MAIN_1", "")];
    assert_eq!(case.refuses("manager", Act::Approve, &Raw::new()), ["ae-title-taken"]);
    // What has nothing to do with the name may still be answered.
    case.does("coordinator", Act::Amend, &[("room", "CT 2")]);
    assert_eq!(case.refuses("coordinator", Act::Amend, &raw(&[("ip", "10.20.30.99")])), ["ae_title: ae-title-taken"]);
    case.modalities.clear();
    // It was another answer to the safety officer's question.
    case.assessed().does("manager", Act::Approve, &[]);
}

#[test]
fn scenario_47_nobody_approves_before_the_national_approval_has_its_reference() {
    let (world, process) = (World::new(), document("national-service"));
    let mut without = asked_of(&process);
    without.remove("national_approval_ref");
    let mut case = sent(&world, &process, &without);
    case.does("manager", Act::Accept, LOW_RISK).assessed().with_downtime_procedure();
    let barred = case.refuses("authority", Act::Approve, &Raw::new());
    assert!(barred.contains(&"national-approval-missing".to_owned()), "{barred:?}");
    case.does("coordinator", Act::Amend, &[("national_approval_ref", "NAT-4711")]).does("authority", Act::Approve, &[]);
    assert_eq!(case.change.stage, Stage::Approved);
}

#[test]
fn scenario_47_a_bulk_update_in_working_hours_is_warned_of_and_not_refused() {
    use signalbox_core::decide::warnings;
    let (world, process) = (World::new(), document("national-service"));
    let told = |start: &str, end: &str, change: &str| {
        let fields = but(&asked(&process, fields("national-service", start, end).unwrap()), &[("national_change", change), ("national_service", "e-rs")]);
        let case = sent(&world, &process, &fields);
        warnings::of(&world.zone, &case.change).into_iter().map(|w| w.code).collect::<Vec<_>>()
    };
    // 8 December 2026 is a Tuesday, the 12th a Saturday.
    for (start, end, warned) in [
        ("2026-12-08T17:59", "2026-12-08T21:00", true),
        ("2026-12-08T18:00", "2026-12-08T21:00", false),
        ("2026-12-08T06:00", "2026-12-08T08:00", false),
        ("2026-12-08T06:00", "2026-12-08T08:01", true),
        ("2026-12-12T09:00", "2026-12-12T17:00", false),
    ] {
        assert_eq!(told(start, end, "services_in_bulk").contains(&"bulk-in-working-hours"), warned, "{start} to {end}");
    }
    assert!(!told("2026-12-08T09:00", "2026-12-08T12:00", "firewall").contains(&"bulk-in-working-hours"));
}

#[test]
fn a_rule_open_to_everything_goes_to_the_board() {
    let (world, process) = (World::new(), document("firewall-network"));
    let fields = asked_of(&process);
    for (field, wide) in [("rules.1.source", "0.0.0.0/0"), ("rules.1.source", "any"), ("rules.1.destination", "::/0"), ("rules.1.ports", "0-65535")] {
        let mut case = sent(&world, &process, &but(&fields, &[(field, wide)]));
        case.does("manager", Act::Accept, LOW_RISK).assessed().with_downtime_procedure();
        case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
        assert_eq!(case.refuses("manager", Act::Approve, &Raw::new()), ["approver"], "{wide}");
        case.does("authority", Act::Approve, &[]);
    }
    let mut case = sent(&world, &process, &fields);
    case.does("manager", Act::Accept, LOW_RISK);
    let security = |case: &Case| case.change.assessments.keys().any(|(kind, _)| kind.code() == "security");
    assert!(security(&case), "security is assessed every time");
}

#[test]
fn a_rule_without_a_day_is_looked_at_after_a_year() {
    let (world, process) = (World::new(), document("firewall-network"));
    let fields = asked_of(&process);
    let expiry = |fields: &Raw| {
        let case = sent(&world, &process, fields);
        let Some(Answer::Rows(rows)) = case.change.content.as_ref().unwrap().answers.get("rules").cloned() else { panic!("no rules") };
        rows[0].get("expiry").cloned()
    };
    assert_eq!(expiry(&fields), Some(Answer::Date(date(2027, 12, 8))));
    assert_eq!(expiry(&but(&fields, &[("rule_expiry", "permanent_reviewed_yearly")])), None);
    assert_eq!(expiry(&but(&fields, &[("rules.1.expiry", "2027-01-31")])), Some(Answer::Date(date(2027, 1, 31))));
}

#[test]
fn every_fault_of_a_table_stands_at_its_cell() {
    let (world, process) = (World::new(), document("firewall-network"));
    let fields = asked_of(&process);
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let wrong = but(
        &fields,
        &[
            ("rules.1.source", "10.20.30.17/24"),
            ("rules.1.ports", "90-80"),
            // The second row is empty and so is no row.
            ("rules.2.source", "  "),
            ("rules.3.source", "10.0.0.1"),
        ],
    );
    assert_eq!(
        faults(&case, &wrong),
        [
            "rules.1.source: network-host-bits",
            "rules.1.ports: ports-reversed",
            "rules.3.action: choose-one",
            "rules.3.destination: answer-missing",
            "rules.3.protocol: choose-one",
            "rules.3.direction: choose-one",
            "rules.3.purpose: answer-missing",
        ]
    );
    assert_eq!(faults(&case, &but(&fields, &[("rules.1.approved", "yes")])), ["rules.1.approved: unknown-field"], "nothing is set by the way");
    for strange in ["rules.0.source", "rules.01.source", "rules.201.source", "rules.x.source"] {
        assert_eq!(faults(&case, &but(&fields, &[(strange, "10.0.0.1")])), [format!("{strange}: unknown-field")]);
    }
    let without: Raw = fields.iter().filter(|(id, _)| !id.starts_with("rules.")).map(|(id, v)| (id.clone(), v.clone())).collect();
    assert_eq!(faults(&case, &without), ["rules: no-rows"]);
}

#[test]
fn going_back_fits_before_the_latest_end() {
    let (world, process) = (World::new(), document("firewall-network"));
    let fields = asked_of(&process);
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    assert_eq!(faults(&case, &but(&fields, &[("backout_minutes", "121")])), ["backout_minutes: way-back-too-long"]);
    assert!(case.try_act(&world.person("coordinator").actor, Act::Submit, &but(&fields, &[("backout_minutes", "120")])).is_ok());
}

#[test]
fn a_line_at_the_site_is_asked_about_where_it_is_said_not_to_be_touched() {
    let (world, process) = (World::new(), document("firewall-network"));
    let question = process.question("line_power").unwrap();
    let condition = question.asked_when.as_ref().unwrap();
    let asked = |network: &str, circuits: &str| {
        condition.holds(&|name: &str| match name {
            "network_affected" => Some(network.to_owned()),
            "circuits_at_the_site" => Some(circuits.to_owned()),
            _ => None,
        })
    };
    assert!(asked("no", "yes") && !asked("no", "no") && !asked("yes", "yes"));
    // BR-16b: yes without a circuit is not sent.
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    assert_eq!(faults(&case, &but(&asked_of(&process), &[("network_affected", "yes")])), ["circuits: answer-missing"]);
}

#[test]
fn notice_is_15_days_and_25_for_a_first_machine_or_encryption() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let fields = asked_of(&process);
    let days = |other: &[(&str, &str)]| sent(&world, &process, &but(&fields, other)).change.notice().unwrap().asked;
    assert_eq!(days(&[]), 15);
    assert_eq!(days(&[("first_of_kind", "yes")]), 25);
    assert_eq!(days(&[("tls", "yes")]), 25);
    let national = document("national-service");
    assert_eq!(sent(&world, &national, &asked_of(&national)).change.notice().unwrap().asked, 20);
    let firewall = document("firewall-network");
    assert_eq!(sent(&world, &firewall, &asked_of(&firewall)).change.notice().unwrap().asked, 10);
}

#[test]
fn each_of_them_is_tested_accepted_and_closed() {
    for id in ["firewall-network", "pacs-modality", "national-service"] {
        let (world, process) = (World::new(), document(id));
        let mut fields = asked_of(&process);
        // What is to be done before the work waits until it is done.
        let done: Vec<&str> = ["config_backup", "medical_physics", "test_booking"].into_iter().filter(|id| fields.remove(*id).is_some()).collect();
        let mut case = sent(&world, &process, &fields);
        case.does("manager", Act::Accept, LOW_RISK).assessed().with_downtime_procedure();
        if !case.change.content.as_ref().unwrap().answers.contains_key("continuity") {
            case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
        }
        let approver = if id == "national-service" { "authority" } else { "manager" };
        case.does(approver, Act::Approve, &[]);
        let who = [("implementer", "implementer@example.org")];
        assert_eq!(case.refuses("manager", Act::Schedule, &raw(&who)), ["answers-due"], "{id}");
        for question in &done {
            assert_eq!(case.refuses("coordinator", Act::Amend, &raw(&[(question, "no")])), ["nothing-changed"]);
        }
        case.does("coordinator", Act::Amend, &done.iter().map(|q| (*q, "yes")).collect::<Vec<_>>());
        assert_eq!(case.change.stage, Stage::Approved, "what was owed keeps the approval");
        case.does("manager", Act::Schedule, &who);
        case.by_then(START).does("implementer", Act::Start, &[]);
        case.by_then(END).does("implementer", Act::Finish, &[("outcome", "successful"), ("not_back", "Nothing was off")]);
        assert_eq!(case.refuses("manager", Act::Close, &raw(&[("outcome", "successful")])), ["answers-due"], "{id}");
        // What was decided upon stays as it was.
        assert_eq!(case.refuses("coordinator", Act::Amend, &raw(&[("title", "Something else")])), ["title: unknown-field", "nothing-changed"]);
        case.sends("coordinator", Act::Amend, &closing(id)).does("manager", Act::Close, &[("outcome", "successful")]);
        assert_eq!(case.change.stage, Stage::Closed, "{id}");
    }
}

#[test]
fn a_modality_is_accepted_by_two_and_no_test_is_forgotten() {
    let (world, process) = (World::new(), document("pacs-modality"));
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked_of(&process);
    fields.extend(closing("pacs-modality"));
    assert_eq!(faults(&case, &but(&fields, &[("accepted_by_radiographer.name", "p. lund")])), ["accepted_by_pacs_manager.name: accepted-alone"]);
    let one = but(&fields, &[("tests_passed", "echo_both_ways")]);
    assert_eq!(faults(&case, &one), ["tests_not_passed: tests-open"]);
    assert!(case.try_act(&world.person("coordinator").actor, Act::Submit, &but(&one, &[("tests_not_passed", "The viewer was down")])).is_ok());
}

/// Spec 4.7 to 4.9: each field, when it is needed.
#[test]
fn every_field_of_the_specification_is_asked_when_it_says() {
    let required = |id: &str, question: &str| {
        let process = document(id);
        let question = process.question(question).unwrap_or_else(|| panic!("{id} does not ask {question}")).clone();
        match question.required {
            Required::Submit { .. } => 'S',
            Required::Approve => 'A',
            Required::Start => 'I',
            Required::Close => 'C',
            Required::Optional => 'o',
        }
    };
    for (id, when, questions) in [
        ("firewall-network", 'S', "rule_action rules"),
        ("firewall-network", 'A', "rule_expiry data_flow_ref ports_confirmed_by pre_test endpoints"),
        ("firewall-network", 'I', "config_backup"),
        ("firewall-network", 'C', "post_test"),
        (
            "pacs-modality",
            'S',
            "pacs_action modality_type manufacturer model_name serial software_version department room sites ae_title port tls dicom_services conformance_statement replaces_ae replaces_off_at live_from",
        ),
        ("pacs-modality", 'o', "station_name"),
        (
            "pacs-modality",
            'A',
            "ip subnet gateway vlan mac hostname certificate sop_classes transfer_syntaxes character_set called_aes mwl_filter studies_per_day mb_per_study patient_id_scheme accession_source",
        ),
        ("pacs-modality", 'I', "test_plan medical_physics vendor_on_site"),
        ("pacs-modality", 'C', "accepted_by_radiographer accepted_by_pacs_manager tests_passed"),
        ("national-service", 'S', "national_service national_change ods_code asid_old asid_new party_key mpv directory_services bookable_services continuity"),
        ("national-service", 'A', "national_outages_checked_at slots_plan referrers_notice national_approval_ref"),
        ("national-service", 'I', "test_booking test_booking_ref"),
        ("national-service", 'C', "post_checks"),
    ] {
        for question in questions.split(' ') {
            assert_eq!(required(id, question), when, "{id} {question}");
        }
    }
    assert_eq!(document("national-service").kind, Kind::NationalService);
}

/// Trusts that are told what they will notice have a stake; those who serve them have theirs from what they run.
#[test]
fn c034_whoever_notices_something_of_their_own_is_affected() {
    let (world, process) = (World::new(), document("end-to-end"));
    let typed = |rows: &[(&str, &str)]| {
        let mut fields = normal("ROTA", "SRV-2", "2026-12-08T20:00", "2026-12-08T22:00");
        fields.extend(raw(rows));
        fields
    };
    let plain = sent(&world, &process, &typed(&[])).change.parties().affected.clone();
    let rows = [("own_notice.1.who", "rxb"), ("own_notice.1.what", "Ward 3 waits"), ("own_notice.2.who", "ALT"), ("own_notice.2.what", "The desk is rung")];
    let case = sent(&world, &process, &typed(&rows));
    let mut expected = plain;
    expected.insert(OTHER_TRUST);
    assert_eq!(case.change.parties().affected, expected);
    let content = case.change.content.as_ref().unwrap();
    assert_eq!((content.own_notice("RXB").len(), content.own_notice("rxa").len()), (1, 0));
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let wrong = typed(&[("own_notice.1.who", "RXZ"), ("own_notice.1.what", "x"), ("own_notice.3.what", "nobody named")]);
    assert_eq!(faults(&case, &wrong), ["own_notice.1.who: unknown-value", "own_notice.3.who: answer-missing"]);
}
