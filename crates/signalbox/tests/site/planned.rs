//! A small estate with work planned on it, made by commands: what the tests of schedule, board and reports look at.

use jiff::Timestamp;
use signalbox::run::{Done, Expect, ImportRow, NewDraft, Stop};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::form::Raw;
use signalbox_core::ids::{ItemId, OrgId};
use signalbox_core::schedule::recurrence::Recurrence;
use signalbox_core::schedule::{Extent, Level, Span};
use signalbox_store::accounts;
use signalbox_store::directory::{self, Freeze, FreezeTerms, Item, OnDifference, Service, Site};

use crate::world::World;

/// Organisations, places and people by id.
pub struct Estate {
    pub trust: i64,
    pub other: i64,
    pub item: i64,
    ruth: i64,
    priya: i64,
    tom: i64,
    len: i64,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

impl Estate {
    /// Northbrook with a site, a service and a device; Riverside; a supplier with its desk; the authority; a member.
    pub fn furnish(world: &World) -> Estate {
        let trust = world.organisation("northbrook", OrgKind::Trust);
        let other = world.organisation("riverside", OrgKind::Trust);
        let halden = world.organisation("halden", OrgKind::Supplier);
        let authority = world.organisation("authority", OrgKind::Authority);
        let ids: Vec<i64> = (0..8).map(|_| world.app.ids.mint(world.now())).collect();
        let (site, service, item, now) = (ids[0], ids[1], ids[2], world.now());
        world
            .app
            .db
            .write(move |tx| {
                let act = |n: usize| directory::Act { event_id: ids[3 + n], by: None, at: now };
                directory::upsert_site(
                    tx,
                    &act(0),
                    &Site { id: site, org_id: trust, code: "NB".into(), name: "Northbrook General".into(), ods_code: None },
                    OnDifference::Report,
                )?
                .expect("a site");
                directory::upsert_service(tx, &act(1), &Service::new(service, "PACS", "PACS imaging", halden), OnDifference::Report)?.expect("a service");
                directory::set_service_orgs(tx, &act(2), service, &[trust])?.expect("its users");
                let row = Item {
                    id: item,
                    code: "NB-PACS-N2".into(),
                    name: "Archive node".into(),
                    item_type: "server".into(),
                    org_id: trust,
                    site_id: Some(site),
                    watched_by: None,
                    services: vec![service],
                };
                directory::upsert_item(tx, &act(3), &row, OnDifference::Report)?.expect("an item");
                Ok(())
            })
            .expect("a directory");
        world.person("una@riverside.example", "Una Moss", &[(other, Role::GroupMember)]);
        world.person("nora@riverside.example", "Nora Beck", &[(other, Role::Administrator)]);
        world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
        world.person("dee@halden.example", "Dee Oakes", &[(halden, Role::Desk)]);
        Estate {
            ruth: world.person("ruth@northbrook.example", "Ruth Ellery", &[(trust, Role::Coordinator)]),
            priya: world.person("priya@halden.example", "Priya Nair", &[(halden, Role::SupplierManager)]),
            len: world.person("len@halden.example", "Len Brook", &[(halden, Role::Implementer)]),
            tom: world.person("tom@halden.example", "Tom Achebe", &[(halden, Role::Assessor)]),
            trust,
            other,
            item,
        }
    }

    /// Sends a planned outage of Northbrook's device with these answers over the usual ones.
    pub fn outage(&self, world: &World, title: &str, start: &str, end: &str, more: &[(&str, &str)]) -> Done {
        let ruth = self.actor(world, self.ruth);
        let draft = NewDraft { kind: Kind::PlannedOutage, org: OrgId(self.trust), on_behalf_of: None, copied_from: None, raw: Raw::new() };
        let raised = world.app.raise(&ruth, draft, Expect::default()).expect("a draft");
        let process = world.app.documents.of_kind(Kind::PlannedOutage).expect("a document");
        let mut raw = Raw::new();
        for (name, value) in crate::run::fill(&process.questions) {
            raw.entry(name).or_default().push(value);
        }
        let contingency = (at(end) + jiff::SignedDuration::from_hours(1)).to_string();
        let own = [
            ("title", title),
            ("window.start", start),
            ("window.end", end),
            ("contingency_end", &contingency),
            ("late_reason", "other"),
            ("confidentiality", "open"),
        ];
        for (name, value) in own.iter().chain(more) {
            raw.insert((*name).to_owned(), vec![(*value).to_owned()]);
        }
        world.app.take(&ruth, raised.id, Act::Submit, raw, Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"))
    }

    /// Brings a sent outage as far as a decision, by those whose part it is.
    pub fn assess(&self, world: &World, id: i64) {
        let priya = self.actor(world, self.priya);
        let must = |who: &Actor, act, fields: &[(&str, &str)]| self.act(world, who, id, act, fields).unwrap_or_else(|stop| panic!("{act:?}: {stop:?}"));
        must(&priya, Act::Accept, &[("take_down_by", "Tom Achebe"), ("restore_by", "Tom Achebe"), ("promise_phone", "020 7946 0117")]);
        let screen: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
        let screen: Vec<(&str, &str)> = screen.iter().map(|q| (q.as_str(), "no")).collect();
        must(&priya, Act::Screen, &screen);
        // Riverside is asked too where it has a coordinator and a part in it, and a network provider where a line is touched.
        let known = |email: &str| world.app.db.read(|tx| accounts::person_by_email(tx, email)).expect("a read").map(|person| person.id);
        let more = ["cy@riverside.example", "noc@meridian.example"].into_iter().filter_map(known);
        for who in [self.tom, self.priya, self.ruth].into_iter().chain(more) {
            let who = self.actor(world, who);
            loop {
                let Some(situation) = world.app.db.read(|tx| world.app.look(tx, &who, id)).expect("a read") else { break };
                let ctx = situation.context(&who, world.now());
                let open = signalbox_core::decide::assess::open_for(&ctx, &situation.loaded.change);
                let Some((kind, _)) = open.first().filter(|_| situation.loaded.change.stage == Stage::Assessing) else { break };
                must(&who, Act::Assess, &[("assessment", kind.code()), ("objects", "no"), ("finding", "Fine.")]);
            }
        }
    }

    /// Approves and schedules it, with Len to do the work.
    pub fn schedule(&self, world: &World, id: i64) {
        self.approve(world, id);
        self.place(world, id);
    }

    /// Approves it.
    pub fn approve(&self, world: &World, id: i64) {
        let priya = self.actor(world, self.priya);
        self.act(world, &priya, id, Act::Approve, &[]).unwrap_or_else(|stop| panic!("{stop:?}"));
    }

    /// Schedules what is approved.
    pub fn place(&self, world: &World, id: i64) {
        let priya = self.actor(world, self.priya);
        // Work that starts soon after its approval is explained; else the reason is not asked.
        let situation = world.app.db.read(|tx| world.app.look(tx, &priya, id)).expect("a read").expect("in sight");
        let asked = signalbox_core::decide::fields::of_act(&situation.context(&priya, world.now()), &situation.loaded.change, Act::Schedule);
        let mut place = vec![("implementer", "len@halden.example"), ("gap_reason", "The window was agreed by telephone")];
        place.retain(|(name, _)| asked.iter().any(|field| field.id == *name));
        self.act(world, &priya, id, Act::Schedule, &place).unwrap_or_else(|stop| panic!("{stop:?}"));
    }

    /// Len begins and ends it at these times, with this outcome; the clock stands at the end of the work.
    pub fn carry_out(&self, world: &World, id: i64, begun: &str, ended: &str, outcome: &str) {
        let len = self.actor(world, self.len);
        world.clock.set(at(begun));
        self.act(world, &len, id, Act::Start, &[]).unwrap_or_else(|stop| panic!("{stop:?}"));
        world.clock.set(at(ended));
        self.act(world, &len, id, Act::Finish, &[("outcome", outcome), ("back", "PACS")]).unwrap_or_else(|stop| panic!("{stop:?}"));
    }

    /// A draft of a planned outage with these answers and no others, as this person writes it.
    pub fn draft(&self, world: &World, email: &str, org: i64, answers: &[(&str, &str)]) -> Done {
        let person = world.app.db.read(|tx| accounts::person_by_email(tx, email)).expect("a read").expect("somebody").id;
        let raw = answers.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        let draft = NewDraft { kind: Kind::PlannedOutage, org: OrgId(org), on_behalf_of: None, copied_from: None, raw };
        world.app.raise(&self.actor(world, person), draft, Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"))
    }

    /// Takes an act in the name of the trust's coordinator.
    pub fn ruth(&self, world: &World, id: i64, act: Act, fields: &[(&str, &str)]) -> Done {
        self.act(world, &self.actor(world, self.ruth), id, act, fields).unwrap_or_else(|stop| panic!("{act:?}: {stop:?}"))
    }

    /// Takes an act in Priya's name, the supplier's change manager.
    pub fn priya(&self, world: &World, id: i64, act: Act, fields: &[(&str, &str)]) -> Done {
        self.act(world, &self.actor(world, self.priya), id, act, fields).unwrap_or_else(|stop| panic!("{act:?}: {stop:?}"))
    }

    /// Finished work of the past: one outcome for each, on 2 November at 9.
    pub fn history(&self, world: &World, rows: &[(&str, &str, Outcome)]) {
        let rows = rows.iter().enumerate().map(|(n, (title, start, outcome))| {
            let start = at(start);
            let end = start + jiff::SignedDuration::from_hours(2);
            ImportRow {
                kind: Kind::PlannedOutage,
                org: OrgId(self.trust),
                source_ref: format!("OLD-{n}-{start}"),
                title: (*title).to_owned(),
                items: vec![ItemId(self.item)],
                window: Window { start, end, contingency_end: end },
                received_at: start - jiff::SignedDuration::from_hours(24 * 20),
                stage: Stage::Closed,
                outcome: Some(*outcome),
                reason: None,
                existing: None,
            }
        });
        world.app.import(rows.collect(), |_| {}).expect("history");
    }

    fn actor(&self, world: &World, person: i64) -> Actor {
        world.app.db.read(|tx| Ok(accounts::actor(tx, person)?.expect("somebody").to_core())).expect("a read")
    }

    fn act(&self, world: &World, who: &Actor, id: i64, act: Act, fields: &[(&str, &str)]) -> Result<Done, Stop> {
        let raw = fields.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
        world.app.take(who, id, act, raw, Expect::default())
    }
}

/// A freeze that nobody in particular declared.
pub fn freeze(world: &World, title: &str, extent: Extent, (from, until): (&str, &str), is_hard: bool) -> i64 {
    let (now, id, act) = (world.now(), world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let row = Freeze {
        id,
        title: title.into(),
        extent,
        when: Recurrence::once(Span { from: at(from), until: at(until) }, "Europe/London"),
        declared_by: None,
        created_at: now,
        ended_at: None,
        own: FreezeTerms { is_hard, from_level: Level::NoImpact, reason: "Canary reason".into() },
    };
    world.app.attempt(move |tx| directory::declare(tx, &act, &row)).unwrap();
    id
}
