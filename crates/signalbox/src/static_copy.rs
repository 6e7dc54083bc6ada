//! The forward schedule for the hour in which this program is down (C228): a folder of plain files that a web server, a
//! shared drive or a browser shows by itself, written anew every few minutes and signed with the key of the site.
//!
//! It holds what the Service Management group reads of open changes, and nothing of the others: a folder is passed on, and
//! nobody asks who opens it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use signalbox_core::calendar::{self, local};
use signalbox_core::text::hex;
use signalbox_store::queries::clashes;
use signalbox_store::queries::schedule::{self as store, Asked, Entry, ScheduleFilter};
use signalbox_store::scope::Scope;

use crate::app::App;
use crate::feed::Lines;
use crate::sign::{self, Unsound};
use crate::web::csv;
use crate::web::handlers::entries::{self, begins, days_on};
use crate::web::handlers::schedule::{HEADS, cells, last_published};
use crate::web::pages::record::FilePage;
use crate::web::parts::{Fact, Section};
use crate::web::problem::Failure;
use crate::words::{counted, sentence_case};

/// How often it is written.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// How far ahead it reaches: the eight weeks of R-1.
const AHEAD_DAYS: i64 = 56;
/// More than eight weeks ever hold.
const ENTRIES_MAX: i64 = 2_000;
/// The list of the other files with their hashes, signed.
const SIGNATURE: &str = "signature.txt";

/// The files of one moment, the signature last.
pub struct Copy {
    files: Vec<(&'static str, String)>,
}

/// Makes the files as the schedule stands now.
///
/// # Errors
/// The store's.
pub fn make(app: &App) -> Result<Copy, Failure> {
    let (now, zone, scope) = (app.clock.now(), calendar::london(), Scope::of_the_group());
    let today = local::wall(now, &zone).date();
    let asked = Asked { from: begins(today, &zone), until: begins(days_on(today, AHEAD_DAYS + 1), &zone), now };
    let (found, rows, lines) = app.read::<_, Failure>(|tx| {
        let mut found = store::schedule(tx, &scope, asked, &ScheduleFilter::default(), None, ENTRIES_MAX)?;
        // What is not open leaves not even its times.
        found.entries.retain(|entry| entry.detail.is_some());
        let clashing: Vec<i64> = clashes::on_schedule(tx, &app.schedule, now, &scope, asked.from, asked.until)?.iter().map(|clash| clash.change).collect();
        let published = last_published(now, &zone);
        let mut rows = csv::line(HEADS);
        for entry in &found.entries {
            let beside = store::beside(tx, entry, published)?;
            rows.push_str(&csv::line(&cells(entry, clashing.contains(&entry.id), beside.as_ref(), now, &zone)));
        }
        let lines = Lines::of(tx, &app.config.base, "Forward schedule (copy)", &found)?;
        Ok((found.entries, rows, lines))
    })?;
    let page = page(app, &found, now).render().map_err(|fault| Failure::bug(&fault))?;
    let mut files = vec![("index.html", page), ("schedule.ics", lines.to_calendar()), ("schedule.csv", rows)];
    let mut list = format!("Forward schedule of {} at {now}\n", app.config.base);
    for (name, text) in &files {
        list.push_str(&format!("{}  {name}\n", hash(text.as_bytes())));
    }
    files.push((SIGNATURE, sign::sign(app, &list)?));
    Ok(Copy { files })
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn page(app: &App, found: &[Entry], now: Timestamp) -> FilePage {
    let (zone, team) = (calendar::london(), &app.config.team);
    let stood = local::moment_words(now, &zone);
    let reach = [team.telephone.as_str(), &team.email].into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(" or ");
    let about = Section::new("about", "About this copy")
        .words(&format!("A new copy is written every {} minutes. If it is later than that by your clock, no newer one could be written.", EVERY.as_mins()))
        .words(&format!("It holds the open work of the next {} weeks. Restricted work is not in it.", AHEAD_DAYS / 7))
        .words(&format!("The whole schedule: {}", app.config.base.link("/schedule")))
        .words(&format!("Questions: {}, {reach}.", team.name));
    let mut days: Vec<Section> = vec![];
    for entry in found {
        let day = local::wall(entry.window.start, &zone).date();
        let id = format!("d{day}");
        if days.last().is_none_or(|last| last.id != id) {
            days.push(Section::new(&id, &local::date_words(day)));
        }
        if let Some(section) = days.last_mut() {
            section.facts.push(fact(entry, &zone));
        }
    }
    FilePage {
        title: "Forward schedule of change".into(),
        lede: format!("As it stood on {stood}: {}.", if found.is_empty() { "nothing is planned".into() } else { counted(found.len() as i64, "change") }),
        sections: std::iter::once(about).chain(days).collect(),
        data: String::new(),
    }
}

fn fact(entry: &Entry, zone: &jiff::tz::TimeZone) -> Fact {
    let window = local::describe_window(entry.window.start, entry.ends(), zone);
    let mut lines = vec![entries::title(entry)];
    if let Some(detail) = &entry.detail {
        lines.push(format!("{}, {}", detail.reference, detail.kind.words()));
        for (label, named) in [("Services", &detail.services), ("Sites", &detail.sites)] {
            if !named.is_empty() {
                lines.push(format!("{label}: {}", entries::names(named)));
            }
        }
        lines.push(format!("Raised by: {}", detail.org.name));
    }
    Fact::new(&sentence_case(&window.line()), &lines.join("\n")).tag(entry.stage.words(), "grey")
}

impl Copy {
    /// Writes the files, each whole or not at all: beside its place first, then into it. The signature comes last, so that
    /// for the moment between two copies a check fails rather than passes.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (name, text) in &self.files {
            let beside = folder.join(format!(".{name}.new"));
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            // It is there to be read after a power cut too.
            file.sync_all()?;
            fs::rename(&beside, folder.join(name))?;
        }
        File::open(folder)?.sync_all()
    }
}

/// Writes a new copy to the folder that the operator named, if there is one.
///
/// # Errors
/// The store's, or the folder's in words.
pub fn refresh(app: &App) -> Result<(), Failure> {
    let Some(folder) = &app.config.static_copy else { return Ok(()) };
    make(app)?.write(folder).map_err(|fault| Failure::bug(&format_args!("the copy of the schedule in {}: {fault}", folder.display())))
}

/// A copy that is as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Whose schedule, and of when.
    pub title: String,
    /// The key that signed it.
    pub key: String,
}

/// What is wrong with a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A file is missing or can't be read: its name, and why.
    Unreadable(String, String),
    /// The list of files is not what was signed.
    Signature(Unsound),
    /// A file is not what the list says.
    Altered(String),
}

/// Checks a copy by its signature, without the site or its database.
///
/// # Errors
/// [`Fault`], the first that is found.
pub fn verify(folder: &Path, expected: Option<&str>) -> Result<Sound, Fault> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|fault| Fault::Unreadable(name.to_owned(), fault.to_string()));
    let list = read(SIGNATURE)?;
    let key = sign::verify(&list, expected).map_err(Fault::Signature)?;
    let list = String::from_utf8_lossy(&list).into_owned();
    let mut lines = list.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    for (wanted, name) in lines.filter_map(|line| line.split_once("  ")) {
        if name.contains(['/', '\\']) || hash(&read(name)?) != wanted {
            return Err(Fault::Altered(name.to_owned()));
        }
    }
    Ok(Sound { title, key })
}
