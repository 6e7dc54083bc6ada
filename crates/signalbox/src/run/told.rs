//! What somebody without an account told becomes the draft of a notice, in the name of whoever answers for it.

use signalbox_core::actor::Actor;
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::process::Process;
use signalbox_store::told::{self, Words};

use super::{Done, Hand, NewDraft, Stop, person};
use crate::accounts::letters::Letter;
use crate::app::App;

/// The longest title.
const TITLE_MAX_CHARS: usize = 120;

impl App {
    /// Begins the notice of an outage that was told, with what was told as its answers, and marks it as answered: both or
    /// neither.
    ///
    /// # Errors
    /// [`Stop`]; `Unseen` if somebody else answered it meanwhile.
    pub fn take_up(&self, actor: &Actor, told_id: i64, org: OrgId) -> Result<Done, Stop> {
        let (seat, now, actor, ids) = (self.seat(), self.clock.now(), actor.clone(), self.ids.clone());
        let (id, mint) = (self.ids.mint(now), self.mint());
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            let Some(found) = told::get(hand.tx, told_id)?.filter(told::Told::is_waiting) else { return Ok(Err(Stop::Unseen)) };
            let Some(process) = seat.documents.of_kind(Kind::PlannedOutage) else { return Ok(Err(Stop::Unseen)) };
            let raw = answers(&process, &found.words);
            let draft = NewDraft { kind: Kind::PlannedOutage, org, on_behalf_of: Some(found.words.name.clone()), copied_from: None, raw };
            let done = match hand.raise(&draft, None, id, mint.clone())? {
                Ok(done) => done,
                Err(stop) => return Ok(Err(stop)),
            };
            told::settle(hand.tx, told_id, Some(person(&actor)), Some(id), "", now)?;
            Letter::ToldAnswered { told: told_id }.ask(hand.tx, &ids, now)?;
            Ok(Ok(done))
        })
    }
}

/// What was told, as answers to those questions that the document asks.
fn answers(process: &Process, words: &Words) -> Raw {
    let title: String = words.what.lines().next().unwrap_or_default().chars().take(TITLE_MAX_CHARS).collect();
    let all = [
        ("title", title),
        ("outage_type", words.outage_type.clone()),
        ("window.start", words.start.to_string()),
        ("window.end", words.end.to_string()),
        ("people_notice", words.lost.clone()),
        ("who_shuts_down.name", words.name.clone()),
        ("who_shuts_down.phone", words.telephone.clone()),
    ];
    let is_asked = |name: &str| process.question(name.split('.').next().unwrap_or(name)).is_some();
    all.into_iter().filter(|(name, value)| is_asked(name) && !value.is_empty()).map(|(name, value)| (name.to_owned(), vec![value])).collect()
}
