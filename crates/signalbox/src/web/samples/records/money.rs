//! The form of a quote, and a quote as a page.

use crate::web::layout::{Place, Shell};
use crate::web::pages::quote::{LineDrawn, QuotePage};
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::ui::{self, Choice, Field, Link};

fn line(number: usize, what: &str, quantity: &str, price: &str, sum: &str, fault: bool) -> LineDrawn {
    let id = |part: &str| format!("line_{number}_{part}");
    let kinds = vec![Choice::new("", "Choose"), Choice::new("labour", "Labour").chosen(!what.is_empty()), Choice::new("travel", "Travel")];
    let error = fault.then(|| "Enter an amount in pounds and pence, such as 1,250.00.".to_owned());
    let fields = vec![
        Field::select(&id("rate"), "From the rate card", vec![Choice::new("", "No"), Choice::new("7", "Engineer, £650.00 a day")]),
        Field::text(&id("what"), "What it is for", what),
        Field::select(&id("kind"), "Kind", kinds),
        Field::text(&id("quantity"), "Quantity", quantity).width("w4"),
        Field::text(&id("unit"), "Unit", if what.is_empty() { "" } else { "day" }).width("w5"),
        Field::text(&id("price"), "Price of one (£)", price).width("w10").error(error),
        Field::select(&id("vat"), "Tax", vec![Choice::new("", "Choose"), Choice::new("20", "20 %").chosen(!what.is_empty())]),
        Field::select(&id("recurs"), "How often", vec![Choice::new("", "Once"), Choice::new("yearly", "Each year")]),
    ];
    LineDrawn { number, fields, net_pence: 0, vat_pence: 0, sum: sum.into() }
}

/// Written, with a fault in the second line.
pub fn quote() -> QuotePage {
    let lines = vec![
        line(1, "Interface engineer", "5", "650.00", "£3,250.00 without tax, £650.00 tax", false),
        line(2, "Visit to the site", "1", "eighty", "", true),
        line(3, "", "", "", "", false),
    ];
    let faults: Vec<ui::Fault> = ui::faults_of(lines.iter().flat_map(|line| &line.fields));
    QuotePage {
        shell: Shell::sample("Issue a quote: RFC-2026-001836", Place::Changes),
        lede: "Version 2 for Second channel for referrals".into(),
        faults,
        facts: vec![Fact::new("When", "Tuesday 24 November, 20:00 to 22:00")],
        action: "/changes/RFC-2026-001836/acts/quote".into(),
        key: "k-quote".into(),
        version: 9,
        rows: 3,
        can_add: true,
        lines,
        net: "£3,250.00".into(),
        vat: "£650.00".into(),
        gross: "£3,900.00".into(),
        fields: vec![
            Field::input("date", "valid_to", "Valid to the end of which day?", "").width("w10").hint("Leave it empty for 30 days from today.").optional(),
            Field::textarea("assumptions", "Assumptions", "").rows(3).optional(),
        ],
        panel: Some(
            Section::new("money", "Charge")
                .facts(vec![Fact::new("State", "Version 1 can be accepted to the end of Friday 18 December.").tag("Quoted", "yellow")]),
        ),
    }
}

/// Issued.
pub fn quotes() -> ListPage {
    let row = |what: &str, kind: &str, cells: [&str; 5]| Row::new(Cell::text(what).small(kind), cells.map(Cell::text).to_vec());
    let rows = vec![
        row("Interface engineer", "Labour", ["5 day", "£650.00", "£3,250.00", "£650.00", "£3,900.00"]),
        row("Second channel", "Licence", ["1 year", "£1,200.00", "£1,200.00", "£240.00", "£1,440.00"]),
        row("Total", "", ["", "", "£4,450.00", "£890.00", "£5,340.00"]),
    ];
    let table = Table::new("Lines of version 2", &["Line", "Quantity", "Price of one", "Without tax", "Tax", "With tax"], rows);
    let facts = vec![Fact::new("State", "Clare Holt, yesterday 10:20").tag("Accepted", "green"), Fact::new("Reference", "RFC-2026-001836/Q2")];
    ListPage {
        shell: Shell::sample("Charge: RFC-2026-001836", Place::Changes),
        lede: "Second channel for referrals. 2 versions so far.".into(),
        actions: vec![Link::new("CSV", "/changes/RFC-2026-001836/quotes.csv")],
        sections: vec![Section::new("v2", "Version 2").facts(facts).table(table, "")],
        ..ListPage::default()
    }
}
