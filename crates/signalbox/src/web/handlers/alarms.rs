//! `/alarms`: what rang, how each alarm was read against what was announced, on what evidence, and what it was found to be
//! (spec 10.4). The reading of the moment and a person's finding stand beside each other.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Actor;
use signalbox_core::alarm::Class;
use signalbox_core::change::Kind;
use signalbox_core::decide::drafts;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::{calendar, learn};
use signalbox_store::alarms as store;
use signalbox_store::queries::alarms::{self, AlarmFilter, AlarmLine};
use signalbox_store::scope::Scope;

use super::{filled, id as number, summary};
use crate::app::{App, Shared};
use crate::run::NewDraft;
use crate::web::form::{Form, Query};
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Paging};
use crate::web::visitor::Visitor;
use crate::words::{self, alarms as said, moment_phrase};

/// Alarms on one page.
const SHOWN: usize = 50;
/// How far back the list looks where nobody says.
const BEHIND: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest reason, in characters.
const WHY_MAX: usize = 500;

/// The list, latest first.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now) = (Scope::of(&visitor.actor()?), app.clock.now());
    let after = query.text("after").split_once('.').and_then(|(raised, id)| Some((raised.parse().ok()?, id.parse().ok()?)));
    let class = Class::from_code(query.text("class"));
    let filter = AlarmFilter { from: Some(now - BEHIND), class, after, ..AlarmFilter::default() };
    let mut lines = app.read::<_, Failure>(|tx| alarms::list(tx, &scope, &filter, SHOWN as i64 + 1))?;
    let has_more = lines.len() > SHOWN;
    lines.truncate(SHOWN);
    let of_class = class.map(|class| format!("class={}&", class.code())).unwrap_or_default();
    let next = lines.last().filter(|_| has_more).map(|last| format!("/alarms?{of_class}after={}.{}", last.raised_at.as_microsecond(), last.id));
    let table = table(&lines, now);
    let what = class.map_or("Every alarm of the last seven days that you may see".to_owned(), |class| format!("Of the last seven days: {}", class.words()));
    Ok(page(&ListPage {
        shell: visitor.shell(&app, "Alarms", Place::Operations),
        lede: format!("{what}. Work that was announced answers for an alarm; it never means that nobody needs to go."),
        sections: vec![Section::new("alarms", "What rang").table(table, "Nothing rang that you may see. Monitors tell alarms by the API.")],
        paging: Some(Paging {
            showing: format!("Showing {}.", words::counted(lines.len() as i64, "alarm")),
            first: if after.is_some() { "/alarms".into() } else { String::new() },
            next: next.unwrap_or_default(),
        }),
        ..ListPage::default()
    }))
}

/// Alarms as a table, for this page and the operations board.
pub fn table(lines: &[AlarmLine], now: Timestamp) -> Table {
    let zone = calendar::london();
    let row = |line: &AlarmLine| {
        let folded = if line.folded > 0 { format!("{}, and {} more of the same", line.kind, line.folded) } else { line.kind.clone() };
        let standing = line.standing();
        let work = match &line.change {
            Some((reference, title)) => Cell::link(reference, &format!("/changes/{reference}")).small(title),
            None if line.is_answered => Cell::text("Restricted work"),
            None => Cell::text("None"),
        };
        Row::new(
            Cell::link(&line.object, &format!("/alarms/{}", line.id)).small(&folded),
            vec![Cell::text(&moment_phrase(line.raised_at, now, &zone)).small(&line.source), Cell::tag(&said::label(standing), said::colour(standing)), work],
        )
    };
    Table::new("Alarms", &["What rang", "When", "How it reads", "Work"], lines.iter().map(row).collect())
}

fn seen(app: &App, actor: &Actor, id: &str) -> Result<AlarmLine, Failure> {
    let id = number(id)?;
    app.read::<_, Failure>(|tx| alarms::by_id(tx, &Scope::of(actor), id))?.ok_or(Failure::NotFound)
}

/// One alarm: what was told, how it was read and on what evidence.
pub async fn one(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let actor = visitor.actor()?;
    let line = seen(&app, &actor, &id)?;
    Ok(page(&view(&app, &visitor, &actor, &line, &Form::default(), &[])?))
}

fn view(app: &App, visitor: &Visitor, actor: &Actor, line: &AlarmLine, form: &Form, faults: &[Fault]) -> Result<FormPage, Failure> {
    let (now, zone) = (app.clock.now(), calendar::london());
    let moment = |at: Timestamp| moment_phrase(at, now, &zone);
    let mut facts = vec![Fact::new("What rang", &format!("{} ({})", line.object, line.kind)), Fact::new("Raised", &moment(line.raised_at))];
    facts.extend(line.cleared_at.map(|at| Fact::new("Cleared", &moment(at))));
    facts.extend(line.site.as_ref().map(|site| Fact::new("Site", &site.name)));
    if line.item.is_none() {
        facts.push(Fact::new("In the estate", "No item of this code is known"));
    }
    let teller = line.org.as_ref().map_or(String::new(), |org| format!(", {}", org.name));
    facts.push(Fact::new("Told by", &format!("{}{teller}, number {}", line.source, line.source_alarm)));
    if line.folded > 0 {
        facts.push(Fact::new("Folded", &format!("{} more within ten minutes", line.folded)));
    }
    let mut evidence = Section::new("evidence", "How it was read").words(&said::reading(line, &zone)).words(&said::evidence(line, moment));
    if let Some((reference, title)) = &line.change {
        evidence = evidence.link(&format!("{reference}, {title}"), &format!("/changes/{reference}"));
    }
    if super::ledger::may_enter(actor) {
        evidence = evidence.link("Enter a call-out about it", &format!("/ledger/new?alarm={}", line.id));
    }
    let mut below = vec![evidence];
    if let Some(found) = &line.found {
        let by = found.by.clone().unwrap_or_else(|| "somebody who has left".into());
        let words = format!("{}, by {by} {}: {}", said::label(found.class), moment(found.at), found.why);
        below.push(Section::new("found", "What it was found to be").words(&words));
    }
    if line.record.is_some() {
        let mut record = Section::new("record", "The record of the work");
        record = match &line.record_reference {
            Some(reference) => record.link(reference, &format!("/changes/{reference}")),
            None => record.words("It has been begun."),
        };
        below.push(record);
    } else if records_for(app, actor, line)?.is_some() {
        let record = Section::new("record", "The record of the work").words("Nobody had announced the work, and nobody has recorded it yet.");
        below.push(record.link("Begin the record of the work", &format!("/alarms/{}/record", line.id)));
    }
    let mut shell = visitor.shell(app, &format!("Alarm of {}", line.object), Place::Operations);
    shell.crumbs = vec![("Operations board".into(), "/ops".into()), ("Alarms".into(), "/alarms".into())];
    let lede = said::label(line.standing());
    let may = learn::reports_incidents(actor);
    let mut view = FormPage { shell, lede, facts, below, ..FormPage::default() };
    if may {
        let choices = Class::ALL.iter().map(|class| Choice::new(class.code(), &said::label(*class))).collect();
        let fields = vec![
            Field::select("class", "What was it found to be?", Choice::choose(choices, &[line.standing().code()])),
            Field::textarea("why", "What was found?", "").hint("Who looked, and what they saw. It stays beside how the alarm was read.").rows(3),
        ];
        let fields = filled(fields, form, faults);
        view.faults = summary(&fields, faults);
        view.form = parts::Form::new(&format!("/alarms/{}", line.id), "Record it", fields).quiet();
    }
    Ok(view)
}

/// Records what an alarm was found to be.
pub async fn find(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let line = seen(&app, &actor, &id)?;
    if !learn::reports_incidents(&actor) {
        return Err(Failure::denied("alarm-role", said::MAY_NOT_TELL));
    }
    form.only(&["class", "why"])?;
    let (class, why) = (Class::from_code(form.text("class")), form.text("why").trim().to_owned());
    let mut faults = vec![];
    if class.is_none() {
        faults.push(Fault::of("class", "unknown-choice", "Choose what it was found to be."));
    }
    if why.is_empty() {
        faults.push(Fault::of("why", "answer-missing", "Say what was found: somebody will ask in a month."));
    } else if why.chars().count() > WHY_MAX {
        faults.push(Fault::of("why", "too-long", format!("Say it in at most {WHY_MAX} characters.")));
    }
    let (Some(class), true) = (class, faults.is_empty()) else {
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&app, &visitor, &actor, &line, &form, &faults)?));
    };
    let alarm = line.id;
    app.find_alarm(actor.person(), alarm, class, why)?;
    Ok(done(&app, &format!("/alarms/{alarm}"), &format!("Recorded: {}.", class.words())))
}

/// Whether somebody may begin the record of work that nobody had announced, and in whose name: that of the organisation
/// whose equipment rang, or their own where they answer for a supplier or the authority.
fn records_for(app: &App, actor: &Actor, line: &AlarmLine) -> Result<Option<OrgId>, Failure> {
    if line.standing() != Class::Unannounced || line.record.is_some() {
        return Ok(None);
    }
    let owner = app.read::<_, Failure>(|tx| store::owner(tx, line.id))?;
    let process = app.documents.of_kind(Kind::Retrospective);
    let may = |org: &OrgId| process.as_ref().is_some_and(|process| drafts(process, actor, *org));
    Ok(owner.map(OrgId).into_iter().chain(actor.memberships().iter().map(|m| m.org)).find(may))
}

/// The page that begins the record.
pub async fn show_record(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let actor = visitor.actor()?;
    let line = seen(&app, &actor, &id)?;
    records_for(&app, &actor, &line)?.ok_or_else(may_not_record)?;
    let mut shell = visitor.shell(&app, "Begin the record of the work", Place::Operations);
    shell.crumbs = vec![("Alarms".into(), "/alarms".into()), (format!("Alarm of {}", line.object), format!("/alarms/{}", line.id))];
    let why = line.found.as_ref().map(|found| found.why.clone()).unwrap_or_default();
    let rang = format!("{}, {}", line.object, moment_phrase(line.raised_at, app.clock.now(), &calendar::london()));
    Ok(page(&FormPage {
        shell,
        lede: "A retrospective change begins, with what the alarm tells filled in. Its answers are the next page.".into(),
        facts: vec![Fact::new("What rang", &rang), Fact::new("What was found", &why)],
        form: parts::Form::new(&format!("/alarms/{}/record", line.id), "Begin the record", vec![]).key(&app.ids.token().to_hex()),
        ..FormPage::default()
    }))
}

fn may_not_record() -> Failure {
    Failure::denied("alarm-record", "The record of unannounced work is begun once, by an organisation that raises changes.")
}

/// Begins the record of the work behind an alarm, with what the alarm tells filled in (scenario 19).
pub async fn record(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let actor = visitor.actor()?;
    let line = seen(&app, &actor, &id)?;
    let org = records_for(&app, &actor, &line)?.ok_or_else(may_not_record)?;
    let mut raw = Raw::new();
    let mut put = |name: &str, value: String| _ = raw.insert(name.to_owned(), vec![value]);
    put("how_found", "alarm".to_owned());
    put("window.start", line.raised_at.to_string());
    if let Some(cleared) = line.cleared_at {
        put("window.end", cleared.to_string());
    }
    if let Some(item) = &line.item {
        put("items", item.code.clone());
    }
    if let Some(found) = &line.found {
        put("discovered_by", found.by.clone().unwrap_or_default());
        put("discovered_at", found.at.to_string());
    }
    let draft = NewDraft { kind: Kind::Retrospective, org, on_behalf_of: None, copied_from: None, raw };
    let expect = super::change::expect(&form, &format!("/alarms/{id}/record"), &Raw::new());
    let begun = app.raise(&actor, draft, expect).map_err(super::change::stopped)?;
    let (act, change) = (app.act(actor.person(), app.clock.now()), begun.id);
    app.write::<_, Failure>(move |tx| store::record(tx, &act, line.id, change))?;
    Ok(Redirect::to(&format!("/changes/{}/edit/what", begun.reference)).into_response())
}
