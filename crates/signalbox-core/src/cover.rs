//! Standing in for somebody (SD-10): the delegate acts under the delegator's membership and inherits every bar of both.
//! Where that leaves nobody who may decide, the next in the chain is asked.

use crate::actor::{Actor, Role, Stamp};
use crate::change::Change;
use crate::decide::Context;
use crate::ids::{OrgId, PersonId};
use crate::permit::is_own_work;
use crate::refusal::Bar;
use std::collections::BTreeSet;

/// Somebody who holds a role that decides, as far as the chain needs to know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub person: PersonId,
    pub role: Role,
    pub org: OrgId,
    /// Away now, or has handed the role to somebody else for now.
    pub is_out: bool,
    /// Every organisation of theirs.
    pub orgs: BTreeSet<OrgId>,
    /// Who stands in for them now, with every organisation of those.
    pub delegates: Vec<(PersonId, BTreeSet<OrgId>)>,
}

/// SD-1 for one person, SD-10 for two.
pub(crate) fn own_work_bar(stamp: &Stamp) -> Bar {
    if stamp.for_person.is_some() { Bar::new("cover-own-work") } else { Bar::new("four-eyes") }
}

/// Whichever hat: who belongs to the raising organisation is not independent of it (X2, X17), and neither is who
/// stands in for somebody of it (SD-10).
pub(crate) fn is_of_raiser(ctx: &Context, change: &Change, stamp: &Stamp) -> bool {
    let covered = |m: &crate::actor::Membership| {
        stamp.for_person.is_some() && m.cover.as_ref().is_some_and(|c| Some(c.person) == stamp.for_person && c.orgs.contains(&change.org))
    };
    stamp.org == Some(change.org) || ctx.actor.belongs_to(change.org) || ctx.actor.memberships().iter().any(covered)
}

/// Whether nobody who holds the role can decide this change now: each is away, raised it, sent it, belongs to its
/// organisation, or has for a delegate somebody who does. Unknown holders are no reason to pass anybody by.
pub fn is_vacant(ctx: &Context, change: &Change, role: Role) -> bool {
    let mut on_this_side = ctx.facts.holders.iter().filter(|h| h.role == role && is_on_their_side(ctx, change, h)).peekable();
    on_this_side.peek().is_some() && !on_this_side.any(|h| can_decide(change, h))
}

/// As `permit` reads it: suppliers decide what they run.
fn is_on_their_side(ctx: &Context, change: &Change, holder: &Holder) -> bool {
    let runs = change.parties().runs;
    let supplier_runs = runs.iter().any(|org| ctx.facts.kind_of(*org) == Some(crate::actor::OrgKind::Supplier));
    holder.role != Role::SupplierManager || !supplier_runs || runs.contains(&holder.org)
}

fn can_decide(change: &Change, holder: &Holder) -> bool {
    if holder.orgs.contains(&change.org) {
        return false;
    }
    let stamp = |person: PersonId, for_person: Option<PersonId>| Stamp { person: Some(person), org: Some(holder.org), role: Some(holder.role), for_person };
    let themselves = !holder.is_out && !is_own_work(change, &stamp(holder.person, None));
    themselves || holder.delegates.iter().any(|(who, orgs)| !orgs.contains(&change.org) && !is_own_work(change, &stamp(*who, Some(holder.person))))
}

/// Who is asked when nobody of a role can decide. The authority has nobody above it.
pub fn next_in_chain(role: Role) -> Option<Role> {
    (role == Role::SupplierManager).then_some(Role::AuthorityManager)
}

/// Whether the actor holds anything for somebody else.
pub fn stands_in(actor: &Actor) -> bool {
    actor.memberships().iter().any(|m| m.cover.is_some())
}
