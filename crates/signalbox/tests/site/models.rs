//! Request models through their pages (spec 4.5, X13; C107, C110, C111, C112, C115): one fails twice and suspends itself,
//! somebody looks at it again; limits; proposals from evidence.

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::import::{Kind, Manner};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::directory::{OnDifference, Service, set_service_orgs, upsert_service};
use signalbox_store::log;

use crate::world::{Client, Reply, World, on_each_engine};

const ROB: &str = "rob@northbrook.example";
const OLEG: &str = "oleg@riverside.example";
const CARL: &str = "carl@halden.example";
const PRIYA: &str = "priya@halden.example";
const GRACE: &str = "grace@authority.example";
const ADA: &str = "ada@authority.example";

fn furnish(world: &World) {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let other = world.organisation("riverside", OrgKind::Trust);
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    world.person(ROB, "Rob Stone", &[(trust, Role::Requester)]);
    world.person(OLEG, "Oleg Marsh", &[(other, Role::Coordinator)]);
    world.person(CARL, "Carl Dunne", &[(supplier, Role::Desk)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person(GRACE, "Grace Adeleke", &[(authority, Role::AuthorityManager)]);
    world.person(ADA, "Ada Moss", &[(authority, Role::Administrator), (authority, Role::GroupMember)]);
    let service = world.app.ids.mint(world.now());
    let (a, b) = (world.app.act(None, world.now()), world.app.act(None, world.now()));
    world.app.attempt(move |tx| upsert_service(tx, &a, &Service::new(service, "PACS", "PACS imaging", supplier), OnDifference::Report)).unwrap();
    world.app.attempt(move |tx| set_service_orgs(tx, &b, service, &[trust])).unwrap();
}

/// Asks for a firewall rule of an agreed pattern, tomorrow evening.
async fn ask(client: &mut Client<'_>, world: &World, title: &str) -> Reply {
    let day = jiff::tz::TimeZone::get("Europe/London").unwrap().to_datetime(world.now() + SignedDuration::from_hours(24 * 5)).date().to_string();
    client.get("/requests/new/firewall_pattern").await;
    let fields = [
        ("title", title),
        ("wanted", day.as_str()),
        ("services", "PACS"),
        ("window.start-date", day.as_str()),
        ("window.start-time", "20:00"),
        ("window.end-date", day.as_str()),
        ("window.end-time", "21:00"),
        ("like_for_like", "not applicable"),
        ("old_one_off", "not applicable"),
        ("agreed_pattern", "yes"),
        ("user_has_contract", "not applicable"),
        ("contact_on_site.name", "A. Rahman"),
        ("contact_on_site.phone", "020 7946 0117"),
    ];
    client.post("/requests/new/firewall_pattern", &fields).await
}

async fn does(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) {
    let path = format!("/changes/{reference}/acts/{act}");
    let version = client.get(&path).await.field("version").unwrap_or_default();
    let reply = client.post(&path, &[&[("version", version.as_str())], fields].concat()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{act}: {}", reply.text());
}

/// Asked for, begun and failed.
async fn fails(world: &World, n: i64) -> String {
    let mut rob = world.sign_in(ROB).await;
    let sent = ask(&mut rob, world, &format!("Open port {n}")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let reference = sent.location().rsplit('/').next().unwrap().to_owned();
    world.advance(SignedDuration::from_hours(24 * 5 + 12));
    let mut carl = world.sign_in(CARL).await;
    does(&mut carl, &reference, "start", &[]).await;
    world.advance(SignedDuration::from_mins(20));
    does(&mut carl, &reference, "finish", &[("outcome", "failed"), ("back", "PACS"), ("words", "Nothing got through.")]).await;
    reference
}

#[test]
fn x13_a_request_that_fails_twice_is_suspended_for_all_until_somebody_looks_at_it() {
    on_each_engine(|world| async move {
        furnish(&world);
        fails(&world, 1).await;
        let mut rob = world.sign_in(ROB).await;
        assert!(!rob.get("/requests/new").await.text().contains("Suspended"), "one failure suspends nothing");
        world.step_worker();
        let second = fails(&world, 2).await;

        // It stands in the change's history, with the row that said so, and those who decide hear of it at once.
        let mut rob = world.sign_in(ROB).await;
        let page = rob.get(&format!("/changes/{second}")).await.text();
        assert!(page.contains("The catalogue’s entry is suspended: more than two in a hundred of its uses failed, and two or more"), "{page}");
        let told: Vec<String> = world.step_worker().iter().filter(|mail| mail.subject.contains("Request suspended")).map(|mail| mail.to.clone()).collect();
        assert!([GRACE, PRIYA].iter().all(|who| told.iter().any(|to| to.contains(who))), "{told:?}");

        // The catalogue says so instead of offering it; asked for all the same, the answers can become a normal change.
        let mut rob = world.sign_in(ROB).await;
        let catalogue = rob.get("/requests/new").await;
        assert!(catalogue.text().contains("Suspended since") && !catalogue.body.contains("/requests/new/firewall_pattern\""), "{}", catalogue.text());
        let refused = ask(&mut rob, &world, "Open port 3").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("is suspended after what happened with it") && refused.text().contains("Carry my answers over"), "{}", refused.text());

        // Everybody in the group reads the state and the count of what is open to it; the way to a page is for its parties.
        let mut oleg = world.sign_in(OLEG).await;
        let (seen, counted) = (oleg.get("/reports/requests").await.text(), rob.get("/reports/requests").await.text());
        assert!(seen.contains("Suspended") && seen.contains("0 of 2 went well"), "{seen}");
        assert!(counted.contains("Suspended") && counted.contains("0 of 2 went well"), "{counted}");
        let href = format!("href=\"/changes/{second}\"");
        assert!(!oleg.get("/reports/requests/firewall_pattern").await.body.contains(&href));
        assert!(rob.get("/reports/requests/firewall_pattern").await.body.contains(&href));
        let csv = rob.get("/reports/requests.csv").await.body;
        assert!(csv.lines().any(|line| line.contains("firewall_pattern,") && line.contains(",2,2,0,1.0000,yes,")), "{csv}");

        // Only the authority's change manager lets it go again, and says what was found.
        for who in [ROB, OLEG, PRIYA] {
            let mut one = world.sign_in(who).await;
            assert_eq!(one.get("/reports/requests/firewall_pattern/look").await.status, StatusCode::NOT_FOUND, "{who}");
            assert_eq!(one.post("/reports/requests/firewall_pattern/look", &[("words", "Fine")]).await.status, StatusCode::NOT_FOUND, "{who}");
        }
        let mut grace = world.sign_in(GRACE).await;
        grace.get("/reports/requests/firewall_pattern/look").await;
        let blank = grace.post("/reports/requests/firewall_pattern/look", &[("words", "  ")]).await;
        assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(blank.text().contains("Say what was found"), "{}", blank.text());
        let looked = grace.post("/reports/requests/firewall_pattern/look", &[("words", "The pattern named a port that was closed last week.")]).await;
        assert_eq!(looked.location(), "/reports/requests/firewall_pattern", "{}", looked.text());
        assert!(grace.get("/reports/requests/firewall_pattern").await.text().contains("a port that was closed last week"));

        // It can be asked for again, and what was known then does not count again when the change is closed.
        let mut rob = world.sign_in(ROB).await;
        assert_eq!(ask(&mut rob, &world, "Open port 3").await.status, StatusCode::SEE_OTHER);
        let mut grace = world.sign_in(GRACE).await;
        does(&mut grace, &second, "review", &[]).await;
        does(&mut grace, &second, "review", &[("words", "The pattern was out of date."), ("cause", "plan"), ("benefit", "not_come")]).await;
        does(&mut grace, &second, "close", &[("outcome", "failed"), ("looked", "yes")]).await;
        assert!(!rob.get("/requests/new").await.text().contains("Suspended"));
        assert_eq!(world.app.db.read(|tx| log::verify(tx, None, &mut |_, _| {})).unwrap(), vec![]);
    });
}

#[test]
fn c115_the_sixth_of_a_day_is_refused_and_the_first_of_the_next_is_not() {
    on_each_engine(|world| async move {
        furnish(&world);
        let mut rob = world.sign_in(ROB).await;
        assert!(rob.get("/requests/new").await.text().contains("5 a day, by everybody together"));
        for n in 1..=5 {
            let sent = ask(&mut rob, &world, &format!("Open port {n}")).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{n}: {}", sent.text());
        }
        let sixth = ask(&mut rob, &world, "Open port 6").await;
        assert_eq!(sixth.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(sixth.text().contains("5 a day at most, and that is used up. Ask again from"), "{}", sixth.text());
        world.advance(SignedDuration::from_hours(24));
        let mut rob = world.sign_in(ROB).await;
        assert_eq!(ask(&mut rob, &world, "Open port 6").await.status, StatusCode::SEE_OTHER);
    });
}

#[test]
fn c107_what_went_well_twelve_times_is_proposed_with_its_bound() {
    on_each_engine(|world| async move {
        furnish(&world);
        let mut rows = String::from("source_ref,kind,title,organisation,items,window_start,window_end,received_at,state,outcome,reason\n");
        for n in 1..=12 {
            let day = jiff::tz::TimeZone::UTC.to_datetime(world.now() - SignedDuration::from_hours(24 * 7 * n)).date();
            rows += &format!(
                "N-{n},normal,Renew the certificate of gateway {n},NORTHBROOK,NB-GW,{day}T06:00:00Z,{day}T07:00:00Z,{day}T05:00:00Z,closed,successful,\n"
            );
        }
        let items = "code,name,type,organisation,site,service\nNB-GW,Imaging gateway,server,NORTHBROOK,Main House,PACS\n";
        for (kind, text) in [(Kind::Items, items), (Kind::Changes, rows.as_str())] {
            let path = std::env::temp_dir().join(format!(
                "signalbox-models-{}-{:?}-{}",
                std::process::id(),
                std::thread::current().id(),
                world.app.ids.mint(world.now())
            ));
            std::fs::write(&path, text).unwrap();
            let report = world.app.import_file(kind, &path, Manner { skip_bad: false, update: false }, |_, _| {});
            std::fs::remove_file(&path).unwrap();
            let report = report.unwrap();
            assert!(report.added > 0, "{report:?}");
        }
        // 1 - 0.05^(1/12) is 22.1 %.
        let mut ada = world.sign_in(ADA).await;
        let page = ada.get("/reports/requests").await;
        assert!(page.text().contains("12 of 12") && page.text().contains("below 22.1 %"), "{}", page.text());
        let at = page.body.find("/reports/requests/propose/").expect("a way to propose it");
        let href: String = page.body[at..].chars().take_while(|c| *c != '"').collect();
        let shown = ada.get(&href).await;
        assert!(shown.text().contains("12 of 12 went well"), "{}", shown.text());
        let begun = ada.post(&href, &[]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let proposal = begun.location().to_owned();
        let text = ada.get(&format!("{proposal}/text")).await;
        assert!(text.body.contains("| renew_the_certificate_of | Renew the certificate of gateway 1 |"), "the row stands in the text");
        // What nobody can know yet is asked for by the check, and nothing is in force.
        let checked = ada.post(&format!("{proposal}/check"), &[]).await;
        assert!(checked.text().contains("is not a date"), "{}", checked.text());
        let mut rob = world.sign_in(ROB).await;
        assert!(!rob.get("/requests/new").await.text().contains("Renew the certificate of gateway"));
        // Who may not write documents sees what was done, and no way to propose it; who may not see the work sees nothing.
        let seen = rob.get("/reports/requests").await;
        assert!(seen.text().contains("12 of 12") && !seen.body.contains("/propose/"));
        assert_eq!(rob.get(&href).await.status, StatusCode::NOT_FOUND);
    });
}
