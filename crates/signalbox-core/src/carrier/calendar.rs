//! Calendars in notices (RFC 5545), and the maintenance notice in one, strictly: every property that the standard
//! requires and that is missing or says something else is named.

use super::times::on_the_clock;
use super::{Doubt, Fault, Found, OBJECTS_MAX, Object, State, Understood, cut};
use crate::maintnote::Impact;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const REQUIRED: [&str; 13] = [
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "SUMMARY",
    "ORGANIZER",
    "X-MAINTNOTE-PROVIDER",
    "X-MAINTNOTE-ACCOUNT",
    "X-MAINTNOTE-MAINTENANCE-ID",
    "X-MAINTNOTE-OBJECT-ID",
    "X-MAINTNOTE-IMPACT",
    "X-MAINTNOTE-STATUS",
];
const PROPERTIES_MAX: usize = 2_000;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Property {
    name: String,
    params: Vec<(String, String)>,
    value: String,
}

/// One event of a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    properties: Vec<Property>,
    /// A line that is no property; the name of the one before it.
    broken: Option<String>,
}

/// The events of a calendar, without what is inside them.
pub(super) fn events(text: &str) -> Vec<Event> {
    let (mut found, mut open, mut inner): (Vec<Event>, Option<Event>, usize) = (vec![], None, 0);
    for line in unfolded(text) {
        let upper = line.trim_end().to_ascii_uppercase();
        match (&mut open, upper.as_str()) {
            (None, "BEGIN:VEVENT") => open = Some(Event::default()),
            (Some(_), "END:VEVENT") => found.extend(open.take()),
            (Some(_), inside) if inside.starts_with("BEGIN:") => inner += 1,
            (Some(_), inside) if inside.starts_with("END:") => inner = inner.saturating_sub(1),
            (Some(event), _) if inner == 0 && event.properties.len() < PROPERTIES_MAX => event.take(&line),
            _ => {}
        }
        if found.len() >= 50 {
            break;
        }
    }
    found
}

/// Lines with those that go on joined to them.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn property(line: &str) -> Option<Property> {
    let mut is_quoted = false;
    let mut cuts = vec![0];
    let mut colon = None;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => cuts.push(at + 1),
            ':' if !is_quoted => {
                colon = Some(at);
                break;
            }
            _ => {}
        }
    }
    let colon = colon?;
    let ends = cuts.iter().skip(1).map(|at| at - 1).chain([colon]);
    let mut pieces = cuts.iter().zip(ends).map(|(from, to)| &line[*from..to]);
    let name = pieces.next()?.trim().to_ascii_uppercase();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let params = pieces.filter_map(|piece| piece.split_once('=')).map(|(key, value)| (key.to_ascii_uppercase(), value.trim_matches('"').to_owned())).collect();
    is_name.then(|| Property { name, params, value: unescaped(&line[colon + 1..]) })
}

/// `\n`, `\,` and `\;` as RFC 5545 writes them; any other backslash stands for itself.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\").trim().to_owned()
}

impl Event {
    fn take(&mut self, line: &str) {
        match property(line) {
            Some(property) => self.properties.push(property),
            None if line.trim().is_empty() => {}
            None => self.broken = self.properties.last().map(|last| last.name.clone()),
        }
    }

    pub(super) fn is_maintnote(&self) -> bool {
        self.properties.iter().any(|property| property.name.starts_with("X-MAINTNOTE-"))
    }

    fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Property> {
        self.properties.iter().filter(move |property| property.name == name && !property.value.is_empty())
    }

    fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name && !property.value.is_empty())
    }

    pub(super) fn summary(&self) -> Option<String> {
        self.get("SUMMARY").map(|property| cut(&property.value))
    }

    /// The address of whoever sends it.
    pub(super) fn organizer(&self) -> Option<String> {
        let value = &self.get("ORGANIZER")?.value;
        let address = value.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:")).map_or(value.as_str(), |_| &value[7..]);
        address.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty()).then(|| cut(address))
    }

    /// A time of the event with its words, if it is one moment.
    pub(super) fn moment(&self, name: &str) -> Option<(Timestamp, String)> {
        let found = self.time(name);
        Some((found.value?, found.words))
    }

    fn time(&self, name: &str) -> Found<Timestamp> {
        let Some(property) = self.get(name) else { return Found::not_said() };
        let words = format!("{name} {}", property.value);
        let (digits, is_utc) = property.value.strip_suffix('Z').map_or((property.value.as_str(), false), |digits| (digits, true));
        let Ok(wall) = DateTime::strptime("%Y%m%dT%H%M%S", digits) else { return Found::open(Doubt::Unclear, &words) };
        let zone = property.params.iter().find(|(key, _)| key == "TZID").map(|(_, zone)| zone.as_str());
        let moment = match (is_utc, zone) {
            (true, _) | (false, Some("UTC" | "Etc/UTC")) => Offset::UTC.to_timestamp(wall).map_err(|_| Doubt::Unclear),
            (false, Some(zone)) => on_the_clock(wall, zone, None),
            (false, None) => Err(Doubt::NoZone),
        };
        moment.map_or_else(|doubt| Found::open(doubt, &words), |at| Found::plain(at, &words))
    }

    fn text(&self, name: &str) -> Found<String> {
        self.get(name).map_or_else(Found::not_said, |property| Found::plain(cut(&property.value), &format!("{name} {}", property.value)))
    }
}

/// Reads a maintenance notice by the letter.
pub(super) fn strictly(event: &Event) -> Understood {
    let mut faults: Vec<Fault> = vec![];
    let mut fault = |property: &str, doubt: Doubt| faults.push(Fault { property: property.into(), doubt });
    for name in REQUIRED {
        match event.all(name).count() {
            0 => fault(name, Doubt::NotSaid),
            1 => {}
            _ if name == "X-MAINTNOTE-OBJECT-ID" || name == "X-MAINTNOTE-MAINTENANCE-ID" => {}
            _ => fault(name, Doubt::Several),
        }
    }
    if event.get("ORGANIZER").is_some() && event.organizer().is_none() {
        fault("ORGANIZER", Doubt::NotSaid);
    }
    if let Some(name) = &event.broken {
        fault(name, Doubt::Broken);
    }
    let status = event.get("X-MAINTNOTE-STATUS").map(|property| (State::from_code(&property.value.to_uppercase()), property.value.clone()));
    let status = match status {
        Some((Some(state), words)) if state != State::Moved => Found::plain(state, &words),
        Some((_, words)) => {
            fault("X-MAINTNOTE-STATUS", Doubt::Unknown);
            Found::open(Doubt::Unknown, &words)
        }
        None => Found::not_said(),
    };
    let sequence = event.get("SEQUENCE").and_then(|property| property.value.parse::<u32>().ok());
    if sequence.is_none() && event.get("SEQUENCE").is_some() {
        fault("SEQUENCE", Doubt::Unclear);
    }
    let (start, mut end) = (event.time("DTSTART"), event.time("DTEND"));
    for (name, found) in [("DTSTART", &start), ("DTEND", &end), ("DTSTAMP", &event.time("DTSTAMP"))] {
        if let Some(doubt) = found.doubt.filter(|doubt| *doubt != Doubt::NotSaid) {
            fault(name, doubt);
        }
    }
    if start.value.zip(end.value).is_some_and(|(start, end)| end <= start) {
        fault("DTEND", Doubt::Backwards);
        end = Found::open(Doubt::Backwards, &end.words);
    }
    let objects = objects(event);
    if event.all("X-MAINTNOTE-OBJECT-ID").count() > OBJECTS_MAX {
        fault("X-MAINTNOTE-OBJECT-ID", Doubt::Several);
    }
    Understood {
        is_maintnote: true,
        provider: event.text("X-MAINTNOTE-PROVIDER"),
        account: event.text("X-MAINTNOTE-ACCOUNT"),
        maintenance_id: primary(event),
        sequence,
        status,
        start,
        end,
        objects,
        summary: event.text("SUMMARY"),
        unread: vec![],
        faults,
    }
}

/// The number that is called the primary one, else the first.
fn primary(event: &Event) -> Found<String> {
    let name = "X-MAINTNOTE-MAINTENANCE-ID";
    let is_primary = |property: &&Property| property.params.iter().any(|(_, value)| value.eq_ignore_ascii_case("PRIMARY"));
    let property = event.all(name).find(is_primary).or_else(|| event.get(name));
    property.map_or_else(Found::not_said, |property| Found::plain(cut(&property.value), &format!("{name} {}", property.value)))
}

/// The circuits, each with what is said of it, else with what is said of all. What the standard does not know is the worst.
fn objects(event: &Event) -> Vec<Object> {
    let general = event.get("X-MAINTNOTE-IMPACT").map(|property| property.value.as_str()).unwrap_or_default();
    let own = |property: &Property| property.params.iter().find(|(key, _)| key == "X-MAINTNOTE-OBJECT-IMPACT").map(|(_, value)| value.clone());
    let read = |property: &Property| {
        let words = own(property).unwrap_or_else(|| general.to_owned());
        Object { reference: cut(&property.value), impact: Impact::from_code(&words.to_uppercase()).unwrap_or(Impact::Outage), words: cut(&words) }
    };
    event.all("X-MAINTNOTE-OBJECT-ID").take(OBJECTS_MAX).map(read).collect()
}
