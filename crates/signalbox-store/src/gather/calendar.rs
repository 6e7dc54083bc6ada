//! What was declared for stretches of time, each occurrence by itself, as the rules of the schedule read it.

use crate::directory::{self, ExternalTerms, FreezeTerms, MaintenanceTerms, Terms};
use crate::sql::statements;
use crate::{StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::schedule::{External, Freeze, Maintenance, Span};
use std::collections::BTreeSet;

statements! {
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
