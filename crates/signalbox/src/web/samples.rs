//! Every page once or more, filled with invented people and work. Tests render them to check markup, weight and
//! accessibility without a database; no route serves them.

use askama::Template;
use jiff::Timestamp;

use super::layout::{Place, Shell};
use super::pages::errors::{ConflictPage, Difference, ErrorPage, InvalidPage, Resend, Rule, UnavailablePage};
use super::pages::ops::{Answer, OpsForm, OpsPage, OpsRow, Question};
use super::pages::reports::*;
use super::pages::schedule::*;
use super::pages::status::{AccessibilityPage, KeysPage, StatusPage, StatusRow};
use super::pages::today::{Figure, News, NewsLine, NightNote, TodayPage, Waiting};
use super::pages::tonight::{Noticed, TonightPage, UnknownSitePage};
use super::svg::{Limits, Point, Signal, Xmr};
use super::timeline::{Head, Lane, Scale, Timeline};
use super::ui::{Choice, Entry, Fault, Field, Link, Look, Paging, Stat, Tag};

/// A rendered page and the name under which tests speak of it.
pub struct Sample {
    pub name: &'static str,
    pub html: String,
}

/// Every sample there is, rendered.
pub fn all() -> Result<Vec<Sample>, askama::Error> {
    let mut samples = Vec::new();
    let mut add = |name, page: &dyn DynPage| -> Result<(), askama::Error> {
        samples.push(Sample { name, html: page.html()? });
        Ok(())
    };
    add("today", &today())?;
    add("today-quiet", &today_quiet())?;
    add("schedule-month", &schedule_month())?;
    add("schedule-timeline", &schedule_timeline())?;
    add("schedule-table", &schedule_table())?;
    add("schedule-empty", &schedule_empty())?;
    add("ops", &ops(true))?;
    add("ops-no-match", &ops(false))?;
    add("tonight", &tonight())?;
    add("tonight-unknown", &tonight_unknown())?;
    add("reports", &reports())?;
    add("report-success", &report_success(24))?;
    add("report-success-few", &report_success(6))?;
    add("report-trust-raised", &report_trust_raised())?;
    add("report-forward", &report_forward())?;
    add("error-403", &error_denied())?;
    add("error-404", &error_not_found())?;
    add("error-409", &error_conflict())?;
    add("error-413", &error_too_large())?;
    add("error-422", &error_invalid())?;
    add("error-429", &error_too_often())?;
    add("error-503", &error_unavailable())?;
    add("status", &status())?;
    add("accessibility", &AccessibilityPage { shell: visitor("Accessibility") })?;
    add("keys", &KeysPage { shell: visitor("Keyboard") })?;
    Ok(samples)
}

/// Lets pages of different types stand in one list.
trait DynPage {
    fn html(&self) -> Result<String, askama::Error>;
}

impl<T: Template> DynPage for T {
    fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

fn visitor(title: &str) -> Shell {
    let mut shell = Shell::sample(title, Place::Elsewhere);
    shell.user = None;
    shell.nav = super::layout::menu(Place::Elsewhere, false, false);
    shell
}

/// An invented piece of work: reference, title, start, end (in November 2026), look, service, site, clash.
type Work = (&'static str, &'static str, &'static str, &'static str, Look, usize, &'static str, bool);

#[rustfmt::skip]
const WORK: [Work; 15] = [
    ("SR-2026-000917", "Add 40 card printers", "17T19:30", "17T20:00", Look::Request, 0, "Northbrook", false),
    ("RFC-2026-001842", "Archive node firmware", "17T22:00", "18T02:00", Look::Approved, 1, "Northbrook", true),
    ("NPN-2026-000112", "Edge router card swap", "17T23:00", "18T01:00", Look::Network, 3, "Northbrook", true),
    ("RFC-2026-001791", "Results database patch", "16T21:00", "17T01:00", Look::Failed, 2, "All sites", false),
    ("RFC-2026-001805", "Maternity summary 2.4", "16T21:00", "16T23:30", Look::Done, 0, "All sites", false),
    ("RFC-2026-001850", "Certificate renewal", "18T12:30", "18T13:15", Look::Emergency, 2, "All sites", false),
    ("RFC-2026-001831", "Reference range update", "18T20:00", "18T22:00", Look::Approved, 2, "St Crispin’s", false),
    ("RFC-2026-001836", "Interface engine 4.2", "19T21:00", "20T01:00", Look::Awaiting, 0, "All sites", false),
    ("SR-2026-000921", "Clinic code batch", "20T10:00", "20T10:30", Look::Request, 0, "Eastmarsh", false),
    ("RFC-2026-001840", "Core switch replacement", "21T06:00", "21T14:00", Look::Approved, 3, "Eastmarsh", false),
    ("ON-2026-000275", "Generator load test", "22T08:00", "22T12:00", Look::Outage, 4, "St Crispin’s", false),
    ("RFC-2026-001829", "Viewer release 7.1", "24T20:00", "24T23:00", Look::Approved, 1, "All sites", true),
    ("RFC-2026-001847", "Connect CT scanner 3", "24T20:30", "24T22:30", Look::Awaiting, 1, "Northbrook", true),
    ("RFC-2026-001844", "Quarterly release 12.3", "25T22:00", "26T04:00", Look::Awaiting, 0, "All sites", false),
    ("", "Restricted work", "26T18:00", "26T20:00", Look::Restricted, 3, "Riverside", false),
];
const SERVICES: [&str; 5] = ["Patient administration", "PACS imaging", "Pathology results", "Wide-area network", "Site power and plant"];
const WEEKDAYS: [(&str, &str); 7] =
    [("Monday", "Mon"), ("Tuesday", "Tue"), ("Wednesday", "Wed"), ("Thursday", "Thu"), ("Friday", "Fri"), ("Saturday", "Sat"), ("Sunday", "Sun")];

fn instant(day_and_time: &str) -> Timestamp {
    format!("2026-11-{day_and_time}:00Z").parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn entry(work: &Work) -> Entry {
    let (reference, title, start, end, look, _, site, clashes) = *work;
    let clash = if clashes { ", clashes with another change" } else { "" };
    Entry {
        reference: reference.into(),
        title: title.into(),
        href: if reference.is_empty() { String::new() } else { format!("/changes/{reference}") },
        at: start[3..].into(),
        look,
        clashes,
        aria: format!("{site}, {} November {} to {}, {}{clash}", &start[..2], &start[3..], &end[3..], look.label().to_lowercase()),
    }
}

fn link(reference: &str, title: &str) -> Link {
    Link::new(&format!("{reference} {title}"), &format!("/changes/{reference}"))
}

fn lanes(scale: Scale, now: Option<Timestamp>) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for (service, name) in SERVICES.iter().enumerate() {
        let work: Vec<_> = WORK.iter().filter(|work| work.5 == service).map(|work| (instant(work.2), instant(work.3), entry(work))).collect();
        let (bars, _) = scale.pack(work);
        let freeze = (service == 0).then(|| scale.ground("Month-end freeze", ", Friday 27 November 18:00 to Tuesday 1 December 08:00", instant("27T18:00"), instant("30T23:00")));
        lanes.push(Lane {
            name: (*name).into(),
            note: "Halden · 4 sites".into(),
            count: if bars.is_empty() { "nothing planned".into() } else { format!("entries: {}", bars.len()) },
            grounds: freeze.flatten().into_iter().collect(),
            now: now.and_then(|now| scale.column_of(now)),
            bars,
            more: None,
        });
    }
    lanes
}

fn fortnight() -> Timeline {
    let heads = (0..14).map(|day| Head {
        label: if day == 0 { "Mon 16 Nov".into() } else { format!("{} {}", WEEKDAYS[day % 7].1, 16 + day) },
        class: if day == 1 { "today" } else if day % 7 > 4 { "we" } else { "" },
    });
    Timeline {
        label: "Timeline by service, scrolls sideways".into(),
        corner: "Service".into(),
        is_night: false,
        heads: heads.collect(),
        lanes: lanes(Scale::fortnight(instant("16T00:00")), Some(instant("17T17:20"))),
    }
}

fn night() -> Timeline {
    let heads = (0..14).map(|hour| Head { label: format!("{:02}:00", (18 + hour) % 24), class: "" });
    Timeline {
        label: "Tonight hour by hour, scrolls sideways".into(),
        corner: "17 to 18 Nov".into(),
        is_night: true,
        heads: heads.collect(),
        lanes: lanes(Scale::night(instant("17T18:00")), None).into_iter().filter(|lane| !lane.bars.is_empty()).collect(),
    }
}

pub fn today() -> TodayPage {
    let waiting = |due: &str, late, label: &str, why: &str, tag| Waiting { due: due.into(), is_late: late, link: Link::new(label, "/changes/RFC-2026-001836"), why: why.into(), tag };
    TodayPage {
        shell: Shell { flash: Some("RFC-2026-001831 is approved. The raiser has been told.".into()), demo: true, ..Shell::sample("Today", Place::Today) },
        day: "Tuesday 17 November".into(),
        sentence: "3 pieces of work tonight, all at Northbrook. 1 clash needs settling before 19:00.".into(),
        more: "4 things wait for you; 1 is overdue. No freeze is running. The next, month-end, starts Friday 27 November at 18:00.".into(),
        waiting: vec![
            waiting("2 days late", true, "Answer for RFC-2026-001836 Interface engine 4.2", "Technical assessment, asked of you on 9 November.", Tag::new("Assessment", "blue")),
            waiting("by 19:00 today", false, "Settle the clash between RFC-2026-001842 and NPN-2026-000112", "Router work takes the Northbrook link down for 2 hours inside the firmware window.", Tag::new("Clash", "red")),
            waiting("by 12:00 Wed", false, "Decide RFC-2026-001844 Quarterly release 12.3", "All assessments are in, 1 condition. You are the last of 4 to decide.", Tag::new("Your approval", "yellow")),
            waiting("by Fri 20 Nov", false, "Write up RFC-2026-001791 Results database patch", "Backed out on 5 November. The review is the only thing left open.", Tag::new("Review", "grey")),
        ],
        waiting_all: Some(Link::new("All 4, with what you promised", "/promises")),
        night: night(),
        night_links: vec![Link::new("Tonight at Northbrook", "/tonight/northbrook")],
        night_notes: vec![NightNote { when: "23:00 to 01:00".into(), text: "the Northbrook link is down while RFC-2026-001842 is copying firmware over it.".into(), link: Link::new("2 ways out", "/changes/RFC-2026-001842#clashes") }],
        news: Some(News {
            heading: "Since you last looked, yesterday 17:41".into(),
            lines: vec![
                NewsLine { when: "16:48".into(), link: Link::new("NPN-2026-000112 moved to tonight", "/notices/NPN-2026-000112"), text: "Meridian brought it forward a day. 14 people were told of the clash.".into() },
                NewsLine { when: "08:05".into(), link: Link::new("RFC-2026-001805 Maternity summary 2.4 worked", "/changes/RFC-2026-001805"), text: "Finished 12 minutes early at all 4 sites.".into() },
            ],
            all: Some(Link::new("All changes", "/changes")),
        }),
        figure: Some(Figure {
            heading: "Last 28 days".into(),
            figure: "96.4 %".into(),
            of: "of 83 changes worked first time".into(),
            reading: "3 did not: 2 backed out, 1 caused an incident. Ordinary for us: weeks usually fall between 87 and 100 %.".into(),
            report: Link::new("Success and failure", "/reports/success"),
        }),
        coming: WORK.iter().skip(5).take(5).map(|work| NewsLine { when: format!("Nov {}", &work.2[..2]), link: link(work.0, work.1), text: format!("{}, {}", &work.2[3..], work.6) }).collect(),
    }
}

pub fn today_quiet() -> TodayPage {
    TodayPage {
        shell: Shell::sample("Today", Place::Today),
        sentence: "Nothing tonight.".into(),
        more: "Nothing waits for you.".into(),
        waiting: vec![],
        waiting_all: None,
        night: Timeline::default(),
        night_notes: vec![],
        news: None,
        figure: None,
        coming: vec![],
        ..today()
    }
}

fn schedule(view: usize, heading: &str, body: Body) -> SchedulePage {
    let any = |label: &str| vec![Choice::new("", label).chosen(true), Choice::new("northbrook", "Northbrook"), Choice::new("riverside", "Riverside")];
    let views = ["Month", "Timeline", "Table"];
    SchedulePage {
        shell: Shell::sample("Schedule", Place::Schedule),
        heading: heading.into(),
        views: views.iter().enumerate().map(|(at, label)| ViewLink { link: Link::new(label, &format!("/schedule?view={}", label.to_lowercase())), current: at == view }).collect(),
        earlier: Link::new("Earlier", "/schedule?from=2026-10-01"),
        later: Link::new("Later", "/schedule?from=2026-12-01"),
        today: Link::new("Today", "/schedule"),
        csv_href: "/schedule.csv".into(),
        filters: vec![
            Filter { name: "site", label: "Site", choices: any("All sites I can see (4)") },
            Filter { name: "service", label: "Service", choices: any("All services") },
            Filter { name: "organisation", label: "Organisation", choices: any("All organisations") },
            Filter { name: "kind", label: "Kind", choices: any("All kinds") },
            Filter { name: "state", label: "State", choices: any("Everything but drafts") },
            Filter { name: "clash", label: "Clashes", choices: any("Show all") },
        ],
        kept: vec![("view".into(), views[view].to_lowercase())],
        clear_href: None,
        status: "15 entries, 2 clashes, 1 freeze.".into(),
        dropped: vec![],
        body,
        empty: None,
        clashes: vec![ClashNote {
            heading: "Clash tonight at Northbrook".into(),
            first: link("RFC-2026-001842", "Archive node firmware"),
            text: "needs the Northbrook link.".into(),
            second: link("NPN-2026-000112", "Edge router card swap"),
            after: "takes that link down from 23:00 to 01:00.".into(),
            why: Link::new("See why, and 2 ways out", "/changes/RFC-2026-001842#clashes"),
        }],
    }
}

fn november(days: impl Fn(i8) -> (Vec<Entry>, Option<Link>)) -> Month {
    let week = |first: i8| Week {
        days: (0..7i8)
            .map(|at| {
                let number = first + at;
                let (number, month, is_off) = if number < 1 { (number + 31, "October", true) } else if number > 30 { (number - 30, "December", true) } else { (number, "November", false) };
                let (entries, more) = if is_off { (vec![], None) } else { days(number) };
                let weekday = WEEKDAYS[usize::try_from(at).unwrap_or(0)];
                let freezes = if !is_off && number >= 27 { vec![Freeze { label: "Month-end freeze".into(), is_named: number == 27 || at == 0 }] } else { vec![] };
                Day { number, weekday: weekday.0, short: weekday.1, month, href: format!("/schedule?view=table&from=2026-11-{number:02}"), is_off, is_weekend: at > 4, is_today: !is_off && number == 17, freezes, entries, more }
            })
            .collect(),
    };
    Month { caption: "Changes, outages and freezes in November 2026".into(), weeks: [-6, 2, 9, 16, 23, 30].into_iter().map(week).collect() }
}

pub fn schedule_month() -> SchedulePage {
    let month = november(|day| {
        let on_day: Vec<Entry> = WORK.iter().filter(|work| work.2.starts_with(&format!("{day:02}T"))).map(entry).collect();
        let more = (day == 24).then(|| Link::new("36 more", "/schedule?view=table&from=2026-11-24"));
        (if day == 24 { on_day.iter().cycle().take(4).cloned().collect() } else { on_day }, more)
    });
    schedule(0, "November 2026", Body::Month(month))
}

pub fn schedule_timeline() -> SchedulePage {
    SchedulePage {
        dropped: vec!["No site is called “moon”; that filter was dropped.".into()],
        clear_href: Some("/schedule?view=timeline".into()),
        ..schedule(1, "16 to 29 November 2026", Body::Timeline(fortnight()))
    }
}

pub fn schedule_table() -> SchedulePage {
    let rows = WORK.iter().map(|work| {
        let entry = entry(work);
        Row {
            reference: if entry.reference.is_empty() { "Restricted".into() } else { entry.reference },
            href: entry.href,
            starts: format!("{} Nov, {}", &work.2[..2], &work.2[3..]),
            starts_iso: format!("2026-11-{}:00Z", work.2),
            ends: format!("{}{}", &work.3[3..], if work.2[..2] == work.3[..2] { "" } else { " next day" }),
            ends_iso: format!("2026-11-{}:00Z", work.3),
            title: work.1.into(),
            service: SERVICES[work.5].into(),
            site: work.6.into(),
            organisation: "Halden".into(),
            tag: Tag::new(work.4.label(), work.4.colour()),
            clash: work.7.then(|| Link::new("RFC-2026-001842", "/changes/RFC-2026-001842#clashes")),
        }
    });
    let paging = Paging { showing: "Showing 15.".into(), first: "/schedule?view=table".into(), next: "/schedule?view=table&cursor=x".into() };
    schedule(2, "From 16 November 2026", Body::Table(Table { caption: "Planned work from 16 November 2026, soonest first".into(), rows: rows.collect(), paging }))
}

pub fn schedule_empty() -> SchedulePage {
    SchedulePage {
        status: "0 entries, 0 clashes, 1 freeze.".into(),
        empty: Some(Empty { sentence: "Nothing planned at Riverside this month. 1 freeze.".into(), widen: Some(Link::new("Show all sites", "/schedule?view=month")) }),
        clashes: vec![],
        ..schedule(0, "November 2026", Body::Month(november(|_| (vec![], None))))
    }
}

pub fn ops(matches: bool) -> OpsPage {
    let answer = if matches {
        Answer {
            matches,
            heading: "Matches NPN-2026-000112 until 01:15 on Wednesday".into(),
            text: "NBK-EDGE-1 is on the list of this work, at Northbrook, 23:00 to Wednesday 01:00. If it is still down at 01:15, treat it as real.".into(),
            work: Some(link("NPN-2026-000112", "Edge router card swap")),
            ring: "Ring Meridian NOC, 020 7946 0190, and quote MER-55810.".into(),
        }
    } else {
        Answer { matches, heading: "No match. Treat as real.".into(), text: "No work that is running or planned at 23:20 names NBK-EDGE-9.".into(), work: None, ring: "Ring the owner of the device, or the change team.".into() }
    };
    let form = |id: &str, acts: &[(&str, &str)], error: Option<String>| OpsForm {
        action: "/ops/RFC-2026-001842".into(),
        version: 12,
        idempotency_key: format!("key-{id}"),
        acts: acts.iter().map(|(act, words)| ((*act).into(), (*words).into())).collect(),
        is_open: error.is_some(),
        fields: vec![
            Field::text(&format!("{id}-on_behalf_of"), "On behalf of", "").hint("The person who told you").error(error),
            Field::checks(&format!("{id}-by_phone"), "How", vec![Choice::new("yes", "By phone").chosen(true)]),
            Field::date_time(&format!("{id}-at"), "When it happened", "2026-11-17", "22:04"),
        ],
    };
    let row = |id: &str, work: &Work, text: &str, ring: &str, report| OpsRow { id: id.into(), when: work.2[3..].into(), link: link(work.0, work.1), text: text.into(), ring: ring.into(), tag: Tag::new(work.4.label(), work.4.colour()), report };
    let fault = (!matches).then(|| "Say who told you".to_owned());
    OpsPage {
        shell: Shell { nav: super::layout::menu(Place::Operations, true, true), ..Shell::sample("Operations board", Place::Operations) },
        sentence: "1 piece of work is running. 2 alarms are expected until 02:15.".into(),
        question: Question { device: "NBK-EDGE-1".into(), kinds: vec![Choice::new("", "Any kind").chosen(true), Choice::new("down", "Down")], date: "2026-11-17".into(), time: "23:20".into() },
        answer: Some(answer),
        faults: fault.clone().map(|message| Fault { message, target: "w1-on_behalf_of".into() }).into_iter().collect(),
        running: vec![row("w1", &WORK[1], "Northbrook N2. Expected: PACS-N2-DISK, PACS-N2-FETCH until 02:15.", "Ring: Tom Achebe, 020 7946 0117", Some(form("w1", &[("overrun", "Running late"), ("restore", "Back")], fault)))],
        next: vec![
            row("w2", &WORK[0], "Northbrook. No alarm expected.", "Ring: Northbrook desk, 020 7946 0131", Some(form("w2", &[("start", "Started")], None))),
            row("w3", &WORK[2], "Northbrook link down to 01:00.", "Ring: Meridian NOC, 020 7946 0190", None),
        ],
    }
}

pub fn tonight() -> TonightPage {
    TonightPage {
        shell: visitor("Tonight at Northbrook"),
        site: "Northbrook".into(),
        site_href: "northbrook".into(),
        span: "Tuesday 17 November, 18:00, to Wednesday, 08:00.".into(),
        sentence: "3 pieces of work. Expect slower access to older X-rays and scans from 22:00 to 02:00. From 23:00 to 01:00 the link to outside services is down.".into(),
        sites: vec![Choice::new("northbrook", "Northbrook").chosen(true), Choice::new("riverside", "Riverside")],
        date: "2026-11-17".into(),
        night: night(),
        notices: vec![
            Noticed { when: "22:00 to 02:00".into(), text: "Scans older than 90 days open in up to 40 seconds.".into() },
            Noticed { when: "23:00 to 01:00".into(), text: "No outside services: booking, results from other sites, email in and out. Phones work.".into() },
        ],
        ring: "Ring the change team on 020 7946 0100 and say “Northbrook, tonight”.".into(),
        unsettled: Some("Not yet settled: RFC-2026-001842 may start at 20:30 instead. This page changes when it does.".into()),
    }
}

pub fn tonight_unknown() -> UnknownSitePage {
    UnknownSitePage { shell: visitor("No such site"), asked: "northbroke".into(), near: vec![Link::new("Northbrook", "/tonight/northbrook")] }
}

fn filters(action: &str) -> Filters {
    let choices = || vec![Choice::new("", "All").chosen(true), Choice::new("pacs", "PACS imaging")];
    Filters {
        action: action.into(),
        selects: vec![
            Select { name: "period", label: "Period", choices: vec![Choice::new("12w", "Last 12 weeks").chosen(true), Choice::new("52w", "Last 52 weeks")] },
            Select { name: "service", label: "Service", choices: choices() },
            Select { name: "organisation", label: "Raised by", choices: choices() },
        ],
        csv_href: format!("{action}.csv"),
        dropped: vec![],
    }
}

fn stat(label: &str, figure: &str, note: &str) -> Stat {
    Stat { label: label.into(), figure: figure.into(), note: note.into(), href: "/changes?state=closed".into() }
}

pub fn reports() -> ReportsPage {
    let one = |label: &str, path: &str, question: &str, sentence: &str| ReportLink { link: Link::new(label, path), question: question.into(), sentence: sentence.into(), csv_href: format!("{path}.csv") };
    ReportsPage {
        shell: Shell::sample("Reports", Place::Reports),
        reports: vec![
            one("Success and failure", "/reports/success", "Do changes work first time, and is that better or worse?", "Last 12 weeks: 241 of 251 worked first time. Doing better than before, and it looks lasting."),
            one("Changes raised by trusts", "/reports/trust-raised", "What did trusts ask for, and where does it stand?", "31 raised in the last 12 weeks, 9 still open."),
            one("Forward schedule of change", "/reports/forward", "What is coming, week by week?", "22 pieces of work in the next 4 weeks, 2 with a clash."),
        ],
    }
}

pub fn report_success(weeks: usize) -> SuccessPage {
    let values = [92.0, 88.0, 95.0, 90.0, 93.0, 89.0, 96.0, 91.0, 94.0, 90.0, 92.0, 81.0, 93.0, 95.0, 96.0, 97.0, 95.0, 98.0, 96.0, 97.0, 95.0, 96.0, 98.0, 97.0];
    let signal = |at: usize, value: f64| if weeks < 12 { Signal::None } else if value < 85.0 { Signal::Outside } else if at >= 13 { Signal::Run } else { Signal::None };
    let points: Vec<Point> = values.iter().take(weeks).enumerate().map(|(at, value)| Point { label: format!("week {}", at + 1), value: *value, signal: signal(at, *value) }).collect();
    let rate = |name: &str, all, worked| RateRow { name: name.into(), href: "/changes?service=x".into(), all, worked, rate: format!("{:.1} %", 100.0 * worked as f64 / all as f64) };
    SuccessPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Success and failure", Place::Reports) },
        span: "12 weeks to Sunday 15 November 2026, all organisations.".into(),
        sentence: if weeks < 12 { "Too few weeks to tell better from worse.".into() } else { "Doing better than before, and it looks lasting:".into() },
        more: if weeks < 12 { String::new() } else { "11 weeks in a row above the long-run mean.".into() },
        filters: filters("/reports/success"),
        stats: vec![stat("Changes finished", "251", "up 9 on the 12 weeks before"), stat("Worked first time", "241", "96.0 %"), stat("Backed out", "7", "all inside their window"), stat("Caused an incident", "3", "longest 1 hour 50")],
        weeks: points.iter().enumerate().map(|(at, point)| WeekRow { week: point.label.clone(), all: 21, rate: format!("{} %", point.value), moved: if at == 0 { String::new() } else { format!("{:.0}", (point.value - points[at - 1].value).abs()) }, signal: String::new() }).collect(),
        chart: Xmr { title: "One week below the usual range, then 11 weeks above the mean".into(), description: format!("{weeks} weekly points, from 81 to 98 percent."), points, limits: (weeks >= 12).then_some(Limits { mean: 93.2, lower: 86.1, upper: 100.0, range_upper: 8.7 }), range_label: "Change from the week before, in points".into() },
        reading: if weeks < 12 { vec!["Fewer than 12 weeks: the dots are shown without limits, because limits from so few mean nothing.".into()] } else { vec!["Points inside the band are ordinary ups and downs. Week 12 stands outside it.".into(), "The last 11 weeks all lie above the mean: something has changed for the better.".into()] },
        sums: "Limits: mean 93.2, plus or minus 2.66 times the mean moving range 2.65; upper limit cut at 100 %.".into(),
        by_service: vec![rate("Patient administration", 71, 69), rate("PACS imaging", 58, 56), rate("Pathology results", 39, 36)],
        by_kind: vec![rate("Normal change", 140, 133), rate("Service request", 80, 79), rate("Planned outage", 31, 29)],
        by_organisation: vec![rate("Halden", 180, 173), rate("Northbrook", 40, 39), rate("Riverside", 31, 29)],
        causes: [("Testing missed it", 4), ("Back-out window too short", 2), ("Clash not seen", 1)].into_iter().map(|(name, count)| CountRow { name: name.into(), href: String::new(), count }).collect(),
        open_reviews: "1 review is still open.".into(),
        open_reviews_href: "/changes?state=review".into(),
    }
}

pub fn report_trust_raised() -> TrustRaisedPage {
    let trust = |name: &str, raised, open| TrustRow { name: name.into(), href: "/changes?organisation=nbk".into(), raised, open, approved: 4, rejected: 1, closed: raised - open, median_days: "6".into() };
    TrustRaisedPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Changes raised by trusts", Place::Reports) },
        span: "12 weeks to Sunday 15 November 2026.".into(),
        sentence: "31 raised, 9 still open; the oldest has waited 24 days.".into(),
        filters: filters("/reports/trust-raised"),
        stats: vec![stat("Raised", "31", "by 4 trusts"), stat("Open", "9", "3 wait for the trust"), stat("Approved", "20", "65 %"), stat("Rejected", "2", "6 %")],
        organisations: vec![trust("Northbrook", 12, 4), trust("Riverside", 9, 3), trust("St Crispin’s", 6, 2)],
        rows: WORK.iter().take(6).map(|work| RaisedRow { reference: work.0.into(), href: format!("/changes/{}", work.0), title: work.1.into(), organisation: work.6.into(), kind: "Normal change".into(), raised: "2 Nov 2026".into(), tag: Tag::new("Assessing", "blue"), waits_for: "Halden, technical assessment, by 20 Nov".into() }).collect(),
        paging: Paging { showing: "Showing 6 of 31.".into(), first: String::new(), next: "/reports/trust-raised?cursor=x".into() },
    }
}

pub fn report_forward() -> ForwardPage {
    let rows = |days: std::ops::Range<&str>| WORK.iter().filter(|work| days.contains(&work.2)).map(|work| ForwardRow { reference: if work.0.is_empty() { "Restricted".into() } else { work.0.into() }, href: entry(work).href, starts: format!("{} Nov, {}", &work.2[..2], &work.2[3..]), ends: work.3[3..].into(), title: work.1.into(), touches: format!("{}, {}", SERVICES[work.5], work.6), organisation: "Halden".into(), tag: Tag::new(work.4.label(), work.4.colour()), notice: "On time, 15 days".into() }).collect::<Vec<_>>();
    ForwardPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Forward schedule", Place::Reports) },
        span: "16 November to 13 December 2026, all organisations.".into(),
        sentence: "15 pieces of work in 4 weeks, 2 with a clash.".into(),
        filters: filters("/reports/forward"),
        stats: vec![stat("Pieces of work", "15", "11 approved"), stat("With a clash", "2", "1 tonight"), stat("Short notice", "1", "1 reason given"), stat("Restricted", "1", "times only")],
        weeks: vec![ForwardWeek { heading: "Week of 16 November: 11 entries".into(), rows: rows("16T".."23T") }, ForwardWeek { heading: "Week of 23 November: 4 entries".into(), rows: rows("23T".."30T") }],
        paging: Paging { showing: "Showing 15.".into(), ..Paging::default() },
    }
}

fn error(title: &str, sentences: &[&str]) -> ErrorPage {
    ErrorPage { shell: Shell::sample(title, Place::Elsewhere), heading: title.into(), sentences: sentences.iter().map(|words| (*words).into()).collect(), rule: None, onward: vec![Link::new("Go to Today", "/")], request_id: "req-01J9".into() }
}

pub fn error_denied() -> ErrorPage {
    ErrorPage {
        rule: Some(Rule { name: "Separation of duty, SD-6".into(), sentence: "Whoever carried a change out may not confirm its outcome.".into() }),
        ..error("You may not do this", &["You carried out RFC-2026-001805, so somebody else must confirm how it went."])
    }
}

pub fn error_not_found() -> ErrorPage {
    error("Nothing here", &["There is nothing at this address, or it is not open to you."])
}

pub fn error_too_large() -> ErrorPage {
    error("That file is too large", &["A file may be up to 20 MB. This one was larger, and nothing was saved."])
}

pub fn error_too_often() -> ErrorPage {
    error("Too many tries", &["Wait 60 seconds, then try again."])
}

fn resend(words: &str) -> Resend {
    Resend { action: "/changes/RFC-2026-001847/edit".into(), fields: vec![("csrf".into(), "sample-token".into()), ("title".into(), "Connect CT scanner 3".into()), ("why".into(), "The old scanner <is> worn out.".into())], words: words.into() }
}

pub fn error_conflict() -> ConflictPage {
    ConflictPage {
        shell: Shell::sample("Somebody changed this while you did", Place::Changes),
        what: link("RFC-2026-001847", "Connect CT scanner 3"),
        changed_by: "Tom Achebe, Halden storage, today 16:48".into(),
        differences: vec![Difference { field: "Title".into(), theirs: "Connect CT scanner 3, Northbrook".into(), yours: "Connect CT scanner 3".into() }, Difference { field: "Starts".into(), theirs: "Tuesday 24 November, 20:30".into(), yours: "Wednesday 25 November, 20:30".into() }],
        keep_mine: resend("Save mine over theirs"),
    }
}

pub fn error_invalid() -> InvalidPage {
    InvalidPage { shell: Shell::sample("Not saved", Place::Changes), heading: "Not saved".into(), faults: vec![Fault { message: "Give a reason for the late notice".into(), target: String::new() }], resend: resend("Try again") }
}

pub fn error_unavailable() -> UnavailablePage {
    UnavailablePage { shell: Shell::sample("Cannot save just now", Place::Changes), retry_after_seconds: 5, resend: Some(resend("Try again")) }
}

pub fn status() -> StatusPage {
    let part = |name: &str, label: &str, colour, note: &str| StatusRow { name: name.into(), tag: Tag::new(label, colour), note: note.into() };
    StatusPage {
        shell: visitor("Status"),
        sentence: "Everything works.".into(),
        parts: vec![part("Record", "Works", "green", "Last written 16:48."), part("Mail", "Late", "yellow", "3 mails wait, the oldest for 4 minutes.")],
        version: "0.1.0".into(),
    }
}
