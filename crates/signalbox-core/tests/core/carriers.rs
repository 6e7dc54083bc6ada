//! What carriers tell of their own works, in notices made up here: a MaintNote by the letter, other mails as far as
//! their words go, and what can be read in more than one way left open.

use jiff::Timestamp;
use proptest::prelude::*;
use signalbox_core::carrier::{self, Doubt, Part, Received, State, Understood};
use signalbox_core::maintnote::Impact;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn calendar(lines: &str) -> Understood {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    carrier::read(&Received { parts: vec![Part { media: "text/calendar".into(), name: String::new(), text: Some(text) }], ..Received::default() })
}

fn mail(subject: &str, text: &str) -> Understood {
    let part = Part { media: "text/html".into(), name: String::new(), text: Some(text.into()) };
    carrier::read(&Received { sender: "noc@meridian.example".into(), subject: subject.into(), parts: vec![part] })
}

const NOTE: [&str; 13] = [
    "UID:mw-7@meridian.example",
    "SEQUENCE:4",
    "DTSTAMP:20261120T100000Z",
    "DTSTART:20261208T220000Z",
    "DTEND:20261209T020000Z",
    "SUMMARY:Fibre splice at Quay Street",
    "ORGANIZER;CN=\"NOC; nights\":mailto:noc@meridian.example",
    "X-MAINTNOTE-PROVIDER:meridian.example",
    "X-MAINTNOTE-ACCOUNT:NB-0042",
    "X-MAINTNOTE-MAINTENANCE-ID:MW-7",
    "X-MAINTNOTE-OBJECT-ID;ALTREP=\"https://meridian.example/c:1\":NB-ETH-1",
    "X-MAINTNOTE-IMPACT:OUTAGE",
    "X-MAINTNOTE-STATUS:CONFIRMED",
];

#[test]
fn c127_a_maintnote_is_read_by_the_letter() {
    let understood = calendar(&NOTE.join("\r\n"));
    assert!(understood.is_plain(), "{understood:?}");
    assert_eq!((understood.provider.value.as_deref(), understood.account.value.as_deref()), (Some("meridian.example"), Some("NB-0042")));
    assert_eq!((understood.maintenance_id.value.as_deref(), understood.sequence), (Some("MW-7"), Some(4)));
    assert_eq!((understood.start.value, understood.end.value), (Some(at("2026-12-08T22:00:00Z")), Some(at("2026-12-09T02:00:00Z"))));
    assert_eq!((understood.status.value, understood.worst()), (Some(State::Confirmed), Impact::Outage));
    assert_eq!(understood.objects.iter().map(|object| object.reference.as_str()).collect::<Vec<_>>(), ["NB-ETH-1"]);
}

#[test]
fn c127_each_property_that_is_missing_is_named_and_nothing_else() {
    for (n, line) in NOTE.iter().enumerate() {
        let name = line.split([':', ';']).next().unwrap();
        let rest: Vec<&str> = NOTE.iter().enumerate().filter(|(other, _)| *other != n).map(|(_, line)| *line).collect();
        let understood = calendar(&rest.join("\n"));
        assert_eq!(understood.faults.iter().map(|fault| (fault.property.as_str(), fault.doubt)).collect::<Vec<_>>(), [(name, Doubt::NotSaid)]);
        assert!(!understood.is_plain(), "{name}");
    }
}

#[test]
fn c127_words_that_the_standard_does_not_have_are_faults_and_an_unknown_impact_is_the_worst() {
    let with = |from: &str, to: &str| calendar(&NOTE.join("\n").replace(from, to));
    let odd = with("IMPACT:OUTAGE", "IMPACT:A-BIT-SLOW");
    assert!(odd.is_plain() && odd.objects[0].impact == Impact::Outage, "{odd:?}");
    assert_eq!(with("IMPACT:OUTAGE", "IMPACT:reduced-redundancy").objects[0].impact, Impact::ReducedRedundancy);
    let own = with("NB-ETH-1", "NB-ETH-1\nX-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=NO-IMPACT:NB-ETH-2");
    assert_eq!(own.objects.iter().map(|object| object.impact).collect::<Vec<_>>(), [Impact::Outage, Impact::NoImpact]);
    for (from, to, property, doubt) in [
        ("STATUS:CONFIRMED", "STATUS:RE-SCHEDULED", "X-MAINTNOTE-STATUS", Doubt::Unknown),
        ("STATUS:CONFIRMED", "STATUS:MAYBE", "X-MAINTNOTE-STATUS", Doubt::Unknown),
        ("DTSTART:20261208T220000Z", "DTSTART:20261208T220000", "DTSTART", Doubt::NoZone),
        ("DTSTART:20261208T220000Z", "DTSTART;TZID=Europe/London:20261025T013000", "DTSTART", Doubt::ClockChange),
        ("DTSTART:20261208T220000Z", "DTSTART:20261209T030000Z", "DTEND", Doubt::Backwards),
        ("SEQUENCE:4", "SEQUENCE:-1", "SEQUENCE", Doubt::Unclear),
        ("SEQUENCE:4", "SEQUENCE:4\nSEQUENCE:5", "SEQUENCE", Doubt::Several),
        ("NB-ETH-1", "NB-ETH-\n1", "X-MAINTNOTE-OBJECT-ID", Doubt::Broken),
    ] {
        let understood = with(from, to);
        let faults: Vec<_> = understood.faults.iter().map(|fault| (fault.property.as_str(), fault.doubt)).collect();
        assert_eq!(faults, [(property, doubt)], "{to}");
    }
    assert!(with("DTSTART:20261208T220000Z", "DTSTART;TZID=Europe/London:20261208T220000").is_plain());
}

#[test]
fn c127_a_mail_is_read_by_its_labels_tables_and_subject() {
    let text = "Dear customer,\nPlease note the planned maintenance below.\n\nTicket Number:\tCHG-00417\nCustomer:\tNorthbrook Trust\n\
        Scheduled Start Date & Time\tScheduled End Date & Time\tTime Zone\n12/8/2026\t5:00 PM\t12/8/2026\t9:00 PM\tEastern\n\
        12/8/2026\t10:00 PM\t12/9/2026\t2:00 AM\tGMT\n\nDescription: Splice at Quay Street\n\n\
        Circuit ID\tProduct\tImpact\nNB-ETH-1\tEthernet\tOutage\nNB-ETH-2\tEthernet\tAt Risk\nNB-ETH-3\tEthernet\tup to an hour\n";
    let understood = mail("Planned maintenance CHG-00417", text);
    assert_eq!(understood.maintenance_id.value.as_deref(), Some("CHG-00417"));
    assert_eq!(understood.account.value.as_deref(), Some("Northbrook Trust"));
    assert_eq!(understood.status.value, Some(State::Confirmed), "{:?}", understood.status);
    assert_eq!(understood.start.doubt, Some(Doubt::DateOrder), "whose dates may be either: {:?}", understood.start);
    let impacts: Vec<(&str, Impact)> = understood.objects.iter().map(|object| (object.reference.as_str(), object.impact)).collect();
    assert_eq!(impacts, [("NB-ETH-1", Impact::Outage), ("NB-ETH-2", Impact::ReducedRedundancy), ("NB-ETH-3", Impact::Outage)]);
    assert_eq!(understood.summary.value.as_deref(), Some("Splice at Quay Street"));
    assert!(!understood.is_plain(), "a mail never speaks for itself");
    // One date of the mail that can be read in one way only tells how to read the others; two that disagree tell nothing.
    let understood = mail("Planned maintenance", &format!("{text}Sent on 11/20/2026\n"));
    assert_eq!((understood.start.value, understood.end.value), (Some(at("2026-12-08T22:00:00Z")), Some(at("2026-12-09T02:00:00Z"))));
    let understood = mail("Planned maintenance", &format!("{text}Sent on 11/20/2026, as agreed on 20/11/2026\n"));
    assert_eq!((understood.start.value, understood.start.doubt), (None, Some(Doubt::DateOrder)));
}

#[test]
fn c127_the_two_zones_of_a_table_have_to_agree() {
    let table = |eastern: &str| format!("Start\tEnd\n2026-12-08 {eastern} EST\t2026-12-08 21:00 EST\n2026-12-08 22:00 GMT\t2026-12-09 02:00 GMT\n");
    let understood = mail("Planned maintenance", &table("17:00"));
    assert_eq!((understood.start.value, understood.end.value), (Some(at("2026-12-08T22:00:00Z")), Some(at("2026-12-09T02:00:00Z"))));
    let understood = mail("Planned maintenance", &table("18:00"));
    assert_eq!((understood.start.value, understood.start.doubt), (None, Some(Doubt::Differs)));
    assert!(understood.start.words.contains("18:00") && understood.start.words.contains("22:00"), "{}", understood.start.words);
}

#[test]
fn c127_a_time_that_may_be_two_moments_is_left_open_with_its_reason() {
    for (written, doubt) in [
        ("8 December 2026 22:00", Doubt::NoZone),
        ("22:00 (local time) 8 December 2026", Doubt::NoZone),
        ("08/12/2026 22:00 UTC", Doubt::DateOrder),
        ("8 December 2026 22:00 CST", Doubt::ZoneUnclear),
        ("8 December 2026 22:00 GMT+3", Doubt::ZoneUnclear),
        ("8 July 2026 22:00 EST", Doubt::ZoneUnclear),
        ("8 December 2026 22:00 BST", Doubt::ZoneUnclear),
        ("25 October 2026 01:30 UK time", Doubt::ClockChange),
    ] {
        let understood = mail("Notice", &format!("Start time: {written}\n"));
        assert_eq!((understood.start.value, understood.start.doubt), (None, Some(doubt)), "{written}");
        assert!(understood.start.words.contains("22:00") || understood.start.words.contains("01:30"), "{written}: {}", understood.start.words);
    }
    for (written, moment) in [
        ("8 December 2026 22:00 UTC", "2026-12-08T22:00:00Z"),
        ("Tue, 8 Dec 2026 22:00:30 GMT", "2026-12-08T22:00:30Z"),
        ("December 8th, 2026 10:00 PM GMT", "2026-12-08T22:00:00Z"),
        ("22:00 31/12/2026 GMT", "2026-12-31T22:00:00Z"),
        ("12/31/2026 12:15 AM Eastern", "2026-12-31T05:15:00Z"),
        ("2026-12-08T22:00:00Z", "2026-12-08T22:00:00Z"),
        ("2026-12-08 22:00 +0530", "2026-12-08T16:30:00Z"),
        ("2026-12-08 22:00 UTC+1", "2026-12-08T21:00:00Z"),
        ("8 July 2026 22:00 BST", "2026-07-08T21:00:00Z"),
        ("8 July 2026 22:00 Europe/London", "2026-07-08T21:00:00Z"),
        ("08-Jul-2026 22:00 CEST", "2026-07-08T20:00:00Z"),
    ] {
        let understood = mail("Notice", &format!("Start time: {written}\n"));
        assert_eq!(understood.start.value, Some(at(moment)), "{written}: {:?}", understood.start);
    }
}

#[test]
fn c127_a_night_in_which_the_clocks_change_is_asked_about() {
    let understood = mail("Planned work", "Start time: 24 October 2026 23:00 GMT\nEnd time: 25 October 2026 03:00 GMT\n");
    assert_eq!((understood.start.value, understood.start.doubt), (Some(at("2026-10-24T23:00:00Z")), Some(Doubt::ClockChange)));
    assert_eq!(understood.end.doubt, Some(Doubt::ClockChange));
    let understood = mail("Planned work", "Start time: 25 October 2026 23:00 GMT\nEnd time: 26 October 2026 03:00 GMT\n");
    assert_eq!((understood.start.doubt, understood.end.doubt), (None, None));
    let understood = mail("Planned work", "Start time: 26 October 2026 03:00 GMT\nEnd time: 25 October 2026 23:00 GMT\n");
    assert_eq!((understood.start.value, understood.end.doubt), (None, Some(Doubt::Backwards)));
}

#[test]
fn c127_how_far_it_is_is_read_only_from_words_that_say_it() {
    for (subject, text, wanted) in [
        ("Notice", "The work has been cancelled.", Some(State::Cancelled)),
        ("Notice", "If the work has been cancelled we will tell you.", None),
        ("Notice", "Should it rain, the work has been cancelled.", None),
        ("Notice", "The work has been postponed.", None),
        ("Notice", "The work has begun. It has been completed.", Some(State::Completed)),
        ("Notice", "It has been completed. It has been cancelled.", None),
        ("Cancellation: splice", "Planned maintenance at Quay Street.", Some(State::Cancelled)),
        ("Maintenance notice", "Splice at Quay Street.", Some(State::Confirmed)),
        ("Tentative maintenance notice", "Splice at Quay Street.", None),
        ("Lunch", "Shall we meet?", None),
        ("Notice", "2026-12-01 10:00:00 GMT - The work has been cancelled.\n2026-12-02 10:00:00 GMT - The work has been rescheduled.", Some(State::Moved)),
    ] {
        assert_eq!(mail(subject, text).status.value, wanted, "{subject}: {text}");
    }
    // A sentence that is broken over two lines keeps its condition.
    let long = "If for whatever reason the weather does not allow it, and the planned\nwork has been cancelled, nothing follows.";
    let part = Part { media: "text/plain".into(), name: String::new(), text: Some(long.into()) };
    let understood = carrier::read(&Received { subject: "Note".into(), parts: vec![part], ..Received::default() });
    assert_eq!(understood.status.value, None, "{:?}", understood.status);
}

#[test]
fn c127_what_nobody_can_read_is_named_and_circuits_in_lists_are_found() {
    let csv =
        Part { media: "text/csv".into(), name: "circuits.csv".into(), text: Some("Customer,Circuit ID,Town\n\"Trust, Northbrook\",NB-ETH-1,Quay\n".into()) };
    let sheet = Part { media: "application/vnd.ms-excel".into(), name: "circuits.xls".into(), text: None };
    let understood = carrier::read(&Received { subject: "Planned outage".into(), parts: vec![csv, sheet], ..Received::default() });
    assert_eq!(understood.objects.iter().map(|object| object.reference.as_str()).collect::<Vec<_>>(), ["NB-ETH-1"]);
    assert_eq!(understood.unread, ["circuits.xls"]);
    assert_eq!(understood.provider.doubt, Some(Doubt::NotSaid));
}

#[test]
fn c127_a_carrier_is_one_carrier_by_name_and_by_domain() {
    for name in ["Colt", "colt.net", "notices.colt.net", " Colt  Technology "] {
        assert_eq!(carrier::provider_key(name), "colt", "{name}");
    }
    assert_eq!((carrier::provider_key("notcolt.net"), carrier::provider_key("Quay  Line")), ("notcolt.net".to_owned(), "quay line".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes, it is read without a fault of ours, and a value that is open says why.
    #[test]
    fn c127_anything_can_be_read(subject in "\\PC{0,80}", text in "(\\PC|[\n\t:;|/0-9])*", media in prop::sample::select(vec!["text/plain", "text/html", "text/csv", "text/calendar"])) {
        let part = Part { media: media.into(), name: String::new(), text: Some(text) };
        let understood = carrier::read(&Received { sender: String::new(), subject, parts: vec![part] });
        for (is_open, doubt) in [
            (understood.start.value.is_none(), understood.start.doubt),
            (understood.end.value.is_none(), understood.end.doubt),
            (understood.status.value.is_none(), understood.status.doubt),
            (understood.maintenance_id.value.is_none(), understood.maintenance_id.doubt),
            (understood.provider.value.is_none(), understood.provider.doubt),
        ] {
            prop_assert!(!is_open || doubt.is_some());
        }
        let again: Understood = serde_json::from_str(&serde_json::to_string(&understood).unwrap()).unwrap();
        prop_assert_eq!(again, understood);
    }

    /// Noise in a calendar: a note that is taken without a question still says everything that it has to.
    #[test]
    fn c127_a_note_that_was_cut_never_speaks_for_itself(cut in 0usize..NOTE.len(), keep in 0usize..40) {
        let mut lines: Vec<String> = NOTE.iter().map(|line| (*line).to_owned()).collect();
        let whole = lines[cut].clone();
        lines[cut] = whole.chars().take(keep).collect();
        let understood = calendar(&lines.join("\n"));
        let value = |line: &str| line.rsplit_once(':').map(|(_, value)| value.to_owned());
        // A value may be cut and still be one; what has none must be asked about.
        if value(&lines[cut]).is_none_or(|value| value.is_empty()) {
            prop_assert!(!understood.is_plain(), "{}", lines[cut]);
        }
    }

    /// A moment that is written in any of these ways is that moment.
    #[test]
    fn c127_a_moment_that_is_written_out_is_that_moment(minutes in 0i64..5_000_000, way in 0usize..6) {
        let moment = Timestamp::from_second(1_700_000_000 / 60 * 60 + minutes * 60).unwrap();
        let zoned = moment.to_zoned(jiff::tz::TimeZone::UTC);
        let formats = ["%-d %B %Y %H:%M UTC", "%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%d %H:%M Z", "%B %-d, %Y %I:%M %p UTC", "%d-%b-%Y %H:%M (GMT)", "%H:%M %-d %B %Y UTC"];
        let written = zoned.strftime(formats[way]).to_string();
        let understood = mail("Notice", &format!("Start time: {written}\n"));
        prop_assert_eq!(understood.start.value, Some(moment), "{}: {:?}", written, understood.start);
    }
}
