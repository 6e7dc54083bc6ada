//! A world of any size in an empty database, for measuring: ten years of changes over an estate, with valid events,
//! their chain of hashes, and the rows that follow from them. `verify` finds nothing and `rebuild` changes nothing; a
//! test of the store holds it to that.
//!
//! The directory is written by the store's own functions. Changes are decided by the core where it decides history
//! (`decide::import`) and told by events otherwise, folded by `apply` and projected by the store's own `rows`; only
//! the way into the tables is another: many rows a statement, with the indices away meanwhile. No letter and no timer
//! is put into the outbox.

mod chance;
mod changes;
mod estate;
mod events;
mod sheets;

pub use chance::Chance;
pub use changes::{Planned, World};
pub use estate::{Estate, Scale};

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use jiff::Timestamp;
use signalbox_store::{Db, StoreError};

use events::Author;
use sheets::{Indices, Sheets};

/// How many changes are written in one transaction.
const BATCH: usize = 4_000;

/// Fills the database. `told` hears how many changes are written.
///
/// # Errors
/// The store's.
pub fn load(db: &Db, scale: Scale, now: Timestamp, mut told: impl FnMut(usize)) -> Result<World, StoreError> {
    let estate = Arc::new(Estate::new(scale, now));
    estate.write(db)?;
    let indices = Indices::take_away(db)?;
    let world = World::new(Arc::clone(&estate));
    let mut author = Author::new(&world, db)?;
    // One thread makes the rows of the next changes while the other writes those of the last.
    let (sender, receiver) = sync_channel::<Arc<Sheets>>(2);
    std::thread::scope(|scope| {
        let maker = scope.spawn(|| -> Result<Vec<(String, i64, i64)>, StoreError> {
            for from in (0..scale.changes).step_by(BATCH) {
                let until = (from + BATCH).min(scale.changes);
                let sheets = author.write(from..until)?;
                if sender.send(Arc::new(sheets)).is_err() {
                    break;
                }
            }
            drop(sender);
            Ok(author.counters())
        });
        let mut done = 0;
        for sheets in receiver {
            done = (done + BATCH).min(scale.changes);
            db.write(move |tx| sheets.write(tx))?;
            told(done);
        }
        let counters = maker.join().unwrap_or_else(|_| Err(StoreError::Panicked("the maker of rows".into())))?;
        db.write(move |tx| sheets::put_counters(tx, &counters))
    })?;
    indices.put_back(db)?;
    Ok(world)
}
