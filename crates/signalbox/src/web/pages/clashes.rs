//! Every clash of a change, with its ways out (ux F10).

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Clash, Fact, Form};
use crate::web::ui::{Fault, Link};

/// A clash and what may be done about it.
#[derive(Clone, Debug, Default)]
pub struct Settling {
    /// Its address within the page.
    pub id: String,
    pub clash: Clash,
    pub facts: Vec<Fact>,
    /// The ways out that are open to the reader; none where nothing is.
    pub form: Option<Form>,
    /// Who else has a way out.
    pub words: Vec<String>,
}

/// The page.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "clashes.html")]
pub struct ClashesPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub free: Link,
    pub clashes: Vec<Settling>,
}
