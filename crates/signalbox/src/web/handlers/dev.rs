//! The demo's letters on a page (settled 26). Anywhere else these addresses do not exist.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::Shared;
use crate::deliver::Envelope;
use crate::web::layout::Place;
use crate::web::pages::session::MailPage;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::{counted, moment_phrase};
use signalbox_core::calendar::london;

/// Every letter, the newest first.
pub async fn mails(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    only_in_the_demo(&app)?;
    let letters = app.mailbox.newest_first();
    let when = |letter: &Envelope| moment_phrase(letter.at, app.clock.now(), &london());
    let row =
        |letter: &Envelope| Row::new(Cell::link(&letter.subject, &format!("/dev/mail/{}", letter.id)), vec![Cell::text(&letter.to), Cell::text(&when(letter))]);
    let rows: Vec<Row> = letters.iter().map(row).collect();
    let kept = if rows.len() == 1 { "it is kept here and goes nowhere" } else { "they are kept here and go nowhere" };
    let lede = format!("{}. In the demonstration {kept}.", counted(rows.len() as i64, "mail"));
    let table = Table::new("Mail sent", &["Subject", "To", "When"], rows);
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "Mail sent", Place::Elsewhere),
        lede,
        sections: vec![Section::new("mails", "Newest first").table(table, "No mail yet.")],
        ..ListPage::default()
    }))
}

/// One letter.
pub async fn mail(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    only_in_the_demo(&app)?;
    let letter = app.mailbox.letter(&id).ok_or(Failure::NotFound)?;
    let mut shell = visitor.shell(&app, &letter.subject, Place::Elsewhere);
    shell.crumbs = vec![("Mail sent".into(), "/dev/mail".into())];
    let base = app.config.base.to_string();
    let ours = letter.text.split_whitespace().filter_map(|word| word.strip_prefix(&base)).filter(|path| path.starts_with('/'));
    let links = ours.map(|path| Link::new(path, path)).collect();
    let when = moment_phrase(letter.at, app.clock.now(), &london());
    Ok(page(&MailPage { shell, facts: vec![Fact::new("To", &letter.to), Fact::new("When", &when)], body: letter.text, links }))
}

fn only_in_the_demo(app: &Shared) -> Result<(), Failure> {
    if app.config.is_demo { Ok(()) } else { Err(Failure::NotFound) }
}
