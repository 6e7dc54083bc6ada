//! A process document's questions as a form on paper, empty or filled in.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Table};

/// One question on paper.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub ask: String,
    /// "needed to send", "needed to approve, if …"
    pub when: String,
    pub guidance: String,
    /// What was answered; empty leaves room to write.
    pub answer: String,
    /// Choices with a box before each.
    pub boxes: Vec<String>,
    pub table: Option<Table>,
    /// line or lines: how much room there is.
    pub size: &'static str,
}

/// Questions under a heading.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub id: String,
    pub heading: String,
    pub questions: Vec<Question>,
}

/// The form.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "paper.html")]
pub struct PaperPage {
    pub shell: Shell,
    pub lede: String,
    pub facts: Vec<Fact>,
    pub groups: Vec<Group>,
    pub signed: Table,
}
