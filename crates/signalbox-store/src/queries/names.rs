//! The names that filters offer: every organisation, site and service. They are the directory's, which whoever reads
//! the schedule may know; what happens there is another matter.

use crate::queries::Named;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};

statements! {
    ORGANISATIONS = "select id, code, name from organisations where active = 1 order by name, code limit 1000";
    SITES = "select s.id, s.code, s.name from sites s join organisations g on g.id = s.org_id where g.active = 1 order by s.name, s.code limit 1000";
    OPEN_SITES = "select s.id, s.code, s.name from sites s join organisations g on g.id = s.org_id where g.active = 1 and g.open_tonight = 1 order by s.name, s.code limit 1000";
    SERVICES = "select id, code, name from services order by name, code limit 1000";
}

/// The organisations that are active, by name.
pub fn organisations(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(ORGANISATIONS, values![], named)
}

/// Their sites, by name.
pub fn sites(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(SITES, values![], named)
}

/// The sites whose organisation opened Tonight to everybody, by name.
pub fn open_sites(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(OPEN_SITES, values![], named)
}

/// Every service, by name.
pub fn services(tx: &mut dyn Tx) -> Result<Vec<Named>, StoreError> {
    tx.all(SERVICES, values![], named)
}

fn named(row: &dyn Row) -> Result<Named, StoreError> {
    Ok(Named { id: row.int(0)?, code: row.text(1)?, name: row.text(2)? })
}
