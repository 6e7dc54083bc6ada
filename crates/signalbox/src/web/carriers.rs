//! Notices of carriers about their own works: taking one in, and what a person who confirms it typed. Pages and API use
//! the same. Whoever puts into the calendar what happens elsewhere looks after them (C036, C127).

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use signalbox_core::actor::Actor;
use signalbox_core::calendar::{DEFAULT_ZONE, london};
use signalbox_core::carrier::proof::{domain_of, is_vouched};
use signalbox_core::carrier::{self, Standing, Understood};
use signalbox_core::maintnote::Impact;
use signalbox_core::schedule::Extent;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::text::hex;
use signalbox_store::carriers::{self, Arrival, IDS, Kept, Told};
use signalbox_store::directory::{self, ExternalTerms};
use signalbox_store::{StoreError, Tx};

use super::calendars;
use super::form::Form;
use super::problem::{Failure, Fault};
use crate::accounts::letters::Letter;
use crate::app::App;
use crate::received::{self, Arrived, BYTES_MAX};

/// Whether they look after what carriers tell.
///
/// # Errors
/// [`Failure::Denied`] for everybody else.
pub fn admit(actor: &Actor) -> Result<(), Failure> {
    calendars::admit::<ExternalTerms>(actor)
}

fn ids(app: &App, at: Timestamp) -> Vec<i64> {
    (0..IDS).map(|_| app.ids.mint(at)).collect()
}

/// What makes a notice the same notice, however often and whichever way it comes: relays add headers and mend the ends
/// of lines, and nothing else.
fn content_hash(arrived: &Arrived, raw: &[u8]) -> String {
    let plain: Vec<u8> = raw.iter().copied().filter(|byte| *byte != b'\r').collect();
    let body = plain.windows(2).position(|window| window == b"\n\n").map_or(plain.as_slice(), |at| &plain[at..]).trim_ascii();
    let mut hash = Sha256::new();
    for part in [arrived.notice.sender.as_bytes(), arrived.notice.subject.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Takes a notice in and says what became of it; `true` if it is new.
///
/// # Errors
/// [`Failure::Denied`], [`Failure::TooLarge`], [`Failure::Invalid`] of an empty one, and the store's.
pub fn receive(app: &App, actor: &Actor, raw: &[u8], is_calendar: bool) -> Result<(Kept, bool), Failure> {
    admit(actor)?;
    if raw.len() > BYTES_MAX {
        return Err(Failure::TooLarge);
    }
    if raw.trim_ascii().is_empty() {
        return Err(Failure::invalid(Fault::whole("empty", "There is nothing in it.")));
    }
    let arrived = received::open(raw, is_calendar);
    let sender = domain_of(&arrived.notice.sender);
    // What is no mail was fetched by whoever hands it in; a mail is as good as the server that took it in says.
    let checked_by = app.config.mail_checked_by.as_deref().zip(arrived.results.as_deref());
    let arrival = Arrival {
        is_vouched: checked_by.map(|(server, results)| is_vouched(results, server, &sender)),
        content_hash: content_hash(&arrived, raw),
        message_id: arrived.message_id,
        understood: carrier::read(&arrived.notice),
        sender: arrived.notice.sender,
        subject: arrived.notice.subject,
        raw: raw.to_vec(),
    };
    let act = app.act(actor.person(), app.clock.now());
    let (ids, letters) = (ids(app, act.at), app.ids.clone());
    app.attempt(move |tx| {
        let received = carriers::receive(tx, &act, &ids, &arrival)?;
        if let Ok((kept, true)) = &received
            && kept.state == Standing::Waiting
        {
            let others = carriers::others_wait(tx, kept.id)?;
            Letter::carriers_wait(tx, &letters, act.at, others)?;
        }
        Ok(received)
    })
}

/// Reads a notice that waits once more, by what is set up now.
///
/// # Errors
/// [`Failure::Denied`]; [`Failure::Conflict`] where somebody decided meanwhile; and the store's.
pub fn read_again(app: &App, actor: &Actor, id: i64) -> Result<Standing, Failure> {
    admit(actor)?;
    let act = app.act(actor.person(), app.clock.now());
    let ids = ids(app, act.at);
    app.attempt(move |tx| carriers::read_again(tx, &act, &ids, id))
}

/// The same for every notice of an account that waits, the oldest first, so that a later version is read upon the one before
/// it. How many wait no longer.
///
/// # Errors
/// As [`read_again`]. What was read before a fault stays read.
pub fn read_again_of(app: &App, actor: &Actor, account: &str) -> Result<usize, Failure> {
    let is_of_account = |kept: &Kept| kept.understood.account.value.as_deref().is_some_and(|number| number.trim() == account);
    let waiting = app.read::<_, Failure>(|tx| carriers::notices(tx, Standing::Waiting))?;
    let mut read = 0;
    for kept in waiting.iter().rev().filter(|kept| is_of_account(kept)) {
        match read_again(app, actor, kept.id) {
            Ok(state) => read += usize::from(state != Standing::Waiting),
            // Somebody decided meanwhile.
            Err(Failure::Conflict { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(read)
}

/// A notice as a filled form, for whoever confirms it.
pub fn typed(tx: &mut dyn Tx, understood: &Understood) -> Result<Form, StoreError> {
    let (places, _) = carriers::places(tx, understood, None)?;
    let mut codes = vec![];
    for extent in places {
        codes.extend(code_of(tx, extent)?);
    }
    let mut fields = vec![
        ("provider".to_owned(), understood.provider.value.clone().unwrap_or_default()),
        ("number".into(), understood.maintenance_id.value.clone().unwrap_or_default()),
        ("status".into(), understood.status.value.map(|state| state.code().to_owned()).unwrap_or_default()),
        ("impact".into(), if understood.objects.is_empty() { String::new() } else { understood.worst().code().into() }),
        ("title".into(), understood.summary.value.clone().unwrap_or_default().chars().take(200).collect()),
        ("places".into(), codes.join("\n")),
    ];
    for (name, at) in [("starts_at", understood.start.value), ("ends_at", understood.end.value)] {
        let (date, time) = at.map(on_the_wall).unwrap_or_default();
        fields.extend([(format!("{name}-date"), date), (format!("{name}-time"), time)]);
    }
    Ok(Form::of(fields))
}

fn on_the_wall(at: Timestamp) -> (String, String) {
    let wall = london().to_datetime(at);
    (wall.strftime("%Y-%m-%d").to_string(), wall.strftime("%H:%M").to_string())
}

/// The code by which a person names a place; that of a site with its organisation.
fn code_of(tx: &mut dyn Tx, extent: Extent) -> Result<Option<String>, StoreError> {
    let Some(named) = directory::extent_named(tx, extent)? else { return Ok(None) };
    let owner = match extent {
        Extent::Site(_) => directory::owner_of(tx, extent)?,
        _ => None,
    };
    let owner = owner.map(|org| directory::organisation(tx, org.0)).transpose()?.flatten();
    Ok(Some(owner.map_or_else(|| named.code.clone(), |org| format!("{}/{}", org.code, named.code))))
}

/// Reads what a person typed to confirm a notice, every fault at once.
fn read(app: &App, actor: &Actor, understood: &Understood, form: &Form) -> Result<Told, Vec<Fault>> {
    let mut faults = vec![];
    let status = carrier::State::from_code(form.text("status"));
    let impact = Impact::from_code(form.text("impact"));
    let joined = |field: &str| format!("{}T{}", form.text(&format!("{field}-date")), form.text(&format!("{field}-time")));
    let when = Typed { zone: DEFAULT_ZONE, starts: &joined("starts_at"), ends: &joined("ends_at"), rule: "", except: "" };
    let span = match Recurrence::read(&when) {
        Ok(when) => Some(when.envelope()),
        Err(violations) => {
            faults.extend(violations.iter().map(calendars::fault).map(|fault| Fault { field: fault.field.map(|field| format!("{field}_at")), ..fault }));
            None
        }
    };
    let codes: Vec<&str> = form.text("places").lines().map(str::trim).filter(|code| !code.is_empty()).collect();
    let mut extents = vec![];
    for code in &codes {
        match app.read::<_, Failure>(|tx| calendars::named(tx, actor, code)) {
            Ok(Some(extent)) if extents.contains(&extent) => {}
            Ok(Some(extent)) => extents.push(extent),
            _ => faults.push(Fault::of("places", "unknown-value", format!("We don’t know the code “{code}”."))),
        }
    }
    if codes.len() > carriers::PLACES_MAX {
        faults.push(Fault::of("places", "too-many", format!("Name {} places at most, or one organisation.", carriers::PLACES_MAX)));
    }
    match (status, impact, span, faults.is_empty()) {
        (Some(status), Some(impact), Some(span), true) => {
            // A time that was left as it was understood is that moment, in a doubled hour too.
            let kept = |known: Option<Timestamp>, field: &str, read: Timestamp| {
                known.filter(|at| on_the_wall(*at) == (form.text(&format!("{field}-date")).into(), form.text(&format!("{field}-time")).into())).unwrap_or(read)
            };
            let (start, end) = (kept(understood.start.value, "starts_at", span.from), kept(understood.end.value, "ends_at", span.until));
            let text = |field: &str| form.text(field).split_whitespace().collect::<Vec<_>>().join(" ");
            Ok(Told { provider: text("provider"), number: text("number"), status, impact, title: text("title"), start, end, extents })
        }
        _ => Err(faults),
    }
}

/// Confirms a notice with what was typed.
///
/// # Errors
/// Every fault at once, by field; [`Failure::Conflict`] where somebody else decided.
pub fn confirm(app: &App, actor: &Actor, kept: &Kept, form: &Form) -> Result<(), Failure> {
    admit(actor)?;
    let told = read(app, actor, &kept.understood, form).map_err(Failure::Invalid)?;
    let act = app.act(actor.person(), app.clock.now());
    let (ids, id) = (ids(app, act.at), kept.id);
    app.attempt(move |tx| carriers::confirm(tx, &act, &ids, id, &told))?;
    Ok(())
}

/// Puts a notice aside, with words.
///
/// # Errors
/// As [`confirm`].
pub fn refuse(app: &App, actor: &Actor, kept: &Kept, words: &str) -> Result<(), Failure> {
    admit(actor)?;
    let act = app.act(actor.person(), app.clock.now());
    let (id, words) = (kept.id, words.to_owned());
    app.attempt(move |tx| carriers::refuse(tx, &act, id, &words))
}
