//! What is urgent, and what was done already: whom to ring first, a form short enough for a phone at night, and the
//! record of work that somebody found to be done (scenario 35).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Role, Stamp};
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::process::{Question, Required};
use signalbox_core::urgent::{Judgement, Owed, papers};
use signalbox_store::queries::urgent::{self as store, Callable};
use signalbox_store::scope::Scope;

use super::change::{self, Seen, expect, stopped};
use crate::app::{App, Shared};
use crate::run::{NewDraft, Stop};
use crate::web::form::Form;
use crate::web::parts::{self, Cell, Fact, FormPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::page_with;
use crate::web::ui::{self, Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

/// What is said before sending.
pub(super) const NEXT_EMERGENCY: &str = "Everybody on call is told at once. If somebody has said yes already, the work may begin; if not, ring them: one yes is enough. \
     The rest of the record can wait until the work is over.";
pub(super) const NEXT_RETROSPECTIVE: &str =
    "The change managers and the safety officers are told at once. The verdict is due within five working days. What was sent cannot be withdrawn.";

/// Who may say yes at night, in the order in which they are rung.
const ON_CALL: &[Role] = &[Role::EmergencyBoardMember, Role::SupplierManager, Role::AuthorityManager];
const OFFICERS: &[Role] = &[Role::SupplierSafety, Role::AuthoritySafety, Role::TrustSafety];

/// How long an emergency is thought to take where nobody has said otherwise.
const A_NIGHTS_WORK: SignedDuration = SignedDuration::from_hours(4);

/// What a draft begins with: an emergency begins now.
pub(super) fn begun(kind: Kind, now: Timestamp) -> Raw {
    if kind != Kind::Emergency {
        return Raw::new();
    }
    let minute = Timestamp::from_second(now.as_second() / 60 * 60).unwrap_or(now);
    let until = minute.checked_add(A_NIGHTS_WORK).unwrap_or(minute);
    [("window.start", minute), ("window.end", until)].map(|(id, at)| (id.to_owned(), vec![at.to_string()])).into()
}

/// Whether the question can wait until the work is over, so that it is not asked on the night.
pub(super) fn can_wait(kind: Kind, question: &Question) -> bool {
    kind.is_recorded_late() && question.required == Required::Close
}

/// Everybody who may say yes.
pub(super) fn callable(app: &App, actor: &Actor) -> Result<Vec<Callable>, Failure> {
    app.read::<_, Failure>(|tx| store::callable(tx, &Scope::of(actor), ON_CALL))
}

/// The same as answers to “who said yes”; nobody says yes to their own.
pub(super) fn approvers(callable: &[Callable], own: Option<i64>) -> Vec<Choice> {
    let others = callable.iter().filter(|one| Some(one.person) != own);
    others.map(|one| Choice::new(&one.email, &format!("{}, {}", one.name, one.org.name))).collect()
}

/// First whom to ring, with their numbers.
pub(super) fn whom_to_ring(app: &App, actor: &Actor) -> Result<Section, Failure> {
    let officers = app.read::<_, Failure>(|tx| store::callable(tx, &Scope::of(actor), OFFICERS))?;
    let rows = |list: &[Callable]| -> Vec<Row> {
        let row = |one: &Callable| {
            let phone = if one.phone.is_empty() { Cell::text("no number here") } else { Cell::link(&one.phone, &format!("tel:{}", dialled(&one.phone))) };
            Row::new(Cell::text(&one.name).small(&format!("{}, {}", words::sentence_case(one.role.words()), one.org.name)), vec![phone])
        };
        list.iter().map(row).collect()
    };
    let all: Vec<Callable> = callable(app, actor)?.into_iter().chain(officers).collect();
    let section = Section::new("ring", "Ring first")
        .words("One yes is enough to begin. Then a safety officer; if nobody answers, try again after 15 minutes.")
        .table(Table::new("Whom to ring", &["Who", "Telephone"], rows(&all)), "Nobody with these roles is known here. Ring the change team.");
    Ok(section)
}

/// The digits of a number, as a telephone dials it.
fn dialled(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// What was said, what is still owed and what came of it, on the page of such a change.
pub(super) fn section(seen: &Seen) -> Option<Section> {
    let change = seen.change();
    let owed = papers(change);
    if !change.kind.is_recorded_late() || (owed.is_empty() && change.urgent.verdict.is_none() && change.urgent.retrospective_of.is_none()) {
        return None;
    }
    let person = |stamp: &Stamp| seen.names.person(stamp.person);
    let zone = &seen.situation.zone;
    let at = |at: Timestamp| words::moment_phrase(at, seen.now, zone);
    let mut facts = vec![];
    if let Some((yes, _)) = &change.urgent.verbal {
        let how = words::option_label("verbal_channel", &yes.channel).to_lowercase();
        let said = format!("{}, {how}, {}; heard by {}", seen.names.person(Some(yes.approver)), at(yes.said_at), seen.said(&yes.witness));
        let fact = Fact::new("Said yes", &said);
        facts.push(match &change.urgent.answered {
            Some((true, ..)) => fact.tag("Confirmed", "green"),
            Some((false, ..)) => fact.tag("Denied", "red"),
            None => fact.tag("Not confirmed yet", "yellow"),
        });
    }
    if let Some((agreed, by, when)) = &change.urgent.ratified {
        let tag = if *agreed { ("Ratified", "green") } else { ("Not ratified", "red") };
        facts.push(Fact::new("Second look", &format!("{}, {}", person(by), at(*when))).tag(tag.0, tag.1));
    }
    if let Some((judged, by, when)) = &change.urgent.verdict {
        let colour = if judged.verdict == Judgement::Unauthorised { "red" } else { "green" };
        let words = format!("{}, {}. {}", person(by), at(*when), words::urgent::ruling_words(judged));
        facts.push(Fact::new("Verdict", &words).tag(&words::sentence_case(judged.verdict.words()), colour));
        facts.extend(judged.reason.as_ref().map(|text| Fact::new("Why", &seen.said(text))));
        facts.extend(judged.action.as_ref().map(|text| Fact::new("To be done", &seen.said(text))));
    }
    if let Some(from) = change.urgent.converted_from {
        facts.push(Fact::new("How it is treated", &words::urgent::converted_words(from)));
    }
    let row = |paper: &Owed| {
        let state = match &paper.done {
            Some((by, when)) if *when <= paper.due_at => Cell::tag("Done", "green").small(&format!("{} {}", at(*when), person(by))),
            Some((by, when)) => Cell::tag("Done late", "yellow").small(&format!("{} {}", at(*when), person(by))),
            None if paper.due_at < seen.now => Cell::tag("Overdue", "red"),
            None => Cell::tag("Open", "yellow"),
        };
        Row::new(Cell::text(&words::sentence_case(words::urgent::paper_words(paper.paper))), vec![Cell::text(&at(paper.due_at)), state])
    };
    let table = Table::new("What is owed afterwards", &["What", "By", "State"], owed.iter().map(row).collect());
    let heading = if change.kind == Kind::Emergency { "The emergency and its paper" } else { "The late record" };
    Some(Section::new("urgent", heading).facts(facts).table(table, "Nothing is owed yet."))
}

/// Whether this person could put the change on hold, or has nothing to hold any more.
fn may_record(seen: &Seen) -> bool {
    let manager = seen.actor.holds(Role::SupplierManager) || seen.actor.holds(Role::AuthorityManager);
    let open = seen.offers().iter().any(|offer| offer.act == Act::Hold && offer.is_open());
    manager && open && seen.change().kind != Kind::Retrospective
}

/// The link to that page, where it is theirs.
pub(super) fn link(seen: &Seen) -> Option<ui::Link> {
    may_record(seen).then(|| ui::Link::new("The work was done already", &format!("/changes/{}/done-already", seen.change().reference)))
}

/// The page that records that the work of an undecided change was found to be done.
pub async fn show_done(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    draw(&app, &visitor, &seen, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    if !may_record(seen) {
        return Err(Failure::denied("may-not-hold", "A change manager records this, on a change that is not decided yet."));
    }
    let reference = &seen.change().reference;
    let fields = vec![
        Field::textarea("reason", "How is it known that the work was done?", "").hint("Such as: two copies of the setting differ since Monday."),
        Field::input("date", "review_on", "When is this change looked at again?", "").hint("Within 20 working days.").width("w10"),
    ];
    let fields = super::filled(fields, form, faults);
    let view = FormPage {
        shell: seen.shell(app, visitor, &format!("The work was done already: {reference}")),
        lede: seen.title(),
        faults: ui::faults_of(&fields),
        facts: seen.key_facts(),
        warning: vec![format!("{reference} is put on hold, and a record of the work begins that is linked to it. Its answers are the next page.")],
        form: parts::Form::new(&format!("/changes/{reference}/done-already"), "Hold it and begin the record", fields).key(&app.ids.token().to_hex()),
        ..FormPage::default()
    };
    let status = if faults.is_empty() { axum::http::StatusCode::OK } else { axum::http::StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

/// Holds the change and begins the record, both or neither.
pub async fn record_done(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["reason", "review_on"])?;
    let (actor, id) = (visitor.actor()?, change::find(&app, &visitor, &reference)?);
    let seen = Seen::read(&app, &visitor, &reference)?;
    if !may_record(&seen) {
        return draw(&app, &visitor, &seen, &form, &[]);
    }
    let hold: Raw = ["reason", "review_on"].map(|id| (id.to_owned(), vec![form.text(id).to_owned()])).into();
    let org = actor.memberships().iter().find(|m| matches!(m.role, Role::SupplierManager | Role::AuthorityManager)).map_or(OrgId(0), |m| m.org);
    let draft = NewDraft { kind: Kind::Retrospective, org, on_behalf_of: None, copied_from: None, raw: Raw::new() };
    let expect = expect(&form, &format!("/changes/{reference}/done-already"), &hold);
    match app.raise_retrospective(&actor, draft, id, hold, expect) {
        Ok(begun) => Ok(Redirect::to(&format!("/changes/{}/edit/what", begun.reference)).into_response()),
        Err(Stop::Refused(signalbox_core::refusal::Refusal::Invalid(violations))) => {
            let faults: Vec<Fault> = violations.iter().map(|v| Fault::from_violation(v, words::fault(v))).collect();
            draw(&app, &visitor, &seen, &form, &faults)
        }
        Err(stop) => Err(stopped(stop)),
    }
}
