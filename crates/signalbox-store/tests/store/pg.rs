//! A private PostgreSQL from Debian's package: one server for the test binary, one database for each test.
//!
//! `SIGNALBOX_TEST_PG_URL` names another server to use. Without that and without a PostgreSQL the tests
//! skip that half and say so; where `CI` is set that is a failure (settled 27).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::harness::TempDir;

pub struct Server {
    /// Of the maintenance database.
    url: String,
    own: Option<Own>,
}

/// A server that we started ourselves.
struct Own {
    directory: TempDir,
    binaries: PathBuf,
}

pub struct Database {
    pub url: String,
    name: String,
    server_url: String,
}

/// The server that all tests of this binary share.
pub fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            if let Ok(url) = std::env::var("SIGNALBOX_TEST_PG_URL") {
                return Some(Server { url, own: None });
            }
            let server = Server::start();
            if let Some(own) = server.as_ref().and_then(|server| server.own.as_ref()) {
                stop_with_this_process(own);
            }
            server
        })
        .as_ref()
}

impl Server {
    /// Starts a server of the caller's own, or says loudly why not.
    pub fn start() -> Option<Self> {
        let Some(binaries) = find_binaries() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed, and CI skips nothing");
            eprintln!("SKIPPED on PostgreSQL: it is not installed (apt-get install postgresql)");
            return None;
        };
        let directory = TempDir::new();
        // The server won't run as root, and its own user must reach the folder.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).expect("chmod");
        let own = Own { directory, binaries };
        assert!(own.run("initdb", "-U postgres -A trust -E UTF8 --no-locale -N"), "initdb failed");
        stop_with_this_process(&own);
        let server = Self { url: format!("host={} user=postgres dbname=postgres", own.directory.path().display()), own: Some(own) };
        server.restart();
        Some(server)
    }

    /// Starts the server again after [`Server::kill`], and waits until it answers.
    pub fn restart(&self) {
        let own = self.own.as_ref().expect("a server of our own");
        let socket = own.directory.path().display();
        // Only a socket in its own folder: no port is taken. fsync stays on, the kill tests are about that.
        let options = format!("-c listen_addresses= -c unix_socket_directories={socket} -c max_connections=200");
        let log = own.directory.path().join("log");
        let start = format!("-w -t 60 -l {} -o \"{options}\" start", log.display());
        // After a kill it refuses for as long as one of the old one's children lives.
        let deadline = Instant::now() + Duration::from_secs(60);
        while !own.run("pg_ctl", &start) {
            let log = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL does not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills the server with SIGKILL.
    pub fn kill(&self) {
        let own = self.own.as_ref().expect("a server of our own");
        let pid_file = own.directory.path().join("data/postmaster.pid");
        let text = std::fs::read_to_string(pid_file).expect("postmaster.pid");
        let pid = text.lines().next().expect("a process id");
        assert!(Command::new("kill").args(["-9", pid]).status().expect("kill").success());
    }

    pub fn create_database(&self) -> Database {
        self.create("")
    }

    /// A database that holds what the other holds, to which nobody may be connected now.
    #[allow(dead_code, reason = "for the tests of the site, which share this file")]
    pub fn copy_database(&self, of: &Database) -> Database {
        self.create(&format!("template {}", of.name))
    }

    fn create(&self, how: &str) -> Database {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("signalbox_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut client = postgres::Client::connect(&self.url, postgres::NoTls).expect("the server answers");
        client.batch_execute(&format!("create database {name} {how}")).expect("a database");
        Database { url: with_database(&self.url, &name), name, server_url: self.url.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            own.run("pg_ctl", "-m immediate stop");
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = postgres::Client::connect(&self.server_url, postgres::NoTls) {
            let _ = client.batch_execute(&format!("drop database if exists {} with (force)", self.name));
        }
    }
}

impl Own {
    /// Runs a program of PostgreSQL on our data, and says whether it went well.
    fn run(&self, program: &str, arguments: &str) -> bool {
        let line = format!("'{}' -D '{}/data' {arguments}", self.binaries.join(program).display(), self.directory.path().display());
        let mut command = if is_root() {
            let mut command = Command::new("su");
            command.args(["postgres", "-s", "/bin/sh", "-c", &line]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &line]);
            command
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        command.status().expect("a shell").success()
    }
}

/// Statics are not dropped, and a test binary may be killed: a shell that outlives it stops the server.
fn stop_with_this_process(own: &Own) {
    let script = format!(
        "while kill -0 {parent} 2>/dev/null; do [ -d '{folder}' ] || exit 0; sleep 0.2; done
         kill -QUIT $(head -1 '{folder}/data/postmaster.pid'); sleep 1; rm -rf '{folder}'",
        parent = std::process::id(),
        folder = own.directory.path().display()
    );
    let status = Command::new("setsid").args(["--fork", "sh", "-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("setsid").success());
}

fn find_binaries() -> Option<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().collect();
    versions.sort_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    versions.iter().rev().map(|entry| entry.path().join("bin")).find(|path| path.join("initdb").exists())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|it| it.uid() == 0)
}

/// The same server, another database; both forms of a connection string.
fn with_database(url: &str, name: &str) -> String {
    if !url.contains("://") {
        return format!("{url} dbname={name}");
    }
    let (before, query) = url.split_once('?').map_or((url, None), |(before, query)| (before, Some(query)));
    let (scheme, rest) = before.split_once("://").expect("a URL");
    let host = rest.split('/').next().unwrap_or(rest);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{scheme}://{host}/{name}{query}")
}
