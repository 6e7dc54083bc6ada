//! The official form on paper: the questions of a process document, empty for somebody without a screen, or as a change
//! answers them.

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::process::{AnswerKind, Column, Page, Process, Question, Required};

use super::change::{Seen, answer_to, table_of};
use crate::app::Shared;
use crate::web::layout::Place;
use crate::web::pages::paper::{self, Group, PaperPage};
use crate::web::parts::{Cell, Fact, Row, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::visitor::Visitor;
use crate::words::{self, sentence_case};

/// Empty rows of a table on paper.
const ROWS_ON_PAPER: usize = 5;

const PAGES: [(Page, &str); 5] = [(Page::What, "What"), (Page::Where, "Where"), (Page::Details, "Details"), (Page::When, "When"), (Page::Risk, "Risk")];

/// The empty form. Open to everybody, as the document is.
pub async fn empty(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let process = app.documents.all().into_iter().find(|process| process.id == id).ok_or(Failure::NotFound)?;
    let mut shell = visitor.shell(&app, &format!("{}: form", process.title), Place::Process);
    shell.crumbs = vec![("How it works".into(), "/process".into()), (process.title.clone(), format!("/process/{}", process.id))];
    let blank = |label: &str| Fact::new(label, " ");
    Ok(page(&PaperPage {
        shell,
        lede: format!(
            "{}, version {}. To be written by hand where Signalbox cannot be reached, and typed in afterwards.",
            sentence_case(process.kind.words()),
            process.version
        ),
        facts: vec![blank("Organisation"), blank("Written by"), blank("Telephone"), blank("Date and time")],
        groups: groups(&process, |question| drawn(question, String::new(), None)),
        signed: signed(),
    }))
}

/// The form as the change fills it in.
pub async fn filled(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let (change, process) = (seen.change(), &seen.situation.process);
    let answers = change.content.as_ref().map(|content| content.answers.clone()).unwrap_or_default();
    let draw = |question: &Question| {
        let answer = answers.get(&question.id).map(|answer| answer_to(&seen, question, answer)).unwrap_or_default();
        drawn(question, answer, answers.get(&question.id).and_then(|answer| table_of(&seen, question, answer)))
    };
    let mut facts = vec![
        Fact::new("Reference", &change.reference),
        Fact::new("Kind of change", &sentence_case(change.kind.words())),
        Fact::new("Raised by", &format!("{}, {}", seen.names.person(change.raised_by.person), words::mergers::holder(change, &seen.names))),
        Fact::new("Stage", change.stage.words()),
    ];
    if let Some(content) = &change.content {
        facts.push(Fact::new("Fingerprint of these answers", &content.hash));
    }
    Ok(page(&PaperPage {
        shell: seen.shell(&app, &visitor, &format!("{}: form", change.reference)),
        lede: format!("{}. {}, version {}.", seen.title(), process.title, process.version),
        facts,
        groups: groups(process, draw),
        signed: signed(),
    }))
}

/// The questions by page and heading, in the order in which they are asked.
fn groups(process: &Process, draw: impl Fn(&Question) -> paper::Question) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for (page, label) in PAGES {
        for question in process.questions.iter().filter(|q| q.page == page && q.answer != AnswerKind::Files) {
            let heading = if question.group.is_empty() { label } else { question.group.as_str() };
            let id = format!("p-{}-{}", label.to_lowercase(), signalbox_core::process::render::slug(heading));
            match groups.iter_mut().find(|group| group.id == id) {
                Some(group) => group.questions.push(draw(question)),
                None => groups.push(Group { id, heading: heading.to_owned(), questions: vec![draw(question)] }),
            }
        }
    }
    groups
}

fn drawn(question: &Question, answer: String, table: Option<Table>) -> paper::Question {
    let boxes = match &question.answer {
        AnswerKind::YesNo => vec!["Yes".to_owned(), "No".to_owned()],
        AnswerKind::Done => vec!["Yes, it is done".to_owned()],
        AnswerKind::Choice(codes) | AnswerKind::Choices(codes) | AnswerKind::Reason(codes) => {
            codes.iter().map(|code| words::option_label(&question.id, code)).collect()
        }
        _ => vec![],
    };
    let is_table = matches!(question.answer, AnswerKind::Rows { .. });
    let blank = if let AnswerKind::Rows { columns, .. } = &question.answer { Some(blank_table(&question.text, columns)) } else { None };
    let long = matches!(question.answer, AnswerKind::Prose | AnswerKind::List | AnswerKind::Items | AnswerKind::Services | AnswerKind::Sites);
    paper::Question {
        ask: question.text.clone(),
        when: needed(question),
        guidance: question.guidance.clone(),
        answer: if is_table { String::new() } else { answer },
        boxes,
        table: table.or(blank),
        size: if long { "lines" } else { "line" },
    }
}

/// Rows are numbered: one whose head is empty has none for who hears it read.
fn blank_table(caption: &str, columns: &[Column]) -> Table {
    let heads: Vec<&str> = std::iter::once("Row").chain(columns.iter().map(|column| column.text.as_str())).collect();
    let row = |n: usize| Row::new(Cell::text(&n.to_string()), columns.iter().map(|_| Cell::text("\u{a0}")).collect());
    Table::new(caption, &heads, (1..=ROWS_ON_PAPER).map(row).collect())
}

/// When the answer has to be there, and where only some are asked, of whom.
fn needed(question: &Question) -> String {
    let when = match question.required {
        Required::Submit { .. } => "needed to send",
        Required::Approve => "needed to approve",
        Required::Start => "needed before the work",
        Required::Close => "needed to close",
        Required::Optional => "optional",
    };
    match &question.asked_when {
        None => when.to_owned(),
        Some(condition) => format!("{when}; asked when {}", condition.words.replace('_', " ")),
    }
}

/// Room for those who sign.
fn signed() -> Table {
    let who = ["Written by", "Sent by", "Clinical safety officer", "Approved by", "Carried out by", "Outcome confirmed by"];
    let row = |who: &&str| Row::new(Cell::text(who), (0..3).map(|_| Cell::text("\u{a0}")).collect());
    Table::new("Signatures", &["Part", "Name", "Signature", "Date and time"], who.iter().map(row).collect())
}
