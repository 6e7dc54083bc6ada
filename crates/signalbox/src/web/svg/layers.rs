//! Things in layers, from what is needed on the left to what goes down with them on the right (C031). Whatever is drawn
//! stands in tables on the same page, so that the picture is never the only way to read it.

use super::{escape, put};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A thing in a layer.
#[derive(Clone, Debug, Default)]
pub struct Spot {
    /// Unique in the picture.
    pub key: String,
    pub label: String,
    /// Services are rounded, items square.
    pub is_round: bool,
    pub is_touched: bool,
}

/// A line between two things.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub from: String,
    pub to: String,
    /// It suffers only: a dashed line.
    pub is_loose: bool,
}

/// The picture.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    pub title: String,
    pub description: String,
    /// From left to right, each with its heading.
    pub layers: Vec<(String, Vec<Spot>)>,
    pub lines: Vec<Line>,
}

const WIDTH: f64 = 150.0;
const GAP: f64 = 46.0;
const HEIGHT: f64 = 30.0;
const STEP: f64 = 42.0;
const TOP: f64 = 34.0;
/// Longer labels are cut; the whole one stands in the table.
const LABEL_MOST: usize = 19;
const INK: &str = "#33454f";

/// Draws it; nothing where there is nothing beside what is touched.
pub fn draw(picture: &Layers) -> String {
    let tallest = picture.layers.iter().map(|(_, boxes)| boxes.len()).max().unwrap_or_default().max(1);
    let width = picture.layers.len() as f64 * (WIDTH + GAP) - GAP + 4.0;
    let height = TOP + tallest as f64 * STEP + 4.0;
    let mut out = String::new();
    put(
        &mut out,
        format_args!(
            "<svg class=\"dg dg--own\" role=\"img\" aria-labelledby=\"impact-t impact-d\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"><title id=\"impact-t\">{}</title><desc id=\"impact-d\">{}</desc>",
            escape(&picture.title),
            escape(&picture.description)
        ),
    );
    let mut places: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (column, (_, boxes)) in picture.layers.iter().enumerate() {
        let x = column as f64 * (WIDTH + GAP) + 2.0;
        let first = TOP + (tallest - boxes.len()) as f64 * STEP / 2.0;
        places.extend(boxes.iter().enumerate().map(|(row, one)| (one.key.as_str(), (x, first + row as f64 * STEP))));
    }
    for line in &picture.lines {
        let (Some(from), Some(to)) = (places.get(line.from.as_str()), places.get(line.to.as_str())) else { continue };
        let (left, right) = if from.0 <= to.0 { (from, to) } else { (to, from) };
        let (x1, y1, x2, y2) = (left.0 + WIDTH, left.1 + HEIGHT / 2.0, right.0, right.1 + HEIGHT / 2.0);
        let dash = if line.is_loose { " stroke-dasharray=\"5 4\"" } else { "" };
        let middle = (x1 + x2) / 2.0;
        put(
            &mut out,
            format_args!("<path d=\"M{x1:.0} {y1:.0}C{middle:.0} {y1:.0} {middle:.0} {y2:.0} {x2:.0} {y2:.0}\" fill=\"none\" stroke=\"#5d6f7b\"{dash}/>"),
        );
    }
    for (column, (heading, boxes)) in picture.layers.iter().enumerate() {
        let x = column as f64 * (WIDTH + GAP) + 2.0;
        put(&mut out, format_args!("<text class=\"lbl\" x=\"{x:.0}\" y=\"16\">{}</text>", escape(heading)));
        for one in boxes {
            let Some((x, y)) = places.get(one.key.as_str()) else { continue };
            let (radius, fill, stroke) = (if one.is_round { 14 } else { 3 }, if one.is_touched { "#f5b942" } else { "#ffffff" }, INK);
            put(
                &mut out,
                format_args!("<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{radius}\" fill=\"{fill}\" stroke=\"{stroke}\"/>"),
            );
            put(&mut out, format_args!("<text x=\"{:.0}\" y=\"{:.0}\">{}</text>", x + 9.0, y + 20.0, escape(&cut(&one.label))));
        }
    }
    let _ = out.write_str("</svg>");
    out
}

fn cut(label: &str) -> String {
    if label.chars().count() <= LABEL_MOST {
        return label.to_owned();
    }
    let kept: String = label.chars().take(LABEL_MOST - 1).collect();
    format!("{kept}…")
}
