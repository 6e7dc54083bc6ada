//! `signalbox verify`, `rebuild` and `check`: is the record what it was, are the rows what the record says, will
//! these documents run?

use std::path::PathBuf;

use clap::Args;
use signalbox_core::process::Processes;
use signalbox_store::{log, project};

use super::{Stop, StoreArgs};
use crate::sign::{self, Unsound};
use crate::static_copy;

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The head that an earlier run printed: finds a log that was cut behind it.
    #[arg(long, value_name = "HASH")]
    anchor: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

impl Verify {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let db = self.store.open()?;
        let anchor = self.anchor.as_deref();
        let (head, mut findings) = db.read(|tx| {
            let found = log::verify(tx, anchor, &mut |_, _| {})?;
            Ok((log::read_head(tx)?, found.iter().map(ToString::to_string).collect::<Vec<_>>()))
        })?;
        if findings.is_empty() {
            // Rows can't be compared with events that may be wrong themselves.
            findings = db.read(|tx| project::differences(tx, |_| {}))?;
        }
        if !findings.is_empty() {
            findings.iter().for_each(|finding| println!("{finding}"));
            return Err(Stop::Finding(format!("{} found", count(findings.len(), "fault"))));
        }
        println!("{} verified. The rows are what they say. The head is\n{}", count(head.count() as usize, "event"), head.hash());
        Ok(())
    }
}

#[derive(Args, Debug)]
pub(super) struct VerifyRecord {
    /// The file as it was given out.
    file: PathBuf,
    /// The site's public key, as its page /signing-key prints it: finds a file that another signed.
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

impl VerifyRecord {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let file = std::fs::read(&self.file).map_err(|error| Stop::WrongUse(format!("can’t read {}: {error}", self.file.display())))?;
        println!("{}", signed(sign::verify(&file, self.key.as_deref()), self.key.is_some())?);
        Ok(())
    }
}

/// What the check of a signature says, in words.
fn signed(checked: Result<String, Unsound>, is_key_named: bool) -> Result<String, Stop> {
    match checked {
        Ok(key) if is_key_named => Ok(format!("Every byte is as it was signed, by the key that you named.\n{key}")),
        Ok(key) => Ok(format!("Every byte is as it was signed. Compare the key with the one at the site’s address /signing-key:\n{key}")),
        Err(Unsound::Unsigned) => Err(Stop::Finding("the file bears no signature".into())),
        Err(Unsound::Altered) => Err(Stop::Finding("the file is not what was signed: something in it was altered".into())),
        Err(Unsound::OtherKey(key)) => Err(Stop::Finding(format!("the file was signed by another key: {key}"))),
    }
}

#[derive(Args, Debug)]
pub(super) struct VerifyCopy {
    /// The folder that the site wrote with --static-copy, or a copy of it.
    folder: PathBuf,
    /// The site's public key, as its page /signing-key prints it: finds a folder that another signed.
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

impl VerifyCopy {
    pub(super) fn run(&self) -> Result<(), Stop> {
        match static_copy::verify(&self.folder, self.key.as_deref()) {
            Ok(found) => {
                println!("{}\n{}", found.title, signed(Ok(found.key), self.key.is_some())?);
                Ok(())
            }
            Err(static_copy::Fault::Unreadable(file, why)) => Err(Stop::WrongUse(format!("can’t read {file}: {why}"))),
            Err(static_copy::Fault::Signature(unsound)) => signed(Err(unsound), true).map(drop),
            Err(static_copy::Fault::Altered(file)) => Err(Stop::Finding(format!("{file} is not what was signed"))),
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct Rebuild {
    #[command(flatten)]
    store: StoreArgs,
}

impl Rebuild {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let db = self.store.open()?;
        let _lock = db.lock()?;
        let changes = db.write(|tx| project::rebuild(tx, |_| {}))?;
        println!("The rows of {} were made again.", count(changes as usize, "change"));
        Ok(())
    }
}

#[derive(Args, Debug)]
pub(super) struct Check {
    /// Process documents. What they are based on is taken from these files or from the program.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(&self) -> Result<(), Stop> {
        match read_documents(&self.files)? {
            Ok(_) => {
                println!("{} will run.", count(self.files.len(), "document"));
                Ok(())
            }
            Err(faults) => {
                faults.iter().for_each(|fault| println!("{fault}"));
                Err(Stop::Finding(format!("{} found", count(faults.len(), "fault"))))
            }
        }
    }
}

/// The shipped documents with these over them, or all that is wrong.
pub(super) fn read_documents(files: &[PathBuf]) -> Result<Result<Processes, Vec<String>>, Stop> {
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| Stop::WrongUse(format!("can’t read {}: {error}", file.display())))?;
        texts.push((file.display().to_string(), text));
    }
    let sources: Vec<_> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let read = Processes::shipped_with(&sources);
    Ok(read.map_err(|faults| faults.iter().map(ToString::to_string).collect()))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
