//! Firewall rules, modalities and national services through the pages and the API: tables of answers, names that are
//! taken (scenario 46), the national approval (scenario 47), and the form on paper.

use axum::http::StatusCode;
use serde_json::json;
use signalbox::run::{Expect, NewDraft};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};

use crate::world::{Client, Reply, World, on_each_engine};

const RUTH: &str = "ruth@northbrook.example";
const OLEG: &str = "oleg@riverside.example";
const PRIYA: &str = "priya@halden.example";
const ANN: &str = "ann@authority.example";

struct Cast {
    northbrook: i64,
    riverside: i64,
    supplier: i64,
}

fn cast(world: &World) -> Cast {
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    let northbrook = world.organisation("northbrook", OrgKind::Trust);
    let riverside = world.organisation("riverside", OrgKind::Trust);
    let id = || world.app.ids.mint(world.now());
    let service = id();
    let (first, second) = (world.app.act(None, world.now()), world.app.act(None, world.now()));
    world.app.attempt(move |tx| directory::upsert_service(tx, &first, &Service::new(service, "PACS", "PACS imaging", supplier), OnDifference::Report)).unwrap();
    world.app.attempt(move |tx| directory::set_service_orgs(tx, &second, service, &[northbrook, riverside])).unwrap();
    for (code, name, org) in [("NB", "Northbrook General", northbrook), ("RI", "Riverside Infirmary", riverside)] {
        let (site, item) = (id(), id());
        let (first, second) = (world.app.act(None, world.now()), world.app.act(None, world.now()));
        let site = Site { id: site, org_id: org, code: code.into(), name: name.into(), ods_code: None };
        let item = Item {
            id: item,
            code: format!("{code}-FW"),
            name: "Outer firewall".into(),
            item_type: "appliance".into(),
            org_id: org,
            site_id: Some(site.id),
            watched_by: None,
            services: vec![service],
        };
        world.app.attempt(move |tx| directory::upsert_site(tx, &first, &site, OnDifference::Report)).unwrap();
        world.app.attempt(move |tx| directory::upsert_item(tx, &second, &item, OnDifference::Report)).unwrap();
    }
    world.person(RUTH, "Ruth Ellery", &[(northbrook, Role::Coordinator)]);
    world.person(OLEG, "Oleg Marsh", &[(riverside, Role::Coordinator)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person("tom@halden.example", "Tom Achebe", &[(supplier, Role::Assessor)]);
    world.person("helen@halden.example", "Helen Sato", &[(supplier, Role::SupplierSafety)]);
    world.person(ANN, "Ann Okafor", &[(authority, Role::AuthorityManager)]);
    Cast { northbrook, riverside, supplier }
}

fn actor(world: &World, email: &str) -> Actor {
    let found = world.app.db.read(|tx| {
        let person = signalbox_store::accounts::person_by_email(tx, email)?.expect("somebody");
        signalbox_store::accounts::actor(tx, person.id)
    });
    found.unwrap().unwrap().to_core()
}

fn raw(fields: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in fields {
        raw.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

const COMMON: &[(&str, &str)] = &[
    ("why", "improvement"),
    ("people_notice", "Nothing"),
    ("services", "PACS"),
    ("window.start.date", "2027-01-19"),
    ("window.start.time", "19:00"),
    ("window.end.date", "2027-01-19"),
    ("window.end.time", "21:00"),
    ("contingency_end.date", "2027-01-19"),
    ("contingency_end.time", "23:00"),
    ("contact_on_site.name", "Len Brook"),
    ("contact_on_site.phone", "020 7946 0158"),
    ("backout", "The old one is switched on again"),
    ("why_words", "It is full"),
    ("what", "Connect, test, hand over"),
    ("outage_minutes", "0"),
    ("degraded_minutes", "0"),
    ("users_affected", "0"),
    ("patient_facing", "none"),
    ("reversible", "yes"),
    ("backout_minutes", "35"),
    ("network_affected", "no"),
    ("charge_hint", "no"),
    ("continuity", "By telephone"),
];

const MODALITY: &[(&str, &str)] = &[
    ("title", "Connect CT scanner 1"),
    ("pacs_action", "connect"),
    ("modality_type", "ct"),
    ("first_of_kind", "no"),
    ("tls", "no"),
    ("sites", "NB"),
    ("department", "Radiology"),
    ("room", "CT 1"),
    ("manufacturer", "Invented Imaging"),
    ("model_name", "Ring 64"),
    ("serial", "RX-1"),
    ("software_version", "7.1"),
    ("conformance_statement", "ring64-7.1.pdf"),
    ("ae_title", "CT_MAIN_1"),
    ("port", "11112"),
    ("ip", "10.20.30.41"),
    ("dicom_services", "c-store"),
];

/// A draft of this kind with these answers, begun by this person.
fn draft(world: &World, email: &str, org: i64, kind: Kind, fields: &[&[(&str, &str)]]) -> String {
    let mut typed = Raw::new();
    for group in fields {
        typed.extend(raw(group));
    }
    let process = world.app.documents.of_kind(kind).unwrap();
    let known = signalbox_core::decide::fields::of_document(&process);
    typed.retain(|name, _| signalbox_core::decide::fields::is_known(&known, name));
    let new = NewDraft { kind, org: OrgId(org), on_behalf_of: None, copied_from: None, raw: typed };
    world.app.raise(&actor(world, email), new, Expect::default()).unwrap().reference
}

async fn send(client: &mut Client<'_>, reference: &str) -> Reply {
    let page = client.get(&format!("/changes/{reference}/edit/check")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let hidden = ["version", "rev", "act", "idempotency_key"].map(|name| (name, page.field(name).unwrap()));
    let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    client.post(&format!("/changes/{reference}/send"), &fields).await
}

async fn fill(client: &mut Client<'_>, reference: &str, step: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/changes/{reference}/edit/{step}");
    let page = client.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let (version, asked) = (page.field("version").unwrap(), page.field("asked").unwrap());
    client.post(&path, &[&[("version", version.as_str()), ("asked", asked.as_str())], fields].concat()).await
}

#[test]
fn scenario_46_an_ae_title_that_is_live_is_refused_with_the_site_of_its_owner() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ruth = world.sign_in(RUTH).await;
        let first = draft(&world, RUTH, cast.northbrook, Kind::PacsModality, &[COMMON, MODALITY]);
        let sent = send(&mut ruth, &first).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());

        // The same title in small letters and with a space: the page says so as soon as it is typed.
        let other = [("title", "Connect a second scanner"), ("ae_title", "ct_main_1 "), ("ip", "10.20.30.42")];
        let second = draft(&world, RUTH, cast.northbrook, Kind::PacsModality, &[COMMON, MODALITY, &other]);
        let refused = send(&mut ruth, &second).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("a machine at Northbrook General has CT_MAIN_1 at that time"), "{}", refused.text());

        // Another trust is told that it is taken, not where; the supplier, who serves both, is told where.
        let elsewhere = draft(&world, OLEG, cast.riverside, Kind::PacsModality, &[COMMON, MODALITY, &other, &[("sites", "RI")]]);
        let refused = send(&mut world.sign_in(OLEG).await, &elsewhere).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("a machine at another site has CT_MAIN_1"), "{}", refused.text());
        assert!(!refused.body.contains("Northbrook General"));
        let theirs = draft(&world, PRIYA, cast.supplier, Kind::PacsModality, &[COMMON, MODALITY, &other]);
        let refused = send(&mut world.sign_in(PRIYA).await, &theirs).await;
        assert!(refused.text().contains("Northbrook General"), "{}", refused.text());

        // An address belongs to one live modality.
        let address = [("ae_title", "CT_MAIN_2")];
        let third = draft(&world, RUTH, cast.northbrook, Kind::PacsModality, &[COMMON, MODALITY, &address]);
        let refused = send(&mut ruth, &third).await;
        assert!(refused.text().contains("10.20.30.41 at that time"), "{}", refused.text());

        // A replacement: not while both are on, but at one moment.
        let swap = |live: &'static str| {
            vec![
                ("title", "Replace CT scanner 1"),
                ("pacs_action", "replace"),
                ("replaces_ae", "CT_MAIN_1"),
                ("replaces_off_at.date", "2027-01-19"),
                ("replaces_off_at.time", "20:00"),
                ("live_from.date", "2027-01-19"),
                ("live_from.time", live),
            ]
        };
        let overlapping = draft(&world, RUTH, cast.northbrook, Kind::PacsModality, &[COMMON, MODALITY, &swap("19:30")]);
        let refused = send(&mut ruth, &overlapping).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("Switch the old CT_MAIN_1 off before the new one is on"), "{}", refused.text());
        let at_once = draft(&world, RUTH, cast.northbrook, Kind::PacsModality, &[COMMON, MODALITY, &swap("20:00")]);
        let sent = send(&mut ruth, &at_once).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());

        // What was withdrawn claims nothing any more.
        for reference in [&first, &at_once] {
            let id = world
                .app
                .db
                .read(|tx| signalbox_store::queries::sight::by_reference(tx, &signalbox_store::scope::Scope::of(&Actor::System), reference))
                .unwrap()
                .unwrap();
            world.app.take(&actor(&world, RUTH), id, Act::Withdraw, Raw::new(), Expect::default()).unwrap();
        }
        let sent = send(&mut ruth, &second).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    });
}

const E_RS: &[(&str, &str)] = &[
    ("title", "Point 42 services to the new PAS"),
    ("national_service", "e-rs"),
    ("national_change", "services_in_bulk"),
    ("ods_code", "rxa"),
    ("directory_services", "42"),
    ("bookable_services", "Cardiology"),
    ("slots_plan", "Out at 18:00, back at 21:00"),
    ("referrers_notice", "Practices were told"),
    ("national_outages_checked_at.date", "2026-11-01"),
    ("national_outages_checked_at.time", "09:00"),
    ("security_flag", "no"),
    ("test_evidence", "Tried in the integration environment"),
];

#[test]
fn scenario_47_no_local_approval_before_the_national_one() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let day = [("window.start.time", "09:00"), ("window.end.time", "12:00")];
        let reference = draft(&world, RUTH, cast.northbrook, Kind::NationalService, &[COMMON, E_RS, &day]);
        let mut ruth = world.sign_in(RUTH).await;
        // A Tuesday morning is warned of, and not refused.
        let page = ruth.get(&format!("/changes/{reference}/edit/when")).await;
        assert!(page.text().contains("on a weekday between 08:00 and 18:00"), "{}", page.text());
        assert_eq!(send(&mut ruth, &reference).await.status, StatusCode::SEE_OTHER);
        let id = world
            .app
            .db
            .read(|tx| signalbox_store::queries::sight::by_reference(tx, &signalbox_store::scope::Scope::of(&Actor::System), &reference))
            .unwrap()
            .unwrap();
        let take = |email: &str, act, fields: &[(&str, &str)]| world.app.take(&actor(&world, email), id, act, raw(fields), Expect::default());
        let risks: Vec<(String, &str)> = (1..=6).map(|n| (format!("risk_{n}"), "0")).collect();
        take(PRIYA, Act::Accept, &risks.iter().map(|(n, v)| (n.as_str(), *v)).collect::<Vec<_>>()).unwrap();
        let no: Vec<(String, &str)> = (1..=8).map(|n| (format!("q{n}"), "no")).collect();
        take("helen@halden.example", Act::Screen, &no.iter().map(|(n, v)| (n.as_str(), *v)).collect::<Vec<_>>()).unwrap();
        for _ in 0..6 {
            for (email, kinds) in [("tom@halden.example", &["technical", "resources", "continuity", "security"][..]), (OLEG, &["affected"])] {
                for kind in kinds {
                    let _ = take(email, Act::Assess, &[("assessment", kind), ("objects", "no"), ("finding", "Nothing against it")]);
                }
            }
        }
        let mut ann = world.sign_in(ANN).await;
        let record = ann.get(&format!("/changes/{reference}")).await;
        assert!(record.text().contains("The national approval has no reference yet"), "{}", record.text());
        let seen = record.field("version").unwrap_or_else(|| "9".into());
        let refused = ann.post(&format!("/changes/{reference}/acts/approve"), &[("version", &seen)]).await;
        assert!(refused.status.is_client_error(), "{}", refused.status);
        take(RUTH, Act::Amend, &[("national_approval_ref", "NAT-4711")]).unwrap();
        let page = ann.get(&format!("/changes/{reference}/acts/approve")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        assert!(page.text().contains("on a weekday between 08:00 and 18:00"), "who decides is told too");
        let hidden: Vec<(&str, String)> = ["version", "idempotency_key", "seen"].into_iter().filter_map(|name| Some((name, page.field(name)?))).collect();
        let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = ann.post(&format!("/changes/{reference}/acts/approve"), &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    });
}

#[test]
fn every_kind_that_has_a_document_is_offered_with_a_sentence() {
    on_each_engine(|world| async move {
        cast(&world);
        let page = world.sign_in(RUTH).await.get("/changes/new").await;
        for (kind, words) in [
            ("firewall_network", "Who may talk to whom"),
            ("pacs_modality", "A scanner or anything else that sends images"),
            ("national_service", "e-RS (Choose and Book)"),
        ] {
            assert!(page.body.contains(&format!("value=\"{kind}\"")) && page.text().contains(words), "{kind}: {}", page.text());
        }
    });
}

const RULE: [(&str, &str); 7] = [
    ("rules.1.action", "add"),
    ("rules.1.source", "10.20.30.0/24"),
    ("rules.1.destination", "archive.example.org"),
    ("rules.1.protocol", "tcp"),
    ("rules.1.ports", "104, 11112"),
    ("rules.1.direction", "outbound"),
    ("rules.1.purpose", "Images of the new scanner"),
];

#[test]
fn a_table_of_rules_is_filled_in_row_by_row_without_a_script() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let opening = [("title", "Let the scanner reach the archive"), ("rule_action", "add_a_rule"), ("items", "NB-FW"), ("security_flag", "no")];
        let reference = draft(&world, RUTH, cast.northbrook, Kind::FirewallNetwork, &[COMMON, &opening]);
        let mut ruth = world.sign_in(RUTH).await;
        let details = format!("/changes/{reference}/edit/details");
        let empty = ruth.get(&details).await;
        assert!(empty.body.contains("name=\"rules.3.source\"") && !empty.body.contains("name=\"rules.4.source\""), "three empty rows");
        // More rows are a button; what was typed stays.
        let more = fill(&mut ruth, &reference, "details", &[&RULE[..], &[("rules.3.source", "10.0.0.1"), ("more_rows", "yes")]].concat()).await;
        assert_eq!((more.status, more.location()), (StatusCode::SEE_OTHER, details.as_str()));
        let page = ruth.get(&details).await;
        assert!(page.body.contains("value=\"10.20.30.0/24\"") && page.body.contains("name=\"rules.5.source\""));
        // Every fault stands at its cell, in a sentence that says what to type.
        let wrong = [&RULE[..1], &[("rules.1.source", "10.20.30.17/24"), ("rules.1.ports", "70000")], &RULE[2..4], &RULE[5..]].concat();
        let refused = fill(&mut ruth, &reference, "details", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = refused.text();
        assert!(text.contains("Row 1, From: Type 10.20.30.0/24 for the network") && text.contains("Row 1, Ports: Type ports"), "{text}");
        assert!(refused.body.contains("href=\"#rules.1.source\"") && refused.body.contains("value=\"10.20.30.17/24\""));
        // Nothing is set by the way (S31).
        let sly = fill(&mut ruth, &reference, "details", &[&RULE[..], &[("rules.1.approved", "yes")]].concat()).await;
        assert_eq!(sly.status, StatusCode::UNPROCESSABLE_ENTITY, "the step says that it has no such field");
        let check = send(&mut ruth, &reference).await;
        assert_eq!(check.status, StatusCode::UNPROCESSABLE_ENTITY, "and it is not sent");
        assert_eq!(fill(&mut ruth, &reference, "details", &RULE).await.status, StatusCode::SEE_OTHER);
        let sent = send(&mut ruth, &reference).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let record = ruth.get(&format!("/changes/{reference}")).await;
        assert!(record.body.contains("id=\"answer-rules\"") && record.text().contains("19 January 2028"), "a table, and its day a year on: {}", record.text());
        let paper = ruth.get(&format!("/changes/{reference}/form")).await;
        assert!(paper.text().contains("archive.example.org") && paper.text().contains("Signed"), "{}", paper.text());
    });
}

#[test]
fn rows_are_objects_in_the_api_and_faults_point_at_their_cells() {
    use crate::api::program::{furnish, pointers};
    on_each_engine(|world| async move {
        let people = furnish(&world);
        let trust = &people.trust;
        let row = json!({"action": "add", "source": "10.20.30.0/24", "destination": "any", "protocol": "tcp", "ports": "443", "direction": "outbound", "logging": true, "purpose": "Updates"});
        let wrong = json!({"title": "A rule", "rules": [row, {"source": "10.20.30.17/24"}]});
        let body = |answers: &serde_json::Value| json!({"kind": "firewall_network", "organisation": "NORTHBROOK", "answers": answers});
        let refused = trust.post("/api/v1/changes", body(&wrong)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(pointers(&refused).iter().any(|(pointer, _)| pointer.ends_with("/rules/1/source")), "{}", refused.body);
        let sly = trust.post("/api/v1/changes", body(&json!({"title": "A rule", "rules": [{"approved": "yes"}]}))).await;
        assert_eq!(sly.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sly.body);
        let made = trust.post("/api/v1/changes", body(&json!({"title": "A rule", "rules": [row]}))).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let path = format!("/api/v1/changes/{}", made.json()["reference"].as_str().unwrap());
        assert_eq!(trust.get(&path).await.json()["draft"]["answers"]["rules"][0]["destination"], "any");
        let fields = trust.get(&format!("{path}/acts/submit")).await.json();
        let rules = fields["fields"].as_array().unwrap().iter().find(|field| field["name"] == "rules").unwrap().clone();
        assert_eq!((rules["kind"].as_str(), rules["columns"][1]["format"].as_str()), (Some("rows"), Some("host_or_cidr")));
    });
}

#[test]
fn the_form_on_paper_has_every_question_of_its_document() {
    on_each_engine(|world| async move {
        let mut stranger = world.stranger();
        for kind in [Kind::Normal, Kind::PacsModality, Kind::FirewallNetwork, Kind::NationalService] {
            let process = world.app.documents.of_kind(kind).unwrap();
            let page = stranger.get(&format!("/process/{}/form", process.id)).await;
            assert_eq!(page.status, StatusCode::OK);
            let text = page.text();
            for question in process.questions.iter().filter(|q| q.id != "attachments") {
                assert!(text.contains(&question.text), "{}: {}", process.id, question.text);
            }
        }
        assert_eq!(stranger.get("/process/nothing/form").await.status, StatusCode::NOT_FOUND);
    });
}
