//! Changes like one that is being written, as far as whoever writes it may see them (C103): those that touched the same
//! equipment, and where there are none, those of the same kind for the same services.

use crate::page::time;
use crate::queries::{Composed, code};
use crate::scope::{Scope, VISIBLE};
use crate::{Row, StoreError, Tx};
use jiff::Timestamp;
use signalbox_core::change::{Kind, Outcome};

/// What a change is like another by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// The change itself, which is not like itself.
    pub change: i64,
    pub kind: Kind,
    pub items: Vec<i64>,
    pub services: Vec<i64>,
}

/// A change that was attempted and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub id: i64,
    pub reference: String,
    pub title: String,
    pub outcome: Outcome,
    pub ended_at: Timestamp,
}

/// By what the changes found are like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Items,
    Services,
}

/// Older ones teach little and would only blur the share.
const MOST: i64 = 50;

/// History says when it was planned to end, and no more. Not the expression of an index: the changes are those of the
/// items and services, however old.
const ENDED: &str = "coalesce(c.finished_at, c.window_end, c.closed_at, c.updated_at)";

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let like = Likeness { change: 1, kind: Kind::Normal, items: vec![1, 2], services: vec![1, 2] };
    let scope = Scope::visitor();
    vec![("BY_ITEMS", statement(&scope, &like, By::Items).sql), ("BY_SERVICES", statement(&scope, &like, By::Services).sql)]
}

fn statement(scope: &Scope, like: &Likeness, by: By) -> Composed {
    let mut statement = Composed::new(scope, format!("select c.id, c.reference, c.title, c.outcome, {ENDED} from changes c where {VISIBLE}"));
    statement.add(" and c.id <> {}", [like.change.into()]);
    match by {
        By::Items => {
            statement.sql.push_str(" and c.id in (select l.change_id from change_items l where 1 = 1");
            statement.ids("l.item_id", &like.items);
        }
        By::Services => {
            statement.add(" and c.kind = {}", [like.kind.code().into()]);
            statement.sql.push_str(" and c.id in (select l.change_id from change_services l where l.derived = 0");
            statement.ids("l.service_id", &like.services);
        }
    }
    statement.sql.push(')');
    statement.one_of("c.outcome", Outcome::ALL.iter().filter(|outcome| outcome.is_attempted()).map(|outcome| outcome.code()));
    statement.add(&format!(" order by {ENDED} desc, c.id desc limit {{}}"), [MOST.into()]);
    statement
}

/// The latest first, and by what they are like it; none where nobody did the like, or the person sees none of it.
pub fn like(tx: &mut dyn Tx, scope: &Scope, like: &Likeness) -> Result<Option<(By, Vec<Past>)>, StoreError> {
    for (by, ids) in [(By::Items, &like.items), (By::Services, &like.services)] {
        if ids.is_empty() {
            continue;
        }
        let statement = statement(scope, like, by);
        let found = tx.all(&statement.sql, &statement.params, read)?;
        if !found.is_empty() {
            return Ok(Some((by, found)));
        }
    }
    Ok(None)
}

fn read(row: &dyn Row) -> Result<Past, StoreError> {
    Ok(Past { id: row.int(0)?, reference: row.text(1)?, title: row.text(2)?, outcome: code(row, 3, Outcome::from_code)?, ended_at: time(row, 4)? })
}
