//! The one generator of sentences: page, mail and read-aloud say the same of the same thing. The core speaks in codes
//! and parameters; here each of them becomes plain English that says what happens, to whom, when, and what to do.

pub mod alarms;
mod bars;
pub mod boards;
pub mod deployments;
mod faults;
mod formats;
mod labels;
pub mod learning;
pub mod ledger;
mod lines;
pub mod mergers;
mod modalities;
pub mod money;
pub mod public;
pub mod recurring;
mod rulings;
mod safety;
mod sentences;
mod turns;
pub mod urgent;
mod why;
pub mod work;

pub use bars::{act_why_not, bar, refusal};
pub use faults::{fault, fault_in};
pub use formats::warning;
pub use labels::{act_button, act_field_label, act_title, basis_words, field_hint, field_label, kind_title, option_label};
pub use lines::{Line, Tone, deviation, event_line, reason_words};
pub use rulings::{class_sentence, ruling_answer, ruling_because, ruling_inputs};
pub use safety::{rated_words, rating_words, subject as clinical_subject};
pub use sentences::{Entry, PROVISIONAL, change_sentence, entry_sentence, notice_sentence, today_sentence, window_phrase};
pub use turns::{turn_words, way_words};

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::calendar::{self, local};
use signalbox_core::ids::{OrgId, PersonId, ServiceId};
use signalbox_core::text::Text;
use signalbox_store::project::Prose;
use signalbox_store::queries::change::ChangePage;

/// Why something may not be done now, and who can change that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// The rule that stands in the way.
    pub rule: String,
    /// The fact that it looks at.
    pub sentence: String,
    /// Who can change that.
    pub who_can_change: String,
}

/// What things are called, for those who read about a change.
#[derive(Clone, Debug)]
pub struct Names {
    pub people: BTreeMap<i64, String>,
    pub orgs: BTreeMap<i64, String>,
    pub services: BTreeMap<i64, String>,
    /// The zone in which times are told.
    pub zone: TimeZone,
}

impl Default for Names {
    fn default() -> Names {
        Names { people: BTreeMap::new(), orgs: BTreeMap::new(), services: BTreeMap::new(), zone: calendar::london() }
    }
}

impl Names {
    /// The names that a change's page holds.
    pub fn of(page: &ChangePage, zone: TimeZone) -> Names {
        let by_id = |named: &BTreeMap<i64, signalbox_store::queries::Named>| named.iter().map(|(id, n)| (*id, n.name.clone())).collect();
        Names { people: page.people.clone(), orgs: by_id(&page.orgs), services: by_id(&page.services), zone }
    }

    /// Who it was; the program itself where it was nobody.
    pub fn person(&self, id: Option<PersonId>) -> String {
        let Some(id) = id else { return "Signalbox".to_owned() };
        match self.people.get(&id.0).map(String::as_str) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => "somebody who has left".to_owned(),
        }
    }

    /// What an organisation is called.
    pub fn org(&self, id: OrgId) -> String {
        self.orgs.get(&id.0).cloned().unwrap_or_else(|| "an organisation".to_owned())
    }

    /// What a service is called.
    pub fn service(&self, id: ServiceId) -> String {
        self.services.get(&id.0).cloned().unwrap_or_else(|| "a service".to_owned())
    }
}

/// The words behind a text; a line instead of them once they were blanked.
pub(crate) fn said(prose: &Prose, text: &Text) -> String {
    match prose.get(&text.text.0) {
        Some(words) if !words.is_empty() => words.clone(),
        _ => "(The words were removed.)".to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `1 day`, `2 days`, `1,440 minutes`.
pub fn counted(number: i64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A day: Tuesday 17 November 2026.
pub fn date_words(date: Date) -> String {
    local::date_words(date)
}

/// The first letter as a capital.
pub fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A moment as it is said now: `today 16:55`, `yesterday 09:00`, `6 November 11:02`, with the year where it differs.
pub fn moment_phrase(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (day, today) = (local::wall(at, zone).date(), local::wall(now, zone).date());
    let time = local::time_words(at, zone);
    match days_between(today, day) {
        0 => format!("today {time}"),
        -1 => format!("yesterday {time}"),
        1 => format!("tomorrow {time}"),
        _ if day.year() == today.year() => format!("{} {time}", day.strftime("%-d %B")),
        _ => format!("{} {time}", day.strftime("%-d %B %Y")),
    }
}

/// Days from one date to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

/// How far off a moment is: `in 4 hours 40 minutes`, `in 3 days`, or empty where it is past.
pub(crate) fn ahead_phrase(at: Timestamp, now: Timestamp) -> String {
    let left = at.duration_since(now);
    if left <= SignedDuration::ZERO {
        return String::new();
    }
    let days = left.as_hours() / 24;
    if days >= 2 { format!("in {}", counted(days, "day")) } else { format!("in {}", local::duration_words(left)) }
}

/// A parameter as people read it: a date or an instant in words, anything else as it is.
pub(crate) fn read_param(param: &str) -> String {
    if let Ok(at) = param.parse::<Timestamp>() {
        return local::moment_words(at, &calendar::london());
    }
    if param.len() == 10
        && let Ok(date) = param.parse::<Date>()
    {
        return local::date_words(date);
    }
    match param.parse::<i64>() {
        Ok(number) => grouped(number),
        Err(_) => param.to_owned(),
    }
}

/// `1,000,000`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut words = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    if number < 0 { format!("-{words}") } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_as_people_read_them() {
        assert_eq!(read_param("2026-11-24"), "Tuesday 24 November 2026");
        assert_eq!(read_param("2026-11-24T09:00:00Z"), "Tuesday 24 November 2026, 09:00");
        assert_eq!(read_param("1000000"), "1,000,000");
        assert_eq!(read_param("120"), "120");
        assert_eq!(read_param("-1200"), "-1,200");
        assert_eq!(read_param("NBK-SW-1"), "NBK-SW-1");
    }

    #[test]
    fn moments_are_told_from_now() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-17T17:20:00Z");
        let told = |text: &str| moment_phrase(at(text), now, &calendar::london());
        assert_eq!(told("2026-11-17T16:55:00Z"), "today 16:55");
        assert_eq!(told("2026-11-16T09:00:00Z"), "yesterday 09:00");
        assert_eq!(told("2026-11-06T11:02:00Z"), "6 November 11:02");
        assert_eq!(told("2025-11-06T11:02:00Z"), "6 November 2025 11:02");
        assert_eq!(ahead_phrase(at("2026-11-17T22:00:00Z"), now), "in 4 hours 40 minutes");
        assert_eq!(ahead_phrase(at("2026-11-20T22:00:00Z"), now), "in 3 days");
        assert_eq!(ahead_phrase(now, now), "");
    }

    #[test]
    fn lists_end_with_and() {
        let names = |all: &[&str]| listed(&all.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            (names(&[]), names(&["a"]), names(&["a", "b"]), names(&["a", "b", "c"])),
            (String::new(), "a".into(), "a and b".into(), "a, b and c".into())
        );
    }
}
