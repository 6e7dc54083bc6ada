//! Records, decisions and what hangs on them.

use crate::web::layout::{Place, Shell};
use crate::web::pages::change::{ActPanel, Attachment, ChangePage, Entry, Mark, NotNow, Offer, View};
use crate::web::pages::decide::DecidePage;
use crate::web::parts::{Cell, Clash, Fact, Form, ListPage, Notice, Row, Section, Table};
use crate::web::ui::{Choice, ClockDay, ClockKind, Field, Link, Reach, Stage, Tag};

const ADDRESS: &str = "/changes/RFC-2026-001842";

fn stages(current: usize, names: &[(&str, &str)]) -> Vec<Stage> {
    names
        .iter()
        .enumerate()
        .map(|(at, (label, note))| Stage {
            label: (*label).into(),
            note: (*note).into(),
            reach: match at.cmp(&current) {
                std::cmp::Ordering::Less => Reach::Done,
                std::cmp::Ordering::Equal => Reach::Current,
                std::cmp::Ordering::Greater => Reach::Ahead,
            },
        })
        .collect()
}

fn offer(label: &str, act: &str, note: &str) -> Offer {
    Offer { link: Link::new(label, &format!("{ADDRESS}/acts/{act}")), note: note.into() }
}

fn not_now(act: &str, reason: &str, who: &str) -> NotNow {
    NotNow { act: act.into(), rule: "The process says who approves.".into(), reason: reason.into(), who: who.into() }
}

fn views(counts: [u32; 3]) -> Vec<View> {
    let view = |label: String, show: &str, is_current| View { link: Link::new(&label, &format!("{ADDRESS}?show={show}#conversation")), is_current };
    vec![
        view("Everything".into(), "everything", true),
        view(format!("Messages ({})", counts[0]), "messages", false),
        view(format!("Decisions ({})", counts[1]), "decisions", false),
        view(format!("Edits ({})", counts[2]), "edits", false),
    ]
}

fn message() -> Form {
    Form::new(
        &format!("{ADDRESS}/acts/say"),
        "Post",
        vec![Field::textarea("message", "Add to the conversation", "").hint("Everyone who watches gets it by email. Plain text.")],
    )
    .key("k-say")
    .quiet()
}

fn upload() -> Form {
    Form::new(
        &format!("{ADDRESS}/documents"),
        "Add this document",
        vec![Field::input("file", "document", "Choose a file", "").hint("Up to 20 MB. Leave out anything that names a patient.")],
    )
    .key("k-file")
    .quiet()
}

fn assessments() -> Section {
    let row = |name: &str, finding: Cell, by: &str, when: &str| Row::new(Cell::text(name), vec![finding, Cell::text(by), Cell::text(when)]);
    Section::new("assessments", "Assessments").table(
        Table::new(
            "Assessments",
            &["Assessment", "Finding", "By", "When"],
            vec![
                row("Technical", Cell::tag("Medium, 6 of 18", "yellow").and("One node at a time; the pair covers for it."), "Tom Achebe, Halden", "4 Nov"),
                row(
                    "Impact",
                    Cell::tag("Level 3", "blue").and("Fetching images older than 90 days takes up to 40 seconds instead of 4."),
                    "Tom Achebe, Halden",
                    "4 Nov",
                ),
                row(
                    "Business continuity",
                    Cell::tag("No objection", "green").and("Radiology keeps 90 days on the local cache. Plan BC-14 read and agreed."),
                    "Ruth Ellery, Northbrook",
                    "6 Nov",
                ),
                row("Network provider", Cell::tag("Waiting", "yellow"), "Meridian desk owes it", "by Wed 18 Nov 17:00"),
            ],
        ),
        "No assessment is asked for yet.",
    )
}

fn approvals() -> Section {
    let row = |who: &str, words: &str, when: &str| Row::new(Cell::text(who), vec![Cell::tag("Approved", "green"), Cell::text(words), Cell::text(when)]);
    Section::new("approvals", "Approvals").table(
        Table::new(
            "Approvals",
            &["Who must agree", "Decision", "Words given", "When"],
            vec![
                row("Northbrook, trust coordinator", "Fine with the night shift lead told in person.", "6 Nov 11:02"),
                row("Authority, change manager", "6 for, 0 against, 1 away.", "10 Nov 14:19"),
            ],
        ),
        "",
    )
}

fn promises() -> Section {
    let row = |what: &str, who: &str, due: &str, state: Cell| Row::new(Cell::text(what), vec![Cell::text(who), Cell::text(due), state]);
    Section::new("promises", "Conditions and promises").table(
        Table::new(
            "Conditions and promises",
            &["Promise", "Who", "Due", "State"],
            vec![
                row("Spare node proved before work starts", "Tom Achebe, Halden", "Mon 16 Nov", Cell::tag("Kept", "green").small("16 Nov 12:40")),
                row("Radiology told at handover", "Ruth Ellery, Northbrook", "tonight 20:30", Cell::tag("Open", "yellow").small("3 hours left")),
            ],
        ),
        "",
    )
}

fn screening() -> Section {
    let row = |question: &str, answer: &str| Row::new(Cell::text(question), vec![Cell::text(answer)]);
    Section::new("clinical", "Clinical safety")
        .words("Accepted by Dr Ian Moss, safety officer of the authority, 9 November 15:40: with the spare node proved first.")
        .table(
            Table::new(
                "The eight screening questions",
                &["Question", "Answer"],
                vec![
                    row("Touches a system used in direct care?", "Yes: older images in an emergency"),
                    row("Changes what is shown, merged or coded?", "No"),
                    row("Changes patient matching or worklists?", "No"),
                    row("Takes the system away longer than its continuity plan allows?", "No"),
                    row("Changes alerts, dose, result or order flows?", "No"),
                    row("Affects both halves of a redundant pair?", "No"),
                    row("Changes an interface or firewall between clinical systems?", "No"),
                    row("Is anyone unsure?", "No"),
                ],
            ),
            "",
        )
}

fn glance() -> Section {
    Section::new("glance", "At a glance")
        .facts(vec![
            Fact::new("What changes", "Controller firmware on archive node N2 goes from 8.1.4 to 8.2.0."),
            Fact::new("Why", "The old version can drop a copy when a disk is swapped. It happened at Riverside on 12 October."),
            Fact::new("Window", "Tuesday 17 November 22:00 to Wednesday 18 November 02:00; all back by 03:00 at the latest"),
            Fact::new("Services", "PACS imaging, Northbrook"),
            Fact::new("Equipment", "Archive node N2\nNorthbrook link"),
            Fact::new("People notice", "Slower fetch of images older than 90 days. Nothing stops."),
            Fact::new("Back out", "Return to 8.1.4 in 35 minutes. Last point to decide: 01:10."),
            Fact::new("Proof it worked", "Fetch 20 named studies from N2; compare checksums."),
            Fact::new("On the night", "Tom Achebe, 020 7946 0117"),
        ])
        .link("All answers", &format!("{ADDRESS}/answers"))
}

fn entry(mark: Mark, lead: &str, rest: &str, said: &str) -> Entry {
    Entry { mark, lead: lead.into(), rest: rest.into(), said: said.into(), link: None }
}

fn history() -> Vec<Entry> {
    let mut edited = entry(Mark::Plain, "Window changed", " by Tom Achebe, 4 November 10:12: 90 minutes longer, to leave time to back out.", "");
    edited.link = Some(Link::new("What changed", &format!("{ADDRESS}/versions")));
    vec![
        entry(Mark::Bad, "Clash found", " by Signalbox, today 16:48. Work on the Northbrook link was moved from 18 to 17 November, 23:00.", ""),
        entry(
            Mark::Message,
            "Sam Okoro",
            ", Northbrook, today 16:55",
            "The copy goes over the Northbrook link, so it would stall half way.\nI would rather we start early than split it. Handover is 20:30, so not before that.",
        ),
        entry(Mark::Message, "Priya Nair", ", Halden, today 17:06", "Engineers can be on at 19:30 but not hands-on before 20:00."),
        entry(Mark::Good, "Approved", " by Grace Adeleke, authority, 10 November 14:19", ""),
        edited,
    ]
}

fn start() -> ActPanel {
    ActPanel {
        heading: "Start the work".into(),
        mood: "alert",
        words: "From 21:45. Say when it really started, also when you are told by phone.".into(),
        form: Form::new(
            &format!("{ADDRESS}/acts/start"),
            "Work has started",
            vec![
                Field::date_time("at", "When did it start?", "2026-11-17", "22:00"),
                Field::text("on_behalf_of", "On behalf of", "").hint("If someone rang: their name and number.").optional(),
            ],
        )
        .key("k-start")
        .hide("version", "14"),
    }
}

fn clash() -> Clash {
    Clash {
        heading: "The Northbrook link goes down from 23:00 to 01:00".into(),
        is_hard: true,
        other: Some(Link::new("RFC-2026-001901 Circuit renewal", "/changes/RFC-2026-001901")),
        words: "takes the link down while this change copies 38 GB over it, from 22:00 to 02:00.".into(),
        rule: "BR-19a: the same equipment, windows overlap. Found through PACS imaging › Archive node N2 › Northbrook link.".into(),
        ways_out: vec![
            Link::new("Move this change", &format!("{ADDRESS}/acts/reschedule")),
            Link::new("Ask Meridian to move theirs", &format!("{ADDRESS}#conversation")),
        ],
    }
}

pub fn scheduled() -> ChangePage {
    let mut shell = Shell::sample("RFC-2026-001842 Archive node firmware, Northbrook", Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into())];
    ChangePage {
        shell,
        reference: "RFC-2026-001842".into(),
        title: "Archive node firmware, Northbrook".into(),
        tags: vec![Tag::new("Normal change", "grey"), Tag::new("Scheduled", "blue"), Tag::new("Clash", "red")],
        lede: "Raised by Halden for Northbrook Hospitals. Work is due tonight 22:00 to Wednesday 02:00, in 4 hours 40 minutes.".into(),
        stages: stages(
            4,
            &[
                ("Raised", "2 Nov"),
                ("Checked", "3 Nov"),
                ("Assessed", "9 Nov"),
                ("Approved", "10 Nov"),
                ("Scheduled", "tonight 22:00"),
                ("Carried out", ""),
                ("Closed", "by 24 Nov"),
            ],
        ),
        act: Some(start()),
        offers: vec![
            offer("Move the window", "reschedule", ""),
            offer("Cancel", "cancel", "asks why"),
            offer("Record that the provider was told", "record_told", ""),
        ],
        why_not: vec![not_now("Finish", "The work has not started.", "Whoever carries it out may record the start.")],
        not_now: vec![
            not_now("Finish", "The work has not started.", "Whoever carries it out may record the start."),
            not_now("Close", "You are named as the one who carries it out; another person confirms the outcome (SD-6).", "Grace Adeleke, authority, may."),
            not_now("Stop for patient safety", "Only a safety officer may.", "Dr Ian Moss, authority; Dr Ada Lowe, Northbrook."),
        ],
        clashes: vec![clash()],
        sections: vec![
            glance(),
            assessments(),
            screening(),
            Section::new("network", "Network provider").facts(vec![
                Fact::new("State", "told 10 November 14:25 by mail").tag("Not acknowledged", "yellow"),
                Fact::new("Next", "Meridian is rung on Wednesday 18 November if nothing is heard. Silence does not stop the work."),
            ]),
            approvals(),
            promises(),
            Section::new("night", "Work on the night").words("Not started. From 21:45 the start can be recorded here or on the operations board."),
        ],
        views: views([2, 1, 1]),
        entries: history(),
        older: Some(Link::new("Show the 6 older entries", &format!("{ADDRESS}?before=8#conversation"))),
        message: Some(message()),
        attachments: vec![
            Attachment { link: Link::new("Method and back-out plan v3", &format!("{ADDRESS}/documents/1")), note: "PDF, 220 KB, Tom Achebe, 3 Nov".into() },
            Attachment { link: Link::new("Test record, spare node", &format!("{ADDRESS}/documents/2")), note: "PDF, 90 KB, Tom Achebe, 16 Nov".into() },
        ],
        upload: Some(upload()),
        watchers: "14 people watch; you are one of them.".into(),
        watch: Some(Form::new(&format!("{ADDRESS}/watch"), "Stop watching", vec![]).hide("watch", "no").quiet()),
        copy: Some(Form::new(&format!("{ADDRESS}/copy"), "Copy this change", vec![]).quiet()),
        links: vec![
            Link::new("What changed since approval", &format!("{ADDRESS}/versions")),
            Link::new("Copy as a new change", "/changes/new?copy=RFC-2026-001842"),
            Link::new("How this kind of change works", "/process/end-to-end"),
        ],
        ..ChangePage::default()
    }
}

fn tile(label: &str, mark: &str, kind: ClockKind) -> ClockDay {
    ClockDay { label: label.into(), mark: mark.into(), kind }
}

pub(super) fn short_clock() -> Notice {
    let mut days = vec![tile("Tue 17", "raised", ClockKind::Received)];
    days.extend(
        ["Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22", "Mon 23", "Tue 24"]
            .iter()
            .zip(1..)
            .map(|(label, day)| tile(label, &day.to_string(), ClockKind::Counted)),
    );
    days.push(tile("Tue 24", "start", ClockKind::Start));
    days.extend((8..=10).map(|day| tile(&format!("day {day}"), "short", ClockKind::Missing)));
    Notice {
        heading: "Notice: 7 of 10 days".into(),
        tag: Tag::new("Late", "yellow"),
        mood: "warn",
        words: vec![
            "A planned outage asks for 10 days, counted from the day it is received to the day it starts.".into(),
            "If it goes ahead on 24 November, the time may not count against Halden’s service level, and a wasted call-out may be charged to Riverside.".into(),
        ],
        days,
        clock_label: "Days of notice, from 17 to 24 November".into(),
        facts: vec![
            Fact::new("First date in time", "Friday 27 November 2026").link("Move it there", "/changes/ON-2026-000277/acts/reschedule"),
            Fact::new("Consequence", "Priya Nair, Halden, decides by Thursday 19 November 17:00; silence means none").tag("At risk", "yellow"),
            Fact::new("Why late", "The utility set the date: switchgear inspection."),
        ],
    }
}

pub fn short_notice() -> ChangePage {
    let base = "/changes/ON-2026-000277";
    ChangePage {
        shell: Shell::sample("ON-2026-000277 Power off in plant room A, Riverside", Place::Outages),
        reference: "ON-2026-000277".into(),
        title: "Power off in plant room A, Riverside".into(),
        tags: vec![Tag::new("Planned outage", "purple"), Tag::new("Checking", "yellow"), Tag::new("Late", "yellow")],
        lede: "Raised today 14:10 by Joy Adeyemi, Riverside. The power is to go off on Tuesday 24 November from 06:00 to 09:00.".into(),
        stages: stages(
            1,
            &[("Raised", "today"), ("Checking", "by Wed 18 Nov"), ("Assessed", ""), ("Approved", ""), ("Scheduled", ""), ("Carried out", ""), ("Closed", "")],
        ),
        not_now: vec![not_now("Accept", "Only the supplier’s change manager checks a planned outage.", "Priya Nair, Halden.")],
        no_clash: "No clash found, looked at today 17:20.".into(),
        notice: Some(short_clock()),
        sections: vec![
            Section::new("glance", "At a glance").facts(vec![
                Fact::new("What goes off", "Mains power: image cache R1, router RV-2"),
                Fact::new("Services", "PACS imaging, Riverside: off for 3 hours"),
                Fact::new("How care goes on", "Emergency imaging at St Crispin’s; downtime forms on wards."),
                Fact::new("On site", "Joy Adeyemi, 020 7946 0142"),
            ]),
            Section::new("assessments", "Assessments")
                .table(Table::default(), "None yet. They are asked for once the change is accepted, by Wednesday 18 November."),
            Section::new("approvals", "Approvals").table(Table::default(), "None yet. Halden’s change manager approves once the assessments are in."),
        ],
        views: views([0, 0, 0]),
        entries: vec![entry(Mark::Plain, "Received", " from Joy Adeyemi, Riverside, today 14:10. The notice clock started.", "")],
        watchers: "3 people watch.".into(),
        links: vec![Link::new("How planned outages work", "/process/planned-outage"), Link::new("Print", base)],
        ..ChangePage::default()
    }
}

pub fn versions() -> ListPage {
    let mut shell = Shell::sample("What changed in RFC-2026-001842", Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("RFC-2026-001842".into(), ADDRESS.into())];
    let row = |what: &str, before: &str, after: &str| Row::new(Cell::text(what), vec![Cell::text(before), Cell::text(after)]);
    ListPage {
        shell,
        lede: "3 versions. Version 2 was approved on 10 November; 1 answer has changed since, within what approval allows.".into(),
        sections: vec![
            Section::new("since", "Since approval").words("By Tom Achebe, 16 November 12:40. Approval stands: the contact does not touch the work.").table(
                Table::new(
                    "Answers changed since approval",
                    &["Question", "Approved", "Now"],
                    vec![row("On the night", "Lee Marsh, 020 7946 0118", "Tom Achebe, 020 7946 0117")],
                ),
                "",
            ),
            Section::new("v2", "Version 2, 4 November").words("By Tom Achebe, to leave time to back out.").table(
                Table::new(
                    "Answers changed in version 2",
                    &["Question", "Before", "After"],
                    vec![row("Window", "17 November 22:00 to 00:30", "17 November 22:00 to 18 November 02:00")],
                ),
                "",
            ),
        ],
        ..ListPage::default()
    }
}

fn decision_facts() -> Vec<Fact> {
    vec![
        Fact::new("When", "Thursday 19 November 21:00 to Friday 01:00"),
        Fact::new("In one line", "The interface engine moves to 4.2; messages queue for up to 25 minutes; none are lost."),
        Fact::new("Risk of change", "").tag("Medium, 6 of 18", "yellow"),
        Fact::new("Clinical risk", "with downtime forms on wards").tag("Accepted", "green"),
        Fact::new("Clashes", "None"),
        Fact::new("Others", "Northbrook yes, Riverside yes, Eastmarsh yes. You are the last."),
    ]
}

pub fn decide() -> DecidePage {
    let act = "/decide/RFC-2026-001836";
    DecidePage {
        shell: Shell::sample("Decide RFC-2026-001836 Interface engine 4.2", Place::Changes),
        lede: "You came from an email to priya.nair@halden.example. Nothing has been decided yet: opening a link never decides.".into(),
        facts: decision_facts(),
        record: Link::new("Read the whole record", "/changes/RFC-2026-001836"),
        heading: "Your decision, as Halden change manager".into(),
        approve: Some(Form::new(act, "Approve RFC-2026-001836", vec![]).key("k-yes").hide("decision", "approve").hide("version", "9")),
        other: Some(
            Form::new(
                act,
                "Record this",
                vec![
                    Field::radios(
                        "decision",
                        "What else?",
                        vec![
                            Choice::new("approve_with_condition", "Approve with a condition").hint("Name who keeps it, and by when."),
                            Choice::new("ask_more", "Ask a question first").hint("It goes back to assessment until it is answered."),
                            Choice::new("reject", "Refuse").hint("Say why in your words below."),
                        ],
                    ),
                    Field::textarea("words", "Your words", ""),
                    Field::text("condition", "The condition", "").optional(),
                    Field::select(
                        "condition_owner",
                        "Who keeps it",
                        vec![Choice::new("", "Choose"), Choice::new("2", "Tom Achebe, Halden"), Choice::new("7", "Ruth Ellery, Northbrook")],
                    )
                    .optional(),
                    Field::input("date", "condition_due", "By when", "").width("w10").optional(),
                ],
            )
            .key("k-other")
            .hide("version", "9")
            .quiet(),
        ),
        other_is_open: true,
        side: vec![
            Section::new("link", "This link").words("It works for you, signed in, for this one decision. Once it is decided the page says who decided what."),
        ],
        ..DecidePage::default()
    }
}

pub fn decided() -> DecidePage {
    DecidePage {
        lede: "This is decided. Nothing is asked of you.".into(),
        heading: "Approved by Lee Marsh, today 16:20".into(),
        decided: vec![
            Fact::new("Decision", "by Lee Marsh, Halden, as deputy change manager").tag("Approved", "green"),
            Fact::new("Words", "Fine. Downtime forms are on the wards."),
            Fact::new("When", "Tuesday 17 November 2026, 16:20"),
        ],
        approve: None,
        other: None,
        side: vec![],
        ..decide()
    }
}
