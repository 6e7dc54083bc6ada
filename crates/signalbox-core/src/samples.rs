//! A small world to try the core on: six organisations, their people, services and equipment, and one change in it.
//! The walk and the tests share it; nothing of it reaches a page.

use crate::act::Act;
use crate::actor::{Actor, Membership, OrgKind, Role, Stamp};
use crate::apply::apply;
use crate::calendar::{self, Calendar, Division};
use crate::change::Change;
use crate::decide::{self, Command, Context, Decision, Raise, facts_needed};
use crate::event::Recorded;
use crate::facts::*;
use crate::form::Raw;
use crate::ids::*;
use crate::offers::{Offer, offers};
use crate::process::{Process, TimerAct};
use crate::react::{Task, react};
use crate::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// The trust that raises most of the work.
pub const TRUST: OrgId = OrgId(1);
/// A trust that shares its services.
pub const OTHER_TRUST: OrgId = OrgId(2);
/// The supplier that runs them.
pub const SUPPLIER: OrgId = OrgId(3);
pub const AUTHORITY: OrgId = OrgId(4);
pub const NETWORK: OrgId = OrgId(5);
/// A second supplier, with one service of its own.
pub const OTHER_SUPPLIER: OrgId = OrgId(6);

const ORGS: &[(OrgId, &str, OrgKind)] = &[
    (TRUST, "RXA", OrgKind::Trust),
    (OTHER_TRUST, "RXB", OrgKind::Trust),
    (SUPPLIER, "SUP", OrgKind::Supplier),
    (AUTHORITY, "AUT", OrgKind::Authority),
    (NETWORK, "NET", OrgKind::Network),
    (OTHER_SUPPLIER, "ALT", OrgKind::Supplier),
];

/// Name, and every hat: organisation and role. The first word of a name is unique.
const PEOPLE: &[(&str, &[(OrgId, Role)])] = &[
    ("requester", &[(TRUST, Role::Requester)]),
    ("coordinator", &[(TRUST, Role::Coordinator)]),
    ("deputy", &[(TRUST, Role::Coordinator), (TRUST, Role::Implementer)]),
    ("owner", &[(TRUST, Role::ServiceOwner)]),
    ("trust-officer", &[(TRUST, Role::TrustSafety)]),
    ("neighbour", &[(OTHER_TRUST, Role::Coordinator)]),
    ("neighbour-owner", &[(OTHER_TRUST, Role::ServiceOwner)]),
    ("neighbour-officer", &[(OTHER_TRUST, Role::TrustSafety)]),
    ("manager", &[(SUPPLIER, Role::SupplierManager)]),
    ("manager-deputy", &[(SUPPLIER, Role::SupplierManager), (SUPPLIER, Role::Requester)]),
    ("assessor", &[(SUPPLIER, Role::Assessor)]),
    ("implementer", &[(SUPPLIER, Role::Implementer)]),
    ("commercial", &[(SUPPLIER, Role::Commercial)]),
    ("desk", &[(SUPPLIER, Role::Desk)]),
    ("supplier-officer", &[(SUPPLIER, Role::SupplierSafety)]),
    ("other-manager", &[(OTHER_SUPPLIER, Role::SupplierManager)]),
    ("other-assessor", &[(OTHER_SUPPLIER, Role::Assessor)]),
    ("other-commercial", &[(OTHER_SUPPLIER, Role::Commercial)]),
    ("authority", &[(AUTHORITY, Role::AuthorityManager)]),
    ("authority-deputy", &[(AUTHORITY, Role::AuthorityManager), (AUTHORITY, Role::Requester)]),
    ("authority-officer", &[(AUTHORITY, Role::AuthoritySafety)]),
    ("carrier", &[(NETWORK, Role::NetworkDesk)]),
    ("reader", &[(OTHER_TRUST, Role::GroupMember)]),
    ("auditor", &[(AUTHORITY, Role::Auditor)]),
    ("administrator", &[(AUTHORITY, Role::Administrator)]),
    // Wears more hats than anybody should: separation of duty has to hold for the person all the same.
    (
        "hats",
        &[
            (TRUST, Role::Coordinator),
            (SUPPLIER, Role::SupplierManager),
            (SUPPLIER, Role::Implementer),
            (SUPPLIER, Role::SupplierSafety),
            (AUTHORITY, Role::AuthorityManager),
        ],
    ),
];

/// A person of the world.
#[derive(Clone, Debug)]
pub struct Player {
    pub name: &'static str,
    pub actor: Actor,
    pub email: String,
}

/// The world: who is in it and what they share.
#[derive(Clone, Debug)]
pub struct World {
    pub people: Vec<Player>,
    pub calendar: Calendar,
    pub zone_name: String,
    pub zone: TimeZone,
    directory: Facts,
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

impl World {
    /// The world as it always begins.
    pub fn new() -> World {
        let kind = |org: OrgId| ORGS.iter().find(|(o, ..)| *o == org).map_or(OrgKind::Trust, |(_, _, kind)| *kind);
        let people: Vec<Player> = PEOPLE
            .iter()
            .enumerate()
            .map(|(n, (name, hats))| {
                let memberships = hats.iter().map(|(org, role)| Membership { org: *org, org_kind: kind(*org), role: *role, service: None }).collect();
                Player { name, actor: Actor::Person { id: PersonId(101 + n as i64), memberships }, email: format!("{name}@example.org") }
            })
            .collect();
        let directory = directory(&people);
        World {
            people,
            calendar: Calendar::shipped(Division::EnglandAndWales),
            zone_name: calendar::DEFAULT_ZONE.to_owned(),
            zone: calendar::london(),
            directory,
        }
    }

    /// The person of this name; the first person where there is none, which no test can mistake for a pass.
    pub fn person(&self, name: &str) -> &Player {
        self.people.iter().find(|p| p.name == name).unwrap_or(&self.people[0])
    }

    /// The code of an organisation.
    pub fn org_code(&self, org: OrgId) -> &'static str {
        ORGS.iter().find(|(o, ..)| *o == org).map_or("", |(_, code, _)| code)
    }

    /// What is in the directory: everything, for this world hides nothing.
    pub fn directory(&self) -> &Facts {
        &self.directory
    }

    /// What a shell would fetch for this query.
    pub fn facts(&self, query: &FactsQuery, clashes: &[ClashFact], prose: &BTreeMap<TextId, String>) -> Facts {
        let mut facts = self.directory.clone();
        facts.reach = self.reach(query);
        facts.clashes = clashes.to_vec();
        facts.prose = prose.clone();
        facts
    }

    /// PACS feeds the emergency board, so what touches the one reaches the other (spec 10.2).
    fn reach(&self, query: &FactsQuery) -> Reach {
        let named_item = |i: &&ItemFact| query.items.contains(&i.id) || query.item_codes.iter().any(|c| c.eq_ignore_ascii_case(&i.code));
        let mut services: BTreeSet<ServiceId> = self.directory.items.iter().filter(named_item).flat_map(|i| i.services.clone()).collect();
        let named = |s: &&ServiceFact| query.services.contains(&s.id) || query.service_codes.iter().any(|c| c.eq_ignore_ascii_case(&s.code));
        services.extend(self.directory.services.iter().filter(named).map(|s| s.id));
        if services.contains(&ServiceId(1)) {
            services.insert(ServiceId(5));
        }
        let mut reach = Reach { services: services.clone(), ..Reach::default() };
        for service in self.directory.services.iter().filter(|s| services.contains(&s.id)) {
            reach.runs.insert(service.owner);
            reach.orgs.extend(&service.users);
            reach.direct_care |= service.direct_care;
            reach.always_on |= service.always_on;
            reach.network |= service.is_network;
        }
        reach
    }
}

fn directory(people: &[Player]) -> Facts {
    let service = |id, code: &str, owner, users: &[OrgId], direct_care, always_on, is_network| ServiceFact {
        id: ServiceId(id),
        code: code.to_owned(),
        owner,
        users: users.to_vec(),
        direct_care,
        always_on,
        is_network,
    };
    let item = |id, code: &str, org, site, services: &[i64], is_network| ItemFact {
        id: ItemId(id),
        code: code.to_owned(),
        org,
        site: Some(SiteId(site)),
        services: services.iter().map(|s| ServiceId(*s)).collect(),
        is_network,
    };
    Facts {
        orgs: ORGS.iter().map(|(id, code, kind)| OrgFact { id: *id, code: (*code).to_owned(), kind: *kind }).collect(),
        services: vec![
            service(1, "PACS", SUPPLIER, &[TRUST, OTHER_TRUST], true, false, false),
            service(2, "ROTA", SUPPLIER, &[TRUST], false, false, false),
            service(3, "WAN", NETWORK, &[TRUST, OTHER_TRUST], false, false, true),
            service(4, "CANTEEN", TRUST, &[TRUST], false, false, false),
            service(5, "EDBOARD", SUPPLIER, &[TRUST], true, true, false),
            service(6, "LIBRARY", OTHER_SUPPLIER, &[OTHER_TRUST], false, false, false),
        ],
        items: vec![
            item(1, "GW-1", TRUST, 1, &[1], false),
            item(2, "SW-1", TRUST, 1, &[], false),
            item(3, "CCT-1", TRUST, 1, &[3], true),
            item(4, "SRV-2", SUPPLIER, 3, &[2], false),
            item(5, "TILL-4", TRUST, 1, &[4], false),
            item(6, "SHELF-6", OTHER_TRUST, 2, &[6], false),
        ],
        sites: vec![
            SiteFact { id: SiteId(1), code: "MAIN".into(), org: TRUST },
            SiteFact { id: SiteId(2), code: "NORTH".into(), org: OTHER_TRUST },
            SiteFact { id: SiteId(3), code: "HALL".into(), org: SUPPLIER },
        ],
        people: people
            .iter()
            .map(|p| PersonFact {
                id: p.actor.person().unwrap_or(PersonId(0)),
                email: p.email.clone(),
                orgs: p.actor.memberships().iter().map(|m| m.org).collect(),
            })
            .collect(),
        files: [(1, ("plan.pdf".to_owned(), 2_048, "ab".repeat(32)))].into(),
        ..Facts::default()
    }
}

/// One change in the world, with its log and the words beside it.
#[derive(Clone)]
pub struct Case<'w> {
    pub world: &'w World,
    pub process: &'w Process,
    pub now: Timestamp,
    pub change: Change,
    pub log: Vec<Recorded>,
    pub prose: BTreeMap<TextId, String>,
    /// What stands in the way of the window, as the shell would find it.
    pub clashes: Vec<ClashFact>,
    next_id: i64,
}

impl<'w> Case<'w> {
    /// A draft, raised for an organisation of the person; `None` if the person may not.
    pub fn raise(world: &'w World, process: &'w Process, who: &Player, org: OrgId, number: u32, now: Timestamp) -> Result<Case<'w>, Refusal> {
        let facts = world.facts(&FactsQuery::default(), &[], &BTreeMap::new());
        let ctx = Context { now, actor: &who.actor, process, calendar: &world.calendar, zone_name: &world.zone_name, zone: &world.zone, facts: &facts };
        let reference = format!("{}-2026-{number:06}", process.prefix);
        let raise = Raise { id: ChangeId(1), reference, org, on_behalf_of: None, copied_from: None, mint: Mint::new(1_000, [7; 16]) };
        let decision = decide::raise(&ctx, raise)?;
        let change = apply(None, &decision.events[0]);
        let mut case = Case { world, process, now, change, log: vec![], prose: BTreeMap::new(), clashes: vec![], next_id: 1_000 };
        case.remember(&decision);
        Ok(case)
    }

    fn remember(&mut self, decision: &Decision) {
        self.log.extend(decision.events.iter().cloned());
        self.prose.extend(decision.texts.iter().map(|t| (t.id, t.body.clone())));
        self.next_id += Mint::BLOCK;
    }

    /// The facts that an act with these fields would be decided on.
    pub fn facts_for(&self, act: Option<Act>, raw: &Raw) -> Facts {
        let query = facts_needed(self.process, Some(&self.change), act, raw, &self.world.zone);
        self.world.facts(&query, &self.clashes, &self.prose)
    }

    /// What deciding looks at.
    pub fn context<'a>(&'a self, actor: &'a Actor, facts: &'a Facts) -> Context<'a> {
        Context { now: self.now, actor, process: self.process, calendar: &self.world.calendar, zone_name: &self.world.zone_name, zone: &self.world.zone, facts }
    }

    /// What the core would decide, without it happening.
    pub fn try_act(&self, actor: &Actor, act: Act, raw: &Raw) -> Result<Decision, Refusal> {
        let facts = self.facts_for(Some(act), raw);
        decide::decide(&self.context(actor, &facts), &self.change, Command { act, raw: raw.clone(), mint: Mint::new(self.next_id, [7; 16]) })
    }

    /// Does it, and answers the events with the tasks that follow.
    pub fn act(&mut self, actor: &Actor, act: Act, raw: &Raw) -> Result<Vec<(Recorded, Vec<Task>)>, Refusal> {
        let decision = self.try_act(actor, act, raw)?;
        Ok(self.happen(&decision))
    }

    /// A timer of the change is due.
    pub fn time_out(&mut self, then: TimerAct) -> Result<Vec<(Recorded, Vec<Task>)>, Refusal> {
        let facts = self.facts_for(None, &Raw::new());
        let decision = decide::time_out(&self.context(&Actor::System, &facts), &self.change, then, Mint::new(self.next_id, [7; 16]))?;
        Ok(self.happen(&decision))
    }

    fn happen(&mut self, decision: &Decision) -> Vec<(Recorded, Vec<Task>)> {
        self.remember(decision);
        let mut followed = vec![];
        for recorded in &decision.events {
            let after = apply(Some(self.change.clone()), recorded);
            let tasks = react(self.process, &self.world.calendar, &self.world.zone, Some(&self.change), &after, recorded);
            followed.push((recorded.clone(), tasks));
            self.change = after;
        }
        followed
    }

    /// What this actor is offered.
    pub fn offers(&self, actor: &Actor) -> Vec<Offer> {
        let facts = self.facts_for(None, &Raw::new());
        offers(&self.context(actor, &facts), &self.change)
    }

    /// The membership under which the actor may act now, or why not.
    pub fn may(&self, actor: &Actor, act: Act) -> Result<Stamp, Refusal> {
        self.may_by(&self.facts_for(None, &Raw::new()), actor, act)
    }

    /// The same on facts that were fetched before.
    pub fn may_by(&self, facts: &Facts, actor: &Actor, act: Act) -> Result<Stamp, Refusal> {
        crate::permit::permit(&self.context(actor, facts), &self.change, act).map(|(_, stamp)| stamp)
    }

    /// Everybody who may, each with the membership under which they may.
    pub fn who_may(&self, act: Act) -> Vec<(&'w Player, Stamp)> {
        let facts = self.facts_for(None, &Raw::new());
        self.world.people.iter().filter_map(|player| Some((player, self.may_by(&facts, &player.actor, act).ok()?))).collect()
    }
}

/// Raw fields from pairs.
pub fn raw(fields: &[(&str, &str)]) -> Raw {
    fields.iter().map(|(id, value)| ((*id).to_owned(), vec![(*value).to_owned()])).collect()
}
