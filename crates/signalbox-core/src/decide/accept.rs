//! T8 and T9: complete. Impact, risk and category are found, promises taken, assessments asked for.

use super::{Context, Taking, classify, content::provisional, given, notice, ruling};
use crate::change::{AssessmentKind, Change, Kind};
use crate::event::{Asked, Classification, Event, NoticeGiven, Promise, Ruling};
use crate::form::{Answer, Answers};
use crate::process::AssessmentRow;
use crate::rule::Rule;

pub(super) fn accept(t: &mut Taking) -> Option<Vec<Event>> {
    let classification = if t.needs(&Rule::Classified) { Some(classify::classify(t)) } else { None };
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
    let mut classified = t.change.clone();
    classified.classification = classification.clone();
    t.rulings.extend(asked.iter().filter_map(|a| a.ruling.clone()));
    t.rulings.dedup();
    t.keep(ruling::rule_on(t.ctx, &classified, "chargeable"));
    Some(vec![Event::Accepted { classification, promise, asked, model: model(t.change), notice: notice.map(Box::new) }])
}

/// The notice of the receipt that counts, now that the category says how much is asked for.
fn judged_again(t: &mut Taking, classification: Option<&Classification>) -> Option<NoticeGiven> {
    let given = t.change.notice().filter(|_| notice::waits_for_category(t.ctx.process))?.clone();
    let mut classified = t.change.clone();
    classified.classification = Some(classification?.clone());
    let judged = notice::judge(t.ctx, &classified, given.received_at)?;
    t.rulings.extend(notice::rulings(t.ctx, &classified, &judged));
    Some(judged)
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

/// X3: who takes down, who restores, phone and times.
fn promise(t: &mut Taking) -> Option<Promise> {
    let take_down_by = t.form.text("take_down_by", true);
    let restore_by = t.form.text("restore_by", true);
    let phone = t.form.phone("promise_phone", true);
    let times = t.form.text("promise_times", false);
    Some(Promise { take_down_by: take_down_by?, restore_by: restore_by?, phone: phone?, times })
}

/// The assessments that the document asks of this change, each with its due time: capped at two working days before
/// the start (X4), an affected trust's for every trust, silence only where X9 lets it count.
pub(super) fn asked(ctx: &Context, change: &Change, classification: Option<&Classification>) -> Vec<Asked> {
    let mut classified = provisional(change, &Answers::new());
    classified.classification = classification.cloned();
    let impact = classify::impact_for_silence(ctx, change, classification);
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
        let ruling = ruling_of_row(ctx, &classified, row);
        let ask = |org| Asked { kind: row.kind, org, due_at, silence_counts: row.silence_counts && silence_ever, ruling: ruling.clone() };
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

/// The row of Assessments that asked, with what its condition looked at.
fn ruling_of_row(ctx: &Context, change: &Change, row: &AssessmentRow) -> Option<Ruling> {
    let at = ctx.process.assessments.iter().position(|other| other.kind == row.kind)?;
    let tests = row.when.iter().flat_map(|condition| condition.any.iter().flatten());
    let inputs = tests.map(|test| (test.subject.replace('_', " "), given::subject(ctx, change, &test.subject).unwrap_or_default()));
    let answers = vec![("assessment".to_owned(), row.kind.code().to_owned())];
    Some(Ruling { table: "assessments".to_owned(), row: at + 1, inputs: inputs.collect(), answers, also: vec![] })
}
