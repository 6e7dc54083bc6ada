//! Answers that do not fit together, though each is right by itself: lengths and times, rules of a firewall, names in a
//! PACS, tests and those who accept. Every fault stands at the answer that is easiest to put right.

use super::Taking;
use crate::act::Act;
use crate::change::{Content, Kind, Window};
use crate::firewall;
use crate::form::{Answer, Answers};
use crate::modality::{self, Clash};
use crate::refusal::Violation;
use crate::rule::Rule;
use jiff::civil::Date;

/// The local date on which work begins.
pub(super) fn start_date(t: &Taking, window: Option<Window>) -> Option<Date> {
    window.map(|w| t.ctx.zone.to_datetime(w.start).date())
}

/// Everything that does not fit.
pub(super) fn faults(t: &Taking, content: &Content) -> Vec<Violation> {
    let answers = &content.answers;
    let mut found = vec![];
    if t.needs(&Rule::WayBackFits) && !super::fields::is_after_work(t.change.stage) {
        found.extend(way_back(answers, content.header.window));
    }
    found.extend(firewall::faults(answers, start_date(t, content.header.window)));
    if t.needs(&Rule::AeTitleFree) {
        found.extend(names_taken(t, content));
    }
    found.extend(endpoints(answers));
    found.extend(tests_left_open(answers));
    found.extend(accepted_alone(t, answers));
    found
}

/// Spec 4.2: going back takes no longer than from the end of the window to the latest end.
fn way_back(answers: &Answers, window: Option<Window>) -> Option<Violation> {
    let Some(Answer::Number(minutes)) = answers.get("backout_minutes") else { return None };
    let window = window.filter(|_| answers.contains_key("contingency_end"))?;
    let room = (window.contingency_end.as_second() - window.end.as_second()) / 60;
    (*minutes > room).then(|| Violation::of("backout_minutes", "way-back-too-long").with(minutes).with(room))
}

/// Scenario 46. An answer that has nothing to do with names is not refused for a name that somebody took meanwhile: the
/// gate of the approval sees that.
fn names_taken(t: &Taking, content: &Content) -> Vec<Violation> {
    let own = modality::claims(t.change.kind, content);
    let before = t.change.content.as_ref().map(|c| modality::claims(t.change.kind, c));
    if t.step.act == Act::Amend && before.is_some_and(|before| before == own) {
        return vec![];
    }
    let clashes = modality::clashes(&own, &content.header.services, &t.ctx.facts.modalities);
    let fault = |clash| match clash {
        Clash::BothLive { ae_title } => Violation::of("replaces_off_at", "modality-both-live").with(ae_title),
        Clash::Title { ae_title, site } => Violation::of("ae_title", "ae-title-taken").with(ae_title).with(site),
        Clash::Address { ip, ae_title, site } => Violation::of("ip", "ip-taken").with(ip).with(ae_title).with(site),
    };
    clashes.into_iter().map(fault).collect()
}

/// An endpoint that changes is not the one that it was.
fn endpoints(answers: &Answers) -> Option<Violation> {
    let (Some(old), Some(new)) = (answers.get("asid_old"), answers.get("asid_new")) else { return None };
    (old == new).then(|| Violation::of("asid_new", "same-asid"))
}

/// Of every test that was planned it is said that it passed, or why not.
fn tests_left_open(answers: &Answers) -> Option<Violation> {
    let (Some(Answer::Choices(planned)), Some(Answer::Choices(passed))) = (answers.get("test_plan"), answers.get("tests_passed")) else { return None };
    let open: Vec<&str> = planned.iter().filter(|test| !passed.contains(test)).map(String::as_str).collect();
    let is_explained = open.is_empty() || answers.contains_key("tests_not_passed");
    (!is_explained).then(|| Violation::of("tests_not_passed", "tests-open").with(open.join(", ")))
}

/// Spec 4.8: two people accept a modality.
fn accepted_alone(t: &Taking, answers: &Answers) -> Option<Violation> {
    if t.change.kind != Kind::PacsModality {
        return None;
    }
    let name = |id: &str| match answers.get(id) {
        Some(Answer::Person { name, .. }) => t.form.words_behind(name).map(|words| words.to_lowercase()),
        _ => None,
    };
    let (one, other) = (name("accepted_by_radiographer")?, name("accepted_by_pacs_manager")?);
    (one == other).then(|| Violation::of("accepted_by_pacs_manager.name", "accepted-alone"))
}
