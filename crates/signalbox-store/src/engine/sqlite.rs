//! SQLite: one writing thread that commits in groups, and reading connections of their own.
//!
//! Contending connections starve one another for seconds; one writer with a SAVEPOINT a job makes 26,000 durable
//! commits a second with 8 waiting (stack.md 2). WAL with synchronous=FULL, because NORMAL lost acknowledged
//! commits in 37 of 60 power cuts and FULL in none of 100 (reliability.md).

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi, params_from_iter};

use super::{Limits, Row, RowFn, Tx, Value, Work};
use crate::{Dialect, StoreError};

/// Jobs that share one COMMIT at most; more gains nothing (stack.md 2).
const BATCH_JOBS: usize = 256;
const CACHED_STATEMENTS: usize = 512;

type Outcome = Result<(), StoreError>;

struct Job {
    work: Box<Work<'static>>,
    answer: SyncSender<Outcome>,
}

pub(super) struct Sqlite {
    path: PathBuf,
    /// None only while dropping.
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    readers_kept: usize,
}

impl Sqlite {
    pub(super) fn open(directory: &Path, limits: Limits) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory).map_err(|error| StoreError::Unavailable(format!("{}: {error}", directory.display())))?;
        let path = directory.join("signalbox.sqlite");
        let connection = Connection::open(&path).map_err(map_error)?;
        // At the usual thousand pages every thirtieth act would wait until the file is brought up to its log.
        connection
            .execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864; pragma wal_autocheckpoint = 8000;")
            .map_err(map_error)?;
        prepare(&connection)?;
        let (queue, jobs) = sync_channel(limits.queue);
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_all(&connection, &jobs))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { path, queue: Some(queue), writer: Some(writer), readers: Mutex::new(Vec::new()), readers_kept: limits.connections })
    }

    pub(super) fn write(&self, work: Box<Work<'static>>) -> Outcome {
        let (answer, done) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.try_send(Job { work, answer }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => stopped(),
        })?;
        done.recv().map_err(|_| stopped())?
    }

    pub(super) fn read(&self, work: &mut Work<'_>) -> Outcome {
        let idle = self.lock_readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.path, flags).map_err(map_error)?;
                prepare(&connection)?;
                connection
            }
        };
        // One transaction, so that all statements of the closure see the same snapshot.
        connection.execute_batch("begin").map_err(map_error)?;
        let outcome = work(&mut SqliteTx { connection: &connection });
        connection.execute_batch("rollback").map_err(map_error)?;
        let mut readers = self.lock_readers();
        if readers.len() < self.readers_kept {
            readers.push(connection);
        }
        outcome
    }

    fn lock_readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.thread().id() != std::thread::current().id()
        {
            // It answers what is in the queue, then closes the file. A panic there has nobody to tell.
            let _ = writer.join();
        }
    }
}

fn prepare(connection: &Connection) -> Outcome {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(Duration::from_secs(5)).map_err(map_error)?;
    // A plan that looks at the values it is bound to is made anew each time they are bound, which took a quarter of the
    // time of a page.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(map_error)?;
    connection.execute_batch("pragma foreign_keys = on; pragma cache_size = -16384;").map_err(map_error)
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

/// The writing thread: takes what waits, commits it together, answers.
fn write_all(connection: &Connection, jobs: &Receiver<Job>) {
    let mut broken: Option<StoreError> = None;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_JOBS
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        if let Some(error) = &broken {
            answer(batch, error);
            continue;
        }
        match write_batch(connection, &mut batch) {
            Ok(outcomes) => {
                for (job, outcome) in batch.iter().zip(outcomes) {
                    // A caller that is gone needs no answer.
                    let _ = job.answer.send(outcome);
                }
            }
            // A job left something that only COMMIT could refuse (a deferred key): each by itself then.
            Err(StoreError::Constraint(_)) if batch.len() > 1 => {
                for job in batch {
                    let mut alone = vec![job];
                    let outcome = write_batch(connection, &mut alone).and_then(|outcomes| outcomes.into_iter().next().unwrap_or_else(|| Err(stopped())));
                    let _ = alone[0].answer.send(outcome);
                }
            }
            Err(error) => {
                if matches!(error, StoreError::Unavailable(_) | StoreError::Corrupt(_)) {
                    // After a failed sync the kernel may have dropped pages that SQLite believes written;
                    // a later COMMIT would lie. Only a restart reads what is on the disk (reliability.md, R3).
                    broken = Some(error.clone());
                }
                answer(batch, &error);
            }
        }
    }
}

fn answer(batch: Vec<Job>, error: &StoreError) {
    for job in batch {
        let _ = job.answer.send(Err(error.clone()));
    }
}

/// Runs the jobs in one transaction, each in its own savepoint. An outer error means that none stands.
fn write_batch(connection: &Connection, batch: &mut [Job]) -> Result<Vec<Outcome>, StoreError> {
    connection.execute_batch("begin immediate").map_err(map_error)?;
    let outcome = match batch {
        [job] => run_alone(connection, job),
        batch => run_jobs(connection, batch),
    };
    let outcome = outcome.and_then(|outcomes| {
        if !connection.is_autocommit() {
            connection.execute_batch("commit").map_err(map_error)?;
        }
        Ok(outcomes)
    });
    if outcome.is_err() && !connection.is_autocommit() {
        connection.execute_batch("rollback").map_err(map_error)?;
    }
    outcome
}

/// One that shares its transaction with nobody goes back to the beginning of that: keeping every page for a savepoint was
/// a sixth of the time of an act.
fn run_alone(connection: &Connection, job: &mut Job) -> Result<Vec<Outcome>, StoreError> {
    let outcome = (job.work)(&mut SqliteTx { connection });
    if let Err(error) = &outcome {
        if connection.is_autocommit() {
            return Err(error.clone());
        }
        connection.execute_batch("rollback").map_err(map_error)?;
    }
    Ok(vec![outcome])
}

fn run_jobs(connection: &Connection, batch: &mut [Job]) -> Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for job in batch {
        connection.execute_batch("savepoint job").map_err(map_error)?;
        let outcome = (job.work)(&mut SqliteTx { connection });
        if let Err(error) = &outcome {
            if connection.is_autocommit() {
                // A full disk or a read fault made SQLite roll back the whole transaction.
                return Err(error.clone());
            }
            connection.execute_batch("rollback to job").map_err(map_error)?;
        }
        connection.execute_batch("release job").map_err(map_error)?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

struct SqliteTx<'a> {
    connection: &'a Connection,
}

impl Tx for SqliteTx<'_> {
    fn query(&mut self, sql: &str, params: &[Value], row: &mut RowFn<'_>) -> Outcome {
        let sql = Dialect::Sqlite.statement(sql);
        let mut statement = self.connection.prepare_cached(&sql).map_err(|error| in_statement(error, &sql))?;
        let mut rows = statement.query(params_from_iter(params)).map_err(|error| in_statement(error, &sql))?;
        while let Some(found) = rows.next().map_err(|error| in_statement(error, &sql))? {
            row(&SqliteRow(found))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let sql = Dialect::Sqlite.statement(sql);
        let mut statement = self.connection.prepare_cached(&sql).map_err(|error| in_statement(error, &sql))?;
        let count = statement.execute(params_from_iter(params)).map_err(|error| in_statement(error, &sql))?;
        Ok(count as u64)
    }

    fn batch(&mut self, sql: &str) -> Outcome {
        self.connection.execute_batch(sql).map_err(map_error)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(it) => ValueRef::Integer(*it),
            Value::Text(it) => ValueRef::Text(it.as_bytes()),
            Value::Bytes(it) => ValueRef::Blob(it),
        }))
    }
}

struct SqliteRow<'a>(&'a rusqlite::Row<'a>);

impl SqliteRow<'_> {
    fn wrong(column: usize, wanted: &str, found: ValueRef<'_>) -> StoreError {
        StoreError::Corrupt(format!("column {column} is {}, not {wanted}", found.data_type()))
    }
}

impl Row for SqliteRow<'_> {
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get_ref(column).map_err(map_error)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(it) => Ok(Some(it)),
            other => Err(Self::wrong(column, "a whole number", other)),
        }
    }

    fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.0.get_ref(column).map_err(map_error)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(it) => match std::str::from_utf8(it) {
                Ok(it) => Ok(Some(it.to_owned())),
                Err(_) => Err(StoreError::Corrupt(format!("column {column} is not UTF-8"))),
            },
            other => Err(Self::wrong(column, "text", other)),
        }
    }

    fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self.0.get_ref(column).map_err(map_error)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(it) => Ok(Some(it.to_vec())),
            other => Err(Self::wrong(column, "bytes", other)),
        }
    }
}

fn in_statement(error: rusqlite::Error, sql: &str) -> StoreError {
    match map_error(error) {
        StoreError::Database(what) => StoreError::Database(format!("{what} in: {sql}")),
        other => other,
    }
}

fn map_error(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    let Some(failure) = error.sqlite_error() else {
        return StoreError::Database(text);
    };
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => StoreError::Unavailable(text),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(text),
        ErrorCode::ConstraintViolation => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => StoreError::Duplicate(text),
            _ => StoreError::Constraint(text),
        },
        _ => StoreError::Database(text),
    }
}
