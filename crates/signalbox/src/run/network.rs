//! A network provider answers what it was told by the link in its letter: the link is used up, the version is marked, and
//! the act is taken, all in one transaction. Yes is the answer of all parts together; one no is a no (BR-17).

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

/// What the provider says.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With its own reference; empty where it gives none.
    Acknowledged(String),
    /// With its reason.
    Refused(String),
}

impl App {
    /// Answers for the provider. The person of the link need not be able to read the change: what they answer is the notice
    /// that was sent to them.
    ///
    /// # Errors
    /// [`Stop`]; unseen for a link that is unknown, used or out of date, and for somebody who is no more.
    pub fn answer_by_link(&self, token_hash: TokenHash, reply: Reply) -> Result<(), Stop> {
        let (seat, now, mint) = (self.seat(), self.clock.now(), self.mint());
        self.run(move |tx| {
            let mut head = seat.lock(tx)?;
            let Some(link) = network::network_link(tx, &token_hash, now)? else { return Ok(Err(Stop::Unseen)) };
            let Some(actor) = rota::actor_at(tx, link.person_id, now)?.map(|row| row.to_core()) else { return Ok(Err(Stop::Unseen)) };
            if !network::use_network_link(tx, &token_hash, now)? {
                return Ok(Err(Stop::Unseen));
            }
            let (act, field, words) = match &reply {
                Reply::Acknowledged(reference) => {
                    network::note_acknowledged(tx, &link, reference, now)?;
                    let parts = network::latest(network::notices(tx, link.change_id)?);
                    if parts.iter().any(|part| part.version.part != link.part && part.version.status.is_open() && part.acknowledged.is_none()) {
                        return Ok(Ok(()));
                    }
                    (Act::Acknowledge, "their_reference", reference)
                }
                Reply::Refused(reason) => {
                    network::note_refused(tx, &link, now)?;
                    (Act::RefuseNotice, "reason", reason)
                }
            };
            let raw: Raw = [(field.to_owned(), vec![words.clone()])].into_iter().collect();
            let Some(situation) = situation(tx, &seat, &Actor::System, link.change_id, Some(act), &raw, now)? else {
                return Ok(Err(Stop::Unseen));
            };
            let change = &situation.loaded.change;
            if act == Act::Acknowledge && matches!(change.network, Network::Acknowledged { .. }) {
                return Ok(Ok(()));
            }
            let ctx = situation.context(&actor, now);
            match decide::decide(&ctx, change, Command { act, raw, mint: mint.clone() }) {
                Ok(decision) => commit(tx, &mut head, &situation.process, &situation.place(), Some(change), &situation.loaded.prose, &decision).map(|_| Ok(())),
                // Asked after at a stage in which the process knows no such act: the version is marked all the same.
                Err(Refusal::WrongStage(_)) if act == Act::Acknowledge => Ok(Ok(())),
                Err(refusal) => Ok(Err(Stop::Refused(refusal))),
            }
        })
    }
}
