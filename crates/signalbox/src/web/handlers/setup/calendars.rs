//! Freezes, maintenance windows and what happens elsewhere: three lists that work alike. What was declared stays as it
//! is; it can be ended.

use std::marker::PhantomData;

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Actor;
use signalbox_core::calendar::DEFAULT_ZONE;
use signalbox_core::schedule::Level;
use signalbox_core::schedule::recurrence::Typed;
use signalbox_store::directory::{self, Declared, ExternalTerms, FreezeTerms, MaintenanceTerms};
use signalbox_store::page::{Cursor, Page};
use signalbox_store::queries::calendar::{self as queries, Caught};
use signalbox_store::scope::Scope;

use super::{Register, check, draw, names};
use crate::app::{App, Shared};
use crate::web::calendars::{self, Kind, New, SCOPES};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, Fact, FormPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::{Visitor, moment};
use crate::words::recurring as words;

/// How many dates ahead a page shows.
const NEXT_MOST: usize = 5;
/// How many of the dates ahead are looked through for what they catch.
const CAUGHT_MOST: usize = 20;
/// What ended is listed for a month.
const LISTED_FOR: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What one of the lists says and asks beside what all three do.
pub trait Shown: Kind {
    const PATH: &'static str;
    const MANY: &'static str;
    const ONE: &'static str;
    const WHY: &'static str;
    /// The button that ends it, what was then done, and the word before the time at which it was.
    const ENDS: [&'static str; 3];

    /// Its own fields.
    fn fields() -> Vec<Field>;
    /// What was typed into them.
    fn from_form(form: &Form) -> Self;
    /// The same in words.
    fn facts(&self) -> Vec<Fact>;
    /// Its state while it holds, in a word or two.
    fn state(&self) -> String;
}

fn level(form: &Form, field: &str, otherwise: Level) -> Level {
    Level::from_code(form.text(field)).unwrap_or(otherwise)
}

fn levels(name: &str, label: &str, chosen: Level) -> Field {
    let choice = |level: &Level| Choice::new(level.code(), &crate::words::sentence_case(level.words())).chosen(*level == chosen);
    Field::select(name, label, Level::ALL.iter().map(choice).collect()).optional()
}

impl Shown for FreezeTerms {
    const PATH: &'static str = "/setup/freezes";
    const MANY: &'static str = "Freezes";
    const ONE: &'static str = "freeze";
    const WHY: &'static str = "Dates on which no change happens";
    const ENDS: [&'static str; 3] = ["Lift this freeze", "The freeze is lifted.", "Lifted"];

    fn fields() -> Vec<Field> {
        let strict = vec![Choice::new("hard", "It bars work"), Choice::new("soft", "It warns of it")];
        vec![
            Field::textarea("reason", "Why", "").rows(2),
            Field::radios("hardness", "How strict", strict),
            levels("from_level", "For work that takes away at least", Level::NoImpact).hint("“No impact” means all work."),
        ]
    }

    fn from_form(form: &Form) -> FreezeTerms {
        FreezeTerms { is_hard: form.text("hardness") == "hard", from_level: level(form, "from_level", Level::NoImpact), reason: form.text("reason").into() }
    }

    fn facts(&self) -> Vec<Fact> {
        let from = if self.from_level == Level::NoImpact { "All work".into() } else { format!("Work that takes away: {}, or more", self.from_level) };
        vec![Fact::new("How strict", &self.state()), Fact::new("For which work", &from), Fact::new("Why", &self.reason)]
    }

    fn state(&self) -> String {
        if self.is_hard { "Bars work".into() } else { "Warns".into() }
    }
}

impl Shown for MaintenanceTerms {
    const PATH: &'static str = "/setup/maintenance-windows";
    const MANY: &'static str = "Maintenance windows";
    const ONE: &'static str = "maintenance window";
    const WHY: &'static str = "Times agreed for work on something";
    const ENDS: [&'static str; 3] = ["End this maintenance window", "The maintenance window is ended.", "Ended"];

    fn fields() -> Vec<Field> {
        vec![
            levels("up_to", "Work in it may take away at most", Level::Outage),
            Field::text("agreed_by", "Who agreed to it?", "").hint("A board, a ward, a contract."),
            Field::textarea("reason", "Why then?", "").rows(2).optional(),
        ]
    }

    fn from_form(form: &Form) -> MaintenanceTerms {
        MaintenanceTerms { up_to: level(form, "up_to", Level::Outage), agreed_by: form.text("agreed_by").into(), reason: form.text("reason").into() }
    }

    fn facts(&self) -> Vec<Fact> {
        vec![Fact::new("May take away", &self.state()), Fact::new("Agreed by", &self.agreed_by), Fact::new("Why then", &self.reason)]
    }

    fn state(&self) -> String {
        format!("Up to: {}", self.up_to)
    }
}

impl Shown for ExternalTerms {
    const PATH: &'static str = "/setup/external-entries";
    const MANY: &'static str = "External entries";
    const ONE: &'static str = "external entry";
    const WHY: &'static str = "What happens elsewhere: national outages, go-lives, audits, strikes";
    const ENDS: [&'static str; 3] = ["Cancel this entry", "The entry is cancelled.", "Cancelled"];

    fn fields() -> Vec<Field> {
        let kinds = vec![
            Choice::new("outage", "A national or shared service is away"),
            Choice::new("event", "Something else that matters, such as a go-live or a strike"),
        ];
        vec![
            Field::radios("what", "What happens", kinds),
            Field::text("source", "Who says so?", ""),
            Field::text("url", "Where can more be read?", "").hint("An address that begins with https://").optional(),
        ]
    }

    fn from_form(form: &Form) -> ExternalTerms {
        let url = Some(form.text("url")).filter(|url| !url.is_empty());
        ExternalTerms { is_outage: form.text("what") == "outage", source: form.text("source").into(), url: url.map(str::to_owned) }
    }

    fn facts(&self) -> Vec<Fact> {
        // An address that somebody typed is shown, and followed only if it leads to a page.
        let url = self.url.as_deref().unwrap_or_default();
        let more = if url.starts_with("https://") { Fact::new("More", "").link(url, url) } else { Fact::new("More", url) };
        vec![Fact::new("What happens", &self.state()), Fact::new("Source", &self.source), more]
    }

    fn state(&self) -> String {
        if self.is_outage { "A service is away".into() } else { "Stands beside the work".into() }
    }
}

/// One of the lists of set-up.
pub struct Calendar<D>(PhantomData<D>);

/// `/setup/freezes`.
pub type Freezes = Calendar<FreezeTerms>;
/// `/setup/maintenance-windows`.
pub type MaintenanceWindows = Calendar<MaintenanceTerms>;
/// `/setup/external-entries`.
pub type ExternalEntries = Calendar<ExternalTerms>;

impl<D: Shown> Register for Calendar<D> {
    const PATH: &'static str = D::PATH;
    const MANY: &'static str = D::MANY;
    const ONE: &'static str = D::ONE;
    const WHY: &'static str = D::WHY;

    fn admit(visitor: &Visitor) -> Result<(), Failure> {
        calendars::admit::<D>(&visitor.actor()?)
    }

    fn list(app: &App, visitor: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let (now, actor) = (app.clock.now(), visitor.actor()?);
        let wanted = page.filter.trim().to_lowercase();
        let rows = app.read::<_, Failure>(|tx| {
            let mut rows = vec![];
            for one in directory::all_declared::<D>(tx, (now - LISTED_FOR, 0), 500)? {
                if one.title.to_lowercase().contains(&wanted) && calendars::is_theirs::<D>(tx, &actor, one.extent)? {
                    rows.push(row(&one, &calendars::extent_words(tx, one.extent)?, now));
                }
            }
            Ok(rows)
        })?;
        Ok((Table::new(D::MANY, &["What", "For", "When", "Next", "State"], rows), None))
    }

    fn fields(_: &App, visitor: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let is_all = calendars::declares_all(&visitor.actor()?);
        let scopes = SCOPES.iter().filter(|(code, _)| is_all || *code != "all").map(|(code, words)| Choice::new(code, words)).collect();
        let mut fields = vec![Field::text("title", "What is it called?", "")];
        fields.extend(times());
        fields.push(Field::radios("scope", "What it holds for", scopes));
        fields.push(
            Field::text("of", "Its code", "").hint("Of the organisation, site, service or item. Of a site also as NORTHBROOK/NB-GEN.").optional().width("w20"),
        );
        fields.extend(D::fields());
        Ok(fields)
    }

    fn load(_: &App, _: &Visitor, _: i64) -> Result<(String, Form), Failure> {
        Err(Failure::NotFound)
    }

    fn save(app: &App, visitor: &Visitor, _: Option<i64>, form: &Form) -> Result<(), Failure> {
        declare::<D>(app, visitor, form).map(|_| ())
    }
}

/// Declares what was typed.
fn declare<D: Shown>(app: &App, visitor: &Visitor, form: &Form) -> Result<i64, Failure> {
    let joined = |field: &str| format!("{}T{}", form.text(&format!("{field}-date")), form.text(&format!("{field}-time")));
    let (starts, ends) = (joined("starts_at"), joined("ends_at"));
    let mut faults = vec![];
    let rule = rule(form, &mut faults);
    let zone = Some(form.text("zone")).filter(|zone| !zone.is_empty()).unwrap_or(DEFAULT_ZONE);
    let when = Typed { zone, starts: &starts, ends: &ends, rule: &rule, except: form.text("except") };
    let new = New { title: form.text("title"), scope: form.text("scope"), of: form.text("of"), when };
    calendars::declare(app, &visitor.actor()?, &new, Some(D::from_form(form)), faults).map_err(|failure| match failure {
        Failure::Invalid(faults) => Failure::Invalid(faults.into_iter().map(on_page).collect()),
        other => other,
    })
}

/// Fields that the page has under other names.
pub fn on_page(fault: Fault) -> Fault {
    let field = fault.field.map(|field| match field.as_str() {
        "starts" | "ends" => format!("{field}_at"),
        _ => field,
    });
    Fault { field, ..fault }
}

/// When it is, and how it repeats.
pub fn times() -> Vec<Field> {
    let repeats = [
        ("", "It does not repeat"),
        ("daily", "Every day"),
        ("weekly", "Every week, on the days below"),
        ("monthly", "Every month, on the same date"),
        ("monthly_day", "Every month, on a day such as the first Sunday"),
        ("yearly", "Every year, on the same date"),
        ("rule", "By a rule of your own"),
    ];
    let which = [("1", "first"), ("2", "second"), ("3", "third"), ("4", "fourth"), ("-1", "last")];
    let days: Vec<Choice> = DAYS.iter().map(|(code, day)| Choice::new(code, &words::weekday_name(*day))).collect();
    let choices = |all: &[(&str, &str)]| all.iter().map(|(code, words)| Choice::new(code, words)).collect::<Vec<_>>();
    vec![
        Field::date_time("starts_at", "From", "", ""),
        Field::date_time("ends_at", "Until", "", "").hint("If it repeats: the end of the first time."),
        Field::text("zone", "On the clock of", DEFAULT_ZONE).hint("Such as Europe/London. The clock is kept when it changes.").optional().width("w20"),
        Field::radios("repeats", "Does it repeat?", choices(&repeats)).optional(),
        Field::checks("weekdays", "Every week, on which days?", days.clone()).optional(),
        Field::select("which", "Every month, on which of them?", choices(&which)).optional(),
        Field::select("which_day", "Which day?", days).optional(),
        Field::text("interval", "Every how many days, weeks, months or years?", "").hint("Leave it empty for every one.").optional().width("w4"),
        Field::input("date", "until", "Until which day, at the latest?", "").hint("Leave it empty if it has no end.").optional(),
        Field::text("rule", "A rule of your own", "").hint("RFC 5545, such as FREQ=MONTHLY;BYDAY=1SU. It stands instead of the five answers above.").optional(),
        Field::text("except", "Not on these days", "").hint("Such as 2026-12-25, 2027-01-01.").optional(),
    ]
}

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// The rule that was chosen, as RFC 5545 writes it; empty where it does not repeat.
pub fn rule(form: &Form, faults: &mut Vec<Fault>) -> String {
    let days: Vec<&str> = form.all("weekdays").filter(|day| DAYS.iter().any(|(code, _)| code == day)).collect();
    let mut rule = match form.text("repeats") {
        "daily" => "FREQ=DAILY".to_owned(),
        "weekly" if days.is_empty() => "FREQ=WEEKLY".into(),
        "weekly" => format!("FREQ=WEEKLY;BYDAY={}", days.join(",")),
        "monthly" => "FREQ=MONTHLY".into(),
        "monthly_day" => format!("FREQ=MONTHLY;BYDAY={}{}", form.text("which"), form.text("which_day")),
        "yearly" => "FREQ=YEARLY".into(),
        "rule" if form.text("rule").is_empty() => {
            faults.push(Fault::of("rule", "missing", "Enter the rule, or choose how it repeats above."));
            return String::new();
        }
        "rule" => return form.text("rule").into(),
        // A rule that was typed and not chosen is asked about, not passed over.
        _ if !form.text("rule").is_empty() => {
            faults.push(Fault::of("repeats", "rule-not-chosen", "Choose “By a rule of your own”, or take the rule out."));
            return String::new();
        }
        _ => return String::new(),
    };
    let interval = form.text("interval");
    if !interval.is_empty() {
        rule.push_str(&format!(";INTERVAL={interval}"));
    }
    match form.text("until") {
        "" => {}
        typed => match typed.parse::<Date>() {
            Ok(day) => rule.push_str(&format!(";UNTIL={}", day.strftime("%Y%m%d"))),
            Err(_) => faults.push(Fault::of("until", "not-a-date", "Enter a day that exists.")),
        },
    }
    rule
}

fn row<D: Shown>(one: &Declared<D>, holds_for: &str, now: Timestamp) -> Row {
    let next = words::next(&one.when, now, 1).into_iter().next();
    let state = match (one.ended_at, &next) {
        (Some(at), _) => format!("{} {}", D::ENDS[2], moment(at)),
        (None, None) => "Over".into(),
        (None, Some(_)) => one.own.state(),
    };
    let when = if one.when.rule().is_some() { words::repeats(&one.when) } else { words::occurrence(one.when.envelope(), one.when.zone()) };
    let next = next.filter(|_| one.ended_at.is_none()).unwrap_or_else(|| "No date left".into());
    Row::new(Cell::link(&one.title, &format!("{}/{}", D::PATH, one.id)), vec![Cell::text(holds_for), Cell::text(&when), Cell::text(&next), Cell::text(&state)])
}

fn find<D: Shown>(app: &App, actor: &Actor, id: &str) -> Result<Declared<D>, Failure> {
    calendars::admit::<D>(actor)?;
    let id = super::super::id(id)?;
    let found = app.read::<_, Failure>(|tx| {
        let Some(one) = directory::declared::<D>(tx, id)? else { return Ok(None) };
        Ok(calendars::is_theirs::<D>(tx, actor, one.extent)?.then_some(one))
    })?;
    found.ok_or(Failure::NotFound)
}

/// One of them: when it is next, what it catches, and the button that ends it.
pub async fn show<D: Shown>(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    let one = find::<D>(&app, &actor, &id)?;
    let spans = one.when.next(now, CAUGHT_MOST);
    let (holds_for, things, caught) = app.read::<_, Failure>(|tx| {
        let caught = queries::caught(tx, &app.schedule, app.clock.now(), &Scope::of(&actor), one.extent, &spans)?;
        Ok((calendars::extent_words(tx, one.extent)?, directory::things_within(tx, one.extent)?, caught))
    })?;
    let mut shell = visitor.shell(&app, &one.title, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (D::MANY.into(), D::PATH.into())];
    let mut warning: Vec<String> = one.ended_at.iter().map(|at| format!("{} {}.", D::ENDS[2], moment(*at))).collect();
    if one.ended_at.is_none() && spans.is_empty() {
        warning.push("It has no date left, so it does nothing any more.".into());
    }
    if things == 0 && caught.is_empty() {
        warning.push(format!("It matches nothing: no site, service or item belongs to {holds_for}, and no change touches it."));
    }
    let mut facts = vec![Fact::new("What it holds for", &holds_for), Fact::new("When", &when(&one))];
    facts.extend(one.own.facts().into_iter().filter(|fact| !fact.value.is_empty() || fact.link.is_some()));
    let next = words::next(&one.when, now, NEXT_MOST).into_iter().map(|line| Row::new(Cell::text(&line), vec![])).collect();
    let below = vec![
        Section::new("next", "Next dates").table(Table::new("Next dates", &["When"], next), "No date is left."),
        Section::new("caught", "What it catches").table(caught_table(&caught, &one), "No planned change that you may see lies in it."),
    ];
    let button = if one.ended_at.is_some() { "Ended already" } else { D::ENDS[0] };
    let form = parts::Form::new(&format!("{}/{}/end", D::PATH, one.id), button, vec![]);
    Ok(page(&FormPage { shell, facts, warning, form, below, ..FormPage::default() }))
}

fn when<D>(one: &Declared<D>) -> String {
    match one.when.rule() {
        None => words::occurrence(one.when.envelope(), one.when.zone()),
        Some(rule) => format!("{}, on the clock of {}\n{}", words::repeats(&one.when), one.when.zone_name(), rule.text()),
    }
}

fn caught_table<D>(caught: &[Caught], one: &Declared<D>) -> Table {
    let rows = caught.iter().map(|found| {
        let label = format!("{} {}", found.reference, found.title);
        let head = if found.is_open { Cell::link(&label, &format!("/changes/{}", found.reference)) } else { Cell::text(&label) };
        Row::new(head, vec![Cell::text(&words::occurrence(found.span, one.when.zone())), Cell::text(&found.things.join(", "))])
    });
    Table::new("Changes that it catches", &["Change", "When", "Everything of it that is caught"], rows.collect())
}

/// Declares a new one, and leads to it: there its dates and what it catches are seen.
pub async fn create<D: Shown>(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    Calendar::<D>::admit(&visitor)?;
    let fields = Calendar::<D>::fields(&app, &visitor, true)?;
    form.only(&names(&fields).iter().map(String::as_str).collect::<Vec<_>>())?;
    let faults = check(&fields, &form);
    if !faults.is_empty() {
        return draw::<Calendar<D>>(&app, &visitor, None, &form, &faults);
    }
    match declare::<D>(&app, &visitor, &form) {
        Ok(id) => Ok(done(&app, &format!("{}/{id}", D::PATH), "Saved.")),
        Err(Failure::Invalid(faults)) => draw::<Calendar<D>>(&app, &visitor, None, &form, &faults),
        Err(failure) => Err(failure),
    }
}

/// Ends it.
pub async fn end<D: Shown>(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let one = find::<D>(&app, &visitor.actor()?, &id)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    app.attempt(move |tx| directory::end_declared::<D>(tx, &act, one.id))?;
    Ok(done(&app, D::PATH, D::ENDS[1]))
}
