//! Prices with dates, what finance approvers may agree to, and whether orders cover the tax (spec 9, C133).

use super::{Act, Answer, Refused, organisation, record_directory_event};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use jiff::civil::Date;
use serde_json::json;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::charge::rates::{RateFact, RateKind, Span};

statements! {
    RATE_BY_ID = "select id, org_id, kind, label, unit, unit_pence, vat_rate, from_day, to_day from rate_card where id = $1";
    RATES_OF = "select id, org_id, kind, label, unit, unit_pence, vat_rate, from_day, to_day from rate_card where org_id = $1
        order by kind, label, from_day desc, id limit 500";
    RATES_ON = "select id, org_id, kind, label, unit, unit_pence, vat_rate, from_day, to_day from rate_card where org_id = $1 and from_day <= $2
        and (to_day is null or to_day >= $2) order by kind, label, id limit 200";
    RATE_INSERT = "insert into rate_card (id, org_id, kind, label, unit, unit_pence, vat_rate, from_day, to_day, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    RATE_END = "update rate_card set to_day = $2 where id = $1";
    LIMIT_OF = "select limit_pence from spending_limits where person_id = $1 and org_id = $2";
    LIMITS_OF = "select l.person_id, p.name, l.limit_pence from spending_limits l join people p on p.id = l.person_id where l.org_id = $1 order by p.found_by, p.id";
    LIMIT_DROP = "delete from spending_limits where person_id = $1 and org_id = $2";
    LIMIT_PUT = "insert into spending_limits (person_id, org_id, limit_pence, set_at) values ($1, $2, $3, $4)";
    APPROVERS = "select distinct p.id, p.name, p.found_by from people p join memberships m on m.person_id = p.id
        where m.org_id = $1 and m.role = 'TFIN' and m.ended_at is null and p.state = 'active' order by p.found_by, p.id";
    TAX_OF = "select 1 from orders_with_tax where org_id = $1";
    TAX_PUT = "insert into orders_with_tax (org_id) values ($1)";
    TAX_DROP = "delete from orders_with_tax where org_id = $1";
}

/// A row of the rate card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub id: i64,
    /// The supplier whose price it is.
    pub org_id: i64,
    pub kind: RateKind,
    /// The grade, the thing, or the id of an entry of the catalogue.
    pub label: String,
    pub unit: String,
    pub unit_pence: i64,
    /// In hundredths of a per cent.
    pub vat_rate: i64,
    pub span: Span,
}

impl Rate {
    /// Whether it is a price of the same thing, by kind, label and unit.
    pub fn prices_the_same(&self, other: &Rate) -> bool {
        let plain = |text: &str| text.trim().to_lowercase();
        (self.kind, plain(&self.label), plain(&self.unit)) == (other.kind, plain(&other.label), plain(&other.unit))
    }

    /// As the rules see it.
    pub fn fact(&self) -> RateFact {
        RateFact {
            id: self.id,
            kind: self.kind,
            label: self.label.clone(),
            unit: self.unit.clone(),
            unit_pence: self.unit_pence,
            vat_rate: self.vat_rate,
            span: self.span,
        }
    }
}

fn day(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("{text} is no day")))
}

fn read(row: &dyn Row) -> Result<Rate, StoreError> {
    let kind = row.text(2)?;
    Ok(Rate {
        id: row.int(0)?,
        org_id: row.int(1)?,
        kind: RateKind::from_code(&kind).ok_or_else(|| StoreError::Corrupt(format!("{kind} is no kind of rate")))?,
        label: row.text(3)?,
        unit: row.text(4)?,
        unit_pence: row.int(5)?,
        vat_rate: row.int(6)?,
        span: Span { from: day(&row.text(7)?)?, to: row.opt_text(8)?.map(|to| day(&to)).transpose()? },
    })
}

/// A row by its id.
pub fn rate(tx: &mut dyn Tx, id: i64) -> Result<Option<Rate>, StoreError> {
    tx.maybe_one(RATE_BY_ID, values![id], read)
}

/// The whole card of a supplier, what held before too.
pub fn rates(tx: &mut dyn Tx, org_id: i64) -> Result<Vec<Rate>, StoreError> {
    tx.all(RATES_OF, values![org_id], read)
}

/// What holds on a day.
pub fn rates_on(tx: &mut dyn Tx, org_id: i64, on: Date) -> Result<Vec<Rate>, StoreError> {
    tx.all(RATES_ON, values![org_id, on.to_string()], read)
}

/// Adds a price. No two prices of one thing hold on one day.
pub fn add_rate(tx: &mut dyn Tx, act: &Act, row: &Rate) -> Answer<()> {
    if row.label.trim().is_empty() {
        return Ok(Err(Refused::Invalid("label")));
    }
    if row.span.to.is_some_and(|to| to < row.span.from) {
        return Ok(Err(Refused::Invalid("to_day")));
    }
    if organisation(tx, row.org_id)?.is_none_or(|org| org.kind != OrgKind::Supplier) {
        return Ok(Err(Refused::Unknown("org")));
    }
    if rates(tx, row.org_id)?.iter().any(|other| other.prices_the_same(row) && other.span.overlaps(&row.span)) {
        return Ok(Err(Refused::Taken("from_day")));
    }
    let (from, to) = (row.span.from.to_string(), row.span.to.map(|to| to.to_string()));
    let values = values![
        row.id,
        row.org_id,
        row.kind.code(),
        row.label.trim(),
        row.unit.trim(),
        row.unit_pence,
        row.vat_rate,
        from.clone(),
        to.clone(),
        act.at.as_microsecond()
    ];
    tx.exec(RATE_INSERT, values)?;
    let payload = json!({"org": row.org_id.to_string(), "kind": row.kind.code(), "pence": row.unit_pence.to_string(),
        "vat_rate": row.vat_rate.to_string(), "from": from, "to": to});
    record_directory_event(tx, act, "RateAdded", row.id, &payload)?;
    Ok(Ok(()))
}

/// Sets the last day of a price; quotes made from it keep it.
pub fn end_rate(tx: &mut dyn Tx, act: &Act, id: i64, to: Date) -> Answer<()> {
    let Some(row) = rate(tx, id)? else { return Ok(Err(Refused::Unknown("rate"))) };
    if to < row.span.from || row.span.to.is_some_and(|before| to > before) {
        return Ok(Err(Refused::Invalid("to_day")));
    }
    tx.exec(RATE_END, values![id, to.to_string()])?;
    record_directory_event(tx, act, "RateEnded", id, &json!({"to": to.to_string()}))?;
    Ok(Ok(()))
}

/// What somebody may agree to for an organisation, in pence.
pub fn spending_limit(tx: &mut dyn Tx, person: i64, org: i64) -> Result<Option<i64>, StoreError> {
    tx.maybe_one(LIMIT_OF, values![person, org], |row| row.int(0))
}

/// A finance approver with what they may agree to, if anybody has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    pub person: i64,
    pub name: String,
    pub limit_pence: Option<i64>,
}

/// The finance approvers of an organisation.
pub fn approvers(tx: &mut dyn Tx, org: i64) -> Result<Vec<Approver>, StoreError> {
    let known = tx.all(LIMITS_OF, values![org], |row| Ok((row.int(0)?, row.int(2)?)))?;
    let people = tx.all(APPROVERS, values![org], |row| Ok((row.int(0)?, row.text(1)?)))?;
    let limit = |person: i64| known.iter().find(|(p, _)| *p == person).map(|(_, limit)| *limit);
    Ok(people.into_iter().map(|(person, name)| Approver { person, name, limit_pence: limit(person) }).collect())
}

/// Sets what somebody may agree to. Nobody sets their own (SD-9).
pub fn set_spending_limit(tx: &mut dyn Tx, act: &Act, person: i64, org: i64, limit_pence: i64) -> Answer<()> {
    if act.by == Some(person) {
        return Ok(Err(Refused::SelfGrant));
    }
    if limit_pence < 0 {
        return Ok(Err(Refused::Invalid("limit")));
    }
    if !approvers(tx, org)?.iter().any(|a| a.person == person) {
        return Ok(Err(Refused::Unknown("person")));
    }
    tx.exec(LIMIT_DROP, values![person, org])?;
    tx.exec(LIMIT_PUT, values![person, org, limit_pence, act.at.as_microsecond()])?;
    let payload = json!({"org": org.to_string(), "role": Role::Finance.code(), "pence": limit_pence.to_string()});
    record_directory_event(tx, act, "SpendingLimitSet", person, &payload)?;
    Ok(Ok(()))
}

/// Whether orders of this organisation have to cover the tax.
pub fn orders_cover_tax(tx: &mut dyn Tx, org: i64) -> Result<bool, StoreError> {
    Ok(tx.maybe_one(TAX_OF, values![org], |row| row.int(0))?.is_some())
}

/// Sets it. Quotes that are out keep what held when they were issued.
pub fn set_orders_cover_tax(tx: &mut dyn Tx, act: &Act, org: i64, cover: bool) -> Answer<bool> {
    if organisation(tx, org)?.is_none() {
        return Ok(Err(Refused::Unknown("org")));
    }
    if orders_cover_tax(tx, org)? == cover {
        return Ok(Ok(false));
    }
    tx.exec(if cover { TAX_PUT } else { TAX_DROP }, values![org])?;
    record_directory_event(tx, act, "OrderBasisSet", org, &json!({"covers_tax": cover}))?;
    Ok(Ok(true))
}
