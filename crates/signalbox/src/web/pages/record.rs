//! A record as one file that needs nothing else: no style, no script, no address of ours.

use askama::Template;

use crate::web::parts::Section;

/// The file. Its data, as JSON, stands at its end for programs.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "record_file.html")]
pub struct FilePage {
    pub title: String,
    pub lede: String,
    pub sections: Vec<Section>,
    /// Empty: none.
    pub data: String,
}
