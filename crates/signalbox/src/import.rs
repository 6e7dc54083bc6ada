//! `signalbox import KIND FILE`: a CSV file (RFC 4180) comes in whole or not at all, every bad row is reported with
//! its line, column and reason, and bringing the same file twice changes nothing (settled 15).

mod changes;
mod estate;
mod incidents;
mod people;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_store::directory::{Act, Answer, OnDifference, Refused, Upserted};
use signalbox_store::{StoreError, Tx};

use crate::app::App;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Organisations,
    Services,
    Items,
    Dependencies,
    People,
    Incidents,
    Changes,
}

impl Kind {
    /// The columns of the file, in the order in which they are printed; a file may order them otherwise.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::Organisations => &["code", "name", "kind", "ods_code", "email_domain"],
            Kind::Services => &["code", "name", "owner"],
            Kind::Items => &["code", "name", "type", "organisation", "site", "service"],
            Kind::Dependencies => &["from", "to", "kind"],
            Kind::People => &["email", "name", "organisation", "roles"],
            Kind::Incidents => &["source", "reference", "organisation", "title", "priority", "clinical", "opened_at", "closed_at", "items", "services"],
            Kind::Changes => {
                &["source_ref", "kind", "title", "organisation", "items", "window_start", "window_end", "received_at", "state", "outcome", "reason"]
            }
        }
    }
}

/// What to do about rows that are bad or differ from what is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Take the good rows all the same.
    pub skip_bad: bool,
    /// Write the new values of rows that are there already.
    pub update: bool,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The line in the file, counted from 1, on which the row begins.
    pub line: u64,
    /// Empty for the row as a whole.
    pub column: String,
    pub reason: String,
    /// The row as it stood.
    pub cells: Vec<String>,
}

/// How an import ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub added: u64,
    pub unchanged: u64,
    pub updated: u64,
    pub bad: Vec<Bad>,
    /// False: there were bad rows and nothing at all was written.
    pub is_taken: bool,
}

/// A file that can't be read as such a table at all.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    File(String),
    Store(StoreError),
}

impl From<StoreError> for Unreadable {
    fn from(fault: StoreError) -> Unreadable {
        Unreadable::Store(fault)
    }
}

/// One row: its cells by column.
#[derive(Clone, Debug)]
struct Cells {
    line: u64,
    columns: &'static [&'static str],
    cells: Vec<String>,
}

impl Cells {
    /// The cell of a column, without spaces around it.
    fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|c| *c == column);
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// The entries of a list cell, parted by semicolons.
    fn list(&self, column: &str) -> Vec<&str> {
        self.get(column).split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect()
    }

    fn needed(&self, column: &str) -> Result<&str, Bad> {
        match self.get(column) {
            "" => Err(self.bad(column, "is empty")),
            cell => Ok(cell),
        }
    }

    fn bad(&self, column: &str, reason: impl Into<String>) -> Bad {
        Bad { line: self.line, column: column.to_owned(), reason: reason.into(), cells: self.cells.clone() }
    }

    /// A refusal of the store, as a reason.
    fn refused(&self, refused: Refused) -> Bad {
        match refused {
            Refused::Unknown(field) => self.bad(field, "is not known"),
            Refused::Taken(field) => self.bad(field, "belongs to another row already"),
            Refused::Invalid(field) => self.bad(field, "is not one of the values that this column knows"),
            Refused::Ambiguous(field) => self.bad(field, "names both an item and a service"),
            other => self.bad("", format!("{other:?}")),
        }
    }
}

/// Reads the file's rows in the order of its kind's columns.
fn read(kind: Kind, path: &Path) -> Result<(Vec<Cells>, Vec<Bad>), Unreadable> {
    let file = |fault: csv::Error| Unreadable::File(format!("{}: {fault}", path.display()));
    let text = std::fs::read(path).map_err(|fault| Unreadable::File(format!("{}: {fault}", path.display())))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice());
    let header: Vec<String> = reader.headers().map_err(file)?.iter().map(|h| h.trim_start_matches('\u{feff}').trim().to_ascii_lowercase()).collect();
    let columns = kind.columns();
    let missing: Vec<&str> = columns.iter().filter(|c| !header.iter().any(|h| h == **c)).copied().collect();
    let strange: Vec<&String> = header.iter().filter(|h| !columns.contains(&h.as_str())).collect();
    if !missing.is_empty() || !strange.is_empty() {
        let list = columns.join(",");
        return Err(Unreadable::File(format!("{}: line 1: the columns must be {list}; missing: {missing:?}, not known: {strange:?}", path.display())));
    }
    let order: Vec<usize> = columns.iter().filter_map(|c| header.iter().position(|h| h == c)).collect();
    let (mut rows, mut bad) = (vec![], vec![]);
    let mut lines = Lines { text: &text, counted: 0, ends: 0 };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(fault) => {
                let line = lines.of(fault.position());
                bad.push(Bad { line, column: String::new(), reason: format!("can't be read: {fault}"), cells: vec![] });
                continue;
            }
        };
        let line = lines.of(record.position());
        let cells: Vec<String> = order.iter().map(|at| record.get(*at).unwrap_or_default().to_owned()).collect();
        let row = Cells { line, columns, cells };
        if record.len() != header.len() {
            bad.push(row.bad("", format!("has {} cells, the header has {}", record.len(), header.len())));
        } else if row.cells.iter().any(|cell| cell.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))) {
            bad.push(row.bad("", "holds control characters"));
        } else {
            rows.push(row);
        }
    }
    Ok((rows, bad))
}

/// Counts lines up to where each record begins, going on from the one before. The reader itself counts one too few
/// where lines end in CR LF.
struct Lines<'t> {
    text: &'t [u8],
    counted: usize,
    ends: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let Some(position) = position else { return 0 };
        let mut at = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(self.text.len());
        while matches!(self.text.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        // A fault may be told of a place before the last record.
        let since = if at >= self.counted { self.counted } else { 0 };
        let ends = if since == 0 { 0 } else { self.ends };
        self.ends = ends + self.text[since..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = at;
        1 + self.ends
    }
}

impl App {
    /// Brings a file in. `progress` hears of each row that was looked at, out of so many.
    ///
    /// # Errors
    /// [`Unreadable`] when there is no such table in the file, or the store fails; bad rows are in the report.
    pub fn import_file(&self, kind: Kind, path: &Path, manner: Manner, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Result<Report, Unreadable> {
        let (rows, bad) = read(kind, path)?;
        match kind {
            Kind::Changes => changes::import(self, rows, bad, manner, progress),
            Kind::Organisations => self.import_rows(rows, bad, manner, progress, estate::organisation),
            Kind::Services => self.import_rows(rows, bad, manner, progress, estate::service),
            Kind::Items => self.import_rows(rows, bad, manner, progress, estate::item),
            Kind::Dependencies => self.import_rows(rows, bad, manner, progress, estate::dependency),
            Kind::People => self.import_rows(rows, bad, manner, progress, people::person),
            Kind::Incidents => self.import_rows(rows, bad, manner, progress, incidents::incident),
        }
    }

    /// Rows of the directory, one after the other in one transaction; a bad one, unless skipped, undoes them all.
    fn import_rows(
        &self,
        rows: Vec<Cells>,
        bad: Vec<Bad>,
        manner: Manner,
        progress: impl Fn(u64, u64) + Send + 'static,
        take: TakeRow,
    ) -> Result<Report, Unreadable> {
        let ids = self.ids.clone();
        let now = self.clock.now();
        let undone = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&undone);
        let written = self.write::<_, StoreError>(move |tx| {
            let mut report = Report { bad: bad.clone(), is_taken: true, ..Report::default() };
            for (n, row) in rows.iter().enumerate() {
                let mut mint = || ids.mint(now);
                match take(tx, row, &mut mint, now, manner)? {
                    Ok(Upserted::Added(_)) => report.added += 1,
                    Ok(Upserted::Unchanged(_)) => report.unchanged += 1,
                    Ok(Upserted::Updated(_)) => report.updated += 1,
                    Ok(Upserted::Differs(_)) => report.bad.push(row.bad("", "is there already with other values; --update writes the new ones")),
                    Err(bad) => report.bad.push(bad),
                }
                progress(n as u64 + 1, rows.len() as u64);
            }
            if report.bad.is_empty() || manner.skip_bad {
                return Ok(report);
            }
            // An error is what rolls a transaction back; the report goes round it.
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Report { is_taken: false, ..report });
            Err(StoreError::Constraint("the file has bad rows".into()))
        });
        let report = undone.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (written, report) {
            (Err(_), Some(report)) => Ok(report),
            (written, _) => Ok(written?),
        }
    }
}

/// Takes one row into the directory.
type TakeRow = fn(&mut dyn Tx, &Cells, &mut dyn FnMut() -> i64, jiff::Timestamp, Manner) -> Result<Result<Upserted, Bad>, StoreError>;

/// What to do with a difference.
fn on_difference(manner: Manner) -> OnDifference {
    if manner.update { OnDifference::Update } else { OnDifference::Report }
}

/// An act of the import.
fn act(mint: &mut dyn FnMut() -> i64, at: jiff::Timestamp) -> Act {
    Act { event_id: mint(), by: None, at }
}

/// A store's answer as a row's fate.
fn answered<T>(row: &Cells, answer: Answer<T>) -> Result<Result<T, Bad>, StoreError> {
    Ok(answer?.map_err(|refused| row.refused(refused)))
}

/// Goes on with the value, or ends the row with its fault.
macro_rules! good {
    ($fallible:expr) => {
        match $fallible {
            Ok(value) => value,
            Err(bad) => return Ok(Err(bad)),
        }
    };
}
use good;
