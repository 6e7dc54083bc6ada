//! `/outages/tell`: whoever has no account, such as somebody of estates, tells of a planned outage. Their address is proved
//! by a link; then those who raise outages for their organisation make a notice of it, or say why not. No answer tells
//! whether an organisation is known (S57).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::calendar;
use signalbox_core::change::Kind;
use signalbox_core::decide::fields::Field as Asked;
use signalbox_core::facts::Facts;
use signalbox_core::form::format::Format;
use signalbox_core::form::{self, Raw};
use signalbox_core::ids::{Mint, OrgId};
use signalbox_core::process::AnswerKind;
use signalbox_core::refusal::Violation;
use signalbox_store::accounts as people;
use signalbox_store::told::{self as store, Told, Words};
use signalbox_store::{StoreError, Tx, directory};

use crate::accounts;
use crate::accounts::letters::Letter;
use crate::app::{App, Shared};
use crate::clock::Token;
use crate::web::form::Form;
use crate::web::handlers::{change, filled, id as number, summary};
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Fact, FormPage, Row, Section, Table, ToldPage};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::typed::{self, Options};
use crate::web::ui::{self, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words;

/// How long a link that confirms lasts.
pub const CONFIRM_LIFE: SignedDuration = SignedDuration::from_hours(48);
/// The longest answer of several lines.
const PROSE_MAX_CHARS: usize = 2_000;

/// What is asked, with its label.
fn asked(app: &App) -> Vec<(Asked, &'static str)> {
    let process = app.documents.of_kind(Kind::PlannedOutage);
    let kinds = match process.as_ref().and_then(|process| process.question("outage_type")).map(|question| &question.answer) {
        Some(AnswerKind::Choice(codes)) => codes.clone(),
        _ => vec!["other".to_owned()],
    };
    let ask = |id: &str, kind: AnswerKind, required: bool, label: &'static str| (Asked { id: id.to_owned(), kind, required, question: None }, label);
    let line = || AnswerKind::Line { max_chars: form::LINE_MAX_CHARS };
    let moment = |after: Option<&str>| AnswerKind::Moment { after: after.map(str::to_owned) };
    vec![
        ask("what", line(), true, "What is going to happen, in one line?"),
        ask("outage_type", AnswerKind::Choice(kinds), true, "What will be switched off?"),
        ask("place", line(), true, "At which site, and where there?"),
        ask("starts", moment(None), true, "From when?"),
        ask("ends", moment(None), true, "Until when?"),
        ask("lost", AnswerKind::Prose, false, "What will people lose meanwhile, if you know?"),
        ask("name", line(), true, "Your name"),
        ask("email", line(), true, "Your work e-mail"),
        ask("telephone", AnswerKind::Format(Format::Phone), true, "A telephone number"),
    ]
}

/// The form.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Response {
    draw(&app, &visitor, &Raw::new(), &[])
}

fn draw(app: &App, visitor: &Visitor, raw: &Raw, faults: &[Fault]) -> Response {
    let (asked, labels): (Vec<Asked>, Vec<&str>) = asked(app).into_iter().unzip();
    let label = |id: &str| asked.iter().position(|field| field.id == id).map(|n| labels[n].to_owned()).unwrap_or_default();
    let drawn: Vec<Field> = typed::fields(&asked, raw, faults, &Options::none(calendar::london()), label).into_iter().map(explain).collect();
    let loose = typed::loose_faults(&drawn, faults);
    let steps = Section::new("next", "What happens next")
        .words("You confirm your address. The link lasts 2 days.")
        .words("A coordinator of your organisation checks what you told and sends the notice.")
        .words("You get a letter with its number, or with the reason why there is none.")
        .link("Sign in, if you have an account", "/sign-in");
    let view = FormPage {
        shell: visitor.shell(app, "Tell us of a planned outage", Place::Elsewhere),
        lede: "For whoever plans to switch something off and has no account here. Ten days ahead is in time; late is far better than never.".into(),
        faults: ui::faults_of(&drawn).into_iter().chain(loose).collect(),
        form: parts::Form::new("/outages/tell", "Send me the link", drawn),
        side: vec![steps],
        ..FormPage::default()
    };
    page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view)
}

fn explain(field: Field) -> Field {
    let hint = match field.name.as_str() {
        "what" => "Such as: generator test, main building.",
        "email" => "We tell your organisation from it, and send you a link to confirm it.",
        "telephone" => "The number that is rung if anything is unclear.",
        _ => return field,
    };
    match field.name.as_str() {
        "email" => field.hint(hint).autocomplete("email"),
        "telephone" => field.hint(hint).autocomplete("tel"),
        _ => field.hint(hint),
    }
}

/// What was typed, read with every fault.
fn read(app: &App, raw: &Raw) -> Result<Words, Vec<Violation>> {
    let (facts, mut mint, zone) = (Facts::default(), Mint::new(0, [0; 16]), calendar::london());
    let mut form = form::Form::new(raw, &facts, calendar::DEFAULT_ZONE, zone, &mut mint, None);
    let (mut start, mut end) = (None, None);
    for (field, _) in &asked(app) {
        match (field.id.as_str(), &field.kind) {
            ("starts", _) => start = form.moment("starts", true),
            ("ends", _) => end = form.moment("ends", true),
            (id, kind) => drop(form.answer(id, kind, field.required)),
        }
    }
    let text = |id: &str| form.typed(id).unwrap_or_default().to_owned();
    let (email, lost) = (text("email"), text("lost"));
    let words = (text("name"), text("telephone"), text("place"), text("outage_type"), text("what"));
    let mut faults = std::mem::take(&mut form.faults);
    if !email.is_empty() && (email.len() > 254 || !people::is_email(&people::normal_email(&email))) {
        faults.push(Violation::of("email", "not-an-address"));
    }
    if lost.chars().count() > PROSE_MAX_CHARS {
        faults.push(Violation::of("lost", "too-long").with(PROSE_MAX_CHARS).with(lost.chars().count()));
    }
    if let (Some(start), Some(end)) = (start, end) {
        if end <= start {
            faults.push(Violation::of("ends", "end-before-start"));
        } else if end <= app.clock.now() {
            faults.push(Violation::of("ends", "in-the-past"));
        }
    }
    match (start, end) {
        (Some(start), Some(end)) if faults.is_empty() => {
            let (name, telephone, place, outage_type, what) = words;
            Ok(Words { name, email, telephone, place, outage_type, what, lost, start, end })
        }
        _ => Err(faults),
    }
}

/// Takes what was told and mails the link. The answer is the same whoever tells.
pub async fn tell(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let fields = asked(&app);
    typed::only(&form, &fields.iter().map(|(field, _)| field.id.as_str()).collect::<Vec<_>>())?;
    let raw = typed::raw(&form);
    let words = match read(&app, &raw) {
        Ok(words) => words,
        Err(violations) => {
            let faults: Vec<Fault> = violations.iter().map(|v| Fault::from_violation(v, words::fault(v))).collect();
            return Ok(draw(&app, &visitor, &raw, &faults));
        }
    };
    accounts::may_mail(&app, "told-outage", &words.email, visitor.address())?;
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let id = ids.mint(now);
    app.write::<_, Failure>(move |tx| {
        store::add(tx, id, &words, now)?;
        Letter::ConfirmTold { told: id }.ask(tx, &ids, now)
    })?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "Look at your mail", Place::Elsewhere),
        lede: "We have sent a link to the address that you gave. Open it within 2 days.".into(),
        words: vec!["Nobody sees what you told before that.".into()],
        links: vec![],
    }))
}

fn by_link(app: &App, token: &str) -> Result<Option<Told>, Failure> {
    let Some(hash) = Token::from_hex(token).map(Token::hash) else { return Ok(None) };
    let since = app.clock.now() - CONFIRM_LIFE;
    app.read(|tx| store::by_token(tx, &hash, since))
}

fn dead(app: &App, visitor: &Visitor) -> Response {
    let view = ToldPage {
        shell: visitor.shell(app, "This link no longer works", Place::Elsewhere),
        lede: "It has been used, or its 2 days are over.".into(),
        words: vec![],
        links: vec![Link::new("Tell us of a planned outage", "/outages/tell")],
    };
    page_with(StatusCode::NOT_FOUND, &view)
}

/// The page behind the link: a button, since mail scanners open links (S42).
pub async fn show_confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>) -> Result<Response, Failure> {
    let Some(told) = by_link(&app, &token)? else { return Ok(dead(&app, &visitor)) };
    Ok(page(&FormPage {
        shell: visitor.shell(&app, "Confirm what you told", Place::Elsewhere),
        lede: "Your organisation’s coordinator reads it once you have confirmed that this address is yours.".into(),
        facts: facts(&told),
        form: parts::Form::new(&format!("/outages/tell/confirm/{token}"), "Yes, pass it on", vec![]),
        ..FormPage::default()
    }))
}

/// The address is proved: whoever answers for the organisation is told.
pub async fn confirm(State(app): State<Shared>, visitor: Visitor, Path(token): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let Some(told) = by_link(&app, &token)? else { return Ok(dead(&app, &visitor)) };
    let (ids, now, id) = (app.ids.clone(), app.clock.now(), told.id);
    app.write::<_, Failure>(move |tx| {
        store::confirm(tx, id, now)?;
        Letter::ToldWaits { told: id }.ask(tx, &ids, now)
    })?;
    Ok(page(&ToldPage {
        shell: visitor.shell(&app, "It is passed on", Place::Elsewhere),
        lede: "Thank you. Your organisation’s coordinator checks it next.".into(),
        words: vec!["You get a letter with the number of the notice, or with the reason why there is none.".into()],
        links: vec![Link::new("How it works", "/process")],
    }))
}

fn facts(told: &Told) -> Vec<Fact> {
    let words = &told.words;
    let mut facts = vec![
        Fact::new("What", &words.what),
        Fact::new("Switched off", &words::option_label("outage_type", &words.outage_type)),
        Fact::new("Where", &words.place),
        Fact::new("From", &moment(words.start)),
        Fact::new("Until", &moment(words.end)),
    ];
    if !words.lost.is_empty() {
        facts.push(Fact::new("What people will lose", &words.lost));
    }
    facts.push(Fact::new("Told by", &format!("{}, {}, {}", words.name, words.telephone, words.email)));
    facts.push(Fact::new("Told", &moment(told.told_at)));
    facts
}

/// Whose it is to answer: those who raise outages for the organisation; the authority where none has the domain.
fn may_answer(app: &App, tx: &mut dyn Tx, actor: &Actor, told: &Told) -> Result<bool, StoreError> {
    match told.org_id {
        Some(org) => app.drafts(tx, actor, Kind::PlannedOutage, OrgId(org)),
        None => Ok(actor.holds(Role::AuthorityManager)),
    }
}

/// Those that wait for this person, as a panel of the list of outages.
pub(super) fn waiting(app: &App, visitor: &Visitor) -> Result<Option<Section>, Failure> {
    let actor = visitor.actor()?;
    let found = app.read::<_, Failure>(|tx| {
        let mut found = vec![];
        for told in store::waiting(tx)? {
            if may_answer(app, tx, &actor, &told)? {
                found.push(told);
            }
        }
        Ok(found)
    })?;
    let row = |told: &Told| {
        let cells = vec![Cell::text(&told.words.place), Cell::text(&moment(told.words.start)), Cell::text(&told.words.name)];
        Row::new(Cell::link(&told.words.what, &format!("/outages/told/{}", told.id)), cells)
    };
    let table = Table::new("Told by people without an account", &["What", "Where", "From", "Told by"], found.iter().map(row).collect());
    Ok((!found.is_empty()).then(|| Section::new("told", "Told by people without an account").table(table, "")))
}

fn find(app: &App, visitor: &Visitor, id: &str) -> Result<(Told, Option<String>), Failure> {
    let (actor, id) = (visitor.actor()?, number(id)?);
    let found = app.read::<_, Failure>(|tx| {
        let Some(told) = store::get(tx, id)?.filter(|told| told.confirmed_at.is_some()) else { return Ok(None) };
        if !may_answer(app, tx, &actor, &told)? {
            return Ok(None);
        }
        let org = told.org_id.map(|org| directory::organisation(tx, org)).transpose()?.flatten().map(|org| org.name);
        Ok(Some((told, org)))
    })?;
    found.ok_or(Failure::NotFound)
}

/// What was told, and what may be made of it.
pub async fn show_told(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let (told, org) = find(&app, &visitor, &id)?;
    draw_told(&app, &visitor, &told, org, &Form::default(), &[])
}

fn draw_told(app: &App, visitor: &Visitor, told: &Told, org: Option<String>, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let mut shell = visitor.shell(app, &told.words.what, Place::Outages);
    shell.crumbs = vec![("Outages and notices".into(), "/outages".into())];
    let lede = match &org {
        Some(org) => format!("Told by somebody of {org} who has no account. It is no notice before you send one."),
        None => "Told from an address that belongs to no organisation here. Ring them, and ask a coordinator of theirs to send a notice.".to_owned(),
    };
    let path = format!("/outages/told/{}", told.id);
    let mut blocks = vec![Block::new(Section::new("facts", "What was told").facts(facts(told)))];
    let mut fields = vec![];
    if told.is_waiting() {
        if org.is_some() {
            let begin = parts::Form::new(&path, "Begin the notice from it", vec![]).hide("deed", "begin");
            let section = Section::new("begin", "Make a notice of it")
                .words("A draft begins with these answers and says on whose behalf it is. You check it, add what is missing and send it.");
            blocks.push(Block::new(section).open(begin));
        }
        fields = filled(vec![Field::textarea("reason", "Why is there no notice?", "").hint("They read it in a letter.").rows(2)], form, faults);
        let decline = parts::Form::new(&path, "Answer without a notice", fields.clone()).quiet().hide("deed", "decline");
        let section = Section::new("decline", "Answer without a notice").words("Where no notice is needed, or somebody has given it already.");
        blocks.push(Block::new(section).form("Say why", decline));
    } else {
        let answer = match told.change_id {
            Some(id) => {
                let reference =
                    app.read::<_, Failure>(|tx| Ok(signalbox_store::project::load(tx, id)?.map(|loaded| loaded.change.reference)))?.unwrap_or_default();
                Section::new("answer", "A notice was made of it").link(&reference, &format!("/changes/{reference}"))
            }
            None => Section::new("answer", "There is no notice").words(&told.reason),
        };
        blocks.push(Block::new(answer));
    }
    let view = BlocksPage { shell, lede, faults: summary(&fields, faults), blocks, ..BlocksPage::default() };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// Begins the notice, or answers without one.
pub async fn answer(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["deed", "reason"])?;
    let (told, org) = find(&app, &visitor, &id)?;
    if !told.is_waiting() {
        return Err(Failure::conflict("answered-already", "Somebody has answered this meanwhile. Its page says how."));
    }
    let actor = visitor.actor()?;
    if let ("begin", Some(org)) = (form.text("deed"), told.org_id) {
        let begun = app.take_up(&actor, told.id, OrgId(org)).map_err(change::stopped)?;
        return Ok(Redirect::to(&format!("/changes/{}/edit/what", begun.reference)).into_response());
    }
    if form.text("deed") != "decline" {
        return Err(Failure::invalid(Fault::of("deed", "unknown-choice", "Choose what to do.")));
    }
    let reason = form.text("reason").trim().to_owned();
    if reason.is_empty() || reason.chars().count() > PROSE_MAX_CHARS {
        let fault = Fault::of("reason", "missing", "Say why there is no notice, in at most 2,000 characters.");
        return draw_told(&app, &visitor, &told, org, &form, &[fault]);
    }
    let (ids, now, by, id) = (app.ids.clone(), app.clock.now(), actor.person().map(|person| person.0), told.id);
    let is_first = app.write::<_, Failure>(move |tx| {
        let is_first = store::settle(tx, id, by, None, &reason, now)?;
        if is_first {
            Letter::ToldAnswered { told: id }.ask(tx, &ids, now)?;
        }
        Ok(is_first)
    })?;
    if !is_first {
        return Err(Failure::conflict("answered-already", "Somebody has answered this meanwhile. Its page says how."));
    }
    Ok(done(&app, "/outages", "Answered. They get a letter with your reason."))
}
