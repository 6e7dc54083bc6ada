//! How it works: the process documents as they run, and how to use the API.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Filters, Form, Section};
use crate::web::ui::{Fault, Link, Stage, Stat};

/// HTML that this program made itself, from a process document or as a drawing. It is not escaped again, so
/// nothing a person typed at run time may come here.
#[derive(Clone, Debug, Default)]
pub struct OwnHtml(pub String);

/// One process document.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "process_document.html")]
pub struct DocumentPage {
    pub shell: Shell,
    pub lede: String,
    pub facts: Vec<Fact>,
    pub contents: Vec<Link>,
    /// The state diagram as SVG.
    pub diagram: OwnHtml,
    /// The document's text and tables.
    pub text: OwnHtml,
    /// The steps in words, the rules they name, the timers.
    pub sections: Vec<Section>,
    /// Begins a proposal; for those who may.
    pub propose: Option<Form>,
    /// The versions there were and are.
    pub history: Vec<Section>,
}

/// What the API is and how to get a token.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "api.html")]
pub struct ApiPage {
    pub shell: Shell,
    /// "https://signalbox.halden.example"
    pub origin: String,
    pub resources: Section,
}

/// A form among others, under a heading of its own.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub id: String,
    pub heading: String,
    pub words: Vec<String>,
    /// `None`: the words say why there is none.
    pub form: Option<Form>,
}

/// A proposed version of a document: how far it is, what can be done about it, and what it is about.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "proposal.html")]
pub struct ProposalPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub actions: Vec<Link>,
    pub stages: Vec<Stage>,
    pub filters: Option<Filters>,
    pub stats: Vec<Stat>,
    pub before: Vec<Section>,
    pub blocks: Vec<Block>,
    pub after: Vec<Section>,
}

/// One line of a document with what is wrong in it.
#[derive(Clone, Debug, Default)]
pub struct NumberedLine {
    pub number: usize,
    pub text: String,
    pub faults: Vec<String>,
}

/// The text of a proposal, to be changed.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "proposal_text.html")]
pub struct TextPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub form: Form,
    pub upload: Form,
    pub lines: Vec<NumberedLine>,
}

/// One table of a document as a form, cell by cell.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "proposal_table.html")]
pub struct TablePage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub action: String,
    pub rev: i64,
    pub caption: String,
    pub columns: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// A row of such a form.
#[derive(Clone, Debug, Default)]
pub struct TableRow {
    /// "Row 3"; "New row"
    pub name: String,
    /// Where it stands in the text; empty for a new row.
    pub line: String,
    pub id: String,
    pub cells: Vec<TableCell>,
    /// The name of the box that drops it; empty for a new row.
    pub drop: String,
    pub is_dropped: bool,
}

/// A cell of such a form.
#[derive(Clone, Debug, Default)]
pub struct TableCell {
    pub name: String,
    pub label: String,
    pub column: String,
    pub value: String,
    pub rows: u8,
}
