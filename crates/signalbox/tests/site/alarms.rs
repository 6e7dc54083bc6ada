//! What rings is read against what was announced (spec 10.4, X5): told by programs, seen by people, kept with its evidence.

use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox_core::act::Act;
use signalbox_store::accounts;
use signalbox_store::alarms::{self, Told};

use crate::api::program::{Program, token};
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

pub fn program<'w>(world: &'w World, email: &str) -> Program<'w> {
    token(world, world.app.db.read(|tx| accounts::person_by_email(tx, email)).expect("a read").expect("somebody").id)
}

/// Work on the evening of 1 December from eight to ten, with an hour to spare, agreed and scheduled.
fn evening(world: &World, estate: &Estate) -> i64 {
    let id = estate.outage(world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
    estate.assess(world, id);
    estate.schedule(world, id);
    id
}

/// Tells one alarm and gives back how it reads.
pub async fn rings(desk: &Program<'_>, id: &str, more: Value) -> Value {
    let mut alarm = json!({"id": id, "item": "NB-PACS-N2", "kind": "unreachable"});
    for (name, value) in more.as_object().unwrap() {
        alarm[name] = value.clone();
    }
    let told = desk.post("/api/v1/alarms", json!({"organisation": "HALDEN", "source": "zabbix", "alarms": [alarm]})).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    told.json()["items"][0].clone()
}

fn class(alarm: &Value) -> (&str, &str) {
    (alarm["class"].as_str().unwrap(), alarm["rule"].as_str().unwrap())
}

#[test]
fn scenario_16_an_expected_alarm_is_no_dispatch_and_stays_visible() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T19:52:00Z"));
        let early = rings(&desk, "1", json!({"raised_at": "2026-12-01T19:44:59Z"})).await;
        assert_eq!((class(&early), early["is_expected"].as_bool()), (("real", "AL-8"), Some(false)));
        let alarm = rings(&desk, "2", json!({"raised_at": "2026-12-01T19:50:00Z"})).await;
        assert_eq!(class(&alarm), ("expected", "AL-1"), "a quarter of an hour before the start");
        assert_eq!((alarm["reference"].as_str(), alarm["until"].as_str()), (Some("ON-2026-000001"), Some("2026-12-01T23:00:00Z")));
        assert!(alarm["words"].as_str().unwrap().starts_with("Matches ON-2026-000001 until 23:00. Ring the site if it is worse or longer"), "{alarm}");
        // Told again it is the same one; that it cleared is new.
        let again = rings(&desk, "2", json!({"raised_at": "2026-12-01T19:50:00Z", "cleared_at": "2026-12-01T19:51:00Z"})).await;
        assert_eq!((&again["id"], again["cleared_at"].as_str()), (&alarm["id"], Some("2026-12-01T19:51:00Z")));
        // It is on the board and in the list, with what was known when it came in.
        let mut dee = world.sign_in("dee@halden.example").await;
        let board = dee.get("/ops").await.text();
        assert!(board.contains("What rang lately NB-PACS-N2") || board.contains("NB-PACS-N2 unreachable"), "{board}");
        let page = dee.get(&format!("/alarms/{}", alarm["id"].as_str().unwrap())).await.text();
        for words in ["Told by zabbix, halden supplier, number 2", "by rule AL-1", "counted as on time"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    });
}

#[test]
fn scenario_17_an_overrun_is_real() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:00:00Z"));
        estate.priya(&world, id, Act::Start, &[]);
        world.clock.set(at("2026-12-01T23:30:00Z"));
        assert_eq!(class(&rings(&desk, "1", json!({"raised_at": "2026-12-01T22:59:00Z"})).await), ("expected", "AL-1"));
        let late = rings(&desk, "2", json!({"raised_at": "2026-12-01T23:01:00Z"})).await;
        assert_eq!(class(&late), ("overrun", "AL-2"));
        assert!(late["words"].as_str().unwrap().ends_with("Ring the site now, then dispatch."), "{late}");
        // Back: a quarter of an hour later alarms are real again.
        estate.priya(&world, id, Act::Finish, &[("outcome", "successful"), ("back", "PACS")]);
        world.clock.set(at("2026-12-01T23:50:00Z"));
        assert_eq!(class(&rings(&desk, "3", json!({"raised_at": "2026-12-01T23:46:00Z"})).await), ("real", "AL-8"));
    });
}

#[test]
fn scenario_23_a_fire_alarm_in_a_window_is_never_quiet() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:10:00Z"));
        let fire = rings(&desk, "1", json!({"raised_at": "2026-12-01T20:05:00Z", "severity": "Safety", "kind": "smoke"})).await;
        assert_eq!((class(&fire), fire["is_expected"].as_bool(), fire["is_safety"].as_bool()), (("safety", "AL-7"), Some(false), Some(true)));
        assert!(fire["words"].as_str().unwrap().contains("never quiet, though it falls into ON-2026-000001"), "{fire}");
    });
}

#[test]
fn al_3_and_al_5_near_work_and_work_that_nobody_decided_on() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:10:00Z"));
        let undecided = rings(&desk, "1", json!({"raised_at": "2026-12-01T20:05:00Z"})).await;
        assert_eq!(class(&undecided), ("ring_first", "AL-5"));
        assert_eq!(undecided["words"], "ON-2026-000001 names NB-PACS-N2, and nobody has decided on it yet. Ring the site first.");
        // Another thing at the same place is not on the list.
        let near = rings(&desk, "2", json!({"raised_at": "2026-12-01T20:05:00Z", "item": "NB-PRINTER", "site": "NB"})).await;
        assert_eq!(class(&near), ("near", "AL-3"));
        let elsewhere = rings(&desk, "3", json!({"raised_at": "2026-12-01T20:05:00Z", "item": "RV-PRINTER"})).await;
        assert_eq!((class(&elsewhere), &elsewhere["item"], elsewhere["object"].as_str()), (("real", "AL-8"), &Value::Null, Some("RV-PRINTER")));
        // Withdrawn work answers for nothing.
        let id = world
            .app
            .db
            .read(|tx| signalbox_store::queries::sight::by_reference(tx, &signalbox_store::scope::Scope::of_the_authority(), "ON-2026-000001"))
            .unwrap()
            .unwrap();
        estate.ruth(&world, id, Act::Withdraw, &[]);
        assert_eq!(class(&rings(&desk, "4", json!({"raised_at": "2026-12-01T20:06:00Z"})).await).0, "real");
    });
}

#[test]
fn al_9_an_alarm_that_flaps_is_folded_and_every_one_is_kept() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:20:00Z"));
        let mut last = Value::Null;
        for minute in 0..8 {
            last = rings(&desk, &minute.to_string(), json!({"raised_at": format!("2026-12-01T20:0{minute}:00Z")})).await;
        }
        assert_eq!(last["is_folded"], true);
        let shown = desk.get("/api/v1/alarms").await.json();
        assert_eq!(shown["items"].as_array().unwrap().len(), 5, "the sixth of ten minutes is folded into the first");
        assert_eq!(shown["items"][4]["folded"], 3);
        assert_eq!(desk.get("/api/v1/alarms?folded=true&limit=200").await.json()["items"].as_array().unwrap().len(), 8);
        // An hour later it is an alarm of its own again.
        let later = rings(&desk, "99", json!({"raised_at": "2026-12-01T20:19:00Z"})).await;
        assert_eq!(later["is_folded"], false);
    });
}

#[test]
fn alertmanager_tells_its_alerts_in_its_own_form() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:20:00Z"));
        let alert = |status: &str, ends: &str, item: &str, severity: &str| {
            json!({"status": status, "fingerprint": format!("print-{item}"), "startsAt": "2026-12-01T20:05:00.123Z", "endsAt": ends,
                "labels": {"alertname": "HostDown", "host": item, "severity": severity}, "annotations": {}, "generatorURL": "http://prometheus/graph"})
        };
        let call = |alerts: Vec<Value>| json!({"version": "4", "groupKey": "{}", "status": "firing", "receiver": "signalbox", "alerts": alerts});
        let path = "/api/v1/alarms/alertmanager?organisation=HALDEN&item_label=host";
        let firing =
            call(vec![alert("firing", "0001-01-01T00:00:00Z", "NB-PACS-N2", "critical"), alert("firing", "0001-01-01T00:00:00Z", "NB-OTHER", "critical")]);
        let told = desk.post(path, firing.clone()).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        let read = |n: usize, all: &Value| (all["items"][n]["class"].as_str().unwrap().to_owned(), all["items"][n]["kind"].as_str().unwrap().to_owned());
        assert_eq!(read(0, &told.json()), ("expected".to_owned(), "HostDown".to_owned()));
        assert_eq!(read(1, &told.json()).0, "real");
        // It repeats what still fires, and says when it was over.
        assert_eq!(desk.post(path, firing).await.json()["items"][0]["id"], told.json()["items"][0]["id"]);
        let over = desk.post(path, call(vec![alert("resolved", "2026-12-01T20:15:00Z", "NB-PACS-N2", "critical")])).await.json();
        assert_eq!((&over["items"][0]["id"], over["items"][0]["cleared_at"].as_str()), (&told.json()["items"][0]["id"], Some("2026-12-01T20:15:00Z")));
        assert_eq!(desk.get("/api/v1/alarms").await.json()["items"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn what_several_tell_at_once_is_kept_once_and_counted_together() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        world.clock.set(at("2026-12-01T20:20:00Z"));
        let app = &world.app;
        let read = |sql: &'static str| app.db.read(move |tx| tx.one(sql, &[], |row| Ok((row.int(0)?, row.int(1)?)))).unwrap();
        let (item, org) = read("select i.id, o.id from items i, organisations o where i.code = 'NB-PACS-N2' and o.code = 'HALDEN'");
        std::thread::scope(|scope| {
            let tellers: Vec<_> = (0..8)
                .map(|teller| {
                    scope.spawn(move || {
                        // A pair of monitors tells everything twice, so the first is known to all of them.
                        let one = |n: i64| Told {
                            id: app.ids.mint(app.clock.now()),
                            org_id: org,
                            source: "pair".into(),
                            source_alarm: if n == 0 { "0".into() } else { format!("{teller}-{n}") },
                            object: "NB-PACS-N2".into(),
                            item: Some(item),
                            site: None,
                            kind: "unreachable".into(),
                            is_safety: false,
                            raised_at: at("2026-12-01T20:10:00Z"),
                            cleared_at: None,
                        };
                        let (told, schedule, now): (Vec<Told>, _, _) = ((0..=10).map(one).collect(), app.schedule.clone(), app.clock.now());
                        app.db.write(move |tx| alarms::hear(tx, &schedule, now, &told, false))
                    })
                })
                .collect();
            for teller in tellers {
                assert_eq!(teller.join().unwrap().expect("nobody loses against another").len(), 11);
            }
        });
        assert_eq!(read("select count(*), count(folded_into) from alarms"), (81, 76), "the first five of what flaps stand alone");
        assert_eq!(read("select cast(sum(folded) as bigint), 0 from alarms"), (76, 0));
    });
}

#[test]
fn every_fault_of_what_is_told_is_named_and_nothing_of_it_is_kept() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let desk = program(&world, "dee@halden.example");
        let wrong = json!({"organisation": "NORTHBROOK", "source": "", "alarms": [
            {"id": "1", "item": "NB-PACS-N2"}, {"item": "NB-PACS-N2", "raised_at": "yesterday", "colour": "red"}, {"id": "3"}, 4,
            {"id": "5", "site": "NB", "raised_at": "2026-12-01T20:05:00Z", "cleared_at": "2026-12-01T20:04:00Z"}]});
        let refused = desk.post("/api/v1/alarms", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        let faults = refused.json();
        let mut fields: Vec<&str> = faults["errors"].as_array().unwrap().iter().map(|fault| fault["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        let all = ["alarms.2.colour", "alarms.2.id", "alarms.2.raised_at", "alarms.3.item", "alarms.4", "alarms.5.cleared_at", "organisation", "source"];
        assert_eq!(fields, all, "{faults:#}");
        assert_eq!(desk.get("/api/v1/alarms").await.json()["items"], json!([]));
        let una = program(&world, "una@riverside.example");
        let denied = una.post("/api/v1/alarms", json!({"organisation": "RIVERSIDE", "source": "x", "alarms": [{"id": "1", "site": "NB"}]})).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn what_an_alarm_was_found_to_be_stands_beside_how_it_was_read() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate);
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-11-20T03:10:00Z"));
        let alarm = rings(&desk, "1", json!({"raised_at": "2026-11-20T03:00:00Z"})).await;
        let path = format!("/alarms/{}", alarm["id"].as_str().unwrap());
        let mut dee = world.sign_in("dee@halden.example").await;
        let missing = dee.post(&path, &[("class", "unannounced"), ("why", " ")]).await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(missing.text().contains("Say what was found"));
        let saved = dee.post(&path, &[("class", "unannounced"), ("why", "The electrician had switched off the board")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let page = dee.get(&path).await.text();
        assert!(page.contains("by rule AL-8") && page.contains("The electrician had switched off the board"), "{page}");
        let now = desk.get(&format!("/api/v1{path}")).await.json();
        assert_eq!((now["class"].as_str(), now["found"].as_str()), (Some("real"), Some("unannounced")));
        // The owner of the equipment sees it; another trust does not know of it, and neither does its list.
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get("/alarms").await.text().contains("NB-PACS-N2"));
        for stranger in ["una@riverside.example", "nora@riverside.example"] {
            let mut other = world.sign_in(stranger).await;
            assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{stranger}");
            assert!(!other.get("/alarms").await.text().contains("NB-PACS-N2"));
        }
    });
}
