//! The API: what it describes, what it does, what it refuses. Every answer that a test gets is held against the
//! description (settled 25).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_core::process::{AnswerKind, Question};
use signalbox_store::accounts::{ApiToken, issue_token};
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};

use crate::world::{Reply, World, on_each_engine};

fn described() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_value(signalbox::web::api::described()).unwrap())
}

/// The described path that an address belongs to; one without places in it comes first.
fn template(path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |known: &str| {
        let known: Vec<&str> = known.split('/').collect();
        known.len() == parts.len() && known.iter().zip(&parts).all(|(known, part)| known.starts_with('{') || known == part)
    };
    let paths = described()["paths"].as_object().unwrap();
    let mut found: Vec<&str> = paths.keys().map(String::as_str).filter(|known| fits(known)).collect();
    found.sort_by_key(|known| known.contains('{'));
    found.first().unwrap_or_else(|| panic!("{path} is not described"))
}

fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => described().pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} is nowhere")),
        None => value,
    }
}

fn validate(schema: &Value, instance: &Value, what: &str) {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "components": described()["components"], "allOf": [schema]});
    let validator = jsonschema::validator_for(&whole).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    let faults: Vec<String> = validator.iter_errors(instance).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what} is not as described: {faults:#?}\n{instance:#}");
}

/// Holds an answer against the description.
fn hold(method: &Method, path: &str, reply: &Reply) {
    let path = template(path.split('?').next().unwrap());
    let what = format!("{method} {path} {}", reply.status);
    let operation = &described()["paths"][path][method.as_str().to_lowercase()];
    let response = &operation["responses"][reply.status.as_str()];
    assert!(!response.is_null(), "{what} is not described: {}", reply.body);
    let response = resolved(response);
    let kind = reply.header("content-type");
    let content = &response["content"][kind];
    assert!(!content.is_null(), "{what} comes as {kind}");
    if kind.ends_with("json") {
        validate(&content["schema"], &reply.json(), &what);
    }
    for (name, _) in response["headers"].as_object().iter().flat_map(|headers| headers.iter()) {
        assert!(!reply.header(&name.to_lowercase()).is_empty(), "{what} lacks {name}");
    }
}

/// A program with a token, whose every answer is checked.
struct Program<'a> {
    world: &'a World,
    token: String,
}

impl Program<'_> {
    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut client = self.world.program(&self.token);
        let mut request = client.request(method.clone(), path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let reply = client.ask(request.body(body).unwrap()).await;
        hold(&method, path, &reply);
        reply
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Takes an act upon what it reads first, and is glad.
    async fn act(&self, reference: &str, act: &str, body: Value) -> Reply {
        let path = format!("/api/v1/changes/{reference}");
        let tag = self.get(&path).await.header("etag").to_owned();
        let reply = self.send(Method::POST, &format!("{path}/acts/{act}"), &[("if-match", &tag)], Some(body)).await;
        assert_eq!(reply.status, StatusCode::OK, "{act}: {}", reply.body);
        reply
    }

    async fn draft(&self, title: &str) -> String {
        let reply = self.post("/api/v1/changes", json!({"kind": "planned_outage", "organisation": "NORTHBROOK", "answers": {"title": title}})).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        reply.json()["reference"].as_str().unwrap().to_owned()
    }

    async fn sent(&self, title: &str) -> String {
        let reference = self.draft(title).await;
        self.act(&reference, "submit", filled(self.world)).await;
        reference
    }
}

struct People<'a> {
    trust: Program<'a>,
    supplier: Program<'a>,
    assessor: Program<'a>,
    engineer: Program<'a>,
    /// Of another trust.
    stranger: Program<'a>,
}

fn token(world: &World, person_id: i64) -> Program<'_> {
    let (now, secret) = (world.now(), world.app.ids.token());
    let act = world.app.act(None, now);
    let token = ApiToken { id: world.app.ids.mint(now), person_id, name: "test".into(), created_at: now, last_used_at: None, expires_at: None, revoked_at: None };
    world.app.attempt(move |tx| issue_token(tx, &act, &token, &secret.hash())).unwrap();
    Program { world, token: format!("sb_{}", secret.to_hex()) }
}

/// Two trusts, each with a site and an item, and the supplier of a service.
fn furnish(world: &World) -> People<'_> {
    let north = world.organisation("northbrook", OrgKind::Trust);
    let river = world.organisation("riverside", OrgKind::Trust);
    let halden = world.organisation("halden", OrgKind::Supplier);
    world.organisation("authority", OrgKind::Authority);
    let now = world.now();
    let ids: Vec<i64> = (0..12).map(|_| world.app.ids.mint(now)).collect();
    world
        .app
        .attempt(move |tx| {
            let act = |n: usize| directory::Act { event_id: ids[n], by: None, at: now };
            let service = Service::new(ids[6], "PACS", "PACS imaging", halden);
            if let Err(why) = directory::upsert_service(tx, &act(0), &service, OnDifference::Report)? {
                return Ok(Err(why));
            }
            if let Err(why) = directory::set_service_orgs(tx, &act(1), ids[6], &[north])? {
                return Ok(Err(why));
            }
            for (n, org, code) in [(0, north, "NB"), (1, river, "RV")] {
                let site = Site { id: ids[7 + n], org_id: org, code: code.into(), name: code.into(), ods_code: None };
                if let Err(why) = directory::upsert_site(tx, &act(2 + n), &site, OnDifference::Report)? {
                    return Ok(Err(why));
                }
                let services = if n == 0 { vec![ids[6]] } else { vec![] };
                let item = Item { id: ids[9 + n], code: format!("{code}-NODE"), name: "Archive node".into(), item_type: "server".into(), org_id: org, site_id: Some(ids[7 + n]), watched_by: None, services };
                if let Err(why) = directory::upsert_item(tx, &act(4 + n), &item, OnDifference::Report)? {
                    return Ok(Err(why));
                }
            }
            Ok(Ok(()))
        })
        .unwrap();
    let person = |email: &str, org, role| token(world, world.person(email, email, &[(org, role)]));
    People {
        trust: person("joy@northbrook.example", north, Role::Coordinator),
        supplier: person("priya@halden.example", halden, Role::SupplierManager),
        assessor: person("tom@halden.example", halden, Role::Assessor),
        engineer: person("eng@halden.example", halden, Role::Implementer),
        stranger: person("sam@riverside.example", river, Role::Coordinator),
    }
}

fn answer(question: &Question) -> Option<Value> {
    let codes = |codes: &[String]| if codes.iter().any(|c| c == "no") { "no".to_owned() } else { codes[0].clone() };
    let is_asked = question.asked_when.is_none();
    Some(match &question.answer {
        AnswerKind::Window => json!({"start": "2026-12-01T06:00:00Z", "end": "2026-12-01T09:00:00Z"}),
        AnswerKind::Moment { .. } => json!("2026-12-01T10:00:00Z"),
        AnswerKind::Choice(all) | AnswerKind::Reason(all) if is_asked => json!(codes(all)),
        AnswerKind::Choices(all) if is_asked => json!([codes(all)]),
        AnswerKind::YesNo if is_asked => json!(false),
        AnswerKind::Items => json!(["NB-NODE"]),
        AnswerKind::Services => json!(["PACS"]),
        AnswerKind::PersonAndPhone => json!({"name": "Len Brook", "phone": "020 7946 0158"}),
        AnswerKind::Number { min, .. } => json!(min),
        AnswerKind::Line { .. } | AnswerKind::Prose if is_asked => json!("Words enough."),
        AnswerKind::List if is_asked => json!(["Words enough."]),
        _ => return None,
    })
}

/// A valid answer to every question of an outage.
fn filled(world: &World) -> Value {
    let process = world.app.documents.of_kind(Kind::PlannedOutage).unwrap();
    let answers: Map<String, Value> = process.questions.iter().filter_map(|q| Some((q.id.clone(), answer(q)?))).collect();
    Value::Object(answers)
}

fn pointers(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|e| (e["pointer"].as_str().unwrap().to_owned(), e["code"].as_str().unwrap().to_owned())).collect()
}

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
            let described: BTreeSet<String> = item.as_object().unwrap().keys().filter(|key| !["parameters", "summary", "description", "servers"].contains(&key.as_str())).cloned().collect();
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
        let reply = trust.post("/api/v1/changes", json!({"kind": "planned_outage", "organisation": "NORTHBROOK", "on_behalf_of": "Len Brook", "answers": {"title": "Switchgear"}})).await;
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
        assert_eq!((sent["state"].as_str(), sent["notice"]["verdict"].as_str(), sent["notice"]["days"].as_i64()), (Some("submitted"), Some("on_time"), Some(14)));
        assert_eq!(sent["notice"]["last_in_time"], "2026-11-21");
        assert_eq!(sent["answers"]["items"]["value"], json!(["NB-NODE"]));
        let fields = people.supplier.get(&format!("{path}/acts/accept")).await.json();
        assert!(fields["fields"].as_array().unwrap().iter().any(|f| f["name"] == "restore_by"), "{fields}");
        let accept: Map<String, Value> = fields["fields"].as_array().unwrap().iter().filter(|f| f["is_required"] == true)
            .map(|f| (f["name"].as_str().unwrap().to_owned(), if f["kind"] == "number" { json!(0) } else { json!("020 7946 0117") })).collect();
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
        assert_eq!(people.stranger.get("/api/v1/schedule?from=2026-11-30T00:00:00Z&to=2026-12-02T00:00:00Z").await.json()["items"][0]["detail"]["is_open_to_you"], false);
    });
}

#[test]
fn every_read_answers_as_described() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let reference = people.trust.sent("Generator test").await;
        for path in ["/api/v1/me", "/api/v1/processes", "/api/v1/processes/planned-outage", "/api/v1/organisations?kind=trust", "/api/v1/sites?organisation=NORTHBROOK",
            "/api/v1/services", "/api/v1/items?q=node", "/api/v1/duties", "/api/v1/duties?organisation=HALDEN", "/api/v1/changes?q=generator&state=submitted&kind=planned_outage",
            "/api/v1/changes?organisation=NORTHBROOK&service=PACS&site=NORTHBROOK/NB&item=NB-NODE&verdict=on_time&window_from=2026-11-01T00:00:00Z&window_to=2027-01-01T00:00:00Z",
            &format!("/api/v1/changes/{reference}/offers"), &format!("/api/v1/changes/{reference}/files")]
        {
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
            let saved = people.trust.send(Method::PATCH, path, &[("idempotency-key", "k2"), ("if-match", "\"1.1\"")], Some(json!({"answers": {"title": "T"}}))).await;
            assert_eq!((saved.status, saved.header("etag")), (StatusCode::OK, "\"1.2\""));
        }
        for _ in 0..2 {
            let said = people.trust.send(Method::POST, &format!("{path}/acts/submit"), &[("idempotency-key", "k3"), ("if-match", "\"1.2\"")], Some(filled(&world))).await;
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
        assert_eq!(people.trust.send(Method::PATCH, &path, &[("if-match", "\"1.1\"")], Some(json!({"answers": {"title": "B"}}))).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(people.trust.send(Method::POST, &format!("{path}/acts/submit"), &[("if-match", "\"1.1\"")], Some(json!({}))).await.status, StatusCode::PRECONDITION_FAILED);
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
        for strange in ["limit=0", "limit=-1", "limit=201", "limit=1e999", "limit=", "limit=1&limit=2", "limit=+5", "cursor=abc", "cursor=", "cursor=1%3B--", "cursor=01",
            "cursor=99999999999999999999", "kind=x", "state=DRAFT", "state=(select%201)", "outcome=1", "window_from=yesterday", "organisation=a&organisation=b"]
        {
            let reply = people.trust.get(&format!("/api/v1/changes?{strange}")).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{strange}: {}", reply.body);
        }
        for strange in ["", "?from=2026-11-01T00:00:00Z", "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "?from=2020-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "?from=2026-11-01T00:00:00Z&to=2026-11-03T00:00:00Z&cursor=1"] {
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
        let extras = ["id", "number", "reference", "state", "stage", "org_id", "created_at", "created_by", "approved_by", "risk_score", "is_admin", "version", "audit_hash", "outcome"];
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
        for (kind, body, status) in [("application/json", "{", 400), ("application/json", "[]", 422), ("application/json", "null", 422), ("text/plain", "{}", 415), ("application/json", "{\"kind\": 1}", 422)] {
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
        let early = people.supplier.post(&format!("/api/v1/changes/{reference}/acts/start"), json!({})).await;
        assert_eq!((early.status, early.json()["type"].as_str()), (StatusCode::CONFLICT, Some("urn:signalbox:problem:wrong-stage")));
    });
}
