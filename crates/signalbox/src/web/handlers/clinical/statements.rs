//! `/clinical/statements`: what safety officers agreed beforehand, so that routine work on a service used in direct
//! care can be screened by whoever does it (X8).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use signalbox_core::calendar::{self, local};
use signalbox_store::accounts;
use signalbox_store::directory::{self, Statement};
use signalbox_store::page::Page;

use super::super::{filled, summary};
use super::officer;
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::handlers::setup::{check, names};
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::Visitor;

const PATH: &str = "/clinical/statements";

/// The list.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    officer(&visitor)?;
    let today = calendar::london().to_datetime(app.clock.now()).date();
    let rows = app.read::<_, Failure>(|tx| {
        let mut rows = vec![];
        for statement in directory::agreed_statements(tx)? {
            let mut services = vec![];
            for id in &statement.services {
                services.extend(directory::service(tx, *id)?.map(|service| service.name));
            }
            let by = accounts::person(tx, statement.agreed_by)?.map(|person| person.name).unwrap_or_default();
            rows.push((statement, services.join("\n"), by));
        }
        Ok(rows)
    })?;
    let row = |(statement, services, by): &(Statement, String, String)| {
        let state = match statement.ended_at {
            Some(_) => Cell::tag("Ended", "grey"),
            None if statement.expires_on < today => Cell::tag("Ran out", "grey"),
            None => Cell::tag("In force", "green"),
        };
        let head = if statement.ended_at.is_none() { Cell::link(&statement.code, &format!("{PATH}/{}", statement.id)) } else { Cell::text(&statement.code) };
        Row::new(
            head.small(&statement.words),
            vec![Cell::text(services), Cell::text(by), state.and(&format!("until {}", local::date_words(statement.expires_on)))],
        )
    };
    let table = Table::new("Agreed statements", &["Statement", "Services", "Agreed by", "State"], rows.iter().map(row).collect());
    Ok(page(&ListPage {
        shell: shell(&app, &visitor, "Agreed statements"),
        lede: "Routine work under one of these is screened by whoever does it, who names the statement.".into(),
        actions: vec![Link::new("Agree a statement", &format!("{PATH}/new"))],
        sections: vec![Section::new("statements", "Statements").table(table, "None. Every change that touches direct care is screened by a safety officer.")],
        ..ListPage::default()
    }))
}

fn shell(app: &App, visitor: &Visitor, title: &str) -> crate::web::layout::Shell {
    let mut shell = visitor.shell(app, title, Place::Clinical);
    shell.crumbs = vec![("Clinical safety".into(), "/clinical".into())];
    shell
}

fn fields(app: &App) -> Result<Vec<Field>, Failure> {
    let page = Page { limit: 500, ..Page::default() };
    let services = app.read::<_, Failure>(|tx| directory::services(tx, None, &page))?.items;
    let choices = services.iter().filter(|s| s.is_direct_care).map(|s| Choice::new(&s.id.to_string(), &s.name)).collect();
    Ok(vec![
        Field::text("code", "Code", "").hint("Short, letters, digits and dashes; whoever screens names it.").width("w10"),
        Field::textarea("words", "Which routine work is meant, and why is it safe?", ""),
        Field::checks("services", "For which services?", choices)
            .hint("Every service that the work touches, and those that depend on it, has to be among them."),
        Field::input("date", "expires_on", "Until when?", "").width("w10"),
    ])
}

/// The form.
pub async fn show_new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    officer(&visitor)?;
    draw(&app, &visitor, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let fields = filled(fields(app)?, form, faults);
    let shown = summary(&fields, faults);
    let view = FormPage {
        shell: shell(app, visitor, "Agree a statement"),
        faults: shown,
        warning: vec!["You sign it: the work is then screened without an officer, until the day you name or until somebody ends it.".into()],
        form: parts::Form::new(PATH, "Agree", fields),
        ..FormPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// Agrees it: by an officer whose registration is in force (SD-4).
pub async fn agree(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    officer(&visitor)?;
    let (person, now) = (visitor.person()?, app.clock.now());
    let today = calendar::london().to_datetime(now).date();
    let registered = app.read::<_, Failure>(|tx| directory::clinicians_of(tx, person.0))?.iter().any(|row| row.expires_on >= today);
    if !registered {
        return Err(Failure::denied("SD-4", "Your registration is not in force, so you cannot sign. An administrator records a new one."));
    }
    let fields = fields(&app)?;
    form.only(&names(&fields).iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut faults = check(&fields, &form);
    let services: Vec<i64> = form.all("services").filter_map(|id| id.parse().ok()).collect();
    let expires_on = form.text("expires_on").parse::<Date>().ok().filter(|day| *day >= today);
    if services.is_empty() {
        faults.push(Fault::of("services", "choose-at-least-one", "Choose at least one service."));
    }
    if expires_on.is_none() && !form.text("expires_on").is_empty() {
        faults.push(Fault::of("expires_on", "date-out-of-range", "Enter a day that is not past."));
    }
    let (Some(expires_on), true) = (expires_on, faults.is_empty()) else { return draw(&app, &visitor, &form, &faults) };
    let act = app.act(Some(person), now);
    let statement = Statement {
        id: app.ids.mint(now),
        code: form.text("code").to_uppercase(),
        words: form.text("words").into(),
        services,
        agreed_by: person.0,
        agreed_at: now,
        expires_on,
        ended_at: None,
    };
    match app.attempt(move |tx| directory::agree_statement(tx, &act, &statement)) {
        Ok(_) => Ok(done(&app, PATH, "The statement is agreed.")),
        Err(Failure::Invalid(faults)) => draw(&app, &visitor, &form, &faults),
        Err(failure) => Err(failure),
    }
}

/// One statement, and the button that ends it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    officer(&visitor)?;
    let id = super::super::id(&id)?;
    let all = app.read::<_, Failure>(directory::agreed_statements)?;
    let statement = all.into_iter().find(|statement| statement.id == id && statement.ended_at.is_none()).ok_or(Failure::NotFound)?;
    let mut shell = shell(&app, &visitor, &statement.code);
    shell.crumbs.push(("Agreed statements".into(), PATH.into()));
    Ok(page(&FormPage {
        shell,
        lede: statement.words,
        warning: vec!["From then on a safety officer screens this work again.".into()],
        form: parts::Form::new(&format!("{PATH}/{id}/end"), "End this statement", vec![]),
        ..FormPage::default()
    }))
}

/// Ends it.
pub async fn end(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    officer(&visitor)?;
    form.only(&[])?;
    let (id, act) = (super::super::id(&id)?, app.act(Some(visitor.person()?), app.clock.now()));
    app.attempt(move |tx| directory::end_statement(tx, &act, id)).map_err(|_| Failure::NotFound)?;
    Ok(done(&app, PATH, "The statement has ended."))
}
