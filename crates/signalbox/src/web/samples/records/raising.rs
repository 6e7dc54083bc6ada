//! Raising a change, step by step.

use crate::web::layout::{Place, Shell};
use crate::web::pages::raise::{KindPage, RaisePage, Starter, StarterGroup, Step};
use crate::web::parts::{Clash, Fact, Form, Section};
use crate::web::ui::{Choice, Field, Link};

const DRAFT: &str = "/changes/RFC-2026-001847/edit";

fn shell(title: &str) -> Shell {
    let mut shell = Shell::sample(title, Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("Raise a change".into(), "/changes/new".into())];
    shell
}

fn steps(current: usize) -> Vec<Step> {
    ["What", "Where", "When", "Risk", "Check and send"]
        .iter()
        .enumerate()
        .map(|(at, label)| Step {
            label: (*label).into(),
            href: if at < current { format!("{DRAFT}/{}", label.to_lowercase()) } else { String::new() },
            is_current: at == current,
        })
        .collect()
}

fn so_far() -> Section {
    Section::new("so-far", "So far").facts(vec![
        Fact::new("What", "Connect CT scanner 3").link("Change", &format!("{DRAFT}/what")),
        Fact::new("Where", "Northbrook, Radiology A").link("Change", &format!("{DRAFT}/where")),
        Fact::new("Service", "PACS imaging"),
        Fact::new("Kind", "Normal change"),
    ])
}

fn step_form(step: &str, fields: Vec<Field>) -> Form {
    Form::new(&format!("{DRAFT}/{step}"), "Save and continue", fields).key("k-step").hide("version", "3").autosave().more("later", "Save and finish later")
}

pub fn kind() -> KindPage {
    let starter = |name: &str, words: &str, from: &str| Starter {
        name: name.into(),
        words: words.into(),
        form: Form::new("/changes/new", &format!("Start: {}", name.to_lowercase()), vec![]).key(from).hide("from", from).quiet(),
    };
    KindPage {
        shell: shell("What do you want to raise?"),
        lede: "Choose the nearest. Nothing is sent until the last step, and what you type is kept.".into(),
        groups: vec![
            StarterGroup {
                id: "yours".into(),
                heading: "Often raised by people in your role".into(),
                starters: vec![
                    starter("A change to a service", "Software, hardware, settings or the network, for one site or many.", "normal"),
                    starter("A planned outage", "You switch something off that others use: power, cooling, a server, a line.", "planned_outage"),
                ],
            },
            StarterGroup {
                id: "other".into(),
                heading: "Other ways".into(),
                starters: vec![starter("A service request", "Small, agreed beforehand, with fixed steps: no risk questions.", "service_request")],
            },
        ],
        drafts: Section::new("drafts", "Your drafts").words("1 draft.").link("RFC-2026-001847 Connect CT scanner 3", &format!("{DRAFT}/when")),
    }
}

pub fn what() -> RaisePage {
    RaisePage {
        shell: shell("What is to change?"),
        lede: "RFC-2026-001847, draft.".into(),
        saved: "Saved 20 seconds ago.".into(),
        steps: steps(0),
        form: step_form(
            "what",
            vec![
                Field::text("title", "Title", "Connect CT scanner 3 at Northbrook").hint("Plain English, up to 120 characters, nothing that names a patient."),
                Field::textarea("what", "What changes?", "CT scanner 3 replaces CT scanner 2 in Radiology A and sends its images to PACS imaging."),
                Field::select(
                    "why",
                    "Why?",
                    vec![
                        Choice::new("", "Choose"),
                        Choice::new("problem", "A problem"),
                        Choice::new("life_cycle", "End of life").chosen(true),
                        Choice::new("improvement", "An improvement"),
                    ],
                ),
                Field::radios(
                    "confidentiality",
                    "Who may see it?",
                    vec![
                        Choice::new("open", "The service management group").chosen(true),
                        Choice::new("parties_only", "Only those it touches").hint("Others see “Restricted work” and its times."),
                    ],
                ),
                Field::checks(
                    "services",
                    "Which services does it touch?",
                    vec![Choice::new("pacs", "PACS imaging").chosen(true), Choice::new("pas", "Patient administration"), Choice::new("link", "Network links")],
                ),
                Field::textarea("references", "Your own references", "INC-7713").hint("One a line.").optional().rows(2),
            ],
        ),
        side: vec![so_far()],
        ..RaisePage::default()
    }
}

pub fn when() -> RaisePage {
    let missing = Some("Enter how many minutes it takes to back out".to_owned());
    let ambiguous = Some("01:30 comes twice that night: choose which one is meant".to_owned());
    let form = step_form(
        "when",
        vec![
            Field::date_time("window_start", "From", "2026-10-25", "01:30").hint("UK local time, 24-hour clock."),
            Field::radios(
                "window_start-fold",
                "Which 01:30 on Sunday 25 October?",
                vec![
                    Choice::new("first", "The first 01:30 (BST)"),
                    Choice::new("second", "The second 01:30 (GMT)").hint("One hour later, after the clocks go back."),
                ],
            )
            .error(ambiguous),
            Field::date_time("window_end", "To", "2026-10-25", "04:00").hint("Include time to test and to back out."),
            Field::input("number", "backout_minutes", "Minutes to back out", "")
                .hint("How long to put things back as they were if it fails.")
                .width("w4")
                .error(missing),
            Field::text("on_the_night-name", "Who is there on the night?", "Sam Okoro").autocomplete("off"),
            Field::input("tel", "on_the_night-phone", "Their telephone number", "020 7946 0131").width("w20"),
        ],
    )
    .more("check", "Check this window");
    RaisePage {
        shell: shell("When should the work happen?"),
        lede: "RFC-2026-001847, Connect CT scanner 3 at Northbrook.".into(),
        saved: "Saved 20 seconds ago.".into(),
        steps: steps(2),
        faults: form.faults(),
        clashes: vec![Clash {
            heading: "Sunday 25 October clashes with other work".into(),
            is_hard: true,
            other: Some(Link::new("RFC-2026-001829 Viewer release 7.1", "/changes/RFC-2026-001829")),
            words: "restarts PACS imaging at all sites from 00:00 to 03:00. Your scanner test needs PACS imaging up. It is approved, so it comes first.".into(),
            rule: "BR-19a: the same equipment, windows overlap. Found through CT scanner 3 › PACS imaging.".into(),
            ways_out: vec![],
        }],
        form,
        side: vec![so_far()],
        ..RaisePage::default()
    }
}

pub fn when_outage() -> RaisePage {
    RaisePage {
        shell: shell("When does it go off?"),
        lede: "ON-2026-000277, Power off in plant room A, Riverside.".into(),
        saved: "Saved just now.".into(),
        steps: steps(2),
        no_clash: "No clash found from Tuesday 24 November 06:00 to 09:00.".into(),
        notice: Some(super::changes::short_clock()),
        form: step_form(
            "when",
            vec![
                Field::date_time("window_start", "Off from", "2026-11-24", "06:00"),
                Field::date_time("window_end", "Back by", "2026-11-24", "09:00"),
                Field::date_time("contingency_end", "If it goes wrong, back at the latest by", "2026-11-24", "11:00")
                    .hint("Alarms count as expected until then."),
                Field::select(
                    "late_reason",
                    "Why is this short notice?",
                    vec![Choice::new("", "Choose"), Choice::new("utility_imposed", "The utility set the date"), Choice::new("safety", "Safety")],
                ),
            ],
        ),
        ..RaisePage::default()
    }
}

pub fn check() -> RaisePage {
    let change = |fact: Fact, step: &str| fact.link("Change", &format!("{DRAFT}/{step}"));
    RaisePage {
        shell: shell("Check and send"),
        lede: "RFC-2026-001847, Connect CT scanner 3 at Northbrook.".into(),
        saved: "Saved 5 seconds ago.".into(),
        steps: steps(4),
        no_clash: "No clash found from Wednesday 25 November 19:30 to 21:30.".into(),
        answers: vec![
            Section::new("answers-what", "What").facts(vec![
                change(Fact::new("Title", "Connect CT scanner 3 at Northbrook"), "what"),
                change(Fact::new("What changes", "CT scanner 3 replaces CT scanner 2 in Radiology A and sends its images to PACS imaging."), "what"),
            ]),
            Section::new("answers-when", "When").facts(vec![
                change(Fact::new("Window", "Wednesday 25 November 2026, 19:30 to 21:30"), "when"),
                change(Fact::new("Back out", "20 minutes"), "when"),
            ]),
        ],
        form: Form::new("/changes/RFC-2026-001847/acts/propose", "Send to Ruth Ellery", vec![]).key("k-send").hide("version", "7"),
        side: vec![
            Section::new("next", "What happens next")
                .words("Ruth Ellery, Northbrook’s coordinator, is told at once and sends it on. The notice clock starts when Halden receives it."),
        ],
        ..RaisePage::default()
    }
}
