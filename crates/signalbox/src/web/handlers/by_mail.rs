//! `/d/{token}`: a decision from a letter, without signing in. The address names one person, one change and the content
//! that they were asked about; it works once and not for long. Opening it decides nothing, and one press decides
//! nothing either: a mail scanner that follows links, or even posts forms, finds a second page with the real button
//! (S42). No clinical signature is given here (X8).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::board::UNDO;
use signalbox_core::form::Raw;
use signalbox_core::refusal::Refusal;
use signalbox_store::boards::{self, DecisionLink};
use signalbox_store::{directory, rota};

use super::change::boards::{difference, since_approval};
use super::change::{Seen, stopped};
use super::{filled, summary};
use crate::accounts::{self, Entry};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::run::{Expect, Stop};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, Fact, FormPage, Section, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Door, Visitor};
use crate::words;

const WAYS: [(&str, Act, &str); 3] =
    [("approve", Act::Approve, "Approve"), ("ask_more", Act::AskMore, "Ask a question first"), ("reject", Act::Reject, "Refuse")];
const FIELDS: [&str; 7] = ["what", "decision", "words", "reason_code", "confirm", "password", "seen"];

/// The link with its person and change, as they are now.
struct Asked {
    link: DecisionLink,
    address: String,
    email: String,
    seen: Seen,
    is_checked: bool,
}

impl Asked {
    /// Unknown, out of date, or for somebody who is no more: the same answer to all (S57).
    fn read(app: &App, visitor: &Visitor, token: &str) -> Result<Asked, Failure> {
        let hash = Token::from_hex(token).ok_or(Failure::NotFound)?.hash();
        let now = app.clock.now();
        let found = app.read::<_, Failure>(|tx| {
            let Some(link) = boards::decision_link(tx, &hash, now)? else { return Ok(None) };
            let Some(row) = rota::actor_at(tx, link.person_id, now)? else { return Ok(None) };
            let org = row.memberships.first().map(|m| directory::organisation(tx, m.org_id)).transpose()?.flatten();
            let Some(loaded) = signalbox_store::project::load(tx, link.change_id)? else { return Ok(None) };
            let is_checked = boards::is_rechecked(tx, link.person_id)?;
            Ok(Some((link, row, org.map(|o| o.name).unwrap_or_default(), loaded.change.reference, is_checked)))
        })?;
        let (link, row, org, reference, is_checked) = found.ok_or(Failure::NotFound)?;
        let email = row.person.email.clone();
        let as_person = visitor.clone().known(Door::Outside, row, &org, None);
        let seen = Seen::read(app, &as_person, &reference)?;
        Ok(Asked { link, address: format!("/d/{token}"), email, is_checked, seen })
    }

    /// The document's word and the person's own (C051): impact level 1, or always.
    fn asks_password(&self) -> bool {
        self.is_checked || self.seen.change().classification.as_ref().is_some_and(|c| c.impact == 1)
    }

    fn is_open(&self, act: Act) -> bool {
        self.seen.offers().iter().any(|o| o.act == act && o.is_open())
    }

    fn is_same_content(&self) -> bool {
        self.seen.change().content.as_ref().is_some_and(|c| c.hash == self.link.content)
    }

    /// Until when a decision taken by this link can be undone.
    fn undo_until(&self) -> Option<Timestamp> {
        self.link.used_at?.checked_add(UNDO).ok()
    }
}

/// The page. It changes nothing, whoever or whatever opens it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let asked = Asked::read(&app, &visitor, &token)?;
    draw(&app, &visitor, &asked, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, asked: &Asked, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let reference = &asked.seen.change().reference;
    if asked.link.used_at.is_some() {
        return Ok(page(&used(app, visitor, asked)));
    }
    if !asked.is_same_content() {
        return Ok(page_with(StatusCode::CONFLICT, &changed(app, visitor, asked)));
    }
    let ways: Vec<Choice> = WAYS.iter().filter(|(_, act, _)| asked.is_open(*act)).map(|(code, _, label)| Choice::new(code, label)).collect();
    if ways.is_empty() {
        return Ok(page(&ToldPage {
            shell: visitor.shell(app, &format!("Decide {reference}"), Place::Elsewhere),
            lede: "Nothing is asked of you here any more.".into(),
            words: vec!["It is decided, it was drawn back, or another person decides now.".into()],
            links: vec![Link::new("Sign in and see the record", &asked.seen.address())],
        }));
    }
    let fields = filled(ask_fields(ways), form, faults);
    let mut side: Vec<Section> = since_approval(&asked.seen).into_iter().collect();
    side.extend(super::change::boards::board(&asked.seen));
    side.extend(super::change::answers(&asked.seen));
    let view = FormPage {
        shell: visitor.shell(app, &format!("Decide {reference} {}", asked.seen.title()), Place::Elsewhere),
        lede: "Nothing has been decided yet. Choose, then confirm on the next page.".into(),
        faults: summary(&fields, faults),
        facts: asked.seen.key_facts(),
        form: parts::Form::new(&asked.address, "Go on", fields).hide("seen", &asked.link.content),
        side,
        ..FormPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn ask_fields(ways: Vec<Choice>) -> Vec<Field> {
    let reasons = signalbox_core::decide::fields::REJECT_REASONS.iter().map(|code| Choice::new(code, &words::option_label("reason_code", code)));
    let reasons = std::iter::once(Choice::new("", "Choose")).chain(reasons).collect();
    vec![
        // Nothing is chosen beforehand.
        Field::radios("decision", "What do you decide?", ways),
        Field::textarea("words", "Your words", "").hint("Needed to ask and to refuse.").rows(3).optional(),
        Field::select("reason_code", "Why it is refused", reasons).optional(),
    ]
}

/// The link did its work: what was decided, and for ten minutes the way back.
fn used(app: &App, visitor: &Visitor, asked: &Asked) -> FormPage {
    let now = app.clock.now();
    let change = asked.seen.change();
    let may_undo = asked.undo_until().is_some_and(|until| now <= until) && asked.is_open(Act::TakeBack);
    let minutes = asked.undo_until().map_or(0, |until| until.duration_since(now).as_mins().max(1));
    let mut warning = vec!["This address is used up.".to_owned()];
    let form = if may_undo {
        warning.push(format!("If it was a slip, undo it: {} are left.", words::counted(minutes, "minute")));
        parts::Form::new(&asked.address, "Undo my decision", vec![]).quiet().hide("what", "undo")
    } else {
        parts::Form::new("/sign-in", "", vec![])
    };
    let mut view = FormPage {
        shell: visitor.shell(app, &format!("{}: your decision", change.reference), Place::Elsewhere),
        lede: format!("{} is now: {}.", change.reference, change.stage.words().to_lowercase()),
        facts: vec![Fact::new("Stage now", change.stage.words()).link("See the record", &asked.seen.address())],
        warning,
        form,
        ..FormPage::default()
    };
    if !may_undo {
        view.form = parts::Form::new("/sign-in", "Sign in", vec![]);
    }
    view
}

fn changed(app: &App, visitor: &Visitor, asked: &Asked) -> parts::ListPage {
    let section = difference(&asked.seen, &asked.link.content, "What changed since the letter", "The letter asked about the text on the left.");
    parts::ListPage {
        shell: visitor.shell(app, &format!("{} has changed since the letter", asked.seen.change().reference), Place::Elsewhere),
        lede: "This address decides on what the letter asked about, and that is no longer what is asked. Nothing was decided.".into(),
        actions: vec![Link::new("Sign in and decide on it as it is now", &format!("/decide/{}", asked.seen.change().reference))],
        sections: section.into_iter().collect(),
        ..parts::ListPage::default()
    }
}

/// First press: says what would happen. Second press: it happens. Then, for ten minutes, the way back.
pub async fn take(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&FIELDS)?;
    let asked = Asked::read(&app, &visitor, &token)?;
    if form.text("what") == "undo" {
        return undo(&app, &visitor, &asked);
    }
    if asked.link.used_at.is_some() || !asked.is_same_content() {
        return draw(&app, &visitor, &asked, &form, &[]);
    }
    let Some((way, act, _)) = WAYS.iter().find(|(way, ..)| *way == form.text("decision")) else {
        return draw(&app, &visitor, &asked, &form, &[Fault::of("decision", "choose-one", "Choose what you decide.")]);
    };
    let mut faults = vec![];
    if *way != "approve" && form.text("words").is_empty() {
        faults.push(Fault::of("words", "answer-missing", "Say it in your words."));
    }
    if *way == "reject" && form.text("reason_code").is_empty() {
        faults.push(Fault::of("reason_code", "choose-one", "Choose why it is refused."));
    }
    if form.raw("seen") != asked.link.content {
        faults.push(Fault::of("decision", "content-changed", "Open the address of the letter again."));
    }
    if !faults.is_empty() {
        return draw(&app, &visitor, &asked, &form, &faults);
    }
    if form.text("confirm") != "yes" {
        return Ok(page(&confirm(&app, &visitor, &asked, &form, *act, None)));
    }
    if asked.asks_password() {
        let entry = Entry { email: &asked.email, password: form.raw("password"), address: visitor.address(), user_agent: "", replaces: None };
        match accounts::prove(&app, &entry).await {
            Ok(_) => {}
            Err(Failure::Invalid(_)) => {
                let wrong = Fault::of("password", "wrong", "The password is not right.");
                return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &confirm(&app, &visitor, &asked, &form, *act, Some(wrong))));
            }
            Err(failure) => return Err(failure),
        }
    }
    decide(&app, &visitor, &token, &asked, *act, &form)
}

fn confirm(app: &App, visitor: &Visitor, asked: &Asked, form: &Form, act: Act, wrong: Option<Fault>) -> FormPage {
    let change = asked.seen.change();
    let mut fields = vec![];
    if asked.asks_password() {
        let field = Field::input("password", "password", "Your password", "").autocomplete("current-password").width("w20");
        fields.push(field.hint("Asked because the impact level is 1, or because you want it asked.").error(wrong.as_ref().map(|w| w.detail.clone())));
    }
    let button = format!("{} {}", words::act_title(act), change.reference);
    let mut confirm = parts::Form::new(&asked.address, &button, fields.clone()).hide("confirm", "yes").hide("seen", &asked.link.content);
    for name in ["decision", "words", "reason_code"] {
        confirm = confirm.hide(name, form.raw(name));
    }
    let mut facts = vec![Fact::new("You are about to", &format!("{} {} {}", words::act_title(act).to_lowercase(), change.reference, asked.seen.title()))];
    facts.extend((!form.text("words").is_empty()).then(|| Fact::new("Your words", form.text("words"))));
    FormPage {
        shell: visitor.shell(app, &format!("Confirm: {button}"), Place::Elsewhere),
        lede: "Nothing has been decided yet. It is decided when you press the button below.".into(),
        faults: summary(&fields, &wrong.into_iter().collect::<Vec<_>>()),
        facts,
        warning: vec!["You can undo it for ten minutes afterwards, unless you ask a question.".into()],
        form: confirm,
        below: vec![],
        side: vec![Section::new("other", "Changed your mind?").link("Choose again", &asked.address)],
    }
}

fn decide(app: &App, visitor: &Visitor, token: &str, asked: &Asked, act: Act, form: &Form) -> Result<Response, Failure> {
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let said = form.text("words");
    let raw: Raw = match act {
        Act::Approve => [one("seen", &asked.link.content)].into_iter().chain((!said.is_empty()).then(|| one("words", said))).collect(),
        Act::AskMore => [one("questions", said)].into_iter().collect(),
        _ => [one("reason_code", form.text("reason_code")), one("reason", said)].into_iter().collect(),
    };
    let (hash, now) = (asked.link.token_hash, app.clock.now());
    if !app.write::<_, Failure>(move |tx| boards::use_decision_link(tx, &hash, now))? {
        return Err(Failure::NotFound);
    }
    let expect = Expect { version: Some(asked.seen.change().version), ..Expect::default() };
    let taken = app.take(&asked.seen.actor, asked.link.change_id, act, raw, expect);
    if taken.is_err() {
        app.write::<_, Failure>(move |tx| boards::give_back_decision_link(tx, &hash))?;
    }
    match taken {
        Ok(_) => {
            let asked = Asked::read(app, visitor, token)?;
            draw(app, visitor, &asked, &Form::default(), &[])
        }
        Err(Stop::Refused(Refusal::Invalid(violations))) => {
            let faults: Vec<Fault> = asked.seen.faults(&violations).into_iter().map(on_this_page).collect();
            draw(app, visitor, asked, form, &faults)
        }
        Err(Stop::Stale { .. }) => Err(Failure::conflict("lost-race", "Something happened to it at the same moment. Open the address of the letter again.")),
        Err(stop) => Err(stopped(stop)),
    }
}

fn on_this_page(fault: Fault) -> Fault {
    let field = match fault.field.as_deref() {
        Some("questions" | "reason") => Some("words".to_owned()),
        Some("seen") => Some("decision".to_owned()),
        _ => fault.field.clone(),
    };
    Fault { field, ..fault }
}

fn undo(app: &App, visitor: &Visitor, asked: &Asked) -> Result<Response, Failure> {
    let now = app.clock.now();
    if asked.undo_until().is_none_or(|until| now > until) {
        return draw(app, visitor, asked, &Form::default(), &[]);
    }
    let raw: Raw = [("reason".to_owned(), vec!["Undone within ten minutes.".to_owned()])].into_iter().collect();
    app.take(&asked.seen.actor, asked.link.change_id, Act::TakeBack, raw, Expect::default()).map_err(stopped)?;
    Ok(page(&ToldPage {
        shell: visitor.shell(app, "Your decision is undone", Place::Elsewhere),
        lede: format!("{} waits for a decision again.", asked.seen.change().reference),
        words: vec!["Everyone who was told of the decision is told this too. The address of the letter is used up: sign in to decide anew.".into()],
        links: vec![Link::new("Sign in and decide", &format!("/decide/{}", asked.seen.change().reference))],
    }))
}
