//! Customer accounts with network providers, and the circuits of each (spec 10.3).

use signalbox_core::actor::OrgKind;
use signalbox_store::directory::{self, NetworkAccount};
use signalbox_store::page::{Cursor, Page};

use super::{Register, organisation_choices};
use crate::app::App;
use crate::deliver::monitor::http::Address;
use crate::deliver::monitor::webhook;
use crate::seal;
use crate::web::carriers;
use crate::web::form::Form;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words::counted;
use crate::worker::network::sealed_for;

/// `/setup/network-accounts`.
pub struct NetworkAccounts;

fn providers(app: &App) -> Result<Vec<Choice>, Failure> {
    let page = Page { limit: 500, ..Page::default() };
    let all = app.read::<_, Failure>(|tx| directory::organisations(tx, Some(OrgKind::Network), &page))?;
    let choices = all.items.iter().map(|org| Choice::new(&org.id.to_string(), &format!("{} ({})", org.name, org.code)));
    Ok(std::iter::once(Choice::new("", "Choose")).chain(choices).collect())
}

fn id_of(form: &Form, field: &str) -> Option<i64> {
    form.text(field).parse().ok()
}

impl Register for NetworkAccounts {
    const PATH: &'static str = "/setup/network-accounts";
    const MANY: &'static str = "Network accounts";
    const ONE: &'static str = "network account";
    const WHY: &'static str = "Whose customer account with the network provider a circuit belongs to";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let wanted = page.filter.trim().to_lowercase();
        let accounts = app.read::<_, Failure>(|tx| {
            let mut all = vec![];
            for account in directory::network_accounts(tx)? {
                let name = |id: i64, tx: &mut dyn signalbox_store::Tx| directory::organisation(tx, id).map(|org| org.map(|org| org.name).unwrap_or_default());
                all.push((name(account.org_id, tx)?, name(account.provider_id, tx)?, account));
            }
            Ok(all)
        })?;
        let fits = |(org, provider, account): &&(String, String, NetworkAccount)| {
            let words = [org, provider, &account.number].into_iter().chain(&account.circuits);
            wanted.is_empty() || words.into_iter().any(|word| word.to_lowercase().contains(&wanted))
        };
        let rows = accounts.iter().filter(fits).map(|(org, provider, account)| {
            let circuits = counted(account.circuits.len() as i64, "circuit");
            Row::new(
                Cell::link(&account.number, &format!("{}/{}", Self::PATH, account.id)),
                vec![
                    Cell::text(org),
                    Cell::text(provider),
                    Cell::text(&circuits).small(&account.circuits.iter().take(5).cloned().collect::<Vec<_>>().join(", ")),
                ],
            )
        });
        Ok((Table::new(Self::MANY, &["Account", "Organisation", "Provider", "Circuits"], rows.collect()), None))
    }

    fn fields(app: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        Ok(vec![
            Field::select("org", "Organisation", organisation_choices(app)?),
            Field::select("provider", "Network provider", providers(app)?),
            Field::text("number", "Account number", "").hint("As the provider writes it."),
            Field::textarea("circuits", "Circuits", "").hint("One a line: the reference of the circuit, or the code of an item.").rows(6).optional(),
            Field::textarea("senders", "Domains that the provider writes from", "")
                .hint("One a line, such as meridian.example: what stands behind the @ of its notices about its own works. A notice from elsewhere waits for a person; with none set, every one does.")
                .rows(3)
                .optional(),
            Field::text("webhook", "Address that takes notices from system to system", "")
                .hint("Where the provider has one: https only. Each version of a notice is sent there too, signed.")
                .optional(),
            Field::input("password", "webhook_key", "Key of that address", "")
                .hint("whsec_ and then 24 to 64 random bytes in base64. Left empty, the key that is set stays; with another address it has to be entered again.")
                .optional(),
        ])
    }

    fn load(app: &App, _: &Visitor, id: i64) -> Result<(String, Form), Failure> {
        let found = app.read::<_, Failure>(|tx| directory::network_account(tx, id))?;
        let account = found.ok_or(Failure::NotFound)?;
        let fields = [
            ("org", account.org_id.to_string()),
            ("provider", account.provider_id.to_string()),
            ("number", account.number.clone()),
            ("circuits", account.circuits.join("\n")),
            ("senders", account.senders.join("\n")),
            ("webhook", account.webhook.clone()),
        ];
        Ok((account.number, Form::of(fields)))
    }

    fn save(app: &App, visitor: &Visitor, id: Option<i64>, form: &Form) -> Result<(), Failure> {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let lines =
            |field: &str| form.text(field).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).collect();
        let account = NetworkAccount {
            id: id.unwrap_or_else(|| app.ids.mint(act.at)),
            org_id: id_of(form, "org").unwrap_or_default(),
            provider_id: id_of(form, "provider").unwrap_or_default(),
            number: form.text("number").to_owned(),
            circuits: lines("circuits"),
            senders: lines("senders"),
            webhook: form.text("webhook").to_owned(),
        };
        let plain = |sender: &str| sender.trim_start_matches('@').to_lowercase();
        if let Some(wrong) = account.senders.iter().find(|sender| !directory::is_mail_domain(&plain(sender))) {
            let detail = format!("Enter a domain such as meridian.example, one a line; “{wrong}” is none.");
            return Err(Failure::invalid(Fault::of("senders", "invalid", detail)));
        }
        let key = form.raw("webhook_key").trim();
        check_webhook(app, &account, key)?;
        // Which one is taken is worth saying: a list may be long.
        let taken = app.read::<_, Failure>(|tx| {
            let mut taken = vec![];
            for circuit in &account.circuits {
                if directory::account_of_circuit(tx, circuit)?.is_some_and(|id| id != account.id) {
                    taken.push(circuit.clone());
                }
            }
            Ok(taken)
        })?;
        if !taken.is_empty() {
            let detail = format!("Belongs to another account already: {}. Take it off there first.", taken.join(", "));
            return Err(Failure::invalid(Fault::of("circuits", "taken", detail)));
        }
        let sealed = if key.is_empty() { None } else { Some(seal::close(app, key, &sealed_for(account.id))?) };
        let sealing = app.act(Some(visitor.person()?), act.at);
        let number = account.number.trim().to_owned();
        app.attempt(move |tx| {
            let saved = directory::save_network_account(tx, &act, &account)?;
            match &sealed {
                Some(sealed) if saved.is_ok() => directory::seal_network_webhook(tx, &sealing, account.id, sealed),
                _ => Ok(saved),
            }
        })?;
        // What waited for a domain or a circuit may speak for itself now.
        carriers::read_again_of(app, &visitor.actor()?, &number).map(drop)
    }
}

/// An address with a key, or neither.
fn check_webhook(app: &App, account: &NetworkAccount, key: &str) -> Result<(), Failure> {
    let wrong = |field: &str, words: String| Err(Failure::invalid(Fault::of(field, "not-usable", words)));
    if account.webhook.is_empty() {
        return if key.is_empty() { Ok(()) } else { wrong("webhook", "Enter the address that the key belongs to.".into()) };
    }
    match Address::parse(&account.webhook) {
        Err(words) => return wrong("webhook", words),
        Ok(address) if !address.is_confidential() => return wrong("webhook", "Enter an address that begins with https.".into()),
        Ok(_) => {}
    }
    if !key.is_empty() {
        return webhook::Key::parse(key).map(drop).or_else(|words| wrong("webhook_key", words));
    }
    let has_key = app.read::<_, Failure>(|tx| {
        let is_same = directory::network_account(tx, account.id)?.is_some_and(|before| before.webhook == account.webhook);
        Ok(is_same && directory::sealed_network_webhook(tx, account.id)?.is_some())
    })?;
    if has_key { Ok(()) } else { wrong("webhook_key", "Enter the key by which the notices are signed.".into()) }
}
