//! Freezes, maintenance windows and what happens elsewhere by the API (C183).

use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox_core::actor::{OrgKind, Role};

use super::program::{furnish, pointers, token};
use crate::world::{World, on_each_engine};

fn manager(world: &World) -> i64 {
    let authority = world.organisation("authority-2", OrgKind::Authority);
    world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)])
}

fn items(reply: &crate::world::Reply) -> Vec<Value> {
    reply.json()["items"].as_array().unwrap().clone()
}

#[test]
fn c183_the_calendar_is_read_and_declared_by_programs() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let ann = token(&world, manager(&world));
        let freeze = json!({"title": "Winter freeze", "scope": "all", "starts": "2026-12-18T00:00", "ends": "2027-01-03T00:00", "reason": "Turn of the year",
            "from_level": "degraded"});
        let declared = ann.post("/api/v1/freezes", freeze).await;
        assert_eq!(declared.status, StatusCode::CREATED, "{}", declared.body);
        let told = declared.json();
        assert_eq!((told["is_hard"].as_bool(), told["from_level"].as_str(), told["reason"].as_str()), (Some(true), Some("degraded"), Some("Turn of the year")));
        assert_eq!(told["entry"]["when"]["next"], json!([{"start": "2026-12-18T00:00:00Z", "end": "2027-01-03T00:00:00Z"}]));

        let window = json!({"title": "First Sunday", "scope": "service", "of": "PACS", "starts": "2027-03-07T01:00", "ends": "2027-03-07T05:00",
            "rule": "RRULE:FREQ=MONTHLY;BYDAY=1SU", "except": ["2027-05-02"], "agreed_by": "Imaging board"});
        let agreed = ann.post("/api/v1/maintenance-windows", window).await;
        assert_eq!(agreed.status, StatusCode::CREATED, "{}", agreed.body);
        let when = &agreed.json()["entry"]["when"];
        assert_eq!(
            (when["rule"].as_str(), when["zone"].as_str(), &when["except"]),
            (Some("FREQ=MONTHLY;BYDAY=1SU"), Some("Europe/London"), &json!(["2027-05-02"]))
        );
        let starts: Vec<&str> = when["next"].as_array().unwrap().iter().map(|one| one["start"].as_str().unwrap()).collect();
        let summer = ["2027-03-07T01:00:00Z", "2027-04-04T00:00:00Z", "2027-06-06T00:00:00Z", "2027-07-04T00:00:00Z", "2027-08-01T00:00:00Z"];
        assert_eq!(starts, summer, "01:00 on the clock in summer too");

        let entry = json!({"title": "Spine maintenance", "scope": "all", "starts": "2026-12-08T21:00", "ends": "2026-12-09T03:00", "is_outage": true,
            "source": "National service desk", "url": "https://status.example/2217"});
        assert_eq!(ann.post("/api/v1/external-entries", entry).await.status, StatusCode::CREATED);

        // Whoever reads the schedule reads them; why they are is told to those who may end them.
        for (path, title) in [("freezes", "Winter freeze"), ("maintenance-windows", "First Sunday"), ("external-entries", "Spine maintenance")] {
            let read = people.trust.get(&format!("/api/v1/{path}")).await;
            assert_eq!(items(&read).iter().map(|one| one["entry"]["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), [title]);
            assert!(path == "external-entries" || items(&read)[0]["reason"].is_null(), "{}", read.body);
        }
        let later = ann.get("/api/v1/freezes?from=2027-01-03T00:00:00Z").await;
        assert!(items(&later).is_empty(), "it is over by then");
    });
}

#[test]
fn the_lists_of_the_calendar_are_paged_and_say_no() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let ann = token(&world, manager(&world));
        for day in 1..=3 {
            let entry = json!({"title": format!("Day {day}"), "scope": "all", "starts": format!("2026-12-0{day}T08:00"), "ends": format!("2026-12-0{day}T09:00"),
                "source": "Desk"});
            assert_eq!(ann.post("/api/v1/external-entries", entry).await.status, StatusCode::CREATED);
        }
        let first = ann.get("/api/v1/external-entries?limit=2").await;
        let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
        let second = ann.get(&format!("/api/v1/external-entries?limit=2&cursor={cursor}")).await;
        let titles: Vec<String> = [items(&first), items(&second)].concat().iter().map(|one| one["entry"]["title"].as_str().unwrap().to_owned()).collect();
        assert_eq!((titles.join(", "), second.json()["next_cursor"].is_null()), ("Day 1, Day 2, Day 3".into(), true));

        let refused = people.supplier.post("/api/v1/freezes", json!({})).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        let mut codes = pointers(&ann.post("/api/v1/freezes", json!({"severity": 1, "is_hard": "yes", "rule": "FREQ=HOURLY", "from_level": "awful"})).await);
        codes.sort();
        let wanted = [
            ("#/ends", "answer-missing"),
            ("#/from_level", "unknown-choice"),
            ("#/is_hard", "not-a-value"),
            ("#/reason", "answer-missing"),
            ("#/rule", "rule-sub-daily"),
            ("#/scope", "answer-missing"),
            ("#/severity", "unknown-field"),
            ("#/starts", "answer-missing"),
            ("#/title", "answer-missing"),
        ];
        assert_eq!(codes, wanted.map(|(at, code)| (at.to_owned(), code.to_owned())));
        // A trust declares its own for a day, and what is another's reads like what does not exist (X14, S02).
        let own =
            |of: &str, ends: &str| json!({"title": "Full", "scope": "organisation", "of": of, "starts": "2026-12-01T08:00", "ends": ends, "reason": "Beds"});
        assert_eq!(people.trust.post("/api/v1/freezes", own("NORTHBROOK", "2026-12-01T20:00")).await.status, StatusCode::CREATED);
        assert_eq!(pointers(&people.trust.post("/api/v1/freezes", own("NORTHBROOK", "2026-12-03T20:00")).await), [("#/ends".into(), "too-long".into())]);
        let theirs = people.trust.post("/api/v1/freezes", own("RIVERSIDE", "2026-12-01T20:00")).await;
        let nobodys = people.trust.post("/api/v1/freezes", own("NOWHERE", "2026-12-01T20:00")).await;
        assert_eq!((theirs.status, &theirs.body), (StatusCode::UNPROCESSABLE_ENTITY, &nobodys.body));
    });
}
