//! What the filters of lists offer is kept for each reader, and is right at the very next look all the same.

use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::accounts::end_role;
use signalbox_store::directory::{OnDifference, Site, upsert_site};

use crate::planned::Estate;
use crate::world::{World, on_each_engine};

fn add_site(world: &World, org: i64, code: &str, name: &str) {
    let act = world.app.act(None, world.now());
    let site = Site { id: world.app.ids.mint(world.now()), org_id: org, code: code.into(), name: name.into(), ods_code: None };
    world.app.attempt(move |tx| upsert_site(tx, &act, &site, OnDifference::Report)).unwrap();
}

#[test]
fn a_site_is_offered_as_soon_as_it_is_there_or_there_is_work_to_read_of() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let mut una = world.sign_in("una@riverside.example").await;
        assert!(ann.get("/changes").await.text().contains("Northbrook General"));
        assert!(!ann.get("/changes").await.text().contains("Westgate Clinic"));
        add_site(&world, estate.trust, "WG", "Westgate Clinic");
        assert!(ann.get("/changes").await.text().contains("Westgate Clinic"));

        assert!(!una.get("/schedule").await.text().contains("Northbrook General"), "no work there is hers to read of");
        estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let seen = una.get("/schedule").await.text();
        assert!(seen.contains("Northbrook General") && !seen.contains("Westgate Clinic"), "{seen}");
    });
}

#[test]
fn a_right_that_ends_takes_its_names_along() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let (desk, other) = (world.organisation("wrexford", OrgKind::Supplier), world.organisation("eastmarsh", OrgKind::Trust));
        let flo = world.person("flo@wrexford.example", "Flo Hart", &[(other, Role::GroupMember)]);
        let role = world.grant(flo, desk, Role::Desk);
        let mut flo = world.sign_in("flo@wrexford.example").await;
        assert!(flo.get("/schedule").await.text().contains("Northbrook General"), "who serves the sites knows them");
        let act = world.app.act(None, world.now());
        assert!(world.app.attempt(move |tx| end_role(tx, &act, role)).unwrap());
        let mut flo = world.sign_in("flo@wrexford.example").await;
        let seen = flo.get("/schedule").await;
        assert!(seen.status.is_success() && !seen.text().contains("Northbrook General"), "{}", seen.text());
    });
}
