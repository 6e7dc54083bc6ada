//! `/decide/{ref}`: one decision, with what has to be known for it. Opening the page decides nothing, whoever or
//! whatever opens it (S42); the button does.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::act::Act;
use signalbox_core::event::{Event, Recorded};
use signalbox_core::form::Raw;
use signalbox_core::refusal::Refusal;

use super::change::{Seen, conflict, expect, find, stopped};
use crate::app::{App, Shared};
use crate::run::Stop;
use crate::web::form::Form;
use crate::web::pages::decide::DecidePage;
use crate::web::parts::{self, Fact, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::typed::{core_name, loose_faults};
use crate::web::ui::{Choice, Field, faults_of};
use crate::web::visitor::Visitor;
use crate::words;

/// What may be decided, and the act that it is.
const WAYS: [(&str, Act); 4] = [("approve", Act::Approve), ("approve_with_condition", Act::Approve), ("ask_more", Act::AskMore), ("reject", Act::Reject)];

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    draw(&app, &visitor, &seen, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (change, offers) = (seen.change(), seen.offers());
    let verdict = |act| offers.iter().find(|offer| offer.act == act).map(|offer| &offer.verdict);
    let is_open = |act| matches!(verdict(act), Some(Ok(_)));
    let stamp = [Act::Approve, Act::AskMore, Act::Reject].into_iter().find_map(|act| verdict(act)?.as_ref().ok());
    let mut shell = seen.shell(app, visitor, &format!("Decide {} {}", change.reference, seen.title()));
    shell.crumbs = vec![("Changes".into(), "/changes".into())];
    let mut view = DecidePage { shell, facts: seen.key_facts(), record: super::change::record_link(seen), ..DecidePage::default() };
    view.facts.extend(others(seen));
    view.sections.extend(super::change::boards::since_approval(seen));
    view.sections.extend(super::change::boards::board(seen));
    let Some(stamp) = stamp else {
        let refusal = verdict(Act::Approve).and_then(|verdict| verdict.as_ref().err());
        // Whoever opens the page is told why; what somebody sends in is refused.
        if let (Some(refusal), false) = (refusal, faults.is_empty()) {
            return Err(stopped(Stop::Refused(refusal.clone())));
        }
        tell_why_not(seen, &mut view, refusal);
        return Ok(page_with(StatusCode::OK, &view));
    };
    let role = stamp.role.map_or("", |role| role.words());
    let org = stamp.org.map(|org| seen.names.org(org)).unwrap_or_default();
    view.lede = "Nothing has been decided yet: opening this page never decides.".into();
    view.heading = format!("Your decision, as {role} of {org}");
    let start = |button: &str| {
        let form = parts::Form::new(&format!("/decide/{}", change.reference), button, vec![]).key(&app.ids.token().to_hex());
        form.hide("version", &change.version.to_string()).hide("seen", change.content.as_ref().map_or("", |content| content.hash.as_str()))
    };
    if is_open(Act::Approve) {
        view.approve = Some(start(&format!("Approve {}", change.reference)).hide("decision", "approve"));
    } else if let Some(Err(refusal)) = verdict(Act::Approve) {
        view.side.push(why_not("approve-not", "Approving is not possible now", seen, refusal));
    }
    view.below.extend(super::change::decisions::section(seen));
    let mut other = start("Record this").quiet();
    other.fields = fields(seen, &is_open).into_iter().map(|field| fill(field, form, faults)).collect();
    view.faults = faults_of(&other.fields).into_iter().chain(loose_faults(&other.fields, faults)).collect();
    view.other_is_open = !faults.is_empty();
    // Without the plain button the panel that holds both is not drawn, so the other way takes its place.
    match view.approve {
        Some(_) => view.other = Some(other),
        None => view.approve = Some(other),
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(status, &view))
}

/// How the assessments went, in a line.
fn others(seen: &Seen) -> Option<Fact> {
    let given = seen.change().assessments.values().filter_map(|assessment| assessment.given.as_ref());
    let (objections, fine): (Vec<_>, Vec<_>) = given.partition(|given| given.objects);
    let total = seen.change().assessments.len();
    (total > 0).then(|| {
        let fact = Fact::new("Assessments", &format!("{} of {total} are in; {} object", fine.len() + objections.len(), objections.len()));
        if objections.is_empty() { fact } else { fact.tag("Objections", "red") }
    })
}

fn fields(seen: &Seen, is_open: &dyn Fn(Act) -> bool) -> Vec<Field> {
    let mut ways = vec![];
    if is_open(Act::Approve) {
        ways.push(Choice::new("approve_with_condition", "Approve with a condition").hint("Name who keeps it, and by when."));
    }
    if is_open(Act::AskMore) {
        ways.push(Choice::new("ask_more", "Ask a question first").hint("It goes back to assessment until it is answered."));
    }
    if is_open(Act::Reject) {
        ways.push(Choice::new("reject", "Refuse").hint("Say why in your words below."));
    }
    let choose = |choices: Vec<Choice>| std::iter::once(Choice::new("", "Choose")).chain(choices).collect::<Vec<_>>();
    let orgs = seen.change().orgs();
    let owners = seen.page.orgs.values().filter(|org| orgs.iter().any(|o| o.0 == org.id)).map(|org| Choice::new(&org.code, &org.name)).collect();
    let reasons = signalbox_core::decide::fields::REJECT_REASONS.iter().map(|code| Choice::new(code, &words::option_label("reason_code", code))).collect();
    // Nothing is chosen beforehand: a decision is made, not accepted.
    let mut fields = vec![Field::radios("decision", "What else?", ways), Field::textarea("words", "Your words", "")];
    if is_open(Act::Approve) {
        fields.extend([
            Field::text("condition_1", "The condition", "").optional(),
            Field::select("condition_1_owner", "Who keeps it", choose(owners)).optional(),
            Field::input("date", "condition_1_due", "By when", "").width("w10").optional(),
        ]);
    }
    if is_open(Act::Reject) {
        fields.push(Field::select("reason_code", "Why it is refused", choose(reasons)).optional());
    }
    fields
}

/// As typed, with its fault.
fn fill(field: Field, form: &Form, faults: &[Fault]) -> Field {
    super::filled(vec![field], form, faults).remove(0)
}

fn why_not(id: &str, heading: &str, seen: &Seen, refusal: &Refusal) -> Section {
    let whys = words::act_why_not(refusal, Act::Approve, &seen.situation.process, seen.change());
    whys.iter().fold(Section::new(id, heading), |section, why| section.words(format!("{} {}", why.sentence, why.who_can_change).trim()))
}

/// Nothing is asked of this person: it is decided, it is not time yet, or it is somebody else's.
fn tell_why_not(seen: &Seen, view: &mut DecidePage, refusal: Option<&Refusal>) {
    let is_decision = |event: &&Recorded| matches!(event.event, Event::Approved { .. } | Event::Rejected { .. } | Event::MoreAsked { .. });
    let waits = seen.change().stage == signalbox_core::change::Stage::AwaitingApproval;
    match seen.page.loaded.events.iter().rev().find(is_decision).filter(|_| !waits) {
        Some(decided) => {
            let line = words::event_line(decided, &seen.names, &seen.page.loaded.prose);
            view.lede = "This is decided. Nothing is asked of you.".into();
            view.heading = format!("{} {}", line.what, line.by);
            view.decided = vec![Fact::new("When", &seen.moment(decided.at)), Fact::new("Stage now", seen.change().stage.words())];
            view.decided.extend(line.words.map(|said| Fact::new("Words", &said)));
        }
        None => {
            view.lede = "Nothing is asked of you here.".into();
            view.side.extend(refusal.map(|refusal| why_not("why", "Why you cannot decide", seen, refusal)));
        }
    }
}

/// Decides.
pub async fn take(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    let id = find(&app, &visitor, &reference)?;
    form.only(&["decision", "version", "seen", "words", "condition_1", "condition_1_owner", "condition_1_due", "reason_code"])?;
    let seen = Seen::read(&app, &visitor, &reference)?;
    let Some((way, act)) = WAYS.iter().find(|(way, _)| *way == form.text("decision")) else {
        return draw(&app, &visitor, &seen, &form, &[Fault::of("decision", "choose-one", "Choose what you decide.")]);
    };
    if *way == "approve_with_condition" && form.text("condition_1").is_empty() {
        return draw(&app, &visitor, &seen, &form, &[Fault::of("condition_1", "answer-missing", "Say what the condition is.")]);
    }
    let (path, raw) = (format!("/decide/{}", seen.change().reference), raw_of(way, &form));
    let expect = expect(&form, &path, &raw);
    if expect.version.is_none() {
        return Err(Failure::NeedsVersion);
    }
    match app.take(&visitor.actor()?, id, *act, raw.clone(), expect) {
        Ok(taken) => Ok(done(&app, &format!("/changes/{}", taken.reference), &format!("{}: done, and in the record.", words::act_title(*act)))),
        Err(Stop::Refused(Refusal::Invalid(violations))) => {
            let faults: Vec<Fault> = seen.faults(&violations).into_iter().map(on_this_page).collect();
            draw(&app, &visitor, &seen, &form, &faults)
        }
        Err(Stop::Stale { expected, found }) => conflict(&app, &visitor, &reference, &form, &raw, &path, (expected, found)),
        Err(stop) => Err(stopped(stop)),
    }
}

/// The page has one field for words; the core calls it by what it is for.
fn raw_of(way: &str, form: &Form) -> Raw {
    let one = |name: &str, from: &str| (name.to_owned(), vec![form.raw(from).to_owned()]);
    let given: Vec<(String, Vec<String>)> = match way {
        "approve" => vec![one("seen", "seen")],
        "approve_with_condition" => ["seen", "words", "condition_1", "condition_1_owner", "condition_1_due"].map(|name| one(name, name)).into(),
        "ask_more" => vec![one("questions", "words")],
        _ => vec![one("reason_code", "reason_code"), one("reason", "words")],
    };
    given.into_iter().collect()
}

fn on_this_page(fault: Fault) -> Fault {
    let field = fault.field.map(|field| if matches!(field.as_str(), "questions" | "reason") { "words".to_owned() } else { core_name(&field) });
    Fault { field, ..fault }
}
