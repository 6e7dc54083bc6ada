//! The forward schedule as programs read it (C078): the same lines as a calendar, as news of what changed, and as JSON.
//!
//! A line is made of what the store gives to a [`Scope`] and of nothing else. It carries no time of reading, so that the same
//! schedule is the same file and a program that has it is told so.

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Stage;
use signalbox_store::queries::schedule::{self as store, Asked, Entry, ScheduleFilter, SchedulePage, Standing};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};

use crate::config::BaseUrl;
use crate::ical::{Busy, Calendar, Event, Status};
use crate::web::handlers::entries::{self, begins, days_on};
use crate::words::sentence_case;

/// How far back a feed reaches: as long as what was cancelled stays to be seen (scenario 22).
const BACK_DAYS: i64 = 14;
/// How far ahead.
const AHEAD_DAYS: i64 = 366;
/// The most entries of a feed: about a megabyte. Whoever needs more narrows it.
pub const ENTRIES_MAX: i64 = 1_000;
/// How many of the latest changes the news hold.
const NEWS_MAX: usize = 50;

/// An entry of the schedule as it goes out. Of restricted work only the times and the status are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The same for as long as the entry is told of.
    pub uid: String,
    /// Rises with every change of what is shown.
    pub sequence: i64,
    /// `TENTATIVE`, `CONFIRMED` or `CANCELLED`.
    pub status: &'static str,
    pub start: Timestamp,
    pub end: Timestamp,
    pub title: String,
    /// When what is shown last changed.
    pub changed_at: Timestamp,
    pub detail: Option<LineDetail>,
    #[serde(skip)]
    id: i64,
    #[serde(skip)]
    firm: Status,
}

/// What work is about that may be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineDetail {
    pub reference: String,
    pub kind: &'static str,
    pub state: String,
    pub contingency_end: Timestamp,
    pub organisation: String,
    pub services: Vec<String>,
    pub sites: Vec<String>,
    /// The page of the change, for those who may open it.
    pub url: Option<String>,
    #[serde(skip)]
    words: String,
    #[serde(skip)]
    place: String,
    #[serde(skip)]
    kind_words: String,
}

/// What a feed holds.
#[derive(Clone, Debug, Serialize)]
pub struct Lines {
    pub name: String,
    /// False where it was cut at [`ENTRIES_MAX`].
    pub is_whole: bool,
    pub entries: Vec<Line>,
}

/// Tentative until it is scheduled (spec 10.3).
fn status(entry: &Entry) -> Status {
    match entry.standing {
        Standing::Cancelled => Status::Cancelled,
        Standing::Tentative => Status::Tentative,
        Standing::Firm if entry.stage == Stage::Approved => Status::Tentative,
        Standing::Firm | Standing::Live | Standing::Done => Status::Confirmed,
    }
}

fn line(tx: &mut dyn Tx, base: &BaseUrl, entry: &Entry) -> Result<Option<Line>, StoreError> {
    let (sequence, changed_at) = match &entry.detail {
        Some(detail) => (detail.version, detail.updated_at),
        None => match store::outline(tx, entry.id)? {
            Some(outline) => (outline.version, outline.at),
            None => return Ok(None),
        },
    };
    let status = status(entry);
    Ok(Some(Line {
        uid: format!("change-{}@signalbox", entry.id),
        sequence,
        status: status.word(),
        start: entry.window.start,
        end: entry.ends(),
        title: entries::title(entry),
        changed_at,
        detail: detail(entry, base),
        id: entry.id,
        firm: status,
    }))
}

fn detail(entry: &Entry, base: &BaseUrl) -> Option<LineDetail> {
    let detail = entry.detail.as_ref()?;
    let kind_words = sentence_case(detail.kind.words());
    let mut words = vec![format!("{}: {kind_words}. {}.", detail.reference, entry.stage.words())];
    for (label, named) in [("Services", &detail.services), ("Also affected", &detail.dependants), ("Sites", &detail.sites)] {
        if !named.is_empty() {
            words.push(format!("{label}: {}", entries::names(named)));
        }
    }
    words.push(format!("Raised by: {}", detail.org.name));
    if entry.window.contingency_end > entry.ends() {
        words.push(format!("If it goes wrong, until: {}", local::moment_words(entry.window.contingency_end, &calendar::london())));
    }
    let codes = |named: &[signalbox_store::queries::Named]| named.iter().map(|one| one.code.clone()).collect();
    Some(LineDetail {
        reference: detail.reference.clone(),
        kind: detail.kind.code(),
        state: entry.stage.code().to_lowercase(),
        contingency_end: entry.window.contingency_end,
        organisation: detail.org.code.clone(),
        services: codes(&detail.services),
        sites: codes(&detail.sites),
        url: detail.party.then(|| base.link(&entries::href(entry))),
        words: words.join("\n"),
        place: entries::place(entry),
        kind_words,
    })
}

/// The span that feeds cover, from midnight, so that it moves once a day.
pub fn span(now: Timestamp) -> Asked {
    let zone = calendar::london();
    let today = local::wall(now, &zone).date();
    Asked { from: begins(days_on(today, -BACK_DAYS), &zone), until: begins(days_on(today, AHEAD_DAYS), &zone), now }
}

/// Reads what a feed shows to this reader now.
///
/// # Errors
/// The store's.
pub fn read(tx: &mut dyn Tx, scope: &Scope, base: &BaseUrl, name: &str, filter: &ScheduleFilter, asked: Asked) -> Result<Lines, StoreError> {
    let page = store::schedule(tx, scope, asked, filter, None, ENTRIES_MAX)?;
    Lines::of(tx, base, name, &page)
}

impl Lines {
    /// The lines of what was read of the schedule.
    ///
    /// # Errors
    /// The store's.
    pub fn of(tx: &mut dyn Tx, base: &BaseUrl, name: &str, page: &SchedulePage) -> Result<Lines, StoreError> {
        let mut lines = Lines { name: name.to_owned(), is_whole: page.next.is_none(), entries: vec![] };
        for entry in &page.entries {
            lines.entries.extend(line(tx, base, entry)?);
        }
        Ok(lines)
    }

    /// As a calendar.
    pub fn to_calendar(&self) -> String {
        let mut calendar = Calendar::subscribed(&self.name);
        if !self.is_whole {
            calendar.describe(&format!("The first {ENTRIES_MAX} entries only. Narrow the feed to see the rest."));
        }
        for line in &self.entries {
            let detail = line.detail.as_ref();
            let of = |part: fn(&LineDetail) -> &String| detail.map(part).cloned().unwrap_or_default();
            calendar.event(&Event {
                uid: line.uid.clone(),
                sequence: line.sequence,
                changed_at: line.changed_at,
                start: line.start,
                end: line.end,
                status: line.firm,
                summary: line.title.clone(),
                description: of(|d| &d.words),
                location: of(|d| &d.place),
                url: detail.and_then(|d| d.url.clone()).unwrap_or_default(),
                category: of(|d| &d.kind_words),
                // Work on a service takes nobody's own time.
                takes_time: false,
            });
        }
        calendar.finish()
    }

    /// As news: what changed lately, the latest first (Atom, RFC 4287).
    ///
    /// # Errors
    /// The template's.
    pub fn to_news(&self, id: i64, author: &str, base: &BaseUrl, made_at: Timestamp) -> Result<String, askama::Error> {
        let zone = calendar::london();
        let mut latest: Vec<&Line> = self.entries.iter().collect();
        latest.sort_by_key(|line| std::cmp::Reverse((line.changed_at, line.id)));
        latest.truncate(NEWS_MAX);
        let told = |line: &&Line| {
            let when = format!("{}.", local::describe_window(line.start, line.end, &zone).sentence());
            let detail = line.detail.as_ref();
            News {
                id: format!("urn:signalbox:change:{}", line.id),
                title: line.title.clone(),
                updated: line.changed_at.to_string(),
                href: detail.and_then(|d| d.url.clone()).unwrap_or_default(),
                kind: detail.map(|d| (d.kind.to_owned(), d.kind_words.clone())),
                words: detail.map_or_else(|| when.clone(), |d| format!("{when}\n{}", d.words)),
            }
        };
        let updated = latest.first().map_or(made_at, |line| line.changed_at).to_string();
        let news = latest.iter().map(told).collect();
        NewsFile { id: format!("urn:signalbox:feed:{id}"), name: self.name.clone(), author: author.to_owned(), home: base.link("/schedule"), updated, news }
            .render()
    }

    /// As JSON.
    ///
    /// # Errors
    /// None that plain values could have.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

/// One of the news.
pub(crate) struct News {
    pub id: String,
    pub title: String,
    pub updated: String,
    pub href: String,
    /// The code of the kind, and its words.
    pub kind: Option<(String, String)>,
    pub words: String,
}

/// News as a file of their own.
#[derive(Template)]
#[template(path = "feed.xml", escape = "html")]
pub(crate) struct NewsFile {
    pub id: String,
    pub name: String,
    pub author: String,
    pub home: String,
    pub updated: String,
    pub news: Vec<News>,
}

/// The freezes of a feed's span as free and busy times: firm where nothing may change, tentative where it needs leave. One
/// that was declared for another site, service or organisation than the feed is about is left out.
///
/// # Errors
/// The store's.
pub fn freezes(tx: &mut dyn Tx, scope: &Scope, id: i64, filter: &ScheduleFilter, asked: Asked) -> Result<String, StoreError> {
    use signalbox_core::schedule::{Extent, Node};
    let is_other = |wanted: Option<i64>, id: i64| wanted.is_some_and(|wanted| wanted != id);
    let mut found = store::freezes(tx, scope, asked)?;
    found.retain(|freeze| match freeze.extent {
        Extent::Site(id) => !is_other(filter.site, id.0),
        Extent::Node(Node::Service(id)) => !is_other(filter.service, id.0),
        Extent::Organisation(id) => !is_other(filter.organisation, id.0),
        Extent::Everything | Extent::Node(Node::Item(_)) => true,
    });
    found.sort_by_key(|freeze| (freeze.span.from, freeze.id));
    let busy: Vec<Busy> = found.iter().map(|freeze| Busy { from: freeze.span.from, until: freeze.span.until, is_firm: freeze.is_hard }).collect();
    // A lifted freeze leaves no time behind, and one that recurs was declared long ago; the midnight from which the file
    // tells stands for them all.
    let changed_at = asked.from;
    let mut calendar = Calendar::subscribed("Freezes");
    calendar.free_busy(&format!("freezes-{id}@signalbox"), changed_at, (asked.from, asked.until), &busy);
    Ok(calendar.finish())
}
