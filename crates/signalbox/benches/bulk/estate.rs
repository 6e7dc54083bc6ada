//! Who and what there is: organisations, sites, services, equipment that hangs together, people, freezes and
//! maintenance windows.
//!
//! Equipment stands in stacks of fifty, each at one site: a switch at the root, what is reached over it, and servers
//! that carry a service. Half of the stacks hang on one item, the hub: its closure is half of the estate.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::calendar::{DEFAULT_ZONE, local, london};
use signalbox_core::facts::{Facts, ItemFact, OrgFact, ServiceFact, SiteFact};
use signalbox_core::ids::{ItemId, OrgId, ServiceId, SiteId};
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{self, DependencyKind, Extent, Level, Span};
use signalbox_store::accounts::{self, NewMembership, Person};
use signalbox_store::directory::{
    self, Act, Answer, Declared, Dependency, FreezeTerms, Item, MaintenanceTerms, Node, OnDifference, Organisation, Service, Site, Terms,
};
use signalbox_store::{Db, StoreError, Tx};

use super::Chance;

/// How large the world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    pub changes: usize,
    pub items: usize,
    pub organisations: usize,
    pub seed: u64,
}

impl Scale {
    /// A world with so many changes: an item for each ten of them, and 200 organisations where there is room.
    pub fn of(changes: usize) -> Scale {
        let items = (changes / 10 / STACK).max(4) * STACK;
        Scale { changes, items, organisations: if changes < 10_000 { 20 } else { 200 }, seed: 4 }
    }
}

/// Equipment that stands together.
pub const STACK: usize = 50;
/// Each item hangs on so many others.
const DEGREE: usize = 3;
const SUPPLIERS: usize = 5;
const SITES_EACH: usize = 3;
const PEOPLE_EACH: usize = 5;
/// Stacks that carry the same service.
const STACKS_A_SERVICE: usize = 5;
const SERVICE_NAMES: [&str; 8] = ["imaging", "laboratory", "maternity", "pharmacy", "theatres", "portal", "integration", "sign-in"];

/// So many items are written in one transaction: PostgreSQL goes through every state that the head of the log had in it.
const TOGETHER: usize = 500;

/// Where the ids of each table begin; those of changes are far above.
const SITES_FROM: i64 = 1_000;
const SERVICES_FROM: i64 = 10_000;
const PEOPLE_FROM: i64 = 100_000;
const CREWS_FROM: i64 = 200_000;
const MEMBERSHIPS_FROM: i64 = 300_000;
const DECLARED_FROM: i64 = 500_000;
const ITEMS_FROM: i64 = 1_000_000;
const EVENTS_FROM: i64 = 10_000_000;

/// Everything that changes are about, in memory as in the database.
pub struct Estate {
    pub scale: Scale,
    pub now: Timestamp,
    pub orgs: Vec<OrgFact>,
    pub sites: Vec<SiteFact>,
    pub services: Vec<ServiceFact>,
    pub items: Vec<ItemFact>,
    pub dependencies: Vec<schedule::Dependency>,
}

impl Estate {
    /// Draws the estate.
    pub fn new(scale: Scale, now: Timestamp) -> Estate {
        let kind = |n: usize| match n {
            0 => OrgKind::Authority,
            1 => OrgKind::Network,
            n if n < 2 + SUPPLIERS => OrgKind::Supplier,
            _ => OrgKind::Trust,
        };
        let orgs: Vec<OrgFact> =
            (0..scale.organisations).map(|n| OrgFact { id: OrgId(n as i64 + 1), code: format!("{}{n:03}", letters(kind(n))), kind: kind(n) }).collect();
        let trusts = scale.organisations - 2 - SUPPLIERS;
        let trust = |n: usize| orgs[2 + SUPPLIERS + n % trusts].id;
        let sites: Vec<SiteFact> =
            (0..trusts * SITES_EACH).map(|n| SiteFact { id: SiteId(SITES_FROM + n as i64), code: format!("S{n:04}"), org: trust(n / SITES_EACH) }).collect();
        let stacks = scale.items / STACK;
        let service = |n: usize| {
            let mut chance = Chance::of(scale.seed, 1 << 40 | n as u64);
            let own = trust(n * STACKS_A_SERVICE * trusts / stacks.max(1));
            let mut users = vec![own];
            users.extend((0..chance.below(3)).map(|_| trust(chance.below(trusts))));
            users.sort_unstable();
            users.dedup();
            let owner = orgs[2 + n % SUPPLIERS].id;
            let (direct_care, always_on) = (n.is_multiple_of(2), n.is_multiple_of(9));
            ServiceFact { id: ServiceId(SERVICES_FROM + n as i64), code: format!("SVC{n:04}"), owner, users, direct_care, always_on, is_network: false }
        };
        let services: Vec<ServiceFact> = (0..stacks.div_ceil(STACKS_A_SERVICE)).map(service).collect();
        let item = |n: usize| {
            let (stack, at) = (n / STACK, n % STACK);
            let org = stack * trusts / stacks;
            let site = &sites[(org % trusts) * SITES_EACH + stack % SITES_EACH];
            // A third of the servers carry the service of their stack.
            let services = if at >= 5 && at % 3 == 0 { vec![services[stack / STACKS_A_SERVICE].id] } else { vec![] };
            ItemFact { id: item_id(n), code: format!("CI{n:06}"), org: site.org, site: Some(site.id), services, is_network: at == 0 }
        };
        let items: Vec<ItemFact> = (0..scale.items).map(item).collect();
        let mut dependencies: Vec<schedule::Dependency> = (0..scale.items).flat_map(|n| needs(scale, n)).collect();
        let runs_on = items.iter().flat_map(|item| item.services.iter().map(|service| (*service, item.id)));
        dependencies.extend(runs_on.map(|(service, item)| schedule::Dependency {
            from: schedule::Node::Service(service),
            to: schedule::Node::Item(item),
            kind: DependencyKind::Hard,
        }));
        Estate { scale, now, orgs, sites, services, items, dependencies }
    }

    /// The item whose closure is half of the estate.
    pub fn hub(&self) -> ItemId {
        item_id(0)
    }

    /// The facts about these items, as the write path would fetch them; whom they reach is for the caller to add.
    pub fn facts_of(&self, items: &[usize], facts: &mut Facts) {
        facts.items = items.iter().map(|n| self.items[*n].clone()).collect();
        let mut services: Vec<ServiceId> = facts.items.iter().flat_map(|item| item.services.iter().copied()).collect();
        services.sort_unstable();
        services.dedup();
        facts.services = services.into_iter().map(|id| self.service(id).clone()).collect();
        let mut sites: Vec<SiteId> = facts.items.iter().filter_map(|item| item.site).collect();
        sites.sort_unstable();
        sites.dedup();
        facts.sites = sites.into_iter().map(|id| self.sites[(id.0 - SITES_FROM) as usize].clone()).collect();
    }

    /// A service by its id.
    pub fn service(&self, id: ServiceId) -> &ServiceFact {
        &self.services[(id.0 - SERVICES_FROM) as usize]
    }

    /// An item by its id.
    pub fn item(&self, id: ItemId) -> &ItemFact {
        &self.items[(id.0 - ITEMS_FROM) as usize]
    }

    /// Somebody of an organisation: 0 is who coordinates or manages its changes.
    pub fn person(&self, org: OrgId, n: usize) -> i64 {
        PEOPLE_FROM + (org.0 - 1) * PEOPLE_EACH as i64 + (n % PEOPLE_EACH) as i64
    }

    /// Somebody who carries out work for a supplier.
    pub fn implementer(&self, supplier: OrgId, n: usize) -> i64 {
        crew_from(supplier) + (n % crew(self.scale)) as i64
    }

    /// Writes all of it, as an administrator would.
    ///
    /// # Errors
    /// The store's.
    pub fn write(self: &Arc<Self>, db: &Db) -> Result<(), StoreError> {
        // The closures may be run again, so each takes its own copies.
        let estate = Arc::clone(self);
        let mut next = db.write(move |tx| {
            let mut events = Events { next: EVENTS_FROM, at: estate.now };
            estate.write_people_and_services(tx, &mut events)?;
            Ok(events.next)
        })?;
        for from in (0..self.scale.items).step_by(TOGETHER) {
            let (estate, some) = (Arc::clone(self), from..(from + TOGETHER).min(self.scale.items));
            next = db.write(move |tx| {
                let mut events = Events { next, at: estate.now };
                some.clone().try_for_each(|n| estate.write_item(tx, &mut events, n))?;
                // What an item needs was written before it.
                some.clone().try_for_each(|n| estate.write_needs(tx, &mut events, n))?;
                Ok(events.next)
            })?;
        }
        Ok(())
    }

    fn write_people_and_services(&self, tx: &mut dyn Tx, events: &mut Events) -> Result<(), StoreError> {
        for org in &self.orgs {
            let row = Organisation {
                is_open_tonight: org.kind == OrgKind::Trust,
                ..Organisation::new(org.id.0, &org.code, &format!("{} {}", name_of(org.id.0 as usize), org.kind.words()), org.kind)
            };
            sure(directory::upsert_organisation(tx, &events.act(), &row, OnDifference::Report))?;
        }
        for site in &self.sites {
            let name = format!("{} site {}", name_of(site.org.0 as usize), site.code);
            let row = Site { id: site.id.0, org_id: site.org.0, code: site.code.clone(), name, ods_code: None };
            sure(directory::upsert_site(tx, &events.act(), &row, OnDifference::Report))?;
        }
        self.services.iter().try_for_each(|service| write_service(tx, events, service))?;
        self.orgs.iter().try_for_each(|org| write_people(tx, events, org, self.scale))?;
        declare(tx, events, &self.orgs, &self.services)
    }

    fn write_item(&self, tx: &mut dyn Tx, events: &mut Events, n: usize) -> Result<(), StoreError> {
        let item = &self.items[n];
        let row = Item {
            id: item.id.0,
            code: item.code.clone(),
            name: format!("{} {}", if item.is_network { "Switch" } else { "Server" }, n),
            item_type: if item.is_network { "switch" } else { "server" }.to_owned(),
            org_id: item.org.0,
            site_id: item.site.map(|site| site.0),
            watched_by: None,
            services: item.services.iter().map(|service| service.0).collect(),
        };
        sure(directory::upsert_item(tx, &events.act(), &row, OnDifference::Report)).map(drop)
    }

    fn write_needs(&self, tx: &mut dyn Tx, events: &mut Events, n: usize) -> Result<(), StoreError> {
        needs(self.scale, n).into_iter().try_for_each(|need| {
            let edge = Dependency { from: node(need.from), to: node(need.to), kind: need.kind.code().to_owned() };
            sure(directory::add_dependency(tx, &events.act(), &edge)).map(drop)
        })
    }
}

/// What an item hangs on: what it is reached over and two more things nearby.
fn needs(scale: Scale, n: usize) -> Vec<schedule::Dependency> {
    let (stack, at, stacks) = (n / STACK, n % STACK, scale.items / STACK);
    let mut chance = Chance::of(scale.seed, 2 << 40 | n as u64);
    let edge = |to: usize, kind: DependencyKind| schedule::Dependency { from: schedule::Node::Item(item_id(n)), to: schedule::Node::Item(item_id(to)), kind };
    let mut all = vec![];
    if at > 0 {
        let kind = *chance.pick(&[DependencyKind::Network, DependencyKind::Power, DependencyKind::Hard]);
        all.push(edge(stack * STACK + at / 5, kind));
    } else if stack > 0 && stack < stacks / 2 {
        all.push(edge(0, DependencyKind::Network));
    }
    // One that draws what it hangs on already draws again; the first few have too little before them.
    for _ in 0..2 * DEGREE {
        if n == 0 || all.len() == DEGREE {
            break;
        }
        // Nearby: in the same stack, or in the one before it.
        let to = n.saturating_sub(1 + chance.below(2 * STACK));
        let kind = *chance.pick(&[DependencyKind::Soft, DependencyKind::Soft, DependencyKind::ClinicalFallback, DependencyKind::RedundantPair]);
        // Firm ways lead up within a stack only, so that one stack does not go down with the next.
        let kind = if to / STACK == stack && chance.in_hundred(20) { DependencyKind::Hard } else { kind };
        if all.iter().all(|known| known.to != schedule::Node::Item(item_id(to))) {
            all.push(edge(to, kind));
        }
    }
    all
}

fn item_id(n: usize) -> ItemId {
    ItemId(ITEMS_FROM + n as i64)
}

fn node(node: schedule::Node) -> Node {
    match node {
        schedule::Node::Item(id) => Node::Item(id.0),
        schedule::Node::Service(id) => Node::Service(id.0),
    }
}

fn letters(kind: OrgKind) -> &'static str {
    match kind {
        OrgKind::Authority => "AUTH",
        OrgKind::Network => "NET",
        OrgKind::Supplier => "SUP",
        OrgKind::Trust => "TR",
    }
}

fn name_of(n: usize) -> String {
    const FIRST: [&str; 10] = ["North", "South", "East", "West", "Upper", "Lower", "Great", "Little", "Long", "Old"];
    const SECOND: [&str; 10] = ["brook", "field", "mere", "bridge", "marsh", "ford", "ham", "wick", "combe", "stead"];
    format!("{}{} {n}", FIRST[n % 10], SECOND[n / 10 % 10])
}

/// Ids of directory events, and when.
struct Events {
    next: i64,
    at: Timestamp,
}

impl Events {
    fn act(&mut self) -> Act {
        self.next += 1;
        Act { event_id: self.next, by: None, at: self.at }
    }
}

fn write_service(tx: &mut dyn Tx, events: &mut Events, service: &ServiceFact) -> Result<(), StoreError> {
    let n = (service.id.0 - SERVICES_FROM) as usize;
    let row = Service {
        is_direct_care: service.direct_care,
        is_always_on: service.always_on,
        users_count: 400,
        ..Service::new(service.id.0, &service.code, &format!("{} {n}", SERVICE_NAMES[n % SERVICE_NAMES.len()]), service.owner.0)
    };
    sure(directory::upsert_service(tx, &events.act(), &row, OnDifference::Report))?;
    let users: Vec<i64> = service.users.iter().map(|org| org.0).collect();
    sure(directory::set_service_orgs(tx, &events.act(), service.id.0, &users))?;
    if service.direct_care {
        sure(directory::set_clinic_hours(tx, &events.act(), service.id.0, "Mon-Fri 08:00-18:00; Sat 09:00-13:00"))?;
    }
    Ok(())
}

/// How many people carry out work for each supplier: somebody has a job or two a week.
fn crew(scale: Scale) -> usize {
    (scale.changes / 5_000).clamp(4, 1_000)
}

fn crew_from(supplier: OrgId) -> i64 {
    CREWS_FROM + supplier.0 * 1_000
}

fn write_people(tx: &mut dyn Tx, events: &mut Events, org: &OrgFact, scale: Scale) -> Result<(), StoreError> {
    let roles: [Role; PEOPLE_EACH] = match org.kind {
        OrgKind::Authority => [Role::AuthorityManager, Role::AuthorityManager, Role::Auditor, Role::Administrator, Role::GroupMember],
        OrgKind::Network => [Role::NetworkDesk; PEOPLE_EACH],
        OrgKind::Supplier => [Role::SupplierManager, Role::Assessor, Role::Implementer, Role::Implementer, Role::Desk],
        OrgKind::Trust => [Role::Coordinator, Role::Requester, Role::Requester, Role::ServiceOwner, Role::GroupMember],
    };
    let staff = roles.into_iter().enumerate().map(|(n, role)| (PEOPLE_FROM + (org.id.0 - 1) * PEOPLE_EACH as i64 + n as i64, role));
    let crew = if org.kind == OrgKind::Supplier { crew(scale) as i64 } else { 0 };
    for (id, role) in staff.chain((0..crew).map(|n| (crew_from(org.id) + n, Role::Implementer))) {
        let person = Person { created_at: events.at, ..Person::new(id, &format!("p{id}@example.org"), &format!("{} Person", name_of(id as usize % 997))) };
        sure(accounts::upsert_person(tx, &events.act(), &person, OnDifference::Report))?;
        let membership = NewMembership { id: id - PEOPLE_FROM + MEMBERSHIPS_FROM, person_id: id, org_id: org.id.0, role, service_id: None };
        sure(accounts::grant_role(tx, &events.act(), &membership))?;
    }
    Ok(())
}

/// Freezes of everything and of organisations, and windows that come again each week for every third service.
fn declare(tx: &mut dyn Tx, events: &mut Events, orgs: &[OrgFact], services: &[ServiceFact]) -> Result<(), StoreError> {
    let at = events.at;
    let day = |n: i64| local::wall(at.saturating_add(SignedDuration::from_hours(24 * n)).unwrap_or(at), &london()).date();
    let once = |from: i64, days: i64| {
        let start = at.saturating_add(SignedDuration::from_hours(24 * from)).unwrap_or(at);
        Recurrence::once(Span { from: start, until: start.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(start) }, DEFAULT_ZONE)
    };
    let weekly = |weekday: &str, from: &str, until: &str| {
        let (starts, ends) = (format!("{}T{from}", day(-30)), format!("{}T{until}", day(-30)));
        let rule = format!("FREQ=WEEKLY;BYDAY={weekday}");
        let typed = Typed { zone: DEFAULT_ZONE, starts: &starts, ends: &ends, rule: &rule, except: "" };
        Recurrence::read(&typed).map_err(|faults| StoreError::Constraint(format!("{faults:?}")))
    };
    let mut id = DECLARED_FROM;
    let mut next = || {
        id += 1;
        id
    };
    let freeze = |is_hard| FreezeTerms { is_hard, from_level: Level::NoImpact, reason: "Agreed by the board.".to_owned() };
    for (title, from, days, is_hard) in [("Winter freeze", 25, 14, true), ("Month’s end", 3, 2, false)] {
        put(tx, events, next(), Extent::Everything, title, once(from, days), freeze(is_hard))?;
    }
    for (n, org) in orgs.iter().filter(|org| org.kind == OrgKind::Trust).enumerate().filter(|(n, _)| n % 10 == 0) {
        put(tx, events, next(), Extent::Organisation(org.id), "Moving wards", once(10 + n as i64 % 40, 5), freeze(n % 20 == 0))?;
    }
    for (n, service) in services.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        let when = weekly(["SU", "TU", "TH"][n / 3 % 3], "01:00", "05:00")?;
        let own = MaintenanceTerms { up_to: Level::Outage, agreed_by: "Board of the service".to_owned(), reason: "It is quiet then.".to_owned() };
        put(tx, events, next(), Extent::Node(schedule::Node::Service(service.id)), "Agreed night", when, own)?;
    }
    Ok(())
}

fn put<D: Terms>(tx: &mut dyn Tx, events: &mut Events, id: i64, extent: Extent, title: &str, when: Recurrence, own: D) -> Result<(), StoreError> {
    let row = Declared { id, title: title.to_owned(), extent, when, declared_by: None, created_at: events.at, ended_at: None, own };
    sure(directory::declare(tx, &events.act(), &row)).map(drop)
}

/// The world is ours to make: a refusal is a fault of this file.
pub fn sure<T>(answer: Answer<T>) -> Result<T, StoreError> {
    answer?.map_err(|refused| StoreError::Constraint(format!("{refused:?}")))
}
