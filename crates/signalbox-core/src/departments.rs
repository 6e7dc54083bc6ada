//! The departments that planned work takes something from: how care carries on there, and whether they were told and
//! have said that they know (spec 4.6: departments told, clinical cover).

use crate::actor::Stamp;
use crate::change::Change;
use crate::event::Told;
use crate::form::{Answer, Answers};
use crate::process::{AnswerKind, Process};
use crate::text::Text;
use serde::{Deserialize, Serialize};

/// The question whose rows name them, with the columns `area`, `name`, `cover` and `told`.
pub const QUESTION: &str = "departments";

/// Somebody in a department was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentTold {
    pub told: Told,
    /// The code of the department, one of those in the process document.
    pub area: String,
    /// Which one, where there are several.
    pub name: Option<Text>,
    /// Who there was told.
    pub who: Text,
    /// They said that they know, and that their cover is arranged.
    pub confirmed: bool,
}

/// How a department stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nobody there was told as far as the record says.
    NotTold,
    Told,
    Confirmed,
}

/// A department with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department<'c> {
    pub area: &'c str,
    pub name: Option<&'c Text>,
    /// How care carries on there.
    pub cover: Option<&'c Text>,
    /// Who was told when the change was written.
    pub told: Option<&'c Text>,
    /// Each telling that was recorded since, the oldest first, with who recorded it.
    pub since: Vec<&'c (DepartmentTold, Stamp)>,
}

impl Department<'_> {
    /// How it stands by everything that was recorded.
    pub fn standing(&self) -> Standing {
        match (self.since.iter().any(|(one, _)| one.confirmed), self.told.is_some() || !self.since.is_empty()) {
            (true, _) => Standing::Confirmed,
            (_, true) => Standing::Told,
            _ => Standing::NotTold,
        }
    }
}

/// The departments that the change names, in its order, and after them those that were told besides. A telling belongs
/// to the department of that kind; where there are several of a kind, to the one of that name, in whatever spelling of
/// capitals, and to a row of its own if none has it. `words` finds the words behind a text.
pub fn of<'c>(change: &'c Change, words: impl Fn(&Text) -> Option<&'c str>) -> Vec<Department<'c>> {
    let mut all: Vec<Department> = rows(change).iter().filter_map(named).collect();
    for telling in &change.departments_told {
        let one = &telling.0;
        let name = one.name.as_ref().and_then(&words).map(normal);
        let of_kind = all.iter().filter(|other| other.area == one.area).count();
        let fits = |other: &&mut Department| {
            let theirs = other.name.and_then(&words).map(normal);
            other.area == one.area && (theirs == name || (of_kind == 1 && name.is_none()))
        };
        match all.iter_mut().find(fits) {
            Some(department) => department.since.push(telling),
            None => all.push(Department { area: &one.area, name: one.name.as_ref(), cover: None, told: None, since: vec![telling] }),
        }
    }
    all
}

fn normal(words: &str) -> String {
    words.trim().to_lowercase()
}

fn rows(change: &Change) -> &[Answers] {
    match change.content.as_ref().and_then(|content| content.answers.get(QUESTION)) {
        Some(Answer::Rows(rows)) => rows,
        _ => &[],
    }
}

fn named(cells: &Answers) -> Option<Department<'_>> {
    let text = |id: &str| match cells.get(id) {
        Some(Answer::Text(text)) => Some(text),
        _ => None,
    };
    let Some(Answer::Choice(area)) = cells.get("area") else { return None };
    Some(Department { area, name: text("name"), cover: text("cover"), told: text("told"), since: vec![] })
}

/// The departments among which a document lets people choose.
pub fn areas(process: &Process) -> Vec<String> {
    let Some(AnswerKind::Rows { columns, .. }) = process.question(QUESTION).map(|question| &question.answer) else { return vec![] };
    match columns.iter().find(|column| column.id == "area").map(|column| &column.answer) {
        Some(AnswerKind::Choice(codes)) => codes.clone(),
        _ => vec![],
    }
}
