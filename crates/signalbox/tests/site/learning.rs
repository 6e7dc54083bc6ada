//! What is learnt from changes and told of them: incidents, lessons, the figures of what went well and what came back.

use axum::http::StatusCode;
use serde_json::json;
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::change::Outcome;
use signalbox_store::{accounts, directory};

use crate::api::program::token;
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

fn id_of(world: &World, email: &str) -> i64 {
    world.app.db.read(|tx| accounts::person_by_email(tx, email)).expect("a read").expect("somebody").id
}

#[test]
fn x12_an_incident_told_by_a_program_is_offered_on_the_change_that_touched_what_it_hit() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        estate.carry_out(&world, id, "2026-12-01T20:00:00Z", "2026-12-01T21:30:00Z", "successful");
        world.clock.set(at("2026-12-02T09:00:00Z"));
        let desk = token(&world, id_of(&world, "dee@halden.example"));
        let told = |reference: &str, opened: &str| {
            json!({"source": "ServiceDesk", "reference": reference, "organisation": "HALDEN", "title": "Archive does not answer", "priority": 1,
                "opened_at": opened, "items": ["NB-PACS-N2"]})
        };
        let soon = desk.post("/api/v1/incidents", told("INC1", "2026-12-02T08:00:00Z")).await;
        assert_eq!(soon.status, StatusCode::CREATED, "{}", soon.body);
        assert_eq!((soon.json()["changes"][0]["reference"].as_str(), soon.json()["changes"][0]["is_linked"].as_bool()), (Some("ON-2026-000001"), Some(false)));
        let before = desk.post("/api/v1/incidents", told("INC0", "2026-12-01T19:00:00Z")).await;
        assert_eq!(before.json()["changes"], json!([]), "it was there before anybody touched anything");
        let mut priya = world.sign_in("priya@halden.example").await;
        let page = priya.get("/changes/ON-2026-000001").await.text();
        assert!(page.contains("Incidents on the same equipment") && page.contains("INC1") && !page.contains("INC0"), "{page}");
        assert!(priya.get("/incidents").await.text().contains("Link it to ON-2026-000001"));
        let manager = token(&world, id_of(&world, "priya@halden.example"));
        manager.act("ON-2026-000001", "link_incident", json!({"incident": "INC1"})).await;
        let one = desk.get(&format!("/api/v1/incidents/{}", soon.json()["incident"]["id"].as_str().unwrap())).await.json();
        assert_eq!(one["changes"][0]["is_linked"], true);
    });
}

/// A piece of work on the night of 1 December that failed and was reviewed, with an action that is still open.
fn failed_and_reviewed(world: &World, estate: &Estate, more: &[(&str, &str)]) -> i64 {
    let id = estate.outage(world, "Switchgear, the first try", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", more).id;
    estate.assess(world, id);
    estate.schedule(world, id);
    estate.carry_out(world, id, "2026-12-01T20:10:00Z", "2026-12-01T22:40:00Z", "failed");
    estate.priya(world, id, Act::Review, &[]);
    let review = [
        ("words", "It was read by three people."),
        ("cause", "dependency"),
        ("why", "The cooling hangs on the same board."),
        ("differently", "Ask the estates desk first."),
        ("benefit", "not_come"),
        ("action_1", "Draw the board anew"),
        ("action_1_owner", "NORTHBROOK"),
        ("action_1_due", "2026-12-10"),
    ];
    estate.priya(world, id, Act::Review, &review);
    estate.priya(world, id, Act::Close, &[("outcome", "failed"), ("looked", "yes")]);
    id
}

/// Riverside uses the service too, and has a coordinator.
fn riverside_shares_the_service(world: &World, estate: &Estate) {
    world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
    let (act, orgs) = (world.app.act(None, world.now()), [estate.trust, estate.other]);
    let set = world.app.attempt(move |tx| {
        let service = directory::service_by_code(tx, "PACS")?.expect("a service").id;
        directory::set_service_orgs(tx, &act, service, &orgs)
    });
    set.unwrap_or_else(|fault| panic!("{fault:?}"));
}

#[test]
fn c103_a_draft_tells_what_was_learnt_on_the_same_equipment() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let draft = estate.draft(&world, "ruth@northbrook.example", estate.trust, &[("title", "Another try"), ("items", "NB-PACS-N2")]);
        let (when, check) = (format!("/changes/{}/edit/when", draft.reference), format!("/changes/{}/edit/check", draft.reference));
        for path in [&when, &check] {
            let page = ruth.get(path).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(!page.text().contains("From changes like this one"), "there are none yet: {}", page.text());
        }
        failed_and_reviewed(&world, &estate, &[]);
        let ok = [("Old one", "2026-11-02T09:00:00Z", Outcome::Successful), ("Another old one", "2026-11-03T09:00:00Z", Outcome::Successful)];
        estate.history(&world, &ok);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        for path in [&when, &check] {
            let text = ruth.get(path).await.text();
            assert!(text.contains("From changes like this one 2 of 3 on the same equipment went as planned."), "{path}: {text}");
            for lesson in [
                "What went wrong: a dependency nobody knew. The cooling hangs on the same board.",
                "Next time: Ask the estates desk first.",
                "Action, still open: Draw the board anew",
            ] {
                assert!(text.contains(lesson), "{path} lacks {lesson}: {text}");
            }
            assert!(!text.contains("66.7%"), "three are too few for a percentage");
        }
        assert!(ruth.get(&check).await.body.contains("href=\"/changes/ON-2026-000002\""), "each is a link away");
        // Where nothing is named yet, nothing is like it; before the things are asked for, nothing is told.
        assert!(!ruth.get(&format!("/changes/{}/edit/what", draft.reference)).await.text().contains("From changes like this one"));
        let empty = estate.draft(&world, "ruth@northbrook.example", estate.trust, &[("title", "Nothing named")]);
        assert!(!ruth.get(&format!("/changes/{}/edit/check", empty.reference)).await.text().contains("From changes like this one"));
        // Of ten and more the share is printed.
        let ten: Vec<_> = (0..9).map(|_| ("More", "2026-10-02T09:00:00Z", Outcome::Successful)).collect();
        estate.history(&world, &ten);
        let text = ruth.get(&check).await.text();
        assert!(text.contains("11 of 12 on the same equipment went as planned (91.7%)."), "{text}");
    });
}

#[test]
fn c103_lessons_are_told_only_to_those_who_may_read_the_change() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        // Riverside had no part in the service when this was done, so it is none of theirs.
        failed_and_reviewed(&world, &estate, &[("services", "PACS")]);
        riverside_shares_the_service(&world, &estate);
        let answers = [("title", "Ours"), ("services", "PACS")];
        let theirs = estate.draft(&world, "cy@riverside.example", estate.other, &answers);
        let ours = estate.draft(&world, "ruth@northbrook.example", estate.trust, &answers);
        let mut cy = world.sign_in("cy@riverside.example").await;
        let seen = cy.get(&format!("/changes/{}/edit/check", theirs.reference)).await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(!seen.body.contains("From changes like this one") && !seen.body.contains("cooling"), "{}", seen.text());
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let text = ruth.get(&format!("/changes/{}/edit/check", ours.reference)).await.text();
        assert!(text.contains("0 of 1 of this kind for the same services went as planned.") && text.contains("cooling"), "{text}");
        // What is done now touches them too.
        failed_and_reviewed(&world, &estate, &[("services", "PACS")]);
        let mut cy = world.sign_in("cy@riverside.example").await;
        let text = cy.get(&format!("/changes/{}/edit/check", theirs.reference)).await.text();
        assert!(text.contains("0 of 1 of this kind for the same services went as planned.") && text.contains("cooling"), "{text}");
    });
}

#[test]
fn r6_what_came_back_is_listed_with_its_reason_and_when_it_came_again() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.clock.set(at("2026-11-16T09:00:00Z"));
        let (start, end) = ("2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z");
        let returned = estate.outage(&world, "Returned and sent again", start, end, &[]).id;
        world.clock.set(at("2026-11-16T10:00:00Z"));
        estate.priya(&world, returned, Act::Return, &[("defects", "Which board is it?"), ("fields", "items")]);
        world.clock.set(at("2026-11-19T09:00:00Z"));
        estate.ruth(&world, returned, Act::Submit, &[]);
        let refused = estate.outage(&world, "Refused by the supplier", start, end, &[]).id;
        estate.assess(&world, refused);
        estate.priya(&world, refused, Act::Reject, &[("reason_code", "no_resources"), ("reason", "Nobody is there in that week.")]);
        let secret = estate.outage(&world, "Secret canary", start, end, &[("confidentiality", "security_restricted")]).id;
        estate.priya(&world, secret, Act::Return, &[("defects", "Which board is it?")]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let file = ruth.get("/reports/returns.csv").await;
        assert!(file.header("content-disposition").contains("rejections-and-returns.csv"));
        let lines: Vec<&str> = file.body.lines().collect();
        assert_eq!(lines[0], "rfc_ref,revision,type,reason_code,by_org,at,rework_days,resubmitted_as,final_state");
        assert_eq!(
            lines[1..].iter().filter(|line| line.starts_with("ON-2026-000001,1,returned,incomplete,HALDEN,2026-11-16 10:00,3,2,submitted")).count(),
            1,
            "{}",
            file.body
        );
        assert!(file.body.contains("ON-2026-000002,1,supplier_refused,no_resources,HALDEN,2026-11-19 09:00,,,rejected"), "{}", file.body);
        assert_eq!(lines.len(), 4, "{}", file.body);
        let page = ruth.get("/reports/returns").await.text();
        assert!(page.contains("Changes came back 3 times; 1 came again."), "{page}");
        assert!(page.contains("There is nobody to do it") && page.contains("As revision 2 after 3 days") && page.contains("1 of 3, n too small"), "{page}");
        assert!(ruth.get("/reports").await.text().contains("Changes came back 3 times"));
        // The same filters as the other reports, for page and file.
        assert_eq!(ruth.get("/reports/returns.csv?kind=normal").await.body.lines().count(), 1);
        assert!(ruth.get("/reports/returns?organisation=riverside").await.text().contains("Nothing came back."));
        assert!(ruth.get("/reports/returns?colour=blue").await.text().contains("This report has no filter"));
        // Only what the reader may see, and a link only where it may be opened.
        let mut una = world.sign_in("una@riverside.example").await;
        for path in ["/reports/returns", "/reports/returns.csv"] {
            let seen = una.get(path).await;
            assert!(seen.body.contains("ON-2026-000001") && !seen.body.contains("ON-2026-000003") && !seen.body.contains("canary"), "{path}: {}", seen.body);
            assert!(!seen.body.contains("/changes/ON-"), "{path}");
        }
        assert!(una.get("/reports/returns").await.text().contains("Changes came back 2 times"), "sums are those of the rows");
    });
}

#[test]
fn k7_k10_k16_and_the_score_are_worked_out_on_the_page_and_in_the_file() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut una = world.sign_in("una@riverside.example").await;
        let none = una.get("/reports/success").await.text();
        assert!(none.contains("Success score none") && none.contains("Led to an incident none") && none.contains("Began on time none"), "{none}");
        // 10 minutes late at the start, 40 past its end: on time, out of its window, a failure of no points.
        failed_and_reviewed(&world, &estate, &[]);
        // A second one waits for its review.
        let waits = estate.outage(&world, "Waits", "2026-12-04T20:00:00Z", "2026-12-04T22:00:00Z", &[]).id;
        estate.assess(&world, waits);
        estate.schedule(&world, waits);
        estate.carry_out(&world, waits, "2026-12-04T20:16:00Z", "2026-12-04T21:30:00Z", "failed");
        estate.priya(&world, waits, Act::Review, &[]);
        let ok = ("Old", "2026-11-02T09:00:00Z", Outcome::Successful);
        let issues = ("Old", "2026-11-03T09:00:00Z", Outcome::SuccessfulWithIssues);
        estate.history(&world, &[ok, ok, ok, issues]);
        world.clock.set(at("2026-12-07T09:00:00Z"));
        let mut una = world.sign_in("una@riverside.example").await;
        let page = una.get("/reports/success").await.text();
        for words in [
            "Success score n too small (5)",
            "Led to an incident 0 of 5, n too small",
            "Nobody has looked after 4 of them",
            "Began on time 1 of 1",
            "Ended in the window 0 of 1",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(page.contains("Reviews overdue 0") && page.contains("Actions of reviews overdue 0"), "nothing is late yet: {page}");
        assert!(page.contains("Successful, with issues 70") && page.contains("More than 30 minutes past its window −10"), "the formula is published: {page}");
        assert!(page.contains("A dependency nobody knew 1"), "why changes failed: {page}");
        // The review was due five working days after the work, the action on 10 December.
        world.clock.set(at("2026-12-14T09:00:00Z"));
        let desk = token(&world, id_of(&world, "dee@halden.example"));
        let told = json!({"source": "ServiceDesk", "reference": "INC1", "organisation": "HALDEN", "title": "No picture", "priority": 1,
            "opened_at": "2026-12-04T22:00:00Z", "items": ["NB-PACS-N2"]});
        assert_eq!(desk.post("/api/v1/incidents", told).await.status, StatusCode::CREATED);
        desk.act("ON-2026-000002", "link_incident", json!({"incident": "INC1"})).await;
        estate.priya(&world, waits, Act::Review, &[("words", "Read."), ("cause", "nothing_wrong"), ("benefit", "came")]);
        let more = ["2026-10-02T09:00:00Z", "2026-10-03T09:00:00Z", "2026-10-05T09:00:00Z", "2026-10-06T09:00:00Z"];
        estate.history(&world, &more.map(|day| ("More", day, Outcome::Successful)));
        let mut una = world.sign_in("una@riverside.example").await;
        let page = una.get("/reports/success").await.text();
        // 7 of 100, 1 of 70, 1 of 0: 770 of 9.
        assert!(page.contains("Success score n too small (9)") && page.contains("Actions of reviews overdue 1"), "{page}");
        estate.priya(&world, waits, Act::Close, &[("outcome", "failed")]);
        let page = una.get("/reports/success").await.text();
        // With the one that failed and led to an incident, 770 of 10; one of ten led to an incident.
        assert!(page.contains("Success score 77.0 of 100") && page.contains("Led to an incident 10.0%"), "{page}");
        assert!(page.contains("Began on time 1 of 2, n too small") && page.contains("Ended in the window 1 of 2, n too small"), "{page}");
        let file = una.get("/reports/success.csv").await.body;
        let cell = |reference: &str, head: &str| {
            let mut file = csv::Reader::from_reader(file.as_bytes());
            let at = file.headers().unwrap().iter().position(|name| name == head).unwrap_or_else(|| panic!("no column {head}"));
            file.records().map(Result::unwrap).find(|row| &row[0] == reference).unwrap_or_else(|| panic!("no {reference}"))[at].to_owned()
        };
        let first = ["score", "incidents_caused", "started_on_time", "ended_in_window", "root_cause_code", "pir_ref", "action_owner", "action_due"];
        let first = first.map(|head| cell("ON-2026-000001", head));
        assert_eq!(first, ["0", "0", "yes", "no", "dependency", "ON-2026-000001", "NORTHBROOK", "2026-12-10"], "{file}");
        assert_eq!(["incidents_caused", "started_on_time", "ended_in_window"].map(|head| cell("ON-2026-000002", head)), ["1", "no", "yes"]);
        assert_eq!(["incidents_caused", "started_on_time", "score"].map(|head| cell("ON-2026-000003", head)), ["", "", "100"], "nobody looked is not none");
    });
}

#[test]
fn k16_a_review_that_nobody_finishes_is_overdue() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = estate.outage(&world, "Waits", "2026-12-04T20:00:00Z", "2026-12-04T22:00:00Z", &[]).id;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        estate.carry_out(&world, id, "2026-12-04T20:00:00Z", "2026-12-04T21:30:00Z", "failed");
        estate.priya(&world, id, Act::Review, &[]);
        for (now, count) in [("2026-12-14T09:00:00Z", 0), ("2026-12-15T09:00:00Z", 1)] {
            world.clock.set(at(now));
            let mut una = world.sign_in("una@riverside.example").await;
            let page = una.get("/reports/success").await.text();
            assert!(page.contains(&format!("Reviews overdue {count}")), "{now}: {page}");
            assert!(una.get("/reports/success?organisation=riverside").await.text().contains("Reviews overdue 0"), "of the organisation asked for");
        }
    });
}

#[test]
fn c007_a_change_is_begun_from_an_incident_with_what_is_known_of_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
        let ruth = token(&world, id_of(&world, "ruth@northbrook.example"));
        let title = format!("Archive does not answer{}", " at all".repeat(20));
        let told = json!({"source": "ServiceDesk", "reference": "INC1", "organisation": "NORTHBROOK", "title": title, "priority": 1,
            "opened_at": "2026-11-17T08:00:00Z", "items": ["NB-PACS-N2"], "services": ["PACS"]});
        let id = ruth.post("/api/v1/incidents", told).await.json()["incident"]["id"].as_str().unwrap().to_owned();
        let path = format!("/incidents/{id}/raise");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get("/incidents").await.body.contains(&format!("href=\"{path}\"")), "the list leads there");
        let page = ruth.get(&path).await;
        assert!(
            page.text().contains("INC1 (ServiceDesk)") && page.text().contains("NB-PACS-N2, PACS") && page.text().contains("Start a change"),
            "{}",
            page.text()
        );
        // The trust plans the mending; the desk of the supplier, which sees it too, begins it tonight.
        let tonight = vec![("emergency_reason", "live_incident"), ("incident_ref", "INC1")];
        for (email, kind, answers) in [("ruth@northbrook.example", "normal", vec![("why", "incident")]), ("dee@halden.example", "emergency", tonight)] {
            let mut client = world.sign_in(email).await;
            client.get(&path).await;
            let begun = client.post(&path, &[("kind", kind)]).await;
            assert_eq!(begun.status, StatusCode::SEE_OTHER, "{kind}: {}", begun.text());
            let reference = begun.location().split('/').nth(2).expect("a reference").to_owned();
            let draft = token(&world, id_of(&world, email)).get(&format!("/api/v1/changes/{reference}")).await.json();
            let typed = &draft["draft"]["answers"];
            assert_eq!((typed["items"].clone(), typed["services"].clone()), (json!(["NB-PACS-N2"]), json!(["PACS"])), "{kind}: {typed}");
            assert_eq!(typed["title"].as_str().unwrap().chars().count(), 120, "as long as a title may be");
            for (field, value) in answers {
                assert_eq!(typed[field], value, "{kind}: {typed}");
            }
        }
        // Other kinds are not begun here, and who does not see the incident begins nothing from it.
        assert_eq!(ruth.post(&path, &[("kind", "planned_outage")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut cy = world.sign_in("cy@riverside.example").await;
        assert_eq!(cy.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(cy.post(&path, &[("kind", "normal")]).await.status, StatusCode::NOT_FOUND);
    });
}
