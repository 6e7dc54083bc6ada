//! Entries of the schedule in the words of pages: what Today, Schedule, Tonight and the board share.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::change::{Kind, Outcome};
use signalbox_core::schedule::grid::dates_touched;
use signalbox_store::queries::Named;
use signalbox_store::queries::clashes::{Opposite, ScheduleClash};
use signalbox_store::queries::schedule::{Entry, Standing};

use crate::web::ui::{self, Look, Tag};

/// What is shown of work of which the reader may know only when it is (settled 8).
pub const RESTRICTED: &str = "Restricted work";

/// The first instant of a local date.
pub fn begins(date: Date, zone: &TimeZone) -> Timestamp {
    // A date that a person typed is within years 0 to 9999, which every zone can place.
    date.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The instant of an hour on a local date, as clocks show it.
pub fn at_hour(date: Date, hour: i8, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_zoned(date.at(hour, 0, 0, 0)).compatible().map_or_else(|_| begins(date, zone), |zoned| zoned.timestamp())
}

/// A date so many days on; the same date where the calendar ends.
pub fn days_on(date: Date, days: i64) -> Date {
    date.checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap_or(date)
}

/// A date as addresses and inputs carry it.
pub fn typed_date(text: &str) -> Option<Date> {
    let date: Date = text.trim().parse().ok()?;
    (1990..=2190).contains(&date.year()).then_some(date)
}

/// How it looks: what kind of work, how firm, how it came out.
pub fn look(entry: &Entry) -> Look {
    let Some(detail) = &entry.detail else { return Look::Restricted };
    match (entry.standing, detail.kind) {
        (Standing::Cancelled, _) => Look::Cancelled,
        (Standing::Done, _) if detail.outcome.is_some_and(is_bad) => Look::Failed,
        (Standing::Done, _) => Look::Done,
        (_, Kind::Emergency) => Look::Emergency,
        (_, Kind::PlannedOutage) => Look::Outage,
        (_, Kind::FirewallNetwork) => Look::Network,
        (_, Kind::ServiceRequest) => Look::Request,
        (Standing::Tentative, _) => Look::Awaiting,
        _ => Look::Approved,
    }
}

fn is_bad(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::BackedOut | Outcome::Failed | Outcome::Partial)
}

/// Its stage as a tag, so that a colour never stands alone.
pub fn tag(entry: &Entry) -> Tag {
    if entry.detail.is_none() {
        return Tag::new(RESTRICTED, "grey");
    }
    let colour = match entry.standing {
        Standing::Tentative => "yellow",
        Standing::Firm => "blue",
        Standing::Live => "orange",
        Standing::Done => look(entry).colour(),
        Standing::Cancelled => "grey",
    };
    Tag::new(entry.stage.words(), colour)
}

/// Its title, or that there is none to be shown.
pub fn title(entry: &Entry) -> String {
    match &entry.detail {
        None => RESTRICTED.into(),
        Some(detail) if entry.standing == Standing::Cancelled => format!("Cancelled: {}", detail.title),
        Some(detail) => detail.title.clone(),
    }
}

/// Its page, for those who may open it.
pub fn href(entry: &Entry) -> String {
    entry.detail.as_ref().filter(|detail| detail.party).map(|detail| format!("/changes/{}", detail.reference)).unwrap_or_default()
}

/// Its reference, where it may be shown.
pub fn reference(entry: &Entry) -> String {
    entry.detail.as_ref().map(|detail| detail.reference.clone()).unwrap_or_default()
}

/// Names after one another.
pub fn names(named: &[Named]) -> String {
    named.iter().map(|n| n.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Where it is: its sites, else whom it affects.
pub fn place(entry: &Entry) -> String {
    let Some(detail) = &entry.detail else { return String::new() };
    match (detail.sites.as_slice(), detail.affected.as_slice()) {
        ([], []) => detail.org.name.clone(),
        ([], affected) => names(affected),
        (sites, _) => names(sites),
    }
}

/// What stands on the other side of a clash, with its title where there is room; without an address where its page is
/// not open to the reader.
pub fn opposite(clash: &ScheduleClash, is_long: bool) -> ui::Link {
    match &clash.with {
        Opposite::Work { reference, title, is_open, .. } => {
            let label = if is_long { format!("{reference} {title}") } else { reference.clone() };
            ui::Link::new(&label, &if *is_open { format!("/changes/{reference}") } else { String::new() })
        }
        Opposite::Restricted => ui::Link::new(RESTRICTED, ""),
        Opposite::Freeze { title } | Opposite::Elsewhere { title } => ui::Link::new(title, ""),
    }
}

/// How the two hang together: the end of a sentence that has named both.
pub fn how_they_clash(clash: &ScheduleClash) -> String {
    match (&clash.with, clash.is_hard) {
        (Opposite::Freeze { .. }, _) => ".".into(),
        (Opposite::Elsewhere { .. }, _) => "happen at the same time.".into(),
        (_, true) if clash.shared.is_empty() => "touch the same thing at the same time.".into(),
        (_, true) => format!("touch {} at the same time.", clash.shared),
        (_, false) if clash.shared.is_empty() => "touch things that hang together, within an hour of each other.".into(),
        (_, false) => format!("hang together through {}, within an hour of each other.", clash.shared),
    }
}

/// The entry as a block or bar. `on` is the day in whose cell it stands.
pub fn entry(entry: &Entry, on: Option<Date>, clashes: bool, zone: &TimeZone) -> ui::Entry {
    let window = local::describe_window(entry.window.start, entry.ends(), zone);
    let state = if entry.detail.is_some() { entry.stage.words().to_lowercase() } else { "times only".into() };
    let clash = if clashes { ", with a clash" } else { "" };
    let place = place(entry);
    let place = if place.is_empty() { String::new() } else { format!("{place}, ") };
    ui::Entry {
        reference: reference(entry),
        title: title(entry),
        href: href(entry),
        at: on.map_or(window.from.clone(), |day| at_in_day(entry, day, zone)),
        look: look(entry),
        clashes,
        aria: format!("{place}{}, {state}{clash}", window.sentence()),
    }
}

/// When it is on, within one day: from its start, all day, or until its end.
fn at_in_day(entry: &Entry, day: Date, zone: &TimeZone) -> String {
    let (first, last) = dates_touched(entry.window.start, entry.ends(), zone);
    if day <= first {
        local::time_words(entry.window.start, zone)
    } else if day >= last {
        format!("to {}", local::time_words(entry.ends(), zone))
    } else {
        "all day".into()
    }
}

/// "Tue 17 Nov, 22:00"; with the year where it is not this one.
pub fn short_moment(at: Timestamp, this_year: i16, zone: &TimeZone) -> String {
    let date = local::wall(at, zone).date();
    let form = if date.year() == this_year { "%a %-d %b" } else { "%a %-d %b %Y" };
    format!("{}, {}", date.strftime(form), local::time_words(at, zone))
}

/// "17 Nov 2026, 22:00" as spreadsheets read it: 2026-11-17 22:00.
pub fn wall_cell(at: Timestamp, zone: &TimeZone) -> String {
    local::wall(at, zone).strftime("%Y-%m-%d %H:%M").to_string()
}
