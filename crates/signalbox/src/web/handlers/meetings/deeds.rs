//! What is done at a meeting. The decision itself goes by the one write path, so that it stands in the change's own log.

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::act::Act;
use signalbox_core::calendar;
use signalbox_core::form::Raw;
use signalbox_core::refusal::Refusal;
use signalbox_store::boards::{self, Step};
use signalbox_store::queries::agenda::PaperLine;

use super::{Seen, draw};
use crate::app::{App, Shared};
use crate::run::{Expect, Stop};
use crate::web::form::Form;
use crate::web::handlers::change::{find, stopped};
use crate::web::handlers::on_call::typed_moment;
use crate::web::problem::{Failure, Fault};
use crate::web::tell::done;
use crate::web::visitor::Visitor;
use crate::words;

const FIELDS: [&str; 14] = [
    "what",
    "reference",
    "comes",
    "present",
    "minutes",
    "decision",
    "words",
    "reason_code",
    "seen",
    "version",
    "starts-date",
    "starts-time",
    "place",
    "number",
];

/// Does what the form asks for.
pub async fn change(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let id = crate::web::handlers::id(&id)?;
    let seen = Seen::read(&app, &visitor, id)?;
    form.only(&FIELDS)?;
    let outcome = match form.text("what") {
        "reply" => reply(&app, &visitor, &seen, &form),
        what if seen.is_chair => run(&app, &visitor, &seen, what, &form),
        _ => Err(Failure::denied("BR-20c", "The chair runs the meeting.")),
    };
    match outcome {
        Ok(said) => Ok(done(&app, &format!("/meetings/{id}"), &said)),
        Err(Failure::Invalid(faults)) => draw::draw(&app, &visitor, &seen, &form, &faults),
        Err(failure) => Err(failure),
    }
}

fn reply(app: &App, visitor: &Visitor, seen: &Seen, form: &Form) -> Result<String, Failure> {
    let Some(seat) = &seen.seat else { return Err(Failure::denied("BR-20", "You have no seat on this board.")) };
    let comes = match form.text("comes") {
        "yes" => true,
        "no" => false,
        _ => return Err(Failure::invalid(Fault::of("comes", "choose-one", "Say whether you come."))),
    };
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let (meeting, person) = (seen.meeting.id, seat.person_id);
    app.write::<_, Failure>(move |tx| boards::reply(tx, &act, meeting, person, comes))?;
    Ok("Your answer is noted.".into())
}

fn run(app: &App, visitor: &Visitor, seen: &Seen, what: &str, form: &Form) -> Result<String, Failure> {
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let id = seen.meeting.id;
    let step = |step: Step, said: &str| app.attempt(move |tx| boards::step_meeting(tx, &act, id, step)).map(|()| said.to_owned());
    match what {
        "open" => step(Step::Open, "The meeting is open, and its papers are fixed. Note who is there."),
        "lock" => step(Step::Lock, "The papers are fixed."),
        "cancel" => step(Step::Cancel, "The meeting is cancelled."),
        "close" => step(Step::Close, "The meeting is closed."),
        "present" => {
            let all: Vec<i64> = seen.seats.iter().map(|s| s.person_id).collect();
            let present: Vec<i64> = form.all("present").filter_map(|p| p.parse().ok()).filter(|p| all.contains(p)).collect();
            app.write::<_, Failure>(move |tx| boards::note_present(tx, &act, id, &all, &present))?;
            Ok("Noted who is there.".into())
        }
        "move" => {
            let Some(starts) = typed_moment(form, "starts", &calendar::london()) else {
                return Err(Failure::invalid(Fault::of("starts", "not-a-time", "Give a date and a time, such as 1 December 2026, 10:00.")));
            };
            let place = form.text("place").to_owned();
            app.attempt(move |tx| boards::move_meeting(tx, &act, id, starts, &place))?;
            Ok("The meeting is moved.".into())
        }
        "minutes" => {
            let words = form.text("minutes").to_owned();
            app.write::<_, Failure>(move |tx| boards::write_minutes(tx, &act, id, &words))?;
            Ok("The minutes are saved.".into())
        }
        "item" | "minute" | "add" | "decide" => on_item(app, visitor, seen, what, form),
        _ => Err(Failure::bad_request("what", "The form does not say what it is for.")),
    }
}

fn on_item(app: &App, visitor: &Visitor, seen: &Seen, what: &str, form: &Form) -> Result<String, Failure> {
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let id = seen.meeting.id;
    let reference = form.text("reference").to_owned();
    if what == "add" {
        let change = match find(app, visitor, &reference) {
            Ok(change) => change,
            Err(Failure::NotFound) => return Err(Failure::invalid(Fault::of("reference", "unknown-value", "You see no change with this reference."))),
            Err(failure) => return Err(failure),
        };
        app.attempt(move |tx| boards::add_item(tx, &act, id, change))?;
        return Ok(format!("{reference} is on the papers."));
    }
    let line = seen.papers.iter().find_map(|p| p.shown.as_ref().filter(|s| s.reference == reference)).ok_or(Failure::NotFound)?;
    let change = line.change.id.0;
    match what {
        "item" => {
            app.attempt(move |tx| boards::turn_to(tx, &act, id, change))?;
            Ok(format!("Now: {reference}."))
        }
        "minute" => {
            let words = form.text("minutes").to_owned();
            app.attempt(move |tx| boards::minute_item(tx, &act, id, change, &words))?;
            Ok("The minutes are saved.".into())
        }
        _ => decide(app, visitor, line, form),
    }
}

/// The chair records the decision: the same act, by the same rules, as on the change's own page.
fn decide(app: &App, visitor: &Visitor, line: &PaperLine, form: &Form) -> Result<String, Failure> {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let said = form.text("words");
    let (act, raw): (Act, Raw) = match form.text("decision") {
        "approve" => (Act::Approve, [one("seen", form.text("seen"))].into_iter().chain((!said.is_empty()).then(|| one("words", said))).collect()),
        "ask_more" => (Act::AskMore, [one("questions", said)].into_iter().collect()),
        "reject" => (Act::Reject, [one("reason_code", form.text("reason_code")), one("reason", said)].into_iter().collect()),
        _ => return Err(Failure::invalid(Fault::of("decision", "choose-one", "Choose what the board decides."))),
    };
    let version = form.text("version").parse::<i64>().ok();
    if version.is_none() {
        return Err(Failure::NeedsVersion);
    }
    match app.take(&visitor.actor()?, line.change.id.0, act, raw, Expect { version, ..Expect::default() }) {
        Ok(taken) => Ok(format!("{}: {}.", taken.reference, words::act_title(act).to_lowercase())),
        Err(Stop::Refused(Refusal::Invalid(violations))) => Err(Failure::Invalid(
            violations
                .iter()
                .map(|v| {
                    let field = match v.field.as_deref() {
                        Some("questions" | "reason") => "words",
                        Some(field) => field,
                        None => "decision",
                    };
                    Fault::of(field, v.code, words::fault(v))
                })
                .collect(),
        )),
        Err(stop) => Err(stopped(stop)),
    }
}
