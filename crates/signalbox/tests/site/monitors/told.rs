//! Silences by the API: as the monitors themselves told them, to who sees the change, and never what opens a monitor.

use super::*;
use crate::alarms::program;
use crate::api::program::Program;
use signalbox_core::actor::Role;

const PATH: &str = "/api/v1/changes/ON-2026-000001/silences";
const ALL: &str = "/api/v1/silences";

/// Monitor, name, state, wanted and held until, whether a problem is told.
async fn told(who: &Program<'_>, path: &str) -> Vec<(String, String, String, Option<String>, Option<String>, bool)> {
    let reply = who.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let one = |one: &serde_json::Value| {
        let words = |name: &str| one[name].as_str().unwrap().to_owned();
        (
            one["monitor"]["name"].as_str().unwrap().to_owned(),
            words("name"),
            words("state"),
            text(&one["wanted_until"]),
            text(&one["held_until"]),
            !one["problem"].is_null(),
        )
    };
    reply.json()["items"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn c121_silences_are_told_by_the_api_as_their_monitors_told_them() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, icinga, other) = (Peer::alertmanager().await, Peer::icinga().await, Peer::listener().await);
        set_up(&world, "Alerts", "alertmanager", &alerts.address, Some(CANARY), &[]).await;
        set_up(&world, "Checks", "icinga", &icinga.address, Some(CANARY), &[("template", "{item}!ping4")]).await;
        set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[]).await;
        agreed(&world, &estate);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        icinga.set(Mood::Refuses);
        tend(&world.app).await.unwrap();
        let priya = program(&world, "priya@halden.example");
        let until = || Some("2026-12-01T23:00:00Z".to_owned());
        let row = |monitor: &str, name: &str, state: &str, held: Option<String>, problem| (monitor.into(), name.into(), state.into(), until(), held, problem);
        let wrong = row("Checks", "NB-PACS-N2!ping4", "not_in_force", None, true);
        let mut all = told(&priya, PATH).await;
        all.sort();
        assert_eq!(all, [row("Alerts", "NB-PACS-N2", "in_force", until(), false), wrong.clone(), row("Pager", "NB-PACS-N2", "in_force", until(), false)]);
        let first = priya.get(&format!("{PATH}?limit=1")).await.json();
        let (mut seen, mut next) = (1, first["next_cursor"].as_str().map(str::to_owned));
        while let Some(cursor) = next {
            let page = priya.get(&format!("{PATH}?limit=1&cursor={cursor}")).await.json();
            seen += page["items"].as_array().unwrap().len();
            next = page["next_cursor"].as_str().map(str::to_owned);
        }
        assert_eq!(seen, 3);
        let alert = first["items"][0].clone();
        assert_eq!((alert["item"]["code"].as_str(), alert["change"].as_str()), (Some("NB-PACS-N2"), Some("ON-2026-000001")));
        assert_eq!((alert["wanted_from"].as_str(), alert["read_at"].as_str()), (Some("2026-12-01T19:45:00Z"), Some("2026-12-01T20:00:00Z")));
        // Of all changes those are told that somebody has to look at, and of an organisation those that it has a stake in.
        assert_eq!(told(&priya, ALL).await, std::slice::from_ref(&wrong));
        assert_eq!(told(&priya, &format!("{ALL}?organisation=NORTHBROOK")).await, std::slice::from_ref(&wrong));
        assert_eq!(told(&priya, &format!("{ALL}?organisation=RIVERSIDE")).await, []);
        assert_eq!(told(&priya, &format!("{ALL}?state=in_force")).await.len(), 2);
        for strange in ["?state=quiet", "?cursor=1", "?cursor=1.zz.zz", "?monitor=1"] {
            assert_eq!(priya.get(&format!("{ALL}{strange}")).await.status, StatusCode::BAD_REQUEST, "{strange}");
        }
        // What is not theirs is not there.
        world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
        let cy = program(&world, "cy@riverside.example");
        let (theirs, nowhere) = (cy.get(PATH).await, cy.get(&PATH.replace("000001", "000404")).await);
        assert_eq!((theirs.status, theirs.body), (StatusCode::NOT_FOUND, nowhere.body));
        assert_eq!(told(&cy, ALL).await, []);
        // It is mended, and what is left over is told until it is gone.
        icinga.set(Mood::Sound);
        world.clock.set(at("2026-12-01T20:01:00Z"));
        tend(&world.app).await.unwrap();
        assert_eq!(told(&program(&world, "priya@halden.example"), ALL).await, []);
    });
}

#[test]
fn c121_no_answer_of_the_api_holds_what_opens_a_monitor_or_where_it_is() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (alerts, icinga, other) = (Peer::alertmanager().await, Peer::icinga().await, Peer::listener().await);
        set_up(&world, "Alerts", "alertmanager", &alerts.address, Some(CANARY), &[]).await;
        set_up(&world, "Checks", "icinga", &icinga.address, Some(CANARY), &[]).await;
        set_up(&world, "Pager", "webhook", &other.address, Some(WEBHOOK_KEY), &[]).await;
        agreed(&world, &estate);
        let mut answers = String::new();
        for (minute, mood) in [(0, Mood::Sound), (4, Mood::Refuses), (8, Mood::Rubbish)] {
            for peer in [&alerts, &icinga, &other] {
                peer.set(mood);
            }
            world.clock.set(at(&format!("2026-12-01T20:0{minute}:00Z")));
            tend(&world.app).await.unwrap();
            for email in ["priya@halden.example", "ann@authority.example", "nora@riverside.example", "ruth@northbrook.example", "dee@halden.example"] {
                let who = program(&world, email);
                for path in [PATH, ALL, "/api/v1/silences?state=in_force", "/api/v1/silences?state=leftover", "/api/v1/changes/ON-2026-000001"] {
                    answers.push_str(&who.get(path).await.body);
                }
            }
        }
        assert!(answers.contains("Pager") && answers.contains("\"problem\":\""), "something is told");
        let secret = CANARY.split(':').nth(1).unwrap();
        let basic = "c2lnbmFsYm94OmNhbmFyeS1zZXNhbWUtNzcxOQ==";
        for (what, canary) in [("the password", secret), ("its header", basic), ("the key", WEBHOOK_KEY.trim_start_matches("whsec_"))] {
            assert!(!answers.contains(canary), "{what} stands in an answer");
        }
        for peer in [&alerts, &icinga, &other] {
            let address = peer.address.split("://").nth(1).unwrap();
            let found = answers.find(address).map(|at| &answers[at.saturating_sub(80)..(at + 80).min(answers.len())]);
            assert_eq!(found, None, "the address of a monitor ({address}) stands in an answer");
        }
    });
}
