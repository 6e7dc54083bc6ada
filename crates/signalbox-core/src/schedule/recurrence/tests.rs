//! A rule against a second reading of RFC 5545 that goes the other way: where the rule asks of each day whether it is
//! one of its own, the oracle makes the days of each period from the table in section 3.3.10.

use super::*;
use jiff::civil::{Weekday, date};
use proptest::prelude::*;

fn typed<'t>(starts: &'t str, ends: &'t str, rule: &'t str) -> Typed<'t> {
    Typed { zone: "Europe/London", starts, ends, rule, except: "" }
}

fn read(starts: &str, ends: &str, rule: &str) -> Recurrence {
    Recurrence::read(&typed(starts, ends, rule)).unwrap_or_else(|faults| panic!("{rule}: {faults:?}"))
}

fn codes(typed: &Typed) -> Vec<&'static str> {
    Recurrence::read(typed).err().unwrap_or_default().iter().map(|fault| fault.code).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const EVER: Span = Span { from: Timestamp::MIN, until: Timestamp::MAX };

/// The local days on which the first of them begin.
fn begins(recurrence: &Recurrence, most: usize) -> Vec<String> {
    recurrence.spans(EVER).iter().take(most).map(|span| recurrence.zone().to_datetime(span.from).date().to_string()).collect()
}

#[test]
fn the_rules_that_people_mean_give_the_days_they_mean() {
    for (starts, rule, days) in [
        ("2026-11-30", "FREQ=DAILY;COUNT=3", "2026-11-30 2026-12-01 2026-12-02"),
        ("2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", "2026-11-30 2026-12-03 2026-12-07"),
        ("2026-11-30", "FREQ=WEEKLY;INTERVAL=2", "2026-11-30 2026-12-14 2026-12-28"),
        ("2026-12-01", "RRULE:freq=monthly;byday=1su", "2026-12-06 2027-01-03 2027-02-07"),
        ("2026-12-01", "FREQ=MONTHLY;BYDAY=-1FR", "2026-12-25 2027-01-29 2027-02-26"),
        // A month without a 31st has none; it is not moved.
        ("2026-12-31", "FREQ=MONTHLY", "2026-12-31 2027-01-31 2027-03-31"),
        ("2026-12-01", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31 2027-01-31 2027-02-28"),
        // BR-32: the changeover of resident doctors.
        ("2026-08-05", "FREQ=YEARLY;BYMONTH=8;BYDAY=1WE", "2026-08-05 2027-08-04 2028-08-02"),
        ("2028-02-29", "FREQ=YEARLY", "2028-02-29 2032-02-29 2036-02-29"),
        ("1997-05-19", "FREQ=YEARLY;BYDAY=20MO", "1997-05-19 1998-05-18 1999-05-17"),
        ("1997-09-02", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1998-02-13 1998-03-13 1998-11-13"),
        ("1996-11-05", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05 2000-11-07 2004-11-02"),
        // The two examples of RFC 5545 in which the beginning of the week matters.
        ("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05 1997-08-10 1997-08-19"),
        ("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05 1997-08-17 1997-08-19"),
    ] {
        let (from, until) = (format!("{starts}T22:00"), format!("{starts}T23:30"));
        assert_eq!(begins(&read(&from, &until, rule), 3).join(" "), days, "{rule}");
    }
}

#[test]
fn an_end_and_days_left_out() {
    let until = |rule: &str| begins(&read("2026-12-01T22:00", "2026-12-02T02:00", rule), 9).len();
    assert_eq!(until("FREQ=DAILY;UNTIL=20261203"), 3, "the last day counts");
    assert_eq!(until("FREQ=DAILY;UNTIL=20261203T215959"), 2);
    assert_eq!(until("FREQ=DAILY;UNTIL=20261203T220000Z"), 3);
    assert_eq!(until("FREQ=DAILY;UNTIL=20261203T215959Z"), 2);
    let typed = Typed { except: "2026-12-02, 2026-12-25", ..typed("2026-12-01T22:00", "2026-12-01T23:00", "FREQ=DAILY;COUNT=3") };
    let left = Recurrence::read(&typed).unwrap();
    assert_eq!(begins(&left, 9), ["2026-12-01", "2026-12-03"], "COUNT counts the day that is left out (RFC 5545)");
    assert_eq!(left.except().count(), 2);
    assert_eq!(left.envelope(), Span { from: at("2026-12-01T22:00:00Z"), until: at("2026-12-03T23:00:00Z") });
    assert_eq!(read("2026-12-01T22:00", "2026-12-01T23:00", "FREQ=DAILY").envelope().until, Timestamp::MAX);
}

#[test]
fn each_fault_has_a_code_of_its_own() {
    let rule = |rule| codes(&typed("2026-12-01T22:00", "2026-12-01T23:00", rule));
    for (text, code) in [
        ("FREQ=DAILY;BYSETPOS=1", "rule-unknown-part"),
        ("FREQ=DAILY;NONSENSE", "rule-unknown-part"),
        ("FREQ=HOURLY", "rule-sub-daily"),
        ("INTERVAL=2", "rule-no-frequency"),
        ("FREQ=SOMETIMES", "rule-bad-value"),
        ("FREQ=DAILY;INTERVAL=0", "rule-bad-value"),
        ("FREQ=DAILY;COUNT=0", "rule-bad-value"),
        ("FREQ=DAILY;COUNT=1;COUNT=2", "rule-bad-value"),
        ("FREQ=DAILY;BYDAY=1SU", "rule-bad-value"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "rule-bad-value"),
        ("FREQ=MONTHLY;BYDAY=6SU", "rule-bad-value"),
        ("FREQ=MONTHLY;BYDAY=0SU", "rule-bad-value"),
        ("FREQ=MONTHLY;BYDAY=é", "rule-bad-value"),
        ("FREQ=DAILY;UNTIL=soon", "rule-bad-value"),
        ("FREQ=DAILY;UNTIL=20261203T", "rule-bad-value"),
        ("FREQ=DAILY;UNTIL=20261203;COUNT=2", "rule-count-and-until"),
        ("FREQ=DAILY;UNTIL=20261130", "rule-ends-before-start"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "rule-no-date"),
        ("FREQ=DAILY;UNTIL=20261202;BYMONTH=1", "rule-no-date"),
    ] {
        assert_eq!(rule(text), [code], "{text}");
    }
    let all = Typed { zone: "Europe/Atlantis", starts: "soon", ends: "2026-12-01", rule: "FREQ=HOURLY", except: "never" };
    assert_eq!(codes(&all), ["zone-unknown", "not-a-time", "not-a-time", "not-a-date", "rule-sub-daily"], "all at once");
    assert_eq!(codes(&typed("2026-12-01T22:00", "2026-12-01T22:00", "")), ["end-before-start"]);
    assert_eq!(codes(&typed("2026-12-01T22:00", "2028-12-01T22:00", "")), ["occurrence-too-long"]);
    let none = Typed { except: "2026-12-01", ..typed("2026-12-01T22:00", "2026-12-01T23:00", "FREQ=DAILY;COUNT=1") };
    assert_eq!(codes(&none), ["rule-no-date"]);
}

#[test]
fn c081_an_occurrence_keeps_its_wall_clock_time_over_both_changes_of_the_clocks() {
    let spans = |starts: &str, ends: &str| {
        let nightly = read(&format!("2026-03-01T{starts}"), &format!("2026-03-{ends}"), "FREQ=DAILY");
        move |from: &str| {
            let from = at(&format!("{from}T12:00:00Z"));
            let night = Span { from, until: from + SignedDuration::from_hours(20) };
            nightly.spans(night).iter().map(|span| format!("{} {}", span.from, span.until.duration_since(span.from).as_mins())).collect::<Vec<_>>()
        }
    };
    let night = spans("22:00", "02T06:00");
    assert_eq!(night("2026-03-27"), ["2026-03-27T22:00:00Z 480"]);
    assert_eq!(night("2026-03-28"), ["2026-03-28T22:00:00Z 420"], "an hour shorter: the clocks go forward");
    assert_eq!(night("2026-03-29"), ["2026-03-29T21:00:00Z 480"], "22:00 in summer is an hour earlier in UTC");
    assert_eq!(night("2026-10-24"), ["2026-10-24T21:00:00Z 540"], "an hour longer: the clocks go back");
    // 01:30 does not exist on 29 March and is 02:30; it comes twice on 25 October and is the first.
    let early = spans("01:30", "01T03:00");
    assert_eq!(early("2026-03-28"), ["2026-03-29T01:30:00Z 30"]);
    assert_eq!(early("2026-10-24"), ["2026-10-25T00:30:00Z 150"]);
    // The end likewise; and what would be empty or run backwards is as long as on other nights.
    assert_eq!(spans("00:30", "01T01:30")("2026-03-28"), ["2026-03-29T00:30:00Z 60"]);
    assert_eq!(spans("01:15", "01T01:45")("2026-03-28"), ["2026-03-29T01:15:00Z 30"]);
    assert_eq!(spans("01:30", "01T02:00")("2026-03-28"), ["2026-03-29T01:30:00Z 30"]);
    assert_eq!(spans("01:30", "01T02:30")("2026-03-28"), ["2026-03-29T01:30:00Z 60"]);
}

#[test]
fn what_happens_once_is_its_span_and_an_endless_rule_is_bounded() {
    let span = Span { from: at("2026-10-25T01:30:00Z"), until: at("2026-10-25T02:00:00Z") };
    let once = Recurrence::once(span, "Europe/London");
    assert_eq!(once.spans(EVER), [span], "the second 01:30 of that night, although the clock shows the first alike");
    assert_eq!(once.on_the_clock().0, date(2026, 10, 25).at(1, 30, 0, 0));
    assert_eq!(Recurrence::once(span, "Nowhere/Else").zone_name(), "Europe/London");
    assert!(once.spans(Span { from: span.until, ..EVER }).is_empty() && once.spans(Span { until: span.from, ..EVER }).is_empty());
    let daily = read("2026-12-01T22:00", "2026-12-02T02:00", "FREQ=DAILY");
    assert_eq!(daily.spans(EVER).len(), OCCURRENCES_MOST);
    let now = at("2026-12-24T23:00:00Z");
    let next = daily.next(now, 5);
    assert_eq!((next.len(), next[0].from, next[4].from), (5, at("2026-12-24T22:00:00Z"), at("2026-12-28T22:00:00Z")));
    assert!(daily.next(at("2190-01-01T00:00:00Z"), 5).is_empty(), "nobody plans for the next century");
}

/// The weekdays of a month or year, the so manieth only where a number says so.
fn numbered(days: Vec<Date>, by_day: &[(Option<i16>, Weekday)]) -> Vec<Date> {
    let mut found = vec![];
    for (number, weekday) in by_day {
        let all: Vec<Date> = days.iter().copied().filter(|day| day.weekday() == *weekday).collect();
        match number {
            None => found.extend(all),
            Some(n) if *n > 0 => found.extend(all.get(*n as usize - 1)),
            Some(n) => found.extend(all.len().checked_sub(n.unsigned_abs() as usize).map(|at| all[at])),
        }
    }
    found
}

fn month_of(year: i16, month: i8) -> Vec<Date> {
    (1..=date(year, month, 1).days_in_month()).map(|day| date(year, month, day)).collect()
}

/// The days that one period of a rule makes (RFC 5545, the table in 3.3.10).
fn expand(rule: &Rule, first: Date, period: i32) -> Vec<Date> {
    let in_months = |day: &Date| rule.months().is_empty() || rule.months().contains(&day.month());
    let dated = |day: &Date| {
        let last = day.days_in_month();
        rule.month_days().is_empty() || rule.month_days().iter().any(|n| if *n > 0 { *n == day.day() } else { last + n + 1 == day.day() })
    };
    let by_day = |days: Vec<Date>| if rule.week_days().is_empty() { days } else { numbered(days, rule.week_days()) };
    let mut days = match rule.freq() {
        Freq::Daily => vec![first.checked_add(period.days()).unwrap()].into_iter().filter(dated).collect::<Vec<_>>(),
        Freq::Weekly => {
            let monday = first.checked_sub(i64::from(first.weekday().to_monday_zero_offset()).days()).unwrap();
            let week = (0..7).map(|n| monday.checked_add((period * 7 + n).days()).unwrap());
            week.filter(|day| !rule.week_days().is_empty() || day.weekday() == first.weekday()).collect()
        }
        Freq::Monthly => {
            let month = i32::from(first.month()) - 1 + period;
            let all = month_of(first.year() + (month / 12) as i16, (month % 12 + 1) as i8);
            let is_plain = rule.week_days().is_empty() && rule.month_days().is_empty();
            all.into_iter().filter(|day| !is_plain || day.day() == first.day()).collect()
        }
        Freq::Yearly => {
            let year = first.year() + period as i16;
            let months: Vec<i8> = (1..=12).collect();
            let is_plain = rule.week_days().is_empty() && rule.month_days().is_empty();
            let months = if is_plain && rule.months().is_empty() { vec![first.month()] } else { months };
            months.into_iter().flat_map(|month| month_of(year, month)).filter(|day| !is_plain || day.day() == first.day()).collect()
        }
    };
    // Numbered days are counted in the month where months are named, or else in the whole period.
    days = if rule.freq() == Freq::Yearly && !rule.months().is_empty() {
        rule.months().iter().flat_map(|month| by_day(days.iter().copied().filter(|day| day.month() == *month).collect())).collect()
    } else {
        by_day(days)
    };
    days.retain(|day| in_months(day) && dated(day));
    days.sort();
    days.dedup();
    days
}

/// Every occurrence of the first years, by instant.
fn oracle(recurrence: &Recurrence, periods: i32) -> Vec<Span> {
    let (starts, ends) = recurrence.on_the_clock();
    let rule = recurrence.rule().unwrap();
    let step = rule.interval() as i32;
    let days = (0..periods).flat_map(|n| expand(rule, starts.date(), n * step)).filter(|day| *day >= starts.date());
    let days = days.take(rule.count().map_or(usize::MAX, |count| count as usize));
    let days = days.filter(|day| rule.until(recurrence.zone()).is_none_or(|last| *day <= last)).filter(|day| recurrence.except().all(|left| left != *day));
    let nights = i64::from((ends.date() - starts.date()).get_days());
    days.map(|day| {
        let instant = |wall: DateTime| wall.to_zoned(recurrence.zone().clone()).unwrap().timestamp();
        let (from, until) = (instant(day.to_datetime(starts.time())), instant(day.checked_add(nights.days()).unwrap().to_datetime(ends.time())));
        Span { from, until: if until > from { until } else { from + starts.duration_until(ends) } }
    })
    .collect()
}

fn rules() -> impl Strategy<Value = String> {
    let weekday = prop::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"]);
    let numbered = (prop::sample::select(vec!["", "1", "2", "4", "5", "-1", "-2"]), weekday.clone()).prop_map(|(n, day)| format!("{n}{day}"));
    let plain = prop::collection::vec(weekday.prop_map(str::to_owned), 0..3);
    let numbered = prop::collection::vec(numbered, 0..3);
    let dates = prop::collection::vec(prop_oneof![1i8..=31, -31i8..=-1], 0..3);
    let months = prop::collection::vec(1i8..=12, 0..3);
    let end = prop_oneof![
        Just(String::new()),
        (1u32..40).prop_map(|n| format!(";COUNT={n}")),
        (2026i16..2029, 1i8..=12).prop_map(|(y, m)| format!(";UNTIL={y}{m:02}15"))
    ];
    (prop::sample::select(Freq::ALL.to_vec()), 1u32..5, plain, numbered, dates, months, end).prop_map(
        |(freq, interval, plain, numbered, dates, months, end)| {
            let by_day = if matches!(freq, Freq::Daily | Freq::Weekly) { plain } else { numbered };
            let dates: Vec<String> = if freq == Freq::Weekly { vec![] } else { dates.iter().map(ToString::to_string).collect() };
            let months: Vec<String> = months.iter().map(ToString::to_string).collect();
            let part = |name: &str, list: &[String]| if list.is_empty() { String::new() } else { format!(";{name}={}", list.join(",")) };
            format!("FREQ={};INTERVAL={interval}{}{}{}{end}", freq.code(), part("BYDAY", &by_day), part("BYMONTHDAY", &dates), part("BYMONTH", &months))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_rule_gives_what_a_second_reading_of_the_standard_gives(
        rule in rules(),
        // Both nights of 2026 and 2027 lie within a few weeks of these.
        day in (2026i16..=2027, prop::sample::select(vec![3i8, 10, 2, 7]), 1i8..=28).prop_map(|(y, m, d)| date(y, m, d)),
        (hour, minute) in prop_oneof![Just((1, 0)), Just((1, 30)), Just((2, 0)), (0i8..24, 0i8..60)],
        length in prop_oneof![1i64..120, Just(30), Just(60), 60i64..3_000],
        except in prop::collection::vec(0i64..60, 0..3),
        ahead in 0i64..900,
    ) {
        let starts = day.at(hour, minute, 0, 0);
        let ends = starts.checked_add(length.minutes()).unwrap();
        let except: Vec<String> = except.iter().map(|n| day.checked_add(n.days()).unwrap().to_string()).collect();
        let written = |moment: DateTime| moment.strftime("%Y-%m-%dT%H:%M").to_string();
        let (from, until, except) = (written(starts), written(ends), except.join(" "));
        let read = Recurrence::read(&Typed { zone: "Europe/London", starts: &from, ends: &until, rule: &rule, except: &except });
        let Ok(read) = read else {
            // It never comes, or ended before it began.
            let code = read.unwrap_err()[0].code;
            prop_assert!(matches!(code, "rule-no-date" | "rule-ends-before-start"), "{code}");
            return Ok(());
        };
        let periods = match read.rule().unwrap().freq() { Freq::Daily => 1_300, Freq::Weekly => 190, Freq::Monthly => 45, Freq::Yearly => 4 };
        let known = oracle(&read, periods);
        // Three years and a half are known whatever the interval; more where it is more.
        let horizon = at("2029-06-30T00:00:00Z");
        let soon = |spans: &[Span]| spans.iter().copied().filter(|span| span.until < horizon).collect::<Vec<_>>();
        prop_assert_eq!(soon(&read.spans(Span { until: horizon, ..EVER })), soon(&known), "{}", rule);
        let within = Span { from: at("2026-02-01T00:00:00Z") + SignedDuration::from_hours(24 * ahead), until: at("2026-03-30T12:00:00Z") + SignedDuration::from_hours(24 * ahead) };
        let expected: Vec<Span> = known.iter().copied().filter(|span| span.overlap(within).is_some()).collect();
        prop_assert_eq!(soon(&read.spans(within)), soon(&expected));
        prop_assert!(known.iter().all(|span| span.from < span.until));
        prop_assert!(read.next(within.from, 1).first() == known.iter().find(|span| span.until > within.from) || within.from > at("2028-06-30T00:00:00Z") || soon(&known).last().is_none_or(|last| last.until < within.from));
    }
}
