//! `/series`: work that comes again (C079). A rule is stated on the change that it copies; here it is seen, changed,
//! paused and ended, one occurrence is left out, and everything is told that came of it.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::DateTime;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Change;
use signalbox_core::refusal::Refusal;
use signalbox_core::schedule::recurrence::Typed;
use signalbox_core::schedule::series::{self as rules, LEAD_DAYS_USUAL};
use signalbox_store::directory::{self, Series, Settled};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts, project};

use super::setup::calendars::{on_page, rule, times};
use super::setup::{check, names};
use super::{filled, id as number, summary};
use crate::app::{App, Shared};
use crate::run::{Stop, dates_of};
use crate::web::form::{Form, Query};
use crate::web::layout::{Place, Shell};
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::series::{self, Deed, New, state_words, when_words};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Control, Field, Link, Paging};
use crate::web::visitor::Visitor;
use crate::words::{self, recurring};

/// Series on one page.
const SHOWN: usize = 50;
/// How many of the times so far a page tells.
const TOLD: i64 = 24;
/// How many dates ahead it tells.
const AHEAD: usize = 5;

fn shell(app: &App, visitor: &Visitor, title: &str) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into()), ("Work that comes again".into(), "/series".into())];
    shell
}

/// The series that this person may see, the latest first.
pub async fn list(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now) = (Scope::of(&visitor.actor()?), app.clock.now());
    let after = query.text("after").parse::<i64>().ok();
    let (rows, next) = app.read::<_, Failure>(|tx| {
        let mut found = directory::series_listed(tx, &scope, after.unwrap_or(i64::MAX), SHOWN + 1)?;
        let has_more = found.len() > SHOWN;
        found.truncate(SHOWN);
        let owners = accounts::names(tx, &found.iter().map(|one| one.owner_id).collect::<Vec<_>>())?;
        let mut rows = vec![];
        for one in &found {
            let org = directory::organisation(tx, one.org_id)?.map(|org| org.name).unwrap_or_default();
            let next = rules::ahead(&one.when, now, 1).into_iter().next();
            let state = state_words(one, next.is_some());
            let next = next.filter(|_| one.is_going()).map_or("No date".to_owned(), |next| recurring::occurrence(next.span, one.when.zone()));
            let cells = [&org, &when_words(one), &next, &owner_name(&owners, one.owner_id), &state].map(|text| Cell::text(text)).to_vec();
            rows.push(Row::new(Cell::link(&one.title, &format!("/series/{}", one.id)), cells));
        }
        Ok((rows, found.last().filter(|_| has_more).map(|last| last.id)))
    })?;
    let mut shell = shell(&app, &visitor, "Work that comes again");
    shell.crumbs.pop();
    let shown = rows.len() as i64;
    let table = Table::new("Work that comes again", &["What", "For", "When", "Next", "Owner", "State"], rows);
    let empty = "None that you may see. A rule is stated on the record of a change: “Let this come again by a rule”.";
    Ok(page(&ListPage {
        shell,
        lede: "Changes that are made from a template by a rule, each as a draft that its owner checks and sends.".into(),
        sections: vec![Section::new("series", "Rules").table(table, empty)],
        paging: Some(Paging {
            showing: format!("Showing {}.", words::counted(shown, "rule")),
            first: if after.is_some() { "/series".into() } else { String::new() },
            next: next.map(|id| format!("/series?after={id}")).unwrap_or_default(),
        }),
        ..ListPage::default()
    }))
}

fn owner_name(names: &HashMap<i64, String>, id: i64) -> String {
    names.get(&id).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "Somebody who has left".into())
}

/// What a page of one series is made of.
struct Shown {
    series: Series,
    may: bool,
    org: String,
    owner: String,
    /// The owner is there no longer, or may not raise it.
    is_orphaned: bool,
    template: Change,
    so_far: Vec<(Settled, Option<Change>)>,
    ahead: Vec<rules::Occurrence>,
    /// The dates that may be sent as one notice now.
    dates: Vec<rules::Occurrence>,
    /// What is said of notice where the lead is too short for it.
    late: Option<String>,
}

fn read(app: &App, visitor: &Visitor, id: i64) -> Result<Shown, Failure> {
    let actor = visitor.actor()?;
    let (series, kind, may) = series::find(app, &actor, id)?;
    let ahead = if series.ended_at.is_some() { vec![] } else { series::skippable(app, &series)? };
    let found = app.read::<_, Failure>(|tx| {
        let Some(situation) = app.look(tx, &actor, series.template)? else { return Ok(None) };
        let owner = accounts::names(tx, &[series.owner_id])?;
        let row = signalbox_store::rota::actor_at(tx, series.owner_id, app.clock.now())?.map(|row| row.to_core());
        let is_orphaned = match &row {
            Some(owner) => !app.drafts(tx, owner, kind, signalbox_core::ids::OrgId(series.org_id))?,
            None => true,
        };
        let so_far = so_far(tx, &Scope::of(&actor), series.id)?;
        let org = directory::organisation(tx, series.org_id)?.map(|org| org.name).unwrap_or_default();
        let late = ahead.first().and_then(|next| {
            let given = situation.loaded.change.notice()?;
            let asked = calendar::Notice { amount: given.asked, basis: given.basis };
            let judged = calendar::notice::judge(asked, rules::made_at(next.span, series.lead_days), next.span.from, &situation.zone, &situation.calendar);
            judged.verdict.is_late().then(|| format!("It is made too late: {asked} of notice are asked for. Have it made earlier before its start."))
        });
        let owner = owner_name(&owner, series.owner_id);
        let dates = if may && series.is_going() { dates_of(tx, &series, app.clock.now())? } else { vec![] };
        Ok(Some((org, owner, is_orphaned, situation.loaded.change, so_far, late, dates)))
    })?;
    let (org, owner, is_orphaned, template, so_far, late, dates) = found.ok_or(Failure::NotFound)?;
    Ok(Shown { series, may, org, owner, is_orphaned, template, so_far, ahead, dates, late })
}

/// The times so far, each with its change where these eyes may see it.
fn so_far(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Vec<(Settled, Option<Change>)>, StoreError> {
    let mut found = vec![];
    for one in directory::occurrences_settled(tx, id, TOLD)? {
        let change = match one.change_id {
            Some(change) if sight::is_visible(tx, scope, change)? => project::load(tx, change)?.map(|loaded| loaded.change),
            _ => None,
        };
        found.push((one, change));
    }
    Ok(found)
}

/// One series: its rule, its next dates, what came of it, and what may be done to it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    draw(&app, &visitor, number(&id)?, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, id: i64, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let shown = read(app, visitor, id)?;
    let series = &shown.series;
    let may = shown.may && series.ended_at.is_none();
    let (skip, skip_fields) = next_block(&shown, may, form, faults);
    let mut blocks = vec![facts_block(&shown), skip];
    blocks.extend(dates_block(&shown));
    blocks.push(so_far_block(&shown));
    if may {
        blocks.push(deeds_block(series));
    }
    let mut warning: Vec<String> = shown.late.clone().into_iter().collect();
    if shown.is_orphaned && series.is_going() {
        warning.push(format!("{} has left or may not raise such a change any more, so nothing is made. Name another owner.", shown.owner));
    }
    let view = BlocksPage {
        shell: shell(app, visitor, &series.title),
        lede: format!("{}, on the clock of {}.", when_words(series), series.when.zone_name()),
        faults: summary(&skip_fields, faults),
        warning,
        actions: may.then(|| Link::new("Change this rule", &format!("/series/{id}/edit"))).into_iter().collect(),
        blocks,
        side: vec![],
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn facts_block(shown: &Shown) -> Block {
    let series = &shown.series;
    let rule = series.when.rule().map(|rule| rule.text().to_owned()).unwrap_or_default();
    Block::new(Section::new("rule", "The rule").facts(vec![
        Fact::new("Copies the answers of", "").link(&shown.template.reference, &format!("/changes/{}", shown.template.reference)),
        Fact::new("For", &shown.org),
        Fact::new("Owner", &shown.owner),
        Fact::new("Made before its start", &words::counted(series.lead_days, "day")),
        Fact::new("As RFC 5545 writes it", &rule),
        Fact::new("State", &state_words(series, !shown.ahead.is_empty())),
    ]))
}

/// The next dates, and the form that leaves one of them out.
fn next_block(shown: &Shown, may: bool, form: &Form, faults: &[Fault]) -> (Block, Vec<Field>) {
    let (series, zone) = (&shown.series, shown.series.when.zone());
    let row = |one: &rules::Occurrence| {
        let made = local::date_words(zone.to_datetime(rules::made_at(one.span, series.lead_days)).date());
        Row::new(Cell::text(&recurring::occurrence(one.span, zone)), vec![Cell::text(&made)])
    };
    let rows = shown.ahead.iter().take(AHEAD).map(row).collect();
    let section = Section::new("next", "Next dates").table(Table::new("Next dates", &["When", "Made on"], rows), "Every date is made already.");
    let block = Block::new(section);
    if !may || shown.ahead.is_empty() {
        return (block, vec![]);
    }
    let choices = shown.ahead.iter().map(|one| Choice::new(&one.day.to_string(), &recurring::occurrence(one.span, zone)));
    let field = Field::select("day", "Which one?", std::iter::once(Choice::new("", "Choose")).chain(choices).collect());
    let fields = if form.text("deed") == "skip" { filled(vec![field], form, faults) } else { vec![field] };
    let skip = deed(series, "skip", "Leave it out", fields.clone());
    (block.form("Leave one of them out", skip), fields)
}

/// One notice of all the dates that are ahead (X13).
fn dates_block(shown: &Shown) -> Option<Block> {
    let (first, last) = (shown.dates.first()?, shown.dates.last()?);
    let (series, day) = (&shown.series, |one: &rules::Occurrence| local::date_words(one.day));
    let (count, span) = match shown.dates.len() {
        1 => ("Send this date".to_owned(), format!("The date of the coming year, {},", day(first))),
        n => (format!("Send all {n} dates"), format!("The {n} dates of the coming year, from {} to {},", day(first), day(last))),
    };
    let words = format!(
        "{span} can be sent at once with the answers of {}, so that everybody knows of them early. Each is a change of its own from then on, to be moved or cancelled alone.",
        shown.template.reference
    );
    Some(Block::new(Section::new("dates", "One notice of all dates").words(&words)).open(deed(series, "send", &count, vec![])))
}

fn deed(series: &Series, deed: &str, button: &str, fields: Vec<Field>) -> parts::Form {
    parts::Form::new(&format!("/series/{}", series.id), button, fields).quiet().hide("deed", deed).hide("version", &series.version.to_string())
}

fn deeds_block(series: &Series) -> Block {
    let section = Section::new("deeds", "Stop it").words("What is made already stays: each is a change of its own, to be moved or cancelled on its page.");
    let block = Block::new(section);
    let block = match series.paused_at {
        None => block.form("Pause this rule", deed(series, "pause", "Pause it", vec![])),
        Some(_) => block.form("Go on with this rule", deed(series, "resume", "Go on", vec![])),
    };
    block.form("End this rule", deed(series, "end", "End it for good", vec![]))
}

fn so_far_block(shown: &Shown) -> Block {
    let zone = shown.series.when.zone();
    let row = |(one, change): &(Settled, Option<Change>)| {
        let (head, came) = match change {
            Some(change) => {
                let came = change.outcome.map_or_else(|| change.stage.words().to_owned(), |outcome| words::option_label("outcome", outcome.code()));
                (Cell::link(&change.reference, &format!("/changes/{}", change.reference)), came)
            }
            None if one.change_id.is_some() => (Cell::text("A change that you may not see"), String::new()),
            None => (Cell::text("Missed"), "Not made: its start had passed before it could be".to_owned()),
        };
        Row::new(Cell::text(&recurring::occurrence(one.occurrence.span, zone)), vec![head, Cell::text(&came)])
    };
    let table = Table::new("Its dates", &["When", "Change", "What came of it"], shown.so_far.iter().map(row).collect());
    Block::new(Section::new("so-far", "Its dates").table(table, "None is made yet."))
}

/// Pauses it, goes on, ends it, or leaves one occurrence out.
pub async fn take(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let (actor, id) = (visitor.actor()?, number(&id)?);
    series::changeable(&app, &actor, id)?;
    form.only(&["deed", "version", "day"])?;
    if form.text("deed") == "send" {
        return match app.send_dates(&actor, id, form.text("version").parse().ok()) {
            Ok(sent) => Ok(done(&app, &format!("/series/{id}"), &format!("Sent: {}.", words::counted(sent as i64, "date")))),
            Err(Stop::Refused(Refusal::Invalid(faults))) => {
                let faults: Vec<Fault> = faults.iter().map(|fault| Fault::whole(fault.code, words::fault(fault))).collect();
                draw(&app, &visitor, id, &form, &faults)
            }
            Err(stop) => Err(super::change::stopped(stop)),
        };
    }
    let (wanted, said) = match form.text("deed") {
        "pause" => (Deed::Pause, "The rule pauses: nothing is made until you go on."),
        "resume" => (Deed::Resume, "The rule goes on. What lay in the pause is not made."),
        "end" => (Deed::End, "The rule is ended."),
        "skip" => match form.text("day").parse() {
            Ok(day) => (Deed::Skip(day), "That one is left out."),
            Err(_) => return draw(&app, &visitor, id, &form, &[Fault::of("day", "missing", "Choose which one.")]),
        },
        _ => return Err(Failure::invalid(Fault::of("deed", "unknown-choice", "Choose what to do."))),
    };
    match series::take(&app, &actor, id, form.text("version").parse().ok(), wanted) {
        Ok(()) => Ok(done(&app, &format!("/series/{id}"), said)),
        Err(Failure::Invalid(faults)) => draw(&app, &visitor, id, &form, &faults),
        Err(failure) => Err(failure),
    }
}

/// The fields of a rule.
fn fields(zone: &str) -> Vec<Field> {
    let mut fields = vec![Field::text("title", "What is it called?", "")];
    for mut field in times() {
        match &mut field.control {
            Control::Radios { choices } if field.name == "repeats" => {
                choices.retain(|choice| !choice.value.is_empty());
                (field.label, field.optional) = ("How does it come again?".into(), false);
            }
            Control::Input { value, .. } if field.name == "zone" => zone.clone_into(value),
            _ => {}
        }
        match field.name.as_str() {
            "starts_at" => field.label = "The first time, from".into(),
            "ends_at" => field = field.hint("On the same clock. Its length is that of every time."),
            _ => {}
        }
        fields.push(field);
    }
    let lead = "The draft is made so long before its start, for its owner to check and send. An outage is told of ten working days before.";
    fields.push(Field::text("lead_days", "How many days before its start is it made?", &LEAD_DAYS_USUAL.to_string()).hint(lead).width("w4"));
    fields.push(
        Field::input("email", "owner", "Who owns it?", "").hint("The e-mail address of somebody who may raise such changes. They are told of each draft."),
    );
    fields
}

fn given(pairs: &[(&str, String)]) -> Form {
    Form::of(pairs.iter().map(|(name, value)| (*name, value.as_str())))
}

fn on_clock(name: &str, at: DateTime) -> [(String, String); 2] {
    [(format!("{name}-date"), at.date().to_string()), (format!("{name}-time"), local::clock(at.time()))]
}

/// The form of a new rule, with what the change says itself.
pub async fn show_new(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let template = series::template(&app, &visitor.actor()?, &reference)?;
    let (zone_name, change, title) = app.read::<_, Failure>(|tx| {
        let zone = directory::organisation(tx, template.org.0)?.map_or(calendar::DEFAULT_ZONE.to_owned(), |org| org.zone);
        let loaded = project::load(tx, template.id)?;
        let draft = signalbox_store::drafts::draft(tx, template.id)?;
        let sent = loaded.as_ref().and_then(|l| l.change.content.as_ref().and_then(|c| l.prose.get(&c.header.title.text.0)).cloned());
        let title = sent.or_else(|| draft?.raw.get("title")?.first().cloned()).unwrap_or_default();
        Ok((zone, loaded.map(|loaded| loaded.change), title))
    })?;
    let zone = calendar::zone(&zone_name).unwrap_or_else(calendar::london);
    let mut known = vec![("title".to_owned(), title), ("zone".to_owned(), zone_name.clone())];
    if let Some(window) = change.and_then(|change| change.window()) {
        known.extend(on_clock("starts_at", zone.to_datetime(window.start)));
        known.extend(on_clock("ends_at", zone.to_datetime(window.end)));
    }
    known.push(("lead_days".into(), LEAD_DAYS_USUAL.to_string()));
    known.push(("owner".into(), visitor.row()?.person.email.clone()));
    Ok(page(&form_page(&app, &visitor, &Target::New(&reference), &Form::of(known), &[])))
}

/// What the form is for.
enum Target<'t> {
    /// A rule on the change of this reference.
    New(&'t str),
    /// The series of this id, as it was at this version.
    Old(i64, i64),
}

fn form_page(app: &App, visitor: &Visitor, target: &Target, form: &Form, faults: &[Fault]) -> FormPage {
    let (title, path, button) = match target {
        Target::New(reference) => (format!("Let {reference} come again"), format!("/changes/{reference}/recur"), "State this rule"),
        Target::Old(id, _) => ("Change this rule".to_owned(), format!("/series/{id}/edit"), "Save this rule"),
    };
    let fields = filled(fields(calendar::DEFAULT_ZONE), form, faults);
    let lede = match target {
        Target::New(_) => {
            "Each time a draft is made with the answers of this change and a window of its own. Its owner checks it and sends it: nothing is sent by itself."
        }
        Target::Old(..) => "It counts for what is made from now on. What is made already stays as it is.",
    };
    let mut view = FormPage { shell: shell(app, visitor, &title), lede: lede.into(), faults: summary(&fields, faults), ..FormPage::default() };
    view.form = parts::Form::new(&path, button, fields);
    if let Target::Old(_, version) = target {
        view.form = view.form.hide("version", &version.to_string());
    }
    view
}

/// What was typed, given to what states or changes a rule, or the form again with every fault.
fn with_typed(
    app: &App,
    visitor: &Visitor,
    target: &Target,
    form: &Form,
    then: impl FnOnce(&New, Vec<Fault>) -> Result<i64, Failure>,
) -> Result<Response, Failure> {
    let fields = fields(calendar::DEFAULT_ZONE);
    let known = names(&fields);
    // A new rule has no version to be seen.
    let seen = matches!(target, Target::Old(..)).then_some("version");
    form.only(&known.iter().map(String::as_str).chain(seen).collect::<Vec<_>>())?;
    let mut faults = check(&fields, form);
    let joined = |field: &str| format!("{}T{}", form.text(&format!("{field}-date")), form.text(&format!("{field}-time")));
    let (starts, ends) = (joined("starts_at"), joined("ends_at"));
    let mut of_rule = vec![];
    let text = rule(form, &mut of_rule);
    faults.extend(of_rule);
    // How it comes again was asked about already; that there is no rule says nothing more.
    let is_told = faults.iter().any(|fault| fault.field.as_deref() == Some("repeats"));
    let zone = Some(form.text("zone")).filter(|zone| !zone.is_empty()).unwrap_or(calendar::DEFAULT_ZONE);
    let when = Typed { zone, starts: &starts, ends: &ends, rule: &text, except: form.text("except") };
    let new = New { title: form.text("title"), owner: form.text("owner"), lead_days: form.text("lead_days"), when };
    match then(&new, faults) {
        Ok(id) => Ok(done(app, &format!("/series/{id}"), "Saved.")),
        Err(Failure::Invalid(faults)) => {
            let faults: Vec<Fault> = faults.into_iter().filter(|fault| !(is_told && fault.code == "rule-missing")).map(on_page).collect();
            Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &form_page(app, visitor, target, form, &faults)))
        }
        Err(failure) => Err(failure),
    }
}

/// States a rule.
pub async fn create(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    series::template(&app, &actor, &reference)?;
    with_typed(&app, &visitor, &Target::New(&reference), &form, |new, faults| series::state(&app, &actor, &reference, new, faults))
}

/// The form of a rule that was stated.
pub async fn show_edit(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = editable(&app, &visitor, number(&id)?)?;
    let (starts, ends) = found.when.on_the_clock();
    let owner = app.read::<_, Failure>(|tx| accounts::person(tx, found.owner_id))?.map(|person| person.email).unwrap_or_default();
    let mut known: Vec<(String, String)> = on_clock("starts_at", starts).into_iter().chain(on_clock("ends_at", ends)).collect();
    let own = given(&[
        ("title", found.title.clone()),
        ("zone", found.when.zone_name().to_owned()),
        ("repeats", "rule".into()),
        ("rule", found.when.rule().map(|rule| rule.text().to_owned()).unwrap_or_default()),
        ("except", found.when.except().map(|day| day.to_string()).collect::<Vec<_>>().join(" ")),
        ("lead_days", found.lead_days.to_string()),
        ("owner", owner),
    ]);
    known.extend(own.fields().iter().cloned());
    Ok(page(&form_page(&app, &visitor, &Target::Old(found.id, found.version), &Form::of(known), &[])))
}

fn editable(app: &App, visitor: &Visitor, id: i64) -> Result<Series, Failure> {
    series::changeable(app, &visitor.actor()?, id).map(|(series, _)| series)
}

/// Changes a rule.
pub async fn edit(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let (actor, found) = (visitor.actor()?, editable(&app, &visitor, number(&id)?)?);
    let version = form.text("version").parse().ok();
    let target = Target::Old(found.id, version.unwrap_or(found.version));
    with_typed(&app, &visitor, &target, &form, |new, faults| series::change(&app, &actor, found.id, version, new, faults).map(|()| found.id))
}
