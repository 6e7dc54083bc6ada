//! Raising a change: choose its kind, then What, Where, When, Risk, Check and send (ux F1). Outages use the same steps.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Clash, Form, Notice, Section};
use crate::web::ui::Fault;

/// A thing that may be raised: a kind, a template or a copy of an older change.
#[derive(Clone, Debug, Default)]
pub struct Starter {
    pub name: String,
    pub words: String,
    /// Makes the draft and goes to its first step.
    pub form: Form,
}

/// Starters of one sort, those of the reader's role first.
#[derive(Clone, Debug, Default)]
pub struct StarterGroup {
    pub id: String,
    pub heading: String,
    pub starters: Vec<Starter>,
}

/// Choose what to raise.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "raise_kind.html")]
pub struct KindPage {
    pub shell: Shell,
    pub lede: String,
    pub groups: Vec<StarterGroup>,
    pub drafts: Section,
}

/// A step of the form.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub label: String,
    /// Empty for the step that is open and for those not yet reached.
    pub href: String,
    pub is_current: bool,
}

/// One step of raising a change.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "raise.html")]
pub struct RaisePage {
    pub shell: Shell,
    /// "RFC-2026-001847, Connect CT scanner 3 at Northbrook."
    pub lede: String,
    /// "Saved 20 seconds ago."
    pub saved: String,
    pub steps: Vec<Step>,
    pub faults: Vec<Fault>,
    /// On the last step: every answer with a link that changes it.
    pub answers: Vec<Section>,
    /// What to know before going on, though nothing stands in the way.
    pub warnings: Vec<String>,
    pub clashes: Vec<Clash>,
    /// "No clash found from 19:30 to 21:30 with PACS imaging."
    pub no_clash: String,
    pub notice: Option<Notice>,
    pub form: Form,
    pub side: Vec<Section>,
}
