//! The rows of the charge pipeline, of invoices, and of the monthly review, for those who see money: the sight
//! is the core's ([`MoneySight`]), here as a condition.

use crate::page::{opt_time, time};
use crate::queries::{Composed, Named, code};
use crate::scope::{Scope, VISIBLE};
use crate::{Row, StoreError, Tx, Value};
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::actor::Role;
use signalbox_core::change::Stage;
use signalbox_core::charge::owed::{Owes, is_open};
use signalbox_core::charge::sight::MoneySight;
use signalbox_core::charge::{BillOf, InvoiceState, State};
use std::collections::BTreeMap;

/// One version of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteRow {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    pub org: Named,
    pub version: i64,
    pub net_pence: i64,
    pub vat_pence: i64,
    pub issued_at: Timestamp,
    pub valid_to: String,
    pub lapses_at: Timestamp,
    /// What became of this version: `open`, `accepted`, `declined`, `lapsed` or `superseded`.
    pub fate: String,
    /// Where the track of the change stands.
    pub state: State,
    pub po: String,
    pub authorised_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub booked_pence: i64,
    /// Invoiced for this version, with tax and less what was credited.
    pub invoiced_pence: i64,
    pub paid_pence: i64,
}

impl QuoteRow {
    /// How far what was spent is from what was quoted, in tenths of a per cent; of an accepted version only.
    pub fn variance_tenths(&self) -> Option<i64> {
        let counts = self.fate == "accepted" && self.booked_pence > 0 && self.net_pence > 0;
        counts.then(|| (self.booked_pence - self.net_pence) * 1_000 / self.net_pence)
    }
}

/// One invoice, for export and for reconciling (C135).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceRow {
    pub change_id: i64,
    pub reference: String,
    pub org: Named,
    pub number: i64,
    pub of: BillOf,
    pub version: Option<i64>,
    pub their_number: String,
    pub date: String,
    pub due: String,
    pub net_pence: i64,
    pub vat_pence: i64,
    pub credited_net: i64,
    pub credited_vat: i64,
    pub state: InvoiceState,
    pub paid_on: Option<String>,
}

/// Money that nobody has agreed: for the monthly review (X9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRow {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    pub org: Named,
    pub stage: Stage,
    pub state: State,
    pub contested: bool,
    pub since: Timestamp,
}

/// Where the money of one change stands, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeLine {
    pub state: State,
    pub chargeable: String,
}

/// A word about money that somebody owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedRow {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    /// The organisation that raised the change.
    pub org: Named,
    pub owes: Owes,
    pub role: Role,
    pub due_at: Option<Timestamp>,
}

/// Whom a report is about, and when its quotes were issued or its invoices dated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeFilter {
    pub from: Timestamp,
    pub until: Timestamp,
    pub organisation: Option<i64>,
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let one = MoneySight { everything: false, raised: [signalbox_core::ids::OrgId(1)].into(), runs: [signalbox_core::ids::OrgId(2)].into() };
    let all = MoneySight { everything: true, ..MoneySight::default() };
    let filter = ChargeFilter { from: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH, organisation: Some(1) };
    vec![
        ("QUOTES", quotes_statement(&scope, &one, &filter).sql),
        ("QUOTES_OF_ALL", quotes_statement(&scope, &all, &ChargeFilter { organisation: None, ..filter.clone() }).sql),
        ("INVOICES", invoices_statement(&scope, &one, &filter).sql),
        ("INVOICES_OF_ALL", invoices_statement(&scope, &all, &filter).sql),
        ("OPEN", open_statement(&scope, &one).sql),
        ("OPEN_OF_ALL", open_statement(&scope, &all).sql),
        ("OWED", owed_statement(&scope, &one).sql),
        ("OWED_OF_ALL", owed_statement(&scope, &all).sql),
        ("LINES", lines_statement(&scope, &one).sql),
        ("LINES_OF_ALL", lines_statement(&scope, &all).sql),
    ]
}

/// The core's sight as a condition on `c`.
fn money(statement: &mut Composed, sight: &MoneySight) {
    if sight.everything {
        return;
    }
    statement.sql.push_str(" and (c.org_id in ");
    statement.among(sight.raised.iter().map(|org| org.0));
    if !sight.runs.is_empty() {
        statement.sql.push_str(" or exists (select 1 from change_orgs r where r.change_id = c.id and r.part = 'runs' and r.org_id in ");
        statement.among(sight.runs.iter().map(|org| org.0));
        statement.sql.push_str(") or not exists (select 1 from change_orgs r where r.change_id = c.id and r.part = 'runs')");
    }
    statement.sql.push(')');
}

fn begin(scope: &Scope, sight: &MoneySight, columns: &str, tables: &str) -> Composed {
    let mut statement = Composed::new(
        scope,
        format!("select {columns} from charges m {tables} join changes c on c.id = m.change_id join organisations g on g.id = c.org_id where {VISIBLE}"),
    );
    money(&mut statement, sight);
    statement
}

const INVOICED: &str = "coalesce((select sum(i.net_pence + i.vat_pence - i.credited_net - i.credited_vat) from charge_invoices i
    where i.change_id = c.id and i.bill_of = 'work' and i.version = q.version), 0)";
const PAID: &str = "coalesce((select sum(i.net_pence + i.vat_pence - i.credited_net - i.credited_vat) from charge_invoices i
    where i.change_id = c.id and i.bill_of = 'work' and i.version = q.version and i.state = 'paid'), 0)";

fn quotes_statement(scope: &Scope, sight: &MoneySight, filter: &ChargeFilter) -> Composed {
    let columns = format!(
        "c.id, c.reference, c.title, g.id, g.code, g.name, q.version, q.net_pence, q.vat_pence, q.issued_at, q.valid_to, q.lapses_at, q.fate,
        m.state, q.po, q.authorised_at, q.delivered_at, m.booked_pence, cast({INVOICED} as BIGINT), cast({PAID} as BIGINT)"
    );
    let mut statement = begin(scope, sight, &columns, "join charge_quotes q on q.change_id = m.change_id");
    statement.add(" and q.issued_at >= {} and q.issued_at < {}", [filter.from.as_microsecond().into(), filter.until.as_microsecond().into()]);
    statement.raised_by(filter.organisation);
    statement.sql.push_str(" order by q.issued_at desc, c.id, q.version");
    statement
}

fn invoices_statement(scope: &Scope, sight: &MoneySight, filter: &ChargeFilter) -> Composed {
    let columns = "c.id, c.reference, g.id, g.code, g.name, i.number, i.bill_of, i.version, i.reference, i.date, i.due, i.net_pence, i.vat_pence,
        i.credited_net, i.credited_vat, i.state, i.paid_on";
    let mut statement = begin(scope, sight, columns, "join charge_invoices i on i.change_id = m.change_id");
    let day = |at: Timestamp| Value::from(signalbox_core::calendar::local_date(at, &signalbox_core::calendar::london()).to_string());
    statement.add(" and i.date >= {} and i.date < {}", [day(filter.from), day(filter.until)]);
    statement.raised_by(filter.organisation);
    statement.sql.push_str(" order by i.date, c.id, i.number");
    statement
}

fn open_statement(scope: &Scope, sight: &MoneySight) -> Composed {
    let mut statement = begin(scope, sight, "c.id, c.reference, c.title, g.id, g.code, g.name, c.stage, m.state, m.contested, m.since", "");
    statement.one_of("m.state", State::ALL.iter().copied().filter(|s| is_open(*s)).map(State::code));
    // Of a change that ended, only what was delivered or is contested is still to be agreed.
    statement.sql.push_str(
        " and (c.stage not in ('CLOSED', 'CANCELLED', 'WITHDRAWN', 'EXPIRED') or m.contested = 1
        or m.state in ('DELIVERED', 'ACCEPTANCE_DISPUTED', 'INVOICE_DISPUTED'))",
    );
    statement.sql.push_str(" order by m.since, c.id limit 500");
    statement
}

fn owed_statement(scope: &Scope, sight: &MoneySight) -> Composed {
    let mut statement = begin(scope, sight, "c.id, c.reference, c.title, g.id, g.code, g.name, m.owes, m.owes_role, m.due_at", "");
    // Those who hold the role on its side: the raiser's for a trust's roles, the runner's for a supplier's.
    statement.sql.push_str(
        " and m.owes_role in (select o.role from memberships o where o.person_id = $1 and o.ended_at is null)
        and exists (select 1 from memberships h where h.person_id = $1 and h.ended_at is null and h.role = m.owes_role
        and (h.role not in ('TFIN', 'TCC') or h.org_id = c.org_id))
        order by case when m.due_at is null then 1 else 0 end, m.due_at, c.id limit 200",
    );
    statement
}

/// What this person owes a word about, due first.
pub fn owed(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<OwedRow>, StoreError> {
    let Some(sight) = sight(scope) else { return Ok(vec![]) };
    let statement = owed_statement(scope, sight);
    tx.all(&statement.sql, &statement.params, |row| {
        Ok(OwedRow {
            change_id: row.int(0)?,
            reference: row.text(1)?,
            title: row.text(2)?,
            org: named(row, 3)?,
            owes: code(row, 6, Owes::from_code)?,
            role: code(row, 7, Role::from_code)?,
            due_at: opt_time(row, 8)?,
        })
    })
}

fn lines_statement(scope: &Scope, sight: &MoneySight) -> Composed {
    begin(scope, sight, "c.id, m.state, m.chargeable", "")
}

/// every version of a quote issued in the span, the latest first.
pub fn quotes(tx: &mut dyn Tx, scope: &Scope, filter: &ChargeFilter) -> Result<Vec<QuoteRow>, StoreError> {
    let Some(sight) = sight(scope) else { return Ok(vec![]) };
    let statement = quotes_statement(scope, sight, filter);
    tx.all(&statement.sql, &statement.params, read_quote)
}

/// Every invoice dated in the span, in the order of its date.
pub fn invoices(tx: &mut dyn Tx, scope: &Scope, filter: &ChargeFilter) -> Result<Vec<InvoiceRow>, StoreError> {
    let Some(sight) = sight(scope) else { return Ok(vec![]) };
    let statement = invoices_statement(scope, sight, filter);
    tx.all(&statement.sql, &statement.params, read_invoice)
}

/// What nobody has agreed, longest first.
pub fn open(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<OpenRow>, StoreError> {
    let Some(sight) = sight(scope) else { return Ok(vec![]) };
    let statement = open_statement(scope, sight);
    tx.all(&statement.sql, &statement.params, |row| {
        Ok(OpenRow {
            change_id: row.int(0)?,
            reference: row.text(1)?,
            title: row.text(2)?,
            org: named(row, 3)?,
            stage: code(row, 6, Stage::from_code)?,
            state: code(row, 7, State::from_code)?,
            contested: row.boolean(8)?,
            since: time(row, 9)?,
        })
    })
}

/// Where the money of each change stands, for the columns of a list.
pub fn lines(tx: &mut dyn Tx, scope: &Scope) -> Result<BTreeMap<i64, ChargeLine>, StoreError> {
    let Some(sight) = sight(scope) else { return Ok(BTreeMap::new()) };
    let statement = lines_statement(scope, sight);
    let read = |row: &dyn Row| Ok((row.int(0)?, ChargeLine { state: code(row, 1, State::from_code)?, chargeable: row.text(2)? }));
    Ok(tx.all(&statement.sql, &statement.params, read)?.into_iter().collect())
}

fn sight(scope: &Scope) -> Option<&MoneySight> {
    Some(scope.money()).filter(|sight| !sight.is_blind())
}

fn named(row: &dyn Row, at: usize) -> Result<Named, StoreError> {
    Ok(Named { id: row.int(at)?, code: row.text(at + 1)?, name: row.text(at + 2)? })
}

fn read_quote(row: &dyn Row) -> Result<QuoteRow, StoreError> {
    Ok(QuoteRow {
        change_id: row.int(0)?,
        reference: row.text(1)?,
        title: row.text(2)?,
        org: named(row, 3)?,
        version: row.int(6)?,
        net_pence: row.int(7)?,
        vat_pence: row.int(8)?,
        issued_at: time(row, 9)?,
        valid_to: row.text(10)?,
        lapses_at: time(row, 11)?,
        fate: row.text(12)?,
        state: code(row, 13, State::from_code)?,
        po: row.text(14)?,
        authorised_at: opt_time(row, 15)?,
        delivered_at: opt_time(row, 16)?,
        booked_pence: row.int(17)?,
        invoiced_pence: row.int(18)?,
        paid_pence: row.int(19)?,
    })
}

fn read_invoice(row: &dyn Row) -> Result<InvoiceRow, StoreError> {
    Ok(InvoiceRow {
        change_id: row.int(0)?,
        reference: row.text(1)?,
        org: named(row, 2)?,
        number: row.int(5)?,
        of: code(row, 6, BillOf::from_code)?,
        version: row.opt_int(7)?,
        their_number: row.text(8)?,
        date: row.text(9)?,
        due: row.text(10)?,
        net_pence: row.int(11)?,
        vat_pence: row.int(12)?,
        credited_net: row.int(13)?,
        credited_vat: row.int(14)?,
        state: code(row, 15, InvoiceState::from_code)?,
        paid_on: row.opt_text(16)?,
    })
}

/// The days left on which a quote may still be accepted, today included; none once it has lapsed.
pub fn days_left(valid_to: &str, today: Date) -> Option<i64> {
    let last: Date = valid_to.parse().ok()?;
    let days = today.duration_until(last).as_hours() / 24;
    (days >= 0).then_some(days + 1)
}
