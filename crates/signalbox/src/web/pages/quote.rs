//! The form of a quote.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Section};
use crate::web::ui::{Fault, Field};

#[derive(Template)]
#[template(path = "quote.html")]
pub struct QuotePage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub facts: Vec<Fact>,
    pub action: String,
    pub key: String,
    pub version: i64,
    pub rows: usize,
    pub can_add: bool,
    pub lines: Vec<LineDrawn>,
    pub net: String,
    pub vat: String,
    pub gross: String,
    pub fields: Vec<Field>,
    /// Where the money stands.
    pub panel: Option<Section>,
}

pub struct LineDrawn {
    pub number: usize,
    pub fields: Vec<Field>,
    pub net_pence: i64,
    pub vat_pence: i64,
    /// What it comes to, or empty.
    pub sum: String,
}
