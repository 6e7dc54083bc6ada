//! `/changes/{ref}/free-times`: when a change could take place, the best time first, and why not earlier (C072). For
//! a draft a time leads to the step on which its window is typed, for a change that was sent to the form that moves
//! it, both filled in.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::change::{Change, Window};
use signalbox_core::form::Answer;

use super::change::Seen;
use super::draft::Writing;
use crate::app::{App, Shared};
use crate::run::Situation;
use crate::web::form::{Form, Query};
use crate::web::free_times::{DAYS_MOST, DAYS_USUAL, KEEP, MINUTES_MOST, Reach, Search, look};
use crate::web::layout::Shell;
use crate::web::parts::{Cell, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words::{counted, date_words};

/// So many times the page shows, and so many the step of a draft.
const TIMES_SHOWN: usize = 10;
pub(super) const TIMES_IN_A_STEP: usize = 3;
/// How long work takes where nobody has said.
const MINUTES_USUAL: i64 = 120;

/// What was asked of the page; what is not understood is left out and said.
struct Wanted {
    minutes: Option<i64>,
    from: Option<Date>,
    days: i64,
    dropped: Vec<String>,
}

impl Wanted {
    fn read(query: &Form) -> Wanted {
        let mut dropped = vec![];
        let mut number = |name: &str, label: &str, most: i64| {
            let typed = query.text(name).to_owned();
            let read = typed.parse::<i64>().ok().filter(|n| (1..=most).contains(n));
            if read.is_none() && !typed.is_empty() {
                dropped.push(format!("{label} is a whole number from 1 to {most}; “{typed}” was dropped."));
            }
            read
        };
        let (minutes, days) = (number("minutes", "The length", MINUTES_MOST), number("days", "How far ahead", DAYS_MOST).unwrap_or(DAYS_USUAL));
        let typed = query.text("from");
        let from = typed.parse::<Date>().ok();
        if from.is_none() && !typed.is_empty() {
            dropped.push(format!("“{typed}” is no date; it was dropped."));
        }
        Wanted { minutes, from, days, dropped }
    }
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let wanted = Wanted::read(&query);
    // Of a draft that this person writes on, what is typed counts; of anything else, what was sent.
    let writing = if seen.change().content.is_none() { Some(Writing::open(&app, &visitor, &reference)?) } else { None };
    let (situation, change) = match &writing {
        Some(writing) => (&writing.situation, &writing.preview.change),
        None => (&seen.situation, seen.change()),
    };
    let takes = match &writing {
        Some(_) => Some(format!("{}/edit/when", seen.address())),
        None => {
            let moves = seen.offers().into_iter().any(|offer| offer.act == Act::Reschedule && offer.is_open());
            moves.then(|| format!("{}/acts/{}", seen.address(), Act::Reschedule.code()))
        }
    };
    let shell = seen.shell(&app, &visitor, &format!("Free times for {}", seen.change().reference));
    let view = draw(&app, &seen, situation, change, &wanted, takes.as_deref(), shell)?;
    Ok(page(&view))
}

fn draw(app: &App, seen: &Seen, situation: &Situation, change: &Change, wanted: &Wanted, takes: Option<&str>, shell: Shell) -> Result<ListPage, Failure> {
    let sized = sized(change, wanted, seen.now);
    let window = sized.window().unwrap_or(window_of(seen.now, MINUTES_USUAL));
    let from = wanted.from.and_then(|date| date.to_zoned(situation.zone.clone()).ok()).map(|zoned| zoned.timestamp().max(seen.now));
    let reach = Reach { from: from.unwrap_or(seen.now), days: wanted.days, most: TIMES_SHOWN };
    let search = app.read::<_, Failure>(|tx| look(app, tx, &seen.actor, situation, &sized, reach))?.ok_or(Failure::NotFound)?;
    let until = date_words(local::wall(search.within.until, &situation.zone).date());
    let minutes = window.contingency_end.duration_since(window.start).as_mins();
    let lede = match search.found.slots.len() {
        0 => format!("There is no free time of {} until {until}. What stands in the way is below.", search.length_words()),
        n => format!("{} of {}, the best first. Looked at every quarter of an hour until {until}.", counted(n as i64, "free time"), search.length_words()),
    };
    let filters = Filters {
        action: format!("{}/free-times", seen.address()),
        fields: vec![
            Field::input("number", "minutes", "Minutes, with time to back out", &minutes.to_string()),
            Field::input("date", "from", "From", &local::wall(reach.from, &situation.zone).date().to_string()),
            Field::input("number", "days", "Days ahead", &wanted.days.to_string()),
        ],
        dropped: wanted.dropped.clone(),
        clear: String::new(),
    };
    Ok(ListPage { shell, lede, filters: Some(filters), sections: vec![times(&search, takes, minutes), refused(&search)], ..ListPage::default() })
}

fn times(search: &Search, takes: Option<&str>, minutes: i64) -> Section {
    let rows = search.found.slots.iter().enumerate().map(|(n, slot)| {
        let when = search.when(slot);
        let mut head = match takes {
            Some(path) => Cell::link(&when, &format!("{path}?start={}&minutes={minutes}", slot.span.from)),
            None => Cell::text(&when),
        };
        if n == 0 {
            head = Cell { tag: Some(crate::web::ui::Tag::new("Best fit", "green")), ..head };
        }
        Row::new(head, vec![Cell::text(&search.tests(slot).join(" · "))])
    });
    let table = Table::new("Free times, the best first", &["Window", "What speaks for it, and what it costs"], rows.collect());
    let section = Section::new("times", "Free times").table(table, "None. Look further ahead, or for less time.");
    if takes.is_some() { section.words("Choosing one fills it in; nothing is saved or moved by that yet.") } else { section }
}

fn refused(search: &Search) -> Section {
    let rows = search.found.refused.iter().map(|refused| Row::new(Cell::text(&search.starts(refused)), vec![Cell::text(&search.refusal(refused))]));
    let table = Table::new("Starts that were refused, by time", &["No start from, to", "Why"], rows.collect());
    Section::new("refused", "Why not earlier").table(table, "Nothing stands in the way before the last of these.")
}

/// The change with a window of the length that was asked for.
fn sized(change: &Change, wanted: &Wanted, now: Timestamp) -> Change {
    let known = change.window();
    let length = known.map(|window| window.contingency_end.duration_since(window.start).as_mins());
    let mut sized = change.clone();
    if let Some(content) = &mut sized.content
        && (known.is_none() || wanted.minutes.is_some_and(|minutes| Some(minutes) != length))
    {
        let start = known.map_or(now, |window| window.start);
        let window = window_of(start, wanted.minutes.unwrap_or(MINUTES_USUAL));
        content.header.window = Some(window);
        content.answers.insert("window".into(), Answer::Window { start: window.start, end: window.end, zone: String::new() });
    }
    sized
}

fn window_of(start: Timestamp, minutes: i64) -> Window {
    let end = start.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(start);
    Window { start, end, contingency_end: end }
}

/// The choice between free times, and keeping what was typed, for the step of a draft whose window clashes (ux F5).
pub(super) fn field(search: &Search, kept: &str) -> Field {
    let keep = Choice::new(KEEP, &format!("Keep {kept}")).hint("It stays a clash until one of the two is moved, or somebody of the authority rules on it.");
    let hint = format!("Looked at the next {DAYS_USUAL} days for {}, over every window, freeze, person and limit that counts.", search.length_words());
    let choices = search.choices().into_iter().chain([keep]).collect();
    Field::radios("slot", "Pick a free time", choices).hint(&hint).optional()
}
