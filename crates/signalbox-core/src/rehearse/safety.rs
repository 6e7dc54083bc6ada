//! Clinical safety, back to what was typed; and under which registration it was signed then.

use super::commands::{Truth, Typed};
use super::estate::Estate;
use crate::act::Act;
use crate::actor::{Role, Stamp};
use crate::change::Change;
use crate::clinical::{Control, HazardWords, Rated, Rating, RejectionForm};
use crate::event::{Event, NewCondition, Recorded};
use crate::facts::{Facts, Pattern, Registration};

/// The act behind a clinical event.
pub(super) fn act(typed: &mut Typed, event: &Event, truth: &Truth, estate: &Estate) -> Option<Act> {
    Some(match event {
        Event::Screened { answers, pattern, .. } => {
            for (n, yes) in answers.iter().enumerate() {
                typed.yes(&format!("q{}", n + 1), *yes);
            }
            if let Some(code) = pattern {
                typed.put("pattern", code);
            }
            Act::Screen
        }
        Event::HazardRecorded(hazard) => {
            words(typed, &hazard.words);
            Act::Hazard
        }
        Event::HazardRated(rated) => {
            typed.put("which", format!("H{}", rated.number));
            rate(typed, &rated.rated, estate);
            Act::Rate
        }
        Event::ClinicallyQueried { questions } => {
            typed.text("questions", questions);
            Act::Query
        }
        Event::ClinicalQueryAnswered { answer } => {
            typed.text("answer", answer);
            Act::AnswerQuery
        }
        Event::ClinicallyEscalated { benefit } => {
            typed.text("benefit", benefit);
            Act::Escalate
        }
        Event::ClinicallyAccepted { words, conditions, basis } => {
            // Controls that were scheduled became conditions, and do so again.
            let typed_then: Vec<NewCondition> = conditions.iter().filter(|c| !truth.controls.contains(&c.what.text)).cloned().collect();
            typed.maybe("words", words).conditions(&typed_then, estate);
            if let Some(basis) = basis {
                typed.maybe("impractical", &basis.impractical).yes("read_form", true);
                if let Some(until) = basis.until {
                    typed.put("until", until);
                }
                if let Some(exception) = &basis.exception {
                    typed.text("benefit", &exception.benefit).text("medical_director", &exception.medical_director);
                    rating(typed, "not_changing_", &exception.not_changing);
                }
            }
            Act::Clear
        }
        Event::ClinicallyCountersigned(signed) => {
            typed.maybe("words", &signed.words);
            Act::Countersign
        }
        Event::ScreeningReviewed { agrees, words } => {
            typed.yes("agrees", *agrees).maybe("words", words);
            Act::ReviewScreening
        }
        Event::DowntimeWaived { reason } => {
            typed.text("reason", reason);
            Act::WaiveDowntime
        }
        _ => return refusal(typed, event),
    })
}

fn refusal(typed: &mut Typed, event: &Event) -> Option<Act> {
    Some(match event {
        Event::ClinicallyRejected { form: Some(form), .. } => {
            reject(typed, form);
            Act::RejectClinically
        }
        Event::ClinicallyRejected { .. } => Act::RejectClinically,
        Event::ClinicallyAppealed { grounds } => {
            typed.text("grounds", grounds);
            Act::Appeal
        }
        Event::ClinicalRejectionUpheld { assessment, words } => {
            rating(typed, "", assessment);
            typed.text("words", words);
            Act::Uphold
        }
        Event::ClinicalRejectionOverruled(overruled) => {
            rating(typed, "", &overruled.assessment);
            typed.text("words", &overruled.words).maybe("impractical", &overruled.basis.impractical);
            if let Some(until) = overruled.basis.until {
                typed.put("until", until);
            }
            Act::Overrule
        }
        Event::Stopped { reason, form } => {
            typed.text("reason", reason);
            typed.maybe("rung", &form.as_ref().and_then(|form| form.rung.clone()));
            Act::Stop
        }
        Event::StopSettled(settled) => {
            typed.put("after_stop", settled.choice.code()).text("harm_of_hold", &settled.harm_of_hold).text("harm_of_finish", &settled.harm_of_finish);
            typed.text("harm_of_back_out", &settled.harm_of_back_out).text("agreed_with", &settled.agreed_with);
            Act::SettleStop
        }
        _ => return None,
    })
}

fn words(typed: &mut Typed, words: &HazardWords) {
    typed.text("hazard", &words.name).maybe("causes", &words.causes).maybe("effect", &words.effect).maybe("existing", &words.existing);
}

fn rating(typed: &mut Typed, prefix: &str, rating: &Rating) {
    typed.put(&format!("{prefix}harm"), rating.harm.code()).put(&format!("{prefix}patients"), rating.patients.code());
    typed.put(&format!("{prefix}likelihood"), rating.likelihood.code());
}

fn rate(typed: &mut Typed, rated: &Rated, estate: &Estate) {
    rating(typed, "", &rated.initial);
    rating(typed, "residual_", &rated.residual);
    for (n, Control { what, state, owner, due }) in rated.controls.iter().enumerate() {
        let n = n + 1;
        typed.text(&format!("control_{n}"), what).put(&format!("control_{n}_state"), state.code());
        if let Some(code) = owner.and_then(|org| estate.org_code(org)) {
            typed.put(&format!("control_{n}_owner"), code);
        }
        if let Some(due) = due {
            typed.put(&format!("control_{n}_due"), due);
        }
    }
    typed.text("why", &rated.why);
}

fn reject(typed: &mut Typed, form: &RejectionForm) {
    typed.put("ground", form.ground.code()).maybe("scope", &form.scope).maybe("alternatives", &form.alternatives).yes("no_conflict", true);
    let documents: Vec<&str> = form.documents.iter().map(|text| typed.words.get(&text.text).map_or("(erased)", String::as_str)).collect();
    let documents = documents.join("\n");
    typed.put("documents", documents).maybe("immediate", &form.immediate).maybe("consulted", &form.consulted);
    if let Some((of, text)) = &form.not_changing {
        rating(typed, "not_changing_", of);
        typed.text("not_changing", text);
    }
    for (n, condition) in form.resubmit.iter().enumerate() {
        let n = n + 1;
        typed.text(&format!("resubmit_{n}"), &condition.what).text(&format!("resubmit_{n}_evidence"), &condition.evidence);
        typed.text(&format!("resubmit_{n}_judge"), &condition.judge);
    }
    if form.resubmit.is_empty() {
        typed.yes("never", true);
    }
}

/// Who signed then had the power to, and what was screened by a statement was covered by it.
pub(super) fn signing(facts: &mut Facts, recorded: &Recorded, change: &Change) {
    let Stamp { person: Some(person), org: Some(org), role: Some(role), .. } = recorded.by else { return };
    if Role::is_safety_officer(role) {
        let expires_on = jiff::civil::Date::MAX;
        facts.registrations = vec![Registration { person, org, body: "then".to_owned(), number: "then".to_owned(), expires_on }];
    }
    if let Event::Screened { pattern: Some(code), .. } = &recorded.event {
        let services = change.content.iter().flat_map(|c| c.header.services.iter().chain(&c.parties.derived_services)).copied().collect();
        facts.patterns = vec![Pattern { code: code.clone(), services, expires_on: jiff::civil::Date::MAX }];
    }
}
