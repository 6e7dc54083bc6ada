//! What other changes say of AE titles and addresses.

use super::Sight;
use crate::sql::statements;
use crate::{StoreError, Tx, directory, values};
use jiff::Timestamp;
use signalbox_core::facts::FactsQuery;
use signalbox_core::ids::{OrgId, ServiceId};
use signalbox_core::modality::{Claim, ModalityFact, Turn};
use std::collections::BTreeSet;

statements! {
    WORK_SERVICES = "select service_id from change_services where change_id = $1 and derived = 0";
    KEYS_OF_IP = "select distinct ae_key from change_modalities where ip = $1 and change_id <> $2";
    CLAIMS_OF = "select change_id, ae_title, turn, at, ip, org_id, site_id from change_modalities
        where ae_key = $1 and change_id <> $2 order by at, change_id, place";
}

/// Every claim of another change on a title or an address that is asked about. The site is named only to those who see
/// it (S02).
pub(super) fn of(tx: &mut dyn Tx, sight: &Sight, query: &FactsQuery, own: i64) -> Result<Vec<ModalityFact>, StoreError> {
    let mut keys: BTreeSet<String> = query.ae_keys.clone();
    for ip in &query.ips {
        keys.extend(tx.all(KEYS_OF_IP, values![ip, own], |row| row.text(0))?);
    }
    let mut found = vec![];
    for key in keys {
        let rows = tx.all(CLAIMS_OF, values![key, own], |row| {
            let turn = Turn::from_code(&row.text(2)?).ok_or_else(|| StoreError::Corrupt("turn of a modality".into()))?;
            let at = Timestamp::from_microsecond(row.int(3)?).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
            let claim = Claim { at, turn, ae_title: row.text(1)?, ip: row.opt_text(4)? };
            Ok((row.int(0)?, claim, OrgId(row.int(5)?), row.opt_int(6)?))
        })?;
        for (change, claim, org, site) in rows {
            let site = site.map(|id| directory::site(tx, id)).transpose()?.flatten();
            let site = site.filter(|site| sight.sees(OrgId(site.org_id), &[]) || sight.sees(org, &[])).map(|site| site.name).unwrap_or_default();
            let services = tx.all(WORK_SERVICES, values![change], |row| row.int(0).map(ServiceId))?;
            found.push(ModalityFact { claim, services, site });
        }
    }
    Ok(found)
}
