//! Brings the schema up to date: numbered texts, each run once in its own transaction, each remembered
//! with the hash of its text so that an edited one is noticed.

use sha2::{Digest, Sha256};

use crate::engine::{Db, Tx};
use crate::{StoreError, values};

/// One step of the schema. The text is for both databases (see [`crate::Dialect::schema`]).
pub struct Migration {
    pub number: i64,
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal,)*) => {
        &[$(Migration {
            number: $number,
            name: $name,
            text: include_str!(concat!("../migrations/", $name, ".sql")),
        }),*]
    };
}

/// Every migration, in order. A released one is never edited.
pub const MIGRATIONS: &[Migration] = migrations! {
    1 "001_log",
    2 "002_directory",
    3 "003_changes",
    4 "004_processes",
    5 "005_modalities",
    6 "006_urgent",
    7 "007_work",
    8 "008_boards",
    9 "009_charges",
    10 "010_clinical",
    11 "011_entries",
    12 "012_mergers",
    13 "013_feeds",
    14 "014_calendars",
    15 "015_schedule",
    16 "016_handovers",
    17 "017_clash_rulings",
    18 "018_closures",
    19 "019_lists",
    20 "020_long_windows",
    21 "021_windows_of_parties",
    22 "022_recurring",
    23 "023_windows_alone",
    24 "024_alarms",
    25 "025_network",
    26 "026_monitors",
    27 "027_back",
    28 "028_carriers",
    29 "029_network_senders",
    30 "030_network_refusals",
    31 "031_desk_handovers",
    32 "032_subscriptions",
    33 "033_public_notices",
    34 "034_network_webhooks",
    35 "035_told_outages",
    36 "036_notice_courses",
};

const CREATE: &str = "create table if not exists schema_migrations(number BIGINT primary key, name TEXT not null, checksum TEXT not null) {{strict}};";
const IS_THERE_SQLITE: &str = "select count(*) from sqlite_master where name = 'schema_migrations'";
const IS_THERE_POSTGRES: &str = "select count(*) from pg_tables where tablename = 'schema_migrations' and schemaname = current_schema()";
const APPLIED: &str = "select number, name, checksum from schema_migrations order by number";
const REMAKES: &str = "delete from remakes";
const RECORD: &str = "insert into schema_migrations(number, name, checksum) values ($1, $2, $3)";

/// Is there a migration that this database hasn't had? An error if it had another one than ours.
pub fn is_pending(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    let is_there = match tx.dialect() {
        crate::Dialect::Sqlite => IS_THERE_SQLITE,
        crate::Dialect::Postgres => IS_THERE_POSTGRES,
    };
    Ok(tx.one(is_there, &[], |row| row.int(0))? == 0 || count_applied(tx)? < MIGRATIONS.len())
}

/// Runs what is pending.
pub fn run(db: &Db) -> Result<(), StoreError> {
    loop {
        let is_done = db.write(|tx| {
            tx.batch(tx.dialect().migration_lock())?;
            tx.batch(&tx.dialect().schema(CREATE))?;
            let Some(next) = MIGRATIONS.get(count_applied(tx)?) else {
                remake(tx)?;
                return Ok(true);
            };
            tx.batch(&tx.dialect().schema(next.text)).map_err(|error| StoreError::Migration(format!("{}: {error}", next.name)))?;
            tx.exec(RECORD, values![next.number, next.name, checksum(next.text)])?;
            Ok(false)
        })?;
        if is_done {
            return Ok(());
        }
    }
}

/// Rows that a migration could not work out in SQL are made again from the log: once, before anybody reads them, and after
/// the last migration, since the rows are those of this program.
fn remake(tx: &mut dyn Tx) -> Result<(), StoreError> {
    if tx.exec(REMAKES, &[])? > 0 {
        crate::project::rebuild(tx, |_| {})?;
    }
    Ok(())
}

/// How many of ours this database has had.
fn count_applied(tx: &mut dyn Tx) -> Result<usize, StoreError> {
    let applied = tx.all(APPLIED, &[], |row| Ok((row.int(0)?, row.text(1)?, row.text(2)?)))?;
    for (at, (number, name, sum)) in applied.iter().enumerate() {
        let Some(ours) = MIGRATIONS.get(at) else {
            return Err(StoreError::Migration(format!("the database is newer than this program ({name})")));
        };
        if (*number, name.as_str()) != (ours.number, ours.name) || *sum != checksum(ours.text) {
            return Err(StoreError::Migration(format!("{name} was applied with another text")));
        }
    }
    Ok(applied.len())
}

fn checksum(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}
