//! What becomes of a clash (spec 6.7, C085). Of two the one that was approved later has to move, unless the
//! authority's change manager rules otherwise. A ruling is on two windows as they are: once either moves, it says
//! nothing any more.

use super::fields::{Field, codes, field};
use super::{Context, Taking};
use crate::actor::Stamp;
use crate::change::Change;
use crate::event::{Event, Recorded};
use crate::facts::{ClashFact, OtherFact};
use crate::ids::ChangeId;
use crate::process::AnswerKind;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// The way out of a clash.
    Way {
        /// Each keeps its window.
        Both = "both", "both go on as they are planned";
        /// They are carried out as one piece of work, in one window (scenario 13).
        Together = "together", "both are carried out together, as one piece of work";
        /// The change that was ruled on has to move.
        ThisMoves = "this_moves", "this change has to move";
        /// The other has to move.
        OtherMoves = "other_moves", "the other change has to move";
    }
}

impl Way {
    /// Neither has to move.
    pub fn lets_both(self) -> bool {
        matches!(self, Way::Both | Way::Together)
    }

    /// The same, seen from the other side.
    pub fn turned(self) -> Way {
        match self {
            Way::ThisMoves => Way::OtherMoves,
            Way::OtherMoves => Way::ThisMoves,
            same => same,
        }
    }
}

/// A ruling as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The rule that found the clash, such as `BR-19a`.
    pub rule: String,
    pub other: ChangeId,
    /// The other as people name it.
    pub reference: String,
    pub way: Way,
    /// The two windows it was ruled on, contingency included.
    pub own: (Timestamp, Timestamp),
    pub others: (Timestamp, Timestamp),
    pub reason: Text,
}

/// A ruling with who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    pub settled: Settled,
    pub by: Stamp,
    pub at: Timestamp,
}

/// The clashes with other changes that may be ruled on: those whose other side the actor may see.
pub fn open<'c>(ctx: &'c Context) -> Vec<(&'c ClashFact, &'c OtherFact)> {
    ctx.facts.clashes.iter().filter_map(|clash| Some((clash, clash.other.as_ref()?))).collect()
}

/// A clash as it is typed: its rule and the other change.
pub fn code(clash: &ClashFact) -> String {
    format!("{} {}", clash.rule, clash.with)
}

/// The fields of a ruling.
pub(super) fn fields(ctx: &Context) -> Vec<Field> {
    let all: Vec<String> = open(ctx).iter().map(|(clash, _)| code(clash)).collect();
    let choices = codes(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let ways = codes(&Way::ALL.iter().map(|way| way.code()).collect::<Vec<_>>());
    vec![field("clash", choices, true), field("way", ways, true), field("reason", AnswerKind::Prose, true)]
}

/// Spec 6.7. The windows are kept with it, so that it is known what was ruled on.
pub(super) fn settle(t: &mut Taking) -> Option<Vec<Event>> {
    let all = open(t.ctx);
    let names: Vec<String> = all.iter().map(|(clash, _)| code(clash)).collect();
    let chosen = t.form.choice("clash", &names.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let ways: Vec<&str> = Way::ALL.iter().map(|way| way.code()).collect();
    let way = t.form.choice("way", &ways, true).and_then(|code| Way::from_code(&code));
    let reason = t.form.text("reason", true);
    let (clash, other) = all.into_iter().find(|(clash, _)| Some(code(clash)) == chosen)?;
    let window = t.change.window()?;
    Some(vec![Event::ClashSettled(Box::new(Settled {
        rule: clash.rule.clone(),
        other: other.change,
        reference: clash.with.clone(),
        way: way?,
        own: (window.start, window.contingency_end),
        others: (other.from, other.until),
        reason: reason?,
    }))])
}

/// One ruling for each rule and other change: a later one takes the place of the earlier.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded, settled: &Settled) {
    change.settled.retain(|one| one.settled.rule != settled.rule || one.settled.other != settled.other);
    change.settled.push(Ruled { settled: settled.clone(), by: recorded.by.clone(), at: recorded.at });
}
