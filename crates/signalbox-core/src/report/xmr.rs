//! Statistical process control: the XmR chart as NHS England's Making Data Count draws it (spec 12.2).
//!
//! A missing month is a gap: it takes part in nothing, no moving range spans it and no run passes over it.

/// Constant of the individuals chart: 3 / d2 for ranges of two.
const LIMIT: f64 = 2.66;
/// Constant of the moving-range chart: ranges from here on are outliers.
const RANGE_LIMIT: f64 = 3.267;
/// Points of a trend, and of a shift.
const RUN: usize = 7;
/// With fewer points the limits are on trial.
const FIRM_POINTS: usize = 12;

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// High is better.
    Up,
    /// Low is better.
    Down,
    /// Neither.
    #[default]
    Neither,
}

/// How the limits are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Leave out moving ranges that are themselves outliers. Off, as in the official Excel tool; the R package has
    /// it on. The chart's caption says which.
    pub screen_outliers: bool,
    /// Work out the limits from the first so many points of a segment only.
    pub fix_after: Option<usize>,
    /// Indices at which a new segment with limits of its own begins.
    pub rebase_at: Vec<usize>,
    /// Which way is better.
    pub better: Better,
    /// What was promised.
    pub target: Option<f64>,
}

/// Mean and limits of a segment. They are not held to 0 and 100; only a drawing does that.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Limits {
    /// The mean.
    pub mean: f64,
    /// The average moving range.
    pub average_range: f64,
    /// Lower process limit.
    pub lower: f64,
    /// Upper process limit.
    pub upper: f64,
    /// Two thirds of the way down.
    pub near_lower: f64,
    /// Two thirds of the way up.
    pub near_upper: f64,
    /// Made from fewer than 12 points: call them trial limits.
    pub is_trial: bool,
}

/// Why a point is special; the first rule that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Special {
    /// Outside the limits.
    Outside,
    /// One of seven that rise or fall without a stop.
    Trend,
    /// Two of three near the same limit.
    TwoOfThree,
    /// One of seven on the same side of the mean.
    Shift,
}

/// What a special point means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Common cause: the ordinary ups and downs.
    Common,
    /// Special cause, for the better.
    Improvement,
    /// Special cause, for the worse.
    Concern,
    /// Special cause, where neither way is better.
    Neutral,
}

/// One value of the chart.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Point {
    /// Its place among all points, gaps counted.
    pub index: usize,
    /// The value.
    pub value: f64,
    /// Which of the chart's segments it belongs to.
    pub segment: usize,
    /// Why it is special, if it is.
    pub special: Option<Special>,
    /// What that means.
    pub meaning: Meaning,
}

/// Whether the process will meet its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Meets it always.
    ConsistentlyPass,
    /// Meets it never.
    ConsistentlyFail,
    /// Meets it now and then.
    HitAndMiss,
}

/// A chart, ready to be drawn or told.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Chart {
    /// All values; gaps are absent.
    pub points: Vec<Point>,
    /// The limits of each segment; none where a segment has fewer than two values side by side.
    pub segments: Vec<Option<Limits>>,
    /// By the last point's limits; none without target, limits or a better way.
    pub assurance: Option<Assurance>,
}

impl Chart {
    /// What the last point means.
    pub fn latest(&self) -> Option<Meaning> {
        self.points.last().map(|point| point.meaning)
    }
}

/// Draws up the chart of a series; `None` is a missing value.
pub fn xmr(series: &[Option<f64>], options: &Options) -> Chart {
    let mut starts: Vec<usize> = options.rebase_at.iter().copied().filter(|start| (1..series.len()).contains(start)).chain([0]).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([series.len()]);
    let mut chart = Chart { points: vec![], segments: vec![], assurance: None };
    for (segment, (start, end)) in starts.iter().copied().zip(ends).enumerate() {
        let values: Vec<Option<f64>> = series[start..end].iter().map(|value| value.filter(|value| value.is_finite())).collect();
        let limits = limits(&values, options);
        for (offset, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let special = limits.and_then(|limits| special(&values, offset, &limits));
            let meaning = special.map_or(Meaning::Common, |(_, is_high)| meaning(is_high, options.better));
            chart.points.push(Point { index: start + offset, value, segment, special: special.map(|(rule, _)| rule), meaning });
        }
        chart.segments.push(limits);
    }
    let last_limits = chart.points.last().and_then(|point| chart.segments[point.segment]);
    chart.assurance = last_limits.zip(options.target).and_then(|(limits, target)| assurance(&limits, target, options.better));
    chart
}

fn limits(values: &[Option<f64>], options: &Options) -> Option<Limits> {
    let baseline = baseline(values, options.fix_after);
    let known: Vec<f64> = baseline.iter().flatten().copied().collect();
    let ranges: Vec<f64> = baseline.windows(2).filter_map(|pair| Some((pair[1]? - pair[0]?).abs())).collect();
    let mean = average(&known)?;
    let all_ranges = average(&ranges)?;
    let average_range = if options.screen_outliers {
        let kept: Vec<f64> = ranges.iter().copied().filter(|range| *range < RANGE_LIMIT * all_ranges).collect();
        // Where every range is 0 none is below 0 times anything: the average stays 0.
        average(&kept).unwrap_or(all_ranges)
    } else {
        all_ranges
    };
    let (far, near) = (LIMIT * average_range, LIMIT * average_range * 2.0 / 3.0);
    Some(Limits {
        mean,
        average_range,
        lower: mean - far,
        upper: mean + far,
        near_lower: mean - near,
        near_upper: mean + near,
        is_trial: known.len() < FIRM_POINTS,
    })
}

/// The part of a segment that holds its first n values.
fn baseline(values: &[Option<f64>], fix_after: Option<usize>) -> &[Option<f64>] {
    let Some(wanted) = fix_after.filter(|wanted| *wanted > 0) else { return values };
    let nth = values.iter().enumerate().filter(|(_, value)| value.is_some()).nth(wanted - 1);
    nth.map_or(values, |(index, _)| &values[..=index])
}

fn average(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The first rule that the point at `at` meets, and whether it speaks of high or rising values.
fn special(values: &[Option<f64>], at: usize, limits: &Limits) -> Option<(Special, bool)> {
    let value = values[at]?;
    if is_outside(value, limits) {
        return Some((Special::Outside, value > limits.upper));
    }
    if let Some(rises) = windows_over(values, at, RUN).find_map(|run| trend(&run)) {
        return Some((Special::Trend, rises));
    }
    let is_high = value > limits.mean;
    let is_one_of_two = is_close(value, limits) && windows_over(values, at, 3).any(|three| is_two_of_three(&three, limits));
    if is_one_of_two {
        return Some((Special::TwoOfThree, is_high));
    }
    let is_shift = windows_over(values, at, RUN).any(|run| side_of_all(&run, limits).is_some());
    is_shift.then_some((Special::Shift, is_high))
}

/// Every stretch of `length` neighbouring values, without a gap, that holds the point at `at`.
fn windows_over(values: &[Option<f64>], at: usize, length: usize) -> impl Iterator<Item = Vec<f64>> {
    let first = (at + 1).saturating_sub(length);
    (first..=at).filter_map(move |start| values.get(start..start + length)?.iter().copied().collect())
}

fn is_outside(value: f64, limits: &Limits) -> bool {
    value > limits.upper || value < limits.lower
}

fn is_close(value: f64, limits: &Limits) -> bool {
    !is_outside(value, limits) && (value > limits.near_upper || value < limits.near_lower)
}

/// Whether six differences have one strict sign, and which: true rises.
fn trend(run: &[f64]) -> Option<bool> {
    let rises = run.windows(2).all(|pair| pair[1] > pair[0]);
    let falls = run.windows(2).all(|pair| pair[1] < pair[0]);
    (rises || falls).then_some(rises)
}

/// The side on which all lie; a value on the mean breaks it.
fn side_of_all(run: &[f64], limits: &Limits) -> Option<bool> {
    let high = run.iter().all(|value| *value > limits.mean);
    let low = run.iter().all(|value| *value < limits.mean);
    (high || low).then_some(high)
}

fn is_two_of_three(three: &[f64], limits: &Limits) -> bool {
    side_of_all(three, limits).is_some() && three.iter().filter(|value| is_close(**value, limits)).count() >= 2
}

fn meaning(is_high: bool, better: Better) -> Meaning {
    match (better, is_high) {
        (Better::Neither, _) => Meaning::Neutral,
        (Better::Up, true) | (Better::Down, false) => Meaning::Improvement,
        (Better::Up, false) | (Better::Down, true) => Meaning::Concern,
    }
}

fn assurance(limits: &Limits, target: f64, better: Better) -> Option<Assurance> {
    let (above, below) = match better {
        Better::Up => (Assurance::ConsistentlyFail, Assurance::ConsistentlyPass),
        Better::Down => (Assurance::ConsistentlyPass, Assurance::ConsistentlyFail),
        Better::Neither => return None,
    };
    Some(if target > limits.upper {
        above
    } else if target < limits.lower {
        below
    } else {
        Assurance::HitAndMiss
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64], options: &Options) -> Chart {
        xmr(&values.iter().copied().map(Some).collect::<Vec<_>>(), options)
    }
    fn flags(chart: &Chart) -> String {
        let letter = |point: &Point| match point.special {
            None => '.',
            Some(Special::Outside) => 'A',
            Some(Special::Trend) => 'T',
            Some(Special::TwoOfThree) => '2',
            Some(Special::Shift) => 'S',
        };
        chart.points.iter().map(letter).collect()
    }
    fn printed(chart: &Chart) -> String {
        let limits = chart.segments[0].unwrap();
        format!("{:.3}, {:.3}, {:.3}, {:.3}", limits.mean, limits.average_range, limits.lower, limits.upper)
    }

    #[test]
    fn the_test_vectors_of_the_specification() {
        let peak = &[1., 2., 1., 2., 10., 1., 2., 1., 2., 1., 2., 1., 2., 1., 2., 1., 2., 1.][..];
        let shift = &[90., 94., 91., 93., 90., 94., 91., 97., 98., 97., 98., 97., 98., 97.][..];
        let trend = &[50., 52., 51., 50., 52., 51., 53., 54., 55., 56., 57., 58., 59.][..];
        let quiet = &[96.2, 95.1, 97.0, 94.8, 96.6, 95.9, 96.4, 93.7, 96.0, 95.2, 96.8, 95.5][..];
        for (values, screen_outliers, numbers, marks) in [
            (peak, true, "1.944, 1.000, -0.716, 4.604", "....A............."),
            (peak, false, "1.944, 1.882, -3.063, 6.952", "....A............."),
            (shift, false, "94.643, 2.385, 88.300, 100.986", "SSSSSSSSSSSSSS"),
            (trend, false, "53.692, 1.250, 50.367, 57.017", "ASSASTTTTTTAA"),
            (quiet, false, "95.767, 1.536, 91.680, 99.853", "............"),
        ] {
            let chart = chart(values, &Options { screen_outliers, ..Options::default() });
            assert_eq!((printed(&chart).as_str(), flags(&chart).as_str()), (numbers, marks));
        }
    }

    /// Limits fixed by a quiet start: mean 10, average range 2, limits 4.68 and 15.32, near limits 6.45 and 13.55.
    fn after_quiet_start(more: &[f64], better: Better) -> Chart {
        let values: Vec<f64> = [9., 11., 9., 11., 9., 11., 9., 11.].iter().chain(more).copied().collect();
        let chart = chart(&values, &Options { fix_after: Some(8), better, ..Options::default() });
        assert_eq!(printed(&chart), "10.000, 2.000, 4.680, 15.320");
        chart
    }

    #[test]
    fn two_of_three_flags_the_close_points_only_and_needs_one_side() {
        assert_eq!(&flags(&after_quiet_start(&[14., 12., 14., 9.], Better::Up))[8..], "2.2.");
        assert_eq!(&flags(&after_quiet_start(&[14., 9., 14., 9.], Better::Up))[8..], "....");
        assert_eq!(&flags(&after_quiet_start(&[14., 12., 12., 14.], Better::Up))[8..], "....", "too far apart");
        assert_eq!(&flags(&after_quiet_start(&[14., 12., 16.], Better::Up))[8..], "..A", "outside is not close");
    }

    #[test]
    fn a_point_on_the_mean_breaks_a_shift_and_an_equal_step_breaks_a_trend() {
        assert_eq!(&flags(&after_quiet_start(&[9., 9., 9., 9., 9., 9., 9.], Better::Up))[8..], "SSSSSSS");
        assert_eq!(&flags(&after_quiet_start(&[9., 9., 9., 10., 9., 9., 9.], Better::Up))[8..], ".......");
        assert_eq!(&flags(&after_quiet_start(&[9., 9.5, 9.7, 9.9, 10.1, 10.3, 10.5], Better::Up))[8..], "TTTTTTT");
        assert_eq!(&flags(&after_quiet_start(&[9., 9.5, 9.7, 9.9, 9.9, 10.3, 10.5], Better::Up))[8..], ".......");
    }

    #[test]
    fn what_is_special_is_good_bad_or_neither_by_the_better_way() {
        for (better, high, low) in [
            (Better::Up, Meaning::Improvement, Meaning::Concern),
            (Better::Down, Meaning::Concern, Meaning::Improvement),
            (Better::Neither, Meaning::Neutral, Meaning::Neutral),
        ] {
            assert_eq!(after_quiet_start(&[16.], better).latest(), Some(high));
            assert_eq!(after_quiet_start(&[4.], better).latest(), Some(low));
            // A trend speaks by its direction, not by its side.
            assert_eq!(after_quiet_start(&[6., 6.2, 6.4, 6.6, 6.8, 7., 7.2], better).latest(), Some(high));
            assert_eq!(after_quiet_start(&[11.], better).latest(), Some(Meaning::Common));
        }
    }

    #[test]
    fn assurance_compares_the_target_with_the_last_limits() {
        let values = [9., 11., 9., 11., 9., 11., 9., 11.];
        let at = |target, better| chart(&values, &Options { target: Some(target), better, ..Options::default() }).assurance;
        assert_eq!(at(16., Better::Up), Some(Assurance::ConsistentlyFail));
        assert_eq!(at(4., Better::Up), Some(Assurance::ConsistentlyPass));
        assert_eq!(at(10., Better::Up), Some(Assurance::HitAndMiss));
        assert_eq!(at(16., Better::Down), Some(Assurance::ConsistentlyPass));
        assert_eq!(at(4., Better::Down), Some(Assurance::ConsistentlyFail));
        assert_eq!(at(10., Better::Neither), None);
    }

    #[test]
    fn a_gap_is_no_zero_and_nothing_passes_over_it() {
        let series = [Some(9.), Some(11.), None, Some(30.), Some(28.)];
        let chart = xmr(&series, &Options::default());
        assert_eq!(printed(&chart), "19.500, 2.000, 14.180, 24.820", "9 to 11 and 30 to 28 only");
        assert_eq!(chart.points.iter().map(|point| point.index).collect::<Vec<_>>(), [0, 1, 3, 4]);
        let mut run: Vec<Option<f64>> = [9., 11., 9., 11., 9., 11., 9., 11., 9., 9., 9.].map(Some).to_vec();
        run.push(None);
        run.extend([9., 9., 9., 9.].map(Some));
        assert_eq!(&flags(&xmr(&run, &Options { fix_after: Some(8), ..Options::default() }))[8..], ".......");
    }

    #[test]
    fn a_rebased_chart_has_limits_for_each_segment() {
        let values = [9., 11., 9., 11., 29., 31., 29., 31.];
        let chart = chart(&values, &Options { rebase_at: vec![4, 0, 99, 4], ..Options::default() });
        let means: Vec<f64> = chart.segments.iter().map(|limits| limits.unwrap().mean).collect();
        assert_eq!((means, flags(&chart).as_str()), (vec![10., 30.], "........"));
        assert_eq!(chart.points[4].segment, 1);
    }

    #[test]
    fn short_series_have_trial_limits_or_none() {
        assert!(chart(&[1., 2., 1.], &Options::default()).segments[0].unwrap().is_trial);
        assert!(!chart(&[1.; 12], &Options::default()).segments[0].unwrap().is_trial);
        assert_eq!(chart(&[1.], &Options::default()).segments, [None]);
        assert_eq!(chart(&[], &Options { target: Some(1.), better: Better::Up, ..Options::default() }).points, []);
        assert_eq!(xmr(&[Some(f64::NAN), Some(1.)], &Options::default()).points.len(), 1);
        assert_eq!(flags(&chart(&[5.; 9], &Options { screen_outliers: true, ..Options::default() })), ".........");
    }
}
