//! The sums behind the timeline: work on a grid of 56 columns, whose places are classes because the
//! content security policy allows no inline style.

use jiff::Timestamp;

use super::ui::{Entry, Link};

pub const COLUMNS: i64 = 56;
/// Rows that one lane may take; `grid.css` has a class for each.
const ROWS: usize = 12;

/// Some days, or one night, with a lane per service or place.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Names the scroll area: "Timeline by service, scrolls sideways".
    pub label: String,
    /// The corner above the lane names.
    pub corner: String,
    /// Hours of one night instead of days.
    pub is_night: bool,
    pub heads: Vec<Head>,
    pub lanes: Vec<Lane>,
}

/// A column heading: a day or an hour. There are 14.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub label: String,
    pub class: &'static str,
}

#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub name: String,
    /// "Halden · 4 sites"
    pub note: String,
    /// "2 entries"
    pub count: String,
    pub grounds: Vec<Ground>,
    /// The column in which now falls, counted from 1.
    pub now: Option<i64>,
    pub bars: Vec<Bar>,
    /// Leads to what did not fit.
    pub more: Option<Link>,
}

/// A freeze or closed link, hatched behind the bars.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    pub label: String,
    /// ", Friday 27 November 18:00 to Tuesday 1 December 08:00"
    pub aria: String,
    pub at: i64,
    pub span: i64,
}

/// One piece of work: a bar of true length and its label beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    pub entry: Entry,
    pub at: i64,
    pub span: i64,
    pub row: usize,
    pub bar_at: i64,
    pub bar_span: i64,
    pub label_at: i64,
    pub label_span: i64,
    /// The label stands left of the bar, because there is no room to its right.
    pub is_flipped: bool,
}

/// The time that a timeline covers and how fine it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub from: Timestamp,
    pub minutes_per_column: i64,
    /// Width of a column in a full-width window, to guess how many a label needs.
    pub column_px: i64,
}

impl Scale {
    /// Two weeks, drawn to 6 hours.
    pub fn fortnight(from: Timestamp) -> Scale {
        Scale { from, minutes_per_column: 360, column_px: 18 }
    }

    /// 14 hours, drawn to 15 minutes.
    pub fn night(from: Timestamp) -> Scale {
        Scale { from, minutes_per_column: 15, column_px: 12 }
    }

    fn minutes_to(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.from.as_second()).div_euclid(60)
    }

    /// First column (from 0) and width of a period, or None where it lies outside.
    fn columns(&self, start: Timestamp, end: Timestamp) -> Option<(i64, i64)> {
        let first = self.minutes_to(start).div_euclid(self.minutes_per_column).max(0);
        let past = (self.minutes_to(end) + self.minutes_per_column - 1).div_euclid(self.minutes_per_column).min(COLUMNS);
        (first < COLUMNS && past > 0 && end > start).then(|| (first, (past - first).max(1)))
    }

    /// The column of an instant, counted from 1.
    pub fn column_of(&self, at: Timestamp) -> Option<i64> {
        let column = self.minutes_to(at).div_euclid(self.minutes_per_column);
        (0..COLUMNS).contains(&column).then_some(column + 1)
    }

    pub fn ground(&self, label: &str, aria: &str, start: Timestamp, end: Timestamp) -> Option<Ground> {
        let (at, span) = self.columns(start, end)?;
        Some(Ground { label: label.into(), aria: aria.into(), at: at + 1, span })
    }

    /// Puts work into rows so that neither bars nor labels overlap. What needs more rows than there are is
    /// counted in the second value; the table holds it.
    pub fn pack(&self, mut work: Vec<(Timestamp, Timestamp, Entry)>) -> (Vec<Bar>, usize) {
        work.sort_by(|a, b| (a.0, a.1, &a.2.reference).cmp(&(b.0, b.1, &b.2.reference)));
        let mut ends: Vec<i64> = Vec::new();
        let mut bars = Vec::with_capacity(work.len());
        let mut left_out = 0;
        for (start, end, entry) in work {
            let Some((first, width)) = self.columns(start, end) else {
                continue;
            };
            let mut label = self.label_columns(&entry);
            let is_flipped = first + width + label > COLUMNS;
            if is_flipped {
                label = label.min(first);
            }
            // A bar that fills the whole period has room for its label on neither side: it goes over the bar's end.
            let over = is_flipped && label == 0;
            if over {
                label = self.label_columns(&entry).min(width);
            }
            let at = if is_flipped && !over { first - label } else { first };
            let span = if over { width } else { width + label };
            let row = ends.iter().position(|&taken| taken <= at).unwrap_or(ends.len());
            if row >= ROWS {
                left_out += 1;
                continue;
            }
            if row == ends.len() {
                ends.push(0);
            }
            ends[row] = at + span;
            let (bar_at, label_at) = match (over, is_flipped) {
                (true, _) => (1, 1),
                (false, true) => (label + 1, 1),
                (false, false) => (1, width + 1),
            };
            bars.push(Bar { entry, at: at + 1, span, row: row + 1, bar_at, bar_span: width, label_at, label_span: label, is_flipped: is_flipped && !over });
        }
        (bars, left_out)
    }

    /// How many columns the words take: about 8 px a letter of the bold reference, 6.6 of the title.
    fn label_columns(&self, entry: &Entry) -> i64 {
        let letters = |text: &str| i64::try_from(text.chars().count()).unwrap_or(COLUMNS);
        let px = letters(&entry.short()) * 8 + letters(&entry.title) * 66 / 10 + 34;
        ((px + self.column_px - 1) / self.column_px).clamp(4, 26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entry(reference: &str, title: &str) -> Entry {
        Entry { reference: reference.into(), title: title.into(), ..Entry::default() }
    }

    #[test]
    fn a_bar_keeps_its_true_length_and_the_label_stands_beside_it() {
        let scale = Scale::night(at("2026-11-17T18:00:00Z"));
        let (bars, left_out) = scale.pack(vec![(at("2026-11-17T22:00:00Z"), at("2026-11-18T02:00:00Z"), entry("RFC-1842", "Archive"))]);
        assert_eq!(left_out, 0);
        assert_eq!((bars[0].at, bars[0].bar_span, bars[0].label_at, bars[0].is_flipped), (17, 16, 17, false));
    }

    #[test]
    fn a_label_with_no_room_to_the_right_goes_to_the_left() {
        let scale = Scale::night(at("2026-11-17T18:00:00Z"));
        let (bars, _) = scale.pack(vec![(at("2026-11-18T07:00:00Z"), at("2026-11-18T09:00:00Z"), entry("RFC-1842", "Archive"))]);
        assert!(bars[0].is_flipped);
        assert_eq!(bars[0].at + bars[0].span - 1, COLUMNS);
        assert_eq!(bars[0].bar_span, 4, "cut at the edge");
    }

    #[test]
    fn nothing_overlaps_in_a_row_and_what_does_not_fit_is_counted() {
        let scale = Scale::fortnight(at("2026-11-16T00:00:00Z"));
        let start = at("2026-11-18T20:00:00Z");
        let work = (0..20).map(|n| (start, at("2026-11-18T22:00:00Z"), entry(&format!("RFC-{n}"), "Same hour"))).collect();
        let (bars, left_out) = scale.pack(work);
        assert_eq!((bars.len(), left_out), (ROWS, 20 - ROWS));
        let mut rows: Vec<usize> = bars.iter().map(|bar| bar.row).collect();
        rows.dedup();
        assert_eq!(rows.len(), ROWS);
    }

    #[test]
    fn work_outside_or_longer_than_the_period_is_left_out_or_cut() {
        let scale = Scale::fortnight(at("2026-11-16T00:00:00Z"));
        let (bars, _) = scale.pack(vec![
            (at("2026-11-01T00:00:00Z"), at("2026-11-10T00:00:00Z"), entry("RFC-1", "Before")),
            (at("2026-11-01T00:00:00Z"), at("2026-12-30T00:00:00Z"), entry("RFC-2", "All through")),
        ]);
        assert_eq!(bars.len(), 1);
        assert_eq!((bars[0].at, bars[0].span, bars[0].label_at), (1, COLUMNS, 1));
        assert_eq!(scale.column_of(at("2026-11-17T07:00:00Z")), Some(6));
        assert_eq!(scale.column_of(at("2026-12-17T07:00:00Z")), None);
    }
}
