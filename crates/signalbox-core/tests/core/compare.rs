//! What a new version changes, in words, and for whom.

use signalbox_core::actor::OrgKind;
use signalbox_core::process::compare::{Difference, Mark, Part, compare, for_kind};
use signalbox_core::process::load::SHIPPED;
use signalbox_core::process::{Process, Processes};
use std::sync::Arc;

fn with(file: &str, slips: &[(&str, &str)]) -> (Arc<Process>, Arc<Process>) {
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == file).unwrap();
    let mut changed = (*text).to_owned();
    for (was, is) in slips {
        assert!(changed.contains(was), "{file} no longer says {was}");
        changed = changed.replace(was, is);
    }
    let id = file.trim_end_matches(".md");
    let after = Processes::shipped_with(&[(file, &changed)]).unwrap_or_else(|faults| panic!("{faults:?}"));
    (Processes::shipped().unwrap().by_id(id).unwrap().clone(), after.by_id(id).unwrap().clone())
}

fn words(all: &[Difference]) -> Vec<&str> {
    all.iter().map(|one| one.words.as_str()).collect()
}

#[test]
fn a_document_does_not_differ_from_itself() {
    for process in Processes::shipped().unwrap().iter() {
        assert_eq!(compare(process, process), [], "{}", process.id);
    }
}

#[test]
fn a_row_of_a_table_is_told_by_what_it_means() {
    let (was, is) = with("planned-outage.md", &[("| trust, supplier | yes, no | 10 | days |", "| trust, supplier | yes, no | 12 | days |")]);
    let found = compare(&was, &is);
    assert_eq!(words(&found), ["A planned outage by a trust or supplier asks for 12 days instead of 10 days."]);
    assert_eq!((found[0].part, found[0].mark), (Part::Tables, Mark::Changed));
    assert_eq!(for_kind(&found, OrgKind::Trust).len(), 1);
    assert!(for_kind(&found, OrgKind::Authority).is_empty(), "its own outages ask for as much as before");
}

#[test]
fn rows_come_and_go() {
    let (was, is) =
        with("planned-outage.md", &[("| trust, supplier | yes, no | 10 | days |", "| trust | yes, no | 10 | days |\n| supplier | yes, no | 15 | days |")]);
    let found = compare(&was, &is);
    assert_eq!(
        words(&found),
        [
            "In the table “notice asked for”, row 1 (notice is 10 and count is days) now holds where raised by is trust instead of where raised by is trust, supplier.",
            "In the table “notice asked for”, row 2 is new: where raised by is supplier: notice is 15 and count is days.",
        ]
    );
    assert_eq!(words(&for_kind(&found, OrgKind::Trust)).len(), 1);
}

#[test]
fn steps_tell_who_and_what_is_needed() {
    let slips = [
        (
            "| approve | AWAITING_APPROVAL | APPROVED | supplier change manager; authority change manager | answers complete; assessments done; clinical accepted; charge agreed; four eyes; other organisation; no hard clash; downtime procedure attached |",
            "| approve | AWAITING_APPROVAL | APPROVED | authority change manager; supplier change manager | answers complete; assessments done; clinical accepted; charge agreed; four eyes; other organisation; no hard clash; not in freeze; downtime procedure attached |",
        ),
        ("| reschedule | SUBMITTED, ASSESSING, AWAITING_APPROVAL | - |", "| reschedule | SUBMITTED, ASSESSING, AWAITING_APPROVAL | removed |"),
    ];
    let (was, is) = with("planned-outage.md", &slips);
    let found = compare(&was, &is);
    let all = words(&found);
    assert!(all.contains(&"“approve” from Deciding now also needs: “not in freeze”."), "{all:?}");
    assert!(all.iter().any(|line| line.starts_with("“move the window” from Checking is no longer possible;")), "{all:?}");
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn questions_timers_and_prose() {
    let slips = [
        (
            "| ups_minutes | For how many minutes do the batteries hold? | number 0 to 10000 | optional |",
            "| ups_minutes | For how long do the batteries hold, in minutes? | number 0 to 10000 | submit |",
        ),
        ("| generator | Is there a generator behind it? | yes or no | optional | | | risk |\n", ""),
        (
            "| 60 minutes before start | remind | on-site contact; operations desk; implementer |",
            "| 90 minutes before start | remind | on-site contact; operations desk; implementer |",
        ),
        ("Short notice is never refused.", "Short notice is taken too."),
    ];
    let (was, is) = with("planned-outage.md", &slips);
    let found = compare(&was, &is);
    let all = words(&found);
    for line in [
        "“Is there a generator behind it?” is no longer asked.",
        "“For how many minutes do the batteries hold?” is asked in these words: “For how long do the batteries hold, in minutes?”.",
        "“For how long do the batteries hold, in minutes?” is needed to send instead of optional.",
        "90 minutes before the start, people are reminded.",
    ] {
        assert!(all.contains(&line), "{line} is not in {all:#?}");
    }
    let prose: Vec<_> = found.iter().filter(|one| one.part == Part::Prose).collect();
    assert_eq!(prose.len(), 1, "{all:#?}");
    assert!(prose[0].words.starts_with("Under “What you do, and what the supplier does”: “Short notice is never refused."), "{}", prose[0].words);
    assert_eq!(found.len(), 5, "{all:#?}");
}

#[test]
fn what_a_base_changes_is_told_of_its_heirs() {
    let text = SHIPPED.iter().find(|(name, _)| *name == "end-to-end.md").unwrap().1;
    let line = "| reject | AWAITING_APPROVAL | REJECTED | authority change manager; supplier change manager | four eyes; reason given |";
    assert!(text.contains(line));
    let changed = text.replace(line, "| reject | AWAITING_APPROVAL | REJECTED | authority change manager | four eyes; reason given |");
    let after = Processes::shipped_with(&[("end-to-end.md", &changed)]).unwrap();
    let (was, is) = (Processes::shipped().unwrap().by_id("planned-outage").unwrap().clone(), after.by_id("planned-outage").unwrap().clone());
    assert_ne!(was.hash, is.hash);
    assert_eq!(words(&compare(&was, &is)), ["“refuse” from Deciding may no longer be done by supplier change manager."]);
}
