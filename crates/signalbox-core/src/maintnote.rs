//! The notice of a change as its network provider reads it: the values of a maintenance notice (MaintNote, spec 10.3),
//! and when a further version of it is owed. Pure: what was sent before is an argument, and so are the circuits.

use crate::calendar::Calendar;
use crate::carry;
use crate::change::{Change, Confidentiality, Kind, Network, Stage};
use crate::form::Answer;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

vocabulary! {
    /// How far the work has come, in the words of X-MAINTNOTE-STATUS (spec 10.3).
    Status {
        Tentative = "TENTATIVE", "tentative";
        Confirmed = "CONFIRMED", "confirmed";
        InProcess = "IN-PROCESS", "in progress";
        Completed = "COMPLETED", "completed";
        Cancelled = "CANCELLED", "cancelled";
    }
}

impl Status {
    /// Whether the provider is asked to acknowledge it: the work is still to come or under way.
    pub fn is_open(self) -> bool {
        !matches!(self, Status::Completed | Status::Cancelled)
    }
}

vocabulary! {
    /// What the work does to the line, in the words of X-MAINTNOTE-IMPACT.
    Impact {
        NoImpact = "NO-IMPACT", "none expected";
        ReducedRedundancy = "REDUCED-REDUNDANCY", "a reserve is missing";
        Degraded = "DEGRADED", "works worse";
        Outage = "OUTAGE", "out of service";
    }
}

/// A circuit that is touched, and the provider's customer account to which it belongs, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit {
    pub reference: String,
    pub account: Option<i64>,
}

/// One version of the notice to one account. A change has a part for each account, so that nobody reads of circuits
/// that are not theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// From 1; the same account keeps its number for the life of the change.
    pub part: u32,
    /// `None`: circuits of which no account is known.
    pub account: Option<i64>,
    /// From 1, and one more with each version.
    pub sequence: u32,
    pub status: Status,
    pub impact: Impact,
    pub start: Timestamp,
    /// The latest end, with what it was extended by.
    pub end: Timestamp,
    pub title: Text,
    /// The title is not for these eyes: the schedule shows it as restricted work.
    pub is_restricted: bool,
    /// In order, each once.
    pub objects: Vec<String>,
}

impl Version {
    /// The identity of the notice, stable for life: `<reference>-net@<host>`, with the number of the part behind it
    /// where there is more than one (spec 10.3).
    pub fn uid(&self, reference: &str, host: &str) -> String {
        let part = if self.part == 1 { String::new() } else { format!("-{}", self.part) };
        format!("{reference}-net{part}@{host}")
    }

    /// Whether a reader is told the same by both.
    fn says_what(&self, other: &Version) -> bool {
        Version { sequence: other.sequence, ..self.clone() } == *other
    }
}

/// The status that the stage of a change gives (spec 10.3). `None`: nothing is said of it yet.
pub fn status(change: &Change) -> Option<Status> {
    match change.stage {
        Stage::Draft | Stage::LocalAuth => None,
        _ if change.network == Network::NotNeeded => Some(Status::Cancelled),
        // A notice that came back for more is not withdrawn: the same window may stand within the day (X4).
        Stage::Submitted | Stage::Returned | Stage::Assessing | Stage::AwaitingApproval | Stage::OnHold | Stage::Approved => Some(Status::Tentative),
        Stage::Scheduled => Some(Status::Confirmed),
        Stage::Implementing | Stage::BackingOut if is_all_back(change) => Some(Status::Completed),
        Stage::Implementing | Stage::BackingOut => Some(Status::InProcess),
        Stage::Implemented | Stage::Review | Stage::Closed if change.work.started.is_some() => Some(Status::Completed),
        Stage::Implemented | Stage::Review | Stage::Closed => Some(Status::Cancelled),
        Stage::ClinRejected | Stage::Rejected | Stage::Cancelled | Stage::Withdrawn | Stage::Expired => Some(Status::Cancelled),
    }
}

/// Every service that the work takes away was said to be back.
fn is_all_back(change: &Change) -> bool {
    let Some(content) = &change.content else { return false };
    let mut gone = content.header.services.iter().chain(&content.parties.derived_services).peekable();
    gone.peek().is_some() && gone.all(|service| change.work.restored.iter().any(|(back, _)| back == service))
}

/// What the line is said to suffer. Unsure counts as out of service: an alarm that then comes is no surprise.
fn impact(change: &Change) -> Impact {
    match change.content.as_ref().and_then(|content| content.answers.get("network_affected")) {
        Some(Answer::Choice(code)) if code == "no" => Impact::NoImpact,
        _ => Impact::Outage,
    }
}

/// The versions that are owed now: of each account whose reader would be told something else than by the latest that
/// was `sent` to it. Nothing is told of work that was recorded when it was over.
pub fn owed(change: &Change, circuits: &[Circuit], sent: &[Version]) -> Vec<Version> {
    let (Some(status), Some(content), Some(window), Some(end)) = (status(change), &change.content, change.window(), carry::latest_end(change)) else {
        return vec![];
    };
    if change.kind == Kind::Retrospective {
        return vec![];
    }
    let mut groups: BTreeMap<Option<i64>, Vec<String>> = BTreeMap::new();
    for circuit in circuits {
        groups.entry(circuit.account).or_default().push(circuit.reference.clone());
    }
    let header = &content.header;
    let mut highest = sent.iter().map(|version| version.part).max().unwrap_or(0);
    let mut owed = vec![];
    for (account, mut objects) in groups {
        objects.sort();
        objects.dedup();
        let before = sent.iter().find(|version| version.account == account);
        let version = Version {
            part: before.map_or(highest + 1, |version| version.part),
            account,
            sequence: before.map_or(1, |version| version.sequence + 1),
            status,
            impact: impact(change),
            start: window.start,
            end,
            title: header.title.clone(),
            is_restricted: header.confidentiality != Confidentiality::Open,
            objects,
        };
        let is_news = match before {
            // Nobody is told of the end of something that they never heard of.
            None => status.is_open(),
            // What is over stays as it was told.
            Some(before) => {
                (status.is_open() || before.status != status)
                    && !(before.status == Status::Cancelled && status == Status::Completed)
                    && !version.says_what(before)
            }
        };
        if is_news {
            highest = highest.max(version.part);
            owed.push(version);
        }
    }
    // An account that has no circuit in it any more hears that this is over for it.
    let is_left = |before: &&Version| before.status.is_open() && !circuits.iter().any(|circuit| circuit.account == before.account);
    owed.extend(sent.iter().filter(is_left).map(|before| Version { sequence: before.sequence + 1, status: Status::Cancelled, ..before.clone() }));
    owed
}

/// Who is asked once the provider has been told by mail and says nothing, in order (X6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chase {
    /// The provider, by mail once more.
    Mail = 0,
    /// The supplier's change manager, to ring them.
    Ring = 1,
    /// The named supervisor: the authority's change manager.
    Supervisor = 2,
}

/// The steps of X6, each with its working days after the provider was told. After them work may go on with the proof
/// that the provider was told; silence never blocks.
pub const CHASES: [(Chase, i64); 3] = [(Chase::Mail, 2), (Chase::Ring, 3), (Chase::Supervisor, 4)];

/// When a step of X6 is due. Where the work begins sooner than that, the steps share the time that is left.
pub fn chased_at(chase: Chase, told_at: Timestamp, start: Timestamp, calendar: &Calendar, zone: &TimeZone) -> Timestamp {
    let days = CHASES.iter().find(|(one, _)| *one == chase).map_or(0, |(_, days)| *days);
    let due = calendar.due_at(told_at, days, zone);
    let seconds = start.duration_since(told_at).as_secs().max(0);
    let share = jiff::SignedDuration::from_secs(seconds * (chase as i64 + 1) / (CHASES.len() as i64 + 1));
    if due < start { due } else { told_at.checked_add(share).unwrap_or(due) }
}

/// Since when the provider has owed an acknowledgement of what it was told by mail.
pub fn unanswered_since(change: &Change) -> Option<Timestamp> {
    match &change.network {
        Network::Sent { at, .. } if !change.stage.is_final() => Some(*at),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
