//! Coming in: sign in, set a password; in the demonstration, one click per person and the mail that was sent.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Form, Section};

/// A person of the demonstration.
#[derive(Clone, Debug, Default)]
pub struct DemoPerson {
    pub name: String,
    /// "Change manager; sees what waits for a decision."
    pub words: String,
    pub form: Form,
}

/// An organisation of the demonstration with its people.
#[derive(Clone, Debug, Default)]
pub struct DemoOrganisation {
    pub id: String,
    pub name: String,
    pub people: Vec<DemoPerson>,
}

/// Choose who to be, in the demonstration only.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "demo.html")]
pub struct DemoPage {
    pub shell: Shell,
    pub lede: String,
    /// Where to look first.
    pub tour: Section,
    pub organisations: Vec<DemoOrganisation>,
}

/// One mail that the demonstration sent.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "mail.html")]
pub struct MailPage {
    pub shell: Shell,
    pub facts: Vec<Fact>,
    /// Plain text; addresses in it are listed again as links.
    pub body: String,
    pub links: Vec<crate::web::ui::Link>,
}
