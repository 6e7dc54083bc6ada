//! What parsing adds for tables of answers, and for cells that keep what the inherited row has.

use super::super::cells;
use super::{INHERITED, Line, Reader};
use crate::process::markdown::{Cell, Grid};
use crate::process::{AnswerKind, Column, Process, Required, Step, facts};

/// What a cell of a table of answers may be: a single value, so that a row fits on a line.
const SINGLE: &str = "text, one of: a, b, yes or no, number 0 to 9, date, organisation or a technical value";

impl Reader<'_> {
    /// `inherited` in a cell stands for all that the base's row has there.
    pub(super) fn inherit(&mut self, step: &mut Step, base: Option<usize>, line: &Line) {
        let says = |column| line.get(column).is_some_and(inherits);
        let (who, needs, tells) = (says("Who"), says("Needs"), says("Tells"));
        if !(who || needs || tells) {
            return;
        }
        let Some(base) = base.map(|at| self.process.steps[at].clone()) else {
            let message = format!("The step {} from {} inherits nothing: the base has no such row.", step.act.code(), step.from.code());
            return self.fault(&line.place(), "inherited-nothing", message);
        };
        if who {
            step.who = joined(base.who, &step.who);
        }
        if needs {
            step.needs = joined(base.needs, &step.needs);
        }
        if tells {
            step.tells = joined(base.tells, &step.tells);
        }
    }

    /// `Rows: NAME`; a table of a name that was inherited is replaced whole.
    pub(super) fn rows(&mut self, grid: &Grid, name: &str) {
        let name = facts::code_of(name);
        if name.is_empty() {
            return self.fault(&grid.heading.place, "rows-unnamed", "The heading Rows: does not say of what.".to_owned());
        }
        if !self.columns(grid, &["Id", "Column", "Answer", "Required"], &["Guidance"]) {
            return;
        }
        let mut columns: Vec<Column> = vec![];
        for cells in &grid.rows {
            let line = Line { columns: &grid.columns, cells };
            let id = line.text("Id").to_owned();
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
                self.fault(&line.place(), "id-wrong", format!("The id {id:?} is not lower-case letters, digits and underscores."));
            } else if columns.iter().any(|column| column.id == id) {
                self.fault(&line.place(), "column-twice", format!("The table {name} has two columns {id}."));
            } else if let Some(column) = self.column(&line, id) {
                columns.push(column);
            }
        }
        self.process.places.insert(format!("rows {name}"), grid.heading.place.clone());
        self.process.rows.insert(name, columns);
    }

    fn column(&mut self, line: &Line, id: String) -> Option<Column> {
        let answer = self.take(line.get("Answer"), "answer-unknown", |words| {
            let answer = cells::answer(words)?;
            if is_single(&answer) { Ok(answer) } else { Err(format!("{words:?} does not fit in a row; write {SINGLE}.")) }
        });
        let required = self.take(line.get("Required"), "required-unknown", |words| match words.to_ascii_lowercase().as_str() {
            "yes" => Ok(true),
            "no" | "-" | "" => Ok(false),
            _ => Err(format!("{words:?} does not say whether a row needs it; write yes or no.")),
        });
        Some(Column { id, text: line.text("Column").to_owned(), answer: answer?, required: required?, guidance: line.text("Guidance").to_owned() })
    }

    /// The questions that ask for rows are given their columns, wherever in the document those stand.
    pub(super) fn fill_rows(&mut self, base: Option<&Process>) {
        let mut faults = vec![];
        let mut used = vec![];
        for question in &mut self.process.questions {
            let AnswerKind::Rows { name, columns } = &mut question.answer else { continue };
            used.push(name.clone());
            match self.process.rows.get(name) {
                Some(found) => columns.clone_from(found),
                None => faults.push((
                    format!("question {}", question.id),
                    "rows-unknown",
                    format!("{} asks for rows of {name}, but no table has the heading Rows: {name}.", question.id),
                )),
            }
            if question.required == (Required::Submit { for_notice: true }) {
                faults.push((format!("question {}", question.id), "required-unknown", "Rows cannot be needed for notice.".to_owned()));
            }
        }
        // An inherited table goes with the last question that asked for it.
        let is_inherited = |name: &String, columns: &Vec<Column>| base.and_then(|base| base.rows.get(name)) == Some(columns);
        self.process.rows.retain(|name, columns| used.contains(name) || !is_inherited(name, columns));
        for name in self.process.rows.keys().filter(|name| !used.contains(name)) {
            faults.push((format!("rows {name}"), "rows-unused", format!("No question asks for rows of {name}.")));
        }
        for (key, code, message) in faults {
            let place = self.process.place(&key);
            self.fault(&place, code, message);
        }
    }
}

fn inherits(cell: &Cell) -> bool {
    cells::entries(&cell.text).any(|entry| entry.eq_ignore_ascii_case(INHERITED))
}

/// What was inherited, then what is added.
fn joined<T: PartialEq + Clone>(inherited: Vec<T>, own: &[T]) -> Vec<T> {
    let mut all = inherited;
    all.extend(own.iter().filter(|one| !all.contains(one)).cloned().collect::<Vec<_>>());
    all
}

fn is_single(answer: &AnswerKind) -> bool {
    use AnswerKind::{Choice, Date, Format, Line, Number, Organisation, YesNo};
    matches!(answer, Line { .. } | Format(_) | Choice(_) | YesNo | Number { .. } | Date | Organisation)
}
