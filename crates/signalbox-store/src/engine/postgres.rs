//! PostgreSQL: a small pool of connections.
//!
//! Writes are READ COMMITTED: an append takes the row lock of the log head before it reads anything
//! (settled 20), and each later statement then sees all that was committed before. Reads are REPEATABLE
//! READ READ ONLY, which gives them one snapshot.
//!
//! The driver runs an executor of its own and panics inside another one, so each closure runs on a scoped
//! thread. That costs tens of microseconds, against the hundreds of its round trips, and lets callers
//! call from anywhere.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};

use super::{Limits, Row, RowFn, Tx, Value, Work};
use crate::dialect::PLANNED_FOR_ITS_VALUES;
use crate::{Dialect, StoreError};

/// How often a write is run again at most, when it loses a race or its connection.
const RETRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(5);
const CACHED_STATEMENTS: usize = 1024;

const BEGIN_WRITE: &str = "begin isolation level read committed";
const BEGIN_READ: &str = "begin isolation level repeatable read read only";

/// A stuck peer must not hold the log head for ever. And "on" is the least that a durable answer needs; a server
/// that is set to wait for its replicas keeps doing so.
// Statements here are short and asked often: compiling one takes seconds, and running it milliseconds. Planning one
// anew for its values took as long as all the rest of a page; see `PLANNED_FOR_ITS_VALUES` for those that need it.
const SETTINGS: &str = "set statement_timeout = '60s'; set lock_timeout = '15s';
    set jit = off; set plan_cache_mode = force_generic_plan; set idle_in_transaction_session_timeout = '60s';
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";

const PLAN_FOR_VALUES: &str = "set local plan_cache_mode = force_custom_plan";
const PLAN_ONCE: &str = "set local plan_cache_mode = force_generic_plan";

type Outcome = Result<(), StoreError>;

pub(super) struct Postgres {
    config: Config,
    limits: Limits,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    open: usize,
    waiting: usize,
}

struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
}

impl Postgres {
    pub(super) fn open(url: &str, limits: Limits) -> Result<Self, StoreError> {
        let mut config = Config::from_str(url).map_err(|error| StoreError::Unavailable(format!("the database URL: {error}")))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_application_name().is_none() {
            config.application_name("signalbox");
        }
        Ok(Self { config, limits, pool: Mutex::default(), returned: Condvar::new() })
    }

    pub(super) fn write(&self, work: &mut Work<'_>) -> Outcome {
        on_own_thread(|| {
            let mut pause = FIRST_PAUSE;
            for _ in 0..RETRIES {
                match self.run(BEGIN_WRITE, work) {
                    Err(StoreError::Serialisation(_) | StoreError::Unavailable(_)) => wait(pause),
                    outcome => return outcome,
                }
                pause *= 4;
            }
            self.run(BEGIN_WRITE, work)
        })
    }

    pub(super) fn read(&self, work: &mut Work<'_>) -> Outcome {
        on_own_thread(|| self.run(BEGIN_READ, work))
    }

    fn run(&self, begin: &str, work: &mut Work<'_>) -> Outcome {
        let mut connection = self.begin(begin)?;
        let outcome = match work(&mut PostgresTx { connection: &mut connection }) {
            Ok(()) => connection.client.batch_execute("commit").map_err(map_commit_error),
            Err(error) => Err(error),
        };
        let is_clean = outcome.is_ok() || connection.client.batch_execute("rollback").is_ok();
        self.give_back(is_clean.then_some(connection));
        outcome
    }

    /// A connection with a transaction begun. An idle one may have died unseen, when the server was started
    /// anew; that shows here, before the closure has run.
    fn begin(&self, begin: &str) -> Result<Connection, StoreError> {
        loop {
            let (mut connection, is_fresh) = self.take()?;
            match connection.client.batch_execute(begin) {
                Ok(()) => return Ok(connection),
                Err(error) => {
                    drop(connection);
                    self.give_back(None);
                    if is_fresh {
                        return Err(map_error(&error));
                    }
                }
            }
        }
    }

    fn take(&self) -> Result<(Connection, bool), StoreError> {
        let is_full = |pool: &Pool| pool.idle.is_empty() && pool.open >= self.limits.connections;
        let mut pool = self.lock_pool();
        if is_full(&pool) {
            if pool.waiting >= self.limits.queue {
                return Err(StoreError::Busy);
            }
            pool.waiting += 1;
            let waited = self.returned.wait_timeout_while(pool, WAIT_FOR_CONNECTION, |pool| is_full(pool));
            pool = waited.unwrap_or_else(|broken| broken.into_inner()).0;
            pool.waiting -= 1;
            if is_full(&pool) {
                return Err(StoreError::Busy);
            }
        }
        if let Some(connection) = pool.idle.pop() {
            return Ok((connection, false));
        }
        pool.open += 1;
        drop(pool);
        match self.connect() {
            Ok(connection) => Ok((connection, true)),
            Err(error) => {
                self.give_back(None);
                Err(error)
            }
        }
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let mut client = self.config.connect(NoTls).map_err(|error| map_error(&error))?;
        client.batch_execute(SETTINGS).map_err(|error| map_error(&error))?;
        Ok(Connection { client, statements: HashMap::new() })
    }

    /// Returns a connection to the pool, or only its place.
    fn give_back(&self, connection: Option<Connection>) {
        let mut pool = self.lock_pool();
        match connection {
            Some(connection) => pool.idle.push(connection),
            None => pool.open -= 1,
        }
        drop(pool);
        self.returned.notify_one();
    }

    fn lock_pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Closing a client runs its executor too.
        let idle = std::mem::take(&mut self.lock_pool().idle);
        if !idle.is_empty() {
            let _ = on_own_thread(|| {
                drop(idle);
                Ok(())
            });
        }
    }
}

/// Who lost a deadlock and came back at once would take its first row again before the winner has woken,
/// and they would meet for ever.
#[expect(clippy::disallowed_methods, reason = "a thread of our own, and at most 210 ms")]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}

fn on_own_thread(f: impl FnOnce() -> Outcome + Send) -> Outcome {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("postgres".into()).spawn_scoped(scope, f);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| Err(StoreError::Panicked(super::panic_text(&*panic)))),
            Err(_) => Err(StoreError::Busy),
        }
    })
}

struct PostgresTx<'a> {
    connection: &'a mut Connection,
}

impl PostgresTx<'_> {
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.connection.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.connection.client.prepare(sql).map_err(|error| in_statement(&error, sql))?;
        if self.connection.statements.len() >= CACHED_STATEMENTS {
            self.connection.statements.clear();
        }
        self.connection.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Tx for PostgresTx<'_> {
    fn query(&mut self, sql: &str, params: &[Value], row: &mut RowFn<'_>) -> Outcome {
        let statement = self.statement(sql)?;
        let params: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let is_planned = sql.contains(PLANNED_FOR_ITS_VALUES);
        if is_planned {
            self.batch(PLAN_FOR_VALUES)?;
        }
        let rows = self.connection.client.query(&statement, &params);
        if is_planned && rows.is_ok() {
            self.batch(PLAN_ONCE)?;
        }
        for found in rows.map_err(|error| in_statement(&error, sql))? {
            row(&PostgresRow(found))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let params: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.connection.client.execute(&statement, &params).map_err(|error| in_statement(&error, sql))
    }

    fn batch(&mut self, sql: &str) -> Outcome {
        self.connection.client.batch_execute(sql).map_err(|error| map_error(&error))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

type AnyError = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        match (self, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            // The server infers INT4 beside a small literal, and BOOL in a bare condition.
            (Value::Int(it), &Type::INT4) => i32::try_from(*it)?.to_sql(kind, out),
            (Value::Int(it), &Type::BOOL) => (*it != 0).to_sql(kind, out),
            (Value::Int(it), &Type::INT8) => it.to_sql(kind, out),
            (Value::Text(it), kind) if <&str as ToSql>::accepts(kind) => it.to_sql(kind, out),
            (Value::Bytes(it), &Type::BYTEA) => it.to_sql(kind, out),
            _ => Err(format!("a parameter is {self:?} where the server wants {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

struct PostgresRow(postgres::Row);

impl PostgresRow {
    fn get<'a, T: FromSql<'a>>(&'a self, column: usize) -> Result<Option<T>, StoreError> {
        self.0.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}

impl Row for PostgresRow {
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.columns().get(column).map(|column| column.type_()) {
            Some(&Type::BOOL) => Ok(self.get::<bool>(column)?.map(i64::from)),
            Some(&Type::INT4) => Ok(self.get::<i32>(column)?.map(i64::from)),
            _ => self.get(column),
        }
    }

    fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    fn opt_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(column)
    }
}

fn in_statement(error: &postgres::Error, sql: &str) -> StoreError {
    match map_error(error) {
        StoreError::Database(what) => StoreError::Database(format!("{what} in: {sql}")),
        other => other,
    }
}

/// When no word came back from COMMIT, nobody knows.
fn map_commit_error(error: postgres::Error) -> StoreError {
    match map_error(&error) {
        StoreError::Unavailable(why) => StoreError::Uncertain(why),
        other => other,
    }
}

fn map_error(error: &postgres::Error) -> StoreError {
    let Some(failure) = error.as_db_error() else {
        return if error.is_closed() || caused_by_io(error) { StoreError::Unavailable(error.to_string()) } else { StoreError::Database(with_cause(error)) };
    };
    let text = failure.to_string();
    match failure.code() {
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => StoreError::Serialisation(text),
        &SqlState::UNIQUE_VIOLATION => StoreError::Duplicate(text),
        &SqlState::DISK_FULL => StoreError::Full,
        &SqlState::LOCK_NOT_AVAILABLE => StoreError::Busy,
        code => match code.code().get(..3) {
            // Class 08: connection; 57P: the server is going down or coming up; 533: too many connections.
            Some(class) if class.starts_with("08") || class == "57P" || class == "533" => StoreError::Unavailable(text),
            Some(class) if class.starts_with("23") => StoreError::Constraint(text),
            _ => StoreError::Database(text),
        },
    }
}

fn caused_by_io(error: &postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    // A refused connection and a connection that timed out carry no code.
    error.to_string().contains("connect") || error.to_string().contains("timeout")
}

fn with_cause(error: &postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
