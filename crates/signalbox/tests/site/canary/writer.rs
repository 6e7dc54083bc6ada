//! An organisation that puts one word of its own into everything it types: names, drafts, answers, reasons, messages,
//! files, requests and history.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use signalbox::run::{Expect, ImportRow, NewAttachment, NewDraft, Situation};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::decide::assess;
use signalbox_core::decide::fields::{self, Field};
use signalbox_core::form::Raw;
use signalbox_core::ids::{ItemId, OrgId};
use signalbox_core::permit::permit;
use signalbox_core::process::AnswerKind;
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};
use signalbox_store::{StoreError, accounts};

use crate::world::{World, link_in};

/// The long windows of the past, one after the other, so that nothing clashes.
const FIRST_DAY: &str = "2026-11-23T19:00:00Z";

/// Who writes for whom.
pub struct Writer<'w> {
    pub world: &'w World,
    /// The code of the organisation, in lower case.
    pub code: &'static str,
    /// The supplier that serves it.
    pub supplier: &'static str,
    org: i64,
    /// An item of a name without the word, for work that is open to all.
    old_item: i64,
    /// Those who act on its changes, whoever is allowed first.
    cast: Vec<Actor>,
    /// What it raised: reference and id.
    pub raised: BTreeMap<String, i64>,
}

/// The word that an organisation puts into all that it types.
pub fn word(code: &str) -> String {
    format!("zq{code}")
}

/// The word in the title of what is open to the group.
pub fn open(code: &str) -> String {
    format!("zo{code}")
}

/// The word in the names of its sites, services and items.
pub fn place(code: &str) -> String {
    format!("zp{code}")
}

impl<'w> Writer<'w> {
    /// An organisation, its own people, and the estate by its names: a site, an item, and a service of its supplier.
    pub fn new(world: &'w World, code: &'static str, org: i64, supplier: (&'static str, i64), authority: &[i64]) -> Writer<'w> {
        let (word, place) = (word(code), place(code));
        let person = |who: &str, org: i64, at: &str, role: Role| world.person(&format!("{who}.{word}@{at}.example"), &format!("{who} {word}"), &[(org, role)]);
        let mut people = vec![
            person("requester", org, code, Role::Requester),
            person("coordinator", org, code, Role::Coordinator),
            person("manager", supplier.1, supplier.0, Role::SupplierManager),
            person("assessor", supplier.1, supplier.0, Role::Assessor),
            person("engineer", supplier.1, supplier.0, Role::Implementer),
        ];
        people.extend(authority);
        let ids: Vec<i64> = (0..13).map(|_| world.app.ids.mint(world.now())).collect();
        let (site, service, item, now) = (ids[0], ids[1], ids[2], world.now());
        let (old_service, old_item) = (ids[8], ids[9]);
        let upper = code.to_uppercase();
        let rows = (
            Site { id: site, org_id: org, code: format!("{upper}-S"), name: format!("{place} hospital"), ods_code: None },
            Service::new(service, &format!("{upper}-PACS"), &format!("{place} imaging"), supplier.1),
            Item {
                id: item,
                code: format!("{upper}-NODE"),
                name: format!("{place} node"),
                item_type: "server".into(),
                org_id: org,
                site_id: Some(site),
                watched_by: None,
                services: vec![service],
            },
        );
        let old = (
            Service::new(old_service, &format!("{upper}-OLD"), "Old imaging", supplier.1),
            Item {
                id: old_item,
                code: format!("{upper}-OLDNODE"),
                name: "Old node".into(),
                item_type: "server".into(),
                org_id: org,
                site_id: None,
                watched_by: None,
                services: vec![old_service],
            },
        );
        world
            .app
            .db
            .write(move |tx| {
                let act = |n: usize| directory::Act { event_id: ids[3 + n], by: None, at: now };
                directory::upsert_site(tx, &act(0), &rows.0, OnDifference::Report)?.expect("a site");
                directory::upsert_service(tx, &act(1), &rows.1, OnDifference::Report)?.expect("a service");
                directory::set_service_orgs(tx, &act(2), service, &[org])?.expect("its users");
                directory::upsert_item(tx, &act(3), &rows.2, OnDifference::Report)?.expect("an item");
                directory::upsert_service(tx, &act(7), &old.0, OnDifference::Report)?.expect("a service");
                directory::set_service_orgs(tx, &act(8), old_service, &[org])?.expect("its users");
                directory::upsert_item(tx, &act(9), &old.1, OnDifference::Report)?.expect("an item");
                Ok(())
            })
            .expect("an estate");
        let cast = people.iter().map(|id| world.app.db.read(|tx| Ok(accounts::actor(tx, *id)?.expect("somebody").to_core())).expect("a read")).collect();
        Writer { world, code, supplier: supplier.0, org, old_item, cast, raised: BTreeMap::new() }
    }

    /// A draft of a kind in which every field holds the word.
    pub fn draft(&mut self, kind: Kind, confidentiality: &str) -> i64 {
        let process = self.world.app.documents.of_kind(kind).expect("a document");
        let mut raw = self.typed(&fields::of_document(&process));
        if process.question("confidentiality").is_some() {
            raw.insert("confidentiality".into(), vec![confidentiality.into()]);
        }
        for entry in process.catalogue.iter().take(1) {
            raw.insert("model".into(), vec![entry.id.clone()]);
            raw.extend(entry.eligible_when.iter().map(|test| (test.subject.clone(), vec![test.values[0].clone()])));
        }
        let new = NewDraft { kind, org: OrgId(self.org), on_behalf_of: Some(format!("{} on behalf", word(self.code))), copied_from: None, raw };
        let author = if kind == Kind::Normal { 0 } else { 1 };
        let done = self.world.app.raise(&self.cast[author], new, Expect::default()).unwrap_or_else(|stop| panic!("{kind:?}: {stop:?}"));
        self.raised.insert(done.reference, done.id);
        done.id
    }

    /// A change that was sent, with a message and a file.
    pub fn sent(&mut self, kind: Kind, confidentiality: &str) -> i64 {
        let id = self.draft(kind, confidentiality);
        if kind == Kind::Normal {
            self.take(id, Act::Propose, &[]);
        }
        self.take(id, Act::Submit, &[("on_behalf_of", "")]);
        self.take(id, Act::Say, &[]);
        if kind == Kind::PlannedOutage {
            self.take(id, Act::TellDepartment, &[]);
        }
        let file = NewAttachment::new(format!("{}.txt", word(self.code)), format!("{} in a file", word(self.code)).into_bytes());
        self.world.app.attach(&self.cast[1], id, file, Expect::default()).expect("a file");
        id
    }

    fn situation(&self, actor: &Actor, id: i64) -> Option<Situation> {
        self.world.app.read::<_, StoreError>(|tx| self.world.app.look(tx, actor, id)).expect("a read")
    }

    fn stage(&self, id: i64) -> Stage {
        self.situation(&Actor::System, id).expect("it is there").loaded.change.stage
    }

    /// The first of the cast who may takes the act with every field filled in; an empty override leaves a field out.
    pub fn take(&self, id: i64, act: Act, over: &[(&str, &str)]) {
        let mut last = format!("nobody may, at {:?}", self.stage(id));
        for actor in &self.cast {
            let Some(situation) = self.situation(actor, id) else { continue };
            let ctx = situation.context(actor, self.world.now());
            if permit(&ctx, &situation.loaded.change, act).is_err() {
                continue;
            }
            let mut raw = self.typed(&fields::of_act(&ctx, &situation.loaded.change, act));
            if situation.loaded.change.kind == Kind::ServiceRequest && act == Act::Submit {
                raw.clear();
            }
            if matches!(act, Act::Submit | Act::Propose) {
                raw.remove("confidentiality");
            }
            for (name, value) in over {
                raw.remove(*name);
                if !value.is_empty() {
                    raw.insert((*name).to_owned(), vec![(*value).to_owned()]);
                }
            }
            match self.world.app.take(actor, id, act, raw, Expect::default()) {
                Ok(_) => return,
                Err(stop) => last = format!("{stop:?}"),
            }
        }
        panic!("{} {act:?}: {last}", self.code);
    }

    fn assess(&self, id: i64) {
        for actor in &self.cast {
            loop {
                let Some(situation) = self.situation(actor, id) else { break };
                let ctx = situation.context(actor, self.world.now());
                if situation.loaded.change.stage != Stage::Assessing || assess::open_for(&ctx, &situation.loaded.change).is_empty() {
                    break;
                }
                let raw = self.typed(&fields::of_act(&ctx, &situation.loaded.change, Act::Assess));
                if self.world.app.take(actor, id, Act::Assess, raw, Expect::default()).is_err() {
                    break;
                }
            }
        }
    }

    /// From sent to approved, by way of a return and the screening.
    pub fn decided(&self, id: i64) {
        self.take(id, Act::Return, &[("fields", "title"), ("supplier_side", "no")]);
        self.take(id, Act::Submit, &[]);
        self.take(id, Act::Accept, &[]);
        self.take(id, Act::Screen, &[]);
        self.assess(id);
        assert_eq!(self.stage(id), Stage::AwaitingApproval, "{} was not assessed", self.code);
        let (owner, due) = (self.code.to_uppercase(), "2026-12-20");
        self.take(id, Act::Approve, &[("seen", ""), ("condition_1_owner", owner.as_str()), ("condition_1_due", due)]);
        let engineer = format!("engineer.{}@{}.example", word(self.code), self.supplier);
        self.take(id, Act::Schedule, &[("implementer", engineer.as_str())]);
    }

    /// From sent to a refusal with its reason.
    pub fn refused(&self, id: i64) {
        self.take(id, Act::Accept, &[]);
        self.take(id, Act::Screen, &[]);
        self.assess(id);
        self.take(id, Act::Reject, &[]);
    }

    /// The work itself, and what is said afterwards.
    pub fn done(&self, id: i64) {
        let late = (self.world.now() + SignedDuration::from_mins(30)).to_string();
        self.take(id, Act::Start, &[]);
        self.take(id, Act::RunningLate, &[("expected_end", late.as_str())]);
        self.take(id, Act::BackOut, &[]);
        self.take(id, Act::Finish, &[("outcome", "backed_out"), ("back", "")]);
        self.take(id, Act::MeetCondition, &[("number", "1")]);
        self.take(id, Act::Review, &[]);
        let owner = self.code.to_uppercase();
        self.take(id, Act::Review, &[("action_1_owner", owner.as_str()), ("action_1_due", "2026-12-24")]);
        self.take(id, Act::Close, &[("outcome", "backed_out")]);
    }

    /// History brought in from another system.
    pub fn imported(&mut self, at: Timestamp) {
        let window = Window { start: at, end: at + SignedDuration::from_hours(2), contingency_end: at + SignedDuration::from_hours(2) };
        let row = ImportRow {
            existing: None,
            kind: Kind::PlannedOutage,
            org: OrgId(self.org),
            source_ref: format!("{}-1", word(self.code)),
            title: format!("{} of long ago", open(self.code)),
            items: vec![ItemId(self.old_item)],
            window,
            received_at: at - SignedDuration::from_hours(24 * 20),
            stage: Stage::Closed,
            outcome: Some(Outcome::Failed),
            reason: Some(format!("{} was the reason", word(self.code))),
        };
        self.world.app.import(vec![row], |_| {}).expect("history");
    }

    /// Somebody asks to join for it, and confirms their address.
    pub async fn asks_to_join(&self) {
        let word = word(self.code);
        let mut client = self.world.stranger();
        client.get("/join").await;
        let email = format!("newcomer.{word}@{}.example", self.code);
        let (name, job, reason) = (format!("Newcomer {word}"), format!("{word} job"), format!("{word} reason"));
        let reply = client.post("/join", &[("name", &name), ("email", &email), ("job", &job), ("reason", &reason)]).await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.text());
        let letters = self.world.step_worker();
        let link = link_in(letters.iter().find(|mail| mail.to == email).expect("a letter"));
        client.get(&link).await;
        let reply = client.post(&link, &[]).await;
        assert!(reply.status.is_success() || reply.status.is_redirection(), "{}", reply.text());
    }

    /// Something typed in every field, and the word wherever words may stand.
    fn typed(&self, fields: &[Field]) -> Raw {
        let upper = self.code.to_uppercase();
        let mut raw = Raw::new();
        let start: Timestamp = FIRST_DAY.parse().expect("a time");
        // Each writer has nights of its own, one after another.
        let start = start + SignedDuration::from_hours(24 * self.raised.len() as i64);
        for field in fields {
            let id = field.id.clone();
            let mut put = |id: String, value: String| raw.insert(id, vec![value]);
            match &field.kind {
                AnswerKind::Line { .. } | AnswerKind::Prose | AnswerKind::List => drop(put(id.clone(), format!("{} {id}", word(self.code)))),
                AnswerKind::Format(format) => drop(put(id, format.example().into())),
                AnswerKind::YesNo => drop(put(id, "no".into())),
                AnswerKind::Choice(codes) | AnswerKind::Reason(codes) | AnswerKind::Choices(codes) if !id.contains("lowered") => {
                    drop(put(id, codes.iter().find(|code| *code == "no").or(codes.first()).cloned().unwrap_or_default()));
                }
                AnswerKind::Number { min, .. } => drop(put(id, min.to_string())),
                AnswerKind::Window => {
                    put(format!("{id}.start"), start.to_string());
                    put(format!("{id}.end"), (start + SignedDuration::from_hours(2)).to_string());
                }
                AnswerKind::Moment { .. } if id == "contingency_end" => drop(put(id, (start + SignedDuration::from_hours(3)).to_string())),
                AnswerKind::Date => drop(put(id, start.to_string()[..10].to_owned())),
                AnswerKind::Items => drop(put(id, format!("{upper}-NODE"))),
                AnswerKind::Services => drop(put(id, format!("{upper}-PACS"))),
                AnswerKind::Sites => drop(put(id, format!("{upper}-S"))),
                AnswerKind::Rows { columns, .. } if columns.iter().all(|column| column.answer != AnswerKind::Organisation) => {
                    for column in columns {
                        let value = match &column.answer {
                            AnswerKind::Choice(codes) => codes[0].clone(),
                            AnswerKind::Number { min, .. } => min.to_string(),
                            AnswerKind::Line { .. } => format!("{} {}", word(self.code), column.id),
                            _ => continue,
                        };
                        put(format!("{id}.1.{}", column.id), value);
                    }
                }
                AnswerKind::PersonAndPhone => {
                    put(format!("{id}.name"), format!("{} on site", word(self.code)));
                    put(format!("{id}.phone"), "020 7946 0158".into());
                }
                _ => {}
            }
        }
        for unwanted in [
            // Work for a trust out of hours is charged for, and nobody here has agreed to a price.
            "supplier_actions",
            "lowered_because",
            "action_1_owner",
            "action_1_due",
            "action_2",
            "action_2_owner",
            "action_2_due",
            "action_3",
            "action_3_owner",
            "action_3_due",
            "condition_2",
            "condition_3",
            "condition_1_owner",
            "condition_2_owner",
            "condition_3_owner",
            "condition_2_due",
            "condition_3_due",
        ] {
            raw.remove(unwanted);
        }
        raw
    }
}
