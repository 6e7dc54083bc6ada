//! Notices from system to system: each version to the webhook of its account, signed; and what becomes of it while that
//! fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::harness::for_each_target;
use crate::monitors::open;
use crate::monitors::peers::{Mood, Peer};
use crate::world::{Reply, runtime};
use serde_json::Value;
use signalbox::deliver::monitor::webhook::Key;
use signalbox::deliver::{Mailbox, Post, Trouble};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What an administrator types about the account HSCN-0042; its path, and the answer.
async fn set(world: &World, cast: &Cast, webhook: &str, key: &str) -> (String, Reply) {
    let meridian = org_of(world, "MERIDIAN");
    if world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, "ada@authority.example")).unwrap().is_none() {
        world.person("ada@authority.example", "Ada Byrne", &[(org_of(world, "AUTHORITY"), Role::Administrator)]);
        account(world, cast.northbrook, meridian, "HSCN-0042", &["NB-ETH-1", "NB-ETH-2"]);
    }
    let mut ada = world.sign_in("ada@authority.example").await;
    let id = world.app.read::<_, StoreError>(directory::network_accounts).unwrap().remove(0).id;
    let path = format!("/setup/network-accounts/{id}");
    let (org, provider, seen) = (cast.northbrook.to_string(), meridian.to_string(), ada.get(&path).await.field("seen").unwrap());
    let circuits = "NB-ETH-1\nNB-ETH-2";
    let fields = [
        ("org", org.as_str()),
        ("provider", &provider),
        ("number", "HSCN-0042"),
        ("circuits", circuits),
        ("webhook", webhook),
        ("webhook_key", key),
        ("seen", &seen),
    ];
    let reply = ada.post(&path, &fields).await;
    (path, reply)
}

/// The notices that a peer was told of, by their sequence.
fn told(peer: &Peer) -> Vec<Value> {
    let bodies = peer.look(|inside| inside.asked.iter().map(|(_, _, body)| body.clone()).collect::<Vec<_>>());
    bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
}

async fn versions(world: &World) -> String {
    world.sign_in(PRIYA).await.get("/changes/ON-2026-000001/network").await.text()
}

/// A mail server that is away.
struct Away;

impl Post for Away {
    fn deliver(&self, _: &Envelope) -> Result<(), Trouble> {
        Err(Trouble::later("nobody is there"))
    }
}

#[test]
fn c126_a_version_goes_from_system_to_system_signed_beside_its_letter() {
    for_each_target(|target| {
        runtime().block_on(async {
            let world = open(target);
            let cast = cast(&world);
            let peer = Peer::listener().await;
            let (path, saved) = set(&world, &cast, &peer.address, KEY).await;
            assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
            let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
            let letter = only(&world);
            let first = told(&peer).remove(0);
            assert_eq!((&first["type"], &first["data"]["sequence"], &first["data"]["status"]), (&json!("network.notice"), &json!(1), &json!("TENTATIVE")));
            assert_eq!(first["data"]["calendar"].as_str(), letter.calendar.as_ref().map(|file| file.text.as_str()), "the same file as by mail");
            assert_eq!((&first["data"]["account"], &first["data"]["reference"]), (&json!("HSCN-0042"), &json!("ON-2026-000001")));
            let (headers, body) = peer.look(|inside| (inside.headers.clone(), inside.asked[0].2.clone()));
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            let signature = Key::parse(KEY).unwrap().sign(&header("webhook-id"), header("webhook-timestamp").parse().unwrap(), &body);
            assert_eq!(header("webhook-signature"), signature);
            assert!(versions(&world).await.contains("taken by their system"));
            // Whichever way leaves first, the provider is told: here no letter can.
            take(
                &world,
                &cast.priya,
                id,
                Act::Reschedule,
                &[
                    ("window.start", "2026-12-08T06:00:00Z"),
                    ("window.end", "2026-12-08T09:00:00Z"),
                    ("contingency_end", "2026-12-08T10:00:00Z"),
                    ("reason", "Parts."),
                ],
            );
            while signalbox::worker::step(&world.app, &Away).unwrap() > 0 {}
            assert_eq!(told(&peer).len(), 2);
            let change = load(&world, id).change;
            assert!(matches!(&change.network, Network::Sent { way, .. } if way == "api"), "{:?}", change.network);
            // The key is shown to nobody, and stays while the address does.
            let mut ada = world.sign_in("ada@authority.example").await;
            let form = ada.get(&path).await;
            assert!(!form.body.contains("whsec_Mf") && form.field("webhook").as_deref() == Some(peer.address.as_str()), "{}", form.body);
            let kept = set(&world, &cast, &peer.address, "").await.1;
            assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
            let payloads = world.app.db.read(|tx| tx.all("select payload from events", &[], |row| row.text(0))).unwrap();
            assert!(payloads.iter().all(|payload| !payload.contains("whsec_Mf")));
            for (address, key, words) in [
                ("http://127.0.0.1:9", "", "Enter the key by which the notices are signed."),
                ("http://meridian.example/in", KEY, "Enter an address that begins with https."),
                ("ftp://meridian.example", KEY, "Enter an address such as"),
                ("https://meridian.example/in", "sesame", "The key of a webhook is whsec_"),
                ("", KEY, "Enter the address that the key belongs to."),
            ] {
                let refused = set(&world, &cast, address, key).await.1;
                assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains(words), "{address} {key}: {}", refused.text());
            }
        });
    });
}

#[test]
fn c126_a_provider_whose_system_fails_loses_no_version_and_holds_nothing_up() {
    let ways = [
        (Some(Mood::Refuses), "It answered 403"),
        (Some(Mood::Hangs), "did not answer within"),
        (Some(Mood::Trickles), "did not answer within"),
        (Some(Mood::Leads), "leads elsewhere, which is not followed"),
        (None, "It broke off"),
    ];
    for (mood, words) in ways {
        for_each_target(|target| {
            runtime().block_on(async {
                let world = open(target);
                let cast = cast(&world);
                let (peer, garbles) = (Peer::listener().await, Arc::new(AtomicBool::new(mood.is_none())));
                peer.set(mood.unwrap_or(Mood::Sound));
                let saved = set(&world, &cast, &peer.behind(&garbles).await, KEY).await.1;
                assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
                let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
                let (began, bag) = (Instant::now(), Mailbox::default());
                // As often as the worker comes by in the time of a window.
                for _ in 0..4 {
                    while signalbox::worker::step(&world.app, &bag).unwrap() > 0 {}
                    world.advance(SignedDuration::from_mins(30));
                }
                assert!(began.elapsed() < Duration::from_secs(30), "{mood:?} held the worker for {:?}", began.elapsed());
                let shown = versions(&world).await;
                assert!(shown.contains("not taken by their system") && shown.contains(words), "{mood:?}: {shown}");
                // The letters went, the provider is told, and the outage goes its way.
                assert_eq!(notices(bag.newest_first()).len(), 1, "{mood:?}");
                assert!(matches!(&load(&world, id).change.network, Network::Sent { way, .. } if way == "email"));
                assessed(&world, &cast, id);
                take(&world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
                take(&world, &cast.priya, id, Act::RecordTold, &[("proof", "Spoke to Jo at their desk.")]);
                take(&world, &cast.priya, id, Act::Schedule, &[("implementer", "eng@halden.example")]);
                while signalbox::worker::step(&world.app, &bag).unwrap() > 0 {}
                peer.look(|inside| inside.asked.clear());
                peer.set(Mood::Sound);
                garbles.store(false, Ordering::SeqCst);
                for _ in 0..4 {
                    world.advance(SignedDuration::from_mins(61));
                    while signalbox::worker::step(&world.app, &bag).unwrap() > 0 {}
                }
                let mut sequences: Vec<(u64, String)> =
                    told(&peer).iter().map(|one| (one["data"]["sequence"].as_u64().unwrap(), one["data"]["status"].as_str().unwrap().to_owned())).collect();
                sequences.sort();
                assert_eq!(sequences, [(1, "TENTATIVE".to_owned()), (2, "CONFIRMED".to_owned())], "{mood:?}: each once");
                assert!(!versions(&world).await.contains("not taken by their system"));
            });
        });
    }
}
