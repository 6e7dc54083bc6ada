//! Changing the process: who may write, who is asked, who adopts, and from when it counts (X18).

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use jiff::SignedDuration;
use signalbox::app::App;
use signalbox::clock::IdSource;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_store::Db;

use crate::harness::for_each_target;
use crate::world::{BASE, Client, World, on_each_engine, runtime, settings};

const ADA: &str = "ada@authority.example";
const ANN: &str = "ann@authority.example";
const BEN: &str = "ben@authority.example";
const SAM: &str = "sam@northbrook.example";
const ROSE: &str = "rose@northbrook.example";
const PRIYA: &str = "priya@halden.example";

fn people(world: &World) {
    let (authority, trust, supplier) = (
        world.organisation("Authority", OrgKind::Authority),
        world.organisation("Northbrook", OrgKind::Trust),
        world.organisation("Halden", OrgKind::Supplier),
    );
    world.person(ADA, "Ada Byrne", &[(authority, Role::Administrator)]);
    world.person(ANN, "Ann Okafor", &[(authority, Role::AuthorityManager)]);
    world.person(BEN, "Ben Adams", &[(authority, Role::AuthorityManager)]);
    world.person(SAM, "Sam Okoro", &[(trust, Role::Coordinator)]);
    world.person(ROSE, "Rose Hale", &[(trust, Role::Requester)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
}

/// Begins a proposal of the planned outage and gives its address.
async fn begin(client: &mut Client<'_>) -> String {
    client.get("/process/planned-outage").await;
    let reply = client.post("/process/planned-outage/proposals", &[]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    reply.location().to_owned()
}

async fn text_of(client: &mut Client<'_>, path: &str) -> (String, String) {
    let page = client.get(&format!("{path}/text")).await;
    let html = scraper::Html::parse_document(&page.body);
    let area = scraper::Selector::parse("textarea[name=source]").unwrap();
    (html.select(&area).next().unwrap().text().collect::<String>().trim_start_matches('\n').to_owned(), page.field("rev").unwrap())
}

async fn save(client: &mut Client<'_>, path: &str, rev: &str, source: &str) -> crate::world::Reply {
    client.post(&format!("{path}/text"), &[("why", "More time to plan."), ("source", source), ("rev", rev)]).await
}

const WAS: &str = "| trust, supplier | yes, no | 10 | days |";
const IS: &str = "| trust, supplier | yes, no | 12 | days |";

#[test]
fn a_new_version_is_written_by_one_and_adopted_by_another_and_counts_from_its_day() {
    on_each_engine(|world| async move {
        people(&world);
        let mut ann = world.sign_in(ANN).await;
        let path = begin(&mut ann).await;
        let (source, rev) = text_of(&mut ann, &path).await;
        assert!(source.contains("version: 2") && source.contains(WAS), "{source}");
        // Not checked, so not published; not for the eyes of those who are not asked yet.
        let reply = ann.post(&format!("{path}/publish"), &[]).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        let mut sam = world.sign_in(SAM).await;
        assert_eq!(sam.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(sam.get(&format!("{path}/for-you")).await.status, StatusCode::NOT_FOUND);
        assert!(!sam.get("/process/planned-outage").await.text().contains("Propose a change"));
        // A fault stands beside its line, and is linked.
        let faulty = source.replace("| trust, supplier | yes, no | 10 | days |", "| trusts, supplier | yes, no | 12 | days |");
        assert_eq!(save(&mut ann, &path, &rev, &faulty).await.status, StatusCode::SEE_OTHER);
        let reply = ann.post(&format!("{path}/check"), &[]).await;
        let line = faulty.lines().position(|line| line.contains("trusts, supplier")).unwrap() + 1;
        assert!(reply.body.contains(&format!("href=\"#line-{line}\"")) && reply.text().contains("trusts"), "{}", reply.text());
        // Another person of the authority puts it right, and now has a hand in it too.
        let mut ada = world.sign_in(ADA).await;
        let (_, rev) = text_of(&mut ada, &path).await;
        assert_eq!(save(&mut ada, &path, &rev, &source.replace(WAS, IS)).await.status, StatusCode::SEE_OTHER);
        let page = ada.get(&path).await.text();
        assert!(page.contains("A planned outage by a trust or supplier asks for 12 days instead of 10 days."), "{page}");
        assert_eq!(ada.post(&format!("{path}/check"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ada.post(&format!("{path}/adopt"), &[("from", "2026-12-02")]).await.status, StatusCode::FORBIDDEN);
        let page = ann.get(&path).await;
        assert!(page.text().contains("Ask every trust and supplier"), "{}", page.text());
        let reply = ann.post(&format!("{path}/publish"), &[("until", ""), ("because", "")]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        // What people were asked about stays as it is.
        assert_eq!(save(&mut ann, &path, "3", &source).await.status, StatusCode::FORBIDDEN);
        let letters = world.step_worker();
        let to: Vec<&str> = letters.iter().map(|mail| mail.to.as_str()).collect();
        assert!(to.contains(&SAM) && to.contains(&PRIYA) && to.len() == 2, "{to:?}");
        assert!(letters[0].text.contains("/for-you") && letters[0].text.contains("1 December 2026"), "{}", letters[0].text);
        // The trust objects, the supplier acknowledges, a requester may read only.
        let page = sam.get(&format!("{path}/for-you")).await;
        assert!(page.text().contains("asks for 12 days instead of 10 days"), "{}", page.text());
        let org = page.field("org").unwrap();
        let reply = sam.post(&format!("{path}/answer"), &[("org", &org), ("answer", "objected"), ("words", "")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        let words = "A generator test <b>cannot</b> wait.";
        let reply = sam.post(&format!("{path}/answer"), &[("org", &org), ("answer", "objected"), ("words", words)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let mut rose = world.sign_in(ROSE).await;
        assert_eq!(rose.get(&format!("{path}/for-you")).await.status, StatusCode::OK);
        assert_eq!(rose.post(&format!("{path}/answer"), &[("org", &org), ("answer", "acknowledged")]).await.status, StatusCode::FORBIDDEN);
        let mut priya = world.sign_in(PRIYA).await;
        assert_eq!(priya.post(&format!("{path}/answer"), &[("org", &org), ("answer", "acknowledged")]).await.status, StatusCode::FORBIDDEN);
        let org_of_priya = priya.get(&format!("{path}/for-you")).await.field("org").unwrap();
        assert_eq!(priya.post(&format!("{path}/answer"), &[("org", &org_of_priya), ("answer", "acknowledged")]).await.status, StatusCode::SEE_OTHER);
        // Ben had no hand in it; but the days are not over, and the objection is open.
        let mut ben = world.sign_in(BEN).await;
        let page = ben.get(&path).await;
        assert!(
            page.text().contains("1 objection is not answered yet.") && page.body.contains("&lt;b&gt;cannot&lt;/b&gt;") || page.body.contains("&#60;b&#62;"),
            "{}",
            page.text()
        );
        assert_eq!(ben.post(&format!("{path}/adopt"), &[("from", "2026-12-02")]).await.status, StatusCode::FORBIDDEN);
        let reply = ben.post(&format!("{path}/reply"), &[("org", &org), ("words", "It may still come late, with its reason.")]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let letters = world.step_worker();
        assert!(letters.iter().any(|mail| mail.to == SAM && mail.text.contains("It may still come late")), "{letters:?}");
        world.advance(SignedDuration::from_hours(24 * 15));
        let (mut ben, mut ann) = (world.sign_in(BEN).await, world.sign_in(ANN).await);
        ann.get(&path).await;
        assert_eq!(ann.post(&format!("{path}/adopt"), &[("from", "2026-12-05")]).await.status, StatusCode::FORBIDDEN, "she published it");
        ben.get(&path).await;
        assert_eq!(ben.post(&format!("{path}/adopt"), &[("from", "2026-11-05")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ben.post(&format!("{path}/adopt"), &[("from", "2026-12-05")]).await.status, StatusCode::SEE_OTHER);
        // From its day on, and not before; another node of the same database follows.
        let other = App::new(world.app.db.clone(), world.clock.clone(), IdSource::seeded(9), settings());
        let of = |app: &App| app.documents.of_kind(Kind::PlannedOutage).unwrap().version;
        assert!(ben.get("/process/planned-outage").await.text().contains("Version 1. The picture"));
        let old = world.app.documents.of_kind(Kind::PlannedOutage).unwrap().hash.clone();
        world.advance(SignedDuration::from_hours(24 * 3));
        let mut ben = world.sign_in(BEN).await;
        let page = ben.get("/process/planned-outage").await.text();
        assert!(page.contains("Version 2. The picture") && page.contains("adopted by Ben Adams") && page.contains("1 acknowledged, 1 objection"), "{page}");
        other.read::<_, signalbox_store::StoreError>(|tx| other.documents.renew(tx, other.clock.now())).unwrap();
        assert_eq!((of(&world.app), of(&other)), (2, 2));
        // The text of the version before can still be read, by its fingerprint.
        let page = ben.get(&format!("/process/planned-outage/versions/{old}")).await;
        assert!(page.text().contains("asks for 12 days instead of 10 days"), "{}", page.text());
        assert_eq!(world.stranger().get(&format!("/process/end-to-end/versions/{old}")).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_base_takes_its_heirs_along_and_open_changes_keep_their_version() {
    on_each_engine(|world| async move {
        people(&world);
        let actor = |email: &str| {
            let found = world.app.db.read(|tx| {
                let person = signalbox_store::accounts::person_by_email(tx, email)?.unwrap();
                signalbox_store::accounts::actor(tx, person.id)
            });
            found.unwrap().unwrap().to_core()
        };
        let (ann, ben, sam) = (actor(ANN), actor(BEN), actor(SAM));
        tokio::task::block_in_place(|| {
            let org = sam.memberships()[0].org;
            let new = |kind| signalbox::run::NewDraft { kind, org, on_behalf_of: None, copied_from: None, raw: Default::default() };
            let before = world.app.raise(&sam, new(Kind::PlannedOutage), Default::default()).unwrap();
            let id = world.app.propose(&ann, "end-to-end").unwrap();
            let found = world.app.db.read(|tx| signalbox_store::documents::proposals::proposal(tx, id)).unwrap().unwrap();
            let line = "| reject | AWAITING_APPROVAL | REJECTED | authority change manager; supplier change manager |";
            let source = found.source.replace(line, "| reject | AWAITING_APPROVAL | REJECTED | authority change manager |");
            assert_ne!(source, found.source);
            world.app.write_proposal(&ann, id, 1, source, String::new()).unwrap();
            world.app.check_proposal(&ann, id).unwrap();
            let soon = world.now() + SignedDuration::from_hours(1);
            world.app.publish_proposal(&ann, id, Some(soon), "A patient came to harm.".into()).unwrap();
            world.advance(SignedDuration::from_hours(2));
            world.app.adopt_proposal(&ben, id, "2026-11-17".parse().unwrap()).unwrap();
            let after = world.app.raise(&sam, new(Kind::PlannedOutage), Default::default()).unwrap();
            let pinned = |id: i64| world.app.db.read(|tx| signalbox_store::project::load(tx, id)).unwrap().unwrap().change.process;
            let (old, new) = (pinned(before.id), pinned(after.id));
            assert_ne!(old, new, "the heir follows its base");
            let read = |hash: &str| world.app.db.read(|tx| world.app.documents.pinned(tx, hash)).unwrap();
            let who = |hash: &str| read(hash).step(signalbox_core::act::Act::Reject, signalbox_core::change::Stage::AwaitingApproval).unwrap().who.len();
            assert_eq!((who(&old), who(&new)), (2, 1), "and what is under way keeps what it began under");
            // A program that comes up later finds the same in the database.
            let later = App::new(world.app.db.clone(), world.clock.clone(), IdSource::seeded(8), settings());
            later.keep_documents().unwrap();
            assert_eq!(later.documents.of_kind(Kind::PlannedOutage).unwrap().hash, new);
            assert_eq!(later.documents.adopted("end-to-end").unwrap().proposal, id);
        });
    });
}

#[test]
fn two_who_write_at_once_lose_nothing_and_see_both() {
    on_each_engine(|world| async move {
        people(&world);
        let (mut ann, mut ben) = (world.sign_in(ANN).await, world.sign_in(BEN).await);
        let path = begin(&mut ann).await;
        let (source, rev) = text_of(&mut ann, &path).await;
        text_of(&mut ben, &path).await;
        assert_eq!(save(&mut ben, &path, &rev, &source.replace(WAS, IS)).await.status, StatusCode::SEE_OTHER);
        let reply = save(&mut ann, &path, &rev, &source.replace("10 | days", "15 | days")).await;
        assert_eq!(reply.status, StatusCode::CONFLICT);
        let page = reply.text();
        assert!(page.contains("Ben Adams") && page.contains("12 | days") && page.contains("15 | days"), "{page}");
        assert_eq!(save(&mut ann, &path, &reply.field("rev").unwrap(), &source).await.status, StatusCode::SEE_OTHER);
        // One cell, without Markdown; a table drawn from an older text is not written over a newer one.
        let table = ann.get(&format!("{path}/tables/0")).await;
        let rev = table.field("rev").unwrap();
        let cells = |text: &'static str| [("rev", rev.clone()), ("cell-0-1", text.to_owned())];
        let post = |fields: [(&'static str, String); 2]| fields;
        let fields = post(cells("What happens, in a line?"));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = ann.post(&format!("{path}/tables/0"), &fields).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let (now, _) = text_of(&mut ann, &path).await;
        assert_eq!(now.lines().filter(|line| !source.lines().any(|old| old == *line)).count(), 1, "one line is another");
        assert!(now.contains("What happens, in a line?"));
        assert_eq!(ann.post(&format!("{path}/tables/0"), &fields).await.status, StatusCode::CONFLICT);
        assert_eq!(ann.get(&format!("{path}/tables/99")).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_document_typed_in_the_browser_is_text_and_has_bounds() {
    on_each_engine(|world| async move {
        people(&world);
        let mut ann = world.sign_in(ANN).await;
        let path = begin(&mut ann).await;
        let (source, rev) = text_of(&mut ann, &path).await;
        let payload = "\n<script>alert(1)</script> <img src=x onerror=alert(1)> [go](javascript:alert(1)) [out](data:text/html,x) ![p](https://x.example/p.png)\n\n\
                       <a href=\"javascript:alert(1)\">x</a>\n\n## <svg onload=alert(1)>\n\n</textarea><script>alert(2)</script>\n";
        let evil = format!("{source}{payload}");
        assert_eq!(save(&mut ann, &path, &rev, &evil).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ann.post(&format!("{path}/check"), &[]).await.status, StatusCode::SEE_OTHER, "prose is free");
        let hash = world.app.db.read(|tx| tx.one("select hash from proposals", &[], |row| row.text(0))).unwrap();
        for page in
            [path.clone(), format!("{path}/text"), format!("{path}/compare"), format!("{path}/for-you"), format!("/process/planned-outage/versions/{hash}")]
        {
            let reply = ann.get(&page).await;
            assert_eq!(reply.status, StatusCode::OK, "{page}");
            let html = scraper::Html::parse_document(&reply.body);
            let bad =
                scraper::Selector::parse("main script, main img, main [onerror], main [onload], main a[href^='javascript:'], main a[href^='data:']").unwrap();
            assert_eq!(html.select(&bad).count(), 0, "{page}");
        }
        // Only the authority's eyes: a text that is not published is not to be had by its fingerprint either.
        assert_eq!(world.stranger().get(&format!("/process/planned-outage/versions/{hash}")).await.status, StatusCode::NOT_FOUND);
        // Bounds, and a file in place of typing.
        let (_, rev) = text_of(&mut ann, &path).await;
        let reply = save(&mut ann, &path, &rev, &"x".repeat(300_000)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.status);
        assert_eq!(save(&mut ann, &path, &rev, "a\u{1b}[0m").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let token = ann.form_token.clone().unwrap();
        for (content, wanted) in [
            (source.as_bytes().to_vec(), StatusCode::SEE_OTHER),
            (vec![0xff, 0xfe, 0x00], StatusCode::UNPROCESSABLE_ENTITY),
            (vec![], StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let (_, rev) = text_of(&mut ann, &path).await;
            let mut body = format!(
                "--X\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--X\r\nContent-Disposition: form-data; name=\"rev\"\r\n\r\n{rev}\r\n\
                 --X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"planned-outage.md\"\r\nContent-Type: text/markdown\r\n\r\n"
            )
            .into_bytes();
            body.extend(content);
            body.extend(b"\r\n--X--\r\n");
            let request = ann.request(Method::POST, &format!("{path}/upload")).header(header::CONTENT_TYPE, "multipart/form-data; boundary=X");
            let request = request.header(header::ORIGIN, BASE).header("sec-fetch-site", "same-origin").body(Body::from(body)).unwrap();
            let reply = ann.ask(request).await;
            assert_eq!(reply.status, wanted, "{}", reply.text());
        }
        // Another site's form is refused, and so is whoever may not write.
        assert_eq!(ann.post_bare(&format!("{path}/withdraw"), &[]).await.status, StatusCode::FORBIDDEN);
        let mut sam = world.sign_in(SAM).await;
        for deed in ["text", "check", "publish", "reply", "adopt", "withdraw", "tables/0"] {
            let reply = sam.post(&format!("{path}/{deed}"), &[]).await;
            assert!(matches!(reply.status, StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY), "{deed}: {}", reply.status);
        }
        assert_eq!(sam.post("/process/planned-outage/proposals", &[]).await.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn an_adopted_version_outlives_what_comes_with_the_program() {
    for_each_target(|target| {
        runtime().block_on(async {
            let world = World::over(Db::open(target).unwrap(), settings());
            people(&world);
            let found = world.app.db.read(|tx| {
                let person = |tx: &mut dyn signalbox_store::Tx, email| {
                    let id = signalbox_store::accounts::person_by_email(tx, email)?.unwrap().id;
                    signalbox_store::accounts::actor(tx, id)
                };
                Ok((person(tx, ANN)?, person(tx, BEN)?))
            });
            let (ann, ben) = found.map(|(a, b)| (a.unwrap().to_core(), b.unwrap().to_core())).unwrap();
            tokio::task::block_in_place(|| {
                let id = world.app.propose(&ann, "planned-outage").unwrap();
                let found = world.app.db.read(|tx| signalbox_store::documents::proposals::proposal(tx, id)).unwrap().unwrap();
                world.app.write_proposal(&ann, id, 1, found.source.replace(WAS, IS), String::new()).unwrap();
                world.app.check_proposal(&ann, id).unwrap();
                world.app.publish_proposal(&ann, id, Some(world.now() + SignedDuration::from_hours(1)), "Safety.".into()).unwrap();
                world.advance(SignedDuration::from_hours(2));
                world.app.adopt_proposal(&ben, id, "2026-11-17".parse().unwrap()).unwrap();
                // The next release brings version 5; the adopted version 2 stays in force, and the page says why.
                let text = signalbox_core::process::load::SHIPPED.iter().find(|(file, _)| *file == "planned-outage.md").unwrap().1;
                let newer = text.replacen("version: 1", "version: 5", 1);
                let next = signalbox_core::process::Processes::shipped_with(&[("planned-outage.md", &newer)]).unwrap();
                let app = App::under(world.app.db.clone(), world.clock.clone(), IdSource::seeded(7), settings(), next);
                app.keep_documents().unwrap();
                assert_eq!(app.documents.of_kind(Kind::PlannedOutage).unwrap().version, 2);
                assert_eq!(app.documents.of_start("planned-outage").unwrap().version, 5);
            });
        });
    });
}
