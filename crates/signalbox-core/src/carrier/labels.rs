//! What stands behind the labels and in the tables of a mail, whichever carrier wrote it. A label is a whole piece of a
//! line before a colon, a whole cell, or the head of a column.

use super::times::{self, Stated, Zone};
use super::{Doubt, Found, LINE_MAX, LINES_MAX, OBJECTS_MAX, Object, Part, cut};
use crate::maintnote::Impact;

/// A line, as its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) cells: Vec<String>,
    /// So long that the sentence may go on in the next one.
    pub(super) wraps: bool,
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.cells.join(" ")
    }

    fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.is_empty()).count()
    }
}

/// What the lines say, every time that they say it.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) ids: Vec<Found<String>>,
    pub(super) accounts: Vec<Found<String>>,
    pub(super) statuses: Vec<String>,
    pub(super) starts: Vec<Stated>,
    pub(super) ends: Vec<Stated>,
    pub(super) objects: Vec<Object>,
    pub(super) summaries: Vec<Found<String>>,
    impact: Option<Impact>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    Id,
    Account,
    Circuit,
    Alternative,
    /// The number of a network that is a peer.
    Peer,
    Impact,
    Status,
    Start(Option<Zone>),
    End(Option<Zone>),
    Window,
    Summary,
}

const IDS: [&str; 22] = [
    "ticket number",
    "ticket",
    "reference internal ticket",
    "internal ticket",
    "sparkle ticket number",
    "maintenance number",
    "maintenance id",
    "maintenance reference",
    "maintenance ticket",
    "work order number",
    "work order",
    "event id",
    "event number",
    "change number",
    "change reference",
    "change id",
    "planned work reference",
    "planned work (pw)ref.",
    "scheduled maintenance #",
    "scheduled maintenance window #",
    "reference",
    "our reference",
];
const ACCOUNTS: [&str; 7] = ["account", "account name", "account number", "account id", "customer", "customer name", "customer account"];
const CIRCUITS: [&str; 15] = [
    "circuit id",
    "circuit ids",
    "circuit id(s)",
    "circuit id(s) impacted",
    "circuit",
    "circuits",
    "circuit reference",
    "circuits involved in the activity",
    "affected circuit",
    "affected circuits",
    "service id",
    "service ids",
    "service id(s)",
    "order id(s) impacted",
    "affected services",
];
const IMPACTS: [&str; 5] = ["impact", "service impact", "impact type", "customer impact", "business risk"];
const SUMMARIES: [&str; 9] = [
    "summary",
    "description",
    "work description",
    "description of work",
    "reason for maintenance",
    "purpose of maintenance",
    "justification of the work",
    "outage description",
    "impact of the maintenance",
];
const BESIDE_TIME: [&str; 20] = [
    "scheduled",
    "planned",
    "maintenance",
    "window",
    "primary",
    "backup",
    "alternate",
    "date",
    "time",
    "day",
    "and",
    "utc",
    "gmt",
    "local",
    "uk",
    "new",
    "of",
    "the",
    "outage",
    "work",
];

/// So many colons of one cell are looked at: a line of nothing else would cost more than it says.
const SEGMENTS_MAX: usize = 40;

fn plain(text: &str) -> String {
    let lower: String = text.to_lowercase().chars().filter(|c| *c != '\u{307}').collect();
    let kept = lower.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_end_matches(|c: char| c.is_whitespace() || "*:".contains(c));
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn label(text: &str) -> Option<Label> {
    let text = text.trim().trim_end_matches([':', '*', ' ']);
    if text.len() > 80 || text.contains(':') {
        return None;
    }
    let text = plain(text);
    let is_in = |list: &[&str]| list.contains(&text.as_str());
    Some(match text.as_str() {
        "alt circuit id" => Label::Alternative,
        "peer as" => Label::Peer,
        "status" | "maintenance status" | "event status" => Label::Status,
        "date time" | "date and time" | "maintenance window" | "outage window" | "window" | "schedule" => Label::Window,
        _ if is_in(&IDS) => Label::Id,
        _ if is_in(&ACCOUNTS) => Label::Account,
        _ if is_in(&CIRCUITS) => Label::Circuit,
        _ if is_in(&IMPACTS) => Label::Impact,
        _ if is_in(&SUMMARIES) => Label::Summary,
        _ => return time_label(&text),
    })
}

/// Words about a time, one of which says start or end: `Scheduled Start Date & Time`.
fn time_label(text: &str) -> Option<Label> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (mut starts, mut ends) = (false, false);
    for word in &words {
        match *word {
            "start" | "starts" | "begin" | "begins" => starts = true,
            "end" | "ends" | "finish" | "stop" => ends = true,
            other if BESIDE_TIME.contains(&other) || other.len() <= 2 && other.bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => return None,
        }
    }
    match (starts, ends) {
        (true, false) => Some(Label::Start(times::zone_in(text))),
        (false, true) => Some(Label::End(times::zone_in(text))),
        _ => None,
    }
}

/// The lines of a part. Tabs, and in a list of values whatever parts it, are between cells.
pub(super) fn lines(part: &Part, text: &str) -> Vec<Line> {
    let is_list = part.media == "text/csv" || part.name.to_lowercase().ends_with(".csv");
    let first = text.lines().next().unwrap_or_default();
    let between = if !is_list || first.contains('\t') {
        '\t'
    } else if first.contains(';') {
        ';'
    } else {
        ','
    };
    let cell = |text: &str| text.replace('\u{feff}', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let bounded = |line: &str| line.chars().take(LINE_MAX).collect::<String>();
    let line = |line: String| Line {
        wraps: part.media == "text/plain" && line.chars().count() >= 50,
        cells: split(&line, between, is_list).iter().map(|text| cell(text)).collect(),
    };
    text.lines().take(LINES_MAX).map(bounded).map(line).collect()
}

fn split(line: &str, between: char, quotes: bool) -> Vec<String> {
    let (mut cells, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' if quotes => is_quoted = !is_quoted,
            c if c == between && !is_quoted => cells.push(String::new()),
            c => {
                if let Some(last) = cells.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    cells
}

pub(super) fn read(lines: &[Line]) -> Said {
    let lines: Vec<Line> = lines.iter().filter(|line| line.filled() > 0).cloned().collect();
    let lines = lines.as_slice();
    let mut said = Said::default();
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        if let Some(columns) = header(line) {
            at = said.table(&columns, lines, at + 1);
            continue;
        }
        said.pairs(line, &lines[at + 1..]);
        said.window(&line.text());
        said.bare_row(line);
        said.in_brackets(&line.text());
        at += 1;
    }
    said.listed(lines);
    if let Some(impact) = said.impact {
        said.objects.iter_mut().filter(|object| object.words.is_empty()).for_each(|object| object.impact = impact);
    }
    said
}

/// The labels of the columns, if a line is the head of a table.
fn header(line: &Line) -> Option<Vec<Option<Label>>> {
    let is_name = |cell: &str| !cell.contains(':') && !times::stated(cell).iter().any(|_| true);
    if line.cells.len() < 2 || !line.cells.iter().all(|cell| is_name(cell)) {
        return None;
    }
    let columns: Vec<Option<Label>> = line.cells.iter().map(|cell| label(cell)).collect();
    let known = columns.iter().flatten().count();
    let has_numbers = line.cells.iter().any(|cell| cell.bytes().filter(u8::is_ascii_digit).count() > 2 && label(cell).is_none());
    let is_list = columns.contains(&Some(Label::Circuit)) && line.filled() >= 3 && !has_numbers;
    (known >= 2 || is_list).then_some(columns)
}

impl Said {
    /// Reads the rows under a head; gives the number of the first line that is none.
    fn table(&mut self, columns: &[Option<Label>], lines: &[Line], mut at: usize) -> usize {
        let position = |wanted: &Label| columns.iter().position(|label| label.as_ref() == Some(wanted));
        let zone = columns.iter().flatten().find_map(|label| match label {
            Label::Start(zone) | Label::End(zone) => Some(zone.clone()),
            _ => None,
        });
        while at < lines.len() && lines[at].filled() >= 2 && header(&lines[at]).is_none() {
            let cells = &lines[at].cells;
            let is_read = match (&zone, position(&Label::Circuit)) {
                (Some(zone), None) => self.row_of_times(&lines[at].text(), zone.as_ref()),
                (_, Some(circuit)) => {
                    let cell = |label: Label| position(&label).and_then(|n| cells.get(n)).map(String::as_str).unwrap_or_default();
                    let own = cells.get(circuit).map(String::as_str).unwrap_or_default();
                    let reference = if is_reference(own) { own } else { cell(Label::Alternative) };
                    let account = cell(Label::Account);
                    if is_reference(reference) && !account.is_empty() {
                        self.accounts.push(Found::plain(cut(account), account));
                    }
                    self.statuses.extend(Some(cell(Label::Status)).filter(|status| !status.is_empty()).map(cut));
                    self.object(reference, cell(Label::Impact))
                }
                _ => false,
            };
            if !is_read {
                break;
            }
            at += 1;
        }
        at
    }

    fn row_of_times(&mut self, text: &str, zone: Option<&Zone>) -> bool {
        let mut found = times::stated(text);
        if found.is_empty() || !found.len().is_multiple_of(2) {
            return false;
        }
        for pair in found.chunks_mut(2) {
            let [start, end] = pair else { continue };
            let shared = end.zone.clone().or_else(|| zone.cloned());
            end.zone.clone_from(&shared);
            start.zone = start.zone.clone().or(shared);
            self.starts.push(start.clone());
            self.ends.push(end.clone());
        }
        true
    }

    fn object(&mut self, reference: &str, impact: &str) -> bool {
        if !is_reference(reference) || self.objects.len() >= OBJECTS_MAX {
            return false;
        }
        let (reference, words) = (cut(reference), cut(impact));
        let impact = impact_of(impact).unwrap_or(Impact::Outage);
        match self.objects.iter_mut().find(|known| known.reference == reference) {
            // Told twice, the worse holds.
            Some(known) if !words.is_empty() && !known.words.is_empty() => known.impact = known.impact.max(impact),
            Some(known) if !words.is_empty() => *known = Object { reference, impact, words },
            Some(_) => {}
            None => self.objects.push(Object { reference, impact, words }),
        }
        true
    }

    /// Labels with what stands behind them, in the next cell or behind a colon.
    fn pairs(&mut self, line: &Line, below: &[Line]) {
        for (at, cell) in line.cells.iter().enumerate() {
            if let Some(label) = label(cell) {
                let value = line.cells[at + 1..].iter().find(|cell| !cell.is_empty() && cell.as_str() != ":");
                match value {
                    Some(value) => self.take(&label, value),
                    None => self.under(&label, below),
                }
                continue;
            }
            for (label, value) in segments(cell) {
                if value.is_empty() {
                    self.under(&label, below);
                } else {
                    self.take(&label, value);
                }
            }
        }
    }

    /// A label with nothing beside it: what stands on the next lines.
    fn under(&mut self, label: &Label, below: &[Line]) {
        let texts = below.iter().map(Line::text).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match label {
            Label::Circuit => texts.take_while(|text| is_reference(text) && !text.contains(' ')).take(OBJECTS_MAX).for_each(|text| {
                self.object(&text, "");
            }),
            Label::Summary => {
                if let Some(text) = texts.into_iter().next() {
                    self.take(label, &text);
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, label: &Label, value: &str) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '*');
        match label {
            Label::Id => self.ids.push(identity(value)),
            Label::Account => self.accounts.push(Found::plain(cut(value), value)),
            Label::Circuit => {
                for reference in value.split([',', ';']).map(str::trim).take(OBJECTS_MAX) {
                    self.object(reference, "");
                }
            }
            Label::Peer => {
                self.object(&format!("AS{value}"), "");
            }
            Label::Impact => self.impact = self.impact.max(impact_of(value)),
            Label::Status => self.statuses.push(cut(value)),
            Label::Start(zone) => self.starts.extend(one_time(value, zone.as_ref())),
            Label::End(zone) => self.ends.extend(one_time(value, zone.as_ref())),
            Label::Window => self.window(value),
            Label::Summary => self.summaries.push(Found::plain(cut(value), value)),
            Label::Alternative => {}
        }
    }

    /// From one time to another, in a sentence or a subject.
    pub(super) fn window(&mut self, text: &str) {
        let mut found = times::stated(text);
        let [start, end] = found.as_mut_slice() else { return };
        let between = text[start.at.1..end.at.0].to_lowercase();
        let mut words = between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let joins = ["to", "until", "till", "through", "and", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let is_joined = words.all(|word| joins.contains(&word)) && !between.contains('/') && !between.contains(',') || between.contains("to ");
        if is_joined && between.len() < 24 {
            start.zone = start.zone.clone().or_else(|| end.zone.clone());
            self.starts.push(start.clone());
            self.ends.push(end.clone());
        }
    }

    /// A row without a head: an identifier first and a word of impact last.
    fn bare_row(&mut self, line: &Line) {
        let mut filled = line.cells.iter().filter(|cell| !cell.is_empty());
        let (first, last) = (filled.next(), filled.next_back());
        if let (Some(first), Some(last)) = (first, last)
            && line.filled() >= 3
            && is_reference(first)
            && !first.contains(' ')
            && impact_of(last).is_some()
        {
            self.object(first, last);
        }
    }

    /// `maintenance (12345-1)`: the number behind the word.
    fn in_brackets(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let Some(at) = lower.find("maintenance (") else { return };
        let inside = lower[at..].split(['(', ')']).nth(1).unwrap_or_default();
        let is_number =
            inside.len() >= 5 && inside.bytes().filter(u8::is_ascii_digit).count() >= 5 && !inside.contains(' ') && times::stated(inside).is_empty();
        if is_number {
            self.ids.push(Found::plain(inside.to_uppercase(), text));
        }
    }

    /// Identifiers alone on their lines, under a sentence that points at them.
    fn listed(&mut self, lines: &[Line]) {
        let stem = |text: &str| text.rsplit_once('-').map_or(text, |(stem, _)| stem).to_owned();
        // The number of the work itself, or of a part of it, stands alone as well.
        let own: Vec<String> = self.ids.iter().filter_map(|id| id.value.as_ref()).flat_map(|id| [id.clone(), stem(id)]).collect();
        let mut points = false;
        for text in lines.iter().map(Line::text).filter(|text| !text.trim().is_empty()) {
            let text = text.trim();
            let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
            let is_identifier = has_digit && text.contains('-') && text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-/".contains(c));
            if is_identifier && points && !own.contains(&stem(text)) && times::stated(text).is_empty() {
                self.object(text, "");
            } else {
                let lower = text.to_lowercase();
                let is_about = ["service", "circuit", "connection"].iter().any(|word| lower.contains(word));
                points = is_about && (lower.contains("below") || lower.contains("following"));
            }
        }
    }
}

/// One number of the carrier's; several are asked about.
fn identity(value: &str) -> Found<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    match words.as_slice() {
        [one] if one.bytes().any(|byte| byte.is_ascii_digit()) => Found::plain(cut(one.trim_end_matches(['.', ','])), value),
        [_, "/" | "&" | "and", ..] => Found::open(Doubt::Several, value),
        _ => Found::open(Doubt::Unclear, value),
    }
}

fn one_time(value: &str, zone: Option<&Zone>) -> Option<Stated> {
    let mut found = times::stated(value).into_iter();
    let mut first = found.next()?;
    first.zone = first.zone.or_else(|| zone.cloned());
    found.next().is_none().then_some(first)
}

/// Each `label: value` of a cell; a label begins the cell or follows what parts a list.
fn segments(cell: &str) -> Vec<(Label, &str)> {
    let mut found: Vec<(Label, usize, usize)> = vec![];
    for (colon, _) in cell.match_indices(':').take(SEGMENTS_MAX) {
        let before = &cell[..colon];
        let start = before
            .rfind([',', ';', '|'])
            .map_or(0, |at| at + 1)
            .max(before.rfind(':').map_or(0, |at| if cell[at + 1..].starts_with(' ') { at + 1 } else { 0 }));
        let begin = if label(&before[start..]).is_some() { start } else { before.rfind([',', ';', '|']).map_or(0, |at| at + 1) };
        if let Some(label) = label(&before[begin..]) {
            found.push((label, begin, colon + 1));
        }
    }
    let ends: Vec<usize> = found.iter().skip(1).map(|(_, begin, _)| *begin).chain([cell.len()]).collect();
    found
        .into_iter()
        .zip(ends)
        .map(|((label, _, from), end)| (label, cell[from..end.max(from)].trim_matches(|c: char| c.is_whitespace() || ",;|".contains(c))))
        .collect()
}

/// Whether this may be the name of a circuit.
fn is_reference(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && (1..=3).contains(&words) && text.chars().count() <= 80 && !text.contains(": ") && times::stated(text).is_empty()
}

/// What the words say of the line, if they are words of impact.
pub(super) fn impact_of(words: &str) -> Option<Impact> {
    Some(match plain(words).as_str() {
        "none" | "no impact" | "no-impact" | "no service impact" => Impact::NoImpact,
        "at risk" | "reduced redundancy" | "reduced-redundancy" | "loss of redundancy" => Impact::ReducedRedundancy,
        "degraded" | "degradation" => Impact::Degraded,
        "outage" | "down" | "hard down" | "loss of service" => Impact::Outage,
        _ => return None,
    })
}
