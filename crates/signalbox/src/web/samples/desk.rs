//! What desks and wards look at.

use super::schedule::night;
use super::{WORK, Work, link, visitor};
use crate::web::layout::{Place, Shell, menu};
use crate::web::pages::ops::{Answer, HandoverPage, OpsForm, OpsPage, OpsRow, Question};
use crate::web::pages::poster::{Code, PosterPage};
use crate::web::pages::run::{Clock, LogLine, Press, RunPage, RunStep, Served};
use crate::web::pages::status::{StatusPage, StatusRow};
use crate::web::pages::tonight::{Noticed, TonightPage, UnknownSitePage};
use crate::web::parts::{Cell, Form, Row, Section, Table};
use crate::web::ui::{Choice, Fault, Field, Link, Tag};

pub fn ops(matches: bool) -> OpsPage {
    let answer = if matches {
        Answer {
            matches,
            heading: "Matches NPN-2026-000112 until 01:15 on Wednesday".into(),
            text: "NBK-EDGE-1 is on the list of this work, at Northbrook, 23:00 to Wednesday 01:00. If it is still down at 01:15, treat it as real.".into(),
            work: Some(link("NPN-2026-000112", "Edge router card swap")),
            ring: "Ring Meridian NOC, 020 7946 0190, and quote MER-55810.".into(),
        }
    } else {
        Answer {
            matches,
            heading: "No match. Treat as real.".into(),
            text: "No work that is running or planned at 23:20 names NBK-EDGE-9.".into(),
            work: None,
            ring: "Ring the owner of the device, or the change team.".into(),
        }
    };
    let form = |id: &str, acts: &[(&str, &str)], error: Option<String>| OpsForm {
        action: "/ops/RFC-2026-001842".into(),
        version: 12,
        idempotency_key: format!("key-{id}"),
        acts: acts.iter().map(|(act, words)| ((*act).into(), (*words).into())).collect(),
        is_open: error.is_some(),
        fields: vec![
            Field::text("on_behalf_of", "On behalf of", "").id(&format!("{id}-on_behalf_of")).hint("The person who told you").error(error),
            Field::checks("by_phone", "How", vec![Choice::new("yes", "By phone").chosen(true)]).id(&format!("{id}-by_phone")),
            Field::date_time("at", "When it happened", "2026-11-17", "22:04").id(&format!("{id}-at")),
        ],
    };
    let row = |id: &str, work: &Work, text: &str, ring: &str, report| OpsRow {
        id: id.into(),
        when: work.2[3..].into(),
        link: link(work.0, work.1),
        text: text.into(),
        ring: ring.into(),
        tag: Tag::new(work.4.label(), work.4.colour()),
        report,
    };
    let fault = (!matches).then(|| "Say who told you".to_owned());
    OpsPage {
        shell: Shell { nav: menu(Place::Operations, true, true), ..Shell::sample("Operations board", Place::Operations) },
        sentence: "1 piece of work is running. 2 alarms are expected until 02:15.".into(),
        question: Question {
            device: "NBK-EDGE-1".into(),
            kinds: vec![Choice::new("", "Any kind").chosen(true), Choice::new("down", "Down")],
            date: "2026-11-17".into(),
            time: "23:20".into(),
        },
        answer: Some(answer),
        faults: fault.clone().map(|message| Fault { message, target: "w1-on_behalf_of".into() }).into_iter().collect(),
        running: vec![row(
            "w1",
            &WORK[1],
            "Northbrook N2. Expected: PACS-N2-DISK, PACS-N2-FETCH until 02:15.",
            "Ring: Tom Achebe, 020 7946 0117",
            Some(form("w1", &[("overrun", "Running late"), ("restore", "Back")], fault)),
        )],
        next: vec![
            row("w2", &WORK[0], "Northbrook. No alarm expected.", "Ring: Northbrook desk, 020 7946 0131", Some(form("w2", &[("start", "Started")], None))),
            row("w3", &WORK[2], "Northbrook link down to 01:00.", "Ring: Meridian NOC, 020 7946 0190", None),
        ],
        rang: Section::new("rang", "What rang lately")
            .table(
                Table::new(
                    "Alarms",
                    &["What rang", "When", "How it reads", "Work"],
                    vec![Row::new(
                        Cell::link("NBK-EDGE-1", "/alarms/7").small("unreachable, and 6 more of the same"),
                        vec![Cell::text("at 23:02").small("zabbix"), Cell::tag("Expected", "green"), Cell::link("NPN-2026-000112", "/changes/NPN-2026-000112")],
                    )],
                ),
                "",
            )
            .link("All alarms", "/alarms"),
    }
}

pub fn handover() -> HandoverPage {
    let work = |reference: &str, title: &str, when: &str, state: &str| {
        let cells = vec![
            Cell::text(when),
            Cell::tag(state, "blue"),
            Cell::text("Northbrook. Alarms covered: PACS-N2, until today 23:00. Ring: Tom Achebe, 020 7946 0117"),
        ];
        Row::new(Cell::link(reference, &format!("/changes/{reference}")).small(title), cells)
    };
    let works = |caption: &str, rows| Table::new(caption, &["Work", "When", "State", "To know"], rows);
    let watch = vec![Row::new(Cell::link("RFC-2026-001842", "/changes/RFC-2026-001842"), vec![Cell::text("It takes longer than it said. Ring the site.")])];
    let earlier = vec![Row::new(
        Cell::link("Today 07:55", "/handover/7").small("Carl Dunne"),
        vec![Cell::tag("Not taken yet", "yellow"), Cell::text("The fitter rings at nine.")],
    )];
    let note = Field::textarea("note", "Note for the next shift", "")
        .hint("What they would not find on this page.")
        .error(Some("Write what the next shift has to know.".into()));
    HandoverPage {
        shell: Shell { nav: menu(Place::Operations, true, true), ..Shell::sample("Shift handover", Place::Operations) },
        lede: "Halden. 1 running, 1 due in the next 12 hours, 1 thing to watch.".into(),
        faults: vec![Fault { message: "Write what the next shift has to know.".into(), target: "note".into() }],
        latest: Some(
            Section::new("latest", "From the shift before")
                .words("The fitter rings at nine.")
                .words("Left by Carl Dunne today 07:55. Nobody has taken it over yet."),
        ),
        take: Some(Form::new("/handover/7/take", "Take over from Carl Dunne", vec![])),
        sections: vec![
            Section::new("running", "Running now")
                .table(works("Running now", vec![work("RFC-2026-001842", "Archive node firmware", "Tuesday 22:00 to Wednesday 02:00", "In progress")]), ""),
            Section::new("due", "Due in the next 12 hours").table(works("Due", vec![]), "Nothing starts in the next 12 hours."),
            Section::new("watch", "Watch out for").table(Table::new("To watch", &["About", "What"], watch), ""),
        ],
        leave: Some(Form::new("/handover", "Leave the shift", vec![note]).key("key-handover")),
        earlier: Section::new("earlier", "Earlier handovers").table(Table::new("Earlier handovers", &["Left", "Taken over by", "Note"], earlier), ""),
        paging: None,
        desks: vec![(Link::new("Halden", "/handover?desk=5"), true), (Link::new("Meridian", "/handover?desk=7"), false)],
    }
}

pub fn poster() -> PosterPage {
    PosterPage {
        shell: visitor("ON-2026-000275: ward notice for St Crispin’s"),
        change: Link::new("ON-2026-000275", "/changes/ON-2026-000275"),
        kind: "Planned outage".into(),
        heading: "PACS imaging: St Crispin’s".into(),
        from: "Sunday 22 November 08:00".into(),
        to: "Sunday 22 November 12:00".into(),
        latest: "If it goes wrong, all is back by Sunday 22 November 13:00 at the latest.".into(),
        notice: "Pictures cannot be opened.".into(),
        meanwhile: "Read at the scanner.".into(),
        ring: "Ring Change team on 020 7946 0100 and say “ON-2026-000275, St Crispin’s”.".into(),
        code: Code {
            size: 9,
            path: "M4 4h1v1h-1z".into(),
            alt: "Code for telephones: opens the page of tonight at St Crispin’s, https://change.example.org/tonight/sc".into(),
            address: "https://change.example.org/tonight/sc".into(),
        },
        foot: "ON-2026-000275. Take it down when the work is over.".into(),
    }
}

pub fn run() -> RunPage {
    let press = |key: &str, words: &str, hidden: &[(&str, &str)], is_quiet| Press {
        action: "/changes/RFC-2026-001842/run".into(),
        key: key.into(),
        hidden: hidden.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        words: words.into(),
        is_quiet,
    };
    let step = |heading: &str, what: &str, note: &str| Some(RunStep { heading: heading.into(), what: what.into(), note: note.into() });
    let clock = |label, at: &str, note: &str, mood| Clock { label, at: at.into(), note: note.into(), mood };
    let row = |what: &str, at: &str, state: &str, colour| {
        Row::new(Cell::text(what), vec![Cell::text(at).small("20 minutes"), Cell::text("Tom Achebe"), Cell::tag(state, colour)])
    };
    RunPage {
        shell: Shell { nav: menu(Place::Changes, true, true), ..Shell::sample("RFC-2026-001842: the work", Place::Changes) },
        reference: "RFC-2026-001842".into(),
        title: "Archive node firmware".into(),
        tag: Tag::new("In progress", "orange"),
        sentence: "In progress since 22:04, 41 minutes gone.".into(),
        warnings: vec!["Last safe moment to go back: 23:10, in 25 minutes.".into()],
        clocks: vec![
            clock("Now", "22:45", "", ""),
            clock("Start", "22:00", "45 minutes ago", ""),
            clock("Planned end", "23:30", "in 45 minutes", ""),
            clock("Last safe to go back", "23:10", "in 25 minutes", "warn"),
            clock("All back by", "23:50", "in 1 hour 5 minutes", ""),
        ],
        now: step("Step 2, do the work", "Move the service to the new node", "Tom Achebe, Halden, planned 22:20, 20 minutes. Under way since 22:31."),
        next: step("Step 3, test that it worked", "Fetch ten known studies from each site", "Halden, planned 22:40, 15 minutes."),
        presses: vec![press("k-done", "Step 2 is done", &[("act", "record_step"), ("number", "2"), ("result", "done")], false)],
        more: vec![
            Link::new("A step failed, or is left out", "/changes/RFC-2026-001842/acts/record_step"),
            Link::new("Go back: begin the back-out", "/changes/RFC-2026-001842/acts/back_out"),
        ],
        services: vec![
            Served {
                name: "PACS imaging".into(),
                tag: Tag::new("Not back yet", "orange"),
                press: Some(press("k-back", "PACS imaging is back", &[("act", "restore")], true)),
            },
            Served { name: "Pathology results".into(), tag: Tag::new("Back at 22:40", "green"), press: None },
        ],
        plans: vec![
            Table::new(
                "The work",
                &["Step", "Planned", "Who", "How it stands"],
                vec![row("1. Save the data", "22:00", "Done", "green"), row("2. Move the service", "22:20", "Under way", "orange")],
            ),
            Table::new("The way back", &["Step", "Planned", "Who", "How it stands"], vec![row("4. Start the old node", "23:30", "To do", "blue")]),
        ],
        say: Some(press("k-say", "Add the line", &[("act", "say")], true)),
        log: vec![LogLine { at: "today 22:31".into(), what: "Step 2 begun at 22:31".into(), said: "The copy took longer than in the trial.".into() }],
        record: Link::new("Read the whole record", "/changes/RFC-2026-001842"),
    }
}

pub fn tonight() -> TonightPage {
    TonightPage {
        shell: visitor("Tonight at Northbrook"),
        site: "Northbrook".into(),
        site_href: "northbrook".into(),
        span: "Tuesday 17 November, 18:00, to Wednesday, 08:00.".into(),
        sentence:
            "3 pieces of work. Expect slower access to older X-rays and scans from 22:00 to 02:00. From 23:00 to 01:00 the link to outside services is down."
                .into(),
        sites: vec![Choice::new("northbrook", "Northbrook").chosen(true), Choice::new("riverside", "Riverside")],
        date: "2026-11-17".into(),
        night: night(),
        notices: vec![
            Noticed {
                when: "22:00 to 02:00".into(),
                text: "Scans older than 90 days open in up to 40 seconds.".into(),
                poster: Some(Link::new("Ward notice", "/changes/RFC-2026-001842/poster/nb")),
            },
            Noticed {
                when: "23:00 to 01:00".into(),
                text: "No outside services: booking, results from other sites, email in and out. Phones work.".into(),
                poster: None,
            },
        ],
        ring: "Ring the change team on 020 7946 0100 and say “Northbrook, tonight”.".into(),
        unsettled: Some("Not yet settled: RFC-2026-001842 may start at 20:30 instead. This page changes when it does.".into()),
    }
}

pub fn tonight_unknown() -> UnknownSitePage {
    UnknownSitePage { shell: visitor("No such site"), asked: "northbroke".into(), near: vec![Link::new("Northbrook", "/tonight/northbrook")] }
}

pub fn status() -> StatusPage {
    let part = |name: &str, label: &str, colour, note: &str| StatusRow { name: name.into(), tag: Tag::new(label, colour), note: note.into() };
    StatusPage {
        shell: visitor("Status"),
        sentence: "Everything works.".into(),
        parts: vec![part("Record", "Works", "green", "Last written 16:48."), part("Mail", "Late", "yellow", "3 mails wait, the oldest for 4 minutes.")],
        version: "0.1.0".into(),
    }
}
