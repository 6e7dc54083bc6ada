//! Joining the Service Management group through the pages (spec 13, S49).

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::worker;
use signalbox_core::actor::{OrgKind, Role};

use crate::world::{Client, World, link_in, on_each_engine};

struct Cast {
    ruth: i64,
}

fn cast(world: &World) -> Cast {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let other = world.organisation("riverside", OrgKind::Trust);
    let authority = world.organisation("authority", OrgKind::Authority);
    let ruth = world.person("ruth@northbrook.example", "Ruth Ellery", &[(trust, Role::Coordinator)]);
    world.person("oleg@riverside.example", "Oleg Marsh", &[(other, Role::Coordinator)]);
    world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
    Cast { ruth }
}

async fn ask(client: &mut Client<'_>, email: &str) {
    client.get("/join").await;
    let form = [("name", "Sam Field"), ("email", email), ("job", "Radiology IT"), ("reason", "I plan our scanners.")];
    assert_eq!(client.post("/join", &form).await.status, StatusCode::OK);
}

fn request_link(body: &str) -> String {
    let at = body.find("/members/requests/").expect("a request on the page");
    body[at..].split('"').next().unwrap().to_owned()
}

#[test]
fn somebody_asks_confirms_and_is_let_in_by_two() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut sam = world.stranger();
        ask(&mut sam, "sam@northbrook.example").await;
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get("/members").await.text().contains("Nobody waits to join."), "nobody sees it before the address is proved");
        let mails = world.step_worker();
        let link = link_in(&mails[0]);
        assert_eq!(sam.get(&link).await.status, StatusCode::OK);
        assert!(sam.post(&link, &[]).await.text().contains("Your registration is waiting"));
        sam.post(&link, &[]).await;
        let told = world.step_worker();
        assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ruth@northbrook.example"], "told once");

        let mut ann = world.sign_in("ann@authority.example").await;
        let page = ann.get("/members").await;
        let path = request_link(&page.body);
        ann.get(&path).await;
        let early = ann.post(&path, &[("answer", "yes")]).await;
        assert_eq!(early.status, StatusCode::CONFLICT, "the coordinator comes first: {}", early.text());

        ruth.get("/members").await;
        assert!(ruth.get(&path).await.text().contains("I plan our scanners."));
        assert_eq!(ruth.post(&path, &[("answer", "yes")]).await.location(), "/members");
        assert!(ruth.get("/members").await.text().contains("Agreed. The authority decides next."));
        assert_eq!(world.step_worker()[0].to, "ann@authority.example");
        ann.get(&path).await;
        assert_eq!(ann.post(&path, &[("answer", "yes")]).await.location(), "/members");
        let page = ann.get("/members").await;
        assert!(page.text().contains("Sam Field is a member now") && page.text().contains("sam@northbrook.example"));

        let welcome = world.step_worker();
        assert_eq!((welcome.len(), welcome[0].to.as_str()), (1, "sam@northbrook.example"));
        let link = link_in(&welcome[0]);
        sam.get(&link).await;
        let new = "a walk in the blue park";
        assert_eq!(sam.post(&link, &[("password", new), ("password-again", new)]).await.status, StatusCode::SEE_OTHER);
        assert!(sam.get("/me").await.text().contains("group member"));

        // A leaver is out at once; another trust's coordinator can't even see the page.
        let page = ruth.get("/members").await;
        let at = page.body.rfind("/members/").unwrap();
        let member = page.body[at..].split('"').next().unwrap().to_owned();
        let mut oleg = world.sign_in("oleg@riverside.example").await;
        assert_eq!(oleg.get(&member).await.status, StatusCode::NOT_FOUND);
        ruth.get(&member).await;
        assert_eq!(ruth.post(&format!("{member}/end"), &[]).await.location(), "/members");
        assert!(!sam.get("/me").await.text().contains("group member"));
        assert!(cast.ruth > 0);
    });
}

#[test]
fn a_coordinator_sees_only_their_own_and_says_why_not() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut sam = world.stranger();
        ask(&mut sam, "sam@northbrook.example").await;
        let link = link_in(&world.step_worker()[0]);
        sam.get(&link).await;
        sam.post(&link, &[]).await;
        world.step_worker();
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let path = request_link(&ruth.get("/members").await.body);
        let mut oleg = world.sign_in("oleg@riverside.example").await;
        assert!(oleg.get("/members").await.text().contains("Nobody waits to join."));
        assert_eq!(oleg.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(oleg.post(&path, &[("answer", "yes")]).await.status, StatusCode::NOT_FOUND);
        ruth.get(&path).await;
        let bare = ruth.post(&path, &[("answer", "no"), ("reason", " ")]).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bare.text().contains("Say why not, so that they know."));
        let other = ruth.post(&path, &[("answer", "yes"), ("state", "granted")]).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "S31");
        ruth.get(&path).await;
        ruth.post(&path, &[("answer", "no"), ("reason", "Sam left in May.")]).await;
        let mails = world.step_worker();
        assert_eq!(mails[0].to, "sam@northbrook.example");
        assert!(mails[0].text.contains("Sam left in May."));
        assert_eq!(ruth.get(&path).await.status, StatusCode::NOT_FOUND, "decided");
    });
}

#[test]
fn s49_somebody_who_waits_can_do_nothing_yet() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut sam = world.stranger();
        ask(&mut sam, "sam@northbrook.example").await;
        let link = link_in(&world.step_worker()[0]);
        sam.get(&link).await;
        sam.post(&link, &[]).await;
        world.step_worker();
        // A new password is no way in, and the answer does not say so.
        sam.get("/password").await;
        assert_eq!(sam.post("/password", &[("email", "sam@northbrook.example")]).await.status, StatusCode::OK);
        assert!(world.step_worker().is_empty());
        for route in signalbox::web::ROUTES.iter().filter(|route| route.who == signalbox::web::Who::Member && route.method == "GET") {
            let path = route.path.replace("{id}", "1");
            assert_eq!(sam.get(&path).await.status, StatusCode::SEE_OTHER, "{path}");
        }
    });
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    on_each_engine(|world| async move {
        let mut sam = world.stranger();
        sam.get("/join").await;
        let reply = sam.post("/join", &[("name", "  Sam  "), ("email", "not-an-address"), ("job", "x"), ("reason", "")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reply.field("name").as_deref(), Some("  Sam  "));
        assert_eq!(reply.field("email").as_deref(), Some("not-an-address"));
        let text = reply.text();
        assert!(text.contains("Enter an address such as name@example.org.") && text.contains("Say in a line why you need access."));
        assert!(reply.body.contains("href=\"#email\"") && reply.body.contains("href=\"#reason\""), "the summary leads there");
    });
}

#[test]
fn what_has_served_its_purpose_is_forgotten_after_thirty_days() {
    on_each_engine(|world| async move {
        cast(&world);
        ask(&mut world.stranger(), "sam@northbrook.example").await;
        let link = link_in(&world.step_worker()[0]);
        world.advance(SignedDuration::from_hours(29 * 24));
        assert_eq!(worker::sweep(&world.app).unwrap(), 0, "nothing is old enough");
        world.advance(SignedDuration::from_hours(2 * 24));
        // What Sam typed, and the letter that was sent.
        assert!(worker::sweep(&world.app).unwrap() >= 2);
        assert_eq!(worker::sweep(&world.app).unwrap(), 0, "once is enough");
        let mut ann = world.sign_in("ann@authority.example").await;
        assert!(ann.get("/members").await.text().contains("Nobody waits to join."));
        assert_eq!(world.stranger().get(&link).await.status, StatusCode::NOT_FOUND);
    });
}
