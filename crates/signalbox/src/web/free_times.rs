//! Free times for a piece of work (C072, C073), found over everybody's windows, freezes, people, limits and hours at
//! once, and told with what speaks for each and why the earlier ones were refused. The page where a window is typed,
//! the page of a change, the one on which a clash is settled and the API ask here.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Actor;
use signalbox_core::calendar::local::{self, Fold};
use signalbox_core::change::{Change, Window};
use signalbox_core::decide::{Context, limits};
use signalbox_core::form::Raw;
use signalbox_core::schedule::Span;
use signalbox_core::schedule::slots::{Cost, Limit, LimitKind, Slot};
use signalbox_store::gather::{Ask, FreeTimes, RefusedStarts, Whose, WhyNot};
use signalbox_store::{StoreError, Tx, boards};

use super::panels;
use super::ui::Choice;
use crate::app::App;
use crate::run::Situation;
use crate::words::counted;

/// How far ahead is looked where nobody says.
pub const DAYS_USUAL: i64 = 90;
/// The furthest, in days, and the longest work, in minutes.
pub const DAYS_MOST: i64 = 366;
pub const MINUTES_MOST: i64 = 31 * 24 * 60;
/// A window that clashes is moved to a time near it, not to the first of all.
const NEAR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The choice that keeps what was typed.
pub const KEEP: &str = "keep";

/// What was looked for, and what was found.
pub struct Search {
    /// The window whose length was looked for.
    pub window: Window,
    pub within: Span,
    limits: Vec<Limit>,
    board_meets: Option<Timestamp>,
    pub found: FreeTimes,
    zone: TimeZone,
}

/// From where, how far and for how many.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub from: Timestamp,
    pub days: i64,
    pub most: usize,
}

impl Reach {
    /// For a window that stands already: from a week before it, and never in the past.
    pub fn near(window: Window, now: Timestamp, most: usize) -> Reach {
        let from = window.start.checked_sub(NEAR).unwrap_or(now).max(now);
        Reach { from, days: DAYS_USUAL, most }
    }

    pub fn span(self) -> Span {
        Span { from: self.from, until: self.from.saturating_add(SignedDuration::from_hours(24 * self.days)).unwrap_or(self.from) }
    }
}

/// Looks for times for this change, whose window says how long it takes. `None`: it has no window.
///
/// # Errors
/// The store's.
pub fn look(app: &App, tx: &mut dyn Tx, actor: &Actor, situation: &Situation, change: &Change, reach: Reach) -> Result<Option<Search>, StoreError> {
    let Some(window) = change.window() else { return Ok(None) };
    let ctx: Context = situation.context(actor, app.clock.now());
    let board_meets = if limits::awaits_board(&ctx, change) { boards::meets_next(tx, change, ctx.now)? } else { None };
    let limits = limits::of(&ctx, change, board_meets);
    let within = reach.span();
    let length = window.contingency_end.duration_since(window.start);
    let ask = Ask { length, within, zone: &situation.zone, limits: &limits, most: reach.most };
    let found = app.free_times(tx, actor, &situation.facts, Whose::Change(change), &ask)?;
    Ok(Some(Search { window, within, limits, board_meets, found, zone: situation.zone.clone() }))
}

impl Search {
    /// The window of a slot: its contingency keeps its length.
    pub fn window_at(&self, slot: &Slot) -> (Timestamp, Timestamp) {
        let end = slot.span.from.saturating_add(self.window.end.duration_since(self.window.start)).unwrap_or(slot.span.until);
        (slot.span.from, end)
    }

    /// `Tuesday 8 December 2026, 21:00 to 23:00 GMT`.
    pub fn when(&self, slot: &Slot) -> String {
        let (start, end) = self.window_at(slot);
        local::describe_window(start, end, &self.zone).sentence()
    }

    /// How long the work takes, contingency included.
    pub fn length_words(&self) -> String {
        local::duration_words(self.window.contingency_end.duration_since(self.window.start))
    }

    /// What speaks for a time and what it costs, best first.
    pub fn tests(&self, slot: &Slot) -> Vec<String> {
        let limits = self.limits.iter().filter(|limit| !limit.is_hard).map(|limit| self.limit_words(limit, slot.span.from >= limit.from));
        let costs = slot.parts.iter().filter_map(|(kind, points)| cost_words(*kind, *points));
        std::iter::once("No clash".to_owned()).chain(limits).chain(costs).collect()
    }

    fn limit_words(&self, limit: &Limit, is_kept: bool) -> String {
        let board = self.board_meets.map_or(String::new(), |at| local::day_words(local::wall(at, &self.zone).date()));
        match (limit.kind, is_kept) {
            (LimitKind::Past, _) => String::new(),
            (LimitKind::Notice, true) => "In time for the notice asked for".into(),
            (LimitKind::Notice, false) => "Short of the notice asked for".into(),
            (LimitKind::Board, true) => format!("The board of {board} can decide"),
            (LimitKind::Board, false) => format!("Before the board meets on {board}"),
            (LimitKind::Gap, true) => "Time enough after the approval".into(),
            (LimitKind::Gap, false) => "Soon after the approval".into(),
        }
    }

    /// Why a stretch of starts was refused, as a sentence.
    pub fn refusal(&self, refused: &RefusedStarts) -> String {
        match &refused.why {
            WhyNot::Clash(clash) => {
                let told = panels::clash(clash, &self.zone, vec![]);
                format!("{}. {}", told.heading, told.words)
            }
            WhyNot::Limit(kind) => format!("{}.", crate::words::sentence_case(kind.words())),
        }
    }

    /// `Tuesday 8 December 2026, 21:00 to 23:45 GMT`, of starts; one moment where there is one.
    pub fn starts(&self, refused: &RefusedStarts) -> String {
        if refused.first == refused.last {
            return local::moment_words(refused.first, &self.zone);
        }
        local::describe_window(refused.first, refused.last, &self.zone).sentence()
    }

    /// A choice for each time, the best marked.
    pub fn choices(&self) -> Vec<Choice> {
        let choice = |(n, slot): (usize, &Slot)| {
            let label = if n == 0 { format!("{}: best fit", self.when(slot)) } else { self.when(slot) };
            Choice::new(&slot.span.from.to_string(), &label).hint(&self.tests(slot).join(" · "))
        };
        self.found.slots.iter().enumerate().map(choice).collect()
    }

    /// The fields of a window that starts then, as somebody would type them.
    pub fn typed_at(&self, start: Timestamp) -> Raw {
        let shifted = |at: Timestamp| start.saturating_add(at.duration_since(self.window.start)).unwrap_or(start);
        let mut raw = moment_typed("window.start", start, &self.zone);
        raw.extend(moment_typed("window.end", shifted(self.window.end), &self.zone));
        if self.window.contingency_end > self.window.end {
            raw.extend(moment_typed("contingency_end", shifted(self.window.contingency_end), &self.zone));
        }
        raw
    }
}

/// A window of so many minutes from a start on, as somebody would type it.
pub fn window_typed(start: Timestamp, minutes: i64, zone: &TimeZone) -> Raw {
    let end = start.saturating_add(SignedDuration::from_mins(minutes.clamp(1, MINUTES_MOST))).unwrap_or(start);
    let mut raw = moment_typed("window.start", start, zone);
    raw.extend(moment_typed("window.end", end, zone));
    raw
}

/// The same window moved to another start, its contingency too; or one of so many minutes, where it was sized anew.
pub fn moved_typed(window: Window, minutes: Option<i64>, start: Timestamp, zone: &TimeZone) -> Raw {
    let is_as_long = |minutes: i64| minutes == window.contingency_end.duration_since(window.start).as_mins();
    if let Some(minutes) = minutes.filter(|minutes| (1..=MINUTES_MOST).contains(minutes) && !is_as_long(*minutes)) {
        return window_typed(start, minutes, zone);
    }
    let within = Span { from: start, until: start };
    let search = Search { window, within, limits: vec![], board_meets: None, found: FreeTimes::default(), zone: zone.clone() };
    search.typed_at(start)
}

/// Which of two equal times is meant is always said (spec 7.4).
fn moment_typed(name: &str, at: Timestamp, zone: &TimeZone) -> Raw {
    let wall = local::wall(at, zone);
    let mut raw = Raw::from([(format!("{name}.date"), vec![wall.date().to_string()]), (format!("{name}.time"), vec![local::clock(wall.time())])]);
    if local::resolve(wall.date(), wall.time(), zone, None).is_err() {
        let meant = [Fold::First, Fold::Second].into_iter().find(|fold| local::resolve(wall.date(), wall.time(), zone, Some(*fold)) == Ok(at));
        raw.extend(meant.map(|fold| (format!("{name}.fold"), vec![fold.code().to_owned()])));
    }
    raw
}

fn cost_words(kind: Cost, points: u32) -> Option<String> {
    let number = i64::from(points / kind.points().max(1));
    match kind {
        // Told by what is not kept, or plain from the date.
        Cost::Waiting | Cost::Limit => None,
        Cost::Warning => Some(counted(number, "warning")),
        Cost::Maintenance => Some("Outside an agreed maintenance window".into()),
        Cost::Clinic => Some(format!("{} in clinic hours", counted(number * 5, "minute"))),
        Cost::Handover => Some("Over a shift’s handover".into()),
    }
}
