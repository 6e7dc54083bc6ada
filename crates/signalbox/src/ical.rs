//! Calendar files (RFC 5545): the one writer of them. Lines of at most 75 octets, text escaped, times as clocks in London
//! show them with the rules by which the clocks change, so that a calendar needs to know no zone of ours.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::calendar;
use signalbox_core::maintnote;

/// The zone of every local time, as it is defined in each file.
const TZID: &str = "Europe/London";

/// The rules since 1997: the last Sundays of March and October, both at 01:00 UTC (Directive 2000/84/EC, kept by the Summer
/// Time Order 2002).
const ZONE: [&str; 16] = [
    "BEGIN:VTIMEZONE",
    "TZID:Europe/London",
    "BEGIN:DAYLIGHT",
    "DTSTART:19970330T010000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "TZNAME:BST",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "TZNAME:GMT",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
];

/// 27 October 1996, 01:00 UTC: from here on the rules above hold.
const RULES_SINCE: i64 = 846_378_000;

/// How firm an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
}

impl Status {
    /// The word of RFC 5545, 3.8.1.11.
    pub fn word(self) -> &'static str {
        match self {
            Status::Tentative => "TENTATIVE",
            Status::Confirmed => "CONFIRMED",
            Status::Cancelled => "CANCELLED",
        }
    }
}

/// One event. What is empty is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for as long as the event is told of.
    pub uid: String,
    /// Rises with every change of what is shown.
    pub sequence: i64,
    /// When that last changed. It stands for the time of writing too: a file that says the same is the same, byte for byte.
    pub changed_at: Timestamp,
    pub start: Timestamp,
    /// Not included.
    pub end: Timestamp,
    pub status: Status,
    pub summary: String,
    /// Lines are kept.
    pub description: String,
    pub location: String,
    pub url: String,
    pub category: String,
    /// Whether whoever has it in their calendar is busy meanwhile.
    pub takes_time: bool,
}

/// A maintenance notice to a network provider (MaintNote, spec 10.3). Its words are those of the form, not ours.
#[derive(Clone, Debug)]
pub struct Maintenance<'a> {
    /// The same for the life of the work.
    pub uid: &'a str,
    pub sequence: u32,
    pub written_at: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    pub summary: &'a str,
    /// Name and address of whoever is asked about it.
    pub organizer: (&'a str, &'a str),
    /// The domain of the party that does the work.
    pub provider: &'a str,
    /// The customer account with the network provider. Readers want one in every notice.
    pub account: &'a str,
    pub id: &'a str,
    /// The same work under the number of the party that does it.
    pub own_id: Option<&'a str>,
    pub objects: &'a [String],
    pub impact: maintnote::Impact,
    pub status: maintnote::Status,
}

/// A time in which somebody is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Nothing is possible; otherwise it is to be asked first.
    pub is_firm: bool,
}

/// A calendar file, written part by part.
#[derive(Clone, Debug)]
pub struct Calendar {
    text: String,
    zone: TimeZone,
    has_zone: bool,
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar::new()
    }
}

impl Calendar {
    /// A file with nothing in it yet.
    pub fn new() -> Calendar {
        let mut calendar = Calendar { text: String::new(), zone: calendar::london(), has_zone: false };
        for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Signalbox//Signalbox//EN", "CALSCALE:GREGORIAN"] {
            calendar.line(line);
        }
        calendar
    }

    /// One that programs read again and again under this name (RFC 7986 and what came before it).
    pub fn subscribed(name: &str) -> Calendar {
        let mut calendar = Calendar::new();
        calendar.words("NAME", name);
        calendar.words("X-WR-CALNAME", name);
        calendar.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
        calendar.line("X-PUBLISHED-TTL:PT1H");
        calendar
    }

    /// A sentence about the whole.
    pub fn describe(&mut self, words: &str) {
        self.words("DESCRIPTION", words);
        self.words("X-WR-CALDESC", words);
    }

    /// Adds an event.
    pub fn event(&mut self, event: &Event) {
        if !self.has_zone {
            self.has_zone = true;
            ZONE.into_iter().for_each(|line| self.line(line));
            self.line("END:VTIMEZONE");
        }
        self.line("BEGIN:VEVENT");
        self.words("UID", &event.uid);
        self.line(&format!("SEQUENCE:{}", event.sequence));
        self.line(&format!("DTSTAMP:{}", utc(event.changed_at)));
        self.line(&format!("LAST-MODIFIED:{}", utc(event.changed_at)));
        // An hour that comes twice has no local name that every reader takes alike, so that night is told in UTC.
        let is_local = self.is_plain(event.start) && self.is_plain(event.end);
        for (name, at) in [("DTSTART", event.start), ("DTEND", event.end)] {
            let line = if is_local { format!("{name};TZID={TZID}:{}", self.local(at)) } else { format!("{name}:{}", utc(at)) };
            self.line(&line);
        }
        self.line(&format!("STATUS:{}", event.status.word()));
        self.words("SUMMARY", &event.summary);
        for (name, words) in [("DESCRIPTION", &event.description), ("LOCATION", &event.location), ("CATEGORIES", &event.category)] {
            if !words.is_empty() {
                self.words(name, words);
            }
        }
        if !event.url.is_empty() {
            // An address, not text: nothing in it is escaped.
            self.line(&format!("URL:{}", event.url));
        }
        self.line(if event.takes_time { "TRANSP:OPAQUE" } else { "TRANSP:TRANSPARENT" });
        self.line("END:VEVENT");
    }

    /// Adds a maintenance notice. Its times are in UTC. The file has no METHOD, at which some programs would put it into
    /// a calendar unasked.
    pub fn maintenance(&mut self, notice: &Maintenance) {
        let status = match notice.status {
            maintnote::Status::Tentative => Status::Tentative,
            maintnote::Status::Cancelled => Status::Cancelled,
            _ => Status::Confirmed,
        };
        self.line("BEGIN:VEVENT");
        self.words("UID", notice.uid);
        self.line(&format!("SEQUENCE:{}", notice.sequence));
        for (name, at) in [("DTSTAMP", notice.written_at), ("DTSTART", notice.start), ("DTEND", notice.end)] {
            self.line(&format!("{name}:{}", utc(at)));
        }
        self.words("SUMMARY", notice.summary);
        self.line(&format!("STATUS:{}", status.word()));
        let (name, address) = notice.organizer;
        // A parameter in quotes holds anything but quotes and controls (RFC 5545, 3.2).
        let name: String = name.chars().filter(|letter| *letter != '"' && !letter.is_control()).collect();
        self.line(&format!("ORGANIZER;CN=\"{name}\":mailto:{address}"));
        self.words("X-MAINTNOTE-PROVIDER", notice.provider);
        self.words("X-MAINTNOTE-ACCOUNT", notice.account);
        match notice.own_id {
            None => self.words("X-MAINTNOTE-MAINTENANCE-ID", notice.id),
            Some(own) => {
                self.words("X-MAINTNOTE-MAINTENANCE-ID;X-MAINTNOTE-PRECEDENCE=PRIMARY", notice.id);
                self.words("X-MAINTNOTE-MAINTENANCE-ID;X-MAINTNOTE-PRECEDENCE=NON-PRIMARY", own);
            }
        }
        for object in notice.objects {
            self.words("X-MAINTNOTE-OBJECT-ID", object);
        }
        self.words("X-MAINTNOTE-IMPACT", notice.impact.code());
        self.words("X-MAINTNOTE-STATUS", notice.status.code());
        self.line("TRANSP:TRANSPARENT");
        self.line("END:VEVENT");
    }

    /// Adds when somebody is not free within a span (RFC 5545, 3.6.4). Its times are in UTC, as they have to be.
    pub fn free_busy(&mut self, uid: &str, changed_at: Timestamp, (from, until): (Timestamp, Timestamp), busy: &[Busy]) {
        self.line("BEGIN:VFREEBUSY");
        self.words("UID", uid);
        self.line(&format!("DTSTAMP:{}", utc(changed_at)));
        self.line(&format!("DTSTART:{}", utc(from)));
        self.line(&format!("DTEND:{}", utc(until)));
        for one in busy {
            let kind = if one.is_firm { "BUSY-UNAVAILABLE" } else { "BUSY-TENTATIVE" };
            self.line(&format!("FREEBUSY;FBTYPE={kind}:{}/{}", utc(one.from), utc(one.until)));
        }
        self.line("END:VFREEBUSY");
    }

    /// The whole file.
    pub fn finish(mut self) -> String {
        self.line("END:VCALENDAR");
        self.text
    }

    /// Whether a wall clock in London shows this instant and no other.
    fn is_plain(&self, at: Timestamp) -> bool {
        let wall = self.zone.to_datetime(at);
        at.as_second() >= RULES_SINCE && !self.zone.to_ambiguous_timestamp(wall).is_ambiguous()
    }

    fn local(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%Y%m%dT%H%M%S").to_string()
    }

    fn words(&mut self, name: &str, words: &str) {
        self.line(&format!("{name}:{}", escaped(words)));
    }

    /// Ends a line, broken between letters so that no piece is longer than 75 octets (RFC 5545, 3.1).
    fn line(&mut self, line: &str) {
        let mut width = 0;
        for letter in line.chars() {
            if width + letter.len_utf8() > 75 {
                self.text.push_str("\r\n ");
                width = 1;
            }
            width += letter.len_utf8();
            self.text.push(letter);
        }
        self.text.push_str("\r\n");
    }
}

/// To the second, which is as exact as a calendar is.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// RFC 5545, 3.3.11. Other control characters have no place in a file of lines.
fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for letter in words.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            '\n' | '\r' => out.push_str("\\n"),
            '\t' => out.push(' '),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn event(start: &str, end: &str) -> Event {
        Event {
            uid: "change-7@signalbox".into(),
            sequence: 3,
            changed_at: at("2026-10-01T08:00:00.25Z"),
            start: at(start),
            end: at(end),
            status: Status::Confirmed,
            summary: "Switchgear".into(),
            description: String::new(),
            location: String::new(),
            url: String::new(),
            category: String::new(),
            takes_time: false,
        }
    }

    fn written(event: &Event) -> String {
        let mut calendar = Calendar::new();
        calendar.event(event);
        calendar.finish()
    }

    fn unfolded(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    #[test]
    fn times_are_local_but_in_the_hour_that_comes_twice() {
        let summer = written(&event("2026-07-01T21:00:00Z", "2026-07-01T23:00:00Z"));
        assert!(summer.contains("DTSTART;TZID=Europe/London:20260701T220000\r\nDTEND;TZID=Europe/London:20260702T000000\r\n"), "{summer}");
        // 25 October 2026: 01:00 to 02:00 stands on the clocks twice.
        for (start, end) in [("2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"), ("2026-10-24T22:00:00Z", "2026-10-25T01:30:00Z")] {
            let night = written(&event(start, end));
            assert!(night.contains(&format!("DTSTART:{}\r\nDTEND:{}\r\n", utc(at(start)), utc(at(end)))), "{night}");
        }
        let over = written(&event("2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z"));
        assert!(over.contains("DTSTART;TZID=Europe/London:20261025T003000\r\nDTEND;TZID=Europe/London:20261025T023000"), "three hours: {over}");
        assert!(written(&event("1990-01-01T09:00:00Z", "1990-01-01T10:00:00Z")).contains("DTSTART:19900101T090000Z"));
    }

    /// The rules in the file are those of the bundled zone: the same nights, for as long as anybody plans.
    #[test]
    fn the_written_rules_are_those_of_the_zone() {
        let zone = calendar::london();
        let mut changes = zone.following(Timestamp::from_second(RULES_SINCE - 1).unwrap());
        let last_sunday = |year: i16, month: i8| {
            let last = jiff::civil::date(year, month, 1).last_of_month();
            last.checked_sub(jiff::Span::new().days(i64::from(last.weekday().to_sunday_zero_offset()))).unwrap()
        };
        for (year, month) in (1996..2100).flat_map(|year| [(year, 3), (year, 10)]).skip(1) {
            let expected = last_sunday(year, month).at(1, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
            let change = changes.next().unwrap();
            assert_eq!((change.timestamp(), change.abbreviation()), (expected, if month == 3 { "BST" } else { "GMT" }));
        }
    }

    #[test]
    fn text_is_escaped_and_an_address_is_not() {
        assert_eq!(escaped("Room 4, first floor;\r\nring \\ ask\tCarl\u{7}"), "Room 4\\, first floor\\;\\nring \\\\ ask Carl");
        let mut one = event("2026-07-01T21:00:00Z", "2026-07-01T23:00:00Z");
        one.url = "https://change.example.org/changes/RFC-1?a=1,2;b".into();
        assert!(unfolded(&written(&one)).contains("URL:https://change.example.org/changes/RFC-1?a=1,2;b\r\n"));
    }

    #[test]
    fn a_file_without_an_event_needs_no_zone() {
        let mut calendar = Calendar::new();
        let (from, until) = (at("2026-12-18T00:00:00Z"), at("2027-01-03T00:00:00Z"));
        calendar.free_busy("freezes-1@signalbox", from, (from, until), &[Busy { from, until, is_firm: true }]);
        let text = calendar.finish();
        assert!(text.contains("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261218T000000Z/20270103T000000Z\r\n") && !text.contains("VTIMEZONE"), "{text}");
    }

    #[test]
    fn lines_are_short_and_read_back_as_they_were() {
        let letters = ["a", "é", "€", "𝄞", ";", ",", "\\", "\n", " "];
        let texts = (0..240).map(|n| (0..n).map(|at| letters[(at * 7 + n) % letters.len()]).collect::<String>());
        for words in texts.chain(letters.iter().map(|letter| letter.repeat(120))) {
            let mut one = event("2026-07-01T21:00:00Z", "2026-07-01T23:00:00Z");
            one.summary = words.clone();
            let text = written(&one);
            assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
            let unfolded = unfolded(&text);
            let line = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
            assert_eq!(read(line), words);
        }
    }

    fn read(line: &str) -> String {
        let (mut read, mut letters) = (String::new(), line.chars());
        while let Some(letter) = letters.next() {
            read.push(match letter {
                '\\' => letters.next().map_or('?', |next| if next == 'n' { '\n' } else { next }),
                other => other,
            });
        }
        read
    }
}
