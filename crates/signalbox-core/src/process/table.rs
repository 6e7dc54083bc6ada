//! Decision tables: unary tests in the style of DMN's S-FEEL over typed facts. Every test becomes a set of ranges of
//! whole numbers (words by their place in the list, dates by their day), so that evaluating, gaps and overlaps are
//! the same simple thing.

use super::facts::{Fact, Type, Value};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

/// How many rows may answer, and which counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Exactly one row answers any case.
    Unique,
    /// The topmost row that answers counts; some row always answers.
    First,
    /// Every row that answers counts; there may be none.
    Collect,
    /// Of the rows that answer, the one with the gravest answer counts, the topmost of several; some row always answers.
    Worst,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Policy; 4] = [Policy::Unique, Policy::First, Policy::Collect, Policy::Worst];

    /// The policy of this word.
    pub fn from_words(words: &str) -> Option<Policy> {
        Policy::ALL.into_iter().find(|policy| policy.words() == words)
    }

    /// The word in the heading.
    pub fn words(self) -> &'static str {
        match self {
            Policy::Unique => "unique",
            Policy::First => "first",
            Policy::Collect => "collect",
            Policy::Worst => "worst",
        }
    }
}

/// A decision table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: String,
    pub policy: Policy,
    pub inputs: Vec<&'static Fact>,
    /// Names of the outputs, lower case.
    pub outputs: Vec<String>,
    pub rows: Vec<Row>,
}

/// One row: a test for each input, a literal for each output.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub tests: Vec<UnaryTest>,
    pub outputs: Vec<String>,
    /// How grave the first answer is, where such answers have an order.
    pub rank: i64,
}

/// A row that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Counted from 0.
    pub row: usize,
    pub outputs: BTreeMap<String, String>,
}

impl Hit {
    /// The output of this name.
    pub fn get(&self, output: &str) -> Option<&str> {
        self.outputs.get(output).map(String::as_str)
    }
}

impl Table {
    /// The rows that count: at most one, but for collect. A fact that is not known answers only `-`.
    pub fn evaluate(&self, fact: impl Fn(&str) -> Option<Value>) -> Vec<Hit> {
        let point = self.point(fact);
        self.counting(&point).into_iter().map(|at| self.hit(at)).collect()
    }

    /// The one answer of a table that gives one.
    pub fn decide(&self, fact: impl Fn(&str) -> Option<Value>) -> Option<Hit> {
        self.evaluate(fact).into_iter().next()
    }

    /// Where the facts stand, in the order of the columns.
    pub fn point(&self, fact: impl Fn(&str) -> Option<Value>) -> Vec<Option<i64>> {
        self.inputs.iter().map(|input| fact(input.code).and_then(|value| index(input.kind, &value))).collect()
    }

    /// Every row whose tests all pass, in order, whatever the policy.
    pub fn answering<'t>(&'t self, point: &'t [Option<i64>]) -> impl Iterator<Item = usize> + 't {
        let passes = move |row: &Row| row.tests.iter().zip(point).all(|(test, at)| at.map_or(test.is_any, |at| test.holds_at(at)));
        self.rows.iter().enumerate().filter(move |(_, row)| passes(row)).map(|(at, _)| at)
    }

    /// Of the rows that answer, those that count.
    pub fn counting(&self, point: &[Option<i64>]) -> Vec<usize> {
        match self.policy {
            Policy::Collect => self.answering(point).collect(),
            Policy::Unique | Policy::First => self.answering(point).take(1).collect(),
            Policy::Worst => self.gravest(self.answering(point)).into_iter().collect(),
        }
    }

    /// What a row says.
    pub fn hit(&self, at: usize) -> Hit {
        let outputs = self.rows.get(at).map_or(&[][..], |row| &row.outputs);
        Hit { row: at, outputs: self.outputs.iter().cloned().zip(outputs.iter().cloned()).collect() }
    }

    /// The topmost of the rows with the gravest answer.
    fn gravest(&self, rows: impl Iterator<Item = usize>) -> Option<usize> {
        rows.min_by_key(|at| std::cmp::Reverse(self.rows[*at].rank))
    }
}

/// A test of one fact, as half-open ranges over its type's whole numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnaryTest {
    /// As written.
    pub words: String,
    /// Written `-`: passes whatever the fact, known or not.
    pub is_any: bool,
    /// Sorted, not touching, within the type's extent.
    ranges: Vec<(i64, i64)>,
}

impl UnaryTest {
    /// Whether a place passes.
    pub fn holds_at(&self, at: i64) -> bool {
        self.ranges.iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// Whether a value of this type passes.
    pub fn holds(&self, kind: Type, value: &Value) -> bool {
        index(kind, value).is_some_and(|at| self.holds_at(at))
    }

    /// Reads a cell; `Err` is a sentence.
    pub fn parse(kind: Type, words: &str) -> Result<UnaryTest, String> {
        let words = words.trim();
        let (from, to) = extent(kind);
        let inner = words.strip_prefix("not").map(str::trim_start).and_then(|w| w.strip_prefix('('));
        let ranges = match (words, inner) {
            ("", _) => return Err("The cell is empty; write - where the fact does not matter.".to_owned()),
            ("-", _) => vec![(from, to)],
            (_, Some(inner)) => {
                let inner = inner.strip_suffix(')').ok_or_else(|| format!("{words} has no closing bracket."))?;
                complement(listed(kind, inner)?, from, to)
            }
            _ => listed(kind, words)?,
        };
        if ranges.is_empty() {
            return Err(format!("{words} can never hold."));
        }
        Ok(UnaryTest { words: words.to_owned(), is_any: words == "-", ranges })
    }
}

/// A comma-separated list of tests, any of which passes. Commas never stand inside an interval, which has `..`.
fn listed(kind: Type, words: &str) -> Result<Vec<(i64, i64)>, String> {
    let (least, end) = extent(kind);
    let mut ranges = vec![];
    for part in words.split(',') {
        let (from, to) = one_test(kind, part.trim())?;
        // A number that no fact can have is a slip of the author, not a test that fails.
        let (from, to) = (from.max(least), to.min(end));
        if from < to {
            ranges.push((from, to));
        }
    }
    Ok(merged(ranges))
}

fn one_test(kind: Type, part: &str) -> Result<(i64, i64), String> {
    let ordered = !matches!(kind, Type::Words(_));
    let (least, end) = extent(kind);
    for (sign, bound) in [("<=", 1), (">=", 2), ("<", 3), (">", 4)] {
        if let Some(rest) = part.strip_prefix(sign) {
            if !ordered {
                return Err(format!("{part} compares, but the fact is one of {}.", domain_words(kind)));
            }
            let at = literal(kind, rest.trim())?;
            return Ok(match bound {
                1 => (least, at.saturating_add(1)),
                2 => (at, end),
                3 => (least, at),
                _ => (at.saturating_add(1), end),
            });
        }
    }
    if part.starts_with(['[', '(', ']']) {
        return interval(kind, part, ordered);
    }
    let at = literal(kind, part)?;
    if !(least..end).contains(&at) {
        return Err(format!("{part} is outside {}.", domain_words(kind)));
    }
    Ok((at, at + 1))
}

fn interval(kind: Type, part: &str, ordered: bool) -> Result<(i64, i64), String> {
    if !ordered {
        return Err(format!("{part} is an interval, but the fact is one of {}.", domain_words(kind)));
    }
    let wrong = || format!("{part} is not an interval; write [1..5), with [ or ] for a bound that belongs to it.");
    let (low, high) = part[1..].split_once("..").ok_or_else(wrong)?;
    let close = high.chars().last().filter(|c| matches!(c, ')' | ']' | '[')).ok_or_else(wrong)?;
    let low = literal(kind, low.trim())?;
    let high = literal(kind, high[..high.len() - 1].trim())?;
    let from = if part.starts_with('[') { low } else { low.saturating_add(1) };
    let to = if close == ']' { high.saturating_add(1) } else { high };
    if from >= to { Err(format!("{part} holds nothing: its lower bound is not below its upper bound.")) } else { Ok((from, to)) }
}

fn literal(kind: Type, words: &str) -> Result<i64, String> {
    let words = words.trim_matches('"').trim();
    let found = match kind {
        Type::Words(list) => {
            let code = super::facts::code_of(words);
            list.iter().position(|w| *w == code).map(|at| at as i64)
        }
        Type::Number(..) => words.parse().ok(),
        Type::Date => words.parse::<Date>().ok().map(day_number),
    };
    found.ok_or_else(|| match kind {
        Type::Words(_) => format!("{words:?} is not a value of the fact; it is one of {}.", domain_words(kind)),
        Type::Number(..) => format!("{words:?} is not a whole number."),
        Type::Date => format!("{words:?} is not a date; write 2026-11-22."),
    })
}

/// A value's place in its type; `None` if it is not of the type.
pub fn index(kind: Type, value: &Value) -> Option<i64> {
    match (kind, value) {
        (Type::Words(list), Value::Word(word)) => list.iter().position(|w| w == word).map(|at| at as i64),
        (Type::Number(least, most), Value::Number(number)) => Some((*number).clamp(least, most)),
        (Type::Date, Value::Date(date)) => Some(day_number(*date)),
        _ => None,
    }
}

fn day_number(day: Date) -> i64 {
    // A difference of two dates in days always exists: both lie in jiff's range of years.
    date(1970, 1, 1).until(day).map_or(0, |span| i64::from(span.get_days()))
}

/// The first place of a type and the one after its last.
fn extent(kind: Type) -> (i64, i64) {
    match kind {
        Type::Words(list) => (0, list.len() as i64),
        Type::Number(least, most) => (least, most + 1),
        Type::Date => (day_number(Date::MIN), day_number(Date::MAX) + 1),
    }
}

fn merged(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut out: Vec<(i64, i64)> = vec![];
    for (from, to) in ranges {
        match out.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

fn complement(ranges: Vec<(i64, i64)>, least: i64, end: i64) -> Vec<(i64, i64)> {
    let mut out = vec![];
    let mut at = least;
    for (from, to) in ranges {
        if at < from {
            out.push((at, from));
        }
        at = to;
    }
    if at < end {
        out.push((at, end));
    }
    out
}

/// A case that no row answers, or that two rows answer, or a row that never answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// In words: `category minor and impact 3`.
    Gap {
        case: String,
    },
    /// Rows counted from 0.
    Overlap {
        rows: (usize, usize),
        case: String,
    },
    Unreached {
        row: usize,
    },
    /// Too many combinations to look at each.
    TooWide,
}

/// Combinations that are looked at one by one; a table of people's size has a few hundred.
const CELLS_MAX: usize = 200_000;

impl Table {
    /// Every flaw that the policy forbids. Axes are cut where any test begins or ends; within a cut nothing changes,
    /// so one point of each combination stands for all.
    pub fn flaws(&self) -> Vec<Flaw> {
        if self.policy == Policy::Collect {
            return vec![];
        }
        let axes: Vec<Vec<i64>> = (0..self.inputs.len()).map(|at| self.cuts(at)).collect();
        let cells = axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.len())).filter(|n| *n <= CELLS_MAX);
        let Some(cells) = cells else { return vec![Flaw::TooWide] };
        let mut flaws = vec![];
        let mut first_answers = vec![false; self.rows.len()];
        let mut gaps = vec![];
        let mut overlaps: BTreeMap<(usize, usize), Vec<i64>> = BTreeMap::new();
        for number in 0..cells {
            let point = nth_point(&axes, number);
            let hits: Vec<usize> = self.rows.iter().enumerate().filter(|(_, row)| answers(row, &point)).map(|(at, _)| at).collect();
            let Some(&first) = hits.first() else {
                gaps.push(point);
                continue;
            };
            let counts = if self.policy == Policy::Worst { self.gravest(hits.iter().copied()).unwrap_or(first) } else { first };
            first_answers[counts] = true;
            if self.policy == Policy::Unique {
                for &second in &hits[1..] {
                    overlaps.entry((first, second)).or_insert_with(|| point.clone());
                    first_answers[second] = true;
                }
            }
        }
        // One gap names the trouble; a hundred neighbouring ones would hide it.
        flaws.extend(gaps.iter().take(3).map(|point| Flaw::Gap { case: self.case(point, &axes) }));
        flaws.extend(overlaps.into_iter().map(|(rows, point)| Flaw::Overlap { rows, case: self.case(&point, &axes) }));
        let unreached = first_answers.iter().enumerate().filter(|(row, reached)| !**reached && !self.is_default(*row));
        flaws.extend(unreached.map(|(row, _)| Flaw::Unreached { row }));
        flaws
    }

    /// A last row of nothing but `-` answers while a fact is not known yet, even where the rows above answer all
    /// that can be known.
    fn is_default(&self, row: usize) -> bool {
        matches!(self.policy, Policy::First | Policy::Worst) && row + 1 == self.rows.len() && self.rows[row].tests.iter().all(|test| test.is_any)
    }

    /// Where the tests of one input begin or end, with the type's own beginning.
    fn cuts(&self, input: usize) -> Vec<i64> {
        let (least, end) = extent(self.inputs[input].kind);
        let mut cuts: Vec<i64> = self.rows.iter().flat_map(|row| row.tests.get(input)).flat_map(|t| t.ranges.iter()).flat_map(|(a, b)| [*a, *b]).collect();
        if let Type::Words(_) = self.inputs[input].kind {
            cuts.extend(least..end);
        }
        cuts.push(least);
        cuts.retain(|cut| (least..end).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// A combination in words; facts that no row tells apart are left out.
    fn case(&self, point: &[i64], axes: &[Vec<i64>]) -> String {
        let mut words = vec![];
        for ((input, at), axis) in self.inputs.iter().zip(point).zip(axes) {
            if axis.len() == 1 {
                continue;
            }
            let next = axis.iter().find(|cut| *cut > at).copied().unwrap_or(extent(input.kind).1);
            words.push(format!("{} {}", input.words, range_words(input.kind, *at, next)));
        }
        if words.is_empty() { "any case".to_owned() } else { words.join(" and ") }
    }
}

fn answers(row: &Row, point: &[i64]) -> bool {
    row.tests.iter().zip(point).all(|(test, at)| test.holds_at(*at))
}

fn nth_point(axes: &[Vec<i64>], mut number: usize) -> Vec<i64> {
    axes.iter()
        .map(|axis| {
            let at = axis[number % axis.len()];
            number /= axis.len();
            at
        })
        .collect()
}

fn range_words(kind: Type, from: i64, to: i64) -> String {
    let (least, end) = extent(kind);
    let say = |at: i64| match kind {
        Type::Words(list) => list.get(at as usize).copied().unwrap_or("").to_owned(),
        Type::Number(..) => at.to_string(),
        Type::Date => jiff::Span::new().try_days(at).and_then(|span| date(1970, 1, 1).checked_add(span)).map_or(String::new(), |d| d.to_string()),
    };
    match (from == least, to == end) {
        _ if to == from + 1 => say(from),
        (_, true) => format!("{} or more", say(from)),
        (true, false) => format!("below {}", say(to)),
        _ => format!("from {} to {}", say(from), say(to - 1)),
    }
}

/// The values of a type, in words.
pub fn domain_words(kind: Type) -> String {
    match kind {
        Type::Words(list) => list.join(", "),
        Type::Number(least, most) => format!("{least} to {most}"),
        Type::Date => "dates".to_owned(),
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
