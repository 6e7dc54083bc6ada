//! What the report of success says beside the outcomes: the score (C101), incidents that changes caused (K7), and
//! whether work kept to its window (K10).

use super::{Ratio, SMALL};
use crate::change::Window;
use jiff::{SignedDuration, Timestamp};

/// Work that began no later than this after its time began on time (K10).
pub const START_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// One piece of work that was attempted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// What was planned, as it stood at the end.
    pub window: Option<Window>,
    /// When it began; history does not say.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Incidents that are linked to it.
    pub incidents: u64,
    /// Whether somebody looked for any: nobody looked is not none (X12).
    pub looked: bool,
    /// Its own score.
    pub score: Option<u8>,
}

impl Attempt {
    /// Whether it began on time; nothing where that is not known.
    pub fn started_on_time(&self) -> Option<bool> {
        Some(self.started_at?.duration_since(self.window?.start) <= START_TOLERANCE)
    }

    /// Whether it was over when its window was.
    pub fn ended_in_window(&self) -> Option<bool> {
        Some(self.finished_at? <= self.window?.end)
    }

    /// The incidents, where somebody looked or one was linked all the same.
    pub fn incidents_known(&self) -> Option<u64> {
        (self.looked || self.incidents > 0).then_some(self.incidents)
    }
}

/// The mean of the scores of single pieces of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// All scores together.
    pub sum: u64,
    /// How many there are.
    pub count: u64,
}

impl Score {
    /// `none`, `n too small (4)`, `87.5 of 100`.
    pub fn words(self) -> String {
        match self.count {
            0 => "none".to_owned(),
            n if n < SMALL => format!("n too small ({n})"),
            n => {
                let tenths = self.sum.saturating_mul(20).saturating_add(n) / n.saturating_mul(2);
                format!("{}.{} of 100", tenths / 10, tenths % 10)
            }
        }
    }
}

/// The figures over a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// C101.
    pub score: Score,
    /// K7: those with an incident, of all.
    pub caused: Ratio,
    /// Those for which nobody looked.
    pub unlooked: u64,
    /// K10: those that began on time, of those whose times are known.
    pub started: Ratio,
    /// K10: those that ended in their window.
    pub ended: Ratio,
}

impl Figures {
    /// Counts one more.
    pub fn count(&mut self, attempt: &Attempt) {
        if let Some(score) = attempt.score {
            self.score.sum += u64::from(score);
            self.score.count += 1;
        }
        self.caused.whole += 1;
        self.caused.part += u64::from(attempt.incidents > 0);
        self.unlooked += u64::from(attempt.incidents_known().is_none());
        for (ratio, holds) in [(&mut self.started, attempt.started_on_time()), (&mut self.ended, attempt.ended_in_window())] {
            ratio.whole += u64::from(holds.is_some());
            ratio.part += u64::from(holds == Some(true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    /// Work from 20:00 to 22:00 that began and ended so many minutes after 20:00.
    fn work(began: i64, ended: i64) -> Attempt {
        let window = Window { start: at(0), end: at(120), contingency_end: at(180) };
        Attempt { window: Some(window), started_at: Some(at(began)), finished_at: Some(at(ended)), ..Attempt::default() }
    }

    #[test]
    fn k10_a_quarter_of_an_hour_is_on_time_and_the_end_of_the_window_is_inside() {
        let mut figures = Figures::default();
        for (began, ended, on_time, inside) in [(0, 60, true, true), (15, 120, true, true), (16, 121, false, false), (-20, 100, true, true)] {
            let work = work(began, ended);
            assert_eq!((work.started_on_time(), work.ended_in_window()), (Some(on_time), Some(inside)), "{began} {ended}");
            figures.count(&work);
        }
        // History says neither; it is not counted.
        figures.count(&Attempt::default());
        assert_eq!((figures.started, figures.ended), (Ratio { part: 3, whole: 4 }, Ratio { part: 3, whole: 4 }));
        assert_eq!(figures.started.words(), "3 of 4, n too small for a percentage");
    }

    #[test]
    fn k7_counts_changes_and_not_incidents_and_nobody_looked_is_not_none() {
        let mut figures = Figures::default();
        for (incidents, looked) in [(0, true), (3, true), (1, false), (0, false), (0, false)] {
            figures.count(&Attempt { incidents, looked, ..Attempt::default() });
        }
        assert_eq!((figures.caused, figures.unlooked), (Ratio { part: 2, whole: 5 }, 2));
        assert_eq!(Attempt { incidents: 0, looked: false, ..Attempt::default() }.incidents_known(), None);
        assert_eq!(Figures::default().caused.words(), "none");
    }

    #[test]
    fn c101_the_score_is_a_mean_of_ten_or_more() {
        let mut figures = Figures::default();
        assert_eq!(figures.score.words(), "none");
        for score in [100, 100, 70, 40, 25, 0, 90, 70, 100] {
            figures.count(&Attempt { score: Some(score), ..Attempt::default() });
        }
        assert_eq!(figures.score.words(), "n too small (9)");
        figures.count(&Attempt { score: Some(50), ..Attempt::default() });
        figures.count(&Attempt { score: None, ..Attempt::default() });
        assert_eq!((figures.score.sum, figures.score.words()), (645, "64.5 of 100".to_owned()));
        assert_eq!(Score { sum: 2000, count: 21 }.words(), "95.2 of 100", "95.238");
        assert_eq!(Score { sum: 1051, count: 20 }.words(), "52.6 of 100", "half a tenth is rounded up");
    }
}
