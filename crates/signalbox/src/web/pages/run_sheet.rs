//! The run sheet of a piece of work: one page of paper for whoever stands in the room.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Table};
use crate::web::ui::Link;

/// The sheet.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "run_sheet.html")]
pub struct RunSheetPage {
    pub shell: Shell,
    /// What it is, and the reference.
    pub lede: String,
    /// When, where, and until when it can be put back.
    pub facts: Vec<Fact>,
    /// Headings with a table to write in.
    pub tables: Vec<(String, Table)>,
    /// Where it is keyed in, for those who may.
    pub enter: Option<Link>,
    /// That address in words, for who holds only the paper.
    pub address: String,
}
