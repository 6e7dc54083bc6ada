//! What hangs together with a change (C030 to C032): the same as a picture and as tables, within what its reader may
//! see; and who is told when more comes to depend on approved work.

use axum::http::StatusCode;
use signalbox_store::directory::{self, Dependency, Item, Node, OnDifference};

use crate::planned::Estate;
use crate::world::{World, on_each_engine};

/// Another item of an organisation at no site, and on which of the known ones it depends or the other way round.
fn hang(world: &World, org: i64, code: &str, on: Option<i64>, under: Option<i64>, kind: &str) -> i64 {
    let (id, first, second) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()), world.app.act(None, world.now()));
    let row =
        Item { id, code: code.into(), name: format!("The {code}"), item_type: "server".into(), org_id: org, site_id: None, watched_by: None, services: vec![] };
    world.app.attempt(move |tx| directory::upsert_item(tx, &first, &row, OnDifference::Report)).unwrap();
    let (from, to) = match (on, under) {
        (Some(on), _) => (id, on),
        (_, Some(under)) => (under, id),
        _ => return id,
    };
    let edge = Dependency { from: Node::Item(from), to: Node::Item(to), kind: kind.into() };
    world.app.attempt(move |tx| directory::add_dependency(tx, &second, &edge)).unwrap();
    id
}

#[test]
fn c030_c031_c032_what_depends_on_a_change_is_listed_and_drawn() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let viewer = hang(&world, estate.trust, "NB-VIEWER", Some(estate.item), None, "hard");
        hang(&world, estate.trust, "NB-WALLBOARD", Some(viewer), None, "soft");
        hang(&world, estate.trust, "NB-UPS", None, Some(estate.item), "power");
        let secret = hang(&world, estate.other, "RV-ARCHIVE", Some(estate.item), None, "hard");
        hang(&world, estate.trust, "NB-BEHIND", Some(secret), None, "hard");
        let outage = estate.outage(&world, "Archive node", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let path = format!("/changes/{}/impact", outage.reference);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let page = ruth.get(&path).await;
        let text = page.text();
        for words in [
            "NB-VIEWER The NB-VIEWER item Goes down NB-PACS-N2 › NB-VIEWER hard dependency",
            "NB-WALLBOARD The NB-WALLBOARD item Works worse NB-PACS-N2 › NB-VIEWER › NB-WALLBOARD soft dependency",
            "NB-UPS The NB-UPS item does not work without it NB-PACS-N2 › NB-UPS power dependency",
            "Things of other organisations that are not open to you are not listed.",
            "NB-BEHIND The NB-BEHIND item Goes down over something that is not open to you",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!page.body.contains("RV-ARCHIVE"), "another trust's item has no name here: {}", page.body);
        // The picture has a title, a description and every thing of its tables.
        let picture = &page.body[page.body.find("<svg class=\"dg dg--own\"").unwrap()..];
        let picture = &picture[..picture.find("</svg>").unwrap()];
        assert!(picture.contains("<title") && picture.contains("<desc") && picture.contains("role=\"img\""));
        for code in ["NB-PACS-N2", "NB-VIEWER", "NB-WALLBOARD", "NB-UPS"] {
            assert!(picture.contains(code), "{code}: {picture}");
        }
        // The supplier serves both trusts and sees both.
        let mut priya = world.sign_in("priya@halden.example").await;
        assert!(priya.get(&path).await.text().contains("RV-ARCHIVE"));
        assert!(ruth.get(&format!("/changes/{}", outage.reference)).await.body.contains("/impact\""));
        let hidden = estate.outage(&world, "Secret", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("confidentiality", "parties_only")]);
        let mut una = world.sign_in("una@riverside.example").await;
        assert_eq!(una.get(&format!("/changes/{}/impact", hidden.reference)).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c030_what_depended_on_it_is_kept_with_the_approval_and_more_of_it_is_told() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        hang(&world, estate.trust, "NB-VIEWER", Some(estate.item), None, "hard");
        let outage = estate.outage(&world, "Archive node", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.assess(&world, outage.id);
        estate.approve(&world, outage.id);
        let mut known = None;
        let tend = |known: &mut Option<i64>| signalbox::worker::clashes::tend(&world.app, known).unwrap();
        tend(&mut known);
        world.step_worker();
        let path = format!("/changes/{}/impact", outage.reference);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(!ruth.get(&path).await.text().contains("Since it was approved"));
        hang(&world, estate.trust, "NB-THEATRE", Some(estate.item), None, "hard");
        let page = ruth.get(&path).await.text();
        assert!(page.contains("Since it was approved") && page.contains("1 thing more has come to depend on it: NB-THEATRE."), "{page}");
        assert_eq!(tend(&mut known), 1);
        let told = world.step_worker();
        let mail = told.iter().find(|mail| mail.to == "ruth@northbrook.example" && mail.subject.starts_with("More depends on it")).expect("a letter");
        assert!(mail.text.contains("/impact"), "{}", mail.text);
        // Once; and nobody is told that something went.
        assert_eq!((tend(&mut known), tend(&mut None)), (0, 0));
        assert!(world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ())).unwrap().is_empty());
    });
}

#[test]
fn c075_one_service_shows_everything_that_reaches_it_in_one_view() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        // The archive node, on which imaging runs, needs the battery, which nobody lists under imaging.
        let battery = hang(&world, estate.trust, "NB-UPS", None, Some(estate.item), "power");
        let other = hang(&world, estate.trust, "NB-KETTLE", None, None, "hard");
        assert_ne!(battery, other);
        let named = [("services", "PACS")];
        estate.outage(&world, "Archive node", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &named);
        estate.outage(&world, "Battery test", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("items", "NB-UPS"), ("services", "")]);
        estate.outage(&world, "Kettle", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("items", "NB-KETTLE"), ("services", "")]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let seen = ruth.get("/schedule?view=timeline&from=2026-12-07&service=pacs").await;
        let text = seen.text();
        assert!(text.contains("PACS imaging, through what it needs") && text.contains("Battery test"), "{text}");
        assert!(text.contains("Archive node") && !text.contains("Kettle"), "{text}");
        // Without the filter each stands where it says itself.
        let all = ruth.get("/schedule?view=timeline&from=2026-12-07").await.text();
        assert!(!all.contains("through what it needs") && all.contains("Kettle"), "{all}");
    });
}
