//! What the tables decided about a change, row by row, each with a way to the row itself.

use signalbox_core::change::Ruled;
use signalbox_core::process::render::slug;

use super::Seen;
use crate::web::parts::{Cell, Row, Section, Table};
use crate::words;

/// The decisions in force: the latest of each table, and of those that several rows may take the latest of each row.
pub fn section(seen: &Seen) -> Option<Section> {
    let mut latest: Vec<&Ruled> = vec![];
    for ruled in &seen.change().rulings {
        let many = |table: &str| matches!(table, "assessments" | "review needed" | "material change");
        latest.retain(|other| {
            let same = other.ruling.table == ruled.ruling.table;
            !same || (many(&ruled.ruling.table) && other.version == ruled.version)
        });
        latest.push(ruled);
    }
    if latest.is_empty() {
        return None;
    }
    let rows = latest.iter().map(|ruled| row(seen, ruled)).collect();
    let mut section = Section::new("decisions", "How it was decided");
    if let Some(class) = &seen.change().classification {
        section = section.words(&words::class_sentence(class));
    }
    Some(
        section
            .words("Each row is in the process document. If one does not fit, say so in the conversation below, or to the change manager.")
            .table(Table::new("How it was decided", &["Decision", "Answer", "Because", "What went in", "When"], rows), ""),
    )
}

fn row(seen: &Seen, ruled: &Ruled) -> Row {
    let ruling = &ruled.ruling;
    let answer = if ruling.table == "assessments" { words::sentence_case("asked for") } else { words::ruling_answer(ruling) };
    let name = match ruling.answers.first() {
        Some((_, kind)) if ruling.table == "assessments" => format!("{} assessment", kind.replace('_', " ")),
        _ => ruling.table.clone(),
    };
    Row::new(
        Cell::link(&words::sentence_case(&name), &address(seen, &ruling.table, ruling.row)),
        vec![Cell::text(&answer), Cell::text(&words::ruling_because(ruling)), Cell::text(&words::ruling_inputs(ruling)), Cell::text(&seen.moment(ruled.at))],
    )
}

/// The row on How it works: of this document, or of the one that it is based on.
fn address(seen: &Seen, table: &str, row: usize) -> String {
    let process = &seen.situation.process;
    let own = process.places.get(&format!("table {table}")).is_none_or(|place| place.file == process.file);
    let id = if own { &process.id } else { process.based_on.as_ref().unwrap_or(&process.id) };
    format!("/process/{id}#row-{}-{row}", slug(table))
}
