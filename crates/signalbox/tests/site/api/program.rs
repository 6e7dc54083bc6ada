//! A program at the other end, whose every answer is held against the description, and a small world for it.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_core::process::{AnswerKind, Question, Required};
use signalbox_store::accounts::{ApiToken, issue_token};
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};

use crate::world::{Reply, World};

pub fn described() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(signalbox::web::api::described)
}

/// The described path that an address belongs to; one without places in it comes first.
pub fn template(path: &str) -> &'static str {
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

pub fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => described().pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} is nowhere")),
        None => value,
    }
}

pub fn validate(schema: &Value, instance: &Value, what: &str) {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "components": described()["components"], "allOf": [schema]});
    let validator = jsonschema::validator_for(&whole).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    let faults: Vec<String> = validator.iter_errors(instance).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what} is not as described: {faults:#?}\n{instance:#}");
}

/// Holds an answer against the description.
pub fn hold(method: &Method, path: &str, reply: &Reply) {
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
pub struct Program<'a> {
    pub world: &'a World,
    pub token: String,
}

impl Program<'_> {
    /// What stands after `Bearer`.
    pub fn bearer(&self) -> &str {
        &self.token
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
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

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Takes an act upon what it reads first, and is glad.
    pub async fn act(&self, reference: &str, act: &str, body: Value) -> Reply {
        let path = format!("/api/v1/changes/{reference}");
        let tag = self.get(&path).await.header("etag").to_owned();
        let reply = self.send(Method::POST, &format!("{path}/acts/{act}"), &[("if-match", &tag)], Some(body)).await;
        assert_eq!(reply.status, StatusCode::OK, "{act}: {}", reply.body);
        reply
    }

    pub async fn draft(&self, title: &str) -> String {
        let reply = self.post("/api/v1/changes", json!({"kind": "planned_outage", "organisation": "NORTHBROOK", "answers": {"title": title}})).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        reply.json()["reference"].as_str().unwrap().to_owned()
    }

    pub async fn sent(&self, title: &str) -> String {
        let reference = self.draft(title).await;
        self.act(&reference, "submit", filled(self.world)).await;
        reference
    }
}

pub struct People<'a> {
    pub trust: Program<'a>,
    pub supplier: Program<'a>,
    pub assessor: Program<'a>,
    pub engineer: Program<'a>,
    /// Of another trust.
    pub stranger: Program<'a>,
}

pub fn token(world: &World, person_id: i64) -> Program<'_> {
    let (now, secret) = (world.now(), world.app.ids.token());
    let act = world.app.act(None, now);
    let token =
        ApiToken { id: world.app.ids.mint(now), person_id, name: "test".into(), created_at: now, last_used_at: None, expires_at: None, revoked_at: None };
    world.app.attempt(move |tx| issue_token(tx, &act, &token, &secret.hash())).unwrap();
    Program { world, token: format!("sb_{}", secret.to_hex()) }
}

/// Two trusts, each with a site and an item, and the supplier of a service.
pub fn furnish(world: &World) -> People<'_> {
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
                let item = Item {
                    id: ids[9 + n],
                    code: format!("{code}-NODE"),
                    name: "Archive node".into(),
                    item_type: "server".into(),
                    org_id: org,
                    site_id: Some(ids[7 + n]),
                    watched_by: None,
                    services,
                };
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

pub fn answer(question: &Question) -> Option<Value> {
    let codes = |codes: &[String]| if codes.iter().any(|c| c == "no") { "no".to_owned() } else { codes[0].clone() };
    let is_asked = question.asked_when.is_none();
    // Work for a trust out of hours is charged for, and nobody here has agreed to a price.
    if question.id == "supplier_actions" {
        return None;
    }
    Some(match &question.answer {
        AnswerKind::Window => json!({"start": "2026-12-01T06:00:00Z", "end": "2026-12-01T09:00:00Z"}),
        AnswerKind::Moment { .. } => json!("2026-12-01T10:00:00Z"),
        AnswerKind::Choice(all) | AnswerKind::Reason(all) if is_asked => json!(codes(all)),
        AnswerKind::Choices(all) if is_asked => json!([codes(all)]),
        AnswerKind::Format(format) if is_asked => json!(format.example()),
        AnswerKind::YesNo if is_asked => json!(false),
        AnswerKind::Items => json!(["NB-NODE"]),
        AnswerKind::Services => json!(["PACS"]),
        AnswerKind::PersonAndPhone => json!({"name": "Len Brook", "phone": "020 7946 0158"}),
        AnswerKind::Number { min, .. } => json!(min),
        AnswerKind::Line { .. } | AnswerKind::Prose if is_asked => json!("Words enough."),
        AnswerKind::List if is_asked => json!(["Words enough."]),
        AnswerKind::Rows { columns, .. } if is_asked && question.required != Required::Optional => {
            let cell = |kind: &AnswerKind| if let AnswerKind::Choice(all) = kind { json!(codes(all)) } else { json!("Words enough.") };
            let typed = columns.iter().filter(|column| column.required).map(|column| (column.id.clone(), cell(&column.answer)));
            json!([Value::Object(typed.collect())])
        }
        _ => return None,
    })
}

/// A valid answer to every question of an outage, but that the supplier has nothing to do: its work out of hours would
/// be charged for (BR-25), and a charge takes steps of its own.
pub fn filled(world: &World) -> Value {
    let process = world.app.documents.of_kind(Kind::PlannedOutage).unwrap();
    let answers: Map<String, Value> =
        process.questions.iter().filter(|q| q.id != "supplier_actions").filter_map(|q| Some((q.id.clone(), answer(q)?))).collect();
    Value::Object(answers)
}

pub fn pointers(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|e| (e["pointer"].as_str().unwrap().to_owned(), e["code"].as_str().unwrap().to_owned())).collect()
}
