//! What is for the demonstration only, and how its world is made (settled 26).

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use signalbox::demo;
use signalbox_core::actor::Stamp;
use signalbox_core::alarm::Class;
use signalbox_core::carrier::Standing;
use signalbox_core::change::{Change, Network, Outcome, Stage};
use signalbox_core::event::upcast;
use signalbox_core::form::Answer;
use signalbox_core::maintnote;
use signalbox_core::public::State;
use signalbox_store::log::{self, Stream};
use signalbox_store::queries::alarms::{self, AlarmFilter};
use signalbox_store::queries::ledger::{self, CaseFilter};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::scope::Scope;
use signalbox_store::subscriptions::{self, Followed};
use signalbox_store::{StoreError, Tx, accounts, carriers, handovers, project, public, told};

use crate::world::{World, on_each_engine};

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

#[test]
fn the_demonstration_shows_a_planned_outage_to_its_last_link() {
    on_each_engine(|world| async move {
        demo::make_of(&world.app.db, &world.app.config, world.now(), 1, 4).unwrap_or_else(|fault| panic!("{fault:?}"));
        let now = world.now();
        // An outage with its order and its departments, each of which was told by somebody.
        let tonight = change_named(&world, "Comms room power-down, Northbrook General");
        let content = tonight.content.as_ref().unwrap();
        assert!(matches!(content.answers.get("order"), Some(Answer::Rows(rows)) if rows.len() == 5));
        assert!(matches!(content.answers.get("departments"), Some(Answer::Rows(rows)) if rows.len() == 4));
        assert_eq!(tonight.departments_told.len(), 2);
        assert_eq!((tonight.stage, matches!(tonight.network, Network::Acknowledged { .. })), (Stage::Scheduled, true));
        // One runs now, and what it took away is expected to ring; another thing rang for a reason.
        assert_eq!(change_named(&world, "Cooler change in the data room, Riverside Infirmary").stage, Stage::Implementing);
        let alarms = world.app.db.read(|tx| alarms::list(tx, &Scope::of_the_authority(), &AlarmFilter::default(), 100)).unwrap();
        let standing = |class: Class| alarms.iter().filter(|alarm| alarm.standing() == class).map(|alarm| alarm.object.as_str()).collect::<Vec<_>>();
        assert_eq!(standing(Class::Expected), ["RI-LIS-1"]);
        assert_eq!(standing(Class::Real), ["EM-PACS-N2"]);
        assert_eq!(standing(Class::Unannounced), ["SC-GW-1", "RI-GW-1", "NB-ID-1", "EM-ID-1"]);
        assert_eq!(alarms.len(), 6);
        // A call-out in each state that a newcomer wants to see.
        let cases = world.app.db.read(|tx| ledger::list(tx, &Scope::of_the_authority(), &CaseFilter::default(), 100)).unwrap();
        let mut states: Vec<&str> = cases.iter().map(|case| case.standing.code()).collect();
        states.sort_unstable();
        assert_eq!(states, ["agreed", "disputed", "proposed", "waived"]);
        // The provider refused one night, with its reason, and has not answered another.
        let refused = change_named(&world, "Move of the network cabinet, St Crispin’s Hospital");
        assert!(matches!(refused.network, Network::Refused { .. }), "{:?}", refused.network);
        let silent = change_named(&world, "Rewiring of the link cabinet, Eastmarsh Clinic");
        assert!(maintnote::unanswered_since(&silent).is_some_and(|since| since < now), "{:?}", silent.network);
        assert_eq!(change_named(&world, "Battery change in the server room, Eastmarsh Clinic").network, Network::Needed);
        // Two dates of the generator test are over, and what became of them is known.
        let outcomes: Vec<Option<Outcome>> = changes_named(&world, "Generator test, Eastmarsh Clinic").into_iter().map(|change| change.outcome).collect();
        assert_eq!(outcomes.len(), 1 + 13, "{outcomes:?}");
        assert_eq!(outcomes.iter().flatten().collect::<Vec<_>>(), [&Outcome::Successful, &Outcome::SuccessfulWithIssues, &Outcome::Successful]);
        let told = world.app.db.read(|tx| {
            let carriers: Vec<usize> =
                [Standing::Entry, Standing::Waiting].map(|state| carriers::notices(tx, state).map(|all| all.len())).into_iter().collect::<Result<_, _>>()?;
            let waiting = told::waiting(tx)?.into_iter().map(|one| one.words.name).collect::<Vec<_>>();
            Ok((carriers, waiting))
        });
        assert_eq!(told.unwrap(), (vec![1, 1], vec!["Dawn Pike".to_owned()]));
        // Both notices of the authority are read by everybody, one of them of what runs.
        let notices = world.app.db.read(|tx| public::shown(tx, now, now + SignedDuration::from_hours(48))).unwrap();
        let states: Vec<State> = notices.iter().map(|notice| notice.standing.state).collect();
        assert_eq!(states, [State::Running, State::Planned]);
        // The desk has handed over twice, and another took it each time; somebody follows a service and a site.
        let (shifts, followed) = world
            .app
            .db
            .read(|tx| {
                let id = |tx: &mut dyn Tx, email: &str| Ok::<i64, StoreError>(accounts::person_by_email(tx, email)?.ok_or(StoreError::Missing)?.id);
                let (carl, lily) = (id(tx, "carl.dunne@halden.example")?, id(tx, "lily.chen@northbrook.example")?);
                let actor = accounts::actor(tx, carl)?.ok_or(StoreError::Missing)?.to_core();
                let shifts = handovers::list(tx, &Scope::of(&actor), actor.memberships()[0].org.0, None, 10)?;
                Ok((shifts, subscriptions::of_person(tx, lily)?))
            })
            .unwrap();
        let names: Vec<(&str, &str)> = shifts.iter().map(|one| (one.left_by_name.as_str(), one.taken.as_ref().map_or("", |(name, _)| name))).collect();
        assert_eq!(names, [("Mina Kaur", "Carl Dunne"), ("Carl Dunne", "Mina Kaur")]);
        assert!(shifts[0].stood.iter().any(|stood| stood.words.contains("Call-out")), "{:?}", shifts[0].stood);
        assert!(matches!(followed.as_slice(), [(_, Followed::Service(_)), (_, Followed::Site(_))]), "{followed:?}");
    });
}

#[test]
fn who_is_named_where_to_look_first_is_there_to_be_chosen() {
    for (who, what) in demo::TOUR {
        assert!(demo::people().iter().any(|person| person.name == *who), "{who}: {what}");
    }
}

fn changes_named(world: &World, title: &str) -> Vec<Change> {
    let all = world.app.db.read(|tx| list::list(tx, &Scope::of_the_authority(), &ListFilter::default(), None, 500)).unwrap();
    let ids = all.rows.into_iter().filter(|row| row.title == title).map(|row| row.id);
    let mut found: Vec<Change> = ids.map(|id| world.app.db.read(|tx| project::load(tx, id)).unwrap().unwrap().change).collect();
    found.sort_by_key(|change| change.window().map(|window| window.start));
    found
}

fn change_named(world: &World, title: &str) -> Change {
    let mut found = changes_named(world, title);
    assert_eq!(found.len(), 1, "{title}");
    found.remove(0)
}

/// What follows from somebody’s deed or from the clock, and is nobody’s decision.
const OF_PROGRAM: [&str; 5] = ["accepted", "assessment_completed", "charge_proposed", "notice_protected", "quote_lapsed"];
