//! The program itself, as an operator starts it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use signalbox::clock::{IdSource, Token};
use signalbox_store::accounts::{self, Session};
use signalbox_store::{Db, Target};

use crate::Site;
use crate::http::Client;

/// A running server.
pub struct Server {
    child: Child,
    pub address: String,
    /// From the start until it answered.
    pub took: Duration,
}

impl Server {
    /// Starts it and waits until it answers.
    pub fn start(site: &Site) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("SIGNALBOX_LOG", "error");
        match &site.target {
            Target::Sqlite(folder) => command.arg("--data").arg(folder),
            Target::Postgres(url) => command.arg("--database-url").arg(url),
        };
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.next().expect("a line").expect("a line");
        let address = line.rsplit("://").next().expect("an address").trim().to_owned();
        let mut client = Client::connect(&address, "", "identity").expect("it answers");
        assert_eq!(client.get("/healthz").expect("it answers"), 200);
        Server { child, address, took: began.elapsed() }
    }

    /// Memory that it holds now, in MB.
    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).expect("a number") / 1_024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Signs somebody in, and gives the header of their cookie.
pub fn sign_in(db: &Db, person_id: i64) -> String {
    let (token, now): (Token, Timestamp) = (IdSource::new().token(), Timestamp::now());
    let session = Session {
        token_hash: token.hash(),
        person_id,
        csrf_secret: vec![7; 32],
        acting_membership: None,
        created_at: now,
        last_used_at: now,
        expires_at: now + SignedDuration::from_hours(12),
        user_agent: "bench".to_owned(),
    };
    db.write(move |tx| accounts::begin_session(tx, &session, None)).expect("a session");
    format!("signalbox={}", token.to_hex())
}
