//! the charge pipeline, the monthly review of money that nobody has agreed (X9), and invoices as a file with
//! control totals (C135). Each holds what the reader sees of money and no more.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::charge::InvoiceState;
use signalbox_core::charge::money::{plain, pounds};
use signalbox_store::queries::charges::{self as store, ChargeFilter, InvoiceRow, QuoteRow};
use signalbox_store::scope::Scope;

use super::Wanted;
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::schedule::Names;
use crate::web::layout::Place;
use crate::web::parts::{Cell, Fact, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Field, Link};
use crate::web::visitor::Visitor;
use crate::words::{counted, sentence_case};

/// The page shows the first of them; the file holds all.
const ROWS_MAX: usize = 200;

/// Whoever sees no money at all has no such report.
fn reader(visitor: &Visitor) -> Result<Scope, Failure> {
    let scope = Scope::of(&visitor.actor()?);
    if scope.money().is_blind() { Err(Failure::NotFound) } else { Ok(scope) }
}

fn day(at: Timestamp) -> Date {
    calendar::local_date(at, &calendar::london())
}

fn day_cell(at: Option<Timestamp>) -> String {
    at.map(|at| day(at).to_string()).unwrap_or_default()
}

fn filter(wanted: &Wanted) -> ChargeFilter {
    ChargeFilter { from: wanted.filter.from, until: wanted.filter.until, organisation: wanted.filter.organisation }
}

/// What the reader is shown of the address: period, end and organisation.
fn filters(wanted: &Wanted, names: &Names, action: &str) -> Filters {
    let drawn = wanted.filters(action, names, false);
    let selects = drawn.selects.into_iter().filter(|select| matches!(select.name, "period" | "organisation"));
    Filters {
        action: action.into(),
        fields: selects.map(|select| Field::select(select.name, select.label, select.choices)).collect(),
        dropped: drawn.dropped,
        clear: String::new(),
    }
}

fn fate(row: &QuoteRow, now: Timestamp) -> (&'static str, &'static str) {
    match row.fate.as_str() {
        "open" if now >= row.lapses_at => ("Lapsed", "red"),
        "open" => ("Open", "yellow"),
        "accepted" => ("Accepted", "green"),
        "declined" => ("Declined", "red"),
        "lapsed" => ("Lapsed", "red"),
        _ => ("Superseded", "grey"),
    }
}

fn per_cent(tenths: i64) -> String {
    format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10)
}

fn drawn(row: &QuoteRow, now: Timestamp) -> Row {
    let (label, colour) = fate(row, now);
    let left = (row.fate == "open").then(|| store::days_left(&row.valid_to, day(now))).flatten();
    let until = row.valid_to.parse::<Date>().map_or(row.valid_to.clone(), |to| to.strftime("%-d %b %Y").to_string());
    let left = left.map_or(String::new(), |days| format!("{} left", counted(days, "day")));
    let booked = if row.fate == "accepted" { pounds(row.booked_pence) } else { String::new() };
    let over = row.variance_tenths().map_or(String::new(), |tenths| format!("{} %", per_cent(tenths)));
    let paid = if row.invoiced_pence > 0 { pounds(row.invoiced_pence) } else { String::new() };
    let paid_note = if row.invoiced_pence > 0 { format!("{} paid", pounds(row.paid_pence)) } else { String::new() };
    Row::new(
        Cell::link(&format!("{} version {}", row.reference, row.version), &format!("/changes/{}/quotes#v{}", row.reference, row.version)).small(&row.title),
        vec![
            Cell::text(&row.org.name),
            Cell::text(&pounds(row.net_pence)).small(&format!("{} with tax", pounds(row.net_pence + row.vat_pence))),
            Cell::text(&until).small(&left),
            Cell::tag(label, colour).small(row.state.words()),
            Cell::text(&row.po),
            Cell::text(&booked).small(&over),
            Cell::text(&paid).small(&paid_note),
        ],
    )
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let (wanted, names, rows, invoices, open) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let wanted = Wanted::read(&query, &names, now, &zone);
        let rows = store::quotes(tx, &scope, &filter(&wanted))?;
        let invoices = store::invoices(tx, &scope, &filter(&wanted))?;
        Ok((wanted, names, rows, invoices, store::open(tx, &scope)?.len()))
    })?;
    let mut shell = visitor.shell(&app, "Charge pipeline", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    let is_open = |row: &&QuoteRow| row.fate == "open" && now < row.lapses_at;
    let waiting: i64 = rows.iter().filter(is_open).map(|row| row.net_pence).sum();
    let agreed: i64 = rows.iter().filter(|row| row.fate == "accepted").map(|row| row.net_pence).sum();
    let unpaid: i64 = invoices.iter().filter(|i| i.state == InvoiceState::Issued).map(left).sum();
    let mut facts = vec![
        Fact::new("Quotes that wait for an answer", &format!("{}, {} without tax", rows.iter().filter(is_open).count(), pounds(waiting))),
        Fact::new("Accepted", &format!("{} without tax", pounds(agreed))),
        Fact::new("Invoiced and not paid", &format!("{} with tax", pounds(unpaid))),
        Fact::new("For the monthly review", &counted(open as i64, "change")).link("Read them", "/reports/money-review"),
    ];
    facts.extend(kpi(&rows));
    let shown: Vec<Row> = rows.iter().take(ROWS_MAX).map(|row| drawn(row, now)).collect();
    let heads = ["Quote", "Trust", "Without tax", "Valid to the end of", "State", "Order", "Booked", "Invoiced"];
    let more = if rows.len() > ROWS_MAX { format!(" The page shows {ROWS_MAX} of {}; the CSV holds all.", rows.len()) } else { String::new() };
    Ok(page(&ListPage {
        shell,
        lede: format!("{}. {}.{more}", wanted.span_words(), counted(rows.len() as i64, "quote")),
        actions: vec![
            Link::new("CSV", &format!("/reports/charges.csv{}", wanted.query())),
            Link::new("Invoices as CSV", &format!("/reports/invoices.csv{}", wanted.query())),
        ],
        filters: Some(filters(&wanted, &names, "/reports/charges")),
        sections: vec![
            Section::new("sums", "In short").facts(facts),
            Section::new("quotes", "Quotes").table(Table::new("Quotes, the latest first", &heads, shown), "No quote was issued in this time."),
        ],
        ..ListPage::default()
    }))
}

/// K15: how many are accepted and how many lapse, of those issued; too few make no percentage (spec 12).
fn kpi(rows: &[QuoteRow]) -> Option<Fact> {
    let of = |fate: &str| rows.iter().filter(|row| row.fate == fate).count();
    (!rows.is_empty())
        .then(|| Fact::new("Of those issued", &format!("{} accepted, {} declined, {} lapsed, of {}", of("accepted"), of("declined"), of("lapsed"), rows.len())))
}

fn left(row: &InvoiceRow) -> i64 {
    row.net_pence + row.vat_pence - row.credited_net - row.credited_vat
}

/// Money that nobody has agreed. Nobody's silence agrees it, so it is gone through once a month (X9).
pub async fn review(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let (scope, now) = (reader(&visitor)?, app.clock.now());
    let rows = app.read::<_, Failure>(|tx| store::open(tx, &scope))?;
    let mut shell = visitor.shell(&app, "Monthly review of money", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into()), ("Charge pipeline".into(), "/reports/charges".into())];
    let table_row = |row: &store::OpenRow| {
        let days = now.duration_since(row.since).as_hours() / 24;
        let contested = if row.contested { "contested" } else { "" };
        let cells = vec![
            Cell::text(&row.org.name),
            Cell::text(row.stage.words()),
            Cell::tag(row.state.words(), "yellow").small(contested),
            Cell::text(&counted(days, "day")),
        ];
        Row::new(Cell::link(&row.reference, &format!("/changes/{}#money", row.reference)).small(&row.title), cells)
    };
    let drawn: Vec<Row> = rows.iter().map(table_row).collect();
    let table = Table::new("Money that nobody has agreed", &["Change", "Trust", "Stage", "Charge", "Since"], drawn);
    Ok(page(&ListPage {
        shell,
        lede: format!("{}. Silence agrees to nothing, so each is decided here, by people.", sentence_case(&counted(rows.len() as i64, "change"))),
        sections: vec![Section::new("open", "To be decided").table(table, "Nothing is open: all money is agreed, or there is none.")],
        ..ListPage::default()
    }))
}

const HEADS: &[&str] = &[
    "rfc_ref",
    "trust",
    "quote_ref",
    "version",
    "net",
    "vat",
    "gross",
    "issued",
    "valid_to",
    "days_left",
    "state",
    "po",
    "authorised_on",
    "delivered_on",
    "invoiced",
    "paid",
    "variance_pct",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let wanted = Wanted::read(&query, &names, now, &zone);
    Ok(csv::download(&app, "charge-pipeline.csv", HEADS, move |tx, rows| {
        for row in store::quotes(tx, &scope, &filter(&wanted))? {
            let left = (row.fate == "open").then(|| store::days_left(&row.valid_to, day(now))).flatten();
            let (label, _) = fate(&row, now);
            rows.row(&[
                row.reference.clone(),
                row.org.code.clone(),
                format!("{}/Q{}", row.reference, row.version),
                row.version.to_string(),
                plain(row.net_pence),
                plain(row.vat_pence),
                plain(row.net_pence + row.vat_pence),
                day(row.issued_at).to_string(),
                row.valid_to.clone(),
                left.map(|days| days.to_string()).unwrap_or_default(),
                label.to_lowercase(),
                row.po.clone(),
                day_cell(row.authorised_at),
                day_cell(row.delivered_at),
                plain(row.invoiced_pence),
                plain(row.paid_pence),
                row.variance_tenths().map(per_cent).unwrap_or_default(),
            ])?;
        }
        Ok(())
    }))
}

const INVOICE_HEADS: &[&str] = &[
    "rfc_ref",
    "trust",
    "invoice",
    "supplier_invoice",
    "for",
    "quote_version",
    "date",
    "due",
    "net",
    "vat",
    "gross",
    "credited_net",
    "credited_vat",
    "left",
    "state",
    "paid_on",
    "overdue_wd",
];

/// Invoices and payments, with their control total as the last row: what is invoiced, credited, paid and left add up.
pub async fn invoices(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let wanted = Wanted::read(&query, &names, now, &zone);
    Ok(csv::download(&app, "invoices.csv", INVOICE_HEADS, move |tx, rows| {
        let calendar = Calendar::shipped(Division::EnglandAndWales);
        let (mut net, mut vat, mut credited_net, mut credited_vat, mut open, mut count) = (0, 0, 0, 0, 0, 0);
        for row in store::invoices(tx, &scope, &filter(&wanted))? {
            let is_open = matches!(row.state, InvoiceState::Issued | InvoiceState::Disputed);
            let still = if is_open { left(&row) } else { 0 };
            let overdue = row.due.parse::<Date>().ok().filter(|due| is_open && *due < day(now));
            count += 1;
            net += row.net_pence;
            vat += row.vat_pence;
            credited_net += row.credited_net;
            credited_vat += row.credited_vat;
            open += still;
            rows.row(&[
                row.reference.clone(),
                row.org.code.clone(),
                row.number.to_string(),
                row.their_number.clone(),
                row.of.code().to_owned(),
                row.version.map(|v| v.to_string()).unwrap_or_default(),
                row.date.clone(),
                row.due.clone(),
                plain(row.net_pence),
                plain(row.vat_pence),
                plain(row.net_pence + row.vat_pence),
                plain(row.credited_net),
                plain(row.credited_vat),
                plain(still),
                row.state.code().to_owned(),
                row.paid_on.clone().unwrap_or_default(),
                overdue.map(|due| calendar.working_days_between(due, day(now)).to_string()).unwrap_or_default(),
            ])?;
        }
        let sums = [net, vat, net + vat, credited_net, credited_vat, open].map(plain);
        let mut total = vec!["TOTAL".to_owned(), String::new(), count.to_string()];
        total.extend(std::iter::repeat_n(String::new(), 5));
        total.extend(sums);
        total.extend(std::iter::repeat_n(String::new(), 3));
        rows.row(&total)
    }))
}
