//! The curves as a picture: a small field for each figure, sizes from left to right, both axes logarithmic.

use std::fmt::Write;
use std::path::Path;

use crate::figures::{Figures, Goal, short, thousands};

const COLUMNS: usize = 3;
const WIDE: f64 = 320.0;
const HIGH: f64 = 190.0;
/// Room for the words above and below a field.
const ABOVE: f64 = 44.0;
const BELOW: f64 = 26.0;
const LEFT: f64 = 46.0;

/// Draws every figure that has a goal, and writes the picture.
pub fn draw(figures: &Figures, file: &Path) -> std::io::Result<()> {
    let mut fields: Vec<(&str, &str, Option<Goal>)> = vec![];
    for (code, words, _, goal) in figures.lines() {
        if goal.is_some() && !fields.iter().any(|field| field.0 == code) {
            fields.push((code, words, goal));
        }
    }
    let rows = fields.len().div_ceil(COLUMNS);
    let (wide, high) = (WIDE * COLUMNS as f64, HIGH * rows as f64 + 30.0);
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\" aria-label=\"The figures of docs/performance.md as curves\">"
    );
    let _ = writeln!(out, "<rect width=\"{wide}\" height=\"{high}\" fill=\"#fff\"/>");
    let _ = writeln!(
        out,
        "<text x=\"10\" y=\"18\"><tspan fill=\"#005eb8\">● SQLite</tspan>  <tspan fill=\"#b35c00\">■ PostgreSQL</tspan>  <tspan fill=\"#4c6272\">- - the goal</tspan>  Both axes are logarithmic; from left to right the number of changes.</text>"
    );
    for (at, (code, words, goal)) in fields.into_iter().enumerate() {
        let (x, y) = ((at % COLUMNS) as f64 * WIDE, (at / COLUMNS) as f64 * HIGH + 30.0);
        field(&mut out, figures, (x, y), code, words, goal);
    }
    out.push_str("</svg>\n");
    std::fs::write(file, out)
}

fn field(out: &mut String, figures: &Figures, (x, y): (f64, f64), code: &str, words: &str, goal: Option<Goal>) {
    let sizes = figures.sizes();
    let of = |engine: &str| -> Vec<(usize, f64)> {
        let points = sizes.iter().enumerate().filter_map(|(at, size)| Some((at, figures.value(code, engine, *size)?)));
        points.filter(|(_, value)| *value > 0.0).collect()
    };
    let engines = [("SQLite", "#005eb8"), ("PostgreSQL", "#b35c00")].map(|(name, colour)| (of(name), name, colour));
    let goal_value = match goal {
        Some(Goal::AtMost(value) | Goal::AtLeast(value)) => value,
        None => 1.0,
    };
    let values = engines.iter().flat_map(|(points, ..)| points.iter().map(|(_, value)| *value)).chain([goal_value]);
    let (low, top) = values.fold((f64::MAX, f64::MIN), |(low, top), value| (low.min(value), top.max(value)));
    let (low, top) = (low.log10().floor(), top.log10().ceil());
    let top = if top > low { top } else { low + 1.0 };
    let (left, right) = (x + LEFT, x + WIDE - 16.0);
    let (upper, lower) = (y + ABOVE, y + HIGH - BELOW);
    let place_x = |at: usize| if sizes.len() < 2 { left } else { left + 20.0 + (right - left - 40.0) * at as f64 / (sizes.len() - 1) as f64 };
    let place_y = |value: f64| lower - (lower - upper) * (value.log10() - low) / (top - low);
    for (n, line) in wrap(words, 50).iter().enumerate() {
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{line}</text>", x + 10.0, y + 14.0 + 13.0 * n as f64);
    }
    let mut decade = low;
    while decade <= top {
        let height = place_y(10f64.powf(decade));
        let _ = writeln!(out, "<path d=\"M{left} {height:.1}H{right}\" stroke=\"#d8dde0\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#4c6272\">{}</text>", left - 4.0, height + 4.0, decade_words(decade));
        decade += 1.0;
    }
    for (at, size) in sizes.iter().enumerate() {
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#4c6272\">{}</text>", place_x(at), lower + 16.0, thousands(*size));
    }
    let height = place_y(goal_value);
    let _ = writeln!(out, "<path d=\"M{left} {height:.1}H{right}\" stroke=\"#4c6272\" stroke-dasharray=\"5 4\"/>");
    for (points, name, colour) in engines {
        let line: Vec<String> = points.iter().map(|(at, value)| format!("{:.1} {:.1}", place_x(*at), place_y(*value))).collect();
        let _ = writeln!(out, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", line.join("L"));
        for (at, value) in points {
            let (px, py) = (place_x(at), place_y(value));
            let mark = if name == "SQLite" {
                format!("<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3.5\" fill=\"{colour}\">")
            } else {
                format!("<rect x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\" fill=\"{colour}\">", px - 3.5, py - 3.5)
            };
            let end = if name == "SQLite" { "circle" } else { "rect" };
            let _ = writeln!(out, "{mark}<title>{name}: {}</title></{end}>", short(value));
        }
    }
}

fn decade_words(decade: f64) -> String {
    if decade >= 3.0 { thousands(10f64.powf(decade) as usize) } else { format!("{}", 10f64.powf(decade)) }
}

/// Cuts words into two lines at most.
fn wrap(words: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + word.chars().count() >= most && lines.len() < 2 {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}
