//! Decide: one change, its facts, and Approve or something else (ux F2). Opening it decides nothing.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Form, Section};
use crate::web::ui::{Fault, Link};

/// The decision that is asked of one person.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "decide.html")]
pub struct DecidePage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub facts: Vec<Fact>,
    pub record: Link,
    pub sections: Vec<Section>,
    /// "Your decision, as Halden change manager"
    pub heading: String,
    /// One button; None once decided.
    pub approve: Option<Form>,
    /// Anything but plain approval: nothing preselected, words needed to refuse.
    pub other: Option<Form>,
    /// Open when it holds a fault.
    pub other_is_open: bool,
    /// Who decided what and when, once it is decided.
    pub decided: Vec<Fact>,
    /// How the tables decided: too wide to stand at the side.
    pub below: Vec<Section>,
    pub side: Vec<Section>,
}
