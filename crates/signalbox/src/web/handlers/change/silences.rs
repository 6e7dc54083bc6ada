//! On the record: what monitors keep quiet about for this change, by their own word (spec 10.1 step 5).

use signalbox_core::silence::State;
use signalbox_store::monitors::{self, Silence};

use super::Seen;
use crate::app::App;
use crate::web::parts::{Cell, Row, Section, Table};
use crate::web::problem::Failure;

/// The panel, where a monitor has to do with the change.
pub(super) fn section(app: &App, seen: &Seen) -> Result<Option<Section>, Failure> {
    let id = seen.change().id.0;
    let (silences, names) = app.read::<_, Failure>(|tx| {
        let silences = monitors::silences_of(tx, id)?;
        let names = if silences.is_empty() { vec![] } else { monitors::monitors(tx)? };
        Ok((silences, names))
    })?;
    if silences.is_empty() {
        return Ok(None);
    }
    let name = |one: &Silence| names.iter().find(|monitor| monitor.id == one.monitor_id).map(|monitor| monitor.name.clone()).unwrap_or_default();
    let rows = silences.iter().map(|one| Row::new(Cell::text(&one.name).small(&name(one)), vec![standing(seen, one), read_words(seen, one)])).collect();
    let words = "Monitors keep quiet about what is listed here, and about nothing else. Alarms on anything more come through.";
    let table = Table::new("What monitors keep quiet about", &["Thing", "At its monitor", "Read"], rows);
    Ok(Some(Section::new("silences", "Monitoring").words(words).table(table, "")))
}

fn standing(seen: &Seen, one: &Silence) -> Cell {
    let has = |part: &str| one.has.map(|(_, until)| format!("{part} until {}", seen.moment(until))).unwrap_or_default();
    let cell = match one.state {
        State::Pending => {
            let from = one.wanted.map(|(from, _)| seen.moment(from)).unwrap_or_default();
            Cell::tag("Agreed", "blue").and(&format!("From {from}, {}", has("in force")))
        }
        State::InForce => Cell::tag("In force", "green").and(&has("In force")),
        State::NotInForce => return Cell::tag("Not in force", "red").and(&format!("Not in force: {}", one.words)),
        State::Leftover => Cell::tag("Left over", "orange").and(&has("Still in force")),
        State::Over => Cell::tag("Over", "grey"),
    };
    cell.small(&one.words)
}

fn read_words(seen: &Seen, one: &Silence) -> Cell {
    Cell::text(&one.seen_at.map_or("never".into(), |at| seen.moment(at)))
}
