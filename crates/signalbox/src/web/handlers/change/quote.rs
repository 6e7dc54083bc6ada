//! Writing a quote: rows of lines without a script, a row more at the press of a button, sums shown, prices of the
//! rate card offered.

use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::calendar;
use signalbox_core::charge::fields::{LINES, VAT};
use signalbox_core::charge::money::{line_net, parse, parse_quantity, plain, pounds, quantity, vat};
use signalbox_core::charge::{LineKind, Recurs};
use signalbox_core::form::Raw;
use signalbox_store::directory::{self, Rate};

use super::Seen;
use crate::app::App;
use crate::web::pages::quote::{LineDrawn, QuotePage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::page_with;
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

/// The buttons that draw the form again and issue nothing.
pub const AGAIN: &[&str] = &["add_row", "sums"];
/// How many rows stand there at first.
const ROWS_AT_FIRST: usize = 3;

/// The prices that hold today, of the suppliers that the actor quotes for.
fn rates(app: &App, seen: &Seen) -> Result<Vec<Rate>, Failure> {
    let today = calendar::local_date(seen.now, &calendar::london());
    let mut orgs: Vec<i64> = seen.actor.memberships().iter().filter(|m| m.role == Role::Commercial).map(|m| m.org.0).collect();
    orgs.dedup();
    app.read::<_, Failure>(|tx| {
        let mut all = vec![];
        for org in &orgs {
            all.extend(directory::rates_on(tx, *org, today)?);
        }
        Ok(all)
    })
}

/// What stands in the form at first: the lines of the latest version, so that a new one is written from it.
fn at_first(seen: &Seen) -> Raw {
    let mut raw = Raw::new();
    let Some(quote) = seen.change().money.quotes.last() else { return raw };
    for (n, line) in quote.terms.lines.iter().enumerate() {
        let mut put = |part: &str, value: String| drop(raw.insert(format!("line_{}_{part}", n + 1), vec![value]));
        put("kind", line.kind.code().into());
        put("what", seen.said(&line.what));
        put("quantity", quantity(line.quantity));
        put("unit", seen.said(&line.unit));
        put("price", plain(line.unit_pence));
        put("vat", (line.vat_rate / 100).to_string());
        put("recurs", line.recurs.code().into());
    }
    if let Some(fee) = quote.terms.abort_fee {
        raw.insert("abort_fee".into(), vec![plain(fee.net_pence)]);
    }
    raw
}

fn typed<'a>(raw: &'a Raw, id: &str) -> &'a str {
    raw.get(id).and_then(|values| values.first()).map_or("", |value| value.trim())
}

/// The form, fresh, as typed, or with what is wrong.
pub(super) fn draw(app: &App, visitor: &Visitor, seen: &Seen, given: Option<(&Raw, &[Fault])>, adds_row: bool) -> Result<Response, Failure> {
    let rates = rates(app, seen)?;
    let (raw, faults) = given.map_or_else(|| (at_first(seen), vec![]), |(raw, faults)| (raw.clone(), faults.to_vec()));
    let used = (1..=LINES).rev().find(|n| raw.iter().any(|(id, values)| id.starts_with(&format!("line_{n}_")) && values.iter().any(|v| !v.trim().is_empty())));
    let asked: usize = typed(&raw, "rows").parse().unwrap_or(ROWS_AT_FIRST);
    let rows = asked.max(used.unwrap_or(0)).max(ROWS_AT_FIRST) + usize::from(adds_row);
    let rows = rows.min(LINES);
    let lines: Vec<LineDrawn> = (1..=rows).map(|n| line(&raw, &faults, &rates, n)).collect();
    let (net, tax) = lines.iter().fold((0, 0), |(net, tax), line| (net + line.net_pence, tax + line.vat_pence));
    let others = others(&raw, &faults);
    let change = seen.change();
    let next = change.money.quotes.last().map_or(1, |quote| quote.terms.version + 1);
    let fields = lines.iter().flat_map(|line| line.fields.iter()).chain(&others).cloned().collect::<Vec<_>>();
    let summary = super::summary(&fields, &faults);
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(
        status,
        &QuotePage {
            shell: seen.shell(app, visitor, &format!("{}: {}", words::act_title(Act::Quote), change.reference)),
            lede: format!("Version {next} for {}", seen.title()),
            faults: summary,
            facts: seen.key_facts(),
            action: format!("{}/acts/quote", seen.address()),
            key: app.ids.token().to_hex(),
            version: change.version,
            rows,
            can_add: rows < LINES,
            net: pounds(net),
            vat: pounds(tax),
            gross: pounds(net + tax),
            lines,
            fields: others,
            panel: super::money::panel(seen),
        },
    ))
}

fn own_fault(faults: &[Fault], id: &str) -> Option<String> {
    faults.iter().find(|fault| fault.field.as_deref() == Some(id)).map(|fault| fault.detail.clone())
}

fn line(raw: &Raw, faults: &[Fault], rates: &[Rate], n: usize) -> LineDrawn {
    let id = |part: &str| format!("line_{n}_{part}");
    let value = |part: &str| typed(raw, &id(part)).to_owned();
    let fault = |part: &str| own_fault(faults, &id(part));
    let select = |part: &str, label: &str, choices: Vec<Choice>| {
        let given = value(part);
        Field::select(&id(part), label, Choice::choose(choices, &[given.as_str()])).error(fault(part))
    };
    let text = |part: &str, label: &str| Field::text(&id(part), label, &value(part)).error(fault(part));
    let empty = |words: &str| Choice::new("", words);
    let kinds = std::iter::once(empty("Choose")).chain(LineKind::ALL.iter().map(|k| Choice::new(k.code(), &words::sentence_case(k.words())))).collect();
    let taxes = std::iter::once(empty("Choose")).chain(VAT.iter().map(|rate| Choice::new(rate, &format!("{rate} %")))).collect();
    let often = Recurs::ALL.iter().map(|r| Choice::new(if *r == Recurs::Once { "" } else { r.code() }, &words::sentence_case(r.words()))).collect();
    let mut fields = vec![];
    if !rates.is_empty() {
        let offered = rates.iter().map(|rate| Choice::new(&rate.id.to_string(), &format!("{}, {} a {}", rate.label, pounds(rate.unit_pence), rate.unit)));
        fields.push(select("rate", "From the rate card", std::iter::once(empty("No")).chain(offered).collect()));
    }
    fields.extend([
        text("what", "What it is for"),
        select("kind", "Kind", kinds),
        text("quantity", "Quantity").width("w4"),
        text("unit", "Unit").width("w5"),
        text("price", "Price of one (£)").width("w10"),
        select("vat", "Tax", taxes),
        select("recurs", "How often", often),
    ]);
    let (net_pence, vat_pence) = sums(raw, rates, n).unwrap_or_default();
    LineDrawn {
        number: n,
        fields,
        net_pence,
        vat_pence,
        sum: if net_pence > 0 { format!("{} without tax, {} tax", pounds(net_pence), pounds(vat_pence)) } else { String::new() },
    }
}

/// What the line comes to as it is typed, by the core's own arithmetic.
fn sums(raw: &Raw, rates: &[Rate], n: usize) -> Option<(i64, i64)> {
    let value = |part: &str| typed(raw, &format!("line_{n}_{part}"));
    let rate = value("rate").parse().ok().and_then(|id: i64| rates.iter().find(|rate| rate.id == id));
    let quantity = if value("quantity").is_empty() { 100 } else { parse_quantity(value("quantity"))? };
    let price = if value("price").is_empty() { rate?.unit_pence } else { parse(value("price"))? };
    let tax = if value("vat").is_empty() { rate.map_or(0, |rate| rate.vat_rate) } else { value("vat").parse::<i64>().ok()? * 100 };
    let net = line_net(quantity, price);
    Some((net, vat(net, tax)))
}

fn others(raw: &Raw, faults: &[Fault]) -> Vec<Field> {
    let label = words::field_label;
    let hinted = |field: Field, id: &str| field.hint(words::field_hint(Act::Quote, id)).error(own_fault(faults, id)).optional();
    vec![
        hinted(Field::input("date", "valid_to", &label("valid_to"), typed(raw, "valid_to")).width("w10"), "valid_to"),
        hinted(Field::text("abort_fee", &label("abort_fee"), typed(raw, "abort_fee")).width("w10"), "abort_fee"),
        Field::textarea("assumptions", &label("assumptions"), typed(raw, "assumptions")).rows(3).error(own_fault(faults, "assumptions")).optional(),
    ]
}
