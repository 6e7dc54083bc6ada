//! Rights are asked anew with every request: no switch of organisation (S27), and nothing kept from before (S29).

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use signalbox::web::ROUTES;
use signalbox::web::handlers::me::issue;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::accounts::{self, disable_person, end_role};
use signalbox_store::{StoreError, log};

use crate::changes::{file_links, upload};
use crate::planned::Estate;
use crate::world::{Client, Reply, World, link_in, on_each_engine};

const RUTH: &str = "ruth@northbrook.example";

fn id_of(world: &World, email: &str) -> i64 {
    world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap().id
}

/// How many events there are: what changes anything adds one.
fn events(world: &World) -> i64 {
    world.app.db.read(|tx| Ok(log::read_head(tx)?.count())).unwrap()
}

/// The organisation of the newest change, by its code.
fn org_of_newest(world: &World) -> String {
    let sql = "select o.code from changes c join organisations o on o.id = c.org_id order by c.id desc limit 1";
    world.app.db.read(|tx| tx.one(sql, &[], |row| row.text(0))).unwrap()
}

const HEADERS: [&str; 6] = ["x-org", "x-organisation", "x-organization", "x-acting-organisation", "x-tenant", "x-signalbox-organisation"];

async fn get_as(client: &mut Client<'_>, path: &str, org: &str) -> Reply {
    let mut request = client.request(Method::GET, path);
    for name in HEADERS {
        request = request.header(name, org);
    }
    client.ask(request.body(Body::empty()).unwrap()).await
}

#[test]
fn s27_there_is_no_switch_of_the_acting_organisation() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.person("sam@northbrook.example", "Sam Okoro", &[(estate.trust, Role::Requester)]);
        let mut ruth = world.sign_in(RUTH).await;
        let (before, other) = (events(&world), estate.other.to_string());

        // No address switches, whatever it is called.
        for route in ROUTES {
            assert!(!["/switch", "/session/", "/acting", "/become", "/impersonate"].iter().any(|part| route.path.contains(part)), "{}", route.path);
        }
        for path in ["/session/organisation", "/session", "/organisation", "/organisations", "/switch", "/me/organisation", "/me/org"] {
            for value in ["RIVERSIDE", other.as_str()] {
                for field in ["id", "org", "organisation"] {
                    assert_eq!(ruth.post(path, &[(field, value)]).await.status, StatusCode::NOT_FOUND, "{path}");
                    assert_eq!(ruth.get(&format!("{path}?{field}={value}")).await.status, StatusCode::NOT_FOUND, "{path}");
                }
            }
        }

        // No header, cookie or field of a query does.
        for value in ["RIVERSIDE", other.as_str()] {
            for path in ["/me", "/members", "/setup/people", "/changes/new"] {
                let plain = ruth.get(path).await.text();
                assert_eq!(get_as(&mut ruth, path, value).await.text(), plain, "{path}");
                let mut with_cookie = ruth.clone();
                with_cookie.cookies.insert("org".into(), value.into());
                with_cookie.cookies.insert("__Host-signalbox-org".into(), value.into());
                assert_eq!(with_cookie.get(path).await.text(), plain, "{path}");
            }
        }
        assert_eq!(events(&world), before);

        // Nor another organisation in a form that has a field for one.
        let sam = id_of(&world, "sam@northbrook.example");
        let (roles, ends) = (format!("/setup/people/{sam}/roles"), "2026-11-18");
        for org in ["RIVERSIDE", other.as_str()] {
            let freeze = [
                ("title", "Theirs"),
                ("starts_at-date", ends),
                ("starts_at-time", "08:00"),
                ("ends_at-date", ends),
                ("ends_at-time", "18:00"),
                ("reason", "x"),
                ("scope", "organisation"),
                ("of", org),
                ("hardness", "hard"),
            ];
            let person = [("name", "X"), ("email", "x@riverside.example"), ("phone", ""), ("job", ""), ("organisation", org), ("role", "REQ"), ("service", "")];
            let site = [("code", "RV"), ("name", "Theirs"), ("organisation", org), ("ods_code", "")];
            let item =
                [("code", "RV-1"), ("name", "Theirs"), ("type", "server"), ("organisation", org), ("site", ""), ("services", "PACS"), ("watched_by", "")];
            let forms: [(&str, &[(&str, &str)]); 8] = [
                ("/changes/new", &[("kind", "normal"), ("org", org)]),
                ("/changes/new", &[("kind", "planned_outage"), ("org", org)]),
                ("/requests/new/printer_queue", &[("title", "A queue"), ("org", org)]),
                ("/setup/people", &person),
                (&roles, &[("organisation", org), ("role", "REQ"), ("service", "")]),
                ("/setup/freezes", &freeze),
                ("/setup/sites", &site),
                ("/setup/items", &item),
            ];
            let before = events(&world);
            for (path, fields) in forms {
                // Sites and items are an administrator's.
                let is_office = ["/setup/sites", "/setup/items"].contains(&path);
                let expected = if is_office { StatusCode::FORBIDDEN } else { StatusCode::UNPROCESSABLE_ENTITY };
                let reply = ruth.post(path, fields).await;
                assert_eq!(reply.status, expected, "{path} for {org}: {}", reply.text());
                assert_eq!(events(&world), before, "{path} changed something");
            }
            // A query beside a good form counts for nothing.
            let reply = ruth.post(&format!("/changes/new?org={org}"), &[("kind", "normal")]).await;
            assert_eq!((reply.status, org_of_newest(&world).as_str()), (StatusCode::SEE_OTHER, "NORTHBROOK"), "{}", reply.text());
            let draft = reply.location().replace("/edit/what", "");
            for path in [format!("{draft}/edit/what"), format!("{draft}/send"), format!("{draft}/acts/withdraw"), format!("{draft}/copy")] {
                let before = events(&world);
                let reply = ruth.post(&path, &[("org", org), ("organisation", org)]).await;
                assert!(reply.status.is_client_error(), "{path}: {} {}", reply.status, reply.text());
                assert_eq!(events(&world), before, "{path}");
            }
            let before = events(&world);
            // And in the API.
            let token = issue(&world.app, id_of(&world, RUTH), "program", None).unwrap();
            let made = events(&world);
            assert_eq!(made, before + 1, "the token");
            let mut program = world.program(&token);
            for body in [
                format!("{{\"kind\":\"normal\",\"organisation\":\"{org}\"}}"),
                format!("{{\"kind\":\"normal\",\"organisation\":\"NORTHBROOK\",\"org\":\"{org}\"}}"),
            ] {
                let request = program.request(Method::POST, "/api/v1/changes").header(header::CONTENT_TYPE, "application/json");
                let reply = program.ask(request.header("x-org", org).body(Body::from(body)).unwrap()).await;
                assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.body);
            }
            assert_eq!(events(&world), made);
        }
    });
}

#[test]
fn s27_each_form_carries_its_own_organisation_and_a_tab_left_open_does_not_move_another() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.person("bo@northbrook.example", "Bo Both", &[(estate.trust, Role::Coordinator), (estate.other, Role::Coordinator)]);
        let mut bo = world.sign_in("bo@northbrook.example").await;
        let mut other_tab = bo.clone();
        for (tab, org) in [(&mut bo, "RIVERSIDE"), (&mut other_tab, "NORTHBROOK")] {
            tab.get("/changes/new").await;
            let reply = tab.post("/changes/new", &[("kind", "normal"), ("org", org)]).await;
            assert_eq!((reply.status, org_of_newest(&world).as_str()), (StatusCode::SEE_OTHER, org), "{}", reply.text());
        }
        assert_eq!(bo.post("/changes/new", &[("kind", "normal")]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is remembered");
        let third = world.organisation("eastmarsh", OrgKind::Trust);
        let before = events(&world);
        for org in ["EASTMARSH", &third.to_string()] {
            assert_eq!(bo.post("/changes/new", &[("kind", "normal"), ("org", org)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(events(&world), before);
    });
}

#[test]
fn s27_who_asks_to_join_stays_with_the_organisation_of_their_address() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut sam = world.stranger();
        sam.get("/join").await;
        sam.post("/join", &[("name", "Sam Field"), ("email", "sam@northbrook.example"), ("job", "IT"), ("reason", "I plan.")]).await;
        let link = link_in(&world.step_worker()[0]);
        sam.get(&link).await;
        sam.post(&link, &[]).await;
        let mut ruth = world.sign_in(RUTH).await;
        let page = ruth.get("/members").await;
        let path = page.body.split('"').find(|part| part.starts_with("/members/requests/")).expect("a request").to_owned();
        ruth.get(&path).await;
        let (before, other) = (events(&world), estate.other.to_string());
        let moved = ruth.post(&path, &[("answer", "yes"), ("organisation", &other)]).await;
        assert_eq!((moved.status, events(&world)), (StatusCode::UNPROCESSABLE_ENTITY, before), "{}", moved.text());
        assert_eq!(ruth.post(&path, &[("answer", "yes")]).await.status, StatusCode::SEE_OTHER);
        let (mut ann, before) = (world.sign_in("ann@authority.example").await, events(&world));
        ann.get(&path).await;
        let moved = ann.post(&path, &[("answer", "yes"), ("organisation", &other)]).await;
        assert_eq!((moved.status, events(&world)), (StatusCode::UNPROCESSABLE_ENTITY, before), "{}", moved.text());
        assert_eq!(ann.post(&path, &[("answer", "yes")]).await.status, StatusCode::SEE_OTHER);
        let sam = id_of(&world, "sam@northbrook.example");
        let held = world.app.read::<_, StoreError>(|tx| accounts::memberships(tx, sam)).unwrap();
        assert_eq!(held.iter().map(|m| m.org_id).collect::<Vec<_>>(), [estate.trust]);
    });
}

/// Asks as a browser does that has the answer in its store.
async fn ask_again(client: &mut Client<'_>, path: &str, tag: &str) -> Reply {
    let request = client.request(Method::GET, path).header(header::IF_NONE_MATCH, tag);
    let request = request.header(header::IF_MODIFIED_SINCE, "Fri, 31 Dec 2100 23:59:59 GMT");
    let reply = client.ask(request.body(Body::empty()).unwrap()).await;
    assert_ne!(reply.status, StatusCode::NOT_MODIFIED, "{path}");
    assert!(reply.header("cache-control").contains("no-store"), "{path}: {}", reply.header("cache-control"));
    reply
}

#[test]
fn s29_what_was_read_before_is_not_there_after_the_rights_are_gone() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let reference = estate.outage(&world, "Switchgear canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]).reference;
        let id = id_of(&world, RUTH);
        let mut ruth = world.sign_in(RUTH).await;
        let mut program = world.program(&issue(&world.app, id, "program", None).unwrap());
        assert_eq!(upload(&mut ruth, &reference, "plan.txt", b"secret canary").await.status, StatusCode::SEE_OTHER);
        let file = file_links(&ruth.get(&format!("/changes/{reference}")).await)[0].clone();
        let api = format!("/api/v1/changes/{reference}");
        let of_api = format!("/api/v1{file}");
        let pages = [format!("/changes/{reference}"), format!("/changes/{reference}/acts/withdraw"), file];
        let programs = [api.clone(), format!("{api}/offers"), format!("{api}/files"), of_api];

        let tags = ["*", "\"1\"", "W/\"1\"", "\"4\", \"5\""];
        for (client, paths) in [(&mut ruth, &pages[..]), (&mut program, &programs[..])] {
            for path in paths {
                let first = client.get(path).await;
                assert_eq!(first.status, StatusCode::OK, "{path}: {}", first.body);
                let own = first.header("etag").to_owned();
                for tag in tags.into_iter().chain(Some(own.as_str()).filter(|tag| !tag.is_empty())) {
                    assert_eq!(ask_again(client, path, tag).await.body.contains("canary"), first.body.contains("canary"), "{path} is whole, never 304");
                }
            }
        }
        let own = program.get(&api).await.header("etag").to_owned();
        assert!(!own.is_empty(), "the API gives a tag");

        let held = world.app.read::<_, StoreError>(|tx| accounts::memberships(tx, id)).unwrap();
        let (act, role) = (world.app.act(None, world.now()), held[0].id);
        world.app.attempt(move |tx| end_role(tx, &act, role)).unwrap();
        for (client, paths) in [(&mut ruth, &pages[..]), (&mut program, &programs[..])] {
            for path in paths {
                for tag in tags.into_iter().chain([own.as_str()]) {
                    let reply = ask_again(client, path, tag).await;
                    assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}: {}", reply.text());
                    assert!(!reply.body.contains("canary"), "{path}");
                }
            }
        }
        for (client, path) in [(&mut ruth, "/changes"), (&mut program, "/api/v1/changes")] {
            let list = ask_again(client, path, "*").await;
            assert!(!list.body.contains("canary") && !list.body.contains(&reference), "{path}: {}", list.body);
        }

        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| disable_person(tx, &act, id)).unwrap();
        for path in &pages {
            let reply = ask_again(&mut ruth, path, &own).await;
            assert!(reply.location().starts_with("/sign-in?next="), "{path}: {}", reply.status);
            assert!(!reply.body.contains("canary"), "{path}");
        }
        for path in &programs {
            assert_eq!(ask_again(&mut program, path, &own).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    });
}

#[test]
fn s29_no_signed_in_answer_is_kept_and_signing_out_clears_the_browser() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let reference = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]).reference;
        let mut ruth = world.sign_in(RUTH).await;
        let mut seen = 0;
        // What tells everybody the same, whoever they are, may be kept (c128_nothing_of_what_was_not_published_is_anywhere).
        let is_of_somebody = |path: &str| !path.starts_with("/assets/") && !["/status", "/status.json", "/status.atom"].contains(&path);
        for route in ROUTES.iter().filter(|route| is_of_somebody(route.path)) {
            let path = route.path.replace("{ref}", &reference).replace("{act}", "withdraw").replace("{entry}", "printer_queue").replace("{site}", "NB");
            let path = path.replace("{step}", "what").replace("{id}", "1").replace("{token}", &"0".repeat(64));
            if route.method == Method::GET {
                seen += usize::from(ask_again(&mut ruth, &path, "*").await.status == StatusCode::OK);
            } else {
                // Without the token of a form nothing is done; the refusal is not kept either.
                let reply = ruth.clone().post_bare(&path, &[]).await;
                assert!(reply.header("cache-control").contains("no-store"), "{path}");
            }
        }
        assert!(seen > 30, "{seen} pages were there to be looked at");
        for path in ["/sign-out", "/sign-out-everywhere"] {
            let mut ruth = world.sign_in(RUTH).await;
            let mut kept = ruth.clone();
            let reply = ruth.post(path, &[]).await;
            assert_eq!(reply.location(), "/sign-in", "{path}");
            assert_eq!(reply.header("clear-site-data"), "\"cache\", \"storage\"", "{path}");
            assert!(reply.header("cache-control").contains("no-store"), "{path}");
            assert!(ruth.get("/sign-in").await.text().contains("You have signed out"), "and the sentence outlives it");
            // Back in the browser asks again, since nothing was stored, and a cookie kept aside opens nothing.
            assert!(ask_again(&mut kept, &format!("/changes/{reference}"), "*").await.location().starts_with("/sign-in?next="), "{path}");
        }
    });
}
