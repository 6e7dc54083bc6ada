//! The rows of the charge track: where it stands, each version of its quote, each invoice.

use super::{Prose, Table};
use crate::sql::statements;
use crate::{StoreError, Tx, Value};
use jiff::Timestamp;
use signalbox_core::calendar::{Calendar, Division, london};
use signalbox_core::change::Change;
use signalbox_core::charge::{Fate, Quote, owed};

statements! {
    PUT_CHARGE = "insert into charges(change_id, state, chargeable, because, contested, since, agreed_pence, limit_pence, booked_pence, owes, owes_role, due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    GET_CHARGE = "select change_id, state, chargeable, because, contested, since, agreed_pence, limit_pence, booked_pence, owes, owes_role, due_at
        from charges where change_id = $1";
    DROP_CHARGE = "delete from charges where change_id = $1";
    PUT_QUOTE = "insert into charge_quotes(change_id, version, net_pence, vat_pence, issued_at, valid_to, lapses_at, fate, po, authorised_at, delivered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GET_QUOTES = "select change_id, version, net_pence, vat_pence, issued_at, valid_to, lapses_at, fate, po, authorised_at, delivered_at
        from charge_quotes where change_id = $1 order by version";
    DROP_QUOTES = "delete from charge_quotes where change_id = $1";
    PUT_INVOICE = "insert into charge_invoices(change_id, number, bill_of, version, reference, date, due, net_pence, vat_pence, credited_net, credited_vat, state, paid_on)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    GET_INVOICES = "select change_id, number, bill_of, version, reference, date, due, net_pence, vat_pence, credited_net, credited_vat, state, paid_on
        from charge_invoices where change_id = $1 order by number";
    DROP_INVOICES = "delete from charge_invoices where change_id = $1";
}

/// The rows of the track; none where nothing was ever said about money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoneyRows {
    pub charge: Vec<Vec<Value>>,
    pub quotes: Vec<Vec<Value>>,
    pub invoices: Vec<Vec<Value>>,
}

/// The rows that a change makes.
pub fn rows(change: &Change, prose: &Prose, updated_at: Timestamp) -> MoneyRows {
    let money = &change.money;
    if !money.is_begun() {
        return MoneyRows::default();
    }
    let id = change.id.0;
    let because = money.decided.as_ref().map(|d| d.ruling.because.clone()).unwrap_or_default();
    let owed = owed::owed(change, &Calendar::shipped(Division::EnglandAndWales), &london());
    let agreed = money.accepted().map_or(0, |q| q.terms.net_pence());
    let charge = vec![
        id.into(),
        money.state().code().into(),
        money.chargeable().code().into(),
        because.into(),
        money.contest.is_some().into(),
        since(change).unwrap_or(updated_at).as_microsecond().into(),
        agreed.into(),
        money.limit_pence().into(),
        money.booked_pence().into(),
        owed.map(|o| o.what.code().to_owned()).into(),
        owed.map(|o| o.by.code().to_owned()).into(),
        owed.and_then(|o| o.due_at).map(Timestamp::as_microsecond).into(),
    ];
    MoneyRows {
        charge: vec![charge],
        quotes: money.quotes.iter().map(|quote| quote_row(change, quote, prose)).collect(),
        invoices: money
            .invoices
            .iter()
            .map(|invoice| {
                let bill = &invoice.bill;
                vec![
                    id.into(),
                    i64::from(invoice.number).into(),
                    bill.of.code().into(),
                    bill.version.map(i64::from).into(),
                    words(prose, bill.reference.text.0).into(),
                    bill.date.to_string().into(),
                    bill.due.to_string().into(),
                    bill.amount.net_pence.into(),
                    bill.amount.vat_pence.into(),
                    invoice.credited.net_pence.into(),
                    invoice.credited.vat_pence.into(),
                    invoice.state.code().into(),
                    invoice.paid_on.map(|day| day.to_string()).into(),
                ]
            })
            .collect(),
    }
}

/// When something was last done about the money.
fn since(change: &Change) -> Option<Timestamp> {
    let money = &change.money;
    let quote = money.quotes.last().map(|q| q.issued_at);
    let decided = money.decided.as_ref().map(|d| d.at);
    let contest = money.contest.as_ref().map(|(_, at, _)| *at);
    [quote, decided, contest, money.fee.as_ref().map(|f| f.asked_at), money.assessing_since].into_iter().flatten().max()
}

fn words(prose: &Prose, text: i64) -> String {
    prose.get(&text).cloned().unwrap_or_default()
}

/// What became of a quote, as a code.
pub fn fate_code(fate: &Fate) -> &'static str {
    match fate {
        Fate::Open => "open",
        Fate::Accepted { .. } => "accepted",
        Fate::Declined { .. } => "declined",
        Fate::Lapsed { .. } => "lapsed",
        Fate::Superseded { .. } => "superseded",
    }
}

fn quote_row(change: &Change, quote: &Quote, prose: &Prose) -> Vec<Value> {
    let agreed = quote.is_accepted();
    let at = |at: Option<Timestamp>| Value::from(at.filter(|_| agreed).map(Timestamp::as_microsecond));
    vec![
        change.id.0.into(),
        i64::from(quote.terms.version).into(),
        quote.terms.net_pence().into(),
        quote.terms.vat_pence().into(),
        quote.issued_at.as_microsecond().into(),
        quote.valid_to().to_string().into(),
        quote.lapses_at().as_microsecond().into(),
        fate_code(&quote.fate).into(),
        quote.order.as_ref().map(|order| words(prose, order.number.text.0)).unwrap_or_default().into(),
        at(change.money.authorised_at),
        at(change.money.delivered_at),
    ]
}

impl MoneyRows {
    /// These tables, always in the same order.
    pub(super) fn tables(&self) -> [Table<'_>; 3] {
        [(DROP_CHARGE, PUT_CHARGE, &self.charge), (DROP_QUOTES, PUT_QUOTE, &self.quotes), (DROP_INVOICES, PUT_INVOICE, &self.invoices)]
    }
}

/// The rows as they are stored.
pub fn read(tx: &mut dyn Tx, id: i64) -> Result<MoneyRows, StoreError> {
    let key = [Value::from(id)];
    Ok(MoneyRows {
        charge: tx.all(GET_CHARGE, &key, |row| super::all_values(row, 12, &[1, 2, 3, 9, 10]))?,
        quotes: tx.all(GET_QUOTES, &key, |row| super::all_values(row, 11, &[5, 7, 8]))?,
        invoices: tx.all(GET_INVOICES, &key, |row| super::all_values(row, 13, &[2, 4, 5, 6, 11, 12]))?,
    })
}
