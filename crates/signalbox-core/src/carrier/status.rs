//! How far the work is, by what a mail says in so many words. A sentence with a condition says nothing; words that
//! contradict each other leave it open.

use super::known::Carrier;
use super::labels::{Line, Said};
use super::{Doubt, Found, State};
use std::collections::BTreeMap;

/// Said of the work in a sentence.
const SENTENCES: [(&str, State); 13] = [
    ("has been cancelled", State::Cancelled),
    ("has been canceled", State::Cancelled),
    ("have been cancelled", State::Cancelled),
    ("is cancelled", State::Cancelled),
    ("was cancelled", State::Cancelled),
    ("has been completed", State::Completed),
    ("was completed successfully", State::Completed),
    ("is now complete", State::Completed),
    ("has begun", State::InProcess),
    ("has started", State::InProcess),
    ("has been rescheduled", State::Moved),
    ("the rescheduled date", State::Moved),
    ("performed during the alternate night", State::Moved),
];
/// Words of a subject.
const SUBJECTS: [(&str, State); 9] = [
    ("cancellation", State::Cancelled),
    ("cancelled", State::Cancelled),
    ("canceled", State::Cancelled),
    ("completion", State::Completed),
    ("completed", State::Completed),
    ("rescheduled", State::Moved),
    ("rescheduling", State::Moved),
    ("correction", State::Moved),
    ("amendment", State::Moved),
];
/// Whether it holds, nobody can say from these alone.
const VAGUE: [&str; 6] = ["postponed", "stands as cancelled", "may be cancelled", "on hold", "to be confirmed", "<<< correction"];
const CONDITIONS: [&str; 9] = ["if ", "if,", "should ", "unless ", "in case ", "in the event", "once ", "when ", "not been "];
/// It is announced as something that will be done.
const ANNOUNCED: [&str; 15] = [
    "to alert you regarding",
    "maintenance notification",
    "maintenance notice",
    "maintenance work notification",
    "service advisory notice",
    "maintenance has been scheduled",
    "planned maintenance",
    "planned outage",
    "emergency maintenance",
    "following maintenance",
    "maintenance event",
    "activity to be performed",
    "will be performing",
    "will be carrying",
    "planned network maintenance",
];

/// The state that all words agree on. A work that is completed had begun, and may have been moved before.
pub(super) fn of(carrier: Option<&Carrier>, subjects: &[String], lines: &[Line], said: &Said) -> Found<State> {
    let mut found: BTreeMap<State, String> = BTreeMap::new();
    let mut vague = None;
    for label in &said.statuses {
        if let Some(state) = labelled(label) {
            found.entry(state).or_insert_with(|| label.clone());
        }
    }
    for subject in subjects {
        let lower = subject.to_lowercase();
        for (words, state) in SUBJECTS {
            if lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == words) {
                found.entry(state).or_insert_with(|| subject.clone());
            }
        }
    }
    let sentences = sentences(lines);
    for sentence in &sentences {
        let lower = sentence.to_lowercase();
        let is_vague = VAGUE.iter().chain(carrier.map_or(&[][..], |known| known.vague)).any(|words| lower.contains(words));
        if is_vague {
            vague.get_or_insert_with(|| sentence.clone());
        }
        let is_conditional = CONDITIONS.iter().any(|words| lower.starts_with(words) || lower.contains(&format!(" {words}")));
        for (words, state) in SENTENCES.iter().filter(|(words, _)| !is_conditional && !is_vague && lower.contains(words)) {
            found.entry(*state).or_insert_with(|| format!("{words}: {sentence}"));
        }
    }
    if found.contains_key(&State::Completed) {
        found.retain(|state, _| !matches!(state, State::InProcess | State::Moved | State::Confirmed | State::Tentative));
    }
    let states: Vec<(State, String)> = found.into_iter().collect();
    match (states.as_slice(), vague) {
        ([(state, words)], None) => Found::plain(*state, words),
        ([], None) => announced(subjects, &sentences),
        ([], Some(words)) => Found::open(Doubt::Unclear, &words),
        (several, vague) => {
            let words = several.iter().map(|(_, words)| words.clone()).chain(vague).collect::<Vec<_>>().join(" · ");
            Found::open(Doubt::Differs, &words)
        }
    }
}

fn labelled(words: &str) -> Option<State> {
    Some(match words.to_lowercase().trim() {
        "tentative" | "proposed" => State::Tentative,
        "confirmed" => State::Confirmed,
        "in progress" | "in process" | "in-process" | "started" | "ongoing" => State::InProcess,
        "completed" | "complete" | "closed" => State::Completed,
        "cancelled" | "canceled" => State::Cancelled,
        "rescheduled" | "re-scheduled" | "alternate night" => State::Moved,
        _ => return None,
    })
}

fn announced(subjects: &[String], sentences: &[String]) -> Found<State> {
    let all = || subjects.iter().chain(sentences);
    match all().find(|text| ANNOUNCED.iter().any(|words| text.to_lowercase().contains(words))) {
        Some(text) if all().any(|text| text.to_lowercase().contains("tentative")) => Found::open(Doubt::Unclear, text),
        Some(text) => Found::plain(State::Confirmed, text),
        None => Found::open(Doubt::NotSaid, ""),
    }
}

/// The sentences of all lines. Of entries that begin with their time, only the latest is news.
fn sentences(lines: &[Line]) -> Vec<String> {
    let (mut paragraphs, mut goes_on) = (vec![String::new()], false);
    for line in lines {
        let text = line.text();
        let text = text.trim();
        if !goes_on || text.is_empty() {
            paragraphs.push(String::new());
        }
        if let Some(last) = paragraphs.last_mut().filter(|_| !text.is_empty()) {
            last.push(' ');
            last.push_str(text);
        }
        goes_on = line.wraps;
    }
    let logged: Vec<String> = paragraphs.iter().filter_map(|text| entry_time(text)).collect();
    let latest = logged.iter().max().cloned();
    let is_news = |text: &String| entry_time(text).is_none_or(|time| Some(&time) == latest.as_ref());
    paragraphs
        .iter()
        .filter(|text| is_news(text))
        .flat_map(|text| text.split(". "))
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// `2021-05-20 07:00:21 GMT - …`: the time in front.
fn entry_time(text: &str) -> Option<String> {
    let (time, rest) = text.trim().split_at_checked(19)?;
    let is_time = time.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    (is_time && rest.contains(" - ")).then(|| time.to_owned())
}
