//! Free times (C072, C073): on the page of a change, where a window is typed, and by the API. What is suggested is free
//! of everything at once, and what is refused has no name for those who may not see it.

use axum::http::StatusCode;
use serde_json::Value;
use signalbox_core::change::Kind;
use signalbox_store::accounts::person_by_email;
use signalbox_store::directory;

use crate::api::program::token;
use crate::planned::Estate;
use crate::world::{World, on_each_engine};

const RUTH: &str = "ruth@northbrook.example";

/// A draft of an outage of the same device, in a window that something else holds already.
fn clashing_draft(world: &World, estate: &Estate) -> String {
    estate.outage(world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
    let process = world.app.documents.of_kind(Kind::PlannedOutage).unwrap();
    let usual = crate::run::fill(&process.questions);
    let usual = usual.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| !name.starts_with("window"));
    let own = [
        ("title", "Generator"),
        ("window.start.date", "2026-12-08"),
        ("window.start.time", "21:00"),
        ("window.end.date", "2026-12-08"),
        ("window.end.time", "22:00"),
        ("contingency_end.date", "2026-12-08"),
        ("contingency_end.time", "22:30"),
    ];
    let answers: Vec<(&str, &str)> = usual.filter(|(name, _)| *name != "contingency_end").chain(own).collect();
    estate.draft(world, RUTH, estate.trust, &answers).reference
}

/// The value of the first choice of a group of radios.
fn first_choice(body: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\"");
    let at = body.find(&mark).unwrap_or_else(|| panic!("no {name} in {body}"));
    let rest = &body[at..];
    let value = rest.split("value=\"").nth(1).unwrap();
    value[..value.find('"').unwrap()].to_owned()
}

#[test]
fn c072_a_window_that_clashes_is_answered_with_free_times_and_one_is_taken_in_two_clicks() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let reference = clashing_draft(&world, &estate);
        let when = format!("/changes/{reference}/edit/when");
        let mut ruth = world.sign_in(RUTH).await;
        let page = ruth.get(&when).await;
        assert!(page.text().contains("The same equipment at the same time as ON-2026-000001"), "{}", page.text());
        assert!(
            page.text().contains("Pick a free time") && page.text().contains("best fit") && page.text().contains("Keep Tuesday 8 December"),
            "{}",
            page.text()
        );
        assert!(page.text().contains("No clash") && page.text().contains("for 1 hour 30 minutes"), "{}", page.text());
        let window = [
            ("window.start-date", "2026-12-08"),
            ("window.start-time", "21:00"),
            ("window.end-date", "2026-12-08"),
            ("window.end-time", "22:00"),
            ("contingency_end-date", "2026-12-08"),
            ("contingency_end-time", "22:30"),
        ];
        let hidden = |page: &crate::world::Reply| ["version", "asked"].map(|name| (name, page.field(name).unwrap_or_default()));
        let asked = hidden(&page);
        let send = |more: Vec<(&'static str, String)>| {
            let mut fields: Vec<(&str, String)> = window.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            fields.extend(asked.iter().cloned());
            fields.extend(more);
            fields
        };
        let refs = |fields: &[(&'static str, String)]| fields.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>();
        // Going on without a choice is asked about once.
        let fields = refs(&send(vec![]));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let again = ruth.post(&when, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text().contains("Choose a free time, or keep the one that clashes."), "{}", again.text());
        // The best of them, with the length and the contingency as they were.
        let best = first_choice(&again.body, "slot");
        let start: jiff::Timestamp = best.parse().unwrap();
        let version = again.field("version").unwrap();
        let fields = [("version", version.as_str()), ("asked", ""), ("slot", best.as_str())];
        let taken = ruth.post(&when, &fields).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
        let page = ruth.get(&when).await;
        assert!(page.text().contains("No clash found") && !page.text().contains("Pick a free time"), "{}", page.text());
        let zoned = start.to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap());
        assert!(page.body.contains(&format!("value=\"{}\"", zoned.strftime("%H:%M"))), "{}", page.body);
        let later = start.to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap()).checked_add(jiff::Span::new().minutes(90)).unwrap();
        assert!(page.body.contains(&format!("value=\"{}\"", later.strftime("%H:%M"))), "the contingency moved with it: {}", page.body);
        // A time that is none is no choice.
        let version = page.field("version").unwrap();
        let wrong = ruth.post(&when, &[("version", version.as_str()), ("asked", ""), ("slot", "tomorrow")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn c072_what_clashes_may_be_kept() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let reference = clashing_draft(&world, &estate);
        let when = format!("/changes/{reference}/edit/when");
        let mut ruth = world.sign_in(RUTH).await;
        let version = ruth.get(&when).await.field("version").unwrap();
        let kept = ruth.post(&when, &[("version", version.as_str()), ("asked", ""), ("slot", "keep")]).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text());
        assert!(ruth.get(&when).await.text().contains("The same equipment at the same time"));
    });
}

#[test]
fn c073_the_page_of_free_times_heeds_freezes_handovers_and_what_holds_the_same_things() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let first = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let second = estate.outage(&world, "Generator", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[]);
        let path = format!("/changes/{}/free-times", second.reference);
        let query = format!("{path}?from=2026-12-08&days=3");
        let mut ruth = world.sign_in(RUTH).await;
        let page = ruth.get(&query).await;
        let text = page.text();
        assert!(text.contains("10 free times of 3 hours, the best first") && text.contains("Best fit"), "{text}");
        assert!(text.contains(&format!("The same equipment at the same time as {}", first.reference)), "{text}");
        // A link fills the form that moves it in, and moves nothing.
        let link =
            page.body.split("href=\"").map(|rest| rest[..rest.find('"').unwrap()].replace("&amp;", "&")).find(|href| href.contains("/acts/reschedule?start="));
        let link = link.unwrap_or_else(|| panic!("no way to take one: {}", page.body));
        let form = ruth.get(&link).await;
        let start = link.split("start=").nth(1).unwrap().split('&').next().unwrap();
        let zoned = start.parse::<jiff::Timestamp>().unwrap().to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap());
        assert!(form.status == StatusCode::OK && form.body.contains(&format!("value=\"{}\"", zoned.strftime("%Y-%m-%d"))), "{}", form.body);
        assert!(ruth.get(&format!("/changes/{}", second.reference)).await.text().contains(&first.reference), "nothing was moved");

        // A freeze over all of it leaves nothing, and says so.
        let mut nora = world.sign_in("nora@riverside.example").await;
        nora.get("/setup/freezes/new").await;
        let freeze = [
            ("title", "Winter freeze"),
            ("starts_at-date", "2026-12-07"),
            ("starts_at-time", "22:30"),
            ("ends_at-date", "2026-12-13"),
            ("ends_at-time", "01:00"),
            ("reason", "Bed pressure."),
            ("scope", "all"),
            ("of", ""),
            ("hardness", "hard"),
        ];
        assert_eq!(nora.post("/setup/freezes", &freeze).await.status, StatusCode::SEE_OTHER);
        let frozen = ruth.get(&query).await.text();
        assert!(frozen.contains("There is no free time of 3 hours") && frozen.contains("A freeze: Winter freeze"), "{frozen}");

        // What is not understood is dropped and said; somebody who may not see the change finds no page.
        assert!(ruth.get(&format!("{path}?days=400&minutes=x&from=soon")).await.text().contains("was dropped"));
        let mut una = world.sign_in("una@riverside.example").await;
        let hidden = estate.outage(&world, "Secret", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("confidentiality", "parties_only")]);
        assert_eq!(una.get(&format!("/changes/{}/free-times", hidden.reference)).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c072_handovers_of_a_site_are_typed_once_and_kept_clear_of() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut nora = world.sign_in("nora@riverside.example").await;
        let site = world.app.db.read(|tx| directory::site_by_code(tx, estate.trust, "NB")).unwrap().unwrap().id;
        let path = format!("/setup/sites/{site}");
        let seen = nora.get(&path).await.field("seen").unwrap();
        let trust = estate.trust.to_string();
        let fields = |times: &'static str| {
            vec![
                ("seen", seen.as_str()),
                ("code", "NB"),
                ("name", "Northbrook General"),
                ("organisation", trust.as_str()),
                ("ods_code", ""),
                ("handovers", times),
            ]
        };
        let wrong = nora.post(&path, &fields("half past seven")).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text().contains("Write times such as 07:30; 20:30"), "{}", wrong.text());
        assert_eq!(nora.post(&path, &fields("07:30; 20:30")).await.status, StatusCode::SEE_OTHER);
        assert!(nora.get(&path).await.body.contains("07:30; 20:30"));
        let outage = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let mut ruth = world.sign_in(RUTH).await;
        let times = ruth.get(&format!("/changes/{}/free-times?minutes=840&from=2026-12-08&days=2", outage.reference)).await.text();
        assert!(times.contains("Over a shift’s handover"), "fourteen hours do not fit between two handovers: {times}");
    });
}

#[test]
fn c072_programs_ask_for_free_times() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let secret = estate.outage(&world, "Secret", "2026-12-08T22:30:00Z", "2026-12-08T23:30:00Z", &[("confidentiality", "security_restricted")]);
        let program = |email: &str| {
            let person = world.app.db.read(|tx| person_by_email(tx, email)).unwrap().unwrap();
            token(&world, person.id)
        };
        let ruth = program(RUTH);
        let span = "minutes=120&from=2026-12-08T20:00:00Z&days=1&most=3";
        let found = ruth.get(&format!("/api/v1/slots?item=NB-PACS-N2&{span}")).await.json();
        let slots = found["slots"].as_array().unwrap();
        assert!(!slots.is_empty() && slots.len() <= 3, "{found}");
        let moment = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        for slot in slots {
            assert_eq!(moment(&slot["until"]).duration_since(moment(&slot["from"])).as_mins(), 120);
            // Neither of the two, contingency included, shares time with it.
            assert!(moment(&slot["from"]) >= "2026-12-09T00:30:00Z".parse().unwrap(), "{slot}");
        }
        assert!(found["refused"].as_array().unwrap().iter().any(|one| one["rule"] == "BR-19a" && one["with"] == "ON-2026-000001"), "{found}");
        // Dee of the desk may not read what is restricted for security: it has no name for her.
        let dee = program("dee@halden.example").get(&format!("/api/v1/slots?item=NB-PACS-N2&{span}")).await;
        assert!(!dee.body.contains(&secret.reference) && dee.json()["refused"].as_array().unwrap().iter().any(|one| one["with"].is_null()), "{}", dee.body);
        // A change says all of it itself.
        let of = ruth.get("/api/v1/slots?change=ON-2026-000001").await.json();
        assert_eq!((of["minutes"].as_i64(), of["slots"].as_array().map(Vec::len)), (Some(180), Some(10)), "{of}");
        let una = program("una@riverside.example");
        for (query, status) in [
            ("item=NB-PACS-N2", StatusCode::BAD_REQUEST),
            ("minutes=60", StatusCode::BAD_REQUEST),
            ("item=NB-PACS-N2&minutes=0", StatusCode::BAD_REQUEST),
            ("item=NB-PACS-N2&minutes=60&days=367", StatusCode::BAD_REQUEST),
            ("change=ON-2026-000001&item=NB-PACS-N2", StatusCode::BAD_REQUEST),
            ("item=NO-SUCH&minutes=60", StatusCode::NOT_FOUND),
            ("change=ON-2026-000999", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(ruth.get(&format!("/api/v1/slots?{query}")).await.status, status, "{query}");
        }
        // What is not for these eyes is as unknown as what does not exist.
        assert_eq!(una.get("/api/v1/slots?item=NB-PACS-N2&minutes=60").await.status, StatusCode::NOT_FOUND);
        assert_eq!(una.get(&format!("/api/v1/slots?change={}", secret.reference)).await.status, StatusCode::NOT_FOUND);
    });
}
