//! What boards and rotas need done without being asked: meetings made ahead, papers filled and fixed, invitations, the
//! nightly look for days without a holder (X2), and reminders where nobody answers. All of it may be done twice.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::board::Hearing;
use signalbox_core::calendar::{self, Calendar, Division, at_cut_off, local};
use signalbox_core::change::Stage;
use signalbox_core::process::Audience;
use signalbox_store::boards::{self, Step};
use signalbox_store::outbox::{self, NewTask, Task};
use signalbox_store::page::Page;
use signalbox_store::queries::agenda;
use signalbox_store::rota;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts, directory};

use super::notices::{News, Notice};
use super::{MAIL, audience};
use crate::accounts::letters::{Mail, signed};
use crate::app::App;
use crate::deliver::Trouble;
use crate::web::handlers::on_call::{gap_words, gaps_of};
use crate::web::problem::Failure;
use crate::words;

/// The kind of task that is a letter about a meeting or a rota.
pub const TASK: &str = "board";
/// How often this is looked after.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Meetings stand in the calendar so many weeks ahead.
const WEEKS_AHEAD: i64 = 8;
/// Past what is late by more than this, everybody has been told.
const CHASED_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// The papers are fixed: come.
    Invitation { person: i64, meeting: i64 },
    /// To the authority: roles and boards without anybody on a day of the coming fortnight.
    Gaps { person: i64 },
}

/// Does all of it, as far as it is due.
pub fn tend(app: &App) -> Result<(), Failure> {
    let now = app.clock.now();
    let ids = app.ids.clone();
    app.write::<_, Failure>(move |tx| boards::plan_ahead(tx, now, WEEKS_AHEAD, || ids.mint(now)).map(drop))?;
    meetings(app, now)?;
    if local::wall(now, &calendar::london()).time() >= Time::constant(4, 0, 0, 0) {
        nightly(app, now)?;
    }
    chase(app, now)?;
    Ok(())
}

/// Papers are filled until their time, then fixed and sent; what answers in writing opens and closes by itself.
fn meetings(app: &App, now: Timestamp) -> Result<(), Failure> {
    let due = app.read::<_, Failure>(|tx| {
        let mut due = vec![];
        for board in boards::boards(tx)? {
            for meeting in boards::meetings_after(tx, board.id, now - CHASED_FOR, 60)? {
                if matches!(meeting.state, Hearing::Planned | Hearing::Live) {
                    due.push((board.clone(), meeting));
                }
            }
        }
        Ok(due)
    })?;
    for (board, meeting) in due {
        let (by_lock, by_open, by_close) = (app.act(None, now), app.act(None, now), app.act(None, now));
        let mints: Vec<i64> = (0..64).map(|_| app.ids.mint(now)).collect();
        app.write::<_, Failure>(move |tx| {
            let mut meeting = meeting.clone();
            let is_in_writing = meeting.until.is_some();
            if meeting.locked_at.is_none() && meeting.state == Hearing::Planned {
                boards::fill(tx, &board, &meeting)?;
                if now >= meeting.cutoff_at {
                    let _ = boards::step_meeting(tx, &by_lock, meeting.id, Step::Lock)?;
                    meeting.locked_at = Some(now);
                }
            }
            if is_in_writing && meeting.state == Hearing::Planned && now >= meeting.starts_at {
                let _ = boards::step_meeting(tx, &by_open, meeting.id, Step::Open)?;
                meeting.state = Hearing::Live;
            }
            if is_in_writing && meeting.state == Hearing::Live && meeting.until.is_some_and(|until| now >= until) {
                let _ = boards::step_meeting(tx, &by_close, meeting.id, Step::Close)?;
            }
            // Nobody is asked to a meeting that is over.
            if meeting.locked_at.is_some() && meeting.closed_at.is_none() && now < meeting.ends_at {
                invite(tx, &meeting, now, &mints)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn invite(tx: &mut dyn Tx, meeting: &boards::MeetingRow, now: Timestamp, mints: &[i64]) -> Result<(), StoreError> {
    let asked = boards::attendance(tx, meeting.id)?;
    let seats = boards::seats(tx, meeting.board_id)?;
    for (seat, id) in seats.iter().zip(mints) {
        if asked.iter().any(|a| a.person_id == seat.person_id && a.invited_at.is_some()) {
            continue;
        }
        boards::note_invited(tx, meeting.id, seat.person_id, now)?;
        let letter = Letter::Invitation { person: seat.person_id, meeting: meeting.id };
        ask(tx, *id, format!("{TASK}-invited-{}-{}", meeting.id, seat.person_id), &letter, now)?;
    }
    Ok(())
}

fn ask(tx: &mut dyn Tx, id: i64, dedupe_key: String, letter: &Letter, now: Timestamp) -> Result<(), StoreError> {
    let payload = serde_json::to_string(letter).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    outbox::put(tx, &NewTask { id, kind: TASK.into(), change_id: None, event_id: None, dedupe_key, payload, due_at: now }).map(drop)
}

/// Every gap of the coming fortnight, in words: by role and organisation, then boards without a chair.
pub fn gaps(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut found = vec![];
    for org in directory::organisations(tx, None, &Page { limit: 500, ..Page::default() })?.items.into_iter().filter(|o| o.is_active) {
        let zone = calendar::zone(&org.zone).unwrap_or_else(calendar::london);
        found.extend(gaps_of(tx, &org, now)?.iter().map(|gap| format!("{}: {}", org.name, gap_words(gap, &zone))));
    }
    for board in boards::boards(tx)? {
        let meetings = boards::meetings_after(tx, board.id, now, 4)?;
        let soon = meetings.iter().filter(|m| m.state == Hearing::Planned && m.starts_at <= now + SignedDuration::from_hours(14 * 24));
        for meeting in soon {
            if boards::unchaired(tx, board.id, meeting.starts_at)? {
                let when = local::moment_words(meeting.starts_at, &calendar::london());
                found.push(format!("{}: neither chair nor deputy is there on {when}.", board.name));
            }
        }
    }
    Ok(found)
}

/// Once a night, to the authority's change managers; nothing where nothing is wrong.
fn nightly(app: &App, now: Timestamp) -> Result<(), Failure> {
    let day = local::wall(now, &calendar::london()).date();
    let (is_any, managers) = app.read::<_, Failure>(|tx| {
        let is_any = !gaps(tx, now)?.is_empty();
        Ok((is_any, accounts::eligible_holders(tx, Role::AuthorityManager, None, None)?))
    })?;
    if !is_any {
        return Ok(());
    }
    let mints: Vec<(i64, i64)> = managers.into_iter().map(|person| (app.ids.mint(now), person)).collect();
    app.write::<_, Failure>(move |tx| {
        mints.iter().try_for_each(|(id, person)| ask(tx, *id, format!("{TASK}-gaps-{day}-{person}"), &Letter::Gaps { person: *person }, now))
    })
}

/// Writes the letter as things stand now.
pub(super) fn write(app: &App, task: &Task) -> Result<Option<Mail>, Trouble> {
    let letter: Letter = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
    let (person, now) = (
        match &letter {
            Letter::Invitation { person, .. } | Letter::Gaps { person } => *person,
        },
        app.clock.now(),
    );
    let mail = app.read::<_, StoreError>(|tx| {
        let Some(row) = rota::actor_at(tx, person, now)? else { return Ok(None) };
        let written = match &letter {
            Letter::Invitation { meeting, .. } => invitation(app, tx, &row, *meeting)?,
            Letter::Gaps { .. } => gap_letter(app, tx, now)?,
        };
        Ok(written.map(|(subject, text)| Mail { to: row.person.email.clone(), subject, text: signed(app, &format!("Hello {},\n\n{text}", row.person.name)) }))
    })?;
    Ok(mail)
}

fn invitation(app: &App, tx: &mut dyn Tx, row: &accounts::ActorRow, id: i64) -> Result<Option<(String, String)>, StoreError> {
    let Some(meeting) = boards::meeting(tx, id)?.filter(|m| m.state != Hearing::Cancelled) else { return Ok(None) };
    let Some(board) = boards::board(tx, meeting.board_id)? else { return Ok(None) };
    let zone = calendar::london();
    let papers = agenda::papers(tx, &Scope::of(&row.to_core()), id)?;
    let mut text = match meeting.until {
        Some(until) => format!("{} asks for your vote in writing until {}.\n\n", board.name, local::moment_words(until, &zone)),
        None => format!("{} meets: {}.\n\n", board.name, local::describe_window(meeting.starts_at, meeting.ends_at, &zone).sentence()),
    };
    if !meeting.place.is_empty() {
        text += &format!("Where: {}\n\n", meeting.place);
    }
    let discussed: Vec<_> = papers.iter().filter(|p| !p.item.is_consent).collect();
    text += &format!("{} to discuss:\n", words::counted(discussed.len() as i64, "item"));
    for (n, paper) in discussed.iter().enumerate() {
        // A restricted title does not travel by mail.
        let is_open = |c: &signalbox_core::change::Change| {
            c.content.as_ref().is_some_and(|c| c.header.confidentiality != signalbox_core::change::Confidentiality::SecurityRestricted)
        };
        let line = match &paper.shown {
            Some(line) if is_open(&line.change) => format!("{} {}", line.reference, line.title),
            Some(line) => line.reference.clone(),
            None => "An item for other members".into(),
        };
        text += &format!("  {}. {line}\n", n + 1);
    }
    let listed = papers.len() - discussed.len();
    text += &format!("Listed only: {}.\n\n", words::counted(listed as i64, "item"));
    text += "If you cannot come, vote before the meeting begins. Where the process says so, no word counts as no objection; never where direct care or impact level 1 or 2 is touched.\n\n";
    text += &format!("{}\n\nYou get this because you sit on this board.\n", app.config.base.link(&format!("/meetings/{id}")));
    let subject = if meeting.until.is_some() { "Your vote is asked" } else { "Meeting" };
    Ok(Some((format!("{subject}: {}, {}", board.name, local::day_words(local::wall(meeting.starts_at, &zone).date())), text)))
}

fn gap_letter(app: &App, tx: &mut dyn Tx, now: Timestamp) -> Result<Option<(String, String)>, StoreError> {
    let found = gaps(tx, now)?;
    if found.is_empty() {
        return Ok(None);
    }
    let lines: String = found.iter().map(|line| format!("  {line}\n")).collect();
    let text = format!(
        "In the next 14 days some roles and boards have nobody:\n\n{lines}\nGive the role to another person, or have somebody stand in.\n\n{}\n\nYou get this because you are authority change manager.\n",
        app.config.base.link("/on-call")
    );
    let subject = if found.len() == 1 { "Nobody holds one role or board".to_owned() } else { format!("Nobody holds {} roles or boards", found.len()) };
    Ok(Some((subject, text)))
}

/// One working day before it is due: a reminder. Once it is late: to deputies and whoever else may answer. A working
/// day later: to the authority. Silence itself decides nothing here.
fn chase(app: &App, now: Timestamp) -> Result<(), Failure> {
    let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), calendar::london());
    let shift = |at: Timestamp, days: i64| at_cut_off(calendar.add_working_days(local::wall(at, &zone).date(), days), &zone);
    let level = |due: Timestamp| match () {
        () if now >= shift(due, 1) => Some(2),
        () if now >= due => Some(1),
        () if now >= shift(due, -1) => Some(0),
        () => None,
    };
    let (waiting, owed) =
        app.read::<_, Failure>(|tx| Ok((rota::to_decide(tx)?, rota::owed_between(tx, now - CHASED_FOR, now + SignedDuration::from_hours(24 * 5))?)))?;
    for (change, since, start) in waiting {
        // X4: never later than two working days before the start.
        let due = start.map_or(shift(since, 5), |start| shift(since, 5).min(shift(start, -2))).max(since);
        if let Some(level) = level(due) {
            tell(app, now, change, Stage::AwaitingApproval, level, due, &format!("decide-{}", since.as_microsecond()))?;
        }
    }
    for duty in owed.into_iter().filter(|d| d.key.starts_with("assessment-")) {
        if let (Some(level), Some(stage)) = (level(duty.due_at), Stage::from_code(&duty.stage)) {
            tell(app, now, duty.change_id, stage, level, duty.due_at, &duty.key)?;
        }
    }
    Ok(())
}

/// One letter to each person of a level; the key keeps it to once.
fn tell(app: &App, now: Timestamp, change: i64, stage: Stage, level: u8, due_at: Timestamp, key: &str) -> Result<(), Failure> {
    let people = app.read::<_, Failure>(|tx| people_of(app, tx, now, change, stage, level))?;
    let mut tasks = vec![];
    for (person, told_as) in people {
        let notice = Notice { person, told_as, news: News::Chase { stage, level, due_at } };
        tasks.push(NewTask {
            id: app.ids.mint(now),
            kind: MAIL.into(),
            change_id: Some(change),
            event_id: None,
            dedupe_key: format!("chase-{change}-{key}-{level}-{person}"),
            payload: serde_json::to_string(&notice).map_err(|e| Failure::bug(&e))?,
            due_at: now,
        });
    }
    app.write::<_, Failure>(move |tx| tasks.iter().try_for_each(|task| outbox::put(tx, task).map(drop)))
}

fn people_of(app: &App, tx: &mut dyn Tx, now: Timestamp, change: i64, stage: Stage, level: u8) -> Result<Vec<(i64, Audience)>, StoreError> {
    let manager = Audience::Role(Role::AuthorityManager);
    if level >= 2 {
        return Ok(accounts::eligible_holders(tx, Role::AuthorityManager, None, None)?.into_iter().map(|p| (p, manager)).collect());
    }
    let Some(loaded) = signalbox_store::project::load(tx, change)? else { return Ok(vec![]) };
    if stage != Stage::AwaitingApproval {
        let process = app.documents.pinned(tx, &loaded.change.process)?;
        let found = audience::people(tx, Audience::Assessors, &loaded.change, &process)?;
        return Ok(found.into_iter().map(|p| (p, Audience::Assessors)).collect());
    }
    let mut found = vec![];
    for holder in rota::deciders(tx, now)? {
        let as_role = Audience::Role(holder.role);
        // First those who hold it and are there; once it is late, all who may act for them too.
        if level > 0 || !holder.is_out {
            found.push((holder.person.0, as_role));
        }
        if level > 0 || holder.is_out {
            found.extend(holder.delegates.iter().map(|(person, _)| (person.0, as_role)));
        }
    }
    found.sort_unstable_by_key(|(person, _)| *person);
    found.dedup_by_key(|(person, _)| *person);
    // Only whom the rules let decide it: this is where the next in the chain is asked (SD-10).
    let mut able = vec![];
    for (person, told_as) in found {
        let Some(row) = rota::actor_at(tx, person, now)? else { continue };
        let actor = row.to_core();
        let Some(situation) = app.look(tx, &actor, change)? else { continue };
        let may = |act: Act| situation.offers(&actor, now).iter().any(|o| o.act == act && o.is_open());
        if may(Act::Approve) || may(Act::Reject) {
            able.push((person, told_as));
        }
    }
    Ok(able)
}
