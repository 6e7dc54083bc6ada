//! CSV as it goes out: RFC 4180, row by row from the store, and harmless in a spreadsheet.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use signalbox_store::{StoreError, Tx};
use tokio::runtime::Handle;

use crate::app::Shared;

/// Rows are sent in pieces of about this size.
const PIECE_BYTES: usize = 32 << 10;
/// A reader who takes longer for a piece is given up: their read holds a snapshot of the database (S93).
const PIECE_TIME: Duration = Duration::from_secs(30);

/// Where rows are written to.
pub struct Rows {
    sender: Sender<Bytes, StoreError>,
    buffer: Vec<u8>,
    /// The reads of PostgreSQL have a thread of their own, which no runtime knows.
    runtime: Handle,
}

impl Rows {
    /// Adds a row.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) -> Result<(), StoreError> {
        write_row(&mut self.buffer, cells);
        if self.buffer.len() < PIECE_BYTES { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> Result<(), StoreError> {
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        let sender = &mut self.sender;
        // The timer too is made inside: it asks for a runtime at once.
        match self.runtime.block_on(async move { tokio::time::timeout(PIECE_TIME, sender.send_data(piece)).await }) {
            Ok(Ok(())) => Ok(()),
            // The reader went away or fell asleep; nobody is there to be told.
            Ok(Err(_)) | Err(_) => Err(StoreError::Unavailable("the reader of a file went away".into())),
        }
    }
}

/// A file of rows, read from one snapshot while it is sent. A fault half-way breaks the connection off, so that a
/// short file never passes for a whole one.
pub fn download<F>(app: &Shared, name: &str, heads: &'static [&'static str], fill: F) -> Response
where
    F: FnOnce(&mut dyn Tx, &mut Rows) -> Result<(), StoreError> + Send + 'static,
{
    let (sender, body) = Channel::<Bytes, StoreError>::new(2);
    let (app, runtime) = (app.clone(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let mut rows = Rows { sender, buffer: Vec::new(), runtime };
        write_row(&mut rows.buffer, heads);
        let read = app.db.read(|tx| fill(tx, &mut rows)).and_then(|()| rows.send());
        if let Err(fault) = read {
            tracing::warn!(%fault, "a file of rows broke off");
            rows.sender.abort(fault);
        }
    });
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    let disposition = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    ([kind, disposition], Body::new(body)).into_response()
}

/// One row as text, for a file that is small enough to be made whole.
pub fn line<S: AsRef<str>>(cells: &[S]) -> String {
    let mut out = vec![];
    write_row(&mut out, cells);
    String::from_utf8(out).unwrap_or_default()
}

fn write_row<S: AsRef<str>>(out: &mut Vec<u8>, cells: &[S]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let cell = harmless(cell.as_ref());
        if cell.contains(['"', ',', '\n', '\r']) {
            out.extend_from_slice(format!("\"{}\"", cell.replace('"', "\"\"")).as_bytes());
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises. None of our own
/// figures begins like one.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    let is_formula = cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula && !is_amount(cell) { format!("'{cell}").into() } else { cell.into() }
}

/// `-285.00`: an amount below nothing computes nothing, and is summed by whoever reads the file.
fn is_amount(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    cell.strip_prefix('-').and_then(|amount| amount.split_once('.')).is_some_and(|(whole, part)| digits(whole) && part.len() == 2 && digits(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> String {
        let mut out = Vec::new();
        write_row(&mut out, cells);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(row(&["a", "b c", ""]), "a,b c,\r\n");
        assert_eq!(row(&["say \"yes\"", "a,b", "two\nlines"]), "\"say \"\"yes\"\"\",\"a,b\",\"two\nlines\"\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"] {
            assert!(row(&[formula]).trim_start_matches('"').starts_with('\''), "{formula:?}");
        }
        assert_eq!(row(&["5 - 3 = 2"]), "5 - 3 = 2\r\n");
        assert_eq!(row(&["-285.00", "-1.00+2", "-.00"]), "-285.00,'-1.00+2,'-.00\r\n");
    }

    /// S77: harmless, and the same again apart from the apostrophe once a program has read it.
    #[test]
    fn s77_cells_read_back_as_they_were_written() {
        let starts = ["=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "＝", "＋", "－", "＠", " =", "  ＋", "\t\"", "\r,"];
        let cells: Vec<String> = starts.iter().map(|start| format!("{start}1+1|cmd, \"x\"\r\ny")).collect();
        let plain = ["5 - 3 = 2", "a\tb", "a\rb", "|x", "", " spaced ", "'quoted"].map(str::to_owned);
        let written: Vec<&str> = cells.iter().chain(&plain).map(String::as_str).collect();
        let text = row(&written) + &row(&vec!["last"; written.len()]);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((rows.len(), rows[0].len()), (2, written.len()), "no cell ends its row");
        for (cell, read) in cells.iter().zip(&rows[0]) {
            assert_eq!(read, format!("'{cell}"), "{cell:?}");
        }
        for (cell, read) in plain.iter().zip(rows[0].iter().skip(cells.len())) {
            assert_eq!(read, cell, "what is harmless is left alone");
        }
    }
}
