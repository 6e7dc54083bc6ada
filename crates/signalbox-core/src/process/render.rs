//! A document for readers: its own text as HTML, its steps in words, and its stages as a picture.

use super::diagram::edges;
use super::{Process, Step, dictionary, markdown};
use crate::act::Act;
use crate::change::Stage;
use crate::rule::CATALOGUE;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd};
use std::collections::BTreeMap;

/// The document's text and tables as HTML, to stand under a heading of the second level. Raw HTML in the source is
/// shown, never obeyed; links lead only to web pages, mail addresses and places on this site.
pub fn document_html(process: &Process) -> String {
    let body = markdown::split_front(&process.source).map_or(0, |(_, body)| body);
    let mut writer = Writer::default();
    let parser = Parser::new_ext(process.source.get(body..).unwrap_or(""), markdown::options());
    let events: Vec<Event> = parser.flat_map(|event| writer.take(event)).collect();
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    html
}

/// What stands between the reader's parts of a document.
#[derive(Default)]
struct Writer {
    /// Text of the heading that is open.
    heading: Option<String>,
    /// The last whole heading; it names the tables below it.
    section: String,
    in_head: bool,
    in_title: bool,
    /// Rows of the open table so far.
    row: usize,
    /// How often an id or a label was given out.
    used: BTreeMap<String, usize>,
}

impl Writer {
    fn take<'e>(&mut self, event: Event<'e>) -> Vec<Event<'e>> {
        let html = |text: String| vec![Event::Html(CowStr::from(text))];
        // The page has a title of its own.
        if self.in_title && !matches!(event, Event::End(TagEnd::Heading(_))) {
            return vec![];
        }
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                self.in_title = true;
                vec![]
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                self.in_title = false;
                vec![]
            }
            Event::Start(Tag::Heading { .. }) => {
                self.heading = Some(String::new());
                vec![]
            }
            Event::End(TagEnd::Heading(level)) => {
                self.section = self.heading.take().unwrap_or_default();
                let level = if level == HeadingLevel::H2 { 3 } else { 4 };
                let id = self.once(&format!("doc-{}", slug(&self.section)), "-");
                html(format!("<h{level} id=\"{id}\">{}</h{level}>\n", escape(&self.section)))
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) if self.heading.is_some() => {
                self.heading.get_or_insert_default().push_str(&text);
                vec![]
            }
            _ if self.heading.is_some() => vec![],
            Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
            Event::Start(Tag::Table(_)) => {
                self.row = 0;
                let section = if self.section.is_empty() { "Table".to_owned() } else { self.section.clone() };
                let name = escape(&self.once(&section, ", part "));
                html(format!(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}, scrolls sideways\"><table class=\"tbl\"><caption class=\"vh\">{name}</caption>"
                ))
            }
            Event::End(TagEnd::Table) => html("</tbody></table></div>\n".to_owned()),
            Event::Start(Tag::TableHead) => {
                self.in_head = true;
                html("<thead><tr>".to_owned())
            }
            Event::End(TagEnd::TableHead) => {
                self.in_head = false;
                html("</tr></thead><tbody>".to_owned())
            }
            Event::Start(Tag::TableRow) => {
                self.row += 1;
                // A decision names the row that took it, so rows of decisions can be led to.
                let open = match decision(&self.section) {
                    Some(name) => format!("<tr id=\"{}\">", self.once(&format!("row-{}-{}", slug(name), self.row), "-")),
                    None => "<tr>".to_owned(),
                };
                html(open)
            }
            Event::End(TagEnd::TableRow) => html("</tr>".to_owned()),
            Event::Start(Tag::TableCell) => html(if self.in_head { "<th scope=\"col\">" } else { "<td>" }.to_owned()),
            Event::End(TagEnd::TableCell) => html(if self.in_head { "</th>" } else { "</td>" }.to_owned()),
            // An empty link leads nowhere, but keeps the words.
            Event::Start(Tag::Link { ref dest_url, .. }) if !is_safe(dest_url) => html("<a>".to_owned()),
            Event::Start(Tag::Link { dest_url, .. }) => html(format!("<a href=\"{}\">", escape(&dest_url))),
            Event::End(TagEnd::Link) => html("</a>".to_owned()),
            // Nothing is fetched from elsewhere; the words that stand for a picture stay.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => vec![],
            other => vec![other],
        }
    }

    /// The name, with a number if it was given out before.
    fn once(&mut self, name: &str, joint: &str) -> String {
        let count = self.used.entry(name.to_owned()).or_default();
        *count += 1;
        if *count == 1 { name.to_owned() } else { format!("{name}{joint}{count}") }
    }
}

/// The decision that a heading names: `Decide: category (unique)`, or the assessments.
fn decision(heading: &str) -> Option<&str> {
    if heading == "Assessments" {
        return Some("assessments");
    }
    let name = heading.strip_prefix("Decide:")?;
    Some(name.rsplit_once('(').map_or(name, |(name, _)| name).trim())
}

fn is_safe(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| lower.starts_with(scheme)) || (!lower.contains(':') && !lower.starts_with("//"))
}

/// A heading as an id: lower-case letters and digits with hyphens between.
pub fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Text as HTML, within elements and within quoted attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// One step as a reader wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub from: Stage,
    pub act: Act,
    pub to: Option<Stage>,
    pub who: Vec<String>,
    /// The sentences that the rules stand for.
    pub only_if: Vec<String>,
    pub tells: Vec<String>,
}

/// The steps in words, in the order of the stages.
pub fn moves(process: &Process) -> Vec<Move> {
    let mut steps: Vec<&Step> = process.steps.iter().collect();
    steps.sort_by_key(|step| step.from);
    steps.into_iter().map(in_words).collect()
}

fn in_words(step: &Step) -> Move {
    let sentence = |rule: &crate::rule::Rule| {
        CATALOGUE.iter().find(|row| row.0 == *rule).map_or_else(|| format!("The window gives {}.", rule.words()), |row| row.3.to_owned())
    };
    Move {
        from: step.from,
        act: step.act,
        to: step.to,
        who: step.who.iter().map(|who| dictionary::who_words(*who)).collect(),
        only_if: step.needs.iter().map(sentence).collect(),
        tells: step.tells.iter().map(|audience| dictionary::audience_words(*audience)).collect(),
    }
}

/// The id of a stage's first row in the table of moves, to which the picture links.
pub fn stage_id(stage: Stage) -> String {
    format!("stage-{}", slug(stage.code()))
}

/// The stages and moves as a Mermaid state diagram, for those who keep documents in other tools.
pub fn mermaid(process: &Process) -> String {
    let mut text = format!("stateDiagram-v2\n    [*] --> {}\n", Stage::Draft.code());
    for edge in edges(process) {
        let acts: Vec<&str> = edge.acts.iter().map(|act| act.words()).collect();
        text += &format!("    {} --> {}: {}\n", edge.from.code(), edge.to.code(), acts.join(", "));
    }
    for end in super::graph::ENDS.iter().filter(|end| process.steps.iter().any(|step| step.to == Some(**end))) {
        text += &format!("    {} --> [*]\n", end.code());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Processes;

    fn with_text(text: &str) -> String {
        let mut process = Processes::shipped().unwrap().by_id("end-to-end").unwrap().as_ref().clone();
        process.source = format!("---\nid: x\n---\n{text}");
        document_html(&process)
    }

    #[test]
    fn html_in_a_document_is_shown_and_not_obeyed() {
        let html =
            with_text("# T\n\n<script>alert(1)</script>\n\nA <b onclick=x>b</b> [go](javascript:alert(1)) ![p](https://x.example/p.png)\n\n## <i>H</i>\n");
        assert!(
            !html.contains("<script") && !html.contains("<b ") && !html.contains("javascript:") && !html.contains("<img") && !html.contains("<i>"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;") && html.contains("<h3 id=\"doc-i-h-i\">&lt;i&gt;H&lt;/i&gt;</h3>"), "{html}");
        assert!(!html.contains("<h1"));
    }

    #[test]
    fn tables_have_captions_and_scopes_and_ids_are_given_once() {
        let html = with_text(
            "## Steps\n\n| A | B |\n|---|---|\n| `x` | < 1 |\n\n| A |\n|---|\n| y |\n\n## Steps\n\n[safe](/process) [far](https://x.example/?a=1&b=2)\n",
        );
        assert!(html.contains("<caption class=\"vh\">Steps</caption><thead><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead><tbody><tr><td><code>x</code></td><td>&lt; 1</td></tr></tbody>"), "{html}");
        assert!(html.contains("aria-label=\"Steps, part 2, scrolls sideways\""), "{html}");
        let decided = with_text("## Decide: risk band (worst)\n\n| A | → B |\n|---|---|\n| x | y |\n| - | z |\n");
        assert!(decided.contains("<tr id=\"row-risk-band-1\"><td>x") && decided.contains("<tr id=\"row-risk-band-2\">"), "{decided}");
        assert!(html.contains("id=\"doc-steps\"") && html.contains("id=\"doc-steps-2\""), "{html}");
        assert!(html.contains("<a href=\"/process\">") && html.contains("<a href=\"https://x.example/?a=1&amp;b=2\">"), "{html}");
    }
}
