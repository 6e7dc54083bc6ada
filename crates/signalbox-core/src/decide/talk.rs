//! The conversation on a change, and its files.

use super::Taking;
use crate::act::Act;
use crate::clinical::fields::PURPOSES;
use crate::event::Event;
use crate::form::{Answer, LINE_MAX_CHARS};
use crate::process::AnswerKind;

/// A message, or a file.
pub(super) fn take(t: &mut Taking, act: Act) -> Option<Vec<Event>> {
    if act == Act::Say { say(t) } else { attach(t) }
}

fn say(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::Said { words: t.form.text("words", true)? }])
}

/// The shell has stored the bytes already; the event binds name, size and hash.
fn attach(t: &mut Taking) -> Option<Vec<Event>> {
    let purpose = t.form.choice("purpose", PURPOSES, false);
    let Some(Answer::Files(files)) = t.form.answer("file", &AnswerKind::Files, true) else { return None };
    let mut events = vec![];
    for file in files {
        let (name, bytes, sha256) = t.ctx.facts.files.get(&file.0)?.clone();
        let name: String = name.chars().filter(|c| !c.is_control()).take(LINE_MAX_CHARS).collect();
        events.push(Event::Attached { file, name: t.form.keep(&name), bytes, sha256, purpose: purpose.clone() });
    }
    Some(events)
}
