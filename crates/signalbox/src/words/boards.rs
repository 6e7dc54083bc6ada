//! Boards in words: votes, quorums, and who said nothing.

use signalbox_core::board::{Choice, Heard, Seat, Voted};

use super::{Names, counted, listed};

/// `Voted for`, with the seat it was cast from.
pub fn vote_words(vote: &Voted) -> String {
    let choice = match vote.choice {
        Choice::For => "Voted for it",
        Choice::Against if vote.seat == Seat::Safety => "Voted against it as safety officer, which is binding",
        Choice::Against => "Voted against it",
        Choice::Abstain => "Voted without a view",
    };
    format!("{choice} ({})", vote.seat.words())
}

/// How the board stood when its chair decided: `; the board voted 3 for and 1 against; no word from X, deemed no objection`.
pub fn heard_words(heard: &Heard, names: &Names) -> String {
    let votes = match (heard.votes_for, heard.votes_against) {
        (0, 0) => "; heard by the board without a vote".to_owned(),
        (yes, no) => format!("; the board voted {yes} for and {no} against"),
    };
    let silent: Vec<String> = heard.deemed.iter().map(|org| names.org(*org)).collect();
    if silent.is_empty() { votes } else { format!("{votes}; no word from {}, deemed no objection", listed(&silent)) }
}

/// `3 for, 1 against`.
pub fn tally(yes: usize, no: usize) -> String {
    match (yes, no) {
        (0, 0) => "No votes yet".to_owned(),
        (yes, no) => format!("{} for, {no} against", counted(yes as i64, "vote")),
    }
}
