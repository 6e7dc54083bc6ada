//! What the public is told of a piece of work, in sentences for everybody: no equipment, no people, no process.

use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::public::{Kind, Standing, State, Update};

use super::sentence_case;

/// From when to when, in words.
pub fn when(standing: &Standing, zone: &TimeZone) -> String {
    local::describe_window(standing.start, standing.end, zone).sentence()
}

/// What an update says.
pub fn update(update: &Update, zone: &TimeZone) -> String {
    let (standing, moment) = (&update.standing, |at| local::moment_words(at, zone));
    match update.kind {
        Kind::Planned => format!("It is planned: {}.", when(standing, zone)),
        Kind::Moved if standing.state == State::Undecided => format!("Another time is asked for, and not agreed yet: {}.", when(standing, zone)),
        Kind::Moved => format!("The time has changed. It is now {}.", when(standing, zone)),
        Kind::Undecided => "The time is being decided again. You hear when it is agreed.".into(),
        Kind::Started => format!("The work has started. It is expected to be over by {}.", moment(standing.end)),
        Kind::Extended => format!("It takes longer. It is now expected to be over by {}.", moment(standing.end)),
        Kind::Restored => "The work is over, and the service is back.".into(),
        Kind::Cancelled => "The work is cancelled. The service stays as it is.".into(),
        Kind::Reworded => "The words of the notice were changed.".into(),
        Kind::Withdrawn => "The notice was withdrawn.".into(),
    }
}

/// The kind of an update as a heading.
pub fn kind(kind: Kind) -> String {
    sentence_case(kind.words())
}

/// How the work stands, as a label.
pub fn label(state: State) -> String {
    sentence_case(state.words())
}

/// The colour of its tag.
pub fn colour(state: State) -> &'static str {
    match state {
        State::Planned => "blue",
        State::Undecided => "yellow",
        State::Running => "orange",
        State::Restored => "green",
        State::Cancelled | State::Withdrawn => "grey",
    }
}
