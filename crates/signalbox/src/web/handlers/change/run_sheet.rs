//! `/changes/{ref}/run-sheet`: one page of paper for whoever stands in the comms room without a screen: the order of
//! switching off and on with a box for each time, telephone numbers, the last moment to go back (spec 4.6). What was
//! written on it is keyed in afterwards, all of it as facts in one transaction (X1).

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::carry;
use signalbox_core::change::{Outcome, Window};
use signalbox_core::decide::fields::Field as Asked;
use signalbox_core::departments::Standing;
use signalbox_core::facts::Facts;
use signalbox_core::form::{self, Answer, Raw};
use signalbox_core::ids::{Mint, ServiceId};
use signalbox_core::process::AnswerKind;
use signalbox_core::refusal::{Refusal, Violation};

use super::{Seen, departments, expect, find, stopped};
use crate::app::{App, Shared};
use crate::run::Stop;
use crate::run::night::Fact as OfTheNight;
use crate::web::form::Form;
use crate::web::pages::run_sheet::RunSheetPage;
use crate::web::parts::{Cell, Fact, Form as Sent, FormPage, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::typed::{self, Options};
use crate::web::ui::{self, Link};
use crate::web::visitor::Visitor;
use crate::words;

/// A box to write in.
const ROOM: &str = "\u{a0}";

/// Something that is switched off and on again.
struct Step {
    what: String,
    minutes: Option<i64>,
    back: Option<i64>,
    good: String,
}

/// What goes off, in the order in which it goes down: as answered, or else the equipment that is named.
fn steps(seen: &Seen) -> Vec<Step> {
    let answers = seen.change().content.as_ref().map(|content| &content.answers);
    if let Some(Answer::Rows(rows)) = answers.and_then(|answers| answers.get("order")) {
        let text = |cells: &form::Answers, id: &str| {
            cells.get(id).map_or(String::new(), |cell| if let Answer::Text(text) = cell { seen.said(text) } else { String::new() })
        };
        let number = |cells: &form::Answers, id: &str| if let Some(Answer::Number(n)) = cells.get(id) { Some(*n) } else { None };
        return rows
            .iter()
            .map(|cells| Step { what: text(cells, "what"), minutes: number(cells, "minutes"), back: number(cells, "back"), good: text(cells, "good") })
            .collect();
    }
    let items = seen.change().content.iter().flat_map(|content| &content.header.items).filter_map(|id| seen.page.items.get(&id.0));
    items.map(|line| Step { what: format!("{}, {}", line.item.code, line.item.name), minutes: None, back: None, good: String::new() }).collect()
}

/// The numbers of the steps in the order in which they come back: by their places, and where none has one the other way
/// round. Those without a place come after those that have one.
fn order_back(steps: &[Step]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..steps.len()).rev().collect();
    order.sort_by_key(|n| steps[*n].back.unwrap_or(i64::MAX));
    order
}

/// The services that are taken away, in the order of the answers.
fn services(seen: &Seen) -> Vec<ServiceId> {
    seen.change().content.iter().flat_map(|content| content.header.services.clone()).collect()
}

/// The links of the record: the sheet, and for those who may the way to key it in.
pub(super) fn links(seen: &Seen) -> Vec<Link> {
    let change = seen.change();
    if change.window().is_none() || change.content.is_none() {
        return vec![];
    }
    let sheet = Link::new("Run sheet to print", &format!("{}/run-sheet", seen.address()));
    std::iter::once(sheet).chain(enter_link(seen)).collect()
}

fn enter_link(seen: &Seen) -> Option<Link> {
    let begun = seen.change().window().is_some_and(|window| window.start <= seen.now);
    (begun && may_enter(seen)).then(|| Link::new("Key in a run sheet", &format!("{}/run-sheet/enter", seen.address())))
}

fn is_open(seen: &Seen, act: Act) -> bool {
    seen.offers().iter().any(|offer| offer.act == act && offer.is_open())
}

fn may_enter(seen: &Seen) -> bool {
    [Act::Start, Act::Restore, Act::Finish].into_iter().any(|act| is_open(seen, act))
}

/// The sheet.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let window = seen.change().window().filter(|_| seen.change().content.is_some()).ok_or(Failure::NotFound)?;
    let path = format!("{}/run-sheet/enter", seen.address());
    Ok(page(&RunSheetPage {
        shell: seen.shell(&app, &visitor, &format!("Run sheet: {}", seen.change().reference)),
        lede: seen.title(),
        facts: facts(&seen, window),
        tables: tables(&app, &seen),
        enter: enter_link(&seen),
        address: app.config.base.link(&path),
    }))
}

fn facts(seen: &Seen, window: Window) -> Vec<Fact> {
    let zone = &seen.situation.zone;
    let sites: Vec<&str> = seen.page.sites.values().map(|site| site.name.as_str()).collect();
    let mut facts = vec![Fact::new("When", &local::describe_window(window.start, window.end, zone).sentence())];
    if !sites.is_empty() {
        facts.push(Fact::new("Where", &sites.join(", ")));
    }
    let latest = carry::latest_end(seen.change()).unwrap_or(window.contingency_end);
    facts.push(Fact::new("All back by", &local::moment_words(latest, zone)));
    facts.push(match carry::last_safe(seen.change()) {
        Some(at) => Fact::new("Last moment to go back", &format!("{}. Going back after that ends too late.", local::moment_words(at, zone))),
        None => Fact::new("Last moment to go back", "Nobody has said how long going back takes. Decide early enough that all is back by then."),
    });
    let answer = |id: &str| match seen.change().content.as_ref().and_then(|content| content.answers.get(id)) {
        Some(Answer::Text(text)) => Some(seen.said(text)),
        Some(Answer::Number(n)) => Some(n.to_string()),
        Some(Answer::Yes(yes)) => Some(if *yes { "Yes" } else { "No" }.to_owned()),
        _ => None,
    };
    let told = [
        ("If it cannot be finished", "backout"),
        ("Batteries hold, in minutes", "ups_minutes"),
        ("Generator", "generator"),
        ("All is back when", "restore_test"),
    ];
    facts.extend(told.into_iter().filter_map(|(label, id)| answer(id).map(|words| Fact::new(label, &words))));
    facts
}

fn tables(app: &App, seen: &Seen) -> Vec<(String, Table)> {
    let steps = steps(seen);
    let room = || Cell::text(ROOM);
    let down = steps.iter().enumerate().map(|(n, step)| {
        let minutes = step.minutes.map(|minutes| words::counted(minutes, "minute")).unwrap_or_default();
        Row::new(Cell::text(&format!("{}. {}", n + 1, step.what)).small(&minutes), vec![room(), room()])
    });
    let up = order_back(&steps).into_iter().enumerate().map(|(place, n)| {
        let good = if steps[n].good.is_empty() { String::new() } else { format!("Back when: {}", steps[n].good) };
        Row::new(Cell::text(&format!("{}. {}", place + 1, steps[n].what)).small(&good), vec![room(), room()])
    });
    let served = services(seen).into_iter().map(|id| Row::new(Cell::text(&seen.names.service(id)), vec![room(), room()]));
    let rung = departments::known(seen).into_iter().map(|department| {
        let told = if department.standing() == Standing::NotTold { "Not told yet" } else { "Told" };
        Row::new(Cell::text(&departments::name(seen, &department)).small(told), vec![room(), room()])
    });
    let all = [
        ("Telephone numbers", Table::new("Telephone numbers", &["Who", "Number"], phones(app, seen))),
        ("Departments", Table::new("Departments", &["Department", "Rung before", "Rung after"], rung.collect())),
        ("Switching off", Table::new("Switching off, in this order", &["What", "Off at", "By"], down.collect())),
        ("Bringing back", Table::new("Bringing back, in this order", &["What", "Back at", "By"], up.collect())),
        ("Services", Table::new("Services", &["Service", "Back at", "Tried by"], served.collect())),
    ];
    all.into_iter().filter(|(_, table)| !table.rows.is_empty()).map(|(heading, table)| (heading.to_owned(), table)).collect()
}

/// Whom to ring: those whom the answers name, what the supplier promised, and the desk. Somebody who does several things
/// has one row.
fn phones(app: &App, seen: &Seen) -> Vec<Row> {
    let change = seen.change();
    let people = [("contact_on_site", "On site"), ("who_shuts_down", "Switches off"), ("who_restores", "Switches on again")];
    let person = |(id, what): (&str, &'static str)| match change.content.as_ref().and_then(|content| content.answers.get(id)) {
        Some(Answer::Person { name, phone }) => Some((seen.said(name), what, seen.said(phone))),
        _ => None,
    };
    let mut known: Vec<(String, &str, String)> = people.into_iter().filter_map(person).collect();
    if let Some(promise) = &change.promise {
        let phone = seen.said(&promise.phone);
        known.push((seen.said(&promise.take_down_by), "Takes the supplier’s part down", phone.clone()));
        known.push((seen.said(&promise.restore_by), "Brings the supplier’s part back", phone));
    }
    let team = &app.config.team;
    if !team.telephone.is_empty() {
        known.push((team.name.clone(), "If anything looks wrong", team.telephone.clone()));
    }
    let mut rows: Vec<(String, String, String)> = vec![];
    for (who, what, number) in known {
        match rows.iter_mut().find(|(name, _, theirs)| *name == who && *theirs == number) {
            Some((_, does, _)) => *does = format!("{does}. {what}"),
            None => rows.push((who, what.to_owned(), number)),
        }
    }
    rows.iter().map(|(who, does, number)| Row::new(Cell::text(who).small(does), vec![Cell::text(number)])).collect()
}

/// A field of the form with its label, and whether somebody has recorded it meanwhile.
struct Line {
    field: Asked,
    label: String,
    is_known: bool,
}

/// What the form asks: only what nobody has recorded yet.
fn asked(seen: &Seen) -> Vec<Line> {
    all(seen).into_iter().filter(|line| !line.is_known).collect()
}

/// Everything that the form may ask, so that one sent again is read as it was the first time.
fn all(seen: &Seen) -> Vec<Line> {
    let ask = |id: &str, kind: AnswerKind, required: bool, label: String| Line {
        field: Asked { id: id.to_owned(), kind, required, question: None },
        label,
        is_known: false,
    };
    let moment = || AnswerKind::Moment { after: None };
    let line = || AnswerKind::Line { max_chars: form::LINE_MAX_CHARS };
    let work = &seen.change().work;
    let mut all = vec![ask("kept_by", line(), true, "Who kept the sheet?".into())];
    let has_begun = work.started.is_some() || !is_open(seen, Act::Start);
    all.push(Line { is_known: has_begun, ..ask("started", moment(), !has_begun, "When did the work start?".into()) });
    for (n, step) in steps(seen).iter().enumerate() {
        let n = n + 1;
        all.push(ask(&format!("off_{n}"), moment(), false, format!("{}: off at", step.what)));
        all.push(ask(&format!("on_{n}"), moment(), false, format!("{}: back at", step.what)));
    }
    for (n, id) in services(seen).into_iter().enumerate() {
        let is_known = work.restored.iter().any(|(back, _)| *back == id);
        all.push(Line { is_known, ..ask(&format!("back_{}", n + 1), moment(), false, format!("Service {}: back at", seen.names.service(id))) });
    }
    let is_known = work.finished.is_some();
    let codes = Outcome::OF_WORK.iter().map(|outcome| outcome.code().to_owned()).collect();
    all.push(Line { is_known, ..ask("finished", moment(), false, "When did the work end?".into()) });
    all.push(Line { is_known, ..ask("outcome", AnswerKind::Choice(codes), false, "What is the outcome?".into()) });
    all.push(Line { is_known, ..ask("not_back", AnswerKind::Prose, false, "What is not back, and why?".into()) });
    all.push(ask("notes", AnswerKind::Prose, false, "What else stands on it?".into()));
    all
}

/// The form.
pub async fn show_enter(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    draw(&app, &visitor, &seen, None)
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, sent: Option<(&Raw, &[Fault])>) -> Result<Response, Failure> {
    if !may_enter(seen) {
        return Err(Failure::denied("nothing-to-record", "Nothing can be recorded of this work here now, or not by you. The record says how it stands."));
    }
    let (first, none) = (filled_in(seen), vec![]);
    let (raw, faults) = sent.map_or((&first, none.as_slice()), |(raw, faults)| (raw, faults));
    let (asked, labels): (Vec<Asked>, Vec<String>) = asked(seen).into_iter().map(|line| (line.field, line.label)).unzip();
    let label = |id: &str| asked.iter().position(|field| field.id == id).map(|n| labels[n].clone()).unwrap_or_default();
    let drawn = typed::fields(&asked, raw, faults, &Options::none(seen.situation.zone.clone()), label);
    let loose = typed::loose_faults(&drawn, faults);
    let view = FormPage {
        shell: seen.shell(app, visitor, &format!("Key in a run sheet: {}", seen.change().reference)),
        lede: seen.title(),
        faults: ui::faults_of(&drawn).into_iter().chain(loose).collect(),
        facts: recorded(seen),
        warning: vec![
            "Leave out what the paper does not say. All of it is recorded at once, with the times on the paper and your name as who keyed it in.".into(),
        ],
        form: Sent::new(&format!("{}/run-sheet/enter", seen.address()), "Record the night", drawn).key(&app.ids.token().to_hex()),
        ..FormPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// Every date is that of the start until somebody says another.
fn filled_in(seen: &Seen) -> Raw {
    let Some(window) = seen.change().window() else { return Raw::new() };
    let day = local::wall(window.start, &seen.situation.zone).date().to_string();
    let times = asked(seen).into_iter().filter(|line| matches!(line.field.kind, AnswerKind::Moment { .. }));
    times.map(|line| (format!("{}.date", line.field.id), vec![day.clone()])).collect()
}

fn recorded(seen: &Seen) -> Vec<Fact> {
    let work = &seen.change().work;
    let started = work.started.iter().map(|told| Fact::new("Started", &seen.moment(told.happened_at)));
    let back = work.restored.iter().map(|(id, at)| Fact::new(&format!("{} back", seen.names.service(*id)), &seen.moment(*at)));
    let ended = work.finished.iter().map(|told| Fact::new("Ended", &seen.moment(told.happened_at)));
    let facts: Vec<Fact> = started.chain(back).chain(ended).collect();
    if facts.is_empty() { vec![Fact::new("Recorded so far", "Nothing.")] } else { facts }
}

/// A date that stands alone was filled in by the page: no time, no fact.
fn without_lone_dates(mut raw: Raw) -> Raw {
    let is_empty = |raw: &Raw, name: &str| raw.get(name).is_none_or(|values| values.iter().all(|value| value.trim().is_empty()));
    let lone: Vec<String> = raw.keys().filter(|name| name.strip_suffix(".date").is_some_and(|stem| is_empty(&raw, &format!("{stem}.time")))).cloned().collect();
    for name in lone {
        raw.remove(&name);
    }
    raw
}

/// What was typed, read.
struct Sheet {
    kept_by: String,
    times: BTreeMap<String, Timestamp>,
    facts: Vec<OfTheNight>,
}

/// Reads the form; what cannot have happened in that order is told at once with everything else.
fn read(seen: &Seen, raw: &Raw) -> (Sheet, Vec<Violation>) {
    let (facts, mut mint) = (Facts::default(), Mint::new(0, [0; 16]));
    let zone = &seen.situation.zone;
    let mut form = form::Form::new(raw, &facts, zone.iana_name().unwrap_or("UTC"), zone.clone(), &mut mint, None);
    let mut times = BTreeMap::new();
    for field in all(seen).iter().map(|line| &line.field).filter(|field| matches!(field.kind, AnswerKind::Moment { .. })) {
        if let Some(at) = form.moment(&field.id, field.required) {
            times.insert(field.id.clone(), at);
        }
    }
    let typed = |id: &str| form.typed(id).unwrap_or_default().to_owned();
    let (kept_by, notes, outcome) = (typed("kept_by"), typed("notes"), typed("outcome"));
    let mut faults = std::mem::take(&mut form.faults);
    if kept_by.is_empty() {
        faults.push(Violation::of("kept_by", "answer-missing"));
    }
    let work = &seen.change().work;
    let begun = times.get("started").copied().or(work.started.as_ref().map(|told| told.happened_at));
    for (id, at) in &times {
        if *at > seen.now {
            faults.push(Violation::of(id, "in-the-future"));
        } else if begun.is_some_and(|begun| *at < begun) {
            faults.push(Violation::of(id, "before-the-start"));
        }
    }
    if times.contains_key("finished") && outcome.is_empty() {
        faults.push(Violation::of("outcome", "answer-missing"));
    } else if !outcome.is_empty()
        && !times.contains_key("finished")
        && !faults.iter().any(|fault| fault.field.as_deref().is_some_and(|f| f.starts_with("finished")))
    {
        faults.push(Violation::of("finished", "time-missing"));
    }
    let facts = facts_of(seen, raw, &times, &kept_by, &notes);
    (Sheet { kept_by, times, facts }, faults)
}

/// The acts behind the sheet, in the order in which things happened.
fn facts_of(seen: &Seen, raw: &Raw, times: &BTreeMap<String, Timestamp>, kept_by: &str, notes: &str) -> Vec<OfTheNight> {
    let told = |at: &Timestamp, more: &[(&str, &str)]| -> Raw {
        let own = [("happened_at", at.to_string()), ("on_behalf_of", kept_by.to_owned())];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        own.into_iter().chain(more).filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), vec![value])).collect()
    };
    let fact = |act: Act, raw: Raw, at: &str| OfTheNight { act, raw, at: at.to_owned() };
    let mut facts: Vec<OfTheNight> = times.get("started").map(|at| fact(Act::Start, told(at, &[]), "started")).into_iter().collect();
    let mut back: Vec<(Timestamp, String, String)> = vec![];
    for (n, id) in services(seen).iter().enumerate() {
        let field = format!("back_{}", n + 1);
        if let Some((at, service)) = times.get(&field).zip(seen.page.services.get(&id.0)) {
            back.push((*at, service.code.clone(), field));
        }
    }
    back.sort();
    facts.extend(back.iter().map(|(at, code, field)| fact(Act::Restore, told(at, &[("back", code)]), field)));
    let lines = lines(seen, times, kept_by, notes);
    if !lines.is_empty() {
        facts.push(fact(Act::Say, Raw::from([("words".to_owned(), vec![lines])]), "notes"));
    }
    if let Some(at) = times.get("finished") {
        let typed = |id: &str| raw.get(id).and_then(|values| values.first()).map_or("", |value| value.trim());
        facts.push(fact(Act::Finish, told(at, &[("outcome", typed("outcome")), ("not_back", typed("not_back"))]), "finished"));
    }
    facts
}

/// The sheet as a message: the time of each step, and the notes.
fn lines(seen: &Seen, times: &BTreeMap<String, Timestamp>, kept_by: &str, notes: &str) -> String {
    let zone = &seen.situation.zone;
    let at = |field: String, word: &str| times.get(&field).map(|at| format!("{word} {}", local::time_words(*at, zone)));
    let line = |(n, step): (usize, &Step)| {
        let told: Vec<String> = [at(format!("off_{}", n + 1), "off"), at(format!("on_{}", n + 1), "back")].into_iter().flatten().collect();
        (!told.is_empty()).then(|| format!("{}: {}", step.what, told.join(", ")))
    };
    let mut lines: Vec<String> = steps(seen).iter().enumerate().filter_map(line).collect();
    lines.extend((!notes.is_empty()).then(|| notes.to_owned()));
    if lines.is_empty() { String::new() } else { format!("From the run sheet kept by {kept_by}:\n{}", lines.join("\n")) }
}

/// Records what stands on the sheet.
pub async fn enter(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let (actor, id) = (visitor.actor()?, find(&app, &visitor, &reference)?);
    let seen = Seen::read(&app, &visitor, &reference)?;
    let fields = all(&seen);
    typed::only(&form, &fields.iter().map(|line| line.field.id.as_str()).collect::<Vec<_>>())?;
    let path = format!("{}/run-sheet/enter", seen.address());
    let typed = typed::raw(&form);
    let raw = without_lone_dates(typed.clone());
    let (sheet, mut faults) = read(&seen, &raw);
    if faults.is_empty() && sheet.facts.is_empty() {
        faults.push(Violation::of("notes", "answer-missing"));
    }
    let told = |violations: &[Violation]| -> Vec<Fault> { violations.iter().map(|v| Fault::from_violation(v, words::fault(v))).collect() };
    if !faults.is_empty() {
        return draw(&app, &visitor, &seen, Some((&typed, &told(&faults))));
    }
    match app.record_night(&actor, id, sheet.facts, expect(&form, &path, &raw)) {
        Ok(_) => {
            let what = words::counted(sheet.times.len() as i64, "time");
            Ok(done(&app, &seen.address(), &format!("Recorded from the sheet kept by {}: {what}.", sheet.kept_by)))
        }
        Err(Stop::Refused(Refusal::Invalid(mut violations))) => {
            // The sheet asks what is not back, and takes what is back from its times.
            violations.iter_mut().filter(|fault| fault.field.as_deref() == Some("back")).for_each(|fault| fault.field = Some("not_back".to_owned()));
            draw(&app, &visitor, &seen, Some((&typed, &told(&violations))))
        }
        Err(stop) => Err(stopped(stop)),
    }
}
