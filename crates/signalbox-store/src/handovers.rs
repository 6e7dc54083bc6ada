//! What one shift of a desk leaves for the next. Rows are only added.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::page::{opt_time, time};
use crate::queries::Composed;
use crate::scope::{OWN_ORGS, Scope};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    PUT = "insert into desk_handovers (id, org_id, left_by, left_at, note, stood, form_key) values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (form_key) do nothing";
    LEFT_BY = "select left_by from desk_handovers where id = $1";
    TAKE = "insert into desk_handovers_taken (handover_id, taken_by, taken_at) values ($1, $2, $3) on conflict (handover_id) do nothing";
}

/// Under which heading something stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Running,
    Due,
    Watch,
}

/// Something that stood on the page when it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    pub part: Part,
    /// The change that it is about; its words are for who may see that.
    pub change: Option<i64>,
    pub words: String,
}

/// A handover as it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub id: i64,
    /// Whose desk.
    pub org_id: i64,
    pub by: i64,
    pub note: String,
    pub stood: Vec<Stood>,
    pub form_key: String,
}

/// A handover as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub id: i64,
    pub org_id: i64,
    pub left_by: i64,
    pub left_by_name: String,
    pub left_at: Timestamp,
    pub note: String,
    pub stood: Vec<Stood>,
    /// By name, and when; `None` while nobody has.
    pub taken: Option<(String, Timestamp)>,
}

/// Leaves one. The form that was pressed twice leaves it once. The note is free text and stays out of the log (settled 20).
///
/// # Errors
/// The store's.
pub fn leave(tx: &mut dyn Tx, act: &Act, left: &Left) -> Result<(), StoreError> {
    let stood = serde_json::to_string(&left.stood).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    let added = tx.exec(PUT, values![left.id, left.org_id, left.by, act.at.as_microsecond(), &left.note, &stood, &left.form_key])?;
    if added == 1 {
        record_directory_event(tx, act, "HandoverLeft", left.id, &json!({ "org": left.org_id.to_string() }))?;
    }
    Ok(())
}

/// Takes one over. It is taken once, by another than who left it.
///
/// # Errors
/// The store's.
pub fn take(tx: &mut dyn Tx, act: &Act, id: i64, by: i64) -> Answer<()> {
    let Some(left_by) = tx.maybe_one(LEFT_BY, values![id], |row| row.int(0))? else { return Ok(Err(Refused::Unknown("handover"))) };
    if left_by == by {
        return Ok(Err(Refused::NotYours));
    }
    if tx.exec(TAKE, values![id, by, act.at.as_microsecond()])? == 0 {
        return Ok(Err(Refused::WrongOrder));
    }
    record_directory_event(tx, act, "HandoverTaken", id, &json!({}))?;
    Ok(Ok(()))
}

/// Those of the reader's own organisations, whoever else sees every change.
fn begin(scope: &Scope) -> Composed {
    let sql = format!(
        "select h.id, h.org_id, h.left_by, p.name, h.left_at, h.note, h.stood, q.name, t.taken_at
        from desk_handovers h left join people p on p.id = h.left_by
        left join desk_handovers_taken t on t.handover_id = h.id left join people q on q.id = t.taken_by
        where h.org_id in {OWN_ORGS} and $2 >= 0 and $3 >= 0 and $4 >= 0"
    );
    Composed::new(scope, sql)
}

fn list_statement(scope: &Scope, org: i64, after: Option<(i64, i64)>, limit: i64) -> Composed {
    let mut statement = begin(scope);
    statement.add(" and h.org_id = {}", [org.into()]);
    if let Some((at, id)) = after {
        statement.add(" and h.left_at <= {} and (h.left_at < {} or h.id < {})", [at.into(), at.into(), id.into()]);
    }
    statement.add(" order by h.left_at desc, h.id desc limit {}", [limit.into()]);
    statement
}

fn by_id_statement(scope: &Scope, id: i64) -> Composed {
    let mut statement = begin(scope);
    statement.add(" and h.id = {}", [id.into()]);
    statement
}

/// The composed statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    vec![("LIST", list_statement(&scope, 1, Some((1, 1)), 10).sql), ("BY_ID", by_id_statement(&scope, 1).sql)]
}

fn read(row: &dyn Row) -> Result<Handover, StoreError> {
    let stood = serde_json::from_str(&row.text(6)?).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
    Ok(Handover {
        id: row.int(0)?,
        org_id: row.int(1)?,
        left_by: row.int(2)?,
        left_by_name: row.opt_text(3)?.unwrap_or_default(),
        left_at: time(row, 4)?,
        note: row.text(5)?,
        stood,
        taken: row.opt_text(7)?.zip(opt_time(row, 8)?),
    })
}

/// The handovers of a desk, latest first, after one of these times and ids.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut dyn Tx, scope: &Scope, org: i64, after: Option<(i64, i64)>, limit: i64) -> Result<Vec<Handover>, StoreError> {
    let statement = list_statement(scope, org, after, limit);
    tx.all(&statement.sql, &statement.params, read)
}

/// One of them, if it is of the reader's organisations.
///
/// # Errors
/// The store's.
pub fn by_id(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<Handover>, StoreError> {
    let statement = by_id_statement(scope, id);
    tx.maybe_one(&statement.sql, &statement.params, read)
}
