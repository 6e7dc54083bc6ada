//! How much notice was given, and what it is called (settled 2, 3, spec 6.5, 7.2).

use super::{Calendar, days_between, local_date, shift_days};
use crate::change::Consequence;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

vocabulary! {
    /// How the days of a notice are counted. The words stand in the process document.
    Basis {
        /// Local start date minus local receipt date.
        Days = "days", "days";
        /// Working days after the receipt, the day of the start included.
        WorkingDays = "working_days", "working days";
        /// Working days between receipt and start, neither of them counted (spec 7.2).
        ClearWorkingDays = "clear_working_days", "clear working days";
    }
}

impl Basis {
    /// The words for this many of them.
    pub fn counted(self, amount: i64) -> &'static str {
        let words = self.words();
        if amount == 1 { words.strip_suffix('s').unwrap_or(words) } else { words }
    }
}

/// So many days, counted in one way: `10 clear working days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// How many.
    pub amount: i64,
    /// Of what.
    pub basis: Basis,
}

impl Notice {
    /// The most that a document may ask for: ten years.
    pub const MOST: i64 = 3_650;

    /// Reads the words of a document.
    pub fn parse(words: &str) -> Option<Notice> {
        let (amount, basis) = words.trim().split_once(char::is_whitespace)?;
        if !amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let amount = amount.parse().ok().filter(|amount| *amount <= Notice::MOST)?;
        let words = basis.split_whitespace().collect::<Vec<_>>().join(" ");
        let basis = Basis::ALL.iter().find(|basis| basis.words() == words || basis.counted(1) == words)?;
        Some(Notice { amount, basis: *basis })
    }
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.basis.counted(self.amount))
    }
}

vocabulary! {
    /// What the notice that was given is called. Waived is a consequence, never a verdict (settled 2).
    Verdict {
        /// All that was asked for.
        OnTime = "on_time", "on time";
        /// Half of it or more.
        Late = "late", "late";
        /// Less than half of it.
        VeryLate = "very_late", "very late";
        /// Less than a day, but before the start.
        Short = "short", "short";
        /// At the start or later.
        AfterTheFact = "after_the_fact", "after the fact";
    }
}

impl Verdict {
    /// Anything but on time: a reason is asked for, and K5 counts it.
    pub fn is_late(self) -> bool {
        self != Verdict::OnTime
    }
}

/// The date on which a notice counts as received. The roll after 17:00 and over free days is for the working
/// bases only (settled 3, X4).
pub fn effective_receipt(basis: Basis, received: Timestamp, zone: &TimeZone, calendar: &Calendar) -> Date {
    match basis {
        Basis::Days => local_date(received, zone),
        Basis::WorkingDays | Basis::ClearWorkingDays => calendar.rolled_date(received, zone),
    }
}

/// Days of notice between two local dates, never below 0 (settled 3).
fn days_given(basis: Basis, received: Date, start: Date, calendar: &Calendar) -> i64 {
    match basis {
        Basis::Days => days_between(received, start).max(0),
        Basis::WorkingDays => calendar.working_days_between(received, start),
        Basis::ClearWorkingDays => calendar.working_days_between(received, shift_days(start, -1)),
    }
}

/// The last date on which a notice of n days could be received for this start: for the working bases the largest
/// working day (spec 7.2).
pub fn latest_receipt(basis: Basis, n: i64, start: Date, calendar: &Calendar) -> Date {
    let n = n.clamp(0, Notice::MOST);
    if basis == Basis::Days {
        return shift_days(start, -n);
    }
    let mut day = start;
    while !(calendar.is_working_day(day) && days_given(basis, day, start, calendar) >= n) && day > Date::MIN {
        day = shift_days(day, -1);
    }
    day
}

/// The first start date for which a notice received now would be in time.
pub fn first_in_time(basis: Basis, n: i64, received: Timestamp, zone: &TimeZone, calendar: &Calendar) -> Date {
    let n = n.clamp(0, Notice::MOST);
    let receipt = effective_receipt(basis, received, zone, calendar);
    match basis {
        Basis::Days => shift_days(receipt, n),
        Basis::WorkingDays => calendar.add_working_days(receipt, n),
        // The nth working day is itself not counted; the day after it is the first that may be a start.
        Basis::ClearWorkingDays if n == 0 => receipt,
        Basis::ClearWorkingDays => shift_days(calendar.add_working_days(receipt, n), 1),
    }
}

/// Days given as a share of days asked, in whole per cent, rounded down (settled 3). Where nothing is asked,
/// all of it is given.
pub fn share_of_notice(given: i64, asked: i64) -> i64 {
    if asked <= 0 { 100 } else { given.max(0).saturating_mul(100) / asked }
}

/// The default rule of the documents, on facts alone: after the fact if received at the start or later, then by
/// the share of notice (settled 3).
pub fn verdict(has_started: bool, given: i64, asked: i64) -> Verdict {
    let share = share_of_notice(given, asked);
    if has_started {
        Verdict::AfterTheFact
    } else if share >= 100 {
        Verdict::OnTime
    } else if given < 1 {
        Verdict::Short
    } else if share >= 50 {
        Verdict::Late
    } else {
        Verdict::VeryLate
    }
}

/// A notice as judged, with all that a page or a report has to show for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Judgement {
    /// What it is called.
    pub verdict: Verdict,
    /// Days given, in the basis of the document.
    pub days: i64,
    /// What the document asked for.
    pub asked: Notice,
    /// Days given as a share of days asked, in whole per cent.
    pub share_percent: i64,
    /// When it came.
    pub received_at: Timestamp,
    /// The date on which it counts as received.
    pub effective_receipt: Date,
    /// The last date of receipt that would have been in time for this start.
    pub latest_receipt: Date,
    /// The first start date for which this receipt would be in time.
    pub first_in_time: Date,
    /// The calendar it was judged by; a later one changes nothing here (spec 7.1).
    pub calendar_version: String,
}

/// Judges a notice that came at `received` for work that starts at `start`.
pub fn judge(asked: Notice, received: Timestamp, start: Timestamp, zone: &TimeZone, calendar: &Calendar) -> Judgement {
    let Notice { amount, basis } = asked;
    let effective_receipt = effective_receipt(basis, received, zone, calendar);
    let start_date = local_date(start, zone);
    let days = days_given(basis, effective_receipt, start_date, calendar);
    Judgement {
        verdict: verdict(received >= start, days, amount),
        days,
        asked,
        share_percent: share_of_notice(days, amount),
        received_at: received,
        effective_receipt,
        latest_receipt: latest_receipt(basis, amount, start_date, calendar),
        first_in_time: first_in_time(basis, amount, received, zone, calendar),
        calendar_version: calendar.version.clone(),
    }
}

/// Whether planned time stays out of the availability figures (C129, spec 6.5): notice was in time and whole, or it was
/// decided so. What was late and is not decided counts as time down, and so does what the decision gave to whoever was late.
pub fn is_left_out(verdict: Verdict, is_defective: bool, consequence: Option<Consequence>) -> bool {
    match consequence {
        Some(Consequence::Protected | Consequence::Waived) => true,
        Some(Consequence::AtRisk | Consequence::Excluded | Consequence::ExclusionProposed | Consequence::WaiverProposed) => false,
        None => verdict == Verdict::OnTime && !is_defective,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Division, london};
    use super::*;
    use jiff::civil::date;

    const CLEAR_10: Notice = Notice { amount: 10, basis: Basis::ClearWorkingDays };

    fn england() -> Calendar {
        Calendar::shipped(Division::EnglandAndWales)
    }
    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(london()).unwrap().timestamp()
    }
    fn judged(asked: Notice, received: &str, start: &str) -> Judgement {
        judge(asked, at(received), at(start), &london(), &england())
    }

    #[test]
    fn scenario_01_exact_limit() {
        let notice = judged(CLEAR_10, "2026-05-14T16:59", "2026-05-30T06:00");
        assert_eq!((notice.days, notice.verdict, notice.share_percent), (10, Verdict::OnTime, 100));
        // One minute past five is the next working day.
        let notice = judged(CLEAR_10, "2026-05-14T17:01", "2026-05-30T06:00");
        assert_eq!((notice.days, notice.verdict, notice.effective_receipt), (9, Verdict::Late, date(2026, 5, 15)));
    }

    #[test]
    fn scenario_02_bank_holiday_inside() {
        let notice = judged(CLEAR_10, "2026-05-15T09:00", "2026-05-30T06:00");
        assert_eq!((notice.days, notice.verdict), (9, Verdict::Late));
        assert_eq!(notice.latest_receipt, date(2026, 5, 14));
        assert_eq!(notice.first_in_time, date(2026, 6, 2));
    }

    #[test]
    fn scenario_04_easter_and_clock_change_together() {
        let notice = judged(CLEAR_10, "2026-03-26T12:00", "2026-04-14T06:00");
        assert_eq!((notice.days, notice.verdict), (10, Verdict::OnTime));
    }

    #[test]
    fn scenario_05_a_judgement_keeps_the_calendar_it_was_made_by() {
        let judged_then = judged(CLEAR_10, "2026-05-14T12:00", "2026-05-30T06:00");
        assert_eq!((judged_then.verdict, judged_then.calendar_version.as_str()), (Verdict::OnTime, super::super::CALENDAR_VERSION));
        let later = england().with_holiday(date(2026, 5, 20), "given late");
        let judged_now = judge(CLEAR_10, at("2026-05-14T12:00"), at("2026-05-30T06:00"), &london(), &later);
        assert_eq!((judged_now.days, judged_now.verdict), (9, Verdict::Late));
        assert_ne!(judged_now.calendar_version, judged_then.calendar_version);
    }

    #[test]
    fn worked_examples_of_the_specification() {
        for (start, latest) in [
            (date(2026, 5, 30), date(2026, 5, 14)),
            (date(2026, 6, 2), date(2026, 5, 15)),
            (date(2026, 4, 14), date(2026, 3, 26)),
            (date(2026, 4, 19), date(2026, 4, 1)),
            (date(2026, 10, 25), date(2026, 10, 9)),
            (date(2027, 1, 9), date(2026, 12, 22)),
            (date(2027, 4, 10), date(2027, 3, 24)),
        ] {
            assert_eq!(latest_receipt(Basis::ClearWorkingDays, 10, start, &england()), latest, "{start}");
        }
        assert_eq!(latest_receipt(Basis::ClearWorkingDays, 5, date(2026, 5, 30), &england()), date(2026, 5, 21));
        assert_eq!(days_given(Basis::ClearWorkingDays, date(2026, 5, 15), date(2026, 5, 30), &england()), 9);
    }

    #[test]
    fn the_three_bases_count_18_11_and_10() {
        let (received, start) = (date(2026, 5, 15), date(2026, 6, 2));
        let counts: Vec<i64> = Basis::ALL.iter().map(|basis| days_given(*basis, received, start, &england())).collect();
        assert_eq!(counts, [18, 11, 10]);
    }

    #[test]
    fn seventeen_november_to_first_december_is_fourteen_days() {
        let asked = Notice { amount: 10, basis: Basis::Days };
        // No cut-off and no weekend roll on this basis (X4).
        let notice = judged(asked, "2026-11-17T23:59", "2026-12-01T06:00");
        assert_eq!((notice.days, notice.verdict, notice.first_in_time), (14, Verdict::OnTime, date(2026, 11, 27)));
        let notice = judged(asked, "2026-11-22T12:00", "2026-12-01T06:00");
        assert_eq!((notice.days, notice.verdict, notice.latest_receipt), (9, Verdict::Late, date(2026, 11, 21)));
    }

    #[test]
    fn dates_are_local_not_utc() {
        let asked = Notice { amount: 10, basis: Basis::Days };
        // 23:30 UTC on 15 May is half past midnight on the 16th in London.
        let received = "2026-05-15T23:30:00Z".parse().unwrap();
        assert_eq!(judge(asked, received, at("2026-05-26T06:00"), &london(), &england()).days, 10);
    }

    #[test]
    fn tiers_turn_at_their_bounds() {
        for (given, asked, expected) in [
            (11, 10, Verdict::OnTime),
            (10, 10, Verdict::OnTime),
            (9, 10, Verdict::Late),
            (5, 10, Verdict::Late),
            (4, 10, Verdict::VeryLate),
            (1, 10, Verdict::VeryLate),
            (0, 10, Verdict::Short),
            (1, 3, Verdict::VeryLate),
            (2, 3, Verdict::Late),
            (1, 2, Verdict::Late),
            (0, 0, Verdict::OnTime),
            (0, 1, Verdict::Short),
            (1, 1, Verdict::OnTime),
        ] {
            assert_eq!(verdict(false, given, asked), expected, "{given} of {asked}");
            assert_eq!(verdict(true, given, asked), Verdict::AfterTheFact);
        }
        assert_eq!(share_of_notice(2, 3), 66);
    }

    #[test]
    fn c129_only_time_that_was_announced_in_time_or_decided_so_is_left_out() {
        use Consequence::*;
        for (verdict, is_defective, consequence, is_out) in [
            (Verdict::OnTime, false, None, true),
            (Verdict::OnTime, false, Some(Protected), true),
            (Verdict::OnTime, true, None, false),
            (Verdict::Late, false, None, false),
            (Verdict::Late, false, Some(AtRisk), false),
            (Verdict::Late, false, Some(Protected), true),
            (Verdict::VeryLate, false, Some(WaiverProposed), false),
            (Verdict::VeryLate, false, Some(Waived), true),
            (Verdict::Short, false, None, false),
            (Verdict::AfterTheFact, false, Some(ExclusionProposed), false),
            (Verdict::AfterTheFact, false, Some(Excluded), false),
        ] {
            assert_eq!(is_left_out(verdict, is_defective, consequence), is_out, "{verdict:?} {is_defective} {consequence:?}");
        }
    }

    #[test]
    fn scenario_10_four_of_ten_is_very_late() {
        assert_eq!(judged(CLEAR_10, "2026-11-17T09:00", "2026-11-24T22:00").days, 4);
        assert_eq!(judged(CLEAR_10, "2026-11-17T09:00", "2026-11-24T22:00").verdict, Verdict::VeryLate);
    }

    #[test]
    fn received_at_the_start_is_after_the_fact_and_a_minute_before_is_short() {
        let asked = Notice { amount: 10, basis: Basis::Days };
        assert_eq!(judged(asked, "2026-11-17T22:00", "2026-11-17T22:00").verdict, Verdict::AfterTheFact);
        assert_eq!(judged(asked, "2026-11-17T21:59", "2026-11-17T22:00").verdict, Verdict::Short);
        let notice = judged(asked, "2026-11-20T09:00", "2026-11-17T22:00");
        assert_eq!((notice.verdict, notice.days), (Verdict::AfterTheFact, 0));
        // Received on Friday evening for Saturday: counts as Monday, yet the start is still to come.
        assert_eq!(judged(CLEAR_10, "2026-11-20T18:00", "2026-11-21T22:00").verdict, Verdict::Short);
    }

    #[test]
    fn latest_receipt_and_first_in_time_are_the_exact_limits() {
        let calendar = england();
        for &basis in Basis::ALL {
            for n in [0, 1, 2, 5, 10, 20] {
                for offset in 0..60 {
                    let start = shift_days(date(2026, 12, 1), offset);
                    let latest = latest_receipt(basis, n, start, &calendar);
                    assert!(days_given(basis, latest, start, &calendar) >= n);
                    let next = if basis == Basis::Days { shift_days(latest, 1) } else { calendar.add_working_days(latest, 1) };
                    assert!(next > start || days_given(basis, next, start, &calendar) < n, "{basis:?} {n} {start}");

                    let received = at(&format!("{start}T12:00"));
                    let first = first_in_time(basis, n, received, &london(), &calendar);
                    let receipt = effective_receipt(basis, received, &london(), &calendar);
                    assert!(days_given(basis, receipt, first, &calendar) >= n);
                    assert!(n == 0 || days_given(basis, receipt, shift_days(first, -1), &calendar) < n, "{basis:?} {n} {start}");
                }
            }
        }
    }

    #[test]
    fn notice_words_are_read_and_printed() {
        for words in ["10 days", "10 working days", "10 clear working days", "1 day", "1 clear working day", "0 days"] {
            assert_eq!(Notice::parse(words).map(|notice| notice.to_string()).as_deref(), Some(words));
        }
        assert_eq!(Notice::parse("  10  clear   working days "), Some(CLEAR_10));
        for words in ["", "days", "ten days", "-1 days", "10", "10 weeks", "10 day s", "+3 days", "99999999999999999999 days", "4000 days"] {
            assert_eq!(Notice::parse(words), None, "{words}");
        }
    }

    #[test]
    fn codes_are_read_back() {
        for &verdict in Verdict::ALL {
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.code());
        }
    }
}
