//! Clinical safety (spec 8): screening, hazards and their ratings, and the signatures. Refusing has a file of its own.

mod refuse;

use super::{Taking, approve};
use crate::act::Act;
use crate::actor::Role;
use crate::clinical::fields::CONTROLS_AT_ONCE;
use crate::clinical::{
    self, Basis, Control, ControlState, Countersigned, Decides, Exception, Harm, HazardRated, HazardRecorded, HazardWords, Likelihood, MATRIX, Patients, Rated,
    Rating, Seat, Signature, Signing,
};
use crate::event::{Event, NewCondition};
use crate::refusal::Violation;
use crate::text::Text;
use jiff::civil::Date;

/// A clinical act.
pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    match act {
        Act::Screen => screen(t),
        Act::Hazard => Some(vec![record_hazard(t, true)?]),
        Act::Rate => rate(t),
        Act::Query => Some(vec![Event::ClinicallyQueried { questions: t.form.text("questions", true)? }]),
        Act::AnswerQuery => Some(vec![Event::ClinicalQueryAnswered { answer: t.form.text("answer", true)? }]),
        Act::Escalate => Some(vec![Event::ClinicallyEscalated { benefit: t.form.text("benefit", true)? }]),
        Act::Clear => clear(t),
        Act::Countersign => countersign(t),
        Act::ReviewScreening => review_screening(t),
        Act::WaiveDowntime => Some(vec![Event::DowntimeWaived { reason: t.form.text("reason", true)? }]),
        Act::RejectClinically => refuse::reject(t),
        Act::Appeal => Some(vec![Event::ClinicallyAppealed { grounds: t.form.text("grounds", true)? }]),
        Act::Uphold => refuse::uphold(t),
        Act::Overrule => refuse::overrule(t),
        Act::SettleStop => refuse::settle_stop(t),
        _ => refuse::stop(t),
    }
}

/// All no: not required, signed. Any yes: a safety officer decides.
fn screen(t: &mut Taking) -> Option<Vec<Event>> {
    let mut answers = [false; 8];
    let mut whole = true;
    for (n, answer) in answers.iter_mut().enumerate() {
        match t.form.yes_no(&format!("q{}", n + 1), true) {
            Some(yes) => *answer = yes,
            None => whole = false,
        }
    }
    let by_officer = t.stamp.role.is_some_and(Role::is_safety_officer);
    let codes: Vec<String> = t.ctx.facts.patterns_for(t.change, t.ctx.today()).iter().map(|pattern| pattern.code.clone()).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let named = t.form.choice("pattern", &codes, false);
    let direct_care = t.change.parties().direct_care;
    // Whoever is no officer screens direct care by a statement; where there is one only, it is meant.
    let pattern = named.or_else(|| codes.first().filter(|_| codes.len() == 1).map(|code| (*code).to_owned())).filter(|_| direct_care && !by_officer);
    if direct_care && !by_officer && pattern.is_none() {
        t.form.faults.push(Violation::of("pattern", "choose-one"));
    }
    whole.then_some(vec![Event::Screened { answers, by_officer, pattern }])
}

/// The hazard typed, with the next number.
fn record_hazard(t: &mut Taking, required: bool) -> Option<Event> {
    let name = t.form.text("hazard", required);
    let causes = t.form.text("causes", false);
    let effect = t.form.text("effect", required || name.is_some());
    let existing = t.form.text("existing", false);
    let words = HazardWords { name: name?, causes, effect: Some(effect?), existing };
    Some(Event::HazardRecorded(Box::new(HazardRecorded { number: next_number(t), words })))
}

fn next_number(t: &Taking) -> u32 {
    t.change.safety.hazards.iter().map(|hazard| hazard.number).max().unwrap_or_default() + 1
}

/// Harm, patients and likelihood under a prefix; the severity and the rating follow.
fn rating(t: &mut Taking, prefix: &str, required: bool, otherwise: Option<&Rating>) -> Option<Rating> {
    let harm = t.form.choice(&format!("{prefix}harm"), &Harm::ALL.iter().map(|h| h.code()).collect::<Vec<_>>(), required);
    let patients = t.form.choice(&format!("{prefix}patients"), &Patients::ALL.iter().map(|p| p.code()).collect::<Vec<_>>(), required);
    let likelihood = t.form.choice(&format!("{prefix}likelihood"), &Likelihood::ALL.iter().map(|l| l.code()).collect::<Vec<_>>(), required);
    let harm = harm.and_then(|code| Harm::from_code(&code)).or(otherwise.map(|o| o.harm))?;
    let patients = patients.and_then(|code| Patients::from_code(&code)).or(otherwise.map(|o| o.patients))?;
    let likelihood = likelihood.and_then(|code| Likelihood::from_code(&code)).or(otherwise.map(|o| o.likelihood))?;
    Some(MATRIX.rate(harm, patients, likelihood))
}

/// A rating before and after controls. What is left empty after them is as before.
fn rate(t: &mut Taking) -> Option<Vec<Event>> {
    let names: Vec<String> = t.change.safety.hazards.iter().map(clinical::Hazard::name).collect();
    let which = t.form.choice("which", &names.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let initial = rating(t, "", true, None);
    let controls = controls(t);
    let residual = rating(t, "residual_", false, initial.as_ref());
    let why = t.form.text("why", true);
    let number = which?.trim_start_matches('H').parse().ok()?;
    let (initial, controls, residual) = (initial?, controls?, residual?);
    if residual.rating < initial.rating && controls.is_empty() {
        t.form.faults.push(Violation::of("control_1", "controls-missing").with(initial.rating).with(residual.rating));
    }
    let rated = Rated { initial, controls, residual, why: why? };
    Some(vec![Event::HazardRated(Box::new(HazardRated { number, rated }))])
}

/// The controls typed: verified, or scheduled before the start with an owner and a day (CR-2).
fn controls(t: &mut Taking) -> Option<Vec<Control>> {
    let mut controls = vec![];
    let mut whole = true;
    for n in 1..=CONTROLS_AT_ONCE {
        let ids = ["", "_state", "_owner", "_due"].map(|part| format!("control_{n}{part}"));
        if !ids.iter().any(|id| t.form.typed(id).is_some()) {
            continue;
        }
        let [what_id, state_id, owner_id, due_id] = ids;
        let what = t.form.text(&what_id, true);
        let state = t.form.choice(&state_id, &ControlState::ALL.iter().map(|s| s.code()).collect::<Vec<_>>(), true).and_then(|c| ControlState::from_code(&c));
        let scheduled = state == Some(ControlState::Scheduled);
        let owner = approve::owner(t, &owner_id, scheduled);
        let due = t.form.date(&due_id, scheduled);
        let start = t.change.window().map(|w| t.ctx.zone.to_datetime(w.start).date());
        if let (Some(due), Some(start)) = (due, start)
            && scheduled
            && due > start
        {
            t.form.faults.push(Violation::of(&due_id, "after-the-start").with(start));
        }
        match (what, state) {
            (Some(what), Some(state)) => controls.push(Control { what, state, owner, due }),
            _ => whole = false,
        }
    }
    whole.then_some(controls)
}

/// The registration that is signed under; `permit` has looked that it is in force.
fn signature(t: &mut Taking) -> Option<Signature> {
    let registration = clinical::registration(t.ctx, &t.stamp)?.clone();
    Some(Signature { body: registration.body, number: t.form.keep(&registration.number), expires_on: registration.expires_on })
}

/// CR-1 to CR-4: what the table allows, with what it asks for. Controls that are scheduled become conditions.
fn clear(t: &mut Taking) -> Option<Vec<Event>> {
    let allowed = clinical::decision::allowed(t.ctx, t.change);
    t.rulings.extend(allowed.ruling.clone());
    let words = t.form.text("words", false);
    let (impractical, until) = limits(t, allowed.signing == Signing::BothSides);
    let exception = if allowed.signing == Signing::Exception { Some(exception(t)) } else { None };
    let read_form = read_form(t);
    let conditions = approve::conditions(t);
    let seats = if allowed.signing == Signing::BothSides { clinical::seats(t.ctx, t.change) } else { vec![] };
    let is_rated = clinical::decision::rates(t.ctx);
    let basis = Basis {
        ruling: allowed.ruling.clone(),
        decision: allowed.decides.code().to_owned(),
        initial: t.change.safety.worst_initial().filter(|_| is_rated),
        residual: t.change.safety.worst_residual().filter(|_| is_rated),
        impractical,
        until,
        signature: signature(t),
        seats,
        exception: match exception {
            Some(exception) => Some(exception?),
            None => None,
        },
        read_form,
    };
    let mut conditions = conditions?;
    if allowed.decides != Decides::Accept {
        conditions.extend(scheduled_controls(t));
    }
    Some(vec![Event::ClinicallyAccepted { words, conditions, basis: Some(Box::new(basis)) }])
}

/// "Further reduction is impractical because …", and the last day on which the risk is accepted (CR-3).
fn limits(t: &mut Taking, required: bool) -> (Option<Text>, Option<Date>) {
    if !required {
        return (None, None);
    }
    let impractical = t.form.text("impractical", true);
    let until = t.form.date("until", true);
    let end = t.change.window().map(|w| t.ctx.zone.to_datetime(w.end).date()).unwrap_or_default().max(t.ctx.zone.to_datetime(t.ctx.now).date());
    if until.is_some_and(|until| until < end) {
        t.form.faults.push(Violation::of("until", "before-the-end").with(end));
    }
    (impractical, until)
}

/// CR-4: a medical director stands beside the authority's officer, and not doing it is rated higher.
fn exception(t: &mut Taking) -> Option<Exception> {
    let benefit = t.form.text("benefit", true);
    let medical_director = t.form.text("medical_director", true);
    let not_changing = rating(t, "not_changing_", true, None)?;
    let residual = t.change.safety.worst_residual().unwrap_or_default();
    if not_changing.rating <= residual {
        t.form.faults.push(Violation::of("not_changing_likelihood", "not-rated-higher").with(residual).with(not_changing.rating));
    }
    Some(Exception { benefit: benefit?, medical_director: medical_director?, not_changing })
}

/// Spec 8.6: whoever decides anew on what somebody else rejected has read the form.
fn read_form(t: &mut Taking) -> bool {
    let person = t.stamp.person;
    if t.change.safety.last_rejection().is_none_or(|rejected| rejected.by.person == person) {
        return false;
    }
    let read = t.form.yes_no("read_form", true);
    if read == Some(false) {
        t.form.faults.push(Violation::of("read_form", "form-not-read"));
    }
    read == Some(true)
}

fn scheduled_controls(t: &Taking) -> Vec<NewCondition> {
    let rated = t.change.safety.hazards.iter().filter_map(|hazard| hazard.rated.as_ref());
    let controls = rated.flat_map(|rated| &rated.controls).filter(|control| control.state == ControlState::Scheduled);
    controls.filter_map(|control| Some(NewCondition { what: control.what.clone(), owner: control.owner?, due: control.due? })).collect()
}

fn countersign(t: &mut Taking) -> Option<Vec<Event>> {
    let words = t.form.text("words", false);
    let signature = signature(t);
    Some(vec![Event::ClinicallyCountersigned(Box::new(Countersigned { signature, words }))])
}

fn review_screening(t: &mut Taking) -> Option<Vec<Event>> {
    let agrees = t.form.yes_no("agrees", true);
    let words = t.form.text("words", agrees == Some(false));
    // What is firm is stopped, with a form that says why; it does not quietly lose its screening.
    if agrees == Some(false) && t.change.stage.is_firm() {
        t.form.faults.push(Violation::of("agrees", "stop-instead"));
    }
    Some(vec![Event::ScreeningReviewed { agrees: agrees?, words }])
}

/// BR-21: an answer to each hazard of the rejection, by its number.
pub(super) fn answers_to_hazards(t: &mut Taking) -> Option<Vec<(u32, Text)>> {
    let mut answers = vec![];
    for number in t.change.to_be_answered() {
        let id = format!("answer_h{number}");
        if t.form.typed(&id).is_none() {
            t.form.faults.push(Violation::of(&id, "hazard-unanswered").with(format!("H{number}")));
        } else if let Some(text) = t.form.text(&id, true) {
            answers.push((number, text));
        }
    }
    Some(answers)
}

/// The seats of an acceptance at this rating.
fn seats_for(t: &Taking, rating: u8) -> Vec<Seat> {
    if rating >= 3 { clinical::seats(t.ctx, t.change) } else { vec![] }
}
