//! `signalbox import`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::serve::Settings;
use super::{Stop, StoreArgs};
use crate::import::{Kind, Manner, Report, Unreadable};

#[derive(Args, Debug)]
pub(super) struct Import {
    /// What the file holds.
    #[arg(value_enum)]
    kind: Kind,
    /// A CSV file with the columns of its kind.
    file: PathBuf,
    /// Take the good rows, and write the bad ones with their reasons to FILE.bad.csv.
    #[arg(long)]
    skip_bad: bool,
    /// Write the new values of rows that are there already with others.
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

impl Import {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let (app, _lock) = super::people::open(&self.store, &self.settings)?;
        let bar = if std::io::stderr().is_terminal() { indicatif::ProgressBar::new(0) } else { indicatif::ProgressBar::hidden() };
        let bar = Arc::new(bar);
        let shown = Arc::clone(&bar);
        let manner = Manner { skip_bad: self.skip_bad, update: self.update };
        let report = app.import_file(self.kind, &self.file, manner, move |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        });
        bar.finish_and_clear();
        let report = report.map_err(|unreadable| match unreadable {
            Unreadable::File(why) => Stop::Finding(why),
            Unreadable::Store(fault) => fault.into(),
        })?;
        self.say(&report)
    }

    fn say(&self, report: &Report) -> Result<(), Stop> {
        for bad in &report.bad {
            let column = if bad.column.is_empty() { String::new() } else { format!(" {}", bad.column) };
            eprintln!("{}:{}:{column} {}", self.file.display(), bad.line, bad.reason);
        }
        if !report.is_taken {
            return Err(Stop::Finding(format!("{} bad; nothing was taken", rows(report.bad.len() as u64))));
        }
        println!("{} added, {} updated, {} unchanged, {} bad.", report.added, report.updated, report.unchanged, report.bad.len());
        if report.bad.is_empty() {
            return Ok(());
        }
        let path = self.file.with_extension("bad.csv");
        self.write_bad(&path, report).map_err(|fault| Stop::Finding(format!("{}: {fault}", path.display())))?;
        println!("The bad ones are in {}.", path.display());
        Ok(())
    }

    /// The bad rows as they stood, each with line, column and reason, in the file's own columns first.
    fn write_bad(&self, path: &std::path::Path, report: &Report) -> Result<(), csv::Error> {
        let columns = self.kind.columns();
        let mut out = csv::Writer::from_path(path)?;
        out.write_record(columns.iter().copied().chain(["line", "column", "why"]))?;
        for bad in &report.bad {
            let mut cells = bad.cells.clone();
            cells.resize(columns.len(), String::new());
            cells.extend([bad.line.to_string(), bad.column.clone(), bad.reason.clone()]);
            out.write_record(&cells)?;
        }
        out.flush()?;
        Ok(())
    }
}

fn rows(number: u64) -> String {
    if number == 1 { "1 row is".into() } else { format!("{number} rows are") }
}
