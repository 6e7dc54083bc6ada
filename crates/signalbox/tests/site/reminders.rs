//! Reminders before work starts (spec 10.1.6): five working days, one working day and an hour ahead, once for each person,
//! for the time that counts when they are sent.

use axum::http::StatusCode;
use signalbox::deliver::{Envelope, Mailbox};
use signalbox::worker;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::Network;
use signalbox_store::{StoreError, accounts};

use crate::mail::{Cast, JOY, PRIYA, assessed, cast, sent, take};
use crate::planned::at;
use crate::world::{World, on_each_engine};

const DESK: &str = "desk@halden.example";
const ENG: &str = "eng@halden.example";
const NOC: &str = "noc@meridian.example";
const SUE: &str = "sue@northbrook.example";

fn reminders(letters: &[Envelope]) -> Vec<&str> {
    let mut found: Vec<&str> = letters.iter().filter(|letter| letter.subject.starts_with("Reminder: ")).map(|letter| letter.to.as_str()).collect();
    found.sort_unstable();
    found
}

fn person(world: &World, email: &str) -> Actor {
    let found = world.app.read::<_, StoreError>(|tx| {
        let person = accounts::person_by_email(tx, email)?.unwrap();
        accounts::actor(tx, person.id)
    });
    found.unwrap().unwrap().to_core()
}

fn approve_and_schedule(world: &World, cast: &Cast, id: i64) {
    let loaded = world.app.read::<_, StoreError>(|tx| signalbox_store::project::load(tx, id)).unwrap().unwrap();
    // A move that is not small is screened anew.
    if loaded.change.work.started.is_none() && signalbox_core::clinical::is_open(&loaded.change) {
        let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
        take(world, &cast.priya, id, Act::Screen, &questions.iter().map(|question| (question.as_str(), "no")).collect::<Vec<_>>());
    }
    take(world, &cast.priya, id, Act::Approve, &[]);
    if matches!(loaded.change.network, Network::Needed | Network::Sent { .. }) {
        // What moved is told to the provider anew.
        take(world, &person(world, NOC), id, Act::Acknowledge, &[]);
    }
    let situation = world.app.db.read(|tx| world.app.look(tx, &cast.priya, id)).unwrap().unwrap();
    let asked = signalbox_core::decide::fields::of_act(&situation.context(&cast.priya, world.now()), &situation.loaded.change, Act::Schedule);
    let mut fields = vec![("implementer", ENG), ("gap_reason", "It was agreed by telephone")];
    fields.retain(|(name, _)| asked.iter().any(|field| field.id == *name));
    take(world, &cast.priya, id, Act::Schedule, &fields);
}

/// Everybody with a part in it, some with several: an outage that touches the line, on Tuesday 1 December at 06:00.
async fn agreed(world: &World) -> (Cast, i64) {
    let cast = cast(world);
    // The engineer answers at the desk too, and follows the service and the site.
    world.grant(person(world, ENG).person().unwrap().0, cast.halden, Role::Desk);
    world.person(SUE, "Sue Parr", &[(cast.northbrook, Role::Requester)]);
    world.person("ola@northbrook.example", "Ola Reed", &[(cast.northbrook, Role::Requester)]);
    for email in [ENG, SUE, "sam@riverside.example"] {
        let mut client = world.sign_in(email).await;
        client.get("/me/subscriptions").await;
        let service = client.post("/me/subscriptions", &[("follow", "service-30")]).await;
        if email != "sam@riverside.example" {
            assert_eq!(service.status, StatusCode::SEE_OTHER, "{}", service.text());
        }
        if email == ENG {
            assert_eq!(client.post("/me/subscriptions", &[("follow", "site-20")]).await.status, StatusCode::SEE_OTHER);
        }
    }
    let id = sent(world, &cast, "Switchgear maintenance", &[("network_affected", "yes"), ("circuits", "NB-ETH-1")]);
    assessed(world, &cast, id);
    take(world, &person(world, NOC), id, Act::Acknowledge, &[]);
    approve_and_schedule(world, &cast, id);
    world.post();
    (cast, id)
}

#[test]
fn each_person_is_reminded_once_five_days_one_day_and_an_hour_ahead() {
    on_each_engine(|world| async move {
        let (..) = agreed(&world).await;
        world.clock.set(at("2026-11-24T16:59:59Z"));
        assert!(reminders(&world.post()).is_empty());
        for (when, whom) in [
            ("2026-11-24T17:00:00Z", vec![DESK, ENG, JOY, NOC, SUE]),
            ("2026-11-30T17:00:00Z", vec![DESK, ENG, JOY, NOC, SUE]),
            ("2026-12-01T05:00:00Z", vec![DESK, ENG]),
        ] {
            world.clock.set(at(when));
            let letters = world.post();
            assert_eq!(reminders(&letters), whom, "{when}: one letter each, and none to who may not see it or has no part in it");
            let reminder = letters.iter().find(|letter| letter.subject.starts_with("Reminder: ")).unwrap();
            assert!(reminder.text.contains("the work starts"), "{}", reminder.text);
            assert!(reminders(&world.post()).is_empty(), "{when}: once");
        }
    });
}

#[test]
fn work_that_moves_has_the_reminders_of_its_new_time_and_none_of_the_old() {
    on_each_engine(|world| async move {
        let (cast, id) = agreed(&world).await;
        let to = |start: &'static str, end: &'static str| {
            [("window.start", start), ("window.end", end), ("contingency_end", end), ("reason", "The fitter comes later.")]
        };
        // The old reminder has been written to its people and not yet posted when the work moves.
        world.clock.set(at("2026-11-24T17:00:00Z"));
        assert_eq!(worker::step(&world.app, &Mailbox::default()).unwrap(), 1, "the timer");
        take(&world, &cast.priya, id, Act::Reschedule, &to("2026-12-08T06:00:00Z", "2026-12-08T09:00:00Z"));
        assert!(reminders(&world.post()).is_empty(), "the time of which it would tell is none any more");
        approve_and_schedule(&world, &cast, id);
        world.post();
        for (when, is_due) in [
            ("2026-11-30T17:00:00Z", false),
            ("2026-12-01T05:00:00Z", false),
            ("2026-12-01T17:00:00Z", true),
            ("2026-12-07T17:00:00Z", true),
            ("2026-12-08T05:00:00Z", true),
        ] {
            world.clock.set(at(when));
            assert_eq!(!reminders(&world.post()).is_empty(), is_due, "{when}");
        }
    });
}

#[test]
fn work_that_is_cancelled_reminds_nobody() {
    on_each_engine(|world| async move {
        let (cast, id) = agreed(&world).await;
        world.clock.set(at("2026-11-24T17:00:00Z"));
        worker::step(&world.app, &Mailbox::default()).unwrap();
        take(&world, &cast.joy, id, Act::Cancel, &[("reason", "The part is not there.")]);
        for when in ["2026-11-24T17:00:00Z", "2026-11-30T17:00:00Z", "2026-12-01T05:00:00Z"] {
            world.clock.set(at(when));
            assert!(reminders(&world.post()).is_empty(), "{when}");
        }
    });
}

#[test]
fn a_member_follows_services_and_sites_and_stops() {
    on_each_engine(|world| async move {
        cast(&world);
        world.organisation("stranger", OrgKind::Trust);
        let mut joy = world.sign_in(JOY).await;
        assert!(joy.get("/me").await.body.contains("href=\"/me/subscriptions\""));
        assert_eq!(joy.post("/me/subscriptions", &[("follow", "service-999")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(joy.post("/me/subscriptions", &[("follow", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        for _ in 0..2 {
            assert_eq!(joy.post("/me/subscriptions", &[("follow", "service-30")]).await.status, StatusCode::SEE_OTHER);
        }
        let page = joy.get("/me/subscriptions").await;
        assert_eq!(page.body.matches("<tr><th scope=\"row\"").count(), 1, "twice is the same: {}", page.text());
        let own = world
            .app
            .read::<_, StoreError>(|tx| {
                let joy = person_id(tx, JOY)?;
                signalbox_store::subscriptions::of_person(tx, joy)
            })
            .unwrap();
        let id = own[0].0.to_string();
        let mut priya = world.sign_in(PRIYA).await;
        assert_eq!(priya.post("/me/subscriptions", &[("stop", &id)]).await.status, StatusCode::NOT_FOUND, "another's is not there");
        assert_eq!(joy.post("/me/subscriptions", &[("stop", &id)]).await.status, StatusCode::SEE_OTHER);
        assert!(joy.get("/me/subscriptions").await.text().contains("You follow none yet."));
    });
}

fn person_id(tx: &mut dyn signalbox_store::Tx, email: &str) -> Result<i64, StoreError> {
    Ok(accounts::person_by_email(tx, email)?.unwrap().id)
}
