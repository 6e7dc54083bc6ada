//! The fields of clinical acts: one list that draws the form, checks the API's body and refuses what is not in it.

use super::decision::{Signing, allowed};
use super::matrix::{Harm, Likelihood, Patients};
use super::{AfterStop, ControlState, Ground};
use crate::act::Act;
use crate::change::Change;
use crate::decide::Context;
use crate::decide::fields::{Field, codes, conditions, field, line};
use crate::process::AnswerKind;

/// Controls that a rating can name at once.
pub const CONTROLS_AT_ONCE: usize = 2;
/// Conditions for sending again that a form can name at once.
pub const RESUBMIT_AT_ONCE: usize = 3;
/// What a file is for.
pub const PURPOSES: &[&str] = &["plan", "downtime_procedure", "test_result", "administrative", "other"];

fn prose(id: &str, required: bool) -> Field {
    field(id, AnswerKind::Prose, required)
}

/// Harm, patients and likelihood under a prefix.
fn rating(prefix: &str, required: bool) -> Vec<Field> {
    vec![
        field(&format!("{prefix}harm"), codes(&Harm::ALL.iter().map(|h| h.code()).collect::<Vec<_>>()), required),
        field(&format!("{prefix}patients"), codes(&Patients::ALL.iter().map(|p| p.code()).collect::<Vec<_>>()), required),
        field(&format!("{prefix}likelihood"), codes(&Likelihood::ALL.iter().map(|l| l.code()).collect::<Vec<_>>()), required),
    ]
}

/// The fields of a clinical act; none for any other.
pub fn of_act(ctx: &Context, change: &Change, act: Act) -> Vec<Field> {
    match act {
        Act::Screen => {
            let mut fields: Vec<Field> = (1..=8).map(|n| field(&format!("q{n}"), AnswerKind::YesNo, true)).collect();
            let patterns = ctx.facts.patterns_for(change, ctx.today());
            if change.parties().direct_care && !patterns.is_empty() {
                fields.push(field("pattern", codes(&patterns.iter().map(|p| p.code.as_str()).collect::<Vec<_>>()), false));
            }
            fields
        }
        Act::Hazard => vec![field("hazard", line(), true), prose("causes", false), prose("effect", true), prose("existing", false)],
        Act::Rate => rate(change),
        Act::Clear => clear(ctx, change),
        Act::Countersign => vec![prose("words", false)],
        Act::Query => vec![prose("questions", true)],
        Act::AnswerQuery => vec![prose("answer", true)],
        Act::Escalate => vec![prose("benefit", true)],
        Act::RejectClinically => reject(change),
        Act::Stop => vec![prose("reason", true), field("rung", line(), true)],
        Act::SettleStop => {
            let choices = codes(&AfterStop::ALL.iter().map(|c| c.code()).collect::<Vec<_>>());
            let harms = ["harm_of_hold", "harm_of_finish", "harm_of_back_out"].map(|id| prose(id, true));
            [vec![field("after_stop", choices, true)], harms.to_vec(), vec![field("agreed_with", line(), true)]].concat()
        }
        Act::ReviewScreening => vec![field("agrees", AnswerKind::YesNo, true), prose("words", false)],
        Act::Appeal => vec![prose("grounds", true)],
        Act::Uphold => [rating("", true), vec![prose("words", true)]].concat(),
        Act::Overrule => [rating("", true), vec![prose("words", true), prose("impractical", false), field("until", AnswerKind::Date, false)]].concat(),
        Act::WaiveDowntime => vec![prose("reason", true)],
        _ => vec![],
    }
}

fn rate(change: &Change) -> Vec<Field> {
    let names: Vec<String> = change.safety.hazards.iter().map(super::Hazard::name).collect();
    let mut fields = vec![field("which", AnswerKind::Choice(names), true)];
    fields.extend(rating("", true));
    let states: Vec<&str> = ControlState::ALL.iter().map(|s| s.code()).collect();
    for n in 1..=CONTROLS_AT_ONCE {
        fields.extend([
            prose(&format!("control_{n}"), false),
            field(&format!("control_{n}_state"), codes(&states), false),
            field(&format!("control_{n}_owner"), line(), false),
            field(&format!("control_{n}_due"), AnswerKind::Date, false),
        ]);
    }
    fields.extend(rating("residual_", false));
    fields.push(prose("why", true));
    fields
}

fn clear(ctx: &Context, change: &Change) -> Vec<Field> {
    let mut fields = vec![prose("words", false)];
    match allowed(ctx, change).signing {
        Signing::One => {}
        Signing::BothSides => fields.extend([prose("impractical", true), field("until", AnswerKind::Date, true)]),
        Signing::Exception => {
            fields.extend([prose("benefit", true), field("medical_director", line(), true)]);
            fields.extend(rating("not_changing_", true));
        }
    }
    let me = ctx.actor.person();
    if change.safety.last_rejection().is_some_and(|rejected| rejected.by.person != me) {
        fields.push(field("read_form", AnswerKind::YesNo, true));
    }
    fields.extend(conditions());
    fields
}

/// Spec 8.5, in its order.
fn reject(change: &Change) -> Vec<Field> {
    let first = change.safety.hazards.is_empty();
    let mut fields = vec![
        field("ground", codes(&Ground::ALL.iter().map(|g| g.code()).collect::<Vec<_>>()), true),
        prose("scope", true),
        field("documents", AnswerKind::List, true),
        field("reviewed_files", AnswerKind::Files, false),
        field("hazard", line(), first),
        prose("causes", false),
        prose("effect", first),
        prose("existing", false),
    ];
    fields.extend(rating("", false));
    fields.push(prose("unacceptable", first));
    fields.extend(rating("not_changing_", true));
    fields.extend([prose("not_changing", true), prose("alternatives", true), field("never", AnswerKind::YesNo, false)]);
    for n in 1..=RESUBMIT_AT_ONCE {
        fields.extend([
            prose(&format!("resubmit_{n}"), false),
            prose(&format!("resubmit_{n}_evidence"), false),
            field(&format!("resubmit_{n}_judge"), line(), false),
        ]);
    }
    fields.extend([prose("immediate", false), prose("consulted", false), field("no_conflict", AnswerKind::YesNo, true)]);
    fields
}

/// What a new revision answers: every hazard of the rejection, by its number (BR-21).
pub fn answers(change: &Change) -> Vec<Field> {
    change.to_be_answered().into_iter().map(|number| prose(&format!("answer_h{number}"), true)).collect()
}
