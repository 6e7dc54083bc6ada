//! The safety officers' queue and the clinical register, as somebody may see them.

use crate::page::{opt_time, time};
use crate::queries::{Composed, code};
use crate::scope::{Scope, VISIBLE};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::change::{Kind, Stage};

/// A change in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueLine {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    pub kind: Kind,
    pub stage: Stage,
    pub direct_care: bool,
    pub window_start: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    /// The code of the track.
    pub state: String,
    pub is_open: bool,
    pub hazards: i64,
    pub unrated: i64,
    pub initial: Option<i64>,
    pub residual: Option<i64>,
    pub due_at: Option<Timestamp>,
    pub signed_at: Option<Timestamp>,
    pub changed_since: i64,
    pub appeal_open: bool,
    pub escalated: bool,
    /// An officer of an organisation of the reader, or of the authority, has still to sign.
    pub is_my_signature: bool,
}

const COLUMNS: &str = "select c.id, c.reference, c.title, c.kind, c.stage, c.direct_care, c.window_start, c.started_at, s.state, s.open, s.hazards, s.unrated,
    s.initial, s.residual, s.due_at, s.signed_at, s.changed_since, s.appeal_open, s.escalated,
    (select count(*) from clinical_seats t join memberships m on m.person_id = $1 and m.ended_at is null
        and ((m.role in ('TCSO', 'SCSO') and m.org_id = t.org_id) or (t.org_id = 0 and m.role = 'ACSO')) where t.change_id = c.id)
    from clinical s join changes c on c.id = s.change_id where ";

/// More than anybody reads on one page.
const LIMIT: i64 = 200;

/// Which part of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Waits for an officer.
    Open,
    /// Signed by the reader, and something happened since.
    ChangedSince,
    /// A screening without a yes that is looked at again.
    Sampled,
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let parts = [("OPEN", Part::Open), ("CHANGED_SINCE", Part::ChangedSince), ("SAMPLED", Part::Sampled)];
    let mut all: Vec<(&'static str, String)> = parts.into_iter().map(|(name, part)| (name, statement(&scope, part).sql)).collect();
    all.push(("REGISTER", register_statement(&scope, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).sql));
    all
}

fn statement(scope: &Scope, part: Part) -> Composed {
    let of = match part {
        Part::Open => "s.open = 1",
        Part::ChangedSince => "s.signed_by = $1 and s.changed_since > 0 and c.stage not in ('CLOSED', 'CANCELLED', 'WITHDRAWN', 'EXPIRED')",
        Part::Sampled => "s.sampled = 1 and s.reviewed_at is null and c.stage in ('AWAITING_APPROVAL', 'APPROVED', 'SCHEDULED', 'CLOSED')",
    };
    let mut statement = Composed::new(scope, format!("{COLUMNS}{of} and {VISIBLE}"));
    statement.add(" order by case when s.due_at is null then 1 else 0 end, s.due_at, c.id limit {}", [LIMIT.into()]);
    statement
}

/// One part of the queue, due first.
pub fn queue(tx: &mut dyn Tx, scope: &Scope, part: Part) -> Result<Vec<QueueLine>, StoreError> {
    let statement = statement(scope, part);
    tx.all(&statement.sql, &statement.params, read)
}

fn read(row: &dyn Row) -> Result<QueueLine, StoreError> {
    Ok(QueueLine {
        change_id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        kind: code(row, 3, Kind::from_code)?,
        stage: code(row, 4, Stage::from_code)?,
        direct_care: row.boolean(5)?,
        window_start: opt_time(row, 6)?,
        started_at: opt_time(row, 7)?,
        state: row.text(8)?,
        is_open: row.boolean(9)?,
        hazards: row.int(10)?,
        unrated: row.int(11)?,
        initial: row.opt_int(12)?,
        residual: row.opt_int(13)?,
        due_at: opt_time(row, 14)?,
        signed_at: opt_time(row, 15)?,
        changed_since: row.int(16)?,
        appeal_open: row.boolean(17)?,
        escalated: row.boolean(18)?,
        is_my_signature: row.int(19)? > 0,
    })
}

/// A decision in the register R-11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterLine {
    pub form_ref: String,
    pub reference: String,
    pub revision: i64,
    pub decision: String,
    pub decided_at: Timestamp,
    /// The code of the officer's organisation.
    pub org: String,
    pub hazards: i64,
    pub initial: Option<i64>,
    pub residual: Option<i64>,
    pub conditions_open: i64,
}

fn register_statement(scope: &Scope, from: Timestamp, until: Timestamp) -> Composed {
    let columns =
        "select d.form_ref, c.reference, d.revision, d.decision, d.decided_at, coalesce(o.code, ''), d.hazards, d.initial, d.residual, d.conditions_open
        from clinical_decisions d join changes c on c.id = d.change_id left join organisations o on o.id = d.org_id where ";
    let mut statement = Composed::new(scope, format!("{columns}{VISIBLE}"));
    statement.add(
        " and d.decided_at >= {} and d.decided_at < {} order by d.decided_at, d.change_id, d.number",
        [from.as_microsecond().into(), until.as_microsecond().into()],
    );
    statement
}

/// The decisions of a stretch of time, earliest first.
pub fn register(tx: &mut dyn Tx, scope: &Scope, from: Timestamp, until: Timestamp) -> Result<Vec<RegisterLine>, StoreError> {
    let statement = register_statement(scope, from, until);
    tx.all(&statement.sql, &statement.params, |row| {
        Ok(RegisterLine {
            form_ref: row.text(0)?,
            reference: row.text(1)?,
            revision: row.int(2)?,
            decision: row.text(3)?,
            decided_at: time(row, 4)?,
            org: row.text(5)?,
            hazards: row.int(6)?,
            initial: row.opt_int(7)?,
            residual: row.opt_int(8)?,
            conditions_open: row.int(9)?,
        })
    })
}
