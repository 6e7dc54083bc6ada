//! What was measured, as a table, as JSON and for the picture.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Goal::AtMost(most) => value <= most,
            Goal::AtLeast(least) => value >= least,
        }
    }
}

/// One figure of one world.
#[derive(Clone, Debug)]
pub struct Figure {
    pub code: String,
    pub words: String,
    pub engine: &'static str,
    pub changes: usize,
    pub value: f64,
    pub goal: Option<Goal>,
}

impl Figure {
    pub fn on(&mut self, engine: &'static str, changes: usize) -> &mut Figure {
        (self.engine, self.changes) = (engine, changes);
        self
    }

    pub fn at_most(&mut self, most: f64) -> &mut Figure {
        self.goal = Some(Goal::AtMost(most));
        self
    }

    pub fn at_least(&mut self, least: f64) -> &mut Figure {
        self.goal = Some(Goal::AtLeast(least));
        self
    }
}

/// All of them, in the order in which they were measured.
#[derive(Default)]
pub struct Figures(pub Vec<Figure>);

impl Figures {
    /// What was written there before; nothing where there is nothing.
    pub fn read(folder: &Path) -> Figures {
        let text = std::fs::read_to_string(folder.join("figures.json")).unwrap_or_else(|_| "[]".to_owned());
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).expect("figures");
        let figure = |one: &serde_json::Value| Figure {
            code: one["code"].as_str().expect("a code").to_owned(),
            words: one["words"].as_str().expect("words").to_owned(),
            engine: if one["engine"] == "SQLite" { "SQLite" } else { "PostgreSQL" },
            changes: one["changes"].as_u64().expect("a number") as usize,
            value: one["value"].as_f64().expect("a number"),
            goal: one["at_most"].as_f64().map(Goal::AtMost).or(one["at_least"].as_f64().map(Goal::AtLeast)),
        };
        Figures(all.iter().map(figure).collect())
    }

    /// A figure of no world yet.
    pub fn put(&mut self, code: &str, words: &str, value: f64) -> &mut Figure {
        eprintln!("{words}: {}", short(value));
        self.0.push(Figure { code: code.to_owned(), words: words.to_owned(), engine: "", changes: 0, value, goal: None });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Every figure once, by code and engine, in order.
    pub fn lines(&self) -> Vec<(&str, &str, &'static str, Option<Goal>)> {
        let mut lines: Vec<(&str, &str, &'static str, Option<Goal>)> = vec![];
        for one in &self.0 {
            if !lines.iter().any(|line| (line.0, line.2) == (one.code.as_str(), one.engine)) {
                lines.push((&one.code, &one.words, one.engine, one.goal));
            }
        }
        let place = |code: &str| self.0.iter().position(|one| one.code == code);
        lines.sort_by_key(|line| (place(line.0), line.2 != "SQLite"));
        lines
    }

    pub fn value(&self, code: &str, engine: &str, changes: usize) -> Option<f64> {
        self.0.iter().rev().find(|one| (one.code.as_str(), one.engine, one.changes) == (code, engine, changes)).map(|one| one.value)
    }

    /// The sizes, the smallest first.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.0.iter().map(|one| one.changes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// A table in Markdown; what misses its goal is in bold.
    pub fn table(&self) -> String {
        let sizes = self.sizes();
        let heads: Vec<String> = sizes.iter().map(|size| format!(" {} |", thousands(*size))).collect();
        let mut out = format!("| Figure | Engine | Goal |{}\n|---|---|---:|{}\n", heads.concat(), "---:|".repeat(sizes.len()));
        for (code, words, engine, goal) in self.lines() {
            let goal_words = match goal {
                Some(Goal::AtMost(most)) => format!("≤ {}", short(most)),
                Some(Goal::AtLeast(least)) => format!("≥ {}", short(least)),
                None => String::new(),
            };
            out.push_str(&format!("| {words} | {engine} | {goal_words} |"));
            for size in &sizes {
                let cell = match self.value(code, engine, *size) {
                    None => String::new(),
                    Some(value) if goal.is_some_and(|goal| !goal.is_met(value)) => format!("**{}**", short(value)),
                    Some(value) => short(value),
                };
                out.push_str(&format!(" {cell} |"));
            }
            out.push('\n');
        }
        out
    }

    /// Writes the table, and the same as JSON.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let all: Vec<_> = self
            .0
            .iter()
            .map(|one| {
                let (most, least) = match one.goal {
                    Some(Goal::AtMost(most)) => (Some(most), None),
                    Some(Goal::AtLeast(least)) => (None, Some(least)),
                    None => (None, None),
                };
                json!({"code": one.code, "words": one.words, "engine": one.engine, "changes": one.changes, "value": one.value,
                    "at_most": most, "at_least": least})
            })
            .collect();
        std::fs::write(folder.join("figures.json"), serde_json::to_string_pretty(&all)?)?;
        std::fs::write(folder.join("table.md"), self.table())
    }
}

/// Three digits that count.
pub fn short(value: f64) -> String {
    match value.abs() {
        it if it >= 1_000.0 => thousands(value.round() as usize),
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How long several of the same took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// What so many in a hundred did not exceed, in milliseconds.
    pub fn percentile(&mut self, hundredths: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * hundredths).div_ceil(100).clamp(1, self.0.len().max(1)) - 1;
        self.0.get(at).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}
