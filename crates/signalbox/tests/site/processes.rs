//! Settled 14: the documents are the process. A copy of one with another approver, other days and a step less is put
//! beside the program, and the program does what the copy says, without being built again.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use signalbox_store::Target;

use crate::api::program;
use crate::command_line::Server;
use crate::harness::{TempDir, for_each_target};
use crate::kill::Caller;
use crate::world::World;

const DOCUMENT: &str = include_str!("../../../../processes/planned-outage.md");

/// The shipped document with three lines changed.
fn changed() -> String {
    let slips = [
        ("| trust, supplier | yes, no | 10 | days |", "| trust, supplier | yes, no | 15 | days |"),
        ("| trust, network | supplier change manager; authority change manager |", "| trust, network | authority change manager |"),
        ("| reschedule | SUBMITTED, ASSESSING, AWAITING_APPROVAL | - |", "| reschedule | SUBMITTED, ASSESSING, AWAITING_APPROVAL | removed |"),
    ];
    let mut text = DOCUMENT.to_owned();
    for (was, is) in slips {
        assert!(text.contains(was), "the shipped document no longer says {was}");
        text = text.replace(was, is);
    }
    text
}

/// What people at the site of a server see of an outage that was sent 14 days ahead.
struct Seen {
    asked: i64,
    verdict: String,
    may_reschedule: bool,
    supplier_may_approve: bool,
    authority_may_approve: bool,
    page: String,
}

fn is_open(caller: &Caller, path: &str, act: &str) -> bool {
    let answer: Value = serde_json::from_str(&caller.ask("GET", &format!("{path}/offers"), None, None).expect("an answer").body).expect("JSON");
    answer["items"].as_array().expect("offers").iter().any(|offer| offer["act"] == act && offer["is_open"] == true)
}

/// Takes an outage as far as the decision, over HTTP.
fn see(target: &Target, folder: Option<&TempDir>) -> Seen {
    let folder = folder.map(|folder| folder.path().display().to_string());
    let more: Vec<&str> = folder.iter().flat_map(|folder| ["--processes", folder.as_str()]).collect();
    let world = World::open(target);
    let people = program::furnish(&world);
    let authority = world.app.db.read(|tx| signalbox_store::directory::organisation_by_code(tx, "AUTHORITY")).expect("a read").expect("an authority").id;
    let ann = world.person("ann@authority.example", "Ann Okafor", &[(authority, signalbox_core::actor::Role::AuthorityManager)]);
    let tokens = [people.trust.token.clone(), people.supplier.token.clone(), people.assessor.token.clone(), program::token(&world, ann).token];
    let mut answers = program::filled(&world);
    drop(people);
    drop(world);
    let start = Timestamp::now() + SignedDuration::from_hours(24 * 14);
    let after = |hours: i64| (start + SignedDuration::from_hours(hours)).to_string();
    answers["window"] = json!({"start": after(0), "end": after(3)});
    answers["contingency_end"] = json!(after(4));
    answers["late_reason"] = json!("other");
    answers["confidentiality"] = json!("open");

    let server = Server::start_with(target, &more);
    let [trust, supplier, assessor, ann] = tokens.each_ref().map(|token| Caller { address: &server.address, token });
    let page = trust.ask("GET", "/process/planned-outage", None, None).expect("a page").body;
    let must = |caller: &Caller, path: &str, body: Value| {
        let answer = caller.ask("POST", path, None, Some(&body)).expect("an answer");
        assert!(answer.status < 300, "{path}: {}", answer.body);
        serde_json::from_str::<Value>(&answer.body).expect("JSON")
    };
    let draft = must(&trust, "/api/v1/changes", json!({"kind": "planned_outage", "organisation": "NORTHBROOK"}));
    let path = format!("/api/v1/changes/{}", draft["reference"].as_str().expect("a reference"));
    must(&trust, &format!("{path}/acts/submit"), answers);
    let read = || serde_json::from_str::<Value>(&trust.ask("GET", &path, None, None).expect("an answer").body).expect("JSON");
    let sent = read();
    let may_reschedule = is_open(&trust, &path, "reschedule");
    must(&supplier, &format!("{path}/acts/accept"), json!({"take_down_by": "Tom", "restore_by": "Tom", "promise_phone": "020 7946 0117"}));
    let screen: Map<String, Value> = (1..=8).map(|n| (format!("q{n}"), json!(false))).collect();
    must(&supplier, &format!("{path}/acts/screen"), Value::Object(screen));
    for _ in 0..8 {
        let now = read();
        let Some(owed) = now["assessments"].as_array().expect("assessments").iter().find(|a| a["given"].is_null()).cloned() else { break };
        let body = json!({"assessment": owed["kind"], "objects": false, "finding": "Fine."});
        let given = [&assessor, &supplier, &trust]
            .into_iter()
            .any(|caller| caller.ask("POST", &format!("{path}/acts/assess"), None, Some(&body)).is_some_and(|answer| answer.status == 200));
        assert!(given || read()["state"] == "awaiting_approval", "nobody gives {owed}");
    }
    assert_eq!(read()["state"], "awaiting_approval");
    Seen {
        asked: sent["notice"]["asked"].as_i64().expect("days"),
        verdict: sent["notice"]["verdict"].as_str().expect("a verdict").to_owned(),
        may_reschedule,
        supplier_may_approve: is_open(&supplier, &path, "approve"),
        authority_may_approve: is_open(&ann, &path, "approve"),
        page,
    }
}

#[test]
fn settled_14_a_changed_copy_of_a_document_is_what_the_site_does() {
    for_each_target(|target| {
        let folder = TempDir::new();
        std::fs::write(folder.path().join("planned-outage.md"), changed()).expect("a copy");
        let seen = see(target, Some(&folder));
        assert_eq!((seen.asked, seen.verdict.as_str()), (15, "late"));
        assert!(!seen.may_reschedule, "the step is gone");
        assert!(!seen.supplier_may_approve && seen.authority_may_approve, "the approver is another");
        assert!(seen.page.contains("15"), "the page is made from the copy");
    });
    // The same with the shipped document: what the test looks at is not so by itself.
    for_each_target(|target| {
        let seen = see(target, None);
        assert_eq!((seen.asked, seen.verdict.as_str()), (10, "on_time"));
        assert!(seen.may_reschedule && seen.supplier_may_approve);
    });
}
