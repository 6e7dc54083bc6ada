//! The write path end to end, without the web: a planned outage from draft to closed on an empty database.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource};
use signalbox::config::Config;
use signalbox::run::{Done, Expect, Key, NewDraft, Stop};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::{Kind, Stage};
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::accounts::{self, NewMembership, Person};
use signalbox_store::directory::{self, Item, OnDifference, Organisation, Service, Site};
use signalbox_store::{Db, Target, project};

struct World {
    app: Shared,
    next: std::cell::Cell<i64>,
    _folder: tempfolder::Folder,
}

mod tempfolder {
    /// A folder that goes with its value.
    pub struct Folder(pub std::path::PathBuf);
    impl Folder {
        pub fn new() -> Folder {
            let unique = format!("signalbox-run-{}-{:?}", std::process::id(), std::thread::current().id());
            let path = std::env::temp_dir().join(unique.replace(['(', ')'], ""));
            std::fs::create_dir_all(&path).expect("a folder");
            Folder(path)
        }
    }
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn config() -> Config {
    let team = signalbox::config::Team {
        name: "Change team".into(),
        email: "change@authority.example".into(),
        telephone: "020 7946 0100".into(),
        hours: "day and night".into(),
    };
    Config {
        base: signalbox::config::BaseUrl::parse("https://change.example.org").expect("an address"),
        is_base_named: true,
        proxy: None,
        processes: None,
        static_copy: None,
        silences: Default::default(),
        mail_checked_by: None,
        mail: signalbox::config::MailRoute::Kept,
        team,
        is_demo: false,
    }
}

fn raw(fields: &[(&str, &str)]) -> Raw {
    let mut raw: Raw = BTreeMap::new();
    for (name, value) in fields {
        raw.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

impl World {
    fn new() -> World {
        let folder = tempfolder::Folder::new();
        let db = Db::open(&Target::Sqlite(folder.0.clone())).expect("a database");
        let clock = Clock::held_at(at("2026-11-02T09:00:00Z"));
        let app = App::new(db, clock, IdSource::seeded(1), config());
        let world = World { app, next: std::cell::Cell::new(100), _folder: folder };
        world.furnish();
        world
    }

    fn id(&self) -> i64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    fn furnish(&self) {
        let orgs = [
            (1, "NORTHBROOK", OrgKind::Trust),
            (2, "HALDEN", OrgKind::Supplier),
            (3, "AUTHORITY", OrgKind::Authority),
            (4, "MERIDIAN", OrgKind::Network),
            (5, "RIVERSIDE", OrgKind::Trust),
        ];
        let now = self.app.clock.now();
        self.app
            .db
            .write(move |tx| {
                let act = |event_id| directory::Act { event_id, by: None, at: now };
                for (id, code, kind) in orgs {
                    directory::upsert_organisation(tx, &act(1000 + id), &Organisation::new(id, code, code, kind), OnDifference::Report)?.expect("new");
                }
                directory::upsert_site(
                    tx,
                    &act(1010),
                    &Site { id: 20, org_id: 1, code: "NB".into(), name: "Northbrook".into(), ods_code: None },
                    OnDifference::Report,
                )?
                .expect("new");
                directory::upsert_service(tx, &act(1011), &Service::new(30, "PACS", "PACS imaging", 2), OnDifference::Report)?.expect("new");
                directory::set_service_orgs(tx, &act(1012), 30, &[1])?.expect("new");
                let item = Item {
                    id: 40,
                    code: "NB-PACS-N2".into(),
                    name: "Archive node".into(),
                    item_type: "server".into(),
                    org_id: 1,
                    site_id: Some(20),
                    watched_by: None,
                    services: vec![30],
                };
                directory::upsert_item(tx, &act(1013), &item, OnDifference::Report)?.expect("new");
                Ok(())
            })
            .expect("a directory");
    }

    fn person(&self, email: &str, org: i64, role: Role) -> Actor {
        let (id, now, event) = (self.id(), self.app.clock.now(), self.id() + 5000);
        let email = email.to_owned();
        self.app
            .db
            .write(move |tx| {
                let act = directory::Act { event_id: event, by: None, at: now };
                accounts::upsert_person(tx, &act, &Person::new(id, &email, &email), OnDifference::Report)?.expect("new");
                let act = directory::Act { event_id: event + 10_000, by: None, at: now };
                accounts::grant_role(tx, &act, &NewMembership { id: id + 20_000, person_id: id, org_id: org, role, service_id: None })?.expect("granted");
                Ok(accounts::actor(tx, id)?.expect("an actor").to_core())
            })
            .expect("a person")
    }

    fn act(&self, actor: &Actor, id: i64, act: Act, fields: &[(&str, &str)]) -> Result<Done, Stop> {
        self.app.take(actor, id, act, raw(fields), Expect::default())
    }
}

#[test]
fn a_planned_outage_goes_from_draft_to_closed() {
    let world = World::new();
    let trust = world.person("joy@northbrook.example", 1, Role::Coordinator);
    let supplier = world.person("priya@halden.example", 2, Role::SupplierManager);
    let assessor = world.person("tom@halden.example", 2, Role::Assessor);
    let engineer = world.person("eng@halden.example", 2, Role::Implementer);
    let stranger = world.person("sam@riverside.example", 5, Role::Coordinator);
    let draft = NewDraft { kind: Kind::PlannedOutage, org: OrgId(1), on_behalf_of: None, copied_from: None, raw: Raw::new() };
    let key = Expect { key: Some(Key { key: "k1".into(), request_hash: "h".into() }), ..Expect::default() };
    let raised = world.app.raise(&trust, draft.clone(), key.clone()).expect("a draft");
    assert_eq!(raised.reference, "ON-2026-000001");
    assert_eq!(world.app.raise(&trust, draft.clone(), key).expect("the same answer"), raised);
    let id = raised.id;

    let first = world.act(&trust, id, Act::Submit, &[("title", "Switchgear maintenance")]);
    let Err(Stop::Refused(signalbox_core::refusal::Refusal::Invalid(faults))) = first else { panic!("{first:?}") };
    assert!(faults.len() > 3, "every fault at once: {faults:?}");
    assert_eq!(world.act(&stranger, id, Act::Submit, &[]), Err(Stop::Unseen));

    let process = world.app.documents.of_kind(Kind::PlannedOutage).expect("a document");
    let typed = fill(&process.questions);
    let typed: Vec<(&str, &str)> = typed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let sent = world.act(&trust, id, Act::Submit, &typed).unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!(sent.stage, Stage::Submitted.code());

    let situation = world.app.db.read(|tx| world.app.look(tx, &supplier, id)).expect("a read").expect("in sight");
    let open: Vec<&str> = situation.offers(&supplier, world.app.clock.now()).iter().filter(|o| o.is_open()).map(|o| o.act.code()).collect();
    assert!(open.contains(&"accept"), "{open:?}");
    let mut accept = vec![("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")];
    let risks: Vec<String> = (1..=6).map(|n| format!("risk_{n}")).collect();
    if process.steps.iter().any(|s| s.act == Act::Accept && s.needs.contains(&signalbox_core::rule::Rule::Classified)) {
        accept.extend(risks.iter().map(|r| (r.as_str(), "0")));
    }
    world.act(&supplier, id, Act::Accept, &accept).unwrap_or_else(|stop| panic!("{stop:?}"));
    let screen: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
    let screen: Vec<(&str, &str)> = screen.iter().map(|q| (q.as_str(), "no")).collect();
    world.act(&supplier, id, Act::Screen, &screen).unwrap_or_else(|stop| panic!("{stop:?}"));
    for who in [&assessor, &supplier, &trust] {
        loop {
            let situation = world.app.db.read(|tx| world.app.look(tx, who, id)).expect("a read").expect("in sight");
            if situation.loaded.change.stage != Stage::Assessing {
                break;
            }
            let ctx = situation.context(who, world.app.clock.now());
            let open = signalbox_core::decide::assess::open_for(&ctx, &situation.loaded.change);
            let Some((kind, _)) = open.first() else { break };
            world.act(who, id, Act::Assess, &[("assessment", kind.code()), ("objects", "no"), ("finding", "Fine.")]).unwrap_or_else(|stop| panic!("{stop:?}"));
        }
    }
    let stage = |id| world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change").change)).expect("a read");
    assert_eq!(stage(id).stage, Stage::AwaitingApproval, "{:?}", stage(id).assessments);
    world.act(&supplier, id, Act::Approve, &[]).unwrap_or_else(|stop| panic!("{stop:?}"));
    world.act(&supplier, id, Act::Schedule, &[("implementer", "eng@halden.example")]).unwrap_or_else(|stop| panic!("{stop:?}"));
    world.app.clock.set(at("2026-12-01T06:01:00Z"));
    world.act(&engineer, id, Act::Start, &[]).unwrap_or_else(|stop| panic!("{stop:?}"));
    world.app.clock.advance(SignedDuration::from_mins(90));
    world.act(&engineer, id, Act::Finish, &[("outcome", "successful"), ("back", "PACS")]).unwrap_or_else(|stop| panic!("{stop:?}"));
    let closed = world.act(&supplier, id, Act::Close, &[("outcome", "successful")]).unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!(closed.stage, "CLOSED");
    let differences = world.app.db.read(|tx| project::differences(tx, |_| {})).expect("a read");
    assert_eq!(differences, Vec::<String>::new());
}

/// A valid answer for every question that sending asks.
pub fn fill(questions: &[signalbox_core::process::Question]) -> Vec<(String, String)> {
    use signalbox_core::process::AnswerKind;
    let mut typed = vec![];
    for question in questions {
        let id = question.id.clone();
        // Work for a trust out of hours is charged for, and nobody here has agreed to a price.
        if id == "supplier_actions" {
            continue;
        }
        match &question.answer {
            AnswerKind::Window => {
                typed.push((format!("{id}.start"), "2026-12-01T06:00:00Z".into()));
                typed.push((format!("{id}.end"), "2026-12-01T09:00:00Z".into()));
            }
            AnswerKind::Moment { .. } => typed.push((id, "2026-12-01T10:00:00Z".into())),
            AnswerKind::Choice(codes) | AnswerKind::Choices(codes) | AnswerKind::Reason(codes) if question.asked_when.is_none() => {
                let code = if codes.iter().any(|c| c == "no") { "no" } else { &codes[0] };
                typed.push((id, code.to_owned()));
            }
            AnswerKind::YesNo if question.asked_when.is_none() => typed.push((id, "no".into())),
            AnswerKind::Items => typed.push((id, "NB-PACS-N2".into())),
            AnswerKind::Services => typed.push((id, "PACS".into())),
            AnswerKind::Sites => typed.push((id, "NB".into())),
            AnswerKind::PersonAndPhone => {
                typed.push((format!("{id}.name"), "Len Brook".into()));
                typed.push((format!("{id}.phone"), "020 7946 0158".into()));
            }
            AnswerKind::Number { min, .. } => typed.push((id, min.to_string())),
            AnswerKind::Rows { columns, .. } if question.asked_when.is_none() && question.required != signalbox_core::process::Required::Optional => {
                for column in columns.iter().filter(|column| column.required) {
                    let value = if let AnswerKind::Choice(codes) = &column.answer { codes[0].as_str() } else { "Words enough." };
                    typed.push((format!("{id}.1.{}", column.id), value.to_owned()));
                }
            }
            AnswerKind::Line { .. } | AnswerKind::Prose | AnswerKind::List if question.asked_when.is_none() => typed.push((id, "Words enough.".into())),
            _ => {}
        }
    }
    typed
}
