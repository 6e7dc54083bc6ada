//! Bank holidays of the three divisions of the United Kingdom, 2012 to 2040.
//!
//! The holidays that fall every year follow from the Banking and Financial Dealings Act 1971 and the yearly
//! proclamations, so they are worked out; what was moved or given once stands in a table of facts. The test
//! compares every date with the published list when that list is at hand.

use crate::words::vocabulary;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeMap;

/// Names the facts below. Raise it whenever a date here changes: a verdict keeps the version it was judged by
/// (spec 7.1).
pub const CALENDAR_VERSION: &str = "gb-2026.1";

/// The years for which holidays are known or can be worked out. Outside them only weekends are free.
pub const YEARS: std::ops::RangeInclusive<i16> = 2012..=2040;

vocabulary! {
    /// Which bank holidays count. The recipient of a notice chooses, not the sender (spec 7.1).
    Division {
        /// One division: the same Acts and proclamations.
        EnglandAndWales = "england-and-wales", "England and Wales";
        /// With 2 January and St Andrew, without Easter Monday.
        Scotland = "scotland", "Scotland";
        /// With St Patrick and 12 July.
        NorthernIreland = "northern-ireland", "Northern Ireland";
    }
}

const NEW_YEAR: &str = "New Year’s Day";
const SECOND_JANUARY: &str = "2nd January";
const ST_PATRICK: &str = "St Patrick’s Day";
const GOOD_FRIDAY: &str = "Good Friday";
const EASTER_MONDAY: &str = "Easter Monday";
const EARLY_MAY: &str = "Early May bank holiday";
const SPRING: &str = "Spring bank holiday";
const BOYNE: &str = "Battle of the Boyne (Orangemen’s Day)";
const SUMMER: &str = "Summer bank holiday";
const ST_ANDREW: &str = "St Andrew’s Day";
const CHRISTMAS: &str = "Christmas Day";
const BOXING: &str = "Boxing Day";

/// Days that were moved by proclamation, all divisions: the ordinary day, the day it became, its name then.
const MOVED: [(&str, &str, &str); 3] =
    [("2012-05-28", "2012-06-04", SPRING), ("2020-05-04", "2020-05-08", "Early May bank holiday (VE day)"), ("2022-05-30", "2022-06-02", SPRING)];

/// Days given once, all divisions.
const GIVEN_ONCE: [(&str, &str); 4] = [
    ("2012-06-05", "Queen’s Diamond Jubilee"),
    ("2022-06-03", "Platinum Jubilee bank holiday"),
    ("2022-09-19", "Bank Holiday for the State Funeral of Queen Elizabeth II"),
    ("2023-05-08", "Bank holiday for the coronation of King Charles III"),
];

/// All bank holidays of a division that the program knows, by date.
pub fn shipped(division: Division) -> BTreeMap<Date, String> {
    let mut days: BTreeMap<Date, String> = YEARS.flat_map(|year| yearly(division, year)).map(|(date, name)| (date, name.to_owned())).collect();
    for (ordinary, instead, name) in MOVED {
        if let (Ok(ordinary), Ok(instead)) = (ordinary.parse::<Date>(), instead.parse::<Date>()) {
            days.remove(&ordinary);
            days.insert(instead, name.to_owned());
        }
    }
    days.extend(GIVEN_ONCE.iter().filter_map(|(date, name)| Some((date.parse().ok()?, (*name).to_owned()))));
    days
}

/// The holidays that fall every year, substitutes included.
fn yearly(division: Division, year: i16) -> Vec<(Date, &'static str)> {
    use Division::{NorthernIreland, Scotland};
    let mut days = Vec::with_capacity(12);
    let mut add = |date: Option<Date>, name: &'static str| days.extend(date.map(|date| (date, name)));

    // A pair of neighbouring holidays pushes both substitutes behind the pair.
    if division == Scotland {
        let [first, second] = substitute_pair(year, 1, 1);
        add(first, NEW_YEAR);
        add(second, SECOND_JANUARY);
        add(fixed(year, 11, 30), ST_ANDREW);
        add(nth(year, 8, 1), SUMMER);
    } else {
        add(fixed(year, 1, 1), NEW_YEAR);
        add(easter(year, 1), EASTER_MONDAY);
        add(nth(year, 8, -1), SUMMER);
    }
    if division == NorthernIreland {
        add(fixed(year, 3, 17), ST_PATRICK);
        add(fixed(year, 7, 12), BOYNE);
    }
    add(easter(year, -2), GOOD_FRIDAY);
    add(nth(year, 5, 1), EARLY_MAY);
    add(nth(year, 5, -1), SPRING);
    let [christmas, boxing] = substitute_pair(year, 12, 25);
    // A Sunday's Christmas leaves Boxing Day on its Monday and takes the Tuesday.
    let swapped = fixed_weekday(year, 12, 25) == Some(Weekday::Sunday);
    add(christmas, if swapped { BOXING } else { CHRISTMAS });
    add(boxing, if swapped { CHRISTMAS } else { BOXING });
    days
}

fn fixed_weekday(year: i16, month: i8, day: i8) -> Option<Weekday> {
    Date::new(year, month, day).ok().map(Date::weekday)
}

/// A fixed date, or the Monday after it when it falls on a weekend.
fn fixed(year: i16, month: i8, day: i8) -> Option<Date> {
    let date = Date::new(year, month, day).ok()?;
    match date.weekday() {
        Weekday::Saturday => date.tomorrow().ok()?.tomorrow().ok(),
        Weekday::Sunday => date.tomorrow().ok(),
        _ => Some(date),
    }
}

/// Two holidays on neighbouring dates: the two days off, weekends skipped, neither lost.
fn substitute_pair(year: i16, month: i8, day: i8) -> [Option<Date>; 2] {
    let Some(first) = fixed(year, month, day) else { return [None, None] };
    let second = fixed(year, month, day + 1);
    if second.is_some_and(|second| second > first) {
        return [Some(first), second];
    }
    // Both fell on the same Monday (a Saturday's and a Sunday's), or the second's own Monday is the first's.
    [Some(first), first.tomorrow().ok()]
}

/// The nth Monday of a month; -1 is the last.
fn nth(year: i16, month: i8, nth: i8) -> Option<Date> {
    Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, Weekday::Monday).ok()
}

/// Easter Sunday plus `offset` days, by the Gregorian computus in the form of Butcher (1876).
fn easter(year: i16, offset: i64) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let sunday = Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()?;
    Some(super::shift_days(sunday, offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn dates_of(division: Division, year: i16) -> Vec<String> {
        shipped(division).keys().filter(|date| date.year() == year).map(|date| date.to_string()[5..].to_owned()).collect()
    }

    #[test]
    fn england_2026_and_2027_are_as_the_specification_lists_them() {
        assert_eq!(dates_of(Division::EnglandAndWales, 2026), ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"]);
        assert_eq!(dates_of(Division::EnglandAndWales, 2027), ["01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"]);
    }

    #[test]
    fn the_statute_gives_2029_and_2030_with_their_substitutes() {
        assert_eq!(dates_of(Division::EnglandAndWales, 2029), ["01-01", "03-30", "04-02", "05-07", "05-28", "08-27", "12-25", "12-26"]);
        assert_eq!(dates_of(Division::EnglandAndWales, 2030), ["01-01", "04-19", "04-22", "05-06", "05-27", "08-26", "12-25", "12-26"]);
        assert_eq!(dates_of(Division::Scotland, 2029), ["01-01", "01-02", "03-30", "05-07", "05-28", "08-06", "11-30", "12-25", "12-26"]);
        // 30 November 2030 is a Saturday, 17 March 2029 too.
        assert!(dates_of(Division::Scotland, 2030).contains(&"12-02".to_owned()));
        assert!(dates_of(Division::NorthernIreland, 2029).contains(&"03-19".to_owned()));
    }

    #[test]
    fn a_weekend_christmas_and_new_year_lose_no_day() {
        // Saturday 25 December 2032; Sunday 25 December 2033; Friday 25 December 2037.
        assert!(dates_of(Division::EnglandAndWales, 2032).ends_with(&["12-27".into(), "12-28".into()]));
        assert!(dates_of(Division::EnglandAndWales, 2033).ends_with(&["12-26".into(), "12-27".into()]));
        assert!(dates_of(Division::EnglandAndWales, 2037).ends_with(&["12-25".into(), "12-28".into()]));
        assert!(dates_of(Division::Scotland, 2033).starts_with(&["01-03".into(), "01-04".into()]));
        assert!(dates_of(Division::Scotland, 2034).starts_with(&["01-02".into(), "01-03".into()]));
    }

    #[test]
    fn every_holiday_is_a_weekday_and_each_year_has_its_full_number() {
        for (division, number) in [(Division::EnglandAndWales, 8), (Division::Scotland, 9), (Division::NorthernIreland, 10)] {
            let days = shipped(division);
            assert!(days.keys().all(|date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)));
            for year in YEARS {
                let extra = match year {
                    2012 | 2023 => 1,
                    2022 => 2,
                    _ => 0,
                };
                assert_eq!(days.keys().filter(|date| date.year() == year).count(), number + extra, "{} {year}", division.code());
            }
        }
    }

    /// Compares with the published list where a shared folder above the project holds it. The list is not ours to
    /// ship.
    #[test]
    fn dates_equal_the_published_list() {
        let folders = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let mut places = folders.map(|folder| folder.join("shared/data/bank-holidays/govuk-2012-2028.json"));
        let Some(path) = places.find(|path| path.is_file()) else {
            eprintln!("SKIPPED dates_equal_the_published_list: no shared/data/bank-holidays/govuk-2012-2028.json above this crate");
            return;
        };
        let text = std::fs::read_to_string(path).unwrap();
        let lists: serde_json::Value = serde_json::from_str(&text).unwrap();
        for &division in Division::ALL {
            let published: BTreeSet<Date> =
                lists[division.code()]["events"].as_array().unwrap().iter().map(|event| event["date"].as_str().unwrap().parse().unwrap()).collect();
            assert!(published.len() > 100);
            // The years after these follow the statute, and may yet gain a day.
            let ours: BTreeSet<Date> = shipped(division).into_keys().filter(|date| date.year() <= 2028).collect();
            assert_eq!(ours, published, "{}", division.code());
            // Names agree too, but for Scotland's New Year, whose two names the list swaps in some years.
            let names = shipped(division);
            for event in lists[division.code()]["events"].as_array().unwrap() {
                let date: Date = event["date"].as_str().unwrap().parse().unwrap();
                if !(division == Division::Scotland && date.month() == 1) {
                    assert_eq!(names[&date], event["title"].as_str().unwrap(), "{date}");
                }
            }
        }
    }
}
