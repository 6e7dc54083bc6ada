//! The API: what it describes, what it does, what it refuses. Every answer that a test gets is held against the
//! description (settled 25).

mod calendars;
mod deployments;
mod gate;
mod incidents;
mod ledger;
pub mod program;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use signalbox::run::ImportRow;
use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::ids::OrgId;

use crate::world::{Reply, on_each_engine};
use program::{Program, described, filled, furnish, hold, pointers, validate};

#[test]
fn the_router_and_the_description_are_equal() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let served = world.stranger().get("/api/openapi.json").await;
        assert_eq!(&served.json(), described(), "what is served is what is described");
        assert!(described()["openapi"].as_str().unwrap().starts_with("3.1"));
        for (path, item) in described()["paths"].as_object().unwrap() {
            let address = path.replace("{ref}", "ON-2026-000001").replace("{act}", "say").replace("{id}", "1");
            let mut client = world.program(&people.trust.token);
            let request = client.request(Method::from_bytes(b"NOSUCH").unwrap(), &address).body(Body::empty()).unwrap();
            let reply = client.ask(request).await;
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path} is served");
            let served: BTreeSet<String> = reply.header("allow").split(',').map(|m| m.trim().to_lowercase()).filter(|m| m != "head").collect();
            let described: BTreeSet<String> =
                item.as_object().unwrap().keys().filter(|key| !["parameters", "summary", "description", "servers"].contains(&key.as_str())).cloned().collect();
            assert_eq!(served, described, "{path}");
        }
    });
}

/// Routes come in by the macro that describes them, and by nothing else.
#[test]
fn no_route_of_the_api_is_registered_without_its_description() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let mut files = vec![folder.join("api.rs")];
    files.extend(std::fs::read_dir(folder.join("api")).unwrap().map(|file| file.unwrap().path()));
    let mut seen = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        seen += text.matches(".routes(routes!(").count();
        for bare in [".route(", ".nest(", ".route_service(", ".nest_service("] {
            assert!(!text.contains(bare), "{} holds {bare}", file.display());
        }
    }
    assert!(seen > 15, "this test sees the routes");
    assert!(!signalbox::web::ROUTES.iter().any(|route| route.path.starts_with("/api/")), "pages and API are apart");
}

#[test]
fn every_example_is_as_its_schema_says() {
    let mut seen = 0;
    for (name, schema) in described()["components"]["schemas"].as_object().unwrap() {
        if let Some(example) = schema.get("example") {
            validate(schema, example, name);
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen} examples");
}

#[test]
fn a_planned_outage_goes_from_draft_to_closed_through_the_api_alone() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let trust = &people.trust;
        let reply = trust
            .post(
                "/api/v1/changes",
                json!({"kind": "planned_outage", "organisation": "NORTHBROOK", "on_behalf_of": "Len Brook", "answers": {"title": "Switchgear"}}),
            )
            .await;
        assert_eq!((reply.status, reply.header("location"), reply.header("etag")), (StatusCode::CREATED, "/api/v1/changes/ON-2026-000001", "\"1.1\""));
        let path = "/api/v1/changes/ON-2026-000001";
        let first = trust.post(&format!("{path}/acts/submit"), json!({})).await;
        assert_eq!(first.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(pointers(&first).len() > 3, "every fault at once: {}", first.body);
        let reply = trust.send(Method::PATCH, path, &[("if-match", "\"1.1\"")], Some(json!({"answers": filled(&world)}))).await;
        assert_eq!((reply.status, reply.header("etag")), (StatusCode::OK, "\"1.2\""), "{}", reply.body);
        let draft = trust.get(path).await.json();
        assert_eq!(draft["draft"]["answers"]["window"]["start"], "2026-12-01T06:00:00Z");
        assert_eq!(draft["draft"]["answers"]["items"], json!(["NB-NODE"]));
        trust.act("ON-2026-000001", "submit", json!({})).await;
        let sent = trust.get(path).await.json();
        assert_eq!(
            (sent["state"].as_str(), sent["notice"]["verdict"].as_str(), sent["notice"]["days"].as_i64()),
            (Some("submitted"), Some("on_time"), Some(14))
        );
        assert_eq!(sent["notice"]["last_in_time"], "2026-11-21");
        assert_eq!(sent["answers"]["items"]["value"], json!(["NB-NODE"]));
        let fields = people.supplier.get(&format!("{path}/acts/accept")).await.json();
        assert!(fields["fields"].as_array().unwrap().iter().any(|f| f["name"] == "restore_by"), "{fields}");
        let accept: Map<String, Value> = fields["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["is_required"] == true)
            .map(|f| (f["name"].as_str().unwrap().to_owned(), if f["kind"] == "number" { json!(0) } else { json!("020 7946 0117") }))
            .collect();
        people.supplier.act("ON-2026-000001", "accept", Value::Object(accept)).await;
        let screen: Map<String, Value> = (1..=8).map(|n| (format!("q{n}"), json!(false))).collect();
        people.supplier.act("ON-2026-000001", "screen", Value::Object(screen)).await;
        for _ in 0..8 {
            let now = trust.get(path).await.json();
            let owed = now["assessments"].as_array().unwrap().iter().find(|a| a["given"].is_null()).cloned();
            let (Some(owed), "assessing") = (owed, now["state"].as_str().unwrap()) else { break };
            let body = json!({"assessment": owed["kind"], "objects": false, "finding": "Fine."});
            let tried = people.assessor.post(&format!("{path}/acts/assess"), body.clone()).await;
            if tried.status != StatusCode::OK {
                let tried = people.supplier.post(&format!("{path}/acts/assess"), body.clone()).await;
                if tried.status != StatusCode::OK {
                    trust.act("ON-2026-000001", "assess", body).await;
                }
            }
        }
        people.supplier.act("ON-2026-000001", "approve", json!({})).await;
        people.supplier.act("ON-2026-000001", "schedule", json!({"implementer": "eng@halden.example"})).await;
        world.clock.set("2026-12-01T05:50:00Z".parse().unwrap());
        let expected = people.engineer.get("/api/v1/expected?item=NB-NODE").await.json();
        assert_eq!((expected["is_expected"].as_bool(), expected["matches"][0]["reference"].as_str()), (Some(true), Some("ON-2026-000001")));
        assert!(!expected["words"].as_str().unwrap().contains("do not send"));
        world.clock.set("2026-12-01T06:01:00Z".parse().unwrap());
        people.engineer.act("ON-2026-000001", "start", json!({})).await;
        world.clock.set("2026-12-01T07:31:00Z".parse().unwrap());
        people.engineer.act("ON-2026-000001", "finish", json!({"outcome": "successful", "back": ["PACS"]})).await;
        world.clock.set("2026-12-01T07:50:00Z".parse().unwrap());
        assert_eq!(people.engineer.get("/api/v1/expected?item=NB-NODE").await.json()["is_expected"], false, "it is back");
        people.supplier.act("ON-2026-000001", "close", json!({"outcome": "successful"})).await;
        let closed = trust.get(path).await.json();
        assert_eq!((closed["state"].as_str(), closed["outcome"].as_str()), (Some("closed"), Some("successful")));
        let history = trust.get(&format!("{path}/history?limit=200")).await.json();
        let events: Vec<&str> = history["items"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
        assert_eq!((events.first(), events.last()), (Some(&"raised"), Some(&"closed")));
        let listed = trust.get("/api/v1/schedule?from=2026-11-30T00:00:00Z&to=2026-12-02T00:00:00Z&site=NB&kind=planned_outage").await.json();
        assert_eq!(listed["items"][0]["detail"]["reference"], "ON-2026-000001");
        assert_eq!(
            people.stranger.get("/api/v1/schedule?from=2026-11-30T00:00:00Z&to=2026-12-02T00:00:00Z").await.json()["items"][0]["detail"]["is_open_to_you"],
            false
        );
    });
}

#[test]
fn every_read_answers_as_described() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.sent("Generator test").await;
        for path in [
            "/api/v1/me",
            "/api/v1/processes",
            "/api/v1/processes/planned-outage",
            "/api/v1/organisations?kind=trust",
            "/api/v1/sites?organisation=NORTHBROOK",
            "/api/v1/services",
            "/api/v1/items?q=node",
            "/api/v1/duties",
            "/api/v1/duties?organisation=HALDEN",
            "/api/v1/changes?q=generator&state=submitted&kind=planned_outage",
            "/api/v1/changes?organisation=NORTHBROOK&service=PACS&site=NORTHBROOK/NB&item=NB-NODE&verdict=on_time&window_from=2026-11-01T00:00:00Z&window_to=2027-01-01T00:00:00Z",
            &format!("/api/v1/changes/{reference}/offers"),
            &format!("/api/v1/changes/{reference}/files"),
        ] {
            for who in [&people.trust, &people.supplier] {
                let reply = who.get(path).await;
                assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
            }
        }
        let mine = people.trust.get("/api/v1/changes?organisation=NORTHBROOK&service=PACS&site=NORTHBROOK/NB&item=NB-NODE").await.json();
        assert_eq!(mine["items"].as_array().unwrap().len(), 1);
        assert_eq!(people.stranger.get("/api/v1/items").await.json()["items"].as_array().unwrap().len(), 1, "their own");
        assert_eq!(people.stranger.get("/api/v1/sites?organisation=NORTHBROOK").await.json()["items"], json!([]));
    });
}

#[test]
fn a_file_is_attached_listed_and_read() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.sent("Generator test").await;
        let path = format!("/api/v1/changes/{reference}/files");
        let body = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../plan \u{e9}.txt\"\r\n\r\nhello\r\n--x--\r\n";
        let mut answers = vec![];
        for _ in 0..2 {
            let mut client = world.program(&people.trust.token);
            let request = client.request(Method::POST, &path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=x").header("idempotency-key", "f1");
            let reply = client.ask(request.body(Body::from(body)).unwrap()).await;
            hold(&Method::POST, &path, &reply);
            assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
            answers.push(reply.body);
        }
        assert_eq!(answers[0], answers[1]);
        let listed = people.supplier.get(&path).await.json();
        assert_eq!((listed["items"].as_array().unwrap().len(), listed["items"][0]["name"].as_str()), (1, Some("plan \u{e9}.txt")));
        let file = people.supplier.get(&format!("{path}/{}", listed["items"][0]["id"].as_str().unwrap())).await;
        assert_eq!((file.body.as_str(), file.header("cache-control")), ("hello", "no-store, private"));
        assert_eq!(people.stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn r4_the_same_key_is_given_the_same_answer() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let body = json!({"kind": "planned_outage", "organisation": "NORTHBROOK"});
        let key = [("idempotency-key", "k1")];
        let first = people.trust.send(Method::POST, "/api/v1/changes", &key, Some(body.clone())).await;
        let again = people.trust.send(Method::POST, "/api/v1/changes", &key, Some(body)).await;
        assert_eq!((first.status, &first.body, first.header("etag")), (again.status, &again.body, again.header("etag")));
        let other = people.trust.send(Method::POST, "/api/v1/changes", &key, Some(json!({"kind": "normal", "organisation": "NORTHBROOK"}))).await;
        assert_eq!((other.status, pointers(&other)), (StatusCode::UNPROCESSABLE_ENTITY, vec![("#".into(), "key-reused".into())]));
        assert_eq!(people.trust.get("/api/v1/changes").await.json()["items"].as_array().unwrap().len(), 1, "one draft");
        let path = "/api/v1/changes/ON-2026-000001";
        for _ in 0..2 {
            let saved =
                people.trust.send(Method::PATCH, path, &[("idempotency-key", "k2"), ("if-match", "\"1.1\"")], Some(json!({"answers": {"title": "T"}}))).await;
            assert_eq!((saved.status, saved.header("etag")), (StatusCode::OK, "\"1.2\""));
        }
        for _ in 0..2 {
            let said = people
                .trust
                .send(Method::POST, &format!("{path}/acts/submit"), &[("idempotency-key", "k3"), ("if-match", "\"1.2\"")], Some(filled(&world)))
                .await;
            assert_eq!(said.status, StatusCode::OK, "{}", said.body);
        }
        for strange in ["", "two words", &"k".repeat(201)] {
            let reply = people.trust.send(Method::POST, "/api/v1/changes", &[("idempotency-key", strange)], Some(json!({}))).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{strange}");
        }
    });
}

#[test]
fn s36_a_decision_says_which_version_it_decides_on() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.sent("Generator test").await;
        let path = format!("/api/v1/changes/{reference}");
        for act in ["approve", "reject", "reschedule", "amend"] {
            let reply = people.supplier.post(&format!("{path}/acts/{act}"), json!({})).await;
            assert_eq!(reply.status, StatusCode::PRECONDITION_REQUIRED, "{act}");
            let reply = people.supplier.send(Method::POST, &format!("{path}/acts/{act}"), &[("if-match", "\"1\"")], Some(json!({}))).await;
            assert_eq!(reply.status, StatusCode::PRECONDITION_FAILED, "{act}");
        }
        let amended = people.trust.send(Method::PATCH, &path, &[], Some(json!({"answers": {"title": "Another"}}))).await;
        assert_eq!(amended.status, StatusCode::PRECONDITION_REQUIRED);
        let tag = people.trust.get(&path).await.header("etag").to_owned();
        let said = people.supplier.post(&format!("{path}/acts/say"), json!({"words": "Which ward?"})).await;
        assert_eq!(said.status, StatusCode::OK, "talk binds to nothing");
        let late = people.trust.send(Method::PATCH, &path, &[("if-match", &tag)], Some(json!({"answers": {"title": "Another"}}))).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
        let draft = people.trust.draft("Another").await;
        let path = format!("/api/v1/changes/{draft}");
        assert_eq!(people.trust.send(Method::PATCH, &path, &[], Some(json!({"answers": {"title": "A"}}))).await.status, StatusCode::OK);
        assert_eq!(
            people.trust.send(Method::PATCH, &path, &[("if-match", "\"1.1\"")], Some(json!({"answers": {"title": "B"}}))).await.status,
            StatusCode::PRECONDITION_FAILED
        );
        assert_eq!(
            people.trust.send(Method::POST, &format!("{path}/acts/submit"), &[("if-match", "\"1.1\"")], Some(json!({}))).await.status,
            StatusCode::PRECONDITION_FAILED
        );
        for strange in ["1", "W/\"1\"", "\"x\"", "\"1\", \"2\""] {
            let reply = people.trust.send(Method::PATCH, &path, &[("if-match", strange)], Some(json!({"answers": {}}))).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{strange}");
        }
    });
}

#[test]
fn s02_what_is_another_s_reads_like_what_does_not_exist() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let draft = people.stranger.post("/api/v1/changes", json!({"kind": "planned_outage", "organisation": "RIVERSIDE"})).await.json();
        let path = format!("/api/v1/changes/{}", draft["reference"].as_str().unwrap());
        for (field, foreign, nowhere) in [("items", "NB-NODE", "XX-NODE"), ("services", "PACS", "XACS")] {
            let ask = |code: &str| people.stranger.send(Method::PATCH, &path, &[], Some(json!({"answers": {field: [code]}})));
            let (seen, unseen) = (ask(foreign).await, ask(nowhere).await);
            assert_eq!((seen.status, pointers(&seen)), (StatusCode::UNPROCESSABLE_ENTITY, vec![(format!("#/answers/{field}"), "unknown-value".into())]));
            assert_eq!(seen.body.replace(foreign, "?"), unseen.body.replace(nowhere, "?"));
        }
        let raise = |org: &str| people.stranger.post("/api/v1/changes", json!({"kind": "normal", "organisation": org}));
        let (seen, unseen) = (raise("NORTHBROOK").await, raise("NOWHERE").await);
        assert_eq!(seen.body.replace("NORTHBROOK", "?"), unseen.body.replace("NOWHERE", "?"));
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        let after = people.stranger.get(&path).await.json();
        assert_eq!((after["version"].as_i64(), after["draft"]["rev"].as_i64()), (Some(1), Some(1)), "nothing was stored");
    });
}

#[test]
fn s06_s78_an_unknown_filter_and_a_strange_value_are_refused_alike() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        people.trust.sent("Generator test").await;
        let mut bodies = BTreeSet::new();
        for name in ["internal_note", "charge_amount", "sort", "group_by", "madeup", "version", "raised_by", "Limit"] {
            let reply = people.trust.get(&format!("/api/v1/changes?{name}=1")).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{name}");
            bodies.insert(reply.body.replace(name, "?"));
        }
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        for strange in [
            "limit=0",
            "limit=-1",
            "limit=201",
            "limit=1e999",
            "limit=",
            "limit=1&limit=2",
            "limit=+5",
            "cursor=abc",
            "cursor=",
            "cursor=1%3B--",
            "cursor=01",
            "cursor=99999999999999999999",
            "kind=x",
            "state=DRAFT",
            "state=(select%201)",
            "outcome=1",
            "window_from=yesterday",
            "organisation=a&organisation=b",
        ] {
            let reply = people.trust.get(&format!("/api/v1/changes?{strange}")).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{strange}: {}", reply.body);
        }
        for strange in [
            "",
            "?from=2026-11-01T00:00:00Z",
            "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z",
            "?from=2020-11-02T00:00:00Z&to=2026-11-01T00:00:00Z",
            "?from=2026-11-01T00:00:00Z&to=2026-11-03T00:00:00Z&cursor=1",
        ] {
            assert_eq!(people.trust.get(&format!("/api/v1/schedule{strange}")).await.status, StatusCode::BAD_REQUEST, "{strange}");
        }
        for strange in ["cursor=zz.1", "cursor=6.1", "cursor=00.1", "cursor=.x", "sort=name"] {
            assert_eq!(people.trust.get(&format!("/api/v1/organisations?{strange}")).await.status, StatusCode::BAD_REQUEST, "{strange}");
        }
        for harmless in ["q=';drop%20table%20changes--", "q=%25", "source_ref='%20or%201=1", "organisation='--", "site=/", "item=%22"] {
            assert_eq!(people.trust.get(&format!("/api/v1/changes?{harmless}")).await.status, StatusCode::OK, "{harmless}");
        }
    });
}

#[test]
fn s28_an_unseen_change_is_as_absent_as_one_that_does_not_exist() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let real = people.trust.sent("Generator test").await;
        for path in ["", "/offers", "/history", "/files", "/files/1", "/acts/approve"] {
            let seen = people.stranger.get(&format!("/api/v1/changes/{real}{path}")).await;
            let none = people.stranger.get(&format!("/api/v1/changes/ON-2026-999999{path}")).await;
            assert_eq!((seen.status, &seen.body), (none.status, &none.body), "{path}");
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
            let names = |reply: &Reply| reply.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
            assert_eq!(names(&seen), names(&none));
        }
        for path in ["/acts/approve", "/acts/say"] {
            let seen = people.stranger.post(&format!("/api/v1/changes/{real}{path}"), json!({"words": "x"})).await;
            let none = people.stranger.post(&format!("/api/v1/changes/ON-2026-999999{path}"), json!({"words": "x"})).await;
            assert_eq!((seen.status, &seen.body), (none.status, &none.body), "{path}");
        }
        for filter in ["site=NORTHBROOK/NB", "item=NB-NODE", "service=PACS", "source_ref=1"] {
            let reply = people.stranger.get(&format!("/api/v1/changes?{filter}")).await;
            let none = people.stranger.get("/api/v1/changes?item=NOSUCH").await;
            assert_eq!((reply.status, &reply.body), (none.status, &none.body), "{filter}");
        }
    });
}

#[test]
fn s31_only_what_a_body_has_can_be_set() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.draft("Generator test").await;
        let path = format!("/api/v1/changes/{reference}");
        let before = people.trust.get(&path).await.body;
        let extras = [
            "id",
            "number",
            "reference",
            "state",
            "stage",
            "org_id",
            "created_at",
            "created_by",
            "approved_by",
            "risk_score",
            "is_admin",
            "version",
            "audit_hash",
            "outcome",
        ];
        for extra in extras {
            let reply = people.trust.post("/api/v1/changes", json!({"kind": "normal", "organisation": "NORTHBROOK", extra: "1"})).await;
            assert_eq!((reply.status, pointers(&reply)), (StatusCode::UNPROCESSABLE_ENTITY, vec![(format!("#/{extra}"), "unknown-field".into())]));
            let reply = people.trust.send(Method::PATCH, &path, &[], Some(json!({"answers": {}, extra: "1"}))).await;
            assert_eq!((reply.status, pointers(&reply)), (StatusCode::UNPROCESSABLE_ENTITY, vec![(format!("#/{extra}"), "unknown-field".into())]));
            let reply = people.trust.send(Method::PATCH, &path, &[], Some(json!({"answers": {extra: "1"}}))).await;
            assert_eq!((reply.status, pointers(&reply)), (StatusCode::UNPROCESSABLE_ENTITY, vec![(format!("#/answers/{extra}"), "unknown-field".into())]));
            let reply = people.trust.post(&format!("{path}/acts/say"), json!({"words": "x", extra: "1"})).await;
            assert!([StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT].contains(&reply.status), "{}", reply.body);
        }
        assert_eq!(people.trust.get(&path).await.body, before, "nothing of that was stored");
    });
}

#[test]
fn a_body_that_cannot_be_read_is_refused_before_anything_is_done() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        for (kind, body, status) in [
            ("application/json", "{", 400),
            ("application/json", "[]", 422),
            ("application/json", "null", 422),
            ("text/plain", "{}", 415),
            ("application/json", "{\"kind\": 1}", 422),
        ] {
            let mut client = world.program(&people.trust.token);
            let request = client.request(Method::POST, "/api/v1/changes").header(header::CONTENT_TYPE, kind);
            let reply = client.ask(request.body(Body::from(body)).unwrap()).await;
            hold(&Method::POST, "/api/v1/changes", &reply);
            assert_eq!(reply.status.as_u16(), status, "{kind} {body}");
        }
        let nobody = Program { world: &world, token: format!("sb_{}", "0".repeat(64)) };
        assert_eq!(nobody.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(nobody.post("/api/v1/changes", json!({})).await.status, StatusCode::UNAUTHORIZED);
        let mut stranger = world.stranger();
        assert_eq!(stranger.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn paging_walks_the_whole_set_once() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let mut raised = BTreeSet::new();
        for n in 0..7 {
            raised.insert(people.trust.draft(&format!("Draft {n}")).await);
        }
        for limit in [1, 3, 7, 200] {
            let (mut seen, mut cursor, mut pages) = (BTreeMap::new(), None::<String>, 0);
            loop {
                let more = cursor.as_ref().map_or(String::new(), |c| format!("&cursor={c}"));
                let page = people.trust.get(&format!("/api/v1/changes?limit={limit}{more}")).await.json();
                for row in page["items"].as_array().unwrap() {
                    *seen.entry(row["reference"].as_str().unwrap().to_owned()).or_insert(0) += 1;
                }
                pages += 1;
                assert!(page["items"].as_array().unwrap().len() <= limit);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            assert!(seen.values().all(|times| *times == 1), "{seen:?}");
            assert_eq!(seen.into_keys().collect::<BTreeSet<_>>(), raised);
            assert_eq!(pages, 7_usize.div_ceil(limit));
        }
        let first = people.trust.get("/api/v1/organisations?limit=1").await.json();
        let second = people.trust.get(&format!("/api/v1/organisations?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
        assert_ne!(first["items"], second["items"]);
    });
}

#[test]
fn offers_say_what_stands_in_the_way() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.sent("Generator test").await;
        let offers = people.trust.get(&format!("/api/v1/changes/{reference}/offers")).await.json();
        for offer in offers["items"].as_array().unwrap() {
            assert_eq!(offer["is_open"].as_bool().unwrap(), offer["why_not"].as_array().unwrap().is_empty(), "{offer}");
            assert!(Act::from_code(offer["act"].as_str().unwrap()).is_some());
        }
        let accept = offers["items"].as_array().unwrap().iter().find(|o| o["act"] == "accept").unwrap();
        assert_eq!(accept["why_not"][0]["code"], "role");
        let refused = people.trust.post(&format!("/api/v1/changes/{reference}/acts/accept"), json!({})).await;
        assert_eq!((refused.status, refused.json()["type"].as_str()), (StatusCode::FORBIDDEN, Some("urn:signalbox:problem:role")));
        let early = people.supplier.post(&format!("/api/v1/changes/{reference}/acts/schedule"), json!({})).await;
        assert_eq!((early.status, early.json()["type"].as_str()), (StatusCode::CONFLICT, Some("urn:signalbox:problem:wrong-stage")));
    });
}

#[test]
fn imported_history_is_found_by_the_reference_of_the_other_system() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let at = |text: &str| text.parse().unwrap();
        let org = world.app.db.read(|tx| signalbox_store::directory::organisation_by_code(tx, "NORTHBROOK")).unwrap().unwrap().id;
        let item = world.app.db.read(|tx| signalbox_store::directory::item_by_code(tx, "NB-NODE")).unwrap().unwrap().id;
        let window = Window { start: at("2022-03-10T08:00:00Z"), end: at("2022-03-10T10:00:00Z"), contingency_end: at("2022-03-10T10:00:00Z") };
        let row = ImportRow {
            kind: Kind::PlannedOutage,
            org: OrgId(org),
            source_ref: "OSG-17".into(),
            title: "Power work".into(),
            items: vec![signalbox_core::ids::ItemId(item)],
            window,
            received_at: at("2022-03-08T09:00:00Z"),
            stage: Stage::Closed,
            outcome: Some(Outcome::Successful),
            reason: None,
            existing: None,
        };
        world.app.import(vec![row], |_| ()).unwrap();
        let found = people.trust.get("/api/v1/changes?source_ref=OSG-17").await.json();
        let row = &found["items"][0];
        assert_eq!((row["source_ref"].as_str(), row["imported"].as_bool(), row["state"].as_str()), (Some("OSG-17"), Some(true), Some("closed")));
        assert_eq!(
            (row["notice"]["verdict"].as_str(), row["notice"]["days"].as_i64(), row["notice"]["asked"].as_i64()),
            (Some("very_late"), Some(2), Some(10))
        );
        assert_eq!(people.trust.get("/api/v1/changes?source_ref=OSG-1").await.json()["items"], json!([]));
        assert_eq!(people.trust.get(&format!("/api/v1/changes/{}", row["reference"].as_str().unwrap())).await.json()["outcome"], "successful");
    });
}
