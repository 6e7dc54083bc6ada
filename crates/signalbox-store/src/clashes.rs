//! Which clashes people were told of. It is no part of the log: a clash is derived, only the telling is done once.

use jiff::Timestamp;
use signalbox_core::ids::ChangeId;
use signalbox_core::schedule::{Clash, ClashRule, ClashWith, Span};

use crate::schedule::Schedule;
use crate::sql::statements;
use crate::{StoreError, Tx, gather, log, values};

statements! {
    TELL = "insert into clash_told(change_id, other_id, rule, mark, told_at) values ($1, $2, $3, $4, $5) on conflict do nothing";
    FORGET = "delete from clash_told where told_at < $1";
    MOVED = "select distinct change_id from events where seq > $1 and stream = 'change'";
    DECLARED = "select count(*) from events where seq > $1 and stream <> 'change'";
}

/// How far ahead clashes are looked for where something was declared for many.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 62);

/// A clash of work that stands on the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub change: ChangeId,
    /// The other change; `None` where it is a freeze or an outage elsewhere.
    pub other: Option<ChangeId>,
    pub rule: ClashRule,
    /// The same as long as neither side moves.
    pub mark: String,
}

/// What clashes newly may have come about since the log ended there, and where it ends now. From nowhere, all that is
/// planned is looked at.
///
/// # Errors
/// The store's.
pub fn since(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, end: Option<i64>) -> Result<(i64, Vec<Found>), StoreError> {
    let head = log::read_head(tx)?.count();
    let Some(end) = end else { return Ok((head, found(tx, schedule, now, None)?)) };
    if end == head {
        return Ok((head, vec![]));
    }
    let is_declared = tx.maybe_one(DECLARED, values![end], |row| row.int(0))?.unwrap_or(0) > 0;
    let moved = if is_declared { None } else { Some(tx.all(MOVED, values![end], |row| row.int(0).map(ChangeId))?) };
    Ok((head, found(tx, schedule, now, moved)?))
}

fn found(tx: &mut dyn Tx, schedule: &Schedule, now: Timestamp, of: Option<Vec<ChangeId>>) -> Result<Vec<Found>, StoreError> {
    let ahead = Span { from: now, until: now.saturating_add(AHEAD).unwrap_or(now) };
    let all = schedule.ask(tx, now, |index, marks| {
        let changes = of.unwrap_or_else(|| index.changes_within(ahead).into_iter().collect());
        let coming = changes.into_iter().filter_map(|change| index.work(change)).filter(|work| work.span.until > now);
        let mut found = vec![];
        for work in coming {
            for clash in index.check_with(marks, &work) {
                let span = if let ClashWith::Work { change, .. } = &clash.with { index.work(*change).map(|other| other.span) } else { None };
                found.push((work.change, work.span, span, clash));
            }
        }
        found
    })?;
    let mut told = vec![];
    for (change, own, others, clash) in all {
        if is_worth_telling(&clash) && !is_excepted(tx, change, &clash, now)? {
            told.push(of_clash(change, own, others, &clash));
        }
    }
    told.sort_by_key(|one| (one.change, one.other));
    told.dedup();
    Ok(told)
}

/// Close work and agreed windows are shown where a window is typed; a letter for each would teach nobody to read them.
fn is_worth_telling(clash: &Clash) -> bool {
    match clash.rule {
        ClashRule::SameItem | ClashRule::Related | ClashRule::Pair | ClashRule::Person | ClashRule::Order => true,
        ClashRule::Freeze | ClashRule::National => clash.is_hard(),
        ClashRule::BackToBack | ClashRule::Maintenance => false,
    }
}

fn is_excepted(tx: &mut dyn Tx, change: ChangeId, clash: &Clash, now: Timestamp) -> Result<bool, StoreError> {
    match &clash.with {
        ClashWith::Calendar { id, .. } if clash.rule == ClashRule::Freeze => Ok(gather::exceptions(tx, change.0, now)?.contains(id)),
        _ => Ok(false),
    }
}

/// A pair is the same from either side.
fn of_clash(change: ChangeId, own: Span, others: Option<Span>, clash: &Clash) -> Found {
    let words = |span: Span| format!("{}-{}", span.from.as_second(), span.until.as_second());
    match (&clash.with, others) {
        (ClashWith::Work { change: other, .. }, Some(span)) => {
            let ((first, mine), (second, theirs)) = if change < *other { ((change, own), (*other, span)) } else { ((*other, span), (change, own)) };
            Found { change: first, other: Some(second), rule: clash.rule, mark: format!("{} {}", words(mine), words(theirs)) }
        }
        (ClashWith::Calendar { id, .. }, _) => Found { change, other: None, rule: clash.rule, mark: format!("{id} {} {}", words(own), words(clash.span)) },
        (ClashWith::Work { change: other, .. }, None) => Found { change, other: Some(*other), rule: clash.rule, mark: words(own) },
    }
}

/// Whether nobody was told of it yet; from now on somebody was.
///
/// # Errors
/// The store's.
pub fn take_up(tx: &mut dyn Tx, found: &Found, now: Timestamp) -> Result<bool, StoreError> {
    let other = found.other.map_or(0, |other| other.0);
    Ok(tx.exec(TELL, values![found.change.0, other, found.rule.code(), &found.mark, now.as_microsecond()])? > 0)
}

/// Forgets what was told before a moment: work of then is over.
///
/// # Errors
/// The store's.
pub fn forget(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.exec(FORGET, values![before.as_microsecond()])
}
