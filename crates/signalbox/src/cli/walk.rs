//! `signalbox walk`: does anything break when people of every kind do whatever these documents let them?

use std::path::PathBuf;

use clap::Args;
use signalbox_core::process::{Process, Processes};
use signalbox_core::walk::{self, Report};

use super::Stop;
use super::record::read_documents;

#[derive(Args, Debug)]
pub(super) struct Walk {
    /// Any number; the same one walks the same way.
    #[arg(long, value_name = "N")]
    seed: u64,
    /// How many changes are taken through a process, the documents in turn.
    #[arg(long, value_name = "M", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    walks: u32,
    /// Process documents over those of the program; without any, the program's own.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Walk {
    pub(super) fn run(&self) -> Result<(), Stop> {
        let processes: Processes = read_documents(&self.files)?.map_err(|faults| Stop::Finding(faults.join("\n")))?;
        let processes: Vec<&Process> = processes.iter().map(AsRef::as_ref).collect();
        let report = walk::run(&processes, self.seed, self.walks as usize);
        print_coverage(&report);
        let Some(fault) = report.shortest_fault() else {
            println!("{} walks of seed {}: {} acts taken, {} refused, no rule broken.", report.walks, self.seed, report.steps, report.refused);
            return Ok(());
        };
        println!("Walk {} of seed {}, the shortest of {} that broke a rule:", fault.walk, self.seed, report.faults.len());
        fault.story.iter().for_each(|line| println!("    {line}"));
        let files: String = self.files.iter().map(|file| format!(" {}", file.display())).collect();
        // Later walks depend on earlier ones: they seek what was seldom taken.
        Err(Stop::Finding(format!("{}; again with: signalbox walk --seed {} --walks {}{files}", fault.what, self.seed, fault.walk + 1)))
    }
}

/// How often each step of each document was taken.
fn print_coverage(report: &Report) {
    for ((document, act, from), times) in &report.taken {
        println!("{document:>16} {:>18} {:<18} {times}", act.code(), from.code());
    }
}
