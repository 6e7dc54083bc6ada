//! What was typed is kept: when the database is gone, when somebody was faster, and when a form fails elsewhere than
//! on its own page (issue 2, "Bad input and faults"; settled 18).

use std::time::Duration;

use axum::http::StatusCode;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::{Db, Limits, Target, Tx};

use crate::harness::TempDir;
use crate::pg;
use crate::world::{Reply, World, on_each_engine, runtime, settings};

const ANN: &str = "ann@authority.example";
const SITE: [(&str, &str); 3] = [("code", "NB-GEN"), ("name", "Northbrook “General” & <Annexe>"), ("ods_code", "RXN01")];

/// The form on a page that leads there, as a browser would send it: what it carries unseen and what was typed.
pub fn form_of(reply: &Reply, action: &str) -> Vec<(String, String)> {
    let page = scraper::Html::parse_document(&reply.body);
    let form = scraper::Selector::parse(&format!("form[action='{action}']")).unwrap();
    let input = scraper::Selector::parse("input").unwrap();
    let form = page.select(&form).next().unwrap_or_else(|| panic!("no form leads to {action}: {}", reply.text()));
    let value = |input: scraper::ElementRef| Some((input.value().attr("name")?.to_owned(), input.value().attr("value").unwrap_or("").to_owned()));
    form.select(&input).filter_map(value).collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Sends a form while the database is away, and what the page kept once it is back.
async fn gone_and_back(world: &World, away: impl Fn(), back: impl Fn()) {
    let trust = world.organisation("northbrook", OrgKind::Trust).to_string();
    let authority = world.organisation("authority", OrgKind::Authority);
    world.person(ANN, "Ann Okafor", &[(authority, Role::Administrator)]);
    let mut ann = world.sign_in(ANN).await;
    assert_eq!(ann.get("/setup/sites/new").await.status, StatusCode::OK);
    let typed = [&SITE[..], &[("organisation", trust.as_str())]].concat();

    away();
    let told = ann.post("/setup/sites", &typed).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{}", told.text());
    assert!(told.header("retry-after").parse::<u64>().unwrap() > 0);
    let kept = form_of(&told, "/setup/sites");
    for (name, value) in &typed {
        assert!(kept.contains(&((*name).to_owned(), (*value).to_owned())), "{name} is kept: {kept:?}");
        assert!(told.text().contains(value), "and shown: {}", told.text());
    }
    // Another site's page may not fill our page with its words.
    let strange = ann.request(axum::http::Method::POST, "/setup/sites").header("origin", "https://evil.example");
    let strange = strange.header("content-type", "application/x-www-form-urlencoded");
    let reply = world.send(strange.body(axum::body::Body::from("code=planted")).unwrap()).await;
    assert!(!reply.status.is_success() && !reply.body.contains("planted"), "{}", reply.body);
    back();

    // The very form of the page, with the token and the key that it carries.
    let sent = ann.post_bare("/setup/sites", &borrowed(&kept)).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/setup/sites"), "{}", sent.text());
    assert!(ann.get("/setup/sites").await.text().contains(SITE[1].1));
}

#[test]
fn a_database_that_is_gone_keeps_the_form_until_it_is_back() {
    // SQLite: its file is out of reach. No reader is kept, so that each looks for the file anew.
    let folder = TempDir::new();
    let db = Db::open_with(&Target::Sqlite(folder.path().into()), Limits { connections: 0, ..Limits::default() }).unwrap();
    let (here, there) = (folder.path().join("signalbox.sqlite"), folder.path().join("elsewhere.sqlite"));
    let world = World::over(db, settings());
    runtime().block_on(gone_and_back(&world, || std::fs::rename(&here, &there).unwrap(), || std::fs::rename(&there, &here).unwrap()));

    // PostgreSQL: the server is killed.
    let Some(server) = pg::Server::start() else { return };
    let database = server.create_database();
    let world = World::over(Db::open(&Target::Postgres(database.url.clone())).unwrap(), settings());
    let kill = || {
        server.kill();
        std::thread::sleep(Duration::from_millis(300));
    };
    runtime().block_on(gone_and_back(&world, kill, || server.restart()));
}

#[test]
fn a_full_disk_keeps_the_form_under_a_fresh_token() {
    let folder = TempDir::new();
    let db = Db::open(&Target::Sqlite(folder.path().into())).unwrap();
    let writer = db.clone();
    let limit = move |pages: u32| writer.write(move |tx: &mut dyn Tx| tx.query(&format!("pragma max_page_count = {pages}"), &[], &mut |_| Ok(()))).unwrap();
    let world = World::over(db, settings());
    let filler = "x".repeat(1_900);
    runtime().block_on(async {
        world.organisation("northbrook", OrgKind::Trust);
        let authority = world.organisation("authority", OrgKind::Authority);
        world.person(ANN, "Ann Okafor", &[(authority, Role::Administrator)]);
        let mut ann = world.sign_in(ANN).await;
        ann.get("/setup/freezes/new").await;
        let typed = [
            ("title", "Critical incident"),
            ("starts_at-date", "2026-11-18"),
            ("starts_at-time", "18:00"),
            ("ends_at-date", "2026-11-19"),
            ("ends_at-time", "18:00"),
            ("reason", filler.as_str()),
            ("scope", "organisation"),
            ("of", "NORTHBROOK"),
            ("hardness", "hard"),
        ];
        let first = ann.form_token.clone().unwrap();
        limit(1);
        // The last pages may still hold a row or two.
        let mut told = ann.post("/setup/freezes", &typed).await;
        for _ in 0..40 {
            if told.status == StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            told = ann.post("/setup/freezes", &typed).await;
        }
        assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{}", told.text());
        let kept = form_of(&told, "/setup/freezes");
        let value = |name: &str| kept.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap_or_default();
        assert!(!value("csrf").is_empty() && value("csrf") != first, "a fresh token");
        assert!(!value("idempotency_key").is_empty(), "and a key: {kept:?}");
        assert_eq!(value("reason"), filler);
        limit(1_000_000);
        let sent = ann.post_bare("/setup/freezes", &borrowed(&kept)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        assert!(sent.location().starts_with("/setup/freezes/"), "{}", sent.location());
    });
}

#[test]
fn a_form_that_fails_elsewhere_than_on_its_page_can_be_sent_again() {
    on_each_engine(|world| async move {
        let authority = world.organisation("authority", OrgKind::Authority);
        world.person(ANN, "Ann Okafor", &[(authority, Role::Administrator)]);
        let mut ann = world.sign_in(ANN).await;
        ann.get("/setup/sites/new").await;
        let told = ann.post("/setup/sites", &[("code", "NB"), ("is_admin", "1")]).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.text().contains("This page has no field “is_admin”."));
        let again = ann.post_bare("/setup/sites", &borrowed(&form_of(&told, "/setup/sites"))).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it is our form, and still wrong: {}", again.text());
    });
}

#[test]
fn two_who_set_up_the_same_row_see_both_versions() {
    on_each_engine(|world| async move {
        let trust = world.organisation("northbrook", OrgKind::Trust).to_string();
        let authority = world.organisation("authority", OrgKind::Authority);
        world.person(ANN, "Ann Okafor", &[(authority, Role::Administrator)]);
        world.person("ada@authority.example", "Ada Finch", &[(authority, Role::Administrator)]);
        let (mut ann, mut ada) = (world.sign_in(ANN).await, world.sign_in("ada@authority.example").await);
        ann.get("/setup/sites/new").await;
        assert_eq!(ann.post("/setup/sites", &[&SITE[..], &[("organisation", trust.as_str())]].concat()).await.status, StatusCode::SEE_OTHER);
        let list = ann.get("/setup/sites").await;
        let start = "/setup/sites/";
        let is_row = |part: &&str| part.strip_prefix(start).is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
        let path = list.body.split('"').find(is_row).unwrap().to_owned();

        let named = |name: &'static str, seen: &str| {
            let typed = [("code", "NB-GEN"), ("name", name), ("ods_code", "RXN01"), ("organisation", trust.as_str())];
            typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain([("seen".to_owned(), seen.to_owned())]).collect::<Vec<_>>()
        };
        let (hers, mine) = (ada.get(&path).await.field("seen").unwrap(), ann.get(&path).await.field("seen").unwrap());
        assert_eq!(hers, mine, "both saw the same row");
        assert_eq!(ada.post(&path, &borrowed(&named("Ada’s name", &hers))).await.status, StatusCode::SEE_OTHER);
        // S36: nobody writes over what they did not see.
        assert_eq!(ann.post(&path, &borrowed(&named("Ann’s name", ""))[..4]).await.status, StatusCode::PRECONDITION_REQUIRED);
        let told = ann.post(&path, &borrowed(&named("Ann’s name", &mine))).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text());
        assert!(told.text().contains("Ada’s name") && told.text().contains("Ann’s name"), "{}", told.text());
        assert!(told.text().contains("1 difference"), "{}", told.text());
        assert!(ann.get("/setup/sites").await.text().contains("Ada’s name"), "nothing was written over");
        let sent = ann.post_bare(&path, &borrowed(&form_of(&told, &path))).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/setup/sites"), "one button sends hers: {}", sent.text());
        assert!(ann.get("/setup/sites").await.text().contains("Ann’s name"));
    });
}

#[test]
fn two_who_act_on_the_same_change_see_both_versions_and_one_button_sends_theirs() {
    on_each_engine(|world| async move {
        let estate = crate::planned::Estate::furnish(&world);
        let sent = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let act = format!("/changes/{}/acts/withdraw", sent.reference);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let seen = ruth.get(&act).await.field("version").unwrap();
        estate.assess(&world, sent.id);
        let fields = [("version", seen.as_str()), ("reason", "Postponed by the builder")];
        let told = ruth.post(&act, &fields).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text());
        let text = told.text();
        assert!(
            text.contains("was changed by Tom Achebe") && text.contains("Accepted;") && text.contains("Stage Deciding Checking"),
            "what stands now, and by whom: {text}"
        );
        assert!(text.contains("Postponed by the builder"), "what was typed: {text}");
        let again = ruth.post_bare(&act, &borrowed(&form_of(&told, &act))).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text());
        assert!(ruth.get(again.location()).await.text().contains("Withdrawn"));
        // Too late altogether: the stage is past. What was typed stays on the page all the same.
        let version = ruth.get(&format!("/changes/{}/acts/say", sent.reference)).await.field("version").unwrap_or_default();
        let late = ruth.post(&act, &[("version", version.as_str()), ("reason", "Said a second time")]).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
        assert!(late.text().contains("Said a second time"), "{}", late.text());
    });
}
