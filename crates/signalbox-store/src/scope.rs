//! Who looks: the one place that decides what a person may see (settled 8). Every query on changes takes a
//! [`Scope`] and puts one of its conditions into its SQL; what the condition leaves out is simply not there.

use crate::Value;
use signalbox_core::actor::{Actor, OrgKind, Role};

/// Whose eyes a query looks through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    person: i64,
    /// The authority and auditors see every change that was sent.
    sees_all: bool,
    /// Members of the Service Management group see open ones on the schedule and in reports.
    is_group: bool,
    /// Change managers see security-restricted ones of their sight.
    is_manager: bool,
}

/// On change pages, lists, search and the API: what the person is a party to. `c` is the row of `changes`; the
/// first parameters are those of [`Scope::params`].
///
/// A membership that only reads for the group makes nobody a party. It is read live, so that a right that ends is
/// gone at once.
pub const VISIBLE: &str = "(c.private = 0 or exists (select 1 from memberships m where m.person_id = $1 and m.org_id = c.org_id and m.ended_at is null and m.role not in ('SMG', 'ADM')))
    and ($2 = 1 or exists (select 1 from change_orgs o join memberships m on m.org_id = o.org_id where o.change_id = c.id and m.person_id = $1 and m.ended_at is null and m.role not in ('SMG', 'ADM')))
    and (c.confidentiality <> 'security_restricted' or $4 = 1 or c.raised_by = $1)
    and $3 = $3";

/// On the schedule and in reports: the same, and what is open to the group once it was sent.
pub const LISTED: &str = "(c.private = 0 or exists (select 1 from memberships m where m.person_id = $1 and m.org_id = c.org_id and m.ended_at is null and m.role not in ('SMG', 'ADM')))
    and ($2 = 1 or ($3 = 1 and c.confidentiality <> 'security_restricted') or exists (select 1 from change_orgs o join memberships m on m.org_id = o.org_id where o.change_id = c.id and m.person_id = $1 and m.ended_at is null and m.role not in ('SMG', 'ADM')))
    and (c.confidentiality <> 'security_restricted' or $4 = 1 or c.raised_by = $1)";

/// A column: 1 where the person may read the change itself, 0 where only its times are shown as "Restricted work".
pub const IS_READABLE: &str = "case when $2 = 1 or c.confidentiality = 'open' or c.raised_by = $1 or exists (select 1 from change_orgs o join memberships m on m.org_id = o.org_id where o.change_id = c.id and m.person_id = $1 and m.ended_at is null and m.role not in ('SMG', 'ADM')) then 1 else 0 end";

/// A column: 1 where the person may open the change's page, so that a list links to it.
pub const IS_PARTY: &str = "case when $2 = 1 or exists (select 1 from change_orgs o join memberships m on m.org_id = o.org_id where o.change_id = c.id and m.person_id = $1 and m.ended_at is null and m.role not in ('SMG', 'ADM')) then 1 else 0 end";

impl Scope {
    /// The scope of an actor. The system sees everything; it looks on behalf of nobody.
    pub fn of(actor: &Actor) -> Scope {
        let Some(person) = actor.person() else {
            return Scope { person: 0, sees_all: true, is_group: true, is_manager: true };
        };
        let working = |m: &&signalbox_core::actor::Membership| !matches!(m.role, Role::GroupMember | Role::Administrator);
        Scope {
            person: person.0,
            sees_all: actor.memberships().iter().filter(working).any(|m| m.org_kind == OrgKind::Authority) || actor.holds(Role::Auditor),
            is_group: actor.holds(Role::GroupMember) || actor.memberships().iter().any(|m| working(&m)),
            is_manager: actor.holds(Role::SupplierManager) || actor.holds(Role::AuthorityManager),
        }
    }

    /// The parameters `$1` to `$4` of the conditions.
    pub fn params(&self) -> Vec<Value> {
        vec![self.person.into(), self.sees_all.into(), self.is_group.into(), self.is_manager.into()]
    }

    /// The person who looks; 0 for the system.
    pub fn person(&self) -> i64 {
        self.person
    }

    /// Whether the schedule and the reports are open to this person at all.
    pub fn reads_schedule(&self) -> bool {
        self.is_group || self.sees_all
    }

    /// Whether every sent change is seen.
    pub fn sees_all(&self) -> bool {
        self.sees_all
    }
}
