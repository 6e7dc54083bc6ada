//! What is said of past work to those who plan the next: lessons, figures, what came back.

use signalbox_core::change::{Change, Outcome};
use signalbox_core::learn::{self, CameBack, RootCause};
use signalbox_core::report::{Ratio, Reading};
use signalbox_store::project::Prose;
use signalbox_store::queries::lessons::By;

use super::{counted, option_label, said};

/// Why somebody may not tell of incidents.
pub const MAY_NOT_REPORT_INCIDENTS: &str =
    "Incidents are told by an operations desk, a trust coordinator, a change manager or the network provider’s desk. Ask one of them for a token.";

/// Why an incident that was told before is not told differently.
pub const INCIDENT_DIFFERS: &str =
    "An incident with this source and reference was told with other values. Nothing was changed; send \"update\": true to write the new ones.";

/// Above what may be begun from an incident.
pub const RAISE_FROM_INCIDENT: &str =
    "The draft begins with what is known of the incident. Nothing is sent until the last step, and you may change every answer.";

/// The same for somebody who may begin nothing.
pub const NOTHING_TO_RAISE: &str = "None of your roles may raise a change. Your organisation’s coordinator gives roles.";

/// What a change leaves for the next one like it, a line each; nothing where nobody had anything to say.
pub fn lessons(change: &Change, prose: &Prose) -> Vec<String> {
    let known = &change.learnt;
    let mut lines = vec![];
    match (&known.findings, &change.review) {
        (Some(found), _) => {
            let why = found.why.as_ref().map_or(String::new(), |why| format!(" {}", said(prose, why)));
            if found.cause != RootCause::NothingWrong {
                lines.push(format!("What went wrong: {}.{why}", found.cause.words()));
            }
            lines.extend(found.differently.as_ref().map(|words| format!("Next time: {}", said(prose, words))));
        }
        (None, Some((.., words))) => lines.push(format!("The review: {}", said(prose, words))),
        (None, None) => {}
    }
    lines.extend(known.actions.iter().map(|action| {
        let state = if action.done.is_some() { "done" } else { "still open" };
        format!("Action, {state}: {}", said(prose, &action.action.what))
    }));
    lines.extend(known.near_misses.iter().map(|(near, _)| format!("Near miss: {}", said(prose, &near.words))));
    lines.extend(known.worst().map(|worst| format!("Led to {}; the worst was {}.", counted(known.incidents.len() as i64, "incident"), worst.words())));
    lines
}

/// How many like changes went as planned, and by what they are like this one.
pub fn like_share(by: By, share: Ratio) -> String {
    let like = match by {
        By::Items => "on the same equipment",
        By::Services => "of this kind for the same services",
    };
    let percent = match share.reading() {
        Reading::PerMille(_) => format!(" ({})", share.words()),
        _ => String::new(),
    };
    format!("{} of {} {like} went as planned{percent}.", share.part, share.whole)
}

/// How often changes came back, and how many of them again.
pub fn came_back(times: usize, again: usize) -> String {
    let again = if again == 0 { "none".to_owned() } else { again.to_string() };
    match times {
        0 => "Nothing came back.".into(),
        1 => format!("Changes came back once; {again} came again."),
        n => format!("Changes came back {n} times; {again} came again."),
    }
}

/// Why a change came back, by how it did and the code of the reason.
pub fn return_reason(how: CameBack, code: &str) -> String {
    match (how, code) {
        (CameBack::Returned, "supplier_side") => "The supplier has to say more".into(),
        (CameBack::Returned, _) => "Something was missing".into(),
        (CameBack::Clinical, _) => "A clinical risk".into(),
        (_, code) => option_label("reason_code", code),
    }
}

/// The tables from which a score is reckoned (C101): what counts, and its points.
pub fn score_table() -> Vec<(String, String)> {
    let outcome = |(outcome, points): (Outcome, i64)| (option_label("outcome", outcome.code()), points.to_string());
    let costs = |points: i64| format!("−{points}");
    let mut rows: Vec<(String, String)> = learn::POINTS.into_iter().map(outcome).collect();
    rows.extend(learn::INCIDENT_COSTS.into_iter().map(|(grade, points)| (format!("Its worst incident: {}", grade.words()), costs(points))));
    let (minutes, points) = learn::OVERRUN_COSTS;
    rows.push((format!("More than {minutes} minutes past its window"), costs(points)));
    rows.push(("Called a success, disputed, and the dispute upheld".into(), costs(learn::UPHELD_COSTS)));
    rows
}

/// How the score of a report is reckoned.
pub const SCORE_FORMULA: &str = "Each piece of work that was attempted has the points of its outcome, less what its incidents, its delay and an upheld dispute cost, \
    never below 0. The score is the mean of them; of fewer than ten none is printed.";

/// For how many nobody looked for incidents (X12).
pub fn unlooked(count: u64) -> String {
    match count {
        0 => "Somebody looked for incidents after every one.".into(),
        1 => "Nobody has looked after 1 of them, which is not the same as none.".into(),
        n => format!("Nobody has looked after {n} of them, which is not the same as none."),
    }
}
