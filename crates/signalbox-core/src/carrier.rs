//! What a carrier tells of its own works (spec 10.3, inbound): a notice that came in, read as far as its words go. A
//! MaintNote calendar is read strictly, everything else leniently, and nothing is guessed: what can't be read in one way
//! only is left open, with the words that it was looked for in and the reason. Pure: the mail was taken apart before.

mod calendar;
mod known;
mod labels;
pub mod proof;
mod status;
mod times;
pub mod waiting;

use crate::calendar::DEFAULT_ZONE;
use crate::maintnote::Impact;
use crate::words::vocabulary;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// So many circuits one notice names at most; what is beyond is not read, and said to be so.
pub const OBJECTS_MAX: usize = 500;
/// So many characters one value has at most.
const VALUE_MAX: usize = 300;
/// So many lines of a part, and characters of a line, are looked at.
const LINES_MAX: usize = 5_000;
const LINE_MAX: usize = 4_000;

vocabulary! {
    /// How far the carrier says it is: the words of MaintNote, and one that mails have besides.
    State {
        Tentative = "TENTATIVE", "tentative";
        Confirmed = "CONFIRMED", "confirmed";
        Moved = "RE-SCHEDULED", "moved to another time";
        InProcess = "IN-PROCESS", "in progress";
        Completed = "COMPLETED", "completed";
        Cancelled = "CANCELLED", "cancelled";
    }
}

impl State {
    /// Whether the work is still to be reckoned with.
    pub fn is_open(self) -> bool {
        !matches!(self, State::Completed | State::Cancelled)
    }
}

vocabulary! {
    /// What became of a notice, those first that want something.
    Standing {
        /// A person is asked.
        Waiting = "waiting", "waiting to be confirmed";
        /// It spoke for itself: the schedule says what it says.
        Entry = "entry", "on the schedule by itself";
        /// A person confirmed what it says.
        Confirmed = "confirmed", "confirmed";
        /// A later version was here before it; it changes nothing.
        Older = "older", "came after a later version";
        /// A person put it aside, with words.
        Refused = "refused", "put aside";
    }
}

vocabulary! {
    /// Why a value is open, or has to be looked at by a person.
    Doubt {
        NotSaid = "not_said", "the notice does not say it";
        NoZone = "no_zone", "a time without a zone, or in a local time that is not named";
        ZoneUnclear = "zone_unclear", "the zone can be read in more than one way";
        DateOrder = "date_order", "day and month can be read in either order";
        Differs = "differs", "the notice says different things in different places";
        Several = "several", "the notice names more than one";
        ClockChange = "clock_change", "the clocks change in that night";
        Backwards = "backwards", "it would end before it starts";
        Unclear = "unclear", "the words can be read in more than one way";
        Unknown = "unknown", "a word that the standard does not have";
        Broken = "broken", "the line is broken";
        /// Of a sender: the account has domains, and this is none of them.
        SenderElsewhere = "sender_elsewhere", "it does not come from a domain from which notices of this account come";
        SenderUnset = "sender_unset", "nobody has set from which domains notices of this account come; that is done under Network accounts";
        SenderUnproved = "sender_unproved", "the mail server does not say that it really comes from the domain it names";
        SenderChanged = "sender_changed", "the first notice about this work came from another domain";
        AccountUnknown = "account_unknown", "no account with this number is set up here";
        CircuitUnknown = "circuit_unknown", "a circuit that is not known here, or belongs to another account";
        Reworded = "reworded", "this version came before, and said something else";
        Unannounced = "unannounced", "the end of something that was never announced";
    }
}

impl Doubt {
    /// Whether it comes from what was set up here when the notice came, and not from the notice or its way: it may go away
    /// when somebody sets up more.
    pub fn is_of_set_up(self) -> bool {
        use Doubt::*;
        matches!(self, SenderElsewhere | SenderUnset | SenderChanged | AccountUnknown | CircuitUnknown | Reworded | Unannounced)
    }
}

/// A value with the words that it was found in. Without a value it is open, and the doubt says why; a value with a
/// doubt is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found<T> {
    pub value: Option<T>,
    pub words: String,
    pub doubt: Option<Doubt>,
}

impl<T> Found<T> {
    /// Read in one way.
    pub fn plain(value: T, words: &str) -> Found<T> {
        Found { value: Some(value), words: cut(words), doubt: None }
    }

    /// Left open.
    pub fn open(doubt: Doubt, words: &str) -> Found<T> {
        Found { value: None, words: cut(words), doubt: Some(doubt) }
    }

    fn not_said() -> Found<T> {
        Found::open(Doubt::NotSaid, "")
    }
}

/// A circuit or service as the carrier names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    pub reference: String,
    /// The worst where nobody says, and where the word is not known (spec 10.3).
    pub impact: Impact,
    pub words: String,
}

/// What is wrong with a MaintNote or with where it comes from: which property, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The name of the property, such as `X-MAINTNOTE-STATUS`.
    pub property: String,
    pub doubt: Doubt,
}

/// One part of a notice, as text. Of HTML, cells of a row have tabs between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Lower case, without parameters: `text/calendar`.
    pub media: String,
    pub name: String,
    /// `None`: nobody can read it as text, such as a spreadsheet.
    pub text: Option<String>,
}

/// A notice as it came, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The address in From; empty where there is none.
    pub sender: String,
    pub subject: String,
    pub parts: Vec<Part>,
}

/// What was understood of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Understood {
    pub is_maintnote: bool,
    /// Those of the standard, and why it may not speak for itself here.
    pub faults: Vec<Fault>,
    pub provider: Found<String>,
    pub account: Found<String>,
    pub maintenance_id: Found<String>,
    pub sequence: Option<u32>,
    pub status: Found<State>,
    pub start: Found<Timestamp>,
    pub end: Found<Timestamp>,
    pub objects: Vec<Object>,
    pub summary: Found<String>,
    /// Attachments that nobody has read, by name.
    pub unread: Vec<String>,
}

impl Understood {
    /// Whether nothing is left to ask: a MaintNote without a fault and without a doubt.
    pub fn is_plain(&self) -> bool {
        let doubts = [self.provider.doubt, self.account.doubt, self.maintenance_id.doubt, self.status.doubt, self.start.doubt, self.end.doubt];
        self.is_maintnote && self.faults.is_empty() && !self.objects.is_empty() && doubts.iter().all(Option::is_none)
    }

    /// The worst that is said of any circuit.
    pub fn worst(&self) -> Impact {
        self.objects.iter().map(|object| object.impact).max().unwrap_or(Impact::Outage)
    }

    fn nothing() -> Understood {
        Understood {
            is_maintnote: false,
            faults: vec![],
            provider: Found::not_said(),
            account: Found::not_said(),
            maintenance_id: Found::not_said(),
            sequence: None,
            status: Found::not_said(),
            start: Found::not_said(),
            end: Found::not_said(),
            objects: vec![],
            summary: Found::not_said(),
            unread: vec![],
        }
    }
}

/// By what notices of one provider are brought together, however each of them names it.
pub fn provider_key(provider: &str) -> String {
    known::key(provider)
}

/// The address of whoever made a calendar, where it names one.
pub fn organizer(calendar: &str) -> Option<String> {
    calendar::events(calendar).iter().find_map(calendar::Event::organizer)
}

/// Reads a notice. A MaintNote in it is believed before the words around it.
pub fn read(notice: &Received) -> Understood {
    let texts = || notice.parts.iter().filter_map(|part| Some((part, part.text.as_deref()?)));
    let calendars: Vec<calendar::Event> = texts().filter(|(part, text)| is_calendar(part, text)).flat_map(|(_, text)| calendar::events(text)).collect();
    let notes: Vec<&calendar::Event> = calendars.iter().filter(|event| event.is_maintnote()).collect();
    let mut understood = match notes.split_first() {
        Some((first, rest)) => {
            let mut understood = calendar::strictly(first);
            if rest.iter().any(|other| *other != *first) {
                understood.faults.push(Fault { property: "VEVENT".into(), doubt: Doubt::Several });
            }
            understood
        }
        None => leniently(notice, &calendars),
    };
    understood.unread = notice.parts.iter().filter(|part| part.text.is_none()).map(|part| cut(&part.name)).take(20).collect();
    understood
}

fn is_calendar(part: &Part, text: &str) -> bool {
    part.media == "text/calendar" || text.trim_start_matches('\u{feff}').trim_start().starts_with("BEGIN:VCALENDAR")
}

/// Everything that the words of a mail say, from whichever carrier.
fn leniently(notice: &Received, calendars: &[calendar::Event]) -> Understood {
    let mut lines = vec![];
    for part in &notice.parts {
        match part.text.as_deref() {
            Some(text) if !is_calendar(part, text) => lines.extend(labels::lines(part, text)),
            _ => {}
        }
    }
    let subjects: Vec<String> = std::iter::once(notice.subject.clone()).chain(calendars.iter().filter_map(calendar::Event::summary)).collect();
    let sender = if notice.sender.is_empty() { calendars.iter().find_map(calendar::Event::organizer).unwrap_or_default() } else { notice.sender.clone() };
    let carrier = known::carrier(&sender, &lines);
    let mut said = labels::read(&lines);
    let order = times::order(&subjects, &lines).or(carrier.and_then(|known| known.order));
    for subject in &subjects {
        said.window(subject);
    }
    let mut understood = Understood::nothing();
    understood.provider = known::provider(carrier, &sender);
    said.ids.extend(subjects.iter().filter_map(|subject| known::id_in(carrier, subject)));
    understood.maintenance_id = agreed(&said.ids);
    understood.account = agreed(&said.accounts);
    understood.status = status::of(carrier, &subjects, &lines, &said);
    understood.start = times::settled(&said.starts, order, calendars.iter().filter_map(|event| event.moment("DTSTART")));
    understood.end = times::settled(&said.ends, order, calendars.iter().filter_map(|event| event.moment("DTEND")));
    understood.objects = said.objects;
    understood.summary = said.summaries.into_iter().next().unwrap_or_else(|| titled(&subjects));
    ask_about_night(&mut understood);
    understood
}

fn titled(subjects: &[String]) -> Found<String> {
    let subject = subjects.iter().map(|subject| subject.trim()).find(|subject| !subject.is_empty());
    subject.map_or_else(Found::not_said, |subject| Found::plain(cut(subject), subject))
}

/// One value, if every place that says it says the same.
fn agreed(found: &[Found<String>]) -> Found<String> {
    let mut values: Vec<&String> = found.iter().filter_map(|one| one.value.as_ref()).collect();
    values.sort();
    values.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    match (values.as_slice(), found.first()) {
        ([_], _) => found.iter().find(|one| one.value.is_some()).cloned().unwrap_or_else(Found::not_said),
        ([], Some(first)) => first.clone(),
        ([], None) => Found::not_said(),
        (several, _) => Found::open(Doubt::Differs, &several.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(" · ")),
    }
}

/// A window in whose night the clocks change is asked about, whatever zone is stated: what is called GMT is often the
/// clock on the wall. One that ends before it starts was misread.
fn ask_about_night(understood: &mut Understood) {
    let (Some(start), Some(end)) = (understood.start.value, understood.end.value) else { return };
    if end <= start {
        understood.end = Found::open(Doubt::Backwards, &understood.end.words);
        understood.start = Found::open(Doubt::Backwards, &understood.start.words);
    } else if changes_clock(start, end) {
        understood.start.doubt = Some(Doubt::ClockChange);
        understood.end.doubt = Some(Doubt::ClockChange);
    }
}

fn changes_clock(start: Timestamp, end: Timestamp) -> bool {
    let Ok(zone) = TimeZone::get(DEFAULT_ZONE) else { return true };
    let hour = SignedDuration::from_hours(1);
    let (from, until) = (start.saturating_sub(hour).unwrap_or(start), end.saturating_add(hour).unwrap_or(end));
    zone.following(from).next().is_some_and(|change| change.timestamp() <= until)
}

fn cut(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(VALUE_MAX).collect()
}
