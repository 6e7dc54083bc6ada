//! A page of panels, each with the forms that belong to it, folded away until they are wanted.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Form, Section};
use crate::web::ui::{Fault, Link};

/// A form behind a summary; without a title it stands open.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    pub title: String,
    pub form: Form,
}

impl Folded {
    pub fn new(title: &str, form: Form) -> Folded {
        Folded { title: title.into(), form }
    }

    /// Open when something in it has to be mended.
    pub fn is_open(&self) -> bool {
        self.form.fields.iter().any(|field| field.error.is_some())
    }
}

/// A panel with its forms.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub section: Section,
    pub forms: Vec<Folded>,
}

impl Block {
    pub fn new(section: Section) -> Block {
        Block { section, forms: vec![] }
    }

    pub fn form(mut self, title: &str, form: Form) -> Block {
        self.forms.push(Folded::new(title, form));
        self
    }

    /// A form that is what the panel is for, so that nobody has to look for it.
    pub fn open(self, form: Form) -> Block {
        self.form("", form)
    }
}

/// The page.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "blocks.html")]
pub struct BlocksPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub warning: Vec<String>,
    pub actions: Vec<Link>,
    pub blocks: Vec<Block>,
    pub side: Vec<Block>,
}
