//! What is declared for stretches of time, in words: how it repeats, when it is next, what is wrong with it.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::refusal::Violation;
use signalbox_core::schedule::Span;
use signalbox_core::schedule::recurrence::{Freq, Recurrence, Rule};

/// What is wrong with a time that was declared, as a sentence that says what to do.
pub fn fault(violation: &Violation) -> Option<String> {
    let param = violation.params.first().map_or("", String::as_str);
    Some(match violation.code {
        "zone-unknown" => "Enter the name of a time zone, such as Europe/London.".into(),
        "occurrence-too-long" => format!("Enter an end within {param} days of the start."),
        "rule-unknown-part" => format!("Take “{param}” out of the rule. It may use FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY and WKST."),
        "rule-sub-daily" => format!("Choose DAILY or less often: nothing repeats {}.", param.to_lowercase()),
        "rule-no-frequency" => "Say how often, such as FREQ=WEEKLY.".into(),
        "rule-bad-value" => format!("Mend “{param}” in the rule: it means nothing there."),
        "rule-count-and-until" => "Give the rule one end: COUNT or UNTIL.".into(),
        "rule-ends-before-start" => "Enter a last day that is not before the first.".into(),
        "rule-no-date" => "Change the rule or the days left out: as they stand, it never happens.".into(),
        "rule-known" => "This change comes again by this very rule already. Change that one, or state another.".into(),
        "rule-missing" => "Say how it comes again.".into(),
        "not-an-owner" => format!("Name somebody who may raise such a change for this organisation, and see this one: {param} may not, or is not known here."),
        "over-already" => "Enter a time that is still to come.".into(),
        _ => return None,
    })
}

/// `Sunday 6 December 2026, 01:00 to 05:00 GMT`; over a change of the clocks each time has its own zone (C081).
pub fn occurrence(span: Span, zone: &TimeZone) -> String {
    let (from, until) = (local::wall(span.from, zone), local::wall(span.until, zone));
    let (first, second) = (local::zone_label(span.from, zone), local::zone_label(span.until, zone));
    let first = if first == second { String::new() } else { format!(" {first}") };
    let day = if from.date() == until.date() { String::new() } else { format!("{}, ", local::date_words(until.date())) };
    format!("{}, {}{first} to {day}{} {second}", local::date_words(from.date()), local::clock(from.time()), local::clock(until.time()))
}

/// The next occurrences, each in words.
pub fn next(when: &Recurrence, now: Timestamp, most: usize) -> Vec<String> {
    when.next(now, most).into_iter().map(|span| occurrence(span, when.zone())).collect()
}

/// `Every month on the first Sunday, from 01:00 to 05:00, until Sunday 2 May 2027, but not on Sunday 7 February 2027`.
pub fn repeats(when: &Recurrence) -> String {
    let Some(rule) = when.rule() else { return "Does not repeat".into() };
    let (starts, ends) = when.on_the_clock();
    let nights = (starts.date().duration_until(ends.date()).as_hours() / 24).max(0);
    let later = match nights {
        0 => String::new(),
        1 => " the next day".into(),
        days => format!(", {days} days later"),
    };
    let times = format!(", from {} to {}{later}", local::clock(starts.time()), local::clock(ends.time()));
    let end = match (rule.count(), rule.until(when.zone())) {
        (Some(1), _) => ", once".into(),
        (Some(count), _) => format!(", {count} times"),
        (_, Some(last)) => format!(", until {}", local::date_words(last)),
        _ => String::new(),
    };
    let left_out: Vec<String> = when.except().map(local::date_words).collect();
    let except = if left_out.is_empty() { String::new() } else { format!(", but not on {}", and(&left_out)) };
    format!("Every {}{times}{end}{except}", days(rule, starts.date()))
}

/// `month on the first Sunday`, `2 weeks on Monday and Friday`, `year on 5 August`.
fn days(rule: &Rule, first: Date) -> String {
    let unit = rule.freq().words();
    let period = if rule.interval() == 1 { unit.to_owned() } else { format!("{} {unit}s", rule.interval()) };
    let months: Vec<String> = rule.months().iter().map(|month| month_name(*month)).collect();
    let weekdays: Vec<String> = rule.week_days().iter().map(|(number, day)| numbered(*number, *day)).collect();
    let dates: Vec<String> = rule.month_days().iter().map(|day| day_of_month(*day)).collect();
    let on = match (rule.freq(), weekdays.is_empty(), dates.is_empty()) {
        (Freq::Daily, true, true) => String::new(),
        (Freq::Weekly, true, _) => format!(" on {}", weekday_name(first.weekday())),
        (Freq::Monthly, true, true) => format!(" on {}", day_of_month(first.day())),
        (Freq::Yearly, true, true) if months.is_empty() => return format!("{period} on {} {}", first.day(), month_name(first.month())),
        (Freq::Yearly, true, true) => format!(" on {}", day_of_month(first.day())),
        (_, false, true) => format!(" on {}", and(&weekdays)),
        (_, true, false) => format!(" on {}", and(&dates)),
        (_, false, false) => format!(" on {} that is {}", and(&weekdays), and(&dates)),
    };
    let within = if months.is_empty() { String::new() } else { format!(" in {}", and(&months)) };
    format!("{period}{on}{within}")
}

/// `Sunday`, `the first Sunday`, `the last Friday`.
fn numbered(number: Option<i16>, day: Weekday) -> String {
    let name = weekday_name(day);
    match number {
        None => name,
        Some(-1) => format!("the last {name}"),
        Some(n @ 1..=5) => format!("the {} {name}", ["first", "second", "third", "fourth", "fifth"][usize::try_from(n - 1).unwrap_or(0)]),
        Some(n) if n < 0 => format!("the {} {name} from the end", ordinal(-n)),
        Some(n) => format!("the {} {name}", ordinal(n)),
    }
}

fn day_of_month(day: i8) -> String {
    match day {
        -1 => "the last day".into(),
        day if day < 0 => format!("the {} day from the end", ordinal(-i16::from(day))),
        day => format!("the {}", ordinal(i16::from(day))),
    }
}

/// `1st`, `2nd`, `13th`.
fn ordinal(number: i16) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

/// `Monday`.
pub fn weekday_name(day: Weekday) -> String {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[usize::try_from(day.to_monday_zero_offset()).unwrap_or(0).min(6)].to_owned()
}

fn month_name(month: i8) -> String {
    jiff::civil::date(2026, month.clamp(1, 12), 1).strftime("%B").to_string()
}

/// `a, b and c`.
fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalbox_core::schedule::recurrence::Typed;

    fn read(starts: &str, ends: &str, rule: &str, except: &str) -> Recurrence {
        Recurrence::read(&Typed { zone: "Europe/London", starts, ends, rule, except }).unwrap()
    }

    #[test]
    fn a_rule_is_told_as_people_say_it() {
        for (rule, words) in [
            ("", "Does not repeat"),
            ("FREQ=DAILY", "Every day, from 22:00 to 02:00 the next day"),
            ("FREQ=DAILY;INTERVAL=2;COUNT=3", "Every 2 days, from 22:00 to 02:00 the next day, 3 times"),
            ("FREQ=WEEKLY", "Every week on Tuesday, from 22:00 to 02:00 the next day"),
            ("FREQ=WEEKLY;BYDAY=MO,FR", "Every week on Monday and Friday, from 22:00 to 02:00 the next day"),
            ("FREQ=MONTHLY", "Every month on the 1st, from 22:00 to 02:00 the next day"),
            ("FREQ=MONTHLY;BYDAY=1SU", "Every month on the first Sunday, from 22:00 to 02:00 the next day"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "Every month on the last day, from 22:00 to 02:00 the next day"),
            ("FREQ=YEARLY", "Every year on 1 December, from 22:00 to 02:00 the next day"),
            ("FREQ=YEARLY;BYMONTH=8;BYDAY=1WE", "Every year on the first Wednesday in August, from 22:00 to 02:00 the next day"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Every month on Friday that is the 13th, from 22:00 to 02:00 the next day"),
        ] {
            assert_eq!(repeats(&read("2026-12-01T22:00", "2026-12-02T02:00", rule, "")), words, "{rule}");
        }
        let left_out = read("2026-12-01T01:00", "2026-12-01T05:00", "FREQ=DAILY;UNTIL=20261231", "2026-12-25");
        let words = "Every day, from 01:00 to 05:00, until Thursday 31 December 2026, but not on Friday 25 December 2026";
        assert_eq!(repeats(&left_out), words);
    }

    #[test]
    fn c081_every_occurrence_is_told_with_its_zone() {
        let nightly = read("2026-10-23T22:00", "2026-10-24T06:00", "FREQ=DAILY", "");
        assert_eq!(
            next(&nightly, "2026-10-23T12:00:00Z".parse().unwrap(), 3),
            [
                "Friday 23 October 2026, 22:00 to Saturday 24 October 2026, 06:00 BST",
                "Saturday 24 October 2026, 22:00 BST to Sunday 25 October 2026, 06:00 GMT",
                "Sunday 25 October 2026, 22:00 to Monday 26 October 2026, 06:00 GMT",
            ]
        );
    }
}
