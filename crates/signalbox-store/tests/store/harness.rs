//! Runs a test on a fresh database of each engine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use signalbox_store::{Db, Limits, Target};

use crate::pg;

/// A folder that goes when the test ends.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("signalbox-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the test once on SQLite and once on PostgreSQL, each on a database of its own.
pub fn for_each_engine(test: impl Fn(Db)) {
    for_each_target(|target| test(Db::open(target).expect("the database opens")));
}

/// As [`for_each_engine`], with limits of the test's own.
pub fn for_each_engine_with(limits: Limits, test: impl Fn(Db)) {
    for_each_target(|target| test(Db::open_with(target, limits).expect("the database opens")));
}

/// For tests that open the database themselves, or more than once.
pub fn for_each_target(test: impl Fn(&Target)) {
    let directory = TempDir::new();
    eprintln!("-- on SQLite");
    test(&Target::Sqlite(directory.path().to_owned()));
    if let Some(server) = pg::shared() {
        eprintln!("-- on PostgreSQL");
        let database = server.create_database();
        test(&Target::Postgres(database.url.clone()));
    }
}
