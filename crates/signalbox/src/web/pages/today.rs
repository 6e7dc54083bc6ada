//! `/`: what is on, what waits for this person, what has changed.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::timeline::Timeline;
use crate::web::ui::{Link, Tag};

#[derive(Template)]
#[template(path = "today.html")]
pub struct TodayPage {
    pub shell: Shell,
    /// "Tuesday 17 November"
    pub day: String,
    /// The sentence that matters: "3 pieces of work tonight, all at Northbrook."
    pub sentence: String,
    /// The rest of the paragraph.
    pub more: String,
    /// At most 7, due first.
    pub waiting: Vec<Waiting>,
    pub waiting_all: Option<Link>,
    pub night: Timeline,
    pub night_links: Vec<Link>,
    /// What is worth knowing about tonight, such as a clash.
    pub night_notes: Vec<NightNote>,
    pub news: Option<News>,
    pub figure: Option<Figure>,
    pub coming: Vec<NewsLine>,
}

pub struct Waiting {
    /// "by 19:00 today"
    pub due: String,
    pub is_late: bool,
    pub link: Link,
    pub why: String,
    pub tag: Tag,
}

pub struct NightNote {
    pub when: String,
    pub text: String,
    pub link: Link,
}

pub struct News {
    /// "Since you last looked, yesterday 17:41"
    pub heading: String,
    pub lines: Vec<NewsLine>,
    pub all: Option<Link>,
}

pub struct NewsLine {
    pub when: String,
    pub link: Link,
    pub text: String,
}

/// One large figure with the sentence that reads it.
pub struct Figure {
    pub heading: String,
    pub figure: String,
    pub of: String,
    pub reading: String,
    pub report: Link,
}
