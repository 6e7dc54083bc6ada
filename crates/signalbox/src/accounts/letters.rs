//! The letters about accounts: asked for in the transaction of what they tell, written when they are sent. A link's
//! secret is made only then, so that no table ever holds one.

mod carriers;
mod ledger;
mod members;
mod officers;
mod series;
mod told;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use signalbox_core::actor::Role;
use signalbox_core::ids::PersonId;
use signalbox_store::accounts::{self as store, Registration};
use signalbox_store::outbox::{self, NewTask};
use signalbox_store::{StoreError, Tx, directory, public};

use crate::app::App;
use crate::clock::IdSource;
use crate::web::problem::Failure;

/// The kind of task in the outbox.
pub const TASK: &str = "account-letter";

/// Somebody who asks to join confirms their address within two hours.
pub const CONFIRM_LIFE: SignedDuration = SignedDuration::from_hours(2);

/// A forgotten password is set anew within an hour.
pub const RESET_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A new person has three days, a weekend included.
pub const WELCOME_LIFE: SignedDuration = SignedDuration::from_hours(72);

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// To somebody who asked to join: is this your address?
    ConfirmAddress { registration: i64 },
    /// To the coordinators, or the authority where there are none: somebody waits for you.
    RegistrationWaits { registration: i64 },
    /// To somebody whose request was declined, with the reason.
    Declined { registration: i64 },
    /// To a new person: set your password.
    Welcome { person: i64 },
    /// To somebody who forgot it.
    ResetPassword { person: i64 },
    /// To those who answer for an organisation: a new version of a process document is proposed.
    ProcessAsked { proposal: i64, org: i64 },
    /// To the authority's change managers: an organisation objects.
    ProcessObjected { proposal: i64, org: i64 },
    /// To those who objected: the authority's answer.
    ProcessReplied { proposal: i64, org: i64 },
    /// To those who were asked: it counts from a day on.
    ProcessAdopted { proposal: i64, org: i64 },
    /// To who knows who works for the successor of a merger: confirm the members that came with it.
    ConfirmMembers { person: i64, merger: i64 },
    /// To a safety officer, their deputy, their organisation and the authority: the registration ends in so many days,
    /// or has ended (X8). Nothing if it was renewed meanwhile.
    RegistrationEnds { clinician: i64, expires_on: String, days: i64 },
    /// To the same: somebody whose registration has lapsed tried to sign (scenario 27).
    SignatureRefused { person: i64, change: i64 },
    /// To who owns work that comes again: a draft was made of an occurrence.
    OccurrenceMade { series: i64, change: i64, person: i64 },
    /// To those who answer for an organisation: a call-out was proposed to it, answered or decided.
    CallOut { case: i64, org: i64 },
    /// To those who answer for an organisation: an alarm of theirs came from planned work that nobody had announced.
    Unannounced { alarm: i64 },
    /// To who told of an outage and has no account: is this your address?
    ConfirmTold { told: i64 },
    /// To those who answer for their organisation: it waits for you.
    ToldWaits { told: i64 },
    /// To who told it: what became of it.
    ToldAnswered { told: i64 },
    /// To who asked for public notices: is this your address?
    ConfirmFollower { subscriber: i64 },
    /// To those who confirm carriers' notices: so many wait. Of a working day, or of the first that waits.
    CarriersWait { day: Option<String> },
    /// To those who answer for an organisation: an occurrence is due that nobody owns.
    OccurrenceWaits { series: i64, day: String, person: i64 },
}

/// A mail ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Letter {
    /// Asks for it, in the transaction of what it tells.
    pub fn ask(&self, tx: &mut dyn Tx, ids: &IdSource, now: Timestamp) -> Result<(), StoreError> {
        self.ask_for(tx, ids, now, now)
    }

    /// The same, for a later moment.
    pub fn ask_for(&self, tx: &mut dyn Tx, ids: &IdSource, now: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
        let id = ids.mint(now);
        let payload = serde_json::to_string(self).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        // A registration that is saved again is warned of once.
        let dedupe_key = match self {
            Letter::RegistrationEnds { clinician, expires_on, days } => format!("{TASK}/registration/{clinician}/{expires_on}/{days}"),
            // It is found again every few minutes, and told once.
            Letter::OccurrenceWaits { series, day, person } => format!("{TASK}/series/{series}/{day}/{person}"),
            Letter::Unannounced { alarm } => format!("{TASK}/alarm/{alarm}"),
            Letter::CarriersWait { day: Some(day) } => format!("{TASK}/carriers/{day}"),
            _ => format!("{TASK}/{id}"),
        };
        let task = NewTask { id, kind: TASK.into(), change_id: None, event_id: None, dedupe_key, payload, due_at };
        outbox::put(tx, &task)?;
        Ok(())
    }

    /// Reads what stands in the outbox.
    pub fn read(payload: &str) -> Result<Letter, StoreError> {
        serde_json::from_str(payload).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// Writes it now: to whom, and with a fresh link. Nothing if it has nobody to go to any more.
    pub fn write(&self, app: &App) -> Result<Vec<Mail>, Failure> {
        match self {
            Letter::ConfirmAddress { registration } => confirm_address(app, *registration),
            Letter::RegistrationWaits { registration } => registration_waits(app, *registration),
            Letter::Declined { registration } => declined(app, *registration),
            Letter::Welcome { person } => set_password(app, *person, WELCOME_LIFE, &WELCOME),
            Letter::ResetPassword { person } => set_password(app, *person, RESET_LIFE, &RESET),
            Letter::ProcessAsked { proposal, org }
            | Letter::ProcessObjected { proposal, org }
            | Letter::ProcessReplied { proposal, org }
            | Letter::ProcessAdopted { proposal, org } => super::process_letters::write(app, self, *proposal, *org),
            Letter::ConfirmMembers { person, merger } => members::confirm(app, *person, *merger),
            Letter::RegistrationEnds { clinician, expires_on, days } => officers::registration_ends(app, *clinician, expires_on, *days),
            Letter::SignatureRefused { person, change } => officers::signature_refused(app, *person, *change),
            Letter::CarriersWait { .. } => carriers::wait(app),
            Letter::CallOut { case, org } => ledger::stands(app, *case, *org),
            Letter::Unannounced { alarm } => ledger::unannounced(app, *alarm),
            Letter::ConfirmTold { told } => told::confirm(app, *told),
            Letter::ToldWaits { told } => told::waits(app, *told),
            Letter::ToldAnswered { told } => told::answered(app, *told),
            Letter::ConfirmFollower { subscriber } => confirm_follower(app, *subscriber),
            Letter::OccurrenceMade { series, change, person } => series::made(app, *series, *change, *person),
            Letter::OccurrenceWaits { series, day, person } => series::waits(app, *series, day, *person),
        }
    }
}

fn registration(app: &App, id: i64) -> Result<Option<Registration>, Failure> {
    let found = app.read::<_, Failure>(|tx| store::registration(tx, id))?;
    Ok(found.filter(|found| !found.email.is_empty()))
}

fn confirm_address(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let Some(found) = registration(app, id)? else { return Ok(vec![]) };
    let link = super::link_to_confirm(app, id, CONFIRM_LIFE)?;
    let text = format!(
        "Hello {name},\n\nyou asked to join the Service Management group. Confirm that this is your address:\n\n{link}\n\n\
         The link works for 2 hours. If it was not you, leave this letter alone: nothing happens without the link.\n",
        name = found.name
    );
    Ok(vec![letter(app, &found.email, "Confirm your address", &text)])
}

fn confirm_follower(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let token = app.ids.token();
    let found = app.write::<_, Failure>(move |tx| {
        let found = public::subscriber(tx, id)?;
        if found.is_some() {
            public::set_token(tx, id, &token.hash())?;
        }
        Ok(found)
    })?;
    let Some(found) = found else { return Ok(vec![]) };
    let link = app.config.base.link(&format!("/status/confirm/{}", token.to_hex()));
    let text = format!(
        "Hello,\n\nsomebody asked for public notices of planned work to this address. Confirm that they may come:\n\n{link}\n\n\
         The link works for 2 days. If it was not you, leave this letter alone: nothing happens without the link.\n"
    );
    Ok(vec![letter(app, &found.email, "Confirm your address", &text)])
}

fn registration_waits(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let Some(found) = registration(app, id)? else { return Ok(vec![]) };
    let (to, org) = app.read::<_, Failure>(|tx| {
        let org = found.org_id.map(|org| directory::organisation(tx, org)).transpose()?.flatten();
        let mut holders = Vec::new();
        if let Some(org) = found.org_id.filter(|_| found.approved_at.is_none()) {
            holders = store::eligible_holders(tx, Role::Coordinator, Some(org), None)?;
        }
        if holders.is_empty() {
            holders = store::eligible_holders(tx, Role::AuthorityManager, None, None)?;
        }
        let mut to = Vec::new();
        for id in holders {
            to.extend(store::person(tx, id)?.map(|person| person.email));
        }
        Ok((to, org.map_or("an organisation that we could not tell".to_owned(), |org| org.name)))
    })?;
    let text = format!(
        "{name} of {org} asks to join the Service Management group and waits for your yes or no:\n\n{link}\n",
        name = found.name,
        link = app.config.base.link("/members")
    );
    Ok(to.iter().map(|to| letter(app, to, "Somebody asks to join", &text)).collect())
}

fn declined(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let Some(found) = registration(app, id)? else { return Ok(vec![]) };
    let text = format!(
        "Hello {name},\n\nyour request to join the Service Management group was declined:\n\n{reason}\n\n\
         Ring or write to {team} if you think that this is wrong.\n",
        name = found.name,
        reason = found.decline_reason,
        team = app.config.team.name
    );
    Ok(vec![letter(app, &found.email, "Your request to join", &text)])
}

/// Subject, what comes before the link, what comes after it.
type Words = (&'static str, &'static str, &'static str);

const WELCOME: Words = ("Welcome: set your password", "you can use Signalbox now. Set your password first:", "The link works once, for 3 days.");

const RESET: Words = (
    "Set a new password",
    "somebody asked for a new password for you. Set it here:",
    "The link works once, for an hour. If it was not you, leave this letter alone: your password stays as it is.",
);

fn set_password(app: &App, person: i64, life: SignedDuration, words: &Words) -> Result<Vec<Mail>, Failure> {
    let Some(who) = app.read::<_, Failure>(|tx| store::actor(tx, person))?.map(|known| known.person) else {
        return Ok(vec![]);
    };
    let (subject, before, after) = words;
    let link = super::link_to_set_password(app, PersonId(person), life)?;
    let text = format!("Hello {name},\n\n{before}\n\n{link}\n\n{after}\n", name = who.name);
    Ok(vec![letter(app, &who.email, subject, &text)])
}

pub(super) fn letter(app: &App, to: &str, subject: &str, text: &str) -> Mail {
    Mail { to: to.to_owned(), subject: subject.to_owned(), text: signed(app, text) }
}

/// A letter's text, with whom to ring or write to below it.
pub(crate) fn signed(app: &App, text: &str) -> String {
    let team = &app.config.team;
    format!("{text}\n-- \n{}, {} {}\n", team.name, team.email, team.telephone)
}
