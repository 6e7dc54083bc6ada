//! The ward notice: one printed side for one site and one piece of work.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::ui::Link;

#[derive(Template)]
#[template(path = "poster.html")]
pub struct PosterPage {
    pub shell: Shell,
    pub change: Link,
    /// "Planned outage"; with "CANCELLED" where it is.
    pub kind: String,
    /// Which services, and where.
    pub heading: String,
    pub from: String,
    pub to: String,
    /// By when all is back at the latest; empty where that is the end itself.
    pub latest: String,
    pub notice: String,
    pub meanwhile: String,
    /// Whom to ring.
    pub ring: String,
    pub code: Code,
    /// Its reference, and when it was made.
    pub foot: String,
}

/// A code that a telephone reads, as a drawing.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// Modules along one side, with the quiet zone.
    pub size: usize,
    /// The dark modules.
    pub path: String,
    /// What it says, for who does not see it.
    pub alt: String,
    pub address: String,
}
