//! Pages for when something is in the way. Each says what happened, what was kept and what to do next.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::ui::{Fault, Link};

/// 400, 403, 404, 413, 429, 500 and 503 without a form.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub shell: Shell,
    pub heading: String,
    pub sentences: Vec<String>,
    /// The rule that stands in the way, in its own words, with its number.
    pub rule: Option<Rule>,
    pub onward: Vec<Link>,
    /// Quoted to the change team, so that they find the line in the log.
    pub request_id: String,
}

pub struct Rule {
    pub name: String,
    pub sentence: String,
}

/// A form that failed elsewhere than on its own page: 422 with every fault.
#[derive(Template)]
#[template(path = "error_invalid.html")]
pub struct InvalidPage {
    pub shell: Shell,
    pub heading: String,
    pub faults: Vec<Fault>,
    pub resend: Resend,
}

/// 409: two people changed the same thing. Both versions, field by field; nothing is lost.
#[derive(Template)]
#[template(path = "error_conflict.html")]
pub struct ConflictPage {
    pub shell: Shell,
    pub what: Link,
    /// "Tom Achebe, Halden storage, today 16:48"
    pub changed_by: String,
    pub differences: Vec<Difference>,
    /// Sends this person's version over the other.
    pub keep_mine: Resend,
}

pub struct Difference {
    pub field: String,
    pub theirs: String,
    pub yours: String,
}

/// 503: the record cannot be written just now. The form is kept on the page.
#[derive(Template)]
#[template(path = "error_unavailable.html")]
pub struct UnavailablePage {
    pub shell: Shell,
    pub retry_after_seconds: u32,
    /// None where nothing was being sent.
    pub resend: Option<Resend>,
}

/// A form's address and every field that it carried, to be sent again as they were.
pub struct Resend {
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub words: String,
}
