//! A member's subscriptions to the schedule.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::Form;
use crate::web::ui::{Fault, Link};

/// A subscription that may be revoked.
#[derive(Clone, Debug, Default)]
pub struct FeedRow {
    pub name: String,
    /// "Only Northbrook General. Made …. Last read …."
    pub words: String,
    pub revoke: Form,
}

/// One that was just made, with the addresses that open it.
#[derive(Clone, Debug, Default)]
pub struct NewFeed {
    pub name: String,
    pub addresses: Vec<Link>,
}

/// My subscriptions.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "feeds.html")]
pub struct FeedsPage {
    pub shell: Shell,
    pub faults: Vec<Fault>,
    /// Shown once, straight after it was made.
    pub new: Option<NewFeed>,
    pub feeds: Vec<FeedRow>,
    pub make: Form,
}
