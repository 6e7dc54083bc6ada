//! `signalbox admin add` and `signalbox token`.

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::ids::PersonId;
use signalbox_store::accounts::{self as store, NewMembership, Person};
use signalbox_store::directory::{self, OnDifference, Organisation};
use signalbox_store::page::Page;

use super::serve::Settings;
use super::{Stop, StoreArgs};
use crate::accounts::letters::WELCOME_LIFE;
use crate::accounts::link_to_set_password;
use crate::app::{App, Shared};
use crate::clock::{Clock, IdSource};
use crate::web::handlers::me::issue;

/// Administrators, who set up everything else.
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Make somebody an administrator, and print a link with which they set their password.
    Add(Add),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Work e-mail.
    email: String,
    /// Name, if the person is new.
    #[arg(long)]
    name: Option<String>,
    /// Code of their organisation. Without it the authority; where there is none yet, one is made.
    #[arg(long, value_name = "CODE")]
    organisation: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args, Debug)]
pub(super) struct Token {
    /// Whose: their work e-mail.
    #[arg(long, value_name = "EMAIL")]
    person: String,
    /// What the token is for.
    #[arg(long, default_value = "command line")]
    name: String,
    /// How many days it works.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

/// The program over the database, without a server. The lock goes with it.
pub(super) fn open(store: &StoreArgs, settings: &Settings) -> Result<(Shared, signalbox_store::DataLock), Stop> {
    let db = store.open()?;
    let lock = db.lock()?;
    let config = settings.config(settings.listen, false)?;
    Ok((App::new(db, Clock::system(), IdSource::new(), config), lock))
}

impl Admin {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let Admin::Add(add) = self;
        let (app, _lock) = open(&add.store, &add.settings)?;
        let org = add.organisation(&app)?;
        let person = add.person(&app)?;
        let act = app.act(None, app.clock.now());
        let id = app.ids.mint(act.at);
        let role = NewMembership { id, person_id: person, org_id: org.id, role: Role::Administrator, service_id: None };
        app.attempt(move |tx| store::grant_role(tx, &act, &role))?;
        let link = link_to_set_password(&app, PersonId(person), WELCOME_LIFE)?;
        println!("{} is an administrator in {}.", add.email, org.name);
        println!("Set the password within 3 days, with this link, once:\n\n  {link}\n");
        Ok(())
    }
}

impl Add {
    fn organisation(&self, app: &App) -> Result<Organisation, Stop> {
        if let Some(code) = &self.organisation {
            let found = app.read::<_, Stop>(|tx| directory::organisation_by_code(tx, code))?;
            return found.ok_or_else(|| Stop::Finding(format!("there is no organisation with the code {code}")));
        }
        let one = Page { limit: 1, ..Page::default() };
        let found = app.read::<_, Stop>(|tx| directory::organisations(tx, Some(OrgKind::Authority), &one))?;
        if let Some(org) = found.items.into_iter().next() {
            return Ok(org);
        }
        let act = app.act(None, app.clock.now());
        let org = Organisation {
            id: app.ids.mint(act.at),
            code: "AUTHORITY".into(),
            name: "The authority".into(),
            kind: OrgKind::Authority,
            ods_code: None,
            email_domain: None,
            zone: "Europe/London".into(),
            calendar: directory::CALENDARS[0].into(),
            is_active: true,
            merged_into: None,
            is_open_tonight: false,
        };
        let made = org.clone();
        app.attempt(move |tx| directory::upsert_organisation(tx, &act, &made, OnDifference::Report))?;
        println!("There was no authority, so one was made. Give it its name under Set-up, Organisations.");
        Ok(org)
    }

    /// The person with the address, made if need be.
    fn person(&self, app: &App) -> Result<i64, Stop> {
        let email = store::normal_email(&self.email);
        if !store::is_email(&email) {
            return Err(Stop::WrongUse(format!("“{}” is not an e-mail address", self.email)));
        }
        if let Some(known) = app.read::<_, Stop>(|tx| store::person_by_email(tx, &email))? {
            let act = app.act(None, app.clock.now());
            app.attempt(move |tx| store::enable_person(tx, &act, known.id))?;
            return Ok(known.id);
        }
        let name = self.name.clone().unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        let act = app.act(None, app.clock.now());
        let person = Person::new(app.ids.mint(act.at), &email, &name);
        let id = person.id;
        app.attempt(move |tx| store::upsert_person(tx, &act, &person, OnDifference::Report))?;
        Ok(id)
    }
}

impl Token {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let (app, _lock) = open(&self.store, &self.settings)?;
        let found = app.read::<_, Stop>(|tx| store::person_by_email(tx, &self.person))?;
        let person = found.ok_or_else(|| Stop::Finding(format!("nobody has the address {}", self.person)))?;
        let life = SignedDuration::from_hours(24 * i64::from(self.days));
        println!("{}", issue(&app, person.id, &self.name, Some(life))?);
        Ok(())
    }
}
