//! What is wrong with what was typed, as a sentence that says what to do.

use signalbox_core::refusal::Violation;

use super::{field_label, read_param, safety, sentence_case};

/// The sentence for a fault; the field is named where this crate knows its label.
pub fn fault(violation: &Violation) -> String {
    let known = violation.field.as_deref().map(field_label).unwrap_or_default();
    fault_in(violation, &known)
}

/// The sentence for a fault of the field with this label, such as a question of the document; empty: no label.
pub fn fault_in(violation: &Violation, label: &str) -> String {
    let field = violation.field.as_deref().unwrap_or_default();
    let param = |n: usize| violation.params.get(n).map_or(String::new(), |p| read_param(p));
    let of = |start: &str, alone: &str| if label.is_empty() { format!("{alone}.") } else { format!("{start}: {label}") };

    match violation.code {
        "answer-missing" => of("Answer this", "Answer this question"),
        "choose-one" => of("Choose one", "Choose one of the answers"),
        "choose-at-least-one" => of("Choose at least one", "Choose at least one of the answers"),
        "date-missing" => of("Enter a day", "Enter a day"),
        "time-missing" => of("Enter a time, such as 22:00", "Enter a time, such as 22:00"),
        "yes-or-no" => of("Choose yes or no", "Choose yes or no"),
        "too-long" => format!("Shorten this to {} characters; it has {}.", param(0), param(1)),
        "control-characters" => "Remove the characters that cannot be printed, such as those that come with a copied table.".into(),
        "patient-data" => "Remove the number that looks like one of a patient. Nothing here may name a patient.".into(),
        "unknown-choice" if violation.params.is_empty() => "Choose one of the answers in the list.".into(),
        "unknown-choice" => format!("Choose from the list: {} is not one of its answers.", param(0)),
        "number-out-of-range" => format!("Enter a whole number from {} to {}.", param(0), param(1)),
        "not-a-date" => "Enter a day that exists, such as 24 11 2026.".into(),
        "not-a-time" => "Enter a time of day, such as 22:00.".into(),
        "time-skipped" => {
            format!("Choose another time: on that night the clocks go forward over {}. The next time is {}.", time(violation, 0), time(violation, 1))
        }
        "time-twice" => format!("Say which of the two is meant: {} or {}. The clocks go back on that night.", time(violation, 0), time(violation, 1)),
        "end-before-start" => "Enter an end that is later than the start.".into(),
        "window-too-long" => format!("Enter an end within {} days of the start. Longer work is several changes.", param(0)),
        "before-window-end" => "Enter a latest end that is not before the planned end.".into(),
        "too-many" => format!("Name {} at most.", param(0)),
        "unknown-value" => format!("Choose another: there is no {} that you may name here.", param(0)),
        "nothing-named" => "Name at least one piece of equipment, service or site that is touched.".into(),
        "nothing-changed" => "Change at least one answer; nothing differs from what was sent.".into(),
        "nothing-to-do" => "There is nothing to record. Say what happened.".into(),
        "unknown-field" => format!("Take {} out: it is not asked for here.", if field.is_empty() { "the field" } else { field }),
        "not-an-address" => "Enter an address such as name@example.org.".into(),
        "in-the-past" => "Enter a time that is still to come. What is over is recorded by your coordinator.".into(),
        "date-not-sent" => format!("{}: {}", param(0), param(1)),
        "before-the-start" => "Enter a time that is not before the start of the work.".into(),
        "in-the-future" => "Enter a time that has passed. Only what has happened can be recorded.".into(),
        "not-of-this-change" => "Name only services that this change takes away.".into(),
        "services-unanswered" => services_unanswered(&param(0)),
        "unknown-request" => "Choose a request from the catalogue. If none fits, raise a normal change.".into(),
        "not-eligible" => format!("With this answer it is not the agreed request “{}”. Raise a normal change instead; your answers are kept.", param(0)),
        "request-expired" => format!("This request was agreed until {}. Raise a normal change, or ask the authority to agree it again.", param(0)),
        "request-suspended" => {
            format!("“{}” is suspended after what happened with it, until the authority has looked at it again. Raise a normal change instead.", param(0))
        }
        "request-used-up" => {
            format!("This request can be made {} at most, and that is used up. Ask again from {}, or raise a normal change.", param(0), param(1))
        }
        "request-not-yours" => "This request is agreed for other organisations. Raise a normal change instead.".into(),
        "content-changed" => "The change was edited after you opened this page. Read it again, then decide.".into(),
        "owner-missing" => "Say which organisation keeps or does this.".into(),
        "follows-itself" => "A change cannot follow itself.".into(),
        "follows-each-other" => format!("{} has to follow this one already. Two changes cannot each come first.", param(0)),
        "order-as-before" => "That is what stands there already.".into(),
        "no-such-condition" => "Choose a condition that is still open.".into(),
        "not-your-condition" => "Only the organisation that owes this condition, or a change manager, can record that it is met.".into(),
        "nothing-planned" => "Type steps, take some out, choose a set, or name who decides go or no-go.".into(),
        "not-of-a-party" => format!("Name somebody who works for a party to this change: {} does not, or is not known here.", param(0)),
        "no-such-step" => format!("Choose a step that is open: {} is not.", param(0)),
        "leave-out-instead" => "Record the step as left out: the work has begun.".into(),
        "not-later" => format!("Enter a time after {}, the latest end on record, and after now.", param(0)),
        "no-such-action" => "Choose an action that is still open.".into(),
        "not-your-action" => "Only the organisation that owns this action, or a change manager, can record that it is done.".into(),
        "linked-already" => "Choose another incident: this one is linked.".into(),
        "not-linked" => "Choose an incident that is linked to this change.".into(),
        "not-lower" => format!("Choose a category below {}, the one that was worked out.", param(0)),
        "lowered-by-raiser" => "Leave the category as it is: nobody lowers the category of a change that they raised or sent.".into(),
        "lowered-by-supplier-only" => "Leave the category as it is: only the supplier's change manager lowers it.".into(),
        "not-classifiable" => "The process document says nothing of a change like this. Ask the authority to mend its tables.".into(),
        "no-way-back-not-accepted" => "There is no way back, and the impact is high. Say that you accept this, or do not approve.".into(),
        "outcome-not-allowed" => format!("Choose another outcome than “{}”: {}.", param(0), param(1)),
        "outcome-unchanged" => "Choose another outcome; this is the one on record.".into(),
        "late-reason-missing" => "Say why the notice is short. It is recorded and never refused.".into(),
        "date-out-of-range" => format!("Enter a day from {} to {}.", param(0), param(1)),
        "implementer-missing" => "Say who will do the work.".into(),
        "not-an-implementer" => format!("Name somebody who works for a party to this change: {} does not, or is not known here.", param(0)),
        "implementer-approved" => "Name somebody else: this person approved the change, and nobody carries out what they approved.".into(),
        "window-not-moved" => "Enter another window; this is the one on record.".into(),
        "authority-decides" => "Choose another: only the authority's change manager can exclude the time from the service level.".into(),
        "not-an-approver" => format!("Name somebody who may say yes to this and did not raise or send it: {} may not, or is not known here.", param(0)),
        "officer-first" => "Say first what the safety officer said, or when you tried twice, 15 minutes apart. Before that nobody can say yes.".into(),
        "not-in-the-past" => "Enter the times at which it was done. Work that is still to come is raised as a change.".into(),
        "deployment-differs" => {
            format!("This deployment was told of before with other values, at {}. Tell of it as before, or give it another id.", param(0))
        }
        other => super::formats::fault(other, violation)
            .or_else(|| super::money::fault(violation))
            .or_else(|| super::mergers::fault(violation))
            .or_else(|| super::recurring::fault(violation))
            .or_else(|| safety::fault(other, &violation.params))
            .unwrap_or_else(|| sentence_case(&format!("{}.", other.replace('-', " ")))),
    }
}

/// A clock time stays as the core wrote it: `01:30`, `first 01:30 (BST)`.
fn time(violation: &Violation, n: usize) -> String {
    violation.params.get(n).cloned().unwrap_or_default()
}

fn services_unanswered(number: &str) -> String {
    match number {
        "1" => "Say of the service that was taken away that it is back, or why it is not. 1 is not answered for.".into(),
        number => format!("Say of each service that was taken away that it is back, or why it is not. {number} are not answered for."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_say_what_to_do() {
        assert_eq!(fault(&Violation::of("title", "answer-missing")), "Answer this question.");
        assert_eq!(fault_in(&Violation::of("title", "answer-missing"), "What do you want to change?"), "Answer this: What do you want to change?");
        assert_eq!(fault(&Violation::of("title", "too-long").with(120).with(1204)), "Shorten this to 120 characters; it has 1,204.");
        assert_eq!(
            fault(&Violation::of("window.start", "time-skipped").with("01:30").with("02:00")),
            "Choose another time: on that night the clocks go forward over 01:30. The next time is 02:00."
        );
        assert_eq!(
            fault(&Violation::of("review_on", "date-out-of-range").with("2026-11-17").with("2026-12-15")),
            "Enter a day from Tuesday 17 November 2026 to Tuesday 15 December 2026."
        );
        assert_eq!(
            fault(&Violation::of("back", "services-unanswered").with(2)),
            "Say of each service that was taken away that it is back, or why it is not. 2 are not answered for."
        );
    }
}
