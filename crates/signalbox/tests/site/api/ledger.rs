//! The ledger of call-outs by the API (spec 10.5): entered, answered and decided as on the pages, once for a key, with every
//! fault at once; seen by its parties alone.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use signalbox_core::actor::Role;

use super::program::{Program, pointers};
use crate::alarms::{program, rings};
use crate::planned::{Estate, at};
use crate::world::{Reply, World, on_each_engine};

const PATH: &str = "/api/v1/call-outs";

/// What a call-out costs from November on, set as the authority sets it.
async fn rates(world: &World) {
    let mut ann = world.sign_in("ann@authority.example").await;
    let set = [("from", "2026-11-01"), ("desk_hour", "40"), ("first_hour", "175"), ("further_hour", "90.00"), ("vat", "20")];
    assert_eq!(ann.post("/ledger/rates", &set).await.status, StatusCode::SEE_OTHER);
}

/// A night's visit from four to a minute past five, with what is said over it.
fn visit(more: Value) -> Value {
    let mut all = json!({"liable": "NORTHBROOK", "site": "NB", "finding": "planned_work", "desk_minutes": 30, "engineer": "Field 7",
        "dispatched_at": "2026-11-20T03:15:00Z", "arrived_at": "2026-11-20T04:00:00Z", "left_at": "2026-11-20T05:01:00Z",
        "words": "The engineer found the electrician at the board"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

async fn entered(desk: &Program<'_>, more: Value) -> String {
    let reply = desk.post(PATH, visit(more)).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), format!("{PATH}/{id}"));
    id
}

fn faults(reply: &Reply) -> BTreeMap<String, String> {
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.body);
    pointers(reply).into_iter().collect()
}

fn kind(reply: &Reply) -> (StatusCode, String) {
    (reply.status, reply.json()["type"].as_str().unwrap_or_default().trim_start_matches("urn:signalbox:problem:").to_owned())
}

#[test]
fn scenario_19_a_call_out_is_entered_disputed_and_waived_by_the_api_alone() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        rates(&world).await;
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let desk = program(&world, "dee@halden.example");
        let alarm = rings(&desk, "1", json!({"raised_at": "2026-11-20T03:00:00Z"})).await["id"].clone();
        let id = entered(&desk, json!({"alarm": alarm})).await;
        let one = format!("{PATH}/{id}");
        let case = desk.get(&one).await.json();
        let told = &case["call_out"];
        assert_eq!(
            (told["rule"].as_str(), told["state"].as_str(), told["net_pence"].as_i64(), told["vat_pence"].as_i64(), told["answer_due"].as_str()),
            (Some("DL-1"), Some("proposed"), Some(28_500), Some(5_700), Some("2026-12-04T17:00:00Z")),
            "20 for the desk, 175 and 90 for an hour and a minute; ten working days from Friday"
        );
        assert_eq!((&told["alarm"], told["announced"].is_null(), told["liable"]["code"].as_str()), (&alarm, true, Some("NORTHBROOK")));
        assert_eq!(case["deeds"], json!(["reverse"]), "whoever entered it takes it back and decides nothing");
        let again = desk.post(PATH, visit(json!({"alarm": alarm}))).await;
        assert_eq!(faults(&again), BTreeMap::from([("#/alarm".to_owned(), "taken".to_owned())]), "one alarm, one call-out");
        assert!(world.step_worker().iter().any(|mail| mail.to.starts_with("ruth@") && mail.text.contains("Silence agrees to nothing")));
        // Who answers is who it was proposed to; the authority waits for them.
        let (ruth, ann) = (program(&world, "ruth@northbrook.example"), program(&world, "ann@authority.example"));
        assert_eq!(ruth.get(&one).await.json()["deeds"], json!(["agree", "dispute"]));
        assert_eq!(kind(&ann.post(&format!("{one}/acts/uphold"), json!({"words": "It is owed"})).await), (StatusCode::CONFLICT, "wrong-order".into()));
        assert_eq!(kind(&desk.post(&format!("{one}/acts/agree"), json!({})).await), (StatusCode::CONFLICT, "wrong-order".into()));
        let wrong = ruth.post(&format!("{one}/acts/dispute"), json!({"words": "", "why": 1})).await;
        assert_eq!(faults(&wrong), [("#/why", "unknown-field"), ("#/words", "answer-missing")].map(|(field, code)| (field.into(), code.into())).into());
        let disputed = ruth.post(&format!("{one}/acts/dispute"), json!({"words": "We rang the desk on Thursday"})).await;
        assert_eq!((disputed.status, disputed.json()["state"].as_str()), (StatusCode::OK, Some("disputed")), "{}", disputed.body);
        let waived = ann.post(&format!("{one}/acts/waive"), json!({"words": "The call is in the log"})).await;
        assert_eq!(waived.json(), json!({"id": id, "row": 3, "state": "waived", "rule": "DL-1"}));
        let rows = desk.get(&one).await.json()["rows"].clone();
        let row = |n: usize| (rows[n]["number"].as_i64(), rows[n]["state"].as_str(), rows[n]["net_pence"].as_i64(), rows[n]["by"].as_str());
        assert_eq!(row(0), (Some(1), Some("proposed"), Some(28_500), Some("Dee Oakes")));
        assert_eq!(row(1), (Some(2), Some("disputed"), Some(0), Some("Ruth Ellery")));
        assert_eq!(row(2), (Some(3), Some("waived"), Some(-28_500), Some("Ann Okafor")), "what is waived is taken back by a row of its own");
        let findings = world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ()));
        assert_eq!(findings, Ok(vec![]), "the chain holds");
    });
}

#[test]
fn a_call_out_is_refused_with_every_fault_at_once() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let desk = program(&world, "dee@halden.example");
        let wanted = |all: &[(&str, &str)]| all.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect::<BTreeMap<_, _>>();
        let nothing = faults(&desk.post(PATH, json!({})).await);
        let missing = [
            ("#/liable", "answer-missing"),
            ("#/finding", "answer-missing"),
            ("#/desk_minutes", "not-a-number"),
            ("#/words", "answer-missing"),
            ("", "no-rates"),
        ];
        assert_eq!(nothing.into_iter().map(|(field, code)| (field.trim_end_matches('#').to_owned(), code)).collect::<BTreeMap<_, _>>(), wanted(&missing));
        let strange = json!({"alarm": "7", "liable": "NOWHERE", "site": "XX", "finding": "gremlins", "change": "ON-2026-000404", "desk_minutes": "30",
            "engineer": "e".repeat(501), "dispatched_at": "yesterday", "arrived_at": "2026-11-20T04:00:00Z", "left_at": "2026-11-21T05:01:00Z",
            "checks_failed": "yes", "words": "w".repeat(501), "paid": true});
        let found = faults(&desk.post(PATH, strange.clone()).await);
        let all = [
            ("#/alarm", "unknown-value"),
            ("#/liable", "unknown-value"),
            ("#/site", "unknown-value"),
            ("#/finding", "unknown-choice"),
            ("#/change", "unknown-value"),
            ("#/desk_minutes", "not-a-number"),
            ("#/engineer", "too-long"),
            ("#/dispatched_at", "not-a-moment"),
            ("#/arrived_at", "nothing-before-it"),
            ("#/left_at", "in-the-future"),
            ("#/checks_failed", "not-a-value"),
            ("#/words", "too-long"),
            ("#/paid", "unknown-field"),
        ];
        assert_eq!(found.into_iter().filter(|(_, code)| code != "no-rates").collect::<BTreeMap<_, _>>(), wanted(&all));
        // What is another's reads like what does not exist (S02), and nothing was stored.
        let mut own = strange;
        own["liable"] = json!("HALDEN");
        assert_eq!(faults(&desk.post(PATH, own).await)["#/liable"], "own-organisation");
        assert_eq!(program(&world, "ann@authority.example").get(PATH).await.json()["items"], json!([]));
        for nobody in ["ruth@northbrook.example", "una@riverside.example", "tom@halden.example"] {
            assert_eq!(kind(&program(&world, nobody).post(PATH, json!({})).await), (StatusCode::FORBIDDEN, "ledger-role".into()), "{nobody}");
        }
    });
}

#[test]
fn a_call_out_of_others_is_not_there_and_nobody_answers_for_them() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        rates(&world).await;
        world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
        world.person("fay@northbrook.example", "Fay Cole", &[(estate.trust, Role::Requester)]);
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let id = entered(&program(&world, "dee@halden.example"), json!({})).await;
        let (one, cy) = (format!("{PATH}/{id}"), program(&world, "cy@riverside.example"));
        let none = format!("{PATH}/7");
        assert_eq!((cy.get(&one).await.status, cy.get(&one).await.body), (StatusCode::NOT_FOUND, cy.get(&none).await.body));
        let answer = json!({"words": "Ours"});
        assert_eq!(cy.post(&format!("{one}/acts/agree"), answer.clone()).await.body, cy.post(&format!("{none}/acts/agree"), answer.clone()).await.body);
        assert_eq!(cy.get(PATH).await.json()["items"], json!([]));
        assert_eq!(cy.get(&format!("{PATH}?organisation=NORTHBROOK")).await.json()["items"], json!([]));
        let statement = cy.get(&format!("{PATH}/statement?month=2026-11")).await.json();
        assert_eq!((statement["organisations"].clone(), statement["net_pence"].as_i64()), (json!([]), Some(0)));
        // Who sees it for their organisation and answers for nothing is told so before any fault of what they sent.
        let fay = program(&world, "fay@northbrook.example");
        assert_eq!((fay.get(&one).await.status, fay.get(&one).await.json()["deeds"].clone()), (StatusCode::OK, json!([])));
        assert_eq!(kind(&fay.post(&format!("{one}/acts/dispute"), json!({"strange": 1})).await), (StatusCode::FORBIDDEN, "ledger-deed".into()));
        // What the ledger has no deed for is not there.
        let ruth = program(&world, "ruth@northbrook.example");
        assert_eq!(ruth.post(&format!("{one}/acts/settle"), answer.clone()).await.status, StatusCode::NOT_FOUND);
        // After fifteen days nobody has answered: it is still only proposed, and the authority may uphold it now.
        world.clock.set(at("2026-12-07T09:00:00Z"));
        let ann = program(&world, "ann@authority.example");
        assert_eq!(ann.get(&one).await.json()["deeds"], json!(["uphold", "waive"]));
        assert_eq!(ann.post(&format!("{one}/acts/uphold"), json!({"words": "The visit is proved"})).await.json()["state"], "upheld");
        assert_eq!(kind(&program(&world, "ruth@northbrook.example").post(&format!("{one}/acts/dispute"), answer).await).0, StatusCode::CONFLICT);
    });
}

#[test]
fn the_same_key_does_it_once_and_gives_the_first_answer_again() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        rates(&world).await;
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let desk = program(&world, "dee@halden.example");
        let key = [("idempotency-key", "night-7")];
        let first = desk.send(Method::POST, PATH, &key, Some(visit(json!({})))).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        let again = desk.send(Method::POST, PATH, &key, Some(visit(json!({})))).await;
        assert_eq!((again.status, &again.body, again.header("location")), (first.status, &first.body, first.header("location")));
        let other = desk.send(Method::POST, PATH, &key, Some(visit(json!({"desk_minutes": 31})))).await;
        assert_eq!(faults(&other).into_values().collect::<Vec<_>>(), ["key-reused"]);
        assert_eq!(desk.get(PATH).await.json()["items"].as_array().unwrap().len(), 1);
        let answers = format!("{PATH}/{}/acts/dispute", first.json()["id"].as_str().unwrap());
        let ruth = program(&world, "ruth@northbrook.example");
        let body = || Some(json!({"words": "We rang the desk"}));
        let disputed = ruth.send(Method::POST, &answers, &key, body()).await;
        assert_eq!(disputed.status, StatusCode::OK, "the key of another is not this one");
        // Decided meanwhile, the first answer is still the answer; without the key it is a conflict.
        program(&world, "ann@authority.example").post(&answers.replace("dispute", "uphold"), json!({"words": "Owed"})).await;
        assert_eq!(ruth.send(Method::POST, &answers, &key, body()).await.body, disputed.body);
        assert_eq!(ruth.post(&answers, body().unwrap()).await.status, StatusCode::CONFLICT);
        let rows = desk.get(&answers.replace("/acts/dispute", "")).await.json()["rows"].as_array().unwrap().len();
        assert_eq!(rows, 3, "entered, disputed, upheld");
        let letters = world.step_worker().into_iter().filter(|mail| mail.to.starts_with("ruth@") && mail.subject.starts_with("Call-out")).count();
        assert_eq!(letters, 2, "asked once, told once of the decision");
    });
}

#[test]
fn call_outs_are_filtered_paged_and_added_up_by_month() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        rates(&world).await;
        world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let desk = program(&world, "dee@halden.example");
        let mut ids = vec![];
        for n in 0..3 {
            ids.push(entered(&desk, json!({"words": format!("Night {n}")})).await);
        }
        let theirs = entered(&desk, json!({"liable": "RIVERSIDE", "site": null, "finding": "carrier_fault"})).await;
        // The first of December begins at midnight in London.
        world.clock.set(at("2026-12-01T00:00:00Z"));
        let (desk, ruth, ann) = (program(&world, "dee@halden.example"), program(&world, "ruth@northbrook.example"), program(&world, "ann@authority.example"));
        assert_eq!(ruth.post(&format!("{PATH}/{}/acts/agree", ids[0]), json!({})).await.status, StatusCode::OK);
        assert_eq!(ann.post(&format!("{PATH}/{}/acts/waive", ids[1]), json!({"words": "Good will"})).await.status, StatusCode::OK);
        let listed = async |who: &Program<'_>, query: &str| {
            let reply = who.get(&format!("{PATH}{query}")).await;
            assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.body);
            reply.json()["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let newest: Vec<String> = [&theirs, &ids[2], &ids[1], &ids[0]].into_iter().cloned().collect();
        assert_eq!(listed(&desk, "").await, newest);
        assert_eq!(listed(&ruth, "").await, newest[1..], "a trust sees its own");
        assert_eq!(listed(&desk, "?organisation=RIVERSIDE&month=2026-11&state=not_chargeable").await, std::slice::from_ref(&theirs));
        assert_eq!(listed(&desk, "?month=2026-12").await, Vec::<String>::new());
        assert_eq!(listed(&desk, "?state=agreed").await, [ids[0].clone()]);
        let (mut seen, mut cursor) = (vec![], String::new());
        loop {
            let page = desk.get(&format!("{PATH}?limit=3{cursor}")).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, newest);
        for wrong in ["?month=2026-13", "?month=11", "?state=paid", "?cursor=7", "?visit=1", "?limit=0"] {
            assert_eq!(desk.get(&format!("{PATH}{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        // November as it was entered; December holds what was taken back of it.
        let november = ann.get(&format!("{PATH}/statement?month=2026-11")).await.json();
        let of = |statement: &Value, n: usize| {
            let one = &statement["organisations"][n];
            let sums = ["call_outs", "owed_net_pence", "open_net_pence", "net_pence", "vat_pence"].map(|name| one[name].as_i64().unwrap());
            (one["organisation"]["code"].as_str().unwrap().to_owned(), sums, one["rows"].as_array().unwrap().len())
        };
        assert_eq!(of(&november, 0), ("NORTHBROOK".into(), [3, 28_500, 28_500, 85_500, 17_100], 3));
        assert_eq!(of(&november, 1), ("RIVERSIDE".into(), [1, 0, 0, 0, 0], 1));
        assert_eq!(
            (november["net_pence"].as_i64(), november["from"].as_str(), november["until"].as_str()),
            (Some(85_500), Some("2026-11-01T00:00:00Z"), Some("2026-12-01T00:00:00Z"))
        );
        let december = ann.get(&format!("{PATH}/statement?organisation=NORTHBROOK")).await.json();
        assert_eq!((december["month"].as_str(), of(&december, 0)), (Some("2026-12"), ("NORTHBROOK".into(), [0, 0, 0, -28_500, -5_700], 2)));
        // Beside the file: the same rows, the same control total.
        let file = world.sign_in("ann@authority.example").await.get("/ledger.csv?month=2026-11").await.body;
        let total: f64 = file.lines().skip(1).map(|line| line.split(',').nth(4).unwrap().parse::<f64>().unwrap()).sum();
        assert!((total - 855.0).abs() < 0.001, "{file}");
        assert_eq!(of(&ruth.get(&format!("{PATH}/statement?month=2026-11")).await.json(), 0).1[0], 3);
    });
}
