//! The names that filters offer. Organisations are the register that everybody who works here shares. Sites and
//! services are named to those whose they are, to those who serve them, and to whoever reads of work there (S11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::log::{self, Head};
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

/// What the filters of lists offer to one reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub organisations: Vec<Named>,
    pub services: Vec<Named>,
    pub sites: Vec<Named>,
}

impl Names {
    /// Reads them.
    ///
    /// # Errors
    /// The store's.
    pub fn read(tx: &mut dyn Tx, scope: &Scope) -> Result<Names, StoreError> {
        Ok(Names { organisations: organisations(tx)?, services: services(tx, scope)?, sites: sites(tx, scope)? })
    }

    /// What stands in an address for one of a list: its code, or its number where two share the code.
    pub fn value(all: &[Named], one: &Named) -> String {
        let is_shared = all.iter().filter(|other| other.code.eq_ignore_ascii_case(&one.code)).nth(1).is_some();
        if is_shared { one.id.to_string() } else { one.code.to_lowercase() }
    }

    /// The one that an address means.
    pub fn find<'n>(all: &'n [Named], typed: &str) -> Option<&'n Named> {
        let by_code = all.iter().find(|one| one.code.eq_ignore_ascii_case(typed));
        by_code.or_else(|| typed.parse().ok().and_then(|id: i64| all.iter().find(|one| one.id == id)))
    }
}

/// For how many readers names are kept; then all are forgotten.
const READERS: usize = 128;

/// The names as each reader was offered them last. They hold for as long as the log does not grow: whatever decides who
/// may name what (memberships, the estate, changes) is written with an event of its own. Reading a thousand names was a
/// third of the time of a list, and lists are looked at far more often than anything happens.
#[derive(Debug, Default)]
pub struct KeptNames(Mutex<HashMap<Scope, (Head, Arc<Names>)>>);

impl KeptNames {
    /// The names as they are at the end of the log that this transaction sees.
    ///
    /// # Errors
    /// The store's.
    pub fn of(&self, tx: &mut dyn Tx, scope: &Scope) -> Result<Arc<Names>, StoreError> {
        let head = log::read_head(tx)?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(scope).filter(|(at, _)| *at == head).map(|(_, names)| Arc::clone(names));
        if let Some(names) = kept {
            return Ok(names);
        }
        let names = Arc::new(Names::read(tx, scope)?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= READERS {
            all.clear();
        }
        all.insert(scope.clone(), (head, Arc::clone(&names)));
        Ok(names)
    }
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
