//! What is said of carrying out and learning: the labels of its fields, and a line for each of its events.

use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::carry::{GoTold, Planned, StepTold};
use signalbox_core::event::{Event, Told};
use signalbox_core::learn::{Findings, Grade, Worked};
use signalbox_store::project::Prose;

use super::lines::Tone;
use super::{Names, counted, listed, said, sentence_case};

/// The label of a field of these acts; empty for any other.
pub fn field_label(id: &str) -> String {
    if let Some(rest) = id.strip_prefix("action_") {
        let (number, part) = rest.split_once('_').unwrap_or((rest, ""));
        return match (number.parse::<u32>(), part) {
            (Ok(n), "") => format!("Action {n}"),
            (Ok(n), "owner") => format!("Who does action {n}?"),
            (Ok(n), "due") => format!("By when is action {n} done?"),
            _ => String::new(),
        };
    }
    let words = match id {
        "plan" => "Which plan do the steps belong to?",
        "steps" => "Steps, one a line",
        "owner" => "Which organisation does them?",
        "person" => "Who, if you know",
        "minutes" => "Minutes for each step",
        "offset" => "Minutes after the start of the window",
        "in_order" => "Does each step wait for the one before?",
        "verify" => "How is it seen to have worked?",
        "after" => "After which steps?",
        "take_out" => "Which steps are taken out?",
        "template" => "Take the steps of a set",
        "decider" => "Who decides go or no-go?",
        "minutes_before" => "How many minutes before the start is it decided?",
        "result" => "What became of it?",
        "go" => "Go?",
        "until" => "By when is everything back at the latest now?",
        "site_agreed" => "Who agreed at the site?",
        "on_call_agreed" => "Which manager on call agreed?",
        "state_verified" => "How was the former state found to be back?",
        "worked" => "Did it work for you?",
        "upheld" => "Is the dispute upheld?",
        "looked" => "Did you look for incidents?",
        "cause" => "What was the cause?",
        "why" => "Why did it happen?",
        "differently" => "What will be done differently?",
        "benefit" => "Did the benefit come?",
        "benefit_words" => "What came of it?",
        "informed" => "How well were you kept informed?",
        "promised" => "How much did it go as promised?",
        "incident" => "Which incident?",
        "area" => "Which department?",
        "department_name" => "Which one, where there are several?",
        "who_there" => "Who there was told?",
        "knows" => "Did they say that they know, and that care is covered?",
        _ => "",
    };
    words.to_owned()
}

/// What helps to fill in such a field; empty where the label says enough.
pub fn field_hint(act: Act, id: &str) -> &'static str {
    match (act, id) {
        (Act::Plan, "steps") => "Such as: save the configuration. Each line becomes a step.",
        (Act::Plan, "owner") => "The code of a party to this change. Leave it empty for your own.",
        (Act::Plan, "person") => "Their e-mail address here.",
        (Act::Plan, "minutes") => "Needed with steps.",
        (Act::Plan, "offset") => "A minus sign for before it. Leave it empty to follow the step above.",
        (Act::Plan, "in_order") => "They do, unless you say no.",
        (Act::Plan, "decider") => "Their e-mail address here. Leave it empty for none.",
        (Act::Plan, "minutes_before") => "60, unless you say otherwise.",
        (Act::Plan, "take_out") => "Only steps that nobody has begun.",
        (Act::RecordStep, "minutes") => "Minutes of work it took, if you know.",
        (Act::RecordStep, "words") => "Needed when a step is left out or failed.",
        (Act::DecideGo, "words") => "Needed for a no.",
        (Act::Extend, "until") => "Alarms count as expected until then.",
        (Act::Extend, "on_call_agreed") => "Of the organisation that runs the service.",
        (Act::ConfirmWorked, "words") => "Needed unless it worked with nothing to add.",
        (Act::Dispute, "reason") => "Say what did not work, for whom and since when.",
        (Act::AnswerDispute, "upheld") => "If it is, restate the outcome next.",
        (Act::Review, "words") => "What was expected, and what happened.",
        (Act::Close, "looked") => "Leave it empty if nobody did. The record then says so.",
        (Act::TellDepartment, "who_there") => "Name and role.",
        (Act::TellDepartment, "department_name") => "Such as the ward’s name.",
        (Act::RecordNearMiss, "words") => "What almost went wrong, and what kept it from doing so. Nobody is named with it.",
        (Act::Survey, "informed" | "promised") => "From 1, not at all, to 5, fully.",
        (Act::LinkIncident | Act::UnlinkIncident, "incident") => "Its number, such as INC0041207.",
        _ if id.starts_with("action_") && id.ends_with("_owner") => "The code of a party to this change.",
        _ if id.starts_with("action_") && !id.ends_with("_due") => "Leave it empty if there is none.",
        _ => "",
    }
}

/// The words of an answer that is stored as a code; `None` where another table knows them.
pub fn option_label(field: &str, code: &str) -> Option<&'static str> {
    Some(match (field, code) {
        ("plan", "implement") => "Do the work",
        ("plan", "test") => "Test that it worked",
        ("plan", "back_out") => "Go back",
        ("plan", "communicate") => "Tell people",
        ("result", "started") => "It has begun",
        ("result", "done") => "Done",
        ("result", "skipped") => "Left out",
        ("result", "failed") => "It failed",
        ("go", "yes") => "Go",
        ("go", "no") => "No-go",
        ("worked", "yes") => "Yes, it worked",
        ("worked", "with_issues") => "Yes, with issues",
        ("worked", "no") => "No",
        ("cause", code) => return signalbox_core::learn::RootCause::from_code(code).map(signalbox_core::learn::RootCause::words),
        ("benefit", code) => return signalbox_core::learn::Benefit::from_code(code).map(signalbox_core::learn::Benefit::words),
        ("template", "procedure") => "The procedure of the catalogue",
        _ => return None,
    })
}

/// What happened, with what was said of it; `None` for an event of another family.
pub fn line(event: &Event, names: &Names, prose: &Prose) -> Option<(String, Option<String>, Tone)> {
    let some = |t: &Option<signalbox_core::text::Text>| t.as_ref().map(|t| said(prose, t));
    let text = |t: &signalbox_core::text::Text| Some(said(prose, t));
    Some(match event {
        Event::Planned(planned) => (planned_words(planned, names), planned_steps(planned, prose), Tone::Plain),
        Event::StepStarted(told) => (step(told, names, "begun"), some(&told.words), Tone::Plain),
        Event::StepDone(told) => (step(told, names, "done"), some(&told.words), Tone::Good),
        Event::StepSkipped(told) => (step(told, names, "left out"), some(&told.words), Tone::Plain),
        Event::StepFailed(told) => (step(told, names, "failed"), some(&told.words), Tone::Bad),
        Event::GoDecided(told) => (go(told, names), some(&told.words), if told.go { Tone::Good } else { Tone::Bad }),
        Event::Extended(extension) => {
            let until = local::time_words(extension.until, &names.zone);
            let agreed = format!(
                "{}\nAgreed at the site: {}\nOn call: {}",
                said(prose, &extension.reason),
                said(prose, &extension.site_agreed),
                said(prose, &extension.on_call_agreed)
            );
            (format!("More time agreed: all back by {until} at the latest"), Some(agreed), Tone::Bad)
        }
        Event::LastSafePassed => ("The last safe moment to go back has passed".into(), None, Tone::Bad),
        Event::ExpiryProposed => ("Nobody has touched it for a long time; it is proposed to end it".into(), None, Tone::Bad),
        Event::WorkConfirmed(word) => {
            let tone = if word.worked == Worked::Yes { Tone::Good } else { Tone::Bad };
            (format!("{}: {}", names.org(word.org), word.worked.words()), some(&word.words), tone)
        }
        Event::OutcomeDisputed(dispute) => (format!("Outcome disputed by {}", names.org(dispute.org)), text(&dispute.reason), Tone::Bad),
        Event::DisputeAnswered(answer) => {
            let what = if answer.upheld { "Dispute upheld" } else { "Dispute not upheld" };
            (what.into(), text(&answer.words), Tone::Plain)
        }
        Event::ActionDone(told) => (format!("Action {} is done", told.number), some(&told.words), Tone::Good),
        Event::DepartmentTold(one) => {
            let name = one.name.as_ref().map_or(String::new(), |name| format!(", {}", said(prose, name)));
            let area = format!("{}{name}", super::option_label("area", &one.area));
            let at = local::time_words(one.told.happened_at, &names.zone);
            let what = if one.confirmed { format!("{area}: told at {at}, and confirmed") } else { format!("{area}: told at {at}") };
            (what, text(&one.who), if one.confirmed { Tone::Good } else { Tone::Plain })
        }
        Event::NearMissRecorded(near) => ("Near miss recorded".into(), text(&near.words), Tone::Say),
        Event::Surveyed(survey) => {
            (format!("The requester: kept informed {} of 5, as promised {} of 5", survey.informed, survey.promised), some(&survey.words), Tone::Plain)
        }
        Event::IncidentLinked(link) => (format!("Incident linked, {}", grade(link.grade)), None, Tone::Bad),
        Event::IncidentUnlinked(link) => ("Incident taken off".into(), text(&link.reason), Tone::Plain),
        _ => return None,
    })
}

/// `a priority 1 or 2`.
fn grade(grade: Grade) -> &'static str {
    grade.words()
}

fn planned_words(planned: &Planned, names: &Names) -> String {
    let mut parts = vec![];
    if !planned.added.is_empty() {
        parts.push(format!("{} planned", counted(planned.added.len() as i64, "step")));
    }
    if !planned.taken_out.is_empty() {
        parts.push(format!("{} taken out", counted(planned.taken_out.len() as i64, "step")));
    }
    if let Some(checkpoint) = &planned.checkpoint {
        parts.push(format!("{} decides go or no-go", names.person(Some(checkpoint.decider))));
    }
    let decided = if planned.material { "; any approval is void" } else { "" };
    format!("{}{decided}", sentence_case(&listed(&parts)))
}

fn planned_steps(planned: &Planned, prose: &Prose) -> Option<String> {
    let lines: Vec<String> = planned.added.iter().map(|step| format!("{}. {}", step.number, said(prose, &step.what))).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn at(told: &Told, names: &Names) -> String {
    let departs: Vec<String> = told.deviations.iter().map(|code| super::lines::deviation(code)).collect();
    let departs = if departs.is_empty() { String::new() } else { format!("; departs from the plan: {}", departs.join("; ")) };
    format!(" at {}{departs}", local::time_words(told.happened_at, &names.zone))
}

fn step(told: &StepTold, names: &Names, what: &str) -> String {
    let took = told.minutes.map_or(String::new(), |minutes| format!(", {} of work", counted(minutes, "minute")));
    format!("Step {} {what}{}{took}", told.number, at(&told.told, names))
}

fn go(told: &GoTold, names: &Names) -> String {
    format!("{}{}", if told.go { "Go" } else { "No-go" }, at(&told.told, names))
}

/// What a review found, part by part.
pub fn findings(found: &Findings, prose: &Prose, names: &Names) -> String {
    let mut parts = vec![format!("Cause: {}.", found.cause.words())];
    parts.extend(found.why.as_ref().map(|t| format!("Why: {}", said(prose, t))));
    parts.extend(found.differently.as_ref().map(|t| format!("Differently: {}", said(prose, t))));
    parts.push(format!("Benefit: {}.", found.benefit.words()));
    parts.extend(found.benefit_words.as_ref().map(|t| said(prose, t)));
    let action = |a: &signalbox_core::learn::NewAction| {
        format!("Action {}: {} ({}, by {})", a.number, said(prose, &a.what), names.org(a.owner), local::day_words(a.due))
    };
    parts.extend(found.actions.iter().map(action));
    parts.join("\n")
}

/// The heading of the step's outcome in a letter.
pub fn subject(event: &Event) -> &'static str {
    match event {
        Event::Planned(_) => "Planned",
        Event::StepFailed(_) => "A step failed",
        Event::StepStarted(_) | Event::StepDone(_) | Event::StepSkipped(_) => "A step",
        Event::GoDecided(told) if told.go => "Go",
        Event::GoDecided(_) => "No-go",
        Event::Extended(_) => "More time",
        Event::LastSafePassed => "Last safe moment passed",
        Event::ExpiryProposed => "Proposed to end",
        Event::WorkConfirmed(_) => "Did it work",
        Event::OutcomeDisputed(_) => "Disputed",
        Event::DisputeAnswered(_) => "Dispute answered",
        Event::ActionDone(_) => "Action done",
        Event::DepartmentTold(_) => "Department told",
        Event::NearMissRecorded(_) => "Near miss",
        Event::Surveyed(_) => "How it went",
        Event::IncidentLinked(_) | Event::IncidentUnlinked(_) => "Incident",
        _ => "News",
    }
}
