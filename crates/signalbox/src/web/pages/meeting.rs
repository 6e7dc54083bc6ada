//! A meeting: what is discussed now, the papers, who is there. Read on a projector and on a phone.

use askama::Template;

use super::blocks::{Block, Folded};
use crate::web::layout::Shell;
use crate::web::parts::{Fact, Form, Table};
use crate::web::ui::{Fault, Link, Tag};

/// An item of the papers.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub number: usize,
    pub title: String,
    pub href: String,
    pub tags: Vec<Tag>,
    pub words: Vec<String>,
    pub is_current: bool,
    /// "Discuss this now", for the chair.
    pub form: Option<Form>,
}

/// The item under discussion.
#[derive(Clone, Debug, Default)]
pub struct Now {
    pub heading: String,
    /// "Item 2 of 5"
    pub place: String,
    /// For programs, and in words.
    pub since: String,
    pub since_words: String,
    pub facts: Vec<Fact>,
    pub votes: Option<Table>,
    pub links: Vec<Link>,
    pub forms: Vec<Folded>,
}

/// The page.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "meeting.html")]
pub struct MeetingPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub actions: Vec<Link>,
    pub warning: Vec<String>,
    pub current: Option<Now>,
    pub items: Vec<Item>,
    /// What stands there when nothing is to be discussed.
    pub empty: String,
    pub blocks: Vec<Block>,
    pub side: Vec<Block>,
}
