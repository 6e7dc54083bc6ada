//! Joining the Service Management group, step by step, and leaving nothing behind when erased.

use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_store::accounts::*;
use signalbox_store::directory::*;
use signalbox_store::page::Page;
use signalbox_store::{Db, Tx, values};

use crate::accounts::{ANN, BOB, COORDINATOR, MANAGER, add_link_to, add_people, add_person, by, feed_of, hash, is_signed_in, link_of, session_of};
use crate::directory::{NORTH, SOUTH, SUPPLIER, act, at, directory_events, read, refusal, write};
use crate::harness::for_each_engine;

fn ask(db: &Db, id: i64, email: &'static str) -> Registration {
    write(db, move |tx| {
        let new = NewRegistration { id, email: email.into(), name: "Nell Ashworth".into(), job: "Ward manager".into(), reason: "I plan the nights".into() };
        ask_to_join(tx, &new, at(id))
    })
}

fn confirm(db: &Db, id: i64, n: u8) -> Registration {
    add_link_to(db, link_of(n, LinkPurpose::ConfirmEmail, None, Some(id)));
    write(db, move |tx| confirm_address(tx, &hash(n), at(100)))
}

const GRANT: Grant = Grant { person_id: 57, membership_id: 77, org_id: None };

#[test]
fn joining_goes_by_address_coordinator_and_authority() {
    for_each_engine(|db| {
        add_people(&db);
        let asked = ask(&db, 91, "Nell@North.example");
        assert_eq!((asked.org_id, asked.state), (Some(NORTH), RegistrationState::Asked));
        assert_eq!(ask(&db, 92, "nell@north.example"), asked, "one open request per address");
        let waiting = |viewer| read(&db, |tx| registrations_waiting(tx, viewer, 10)).len();
        assert_eq!(waiting(Viewer::All), 0, "an address that is not proved waits for nobody");

        // Out of order.
        let approve = |who| move |tx: &mut dyn Tx| approve_registration(tx, &by(who, 401), 91);
        let grant = |who| move |tx: &mut dyn Tx| grant_registration(tx, &by(who, 402), 91, &GRANT);
        assert_eq!(refusal(&db, approve(COORDINATOR)), Refused::WrongOrder);
        assert_eq!(refusal(&db, grant(MANAGER)), Refused::WrongOrder);

        let confirmed = confirm(&db, 91, 21);
        assert_eq!(confirmed.state, RegistrationState::AddressConfirmed);
        assert_eq!(write(&db, |tx| confirm_address(tx, &hash(21), at(200))), confirmed, "a second click");
        assert_eq!(refusal(&db, |tx| confirm_address(tx, &hash(22), at(200))), Refused::DeadLink);
        assert_eq!(waiting(Viewer::Person(COORDINATOR)), 1);
        assert_eq!((waiting(Viewer::Person(BOB)), waiting(Viewer::Person(ANN))), (0, 0));

        for stranger in [ANN, BOB, MANAGER] {
            assert_eq!(refusal(&db, approve(stranger)), Refused::NotYours);
        }
        assert_eq!(refusal(&db, grant(MANAGER)), Refused::WrongOrder, "the coordinator comes first");
        let approved = write(&db, approve(COORDINATOR));
        assert_eq!(approved.approved_by, Some(COORDINATOR));
        assert_eq!(write(&db, approve(COORDINATOR)), approved);
        assert_eq!((waiting(Viewer::Person(COORDINATOR)), waiting(Viewer::All)), (0, 1));
        assert_eq!(read(&db, |tx| person_by_email(tx, "nell@north.example")), None);

        assert_eq!(refusal(&db, grant(COORDINATOR)), Refused::NotYours);
        let granted = write(&db, grant(MANAGER));
        assert_eq!((granted.state, granted.person_id), (RegistrationState::Granted, Some(57)));
        assert_eq!((granted.email.as_str(), granted.name.as_str()), ("", ""), "moved to the person");
        assert_eq!(write(&db, grant(MANAGER)), granted);
        let nell = read(&db, |tx| actor(tx, 57)).expect("Nell");
        assert_eq!((nell.person.name.as_str(), nell.person.job.as_str()), ("Nell Ashworth", "Ward manager"));
        let held: Vec<_> = nell.memberships.iter().map(|m| (m.id, m.role, m.org_id)).collect();
        assert_eq!(held, [(77, Role::GroupMember, NORTH)]);
        for (_, _, payload) in directory_events(&db) {
            assert!(!payload.contains("Nell") && !payload.contains("nell"), "{payload}");
        }
    });
}

#[test]
fn an_unknown_domain_goes_straight_to_the_authority_which_names_the_organisation() {
    for_each_engine(|db| {
        add_people(&db);
        let asked = ask(&db, 91, "nell@elsewhere.example");
        assert_eq!(asked.org_id, None);
        confirm(&db, 91, 21);
        let refused = refusal(&db, |tx| approve_registration(tx, &by(COORDINATOR, 401), 91));
        assert_eq!(refused, Refused::NotYours);
        let refused = refusal(&db, |tx| grant_registration(tx, &by(MANAGER, 402), 91, &GRANT));
        assert_eq!(refused, Refused::Invalid("organisation"));
        let granted = write(&db, |tx| {
            let grant = Grant { org_id: Some(SUPPLIER), ..GRANT };
            grant_registration(tx, &by(MANAGER, 403), 91, &grant)
        });
        assert_eq!((granted.org_id, granted.person_id), (Some(SUPPLIER), Some(57)));
    });
}

#[test]
fn an_organisation_without_a_coordinator_does_not_keep_people_waiting() {
    for_each_engine(|db| {
        add_people(&db);
        ask(&db, 91, "nell@south.example");
        confirm(&db, 91, 21);
        let granted = write(&db, |tx| grant_registration(tx, &by(MANAGER, 402), 91, &GRANT));
        assert_eq!((granted.org_id, granted.approved_by), (Some(SOUTH), None));
    });
}

#[test]
fn a_request_is_declined_with_a_reason_by_whoever_has_the_turn() {
    for_each_engine(|db| {
        add_people(&db);
        ask(&db, 91, "nell@north.example");
        let decline = |who, reason: &'static str| move |tx: &mut dyn Tx| decline_registration(tx, &by(who, 401), 91, reason);
        assert_eq!(refusal(&db, decline(MANAGER, "no")), Refused::WrongOrder);
        confirm(&db, 91, 21);
        assert_eq!(refusal(&db, decline(BOB, "no")), Refused::NotYours);
        assert_eq!(refusal(&db, decline(COORDINATOR, " ")), Refused::Invalid("reason"));
        let declined = write(&db, decline(COORDINATOR, "Left in May"));
        assert_eq!(declined.decline_reason, "Left in May");
        assert_eq!(write(&db, decline(COORDINATOR, "Another reason")), declined);
        let refused = refusal(&db, |tx| approve_registration(tx, &by(COORDINATOR, 402), 91));
        assert_eq!(refused, Refused::WrongOrder);
        let refused = refusal(&db, |tx| grant_registration(tx, &by(MANAGER, 403), 91, &GRANT));
        assert_eq!(refused, Refused::WrongOrder);
        // They may ask again, and what was declined is forgotten in time.
        assert_eq!(ask(&db, 92, "nell@north.example").id, 92);
        assert_eq!(db.write(|tx| sweep_registrations(tx, at(10_000))).expect("swept"), 2);
        assert_eq!(read(&db, |tx| registration(tx, 91)), None);
    });
}

#[test]
fn somebody_known_gets_the_membership_and_no_second_self() {
    for_each_engine(|db| {
        add_people(&db);
        ask(&db, 91, "ann@north.example");
        confirm(&db, 91, 21);
        write(&db, |tx| approve_registration(tx, &by(COORDINATOR, 401), 91));
        let granted = write(&db, |tx| grant_registration(tx, &by(MANAGER, 402), 91, &GRANT));
        assert_eq!(granted.person_id, Some(ANN));
        assert_eq!(read(&db, |tx| actor(tx, ANN)).expect("Ann").memberships.len(), 2);
        assert_eq!(read(&db, |tx| person(tx, 57)), None);
        // Nobody decides on their own request.
        ask(&db, 92, "cora@north.example");
        confirm(&db, 92, 22);
        let refused = refusal(&db, |tx| approve_registration(tx, &by(COORDINATOR, 403), 92));
        assert_eq!(refused, Refused::NotYours);
        // Whoever was shut out does not come back by this door.
        write(&db, |tx| disable_person(tx, &act(404), BOB));
        ask(&db, 93, "bob@south.example");
        confirm(&db, 93, 23);
        let refused = refusal(&db, |tx| grant_registration(tx, &by(MANAGER, 405), 93, &GRANT));
        assert_eq!(refused, Refused::Invalid("email"));
    });
}

/// Every text that the database holds, so that a canary can be looked for.
fn every_text(db: &Db) -> String {
    const TEXTS: &[&str] = &[
        "select coalesce(email, '') || name || phone || job || found_by || coalesce(password_hash, '') from people",
        "select user_agent from sessions",
        "select name from api_tokens",
        "select name from feeds",
        "select email || name || job || reason || decline_reason from registrations",
        "select payload from events",
        "select dedupe_key || payload || last_error from tasks",
    ];
    read(db, |tx| {
        let mut all = String::new();
        for sql in TEXTS {
            for text in tx.all(sql, &[], |row| row.text(0))? {
                all.push_str(&text);
                all.push('\n');
            }
        }
        Ok(all)
    })
}

#[test]
fn an_erased_person_leaves_an_id_and_nothing_else() {
    for_each_engine(|db| {
        add_people(&db);
        ask(&db, 91, "zz-canary@north.example");
        confirm(&db, 91, 21);
        write(&db, |tx| approve_registration(tx, &by(COORDINATOR, 401), 91));
        write(&db, |tx| grant_registration(tx, &by(MANAGER, 402), 91, &GRANT));
        write(&db, |tx| {
            let mut row = person(tx, 57)?.expect("the person");
            row.name = "Zz-Canary Name".into();
            row.phone = "zz-canary 0113".into();
            row.job = "zz-canary job".into();
            save_person(tx, &by(MANAGER, 403), &row)
        });
        write(&db, |tx| set_password(tx, &act(404), 57, "zz-canary hash"));
        db.write(|tx| {
            let session = Session { user_agent: "zz-canary agent".into(), ..session_of(57, 1) };
            begin_session(tx, &session, None)
        })
        .expect("a session");
        write(&db, |tx| {
            let token =
                ApiToken { id: 81, person_id: 57, name: "zz-canary token".into(), created_at: at(0), last_used_at: None, expires_at: None, revoked_at: None };
            issue_token(tx, &by(57, 405), &token, &hash(41))
        });
        write(&db, |tx| make_feed(tx, &by(57, 407), &feed_of(82, 57, "zz-canary feed"), &hash(42)));
        // A second request that is still open.
        ask(&db, 92, "zz-canary@north.example");
        assert!(every_text(&db).to_lowercase().contains("zz-canary"));

        assert!(write(&db, |tx| erase_person(tx, &by(MANAGER, 406), 57)));
        assert!(!write(&db, |tx| erase_person(tx, &by(MANAGER, 407), 57)));
        let left = every_text(&db).to_lowercase();
        assert!(!left.contains("zz-canary") && !left.contains("i plan the nights"), "{left}");
        let erased = read(&db, |tx| person(tx, 57)).expect("the id stays");
        assert_eq!((erased.state, erased.name.as_str(), erased.has_password), (PersonState::Erased, "", false));
        assert_eq!(read(&db, |tx| names(tx, &[57]))[&57], "");
        assert_eq!(read(&db, |tx| actor(tx, 57)), None);
        assert_eq!(read(&db, |tx| token(tx, &hash(41), at(2))), None);
        assert!(!is_signed_in(&db, 1));
        assert!(read(&db, |tx| memberships(tx, 57)).iter().all(|m| m.ended_at.is_some()));
        let listed = read(&db, |tx| people(tx, Viewer::All, None, &Page::default()));
        assert!(listed.items.iter().all(|p| p.id != 57));
        for refused in [refusal(&db, |tx| enable_person(tx, &act(408), 57)), refusal(&db, |tx| save_person(tx, &act(409), &Person::new(57, "a@b", "Back")))] {
            assert_eq!(refused, Refused::Unknown("person"));
        }
        // Two erased people have no address in common that could clash.
        assert!(write(&db, |tx| erase_person(tx, &act(410), BOB)));
        add_person(&db, 58, "bob@south.example", "Another Bob");
        // The chain holds: nothing in it was touched.
        let findings = read(&db, |tx| signalbox_store::log::verify(tx, None, &mut |_, _| ()));
        assert!(findings.is_empty(), "{findings:?}");
    });
}

#[test]
fn every_write_of_an_administrator_stands_in_the_log_with_who_and_when() {
    for_each_engine(|db| {
        add_people(&db);
        write(&db, |tx| disable_person(tx, &by(MANAGER, 500), ANN));
        let last = directory_events(&db).pop().expect("an event");
        assert_eq!((last.0, last.1.as_str()), (ANN, "PersonDisabled"));
        assert_eq!(last.2, format!("{{\"by\":\"{MANAGER}\"}}"));
        let when = read(&db, |tx| tx.one("select at from events where id = $1", values![500i64], |row| row.int(0)));
        assert_eq!(Timestamp::from_microsecond(when).expect("a time"), at(500));
    });
}
