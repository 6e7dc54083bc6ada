//! Emergencies and work found out afterwards, through their pages (spec 14, scenarios 32 to 35).

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::directory::{Item, OnDifference, Service, set_service_orgs, upsert_item, upsert_service};

use crate::world::{Client, Reply, World, on_each_engine};

const CARL: &str = "carl@halden.example";
const PRIYA: &str = "priya@halden.example";
const ENA: &str = "ena@halden.example";
const GRACE: &str = "grace@authority.example";
const HELEN: &str = "helen@authority.example";
const JOY: &str = "joy@northbrook.example";
const LILY: &str = "lily@northbrook.example";

fn furnish(world: &World) {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    world.person(JOY, "Joy Adeyemi", &[(trust, Role::Coordinator)]);
    world.person(LILY, "Lily Chen", &[(trust, Role::GroupMember)]);
    world.person(CARL, "Carl Dunne", &[(supplier, Role::Desk)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person(ENA, "Ena Lund", &[(supplier, Role::Implementer)]);
    world.person(GRACE, "Grace Adeleke", &[(authority, Role::AuthorityManager)]);
    world.person(HELEN, "Helen Sato", &[(authority, Role::AuthoritySafety)]);
    let service = world.app.ids.mint(world.now());
    let item = Item {
        id: world.app.ids.mint(world.now()),
        code: "NB-ROTA".into(),
        name: "Rota server".into(),
        item_type: "server".into(),
        org_id: trust,
        site_id: None,
        watched_by: None,
        services: vec![service],
    };
    let (a, b, c) = (world.app.act(None, world.now()), world.app.act(None, world.now()), world.app.act(None, world.now()));
    world
        .app
        .attempt(move |tx| {
            if let Err(why) = upsert_service(tx, &a, &Service::new(service, "ROTA", "Rota", supplier), OnDifference::Report)? {
                return Ok(Err(why));
            }
            if let Err(why) = set_service_orgs(tx, &b, service, &[trust])? {
                return Ok(Err(why));
            }
            upsert_item(tx, &c, &item, OnDifference::Report)
        })
        .unwrap();
}

/// Opens an act's page and sends it with what the page itself carries.
async fn take(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/changes/{reference}/acts/{act}");
    let page = client.get(&path).await;
    if page.status != StatusCode::OK {
        return page;
    }
    let version = page.field("version").unwrap_or_default();
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(fields);
    client.post(&path, &all).await
}

async fn done(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) {
    let reply = take(client, reference, act, fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{act}: {}", reply.text());
}

/// Begins a draft of a kind; its reference.
async fn begin(client: &mut Client<'_>, kind: &str) -> String {
    client.get("/changes/new").await;
    let reply = client.post("/changes/new", &[("kind", kind)]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.location().split('/').nth(2).unwrap().to_owned()
}

/// Saves a step with these answers.
async fn save(client: &mut Client<'_>, reference: &str, step: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/changes/{reference}/edit/{step}");
    let page = client.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let version = page.field("version").unwrap();
    let mut all = vec![("version", version.as_str()), ("asked", "")];
    all.extend_from_slice(fields);
    client.post(&path, &all).await
}

async fn send(client: &mut Client<'_>, reference: &str) -> Reply {
    let page = client.get(&format!("/changes/{reference}/edit/check")).await;
    let (version, rev) = (page.field("version").unwrap(), page.field("rev").unwrap());
    client.post(&format!("/changes/{reference}/send"), &[("version", &version), ("rev", &rev), ("act", "submit")]).await
}

/// What is typed at half past eight of a yes at two and work from ten past.
async fn emergency(world: &World) -> String {
    let mut carl = world.sign_in(CARL).await;
    let reference = begin(&mut carl, "emergency").await;
    // First of all whom to ring, and three screens with the check.
    let page = carl.get(&format!("/changes/{reference}/edit/what")).await;
    assert!(page.text().contains("Ring first") && page.text().contains("Priya Nair"), "{}", page.text());
    assert!(page.body.contains("3 Check and send") && !page.body.contains("4 Check"), "{}", page.text());
    let what = [
        ("title", "Restart the rota"),
        ("emergency_reason", "live_incident"),
        ("incident_ref", "INC-4711"),
        ("consequence_of_delay", "Nobody sees tomorrow's rota"),
        ("services", "ROTA"),
        ("what", "Restart, then watch"),
        ("backout", "Switch back"),
    ];
    let saved = save(&mut carl, &reference, "what", &what).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    // The window was filled in as from now; the work began in the night.
    let when = [
        ("window.start-date", "2026-11-17"),
        ("window.start-time", "02:10"),
        ("window.end-date", "2026-11-17"),
        ("window.end-time", "06:00"),
        ("clinical_contact", "agrees"),
        ("clinical_officer", "Dr Sato"),
        ("said_yes", "yes"),
        ("verbal_approver", PRIYA),
        ("verbal_channel", "phone"),
        ("verbal_at-date", "2026-11-17"),
        ("verbal_at-time", "02:00"),
        ("verbal_witness", "Tom Achebe"),
    ];
    let saved = save(&mut carl, &reference, "when", &when).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let sent = send(&mut carl, &reference).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    done(&mut carl, &reference, "start", &[("happened_at-date", "2026-11-17"), ("happened_at-time", "02:10")]).await;
    done(&mut carl, &reference, "finish", &[("outcome", "successful"), ("back", "ROTA")]).await;
    reference
}

#[test]
fn scenario_32_a_yes_by_phone_is_recorded_and_ratified_by_another() {
    on_each_engine(|world| async move {
        furnish(&world);
        let reference = emergency(&world).await;
        let mut grace = world.sign_in(GRACE).await;
        let page = grace.get(&format!("/changes/{reference}")).await.text();
        for words in ["Emergency change", "Priya Nair, by phone", "Not confirmed yet", "Ratify the emergency", "heard by Tom Achebe"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        // The next working day at five.
        assert!(page.contains("tomorrow 17:00") || page.contains("18 November"), "{page}");
        let report = grace.get("/reports/urgent").await.text();
        assert!(report.contains(&reference) && report.contains("Priya Nair, by phone"), "{report}");
        let owed = grace.get("/promises").await.text();
        assert!(!owed.contains("Page not found"));
        world.advance(SignedDuration::from_hours(20));
        let mut priya = world.sign_in(PRIYA).await;
        assert!(priya.get("/promises").await.text().contains("Confirm what was said by phone"));
        done(&mut priya, &reference, "confirm_verbal", &[("agreed", "yes")]).await;
        let mut grace = world.sign_in(GRACE).await;
        done(&mut grace, &reference, "ratify", &[("agreed", "yes")]).await;
        let file = grace.get("/reports/urgent.csv").await.body;
        let line = file.lines().find(|line| line.contains(&reference)).unwrap().to_owned();
        assert!(line.contains("emergency") && line.contains("Grace Adeleke") && line.contains("live_incident"), "{line}");
        // The group reads the register as it reads the other reports.
        let mut lily = world.sign_in(LILY).await;
        assert!(lily.get("/reports/urgent.csv").await.body.contains(&reference));
    });
}

#[test]
fn scenario_33_ratification_by_the_same_person_is_refused() {
    on_each_engine(|world| async move {
        furnish(&world);
        let reference = emergency(&world).await;
        let mut priya = world.sign_in(PRIYA).await;
        let refused = take(&mut priya, &reference, "ratify", &[("agreed", "yes")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        assert!(refused.text().contains("another person ratifies"), "{}", refused.text());
    });
}

#[test]
fn scenario_34_a_refused_ratification_gets_a_verdict_and_is_counted() {
    on_each_engine(|world| async move {
        furnish(&world);
        let reference = emergency(&world).await;
        let mut grace = world.sign_in(GRACE).await;
        let without = take(&mut grace, &reference, "ratify", &[("agreed", "no")]).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", without.text());
        done(&mut grace, &reference, "ratify", &[("agreed", "no"), ("reason", "It could have waited until Monday")]).await;
        let page = grace.get(&format!("/changes/{reference}")).await.text();
        for words in ["Emergency change", "Regularised with action", "row 4", "It could have waited until Monday"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let report = grace.get("/reports/urgent").await.text();
        assert!(report.contains("Could have been normal changes 1"), "{report}");
        // It cannot be closed before its review.
        done(&mut grace, &reference, "review", &[]).await;
        let refused = take(&mut grace, &reference, "close", &[("outcome", "successful")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    });
}

#[test]
fn scenario_35_work_done_before_approval_is_recorded_beside_the_change_that_is_held() {
    on_each_engine(|world| async move {
        furnish(&world);
        let mut joy = world.sign_in(JOY).await;
        let reference = begin(&mut joy, "normal").await;
        let all = [
            ("what", vec![("title", "Change the rota's address"), ("why", "improvement"), ("people_notice", "Nothing")]),
            ("where", vec![("services", "ROTA"), ("items", "NB-ROTA")]),
            (
                "when",
                vec![
                    ("window.start-date", "2026-12-08"),
                    ("window.start-time", "09:00"),
                    ("window.end-date", "2026-12-08"),
                    ("window.end-time", "12:00"),
                    ("contact_on_site.name", "A. Rahman"),
                    ("contact_on_site.phone", "020 7946 0117"),
                ],
            ),
        ];
        for (step, fields) in all {
            save(&mut joy, &reference, step, &fields).await;
        }
        save(&mut joy, &reference, "risk", &[("backout", "Back to the old one"), ("proof", "The matron opens it")]).await;
        let sent = send(&mut joy, &reference).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let mut priya = world.sign_in(PRIYA).await;
        let page = priya.get(&format!("/changes/{reference}")).await;
        assert!(page.text().contains("The work was done already"), "{}", page.text());
        let path = format!("/changes/{reference}/done-already");
        priya.get(&path).await;
        let without = priya.post(&path, &[("reason", ""), ("review_on", "")]).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", without.text());
        let begun = priya.post(&path, &[("reason", "Two copies of the address differ"), ("review_on", "2026-11-20")]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let record = begun.location().split('/').nth(2).unwrap().to_owned();
        assert_ne!(record, reference);
        assert!(priya.get(&format!("/changes/{reference}")).await.text().contains("On hold"));
        let found = world.app.db.read(|tx| tx.one("select count(*) from urgent_changes u join changes c on c.id = u.retrospective_of", &[], |row| row.int(0)));
        assert_eq!(found.unwrap(), 1);
    });
}
