//! `/changes/{ref}/run`: what everybody on the bridge call looks at. Big, calm, and nothing on it that is not needed at two
//! in the morning.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::Table;
use crate::web::ui::{Link, Tag};

#[derive(Template)]
#[template(path = "run.html")]
pub struct RunPage {
    pub shell: Shell,
    pub reference: String,
    pub title: String,
    pub tag: Tag,
    /// "In progress since 22:04, 41 minutes gone. Step 3 of 7."
    pub sentence: String,
    /// What everybody has to know: the last safe moment has passed, go or no-go is missing, a step failed.
    pub warnings: Vec<String>,
    pub clocks: Vec<Clock>,
    pub now: Option<RunStep>,
    pub next: Option<RunStep>,
    /// One press each. Empty for whoever only looks.
    pub presses: Vec<Press>,
    /// What needs a word more: each has a page of its own.
    pub more: Vec<Link>,
    pub services: Vec<Served>,
    pub plans: Vec<Table>,
    pub say: Option<Press>,
    pub log: Vec<LogLine>,
    pub record: Link,
}

/// A time that matters, with how far away it is.
pub struct Clock {
    pub label: &'static str,
    pub at: String,
    pub note: String,
    /// `bad`, `warn` or nothing.
    pub mood: &'static str,
}

/// A step as it is read out.
pub struct RunStep {
    pub heading: String,
    pub what: String,
    /// "Halden, planned 22:20 for 20 minutes. Seen to have worked when: the copy can be read."
    pub note: String,
}

/// A button that sends the same thing however often it is pressed: its key is in the form.
pub struct Press {
    pub action: String,
    pub key: String,
    pub hidden: Vec<(String, String)>,
    pub words: String,
    pub is_quiet: bool,
}

/// A service and whether it is back.
pub struct Served {
    pub name: String,
    pub tag: Tag,
    pub press: Option<Press>,
}

/// A line of the log, latest first.
pub struct LogLine {
    pub at: String,
    pub what: String,
    pub said: String,
}
