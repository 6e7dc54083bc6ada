//! Pages that are lists.

use crate::web::layout::{Place, Shell};
use crate::web::parts::{Cell, Fact, Filters, ListPage, Row, Section, Table};
use crate::web::ui::{Choice, Field, Link, Paging};

fn change(reference: &str, title: &str, kind: Cell, stage: Cell, window: &str, where_: &str) -> Row {
    Row::new(Cell::link(reference, &format!("/changes/{reference}")), vec![Cell::text(title), kind, stage, Cell::text(window), Cell::text(where_)])
}

fn change_filters(q: &str) -> Filters {
    let any = |label: &str, rest: &[(&str, &str)]| {
        let mut choices = vec![Choice::new("", label)];
        choices.extend(rest.iter().map(|(value, label)| Choice::new(value, label)));
        choices
    };
    Filters {
        action: "/changes".into(),
        fields: vec![
            Field::input("search", "q", "Words or reference", q),
            Field::select(
                "kind",
                "Kind",
                any("Any kind", &[("normal", "Normal change"), ("service_request", "Service request"), ("planned_outage", "Planned outage")]),
            ),
            Field::select("stage", "Stage", any("Any stage", &[("submitted", "Checking"), ("assessing", "Assessing"), ("scheduled", "Scheduled")])),
            Field::select("organisation", "Organisation", any("Any", &[("NB", "Northbrook"), ("RV", "Riverside")])),
            Field::select("service", "Service", any("Any", &[("pacs", "PACS imaging")])),
            Field::select("site", "Site", any("Any", &[("NB-GEN", "Northbrook General")])),
            Field::input("date", "from", "Starts from", ""),
            Field::input("date", "to", "Starts until", ""),
            Field::select("mine", "Whose", any("Everyone’s", &[("yes", "Mine")])),
        ],
        ..Filters::default()
    }
}

const CHANGE_HEADS: [&str; 6] = ["Reference", "Title", "Kind", "Stage", "Window", "Where"];

pub fn changes() -> ListPage {
    let normal = || Cell::tag("Normal change", "grey");
    ListPage {
        shell: Shell::sample("Changes", Place::Changes),
        lede: "212 changes. The newest window first.".into(),
        actions: vec![Link::new("Raise a change", "/changes/new"), Link::new("Download as CSV", "/changes.csv")],
        filters: Some(change_filters("")),
        sections: vec![Section::new("list", "Changes found").table(
            Table::new(
                "Changes",
                &CHANGE_HEADS,
                vec![
                    change("RFC-2026-001847", "Connect CT scanner 3", normal(), Cell::tag("Draft", "grey"), "Wed 25 Nov 19:30 to 21:30", "Northbrook"),
                    change(
                        "RFC-2026-001842",
                        "Archive node firmware",
                        normal(),
                        Cell::tag("Scheduled", "blue").small("1 clash"),
                        "tonight 22:00 to Wed 02:00",
                        "Northbrook",
                    ),
                    change(
                        "ON-2026-000277",
                        "Power off in plant room A",
                        Cell::tag("Planned outage", "purple"),
                        Cell::tag("Checking", "yellow"),
                        "Tue 24 Nov 06:00 to 09:00",
                        "Riverside",
                    ),
                    change(
                        "SR-2026-000917",
                        "New user of PACS imaging",
                        Cell::tag("Service request", "aqua-green"),
                        Cell::tag("Closed", "green"),
                        "Mon 16 Nov",
                        "St Crispin’s",
                    ),
                ],
            ),
            "",
        )],
        paging: Some(Paging { showing: "Showing 4 of 212 changes.".into(), first: String::new(), next: "/changes?cursor=c4".into() }),
        ..ListPage::default()
    }
}

pub fn changes_none() -> ListPage {
    let mut filters = change_filters("fax");
    filters.dropped = vec!["“colour” is not a filter of this list, so it was left out.".into()];
    filters.clear = "/changes".into();
    ListPage {
        shell: Shell::sample("Changes", Place::Changes),
        lede: "No change has “fax” in it.".into(),
        filters: Some(filters),
        sections: vec![
            Section::new("list", "Changes found")
                .table(Table::default(), "Nothing found. You search what you may see: your organisation’s, and what the group shares.")
                .link("All 212 changes", "/changes"),
        ],
        ..ListPage::default()
    }
}

pub fn outages() -> ListPage {
    let row = |reference: &str, title: &str, window: &str, notice: Cell, stage: Cell| {
        Row::new(Cell::link(reference, &format!("/changes/{reference}")), vec![Cell::text(title), Cell::text(window), notice, stage])
    };
    ListPage {
        shell: Shell::sample("Outages and notices", Place::Outages),
        lede: "3 planned outages ahead, 1 of them with late notice. A planned outage asks for 10 days.".into(),
        actions: vec![Link::new("Give notice of an outage", "/outages/new")],
        sections: vec![
            Section::new("ahead", "Ahead").table(
                Table::new(
                    "Planned outages ahead",
                    &["Reference", "What goes off", "When", "Notice", "Stage"],
                    vec![
                        row(
                            "ON-2026-000277",
                            "Power in plant room A, Riverside",
                            "Tue 24 Nov 06:00 to 09:00",
                            Cell::tag("Late", "yellow").small("7 of 10 days"),
                            Cell::tag("Checking", "yellow"),
                        ),
                        row(
                            "ON-2026-000274",
                            "Generator test, Eastmarsh",
                            "Wed 2 Dec 07:00 to 08:00",
                            Cell::tag("On time", "green").small("19 days"),
                            Cell::tag("Scheduled", "blue"),
                        ),
                        row(
                            "ON-2026-000271",
                            "Server room cooling, Northbrook",
                            "Sat 5 Dec 08:00 to 16:00",
                            Cell::tag("On time", "green").small("23 days"),
                            Cell::tag("Approved", "blue"),
                        ),
                    ],
                ),
                "No planned outages. 10 days’ notice is due for the next one.",
            ),
            Section::new("provider", "Network provider").table(Table::default(), "No notice waits to be acknowledged."),
        ],
        ..ListPage::default()
    }
}

pub fn network() -> ListPage {
    let mut shell = Shell::sample("ON-2026-000277: network provider", Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("ON-2026-000277".into(), "/changes/ON-2026-000277".into())];
    let version = |number: &str, status: Cell, sent: &str, answer: Cell| {
        let address = format!("/changes/ON-2026-000277/network/1/{number}");
        let window = Cell::text("24 November 2026, 06:00 to 24 November 2026, 10:00").small("2 circuits");
        let written = Cell::text(sent).small(&format!("sent {sent}"));
        let file = Cell::link("Calendar file", &format!("{address}/notice.ics"));
        Row::new(Cell::link(&format!("Notice {number}"), &address).small("Account HSCN-0042"), vec![status, window, written, answer, file])
    };
    let heads = ["Version", "Status", "From start to latest end", "Written", "Answer", "For programs"];
    ListPage {
        shell,
        lede: "2 versions of the notice were written for the provider.".into(),
        actions: vec![Link::new("Record that the provider was told", "/changes/ON-2026-000277/acts/record_told")],
        sections: vec![
            Section::new("network", "Network provider").facts(vec![Fact::new("State", "Rob Tate, Meridian, Monday 11:20").tag("Acknowledged", "green")]),
            Section::new("versions", "What was told").table(
                Table::new(
                    "Versions of the notice, the latest first",
                    &heads,
                    vec![
                        version("2", Cell::tag("Confirmed", "blue"), "today 09:12", Cell::text("–")),
                        version(
                            "1",
                            Cell::tag("Tentative", "blue"),
                            "Fri 13 Nov 15:40",
                            Cell::tag("Acknowledged", "green").small("Rob Tate, Mon 16 Nov 11:20 MER-77"),
                        ),
                    ],
                ),
                "",
            ),
            Section::new("answers", "For the provider’s own form").words("In the order in which providers ask. Select a line to copy it.").facts(vec![
                Fact::new("Reference", "ON-2026-000277"),
                Fact::new("Circuits", "NB-ETH-1\nNB-ETH-2"),
                Fact::new("Contact on site", "Not said."),
            ]),
        ],
        ..ListPage::default()
    }
}

pub fn promises() -> ListPage {
    let row = |what: &str, where_: &str, who: &str, due: &str, state: Cell| {
        Row::new(Cell::text(what), vec![Cell::link(where_, &format!("/changes/{where_}")), Cell::text(who), Cell::text(due), state])
    };
    let heads = ["Promise", "Change", "Who", "Due", "State"];
    ListPage {
        shell: Shell::sample("What I promised", Place::Promises),
        lede: "2 promises are yours; 1 is late. Halden has 3 open.".into(),
        actions: vec![Link::new("Everyone at Halden", "/promises?of=HAL")],
        sections: vec![
            Section::new("late", "Late").table(
                Table::new(
                    "Late promises",
                    &heads,
                    vec![row("Send the test record", "RFC-2026-001836", "You", "Mon 16 Nov", Cell::tag("1 day late", "red").small("chased twice"))],
                ),
                "Nothing is late.",
            ),
            Section::new("open", "Open").table(
                Table::new(
                    "Open promises",
                    &heads,
                    vec![row("Say what late notice leads to", "ON-2026-000277", "You", "Thu 19 Nov 17:00", Cell::tag("Open", "yellow").small("2 days left"))],
                ),
                "Nothing is open.",
            ),
            Section::new("kept", "Kept in the last 28 days").table(
                Table::new(
                    "Promises kept",
                    &heads,
                    vec![row("Name who restores", "ON-2026-000274", "You", "Wed 11 Nov", Cell::tag("Kept", "green").small("10 Nov"))],
                ),
                "None.",
            ),
        ],
        ..ListPage::default()
    }
}

pub fn requests() -> ListPage {
    let row = |name: &str, href: &str, what: &str, soon: &str| Row::new(Cell::link(name, href), vec![Cell::text(what), Cell::text(soon)]);
    ListPage {
        shell: Shell::sample("Ask for something agreed", Place::Changes),
        lede: "4 service requests, agreed beforehand: fixed steps, no risk questions.".into(),
        sections: vec![
            Section::new("catalogue", "Catalogue")
                .table(
                    Table::new(
                        "Service requests",
                        &["Request", "What you get", "How soon"],
                        vec![
                            row("New user of PACS imaging", "/requests/new/imaging-user", "An account that views images", "1 working day"),
                            row("Swap a failed modality", "/requests/new/modality-swap", "The same AE title and address on new equipment", "the same day"),
                            row("Agreed firewall rule", "/requests/new/firewall-pattern", "A rule of the agreed pattern", "2 working days"),
                            row("Restart of a print server", "/requests/new/print-restart", "A restart at an agreed time", "the same day"),
                        ],
                    ),
                    "No agreed request fits.",
                )
                .link("Nothing fits: raise a change", "/changes/new"),
        ],
        ..ListPage::default()
    }
}

pub fn members() -> ListPage {
    let row = |name: &str, cells: Vec<Cell>| Row::new(Cell::text(name), cells);
    ListPage {
        shell: Shell::sample("Members", Place::Elsewhere),
        lede: "1 person waits for an answer. 34 members of 7 organisations.".into(),
        sections: vec![
            Section::new("waiting", "Waiting").table(
                Table::new(
                    "Registrations that wait",
                    &["Who", "Organisation", "Waits for", "Answer"],
                    vec![row(
                        "Ama Boateng",
                        vec![
                            Cell::text("Riverside Infirmary"),
                            Cell::text("Riverside’s coordinator").small("since today 16:40"),
                            Cell::link("Answer Ama Boateng", "/members/waiting/31"),
                        ],
                    )],
                ),
                "Nobody waits.",
            ),
            Section::new("members", "Members").table(
                Table::new(
                    "Members",
                    &["Name", "Organisation", "Roles", "Since", "End"],
                    vec![
                        row(
                            "Ruth Ellery",
                            vec![
                                Cell::text("Northbrook Hospitals"),
                                Cell::text("Trust coordinator"),
                                Cell::text("3 Mar 2026"),
                                Cell::link("End Ruth Ellery’s membership", "/members/7/end"),
                            ],
                        ),
                        row(
                            "Sam Okoro",
                            vec![
                                Cell::text("Northbrook Hospitals"),
                                Cell::text("Requester, implementer"),
                                Cell::text("9 Jun 2026"),
                                Cell::link("End Sam Okoro’s membership", "/members/8/end"),
                            ],
                        ),
                    ],
                ),
                "",
            ),
        ],
        ..ListPage::default()
    }
}

pub fn mails() -> ListPage {
    let row = |subject: &str, to: &str, at: &str, id: u32| Row::new(Cell::link(subject, &format!("/dev/mail/{id}")), vec![Cell::text(to), Cell::text(at)]);
    ListPage {
        shell: Shell::sample("Mail sent", Place::Elsewhere),
        lede: "2 mails. In the demonstration they are kept here and go nowhere.".into(),
        sections: vec![Section::new("mails", "Newest first").table(
            Table::new(
                "Mail sent",
                &["Subject", "To", "When"],
                vec![
                    row("Decision asked: RFC-2026-001836", "priya.nair@halden.example", "today 16:58", 2),
                    row("Received: ON-2026-000277", "joy.adeyemi@riverside.example", "today 14:10", 1),
                ],
            ),
            "No mail yet.",
        )],
        ..ListPage::default()
    }
}

pub fn setup() -> ListPage {
    let row = |name: &str, href: &str, count: &str, words: &str| Row::new(Cell::link(name, href), vec![Cell::text(count), Cell::text(words)]);
    ListPage {
        shell: Shell::sample("Set-up", Place::Elsewhere),
        lede: "1 thing to look at: Eastmarsh has no trust coordinator.".into(),
        sections: vec![
            Section::new("check", "To look at")
                .words("Eastmarsh has nobody who can send its changes.")
                .link("People and roles of Eastmarsh", "/setup/people?organisation=EM"),
            Section::new("lists", "Lists").table(
                Table::new(
                    "What can be set up",
                    &["List", "How many", "What it is"],
                    vec![
                        row("Organisations", "/setup/organisations", "7", "Trusts, supplier, authority, network provider"),
                        row("Sites", "/setup/sites", "9", "Where equipment stands"),
                        row("Services", "/setup/services", "6", "What people use, and whether care depends on it"),
                        row("Items", "/setup/items", "184", "Equipment and circuits that changes name"),
                        row("Dependencies", "/setup/dependencies", "231", "What needs what; clashes are found through them"),
                        row("People and roles", "/setup/people", "34", "Who may do what, for which organisation"),
                        row("Freezes", "/setup/freezes", "2", "Dates on which no change happens"),
                        row("Maintenance windows", "/setup/maintenance-windows", "4", "Times agreed for work on something"),
                        row("External entries", "/setup/external-entries", "3", "What happens elsewhere: national outages, go-lives, audits, strikes"),
                        row("Process documents", "/process", "3", "How each kind of change goes"),
                    ],
                ),
                "",
            ),
        ],
        ..ListPage::default()
    }
}

pub fn sites() -> ListPage {
    let row = |code: &str, name: &str, organisation: &str| {
        Row::new(Cell::text(code), vec![Cell::link(name, &format!("/setup/sites/{code}")), Cell::text(organisation), Cell::text("41")])
    };
    let mut shell = Shell::sample("Sites", Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into())];
    ListPage {
        shell,
        lede: "2 sites.".into(),
        actions: vec![Link::new("Add a site", "/setup/sites/new")],
        sections: vec![
            Section::new("list", "All sites").table(Table::new("Sites", &["Code", "Name", "Organisation", "Items"], vec![row("NB-GEN", "Northbrook General", "Northbrook Hospitals"), row("RV-INF", "Riverside Infirmary", "Riverside Infirmary")]), "No sites yet: add the first."),
            Section::new("import", "Many at once").words("Sites come with the items that stand in them: signalbox import items FILE.csv --data DIR\nColumns: code, name, type, organisation, site, service."),
        ],
        ..ListPage::default()
    }
}

pub fn processes() -> ListPage {
    let row = |id: &str, name: &str, prefix: &str, words: &str| {
        Row::new(Cell::link(name, &format!("/process/{id}")), vec![Cell::text(prefix), Cell::text(words), Cell::text("version 1")])
    };
    ListPage {
        shell: Shell::sample("How it works", Place::Process),
        lede: "3 processes. Each page is made from the document that the program runs, so it cannot say one thing and do another.".into(),
        sections: vec![
            Section::new("processes", "Processes").table(
                Table::new(
                    "Processes",
                    &["Process", "Reference", "For", "In force"],
                    vec![
                        row("end-to-end", "Normal change", "RFC", "A change to a service that needs assessment and approval"),
                        row("service-request", "Service request", "SR", "Something small, agreed beforehand"),
                        row("planned-outage", "Planned outage", "ON", "Something is switched off that others use"),
                    ],
                ),
                "",
            ),
            Section::new("rules", "Rules").words("Every rule that a document may name, in words.").link("The catalogue of rules", "/process/rules"),
        ],
        ..ListPage::default()
    }
}
