//! What of freezes stands in the way of a change, and who let it through. Some the document itself declares (BR-32);
//! those of the calendar come as clashes (BR-19f). Either may be set aside for one change, by name, for a reason and
//! until a time (C070).

use super::fields::{Field, codes, field};
use super::{Context, Taking, given, ruling};
use crate::actor::Stamp;
use crate::change::Change;
use crate::event::{Event, Recorded};
use crate::process::AnswerKind;
use crate::process::facts::code_of;
use crate::refusal::Violation;
use crate::text::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How far ahead the end of a freeze is looked for.
const DAYS_MOST: usize = 92;

/// How the freeze that the document declares is named where freezes have ids.
const DOCUMENTS_OWN: &str = "document";

/// A freeze that does not hold for a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excepted {
    /// Which freeze of the calendar; the document's own where there is none.
    pub freeze: Option<i64>,
    /// What it was called then.
    pub title: Text,
    /// From this moment on it holds again.
    pub until: Timestamp,
    pub reason: Text,
}

impl Excepted {
    /// The freeze as it is typed.
    pub fn code(&self) -> String {
        code(self.freeze)
    }
}

/// An exception with who granted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub excepted: Excepted,
    pub by: Stamp,
    pub at: Timestamp,
}

/// A hard freeze in the way of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTheWay {
    /// Which freeze of the calendar; the document's own where there is none.
    pub id: Option<i64>,
    pub title: String,
    /// Until when it holds, or the window ends if that is sooner.
    pub until: Timestamp,
}

impl InTheWay {
    /// The freeze as it is typed.
    pub fn code(&self) -> String {
        code(self.id)
    }
}

fn code(freeze: Option<i64>) -> String {
    freeze.map_or_else(|| DOCUMENTS_OWN.to_owned(), |id| id.to_string())
}

/// Every hard freeze that stands in the way of the window and holds for this change now.
pub fn in_the_way(ctx: &Context, change: &Change) -> Vec<InTheWay> {
    let holds = |id| !change.excepted.iter().any(|one| one.excepted.freeze == id && ctx.now < one.excepted.until);
    let declared = ctx.facts.clashes.iter().filter(|clash| clash.hard && clash.rule == "BR-19f");
    // A clash with a freeze always says with which; without that it is none that anybody may set aside.
    let declared = declared.map(|clash| InTheWay { id: Some(clash.freeze.unwrap_or_default()), title: clash.with.clone(), until: clash.until });
    let mut found: Vec<InTheWay> = declared.filter(|freeze| holds(freeze.id)).collect();
    if holds(None) {
        found.extend(frozen(ctx, change).map(|frozen| InTheWay { id: None, title: frozen.because, until: frozen.until }));
    }
    found
}

/// The fields of an exception.
pub(super) fn fields(ctx: &Context, change: &Change) -> Vec<Field> {
    let all: Vec<String> = in_the_way(ctx, change).iter().map(InTheWay::code).collect();
    let choices = codes(&all.iter().map(String::as_str).collect::<Vec<_>>());
    vec![field("freeze", choices, true), field("until", AnswerKind::Moment { after: None }, true), field("reason", AnswerKind::Prose, true)]
}

/// C070. The title is kept with it, for a freeze is called something else by the time that somebody asks.
pub(super) fn except(t: &mut Taking) -> Option<Vec<Event>> {
    let all = in_the_way(t.ctx, t.change);
    let names: Vec<String> = all.iter().map(InTheWay::code).collect();
    let chosen = t.form.choice("freeze", &names.iter().map(String::as_str).collect::<Vec<_>>(), true);
    let until = t.form.moment("until", true);
    let reason = t.form.text("reason", true);
    if until.is_some_and(|until| until <= t.ctx.now) {
        t.form.faults.push(Violation::of("until", "over-already"));
    }
    let freeze = all.into_iter().find(|freeze| Some(freeze.code()) == chosen)?;
    let title = t.form.keep(&freeze.title);
    Some(vec![Event::FreezeExcepted(Box::new(Excepted { freeze: freeze.id, title, until: until?, reason: reason? }))])
}

/// One exception for each freeze: a later one takes the place of the earlier.
pub(crate) fn fold(change: &mut Change, recorded: &Recorded, excepted: &Excepted) {
    change.excepted.retain(|one| one.excepted.freeze != excepted.freeze);
    change.excepted.push(Exception { excepted: excepted.clone(), by: recorded.by.clone(), at: recorded.at });
}

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
