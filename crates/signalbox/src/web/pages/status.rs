//! `/status`, `/accessibility` and `/keys`: what stands in the footer of every page.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::ui::Tag;

#[derive(Template)]
#[template(path = "status.html")]
pub struct StatusPage {
    pub shell: Shell,
    pub sentence: String,
    pub parts: Vec<StatusRow>,
    pub version: String,
}

pub struct StatusRow {
    pub name: String,
    pub tag: Tag,
    pub note: String,
}

#[derive(Template)]
#[template(path = "accessibility.html")]
pub struct AccessibilityPage {
    pub shell: Shell,
}

#[derive(Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    pub shell: Shell,
}
