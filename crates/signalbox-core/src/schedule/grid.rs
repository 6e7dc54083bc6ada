//! Where things stand on the pages of the schedule: days of a month, and 56 columns of a fortnight or a night.
//!
//! Positions are classes, never inline styles, so they are small whole numbers (ux.md). Columns follow the clock
//! on the wall: on the two nights of the year when it is changed the labels tell the hours, and the day's columns
//! stay in their places.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

use crate::calendar::shift_days;

/// Columns of every lane.
pub const COLUMNS: u8 = 56;

/// A stretch of columns; the first column is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cells {
    /// The first.
    pub start: u8,
    /// How many, at least 1.
    pub width: u8,
}

impl Cells {
    /// The column after the last.
    pub fn end(self) -> u8 {
        self.start + self.width
    }
}

/// A view over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The wall time at which the first column starts.
    pub origin: DateTime,
    /// Minutes of a column.
    pub step_minutes: i64,
    /// How wide a column is drawn, in tenths of a pixel; labels are measured by it.
    pub column_tenth_pixels: u32,
}

/// The most columns that a label may take.
const LABEL_MOST: u8 = 26;

/// Below this a label is laid over its bar rather than squeezed beside it.
const LABEL_LEAST: u8 = 4;

impl Grid {
    /// Fourteen days in steps of six hours.
    pub fn fortnight(first: Date) -> Grid {
        Grid { origin: first.to_datetime(Time::midnight()), step_minutes: 6 * 60, column_tenth_pixels: 180 }
    }

    /// 18:00 to 08:00 in steps of a quarter of an hour.
    pub fn night(evening: Date) -> Grid {
        Grid { origin: evening.at(18, 0, 0, 0), step_minutes: 15, column_tenth_pixels: 122 }
    }

    /// The wall time after the last column.
    pub fn end(&self) -> DateTime {
        let minutes = self.step_minutes * i64::from(COLUMNS);
        self.origin.saturating_add(jiff::SignedDuration::from_mins(minutes))
    }

    /// The columns that a stretch of time touches, cut at the edges; none if it lies outside.
    pub fn cells(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Cells> {
        let step = self.step_minutes * 60;
        let (from, until) = (self.seconds(from, zone), self.seconds(until, zone));
        let first = from.div_euclid(step);
        // Where the clock goes back a stretch can end, on the wall, before it begins: it still has a column.
        let after = (-(-until).div_euclid(step)).max(first + 1);
        let (first, after) = (first.max(0), after.min(i64::from(COLUMNS)));
        if first >= after {
            return None;
        }
        Some(Cells { start: u8::try_from(first + 1).ok()?, width: u8::try_from(after - first).ok()? })
    }

    /// The column of an instant, if it is in view.
    pub fn column_of(&self, instant: Timestamp, zone: &TimeZone) -> Option<u8> {
        let column = self.seconds(instant, zone).div_euclid(self.step_minutes * 60);
        u8::try_from(column + 1).ok().filter(|column| (1..=COLUMNS).contains(column))
    }

    /// How many columns a label takes: a bold reference, a title, and room for a sign.
    pub fn label_columns(&self, reference_chars: usize, title_chars: usize) -> u8 {
        let chars = |number: usize, tenths: u32| u32::try_from(number).unwrap_or(1000).min(1000) * tenths;
        let tenths = chars(reference_chars, 80) + chars(title_chars, 66) + 340;
        u8::try_from(tenths.div_ceil(self.column_tenth_pixels.max(1))).unwrap_or(u8::MAX).min(LABEL_MOST)
    }

    fn seconds(&self, instant: Timestamp, zone: &TimeZone) -> i64 {
        zone.to_datetime(instant).duration_since(self.origin).as_secs()
    }
}

/// On which side of its bar a label stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSide {
    /// After it.
    Right,
    /// Before it, where there is no room after.
    Left,
    /// On it, where there is room on neither side.
    Over,
}

/// A bar with its label, laid in a row of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The columns of bar and label together.
    pub cells: Cells,
    /// The bar within these, its first column 1.
    pub bar: Cells,
    /// The label within these, its first column 1.
    pub label: Cells,
    /// Where the label stands.
    pub side: LabelSide,
    /// The row of the lane, from 1.
    pub row: u16,
}

/// Lays bars with labels into rows so that none covers another, each in the first row with room. The bars come in
/// order of their start, each with the columns its label asks for; the places come in the same order.
pub fn pack(bars: &[(Cells, u8)]) -> Vec<Placed> {
    let mut row_ends: Vec<u8> = vec![];
    bars.iter()
        .map(|(bar, label_columns)| {
            let mut placed = beside(*bar, *label_columns);
            let row = row_ends.iter().position(|end| *end <= placed.cells.start).unwrap_or_else(|| {
                row_ends.push(0);
                row_ends.len() - 1
            });
            row_ends[row] = placed.cells.end();
            placed.row = u16::try_from(row + 1).unwrap_or(u16::MAX);
            placed
        })
        .collect()
}

fn beside(bar: Cells, asked: u8) -> Placed {
    let asked = asked.clamp(1, COLUMNS);
    let (room_left, room_right) = (bar.start - 1, (COLUMNS + 1).saturating_sub(bar.end()));
    let within = |start, width| Cells { start, width };
    if room_right >= asked || (room_right >= room_left && room_right >= LABEL_LEAST) {
        let label = asked.min(room_right);
        let cells = within(bar.start, bar.width + label);
        Placed { cells, bar: within(1, bar.width), label: within(bar.width + 1, label), side: LabelSide::Right, row: 1 }
    } else if room_left >= LABEL_LEAST.min(asked) {
        let label = asked.min(room_left);
        let cells = within(bar.start - label, bar.width + label);
        Placed { cells, bar: within(label + 1, bar.width), label: within(1, label), side: LabelSide::Left, row: 1 }
    } else {
        Placed { cells: bar, bar: within(1, bar.width), label: within(1, bar.width), side: LabelSide::Over, row: 1 }
    }
}

/// The weeks of a month, Monday first, filled up with the days around it.
pub fn month_days(year: i16, month: i8) -> Vec<[Date; 7]> {
    let Ok(first) = Date::new(year, month, 1) else { return vec![] };
    let monday = monday_of(first);
    let weeks = crate::calendar::days_between(monday, first.last_of_month()) / 7 + 1;
    (0..weeks).map(|week| std::array::from_fn(|day| shift_days(monday, week * 7 + i64::try_from(day).unwrap_or(0)))).collect()
}

/// The Monday of a date's week.
pub fn monday_of(date: Date) -> Date {
    shift_days(date, -i64::from(date.weekday().since(Weekday::Monday)))
}

/// The local dates that a half-open stretch of time touches, first and last; one that ends at midnight leaves the
/// new day alone.
pub fn dates_touched(from: Timestamp, until: Timestamp, zone: &TimeZone) -> (Date, Date) {
    let first = zone.to_datetime(from).date();
    let end = zone.to_datetime(until);
    let last = if end.time() == Time::midnight() { shift_days(end.date(), -1) } else { end.date() };
    (first, last.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::london;
    use jiff::civil::date;

    fn at(text: &str) -> Timestamp {
        text.parse::<DateTime>().unwrap().to_zoned(london()).unwrap().timestamp()
    }
    fn cells(grid: Grid, from: &str, until: &str) -> Option<(u8, u8)> {
        grid.cells(at(from), at(until), &london()).map(|cells| (cells.start, cells.width))
    }

    #[test]
    fn a_fortnight_is_drawn_to_the_nearest_six_hours() {
        let grid = Grid::fortnight(date(2026, 11, 16));
        assert_eq!(cells(grid, "2026-11-16T00:00", "2026-11-16T06:00"), Some((1, 1)));
        assert_eq!(cells(grid, "2026-11-17T22:00", "2026-11-18T02:00"), Some((8, 2)));
        assert_eq!(cells(grid, "2026-11-29T23:00", "2026-11-30T00:00"), Some((56, 1)));
        // Cut at the edges, and nothing outside them.
        assert_eq!(cells(grid, "2026-11-10T00:00", "2026-11-16T06:01"), Some((1, 2)));
        assert_eq!(cells(grid, "2026-11-28T00:00", "2026-12-24T00:00"), Some((49, 8)));
        assert_eq!(cells(grid, "2026-11-01T00:00", "2026-12-24T00:00"), Some((1, 56)));
        assert_eq!(cells(grid, "2026-11-15T20:00", "2026-11-16T00:00"), None);
        assert_eq!(cells(grid, "2026-11-30T00:00", "2026-11-30T01:00"), None);
        assert_eq!(grid.end(), date(2026, 11, 30).at(0, 0, 0, 0));
    }

    #[test]
    fn a_night_is_drawn_to_the_quarter_hour() {
        let grid = Grid::night(date(2026, 11, 17));
        assert_eq!(grid.end(), date(2026, 11, 18).at(8, 0, 0, 0));
        assert_eq!(cells(grid, "2026-11-17T18:00", "2026-11-17T18:01"), Some((1, 1)));
        assert_eq!(cells(grid, "2026-11-17T22:00", "2026-11-18T02:00"), Some((17, 16)));
        assert_eq!(cells(grid, "2026-11-17T12:00", "2026-11-17T18:00"), None);
        assert_eq!(grid.column_of(at("2026-11-17T22:07"), &london()), Some(17));
        assert_eq!(grid.column_of(at("2026-11-18T08:00"), &london()), None);
        assert_eq!(grid.column_of(at("2026-11-17T17:59"), &london()), None);
    }

    #[test]
    fn days_keep_their_columns_over_a_clock_change() {
        let grid = Grid::fortnight(date(2026, 10, 19));
        assert_eq!(cells(grid, "2026-10-26T00:00", "2026-10-26T06:00"), Some((29, 1)));
        // From the second 01:45 of summer time to the first 01:15 of winter time: half an hour that runs backwards.
        let night = Grid::night(date(2026, 10, 24));
        let (from, until) = ("2026-10-25T00:45:00Z".parse().unwrap(), "2026-10-25T01:15:00Z".parse().unwrap());
        assert_eq!(night.cells(from, until, &london()), Some(Cells { start: 32, width: 1 }));
    }

    #[test]
    fn labels_stand_where_there_is_room() {
        let placed = |start, width, label| {
            let placed = pack(&[(Cells { start, width }, label)])[0];
            (placed.cells.start, placed.cells.width, placed.side)
        };
        assert_eq!(placed(8, 2, 20), (8, 22, LabelSide::Right));
        assert_eq!(placed(50, 2, 20), (30, 22, LabelSide::Left));
        assert_eq!(placed(36, 2, 19), (36, 21, LabelSide::Right), "to the last column");
        assert_eq!(placed(37, 2, 19), (18, 21, LabelSide::Left));
        assert_eq!(placed(1, 56, 20), (1, 56, LabelSide::Over));
        assert_eq!(placed(3, 53, 20), (3, 53, LabelSide::Over));
        assert_eq!(placed(1, 40, 26), (1, 56, LabelSide::Right), "a label is cut where the lane ends");
    }

    #[test]
    fn label_width_follows_the_text() {
        let fortnight = Grid::fortnight(date(2026, 11, 16));
        // 8 × 8 + 21 × 6.6 + 34 = 236.6 pixels of 18.
        assert_eq!(fortnight.label_columns(8, 21), 14);
        assert_eq!(fortnight.label_columns(8, 200), 26);
        assert_eq!(Grid::night(date(2026, 11, 17)).label_columns(8, 21), 20);
    }

    #[test]
    fn packed_bars_never_cover_each_other_and_stay_in_the_lane() {
        let mut seed = 5_u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u8::try_from((seed >> 33) % bound).unwrap()
        };
        for _ in 0..300 {
            let mut bars: Vec<(Cells, u8)> = (0..below(40))
                .map(|_| {
                    let start = 1 + below(56);
                    (Cells { start, width: 1 + below(u64::from(57 - start)) }, below(27))
                })
                .collect();
            bars.sort();
            let placed = pack(&bars);
            for (index, one) in placed.iter().enumerate() {
                assert!(one.cells.start >= 1 && one.cells.end() <= COLUMNS + 1);
                assert_eq!(one.cells.start + one.bar.start - 1, bars[index].0.start, "the bar stays where it is");
                assert_eq!(one.bar.width, bars[index].0.width);
                assert!(one.label.width >= 1 && one.label.end() <= one.cells.width + 1);
                for other in &placed[..index] {
                    assert!(one.row != other.row || one.cells.start >= other.cells.end() || other.cells.start >= one.cells.end());
                }
            }
        }
    }

    #[test]
    fn a_month_is_whole_weeks_from_monday() {
        let november = month_days(2026, 11);
        assert_eq!((november.len(), november[0][0], november[5][6]), (6, date(2026, 10, 26), date(2026, 12, 6)));
        let february = month_days(2027, 2);
        assert_eq!((february.len(), february[0][0], february[3][6]), (4, date(2027, 2, 1), date(2027, 2, 28)));
        assert_eq!(month_days(2026, 13), Vec::<[Date; 7]>::new());
    }

    #[test]
    fn work_that_ends_at_midnight_leaves_the_new_day_alone() {
        let touched = |from, until| dates_touched(at(from), at(until), &london());
        assert_eq!(touched("2026-11-17T22:00", "2026-11-18T02:00"), (date(2026, 11, 17), date(2026, 11, 18)));
        assert_eq!(touched("2026-11-17T22:00", "2026-11-18T00:00"), (date(2026, 11, 17), date(2026, 11, 17)));
        assert_eq!(touched("2026-11-17T00:00", "2026-11-17T00:00"), (date(2026, 11, 17), date(2026, 11, 17)));
    }
}
