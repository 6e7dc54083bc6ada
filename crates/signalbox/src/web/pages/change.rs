//! A change's record: one long page in reading order (ux 1.6, 2.3), and what hangs on it: acts and versions.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Clash, Form, Notice, Section};
use crate::web::ui::{Fault, Link, Stage, Tag};

/// The act that waits for this person, as a form in place.
#[derive(Clone, Debug, Default)]
pub struct ActPanel {
    pub heading: String,
    /// alert, warn or ok: the edge of the panel.
    pub mood: &'static str,
    pub words: String,
    pub form: Form,
}

/// An act that this person may do now.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    pub link: Link,
    /// "from 21:45", or empty.
    pub note: String,
}

/// An act that this person may not do now: why, and who can change that.
#[derive(Clone, Debug, Default)]
pub struct NotNow {
    pub act: String,
    /// The rule that stands in the way.
    pub rule: String,
    /// The fact that it looks at.
    pub reason: String,
    pub who: String,
}

/// What an entry of the conversation is: the shape of its mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Plain,
    Message,
    Good,
    Bad,
}

impl Mark {
    /// The class of an entry in `.conv`.
    pub fn class(self) -> &'static str {
        match self {
            Mark::Plain => "",
            Mark::Message => "say",
            Mark::Good => "good",
            Mark::Bad => "bad",
        }
    }
}

/// One entry of the conversation and history.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub mark: Mark,
    /// In bold: who wrote, or what happened.
    pub lead: String,
    /// ", Northbrook IT, today 16:55"
    pub rest: String,
    /// The words of a message; line breaks are kept.
    pub said: String,
    pub link: Option<Link>,
}

/// A way to look at the conversation: everything, messages, decisions, edits.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub link: Link,
    pub is_current: bool,
}

/// A file kept with the change.
#[derive(Clone, Debug, Default)]
pub struct Attachment {
    pub link: Link,
    /// "PDF, 220 KB, Tom Achebe, 3 Nov"
    pub note: String,
}

/// The record of a change.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "change.html")]
pub struct ChangePage {
    pub shell: Shell,
    pub reference: String,
    pub title: String,
    /// Kind, stage, then whatever else must be seen first.
    pub tags: Vec<Tag>,
    pub lede: String,
    pub stages: Vec<Stage>,
    pub faults: Vec<Fault>,
    pub act: Option<ActPanel>,
    pub offers: Vec<Offer>,
    pub not_now: Vec<NotNow>,
    /// Every act that is not offered, of this stage and of the others.
    pub why_not: Vec<NotNow>,
    pub clashes: Vec<Clash>,
    /// "No clashes found, looked at today 17:20."
    pub no_clash: String,
    pub notice: Option<Notice>,
    /// At a glance, assessments, clinical screening, network provider, approvals, promises, the night, outcome.
    pub sections: Vec<Section>,
    pub views: Vec<View>,
    pub entries: Vec<Entry>,
    pub older: Option<Link>,
    pub message: Option<Form>,
    pub attachments: Vec<Attachment>,
    pub upload: Option<Form>,
    /// "14 people watch." and the button's form.
    pub watchers: String,
    pub watch: Option<Form>,
    /// Begins a draft with the same answers.
    pub copy: Option<Form>,
    pub links: Vec<Link>,
}
