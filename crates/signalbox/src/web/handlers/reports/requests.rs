//! which requests may be asked for, how each has gone, and what might become one (spec 4.5, X13, C107, C110).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Role;
use signalbox_core::calendar;
use signalbox_core::catalogue::{self, Tally};
use signalbox_core::change::Kind;
use signalbox_core::facts::UseFact;
use signalbox_core::ids::ChangeId;
use signalbox_core::learn::Grade;
use signalbox_core::process::{CatalogueEntry, Process};
use signalbox_core::report::SMALL;
use signalbox_store::directory::{self, Look};
use signalbox_store::queries::entries::{self as store, Suspension, Use};
use signalbox_store::scope::Scope;

use crate::app::{App, Shared};
use crate::web::csv;
use crate::web::form::Form;
use crate::web::handlers::schedule::reader;
use crate::web::layout::{Place, Shell};
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{self, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words::sentence_case;

pub mod propose;

const PATH: &str = "/reports/requests";
/// How far back the months of an entry go, and what is looked at for proposals.
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
const WORDS_MAX: usize = 2_000;

/// Everything that the pages are drawn from.
struct Health {
    process: Arc<Process>,
    uses: Vec<Use>,
    suspended: BTreeMap<String, Suspension>,
    looks: Vec<Look>,
    now: Timestamp,
}

impl Health {
    fn read(app: &App, scope: &Scope) -> Result<Health, Failure> {
        let process = app.documents.of_kind(Kind::ServiceRequest).ok_or(Failure::NotFound)?;
        let now = app.clock.now();
        app.read::<_, Failure>(|tx| {
            let uses = store::uses(tx, scope, now.saturating_sub(YEAR).unwrap_or(now))?;
            Ok(Health { process, uses, suspended: store::suspensions(tx)?, looks: directory::looks(tx)?, now })
        })
    }

    fn of<'h>(&'h self, entry: &'h str) -> impl Iterator<Item = &'h Use> {
        self.uses.iter().filter(move |one| one.entry == entry)
    }

    fn looks_at<'h>(&'h self, entry: &'h str) -> impl Iterator<Item = &'h Look> {
        self.looks.iter().filter(move |look| look.entry == entry)
    }

    /// The last 90 days, as the rule counts them, of what the reader may see.
    fn tally(&self, entry: &str) -> Tally {
        let facts: Vec<UseFact> = self.of(entry).map(fact).collect();
        catalogue::tally(&facts, self.looks_at(entry).map(|look| look.at).max(), self.now)
    }

    fn state(&self, entry: &CatalogueEntry) -> (&'static str, &'static str) {
        let today = calendar::local_date(self.now, &calendar::london());
        if self.suspended.contains_key(&entry.id) {
            ("Suspended", "red")
        } else if entry.expires.parse::<Date>().is_ok_and(|last| today > last) {
            ("Out of date", "yellow")
        } else {
            ("In use", "green")
        }
    }

    fn sentence(&self) -> String {
        let n = self.process.catalogue.len();
        let entries = if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") };
        match self.process.catalogue.iter().filter(|entry| self.state(entry).0 == "Suspended").count() {
            0 => format!("{entries} in the catalogue, none suspended."),
            suspended => format!("{entries} in the catalogue, {suspended} suspended until somebody looks at {}.", if suspended == 1 { "it" } else { "them" }),
        }
    }

    fn entry(&self, id: &str) -> Result<&CatalogueEntry, Failure> {
        self.process.catalogue.iter().find(|entry| entry.id == id).ok_or(Failure::NotFound)
    }
}

fn fact(one: &Use) -> UseFact {
    let harm = one.worst.is_some_and(|grade| grade >= Grade::Serious);
    UseFact {
        change: ChangeId(one.id),
        sent_at: one.sent_at,
        called_off: catalogue::is_called_off(one.stage),
        ended: one.outcome.zip(one.ended_at),
        // The report does not read when an incident was linked; the end of the work is near enough for a count.
        harm_at: one.ended_at.filter(|_| harm),
    }
}

/// "7 of 8 went well", "none yet".
fn went_well(tally: Tally) -> String {
    if tally.uses == 0 { "none ended yet".to_owned() } else { format!("{} of {} went well", tally.uses - tally.failures, tally.uses) }
}

/// "below 7.2 %"; of fewer than ten nothing is said in percent (spec 12).
fn bound(failures: i64, uses: i64) -> String {
    if uses < SMALL as i64 {
        return String::new();
    }
    format!("below {:.1} %", catalogue::highest_rate(failures.unsigned_abs(), uses.unsigned_abs()) * 100.0)
}

/// A change, with the way to its page for those who may open it.
fn change_cell(reference: &str, party: bool) -> Cell {
    if party { Cell::link(reference, &format!("/changes/{reference}")) } else { Cell::text(reference) }
}

fn shell(app: &App, visitor: &Visitor, title: &str, deeper: bool) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    if deeper {
        shell.crumbs.push(("Request models".into(), PATH.into()));
    }
    shell
}

/// How many there are and how many of them cannot be asked for, in a sentence.
pub fn sentence(app: &App, scope: &Scope) -> Result<String, Failure> {
    Ok(Health::read(app, scope)?.sentence())
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let scope = reader(&visitor)?;
    let health = Health::read(&app, &scope)?;
    let sections = vec![entries(&health), propose::section(&app, &visitor, &scope)?];
    Ok(page(&ListPage {
        shell: shell(&app, &visitor, "Request models", false),
        lede: format!("{} Counted are uses that you may see, of the last {} days.", health.sentence(), catalogue::DAYS),
        actions: vec![Link::new("CSV", &format!("{PATH}.csv")), Link::new("How an entry is suspended", "/process/service-request")],
        sections,
        ..ListPage::default()
    }))
}

fn entries(health: &Health) -> Section {
    let row = |entry: &CatalogueEntry| {
        let tally = health.tally(&entry.id);
        let (state, colour) = health.state(entry);
        let why = health.suspended.get(&entry.id).map(|one| one.because.as_str()).unwrap_or_default();
        let facts: Vec<UseFact> = health.of(&entry.id).map(fact).collect();
        let limit = entry.cap.map_or_else(|| "no limit".to_owned(), |cap| format!("{} of {cap}", cap.used(facts.iter(), health.now, &calendar::london())));
        Row::new(
            Cell::link(&entry.title, &format!("{PATH}/{}", entry.id)),
            vec![
                Cell::tag(state, colour).small(why),
                Cell::text(&went_well(tally)),
                Cell::text(&bound(tally.failures, tally.uses)),
                Cell::text(&limit),
                Cell::text(&entry.expires),
                Cell::text(&entry.owner),
            ],
        )
    };
    let heads = ["Request", "State", "Went well", "Failure rate", "Used up", "Agreed until", "Owner"];
    Section::new("entries", "The catalogue")
        .table(Table::new("Requests and how they have gone", &heads, health.process.catalogue.iter().map(row).collect()), "The catalogue is empty.")
}

/// One entry: its uses, month by month and one by one.
pub async fn entry(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let health = Health::read(&app, &reader(&visitor)?)?;
    let entry = health.entry(&id)?;
    let mut actions = vec![];
    if health.suspended.contains_key(&id) && visitor.holds(Role::AuthorityManager) {
        actions.push(Link::new("Look at it again", &format!("{PATH}/{id}/look")));
    }
    let tally = health.tally(&id);
    Ok(page(&ListPage {
        shell: shell(&app, &visitor, &entry.title, true),
        lede: format!("Last {} days: {}. Counted is what you may see.", catalogue::DAYS, went_well(tally)),
        actions,
        sections: vec![about(&health, entry, tally), months(&health, &id), uses(&health, &id), looked(&app, &health, &id)?],
        ..ListPage::default()
    }))
}

fn about(health: &Health, entry: &CatalogueEntry, tally: Tally) -> Section {
    let (state, colour) = health.state(entry);
    let why = health.suspended.get(&entry.id).map(|one| format!("Since {}: {}.", moment(one.since), one.because)).unwrap_or_default();
    let mut facts = vec![
        Fact::new("State", &why).tag(state, colour),
        Fact::new("True rate of failure", &format!("{} with 95 % confidence", bound(tally.failures, tally.uses))),
        Fact::new("Agreed by", &entry.authorised_by),
        Fact::new("Agreed until", &entry.expires),
    ];
    facts.retain(|fact| fact.label != "True rate of failure" || tally.uses >= SMALL as i64);
    let said = [("Owner", &entry.owner), ("Clinical statement", &entry.screened_by)];
    facts.extend(said.iter().filter(|(_, words)| !words.is_empty()).map(|(label, words)| Fact::new(label, words)));
    facts.extend(entry.cap.map(|cap| Fact::new("At most", &cap.to_string())));
    facts.extend(entry.done_within.map(|within| Fact::new("Usually done within", &within.to_string())));
    Section::new("about", "What it is").words(&entry.description).facts(facts)
}

/// The trend (C110).
fn months(health: &Health, id: &str) -> Section {
    let mut months: BTreeMap<Date, Tally> = BTreeMap::new();
    for one in health.of(id) {
        let Some((outcome, at)) = one.outcome.zip(one.ended_at).filter(|(outcome, _)| outcome.is_attempted()) else { continue };
        let month = months.entry(calendar::local_date(at, &calendar::london()).first_of_month()).or_default();
        month.uses += 1;
        month.failures += i64::from(catalogue::is_failure(outcome));
        month.harm += i64::from(one.worst.is_some_and(|grade| grade >= Grade::Serious));
    }
    let row = |(month, tally): (&Date, &Tally)| {
        let cells = [tally.uses, tally.failures, tally.harm].map(|n| Cell::text(&n.to_string()));
        Row::new(Cell::text(&month.strftime("%B %Y").to_string()), cells.to_vec())
    };
    let heads = ["Month", "Ended", "Failed", "Serious or clinical incident"];
    Section::new("months", "Month by month")
        .table(Table::new("Uses of the last year by the month in which they ended", &heads, months.iter().map(row).collect()), "None ended in the last year.")
}

fn uses(health: &Health, id: &str) -> Section {
    let row = |one: &Use| {
        let outcome = one.outcome.map_or_else(|| Cell::text(one.stage.words()), |outcome| Cell::text(&sentence_case(outcome.words())));
        let outcome = if one.suspended_at.is_some() { outcome.small("suspended the entry") } else { outcome };
        Row::new(
            change_cell(&one.reference, one.party).small(&one.title),
            vec![
                Cell::text(&one.org.name),
                Cell::text(&moment(one.sent_at)),
                outcome,
                Cell::text(&one.worst.map_or(String::new(), |grade| grade.words().to_owned())),
            ],
        )
    };
    let heads = ["Request", "Asked by", "Sent", "Outcome", "Worst incident"];
    Section::new("uses", "Each use")
        .table(Table::new("Uses of the last year, latest first", &heads, health.of(id).map(row).collect()), "Nobody has asked for it in the last year.")
}

fn looked(app: &App, health: &Health, id: &str) -> Result<Section, Failure> {
    let people: Vec<i64> = health.looks_at(id).filter_map(|look| look.by).collect();
    let names = app.read::<_, Failure>(|tx| signalbox_store::accounts::names(tx, &people))?;
    let row = |look: &Look| {
        let by = look.by.and_then(|by| names.get(&by)).cloned().unwrap_or_default();
        Row::new(Cell::text(&moment(look.at)), vec![Cell::text(&by), Cell::text(&look.words)])
    };
    let mut rows: Vec<Row> = health.looks_at(id).map(row).collect();
    rows.reverse();
    Ok(Section::new("looks", "Looked at again")
        .table(Table::new("Each time it was let go again", &["When", "By", "What was found"], rows), "Never: it was not suspended."))
}

/// A suspended entry and the person who may let it be asked for again.
fn to_look_at(app: &App, visitor: &Visitor, id: &str) -> Result<Health, Failure> {
    let health = Health::read(app, &reader(visitor)?)?;
    health.entry(id)?;
    if !visitor.holds(Role::AuthorityManager) {
        return Err(Failure::NotFound);
    }
    Ok(health)
}

fn look_page(app: &App, visitor: &Visitor, health: &Health, id: &str, typed: &str, fault: Option<Fault>) -> Result<Response, Failure> {
    let entry = health.entry(id)?;
    let Some(suspension) = health.suspended.get(id) else {
        return Ok(done(app, &format!("{PATH}/{id}"), "It is not suspended any more."));
    };
    let field = Field::textarea("words", "What was found, and what was put right?", typed).rows(4);
    let field = field.hint("Everybody who may ask for it can read this.").error(fault.as_ref().map(|fault| fault.detail.clone()));
    let form = parts::Form::new(&format!("{PATH}/{id}/look"), "Let it be asked for again", vec![field]).key(&app.ids.token().to_hex());
    let mut shell = shell(app, visitor, "Look at it again", true);
    shell.crumbs.push((entry.title.clone(), format!("{PATH}/{id}")));
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page_with(
        status,
        &FormPage {
            shell,
            lede: format!("{}: suspended since {}, because {}.", entry.title, moment(suspension.since), suspension.because),
            faults: ui::faults_of(&form.fields),
            warning: vec!["Failures and harm up to now do not count again. If the steps have to change, propose a new version of the document instead.".into()],
            form,
            below: vec![uses(health, id)],
            ..FormPage::default()
        },
    ))
}

/// The form that lets an entry be asked for again.
pub async fn show_look(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let health = to_look_at(&app, &visitor, &id)?;
    look_page(&app, &visitor, &health, &id, "", None)
}

/// Lets it be asked for again.
pub async fn look(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["words", "key"])?;
    let health = to_look_at(&app, &visitor, &id)?;
    let words = form.text("words").replace("\r\n", "\n");
    let fault = if words.trim().is_empty() {
        Some(Fault::of("words", "missing", "Say what was found and what was put right."))
    } else if words.chars().count() > WORDS_MAX {
        Some(Fault::of("words", "too-long", format!("Shorten this to {WORDS_MAX} characters.")))
    } else {
        None
    };
    if fault.is_some() || !health.suspended.contains_key(&id) {
        return look_page(&app, &visitor, &health, &id, &words, fault);
    }
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let (look, entry) = (app.ids.mint(act.at), id.clone());
    app.attempt(move |tx| directory::look_again(tx, &act, look, &entry, &words))?;
    Ok(done(&app, &format!("{PATH}/{id}"), "It can be asked for again."))
}

const HEADS: &[&str] = &[
    "model",
    "title",
    "version",
    "uses_90d",
    "failures",
    "harm",
    "failure_rate_below",
    "suspended",
    "suspended_since",
    "because",
    "at_most",
    "expires",
    "owner",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let health = Health::read(&app, &reader(&visitor)?)?;
    Ok(csv::download(&app, "request-models.csv", HEADS, move |_, rows| {
        for entry in &health.process.catalogue {
            let (tally, suspension) = (health.tally(&entry.id), health.suspended.get(&entry.id));
            let rate = if tally.uses == 0 {
                String::new()
            } else {
                format!("{:.4}", catalogue::highest_rate(tally.failures.unsigned_abs(), tally.uses.unsigned_abs()))
            };
            rows.row(&[
                entry.id.clone(),
                entry.title.clone(),
                health.process.version.to_string(),
                tally.uses.to_string(),
                tally.failures.to_string(),
                tally.harm.to_string(),
                rate,
                if suspension.is_some() { "yes" } else { "no" }.to_owned(),
                suspension.map(|one| one.since.to_string()).unwrap_or_default(),
                suspension.map(|one| one.because.clone()).unwrap_or_default(),
                entry.cap.map(|cap| cap.to_string()).unwrap_or_default(),
                entry.expires.clone(),
                entry.owner.clone(),
            ])?;
        }
        Ok(())
    }))
}
