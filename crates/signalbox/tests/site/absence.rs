//! What is not for these eyes is not there (S01, S28): by every route, page or API, asked in whatever manner, somebody
//! else's change answers as one that nobody has, down to the headers and the time it takes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use signalbox::demo;
use signalbox::web::ROUTES;

use crate::api::program::{described, token};
use crate::canary::masked;
use crate::world::{Client, Reply, World, on_each_engine};

const STRANGER: &str = "owen.pritchard@eastmarsh.example";
const NO_SUCH: &str = "RFC-2026-999999";
/// S01: the medians may differ by so much.
const PATIENCE: Duration = Duration::from_millis(10);

/// Every address about one change, with this reference in its place.
fn addresses(reference: &str) -> Vec<String> {
    let pages = ROUTES.iter().filter(|route| route.method == Method::GET).map(|route| route.path.to_owned());
    let api = described()["paths"].as_object().unwrap().keys().cloned();
    let made_up = ["/changes/{ref}/print", "/changes/{ref}/pdf", "/changes/{ref}/ics", "/changes/{ref}/history", "/changes/{ref}/diff", "/changes/{ref}.csv"];
    let mut found: Vec<String> = pages.chain(api).chain(made_up.map(str::to_owned)).filter(|path| path.contains("{ref}")).collect();
    for path in &mut found {
        *path = path.replace("{ref}", reference).replace("{id}", "1").replace("{act}", "approve").replace("{step}", "what");
        while let (Some(open), Some(close)) = (path.find('{'), path.find('}')) {
            path.replace_range(open..=close, "1");
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What may be learned from an answer: without the reference that was asked for and without secrets that differ each time.
fn learned(reply: &Reply, reference: &str) -> (StatusCode, BTreeMap<String, String>, String) {
    let plain = |text: &str| masked(&text.replace(reference, "REF"));
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), plain(&String::from_utf8_lossy(value.as_bytes()))));
    (reply.status, headers.collect(), plain(&reply.body))
}

async fn theirs(world: &World, browser: &Client<'_>) -> String {
    let sql = "select reference from changes where reference like 'RFC-%' and private = 0 order by id";
    for reference in world.app.db.read(|tx| tx.all(sql, &[], |row| row.text(0))).unwrap() {
        if browser.look(&Method::GET, &format!("/changes/{reference}")).await.status == StatusCode::NOT_FOUND {
            return reference;
        }
    }
    panic!("every change of the demonstration is for everybody");
}

#[test]
fn s01_s28_another_s_change_answers_as_none_at_all() {
    on_each_engine(|world| async move {
        demo::make_of(&world.app.db, &world.app.config, world.now(), 1, 30).unwrap();
        // One-click sign-in is the demonstration's; here somebody has a password.
        let person = world.app.db.read(|tx| tx.one("select id from people where email = $1", &[STRANGER.into()], |row| row.int(0))).unwrap();
        let (act, hash) = (world.app.act(None, world.now()), crate::world::hash_of_password());
        world.app.attempt(move |tx| signalbox_store::accounts::set_password(tx, &act, person, hash)).unwrap();
        let browser = world.sign_in(STRANGER).await;
        let program = world.program(token(&world, person).bearer());
        let real = theirs(&world, &browser).await;
        let (mut seen, mut slower) = (0, vec![]);
        for (path, none) in addresses(&real).into_iter().zip(addresses(NO_SUCH)) {
            let client = if path.starts_with("/api/") { &program } else { &browser };
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PUT, Method::DELETE] {
                let (one, other) = (client.look(&method, &path).await, client.look(&method, &none).await);
                assert_eq!(learned(&one, &real), learned(&other, NO_SUCH), "{method} {path}");
                assert!(!one.status.is_success() && !one.status.is_redirection(), "{method} {path}: {}", one.status);
                seen += 1;
            }
            let (mut here, mut there) = (vec![], vec![]);
            for _ in 0..15 {
                for (path, times) in [(&path, &mut here), (&none, &mut there)] {
                    let began = Instant::now();
                    client.look(&Method::GET, path).await;
                    times.push(began.elapsed());
                }
            }
            here.sort();
            there.sort();
            if here[7].abs_diff(there[7]) > PATIENCE {
                slower.push(format!("{path}: {:?} and {:?}", here[7], there[7]));
            }
        }
        assert!(seen > 60, "only {seen} requests were tried");
        assert_eq!(slower, [""; 0], "the time tells which change is there");
    });
}
