//! Changes through their pages: a change from draft to closed by the people whose steps they are, and what the pages
//! refuse, keep and hide.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use signalbox::run::{Done, Expect, NewDraft};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::directory::{Item, OnDifference, Service, Site, set_service_orgs, upsert_item, upsert_service, upsert_site};

use crate::world::{BASE, Client, Reply, World, on_each_engine};

pub const JOY: &str = "joy@northbrook.example";
pub const PRIYA: &str = "priya@halden.example";
const TOM: &str = "tom@halden.example";
const ENA: &str = "ena@halden.example";
pub const GRACE: &str = "grace@authority.example";
const SAM: &str = "sam@riverside.example";

/// A trust, a supplier, an authority and a stranger's trust, with one service on one item.
pub struct Stage {
    joy: i64,
    trust: i64,
}

pub fn furnish(world: &World) -> Stage {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    let other = world.organisation("riverside", OrgKind::Trust);
    let joy = world.person(JOY, "Joy Adeyemi", &[(trust, Role::Coordinator)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person(TOM, "Tom Achebe", &[(supplier, Role::Assessor)]);
    world.person(ENA, "Ena Lund", &[(supplier, Role::Implementer)]);
    world.person(GRACE, "Grace Adeleke", &[(authority, Role::AuthorityManager)]);
    world.person(SAM, "Sam Okoro", &[(other, Role::Coordinator)]);
    let (site, service, item) = (world.app.ids.mint(world.now()), world.app.ids.mint(world.now()), world.app.ids.mint(world.now()));
    let act = || world.app.act(None, world.now());
    let (a, b, c, d) = (act(), act(), act(), act());
    world
        .app
        .attempt(move |tx| {
            let site_row = Site { id: site, org_id: trust, code: "NB".into(), name: "Northbrook General".into(), ods_code: None };
            let service_row = Service::new(service, "PACS", "PACS imaging", supplier);
            let item_row = Item {
                id: item,
                code: "NB-N2".into(),
                name: "Archive node N2".into(),
                item_type: "server".into(),
                org_id: trust,
                site_id: Some(site),
                watched_by: None,
                services: vec![service],
            };
            for outcome in
                [upsert_site(tx, &a, &site_row, OnDifference::Report)?.map(drop), upsert_service(tx, &b, &service_row, OnDifference::Report)?.map(drop)]
            {
                if let Err(why) = outcome {
                    return Ok(Err(why));
                }
            }
            if let Err(why) = set_service_orgs(tx, &c, service, &[trust])? {
                return Ok(Err(why));
            }
            Ok(upsert_item(tx, &d, &item_row, OnDifference::Report)?.map(drop))
        })
        .unwrap();
    Stage { joy, trust }
}

/// A draft that can be sent, with this title.
pub fn draft(world: &World, stage: &Stage, title: &str) -> Done {
    let person = stage.joy;
    let actor = world.app.read::<_, signalbox_store::StoreError>(|tx| Ok(signalbox_store::accounts::actor(tx, person)?.unwrap().to_core())).unwrap();
    let new = NewDraft { kind: Kind::Normal, org: OrgId(stage.trust), on_behalf_of: None, copied_from: None, raw: answers(title) };
    world.app.raise(&actor, new, Expect::default()).unwrap()
}

fn answers(title: &str) -> Raw {
    let typed: BTreeMap<&str, &str> = BTreeMap::from([
        ("title", title),
        ("why", "problem"),
        ("people_notice", "Older images take up to 40 seconds."),
        ("services", "PACS"),
        ("items", "NB-N2"),
        ("window.start.date", "2027-01-19"),
        ("window.start.time", "22:00"),
        ("window.end.date", "2027-01-20"),
        ("window.end.time", "02:00"),
        ("backout", "Return to the old firmware in 35 minutes."),
        ("proof", "Fetch 20 studies and compare them."),
        ("contact_on_site.name", "Len Brook"),
        ("contact_on_site.phone", "020 7946 0158"),
        ("why_words", "A copy can be lost."),
        ("what", "Firmware from 8.1 to 8.2."),
        ("contingency_end.date", "2027-01-20"),
        ("contingency_end.time", "03:00"),
        ("outage_minutes", "0"),
        ("degraded_minutes", "0"),
        ("users_affected", "0"),
        ("patient_facing", "none"),
        ("reversible", "yes"),
        ("backout_minutes", "35"),
        ("test_evidence", "Tried on the spare node."),
        ("security_flag", "no"),
        ("network_affected", "no"),
        ("charge_hint", "no"),
    ]);
    typed.into_iter().map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect()
}

/// Opens an act's page and posts it with what the page itself carries.
pub async fn take(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/changes/{reference}/acts/{act}");
    let page = client.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
    let hidden: Vec<(&str, String)> = ["version", "idempotency_key", "seen"].into_iter().filter_map(|name| Some((name, page.field(name)?))).collect();
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend(fields);
    client.post(&path, &all).await
}

pub async fn taken(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) {
    let reply = take(client, reference, act, fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{act}: {}", reply.text());
}

/// Sends the draft as its form stands.
pub async fn send(joy: &mut Client<'_>, reference: &str) {
    let raw = answers("x");
    let fields: Vec<(String, String)> = raw
        .iter()
        .filter(|(name, _)| *name != "title")
        .map(|(name, values)| (name.replace(".date", "-date").replace(".time", "-time"), values[0].clone()))
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    taken(joy, reference, "submit", &fields).await;
}

async fn stage_of(client: &mut Client<'_>, reference: &str) -> String {
    let page = client.get(&format!("/changes/{reference}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let html = scraper::Html::parse_document(&page.body);
    // The record holds several forms; no two controls may share an id.
    let mut ids = BTreeSet::new();
    for found in html.select(&scraper::Selector::parse("[id]").unwrap()) {
        let id = found.value().attr("id").unwrap_or_default();
        assert!(ids.insert(id.to_owned()), "{id} stands twice on {reference}");
    }
    let current = scraper::Selector::parse("ol.stages li[aria-current] b").unwrap();
    html.select(&current).next().map(|found| found.text().collect()).unwrap_or_default()
}

pub const RISKS: [(&str, &str); 6] = [("risk_1", "0"), ("risk_2", "0"), ("risk_3", "0"), ("risk_4", "0"), ("risk_5", "0"), ("risk_6", "0")];
const SCREEN: [(&str, &str); 8] = [("q1", "no"), ("q2", "no"), ("q3", "no"), ("q4", "no"), ("q5", "no"), ("q6", "no"), ("q7", "no"), ("q8", "no")];

/// From checking to the decision.
pub async fn assess(world: &World, reference: &str) {
    let mut priya = world.sign_in(PRIYA).await;
    let mut tom = world.sign_in(TOM).await;
    let mut joy = world.sign_in(JOY).await;
    taken(&mut priya, reference, "accept", &RISKS).await;
    taken(&mut priya, reference, "screen", &SCREEN).await;
    for client in [&mut tom, &mut priya, &mut joy] {
        for kind in ["technical", "resources", "continuity", "affected", "security", "commercial", "network"] {
            if stage_of(client, reference).await != "Assessing" {
                return;
            }
            let page = client.get(&format!("/changes/{reference}/acts/assess")).await;
            if page.status == StatusCode::OK && page.body.contains(&format!("value=\"{kind}\"")) {
                taken(client, reference, "assess", &[("assessment", kind), ("objects", "no"), ("finding", "Nothing stands against it.")]).await;
            }
        }
    }
}

#[test]
fn a_change_goes_from_draft_to_closed_through_its_pages() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        let mut priya = world.sign_in(PRIYA).await;
        assert_eq!(stage_of(&mut joy, &reference).await, "Draft");
        assert_eq!(priya.get(&format!("/changes/{reference}")).await.status, StatusCode::NOT_FOUND, "a draft is its organisation’s alone");
        send(&mut joy, &reference).await;
        assert_eq!(stage_of(&mut joy, &reference).await, "Checking");
        assess(&world, &reference).await;
        assert_eq!(stage_of(&mut priya, &reference).await, "Deciding");
        let page = priya.get(&format!("/changes/{reference}")).await.text();
        assert!(
            page.contains("Older images take up to 40 seconds.") && page.contains("Archive node N2") && page.contains("Nothing stands against it."),
            "{page}"
        );

        // Looking decides nothing; the button does.
        let decision = priya.get(&format!("/decide/{reference}")).await;
        assert_eq!(decision.status, StatusCode::OK);
        assert!(!decision.body.contains("checked"), "nothing is chosen beforehand");
        assert_eq!(stage_of(&mut priya, &reference).await, "Deciding");
        let hidden = [decision.field("version").unwrap(), decision.field("seen").unwrap()];
        let vague = priya
            .post(
                &format!("/decide/{reference}"),
                &[("version", &hidden[0]), ("seen", &hidden[1]), ("decision", "approve_with_condition"), ("words", "Prove it first.")],
            )
            .await;
        assert_eq!(vague.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(vague.body.contains("Prove it first."), "what was typed stays");
        let approved = priya.post(&format!("/decide/{reference}"), &[("version", &hidden[0]), ("seen", &hidden[1]), ("decision", "approve")]).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text());
        assert!(priya.get(&format!("/decide/{reference}")).await.text().contains("This is decided."));

        taken(&mut priya, &reference, "schedule", &[("implementer", ENA)]).await;
        assert_eq!(stage_of(&mut priya, &reference).await, "Scheduled");
        world.clock.set("2027-01-19T22:01:00Z".parse::<Timestamp>().unwrap());
        let mut ena = world.sign_in(ENA).await;
        taken(&mut ena, &reference, "start", &[]).await;
        world.advance(SignedDuration::from_mins(90));
        taken(&mut ena, &reference, "finish", &[("outcome", "successful"), ("back", "PACS")]).await;
        let mut priya = world.sign_in(PRIYA).await;
        taken(&mut priya, &reference, "close", &[("outcome", "successful")]).await;
        assert_eq!(stage_of(&mut priya, &reference).await, "Closed");
        let text = priya.get(&format!("/changes/{reference}?show=decisions")).await.text();
        assert!(text.contains("Approved by Priya Nair") && text.contains("Closed: successful by Priya Nair"), "{text}");
    });
}

/// Beside what is told where clocks change (`local.rs`), each page and letter says by which clock its times are.
#[test]
fn c081_pages_and_letters_say_by_which_clock_they_tell_times() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        send(&mut joy, &reference).await;
        let mail = world.step_worker().into_iter().find(|mail| mail.subject.contains(&reference)).expect("somebody is told");
        assert!(mail.text.contains("Times are UK local time."), "{}", mail.text);
        for (now, clock) in [("2027-01-05T12:00:00Z", "12:00 GMT"), ("2027-07-05T12:00:00Z", "13:00 BST")] {
            world.clock.set(now.parse::<Timestamp>().unwrap());
            let mut joy = world.sign_in(JOY).await;
            for path in ["/", "/changes", "/schedule", &format!("/changes/{reference}")] {
                let page = joy.get(path).await.text();
                assert!(page.contains("Times are UK local time.") && page.contains(clock), "{path} at {now}: {page}");
            }
        }
    });
}

/// A trust that is told of something of its own has a stake in the change, and reads that before all else.
#[test]
fn c034_each_organisation_reads_what_it_will_notice_itself() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let person = furnished.joy;
        let joy = world.app.read::<_, signalbox_store::StoreError>(|tx| Ok(signalbox_store::accounts::actor(tx, person)?.unwrap().to_core())).unwrap();
        let mut raw = answers("Archive node firmware");
        let rows =
            [("northbrook", "Old images come late in X-ray."), ("RIVERSIDE", "Ward 3 reads no images from ten to two."), ("halden", "The desk is rung.")];
        for (n, (who, what)) in rows.into_iter().enumerate() {
            raw.insert(format!("own_notice.{}.who", n + 1), vec![who.into()]);
            raw.insert(format!("own_notice.{}.what", n + 1), vec![what.into()]);
        }
        let new = NewDraft { kind: Kind::Normal, org: OrgId(furnished.trust), on_behalf_of: None, copied_from: None, raw };
        let reference = world.app.raise(&joy, new, Expect::default()).unwrap().reference;
        let mut sam = world.sign_in(SAM).await;
        assert_eq!(sam.get(&format!("/changes/{reference}")).await.status, StatusCode::NOT_FOUND);

        let mut joy = world.sign_in(JOY).await;
        let path = format!("/changes/{reference}/acts/submit");
        let version = joy.get(&format!("/changes/{reference}/acts/withdraw")).await.field("version").unwrap();
        let unknown = joy.post(&path, &[("version", &version), ("own_notice.2.who", "nobody")]).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(unknown.body.contains("#own_notice-2-who") || unknown.body.contains("#own_notice.2.who"), "the fault stands at its cell: {}", unknown.text());
        send(&mut joy, &reference).await;
        world.step_worker();
        let mut priya = world.sign_in(PRIYA).await;
        taken(&mut priya, &reference, "accept", &RISKS).await;

        let first = |page: &Reply, own: &str, other: &str| {
            let (own, other) = (page.body.find(own).expect("one’s own line"), page.body.find(other).expect("that of the other"));
            assert!(own < other, "{}", page.text());
        };
        first(&sam.get(&format!("/changes/{reference}")).await, "Ward 3 reads no images from ten to two.", "Old images come late in X-ray.");
        first(&joy.get(&format!("/changes/{reference}")).await, "Old images come late in X-ray.", "Ward 3 reads no images from ten to two.");
        let to_sam = world.step_worker().into_iter().find(|mail| mail.to == SAM).expect("an affected trust is told");
        assert!(to_sam.text.contains("What your organisation will notice: Ward 3 reads no images"), "{}", to_sam.text);
        assert!(!to_sam.text.contains("X-ray"), "{}", to_sam.text);
    });
}

#[test]
fn what_may_not_be_done_says_why_and_what_is_wrong_keeps_what_was_typed() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        let act = |act: &str| format!("/changes/{reference}/acts/{act}");

        let page = joy.get(&act("withdraw")).await;
        let version = page.field("version").unwrap();
        let faulty = joy.post(&act("submit"), &[("version", &version), ("title", "Typed and kept"), ("why", "because")]).await;
        assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(faulty.body.contains("Typed and kept") && faulty.body.contains("nhsuk-error-summary"), "{}", faulty.text());
        assert_eq!(stage_of(&mut joy, &reference).await, "Draft");

        assert_eq!(joy.post(&act("submit"), &[("title", "No version")]).await.status, StatusCode::PRECONDITION_REQUIRED);
        assert_eq!(joy.get(&act("complete")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(joy.get(&act("dance")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(joy.get(&act("approve")).await.status, StatusCode::CONFLICT, "not at this stage");
        send(&mut joy, &reference).await;
        let mut tom = world.sign_in(TOM).await;
        let denied = tom.get(&act("accept")).await;
        assert_eq!(denied.status, StatusCode::FORBIDDEN);
        assert!(denied.text().contains("supplier change manager"), "{}", denied.text());
        let mut priya = world.sign_in(PRIYA).await;
        let stale = priya.post(&act("accept"), &[("version", "1"), ("risk_1", "3")]).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let text = stale.text();
        assert!(text.contains("Joy Adeyemi") && text.contains("How new is it?"), "both versions stand there: {text}");
        assert_eq!(stage_of(&mut priya, &reference).await, "Checking");
        // How much notice is asked for depends on the category, which nobody knows yet; the API says it too.
        let record = priya.get(&format!("/changes/{reference}")).await.text();
        assert!(record.contains("On time, provisional") && record.contains("This is provisional:"), "{record}");
        let program = crate::api::program::token(&world, furnished.joy);
        assert_eq!(program.get(&format!("/api/v1/changes/{reference}")).await.json()["notice"]["provisional"], true);
        let not_now = tom.get(&format!("/changes/{reference}")).await.text();
        assert!(not_now.contains("Not now"), "{not_now}");
    });
}

#[test]
fn s28_to_strangers_nothing_of_it_is_there() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        send(&mut joy, &reference).await;
        assert_eq!(upload(&mut joy, &reference, "plan.txt", b"secret plan").await.status, StatusCode::SEE_OTHER);
        let file = file_links(&joy.get(&format!("/changes/{reference}")).await)[0].clone();
        let mut sam = world.sign_in(SAM).await;
        let base = format!("/changes/{reference}");
        for path in [base.clone(), format!("{base}/acts/approve"), format!("/decide/{reference}"), file.clone()] {
            assert_eq!(sam.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in
            [format!("{base}/acts/approve"), format!("{base}/messages"), format!("{base}/watch"), format!("{base}/unwatch"), format!("/decide/{reference}")]
        {
            assert_eq!(sam.post(&path, &[("version", "1"), ("words", "hello")]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(upload(&mut sam, &reference, "x.txt", b"x").await.status, StatusCode::NOT_FOUND);
        for path in ["/changes", "/changes?q=Archive", &format!("/changes?q={reference}"), "/changes.csv", "/promises", "/promises?of=NORTHBROOK"] {
            let reply = sam.get(path).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}");
            assert!(!reply.body.contains("Archive node firmware"), "{path}");
        }
        // A visitor without a session is sent to sign in, also for a document (S07).
        let mut nobody = world.stranger();
        assert!(nobody.get(&file).await.location().starts_with("/sign-in"));
        // The same document under another change is not there either (S48).
        let other = draft(&world, &furnished, "Another").reference;
        assert_eq!(joy.get(&file.replace(&reference, &other)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(joy.get(&file).await.body, "secret plan");
    });
}

pub async fn upload(client: &mut Client<'_>, reference: &str, name: &str, content: &[u8]) -> Reply {
    client.get(&format!("/changes/{reference}")).await;
    let (edge, token) = ("edge-of-part", client.form_token.clone().unwrap_or_default());
    let name = name.replace('"', "%22");
    let mut body = format!("--{edge}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n").into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{edge}--\r\n").as_bytes());
    let request = client.request(Method::POST, &format!("/changes/{reference}/files"));
    let request = request
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={edge}"))
        .header(header::ORIGIN, BASE)
        .header("sec-fetch-site", "same-origin");
    client.ask(request.body(Body::from(body)).unwrap()).await
}

pub fn file_links(page: &Reply) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.body);
    let links = scraper::Selector::parse("#documents ul a").unwrap();
    html.select(&links).filter_map(|link| link.value().attr("href")).map(str::to_owned).collect()
}

#[test]
fn s07_s68_s69_documents_are_downloads_and_nothing_else() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        let evil: [(&str, &[u8]); 4] = [
            ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
            ("\"><img src=x onerror=alert(1)>.html", b"<script>alert(1)</script>"),
            ("../../etc/passwd", b"x"),
            ("a\u{202e}fdp.exe", b"MZ"),
        ];
        for (name, content) in evil {
            assert_eq!(upload(&mut joy, &reference, name, content).await.status, StatusCode::SEE_OTHER, "{name}");
        }
        let page = joy.get(&format!("/changes/{reference}")).await;
        assert!(!page.body.contains("<img src=x"), "a name is text");
        assert!(!page.body.contains('\u{202e}') && !page.body.contains("../etc"));
        let links = file_links(&page);
        assert_eq!(links.len(), evil.len());
        for (link, (_, content)) in links.iter().zip(evil) {
            let reply = joy.get(link).await;
            assert_eq!(reply.status, StatusCode::OK);
            assert_eq!(reply.body.as_bytes(), content);
            assert!(reply.header("content-disposition").starts_with("attachment; filename=\""), "{}", reply.header("content-disposition"));
            assert_eq!(reply.header("content-type"), "application/octet-stream");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(reply.header("content-security-policy").contains("sandbox"));
            assert_eq!(reply.header("cache-control"), "no-store, private");
        }
        assert_eq!(upload(&mut joy, &reference, "empty.txt", b"").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let large = vec![b'x'; (10 << 20) + 1];
        assert_eq!(upload(&mut joy, &reference, "large.bin", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(upload(&mut joy, &reference, "whole.bin", &large[..10 << 20]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(file_links(&joy.get(&format!("/changes/{reference}")).await).len(), evil.len() + 1);
    });
}

const PAYLOADS: [&str; 5] = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "</title><svg onload=alert(1)>", "{{7*7}}<b>"];

#[test]
fn s67_what_people_write_is_shown_as_they_wrote_it_and_never_runs() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let mut joy = world.sign_in(JOY).await;
        for payload in PAYLOADS {
            let reference = draft(&world, &furnished, payload).reference;
            send(&mut joy, &reference).await;
            let said = joy.post(&format!("/changes/{reference}/messages"), &[("words", payload)]).await;
            assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text());
            for path in [
                format!("/changes/{reference}"),
                "/changes".into(),
                format!("/changes?q={}", "alert"),
                format!("/decide/{reference}"),
                format!("/changes/{reference}/acts/amend"),
            ] {
                let page = joy.get(&path).await;
                assert_eq!(page.status, StatusCode::OK, "{path}");
                for raw in ["<script>alert", "<img src=x", "<svg onload"] {
                    assert!(!page.body.contains(raw), "{path} holds {raw}");
                }
                let is_shown = page.text().contains(payload) || page.field("title").as_deref() == Some(payload);
                assert!(is_shown || path.contains("q="), "{path} lost {payload}");
            }
        }
    });
}

#[test]
fn s77_no_cell_of_a_file_is_a_formula() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let mut joy = world.sign_in(JOY).await;
        let titles = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", "plain, with \"quotes\""];
        for title in titles {
            let reference = draft(&world, &furnished, title).reference;
            send(&mut joy, &reference).await;
        }
        let file = joy.get("/changes.csv").await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.header("content-type").starts_with("text/csv") && file.header("content-disposition").starts_with("attachment"));
        let mut rows = csv::Reader::from_reader(file.body.as_bytes());
        let at = rows.headers().unwrap().iter().position(|head| head == "title").unwrap();
        let found: Vec<String> = rows.records().map(|row| row.unwrap()[at].to_owned()).collect();
        let expected: Vec<String> =
            titles.iter().rev().map(|title| if title.starts_with(['=', '+', '-', '@']) { format!("'{title}") } else { (*title).to_owned() }).collect();
        assert_eq!(found, expected);
        assert_eq!(joy.get("/changes.csv?colour=red").await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn the_list_is_filtered_by_its_address() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let mut joy = world.sign_in(JOY).await;
        let first = draft(&world, &furnished, "Archive node firmware").reference;
        let second = draft(&world, &furnished, "Core switch").reference;
        send(&mut joy, &first).await;
        let all = joy.get("/changes").await.text();
        assert!(all.contains("2 changes.") && all.contains(&first) && all.contains(&second), "{all}");
        let sent = joy.get("/changes?stage=SUBMITTED&organisation=northbrook").await.text();
        assert!(sent.contains("1 change.") && sent.contains(&first) && !sent.contains(&second), "{sent}");
        let wrong = joy.get("/changes?colour=red&stage=dancing").await.text();
        assert!(wrong.contains("“colour” is not a filter") && wrong.contains("“dancing” is no stage") && wrong.contains("2 changes."), "{wrong}");
        assert_eq!(joy.get(&format!("/changes?q={}", first.to_lowercase())).await.location(), format!("/changes/{first}"));
        assert_eq!(joy.get("/changes?q=RFC-1").await.location(), format!("/changes/{first}"));
        let words = joy.get("/changes?q=archive%20firm").await.text();
        assert!(words.contains(&first) && !words.contains(&second), "{words}");
        for n in 0..50 {
            draft(&world, &furnished, &format!("Filler {n}"));
        }
        let page = joy.get("/changes?mine=yes").await;
        assert!(page.text().contains("52 changes."), "{}", page.text());
        let html = scraper::Html::parse_document(&page.body);
        let next = scraper::Selector::parse("a[rel=next]").unwrap();
        let next = html.select(&next).next().and_then(|link| link.value().attr("href")).unwrap().to_owned();
        assert!(next.contains("mine=yes") && joy.get(&next).await.text().contains(&first));
    });
}

#[test]
fn promises_are_listed_and_watching_is_a_button() {
    on_each_engine(|world| async move {
        let furnished = furnish(&world);
        let reference = draft(&world, &furnished, "Archive node firmware").reference;
        let mut joy = world.sign_in(JOY).await;
        send(&mut joy, &reference).await;
        let mut priya = world.sign_in(PRIYA).await;
        taken(&mut priya, &reference, "accept", &RISKS).await;
        let mut tom = world.sign_in(TOM).await;
        let promises = tom.get("/promises").await.text();
        assert!(promises.contains("Give the assessment: Technical") && promises.contains(&reference), "{promises}");
        assert!(tom.get("/promises?of=NORTHBROOK").await.text().contains("is not an organisation of yours"));
        world.advance(SignedDuration::from_hours(24 * 20));
        let mut tom = world.sign_in(TOM).await;
        assert!(tom.get("/promises").await.text().contains("late."));

        let base = format!("/changes/{reference}");
        assert!(tom.get(&base).await.text().contains("Watch this change"));
        assert_eq!(tom.post(&format!("{base}/watch"), &[]).await.location(), base);
        assert!(tom.get(&base).await.text().contains("You are one of them."));
        tom.post(&format!("{base}/unwatch"), &[]).await;
        assert!(tom.get(&base).await.text().contains("Watch this change"));
    });
}
