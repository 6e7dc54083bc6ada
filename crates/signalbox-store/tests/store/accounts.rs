//! People, roles and ways in, on both engines.

use signalbox_core::actor::Role;
use signalbox_core::change::Kind;
use signalbox_store::Db;
use signalbox_store::accounts::*;
use signalbox_store::directory::*;
use signalbox_store::page::Page;
use signalbox_store::queries::schedule::{ScheduleFilter, Standing};

use crate::directory::{AUTHORITY, NORTH, SOUTH, act, add_organisations, at, directory_events, read, refusal, write};
use crate::harness::for_each_engine;

pub const ANN: i64 = 51;
pub const BOB: i64 = 52;
pub const COORDINATOR: i64 = 53;
pub const MANAGER: i64 = 54;

pub fn by(person: i64, event_id: i64) -> Act {
    Act { event_id, by: Some(person), at: at(event_id) }
}

pub fn hash(n: u8) -> TokenHash {
    [n; 32]
}

pub fn add_person(db: &Db, id: i64, email: &'static str, name: &'static str) {
    write(db, move |tx| upsert_person(tx, &act(10_000 + id), &Person::new(id, email, name), OnDifference::Report));
}

pub fn grant(db: &Db, id: i64, person_id: i64, org_id: i64, role: Role) -> i64 {
    write(db, move |tx| {
        let new = NewMembership { id, person_id, org_id, role, service_id: None };
        grant_role(tx, &act(20_000 + id), &new)
    })
}

/// Ann of the north, Bob of the south, the north's coordinator, and the authority's manager.
pub fn add_people(db: &Db) {
    add_organisations(db);
    add_person(db, ANN, "ann@north.example", "Ann Quillfeather");
    add_person(db, BOB, "bob@south.example", "Bob Marsh");
    add_person(db, COORDINATOR, "cora@north.example", "Cora Dale");
    add_person(db, MANAGER, "max@auth.example", "Max Ibe");
    grant(db, 61, ANN, NORTH, Role::Requester);
    grant(db, 62, BOB, SOUTH, Role::Requester);
    grant(db, 63, COORDINATOR, NORTH, Role::Coordinator);
    grant(db, 64, MANAGER, AUTHORITY, Role::AuthorityManager);
}

pub fn session_of(person_id: i64, n: u8) -> Session {
    Session {
        token_hash: hash(n),
        person_id,
        csrf_secret: vec![n, 0, 255],
        acting_membership: None,
        created_at: at(0),
        last_used_at: at(0),
        expires_at: at(1_000),
        user_agent: "Browser 1.0".into(),
    }
}

fn sign_in(db: &Db, person_id: i64, n: u8) {
    db.write(move |tx| begin_session(tx, &session_of(person_id, n), None)).expect("a session");
}

pub fn is_signed_in(db: &Db, n: u8) -> bool {
    read(db, |tx| session(tx, &hash(n), at(1), at(-1))).is_some()
}

fn issue(db: &Db, id: i64, person_id: i64, n: u8) {
    write(db, move |tx| {
        let token =
            ApiToken { id, person_id, name: "Ann's script".into(), created_at: at(0), last_used_at: None, expires_at: Some(at(5_000)), revoked_at: None };
        issue_token(tx, &by(person_id, 30_000 + id), &token, &hash(n))
    });
}

pub fn link_of(n: u8, purpose: LinkPurpose, person_id: Option<i64>, registration_id: Option<i64>) -> OneTimeLink {
    OneTimeLink { token_hash: hash(n), purpose, person_id, registration_id, change_id: None, created_at: at(0), expires_at: at(1_000) }
}

pub fn add_link_to(db: &Db, link: OneTimeLink) {
    db.write(move |tx| add_link(tx, &link)).expect("a link");
}

#[test]
fn an_address_is_one_person_whatever_its_capitals() {
    for_each_engine(|db| {
        add_person(&db, ANN, " Ann@North.Example", "Ann Quillfeather");
        let found = read(&db, |tx| person_by_email(tx, "ANN@north.example")).expect("Ann");
        assert_eq!((found.id, found.email.as_str()), (ANN, "ann@north.example"));
        let put = |email: &'static str, name: &'static str, mode| write(&db, move |tx| upsert_person(tx, &act(2), &Person::new(99, email, name), mode));
        let report = OnDifference::Report;
        assert_eq!(put("ann@NORTH.example", "Ann Quillfeather", report), Upserted::Unchanged(ANN));
        assert_eq!(put("ann@north.example", "Ann Quill", report), Upserted::Differs(ANN));
        let outcome = put("ann@north.example", "Ann Quill", OnDifference::Update);
        assert_eq!(outcome, Upserted::Updated(ANN));
        assert_eq!(read(&db, |tx| person(tx, ANN)).expect("Ann").name, "Ann Quill");
        for wrong in ["", "ann", "@north.example", "ann@", "a b@c", "a@b@c", "a\u{0}@b"] {
            let refused = refusal(&db, move |tx| {
                let row = Person::new(98, wrong, "X");
                upsert_person(tx, &act(3), &row, OnDifference::Report)
            });
            assert_eq!(refused, Refused::Invalid("email"), "{wrong:?}");
        }
    });
}

#[test]
fn an_address_can_not_be_taken_over_by_saving_another_person() {
    for_each_engine(|db| {
        add_people(&db);
        let refused = refusal(&db, |tx| {
            let mut bob = person(tx, BOB)?.expect("Bob");
            bob.email = "Ann@north.example".into();
            save_person(tx, &act(1), &bob)
        });
        assert_eq!(refused, Refused::Taken("email"));
    });
}

#[test]
fn people_are_seen_by_their_own_organisation_and_the_authority() {
    for_each_engine(|db| {
        add_people(&db);
        let seen = |who: i64, org| -> Vec<String> {
            let viewer = read(&db, |tx| actor(tx, who)).expect("an actor").viewer();
            let listed = read(&db, |tx| people(tx, viewer, org, &Page::default()));
            listed.items.into_iter().map(|p| p.name).collect()
        };
        assert_eq!(seen(ANN, None), ["Ann Quillfeather", "Cora Dale"]);
        assert_eq!(seen(BOB, None), ["Bob Marsh"]);
        assert!(seen(BOB, Some(NORTH)).is_empty(), "a filter opens nothing");
        assert_eq!(seen(MANAGER, None), ["Ann Quillfeather", "Bob Marsh", "Cora Dale", "Max Ibe"]);
        assert_eq!(seen(MANAGER, Some(SOUTH)), ["Bob Marsh"]);
        // Whoever leaves an organisation is seen by its people no more, and sees them no more.
        write(&db, |tx| end_role(tx, &by(MANAGER, 1), 61));
        assert_eq!(seen(ANN, None), ["Ann Quillfeather"]);
        assert_eq!(seen(COORDINATOR, None), ["Cora Dale"]);
        // Text that a filter finds in another organisation's people stays unseen (settled 24).
        let listed = read(&db, |tx| {
            let page = Page { filter: "quillfeather".into(), ..Page::default() };
            people(tx, Viewer::Person(BOB), None, &page)
        });
        assert!(listed.items.is_empty() && listed.next.is_none());
    });
}

#[test]
fn people_come_in_pages_that_miss_nobody() {
    for_each_engine(|db| {
        add_organisations(&db);
        db.write(|tx| {
            for n in 0..23 {
                // Many with the same name: the id breaks the tie.
                let row = Person::new(100 + n, &format!("p{n}@north.example"), &format!("P {}", n % 2));
                upsert_person(tx, &act(100 + n), &row, OnDifference::Report)?.expect("added");
            }
            Ok(())
        })
        .expect("people");
        let mut page = Page { limit: 5, ..Page::default() };
        let mut ids = Vec::new();
        loop {
            let listed = read(&db, |tx| people(tx, Viewer::All, None, &page));
            assert!(listed.items.len() <= 5);
            ids.extend(listed.items.iter().map(|p| p.id));
            page.after = listed.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(ids.len(), 23);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 23);
    });
}

#[test]
fn names_are_looked_up_in_bulk() {
    for_each_engine(|db| {
        add_people(&db);
        let ids: Vec<i64> = (0..40).map(|n| 51 + n % 3).chain([999]).collect();
        let found = read(&db, |tx| names(tx, &ids));
        assert_eq!(found.len(), 3);
        assert_eq!(found[&BOB], "Bob Marsh");
        assert!(read(&db, |tx| names(tx, &[])).is_empty());
    });
}

#[test]
fn a_session_ends_by_age_by_rest_and_by_sign_out() {
    for_each_engine(|db| {
        add_people(&db);
        sign_in(&db, ANN, 1);
        let found = |now, used_since| read(&db, |tx| session(tx, &hash(1), at(now), at(used_since)));
        let session = found(999, -1).expect("a session");
        assert_eq!(session, session_of(ANN, 1));
        assert_eq!(found(1_000, -1), None, "over its age");
        assert_eq!(found(500, 0), None, "not used for too long");
        db.write(|tx| note_session_used(tx, &hash(1), at(400))).expect("used");
        assert_eq!(found(500, 399).map(|s| s.last_used_at), Some(at(400)));
        assert_eq!(read(&db, |tx| signalbox_store::accounts::session(tx, &hash(2), at(1), at(-1))), None);
        db.write(|tx| end_session(tx, &hash(1))).expect("ended");
        assert_eq!(found(500, 399), None);
    });
}

#[test]
fn s55_a_new_session_kills_the_one_that_came_with_the_browser() {
    for_each_engine(|db| {
        add_people(&db);
        sign_in(&db, ANN, 1);
        db.write(|tx| begin_session(tx, &session_of(ANN, 2), Some(&hash(1)))).expect("a session");
        assert!(is_signed_in(&db, 2) && !is_signed_in(&db, 1));
    });
}

#[test]
fn one_acts_only_under_a_live_membership_of_ones_own() {
    for_each_engine(|db| {
        add_people(&db);
        sign_in(&db, ANN, 1);
        write(&db, |tx| act_as(tx, &hash(1), 61));
        let session = read(&db, |tx| session(tx, &hash(1), at(1), at(-1))).expect("a session");
        assert_eq!(session.acting_membership, Some(61));
        assert_eq!(refusal(&db, |tx| act_as(tx, &hash(1), 64)), Refused::Unknown("membership"));
        write(&db, |tx| end_role(tx, &act(1), 61));
        assert_eq!(refusal(&db, |tx| act_as(tx, &hash(1), 61)), Refused::Unknown("membership"));
    });
}

#[test]
fn s56_shutting_somebody_out_ends_every_way_in() {
    for_each_engine(|db| {
        add_people(&db);
        for n in 1..=5 {
            sign_in(&db, ANN, n);
        }
        sign_in(&db, BOB, 9);
        issue(&db, 81, ANN, 41);
        add_link_to(&db, link_of(31, LinkPurpose::SetPassword, Some(ANN), None));
        assert!(read(&db, |tx| token(tx, &hash(41), at(1))).is_some());
        assert!(write(&db, |tx| disable_person(tx, &by(MANAGER, 1), ANN)));
        assert!(!write(&db, |tx| disable_person(tx, &by(MANAGER, 2), ANN)));
        assert!((1..=5).all(|n| !is_signed_in(&db, n)) && is_signed_in(&db, 9));
        assert_eq!(read(&db, |tx| token(tx, &hash(41), at(1))), None);
        assert_eq!(read(&db, |tx| actor(tx, ANN)), None);
        let refused = refusal(&db, |tx| use_link(tx, &hash(31), LinkPurpose::SetPassword, at(2)));
        assert_eq!(refused, Refused::DeadLink);
        // Coming back opens nothing that was open before.
        assert!(write(&db, |tx| enable_person(tx, &by(MANAGER, 3), ANN)));
        assert!((1..=5).all(|n| !is_signed_in(&db, n)));
        assert_eq!(read(&db, |tx| token(tx, &hash(41), at(1))), None);
        assert!(read(&db, |tx| actor(tx, ANN)).is_some());
    });
}

/// A feed of the whole schedule.
pub fn feed_of(id: i64, person_id: i64, name: &str) -> Feed {
    Feed { id, person_id, name: name.into(), filter: ScheduleFilter::default(), created_at: at(1), last_read_at: None }
}

#[test]
fn a_feed_is_its_owners_and_ends_with_their_access() {
    for_each_engine(|db| {
        add_people(&db);
        let filter =
            ScheduleFilter { organisation: Some(NORTH), kinds: vec![Kind::PlannedOutage], standing: Some(Standing::Firm), ..ScheduleFilter::default() };
        let made = Feed { filter, ..feed_of(91, ANN, "Outages") };
        let row = made.clone();
        write(&db, move |tx| make_feed(tx, &by(ANN, 1), &row, &hash(61)));
        assert_eq!(read(&db, |tx| feed(tx, &hash(61))), Some(made.clone()));
        assert_eq!((read(&db, |tx| feeds(tx, ANN)), read(&db, |tx| feeds(tx, BOB))), (vec![made], vec![]));
        db.write(|tx| note_feed_read(tx, 91, at(7))).expect("noted");
        assert_eq!(read(&db, |tx| feed(tx, &hash(61))).and_then(|feed| feed.last_read_at), Some(at(7)));
        // Nobody else takes it back, and a name says something.
        assert_eq!(refusal(&db, |tx| revoke_feed(tx, &by(BOB, 2), BOB, 91)), Refused::Unknown("feed"));
        for name in [String::new(), " ".into(), "x".repeat(FEED_NAME_MAX + 1)] {
            let wrong = feed_of(92, ANN, &name);
            assert_eq!(refusal(&db, move |tx| make_feed(tx, &by(ANN, 3), &wrong, &hash(62))), Refused::Invalid("name"));
        }
        assert!(write(&db, |tx| revoke_feed(tx, &by(ANN, 4), ANN, 91)) && !write(&db, |tx| revoke_feed(tx, &by(ANN, 5), ANN, 91)));
        assert_eq!(read(&db, |tx| feed(tx, &hash(61))), None);
        // So many at once, and none once the person is shut out, even when they come back.
        for n in 0..FEEDS_MAX {
            let row = feed_of(100 + n, ANN, "One of many");
            write(&db, move |tx| make_feed(tx, &by(ANN, 10 + n), &row, &hash(100 + n as u8)));
        }
        let more = feed_of(200, ANN, "One too many");
        assert_eq!(refusal(&db, move |tx| make_feed(tx, &by(ANN, 50), &more, &hash(200))), Refused::Taken("feeds"));
        assert!(write(&db, |tx| disable_person(tx, &by(MANAGER, 51), ANN)) && write(&db, |tx| enable_person(tx, &by(MANAGER, 52), ANN)));
        assert_eq!((read(&db, |tx| feed(tx, &hash(100))), read(&db, |tx| feeds(tx, ANN))), (None, vec![]));
        assert!(directory_events(&db).iter().all(|(_, _, payload)| !payload.contains("Outages")), "what people call it stays out of the log");
    });
}

#[test]
fn s56_a_new_password_and_signing_out_everywhere_end_all_sessions() {
    for_each_engine(|db| {
        add_people(&db);
        sign_in(&db, ANN, 1);
        sign_in(&db, ANN, 2);
        sign_in(&db, BOB, 9);
        issue(&db, 81, ANN, 41);
        let ended = db.write(|tx| sign_out_everywhere(tx, &by(ANN, 1), ANN)).expect("out");
        assert_eq!((ended, is_signed_in(&db, 1), is_signed_in(&db, 9)), (2, false, true));
        assert!(read(&db, |tx| token(tx, &hash(41), at(1))).is_some(), "tokens are another matter");
        sign_in(&db, ANN, 3);
        add_link_to(&db, link_of(31, LinkPurpose::SetPassword, Some(ANN), None));
        write(&db, |tx| set_password(tx, &by(ANN, 2), ANN, "$argon2id$secret"));
        assert!(!is_signed_in(&db, 3));
        assert_eq!(read(&db, |tx| link(tx, &hash(31), LinkPurpose::SetPassword, at(1))), None);
        let found = read(&db, |tx| credentials(tx, "ANN@north.example")).expect("Ann");
        assert_eq!(found.password_hash.as_deref(), Some("$argon2id$secret"));
        assert!(read(&db, |tx| person(tx, ANN)).expect("Ann").has_password);
        assert!(directory_events(&db).iter().all(|(_, _, payload)| !payload.contains("argon2")));
    });
}

#[test]
fn s49_a_pending_person_can_do_nothing() {
    for_each_engine(|db| {
        add_people(&db);
        write(&db, |tx| {
            let mut row = Person::new(59, "new@north.example", "New");
            row.state = PersonState::Pending;
            upsert_person(tx, &act(1), &row, OnDifference::Report)
        });
        grant(&db, 79, 59, NORTH, Role::GroupMember);
        sign_in(&db, 59, 1);
        assert!(!is_signed_in(&db, 1));
        assert_eq!(read(&db, |tx| actor(tx, 59)), None);
        assert_eq!(refusal(&db, |tx| set_password(tx, &act(2), 59, "x")), Refused::Unknown("person"));
        let refused = refusal(&db, |tx| {
            let token = ApiToken { id: 1, person_id: 59, name: "mine".into(), created_at: at(0), last_used_at: None, expires_at: None, revoked_at: None };
            issue_token(tx, &act(3), &token, &hash(1))
        });
        assert_eq!(refused, Refused::Unknown("person"));
    });
}

#[test]
fn s17_a_token_is_its_owners_to_take_back_and_nobodys_to_read() {
    for_each_engine(|db| {
        add_people(&db);
        issue(&db, 81, ANN, 41);
        db.write(|tx| note_token_used(tx, 81, at(7))).expect("used");
        let listed = read(&db, |tx| tokens(tx, ANN));
        assert_eq!((listed.len(), listed[0].last_used_at), (1, Some(at(7))));
        assert_eq!(read(&db, |tx| token(tx, &hash(41), at(5_000))), None, "over its time");
        let refused = refusal(&db, |tx| revoke_token(tx, &by(BOB, 1), BOB, 81));
        assert_eq!(refused, Refused::Unknown("token"));
        assert!(write(&db, |tx| revoke_token(tx, &by(ANN, 2), ANN, 81)));
        assert!(!write(&db, |tx| revoke_token(tx, &by(ANN, 3), ANN, 81)));
        assert_eq!(read(&db, |tx| token(tx, &hash(41), at(8))), None);
    });
}

#[test]
fn s53_a_link_works_once_in_time_and_for_its_purpose() {
    for_each_engine(|db| {
        add_people(&db);
        add_link_to(&db, link_of(31, LinkPurpose::SetPassword, Some(ANN), None));
        let dead = |n, purpose, now| {
            assert_eq!(refusal(&db, move |tx| use_link(tx, &hash(n), purpose, at(now))), Refused::DeadLink);
        };
        dead(31, LinkPurpose::Decide, 1);
        dead(32, LinkPurpose::SetPassword, 1);
        dead(31, LinkPurpose::SetPassword, 1_000);
        // Looking does not use it up.
        for _ in 0..2 {
            let seen = read(&db, |tx| link(tx, &hash(31), LinkPurpose::SetPassword, at(1)));
            assert_eq!(seen.and_then(|l| l.person_id), Some(ANN));
        }
        write(&db, |tx| use_link(tx, &hash(31), LinkPurpose::SetPassword, at(999)));
        dead(31, LinkPurpose::SetPassword, 999);
    });
}

#[test]
fn tries_are_counted_by_key_and_window() {
    for_each_engine(|db| {
        let hit_at = |key: &'static str, window| db.write(move |tx| hit(tx, key, at(window), 3)).expect("a hit");
        assert_eq!([(); 5].map(|()| hit_at("in:ann@north.example", 0)), [true, true, true, false, false]);
        assert!(hit_at("in:bob@south.example", 0));
        assert!(hit_at("in:ann@north.example", 60));
        // Two nodes count together.
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let db = db.clone();
                std::thread::spawn(move || (0..5).filter(|_| db.write(|tx| hit(tx, "all", at(0), 10)).expect("a hit")).count())
            })
            .collect();
        let allowed: usize = threads.into_iter().map(|t| t.join().expect("no panic")).sum();
        assert_eq!(allowed, 10);
        assert_eq!(db.write(|tx| sweep(tx, at(60))).expect("swept"), 3);
    });
}
