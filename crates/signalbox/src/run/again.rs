//! What lies under what is typed now: the draft as saved, or the answers as they were sent, typed again (T6).

use std::collections::BTreeMap;

use signalbox_core::change::Content;
use signalbox_core::event::Event;
use signalbox_core::form::{Codes, Raw, typed_again};
use signalbox_core::ids::TextId;
use signalbox_core::process::{AnswerKind, Process};
use signalbox_store::drafts::Draft;
use signalbox_store::project::Loaded;
use signalbox_store::{StoreError, Tx, directory};

/// Answers that belong to one night: a copy is for another.
const OF_ONE_NIGHT: [&str; 5] = ["window", "contingency_end", "late_reason", "late_words", "wanted"];

/// The draft, brought up to date where the change was sent or amended since it was saved.
pub(super) fn draft(tx: &mut dyn Tx, loaded: &Loaded, saved: Option<Draft>) -> Result<Option<Draft>, StoreError> {
    let Some(saved) = saved else { return Ok(None) };
    let is_sending = |event: &Event| matches!(event, Event::Submitted { .. } | Event::Amended { .. });
    let sent = loaded.events.iter().rev().find(|recorded| is_sending(&recorded.event));
    let (Some(sent), Some(content)) = (sent, &loaded.change.content) else { return Ok(Some(saved)) };
    if sent.at.as_microsecond() < saved.saved_at {
        return Ok(Some(saved));
    }
    let mut raw = answers(tx, loaded, content)?;
    // Why the notice was late is no answer of the content; it is asked about each receipt.
    raw.extend(saved.raw.into_iter().filter(|(name, _)| matches!(name.as_str(), "late_reason" | "late_words")));
    Ok(Some(Draft { raw, ..saved }))
}

/// What a copy of the change begins with: everything that the document asks too, but the night.
///
/// # Errors
/// The store's.
pub fn copy(tx: &mut dyn Tx, loaded: &Loaded, saved: Option<&Draft>, process: &Process) -> Result<Raw, StoreError> {
    let mut raw = match (&loaded.change.content, saved) {
        (Some(content), _) => answers(tx, loaded, content)?,
        (None, Some(saved)) => saved.raw.clone(),
        (None, None) => Raw::new(),
    };
    // A file hangs on the change that it was attached to.
    let is_taken = |name: &str| {
        let id = name.split('.').next().unwrap_or(name);
        process.question(id).is_some_and(|q| q.answer != AnswerKind::Files) && !OF_ONE_NIGHT.contains(&id)
    };
    raw.retain(|name, _| is_taken(name));
    Ok(raw)
}

fn answers(tx: &mut dyn Tx, loaded: &Loaded, content: &Content) -> Result<Raw, StoreError> {
    let mut codes = Codes::default();
    for id in &content.header.items {
        codes.items.extend(directory::item(tx, id.0)?.map(|item| (*id, item.code)));
    }
    for id in &content.header.services {
        codes.services.extend(directory::service(tx, id.0)?.map(|service| (*id, service.code)));
    }
    for id in &content.header.sites {
        codes.sites.extend(directory::site(tx, id.0)?.map(|site| (*id, site.code)));
    }
    let prose: BTreeMap<TextId, String> = loaded.prose.iter().map(|(id, words)| (TextId(*id), words.clone())).collect();
    Ok(typed_again(&content.answers, &prose, &codes))
}
