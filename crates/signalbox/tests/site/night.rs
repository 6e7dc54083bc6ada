//! The page of the work for the bridge call (C093, C097), more time for work that runs late (C082), and a move that takes
//! the steps along (C080).

use axum::http::StatusCode;
use signalbox_core::carry::Progress;
use signalbox_core::event::Event;
use signalbox_store::project;

use crate::changes::{take, taken};
use crate::feeds::{events, subscribe};
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

const RUN: &str = "/changes/ON-2026-000001/run";

#[test]
fn c093_the_run_page_shows_now_and_next_and_a_press_sent_again_counts_once() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        let mut priya = world.sign_in("priya@halden.example").await;
        let form = priya.get("/changes/ON-2026-000001/acts/plan").await;
        let version = form.field("version").expect("a version");
        let plan = [("plan", "implement"), ("steps", "Shut the node down\nStart it again"), ("minutes", "20"), ("version", version.as_str())];
        let planned = priya.post("/changes/ON-2026-000001/acts/plan", &plan).await;
        assert_eq!(planned.status, StatusCode::SEE_OTHER, "{}", planned.body);
        estate.assess(&world, id);
        estate.schedule(&world, id);
        world.clock.set(at("2026-12-01T20:02:00Z"));
        let mut len = world.sign_in("len@halden.example").await;
        let run = len.get(RUN).await;
        assert!(run.text().contains("Shut the node down") && run.text().contains("Start it again"), "{}", run.text());
        let start = [("act", "start"), ("idempotency_key", "the-start-of-the-night")];
        for _ in 0..2 {
            // The signal went, and it is pressed again.
            let pressed = len.post(RUN, &start).await;
            assert_eq!((pressed.status, pressed.location()), (StatusCode::SEE_OTHER, RUN), "{}", pressed.body);
        }
        let step = [("act", "record_step"), ("number", "1"), ("result", "done"), ("idempotency_key", "step-one-of-the-night")];
        assert_eq!(len.post(RUN, &step).await.status, StatusCode::SEE_OTHER);
        let loaded = world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change"))).expect("a read");
        assert_eq!(loaded.events.iter().filter(|e| matches!(e.event, Event::Started { .. })).count(), 1);
        assert_eq!(loaded.change.carry.step(1).expect("a step").progress, Progress::Done);
        let run = len.get(RUN).await;
        assert!(run.text().contains("Step 2 is done") && run.text().contains("PACS imaging is back"), "{}", run.text());
        // Nothing is pressed that is not on the page, and whoever does not see the change does not see its work.
        assert_eq!(len.post(RUN, &[("act", "close")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut una = world.sign_in("una@riverside.example").await;
        assert_eq!(una.get(RUN).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c080_a_move_by_its_page_takes_every_step_along() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]);
        let mut priya = world.sign_in("priya@halden.example").await;
        let plan = [("plan", "implement"), ("steps", "Shut the node down\nStart it again"), ("minutes", "20")];
        taken(&mut priya, "ON-2026-000001", "plan", &plan).await;
        let tell = [("plan", "communicate"), ("steps", "Ring the wards"), ("minutes", "5"), ("offset", "-45")];
        taken(&mut priya, "ON-2026-000001", "plan", &tell).await;
        let run = priya.get(RUN).await;
        let rows = |body: &str| -> Vec<String> {
            let page = scraper::Html::parse_document(body);
            let cells = scraper::Selector::parse("td[data-l='Planned']").unwrap();
            page.select(&cells).map(|cell| cell.text().collect::<String>().split_whitespace().next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(rows(&run.body), ["20:00", "20:20", "19:15"], "{}", run.text());
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let moved = [
            ("window.start-date", "2026-12-03"),
            ("window.start-time", "21:30"),
            ("window.end-date", "2026-12-03"),
            ("window.end-time", "23:30"),
            ("reason", "The engineer is away."),
        ];
        taken(&mut ruth, "ON-2026-000001", "reschedule", &moved).await;
        let run = priya.get(RUN).await;
        assert_eq!(rows(&run.body), ["21:30", "21:50", "20:45"], "an hour and a half and two days later, all of them: {}", run.text());
    });
}

#[test]
fn c082_work_that_runs_late_is_extended_in_the_open() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        // All back by 23:00: the next on the same device begins well after it, and is in nobody's way.
        let next = estate.outage(&world, "Generator", "2026-12-02T00:30:00Z", "2026-12-02T01:30:00Z", &[]).reference;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        let address = subscribe(&mut world.sign_in("una@riverside.example").await, &[("name", "All that is planned")]).await;
        world.clock.set(at("2026-12-01T20:02:00Z"));
        let mut known = None;
        let tend = |known: &mut Option<i64>| signalbox::worker::clashes::tend(&world.app, known).unwrap();
        assert_eq!(tend(&mut known), 0);
        let mut len = world.sign_in("len@halden.example").await;
        len.get(RUN).await;
        assert_eq!(len.post(RUN, &[("act", "start")]).await.status, StatusCode::SEE_OTHER);
        let entry = |body: &str| events(body)["Switchgear"].clone();
        let calendar = world.stranger().get(&format!("{address}/schedule.ics")).await;
        assert_eq!(entry(&calendar.body)["DTEND;TZID=Europe/London"], "20261201T220000");

        // It runs late, within the time that was agreed: everybody who reads the schedule reads the new end.
        world.clock.set(at("2026-12-01T21:40:00Z"));
        assert!(len.get(RUN).await.text().contains("Say that it runs late"));
        let late = [("expected_end-date", "2026-12-01"), ("expected_end-time", "22:45"), ("words", "The copy is slow.")];
        taken(&mut len, "ON-2026-000001", "running_late", &late).await;
        let mut una = world.sign_in("una@riverside.example").await;
        const TABLE: &str = "/schedule?view=table&from=2026-12-01&days=2";
        let table = una.get(TABLE).await.text();
        assert!(table.contains("Tue 1 Dec, 22:45") && table.contains("2 entries, 0 clashes"), "{table}");
        assert_eq!(tend(&mut known), 0, "it is back before the next begins");

        // More time is agreed with the site and the manager on call, or not at all.
        let more = [("until-date", "2026-12-02"), ("until-time", "01:00"), ("reason", "The copy is slower than in the trial.")];
        let alone = take(&mut len, "ON-2026-000001", "extend", &more).await;
        assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", alone.text());
        let agreed = [&more[..], &[("site_agreed", "Sister Quill"), ("on_call_agreed", "Mr Vane")]].concat();
        world.step_worker();
        taken(&mut len, "ON-2026-000001", "extend", &agreed).await;
        let loaded = world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change"))).expect("a read");
        assert_eq!(signalbox_core::carry::latest_end(&loaded.change), Some(at("2026-12-02T01:00:00Z")));
        assert!(["extended", "runs-into-other-work"].iter().all(|mark| loaded.change.work.deviations.contains(*mark)), "{:?}", loaded.change.work.deviations);
        let run = len.get(RUN).await.text();
        assert!(run.contains("All back by") && run.contains("01:00") && run.contains("Sister Quill") && run.contains("Mr Vane"), "{run}");

        // The schedule in its views, the calendar and the page of the clash tell the new end and what it runs into.
        let table = una.get(TABLE).await.text();
        assert!(table.contains("Wed 2 Dec, 01:00") && table.contains("2 entries, 1 clash,"), "{table}");
        let month = una.get("/schedule?from=2026-12-01").await;
        assert!(month.body.contains("Tuesday 1 December, 20:00 to Wednesday 01:00"), "{}", month.body);
        let calendar = world.stranger().get(&format!("{address}/schedule.ics")).await;
        assert_eq!(entry(&calendar.body)["DTEND;TZID=Europe/London"], "20261202T010000");
        for (one, other) in [("ON-2026-000001", next.as_str()), (next.as_str(), "ON-2026-000001")] {
            let clash = priya_reads(&world, &format!("/changes/{one}/clashes")).await;
            assert!(clash.contains(&format!("The same equipment at the same time as {other}")), "{one}: {clash}");
        }
        // Those whom the document names hear of the extension, and both owners of the clash.
        let told = world.step_worker();
        assert!(told.iter().any(|mail| mail.text.contains("01:00") && mail.text.contains("ON-2026-000001")), "{told:?}");
        assert_eq!(tend(&mut known), 1);
        let told = world.step_worker();
        for reference in ["ON-2026-000001", next.as_str()] {
            assert!(told.iter().any(|mail| mail.subject.starts_with("Clash:") && mail.subject.contains(reference)), "{reference}: {told:?}");
        }
    });
}

async fn priya_reads(world: &World, path: &str) -> String {
    world.sign_in("priya@halden.example").await.get(path).await.text()
}
