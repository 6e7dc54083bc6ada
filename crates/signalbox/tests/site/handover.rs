//! The shift handover of a desk: what stands on it, who leaves and who takes it, and what stays to be read.

use axum::http::StatusCode;
use serde_json::json;
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::directory;

use crate::alarms::{program, rings};
use crate::planned::{Estate, at};
use crate::world::{World, on_each_engine};

fn halden(world: &World) -> i64 {
    world.app.db.read(|tx| directory::organisation_by_code(tx, "HALDEN")).unwrap().unwrap().id
}

#[test]
fn a_shift_is_left_with_a_note_and_taken_by_another() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.person("sid@halden.example", "Sid Marlow", &[(halden(&world), Role::Desk)]);
        world.person("lou@halden.example", "Lou Finch", &[(halden(&world), Role::Desk)]);
        let runs = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]);
        estate.assess(&world, runs.id);
        estate.schedule(&world, runs.id);
        let due = estate.outage(&world, "Generator test", "2026-12-02T05:00:00Z", "2026-12-02T06:00:00Z", &[]);
        estate.outage(&world, "Too far off", "2026-12-02T12:00:00Z", "2026-12-02T13:00:00Z", &[]);
        world.clock.set(at("2026-12-01T20:05:00Z"));
        estate.priya(&world, runs.id, Act::Start, &[]);
        let mut dee = world.sign_in("dee@halden.example").await;
        assert!(dee.get("/ops").await.body.contains("href=\"/handover\""));
        let page = dee.get("/handover").await;
        let words = page.text();
        assert!(words.contains("1 running, 1 due in the next 12 hours, 0 things to watch."), "{words}");
        for there in [runs.reference.as_str(), due.reference.as_str(), "Nobody has left a shift here yet.", "Nothing is late, lost or unanswered."] {
            assert!(words.contains(there), "{there}: {words}");
        }
        assert!(!words.contains("Too far off"), "{words}");
        // Nothing typed is lost, and an empty note is none.
        let long = "x".repeat(4_001);
        let refused = dee.post("/handover", &[("note", &long)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(&long) && refused.body.contains("id=\"note-error\""));
        assert_eq!(dee.post("/handover", &[("note", "  ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Pressed twice it is left once.
        let key = dee.get("/handover").await.field("idempotency_key").unwrap();
        let note = [("idempotency_key", key.as_str()), ("note", "The fitter rings at nine.\nHis phone is bad.")];
        for _ in 0..2 {
            assert_eq!(dee.post("/handover", &note).await.status, StatusCode::SEE_OTHER);
        }
        let left = dee.get("/handover").await;
        assert_eq!(left.body.matches("Not taken yet").count(), 1);
        assert!(!left.text().contains("Take over from"), "nobody takes over from themselves");
        let path = left.body.split("href=\"").find_map(|rest| rest.strip_prefix("/handover/").and_then(|rest| rest.split('"').next())).unwrap().to_owned();
        let take = format!("/handover/{path}/take");
        assert_eq!(dee.post(&take, &[]).await.status, StatusCode::FORBIDDEN);

        world.clock.set(at("2026-12-01T21:00:00Z"));
        let mut sid = world.sign_in("sid@halden.example").await;
        let shown = sid.get("/handover").await.text();
        assert!(
            shown.contains("The fitter rings at nine.") && shown.contains("Take over from Dee Oakes") && shown.contains("Nobody has taken it over yet."),
            "{shown}"
        );
        assert_eq!(sid.post(&take, &[]).await.status, StatusCode::SEE_OTHER);
        let mut lou = world.sign_in("lou@halden.example").await;
        assert_eq!(lou.post(&take, &[]).await.status, StatusCode::CONFLICT, "it is taken once");
        // Both stay to be read, with what stood there then, whatever has become of it.
        world.clock.set(at("2026-12-02T09:00:00Z"));
        estate.priya(&world, runs.id, Act::Finish, &[("outcome", "successful"), ("back", "PACS")]);
        let mut lou = world.sign_in("lou@halden.example").await;
        let kept = lou.get(&format!("/handover/{path}")).await.text();
        for there in
            ["Left by Dee Oakes yesterday 20:05.", "Taken over by Sid Marlow yesterday 21:00.", "The fitter rings at nine.", "Switchgear", "Generator test"]
        {
            assert!(kept.contains(there), "{there}: {kept}");
        }
        assert!(lou.get("/handover").await.text().contains("Sid Marlow"));
    });
}

#[test]
fn a_handover_is_its_own_desks_and_names_only_what_its_reader_may_see() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let meridian = world.organisation("meridian", OrgKind::Network);
        world.person("noc@meridian.example", "Nina Low", &[(meridian, Role::NetworkDesk)]);
        world.person("sid@halden.example", "Sid Marlow", &[(halden(&world), Role::Desk)]);
        let secret = estate.outage(&world, "CANARY works", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[("confidentiality", "security_restricted")]);
        world.clock.set(at("2026-12-01T19:00:00Z"));
        // Priya manages changes and stands in at the desk: she sees more than the desk does.
        let priya = world.app.db.read(|tx| signalbox_store::accounts::person_by_email(tx, "priya@halden.example")).unwrap().unwrap().id;
        world.grant(priya, halden(&world), Role::Desk);
        let mut priya = world.sign_in("priya@halden.example").await;
        assert!(priya.get("/handover").await.text().contains("CANARY works"));
        assert_eq!(priya.post("/handover", &[("note", "Quiet")]).await.status, StatusCode::SEE_OTHER);
        let page = priya.get("/handover").await;
        let id = page.body.split("href=\"").find_map(|rest| rest.strip_prefix("/handover/").and_then(|rest| rest.split('"').next())).unwrap().to_owned();
        assert!(priya.get(&format!("/handover/{id}")).await.text().contains("CANARY works"));
        let mut sid = world.sign_in("sid@halden.example").await;
        for path in ["/handover".to_owned(), format!("/handover/{id}")] {
            let seen = sid.get(&path).await;
            assert_eq!(seen.status, StatusCode::OK, "{path}");
            assert!(!seen.body.contains("CANARY") && !seen.body.contains(&secret.reference), "{path}: {}", seen.text());
        }
        assert!(sid.get(&format!("/handover/{id}")).await.text().contains("Restricted work"));
        // Another desk has its own, and whoever has none is told so.
        let mut noc = world.sign_in("noc@meridian.example").await;
        assert!(noc.get("/handover").await.text().contains("Nobody has left a shift here yet."));
        let mut ann = world.sign_in("ann@authority.example").await;
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        for (who, own) in [(&mut noc, StatusCode::OK), (&mut ann, StatusCode::FORBIDDEN), (&mut ruth, StatusCode::FORBIDDEN)] {
            assert_eq!(who.get("/handover").await.status, own);
            assert_eq!(who.get(&format!("/handover/{id}")).await.status, StatusCode::NOT_FOUND);
            assert_eq!(who.post(&format!("/handover/{id}/take"), &[]).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(ruth.post("/handover", &[("note", "Mine")]).await.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn who_sits_at_two_desks_chooses_and_each_keeps_its_own() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let meridian = world.organisation("meridian", OrgKind::Network);
        let dee = world.app.db.read(|tx| signalbox_store::accounts::person_by_email(tx, "dee@halden.example")).unwrap().unwrap().id;
        world.grant(dee, meridian, Role::NetworkDesk);
        world.person("noc@meridian.example", "Nina Low", &[(meridian, Role::NetworkDesk)]);
        world.clock.set(at("2026-12-01T20:05:00Z"));
        let (own, other) = (format!("/handover?desk={}", halden(&world)), format!("/handover?desk={meridian}"));
        let mut dee = world.sign_in("dee@halden.example").await;
        let first = dee.get("/handover").await;
        assert!(first.body.contains(&format!("href=\"{own}\" aria-current=\"page\"")), "{}", first.body);
        assert!(first.body.contains(&format!("href=\"{other}\">meridian")), "{}", first.body);
        assert!(first.text().contains("halden supplier. 0 running"), "{}", first.text());
        let second = dee.get(&other).await;
        assert!(second.text().contains("meridian network provider. 0 running"), "{}", second.text());
        assert_eq!(second.field("desk").as_deref(), Some(meridian.to_string().as_str()));
        let desk = meridian.to_string();
        let refused = dee.post("/handover", &[("note", ""), ("desk", &desk)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.field("desk").as_deref(), Some(desk.as_str()), "the desk is not lost with the note");
        let left = dee.post("/handover", &[("note", "The ring is open"), ("desk", &desk)]).await;
        assert_eq!((left.status, left.location()), (StatusCode::SEE_OTHER, other.as_str()));
        let mut nina = world.sign_in("noc@meridian.example").await;
        let theirs = nina.get("/handover").await;
        assert!(theirs.text().contains("The ring is open") && !theirs.body.contains("aria-label=\"Desk\""), "{}", theirs.text());
        assert!(!dee.get(&own).await.text().contains("The ring is open"));
        // Somebody else's desk is not there.
        for strange in ["1", "x", "0"] {
            assert_eq!(dee.get(&format!("/handover?desk={strange}")).await.status, StatusCode::NOT_FOUND, "{strange}");
        }
        assert_eq!(nina.get(&own).await.status, StatusCode::NOT_FOUND);
        assert_eq!(nina.post("/handover", &[("note", "x"), ("desk", &halden(&world).to_string())]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn what_is_late_unanswered_or_waiting_is_to_watch() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let meridian = world.organisation("meridian", OrgKind::Network);
        world.person("noc@meridian.example", "Nina Low", &[(meridian, Role::NetworkDesk)]);
        let runs = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]);
        estate.assess(&world, runs.id);
        estate.schedule(&world, runs.id);
        let touched = [("network_affected", "yes"), ("circuits", "NB-ETH-1")];
        let told = estate.outage(&world, "Riser works", "2026-12-03T20:00:00Z", "2026-12-03T22:00:00Z", &touched);
        world.step_worker();
        let desk = program(&world, "dee@halden.example");
        world.clock.set(at("2026-12-01T20:10:00Z"));
        let near = rings(&desk, "1", json!({"raised_at": "2026-12-01T20:05:00Z", "item": "NB-PRINTER", "site": "NB"})).await;
        assert_eq!(near["class"], "near");
        world.clock.set(at("2026-12-01T20:31:00Z"));
        let mut dee = world.sign_in("dee@halden.example").await;
        let early = dee.get("/handover").await.text();
        assert!(early.contains("It is not known to have started. Ring the site."), "{early}");
        assert!(early.contains("NB-PRINTER rang today 20:05"), "{early}");
        estate.priya(&world, runs.id, Act::Start, &[]);
        let mut ann = world.sign_in("ann@authority.example").await;
        let rates = [("from", "2026-11-01"), ("desk_hour", "40"), ("first_hour", "175"), ("further_hour", "90.00"), ("vat", "20")];
        assert_eq!(ann.post("/ledger/rates", &rates).await.status, StatusCode::SEE_OTHER);
        let liable = estate.trust.to_string();
        let case = [
            ("liable", liable.as_str()),
            ("finding", "planned_work"),
            ("desk_minutes", "30"),
            ("engineer", "Field 7"),
            ("dispatched_at-date", "2026-11-20"),
            ("dispatched_at-time", "03:15"),
            ("arrived_at-date", "2026-11-20"),
            ("arrived_at-time", "04:00"),
            ("left_at-date", "2026-11-20"),
            ("left_at-time", "05:01"),
            ("words", "The electrician was at the board"),
        ];
        dee.get("/ledger/new").await;
        assert_eq!(dee.post("/ledger/new", &case).await.status, StatusCode::SEE_OTHER);
        world.clock.set(at("2026-12-01T23:30:00Z"));
        let mut dee = world.sign_in("dee@halden.example").await;
        let late = dee.get("/handover").await.text();
        for there in ["It is past the time by which all was to be back.", "NB-PRINTER rang", "Call-out 1 waits for an answer."] {
            assert!(late.contains(there), "{there}: {late}");
        }
        let answered = late.contains("The network provider was told");
        assert!(answered && late.contains(&told.reference), "{late}");
    });
}
