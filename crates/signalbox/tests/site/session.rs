//! Coming in and going out: sign-in, sessions, passwords, tokens (S53, S55 to S58).

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::accounts::{disable_person, end_role};

use crate::world::{PASSWORD, World, link_in, on_each_engine};

fn with_ruth(world: &World) -> i64 {
    let org = world.organisation("northbrook", OrgKind::Trust);
    world.person("ruth@northbrook.example", "Ruth Ellery", &[(org, Role::Coordinator)])
}

#[test]
fn a_person_signs_in_and_out() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.stranger();
        let page = ruth.get("/me").await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Fme"));
        ruth.get("/sign-in?next=%2Fme").await;
        let reply = ruth.post("/sign-in", &[("email", " RUTH@northbrook.example "), ("password", PASSWORD), ("next", "/me")]).await;
        assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/me"));
        let page = ruth.get("/me").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("You are signed in as Ruth Ellery."));
        let reply = ruth.post("/sign-out", &[]).await;
        assert_eq!(reply.location(), "/sign-in");
        assert_eq!(reply.header("clear-site-data"), "\"cache\", \"storage\"");
        assert_eq!(ruth.get("/me").await.status, StatusCode::SEE_OTHER);
        let page = ruth.get("/sign-in").await;
        assert!(page.text().contains("You have signed out."), "said once");
        assert!(!ruth.get("/sign-in").await.text().contains("You have signed out."), "and not twice");
    });
}

#[test]
fn s55_signing_in_makes_a_new_session_and_ends_the_old_one() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.stranger();
        ruth.get("/sign-in").await;
        // A session that an attacker planted means nothing before, and is not taken over.
        ruth.cookies.insert("__Host-signalbox".into(), "a".repeat(64));
        ruth.get("/sign-in").await;
        let reply = ruth.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", PASSWORD)]).await;
        let cookie = reply.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let cookie = cookie.into_iter().find(|line| line.starts_with("__Host-signalbox=")).expect("a session cookie");
        for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert!(!cookie.contains("Domain"));
        let first = ruth.cookies["__Host-signalbox"].clone();
        assert_ne!(first, "a".repeat(64));
        // Signing in again from the same browser: the first session is dead.
        let mut again = ruth.clone();
        again.get("/me").await;
        let reply = again.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", PASSWORD)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
        assert_ne!(again.cookies["__Host-signalbox"], first);
        assert_eq!(ruth.get("/me").await.status, StatusCode::SEE_OTHER, "the old one is dead");
        assert_eq!(again.get("/me").await.status, StatusCode::OK);
    });
}

#[test]
fn s56_whoever_is_shut_out_is_out_at_once() {
    on_each_engine(|world| async move {
        let id = with_ruth(&world);
        let (mut one, mut two) = (world.sign_in("ruth@northbrook.example").await, world.sign_in("ruth@northbrook.example").await);
        one.get("/me").await;
        let page = one.post("/me/tokens", &[("name", "monitoring"), ("days", "30")]).await;
        let token = page.body.split("<code class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a token").to_owned();
        assert!(token.starts_with("sb_") && token.len() == 67, "{token}");
        assert_eq!(world.program(&token).get("/me").await.status, StatusCode::OK);
        assert!(!one.get("/me").await.body.contains(&token), "shown once (S17)");
        // A role that ends counts for nothing on the next request.
        assert_eq!(two.get("/members").await.status, StatusCode::OK);
        let held = world.app.read::<_, signalbox_store::StoreError>(|tx| signalbox_store::accounts::memberships(tx, id)).unwrap();
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| end_role(tx, &act, held[0].id)).unwrap();
        assert_eq!(two.get("/members").await.status, StatusCode::FORBIDDEN);
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| disable_person(tx, &act, id)).unwrap();
        assert_eq!(one.get("/me").await.status, StatusCode::SEE_OTHER);
        assert_eq!(two.get("/me").await.status, StatusCode::SEE_OTHER);
        assert_eq!(world.program(&token).get("/me").await.location(), "/sign-in?next=%2Fme");
    });
}

#[test]
fn sessions_end_by_time_and_everywhere() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let (mut one, mut two) = (world.sign_in("ruth@northbrook.example").await, world.sign_in("ruth@northbrook.example").await);
        assert!(one.get("/me").await.text().contains("In 2 browsers."));
        let reply = one.post("/sign-out-everywhere", &[]).await;
        assert_eq!(reply.location(), "/sign-in");
        assert_eq!(two.get("/me").await.status, StatusCode::SEE_OTHER);
        let mut three = world.sign_in("ruth@northbrook.example").await;
        world.advance(SignedDuration::from_hours(11));
        assert_eq!(three.get("/me").await.status, StatusCode::OK);
        world.advance(SignedDuration::from_hours(11));
        assert_eq!(three.get("/me").await.status, StatusCode::OK, "used within 12 hours");
        world.advance(SignedDuration::from_hours(3));
        assert_eq!(three.get("/me").await.status, StatusCode::SEE_OTHER, "a day is the end");
        let mut four = world.sign_in("ruth@northbrook.example").await;
        world.advance(SignedDuration::from_hours(13));
        assert_eq!(four.get("/me").await.status, StatusCode::SEE_OTHER, "12 idle hours are the end");
    });
}

#[test]
fn a_revoked_token_is_dead_and_another_s_is_not_there() {
    on_each_engine(|world| async move {
        let org = world.organisation("northbrook", OrgKind::Trust);
        world.person("ruth@northbrook.example", "Ruth Ellery", &[(org, Role::Coordinator)]);
        let tom = world.person("tom@northbrook.example", "Tom Achebe", &[(org, Role::Requester)]);
        let token = signalbox::web::handlers::me::issue(&world.app, tom, "nightly report", None).unwrap();
        let id = world.app.read::<_, signalbox_store::StoreError>(|tx| signalbox_store::accounts::tokens(tx, tom)).unwrap()[0].id;
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        let path = format!("/me/tokens/{id}/revoke");
        assert_eq!(ruth.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(ruth.post("/me/tokens/1/revoke", &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.program(&token).get("/me").await.status, StatusCode::OK);
        let mut tom = world.sign_in("tom@northbrook.example").await;
        assert!(tom.get("/me").await.text().contains("nightly report"));
        assert_eq!(tom.post(&path, &[]).await.location(), "/me");
        let refused = world.program(&token).get("/api/v1/nothing").await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer realm=\"signalbox\""));
    });
}

#[test]
fn s53_a_link_to_set_a_password_works_once_and_exactly() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut signed_in = world.sign_in("ruth@northbrook.example").await;
        let mut ruth = world.stranger();
        ruth.get("/password").await;
        assert_eq!(ruth.post("/password", &[("email", "ruth@northbrook.example")]).await.status, StatusCode::OK);
        let mails = world.step_worker();
        assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ruth@northbrook.example"));
        let link = link_in(&mails[0]);
        let token = link.strip_prefix("/password/").unwrap().to_owned();
        assert_eq!(token.len(), 64);
        let mut wrong = vec!["%25".to_owned(), "*".into(), "%00".into(), token[1..].into(), format!("{token}0"), token.to_uppercase()];
        wrong.retain(|wrong| *wrong != token);
        for wrong in wrong {
            assert_eq!(ruth.get(&format!("/password/{wrong}")).await.status, StatusCode::NOT_FOUND, "{wrong}");
        }
        // Opening it, as a mail scanner does, uses nothing up.
        assert_eq!(ruth.get(&link).await.status, StatusCode::OK);
        assert_eq!(ruth.get(&link).await.status, StatusCode::OK);
        let new = "a walk in the blue park";
        let short = ruth.post(&link, &[("password", "short"), ("password-again", "short")]).await;
        assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
        let differs = ruth.post(&link, &[("password", new), ("password-again", "another thing")]).await;
        assert!(differs.text().contains("The two are not the same."));
        assert!(!differs.body.contains(new), "a password never comes back");
        assert_eq!(ruth.post(&link, &[("password", new), ("password-again", new)]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ruth.get("/me").await.status, StatusCode::OK, "signed in with it");
        assert_eq!(signed_in.get("/me").await.status, StatusCode::SEE_OTHER, "other sessions ended");
        let mut other = world.stranger();
        assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND, "once");
        other.get("/sign-in").await;
        let old = other.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", PASSWORD)]).await;
        assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
        // A link that is not used is dead after an hour.
        other.get("/password").await;
        other.post("/password", &[("email", "ruth@northbrook.example")]).await;
        let link = link_in(&world.step_worker()[0]);
        world.advance(SignedDuration::from_mins(61));
        assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn s57_an_unknown_address_looks_like_a_known_one() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        world.person("new@northbrook.example", "No Role", &[]);
        let mut stranger = world.stranger();
        stranger.get("/sign-in").await;
        let known = stranger.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", "wrong wrong wrong")]).await;
        let unknown = stranger.post("/sign-in", &[("email", "rita@northbrook.example"), ("password", "wrong wrong wrong")]).await;
        let plain = |reply: &crate::world::Reply, email: &str| {
            let token = reply.field("csrf").unwrap_or("no form".into());
            reply.body.replace(&token, "TOKEN").replace(email, "EMAIL")
        };
        assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(unknown.status, known.status);
        assert_eq!(plain(&known, "ruth@northbrook.example"), plain(&unknown, "rita@northbrook.example"));
        for path in ["/password", "/join"] {
            let mut form = vec![("email", "ruth@northbrook.example")];
            if path == "/join" {
                form.extend([("name", "R"), ("reason", "work")]);
            }
            stranger.get(path).await;
            let known = stranger.post(path, &form).await;
            form[0].1 = "rita@northbrook.example";
            let unknown = stranger.post(path, &form).await;
            assert_eq!((known.status, plain(&known, "x@")), (unknown.status, plain(&unknown, "x@")), "{path}");
        }
    });
}

#[test]
fn s57_an_unknown_address_takes_as_long_as_a_known_one() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let median = async |email: &'static str| {
            let mut times = Vec::new();
            for n in 0..7_u8 {
                let mut stranger = world.stranger();
                stranger.address = [198, 51, 100, n].into();
                stranger.get("/sign-in").await;
                let begun = std::time::Instant::now();
                stranger.post("/sign-in", &[("email", email), ("password", "wrong wrong wrong")]).await;
                times.push(begun.elapsed());
            }
            times.sort();
            times[3]
        };
        let (known, unknown) = (median("ruth@northbrook.example").await, median("rita@northbrook.example").await);
        // Without the hash of nobody an unknown address would answer in a tenth of the time.
        assert!(unknown > known / 3 && known > unknown / 3, "known {known:?}, unknown {unknown:?}");
    });
}

#[test]
fn ten_wrong_tries_shut_the_door_for_a_quarter_of_an_hour() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut thief = world.stranger();
        thief.get("/sign-in").await;
        let attempt = [("email", "ruth@northbrook.example"), ("password", "wrong wrong wrong")];
        for _ in 0..10 {
            assert_eq!(thief.post("/sign-in", &attempt).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let shut = thief.post("/sign-in", &attempt).await;
        assert_eq!((shut.status, shut.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "900"));
        assert!(shut.text().contains("Try again in 15 minutes."));
        // The address of mail is shut from everywhere, the address of the network for everybody.
        let mut elsewhere = world.stranger();
        elsewhere.address = [203, 0, 113, 9].into();
        elsewhere.get("/sign-in").await;
        let right = [("email", "ruth@northbrook.example"), ("password", PASSWORD)];
        assert_eq!(elsewhere.post("/sign-in", &right).await.status, StatusCode::TOO_MANY_REQUESTS);
        let other = [("email", "tom@northbrook.example"), ("password", PASSWORD)];
        assert_eq!(thief.post("/sign-in", &other).await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(elsewhere.post("/sign-in", &other).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        world.advance(SignedDuration::from_mins(15));
        assert_eq!(elsewhere.post("/sign-in", &right).await.status, StatusCode::SEE_OTHER);
    });
}

#[test]
fn s58_a_huge_password_is_refused_before_it_costs_anything() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut thief = world.stranger();
        thief.get("/sign-in").await;
        for (bytes, status) in [(1_025, 422), (64 << 10, 422), (2 << 20, 413)] {
            let begun = std::time::Instant::now();
            let reply = thief.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", &"x".repeat(bytes))]).await;
            assert_eq!(reply.status.as_u16(), status, "{bytes} bytes");
            assert!(begun.elapsed().as_millis() < 2_000);
        }
        // None of them was counted as a try, since none was looked at.
        for _ in 0..9 {
            let reply = thief.post("/sign-in", &[("email", "ruth@northbrook.example"), ("password", &"x".repeat(2_000))]).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    });
}
