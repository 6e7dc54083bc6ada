//! Public notices follow their changes: each update is written down from the facts and told to whoever asked for it, with
//! reminders a day and an hour ahead (C128). All of it may be done twice.

use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};
use signalbox_core::calendar;
use signalbox_core::change::Change;
use signalbox_core::ids::PersonId;
use signalbox_core::public::{Kind, Standing, State, Update, updates};
use signalbox_store::outbox::{self, NewTask, Task};
use signalbox_store::public::{self as store, Near, Notice, Wording};
use signalbox_store::{StoreError, Tx, log, project};

use crate::accounts::letters::signed;
use crate::app::App;
use crate::clock::IdSource;
use crate::deliver::{Envelope, Post, Trouble};
use crate::web::problem::Failure;
use crate::words::public as words;

/// The kind of task that is one letter to one subscriber.
pub const TASK: &str = "public-letter";

const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Letter {
    subscriber: i64,
    notice: i64,
    what: What,
}

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    Update {
        id: i64,
    },
    /// The work starts then, if it still does.
    Reminder {
        start: Timestamp,
    },
}

/// Brings every notice in line with its change, and reminds of what starts soon.
///
/// # Errors
/// The store's.
pub fn tend(app: &App) -> Result<(), StoreError> {
    for (notice, change) in app.read::<_, StoreError>(store::behind)? {
        follow(app, notice, change)?;
    }
    let now = app.clock.now();
    let due = app.read::<_, StoreError>(|tx| {
        let mut due = vec![];
        for near in store::near(tx, now, now + DAY)? {
            let (ahead, before) = if near.start.duration_since(now) <= HOUR { ("hour", HOUR) } else { ("day", DAY) };
            // Whoever was told of this start within that time needs no reminder of it.
            if near.told_at <= near.start - before && !store::is_reminded(tx, &near, ahead)? {
                due.push((near, ahead));
            }
        }
        Ok(due)
    })?;
    for (near, ahead) in due {
        remind(app, near, ahead)?;
    }
    Ok(())
}

/// Writes down what has happened to the change of a notice since it was looked at, and tells it.
fn follow(app: &App, notice: i64, change: i64) -> Result<(), StoreError> {
    let (ids, now) = (app.ids.clone(), app.clock.now());
    app.write(move |tx| {
        // Two nodes that look at the same moment tell it once.
        log::lock_head(tx)?;
        let Some((known, loaded)) = store::any(tx, notice)?.zip(project::load(tx, change)?) else { return Ok(()) };
        for update in updates(known.standing, &loaded.change, now) {
            add(tx, &ids, now, notice, update)?;
        }
        store::seen(tx, notice, loaded.change.version)
    })
}

/// Publishes the notice of a change, which stands so, and tells who follows what it names; of one that is `known`, the words
/// are changed, or it is published again after it was withdrawn.
///
/// # Errors
/// The store's.
pub fn publish(app: &App, by: Option<PersonId>, change: &Change, stands: Standing, known: Option<i64>, wording: Wording) -> Result<(), StoreError> {
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let (act, change_id, version) = (app.act(by, now), change.id.0, change.version);
    let notice = known.unwrap_or_else(|| ids.mint(now));
    app.write(move |tx| {
        log::lock_head(tx)?;
        let kind = if stands.state == State::Running { Kind::Started } else { Kind::Planned };
        let mut first = Update { kind, at: now, standing: stands };
        match store::any(tx, notice)? {
            // Somebody else published it at this moment.
            None if store::of_change(tx, change_id)?.is_some() => return Ok(()),
            None => store::publish(tx, &act, notice, (change_id, version), &wording, stands)?,
            Some(known) => {
                store::reword(tx, &act, notice, &wording)?;
                if known.standing.state != State::Withdrawn {
                    first = Update { kind: Kind::Reworded, at: now, standing: known.standing };
                }
            }
        }
        add(tx, &ids, now, notice, first)
    })
}

/// Adds an update to a notice, and a letter to everybody who follows it.
///
/// # Errors
/// The store's.
pub fn add(tx: &mut dyn Tx, ids: &IdSource, now: Timestamp, notice: i64, update: Update) -> Result<(), StoreError> {
    let id = ids.mint(now);
    store::add_update(tx, notice, id, update, now)?;
    // Changed words are read on the page; a letter for each comma helps nobody.
    if update.kind == Kind::Reworded { Ok(()) } else { tell(tx, ids, now, notice, What::Update { id }) }
}

fn tell(tx: &mut dyn Tx, ids: &IdSource, now: Timestamp, notice: i64, what: What) -> Result<(), StoreError> {
    for subscriber in store::matching(tx, notice)? {
        let payload = serde_json::to_string(&Letter { subscriber, notice, what }).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
        let id = ids.mint(now);
        outbox::put(tx, &NewTask { id, kind: TASK.into(), change_id: None, event_id: None, dedupe_key: format!("{TASK}-{id}"), payload, due_at: now })?;
    }
    Ok(())
}

fn remind(app: &App, near: Near, ahead: &'static str) -> Result<(), StoreError> {
    let (ids, now) = (app.ids.clone(), app.clock.now());
    app.write(move |tx| if store::reminds(tx, &near, ahead)? { tell(tx, &ids, now, near.notice, What::Reminder { start: near.start }) } else { Ok(()) })
}

/// Writes a letter as things stand now and hands it over. Nothing to who has left meanwhile, of what is no longer public, or
/// to remind of a start that is none any more.
pub(super) fn send(app: &App, post: &dyn Post, task: &Task) -> Result<(), Trouble> {
    let letter: Letter = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
    let found = app.read::<_, StoreError>(|tx| {
        let subscriber = store::subscriber(tx, letter.subscriber)?.filter(|subscriber| subscriber.confirmed_at.is_some());
        let notice = store::any(tx, letter.notice)?;
        let update = match letter.what {
            What::Update { id } => store::update(tx, letter.notice, id)?,
            What::Reminder { .. } => None,
        };
        Ok(subscriber.zip(notice).map(|(subscriber, notice)| (subscriber, notice, update)))
    })?;
    let Some((subscriber, notice, update)) = found else { return Ok(()) };
    let Some((subject, sentence)) = words_of(&notice, letter.what, update) else { return Ok(()) };
    let leave = leave_link(app, subscriber.id).map_err(|failure| Trouble::later(failure.code()))?;
    let is_withdrawn = notice.standing.state == State::Withdrawn;
    let more = if is_withdrawn {
        String::new()
    } else {
        format!("{}\n\nThe notice and its updates:\n{}\n\n", notice.words, app.config.base.link(&format!("/status/{}", notice.id)))
    };
    let text = format!("{}\n\n{sentence}\n\n{more}To get no more of these letters:\n{leave}\n", notice.title);
    post.deliver(&Envelope {
        id: format!("{}.{}", task.id, subscriber.id),
        to: subscriber.email,
        subject,
        text: signed(app, &text),
        calendar: None,
        unsubscribe: Some(leave),
        at: app.clock.now(),
    })
}

fn words_of(notice: &Notice, what: What, update: Option<Update>) -> Option<(String, String)> {
    let zone = calendar::london();
    let is_withdrawn = notice.standing.state == State::Withdrawn;
    match what {
        What::Update { .. } => {
            let update = update.filter(|update| (update.kind == Kind::Withdrawn) == is_withdrawn)?;
            (is_withdrawn || !notice.services.is_empty()).then(|| (format!("{}: {}", words::kind(update.kind), notice.title), words::update(&update, &zone)))
        }
        What::Reminder { start } => {
            let is_due = notice.standing.state == State::Planned && notice.standing.start == start && !notice.services.is_empty();
            is_due.then(|| (format!("Reminder: {}", notice.title), format!("This is a reminder: {}.", words::when(&notice.standing, &zone))))
        }
    }
}

fn seal(app: &App, subscriber: i64) -> Result<(hmac::Key, String), Failure> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &crate::sign::secret(app)?.0);
    Ok((key, format!("signalbox leave 1 {subscriber}")))
}

/// The address by which a subscriber leaves. It follows from the key of the site, so that every letter has it and no table
/// holds it.
fn leave_link(app: &App, subscriber: i64) -> Result<String, Failure> {
    let (key, text) = seal(app, subscriber)?;
    let tag = signalbox_core::text::hex(hmac::sign(&key, text.as_bytes()).as_ref());
    Ok(app.config.base.link(&format!("/status/leave/{subscriber}-{tag}")))
}

/// Whose address this is; `None` for one that no letter of ours held.
///
/// # Errors
/// The store's.
pub fn who_leaves(app: &App, token: &str) -> Result<Option<i64>, Failure> {
    let Some((id, tag)) = token.split_once('-') else { return Ok(None) };
    let (Ok(id), Some(tag)) = (id.parse::<i64>(), crate::clock::Token::from_hex(tag)) else { return Ok(None) };
    let (key, text) = seal(app, id)?;
    Ok(hmac::verify(&key, text.as_bytes(), &tag.0).is_ok().then_some(id))
}
