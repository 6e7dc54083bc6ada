use super::*;
use crate::calendar::{Division, london};
use crate::ids::TextId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn version(part: u32) -> Version {
    Version {
        part,
        account: None,
        sequence: 1,
        status: Status::Tentative,
        impact: Impact::Outage,
        start: at("2026-12-01T06:00:00Z"),
        end: at("2026-12-01T10:00:00Z"),
        title: Text { text: TextId(7), digest: "d".into() },
        is_restricted: false,
        objects: vec!["NB-C-1".into()],
    }
}

#[test]
fn the_identity_hangs_on_reference_part_and_host_only() {
    assert_eq!(version(1).uid("ON-2026-000001", "change.example.org"), "ON-2026-000001-net@change.example.org");
    assert_eq!(version(2).uid("ON-2026-000001", "change.example.org"), "ON-2026-000001-net-2@change.example.org");
    let later = Version { sequence: 9, status: Status::Cancelled, objects: vec![], ..version(2) };
    assert_eq!(later.uid("R", "h"), version(2).uid("R", "h"));
    assert!(version(1).says_what(&Version { sequence: 4, ..version(1) }));
    assert!(!version(1).says_what(&Version { status: Status::Confirmed, ..version(1) }));
}

/// X6: 2 working days to the letter, 3 to the telephone, 4 to the supervisor; and all three before the work.
#[test]
fn silence_is_chased_before_the_work_begins() {
    let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), london());
    let due = |chase, told: &str, start: &str| chased_at(chase, at(told), at(start), &calendar, &zone);
    // Told on Tuesday 17 November at noon: Thursday, Friday, Monday.
    let days = CHASES.map(|(chase, _)| zone.to_datetime(due(chase, "2026-11-17T12:00:00Z", "2026-12-08T06:00:00Z")).date().to_string());
    assert_eq!(days, ["2026-11-19", "2026-11-20", "2026-11-23"]);
    // Told 8 hours before: every 2 hours.
    let hours = CHASES.map(|(chase, _)| due(chase, "2026-11-17T12:00:00Z", "2026-11-17T20:00:00Z"));
    assert_eq!(hours, [at("2026-11-17T14:00:00Z"), at("2026-11-17T16:00:00Z"), at("2026-11-17T18:00:00Z")]);
}
