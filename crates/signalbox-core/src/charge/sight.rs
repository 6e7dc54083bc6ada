//! Who sees money, decided here and nowhere else (spec 9): of the raising organisation its coordinators and finance
//! approvers; of the supplier that runs the service its change managers and commercial people; the authority's change
//! managers; auditors. Pages, lines, mails, API, files, reports and search all ask this.

use crate::actor::{Actor, Role};
use crate::change::Change;
use crate::ids::OrgId;
use std::collections::BTreeSet;

/// What somebody sees of money, by the part that their organisation has in a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MoneySight {
    /// Every change's.
    pub everything: bool,
    /// Of what these organisations raised.
    pub raised: BTreeSet<OrgId>,
    /// Of what touches services that these run.
    pub runs: BTreeSet<OrgId>,
}

impl MoneySight {
    /// By the memberships. The program itself sees everything: what it tells is decided again for each reader.
    pub fn of(actor: &Actor) -> MoneySight {
        let mut sight = MoneySight { everything: actor.person().is_none(), ..MoneySight::default() };
        for membership in actor.memberships() {
            match membership.role {
                Role::AuthorityManager | Role::Auditor => sight.everything = true,
                Role::Coordinator | Role::Finance => drop(sight.raised.insert(membership.org)),
                Role::SupplierManager | Role::Commercial => {
                    sight.raised.insert(membership.org);
                    sight.runs.insert(membership.org);
                }
                _ => {}
            }
        }
        sight
    }

    /// Whether the money of a change that this organisation raised, and whose services these run, is for these eyes.
    pub fn sees(&self, raiser: OrgId, runs: impl IntoIterator<Item = OrgId>) -> bool {
        if self.everything || self.raised.contains(&raiser) {
            return true;
        }
        // Where nobody is known to run what is touched, any supplier may be asked for a price.
        let mut nobody = true;
        let is_theirs = runs.into_iter().any(|org| {
            nobody = false;
            self.runs.contains(&org)
        });
        is_theirs || (nobody && !self.runs.is_empty())
    }

    /// Whether there is anything that they could see.
    pub fn is_blind(&self) -> bool {
        *self == MoneySight::default()
    }
}

/// Whether this person sees the money of the change. Whether they see the change at all is the store's to say.
pub fn sees(actor: &Actor, change: &Change) -> bool {
    MoneySight::of(actor).sees(change.org, change.parties().runs)
}

/// Whether the role, in the organisation of a stamp, is one that sees the money of this change.
pub(crate) fn stamp_sees(change: &Change, stamp: &crate::actor::Stamp) -> bool {
    let Some(org) = stamp.org else { return stamp.person.is_none() };
    let runs_it = || change.parties_known().is_none_or(|parties| parties.runs.is_empty() || parties.runs.contains(&org));
    match stamp.role {
        Some(Role::AuthorityManager) => true,
        Some(Role::Coordinator | Role::Finance) => org == change.org,
        Some(Role::SupplierManager | Role::Commercial) => org == change.org || runs_it(),
        _ => false,
    }
}

/// Whether an event is for those only who see money. That an approval ran out is for everybody.
pub fn is_hidden(event: &crate::event::Event) -> bool {
    matches!(event, crate::event::Event::Money(money) if **money != super::MoneyEvent::ApprovalLapsed)
}
