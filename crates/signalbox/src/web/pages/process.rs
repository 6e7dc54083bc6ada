//! How it works: the process documents as they run, and how to use the API.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Section};
use crate::web::ui::Link;

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
