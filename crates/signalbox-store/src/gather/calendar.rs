//! What was declared for stretches of time, each occurrence by itself, as the rules of the schedule read it.

use crate::directory::{self, ExternalTerms, FreezeTerms, MaintenanceTerms, Terms};
use crate::sql::statements;
use crate::{StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::decide::clash::Way;
use signalbox_core::ids::ChangeId;
use signalbox_core::schedule::{Clash, ClashWith, External, Freeze, Maintenance, Span};
use std::collections::BTreeSet;

statements! {
    RULINGS = "select change_id, way, own_from, own_until, other_from, other_until from clash_rulings
        where rule = $3 and (change_id = $1 and other_id = $2 or change_id = $2 and other_id = $1) order by ruled_at desc";
    EXCEPTIONS = "select freeze_id from freeze_exceptions where change_id = $1 and expires_at > $2 and freeze_id <> 0";
}

/// All time.
pub(crate) const EVER: Span = Span { from: Timestamp::MIN, until: Timestamp::MAX };

fn occurrences<D: Terms>(tx: &mut dyn Tx, within: Span) -> Result<Vec<D::Occurrence>, StoreError> {
    let all = directory::declared_within::<D>(tx, within)?;
    Ok(all.iter().flat_map(|one| one.when.spans(within).into_iter().map(|span| D::occurrence(one, span))).collect())
}

/// Every occurrence of a freeze that shares time with the span.
pub fn freezes(tx: &mut dyn Tx, within: Span) -> Result<Vec<Freeze>, StoreError> {
    occurrences::<FreezeTerms>(tx, within)
}

/// Every occurrence of an agreed maintenance window that shares time with the span.
pub fn maintenance(tx: &mut dyn Tx, within: Span) -> Result<Vec<Maintenance>, StoreError> {
    occurrences::<MaintenanceTerms>(tx, within)
}

/// Everything that happens elsewhere in the span.
pub fn externals(tx: &mut dyn Tx, within: Span) -> Result<Vec<External>, StoreError> {
    occurrences::<ExternalTerms>(tx, within)
}

/// The freezes that do not hold for a change now, because somebody excepted it from them (C070).
pub fn exceptions(tx: &mut dyn Tx, change: i64, now: Timestamp) -> Result<BTreeSet<i64>, StoreError> {
    Ok(tx.all(EXCEPTIONS, values![change, now.as_microsecond()], |row| row.int(0))?.into_iter().collect())
}

/// What somebody ruled on a clash of this change with other work, seen from this change; nothing once either of the
/// two windows is another than it was then (spec 6.7).
pub(super) fn ruled(tx: &mut dyn Tx, (own, span): (ChangeId, Span), others: Span, clash: &Clash) -> Result<Option<Way>, StoreError> {
    let ClashWith::Work { change: other, .. } = &clash.with else { return Ok(None) };
    let read = |row: &dyn crate::Row| Ok((row.int(0)?, crate::queries::code(row, 1, Way::from_code)?, [row.int(2)?, row.int(3)?, row.int(4)?, row.int(5)?]));
    let rows = tx.all(RULINGS, values![own.0, other.0, clash.rule.code()], read)?;
    let ends = |span: Span| [span.from.as_microsecond(), span.until.as_microsecond()];
    let (mine, theirs) = (ends(span), ends(others));
    let holds = |(by, way, [a, b, c, d]): (i64, Way, [i64; 4])| {
        let (own_side, way) = if by == own.0 { ([a, b] == mine && [c, d] == theirs, way) } else { ([a, b] == theirs && [c, d] == mine, way.turned()) };
        own_side.then_some(way)
    };
    Ok(rows.into_iter().find_map(holds))
}
