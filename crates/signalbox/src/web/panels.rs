//! The notice clock and the clashes of a window, for the record of a change and the pages on which a window is typed.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::calendar::notice::effective_receipt;
use signalbox_core::calendar::{Basis, Calendar, Notice as Days, Verdict};
use signalbox_core::change::{Consequence, Kind};
use signalbox_core::event::NoticeGiven;
use signalbox_core::facts::ClashFact;

use super::parts::{Clash, Fact, Notice};
use super::ui::{ClockDay, ClockKind, Link, Tag};
use crate::words;

/// More tiles than this are not read; the middle ones are left out.
const TILES_MAX: usize = 12;

/// The notice that sending now would give, and what would follow from it (spec 6.5, X4). Short notice is never
/// refused, so these words say what it may cost and nothing more.
pub fn notice_if_sent(given: &NoticeGiven, is_provisional: bool, kind: Kind, start: Timestamp, calendar: &Calendar, zone: &TimeZone) -> Notice {
    let asked = Days { amount: given.asked, basis: given.basis };
    let counted = Days { amount: given.days, basis: given.basis };
    let (heading, mood, colour) = match given.verdict {
        Verdict::OnTime => (format!("Notice: {counted}"), "ok", "green"),
        _ => (format!("Notice: {} of {asked}", given.days), "warn", "yellow"),
    };
    let mut sentences = vec![format!("A {} asks for {asked}, {}.", kind.words(), how(given.basis))];
    if is_provisional {
        sentences.push(words::PROVISIONAL.into());
    }
    let mut facts = vec![Fact::new("If it is sent now", &words::sentence_case(given.verdict.words()))];
    if given.verdict.is_late() {
        let stays = if is_provisional { "The reason is recorded." } else { "The verdict stays, and the reason is recorded." };
        sentences.push(format!("It is never refused for that. {stays}"));
        sentences.push(cost(given.consequence).into());
        facts.push(Fact::new("First date in time", &local::date_words(given.first_in_time)));
        facts.push(Fact::new("Last day to send it for this date", &local::date_words(given.last_in_time)));
    }
    Notice {
        heading,
        tag: Tag::new(&words::sentence_case(given.verdict.words()), colour),
        mood,
        words: sentences,
        days: tiles(given, start, calendar, zone, "sent"),
        clock_label: format!("{} of notice, from today to the start", words::sentence_case(given.basis.words())),
        facts,
    }
}

fn how(basis: Basis) -> &'static str {
    match basis {
        Basis::Days => "counted on the calendar from the day it is received to the day it starts",
        Basis::WorkingDays => "counted in working days after the day it is received",
        Basis::ClearWorkingDays => "counted in full working days between the day it is received and the day it starts",
    }
}

fn cost(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Protected | Consequence::Waived => "Nothing follows from it.",
        Consequence::AtRisk => {
            "A change manager decides within two working days what follows: the time may not count against the supplier’s service level, and a wasted call-out may be charged. If nothing is decided, nothing is charged."
        }
        Consequence::WaiverProposed => {
            "It is proposed that nothing follows from it, because of the reason and the file that shows it. The supplier’s change manager decides."
        }
        Consequence::ExclusionProposed | Consequence::Excluded => {
            "The minutes may be left out of the supplier’s service level. Your organisation has ten working days to answer."
        }
    }
}

/// A tile for the receipt, marked with this word, one for each day that counts, the start, and one for each day that is missing.
pub fn tiles(given: &NoticeGiven, start: Timestamp, calendar: &Calendar, zone: &TimeZone, received: &str) -> Vec<ClockDay> {
    let tile = |label: String, mark: String, kind| ClockDay { label, mark, kind };
    let day = |date: Date| date.strftime("%a %-d").to_string();
    let receipt = effective_receipt(given.basis, given.received_at, zone, calendar);
    let first = local::wall(start, zone).date();
    let mut tiles = vec![tile(day(receipt), received.into(), ClockKind::Received)];
    let mut counted: Vec<(i64, Date)> = vec![];
    let mut date = receipt;
    // The count itself is the core's; here only the days that it counted are found again.
    while let Some(next) = date.tomorrow().ok().filter(|next| *next <= first && (counted.len() as i64) < given.days) {
        date = next;
        if given.basis == Basis::Days || calendar.is_working_day(date) {
            counted.push((counted.len() as i64 + 1, date));
        }
    }
    let half = TILES_MAX / 2;
    for (n, date) in &counted {
        let at = *n as usize;
        if counted.len() <= TILES_MAX || at <= half || at > counted.len() - half {
            tiles.push(tile(day(*date), n.to_string(), ClockKind::Counted));
        } else if at == half + 1 {
            tiles.push(tile("…".into(), String::new(), ClockKind::Gap));
        }
    }
    tiles.push(tile(day(first), "start".into(), ClockKind::Start));
    let missing = (given.days + 1..=given.asked).take(TILES_MAX);
    tiles.extend(missing.map(|n| tile(format!("day {n}"), "short".into(), ClockKind::Missing)));
    if given.asked - given.days > TILES_MAX as i64 {
        tiles.push(tile("…".into(), String::new(), ClockKind::Gap));
    }
    tiles
}

/// What stands in the way of a window, and how out of it. What its reader may not see has no name (S16).
pub fn clash(found: &ClashFact, zone: &TimeZone, ways_out: Vec<Link>) -> Clash {
    let span = local::describe_window(found.from, found.until, zone).sentence();
    let is_calendar = matches!(found.rule.as_str(), "BR-19e" | "BR-19f" | "BR-19h");
    let other = (!is_calendar && !found.with.is_empty()).then(|| Link::new(&found.with, &format!("/changes/{}", found.with)));
    let named = if found.with.is_empty() { "other work" } else { &found.with };
    let heading = match (found.rule.as_str(), found.with.is_empty()) {
        ("BR-19e", _) => format!("Outside the time agreed for it: {}", found.with),
        ("BR-19f", _) => format!("A freeze: {}", found.with),
        ("BR-19h", _) => format!("Away meanwhile: {}", found.with),
        ("BR-19a", true) => "Other work on the same equipment at the same time".into(),
        ("BR-19a", false) => format!("The same equipment at the same time as {}", found.with),
        ("BR-19b", _) => format!("One depends on the other, at the same time as {named}"),
        ("BR-19c", _) => format!("Both halves of a redundant pair, at the same time as {named}"),
        ("BR-19g", _) => format!("The same person at the same time as {named}"),
        ("order", _) => format!("In the wrong order with {named}"),
        (_, true) => "Other work close to this".into(),
        (_, false) => format!("Close to {}", found.with),
    };
    let through = if found.shared.is_empty() { String::new() } else { format!(" Found through {}.", found.shared) };
    let ruled = found.settled.map_or(String::new(), |way| format!(" The authority has ruled: {}.", way.words()));
    let is_hard = found.hard && !found.is_allowed();
    Clash { heading, is_hard, other, words: format!("From {span}.{ruled}"), rule: format!("{}.{through}", found.rule), ways_out }
}
