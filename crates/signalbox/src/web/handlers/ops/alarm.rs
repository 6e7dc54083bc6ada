//! "Is this alarm expected?" What the record says of one device at one moment (X5, settled 10). The answer says what
//! matches and whom to ring; it never sends anybody home and never guesses.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::alarm::{BEFORE, Cover, Means};
use signalbox_core::calendar::local;
use signalbox_core::form::Answer as Given;
use signalbox_store::queries::change::{self as pages, ChangePage};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::names;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, directory};

use crate::config::Team;
use crate::web::form::Form;
use crate::web::handlers::entries::typed_date;
use crate::web::pages::ops::{Answer, Question};
use crate::web::ui::{Fault, Link};

/// As many notices of one device as anybody reads.
const MATCHES_MAX: i64 = 100;

/// What came of the question.
#[derive(Default)]
pub struct Found {
    pub answer: Option<Answer>,
    pub faults: Vec<Fault>,
}

/// Reads the question from the address and answers it. Nothing asked is no answer.
pub fn ask(tx: &mut dyn Tx, scope: &Scope, query: &Form, now: Timestamp, zone: &TimeZone) -> Result<(Question, Found), StoreError> {
    let wall = local::wall(now, zone);
    let or_now = |name: &str, now: String| if query.text(name).is_empty() { now } else { query.text(name).to_owned() };
    let question = Question {
        device: query.text("device").to_owned(),
        kinds: vec![],
        date: or_now("date", wall.date().to_string()),
        time: or_now("time", wall.strftime("%H:%M").to_string()),
    };
    if question.device.is_empty() {
        return Ok((question, Found::default()));
    }
    let fault = |target: &str, message: &str| Found { answer: None, faults: vec![Fault { message: message.into(), target: target.into() }] };
    let Some(date) = typed_date(&question.date) else { return Ok((question, fault("date", "Give the day of the alarm as a date."))) };
    let Some(time) = local::parse_time(&question.time) else { return Ok((question, fault("time", "Give the time of the alarm, such as 23:20."))) };
    // On the night of a clock change an hour may stand twice; the first of both is the careful reading.
    let at = zone.to_ambiguous_zoned(date.to_datetime(time)).earlier().map_or(now, |zoned| zoned.timestamp());
    let at = if question.date == wall.date().to_string() && question.time == wall.strftime("%H:%M").to_string() { now } else { at };
    let answer = answer(tx, scope, &question.device, at, now, zone)?;
    Ok((question, Found { answer: Some(answer), faults: vec![] }))
}

fn answer(tx: &mut dyn Tx, scope: &Scope, device: &str, at: Timestamp, now: Timestamp, zone: &TimeZone) -> Result<Answer, StoreError> {
    let mut best: Option<(Means, Cover, ChangePage)> = None;
    for filter in filters(tx, scope, device)? {
        let filter =
            ListFilter { window_from: Some(at - SignedDuration::from_hours(24 * 30)), window_to: Some(at + BEFORE + SignedDuration::from_secs(1)), ..filter };
        for row in list::list(tx, scope, &filter, None, MATCHES_MAX)?.rows {
            let Some(page) = pages::page_by_id(tx, scope, row.id)? else { continue };
            let Some(cover) = Cover::of(&page.loaded.change).filter(|cover| cover.holds_at(at)) else { continue };
            let means = cover.means(at);
            // Of several that match, the one that asks for most care answers.
            if best.as_ref().is_none_or(|(known, ..)| rank(means) > rank(*known)) {
                best = Some((means, cover, page));
            }
        }
    }
    let moment = crate::words::moment_phrase(at, now, zone);
    Ok(match best {
        None => no_match(device, &moment),
        Some((means, cover, page)) => matched(device, means, &cover, &page, zone),
    })
}

fn rank(means: Means) -> u8 {
    match means {
        Means::Matches => 0,
        Means::RingFirst => 1,
        Means::NotStarted => 2,
        Means::TooLong => 3,
    }
}

/// The device by its code, or a site by code or name. An unknown word is no device.
fn filters(tx: &mut dyn Tx, scope: &Scope, device: &str) -> Result<Vec<ListFilter>, StoreError> {
    let mut filters = vec![];
    for code in [device, &device.to_uppercase()] {
        if let Some(item) = directory::item_by_code(tx, code)? {
            filters.push(ListFilter { item: Some(item.id), ..ListFilter::default() });
            break;
        }
    }
    let is_meant = |site: &signalbox_store::queries::Named| site.code.eq_ignore_ascii_case(device) || site.name.eq_ignore_ascii_case(device);
    for site in names::sites(tx, scope)?.into_iter().filter(is_meant) {
        filters.push(ListFilter { site: Some(site.id), ..ListFilter::default() });
    }
    Ok(filters)
}

fn no_match(device: &str, moment: &str) -> Answer {
    Answer {
        matches: false,
        heading: "No match. Treat as real.".into(),
        text: format!("No work that is running or planned {moment} names {device}."),
        work: None,
        ring: "Ring the owner of the device, then dispatch as usual.".into(),
    }
}

fn matched(device: &str, means: Means, cover: &Cover, page: &ChangePage, zone: &TimeZone) -> Answer {
    let change = &page.loaded.change;
    let reference = &change.reference;
    let until = local::time_words(cover.until, zone);
    let window = local::describe_window(cover.window.start, cover.window.end, zone).sentence();
    let listed = format!("{device} is on the list of this work: {window}.");
    let whom = contact(page).unwrap_or_else(|| "the site".into());
    let (heading, text, ring) = match means {
        Means::Matches => (
            format!("Matches {reference} until {until}"),
            format!("{listed} If it is still down at {until}, treat it as real."),
            format!("Ring {whom} if it is worse or longer."),
        ),
        Means::RingFirst => (
            format!("Matches {reference} until {until}, which is not decided yet"),
            format!("{listed} The notice was received, and nobody has decided on it."),
            format!("Ring {whom} first."),
        ),
        Means::NotStarted => (
            format!("Ring the site now, then dispatch: {reference} is not known to have started"),
            format!("{listed} It was to start at {}, and nobody has said that it did.", local::time_words(cover.window.start, zone)),
            format!("Ring {whom} now, then dispatch."),
        ),
        Means::TooLong => (
            format!("Ring the site now, then dispatch: {reference} takes longer than it said"),
            format!("{listed} It is down longer than one and a half times what was stated."),
            format!("Ring {whom} now, then dispatch."),
        ),
    };
    // A match in green is for what is as it should be.
    Answer { matches: means == Means::Matches, heading, text, work: Some(Link::new(&title(page), &format!("/changes/{reference}"))), ring }
}

/// What it is about, in one line.
pub fn title(page: &ChangePage) -> String {
    let content = page.loaded.change.content.as_ref();
    content.and_then(|content| page.loaded.prose.get(&content.header.title.text.0)).cloned().unwrap_or_default()
}

/// Who is rung: the person on site, else whoever restores.
fn contact(page: &ChangePage) -> Option<String> {
    let change = &page.loaded.change;
    let words = |text: &signalbox_core::text::Text| page.loaded.prose.get(&text.text.0).map(String::as_str).filter(|words| !words.is_empty());
    let people = change.content.iter().flat_map(|content| content.answers.values());
    let on_site = people.filter_map(|answer| if let Given::Person { name, phone } = answer { Some((name, phone)) } else { None }).next();
    if let Some((name, phone)) = on_site {
        return Some(format!("{}, {}", words(name)?, words(phone)?));
    }
    let promise = change.promise.as_ref()?;
    Some(format!("{}, {}", words(&promise.restore_by)?, words(&promise.phone)?))
}

/// "Ring: Tom Achebe, 020 7946 0117"
pub fn ring(page: &ChangePage, team: &Team) -> String {
    match contact(page) {
        Some(whom) => format!("Ring: {whom}"),
        None => format!("Ring: {}, {}", team.name, team.telephone),
    }
}

/// Why the site has to be rung now, if it has to be: also after the cover has ended, until it is said to be back.
pub fn escalation(page: &ChangePage, now: Timestamp) -> Option<Means> {
    Some(Cover::of(&page.loaded.change)?.means(now)).filter(|means| means.is_escalation())
}

/// Where it is and which alarms it covers until when.
pub fn expected(page: &ChangePage, now: Timestamp, zone: &TimeZone) -> String {
    let names = |all: Vec<&str>| all.join(", ");
    let place = names(page.sites.values().map(|site| site.name.as_str()).collect());
    let place = if place.is_empty() { String::new() } else { format!("{place}. ") };
    let items = names(page.items.values().map(|line| line.item.code.as_str()).collect());
    let Some(cover) = Cover::of(&page.loaded.change) else { return place };
    if items.is_empty() {
        return format!("{place}It lists no device, so no alarm is expected.");
    }
    let until = crate::words::moment_phrase(cover.until, now, zone);
    let care = match escalation(page, now) {
        Some(Means::NotStarted) => " Not known to have started: ring the site now, then dispatch.",
        Some(_) => " Down longer than stated: ring the site now, then dispatch.",
        None => "",
    };
    format!("{place}Alarms covered: {items}, until {until}.{care}")
}
