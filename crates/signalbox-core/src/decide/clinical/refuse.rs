//! Saying no: the rejection form, the stop, and what follows from either (spec 8.5, 8.6, X8).

use super::{next_number, rating, record_hazard, seats_for, signature};
use crate::clinical::fields::RESUBMIT_AT_ONCE;
use crate::clinical::{AfterStop, Basis, FormHazard, Ground, HazardRated, HazardRecorded, HazardWords, Overruled, Rated, RejectionForm, Resubmit, StopSettled};
use crate::decide::Taking;
use crate::event::Event;
use crate::form::Answer;
use crate::ids::FileId;
use crate::process::AnswerKind;
use crate::refusal::Violation;

/// T11: the whole form, every fault at once. A hazard that it names first is recorded and rated with it.
pub(super) fn reject(t: &mut Taking) -> Option<Vec<Event>> {
    let ground = t.form.choice("ground", &Ground::ALL.iter().map(|g| g.code()).collect::<Vec<_>>(), true).and_then(|code| Ground::from_code(&code));
    let scope = t.form.text("scope", true);
    let documents = t.form.answer("documents", &AnswerKind::List, true);
    let files = files(t);
    let (mut events, inline) = inline_hazard(t, ground);
    let not_changing = rating(t, "not_changing_", true, None);
    let not_changing_words = t.form.text("not_changing", true);
    let alternatives = t.form.text("alternatives", true);
    let resubmit = resubmit(t);
    let immediate = t.form.text("immediate", false);
    let consulted = t.form.text("consulted", false);
    if t.form.yes_no("no_conflict", true) == Some(false) {
        t.form.faults.push(Violation::of("no_conflict", "conflict-of-interest"));
    }
    let ground = ground?;
    if ground == Ground::InsufficientEvidence && t.change.safety.rounds.len() < crate::clinical::QUERY_ROUNDS {
        t.form.faults.push(Violation::of("ground", "ask-first").with(crate::clinical::QUERY_ROUNDS));
    }
    let mut hazards: Vec<FormHazard> =
        t.change.safety.hazards.iter().map(|h| FormHazard { number: h.number, words: h.words.clone(), rated: h.rated.clone() }).collect();
    hazards.extend(inline);
    let unrated: Vec<String> = hazards.iter().filter(|h| h.rated.is_none()).map(|h| format!("H{}", h.number)).collect();
    if ground == Ground::Hazard && !unrated.is_empty() && !t.change.safety.hazards.is_empty() {
        t.form.faults.push(Violation::of("hazard", "hazards-unrated").with(unrated.join(", ")));
    }
    let Answer::List(documents) = documents? else { return None };
    let form = RejectionForm {
        number: t.change.safety.forms() + 1,
        revision: t.change.revision,
        content: t.change.content.as_ref().map(|c| c.hash.clone()).unwrap_or_default(),
        is_stop: false,
        ground,
        scope: Some(scope?),
        documents,
        files,
        hazards,
        not_changing: Some((not_changing?, not_changing_words?)),
        alternatives: Some(alternatives?),
        resubmit: resubmit?,
        immediate,
        consulted,
        signature: signature(t),
        rung: None,
    };
    events.push(Event::ClinicallyRejected { hazard: None, harm: None, resubmit_when: None, form: Some(Box::new(form)) });
    Some(events)
}

fn files(t: &mut Taking) -> Vec<(FileId, String)> {
    let Some(Answer::Files(files)) = t.form.answer("reviewed_files", &AnswerKind::Files, false) else { return vec![] };
    let hash = |file: &FileId| t.ctx.facts.files.get(&file.0).map(|(_, _, sha256)| sha256.clone()).unwrap_or_default();
    files.iter().map(|file| (*file, hash(file))).collect()
}

/// The hazard typed on the form itself: needed where none was recorded before.
fn inline_hazard(t: &mut Taking, ground: Option<Ground>) -> (Vec<Event>, Option<FormHazard>) {
    let first = t.change.safety.hazards.is_empty();
    let typed = first || t.form.typed("hazard").is_some();
    let recorded = record_hazard(t, first);
    let must_rate = typed && ground != Some(Ground::InsufficientEvidence);
    let rating = rating(t, "", must_rate, None);
    let why = t.form.text("unacceptable", typed);
    let Some(Event::HazardRecorded(hazard)) = recorded else { return (vec![], None) };
    let HazardRecorded { number, words } = (*hazard).clone();
    let rated = rating.zip(why).map(|(rating, why)| Rated { initial: rating.clone(), controls: vec![], residual: rating, why });
    let mut events = vec![Event::HazardRecorded(hazard)];
    events.extend(rated.clone().map(|rated| Event::HazardRated(Box::new(HazardRated { number, rated }))));
    (events, Some(FormHazard { number, words, rated }))
}

/// Each condition has its evidence and its judge; or it will not be accepted in any form.
fn resubmit(t: &mut Taking) -> Option<Vec<Resubmit>> {
    let never = t.form.yes_no("never", false) == Some(true);
    let mut conditions = vec![];
    let (mut whole, mut any) = (true, false);
    for n in 1..=RESUBMIT_AT_ONCE {
        let (what, evidence, judge) = (format!("resubmit_{n}"), format!("resubmit_{n}_evidence"), format!("resubmit_{n}_judge"));
        if ![&what, &evidence, &judge].iter().any(|id| t.form.typed(id).is_some()) {
            continue;
        }
        any = true;
        match (t.form.text(&what, true), t.form.text(&evidence, true), t.form.text(&judge, true)) {
            (Some(what), Some(evidence), Some(judge)) => conditions.push(Resubmit { what, evidence, judge }),
            _ => whole = false,
        }
    }
    if any == never {
        t.form.faults.push(Violation::of("resubmit_1", if never { "never-or-when" } else { "resubmit-missing" }));
    }
    whole.then_some(conditions)
}

/// X8, settled 4: before the start a rejection by a shorter form; afterwards the work is held at the next safe point.
pub(super) fn stop(t: &mut Taking) -> Option<Vec<Event>> {
    let reason = t.form.text("reason", true);
    let rung = t.form.text("rung", true);
    let (reason, rung) = (reason?, rung?);
    let is_running = matches!(t.change.stage, crate::change::Stage::Implementing | crate::change::Stage::BackingOut);
    let words = HazardWords { name: reason.clone(), causes: None, effect: None, existing: None };
    let number = next_number(t);
    let hazards = if is_running { vec![] } else { vec![FormHazard { number, words: words.clone(), rated: None }] };
    let form = RejectionForm {
        number: t.change.safety.forms() + 1,
        revision: t.change.revision,
        content: t.change.content.as_ref().map(|c| c.hash.clone()).unwrap_or_default(),
        is_stop: true,
        ground: Ground::Hazard,
        scope: None,
        documents: vec![],
        files: vec![],
        hazards,
        not_changing: None,
        alternatives: None,
        resubmit: vec![],
        immediate: None,
        consulted: None,
        signature: signature(t),
        rung: Some(rung),
    };
    let mut events = vec![];
    if !is_running {
        // The danger has a number, so that a new revision can answer it.
        events.push(Event::HazardRecorded(Box::new(HazardRecorded { number, words })));
    }
    events.push(Event::Stopped { reason, form: Some(Box::new(form)) });
    Some(events)
}

/// X8: hold, finish or back out, with the harm of each written, chosen by officer and implementer together.
pub(super) fn settle_stop(t: &mut Taking) -> Option<Vec<Event>> {
    let choice = t.form.choice("after_stop", &AfterStop::ALL.iter().map(|c| c.code()).collect::<Vec<_>>(), true).and_then(|c| AfterStop::from_code(&c));
    let harm_of_hold = t.form.text("harm_of_hold", true);
    let harm_of_finish = t.form.text("harm_of_finish", true);
    let harm_of_back_out = t.form.text("harm_of_back_out", true);
    let agreed_with = t.form.text("agreed_with", true);
    let settled = StopSettled {
        choice: choice?,
        harm_of_hold: harm_of_hold?,
        harm_of_finish: harm_of_finish?,
        harm_of_back_out: harm_of_back_out?,
        agreed_with: agreed_with?,
    };
    Some(vec![Event::StopSettled(Box::new(settled))])
}

pub(super) fn uphold(t: &mut Taking) -> Option<Vec<Event>> {
    let assessment = rating(t, "", true, None);
    let words = t.form.text("words", true);
    Some(vec![Event::ClinicalRejectionUpheld { assessment: assessment?, words: words? }])
}

/// Spec 8.6: with an assessment of one's own, which has to be one that can be accepted at all (CR-3, CR-4).
pub(super) fn overrule(t: &mut Taking) -> Option<Vec<Event>> {
    let assessment = rating(t, "", true, None);
    let words = t.form.text("words", true);
    let assessment = assessment?;
    if assessment.rating > 3 {
        t.form.faults.push(Violation::of("likelihood", "rating-not-acceptable").with(assessment.rating));
    }
    let (impractical, until) = super::limits(t, assessment.rating == 3);
    let basis = Basis {
        ruling: None,
        decision: if assessment.rating == 3 { "accept_with_conditions" } else { "accept" }.to_owned(),
        initial: Some(assessment.rating),
        residual: Some(assessment.rating),
        impractical,
        until,
        signature: signature(t),
        seats: seats_for(t, assessment.rating),
        exception: None,
        read_form: true,
    };
    Some(vec![Event::ClinicalRejectionOverruled(Box::new(Overruled { assessment, words: words?, basis }))])
}
