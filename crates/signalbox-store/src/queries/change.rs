//! Everything that a change's page prints, in few statements.

use crate::accounts;
use crate::drafts::{self, Draft, FileMeta};
use crate::project::{self, Loaded};
use crate::queries::{Named, sight};
use crate::scope::Scope;
use crate::sql::statements;
use crate::{Row, StoreError, Tx, values};
use serde_json::Value as Json;
use signalbox_core::change::Stage;
use std::collections::{BTreeMap, BTreeSet};

statements! {
    ORGS_BY_ID = "select id, code, name from organisations where id in (select cast($1 as BIGINT) union select o.org_id from change_orgs o where o.change_id = $2
        union select d.org_id from duties d where d.change_id = $2 and d.org_id is not null)";
    ORG = "select id, code, name from organisations where id = $1";
    SITES = "select s.id, s.code, s.name from change_sites l join sites s on s.id = l.site_id where l.change_id = $1 order by s.code";
    SERVICES = "select s.id, s.code, s.name, l.derived from change_services l join services s on s.id = l.service_id where l.change_id = $1 order by s.code";
    ITEMS = "select i.id, i.code, i.name, i.type, i.org_id, i.site_id from change_items l join items i on i.id = l.item_id where l.change_id = $1 order by i.code";
    SITE = "select id, code, name from sites where id = $1";
    SERVICE = "select id, code, name from services where id = $1";
    WATCHING = "select cast(count(*) as BIGINT), cast(coalesce(sum(case when person_id = $2 then 1 else 0 end), 0) as BIGINT) from watchers where change_id = $1";
}

/// An item that is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLine {
    pub item: Named,
    /// Such as circuit or switch.
    pub kind: String,
    pub org_id: i64,
    pub site_id: Option<i64>,
}

/// A change with the names of all that it mentions.
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// The change, its events and its words.
    pub loaded: Loaded,
    /// Names of people by id. Somebody erased has an empty one.
    pub people: BTreeMap<i64, String>,
    /// Organisations by id: every one that a party, a duty or an event names.
    pub orgs: BTreeMap<i64, Named>,
    pub sites: BTreeMap<i64, Named>,
    pub services: BTreeMap<i64, Named>,
    /// The services among them that nobody named: they depend on what is touched.
    pub derived_services: BTreeSet<i64>,
    pub items: BTreeMap<i64, ItemLine>,
    pub files: Vec<FileMeta>,
    pub watchers: i64,
    pub am_watching: bool,
    /// What was typed and not yet sent, for the organisation that raised it.
    pub draft: Option<Draft>,
}

/// The change behind a reference, with all that its page prints; `None` where there is none for this person.
pub fn page(tx: &mut dyn Tx, scope: &Scope, reference: &str) -> Result<Option<ChangePage>, StoreError> {
    match sight::by_reference(tx, scope, reference)? {
        Some(id) => read(tx, scope, id),
        None => Ok(None),
    }
}

/// The same, by id.
pub fn page_by_id(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<ChangePage>, StoreError> {
    if sight::is_visible(tx, scope, id)? { read(tx, scope, id) } else { Ok(None) }
}

fn read(tx: &mut dyn Tx, scope: &Scope, id: i64) -> Result<Option<ChangePage>, StoreError> {
    let Some(mut loaded) = project::load(tx, id)? else { return Ok(None) };
    veil_money(scope, &mut loaded);
    let change = &loaded.change;
    let mut mentioned = Mentioned::default();
    for recorded in &loaded.events {
        let json = serde_json::to_value(recorded).map_err(|fault| StoreError::Corrupt(fault.to_string()))?;
        mentioned.gather(&json);
    }
    let people: Vec<i64> = mentioned.people.iter().copied().collect();
    let people = accounts::names(tx, &people)?.into_iter().collect();
    let named = |row: &dyn Row| Ok(Named { id: row.int(0)?, code: row.text(1)?, name: row.text(2)? });
    let mut orgs = by_id(tx.all(ORGS_BY_ID, values![change.org.0, id], named)?);
    complete(tx, &mut orgs, &mentioned.orgs, ORG)?;
    let mut services = BTreeMap::new();
    let mut derived_services = BTreeSet::new();
    for (service, derived) in tx.all(SERVICES, values![id], |row| Ok((named(row)?, row.boolean(3)?)))? {
        if derived {
            derived_services.insert(service.id);
        }
        services.insert(service.id, service);
    }
    complete(tx, &mut services, &mentioned.services, SERVICE)?;
    let mut sites = by_id(tx.all(SITES, values![id], named)?);
    complete(tx, &mut sites, &mentioned.sites, SITE)?;
    let items = tx.all(ITEMS, values![id], |row| Ok(ItemLine { item: named(row)?, kind: row.text(3)?, org_id: row.int(4)?, site_id: row.opt_int(5)? }))?;
    let (watchers, am_watching) = tx.one(WATCHING, values![id, scope.person()], |row| Ok((row.int(0)?, row.boolean(1)?)))?;
    Ok(Some(ChangePage {
        people,
        orgs,
        sites,
        services,
        derived_services,
        items: items.into_iter().map(|line| (line.item.id, line)).collect(),
        files: drafts::files(tx, id)?,
        watchers,
        am_watching,
        draft: draft(tx, scope, &loaded)?,
        loaded,
    }))
}

/// Takes money away from eyes that may not see it: the events, the words that only they mention, and the track.
pub(crate) fn veil_money(scope: &Scope, loaded: &mut Loaded) {
    let change = &mut loaded.change;
    if scope.money().sees(change.org, change.parties().runs) {
        return;
    }
    let (hidden, shown): (Vec<_>, Vec<_>) = std::mem::take(&mut loaded.events).into_iter().partition(|r| signalbox_core::charge::sight::is_hidden(&r.event));
    let shown_words = texts(&shown);
    for text in texts(&hidden).difference(&shown_words) {
        loaded.prose.remove(text);
    }
    loaded.events = shown;
    change.money = Default::default();
}

/// The texts that events mention.
fn texts(events: &[signalbox_core::event::Recorded]) -> BTreeSet<i64> {
    fn gather(json: &Json, found: &mut BTreeSet<i64>) {
        match json {
            Json::Array(all) => all.iter().for_each(|one| gather(one, found)),
            Json::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value.as_i64()) {
                ("text", Some(id)) => drop(found.insert(id)),
                _ => gather(value, found),
            }),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for recorded in events {
        if let Ok(json) = serde_json::to_value(recorded) {
            gather(&json, &mut found);
        }
    }
    found
}

/// What was typed is the raiser's organisation's until it is sent; after a return they write on.
fn draft(tx: &mut dyn Tx, scope: &Scope, loaded: &Loaded) -> Result<Option<Draft>, StoreError> {
    let change = &loaded.change;
    let is_written = change.stage.is_draft() || matches!(change.stage, Stage::Returned | Stage::ClinRejected | Stage::Rejected);
    if !is_written || !sight::works_for(tx, scope, change.org.0)? {
        return Ok(None);
    }
    drafts::draft(tx, change.id.0)
}

fn by_id(named: Vec<Named>) -> BTreeMap<i64, Named> {
    named.into_iter().map(|n| (n.id, n)).collect()
}

/// Reads the names that an event mentions and that the change no longer holds. There are few.
fn complete(tx: &mut dyn Tx, known: &mut BTreeMap<i64, Named>, wanted: &BTreeSet<i64>, sql: &str) -> Result<(), StoreError> {
    for id in wanted {
        if !known.contains_key(id)
            && let Some(named) = tx.maybe_one(sql, values![*id], |row| Ok(Named { id: row.int(0)?, code: row.text(1)?, name: row.text(2)? }))?
        {
            known.insert(*id, named);
        }
    }
    Ok(())
}

/// The ids in the events, found by the names of their fields: a new event needs no line here.
#[derive(Default)]
struct Mentioned {
    people: BTreeSet<i64>,
    orgs: BTreeSet<i64>,
    sites: BTreeSet<i64>,
    services: BTreeSet<i64>,
}

impl Mentioned {
    fn gather(&mut self, json: &Json) {
        match json {
            Json::Array(all) => all.iter().for_each(|one| self.gather(one)),
            Json::Object(fields) => {
                for (name, value) in fields {
                    let into = match name.as_str() {
                        "person" | "implementer" | "decider" | "for_person" | "approver" => &mut self.people,
                        "org" | "owner" | "runs" | "affected" | "predecessors" | "successor" => &mut self.orgs,
                        "sites" => &mut self.sites,
                        "services" | "derived_services" => &mut self.services,
                        _ => {
                            self.gather(value);
                            continue;
                        }
                    };
                    match value {
                        Json::Array(all) => into.extend(all.iter().filter_map(Json::as_i64)),
                        one => into.extend(one.as_i64()),
                    }
                }
            }
            _ => {}
        }
    }
}
