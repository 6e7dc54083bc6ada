//! Many rows at once: rows by their statements, several to a statement, while the indices are away.

use std::collections::BTreeMap;

use signalbox_store::log::{self, Head};
use signalbox_store::{Db, Dialect, StoreError, Tx, Value, sql, values};

/// Values of one statement at most; SQLite takes 32,766 and PostgreSQL 65,535.
const VALUES_MOST: usize = 12_000;
const ROWS_MOST: usize = 200;

const PUT_COUNTER: &str = "insert into counters(prefix, year, next) values ($1, $2, $3)";
const INDICES_SQLITE: &str = "select name, sql from sqlite_master where type = 'index' and sql is not null order by name";
const INDICES_POSTGRES: &str = "select i.indexname::text, i.indexdef from pg_indexes i where i.schemaname = current_schema()
    and not exists (select 1 from pg_constraint k join pg_class c on c.oid = k.conindid where c.relname = i.indexname) order by 1";
/// Making an index anew takes longer than a statement of the server may.
const PATIENCE_POSTGRES: &str = "set local statement_timeout = 0; set local maintenance_work_mem = '512MB'";

/// A statement of the store by its name.
pub fn statement(file: &str, name: &str) -> &'static str {
    let of_file = sql::ALL.iter().filter(|(known, _)| *known == file).flat_map(|(_, statements)| *statements);
    of_file.filter(|(known, _)| *known == name).map(|(_, text)| *text).next().unwrap_or_default()
}

/// Rows that wait to be written, by the statement that puts one of them into its table.
pub struct Sheets {
    rows: BTreeMap<&'static str, Vec<Vec<Value>>>,
    /// Where the log has to end before, and where it ends then.
    from: i64,
    until: (i64, String),
}

impl Sheets {
    pub fn new(from: i64) -> Sheets {
        Sheets { rows: BTreeMap::new(), from, until: (from, String::new()) }
    }

    pub fn put(&mut self, insert: &'static str, row: Vec<Value>) {
        self.rows.entry(insert).or_default().push(row);
    }

    pub fn end_at(&mut self, count: i64, hash: &str) {
        self.until = (count, hash.to_owned());
    }

    /// Writes them all and moves the head of the log.
    pub fn write(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let head: Head = log::lock_head(tx)?;
        if head.count() != self.from {
            return Err(StoreError::Constraint("somebody else writes into this database".into()));
        }
        for (insert, rows) in &self.rows {
            let width = rows.first().map_or(1, Vec::len);
            let together = (VALUES_MOST / width).clamp(1, ROWS_MOST);
            let many = several(insert, width, together);
            let (whole, rest) = rows.as_chunks_of(together);
            for chunk in whole {
                tx.exec(&many, &chunk.concat())?;
            }
            for row in rest {
                tx.exec(insert, row)?;
            }
        }
        tx.exec(statement("log", "MOVE_HEAD"), values![self.until.0, self.until.1.as_str()])?;
        Ok(())
    }
}

/// Slices of a length that is known only at run time, and what is left.
trait Chunks<T> {
    fn as_chunks_of(&self, length: usize) -> (std::slice::Chunks<'_, T>, &[T]);
}

impl<T> Chunks<T> for Vec<T> {
    fn as_chunks_of(&self, length: usize) -> (std::slice::Chunks<'_, T>, &[T]) {
        let (whole, rest) = self.split_at(self.len() / length * length);
        (whole.chunks(length), rest)
    }
}

/// The same insert for several rows.
fn several(insert: &str, width: usize, rows: usize) -> String {
    let at = insert.find("values (").map_or(insert.len(), |at| at + "values ".len());
    let (head, tuple) = insert.split_at(at);
    // From the highest on, so that $1 is not taken for the beginning of $12.
    let tuple_of = |row: usize| (1..=width).rev().fold(tuple.trim_end().to_owned(), |text, n| text.replace(&format!("${n}"), &format!("#{}", row * width + n)));
    let tuples: Vec<String> = (0..rows).map(tuple_of).collect();
    format!("{head}{}", tuples.join(", ").replace('#', "$"))
}

/// The next number of each prefix and year.
pub fn put_counters(tx: &mut dyn Tx, counters: &[(String, i64, i64)]) -> Result<(), StoreError> {
    counters.iter().try_for_each(|(prefix, year, next)| tx.exec(PUT_COUNTER, values![prefix, *year, *next]).map(drop))
}

/// The indices of the database that no table needs to be one, each with the text that makes it.
pub struct Indices(Vec<String>);

impl Indices {
    /// Drops them.
    pub fn take_away(db: &Db) -> Result<Indices, StoreError> {
        let listed = match db.dialect() {
            Dialect::Sqlite => INDICES_SQLITE,
            Dialect::Postgres => INDICES_POSTGRES,
        };
        let found = db.read(|tx| tx.all(listed, &[], |row| Ok((row.text(0)?, row.text(1)?))))?;
        let drops: Vec<String> = found.iter().map(|(name, _)| format!("drop index {name};")).collect();
        db.write(move |tx| tx.batch(&drops.concat()))?;
        Ok(Indices(found.into_iter().map(|(_, text)| text).collect()))
    }

    /// Makes them again.
    pub fn put_back(self, db: &Db) -> Result<(), StoreError> {
        for text in self.0 {
            db.write(move |tx| {
                if tx.dialect() == Dialect::Postgres {
                    tx.batch(PATIENCE_POSTGRES)?;
                }
                tx.batch(&text)
            })?;
        }
        match db.dialect() {
            // The server of a site does this by itself as the tables grow.
            Dialect::Postgres => db.write(|tx| tx.batch(&format!("{PATIENCE_POSTGRES}; analyze"))),
            Dialect::Sqlite => Ok(()),
        }
    }
}
