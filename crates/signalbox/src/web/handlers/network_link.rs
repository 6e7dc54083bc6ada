//! `/n/{token}`: a network provider acknowledges or refuses a notice from a letter, without signing in. The address names
//! one person and one version of one notice; it shows what the letter said, and works once. Opening it answers nothing.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::change::Network;
use signalbox_core::maintnote::Status;
use signalbox_store::network::{self, NetworkLink};
use signalbox_store::rota;

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::network_notice::Told;
use crate::run::Stop;
use crate::run::network::Reply;
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::parts::{self, Fact, FormPage, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{page, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

const FIELD: &str = "their_reference";
const REFERENCE_CHARACTERS: usize = 120;
const REASON_CHARACTERS: usize = 2_000;

struct Asked {
    link: NetworkLink,
    told: Told,
    /// Somebody else at the provider said no since the letter was written.
    is_refused: bool,
}

impl Asked {
    /// Whether no can be said: work that has begun is a fact, and facts are not refused (X1).
    fn can_refuse(&self) -> bool {
        [self.told.version(), &self.told.latest].iter().all(|version| matches!(version.status, Status::Tentative | Status::Confirmed))
    }
}

/// Unknown, out of date, or for somebody who is no more: the same answer to all (S57).
fn read(app: &App, token: &str) -> Result<Asked, Failure> {
    let hash = Token::from_hex(token).ok_or(Failure::NotFound)?.hash();
    let now = app.clock.now();
    let found = app.read::<_, Failure>(|tx| {
        let Some(link) = network::network_link(tx, &hash, now)? else { return Ok(None) };
        let is_there = rota::actor_at(tx, link.person_id, now)?.is_some();
        let told = Told::one(tx, link.change_id, link.part, link.sequence)?;
        Ok(told.filter(|_| is_there).map(|(told, loaded)| {
            let is_refused = matches!(loaded.change.network, Network::Refused { at, .. } if told.sent.written_at < at);
            Asked { link, told, is_refused }
        }))
    })?;
    found.ok_or(Failure::NotFound)
}

/// The page. It changes nothing, whoever or whatever opens it.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let asked = read(&app, &token)?;
    Ok(draw(&app, &visitor, &token, &asked, &Form::of([("answer", "acknowledge".to_owned())]), &[]))
}

fn draw(app: &App, visitor: &Visitor, token: &str, asked: &Asked, form: &Form, faults: &[Fault]) -> Response {
    let reference = &asked.told.reference;
    let say = |title: &str, lede: &str, words: &str| {
        let shell = visitor.shell(app, title, Place::Elsewhere);
        page(&ToldPage { shell, lede: lede.into(), words: vec![words.into()], links: vec![] })
    };
    if asked.link.used_at.is_some() && asked.told.sent.refused.is_some() {
        return say(
            &format!("{reference} is refused"),
            "Your answer is on the record, with your reason.",
            "The work is not scheduled until that is settled. Whoever plans it has been told; if the time moves, you are asked again by another letter.",
        );
    }
    if asked.link.used_at.is_some() {
        return say(
            &format!("{reference} is acknowledged"),
            "It is acknowledged. You have nothing more to do.",
            "This address is used up. Later news of this work comes by another letter.",
        );
    }
    if asked.told.is_overtaken() {
        return say(
            &format!("{reference} has changed since the letter"),
            "Nothing was acknowledged: what the letter told is not what is planned any more.",
            "A later letter says what is planned now, and has an address of its own.",
        );
    }
    if asked.is_refused {
        return say(
            &format!("{reference} was refused"),
            "Somebody at your desk has refused it since the letter was written.",
            "If it may go ahead after all, ring whoever wrote to you, or acknowledge it from a later letter.",
        );
    }
    let mut fields = vec![Field::text(FIELD, "Your own reference", "").hint("So that you are found when somebody rings you about it.").optional()];
    if asked.can_refuse() {
        let answers = vec![Choice::new("acknowledge", "Acknowledge: we have received it"), Choice::new("refuse", "Refuse: it cannot be done at that time")];
        fields.insert(0, Field::radios("answer", "What do you answer?", answers));
        let hint = "Only where you refuse. It is read by whoever plans the work.";
        fields.push(Field::textarea("reason", "Why can it not be done?", "").hint(hint).rows(3).optional());
    }
    let fields = filled(fields, form, faults);
    let view = FormPage {
        shell: visitor.shell(app, &format!("Answer to {reference}"), Place::Elsewhere),
        lede: asked.told.sentence().into(),
        faults: summary(&fields, faults),
        facts: asked.told.facts().into_iter().map(|(label, value)| Fact::new(label, &value)).collect(),
        warning: vec!["Nothing has been answered yet. To acknowledge says that you have received it, and agrees to nothing.".into()],
        form: parts::Form::new(&format!("/n/{token}"), "Send the answer", fields),
        ..FormPage::default()
    };
    page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view)
}

/// What was typed, or what is wrong with it.
fn reply(asked: &Asked, form: &Form) -> Result<Reply, Fault> {
    let is_refusal = asked.can_refuse() && form.text("answer") == "refuse";
    let reference = form.text(FIELD);
    match form.text("reason") {
        "" if is_refusal => Err(Fault::of("reason", "missing", "Enter why it can not be done.")),
        reason if is_refusal && reason.chars().count() > REASON_CHARACTERS => {
            Err(Fault::of("reason", "too-long", format!("Enter {REASON_CHARACTERS} characters at most.")))
        }
        reason if is_refusal => Ok(Reply::Refused(reason.to_owned())),
        _ if reference.chars().count() > REFERENCE_CHARACTERS || reference.chars().any(char::is_control) => {
            Err(Fault::of(FIELD, "too-long", format!("Enter one line of {REFERENCE_CHARACTERS} characters at most.")))
        }
        _ => Ok(Reply::Acknowledged(reference.to_owned())),
    }
}

/// Acknowledges or refuses.
pub async fn answer(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[FIELD, "answer", "reason"])?;
    let asked = read(&app, &token)?;
    if asked.link.used_at.is_some() || asked.told.is_overtaken() || asked.is_refused {
        return Ok(draw(&app, &visitor, &token, &asked, &form, &[]));
    }
    let reply = match reply(&asked, &form) {
        Ok(reply) => reply,
        Err(fault) => return Ok(draw(&app, &visitor, &token, &asked, &form, &[fault])),
    };
    match app.answer_by_link(asked.link.token_hash, reply) {
        Ok(()) => Ok(draw(&app, &visitor, &token, &read(&app, &token)?, &Form::default(), &[])),
        Err(Stop::Stale { .. }) => Err(Failure::conflict("lost-race", "Something happened to it at the same moment. Open the address of the letter again.")),
        Err(stop) => Err(super::change::stopped(stop)),
    }
}
