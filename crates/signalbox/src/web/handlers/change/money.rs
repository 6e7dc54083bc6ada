//! The money of a change: its panel on the record, and the page of its quotes with costs and invoices. Only those who
//! see money come here; for others neither is there (spec 9, `charge::sight`).

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::calendar::local;
use signalbox_core::charge::money::{per_cent, plain, pounds, quantity};
use signalbox_core::charge::{Fate, Invoice, InvoiceState, Money, Quote, Recurs, State as Track, absorbed_pence, sight};
use signalbox_core::event::Ruling;

use super::Seen;
use crate::app::{App, Shared};
use crate::web::csv;
use crate::web::form::Query;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words;

/// Whether the reader sees the money of the change.
pub(super) fn sees(seen: &Seen) -> bool {
    sight::sees(&seen.actor, seen.change())
}

fn colour(state: Track) -> &'static str {
    match state {
        Track::NotChargeable | Track::Accepted | Track::Authorised | Track::CustomerAccepted | Track::Paid => "green",
        Track::Declined | Track::Expired | Track::FeeDeclined | Track::Disputed | Track::InvoiceDisputed => "red",
        Track::Credited | Track::Superseded => "grey",
        _ => "yellow",
    }
}

/// Where the money stands, in one panel.
pub(super) fn panel(seen: &Seen) -> Option<Section> {
    if !sees(seen) {
        return None;
    }
    let (change, money) = (seen.change(), &seen.change().money);
    let section = Section::new("money", "Charge");
    if !money.is_begun() {
        let is_ahead = change.revision > 0 && change.stage.is_before_approval() && super::sections::knows(seen, signalbox_core::act::Act::SetCharge);
        return is_ahead.then(|| section.words("Whether there is something to pay is decided once the change is accepted."));
    }
    let mut facts = vec![Fact::new("State", &state_words(seen, money)).tag(money.state().words(), colour(money.state()))];
    facts.extend(decision(seen, money));
    facts.extend(sums(seen, money));
    let section = section.facts(facts);
    let has_more = !money.quotes.is_empty() || !money.costs.is_empty() || !money.invoices.is_empty() || money.report.is_some();
    Some(if has_more { section.link("Quotes, costs and invoices", &format!("{}/quotes", seen.address())) } else { section })
}

/// What the state means for whoever reads it.
fn state_words(seen: &Seen, money: &Money) -> String {
    let quote = money.quotes.last();
    let until = |quote: &Quote| local::day_words(quote.valid_to());
    match money.state() {
        Track::Quoted => quote.map_or(String::new(), |q| match q.is_open(seen.now) {
            true => format!("Version {} can be accepted to the end of {}.", q.terms.version, until(q)),
            false => format!("Version {} lapsed at the end of {}.", q.terms.version, until(q)),
        }),
        Track::Accepted if !money.is_agreed() => "PO short: no order covers the quote yet, so the work is not scheduled.".into(),
        Track::Accepted => "It is ordered in full; work is authorised with the approval.".into(),
        Track::Undetermined if money.contest.is_some() => "It is contested; the authority settles it.".into(),
        Track::Delivered => "The trust accepts the delivery or disputes it; silence accepts nothing.".into(),
        Track::Expired if money.awaits_order => "The approval stands for 20 working days after the lapse.".into(),
        _ if money.awaits_order => "The approval is subject to an order.".into(),
        _ => String::new(),
    }
}

fn decision(seen: &Seen, money: &Money) -> Vec<Fact> {
    let Some(decided) = &money.decided else { return vec![] };
    let by = match decided.by.person {
        None => "by the rules".to_owned(),
        person => format!("by {}", seen.names.person(person)),
    };
    let said = words::sentence_case(&words::money::decided(&decided.ruling));
    let mut facts = vec![Fact::new("Decided", &format!("{said}\n{by}, {}", seen.moment(decided.at)))];
    facts.extend(decided.ruling.reason.as_ref().map(|text| Fact::new("Reason", &seen.said(text))));
    facts.extend(decided.ruling.ruling.as_ref().map(|ruling| Fact::new("Rule", &ruling_words(ruling))));
    facts.extend(
        money
            .contest
            .as_ref()
            .map(|(by, at, text)| Fact::new("Contested", &format!("{}\n{}, {}", seen.said(text), seen.names.person(by.person), seen.moment(*at)))),
    );
    facts
}

/// The row of the table, so that it can be challenged.
fn ruling_words(ruling: &Ruling) -> String {
    let known: Vec<String> =
        ruling.inputs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}: {}", value.replace('_', " "))).collect();
    format!("Row {} of the table “{}” ({})", ruling.row, ruling.table, known.join("; "))
}

/// Agreed, allowed, spent, left.
fn sums(seen: &Seen, money: &Money) -> Vec<Fact> {
    let mut facts = vec![];
    if let Some(quote) = money.accepted() {
        let terms = &quote.terms;
        facts.push(Fact::new(
            "Accepted",
            &format!("{} without tax, {} with tax (version {})", pounds(terms.net_pence()), pounds(terms.gross_pence()), terms.version),
        ));
        let order = quote
            .order
            .as_ref()
            .map_or("None yet".to_owned(), |order| format!("{}, {} of {}", seen.said(&order.number), pounds(order.value_pence), local::date_words(order.date)));
        facts.push(Fact::new("Order", &order));
    } else if let Some(quote) = money.unanswered() {
        facts.push(Fact::new("Quoted", &format!("{} without tax, {} with tax", pounds(quote.terms.net_pence()), pounds(quote.terms.gross_pence()))));
    }
    if let Some((letter, ..)) = &money.letter {
        facts.push(Fact::new("Goes ahead at risk", &format!("up to {}; the quote is due by {}", pounds(letter.cap_pence), local::day_words(letter.quote_due))));
    }
    if money.limit_pence() > 0 {
        let (limit, booked) = (money.limit_pence(), money.booked_pence());
        let borne = money.accepted().map_or(0, |q| absorbed_pence(q.terms.net_pence()));
        let note = if borne > 0 { format!(", of which the supplier bears up to {}", pounds(borne)) } else { String::new() };
        facts.push(Fact::new("Limit", &format!("{}{note}", pounds(limit))));
        facts.push(Fact::new("Booked", &pounds(booked)));
        facts.push(Fact::new("Left", &pounds((limit - booked).max(0))));
    }
    if let Some(fee) = &money.abort {
        let state = match fee.answer {
            None => "asked for",
            Some((true, ..)) => "agreed",
            Some((false, ..)) => "refused; the authority settles it",
        };
        facts.push(Fact::new("Fee for cancelling late", &format!("{} without tax, {state}", pounds(fee.amount.net_pence))));
    }
    let due: i64 = money.invoices.iter().filter(|i| i.state == InvoiceState::Issued).map(Invoice::due_pence).sum();
    if !money.invoices.is_empty() {
        facts.push(Fact::new("Invoiced, to be paid", &pounds(due)));
    }
    facts
}

fn read(app: &App, visitor: &Visitor, reference: &str) -> Result<Seen, Failure> {
    let seen = Seen::read(app, visitor, reference)?;
    // Not for these eyes is not there (S28).
    if sees(&seen) { Ok(seen) } else { Err(Failure::NotFound) }
}

/// The quotes of a change, the latest first, what changed between them, and what was spent and billed.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let seen = read(&app, &visitor, &reference)?;
    let money = &seen.change().money;
    let mut sections = vec![];
    sections.extend(panel(&seen).map(|mut panel| {
        panel.links.clear();
        panel.heading = "Where it stands".into();
        panel
    }));
    sections.extend(money.quotes.iter().rev().map(|quote| version(&seen, quote)));
    sections.extend(compared(&seen, money));
    sections.extend(recurring(&seen, money));
    sections.extend(report(&seen, money));
    sections.extend(costs(&seen, money));
    sections.extend(invoices(&seen, money));
    let count = money.quotes.len();
    let lede = if count == 0 {
        format!("{}. No quote is out yet.", seen.title())
    } else {
        format!("{}. {} so far.", seen.title(), words::counted(count as i64, "version"))
    };
    Ok(page(&ListPage {
        shell: seen.shell(&app, &visitor, &format!("Charge: {}", seen.change().reference)),
        lede,
        actions: if count == 0 { vec![] } else { vec![Link::new("CSV", &format!("{}/quotes.csv", seen.address()))] },
        sections,
        ..ListPage::default()
    }))
}

fn fate(seen: &Seen, quote: &Quote) -> (String, &'static str, &'static str) {
    let by = |stamp: &signalbox_core::actor::Stamp, at| format!("{}, {}", seen.names.person(stamp.person), seen.moment(at));
    match &quote.fate {
        Fate::Open if quote.is_open(seen.now) => (format!("Valid to the end of {}", local::day_words(quote.valid_to())), "Open", "yellow"),
        Fate::Open => (format!("It could be accepted to the end of {}", local::day_words(quote.valid_to())), "Lapsed", "red"),
        Fate::Accepted { by: stamp, at, .. } => (by(stamp, *at), "Accepted", "green"),
        Fate::Declined { by: stamp, at, reason } => (format!("{}\n{}", by(stamp, *at), seen.said(reason)), "Declined", "red"),
        Fate::Lapsed { at } => (seen.moment(*at), "Lapsed", "red"),
        Fate::Superseded { at } => (seen.moment(*at), "Superseded", "grey"),
    }
}

fn version(seen: &Seen, quote: &Quote) -> Section {
    let terms = &quote.terms;
    let (words, tag, colour) = fate(seen, quote);
    let mut facts = vec![
        Fact::new("State", &words).tag(tag, colour),
        Fact::new("Reference", &format!("{}/Q{}", seen.change().reference, terms.version)),
        Fact::new("Issued", &format!("{}, {}, for revision {}", seen.names.person(quote.issued_by.person), seen.moment(quote.issued_at), terms.revision)),
    ];
    let extended = if quote.extended.is_some() { " (extended once)" } else { "" };
    facts.push(Fact::new("Valid", &format!("{} to the end of {}{extended}", local::day_words(terms.valid_from), local::day_words(quote.valid_to()))));
    facts.extend(terms.assumptions.as_ref().map(|text| Fact::new("Assumptions", &seen.said(text))));
    facts.extend(terms.abort_fee.map(|fee| Fact::new("Fee for cancelling late", &format!("{} without tax", pounds(fee.net_pence)))));
    let mut rows: Vec<Row> = terms
        .lines
        .iter()
        .map(|line| {
            let often = if line.recurs == Recurs::Once { String::new() } else { line.recurs.words().to_owned() };
            Row::new(
                Cell::text(&seen.said(&line.what)).small(&words::sentence_case(line.kind.words())),
                vec![
                    Cell::text(&format!("{} {}", quantity(line.quantity), seen.said(&line.unit))).small(&often),
                    Cell::text(&pounds(line.unit_pence)).small(if line.rate.is_some() { "from the rate card" } else { "" }),
                    Cell::text(&pounds(line.net_pence)),
                    Cell::text(&pounds(line.vat_pence)).small(&per_cent(line.vat_rate)),
                    Cell::text(&pounds(line.net_pence + line.vat_pence)),
                ],
            )
        })
        .collect();
    let sum = [terms.net_pence(), terms.vat_pence(), terms.gross_pence()].map(|pence| Cell::text(&pounds(pence)));
    rows.push(Row::new(Cell::text("Total"), [vec![Cell::text(""), Cell::text("")], sum.to_vec()].concat()));
    let heads = ["Line", "Quantity", "Price of one", "Without tax", "Tax", "With tax"];
    let table = Table::new(&format!("Lines of version {}", terms.version), &heads, rows);
    Section::new(&format!("v{}", terms.version), &format!("Version {}", terms.version)).facts(facts).table(table, "")
}

/// What the latest version has otherwise than the one before it.
fn compared(seen: &Seen, money: &Money) -> Option<Section> {
    let [.., before, after] = money.quotes.as_slice() else { return None };
    let key = |line: &signalbox_core::charge::Line| (line.kind, seen.said(&line.what).to_lowercase());
    let mut rows = vec![];
    for line in &after.terms.lines {
        let was = before.terms.lines.iter().find(|old| key(old) == key(line)).map(|old| old.net_pence);
        if was != Some(line.net_pence) {
            let was = was.map_or("not in it".to_owned(), pounds);
            rows.push(Row::new(Cell::text(&seen.said(&line.what)), vec![Cell::text(&was), Cell::text(&pounds(line.net_pence))]));
        }
    }
    for old in before.terms.lines.iter().filter(|old| !after.terms.lines.iter().any(|line| key(line) == key(old))) {
        rows.push(Row::new(Cell::text(&seen.said(&old.what)), vec![Cell::text(&pounds(old.net_pence)), Cell::text("not in it")]));
    }
    let (was, now) = (before.terms.net_pence(), after.terms.net_pence());
    rows.push(Row::new(Cell::text("Total without tax"), vec![Cell::text(&pounds(was)), Cell::text(&pounds(now)).small(&signed(now - was))]));
    let (old, new) = (format!("Version {}", before.terms.version), format!("Version {}", after.terms.version));
    let table = Table::new("What changed between versions", &["Line", &old, &new], rows);
    Some(Section::new("compared", "What changed").table(table, ""))
}

fn signed(pence: i64) -> String {
    match pence {
        0 => "the same".into(),
        more if more > 0 => format!("{} more", pounds(more)),
        less => format!("{} less", pounds(-less)),
    }
}

/// What comes again: reminded of, not invoiced by itself (spec 9).
fn recurring(seen: &Seen, money: &Money) -> Option<Section> {
    let quote = money.accepted()?;
    let rows: Vec<Row> = quote
        .terms
        .recurring()
        .map(|line| Row::new(Cell::text(&seen.said(&line.what)), vec![Cell::text(line.recurs.words()), Cell::text(&pounds(line.net_pence))]))
        .collect();
    let table = Table::new("What recurs", &["Line", "How often", "Without tax"], rows);
    (!table.rows.is_empty()).then(|| Section::new("recurring", "What recurs").words("Remember these: no invoice is made of them by itself.").table(table, ""))
}

fn report(seen: &Seen, money: &Money) -> Option<Section> {
    let (report, by, at) = money.report.as_ref()?;
    let mut facts = vec![Fact::new("Scope", &seen.said(&report.scope)), Fact::new("Effect on the service", &seen.said(&report.effect))];
    let optional = [
        ("Effect on other services", &report.other_services),
        ("Contract and service levels", &report.contract),
        ("Risk", &report.risk),
        ("Plan", &report.plan),
        ("Depends on", &report.dependencies),
    ];
    facts.extend(optional.into_iter().filter_map(|(label, text)| text.as_ref().map(|text| Fact::new(label, &seen.said(text)))));
    facts.push(Fact::new("Effort", &seen.said(&report.effort)));
    facts.push(Fact::new("Cost", &format!("{} once, {} each year; {}", pounds(report.once_pence), pounds(report.yearly_pence), report.confidence.words())));
    facts.push(Fact::new("Holds until", &local::date_words(report.valid_to)));
    facts.push(Fact::new("By", &format!("{}, approved by {}, {}", seen.names.person(by.person), seen.said(&report.approver), seen.moment(*at))));
    Some(Section::new("impact", "Impact assessment").facts(facts))
}

fn costs(seen: &Seen, money: &Money) -> Option<Section> {
    if money.costs.is_empty() {
        return None;
    }
    let row = |cost: &signalbox_core::charge::Cost| {
        let cells = [
            Cell::text(&words::sentence_case(cost.kind.words())),
            Cell::text(&local::date_words(cost.on)),
            Cell::text(&seen.names.person(cost.by.person)),
            Cell::text(&pounds(cost.net_pence)),
        ];
        Row::new(Cell::text(&seen.said(&cost.what)), cells.to_vec())
    };
    let mut rows: Vec<Row> = money.costs.iter().map(row).collect();
    rows.push(Row::new(Cell::text("Total"), vec![Cell::text(""), Cell::text(""), Cell::text(""), Cell::text(&pounds(money.booked_pence()))]));
    Some(Section::new("costs", "What was spent").table(Table::new("Costs booked", &["What", "Kind", "Day", "Booked by", "Without tax"], rows), ""))
}

fn invoices(seen: &Seen, money: &Money) -> Option<Section> {
    if money.invoices.is_empty() {
        return None;
    }
    let row = |invoice: &Invoice| {
        let bill = &invoice.bill;
        let colour = match invoice.state {
            InvoiceState::Issued => "yellow",
            InvoiceState::Disputed => "red",
            InvoiceState::Paid => "green",
            InvoiceState::Credited => "grey",
        };
        let credited = if invoice.credited.net_pence > 0 { format!("{} credited", pounds(invoice.credited.gross_pence())) } else { String::new() };
        Row::new(
            Cell::text(&format!("{}: {}", invoice.number, seen.said(&bill.reference))).small(&words::sentence_case(bill.of.words())),
            vec![
                Cell::text(&local::date_words(bill.date)).small(&format!("due {}", local::day_words(bill.due))),
                Cell::text(&pounds(bill.amount.gross_pence())).small(&credited),
                Cell::text(&pounds(if invoice.state == InvoiceState::Paid { 0 } else { invoice.due_pence() })),
                Cell::tag(&words::sentence_case(invoice.state.words()), colour),
            ],
        )
    };
    let rows = money.invoices.iter().map(row).collect();
    Some(Section::new("invoices", "Invoices").table(Table::new("Invoices", &["Invoice", "Date", "With tax", "To be paid", "State"], rows), ""))
}

const HEADS: &[&str] = &[
    "quote_ref",
    "version",
    "revision",
    "state",
    "valid_from",
    "valid_to",
    "line",
    "kind",
    "what",
    "quantity",
    "unit",
    "unit_price",
    "net",
    "vat_rate",
    "vat",
    "gross",
    "recurs",
    "rate",
];

/// Every line of every version as a file, in pounds and pence.
pub async fn download(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let seen = read(&app, &visitor, &reference)?;
    let mut lines: Vec<Vec<String>> = vec![];
    for quote in &seen.change().money.quotes {
        let terms = &quote.terms;
        for (n, line) in terms.lines.iter().enumerate() {
            lines.push(vec![
                format!("{}/Q{}", seen.change().reference, terms.version),
                terms.version.to_string(),
                terms.revision.to_string(),
                signalbox_store::project::money::fate_code(&quote.fate).to_owned(),
                terms.valid_from.to_string(),
                quote.valid_to().to_string(),
                (n + 1).to_string(),
                line.kind.code().to_owned(),
                seen.said(&line.what),
                quantity(line.quantity),
                seen.said(&line.unit),
                plain(line.unit_pence),
                plain(line.net_pence),
                quantity(line.vat_rate),
                plain(line.vat_pence),
                plain(line.net_pence + line.vat_pence),
                line.recurs.code().to_owned(),
                line.rate.map(|rate| rate.to_string()).unwrap_or_default(),
            ]);
        }
    }
    let name = format!("{}-quotes.csv", seen.change().reference.to_lowercase());
    Ok(csv::download(&app, &name, HEADS, move |_, rows| lines.iter().try_for_each(|line| rows.row(line))))
}
