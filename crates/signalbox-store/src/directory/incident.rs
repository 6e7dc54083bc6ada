//! Incidents, as other systems tell them (X12). A source and its reference name one, so that telling it twice changes
//! nothing; its title is free text and stays out of the log (settled 20).

use super::{Act, Answer, OnDifference, Refused, Upserted, record_directory_event, settle};
use crate::page::{opt_time, time};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, log, values};
use jiff::Timestamp;
use serde_json::json;
use signalbox_core::learn::Grade;

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub id: i64,
    /// Whose it is.
    pub org_id: i64,
    /// The system that it comes from, such as `ServiceDesk`.
    pub source: String,
    /// Its number there.
    pub reference: String,
    pub title: String,
    /// 1 is the gravest.
    pub priority: i64,
    /// Whether a patient was or could have been harmed.
    pub clinical: bool,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Items and services that it hit, by id, in order.
    pub items: Vec<i64>,
    pub services: Vec<i64>,
}

impl Incident {
    /// How bad it is, for the review (fact `incident`).
    pub fn grade(&self) -> Grade {
        grade(self.priority, self.clinical)
    }

    /// The columns that hold what can't be.
    pub fn faults(&self) -> Vec<&'static str> {
        let texts = [("source", &self.source), ("reference", &self.reference), ("title", &self.title)];
        let is_bad = |text: &str| text.trim().is_empty() || text.chars().count() > 500 || text.chars().any(char::is_control);
        let mut faults: Vec<_> = texts.into_iter().filter(|(_, text)| is_bad(text)).map(|(field, _)| field).collect();
        if !(1..=5).contains(&self.priority) {
            faults.push("priority");
        }
        if self.closed_at.is_some_and(|closed| closed < self.opened_at) {
            faults.push("closed_at");
        }
        faults
    }
}

/// The grade of a priority.
pub fn grade(priority: i64, clinical: bool) -> Grade {
    match (clinical, priority) {
        (true, _) => Grade::Clinical,
        (false, ..=2) => Grade::Serious,
        _ => Grade::Lesser,
    }
}

statements! {
    BY_ID = "select id, org_id, source, reference, title, priority, clinical, opened_at, closed_at from incidents where id = $1";
    BY_SOURCE = "select id, org_id, source, reference, title, priority, clinical, opened_at, closed_at from incidents where source = $1 and reference = $2";
    ITEMS = "select item_id from incident_items where incident_id = $1 order by item_id";
    SERVICES = "select service_id from incident_services where incident_id = $1 order by service_id";
    INSERT = "insert into incidents (id, org_id, source, reference, title, priority, clinical, opened_at, closed_at, told_at, told_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "update incidents set title = $2, priority = $3, clinical = $4, opened_at = $5, closed_at = $6 where id = $1";
    DROP_ITEMS = "delete from incident_items where incident_id = $1";
    DROP_SERVICES = "delete from incident_services where incident_id = $1";
    PUT_ITEM = "insert into incident_items (incident_id, item_id) values ($1, $2)";
    PUT_SERVICE = "insert into incident_services (incident_id, service_id) values ($1, $2)";
}

fn read(row: &dyn Row) -> Result<Incident, StoreError> {
    Ok(Incident {
        id: row.int(0)?,
        org_id: row.int(1)?,
        source: row.text(2)?,
        reference: row.text(3)?,
        title: row.text(4)?,
        priority: row.int(5)?,
        clinical: row.boolean(6)?,
        opened_at: time(row, 7)?,
        closed_at: opt_time(row, 8)?,
        items: vec![],
        services: vec![],
    })
}

fn whole(tx: &mut dyn Tx, found: Option<Incident>) -> Result<Option<Incident>, StoreError> {
    let Some(mut incident) = found else { return Ok(None) };
    incident.items = tx.all(ITEMS, values![incident.id], |row| row.int(0))?;
    incident.services = tx.all(SERVICES, values![incident.id], |row| row.int(0))?;
    Ok(Some(incident))
}

/// The incident with this id, whoever asks: for writers. Readers ask `queries::incidents`.
pub fn incident(tx: &mut dyn Tx, id: i64) -> Result<Option<Incident>, StoreError> {
    let found = tx.maybe_one(BY_ID, values![id], read)?;
    whole(tx, found)
}

/// The incident of this number in this source.
pub fn incident_of(tx: &mut dyn Tx, source: &str, reference: &str) -> Result<Option<Incident>, StoreError> {
    let found = tx.maybe_one(BY_SOURCE, values![source, reference], read)?;
    whole(tx, found)
}

/// Records an incident, or what is new of one. It stays that of the organisation that told it first.
pub fn report_incident(tx: &mut dyn Tx, act: &Act, row: &Incident, on_difference: OnDifference) -> Answer<Upserted> {
    let mut wanted = row.clone();
    (wanted.source, wanted.reference) = (row.source.trim().to_owned(), row.reference.trim().to_owned());
    if let Some(field) = wanted.faults().into_iter().next() {
        return Ok(Err(Refused::Invalid(field)));
    }
    // Two who tell of the same one at once: the second waits here, and finds it told.
    log::lock_head(tx)?;
    let existing = incident_of(tx, &wanted.source, &wanted.reference)?;
    if existing.as_ref().is_some_and(|known| known.org_id != row.org_id) {
        return Ok(Err(Refused::Taken("reference")));
    }
    let existing = existing.map(|known| (known.id, known));
    if let Some((id, _)) = &existing {
        wanted.id = *id;
    }
    let settled = settle(existing, (wanted.id, &wanted), on_difference);
    let closed = wanted.closed_at.map(Timestamp::as_microsecond);
    let opened = wanted.opened_at.as_microsecond();
    match settled {
        Upserted::Added(id) => {
            let told = act.at.as_microsecond();
            tx.exec(
                INSERT,
                values![id, wanted.org_id, &wanted.source, &wanted.reference, &wanted.title, wanted.priority, wanted.clinical, opened, closed, told, act.by],
            )?;
        }
        Upserted::Updated(id) => {
            tx.exec(UPDATE, values![id, &wanted.title, wanted.priority, wanted.clinical, opened, closed])?;
            tx.exec(DROP_ITEMS, values![id])?;
            tx.exec(DROP_SERVICES, values![id])?;
        }
        unchanged => return Ok(Ok(unchanged)),
    }
    for item in &wanted.items {
        tx.exec(PUT_ITEM, values![wanted.id, *item])?;
    }
    for service in &wanted.services {
        tx.exec(PUT_SERVICE, values![wanted.id, *service])?;
    }
    let ids = |all: &[i64]| all.iter().map(i64::to_string).collect::<Vec<_>>();
    let payload = json!({"org": wanted.org_id.to_string(), "priority": wanted.priority, "clinical": wanted.clinical,
        "opened_at": opened.to_string(), "closed_at": closed.map(|at| at.to_string()), "items": ids(&wanted.items), "services": ids(&wanted.services)});
    let kind = if matches!(settled, Upserted::Added(_)) { "IncidentReported" } else { "IncidentUpdated" };
    record_directory_event(tx, act, kind, wanted.id, &payload)?;
    Ok(Ok(settled))
}
