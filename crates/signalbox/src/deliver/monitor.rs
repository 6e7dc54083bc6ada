//! Monitors, and how each is asked what it keeps quiet about and told what to (spec 10.4): Prometheus Alertmanager by
//! silences, Icinga 2 by downtimes, and whatever else can read a signed webhook. A monitor that cannot be reached, hangs,
//! trickles or talks rubbish costs its own caller some seconds and nobody else anything.

mod alertmanager;
pub mod http;
mod icinga;
pub mod webhook;

use std::time::Duration;

use jiff::Timestamp;
use signalbox_core::silence::{Held, Wanted};
use signalbox_store::monitors::{Monitor, Silence};

use http::{Address, Http};

/// What sort of monitor it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Alertmanager,
    Icinga,
    Webhook,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Alertmanager, Kind::Icinga, Kind::Webhook];

    /// As it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Alertmanager => "alertmanager",
            Kind::Icinga => "icinga",
            Kind::Webhook => "webhook",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Alertmanager => "Prometheus Alertmanager",
            Kind::Icinga => "Icinga 2",
            Kind::Webhook => "Signed webhook",
        }
    }

    pub fn from_code(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What opens a monitor. It is shown to that monitor and to nobody else: no log, page or event can print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// For the one who is opened by it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In words for the page of the change.
    pub words: String,
    /// Whether the monitor itself said no. Otherwise it gave no sound answer, and asking it more is no use now.
    pub is_answer: bool,
}

impl Fault {
    pub(crate) fn answered(words: impl Into<String>) -> Fault {
        Fault { words: words.into(), is_answer: true }
    }

    pub(crate) fn unanswered(words: impl Into<String>) -> Fault {
        Fault { words: words.into(), is_answer: false }
    }
}

/// How this site signs what it makes at monitors, so that it knows its own again and leaves others' alone.
#[derive(Clone, Debug)]
pub struct Ours {
    /// The host of this site.
    pub host: String,
    /// What stands before `/changes/…`.
    pub base: String,
}

impl Ours {
    /// The creator of our silences.
    pub fn creator(&self) -> String {
        format!("Signalbox at {}", self.host)
    }

    /// The comment of a silence. Its first word is the reference, by which it is found again; no title, for a change may
    /// be restricted.
    pub fn comment(&self, wanted: &Wanted) -> String {
        format!("{} {}/changes/{}", wanted.key.reference, self.base, wanted.key.reference)
    }
}

/// The reference in the comment of a silence of ours.
fn reference_of(comment: &str) -> String {
    comment.split_whitespace().next().unwrap_or_default().to_owned()
}

/// A monitor, ready to be asked.
pub struct Peer {
    driver: Driver,
    ours: Ours,
}

enum Driver {
    Alertmanager { http: Http, label: String },
    Icinga(Http),
    Webhook { http: Http, key: Option<webhook::Key> },
}

impl Peer {
    /// The monitor as it was set up.
    ///
    /// # Errors
    /// Words about a setting that cannot be used.
    pub fn of(monitor: &Monitor, secret: Option<&Secret>, ours: Ours, patience: Duration) -> Result<Peer, String> {
        let kind = Kind::from_code(&monitor.kind).ok_or("Nobody knows this kind of monitor.")?;
        let address = Address::parse(&monitor.address)?;
        let login = secret.filter(|_| kind != Kind::Webhook);
        let http = Http::new(address, login, &monitor.authority, patience)?;
        let driver = match kind {
            Kind::Alertmanager => Driver::Alertmanager { http, label: monitor.label.clone() },
            Kind::Icinga => Driver::Icinga(http),
            Kind::Webhook => Driver::Webhook { http, key: secret.map(|secret| webhook::Key::parse(secret.reveal())).transpose()? },
        };
        Ok(Peer { driver, ours })
    }

    /// Whether it can be asked what it has. A webhook only listens.
    pub fn can_be_asked(&self) -> bool {
        !matches!(self.driver, Driver::Webhook { .. })
    }

    /// The silences of ours that it has; for what only listens, those that it was told of.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn held(&self, known: &[Silence]) -> Result<Vec<Held>, Fault> {
        match &self.driver {
            Driver::Alertmanager { http, label } => alertmanager::held(http, label, &self.ours).await,
            Driver::Icinga(http) => icinga::held(http, &self.ours).await,
            Driver::Webhook { .. } => Ok(webhook::held(known)),
        }
    }

    /// Has a silence made; the monitor's own name for it.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn make(&self, wanted: &Wanted, now: Timestamp) -> Result<String, Fault> {
        match &self.driver {
            Driver::Alertmanager { http, label } => alertmanager::make(http, label, &self.ours, wanted).await,
            Driver::Icinga(http) => icinga::make(http, &self.ours, wanted).await,
            Driver::Webhook { http, key } => webhook::make(http, key.as_ref(), &self.ours, wanted, now).await,
        }
    }

    /// Has a silence removed. One that is gone already is no fault.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remove(&self, held: &Held, now: Timestamp) -> Result<(), Fault> {
        match &self.driver {
            Driver::Alertmanager { http, .. } => alertmanager::remove(http, held).await,
            Driver::Icinga(http) => icinga::remove(http, held).await,
            Driver::Webhook { http, key } => webhook::remove(http, key.as_ref(), held, now).await,
        }
    }

    /// What it answers to somebody who only wants to know whether it does.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn test(&self, now: Timestamp) -> Result<String, Fault> {
        let who = match &self.driver {
            Driver::Alertmanager { http, .. } => alertmanager::test(http).await?,
            Driver::Icinga(http) => icinga::test(http).await?,
            Driver::Webhook { http, key } => return webhook::test(http, key.as_ref(), now).await,
        };
        let held = self.held(&[]).await?.len();
        let ours = crate::words::counted(i64::try_from(held).unwrap_or(i64::MAX), "silence");
        Ok(format!("{who} answered. It has {ours} of ours."))
    }
}
