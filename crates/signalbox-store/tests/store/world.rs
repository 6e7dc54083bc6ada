//! A small world for the tests of projections and queries: organisations, people with one role each, an estate; and
//! changes, told by events of the test's own or decided by the core.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Membership, OrgKind, Role, Stamp};
use signalbox_core::apply::{apply, replay};
use signalbox_core::calendar::{Calendar, Division, london};
use signalbox_core::change::{Change, Confidentiality, Content, Header, Kind, Outcome, Parties, Stage, Window};
use signalbox_core::decide::{self, Command, Context, Decision, Import, Raise};
use signalbox_core::event::{Event, Recorded};
use signalbox_core::facts::Facts;
use signalbox_core::form::{Answer, Answers, Raw};
use signalbox_core::ids::{ChangeId, EventId, ItemId, Mint, OrgId, PersonId, ServiceId, SiteId};
use signalbox_core::process::{Process, Processes};
use signalbox_core::text::NewText;
use signalbox_store::append::{self, Commit};
use signalbox_store::project::{self, Prose};
use signalbox_store::{Db, StoreError, Tx, gather, log, values};

pub const NORTH: i64 = 1;
pub const SOUTH: i64 = 2;
pub const SUPPLIER: i64 = 3;
pub const AUTHORITY: i64 = 4;
pub const PROVIDER: i64 = 5;
pub const OTHER_SUPPLIER: i64 = 6;
pub const GONE: i64 = 7;

pub const ORGS: &[(i64, &str, OrgKind)] = &[
    (NORTH, "NORTH", OrgKind::Trust),
    (SOUTH, "SOUTH", OrgKind::Trust),
    (SUPPLIER, "SUPPLIER", OrgKind::Supplier),
    (AUTHORITY, "AUTHORITY", OrgKind::Authority),
    (PROVIDER, "PROVIDER", OrgKind::Network),
    (OTHER_SUPPLIER, "OTHER", OrgKind::Supplier),
    (GONE, "GONE", OrgKind::Trust),
];

/// Run by the supplier, used by both trusts.
pub const IMAGING: i64 = 21;
/// Run by the other supplier, used by the south.
pub const PHONES: i64 = 22;
pub const NORTH_SITE: i64 = 31;
pub const SOUTH_SITE: i64 = 32;
/// At the north, imaging runs on it.
pub const SERVER: i64 = 41;
/// At the north, nothing runs on it.
pub const BENCH: i64 = 42;
/// At the south, the phones run on it.
pub const EXCHANGE: i64 = 43;

/// 9 November 2026, 9 o'clock.
pub fn now() -> Timestamp {
    "2026-11-09T09:00:00Z".parse().expect("a time")
}

/// So many hours after [`now`].
pub fn hours(n: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + n * 3600).expect("a time")
}

/// A window of so many hours, and one more if it goes wrong.
pub fn window(start: i64, length: i64) -> Window {
    Window { start: hours(start), end: hours(start + length), contingency_end: hours(start + length + 1) }
}

pub struct World {
    pub db: Db,
    pub processes: Processes,
    next: AtomicI64,
    schedule: signalbox_store::schedule::Schedule,
}

impl World {
    pub fn on(db: Db) -> World {
        let world =
            World { db, processes: Processes::shipped().expect("the shipped documents load"), next: AtomicI64::new(10_000), schedule: Default::default() };
        world.write(|tx| {
            for (id, code, kind) in ORGS {
                let is_active = *id != GONE;
                tx.exec(
                    "insert into organisations(id, code, name, kind, zone, calendar, active, open_tonight, found_by) values ($1, $2, $3, $4, 'Europe/London', 'england-and-wales', $5, 0, $2)",
                    values![*id, *code, format!("{code} organisation"), kind.code(), is_active],
                )?;
            }
            for (id, org, code) in [(NORTH_SITE, NORTH, "NGH"), (SOUTH_SITE, SOUTH, "SGH")] {
                tx.exec("insert into sites(id, org_id, code, name, found_by) values ($1, $2, $3, $3, $3)", values![id, org, code])?;
            }
            for (id, code, owner) in [(IMAGING, "IMAGING", SUPPLIER), (PHONES, "PHONES", OTHER_SUPPLIER)] {
                tx.exec(
                    "insert into services(id, code, name, owner_org, direct_care, users_count, patient_facing, always_on, found_by) values ($1, $2, $2, $3, 0, 10, 'none', 0, $2)",
                    values![id, code, owner],
                )?;
            }
            for (service, org) in [(IMAGING, NORTH), (IMAGING, SOUTH), (PHONES, SOUTH)] {
                tx.exec("insert into service_orgs(service_id, org_id) values ($1, $2)", values![service, org])?;
            }
            for (id, code, org, site) in [(SERVER, "SRV-1", NORTH, NORTH_SITE), (BENCH, "BENCH-1", NORTH, NORTH_SITE), (EXCHANGE, "PBX-1", SOUTH, SOUTH_SITE)] {
                tx.exec("insert into items(id, code, name, type, org_id, site_id, found_by) values ($1, $2, $2, 'server', $3, $4, $2)", values![id, code, org, site])?;
            }
            for (item, service) in [(SERVER, IMAGING), (EXCHANGE, PHONES)] {
                tx.exec("insert into item_services(item_id, service_id) values ($1, $2)", values![item, service])?;
            }
            Ok(())
        });
        world
    }

    pub fn write<T: Send + 'static>(&self, f: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static) -> T {
        self.db.write(f).expect("the store works")
    }

    pub fn read<T: Send>(&self, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send) -> T {
        self.db.read(f).expect("the store works")
    }

    pub fn id(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub fn mint(&self) -> Mint {
        Mint::new(self.next.fetch_add(Mint::BLOCK, Ordering::Relaxed), [7; 16])
    }

    /// Somebody with these roles.
    pub fn person(&self, roles: &[(i64, Role)]) -> Actor {
        let id = self.id();
        let memberships: Vec<(i64, i64, Role)> = roles.iter().map(|(org, role)| (self.id(), *org, *role)).collect();
        let rows = memberships.clone();
        self.write(move |tx| {
            let name = format!("Person {id}");
            tx.exec(
                "insert into people(id, email, name, phone, job, state, created_at, found_by) values ($1, $2, $3, '', '', 'active', 0, $3)",
                values![id, format!("p{id}@example.org"), name],
            )?;
            for (row, org, role) in &rows {
                tx.exec("insert into memberships(id, person_id, org_id, role, granted_at) values ($1, $2, $3, $4, 0)", values![*row, id, *org, role.code()])?;
            }
            Ok(())
        });
        let kind = |org: i64| ORGS.iter().find(|(id, _, _)| *id == org).map(|(_, _, kind)| *kind).expect("an organisation");
        // As `accounts::actor` reads it: what is held in a closed organisation is not there.
        let memberships = memberships
            .iter()
            .filter(|(_, org, _)| *org != GONE)
            .map(|(_, org, role)| Membership { org: OrgId(*org), org_kind: kind(*org), role: *role, service: None, cover: None })
            .collect();
        Actor::Person { id: PersonId(id), memberships }
    }

    /// Writes a change that these events tell, in the world's own hand.
    pub fn tell(&self, told: Told) -> i64 {
        let id = self.id();
        let mut mint = self.mint();
        let (title, texts) = {
            let text = NewText::mint(&mut mint, &told.title);
            (text.reference(), vec![text])
        };
        let content = Content {
            answers: Answers::from([("title".to_owned(), Answer::Text(title.clone()))]),
            header: Header { title, window: told.window, items: told.items, services: told.services, sites: told.sites, confidentiality: told.confidentiality },
            parties: told.parties,
            hash: "hash".to_owned(),
        };
        let (reference, org, by) = (format!("RFC-2026-{id:06}"), OrgId(told.org), told.by);
        let event = |n: usize, event: Event| Recorded {
            id: EventId(mint.clone().id() + 100 + n as i64),
            change: ChangeId(id),
            version: n as i64 + 1,
            at: hours(n as i64),
            by: by.clone(),
            event,
            rulings: vec![],
        };
        let first = match told.beginning {
            Beginning::Raised => {
                Event::Raised { reference, kind: told.kind, process: "p".into(), org, on_behalf_of: None, copied_from: None, retrospective_of: None }
            }
            Beginning::Stands(stage, outcome) => Event::Imported {
                reference,
                kind: told.kind,
                process: "p".into(),
                org,
                source_ref: format!("S-{id}"),
                content: Box::new(content.clone()),
                stage,
                outcome,
                notice: None,
                reason: None,
                long: told.is_long,
            },
        };
        let rest = (told.then)(content);
        let events: Vec<Recorded> = std::iter::once(first).chain(rest).enumerate().map(|(n, e)| event(n, e)).collect();
        let after = replay(&events).expect("a change");
        self.commit(None, Decision { events, texts }, after, Prose::new());
        id
    }

    pub fn commit(&self, before: Option<Change>, decision: Decision, after: Change, prose: Prose) {
        self.write(move |tx| {
            let mut head = log::lock_head(tx)?;
            append::commit(
                tx,
                &mut head,
                Commit { before: before.as_ref(), decision: &decision, after: &after, prose: &prose, drops_timers: false, tasks: &[] },
            )
        });
    }

    fn context<'a>(
        &'a self,
        at: Timestamp,
        actor: &'a Actor,
        process: &'a Process,
        calendar: &'a Calendar,
        zone: &'a jiff::tz::TimeZone,
        facts: &'a Facts,
    ) -> Context<'a> {
        Context { now: at, actor, process, calendar, zone_name: "Europe/London", zone, facts }
    }

    /// A draft, decided by the core.
    pub fn raise(&self, actor: &Actor, kind: Kind, org: i64) -> i64 {
        let (calendar, zone, facts) = (Calendar::shipped(Division::EnglandAndWales), london(), Facts::default());
        let process = self.processes.by_kind(kind).expect("a document").clone();
        let ctx = self.context(now(), actor, &process, &calendar, &zone, &facts);
        let id = self.id();
        let raise = Raise {
            id: ChangeId(id),
            reference: format!("RFC-2026-{id:06}"),
            org: OrgId(org),
            on_behalf_of: None,
            copied_from: None,
            retrospective_of: None,
            mint: self.mint(),
        };
        let decision = decide::raise(&ctx, raise).expect("raised");
        let after = replay(&decision.events).expect("a change");
        self.commit(None, decision, after, Prose::new());
        id
    }

    /// An act, decided by the core.
    pub fn take(&self, at: Timestamp, actor: &Actor, id: i64, act: Act, typed: &[(&str, &str)]) -> Change {
        let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), london());
        let raw: Raw = typed.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        let loaded = self.read(|tx| project::load(tx, id)).expect("a change");
        let change = loaded.change;
        let process = self.processes.by_hash(&change.process).expect("its document").clone();
        let query = decide::facts_needed(&process, Some(&change), Some(act), &raw, &zone);
        let facts = self.read(|tx| gather::facts(tx, &self.schedule, at, actor, Some(&change), &query));
        let ctx = self.context(at, actor, &process, &calendar, &zone, &facts);
        let decision = decide::decide(&ctx, &change, Command { act, raw, mint: self.mint() }).unwrap_or_else(|refusal| panic!("{act:?}: {refusal:?}"));
        let after = decision.events.iter().fold(change.clone(), |change, event| apply(Some(change), event));
        self.commit(Some(change), decision, after.clone(), loaded.prose);
        after
    }

    /// A row of history, decided by the core.
    pub fn import(&self, source_ref: &str, org: i64, item: i64, window: Window, received_at: Timestamp, outcome: Outcome) -> i64 {
        let (calendar, zone) = (Calendar::shipped(Division::EnglandAndWales), london());
        let process = self.processes.by_kind(Kind::PlannedOutage).expect("a document").clone();
        let facts = self.read(|tx| {
            gather::facts(
                tx,
                &self.schedule,
                now(),
                &Actor::System,
                None,
                &signalbox_core::facts::FactsQuery { items: [ItemId(item)].into(), ..Default::default() },
            )
        });
        let ctx = self.context(now(), &Actor::System, &process, &calendar, &zone, &facts);
        let id = self.id();
        let import = Import {
            id: ChangeId(id),
            version: 1,
            reference: format!("ON-2026-{id:06}"),
            kind: Kind::PlannedOutage,
            org: OrgId(org),
            source_ref: source_ref.to_owned(),
            title: format!("History {source_ref}"),
            items: vec![ItemId(item)],
            sites: facts.sites.iter().map(|s| s.id).collect(),
            window,
            received_at,
            stage: Stage::Closed,
            outcome: Some(outcome),
            reason: None,
            mint: self.mint(),
        };
        let decision = decide::import(&ctx, import);
        let after = replay(&decision.events).expect("a change");
        self.commit(None, decision, after, Prose::new());
        id
    }
}

/// How a told change begins.
pub enum Beginning {
    Raised,
    /// It is there, in this stage.
    Stands(Stage, Option<Outcome>),
}

/// A change told by a test.
pub struct Told {
    pub org: i64,
    pub by: Stamp,
    pub kind: Kind,
    pub title: String,
    pub confidentiality: Confidentiality,
    pub window: Option<Window>,
    pub items: Vec<ItemId>,
    pub services: Vec<ServiceId>,
    pub sites: Vec<SiteId>,
    pub parties: Parties,
    pub is_long: bool,
    pub beginning: Beginning,
    pub then: Box<dyn Fn(Content) -> Vec<Event>>,
}

/// An open change of the organisation that stands in this stage, tomorrow night.
pub fn told(org: i64, stage: Stage) -> Told {
    Told {
        org,
        by: Stamp::SYSTEM,
        kind: Kind::Normal,
        title: "A change".into(),
        confidentiality: Confidentiality::Open,
        window: Some(window(36, 2)),
        items: vec![],
        services: vec![],
        sites: vec![],
        parties: Parties::default(),
        is_long: false,
        beginning: Beginning::Stands(stage, None),
        then: Box::new(|_| vec![]),
    }
}
