//! `/status`: what runs, what is planned and what has ended, for everybody; each notice with its updates; the same as Atom
//! and JSON (C128). The pages are the same for whoever asks, carry no cookie, and may be kept for a minute.

pub mod follow;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use signalbox_core::calendar;
use signalbox_core::public::{State as Stands, Update};
use signalbox_core::text::hex;
use signalbox_store::public::{self as store, Notice};
use signalbox_store::queries::Named;

use super::id as number;
use crate::app::{App, Shared};
use crate::feed::{News, NewsFile};
use crate::web::layout::{HelpLine, Place, Shell, menu};
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::ui::{Link, Tag};
use crate::web::visitor::moment;
use crate::words::public as words;

/// How far ahead planned work stands on the page, and how long it stays when it is over.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);
const AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What stands round a page that is the same for everybody: nobody's name, no form.
fn shell(app: &App, title: &str) -> Shell {
    let team = &app.config.team;
    Shell {
        title: title.to_owned(),
        nav: menu(Place::Elsewhere, false, false),
        help: HelpLine { team: team.name.clone(), email: team.email.clone(), phone: team.telephone.clone(), hours: team.hours.clone() },
        made_at: moment(app.clock.now()),
        demo: app.config.is_demo,
        ..Shell::default()
    }
}

/// The notices with their updates, as everybody may read them now.
struct Shown {
    services: Vec<Named>,
    notices: Vec<(Notice, Vec<Update>)>,
}

fn read(app: &App) -> Result<Shown, Failure> {
    let now = app.clock.now();
    app.read(|tx| {
        let services = store::open_services(tx)?;
        let mut notices = vec![];
        for notice in store::shown(tx, now - AFTER, now + AHEAD)? {
            let updates = store::updates(tx, notice.id)?;
            notices.push((notice, updates));
        }
        Ok(Shown { services, notices })
    })
}

impl Shown {
    fn of(&self, states: &[Stands]) -> Vec<&Notice> {
        self.notices.iter().map(|(notice, _)| notice).filter(|notice| states.contains(&notice.standing.state)).collect()
    }

    /// How a service stands: by what runs, then by what is planned.
    fn standing_of(&self, service: &Named) -> (Tag, Option<&Notice>) {
        let find = |state: Stands| self.of(&[state]).into_iter().find(|notice| notice.services.iter().any(|named| named.id == service.id));
        match (find(Stands::Running), find(Stands::Planned)) {
            (Some(notice), _) => (Tag::new("Work in progress", "orange"), Some(notice)),
            (None, Some(notice)) => (Tag::new("Work planned", "blue"), Some(notice)),
            (None, None) => (Tag::new("No work", "green"), None),
        }
    }
}

fn names(named: &[Named]) -> String {
    named.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn table(caption: &str, notices: &[&Notice]) -> Table {
    let zone = calendar::london();
    let row = |notice: &&Notice| {
        let standing = &notice.standing;
        let head = Cell::link(&notice.title, &format!("/status/{}", notice.id)).small(&names(&notice.sites));
        let cells = vec![
            Cell::text(&names(&notice.services)),
            Cell::text(&words::when(standing, &zone)),
            Cell::tag(&words::label(standing.state), words::colour(standing.state)),
        ];
        Row::new(head, cells)
    };
    Table::new(caption, &["Notice", "Services", "When", "State"], notices.iter().map(row).collect())
}

/// The page of all notices.
pub async fn show(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    let shown = read(&app)?;
    let running = shown.of(&[Stands::Running]);
    let planned = shown.of(&[Stands::Planned, Stands::Undecided]);
    let over = shown.of(&[Stands::Restored, Stands::Cancelled]);
    let lede = match running.len() {
        0 => "No work that you were told of is in progress.".to_owned(),
        1 => "1 piece of work is in progress.".to_owned(),
        n => format!("{n} pieces of work are in progress."),
    };
    let services = shown.services.iter().map(|service| {
        let (tag, notice) = shown.standing_of(service);
        let about = notice.map_or(Cell::text(""), |notice| Cell::link(&notice.title, &format!("/status/{}", notice.id)));
        Row::new(Cell::text(&service.name), vec![Cell::tag(&tag.label, tag.colour), about])
    });
    let services = Table::new("Services", &["Service", "State", "Notice"], services.collect());
    let view = ListPage {
        shell: shell(&app, "Status of services"),
        lede: format!("{lede} This page tells of planned work; it does not measure the services."),
        actions: vec![
            Link::new("Get it by mail", "/status/subscribe"),
            Link::new("News feed", "/status.atom"),
            Link::new("For programs", "/status.json"),
            Link::new("This site itself", "/status/site"),
        ],
        sections: vec![
            Section::new("running", "In progress now").table(table("In progress", &running), "Nothing is in progress."),
            Section::new("planned", "Planned in the next 14 days").table(table("Planned", &planned), "Nothing is planned."),
            Section::new("services", "By service").table(services, "No service tells the public of its work yet."),
            Section::new("over", "Over in the last 7 days").table(table("Over", &over), "Nothing has ended."),
        ],
        ..ListPage::default()
    };
    kept(&headers, "text/html; charset=utf-8", view.render().map_err(|fault| Failure::bug(&fault))?)
}

/// One notice with its updates, the latest first.
pub async fn one(State(app): State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let (id, zone) = (number(&id)?, calendar::london());
    let found = app.read::<_, Failure>(|tx| Ok(store::by_id(tx, id)?.zip(Some(store::updates(tx, id)?))))?;
    let (notice, updates) = found.ok_or(Failure::NotFound)?;
    let standing = &notice.standing;
    let mut facts = vec![
        Fact::new("State", "").tag(&words::label(standing.state), words::colour(standing.state)),
        Fact::new("When", &words::when(standing, &zone)),
        Fact::new("Services", &names(&notice.services)),
    ];
    if !notice.sites.is_empty() {
        facts.push(Fact::new("Where", &names(&notice.sites)));
    }
    let row = |update: &Update| {
        let at = signalbox_core::calendar::local::moment_words(update.at, &zone);
        Row::new(Cell::text(&at), vec![Cell::text(&words::kind(update.kind)), Cell::text(&words::update(update, &zone))])
    };
    let rows = updates.iter().rev().map(row).collect();
    let mut shell = shell(&app, &notice.title);
    shell.crumbs = vec![("Status of services".into(), "/status".into())];
    let view = ListPage {
        shell,
        lede: updates.last().map(|update| words::update(update, &zone)).unwrap_or_default(),
        actions: vec![Link::new("Get it by mail", "/status/subscribe")],
        sections: vec![
            Section::new("notice", "What you will notice").words(&notice.words).facts(facts),
            Section::new("updates", "Updates").table(Table::new("Updates", &["When", "What", "In words"], rows), ""),
        ],
        ..ListPage::default()
    };
    kept(&headers, "text/html; charset=utf-8", view.render().map_err(|fault| Failure::bug(&fault))?)
}

/// A service as programs read it.
#[derive(Serialize)]
struct ServiceLine<'d> {
    code: &'d str,
    name: &'d str,
    state: &'static str,
}

/// A notice as programs read it.
#[derive(Serialize)]
struct NoticeLine<'d> {
    id: String,
    title: &'d str,
    words: &'d str,
    state: &'static str,
    start: Timestamp,
    end: Timestamp,
    services: Vec<&'d str>,
    sites: Vec<&'d str>,
    url: String,
    updates: Vec<UpdateLine>,
}

/// One of its updates.
#[derive(Serialize)]
struct UpdateLine {
    kind: &'static str,
    at: Timestamp,
    start: Timestamp,
    end: Timestamp,
    words: String,
}

#[derive(Serialize)]
struct Whole<'d> {
    services: Vec<ServiceLine<'d>>,
    notices: Vec<NoticeLine<'d>>,
}

/// The same as JSON.
pub async fn data(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    let (shown, zone) = (read(&app)?, calendar::london());
    let state = |service: &Named| shown.standing_of(service).1.map_or("no_work", |notice| notice.standing.state.code());
    let update = |update: &Update| UpdateLine {
        kind: update.kind.code(),
        at: update.at,
        start: update.standing.start,
        end: update.standing.end,
        words: words::update(update, &zone),
    };
    let whole = Whole {
        services: shown.services.iter().map(|one| ServiceLine { code: &one.code, name: &one.name, state: state(one) }).collect(),
        notices: shown
            .notices
            .iter()
            .map(|(notice, updates)| NoticeLine {
                id: notice.id.to_string(),
                title: &notice.title,
                words: &notice.words,
                state: notice.standing.state.code(),
                start: notice.standing.start,
                end: notice.standing.end,
                services: notice.services.iter().map(|one| one.code.as_str()).collect(),
                sites: notice.sites.iter().map(|one| one.name.as_str()).collect(),
                url: app.config.base.link(&format!("/status/{}", notice.id)),
                updates: updates.iter().map(update).collect(),
            })
            .collect(),
    };
    kept(&headers, "application/json", serde_json::to_string_pretty(&whole).map_err(|fault| Failure::bug(&fault))?)
}

/// The same as news: an entry for each update, the latest first (Atom, RFC 4287).
pub async fn news(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    let (shown, zone) = (read(&app)?, calendar::london());
    let mut entries: Vec<(&Notice, usize, &Update)> =
        shown.notices.iter().flat_map(|(notice, updates)| updates.iter().enumerate().map(move |(n, update)| (notice, n, update))).collect();
    entries.sort_by_key(|(notice, n, update)| std::cmp::Reverse((update.at, notice.id, *n)));
    entries.truncate(50);
    let told = |(notice, n, update): &(&Notice, usize, &Update)| News {
        id: format!("urn:signalbox:notice:{}:{n}", notice.id),
        title: format!("{}: {}", words::kind(update.kind), notice.title),
        updated: update.at.to_string(),
        href: app.config.base.link(&format!("/status/{}", notice.id)),
        kind: Some((update.kind.code().to_owned(), words::kind(update.kind))),
        words: format!("{}\n{}", words::update(update, &zone), notice.words),
    };
    // With nothing to tell the feed is as old as the site's first day.
    let updated = entries.first().map_or(Timestamp::UNIX_EPOCH, |(.., update)| update.at).to_string();
    let file = NewsFile {
        id: "urn:signalbox:notices".into(),
        name: "Status of services".into(),
        author: app.config.team.name.clone(),
        home: app.config.base.link("/status"),
        updated,
        news: entries.iter().map(told).collect(),
    };
    kept(&headers, "application/atom+xml; charset=utf-8", file.render().map_err(|fault| Failure::bug(&fault))?)
}

/// An answer that caches may keep for a minute, or that whoever asks has it already (RFC 9110, 13.1.2).
fn kept(headers: &HeaderMap, media: &'static str, text: String) -> Result<Response, Failure> {
    let tag = format!("\"{}\"", &hex(&Sha256::digest(text.as_bytes()))[..32]);
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let is_known = given.map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == tag);
    let kept = [(header::ETAG, tag), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    Ok(match is_known {
        true => (StatusCode::NOT_MODIFIED, kept).into_response(),
        false => (kept, [(header::CONTENT_TYPE, media)], text).into_response(),
    })
}
