//! What somebody should know before they go on, though nothing stands in the way.

use super::answer;
use crate::change::{Change, Kind};
use crate::form::Answer;
use crate::refusal::Violation;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;

/// The hours of a weekday in which practices book (BR-18).
const BOOKING_HOURS: (i8, i8) = (8, 18);
/// A window is at most this many days long; a longer one of history is looked at so far.
const DAYS_MAX: i32 = 15;

/// Every warning about the change as it stands.
pub fn of(zone: &TimeZone, change: &Change) -> Vec<Violation> {
    let mut found = vec![];
    if is_bulk(change) && lies_in_booking_hours(zone, change) {
        found.push(Violation::of("window", "bulk-in-working-hours").with(BOOKING_HOURS.0).with(BOOKING_HOURS.1));
    }
    if crate::firewall::is_any_any(&change.content.as_ref().map(|c| c.answers.clone()).unwrap_or_default()) {
        found.push(Violation::of("rules", "rule-wide-open"));
    }
    found
}

/// Scenario 47: what practices book into is changed, and at once.
fn is_bulk(change: &Change) -> bool {
    let is = |id: &str, codes: &[&str]| matches!(answer(change, id), Some(Answer::Choice(code)) if codes.contains(&code.as_str()));
    change.kind == Kind::NationalService
        && (is("national_change", &["services_in_bulk", "go-live", "pas_replacement_or_upgrade"])
            || (is("national_service", &["e-rs"]) && is("national_change", &["endpoint_or_asid"])))
}

/// Whether any part of the window lies on a weekday between eight and eighteen.
fn lies_in_booking_hours(zone: &TimeZone, change: &Change) -> bool {
    let Some(window) = change.window() else { return false };
    let mut day: Date = zone.to_datetime(window.start).date();
    for _ in 0..DAYS_MAX {
        let is_weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let hour = |h: i8| zone.to_ambiguous_zoned(day.to_datetime(time(h, 0, 0, 0))).compatible().map(|z| z.timestamp());
        if let (true, Ok(from), Ok(until)) = (is_weekday, hour(BOOKING_HOURS.0), hour(BOOKING_HOURS.1))
            && window.start < until
            && from < window.end
        {
            return true;
        }
        match day.checked_add(1.days()) {
            Ok(next) => day = next,
            Err(_) => return false,
        }
    }
    false
}
