//! What stands in the way whatever is typed, and who can change that.

use signalbox_core::act::Act;
use signalbox_core::change::{Change, Stage};
use signalbox_core::process::Process;
use signalbox_core::refusal::{Bar, Refusal};

use super::safety;
use super::{Why, act_title, counted, fault, field_label, listed, read_param, sentence_case};

fn why(sentence: impl Into<String>, who: impl Into<String>) -> Why {
    Why { sentence: sentence.into(), who_can_change: who.into(), rule: String::new() }
}

fn board_meets(name: &str, next: &str) -> String {
    match next {
        "" => format!("It waits to be heard by: {name}. No meeting has it on its papers yet."),
        next => format!("It waits to be heard by: {name}. It is on the papers for {next}."),
    }
}

/// The sentence for a bar, and who can lift it.
pub fn bar(bar: &Bar) -> Why {
    super::why::whole(bar.code, fact(bar))
}

/// The fact, and who can lift it where that is not the same for every bar of the code.
fn fact(bar: &Bar) -> Why {
    let param = |n: usize| bar.params.get(n).map_or(String::new(), |p| read_param(p));
    match bar.code {
        "role" => why(format!("This is for: {}.", roles(&param(0))), "Somebody with that role. Your organisation's coordinator gives roles."),
        "approver" => why(format!("By the process this is approved by: {}.", roles(&param(0))), "Somebody with that role."),
        "may-not-raise" => why(format!("None of your roles in that organisation may raise a {}.", param(0)), "The organisation's coordinator gives roles."),
        "kind-not-in-force" => why("No process document for this kind of change is in force here.", "The authority puts process documents in force."),
        "no-board" => why("No board is set up for this change.", "The authority's change manager."),
        "not-on-the-board" => why(format!("You have no seat with a vote on: {}.", param(0)), "The authority's change manager gives seats."),
        "vote-too-late" => why("The time for votes is over: the meeting has begun without you, or the deadline has passed.", "The chair."),
        "board-not-met" => why(board_meets(&param(0), &param(1)), "The chair, at the meeting."),
        "board-second-meeting" => {
            why(format!("A major change is heard at two meetings of: {}. It was heard at one.", param(0)), "The chair, at the next meeting.")
        }
        "board-safety-no" => why("A safety officer on the board voted against it. That is binding.", "The safety officer who voted."),
        "quorum-short" => why(format!("The board has no quorum. Missing: {}.", param(0)), "Whoever is missing, by coming or by a written view."),
        "take-back-late" => why("A refusal can be taken back for ten minutes, by who gave it.", "Whoever raised it may send it again."),
        "take-back-started" => why("The start has come. An approval can be taken back until then.", "A safety officer may stop the work."),
        "not-your-approval" => why("You did not give the approval, and hold no place of who did.", "Whoever approved."),
        "no-small-move" => why("There is no move to re-affirm.", ""),
        "move-needs-officer" => why("Direct care is touched, so a safety officer agrees to the move first.", "A safety officer."),
        "cover-own-work" => why(
            "You stand in for somebody here, and one of you two raised it, sent it or will carry it out (SD-10).",
            "The next in the chain: another holder of the role, then the authority's change manager.",
        ),
        "four-eyes" => why("You raised it, sent it or will carry it out; another person decides.", "Another change manager."),
        "own-organisation" => why("Your organisation raised it; another organisation decides.", "The change manager of the other organisation."),
        "outcome-by-another" => why("You did the work; another person confirms the outcome.", "Another change manager."),
        "review-by-another" => why("You did the work; another person writes the review.", "Another change manager."),
        "clinical-own-work" => why("You raised it, sent it or will carry it out; another safety officer decides.", "Another safety officer."),
        "hard-clash" => clash(&param(0), &param(1)),
        "freeze" => freeze(&param(0), &param(1)),
        "no-clash-to-settle" => why("It clashes with no other change that you may see.", "Nobody has to."),
        "no-freeze-in-the-way" => why("No freeze stands in its way, so there is none to except it from.", "Nobody has to."),
        "assessments-owed" => why(format!("Not every assessment is in. Still owed: {}.", param(0)), "Those who were asked to assess."),
        "clinical-not-screened" => why("The eight questions about clinical risk are not answered yet.", "The supplier's change manager, or a safety officer."),
        "clinical-under-review" => why("It is under clinical review, and no safety officer has decided yet.", "A safety officer."),
        "clinical-rejected" => {
            why("It was rejected or stopped on clinical grounds.", "The raiser changes it and sends it again; a safety officer decides anew.")
        }
        "already-screened" => why("It was screened already.", ""),
        "direct-care-needs-officer" => why("A service of direct care is touched, so a safety officer screens it.", "A safety officer."),
        "nothing-under-review" => why("There is no clinical risk to accept: the screening did not ask for a decision.", ""),
        // The words of the acceptance scenario 11.
        "provider-not-acknowledged" => why(format!("network notice: SENT, not acknowledged ({})", days(bar, 1)), PROVIDER),
        "provider-not-told" => {
            why("network notice: NEEDED, not sent.", "The trust’s coordinator, the supplier’s change manager or the operations desk tells the provider.")
        }
        "provider-refused" => why(
            "The network provider refused the notice.",
            "A change manager moves the window, so that the provider is asked again; or the authority’s change manager decides, and records why as the proof that the provider was told.",
        ),
        "network-not-needed" => why("The network provider does not have to be told of this change.", ""),
        "network-acknowledged" => why("The network provider has acknowledged the notice.", ""),
        "conditions-open" => why(conditions(&param(0)), "Whoever owes the condition, or a change manager, records that it is met."),
        "steps-open" => why(format!("Steps are still open: {}.", param(0)), "Whoever did the work records each as done, left out or failed."),
        "no-open-step" => why("No step is open.", "A change manager or whoever does the work plans steps."),
        "no-checkpoint" => why("Nobody is named to decide go or no-go.", "Whoever plans the work names somebody."),
        "not-the-decider" => why("Somebody else is named to decide go or no-go.", "The person named, or a change manager for them."),
        "no-window" => why("It has no window yet.", ""),
        "not-asked-whether-it-worked" => why("Your organisation is not asked whether it worked.", ""),
        "nothing-to-dispute" => why("The outcome on record is no success, so there is nothing to dispute.", ""),
        "disputed-already" => why("The outcome is disputed already, and nobody has answered yet.", "A change manager answers the dispute."),
        "no-open-dispute" => why("No dispute waits for an answer.", ""),
        "own-dispute" => why("You disputed it; another person answers.", "Another change manager."),
        "no-open-action" => why("No action of yours is open.", ""),
        "not-the-requester" => why("Only the person who raised it is asked how it went.", ""),
        "survey-given" => why("The answer is given.", ""),
        "no-incident-linked" => why("No incident is linked.", ""),
        "no-open-condition" => why("No condition is open.", ""),
        "answers-due" => why(format!("Still to be answered: {}.", answers(&param(0))), "The trust's coordinator or a change manager adds answers."),
        "no-assessment-of-yours" => why("No assessment is waiting for you.", ""),
        "questions-open" => why("The approver asked a question that is not answered yet.", "Whoever assesses or adds answers."),
        "notice-on-time" => why("The notice was on time and whole, so there is nothing to settle.", ""),
        "notice-disputed" => why("What the late notice leads to is disputed, so the authority decides.", AUTHORITY),
        "notice-disputed-already" => why("It is disputed already, and the authority has not decided yet.", AUTHORITY),
        "notice-dispute-decided" => why("The authority has decided the dispute, and that stands.", ""),
        "own-settlement" => why("You settled it yourself; whoever disagrees disputes it.", "Another person of the organisation that it falls on."),
        "review-due" => why(format!("A review comes first, because {}.", param(0)), "A change manager opens the review and writes it."),
        "review-done" => why("The review is written.", ""),
        "not-started" => {
            why("The work has not started, so there is nothing to back out of.", "Whoever carries it out, or the operations desk, records the start.")
        }
        "restated-already" => why("The outcome was restated once already.", ""),
        "too-late-to-restate" => why("It was closed more than 30 days ago; the outcome stands.", ""),
        "refused-twice" => why("It was refused twice. Raise a new change.", ""),
        "too-late-to-send-again" => why("It was refused more than 30 days ago. Raise a new change.", ""),
        "national-approval-missing" => {
            why("The national approval has no reference yet; it comes before the local one.", "The trust's coordinator or a change manager writes it in.")
        }
        "ae-title-taken" => why(super::formats::taken(&plain(bar, 0), &plain(bar, 1)), NAMES),
        "ip-taken" => why(super::formats::address_taken(&plain(bar, 0), &plain(bar, 1), &plain(bar, 2)), NAMES),
        "modality-both-live" => why(format!("The old and the new {} would be on at the same time.", plain(bar, 0)), NAMES),
        "request-unknown" => why("This request is not in the catalogue.", "The authority keeps the catalogue."),
        "request-expired" => why(format!("This request was agreed until {}.", param(0)), "The authority agrees requests anew."),
        "request-suspended" => why(
            format!("“{}” is suspended after what happened with it.", param(0)),
            "The authority’s change manager looks at it again, under Reports, Request models.",
        ),
        "request-not-eligible" => {
            why(format!("It is not the agreed request any more, by these answers: {}.", answers(&param(0))), "Raise it as a normal change.")
        }
        _ if super::urgent::bar(bar).is_some() => super::urgent::bar(bar).unwrap_or_else(|| why("", "")),
        code if code.starts_with("process-") => process_bar(code, &param(0)),
        other => match safety::bar(other, &param(0)) {
            Some((sentence, who)) => why(sentence, who),
            None => super::money::bar(bar).unwrap_or_else(|| why(sentence_case(&format!("{}.", other.replace('-', " "))), "")),
        },
    }
}

/// What stands in the way of a new version of a document.
fn process_bar(code: &str, param: &str) -> Why {
    match code {
        "process-role" => {
            why("The authority's change managers and administrators write the process; its change managers adopt it.", "A change manager of the authority.")
        }
        "process-speaker" => {
            why("A trust answers through its coordinator, a supplier through its change manager.", "Somebody with that role in your organisation.")
        }
        "process-over" => why(format!("This version is {param}; nothing more is done with it."), "Propose another version."),
        "process-published" => why("People were asked about this text, so it stays as it is.", "Withdraw it and propose another, if the text has to change."),
        "process-not-checked" => why("Its text is not checked yet.", "Whoever writes it checks it."),
        "process-not-published" => why("The trusts and suppliers have not been asked yet.", "Whoever wrote it publishes it."),
        "process-not-asked" => why("Your organisation was not asked about this version.", ""),
        "process-time-over" => why("The time to object is over.", "Ring the authority's change manager."),
        "process-own-hand" => why("You wrote or published it; nobody adopts their own.", "Another change manager of the authority."),
        "process-time-open" => why(format!("The organisations have until {param} to object."), ""),
        "process-objections" => why(
            if param == "1" { "1 objection is not answered yet.".to_owned() } else { format!("{param} objections are not answered yet.") },
            "A change manager of the authority answers it.",
        ),
        other => why(sentence_case(&format!("{}.", other.replace('-', " "))), ""),
    }
}

const AUTHORITY: &str = "The authority’s change manager.";

const PROVIDER: &str = "The network provider acknowledges it. If they stay silent, ring them and record the proof that they were told.";

const NAMES: &str = "The trust's coordinator or a change manager changes the answer, or the other change moves.";

fn plain(bar: &Bar, n: usize) -> String {
    bar.params.get(n).cloned().unwrap_or_default()
}

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
    why(
        format!("Its window lies in a freeze{title}, which ends {until}."),
        "Move the window, or the authority’s change manager excepts this change from the freeze.",
    )
}

/// Why a command was refused, every reason.
pub fn refusal(refusal: &Refusal, change: &Change) -> Vec<Why> {
    match refusal {
        Refusal::Denied(bars) => bars.iter().map(bar).collect(),
        Refusal::WrongStage(stage) => {
            let fact = why(format!("This is not done at the stage of {}, “{}”.", change.reference, stage.words()), "");
            vec![super::why::whole("wrong-stage", fact)]
        }
        Refusal::Invalid(faults) => faults.iter().map(|v| why(fault(v), "")).collect(),
    }
}

/// Why an act is not offered: what it comes after, or every bar.
pub fn act_why_not(refusal_: &Refusal, act: Act, process: &Process, change: &Change) -> Vec<Why> {
    match refusal_ {
        Refusal::WrongStage(stage) => {
            let fact = why(wrong_stage(act, *stage, process), super::why::who_moves(process, *stage, act));
            vec![super::why::whole("wrong-stage", fact)]
        }
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
        assert_eq!(bar(&Bar::new("answers-due").with("departments, restore_test")).sentence, "Still to be answered: departments, restore test.");
    }
}
