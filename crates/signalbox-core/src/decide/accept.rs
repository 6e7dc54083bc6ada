//! T8 and T9: complete. Impact, risk and category are found, promises taken, assessments asked for.

use super::{Context, Taking, content::provisional, given, notice};
use crate::change::{AssessmentKind, Change, Kind};
use crate::event::{Asked, Classification, Event, NoticeGiven, Promise};
use crate::form::{Answer, Answers};
use crate::refusal::Violation;
use crate::risk::{self, Category};
use crate::rule::Rule;

pub(super) fn accept(t: &mut Taking) -> Option<Vec<Event>> {
    let classification = if t.needs(&Rule::Classified) { Some(classify(t)) } else { None };
    let promise = if t.needs(&Rule::ResourcesPromised) { Some(promise(t)) } else { None };
    // Each is read to its end, so that every fault is found at once.
    let classification = match classification {
        Some(found) => Some(found?),
        None => None,
    };
    let promise = match promise {
        Some(found) => Some(found?),
        None => None,
    };
    let asked = asked(t.ctx, t.change, classification.as_ref());
    let notice = judged_again(t, classification.as_ref());
    Some(vec![Event::Accepted { classification, promise, asked, model: model(t.change), notice }])
}

/// The notice of the receipt that counts, now that the category says how much is asked for.
fn judged_again(t: &Taking, classification: Option<&Classification>) -> Option<NoticeGiven> {
    let given = t.change.notice().filter(|_| notice::waits_for_category(t.ctx.process))?;
    let mut classified = t.change.clone();
    classified.classification = Some(classification?.clone());
    let judged = notice::judge(t.ctx, &classified, given.received_at)?;
    Some(NoticeGiven { defective: given.defective, ..judged })
}

/// The system accepts what is pre-authorised.
pub(super) fn of_itself(ctx: &Context, change: &Change) -> Event {
    Event::Accepted { classification: None, promise: None, asked: asked(ctx, change, None), model: model(change), notice: None }
}

fn model(change: &Change) -> Option<String> {
    match super::answer(change, "model") {
        Some(Answer::Choice(model)) if change.kind == Kind::ServiceRequest => Some(model.clone()),
        _ => None,
    }
}

fn classify(t: &mut Taking) -> Option<Classification> {
    let mut answers = [0u8; 6];
    let mut whole = true;
    for (n, answer) in answers.iter_mut().enumerate() {
        match t.form.number(&format!("risk_{}", n + 1), 0, 3, true) {
            Some(score) => *answer = score as u8,
            None => whole = false,
        }
    }
    let lowered_to = t.form.choice("category_lowered_to", &["minor", "significant"], false).and_then(|c| Category::from_code(&c));
    let because = t.form.text("lowered_because", lowered_to.is_some());
    if !whole || (lowered_to.is_some() && because.is_none()) {
        return None;
    }
    let risk = risk::RiskAnswers::new(answers)?.sum();
    let (impact, hits) = given::impact_of(t.ctx, t.change);
    let computed = risk::category(risk, impact);
    let lowered = lowered_to.filter(|to| *to != computed);
    if lowered.is_some_and(|to| to > computed) {
        t.form.faults.push(Violation::of("category_lowered_to", "not-lower").with(computed.words()));
        return None;
    }
    Some(Classification {
        impact: impact.level(),
        impact_because: hits.iter().map(|hit| hit.row.code().to_owned()).collect(),
        risk_answers: answers,
        risk,
        band: risk::risk_band(risk).code().to_owned(),
        category: lowered.unwrap_or(computed).code().to_owned(),
        lowered_from: lowered.map(|_| computed.code().to_owned()),
    })
}

/// X3: who takes down, who restores, phone and times.
fn promise(t: &mut Taking) -> Option<Promise> {
    let take_down_by = t.form.text("take_down_by", true);
    let restore_by = t.form.text("restore_by", true);
    let phone = t.form.text("promise_phone", true);
    let times = t.form.text("promise_times", false);
    Some(Promise { take_down_by: take_down_by?, restore_by: restore_by?, phone: phone?, times })
}

/// The assessments that the document asks of this change, each with its due time: capped at two working days before
/// the start (X4), an affected trust's for every trust, silence only where X9 lets it count.
fn asked(ctx: &Context, change: &Change, classification: Option<&Classification>) -> Vec<Asked> {
    let mut classified = provisional(change, &Answers::new());
    classified.classification = classification.cloned();
    let impact = classification.map_or_else(|| given::impact_of(ctx, change).0.level(), |c| c.impact);
    let parties = change.parties();
    let silence_ever = !parties.direct_care && impact > 2;
    let mut all = vec![];
    for row in &ctx.process.assessments {
        if row.when.as_ref().is_some_and(|when| !when.holds(&|name: &str| given::subject(ctx, &classified, name))) {
            continue;
        }
        let due_at = match change.window() {
            Some(window) => ctx.calendar.due_before_start(ctx.now, row.due.amount, window.start, ctx.zone),
            None => ctx.calendar.due_at(ctx.now, row.due.amount, ctx.zone),
        };
        let ask = |org| Asked { kind: row.kind, org, due_at, silence_counts: row.silence_counts && silence_ever };
        if row.kind == AssessmentKind::Affected {
            all.extend(parties.affected.iter().filter(|org| **org != change.org).map(|org| ask(Some(*org))));
        } else {
            all.push(ask(None));
        }
    }
    all.sort_by_key(|a| (a.kind, a.org));
    all.dedup_by_key(|a| (a.kind, a.org));
    all
}
