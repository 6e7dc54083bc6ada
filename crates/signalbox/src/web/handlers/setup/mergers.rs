//! `/setup/mergers`: organisations that become one. What would move is shown before anything does.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use signalbox_core::actor::OrgKind;
use signalbox_core::calendar;
use signalbox_core::refusal::Refusal;
use signalbox_store::directory::{self, Merger, Organisation, Viewer};
use signalbox_store::page::Page;

use super::{check, names, only_administrators, some};
use crate::app::{App, Shared};
use crate::run::{NewMerger, Stop, Successor};
use crate::web::form::Form;
use crate::web::handlers::change::stopped;
use crate::web::handlers::{filled, id, summary};
use crate::web::layout::{Place, Shell};
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words::{self, counted, listed, mergers as said, sentence_case};

/// `/setup/mergers`.
pub const PATH: &str = "/setup/mergers";
/// What the list is called on the page of all lists, and what it is for.
pub const LINE: (&str, &str) = ("Mergers", "Organisations that become one");

/// The value of the successor that is yet to be set up.
const NEW: &str = "new";
/// The second press carries this.
const SURE: &str = "sure";
/// Of those who wait to be confirmed, not more are counted.
const COUNTED: i64 = 10_000;

/// Whether this visitor merges organisations at all.
pub fn admit(visitor: &Visitor) -> Result<(), Failure> {
    only_administrators(visitor)
}

fn shell(app: &App, visitor: &Visitor, title: &str, is_below: bool) -> Shell {
    let mut shell = visitor.shell(app, title, Place::Elsewhere);
    shell.crumbs.push(("Set-up".into(), "/setup".into()));
    if is_below {
        shell.crumbs.push((LINE.0.into(), PATH.into()));
    }
    shell
}

/// Every organisation, by id.
fn organisations(app: &App) -> Result<BTreeMap<i64, Organisation>, Failure> {
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, None, &Page { limit: 500, ..Page::default() }))?;
    Ok(all.items.into_iter().map(|org| (org.id, org)).collect())
}

fn name(orgs: &BTreeMap<i64, Organisation>, id: i64) -> String {
    orgs.get(&id).map(|org| org.name.clone()).unwrap_or_default()
}

fn ended(orgs: &BTreeMap<i64, Organisation>, merger: &Merger) -> Vec<String> {
    merger.predecessors.iter().map(|id| name(orgs, *id)).collect()
}

/// Those planned and those done.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    admit(&visitor)?;
    let orgs = organisations(&app)?;
    let all = app.read::<_, Failure>(directory::mergers)?;
    let row = |merger: &Merger| {
        let link = Cell::link(&name(&orgs, merger.successor), &format!("{PATH}/{}", merger.id)).small(&format!("instead of {}", listed(&ended(&orgs, merger))));
        Row::new(link, vec![Cell::text(&said::day(merger)), Cell::text(said::state(merger))])
    };
    let planned = all.iter().filter(|merger| merger.is_planned()).count();
    Ok(page(&ListPage {
        shell: shell(&app, &visitor, LINE.0, false),
        lede: format!("{}, {planned} of them to come.", counted(all.len() as i64, "merger")),
        actions: vec![Link::new("Merge organisations", &format!("{PATH}/new"))],
        sections: vec![Section::new("list", LINE.0).table(Table::new(LINE.0, &["Successor", "Day", "State"], all.iter().map(row).collect()), "None yet.")],
        ..ListPage::default()
    }))
}

/// The form.
pub async fn show_new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    admit(&visitor)?;
    draw(&app, &visitor, &Form::default(), &[])
}

fn fields(app: &App) -> Result<Vec<Field>, Failure> {
    let mut orgs: Vec<Organisation> = organisations(app)?.into_values().filter(|org| org.merged_into.is_none()).collect();
    orgs.sort_by(|a, b| a.name.cmp(&b.name));
    let choice = |org: &Organisation| Choice::new(&org.id.to_string(), &format!("{} ({})", org.name, org.code));
    let ends = orgs.iter().filter(|org| org.is_active).map(|org| choice(org).hint(&sentence_case(org.kind.words()))).collect();
    let goes_on = [Choice::new("", "Choose"), Choice::new(NEW, "A new organisation, set up below")].into_iter().chain(orgs.iter().map(choice)).collect();
    Ok(vec![
        Field::checks("predecessors", "Organisations that end", ends).hint("All of one kind. One that takes others over does not end."),
        Field::select("successor", "Organisation that stands for them", goes_on),
        Field::text("code", "Code of the new organisation", "").hint("Short; used in files.").optional().width("w10"),
        Field::text("name", "Its name", "").optional(),
        Field::text("ods_code", "Its ODS code", "").optional().width("w10"),
        Field::text("email_domain", "Domain of its work e-mail", "")
            .hint("Such as tworivers.example. The domains of those that end lead to it too.")
            .optional(),
        Field::input("date", "day", "First day", "").hint("It happens at midnight where that organisation is; for today or earlier, at once.").width("w10"),
        Field::textarea("reason", "Reason", "").hint("Such as the order that establishes it.").rows(2),
    ])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let fields = filled(fields(app)?, form, faults);
    let view = FormPage {
        shell: shell(app, visitor, "Merge organisations", true),
        lede: "Nothing is merged yet: the next page shows what moves.".into(),
        faults: summary(&fields, faults),
        form: parts::Form::new(PATH, "Show what moves", fields),
        ..FormPage::default()
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

/// What was typed, or every fault that can be seen in it alone.
fn typed(app: &App, form: &Form, faults: &mut Vec<Fault>) -> Result<NewMerger, Failure> {
    faults.extend(check(&fields(app)?, form));
    let day = form.text("day").parse::<Date>();
    if day.is_err() && !form.text("day").is_empty() {
        faults.push(Fault::of("day", "not-a-date", "Enter a day that exists."));
    }
    let predecessors: Vec<i64> = form.all("predecessors").filter_map(|org| org.parse().ok()).collect();
    let successor = match form.text("successor") {
        NEW => {
            for (field, what) in [("code", "Enter a code for the new organisation."), ("name", "Enter the name of the new organisation.")] {
                if form.text(field).is_empty() {
                    faults.push(Fault::of(field, "missing", what));
                }
            }
            let mut organisation = Organisation::new(app.ids.mint(app.clock.now()), form.text("code"), form.text("name"), OrgKind::Trust);
            organisation.ods_code = some(form.text("ods_code"));
            organisation.email_domain = some(form.text("email_domain").trim_start_matches('@'));
            organisation.is_active = false;
            Successor::New(Box::new(organisation))
        }
        // What is not chosen has its fault already.
        known => Successor::Known(known.parse().unwrap_or_default()),
    };
    // In place of one that can’t be read stands one with which nothing is wrong, so that all else is looked at too.
    let day = day.unwrap_or_else(|_| calendar::local_date(app.clock.now(), &calendar::london()));
    Ok(NewMerger { predecessors, successor, day, reason: form.text("reason").into() })
}

/// The first press shows what moves; the second, on that page, merges.
pub async fn create(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    admit(&visitor)?;
    let names = names(&fields(&app)?);
    form.only(&names.iter().map(String::as_str).chain([SURE]).collect::<Vec<_>>())?;
    let mut faults = vec![];
    let new = typed(&app, &form, &mut faults)?;
    let outlook = match app.foresee_merger(&new) {
        Err(Stop::Refused(Refusal::Invalid(found))) => {
            // A field says one thing at a time.
            let fresh = found.iter().filter(|v| !faults.iter().any(|fault| fault.field == v.field)).map(|v| Fault::from_violation(v, words::fault(v)));
            let fresh: Vec<Fault> = fresh.collect();
            faults.extend(fresh);
            None
        }
        other => Some(other.map_err(stopped)?),
    };
    let Some(outlook) = outlook.filter(|_| faults.is_empty()) else { return draw(&app, &visitor, &form, &faults) };
    if form.has(SURE) {
        let merger = app.plan_merger(visitor.person()?, new).map_err(stopped)?;
        let told = if merger.done_at.is_some() { "Merged." } else { "Planned. It happens by itself when its day comes." };
        return Ok(done(&app, &format!("{PATH}/{}", merger.id), told));
    }
    let orgs = organisations(&app)?;
    let successor = match &new.successor {
        Successor::Known(id) => name(&orgs, *id),
        Successor::New(organisation) => organisation.name.clone(),
    };
    let ended: Vec<String> = new.predecessors.iter().map(|id| name(&orgs, *id)).collect();
    let is_now = outlook.at <= app.clock.now();
    let mut sent = parts::Form::new(PATH, if is_now { "Merge now" } else { "Plan this merger" }, vec![]);
    for field in &names {
        for value in form.all(field) {
            sent = sent.hide(field, value);
        }
    }
    let mut facts = vec![Fact::new("End", &listed(&ended)), Fact::new("Stands for them", &successor)];
    facts.push(Fact::new("When", &if is_now { "At once".to_owned() } else { moment(outlook.at) }));
    facts.extend(said::moves(&outlook.moved).iter().map(|(label, words)| Fact::new(label, words)));
    Ok(page(&FormPage {
        shell: shell(&app, &visitor, "What moves", true),
        lede: if is_now { "As of now.".into() } else { "As of now; on its day, what there is then moves.".into() },
        facts,
        warning: said::warning(&ended, &successor),
        form: sent.hide(SURE, "yes"),
        ..FormPage::default()
    }))
}

fn find(app: &App, visitor: &Visitor, id_text: &str) -> Result<Merger, Failure> {
    admit(visitor)?;
    let id = id(id_text)?;
    app.read::<_, Failure>(|tx| directory::merger(tx, id))?.ok_or(Failure::NotFound)
}

/// One merger: what moves or moved, and while it is to come the button that takes it back.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let merger = find(&app, &visitor, &id)?;
    let orgs = organisations(&app)?;
    let (ended, successor) = (ended(&orgs, &merger), name(&orgs, merger.successor));
    let mut facts = vec![
        Fact::new("End", &listed(&ended)),
        Fact::new("Stands for them", &successor),
        Fact::new("From", &said::day(&merger)),
        Fact::new("State", &sentence_case(said::state(&merger))),
        Fact::new("Why", &merger.reason),
    ];
    facts.extend(merger.moved.iter().flat_map(said::moves).map(|(label, words)| Fact::new(label, &words)));
    let shell = shell(&app, &visitor, &sentence_case(&said::merging(&ended, &successor)), true);
    if merger.is_planned() {
        let form = parts::Form::new(&format!("{PATH}/{}/take-back", merger.id), "Take this merger back", vec![]);
        return Ok(page(&FormPage { shell, facts, warning: said::warning(&ended, &successor), form: form.quiet(), ..FormPage::default() }));
    }
    let waiting = app.read::<_, Failure>(|tx| directory::to_confirm(tx, Viewer::All, COUNTED))?.len();
    let lede = match merger.done_at {
        Some(at) => format!("Done {}. {} to be confirmed again, over all mergers.", moment(at), counted(waiting as i64, "membership")),
        None => "It was taken back; nothing moved.".into(),
    };
    let about = facts.iter().map(|fact| Row::new(Cell::text(&fact.label), vec![Cell::text(&fact.value)])).collect();
    let table = Table::new("What moved", &["What", "Which, or how many"], about);
    Ok(page(&ListPage { shell, lede, sections: vec![Section::new("merger", "The merger").table(table, "")], ..ListPage::default() }))
}

/// Takes a plan back.
pub async fn take_back(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let merger = find(&app, &visitor, &id)?;
    form.only(&[])?;
    if !app.take_merger_back(visitor.person()?, merger.id).map_err(stopped)? {
        return Err(Failure::conflict("merger-over", "It was carried out or taken back before."));
    }
    Ok(done(&app, PATH, "Taken back. Nothing moves."))
}
