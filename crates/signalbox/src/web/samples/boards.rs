//! A meeting under way and a page of panels, as they look with a full house.

use super::super::layout::{Place, Shell};
use super::super::pages::blocks::{Block, BlocksPage, Folded};
use super::super::pages::meeting::{Item, MeetingPage, Now};
use super::super::parts::{Cell, Fact, Form, Row, Section, Table};
use super::super::ui::{Choice, Field, Link, Tag};

pub fn meeting() -> MeetingPage {
    let votes = Table::new(
        "Votes on this item",
        &["Who", "Vote"],
        vec![
            Row::new(Cell::text("Priya Nair").small("member"), vec![Cell::tag("For", "green").and("The people are booked.")]),
            Row::new(Cell::text("Owen Pritchard for Joy Adeyemi").small("member"), vec![Cell::tag("No view", "grey")]),
        ],
    );
    let ways = vec![Choice::new("approve", "Approve"), Choice::new("ask_more", "Ask for more"), Choice::new("reject", "Refuse")];
    let decide = Form::new("/meetings/1", "Record the decision", vec![Field::radios("decision", "What does the board decide?", ways)]);
    let minutes = Form::new("/meetings/1", "Save the minutes", vec![Field::textarea("minutes", "Minutes of this item", "").optional()]).quiet();
    let item = |number: usize, title: &str, is_current: bool| Item {
        number,
        title: title.into(),
        href: "/changes/RFC-2026-001836".into(),
        tags: vec![Tag::new("To decide", "yellow"), Tag::new("Significant", "blue")],
        words: vec!["Raised by Northbrook. Risk 8 of 18, impact level 2. Tuesday 24 November, 20:00 to 23:00.".into()],
        is_current,
        form: (!is_current).then(|| Form::new("/meetings/1", &format!("Discuss item {number} now"), vec![]).quiet()),
    };
    MeetingPage {
        shell: Shell::sample("Change advisory board, Thursday 19 November 2026", Place::Boards),
        lede: "In session since 10:00. 3 items to discuss, 2 listed only.".into(),
        actions: vec![Link::new("Minutes", "/meetings/1/minutes")],
        warning: vec!["No quorum for every item yet. Missing: a trust.".into()],
        current: Some(Now {
            heading: "RFC-2026-001836 Interface engine 4.2".into(),
            place: "Item 1 of 3".into(),
            since: "2026-11-19T10:04:00Z".into(),
            since_words: "10:04, 6 minutes".into(),
            facts: vec![Fact::new("In short", "Raised by Northbrook. Risk 8 of 18."), Fact::new("Quorum", "").tag("Met", "green")],
            votes: Some(votes),
            links: vec![Link::new("The whole record", "/changes/RFC-2026-001836"), Link::new("Vote", "/changes/RFC-2026-001836/acts/vote")],
            forms: vec![Folded::new("Decision", decide), Folded::new("Minutes", minutes)],
        }),
        items: vec![item(1, "RFC-2026-001836 Interface engine 4.2", true), item(2, "RFC-2026-001847 Connect CT scanner 3", false)],
        empty: "Nothing waits for this meeting.".into(),
        blocks: vec![Block::new(Section::new("consent", "Listed, not discussed").words("2 service requests."))],
        side: vec![people()],
        ..MeetingPage::default()
    }
}

fn people() -> Block {
    let row = |who: &str, seat: &str, state: Cell| Row::new(Cell::text(who), vec![Cell::text(seat), state]);
    let rows = vec![row("Margaret Osei", "Chair", Cell::tag("Here", "green")), row("Sam Okoro", "Member", Cell::text("No answer yet"))];
    Block::new(Section::new("people", "Who is there").table(Table::new("Who is there", &["Who", "Seat", "State"], rows), ""))
}

pub fn panels() -> BlocksPage {
    let fields = vec![Field::date_time("starts", "From", "", ""), Field::date_time("ends", "Until", "", "")];
    BlocksPage {
        shell: Shell::sample("Away and cover", Place::OnCall),
        lede: "You stand in for nobody now; 3 promises of yours open.".into(),
        warning: vec!["You are away from Monday and nobody stands in for you.".into()],
        actions: vec![Link::new("Who is on call", "/on-call")],
        blocks: vec![
            Block::new(Section::new("away", "When I am away").words("From Monday.")).form("I will be away", Form::new("/cover", "Save these dates", fields)),
        ],
        side: vec![people()],
        ..BlocksPage::default()
    }
}
