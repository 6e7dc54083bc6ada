//! What has happened, a line an event: for the history of a change and for mail.

use signalbox_core::calendar::local;
use signalbox_core::change::{Outcome, Window};
use signalbox_core::event::{Event, Recorded, Told};
use signalbox_core::text::Text;
use signalbox_store::project::Prose;

use super::sentences::window_phrase;
use super::{Names, basis_words, counted, listed, option_label, said, sentence_case};

/// How a line is marked: good news, bad news, something said, or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Say,
    #[default]
    Plain,
}

/// One event, told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What happened, without a full stop: `Approved`, `Work started at 22:04`.
    pub what: String,
    /// By whom, for whom and how: `by Grace Adeleke, Authority`, `recorded by Tom Achebe, Halden, on behalf of Sam Okoro, by phone`;
    /// empty where the program did it by itself.
    pub by: String,
    /// What was said with it.
    pub words: Option<String>,
    pub tone: Tone,
}

impl Line {
    /// The line in full: `Approved. By Grace Adeleke, Authority.`
    pub fn sentence(&self) -> String {
        if self.by.is_empty() {
            return format!("{}.", self.what);
        }
        format!("{}. {}.", self.what, sentence_case(&self.by))
    }
}

/// The line of an event.
pub fn event_line(recorded: &Recorded, names: &Names, prose: &Prose) -> Line {
    let text = |t: &Text| said(prose, t);
    let some = |t: &Option<Text>| t.as_ref().map(|t| said(prose, t));
    let (what, words, tone) = match &recorded.event {
        Event::Raised { on_behalf_of, .. } => raised(on_behalf_of.as_ref().map(text)),
        Event::Imported { source_ref, reason, .. } => (format!("Brought in from an earlier record, {source_ref}"), some(reason), Tone::Plain),
        Event::Proposed { .. } => plain("Sent to the coordinator"),
        Event::SentBack { reason } => ("Handed back to the author".into(), Some(text(reason)), Tone::Bad),
        Event::Submitted { late_words, late_reason, .. } => (submitted(&recorded.event), late(late_reason, some(late_words)), Tone::Plain),
        Event::Returned { defects, voids_receipt, .. } => (returned(*voids_receipt), Some(defects.iter().map(text).collect::<Vec<_>>().join("\n")), Tone::Bad),
        Event::Accepted { classification, promise, .. } => {
            let told = promise.as_ref().map(|p| promise_words(p, prose));
            (accepted(classification.as_ref().map(|c| c.category.as_str())), told, Tone::Good)
        }
        Event::Assessed { kind, org, objects, finding } => {
            let of = org.map_or(String::new(), |o| format!(" of {}", names.org(o)));
            let verdict = if *objects { "objects" } else { "no objection" };
            (format!("{} assessment{of}: {verdict}", sentence_case(kind.words())), Some(text(finding)), if *objects { Tone::Bad } else { Tone::Good })
        }
        Event::ClinicallyAccepted { words, conditions, basis } => {
            let waits = basis.as_ref().is_some_and(|b| b.seats.len() > 1);
            let what = if waits { "Clinical risk accepted by one side, further signatures to follow" } else { "Clinical risk accepted" };
            (with_conditions(what, conditions.len()), some(words), Tone::Good)
        }
        Event::AssessmentCompleted => plain("Every assessment is in"),
        Event::Approved { words, conditions, board, .. } => {
            let heard = board.as_ref().map_or(String::new(), |b| super::boards::heard_words(b, names));
            (format!("{}{heard}", with_conditions("Approved", conditions.len())), some(words), Tone::Good)
        }
        Event::Voted(vote) => (super::boards::vote_words(vote), some(&vote.words), Tone::Say),
        Event::TakenBack { reason } => ("Decision taken back; it is decided again".into(), some(reason), Tone::Bad),
        Event::Reaffirmed { words } => ("Small move agreed".into(), some(words), Tone::Good),
        Event::Rejected { reason_code, reason } => {
            (format!("Refused: {}", lower_first(&option_label("reason_code", reason_code))), Some(text(reason)), Tone::Bad)
        }
        Event::MoreAsked { questions } => ("More was asked for".into(), Some(text(questions)), Tone::Plain),
        Event::Held { reason, review_on } => (format!("Put on hold until {}", local::day_words(*review_on)), Some(text(reason)), Tone::Plain),
        Event::Resumed => plain("Taken off hold"),
        Event::FreezeExcepted(excepted) => {
            let until = local::moment_words(excepted.until, &names.zone);
            (format!("Excepted from a freeze until {until}"), Some(text(&excepted.reason)), Tone::Plain)
        }
        // Not every reader may see what it follows, so that the line names none of them.
        Event::Ordered { after } if after.is_empty() => plain("It has to follow no other change any more"),
        Event::Ordered { after } => plain(&format!("It has to follow {}", counted(after.len() as i64, "other change"))),
        Event::ClashSettled(settled) => {
            let ruled = format!("Ruled on the clash with {}: {}", settled.reference, settled.way.words());
            (ruled, Some(text(&settled.reason)), Tone::Plain)
        }
        Event::Scheduled { implementer, org, .. } => plain(&format!("Scheduled; {}, {}, does the work", names.person(Some(*implementer)), names.org(*org))),
        Event::Rescheduled { content, reason, within_tolerance, small, .. } => {
            let window = content.header.window.map_or(String::new(), |w| format!(" to {}", window_words(w, recorded, names)));
            let kept = match (within_tolerance, small) {
                (true, _) => "; the approval stands",
                (_, true) => "; the approval stands once the move is re-affirmed",
                _ => "; it is decided again",
            };
            (format!("Window moved{window}{kept}"), Some(text(reason)), Tone::Plain)
        }
        Event::Amended { material, .. } => amended(material),
        Event::Cancelled { reason } => ("Cancelled".into(), Some(text(reason)), Tone::Bad),
        Event::Withdrawn { reason } => ("Withdrawn".into(), some(reason), Tone::Plain),
        Event::Started { told } => night(told, names, "Work started", None, Tone::Plain),
        Event::RanLate { told, expected_end, words } => {
            let what = format!("Runs late, now expected to end at {}", local::time_words(*expected_end, &names.zone));
            night(told, names, &what, some(words), Tone::Bad)
        }
        Event::Restored { told, services } => {
            let named: Vec<String> = services.iter().map(|s| names.service(*s)).collect();
            let what = match named.len() {
                0 => "Everything is back".to_owned(),
                1 => format!("{} is back", named[0]),
                _ => format!("{} are back", listed(&named)),
            };
            night(told, names, &what, None, Tone::Good)
        }
        Event::BackOutBegun { told, reason } => night(told, names, "Backing out", Some(text(reason)), Tone::Bad),
        Event::Finished { told, outcome, not_back, words, state_verified } => {
            let missing = not_back.as_ref().map(|t| format!("Not back: {}", said(prose, t)));
            let verified = state_verified.as_ref().map(|t| format!("As it was: {}", said(prose, t)));
            let words = [missing, verified, some(words)].into_iter().flatten().collect::<Vec<_>>().join("\n");
            let words = (!words.is_empty()).then_some(words);
            night(told, names, &format!("Work ended ({})", outcome.words()), words, tone_of(*outcome))
        }
        Event::ReviewOpened { because, due_at } => {
            let due = local::day_words(local::wall(*due_at, &names.zone).date());
            plain(&format!("Review opened, due {due}, because {}", because.iter().map(|b| reason_words(b)).collect::<Vec<_>>().join(", ")))
        }
        Event::Reviewed { words, findings } => {
            let found = findings.as_ref().map(|found| super::work::findings(found, prose, names));
            ("Review written".into(), Some([Some(text(words)), found].into_iter().flatten().collect::<Vec<_>>().join("\n")), Tone::Plain)
        }
        Event::Closed { outcome, words, .. } => (format!("Closed: {}", outcome.words()), some(words), tone_of(*outcome)),
        Event::Restated { outcome, was, reason } => (format!("Outcome restated: {}, was {}", outcome.words(), was.words()), Some(text(reason)), Tone::Plain),
        Event::NetworkTold { way, reference } => {
            (format!("Network provider told, {}{}", lower_first(&option_label("way", way)), reference_words(some(reference))), None, Tone::Plain)
        }
        Event::NetworkAcknowledged { reference } => (format!("Network provider acknowledged the notice{}", reference_words(some(reference))), None, Tone::Good),
        Event::NetworkRefused { reason } => ("Network provider refused the notice".into(), Some(text(reason)), Tone::Bad),
        Event::NetworkToldUnacknowledged { proof } => ("Network provider told, without an acknowledgement".into(), Some(text(proof)), Tone::Plain),
        Event::NoticeProtected => ("Nobody has decided in two working days what the late notice leads to; nothing follows from it".into(), None, Tone::Plain),
        Event::NoticeDisputed { reason } => ("What the late notice leads to is disputed".into(), Some(text(reason)), Tone::Bad),
        Event::NoticeSettled { consequence, reason } => (format!("Late notice settled: {}", consequence.words()), Some(text(reason)), Tone::Plain),
        Event::ConditionMet { number, words } => (format!("Condition {number} is met"), some(words), Tone::Good),
        Event::Said { words } => ("Message".into(), Some(text(words)), Tone::Say),
        Event::Attached { name, bytes, .. } => (format!("Document added: {}, {}", text(name), size_words(*bytes)), None, Tone::Plain),
        Event::Overran => ("Overrun: the latest end has passed and nobody has said that the work has ended".into(), None, Tone::Bad),
        Event::EntrySuspended { because, .. } => (format!("The catalogue’s entry is suspended: {because}"), None, Tone::Bad),
        Event::ExpiredUnanswered => ("Expired: no answer came in time".into(), None, Tone::Bad),
        Event::VerballyApproved(_)
        | Event::VerbalConfirmed { .. }
        | Event::VerbalDenied { .. }
        | Event::Ratified { .. }
        | Event::RatificationRefused(_)
        | Event::VerdictGiven(_)
        | Event::PaperworkAsked { .. }
        | Event::RecordCompleted
        | Event::Converted { .. } => super::urgent::event_line(&recorded.event, names, prose).unwrap_or_default(),
        Event::OrganisationSucceeded(_) => plain(&super::mergers::event_line(&recorded.event, names).unwrap_or_default()),
        Event::Money(event) => super::money::line(event, prose),
        other => match super::safety::event_words(other, prose) {
            Some((what, words, good)) => (what, words, good.map_or(Tone::Plain, |good| if good { Tone::Good } else { Tone::Bad })),
            None => super::work::line(other, names, prose).unwrap_or_default(),
        },
    };
    Line { what, by: by_words(recorded, names, prose), words: words.filter(|w| !w.is_empty()), tone }
}

fn plain(what: &str) -> (String, Option<String>, Tone) {
    (what.to_owned(), None, Tone::Plain)
}

fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn raised(on_behalf_of: Option<String>) -> (String, Option<String>, Tone) {
    let what = on_behalf_of.map_or("Draft begun".to_owned(), |name| format!("Draft begun on behalf of {name}"));
    (what, None, Tone::Plain)
}

fn submitted(event: &Event) -> String {
    let Event::Submitted { revision, notice, .. } = event else { return String::new() };
    let sent = if *revision > 1 { format!("Sent again, revision {revision}") } else { "Sent".to_owned() };
    match notice {
        Some(n) => format!("{sent} ({} of notice, {} asked for)", basis_words(n.days, n.basis), n.asked),
        None => sent,
    }
}

fn late(reason: &Option<String>, words: Option<String>) -> Option<String> {
    let reason = reason.as_ref().map(|code| format!("Why the notice is short: {}.", lower_first(&option_label("late_reason", code))));
    let parts: Vec<String> = [reason, words].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn returned(voids_receipt: bool) -> String {
    let counts = if voids_receipt { "; the notice counts again once it is mended" } else { "" };
    format!("Returned for more{counts}")
}

fn accepted(category: Option<&str>) -> String {
    category.map_or("Accepted".to_owned(), |c| format!("Accepted as a {c} change"))
}

fn promise_words(promise: &signalbox_core::event::Promise, prose: &Prose) -> String {
    let times = promise.times.as_ref().map_or(String::new(), |t| format!(" Times: {}.", said(prose, t)));
    format!(
        "Taken down by {}, brought back by {}, telephone {}.{times}",
        said(prose, &promise.take_down_by),
        said(prose, &promise.restore_by),
        said(prose, &promise.phone)
    )
}

fn with_conditions(what: &str, conditions: usize) -> String {
    match conditions {
        0 => what.to_owned(),
        n => format!("{what}, with {}", counted(n as i64, "condition")),
    }
}

fn amended(material: &[String]) -> (String, Option<String>, Tone) {
    if material.is_empty() {
        return plain("Answers added or mended");
    }
    let named: Vec<String> = material.iter().map(|id| id.replace('_', " ")).collect();
    plain(&format!("Answers changed: {}; any approval is void", listed(&named)))
}

/// Why a review is due, in words.
pub fn reason_words(because: &str) -> String {
    if because == "asked-for" { "a change manager asked for it".into() } else { because.to_owned() }
}

fn reference_words(reference: Option<String>) -> String {
    reference.map_or(String::new(), |r| format!(", their reference {r}"))
}

fn window_words(window: Window, recorded: &Recorded, names: &Names) -> String {
    window_phrase(window.start, window.end, recorded.at, &names.zone)
}

fn tone_of(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Successful | Outcome::SuccessfulWithIssues => Tone::Good,
        Outcome::Partial | Outcome::BackedOut | Outcome::Failed | Outcome::Unauthorised => Tone::Bad,
        _ => Tone::Plain,
    }
}

fn size_words(bytes: i64) -> String {
    match bytes {
        0..1_024 => counted(bytes, "byte"),
        1_024..1_048_576 => format!("{} KB", bytes / 1_024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

/// Something of the night: when it happened, and every departure from the rules.
fn night(told: &Told, names: &Names, what: &str, words: Option<String>, tone: Tone) -> (String, Option<String>, Tone) {
    let time = local::time_words(told.happened_at, &names.zone);
    let what = if what.starts_with("Runs late") { format!("{what}; known since {time}") } else { format!("{what} at {time}") };
    match told.deviations.as_slice() {
        [] => (what, words, tone),
        codes => {
            let told: Vec<String> = codes.iter().map(|code| deviation(code)).collect();
            (format!("{what}; departs from the rules: {}", told.join("; ")), words, Tone::Bad)
        }
    }
}

/// A departure from the rules, in words (X1).
pub fn deviation(code: &str) -> String {
    match code {
        "unapproved" => "it was not approved",
        "not-scheduled" => "it was approved but not scheduled",
        "early" => "more than 15 minutes before its window",
        "after-window" => "after its window",
        "in-freeze" => "in a freeze",
        "clash" => "while it clashed with other work",
        "provider-not-acknowledged" => "before the network provider acknowledged",
        "provider-refused" => "though the network provider refused",
        "conditions-open" => "with conditions still open",
        "approver-implements" => "carried out by somebody who approved it",
        "no-go-decision" => "without a go",
        "against-no-go" => "against a no-go",
        "out-of-order" => "before a step that comes first",
        "decided-late" => "later than planned",
        "extended" => "it needed more time",
        "runs-into-other-work" => "it runs into other work",
        "clinical-stop-open" => "finished while a stop for patient safety was open",
        "start-not-recorded" => "the start was not recorded",
        other => return other.replace('-', " "),
    }
    .to_owned()
}

/// Who did it or recorded it, for whom, and how they heard.
fn by_words(recorded: &Recorded, names: &Names, prose: &Prose) -> String {
    // What the program does by itself nobody did.
    if recorded.by.person.is_none() {
        return String::new();
    }
    let who = names.person(recorded.by.person);
    // SD-10: both are named.
    let who = match recorded.by.for_person {
        Some(person) => format!("{who} for {}", names.person(Some(person))),
        None => who,
    };
    let who = match recorded.by.org {
        Some(org) => format!("{who}, {}", names.org(org)),
        _ => who,
    };
    let told = match &recorded.event {
        Event::Started { told }
        | Event::RanLate { told, .. }
        | Event::Restored { told, .. }
        | Event::BackOutBegun { told, .. }
        | Event::Finished { told, .. } => told,
        Event::DepartmentTold(one) => &one.told,
        // Told without blame: the organisation, and no name (C104).
        Event::NearMissRecorded(_) => return recorded.by.org.map_or(String::new(), |org| format!("by somebody of {}", names.org(org))),
        Event::StepStarted(step) | Event::StepDone(step) | Event::StepSkipped(step) | Event::StepFailed(step) => &step.told,
        Event::GoDecided(go) => &go.told,
        Event::Extended(extension) => &extension.told,
        _ => return format!("by {who}"),
    };
    let behalf = told.on_behalf_of.as_ref().map_or(String::new(), |name| format!(", on behalf of {}", said(prose, name)));
    let phone = if told.by_phone { ", by phone" } else { "" };
    format!("recorded by {who}{behalf}{phone}")
}
