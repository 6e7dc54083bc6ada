//! A deployment records itself as a change (C182).

use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox_core::actor::Role;
use signalbox_core::schedule::Extent;
use signalbox_store::{accounts, log};

use super::program::{Program, pointers, token};
use crate::planned::{Estate, freeze};
use crate::world::{World, on_each_engine};

const PATH: &str = "/api/v1/deployments";

fn program<'w>(world: &'w World, email: &str) -> Program<'w> {
    token(world, world.app.db.read(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap().id)
}

/// A restart of the gateway by the supplier's pipeline, with these fields over the usual ones.
fn deployment(id: &str, more: &Value) -> Value {
    let mut body = json!({"id": id, "organisation": "HALDEN", "entry": "gateway_restart", "version": "2.4.1", "link": "https://ci.example/runs/8841",
        "answers": {"services": ["PACS"], "items": ["NB-PACS-N2"], "agreed_pattern": "yes", "contact_on_site": {"name": "Len Brook", "phone": "020 7946 0158"}}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn over(started: &str, ended: &str) -> Value {
    json!({"started_at": started, "ended_at": ended, "outcome": "successful"})
}

async fn changes(asker: &Program<'_>) -> usize {
    asker.get("/api/v1/changes").await.json()["items"].as_array().unwrap().len()
}

#[test]
fn c182_a_deployment_records_itself_in_one_call() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let pipeline = program(&world, "priya@halden.example");
        let body = deployment("run-8841", &over("2026-11-17T11:40:00Z", "2026-11-17T11:52:00Z"));
        let told = pipeline.post(PATH, body.clone()).await;
        assert_eq!((told.status, told.header("location")), (StatusCode::CREATED, "/api/v1/changes/SR-2026-000001"), "{}", told.body);
        let receipt = told.json();
        assert_eq!(receipt["state"], "implemented", "{receipt}");
        let events: Vec<&str> = receipt["events"].as_array().unwrap().iter().map(|event| event.as_str().unwrap()).collect();
        assert_eq!(events, ["raised", "submitted", "accepted", "started", "restored", "finished"], "the ordinary acts, in their order");

        // It is a change like any other, with what the deployment said of itself.
        let whole = pipeline.get("/api/v1/changes/SR-2026-000001").await;
        let change = whole.json();
        assert_eq!((change["kind"].as_str(), change["title"].as_str()), (Some("service_request"), Some("Restart a monitored gateway in its window: 2.4.1")));
        assert_eq!(change["window"]["start"], "2026-11-17T11:40:00Z", "{change}");
        for words in ["Deployment run-8841", "Version 2.4.1", "https://ci.example/runs/8841"] {
            assert!(whole.body.contains(words), "{words}: {}", whole.body);
        }
        let history = pipeline.get("/api/v1/changes/SR-2026-000001/history").await.json();
        assert_eq!(history["items"].as_array().unwrap().len(), events.len());

        // Told again, by a colleague too, nothing is new; told otherwise, it is refused by field.
        for again in [&pipeline, &program(&world, "priya@halden.example")] {
            let same = again.post(PATH, body.clone()).await;
            assert_eq!((same.status, same.json()["version"].clone(), same.json()["events"].clone()), (StatusCode::OK, receipt["version"].clone(), json!([])));
        }
        let mut other = deployment("run-8841", &over("2026-11-17T11:41:00Z", "2026-11-17T11:52:00Z"));
        assert_eq!(pointers(&pipeline.post(PATH, other.clone()).await), [("#/started_at".into(), "deployment-differs".into())]);
        other = deployment("run-8841", &json!({"started_at": "2026-11-17T11:40:00Z", "ended_at": "2026-11-17T11:53:00Z", "outcome": "failed"}));
        let differs = pointers(&pipeline.post(PATH, other).await);
        assert_eq!(differs, [("#/ended_at".into(), "deployment-differs".into()), ("#/outcome".into(), "deployment-differs".into())]);
        assert_eq!(changes(&pipeline).await, 1);
        assert_eq!(world.app.db.read(|tx| log::verify(tx, None, &mut |_, _| {})).unwrap(), vec![]);
    });
}

#[test]
fn c182_told_as_it_begins_it_is_ended_by_a_second_call() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let pipeline = program(&world, "priya@halden.example");
        let begins = deployment("run-1", &json!({"expected_end": "2026-11-17T12:30:00Z"}));
        let begun = pipeline.post(PATH, begins.clone()).await;
        assert_eq!((begun.status, begun.json()["state"].as_str()), (StatusCode::CREATED, Some("implementing")), "{}", begun.body);
        world.advance(jiff::SignedDuration::from_mins(10));
        let same = pipeline.post(PATH, begins).await;
        assert_eq!((same.status, same.json()["state"].as_str(), same.json()["events"].clone()), (StatusCode::OK, Some("implementing"), json!([])));

        // Whether the service is back is not guessed where the deployment failed; the record stays where it was.
        let end = |more: Value| {
            let mut body = json!({"id": "run-1", "organisation": "HALDEN", "ended_at": "2026-11-17T12:08:00Z", "outcome": "failed"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let unsaid = pipeline.post(PATH, end(json!({}))).await;
        assert_eq!(pointers(&unsaid), [("#/back".into(), "services-unanswered".into())], "{}", unsaid.body);
        let early = pipeline.post(PATH, end(json!({"ended_at": "2026-11-17T11:00:00Z"}))).await;
        assert_eq!(pointers(&early), [("#/ended_at".into(), "end-before-start".into())], "{}", early.body);
        let future = pipeline.post(PATH, end(json!({"ended_at": "2026-11-17T18:00:00Z", "back": ["PACS"]}))).await;
        assert_eq!(pointers(&future), [("#/ended_at".into(), "in-the-future".into())], "{}", future.body);
        let ended = pipeline.post(PATH, end(json!({"back": ["PACS"], "words": "The old version runs again."}))).await;
        assert_eq!((ended.status, ended.json()["state"].as_str()), (StatusCode::OK, Some("implemented")), "{}", ended.body);
        assert_eq!(ended.json()["events"], json!(["restored", "finished"]));
        let again = pipeline.post(PATH, end(json!({"back": ["PACS"], "words": "The old version runs again."}))).await;
        assert_eq!((again.status, again.json()["events"].clone()), (StatusCode::OK, json!([])));
        let change = pipeline.get(&format!("/api/v1/changes/{}", begun.json()["reference"].as_str().unwrap())).await.json();
        assert_eq!(change["work"]["proposed_outcome"], "failed", "{change}");
        assert_eq!(changes(&pipeline).await, 1);
    });
}

#[test]
fn c182_what_an_act_refuses_leaves_nothing_behind() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let pipeline = program(&world, "priya@halden.example");
        let body = deployment("run-2", &json!({"expected_end": "2026-11-17T12:30:00Z"}));

        // Every fault of what was sent at once, by its field.
        let wrong = json!({"organisation": "HALDEN", "entry": "gateway_restart", "link": "ftp://x", "ended_at": "soon", "strange": 1});
        let found = pointers(&pipeline.post(PATH, wrong).await);
        for fault in [
            ("#/strange", "unknown-field"),
            ("#/id", "answer-missing"),
            ("#/link", "not-an-address"),
            ("#/ended_at", "not-a-moment"),
            ("#/outcome", "answer-missing"),
        ] {
            assert!(found.contains(&(fault.0.into(), fault.1.into())), "{fault:?}: {found:?}");
        }
        let unfit = pipeline
            .post(PATH, deployment("run-2", &json!({"expected_end": "2026-11-17T12:30:00Z", "answers": {"services": ["XACS"], "agreed_pattern": "no"}})))
            .await;
        let found = pointers(&unfit);
        for fault in [("#/answers/services", "unknown-value"), ("#/answers/agreed_pattern", "not-eligible")] {
            assert!(found.contains(&(fault.0.into(), fault.1.into())), "{fault:?}: {found:?}");
        }
        let unknown = pipeline.post(PATH, deployment("run-2", &json!({"entry": "nothing", "expected_end": "2026-11-17T12:30:00Z"}))).await;
        assert!(pointers(&unknown).iter().any(|(field, code)| field == "#/entry" && code == "unknown-request"), "{}", unknown.body);

        // What another organisation has reads like what does not exist; who may not begin the work is told by which rule.
        let foreign = pipeline.post(PATH, deployment("run-2", &json!({"organisation": "NORTHBROOK", "expected_end": "2026-11-17T12:30:00Z"}))).await;
        assert_eq!(pointers(&foreign), [("#/organisation".into(), "unknown-value".into())]);
        world.person("rob@northbrook.example", "Rob Stone", &[(estate.trust, Role::Requester)]);
        world.person("vic@northbrook.example", "Vic Hale", &[(estate.trust, Role::Auditor)]);
        for (email, why) in [("vic@northbrook.example", "may-not-raise"), ("rob@northbrook.example", "role")] {
            let own = deployment("run-2", &json!({"organisation": "NORTHBROOK", "expected_end": "2026-11-17T12:30:00Z"}));
            let denied = program(&world, email).post(PATH, own).await;
            assert_eq!(denied.status, StatusCode::FORBIDDEN, "{email}: {}", denied.body);
            assert!(denied.json()["type"].as_str().unwrap().ends_with(why), "{email}: {}", denied.body);
        }

        // A freeze is in force: the request would be let in by somebody, but the work may not begin now.
        freeze(&world, "No changes before Christmas", Extent::Everything, ("2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z"), true);
        let frozen = pipeline.post(PATH, body.clone()).await;
        assert_eq!(frozen.status, StatusCode::FORBIDDEN, "{}", frozen.body);
        assert!(frozen.json()["detail"].as_str().unwrap().contains("No changes before Christmas"), "{}", frozen.body);
        assert_eq!(changes(&pipeline).await, 0, "nothing of it is recorded");

        // The same call once nothing stands in the way, and no number was lost.
        world.clock.set("2026-11-18T12:00:00Z".parse().unwrap());
        let later = deployment("run-2", &json!({"expected_end": "2026-11-18T12:30:00Z"}));
        let recorded = pipeline.post(PATH, later).await;
        assert_eq!((recorded.status, recorded.json()["reference"].as_str()), (StatusCode::CREATED, Some("SR-2026-000001")), "{}", recorded.body);

        // Nobody tells of a deployment of an organisation that is not theirs, and without a token nobody is asked anything.
        let stranger = program(&world, "una@riverside.example").post(PATH, body).await;
        assert_eq!(pointers(&stranger), [("#/organisation".into(), "unknown-value".into())]);
    });
}
