//! What a command takes along: documents and schedule of the program, calendar and clock of an organisation.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_core::actor::Actor;
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::decide::Context;
use signalbox_core::facts::Facts;
use signalbox_core::process::Process;
use signalbox_store::schedule::Schedule;
use signalbox_store::{StoreError, Tx, directory, log};

use super::Documents;

/// What a write closure takes along of the program.
#[derive(Clone)]
pub(super) struct Seat {
    pub documents: Arc<Documents>,
    pub schedule: Arc<Schedule>,
}

impl Seat {
    /// Takes the lock under which is decided; nothing that was undone stands in the schedule then.
    pub fn lock(&self, tx: &mut dyn Tx) -> Result<log::Head, StoreError> {
        let head = log::lock_head(tx)?;
        self.schedule.agree(tx, &head)?;
        Ok(head)
    }
}

/// Whose calendar and clock count.
pub(super) struct Place {
    pub calendar: Calendar,
    pub zone_name: String,
    pub zone: jiff::tz::TimeZone,
}

impl Place {
    pub fn of(tx: &mut dyn Tx, org: i64) -> Result<Place, StoreError> {
        let found = directory::organisation(tx, org)?;
        let zone_name = found.as_ref().map_or(calendar::DEFAULT_ZONE.to_owned(), |o| o.zone.clone());
        let division = found.and_then(|o| Division::from_code(&o.calendar)).unwrap_or(Division::EnglandAndWales);
        let zone = calendar::zone(&zone_name).unwrap_or_else(calendar::london);
        Ok(Place { calendar: Calendar::shipped(division), zone_name, zone })
    }

    pub fn context<'a>(&'a self, actor: &'a Actor, process: &'a Process, facts: &'a Facts, now: Timestamp) -> Context<'a> {
        Context { now, actor, process, calendar: &self.calendar, zone_name: &self.zone_name, zone: &self.zone, facts }
    }
}
