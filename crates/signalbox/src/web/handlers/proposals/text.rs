//! The text of a proposal: typed in the browser or taken from a file, with what is wrong beside its lines.

use std::collections::BTreeMap;

use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::govern::{Deed, SOURCE_MAX_BYTES};
use signalbox_core::process::compare::lines::{Side, diff};

use super::{Seen, halted, line_of};
use crate::app::{App, Shared};
use crate::run::govern::Halt;
use crate::web::csrf;
use crate::web::form::Form;
use crate::web::pages::errors::{ConflictPage, Difference, Resend};
use crate::web::pages::process::{NumberedLine, TextPage};
use crate::web::parts;
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{self, Field, Link};
use crate::web::visitor::Visitor;
use crate::words::counted;

/// The form.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    draw(&app, &visitor, &seen, None)
}

/// The page with the text as saved, or as it was typed with what is wrong with that.
pub(super) fn draw(app: &App, visitor: &Visitor, seen: &Seen, typed: Option<(&Form, &[Fault])>) -> Result<Response, Failure> {
    let bars = seen.bars(app, Deed::Write);
    if !bars.is_empty() {
        return Err(halted(Halt::Barred(bars)));
    }
    let proposal = &seen.proposal;
    let found = seen.with.as_ref().err().cloned().unwrap_or_default();
    let mut by_line: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut shown: Vec<ui::Fault> = vec![];
    for fault in &found {
        let is_own = fault.file == format!("{}.md", proposal.document);
        if is_own {
            by_line.entry(fault.line).or_default().push(fault.message.clone());
        }
        let target = if is_own { format!("line-{}", fault.line) } else { String::new() };
        shown.push(ui::Fault { message: format!("{}: {}", line_of(proposal, fault), fault.message), target });
    }
    let (source, why, own) = match typed {
        Some((form, faults)) => (form.raw("source").to_owned(), form.raw("why").to_owned(), faults),
        None => (proposal.source.clone(), proposal.why.clone(), &[][..]),
    };
    let error = |name: &str| own.iter().find(|fault| fault.field.as_deref() == Some(name)).map(|fault| fault.detail.clone());
    let why = Field::textarea("why", "What is it for?", &why).rows(3).optional().hint("Those who are asked about it read this first.").error(error("why"));
    let source = Field::textarea("source", "The text", &source).rows(30).hint("Headings, text and tables in Markdown.").error(error("source"));
    let form = parts::Form::new(&format!("{}/text", seen.path()), "Save the text", vec![why, source]).hide("rev", &proposal.rev.to_string());
    shown.extend(form.faults());
    let file = Field::input("file", "file", "A Markdown file", "").hint("Up to 256 kB. It takes the place of the text above.").error(error("file"));
    let upload = parts::Form::new(&format!("{}/upload", seen.path()), "Take this file", vec![file]).hide("rev", &proposal.rev.to_string()).quiet();
    shown.extend(upload.faults());
    let lines = proposal.source.lines().enumerate();
    let lines = lines.map(|(n, text)| NumberedLine { number: n + 1, text: text.to_owned(), faults: by_line.remove(&(n + 1)).unwrap_or_default() });
    let lede = if found.is_empty() { "The saved text has no fault.".into() } else { format!("{} in the saved text.", counted(found.len() as i64, "fault")) };
    let status = if own.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = seen.shell(app, visitor, "Change the text");
    Ok(page_with(status, &TextPage { shell, lede, faults: shown, form, upload, lines: lines.collect() }))
}

/// What is wrong with a text before it is read.
fn faults_of(source: &str, field: &str) -> Vec<Fault> {
    let mut faults = vec![];
    if source.trim().is_empty() {
        faults.push(Fault::of(field, "missing", "The text is empty. To go no further with it, withdraw it."));
    }
    if source.len() > SOURCE_MAX_BYTES {
        faults.push(Fault::of(field, "too-long", "The text is longer than 256 kB."));
    }
    if source.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        faults.push(Fault::of(field, "control-character", "The text contains a character that can’t be shown."));
    }
    faults
}

/// Saves it.
pub async fn save(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["why", "source", "rev"])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    let source = form.raw("source").replace("\r\n", "\n");
    let mut faults = faults_of(&source, "source");
    let why = super::words_of(&form, "why", "why", &mut faults);
    if !faults.is_empty() {
        return draw(&app, &visitor, &seen, Some((&form, &faults)));
    }
    keep(&app, &visitor, &seen, form.text("rev"), source, why, "The text is saved. Check it when it is right.")
}

pub(super) fn keep(app: &App, visitor: &Visitor, seen: &Seen, rev: &str, source: String, why: String, words: &str) -> Result<Response, Failure> {
    let rev = rev.parse().map_err(|_| Failure::NeedsVersion)?;
    match app.write_proposal(&seen.actor, seen.proposal.id, rev, source.clone(), why.clone()) {
        Ok(()) => Ok(done(app, &seen.path(), words)),
        Err(Halt::Stale(theirs)) => conflict(app, visitor, seen, &theirs.source, theirs.rev, theirs.saved_by, &source, &why),
        Err(halt) => Err(halted(halt)),
    }
}

/// Somebody saved meanwhile: each line that differs, theirs beside mine, and a button that sends mine on.
#[expect(clippy::too_many_arguments, reason = "both versions of one text, and whose they are")]
fn conflict(app: &App, visitor: &Visitor, seen: &Seen, theirs: &str, rev: i64, by: i64, mine: &str, why: &str) -> Result<Response, Failure> {
    let name = app.read::<_, Failure>(|tx| signalbox_store::accounts::names(tx, &[by]))?.remove(&by).unwrap_or_default();
    let differences = diff(theirs, mine).into_iter().filter(|line| line.side != Side::Both).map(|line| {
        let number = line.before.or(line.after).unwrap_or_default();
        let (theirs, yours) = if line.side == Side::Before { (line.text, String::new()) } else { (String::new(), line.text) };
        Difference { field: format!("Line {number}"), theirs, yours }
    });
    let shell = seen.shell(app, visitor, "Somebody changed this while you did");
    let fields =
        vec![("source".into(), mine.to_owned()), ("why".into(), why.to_owned()), ("rev".into(), rev.to_string()), (csrf::FIELD.into(), shell.csrf.clone())];
    let keep_mine = Resend { action: format!("{}/text", seen.path()), fields, words: "Save mine over theirs".into() };
    let what = Link::new(&seen.name(), &format!("{}/text", seen.path()));
    let view = ConflictPage { shell, what, changed_by: name, differences: differences.take(400).collect(), keep_mine };
    Ok(page_with(StatusCode::CONFLICT, &view))
}

/// Takes the text from a file.
pub async fn upload(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
    parts: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Failure> {
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    form.only(&["rev"])?;
    let refuse = |code: &'static str, words: &str| Ok::<_, Failure>(vec![Fault::of("file", code, words)]);
    let mut taken = None;
    let mut parts = parts.map_err(|_| Failure::invalid(Fault::of("file", "file-missing", "Choose a file.")))?;
    while let Some(part) = parts.next_field().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))? {
        if part.name() == Some("file") && part.file_name().is_some() {
            taken = Some(part.bytes().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))?);
        }
    }
    let source = taken.filter(|bytes| !bytes.is_empty()).map(|bytes| String::from_utf8(bytes.to_vec()));
    let faults = match &source {
        None => refuse("file-missing", "Choose a file that is not empty.")?,
        Some(Err(_)) => refuse("not-text", "The file is not text in UTF-8.")?,
        Some(Ok(source)) => faults_of(&source.replace("\r\n", "\n"), "file"),
    };
    match source {
        Some(Ok(source)) if faults.is_empty() => {
            let source = source.strip_prefix('\u{feff}').unwrap_or(&source).replace("\r\n", "\n");
            keep(&app, &visitor, &seen, form.text("rev"), source, seen.proposal.why.clone(), "The file’s text is saved. Check it next.")
        }
        _ => {
            let typed = Form::of([("source", seen.proposal.source.clone()), ("why", seen.proposal.why.clone())]);
            draw(&app, &visitor, &seen, Some((&typed, &faults)))
        }
    }
}
