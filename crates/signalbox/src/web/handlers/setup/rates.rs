//! The rate card: what the supplier charges, from a day to a day (C133).

use jiff::civil::Date;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::charge::money::{VAT_RATES, parse, per_cent, pounds, quantity};
use signalbox_core::charge::rates::{RateKind, Span};
use signalbox_store::directory::{self, Rate};
use signalbox_store::page::{Cursor, Page};

use super::{Register, organisation_choices};
use crate::app::App;
use crate::web::form::Form;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words::sentence_case;

/// `/setup/rates`. A price stays as it was quoted; it is ended, and a new one follows it.
pub struct Rates;

/// The suppliers whose card this visitor keeps: an administrator every one, commercial people their own.
fn own(app: &App, visitor: &Visitor) -> Result<Vec<directory::Organisation>, Failure> {
    let own = visitor.orgs_with(Role::Commercial);
    let page = Page { limit: 500, ..Page::default() };
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, Some(OrgKind::Supplier), &page))?;
    let is_own = |org: &directory::Organisation| visitor.holds(Role::Administrator) || own.iter().any(|o| o.0 == org.id);
    Ok(all.items.into_iter().filter(is_own).collect())
}

impl Register for Rates {
    const PATH: &'static str = "/setup/rates";
    const MANY: &'static str = "Rate card";
    const ONE: &'static str = "price";
    const WHY: &'static str = "What the supplier charges, from which day to which";

    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        if visitor.holds(Role::Administrator) || visitor.holds(Role::Commercial) {
            return Ok(());
        }
        Err(Failure::denied("spec 9", "Administrators and the supplier’s commercial people keep the rate card."))
    }

    fn list(app: &App, visitor: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let today = signalbox_core::calendar::local_date(app.clock.now(), &signalbox_core::calendar::london());
        let orgs = own(app, visitor)?;
        let rates = app.read::<_, Failure>(|tx| {
            let mut all = vec![];
            for org in &orgs {
                all.extend(directory::rates(tx, org.id)?.into_iter().map(|rate| (org.name.clone(), rate)));
            }
            Ok(all)
        })?;
        let wanted = page.filter.trim().to_lowercase();
        let fits = |rate: &Rate| wanted.is_empty() || rate.label.to_lowercase().contains(&wanted);
        let rows = rates.iter().filter(|(_, rate)| fits(rate)).map(|(org, rate)| {
            let span = &rate.span;
            let days = span.to.map_or(format!("from {}", day(span.from)), |to| format!("{} to {}", day(span.from), day(to)));
            let state = match (span.holds(today), span.from > today) {
                (true, _) => Cell::tag("Holds", "green"),
                (false, true) => Cell::tag("To come", "blue"),
                (false, false) => Cell::tag("Over", "grey"),
            };
            Row::new(
                Cell::link(&rate.label, &format!("{}/{}", Self::PATH, rate.id)).small(&format!("{org}, {}", rate.kind.words())),
                vec![
                    Cell::text(&format!("{} a {}", pounds(rate.unit_pence), rate.unit)).small(&format!("tax {}", per_cent(rate.vat_rate))),
                    Cell::text(&days),
                    state,
                ],
            )
        });
        Ok((Table::new(Self::MANY, &["What", "Price without tax", "Days", "State"], rows.collect()), None))
    }

    fn fields(app: &App, visitor: &Visitor, is_new: bool) -> Result<Vec<Field>, Failure> {
        let to = Field::input("date", "to_day", "Last day", "").width("w10");
        if !is_new {
            return Ok(vec![to.hint("After it the price is not offered any more. Quotes made from it keep it.")]);
        }
        let mut fields = vec![];
        let orgs = own(app, visitor)?;
        if orgs.len() > 1 {
            let choices =
                organisation_choices(app)?.into_iter().filter(|choice| choice.value.is_empty() || orgs.iter().any(|o| o.id.to_string() == choice.value));
            fields.push(Field::select("org", "Supplier", choices.collect()));
        }
        let kinds = RateKind::ALL.iter().map(|kind| Choice::new(kind.code(), &sentence_case(kind.words()))).collect();
        let rates = VAT_RATES.iter().map(|rate| Choice::new(&quantity(*rate), &per_cent(*rate))).collect();
        fields.extend([
            Field::select("kind", "Kind", kinds),
            Field::text("label", "Grade or thing", "").hint("For an entry of the catalogue, its id."),
            Field::text("unit", "Unit", "").hint("Such as day, hour or piece.").width("w10"),
            Field::text("price", "Price of one, without tax, in pounds", "").width("w10"),
            Field::select("vat", "Tax", rates),
            Field::input("date", "from_day", "First day", "").width("w10"),
            to.optional().hint("Leave it empty if no end is known."),
        ]);
        Ok(fields)
    }

    fn load(app: &App, visitor: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let rate = find(app, visitor, id)?;
        let to = rate.span.to.map(|to| to.to_string()).unwrap_or_default();
        Ok((rate.label, Form::of([("to_day", to)])))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let mut faults = vec![];
        if let Some(id) = id {
            find(app, visitor, id)?;
            let Some(to) = date(form, "to_day", true, &mut faults) else { return Err(Failure::Invalid(faults)) };
            return app.attempt(move |tx| directory::end_rate(tx, &act, id, to));
        }
        let orgs = own(app, visitor)?;
        let org = match orgs.as_slice() {
            [only] => Some(only.id),
            many => many.iter().find(|o| o.id.to_string() == form.text("org")).map(|o| o.id),
        };
        let kind = RateKind::from_code(form.text("kind"));
        let price = parse(form.text("price"));
        let rate = form.text("vat").parse::<i64>().ok().map(|rate| rate * 100).filter(|rate| VAT_RATES.contains(rate));
        let (from, to) = (date(form, "from_day", true, &mut faults), date(form, "to_day", false, &mut faults));
        let mut need = |ok: bool, field: &str, words: &str| {
            if !ok {
                faults.push(Fault::of(field, "answer-missing", words));
            }
        };
        need(org.is_some(), "org", "Choose the supplier whose price it is.");
        need(kind.is_some(), "kind", "Choose a kind.");
        need(!form.text("label").is_empty(), "label", "Say what the price is for.");
        need(!form.text("unit").is_empty(), "unit", "Say what one is, such as day.");
        need(price.is_some(), "price", "Enter an amount in pounds and pence, such as 1,250.00.");
        need(rate.is_some(), "vat", "Choose a rate of tax.");
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            faults.push(Fault::of("to_day", "before-start", "Enter a last day that is not before the first."));
        }
        let (Some(org_id), Some(kind), Some(unit_pence), Some(vat_rate), Some(from), true) = (org, kind, price, rate, from, faults.is_empty()) else {
            return Err(Failure::Invalid(faults));
        };
        let row = Rate {
            id: app.ids.mint(act.at),
            org_id,
            kind,
            label: form.text("label").into(),
            unit: form.text("unit").into(),
            unit_pence,
            vat_rate,
            span: Span { from, to },
        };
        let others = app.read::<_, Failure>(|tx| directory::rates(tx, org_id))?;
        if let Some(other) = others.iter().find(|other| other.prices_the_same(&row) && other.span.overlaps(&row.span)) {
            let until = other.span.to.map_or("without end".to_owned(), |to| format!("to {}", day(to)));
            let detail = format!("“{}” has a price from {} {until} already. End that one first, or begin after it.", other.label, day(other.span.from));
            return Err(Failure::invalid(Fault::of("from_day", "overlaps", detail)));
        }
        app.attempt(move |tx| directory::add_rate(tx, &act, &row))
    }
}

fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// A day typed; a fault where it is none, or missing.
fn date(form: &Form, field: &str, required: bool, faults: &mut Vec<Fault>) -> Option<Date> {
    let typed = form.text(field);
    if typed.is_empty() && !required {
        return None;
    }
    let found = typed.parse().ok();
    if found.is_none() {
        faults.push(Fault::of(field, "not-a-date", "Enter a day, such as 1 April 2027."));
    }
    found
}

fn find(app: &App, visitor: &Visitor, id: i64) -> Result<Rate, Failure> {
    let orgs = own(app, visitor)?;
    let found = app.read::<_, Failure>(|tx| directory::rate(tx, id))?;
    found.filter(|rate| orgs.iter().any(|org| org.id == rate.org_id)).ok_or(Failure::NotFound)
}
