//! The rows that a change makes for the officers' queue, the register and the hazard log; and forms that somebody began.

use crate::project::{Table, clinical_code};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, Value, values};
use jiff::Timestamp;
use signalbox_core::actor::{Role, Stamp};
use signalbox_core::calendar::{Calendar, Division, london};
use signalbox_core::change::{Change, Clinical, Stage};
use signalbox_core::clinical::{self, DUE_WORKING_DAYS, Seat};
use signalbox_core::form::Raw;

statements! {
    PUT_STATE = "insert into clinical(change_id, state, open, hazards, unrated, initial, residual, due_at, signed_at, signed_by, changed_since,
        sampled, reviewed_at, appeal_open, escalated) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    GET_STATE = "select change_id, state, open, hazards, unrated, initial, residual, due_at, signed_at, signed_by, changed_since,
        sampled, reviewed_at, appeal_open, escalated from clinical where change_id = $1";
    DROP_STATE = "delete from clinical where change_id = $1";
    PUT_SEAT = "insert into clinical_seats(change_id, org_id) values ($1, $2)";
    GET_SEATS = "select change_id, org_id from clinical_seats where change_id = $1 order by org_id";
    DROP_SEATS = "delete from clinical_seats where change_id = $1";
    PUT_DECISION = "insert into clinical_decisions(change_id, number, form_ref, revision, decision, decided_at, decided_by, org_id, hazards, initial,
        residual, conditions_open) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    GET_DECISIONS = "select change_id, number, form_ref, revision, decision, decided_at, decided_by, org_id, hazards, initial, residual, conditions_open
        from clinical_decisions where change_id = $1 order by number";
    DROP_DECISIONS = "delete from clinical_decisions where change_id = $1";
    PUT_HAZARD = "insert into hazards(change_id, number, text_id, initial, residual, matrix, rated_at, rated_by) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET_HAZARDS = "select change_id, number, text_id, initial, residual, matrix, rated_at, rated_by from hazards where change_id = $1 order by number";
    DROP_HAZARDS = "delete from hazards where change_id = $1";
    PUT_DRAFT = "insert into act_drafts(change_id, person_id, act, raw, saved_at) values ($1, $2, $3, $4, $5)
        on conflict (change_id, person_id, act) do update set raw = excluded.raw, saved_at = excluded.saved_at";
    GET_DRAFT = "select raw, saved_at from act_drafts where change_id = $1 and person_id = $2 and act = $3";
    DROP_DRAFT = "delete from act_drafts where change_id = $1 and person_id = $2 and act = $3";
}

/// The rows of one change: its state, open seats, decisions and hazards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClinicalRows {
    pub state: Vec<Vec<Value>>,
    pub seats: Vec<Vec<Value>>,
    pub decisions: Vec<Vec<Value>>,
    pub hazards: Vec<Vec<Value>>,
}

impl ClinicalRows {
    /// These tables, always in the same order.
    pub(crate) fn tables(&self) -> [Table<'_>; 4] {
        [
            (DROP_STATE, PUT_STATE, &self.state),
            (DROP_SEATS, PUT_SEAT, &self.seats),
            (DROP_DECISIONS, PUT_DECISION, &self.decisions),
            (DROP_HAZARDS, PUT_HAZARD, &self.hazards),
        ]
    }

    /// The tables that differ.
    pub(crate) fn differing(&self, other: &ClinicalRows) -> Vec<&'static str> {
        let tables = [
            ("clinical", self.state == other.state),
            ("clinical_seats", self.seats == other.seats),
            ("clinical_decisions", self.decisions == other.decisions),
            ("hazards", self.hazards == other.hazards),
        ];
        tables.iter().filter(|(_, same)| !same).map(|(name, _)| *name).collect()
    }
}

/// The rows that a change makes. One that never came to the question makes none.
pub(crate) fn rows(change: &Change) -> ClinicalRows {
    if change.revision == 0 || change.source_ref.is_some() {
        return ClinicalRows::default();
    }
    ClinicalRows { state: vec![state(change)], seats: seats(change), decisions: decisions(change), hazards: hazards(change) }
}

fn state(change: &Change) -> Vec<Value> {
    let safety = &change.safety;
    let is_sampled = clinical::is_in_sample(change) && matches!(change.clinical, Clinical::NotRequired { .. });
    vec![
        change.id.0.into(),
        clinical_code(&change.clinical).into(),
        is_open(change).into(),
        (safety.hazards.len() as i64).into(),
        (safety.unrated().count() as i64).into(),
        safety.worst_initial().map(i64::from).into(),
        safety.worst_residual().map(i64::from).into(),
        due(change).map(Timestamp::as_microsecond).into(),
        safety.signed.as_ref().map(|(_, at)| at.as_microsecond()).into(),
        safety.signed.as_ref().and_then(|(by, _)| by.person).map(|p| p.0).into(),
        (safety.changed_since.len() as i64).into(),
        is_sampled.into(),
        safety.reviewed.as_ref().map(|reviewed| reviewed.at.as_microsecond()).into(),
        is_appealed(change).into(),
        safety.escalated.is_some().into(),
    ]
}

/// Whether the change waits for an officer: before the decision, or after work that began without one.
fn is_open(change: &Change) -> bool {
    let stop = matches!(change.clinical, Clinical::Stopped { settled: None, .. }) && matches!(change.stage, Stage::Implementing | Stage::BackingOut);
    let asked = matches!(change.stage, Stage::Submitted | Stage::Assessing | Stage::AwaitingApproval | Stage::OnHold)
        || (change.kind == signalbox_core::change::Kind::Emergency && change.work.started.is_some() && !change.stage.is_final());
    (asked && clinical::is_open(change)) || stop || is_appealed(change)
}

fn is_appealed(change: &Change) -> bool {
    change.stage == Stage::ClinRejected && change.safety.appeal.as_ref().is_some_and(|appeal| appeal.ruled.is_none())
}

/// Five working days from acceptance, and never later than two working days before the start (X4).
pub(crate) fn due(change: &Change) -> Option<Timestamp> {
    if !is_open(change) {
        return None;
    }
    let calendar = Calendar::shipped(Division::EnglandAndWales);
    let due = calendar.due_at(change.stage_since, DUE_WORKING_DAYS, &london());
    let before_start =
        change.window().map(|w| signalbox_core::calendar::at_cut_off(calendar.add_working_days(london().to_datetime(w.start).date(), -2), &london()));
    Some(before_start.map_or(due, |cap| cap.min(due)).max(change.stage_since))
}

fn seats(change: &Change) -> Vec<Vec<Value>> {
    let Clinical::AwaitingSignature(awaiting) = &change.clinical else { return vec![] };
    let open = clinical::open_seats(&awaiting.basis.seats, &awaiting.signed);
    let org = |seat: Seat| if let Seat::Officer { org } = seat { org.0 } else { 0 };
    let mut orgs: Vec<i64> = open.into_iter().map(org).collect();
    orgs.sort_unstable();
    orgs.dedup();
    orgs.into_iter().map(|org| vec![change.id.0.into(), org.into()]).collect()
}

/// The decisions in force or signed: each rejection, and the acceptance that stands.
fn decisions(change: &Change) -> Vec<Vec<Value>> {
    let id = change.id.0;
    let mut rows: Vec<Vec<Value>> = vec![];
    let by = |stamp: &Stamp| (Value::from(stamp.person.map(|p| p.0)), Value::from(stamp.org.map(|o| o.0)));
    for (n, rejected) in change.safety.rejections.iter().enumerate() {
        let (person, org) = by(&rejected.by);
        let form = rejected.form.as_ref();
        let worst =
            |of: fn(&signalbox_core::clinical::Rated) -> u8| form.and_then(|f| f.hazards.iter().filter_map(|h| h.rated.as_ref().map(of)).max()).map(i64::from);
        rows.push(vec![
            id.into(),
            (n as i64 + 1).into(),
            clinical::form_ref(&change.reference, n as u32 + 1).into(),
            form.map_or(0, |f| i64::from(f.revision)).into(),
            if form.is_some_and(|f| f.is_stop) { "stop" } else { "reject" }.into(),
            rejected.at.as_microsecond().into(),
            person,
            org,
            form.map_or(0, |f| f.hazards.len() as i64).into(),
            worst(|r| r.initial.rating).into(),
            worst(|r| r.residual.rating).into(),
            form.map_or(0, |f| f.resubmit.len() as i64).into(),
        ]);
    }
    let (decision, stamp, at, basis) = match &change.clinical {
        Clinical::Accepted { by, at, basis, .. } => (basis.as_ref().map_or("accept", |b| b.decision.as_str()), by, *at, basis.as_deref()),
        Clinical::NotRequired { by, at } => ("not_required", by, *at, None),
        _ => return rows,
    };
    let (person, org) = by(stamp);
    let open = change.conditions.iter().filter(|c| c.met.is_none() && c.set_by.role.is_some_and(Role::is_safety_officer)).count();
    rows.push(vec![
        id.into(),
        0.into(),
        change.reference.as_str().into(),
        i64::from(change.revision).into(),
        decision.into(),
        at.as_microsecond().into(),
        person,
        org,
        (change.safety.hazards.len() as i64).into(),
        basis.and_then(|b| b.initial).map(i64::from).into(),
        basis.and_then(|b| b.residual).map(i64::from).into(),
        (open as i64).into(),
    ]);
    rows.sort_by_key(|row| if let Some(Value::Int(n)) = row.get(1) { *n } else { 0 });
    rows
}

fn hazards(change: &Change) -> Vec<Vec<Value>> {
    let row = |hazard: &clinical::Hazard| {
        let (rated, by) = (hazard.rated.as_ref(), hazard.rated_by.as_ref());
        vec![
            change.id.0.into(),
            i64::from(hazard.number).into(),
            hazard.words.name.text.0.into(),
            rated.map(|r| i64::from(r.initial.rating)).into(),
            rated.map(|r| i64::from(r.residual.rating)).into(),
            rated.map(|r| r.residual.matrix.clone()).into(),
            by.map(|(_, at)| at.as_microsecond()).into(),
            by.and_then(|(by, _)| by.person).map(|p| p.0).into(),
        ]
    };
    change.safety.hazards.iter().map(row).collect()
}

/// Reads them back.
pub(crate) fn read(tx: &mut dyn Tx, id: i64) -> Result<ClinicalRows, StoreError> {
    let key = [Value::from(id)];
    let all = crate::project::all_values;
    Ok(ClinicalRows {
        state: tx.all(GET_STATE, &key, |row| all(row, 15, &[1]))?,
        seats: tx.all(GET_SEATS, &key, |row| all(row, 2, &[]))?,
        decisions: tx.all(GET_DECISIONS, &key, |row| all(row, 12, &[2, 4]))?,
        hazards: tx.all(GET_HAZARDS, &key, |row| all(row, 8, &[5]))?,
    })
}

/// Keeps what somebody has typed so far in the form of an act.
pub fn save_act_draft(tx: &mut dyn Tx, change_id: i64, person_id: i64, act: &str, raw: &Raw, at: Timestamp) -> Result<(), StoreError> {
    let json = serde_json::to_string(raw).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    tx.exec(PUT_DRAFT, values![change_id, person_id, act, json, at.as_microsecond()]).map(drop)
}

/// What they typed, with when it was saved.
pub fn act_draft(tx: &mut dyn Tx, change_id: i64, person_id: i64, act: &str) -> Result<Option<(Raw, Timestamp)>, StoreError> {
    let row = tx.maybe_one(GET_DRAFT, values![change_id, person_id, act], |row: &dyn Row| Ok((row.text(0)?, crate::page::time(row, 1)?)))?;
    row.map(|(raw, at)| serde_json::from_str(&raw).map(|raw| (raw, at)).map_err(|fault| StoreError::Corrupt(fault.to_string()))).transpose()
}

/// Forgets it: it was sent.
pub fn drop_act_draft(tx: &mut dyn Tx, change_id: i64, person_id: i64, act: &str) -> Result<(), StoreError> {
    tx.exec(DROP_DRAFT, values![change_id, person_id, act]).map(drop)
}
