//! My page, the demonstration, How it works.

use crate::web::layout::{Place, Shell};
use crate::web::pages::feeds::{FeedRow, FeedsPage, NewFeed};
use crate::web::pages::me::{MePage, TokenRow};
use crate::web::pages::paper::{Group, PaperPage, Question};
use crate::web::pages::process::{ApiPage, DocumentPage, OwnHtml};
use crate::web::pages::run_sheet::RunSheetPage;
use crate::web::pages::session::{DemoOrganisation, DemoPage, DemoPerson, MailPage};
use crate::web::parts::{Cell, Fact, Form, Row, Section, Table, ToldPage};
use crate::web::ui::{Choice, Field, Link};

/// The run sheet of a night in a comms room.
pub fn run_sheet() -> RunSheetPage {
    let room = || Cell::text("\u{a0}");
    let row = |what: &str, small: &str| Row::new(Cell::text(what).small(small), vec![room(), room()]);
    let table = |caption: &str, heads: &[&str], rows: Vec<Row>| (caption.to_owned(), Table::new(caption, heads, rows));
    RunSheetPage {
        shell: Shell::sample("Run sheet: ON-2026-000412", Place::Changes),
        lede: "Switchgear service, plant room A".into(),
        facts: vec![
            Fact::new("When", "Thursday 3 December 2026, 04:00 to 05:00"),
            Fact::new("Where", "Northbrook General"),
            Fact::new("Last moment to go back", "Thursday 3 December 2026, 05:30. Going back after that ends too late."),
        ],
        tables: vec![
            (
                "Telephone numbers".into(),
                Table::new(
                    "Telephone numbers",
                    &["Who", "Number"],
                    vec![Row::new(Cell::text("Sam Okoro").small("On site"), vec![Cell::text("020 7946 0158")])],
                ),
            ),
            table("Switching off", &["What", "Off at", "By"], vec![row("1. Distribution board 3", "5 minutes"), row("2. Core switch", "")]),
            table(
                "Bringing back",
                &["What", "Back at", "By"],
                vec![row("1. Core switch", "Back when: both lights are green"), row("2. Distribution board 3", "")],
            ),
        ],
        enter: Some(Link::new("Key in a run sheet", "/changes/ON-2026-000412/run-sheet/enter")),
        address: "https://changes.example.org/changes/ON-2026-000412/run-sheet/enter".into(),
    }
}

/// A form on paper, partly filled in.
pub fn paper() -> PaperPage {
    let question =
        |ask: &str, answer: &str| Question { ask: ask.into(), when: "needed to send".into(), answer: answer.into(), size: "line", ..Question::default() };
    let empty = || Row::new(Cell::text("\u{a0}"), vec![Cell::text("\u{a0}"), Cell::text("\u{a0}")]);
    PaperPage {
        shell: Shell::sample("RFC-2026-001847: form", Place::Changes),
        lede: "Connect CT scanner 3 at Northbrook. Connecting a modality, version 1.".into(),
        facts: vec![Fact::new("Reference", "RFC-2026-001847"), Fact::new("Raised by", "Ruth Ellery, Northbrook")],
        groups: vec![
            Group {
                id: "p-what".into(),
                heading: "What".into(),
                questions: vec![question("What do you want to change, in one line?", "Connect CT scanner 3")],
            },
            Group {
                id: "p-address".into(),
                heading: "Name and address".into(),
                questions: vec![
                    Question { guidance: "1 to 16 characters.".into(), ..question("AE title", "") },
                    Question { boxes: vec!["Yes".into(), "No".into()], ..question("Is the connection encrypted (TLS)?", "") },
                    Question {
                        table: Some(Table::new("Titles", &["What for", "AE title", "Port"], vec![empty(), empty()])),
                        ..question("Which titles of the PACS does it call?", "")
                    },
                    Question { size: "lines", ..question("How will you go back if it fails?", "") },
                ],
            },
        ],
        signed: Table::new(
            "Signatures",
            &["Part", "Name", "Date"],
            vec![Row::new(Cell::text("Approved by"), vec![Cell::text("\u{a0}"), Cell::text("\u{a0}")])],
        ),
    }
}

pub fn join_sent() -> ToldPage {
    ToldPage {
        shell: Shell::sample("Look in your mail", Place::Elsewhere),
        lede: "A link is on its way to ama.boateng@riverside.example.".into(),
        words: vec!["It lasts 2 hours. If nothing comes, look among unwanted mail, then ring the change team: the number is below.".into()],
        links: vec![Link::new("How it works", "/process")],
    }
}

pub fn me() -> MePage {
    MePage {
        shell: Shell::sample("Priya Nair", Place::Elsewhere),
        lede: "Halden, change manager.".into(),
        details: vec![
            Fact::new("Name", "Priya Nair"),
            Fact::new("Email", "priya.nair@halden.example"),
            Fact::new("Telephone", "020 7946 0117"),
            Fact::new("Password", "set 3 March 2026").link("Change", "/me/password"),
        ],
        memberships: Table::new(
            "Memberships and roles",
            &["Organisation", "Roles", "Since"],
            vec![Row::new(Cell::text("Halden"), vec![Cell::text("Supplier change manager"), Cell::text("3 Mar 2026")])],
        ),
        new_token: Some("sbx_2f7c1d9a40be4e7f9c4a6a1e55d0c3b2f7c1d9a40be4e7f9c4a6a1e55d0c3b2a".into()),
        tokens: vec![TokenRow {
            name: "Monthly report".into(),
            words: "Made 3 November, last used today 16:50, until 3 May 2027.".into(),
            revoke: Form::new("/me/tokens/4/revoke", "Revoke", vec![]).quiet(),
        }],
        make_token: Form::new(
            "/me/tokens",
            "Make a token",
            vec![
                Field::text("name", "What is it for?", "").width("w20"),
                Field::select("days", "How long should it work?", vec![Choice::new("30", "30 days"), Choice::new("180", "6 months")]),
            ],
        )
        .key("k-token"),
        sign_out: Form::new("/sign-out", "Sign out", vec![]).quiet(),
        sign_out_everywhere: Form::new("/me/sign-out-everywhere", "Sign out everywhere", vec![]).quiet(),
        sessions: "2 places: this browser, and a phone last seen today 08:12.".into(),
        ..MePage::default()
    }
}

/// Subscriptions, one of them made just now.
pub fn feeds() -> FeedsPage {
    let address = |file: &str| format!("https://change.example.org/feeds/{}/{file}", "2f7c1d9a40be4e7f".repeat(4));
    let choices = |any: &str, more: &[(&str, &str)]| std::iter::once(("", any)).chain(more.iter().copied()).map(|(v, l)| Choice::new(v, l)).collect();
    FeedsPage {
        shell: Shell::sample("Calendar subscriptions", Place::Schedule),
        new: Some(NewFeed {
            name: "Northbrook at night".into(),
            addresses: vec![Link::new("For a calendar", &address("schedule.ics")), Link::new("For programs, as JSON", &address("schedule.json"))],
        }),
        feeds: vec![FeedRow {
            name: "PACS".into(),
            words: "Only PACS imaging. Made Tuesday 3 November 2026 at 09:12. Last read Tuesday 17 November 2026 at 16:50.".into(),
            revoke: Form::new("/me/feeds/4/revoke", "Revoke PACS", vec![]).quiet(),
        }],
        make: Form::new(
            "/me/feeds",
            "Make a subscription",
            vec![
                Field::text("name", "What do you call it?", "").hint("Your calendar shows this name.").width("w20"),
                Field::select("site", "Site", choices("All sites (5)", &[("nb", "Northbrook General")])),
                Field::select("service", "Service", choices("All services", &[("pacs", "PACS imaging")])),
            ],
        ),
        ..FeedsPage::default()
    }
}

pub fn demo() -> DemoPage {
    let person = |id: u32, name: &str, words: &str| DemoPerson {
        name: name.into(),
        words: words.into(),
        form: Form::new("/demo", &format!("Be {name}"), vec![]).hide("person", &id.to_string()).quiet(),
    };
    DemoPage {
        shell: Shell::sample("Choose who to be", Place::Elsewhere),
        lede: "4 people of 2 organisations. One click signs you in as them.".into(),
        tour: Section::new("tour", "Where to look first").facts(vec![Fact::new("As Ruth Ellery", "Tonight’s power-down of the comms room.")]),
        organisations: vec![
            DemoOrganisation {
                id: "halden".into(),
                name: "Halden, supplier".into(),
                people: vec![person(1, "Priya Nair", "Change manager"), person(2, "Tom Achebe", "Storage engineer; assesses and carries out")],
            },
            DemoOrganisation {
                id: "northbrook".into(),
                name: "Northbrook Hospitals, trust".into(),
                people: vec![person(7, "Ruth Ellery", "Trust coordinator"), person(8, "Sam Okoro", "Requester")],
            },
        ],
    }
}

pub fn mail() -> MailPage {
    let mut shell = Shell::sample("Decision asked: RFC-2026-001836 Interface engine 4.2", Place::Elsewhere);
    shell.crumbs = vec![("Mail sent".into(), "/dev/mail".into())];
    MailPage {
        shell,
        facts: vec![Fact::new("To", "priya.nair@halden.example"), Fact::new("From", "signalbox@halden.example"), Fact::new("When", "today 16:58")],
        body: "You are asked to decide RFC-2026-001836 Interface engine 4.2.\n\nThursday 19 November 21:00 to Friday 01:00. Messages queue for up to 25 minutes; none are lost.\n\nOpen it here: /decide/RFC-2026-001836\nOpening decides nothing.".into(),
        links: vec![Link::new("/decide/RFC-2026-001836", "/decide/RFC-2026-001836")],
    }
}

const DIAGRAM: &str = r##"<svg class="dg" viewBox="0 0 980 80" role="img" aria-labelledby="dg-t"><title id="dg-t">Draft, Checking, Scheduled, Closed</title><rect x="10" y="20" width="140" height="40" rx="4" fill="#fff" stroke="#5d6f7b"/><text x="30" y="45">Draft</text><path d="M150 40H240" stroke="#5d6f7b"/><rect x="240" y="20" width="140" height="40" rx="4" fill="#fff" stroke="#5d6f7b"/><text x="260" y="45">Checking</text><path d="M380 40H470" stroke="#5d6f7b"/><rect x="470" y="20" width="140" height="40" rx="4" fill="#fff" stroke="#5d6f7b"/><text x="490" y="45">Closed</text></svg>"##;

const TEXT: &str = "<p>Use this when you will switch off power, take down a server, or do anything at your site that takes a shared service away from its users.</p><h3>Questions</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Questions, scrolls sideways\"><table class=\"tbl\"><caption class=\"vh\">Questions</caption><thead><tr><th scope=\"col\">Id</th><th scope=\"col\">Question</th><th scope=\"col\">Answer</th><th scope=\"col\">Required</th><th scope=\"col\">Asked when</th><th scope=\"col\">Guidance</th></tr></thead><tbody><tr><td>outage_type</td><td>What will be switched off?</td><td>one of: mains power, cooling, server</td><td>submit</td><td></td><td></td></tr></tbody></table></div>";

pub fn process() -> DocumentPage {
    let row = |from: &str, act: &str, who: &str, needs: &str, to: &str| {
        Row::new(Cell::text(from), vec![Cell::text(act), Cell::text(who), Cell::text(needs), Cell::text(to)])
    };
    DocumentPage {
        shell: Shell::sample("Planned outage of a trust-hosted service", Place::Process),
        lede: "Version 1, kept by the change authority. The picture, the moves and the rules are made from the document that the program runs.".into(),
        facts: vec![Fact::new("Reference", "ON"), Fact::new("Based on", "Normal change"), Fact::new("Review by", "1 November 2027")],
        contents: vec![
            Link::new("Stages and moves", "#diagram"),
            Link::new("Moves in words", "#moves"),
            Link::new("Rules", "#rules"),
            Link::new("The document", "#document"),
        ],
        diagram: OwnHtml(DIAGRAM.into()),
        text: OwnHtml(TEXT.into()),
        sections: vec![
            Section::new("moves", "Moves in words").table(
                Table::new(
                    "Each move, who may make it and on what conditions",
                    &["From", "Move", "Who", "Only if", "To"],
                    vec![
                        row("Draft", "Send", "Trust coordinator", "Every answer asked for is given; late notice is explained", "Checking"),
                        row("Checking", "Accept", "Supplier change manager", "Who takes down and who restores is named", "Assessing"),
                    ],
                ),
                "",
            ),
            Section::new("rules", "Rules").table(
                Table::new(
                    "Rules that this document names",
                    &["Rule", "In words"],
                    vec![Row::new(
                        Cell::text("late notice explained"),
                        vec![Cell::text("Short notice is never refused: it asks for a reason and says what it may lead to.")],
                    )],
                ),
                "",
            ),
        ],
        propose: Some(Form::new("/process/planned-outage/proposals", "Propose a change", vec![]).quiet()),
        history: vec![Section::new("versions", "Versions").table(
            Table::new(
                "Versions of this document",
                &["Version", "State", "Counts from", "Who", "Consultation"],
                vec![Row::new(
                    Cell::link("Version 2", "/proposals/7"),
                    vec![
                        Cell::tag("In force", "green"),
                        Cell::text("Tuesday 1 December 2026 at 00:00"),
                        Cell::text("Ada Byrne").small("adopted by Margaret Osei"),
                        Cell::text("5 acknowledged, 1 objection"),
                    ],
                )],
            ),
            "",
        )],
    }
}

pub fn api() -> ApiPage {
    ApiPage {
        shell: Shell::sample("API", Place::Elsewhere),
        origin: "https://signalbox.halden.example".into(),
        resources: Section::new("resources", "What there is").table(
            Table::new(
                "Resources",
                &["Address", "What it does"],
                vec![
                    Row::new(Cell::text("GET /api/v1/changes"), vec![Cell::text("Changes that you may see, with filters")]),
                    Row::new(Cell::text("POST /api/v1/changes/{ref}/acts/{act}"), vec![Cell::text("Does one act")]),
                ],
            ),
            "",
        ),
    }
}
