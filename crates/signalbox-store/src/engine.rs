//! One database, whichever it is: `write` and `read` closures over [`Tx`].
//!
//! This file and its two submodules are the only ones that name a driver.
//!
//! Rules for a closure: no I/O besides `tx`, no clock, no chance, because it may be run again (PostgreSQL retries a
//! lost race; SQLite replays a batch whose COMMIT failed); and after an error it returns that error. A
//! closure that swallows one fails all the same, since PostgreSQL has given up its transaction by then.
//!
//! Both calls block. They may be made from any thread, also from one that belongs to an async runtime
//! (which then waits: use `spawn_blocking` or `block_in_place` for more than a quick read).

mod postgres;
mod sqlite;

use std::any::Any;
use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::{Dialect, StoreError, migrate};

/// Which database to open.
#[derive(Debug, Clone)]
pub enum Target {
    /// SQLite in this data directory, which is made if it is not there.
    Sqlite(PathBuf),
    /// PostgreSQL at this URL. The connection isn't encrypted: use a unix socket, the loopback address, or a
    /// network of your own.
    Postgres(String),
}

/// How much may wait. The defaults suit a server; tests make them small.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Writes that may wait in line (on PostgreSQL: closures that wait for a connection).
    pub queue: usize,
    /// Connections to PostgreSQL, or idle reading connections to SQLite.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 1024, connections: 16 }
    }
}

/// An open database. Clones share it; the last one to go closes it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    lock_path: Option<PathBuf>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

/// The lock of a data directory, held until dropped.
#[derive(Debug)]
pub struct DataLock {
    _file: Option<File>,
}

impl Db {
    /// Opens the database and brings its schema up to date.
    pub fn open(target: &Target) -> Result<Self, StoreError> {
        Self::open_with(target, Limits::default())
    }

    /// Opens the database with limits of your own.
    pub fn open_with(target: &Target, limits: Limits) -> Result<Self, StoreError> {
        let inner = match target {
            Target::Sqlite(directory) => Inner { engine: Engine::Sqlite(sqlite::Sqlite::open(directory, limits)?), lock_path: Some(directory.join("lock")) },
            Target::Postgres(url) => Inner { engine: Engine::Postgres(Box::new(postgres::Postgres::open(url, limits)?)), lock_path: None },
        };
        let db = Self(Arc::new(inner));
        if db.read(|tx| migrate::is_pending(tx))? {
            // Never under a running server of another version (settled 19).
            let _lock = db.lock()?;
            migrate::run(&db)?;
        }
        Ok(db)
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match self.0.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Takes the data directory for this process, or says [`StoreError::Locked`]. `serve` holds it while it
    /// runs, and so does a command that writes. PostgreSQL serves many nodes at once, so there it
    /// always succeeds and holds nothing.
    pub fn lock(&self) -> Result<DataLock, StoreError> {
        let Some(path) = &self.0.lock_path else {
            return Ok(DataLock { _file: None });
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(DataLock { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
            Err(TryLockError::Error(error)) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// Runs the closure in a transaction and answers when it is durable. An error undoes this closure's
    /// work and nobody else's.
    pub fn write<T: Send + 'static>(&self, mut f: impl FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
        if IS_INSIDE.get() {
            // On SQLite the one writer would wait for itself.
            return Err(StoreError::Database("a write was started inside a transaction".into()));
        }
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let mut work = move |tx: &mut dyn Tx| {
            let value = run_guarded(tx, &mut f)?;
            *slot.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(value);
            Ok(())
        };
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.write(Box::new(work))?,
            Engine::Postgres(engine) => engine.write(&mut work)?,
        }
        let value = result.lock().unwrap_or_else(|broken| broken.into_inner()).take();
        value.ok_or_else(|| StoreError::Database("a write was committed without an answer".into()))
    }

    /// Runs the closure on one snapshot of what is committed. It can't write.
    pub fn read<T: Send>(&self, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send) -> Result<T, StoreError> {
        let mut f = Some(f);
        let mut result = None;
        let mut work = |tx: &mut dyn Tx| {
            if let Some(f) = f.take() {
                result = Some(run_guarded(tx, f)?);
            }
            Ok(())
        };
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.read(&mut work)?,
            Engine::Postgres(engine) => engine.read(&mut work)?,
        }
        result.ok_or_else(|| StoreError::Database("a read was run twice".into()))
    }
}

/// What a closure may do.
pub trait Tx {
    /// Runs a statement that answers with rows and hands over each.
    fn query(&mut self, sql: &str, params: &[Value], row: &mut RowFn<'_>) -> Result<(), StoreError>;
    /// Runs a statement and answers how many rows it changed.
    fn exec(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;
    /// Runs several statements without parameters; for migrations.
    fn batch(&mut self, sql: &str) -> Result<(), StoreError>;
    /// Which database this runs on.
    fn dialect(&self) -> Dialect;
}

/// What a query does with each row.
pub type RowFn<'a> = dyn FnMut(&dyn Row) -> Result<(), StoreError> + 'a;

/// Work as the engines take it: it keeps its own answer.
type Work<'a> = dyn FnMut(&mut dyn Tx) -> Result<(), StoreError> + Send + 'a;

impl dyn Tx + '_ {
    /// The only row, or [`StoreError::Missing`].
    pub fn one<T>(&mut self, sql: &str, params: &[Value], read: impl FnMut(&dyn Row) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.maybe_one(sql, params, read)?.ok_or(StoreError::Missing)
    }

    /// The first row, if there is one.
    pub fn maybe_one<T>(&mut self, sql: &str, params: &[Value], mut read: impl FnMut(&dyn Row) -> Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.query(sql, params, &mut |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Every row. The statement bounds how many that can be.
    pub fn all<T>(&mut self, sql: &str, params: &[Value], mut read: impl FnMut(&dyn Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.query(sql, params, &mut |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// One row of an answer; columns count from 0.
pub trait Row {
    /// A whole number or NULL.
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError>;
    /// Text or NULL.
    fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError>;
    /// Bytes or NULL.
    fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;

    /// A whole number.
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| null_in(column))
    }
    /// Text.
    fn text(&self, column: usize) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| null_in(column))
    }
    /// Bytes.
    fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| null_in(column))
    }
    /// 0 or 1, or what a comparison gives.
    fn boolean(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }
}

fn null_in(column: usize) -> StoreError {
    StoreError::Corrupt(format!("column {column} is NULL"))
}

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

macro_rules! value_from {
    ($($from:ty, $it:ident => $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $value
            }
        }
    )*};
}

value_from! {
    i64, it => Value::Int(it);
    i32, it => Value::Int(it.into());
    u32, it => Value::Int(it.into());
    bool, it => Value::Int(it.into());
    &str, it => Value::Text(it.to_owned());
    String, it => Value::Text(it);
    &String, it => Value::Text(it.clone());
    Vec<u8>, it => Value::Bytes(it);
    &[u8], it => Value::Bytes(it.to_vec());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Value::Null, Into::into)
    }
}

/// The parameters of a statement: `values![id, "text", None::<i64>]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*][..] };
}

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a closure so that neither a panic nor a swallowed error gets past it.
fn run_guarded<T>(tx: &mut dyn Tx, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut tx = Guarded { inner: tx, failure: None };
    let was_inside = IS_INSIDE.replace(true);
    // After a panic nothing is left of what the closure did: its transaction is rolled back.
    let outcome = catch_unwind(AssertUnwindSafe(|| f(&mut tx)));
    IS_INSIDE.set(was_inside);
    let value = outcome.unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(&*panic))))?;
    tx.failure.map_or(Ok(value), Err)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

/// Remembers the first error, so that both databases refuse all that follows it. PostgreSQL would answer
/// the COMMIT of a failed transaction with a quiet ROLLBACK.
struct Guarded<'a> {
    inner: &'a mut dyn Tx,
    failure: Option<StoreError>,
}

impl Guarded<'_> {
    fn watch<T>(&mut self, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        f(self.inner).inspect_err(|error| self.failure = Some(error.clone()))
    }
}

impl Tx for Guarded<'_> {
    fn query(&mut self, sql: &str, params: &[Value], row: &mut RowFn<'_>) -> Result<(), StoreError> {
        self.watch(|tx| tx.query(sql, params, row))
    }
    fn exec(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.watch(|tx| tx.exec(sql, params))
    }
    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.watch(|tx| tx.batch(sql))
    }
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}
