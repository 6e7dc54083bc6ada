//! Tables of answers. A cell arrives under `id.NUMBER.column`; a row of which nothing is typed is no row, so that a
//! form may show more rows than are filled in, and a row is taken out by emptying it.

use super::{Answer, Answers, Form};
use crate::process::Column;
use crate::refusal::Violation;

/// The most rows of a table.
pub const ROWS_MAX: usize = 200;

/// The name of a cell; rows count from 1.
pub fn cell_name(id: &str, row: usize, column: &str) -> String {
    format!("{id}.{row}.{column}")
}

/// The row and column that a name stands for in the table of this id.
pub fn cell_of<'n>(id: &str, name: &'n str) -> Option<(usize, &'n str)> {
    let (row, column) = name.strip_prefix(id)?.strip_prefix('.')?.split_once('.')?;
    let number: usize = row.parse().ok().filter(|n| (1..=ROWS_MAX).contains(n))?;
    // One cell has one name: 01 is not 1.
    (number.to_string() == row).then_some((number, column))
}

impl Form<'_> {
    /// The numbers of the rows in which something is typed, in order.
    pub fn rows_typed(&self, id: &str) -> Vec<usize> {
        let said = |values: &Vec<String>| values.iter().any(|v| !v.trim().is_empty());
        let mut rows: Vec<usize> = self.raw().iter().filter(|(_, values)| said(values)).filter_map(|(name, _)| cell_of(id, name)).map(|(row, _)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Reads a table, every fault at its cell.
    pub fn rows(&mut self, id: &str, columns: &[Column], required: bool) -> Option<Answer> {
        if self.typed(id).is_some() {
            self.faults.push(Violation::of(id, "not-rows"));
            return None;
        }
        let typed = self.rows_typed(id);
        if typed.is_empty() {
            if required {
                self.faults.push(Violation::of(id, "no-rows"));
            }
            return None;
        }
        let faults = self.faults.len();
        let mut rows = vec![];
        for row in typed {
            let mut cells = Answers::new();
            for column in columns {
                if let Some(answer) = self.answer(&cell_name(id, row, &column.id), &column.answer, column.required) {
                    cells.insert(column.id.clone(), answer);
                }
            }
            rows.push(cells);
        }
        (self.faults.len() == faults).then_some(Answer::Rows(rows))
    }
}
