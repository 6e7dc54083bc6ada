//! The register that a rehearsal decides upon, fetched once and asked many times: the same facts that the write path
//! fetches for one command (spec 10.2, 6.7).

use crate::actor::{Actor, Membership, OrgKind, Stamp};
use crate::calendar::Calendar;
use crate::change::{Change, Header, Kind, Window};
use crate::decide::Context;
use crate::facts::{ClashFact, Facts, FactsQuery, ItemFact, OrgFact, PersonFact, Reach, ServiceFact, SiteFact};
use crate::ids::{ItemId, OrgId, PersonId, ServiceId, SiteId};
use crate::process::Process;
use crate::schedule::{self, Calendars, ClashWith, Dependency, Node, PlannedWork, ScheduleIndex, Span};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// A role and the time in which somebody held it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub membership: Membership,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// A person, as far as rules need one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub email: String,
    pub held: Vec<Held>,
    /// The organisations for which they may be named to carry work out.
    pub works_for: Vec<OrgId>,
}

/// Whose calendar and clock count.
#[derive(Clone, Debug)]
pub struct Place {
    pub calendar: Calendar,
    pub zone_name: String,
    pub zone: TimeZone,
}

impl Place {
    /// The core's context at this place.
    pub fn context<'a>(&'a self, actor: &'a Actor, process: &'a Process, facts: &'a Facts, now: Timestamp) -> Context<'a> {
        Context { now, actor, process, calendar: &self.calendar, zone_name: &self.zone_name, zone: &self.zone, facts }
    }
}

/// Everything that the register holds.
pub struct Estate {
    orgs: Vec<OrgFact>,
    places: BTreeMap<OrgId, Place>,
    default_place: Place,
    items: BTreeMap<ItemId, ItemFact>,
    services: BTreeMap<ServiceId, ServiceFact>,
    sites: BTreeMap<SiteId, SiteFact>,
    people: BTreeMap<PersonId, Known>,
    item_codes: BTreeMap<String, ItemId>,
    service_codes: BTreeMap<String, ServiceId>,
    site_codes: BTreeMap<String, Vec<SiteId>>,
    emails: BTreeMap<String, PersonId>,
    circuit_sites: BTreeSet<SiteId>,
    looked_at: Vec<(String, Timestamp)>,
    /// The dependencies, with no work in it.
    empty: ScheduleIndex,
}

/// The rows that an [`Estate`] is made of.
pub struct Rows {
    pub orgs: Vec<(OrgFact, Place)>,
    pub items: Vec<ItemFact>,
    pub services: Vec<ServiceFact>,
    pub sites: Vec<SiteFact>,
    pub people: BTreeMap<PersonId, Known>,
    /// That a service runs on an item is one of them.
    pub dependencies: Vec<Dependency>,
    pub calendars: Calendars,
    /// Sites at which the register has a circuit.
    pub circuit_sites: BTreeSet<SiteId>,
    /// Entries of the catalogue, each time that one was looked at again.
    pub looked_at: Vec<(String, Timestamp)>,
    /// For an organisation that is not known any more.
    pub default_place: Place,
}

impl Estate {
    /// Sorts the rows so that they are found.
    pub fn new(rows: Rows) -> Estate {
        let mut site_codes: BTreeMap<String, Vec<SiteId>> = BTreeMap::new();
        for site in &rows.sites {
            site_codes.entry(site.code.clone()).or_default().push(site.id);
        }
        Estate {
            item_codes: rows.items.iter().map(|item| (item.code.clone(), item.id)).collect(),
            service_codes: rows.services.iter().map(|service| (service.code.clone(), service.id)).collect(),
            site_codes,
            circuit_sites: rows.circuit_sites,
            looked_at: rows.looked_at,
            emails: rows.people.iter().map(|(id, known)| (known.email.to_ascii_lowercase(), *id)).collect(),
            empty: ScheduleIndex::build([], &rows.dependencies, rows.calendars),
            places: rows.orgs.iter().map(|(org, place)| (org.id, place.clone())).collect(),
            orgs: rows.orgs.into_iter().map(|(org, _)| org).collect(),
            default_place: rows.default_place,
            items: rows.items.into_iter().map(|item| (item.id, item)).collect(),
            services: rows.services.into_iter().map(|service| (service.id, service)).collect(),
            sites: rows.sites.into_iter().map(|site| (site.id, site)).collect(),
            people: rows.people,
        }
    }

    /// A schedule with every freeze and dependency, and no work.
    pub fn index(&self) -> ScheduleIndex {
        self.empty.clone()
    }

    /// The calendar and zone of an organisation.
    pub fn place(&self, org: OrgId) -> &Place {
        self.places.get(&org).unwrap_or(&self.default_place)
    }

    /// When an entry of the catalogue was last looked at again.
    pub fn looked_at(&self, entry: &str, now: Timestamp) -> Option<Timestamp> {
        self.looked_at.iter().filter(|(id, at)| id == entry && *at <= now).map(|(_, at)| *at).max()
    }

    /// The code of an organisation.
    pub fn org_code(&self, org: OrgId) -> Option<&str> {
        self.orgs.iter().find(|one| one.id == org).map(|one| one.code.as_str())
    }

    /// The code of a service.
    pub fn service_code(&self, id: ServiceId) -> Option<&str> {
        self.services.get(&id).map(|service| service.code.as_str())
    }

    /// The code of an item.
    pub fn item_code(&self, id: ItemId) -> Option<&str> {
        self.items.get(&id).map(|item| item.code.as_str())
    }

    /// The code of a site.
    pub fn site_code(&self, id: SiteId) -> Option<&str> {
        self.sites.get(&id).map(|site| site.code.as_str())
    }

    /// The address of a person.
    pub fn email(&self, id: PersonId) -> Option<&str> {
        self.people.get(&id).map(|known| known.email.as_str())
    }

    fn kind_of(&self, org: OrgId) -> Option<OrgKind> {
        self.orgs.iter().find(|one| one.id == org).map(|one| one.kind)
    }

    /// Whose calendar counts the days: the supplier that receives the notice, else the raiser (spec 7.1).
    pub fn recipient(&self, change: &Change) -> OrgId {
        let parties = change.parties();
        parties.runs.iter().copied().find(|org| self.kind_of(*org) == Some(OrgKind::Supplier)).unwrap_or(change.org)
    }

    /// Who acted, with the roles held then; the one acted under is among them whatever the register says now.
    pub fn actor(&self, by: &Stamp, at: Timestamp) -> Actor {
        let Some(id) = by.person else { return Actor::System };
        let held = self.people.get(&id).map(|known| known.held.as_slice()).unwrap_or_default();
        let is_live = |held: &&Held| held.from <= at && held.until.is_none_or(|until| at < until);
        let mut memberships: Vec<Membership> = held.iter().filter(is_live).map(|held| held.membership.clone()).collect();
        if let (Some(org), Some(role)) = (by.org, by.role)
            && !memberships.iter().any(|m| m.org == org && m.role == role)
        {
            memberships.push(Membership { org, org_kind: self.kind_of(org).unwrap_or(OrgKind::Trust), role, service: None, cover: None });
        }
        Actor::Person { id, memberships }
    }

    /// Facts about organisations alone.
    pub fn nothing(&self) -> Facts {
        Facts { orgs: self.orgs.clone(), ..Facts::default() }
    }

    /// Facts about a row of history.
    pub fn facts_of(&self, header: &Header) -> Facts {
        let query = FactsQuery { items: header.items.iter().copied().collect(), ..FactsQuery::default() };
        self.facts(&query)
    }

    /// Everything that the query asks for, but clashes.
    pub fn facts(&self, query: &FactsQuery) -> Facts {
        let mut facts = self.nothing();
        let mut items: BTreeSet<ItemId> = query.items.clone();
        items.extend(query.item_codes.iter().filter_map(|code| self.item_codes.get(code)));
        facts.items = items.iter().filter_map(|id| self.items.get(id)).cloned().collect();
        let mut services: BTreeSet<ServiceId> = query.services.clone();
        services.extend(query.service_codes.iter().filter_map(|code| self.service_codes.get(code)));
        services.extend(facts.items.iter().flat_map(|item| item.services.iter().copied()));
        facts.services = services.iter().filter_map(|id| self.services.get(id)).cloned().collect();
        let mut sites: BTreeSet<SiteId> = query.site_codes.iter().filter_map(|code| self.site_codes.get(code)).flatten().copied().collect();
        sites.extend(facts.items.iter().filter_map(|item| item.site));
        facts.sites = sites.iter().filter_map(|id| self.sites.get(id)).cloned().collect();
        for id in query.person_emails.iter().filter_map(|email| self.emails.get(&email.to_ascii_lowercase())) {
            if let Some(known) = self.people.get(id) {
                let hats = known.held.iter().filter(|held| held.until.is_none()).map(|held| held.membership.clone()).collect();
                facts.people.push(PersonFact { id: *id, email: known.email.clone(), orgs: known.works_for.clone(), hats });
            }
        }
        facts.files = query.file_ids.iter().map(|id| (*id, (String::new(), 1, String::new()))).collect();
        facts.site_circuits = facts.sites.iter().any(|site| self.circuit_sites.contains(&site.id));
        facts.reach = self.reach(&facts);
        facts
    }

    fn reach(&self, facts: &Facts) -> Reach {
        let named = named(facts);
        let mut reach = Reach::default();
        if named.is_empty() {
            return reach;
        }
        for node in self.empty.affected(&named).into_keys().filter(|node| !named.contains(node)) {
            match node {
                Node::Service(id) => {
                    let Some(service) = self.services.get(&id) else { continue };
                    reach.services.insert(id);
                    reach.orgs.extend(service.users.iter().copied());
                    reach.runs.insert(service.owner);
                    reach.direct_care |= service.direct_care;
                    reach.always_on |= service.always_on;
                    reach.network |= service.is_network;
                }
                Node::Item(id) => {
                    let Some(item) = self.items.get(&id) else { continue };
                    reach.orgs.insert(item.org);
                    reach.network |= item.is_network;
                }
            }
        }
        reach
    }

    /// What stands in the way of the window.
    pub fn clashes(&self, index: &ScheduleIndex, facts: &Facts, change: &Change, window: Window) -> Vec<ClashFact> {
        let users = facts.services.iter().flat_map(|service| service.users.iter().copied());
        let proposal = PlannedWork {
            change: change.id,
            reference: change.reference.clone(),
            nodes: named(facts),
            sites: facts.sites.iter().map(|site| site.id).collect(),
            organisations: facts.items.iter().map(|item| item.org).chain(users).chain(facts.reach.orgs.iter().copied()).collect(),
            span: Span { from: window.start, until: window.contingency_end },
            people: schedule::people(change),
            after: BTreeSet::new(),
            stage_rank: schedule::rank(change.stage),
            level: schedule::level(change.kind),
            passes_freezes: change.kind == Kind::Emergency,
            excepted: BTreeSet::new(),
        };
        let ruled = |clash: &crate::schedule::Clash| {
            let ClashWith::Work { change: other, .. } = &clash.with else { return None };
            let of_pair = |one: &&crate::decide::clash::Ruled| one.settled.other == *other && one.settled.rule == clash.rule.code();
            let own = (window.start, window.contingency_end);
            change.settled.iter().find(of_pair).filter(|one| one.settled.own == own).map(|one| one.settled.way)
        };
        let fact = |clash: crate::schedule::Clash| ClashFact {
            rule: clash.rule.code().to_owned(),
            hard: clash.is_hard(),
            with: match &clash.with {
                ClashWith::Calendar { title, .. } => title.clone(),
                ClashWith::Work { reference, .. } => reference.clone(),
            },
            shared: clash.path.iter().filter_map(|node| self.node_code(*node)).collect::<Vec<_>>().join(" › "),
            from: clash.span.from,
            until: clash.span.until,
            freeze: match &clash.with {
                ClashWith::Calendar { id, .. } if clash.rule == schedule::ClashRule::Freeze => Some(*id),
                _ => None,
            },
            other: None,
            settled: ruled(&clash),
            caught: vec![],
        };
        index.check(&proposal).into_iter().map(fact).collect()
    }

    fn node_code(&self, node: Node) -> Option<&str> {
        match node {
            Node::Item(id) => self.item_code(id),
            Node::Service(id) => self.service_code(id),
        }
    }
}

fn named(facts: &Facts) -> BTreeSet<Node> {
    let items = facts.items.iter().map(|item| Node::Item(item.id));
    items.chain(facts.services.iter().map(|service| Node::Service(service.id))).collect()
}
