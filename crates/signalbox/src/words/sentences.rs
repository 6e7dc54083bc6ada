//! The one sentence: what a change is and where it stands, what today brings, what notice was given, an entry of the
//! schedule. The same words stand at the top of the page, in the mail and in what is read aloud.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{Verdict, local};
use signalbox_core::change::{Change, Consequence, Kind, Outcome, Stage, Window};
use signalbox_core::event::NoticeGiven;
use signalbox_core::ids::OrgId;

use super::{Names, ahead_phrase, basis_words, days_between, kind_title, listed, moment_phrase};

/// A window as it is said now: `tonight 22:00 to Wednesday 02:00`, `today 09:00 to 11:00`, `Tuesday 24 November,
/// 08:00 to 09:00`; over a night the day of the end stands in it (ux 4).
pub fn window_phrase(start: Timestamp, end: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (from, today) = (local::wall(start, zone), local::wall(now, zone).date());
    let words = local::describe_window(start, end, zone);
    let day = match days_between(today, from.date()) {
        0 if from.hour() >= 18 => "tonight",
        0 => "today",
        1 => "tomorrow",
        -1 => "yesterday",
        _ => return words.sentence(),
    };
    format!("{day} {} to {}", words.from, words.to)
}

/// The sentence at the top of a change: what it is, whose, and where it stands.
pub fn change_sentence(change: &Change, now: Timestamp, names: &Names) -> String {
    format!("{}. {}", origin(change, names), standing(change, now, names))
}

/// `Normal change, raised by Halden for Northbrook`.
fn origin(change: &Change, names: &Names) -> String {
    let affected = change.parties().affected;
    let others: Vec<OrgId> = affected.iter().copied().filter(|org| *org != change.org).collect();
    let whom = match others.len() {
        0 => String::new(),
        1..=3 => format!(" for {}", listed(&others.iter().map(|org| names.org(*org)).collect::<Vec<_>>())),
        many => format!(" for {many} organisations"),
    };
    let has = if change.raised_as.is_some() { "now of" } else { "raised by" };
    format!("{}, {has} {}{whom}", kind_title(change.kind), super::mergers::holder(change, names))
}

/// Where it stands and what is next.
fn standing(change: &Change, now: Timestamp, names: &Names) -> String {
    let zone = &names.zone;
    let since = moment_phrase(change.stage_since, now, zone);
    match change.stage {
        Stage::Draft => format!("A draft: only {} sees it.", names.org(change.org)),
        Stage::LocalAuth => format!("It waits for the coordinator of {}, since {since}.", names.org(change.org)),
        Stage::Submitted => format!("{} It is being checked.", asked(change, now, zone)),
        Stage::Returned => format!("More is needed from {}, since {since}.", names.org(change.org)),
        Stage::Assessing => format!("{} It is being assessed.", asked(change, now, zone)),
        Stage::AwaitingApproval => format!("{} It waits for a decision.", asked(change, now, zone)),
        Stage::OnHold => hold(change),
        Stage::ClinRejected => format!("A safety officer rejected it on clinical grounds, {since}."),
        Stage::Rejected => format!("It was refused {since}."),
        Stage::Approved | Stage::Scheduled => due(change, now, zone),
        Stage::Implementing => under_way(change, now, zone),
        Stage::BackingOut => format!("The work is being backed out, since {since}."),
        Stage::Implemented => finished(change, now, zone, "Its outcome is to be confirmed."),
        Stage::Review => finished(change, now, zone, "It is being reviewed."),
        Stage::Closed => closed(change, now, zone),
        Stage::Cancelled => format!("It was cancelled {since}."),
        Stage::Withdrawn => format!("It was withdrawn {since}."),
        Stage::Expired => format!("It expired {since}: no answer came in time."),
    }
}

fn phrase(window: Window, now: Timestamp, zone: &TimeZone) -> String {
    window_phrase(window.start, window.end, now, zone)
}

fn asked(change: &Change, now: Timestamp, zone: &TimeZone) -> String {
    change.window().map_or("No window is named.".to_owned(), |w| format!("Work is asked for {}.", phrase(w, now, zone)))
}

fn hold(change: &Change) -> String {
    change.hold_review_on.map_or("It is on hold.".to_owned(), |on| format!("It is on hold and is looked at again on {}.", local::day_words(on)))
}

fn due(change: &Change, now: Timestamp, zone: &TimeZone) -> String {
    let Some(window) = change.window() else { return "It is approved; no window is named.".to_owned() };
    let phrase = phrase(window, now, zone);
    let unscheduled = if change.stage == Stage::Approved { " It is approved and not scheduled yet." } else { "" };
    match window.start.cmp(&now) {
        Ordering::Greater => format!("Work is due {phrase}, {}.{unscheduled}", ahead_phrase(window.start, now)),
        _ => format!("Work was due {phrase}; no start is recorded.{unscheduled}"),
    }
}

fn under_way(change: &Change, now: Timestamp, zone: &TimeZone) -> String {
    let began = change.work.started.as_ref().map_or(change.stage_since, |told| told.happened_at);
    let began = moment_phrase(began, now, zone);
    let end = change.work.expected_end.or(change.window().map(|w| w.end));
    let Some(end) = end else { return format!("The work has been under way since {began}.") };
    let until = moment_phrase(end, now, zone);
    if end < now {
        return format!("The work has been under way since {began}; its end was due {until}.");
    }
    format!("The work has been under way since {began}; it is due to end {until}, {}.", ahead_phrase(end, now))
}

fn finished(change: &Change, now: Timestamp, zone: &TimeZone, next: &str) -> String {
    let ended = change.work.finished.as_ref().map_or(change.stage_since, |told| told.happened_at);
    let outcome = change.work.proposed.map_or(String::new(), |o| format!(", {}", o.words()));
    format!("The work ended {}{outcome}. {next}", moment_phrase(ended, now, zone))
}

fn closed(change: &Change, now: Timestamp, zone: &TimeZone) -> String {
    let at = moment_phrase(change.closed_at.unwrap_or(change.stage_since), now, zone);
    let outcome = change.outcome.map_or("no outcome", Outcome::words);
    format!("It was closed {at}: {outcome}.")
}

/// The sentence at the top of Today: what waits for this person, and what is on at their places.
pub fn today_sentence(waiting: usize, overdue: usize, tonight: usize, place: &str) -> String {
    let waits = match (waiting, overdue) {
        (0, _) => "Nothing waits for you.".to_owned(),
        (1, 0) => "1 thing waits for you.".to_owned(),
        (1, _) => "1 thing waits for you, and it is overdue.".to_owned(),
        (n, 0) => format!("{n} things wait for you."),
        (n, 1) => format!("{n} things wait for you, 1 of them overdue."),
        (n, late) => format!("{n} things wait for you, {late} of them overdue."),
    };
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    let works = match tonight {
        0 => format!("No work is planned{at} in the next 24 hours."),
        1 => format!("1 piece of work is planned{at} in the next 24 hours."),
        n => format!("{n} pieces of work are planned{at} in the next 24 hours."),
    };
    format!("{waits} {works}")
}

/// What is said of a notice while it is not known how much is asked for.
pub const PROVISIONAL: &str = "This is provisional: how much notice is asked for depends on the category, which is known once the change is accepted. It is judged again then, by the same day of receipt.";

/// What notice was given, and what follows from it: the consequence, never blame, and the first date in time.
pub fn notice_sentence(notice: &NoticeGiven) -> String {
    let given =
        format!("{} of notice; {} asked for.", counted_notice(notice), if notice.asked == 1 { "1 is".to_owned() } else { format!("{} are", notice.asked) });
    let last = local::day_words(notice.last_in_time);
    match notice.verdict {
        Verdict::OnTime if notice.defective => format!("{given} On time; alarms are expected for the equipment that is listed, and for no other."),
        Verdict::OnTime => format!("{given} On time: {last} was the last day for it."),
        verdict => format!(
            "{given} That is {}. {} The first start in time is {}.",
            verdict.words(),
            consequence(notice.consequence),
            local::day_words(notice.first_in_time)
        ),
    }
}

fn counted_notice(notice: &NoticeGiven) -> String {
    super::sentence_case(&basis_words(notice.days, notice.basis))
}

fn consequence(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Protected => "Nothing follows from it: alarms are expected as for any other work.",
        Consequence::AtRisk => "The work can go ahead; an alarm may send an engineer at the raiser's charge until this is settled.",
        Consequence::ExclusionProposed => "It is proposed that the time does not count against the supplier's service level; the authority decides.",
        Consequence::WaiverProposed => "It is proposed that nothing follows from it; the supplier's change manager decides.",
        Consequence::Excluded => "The time does not count against the supplier's service level.",
        Consequence::Waived => "It was waived: nothing follows from it.",
    }
}

/// An entry of the schedule.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub start: Timestamp,
    pub end: Timestamp,
    pub stage: Stage,
    /// `None`: the reader may see the times only (settled 8).
    pub known: Option<(&'a str, Kind, &'a str)>,
    /// What it clashes with.
    pub clash: Option<&'a str>,
}

/// An entry of the schedule in one sentence, with its day, its state and any clash (ux 4).
pub fn entry_sentence(entry: &Entry, zone: &TimeZone) -> String {
    let when = local::describe_window(entry.start, entry.end, zone).sentence();
    let what = match entry.known {
        Some((reference, kind, title)) => format!("{reference}, {title}. {}, {}.", kind_title(kind), entry.stage.words().to_lowercase()),
        None => "Restricted work.".to_owned(),
    };
    let clash = entry.clash.map_or(String::new(), |with| format!(" Clash with {with}."));
    format!("{when}: {what}{clash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalbox_core::calendar::{Basis, london};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_told_from_today() {
        let now = at("2026-11-17T17:20:00Z");
        let told = |start: &str, end: &str| window_phrase(at(start), at(end), now, &london());
        assert_eq!(told("2026-11-17T22:00:00Z", "2026-11-18T02:00:00Z"), "tonight 22:00 to Wednesday 02:00");
        assert_eq!(told("2026-11-17T09:00:00Z", "2026-11-17T11:00:00Z"), "today 09:00 to 11:00");
        assert_eq!(told("2026-11-18T08:00:00Z", "2026-11-18T09:00:00Z"), "tomorrow 08:00 to 09:00");
        assert_eq!(told("2026-11-16T22:00:00Z", "2026-11-17T02:00:00Z"), "yesterday 22:00 to Tuesday 02:00");
        assert_eq!(told("2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"), "Tuesday 24 November, 08:00 to 09:00");
    }

    #[test]
    fn today_counts_what_waits_and_what_is_on() {
        assert_eq!(today_sentence(0, 0, 0, ""), "Nothing waits for you. No work is planned in the next 24 hours.");
        assert_eq!(
            today_sentence(1, 1, 1, "Northbrook"),
            "1 thing waits for you, and it is overdue. 1 piece of work is planned at Northbrook in the next 24 hours."
        );
        assert_eq!(
            today_sentence(3, 1, 2, "Northbrook"),
            "3 things wait for you, 1 of them overdue. 2 pieces of work are planned at Northbrook in the next 24 hours."
        );
    }

    fn notice(days: i64, verdict: Verdict, consequence: Consequence) -> NoticeGiven {
        NoticeGiven {
            received_at: at("2026-11-17T12:00:00Z"),
            days,
            asked: 10,
            basis: Basis::Days,
            verdict,
            defective: false,
            consequence,
            last_in_time: "2026-11-14".parse().unwrap(),
            first_in_time: "2026-11-27".parse().unwrap(),
            calendar_version: String::new(),
            ruling: None,
        }
    }

    #[test]
    fn short_notice_is_told_with_its_consequence_and_the_first_date_in_time() {
        assert_eq!(
            notice_sentence(&notice(7, Verdict::Late, Consequence::AtRisk)),
            "7 days of notice; 10 are asked for. That is late. The work can go ahead; an alarm may send an engineer at the raiser's charge until this is settled. The first start in time is Friday 27 November."
        );
        assert_eq!(
            notice_sentence(&notice(12, Verdict::OnTime, Consequence::Protected)),
            "12 days of notice; 10 are asked for. On time: Saturday 14 November was the last day for it."
        );
    }

    #[test]
    fn an_entry_carries_its_day_its_state_and_its_clash() {
        let entry = Entry {
            start: at("2026-11-17T22:00:00Z"),
            end: at("2026-11-18T02:00:00Z"),
            stage: Stage::Scheduled,
            known: Some(("RFC-2026-001842", Kind::Normal, "Archive node firmware")),
            clash: Some("RFC-2026-001901"),
        };
        assert_eq!(
            entry_sentence(&entry, &london()),
            "Tuesday 17 November, 22:00 to Wednesday 02:00: RFC-2026-001842, Archive node firmware. Normal change, scheduled. Clash with RFC-2026-001901."
        );
        let restricted = Entry { known: None, clash: None, ..entry };
        assert_eq!(entry_sentence(&restricted, &london()), "Tuesday 17 November, 22:00 to Wednesday 02:00: Restricted work.");
    }
}
