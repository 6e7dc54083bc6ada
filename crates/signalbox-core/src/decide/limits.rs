//! Before which moments work should not begin, for whoever looks for a free time (C072). Only the clock refuses; short
//! notice, a board that has not met and a short gap after the approval are never refused, so they only cost.

use super::{Context, notice, schedule};
use crate::calendar::notice::first_in_time;
use crate::change::{Change, Kind};
use crate::schedule::slots::{Limit, LimitKind};
use jiff::Timestamp;
use jiff::civil::Date;

/// Whether a board may still have to decide on the change. Of one that nobody has classified yet that is not known, so
/// that it may.
pub fn awaits_board(ctx: &Context, change: &Change) -> bool {
    if matches!(change.kind, Kind::Emergency | Kind::Retrospective) || change.live_approvals().next().is_some() {
        return false;
    }
    let names_one = |words: &String| crate::board::is_board(words);
    let knows_one = || ctx.process.tables.get("approver").is_some_and(|table| table.rows.iter().any(|row| row.outputs.iter().any(names_one)));
    crate::board::is_asked(ctx, change) || change.classification.is_none() && knows_one()
}

/// The limits of a change with a window, were it sent or moved now. `board_meets`: when the board that it waits for
/// has met next.
pub fn of(ctx: &Context, change: &Change, board_meets: Option<Timestamp>) -> Vec<Limit> {
    let midnight = |date: Date| date.to_zoned(ctx.zone.clone()).ok().map(|zoned| zoned.timestamp());
    let soft = |kind, from: Option<Timestamp>| from.map(|from| Limit { kind, from, is_hard: false });
    let noticed = notice::judge(ctx, change, ctx.now).map(|given| given.first_in_time);
    let gap = || {
        let asked = schedule::gap(ctx, change)?.asked;
        let approved = change.live_approvals().map(|approval| approval.at).max()?;
        Some(first_in_time(asked.basis, asked.amount, approved, ctx.zone, ctx.calendar))
    };
    let past = Limit { kind: LimitKind::Past, from: ctx.now, is_hard: true };
    let board = soft(LimitKind::Board, board_meets.filter(|_| awaits_board(ctx, change)));
    let notice = soft(LimitKind::Notice, noticed.and_then(midnight));
    [Some(past), notice, board, soft(LimitKind::Gap, gap().and_then(midnight))].into_iter().flatten().collect()
}
