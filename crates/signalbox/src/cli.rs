//! The command line. Each command exits 0 when all is well, 1 on a finding and 2 on wrong use.

mod demo;
mod import;
mod people;
mod record;
mod rehearse;
mod serve;
mod walk;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use signalbox_store::{Db, StoreError, Target};

use crate::web::problem::Failure;

/// IT change management for services that many organisations share.
#[derive(Debug, Parser)]
#[command(name = "signalbox", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop.
    Serve(serve::Serve),
    /// Make a world to try things in, and serve it with one-click sign-in.
    Demo(demo::Demo),
    /// Administrators.
    #[command(subcommand)]
    Admin(people::Admin),
    /// Print a bearer token of a person, for programs.
    Token(people::Token),
    /// Find any altered, missing or reordered event, and any row that is not what the events say.
    Verify(record::Verify),
    /// Make every row again from the events.
    Rebuild(record::Rebuild),
    /// Bring in a CSV file: all of it or nothing.
    Import(import::Import),
    /// Check a safety record that a site gave out: is every byte as it was signed? Needs no database.
    VerifyRecord(record::VerifyRecord),
    /// Check a copy of the schedule that a site wrote: is every file as it was signed? Needs no database.
    VerifyCopy(record::VerifyCopy),
    /// Try process documents, and print every fault at once.
    Check(record::Check),
    /// Replay the changes of the last months under other documents, and say which would have gone another way.
    Rehearse(rehearse::Rehearse),
    /// Let made-up people do whatever process documents allow, by chance, and look that no rule breaks.
    Walk(walk::Walk),
}

/// Where the database is.
#[derive(Args, Clone, Debug)]
struct StoreArgs {
    /// Folder of the embedded database; made if it is not there.
    #[arg(long, value_name = "DIR", env = "SIGNALBOX_DATA", required_unless_present = "database_url")]
    data: Option<PathBuf>,
    /// PostgreSQL instead: postgres://user@host/database. Wins over --data.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl StoreArgs {
    fn target(&self) -> Result<Target, Stop> {
        match (&self.database_url, &self.data) {
            (Some(url), _) => Ok(Target::Postgres(url.clone())),
            (None, Some(folder)) => Ok(Target::Sqlite(folder.clone())),
            (None, None) => Err(Stop::WrongUse("give --data DIR or --database-url URL".into())),
        }
    }

    fn open(&self) -> Result<Db, Stop> {
        Ok(Db::open(&self.target()?)?)
    }
}

/// Why a command ends early.
#[derive(Debug)]
enum Stop {
    /// It was asked for something that makes no sense: exit 2.
    WrongUse(String),
    /// It could not be done, or found a fault: exit 1.
    Finding(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::WrongUse(why) | Stop::Finding(why) => out.write_str(why),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        match error {
            StoreError::Locked => Stop::Finding(
                "a server is using this data folder. Stop it first; or, while it runs, make a token on its page /me, and set up people and \
                 administrators on its page /setup/people"
                    .into(),
            ),
            other => Stop::Finding(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::Finding(error.to_string())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        let faults = failure.faults().iter().map(|fault| match &fault.field {
            Some(field) => format!("{field}: {}", fault.detail),
            None => fault.detail.clone(),
        });
        let faults: Vec<_> = faults.collect();
        Stop::Finding(if faults.is_empty() { failure.detail() } else { faults.join(" ") })
    }
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be done if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Demo(demo) => demo.run(),
        Command::Admin(admin) => admin.run(),
        Command::Token(token) => token.run(),
        Command::Verify(verify) => verify.run(),
        Command::Rebuild(rebuild) => rebuild.run(),
        Command::Import(import) => import.run(),
        Command::VerifyRecord(verify) => verify.run(),
        Command::VerifyCopy(verify) => verify.run(),
        Command::Check(check) => check.run(),
        Command::Rehearse(rehearse) => rehearse.run(),
        Command::Walk(walk) => walk.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("signalbox: {stop}");
            ExitCode::from(match stop {
                Stop::WrongUse(_) => 2,
                Stop::Finding(_) => 1,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_needs_a_database() {
        assert!(Cli::try_parse_from(["signalbox", "serve", "--listen", "127.0.0.1:0"]).is_err());
        assert!(Cli::try_parse_from(["signalbox", "serve", "--data", "d"]).is_ok());
    }
}
