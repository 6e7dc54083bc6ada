//! R1: what was acknowledged survives kill -9, and nothing is half there.
//!
//! A child process writes from many threads and prints a line after each acknowledgement; this process
//! reads the lines while the writes are in flight (settled 23), kills it at a random moment, opens the database
//! again and compares. On PostgreSQL the server is killed as well, in every second round.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use signalbox_store::log::{self, NewEvent, SavedAnswer, Stream};
use signalbox_store::{Db, StoreError, Target, values};

use crate::harness::TempDir;
use crate::log::{assert_clean, event};
use crate::pg;

const TARGET: &str = "SIGNALBOX_TEST_KILL_TARGET";
const ROUND: &str = "SIGNALBOX_TEST_KILL_ROUND";
const CLIENTS: i64 = 32;
/// Half of the clients fight over these; each of the others has a change of its own.
const SHARED_CHANGES: i64 = 4;

/// One acknowledged command: all that it must have left.
#[derive(Debug)]
struct Ack {
    seq: i64,
    id: i64,
    change: i64,
    version: i64,
    reference: i64,
}

fn rounds() -> u64 {
    if std::env::var_os("SIGNALBOX_FULL").is_some() { 50 } else { 15 }
}

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    let directory = TempDir::new();
    let target = Target::Sqlite(directory.path().into());
    let location = directory.path().display().to_string();
    run_rounds(&location, &target, &mut |_| false, &mut || ());
    let db = Db::open(&target).expect("it opens");
    let integrity = db.read(|tx| tx.one("pragma integrity_check", &[], |row| row.text(0)));
    assert_eq!(integrity.as_deref(), Ok("ok"));
}

#[test]
fn postgres_keeps_what_it_acknowledged() {
    // A server of its own, since it is killed.
    let Some(server) = pg::Server::start() else {
        return;
    };
    let database = server.create_database();
    let target = Target::Postgres(database.url.clone());
    let mut kill = |round| {
        let is_its_turn = round % 2 == 1;
        if is_its_turn {
            server.kill();
        }
        is_its_turn
    };
    run_rounds(&database.url, &target, &mut kill, &mut || server.restart());
}

/// `kill_server` says whether it did; then `restart_server` is called when the child is dead.
fn run_rounds(location: &str, target: &Target, kill_server: &mut dyn FnMut(u64) -> bool, restart_server: &mut dyn FnMut()) {
    let seed = std::env::var("SIGNALBOX_SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_micros() as u64);
    eprintln!("SIGNALBOX_SEED={seed}");
    drop(Db::open(target).expect("it opens"));
    let mut acks = Vec::new();
    for round in 0..rounds() {
        let (mut child, lines) = start_child(location, round);
        assert_eq!(lines.recv_timeout(Duration::from_secs(30)).as_deref(), Ok("ready"), "round {round}");
        let delay = 5 + mix(seed.wrapping_add(round)) % 496;
        thread::sleep(Duration::from_millis(delay));
        let server_was_killed = kill_server(round);
        child.kill().expect("a child to kill");
        child.wait().expect("a dead child");
        let before = acks.len();
        acks.extend(lines.iter().map(|line| parse(&line)));
        if server_was_killed {
            restart_server();
        }
        let started = Instant::now();
        let db = Db::open(target).expect("it opens again");
        assert!(started.elapsed() < Duration::from_secs(2), "it took {:?} to open", started.elapsed());
        check(&db, &acks);
        let killed = if server_was_killed { "client and server" } else { "client" };
        eprintln!("round {round}: {killed} killed after {delay} ms, {} new acks kept", acks.len() - before);
    }
    assert!(acks.len() as u64 > rounds(), "too few writes to prove anything: {}", acks.len());
}

/// Every acknowledged command is whole, and so is every other that made it.
fn check(db: &Db, acks: &[Ack]) {
    assert_clean(db);
    let stored = db.read(|tx| log::read_after(tx, 0, i64::MAX)).expect("the log");
    let mut references = HashSet::new();
    for ack in acks {
        let at = usize::try_from(ack.seq - 1).expect("a number from 1");
        let found = stored.get(at).unwrap_or_else(|| panic!("acknowledged and lost: {ack:?}"));
        let event = &found.event;
        assert_eq!((event.id, event.change_id, event.version), (ack.id, ack.change, ack.version), "{ack:?}");
        assert!(references.insert(ack.reference), "a reference was given twice: {ack:?}");
    }
    // Each command makes one of each, so equal counts mean that none is half there.
    let counts = db.read(|tx| {
        tx.one(
            "select (select count(*) from events), (select count(*) from idempotency),
                (select count(*) from texts), (select coalesce(max(next), 1) - 1 from counters)",
            &[],
            |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?]),
        )
    });
    let count = stored.len() as i64;
    assert_eq!(counts, Ok([count; 4]));
    let answers: HashSet<_> = db.read(|tx| tx.all("select key from idempotency", &[], |row| row.text(0))).expect("the answers").into_iter().collect();
    assert!(acks.iter().all(|ack| answers.contains(&ack.id.to_string())));
}

fn start_child(location: &str, round: u64) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "kill::child_of_the_kill_tests", "--ignored", "--nocapture"])
        .env(TARGET, location)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let stdout = child.stdout.take().expect("its output");
    let (send, lines) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
            // The last line may be cut short by the kill. The test runner's own lines bear no mark.
            if let Some(text) = line.strip_prefix('!').and_then(|line| line.strip_suffix("!\n")) {
                let _ = send.send(text.to_owned());
            }
            line.clear();
        }
    });
    (child, lines)
}

/// Not a test: what the child process runs. Without its environment there is nothing to do.
#[test]
#[ignore = "the child process of the kill tests"]
fn child_of_the_kill_tests() {
    let (Ok(location), Ok(round)) = (std::env::var(TARGET), std::env::var(ROUND)) else {
        return;
    };
    let round: i64 = round.parse().expect("a number");
    let target = if location.starts_with('/') { Target::Sqlite(location.into()) } else { Target::Postgres(location) };
    let db = Db::open(&target).expect("it opens");
    say("ready");
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let db = db.clone();
            thread::spawn(move || write_for_ever(&db, round, client))
        })
        .collect();
    for client in clients {
        client.join().expect("no panic");
    }
}

fn write_for_ever(db: &Db, round: i64, client: i64) {
    let change = if client % 2 == 0 { client % SHARED_CHANGES } else { 1000 + client };
    for n in 0.. {
        let id = (round * CLIENTS + client) * 1_000_000 + n;
        match write_one(db, id, change) {
            Ok(Ack { seq, id, change, version, reference }) => {
                say(&format!("{seq} {id} {change} {version} {reference}"));
            }
            Err(StoreError::Conflict { .. }) => {}
            // The server was killed. It won't come back in this child's life.
            Err(_) => return,
        }
    }
}

/// A command as the product has them: event, text, reference and answer in one transaction.
fn write_one(db: &Db, id: i64, change: i64) -> Result<Ack, StoreError> {
    let version = db
        .read(move |tx| tx.one("select coalesce(max(version), 0) from events where stream = 'change' and change_id = $1", values![change], |row| row.int(0)))?;
    db.write(move |tx| {
        let mut head = log::lock_head(tx)?;
        let reference = log::take_reference(tx, "RFC", 2026)?;
        let digest = log::put_text(tx, id, change, &id.to_be_bytes(), &format!("text of {id}"))?;
        let payload = format!("{{\"actor\":\"1\",\"reference\":{reference},\"text\":\"{digest}\"}}");
        let event = NewEvent { payload, stream: Stream::Change, ..event(id, change, version + 1) };
        let seqs = log::append(tx, &mut head, version, &[event])?;
        let answer = SavedAnswer { request_hash: digest, status: 201, headers: "[]".into(), body: reference.to_string() };
        log::save_answer(tx, 1, &id.to_string(), &answer, id)?;
        Ok(Ack { seq: seqs[0], id, change, version: version + 1, reference })
    })
}

/// One whole line in one write, so that lines of different threads don't mix.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // When nobody listens any more, the kill is on its way.
    let _ = out.write_all(format!("!{text}!\n").as_bytes());
    let _ = out.flush();
}

fn parse(line: &str) -> Ack {
    let numbers: Vec<i64> = line.split(' ').map(|it| it.parse().expect("a number")).collect();
    let [seq, id, change, version, reference] = numbers[..] else { panic!("a broken line: {line}") };
    Ack { seq, id, change, version, reference }
}

/// SplitMix64: chance that a seed repeats.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
