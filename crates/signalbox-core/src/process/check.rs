//! What cannot work, though every word is known.

use super::table::Flaw;
use super::{Fault, Process};

/// Every fault of a document as a whole.
pub fn check(process: &Process) -> Vec<Fault> {
    let mut faults = vec![];
    for (name, table) in &process.tables {
        for flaw in table.flaws() {
            let (key, code, message) = match flaw {
                Flaw::Gap { case } => (format!("table {name}"), "table-gap", format!("{name}: no row answers: {case}.")),
                Flaw::Overlap { rows: (a, b), case } => (format!("table {name} row {b}"), "table-overlap", format!("{name}: rows {} and {} both answer: {case}.", a + 1, b + 1)),
                Flaw::Unreached { row } => (format!("table {name} row {row}"), "table-row-unreached", format!("{name}: row {} never answers.", row + 1)),
                Flaw::TooWide => (format!("table {name}"), "table-too-wide", format!("{name} asks too much at once to be checked.")),
            };
            faults.push(Fault::at(&process.place(&key), code, message));
        }
    }
    faults
}
