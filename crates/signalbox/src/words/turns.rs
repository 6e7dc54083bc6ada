//! How a change would have gone otherwise, in sentences.

use signalbox_core::calendar::Notice;
use signalbox_core::process::Process;
use signalbox_core::refusal::Refusal;
use signalbox_core::rehearse::Judged;
use signalbox_core::rehearse::turns::Turn;

use super::{act_title, bar, fault, field_label, listed};

/// One turn as a sentence. `process`: the document that it would have gone under, for the words of its questions.
pub fn turn_words(turn: &Turn, process: Option<&Process>) -> String {
    let or_none = |one: &Option<String>| one.clone().map_or("none".to_owned(), |words| words.replace('_', " "));
    match turn {
        Turn::Notice { was, is } => format!("Notice: {} instead of {}.", judged(is), judged(was)),
        Turn::Category { was, is } => format!("Category: {} instead of {}.", or_none(is), or_none(was)),
        Turn::Approver { was, is } => format!("Decided by {} instead of {}.", roles(is), roles(was)),
        Turn::Assessments { more, fewer } => {
            let words = |kinds: &[signalbox_core::change::AssessmentKind]| listed(&kinds.iter().map(|kind| kind.words().to_owned()).collect::<Vec<_>>());
            match (more.is_empty(), fewer.is_empty()) {
                (false, true) => format!("Also assessed: {}.", words(more)),
                (true, _) => format!("Not assessed: {}.", words(fewer)),
                (false, false) => format!("Also assessed: {}; not: {}.", words(more), words(fewer)),
            }
        }
        Turn::Missed(missed) => {
            let question = process.and_then(|process| process.question(&missed.field)).map(|question| question.text.clone());
            let label = field_label(&missed.field);
            let words = question.unwrap_or(if label.is_empty() { missed.field.replace('_', " ") } else { label });
            format!("Nobody was asked: {words}")
        }
        Turn::Refused(refused) => {
            let why: Vec<String> = match &refused.why {
                Refusal::Denied(bars) => bars.iter().map(|one| bar(one).sentence).collect(),
                Refusal::Invalid(faults) => faults.iter().map(fault).collect(),
                Refusal::WrongStage(stage) => vec![format!("it stands at “{}” then.", stage.words())],
            };
            format!("“{}” would not have been possible: {}", act_title(refused.act), why.join(" "))
        }
        Turn::Possible(act) => format!("“{}” would have been possible.", act_title(*act)),
        Turn::Stage { was, is } => {
            let words = |stage: &Option<signalbox_core::change::Stage>| stage.map_or("not raised".to_owned(), |stage| format!("“{}”", stage.words()));
            format!("It would stand at {} instead of {}.", words(is), words(was))
        }
    }
}

/// The way in which a turn goes, without the days and names of its change, so that like turns count together.
pub fn way_words(turn: &Turn, process: Option<&Process>) -> String {
    let verdict = |one: &Option<Judged>| one.as_ref().map_or("none".to_owned(), |one| format!("{}, {}", one.verdict.words(), one.consequence.words()));
    match turn {
        Turn::Notice { was, is } => format!("Notice: {} instead of {}", verdict(is), verdict(was)),
        Turn::Refused(refused) => format!("“{}” would not have been possible", act_title(refused.act)),
        _ => turn_words(turn, process).trim_end_matches('.').to_owned(),
    }
}

fn judged(judged: &Option<Judged>) -> String {
    let Some(judged) = judged else { return "none".to_owned() };
    let asked = Notice { amount: judged.asked, basis: judged.basis };
    format!("{}, {} ({} given of {asked})", judged.verdict.words(), judged.consequence.words(), judged.days)
}

fn roles(words: &Option<String>) -> String {
    words.as_deref().map_or("nobody".to_owned(), |words| words.replace("; ", " or "))
}
