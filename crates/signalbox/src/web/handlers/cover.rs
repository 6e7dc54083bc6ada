//! `/cover`: when I am away, who stands in for me, for whom I stand in, and all of it in one act (SD-10, X2).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{self, local};
use signalbox_store::accounts::{self, ActorRow, Membership, Person};
use signalbox_store::page::Page;
use signalbox_store::queries::duties::{self, Whose};
use signalbox_store::rota::{self, Away, Delegation};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};

use super::on_call::typed_moment;
use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

/// What is handed over at the most in one act.
const MOST: usize = 40;

/// What the page shows.
struct Shown {
    me: ActorRow,
    away: Vec<Away>,
    given: Vec<Delegation>,
    held: Vec<Delegation>,
    colleagues: Vec<Person>,
    names: std::collections::HashMap<i64, String>,
    owed: usize,
    is_rechecked: bool,
}

fn read(app: &App, visitor: &Visitor) -> Result<Shown, Failure> {
    let (me, now) = (visitor.row()?.clone(), app.clock.now());
    let id = me.person.id;
    let scope = Scope::of(&visitor.actor()?);
    app.read::<_, Failure>(|tx| {
        let (given, held) = (rota::handed_over(tx, id, now)?, rota::held_for_others(tx, id, now)?);
        let mut colleagues: Vec<Person> = vec![];
        let mut orgs: Vec<i64> = own(&me).map(|m| m.org_id).collect();
        orgs.dedup();
        for org in orgs {
            let page = Page { limit: 200, ..Page::default() };
            colleagues.extend(accounts::people(tx, me.viewer(), Some(org), &page)?.items);
        }
        colleagues.retain(|p| p.id != id);
        colleagues.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        colleagues.dedup_by_key(|p| p.id);
        let mut ids: Vec<i64> = given.iter().chain(&held).flat_map(|d| [d.delegate, d.delegator]).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = accounts::names(tx, &ids)?;
        let owed = duties::promises(tx, &scope, Whose::Mine, now)?.open.len();
        Ok(Shown { away: rota::away_of(tx, id, now)?, given, held, colleagues, names, owed, is_rechecked: signalbox_store::boards::is_rechecked(tx, id)?, me })
    })
}

/// What a person holds themselves and may hand over.
fn own(me: &ActorRow) -> impl Iterator<Item = &Membership> {
    me.memberships.iter().filter(|m| m.cover.is_none() && !m.role.is_by_rota() && !matches!(m.role, Role::Administrator | Role::Auditor | Role::GroupMember))
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw(&app, &visitor, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (shown, zone, now) = (read(app, visitor)?, calendar::london(), app.clock.now());
    let typed = |what: &str, fields: Vec<Field>| if form.text("what") == what { filled(fields, form, faults) } else { fields };
    let away_fields = typed("away", span_fields("away"));
    let mut give_fields = vec![which_field(&shown.me), who_field("give", &shown.colleagues)];
    give_fields.extend(span_fields("give"));
    let give_fields = typed("give", give_fields);
    let mut move_fields = vec![who_field("move", &shown.colleagues)];
    move_fields.extend(span_fields("move"));
    let move_fields = typed("move", move_fields);
    let all: Vec<Field> = away_fields.iter().chain(&give_fields).chain(&move_fields).cloned().collect();
    let start = |what: &str, button: &str, fields| parts::Form::new("/cover", button, fields).hide("what", what);
    let away = Block::new(Section::new("away", "When I am away").table(away_table(&shown.away, &zone), "You have not said that you will be away."))
        .form("I will be away", start("away", "Save these dates", away_fields));
    let away = end_form(away, "end_away", "I am back, or was never away", shown.away.iter().map(|a| (a.id, span_words(a.starts_at, a.ends_at, &zone))));
    let given = Block::new(Section::new("given", "Who stands in for me").table(table(&shown, &shown.given, &zone, true), "Nobody does."))
        .form("Ask one person to stand in for one role", start("give", "Hand this role over", give_fields))
        .form("Move all my work to one person", start("move", "Move all my work", move_fields));
    let lines = shown.given.iter().map(|d| (d.id, format!("{}, {}", name_of(&shown, d.delegate), d.role.words())));
    let given = end_form(given, "end", "End one before its time", lines);
    let held = Block::new(Section::new("held", "For whom I stand in").table(table(&shown, &shown.held, &zone, false), "For nobody."));
    let note = Section::new("note", "What standing in means")
        .words("Whoever stands in acts under your role, and the record names both: approved by one for the other.")
        .words("What either of you raised, sent or will carry out, neither may decide (SD-10). Then the next in the chain is asked.")
        .words("They belong to your organisation; for clinical decisions they are a safety officer, for money a finance approver.");
    let view = BlocksPage {
        shell: visitor.shell(app, "Away and cover", Place::OnCall),
        lede: lede(&shown, now),
        faults: summary(&all, faults),
        warning: warnings(&shown, &zone),
        blocks: vec![away, given, held],
        side: vec![Block::new(note), recheck_block(shown.is_rechecked)],
        ..BlocksPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// C051: the password at every decision by mail, as the person's own setting.
fn recheck_block(is_asked: bool) -> Block {
    let words =
        if is_asked { "Your password is asked for at every decision by letter." } else { "Your password is asked for only where the impact level is 1." };
    let (label, value) = if is_asked { ("Ask only where the impact level is 1", "no") } else { ("Ask for my password every time", "yes") };
    let form = parts::Form::new("/cover", label, vec![]).quiet().hide("what", "recheck").hide("which", value);
    Block::new(Section::new("recheck", "Deciding by letter").words(words)).form("Change this", form)
}

fn lede(shown: &Shown, now: Timestamp) -> String {
    let acts = shown.held.iter().filter(|d| d.starts_at <= now).count();
    let stands = match acts {
        0 => "You stand in for nobody now".to_owned(),
        1 => "You stand in for one role now".to_owned(),
        n => format!("You stand in for {n} roles now"),
    };
    format!("{stands}; {} of yours open.", words::counted(shown.owed as i64, "promise"))
}

/// Somebody with duties is away and nobody stands in.
fn warnings(shown: &Shown, zone: &TimeZone) -> Vec<String> {
    let mut found = vec![];
    for away in &shown.away {
        let covered =
            |m: &Membership| shown.given.iter().any(|d| d.role == m.role && d.org_id == m.org_id && d.starts_at <= away.starts_at && d.ends_at >= away.ends_at);
        let open: Vec<String> = own(&shown.me).filter(|m| !covered(m)).map(|m| m.role.words().to_owned()).collect();
        if !open.is_empty() {
            found.push(format!(
                "You are away {} and nobody stands in for you as {} all that time. {} of yours open.",
                span_words(away.starts_at, away.ends_at, zone),
                words::listed(&open),
                words::counted(shown.owed as i64, "promise")
            ));
        }
    }
    found
}

fn span_words(from: Timestamp, until: Timestamp, zone: &TimeZone) -> String {
    local::describe_window(from, until, zone).sentence()
}

fn away_table(away: &[Away], zone: &TimeZone) -> Table {
    let row = |a: &Away| Row::new(Cell::text(&local::moment_words(a.starts_at, zone)), vec![Cell::text(&local::moment_words(a.ends_at, zone))]);
    Table::new("When I am away", &["From", "Until"], away.iter().map(row).collect())
}

fn name_of(shown: &Shown, person: i64) -> String {
    shown.names.get(&person).cloned().unwrap_or_else(|| "Somebody erased".into())
}

fn table(shown: &Shown, all: &[Delegation], zone: &TimeZone, is_given: bool) -> Table {
    let row = |d: &Delegation| {
        let who = name_of(shown, if is_given { d.delegate } else { d.delegator });
        Row::new(Cell::text(&who), vec![Cell::text(&words::sentence_case(d.role.words())), Cell::text(&span_words(d.starts_at, d.ends_at, zone))])
    };
    let caption = if is_given { "Who stands in for me" } else { "For whom I stand in" };
    Table::new(caption, &["Who", "As", "When"], all.iter().map(row).collect())
}

fn end_form(block: Block, what: &str, title: &str, lines: impl Iterator<Item = (i64, String)>) -> Block {
    let choices: Vec<Choice> = lines.map(|(id, words)| Choice::new(&id.to_string(), &words)).collect();
    if choices.is_empty() {
        return block;
    }
    let choices = std::iter::once(Choice::new("", "Choose")).chain(choices).collect();
    let field = Field::select("which", "Which one?", choices).id(&format!("which-{what}"));
    block.form(title, parts::Form::new("/cover", "End it", vec![field]).quiet().hide("what", what))
}

fn span_fields(what: &str) -> Vec<Field> {
    vec![Field::date_time("starts", "From", "", "").id(&format!("starts-{what}")), Field::date_time("ends", "Until", "", "").id(&format!("ends-{what}"))]
}

fn who_field(what: &str, colleagues: &[Person]) -> Field {
    let choices = colleagues.iter().map(|p| Choice::new(&p.email, &p.name));
    Field::select("delegate", "Who stands in?", std::iter::once(Choice::new("", "Choose")).chain(choices).collect()).id(&format!("delegate-{what}"))
}

fn which_field(me: &ActorRow) -> Field {
    let choices = own(me).map(|m| Choice::new(&m.id.to_string(), &format!("{}, {}", words::sentence_case(m.role.words()), m.org_code)));
    Field::select("membership", "Which role?", std::iter::once(Choice::new("", "Choose")).chain(choices).collect())
}

const FIELDS: [&str; 8] = ["what", "which", "membership", "delegate", "starts-date", "starts-time", "ends-date", "ends-time"];

/// Saves what was typed in one of the forms.
pub async fn change(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&FIELDS)?;
    let me = visitor.row()?.clone();
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let which = form.text("which").parse::<i64>().unwrap_or(0);
    let person = me.person.id;
    match form.text("what") {
        "end_away" => {
            app.attempt(move |tx| rota::end_away(tx, &act, person, which))?;
            return Ok(done(&app, "/cover", "Those dates are taken out."));
        }
        "recheck" => {
            let is_asked = form.text("which") == "yes";
            app.write::<_, Failure>(move |tx| signalbox_store::boards::set_recheck(tx, &act, person, is_asked))?;
            return Ok(done(&app, "/cover", "Saved."));
        }
        "end" => {
            let is_mine = app.read::<_, Failure>(|tx| Ok(rota::delegation(tx, which)?.is_some_and(|d| d.delegator == person)))?;
            if !is_mine {
                return Err(Failure::invalid(Fault::of("which", "choose-one", "Choose which one.")));
            }
            app.attempt(move |tx| rota::end_delegation(tx, &act, which))?;
            return Ok(done(&app, "/cover", "It has ended. You decide for yourself again."));
        }
        _ => {}
    }
    let (zone, mut faults) = (calendar::london(), vec![]);
    let (starts, ends) = (typed_moment(&form, "starts", &zone), typed_moment(&form, "ends", &zone));
    for (name, moment) in [("starts", starts), ("ends", ends)] {
        if moment.is_none() {
            faults.push(Fault::of(name, "not-a-time", "Give a date and a time, such as 24 December 2026, 18:00."));
        }
    }
    if let (Some(starts), Some(ends)) = (starts, ends) {
        if ends <= starts {
            faults.push(Fault::of("ends", "before-start", "It ends after it starts."));
        } else if ends <= act.at {
            faults.push(Fault::of("ends", "in-the-past", "It ends after now."));
        }
    }
    let span = starts.zip(ends).filter(|_| faults.is_empty());
    let outcome = match form.text("what") {
        "away" => span.map(|span| say_away(&app, person, span)),
        "give" | "move" => hand_over(&app, &me, &form, span, &mut faults),
        _ => return Err(Failure::bad_request("what", "The form does not say what it is for.")),
    };
    match outcome {
        Some(Ok(said)) => Ok(done(&app, "/cover", &said)),
        Some(Err(Failure::Invalid(refused))) => draw(&app, &visitor, &form, &refused.into_iter().map(in_words).collect::<Vec<_>>()),
        Some(Err(failure)) => Err(failure),
        None => draw(&app, &visitor, &form, &faults),
    }
}

fn in_words(fault: Fault) -> Fault {
    match fault.field.as_deref() {
        Some("delegate") => Fault::of(
            "delegate",
            "not-qualified",
            "Choose somebody of the same organisation; for clinical decisions a safety officer, for money a finance approver.",
        ),
        Some("role") => Fault::of("membership", "choose-one", "Choose a role of yours."),
        _ => fault,
    }
}

fn say_away(app: &App, person: i64, (starts_at, ends_at): (Timestamp, Timestamp)) -> Result<String, Failure> {
    let act = app.act(Some(signalbox_core::ids::PersonId(person)), app.clock.now());
    let away = Away { id: app.ids.mint(act.at), person_id: person, starts_at, ends_at };
    app.attempt(move |tx| rota::add_away(tx, &act, &away))?;
    Ok("Your dates are saved. Ask somebody to stand in for you.".into())
}

/// One role, or everything that the other is qualified for, in one transaction.
fn hand_over(app: &App, me: &ActorRow, form: &Form, span: Option<(Timestamp, Timestamp)>, faults: &mut Vec<Fault>) -> Option<Result<String, Failure>> {
    let email = form.text("delegate").to_lowercase();
    let found = app.read::<_, Failure>(|tx| person_with_roles(tx, &email));
    let found = match found {
        Ok(found) => found,
        Err(failure) => return Some(Err(failure)),
    };
    if found.is_none() {
        faults.push(Fault::of("delegate", "choose-one", "Choose who stands in."));
    }
    let is_all = form.text("what") == "move";
    let which = form.text("membership").parse::<i64>().unwrap_or(0);
    let wanted: Vec<Membership> = own(me).filter(|m| is_all || m.id == which).take(MOST).cloned().collect();
    if wanted.is_empty() {
        faults.push(Fault::of(if is_all { "delegate" } else { "membership" }, "choose-one", "Choose a role of yours."));
    }
    let (delegate, (starts_at, ends_at)) = found.zip(span).filter(|_| faults.is_empty())?;
    let fits = |m: &&Membership| !is_all || rota::is_qualified(&delegate.memberships, m.org_id, m.role);
    let (given, left): (Vec<&Membership>, Vec<&Membership>) = wanted.iter().partition(|m| fits(m));
    if given.is_empty() {
        faults.push(Fault::of("delegate", "not-qualified", "They are qualified for none of your roles."));
        return None;
    }
    let now = app.clock.now();
    let by = Some(signalbox_core::ids::PersonId(me.person.id));
    let rows: Vec<_> = given
        .iter()
        .map(|m| {
            let (id, delegator, delegate) = (app.ids.mint(now), me.person.id, delegate.person.id);
            (app.act(by, now), Delegation { id, delegator, delegate, org_id: m.org_id, role: m.role, service_id: m.service_id, starts_at, ends_at })
        })
        .collect();
    let away = (app.act(by, now), Away { id: app.ids.mint(now), person_id: me.person.id, starts_at, ends_at });
    let written = app.attempt(move |tx| {
        for (act, row) in &rows {
            if let Err(refused) = rota::delegate(tx, act, row)? {
                return Ok(Err(refused));
            }
        }
        if is_all { rota::add_away(tx, &away.0, &away.1).map(|answer| answer.map(|_| ())) } else { Ok(Ok(())) }
    });
    let roles: Vec<String> = given.iter().map(|m| m.role.words().to_owned()).collect();
    let rest: Vec<String> = left.iter().map(|m| m.role.words().to_owned()).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(" They are not qualified for: {}.", words::listed(&rest)) };
    Some(written.map(|()| format!("{} stands in for you as {}.{rest}", delegate.person.name, words::listed(&roles))))
}

fn person_with_roles(tx: &mut dyn Tx, email: &str) -> Result<Option<ActorRow>, StoreError> {
    let Some(person) = accounts::person_by_email(tx, email)? else { return Ok(None) };
    accounts::actor(tx, person.id)
}
