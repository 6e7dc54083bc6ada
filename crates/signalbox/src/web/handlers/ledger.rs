//! `/ledger`: false call-outs and the desk's time, month by month (spec 10.5). Who enters a case never decides it: it is
//! proposed to an organisation, which answers, and what is disputed goes to the authority. Rows are only added.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::calendar;
use signalbox_core::charge::money;
use signalbox_core::ledger::{self, Deed, Finding, Rates, Standing};
use signalbox_store::ledger::{self as store, RatesFrom};
use signalbox_store::queries::Named;
use signalbox_store::queries::alarms::{self, AlarmLine};
use signalbox_store::queries::ledger::{self as queries, CaseFilter, CaseLine, Entry};
use signalbox_store::scope::Scope;

use super::on_call::typed_moment;
use super::{filled, id as number, summary};
use crate::app::{App, Shared};
use crate::web::csv;
use crate::web::form::{Form, Query};
use crate::web::handlers::entries::wall_cell;
use crate::web::layout::{Place, Shell};
use crate::web::ledger::{self as shared, ROWS_MAX, asking, enters};
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::Visitor;
use crate::words::{self, counted, moment_phrase, sentence_case};

/// Cases of one month on a page; the file holds all.
const SHOWN: usize = 200;

/// Whether somebody may enter one.
pub fn may_enter(actor: &Actor) -> bool {
    enters(actor).is_some()
}

fn shell(app: &App, visitor: &Visitor, title: &str) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into()), ("Call-outs".into(), "/ledger".into())];
    shell
}

/// The month that is asked about, or this one: its name and its span.
fn month(query: &Form, now: Timestamp, zone: &TimeZone) -> (String, (Timestamp, Timestamp)) {
    let first = shared::first_of(query.text("month")).unwrap_or_else(|| calendar::local_date(now, zone).first_of_month());
    (first.strftime("%Y-%m").to_string(), shared::month(first, zone))
}

/// The statement of a month: each case that the reader may see, and what it comes to for each organisation.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (actor, now, zone) = (visitor.actor()?, app.clock.now(), calendar::london());
    let (name, (from, until)) = month(&query, now, &zone);
    let filter = CaseFilter { from: Some(from), until: Some(until), ..CaseFilter::default() };
    let scope = Scope::of(&actor);
    let (cases, entries) =
        app.read::<_, Failure>(|tx| Ok((queries::list(tx, &scope, &filter, ROWS_MAX)?, queries::entries(tx, &scope, None, Some((from, until)), ROWS_MAX)?)))?;
    let control: i64 = entries.iter().map(|entry| entry.net).sum();
    let mut shell = shell(&app, &visitor, "Call-outs");
    shell.crumbs.pop();
    let mut actions = vec![Link::new("Rows as CSV", &format!("/ledger.csv?month={name}"))];
    if enters(&actor).is_some() {
        actions.push(Link::new("Enter a call-out", "/ledger/new"));
    }
    actions.push(Link::new("What it costs", "/ledger/rates"));
    let before = calendar::local_date(from, &zone).yesterday().map_or(name.clone(), |day| day.strftime("%Y-%m").to_string());
    let after = calendar::local_date(until, &zone).strftime("%Y-%m").to_string();
    let words = format!(
        "{} in {}. The rows of the month, reversals included, come to {} without tax.",
        counted(cases.len() as i64, "call-out"),
        calendar::local_date(from, &zone).strftime("%B %Y"),
        money::pounds(control)
    );
    let sums = Section::new("sums", "For each organisation").table(totals(&cases), "Nothing was entered in this month.");
    let sums = sums.link("The month before", &format!("/ledger?month={before}")).link("The month after", &format!("/ledger?month={after}"));
    Ok(page(&ListPage {
        shell,
        lede: words,
        actions,
        sections: vec![Section::new("cases", "Each of them").table(table(&cases[..cases.len().min(SHOWN)], now, &zone), "None that you may see."), sums],
        ..ListPage::default()
    }))
}

fn table(cases: &[CaseLine], now: Timestamp, zone: &TimeZone) -> Table {
    let row = |case: &CaseLine| {
        let org = case.liable.as_ref().map_or("", |org| &org.name);
        let due = match case.due_at.filter(|_| case.standing == Standing::Proposed) {
            Some(due) if due < now => "the time to answer is over".to_owned(),
            Some(due) => format!("answer by {}", moment_phrase(due, now, zone)),
            None => String::new(),
        };
        let place = case.site.as_ref().map_or_else(String::new, |site| site.name.clone());
        Row::new(
            Cell::link(&format!("Number {}", case.number), &format!("/ledger/{}", case.id)).small(&sentence_case(case.visit.finding.words())),
            vec![
                Cell::text(&moment_phrase(case.entered_at, now, zone)).small(&place),
                Cell::text(org),
                Cell::tag(&sentence_case(case.standing.words()), colour(case.standing)).small(&due),
                Cell::text(&money::pounds(case.net)).small(&case.rule),
            ],
        )
    };
    Table::new("Call-outs", &["Call-out", "Entered", "Proposed to", "How it stands", "Without tax"], cases.iter().map(row).collect())
}

fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Proposed => "yellow",
        Standing::Disputed => "orange",
        Standing::Agreed | Standing::Upheld => "blue",
        Standing::NotChargeable | Standing::Waived | Standing::Reversed => "grey",
    }
}

fn totals(cases: &[CaseLine]) -> Table {
    let mut sums: std::collections::BTreeMap<&str, (i64, i64, i64)> = std::collections::BTreeMap::new();
    for case in cases {
        let sum = sums.entry(case.liable.as_ref().map_or("", |org| org.name.as_str())).or_default();
        sum.0 += 1;
        match case.standing {
            Standing::Agreed | Standing::Upheld => sum.1 += case.net,
            _ => sum.2 += case.net,
        }
    }
    let row = |(org, (count, owed, open)): (&str, (i64, i64, i64))| {
        Row::new(Cell::text(org), vec![Cell::text(&words::grouped(count)), Cell::text(&money::pounds(owed)), Cell::text(&money::pounds(open))])
    };
    Table::new("Sums for each organisation", &["Organisation", "Call-outs", "Agreed", "Still open"], sums.into_iter().map(row).collect())
}

const HEADS: &[&str] = &["entry_no", "at", "case", "verdict", "net", "vat", "words", "by"];

/// The rows of a month as a file; their sum is its control total.
pub async fn download(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (Scope::of(&visitor.actor()?), app.clock.now(), calendar::london());
    let (name, span) = month(&query, now, &zone);
    Ok(csv::download(&app, &format!("call-outs-{name}.csv"), HEADS, move |tx, rows| {
        let zone = calendar::london();
        for entry in queries::entries(tx, &scope, None, Some(span), ROWS_MAX)? {
            rows.row(&[
                entry.number.to_string(),
                wall_cell(entry.at, &zone),
                entry.case.to_string(),
                entry.standing.code().to_owned(),
                money::plain(entry.net),
                money::plain(entry.vat),
                entry.words,
                entry.by.unwrap_or_default(),
            ])?;
        }
        Ok(())
    }))
}

fn seen(app: &App, actor: &Actor, id: &str) -> Result<(CaseLine, Vec<Entry>), Failure> {
    shared::seen(app, actor, number(id)?)
}

/// One case: what was entered, the verdict with its rule, every row, and what may be done.
pub async fn one(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let actor = visitor.actor()?;
    let (case, entries) = seen(&app, &actor, &id)?;
    Ok(page(&case_page(&app, &visitor, &actor, &case, &entries, &Form::default(), &[])))
}

fn case_page(app: &App, visitor: &Visitor, actor: &Actor, case: &CaseLine, entries: &[Entry], form: &Form, faults: &[Fault]) -> FormPage {
    let (now, zone) = (app.clock.now(), calendar::london());
    let moment = |at: Timestamp| moment_phrase(at, now, &zone);
    let name = |org: &Option<Named>| org.as_ref().map_or(String::new(), |org| org.name.clone());
    let visit = &case.visit;
    let mut facts = vec![
        Fact::new("Found", &sentence_case(visit.finding.words())),
        Fact::new("Entered by", &format!("{}, {}", name(&case.org), moment(case.entered_at))),
        Fact::new("Proposed to", &name(&case.liable)),
    ];
    facts.extend(case.site.as_ref().map(|site| Fact::new("Site", &site.name)));
    facts.push(Fact::new("The desk’s time", &counted(visit.desk_minutes, "minute")));
    let times = [("Sent", visit.dispatched_at), ("Called back", visit.stood_down_at), ("Arrived", visit.arrived_at), ("Left", visit.left_at)];
    facts.extend(times.into_iter().filter_map(|(label, at)| Some(Fact::new(label, &moment(at?)))));
    if !case.engineer.is_empty() {
        facts.push(Fact::new("Who was sent", &case.engineer));
    }
    facts.push(Fact::new("Announced", &words::ledger::known(case.known, moment)));
    facts.push(Fact::new("Comes to", &format!("{} and {} tax", money::pounds(case.net), money::pounds(case.vat))));
    let mut verdict = Section::new("verdict", "Why").words(&words::ledger::rule(&case.rule, case.is_desks_own));
    if let Some(due) = case.due_at.filter(|_| case.standing == Standing::Proposed) {
        verdict = verdict.words(&format!("{} answers by {}. Silence agrees to nothing: after that the authority may decide.", name(&case.liable), moment(due)));
    }
    if let Some(alarm) = case.alarm {
        verdict = verdict.link("The alarm", &format!("/alarms/{alarm}"));
    }
    if let Some(reference) = &case.change {
        verdict = verdict.link(reference, &format!("/changes/{reference}"));
    }
    let row = |entry: &Entry| {
        let by = entry.by.clone().unwrap_or_else(|| "Somebody who has left".into());
        let sums = Cell::text(&money::pounds(entry.net)).small(&format!("{} tax", money::pounds(entry.vat)));
        let cells = vec![Cell::text(&sentence_case(entry.standing.words())), sums, Cell::text(&by).small(&entry.words)];
        Row::new(Cell::text(&format!("Row {}", entry.number)).small(&moment(entry.at)), cells)
    };
    let rows = Table::new("Rows of this call-out", &["Row", "What", "Sum", "Who, and why"], entries.iter().map(row).collect());
    let lede = sentence_case(case.standing.words());
    let shell = shell(app, visitor, &format!("Call-out {}", case.number));
    let mut view = FormPage { shell, lede, facts, below: vec![verdict, Section::new("rows", "Rows").table(rows, "")], ..FormPage::default() };
    let deeds = ledger::open(case.standing, case.due_at.is_some_and(|due| due < now), asking(actor, case));
    if !deeds.is_empty() {
        let choices = deeds.iter().map(|deed| Choice::new(deed.code(), words::ledger::deed(*deed))).collect();
        let fields = vec![
            Field::radios("deed", "What do you do?", choices),
            Field::textarea("words", "Why?", "").hint("It stays in the ledger. To agree needs no reason.").rows(3),
        ];
        let fields = filled(fields, form, faults);
        view.faults = summary(&fields, faults);
        view.form = parts::Form::new(&format!("/ledger/{}", case.id), "Record it", fields);
    }
    view
}

/// Answers, decides or takes back.
pub async fn act(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let (case, entries) = seen(&app, &actor, &id)?;
    shared::party(&actor, &case)?;
    form.only(&["deed", "words"])?;
    match shared::answer(&app, &actor, &case, Deed::from_code(form.text("deed")), form.text("words"), vec![], None) {
        Ok(posted) => Ok(done(&app, &format!("/ledger/{}", case.id), &format!("Recorded: {}.", posted.standing.words()))),
        Err(Failure::Invalid(faults)) => Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &case_page(&app, &visitor, &actor, &case, &entries, &form, &faults))),
        Err(other) => Err(other),
    }
}

/// The alarm that a case is about, where the address names one that the reader sees.
fn alarm_of(app: &App, actor: &Actor, typed: &str) -> Result<Option<AlarmLine>, Failure> {
    let Ok(id) = typed.parse::<i64>() else { return Ok(None) };
    app.read::<_, Failure>(|tx| alarms::by_id(tx, &Scope::of(actor), id))
}

/// The form of a call-out.
pub async fn begin(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    shared::admit(&actor)?;
    let alarm = alarm_of(&app, &actor, query.text("alarm"))?;
    Ok(page(&entry_page(&app, &visitor, &actor, alarm.as_ref(), &Form::default(), &[])?))
}

fn entry_page(app: &App, visitor: &Visitor, actor: &Actor, alarm: Option<&AlarmLine>, form: &Form, faults: &[Fault]) -> Result<FormPage, Failure> {
    let scope = Scope::of(actor);
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let own = enters(actor).map_or(0, |org| org.0);
    let pick = |all: &[Named], chosen: Option<i64>| {
        let choice = |one: &Named| Choice::new(&one.id.to_string(), &one.name).chosen(chosen == Some(one.id));
        std::iter::once(Choice::new("", "Choose one")).chain(all.iter().filter(|one| one.id != own).map(choice)).collect::<Vec<_>>()
    };
    let site = alarm.and_then(|alarm| alarm.site.as_ref()).map(|site| site.id);
    let findings = Finding::ALL.iter().map(|finding| Choice::new(finding.code(), &sentence_case(finding.words()))).collect();
    let yes = |label: &str| vec![Choice::new("yes", label)];
    let mut fields = vec![
        Field::select("liable", "To whom is it proposed?", pick(&names.organisations, None)),
        Field::select("site", "At which site?", pick(&names.sites, site)).optional(),
        Field::radios("finding", "What was found?", findings),
        Field::text("change", "Which change was it, if any?", "").hint("Its reference, such as ON-2026-000123.").optional(),
        Field::text("desk_minutes", "How many minutes did the desk spend?", "").width("5"),
        Field::text("engineer", "Who was sent?", "").hint("A call sign or a firm.").optional(),
        Field::date_time("dispatched_at", "When were they sent?", "", "").optional(),
        Field::date_time("stood_down_at", "When were they called back?", "", "").optional(),
        Field::date_time("arrived_at", "When did they arrive?", "", "").optional(),
        Field::date_time("left_at", "When did they leave?", "", "").optional(),
        Field::checks("checks_failed", "Checks", yes("Two checks failed on the site’s side")).optional(),
        Field::checks("outside_appointment", "Appointment", yes("They came outside the appointment")).optional(),
        Field::textarea("words", "What happened?", "").hint("The evidence: who was rung, what they said, what was seen.").rows(4),
    ];
    let mut facts = vec![];
    if let Some(alarm) = alarm {
        facts.push(Fact::new("Alarm", &format!("{}, {}", alarm.object, sentence_case(alarm.standing().words()))));
        fields.retain(|field| field.name != "change");
    }
    let fields = filled(fields, form, faults);
    let mut view = FormPage {
        shell: shell(app, visitor, "Enter a call-out"),
        lede: "The table of call-outs says whether anything is proposed, and how much. The organisation has ten working days to answer.".into(),
        faults: summary(&fields, faults),
        facts,
        ..FormPage::default()
    };
    view.form = parts::Form::new("/ledger/new", "Enter it", fields);
    if let Some(alarm) = alarm {
        view.form = view.form.hide("alarm", &alarm.id.to_string());
    }
    Ok(view)
}

/// Enters a call-out.
pub async fn enter(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let org = shared::admit(&actor)?;
    let alarm = alarm_of(&app, &actor, form.text("alarm"))?;
    let zone = calendar::london();
    let mut faults = vec![];
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &Scope::of(&actor)))?;
    let picked = |all: &[Named], field: &str| all.iter().find(|one| one.id.to_string() == form.text(field)).map(|one| one.id);
    let mut moment = |field: &str| {
        let is_typed = !form.text(&format!("{field}-date")).is_empty() || !form.text(&format!("{field}-time")).is_empty();
        let read = typed_moment(&form, field, &zone);
        if is_typed && read.is_none() {
            faults.push(Fault::of(field, "not-a-moment", "Give the day and the time, such as 2026-12-01 and 03:20."));
        }
        read
    };
    let [dispatched_at, stood_down_at, arrived_at, left_at] = ["dispatched_at", "stood_down_at", "arrived_at", "left_at"].map(&mut moment);
    let typed = shared::Typed {
        alarm: alarm.clone(),
        liable: picked(&names.organisations, "liable"),
        site: picked(&names.sites, "site"),
        finding: Finding::from_code(form.text("finding")),
        change: form.text("change").trim().to_owned(),
        desk_minutes: form.text("desk_minutes").trim().parse().ok(),
        engineer: form.text("engineer").trim().to_owned(),
        dispatched_at,
        stood_down_at,
        arrived_at,
        left_at,
        checks_failed: form.text("checks_failed") == "yes",
        outside_appointment: form.text("outside_appointment") == "yes",
        words: form.text("words").trim().to_owned(),
    };
    match shared::enter(&app, &actor, org, typed, faults, None) {
        Ok(posted) => {
            let sentence = match posted.standing {
                Standing::Proposed => format!("Entered by rule {}, and proposed.", posted.rule),
                _ => format!("Entered by rule {}: not chargeable.", posted.rule),
            };
            Ok(done(&app, &format!("/ledger/{}", posted.case), &sentence))
        }
        Err(Failure::Invalid(faults)) => Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &entry_page(&app, &visitor, &actor, alarm.as_ref(), &form, &faults)?)),
        Err(other) => Err(other),
    }
}

/// What a call-out costs, from when.
pub async fn rates(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    Ok(page(&rates_page(&app, &visitor, &visitor.actor()?, &Form::default(), &[])?))
}

fn rates_page(app: &App, visitor: &Visitor, actor: &Actor, form: &Form, faults: &[Fault]) -> Result<FormPage, Failure> {
    let (now, zone) = (app.clock.now(), calendar::london());
    let all = app.read::<_, Failure>(store::rates)?;
    let row = |one: &RatesFrom| {
        let rates = one.rates;
        let cells = [rates.desk_hour, rates.first_hour, rates.further_hour].map(|pence| Cell::text(&money::pounds(pence)));
        let mut cells = cells.to_vec();
        cells.push(Cell::text(&money::per_cent(rates.vat)));
        Row::new(Cell::text(&moment_phrase(one.from, now, &zone)), cells)
    };
    let heads = ["From", "An hour of the desk", "The first hour on site", "Each further hour", "Tax"];
    let table = Table::new("What a call-out costs, without tax", &heads, all.iter().map(row).collect());
    let mut view = FormPage {
        shell: shell(app, visitor, "What a call-out costs"),
        lede: "What was entered before keeps the rates that it was reckoned with.".into(),
        below: vec![Section::new("rates", "Rates").table(table, "Nobody has set any. The authority’s change manager does.")],
        ..FormPage::default()
    };
    if actor.holds(Role::AuthorityManager) {
        let today = calendar::local_date(now, &zone).to_string();
        let fields = vec![
            Field::input("date", "from", "From which day?", &today),
            Field::text("desk_hour", "An hour of the desk, in pounds", "").width("10"),
            Field::text("first_hour", "The first hour on site, in pounds", "").width("10"),
            Field::text("further_hour", "Each further hour, in pounds", "").width("10"),
            Field::text("vat", "Tax in per cent", "20").width("5"),
        ];
        let fields = filled(fields, form, faults);
        view.faults = summary(&fields, faults);
        view.form = parts::Form::new("/ledger/rates", "Set these rates", fields);
    }
    Ok(view)
}

/// Sets what a call-out costs from a day on.
pub async fn set_rates(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    if !actor.holds(Role::AuthorityManager) {
        return Err(Failure::denied("ledger-rates", "What a call-out costs is set by the authority’s change manager."));
    }
    form.only(&["from", "desk_hour", "first_hour", "further_hour", "vat"])?;
    let (zone, now) = (calendar::london(), app.clock.now());
    let mut faults = vec![];
    let mut sum = |field: &'static str, what: &str| {
        let read = money::parse(form.text(field));
        if read.is_none() {
            faults.push(Fault::of(field, "not-an-amount", what));
        }
        read.unwrap_or(0)
    };
    let [desk_hour, first_hour, further_hour] = ["desk_hour", "first_hour", "further_hour"].map(|field| sum(field, "Give an amount, such as 175.00."));
    let vat = sum("vat", "Give a number from 0 to 100, such as 20.");
    if vat > 10_000 {
        faults.push(Fault::of("vat", "number-out-of-range", "Give a number from 0 to 100, such as 20."));
    }
    let from = form.text("from").parse::<Date>().ok();
    let from = from.and_then(|day| zone.to_ambiguous_timestamp(day.to_datetime(jiff::civil::Time::midnight())).compatible().ok());
    if from.is_none() {
        faults.push(Fault::of("from", "not-a-day", "Give a day, such as 2027-01-01."));
    }
    let (Some(from), true) = (from, faults.is_empty()) else {
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &rates_page(&app, &visitor, &actor, &form, &faults)?));
    };
    let (act, id) = (app.act(actor.person(), now), app.ids.mint(now));
    let new = RatesFrom { id, from, rates: Rates { desk_hour, first_hour, further_hour, vat } };
    match app.attempt(move |tx| store::set_rates(tx, &act, &new)) {
        Err(Failure::Invalid(faults)) => Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &rates_page(&app, &visitor, &actor, &form, &faults)?)),
        Err(other) => Err(other),
        Ok(()) => Ok(done(&app, "/ledger/rates", "Set.")),
    }
}
