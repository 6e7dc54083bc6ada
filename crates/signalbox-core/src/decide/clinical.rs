//! Clinical safety as far as the first issue goes: the eight questions and a safety officer's yes or no (spec 8.3).

use super::{Taking, approve};
use crate::actor::Role;
use crate::event::Event;

/// All no: not required, signed. Any yes: a safety officer decides.
pub(super) fn screen(t: &mut Taking) -> Option<Vec<Event>> {
    let mut answers = [false; 8];
    let mut whole = true;
    for (n, answer) in answers.iter_mut().enumerate() {
        match t.form.yes_no(&format!("q{}", n + 1), true) {
            Some(yes) => *answer = yes,
            None => whole = false,
        }
    }
    let by_officer = t.stamp.role.is_some_and(Role::is_safety_officer);
    whole.then_some(vec![Event::Screened { answers, by_officer }])
}

pub(super) fn clear(t: &mut Taking) -> Option<Vec<Event>> {
    let words = t.form.text("words", false);
    let conditions = approve::conditions(t);
    Some(vec![Event::ClinicallyAccepted { words, conditions: conditions? }])
}

pub(super) fn reject(t: &mut Taking) -> Option<Vec<Event>> {
    let hazard = t.form.text("hazard", true);
    let harm = t.form.text("harm", true);
    let resubmit_when = t.form.text("resubmit_when", true);
    Some(vec![Event::ClinicallyRejected { hazard: hazard?, harm: harm?, resubmit_when: resubmit_when? }])
}

pub(super) fn stop(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::Stopped { reason: t.form.text("reason", true)? }])
}
