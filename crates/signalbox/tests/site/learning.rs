//! What is learnt from changes and told of them: incidents, lessons, the figures of what went well and what came back.

use axum::http::StatusCode;
use serde_json::json;
use signalbox_store::accounts;

use crate::api::program::token;
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

fn id_of(world: &World, email: &str) -> i64 {
    world.app.db.read(|tx| accounts::person_by_email(tx, email)).expect("a read").expect("somebody").id
}

#[test]
fn x12_an_incident_told_by_a_program_is_offered_on_the_change_that_touched_what_it_hit() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        estate.carry_out(&world, id, "2026-12-01T20:00:00Z", "2026-12-01T21:30:00Z", "successful");
        world.clock.set(at("2026-12-02T09:00:00Z"));
        let desk = token(&world, id_of(&world, "dee@halden.example"));
        let told = |reference: &str, opened: &str| {
            json!({"source": "ServiceDesk", "reference": reference, "organisation": "HALDEN", "title": "Archive does not answer", "priority": 1,
                "opened_at": opened, "items": ["NB-PACS-N2"]})
        };
        let soon = desk.post("/api/v1/incidents", told("INC1", "2026-12-02T08:00:00Z")).await;
        assert_eq!(soon.status, StatusCode::CREATED, "{}", soon.body);
        assert_eq!((soon.json()["changes"][0]["reference"].as_str(), soon.json()["changes"][0]["is_linked"].as_bool()), (Some("ON-2026-000001"), Some(false)));
        let before = desk.post("/api/v1/incidents", told("INC0", "2026-12-01T19:00:00Z")).await;
        assert_eq!(before.json()["changes"], json!([]), "it was there before anybody touched anything");
        let mut priya = world.sign_in("priya@halden.example").await;
        let page = priya.get("/changes/ON-2026-000001").await.text();
        assert!(page.contains("Incidents on the same equipment") && page.contains("INC1") && !page.contains("INC0"), "{page}");
        assert!(priya.get("/incidents").await.text().contains("Link it to ON-2026-000001"));
        let manager = token(&world, id_of(&world, "priya@halden.example"));
        manager.act("ON-2026-000001", "link_incident", json!({"incident": "INC1"})).await;
        let one = desk.get(&format!("/api/v1/incidents/{}", soon.json()["incident"]["id"].as_str().unwrap())).await.json();
        assert_eq!(one["changes"][0]["is_linked"], true);
    });
}
