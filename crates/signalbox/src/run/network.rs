//! A network provider acknowledges what it was told by the link in its letter: the link is used up, the version is
//! marked, and once every part is acknowledged the act is taken, all in one transaction.

use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::change::Network;
use signalbox_core::decide::{self, Command};
use signalbox_core::form::Raw;
use signalbox_core::refusal::Refusal;
use signalbox_store::accounts::TokenHash;
use signalbox_store::{network, rota};

use super::{Stop, commit, situation};
use crate::app::App;

impl App {
    /// Acknowledges, with the provider's own reference; empty where it gives none. The person of the link need not be
    /// able to read the change: what they acknowledge is the notice that was sent to them.
    ///
    /// # Errors
    /// [`Stop`]; unseen for a link that is unknown, used or out of date, and for somebody who is no more.
    pub fn acknowledge_by_link(&self, token_hash: TokenHash, reference: &str) -> Result<(), Stop> {
        let (seat, now, mint, reference) = (self.seat(), self.clock.now(), self.mint(), reference.to_owned());
        self.run(move |tx| {
            let mut head = seat.lock(tx)?;
            let Some(link) = network::network_link(tx, &token_hash, now)? else { return Ok(Err(Stop::Unseen)) };
            let Some(actor) = rota::actor_at(tx, link.person_id, now)?.map(|row| row.to_core()) else { return Ok(Err(Stop::Unseen)) };
            if !network::use_network_link(tx, &token_hash, now)? {
                return Ok(Err(Stop::Unseen));
            }
            network::note_acknowledged(tx, &link, &reference, now)?;
            let parts = network::latest(network::notices(tx, link.change_id)?);
            if parts.iter().any(|part| part.version.part != link.part && part.version.status.is_open() && part.acknowledged.is_none()) {
                return Ok(Ok(()));
            }
            let raw: Raw = [("their_reference".to_owned(), vec![reference.clone()])].into_iter().collect();
            let Some(situation) = situation(tx, &seat, &Actor::System, link.change_id, Some(Act::Acknowledge), &raw, now)? else {
                return Ok(Err(Stop::Unseen));
            };
            let change = &situation.loaded.change;
            if matches!(change.network, Network::Acknowledged { .. }) {
                return Ok(Ok(()));
            }
            let ctx = situation.context(&actor, now);
            match decide::decide(&ctx, change, Command { act: Act::Acknowledge, raw, mint: mint.clone() }) {
                Ok(decision) => commit(tx, &mut head, &situation.process, &situation.place(), Some(change), &situation.loaded.prose, &decision).map(|_| Ok(())),
                // Asked after at a stage in which the process knows no such act: the version is marked all the same.
                Err(Refusal::WrongStage(_)) => Ok(Ok(())),
                Err(refusal) => Ok(Err(Stop::Refused(refusal))),
            }
        })
    }
}
