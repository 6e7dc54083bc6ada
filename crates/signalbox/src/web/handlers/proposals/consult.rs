//! What changes for you: the comparison for one kind of organisation, and its answer.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::actor::OrgKind;
use signalbox_core::govern::{self, Answer, Deed};
use signalbox_core::ids::OrgId;
use signalbox_core::process::compare::for_kind;

use super::{Seen, compare, halted, words_of};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::pages::process::{Block, ProposalPage};
use crate::web::parts::{self, Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words::{bar, counted, sentence_case};

/// The page.
pub async fn for_you(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &id)?;
    page_for_you(&app, &visitor, &seen, &Form::default(), &[])
}

/// The kinds of organisation that the reader works for; the authority reads for all of them.
fn kinds(seen: &Seen) -> Vec<OrgKind> {
    let is_authority = govern::may_write(&seen.actor) || seen.actor.memberships().iter().any(|m| m.org_kind == OrgKind::Authority);
    OrgKind::ALL.iter().copied().filter(|kind| is_authority || seen.actor.memberships().iter().any(|m| m.org_kind == *kind)).collect()
}

pub(super) fn page_for_you(app: &App, visitor: &Visitor, seen: &Seen, typed: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let proposal = &seen.proposal;
    let all = compare::differences(app, seen).unwrap_or_default();
    let mut sections = vec![];
    if !proposal.why.is_empty() {
        sections.push(Section::new("why", "What it is for").words(&proposal.why));
    }
    for kind in kinds(seen) {
        let found = for_kind(&all, kind);
        let rows = found.iter().map(|one| Row::new(Cell::text(&sentence_case(one.part.words())), vec![Cell::text(&one.words)])).collect();
        let heading = format!("For people of a {}", kind.words());
        let table = Table::new(&heading, &["Where", "What changes"], rows);
        sections.push(Section::new(&format!("for-{}", kind.code()), &heading).table(table, "Nothing changes for you."));
    }
    let until = proposal.due_at.map(|due| format!(" You can object until {}.", moment(due))).unwrap_or_default();
    let mut lede = format!("{} in all.{until}", sentence_case(&counted(all.len() as i64, "difference")));
    if !proposal.shortened.is_empty() {
        lede += &format!(" The time is shorter than 10 working days, because: {}", proposal.shortened);
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let blocks = blocks(app, seen, typed, faults);
    let shown = blocks.iter().filter_map(|block| block.form.as_ref()).flat_map(parts::Form::faults).collect();
    let mut after = vec![];
    if !proposal.answers.is_empty() {
        after.push(super::answers(seen));
    }
    Ok(page_with(
        status,
        &ProposalPage {
            shell: seen.shell(app, visitor, &format!("What changes for you: {}", seen.name())),
            lede,
            faults: shown,
            actions: vec![Link::new("All that changes", &format!("{}/compare", seen.path()))],
            before: sections,
            blocks,
            after,
            ..ProposalPage::default()
        },
    ))
}

/// A form for each organisation that the reader answers for.
fn blocks(app: &App, seen: &Seen, typed: &Form, faults: &[Fault]) -> Vec<Block> {
    let speaks = |m: &&signalbox_core::actor::Membership| govern::speaker(m.org_kind) == Some(m.role);
    let mut orgs: Vec<OrgId> = seen.actor.memberships().iter().filter(speaks).map(|m| m.org).collect();
    orgs.sort_unstable();
    orgs.dedup();
    orgs.into_iter().filter(|org| seen.asked(*org).is_some()).map(|org| block(app, seen, org, typed, faults)).collect()
}

fn block(app: &App, seen: &Seen, org: OrgId, typed: &Form, faults: &[Fault]) -> Block {
    let (heading, id) = (format!("Answer for {}", seen.org(org)), format!("for-org-{org}"));
    let bars = seen.bars(app, Deed::Answer(org));
    if !bars.is_empty() {
        return Block { id, heading, words: bars.iter().map(|one| bar(one).sentence).collect(), form: None };
    }
    let is_this = typed.text("org") == org.to_string();
    let before = seen.asked(org).and_then(|asked| asked.answer.map(|answer| (answer, asked.words.clone())));
    let chosen = if is_this { typed.raw("answer").to_owned() } else { before.as_ref().map_or(String::new(), |(answer, _)| answer.code().to_owned()) };
    let words = if is_this { typed.raw("words").to_owned() } else { before.map_or(String::new(), |(_, words)| words) };
    let error = |name: &str| faults.iter().find(|fault| is_this && fault.field.as_deref() == Some(name)).map(|fault| fault.detail.clone());
    let choices = vec![Choice::new("acknowledged", "We have read it and can work with it"), Choice::new("objected", "We object")];
    let choices = Choice::choose(choices, &[chosen.as_str()]);
    let fields = vec![
        Field::radios("answer", "What do you say to it?", choices).id(&format!("answer-{org}")).error(error("answer")),
        Field::textarea("words", "Your words", &words)
            .id(&format!("words-{org}"))
            .optional()
            .hint("An objection needs its reasons. It has to be answered before the version is adopted.")
            .error(error("words")),
    ];
    let form = parts::Form::new(&format!("{}/answer", seen.path()), "Send the answer", fields).hide("org", &org.to_string());
    Block { id, heading, words: vec![], form: Some(form) }
}

/// An organisation's answer.
pub async fn answer(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["org", "answer", "words"])?;
    let seen = Seen::read(&app, &visitor, &id)?;
    let org = OrgId(super::super::id(form.text("org"))?);
    let mut faults = vec![];
    let words = words_of(&form, "words", "words", &mut faults);
    let answer = Answer::from_code(form.text("answer"));
    if answer.is_none() {
        faults.push(Fault::of("answer", "choose-one", "Choose one of the two."));
    }
    if answer == Some(Answer::Objected) && words.is_empty() {
        faults.push(Fault::of("words", "missing", "Say what you object to, and why."));
    }
    match (answer, faults.is_empty()) {
        (Some(answer), true) => {
            app.answer_proposal(&seen.actor, seen.proposal.id, org, answer, words).map_err(halted)?;
            Ok(done(&app, &format!("{}/for-you", seen.path()), "Your answer stands below."))
        }
        _ => page_for_you(&app, &visitor, &seen, &form, &faults),
    }
}
