//! The rule behind each reason, so that nobody is left with a fact alone; and who can change it where the reason
//! itself names nobody.

use signalbox_core::act::Act;
use signalbox_core::change::Stage;
use signalbox_core::process::{Process, Who, dictionary};
use signalbox_core::rule::{CATALOGUE, Rule};

use super::{Why, listed, sentence_case};

/// The rule that a bar stands for, in a sentence.
pub(super) fn rule(code: &str) -> String {
    let of = |rule: Rule| CATALOGUE.iter().find(|row| row.0 == rule).map_or(String::new(), |row| row.3.to_owned());
    match code {
        "role" => "The process names the roles that may take each step.".into(),
        "wrong-stage" => "The process says at which stage each step is taken.".into(),
        "approver" => "The process says who approves, by its table “approver”.".into(),
        "four-eyes" => of(Rule::FourEyes),
        "own-organisation" => of(Rule::OtherOrganisation),
        "cover-own-work" => "Who stands in for somebody is barred by whatever bars either of them (SD-10).".into(),
        "board-not-met" | "quorum-short" | "board-second-meeting" | "board-safety-no" => of(Rule::BoardDecided),
        "no-board" | "not-on-the-board" => "Members of the board whose scope covers the change vote on it.".into(),
        "vote-too-late" => "Who is absent votes until the meeting begins; in writing, until the deadline (BR-20d).".into(),
        "take-back-late" | "take-back-started" | "not-your-approval" => "Who approved takes it back until the start; who refused, for ten minutes.".into(),
        "no-small-move" | "move-needs-officer" => {
            "A move of the same night and no longer keeps its approvals once the chair, and for direct care a safety officer, agree (X10).".into()
        }
        "hard-clash" | "no-clash-to-settle" => of(Rule::NoHardClash),
        "freeze" | "no-freeze-in-the-way" => of(Rule::NotInFreeze),
        "assessments-owed" | "no-assessment-of-yours" => of(Rule::AssessmentsDone),
        "clinical-not-screened" | "clinical-under-review" | "clinical-rejected" | "already-screened" | "nothing-under-review" => of(Rule::ClinicalAccepted),
        "direct-care-needs-officer" => "Where direct care is touched, a safety officer screens.".into(),
        "clinical-own-work" => "Nobody decides on the clinical risk of what they raised, sent or will carry out.".into(),
        "provider-not-told" | "provider-not-acknowledged" | "network-not-needed" | "network-acknowledged" => of(Rule::ProviderTold),
        "conditions-open" | "no-open-condition" => of(Rule::ConditionsMet),
        "answers-due" => of(Rule::AnswersComplete),
        "outcome-by-another" | "review-by-another" => of(Rule::OutcomeByAnother),
        "review-due" | "review-done" => of(Rule::ReviewDone),
        "notice-on-time" => "Notice that is late or has something missing is settled by a change manager; notice in time needs nothing.".into(),
        "notice-disputed" | "notice-disputed-already" | "notice-dispute-decided" | "own-settlement" => {
            "What late notice leads to may be disputed once; then the authority decides, and nobody decides their own dispute.".into()
        }
        "questions-open" => "What an approver asks is answered before the change comes back to be decided.".into(),
        "not-started" => "Only work that was begun can be backed out.".into(),
        "restated-already" | "too-late-to-restate" => "An outcome is restated once, within 30 days of closing.".into(),
        "refused-twice" | "too-late-to-send-again" => of(Rule::SecondTry),
        "request-unknown" | "request-expired" | "request-suspended" | "request-not-eligible" => of(Rule::RequestEligible),
        _ => "The process asks for it before this step.".into(),
    }
}

/// Who can change what stands in the way, where its sentence names nobody.
pub(super) fn who(code: &str) -> &'static str {
    match code {
        "already-screened" | "nothing-under-review" => "The raiser or a change manager: a material change of the answers asks the screen anew.",
        "network-not-needed" => "The trust's coordinator or a change manager, by the answer about the network line.",
        "network-acknowledged" => "A change manager, by moving the window; then the provider is told anew.",
        "no-small-move" => "Nobody has to: the approval stands, or it is decided anew.",
        "no-open-condition" => "An approver, by setting a condition.",
        "no-assessment-of-yours" => "The process, by asking your role; the authority keeps it.",
        "notice-on-time" => "Nobody has to: there is nothing to settle.",
        "notice-dispute-decided" => "Nobody. Add what you know to the conversation.",
        "review-done" => "Nobody has to: the review stands on the record.",
        "restated-already" | "too-late-to-restate" => "Nobody. Add what you know to the conversation.",
        "refused-twice" | "too-late-to-send-again" => "Your organisation's coordinator, with a new change that links to this one.",
        _ => "The authority's change manager, who keeps the process.",
    }
}

/// A reason with all three parts: the rule, the fact, and who can change it.
pub(super) fn whole(code: &str, mut why: Why) -> Why {
    if why.rule.is_empty() {
        why.rule = rule(code);
    }
    if why.who_can_change.is_empty() {
        why.who_can_change = who(code).to_owned();
    }
    why
}

/// Who takes the change on from a stage, by the steps of its document.
pub(super) fn who_moves(process: &Process, stage: Stage, act: Act) -> String {
    if stage.is_final() {
        return "Nobody: the change is at its end. Copy it to begin anew.".into();
    }
    let onward = process.steps.iter().filter(|step| step.from == stage && step.act != act && step.to.is_some_and(|to| to > stage && !to.is_final()));
    let mut roles: Vec<String> = vec![];
    for who in onward.flat_map(|step| &step.who).filter(|who| **who != Who::System) {
        let words = dictionary::who_words(*who);
        if !roles.contains(&words) {
            roles.push(words);
        }
    }
    if roles.is_empty() {
        return "The program takes the next step by itself, or a change manager ends the change.".into();
    }
    format!("{} can take it on from here.", sentence_case(&listed(&roles).replace(" and ", " or ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalbox_core::process::Processes;
    use signalbox_core::refusal::Bar;

    fn is_whole(why: &Why) -> bool {
        [&why.rule, &why.sentence, &why.who_can_change].iter().all(|part| part.ends_with(['.', ')']))
    }

    /// C197: the rule, the fact and who can change it, for every code that the core refuses with.
    #[test]
    fn every_reason_has_its_three_parts() {
        let codes = include_str!("../../../signalbox-core/tests/expected/codes.txt");
        let bars = codes.lines().skip(1).take_while(|line| line.starts_with("  "));
        for code in bars.map(str::trim) {
            let code: &'static str = Box::leak(code.to_owned().into_boxed_str());
            let why = super::super::bars::bar(&Bar::new(code).with("supplier change manager").with("2027-01-03T00:00:00Z"));
            assert!(is_whole(&why), "{code}: {why:?}");
        }
    }

    /// And for every act of every shipped document at every stage from which it cannot be taken.
    #[test]
    fn every_act_of_another_stage_says_when_it_comes_and_who_takes_the_change_there() {
        let process = Processes::shipped().unwrap();
        for process in process.iter() {
            for stage in Stage::ALL {
                for act in Act::ALL.iter().filter(|act| process.step(**act, *stage).is_none() && process.steps.iter().any(|s| s.act == **act)) {
                    let why = Why { rule: String::new(), sentence: "X.".into(), who_can_change: who_moves(process, *stage, *act) };
                    let why = whole("wrong-stage", why);
                    assert!(is_whole(&why), "{} {act} at {}: {why:?}", process.id, stage.code());
                }
            }
        }
    }
}
