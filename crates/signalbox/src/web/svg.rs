//! Charts drawn as SVG text. Numbers come in worked out; this file only places them. The title states the
//! finding, `desc` the numbers, and the page adds the table: a chart is never the only way to read something.

pub mod layers;

use std::fmt::Write as _;

/// A process behaviour chart of values between 0 and 100.
#[derive(Clone, Debug, Default)]
pub struct Xmr {
    pub title: String,
    pub description: String,
    pub points: Vec<Point>,
    /// None with fewer than 12 points: dots without limits.
    pub limits: Option<Limits>,
    /// Said under the horizontal axis of the second chart.
    pub range_label: String,
}

#[derive(Clone, Debug, Default)]
pub struct Point {
    /// "24 Aug"
    pub label: String,
    pub value: f64,
    pub signal: Signal,
    /// Of too few for a percentage: a hollow marker (spec 12, R-4).
    pub is_small: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    #[default]
    None,
    /// Outside the limits.
    Outside,
    /// Part of a run on one side of the mean.
    Run,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub mean: f64,
    pub lower: f64,
    pub upper: f64,
    pub range_upper: f64,
}

const LEFT: f64 = 58.0;
const RIGHT: f64 = 1000.0;
const GRID: &str = "#e6ebee";
const PETROL: &str = "#0b5c7a";
const INK: &str = "#33454f";
const RED: &str = "#d5281b";

/// A vertical scale from values to pixels.
struct Axis {
    top: f64,
    bottom: f64,
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// About one line for every 30 pixels, at round values.
    fn new(top: f64, bottom: f64, low: f64, high: f64) -> Axis {
        let (span, lines) = ((high - low).max(1.0), (bottom - top) / 30.0);
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0].into_iter().find(|step| span / step <= lines).unwrap_or(100.0);
        Axis { top, bottom, low: (low / step).floor() * step, high: (high / step).ceil() * step + step * 0.2, step }
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)
    }

    fn lines(&self, unit: &str, out: &mut String) {
        let mut value = self.low;
        while value <= self.high {
            let y = self.y(value);
            put(out, format_args!("<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{GRID}\"/>"));
            put(out, format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}{unit}</text>", LEFT - 8.0, y + 4.0));
            value += self.step;
        }
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = out.write_fmt(what);
}

fn limit(out: &mut String, y: f64, dashed: bool, label: &str) {
    let dash = if dashed { " stroke-dasharray=\"6 4\"" } else { "" };
    put(out, format_args!("<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{PETROL}\" stroke-width=\"1.5\"{dash}/>"));
    put(out, format_args!("<text class=\"t\" x=\"{}\" y=\"{:.1}\">{label}</text>", RIGHT + 8.0, y + 4.0));
}

/// Two charts in one picture: the values in their band, and below them the move from each to the next.
pub fn xmr(chart: &Xmr) -> String {
    let values: Vec<f64> = chart.points.iter().map(|point| point.value).collect();
    let x = |index: usize| LEFT + (RIGHT - LEFT) * (index as f64 + 0.5) / values.len().max(1) as f64;
    let lowest = values.iter().copied().chain(chart.limits.map(|limits| limits.lower)).fold(100.0, f64::min);
    let highest = values.iter().copied().chain(chart.limits.map(|limits| limits.upper)).fold(0.0, f64::max);
    let upper = Axis::new(24.0, 240.0, lowest, highest);
    let mut out = String::with_capacity(8_000);
    put(
        &mut out,
        format_args!(
            "<svg class=\"chart\" role=\"img\" aria-labelledby=\"xmr-title xmr-desc\" viewBox=\"0 0 1140 362\" width=\"1140\" height=\"362\"><title id=\"xmr-title\">{}</title><desc id=\"xmr-desc\">{}</desc>",
            escape(&chart.title),
            escape(&chart.description)
        ),
    );
    if let Some(limits) = chart.limits {
        let (top, bottom) = (upper.y(limits.upper), upper.y(limits.lower));
        put(&mut out, format_args!("<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{}\" height=\"{:.1}\" fill=\"#e6f0f6\"/>", RIGHT - LEFT, bottom - top));
    }
    upper.lines("%", &mut out);
    if let Some(limits) = chart.limits {
        limit(&mut out, upper.y(limits.upper), true, &format!("usual upper {:.0}%", limits.upper));
        limit(&mut out, upper.y(limits.mean), false, &format!("mean {:.1}%", limits.mean));
        limit(&mut out, upper.y(limits.lower), true, &format!("usual lower {:.0}%", limits.lower));
        polyline(&mut out, values.iter().enumerate().map(|(index, value)| (x(index), upper.y(*value))));
    }
    let every = values.len().div_ceil(8).max(1);
    for (index, point) in chart.points.iter().enumerate() {
        let (px, py) = (x(index), upper.y(point.value));
        match point.signal {
            Signal::Outside => put(&mut out, format_args!("<path d=\"M{px:.1} {:.1}l7 7-7 7-7-7z\" fill=\"{RED}\" stroke=\"#fff\"/>", py - 7.0)),
            Signal::Run => {
                put(&mut out, format_args!("<rect x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\" fill=\"{PETROL}\" stroke=\"#fff\"/>", px - 4.5, py - 4.5))
            }
            Signal::None => put(
                &mut out,
                format_args!(
                    "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"4\" fill=\"{}\" stroke=\"{INK}\" stroke-width=\"1.8\"/>",
                    if point.is_small { "#fff" } else { INK }
                ),
            ),
        }
        if index % every == 0 {
            put(&mut out, format_args!("<text x=\"{px:.1}\" y=\"258\" text-anchor=\"middle\">{}</text>", escape(&point.label)));
        }
    }
    ranges(&mut out, chart, &values, x);
    out.push_str("</svg>");
    out
}

fn ranges(out: &mut String, chart: &Xmr, values: &[f64], x: impl Fn(usize) -> f64) {
    let moves: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let most = moves.iter().copied().chain(chart.limits.map(|limits| limits.range_upper)).fold(1.0, f64::max);
    let axis = Axis::new(292.0, 350.0, 0.0, most);
    axis.lines("", out);
    put(out, format_args!("<text class=\"t\" x=\"{LEFT}\" y=\"280\">{}</text>", escape(&chart.range_label)));
    if let Some(limits) = chart.limits {
        limit(out, axis.y(limits.range_upper), true, &format!("usual most {:.0}", limits.range_upper));
    }
    polyline(out, moves.iter().enumerate().map(|(index, value)| (x(index + 1), axis.y(*value))));
    for (index, value) in moves.iter().enumerate() {
        let is_large = chart.limits.is_some_and(|limits| *value > limits.range_upper);
        let colour = if is_large { RED } else { INK };
        put(out, format_args!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>", x(index + 1), axis.y(*value)));
    }
}

fn polyline(out: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    out.push_str("<polyline fill=\"none\" stroke=\"#33454f\" stroke-width=\"1.5\" points=\"");
    for (x, y) in points {
        put(out, format_args!("{x:.1},{y:.1} "));
    }
    out.push_str("\"/>");
}

/// A bar beside a number in a table: decoration, the number says it.
pub fn bar(count: u64, most: u64, is_bad: bool) -> String {
    const WIDTH: u64 = 120;
    let width = (WIDTH * count.min(most)).checked_div(most).unwrap_or(0);
    let colour = if is_bad { "#9c1f12" } else { PETROL };
    format!(
        "<svg width=\"{WIDTH}\" height=\"12\" viewBox=\"0 0 {WIDTH} 12\" aria-hidden=\"true\" focusable=\"false\"><rect width=\"{WIDTH}\" height=\"12\" fill=\"#eef2f4\"/><rect width=\"{width}\" height=\"12\" fill=\"{colour}\"/></svg>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_names_its_finding_and_marks_signals() {
        let points = (0..14)
            .map(|week| Point {
                label: format!("week {week}"),
                is_small: false,
                value: if week == 5 { 70.0 } else { 95.0 },
                signal: if week == 5 { Signal::Outside } else { Signal::None },
            })
            .collect();
        let limits = Some(Limits { mean: 93.2, lower: 85.0, upper: 100.0, range_upper: 12.0 });
        let picture = xmr(&Xmr { title: "One bad week & no more".into(), points, limits, ..Xmr::default() });
        assert!(picture.contains("<title id=\"xmr-title\">One bad week &amp; no more</title>"));
        assert_eq!(picture.matches("<path").count(), 1);
        assert!(picture.contains("mean 93.2%"));
        assert_eq!(picture.matches("fill=\"#d5281b\"").count(), 3, "one point and the moves to and from it");
    }

    #[test]
    fn few_points_have_no_limits_and_none_do_no_harm() {
        let few = xmr(&Xmr { points: vec![Point { value: 100.0, ..Point::default() }], ..Xmr::default() });
        assert!(!few.contains("mean") && few.contains("<circle"));
        assert!(!xmr(&Xmr::default()).contains("NaN"));
    }

    #[test]
    fn a_bar_never_outgrows_its_box() {
        assert!(bar(9, 3, true).contains("rect width=\"120\" height=\"12\" fill=\"#9c1f12\""));
        assert!(bar(0, 0, false).contains("rect width=\"0\""));
    }
}
