//! Reads a process document as text: front matter, headings, and the tables under them, each cell with its place.
//! What the cells mean is not decided here.

use super::Place;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A piece of text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub place: Place,
}

/// A table with the nearest heading above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    pub heading: Cell,
    pub columns: Vec<Cell>,
    pub rows: Vec<Vec<Cell>>,
}

/// The parts of a document that the program reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Keys (lower case) and values of the front matter.
    pub front: Vec<(Cell, Cell)>,
    /// Whether the front matter begins and ends as it must.
    pub has_front: bool,
    pub headings: Vec<Cell>,
    pub grids: Vec<Grid>,
}

/// Turns offsets into lines and columns, both from 1; columns count characters.
pub struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the line starts of the source.
    pub fn of(source: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { source, starts }
    }

    /// The place of an offset.
    pub fn place(&self, file: &str, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let text = self.source.get(self.starts[line - 1]..offset).unwrap_or("");
        Place { file: file.to_owned(), line, column: text.chars().count() + 1 }
    }
}

/// The front matter's extent and where the body begins: `---`, lines, `---`.
pub fn split_front(source: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let first = source.find('\n')?;
    if source[..first].trim_end() != "---" {
        return None;
    }
    let mut at = first + 1;
    for line in source[first + 1..].split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((first + 1..at, at + line.len()));
        }
        at += line.len();
    }
    None
}

/// The Markdown that documents are written in: CommonMark with tables.
pub fn options() -> Options {
    Options::ENABLE_TABLES
}

/// Reads a source.
pub fn read(file: &str, source: &str) -> Sheet {
    let lines = Lines::of(source);
    let mut sheet = Sheet::default();
    let mut body = 0;
    if let Some((front, after)) = split_front(source) {
        sheet.has_front = true;
        body = after;
        let mut at = front.start;
        for line in source[front].split_inclusive('\n') {
            if let Some((key, value)) = line.split_once(':') {
                let lead = value.len() - value.trim_start().len();
                sheet.front.push((
                    Cell { text: key.trim().to_ascii_lowercase(), place: lines.place(file, at) },
                    Cell { text: value.trim().to_owned(), place: lines.place(file, at + key.len() + 1 + lead) },
                ));
            } else if !line.trim().is_empty() {
                sheet
                    .front
                    .push((Cell { text: line.trim().to_owned(), place: lines.place(file, at) }, Cell { text: String::new(), place: lines.place(file, at) }));
            }
            at += line.len();
        }
    }
    read_body(&mut sheet, file, source, body, &lines);
    sheet
}

fn read_body(sheet: &mut Sheet, file: &str, source: &str, body: usize, lines: &Lines) {
    let place = |at: usize| lines.place(file, body + at);
    // Text is gathered into the open cell or heading; everywhere else it is prose and is passed over.
    let mut open: Option<Cell> = None;
    let mut row: Vec<Cell> = vec![];
    let mut grid: Option<Grid> = None;
    for (event, range) in Parser::new_ext(&source[body..], options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some(Cell { text: String::new(), place: place(range.start) }),
            Event::End(TagEnd::Heading(level)) => {
                if let Some(mut heading) = open.take() {
                    heading.text = heading.text.trim().to_owned();
                    if level != HeadingLevel::H1 {
                        sheet.headings.push(heading);
                    }
                }
            }
            Event::Start(Tag::Table(_)) => {
                let nowhere = Cell { text: String::new(), place: place(range.start) };
                let heading = sheet.headings.last().cloned().unwrap_or(nowhere);
                grid = Some(Grid { heading, columns: vec![], rows: vec![] });
            }
            Event::Start(Tag::TableCell) => open = Some(Cell { text: String::new(), place: place(range.start) }),
            Event::End(TagEnd::TableCell) => row.extend(open.take().map(|c| trimmed(c, source, body, &range, lines))),
            Event::End(TagEnd::TableHead) => {
                if let Some(grid) = &mut grid {
                    grid.columns = std::mem::take(&mut row);
                }
            }
            Event::End(TagEnd::TableRow) => {
                if let Some(grid) = &mut grid {
                    grid.rows.push(std::mem::take(&mut row));
                }
            }
            Event::End(TagEnd::Table) => sheet.grids.extend(grid.take()),
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => {
                if let Some(cell) = &mut open {
                    cell.text.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(cell) = &mut open {
                    cell.text.push(' ');
                }
            }
            _ => {}
        }
    }
}

/// The cell without the space around it; its place is that of its first character.
fn trimmed(cell: Cell, source: &str, body: usize, range: &std::ops::Range<usize>, lines: &Lines) -> Cell {
    let raw = &source[body + range.start..body + range.end];
    let lead = raw.len() - raw.trim_start_matches(|c: char| c.is_whitespace() || c == '|').len();
    let start = if lead < raw.len() { range.start + lead } else { range.start };
    Cell { text: cell.text.trim().to_owned(), place: lines.place(&cell.place.file, body + start) }
}
