//! The minutes of a meeting as a page to print and as a file, and the meeting for a calendar.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use signalbox_core::board::Hearing;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Stage;

use super::Seen;
use crate::app::Shared;
use crate::ical::{Calendar, Event, Status};
use crate::web::layout::Place;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words;

/// One item, in words.
struct Line {
    number: usize,
    what: String,
    decision: String,
    minutes: String,
    spent: String,
}

fn lines(seen: &Seen) -> Vec<Line> {
    let line = |(n, paper): (usize, &signalbox_store::queries::agenda::Paper)| {
        let (what, decision) = match &paper.shown {
            Some(line) => {
                let stage = Stage::from_code(&line.stage).map_or("", |s| s.words());
                (format!("{} {}", line.reference, line.title), format!("{stage}. {}", votes(line)))
            }
            None => ("An item for other members".to_owned(), String::new()),
        };
        // What was said of an item is for those who may see it.
        let minutes = if paper.shown.is_some() { paper.item.minutes.clone() } else { String::new() };
        let spent = if paper.item.is_consent { "Listed".into() } else { words::counted((paper.item.seconds + 30) / 60, "minute") };
        Line { number: n + 1, what, decision, minutes, spent }
    };
    seen.papers.iter().enumerate().map(line).collect()
}

fn votes(line: &signalbox_store::queries::agenda::PaperLine) -> String {
    use signalbox_core::board::Choice;
    let hash = line.change.content.as_ref().map_or("", |c| c.hash.as_str());
    let count = |choice: Choice| line.change.board.on(hash).filter(|v| v.vote.choice == choice).count();
    words::boards::tally(count(Choice::For), count(Choice::Against))
}

fn title(seen: &Seen) -> String {
    let day = local::day_words(local::wall(seen.meeting.starts_at, &calendar::london()).date());
    format!("Minutes: {}, {day}", seen.board.name)
}

fn facts(seen: &Seen) -> Vec<(String, String)> {
    let zone = calendar::london();
    let with = |is: bool| -> Vec<String> {
        let seats = seen.seats.iter().filter(|s| seen.is_present(s.person_id) == is);
        seats.map(|s| format!("{} ({})", seen.name(s.person_id), s.seat.words())).collect()
    };
    let or_none = |all: Vec<String>| if all.is_empty() { "Nobody".to_owned() } else { words::listed(&all) };
    let moment = |at: Option<Timestamp>| at.map_or("Not yet".to_owned(), |at| local::moment_words(at, &zone));
    vec![
        ("Opened".into(), moment(seen.meeting.opened_at)),
        ("Closed".into(), moment(seen.meeting.closed_at)),
        ("Present".into(), or_none(with(true))),
        ("Absent".into(), or_none(with(false))),
        ("Minutes".into(), if seen.meeting.minutes.is_empty() { "None written".into() } else { seen.meeting.minutes.clone() }),
    ]
}

/// The page.
pub async fn minutes_page(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, crate::web::handlers::id(&id)?)?;
    let rows = lines(&seen).into_iter().map(|line| {
        Row::new(Cell::text(&format!("{}. {}", line.number, line.what)), vec![Cell::text(&line.decision), Cell::text(&line.minutes), Cell::text(&line.spent)])
    });
    let table = Table::new("Items", &["Item", "Stage and votes", "Minutes", "Time"], rows.collect());
    let mut shell = visitor.shell(&app, &title(&seen), Place::Boards);
    shell.crumbs = vec![("Boards".into(), "/boards".into()), (seen.board.name.clone(), format!("/boards/{}", seen.board.id))];
    Ok(page(&ListPage {
        shell,
        lede: if seen.meeting.state == Hearing::Held { "As closed by the chair.".into() } else { "Not closed yet.".into() },
        actions: vec![
            Link::new("As a file", &format!("/meetings/{}/minutes.txt", seen.meeting.id)),
            Link::new("The meeting", &format!("/meetings/{}", seen.meeting.id)),
        ],
        sections: vec![
            Section::new("who", "The meeting").facts(facts(&seen).iter().map(|(label, value)| Fact::new(label, value)).collect()),
            Section::new("items", "Items").table(table, "There was none."),
        ],
        ..ListPage::default()
    }))
}

/// The same as plain text.
pub async fn minutes_file(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, crate::web::handlers::id(&id)?)?;
    let mut text = format!("{}\n\n", title(&seen));
    for (label, value) in facts(&seen) {
        text += &format!("{label}: {value}\n");
    }
    for line in lines(&seen) {
        text += &format!("\n{}. {}\n   {} ({})\n", line.number, line.what, line.decision, line.spent);
        text.extend(line.minutes.lines().map(|l| format!("   {l}\n")));
    }
    let name = format!("attachment; filename=\"minutes-{}.txt\"", seen.meeting.id);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// The meeting as one event.
pub async fn calendar_file(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, crate::web::handlers::id(&id)?)?;
    let mut calendar = Calendar::new();
    calendar.event(&Event {
        uid: format!("meeting-{}@signalbox", seen.meeting.id),
        // A file that is fetched by hand: of two the one that was written later counts (RFC 5546, 2.1.5).
        sequence: 0,
        changed_at: app.clock.now(),
        start: seen.meeting.starts_at,
        end: seen.meeting.ends_at,
        status: if seen.meeting.state == Hearing::Cancelled { Status::Cancelled } else { Status::Confirmed },
        summary: seen.board.name.clone(),
        description: String::new(),
        location: seen.meeting.place.clone(),
        url: app.config.base.link(&format!("/meetings/{}", seen.meeting.id)),
        category: String::new(),
        takes_time: true,
    });
    let name = format!("attachment; filename=\"meeting-{}.ics\"", seen.meeting.id);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], calendar.finish()).into_response())
}
