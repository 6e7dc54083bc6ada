//! Fills the fields of clinical acts whose values have to fit each other and the change.

use super::chance::Chance;
use super::fill::{condition, day, set, words};
use crate::act::Act;
use crate::clinical::fields::PURPOSES;
use crate::clinical::{Harm, Likelihood, Patients};
use crate::form::Raw;
use crate::samples::Case;

pub(super) fn settle(case: &Case, act: Act, chance: &mut Chance, raw: &mut Raw) {
    match act {
        // Eight times no is as common as a yes.
        Act::Screen if chance.percent(60) => (1..=8).for_each(|n| set(raw, &format!("q{n}"), "no")),
        Act::Rate => rate(case, chance, raw),
        Act::Clear => {
            if chance.percent(60) {
                condition(case, chance, raw);
            }
            if raw.contains_key("until") {
                until(case, chance, raw);
            }
            if raw.contains_key("read_form") {
                set(raw, "read_form", "yes");
            }
            // Not doing it is rated higher than anything that may be accepted.
            if raw.contains_key("not_changing_harm") {
                rating(raw, "not_changing_", Harm::Death, Patients::Many, Likelihood::VeryHigh);
            }
        }
        Act::RejectClinically => reject(case, chance, raw),
        Act::ReviewScreening => {
            set(raw, "words", &words(chance));
            if case.change.stage.is_firm() {
                set(raw, "agrees", "yes");
            }
        }
        Act::Overrule => {
            rating(raw, "", Harm::Negligible, Patients::One, Likelihood::Low);
            if chance.percent(30) {
                rating(raw, "", Harm::Death, Patients::One, Likelihood::Low);
                set(raw, "impractical", &words(chance));
                until(case, chance, raw);
            }
        }
        Act::Attach if chance.percent(60) => set(raw, "purpose", chance.pick(PURPOSES).copied().unwrap_or("other")),
        _ => {}
    }
}

fn rating(raw: &mut Raw, prefix: &str, harm: Harm, patients: Patients, likelihood: Likelihood) {
    set(raw, &format!("{prefix}harm"), harm.code());
    set(raw, &format!("{prefix}patients"), patients.code());
    set(raw, &format!("{prefix}likelihood"), likelihood.code());
}

/// The last day of an acceptance is not before the end of the work.
fn until(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let today = case.world.zone.to_datetime(case.now).date();
    let end = case.change.window().map_or(today, |w| case.world.zone.to_datetime(w.end).date()).max(today);
    let days = end.duration_since(today).as_hours() / 24;
    set(raw, "until", &day(case, days + chance.between(0, 30)));
}

/// An unrated hazard first, else any; mostly as willing people would rate it.
fn rate(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let hazards = &case.change.safety.hazards;
    let worst = hazards.iter().max_by_key(|h| h.rated.as_ref().map_or(9, |rated| rated.residual.rating));
    if let Some(hazard) = worst {
        set(raw, "which", &hazard.name());
    }
    match chance.below(10) {
        0..=3 => rating(raw, "", Harm::Negligible, Patients::One, Likelihood::VeryLow),
        // Residual 3, with nothing that lowers it.
        4 | 5 => rating(raw, "", Harm::Death, Patients::One, Likelihood::Low),
        6 | 7 => {
            rating(raw, "", Harm::Death, Patients::Many, Likelihood::Medium);
            set(raw, "residual_likelihood", Likelihood::VeryLow.code());
            set(raw, "residual_harm", Harm::Minor.code());
            control(case, chance, raw);
        }
        _ => {}
    }
}

fn control(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    set(raw, "control_1", &words(chance));
    let starts_later = case.change.window().is_some_and(|w| w.start > case.now);
    let orgs: Vec<_> = case.change.orgs().into_iter().collect();
    match chance.pick(&orgs).filter(|_| starts_later && chance.percent(50)) {
        Some(owner) => {
            set(raw, "control_1_state", "scheduled");
            set(raw, "control_1_owner", case.world.org_code(*owner));
            set(raw, "control_1_due", &day(case, 0));
        }
        None => set(raw, "control_1_state", "verified"),
    }
}

fn reject(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let safety = &case.change.safety;
    let is_vague = safety.unrated().next().is_some() || (safety.rounds.len() >= crate::clinical::QUERY_ROUNDS && chance.percent(30));
    set(raw, "ground", if is_vague { "insufficient_evidence" } else { "hazard" });
    if safety.hazards.is_empty() {
        rating(raw, "", Harm::Death, Patients::Many, Likelihood::Low);
    }
    set(raw, "no_conflict", "yes");
    if chance.percent(20) {
        set(raw, "never", "yes");
    } else {
        for part in ["", "_evidence", "_judge"] {
            set(raw, &format!("resubmit_1{part}"), &words(chance));
        }
    }
}
