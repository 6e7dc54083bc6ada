//! My own page: details, sessions, API tokens.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::{Fact, Form, Table};
use crate::web::ui::Fault;

/// A token that may be revoked.
#[derive(Clone, Debug, Default)]
pub struct TokenRow {
    pub name: String,
    /// "Made 3 November, last used today 16:50, until 3 May 2027."
    pub words: String,
    pub revoke: Form,
}

/// My details, sessions and tokens.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "me.html")]
pub struct MePage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    pub details: Vec<Fact>,
    pub memberships: Table,
    /// Shown once, straight after it was made.
    pub new_token: Option<String>,
    pub tokens: Vec<TokenRow>,
    pub make_token: Form,
    pub sign_out: Form,
    pub sign_out_everywhere: Form,
    pub sessions: String,
}
