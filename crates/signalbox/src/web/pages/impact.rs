//! What a change touches, what depends on that and what it needs (C030 to C032).

use askama::Template;

use crate::web::layout::Shell;
use crate::web::parts::Section;

/// The page.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "impact.html")]
pub struct ImpactPage {
    pub shell: Shell,
    pub lede: String,
    /// What came to depend on it since the approval.
    pub alerts: Vec<String>,
    /// SVG, or empty.
    pub picture: String,
    pub sections: Vec<Section>,
}
