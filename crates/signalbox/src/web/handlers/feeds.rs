//! `/me/feeds`: a member's subscriptions to the schedule. `/feeds/{token}/…`: what programs read of one, without signing in.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use signalbox_core::text::hex;
use signalbox_store::accounts::{self, FEED_NAME_MAX, FEEDS_MAX, Feed};
use signalbox_store::queries::schedule::ScheduleFilter;
use signalbox_store::rota;
use signalbox_store::scope::Scope;

use super::schedule::{Names, Wanted, reader};
use super::{filled, summary};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::feed;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::pages::feeds::{FeedRow, FeedsPage, NewFeed};
use crate::web::parts;
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Field, Link};
use crate::web::visitor::{Visitor, moment};

/// What may be asked of the schedule here, as in its own filters.
const FILTERS: [&str; 5] = ["site", "service", "organisation", "kind", "state"];
/// How often a feed may be read within an hour. Calendars ask every few minutes at most.
const READS_MAX: u32 = 60;
const HOUR: i64 = 3_600;

/// The page. What the address asks of the schedule is chosen in the form already.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let asked = Form::of(query.fields().iter().filter(|(name, _)| FILTERS.contains(&name.as_str())).cloned());
    draw(&app, &visitor, &asked, &[], None)
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault], new: Option<NewFeed>) -> Result<Response, Failure> {
    let (scope, person, now) = (reader(visitor)?, visitor.person()?, app.clock.now());
    let (names, feeds) = app.read::<_, Failure>(|tx| Ok((app.names.of(tx, &scope)?, accounts::feeds(tx, person.0)?)))?;
    let chosen = wanted(form, &names, now);
    let name = Field::text("name", "What do you call it?", "").hint("Your calendar shows this name.").width("w20");
    let mut fields = filled(vec![name], form, faults);
    let selects = chosen.filters(&names).into_iter().filter(|filter| FILTERS.contains(&filter.name));
    fields.extend(selects.map(|filter| Field::select(filter.name, filter.label, filter.choices)));
    let view = FeedsPage {
        shell: {
            let mut shell = visitor.shell(app, "Calendar subscriptions", Place::Schedule);
            shell.crumbs = vec![("Schedule".into(), "/schedule".into())];
            shell
        },
        faults: summary(&fields, faults),
        new,
        feeds: feeds.iter().map(|feed| row(feed, &names)).collect(),
        make: parts::Form::new("/me/feeds", "Make a subscription", fields),
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn wanted(form: &Form, names: &Names, now: Timestamp) -> Wanted {
    let asked = Form::of(form.fields().iter().filter(|(name, _)| FILTERS.contains(&name.as_str())).cloned());
    Wanted::read(&asked, names, now, &signalbox_core::calendar::london())
}

fn row(feed: &Feed, names: &Names) -> FeedRow {
    let read = feed.last_read_at.map_or("Not read yet".to_owned(), |at| format!("Last read {}", moment(at)));
    FeedRow {
        name: feed.name.clone(),
        words: format!("{}. Made {}. {read}.", about(&feed.filter, names), moment(feed.created_at)),
        revoke: parts::Form::new(&format!("/me/feeds/{}/revoke", feed.id), &format!("Revoke {}", feed.name), vec![]).quiet(),
    }
}

/// What a feed was asked for. What its owner may no longer name is not named.
fn about(filter: &ScheduleFilter, names: &Names) -> String {
    let name = |all: &[signalbox_store::queries::Named], id: i64| {
        all.iter().find(|one| one.id == id).map_or("something that you no longer see".to_owned(), |one| one.name.clone())
    };
    let mut parts: Vec<String> = vec![];
    parts.extend(filter.site.map(|id| name(&names.sites, id)));
    parts.extend(filter.service.map(|id| name(&names.services, id)));
    parts.extend(filter.organisation.map(|id| name(&names.organisations, id)));
    parts.extend(filter.kinds.iter().map(|kind| kind.words().to_owned()));
    parts.extend(filter.standing.map(|standing| super::schedule::standing_words(standing).to_lowercase()));
    if parts.is_empty() { "Everything".into() } else { format!("Only {}", parts.join(", ")) }
}

/// Makes a feed and shows its address, once.
pub async fn make(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&[&["name"][..], &FILTERS].concat())?;
    let (scope, person, now) = (reader(&visitor)?, visitor.person()?, app.clock.now());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let asked = wanted(&form, &names, now);
    let mut faults: Vec<Fault> = asked.dropped.iter().map(|sentence| Fault::whole("unknown-value", sentence.clone())).collect();
    let name = form.text("name").to_owned();
    if name.is_empty() || name.chars().count() > FEED_NAME_MAX || name.chars().any(char::is_control) {
        faults.push(Fault::of("name", "missing", format!("Give it a name, in {FEED_NAME_MAX} characters at most.")));
    }
    if app.read::<_, Failure>(|tx| accounts::feeds(tx, person.0))?.len() as i64 >= FEEDS_MAX {
        faults.push(Fault::whole("too-many", format!("You have {FEEDS_MAX} subscriptions. Revoke one that nothing reads any more.")));
    }
    if !faults.is_empty() {
        return draw(&app, &visitor, &form, &faults, None);
    }
    let (act, secret) = (app.act(Some(person), now), app.ids.token());
    let feed = Feed { id: app.ids.mint(now), person_id: person.0, name: name.clone(), filter: asked.filter, created_at: now, last_read_at: None };
    app.attempt(move |tx| accounts::make_feed(tx, &act, &feed, &secret.hash()))?;
    let address = |file: &str| app.config.base.link(&format!("/feeds/{}/{file}", secret.to_hex()));
    let new = NewFeed {
        name,
        addresses: vec![
            Link::new("For a calendar", &address("schedule.ics")),
            Link::new("Freezes, as free and busy times", &address("freezes.ics")),
            Link::new("What changed lately, for a news reader", &address("schedule.atom")),
            Link::new("For programs, as JSON", &address("schedule.json")),
        ],
    };
    draw(&app, &visitor, &Form::default(), &[], Some(new))
}

/// Takes one back.
pub async fn revoke(State(app): State<Shared>, visitor: Visitor, Path(feed): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let (person, feed) = (visitor.person()?, super::id(&feed)?);
    let act = app.act(Some(person), app.clock.now());
    // Another's feed is not there (S28).
    app.attempt(move |tx| accounts::revoke_feed(tx, &act, person.0, feed)).map_err(|_| Failure::NotFound)?;
    Ok(done(&app, "/me/feeds", "The subscription is revoked. Its addresses open nothing any more."))
}

/// A feed that was found by its address, and the eyes it is read with.
struct Opened {
    feed: Feed,
    scope: Scope,
    now: Timestamp,
}

/// Finds the feed and its owner as they are now: a role that ended shows nothing more, and of somebody who left there is no
/// feed at all. Each read is counted.
fn open(app: &App, token: &str) -> Result<Opened, Failure> {
    let hash = Token::from_hex(token).ok_or(Failure::NotFound)?.hash();
    let now = app.clock.now();
    let found = app.read::<_, Failure>(|tx| {
        let Some(feed) = accounts::feed(tx, &hash)? else { return Ok(None) };
        let owner = rota::actor_at(tx, feed.person_id, now)?;
        Ok(owner.map(|owner| Opened { scope: Scope::of(&owner.to_core()), feed, now }))
    })?;
    let opened = found.ok_or(Failure::NotFound)?;
    let (id, second) = (opened.feed.id, now.as_second());
    let window = Timestamp::from_second(second - second % HOUR).unwrap_or(now);
    let is_noted = opened.feed.last_read_at.is_some_and(|at| now.duration_since(at) < SignedDuration::from_mins(1));
    let counted = app.write::<_, Failure>(move |tx| {
        if !is_noted {
            accounts::note_feed_read(tx, id, now)?;
        }
        accounts::hit(tx, &format!("feed:{id}"), window, READS_MAX)
    });
    match counted {
        Ok(false) => Err(Failure::TooMany { retry_after_seconds: (HOUR - second % HOUR).unsigned_abs() }),
        Ok(true) => Ok(opened),
        // A schedule may be read while the store can't be written; then the count is lost, and nothing else.
        Err(failure) => {
            tracing::debug!(code = failure.code(), "the reading of a feed was not noted");
            Ok(opened)
        }
    }
}

fn lines(app: &App, opened: &Opened) -> Result<feed::Lines, Failure> {
    let Opened { feed: known, scope, now } = opened;
    app.read::<_, Failure>(|tx| feed::read(tx, scope, &app.config.base, &known.name, &known.filter, feed::span(*now)))
}

/// As a calendar (RFC 5545).
pub async fn calendar(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let opened = open(&app, &token)?;
    Ok(answer(&headers, "text/calendar; charset=utf-8", lines(&app, &opened)?.to_calendar()))
}

/// As news (RFC 4287).
pub async fn news(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let opened = open(&app, &token)?;
    let news = lines(&app, &opened)?.to_news(opened.feed.id, &app.config.team.name, &app.config.base, opened.feed.created_at);
    Ok(answer(&headers, "application/atom+xml; charset=utf-8", news.map_err(|fault| Failure::bug(&fault))?))
}

/// As JSON.
pub async fn data(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let opened = open(&app, &token)?;
    let json = lines(&app, &opened)?.to_json().map_err(|fault| Failure::bug(&fault))?;
    Ok(answer(&headers, "application/json", json))
}

/// The freezes as free and busy times.
pub async fn freezes(State(app): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let opened = open(&app, &token)?;
    let Opened { feed: known, scope, now } = &opened;
    let text = app.read::<_, Failure>(|tx| feed::freezes(tx, scope, known.id, &known.filter, feed::span(*now)))?;
    Ok(answer(&headers, "text/calendar; charset=utf-8", text))
}

/// The file, or that the program has it already (RFC 9110, 13.1.2). It may be kept, but is to be asked for anew each time.
fn answer(headers: &HeaderMap, media: &'static str, text: String) -> Response {
    let tag = format!("\"{}\"", &hex(&Sha256::digest(text.as_bytes()))[..32]);
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    // A proxy that compresses marks our tag as weak; it is the same schedule.
    let is_known = given.map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == tag);
    let kept = [(header::ETAG, tag), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, kept).into_response(),
        false => (kept, [(header::CONTENT_TYPE, media)], text).into_response(),
    }
}
