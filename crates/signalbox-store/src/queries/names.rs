//! The names that filters offer. Organisations are the register that everybody who works here shares. Sites and
//! services are named to those whose they are, to those who serve them, and to whoever reads of work there (S11).

use crate::queries::Named;
use crate::scope::{IS_READABLE, KNOWS_ESTATE, LISTED, OWN_ORGS, Scope};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    ORGANISATIONS = "select id, code, name from organisations where active = 1 or merged_into is not null order by name, code limit 1000";
    OPEN_SITES = "select s.id, s.code, s.name from sites s join organisations g on g.id = s.org_id where g.active = 1 and g.open_tonight = 1 order by s.name, s.code limit 1000";
}

/// The statements of this file, as a test prepares them on both databases.
pub fn composed() -> Vec<(&'static str, String)> {
    vec![("SITES", sites_sql()), ("SERVICES", services_sql())]
}

/// Whether work that the reader may read of lies at the thing whose rows `of` are. Not `exists`, which PostgreSQL would
/// answer for all rows at once by reading every change: the first that is found is enough.
fn is_read_of(table: &str, column: &str, of: &str) -> String {
    format!("(select 1 from {table} x join changes c on c.id = x.change_id where x.{column} = {of} and {LISTED} and {IS_READABLE} = 1 limit 1) is not null")
}

fn sites_sql() -> String {
    let is_read_of = is_read_of("change_sites", "site_id", "s.id");
    format!(
        "select s.id, s.code, s.name from sites s join organisations g on g.id = s.org_id
        where g.active = 1 and (g.open_tonight = 1 or {KNOWS_ESTATE} or s.org_id in {OWN_ORGS} or {is_read_of}) order by s.name, s.code limit 1000"
    )
}

fn services_sql() -> String {
    let is_read_of = is_read_of("change_services", "service_id", "s.id");
    format!(
        "select s.id, s.code, s.name from services s where {KNOWS_ESTATE} or s.owner_org in {OWN_ORGS}
        or exists (select 1 from service_orgs u where u.service_id = s.id and u.org_id in {OWN_ORGS})
        or not exists (select 1 from service_orgs u where u.service_id = s.id) or {is_read_of} order by s.name, s.code limit 1000"
    )
}

/// The organisations that are active, and those that have merged into others and of which there is history; by name.
pub fn organisations(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(ORGANISATIONS, values![], named)
}

/// The sites that the reader may name, by name.
pub fn sites(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<Named>, StoreError> {
    tx.all(&sites_sql(), &scope.params(), named)
}

/// The sites whose organisation opened Tonight to everybody, by name.
pub fn open_sites(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(OPEN_SITES, values![], named)
}

/// The services that the reader may name, by name.
pub fn services(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<Named>, StoreError> {
    tx.all(&services_sql(), &scope.params(), named)
}

fn named(row: &dyn Row) -> Result<Named, StoreError> {
    Ok(Named { id: row.int(0)?, code: row.text(1)?, name: row.text(2)? })
}
