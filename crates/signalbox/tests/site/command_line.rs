//! The program as an operator runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use signalbox_store::Target;

use crate::harness::{TempDir, for_each_target};

fn signalbox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
    command.args(arguments).env_remove("SIGNALBOX_DATA").env_remove("SIGNALBOX_DATABASE_URL");
    command
}

fn store_of(target: &Target) -> [String; 2] {
    match target {
        Target::Sqlite(folder) => ["--data".into(), folder.display().to_string()],
        Target::Postgres(url) => ["--database-url".into(), url.clone()],
    }
}

/// Runs a command on a database; its output, whatever its end.
pub fn run(target: &Target, arguments: &[&str]) -> Output {
    signalbox(arguments).args(store_of(target)).output().unwrap()
}

pub fn words(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// A server that ends with the test.
pub struct Server {
    pub process: Child,
    pub address: String,
}

impl Server {
    pub fn start(target: &Target) -> Server {
        Server::start_with(target, &[])
    }

    /// The same with more arguments.
    pub fn start_with(target: &Target, more: &[&str]) -> Server {
        let mut command = signalbox(&["serve", "--listen", "127.0.0.1:0"]);
        let mut process = command.args(store_of(target)).args(more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").expect("an address").1.to_owned();
        Server { process, address }
    }

    /// Asks for a path; the whole answer as text.
    fn ask(&self, path: &str, header: &str) -> String {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {}\r\n{header}Connection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_first_administrator_is_made_and_gets_in() {
    for_each_target(|target| {
        let (code, text) = words(&run(target, &["admin", "add", "ann@authority.example", "--name", "Ann Okafor"]));
        assert_eq!(code, 0, "{text}");
        let link = text.lines().find_map(|line| line.trim().split_once("/password/")).expect("a link").1;
        assert_eq!(link.len(), 64);
        let (code, _) = words(&run(target, &["admin", "add", "Ann@Authority.example"]));
        assert_eq!(code, 0, "twice does no harm");
        let (code, token) = words(&run(target, &["token", "--person", "ann@authority.example"]));
        let token = token.trim();
        assert_eq!((code, token.len()), (0, 67), "{token}");

        let server = Server::start(target);
        assert!(server.ask("/healthz", "").ends_with("ok\n"));
        assert!(server.ask(&format!("/password/{link}"), "").contains("Set your password"));
        let me = server.ask("/me", &format!("Authorization: Bearer {token}\r\n"));
        assert!(me.contains("Ann Okafor") && me.contains("administrator"), "{me}");
        let (code, text) = words(&run(target, &["token", "--person", "ann@authority.example"]));
        if matches!(target, Target::Sqlite(_)) {
            assert_eq!(code, 1, "a server has the folder: {text}");
            assert!(text.contains("a server is using this data folder. Stop it first") && text.contains("/me") && text.contains("/setup/people"), "{text}");
            let (code, text) = words(&run(target, &["admin", "add", "second@authority.example"]));
            assert!(code == 1 && text.contains("Stop it first"), "{text}");
            // The page that it names does make tokens.
            assert!(me.contains("action=\"/me/tokens\""), "{me}");
        } else {
            assert_eq!(code, 0, "{text}");
        }
        drop(server);
        let (code, text) = words(&run(target, &["verify"]));
        assert_eq!(code, 0, "{text}");
        let head = text.lines().last().unwrap().to_owned();
        assert_eq!(words(&run(target, &["verify", "--anchor", &head])).0, 0);
        let (code, text) = words(&run(target, &["verify", "--anchor", &"0".repeat(64)]));
        assert!(code == 1 && text.contains("no event has the anchor"), "{text}");
        assert_eq!(words(&run(target, &["rebuild"])).0, 0);
    });
}

#[test]
fn wrong_use_ends_with_2_and_a_finding_with_1() {
    let folder = TempDir::new();
    let target = Target::Sqlite(folder.path().to_owned());
    for wrong in [
        &["serve", "--listen", "nowhere"][..],
        &["fly"],
        &["token"],
        &["admin", "add", "not-an-address"],
        &["serve", "--base-url", "http://change.example.org"],
    ] {
        let (code, text) = words(&run(&target, wrong));
        assert_eq!(code, 2, "{wrong:?}: {text}");
    }
    assert_eq!(words(&signalbox(&["verify"]).output().unwrap()).0, 2, "without a database");
    let (code, text) = words(&run(&target, &["token", "--person", "nobody@example.org"]));
    assert!(code == 1 && text.contains("nobody has the address"), "{text}");
    assert_eq!(words(&signalbox(&["--help"]).output().unwrap()).0, 0);
}

#[test]
fn check_tries_documents_and_names_each_fault_with_its_line() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../processes");
    let file = |name: &str| shipped.join(name).display().to_string();
    let all = [file("end-to-end.md"), file("planned-outage.md"), file("service-request.md")];
    let arguments: Vec<_> = std::iter::once("check").chain(all.iter().map(String::as_str)).collect();
    let (code, text) = words(&signalbox(&arguments).output().unwrap());
    assert_eq!(code, 0, "{text}");
    let (code, text) = words(&signalbox(&["check", &all[1]]).output().unwrap());
    assert_eq!(code, 0, "its base comes from the program: {text}");
    let folder = TempDir::new();
    let broken = folder.path().join("broken.md");
    let text = std::fs::read_to_string(&all[1]).unwrap();
    let needs = text.find("late notice explained").expect("a need of the outage");
    std::fs::write(&broken, format!("{}no such rule{}", &text[..needs], &text[needs + "late notice explained".len()..])).unwrap();
    let (code, said) = words(&signalbox(&["check", &broken.display().to_string()]).output().unwrap());
    let line = text[..needs].lines().count();
    assert!(code == 1 && said.contains(&format!("broken.md:{line}:")), "{said}");
    assert_eq!(words(&signalbox(&["check", "/nowhere.md"]).output().unwrap()).0, 2);
    // A server does not start on such a document.
    let store = TempDir::new();
    let (processes, data) = (folder.path().display().to_string(), store.path().display().to_string());
    let (code, said) = words(&signalbox(&["serve", "--data", &data, "--listen", "127.0.0.1:0", "--processes", &processes]).output().unwrap());
    assert!(code == 1 && said.contains(&format!("broken.md:{line}:")), "{said}");
}

/// Issue 3: the documents made faulty on purpose, through the command: every fault with its file, line, column, sentence
/// and code, exactly as the core's test has them.
#[test]
fn check_names_every_fault_of_the_documents_made_faulty_on_purpose() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("../signalbox-core/tests/expected");
    let mut files: Vec<String> =
        std::fs::read_dir(expected.join("faulty")).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    assert!(files.len() >= 30, "{files:?}");
    let mut found = String::new();
    for file in &files {
        let output = signalbox(&["check", file]).current_dir(expected.join("faulty")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{file}");
        found += &String::from_utf8_lossy(&output.stdout);
    }
    assert_eq!(found, std::fs::read_to_string(expected.join("faulty.txt")).unwrap());
}

#[test]
fn walk_prints_coverage_and_tells_the_shortest_way_to_a_broken_rule() {
    let walk = |arguments: &[&str]| words(&signalbox(&[&["walk"], arguments].concat()).output().unwrap());
    let (code, text) = walk(&["--seed", "7", "--walks", "20"]);
    assert_eq!(code, 0, "{text}");
    for step in [["end-to-end", "approve", "AWAITING_APPROVAL"], ["planned-outage", "submit", "DRAFT"], ["service-request", "close", "IMPLEMENTED"]] {
        let covered = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|line| line.starts_with(&step)).expect("a line for each step");
        assert!(covered[3].parse::<u32>().is_ok(), "{covered:?}");
    }
    assert!(text.contains("20 walks of seed 7") && text.contains("no rule broken"), "{text}");
    assert_eq!(walk(&["--seed", "7", "--walks", "20"]).1, text, "a seed repeats a run exactly");

    // A document that `check` lets pass, though those who raise an outage may approve it.
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../processes/planned-outage.md");
    let folder = TempDir::new();
    let lax = folder.path().join("planned-outage.md");
    std::fs::write(&lax, std::fs::read_to_string(shipped).unwrap().replace("four eyes; other organisation;", "four eyes;")).unwrap();
    let lax = lax.display().to_string();
    assert_eq!(words(&signalbox(&["check", &lax]).output().unwrap()).0, 0);
    let (code, text) = walk(&["--seed", "7", "--walks", "600", &lax]);
    assert!(code == 1 && text.contains("X2: approved by the organisation that raised it"), "{text}");
    assert!(text.contains(" raised for ") && text.contains(" approve -> APPROVED"), "who did what, up to the fault: {text}");
    // What it says will repeat the fault does so.
    let again = text.lines().last().unwrap().split_once("again with: signalbox walk ").expect("a way to repeat it").1;
    let (code, text) = walk(&again.split(' ').collect::<Vec<_>>());
    assert!(code == 1 && text.contains("X2: approved by the organisation that raised it"), "{text}");

    assert_eq!(walk(&[]).0, 2, "a walk needs a seed");
    assert_eq!(walk(&["--seed", "7", "--walks", "0"]).0, 2);
    assert_eq!(walk(&["--seed", "7", "/nowhere.md"]).0, 2);
}
