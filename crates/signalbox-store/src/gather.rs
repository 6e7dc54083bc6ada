//! Fetches the facts that a command needs, in the transaction that will hold its events, so that what was decided
//! upon is what was there (settled 20). Codes are looked up in the actor's sight: an unseen thing is as unknown as
//! one that does not exist (S02).

pub(crate) mod calendar;
pub(crate) mod entries;
pub(crate) mod impact;
pub(crate) mod modalities;
mod slots;

pub use calendar::{exceptions, externals, freezes, maintenance};
pub use impact::{Impact, Reached, Side, Thing, impact, things};
pub use slots::{Ask, FreeTimes, RefusedStarts, Whose, WhyNot, free_times};

use crate::directory;
use crate::schedule::Schedule;
use crate::scope::Scope;
use crate::sql::statements;
use crate::{StoreError, Tx, drafts, log, values};
use jiff::Timestamp;
use signalbox_core::actor::{Actor, Membership, OrgKind, Role};
use signalbox_core::change::{Change, Kind, Outcome, Window};
use signalbox_core::facts::{
    ChangeFact, ClashFact, Facts, FactsQuery, IncidentFact, ItemFact, LikeWork, OrgFact, OtherFact, Pattern, PersonFact, Reach, Registration, ServiceFact,
    SiteFact,
};
use signalbox_core::ids::{ChangeId, ItemId, OrgId, PersonId, ServiceId, SiteId, TextId};
use signalbox_core::schedule::{self, Affected, Clash, ClashWith, Dependency, DependencyKind, Node, PlannedWork, Span};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    ORGS = "select id, code, kind from organisations order by id";
    ITEM_BY_CODE = "select id, code, org_id, site_id, type from items where code = $1";
    ITEM_BY_ID = "select id, code, org_id, site_id, type from items where id = $1";
    ITEM_SERVICES = "select service_id from item_services where item_id = $1 order by service_id";
    SERVICE_BY_CODE = "select id, code, owner_org, direct_care, always_on from services where code = $1";
    SERVICE_BY_ID = "select id, code, owner_org, direct_care, always_on from services where id = $1";
    SERVICE_USERS = "select org_id from service_orgs where service_id = $1 order by org_id";
    CIRCUIT_AT_SITE = "select count(*) from items where site_id = $1 and lower(type) like '%circuit%'";
    LIKE_BY_SERVICE = "select distinct c.id, c.outcome from change_services s join changes c on c.id = s.change_id
        where s.service_id = $1 and s.derived = 0 and c.closed_at > $2 and c.id <> $3 and c.outcome is not null";
    LIKE_BY_ITEM = "select distinct c.id, c.outcome from change_items i join changes c on c.id = i.change_id
        where i.item_id = $1 and c.closed_at > $2 and c.id <> $3 and c.outcome is not null";
    ORG_CALLED = "select id, code, kind from organisations where lower(code) = lower($1) order by id limit 1";
    SITES_BY_CODE = "select id, code, org_id from sites where code = $1 order by id";
    AFTER = "select after_id from change_after where change_id = $1";
    DEPENDENCIES = "select from_kind, from_id, to_kind, to_id, kind from dependencies";
    RUNS_ON = "select item_id, service_id from item_services";
    PERSON_BY_EMAIL = "select p.id, p.email, m.org_id, o.kind, m.role, m.service_id from people p join memberships m on m.person_id = p.id
        join organisations o on o.id = m.org_id where p.email = $1 and p.state = 'active' and m.ended_at is null order by m.org_id, m.role";
    NAMED_BY_EMAIL = "select distinct p.id, p.email, m.org_id from people p join memberships m on m.person_id = p.id
        where p.email = $1 and p.state = 'active' and m.ended_at is null and m.role not in ('SMG', 'AUD', 'ADM') order by m.org_id";
    IMPLEMENTERS_OF = "select p.id, p.email from people p join memberships m on m.person_id = p.id
        where m.org_id = $1 and p.state = 'active' and m.ended_at is null and m.role = 'SIMP' order by p.email limit $2";
}

/// Everything that `query` asks for.
pub fn facts(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, actor: &Actor, change: Option<&Change>, query: &FactsQuery) -> Result<Facts, StoreError> {
    let mut facts = Facts { orgs: tx.all(ORGS, &[], org_row)?, ..Facts::default() };
    let sight = Sight::of(actor, &Scope::of(actor));
    for code in &query.item_codes {
        if let Some(item) = tx.maybe_one(ITEM_BY_CODE, values![code], item_row)? {
            add_item(tx, &mut facts, item)?;
        }
    }
    for code in &query.service_codes {
        let found = tx.maybe_one(SERVICE_BY_CODE, values![code], service_row)?;
        add_service(tx, &mut facts, found)?;
    }
    // What is typed has to be in sight; what the change holds already is its own.
    facts.items.retain(|i| sight.sees(i.org, &i.services));
    facts.services.retain(|s| sight.sees_service(s));
    for code in &query.site_codes {
        facts.sites.extend(tx.all(SITES_BY_CODE, values![code], site_row)?);
    }
    facts.sites.retain(|s| sight.sees(s.org, &[]));
    for id in &query.items {
        if let Some(item) = tx.maybe_one(ITEM_BY_ID, values![id.0], item_row)? {
            add_item(tx, &mut facts, item)?;
        }
    }
    for id in query.services.iter().copied().chain(facts.items.iter().flat_map(|i| i.services.clone()).collect::<Vec<_>>()) {
        let found = tx.maybe_one(SERVICE_BY_ID, values![id.0], service_row)?;
        add_service(tx, &mut facts, found)?;
    }
    for email in &query.person_emails {
        add_person(tx, &mut facts, email)?;
    }
    for site in facts.sites.iter().map(|site| site.id.0).collect::<Vec<_>>() {
        facts.site_circuits |= tx.maybe_one(CIRCUIT_AT_SITE, values![site], |row| row.int(0))?.unwrap_or(0) > 0;
    }
    if query.like_since.is_some() {
        facts.like = Some(like(tx, change, query)?);
    }
    facts.modalities = modalities::of(tx, &sight, query, change.map_or(0, |c| c.id.0))?;
    facts.entry = entries::of(tx, query, change.map_or(0, |c| c.id.0))?;
    for email in &query.named_emails {
        add_named(tx, &mut facts, email)?;
    }
    add_changes(tx, actor, &mut facts, query)?;
    add_incidents(tx, actor, &mut facts, change, query)?;
    if let Some(change) = change {
        money(tx, actor, change, query, &mut facts)?;
    }
    let named = named(&facts);
    let affected = schedule.ask(tx, now, |index, _| index.affected(&named))?;
    reach(tx, &mut facts, affected)?;
    if let Some(window) = query.window {
        let proposal = proposal(tx, &facts, change, window, now)?;
        let found = schedule.ask(tx, now, |index, marks| {
            let span = |clash: &Clash| if let ClashWith::Work { change, .. } = &clash.with { index.work(*change).map(|work| work.span) } else { None };
            index.check_with(marks, &proposal).into_iter().map(|clash| (span(&clash), clash)).collect::<Vec<_>>()
        })?;
        let codes = codes(&facts);
        for (others, clash) in found {
            let settled = others.map(|others| calendar::ruled(tx, (proposal.change, proposal.span), others, &clash)).transpose()?.flatten();
            let fact = clash_fact(tx, actor, clash, others, &codes)?;
            facts.clashes.push(ClashFact { settled, ..fact });
        }
    }
    if let (Some(change), Some(at)) = (change, query.decides_at) {
        facts.holders = crate::rota::deciders(tx, at)?;
        facts.board = crate::boards::fact(tx, change)?;
    }
    safety(tx, actor, &mut facts)?;
    if let Some(change) = change {
        facts.prose = log::load_texts(tx, change.id.0)?.into_iter().filter_map(|t| t.body.map(|b| (TextId(t.id), b))).collect();
        let files = drafts::files(tx, change.id.0)?.into_iter();
        facts.files = files.filter(|f| query.file_ids.contains(&f.id)).map(|f| (f.id, (f.name, f.bytes, f.sha256))).collect();
    }
    Ok(facts)
}

/// An organisation, items and sites by their codes, in the actor's sight, with nothing of what hangs on them: whoever tells of
/// alarms names no more, and they come by the thousand.
pub fn called(tx: &mut dyn Tx, actor: &Actor, organisation: &str, items: &BTreeSet<&str>, sites: &BTreeSet<&str>) -> Result<Facts, StoreError> {
    let mut facts = Facts { orgs: tx.all(ORG_CALLED, values![organisation], org_row)?, ..Facts::default() };
    let sight = Sight::of(actor, &Scope::of(actor));
    for code in items {
        facts.items.extend(tx.maybe_one(ITEM_BY_CODE, values![*code], item_row)?);
    }
    for code in sites {
        facts.sites.extend(tx.all(SITES_BY_CODE, values![*code], site_row)?);
    }
    facts.items.retain(|item| sight.sees(item.org, &[]));
    facts.sites.retain(|site| sight.sees(site.org, &[]));
    Ok(facts)
}

/// How changes that touched the same services or equipment went (C022). A number only, so nothing unseen is told.
fn like(tx: &mut dyn Tx, change: Option<&Change>, query: &FactsQuery) -> Result<LikeWork, StoreError> {
    let (since, own) = (query.like_since.map_or(0, Timestamp::as_microsecond), change.map_or(0, |c| c.id.0));
    let mut ended: BTreeMap<i64, Option<Outcome>> = BTreeMap::new();
    let read = |row: &dyn crate::Row| Ok((row.int(0)?, row.text(1)?));
    let mut found = vec![];
    for service in &query.services {
        found.extend(tx.all(LIKE_BY_SERVICE, values![service.0, since, own], read)?);
    }
    for item in &query.items {
        found.extend(tx.all(LIKE_BY_ITEM, values![item.0, since, own], read)?);
    }
    ended.extend(found.into_iter().map(|(id, code)| (id, Outcome::from_code(&code))));
    let attempted = ended.values().flatten().filter(|outcome| outcome.is_attempted());
    let failed = ended.values().flatten().filter(|outcome| matches!(outcome, Outcome::BackedOut | Outcome::Failed));
    Ok(LikeWork { changes: attempted.count() as i64, failures: failed.count() as i64 })
}

/// What the actor may agree to for the raising organisation, how it orders, and the prices that hold today.
fn money(tx: &mut dyn Tx, actor: &Actor, change: &Change, query: &FactsQuery, facts: &mut Facts) -> Result<(), StoreError> {
    if let Some(person) = actor.person().filter(|_| actor.holds_in(Role::Finance, change.org)) {
        facts.spending_limits.extend(directory::spending_limit(tx, person.0, change.org.0)?.map(|limit| (person, limit)));
    }
    facts.order_covers_vat = directory::orders_cover_tax(tx, change.org.0)?;
    if query.rates {
        let own = actor.memberships().iter().filter(|m| m.role == Role::Commercial).map(|m| m.org);
        for org in own.collect::<BTreeSet<_>>() {
            facts.rates.extend(directory::rates(tx, org.0)?.iter().map(directory::Rate::fact));
        }
    }
    Ok(())
}

/// Under which registrations the actor signs, and which statements are in force (spec 8.2, X8).
fn safety(tx: &mut dyn Tx, actor: &Actor, facts: &mut Facts) -> Result<(), StoreError> {
    let Some(person) = actor.person().filter(|_| actor.memberships().iter().any(|m| m.role.is_safety_officer() || m.role == Role::SupplierManager)) else {
        return Ok(());
    };
    facts.registrations = directory::clinicians_of(tx, person.0)?.into_iter().map(registration).collect();
    let statements = directory::agreed_statements(tx)?.into_iter().filter(|statement| statement.ended_at.is_none());
    facts.patterns =
        statements.map(|s| Pattern { code: s.code, services: s.services.into_iter().map(ServiceId).collect(), expires_on: s.expires_on }).collect();
    Ok(())
}

fn registration(row: directory::Clinician) -> Registration {
    Registration { person: PersonId(row.person_id), org: OrgId(row.org_id), body: row.body, number: row.number, expires_on: row.expires_on }
}

/// What of the directory somebody may name: a trust its own and what it shares, a supplier what it runs, the
/// authority everything.
struct Sight {
    everything: bool,
    orgs: BTreeSet<OrgId>,
}

impl Sight {
    fn of(actor: &Actor, scope: &Scope) -> Sight {
        // A supplier and the provider work at every site they serve, and see the estate that they serve.
        let serves = actor.is_of(OrgKind::Supplier) || actor.is_of(OrgKind::Network) || actor.person().is_none();
        Sight { everything: scope.sees_all() || serves, orgs: actor.memberships().iter().filter(|m| m.role != Role::GroupMember).map(|m| m.org).collect() }
    }

    fn sees(&self, org: OrgId, _services: &[ServiceId]) -> bool {
        self.everything || self.orgs.contains(&org)
    }

    fn sees_service(&self, service: &ServiceFact) -> bool {
        self.everything || self.orgs.contains(&service.owner) || service.users.is_empty() || service.users.iter().any(|o| self.orgs.contains(o))
    }
}

fn org_row(row: &dyn crate::Row) -> Result<OrgFact, StoreError> {
    let kind = OrgKind::from_code(&row.text(2)?).ok_or_else(|| StoreError::Corrupt("organisation kind".into()))?;
    Ok(OrgFact { id: OrgId(row.int(0)?), code: row.text(1)?, kind })
}

fn site_row(row: &dyn crate::Row) -> Result<SiteFact, StoreError> {
    Ok(SiteFact { id: SiteId(row.int(0)?), code: row.text(1)?, org: OrgId(row.int(2)?) })
}

/// Whether an item of this type is a part of the network.
pub(crate) fn is_of_network(item_type: &str) -> bool {
    let kind = item_type.to_ascii_lowercase();
    ["circuit", "router", "switch", "firewall", "network", "link"].iter().any(|word| kind.contains(word))
}

pub(crate) fn item_row(row: &dyn crate::Row) -> Result<ItemFact, StoreError> {
    let is_network = is_of_network(&row.text(4)?);
    Ok(ItemFact { id: ItemId(row.int(0)?), code: row.text(1)?, org: OrgId(row.int(2)?), site: row.opt_int(3)?.map(SiteId), services: vec![], is_network })
}

fn add_item(tx: &mut dyn Tx, facts: &mut Facts, mut item: ItemFact) -> Result<(), StoreError> {
    if facts.items.iter().any(|i| i.id == item.id) {
        return Ok(());
    }
    item.services = tx.all(ITEM_SERVICES, values![item.id.0], |row| row.int(0).map(ServiceId))?;
    // The site comes with its item.
    if let Some(site) = item.site
        && !facts.sites.iter().any(|s| s.id == site)
        && let Some(found) = directory::site(tx, site.0)?
    {
        facts.sites.push(SiteFact { id: site, code: found.code, org: OrgId(found.org_id) });
    }
    facts.items.push(item);
    Ok(())
}

pub(crate) fn service_row(row: &dyn crate::Row) -> Result<ServiceFact, StoreError> {
    Ok(ServiceFact {
        id: ServiceId(row.int(0)?),
        code: row.text(1)?,
        owner: OrgId(row.int(2)?),
        users: vec![],
        direct_care: row.boolean(3)?,
        always_on: row.boolean(4)?,
        is_network: false,
    })
}

fn add_service(tx: &mut dyn Tx, facts: &mut Facts, found: Option<ServiceFact>) -> Result<(), StoreError> {
    let Some(mut service) = found.filter(|s| !facts.services.iter().any(|known| known.id == s.id)) else { return Ok(()) };
    service.users = tx.all(SERVICE_USERS, values![service.id.0], |row| row.int(0).map(OrgId))?;
    service.is_network = facts.kind_of(service.owner) == Some(OrgKind::Network);
    facts.services.push(service);
    Ok(())
}

fn hat_row(row: &dyn crate::Row) -> Result<Membership, StoreError> {
    Ok(Membership {
        org: OrgId(row.int(2)?),
        org_kind: crate::queries::code(row, 3, OrgKind::from_code)?,
        role: crate::queries::code(row, 4, Role::from_code)?,
        service: row.opt_int(5)?.map(ServiceId),
        cover: None,
    })
}

fn add_person(tx: &mut dyn Tx, facts: &mut Facts, email: &str) -> Result<(), StoreError> {
    let rows = tx.all(PERSON_BY_EMAIL, values![email.to_ascii_lowercase()], |row| Ok((row.int(0)?, row.text(1)?, hat_row(row)?)))?;
    if let Some((id, email, _)) = rows.first() {
        let hats: Vec<Membership> = rows.iter().map(|(_, _, hat)| hat.clone()).collect();
        let orgs = hats.iter().filter(|hat| hat.role == Role::Implementer).map(|hat| hat.org).collect();
        facts.people.push(PersonFact { id: PersonId(*id), email: email.clone(), orgs, hats });
    }
    Ok(())
}

/// Somebody named for a step, with every organisation they work for.
fn add_named(tx: &mut dyn Tx, facts: &mut Facts, email: &str) -> Result<(), StoreError> {
    let rows = tx.all(NAMED_BY_EMAIL, values![email.to_ascii_lowercase()], |row| Ok((row.int(0)?, row.text(1)?, row.int(2)?)))?;
    if let Some((id, email, _)) = rows.first() {
        facts.named.push(PersonFact { id: PersonId(*id), email: email.clone(), orgs: rows.iter().map(|(_, _, org)| OrgId(*org)).collect(), hats: vec![] });
    }
    Ok(())
}

/// The other changes typed, as the actor may see them (S02), with what each has to follow itself.
fn add_changes(tx: &mut dyn Tx, actor: &Actor, facts: &mut Facts, query: &FactsQuery) -> Result<(), StoreError> {
    for reference in &query.changes {
        let reference = reference.to_ascii_uppercase();
        let Some(id) = crate::queries::sight::by_reference(tx, &Scope::of(actor), &reference)? else { continue };
        let after = tx.all(AFTER, values![id], |row| row.int(0).map(ChangeId))?.into_iter().collect();
        facts.changes.push(ChangeFact { id: ChangeId(id), reference, after });
    }
    Ok(())
}

/// The incidents typed, and those linked already, as the actor may see them.
fn add_incidents(tx: &mut dyn Tx, actor: &Actor, facts: &mut Facts, change: Option<&Change>, query: &FactsQuery) -> Result<(), StoreError> {
    use crate::queries::incidents::{self, IncidentFilter};
    let scope = Scope::of(actor);
    let mut found = vec![];
    for reference in &query.incidents {
        let filter = IncidentFilter { reference: Some(reference.clone()), ..IncidentFilter::default() };
        found.extend(incidents::list(tx, &scope, &filter, 5)?);
    }
    if let Some(change) = change.filter(|c| !c.learnt.incidents.is_empty() && !query.incidents.is_empty()) {
        found.extend(incidents::linked(tx, &scope, change.id.0)?);
    }
    found.sort_by_key(|line| line.id);
    found.dedup_by_key(|line| line.id);
    facts.incidents = found.into_iter().map(|line| IncidentFact { id: line.id, grade: line.grade(), reference: line.reference }).collect();
    Ok(())
}

/// Who may be named to do the work for one of these organisations: as many as `most`, each once.
///
/// # Errors
/// The store's.
pub fn implementers(tx: &mut dyn Tx, orgs: &[OrgId], most: i64) -> Result<Vec<PersonFact>, StoreError> {
    let mut found: Vec<PersonFact> = vec![];
    for org in orgs {
        for (id, email) in tx.all(IMPLEMENTERS_OF, values![org.0, most], |row| Ok((row.int(0)?, row.text(1)?)))? {
            match found.iter_mut().find(|person| person.id.0 == id) {
                Some(known) => known.orgs.push(*org),
                None => found.push(PersonFact { id: PersonId(id), email, orgs: vec![*org], hats: vec![] }),
            }
        }
    }
    Ok(found)
}

/// The whole graph: typed edges, and "the service runs on the item" as a hard one.
pub fn dependencies(tx: &mut dyn Tx) -> Result<Vec<Dependency>, StoreError> {
    let node = |kind: &str, id: i64| if kind == "item" { Node::Item(ItemId(id)) } else { Node::Service(ServiceId(id)) };
    let mut all = tx.all(DEPENDENCIES, &[], |row| {
        let kind = DependencyKind::from_code(&row.text(4)?).ok_or_else(|| StoreError::Corrupt("dependency kind".into()))?;
        Ok(Dependency { from: node(&row.text(0)?, row.int(1)?), to: node(&row.text(2)?, row.int(3)?), kind })
    })?;
    all.extend(tx.all(RUNS_ON, &[], |row| {
        Ok(Dependency { from: Node::Service(ServiceId(row.int(1)?)), to: Node::Item(ItemId(row.int(0)?)), kind: DependencyKind::Hard })
    })?);
    Ok(all)
}

/// The dependency graph, held for many rows of one import.
pub struct Graph(schedule::Graph);

impl Graph {
    /// Reads it once.
    pub fn load(tx: &mut dyn Tx) -> Result<Graph, StoreError> {
        Ok(Graph(schedule::Graph::new(&dependencies(tx)?)))
    }
}

/// The facts about a row of history: what its items are, and what depends on them. Nobody's sight limits it, and no
/// clash matters any more.
pub fn for_import(tx: &mut dyn Tx, graph: &Graph, items: &[ItemId]) -> Result<Facts, StoreError> {
    let mut facts = Facts { orgs: tx.all(ORGS, &[], org_row)?, ..Facts::default() };
    for id in items {
        if let Some(item) = tx.maybe_one(ITEM_BY_ID, values![id.0], item_row)? {
            add_item(tx, &mut facts, item)?;
        }
    }
    for id in facts.items.iter().flat_map(|i| i.services.clone()).collect::<Vec<_>>() {
        let found = tx.maybe_one(SERVICE_BY_ID, values![id.0], service_row)?;
        add_service(tx, &mut facts, found)?;
    }
    let affected = graph.0.affected(&named(&facts));
    reach(tx, &mut facts, affected)?;
    Ok(facts)
}

fn named(facts: &Facts) -> BTreeSet<Node> {
    let items = facts.items.iter().map(|i| Node::Item(i.id));
    items.chain(facts.services.iter().map(|s| Node::Service(s.id))).collect()
}

/// What depends on the things named, and whom that concerns (spec 10.2).
fn reach(tx: &mut dyn Tx, facts: &mut Facts, affected: BTreeMap<Node, Affected>) -> Result<(), StoreError> {
    let named = named(facts);
    let mut reach = Reach { graph: log::read_head(tx)?.count(), ..Reach::default() };
    for node in affected.into_keys().filter(|n| !named.contains(n)) {
        reach.nodes.insert(node);
        match node {
            Node::Service(id) => {
                let Some(service) = tx.maybe_one(SERVICE_BY_ID, values![id.0], service_row)? else { continue };
                reach.services.insert(id);
                reach.orgs.extend(tx.all(SERVICE_USERS, values![id.0], |row| row.int(0).map(OrgId))?);
                reach.runs.insert(service.owner);
                reach.direct_care |= service.direct_care;
                reach.always_on |= service.always_on;
                reach.network |= facts.kind_of(service.owner) == Some(OrgKind::Network);
            }
            Node::Item(id) => {
                let Some(item) = tx.maybe_one(ITEM_BY_ID, values![id.0], item_row)? else { continue };
                reach.orgs.insert(item.org);
                reach.network |= item.is_network;
            }
        }
    }
    facts.reach = reach;
    Ok(())
}

/// The work as it would be in this window.
fn proposal(tx: &mut dyn Tx, facts: &Facts, change: Option<&Change>, window: Window, now: Timestamp) -> Result<PlannedWork, StoreError> {
    let own = change.map_or(0, |c| c.id.0);
    Ok(PlannedWork {
        change: ChangeId(own),
        reference: change.map(|c| c.reference.clone()).unwrap_or_default(),
        nodes: named(facts),
        sites: facts.sites.iter().map(|s| s.id).collect(),
        organisations: facts.items.iter().map(|i| i.org).chain(facts.services.iter().flat_map(|s| s.users.clone())).chain(facts.reach.orgs.clone()).collect(),
        people: change.map(schedule::people).unwrap_or_default(),
        after: change.map(|c| c.after.iter().map(|one| one.change).collect()).unwrap_or_default(),
        span: Span { from: window.start, until: window.contingency_end },
        stage_rank: change.map_or(0, |c| schedule::rank(c.stage)),
        level: change.map_or(schedule::Level::NoImpact, |c| schedule::level(c.kind)),
        passes_freezes: change.is_some_and(|c| c.kind == Kind::Emergency),
        excepted: exceptions(tx, own, now)?,
    })
}

/// What stands in the way (spec 6.7), with names only where the actor may see them.
fn clash_fact(tx: &mut dyn Tx, actor: &Actor, clash: Clash, others: Option<Span>, codes: &BTreeMap<Node, String>) -> Result<ClashFact, StoreError> {
    let with = match &clash.with {
        ClashWith::Calendar { title, .. } => title.clone(),
        // S16: a change out of sight is a clash without a name.
        ClashWith::Work { change, reference, .. } => {
            if crate::queries::sight::is_visible(tx, &Scope::of(actor), change.0)? {
                reference.clone()
            } else {
                String::new()
            }
        }
    };
    let other = match (&clash.with, others) {
        (ClashWith::Work { change, other_stays, .. }, Some(span)) if !with.is_empty() => {
            Some(OtherFact { change: *change, stays: *other_stays, from: span.from, until: span.until })
        }
        _ => None,
    };
    let mut path = vec![];
    for node in &clash.path {
        path.push(match codes.get(node) {
            Some(code) => code.clone(),
            None => code_of(tx, *node)?,
        });
    }
    let mut caught = vec![];
    if other.is_some() {
        for node in &clash.caught {
            caught.push(code_of(tx, *node)?);
        }
    }
    Ok(ClashFact {
        freeze: match &clash.with {
            ClashWith::Calendar { id, .. } if clash.rule == schedule::ClashRule::Freeze => Some(*id),
            _ => None,
        },
        rule: clash.rule.code().to_owned(),
        hard: clash.is_hard(),
        with,
        shared: path.join(" › "),
        from: clash.span.from,
        until: clash.span.until,
        other,
        settled: None,
        caught,
    })
}

pub(crate) fn code_of(tx: &mut dyn Tx, node: Node) -> Result<String, StoreError> {
    let code = match node {
        Node::Item(id) => tx.maybe_one(ITEM_BY_ID, values![id.0], |row| row.text(1))?,
        Node::Service(id) => tx.maybe_one(SERVICE_BY_ID, values![id.0], |row| row.text(1))?,
    };
    Ok(code.unwrap_or_default())
}

fn codes(facts: &Facts) -> BTreeMap<Node, String> {
    let items = facts.items.iter().map(|i| (Node::Item(i.id), i.code.clone()));
    items.chain(facts.services.iter().map(|s| (Node::Service(s.id), s.code.clone()))).collect()
}
