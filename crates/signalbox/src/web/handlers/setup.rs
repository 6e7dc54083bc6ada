//! `/setup`: who and what there is. Every list works alike: a list, a form for a new row, a form for an old one.

pub mod calendars;
pub mod carriers;
mod dependencies;
mod estate;
pub mod limits;
pub mod mergers;
pub mod monitors;
mod network;
mod organisations;
pub mod people;
pub mod public;
mod rates;
mod safety_officers;

pub use calendars::{ExternalEntries, Freezes, MaintenanceWindows};
pub use dependencies::Dependencies;
pub use estate::{Items, Services};
pub use monitors::Monitors;
pub use network::NetworkAccounts;
pub use organisations::{Organisations, Sites};
pub use people::People;
pub use rates::Rates;
pub use safety_officers::SafetyOfficers;

use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sha2::{Digest, Sha256};
use signalbox_core::actor::Role;
use signalbox_core::text::hex;
use signalbox_store::directory;
use signalbox_store::page::{Cursor, Page};

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::csrf;
use crate::web::form::{Form, Query};
use crate::web::layout::{Place, Shell};
use crate::web::pages::errors::{ConflictPage, Difference, Resend};
use crate::web::parts::{self, Cell, Filters, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::typed::shown;
use crate::web::ui::{Choice, Control, Field, Link, Paging};
use crate::web::visitor::Visitor;

/// The longest line that a field of set-up takes.
const LINE_CHARACTERS: usize = 200;

/// The longest text.
const TEXT_CHARACTERS: usize = 6_000;

/// One list of the set-up pages. Its rows are read into a form and written from one.
pub trait Register: 'static {
    const PATH: &'static str;
    /// "Sites"
    const MANY: &'static str;
    /// "site"
    const ONE: &'static str;
    /// What the list is for.
    const WHY: &'static str;

    /// Whether this visitor may see and change the list.
    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        only_administrators(visitor)
    }

    /// One page of rows, and where the next begins.
    fn list(app: &App, visitor: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure>;

    /// The fields of a row: a new one, or one that stands.
    fn fields(app: &App, visitor: &Visitor, is_new: bool) -> Result<Vec<Field>, Failure>;

    /// A row as a filled form, with its name. 404 where there is none.
    fn load(app: &App, visitor: &Visitor, id: i64) -> Result<(String, Form), Failure>;

    /// Writes a row: the one with this id, or a new one.
    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure>;
}

/// Set-up belongs to administrators (spec 3.1), but for what a coordinator does for their own organisation.
fn only_administrators(visitor: &Visitor) -> Result<(), Failure> {
    if visitor.holds(Role::Administrator) {
        return Ok(());
    }
    Err(Failure::denied("spec 3.1 ADM", "Only an administrator sets this up. Ask the change team for it."))
}

/// What can be set up.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let mut rows = Vec::new();
    add::<Organisations>(&visitor, &mut rows);
    add::<Sites>(&visitor, &mut rows);
    add::<Services>(&visitor, &mut rows);
    add::<Items>(&visitor, &mut rows);
    add::<Dependencies>(&visitor, &mut rows);
    add::<People>(&visitor, &mut rows);
    add::<SafetyOfficers>(&visitor, &mut rows);
    add::<Freezes>(&visitor, &mut rows);
    add::<MaintenanceWindows>(&visitor, &mut rows);
    add::<ExternalEntries>(&visitor, &mut rows);
    add::<NetworkAccounts>(&visitor, &mut rows);
    add::<Rates>(&visitor, &mut rows);
    add::<Monitors>(&visitor, &mut rows);
    if carriers::admit(&visitor).is_ok() {
        rows.push(Row::new(Cell::link(carriers::LINE.0, carriers::PATH), vec![Cell::text(carriers::LINE.1)]));
    }
    if limits::admit(&visitor).is_ok() {
        rows.push(Row::new(Cell::link(limits::LINE.0, limits::PATH), vec![Cell::text(limits::LINE.1)]));
    }
    if public::admit(&visitor).is_ok() {
        rows.push(Row::new(Cell::link(public::LINE.0, public::PATH), vec![Cell::text(public::LINE.1)]));
    }
    if mergers::admit(&visitor).is_ok() {
        rows.push(Row::new(Cell::link(mergers::LINE.0, mergers::PATH), vec![Cell::text(mergers::LINE.1)]));
    }
    if rows.is_empty() {
        only_administrators(&visitor)?;
    }
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "Set-up", Place::Elsewhere),
        lede: format!("{} lists. Many rows at once come in from files: signalbox import.", rows.len()),
        sections: vec![Section::new("lists", "Lists").table(Table::new("What can be set up", &["List", "What it is"], rows), "")],
        ..ListPage::default()
    }))
}

fn add<R: Register>(visitor: &Visitor, rows: &mut Vec<Row>) {
    if R::admit(visitor).is_ok() {
        rows.push(Row::new(Cell::link(R::MANY, R::PATH), vec![Cell::text(R::WHY)]));
    }
}

fn shell<R: Register>(app: &App, visitor: &Visitor, title: &str, is_below: bool) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Elsewhere);
    shell.crumbs.push(("Set-up".into(), "/setup".into()));
    if is_below {
        shell.crumbs.push((R::MANY.into(), R::PATH.into()));
    }
    shell
}

/// The list, filtered by a word.
pub async fn list<R: Register>(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    R::admit(&visitor)?;
    let filter = query.text("q").to_owned();
    let (table, next) = R::list(&app, &visitor, &Page { after: cursor(query.raw("after")), filter: filter.clone(), limit: 50 })?;
    let lede = match (table.rows.len(), next.is_some()) {
        (n, true) => format!("The first {n} that fit."),
        (1, false) => format!("1 {}.", R::ONE),
        (n, false) => format!("{n} {}.", R::MANY.to_lowercase()),
    };
    let paging = (next.is_some() || query.has("after")).then(|| Paging {
        showing: lede.clone(),
        first: if query.has("after") { address(R::PATH, &filter, None) } else { String::new() },
        next: next.as_ref().map(|next| address(R::PATH, &filter, Some(next))).unwrap_or_default(),
    });
    Ok(page(&ListPage {
        shell: shell::<R>(&app, &visitor, R::MANY, false),
        lede: if query.has("after") { R::WHY.into() } else { lede },
        actions: vec![Link::new(&format!("Add: {}", R::ONE), &format!("{}/new", R::PATH))],
        filters: Some(Filters {
            action: R::PATH.into(),
            fields: vec![Field::input("search", "q", "Find in this list", &filter)],
            dropped: vec![],
            clear: if filter.is_empty() { String::new() } else { R::PATH.into() },
        }),
        sections: vec![Section::new("list", R::MANY).table(table, "Nothing here yet.")],
        paging,
        ..ListPage::default()
    }))
}

fn address(path: &str, filter: &str, after: Option<&Cursor>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !filter.is_empty() {
        query.append_pair("q", filter);
    }
    if let Some(after) = after {
        query.append_pair("after", &format!("{}~{}", after.id, after.sort));
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Where a page begins; one that can't be read is the first.
fn cursor(text: &str) -> Option<Cursor> {
    let (id, sort) = text.split_once('~')?;
    Some(Cursor { id: id.parse().ok()?, sort: sort.to_owned() })
}

/// The form for a new row.
pub async fn show_new<R: Register>(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    R::admit(&visitor)?;
    draw::<R>(&app, &visitor, None, &Form::default(), &[])
}

/// The form for an old row.
pub async fn show_old<R: Register>(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    R::admit(&visitor)?;
    let id = super::id(&id)?;
    let (name, form) = R::load(&app, &visitor, id)?;
    draw::<R>(&app, &visitor, Some(Old { id, name: &name, seen: &print_of(&form) }), &form, &[])
}

/// An old row on its way through a form.
#[derive(Clone, Copy)]
struct Old<'a> {
    id: i64,
    name: &'a str,
    /// The print of the row that the form was made from.
    seen: &'a str,
}

/// The field that carries it.
const SEEN: &str = "seen";

/// A row in short: two that differ have different prints.
fn print_of(row: &Form) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(row.fields());
    hex(&Sha256::digest(encoded.finish()))
}

fn draw<R: Register>(app: &App, visitor: &Visitor, old: Option<Old>, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let fields = filled(R::fields(app, visitor, old.is_none())?, form, faults);
    let (title, action) = match old {
        Some(old) => (format!("Change {}", old.name), format!("{}/{}", R::PATH, old.id)),
        None => (format!("Add: {}", R::ONE), R::PATH.to_owned()),
    };
    let faults_shown = summary(&fields, faults);
    let mut sent = parts::Form::new(&action, "Save", fields);
    if let Some(old) = old {
        sent = sent.hide(SEEN, old.seen);
    }
    let view = FormPage { shell: shell::<R>(app, visitor, &title, true), faults: faults_shown, form: sent, ..FormPage::default() };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

/// Writes a new row.
pub async fn create<R: Register>(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    R::admit(&visitor)?;
    put::<R>(&app, &visitor, None, &form)
}

/// Writes an old row.
pub async fn change<R: Register>(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    R::admit(&visitor)?;
    let id = super::id(&id)?;
    let (name, _) = R::load(&app, &visitor, id)?;
    if !form.has(SEEN) {
        // S36: nobody writes over what they did not see.
        return Err(Failure::NeedsVersion);
    }
    put::<R>(&app, &visitor, Some(Old { id, name: &name, seen: form.raw(SEEN) }), &form)
}

/// One row is written at a time, so that nothing comes between the look at it and the write. Another node of the same
/// database may still come between; then the later write stands, and both are in the log.
static PEN: Mutex<()> = Mutex::new(());

fn put<R: Register>(app: &App, visitor: &Visitor, old: Option<Old>, form: &Form) -> Result<Response, Failure> {
    let fields = R::fields(app, visitor, old.is_none())?;
    let names = names(&fields);
    form.only(&names.iter().map(String::as_str).chain(old.map(|_| SEEN)).collect::<Vec<_>>())?;
    let faults = check(&fields, form);
    if !faults.is_empty() {
        return draw::<R>(app, visitor, old, form, &faults);
    }
    let _pen = PEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(old) = old {
        let (_, now) = R::load(app, visitor, old.id)?;
        if print_of(&now) != old.seen {
            return conflict::<R>(app, visitor, old, fields, form, &now);
        }
    }
    match R::save(app, visitor, old.map(|old| old.id), form) {
        Ok(()) => Ok(done(app, R::PATH, "Saved.")),
        Err(Failure::Invalid(faults)) => draw::<R>(app, visitor, old, form, &faults),
        Err(failure) => Err(failure),
    }
}

/// Somebody saved the row meanwhile: what stands now beside what was typed, and a button that sends the latter on.
fn conflict<R: Register>(app: &App, visitor: &Visitor, old: Old, fields: Vec<Field>, typed: &Form, now: &Form) -> Result<Response, Failure> {
    let action = format!("{}/{}", R::PATH, old.id);
    let (theirs, yours) = (filled(fields.clone(), now, &[]), filled(fields, typed, &[]));
    let pairs = theirs.iter().zip(&yours).map(|(theirs, yours)| (&yours.label, shown(theirs), shown(yours)));
    let differences = pairs.filter(|(_, theirs, yours)| theirs != yours);
    let differences = differences.map(|(label, theirs, yours)| Difference { field: label.clone(), theirs, yours }).collect();
    let shell = shell::<R>(app, visitor, "Somebody changed this while you did", true);
    let is_typed = |name: &str| name != SEEN && name != csrf::FIELD;
    let mut again: Vec<(String, String)> = typed.fields().iter().filter(|(name, _)| is_typed(name)).cloned().collect();
    again.extend([(SEEN.into(), print_of(now)), (csrf::FIELD.into(), shell.csrf.clone())]);
    let keep_mine = Resend { action: action.clone(), fields: again, words: "Save mine over theirs".into() };
    let what = Link::new(old.name, &action);
    Ok(page_with(StatusCode::CONFLICT, &ConflictPage { shell, what, changed_by: "somebody else, or by you on another page".into(), differences, keep_mine }))
}

/// The names under which the fields are sent.
pub fn names(fields: &[Field]) -> Vec<String> {
    let names = fields.iter().flat_map(|field| match &field.control {
        Control::DateTime { .. } => vec![format!("{}-date", field.name), format!("{}-time", field.name)],
        Control::Rows { rows } => rows.iter().flat_map(|row| &row.cells).map(|cell| cell.name.clone()).collect(),
        _ => vec![field.name.clone()],
    });
    names.collect()
}

/// What is missing, too long, or not one of the choices.
pub fn check(fields: &[Field], form: &Form) -> Vec<Fault> {
    fields.iter().filter_map(|field| check_field(field, form)).collect()
}

fn check_field(field: &Field, form: &Form) -> Option<Fault> {
    let fault = |code, detail: String| Some(Fault::of(&field.name, code, detail));
    let text = form.text(&field.name);
    let (most, choices) = match &field.control {
        Control::TextArea { .. } => (TEXT_CHARACTERS, None),
        Control::Select { choices } | Control::Radios { choices } => (LINE_CHARACTERS, Some(choices)),
        Control::Checks { .. } | Control::DateTime { .. } | Control::Rows { .. } => return None,
        Control::Input { .. } => (LINE_CHARACTERS, None),
    };
    if text.is_empty() && !field.optional {
        let verb = if choices.is_some() { "Choose" } else { "Enter" };
        return fault("missing", format!("{verb}: {}.", field.label.to_lowercase()));
    }
    if text.chars().count() > most {
        return fault("too-long", format!("Use {most} characters at most."));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return fault("control-character", "This contains a character that can’t be shown.".into());
    }
    let is_choice = choices.is_none_or(|choices| text.is_empty() || choices.iter().any(|choice| choice.value == text));
    if is_choice { None } else { fault("unknown-value", "Choose one of these.".into()) }
}

/// The codes in a field, separated by `;`.
pub(super) fn codes(text: &str) -> Vec<String> {
    text.split([';', ',']).map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// Text, or nothing where it is empty.
pub(super) fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Every organisation for which no other stands, as a choice.
pub(super) fn organisation_choices(app: &App) -> Result<Vec<Choice>, Failure> {
    let page = Page { limit: 500, ..Page::default() };
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, None, &page))?;
    let lasting = all.items.iter().filter(|org| org.merged_into.is_none());
    let choices = lasting.map(|org| Choice::new(&org.id.to_string(), &format!("{} ({})", org.name, org.code)));
    Ok(std::iter::once(Choice::new("", "Choose")).chain(choices).collect())
}
