//! Cases from the register of how systems like this were broken; each test carries its number.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use signalbox::config::{BaseUrl, Config};
use signalbox::web::{ROUTES, Who};
use signalbox_core::actor::{OrgKind, Role};

use crate::harness::for_each_target;
use crate::world::{BASE, Client, PASSWORD, Reply, World, link_in, on_each_engine};

const RUTH: [(&str, &str); 2] = [("email", "ruth@northbrook.example"), ("password", PASSWORD)];

fn with_ruth(world: &World) {
    let org = world.organisation("northbrook", OrgKind::Trust);
    world.person("ruth@northbrook.example", "Ruth Ellery", &[(org, Role::Coordinator)]);
}

/// An address of a route with something in its places.
fn filled(path: &str) -> String {
    path.replace("{token}", &"0".repeat(64))
        .replace("{id}", "1")
        .replace("{ref}", "RFC-2026-000001")
        .replace("{act}", "approve")
        .replace("{hash}", "0")
        .replace("{name}", "x.css")
}

fn form(client: &Client<'_>, path: &str, body: &str) -> axum::http::request::Builder {
    assert!(!body.contains('\n'));
    client.request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[test]
fn s10_s53_tokens_are_long_random_and_never_repeat() {
    on_each_engine(|world| async move {
        let mut seen = BTreeSet::new();
        let mut counts = [0_u32; 256];
        for _ in 0..2_000 {
            let token = world.app.ids.token();
            assert!(seen.insert(token.to_hex()));
            token.0.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        }
        let expected = 2_000.0 * 32.0 / 256.0;
        let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // 255 degrees of freedom: 400 is passed by chance less than once in ten million runs.
        assert!(chi < 400.0, "chi-square {chi}");
    });
}

#[test]
fn s10_a_link_is_good_for_one_purpose_only() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut client = world.stranger();
        client.get("/password").await;
        client.post("/password", &[("email", "ruth@northbrook.example")]).await;
        let token = link_in(&world.step_worker()[0]).replace("/password/", "");
        assert_eq!(client.get(&format!("/join/confirm/{token}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.post(&format!("/join/confirm/{token}"), &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.get(&format!("/password/{token}")).await.status, StatusCode::OK);
        let mut bearer = world.program(&format!("sb_{token}"));
        assert_eq!(bearer.get("/api/v1/changes").await.status, StatusCode::UNAUTHORIZED);
        client.cookies.insert("__Host-signalbox".into(), token);
        assert_eq!(client.get("/me").await.status, StatusCode::SEE_OTHER);
    });
}

/// Names of the list below that a page does ask for.
const OWN_FIELDS: &[(&str, &str)] =
    &[("/on-call", "role"), ("/changes/{ref}/clashes", "version"), ("/series/{id}", "version"), ("/series/{id}/edit", "version")];

#[test]
fn s31_a_field_that_the_page_does_not_have_is_refused() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        let extras = ["id", "approved_by", "org_id", "created_at", "created_by", "is_admin", "role", "version", "person_id"];
        for route in ROUTES.iter().filter(|route| route.method == Method::POST) {
            let path = filled(route.path);
            let mut refused = 0;
            let is_own = |extra: &&str| OWN_FIELDS.contains(&(route.path, extra));
            let extras: Vec<&str> = extras.into_iter().filter(|extra| !is_own(extra)).collect();
            for extra in &extras {
                let reply = ruth.clone().post(&path, &[(extra, "1")]).await;
                // A page that is not there, or not hers, says so first.
                if ![404, 403].contains(&reply.status.as_u16()) {
                    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} took {extra}");
                    refused += 1;
                }
            }
            assert!(refused == 0 || refused == extras.len(), "{path}");
        }
        let reply = ruth.post("/me/tokens", &[("name", "x"), ("days", "30"), ("person_id", "1")]).await;
        assert!(reply.text().contains("This page has no field “person_id”."), "{}", reply.text());
        assert_eq!(ruth.get("/me").await.status, StatusCode::OK, "she is still signed in: nothing was done");
    });
}

#[test]
fn s42_only_a_form_of_ours_changes_anything() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        world.person("tom@northbrook.example", "Tom Achebe", &[]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        let mut tom = world.sign_in("tom@northbrook.example").await;
        tom.get("/me").await;
        let good = ruth.form_token.clone().unwrap();
        let theirs = tom.form_token.clone().unwrap();
        // The way out of a letter is its own proof, and does nothing else.
        for route in ROUTES.iter().filter(|route| route.method == Method::POST && route.path != "/status/leave/{token}") {
            let path = filled(route.path);
            for token in ["", "x", theirs.as_str(), &good[..64], &good.to_uppercase()] {
                let reply = ruth.clone().post_bare(&path, &[("csrf", token)]).await;
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} with {token:?}");
            }
            for (name, value) in [
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("origin", "https://change.example.org.evil.example"),
                ("origin", "http://change.example.org"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
            ] {
                let body = format!("csrf={good}");
                let request = form(&ruth, &path, &body).header(name, value).body(Body::from(body)).unwrap();
                assert_eq!(ruth.clone().ask(request).await.status, StatusCode::FORBIDDEN, "{path} from {value}");
            }
            let request = ruth.request(Method::POST, &path).header(header::CONTENT_TYPE, "text/plain");
            let request = request.body(Body::from(format!("{{\"csrf\":\"{good}\"}}"))).unwrap();
            assert_eq!(ruth.clone().ask(request).await.status, StatusCode::FORBIDDEN, "{path} as text/plain");
            // Nor by a method in disguise.
            for method in [Method::GET, Method::HEAD] {
                let request = ruth.request(method, &path).header("x-http-method-override", "POST").body(Body::empty()).unwrap();
                let status = ruth.clone().ask(request).await.status;
                assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            }
        }
        assert_eq!(ruth.get("/me").await.status, StatusCode::OK, "after all that she is signed in");
        let reply = ruth.post("/sign-out", &[]).await;
        assert_eq!(reply.location(), "/sign-in", "her own form works");
    });
}

#[test]
fn s42_a_cookie_opens_nothing_in_the_api() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let request = ruth.request(Method::POST, "/api/v1/changes").header(header::CONTENT_TYPE, "application/json");
        let reply = ruth.ask(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::UNAUTHORIZED, "application/problem+json"));
        assert_eq!(reply.json()["type"], "urn:signalbox:problem:sign-in");
        assert_eq!(ruth.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn s54_an_unknown_host_is_turned_away_and_links_are_ours() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let ask = |host: Option<&str>, uri: &str| {
            let request = Request::builder().uri(uri);
            let request = if let Some(host) = host { request.header(header::HOST, host) } else { request };
            request.body(Body::empty()).unwrap()
        };
        for host in ["evil.example", "change.example.org.evil.example", "change.example.org:81", "", "change.example.org@evil.example", "é"] {
            let reply = world.send(ask(Some(host), "/sign-in")).await;
            assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST, "{host:?}");
            assert!(!reply.body.contains("evil"), "{host:?}");
        }
        assert_eq!(world.send(ask(None, "/sign-in")).await.status, StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(world.send(ask(Some("change.example.org"), "https://evil.example/sign-in")).await.status, StatusCode::MISDIRECTED_REQUEST);
        let mut twice = ask(Some("change.example.org"), "/sign-in");
        twice.headers_mut().append(header::HOST, "evil.example".parse().unwrap());
        assert_eq!(world.send(twice).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(world.send(ask(Some("change.example.org:443"), "/sign-in")).await.status, StatusCode::OK);
        assert_eq!(world.send(ask(Some("10.0.0.7:8080"), "/healthz")).await.status, StatusCode::OK);
        // A link never takes its host from the request.
        let mut client = world.stranger();
        client.get("/password").await;
        let body = format!("csrf={}&email=ruth%40northbrook.example", client.form_token.clone().unwrap());
        let request = form(&client, "/password", &body).header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
        assert_eq!(client.ask(request.body(Body::from(body)).unwrap()).await.status, StatusCode::OK);
        let mail = &world.step_worker()[0];
        assert!(mail.text.contains(&format!("{BASE}/password/")) && !mail.text.contains("evil"));
    });
}

#[test]
fn without_a_named_base_any_host_is_answered_and_cookies_are_plain() {
    for_each_target(|target| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let base = BaseUrl::of_listener("127.0.0.1:8080".parse().unwrap());
            let named = World::open(target);
            let config = Config { base, is_base_named: false, ..named.app.config.clone() };
            drop(named);
            let world = World::open_with(target, config);
            with_ruth(&world);
            let ask = |method: Method, path: &str, cookie: &str, body: String| {
                let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8080");
                let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                request.header(header::COOKIE, cookie).header(header::ORIGIN, "http://localhost:8080").body(Body::from(body)).unwrap()
            };
            let page = world.send(ask(Method::GET, "/sign-in", "", String::new())).await;
            let guest = page.header("set-cookie").split(';').next().unwrap().to_owned();
            assert!(guest.starts_with("signalbox-guest=") && !page.header("set-cookie").contains("Secure"));
            let fields = [("csrf", page.field("csrf").unwrap()), ("email", RUTH[0].1.into()), ("password", PASSWORD.into())];
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let reply = world.send(ask(Method::POST, "/sign-in", &guest, body)).await;
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
        });
    });
}

#[test]
fn s60_signing_in_goes_on_to_pages_of_ours_only() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let evil = [
            "//e",
            "/\\e",
            "https:e",
            "@e",
            "%2f%2fe",
            "javascript:alert(1)",
            "data:text/html,x",
            "/%0d%0aSet-Cookie:a=b",
            "/\r\nSet-Cookie: a=b",
            "/%09/e",
            "/\t/e",
            "https://host.evil",
            "///host.evil",
            "/me@e",
            "",
        ];
        for (n, next) in evil.into_iter().enumerate() {
            let mut ruth = world.stranger();
            ruth.address = [198, 51, 100, u8::try_from(n).unwrap()].into();
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let page = ruth.get(&format!("/sign-in?{query}")).await;
            assert_eq!(page.field("next").as_deref(), Some("/"), "{next:?}");
            let reply = ruth.post("/sign-in", &[RUTH[0], RUTH[1], ("next", next)]).await;
            assert_eq!((reply.status, reply.location()), (StatusCode::SEE_OTHER, "/"), "{next:?}");
            assert_eq!(ruth.get(&format!("/sign-in?{query}")).await.location(), "/", "{next:?}, signed in already");
        }
        let mut ruth = world.stranger();
        ruth.get("/sign-in").await;
        assert_eq!(ruth.post("/sign-in", &[RUTH[0], RUTH[1], ("next", "/members")]).await.location(), "/members");
    });
}

#[test]
fn s63_planted_cookies_do_not_count() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        // Two sessions of one name: neither.
        let line = format!("__Host-signalbox={}; __Host-signalbox={}", ruth.cookies["__Host-signalbox"], "a".repeat(64));
        let request = Request::builder().uri("/me").header(header::HOST, "change.example.org").header(header::COOKIE, line);
        assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
        // A name without the prefix, which a sibling host could plant: no session.
        let line = format!("signalbox={}", ruth.cookies["__Host-signalbox"]);
        let request = Request::builder().uri("/me").header(header::HOST, "change.example.org").header(header::COOKIE, line);
        assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
        // A stranger's secret is no help against a session: its token is bound to the session.
        let mut stranger = world.stranger();
        stranger.get("/sign-in").await;
        let planted = stranger.form_token.clone().unwrap();
        ruth.cookies.insert("__Host-signalbox-guest".into(), stranger.cookies["__Host-signalbox-guest"].clone());
        assert_eq!(ruth.post_bare("/sign-out", &[("csrf", &planted)]).await.status, StatusCode::FORBIDDEN);
    });
}

/// Words that never belong in an answer to a stranger.
const SECRETS: [&str; 9] = ["sqlite", "postgres", "select ", "panicked", "src/", ".rs:", "argon2", "token_hash", "stack"];

fn has_no_secret(reply: &Reply, of: &str) {
    let body = reply.body.to_lowercase();
    for secret in SECRETS {
        assert!(!body.contains(secret), "{of} says {secret:?}: {}", reply.body);
    }
}

#[test]
fn s65_malformed_requests_learn_nothing() {
    on_each_engine(|world| async move {
        let bodies = ["{", "[1,2", "{\"a\":", "null", "\u{0}", "a=%ff%fe", "csrf=%00", "%", "&&&=&", "a[]=1&a[b]=2"];
        for route in ROUTES {
            for (body, media) in bodies.iter().flat_map(|body| {
                ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", ""]
                    .map(|media| (body, media))
            }) {
                let mut request = Request::builder().method(Method::POST).uri(filled(route.path)).header(header::HOST, "change.example.org");
                if !media.is_empty() {
                    request = request.header(header::CONTENT_TYPE, media);
                }
                let reply = world.send(request.body(Body::from(*body)).unwrap()).await;
                assert!(reply.status.is_client_error(), "{} {body:?} {media}: {}", route.path, reply.status);
                has_no_secret(&reply, route.path);
            }
        }
        for path in ["/members/99999999999999999999", "/members/-1", "/members/1%27", "/me/%ff", "/%00", "/members/%00", "/sign-in?next=%00&%ff", "/nothing"] {
            let request = Request::builder().uri(path).header(header::HOST, "change.example.org").body(Body::empty()).unwrap();
            let reply = world.send(request).await;
            assert!(reply.status.as_u16() < 500, "{path}: {}", reply.status);
            has_no_secret(&reply, path);
        }
        let mut api = world.program("sb_nonsense");
        let reply = api.get("/api/v1/changes").await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::UNAUTHORIZED, "application/problem+json"));
        assert_eq!(reply.json()["status"], 401);
    });
}

#[test]
fn s65_session_secrets_are_hashed_at_rest() {
    // On SQLite, where the whole database is files that can be read here.
    let folder = crate::harness::TempDir::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::open(&signalbox_store::Target::Sqlite(folder.path().to_owned()));
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        let page = ruth.post("/me/tokens", &[("name", "monitoring"), ("days", "30")]).await;
        let token = page.body.split("sb_").nth(1).unwrap()[..64].to_owned();
        ruth.get("/password").await;
        world.stranger();
        let mut secrets = vec![PASSWORD.to_owned(), token, ruth.cookies["__Host-signalbox"].clone()];
        let raw: Vec<Vec<u8>> = secrets[1..].iter().map(|hex| signalbox::clock::Token::from_hex(hex).unwrap().0.to_vec()).collect();
        secrets.push("sb_".into());
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(holds(b"ruth@northbrook.example"), "the files were read");
        for secret in secrets[..3].iter().map(String::as_bytes).chain(raw.iter().map(Vec::as_slice)) {
            assert!(!holds(secret), "a secret stands in the files");
        }
    });
}

#[test]
fn s76_no_address_does_anything_by_being_looked_at() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        for route in ROUTES {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let request = ruth.request(method, &filled(route.path)).body(Body::empty()).unwrap();
                ruth.clone().ask(request).await;
            }
        }
        for path in ["/sign-out", "/sign-out-everywhere", "/logout"] {
            let reply = ruth.get(path).await;
            assert!([404, 405].contains(&reply.status.as_u16()), "{path}: {}", reply.status);
        }
        assert_eq!(ruth.get("/me").await.status, StatusCode::OK, "still signed in, in one browser");
        assert!(ruth.get("/me").await.text().contains("In this browser only."));
        assert!(world.step_worker().is_empty());
    });
}

#[test]
fn s93_large_bodies_and_floods_of_fields_are_refused() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/me").await;
        let token = ruth.form_token.clone().unwrap();
        let big = format!("csrf={token}&name={}", "x".repeat(2 << 20));
        let request = form(&ruth, "/me/tokens", "").body(Body::from(big)).unwrap();
        assert_eq!(ruth.ask(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        // Announced and never sent: refused at once.
        let request = form(&ruth, "/me/tokens", "").header(header::CONTENT_LENGTH, "1073741824").body(Body::empty()).unwrap();
        assert_eq!(ruth.ask(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let many = format!("csrf={token}&{}", "a=1&".repeat(10_000));
        let request = form(&ruth, "/me/tokens", "").body(Body::from(many)).unwrap();
        let status = ruth.ask(request).await.status;
        assert!([413, 403].contains(&status.as_u16()), "{status}");
        let nested = "[".repeat(1_000_000);
        let request = ruth.request(Method::POST, "/api/v1/changes").header(header::CONTENT_TYPE, "application/json");
        assert!(ruth.ask(request.body(Body::from(nested)).unwrap()).await.status.is_client_error());
        assert_eq!(ruth.get("/me").await.status, StatusCode::OK);
    });
}

#[test]
fn every_answer_carries_the_headers_that_keep_scripts_out() {
    on_each_engine(|world| async move {
        with_ruth(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let paths = ROUTES.iter().map(|route| filled(route.path)).chain(["/nothing".into(), "/api/v1/nothing".into()]);
        for path in paths {
            let reply = ruth.get(&path).await;
            let policy = reply.header("content-security-policy");
            for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{path}");
            // What the public is told is the same for everybody, so it may be kept for a minute; nothing else is.
            let is_public = ["/status", "/status.json", "/status.atom"].contains(&path.as_str());
            assert_eq!(reply.header("cache-control"), if is_public { "public, max-age=60" } else { "no-store, private" }, "{path}");
            assert_eq!(reply.header("server"), "", "{path}");
        }
    });
}

#[test]
fn strangers_come_in_only_where_the_table_says_so() {
    on_each_engine(|world| async move {
        for route in ROUTES {
            let mut stranger = world.stranger();
            stranger.get("/sign-in").await;
            let path = filled(route.path);
            let reply = if route.method == Method::GET { stranger.get(&path).await } else { stranger.post(&path, &[]).await };
            let is_turned_away = reply.location().starts_with("/sign-in?next=") || reply.status == StatusCode::UNAUTHORIZED;
            assert_eq!(is_turned_away, route.who == Who::Member, "{} {path}: {}", route.method, reply.status);
            assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        }
    });
}

/// What takes words as markup, or runs them.
const UNSAFE: [&str; 15] = [
    "innerhtml",
    "outerhtml =",
    "outerhtml=",
    "outerhtml+",
    "insertadjacenthtml",
    "document.write",
    "createcontextualfragment",
    "sethtml",
    "srcdoc",
    "eval(",
    "new function",
    "settimeout('",
    "settimeout(\"",
    "setinterval('",
    "javascript:",
];

/// The lines of a script that put words into markup. Idiomorph’s `outerHTML` is a manner of morphing a page of ours.
fn markup_of_words(script: &str) -> Vec<&str> {
    let is_unsafe = |line: &&str| {
        let line = line.to_lowercase();
        UNSAFE.iter().any(|part| line.contains(part)) || line.contains("parsefromstring") && line != PARSED.to_lowercase()
    };
    script.lines().map(str::trim).filter(is_unsafe).collect()
}

/// The one place where text becomes markup: a whole page of our own address, which is then morphed.
const PARSED: &str = "page = new DOMParser().parseFromString(pages.createHTML(await answer.text()), 'text/html')";

#[test]
fn s72_our_scripts_put_no_words_into_markup() {
    let bad =
        ["x.innerHTML = name", "x.outerHTML = name", "x.insertAdjacentHTML('beforeend', n)", "document.write(n)", "new DOMParser().parseFromString(n, t)"];
    for line in bad {
        assert_eq!(markup_of_words(line), [line], "this rule sees its bad example");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/own");
    let mut scripts = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "js") {
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(markup_of_words(&text), [""; 0], "{}", file.display());
            scripts.insert(file.file_name().unwrap().to_string_lossy().into_owned());
            // The page that is parsed comes by fetch, without a redirect, from an address of ours: of a link of this
            // origin, of a form of ours, or of this page.
            if text.contains(PARSED) {
                for guard in ["link.origin !== location.origin) return", "answer.redirected", "credentials: 'same-origin'"] {
                    assert!(text.contains(guard), "{}: {guard}", file.display());
                }
                assert_eq!(text.matches("Idiomorph.morph(").count(), 1);
                assert_eq!(text.matches("parseFromString").count(), 1);
            }
        }
    }
    assert_eq!(scripts.into_iter().collect::<Vec<_>>(), ["app.js", "speak.js"]);
}

/// Where a page leads, decoded, as far as it is an address.
fn addresses(reply: &Reply) -> Vec<String> {
    let page = scraper::Html::parse_document(&reply.body);
    let mut found = vec![];
    for name in ["href", "action", "formaction", "src"] {
        let with = scraper::Selector::parse(&format!("[{name}]")).unwrap();
        found.extend(page.select(&with).filter_map(|element| element.value().attr(name).map(str::to_owned)));
    }
    found
}

#[test]
fn s73_no_address_of_a_query_becomes_a_link() {
    on_each_engine(|world| async move {
        let estate = crate::planned::Estate::furnish(&world);
        let sent = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]).reference;
        let authority = world.organisation("region", OrgKind::Authority);
        world.person("ada@region.example", "Ada Finch", &[(authority, Role::Administrator), (authority, Role::AuthorityManager)]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get("/changes/new").await;
        let draft = ruth.post("/changes/new", &[("kind", "planned_outage")]).await.location().to_owned();
        let draft = draft.split('/').nth(2).unwrap();
        let mut ada = world.sign_in("ada@region.example").await;
        let mut stranger = world.stranger();
        let mut seen = 0;
        for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
            let reference = if route.path.contains("/edit/") { draft } else { &sent };
            let path = route.path.replace("{ref}", reference).replace("{act}", "withdraw").replace("{entry}", "printer_queue");
            let path = filled(&path.replace("{site}", "NB").replace("{step}", "what").replace("/process/{id}", "/process/end-to-end"));
            let is_of_office = ["/setup", "/members"].iter().any(|start| path.starts_with(start));
            let client = match route.who {
                Who::Anyone => &mut stranger,
                Who::Member if is_of_office => &mut ada,
                Who::Member => &mut ruth,
            };
            for name in ["next", "back", "return_to", "from"] {
                for value in ["javascript:alert(1)", "//evil.example", "/\\evil.example"] {
                    let query = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
                    let asked = format!("{path}?{query}");
                    let reply = client.get(&asked).await;
                    assert!(reply.status.as_u16() < 500, "{asked}");
                    assert!(!reply.location().contains("evil") && !reply.location().contains("javascript"), "{asked} leads to {}", reply.location());
                    assert!(reply.header("refresh").is_empty(), "{asked}");
                    for address in addresses(&reply) {
                        let decoded = address.replace("%3A", ":").replace("%2F", "/").replace("%5C", "\\").to_lowercase();
                        assert!(!decoded.contains("javascript:") && !decoded.contains("evil.example"), "{asked} leads to {address}");
                    }
                    assert!(reply.field("next").is_none_or(|next| next == "/"), "{asked}: {:?}", reply.field("next"));
                    seen += usize::from(reply.status == StatusCode::OK && !addresses(&reply).is_empty());
                }
            }
        }
        assert!(seen > 40 * 12, "{seen} pages were looked at");
    });
}
