//! What came back to whoever raised it (spec 12, R-6).

use crate::page::{opt_time, time};
use crate::queries::list::named;
use crate::queries::reports::{ReportFilter, narrow, readable, with_stake};
use crate::queries::{Composed, Named, code, opt_code};
use crate::scope::{IS_PARTY, Scope};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::actor::OrgKind;
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_core::learn::CameBack;

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRow {
    pub id: i64,
    pub reference: String,
    pub title: String,
    pub kind: Kind,
    /// Who raised it.
    pub org: Named,
    pub revision: i64,
    pub how: CameBack,
    pub reason: String,
    /// Who sent it back.
    pub by: Option<Named>,
    pub at: Timestamp,
    /// The revision with which it came again, and when.
    pub again_revision: Option<i64>,
    pub again_at: Option<Timestamp>,
    /// Where it stands now.
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    /// Whether the person may open its page.
    pub party: bool,
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let some = ReportFilter { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, organisation: None, service: None, kinds: vec![] };
    let all = ReportFilter { organisation: Some(1), service: Some(1), kinds: vec![Kind::Normal], ..some.clone() };
    vec![("RETURNS", statement(&Scope::visitor(), &some).sql), ("RETURNS_BY_ALL", statement(&Scope::visitor(), &all).sql)]
}

fn statement(scope: &Scope, filter: &ReportFilter) -> Composed {
    let columns = format!(
        "select c.id, c.reference, c.title, c.kind, g.id, g.code, g.name, r.revision, r.kind, r.code, b.id, b.code, b.name, b.kind, r.at,
        r.again_revision, r.again_at, c.stage, c.outcome, {IS_PARTY}
        from change_returns r join changes c on c.id = r.change_id join organisations g on g.id = c.org_id left join organisations b on b.id = r.org_id"
    );
    let mut statement = readable(scope, &columns);
    narrow(&mut statement, filter, "r.at");
    with_stake(&mut statement, filter);
    statement.sql.push_str(" order by r.at desc, c.id desc, r.version desc");
    statement
}

/// Each time that a change which the reader may see came back, latest first.
///
/// # Errors
/// The store's, and what `each` says.
pub fn each(tx: &mut dyn Tx, scope: &Scope, filter: &ReportFilter, mut f: impl FnMut(ReturnRow) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let statement = statement(scope, filter);
    tx.query(&statement.sql, &statement.params, &mut |row| f(read(row)?))
}

fn read(row: &dyn Row) -> Result<ReturnRow, StoreError> {
    let how = code(row, 8, CameBack::from_code)?;
    let is_suppliers = opt_code(row, 13, OrgKind::from_code)? == Some(OrgKind::Supplier);
    Ok(ReturnRow {
        id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        kind: code(row, 3, Kind::from_code)?,
        org: Named { id: row.int(4)?, code: row.text(5)?, name: row.text(6)? },
        revision: row.int(7)?,
        how: if how == CameBack::Rejected && is_suppliers { CameBack::SupplierRefused } else { how },
        reason: row.text(9)?,
        by: named(row, 10)?,
        at: time(row, 14)?,
        again_revision: row.opt_int(15)?,
        again_at: opt_time(row, 16)?,
        stage: code(row, 17, Stage::from_code)?,
        outcome: opt_code(row, 18, Outcome::from_code)?,
        party: row.boolean(19)?,
    })
}
