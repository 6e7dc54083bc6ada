//! Every page once or more, filled with invented people and work. Tests render them to check markup, weight and
//! accessibility without a database; no route serves them.

mod boards;
mod desk;
mod errors;
mod records;
mod reports;
mod schedule;

use askama::Template;
use jiff::Timestamp;

use super::layout::{Place, Shell};
use super::pages::status::{AccessibilityPage, KeysPage};
use super::ui::{Entry, Link, Look};

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
    add("today", &schedule::today())?;
    add("today-quiet", &schedule::today_quiet())?;
    add("schedule-month", &schedule::schedule_month())?;
    add("schedule-timeline", &schedule::schedule_timeline())?;
    add("schedule-table", &schedule::schedule_table())?;
    add("schedule-empty", &schedule::schedule_empty())?;
    add("ops", &desk::ops(true))?;
    add("ops-no-match", &desk::ops(false))?;
    add("handover", &desk::handover())?;
    add("poster", &desk::poster())?;
    add("run", &desk::run())?;
    add("tonight", &desk::tonight())?;
    add("tonight-unknown", &desk::tonight_unknown())?;
    add("meeting", &boards::meeting())?;
    add("panels", &boards::panels())?;
    add("reports", &reports::reports())?;
    add("report-success", &reports::report_success(24))?;
    add("report-success-few", &reports::report_success(6))?;
    add("report-trust-raised", &reports::report_trust_raised())?;
    add("report-forward", &reports::report_forward())?;
    add("error-403", &errors::error_denied())?;
    add("error-404", &errors::error_not_found())?;
    add("error-409", &errors::error_conflict())?;
    add("error-413", &errors::error_too_large())?;
    add("error-422", &errors::error_invalid())?;
    add("error-429", &errors::error_too_often())?;
    add("error-503", &errors::error_unavailable())?;
    add("status", &desk::status())?;
    add("accessibility", &AccessibilityPage { shell: visitor("Accessibility") })?;
    add("keys", &KeysPage { shell: visitor("Keyboard") })?;
    samples.extend(records::all()?);
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
