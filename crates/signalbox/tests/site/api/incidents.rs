//! Incidents by the API (X12): told once, refused with every fault, seen by those whom they hit.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox_core::actor::Role;

use super::program::{furnish, pointers, token};
use crate::world::{Reply, on_each_engine};

fn incident(reference: &str) -> Value {
    json!({"source": "ServiceDesk", "reference": reference, "organisation": "NORTHBROOK", "title": "Imaging is slow", "priority": 2,
        "opened_at": "2026-11-17T10:04:00Z", "items": ["NB-NODE"], "services": ["PACS"]})
}

#[test]
fn c100_an_incident_is_told_once_and_differently_only_when_asked() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let path = "/api/v1/incidents";
        let told = people.trust.post(path, incident("INC1")).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
        let id = told.json()["incident"]["id"].as_str().unwrap().to_owned();
        assert_eq!(told.header("location"), format!("{path}/{id}"));
        assert_eq!(told.json()["incident"]["hits"], json!(["NB-NODE", "PACS"]));
        assert_eq!(told.json()["changes"], json!([]), "nothing was changed before it");
        let again = people.trust.post(path, incident("INC1")).await;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &told.body));
        let mut other = incident("INC1");
        (other["clinical"], other["closed_at"]) = (json!(true), json!("2026-11-17T11:00:00Z"));
        let differs = people.trust.post(path, other.clone()).await;
        assert_eq!((differs.status, differs.json()["type"].as_str()), (StatusCode::CONFLICT, Some("urn:signalbox:problem:incident-differs")));
        assert_eq!(people.trust.get(&format!("{path}/{id}")).await.body, told.body, "nothing was changed");
        other["update"] = json!(true);
        let updated = people.trust.post(path, other).await;
        assert_eq!((updated.status, updated.json()["incident"]["clinical"].as_bool()), (StatusCode::OK, Some(true)), "{}", updated.body);
        assert_eq!(people.trust.get(&format!("{path}/{id}")).await.json()["incident"]["closed_at"], "2026-11-17T11:00:00Z");
        assert_eq!(people.trust.get(path).await.json()["items"].as_array().unwrap().len(), 1, "one incident");
        let findings = world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ()));
        assert_eq!(findings, Ok(vec![]), "the chain holds");
    });
}

#[test]
fn an_incident_is_refused_with_every_fault_at_once() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let path = "/api/v1/incidents";
        let codes = |reply: &Reply| pointers(reply).into_iter().collect::<BTreeMap<_, _>>();
        let nothing = codes(&people.trust.post(path, json!({})).await);
        let missing =
            ["source", "reference", "organisation", "title", "priority", "opened_at"].map(|field| (format!("#/{field}"), "answer-missing".to_owned()));
        assert_eq!(nothing, BTreeMap::from(missing));
        let strange = json!({"source": " ", "reference": "a\nb", "organisation": "RIVERSIDE", "title": "t".repeat(501), "priority": 6, "clinical": "yes",
            "opened_at": "2026-11-17T10:00:00Z", "closed_at": "2026-11-17T09:00:00Z", "items": ["RV-NODE"], "services": "PACS", "severity": 1});
        let found = people.trust.post(path, strange.clone()).await;
        let wanted = [
            ("source", "invalid"),
            ("reference", "invalid"),
            ("organisation", "unknown-value"),
            ("title", "invalid"),
            ("priority", "number-out-of-range"),
            ("clinical", "not-a-value"),
            ("closed_at", "invalid"),
            ("items", "unknown-value"),
            ("services", "not-a-value"),
            ("severity", "unknown-field"),
        ];
        assert_eq!((found.status, codes(&found)), (StatusCode::UNPROCESSABLE_ENTITY, wanted.map(|(field, code)| (format!("#/{field}"), code.into())).into()));
        // What is another's reads like what does not exist (S02).
        let mut nowhere = strange;
        (nowhere["organisation"], nowhere["items"]) = (json!("NOWHERE"), json!(["XX-NODE"]));
        let nowhere = people.trust.post(path, nowhere).await;
        assert_eq!(found.body.replace("RIVERSIDE", "NOWHERE").replace("RV-NODE", "XX-NODE"), nowhere.body);
        assert_eq!(people.trust.get(path).await.json()["items"], json!([]), "nothing was stored");
    });
}

#[test]
fn incidents_are_told_by_desks_and_seen_by_those_whom_they_hit() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let path = "/api/v1/incidents";
        for nobody in [&people.assessor, &people.engineer] {
            let refused = nobody.post(path, incident("INC1")).await;
            assert_eq!((refused.status, refused.json()["type"].as_str()), (StatusCode::FORBIDDEN, Some("urn:signalbox:problem:incident-role")));
        }
        let foreign = people.stranger.post(path, incident("INC1")).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);
        let id = people.trust.post(path, incident("INC1")).await.json()["incident"]["id"].as_str().unwrap().to_owned();
        let own =
            json!({"source": "Desk", "reference": "R-1", "organisation": "RIVERSIDE", "title": "A lamp", "priority": 4, "opened_at": "2026-11-17T10:30:00Z"});
        assert_eq!(people.stranger.post(path, own).await.status, StatusCode::CREATED);
        let one = format!("{path}/{id}");
        // The supplier runs what it hit; another trust has nothing to do with it.
        assert_eq!(people.engineer.get(&one).await.json()["incident"]["reference"], "INC1");
        let (seen, none) = (people.stranger.get(&one).await, people.stranger.get(&format!("{path}/7")).await);
        assert_eq!((seen.status, &seen.body), (StatusCode::NOT_FOUND, &none.body));
        let listed = |who: &Reply| who.json()["items"].as_array().unwrap().iter().map(|i| i["reference"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(listed(&people.stranger.get(path).await), ["R-1"]);
        assert_eq!(listed(&people.supplier.get(path).await), ["INC1"]);
        assert_eq!(listed(&people.stranger.get(&format!("{path}?item=NB-NODE")).await), Vec::<String>::new());
        // A number that is taken is not another's to write.
        let mut taken = incident("R-1");
        taken["source"] = json!("Desk");
        assert_eq!(pointers(&people.trust.post(path, taken).await), [("#/reference".to_owned(), "taken".to_owned())]);
        let authority = world.app.db.read(|tx| signalbox_store::directory::organisation_by_code(tx, "AUTHORITY")).unwrap().unwrap().id;
        let ann = token(&world, world.person("ann@authority.example", "Ann", &[(authority, Role::AuthorityManager)]));
        assert_eq!(ann.post(path, incident("INC2")).await.status, StatusCode::CREATED, "the authority tells for anybody");
        assert_eq!(listed(&ann.get(path).await), ["R-1", "INC2", "INC1"], "latest first");
    });
}

#[test]
fn incidents_are_filtered_and_paged() {
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let path = "/api/v1/incidents";
        for n in 0..5 {
            let mut one = incident(&format!("INC{n}"));
            // Two of one moment, so that the id has to break the tie.
            one["opened_at"] = json!(format!("2026-11-17T10:0{}:00Z", n / 2));
            assert_eq!(people.trust.post(path, one).await.status, StatusCode::CREATED);
        }
        let references = |page: &Value| page["items"].as_array().unwrap().iter().map(|i| i["reference"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let all = references(&people.trust.get(path).await.json());
        assert_eq!(all.len(), 5);
        for limit in [1, 2, 5] {
            let (mut seen, mut cursor) = (vec![], None::<String>);
            loop {
                let more = cursor.as_ref().map_or(String::new(), |c| format!("&cursor={c}"));
                let page = people.trust.get(&format!("{path}?limit={limit}{more}")).await.json();
                assert!(page["items"].as_array().unwrap().len() <= limit);
                seen.extend(references(&page));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{limit}");
        }
        for (filter, count) in [
            ("reference=INC3&source=ServiceDesk", 1),
            ("source=Other", 0),
            ("organisation=NORTHBROOK&service=PACS&item=NB-NODE", 5),
            ("organisation=RIVERSIDE", 0),
            ("opened_from=2026-11-17T10:01:00Z&opened_to=2026-11-17T10:02:00Z", 2),
        ] {
            assert_eq!(references(&people.trust.get(&format!("{path}?{filter}")).await.json()).len(), count, "{filter}");
        }
        for strange in ["cursor=1", "cursor=1.x", "cursor=01.1", "severity=1", "opened_from=yesterday", "limit=0"] {
            assert_eq!(people.trust.get(&format!("{path}?{strange}")).await.status, StatusCode::BAD_REQUEST, "{strange}");
        }
        for strange in ["x", "01", "99999999999999999999"] {
            assert_eq!(people.trust.get(&format!("{path}/{strange}")).await.status, StatusCode::NOT_FOUND, "{strange}");
        }
    });
}
