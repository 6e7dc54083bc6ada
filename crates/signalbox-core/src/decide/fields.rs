//! The fields that an act takes: one list that draws the form, checks the API's body and refuses what is not in it.

use super::Context;
use crate::act::Act;
use crate::change::{Change, Outcome, Stage};
use crate::form::Raw;
use crate::process::{AnswerKind, Process, Question};
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

fn field(id: &str, kind: AnswerKind, required: bool) -> Field {
    Field { id: id.to_owned(), kind, required, question: None }
}

fn codes(codes: &[&str]) -> AnswerKind {
    AnswerKind::Choice(codes.iter().map(|c| (*c).to_owned()).collect())
}

fn line() -> AnswerKind {
    AnswerKind::Line { max_chars: crate::form::LINE_MAX_CHARS }
}

/// The questions of a document as fields, in its order.
pub fn of_document(process: &Process) -> Vec<Field> {
    process.questions.iter().map(|q| Field { id: q.id.clone(), kind: q.answer.clone(), required: false, question: Some(q.clone()) }).collect()
}

/// The fields of an act on this change.
pub fn of_act(ctx: &Context, change: &Change, act: Act) -> Vec<Field> {
    let step = ctx.process.steps.iter().find(|s| s.act == act && s.from == change.stage);
    let needs = |rule: Rule| step.is_some_and(|s| s.needs.contains(&rule));
    let prose = |id, required| field(id, AnswerKind::Prose, required);
    match act {
        Act::Propose | Act::Submit => of_document(ctx.process),
        Act::Amend => of_document(ctx.process).into_iter().filter(|f| !matches!(f.id.as_str(), "window" | "late_reason" | "late_words")).collect(),
        Act::SendBack | Act::Cancel | Act::Stop => vec![prose("reason", true)],
        Act::Withdraw => vec![prose("reason", false)],
        Act::Return => {
            let ids = ctx.process.questions.iter().map(|q| q.id.clone()).collect();
            vec![field("defects", AnswerKind::List, true), field("fields", AnswerKind::Choices(ids), false), field("supplier_side", AnswerKind::YesNo, false)]
        }
        Act::Accept => accept(&needs),
        Act::Assess => vec![
            field("assessment", codes(&super::assess::open_for(ctx, change).iter().map(|(k, _)| k.code()).collect::<Vec<_>>()), true),
            field("objects", AnswerKind::YesNo, true),
            prose("finding", true),
        ],
        Act::Screen => (1..=8).map(|n| field(&format!("q{n}"), AnswerKind::YesNo, true)).collect(),
        Act::Clear => [vec![prose("words", false)], conditions()].concat(),
        Act::RejectClinically => vec![prose("hazard", true), prose("harm", true), prose("resubmit_when", true)],
        Act::Approve => [vec![field("seen", line(), false), prose("words", false)], conditions()].concat(),
        Act::Reject => vec![field("reason_code", codes(REJECT_REASONS), true), prose("reason", true)],
        Act::AskMore => vec![prose("questions", true)],
        Act::Hold => vec![prose("reason", true), field("review_on", AnswerKind::Date, true)],
        Act::Schedule => vec![field("implementer", line(), true), field("phone", line(), false)],
        Act::Reschedule => {
            vec![field("window", AnswerKind::Window, true), field("contingency_end", AnswerKind::Moment { after: None }, false), prose("reason", true)]
        }
        Act::Start => told(),
        Act::RunningLate => [told(), vec![field("expected_end", AnswerKind::Moment { after: None }, true), prose("words", false)]].concat(),
        Act::Restore => [told(), vec![field("back", AnswerKind::Services, false)]].concat(),
        Act::BackOut => [told(), vec![prose("reason", true)]].concat(),
        Act::Finish => {
            [told(), vec![field("outcome", outcomes(), true), field("back", AnswerKind::Services, false), prose("not_back", false), prose("words", false)]]
                .concat()
        }
        Act::Review if change.stage == Stage::Review => vec![prose("words", true)],
        Act::Close => vec![field("outcome", outcomes(), true), prose("words", false)],
        Act::Restate => vec![field("outcome", outcomes(), true), prose("reason", true)],
        Act::TellNetwork => vec![field("way", codes(TOLD_WAYS), true), field("their_reference", line(), false)],
        Act::Acknowledge => vec![field("their_reference", line(), false)],
        Act::RecordTold => vec![prose("proof", true)],
        Act::SettleNotice => vec![field("consequence", codes(CONSEQUENCES), true), prose("reason", true)],
        Act::MeetCondition => vec![field("number", AnswerKind::Number { min: 1, max: 999 }, true), prose("words", false)],
        Act::Say => vec![prose("words", true)],
        Act::Attach => vec![field("file", AnswerKind::Files, true)],
        Act::Complete | Act::Resume | Act::Review | Act::Expire => vec![],
    }
}

fn outcomes() -> AnswerKind {
    codes(&Outcome::OF_WORK.iter().map(|o| o.code()).collect::<Vec<_>>())
}

fn conditions() -> Vec<Field> {
    let slot = |n: usize| {
        vec![
            field(&format!("condition_{n}"), AnswerKind::Prose, false),
            field(&format!("condition_{n}_owner"), line(), false),
            field(&format!("condition_{n}_due"), AnswerKind::Date, false),
        ]
    };
    (1..=CONDITIONS_AT_ONCE).flat_map(slot).collect()
}

fn told() -> Vec<Field> {
    vec![field("happened_at", AnswerKind::Moment { after: None }, false), field("on_behalf_of", line(), false), field("by_phone", AnswerKind::YesNo, false)]
}

fn accept(needs: &dyn Fn(Rule) -> bool) -> Vec<Field> {
    let mut fields = vec![];
    if needs(Rule::Classified) {
        fields.extend((1..=6).map(|n| field(&format!("risk_{n}"), AnswerKind::Number { min: 0, max: 3 }, true)));
        fields.push(field("category_lowered_to", codes(&["minor", "significant"]), false));
        fields.push(field("lowered_because", AnswerKind::Prose, false));
    }
    if needs(Rule::ResourcesPromised) {
        fields.extend([
            field("take_down_by", line(), true),
            field("restore_by", line(), true),
            field("promise_phone", line(), true),
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
    fields.iter().any(|f| f.id == name || name.strip_prefix(f.id.as_str()).is_some_and(|rest| rest.starts_with('.') && has_parts(&f.kind)))
}

fn has_parts(kind: &AnswerKind) -> bool {
    matches!(kind, AnswerKind::Window | AnswerKind::Moment { .. } | AnswerKind::PersonAndPhone)
}
