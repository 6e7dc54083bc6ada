//! A proposed version of a document: how far it is, its text, and a table of it.

use crate::web::layout::{Place, Shell};
use crate::web::pages::process::{Block, NumberedLine, ProposalPage, TableCell, TablePage, TableRow, TextPage};
use crate::web::parts::{Cell, Form, Row, Section, Table};
use crate::web::ui::{Fault, Field, Link, Reach, Stage, Stat};

fn shell(title: &str) -> Shell {
    let mut shell = Shell::sample(title, Place::Process);
    shell.crumbs = vec![("How it works".into(), "/process".into()), ("Planned outage".into(), "/process/planned-outage".into())];
    shell
}

pub fn overview() -> ProposalPage {
    let stage = |label: &str, note: &str, reach| Stage { label: label.into(), note: note.into(), reach };
    let words = "A planned outage by a trust or supplier asks for 12 days instead of 10 days.";
    let changes = Table::new("The first differences", &["Where", "What changes"], vec![Row::new(Cell::text("decision tables"), vec![Cell::text(words)])]);
    let answer = |org: &str, tag: Cell, said: &str| {
        Row::new(Cell::text(org), vec![tag, Cell::text(said).small("Sam Okoro, Monday 16 November 2026 at 10:05"), Cell::text("")])
    };
    let answers = vec![
        answer("Northbrook Hospitals", Cell::tag("Objects", "red"), "Twelve days is too long for generator tests."),
        answer("Eastmarsh Community", Cell::tag("Acknowledged", "green"), ""),
        answer("Halden", Cell::text("Nothing yet"), ""),
    ];
    ProposalPage {
        shell: shell("Planned outage, version 2"),
        lede: "Every trust and supplier is asked; they can object until Tuesday 1 December 2026 at 23:59.".into(),
        actions: vec![Link::new("Compare", "/proposals/7/compare"), Link::new("Rehearse", "/proposals/7/rehearse")],
        stages: vec![
            stage("Write", "and check", Reach::Done),
            stage("Compare", "and rehearse", Reach::Done),
            stage("Consult", "10 working days", Reach::Current),
            stage("Adopt", "by another person", Reach::Ahead),
        ],
        stats: vec![Stat { label: "Rehearsed".into(), figure: "212".into(), note: "changes that you may see".into(), href: String::new() }],
        before: vec![Section::new("changes", "What it changes").table(changes, "")],
        blocks: vec![
            Block {
                id: "answer-1".into(),
                heading: "Answer Northbrook Hospitals".into(),
                words: vec!["They object: Twelve days is too long for generator tests.".into()],
                form: Some(Form::new("/proposals/7/reply", "Send the answer", vec![Field::textarea("words", "Your answer", "").id("reply-1")])),
            },
            Block { id: "adopt".into(), heading: "Adopt it".into(), words: vec!["1 objection is not answered yet.".into()], form: None },
        ],
        after: vec![
            Section::new("answers", "The consultation")
                .table(Table::new("Who was asked, and what they said", &["Organisation", "Answer", "Words", "The authority’s answer"], answers), ""),
        ],
        ..ProposalPage::default()
    }
}

pub fn text() -> TextPage {
    let line = |number, text: &str, faults: &[&str]| NumberedLine { number, text: text.into(), faults: faults.iter().map(|one| (*one).into()).collect() };
    let message = "\"authority chair\" is not a role. Did you mean authority change manager?";
    let source = Field::textarea("source", "The text", "---\nid: planned-outage\n---\n").rows(30);
    TextPage {
        shell: shell("Change the text"),
        lede: "1 fault in the saved text.".into(),
        faults: vec![Fault { message: format!("Line 3: {message}"), target: "line-3".into() }],
        form: Form::new("/proposals/7/text", "Save the text", vec![Field::textarea("why", "What is it for?", "").rows(3).optional(), source]).hide("rev", "3"),
        upload: Form::new("/proposals/7/upload", "Take this file", vec![Field::input("file", "file", "A Markdown file", "")]).hide("rev", "3").quiet(),
        lines: vec![
            line(1, "| Act | From | To | Who |", &[]),
            line(2, "|---|---|---|---|", &[]),
            line(3, "| approve | AWAITING_APPROVAL | APPROVED | authority chair |", &[message]),
        ],
    }
}

pub fn table() -> TablePage {
    let cell = |name: &str, column: &str, value: &str| TableCell {
        name: name.into(),
        label: format!("Row 1, {column}"),
        column: column.into(),
        value: value.into(),
        rows: 1,
    };
    let row = |name: &str, id: &str, cells, drop: &str| TableRow {
        name: name.into(),
        line: "103".into(),
        id: id.into(),
        cells,
        drop: drop.into(),
        is_dropped: false,
    };
    TablePage {
        shell: shell("Change the table: Decide: notice asked for (first)"),
        lede: "Change what you want; everything else in the document stays as it is.".into(),
        action: "/proposals/7/tables/3".into(),
        rev: 3,
        caption: "Decide: notice asked for (first)".into(),
        columns: ["Raised by", "→ Notice"].map(str::to_owned).into(),
        rows: vec![
            row("Row 1", "row-1", vec![cell("cell-0-0", "Raised by", "trust, supplier"), cell("cell-0-1", "→ Notice", "10")], "drop-0"),
            row("New row", "row-new", vec![cell("new-0", "Raised by", ""), cell("new-1", "→ Notice", "")], ""),
        ],
        ..TablePage::default()
    }
}
