//! The page of the work for the bridge call (C093, C097).

use axum::http::StatusCode;
use signalbox_core::carry::Progress;
use signalbox_core::event::Event;
use signalbox_store::project;

use crate::planned::{Estate, at};
use crate::world::on_each_engine;

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
