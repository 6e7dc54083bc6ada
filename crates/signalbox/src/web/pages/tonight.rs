//! `/tonight/{site}`: for staff on a ward. One page, no click after the bookmark.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::timeline::Timeline;
use crate::web::ui::{Choice, Link};

#[derive(Template)]
#[template(path = "tonight.html")]
pub struct TonightPage {
    pub shell: Shell,
    pub site: String,
    pub site_href: String,
    /// "Tuesday 17 November, 18:00, to Wednesday, 08:00."
    pub span: String,
    /// "3 pieces of work. …" or "Nothing tonight. Next: Thursday 21:00."
    pub sentence: String,
    pub sites: Vec<Choice>,
    pub date: String,
    pub night: Timeline,
    pub notices: Vec<Noticed>,
    /// Whom to ring, where the reader may see numbers.
    pub ring: String,
    /// Said where something is not settled yet.
    pub unsettled: Option<String>,
}

/// What staff will notice, and when.
pub struct Noticed {
    pub when: String,
    pub text: String,
    /// One printed side about it.
    pub poster: Option<Link>,
}

/// A site that is not known, with those whose names come near.
#[derive(Template)]
#[template(path = "tonight_unknown.html")]
pub struct UnknownSitePage {
    pub shell: Shell,
    pub asked: String,
    pub near: Vec<Link>,
}
