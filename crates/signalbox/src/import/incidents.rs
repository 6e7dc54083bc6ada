//! Incidents out of another system (X12); source and reference name one.

use jiff::Timestamp;
use signalbox_store::directory::{self, Incident, Upserted};
use signalbox_store::{StoreError, Tx};

use super::{Bad, Cells, Manner, act, answered, good, on_difference};

pub(super) fn incident(
    tx: &mut dyn Tx,
    row: &Cells,
    mint: &mut dyn FnMut() -> i64,
    now: Timestamp,
    manner: Manner,
) -> Result<Result<Upserted, Bad>, StoreError> {
    let (source, reference, title) = (good!(row.needed("source")), good!(row.needed("reference")), good!(row.needed("title")));
    let code = good!(row.needed("organisation"));
    let org = directory::organisation_by_code(tx, code)?;
    let org = good!(org.ok_or_else(|| row.bad("organisation", format!("no organisation has the code {code}"))));
    // Whoever reports may not know yet that it has merged.
    let org_id = org.merged_into.unwrap_or(org.id);
    let priority = row.get("priority").parse::<i64>().ok().filter(|n| (1..=5).contains(n));
    let priority = good!(priority.ok_or_else(|| row.bad("priority", "must be 1 to 5")));
    let clinical = match row.get("clinical").to_ascii_lowercase().as_str() {
        "yes" => true,
        "" | "no" => false,
        _ => return Ok(Err(row.bad("clinical", "must be yes or no"))),
    };
    let opened_at = good!(moment(row, "opened_at")).ok_or_else(|| row.bad("opened_at", "is needed"));
    let opened_at = good!(opened_at);
    let closed_at = good!(moment(row, "closed_at"));
    let (mut items, mut services) = (vec![], vec![]);
    for code in row.list("items") {
        let found = directory::item_by_code(tx, code)?;
        items.push(good!(found.map(|i| i.id).ok_or_else(|| row.bad("items", format!("no item has the code {code}")))));
    }
    for code in row.list("services") {
        let found = directory::service_by_code(tx, code)?;
        services.push(good!(found.map(|s| s.id).ok_or_else(|| row.bad("services", format!("no service has the code {code}")))));
    }
    for ids in [&mut items, &mut services] {
        ids.sort_unstable();
        ids.dedup();
    }
    let incident = Incident {
        id: mint(),
        org_id,
        source: source.to_owned(),
        reference: reference.to_owned(),
        title: title.to_owned(),
        priority,
        clinical,
        opened_at,
        closed_at,
        items,
        services,
    };
    answered(row, directory::report_incident(tx, &act(mint, now), &incident, on_difference(manner)))
}

/// An instant such as 2026-11-17T22:04:00Z; an empty cell is none.
fn moment(row: &Cells, column: &'static str) -> Result<Option<Timestamp>, Bad> {
    match row.get(column) {
        "" => Ok(None),
        text => text.parse().map(|at| Some(signalbox_core::form::micros(at))).map_err(|_| row.bad(column, "is not a time such as 2026-11-17T22:04:00Z")),
    }
}
