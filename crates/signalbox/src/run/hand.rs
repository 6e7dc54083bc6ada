//! A write under way: under the lock of the log's head, by one person, at one moment. What it does it may do several
//! times in the same transaction, so that acts that belong together are all recorded or none.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::decide::{self, Command};
use signalbox_core::facts::Facts;
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, Mint};
use signalbox_core::refusal::{Bar, Refusal};
use signalbox_store::project::Prose;
use signalbox_store::{StoreError, Tx, drafts, log};

use super::documents::keep;
use super::seat::{Place, Seat};
use super::{Done, Expect, NewDraft, Situation, Stop, commit, done, person, situation, take_reference, takes_draft, with_draft};

/// The change whose work was found to be done, why it is held, and the ids for that.
pub(super) type Original<'r> = (i64, &'r Raw, Mint);

pub(super) struct Hand<'h> {
    pub tx: &'h mut dyn Tx,
    head: log::Head,
    pub seat: &'h Seat,
    actor: &'h Actor,
    pub now: Timestamp,
}

impl<'h> Hand<'h> {
    /// Takes the lock; what is read afterwards is what is decided upon.
    pub fn lock(tx: &'h mut dyn Tx, seat: &'h Seat, actor: &'h Actor, now: Timestamp) -> Result<Hand<'h>, StoreError> {
        let head = seat.lock(tx)?;
        Ok(Hand { tx, head, seat, actor, now })
    }

    /// The same hand for somebody else.
    pub fn acting<'a>(self, actor: &'a Actor) -> Hand<'a>
    where
        'h: 'a,
    {
        Hand { tx: self.tx, head: self.head, seat: self.seat, actor, now: self.now }
    }

    /// The change as these eyes see it.
    pub fn look(&mut self, id: i64) -> Result<Option<Situation>, StoreError> {
        situation(self.tx, self.seat, self.actor, id, None, &Raw::new(), self.now)
    }

    /// Begins a draft with its reference, and holds the change that it is the record of.
    pub fn raise(&mut self, draft: &NewDraft, of: Option<Original>, id: i64, mint: Mint) -> Result<Result<Done, Stop>, StoreError> {
        // What another node adopted counts here too.
        self.seat.documents.renew(self.tx, self.now)?;
        let Some(process) = self.seat.documents.of_kind(draft.kind) else {
            return Ok(Err(Stop::Refused(Refusal::Denied(vec![Bar::new("kind-not-in-force")]))));
        };
        let place = Place::of(self.tx, draft.org.0)?;
        let facts = Facts::default();
        let ctx = place.context(self.actor, &process, &facts, self.now);
        // Refused before a number is taken: references have no gaps.
        if decide::drafting_stamp(&ctx, draft.org).is_none() {
            return Ok(Err(Stop::Refused(Refusal::Denied(vec![Bar::new("may-not-raise").with(draft.kind.words())]))));
        }
        let retrospective_of = of.as_ref().map(|(original, ..)| ChangeId(*original));
        if let Some(original) = of
            && let Err(stop) = self.hold(original)?
        {
            return Ok(Err(stop));
        }
        let reference = take_reference(self.tx, &process.prefix, self.now, &place.zone)?;
        let raise = decide::Raise {
            id: ChangeId(id),
            reference,
            org: draft.org,
            on_behalf_of: draft.on_behalf_of.clone(),
            copied_from: draft.copied_from,
            retrospective_of,
            mint,
        };
        let decision = match decide::raise(&ctx, raise) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(Stop::Refused(refusal))),
        };
        keep(self.tx, &process, self.now)?;
        let after = commit(self.tx, &mut self.head, &process, &place, None, &Prose::new(), &decision)?;
        let rev = drafts::save_draft(self.tx, id, &draft.raw, self.now, person(self.actor))?;
        drafts::watch(self.tx, id, person(self.actor), self.now)?;
        Ok(Ok(done(&after, &decision, rev)))
    }

    /// Takes an act. For sending, the draft as saved lies under what is typed now.
    pub fn take(&mut self, id: i64, act: Act, raw: &Raw, expect: &Expect, mint: Mint) -> Result<Result<Done, Stop>, StoreError> {
        let Some(situation) = situation(self.tx, self.seat, self.actor, id, Some(act), raw, self.now)? else { return Ok(Err(Stop::Unseen)) };
        let change = &situation.loaded.change;
        if let Some(expected) = expect.version.filter(|v| *v != change.version) {
            return Ok(Err(Stop::Stale { expected, found: change.version }));
        }
        // Nobody sends words that they have not seen.
        let rev = situation.draft.as_ref().map_or(0, |d| d.rev);
        if let Some(expected) = expect.rev.filter(|seen| takes_draft(act) && *seen != rev) {
            return Ok(Err(Stop::Stale { expected, found: rev }));
        }
        let typed = with_draft(act, &situation, raw);
        let ctx = situation.context(self.actor, self.now);
        let decision = match decide::decide(&ctx, change, Command { act, raw: typed, mint }) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(Stop::Refused(refusal))),
        };
        let after = commit(self.tx, &mut self.head, &situation.process, &situation.place(), Some(change), &situation.loaded.prose, &decision)?;
        Ok(Ok(done(&after, &decision, rev)))
    }

    /// Puts the change on hold whose work was found to be done; one that is decided or under way already is left as it is.
    fn hold(&mut self, (original, raw, mint): Original) -> Result<Result<(), Stop>, StoreError> {
        match self.take(original, Act::Hold, raw, &Expect::default(), mint)? {
            Ok(_) => Ok(Ok(())),
            Err(Stop::Refused(Refusal::WrongStage(stage))) if !stage.is_draft() => Ok(Ok(())),
            Err(stop) => Ok(Err(stop)),
        }
    }
}
