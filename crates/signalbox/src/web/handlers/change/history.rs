//! The conversation and history of a change: every event a line, newest first, in four views.

use signalbox_core::event::{Event, Recorded};

use super::Seen;
use crate::web::form::Form;
use crate::web::pages::change::{Entry, Mark, View};
use crate::web::ui::Link;
use crate::words::{self, Tone};

/// How many entries stand on the page at first.
const SHOWN: usize = 30;

/// A way to look at the history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Everything,
    Messages,
    Decisions,
    Edits,
}

const VIEWS: [(Show, &str, &str); 4] = [
    (Show::Everything, "everything", "Everything"),
    (Show::Messages, "messages", "Messages"),
    (Show::Decisions, "decisions", "Decisions"),
    (Show::Edits, "edits", "Edits"),
];

impl Show {
    fn of(event: &Event) -> Show {
        match event {
            Event::Said { .. } | Event::Attached { .. } => Show::Messages,
            Event::Submitted { .. } | Event::Proposed { .. } | Event::Amended { .. } | Event::Rescheduled { .. } => Show::Edits,
            Event::Accepted { .. }
            | Event::Assessed { .. }
            | Event::Screened { .. }
            | Event::ClinicallyAccepted { .. }
            | Event::ClinicallyRejected { .. }
            | Event::HazardRated(_)
            | Event::ClinicallyCountersigned(_)
            | Event::ClinicallyQueried { .. }
            | Event::ClinicallyEscalated { .. }
            | Event::ScreeningReviewed { .. }
            | Event::DowntimeWaived { .. }
            | Event::ClinicalRejectionUpheld { .. }
            | Event::ClinicalRejectionOverruled(_)
            | Event::StopSettled(_)
            | Event::Stopped { .. }
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::Returned { .. }
            | Event::SentBack { .. }
            | Event::MoreAsked { .. }
            | Event::Held { .. }
            | Event::Resumed
            | Event::FreezeExcepted(_)
            | Event::ClashSettled(_)
            | Event::Ordered { .. }
            | Event::Cancelled { .. }
            | Event::Withdrawn { .. }
            | Event::NoticeSettled { .. }
            | Event::NoticeDisputed { .. }
            | Event::NoticeProtected
            | Event::ConditionMet { .. }
            | Event::Closed { .. }
            | Event::Restated { .. } => Show::Decisions,
            _ => Show::Everything,
        }
    }

    fn holds(self, event: &Event) -> bool {
        self == Show::Everything || self == Show::of(event)
    }
}

/// What the page shows of the history.
pub(super) struct History {
    pub views: Vec<View>,
    pub entries: Vec<Entry>,
    pub older: Option<Link>,
}

/// Reads it as the query asks; what the query does not say rightly means everything.
pub(super) fn read(seen: &Seen, query: &Form) -> History {
    let events = &seen.page.loaded.events;
    let wanted = query.text("show");
    let (show, code) = VIEWS.iter().find(|(_, code, _)| *code == wanted).map_or((Show::Everything, "everything"), |(show, code, _)| (*show, *code));
    let before: i64 = query.text("before").parse().unwrap_or(i64::MAX);
    let address = seen.address();
    let views = VIEWS.iter().map(|(view, code, label)| {
        let count = events.iter().filter(|event| view.holds(&event.event)).count();
        View { link: Link::new(&format!("{label} ({count})"), &format!("{address}?show={code}#conversation")), is_current: *view == show }
    });
    let all: Vec<&Recorded> = events.iter().rev().filter(|event| show.holds(&event.event) && event.version < before).collect();
    let older = all.get(SHOWN - 1).filter(|_| all.len() > SHOWN).map(|last| {
        let left = all.len() - SHOWN;
        let words = if left == 1 { "Show the entry before these".to_owned() } else { format!("Show the {left} entries before these") };
        Link::new(&words, &format!("{address}?show={code}&before={}#conversation", last.version))
    });
    History { views: views.collect(), entries: all.into_iter().take(SHOWN).map(|event| entry(seen, event)).collect(), older }
}

fn entry(seen: &Seen, recorded: &Recorded) -> Entry {
    let line = words::event_line(recorded, &seen.names, &seen.page.loaded.prose);
    let at = seen.moment(recorded.at);
    let mark = match line.tone {
        Tone::Good => Mark::Good,
        Tone::Bad => Mark::Bad,
        Tone::Say => Mark::Message,
        Tone::Plain => Mark::Plain,
    };
    let link = match &recorded.event {
        Event::Attached { file, .. } => Some(Link::new("Open it", &format!("{}/files/{}", seen.address(), file.0))),
        _ => None,
    };
    Entry {
        mark,
        lead: line.what,
        rest: if line.by.is_empty() { format!(", {at}") } else { format!(" {}, {at}", line.by) },
        said: line.words.unwrap_or_default(),
        link,
    }
}
