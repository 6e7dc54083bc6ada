//! Work that comes again: what is due of each series is made, and what was missed is written down. All of it may be done
//! twice.

use jiff::SignedDuration;
use signalbox_store::{StoreError, directory};

use crate::app::App;
use crate::run::Stop;

/// How often this is looked after.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Does all of it, as far as it is due. A series that cannot be made holds up no other.
///
/// # Errors
/// The store's.
pub fn tend(app: &App) -> Result<(), StoreError> {
    let due = app.read::<_, StoreError>(|tx| {
        let mut due = vec![];
        for series in directory::series_going(tx)? {
            due.push((series.id, app.due_of(tx, &series)?));
        }
        Ok(due)
    })?;
    for (series, due) in due {
        if !due.missed.is_empty() {
            told(series, app.miss_occurrences(series).map(drop));
        }
        for one in due.make {
            told(series, app.make_occurrence(series, one).map(drop));
        }
    }
    Ok(())
}

fn told(series: i64, done: Result<(), Stop>) {
    if let Err(stop) = done {
        tracing::error!(series, ?stop, "an occurrence of a series could not be made");
    }
}
