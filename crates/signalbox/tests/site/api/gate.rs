//! May it change now (C180, C181)?

use axum::http::StatusCode;
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::ids::{OrgId, SiteId};
use signalbox_core::schedule::Extent;
use signalbox_store::accounts;

use super::program::{Program, token};
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

fn program<'w>(world: &'w World, email: &str) -> Program<'w> {
    token(world, world.app.db.read(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap().id)
}

fn freeze(world: &World, extent: Extent, from: &str, until: &str, is_hard: bool) -> i64 {
    crate::planned::freeze(world, "No changes over Christmas", extent, (from, until), is_hard)
}

#[test]
fn c181_open_or_closed_until_when_why_and_what_comes_next() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let asker = program(&world, "priya@halden.example");
        let open = asker.get("/api/v1/gate?service=PACS").await.json();
        assert_eq!((open["state"].as_str(), open["until"].is_null(), open["next"].is_null()), (Some("open"), true, true), "{open}");
        assert_eq!((open["service"].as_str(), open["item"].is_null(), open["at"].as_str()), (Some("PACS"), true, Some("2026-11-17T12:00:00Z")));

        // Work that is not decided yet closes nothing; what is scheduled does, to the end of its contingency.
        let sent = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        assert!(asker.get("/api/v1/gate?service=PACS").await.json()["next"].is_null());
        estate.assess(&world, sent.id);
        estate.schedule(&world, sent.id);
        for thing in ["service=PACS", "item=NB-PACS-N2", "service=PACS&item=NB-PACS-N2"] {
            let before = asker.get(&format!("/api/v1/gate?{thing}")).await.json();
            assert_eq!((before["state"].as_str(), before["until"].as_str()), (Some("open"), Some("2026-12-08T20:00:00Z")), "{thing}: {before}");
            assert_eq!((before["next"]["state"].as_str(), before["next"]["reasons"][0]["reference"].as_str()), (Some("closed"), Some("ON-2026-000001")));
            let during = asker.get(&format!("/api/v1/gate?{thing}&at=2026-12-08T20:00:00Z")).await.json();
            assert_eq!((during["state"].as_str(), during["until"].as_str()), (Some("closed"), Some("2026-12-08T23:00:00Z")), "{thing}: {during}");
            assert_eq!((during["reasons"][0]["kind"].as_str(), during["reasons"][0]["is_running"].as_bool()), (Some("work"), Some(false)));
            assert_eq!((during["next"]["state"].as_str(), during["next"]["reasons"].as_array().map(Vec::len)), (Some("open"), Some(0)));
        }

        // A freeze that touches it joins on; a soft one, and one elsewhere, do not count.
        let site = world.app.db.read(|tx| tx.one("select id from sites", &[], |row| row.int(0))).unwrap();
        freeze(&world, Extent::Site(SiteId(site)), "2026-12-08T22:30:00Z", "2026-12-10T00:00:00Z", true);
        freeze(&world, Extent::Everything, "2026-12-10T00:00:00Z", "2026-12-11T00:00:00Z", false);
        freeze(&world, Extent::Organisation(OrgId(estate.other)), "2026-12-10T00:00:00Z", "2026-12-11T00:00:00Z", true);
        let item = asker.get("/api/v1/gate?item=NB-PACS-N2&at=2026-12-08T21:00:00Z").await.json();
        assert_eq!(item["until"], "2026-12-10T00:00:00Z", "{item}");
        let later = asker.get("/api/v1/gate?item=NB-PACS-N2&at=2026-12-09T12:00:00Z").await.json();
        assert_eq!((later["reasons"][0]["kind"].as_str(), later["reasons"][0]["title"].as_str()), (Some("freeze"), Some("No changes over Christmas")));
        let service = asker.get("/api/v1/gate?service=PACS&at=2026-12-09T12:00:00Z").await.json();
        assert_eq!(service["state"], "open", "the service is at other sites too: {service}");
    });
}

#[test]
fn c181_work_that_runs_late_keeps_it_closed_and_its_end_opens_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let sent = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.assess(&world, sent.id);
        estate.schedule(&world, sent.id);
        world.clock.set(at("2026-12-08T19:50:00Z"));
        let len = program(&world, "len@halden.example");
        len.act("ON-2026-000001", "start", serde_json::json!({})).await;
        let asker = program(&world, "priya@halden.example");
        let early = asker.get("/api/v1/gate?service=PACS").await.json();
        assert_eq!((early["state"].as_str(), early["reasons"][0]["is_running"].as_bool()), (Some("closed"), Some(true)), "it began early: {early}");
        world.clock.set(at("2026-12-08T23:30:00Z"));
        let late = asker.get("/api/v1/gate?service=PACS").await.json();
        assert_eq!((late["state"].as_str(), late["until"].is_null(), late["reasons"][0]["until"].is_null()), (Some("closed"), true, true), "{late}");
        len.act("ON-2026-000001", "finish", serde_json::json!({"outcome": "successful", "back": ["PACS"]})).await;
        assert_eq!(asker.get("/api/v1/gate?service=PACS").await.json()["state"], "open");
    });
}

#[test]
fn c180_one_word_over_plain_http_for_any_pipeline() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let asker = program(&world, "priya@halden.example");
        let word = asker.get("/api/v1/gate?service=PACS&format=text").await;
        assert_eq!((word.status, word.body.as_str(), word.header("content-type")), (StatusCode::OK, "open\n", "text/plain; charset=utf-8"));
        freeze(&world, Extent::Everything, "2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z", true);
        assert_eq!(asker.get("/api/v1/gate?service=PACS&format=text").await.body, "closed\n");
        // Neither a typing error nor a question about nothing looks like an open gate.
        for (query, status) in [
            ("service=PASC", StatusCode::NOT_FOUND),
            ("item=NOTHING&service=PACS", StatusCode::NOT_FOUND),
            ("", StatusCode::BAD_REQUEST),
            ("servcie=PACS", StatusCode::BAD_REQUEST),
            ("service=PACS&format=xml", StatusCode::BAD_REQUEST),
            ("service=PACS&at=tomorrow", StatusCode::BAD_REQUEST),
            ("service=PACS&at=9999-12-30T00:00:00Z", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(asker.get(&format!("/api/v1/gate?{query}")).await.status, status, "{query}");
        }
        // Who sees no freeze is not told that it is open.
        assert_eq!(program(&world, "nora@riverside.example").get("/api/v1/gate?service=PACS").await.status, StatusCode::FORBIDDEN);
        world.person("rae@riverside.example", "Rae Lund", &[(estate.other, Role::Coordinator)]);
        assert_eq!(program(&world, "rae@riverside.example").get("/api/v1/gate?item=NB-PACS-N2").await.status, StatusCode::NOT_FOUND, "another's item");
    });
}

#[test]
fn c181_work_that_the_asker_may_not_read_is_not_told_by_a_closed_gate() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        for confidentiality in ["parties_only", "security_restricted"] {
            let sent = estate.outage(&world, "Canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[("confidentiality", confidentiality)]);
            estate.assess(&world, sent.id);
            estate.schedule(&world, sent.id);
            let asked = "/api/v1/gate?service=PACS&at=2026-12-08T21:00:00Z";
            assert_eq!(program(&world, "priya@halden.example").get(asked).await.json()["state"], "closed", "{confidentiality}");
            // Una reads the schedule, and of this work only the times, which a filter would tell more of (S04).
            let reply = program(&world, "una@riverside.example").get(asked).await;
            assert!(reply.status == StatusCode::NOT_FOUND || reply.json()["state"] == "open", "{confidentiality}: {}", reply.body);
            assert!(!reply.body.contains("Canary"));
            estate.ruth(&world, sent.id, Act::Cancel, &[("reason", "Moved to another night.")]);
        }
    });
}
