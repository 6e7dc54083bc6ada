//! The letters about changes, written at the moment they are sent and only for somebody who may then see the change
//! (S20). Plain text, one link, the same sentences as the page.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use signalbox_core::act::Act;
use signalbox_core::calendar::{Verdict, local};
use signalbox_core::change::{Confidentiality, Stage, Window};
use signalbox_core::charge;
use signalbox_core::event::{Event, NoticeGiven, Recorded};
use signalbox_core::facts::ClashFact;
use signalbox_core::maintnote;
use signalbox_core::process::Audience;
use signalbox_core::schedule::Span;
use signalbox_core::silence::State;
use signalbox_core::text::Text;
use signalbox_store::boards::DecisionLink;
use signalbox_store::monitors::{self, Silence};
use signalbox_store::queries::change as pages;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, directory, rota};

use super::audience;
use super::clashes::Found;
use crate::accounts::letters::{Mail, signed};
use crate::app::App;
use crate::clock::Token;
use crate::run::Situation;
use crate::web::panels;
use crate::words::{self, Names, change_sentence, event_line, notice_sentence};

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
    /// The work or an answer comes near, if the change still stands where it stood and the work is still to start then.
    Reminder {
        stage: Stage,
        #[serde(default)]
        start: Option<Timestamp>,
    },
    /// A quote lapses soon.
    Quote,
    /// The start has passed and nobody said what happened.
    Outcome { stage: Stage },
    /// The go or no-go is due.
    Go { stage: Stage },
    /// Nobody answers: 0 the day before it is due, 1 once it is late, 2 a day later.
    Chase { stage: Stage, level: u8, due_at: Timestamp },
    /// It clashes with something since something was planned, moved or declared, or somebody ruled on a clash of it.
    Clash { found: Found },
    /// More depends on it than did when it was approved.
    Enlarged,
    /// Something that it declares should be silenced at its monitor and is not, if that is so still.
    Unsilenced,
    /// The clinical question is overdue, if the change still waits for it.
    Clinical { stage: Stage },
    /// The network provider was told then and has said nothing since (X6).
    Unacknowledged { told_at: Timestamp, step: u8 },
}

impl News {
    /// Of which event it tells, if of one.
    pub fn version(self) -> Option<i64> {
        if let News::Event { version } = self { Some(version) } else { None }
    }
}

/// Writes the letter as things stand now. Nothing if the person may not see the change any more, or if the news is
/// none any more.
pub fn write(app: &App, tx: &mut dyn Tx, change_id: i64, notice: &Notice) -> Result<Option<(Mail, Option<DecisionLink>)>, StoreError> {
    let Some(row) = rota::actor_at(tx, notice.person, app.clock.now())? else { return Ok(None) };
    let actor = row.to_core();
    let Some(page) = pages::page_by_id(tx, &Scope::of(&actor), change_id)? else { return Ok(None) };
    let Some(situation) = app.look(tx, &actor, change_id)? else { return Ok(None) };
    let now = app.clock.now();
    // Money goes to those who may read of it, whoever else a document names.
    let sees_money = charge::sight::sees(&actor, &situation.loaded.change);
    let names = Names::of(&page, situation.zone.clone());
    let change = &situation.loaded.change;
    let recorded = match notice.news {
        News::Event { version } => match situation.loaded.events.iter().find(|e| e.version == version) {
            Some(recorded) if matches!(recorded.event, Event::Money(_)) && !sees_money => return Ok(None),
            Some(recorded) => Some(recorded),
            None => return Ok(None),
        },
        // A reminder of a time from which the work has moved would be wrong; the new time has reminders of its own.
        News::Reminder { start: Some(start), .. } if change.window().map(|window| window.start) != Some(start) => return Ok(None),
        News::Reminder { stage, .. } | News::Outcome { stage } | News::Go { stage } | News::Clinical { stage } | News::Chase { stage, .. }
            if change.stage != stage =>
        {
            return Ok(None);
        }
        News::Quote if !sees_money || !charge::timers::is_near_lapse(change, now) => return Ok(None),
        News::Clinical { .. } if !signalbox_core::clinical::is_open(change) => return Ok(None),
        News::Unsilenced if !is_unsilenced(tx, change_id, now)? => return Ok(None),
        News::Clash { found } if clash_words(&situation, found).is_none() => return Ok(None),
        News::Unacknowledged { told_at, .. } if maintnote::unanswered_since(change) != Some(told_at) => return Ok(None),
        News::Reminder { .. }
        | News::Outcome { .. }
        | News::Go { .. }
        | News::Clinical { .. }
        | News::Chase { .. }
        | News::Clash { .. }
        | News::Enlarged
        | News::Unacknowledged { .. }
        | News::Unsilenced
        | News::Quote => None,
    };
    let is_asked = matches!(recorded.map(|r| &r.event), Some(Event::AssessmentCompleted)) || matches!(notice.news, News::Chase { .. });
    let may_decide = is_asked && situation.offers(&actor, now).iter().any(|offer| offer.act == Act::Approve && offer.is_open());
    let title = title(&situation);
    let subject = subject(notice.news, recorded);
    // Its secret is made now and stands in the letter only; whoever sends it keeps the hash first.
    let opens = may_decide.then(|| app.ids.token());
    let link = opens.map(|token| link_of(&situation, notice.person, token.hash(), now));
    let dates = dates(tx, &Scope::of(&actor), change_id, recorded)?;
    let own: Vec<&str> = actor.memberships().iter().filter_map(|held| page.orgs.get(&held.org.0)).map(|org| org.code.as_str()).collect();
    let text = text(
        app,
        &Content { situation: &situation, names: &names, recorded, notice, may_decide, opens, now, name: &row.person.name, own: &own, dates: &dates },
    );
    let others = if dates.is_empty() { String::new() } else { format!(" and {}", words::counted(dates.len() as i64 - 1, "more date")) };
    let subject = format!("{subject}: {}{others} {title}", change.reference).trim().to_owned();
    let mail = Mail { to: row.person.email, subject, text: signed(app, &text) };
    Ok(Some((mail, link)))
}

/// Seven days, and never past the start.
fn link_of(situation: &Situation, person_id: i64, token_hash: [u8; 32], now: Timestamp) -> DecisionLink {
    let change = &situation.loaded.change;
    let week = now + SignedDuration::from_hours(24 * 7);
    let expires_at = change.window().map_or(week, |w| w.start.clamp(now + SignedDuration::from_hours(1), week));
    let content = change.content.as_ref().map(|c| c.hash.clone()).unwrap_or_default();
    DecisionLink { token_hash, person_id, change_id: change.id.0, content, created_at: now, expires_at, used_at: None }
}

struct Content<'a> {
    situation: &'a Situation,
    names: &'a Names,
    recorded: Option<&'a Recorded>,
    notice: &'a Notice,
    may_decide: bool,
    opens: Option<Token>,
    now: Timestamp,
    name: &'a str,
    /// The codes of the reader's organisations.
    own: &'a [&'a str],
    /// What was sent as one notice with it.
    dates: &'a [Date],
}

/// One of the dates of a notice of several (X13).
struct Date {
    reference: String,
    window: Window,
    notice: Option<NoticeGiven>,
}

/// The dates that were sent as one notice with this event, as far as the reader may see their changes; none where it was sent
/// by itself.
fn dates(tx: &mut dyn Tx, scope: &Scope, change_id: i64, recorded: Option<&Recorded>) -> Result<Vec<Date>, StoreError> {
    let Some(Recorded { event: Event::Submitted { .. }, at, .. }) = recorded else { return Ok(vec![]) };
    let mut dates = vec![];
    for id in directory::sent_with(tx, change_id, *at)?.into_iter().filter_map(|date| date.change_id) {
        let Some(change) = pages::page_by_id(tx, scope, id)?.map(|page| page.loaded.change) else { continue };
        dates.extend(change.window().map(|window| Date { reference: change.reference.to_string(), window, notice: change.notice().cloned() }));
    }
    Ok(if dates.len() > 1 { dates } else { vec![] })
}

/// The dates one under the other; of one that is late also what follows from that.
fn dates_words(dates: &[Date], zone: &jiff::tz::TimeZone) -> String {
    let line = |date: &Date| {
        let when = words::recurring::occurrence(Span { from: date.window.start, until: date.window.end }, zone);
        let late = date.notice.as_ref().filter(|notice| notice.verdict != Verdict::OnTime).map(|notice| format!(" {}", notice_sentence(notice)));
        format!("  {}: {when}.{}", date.reference, late.unwrap_or_default())
    };
    let lines: Vec<String> = dates.iter().map(line).collect();
    format!("One notice of {} dates. Each is a change of its own, moved or cancelled alone:\n\n{}", dates.len(), lines.join("\n"))
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
    let Content { situation, names, recorded, notice, may_decide, opens, now, name, own, dates } = content;
    let change = &situation.loaded.change;
    let page = match notice.news {
        News::Clash { .. } => "/clashes",
        News::Enlarged => "/impact",
        News::Unacknowledged { .. } => "/network",
        News::Unsilenced => "#silences",
        _ => "",
    };
    let link = app.config.base.link(&format!("/changes/{}{page}", change.reference));
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
            match &recorded.event {
                Event::Submitted { .. } if !dates.is_empty() => parts.push(dates_words(dates, &names.zone)),
                Event::Submitted { notice: Some(given), .. } => parts.push(notice_sentence(given)),
                _ => {}
            }
        }
        None if matches!(notice.news, News::Outcome { .. }) => {
            parts.push("The start has passed, and nobody has said whether the work began. Say what happened:".into())
        }
        None if matches!(notice.news, News::Go { .. }) => {
            parts.push("It is time for the go or no-go, and nobody has recorded one. Say whether the work may begin:".into())
        }
        None if matches!(notice.news, News::Clash { .. }) => {
            if let News::Clash { found } = notice.news {
                parts.extend(clash_words(situation, found));
            }
        }
        None if notice.news == News::Enlarged => parts
            .push("Since it was approved, more things have come to depend on what it touches. Look at them, and ask whether the approval still holds.".into()),
        None if notice.news == News::Unsilenced => parts.push(
            "A monitor does not keep quiet about something that this work switches off. Its alarms come through and mean this work: answer them as such. What the monitor said stands on the page.".into(),
        ),
        None if notice.news == News::Quote => parts.extend(quote_words(situation, *now)),
        None if matches!(notice.news, News::Clinical { .. }) => parts
            .push("The clinical question is overdue. The change waits for a safety officer: nothing is taken for a yes, and nobody else can answer.".into()),
        None => parts.push(reminder(notice.news, *now, &names.zone)),
    }
    parts.push(change_sentence(change, *now, names));
    parts.extend(change.window().filter(|_| dates.is_empty()).map(|w| {
        let latest = if w.contingency_end > w.end {
            format!("; all back by {} at the latest", local::moment_words(w.contingency_end, &names.zone))
        } else {
            String::new()
        };
        let words = local::describe_window(w.start, w.end, &names.zone);
        format!("When: {} ({}){latest}.", words.sentence(), words.length)
    }));
    let told: BTreeSet<&Text> = change.content.iter().flat_map(|content| own.iter().flat_map(|code| content.own_notice(code))).collect();
    parts.extend(told.into_iter().map(|text| format!("What your organisation will notice: {}", words::said(&situation.loaded.prose, text))));
    if *may_decide {
        parts.push("You may decide it: approve, refuse or ask for more. Opening the page decides nothing.".into());
    }
    // One link: to the decision for whoever is asked for one, whose page leads to the record; else to the record.
    match opens {
        Some(token) => {
            parts.push(app.config.base.link(&format!("/d/{}", token.to_hex())));
            parts.push("This address is yours alone and works once. Keep it to yourself.".into());
        }
        None => parts.push(link),
    }
    // By which clock, for a letter travels (C081).
    parts.push(format!("{why} Times are UK local time."));
    format!("{}\n", parts.join("\n\n"))
}

/// Why a letter comes that no event asked for.
fn reminder(news: News, now: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    if let News::Unacknowledged { told_at, step } = news {
        let since = local::moment_words(told_at, zone);
        return match step {
            0 | 1 => format!(
                "The network provider was told by mail on {since} and has not acknowledged. Ring its desk, then record that it was told, with whom you spoke. The work is not held up by its silence."
            ),
            _ => format!(
                "The network provider was told by mail on {since}, was reminded, and the supplier was asked to ring it; nothing is recorded yet. See that somebody reaches it."
            ),
        };
    }
    if let News::Reminder { stage: Stage::Approved | Stage::Scheduled, start: Some(start) } = news
        && start > now
    {
        return format!("This is a reminder: the work starts {}.", words::moment_phrase(start, now, zone));
    }
    let News::Chase { level, due_at, .. } = news else { return "This is a reminder.".into() };
    let due = local::moment_words(due_at, zone);
    match level {
        0 => format!("This is a reminder: your answer is due by {due}."),
        1 => format!("No answer came by {due}. You are asked as deputy, or as another who may answer."),
        _ => format!("No answer came by {due}, and none since from those who were asked. The authority is asked."),
    }
}

/// The clash in words, as its reader may know of it. `None`: it is none any more.
fn clash_words(situation: &Situation, found: Found) -> Option<String> {
    let of_other = |clash: &ClashFact| clash.other.as_ref().map_or(0, |other| other.change.0);
    let clashes = situation.facts.clashes.iter().filter(|clash| situation.loaded.change.stage.holds_window() && clash.rule == found.rule.code());
    // What the reader may not see has no name, so it is found by its rule alone.
    let mut named: Vec<&ClashFact> = clashes.collect();
    named.sort_by_key(|clash| of_other(clash) != found.other);
    let clash = named.first().filter(|clash| found.is_settled == clash.settled.is_some())?;
    let told = panels::clash(clash, &situation.zone, vec![]);
    let hard = if clash.refuses() || clash.hard && clash.freeze.is_some() { " It stands in the way." } else { "" };
    Some(format!("{}. {}{hard}", told.heading, told.words))
}

/// Whether a silence that should be in force is not.
fn is_unsilenced(tx: &mut dyn Tx, change_id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let is_lacking = |row: &Silence| row.state == State::NotInForce && row.wanted.is_some_and(|(from, until)| from <= now && now < until);
    Ok(monitors::silences_of(tx, change_id)?.iter().any(is_lacking))
}

/// How long the quote is still open.
fn quote_words(situation: &Situation, now: Timestamp) -> Option<String> {
    let quote = situation.loaded.change.money.quotes.last()?;
    let (version, until) = (quote.terms.version, local::day_words(quote.valid_to()));
    let net = charge::money::pounds(quote.terms.net_pence());
    let left = crate::words::counted(quote.lapses_at().duration_since(now).as_hours().div_euclid(24).max(1), "day");
    Some(format!("The quote lapses in {left}: version {version}, {net} without tax, can be accepted and ordered to the end of {until}."))
}

/// What somebody wrote, set off from what we write.
fn indented(words: &str) -> String {
    words.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The first word of the subject: what it is about.
fn subject(news: News, recorded: Option<&Recorded>) -> &'static str {
    let Some(recorded) = recorded else {
        return match news {
            News::Outcome { .. } => "Say what happened",
            News::Go { .. } => "Go or no-go",
            News::Chase { level: 1.., .. } => "No answer yet",
            News::Quote => "Quote lapses soon",
            News::Clinical { .. } => "Clinical decision overdue",
            News::Clash { found } if found.is_settled => "Clash settled",
            News::Clash { .. } => "Clash",
            News::Enlarged => "More depends on it",
            News::Unacknowledged { step: 0 | 1, .. } => "Ring the network provider",
            News::Unacknowledged { .. } => "Network provider silent",
            News::Unsilenced => "Alarms are not silenced",
            _ => "Reminder",
        };
    };
    match &recorded.event {
        Event::Raised { .. } | Event::Imported { .. } => "Begun",
        Event::Proposed { .. } => "For you to send",
        Event::SentBack { .. } => "Handed back",
        Event::Submitted { .. } => "Received",
        Event::Returned { .. } => "More needed",
        Event::Accepted { .. } => "Accepted",
        Event::Assessed { .. } => "Assessment given",
        Event::AssessmentCompleted => "Decision asked",
        Event::Approved { .. } => "Approved",
        Event::Rejected { .. } => "Refused",
        Event::MoreAsked { .. } => "More asked",
        Event::Voted(_) => "Vote",
        Event::TakenBack { .. } => "Decision taken back",
        Event::Reaffirmed { .. } => "Small move agreed",
        Event::Held { .. } => "On hold",
        Event::Resumed => "Off hold",
        Event::FreezeExcepted(_) => "Excepted from a freeze",
        Event::ClashSettled(_) => "Clash settled",
        Event::Ordered { .. } => "Order of changes",
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
        Event::NetworkRefused { .. } => "Refused by the network provider",
        Event::NetworkToldUnacknowledged { .. } => "Provider told",
        Event::NoticeSettled { .. } | Event::NoticeProtected => "Late notice settled",
        Event::NoticeDisputed { .. } => "Late notice disputed",
        Event::ConditionMet { .. } => "Condition met",
        Event::Said { .. } => "Message",
        Event::Attached { .. } => "Document added",
        Event::Overran => "Overrun",
        Event::ExpiredUnanswered => "Expired",
        Event::EntrySuspended { .. } => "Request suspended",
        Event::VerballyApproved(_) => "Yes by phone",
        Event::VerbalConfirmed { .. } => "Yes confirmed",
        Event::VerbalDenied { .. } => "Yes denied",
        Event::Ratified { .. } => "Ratified",
        Event::RatificationRefused(_) => "Not ratified",
        Event::VerdictGiven(_) => "Verdict given",
        Event::PaperworkAsked { .. } => "Paper owed",
        Event::RecordCompleted => "Record complete",
        Event::Converted { .. } => "Found out afterwards",
        Event::OrganisationSucceeded(_) => "Organisations merged",
        Event::Money(event) => crate::words::money::subject(event),
        other => words::clinical_subject(other).unwrap_or_else(|| crate::words::work::subject(other)),
    }
}
