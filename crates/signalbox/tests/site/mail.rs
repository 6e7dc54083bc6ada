//! What the worker sends, to whom, and when: whole stories with the clock in hand, each letter as somebody gets it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use signalbox::deliver::mail::Smtp;
use signalbox::deliver::{CalendarFile, Envelope, Mailbox, Post, Trouble};
use signalbox::run::{Done, Expect, NewDraft, Stop};
use signalbox::worker;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::{Kind, Stage};
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::directory::{self, Item, OnDifference, Service, Site};
use signalbox_store::{StoreError, accounts, outbox, project};

use crate::harness::for_each_target;
use crate::world::{World, on_each_engine};

/// Northbrook raises, Halden runs, Riverside has nothing to do with it.
pub struct Cast {
    pub northbrook: i64,
    pub halden: i64,
    pub joy: Actor,
    joys_role: i64,
    pub priya: Actor,
    pub tom: Actor,
    eng: Actor,
}

pub const JOY: &str = "joy@northbrook.example";
pub const PRIYA: &str = "priya@halden.example";
pub const ANN: &str = "ann@authority.example";
const DESK: &str = "desk@halden.example";

pub fn cast(world: &World) -> Cast {
    let northbrook = world.organisation("northbrook", OrgKind::Trust);
    let riverside = world.organisation("riverside", OrgKind::Trust);
    let halden = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    let meridian = world.organisation("meridian", OrgKind::Network);
    let [first, second, third, fourth] = std::array::from_fn(|_| world.app.act(None, world.now()));
    world
        .app
        .write::<_, StoreError>(move |tx| {
            directory::upsert_site(
                tx,
                &first,
                &Site { id: 20, org_id: northbrook, code: "NB".into(), name: "Northbrook".into(), ods_code: None },
                OnDifference::Report,
            )?
            .unwrap();
            directory::upsert_service(tx, &second, &Service::new(30, "PACS", "PACS imaging", halden), OnDifference::Report)?.unwrap();
            directory::set_service_orgs(tx, &third, 30, &[northbrook])?.unwrap();
            let item = Item {
                id: 40,
                code: "NB-PACS-N2".into(),
                name: "Archive node".into(),
                item_type: "server".into(),
                org_id: northbrook,
                site_id: Some(20),
                watched_by: None,
                services: vec![30],
            };
            directory::upsert_item(tx, &fourth, &item, OnDifference::Report)?.unwrap();
            Ok(())
        })
        .unwrap();
    let joy = world.person(JOY, "Joy Adeyemi", &[]);
    let joys_role = world.grant(joy, northbrook, Role::Coordinator);
    let person = |email: &str, name: &str, org: i64, role: Role| world.person(email, name, &[(org, role)]);
    let priya = person(PRIYA, "Priya Nair", halden, Role::SupplierManager);
    let tom = person("tom@halden.example", "Tom Achebe", halden, Role::Assessor);
    let eng = person("eng@halden.example", "Edda Gray", halden, Role::Implementer);
    person(DESK, "Desk", halden, Role::Desk);
    person(ANN, "Ann Okafor", authority, Role::AuthorityManager);
    person("noc@meridian.example", "Nina Low", meridian, Role::NetworkDesk);
    person("sam@riverside.example", "Sam Canary", riverside, Role::Coordinator);
    Cast { northbrook, halden, joy: actor(world, joy), joys_role, priya: actor(world, priya), tom: actor(world, tom), eng: actor(world, eng) }
}

fn actor(world: &World, id: i64) -> Actor {
    world.app.read::<_, StoreError>(|tx| accounts::actor(tx, id)).unwrap().unwrap().to_core()
}

pub fn raw(fields: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in fields {
        raw.entry((*name).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

pub fn take(world: &World, who: &Actor, id: i64, act: Act, fields: &[(&str, &str)]) -> Done {
    world.app.take(who, id, act, raw(fields), Expect::default()).unwrap_or_else(|stop: Stop| panic!("{}: {stop:?}", act.code()))
}

/// A planned outage of PACS on 1 December, 06:00 to 09:00, sent by Joy.
pub fn sent(world: &World, cast: &Cast, title: &str, more: &[(&str, &str)]) -> i64 {
    let draft = NewDraft { kind: Kind::PlannedOutage, org: OrgId(cast.northbrook), on_behalf_of: None, copied_from: None, raw: Raw::new() };
    let id = world.app.raise(&cast.joy, draft, Expect::default()).unwrap().id;
    let process = world.app.documents.of_kind(Kind::PlannedOutage).unwrap();
    let filled = crate::run::fill(&process.questions);
    let mut typed: Vec<(&str, &str)> = vec![("title", title)];
    typed.extend(more);
    let given: Vec<&str> = typed.iter().map(|(name, _)| *name).collect();
    typed.extend(filled.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| !given.contains(name)));
    take(world, &cast.joy, id, Act::Submit, &typed);
    id
}

/// The same change, taken on to a stage where somebody decides, or beyond.
pub fn assessed(world: &World, cast: &Cast, id: i64) {
    take(world, &cast.priya, id, Act::Accept, &[("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")]);
    let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
    take(world, &cast.priya, id, Act::Screen, &questions.iter().map(|q| (q.as_str(), "no")).collect::<Vec<_>>());
    let noc = world.app.db.read(|tx| accounts::person_by_email(tx, "noc@meridian.example")).unwrap().map(|known| actor(world, known.id));
    for who in [&cast.tom, &cast.priya, &cast.joy].into_iter().chain(&noc) {
        while stage(world, id) == Stage::Assessing {
            // Whoever may not see it owes nothing.
            let Some(situation) = world.app.read::<_, StoreError>(|tx| world.app.look(tx, who, id)).unwrap() else { break };
            let open = signalbox_core::decide::assess::open_for(&situation.context(who, world.now()), &situation.loaded.change);
            let Some((kind, _)) = open.first() else { break };
            take(world, who, id, Act::Assess, &[("assessment", kind.code()), ("objects", "no"), ("finding", "Fine.")]);
        }
    }
    assert_eq!(stage(world, id), Stage::AwaitingApproval);
}

fn stage(world: &World, id: i64) -> Stage {
    world.app.read::<_, StoreError>(|tx| project::load(tx, id)).unwrap().unwrap().change.stage
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The letters whose subject starts so, by recipient.
fn about<'a>(letters: &'a [Envelope], subject: &str) -> Vec<&'a Envelope> {
    let mut found: Vec<&Envelope> = letters.iter().filter(|l| l.subject.starts_with(&format!("{subject}: "))).collect();
    found.sort_by(|a, b| a.to.cmp(&b.to));
    found
}

fn recipients(letters: &[&Envelope]) -> Vec<String> {
    letters.iter().map(|l| l.to.clone()).collect()
}

/// A letter as somebody gets it, against the file kept for it. `UPDATE_EXPECTED=1` writes the files anew.
#[expect(clippy::disallowed_methods, reason = "a test is told by its caller to write its files anew")]
fn looks_like(name: &str, letter: &Envelope) {
    let found = format!("To: {}\nSubject: {}\n\n{}", letter.to, letter.subject, without_secret(&letter.text));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(format!("mail-{name}.txt"));
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "mail-{name}.txt is not as expected; UPDATE_EXPECTED=1 writes it anew.\n--- expected\n{expected}\n--- found\n{found}");
}

/// A link's secret is chance: its hexadecimal gives way to a word.
fn without_secret(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once('/') {
        Some((before, secret)) if secret.len() == 64 && secret.chars().all(|c| c.is_ascii_hexdigit()) => format!("{before}/SECRET"),
        _ => line.to_owned(),
    });
    format!("{}\n", lines.collect::<Vec<_>>().join("\n"))
}

/// No letter names a second address, and none goes to somebody who has no part in it (S21, settled 24).
fn keeps_to_itself(letters: &[Envelope]) {
    for letter in letters {
        assert!(!letter.to.ends_with("@riverside.example"), "{letter:?}");
        let addresses: Vec<&str> = letter.text.split_whitespace().filter(|word| word.contains('@')).collect();
        assert_eq!(addresses, ["change@authority.example"], "{letter:?}");
        assert_eq!(letter.text.matches("https://").count(), 1, "one link: {letter:?}");
        assert!(!letter.text.contains("Sam Canary"), "{letter:?}");
    }
}

#[test]
fn an_outage_is_told_to_those_it_concerns_and_to_nobody_else() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        let letters = world.post();
        keeps_to_itself(&letters);
        let received = about(&letters, "Received");
        assert_eq!(recipients(&received), [JOY, PRIYA], "the network provider is not concerned, so it is not told");
        looks_like("received", received[0]);
        assert!(world.post().is_empty(), "a letter goes once");

        assessed(&world, &cast, id);
        let letters = world.post();
        keeps_to_itself(&letters);
        let asked = about(&letters, "Decision asked");
        assert_eq!(recipients(&asked), [ANN, PRIYA]);
        looks_like("decision-asked", asked[1]);
        assert!(asked[1].text.contains("You may decide it"), "{}", asked[1].text);

        take(&world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
        let letters = world.post();
        let decided = about(&letters, "Approved");
        assert_eq!(recipients(&decided), [DESK, JOY], "who decided is not told what they did");
        looks_like("decided", decided[1]);

        take(&world, &cast.priya, id, Act::Schedule, &[("implementer", "eng@halden.example")]);
        let letters = world.post();
        assert_eq!(recipients(&about(&letters, "Scheduled")), [DESK, "eng@halden.example", JOY]);
        looks_like("scheduled", about(&letters, "Scheduled")[1]);
        take(
            &world,
            &cast.priya,
            id,
            Act::Reschedule,
            &[
                ("window.start", "2026-12-01T06:30:00Z"),
                ("window.end", "2026-12-01T09:00:00Z"),
                ("contingency_end", "2026-12-01T10:00:00Z"),
                ("reason", "The fitter comes later."),
            ],
        );
        let letters = world.post();
        looks_like("moved", about(&letters, "Window moved").iter().find(|l| l.to == JOY).unwrap());
        keeps_to_itself(&letters);

        world.clock.set(at("2026-11-24T17:00:01Z"));
        let letters = world.post();
        let reminders = about(&letters, "Reminder");
        assert_eq!(recipients(&reminders), [DESK, JOY]);
        looks_like("reminder", reminders[1]);
        assert!(about(&world.post(), "Reminder").is_empty(), "one reminder");

        world.clock.set(at("2026-12-01T06:31:00Z"));
        world.post();
        take(&world, &cast.eng, id, Act::Start, &[("on_behalf_of", "Len Brook"), ("by_phone", "yes")]);
        let letters = world.post();
        assert_eq!(recipients(&about(&letters, "Started")), [JOY]);
        looks_like("started", about(&letters, "Started")[0]);

        world.clock.set(at("2026-12-01T10:00:01Z"));
        let letters = world.post();
        assert_eq!(recipients(&about(&letters, "Overrun")), [ANN, DESK, PRIYA]);
        looks_like("overrun", about(&letters, "Overrun")[0]);
        let loaded = world.app.read::<_, StoreError>(|tx| project::load(tx, id)).unwrap().unwrap();
        assert!(loaded.change.work.overran && loaded.events.last().unwrap().event.kind() == "overran");

        take(&world, &cast.eng, id, Act::Finish, &[("outcome", "successful_with_issues"), ("back", "PACS"), ("words", "The fitter was late.")]);
        let letters = world.post();
        assert_eq!(recipients(&about(&letters, "Finished")), [JOY]);
        looks_like("finished", about(&letters, "Finished")[0]);
        keeps_to_itself(&letters);
    });
}

#[test]
fn a_return_that_nobody_answers_expires_after_20_working_days() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        take(&world, &cast.priya, id, Act::Return, &[("defects", "Which rack?")]);
        let letters = world.post();
        looks_like("returned", about(&letters, "More needed")[0]);
        // 20 working days from Tuesday 17 November are over on 15 December, at the end of that day.
        world.clock.set(at("2026-12-15T09:00:00Z"));
        assert_eq!(recipients(&about(&world.post(), "Reminder")), [JOY]);
        assert_eq!(stage(&world, id), Stage::Returned);
        world.clock.set(at("2026-12-15T18:00:00Z"));
        let letters = world.post();
        assert_eq!(stage(&world, id), Stage::Expired);
        assert_eq!(recipients(&about(&letters, "Expired")), [JOY]);
        looks_like("expired", about(&letters, "Expired")[0]);
    });
}

#[test]
fn s20_who_may_not_see_it_any_more_is_not_told() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        assessed(&world, &cast, id);
        world.post();
        // Joy is among those to be told when the task is written, and not when the letter is.
        take(&world, &cast.priya, id, Act::Approve, &[]);
        assert_eq!(worker::step(&world.app, &Mailbox::default()).unwrap(), 3, "the audiences of the approval");
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| accounts::end_role(tx, &act, cast.joys_role)).unwrap();
        assert_eq!(recipients(&about(&world.post(), "Approved")), [DESK]);
    });
}

#[test]
fn s20_what_is_restricted_is_told_to_its_readers_only_and_stays_out_of_mail() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "CANARY-TITLE", &[("confidentiality", "security_restricted")]);
        let letters = world.post();
        assert_eq!(recipients(&about(&letters, "Received")), [JOY, PRIYA]);
        assessed(&world, &cast, id);
        take(&world, &cast.priya, id, Act::Approve, &[("words", "CANARY-WORDS")]);
        let letters = [letters, world.post()].concat();
        assert_eq!(recipients(&about(&letters, "Approved")), [JOY], "the desk may not see it");
        assert!(letters.iter().all(|l| !l.text.contains("CANARY") && !l.subject.contains("CANARY")), "{letters:?}");
        looks_like("restricted", about(&letters, "Approved")[0]);
    });
}

/// Takes letters only after it has failed so often; keeps the ids that it was asked for.
struct Fickle {
    failures_left: Mutex<usize>,
    asked: Mutex<Vec<String>>,
    trouble: fn() -> Trouble,
}

impl Post for Fickle {
    fn deliver(&self, envelope: &Envelope) -> Result<(), Trouble> {
        self.asked.lock().unwrap().push(envelope.id.clone());
        let mut left = self.failures_left.lock().unwrap();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err((self.trouble)())
    }
}

fn fickle(failures: usize, trouble: fn() -> Trouble) -> Fickle {
    Fickle { failures_left: Mutex::new(failures), asked: Mutex::default(), trouble }
}

fn work(world: &World, post: &dyn Post) {
    while worker::step(&world.app, post).unwrap() > 0 {}
}

#[test]
fn a_letter_that_failed_is_tried_again_under_the_same_id() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        sent(&world, &cast, "Switchgear maintenance", &[]);
        let post = fickle(2, || Trouble::later("421 try later"));
        work(&world, &post);
        let first: Vec<String> = post.asked.lock().unwrap().clone();
        assert_eq!(first.len(), 2, "to Joy and to Priya");
        work(&world, &post);
        assert_eq!(post.asked.lock().unwrap().len(), 2, "not before its time");
        world.advance(SignedDuration::from_mins(2));
        work(&world, &post);
        let again: Vec<String> = post.asked.lock().unwrap()[2..].to_vec();
        assert_eq!(again, first);
        world.advance(SignedDuration::from_hours(24));
        work(&world, &post);
        assert_eq!(post.asked.lock().unwrap().len(), 4, "what arrived is done");
    });
}

#[test]
fn a_letter_without_hope_becomes_a_dead_letter_and_one_without_a_server_waits() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        sent(&world, &cast, "Switchgear maintenance", &[]);
        work(&world, &fickle(1, || Trouble::never("550 no such mailbox")));
        let dead = world.app.read::<_, StoreError>(|tx| outbox::dead_letters(tx, 10)).unwrap();
        assert_eq!(dead.iter().map(|t| t.last_error.as_str()).collect::<Vec<_>>(), ["550 no such mailbox"]);

        sent(&world, &cast, "Second", &[]);
        for _ in 0..30 {
            work(&world, &signalbox::deliver::Waiting);
            world.advance(SignedDuration::from_hours(2));
        }
        assert_eq!(world.app.read::<_, StoreError>(|tx| outbox::dead_letters(tx, 10)).unwrap().len(), 1);
        assert!(!about(&world.post(), "Received").is_empty(), "named at last, the server gets what waited");
    });
}

#[test]
fn letters_about_accounts_go_the_same_way() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut sam = world.stranger();
        sam.get("/join").await;
        sam.post("/join", &[("name", "Sam Field"), ("email", "sam@northbrook.example"), ("job", "Radiology IT"), ("reason", "I plan our scanners.")]).await;
        let letters = world.post();
        assert_eq!(letters.len(), 1);
        keeps_to_itself(&letters);
        looks_like("registration", &letters[0]);
        assert_eq!(sam.get("/dev/mail").await.status, StatusCode::NOT_FOUND, "mail on a page is for the demo only");
        assert_eq!(sam.get(&format!("/dev/mail/{}", letters[0].id)).await.status, StatusCode::NOT_FOUND);
    });
}

/// Takes one letter as an SMTP server would, and gives the commands and the message.
fn sink(listener: &TcpListener) -> (Vec<String>, String) {
    talk(listener.accept().unwrap().0)
}

fn talk(stream: TcpStream) -> (Vec<String>, String) {
    let mut out = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    let (mut commands, mut message) = (vec![], String::new());
    out.write_all(b"220 sink\r\n").unwrap();
    while let Some(Ok(line)) = lines.next() {
        let reply: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "QUIT" => b"221 bye\r\n",
            "DATA" => {
                out.write_all(b"354 go on\r\n").unwrap();
                for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push('\n');
                }
                b"250 taken\r\n"
            }
            _ => b"250 ok\r\n",
        };
        out.write_all(reply).unwrap();
        let is_over = line == "QUIT" || line == "DATA";
        commands.push(line);
        if is_over {
            break;
        }
    }
    (commands, message)
}

#[test]
fn s21_an_smtp_server_gets_one_envelope_for_one_recipient() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let smtp = Smtp::new(&format!("smtp://{}", listener.local_addr().unwrap()), "signalbox@example.org").unwrap();
    let taken = std::thread::spawn(move || sink(&listener));
    let letter = Envelope {
        id: "77.8".into(),
        to: JOY.into(),
        subject: "Received: ON-2026-000001 Kältetechnik\r\nBcc: eve@example.org".into(),
        text: "Hello Joy,\n.\nit is received.\n".into(),
        calendar: None,
        unsubscribe: None,
        at: at("2026-11-17T12:00:00Z"),
    };
    smtp.deliver(&letter).unwrap();
    let (commands, message) = taken.join().unwrap();
    let to: Vec<&String> = commands.iter().filter(|c| c.starts_with("RCPT")).collect();
    assert_eq!(to, ["RCPT TO:<joy@northbrook.example>"]);
    assert!(commands.iter().any(|c| c.starts_with("MAIL FROM:<signalbox@example.org>")), "{commands:?}");
    let (head, _) = message.split_once("\n\n").unwrap();
    for line in ["Auto-Submitted: auto-generated", "Message-ID: <77.8@example.org>", "To: joy@northbrook.example", "Date: Tue, 17 Nov 2026 12:00:00 +0000"] {
        assert!(head.lines().any(|l| l == line), "{line} in {head}");
    }
    assert!(!head.lines().any(|l| l.starts_with("Bcc")), "{head}");
    assert!(Smtp::new("smtp://127.0.0.1:1", "signalbox@example.org").unwrap().deliver(&letter).is_err_and(|t| t.hope == signalbox::deliver::Hope::Later));
}

/// How a mail server fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fails {
    Refuses,
    Hangs,
    Trickles,
    Rubbish,
}

/// A mail server that fails so until it is told to be well.
fn failing(how: Fails, is_well: Arc<AtomicBool>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, taken) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&taken);
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            if is_well.load(Ordering::SeqCst) {
                let message = talk(socket).1;
                kept.lock().unwrap().push(message);
                continue;
            }
            std::thread::spawn(move || {
                let _ = match how {
                    Fails::Refuses => socket.write_all(b"421 closed for the night\r\n"),
                    Fails::Rubbish => socket.write_all(&[b'<'; 4_000]),
                    Fails::Hangs => {
                        std::thread::sleep(Duration::from_secs(60));
                        Ok(())
                    }
                    // Each letter comes in time, and the line never ends.
                    Fails::Trickles => (0..600).try_for_each(|_| {
                        std::thread::sleep(Duration::from_millis(100));
                        socket.write_all(b"2")
                    }),
                };
            });
        }
    });
    (address, taken)
}

/// A mail server that takes every letter: its address, and the letters as they arrived.
pub fn smtp_sink() -> (String, Arc<Mutex<Vec<String>>>) {
    failing(Fails::Refuses, Arc::new(AtomicBool::new(true)))
}

/// A letter as a mail program reads it, from what arrived.
pub fn arrived(raw: &str) -> Envelope {
    let message = mail_parser::MessageParser::default().parse(raw.as_bytes()).expect("a letter");
    use mail_parser::MimeHeaders;
    let file = message.attachments().find(|part| part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar")));
    Envelope {
        id: message.message_id().expect("an id").to_owned(),
        to: message.to().and_then(|to| to.first()).and_then(|one| one.address()).expect("somebody").to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        calendar: file.map(|file| CalendarFile {
            name: file.attachment_name().unwrap_or_default().to_owned(),
            text: String::from_utf8(file.contents().to_vec()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n"),
        }),
        unsubscribe: message.header_raw("List-Unsubscribe").map(|way| way.trim().trim_matches(['<', '>']).to_owned()),
        at: Timestamp::from_second(message.date().expect("a date").to_timestamp()).unwrap(),
    }
}

/// Fault tests of mail: whatever the server does, the outage goes on, its letters wait, and each leaves once when the server
/// is well again.
#[test]
fn a_mail_server_that_refuses_hangs_trickles_or_talks_rubbish_loses_no_letter_and_blocks_no_outage() {
    for how in [Fails::Refuses, Fails::Hangs, Fails::Trickles, Fails::Rubbish] {
        for_each_target(|target| {
            let world = World::open(target);
            let cast = cast(&world);
            let is_well = Arc::new(AtomicBool::new(false));
            let (address, taken) = failing(how, Arc::clone(&is_well));
            let smtp = Smtp::with_patience(&format!("smtp://{address}"), "signalbox@example.org", Duration::from_millis(400)).unwrap();
            let id = sent(&world, &cast, "Switchgear maintenance", &[]);
            let began = Instant::now();
            // As often as the worker comes by in the time of a window.
            for _ in 0..4 {
                while signalbox::worker::step(&world.app, &smtp).unwrap() > 0 {}
                world.advance(SignedDuration::from_mins(30));
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{how:?} held the worker for {:?}", began.elapsed());
            assert!(taken.lock().unwrap().is_empty(), "{how:?}");
            take(&world, &cast.priya, id, Act::Accept, &[("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")]);
            is_well.store(true, Ordering::SeqCst);
            for _ in 0..4 {
                world.advance(SignedDuration::from_mins(61));
                while signalbox::worker::step(&world.app, &smtp).unwrap() > 0 {}
            }
            let letters = taken.lock().unwrap().clone();
            let received = letters.iter().filter(|letter| letter.contains("To: joy@northbrook.example") && letter.contains("Subject: Received: ")).count();
            assert_eq!(received, 1, "{how:?}: {letters:#?}");
        });
    }
}
