//! Documents of a change: bytes and event as one.

use sha2::{Digest, Sha256};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::decide::{self, Command};
use signalbox_core::form::Raw;
use signalbox_core::text::hex;
use signalbox_store::drafts;

use super::{Done, Expect, Place, Stop, commit, done, finish, person, replayed, situation};
use crate::app::App;

/// The longest name, in characters; UTF-8 of it fits every file system.
pub const NAME_MAX_CHARS: usize = 120;

/// A document to hang on a change.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub name: String,
    pub content: Vec<u8>,
    pub sha256: String,
    /// What it is for, as a code.
    pub purpose: Option<String>,
}

impl NewAttachment {
    /// A document of this name, with the hash of its bytes.
    pub fn new(name: String, content: Vec<u8>) -> NewAttachment {
        let sha256 = hex(&Sha256::digest(&content));
        NewAttachment { name, content, sha256, purpose: None }
    }
}

/// The last part of a path, without control characters and without those that turn the order of letters round, which
/// make `fdp.exe` look like `exe.pdf` (S68).
pub fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or("");
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let name: String = last.chars().filter(|c| !c.is_control() && !turns(*c)).take(NAME_MAX_CHARS).collect();
    match name.trim().trim_start_matches('.').trim() {
        "" => "document".into(),
        name => name.to_owned(),
    }
}

impl App {
    /// Hangs a document on a change: its bytes and the event that binds them commit together or not at all.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn attach(&self, actor: &Actor, id: i64, new: NewAttachment, expect: Expect) -> Result<Done, Stop> {
        let (actor, seat, now, mint, file_id) = (actor.clone(), self.seat(), self.clock.now(), self.mint(), self.ids.mint(self.clock.now()));
        self.run(move |tx| {
            let mut head = seat.lock(tx)?;
            if let Some(done) = replayed(tx, &actor, expect.key.as_ref())? {
                return Ok(done);
            }
            let mut raw = Raw::from([("file".to_owned(), vec![file_id.to_string()])]);
            raw.extend(new.purpose.clone().map(|purpose| ("purpose".to_owned(), vec![purpose])));
            let Some(mut situation) = situation(tx, &seat, &actor, id, Some(Act::Attach), &raw, now)? else { return Ok(Err(Stop::Unseen)) };
            let meta = drafts::FileMeta {
                id: file_id,
                name: new.name.clone(),
                bytes: i64::try_from(new.content.len()).unwrap_or(i64::MAX),
                sha256: new.sha256.clone(),
            };
            // Decided first, as if it were stored: what is refused leaves no bytes behind.
            situation.facts.files.insert(file_id, (meta.name.clone(), meta.bytes, meta.sha256.clone()));
            let (change, ctx) = (&situation.loaded.change, situation.context(&actor, now));
            let decision = match decide::decide(&ctx, change, Command { act: Act::Attach, raw, mint: mint.clone() }) {
                Ok(decision) => decision,
                Err(refusal) => return Ok(Err(Stop::Refused(refusal))),
            };
            drafts::put_file(tx, &drafts::NewFile { meta, change_id: id, content: new.content.clone(), stored_by: person(&actor) }, now)?;
            let place = Place { calendar: situation.calendar.clone(), zone_name: situation.zone_name.clone(), zone: situation.zone.clone() };
            let after = commit(tx, &mut head, &situation.process, &place, Some(change), &situation.loaded.prose, &decision)?;
            finish(tx, &actor, expect.key.as_ref(), done(&after, &decision, situation.draft.as_ref().map_or(0, |d| d.rev)), now)
        })
    }
}
