//! Freezes that the document itself declares (BR-32); those of an organisation come as clashes (BR-19f).

use super::{Context, given, ruling};
use crate::change::Change;
use crate::process::facts::code_of;
use jiff::Timestamp;
use jiff::civil::Date;

/// How far ahead the end of a freeze is looked for.
const DAYS_MOST: usize = 92;

/// A day of the window that the table `freeze` calls hard.
pub struct Frozen {
    pub because: String,
    /// The first moment that is free again.
    pub until: Timestamp,
}

/// The first hard freeze that the window touches, from its start to its latest end.
pub fn frozen(ctx: &Context, change: &Change) -> Option<Frozen> {
    ctx.process.tables.get("freeze")?;
    let window = change.window()?;
    let (from, last) = (ctx.zone.to_datetime(window.start).date(), ctx.zone.to_datetime(window.contingency_end).date());
    let mut day = from;
    while day <= last {
        if let Some(because) = hard_on(ctx, change, day) {
            return Some(Frozen { because, until: thaw(ctx, change, day) });
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn hard_on(ctx: &Context, change: &Change, day: Date) -> Option<String> {
    let outputs = ruling::said(ctx, change, "freeze", |name| given::of_day(day, name))?;
    let hard = outputs.get("freeze").is_some_and(|word| code_of(word) == "hard");
    hard.then(|| outputs.get("because").cloned().unwrap_or_default())
}

fn thaw(ctx: &Context, change: &Change, from: Date) -> Timestamp {
    let mut day = from;
    for _ in 0..DAYS_MOST {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        if hard_on(ctx, change, day).is_none() {
            break;
        }
    }
    day.to_zoned(ctx.zone.clone()).map_or(ctx.now, |midnight| midnight.timestamp())
}
