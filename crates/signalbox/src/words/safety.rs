//! The words of clinical safety: fields, answers, acts and what happened. Calm and exact, for people who decide about
//! patients and about each other's work.

use signalbox_core::act::Act;
use signalbox_core::clinical::matrix::likelihood_meaning;
use signalbox_core::clinical::{AfterStop, Ground, Harm, Likelihood, Patients, Rated, Rating};
use signalbox_core::event::Event;
use signalbox_core::text::Text;
use signalbox_store::project::Prose;

use super::{said, sentence_case};

/// The label of a field of a clinical act; empty for any other.
pub fn field_label(id: &str) -> String {
    if let Some(number) = id.strip_prefix("answer_h") {
        return format!("Your answer to H{number}");
    }
    let (id, when) = match (id.strip_prefix("residual_"), id.strip_prefix("not_changing_")) {
        (Some(rest), _) => (rest, " after the controls"),
        (_, Some(rest)) => (rest, " if nothing is changed"),
        _ => (id, ""),
    };
    if let Some(words) = numbered(id) {
        return words;
    }
    let words = match id {
        "harm" if when.is_empty() => "What harm could come to a patient?",
        "harm" => "What harm could still come",
        "patients" if when.is_empty() => "To one patient, or to more than one?",
        "patients" => "To how many patients",
        "likelihood" if when.is_empty() => "How likely is it?",
        "likelihood" => "How likely is it",
        "hazard" => "What could go wrong for patients?",
        "causes" => "What could cause it?",
        "effect" => "What would it do to a patient’s care?",
        "existing" => "What guards against it already?",
        "which" => "Which hazard do you rate?",
        "why" => "Why can this be accepted, or not?",
        "pattern" => "Under which agreed statement?",
        "benefit" => "What good does the change do, and to whom?",
        "impractical" => "Further reduction is impractical because …",
        "until" => "Until when is the risk accepted?",
        "medical_director" => "Which medical director agreed?",
        "read_form" => "Have you read the form of the earlier rejection?",
        "answer" => "What do you answer?",
        "ground" => "On what ground is it rejected?",
        "scope" => "What did you look at?",
        "documents" => "Which documents did you read? One a line, with its version.",
        "reviewed_files" => "Which of the documents here did you read?",
        "unacceptable" => "Why can it not be accepted?",
        "not_changing" => "What is the risk of not changing?",
        "alternatives" => "What else was considered?",
        "never" => "Will it not be accepted in any form?",
        "immediate" => "What has to be done at once?",
        "consulted" => "Whom did you consult, and when?",
        "no_conflict" => "Are you free of any interest in this change?",
        "rung" => "Whom did you ring, and on which number?",
        "after_stop" => "How does the work go on?",
        "harm_of_hold" => "What harm comes of waiting?",
        "harm_of_finish" => "What harm comes of finishing?",
        "harm_of_back_out" => "What harm comes of going back?",
        "agreed_with" => "With whom did you choose this?",
        "agrees" => "Do you agree that none of the eight questions applies?",
        "grounds" => "Why should the rejection not stand?",
        "purpose" => "What is it?",
        _ => "",
    };
    match when {
        "" => words.to_owned(),
        when if words.is_empty() => when.trim().to_owned(),
        when => format!("{words}{when}?"),
    }
}

fn numbered(id: &str) -> Option<String> {
    let (number, part) = |rest: &str| -> Option<(u32, String)> {
        let (number, part) = rest.split_once('_').unwrap_or((rest, ""));
        Some((number.parse().ok()?, part.to_owned()))
    }(id.strip_prefix("control_").or_else(|| id.strip_prefix("resubmit_"))?)?;
    let is_control = id.starts_with("control_");
    Some(match (is_control, part.as_str()) {
        (true, "") => format!("Control {number}: what lowers the risk?"),
        (true, "state") => format!("How far is control {number}?"),
        (true, "owner") => format!("Who sees to control {number}?"),
        (true, "due") => format!("By when is control {number} in place?"),
        (false, "") => format!("Condition {number} for sending it again: what has to be so?"),
        (false, "evidence") => format!("What shows that condition {number} is met?"),
        (false, "judge") => format!("Who judges condition {number}?"),
        _ => return None,
    })
}

/// What helps to fill in a field of a clinical act; empty where the label says enough.
pub fn field_hint(act: Act, id: &str) -> &'static str {
    match (act, id) {
        (Act::Stop, "reason") => "Say which danger to patients you see. Work in progress is held at the next safe point.",
        (Act::Stop, "rung") => "A stop is told by telephone, not only here.",
        (Act::SettleStop, "agreed_with") => "The safety officer and whoever does the work choose together: name the other.",
        (Act::Hazard, "hazard") => "One hazard, in one line, such as: old images cannot be seen in theatre.",
        (Act::Rate, "control_1") => "Leave it empty if nothing lowers the risk.",
        (_, "residual_harm") => "Leave these three empty if nothing lowers the risk.",
        (Act::ReviewScreening, "words") => "Needed if you disagree.",
        (Act::Clear, "words") => "What you looked at, and why the risk can be accepted.",
        (Act::Uphold | Act::Overrule, "harm") => "Your own assessment of the worst that could happen.",
        (Act::Overrule, "impractical") => "Needed where your rating is 3.",
        (Act::Overrule, "until") => "Needed where your rating is 3.",
        (_, "until") => "Not before the end of the work.",
        (_, "not_changing_harm") => "Rated in the same way, so that both sides of the balance are said.",
        (_, "no_conflict") => "You did not raise it, will not carry it out and gain nothing by either answer.",
        (_, "scope") => "Systems, sites, places of care and groups of patients.",
        (_, "alternatives") => "A smaller scope, another window, in phases, side by side.",
        (_, "never") => "Then leave the conditions empty.",
        (_, "immediate") => "Such as: stop, tell users, report an incident, tell the manufacturer.",
        (_, "hazard") => "Leave it empty if the hazards above say it all.",
        (_, "purpose") => "A downtime procedure is what the wards follow while the system is away.",
        (Act::Escalate, "benefit") => "Escalating does not accept the risk. It asks the authority’s safety officer.",
        (_, id) if id.ends_with("_owner") && id.starts_with("control_") => "Needed for a control that is scheduled.",
        _ => "",
    }
}

/// The words of an answer to a clinical field.
pub fn option_label(field: &str, code: &str) -> Option<String> {
    let field = field.trim_start_matches("residual_").trim_start_matches("not_changing_");
    let words = match field {
        "harm" => Harm::from_code(code)?.words().to_owned(),
        "patients" => Patients::from_code(code)?.words().to_owned(),
        "likelihood" => {
            let likelihood = Likelihood::from_code(code)?;
            format!("{}: {}", likelihood.words(), likelihood_meaning(likelihood))
        }
        "ground" => Ground::from_code(code)?.words().to_owned(),
        "after_stop" => match AfterStop::from_code(code)? {
            AfterStop::Hold => "it waits".to_owned(),
            AfterStop::Finish => "it is finished".to_owned(),
            AfterStop::BackOut => "it is backed out".to_owned(),
        },
        "purpose" => match code {
            "plan" => "a plan",
            "downtime_procedure" => "the downtime procedure",
            "test_result" => "a test result",
            "administrative" => "an administrative paper",
            _ => "something else",
        }
        .to_owned(),
        "pattern" | "which" => return Some(code.to_owned()),
        field if field.ends_with("_state") => signalbox_core::clinical::ControlState::from_code(code)?.words().to_owned(),
        _ => return None,
    };
    Some(sentence_case(&words))
}

/// The words on the button of a clinical act, and at the head of its page.
pub fn act_words(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::Hazard => ("Record the hazard", "Record a hazard"),
        Act::Rate => ("Save the rating", "Rate a hazard"),
        Act::Query => ("Ask", "Ask before deciding on clinical risk"),
        Act::AnswerQuery => ("Answer", "Answer the safety officer"),
        Act::Escalate => ("Escalate", "Escalate the clinical risk"),
        Act::Countersign => ("Countersign", "Countersign the clinical risk"),
        Act::ReviewScreening => ("Sign the second look", "Look again at the screening"),
        Act::WaiveDowntime => ("Save the reason", "Say why no downtime procedure is needed"),
        Act::Appeal => ("Appeal", "Appeal against the rejection"),
        Act::Uphold => ("Uphold the rejection", "Uphold the rejection"),
        Act::Overrule => ("Overrule the rejection", "Overrule the rejection"),
        _ => ("Save the choice", "Choose how stopped work goes on"),
    }
}

/// `4 of 5: death of more than one patient, likelihood low`.
pub fn rating_words(rating: &Rating) -> String {
    format!(
        "{} of 5: {}, {}, likelihood {}; severity {}",
        rating.rating,
        rating.harm.words(),
        rating.patients.words(),
        rating.likelihood.words(),
        rating.severity.words()
    )
}

/// Before and after the controls in a line.
pub fn rated_words(rated: &Rated) -> String {
    if rated.initial == rated.residual {
        return format!("Rated {}", rating_words(&rated.initial));
    }
    format!("Rated {}. After the controls {}", rating_words(&rated.initial), rating_words(&rated.residual))
}

/// What is said of a clinical event, and the words with it: good news, bad news or neither (`Some(true)`, `Some(false)`).
pub(super) fn event_words(event: &Event, prose: &Prose) -> Option<(String, Option<String>, Option<bool>)> {
    let text = |t: &Text| said(prose, t);
    let some = |t: &Option<Text>| t.as_ref().map(|t| said(prose, t));
    Some(match event {
        Event::Screened { answers, pattern, .. } => {
            let by = pattern.as_ref().map(|code| format!(", under the agreed statement {code}")).unwrap_or_default();
            match answers.iter().filter(|yes| **yes).count() {
                0 => (format!("Screened for clinical risk: none of the eight questions applies{by}"), None, Some(true)),
                yes => (format!("Screened for clinical risk: {yes} of the eight questions answered yes{by}, a safety officer decides"), None, None),
            }
        }
        Event::HazardRecorded(hazard) => (format!("Hazard H{} recorded", hazard.number), Some(text(&hazard.words.name)), None),
        Event::HazardRated(rated) => {
            let residual = rated.rated.residual.rating;
            let change = if residual == rated.rated.initial.rating { String::new() } else { format!(", {residual} after the controls") };
            (format!("Hazard H{} rated {}{change}", rated.number, rated.rated.initial.rating), Some(text(&rated.rated.why)), None)
        }
        Event::ClinicallyQueried { questions } => ("A safety officer asks before deciding".into(), Some(text(questions)), None),
        Event::ClinicalQueryAnswered { answer } => ("The safety officer is answered".into(), Some(text(answer)), None),
        Event::ClinicallyEscalated { benefit } => ("The clinical risk is escalated to the authority".into(), Some(text(benefit)), None),
        Event::ClinicallyCountersigned(signed) => ("Clinical risk countersigned".into(), some(&signed.words), Some(true)),
        Event::ScreeningReviewed { agrees, words } => {
            let what =
                if *agrees { "The screening was looked at again, and stands" } else { "The screening was looked at again, and a safety officer disagrees" };
            (what.into(), some(words), Some(*agrees))
        }
        Event::DowntimeWaived { reason } => ("No downtime procedure is needed".into(), Some(text(reason)), None),
        Event::ClinicallyRejected { hazard, harm, resubmit_when, form } => {
            let said = match form {
                Some(form) => form.hazards.iter().map(|h| format!("H{}: {}", h.number, text(&h.words.name))).collect::<Vec<_>>().join("\n"),
                None => {
                    let part = |label: &str, words: &Option<Text>| words.as_ref().map(|words| format!("{label}: {}", text(words)));
                    let parts = [part("What could go wrong", hazard), part("Harm", harm), part("What has to change", resubmit_when)];
                    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
                }
            };
            ("Rejected on clinical grounds".into(), Some(said), Some(false))
        }
        Event::ClinicallyAppealed { grounds } => ("The rejection is taken to the authority’s safety officer".into(), Some(text(grounds)), None),
        Event::ClinicalRejectionUpheld { assessment, words } => {
            (format!("The rejection is upheld, on an own rating of {}", assessment.rating), Some(text(words)), Some(false))
        }
        Event::ClinicalRejectionOverruled(overruled) => {
            (format!("The rejection is overruled, on an own rating of {}", overruled.assessment.rating), Some(text(&overruled.words)), Some(true))
        }
        Event::Stopped { reason, form } => {
            let rung = form.as_ref().and_then(|form| form.rung.as_ref()).map(|rung| format!("\nRung: {}", text(rung))).unwrap_or_default();
            ("Stopped for patient safety".into(), Some(format!("{}{rung}", text(reason))), Some(false))
        }
        Event::StopSettled(settled) => {
            let what = match settled.choice {
                AfterStop::Hold => "After the stop: the work waits",
                AfterStop::Finish => "After the stop: the work is finished",
                AfterStop::BackOut => "After the stop: the work is backed out",
            };
            let said = format!(
                "Harm of waiting: {}\nHarm of finishing: {}\nHarm of going back: {}\nChosen with: {}",
                text(&settled.harm_of_hold),
                text(&settled.harm_of_finish),
                text(&settled.harm_of_back_out),
                text(&settled.agreed_with)
            );
            (what.into(), Some(said), None)
        }
        _ => return None,
    })
}

/// The first words of the subject of a letter about a clinical event.
pub fn subject(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Screened { .. } => "Screened for clinical risk",
        Event::HazardRecorded(_) => "Hazard recorded",
        Event::HazardRated(_) => "Hazard rated",
        Event::ClinicallyQueried { .. } => "A safety officer asks",
        Event::ClinicalQueryAnswered { .. } => "A safety officer is answered",
        Event::ClinicallyEscalated { .. } => "Clinical risk escalated",
        Event::ClinicallyAccepted { .. } => "Clinical risk accepted",
        Event::ClinicallyCountersigned(_) => "Clinical risk countersigned",
        Event::ScreeningReviewed { .. } => "Screening looked at again",
        Event::DowntimeWaived { .. } => "No downtime procedure needed",
        Event::ClinicallyAppealed { .. } => "Clinical rejection appealed",
        Event::ClinicalRejectionUpheld { .. } => "Clinical rejection upheld",
        Event::ClinicalRejectionOverruled(_) => "Clinical rejection overruled",
        Event::Stopped { .. } => "Stopped for patient safety",
        Event::StopSettled(_) => "After the stop",
        Event::ClinicallyRejected { .. } => "Rejected on clinical risk",
        _ => return None,
    })
}

/// Why a clinical act is barred, and who can change it.
pub(super) fn bar(code: &str, param: &str) -> Option<(String, &'static str)> {
    let (sentence, who) = match code {
        "registration-lapsed" => (
            format!("Your registration on record ended on {param}, and nobody signs on a lapsed one. What you typed is kept."),
            "An administrator records the new registration; until then a colleague or your deputy signs.",
        ),
        "not-registered" => (
            "No registration is on record for you in this organisation, so you cannot sign.".into(),
            "An administrator records it under Set-up, Safety officers.",
        ),
        "clinical-queried" => ("A safety officer asked, and waits for an answer.".into(), "The raiser, or the supplier’s change manager."),
        "signature-open" => ("The risk is accepted by one side and waits for a further signature.".into(), "The safety officers who have not signed yet."),
        "clinical-acceptance-ended" => (format!("The clinical risk was accepted until {param}."), "A safety officer accepts it anew."),
        "no-hazard" => ("No hazard is recorded, so there is nothing to rate or to accept.".into(), "Anybody who assesses the change records one."),
        "hazards-unrated" => (format!("Not rated yet: {param}."), "A safety officer rates it."),
        "controls-not-set" => {
            ("A control is neither verified nor scheduled before the start.".into(), "A safety officer rates the hazard anew, with its controls.")
        }
        "rating-too-high" => (
            format!("After all controls the rating is {param}, which cannot be accepted. Reject it, or escalate it with its benefits."),
            "Better controls, rated anew.",
        ),
        "exception-by-authority" => {
            ("A rating of 4 is accepted in an emergency only, by the authority’s safety officer.".into(), "The authority’s safety officer.")
        }
        "clinical-escalated" => ("It was escalated, so the authority’s safety officer decides.".into(), "The authority’s safety officer."),
        "clinical-other-side" => {
            (format!("It was rejected by a {param}; the same side decides anew."), "A safety officer of that side, who has read the form.")
        }
        "no-signature-open" => ("No signature is waiting.".into(), ""),
        "signed-already" => ("You have signed; each person signs once.".into(), "Another safety officer."),
        "not-your-signature" => {
            ("The signatures that are still open are not your organisation’s.".into(), "The safety officers of the organisations named on the record.")
        }
        "asked-twice" => ("It was asked about twice. Decide, or reject it for insufficient evidence.".into(), ""),
        "nothing-asked" => ("No safety officer has asked anything.".into(), ""),
        "nothing-to-escalate" => ("Nothing is to be escalated: no rating of 4 or 5 is under review, or it was escalated already.".into(), ""),
        "screened-by-you" => ("You screened it; another safety officer looks again.".into(), "Another safety officer."),
        "no-screening-to-review" => ("There is no screening without a yes that has not been looked at again.".into(), ""),
        "no-stop-open" => ("No stop is waiting for a choice.".into(), ""),
        "nothing-to-appeal" => ("There is no clinical rejection in force.".into(), ""),
        "appealed-already" => ("An appeal was made already.".into(), ""),
        "too-late-to-appeal" => ("More than ten working days have passed since the rejection.".into(), "Send it again as a new revision."),
        "own-rejection" => {
            ("You signed the rejection; another of the authority’s safety officers rules on the appeal.".into(), "Another of the authority’s safety officers.")
        }
        "no-appeal-open" => ("No appeal is open.".into(), "The raiser appeals within ten working days."),
        "clinical-overruled" => ("The authority’s safety officer overruled the rejection of this revision.".into(), ""),
        "downtime-not-needed" => ("No downtime procedure is missing here.".into(), ""),
        "downtime-procedure-missing" => (
            "The downtime procedure of the wards is not attached.".into(),
            "Whoever has it attaches it as “the downtime procedure”, or a safety officer says why none is needed.",
        ),
        _ => return None,
    };
    Some((sentence, who))
}

/// What is wrong with a clinical form, as a sentence that says what to do.
pub(super) fn fault(code: &str, params: &[String]) -> Option<String> {
    let param = |n: usize| params.get(n).map_or(String::new(), |p| super::read_param(p));
    Some(match code {
        "controls-missing" => format!("Say what lowers the rating from {} to {}, or leave what is asked after the controls empty.", param(0), param(1)),
        "after-the-start" => format!("Enter a day up to {}, when the work starts.", param(0)),
        "before-the-end" => format!("Enter a day from {} on; the work ends then.", param(0)),
        "not-rated-higher" => format!("Not changing has to be rated higher than the {} that would be accepted; it is rated {}.", param(0), param(1)),
        "form-not-read" => "Read the form of the rejection first. It is on the record.".into(),
        "stop-instead" => "Stop the change instead. It is approved already, and a stop says why.".into(),
        "hazard-unanswered" => format!("Answer {}: the rejection names it.", param(0)),
        "hazards-unrated" => format!("Rate {} first, or reject for insufficient evidence.", param(0)),
        "ask-first" => format!("Ask first: a lack of evidence is a rejection after {} rounds of questions.", param(0)),
        "conflict-of-interest" => "Let another safety officer sign: nobody decides on what they have an interest in.".into(),
        "resubmit-missing" => "Say what has to be so before it is sent again, or that it will not be accepted in any form.".into(),
        "never-or-when" => "Leave the conditions empty, or let it be sent again: both cannot be so.".into(),
        "rating-not-acceptable" => format!("A rating of {} cannot be accepted, so it cannot overrule. Uphold the rejection.", param(0)),
        _ => return None,
    })
}
