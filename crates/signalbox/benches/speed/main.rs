//! `make bench`: how fast it is with ten thousand, a hundred thousand and a million changes, on both databases.
//!
//! For each size and engine a world is loaded (`../bulk`), looked at in the process, served by the release build of the
//! program itself and asked over loopback, and written to through the one write path. Every ratio is taken in one run.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock and the surroundings")]

mod alarms;
#[path = "../bulk/mod.rs"]
mod bulk;
mod figures;
// The store's own way to a fresh database of each engine; not all of it is used here.
#[allow(dead_code)]
#[path = "../../../signalbox-store/tests/store/harness.rs"]
mod harness;
mod http;
mod index;
mod pages;
#[allow(dead_code)]
#[path = "../../../signalbox-store/tests/store/pg.rs"]
mod pg;
mod picture;
mod server;
mod writes;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use jiff::Timestamp;
use signalbox_store::{Db, Target, log};

use bulk::{Scale, World};
use figures::Figures;

/// Measures Signalbox.
#[derive(Parser)]
struct Asked {
    /// How many changes: 10k, 100k, 1M, or several of them with commas between.
    #[arg(long, default_value = "10k,100k,1M")]
    sizes: String,
    /// sqlite, postgres, or both.
    #[arg(long, default_value = "sqlite,postgres")]
    engines: String,
    /// Where the databases are made, and taken away again. It should be a disk.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Keep the SQLite databases, and use one that is there.
    #[arg(long)]
    keep: bool,
    /// A PostgreSQL database of your own, empty or loaded with a world of that size before, instead of one that is made
    /// and taken away.
    #[arg(long)]
    postgres_url: Option<String>,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// Only these parts: index, pages, alarms, writes.
    #[arg(long, default_value = "index,pages,alarms,writes")]
    parts: String,
    /// Beside the figures that are there already, of other sizes and engines.
    #[arg(long)]
    add: bool,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One loaded database.
pub struct Site<'w> {
    pub engine: &'static str,
    pub world: &'w World,
    pub target: Target,
}

impl Site<'_> {
    pub fn open(&self) -> Db {
        Db::open(&self.target).expect("the database opens")
    }
}

fn main() {
    let asked = Asked::parse();
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let out = root.join(&asked.out);
    let folder = asked.folder.clone().unwrap_or_else(|| out.join("data"));
    std::fs::create_dir_all(&out).expect("a folder for the figures");
    let mut figures = if asked.add { Figures::read(&out) } else { Figures::default() };
    for changes in asked.sizes.split(',').map(size) {
        for engine in asked.engines.split(',') {
            eprintln!("== {changes} changes, {engine}");
            match engine {
                "sqlite" => on_sqlite(&asked, changes, &folder, &mut figures),
                "postgres" => on_postgres(&asked, changes, &mut figures),
                other => panic!("{other} is no engine"),
            }
            // Kept after each, so that a run that breaks off has told what it found.
            figures.write(&out).expect("the figures are written");
            picture::draw(&figures, &out.join("curve.svg")).expect("a picture");
        }
    }
    println!("{}", figures.table());
}

fn size(typed: &str) -> usize {
    let (digits, factor) = match typed.trim().split_at(typed.trim().len() - 1) {
        (digits, "k") => (digits, 1_000),
        (digits, "M") => (digits, 1_000_000),
        _ => (typed.trim(), 1),
    };
    digits.parse::<usize>().expect("a number of changes") * factor
}

fn on_sqlite(asked: &Asked, changes: usize, folder: &std::path::Path, figures: &mut Figures) {
    let data = folder.join(format!("sqlite-{changes}"));
    let is_there = asked.keep && data.join("loaded").exists();
    if !is_there {
        let _ = std::fs::remove_dir_all(&data);
    }
    measure(asked, changes, "SQLite", Target::Sqlite(data.clone()), is_there, figures);
    if asked.keep {
        std::fs::write(data.join("loaded"), "").expect("a mark");
    } else {
        std::fs::remove_dir_all(&data).expect("the database goes");
    }
}

fn on_postgres(asked: &Asked, changes: usize, figures: &mut Figures) {
    if let Some(url) = &asked.postgres_url {
        let target = Target::Postgres(url.clone());
        let db = Db::open(&target).expect("the database opens");
        let is_there = db.read(log::read_head).expect("the log is read").count() > 0;
        drop(db);
        measure(asked, changes, "PostgreSQL", target, is_there, figures);
        return;
    }
    let Some(server) = pg::shared() else {
        println!("SKIPPED: PostgreSQL is not installed and SIGNALBOX_TEST_PG_URL names none: nothing is measured on it.");
        return;
    };
    let database = server.create_database();
    measure(asked, changes, "PostgreSQL", Target::Postgres(database.url.clone()), false, figures);
}

/// The moment at which the world was loaded is the day's noon, so that a database that was kept is still the same.
fn measure(asked: &Asked, changes: usize, engine: &'static str, target: Target, is_there: bool, figures: &mut Figures) {
    let noon = Timestamp::now().as_second().div_euclid(86_400) * 86_400;
    let (scale, now) = (Scale::of(changes), Timestamp::from_second(noon).expect("a time"));
    let began = Instant::now();
    let world = if is_there {
        World::new(std::sync::Arc::new(bulk::Estate::new(scale, now)))
    } else {
        let db = Db::open(&target).expect("the database opens");
        bulk::load(&db, scale, now, |done| eprint!("\r{done} changes written, {:.0} s", began.elapsed().as_secs_f64())).expect("the world is loaded")
    };
    eprintln!();
    if !is_there {
        figures.put("load", "Loading, changes a second", changes as f64 / began.elapsed().as_secs_f64()).on(engine, changes);
    }
    if let Target::Postgres(url) = &target {
        // As the server's own housekeeping would have done long before a table is that large.
        let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server answers");
        client.batch_execute("vacuum analyze").expect("housekeeping");
    }
    let site = Site { engine, world: &world, target };
    if asked.parts.contains("index") {
        index::measure(&site, figures);
    }
    if asked.parts.contains("pages") {
        pages::measure(&site, figures);
    }
    if asked.parts.contains("alarms") {
        alarms::measure(&site, figures);
    }
    if asked.parts.contains("writes") {
        writes::measure(&site, figures);
    }
}
