//! `/promises`: what somebody promised or owes, due first; each person's and each organisation's.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::calendar;
use signalbox_store::directory;
use signalbox_store::queries::charges::{self, OwedRow};
use signalbox_store::queries::duties::{self, DutyLine, Whose};
use signalbox_store::scope::Scope;

use crate::app::Shared;
use crate::web::form::Query;
use crate::web::layout::Place;
use crate::web::parts::{Cell, Filters, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

const HEADS: [&str; 5] = ["Promise", "Change", "Who", "Due", "State"];

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    let scope = Scope::of(&actor);
    let of = query.text("of").to_owned();
    let own: Vec<i64> = actor.memberships().iter().map(|m| m.org.0).collect();
    let (org, orgs, promises, money) = app.read::<_, Failure>(|tx| {
        // Whoever sees every change may ask about anybody; others about their own organisations.
        let found = if of.is_empty() { None } else { directory::organisation_by_code(tx, &of)? };
        let org = found.filter(|org| scope.sees_all() || own.contains(&org.id));
        let mut orgs = vec![];
        for id in &own {
            orgs.extend(directory::organisation(tx, *id)?.filter(|org| !orgs.iter().any(|o: &directory::Organisation| o.id == org.id)));
        }
        let whose = org.as_ref().map_or(Whose::Mine, |org| Whose::Organisation(org.id));
        let money = if org.is_none() { charges::owed(tx, &scope)? } else { vec![] };
        Ok((org, orgs, duties::promises(tx, &scope, whose, now)?, money))
    })?;
    let mut dropped: Vec<String> =
        query.fields().iter().filter(|(name, _)| name != "of").map(|(name, _)| format!("“{name}” is not a filter of this list, so it was left out.")).collect();
    if org.is_none() && !of.is_empty() {
        dropped.push(format!("“{of}” is not an organisation of yours, so it was left out."));
    }
    let (late, open): (Vec<&DutyLine>, Vec<&DutyLine>) = promises.open.iter().partition(|duty| duty.is_late(now));
    let whose = org.as_ref().map_or("yours".to_owned(), |org| org.name.clone());
    let mut choices = vec![Choice::new("", "Mine")];
    choices.extend(orgs.iter().map(|org| Choice::new(&org.code, &format!("Everyone at {}", org.name))));
    choices.extend(org.iter().filter(|org| !orgs.iter().any(|o| o.id == org.id)).map(|org| Choice::new(&org.code, &org.name)));
    let filter = Field::select("of", "Whose", Choice::choose(choices, &[org.as_ref().map_or("", |org| org.code.as_str())]));
    let table = |caption: &str, duties: Vec<Row>| Table::new(caption, &HEADS, duties);
    let rows = |duties: &[&DutyLine], money: &[&OwedRow]| {
        duties.iter().map(|duty| row(duty, now)).chain(money.iter().map(|owed| money_row(owed, now))).collect::<Vec<_>>()
    };
    let (money_late, money_open): (Vec<&OwedRow>, Vec<&OwedRow>) = money.iter().partition(|owed| owed.due_at.is_some_and(|due| due < now));
    let kept: Vec<&DutyLine> = promises.kept.iter().collect();
    let view = ListPage {
        shell: visitor.shell(&app, "Promises", Place::Promises),
        lede: lede(open.len() + late.len() + money.len(), late.len() + money_late.len(), &whose),
        filters: Some(Filters {
            action: "/promises".into(),
            fields: vec![filter],
            dropped,
            clear: if org.is_some() { "/promises".into() } else { String::new() },
        }),
        sections: vec![
            Section::new("late", "Late").table(table("Late promises", rows(&late, &money_late)), "Nothing is late."),
            Section::new("open", "Open").table(table("Open promises", rows(&open, &money_open)), "Nothing is open."),
            Section::new("kept", "Kept in the last 60 days").table(table("Promises kept", rows(&kept, &[])), "None."),
        ],
        ..ListPage::default()
    };
    Ok(page(&view))
}

fn lede(open: usize, late: usize, whose: &str) -> String {
    let are = if open == 1 { "promise is" } else { "promises are" };
    let of = if whose == "yours" { "yours".to_owned() } else { format!("owed by {whose}") };
    match (open, late) {
        (0, _) if whose == "yours" => "Nothing is owed by you.".into(),
        (0, _) => format!("Nothing is owed by {whose}."),
        (open, 0) => format!("{open} {are} {of}; none is late."),
        (open, late) => format!("{open} {are} {of}; {late} {} late.", if late == 1 { "is" } else { "are" }),
    }
}

fn row(duty: &DutyLine, now: Timestamp) -> Row {
    let zone = calendar::london();
    let moment = |at| words::moment_phrase(at, now, &zone);
    let who = match (&duty.org, duty.role) {
        (Some(org), Some(role)) => format!("{}, {}", org.name, role.words()),
        (Some(org), None) => org.name.clone(),
        (None, Some(role)) => words::sentence_case(role.words()),
        (None, None) => String::new(),
    };
    let state = match duty.done_at {
        Some(at) => Cell::tag("Kept", "green").small(format!("{} {}", moment(at), duty.done_by).trim()),
        None if duty.is_late(now) => Cell::tag("Late", "red"),
        None => Cell::tag("Open", "yellow"),
    };
    let reference = Cell::link(&duty.reference, &format!("/changes/{}", duty.reference)).small(&duty.title);
    Row::new(Cell::text(&what(duty)), vec![reference, Cell::text(&who), Cell::text(&duty.due_at.map(moment).unwrap_or_default()), state])
}

/// A word about money that is owed.
fn money_row(owed: &OwedRow, now: Timestamp) -> Row {
    let zone = calendar::london();
    let state = if owed.due_at.is_some_and(|due| due < now) { Cell::tag("Late", "red") } else { Cell::tag("Open", "yellow") };
    let reference = Cell::link(&owed.reference, &format!("/changes/{}#money", owed.reference)).small(&owed.title);
    let due = owed.due_at.map(|at| words::moment_phrase(at, now, &zone)).unwrap_or_default();
    let what = words::sentence_case(owed.owes.words());
    Row::new(Cell::text(&what), vec![reference, Cell::text(&words::sentence_case(owed.role.words())), Cell::text(&due), state])
}

/// What is owed, in words.
fn what(duty: &DutyLine) -> String {
    match duty.kind.as_str() {
        "assessment" => format!("Give the assessment: {}", words::option_label("assessment", &duty.about)),
        "condition" => duty.words.clone().unwrap_or_else(|| format!("Keep condition {}", duty.about)),
        "review" => "Write the review".into(),
        "hold" => "Look again at what is on hold".into(),
        "answer" => "Answer what was asked".into(),
        "acceptance" => "Check what was sent in".into(),
        "clinical_screen" => "Screen for clinical risk".into(),
        "clinical_decision" => "Decide on the clinical risk".into(),
        "clinical_answer" => "Answer the safety officer".into(),
        "clinical_signature" => "Countersign the clinical risk".into(),
        "clinical_stop" => "Choose how the stopped work goes on".into(),
        "clinical_appeal" => "Rule on the appeal against a clinical rejection".into(),
        "clinical_sample" => "Look again at a screening without a yes".into(),
        "local" => "Let it out of your trust, or hand it back".into(),
        "action" => duty.words.clone().unwrap_or_else(|| format!("Carry out action {}", duty.about)),
        "worked" => "Say whether it worked for you".into(),
        "dispute" => "Answer the dispute of the outcome".into(),
        "notice_dispute" => "Decide the dispute of late notice".into(),
        paper if words::urgent::duty_words(paper).is_some() => words::urgent::duty_words(paper).unwrap_or_default(),
        other => words::sentence_case(&other.replace('_', " ")),
    }
}
