//! `signalbox rehearse`: what would the changes of the last months have become under these documents?

use std::path::PathBuf;

use clap::Args;
use jiff::ToSpan;
use signalbox_core::actor::Actor;
use signalbox_core::calendar;
use signalbox_core::process::compare::compare;
use signalbox_core::rehearse::turns;

use super::serve::Settings;
use super::{Stop, StoreArgs};
use crate::app::App;
use crate::clock::{Clock, IdSource};
use crate::words::turn_words;

#[derive(Args, Debug)]
pub(super) struct Rehearse {
    /// Process documents that would take the place of those in force.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many months back.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
    months: u16,
    /// Print every change with its turns, not only the sums.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

impl Rehearse {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let mut texts = vec![];
        for file in &self.files {
            let text = std::fs::read_to_string(file).map_err(|error| Stop::WrongUse(format!("can’t read {}: {error}", file.display())))?;
            texts.push((file.display().to_string(), text));
        }
        // Reads only, so it may run beside a server.
        let config = self.settings.config(self.settings.listen, false)?;
        let processes = super::serve::processes(config.processes.as_deref())?;
        let app = App::under(self.store.open()?, Clock::system(), IdSource::new(), config, processes);
        let now = app.clock.now();
        app.db.read(|tx| app.documents.renew(tx, now))?;
        let in_force = app.documents.in_force();
        let sources: Vec<_> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
        let candidate = in_force.with(&sources).map_err(|faults| Stop::Finding(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        for process in candidate.iter() {
            if let Some(before) = in_force.by_id(&process.id).filter(|before| before.hash != process.hash) {
                compare(before, process).iter().for_each(|one| println!("{}: {}", process.id, one.words));
            }
        }
        let since = now.to_zoned(calendar::london()).checked_sub(i64::from(self.months).months()).map_or(now, |at| at.timestamp());
        let rehearsed = app.rehearse(&Actor::System, &candidate, since)?;
        let took = app.clock.now().duration_since(now);
        let sums = turns::sums(&rehearsed.rows);
        for row in rehearsed.rows.iter().filter(|row| self.all && !row.turns.is_empty()) {
            let process = candidate.by_kind(row.was.kind);
            let words: Vec<String> = row.turns.iter().map(|turn| turn_words(turn, process.map(|p| &**p))).collect();
            println!("{}: {}", row.was.reference, words.join(" "));
        }
        println!(
            "{} changes ({} events) were decided again under both in {} ms. {} would have gone another way: notice {}, category {}, approver {}, assessments {}, stopped {}, questions {}.",
            sums.rehearsed,
            rehearsed.events,
            took.as_millis(),
            sums.otherwise,
            sums.notice,
            sums.category,
            sums.approver,
            sums.assessments,
            sums.refused,
            sums.missed
        );
        Ok(())
    }
}
