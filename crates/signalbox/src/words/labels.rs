//! What fields, answers, buttons and kinds are called. Questions of a document bring their own words; these are the
//! fields that acts take.

use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Stage};

use super::safety;

/// The label of an act's field; empty for a question of a document.
pub fn field_label(id: &str) -> String {
    if let Some(words) = numbered(id) {
        return words;
    }
    let clinical = safety::field_label(id);
    if !clinical.is_empty() {
        return clinical;
    }
    let words = match id {
        "reason" => "Why?",
        "freeze" => "From which freeze?",
        "clash" => "Which clash?",
        "defects" => "What is missing or wrong? One thing a line.",
        "fields" => "Which answers are meant?",
        "supplier_side" => "Is it for the supplier alone to mend?",
        "assessment" => "Which assessment do you give?",
        "objects" => "Do you object?",
        "finding" => "What did you find?",
        "seen" => "The content you have read",
        "words" => "Anything to add?",
        "reason_code" => "Why is it refused?",
        "vote" => "How do you vote?",
        "questions" => "What do you want to know?",
        "review_on" => "When is it looked at again?",
        "implementer" => "Who does the work?",
        "phone" => "On which telephone number?",
        "window" => "From when to when?",
        "window.start" => "Start",
        "window.end" => "End",
        "contingency_end" => "If it goes wrong, by when is everything back at the latest?",
        "happened_at" => "When did it happen?",
        "on_behalf_of" => "On behalf of",
        "by_phone" => "Were you told by phone?",
        "expected_end" => "When do you now expect it to end?",
        "back" => "Which services are back?",
        "not_back" => "What is not back, and why?",
        "outcome" => "What is the outcome?",
        "way" => "How was the network provider told?",
        "their_reference" => "The provider's reference",
        "proof" => "Who was told, when and how?",
        "consequence" => "What does the late notice lead to?",
        "number" => "Which condition?",
        "file" => "Choose a file",
        "no_way_back_accepted" => "There is no way back. Do you accept that?",
        "gap_reason" => "Why does it start so soon after the approval?",
        "category_lowered_to" => "Lower the category?",
        "lowered_because" => "Why is it lowered?",
        "take_down_by" => "Who takes the service down?",
        "restore_by" => "Who brings it back?",
        "promise_phone" => "On which telephone number?",
        "promise_times" => "At which times?",
        "verbal_approver" => "Who said yes?",
        "verbal_channel" => "How did they say it?",
        "verbal_at" => "When did they say it?",
        "verbal_witness" => "Who else heard it?",
        "agreed" => "Do you agree?",
        "action" => "What is to be done about it?",
        "was_emergency" => "Was it an emergency: could it not have waited?",
        "authority_agreed" => "Did somebody with authority agree at the time?",
        "verdict" => "Which verdict?",
        other => return super::money::field_label(other).unwrap_or_else(|| super::work::field_label(other)),
    };
    words.to_owned()
}

/// Fields that come in numbers: `q1`, `risk_3`, `condition_2_owner`.
fn numbered(id: &str) -> Option<String> {
    let at = |digits: &str| digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    if let Some(found) = id.strip_prefix('q').and_then(at).and_then(|n| SCREENING.get(n)) {
        return Some((*found).to_owned());
    }
    let rest = id.strip_prefix("condition_")?;
    let (number, part) = rest.split_once('_').unwrap_or((rest, ""));
    number.parse::<u32>().ok()?;
    match part {
        "" => Some(format!("Condition {number}")),
        "owner" => Some(format!("Who keeps condition {number}?")),
        "due" => Some(format!("By when is condition {number} met?")),
        _ => None,
    }
}

/// The eight questions of the clinical screen (spec 8.3), in our own words.
const SCREENING: [&str; 8] = [
    "Does it touch a system that staff use while they care for a patient?",
    "Does it change what is shown about a patient, how it is merged or coded, or when it appears?",
    "Does it change how patients are matched, or a worklist?",
    "Does it take such a system away for longer than its continuity plan allows?",
    "Does it change alerts, doses, results or the way orders travel?",
    "Does it affect both halves of a pair that covers for each other?",
    "Does it change an interface or a firewall between clinical systems?",
    "Is anybody unsure about any of this?",
];

/// The label of a field of this act: of a few that two acts share by name, each has words of its own.
pub fn act_field_label(act: Act, id: &str) -> String {
    match (act, id) {
        (Act::Review, "why" | "benefit") => super::work::field_label(id),
        (Act::SettleClash, "way") => "What becomes of it?".into(),
        (Act::Follow, "after") => "Which changes have to be over before it begins?".into(),
        (Act::ExceptFreeze, "until") => "Until when does the freeze not hold for this change?".into(),
        _ => field_label(id),
    }
}

/// What helps to fill in a field; empty where the label says enough.
pub fn field_hint(act: Act, id: &str) -> &'static str {
    if act.is_money() {
        return super::money::field_hint(act, id);
    }
    let clinical = safety::field_hint(act, id);
    if !clinical.is_empty() {
        return clinical;
    }
    match (act, id) {
        (Act::DisputeNotice, "reason") => "The authority’s change manager reads it and decides. Name the evidence; attach it as a document.",
        (Act::Cancel, "reason") => "Everyone who was told of the work is told this too.",
        (Act::TakeBack, "reason") => "Everyone who was told of the decision is told this too.",
        (Act::Vote, "words") => "Everyone who may see the change reads this.",
        (Act::Withdraw, "reason") => "Not asked for, but it helps whoever reads this later.",
        (Act::Reschedule, "reason") => "Everyone who was told of the old window is told of the new one.",
        (Act::ExceptFreeze, "until") => "From then on the freeze holds for this change again, for its start too.",
        (Act::Follow, "after") => "References, one a line; leave it empty where the order no longer matters. It cannot be scheduled before they are over.",
        (Act::SettleClash, "way") => "It holds while neither of the two windows moves.",
        (Act::SettleClash, "reason") => "It stands in the record beside your name, and the owners of both are told.",
        (Act::ExceptFreeze, "reason") => "It stands in the record beside your name.",
        (Act::Finish, "back") => "Choose every one that is back.",
        (Act::Close, "words") => "Needed if you state another outcome than was proposed.",
        (Act::Say, "words") => "Everyone who may see the change reads this. Leave out anything that names a patient.",
        (Act::ConfirmVerbal, "agreed") => "No means that you did not say yes. The approval is then void.",
        (Act::ConfirmVerbal, "words") => "Needed if you did not say yes.",
        (Act::Ratify, "agreed") => "No means that it could have waited. It then gets a verdict and is counted among the emergencies that were none.",
        (Act::Ratify | Act::GiveVerdict, "reason") => "Needed if you do not agree, or give another verdict than the table proposes.",
        (Act::GiveVerdict, "action") => "Needed where the verdict is regularised with action.",
        (Act::GiveVerdict, "verdict") => "Leave it empty to take what the table proposes.",
        (_, "verbal_approver") => "Their e-mail address here.",
        (_, "verbal_witness") => "A name. If nobody did, write nobody.",
        (_, "fields") => "If an answer that the notice needed is wrong, the notice counts again from the day it is mended.",
        (_, "happened_at") => "Leave it empty for now.",
        (_, "on_behalf_of") => "If somebody rang: their name.",
        (_, "back") => "Leave it empty if all of them are.",
        (_, "implementer") => "Nobody carries out what they approved.",
        (_, "review_on") => "Within 20 working days.",
        (_, "proof") => "Such as: rang the provider's desk on 14 November at 10:20, spoke to J. Marsh.",
        (_, "file") => "A plan, a letter, a test result. Leave out anything that names a patient.",
        (_, "category_lowered_to") => "Leave it empty to keep the category that is worked out.",
        (_, "gap_reason") => "Less time lies between the approval and the start than the process asks for. It is recorded, never refused.",
        (_, "no_way_back_accepted") => "The supplier's change manager answered that there is no way back, and the impact level is 1 or 2.",
        (_, "promise_times") => "If they differ from the window.",
        (_, "not_back") => "Needed for every service that is not back.",
        (_, "consequence") => "Only the authority can exclude the time from the service level.",
        _ if id.starts_with("condition_") && !id.contains("_owner") && !id.contains("_due") => "Leave it empty if there is none.",
        _ if id.starts_with("condition_") && id.ends_with("_owner") => "The code of an organisation that is a party to this change.",
        _ => super::work::field_hint(act, id),
    }
}

/// The words of an answer that is stored as a code.
pub fn option_label(field: &str, code: &str) -> String {
    if let Some(words) = safety::option_label(field, code) {
        return words;
    }
    let words = match (field, code) {
        ("late_reason", "utility_imposed") => "The electricity, water or gas company imposed it",
        ("late_reason", "safety") => "Safety demands it",
        ("late_reason", "discovered_late") => "It came to light late",
        ("late_reason", "planning_error") => "It was planned too late",
        ("late_reason" | "reason_code", "other") => "Something else",
        ("vote", "for") => "For it",
        ("vote", "against") => "Against it",
        ("vote", "abstain") => "No view",
        ("reason_code", "risk_too_high") => "The risk is too high",
        ("reason_code", "not_needed") => "It is not needed",
        ("reason_code", "no_back_out") => "There is no way back",
        ("reason_code", "clashes") => "It clashes with other work",
        ("reason_code", "no_resources") => "There is nobody to do it",
        ("reason_code", "insufficient_evidence") => "There is too little evidence that it will work",
        ("way", "email") => "By e-mail",
        ("way", "phone") => "By phone",
        ("way", "provider_form") => "On the provider's own form",
        ("way", "api") => "From system to system",
        ("consequence", "protected") => "Protected: it counts as if the notice had been in time",
        ("consequence", "at_risk") => "At risk: alarms may send an engineer at the trust's charge",
        ("consequence", "excluded") => "Excluded: the time does not count against the supplier's service level",
        ("consequence", "waived") => "Waived: nothing follows from it",
        ("outcome", "successful") => "Successful",
        ("outcome", "successful_with_issues") => "Successful, with issues",
        ("outcome", "partial") => "Partly done",
        ("outcome", "backed_out") => "Backed out: everything is as it was",
        ("outcome", "failed") => "Failed",
        ("outcome", "not_implemented") => "Not carried out",
        ("category_lowered_to", "minor") => "Minor",
        ("category_lowered_to", "significant") => "Significant",
        ("assessment", "technical") => "Technical",
        ("assessment", "resources") => "Resources",
        ("assessment", "continuity") => "Business continuity",
        ("assessment", "security") => "Security",
        ("assessment", "affected") => "The view of an affected trust",
        ("assessment", "network") => "The view of the network provider",
        ("assessment", "commercial") => "Commercial",
        ("verbal_channel", "phone") => "By phone",
        ("verbal_channel", "radio") => "By radio",
        ("verbal_channel", "message") => "By message",
        ("clinical_contact", "agrees") => "Agrees",
        ("clinical_contact", "unreachable") => "Could not be reached, tried twice",
        ("clinical_contact", "not_yet_asked") => "Not asked yet",
        ("confidentiality", "open") => "Open to the Service Management group",
        ("confidentiality", "parties_only") => "Parties only: others see the times",
        ("confidentiality", "security_restricted") => "Security restricted: change managers and the assessor only",
        ("patient_facing", "none") => "Not at all",
        ("patient_facing", "indirect") => "Indirectly",
        ("patient_facing", "direct") => "Directly: staff use it while they care for a patient",
        ("modality_type", code) => return super::modalities::name(code),
        (_, code) if super::modalities::spelling(code).is_some() => return super::modalities::spelling(code).unwrap_or(code).to_owned(),
        (field, code) if super::work::option_label(field, code).is_some() => {
            return super::sentence_case(super::work::option_label(field, code).unwrap_or_default());
        }
        (_, "yes") => "Yes",
        (_, "no") => "No",
        (_, "unsure") => "Unsure",
        (field, code) if super::money::option_label(field, code).is_some() => return super::money::option_label(field, code).unwrap_or_default(),
        (_, code) => return super::sentence_case(&code.replace('_', " ")),
    };
    words.to_owned()
}

/// The words on the button that takes an act.
pub fn act_button(act: Act, stage: Stage) -> &'static str {
    match act {
        Act::Propose => "Send to your coordinator",
        Act::SendBack => "Hand it back",
        Act::Submit if stage.is_draft() => "Send",
        Act::Submit => "Send again",
        Act::Return => "Ask for what is missing",
        Act::Accept => "Accept",
        Act::Assess => "Give the assessment",
        Act::Screen => "Sign the screening",
        Act::Clear => "Accept the clinical risk",
        Act::RejectClinically => "Reject on clinical grounds",
        Act::Complete => "Complete the assessment",
        Act::Approve => "Approve",
        Act::Reject => "Refuse",
        Act::AskMore => "Ask for more",
        Act::Vote => "Vote",
        Act::TakeBack => "Take it back",
        Act::Reaffirm => "Re-affirm the approval",
        Act::Hold => "Put on hold",
        Act::Resume => "Take off hold",
        Act::ExceptFreeze => "Except this change",
        Act::SettleClash => "Settle it",
        Act::Follow => "Record the order",
        Act::Schedule => "Schedule",
        Act::Reschedule => "Move the window",
        Act::Amend => "Save the answers",
        Act::Cancel => "Cancel this change",
        Act::Withdraw => "Withdraw this change",
        Act::Stop => "Stop the work",
        Act::Start => "Work has started",
        Act::RunningLate => "It runs late",
        Act::Restore => "It is back",
        Act::Finish => "Work has ended",
        Act::BackOut => "Back out",
        Act::Review if stage == Stage::Review => "Save the review",
        Act::Review => "Open a review",
        Act::Close => "Close",
        Act::Restate => "Restate the outcome",
        Act::TellNetwork => "The provider was told",
        Act::Acknowledge => "Acknowledge",
        Act::RefuseNotice => "Refuse it",
        Act::RecordTold => "Record the proof",
        Act::SettleNotice => "Settle it",
        Act::DisputeNotice => "Dispute it",
        Act::MeetCondition => "The condition is met",
        Act::RecordVerbal => "Record the yes",
        Act::ConfirmVerbal => "Send my answer",
        Act::Ratify => "Send my answer",
        Act::GiveVerdict => "Give the verdict",
        Act::Plan => "Save the plan",
        Act::RecordStep => "Record it",
        Act::DecideGo => "Record the decision",
        Act::Extend => "Record the extension",
        Act::ConfirmWorked => "Send your answer",
        Act::Dispute => "Dispute the outcome",
        Act::AnswerDispute => "Answer it",
        Act::FinishAction => "The action is done",
        Act::TellDepartment => "Record it",
        Act::RecordNearMiss => "Record the near miss",
        Act::Survey => "Send your answers",
        Act::LinkIncident => "Link it",
        Act::UnlinkIncident => "Take it off",
        Act::Say => "Post",
        Act::Attach => "Add this document",
        Act::Expire => "Let it expire",
        money if money.is_money() => super::money::act_words(money).0,
        clinical => safety::act_words(clinical).0,
    }
}

/// What an act is called, at the head of its page and in lists.
pub fn act_title(act: Act) -> &'static str {
    match act {
        Act::Propose => "Send to your coordinator",
        Act::SendBack => "Hand back to the author",
        Act::Submit => "Send",
        Act::Return => "Return for more",
        Act::Accept => "Accept",
        Act::Assess => "Give an assessment",
        Act::Screen => "Screen for clinical risk",
        Act::Clear => "Accept the clinical risk",
        Act::RejectClinically => "Reject on clinical grounds",
        Act::Complete => "Complete the assessment",
        Act::Approve => "Approve",
        Act::Reject => "Refuse",
        Act::AskMore => "Ask for more",
        Act::Vote => "Vote",
        Act::TakeBack => "Take the decision back",
        Act::Reaffirm => "Re-affirm after a small move",
        Act::Hold => "Put on hold",
        Act::Resume => "Take off hold",
        Act::ExceptFreeze => "Except from a freeze",
        Act::SettleClash => "Rule on a clash",
        Act::Follow => "Say what it has to follow",
        Act::Schedule => "Schedule the work",
        Act::Reschedule => "Move the window",
        Act::Amend => "Add or change answers",
        Act::Cancel => "Cancel",
        Act::Withdraw => "Withdraw",
        Act::Stop => "Stop for patient safety",
        Act::Start => "Start the work",
        Act::RunningLate => "Say that it runs late",
        Act::Restore => "Say what is back",
        Act::Finish => "End the work",
        Act::BackOut => "Back out",
        Act::Review => "Review",
        Act::Close => "Close",
        Act::Restate => "Restate the outcome",
        Act::TellNetwork => "Tell the network provider",
        Act::Acknowledge => "Acknowledge the notice",
        Act::RefuseNotice => "Refuse the notice",
        Act::RecordTold => "Record that the provider was told",
        Act::SettleNotice => "Settle the late notice",
        Act::DisputeNotice => "Dispute what the late notice leads to",
        Act::MeetCondition => "Record that a condition is met",
        Act::RecordVerbal => "Record a yes by phone",
        Act::ConfirmVerbal => "Confirm what you said",
        Act::Ratify => "Ratify the emergency",
        Act::GiveVerdict => "Give the verdict",
        Act::Plan => "Plan the steps of the work",
        Act::RecordStep => "Record a step",
        Act::DecideGo => "Decide go or no-go",
        Act::Extend => "Agree more time",
        Act::ConfirmWorked => "Say whether it worked",
        Act::Dispute => "Dispute the outcome",
        Act::AnswerDispute => "Answer the dispute",
        Act::FinishAction => "Record that an action is done",
        Act::TellDepartment => "Record that a department was told",
        Act::RecordNearMiss => "Record a near miss",
        Act::Survey => "Say how it went for you",
        Act::LinkIncident => "Link an incident",
        Act::UnlinkIncident => "Take an incident off",
        Act::Say => "Add a message",
        Act::Attach => "Add a document",
        Act::Expire => "Let it expire",
        money if money.is_money() => super::money::act_words(money).1,
        clinical => safety::act_words(clinical).1,
    }
}

/// What a kind of change is called at the start of a sentence or in a tag.
pub fn kind_title(kind: Kind) -> String {
    super::sentence_case(kind.words())
}

/// `9 days`, `1 clear working day`.
pub fn basis_words(amount: i64, basis: signalbox_core::calendar::Basis) -> String {
    format!("{amount} {}", basis.counted(amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalbox_core::calendar::Basis;
    use signalbox_core::decide::fields::{CONSEQUENCES, REJECT_REASONS, TOLD_WAYS};

    #[test]
    fn numbered_fields_have_words() {
        assert_eq!(field_label("q8"), "Is anybody unsure about any of this?");
        assert_eq!(field_label("q9"), "");
        assert_eq!(field_label("condition_2"), "Condition 2");
        assert_eq!(field_label("condition_2_owner"), "Who keeps condition 2?");
        assert_eq!(field_label("condition_2_due"), "By when is condition 2 met?");
    }

    #[test]
    fn codes_that_people_choose_have_words_of_their_own() {
        let plain = |code: &str| super::super::sentence_case(&code.replace('_', " "));
        for (field, codes) in [("reason_code", REJECT_REASONS), ("way", TOLD_WAYS), ("consequence", CONSEQUENCES)] {
            for code in codes {
                assert_ne!(option_label(field, code), plain(code), "{field} {code}");
            }
        }
        assert_eq!(option_label("outage_type", "mains_power"), "Mains power");
    }

    #[test]
    fn notice_is_counted_in_words() {
        assert_eq!(basis_words(1, Basis::ClearWorkingDays), "1 clear working day");
        assert_eq!(basis_words(10, Basis::Days), "10 days");
        assert_eq!(act_button(Act::Submit, Stage::Returned), "Send again");
        assert_eq!(kind_title(Kind::PlannedOutage), "Planned outage");
    }
}
