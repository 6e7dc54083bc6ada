//! What monitors are told to keep quiet about: C120 to C123, with the clock moved and with peers that keep state; with
//! real ones in `real`.

mod faults;
mod fortnight;
pub mod peers;
mod real;
mod told;

use std::time::Duration;

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::config::{Config, Silences};
use signalbox::worker::monitors::tend;
use signalbox_core::act::Act;
use signalbox_core::change::Stage;
use signalbox_store::directory::{self, Item, OnDifference};
use signalbox_store::{Target, monitors as store, project};

use crate::changes::taken;
use crate::harness::for_each_target;
use crate::planned::{Estate, at};
use crate::world::{World, runtime, settings};
use peers::{Kept, Mood, Peer};

/// What opens the monitors of these tests; it may stand nowhere.
pub const CANARY: &str = "signalbox:canary-sesame-7719";
const WEBHOOK_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn open(target: &Target) -> World {
    let silences = Silences { patience: Duration::from_millis(400), ..Silences::default() };
    World::open_with(target, Config { silences, ..settings() })
}

/// Runs a story on each engine.
fn on_each_engine<F: Future<Output = ()>>(story: impl Fn(World) -> F) {
    for_each_target(|target| runtime().block_on(story(open(target))));
}

/// A monitor as an administrator sets it up, by the pages.
pub async fn set_up(world: &World, name: &str, kind: &str, address: &str, secret: Option<&str>, more: &[(&str, &str)]) -> i64 {
    let mut nora = world.sign_in("nora@riverside.example").await;
    nora.get("/setup/monitors/new").await;
    let mut fields = vec![("name", name), ("kind", kind), ("address", address), ("template", "{item}"), ("label", "instance")];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    fields.extend(["organisations", "items", "authority"].into_iter().filter(|name| more.iter().all(|(other, _)| name != other)).map(|name| (name, "")));
    fields.extend(more);
    let added = nora.post("/setup/monitors", &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    let id = world.app.db.read(store::monitors).unwrap().into_iter().find(|monitor| monitor.name == name).unwrap().id;
    if let Some(secret) = secret {
        nora.get(&format!("/setup/monitors/{id}")).await;
        let set = nora.post(&format!("/setup/monitors/{id}/credential"), &[("password", secret)]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.text());
    }
    id
}

/// A second device of Northbrook, which nothing declares.
pub fn add_item(world: &World, estate: &Estate, code: &str) -> i64 {
    let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let item = Item {
        id,
        code: code.into(),
        name: "Another node".into(),
        item_type: "server".into(),
        org_id: estate.trust,
        site_id: None,
        watched_by: None,
        services: vec![],
    };
    world.app.attempt(move |tx| directory::upsert_item(tx, &act, &item, OnDifference::Report)).unwrap();
    id
}

/// An agreed outage of NB-PACS-N2 on 1 December from 20:00 to 22:00, all back by 23:00.
fn agreed(world: &World, estate: &Estate) -> i64 {
    let id = estate.outage(world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
    estate.assess(world, id);
    estate.schedule(world, id);
    id
}

fn stage(world: &World, id: i64) -> Stage {
    world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change").change.stage)).unwrap()
}

fn one(name: &str, from: &str, until: &str) -> Vec<(String, String, String)> {
    vec![(name.into(), format!("2026-12-{from}Z"), format!("2026-12-{until}Z"))]
}

async fn page(world: &World) -> String {
    world.sign_in("priya@halden.example").await.get("/changes/ON-2026-000001").await.text()
}

#[test]
fn c120_the_declared_items_and_no_others_for_the_cover_to_the_second() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        add_item(&world, &estate, "NB-PACS-N9");
        let (alerts, icinga, other) = (Peer::alertmanager().await, Peer::icinga().await, Peer::listener().await);
        set_up(&world, "Alerts", "alertmanager", &alerts.address, Some(CANARY), &[]).await;
        set_up(&world, "Checks", "icinga", &icinga.address, Some(CANARY), &[("template", "{item}!ping4"), ("organisations", "northbrook")]).await;
        set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[("items", "NB-PACS-N2")]).await;
        // Whoever watches somebody else's items is told nothing.
        let theirs = Peer::alertmanager().await;
        set_up(&world, "Riverside", "alertmanager", &theirs.address, None, &[("organisations", "RIVERSIDE")]).await;

        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        world.clock.set(at("2026-12-01T19:50:00Z"));
        tend(&world.app).await.unwrap();
        assert!(alerts.kept().is_empty(), "what nobody has decided on silences nothing: the site is rung first");
        world.clock.set(at("2026-11-18T09:00:00Z"));
        estate.assess(&world, id);
        estate.schedule(&world, id);
        // A day before the cover begins, and not a second earlier.
        world.clock.set(at("2026-11-30T19:44:59Z"));
        tend(&world.app).await.unwrap();
        assert!(alerts.kept().is_empty() && icinga.kept().is_empty() && other.kept().is_empty());
        world.clock.set(at("2026-11-30T19:45:00Z"));
        tend(&world.app).await.unwrap();
        assert_eq!(alerts.kept(), one("NB-PACS-N2", "01T19:45:00", "01T23:00:00"));
        assert_eq!(icinga.kept(), one("NB-PACS-N2!ping4", "01T19:45:00", "01T23:00:00"));
        assert_eq!(other.kept(), one("NB-PACS-N2", "01T19:45:00", "01T23:00:00"));
        assert!(theirs.kept().is_empty());
        let kept = alerts.look(|inside| inside.kept[0].clone());
        assert_eq!(kept.by, "Signalbox at change.example.org");
        assert_eq!(kept.comment, "ON-2026-000001 https://change.example.org/changes/ON-2026-000001");
        alerts.look(|inside| assert_eq!(inside.headers["authorization"], "Basic c2lnbmFsYm94OmNhbmFyeS1zZXNhbWUtNzcxOQ=="));
        other.look(|inside| {
            let (id, time) = (inside.headers["webhook-id"].to_str().unwrap(), inside.headers["webhook-timestamp"].to_str().unwrap());
            let key = signalbox::deliver::monitor::webhook::Key::parse(WEBHOOK_KEY).unwrap();
            let signed = key.sign(id, time.parse().unwrap(), &inside.asked.last().unwrap().2);
            assert_eq!(inside.headers["webhook-signature"].to_str().unwrap(), signed);
        });
        // Looked at again, nothing is made twice.
        let asked = |peer: &Peer| peer.look(|inside| inside.asked.iter().filter(|(method, path, _)| method == "POST" && !path.contains("objects")).count());
        let before = (asked(&alerts), asked(&icinga), asked(&other));
        world.clock.set(at("2026-12-01T20:00:00Z"));
        tend(&world.app).await.unwrap();
        assert_eq!((asked(&alerts), asked(&icinga), asked(&other)), before);
        let shown = page(&world).await;
        assert!(shown.contains("In force until") && shown.contains("23:00") && shown.contains("NB-PACS-N2!ping4") && shown.contains("Pager"), "{shown}");
        assert!(world.step_worker().iter().all(|mail| !mail.subject.contains("silenced")));
        // Over, nothing is left to do.
        world.clock.set(at("2026-12-01T23:00:00Z"));
        tend(&world.app).await.unwrap();
        assert!(page(&world).await.contains("Over"));
        assert_eq!((asked(&alerts), asked(&icinga), asked(&other)), before);
    });
}

#[test]
fn c123_silences_are_extended_and_end_early_with_the_work() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, icinga, other) = (Peer::alertmanager().await, Peer::icinga().await, Peer::listener().await);
        set_up(&world, "Alerts", "alertmanager", &alerts.address, None, &[]).await;
        set_up(&world, "Checks", "icinga", &icinga.address, Some(CANARY), &[]).await;
        set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[]).await;
        let id = agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        tend(&world.app).await.unwrap();
        let all = || [alerts.kept(), icinga.kept(), other.kept()];
        assert_eq!(all(), std::array::from_fn(|_| one("NB-PACS-N2", "01T19:45:00", "01T23:00:00")));
        let mut len = world.sign_in("len@halden.example").await;
        taken(&mut len, "ON-2026-000001", "start", &[]).await;
        world.clock.set(at("2026-12-01T21:40:00Z"));
        let more = [("until-date", "2026-12-02"), ("until-time", "01:00"), ("reason", "The copy is slow.")];
        taken(&mut len, "ON-2026-000001", "extend", &[&more[..], &[("site_agreed", "Sister Quill"), ("on_call_agreed", "Mr Vane")]].concat()).await;
        tend(&world.app).await.unwrap();
        assert_eq!(
            all().map(|kept| kept.iter().map(|one| one.2.clone()).collect::<Vec<_>>()),
            std::array::from_fn(|_| vec!["2026-12-02T01:00:00Z".to_owned()])
        );
        assert!(page(&world).await.contains("01:00"));
        // Back at 22:30: a quarter of an hour later alarms mean something again.
        world.clock.set(at("2026-12-01T22:30:00Z"));
        taken(&mut len, "ON-2026-000001", "finish", &[("outcome", "successful"), ("back", "PACS")]).await;
        assert!(matches!(stage(&world, id), Stage::Implemented | Stage::Review));
        tend(&world.app).await.unwrap();
        assert_eq!(
            all().map(|kept| kept.iter().map(|one| one.2.clone()).collect::<Vec<_>>()),
            std::array::from_fn(|_| vec!["2026-12-01T22:45:00Z".to_owned()])
        );
    });
}

#[test]
fn c123_scenario_22_what_is_moved_moves_and_what_is_cancelled_is_not_silenced() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, other) = (Peer::alertmanager().await, Peer::listener().await);
        set_up(&world, "Alerts", "alertmanager", &alerts.address, None, &[]).await;
        set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[]).await;
        let id = agreed(&world, &estate);
        world.clock.set(at("2026-12-01T08:00:00Z"));
        tend(&world.app).await.unwrap();
        assert_eq!([alerts.kept(), other.kept()], std::array::from_fn(|_| one("NB-PACS-N2", "01T19:45:00", "01T23:00:00")));
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let moved = [
            ("window.start-date", "2026-12-01"),
            ("window.start-time", "21:30"),
            ("window.end-date", "2026-12-01"),
            ("window.end-time", "23:30"),
            ("reason", "The engineer is away."),
        ];
        taken(&mut ruth, "ON-2026-000001", "reschedule", &moved).await;
        tend(&world.app).await.unwrap();
        if !stage(&world, id).is_firm() {
            assert!(alerts.kept().is_empty() && other.kept().is_empty(), "it has to be decided on again: {:?}", alerts.kept());
            estate.schedule(&world, id);
            tend(&world.app).await.unwrap();
        }
        assert_eq!([alerts.kept(), other.kept()], std::array::from_fn(|_| one("NB-PACS-N2", "01T21:15:00", "02T00:30:00")));
        world.clock.set(at("2026-12-01T21:20:00Z"));
        tend(&world.app).await.unwrap();
        assert!(page(&world).await.contains("In force until"));
        estate.ruth(&world, id, Act::Cancel, &[("reason", "The contractor is ill.")]);
        tend(&world.app).await.unwrap();
        assert!(alerts.kept().is_empty() && other.kept().is_empty());
        assert!(page(&world).await.contains("Over"));
    });
}

#[test]
fn c121_what_is_lost_is_made_again_and_what_is_left_over_is_removed() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, icinga) = (Peer::alertmanager().await, Peer::icinga().await);
        let monitor = set_up(&world, "Alerts", "alertmanager", &alerts.address, None, &[]).await;
        set_up(&world, "Checks", "icinga", &icinga.address, None, &[]).await;
        agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        tend(&world.app).await.unwrap();
        let whole = one("NB-PACS-N2", "01T19:45:00", "01T23:00:00");
        // Lost there, altered there, doubled by somebody who died between telling and remembering.
        for peer in [&alerts, &icinga] {
            peer.look(|inside| inside.kept.clear());
        }
        world.advance(SignedDuration::from_secs(31));
        tend(&world.app).await.unwrap();
        assert_eq!([alerts.kept(), icinga.kept()], std::array::from_fn(|_| whole.clone()));
        for peer in [&alerts, &icinga] {
            peer.look(|inside| inside.kept[0].until = at("2026-12-02T12:00:00Z"));
        }
        tend(&world.app).await.unwrap();
        assert_eq!([alerts.kept(), icinga.kept()], std::array::from_fn(|_| whole.clone()));
        for peer in [&alerts, &icinga] {
            peer.look(|inside| {
                let double = Kept { id: "double".into(), ..inside.kept[0].clone() };
                let stray = Kept { id: "stray".into(), name: "NB-PACS-N9".into(), comment: "RFC-2020-000009 x".into(), ..double.clone() };
                let foreign = Kept { id: "foreign".into(), by: "wendy".into(), ..stray.clone() };
                inside.kept.extend([double, stray, foreign]);
            });
        }
        tend(&world.app).await.unwrap();
        for peer in [&alerts, &icinga] {
            assert_eq!(peer.look(|inside| inside.kept.len()), 2, "ours once, and what another made: {:?}", peer.kept());
            assert!(peer.look(|inside| inside.kept.iter().any(|kept| kept.id == "foreign")));
        }
        // What was left over is reported.
        let told = world.app.db.read(|tx| store::silences(tx, monitor)).unwrap();
        assert!(told.iter().any(|row| row.reference == "RFC-2020-000009" && row.words.contains("left over")), "{told:?}");
    });
}

#[test]
fn c121_a_worker_that_dies_at_any_point_leaves_nothing_double_and_nothing_undone() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, other) = (Peer::alertmanager().await, Peer::listener().await);
        let monitor = set_up(&world, "Alerts", "alertmanager", &alerts.address, None, &[]).await;
        let pager = set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[]).await;
        agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        // It died holding both: they are free again after their time, and not before.
        let now = world.now();
        for id in [monitor, pager] {
            world.app.db.write(move |tx| store::lease(tx, id, now, SignedDuration::from_secs(90))).unwrap().expect("a lease");
        }
        tend(&world.app).await.unwrap();
        assert!(alerts.kept().is_empty());
        world.advance(SignedDuration::from_secs(90));
        tend(&world.app).await.unwrap();
        let whole = one("NB-PACS-N2", "01T19:45:00", "01T23:00:00");
        assert_eq!([alerts.kept(), other.kept()], std::array::from_fn(|_| whole.clone()));
        // It died after telling and before remembering.
        world.app.db.write(|tx| tx.exec("delete from silences", &[])).unwrap();
        tend(&world.app).await.unwrap();
        assert_eq!([alerts.kept(), other.kept()], std::array::from_fn(|_| whole.clone()));
        assert!(page(&world).await.contains("In force until"));
    });
}

#[test]
fn c121_a_monitor_that_fails_holds_up_no_other_and_catches_up() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (bad, good) = (Peer::alertmanager().await, Peer::alertmanager().await);
        set_up(&world, "Bad", "alertmanager", &bad.address, Some(CANARY), &[]).await;
        set_up(&world, "Good", "alertmanager", &good.address, None, &[]).await;
        agreed(&world, &estate);
        world.step_worker();
        world.clock.set(at("2026-12-01T20:00:00Z"));
        let whole = one("NB-PACS-N2", "01T19:45:00", "01T23:00:00");
        let moods = [
            (Mood::Refuses, "It answered 403"),
            (Mood::Hangs, "did not answer within"),
            (Mood::Trickles, "did not answer within"),
            (Mood::Rubbish, "not JSON"),
            (Mood::Leads, "leads elsewhere, which is not followed"),
            (Mood::Forgets, "does not have it"),
        ];
        for (n, (mood, words)) in moods.into_iter().enumerate() {
            bad.set(mood);
            bad.look(|inside| inside.kept.clear());
            good.look(|inside| inside.kept.clear());
            world.advance(SignedDuration::from_mins(3));
            let began = std::time::Instant::now();
            tend(&world.app).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(20), "{mood:?}");
            assert_eq!(good.kept(), whole, "{mood:?}");
            let shown = page(&world).await;
            // The first failures keep what was read last; none was ever there.
            assert!(shown.contains(&format!("Not in force: {words}")) || shown.contains("Not in force: It") && shown.contains(words), "{mood:?}: {shown}");
            let letters: Vec<_> = world.step_worker().into_iter().filter(|mail| mail.subject.starts_with("Alarms are not silenced")).collect();
            assert_eq!(letters.len(), usize::from(n == 0), "told once for each fault: {mood:?} {letters:?}");
            if let Some(letter) = letters.first() {
                assert_eq!(letter.to, "dee@halden.example");
                assert!(letter.text.contains("/changes/ON-2026-000001#silences"), "{}", letter.text);
            }
        }
        let board = world.sign_in("dee@halden.example").await.get("/ops").await.text();
        assert!(board.contains("Not silenced at its monitor: NB-PACS-N2"), "{board}");
        bad.set(Mood::Sound);
        world.advance(SignedDuration::from_mins(3));
        tend(&world.app).await.unwrap();
        assert_eq!(bad.kept(), whole);
        assert!(!page(&world).await.contains("Not in force"));
        // A second fault is told again.
        bad.set(Mood::Forgets);
        bad.look(|inside| inside.kept.clear());
        world.advance(SignedDuration::from_mins(3));
        tend(&world.app).await.unwrap();
        assert_eq!(world.step_worker().iter().filter(|mail| mail.subject.starts_with("Alarms are not silenced")).count(), 1);
    });
}

#[test]
fn c121_what_a_monitor_does_not_know_is_said_in_its_words() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let icinga = Peer::icinga().await;
        icinga.look(|inside| inside.hosts.clear());
        let id = set_up(&world, "Checks", "icinga", &icinga.address, Some(CANARY), &[]).await;
        let mut nora = world.sign_in("nora@riverside.example").await;
        nora.get(&format!("/setup/monitors/{id}")).await;
        assert_eq!(nora.post(&format!("/setup/monitors/{id}/test"), &[]).await.status, StatusCode::SEE_OTHER);
        assert!(nora.get(&format!("/setup/monitors/{id}")).await.text().contains("Icinga r2.13.6-1 answered. It has 0 silences of ours."));
        agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        tend(&world.app).await.unwrap();
        assert!(page(&world).await.contains("Not in force: It knows nothing called “NB-PACS-N2”."));
        icinga.look(|inside| inside.hosts.push("NB-PACS-N2".into()));
        world.advance(SignedDuration::from_secs(31));
        tend(&world.app).await.unwrap();
        assert!(page(&world).await.contains("In force until"));
    });
}

#[test]
fn what_opens_a_monitor_stands_nowhere() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let alerts = Peer::alertmanager().await;
        let id = set_up(&world, "Alerts", "alertmanager", &alerts.address, Some(CANARY), &[]).await;
        alerts.set(Mood::Refuses);
        agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        tend(&world.app).await.unwrap();
        alerts.look(|inside| assert!(inside.headers.contains_key("authorization"), "it was shown"));
        let is_clean = |text: &str| !text.contains("canary-sesame") && !text.contains("c2lnbmFsYm94OmNhbmFyeS1zZXNhbWUtNzcxOQ");
        let mut nora = world.sign_in("nora@riverside.example").await;
        nora.get(&format!("/setup/monitors/{id}")).await;
        nora.post(&format!("/setup/monitors/{id}/test"), &[]).await;
        for path in ["/setup/monitors".to_owned(), format!("/setup/monitors/{id}"), format!("/setup/monitors/{id}/details"), "/setup".into()] {
            let shown = nora.get(&path).await;
            assert!(shown.status == StatusCode::OK && is_clean(&shown.body), "{path}: {}", shown.body);
        }
        assert!(nora.get(&format!("/setup/monitors/{id}")).await.text().contains("Set on"));
        // A fault of it does not send it back either.
        let webhook = set_up(&world, "Pager", "webhook", &alerts.address, None, &[]).await;
        nora.get(&format!("/setup/monitors/{webhook}")).await;
        let refused = nora.post(&format!("/setup/monitors/{webhook}/credential"), &[("password", CANARY)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(is_clean(&refused.body), "{}", refused.body);
        let mut priya = world.sign_in("priya@halden.example").await;
        for path in ["/changes/ON-2026-000001", "/changes.csv", "/api/v1/changes/ON-2026-000001", "/schedule.csv"] {
            assert!(is_clean(&priya.get(path).await.body), "{path}");
        }
        assert!(world.step_worker().iter().all(|mail| is_clean(&mail.text) && is_clean(&mail.subject)));
        // Nor in the log of events, nor anywhere in the tables.
        let words = world
            .app
            .db
            .read(|tx| tx.all("select payload from events union all select words from silences union all select words from monitors", &[], |row| row.text(0)));
        let words = words.unwrap();
        assert!(words.iter().any(|payload| payload.contains("403")) && words.iter().all(|payload| is_clean(payload)));
        let kinds = world.app.db.read(|tx| tx.all("select type from events where type like 'Monitor%'", &[], |row| row.text(0))).unwrap();
        assert!(kinds.contains(&"MonitorCredentialSet".to_owned()), "{kinds:?}");
        // Another address is never shown what opened the one before it.
        nora.get(&format!("/setup/monitors/{id}/details")).await;
        let seen = nora.get(&format!("/setup/monitors/{id}/details")).await.field("seen").unwrap();
        let other = [
            ("seen", seen.as_str()),
            ("name", "Alerts"),
            ("kind", "alertmanager"),
            ("address", "http://127.0.0.1:9"),
            ("organisations", ""),
            ("items", ""),
            ("template", "{item}"),
            ("label", "instance"),
            ("authority", ""),
        ];
        assert_eq!(nora.post(&format!("/setup/monitors/{id}"), &other).await.status, StatusCode::SEE_OTHER);
        assert!(nora.get(&format!("/setup/monitors/{id}")).await.text().contains("Nothing is set"));
        assert_eq!(world.app.db.read(|tx| store::sealed(tx, id)).unwrap(), None);
    });
}

#[test]
fn only_an_administrator_sets_up_a_monitor_and_every_fault_is_told_at_once() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        for email in ["ruth@northbrook.example", "dee@halden.example", "ann@authority.example"] {
            let mut who = world.sign_in(email).await;
            for path in ["/setup/monitors", "/setup/monitors/new", "/setup/monitors/1"] {
                assert_eq!(who.get(path).await.status, StatusCode::FORBIDDEN, "{email} {path}");
            }
        }
        let mut nora = world.sign_in("nora@riverside.example").await;
        nora.get("/setup/monitors/new").await;
        let wrong = [
            ("name", "Alerts"),
            ("kind", "alertmanager"),
            ("address", "https://root:sesame@alerts.example.org"),
            ("organisations", "NOWHERE"),
            ("items", "NOTHING; NB-PACS-N2"),
            ("template", "server"),
            ("label", "a label"),
            ("authority", "not a certificate"),
        ];
        let told = nora.post("/setup/monitors", &wrong).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in ["without user and password", "no organisation with the code NOWHERE", "no item with the code NOTHING", "Put {item}", "Enter a label"] {
            assert!(told.text().contains(words), "{words}: {}", told.text());
        }
        // In the clear a credential goes to this machine only.
        let id = set_up(&world, "Far", "alertmanager", "http://alerts.example.org:9093", None, &[]).await;
        nora.get(&format!("/setup/monitors/{id}")).await;
        let refused = nora.post(&format!("/setup/monitors/{id}/credential"), &[("password", CANARY)]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("in the clear"), "{}", refused.text());
    });
}
