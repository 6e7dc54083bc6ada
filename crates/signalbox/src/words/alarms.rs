//! What is said of alarms: expected or not, why, until when, and what to do. It never says that nobody needs to go (X5).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::alarm::Class;
use signalbox_core::calendar::local;
use signalbox_store::queries::alarms::AlarmLine;

/// Why somebody may not tell of alarms.
pub const MAY_NOT_TELL: &str =
    "Alarms are told by an operations desk, a trust coordinator, a change manager or the network provider’s desk. Ask one of them for a token.";

/// What work is called that the reader may not see (settled 8).
const RESTRICTED: &str = "restricted work";

/// How an alarm was read, in a sentence or two with what to do.
pub fn reading(line: &AlarmLine, zone: &TimeZone) -> String {
    let work = line.change.as_ref().map_or(RESTRICTED.to_owned(), |(reference, _)| reference.clone());
    let until = line.until.map(|until| local::time_words(until, zone)).unwrap_or_default();
    let object = &line.object;
    match line.class {
        Class::Expected => format!("Matches {work} until {until}. Ring the site if it is worse or longer; if it is still down at {until}, treat it as real."),
        Class::RingFirst => format!("{work} names {object}, and nobody has decided on it yet. Ring the site first."),
        Class::NotStarted => format!("{work} names {object} and is not known to have started. Ring the site now, then dispatch."),
        Class::Overrun => format!("{work} names {object} and takes longer than it said. Ring the site now, then dispatch."),
        Class::Near => {
            format!("{work} is done at this site and does not name {object}. Ring whoever is on site before you dispatch; do not wait longer than ten minutes.")
        }
        Class::NetworkNotTold => {
            format!("Matches {work} until {until}. The supplier was told of it and the network provider was not. Ring the site if it is worse or longer.")
        }
        Class::Safety if line.is_answered => format!("A safety alarm is never quiet, though it falls into {work}. Act on it."),
        Class::Safety => "A safety alarm is never quiet. Act on it.".into(),
        Class::Real | Class::Unannounced => "No work that is running or announced names it. Treat it as real.".into(),
    }
}

/// The colour of its tag.
pub fn colour(class: Class) -> &'static str {
    match class {
        Class::Expected => "green",
        Class::RingFirst | Class::Near | Class::NetworkNotTold => "yellow",
        Class::NotStarted | Class::Overrun | Class::Safety => "red",
        Class::Real => "orange",
        Class::Unannounced => "purple",
    }
}

/// A class as a label.
pub fn label(class: Class) -> String {
    super::sentence_case(class.words())
}

/// What was known when it was read.
pub fn evidence(line: &AlarmLine, moment: impl Fn(Timestamp) -> String) -> String {
    let known = &line.evidence;
    let notice = match (&known.notice_received, &known.verdict) {
        (Some(received), Some(verdict)) => format!(" Its notice was received {} and counted as {}.", moment(*received), verdict.replace('_', " ")),
        _ if line.is_answered => " No notice of it was needed.".into(),
        _ => " No notice of anything that covers it had been received.".into(),
    };
    format!("Read {} by rule {}, when the record held {} entries.{notice}", moment(line.received_at), line.class.rule(), known.log_seq)
}
