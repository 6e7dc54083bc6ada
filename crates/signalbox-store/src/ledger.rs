//! The ledger of false call-outs (spec 10.5): rows are only ever added, under the lock of the log’s head, so that their
//! numbers have no gap. What people wrote stays out of the log (settled 20); sums and verdicts stand in it.

use jiff::Timestamp;
use serde_json::json;
use signalbox_core::ledger::{self, Asking, Deed, Judged, Known, Rates, Standing, Visit};

use crate::directory::{Act, Answer, Refused, record_directory_event};
use crate::sql::statements;
use crate::{StoreError, Tx, log, values};

statements! {
    RATES_AT = "select id, desk_hour, first_hour, further_hour, vat from ledger_rates where valid_from <= $1 order by valid_from desc limit 1";
    RATES = "select id, valid_from, desk_hour, first_hour, further_hour, vat from ledger_rates order by valid_from desc limit 100";
    PUT_RATES = "insert into ledger_rates (id, valid_from, desk_hour, first_hour, further_hour, vat, set_at, set_by) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    RATES_FROM = "select id from ledger_rates where valid_from = $1";
    LAST = "select coalesce(max(entry_no), 0) from ledger";
    PUT_ENTRY = "insert into ledger (entry_no, visit_id, kind, net_pence, vat_pence, words, at, by_person) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    PUT_VISIT = "insert into visits (id, org_id, liable_org, alarm_id, change_id, site_id, finding, desk_minutes, engineer, dispatched_at, stood_down_at,
            arrived_at, left_at, checks_failed, outside_appointment, notice_verdict, notice_received, is_listed, rule, is_desks_own, rate_id, standing,
            entered_at, due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)";
    STANDING = "select standing, due_at from visits where id = $1";
    STANDS = "update visits set standing = $2 where id = $1";
    BALANCE = "select cast(coalesce(sum(net_pence), 0) as bigint), cast(coalesce(sum(vat_pence), 0) as bigint) from ledger where visit_id = $1";
    OF_ALARM = "select id from visits where alarm_id = $1 and standing <> 'reversed' limit 1";
}

/// A case as it is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCase {
    pub id: i64,
    /// Who enters it.
    pub org_id: i64,
    /// To whom it is proposed.
    pub liable_org: i64,
    pub alarm: Option<i64>,
    pub change: Option<i64>,
    pub site: Option<i64>,
    pub engineer: String,
    pub visit: Visit,
    pub known: Option<Known>,
    pub due_at: Timestamp,
}

/// Rates with the day from which they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatesFrom {
    pub id: i64,
    pub from: Timestamp,
    pub rates: Rates,
}

/// The rates of a moment; `None` while nobody has set any.
///
/// # Errors
/// The store's.
pub fn rates_at(tx: &mut dyn Tx, at: Timestamp) -> Result<Option<(i64, Rates)>, StoreError> {
    tx.maybe_one(RATES_AT, values![at.as_microsecond()], |row| {
        Ok((row.int(0)?, Rates { desk_hour: row.int(1)?, first_hour: row.int(2)?, further_hour: row.int(3)?, vat: row.int(4)? }))
    })
}

/// All rates, the latest first.
///
/// # Errors
/// The store's.
pub fn rates(tx: &mut dyn Tx) -> Result<Vec<RatesFrom>, StoreError> {
    tx.all(RATES, &[], |row| {
        let rates = Rates { desk_hour: row.int(2)?, first_hour: row.int(3)?, further_hour: row.int(4)?, vat: row.int(5)? };
        Ok(RatesFrom { id: row.int(0)?, from: crate::page::time(row, 1)?, rates })
    })
}

/// Sets the rates from a day on. What was entered before keeps those that it was reckoned with.
///
/// # Errors
/// The store's.
pub fn set_rates(tx: &mut dyn Tx, act: &Act, new: &RatesFrom) -> Answer<()> {
    if tx.maybe_one(RATES_FROM, values![new.from.as_microsecond()], |row| row.int(0))?.is_some() {
        return Ok(Err(Refused::Taken("from")));
    }
    let Rates { desk_hour, first_hour, further_hour, vat } = new.rates;
    tx.exec(PUT_RATES, values![new.id, new.from.as_microsecond(), desk_hour, first_hour, further_hour, vat, act.at.as_microsecond(), act.by])?;
    let told = json!({ "from": new.from.to_string(), "desk_hour": desk_hour, "first_hour": first_hour, "further_hour": further_hour, "vat": vat });
    record_directory_event(tx, act, "CallOutRatesSet", new.id, &told)?;
    Ok(Ok(()))
}

/// Enters a case: judged by the table, priced by the rates of the day, proposed or not chargeable. Answers the verdict and
/// the number of its row.
///
/// # Errors
/// The store's.
pub fn enter(tx: &mut dyn Tx, act: &Act, new: &NewCase, words: &str) -> Answer<(Judged, i64)> {
    log::lock_head(tx)?;
    if let Some(alarm) = new.alarm
        && tx.maybe_one(OF_ALARM, values![alarm], |row| row.int(0))?.is_some()
    {
        return Ok(Err(Refused::Taken("alarm")));
    }
    let Some((rate, rates)) = rates_at(tx, act.at)? else { return Ok(Err(Refused::Invalid("rates"))) };
    let judged = ledger::judge(&new.visit, new.known);
    let (net, vat) = ledger::price(judged.share, &new.visit, rates);
    let standing = judged.standing();
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    let visit = &new.visit;
    tx.exec(
        PUT_VISIT,
        values![
            new.id,
            new.org_id,
            new.liable_org,
            new.alarm,
            new.change,
            new.site,
            visit.finding.code(),
            visit.desk_minutes,
            &new.engineer,
            micros(visit.dispatched_at),
            micros(visit.stood_down_at),
            micros(visit.arrived_at),
            micros(visit.left_at),
            visit.checks_failed,
            visit.outside_appointment,
            new.known.map(|known| known.verdict.code()),
            micros(new.known.map(|known| known.received_at)),
            new.known.map(|known| known.is_listed),
            judged.rule,
            judged.is_desks_own,
            rate,
            standing.code(),
            act.at.as_microsecond(),
            micros((standing == Standing::Proposed).then_some(new.due_at))
        ],
    )?;
    let number = add(tx, act, new.id, standing.code(), (net, vat), words)?;
    Ok(Ok((judged, number)))
}

/// Does something to a case, where it may be done as it stands now. Answers how it stands then, and the number of the row.
///
/// # Errors
/// The store's.
pub fn deed(tx: &mut dyn Tx, act: &Act, case: i64, asking: Asking, deed: Deed, words: &str) -> Answer<(Standing, i64)> {
    log::lock_head(tx)?;
    let found = tx.maybe_one(STANDING, values![case], |row| Ok((crate::queries::code(row, 0, Standing::from_code)?, crate::page::opt_time(row, 1)?)))?;
    let Some((standing, due)) = found else { return Ok(Err(Refused::Unknown("case"))) };
    if !ledger::open(standing, due.is_some_and(|due| due < act.at), asking).contains(&deed) {
        return Ok(Err(Refused::WrongOrder));
    }
    let (net, vat) = tx.one(BALANCE, values![case], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let sums = if ledger::takes_back(deed) { (-net, -vat) } else { (0, 0) };
    let now = ledger::after(deed);
    tx.exec(STANDS, values![case, now.code()])?;
    let number = add(tx, act, case, now.code(), sums, words)?;
    Ok(Ok((now, number)))
}

fn add(tx: &mut dyn Tx, act: &Act, case: i64, kind: &str, (net, vat): (i64, i64), words: &str) -> Result<i64, StoreError> {
    let number = tx.one(LAST, &[], |row| row.int(0))? + 1;
    tx.exec(PUT_ENTRY, values![number, case, kind, net, vat, words, act.at.as_microsecond(), act.by])?;
    record_directory_event(tx, act, "LedgerEntry", case, &json!({ "entry": number, "kind": kind, "net": net, "vat": vat }))?;
    Ok(number)
}
