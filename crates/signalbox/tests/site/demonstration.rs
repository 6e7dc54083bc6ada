//! What is for the demonstration only, and how its world is made (settled 26).

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use signalbox::demo;
use signalbox_core::actor::Stamp;
use signalbox_core::event::upcast;
use signalbox_store::accounts;
use signalbox_store::log::{self, Stream};
use signalbox_store::project;

use crate::world::on_each_engine;

#[test]
fn settled_26_outside_the_demonstration_its_addresses_are_not_there() {
    on_each_engine(|world| async move {
        assert!(!world.app.config.is_demo);
        let who = demo::people()[0].email;
        world.person(who, "Somebody", &[]);
        let mut signed_in = world.sign_in(who).await;
        let mut stranger = world.stranger();
        stranger.get("/sign-in").await;
        for client in [&mut stranger, &mut signed_in] {
            for path in ["/demo", "/dev/mail", "/dev/mail/1"] {
                let cookies = client.cookies.clone();
                assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "GET {path}");
                for fields in [&[("person", who)][..], &[], &[("strange", "1")]] {
                    let reply = client.post(path, fields).await;
                    assert_eq!(reply.status, StatusCode::NOT_FOUND, "POST {path} {fields:?}: {}", reply.text());
                }
                let request = client.request(Method::HEAD, path).body(Body::empty()).unwrap();
                assert_eq!(client.ask(request).await.status, StatusCode::NOT_FOUND, "HEAD {path}");
                assert_eq!(client.cookies, cookies, "{path} gave no session");
            }
        }
        assert!(!world.stranger().get("/sign-in").await.body.contains("/demo"));
    });
}

#[test]
fn settled_26_every_deed_of_the_demonstration_has_its_author_and_the_record_holds() {
    on_each_engine(|world| async move {
        demo::make_of(&world.app.db, &world.app.config, world.now(), 1, 24).unwrap_or_else(|fault| panic!("{fault:?}"));
        let events = world.app.db.read(|tx| log::read_after(tx, 0, 100_000)).unwrap();
        let mut of_program: BTreeMap<String, usize> = BTreeMap::new();
        let mut of_people = 0;
        for stored in events.iter().filter(|stored| stored.event.stream == Stream::Change) {
            let recorded = upcast(stored.event.schema, &stored.event.payload).unwrap();
            let kind = recorded.event.kind();
            assert!(recorded.at <= world.now(), "{kind} lies ahead");
            let Some(person) = recorded.by.person else {
                assert_eq!(recorded.by, Stamp::SYSTEM, "{kind}");
                assert_ne!(recorded.version, 1, "the program raises nothing");
                *of_program.entry(kind).or_default() += 1;
                continue;
            };
            // Somebody of the cast, in a role that they hold in that organisation.
            let held = world.app.db.read(|tx| accounts::memberships(tx, person.0)).unwrap();
            let email = world.app.db.read(|tx| accounts::person(tx, person.0)).unwrap().unwrap().email;
            assert!(demo::people().iter().any(|known| known.email == email), "{kind} by {email}");
            let is_held = held.iter().any(|m| Some(m.role) == recorded.by.role && Some(m.org_id) == recorded.by.org.map(|org| org.0));
            assert!(is_held, "{kind} by {email} as {:?}", recorded.by);
            of_people += 1;
        }
        assert!(of_people > 100, "{of_people}");
        let known: Vec<&str> = of_program.keys().map(String::as_str).collect();
        assert!(known.iter().all(|kind| OF_PROGRAM.contains(kind)), "{of_program:?}");
        assert_eq!(world.app.db.read(|tx| log::verify(tx, None, &mut |_, _| {})).unwrap(), vec![]);
        assert_eq!(world.app.db.read(|tx| project::differences(tx, |_| {})).unwrap(), Vec::<String>::new());
    });
}

/// What follows from somebody’s deed or from the clock, and is nobody’s decision.
const OF_PROGRAM: [&str; 4] = ["accepted", "assessment_completed", "charge_proposed", "quote_lapsed"];
