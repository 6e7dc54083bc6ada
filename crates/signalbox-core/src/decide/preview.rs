//! What sending would mean, while somebody types: the questions that are asked, the notice, every fault. The same
//! reading as in [`super::submit`], with nothing decided.

use super::{Context, Taking, catalogue, clinical, content, fields, notice, submit};
use crate::act::Act;
use crate::actor::Stamp;
use crate::change::Change;
use crate::event::NoticeGiven;
use crate::form::{Answers, Form, Raw};
use crate::ids::Mint;
use crate::refusal::Violation;
use crate::rule::Rule;
use std::collections::BTreeSet;

/// What is known of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What could be read.
    pub answers: Answers,
    /// The ids of the questions that are asked, given what was typed so far.
    pub asked: BTreeSet<String>,
    /// The notice, were it received now; `None` without a window.
    pub notice: Option<NoticeGiven>,
    /// Everything that stands in the way of sending it.
    pub faults: Vec<Violation>,
    /// What somebody should know, though it does not stand in the way.
    pub warnings: Vec<Violation>,
    /// The change as it would be, as far as it can be read; nothing of it is kept.
    pub change: Change,
}

/// Reads what was typed as the act would. `None`: the document has no such step from here.
pub fn preview(ctx: &Context, change: &Change, act: Act, raw: &Raw) -> Option<Preview> {
    let step = ctx.process.step(act, change.stage)?;
    // Nothing read here is kept, so no id of it is ever stored.
    let mut mint = Mint::new(0, [0; 16]);
    let previous = change.content.as_ref().map(|c| &c.answers);
    let form = Form::new(raw, ctx.facts, ctx.zone_name, ctx.zone.clone(), &mut mint, previous);
    let mut t = Taking { ctx, change, step, stamp: Stamp::SYSTEM, form, rulings: vec![] };
    t.form.faults.extend(fields::unknown(ctx, change, act, raw));
    let answers = content::read_answers(&mut t, raw);
    if t.needs(&Rule::RequestEligible) || !ctx.process.catalogue.is_empty() {
        t.form.faults.extend(catalogue::faults(ctx, &answers, change.id));
    }
    let made = content::make(&mut t, answers.clone());
    let mut after = change.clone();
    after.content = Some(made.unwrap_or_else(|| content::rough(ctx, &answers)));
    let received = submit::received_at(&t, &after);
    after.late_reason = None;
    let is_late = notice::judge(ctx, &after, received).is_some_and(|n| n.verdict.is_late());
    after.late_reason = submit::late_reason(&mut t, is_late).0;
    let judged = notice::judge(ctx, &after, received);
    let is_asked = |q: &&crate::process::Question| match content::is_about_lateness(&q.id) {
        true => is_late,
        false => content::is_asked(ctx, change, q, &answers, raw),
    };
    let asked = ctx.process.questions.iter().filter(is_asked).map(|q| q.id.clone()).collect();
    if act == Act::Submit {
        // The raiser hears of an unanswered hazard before sending, not after.
        clinical::answers_to_hazards(&mut t);
    }
    let faults = std::mem::take(&mut t.form.faults);
    let warnings = super::warnings::of(ctx.zone, &after);
    Some(Preview { answers, asked, notice: judged, faults, warnings, change: after })
}
