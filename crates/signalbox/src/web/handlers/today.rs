//! `/`: what is on tonight, what waits, what others did. A stranger reads what this is and how to come in.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Stage;
use signalbox_core::event::Event;
use signalbox_core::report::Outcomes;
use signalbox_core::schedule::Freeze;
use signalbox_store::project::Prose;
use signalbox_store::queries::clashes::{self, Opposite, ScheduleClash};
use signalbox_store::queries::names::Names;
use signalbox_store::queries::reports::{self, ReportFilter};
use signalbox_store::queries::schedule::{self as store, Asked, Entry, ScheduleFilter, Standing};
use signalbox_store::queries::today::{self as waits, Because, Happening};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts, log};

use super::entries::{self, at_hour, begins, days_on};
use super::schedule::lanes_by_service;
use crate::app::{App, Shared};
use crate::web::layout::Place;
use crate::web::pages::today::{Figure, News, NewsLine, NightNote, TodayPage, Waiting};
use crate::web::parts::ToldPage;
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::timeline::{Head, Scale, Timeline};
use crate::web::ui::{Link, Tag};
use crate::web::visitor::Visitor;
use crate::words::{self, counted, event_line, moment_phrase};

/// A night on these pages: from 18:00 to 08:00.
pub const NIGHT_BEGINS_HOUR: i8 = 18;
/// Hours of a night.
pub const NIGHT_HOURS: i64 = 14;
/// At most this many things that wait, due first (ux 2.3).
const WAITING_MAX: usize = 7;
const NEWS_MAX: i64 = 8;
const COMING_MAX: usize = 8;
const NOTES_MAX: usize = 3;

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    if visitor.is_known() { draw(&app, &visitor) } else { Ok(front(&app, &visitor)) }
}

/// What a stranger reads.
fn front(app: &App, visitor: &Visitor) -> Response {
    let mut shell = visitor.shell(app, "Signalbox", Place::Today);
    shell.title = "Signalbox".into();
    page(&ToldPage {
        shell,
        lede: "One record of IT changes, planned outages and network notices for every organisation that shares the services.".into(),
        words: vec![
            "Sign in to see what is planned and what waits for you. The Service Management group is open to everybody who works on the services.".into(),
        ],
        links: vec![Link::new("Sign in", "/sign-in"), Link::new("Ask to join", "/join"), Link::new("How it works", "/process")],
    })
}

/// The night that is meant now: the one that runs, in the small hours too, else the next.
pub fn tonight(now: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
    let wall = local::wall(now, zone);
    if wall.time().hour() < 8 { days_on(wall.date(), -1) } else { wall.date() }
}

/// From 18:00 to 08:00 on the morning after.
pub fn night_span(evening: jiff::civil::Date, now: Timestamp, zone: &TimeZone) -> Asked {
    let from = at_hour(evening, NIGHT_BEGINS_HOUR, zone);
    Asked { from, until: from + SignedDuration::from_hours(NIGHT_HOURS), now }
}

/// One night hour by hour.
pub fn night(work: &[Entry], clashes: &[ScheduleClash], asked: Asked, zone: &TimeZone) -> Timeline {
    let scale = Scale::night(asked.from);
    let heads = (0..NIGHT_HOURS).map(|hour| {
        let at = asked.from + SignedDuration::from_hours(hour);
        Head { label: local::clock(local::wall(at, zone).time()), class: "" }
    });
    let evening = local::wall(asked.from, zone).date();
    let is_clashing = |entry: &Entry| clashes.iter().any(|clash| clash.change == entry.id);
    let lanes = lanes_by_service(work, None, &scale, zone, is_clashing, |_| {
        (vec![], scale.column_of(asked.now), format!("/schedule?view=table&from={evening}&days=2"))
    });
    let corner = format!("{} to {}", evening.day(), days_on(evening, 1).strftime("%-d %b"));
    Timeline { label: "Tonight hour by hour, scrolls sideways".into(), corner, is_night: true, heads: heads.collect(), lanes }
}

/// Whether it is sure enough to be spoken of as tonight's work.
fn is_sure(entry: &Entry) -> bool {
    matches!(entry.standing, Standing::Firm | Standing::Live | Standing::Done | Standing::Tentative)
}

fn draw(app: &App, visitor: &Visitor) -> Result<Response, Failure> {
    let (who, now, zone) = (visitor.row()?, app.clock.now(), calendar::london());
    let scope = Scope::of(&visitor.actor()?);
    let today = local::wall(now, &zone).date();
    let asked = night_span(tonight(now, &zone), now, &zone);
    let since = who.person.last_seen_at.filter(|seen| now.duration_since(*seen) > SignedDuration::from_hours(1));
    let since = since.unwrap_or(now - SignedDuration::from_hours(24)).max(now - SignedDuration::from_hours(24 * 14));
    let (waiting, happened, said, night_work, coming, clashes, freezes, outcomes) = app.read::<_, Failure>(|tx| {
        let waiting = waits::waiting(tx, &scope)?;
        let happened = waits::happened(tx, &scope, since, NEWS_MAX)?;
        let names = app.names.of(tx, &scope)?;
        let said = Said::read(tx, &names, &happened)?;
        let all = ScheduleFilter::default();
        let night = store::schedule(tx, &scope, asked, &all, None, 200)?.entries;
        let ahead = Asked { from: asked.until.min(begins(days_on(today, 1), &zone)), until: now + SignedDuration::from_hours(24 * 7), now };
        let coming = store::schedule(tx, &scope, ahead, &all, None, 200)?.entries;
        let clashes = clashes::on_schedule(tx, &app.schedule, app.clock.now(), &scope, asked.from.min(ahead.from), asked.until.max(ahead.until))?;
        let freezes = store::freezes(tx, &scope, Asked { from: now, until: now + SignedDuration::from_hours(24 * 60), now })?;
        let last = ReportFilter { from: now - SignedDuration::from_hours(24 * 28), until: now, organisation: None, service: None, kinds: vec![] };
        let outcomes = if scope.reads_schedule() { Some(reports::summary(tx, &scope, &last, &zone)?.attempted) } else { None };
        Ok((waiting, happened, said, night, coming, clashes, freezes, outcomes))
    })?;
    let night_work: Vec<Entry> = night_work.into_iter().filter(is_sure).collect();
    let overdue = waiting.iter().filter(|w| is_late(w, now)).count();
    let count = waiting.len();
    let view = TodayPage {
        shell: visitor.shell(app, "Today", Place::Today),
        day: local::day_words(today),
        sentence: night_sentence(&night_work),
        more: format!("{} {}", waiting_sentence(count, overdue), freeze_sentence(&freezes, now, &zone)),
        waiting: waiting.iter().take(WAITING_MAX).map(|one| waiting_row(one, now, &zone)).collect(),
        waiting_all: (count > WAITING_MAX).then(|| Link::new(&format!("All {count}, with what you promised"), "/promises")),
        night: night(&night_work, &clashes, asked, &zone),
        night_links: vec![Link::new("Timeline", "/schedule?view=timeline")],
        night_notes: night_notes(&night_work, &clashes),
        news: Some(news(&happened, &said, since, now, &zone)),
        figure: outcomes.map(figure),
        coming: coming
            .iter()
            .filter(|entry| entry.window.start >= now && is_sure(entry))
            .take(COMING_MAX)
            .map(|entry| coming_line(entry, &clashes, today.year(), &zone))
            .collect(),
    };
    Ok(page(&view))
}

/// "3 pieces of work tonight, all at Northbrook."
fn night_sentence(work: &[Entry]) -> String {
    let mut places: Vec<String> = work.iter().map(entries::place).filter(|place| !place.is_empty()).collect();
    places.sort();
    places.dedup();
    let at = match (work.len(), places.as_slice()) {
        (1, [place]) => format!(", at {place}"),
        (_, [place]) => format!(", all at {place}"),
        (_, [first, second]) => format!(", at {first} and {second}"),
        _ => String::new(),
    };
    match work.len() {
        0 => "Nothing tonight.".into(),
        1 => format!("1 piece of work tonight{at}."),
        n => format!("{n} pieces of work tonight{at}."),
    }
}

fn waiting_sentence(count: usize, overdue: usize) -> String {
    match (count, overdue) {
        (0, _) => "Nothing waits for you.".into(),
        (1, 0) => "1 thing waits for you.".into(),
        (1, _) => "1 thing waits for you, and it is overdue.".into(),
        (n, 0) => format!("{n} things wait for you."),
        (n, late) => format!("{n} things wait for you; {late} overdue."),
    }
}

fn freeze_sentence(freezes: &[Freeze], now: Timestamp, zone: &TimeZone) -> String {
    if let Some(running) = freezes.iter().find(|freeze| freeze.span.from <= now) {
        return format!("A freeze is running: {}, until {}.", running.title, moment_phrase(running.span.until, now, zone));
    }
    match freezes.iter().min_by_key(|freeze| freeze.span.from) {
        Some(next) => format!("No freeze is running. The next, {}, starts {}.", next.title, moment_phrase(next.span.from, now, zone)),
        None => "No freeze is running.".into(),
    }
}

/// A duty is late past its time; so is a decision on work that was to have started.
fn is_late(waiting: &waits::Waiting, now: Timestamp) -> bool {
    waiting.due_at.is_some_and(|due| due < now)
}

fn waiting_row(one: &waits::Waiting, now: Timestamp, zone: &TimeZone) -> Waiting {
    let title = if one.title.is_empty() { "Untitled draft" } else { &one.title };
    let (verb, why, tag) = match &one.because {
        Because::Owed(duty) => {
            let what = words::sentence_case(&duty.kind);
            let words = duty
                .words
                .clone()
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| format!("{what}{}.", if duty.about == duty.kind { String::new() } else { format!(", {}", duty.about) }));
            ("Answer for", format!("{words} Asked {}.", moment_phrase(duty.asked_at, now, zone)), Tag::new(&what, "blue"))
        }
        Because::Draft => ("Finish", "Your draft, not sent yet.".to_owned(), Tag::new("Draft", "grey")),
        Because::Decide => ("Decide", "A decision is asked for.".to_owned(), Tag::new("Your approval", "yellow")),
        Because::Schedule => ("Schedule", "It is approved and stands in no place yet.".to_owned(), Tag::new("Schedule", "blue")),
        Because::TellProvider => ("Tell the provider of", "The network provider has to be told.".to_owned(), Tag::new("Network", "aqua-green")),
        Because::RingProvider => (
            "Ring the provider about",
            "The network provider was told and says nothing. Ring it, then record that it was told.".to_owned(),
            Tag::new("Network", "orange"),
        ),
        Because::ProviderRefused => (
            "Settle the refusal of",
            "The network provider refused the notice. Move the window, or ask the authority to decide.".to_owned(),
            Tag::new("Network", "red"),
        ),
        Because::Acknowledge => ("Acknowledge", "The notice waits for your acknowledgement.".to_owned(), Tag::new("Network", "aqua-green")),
        Because::Work if one.stage == Stage::Scheduled => ("Carry out", "You are named to do the work.".to_owned(), Tag::new("Your work", "blue")),
        Because::Work => ("Finish", "You are at it.".to_owned(), Tag::new("Your work", "orange")),
        Because::Close => ("Close", "The work is done; somebody who did not do it confirms how it came out.".to_owned(), Tag::new("Close", "blue")),
    };
    let is_late = is_late(one, now);
    let due = match one.due_at {
        Some(at) if is_late => format!("since {}", moment_phrase(at, now, zone)),
        Some(at) => format!("by {}", moment_phrase(at, now, zone)),
        None => "any time".into(),
    };
    Waiting { due, is_late, link: Link::new(&format!("{verb} {} {title}", one.reference), &format!("/changes/{}", one.reference)), why, tag }
}

/// What it takes to tell what happened: names, and the words behind texts.
#[derive(Default)]
struct Said {
    names: words::Names,
    prose: Prose,
}

impl Said {
    fn read(tx: &mut dyn Tx, names: &Names, happened: &[Happening]) -> Result<Said, StoreError> {
        let mut said = Said::default();
        said.names.orgs = names.organisations.iter().map(|org| (org.id, org.name.clone())).collect();
        said.names.services = names.services.iter().map(|service| (service.id, service.name.clone())).collect();
        let named: Vec<i64> =
            happened.iter().filter_map(|one| if let Event::Scheduled { implementer, .. } = &one.recorded.event { Some(implementer.0) } else { None }).collect();
        said.names.people = accounts::names(tx, &named)?.into_iter().collect();
        for one in happened {
            said.names.people.extend(one.recorded.by.person.map(|person| (person.0, one.who.clone())));
            said.prose.extend(log::load_texts(tx, one.change_id)?.into_iter().filter_map(|text| text.body.map(|body| (text.id, body))));
        }
        Ok(said)
    }
}

fn news(happened: &[Happening], said: &Said, since: Timestamp, now: Timestamp, zone: &TimeZone) -> News {
    let line = |one: &Happening| {
        let line = event_line(&one.recorded, &said.names, &said.prose);
        let by = if one.who.is_empty() { String::new() } else { format!(", by {}", one.who) };
        NewsLine {
            when: moment_phrase(one.recorded.at, now, zone),
            link: Link::new(&format!("{} {}", one.reference, one.title), &format!("/changes/{}", one.reference)),
            text: format!("{}{by}.", line.what),
        }
    };
    News {
        heading: format!("Since you last looked, {}", moment_phrase(since, now, zone)),
        lines: happened.iter().map(line).collect(),
        all: Some(Link::new("All changes", "/changes")),
    }
}

/// The figure of 28 days, with what it says; too few for a percentage is said so (scenario 49).
fn figure(outcomes: Outcomes) -> Figure {
    let ratio = outcomes.success();
    let (all, not) = (outcomes.attempted(), outcomes.attempted() - outcomes.successful);
    let is_small = all < signalbox_core::report::SMALL;
    let reading = match (all, not) {
        (0, _) => "No change was finished in this time.".to_owned(),
        (_, 0) => "Every one of them worked as planned.".to_owned(),
        (_, n) => format!("{n} did not: {}.", parts(&outcomes)),
    };
    Figure {
        heading: "Last 28 days".into(),
        figure: if is_small { format!("{} of {all}", ratio.part) } else { ratio.words() },
        of: if is_small { "worked first time; n too small for a percentage".into() } else { format!("of {} worked first time", counted(all as i64, "change")) },
        reading,
        report: Link::new("Success and failure", "/reports/success"),
    }
}

fn parts(outcomes: &Outcomes) -> String {
    let all = [(outcomes.with_issues, "with issues"), (outcomes.partial, "partly done"), (outcomes.backed_out, "backed out"), (outcomes.failed, "failed")];
    all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

/// The clashes of tonight's work, each pair once, for those who may open the page of one side.
fn night_notes(work: &[Entry], clashes: &[ScheduleClash]) -> Vec<NightNote> {
    let mut told = BTreeSet::new();
    let note = |clash: &ScheduleClash| {
        let entry = work.iter().find(|entry| entry.id == clash.change)?;
        let href = Some(entries::href(entry)).filter(|href| !href.is_empty())?;
        let link = if matches!(clash.with, Opposite::Freeze { .. }) { "is inside the freeze" } else { "and" };
        let (other, how) = (entries::opposite(clash, true).label, entries::how_they_clash(clash));
        let text = format!("{} {} {link} {other} {how}", entries::reference(entry), entries::title(entry)).replace(" .", ".");
        Some(NightNote { when: "Clash".into(), text, link: Link::new("See why, and the ways out", &format!("{href}/clashes")) })
    };
    clashes.iter().filter(|clash| told.insert(clash.pair())).filter_map(note).take(NOTES_MAX).collect()
}

fn coming_line(entry: &Entry, clashes: &[ScheduleClash], this_year: i16, zone: &TimeZone) -> NewsLine {
    let reference = entries::reference(entry);
    let label = if reference.is_empty() { entries::title(entry) } else { format!("{reference} {}", entries::title(entry)) };
    let href = entries::href(entry);
    let day = local::wall(entry.window.start, zone).date();
    // Work whose page is closed to the reader leads to its day.
    let href = if href.is_empty() { format!("/schedule?view=table&from={day}&days=1") } else { href };
    let clash = clashes.iter().find(|clash| clash.change == entry.id).map(|clash| format!("Clash: {}", entries::opposite(clash, true).label));
    let text = [entries::place(entry)].into_iter().filter(|place| !place.is_empty()).chain(clash).collect::<Vec<_>>().join(". ");
    NewsLine { when: entries::short_moment(entry.window.start, this_year, zone), link: Link::new(&label, &href), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_hours_belong_to_the_night_before() {
        let zone = calendar::london();
        let at = |text: &str| text.parse().unwrap();
        assert_eq!(tonight(at("2026-11-17T02:00:00Z"), &zone).to_string(), "2026-11-16");
        assert_eq!(tonight(at("2026-11-17T12:00:00Z"), &zone).to_string(), "2026-11-17");
        let span = night_span(tonight(at("2026-06-17T12:00:00Z"), &zone), at("2026-06-17T12:00:00Z"), &zone);
        assert_eq!((span.from, span.until), (at("2026-06-17T17:00:00Z"), at("2026-06-18T07:00:00Z")), "summer time");
    }

    #[test]
    fn few_changes_have_no_percentage() {
        let few = figure(Outcomes { successful: 3, failed: 1, ..Outcomes::default() });
        assert_eq!((few.figure.as_str(), few.reading.as_str()), ("3 of 4", "1 did not: 1 failed."));
        assert!(few.of.contains("n too small for a percentage"));
        assert_eq!(figure(Outcomes { successful: 80, backed_out: 3, ..Outcomes::default() }).figure, "96.4%");
    }
}
