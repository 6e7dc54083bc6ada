//! Settled 23 over HTTP: the program runs as a child, clients write through the API and through forms and log each
//! acknowledgement while writes are in flight, the child is killed with SIGKILL, and another is started on the same
//! database. What was acknowledged is there, the record is whole, and what is sent again under its key is not done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_store::Target;

use crate::command_line::{Server, run, words};
use crate::harness::for_each_target;
use crate::world::{PASSWORD, World};

const JOY: &str = "joy@northbrook.example";
const CLIENTS: usize = 6;

fn rounds() -> u64 {
    if std::env::var_os("SIGNALBOX_FULL").is_some() { 50 } else { 15 }
}

/// One acknowledged write: what the answer said, and how to ask for it again.
#[derive(Clone, Debug)]
struct Ack {
    reference: String,
    /// A message that was posted, or the title of the draft.
    words: String,
    /// The key and the request of a write through the API; none for a form.
    again: Option<(String, String, Value)>,
    body: String,
}

/// One answer of a server.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

/// Sends a request over a connection of its own. None: no whole answer came, so nothing is known.
fn send(address: &str, request: &str) -> Option<Answer> {
    let mut socket = TcpStream::connect(address).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    socket.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length: Option<usize> = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    // An answer that was cut short is no acknowledgement.
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// Somebody with a token at a server.
pub struct Caller<'a> {
    pub address: &'a str,
    pub token: &'a str,
}

impl Caller<'_> {
    pub fn ask(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Option<Answer> {
        let (address, token) = (self.address, self.token);
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        send(
            address,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{key}\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    }

    fn post(&self, path: &str, key: &str, body: &Value) -> Option<Answer> {
        self.ask("POST", path, Some(key), Some(body))
    }
}

/// Raises drafts and speaks about them, for as long as the server lives.
fn write_through_the_api(caller: &Caller, name: &str, acks: &Sender<Ack>) -> Option<()> {
    for n in 0.. {
        let (title, key) = (format!("title {name} {n}"), format!("key-{}-{n}", name.replace(' ', "-")));
        let body = json!({"kind": "normal", "organisation": "NORTHBROOK", "answers": {"title": title}});
        let answer = caller.post("/api/v1/changes", &key, &body)?;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let reference = serde_json::from_str::<Value>(&answer.body).ok()?["reference"].as_str()?.to_owned();
        let again = Some((key.clone(), "/api/v1/changes".to_owned(), body));
        acks.send(Ack { reference: reference.clone(), words: title, again, body: answer.body }).ok()?;
        let (words, key) = (format!("words {name} {n}"), format!("{key}-say"));
        let (path, body) = (format!("/api/v1/changes/{reference}/acts/say"), json!({"words": words}));
        let answer = caller.post(&path, &key, &body)?;
        assert_eq!(answer.status, 200, "{}", answer.body);
        acks.send(Ack { reference, words, again: Some((key, path, body)), body: answer.body }).ok()?;
    }
    Some(())
}

/// A browser: signs in, then speaks through the form of a change's page.
fn write_through_forms(address: &str, reference: &str, name: &str, acks: &Sender<Ack>) -> Option<()> {
    let mut cookies = BTreeMap::new();
    let page = browse(address, "GET", "/sign-in", "", &mut cookies)?;
    let body = form(&[("csrf", &token_of(&page.body)?), ("email", JOY), ("password", PASSWORD)]);
    assert_eq!(browse(address, "POST", "/sign-in", &body, &mut cookies)?.status, 303);
    let path = format!("/changes/{reference}");
    let token = token_of(&browse(address, "GET", &path, "", &mut cookies)?.body)?;
    for n in 0.. {
        let words = format!("form {name} {n}");
        let answer = browse(address, "POST", &format!("{path}/messages"), &form(&[("csrf", &token), ("words", &words)]), &mut cookies)?;
        assert_eq!(answer.status, 303, "{}", answer.body);
        acks.send(Ack { reference: reference.to_owned(), words, again: None, body: String::new() }).ok()?;
    }
    Some(())
}

fn browse(address: &str, method: &str, path: &str, body: &str, cookies: &mut BTreeMap<String, String>) -> Option<Answer> {
    let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let answer = send(
        address,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nCookie: {}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            line.join("; "),
            body.len()
        ),
    )?;
    for line in answer.head.lines() {
        if let Some((name, value)) =
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).and_then(|(_, set)| set.split(';').next()?.split_once('='))
        {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(answer)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn token_of(page: &str) -> Option<String> {
    let at = page.find("name=\"csrf\"")?;
    Some(page[at..].split("value=\"").nth(1)?.split('"').next()?.to_owned())
}

/// An organisation and a coordinator; her token.
fn furnish(target: &Target) -> String {
    let world = World::open(target);
    let org = world.organisation("northbrook", OrgKind::Trust);
    world.organisation("authority", OrgKind::Authority);
    world.person(JOY, "Joy Adeyemi", &[(org, Role::Coordinator)]);
    drop(world);
    let (code, token) = words(&run(target, &["token", "--person", JOY]));
    assert_eq!(code, 0, "{token}");
    token.trim().to_owned()
}

/// A round: writes in flight, a kill at a random moment. What was acknowledged.
fn round(target: &Target, token: &str, n: u64, seed: u64) -> Vec<Ack> {
    let mut server = Server::start(target);
    let address = server.address.clone();
    let first = Caller { address: &address, token };
    let draft = first.ask("POST", "/api/v1/changes", None, Some(&json!({"kind": "normal", "organisation": "NORTHBROOK"}))).expect("a draft");
    let reference = serde_json::from_str::<Value>(&draft.body).expect("JSON")["reference"].as_str().expect("a reference").to_owned();
    let (sender, acks) = channel();
    let mut kept = vec![];
    let is_over = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (address, reference, sender, name, is_over) = (&address, &reference, sender.clone(), format!("{n} {client}"), is_over.clone());
            scope.spawn(move || {
                let done = if client < 2 {
                    write_through_forms(address, reference, &name, &sender)
                } else {
                    write_through_the_api(&Caller { address, token }, &name, &sender)
                };
                // A client ends because the server is gone, and for no other reason.
                assert!(done.is_some() || is_over.load(Ordering::SeqCst) || TcpStream::connect(address).is_err(), "client {client} gave up");
            });
        }
        // Not before the first clients have come so far, however slow the machine.
        for _ in 0..4 {
            kept.extend(acks.recv_timeout(Duration::from_secs(60)).ok());
        }
        thread::sleep(Duration::from_millis(20 + mix(seed.wrapping_add(n)) % 350));
        is_over.store(true, Ordering::SeqCst);
        server.process.kill().expect("a child to kill");
        server.process.wait().expect("a dead child");
    });
    drop(sender);
    kept.extend(acks);
    kept
}

/// Everything acknowledged is there, once, and the same key gets the same answer.
fn check(target: &Target, token: &str, acks: &[Ack]) {
    let server = Server::start(target);
    let caller = Caller { address: &server.address, token };
    let get = |path: &str| caller.ask("GET", path, None, None).unwrap_or_else(|| panic!("no answer from {path}"));
    // Sent again, each is answered as it was.
    for ack in acks.iter().rev().take(12) {
        if let Some((key, path, body)) = &ack.again {
            let answer = caller.post(path, key, body).expect("an answer");
            assert_eq!((answer.status / 100, &answer.body), (2, &ack.body), "{key} was done again");
        }
    }
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ack in acks {
        told.entry(&ack.reference).or_default().push(&ack.words);
    }
    for (reference, words) in told {
        let change = get(&format!("/api/v1/changes/{reference}"));
        assert_eq!(change.status, 200, "{reference} was acknowledged and is lost");
        let (mut all, mut cursor) = (change.body.clone(), String::new());
        loop {
            let page = get(&format!("/api/v1/changes/{reference}/history?limit=200{cursor}"));
            all.push_str(&page.body);
            let page: Value = serde_json::from_str(&page.body).expect("JSON");
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        for words in words {
            assert!(all.contains(&format!("\"{words}\"")), "{words:?} on {reference} was acknowledged and is lost: {all}");
        }
    }
}

#[test]
fn settled_23_what_the_site_acknowledged_survives_kill_9() {
    for_each_target(|target| {
        let seed = std::env::var("SIGNALBOX_SEED")
            .ok()
            .and_then(|it| it.parse().ok())
            .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("a clock").as_micros() as u64);
        eprintln!("SIGNALBOX_SEED={seed}");
        let token = furnish(target);
        let (mut kept, mut references) = (0, BTreeSet::new());
        for n in 0..rounds() {
            let acks = round(target, &token, n, seed);
            check(target, &token, &acks);
            let (code, said) = words(&run(target, &["verify"]));
            assert_eq!(code, 0, "{said}");
            for ack in acks.iter().filter(|ack| ack.words.starts_with("title")) {
                assert!(references.insert(ack.reference.clone()), "{} was given twice", ack.reference);
            }
            kept += acks.len();
        }
        eprintln!("{kept} acknowledged writes kept");
        assert!(kept as u64 > 4 * rounds(), "too few writes to prove anything: {kept}");
        assert!(references.len() as u64 > rounds(), "too few drafts: {}", references.len());
    });
}

/// SplitMix64: chance that a seed repeats.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
