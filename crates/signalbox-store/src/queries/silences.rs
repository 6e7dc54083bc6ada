//! What monitors keep quiet about, as those may see it who see the change. What is left over of a change that nobody knows
//! any more is seen by those who see every change.

use crate::monitors::Silence;
use crate::queries::list::named;
use crate::queries::{Composed, Named};
use crate::scope::{Scope, VISIBLE};
use crate::{Row, StoreError, Tx, monitors};
use signalbox_core::silence::State;

/// A silence with the names of what it is about. Nothing of it says where the monitor is or what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceLine {
    pub silence: Silence,
    /// What people call the monitor, and what it is: `alertmanager`, `icinga` or `webhook`.
    pub monitor: (String, String),
    pub item: Option<Named>,
}

/// Which silences a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilenceFilter {
    pub change: Option<i64>,
    /// Any of these; all where none is named.
    pub states: Vec<State>,
    /// Who has a stake in the change.
    pub organisation: Option<i64>,
    /// The last of the page before: its monitor, reference and name.
    pub after: Option<(i64, String, String)>,
}

fn statement(scope: &Scope, filter: &SilenceFilter, limit: i64) -> Composed {
    let sql = format!(
        "select s.monitor_id, s.reference, s.name, s.change_id, s.item_id, s.wanted_from, s.wanted_until, s.peer_id, s.has_from, s.has_until, s.state,
            s.words, s.seen_at, s.told_at, m.name, m.kind, i.id, i.code, i.name
        from silences s join monitors m on m.id = s.monitor_id left join items i on i.id = s.item_id left join changes c on c.reference = s.reference
        where ((c.id is not null and {VISIBLE}) or (c.id is null and $2 >= 1))"
    );
    let mut statement = Composed::new(scope, sql);
    statement.maybe(" and s.change_id = {}", filter.change);
    statement.one_of("s.state", filter.states.iter().map(|state| state.code()));
    statement.concerns(filter.organisation);
    if let Some((monitor, reference, name)) = &filter.after {
        statement.add(
            " and (s.monitor_id > {} or (s.monitor_id = {} and (s.reference > {} or (s.reference = {} and s.name > {}))))",
            [(*monitor).into(), (*monitor).into(), reference.as_str().into(), reference.as_str().into(), name.as_str().into()],
        );
    }
    statement.add(" order by s.monitor_id, s.reference, s.name limit {}", [limit.into()]);
    statement
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let all = SilenceFilter {
        change: Some(1),
        states: vec![State::NotInForce, State::Leftover],
        organisation: Some(1),
        after: Some((1, "ON-2026-000001".into(), "A".into())),
    };
    let wrong = SilenceFilter { states: all.states.clone(), ..SilenceFilter::default() };
    vec![("BY_ALL", statement(&scope, &all, 10).sql), ("BY_STATE", statement(&scope, &wrong, 10).sql)]
}

fn read(row: &dyn Row) -> Result<SilenceLine, StoreError> {
    Ok(SilenceLine { silence: monitors::read_silence(row)?, monitor: (row.text(14)?, row.text(15)?), item: named(row, 16)? })
}

/// By monitor, change and name.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut dyn Tx, scope: &Scope, filter: &SilenceFilter, limit: i64) -> Result<Vec<SilenceLine>, StoreError> {
    let statement = statement(scope, filter, limit);
    tx.all(&statement.sql, &statement.params, read)
}
