//! Raising through the pages: normal changes, service requests and planned outages, from the choice of a kind to
//! what the other side receives.

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::run::Expect;
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::{Change, Stage};
use signalbox_core::event::Event;
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};
use signalbox_store::project::{self, Loaded};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;

use crate::world::{Client, Reply, World, on_each_engine};

/// Three trusts with a gateway each, a supplier whose service runs on all of them, and the authority.
fn cast(world: &World) {
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    let trusts = ["northbrook", "riverside", "eastmarsh"].map(|code| (code, world.organisation(code, OrgKind::Trust)));
    let id = || world.app.ids.mint(world.now());
    let (service, act) = (id(), || world.app.act(None, world.now()));
    let (first, second) = (act(), act());
    let users: Vec<i64> = trusts.iter().map(|(_, org)| *org).collect();
    world.app.attempt(move |tx| directory::upsert_service(tx, &first, &Service::new(service, "PACS", "PACS imaging", supplier), OnDifference::Report)).unwrap();
    world.app.attempt(move |tx| directory::set_service_orgs(tx, &second, service, &users)).unwrap();
    for (code, org) in trusts {
        let (site, item, first, second) = (id(), id(), act(), act());
        let short = code[..2].to_uppercase();
        let site = Site { id: site, org_id: org, code: short.clone(), name: format!("{code} site"), ods_code: None };
        let item = Item {
            id: item,
            code: format!("{short}-GW"),
            name: "Imaging gateway".into(),
            item_type: "server".into(),
            org_id: org,
            site_id: Some(site.id),
            watched_by: None,
            services: vec![service],
        };
        world.app.attempt(move |tx| directory::upsert_site(tx, &first, &site, OnDifference::Report)).unwrap();
        world.app.attempt(move |tx| directory::upsert_item(tx, &second, &item, OnDifference::Report)).unwrap();
    }
    world.person("ruth@northbrook.example", "Ruth Ellery", &[(trusts[0].1, Role::Coordinator)]);
    world.person("rob@northbrook.example", "Rob Stone", &[(trusts[0].1, Role::Requester)]);
    world.person("ola@northbrook.example", "Ola Reed", &[(trusts[0].1, Role::Coordinator)]);
    world.person("oleg@riverside.example", "Oleg Marsh", &[(trusts[1].1, Role::Coordinator)]);
    world.person("priya@halden.example", "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
    world.person("both@eastmarsh.example", "Bo Both", &[(trusts[1].1, Role::Coordinator), (trusts[2].1, Role::Coordinator)]);
}

const RUTH: &str = "ruth@northbrook.example";

fn loaded(world: &World, reference: &str) -> Loaded {
    let scope = Scope::of(&signalbox_core::actor::Actor::System);
    let found = world.app.db.read(|tx| {
        let id = sight::by_reference(tx, &scope, reference)?.expect("a change of this reference");
        project::load(tx, id)
    });
    found.unwrap().expect("a change")
}

fn change(world: &World, reference: &str) -> Change {
    loaded(world, reference).change
}

/// Begins a draft; its reference.
async fn begin(client: &mut Client<'_>, kind: &str, more: &[(&str, &str)]) -> String {
    let page = client.get("/changes/new").await;
    assert!(page.body.contains(&format!("value=\"{kind}\"")), "{kind} is offered: {}", page.text());
    let fields = [&[("kind", kind), ("on_behalf_of", "")], more].concat();
    let reply = client.post("/changes/new", &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    let reference = reply.location().strip_prefix("/changes/").and_then(|rest| rest.strip_suffix("/edit/what"));
    reference.unwrap_or_else(|| panic!("{}", reply.location())).to_owned()
}

fn step(reference: &str, step: &str) -> String {
    format!("/changes/{reference}/edit/{step}")
}

/// Fills a step as a browser would: with all that the page carries unseen.
async fn fill(client: &mut Client<'_>, reference: &str, name: &str, fields: &[(&str, &str)]) -> Reply {
    let page = client.get(&step(reference, name)).await;
    assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.text());
    let (version, asked) = (page.field("version").unwrap(), page.field("asked").unwrap());
    let unseen = [("version", version.as_str()), ("asked", asked.as_str())];
    client.post(&step(reference, name), &[&unseen, fields].concat()).await
}

async fn fill_on(client: &mut Client<'_>, reference: &str, name: &str, fields: &[(&str, &str)]) {
    let reply = fill(client, reference, name, fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{name}: {}", reply.text());
}

async fn send(client: &mut Client<'_>, reference: &str) -> Reply {
    let page = client.get(&step(reference, "check")).await;
    let hidden = ["version", "rev", "act", "idempotency_key"].map(|name| (name, page.field(name).unwrap()));
    let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    client.post(&format!("/changes/{reference}/send"), &fields).await
}

fn window(from: &str, to: &str) -> Vec<(&'static str, String)> {
    let (from, to) = (from.split_once(' ').unwrap(), to.split_once(' ').unwrap());
    vec![("window.start-date", from.0.into()), ("window.start-time", from.1.into()), ("window.end-date", to.0.into()), ("window.end-time", to.1.into())]
}

fn when<'a>(window: &'a [(&'static str, String)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    window.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect()
}

const WHAT: [(&str, &str); 3] = [("title", "Move the imaging gateway"), ("why", "improvement"), ("people_notice", "Images come late for an hour.")];
const CONTACT: [(&str, &str); 2] = [("contact_on_site.name", "Len Brook"), ("contact_on_site.phone", "020 7946 0158")];
const RISK: [(&str, &str); 2] = [("backout", "Start the old one again."), ("proof", "A test image arrives.")];

/// The nine answers that a normal change needs, one step after the other.
async fn nine_answers(client: &mut Client<'_>, reference: &str, items: &[&str]) {
    fill_on(client, reference, "what", &WHAT).await;
    let mut place = vec![("services", "PACS")];
    place.extend(items.iter().map(|item| ("items", *item)));
    fill_on(client, reference, "where", &place).await;
    let window = window("2026-12-15 20:00", "2026-12-15 22:00");
    // The second of two asks for the same evening, and keeps it.
    fill_on(client, reference, "when", &when(&window, &[&CONTACT[..], &[("slot", "keep")]].concat())).await;
    fill_on(client, reference, "risk", &RISK).await;
}

#[test]
fn a_trust_raises_a_normal_change_with_nine_answers() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        assert_eq!(reference, "RFC-2026-000001");
        let early = send(&mut ruth, &reference).await;
        assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(early.text().contains("things to put right"), "{}", early.text());
        nine_answers(&mut ruth, &reference, &["NO-GW"]).await;
        let page = ruth.get(&step(&reference, "check")).await;
        assert!(!page.text().contains("to put right"), "nothing is missing: {}", page.text());
        assert!(page.text().contains("Notice:") && page.text().contains("No clash found"), "{}", page.text());
        let sent = send(&mut ruth, &reference).await;
        assert_eq!(sent.location(), format!("/changes/{reference}"), "{}", sent.text());
        let after = change(&world, &reference);
        assert_eq!(after.stage, Stage::Submitted);
        assert_eq!(after.content.unwrap().answers.keys().filter(|id| !id.contains("sites")).count(), 9);
        assert_eq!(ruth.get(&step(&reference, "what")).await.status, StatusCode::CONFLICT, "sent on");
    });
}

#[test]
fn a_requester_hands_it_to_the_coordinator_who_sends_it() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut rob = world.sign_in("rob@northbrook.example").await;
        let reference = begin(&mut rob, "normal", &[]).await;
        nine_answers(&mut rob, &reference, &["NO-GW"]).await;
        assert_eq!(send(&mut rob, &reference).await.status, StatusCode::SEE_OTHER);
        assert_eq!(change(&world, &reference).stage, Stage::LocalAuth);
        let mut ruth = world.sign_in(RUTH).await;
        fill_on(&mut ruth, &reference, "what", &[("title", "Move the gateway to rack 4"), WHAT[1], WHAT[2]]).await;
        assert_eq!(send(&mut ruth, &reference).await.status, StatusCode::SEE_OTHER);
        let after = loaded(&world, &reference);
        assert_eq!(after.change.stage, Stage::Submitted);
        assert!(after.prose.values().any(|words| words == "Move the gateway to rack 4"));
    });
}

#[test]
fn the_supplier_raises_for_three_trusts_and_the_authority_for_one() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut priya = world.sign_in("priya@halden.example").await;
        let reference = begin(&mut priya, "normal", &[]).await;
        nine_answers(&mut priya, &reference, &["NO-GW", "RI-GW", "EA-GW"]).await;
        assert_eq!(send(&mut priya, &reference).await.status, StatusCode::SEE_OTHER);
        let after = change(&world, &reference);
        assert_eq!((after.stage, after.parties().affected.len()), (Stage::Submitted, 3));
        let mut ann = world.sign_in("ann@authority.example").await;
        let reference = begin(&mut ann, "normal", &[]).await;
        nine_answers(&mut ann, &reference, &["RI-GW"]).await;
        assert_eq!(send(&mut ann, &reference).await.status, StatusCode::SEE_OTHER);
        assert_eq!(change(&world, &reference).stage, Stage::Submitted);
    });
}

/// The answers of a request, with what a browser adds.
fn request<'a>(title: &'a str, like_for_like: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("title", title),
        ("wanted", "2026-12-01"),
        ("services", "PACS"),
        ("window.start-date", "2026-12-01"),
        ("window.start-time", "20:00"),
        ("window.end-date", "2026-12-01"),
        ("window.end-time", "21:00"),
        ("like_for_like", like_for_like),
        ("old_one_off", like_for_like),
        ("agreed_pattern", "not applicable"),
        ("user_has_contract", "not applicable"),
        ("fulfilment", "Bay 3."),
        CONTACT[0],
        CONTACT[1],
    ]
}

#[test]
fn a_request_from_the_catalogue_is_scheduled_at_once() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut rob = world.sign_in("rob@northbrook.example").await;
        let page = rob.get("/requests/new").await;
        assert!(page.text().contains("1. Create the queue") && page.text().contains("1 working day"), "{}", page.text());
        let form = rob.get("/requests/new/printer_queue").await;
        let key = form.field("idempotency_key").unwrap();
        let mut fields = request("A queue for bay 3", "not applicable");
        fields.push(("idempotency_key", &key));
        let sent = rob.post("/requests/new/printer_queue", &fields).await;
        assert_eq!(sent.location(), "/changes/SR-2026-000001", "{}", sent.text());
        assert_eq!(change(&world, "SR-2026-000001").stage, Stage::Scheduled);
        let again = rob.post("/requests/new/printer_queue", &fields).await;
        assert_eq!(again.location(), "/changes/SR-2026-000001", "the same form twice is one request: {}", again.text());
        assert_eq!(rob.get("/requests/new/no_such_entry").await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_request_that_does_not_fit_becomes_a_normal_change_with_its_answers() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        ruth.get("/requests/new/modality_swap").await;
        let fields = request("Swap scanner 3", "no");
        let told = ruth.post("/requests/new/modality_swap", &fields).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text());
        assert!(told.text().contains("Carry my answers over to a normal change"), "{}", told.text());
        assert!(told.body.contains("href=\"#like_for_like-1\""), "it says which answer does not fit: {}", told.text());
        let (draft, key) = (told.field("draft").unwrap(), told.field("idempotency_key").unwrap());
        let fields = [fields.as_slice(), &[("draft", draft.as_str()), ("idempotency_key", key.as_str()), ("carry", "yes")]].concat();
        let carried = ruth.post("/requests/new/modality_swap", &fields).await;
        assert_eq!(carried.location(), step("RFC-2026-000001", "what"), "{}", carried.text());
        let page = ruth.get(&step("RFC-2026-000001", "what")).await;
        assert_eq!(page.field("title").as_deref(), Some("Swap scanner 3"));
        assert!(page.body.contains("Bay 3."));
        assert_eq!(ruth.get(&step("RFC-2026-000001", "when")).await.field("window.start-date").as_deref(), Some("2026-12-01"));
        assert_eq!(change(&world, &draft).stage, Stage::Withdrawn, "settled 7: withdrawn and linked");
    });
}

const OFF: [(&str, &str); 2] = [("title", "Generator test"), ("outage_type", "generator test")];

async fn outage(client: &mut Client<'_>) -> String {
    let reference = begin(client, "planned_outage", &[]).await;
    fill_on(client, &reference, "what", &OFF).await;
    fill_on(client, &reference, "where", &[("items", "NO-GW"), ("network_affected", "no")]).await;
    reference
}

#[test]
fn an_outage_in_time_is_sent_and_a_short_one_is_asked_why() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let latest = |day: &'static str| [("contingency_end-date", day), ("contingency_end-time", "11:00")];
        let reference = outage(&mut ruth).await;
        let night = window("2026-12-01 06:00", "2026-12-01 09:00");
        fill_on(&mut ruth, &reference, "when", &when(&night, &latest("2026-12-01"))).await;
        let page = ruth.get(&step(&reference, "when")).await.text();
        assert!(page.contains("Notice: 14 days") && page.contains("On time"), "{page}");
        assert_eq!(send(&mut ruth, &reference).await.status, StatusCode::SEE_OTHER);

        let reference = outage(&mut ruth).await;
        let night = window("2026-11-24 06:00", "2026-11-24 09:00");
        let fields = when(&night, &latest("2026-11-24"));
        let asked = fill(&mut ruth, &reference, "when", &fields).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = asked.text();
        assert!(text.contains("Notice: 7 of 10 days") && text.contains("Why is this short notice?"), "{text}");
        assert!(text.contains("Friday 27 November 2026"), "the first date in time: {text}");
        let fields = [fields.as_slice(), &[("late_reason", "safety")]].concat();
        fill_on(&mut ruth, &reference, "when", &fields).await;
        assert_eq!(send(&mut ruth, &reference).await.status, StatusCode::SEE_OTHER, "short notice is never refused");
        let after = change(&world, &reference);
        assert_eq!((after.stage, after.late_reason.as_deref()), (Stage::Submitted, Some("safety")));
        let list = ruth.get("/outages?notice=late").await.text();
        assert!(list.contains(&reference) && list.contains("1 planned outage."), "{list}");
        let list = ruth.get("/outages?notice=late&colour=red").await.text();
        assert!(list.contains("was left out"), "an unknown filter is dropped and said: {list}");
    });
}

#[test]
fn scenarios_6_and_7_nights_on_which_clocks_change_are_asked_about() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        let gap = window("2027-03-28 01:30", "2027-03-28 04:00");
        let told = fill(&mut ruth, &reference, "when", &when(&gap, &CONTACT)).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.text().contains("clocks go forward"), "{}", told.text());
        let twice = window("2027-10-31 01:30", "2027-10-31 04:00");
        let told = fill(&mut ruth, &reference, "when", &when(&twice, &CONTACT)).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.text().contains("first 01:30 (BST)") && told.text().contains("second 01:30 (GMT)"), "{}", told.text());
        assert!(told.body.contains("name=\"window.start-fold\""));
        let fields = when(&twice, &[CONTACT[0], CONTACT[1], ("window.start-fold", "second")]);
        fill_on(&mut ruth, &reference, "when", &fields).await;
        // 01:30 GMT to 04:00 GMT, across no change any more.
        assert!(ruth.get(&step(&reference, "check")).await.text().contains("2 hours 30 minutes"));
        let across = window("2027-10-31 00:30", "2027-10-31 02:30");
        fill_on(&mut ruth, &reference, "when", &when(&across, &CONTACT)).await;
        let page = ruth.get(&step(&reference, "check")).await.text();
        assert!(page.contains("3 hours"), "scenario 6: {page}");
    });
}

#[test]
fn a_draft_outlives_the_session_and_saves_itself() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        let version = ruth.get(&step(&reference, "what")).await.field("version").unwrap();
        let typed = "  Move <the> gateway & \u{201c}more\u{201d}  ";
        let saved = ruth.post(&step(&reference, "what"), &[("version", &version), ("asked", "title why"), ("title", typed), ("autosave", "1")]).await;
        assert_eq!(saved.status, StatusCode::NO_CONTENT, "{}", saved.text());
        assert_eq!(saved.header("signalbox-version").parse::<i64>().unwrap(), version.parse::<i64>().unwrap() + 1);
        ruth.post("/sign-out", &[]).await;
        world.advance(SignedDuration::from_hours(80));
        let mut ruth = world.sign_in(RUTH).await;
        let drafts = ruth.get("/changes/new").await;
        assert!(drafts.body.contains(&format!("/changes/{reference}/edit/what")), "{}", drafts.text());
        assert_eq!(ruth.get(&step(&reference, "what")).await.field("title").as_deref(), Some(typed), "exactly as typed");
    });
}

#[test]
fn two_who_write_at_once_see_both_versions() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut rob = world.sign_in("rob@northbrook.example").await;
        let reference = begin(&mut rob, "normal", &[]).await;
        let mut ruth = world.sign_in(RUTH).await;
        let seen = ruth.get(&step(&reference, "what")).await.field("version").unwrap();
        fill_on(&mut rob, &reference, "what", &[("title", "Rob’s words"), WHAT[1], WHAT[2]]).await;
        let fields = [("version", seen.as_str()), ("asked", "title why people_notice"), ("title", "Ruth’s words"), WHAT[1], WHAT[2]];
        let told = ruth.post(&step(&reference, "what"), &fields).await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        let text = told.text();
        assert!(text.contains("Rob’s words") && text.contains("Ruth’s words") && text.contains("Rob Stone"), "{text}");
        let version = told.field("version").unwrap();
        let fields = [("version", version.as_str()), fields[1], fields[2], fields[3], fields[4]];
        assert_eq!(ruth.post(&step(&reference, "what"), &fields).await.status, StatusCode::SEE_OTHER, "hers is sent again from that page");
        assert_eq!(rob.get(&step(&reference, "what")).await.field("title").as_deref(), Some("Ruth’s words"));

        // Nobody sends words that they have not seen.
        nine_answers(&mut ruth, &reference, &["NO-GW"]).await;
        let page = ruth.get(&step(&reference, "check")).await;
        let hidden = ["version", "rev", "act"].map(|name| (name, page.field(name).unwrap()));
        fill_on(&mut rob, &reference, "what", &[("title", "Later words"), WHAT[1], WHAT[2]]).await;
        ruth.get(&step(&reference, "check")).await;
        let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let told = ruth.post(&format!("/changes/{reference}/send"), &fields).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text());
        assert!(told.text().contains("Later words"));
        assert_eq!(change(&world, &reference).stage, Stage::Draft);
    });
}

#[test]
fn s02_another_trusts_item_is_as_unknown_as_one_that_does_not_exist() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        let mut told = vec![];
        for code in ["RI-GW", "XX-GW"] {
            let reply = fill(&mut ruth, &reference, "where", &[("services", "PACS"), ("items", code)]).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
            told.push(reply.text().replace(code, "CODE").split("Idempotency").next().unwrap().to_owned());
        }
        assert_eq!(told[0], told[1]);
        let page = ruth.get(&step(&reference, "where")).await;
        assert!(page.body.contains("NO-GW") && !page.body.contains("EA-GW"), "only her own are offered");
    });
}

#[test]
fn s31_only_what_the_page_asks_is_taken() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        for extra in ["state", "reference", "org_id", "created_by", "risk_score", "window.start-date"] {
            let reply = fill(&mut ruth, &reference, "what", &[("title", "x"), (extra, "1")]).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{extra}");
            let reply = ruth.post("/changes/new", &[("kind", "normal"), (extra, "1")]).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{extra}");
        }
        assert_eq!(ruth.get(&step(&reference, "what")).await.field("title").as_deref(), None, "nothing of it was saved");
        let reply = ruth.post("/changes/new", &[("kind", "standard")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn nobody_else_sees_a_draft() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        nine_answers(&mut ruth, &reference, &["NO-GW"]).await;
        for email in ["oleg@riverside.example", "priya@halden.example", "ann@authority.example"] {
            let mut other = world.sign_in(email).await;
            assert_eq!(other.get(&step(&reference, "what")).await.status, StatusCode::NOT_FOUND, "{email}");
            let reply = other.post(&step(&reference, "what"), &[("version", "1"), ("title", "x")]).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{email}");
            for address in ["send", "copy"] {
                assert_eq!(other.post(&format!("/changes/{reference}/{address}"), &[]).await.status, StatusCode::NOT_FOUND, "{email}");
            }
        }
        let mut ola = world.sign_in("ola@northbrook.example").await;
        assert_eq!(ola.get(&step(&reference, "what")).await.status, StatusCode::OK, "her colleague does");
    });
}

#[test]
fn s46_whoever_types_is_the_author_and_for_whom_is_recorded() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut both = world.sign_in("both@eastmarsh.example").await;
        let bare = both.post("/changes/new", &[("kind", "normal")]).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bare.text().contains("Choose the organisation"), "{}", bare.text());
        let foreign = both.post("/changes/new", &[("kind", "normal"), ("org", "NORTHBROOK")]).await;
        let unknown = both.post("/changes/new", &[("kind", "normal"), ("org", "NOWHERE")]).await;
        assert_eq!((foreign.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
        let reply = both.post("/changes/new", &[("kind", "normal"), ("org", "EASTMARSH"), ("on_behalf_of", "Sister Grace Hill")]).await;
        assert_eq!(reply.location(), step("RFC-2026-000001", "what"), "refused ones took no number");
        let drafted = loaded(&world, "RFC-2026-000001");
        let Event::Raised { on_behalf_of: Some(name), .. } = &drafted.events[0].event else { panic!("{:?}", drafted.events[0]) };
        assert_eq!(drafted.prose[&name.text.0], "Sister Grace Hill");
        assert!(drafted.events[0].by.person.is_some(), "and who typed it");
    });
}

#[test]
fn a_copy_takes_everything_but_the_night() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        nine_answers(&mut ruth, &reference, &["NO-GW"]).await;
        send(&mut ruth, &reference).await;
        ruth.get("/changes/new").await;
        let copied = ruth.post(&format!("/changes/{reference}/copy"), &[]).await;
        assert_eq!(copied.location(), step("RFC-2026-000002", "what"), "{}", copied.text());
        let page = ruth.get(copied.location()).await;
        assert_eq!(page.field("title").as_deref(), Some("Move the imaging gateway"));
        let page = ruth.get(&step("RFC-2026-000002", "when")).await;
        assert_eq!(page.field("window.start-date").as_deref(), Some(""));
        assert_eq!(page.field("contact_on_site.name").as_deref(), Some("Len Brook"));
        let Event::Raised { copied_from, .. } = &loaded(&world, "RFC-2026-000002").events[0].event else { panic!("no draft") };
        assert_eq!(*copied_from, Some(change(&world, &reference).id));
    });
}

#[test]
fn what_came_back_is_sent_again_from_what_was_sent() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let reference = begin(&mut ruth, "normal", &[]).await;
        nine_answers(&mut ruth, &reference, &["NO-GW"]).await;
        send(&mut ruth, &reference).await;
        world.advance(SignedDuration::from_mins(5));
        let priya = world.app.db.read(|tx| signalbox_store::accounts::person_by_email(tx, "priya@halden.example")).unwrap().unwrap().id;
        let priya = world.app.db.read(|tx| signalbox_store::accounts::actor(tx, priya)).unwrap().unwrap().to_core();
        let raw = [("defects".to_owned(), vec!["Say which rack.".to_owned()])].into();
        world.app.take(&priya, change(&world, &reference).id.0, Act::Return, raw, Expect::default()).unwrap();
        let page = ruth.get(&step(&reference, "what")).await;
        assert_eq!(page.field("title").as_deref(), Some("Move the imaging gateway"));
        world.advance(SignedDuration::from_mins(5));
        fill_on(&mut ruth, &reference, "what", &[("title", "Move the gateway to rack 4"), WHAT[1], WHAT[2]]).await;
        let sent = send(&mut ruth, &reference).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let after = change(&world, &reference);
        assert_eq!((after.stage, after.revision), (Stage::Submitted, 2));
    });
}
