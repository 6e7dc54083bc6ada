//! Work of the kinds with forms of their own: a scanner that was connected and is moved, a firewall rule, an endpoint
//! of e-RS that waits for its national approval.

use jiff::{SignedDuration, Timestamp};
use signalbox_core::change::{Kind, Outcome};

use super::local;
use super::stories::{Deed, Story};

const NORTHBROOK: usize = 0;
const RIVERSIDE: usize = 1;
const ST_CRISPINS: usize = 2;
const PACS: usize = 0;
const INTEGRATION: usize = 3;

type Extra = &'static [(&'static str, &'static str)];

const SCANNER: Extra = &[
    ("modality_type", "ct"),
    ("first_of_kind", "no"),
    ("tls", "no"),
    ("sites", "NB"),
    ("department", "Radiology"),
    ("manufacturer", "Invented Imaging"),
    ("model_name", "Ring 64"),
    ("serial", "R64-20117"),
    ("software_version", "7.1"),
    ("conformance_statement", "Ring 64, conformance statement 7.1, page 12 on"),
    ("ae_title", "NBK_CT_1"),
    ("station_name", "NBKCT1"),
    ("port", "11112"),
    ("addressing", "fixed"),
    ("ip", "10.20.30.41"),
    ("subnet", "10.20.30.0/24"),
    ("gateway", "10.20.30.1"),
    ("vlan", "30"),
    ("mac", "00:1B:44:11:3A:B7"),
    ("hostname", "nbk-ct-1.northbrook.example"),
    ("dicom_services", "c-echo;c-store;modality_worklist;procedure_step;storage_commitment;dose_report"),
    ("sop_classes", "CT Image Storage\nX-Ray Radiation Dose SR Storage"),
    ("transfer_syntaxes", "1.2.840.10008.1.2.1"),
    ("character_set", "iso_ir_192"),
    ("called_aes.1.role", "worklist"),
    ("called_aes.1.ae_title", "HALDEN_MWL"),
    ("called_aes.1.ip", "10.40.0.11"),
    ("called_aes.1.port", "104"),
    ("called_aes.2.role", "archive"),
    ("called_aes.2.ae_title", "HALDEN_ARCHIVE"),
    ("called_aes.2.ip", "10.40.0.12"),
    ("called_aes.2.port", "104"),
    ("called_aes.3.role", "storage_commitment"),
    ("called_aes.3.ae_title", "HALDEN_COMMIT"),
    ("called_aes.3.ip", "10.40.0.12"),
    ("called_aes.3.port", "105"),
    ("mwl_filter", "Station NBK_CT_1, type CT, site NB"),
    ("studies_per_day", "45"),
    ("mb_per_study", "420"),
    ("patient_id_scheme", "worklist"),
    ("accession_source", "worklist"),
    ("pacs_manager.name", "Ruth Ellery"),
    ("pacs_manager.phone", "020 7946 0133"),
    (
        "test_plan",
        "echo_both_ways;worklist_query;test_image_stored_once;commitment_reply;seen_in_the_viewer;left_and_right;demographics_match;test_patient_removed",
    ),
    ("medical_physics", "yes"),
];

/// Answers that are given before such a change is closed.
pub(super) const CLOSING: Extra = &[
    (
        "tests_passed",
        "echo_both_ways;worklist_query;test_image_stored_once;commitment_reply;seen_in_the_viewer;left_and_right;demographics_match;test_patient_removed",
    ),
    ("accepted_by_radiographer.name", "Dana Frost"),
    ("accepted_by_radiographer.phone", "020 7946 0134"),
    ("accepted_by_pacs_manager.name", "Ruth Ellery"),
    ("accepted_by_pacs_manager.phone", "020 7946 0133"),
];

const RULES: Extra = &[
    ("rule_action", "add_a_rule"),
    ("rules.1.action", "add"),
    ("rules.1.source", "10.60.8.0/24"),
    ("rules.1.destination", "10.40.0.12"),
    ("rules.1.protocol", "tcp"),
    ("rules.1.ports", "104, 11112"),
    ("rules.1.direction", "outbound"),
    ("rules.1.logging", "yes"),
    ("rules.1.purpose", "Images of the new clinic reach the archive"),
    ("rules.2.action", "add"),
    ("rules.2.source", "10.60.8.0/24"),
    ("rules.2.destination", "worklist.halden.example"),
    ("rules.2.protocol", "tcp"),
    ("rules.2.ports", "104"),
    ("rules.2.direction", "outbound"),
    ("rules.2.logging", "yes"),
    ("rules.2.purpose", "The clinic's scanners read their worklist"),
    ("rule_expiry", "twelve_months"),
    ("ports_confirmed_by.name", "Tom Achebe"),
    ("ports_confirmed_by.phone", "020 7946 0117"),
    ("line_power.name", "Len Brook"),
    ("line_power.phone", "020 7946 0141"),
    ("personal_data", "yes"),
    ("data_flow_ref", "IG-2026-088"),
    ("touches_spine", "no"),
    ("pre_test", "Echo from the clinic's scanner to the archive\nWorklist query from the clinic's scanner"),
    ("config_backup", "yes"),
];

const ENDPOINT: Extra = &[
    ("national_service", "e-rs"),
    ("national_change", "endpoint_or_asid"),
    ("ods_code", "SCR01"),
    ("asid_old", "200000001234"),
    ("asid_new", "200000005678"),
    ("party_key", "SCR-801234"),
    ("mpv", "Invented Health, Bookwell, 9.2"),
    ("endpoints.1.ods", "SCR01"),
    ("endpoints.1.asid", "200000005678"),
    ("endpoints.1.party_key", "SCR-801234"),
    ("endpoints.1.role", "cma"),
    ("endpoints.1.product", "Invented Health, Bookwell, 9.2"),
    ("endpoints.1.fqdn", "bookwell.stcrispins.example"),
    ("endpoints.1.environment", "live"),
    ("directory_services", "42"),
    ("bookable_services", "Cardiology\nDermatology\nFracture clinic"),
    ("slots_plan", "Maya Lindqvist takes the slots out at 18:30 and puts them back at 21:30; the booking office watches the slot issues worklist every hour."),
    ("continuity", "Urgent and two-week referrals come by telephone to the booking office, which enters them from 22:00 on."),
    ("referrers_notice", "Practices and the referral centre were written to on the 2nd; a second letter goes out the day before."),
    ("test_booking", "yes"),
    ("test_booking_ref", "UBRN of the test patient, sheet 3"),
];

/// The stories, whose past deeds have been done by `now`.
pub(super) fn stories(now: Timestamp) -> Vec<Story> {
    let hours = SignedDuration::from_hours;
    let story = |kind, trust: usize, kit, title: &str, what, notice, day: i64, hour, length| {
        let start = local(now, day, hour, 0);
        Story {
            kind,
            raiser: trust,
            trusts: vec![trust],
            kit,
            model: "",
            title: title.to_owned(),
            what,
            notice,
            start,
            end: start + hours(length),
            minutes_off: 0,
            network: false,
            extra: vec![],
            is_paid: false,
            deeds: vec![],
        }
    };
    let mut connect = story(
        Kind::PacsModality,
        NORTHBROOK,
        PACS,
        "Connect CT scanner 1, Northbrook",
        "The new scanner is connected to worklist and archive and tried with the test patient.",
        "Nothing; the scanner is not used before it is accepted.",
        -24,
        18,
        3,
    );
    connect.extra = [SCANNER, &[("pacs_action", "connect"), ("room", "CT room 1")]].concat();
    connect.deeds = decided(&connect, 30);
    connect.deeds.extend([
        (connect.start, Deed::Start),
        (connect.end - SignedDuration::from_mins(20), Deed::Finish(Outcome::Successful)),
        (connect.end + hours(15), Deed::Close),
    ]);
    let mut moved = story(
        Kind::PacsModality,
        NORTHBROOK,
        PACS,
        "Move CT scanner 1 to the new wing, Northbrook",
        "The scanner moves to the new wing, keeps its title and is given another address.",
        "No CT in the old room from Saturday noon; patients are sent to the new wing.",
        12,
        12,
        6,
    );
    moved.extra = [
        SCANNER,
        &[("pacs_action", "relocate"), ("room", "New wing, CT room 2"), ("ip", "10.20.34.41"), ("subnet", "10.20.34.0/24"), ("gateway", "10.20.34.1")],
    ]
    .concat();
    moved.deeds = decided(&moved, 30);
    let mut rule = story(
        Kind::FirewallNetwork,
        RIVERSIDE,
        INTEGRATION,
        "Let the new clinic reach archive and worklist, Riverside",
        "Two rules are added on the outer firewall, and the clinic's scanner is tried.",
        "Nothing.",
        8,
        19,
        1,
    );
    rule.extra = RULES.to_vec();
    rule.deeds = until_assessed(&rule, 20);
    let mut endpoint = story(
        Kind::NationalService,
        ST_CRISPINS,
        INTEGRATION,
        "e-RS moves to the new booking system, St Crispin’s",
        "The endpoint of e-RS is registered anew and the services are pointed to it.",
        "No appointment can be booked at St Crispin’s from half past six to ten in the evening.",
        18,
        19,
        3,
    );
    endpoint.extra = ENDPOINT.to_vec();
    endpoint.deeds = until_assessed(&endpoint, 32);
    vec![connect, moved, rule, endpoint]
}

/// From the raising to the last assessment, so many days before the start.
pub(super) fn until_assessed(story: &Story, days: i64) -> Vec<(Timestamp, Deed)> {
    let sent = story.start - SignedDuration::from_hours(24 * days);
    let at = |hours: i64| sent + SignedDuration::from_hours(hours);
    vec![
        (at(-2), Deed::Raise),
        (sent, Deed::Send),
        (at(20), Deed::Accept),
        (at(30), Deed::Screen),
        (at(50), Deed::Assess),
        (at(75), Deed::Assess),
        (at(100), Deed::Assess),
    ]
}

/// The same, approved and scheduled.
pub(super) fn decided(story: &Story, days: i64) -> Vec<(Timestamp, Deed)> {
    let sent = story.start - SignedDuration::from_hours(24 * days);
    let mut deeds = until_assessed(story, days);
    deeds.extend([(sent + SignedDuration::from_hours(150), Deed::Approve { condition: false }), (sent + SignedDuration::from_hours(175), Deed::Schedule)]);
    deeds
}
