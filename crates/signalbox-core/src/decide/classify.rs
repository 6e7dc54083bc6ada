//! Impact, risk and category, each by its table (spec 6.2, 6.3): what the worst row says, and which row that was.

use super::{Taking, given, ruling};
use crate::change::Change;
use crate::decide::Context;
use crate::event::{Classification, Ruling};
use crate::process::facts::{Value, code_of};
use crate::process::{AnswerKind, Question, Required};
use crate::refusal::Violation;
use crate::risk::{Category, RiskBand};

/// The answer to one risk question is 0 to this.
pub const ANSWER_MAX: i64 = 3;
/// The score is always told out of this (X16).
pub const SCORE_MAX: i64 = 18;

/// The id of the field for the risk question at this place.
pub fn field_id(at: usize) -> String {
    format!("risk_{}", at + 1)
}

/// The risk questions of the document as fields, each with its own words.
pub fn questions(process: &crate::process::Process) -> Vec<Question> {
    let ask = |(at, row): (usize, &crate::process::RiskRow)| Question {
        id: field_id(at),
        text: row.text.clone(),
        answer: AnswerKind::Number { min: 0, max: ANSWER_MAX },
        required: Required::Approve,
        asked_when: None,
        guidance: String::new(),
        page: crate::process::Page::Risk,
        group: String::new(),
    };
    process.risk_questions.iter().enumerate().map(ask).collect()
}

/// The answers by their weights, brought to a score out of 18 and rounded to the nearest.
pub fn score(weights: &[i64], answers: &[u8]) -> i64 {
    let most: i64 = weights.iter().sum::<i64>() * ANSWER_MAX;
    let sum: i64 = weights.iter().zip(answers).map(|(weight, answer)| weight * i64::from(*answer)).sum();
    if most <= 0 { 0 } else { (sum * SCORE_MAX * 2 + most) / (most * 2) }
}

/// What the tables say of these answers; `None` where a table is missing.
pub fn compute(ctx: &Context, change: &Change, answers: &[u8]) -> Option<Classification> {
    // What was said of the change before does not colour what is asked now.
    let mut afresh = change.clone();
    afresh.classification = None;
    let weights: Vec<i64> = ctx.process.risk_questions.iter().map(|row| row.weight).collect();
    let risk = score(&weights, answers);
    let (impact_ruling, impact_said) = ruling::rule_on(ctx, &afresh, "impact level")?;
    let impact: u8 = impact_said.get("level")?.parse().ok()?;
    let known = |name: &str| match name {
        "risk_score" => Some(Value::from(risk)),
        "impact" => Some(Value::from(i64::from(impact))),
        _ => None,
    };
    let (risk_ruling, risk_said) = ruling::rule_with(ctx, &afresh, "risk band", known)?;
    let band = RiskBand::from_code(&code_of(risk_said.get("risk")?))?;
    let known = |name: &str| if name == "risk" { Some(Value::from(band.code())) } else { known(name) };
    let (category_ruling, category_said) = ruling::rule_with(ctx, &afresh, "category", known)?;
    let category = Category::from_code(&code_of(category_said.get("category")?))?;
    let because = impact_said.get("because").cloned().filter(|words| !words.is_empty());
    Some(Classification {
        impact,
        impact_because: because.into_iter().collect(),
        risk_answers: answers.to_vec(),
        risk: risk as u8,
        band: band.code().to_owned(),
        category: category.code().to_owned(),
        lowered_from: None,
        raised_from: None,
        rulings: vec![impact_ruling, risk_ruling, category_ruling],
    })
}

/// The answers typed to the risk questions; a missing one is a fault.
fn answers(t: &mut Taking, required: bool) -> Option<Vec<u8>> {
    let all: Vec<Option<i64>> = (0..t.ctx.process.risk_questions.len()).map(|at| t.form.number(&field_id(at), 0, ANSWER_MAX, required)).collect();
    all.into_iter().map(|answer| answer.map(|n| n as u8)).collect()
}

/// T8: the classification that the typed answers make.
pub(super) fn classify(t: &mut Taking) -> Option<Classification> {
    let answers = answers(t, true);
    let lowered_to = t.form.choice("category_lowered_to", &["minor", "significant"], false).and_then(|c| Category::from_code(&c));
    let because = t.form.text("lowered_because", lowered_to.is_some());
    let answers = answers?;
    if lowered_to.is_some() && because.is_none() {
        return None;
    }
    let Some(mut found) = compute(t.ctx, t.change, &answers) else {
        t.form.faults.push(Violation::whole("not-classifiable"));
        return None;
    };
    if let Some(to) = lowered_to {
        by_hand(t, &mut found, to, "category_lowered_to")?;
        if found.raised_from.is_some() {
            let computed = found.raised_from.as_deref().and_then(Category::from_code).map_or("", Category::words);
            t.form.faults.push(Violation::of("category_lowered_to", "not-lower").with(computed));
            return None;
        }
    }
    t.rulings.extend(found.rulings.iter().cloned());
    Some(found)
}

/// Sets the category by hand. Lowering is the supplier's change manager's, and never the raiser's (spec 6.3).
pub(super) fn by_hand(t: &mut Taking, found: &mut Classification, to: Category, field: &str) -> Option<()> {
    let computed = Category::from_code(&found.category)?;
    if to < computed {
        let person = t.stamp.person;
        let is_raiser = t.change.raised_by.person == person || person.is_some_and(|p| t.change.submitted_by.contains(&p));
        if is_raiser {
            t.form.faults.push(Violation::of(field, "lowered-by-raiser"));
            return None;
        }
        if t.stamp.role != Some(crate::actor::Role::SupplierManager) {
            t.form.faults.push(Violation::of(field, "lowered-by-supplier-only"));
            return None;
        }
        found.lowered_from = Some(computed.code().to_owned());
    } else if to > computed {
        found.raised_from = Some(computed.code().to_owned());
    }
    found.category = to.code().to_owned();
    Some(())
}

/// The impact level that counts for silence (X9): where nothing can be said, the gravest.
pub fn impact_for_silence(ctx: &Context, change: &Change, classification: Option<&Classification>) -> u8 {
    classification.map_or_else(|| given::impact_of(ctx, change).unwrap_or(1), |c| c.impact)
}

/// The rulings that made a classification, by table.
pub fn ruling_of<'c>(classification: &'c Classification, table: &str) -> Option<&'c Ruling> {
    classification.rulings.iter().find(|ruling| ruling.table == table)
}
