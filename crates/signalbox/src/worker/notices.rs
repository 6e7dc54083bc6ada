//! The letters about changes, written at the moment they are sent and only for somebody who may then see the change
//! (S20). Plain text, one link, the same sentences as the page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::change::{Confidentiality, Stage};
use signalbox_core::event::{Event, Recorded};
use signalbox_core::process::Audience;
use signalbox_store::queries::change as pages;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts};

use super::audience;
use crate::accounts::letters::{Mail, signed};
use crate::app::App;
use crate::run::Situation;
use crate::words::{Names, change_sentence, event_line, notice_sentence};

/// A letter to be written to one person about one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub person: i64,
    /// As whom they are told.
    pub told_as: Audience,
    pub news: News,
}

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The event that made this version.
    Event { version: i64 },
    /// The work or an answer comes near, if the change still stands where it stood.
    Reminder { stage: Stage },
    /// The start has passed and nobody said what happened.
    Outcome { stage: Stage },
}

/// Writes the letter as things stand now. Nothing if the person may not see the change any more, or if the news is
/// none any more.
pub fn write(app: &App, tx: &mut dyn Tx, change_id: i64, notice: &Notice) -> Result<Option<Mail>, StoreError> {
    let Some(row) = accounts::actor(tx, notice.person)? else { return Ok(None) };
    let actor = row.to_core();
    let Some(page) = pages::page_by_id(tx, &Scope::of(&actor), change_id)? else { return Ok(None) };
    let Some(situation) = app.look(tx, &actor, change_id)? else { return Ok(None) };
    let now = app.clock.now();
    let names = Names::of(&page, situation.zone.clone());
    let change = &situation.loaded.change;
    let recorded = match notice.news {
        News::Event { version } => match situation.loaded.events.iter().find(|e| e.version == version) {
            Some(recorded) => Some(recorded),
            None => return Ok(None),
        },
        News::Reminder { stage } | News::Outcome { stage } if change.stage != stage => return Ok(None),
        News::Reminder { .. } | News::Outcome { .. } => None,
    };
    let may_decide = matches!(recorded.map(|r| &r.event), Some(Event::AssessmentCompleted))
        && situation.offers(&actor, now).iter().any(|offer| offer.act == Act::Approve && offer.is_open());
    let title = title(&situation);
    let subject = subject(notice.news, recorded);
    let text = text(app, &Content { situation: &situation, names: &names, recorded, notice, may_decide, now, name: &row.person.name });
    Ok(Some(Mail { to: row.person.email, subject: format!("{subject}: {} {title}", change.reference).trim().to_owned(), text: signed(app, &text) }))
}

struct Content<'a> {
    situation: &'a Situation,
    names: &'a Names,
    recorded: Option<&'a Recorded>,
    notice: &'a Notice,
    may_decide: bool,
    now: Timestamp,
    name: &'a str,
}

/// Whether what was written may leave by mail: a security-restricted change stays where its readers sign in.
fn is_restricted(situation: &Situation) -> bool {
    let content = situation.loaded.change.content.as_ref();
    content.is_some_and(|c| c.header.confidentiality == Confidentiality::SecurityRestricted)
}

/// The title; empty where it may not travel, or there is none yet.
fn title(situation: &Situation) -> String {
    let content = situation.loaded.change.content.as_ref().filter(|_| !is_restricted(situation));
    content.and_then(|c| situation.loaded.prose.get(&c.header.title.text.0)).cloned().unwrap_or_default()
}

fn text(app: &App, content: &Content) -> String {
    let Content { situation, names, recorded, notice, may_decide, now, name } = content;
    let change = &situation.loaded.change;
    let link = app.config.base.link(&format!("/changes/{}", change.reference));
    let why = format!("You get this because {}.", audience::because(notice.told_as));
    if is_restricted(situation) {
        return format!("Hello {name},\n\nthere is news about {}. It is restricted, so it is told here only:\n\n{link}\n\n{why}\n", change.reference);
    }
    let mut parts = vec![format!("Hello {name},"), format!("{} {}", change.reference, title(situation)).trim().to_owned()];
    match recorded {
        Some(recorded) => {
            let line = event_line(recorded, names, &situation.loaded.prose);
            parts.push(line.sentence());
            parts.extend(line.words.map(|words| indented(&words)));
            if let Event::Submitted { notice: Some(given), .. } = &recorded.event {
                parts.push(notice_sentence(given));
            }
        }
        None if matches!(notice.news, News::Outcome { .. }) => {
            parts.push("The start has passed, and nobody has said whether the work began. Say what happened:".into())
        }
        None => parts.push("This is a reminder.".into()),
    }
    parts.push(change_sentence(change, *now, names));
    parts.extend(change.window().map(|w| {
        let latest = if w.contingency_end > w.end {
            format!("; all back by {} at the latest", local::moment_words(w.contingency_end, &names.zone))
        } else {
            String::new()
        };
        let words = local::describe_window(w.start, w.end, &names.zone);
        format!("When: {} ({}){latest}.", words.sentence(), words.length)
    }));
    if *may_decide {
        parts.push("You may decide it: approve, refuse or ask for more. Opening the page decides nothing.".into());
    }
    parts.push(link);
    parts.push(why);
    format!("{}\n", parts.join("\n\n"))
}

/// What somebody wrote, set off from what we write.
fn indented(words: &str) -> String {
    words.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The first word of the subject: what it is about.
fn subject(news: News, recorded: Option<&Recorded>) -> &'static str {
    let Some(recorded) = recorded else {
        return if matches!(news, News::Outcome { .. }) { "Say what happened" } else { "Reminder" };
    };
    match &recorded.event {
        Event::Raised { .. } | Event::Imported { .. } => "Begun",
        Event::Proposed { .. } => "For you to send",
        Event::SentBack { .. } => "Handed back",
        Event::Submitted { .. } => "Received",
        Event::Returned { .. } => "More needed",
        Event::Accepted { .. } => "Accepted",
        Event::Assessed { .. } => "Assessment given",
        Event::Screened { .. } => "Screened for clinical risk",
        Event::ClinicallyAccepted { .. } => "Clinical risk accepted",
        Event::ClinicallyRejected { .. } => "Rejected on clinical risk",
        Event::Stopped { .. } => "Stopped for patient safety",
        Event::AssessmentCompleted => "Decision asked",
        Event::Approved { .. } => "Approved",
        Event::Rejected { .. } => "Refused",
        Event::MoreAsked { .. } => "More asked",
        Event::Held { .. } => "On hold",
        Event::Resumed => "Off hold",
        Event::Scheduled { .. } => "Scheduled",
        Event::Rescheduled { .. } => "Window moved",
        Event::Amended { .. } => "Answers changed",
        Event::Cancelled { .. } => "Cancelled",
        Event::Withdrawn { .. } => "Withdrawn",
        Event::Started { .. } => "Started",
        Event::RanLate { .. } => "Running late",
        Event::Restored { .. } => "Back",
        Event::BackOutBegun { .. } => "Backing out",
        Event::Finished { .. } => "Finished",
        Event::ReviewOpened { .. } => "Review opened",
        Event::Reviewed { .. } => "Review written",
        Event::Closed { .. } => "Closed",
        Event::Restated { .. } => "Outcome restated",
        Event::NetworkTold { .. } => "Notice of work",
        Event::NetworkAcknowledged { .. } => "Notice acknowledged",
        Event::NetworkToldUnacknowledged { .. } => "Provider told",
        Event::NoticeSettled { .. } => "Late notice settled",
        Event::ConditionMet { .. } => "Condition met",
        Event::Said { .. } => "Message",
        Event::Attached { .. } => "Document added",
        Event::Overran => "Overrun",
        Event::ExpiredUnanswered => "Expired",
    }
}
