//! The fields that an act takes: one list that draws the form, checks the API's body and refuses what is not in it.

use super::Context;
use crate::act::Act;
use crate::change::{Change, Outcome, Stage};
use crate::clinical::fields as clinical;
use crate::form::Raw;
use crate::form::format::Format;
use crate::form::rows::cell_of;
use crate::process::{AnswerKind, Process, Question, Required};
use crate::refusal::Violation;
use crate::rule::Rule;

/// A field of an act, or a question of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub id: String,
    pub kind: AnswerKind,
    pub required: bool,
    /// Set for questions of the document, which bring their own words.
    pub question: Option<Question>,
}

/// How many conditions an approval can set at once.
pub const CONDITIONS_AT_ONCE: usize = 3;
/// Why an approver refuses.
pub const REJECT_REASONS: &[&str] = &["risk_too_high", "not_needed", "no_back_out", "clashes", "no_resources", "insufficient_evidence", "other"];
/// How the network provider was told (X6).
pub const TOLD_WAYS: &[&str] = &["email", "phone", "provider_form", "api"];
/// What late notice may lead to once a person decides (spec 6.5).
pub const CONSEQUENCES: &[&str] = &["protected", "at_risk", "excluded", "waived"];

pub(crate) fn field(id: &str, kind: AnswerKind, required: bool) -> Field {
    Field { id: id.to_owned(), kind, required, question: None }
}

pub(crate) fn codes(codes: &[&str]) -> AnswerKind {
    AnswerKind::Choice(codes.iter().map(|c| (*c).to_owned()).collect())
}

fn phone() -> AnswerKind {
    AnswerKind::Format(Format::Phone)
}

pub(crate) fn line() -> AnswerKind {
    AnswerKind::Line { max_chars: crate::form::LINE_MAX_CHARS }
}

/// The questions of a document as fields, in its order.
pub fn of_document(process: &Process) -> Vec<Field> {
    process.questions.iter().map(of_question).collect()
}

fn of_question(question: &Question) -> Field {
    Field { id: question.id.clone(), kind: question.answer.clone(), required: false, question: Some(question.clone()) }
}

/// Whether the work is over, so that answers tell what was done.
pub(super) fn is_after_work(stage: Stage) -> bool {
    matches!(stage, Stage::Implemented | Stage::Review)
}

/// The questions whose answers may be added or changed now. The window is moved by an act of its own. After the work,
/// what is still owed is answered, and what is asked for closing; what was decided upon stays as it was.
pub(super) fn amendable<'p>(process: &'p Process, change: &Change) -> impl Iterator<Item = &'p Question> {
    let answered: Vec<String> = change.content.iter().flat_map(|c| c.answers.keys().cloned()).collect();
    let is_over = is_after_work(change.stage);
    // What is said beside an answer that is asked for closing, such as why a test failed.
    let beside = |q: &Question| {
        let near = |other: &Question| other.required == Required::Close && other.page == q.page && other.group == q.group;
        q.required == Required::Optional && !q.group.is_empty() && process.questions.iter().any(near)
    };
    process.questions.iter().filter(move |q| {
        let is_moved = matches!(q.answer, AnswerKind::Window) || super::content::is_about_lateness(&q.id) || super::urgent::is_of_sending(&q.id);
        !is_moved && (!is_over || q.required == Required::Close || beside(q) || !answered.contains(&q.id))
    })
}

/// The fields of an act on this change.
pub fn of_act(ctx: &Context, change: &Change, act: Act) -> Vec<Field> {
    let step = ctx.process.steps.iter().find(|s| s.act == act && s.from == change.stage);
    let needs = |rule: Rule| step.is_some_and(|s| s.needs.contains(&rule));
    let prose = |id, required| field(id, AnswerKind::Prose, required);
    match act {
        Act::Submit if change.stage == Stage::ClinRejected => [of_document(ctx.process), clinical::answers(change)].concat(),
        Act::Propose | Act::Submit => of_document(ctx.process),
        Act::Amend => amendable(ctx.process, change).map(of_question).collect(),
        Act::SendBack | Act::Cancel | Act::Dispute | Act::RefuseNotice | Act::DisputeNotice => vec![prose("reason", true)],
        Act::Withdraw => vec![prose("reason", false)],
        Act::Return => {
            let ids = ctx.process.questions.iter().map(|q| q.id.clone()).collect();
            vec![field("defects", AnswerKind::List, true), field("fields", AnswerKind::Choices(ids), false), field("supplier_side", AnswerKind::YesNo, false)]
        }
        Act::Accept => accept(ctx.process, &needs),
        Act::Assess => vec![
            field("assessment", codes(&super::assess::open_for(ctx, change).iter().map(|(k, _)| k.code()).collect::<Vec<_>>()), true),
            field("objects", AnswerKind::YesNo, true),
            prose("finding", true),
        ],
        Act::Approve => {
            let back = if super::approve::lacks_way_back(ctx, change) { vec![field("no_way_back_accepted", AnswerKind::YesNo, true)] } else { vec![] };
            [vec![field("seen", line(), false), prose("words", false)], back, conditions()].concat()
        }
        Act::Vote | Act::TakeBack | Act::Reaffirm => super::board::fields(act),
        Act::Reject => vec![field("reason_code", codes(REJECT_REASONS), true), prose("reason", true)],
        Act::AskMore => vec![prose("questions", true)],
        Act::Hold => vec![prose("reason", true), field("review_on", AnswerKind::Date, true)],
        Act::ExceptFreeze => super::freeze::fields(ctx, change),
        Act::SettleClash => super::clash::fields(ctx),
        Act::Follow => vec![field("after", AnswerKind::List, false)],
        Act::Schedule => {
            let is_short = needs(Rule::GapExplained) && super::schedule::gap(ctx, change).is_some_and(|gap| gap.is_short());
            let gap = if is_short { vec![prose("gap_reason", true)] } else { vec![] };
            [vec![field("implementer", line(), true), field("phone", phone(), false)], gap].concat()
        }
        Act::Reschedule => {
            vec![field("window", AnswerKind::Window, true), field("contingency_end", AnswerKind::Moment { after: None }, false), prose("reason", true)]
        }
        Act::Start => told(),
        Act::RunningLate => [told(), vec![field("expected_end", AnswerKind::Moment { after: None }, true), prose("words", false)]].concat(),
        Act::Restore => [told(), vec![field("back", AnswerKind::Services, false)]].concat(),
        Act::BackOut => [told(), vec![prose("reason", true)]].concat(),
        Act::Finish => finish((change.stage == Stage::BackingOut).then(|| needs(Rule::StateVerified))),
        Act::Review if change.stage == Stage::Review => review(),
        Act::Close => vec![field("outcome", allowed_outcomes(ctx, change), true), field("looked", AnswerKind::YesNo, false), prose("words", false)],
        Act::Restate => vec![field("outcome", allowed_outcomes(ctx, change), true), prose("reason", true)],
        Act::TellNetwork | Act::Acknowledge | Act::RecordTold | Act::SettleNotice => of_notice(act),
        Act::MeetCondition | Act::FinishAction => vec![field("number", AnswerKind::Number { min: 1, max: 999 }, true), prose("words", false)],
        Act::RecordVerbal | Act::ConfirmVerbal | Act::Ratify | Act::GiveVerdict => super::urgent::fields(act),
        Act::Plan => plan(ctx, change),
        Act::RecordStep => record_step(change),
        Act::DecideGo => [vec![field("go", AnswerKind::YesNo, true), prose("words", false)], told()].concat(),
        Act::Extend => {
            let agreed = vec![field("until", AnswerKind::Moment { after: None }, true), prose("reason", true)];
            [agreed, vec![field("site_agreed", line(), true), field("on_call_agreed", line(), true)], told()].concat()
        }
        Act::ConfirmWorked => vec![field("worked", codes(&super::learn::worked()), true), prose("words", false)],
        Act::AnswerDispute => vec![field("upheld", AnswerKind::YesNo, true), prose("words", true)],
        Act::Survey => survey(),
        Act::LinkIncident => vec![field("incident", line(), true)],
        Act::UnlinkIncident => vec![field("incident", line(), true), prose("reason", true)],
        Act::TellDepartment => tell_department(ctx.process),
        Act::Say | Act::RecordNearMiss => vec![prose("words", true)],
        Act::Attach => vec![field("file", AnswerKind::Files, true), field("purpose", codes(clinical::PURPOSES), false)],
        Act::Complete | Act::Resume | Act::Review | Act::Expire => vec![],
        money if money.is_money() => crate::charge::fields::of_act(change, money).unwrap_or_default(),
        clinical_act => clinical::of_act(ctx, change, clinical_act),
    }
}

/// What is asked when the work ends; after a back-out, whether the state was looked at too.
fn finish(verified: Option<bool>) -> Vec<Field> {
    let prose = |id, required| field(id, AnswerKind::Prose, required);
    let verified = verified.map(|required| prose("state_verified", required));
    let ends = vec![field("outcome", outcomes(), true), field("back", AnswerKind::Services, false), prose("not_back", false), prose("words", false)];
    [told(), verified.into_iter().collect(), ends].concat()
}

fn survey() -> Vec<Field> {
    let score = AnswerKind::Number { min: 1, max: 5 };
    vec![field("informed", score.clone(), true), field("promised", score, true), field("words", AnswerKind::Prose, false)]
}

/// The fields about who was told, and about late notice.
fn of_notice(act: Act) -> Vec<Field> {
    let prose = |id, required| field(id, AnswerKind::Prose, required);
    match act {
        Act::TellNetwork => vec![field("way", codes(TOLD_WAYS), true), field("their_reference", line(), false)],
        Act::Acknowledge => vec![field("their_reference", line(), false)],
        Act::RecordTold => vec![prose("proof", true)],
        _ => vec![field("consequence", codes(CONSEQUENCES), true), prose("reason", true)],
    }
}

fn outcomes() -> AnswerKind {
    codes(&Outcome::OF_WORK.iter().map(|o| o.code()).collect::<Vec<_>>())
}

/// The outcomes that the record allows.
fn allowed_outcomes(ctx: &Context, change: &Change) -> AnswerKind {
    codes(&super::close::allowed(ctx, change).iter().map(|o| o.code()).collect::<Vec<_>>())
}

pub(crate) fn conditions() -> Vec<Field> {
    let slot = |n: usize| {
        vec![
            field(&format!("condition_{n}"), AnswerKind::Prose, false),
            field(&format!("condition_{n}_owner"), line(), false),
            field(&format!("condition_{n}_due"), AnswerKind::Date, false),
        ]
    };
    (1..=CONDITIONS_AT_ONCE).flat_map(slot).collect()
}

/// The steps of the work: typed one a line, or taken from a set of the document.
fn plan(ctx: &Context, change: &Change) -> Vec<Field> {
    let number = |min, max| AnswerKind::Number { min, max };
    let numbers: Vec<String> = change.carry.steps.iter().map(|s| s.planned.number.to_string()).collect();
    let mut fields = vec![
        field("plan", codes(&crate::carry::Plan::ALL.iter().map(|p| p.code()).collect::<Vec<_>>()), false),
        field("steps", AnswerKind::List, false),
        field("owner", line(), false),
        field("person", line(), false),
        field("minutes", number(0, 100_000), false),
        field("offset", number(-100_000, 100_000), false),
        field("in_order", AnswerKind::YesNo, false),
        field("verify", AnswerKind::Prose, false),
    ];
    if !numbers.is_empty() {
        fields.extend([field("after", AnswerKind::Choices(numbers.clone()), false), field("take_out", AnswerKind::Choices(numbers), false)]);
    }
    let sets = super::carry::template_names(ctx, change);
    if !sets.is_empty() {
        fields.push(field("template", AnswerKind::Choice(sets), false));
    }
    fields.extend([field("decider", line(), false), field("minutes_before", number(0, 10_080), false)]);
    fields
}

/// Which department was told, and who there.
fn tell_department(process: &Process) -> Vec<Field> {
    let areas = AnswerKind::Choice(crate::departments::areas(process));
    let which = vec![field("area", areas, true), field("department_name", line(), false)];
    [which, vec![field("who_there", line(), true), field("knows", AnswerKind::YesNo, false)], told()].concat()
}

fn record_step(change: &Change) -> Vec<Field> {
    let open: Vec<String> = crate::carry::recordable(change).iter().map(|s| s.planned.number.to_string()).collect();
    let own = vec![
        field("number", AnswerKind::Choice(open), true),
        field("result", codes(super::carry::RESULTS), true),
        field("minutes", AnswerKind::Number { min: 0, max: 100_000 }, false),
        field("words", AnswerKind::Prose, false),
    ];
    [own, told()].concat()
}

fn review() -> Vec<Field> {
    let prose = |id: &str, required| field(id, AnswerKind::Prose, required);
    let own = vec![
        prose("words", true),
        field("cause", codes(&super::learn::causes()), true),
        prose("why", false),
        prose("differently", false),
        field("benefit", codes(&super::learn::benefits()), true),
        prose("benefit_words", false),
    ];
    let slot = |n: usize| {
        let owner = field(&format!("action_{n}_owner"), line(), false);
        vec![prose(&format!("action_{n}"), false), owner, field(&format!("action_{n}_due"), AnswerKind::Date, false)]
    };
    own.into_iter().chain((1..=super::learn::ACTIONS_AT_ONCE).flat_map(slot)).collect()
}

fn told() -> Vec<Field> {
    vec![field("happened_at", AnswerKind::Moment { after: None }, false), field("on_behalf_of", line(), false), field("by_phone", AnswerKind::YesNo, false)]
}

/// The risk questions of the document, in its own words.
fn risk(process: &Process, required: bool) -> Vec<Field> {
    let asked = super::classify::questions(process).into_iter();
    asked.map(|question| Field { id: question.id.clone(), kind: question.answer.clone(), required, question: Some(question) }).collect()
}

fn accept(process: &Process, needs: &dyn Fn(Rule) -> bool) -> Vec<Field> {
    let mut fields = vec![];
    if needs(Rule::Classified) {
        fields.extend(risk(process, true));
        fields.push(field("category_lowered_to", codes(&["minor", "significant"]), false));
        fields.push(field("lowered_because", AnswerKind::Prose, false));
    }
    if needs(Rule::ResourcesPromised) {
        fields.extend([
            field("take_down_by", line(), true),
            field("restore_by", line(), true),
            field("promise_phone", phone(), true),
            field("promise_times", line(), false),
        ]);
    }
    fields
}

/// Names typed that the act does not take: refused, so that nothing is set by the way (S31).
pub fn unknown(ctx: &Context, change: &Change, act: Act, raw: &Raw) -> Vec<Violation> {
    let fields = of_act(ctx, change, act);
    raw.keys().filter(|name| !is_known(&fields, name)).map(|name| Violation::of(name, "unknown-field")).collect()
}

/// Whether one of the fields has this name, or a part of this name.
pub fn is_known(fields: &[Field], name: &str) -> bool {
    let is_part = |f: &Field| match &f.kind {
        // A cell of a table: a row that may be, and a column that there is.
        AnswerKind::Rows { columns, .. } => cell_of(&f.id, name).is_some_and(|(_, column)| columns.iter().any(|c| c.id == column)),
        kind => has_parts(kind) && name.strip_prefix(f.id.as_str()).is_some_and(|rest| rest.starts_with('.')),
    };
    fields.iter().any(|f| f.id == name || is_part(f))
}

fn has_parts(kind: &AnswerKind) -> bool {
    matches!(kind, AnswerKind::Window | AnswerKind::Moment { .. } | AnswerKind::PersonAndPhone)
}
