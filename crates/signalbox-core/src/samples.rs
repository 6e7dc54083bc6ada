//! A small world to try the core on: six organisations, their people, services and equipment, and one change in it.
//! The walk and the tests share it; nothing of it reaches a page.

use crate::act::Act;
use crate::actor::{Actor, Cover, Membership, OrgKind, Role, Stamp};
use crate::apply::apply;
use crate::board::{BoardFact, Hearing, MeetingFact, Seat, SeatFact};
use crate::calendar::{self, Calendar, Division};
use crate::change::Change;
use crate::charge::rates::{RateFact, RateKind, Span};
use crate::cover::Holder;
use crate::decide::{self, Command, Context, Decision, Raise, facts_needed};
use crate::event::Recorded;
use crate::facts::*;
use crate::form::Raw;
use crate::ids::*;
use crate::learn::Grade;
use crate::modality::ModalityFact;
use crate::offers::{Offer, offers};
use crate::process::{Process, TimerAct};
use crate::react::{Task, react};
use crate::refusal::Refusal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    ("finance", &[(TRUST, Role::Finance)]),
    ("finance-head", &[(TRUST, Role::Finance)]),
    ("trust-officer", &[(TRUST, Role::TrustSafety)]),
    ("neighbour", &[(OTHER_TRUST, Role::Coordinator)]),
    ("neighbour-finance", &[(OTHER_TRUST, Role::Finance)]),
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
    ("on-call", &[(OTHER_TRUST, Role::EmergencyBoardMember)]),
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
    ("other-officer", &[(OTHER_SUPPLIER, Role::SupplierSafety)]),
    ("manager-cover", &[(SUPPLIER, Role::Requester)]),
    ("authority-cover", &[(AUTHORITY, Role::Requester)]),
];

/// Who holds a membership of somebody else for now (SD-10): delegate, delegator, organisation and role.
const COVERS: &[(&str, &str, OrgId, Role)] = &[
    ("manager-cover", "manager", SUPPLIER, Role::SupplierManager),
    ("authority-cover", "authority", AUTHORITY, Role::AuthorityManager),
    // Raises work, and stands in for who would decide it.
    ("authority-deputy", "authority", AUTHORITY, Role::AuthorityManager),
];

/// Who sits on the board of this world.
const SEATS: &[(&str, Seat)] = &[
    ("authority", Seat::Chair),
    ("authority-deputy", Seat::Deputy),
    ("manager", Seat::Member),
    ("manager-deputy", Seat::Member),
    ("coordinator", Seat::Member),
    ("neighbour", Seat::Member),
    ("authority-officer", Seat::Safety),
    ("reader", Seat::Observer),
];

/// Somebody new with one role, as matrices make them: registered wherever they are asked to sign.
pub const NEWCOMER: PersonId = PersonId(999);

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
        let mut people: Vec<Player> = PEOPLE
            .iter()
            .enumerate()
            .map(|(n, (name, hats))| {
                let memberships =
                    hats.iter().map(|(org, role)| Membership { org: *org, org_kind: kind(*org), role: *role, service: None, cover: None }).collect();
                Player { name, actor: Actor::Person { id: PersonId(101 + n as i64), memberships }, email: format!("{name}@example.org") }
            })
            .collect();
        stand_in(&mut people);
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

    /// Agrees that routine work on these services needs no officer to screen it (X8).
    pub fn agree(&mut self, code: &str, services: &[i64]) {
        self.directory.patterns.push(Pattern {
            code: code.to_owned(),
            services: services.iter().map(|s| ServiceId(*s)).collect(),
            expires_on: jiff::civil::date(2099, 12, 31),
        });
    }

    /// The registrations of a person end on this day.
    pub fn registered_until(&mut self, person: &str, day: jiff::civil::Date) {
        let id = self.person(person).actor.person();
        self.directory.registrations.iter_mut().filter(|r| Some(r.person) == id).for_each(|r| r.expires_on = day);
    }

    /// What is in the directory: everything, for this world hides nothing.
    pub fn directory(&self) -> &Facts {
        &self.directory
    }

    /// What a shell would fetch for this query.
    pub fn facts(&self, query: &FactsQuery, clashes: &[ClashFact], prose: &BTreeMap<TextId, String>) -> Facts {
        let mut facts = self.directory.clone();
        facts.reach = self.reach(query);
        facts.changes = known_changes(query);
        facts.named = facts.people.clone();
        facts.clashes = clashes.to_vec();
        facts.prose = prose.clone();
        facts
    }

    /// The board of this world, in session with everybody there; for a major change it met a week before as well.
    pub fn board(&self, now: Timestamp) -> BoardFact {
        let kind = |org: OrgId| ORGS.iter().find(|(o, ..)| *o == org).map_or(OrgKind::Trust, |(_, _, kind)| *kind);
        let seat = |(name, seat): &(&str, Seat)| {
            let actor = &self.person(name).actor;
            let org = actor.memberships().first().map_or(TRUST, |m| m.org);
            SeatFact { person: actor.person().unwrap_or(PersonId(0)), org, org_kind: kind(org), seat: *seat }
        };
        let seats: Vec<SeatFact> = SEATS.iter().map(seat).collect();
        let present: BTreeSet<PersonId> = seats.iter().map(|s| s.person).collect();
        let meeting = |meeting, state, days: i64| {
            let starts_at = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
            MeetingFact { meeting, starts_at, state, until: None, present: present.clone() }
        };
        BoardFact { id: 1, name: "Change advisory board".into(), seats, meetings: vec![meeting(1, Hearing::Held, 7), meeting(2, Hearing::Live, 0)] }
    }

    /// Who holds the roles that decide; some of them out.
    pub fn holders(&self, out: &BTreeSet<PersonId>) -> Vec<Holder> {
        let mut holders = vec![];
        for player in &self.people {
            let Some(person) = player.actor.person() else { continue };
            let decides = |m: &&Membership| matches!(m.role, Role::SupplierManager | Role::AuthorityManager) && m.cover.is_none();
            for held in player.actor.memberships().iter().filter(decides) {
                let covers = |p: &&Player| p.actor.memberships().iter().any(|m| m.role == held.role && m.cover.as_ref().is_some_and(|c| c.person == person));
                let orgs = |p: &Player| p.actor.memberships().iter().map(|m| m.org).collect();
                let delegates = self.people.iter().filter(covers).filter_map(|p| Some((p.actor.person()?, orgs(p)))).collect();
                holders.push(Holder { person, role: held.role, org: held.org, is_out: out.contains(&person), orgs: orgs(player), delegates });
            }
        }
        holders
    }

    /// PACS feeds the emergency board, so what touches the one reaches the other (spec 10.2).
    fn reach(&self, query: &FactsQuery) -> Reach {
        let named_item = |i: &&ItemFact| query.items.contains(&i.id) || query.item_codes.iter().any(|c| c.eq_ignore_ascii_case(&i.code));
        let mut services: BTreeSet<ServiceId> = self.directory.items.iter().filter(named_item).flat_map(|i| i.services.clone()).collect();
        let named = |s: &&ServiceFact| query.services.contains(&s.id) || query.service_codes.iter().any(|c| c.eq_ignore_ascii_case(&s.code));
        services.extend(self.directory.services.iter().filter(named).map(|s| s.id));
        // What is named is no dependant of itself, as in the store.
        let services: BTreeSet<ServiceId> =
            if services.contains(&ServiceId(1)) && !services.contains(&ServiceId(5)) { [ServiceId(5)].into() } else { [].into() };
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

/// The one other change of this world that may be named.
pub const OTHER_CHANGE: (i64, &str) = (998, "RFC-2026-000998");

fn known_changes(query: &FactsQuery) -> Vec<ChangeFact> {
    let (id, reference) = OTHER_CHANGE;
    let is_named = query.changes.iter().any(|typed| typed.eq_ignore_ascii_case(reference));
    is_named.then(|| ChangeFact { id: ChangeId(id), reference: reference.to_owned(), after: BTreeSet::new() }).into_iter().collect()
}

/// Gives the delegates what they hold for others.
fn stand_in(people: &mut [Player]) {
    for (delegate, delegator, org, role) in COVERS {
        let Some(whose) = people.iter().find(|p| p.name == *delegator) else { continue };
        let cover = Cover { person: whose.actor.person().unwrap_or(PersonId(0)), orgs: whose.actor.memberships().iter().map(|m| m.org).collect() };
        let held = whose.actor.memberships().iter().find(|m| m.org == *org && m.role == *role).cloned();
        let found = people.iter_mut().find(|p| p.name == *delegate).map(|p| &mut p.actor);
        if let (Some(Actor::Person { memberships, .. }), Some(held)) = (found, held) {
            memberships.push(Membership { cover: Some(Box::new(cover)), ..held });
        }
    }
}

/// What the finance approvers of this world may agree to.
fn limit(name: &str) -> Option<i64> {
    match name {
        "finance" => Some(1_000_000),
        "finance-head" | "neighbour-finance" => Some(crate::charge::money::MOST_PENCE),
        _ => None,
    }
}

fn rate(id: i64, label: &str, unit: &str, unit_pence: i64) -> RateFact {
    RateFact {
        id,
        kind: RateKind::Labour,
        label: label.to_owned(),
        unit: unit.to_owned(),
        unit_pence,
        vat_rate: 2_000,
        span: Span { from: Date::constant(2026, 1, 1), to: None },
    }
}

/// Every safety officer is registered for as long as the world lasts.
fn registrations(people: &[Player]) -> Vec<Registration> {
    let officers =
        people.iter().flat_map(|p| p.actor.memberships().iter().filter(|m| m.role.is_safety_officer()).filter_map(|m| Some((p.actor.person()?, m.org))));
    let newcomers = ORGS.iter().map(|(org, ..)| (NEWCOMER, *org));
    let registration = |(person, org): (PersonId, OrgId)| Registration {
        person,
        org,
        body: "GMC".to_owned(),
        number: format!("7{:06}", person.0),
        expires_on: jiff::civil::date(2099, 12, 31),
    };
    officers.chain(newcomers).map(registration).collect()
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
                hats: p.actor.memberships().to_vec(),
            })
            .collect(),
        // More than any walk links.
        incidents: (1..=200)
            .map(|id| IncidentFact {
                id,
                reference: format!("INC-{id}"),
                grade: [Grade::Lesser, Grade::Lesser, Grade::Serious, Grade::Clinical][id as usize % 4],
            })
            .collect(),
        spending_limits: people.iter().filter_map(|p| Some((p.actor.person()?, limit(p.name)?))).collect(),
        rates: vec![rate(1, "Engineer", "day", 65_000), rate(2, "Senior engineer", "day", 82_550)],
        registrations: registrations(people),
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
    /// What other changes say of AE titles and addresses.
    pub modalities: Vec<ModalityFact>,
    /// How the entry of the catalogue has gone that the change asks for, whichever that is.
    pub entry: EntryFact,
    /// The board whose scope covers the change.
    pub board: Option<BoardFact>,
    /// Who is away, or has handed over what they hold.
    pub out: BTreeSet<PersonId>,
    next_id: i64,
    /// The facts as they were made last: most acts are decided on the same.
    made: RefCell<Option<(BTreeSet<PersonId>, Rc<Facts>)>>,
}

impl<'w> Case<'w> {
    /// A draft, raised for an organisation of the person; `None` if the person may not.
    pub fn raise(world: &'w World, process: &'w Process, who: &Player, org: OrgId, number: u32, now: Timestamp) -> Result<Case<'w>, Refusal> {
        let facts = world.facts(&FactsQuery::default(), &[], &BTreeMap::new());
        let ctx = Context { now, actor: &who.actor, process, calendar: &world.calendar, zone_name: &world.zone_name, zone: &world.zone, facts: &facts };
        let reference = format!("{}-2026-{number:06}", process.prefix);
        let raise = Raise { id: ChangeId(1), reference, org, on_behalf_of: None, copied_from: None, retrospective_of: None, mint: Mint::new(1_000, [7; 16]) };
        let decision = decide::raise(&ctx, raise)?;
        let change = apply(None, &decision.events[0]);
        let mut case = Case {
            world,
            process,
            now,
            change,
            log: vec![],
            prose: BTreeMap::new(),
            clashes: vec![],
            modalities: vec![],
            // Not among the first uses, which are looked at one by one (BR-33).
            entry: EntryFact { earlier: 3, ..EntryFact::default() },
            board: Some(world.board(now)),
            out: BTreeSet::new(),
            next_id: 1_000,
            made: RefCell::default(),
        };
        case.remember(&decision);
        Ok(case)
    }

    fn remember(&mut self, decision: &Decision) {
        self.log.extend(decision.events.iter().cloned());
        self.prose.extend(decision.texts.iter().map(|t| (t.id, t.body.clone())));
        self.next_id += Mint::BLOCK;
    }

    /// The facts that an act with these fields would be decided on, for whoever changes them.
    pub fn facts_for(&self, act: Option<Act>, raw: &Raw) -> Facts {
        self.shared_facts(act, raw).as_ref().clone()
    }

    /// The same to look at only.
    pub fn shared_facts(&self, act: Option<Act>, raw: &Raw) -> Rc<Facts> {
        let query = facts_needed(self.process, Some(&self.change), act, raw, &self.world.zone);
        let mut made = self.made.borrow_mut();
        if let Some((out, facts)) = &*made
            && *out == self.out
            && self.are_as_now(facts, &query)
        {
            return Rc::clone(facts);
        }
        let mut facts = self.world.facts(&query, &self.clashes, &self.prose);
        facts.modalities.clone_from(&self.modalities);
        facts.entry = self.entry_fact(&query);
        facts.board.clone_from(&self.board);
        facts.holders = self.world.holders(&self.out);
        let facts = Rc::new(facts);
        *made = Some((self.out.clone(), Rc::clone(&facts)));
        facts
    }

    fn entry_fact(&self, query: &FactsQuery) -> Option<EntryFact> {
        let (entry, _) = query.entry.clone()?;
        let own = self.change.learnt.suspended.iter().map(|one| one.at).filter(|at| self.entry.looked_at.is_none_or(|looked| looked < *at)).max();
        Some(EntryFact { entry, suspended: self.entry.suspended.or(own), ..self.entry.clone() })
    }

    /// Whether facts made before would be made the same now. Words are added and never change.
    fn are_as_now(&self, facts: &Facts, query: &FactsQuery) -> bool {
        let moves = facts.clashes == self.clashes && facts.modalities == self.modalities && facts.board == self.board;
        moves
            && facts.changes == known_changes(query)
            && facts.entry == self.entry_fact(query)
            && facts.prose.len() == self.prose.len()
            && facts.reach == self.world.reach(query)
    }

    /// What deciding looks at.
    pub fn context<'a>(&'a self, actor: &'a Actor, facts: &'a Facts) -> Context<'a> {
        Context { now: self.now, actor, process: self.process, calendar: &self.world.calendar, zone_name: &self.world.zone_name, zone: &self.world.zone, facts }
    }

    /// What the core would decide, without it happening.
    pub fn try_act(&self, actor: &Actor, act: Act, raw: &Raw) -> Result<Decision, Refusal> {
        let facts = self.shared_facts(Some(act), raw);
        decide::decide(&self.context(actor, &facts), &self.change, Command { act, raw: raw.clone(), mint: Mint::new(self.next_id, [7; 16]) })
    }

    /// Does it, and answers the events with the tasks that follow.
    pub fn act(&mut self, actor: &Actor, act: Act, raw: &Raw) -> Result<Vec<(Recorded, Vec<Task>)>, Refusal> {
        let decision = self.try_act(actor, act, raw)?;
        Ok(self.happen(&decision))
    }

    /// A timer of the change is due.
    pub fn time_out(&mut self, then: TimerAct) -> Result<Vec<(Recorded, Vec<Task>)>, Refusal> {
        let facts = self.shared_facts(None, &Raw::new());
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
        let facts = self.shared_facts(None, &Raw::new());
        offers(&self.context(actor, &facts), &self.change)
    }

    /// The membership under which the actor may act now, or why not.
    pub fn may(&self, actor: &Actor, act: Act) -> Result<Stamp, Refusal> {
        self.may_by(&self.shared_facts(None, &Raw::new()), actor, act)
    }

    /// The same on facts that were fetched before.
    pub fn may_by(&self, facts: &Facts, actor: &Actor, act: Act) -> Result<Stamp, Refusal> {
        crate::permit::permit(&self.context(actor, facts), &self.change, act).map(|(_, stamp)| stamp)
    }

    /// Everybody who may, each with the membership under which they may.
    pub fn who_may(&self, act: Act) -> Vec<(&'w Player, Stamp)> {
        self.who_may_by(&self.shared_facts(None, &Raw::new()), act)
    }

    /// The same on facts that were fetched before.
    pub fn who_may_by(&self, facts: &Facts, act: Act) -> Vec<(&'w Player, Stamp)> {
        self.world.people.iter().filter_map(|player| Some((player, self.may_by(facts, &player.actor, act).ok()?))).collect()
    }
}

/// Raw fields from pairs.
pub fn raw(fields: &[(&str, &str)]) -> Raw {
    fields.iter().map(|(id, value)| ((*id).to_owned(), vec![(*value).to_owned()])).collect()
}
