//! Whether what changed is other work than was approved, by the document's table `material change` (BR-31).

use super::{Context, ruling};
use crate::change::{Change, Window};
use crate::event::Ruling;
use crate::form::Answer;
use crate::process::facts::{Type, Value, code_of, find};

/// One answer that changed, as the table sees it.
pub struct Changed {
    pub id: String,
    pub how: &'static str,
    pub moved_minutes: i64,
    pub another_day: bool,
    pub later_end: bool,
}

impl Changed {
    /// An answer of the document.
    pub fn answer(id: &str, before: Option<&Answer>, after: &Answer, window: Option<Window>) -> Changed {
        Changed { id: id.to_owned(), how: how(before, after, window), moved_minutes: 0, another_day: false, later_end: false }
    }

    /// The window.
    pub fn window(ctx: &Context, before: Window, after: Window) -> Changed {
        let day = |window: Window| ctx.zone.to_datetime(window.start).date();
        let length = |window: Window| window.contingency_end.as_second() - window.start.as_second();
        let how = match length(after).cmp(&length(before)) {
            std::cmp::Ordering::Greater => "more",
            std::cmp::Ordering::Less => "less",
            std::cmp::Ordering::Equal => "other",
        };
        Changed {
            id: "window".to_owned(),
            how,
            moved_minutes: (after.start.as_second() - before.start.as_second()).abs() / 60,
            another_day: day(before) != day(after),
            later_end: after.end > before.end || after.contingency_end > before.contingency_end,
        }
    }

    /// Whether it is material, with the row that says so. Without a table everything is.
    pub fn judge(&self, ctx: &Context, change: &Change) -> (bool, Option<Ruling>) {
        let known = |name: &str| match name {
            "changed_answer" => Some(Value::from(listed(&self.id))),
            "how_changed" => Some(Value::from(self.how)),
            "moved_minutes" => Some(Value::from(self.moved_minutes)),
            "another_day" => Some(Value::from(self.another_day)),
            "later_end" => Some(Value::from(self.later_end)),
            _ => None,
        };
        match ruling::rule_with(ctx, change, "material change", known) {
            Some((ruling, outputs)) => (outputs.get("material").is_none_or(|word| code_of(word) != "no"), Some(ruling)),
            None => (true, None),
        }
    }
}

/// The id as the fact names it.
fn listed(id: &str) -> &str {
    let known = find("changed_answer").is_some_and(|fact| matches!(fact.kind, Type::Words(words) if words.contains(&id)));
    if known { id } else { "other" }
}

/// First given where nothing was said before, more where it grew, less where it shrank.
fn how(before: Option<&Answer>, after: &Answer, window: Option<Window>) -> &'static str {
    let grew = |grew: bool| if grew { "more" } else { "less" };
    match (before, after) {
        // A latest end was always known: without an answer it is the end of the window.
        (before, Answer::Moment { at, .. }) => match (window.is_none_or(|w| *at > w.contingency_end), before) {
            (true, None) => "first_given",
            (later, _) => grew(later),
        },
        (None, Answer::Number(0)) => "less",
        (None, _) => "first_given",
        (Some(Answer::Items(old)), Answer::Items(new)) => grew(new.iter().any(|i| !old.contains(i))),
        (Some(Answer::Services(old)), Answer::Services(new)) => grew(new.iter().any(|s| !old.contains(s))),
        (Some(Answer::Sites(old)), Answer::Sites(new)) => grew(new.iter().any(|s| !old.contains(s))),
        (Some(Answer::Number(old)), Answer::Number(new)) => grew(new > old),
        _ => "other",
    }
}
