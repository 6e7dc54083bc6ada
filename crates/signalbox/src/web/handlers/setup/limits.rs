//! What each finance approver may agree to, and whether orders cover the tax (spec 9).

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::charge::money::{parse, plain, pounds};
use signalbox_store::directory::{self, Approver};
use signalbox_store::page::Page;

use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::handlers::{filled, id, summary};
use crate::web::layout::{Place, Shell};
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// `/setup/limits`.
pub const PATH: &str = "/setup/limits";
/// What the list is called on the page of all lists, and what it is for.
pub const LINE: (&str, &str) = ("Spending limits", "What finance approvers may agree to, and how a trust orders");

/// The trusts whose limits this visitor sets: an administrator every one, a coordinator their own.
fn own(app: &App, visitor: &Visitor) -> Result<Vec<directory::Organisation>, Failure> {
    admit(visitor)?;
    let own = visitor.orgs_with(Role::Coordinator);
    let page = Page { limit: 500, ..Page::default() };
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, Some(OrgKind::Trust), &page))?;
    let is_own = |org: &directory::Organisation| visitor.holds(Role::Administrator) || own.iter().any(|o| o.0 == org.id);
    Ok(all.items.into_iter().filter(is_own).collect())
}

/// Whether this visitor may set limits at all.
pub fn admit(visitor: &Visitor) -> Result<(), Failure> {
    if visitor.holds(Role::Administrator) || visitor.holds(Role::Coordinator) {
        return Ok(());
    }
    Err(Failure::denied("spec 9", "Administrators set spending limits, and a trust’s coordinator those of their own trust."))
}

fn shell(app: &App, visitor: &Visitor, title: &str, is_below: bool) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Elsewhere);
    shell.crumbs.push(("Set-up".into(), "/setup".into()));
    if is_below {
        shell.crumbs.push((LINE.0.into(), PATH.into()));
    }
    shell
}

fn limit_words(limit: Option<i64>) -> String {
    limit.map_or("Not set: may agree to nothing".into(), pounds)
}

/// Every trust with its finance approvers.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let orgs = own(&app, &visitor)?;
    let mut rows = vec![];
    for org in &orgs {
        let (people, tax) = app.read::<_, Failure>(|tx| Ok((directory::approvers(tx, org.id)?, directory::orders_cover_tax(tx, org.id)?)))?;
        let basis = if tax { "orders cover the tax" } else { "orders are without tax" };
        let limits = people.iter().map(|p| format!("{}: {}", p.name, limit_words(p.limit_pence))).collect::<Vec<_>>().join("; ");
        let limits = if limits.is_empty() { "No finance approver".to_owned() } else { limits };
        rows.push(Row::new(Cell::link(&org.name, &format!("{PATH}/{}", org.id)), vec![Cell::text(&limits), Cell::text(basis)]));
    }
    Ok(page(&ListPage {
        shell: shell(&app, &visitor, LINE.0, false),
        lede: "What each finance approver may agree to, without tax. Whoever has no limit agrees to nothing.".into(),
        sections: vec![Section::new("limits", LINE.0).table(Table::new(LINE.0, &["Trust", "Limits", "Orders"], rows), "There is no trust.")],
        ..ListPage::default()
    }))
}

fn one(app: &App, visitor: &Visitor, text: &str) -> Result<(directory::Organisation, Vec<Approver>, bool), Failure> {
    let wanted = id(text)?;
    let org = own(app, visitor)?.into_iter().find(|org| org.id == wanted).ok_or(Failure::NotFound)?;
    let (people, tax) = app.read::<_, Failure>(|tx| Ok((directory::approvers(tx, org.id)?, directory::orders_cover_tax(tx, org.id)?)))?;
    Ok((org, people, tax))
}

fn fields(people: &[Approver], tax: bool) -> Vec<Field> {
    let field = |p: &Approver| {
        let words = format!("{}, in pounds", p.name);
        Field::text(&format!("limit_{}", p.person), &words, &p.limit_pence.map(plain).unwrap_or_default()).optional().width("w10")
    };
    let mut fields: Vec<Field> = people.iter().map(field).collect();
    let choices = vec![Choice::new("net", "The price without tax").chosen(!tax), Choice::new("gross", "The price with tax").chosen(tax)];
    fields.push(Field::radios("basis", "What does an order have to cover?", choices));
    fields
}

fn draw(app: &App, visitor: &Visitor, org: &directory::Organisation, people: &[Approver], fields: Vec<Field>) -> FormPage {
    let who = if people.is_empty() { "Nobody is finance approver here. Give somebody the role first." } else { "" };
    FormPage {
        shell: shell(app, visitor, &format!("{}: {}", LINE.0, org.name), true),
        warning: Some(who.to_owned()).into_iter().filter(|words| !words.is_empty()).collect(),
        facts: vec![Fact::new("Trust", &org.name)],
        form: parts::Form::new(&format!("{PATH}/{}", org.id), "Save", fields),
        ..FormPage::default()
    }
}

/// The limits of one trust.
pub async fn show_one(State(app): State<Shared>, visitor: Visitor, Path(org): Path<String>) -> Result<Response, Failure> {
    let (org, people, tax) = one(&app, &visitor, &org)?;
    Ok(page(&draw(&app, &visitor, &org, &people, fields(&people, tax))))
}

/// Saves them; what did not change stays as it is.
pub async fn save(State(app): State<Shared>, visitor: Visitor, Path(org): Path<String>, form: Form) -> Result<Response, Failure> {
    let (org, people, tax) = one(&app, &visitor, &org)?;
    let names: Vec<String> = people.iter().map(|p| format!("limit_{}", p.person)).chain(["basis".to_owned()]).collect();
    form.only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let own = visitor.person()?.0;
    let (mut faults, mut wanted) = (vec![], vec![]);
    for approver in &people {
        let name = format!("limit_{}", approver.person);
        let typed = form.text(&name);
        match parse(typed) {
            _ if typed.is_empty() && approver.limit_pence.is_none() => {}
            Some(pence) if Some(pence) == approver.limit_pence => {}
            Some(_) if approver.person == own => faults.push(Fault::of(&name, "self-grant", "Ask somebody else: nobody sets their own limit.")),
            Some(pence) => wanted.push((approver.person, pence)),
            None => faults.push(Fault::of(&name, "not-an-amount", "Enter an amount in pounds and pence, such as 10,000.00; 0 takes the right away.")),
        }
    }
    let covers = match form.text("basis") {
        "net" => false,
        "gross" => true,
        _ => {
            faults.push(Fault::of("basis", "choose-one", "Choose what an order has to cover."));
            tax
        }
    };
    if !faults.is_empty() {
        let drawn = filled(fields(&people, tax), &form, &faults);
        let view = FormPage { faults: summary(&drawn, &faults), ..draw(&app, &visitor, &org, &people, drawn) };
        return Ok(page_with(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &view));
    }
    for (person, pence) in wanted {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        app.attempt(move |tx| directory::set_spending_limit(tx, &act, person, org.id, pence))?;
    }
    if covers != tax {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        app.attempt(move |tx| directory::set_orders_cover_tax(tx, &act, org.id, covers))?;
    }
    Ok(done(&app, PATH, "The limits are saved."))
}
