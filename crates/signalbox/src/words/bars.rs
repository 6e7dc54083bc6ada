//! What stands in the way whatever is typed, and who can change that.

use signalbox_core::act::Act;
use signalbox_core::change::{Change, Stage};
use signalbox_core::process::Process;
use signalbox_core::refusal::{Bar, Refusal};

use super::{Why, act_title, counted, fault, field_label, listed, read_param, sentence_case};

fn why(sentence: impl Into<String>, who: impl Into<String>) -> Why {
    Why { sentence: sentence.into(), who_can_change: who.into() }
}

/// The sentence for a bar, and who can lift it.
pub fn bar(bar: &Bar) -> Why {
    let param = |n: usize| bar.params.get(n).map_or(String::new(), |p| read_param(p));
    match bar.code {
        "role" => why(format!("This is for: {}.", roles(&param(0))), "Somebody with that role. Your organisation's coordinator gives roles."),
        "approver" => why(format!("By the process this is approved by: {}.", roles(&param(0))), "Somebody with that role."),
        "may-not-raise" => why(format!("None of your roles in that organisation may raise a {}.", param(0)), "The organisation's coordinator gives roles."),
        "kind-not-in-force" => why("No process document for this kind of change is in force here.", "The authority puts process documents in force."),
        "four-eyes" => why("You raised it, sent it or will carry it out; another person decides.", "Another change manager."),
        "own-organisation" => why("Your organisation raised it; another organisation decides.", "The change manager of the other organisation."),
        "outcome-by-another" => why("You did the work; another person confirms the outcome.", "Another change manager."),
        "review-by-another" => why("You did the work; another person writes the review.", "Another change manager."),
        "clinical-own-work" => why("You raised it, sent it or will carry it out; another safety officer decides.", "Another safety officer."),
        "hard-clash" => clash(&param(0), &param(1)),
        "freeze" => freeze(&param(0), &param(1)),
        "assessments-owed" => why(format!("Not every assessment is in. Still owed: {}.", param(0)), "Those who were asked to assess."),
        "clinical-not-screened" => why("The eight questions about clinical risk are not answered yet.", "The supplier's change manager, or a safety officer."),
        "clinical-under-review" => why("A screening question was answered with yes, and no safety officer has decided yet.", "A safety officer."),
        "clinical-rejected" => {
            why("It was rejected or stopped on clinical grounds.", "The raiser changes it and sends it again; a safety officer decides anew.")
        }
        "already-screened" => why("It was screened already.", ""),
        "direct-care-needs-officer" => why("A service of direct care is touched, so a safety officer screens it.", "A safety officer."),
        "nothing-under-review" => why("There is no clinical risk to accept: the screening did not ask for a decision.", ""),
        // The words of the acceptance scenario 11.
        "provider-not-acknowledged" => why(format!("network notice: SENT, not acknowledged ({})", days(bar, 1)), PROVIDER),
        "provider-not-told" => {
            why("network notice: NEEDED, not sent", "The trust's coordinator, the supplier's change manager or the operations desk tells the provider.")
        }
        "network-not-needed" => why("The network provider does not have to be told of this change.", ""),
        "network-acknowledged" => why("The network provider has acknowledged the notice.", ""),
        "conditions-open" => why(conditions(&param(0)), "Whoever owes the condition, or a change manager, records that it is met."),
        "no-open-condition" => why("No condition is open.", ""),
        "answers-due" => why(format!("Still to be answered: {}.", answers(&param(0))), "The trust's coordinator or a change manager adds answers."),
        "no-assessment-of-yours" => why("No assessment is waiting for you.", ""),
        "questions-open" => why("The approver asked a question that is not answered yet.", "Whoever assesses or adds answers."),
        "notice-on-time" => why("The notice was on time, so there is nothing to settle.", ""),
        "review-due" => why(format!("A review comes first, because {}.", param(0)), "A change manager opens the review and writes it."),
        "review-done" => why("The review is written.", ""),
        "not-started" => {
            why("The work has not started, so there is nothing to back out of.", "Whoever carries it out, or the operations desk, records the start.")
        }
        "restated-already" => why("The outcome was restated once already.", ""),
        "too-late-to-restate" => why("It was closed more than 30 days ago; the outcome stands.", ""),
        "refused-twice" => why("It was refused twice. Raise a new change.", ""),
        "too-late-to-send-again" => why("It was refused more than 30 days ago. Raise a new change.", ""),
        "request-unknown" => why("This request is not in the catalogue.", "The authority keeps the catalogue."),
        "request-expired" => why(format!("This request was agreed until {}.", param(0)), "The authority agrees requests anew."),
        "request-not-eligible" => {
            why(format!("It is not the agreed request any more, by these answers: {}.", answers(&param(0))), "Raise it as a normal change.")
        }
        other => why(sentence_case(&format!("{}.", other.replace('-', " "))), ""),
    }
}

const PROVIDER: &str = "The network provider acknowledges it. If they stay silent, ring them and record the proof that they were told.";

fn days(bar: &Bar, n: usize) -> String {
    counted(bar.params.get(n).and_then(|p| p.parse().ok()).unwrap_or(0), "day")
}

fn roles(words: &str) -> String {
    listed(&words.split([';', ',']).map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect::<Vec<_>>()).replace(" and ", " or ")
}

fn answers(ids: &str) -> String {
    let named = |id: &str| {
        let label = field_label(id);
        if label.is_empty() { id.replace('_', " ") } else { label }
    };
    ids.split(", ").map(named).collect::<Vec<_>>().join(", ")
}

fn conditions(open: &str) -> String {
    if open == "1" { "1 condition is not met yet.".into() } else { format!("{open} conditions are not met yet.") }
}

fn clash(with: &str, shared: &str) -> Why {
    let with = if with.is_empty() { "other work" } else { with };
    let through = if shared.is_empty() { String::new() } else { format!(" ({shared})") };
    why(
        format!("It clashes with {with}: the same equipment at the same time{through}."),
        "Move either window; the authority settles it where nobody gives way.",
    )
}

fn freeze(title: &str, until: &str) -> Why {
    let title = if title.is_empty() { String::new() } else { format!(" “{title}”") };
    why(format!("Its window lies in a freeze{title}, which ends {until}."), "Move the window; the authority decides on freezes.")
}

/// Why a command was refused, every reason.
pub fn refusal(refusal: &Refusal, change: &Change) -> Vec<Why> {
    match refusal {
        Refusal::Denied(bars) => bars.iter().map(bar).collect(),
        Refusal::WrongStage(stage) => vec![why(format!("This is not done at the stage of {}, “{}”.", change.reference, stage.words()), "")],
        Refusal::Invalid(faults) => faults.iter().map(|v| why(fault(v), "")).collect(),
    }
}

/// Why an act is not offered: what it comes after, or every bar.
pub fn act_why_not(refusal_: &Refusal, act: Act, process: &Process, change: &Change) -> Vec<Why> {
    match refusal_ {
        Refusal::WrongStage(stage) => vec![why(wrong_stage(act, *stage, process), "")],
        Refusal::Denied(bars) => bars.iter().map(|one| by_its_questions(one, process)).collect(),
        other => refusal(other, change),
    }
}

/// Answers that are due are named by the questions of the change's own document.
fn by_its_questions(found: &Bar, process: &Process) -> Why {
    let plain = bar(found);
    let Some(ids) = found.params.first().filter(|_| found.code == "answers-due") else { return plain };
    let named = |id: &str| process.question(id).map_or_else(|| answers(id), |question| format!("“{}”", question.text));
    Why { sentence: format!("Still to be answered: {}.", listed(&ids.split(", ").map(named).collect::<Vec<_>>())), ..plain }
}

/// `This comes after “Approved”.`, or that its time is over.
fn wrong_stage(act: Act, stage: Stage, process: &Process) -> String {
    // Stages are declared in the order in which a change goes through them.
    let from: Vec<Stage> = process.steps.iter().filter(|s| s.act == act).map(|s| s.from).collect();
    let later = from.iter().filter(|f| **f > stage).min();
    match (later, stage.is_final()) {
        (_, true) => format!("The change is at its end: {}.", stage.words().to_lowercase()),
        (Some(later), _) => format!("This comes after “{}”.", before(*later).words()),
        (None, _) => format!("{} came before “{}”.", sentence_case(act_title(act)), stage.words()),
    }
}

/// What has to be over for a stage to be reached.
fn before(stage: Stage) -> Stage {
    match stage {
        Stage::LocalAuth | Stage::Submitted => Stage::Draft,
        Stage::Returned | Stage::Assessing => Stage::Submitted,
        Stage::AwaitingApproval | Stage::OnHold | Stage::ClinRejected => Stage::Assessing,
        Stage::Approved | Stage::Rejected => Stage::AwaitingApproval,
        Stage::Scheduled => Stage::Approved,
        Stage::Implementing | Stage::BackingOut => Stage::Scheduled,
        Stage::Implemented => Stage::Implementing,
        Stage::Review | Stage::Closed => Stage::Implemented,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenario_11_the_carrier_was_forgotten() {
        let found = bar(&Bar::new("provider-not-acknowledged").with("SENT").with(2));
        assert_eq!(found.sentence, "network notice: SENT, not acknowledged (2 days)");
        assert_eq!(bar(&Bar::new("provider-not-acknowledged").with("SENT").with(1)).sentence, "network notice: SENT, not acknowledged (1 day)");
    }

    #[test]
    fn bars_name_who_can_change_them() {
        let found = bar(&Bar::new("role").with("trust coordinator; supplier change manager"));
        assert_eq!(found.sentence, "This is for: trust coordinator or supplier change manager.");
        let found = bar(&Bar::new("hard-clash").with("RFC-2026-001901").with("NBK-LINK-1"));
        assert_eq!(found.sentence, "It clashes with RFC-2026-001901: the same equipment at the same time (NBK-LINK-1).");
        let found = bar(&Bar::new("freeze").with("Christmas").with("2027-01-02T00:00:00Z"));
        assert_eq!(found.sentence, "Its window lies in a freeze “Christmas”, which ends Saturday 2 January 2027, 00:00.");
        assert_eq!(bar(&Bar::new("answers-due").with("clinical_cover, restore_test")).sentence, "Still to be answered: clinical cover, restore test.");
    }
}
