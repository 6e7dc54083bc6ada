//! The customer accounts that organisations hold with a network provider, and which circuits belong to which: a notice goes
//! to each account with its own circuits only (spec 10.3).

use super::{Act, Answer, Refused, organisation, record_directory_event};
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use serde_json::json;
use signalbox_core::actor::OrgKind;

statements! {
    ALL_ACCOUNTS = "select id, org_id, provider_id, number, senders, webhook from network_accounts order by provider_id, number limit 500";
    BY_ID = "select id, org_id, provider_id, number, senders, webhook from network_accounts where id = $1";
    BY_NUMBER = "select id from network_accounts where provider_id = $1 and number = $2";
    INSERT = "insert into network_accounts (id, org_id, provider_id, number, senders, webhook) values ($1, $2, $3, $4, $5, $6)";
    /// An address that was changed must not be shown what the key of the one before it signs.
    UPDATE = "update network_accounts set org_id = $2, provider_id = $3, number = $4, senders = $5, webhook = $6,
        webhook_sealed = case when webhook = $6 and webhook <> '' then webhook_sealed end where id = $1";
    SEAL = "update network_accounts set webhook_sealed = $2 where id = $1";
    SEALED = "select webhook_sealed from network_accounts where id = $1";
    CIRCUITS_OF = "select circuit from network_circuits where account_id = $1 order by circuit_key limit 500";
    ACCOUNT_OF = "select account_id from network_circuits where circuit_key = $1";
    CIRCUIT_PUT = "insert into network_circuits (circuit_key, circuit, account_id) values ($1, $2, $3)";
    CIRCUITS_DROP = "delete from network_circuits where account_id = $1";
}

/// A customer account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAccount {
    pub id: i64,
    /// Whose it is.
    pub org_id: i64,
    /// With whom.
    pub provider_id: i64,
    /// As the provider writes it.
    pub number: String,
    /// References of circuits, or codes of items of the estate.
    pub circuits: Vec<String>,
    /// The domains from which the provider writes about it, in lower case; a notice from elsewhere is not believed.
    pub senders: Vec<String>,
    /// Where the provider takes notices from system to system; empty where it does not.
    pub webhook: String,
}

/// So many domains one account has at most.
const SENDERS_MAX: usize = 20;

/// Whether it is the domain of mail addresses: names with a dot between them, of letters, digits and hyphens.
pub fn is_mail_domain(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&name.len()) && name.chars().all(is_inside) && !name.starts_with('-') && !name.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_name)
}

/// By what a circuit is found, however it was typed.
pub fn circuit_key(circuit: &str) -> String {
    circuit.trim().to_lowercase()
}

fn read(row: &dyn Row) -> Result<NetworkAccount, StoreError> {
    Ok(NetworkAccount {
        id: row.int(0)?,
        org_id: row.int(1)?,
        provider_id: row.int(2)?,
        number: row.text(3)?,
        circuits: vec![],
        senders: row.text(4)?.lines().map(str::to_owned).collect(),
        webhook: row.text(5)?,
    })
}

fn with_circuits(tx: &mut dyn Tx, mut account: NetworkAccount) -> Result<NetworkAccount, StoreError> {
    account.circuits = tx.all(CIRCUITS_OF, values![account.id], |row| row.text(0))?;
    Ok(account)
}

/// Every account, by provider and number.
pub fn network_accounts(tx: &mut dyn Tx) -> Result<Vec<NetworkAccount>, StoreError> {
    let found = tx.all(ALL_ACCOUNTS, &[], read)?;
    found.into_iter().map(|account| with_circuits(tx, account)).collect()
}

/// The account with this id.
pub fn network_account(tx: &mut dyn Tx, id: i64) -> Result<Option<NetworkAccount>, StoreError> {
    let found = tx.maybe_one(BY_ID, values![id], read)?;
    found.map(|account| with_circuits(tx, account)).transpose()
}

/// The account to which a circuit belongs.
pub fn account_of_circuit(tx: &mut dyn Tx, circuit: &str) -> Result<Option<i64>, StoreError> {
    tx.maybe_one(ACCOUNT_OF, values![circuit_key(circuit)], |row| row.int(0))
}

/// Writes an account with its circuits, in place of those that it had. A circuit of another account stays there: the
/// write is refused.
pub fn save_network_account(tx: &mut dyn Tx, act: &Act, account: &NetworkAccount) -> Answer<()> {
    let number = account.number.trim();
    if number.is_empty() {
        return Ok(Err(Refused::Invalid("number")));
    }
    if organisation(tx, account.org_id)?.is_none() {
        return Ok(Err(Refused::Unknown("org")));
    }
    if organisation(tx, account.provider_id)?.is_none_or(|org| org.kind != OrgKind::Network) {
        return Ok(Err(Refused::Unknown("provider")));
    }
    let same = tx.maybe_one(BY_NUMBER, values![account.provider_id, number], |row| row.int(0))?;
    if same.is_some_and(|id| id != account.id) {
        return Ok(Err(Refused::Taken("number")));
    }
    let mut circuits: Vec<&str> = account.circuits.iter().map(|circuit| circuit.trim()).filter(|circuit| !circuit.is_empty()).collect();
    circuits.sort_by_key(|circuit| circuit_key(circuit));
    circuits.dedup_by_key(|circuit| circuit_key(circuit));
    for circuit in &circuits {
        if account_of_circuit(tx, circuit)?.is_some_and(|id| id != account.id) {
            return Ok(Err(Refused::Taken("circuits")));
        }
    }
    let mut senders: Vec<String> =
        account.senders.iter().map(|sender| sender.trim().trim_start_matches('@').to_lowercase()).filter(|sender| !sender.is_empty()).collect();
    senders.sort();
    senders.dedup();
    if senders.len() > SENDERS_MAX || !senders.iter().all(|sender| is_mail_domain(sender)) {
        return Ok(Err(Refused::Invalid("senders")));
    }
    let before = network_account(tx, account.id)?;
    let now =
        NetworkAccount { number: number.to_owned(), circuits: circuits.iter().map(|circuit| (*circuit).to_owned()).collect(), senders, ..account.clone() };
    if before.as_ref() == Some(&now) {
        return Ok(Ok(()));
    }
    tx.exec(
        if before.is_some() { UPDATE } else { INSERT },
        values![account.id, account.org_id, account.provider_id, number, now.senders.join("\n"), &now.webhook],
    )?;
    tx.exec(CIRCUITS_DROP, values![account.id])?;
    for circuit in circuits {
        tx.exec(CIRCUIT_PUT, values![circuit_key(circuit), circuit, account.id])?;
    }
    let kind = if before.is_some() { "NetworkAccountChanged" } else { "NetworkAccountAdded" };
    let payload = json!({"org": account.org_id.to_string(), "provider": account.provider_id.to_string(), "number": number, "circuits": now.circuits, "senders": now.senders, "webhook": !now.webhook.is_empty()});
    record_directory_event(tx, act, kind, account.id, &payload)?;
    Ok(Ok(()))
}

/// Keeps the key of an account's webhook, sealed by the caller. The log says that it was set, never to what.
pub fn seal_network_webhook(tx: &mut dyn Tx, act: &Act, id: i64, sealed: &[u8]) -> Answer<()> {
    if tx.exec(SEAL, values![id, sealed.to_vec()])? == 0 {
        return Ok(Err(Refused::Unknown("account")));
    }
    record_directory_event(tx, act, "NetworkWebhookKeySet", id, &json!({}))?;
    Ok(Ok(()))
}

/// The key of an account's webhook, as it was sealed.
pub fn sealed_network_webhook(tx: &mut dyn Tx, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(tx.maybe_one(SEALED, values![id], |row| row.opt_bytes(0))?.flatten())
}
