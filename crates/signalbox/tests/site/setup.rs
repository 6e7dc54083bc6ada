//! Setting up who and what there is, through the pages (issue 2 point 4).

use axum::http::{Method, StatusCode};
use signalbox::web::ROUTES;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::{StoreError, accounts, directory};

use crate::world::{Client, Reply, World, link_in, on_each_engine};

struct Cast {
    trust: i64,
    other: i64,
    ruth: i64,
    ann: i64,
    oleg: i64,
}

fn cast(world: &World) -> Cast {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let other = world.organisation("riverside", OrgKind::Trust);
    let authority = world.organisation("authority", OrgKind::Authority);
    Cast {
        ruth: world.person("ruth@northbrook.example", "Ruth Ellery", &[(trust, Role::Coordinator)]),
        oleg: world.person("oleg@riverside.example", "Oleg Marsh", &[(other, Role::Requester)]),
        ann: world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::Administrator)]),
        trust,
        other,
    }
}

/// Opens a page and sends its form.
async fn send(client: &mut Client<'_>, page: &str, to: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = client.get(page).await;
    assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.text());
    let seen = shown.field("seen");
    let unseen: Vec<(&str, &str)> = seen.iter().map(|seen| ("seen", seen.as_str())).collect();
    client.post(to, &[&unseen, fields].concat()).await
}

/// The first address on a page that begins so and ends in a number.
fn first_link(reply: &Reply, start: &str) -> String {
    let mut links = reply.body.split('"').filter(|part| part.starts_with(start));
    links
        .find(|link| link[start.len()..].bytes().all(|b| b.is_ascii_digit()) && link.len() > start.len())
        .unwrap_or_else(|| panic!("no {start} on the page: {}", reply.text()))
        .to_owned()
}

#[test]
fn an_administrator_sets_up_the_estate() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let org = cast.trust.to_string();
        assert!(ann.get("/setup").await.text().contains("17 lists."));
        let site = [("code", "NB-GEN"), ("name", "Northbrook General"), ("organisation", org.as_str()), ("ods_code", "")];
        assert_eq!(send(&mut ann, "/setup/sites/new", "/setup/sites", &site).await.location(), "/setup/sites");
        let service = [
            ("code", "PACS"),
            ("name", "PACS imaging"),
            ("owner", org.as_str()),
            ("organisations", "NORTHBROOK; RIVERSIDE"),
            ("users_count", "900"),
            ("patient_facing", "direct"),
            ("flags", "direct_care"),
        ];
        assert_eq!(send(&mut ann, "/setup/services/new", "/setup/services", &service).await.location(), "/setup/services");
        let item = [
            ("code", "ARC-1"),
            ("name", "Archive node 1"),
            ("type", "server"),
            ("organisation", org.as_str()),
            ("site", "NB-GEN"),
            ("services", "PACS"),
            ("watched_by", ""),
        ];
        assert_eq!(send(&mut ann, "/setup/items/new", "/setup/items", &item).await.location(), "/setup/items");
        let edge = [("from", "PACS"), ("to", "ARC-1"), ("kind", "hard"), ("act", "add")];
        assert_eq!(send(&mut ann, "/setup/dependencies/new", "/setup/dependencies", &edge).await.location(), "/setup/dependencies");
        assert!(ann.get("/setup/dependencies").await.text().contains("PACS imaging (PACS) cannot work without it Archive node 1 (ARC-1)"));
        let again = send(&mut ann, "/setup/dependencies/new", "/setup/dependencies", &edge).await;
        assert!(again.text().contains("This dependency is there already."));
        let stored = world.app.read::<_, StoreError>(|tx| directory::item_by_code(tx, "ARC-1")).unwrap().unwrap();
        assert_eq!((stored.org_id, stored.services.len(), stored.site_id.is_some()), (cast.trust, 1, true));

        // An old row comes back as it stands, and is changed.
        let list = ann.get("/setup/items?q=archive").await;
        let path = first_link(&list, "/setup/items/");
        let form = ann.get(&path).await;
        let seen = form.field("seen").unwrap();
        assert_eq!(form.field("site").as_deref(), Some("NB-GEN"));
        let changed = [
            ("code", "ARC-1"),
            ("name", "Archive node one"),
            ("type", "server"),
            ("organisation", org.as_str()),
            ("site", "NB-GEN"),
            ("services", "PACS; NOPE"),
            ("watched_by", ""),
            ("seen", seen.as_str()),
        ];
        let fault = ann.post(&path, &changed).await;
        assert_eq!(fault.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(fault.text().contains("We don’t know: NOPE."), "{}", fault.text());
        assert_eq!(fault.field("name").as_deref(), Some("Archive node one"), "what was typed is kept");
        let mut changed = changed;
        changed[5].1 = "PACS";
        assert_eq!(ann.post(&path, &changed).await.location(), "/setup/items");
        assert!(ann.get("/setup/items").await.text().contains("Archive node one"));
        // The same code twice.
        let taken = send(&mut ann, "/setup/items/new", "/setup/items", &item).await;
        assert!(taken.text().contains("Another one has this already."));
    });
}

#[test]
fn what_is_missing_is_said_field_by_field() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        for list in ["organisations", "sites", "services", "items", "dependencies", "people", "freezes", "maintenance-windows", "external-entries"] {
            let reply = send(&mut ann, &format!("/setup/{list}/new"), &format!("/setup/{list}"), &[]).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{list}");
            assert!(reply.text().contains("things to put right"), "{list}");
            assert!(reply.text().contains("Enter: "), "{list}: {}", reply.text());
        }
        let zone =
            [("code", "X"), ("name", "X"), ("kind", "trust"), ("ods_code", ""), ("email_domain", ""), ("zone", "Mars/Olympus"), ("calendar", "scotland")];
        let reply = send(&mut ann, "/setup/organisations/new", "/setup/organisations", &zone).await;
        assert!(reply.text().contains("Enter a name such as Europe/London."));
        let kind = [("code", "X"), ("name", "X"), ("kind", "bank"), ("zone", "Europe/London"), ("calendar", "scotland")];
        let reply = send(&mut ann, "/setup/organisations/new", "/setup/organisations", &kind).await;
        assert!(reply.text().contains("Choose one of these."));
    });
}

#[test]
fn a_coordinator_adds_people_of_their_own_organisation() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let (own, other) = (cast.trust.to_string(), cast.other.to_string());
        let person = |org: &'static str, role: &'static str| {
            vec![("name", "Sam Okoro"), ("email", "sam@northbrook.example"), ("phone", ""), ("job", ""), ("organisation", org), ("role", role), ("service", "")]
        };
        let (own, other): (&'static str, &'static str) = (own.leak(), other.leak());
        // Another organisation, or an administrator's power, is not among the choices (S02).
        for (org, role) in [(other, "REQ"), (own, "ADM"), (own, "ACM"), (own, "SMG")] {
            let reply = send(&mut ruth, "/setup/people/new", "/setup/people", &person(org, role)).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{org} {role}");
        }
        assert_eq!(send(&mut ruth, "/setup/people/new", "/setup/people", &person(own, "REQ")).await.location(), "/setup/people");
        let mails = world.step_worker();
        assert_eq!((mails.len(), mails[0].to.as_str()), (1, "sam@northbrook.example"));
        assert!(link_in(&mails[0]).starts_with("/password/"));
        let sam = world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, "sam@northbrook.example")).unwrap().unwrap();
        let path = format!("/setup/people/{}", sam.id);
        assert!(ruth.get("/setup/people").await.text().contains("requester at NORTHBROOK"));
        let role = [("organisation", own), ("role", "SIMP"), ("service", "")];
        assert_eq!(send(&mut ruth, &format!("{path}/roles"), &format!("{path}/roles"), &role).await.location(), path);
        let page = ruth.get(&path).await;
        let role = first_link(&page, "/setup/roles/");
        assert_eq!(send(&mut ruth, &role, &format!("{role}/end"), &[]).await.location(), path);
        assert_eq!(ruth.get(&role).await.status, StatusCode::NOT_FOUND, "it has ended");
        // Other people are not hers: not another trust's, not the administrator.
        for id in [cast.oleg, cast.ann] {
            for part in ["", "/details", "/roles", "/state"] {
                assert_eq!(ruth.get(&format!("/setup/people/{id}{part}")).await.status, StatusCode::NOT_FOUND);
            }
            ruth.get(&path).await;
            let id = id.to_string();
            for (part, fields) in [("", vec![("name", "X")]), ("/roles", vec![("role", "REQ"), ("organisation", own)]), ("/state", vec![("state", "disable")])]
            {
                assert_eq!(ruth.post(&format!("/setup/people/{id}{part}"), &fields).await.status, StatusCode::NOT_FOUND, "{part}");
            }
        }
        // She can't change an address, which would be a way into an account, nor erase anybody.
        let reply = send(&mut ruth, &format!("{path}/details"), &path, &[("name", "Sam"), ("email", "thief@evil.example"), ("phone", ""), ("job", "")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reply = send(&mut ruth, &format!("{path}/state"), &format!("{path}/state"), &[("state", "erase")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        let reply = send(&mut ruth, &format!("{path}/state"), &format!("{path}/state"), &[("state", "disable")]).await;
        assert_eq!(reply.location(), "/setup/people");
    });
}

#[test]
fn sd_9_nobody_gives_themselves_a_role_or_lets_themselves_out() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let own = cast.trust.to_string();
        let role = [("organisation", own.as_str()), ("role", "TFIN"), ("service", "")];
        for (client, id) in [(&mut ann, cast.ann), (&mut ruth, cast.ruth)] {
            let path = format!("/setup/people/{id}/roles");
            let reply = send(client, &path, &path, &role).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN);
            assert!(reply.text().contains("SD-9"), "{}", reply.text());
            let path = format!("/setup/people/{id}/state");
            assert_eq!(send(client, &path, &path, &[("state", "disable")]).await.status, StatusCode::FORBIDDEN);
        }
    });
}

#[test]
fn an_administrator_erases_a_person_and_the_record_still_holds() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let path = format!("/setup/people/{}/state", cast.oleg);
        assert_eq!(send(&mut ann, &path, &path, &[("state", "erase")]).await.location(), "/setup/people");
        let oleg = world.app.read::<_, StoreError>(|tx| accounts::person(tx, cast.oleg)).unwrap().unwrap();
        assert_eq!((oleg.name.as_str(), oleg.email.as_str()), ("", ""));
        let findings = world.app.read::<_, StoreError>(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| {})).unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    });
}

#[test]
fn freezes_are_declared_and_lifted_and_a_trust_s_own_lasts_a_day() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let freeze = |until: &'static str, scope: &'static str, of: &'static str| {
            vec![
                ("title", "Critical incident"),
                ("starts_at-date", "2026-11-17"),
                ("starts_at-time", "18:00"),
                ("ends_at-date", until),
                ("ends_at-time", "18:00"),
                ("reason", "The emergency department is full."),
                ("scope", scope),
                ("of", of),
                ("hardness", "hard"),
            ]
        };
        let long = send(&mut ruth, "/setup/freezes/new", "/setup/freezes", &freeze("2026-11-19", "organisation", "NORTHBROOK")).await;
        assert!(long.text().contains("24 hours at most (X14)"), "{}", long.text());
        let back = send(&mut ruth, "/setup/freezes/new", "/setup/freezes", &freeze("2026-11-16", "organisation", "NORTHBROOK")).await;
        assert!(back.text().contains("It ends after it starts."));
        for (scope, of) in [("organisation", "RIVERSIDE"), ("all", "")] {
            let others = send(&mut ruth, "/setup/freezes/new", "/setup/freezes", &freeze("2026-11-18", scope, of)).await;
            assert_eq!(others.status, StatusCode::UNPROCESSABLE_ENTITY, "{scope}");
        }
        let own = send(&mut ruth, "/setup/freezes/new", "/setup/freezes", &freeze("2026-11-18", "organisation", "NORTHBROOK")).await;
        assert!(own.location().starts_with("/setup/freezes/"), "to its own page: {}", own.location());
        let list = ruth.get("/setup/freezes").await;
        assert!(
            list.text().contains("Critical incident") && list.text().contains("Tuesday 17 November 2026, 18:00 to Wednesday 18 November 2026, 18:00 GMT"),
            "{}",
            list.text()
        );
        let mut ann = world.sign_in("ann@authority.example").await;
        assert_eq!(send(&mut ann, "/setup/freezes/new", "/setup/freezes", &freeze("2026-12-24", "all", "")).await.status, StatusCode::SEE_OTHER);
        assert!(!ruth.get("/setup/freezes").await.text().contains("24 December"), "not hers");
        let path = first_link(&ruth.get("/setup/freezes").await, "/setup/freezes/");
        assert_eq!(send(&mut ruth, &path, &format!("{path}/end"), &[]).await.location(), "/setup/freezes");
        assert!(ruth.get("/setup/freezes").await.text().contains("Lifted Tuesday 17 November 2026 at 12:00"));
    });
}

#[test]
fn whoever_does_not_set_up_is_told_whose_work_it_is() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut oleg = world.sign_in("oleg@riverside.example").await;
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        for route in ROUTES.iter().filter(|route| route.path.starts_with("/setup")) {
            let path = route.path.replace("{id}", &cast.oleg.to_string());
            let reply = if route.method == Method::GET { oleg.get(&path).await } else { oleg.post(&path, &[]).await };
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{} {path}: {}", route.method, reply.text());
            let is_hers = ["/setup/people", "/setup/roles", "/setup/freezes", "/setup/maintenance-windows", "/setup/safety-officers", "/setup/limits"]
                .iter()
                .any(|own| path.starts_with(own))
                || path == "/setup";
            let reply = if route.method == Method::GET { ruth.get(&path).await } else { ruth.post(&path, &[]).await };
            assert_eq!(reply.status == StatusCode::FORBIDDEN, !is_hers, "{} {path}: {}", route.method, reply.text());
        }
    });
}
