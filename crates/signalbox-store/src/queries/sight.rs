//! Is it there for this person? Unseen and unknown are the same answer (settled 8, S28).

use crate::scope::{Scope, VISIBLE};
use crate::sql::statements;
use crate::{StoreError, Tx, values};

statements! {
    WORKS_FOR = "select 1 from memberships m join organisations a on a.id = m.org_id where m.person_id = $1 and m.org_id = $2
        and m.ended_at is null and a.active = 1 and m.role not in ('SMG', 'ADM', 'AUD')";
}

/// The statements of this file, as a test prepares them on both databases.
pub fn composed() -> Vec<(&'static str, String)> {
    vec![("IS_VISIBLE", is_visible_sql()), ("BY_REFERENCE", by_reference_sql()), ("BY_SOURCE_OF", BY_SOURCE_OF.to_owned())]
}

fn is_visible_sql() -> String {
    format!("select 1 from changes c where c.id = $5 and {VISIBLE}")
}

fn by_reference_sql() -> String {
    format!("select c.id from changes c where c.reference = $5 and {VISIBLE}")
}

/// Whether the person may open the change.
pub fn is_visible(tx: &mut dyn Tx, scope: &Scope, change_id: i64) -> Result<bool, StoreError> {
    let mut params = scope.params();
    params.push(change_id.into());
    Ok(tx.maybe_one(&is_visible_sql(), &params, |row| row.int(0))?.is_some())
}

/// The id behind a reference, in any case of letters.
pub fn by_reference(tx: &mut dyn Tx, scope: &Scope, reference: &str) -> Result<Option<i64>, StoreError> {
    let mut params = scope.params();
    params.push(reference.trim().to_ascii_uppercase().into());
    tx.maybe_one(&by_reference_sql(), &params, |row| row.int(0))
}

/// Whether the person works for the organisation; one that only reads does not.
pub fn works_for(tx: &mut dyn Tx, scope: &Scope, org_id: i64) -> Result<bool, StoreError> {
    Ok(scope.is_system() || tx.maybe_one(WORKS_FOR, values![scope.person(), org_id], |row| row.int(0))?.is_some())
}

/// The change that an organisation's own reference names, whoever looks: for the import, which acts for nobody.
pub fn by_source_of(tx: &mut dyn Tx, org_id: i64, source_ref: &str) -> Result<Option<i64>, StoreError> {
    tx.maybe_one(BY_SOURCE_OF, crate::values![org_id, source_ref], |row| row.int(0))
}

const BY_SOURCE_OF: &str = "select id from changes where coalesce(raised_as, org_id) = $1 and source_ref = $2";
