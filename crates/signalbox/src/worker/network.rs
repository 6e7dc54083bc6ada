//! Notices to network providers: each version to each person at the desk of the provider whose account it is, with its
//! calendar file and a link that acknowledges it; and who is asked while nobody does (spec 10.3, X6).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Change, Network};
use signalbox_core::form::Raw;
use signalbox_core::maintnote::{self, Chase};
use signalbox_core::process::Audience;
use signalbox_store::network::{self as store, Due, NetworkLink};
use signalbox_store::outbox::{self, NewTask, Task};
use signalbox_store::{StoreError, accounts, directory, rota};

use super::notices::News;
use crate::accounts::letters::signed;
use crate::app::App;
use crate::deliver::monitor::Secret;
use crate::deliver::monitor::webhook::Listener;
use crate::deliver::{CalendarFile, Envelope, Post, Trouble};
use crate::network_notice::Told;
use crate::run::{Expect, Stop};
use crate::seal;

/// The kind of task that is one letter with a notice to one person.
pub const LETTER: &str = "network_letter";

/// The kind of task that hands one version to the webhook of its account.
pub const POST: &str = "network_post";

/// A link works at least so long, and until the work is over.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A letter with a notice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Letter {
    person: i64,
    due: Due,
    /// It was sent before, and nobody acknowledged it.
    is_chase: bool,
}

fn change_of(task: &Task) -> i64 {
    task.change_id.unwrap_or_default()
}

/// A version is to be sent: a letter to each at the desk of the provider with whom the account is; where no account is
/// known, at the desk of every provider.
pub(super) fn address(app: &App, task: &Task) -> Result<(), Trouble> {
    let due: Due = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
    fan_out(app, task, due, false)?;
    let told = app.read::<_, StoreError>(|tx| Told::one(tx, change_of(task), due.part, due.sequence))?;
    if told.is_none_or(|(told, _)| told.account.is_none_or(|account| account.webhook.is_empty())) {
        return Ok(());
    }
    let now = app.clock.now();
    let posting = NewTask {
        id: app.ids.mint(now),
        kind: POST.into(),
        change_id: task.change_id,
        event_id: task.event_id,
        dedupe_key: format!("{POST}-{}-{}-{}", task.id, due.part, due.sequence),
        payload: task.payload.clone(),
        due_at: now,
    };
    app.write::<_, StoreError>(move |tx| outbox::put(tx, &posting).map(drop))?;
    Ok(())
}

/// What a webhook's key is sealed for.
pub fn sealed_for(account: i64) -> String {
    format!("network account {account}")
}

/// Hands one version to the webhook of its account, from system to system; with the first that is taken, the provider is
/// told. What fails stands beside the version, and is tried again as letters are.
pub(super) fn post(app: &App, task: &Task) -> Result<(), Trouble> {
    let due: Due = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
    let (change_id, now) = (change_of(task), app.clock.now());
    let found = app.read::<_, StoreError>(|tx| {
        let Some((told, loaded)) = Told::one(tx, change_id, due.part, due.sequence)? else { return Ok(None) };
        let Some(account) = told.account.clone().filter(|account| !account.webhook.is_empty()) else { return Ok(None) };
        let sealed = directory::sealed_network_webhook(tx, account.id)?;
        Ok(Some((told, loaded, account, sealed)))
    })?;
    let Some((told, loaded, account, sealed)) = found.filter(|(told, ..)| told.sent.posted_at.is_none()) else { return Ok(()) };
    let key = sealed.map(|sealed| seal::open(app, &sealed, &sealed_for(account.id))).transpose().map_err(|failure| Trouble::later(failure.detail()))?;
    let key = key.flatten().map(|key| Secret::new(&key));
    let data = json!({
        "reference": told.reference,
        "sequence": told.version().sequence,
        "status": told.version().status.code(),
        "account": account.number,
        "file": told.file_name(),
        "calendar": told.to_calendar(&app.config.base, &app.config.team),
    });
    let id = told.version().uid(&told.reference, app.config.base.host());
    let tell = async {
        let listener = Listener::of(&account.webhook, key.as_ref(), app.config.silences.patience)?;
        let name = format!("{id}.{}", told.version().sequence);
        listener.tell(&name, "network.notice", data, now).await.map_err(|fault| fault.words)
    };
    if let Err(words) = crate::deliver::wait(tell)? {
        let told = words.clone();
        app.write::<_, StoreError>(move |tx| store::note_not_posted(tx, change_id, due, &told))?;
        return Err(Trouble::later(words));
    }
    app.write::<_, StoreError>(move |tx| store::note_posted(tx, change_id, due, now))?;
    if told.version().status.is_open() && loaded.change.network == Network::Needed { note_told(app, change_id, "api") } else { Ok(()) }
}

fn fan_out(app: &App, task: &Task, due: Due, is_chase: bool) -> Result<(), Trouble> {
    let (change_id, now) = (change_of(task), app.clock.now());
    let people = app.read::<_, StoreError>(|tx| {
        let told = Told::one(tx, change_id, due.part, due.sequence)?;
        let provider = told.and_then(|(told, _)| told.account.map(|account| account.provider_id));
        accounts::eligible_holders(tx, Role::NetworkDesk, provider, None)
    })?;
    let mut tasks = vec![];
    for person in people {
        tasks.push(NewTask {
            id: app.ids.mint(now),
            kind: LETTER.into(),
            change_id: Some(change_id),
            event_id: task.event_id,
            dedupe_key: format!("{LETTER}-{}-{}-{}-{person}", task.id, due.part, due.sequence),
            payload: serde_json::to_string(&Letter { person, due, is_chase }).map_err(Trouble::never)?,
            due_at: now,
        });
    }
    app.write::<_, StoreError>(move |tx| tasks.iter().try_for_each(|task| outbox::put(tx, task).map(drop)))?;
    Ok(())
}

/// Sends one letter; with the first that leaves, the provider is told, where the process lets the program say so.
pub(super) fn send(app: &App, post: &dyn Post, task: &Task) -> Result<(), Trouble> {
    let letter: Letter = serde_json::from_str(&task.payload).map_err(Trouble::never)?;
    let (change_id, due, now) = (change_of(task), letter.due, app.clock.now());
    let read = app.read::<_, StoreError>(|tx| Ok(rota::actor_at(tx, letter.person, now)?.zip(Told::one(tx, change_id, due.part, due.sequence)?)))?;
    let Some((row, (told, loaded))) = read else { return Ok(()) };
    // A reminder of what is moved, over or answered would only confuse; the news itself always goes.
    if letter.is_chase && (told.is_overtaken() || told.sent.acknowledged.is_some() || maintnote::unanswered_since(&loaded.change).is_none()) {
        return Ok(());
    }
    let asks = told.version().status.is_open() && !matches!(loaded.change.network, Network::Acknowledged { .. });
    let is_refused = matches!(loaded.change.network, Network::Refused { .. });
    let token = asks.then(|| app.ids.token());
    if let Some(token) = &token {
        let link = NetworkLink {
            token_hash: token.hash(),
            person_id: letter.person,
            change_id,
            part: due.part,
            sequence: due.sequence,
            created_at: now,
            expires_at: told.version().end.max(now + LINK_LIFE),
            used_at: None,
        };
        app.write::<_, StoreError>(move |tx| store::add_network_link(tx, &link))?;
    }
    let link = token.map(|token| app.config.base.link(&format!("/n/{}", token.to_hex())));
    let again = if letter.is_chase { "Not acknowledged yet: " } else { "" };
    post.deliver(&Envelope {
        id: task.id.to_string(),
        to: row.person.email.clone(),
        subject: format!("{again}Notice of work {}: {}", told.reference, told.version().status.words()),
        text: signed(app, &text(&told, &row.person.name, link.as_deref(), letter.is_chase, is_refused)),
        calendar: Some(CalendarFile { name: told.file_name(), text: told.to_calendar(&app.config.base, &app.config.team) }),
        unsubscribe: None,
        at: now,
    })?;
    app.write::<_, StoreError>(move |tx| store::note_mailed(tx, change_id, due, now))?;
    if asks && loaded.change.network == Network::Needed { note_told(app, change_id, "email") } else { Ok(()) }
}

/// The act, by the program. A process that does not let it say so, or a stage in which nothing is told, is no fault.
fn note_told(app: &App, change_id: i64, way: &str) -> Result<(), Trouble> {
    let raw: Raw = [("way".to_owned(), vec![way.to_owned()])].into_iter().collect();
    match app.take(&Actor::System, change_id, Act::TellNetwork, raw, Expect::default()) {
        Ok(_) | Err(Stop::Refused(_)) => Ok(()),
        // The letter may go twice, under one name; that it went has to be on record.
        Err(stop) => Err(Trouble::later(format!("{stop:?}"))),
    }
}

fn text(told: &Told, name: &str, link: Option<&str>, is_chase: bool, is_refused: bool) -> String {
    let mut parts = vec![format!("Hello {name},")];
    if is_chase {
        parts.push("This was sent before, and we have no word that it arrived. Say so below.".into());
    }
    parts.push(told.sentence().into());
    let lines = told.facts().into_iter().map(|(label, value)| format!("{label}: {}", value.replace('\n', ", ")));
    parts.push(lines.collect::<Vec<_>>().join("\n"));
    if let Some(link) = link {
        if is_refused {
            parts.push("You refused this work, and it is not scheduled until that is settled. If it may go ahead as it stands here, acknowledge it.".into());
        }
        parts.push("Acknowledge it here, with your own reference if you have one, or refuse it and say why. You need no account:".into());
        parts.push(link.into());
        parts.push("This address is yours alone and works once. Keep it to yourself.".into());
    }
    parts.push("The file with this letter says the same to programs. Times are UK local time.".into());
    format!("{}\n", parts.join("\n\n"))
}

/// A step of X6 is due. The provider is sent what it has not acknowledged once more; then people are asked to ring.
pub(super) fn chase(app: &App, task: &Task, change: &Change, tells: &[Audience]) -> Result<(), Trouble> {
    let Some(told_at) = maintnote::unanswered_since(change) else { return Ok(()) };
    // Of a telling that a later one has taken the place of.
    if since(task) != Some(told_at) {
        return Ok(());
    }
    let (change_id, now) = (change.id.0, app.clock.now());
    let step = match tells.first() {
        Some(Audience::NetworkProvider) => Chase::Mail,
        Some(Audience::Role(Role::SupplierManager)) => Chase::Ring,
        _ => Chase::Supervisor,
    };
    if step == Chase::Mail {
        let latest = app.read::<_, StoreError>(|tx| store::notices(tx, change_id).map(store::latest))?;
        for sent in latest.iter().filter(|sent| sent.version.status.is_open() && sent.acknowledged.is_none()) {
            fan_out(app, task, Due { part: sent.version.part, sequence: sent.version.sequence }, true)?;
        }
    } else {
        super::tell(app, task, tells, News::Unacknowledged { told_at, step: step as u8 })?;
    }
    app.write::<_, StoreError>(move |tx| store::note_chase(tx, change_id, told_at, step, now))?;
    Ok(())
}

/// Since when, as the timer was set.
fn since(task: &Task) -> Option<Timestamp> {
    match super::reaction(task).ok()? {
        signalbox_core::react::Task::Timer { because, .. } => because.parse().ok(),
        _ => None,
    }
}
