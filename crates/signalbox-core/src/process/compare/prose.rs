//! The text for the reader, by paragraphs under their headings.

use super::lines::{Side, align};
use super::{Found, Mark, Part, all, quoted};
use crate::process::{Process, markdown};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// A paragraph, list entry or heading, with the heading above it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Paragraph {
    under: String,
    text: String,
}

pub(super) fn compare(found: &mut Found, before: &Process, after: &Process) {
    let (was, is) = (paragraphs(&before.source), paragraphs(&after.source));
    let mut gone: Vec<&Paragraph> = vec![];
    let mut come: Vec<&Paragraph> = vec![];
    for (side, a, b) in align(&was, &is) {
        match side {
            Side::Before => gone.extend(a.map(|at| &was[at])),
            Side::After => come.extend(b.map(|at| &is[at])),
            Side::Both => tell(found, &mut gone, &mut come),
        }
    }
    tell(found, &mut gone, &mut come);
}

/// Paragraphs that stand in each other's place are one that was reworded.
fn tell(found: &mut Found, gone: &mut Vec<&Paragraph>, come: &mut Vec<&Paragraph>) {
    let under = |paragraph: &Paragraph| if paragraph.under.is_empty() { String::new() } else { format!("Under {}: ", quoted(&paragraph.under)) };
    let both = gone.len().min(come.len());
    for (was, is) in gone.iter().zip(come.iter()) {
        found.add(Part::Prose, Mark::Changed, all(), format!("{}{} now reads {}", under(is), quoted(&short(&was.text)), quoted(&short(&is.text))));
    }
    for was in &gone[both..] {
        found.add(Part::Prose, Mark::Removed, all(), format!("{}{} is gone.", under(was), quoted(&short(&was.text))));
    }
    for is in &come[both..] {
        found.add(Part::Prose, Mark::Added, all(), format!("{}{} is new.", under(is), quoted(&short(&is.text))));
    }
    gone.clear();
    come.clear();
}

fn short(text: &str) -> String {
    const MOST: usize = 160;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).collect::<String>() + "…" }
}

fn paragraphs(source: &str) -> Vec<Paragraph> {
    let body = markdown::split_front(source).map_or(0, |(_, body)| body);
    let mut all = vec![];
    let (mut under, mut open, mut in_table, mut heading) = (String::new(), String::new(), false, None);
    for event in Parser::new_ext(source.get(body..).unwrap_or(""), markdown::options()) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some(level),
            Event::End(TagEnd::Heading(_)) => {
                let text = std::mem::take(&mut open).trim().to_owned();
                // The title is told by the front matter.
                if heading.take() != Some(HeadingLevel::H1) {
                    under = text.clone();
                    if !text.to_ascii_lowercase().starts_with("decide:") {
                        all.push(Paragraph { under: String::new(), text });
                    }
                } else {
                    under.clear();
                }
            }
            Event::Start(Tag::Table(_)) => in_table = true,
            Event::End(TagEnd::Table) => in_table = false,
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) | Event::Html(text) if !in_table => open.push_str(&text),
            Event::SoftBreak | Event::HardBreak if !in_table => open.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::HtmlBlock) if !open.trim().is_empty() => {
                all.push(Paragraph { under: under.clone(), text: std::mem::take(&mut open).split_whitespace().collect::<Vec<_>>().join(" ") });
            }
            _ => {}
        }
    }
    all
}
