//! The record of a power-down (C117): the order of switching off and on, departments and who of them was told, and the
//! night on paper, keyed in afterwards.

use axum::http::StatusCode;
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::event::Event;
use signalbox_store::project;

use crate::changes::{take, taken};
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

const SHEET: &str = "/changes/ON-2026-000001/run-sheet";
const ENTER: &str = "/changes/ON-2026-000001/run-sheet/enter";

const ANSWERS: &[(&str, &str)] = &[
    ("outage_type", "comms_room"),
    ("contact_on_site.name", "Sam Okoro"),
    ("contact_on_site.phone", "020 7946 0158"),
    ("who_shuts_down.name", "Ida Brand"),
    ("who_shuts_down.phone", "020 7946 0161"),
    ("ups_minutes", "25"),
    ("generator", "yes"),
    ("restore_test", "A test image is fetched and read"),
    ("order.1.what", "Archive node"),
    ("order.1.minutes", "5"),
    ("order.1.good", "its lamp is green"),
    ("order.2.what", "Core switch"),
    ("order.3.what", "Distribution board 3"),
    ("departments.1.area", "imaging"),
    ("departments.1.cover", "Films are read at the scanner"),
    ("departments.1.told", "Dr Ames, 16 November"),
    ("departments.2.area", "wards"),
    ("departments.2.name", "Ward 7"),
    ("departments.2.cover", "Requests go on paper"),
];

/// A power-down of the comms room on the evening of 1 December, agreed.
fn agreed(world: &World, estate: &Estate) -> i64 {
    let id = estate.outage(world, "Comms room power-down", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", ANSWERS).id;
    estate.assess(world, id);
    estate.schedule(world, id);
    id
}

/// Where each of these words stands, in their order.
fn in_order(text: &str, words: &[&str]) -> bool {
    let mut from = 0;
    words.iter().all(|word| text[from..].find(word).map(|at| from += at + word.len()).is_some())
}

#[test]
fn c117_the_run_sheet_has_the_order_of_off_and_on_telephones_and_the_last_moment() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        agreed(&world, &estate);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let record = ruth.get("/changes/ON-2026-000001").await;
        assert!(record.body.contains(SHEET), "the record leads to it");
        assert!(!record.body.contains(ENTER), "nothing can be keyed in before it began");
        let sheet = ruth.get(SHEET).await;
        let text = sheet.text();
        assert!(in_order(&text, &["Switching off", "1. Archive node", "5 minutes", "2. Core switch", "3. Distribution board 3", "Bringing back"]), "{text}");
        assert!(
            in_order(&text, &["Bringing back", "1. Distribution board 3", "2. Core switch", "3. Archive node", "its lamp is green"]),
            "the other way round: {text}"
        );
        assert!(in_order(&text, &["When", "Tuesday 1 December", "20:00", "22:00", "Where"]), "the day stands on it: {text}");
        for words in ["Sam Okoro", "020 7946 0158", "Ida Brand", "020 7946 0161", "Tom Achebe", "020 7946 0117"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        for words in ["Batteries hold, in minutes 25", "Generator Yes", "All is back when A test image is fetched", "Wards: Ward 7", "PACS imaging"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let mut una = world.sign_in("una@riverside.example").await;
        for path in [SHEET, ENTER] {
            assert_eq!(una.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(una.post(ENTER, &[("kept_by", "Una")]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c117_an_order_of_its_own_on_the_way_back() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let own: Vec<(&str, &str)> = ANSWERS.iter().copied().chain([("order.1.back", "1"), ("order.3.back", "2")]).collect();
        estate.outage(&world, "Comms room power-down", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &own);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let text = ruth.get(SHEET).await.text();
        assert!(in_order(&text, &["Bringing back", "1. Archive node", "2. Distribution board 3", "3. Core switch"]), "{text}");
    });
}

#[test]
fn c117_a_sheet_is_keyed_in_as_facts_with_the_times_on_the_paper() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = agreed(&world, &estate);
        world.clock.set(at("2026-12-02T09:00:00Z"));
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let form = ruth.get(ENTER).await;
        assert_eq!(form.field("started-date").as_deref(), Some("2026-12-01"), "the day is that of the start: {}", form.text());
        // Everything wrong is told at once, and nothing typed is lost.
        let wrong = [
            ("started-date", "2026-12-01"),
            ("started-time", "20:04"),
            ("off_1-date", "2026-12-01"),
            ("off_1-time", "20:01"),
            ("back_1-date", "2026-12-03"),
            ("back_1-time", "21:50"),
            ("off_2-date", "2026-12-01"),
            ("off_2-time", "25:70"),
            ("outcome", "successful"),
            ("notes", "The lock of the room sticks"),
        ];
        let back = ruth.post(ENTER, &wrong).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = back.text();
        for words in ["Answer this question.", "not before the start of the work", "Only what has happened can be recorded", "Enter a time"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(back.body.contains("The lock of the room sticks") && back.field("started-time").as_deref() == Some("20:04"), "{}", back.body);
        let loaded = |world: &World| world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change"))).expect("a read");
        assert_eq!(loaded(&world).change.work.started, None, "all of it or none");
        // A service of which nobody says that it is back is asked about.
        let night = [
            ("kept_by", "Ida Brand"),
            ("started-date", "2026-12-01"),
            ("started-time", "20:04"),
            ("off_1-date", "2026-12-01"),
            ("off_1-time", "20:09"),
            ("on_1-date", "2026-12-01"),
            ("on_1-time", "21:40"),
            ("on_2-date", "2026-12-01"),
            ("on_2-time", ""),
            ("finished-date", "2026-12-01"),
            ("finished-time", "21:55"),
            ("outcome", "successful"),
            ("notes", "The lock of the room sticks"),
            ("idempotency_key", "the-sheet-of-that-night"),
        ];
        let asked = ruth.post(ENTER, &night).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(loaded(&world).change.work.started, None, "all of it or none");
        let whole: Vec<(&str, &str)> = night.into_iter().chain([("back_1-date", "2026-12-01"), ("back_1-time", "21:50")]).collect();
        for _ in 0..2 {
            // Sent again with the same key it counts once.
            let sent = ruth.post(ENTER, &whole).await;
            assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/changes/ON-2026-000001"), "{}", sent.text());
        }
        let after = loaded(&world);
        let work = &after.change.work;
        let told = work.started.as_ref().expect("started");
        assert_eq!((told.happened_at, told.by_phone), (at("2026-12-01T20:04:00Z"), false));
        assert_eq!(work.restored.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [at("2026-12-01T21:50:00Z")]);
        assert_eq!(work.finished.as_ref().map(|told| told.happened_at), Some(at("2026-12-01T21:55:00Z")));
        assert_eq!((after.change.stage, work.proposed), (Stage::Implemented, Some(Outcome::Successful)));
        assert_eq!(after.events.iter().filter(|event| matches!(event.event, Event::Started { .. })).count(), 1);
        let record = ruth.get("/changes/ON-2026-000001").await.text();
        assert!(record.contains("From the run sheet kept by Ida Brand"), "{record}");
        assert!(in_order(&record, &["Archive node: off 20:09", "back 21:40"]) && record.contains("The lock of the room sticks"), "{record}");
        assert!(record.contains("on behalf of Ida Brand"), "{record}");
        // What is recorded is not asked for again.
        let left = ruth.get(ENTER).await.text();
        assert!(left.contains("Ended") && !left.contains("When did the work start?") && !left.contains("What is the outcome?"), "{left}");
    });
}

#[test]
fn c117_departments_are_named_with_their_cover_and_told_one_by_one() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        agreed(&world, &estate);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let record = ruth.get("/changes/ON-2026-000001").await.text();
        assert!(record.contains("1 of 2 departments not told yet.") && record.contains("Requests go on paper"), "{record}");
        let unknown = take(&mut ruth, "ON-2026-000001", "tell_department", &[("area", "the moon"), ("who_there", "")]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        taken(&mut ruth, "ON-2026-000001", "tell_department", &[("area", "wards"), ("department_name", "ward 7"), ("who_there", "Sister Cole, 30 November")])
            .await;
        let record = ruth.get("/changes/ON-2026-000001").await.text();
        assert!(record.contains("Every department that is named was told.") && record.contains("Sister Cole, 30 November"), "{record}");
        // The desk hears from one that nobody had named.
        let mut desk = world.sign_in("dee@halden.example").await;
        taken(&mut desk, "ON-2026-000001", "tell_department", &[("area", "theatres"), ("who_there", "The theatre manager"), ("knows", "yes")]).await;
        let record = ruth.get("/changes/ON-2026-000001").await;
        let text = record.text();
        assert!(in_order(&text, &["Departments", "Imaging", "Wards: Ward 7", "Theatres", "Told and covered", "The theatre manager"]), "{text}");
        assert!(text.contains("Theatres: told at") && text.contains("and confirmed"), "the history says so: {text}");
        assert_eq!(text.matches("Struck out").count(), 0, "an approval stands: nothing was decided anew");
    });
}
