//! Changing cells of a document without touching anything else: what a person edits in a form goes back into the
//! Markdown where it came from, byte for byte beside it.

use super::markdown;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use std::ops::Range;

/// A table as a form shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The heading that it stands under.
    pub heading: String,
    /// The line of its first row, from 1.
    pub line: usize,
    pub columns: Vec<String>,
    pub rows: Vec<GridRow>,
    /// Where a further row would be written.
    end: usize,
}

/// A row: its line, and its cells as they were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridRow {
    pub line: usize,
    pub cells: Vec<String>,
    whole: Range<usize>,
    places: Vec<Range<usize>>,
}

impl Grid {
    /// Whether the program runs it: the heading is one of those that it reads.
    pub fn is_live(&self) -> bool {
        let heading = self.heading.to_ascii_lowercase();
        heading.starts_with("decide:") || ["steps", "questions", "risk questions", "assessments", "timers", "catalogue"].contains(&heading.as_str())
    }
}

/// What a person wants of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Row, column, and what is to stand there; both from 0.
    pub cells: Vec<(usize, usize, String)>,
    /// Rows to drop.
    pub drop: Vec<usize>,
    /// Rows to add at the end.
    pub add: Vec<Vec<String>>,
}

/// The longest cell that a form takes, in characters.
pub const CELL_MAX_CHARS: usize = 4_000;

/// Every table of a document, in its order.
pub fn grids(source: &str) -> Vec<Grid> {
    let body = markdown::split_front(source).map_or(0, |(_, body)| body);
    let lines = markdown::Lines::of(source);
    let line_of = |offset: usize| lines.place("", offset).line;
    let mut all = vec![];
    let (mut heading, mut open, mut grid): (String, Option<String>, Option<Grid>) = (String::new(), None, None);
    for (event, range) in Parser::new_ext(source.get(body..).unwrap_or(""), markdown::options()).into_offset_iter() {
        let range = body + range.start..body + range.end;
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
            Event::End(TagEnd::Heading(level)) => {
                let text = open.take().unwrap_or_default();
                if level != HeadingLevel::H1 {
                    heading = text.trim().to_owned();
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => {
                if let Some(open) = &mut open {
                    open.push_str(&text);
                }
            }
            Event::Start(Tag::Table(_)) => {
                grid = Some(Grid { heading: heading.clone(), line: line_of(range.start), columns: vec![], rows: vec![], end: range.end })
            }
            Event::Start(Tag::TableHead) => {
                if let Some(grid) = &mut grid {
                    grid.columns = cells(source, whole_line(source, range.start)).into_iter().map(|place| typed(source, &place)).collect();
                }
            }
            Event::Start(Tag::TableRow) => {
                if let Some(grid) = &mut grid {
                    let whole = whole_line(source, range.start);
                    let mut places = cells(source, whole.clone());
                    places.truncate(grid.columns.len());
                    let mut texts: Vec<String> = places.iter().map(|place| typed(source, place)).collect();
                    texts.resize(grid.columns.len(), String::new());
                    grid.end = whole.end;
                    grid.rows.push(GridRow { line: line_of(range.start), cells: texts, whole, places });
                }
            }
            Event::End(TagEnd::Table) => all.extend(grid.take()),
            _ => {}
        }
    }
    all
}

/// From an offset in a line to the line's end, without the line break.
fn whole_line(source: &str, at: usize) -> Range<usize> {
    let end = source[at..].find('\n').map_or(source.len(), |found| at + found);
    let end = if source[at..end].ends_with('\r') { end - 1 } else { end };
    at..end
}

/// The cells of a row: each between two bars, with the space around it.
fn cells(source: &str, line: Range<usize>) -> Vec<Range<usize>> {
    let text = &source[line.clone()];
    let mut bars = vec![];
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'|' if !is_escaped => bars.push(at),
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    let content = text.len() - text.trim_start().len()..text.trim_end().len();
    let mut edges = vec![];
    if bars.first() != Some(&content.start) {
        edges.push(content.start);
    }
    edges.extend(bars.iter().map(|bar| bar + 1));
    let ends = bars.iter().copied().filter(|bar| *bar != content.start).chain((bars.last().map(|bar| bar + 1) != Some(content.end)).then_some(content.end));
    edges.iter().copied().zip(ends).filter(|(from, to)| from <= to).map(|(from, to)| line.start + from..line.start + to).collect()
}

/// What somebody would type to get this cell.
fn typed(source: &str, place: &Range<usize>) -> String {
    source[place.clone()].trim().replace("\\|", "|")
}

/// A cell as it is written.
fn written(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace("\\|", "|").replace('|', "\\|")
}

/// The document with these changes; `None` where a row or column does not exist, or a cell cannot hold what was typed.
pub fn edit(source: &str, table: usize, wanted: &Edit) -> Option<String> {
    let all = grids(source);
    let grid = all.get(table)?;
    let mut changes: Vec<(Range<usize>, String)> = vec![];
    let mut longer: std::collections::BTreeMap<usize, Vec<String>> = Default::default();
    for (row, column, text) in &wanted.cells {
        let found = grid.rows.get(*row)?;
        if text.chars().count() > CELL_MAX_CHARS || text.chars().any(|c| c.is_control() && !c.is_whitespace()) || *column >= grid.columns.len() {
            return None;
        }
        if wanted.drop.contains(row) || found.cells[*column] == text.trim() {
            continue;
        }
        match found.places.get(*column) {
            Some(place) => changes.push((place.clone(), padded(&written(text)))),
            // A row may end before the last column; it is written anew.
            None => longer.entry(*row).or_insert_with(|| found.cells.clone())[*column] = text.clone(),
        }
    }
    for (row, mut cells) in longer {
        for (_, column, text) in wanted.cells.iter().filter(|(at, ..)| *at == row) {
            cells[*column] = text.clone();
        }
        let whole = grid.rows[row].whole.clone();
        changes.retain(|(place, _)| !(whole.start <= place.start && place.end <= whole.end));
        changes.push((whole, line(&cells)));
    }
    for row in &wanted.drop {
        let whole = grid.rows.get(*row)?.whole.clone();
        let start = source[..whole.start].rfind('\n').map_or(0, |at| at + 1);
        let end = source[whole.end..].find('\n').map_or(source.len(), |at| whole.end + at + 1);
        changes.push((start..end, String::new()));
    }
    for cells in wanted.add.iter().filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty())) {
        let at = if grid.rows.is_empty() { head_end(source, grid.end) } else { grid.end };
        let mut cells = cells.clone();
        cells.resize(grid.columns.len(), String::new());
        changes.push((at..at, format!("\n{}", line(&cells))));
    }
    // From the end, so that the places before stay true; additions at one place keep their order.
    changes.sort_by_key(|(place, _)| (place.start, place.end));
    let mut text = source.to_owned();
    for (place, words) in changes.iter().rev() {
        text.replace_range(place.clone(), words);
    }
    Some(text)
}

/// The end of a table's text without the break after it.
fn head_end(source: &str, end: usize) -> usize {
    source[..end].trim_end().len()
}

fn padded(words: &str) -> String {
    if words.is_empty() { " ".to_owned() } else { format!(" {words} ") }
}

fn line(cells: &[String]) -> String {
    format!("|{}|", cells.iter().map(|cell| padded(&written(cell))).collect::<Vec<_>>().join("|"))
}

/// The document with another version in its front matter; as it is where the front matter has none.
pub fn with_version(source: &str, version: u32) -> String {
    let Some((front, _)) = markdown::split_front(source) else { return source.to_owned() };
    let mut at = front.start;
    for line in source[front].split_inclusive('\n') {
        if line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case("version")) {
            let end = at + line.trim_end().len();
            return format!("{}version: {version}{}", &source[..at], &source[end..]);
        }
        at += line.len();
    }
    source.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::load::SHIPPED;

    const SMALL: &str = "---\nid: x\nversion: 3\n---\n\n# T\n\n## Steps\n\n| A | B |\n|---|---|\n| one | a \\| b |\n|two| |\n| three |\n\nAfter.\n";

    #[test]
    fn cells_are_read_as_typed_and_written_back_alone() {
        let grid = &grids(SMALL)[0];
        assert_eq!((grid.heading.as_str(), grid.line, grid.columns.as_slice()), ("Steps", 10, &["A".to_owned(), "B".to_owned()][..]));
        let cells: Vec<_> = grid.rows.iter().map(|row| (row.line, row.cells.join("/"))).collect();
        assert_eq!(cells, [(12, "one/a | b".to_owned()), (13, "two/".to_owned()), (14, "three/".to_owned())]);
        let cell = |row, column, text: &str| edit(SMALL, 0, &Edit { cells: vec![(row, column, text.into())], ..Edit::default() });
        assert_eq!(cell(0, 1, "c | d").unwrap(), SMALL.replace("a \\| b", "c \\| d"));
        assert_eq!(cell(1, 1, "x\ny").unwrap(), SMALL.replace("|two| |", "|two| x y |"));
        assert_eq!(cell(2, 1, "late").unwrap(), SMALL.replace("| three |", "| three | late |"));
        assert_eq!(cell(0, 0, "one").unwrap(), SMALL, "what was not changed stays");
        assert_eq!((cell(9, 0, "x"), cell(0, 9, "x"), cell(0, 0, "\u{1b}")), (None, None, None));
    }

    #[test]
    fn rows_are_dropped_and_added() {
        let wanted = Edit { drop: vec![1], add: vec![vec!["four".into()], vec![" ".into(), String::new()]], ..Edit::default() };
        assert_eq!(edit(SMALL, 0, &wanted).unwrap(), SMALL.replace("|two| |\n", "").replace("| three |\n", "| three |\n| four | |\n"));
        let windows = SMALL.replace('\n', "\r\n");
        let both = Edit { cells: vec![(0, 0, "1".into())], drop: vec![1], ..Edit::default() };
        assert_eq!(edit(&windows, 0, &both).unwrap(), windows.replace("| one |", "| 1 |").replace("|two| |\r\n", ""));
    }

    #[test]
    fn every_cell_of_the_shipped_documents_can_be_changed_alone() {
        for (file, text) in SHIPPED {
            let all = grids(text);
            assert!(all.iter().any(Grid::is_live), "{file}");
            for (n, grid) in all.iter().enumerate() {
                for (at, row) in grid.rows.iter().enumerate() {
                    for column in 0..grid.columns.len() {
                        let wanted = Edit { cells: vec![(at, column, "zebra | crossing".into())], ..Edit::default() };
                        let changed = edit(text, n, &wanted).unwrap();
                        let again = &grids(&changed)[n];
                        let mut expected = row.cells.clone();
                        expected[column] = "zebra | crossing".into();
                        assert_eq!(again.rows[at].cells, expected, "{file} line {}", row.line);
                        let others = |grid: &Grid| grid.rows.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, row)| row.cells.clone()).collect::<Vec<_>>();
                        assert_eq!(others(again), others(grid));
                        assert_eq!(changed.lines().count(), text.lines().count());
                    }
                }
            }
        }
    }

    #[test]
    fn the_version_is_raised_in_its_place() {
        assert_eq!(with_version(SMALL, 4), SMALL.replace("version: 3", "version: 4"));
        assert_eq!(with_version("no front matter", 4), "no front matter");
    }
}
