//! How letters leave: one envelope for each recipient (S21), through an SMTP server, into the demo's mailbox, or not
//! yet, where no server is named; and how monitors are told what to keep quiet about.

pub mod mail;
pub mod monitor;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::app::Shared;
use crate::config::MailRoute;

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The same whenever the same letter is sent again, so that a mail program shows it once.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// A calendar file that says the same to programs.
    pub calendar: Option<CalendarFile>,
    /// Where its reader leaves, for letters that one may leave (RFC 2369, RFC 8058). Duty mail has none.
    pub unsubscribe: Option<String>,
    pub at: Timestamp,
}

/// A calendar file that goes with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFile {
    pub name: String,
    pub text: String,
}

/// Why a letter did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub words: String,
    pub hope: Hope,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hope {
    /// Later, and not for ever.
    Later,
    /// Later, however long it takes: the operator has not named a server.
    Patience,
    /// Never.
    None,
}

impl Trouble {
    /// It may work later.
    pub fn later(words: impl ToString) -> Trouble {
        Trouble { words: words.to_string(), hope: Hope::Later }
    }

    /// It will never work.
    pub fn never(words: impl ToString) -> Trouble {
        Trouble { words: words.to_string(), hope: Hope::None }
    }
}

/// Waits for what is sent. The worker hands things over where it may block; whoever has no runtime gets one for it.
pub(crate) fn wait<T>(sending: impl Future<Output = T>) -> Result<T, Trouble> {
    match tokio::runtime::Handle::try_current() {
        Ok(handle) => Ok(tokio::task::block_in_place(|| handle.block_on(sending))),
        Err(_) => Ok(tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Trouble::later)?.block_on(sending)),
    }
}

/// Takes letters away.
pub trait Post: Send + Sync {
    /// Hands one letter over. May be asked twice with the same letter.
    ///
    /// # Errors
    /// [`Trouble`].
    fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble>;
}

/// No server is named: letters wait in the outbox.
pub struct Waiting;

impl Post for Waiting {
    fn deliver(&self, _: &Envelope) -> Result<(), Trouble> {
        Err(Trouble { words: "no mail server is named".into(), hope: Hope::Patience })
    }
}

/// How many letters the demo keeps.
const KEPT_AT_MOST: usize = 500;

/// The letters that the demo shows instead of sending them (settled 26). In memory: the demo's world goes with it.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<VecDeque<Envelope>>);

impl Mailbox {
    fn letters(&self) -> MutexGuard<'_, VecDeque<Envelope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every letter, the newest first.
    pub fn newest_first(&self) -> Vec<Envelope> {
        self.letters().iter().rev().cloned().collect()
    }

    /// The letter with this id.
    pub fn letter(&self, id: &str) -> Option<Envelope> {
        self.letters().iter().find(|letter| letter.id == id).cloned()
    }
}

impl Post for Mailbox {
    fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.id != envelope.id);
        letters.push_back(envelope.clone());
        if letters.len() > KEPT_AT_MOST {
            letters.pop_front();
        }
        Ok(())
    }
}

/// The demo's mailbox, reached through the program that holds it.
struct ToMailbox(Shared);

impl Post for ToMailbox {
    fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble> {
        self.0.mailbox.deliver(envelope)
    }
}

/// The post that the settings name.
///
/// # Errors
/// Words about a wrong address of the server or of the sender.
pub fn post_of(app: &Shared) -> Result<Box<dyn Post>, String> {
    let config = &app.config;
    match &config.mail {
        MailRoute::Smtp { url, from } => Ok(Box::new(mail::Smtp::new(url, from)?)),
        MailRoute::Kept if config.is_demo => Ok(Box::new(ToMailbox(app.clone()))),
        MailRoute::Kept => Ok(Box::new(Waiting)),
    }
}
